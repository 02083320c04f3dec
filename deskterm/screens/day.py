"""The day board: providers side by side, one line per quarter of an hour (F5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import distance, parse_date
from deskterm.entry.times import show_time
from deskterm.errors import Invalid
from deskterm.office import day_board, news
from deskterm.office.day_board import AppointmentRow, DayBoard
from deskterm.screens.board_cells import (
    detail,
    grid_board,
    minute_of,
    more_detail,
    summary,
    week_board,
)
from deskterm.screens.changes import Changes
from deskterm.screens.visit_keys import VisitKeys
from deskterm.widgets.day_grid import DayGrid
from deskterm.widgets.rows import RuleRow, TextRow

VIEWS = ("grid", "provider", "week")


class DayScreen(VisitKeys):
    """One day of everyone, of one provider, or a week of one provider; ``v`` goes through them."""

    place: ClassVar[str] = "day"
    title_text: ClassVar[str] = "DAY"

    def __init__(self, day: date | None = None) -> None:
        super().__init__()
        self.grid = DayGrid(classes="body")
        self.detail_row = TextRow()
        self.day = day
        self.view = "grid"
        self.provider = ""
        self.words = ""
        self.rows: dict[int, AppointmentRow] = {}
        self._fresh = False

    def body(self) -> Iterable[Any]:
        self.changes = Changes(self.desk)
        yield self.grid
        yield RuleRow()
        yield self.detail_row

    def context(self) -> str:
        day = self.day or self.desk.today()
        return f"{day:%a %b} {day.day} {day.year} ({distance(day, self.desk.today())})"

    # Showing

    def load(self) -> None:
        if self.day is None:
            self.day = self.desk.today()
        if self.view == "week" and self.provider:
            self._load_week(self.day - timedelta(days=self.day.weekday()))
            return
        only = [self.provider] if self.view == "provider" and self.provider else None
        board = day_board.day(self.desk, self.day, providers=only)
        self._show(board)
        who = self.provider if only else "all providers"
        words = f" | filter: {self.words}" if self.words else ""
        self.banner_row.show_summary(summary(board, who) + words)

    def _show(self, board: DayBoard) -> None:
        self.rows = {row.id: row for row in board.rows}
        rows = [row for row in board.rows if self._wanted(row)]
        now = self.desk.wall()
        now_minute = minute_of(now) if board.day == now.date() else None
        self.desk.views.listed(f"day {board.day}", (row.patient_id for row in rows))
        self.grid.show(grid_board(board, rows, now_minute=now_minute, changed=self.changes.now()))
        self.show_detail()

    def _load_week(self, monday: date) -> None:
        days = day_board.week(self.desk, self.provider, monday)
        self.rows = {row.id: row for board in days for row in board.rows}
        for board in days:
            shown = (row.patient_id for row in board.rows if self._wanted(row))
            self.desk.views.listed(f"day {board.day}", shown)
        self.grid.show(week_board(days, self._wanted), fresh=self._fresh)
        self._fresh = False
        self.show_detail()
        self.banner_row.show_summary(f"week of {monday:%b} {monday.day} | {self.provider}")

    def _wanted(self, row: AppointmentRow) -> bool:
        words = self.words.lower().split()
        text = f"{row.patient} {row.provider} {row.visit_type} {row.note}".lower()
        for word in words:
            unwanted, plain = word.startswith("!"), word.lstrip("!")
            if plain.startswith("state:"):
                hit = row.state.lower() == plain[6:]
            elif plain.startswith("with:"):
                hit = row.provider.lower().startswith(plain[5:])
            else:
                hit = plain in text
            if hit == unwanted:
                return False
        return True

    def show_detail(self) -> None:
        """The two rows that say everything about the row under the cursor."""
        row = self.current_visit()
        if row is not None:
            self.detail_row.show(detail(row, self.desk.today()))
            said = (self.taken(row.patient_id), self.changes.who(row.id))
            self.enter_row.show(more_detail(row, "  ".join(filter(None, said))))
            return
        slot = self.grid.current_slot
        here = self.grid.current
        if here is not None:
            self.detail_row.show(f"{here.text}")
            self.enter_row.show("Enter = why not here")
        elif slot is not None:
            start = show_time(self._slot_start(slot[1]).time())
            self.detail_row.show(f"open  {slot[0]}  {start}")
            self.enter_row.show("Enter = book here")
        else:
            self.detail_row.show("")
            self.enter_row.show("")

    def presence_changed(self) -> None:
        """Somebody came to, or left, the patient under the cursor."""
        super().presence_changed()
        # An open question has row 22; once it is closed the detail is shown anew.
        if self.current_visit() is not None and self.prompt is None:
            self.show_detail()

    def on_day_grid_moved(self, message: DayGrid.Moved) -> None:
        # Nobody above needs to hear of it, at every arrow key.
        message.stop()
        self.show_detail()

    def show_enter(self) -> None:
        self.show_detail()

    def on_minute(self) -> None:
        """States such as LAT and the mark of now depend on the time."""
        if self.is_current:
            self.reload()

    def concerns(self, entry: Entry) -> bool:
        touched, kind = news.touched(entry), entry.operation.split(".")[0]
        self.changes.note(entry)
        if kind in ("schedule", "data") or any(self._shows(day) for day in touched.days):
            return True
        if touched.appointments & self.rows.keys():
            return True
        return kind in ("payment", "patient", "coverage") and any(
            row.patient_id == entry.patient_id for row in self.rows.values()
        )

    def _shows(self, day: date) -> bool:
        if self.day is None or self.view != "week":
            return day == self.day
        monday = self.day - timedelta(days=self.day.weekday())
        return monday <= day < monday + timedelta(days=7)

    # The row under the cursor

    def current_visit(self) -> AppointmentRow | None:
        here = self.grid.current
        key = here.key if here is not None and here.kind == "appointment" else None
        return self.rows.get(key) if isinstance(key, int) else None

    def point_at(self, number: int) -> bool:
        return self.grid.select_number(number)

    def _slot_start(self, minute: int) -> datetime:
        assert self.day is not None
        return datetime.combine(self.day, time()) + timedelta(minutes=minute)

    async def on_day_grid_chosen(self) -> None:
        """Enter: the card of a visit, a booking in an open slot, or why not."""
        row = self.current_visit()
        if row is not None:
            await self.desk_app.go("patient", patient_id=row.patient_id)
        elif self.grid.current is not None:
            self.say(f"Not open: {self.grid.current.text}")
        else:
            await self.do_book()

    async def do_book(self) -> None:
        """``b`` on a visit books for that patient; on an open slot it books there."""
        row = self.current_visit()
        slot = self.grid.current_slot
        if row is not None:
            await self.desk_app.go("opening", patient_id=row.patient_id)
        elif slot is not None:
            day, provider = self.day, slot[0]
            if self.view == "week":
                day, provider = date.fromisoformat(slot[0]), self.provider
            assert day is not None
            start = datetime.combine(day, time()) + timedelta(minutes=slot[1])
            await self.desk_app.go("opening", slot=(provider, start))
        else:
            raise Invalid("No slot here", "Move to an open slot, or F2 finds a patient first")

    # Moving through days

    def go_to(self, day: date) -> None:
        """Show ``day``."""
        self.day = day
        self._fresh = True
        self.reload()

    def do_earlier_day(self) -> None:
        self._shift(-7 if self.view == "week" else -1)

    def do_later_day(self) -> None:
        self._shift(7 if self.view == "week" else 1)

    def do_earlier_week(self) -> None:
        self._shift(-7)

    def do_later_week(self) -> None:
        self._shift(7)

    def _shift(self, days: int) -> None:
        assert self.day is not None
        try:
            self.go_to(self.day + timedelta(days=days))
        except OverflowError:
            self.say("No such date")

    async def do_go(self) -> None:
        """``g`` asks for a date."""
        from deskterm.screens.prompt import ask

        def take(text: str) -> None:
            self.go_to(parse_date(text, today=self.desk.today(), future=True).day)

        await ask(self, "Go to", take, echo=self._echo_date, example="t+2w, next tue, 0324")

    def _echo_date(self, text: str) -> str:
        return parse_date(text, today=self.desk.today(), future=True).echo

    async def do_filter(self) -> None:
        """``/`` shows only rows with these words."""
        from deskterm.screens.prompt import ask

        def take(text: str) -> None:
            self.words = text.strip()
            self.reload()

        await ask(self, "Find row", take, text=self.words, example="smi, state:lat, with:lee, !fu")

    def do_view(self) -> None:
        """``v``: everyone, then one provider, then a week of that provider."""
        slot = self.grid.current_slot
        if self.view == "grid" and slot is not None:
            self.provider = slot[0]
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        if not self.provider:
            self.view = "grid"
        self._fresh = True
        self.reload()
        self.say(f"view: {self.view}" + (f" {self.provider}" if self.view != "grid" else ""))

    def do_sort(self) -> None:
        self.say("The grid is always in order of time")

    def do_mark(self) -> None:
        self.grid.action_mark()

    async def do_earlier_page(self) -> None:
        self.grid.action_page(-1)

    async def do_later_page(self) -> None:
        self.grid.action_page(1)

    async def back(self) -> None:
        """The day board is home: Esc clears the filter, then comes back to today."""
        if self.pending:
            await super().back()
        elif self.words:
            self.words = ""
            self.reload()
        elif self.view != "grid":
            self.view = "grid"
            self._fresh = True
            self.reload()
        elif self.desk_app.screen_stack[1] is not self:
            await super().back()
        elif self.day != self.desk.today():
            self.go_to(self.desk.today())
        else:
            self.say(":quit leaves the desk")
