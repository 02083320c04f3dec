"""Look a code up by its beginning or by words, and see what it is (:codes)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, ClassVar

from deskterm.entry.dates import show_short
from deskterm.errors import DesktermError
from deskterm.office import code_search
from deskterm.office.code_search import CodeHit
from deskterm.screens.base import DeskScreen
from deskterm.text import fit
from deskterm.widgets.lookup import Lookup, LookupColumn, LookupRow
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part

LIMIT = 30
COLUMNS = (LookupColumn("Code", 10), LookupColumn("What it is", 56), LookupColumn("", 7))
_KINDS = {"code": "", "header": "heading", "range": "range", "modifier": "modif."}


def lookup_row(hit: CodeHit) -> LookupRow:
    """One code as the list shows it: what cannot be billed says so."""
    return LookupRow(hit, (hit.shown, hit.label, _KINDS[hit.kind]))


class CodesScreen(DeskScreen):
    """The lists of codes. With ``picking`` it is closed with the code chosen, or None.

    ``why`` says why what was typed could not stand. A heading is not chosen: it opens what
    stands below it.
    """

    title_text = "CODES"

    def __init__(
        self,
        typed: str = "",
        *,
        picking: bool = False,
        systems: Sequence[str] = (),
        on: date | None = None,
        why: str = "",
    ) -> None:
        super().__init__()
        self.picking, self.systems, self.on, self.why = picking, tuple(systems), on, why
        self.lookup = Lookup(COLUMNS, text=typed, classes="body")

    def body(self) -> Iterable[Any]:
        yield self.lookup

    def context(self) -> str:
        names = "diagnoses" if self.systems == ("icd10cm",) else "services" if self.systems else ""
        return f"{names} {show_short(self._day)} {self._day.year}".strip()

    def opened(self) -> None:
        self.banner_row.show_summary("")
        if self.why:
            self.say(self.why, level="error")
        else:
            self.say(
                "words in any order, or the beginning of a code: low back, e11.4", level="coach"
            )
        self._say_enter()

    @property
    def _day(self) -> date:
        return self.on or self.desk.today()

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Down", "into the list"), ("1-9", "pick there"), ("Esc", "back"), ("F1", "help"),
        ]  # fmt: skip

    def on_lookup_typed(self, message: Lookup.Typed) -> None:
        self.search(message.text)

    def search(self, text: str) -> None:
        """Search for ``text`` and show what there is."""
        note, rows = "", []
        if text.strip():
            try:
                found = code_search.find(
                    self.desk, text, systems=self.systems, on=self.on, limit=LIMIT
                )
            except DesktermError as error:
                self.say_error(error)
            else:
                rows = [lookup_row(hit) for hit in found.rows]
                note = fit(found.how or ("" if rows else self._nothing()), 50)
        self.lookup.show(text, rows, note=note)
        self._say_enter()

    def _nothing(self) -> str:
        known = [one for one in self.systems if code_search.loaded(self.desk, one)]
        if self.systems and not known:  # of the clinic's own fees none fits, either
            return "no such list is loaded (deskterm codes import)"
        return "nothing found"

    def on_lookup_moved(self) -> None:
        self._say_enter()

    def _say_enter(self) -> None:
        self.enter_row.show(self.lookup.enter_says)

    async def on_lookup_chosen(self, message: Lookup.Chosen) -> None:
        hit: CodeHit = message.key
        if not self.picking:
            await self.desk_app.go("code_page", hit=hit, on=self.on)
        elif hit.kind in ("header", "range"):
            self.say(f"{hit.shown} is a heading, not a code to bill. Choose below", level="error")
            self.lookup.set_text(hit.code[:3] if hit.kind == "range" else hit.shown)
        else:
            self.dismiss(hit)

    async def on_lookup_left(self) -> None:
        await self.back()

    async def back(self) -> None:
        if self.picking:
            self.dismiss(None)
        else:
            await self.desk_app.close_top()


class CodeScreen(DeskScreen):
    """One code: whether it stands and can be billed, what is above and below it, its notes."""

    place: ClassVar[str] = "code_page"
    title_text: ClassVar[str] = "CODE"

    def __init__(self, hit: CodeHit, on: date | None = None) -> None:
        super().__init__()
        self.hit, self.on = hit, on
        self.panel = Panel(classes="body")

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.panel

    def context(self) -> str:
        return self.hit.shown

    def load(self) -> None:
        day = self.on or self.desk.today()
        card = code_search.card(self.desk, self.hit.code, system=self.hit.system, on=day)
        first, *others = code_search.lines_of(card, day)
        room = max((self.size.width or 80) - 6, 30)
        lines: list[Text] = [[Part("  "), Part(first, "primary")]]
        for text in others:
            lines += textwrap.wrap(text, room, initial_indent="  ", subsequent_indent="      ")
        self.panel.show(lines)
        self.enter_row.show("Esc = back to the search")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [(",", "page up"), (".", "page down"), ("Esc", "back")]

    def do_earlier_page(self) -> None:
        self.panel.page(-1)

    def do_later_page(self) -> None:
        self.panel.page(1)
