"""Reports on money: one at a time, by day, week or month, with bars where they help (:report)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.office import exports, money_exports, money_reports, tables
from deskterm.office.tables import Table
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part

SPANS = ("day", "week", "month")


class ReportScreen(DeskScreen):
    """``v`` the next report, ``[`` ``]`` earlier and later, ``s`` day, week or month."""

    place: ClassVar[str] = "report"
    title_text: ClassVar[str] = "REPORT"

    def __init__(self, report: str = "sheet", day: date | None = None) -> None:
        super().__init__()
        self.report: str = report if report in money_reports.REPORTS else "sheet"
        self.day = day
        self.span = "day"
        self.panel = Panel(classes="body")
        self.table: Table | None = None

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.panel

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("v", "next report"), ("s", "week, month"), ("[ ]", "earlier, later"),
                ("g", "date"), ("l", "write CSV, XLSX"), (". ,", "page"),
                ("Esc", "back")]  # fmt: skip

    def context(self) -> str:
        return money_reports.REPORTS[self.report][0]

    def period(self) -> tuple[date, date]:
        """The first and last day of what is shown."""
        day = self.day or self.desk.today()
        if self.span == "week":
            first = day - timedelta(days=day.weekday())
            return first, first + timedelta(days=6)
        if self.span == "month":
            last = calendar.monthrange(day.year, day.month)[1]
            return day.replace(day=1), day.replace(day=last)
        return day, day

    def load(self) -> None:
        first, last = self.period()
        self.table = table = money_reports.report(self.desk, self.report, first, last)
        room = self.desk_app.size.width
        self.banner_row.show_summary(table.title)
        lines: list[Text] = []
        for number, text in enumerate(tables.lines(table, room)):
            lines.append([Part(text, "primary")] if number == 0 else text)
        if not table.rows:
            lines.append("Nothing in this period.")
        drawn = tables.bars(table, room)
        if drawn:
            lines += ["", [Part(table.chart.upper(), "primary")], *drawn]
        self.panel.show(lines)
        more = ". more" if self.panel.more else ""
        self.enter_row.show(f"v = next report   s = {self._next_span()}   {more}".rstrip())

    def _next_span(self) -> str:
        return SPANS[(SPANS.index(self.span) + 1) % len(SPANS)]

    def on_resize(self) -> None:
        self.call_after_refresh(self.reload)

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.startswith(("payment.", "charge.", "day.", "shift."))

    def do_view(self) -> None:
        names = list(money_reports.REPORTS)
        self.report = names[(names.index(self.report) + 1) % len(names)]
        self.reload()

    def do_sort(self) -> None:
        """``s``: another length of time."""
        self.span = self._next_span()
        self.reload()

    def do_earlier_day(self) -> None:
        self._move(-1)

    def do_later_day(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        first, last = self.period()
        self.day = first - timedelta(days=1) if by < 0 else last + timedelta(days=1)
        self.reload()

    async def do_go(self) -> None:
        """``g``: a day."""
        from deskterm.entry.dates import parse_date

        def there(text: str) -> None:
            order = self.desk.settings.policy.date_order
            self.day = parse_date(text, today=self.desk.today(), future=False, order=order).day
            self.reload()

        await ask(self, "Day", there, example="t-1, last fri, 0318")

    async def do_letter(self) -> None:
        """``l``: write it as a CSV file into the clinic's own folder; with one's PIN."""
        if self.table is None:
            return
        if exports.needs_pin(self.desk):
            await ask(self, "Your PIN", self._write, secret=True)
            return
        self.attempt(self._write, "")

    def _write(self, secret: str) -> None:
        if self.table is None:
            return
        folder = self.desk.settings.database_path.with_name("reports")
        first, last = self.period()
        name = f"{self.report}-{first:%y%m%d}-{last:%y%m%d}-{self.desk.wall():%H%M%S}.csv"
        content = money_exports.as_csv(self.table)
        path = money_exports.write_into(
            self.desk, folder, name, content, what=f"report {self.report} {first} to {last}",
            secret=secret, asked=True,
        )  # fmt: skip
        # What closes with this Enter is the question; what is said comes after it.
        self.call_after_refresh(self.say, f"Written: {path.name}")

    def do_later_page(self) -> None:
        self.panel.page(1)

    def do_earlier_page(self) -> None:
        self.panel.page(-1)
