"""How a day grid's cells look: widths for the room there is, and the text of one cell.

A column is number 3, mark 1, name, flag 1, changed 1, state 3; where there is room a visit
type stands between name and flag, and names grow.
"""

from __future__ import annotations

from typing import NamedTuple

from deskterm.widgets.grid_board import GridBoard, GridCell, GridColumn, Slot
from deskterm.widgets.rows_paint import Part, cells

TIME_WIDTH = 6
NAME_WIDTH = 9
COMPACT_WIDTH = NAME_WIDTH + 9
VISIT_WIDTH = 5
WIDE_WIDTH = COMPACT_WIDTH + VISIT_WIDTH
NAME_MOST = 24
HEAD_WIDTH = 16


class Layout(NamedTuple):
    """``shown`` columns of ``pitch`` cells each; ``hour_width`` is where times end."""

    shown: int
    pitch: int
    has_visit: bool
    hour_width: int

    @property
    def name_width(self) -> int:
        return self.pitch - (WIDE_WIDTH if self.has_visit else COMPACT_WIDTH) + NAME_WIDTH

    def left(self, place: int) -> int:
        """The first cell of the column at ``place`` on the screen, from 0."""
        return TIME_WIDTH + place * self.pitch


def layout_for(board: GridBoard, width: int) -> Layout:
    """The best use of ``width`` cells: every column wide, or as many compact ones as fit."""
    columns = max(len(board.columns), 1)
    room = max(width - TIME_WIDTH, 1)
    pitch = min(room // columns, WIDE_WIDTH + NAME_MOST - NAME_WIDTH)
    if pitch >= WIDE_WIDTH:
        return Layout(columns, pitch, True, TIME_WIDTH)
    shown = min(columns, max(room // COMPACT_WIDTH, 1))
    return Layout(shown, min(COMPACT_WIDTH, room), False, TIME_WIDTH - 1)


def clock_text(minute: int) -> str:
    """Minutes after midnight as ``9:05`` or ``12:30``."""
    hour, rest = divmod(minute, 60)
    return f"{(hour - 1) % 12 + 1}:{rest:02}"


def time_text(minute: int, layout: Layout, *, is_now: bool) -> str:
    """The time before a line, ``>`` before the one that is now."""
    hour_width = layout.hour_width
    text = clock_text(minute)
    if is_now:
        return cells(">" + text.rjust(hour_width - 1), TIME_WIDTH)
    return cells(text.rjust(hour_width), TIME_WIDTH)


def head_text(column: GridColumn, layout: Layout) -> str:
    """A column's title, and booked of capacity where they are known."""
    room = min(HEAD_WIDTH, layout.pitch - 2)
    count = f"{column.booked}/{column.capacity}" if column.booked or column.capacity else ""
    count = f" {count}" if count else ""
    title = cells(column.title, max(room - len(count), 0))
    return cells(f" {title}{count}", layout.pitch)


def cell_parts(slot: Slot, layout: Layout, *, marked: bool) -> list[Part]:
    """One cell of the grid, ``layout.pitch`` wide."""
    mark = "+" if marked else " "
    look, cell = slot
    if look == "start" and cell is not None and cell.kind == "appointment":
        return _appointment(cell, layout, mark)
    lead = _number(cell if look == "start" else None) + mark
    return [Part(lead + cells(_words(slot), layout.pitch - len(lead)))]


def _number(cell: GridCell | None) -> str:
    """The row number; one of three digits takes a cell from the name, so that it stands apart."""
    number = "" if cell is None or cell.number is None else str(cell.number)
    return cells(number, 3 if len(number) < 3 else 4, right=True)


def _words(slot: Slot) -> str:
    look, cell = slot
    if cell is None:
        return "." if look == "open" else ""
    if cell.kind == "appointment":
        return ":"
    changed = "'" if cell.changed else ""
    if cell.kind == "held":
        # A hold says whose it is on each of its lines: it is asked about in a hurry.
        return f"h {changed}{cell.text}"
    return f"x {changed}{cell.text}" if look == "start" else "x"


def _appointment(cell: GridCell, layout: Layout, mark: str) -> list[Part]:
    lead = _number(cell) + mark
    name_width = layout.name_width + 4 - len(lead)
    has_room = layout.name_width > NAME_WIDTH + 2 and cell.full_name
    name = cells(cell.full_name if has_room else cell.name, name_width)
    visit = " " + cells(cell.visit, VISIT_WIDTH - 1) if layout.has_visit else ""
    flag = cells(cell.flag, 1)
    return [
        Part(lead + name + visit),
        Part(flag, "stop" if flag == "!" else ""),
        Part("'" if cell.changed else " "),
        Part(cells(cell.state, 3), "attention" if cell.state == "LAT" else ""),
    ]
