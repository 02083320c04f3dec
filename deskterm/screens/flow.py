"""The waiting room: who is here, where, for how long, and what they need (F5 again)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar

from deskterm.clock import age_on
from deskterm.db.journal import Entry
from deskterm.entry.dates import show_birth
from deskterm.entry.phones import show_phone
from deskterm.entry.times import show_time
from deskterm.errors import Conflict
from deskterm.office import day_board, news
from deskterm.office.day_board import HERE, AppointmentRow
from deskterm.office.queue import short_name
from deskterm.office.stays import Stay, room_count, stays
from deskterm.screens.changes import Changes
from deskterm.screens.row_keys import RowKeys, styled
from deskterm.screens.visit_keys import VisitKeys
from deskterm.widgets.rows import RuleRow, TextRow
from deskterm.widgets.rows_data import Column, Row

AHEAD = timedelta(minutes=60)  # how far ahead somebody is listed as expected
RUNNING_LATE = 15  # minutes after the start with the patient still in the chairs

COLUMNS = (
    Column("Patient", 14),
    Column("Appt", 7, drop_order=3),
    Column("With", 7),
    Column("State", 6, is_state=True),
    Column("Where", 8, drop_order=2),
    Column("Here", 5, align="right", drop_order=1),
    Column("In state", 9),
    Column("Needs", 12, grows=True),
)
WALL_COLUMNS = (Column("Who", 12), Column("Appt", 8), Column("State", 8))
GROUPS = {
    "ARR": "WAITING", "CHK": "WAITING", "RMD": "IN ROOMS", "PRV": "IN ROOMS",
    "CKO": "READY TO LEAVE", "SCH": "EXPECTED", "CNF": "EXPECTED", "LAT": "LATE",
}  # fmt: skip
ORDER = ("WAITING", "IN ROOMS", "READY TO LEAVE", "EXPECTED", "LATE")
PLACES = {"ARR": "desk", "CHK": "chairs", "CKO": "desk"}


class FlowScreen(RowKeys, VisitKeys):
    """Everybody who is in the building or should be, grouped by where they are.

    Somebody expected later than within the hour comes into view by their row number or ``/``.
    ``v`` shows initials and times only, for a screen that can be seen from the chairs.
    """

    place: ClassVar[str] = "flow"
    title_text: ClassVar[str] = "FLOW"
    empty: ClassVar[str] = "Nobody is here or expected. F5 shows the day; b books a visit"

    def __init__(self) -> None:
        super().__init__()
        self.detail_row = TextRow()
        self.is_wall = False
        self.rows: dict[int, AppointmentRow] = {}
        self.stays: dict[int, Stay] = {}
        self._called_up: set[int] = set()
        self._today: set[int] = set()  # every visit of today, also those that are over

    def body(self) -> Iterable[Any]:
        self.changes = Changes(self.desk)
        yield RuleRow()
        yield self.list
        yield RuleRow()
        yield self.detail_row

    def context(self) -> str:
        today = self.desk.today()
        return f"{today:%a %b} {today.day} {today.year}" + (" wall" if self.is_wall else "")

    # Showing

    def load(self) -> None:
        today = self.desk.today()
        board = day_board.day(self.desk, today)
        self.stays = stays(self.desk, today)
        self._today = {row.id for row in board.rows}
        self.rows = {row.id: row for row in board.rows if row.state in GROUPS}
        shown = sorted((row for row in self.rows.values() if self._wanted(row)), key=self._place)
        columns = WALL_COLUMNS if self.is_wall else COLUMNS
        make = self._wall_row if self.is_wall else self._row
        self.show_rows(columns, [make(row) for row in shown])
        if not self.is_wall:  # which shows no names
            self.desk.views.listed("waiting room", (row.patient_id for row in shown))
        self.banner_row.show_summary(self.filter_note() + self._summary())
        self.show_detail()

    def _wanted(self, row: AppointmentRow) -> bool:
        soon = row.start <= self.desk.wall() + AHEAD
        asked = row.id in self._called_up or bool(self.list.filter_text)
        return GROUPS[row.state] != "EXPECTED" or soon or asked

    def _place(self, row: AppointmentRow) -> tuple[int, int, Any]:
        """Groups in their order; who waits longest first, who is expected by time."""
        group, stay = GROUPS[row.state], self.stays.get(row.id)
        longest = -(stay.in_stage or 0) if stay is not None else 0
        return ORDER.index(group), longest, (row.start, row.number)

    def _row(self, row: AppointmentRow) -> Row:
        stay = self.stays.get(row.id)
        late = stay.late if stay is not None and row.state == "LAT" else None
        in_state = stay.in_stage if stay is not None and stay.in_stage is not None else late
        is_long = stay is not None and stay.is_long
        cells = (
            short_name(row.patient),
            show_time(row.start.time()),
            row.provider,
            row.state,
            f"room {row.room}" if row.room else PLACES.get(row.state, "-"),
            f"{stay.here}m" if stay is not None and stay.here is not None else "-",
            "-" if in_state is None else f"{in_state}m" + (" LONG" if is_long else ""),
            self._needs(row, stay),
        )
        attention = {3: "attention"} if row.state == "LAT" else {6: "attention"} if is_long else {}
        return Row(
            row.id, row.number, cells, GROUPS[row.state],
            changed=bool(self.changes.who(row.id)), styles=styled(cells, attention),
        )  # fmt: skip

    def _wall_row(self, row: AppointmentRow) -> Row:
        """Initials and the time of the appointment, nothing that names anybody."""
        last, _, given = row.patient.partition(", ")
        initials = f"{given[:1]}{last[:1]}"
        cells = (initials, show_time(row.start.time()), row.state)
        return Row(row.id, row.number, cells, GROUPS[row.state])

    def _needs(self, row: AppointmentRow, stay: Stay | None) -> str:
        """The next things to do for them, in words."""
        if row.state == "LAT":
            return "call now"
        needs = []
        if stay is not None and stay.told_at is not None:
            needs.append(f"told {show_time(stay.told_at.time())}")
        if "!" in row.flags:
            needs.append("elig !")
        if row.due_cents > 0:
            needs.append(f"due {row.due_cents // 100}.{row.due_cents % 100:02}")
        if "*" in row.flags and row.state not in HERE:
            needs.append("NEW packet")
        if "i" in row.flags:
            needs.append("interpreter")
        return ", ".join(needs)

    def _summary(self) -> str:
        here = [self.stays[i] for i, row in self.rows.items() if self._is_here(row)]
        chairs = [stay for stay in here if stay.is_waiting]
        rooms = {(row.location, row.room) for row in self.rows.values()
                 if row.room and row.stage in ("roomed", "with_provider")}  # fmt: skip
        longest = max((stay.in_stage or 0 for stay in chairs), default=0)
        said = f"in building {len(here)} | waiting {len(chairs)}"
        said += f", longest {longest}m" if chairs else ""
        said += f" | rooms {len(rooms)} of {room_count(self.desk)} used"
        behind = self._behind()
        return said + (f" | running late: {', '.join(behind)}" if behind else "")

    def _is_here(self, row: AppointmentRow) -> bool:
        return row.state in HERE and row.id in self.stays

    def _behind(self) -> list[str]:
        """Providers whose patients are ready and sit past their time."""
        limit = self.desk.wall() - timedelta(minutes=RUNNING_LATE)
        return sorted(
            {r.provider for r in self.rows.values() if r.state == "CHK" and r.start < limit}
        )

    def show_detail(self) -> None:
        """Who the row under the cursor is; nothing while the wall can read it."""
        row = self.current_visit()
        if row is None:
            self.detail_row.show("")
            self.enter_row.show("v shows names again" if self.is_wall else "")
            return
        age = age_on(row.birth_date, self.desk.today())
        phone = f"  {show_phone(row.phone)}" if row.phone else ""
        needs = self._needs(row, self.stays.get(row.id))
        self.detail_row.show(
            f"{row.number} {row.patient}  {show_birth(row.birth_date)} {age}{row.sex}  "
            f"#{row.mrn}{phone}" + (f"  {needs}" if needs else "")
        )
        taken = self.taken(row.patient_id)
        self.enter_row.show(
            f"Enter = card of {row.patient}" + "".join(f"  {t}" for t in (taken, row.note) if t)
        )

    def presence_changed(self) -> None:
        """Somebody came to, or left, the patient under the cursor."""
        super().presence_changed()
        if self.prompt is None:
            self.show_detail()

    def on_row_list_moved(self) -> None:
        self.show_detail()

    def concerns(self, entry: Entry) -> bool:
        touched, kind = news.touched(entry), entry.operation.split(".")[0]
        self.changes.note(entry)
        if kind in ("schedule", "data") or self.desk.today() in touched.days:
            return True
        if touched.appointments & self._today:
            return True
        return kind in ("payment", "patient", "coverage") and any(
            row.patient_id == entry.patient_id for row in self.rows.values()
        )

    # Doing

    def current_visit(self) -> AppointmentRow | None:
        row = self.list.current
        if row is None or self.is_wall:
            return None
        return self.rows.get(int(str(row.key)))

    def visit(self) -> AppointmentRow:
        if self.is_wall:
            raise Conflict("The wall view only shows", "v shows names again", rule="wall")
        return super().visit()

    def point_at(self, number: int) -> bool:
        if super().point_at(number):
            return True
        later = next((row for row in self.rows.values() if row.number == number), None)
        if later is None or self.list.filter_text:
            return False
        self._called_up.add(later.id)
        self.load()
        return super().point_at(number)

    async def on_row_list_chosen(self) -> None:
        """Enter: the patient's card."""
        row = self.current_visit()
        if row is None:
            self.say("The wall view only shows. v shows names again")
        else:
            await self.desk_app.go("patient", patient_id=row.patient_id)

    def do_view(self) -> None:
        """``v``: what may be seen from the chairs, and back."""
        self.is_wall = not self.is_wall
        self.reload()
        self.say("")
