"""Who looked at or changed one patient's record, or did anything at all: ``h`` and ``:who``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import parse_date, show_short
from deskterm.entry.times import show_time
from deskterm.errors import Invalid
from deskterm.office import journal_views, journal_words
from deskterm.office.journal_views import EntryRow
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.screens.row_keys import RowKeys
from deskterm.screens.who import show_banner
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_data import Column, Row
from deskterm.widgets.rows_paint import Part

LIMIT = 500
COLUMNS = (
    Column("When", 14), Column("Who", 8), Column("Desk", 4),
    Column("What was done", 30, grows=True), Column("Why", 14, drop_order=1),
)  # fmt: skip
VIEWS = ("all", "looks", "changes")
SORTS = ("newest first", "by person", "by what was done", "oldest first")
_ASK = "t-7, or two days: 0301 0315; nothing shows all"


class HistoryScreen(RowKeys):
    """The newest entries first: when, who, at which desk, what and why.

    ``/`` filters (``who:rn1 what:opened``), ``g`` sets the period, ``v`` shows looks or changes
    only, ``s`` sorts, Enter shows an entry before and after.
    """

    place: ClassVar[str] = "history"
    title_text: ClassVar[str] = "WHO LOOKED"
    empty: ClassVar[str] = "No entries. v and g say which are shown"

    def __init__(self, patient_id: int | None = None) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.viewed = patient_id  # the look is noted as what it is
        self.view = VIEWS[0]
        self.order = SORTS[0]
        self.period: tuple[date | None, date | None] = (None, None)
        self.entries: dict[int, EntryRow] = {}
        self._is_noted = False

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.list
        yield RuleRow()

    def context(self) -> str:
        first, last = self.period
        since = f" from {show_short(first)}" if first else ""
        until = f" to {show_short(last)}" if last else ""
        return f"{self.view}{since}{until}"

    def load(self) -> None:
        conditions: dict[str, Any] = {
            "first": self.period[0], "last": self.period[1], "limit": LIMIT,
        }  # fmt: skip
        if self._is_noted:
            found = journal_views.entries(self.desk, patient_id=self.patient_id, **conditions)
        else:
            found = journal_views.history(self.desk, self.patient_id, **conditions)
            self._is_noted = True
        more = len(found) == LIMIT
        found = [row for row in found if self._wanted(row)]
        if self.order == "oldest first":
            found.reverse()
        elif self.order != SORTS[0]:
            by_person = self.order == "by person"
            found.sort(key=lambda row: row.actor if by_person else row.what)
        self.entries = {row.seq: row for row in found}
        self.show_rows(COLUMNS, [self._row(n, row) for n, row in enumerate(found, 1)])
        note = f"{self.filter_note()}{len(found)} entries{', g goes back' * more}, {self.order}"
        if self.patient_id is None:
            self.banner_row.show_summary(note)
        else:
            show_banner(self, self.patient_id, note)
        self.show_enter()

    def _wanted(self, row: EntryRow) -> bool:
        is_look = row.operation in journal_words.LOOKS
        return self.view == "all" or is_look is (self.view == "looks")

    def _row(self, number: int, row: EntryRow) -> Row:
        year = "" if row.at.year == self.desk.today().year else f"/{row.at:%y}"
        when = f"{row.at:%m/%d}{year} {show_time(row.at.time())}"
        who = f"[{row.patient_id}] " if self.patient_id is None and row.patient_id else ""
        return Row(row.seq, number, (when, row.actor, row.desk, who + row.what, row.reason))

    def concerns(self, entry: Entry) -> bool:
        return self.patient_id is None or entry.patient_id == self.patient_id

    def show_enter(self) -> None:
        row = self.list.current
        self.enter_row.show(f"Enter = entry {row.key}, before and after" if row else "")

    def on_row_list_moved(self) -> None:
        self.show_enter()

    async def on_row_list_chosen(self) -> None:
        """Enter: one entry, before and after."""
        row = self.list.current
        if row is not None:
            await self.desk_app.go("entry", entry=self.entries[int(str(row.key))])

    def do_view(self) -> None:
        """``v``: everything, looks only, changes only."""
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.reload()
        self.say(f"view: {self.view}")

    def do_sort(self) -> None:
        """``s``: by time, by person, by what was done."""
        self.order = SORTS[(SORTS.index(self.order) + 1) % len(SORTS)]
        self.reload()
        self.say(f"Sorted {self.order}")

    async def do_go(self) -> None:
        """``g`` asks for the period."""

        def take(text: str) -> None:
            self.period = self._period(text)
            self.reload()

        await ask(self, "From (to)", take, example=_ASK)

    def _period(self, text: str) -> tuple[date | None, date | None]:
        words = text.split()
        if len(words) > 2:
            raise Invalid("One day to begin with, and one to end with", _ASK)
        order = self.desk.settings.policy.date_order
        days = [
            parse_date(word, today=self.desk.today(), future=False, order=order).day
            for word in words
        ]
        if len(days) == 2 and days[0] > days[1]:
            days.reverse()
        return (days[0] if days else None, days[1] if len(days) == 2 else None)


class EntryScreen(DeskScreen):
    """One entry of the journal: who, from where, and every value before and after."""

    place: ClassVar[str] = "entry"
    title_text: ClassVar[str] = "ENTRY"

    def __init__(self, entry: EntryRow) -> None:
        super().__init__()
        self.entry = entry
        self.panel = Panel(classes="body")

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.panel

    def context(self) -> str:
        return str(self.entry.seq)

    def load(self) -> None:
        self.desk.require("view_journal")
        row = self.entry
        if row.patient_id is not None:
            self.viewed = row.patient_id
            show_banner(self, row.patient_id)
        lines: list[Text] = [
            [Part("  What   "), Part(row.what, "primary"), Part(f"   ({row.operation})")],
            f"  When   {show_short(row.at.date())} {row.at.year} {row.at:%H:%M:%S}",
            f"  Who    {row.actor} at {row.desk}"
            + (f", from {row.origin}" if row.origin else "")
            + (f", session {row.session}" if row.session else ""),
            f"  Why    {row.reason or '-'}",
            "",
        ]
        for change in row.changes:
            lines += self._change(change)
        self.panel.show(lines)
        self.enter_row.show("Esc = back")

    def _change(self, change: dict[str, Any]) -> Iterable[Text]:
        before, after = change.get("before"), change.get("after")
        if after is None:
            people = change.get("shown") or ()
            if people:
                yield "  Shown: " + ", ".join(f"[{patient_id}]" for patient_id in people)
            return
        word = "new" if before is None else "before -> after"
        yield [Part(f"  {change['table']} {change['id']}", "primary"), Part(f"  {word}")]
        for name in after:
            if name == "version":
                continue
            old = "" if before is None else f"{_shown(before.get(name))} -> "
            yield f"    {name:<22} {old}{_shown(after[name])}"

    def keys_shown(self) -> list[tuple[str, str]]:
        return [(",", "page up"), (".", "page down"), ("Esc", "back")]

    def do_earlier_page(self) -> None:
        self.panel.page(-1)

    def do_later_page(self) -> None:
        self.panel.page(1)


def _shown(value: object) -> str:
    return "-" if value in (None, "") else str(value)
