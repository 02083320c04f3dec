"""What every numbered list has in common: numbers, pages, marks, filter, and standing still."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import events

from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.widgets.row_list import RowList
from deskterm.widgets.rows_data import Column, Row

QUIET_SECONDS = 20
# Keys after which a typed row number has done its work.
ENDS_NUMBER = ("enter", "ctrl+j", "up", "down", "home", "end")


class RowKeys(DeskScreen):
    """A screen around one :class:`RowList`, ``self.list``.

    Rows stand still while somebody types: what comes from other desks, or with time, is sorted
    in only after a while without keys, by ``s``, or by paging.
    """

    empty: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.list = RowList(empty=self.empty, classes="body")
        self._keyed_at = float("-inf")
        self._may_sort = True

    async def on_key(self, event: events.Key) -> None:
        self._keyed_at = self.desk.clock.monotonic()
        if event.key in ENDS_NUMBER:
            self._forget_number()

    async def list_key(self, key: str, character: str | None) -> bool:
        if key == "ctrl+j":
            self.list.action_choose()
            return True
        return await super().list_key(key, character)

    def record_here(self) -> Hashable:
        """The row under the cursor, whatever number it has."""
        row = self.list.current
        return row.key if row is not None else None

    def show_rows(self, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """Show ``rows``, in their own order when it may be taken now."""
        self.list.show(columns, rows, resort=self._may_sort)

    def standing_still(self) -> None:
        """Load again without moving any row under the clerk's hands."""
        quiet = self.desk.clock.monotonic() - self._keyed_at >= QUIET_SECONDS
        self._may_sort = quiet
        try:
            self.reload()
        finally:
            self._may_sort = True

    def changed_elsewhere(self) -> None:
        self.standing_still()

    def on_minute(self) -> None:
        """Times move on; rows and cursor stay."""
        if self.is_current:
            self.standing_still()
        else:
            self.refresh_frame()

    def point_at(self, number: int) -> bool:
        return self.list.select_number(number)

    def do_earlier_page(self) -> None:
        self.list.action_page(-1)

    def do_later_page(self) -> None:
        self.list.action_page(1)

    def do_mark(self) -> None:
        self.list.action_mark()

    def do_sort(self) -> None:
        self.list.resort()
        self.say("Sorted")

    async def do_filter(self) -> None:
        """``/`` shows only rows with these words."""

        def take(text: str) -> None:
            self.filtered(text.strip())

        await ask(self, "Find row", take, text=self.list.filter_text, example="smi, state:lat, !fu")

    def filtered(self, words: str) -> None:
        """Show only rows with ``words``; nothing shows all again."""
        found = self.list.filter(words)
        self.reload()
        if words:
            self.say(f"{found} with {words}. Esc shows all")

    async def back(self) -> None:
        """A pending number goes first, then the filter, then the screen."""
        if not self.pending and self.list.filter_text:
            self.filtered("")
        else:
            await super().back()

    def filter_note(self) -> str:
        """What row 2 begins with while rows are hidden."""
        return f"filter: {self.list.filter_text} | " if self.list.filter_text else ""


def ago(minutes: int) -> str:
    """An age as lists show it: ``34m``, ``3h``, ``2d``."""
    if minutes < 120:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // 1440}d"


def styled(cells: Sequence[str], styles: dict[int, str]) -> tuple[str, ...]:
    """A style per cell, given the few that have one."""
    return tuple(styles.get(index, "") for index in range(len(cells)))
