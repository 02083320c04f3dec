"""Whose insurance is to be verified before they come, the worst first (``:elig``)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

from deskterm.commands import Command
from deskterm.db.journal import Entry
from deskterm.entry.dates import parse_date
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid
from deskterm.office import answers_by_hand, asking, verify_board
from deskterm.office.verify_board import BoardRow
from deskterm.screens import sending
from deskterm.screens.prompt import ask
from deskterm.screens.row_keys import RowKeys
from deskterm.widgets.rows import RuleRow, TextRow
from deskterm.widgets.rows_data import Column, Row

COLUMNS = (
    Column("State", 6, is_state=True), Column("When", 12), Column("With", 6, drop_order=2),
    Column("Patient", 16, grows=True), Column("Plan", 13), Column("Copay", 6, "right"),
    Column("Ded left", 8, "right"), Column("Seen", 5, drop_order=3),
    Column("By", 8, drop_order=1),
)  # fmt: skip
SPANS = (1, 3, 7)


class EligibilityScreen(RowKeys):
    """Enter opens a patient's insurance, ``e`` asks the payers of the marked rows or of this one.

    ``v`` shows one, three or seven days; ``y`` gives rows to somebody; ``+`` notes what was said
    on the phone; ``f`` that it could not be verified.
    """

    place: ClassVar[str] = "eligibility"
    title_text: ClassVar[str] = "INSURANCE TO VERIFY"
    empty: ClassVar[str] = "Nobody is booked in these days. ] goes on, g goes to a date"

    def __init__(self, day: date | None = None) -> None:
        super().__init__()
        self.day = day
        self.days = SPANS[0]
        self.rows: dict[int, BoardRow] = {}
        self.detail_row = TextRow()

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.list
        yield RuleRow()
        yield self.detail_row

    def context(self) -> str:
        first, last = self.period()
        until = f" to {last:%a %m/%d}" if last != first else ""
        return f"{first:%a %m/%d/%Y}{until}"

    def period(self) -> tuple[date, date]:
        """The first and last day shown."""
        first = self.day or self._next_workday()
        return first, first + timedelta(days=self.days - 1)

    def _next_workday(self) -> date:
        """Tomorrow, or the day after a weekend: what a clerk means by the next board."""
        day = self.desk.today() + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        return day

    def load(self) -> None:
        found = verify_board.board(self.desk, *self.period())
        self.rows = {row.appointment_id: row for row in found}
        numbers = {row.appointment_id: n for n, row in enumerate(
            sorted(found, key=lambda r: (r.start, r.appointment_id)), 1)}  # fmt: skip
        self.show_rows(COLUMNS, [self._row(row, numbers[row.appointment_id]) for row in found])
        self.desk.views.listed("insurance to verify", (row.patient_id for row in found))
        left = sum(row.state not in verify_board.SETTLED for row in found)
        asked = sum(row.state == "ASKED" for row in found)
        waiting = f", {asked} asked" if asked else ""
        self.banner_row.show_summary(
            f"{self.filter_note()}{len(found)} visits, {left} to verify{waiting}"
        )
        self.show_detail()

    def _row(self, row: BoardRow, number: int) -> Row:
        seen = f"{row.verified_on:%m/%d}" if row.verified_on else "never"
        cells = (
            row.state, f"{row.start:%m/%d} {show_time(row.start.time()):>6}", row.provider,
            row.patient, row.plan or "none", _money(row.copay_cents),
            _money(row.deductible_left_cents), "" if row.state == "SELF" else seen, row.assigned,
        )  # fmt: skip
        return Row(row.appointment_id, number, cells)

    def show_detail(self) -> None:
        """Why the row under the cursor stands where it does, and what to do."""
        row = self.current()
        if row is None:
            self.detail_row.show("")
            self.enter_row.show("")
            return
        said = [row.why, row.differs and f"changed: {row.differs}", row.do and f"Next: {row.do}"]
        self.detail_row.show("  ".join(part for part in said if part) or "verified")
        self.enter_row.show(f"Enter = insurance of {row.patient.split(',')[0]}   e = ask the payer")

    def on_row_list_moved(self) -> None:
        self.show_detail()

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.split(".")[0] in (
            "eligibility",
            "coverage",
            "appointment",
            "patient",
        )

    # What is under the cursor

    def current(self) -> BoardRow | None:
        row = self.list.current
        return self.rows.get(int(str(row.key))) if row is not None else None

    def record_here(self) -> int | None:
        row = self.current()
        return row.appointment_id if row is not None else None

    def chosen(self) -> list[BoardRow]:
        """The marked rows, else the one under the cursor. Raises Invalid when there is none."""
        keys = [int(str(row.key)) for row in self.list.marks]
        marked = [self.rows[key] for key in keys if key in self.rows]
        row = self.current()
        if not marked and row is None:
            raise Invalid("Nothing here", "Choose a row by its number")
        return marked or [row]  # type: ignore[list-item]

    def _covered(self) -> BoardRow:
        row = self.current()
        if row is None or row.coverage_id is None:
            raise Invalid("No insurance in force here", "i opens the registration form")
        return row

    # Doing

    async def on_row_list_chosen(self) -> None:
        row = self.current()
        if row is not None:
            await self.desk_app.go(
                "coverage", patient_id=row.patient_id, appointment_id=row.appointment_id
            )

    async def run(self, command: Command) -> None:
        """``f`` and ``y`` are about insurance here, whatever they need elsewhere."""
        if command.id in ("next_state", "hand_over"):
            command = command._replace(permission="edit_patients")
        await super().run(command)

    def do_eligibility(self) -> None:
        """``e``: ask the payers of the marked rows, or of this one."""
        asked, failed = 0, ""
        for row in self.chosen():
            if row.coverage_id is None or row.state == "SELF":
                failed = failed or f"{row.patient.split(',')[0]} has no payer to ask"
                continue
            try:
                asking.ask(
                    self.desk, row.coverage_id, row.start.date(), appointment_id=row.appointment_id
                )
                asked += 1
            except DesktermError as error:
                failed = failed or error.sentence
        sending.start(self.desk)
        self.list.clear_marks()
        self._stay()
        said = f"{asked} asked; the answers land here by themselves" if asked else ""
        if failed:
            self.say(f"{said}. {failed}" if said else failed, level="say" if asked else "error")
        else:
            self.say(said)

    def _stay(self) -> None:
        """Show what changed without moving a row under the clerk's hands."""
        self._may_sort = False
        try:
            self.reload()
        finally:
            self._may_sort = True

    async def do_new(self) -> None:
        """``+``: note what a portal or a representative said."""
        row = self._covered()
        await self.desk_app.go(
            "answer", coverage_id=row.coverage_id, appointment_id=row.appointment_id
        )

    async def do_next_state(self) -> None:
        """``f``: it could not be verified, and why."""
        row = self._covered()
        coverage_id = row.coverage_id
        assert coverage_id is not None

        def take(text: str) -> None:
            answers_by_hand.could_not_verify(self.desk, coverage_id, text, on=row.start.date())
            self._stay()
            self.say("Noted; the insurance stays as it is")

        await ask(self, "Could not verify: why?", take, example="portal down, closed until 8")

    async def do_hand_over(self) -> None:
        """``y``: give the marked rows, or this one, to somebody; nothing takes them back."""
        rows = self.chosen()

        def take(text: str) -> None:
            login = "" if text.strip() in ("", "-") else text.strip()
            for row in rows:
                verify_board.assign(self.desk, row.appointment_id, login)
            self.list.clear_marks()
            self._stay()
            self.say(f"{len(rows)} {'is' if len(rows) == 1 else 'are'} {login or 'nobody'}'s now")

        await ask(self, "Give to (login, - nobody)", take)

    async def do_edit(self) -> None:
        row = self.current()
        if row is not None:
            await self.desk_app.go("register", patient_id=row.patient_id)

    async def do_message(self) -> None:
        row = self.current()
        if row is not None:
            await self.desk_app.go("call", patient_id=row.patient_id)

    def do_view(self) -> None:
        """``v``: one day, three, a week."""
        self.days = SPANS[(SPANS.index(self.days) + 1) % len(SPANS)]
        self.reload()
        self.say(f"{self.days} day{'s' * (self.days > 1)}")

    def do_earlier_day(self) -> None:
        self._move(-1)

    def do_later_day(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        self.day = self.period()[0] + timedelta(days=by * self.days)
        self.reload()

    async def do_go(self) -> None:
        """``g``: a day."""

        def there(text: str) -> None:
            order = self.desk.settings.policy.date_order
            self.day = parse_date(text, today=self.desk.today(), future=True, order=order).day
            self.reload()

        await ask(self, "Day", there, example="t+1, mon, 0324")


def _money(cents: int | None) -> str:
    return "?" if cents is None else show_cents(cents)
