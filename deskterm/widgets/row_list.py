"""The row list: numbered rows in groups, for every list on the desk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deskterm.widgets.kept_lines import KeptLines
from deskterm.widgets.rows_data import (
    Column,
    Placed,
    Row,
    fitting,
    kept_places,
    leading,
    number_ranges,
    row_filter,
    sorted_places,
)
from deskterm.widgets.rows_paint import Part, cells, line

NARROW = 48  # cells below which a row takes two lines
HEAD_HEIGHT = 1

_HEAD = -1


class RowList(Widget, can_focus=True):
    """Draws the lines on the screen and nothing else, whatever the number of rows.

    The cursor belongs to a record. Rows stand still under it: new data may be shown in the
    present order, and is put in its own order when the clerk pages or :meth:`resort` is called.

    | Key | Does |
    |---|---|
    | Up Down | move by row |
    | , . PgUp PgDn | move by page, and take the new order |
    | Home End | first and last row |
    | Space | mark the row |
    | Enter | choose the row |
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "up", show=False, id="list.up"),
        Binding("down", "move(1)", "down", show=False, id="list.down"),
        Binding("pageup,comma", "page(-1)", "page up", show=False, id="list.page_up"),
        Binding("pagedown,full_stop", "page(1)", "page down", show=False, id="list.page_down"),
        Binding("home", "edge(-1)", "first row", show=False, id="list.first"),
        Binding("end", "edge(1)", "last row", show=False, id="list.last"),
        Binding("space", "mark", "mark", show=False, id="list.mark"),
        Binding("enter", "choose", "open", show=False, id="list.choose"),
    ]

    DEFAULT_CSS = "RowList { height: 1fr; }"

    @dataclass
    class Moved(Message):
        """The cursor came to another row, or what its row says changed; None: no row left."""

        rows: RowList
        row: Row | None

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Chosen(Message):
        """Enter on a row."""

        rows: RowList
        row: Row

        @property
        def control(self) -> RowList:
            return self.rows

    @dataclass
    class Marked(Message):
        """The set of marked rows changed."""

        rows: RowList
        count: int

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(
        self, *, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        """``empty`` is said when there are no rows."""
        super().__init__(id=id, classes=classes)
        self._styles_cache = KeptLines()
        self._empty = empty
        self._columns: tuple[Column, ...] = ()
        self._given: list[Row] = []
        self._places: list[Placed] = []
        self._filter = ""
        self._shown: list[Placed] = []
        self._lines: list[int | str] = []
        self._row_lines: list[int] = []
        self._cursor, self._top = 0, 0
        self._marks: set[Hashable] = set()
        self._number_width = 3
        self._row_height = 1
        self._widths: list[tuple[int, int]] = []
        self._strips: dict[tuple[int, bool], Strip] = {}

    # -- what is shown

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._shown[self._cursor].row if self._shown else None

    @property
    def marks(self) -> list[Row]:
        """The marked rows, as they stand; a filter may hide some of them."""
        return [placed.row for placed in self._places if placed.row.key in self._marks]

    @property
    def is_stale_order(self) -> bool:
        """Whether the rows stand elsewhere than their own order puts them."""
        return self._places != sorted_places(self._given)

    @property
    def filter_text(self) -> str:
        """The filter in force, or nothing."""
        return self._filter

    @property
    def position(self) -> str:
        """Which rows are on the screen: ``3-18 of 41``."""
        if not self._shown:
            return "0 of 0"
        first = bisect_left(self._row_lines, self._top)
        last = bisect_left(self._row_lines, self._top + self._height)
        return f"{first + 1}-{max(last, first + 1)} of {len(self._shown)}"

    def show(self, columns: Sequence[Column], rows: Sequence[Row], *, resort: bool = True) -> None:
        """Show ``rows``; only lines that differ are painted.

        The cursor stays on its record. Without ``resort`` rows stay where they stand and new
        ones come at the end of their group.
        """
        before = self._painted()  # by the columns that the lines were laid out for
        self._columns, self._given = tuple(columns), list(rows)
        places = sorted_places(rows) if resort else kept_places(rows, self._places)
        self._arrange(places, before)

    def resort(self) -> None:
        """Put the rows in the order they were given in; the cursor stays on its record."""
        self._arrange(sorted_places(self._given))

    def filter(self, text: str) -> int:
        """Show only rows that match ``text``; how many do. Nothing shows all again."""
        self._filter = text.strip()
        self._arrange(self._places)
        return len(self._shown)

    # -- choosing from outside

    def select_number(self, number: int) -> bool:
        """Put the cursor on the row ``number``; False when it is not shown."""
        return self._select(lambda row: row.number == number)

    def select_key(self, key: Hashable) -> bool:
        """Put the cursor on the record ``key``; False when it is not shown."""
        return self._select(lambda row: row.key == key)

    def select_numbers(self, text: str) -> list[int]:
        """Mark the shown rows that ``12,14-16`` names; returns numbers named but not there.

        Of a range, only its first number is reported, and only when none of it is there.
        Raises Invalid when ``text`` is something else.
        """
        missing: list[int] = []
        found: set[Hashable] = set()
        for low, high in number_ranges(text):
            keys = {p.row.key for p in self._shown if p.row.number and low <= p.row.number <= high}
            found |= keys
            if not keys:
                missing.append(low)
        self._change_marks(self._marks | found)
        return missing

    def clear_marks(self) -> None:
        """Unmark every row."""
        self._change_marks(set())

    # -- painting

    def render_line(self, y: int) -> Strip:
        index = y - HEAD_HEIGHT + self._top if y >= HEAD_HEIGHT else _HEAD
        if index >= len(self._lines):
            return Strip.blank(self.size.width)
        at = (index, index >= 0 and self._row_of(self._lines[index]) == self._cursor)
        strip = self._strips.get(at)
        if strip is None:
            strip = self._strips[at] = self._draw(*at)
        return strip

    def _draw(self, index: int, is_current: bool) -> Strip:
        width = self.size.width
        if index == _HEAD:
            if not self._places and self._empty:
                return line([Part(self._empty)], width)
            lead = " " + "#".rjust(self._number_width - 1) + "  "
            return line([Part(lead, "primary"), *self._cell_parts(None)], width)
        content = self._lines[index]
        if isinstance(content, str):
            return line([Part(content, "primary")], width)
        if content < 0:
            return line(self._rest(self._shown[-content - 1].row), width,
                        selected=is_current)  # fmt: skip
        row = self._shown[content].row
        number = "" if row.number is None else str(row.number)
        shows_state = any(self._columns[i].is_state for i, _ in self._widths[1:])
        note = "+" if row.key in self._marks else "'" if row.changed and not shows_state else " "
        lead = (">" if is_current else " ") + cells(number, self._number_width, right=True) + note
        return line([Part(lead), *self._cell_parts(row)], width, selected=is_current)

    def _cell_parts(self, row: Row | None) -> list[Part]:
        """A row's cells, or the titles, with the gaps between them."""
        parts: list[Part] = []
        for place, (index, width) in enumerate(self._widths):
            column = self._columns[index]
            if place:
                changed = row is not None and row.changed and column.is_state
                parts.append(Part("'" if changed else " "))
            if row is None:
                text, style = column.title, "primary"
            else:
                text = row.cells[index] if index < len(row.cells) else ""
                style = row.styles[index] if index < len(row.styles) else ""
            parts.extend(_badge(cells(text, width, right=column.align == "right"), style))
        return parts

    @staticmethod
    def _row_of(content: int | str) -> int | str:
        """The row that a line belongs to; a heading belongs to none."""
        return -content - 1 if isinstance(content, int) and content < 0 else content

    def _rest(self, row: Row) -> list[Part]:
        """The second line of a row: what there was no room for beside its first columns."""
        parts = [Part(" " * (self._number_width + 2))]
        for index in range(len(self._widths), len(row.cells)):
            text = row.cells[index].strip()
            if text and text != "-":
                style = row.styles[index] if index < len(row.styles) else ""
                parts += [*_badge(text, style), Part("  ")]
        return parts

    @property
    def _height(self) -> int:
        return max(self.size.height - HEAD_HEIGHT, 1)

    def _painted(self) -> list[Strip]:
        return [self.render_line(y) for y in range(self.size.height)] if self.is_mounted else []

    def _refresh_changed(self, before: list[Strip]) -> None:
        for y, strip in enumerate(self._painted()):
            if y >= len(before) or strip != before[y]:
                self.refresh(Region(0, y, self.size.width, 1))

    def _fit_columns(self) -> None:
        numbers = (row.number or 0 for row in self._given)
        self._number_width = max(3, len(str(max(numbers, default=0))))
        room = self.size.width - self._number_width - 2
        narrow = 0 < self.size.width < NARROW
        self._widths = (leading if narrow else fitting)(self._columns, room)
        self._lay_lines(two=narrow and len(self._widths) < len(self._columns))
        self._strips.clear()

    def _lay_lines(self, *, two: bool) -> None:
        """One line per row under the headings of the groups; two in a narrow terminal."""
        self._row_height = 2 if two else 1
        self._lines, self._row_lines = [], []
        group = ""
        for index, placed in enumerate(self._shown):
            if placed.group != group:
                group = placed.group
                self._lines.append(group)
            self._row_lines.append(len(self._lines))
            self._lines += [index, -index - 1] if two else [index]

    # -- order and cursor

    def _arrange(self, places: list[Placed], before: list[Strip] | None = None) -> None:
        """Show ``places`` that pass the filter; the cursor keeps its record and its line.

        ``before`` is what is painted now, when that could not be drawn again.
        """
        before = self._painted() if before is None else before
        was = self.current
        seen_above = self._cursor_line() - self._top
        old = [placed.row.key for placed in self._shown]
        self._places = places
        matches = row_filter(self._filter, self._columns)
        self._shown = [placed for placed in places if matches(placed.row)]
        there = {placed.row.key: i for i, placed in enumerate(self._shown)}
        # When the record is gone, the one that stood next after it takes the cursor.
        after = (there[key] for key in old[self._cursor :] if key in there)
        above = (there[key] for key in reversed(old[: self._cursor]) if key in there)
        self._cursor = next(after, next(above, 0))
        everywhere = {placed.row.key for placed in places}
        self._marks &= everywhere
        self._fit_columns()
        self._top = max(self._cursor_line() - seen_above, 0)
        self._keep_in_view()
        self._refresh_changed(before)
        if self.current != was:
            self.post_message(self.Moved(self, self.current))

    def _cursor_line(self) -> int:
        return self._row_lines[self._cursor] if self._shown else 0

    def _keep_in_view(self) -> bool:
        """Scroll so that the cursor shows; True when that moved anything.

        Going over an edge scrolls by a quarter page, so that a held arrow key does not repaint
        the whole list at every step.
        """
        height, at, top = self._height, self._cursor_line(), self._top
        if at < top:
            top = at - height // 4
        elif at + self._row_height > top + height:
            top = at + self._row_height - height + height // 4
            # Never so far that the row itself goes over the upper edge.
            top = min(top, at)
        # The heading of the first group belongs to its first row.
        top = 0 if self._cursor == 0 else top
        top = max(min(top, len(self._lines) - height), 0)
        moved, self._top = top != self._top, top
        return moved

    def _select(self, test: Callable[[Row], bool]) -> bool:
        index = next((i for i, placed in enumerate(self._shown) if test(placed.row)), None)
        if index is None:
            return False
        self._go(index)
        return True

    def _go(self, index: int) -> None:
        if not self._shown or index == self._cursor:
            return
        old = self._cursor_line()
        self._cursor = index
        if self._keep_in_view():
            self.refresh(self.size.region)
        else:
            width = self.size.width
            for at in (old, self._cursor_line()):
                y = at - self._top + HEAD_HEIGHT
                self.refresh(Region(0, y, width, self._row_height))
        self.post_message(self.Moved(self, self.current))

    def _change_marks(self, marks: set[Hashable]) -> None:
        if marks == self._marks:
            return
        before = self._painted()
        self._marks = marks
        self._strips.clear()
        self._refresh_changed(before)
        self.post_message(self.Marked(self, len(marks)))

    # -- keys

    def action_move(self, rows: int) -> None:
        self._go(min(max(self._cursor + rows, 0), len(self._shown) - 1))

    def action_page(self, direction: int) -> None:
        if self.is_stale_order:
            self.resort()
        if not self._shown:
            return
        at = self._cursor_line() + direction * self._height
        top = max(min(self._top + direction * self._height, len(self._lines) - self._height), 0)
        if top != self._top:
            self._top = top
            self.refresh(self.size.region)
        self._go(min(bisect_left(self._row_lines, at), len(self._shown) - 1))

    def action_edge(self, direction: int) -> None:
        self._go(0 if direction < 0 else len(self._shown) - 1)

    def action_mark(self) -> None:
        row = self.current
        if row is not None:
            self._change_marks(self._marks ^ {row.key})

    def action_choose(self) -> None:
        row = self.current
        if row is not None:
            self.post_message(self.Chosen(self, row))

    def on_resize(self, event: events.Resize) -> None:
        self._fit_columns()
        self._keep_in_view()
        self.refresh()


def _badge(text: str, style: str) -> list[Part]:
    """``text`` with ``style`` on its words and not on the padding around them."""
    words = text.strip()
    if not style or not words:
        return [Part(text)]
    if style == "primary":
        return [Part(text, style)]
    before = len(text) - len(text.lstrip())
    return [Part(text[:before]), Part(words, style), Part(text[before + len(words) :])]
