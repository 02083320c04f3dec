"""Somebody saved the record while it was being edited: both values, and who wins each field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar

from deskterm.commands import ENTER_KEYS
from deskterm.screens.base import DeskScreen
from deskterm.widgets.comparing import Difference
from deskterm.widgets.row_list import Column, Row, RowList
from deskterm.widgets.rows import RuleRow, TextRow

COLUMNS = (
    Column("Field", 18), Column("Yours", 20, grows=True), Column("Theirs", 20),
    Column("Saved is", 8),
)  # fmt: skip


class StaleScreen(DeskScreen):
    """Nothing is saved before this was seen.

    Enter saves yours in the fields you changed and keeps theirs in the others; ``t`` or F4 on a
    field takes theirs there (again: yours). Esc goes back to the form as it was.
    """

    title_text: ClassVar[str] = "CHANGED MEANWHILE"

    def __init__(
        self,
        who: str,
        found: Sequence[Difference],
        save: Callable[[set[str]], Awaitable[None]],
    ) -> None:
        super().__init__()
        self.who = who
        self.found = {difference.name: difference for difference in found}
        self.theirs: set[str] = set()
        self._save = save
        self.list = RowList(empty="Nothing that this form shows", classes="body")
        self.detail_row = TextRow()

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.list
        yield RuleRow()
        yield self.detail_row

    def load(self) -> None:
        self.banner_row.show_summary(self.who)
        rows = []
        for number, found in enumerate(self.found.values(), 1):
            style = ("", "", "", "attention" if found.collides else "")
            cells = (found.label, found.mine or "(empty)", found.theirs or "(empty)")
            rows.append(Row(found.name, number, (*cells, self._wins(found)), styles=style))
        self.list.show(COLUMNS, rows)
        self.show_enter()

    def _wins(self, found: Difference) -> str:
        theirs = found.name in self.theirs or not found.is_mine
        return "THEIRS" if theirs else "YOURS"

    def current(self) -> Difference | None:
        """The field under the cursor."""
        row = self.list.current
        return self.found.get(str(row.key)) if row is not None else None

    def point_at(self, number: int) -> bool:
        return self.list.select_number(number)

    def on_row_list_moved(self) -> None:
        self.show_enter()

    def show_enter(self) -> None:
        """Row 21 has the whole of both values, row 22 what Enter saves."""
        found = self.current()
        if found is not None:
            self.detail_row.show(
                f"{found.label}: yours {found.mine or '(empty)'} | theirs "
                f"{found.theirs or '(empty)'}"
            )
        wins = [self._wins(found) for found in self.found.values()]
        self.enter_row.show(
            f"Enter = SAVE yours in {wins.count('YOURS')}, keep theirs in {wins.count('THEIRS')}"
        )

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "save as shown"), ("t", "theirs/yours here"), ("1-9", "field"),
            ("Esc", "back to the form"),
        ]  # fmt: skip

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ENTER_KEYS:
            await self._done()
            return True
        if key == "f4" or (character or "").lower() == "t":
            self._switch()
            return True
        if character and character.isdigit():
            return await super().list_key(key, character)
        return False

    async def on_row_list_chosen(self) -> None:
        await self._done()

    def _switch(self) -> None:
        found = self.current()
        if found is None:
            return
        self.pending = ""
        if not found.is_mine:
            self.say("Only they changed this field: it stays theirs. Esc goes back to type in it")
            return
        self.theirs ^= {found.name}
        self.reload()

    async def _done(self) -> None:
        await self.desk_app.close_top()
        await self._save(self.theirs)
