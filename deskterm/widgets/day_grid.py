"""The day grid: providers side by side (or one provider's week), time going down."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from deskterm.values import dataclass
from deskterm.widgets.grid_board import GridBoard, GridCell, Line, Lines, Slot
from deskterm.widgets.grid_look import (
    COMPACT_WIDTH,
    TIME_WIDTH,
    cell_parts,
    head_text,
    layout_for,
    time_text,
)
from deskterm.widgets.kept_lines import KeptLines
from deskterm.widgets.rows_paint import Part, cells, line

HEAD_HEIGHT = 1
LINES_ABOVE_NOW = 3


class SlotMark(NamedTuple):
    """A marked cell: a record's ``key`` alone, or the slot of a column at a minute."""

    key: Hashable = None
    column: str = ""
    minute: int = -1


class _Anchor(NamedTuple):
    """Where the cursor is in terms that outlive a refresh."""

    key: Hashable
    column: str
    minute: int
    below: int


_NOTHING = GridBoard((), 0, 0)


class DayGrid(Widget, can_focus=True):
    """Draws the lines on the screen and nothing else; a move repaints the two cells it touches.

    The cursor belongs to a record: new data leaves it on that record, or on the same time and
    column where there is none.

    | Key | Does |
    |---|---|
    | arrows | move by cell |
    | , . PgUp PgDn | move by page |
    | Home End | first and last line |
    | Space | mark the cell |
    | Enter | choose the cell |
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(0, -1)", "up", show=False, id="grid.up"),
        Binding("down", "move(0, 1)", "down", show=False, id="grid.down"),
        Binding("left", "move(-1, 0)", "left", show=False, id="grid.left"),
        Binding("right", "move(1, 0)", "right", show=False, id="grid.right"),
        Binding("pageup,comma", "page(-1)", "page up", show=False, id="grid.page_up"),
        Binding("pagedown,full_stop", "page(1)", "page down", show=False, id="grid.page_down"),
        Binding("home", "edge(-1)", "first line", show=False, id="grid.first"),
        Binding("end", "edge(1)", "last line", show=False, id="grid.last"),
        Binding("space", "mark", "mark", show=False, id="grid.mark"),
        Binding("enter", "choose", "open", show=False, id="grid.choose"),
    ]

    DEFAULT_CSS = "DayGrid { height: 1fr; }"

    @dataclass
    class Moved(Message):
        """The cursor came to another cell, or another record came to the cursor."""

        grid: DayGrid
        cell: GridCell | None
        column: str
        minute: int

        @property
        def control(self) -> DayGrid:
            return self.grid

    @dataclass
    class Chosen(Message):
        """Enter on a cell; ``cell`` is None in an open slot."""

        grid: DayGrid
        cell: GridCell | None
        column: str
        minute: int

        @property
        def control(self) -> DayGrid:
            return self.grid

    @dataclass
    class Marked(Message):
        """The set of marked cells changed."""

        grid: DayGrid
        count: int

        @property
        def control(self) -> DayGrid:
            return self.grid

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._styles_cache = KeptLines()
        self._lines = Lines(_NOTHING)
        self._layout_now = layout_for(_NOTHING, COMPACT_WIDTH)
        self._line, self._column = 0, 0
        self._top, self._first = 0, 0
        self._marks: set[SlotMark] = set()
        self._strips: dict[tuple[int, int], Strip] = {}
        self._is_new = True
        self._awaits_size = False

    # -- what is shown

    @property
    def board(self) -> GridBoard:
        """The data last shown."""
        return self._lines.board

    @property
    def current(self) -> GridCell | None:
        """What the cursor is on, begun here or above; None in an open slot."""
        slot = self._slot()
        return slot.cell if slot else None

    @property
    def current_slot(self) -> tuple[str, int] | None:
        """The column's code and the minute of the day at the cursor; None on an empty board."""
        if self._slot() is None:
            return None
        return self.board.columns[self._column].code, self._lines.lines[self._line].minute

    @property
    def marks(self) -> frozenset[SlotMark]:
        """The cells marked with Space."""
        return frozenset(self._marks)

    def show(self, board: GridBoard, *, fresh: bool = False) -> None:
        """Show ``board``; only the lines that differ are painted.

        The cursor stays on its record. ``fresh`` (another day, another view) drops marks and
        puts the cursor on now, or on the first line. Raises ValueError for a cell in a column
        that the board does not have.
        """
        lines = Lines(board)
        before = self._painted()
        was, anchor = self.current, self._anchor()
        seen_above = self._line - self._top
        self._lines = lines
        self._fit_layout()
        if fresh or self._is_new or anchor is None:
            self._is_new = not (board.columns and lines.lines)
            self._marks.clear()
            self._column = self._first = 0
            self._line = lines.now_line or 0
            self._top = max(self._line - LINES_ABOVE_NOW, 0)
            self._awaits_size = not self.size.height
        else:
            self._line, self._column = self._find(anchor)
            # The cursor keeps its place on the screen too, whatever was put in above it.
            self._top = self._line - seen_above
            self._marks = {mark for mark in self._marks if self._is_there(mark)}
        self._keep_in_view()
        self._strips.clear()
        self._refresh_changed(before)
        if (self.current, self._anchor()) != (was, anchor):
            self._tell_moved()

    # -- moving from outside

    def select_number(self, number: int) -> bool:
        """Put the cursor on the row ``number``; False when no cell has it."""
        place = self._lines.numbers.get(number)
        if place is None:
            return False
        self._go(*place)
        return True

    def select_key(self, key: Hashable) -> bool:
        """Put the cursor on the record ``key``; False when it is not on the board."""
        places = self._lines.places.get(key)
        if not places:
            return False
        self._go(*next((p for p in places if p[1] == self._column), places[0]))
        return True

    def select_slot(self, column: str, minute: int) -> bool:
        """Put the cursor on a column at a time; False when the board has no such column."""
        index = self._lines.column_index.get(column)
        if index is None or not self._lines.lines:
            return False
        self._go(self._lines.nearest(minute, 0), index)
        return True

    def select_now(self) -> bool:
        """Put the cursor on the line that is now; False when now is not on the board."""
        line_index = self._lines.now_line
        if line_index is None:
            return False
        self._go(line_index, self._column)
        return True

    def clear_marks(self) -> None:
        """Unmark every cell."""
        if self._marks:
            self._change_marks(set())

    # -- painting

    def render_line(self, y: int) -> Strip:
        index = y - HEAD_HEIGHT
        if index >= 0:
            index += self._top
            if index >= len(self._lines.lines):
                return Strip.blank(self.size.width)
        at = (index, self._column if index == self._line else -1)
        strip = self._strips.get(at)
        if strip is None:
            strip = self._strips[at] = self._head() if index < 0 else self._body(index)
        return strip

    def _head(self) -> Strip:
        board, look = self.board, self._layout_now
        if not board.columns:
            return line([Part(board.note)], self.size.width)
        shown = board.columns[self._first : self._first + look.shown]
        label = "Time <" if self._first else "Time"
        text = label.ljust(TIME_WIDTH) + "".join(head_text(column, look) for column in shown)
        parts = [Part(text, "primary")]
        if self._first + look.shown < len(board.columns):
            room = self.size.width - 1
            parts = [Part(cells(text, room) + ">", "primary")]
        return line(parts, self.size.width)

    def _body(self, index: int) -> Strip:
        look, lines = self._layout_now, self._lines
        minute, below = lines.lines[index]
        now = index == lines.now_line
        label = time_text(minute, look, is_now=now) if below == 0 else " " * TIME_WIDTH
        parts = [Part(label)]
        last = min(self._first + look.shown, len(self.board.columns))
        for column in range(self._first, last):
            slot = lines.at(index, column)
            marked = bool(self._marks) and self._mark_of(index, column, slot) in self._marks
            cell = cell_parts(slot, look, marked=marked)
            if index == self._line and column == self._column:
                # No badge inside the cursor: two pairs mixed are none of the readable ones.
                cell = [Part("".join(part.text for part in cell), "selected")]
            parts.extend(cell)
        return line(parts, self.size.width)

    def _painted(self) -> list[Strip]:
        return [self.render_line(y) for y in range(self.size.height)] if self.is_mounted else []

    def _refresh_changed(self, before: list[Strip]) -> None:
        for y, strip in enumerate(self._painted()):
            if y >= len(before) or strip != before[y]:
                self.refresh(Region(0, y, self.size.width, 1))

    def _refresh_cell(self, line_index: int, column: int) -> None:
        y = line_index - self._top + HEAD_HEIGHT
        place = column - self._first
        if HEAD_HEIGHT <= y < self.size.height and 0 <= place < self._layout_now.shown:
            look = self._layout_now
            self.refresh(Region(look.left(place), y, look.pitch, 1))

    # -- the cursor

    def _slot(self) -> Slot | None:
        if not self.board.columns or not self._lines.lines:
            return None
        return self._lines.at(self._line, self._column)

    def _anchor(self) -> _Anchor | None:
        slot = self._slot()
        if slot is None:
            return None
        minute, below = self._lines.lines[self._line]
        key = slot.cell.key if slot.cell else None
        return _Anchor(key, self.board.columns[self._column].code, minute, below)

    def _find(self, anchor: _Anchor) -> tuple[int, int]:
        """The line and column of ``anchor`` on the board as it is now."""
        lines = self._lines
        last_column = max(len(self.board.columns) - 1, 0)
        column = lines.column_index.get(anchor.column, min(self._column, last_column))
        index = lines.nearest(anchor.minute, anchor.below)
        if anchor.key is None or not self.board.columns or not lines.lines:
            return index, column
        cell = lines.at(index, column).cell
        if cell is not None and cell.key == anchor.key:
            return index, column
        places = lines.places.get(anchor.key)
        if not places:
            return index, column
        return next((place for place in places if place[1] == column), places[0])

    def _go(self, line_index: int, column: int) -> None:
        old = (self._line, self._column)
        if (line_index, column) == old:
            return
        self._line, self._column = line_index, column
        if self._keep_in_view():
            self.refresh(self.size.region)
        else:
            self._refresh_cell(*old)
            self._refresh_cell(line_index, column)
        self._tell_moved()

    def _keep_in_view(self) -> bool:
        """Scroll so that the cursor shows; True when that moved anything.

        Going over an edge scrolls by a quarter page, so that a held arrow key does not repaint
        the whole grid at every step.
        """
        top, first = self._top, self._first
        height = max(self.size.height - HEAD_HEIGHT, 1)
        most = max(len(self._lines.lines) - height, 0)
        if self._line < top:
            top = self._line - height // 4
        elif self._line >= top + height:
            top = self._line - height + 1 + height // 4
        shown = self._layout_now.shown
        first = min(max(first, self._column - shown + 1), self._column)
        first = max(min(first, len(self.board.columns) - shown), 0)
        top = min(max(top, 0), most)
        moved = (top, first) != (self._top, self._first)
        if first != self._first:
            self._strips.clear()
        self._top, self._first = top, first
        return moved

    def _fit_layout(self) -> None:
        self._layout_now = layout_for(self.board, self.size.width)

    def _tell_moved(self) -> None:
        slot = self.current_slot
        if slot is not None:
            self.post_message(self.Moved(self, self.current, *slot))

    # -- marks

    def _mark_of(self, line_index: int, column: int, slot: Slot) -> SlotMark:
        if slot.cell is not None and slot.cell.key is not None:
            return SlotMark(slot.cell.key)
        code, minute = self.board.columns[column].code, self._lines.lines[line_index].minute
        return SlotMark(None, code, slot.cell.minute if slot.cell else minute)

    def _is_there(self, mark: SlotMark) -> bool:
        if mark.key is not None:
            return mark.key in self._lines.places
        column = self._lines.column_index.get(mark.column)
        index = self._lines.index_of.get(Line(mark.minute, 0))
        if column is None or index is None:
            return False
        return self._mark_of(index, column, self._lines.at(index, column)) == mark

    def _change_marks(self, marks: set[SlotMark]) -> None:
        before = self._painted()
        self._marks = marks
        self._strips.clear()
        self._refresh_changed(before)
        self.post_message(self.Marked(self, len(marks)))

    # -- keys

    def action_move(self, columns: int, lines: int) -> None:
        if self._slot() is None:
            return
        column = min(max(self._column + columns, 0), len(self.board.columns) - 1)
        self._go(min(max(self._line + lines, 0), len(self._lines.lines) - 1), column)

    def action_page(self, direction: int) -> None:
        page = max(self.size.height - HEAD_HEIGHT, 1)
        before = self._top
        self._top = max(min(before + direction * page, len(self._lines.lines) - page), 0)
        if self._top != before:
            self.refresh(self.size.region)
        self.action_move(0, direction * page)

    def action_edge(self, direction: int) -> None:
        self.action_move(0, direction * len(self._lines.lines))

    def action_mark(self) -> None:
        slot = self._slot()
        if slot is not None and slot.look != "blank":
            self._change_marks(self._marks ^ {self._mark_of(self._line, self._column, slot)})

    def action_choose(self) -> None:
        slot = self.current_slot
        if slot is not None:
            self.post_message(self.Chosen(self, self.current, *slot))

    def on_resize(self, event: events.Resize) -> None:
        self._fit_layout()
        self._strips.clear()
        if self._awaits_size and self.size.height:
            self._awaits_size = False
            self._top = max(self._line - LINES_ABOVE_NOW, 0)
        self._keep_in_view()
        self.refresh()
