"""What a day grid shows: the board as data, and its slots laid out in lines.

Nothing that is booked may hide: an appointment that starts off the raster gets a line of its
own time, and a second one in the same slot gets a line below the first.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Literal, NamedTuple

Kind = Literal["appointment", "blocked", "held"]
Look = Literal["start", "continues", "open", "blank"]

_FIRST: dict[Kind, int] = {"appointment": 0, "held": 1, "blocked": 2}


class GridColumn(NamedTuple):
    """One provider, or one day of one provider. Codes are unique on a board."""

    code: str
    title: str
    booked: int = 0
    capacity: int = 0


class GridCell(NamedTuple):
    """What stands in a column from ``minute`` (after midnight) for ``minutes``.

    ``key`` is the record's; ``column`` a column's code. ``name`` is short (``ALVAREZ M``),
    ``full_name`` is shown where there is room. ``flag`` is one character. ``changed`` means
    another desk changed it just now. ``text`` is what a block or hold says.
    """

    column: str
    minute: int
    minutes: int
    kind: Kind = "appointment"
    number: int | None = None
    key: Hashable = None
    name: str = ""
    visit: str = ""
    state: str = ""
    flag: str = ""
    changed: bool = False
    text: str = ""
    full_name: str = ""

    @property
    def end(self) -> int:
        """The first minute after it."""
        return self.minute + self.minutes


class GridBoard(NamedTuple):
    """A day, or a week of one provider. ``note`` is said instead when there are no columns."""

    columns: tuple[GridColumn, ...]
    start_minute: int
    end_minute: int
    slot_minutes: int = 15
    cells: tuple[GridCell, ...] = ()
    now_minute: int | None = None
    note: str = ""


class Line(NamedTuple):
    """A line of the grid: a time of day, and 0 for its first line, 1 for the one below it..."""

    minute: int
    below: int


class Slot(NamedTuple):
    """What is seen where a line meets a column."""

    look: Look
    cell: GridCell | None


class Lines:
    """A board laid out. Raises ValueError for a cell in a column the board does not have."""

    def __init__(self, board: GridBoard) -> None:
        self.board = board
        self.column_index = {column.code: i for i, column in enumerate(board.columns)}
        starts: dict[tuple[int, int], list[GridCell]] = {}
        for cell in board.cells:
            if cell.column not in self.column_index:
                raise ValueError(f"no column {cell.column!r} on this board")
            starts.setdefault((self.column_index[cell.column], cell.minute), []).append(cell)
        for here in starts.values():
            here.sort(key=lambda cell: (_FIRST[cell.kind], cell.number or 0))
        deepest = dict.fromkeys(
            range(board.start_minute, board.end_minute, max(board.slot_minutes, 1)), 1
        )
        for (_, minute), here in starts.items():
            deepest[minute] = max(deepest.get(minute, 1), len(here))
        self.lines: list[Line] = [
            Line(minute, below) for minute in sorted(deepest) for below in range(deepest[minute])
        ]
        self.index_of = {at: i for i, at in enumerate(self.lines)}
        self._slots = [self._column_slots(i, starts) for i in range(len(board.columns))]

    def _column_slots(
        self, column: int, starts: dict[tuple[int, int], list[GridCell]]
    ) -> list[Slot]:
        slots: list[Slot] = []
        running: list[GridCell] = []
        here: list[GridCell] = []
        board = self.board
        slot_minutes = max(board.slot_minutes, 1)
        for minute, below in self.lines:
            if below == 0:
                running = [cell for cell in running + here if cell.end > minute]
                here = starts.get((column, minute), [])
            if below < len(here):
                slots.append(Slot("start", here[below]))
                continue
            over = min(running + here, key=lambda cell: _FIRST[cell.kind], default=None)
            on_raster = (minute - board.start_minute) % slot_minutes == 0
            if over is not None:
                slots.append(Slot("continues", over))
            elif below == 0 and on_raster and board.start_minute <= minute < board.end_minute:
                slots.append(Slot("open", None))
            else:
                slots.append(Slot("blank", None))
        return slots

    def at(self, line: int, column: int) -> Slot:
        """What is at a line and a column, by index."""
        return self._slots[column][line]

    def starts(self) -> Iterator[tuple[int, int, GridCell]]:
        """Every cell with the line and the column where it begins, from the first line on."""
        for line in range(len(self.lines)):
            for column, slots in enumerate(self._slots):
                look, cell = slots[line]
                if look == "start" and cell is not None:
                    yield line, column, cell

    @cached_property
    def places(self) -> dict[Hashable, list[tuple[int, int]]]:
        """Where each record begins, as (line, column)."""
        found: dict[Hashable, list[tuple[int, int]]] = {}
        for line, column, cell in self.starts():
            if cell.key is not None:
                found.setdefault(cell.key, []).append((line, column))
        return found

    @cached_property
    def numbers(self) -> dict[int, tuple[int, int]]:
        """Where each row number stands, as (line, column)."""
        found: dict[int, tuple[int, int]] = {}
        for line, column, cell in self.starts():
            if cell.number is not None:
                found.setdefault(cell.number, (line, column))
        return found

    @cached_property
    def now_line(self) -> int | None:
        """The line whose time is now, when the board's hours hold it."""
        now = self.board.now_minute
        if now is None or not self.lines:
            return None
        if not self.lines[0].minute <= now < max(self.board.end_minute, self.lines[-1].minute + 1):
            return None
        return max(i for i, at in enumerate(self.lines) if at.minute <= now and at.below == 0)

    def nearest(self, minute: int, below: int) -> int:
        """The line for a time that may be gone: itself, or the last one not after it."""
        exact = self.index_of.get(Line(minute, below))
        if exact is not None:
            return exact
        earlier = [i for i, at in enumerate(self.lines) if at <= (minute, below)]
        return earlier[-1] if earlier else 0
