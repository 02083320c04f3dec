"""What a row list shows: columns, rows, the order they stand in, and filters over them."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from deskterm.errors import Invalid
from deskterm.text import fold, safe


@dataclass(frozen=True, slots=True)
class Column:
    """A column ``width`` cells wide, one cell apart from the next.

    ``drop_order`` 1 goes first when room is short, 2 next; 0 stays. Spare room goes to the
    column that ``grows``, else to the last. ``is_state`` puts the mark of a change before it.
    """

    title: str
    width: int
    align: Literal["left", "right"] = "left"
    drop_order: int = 0
    grows: bool = False
    is_state: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A record: its ``key``, the number it keeps for the day, and one text per column.

    ``styles`` names a style per cell (a badge's word is coloured, not the cell). ``changed``
    means another desk changed it just now.
    """

    key: Hashable
    number: int | None
    cells: tuple[str, ...]
    group: str = ""
    changed: bool = False
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the group it stands under on the screen, which may be where it was before."""

    row: Row
    group: str


def sorted_places(rows: Iterable[Row]) -> list[Placed]:
    """``rows`` in their own order, each group's together, groups as they first appear."""
    groups: dict[str, list[Placed]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(Placed(row, row.group))
    return [placed for group in groups.values() for placed in group]


def kept_places(rows: Sequence[Row], shown: Sequence[Placed]) -> list[Placed]:
    """``rows`` where they stood in ``shown``; new ones at the end of their group."""
    fresh = {row.key: row for row in rows}
    groups: dict[str, list[Placed]] = {}
    for placed in shown:
        row = fresh.pop(placed.row.key, None)
        if row is not None:
            groups.setdefault(placed.group, []).append(Placed(row, placed.group))
    for row in fresh.values():
        groups.setdefault(row.group, []).append(Placed(row, row.group))
    return [placed for group in groups.values() for placed in group]


def row_filter(text: str, columns: Sequence[Column]) -> Callable[[Row], bool]:
    """The test that a typed filter means.

    Words must all be found, in any column; ``state:lat`` looks in the column whose title
    begins so; ``!`` before either means not. Accents and case do not count.
    """
    tests = [_term(word, columns) for word in text.split()]
    return lambda row: all(test(row) for test in tests)


def _term(word: str, columns: Sequence[Column]) -> Callable[[Row], bool]:
    wanted = not (word.startswith("!") and len(word) > 1)
    word = word if wanted else word[1:]
    title, colon, value = word.partition(":")
    index = _titled(title, columns) if colon else None
    # Words hold no spaces, so joined cells are searched at once: folding is what costs.
    if index is None:
        holds = _holder(word)
        return lambda row: holds(" ".join(row.cells)) is wanted
    holds = _holder(value)
    return lambda row: (index < len(row.cells) and holds(row.cells[index])) is wanted


def _titled(title: str, columns: Sequence[Column]) -> int | None:
    begin = fold(title)
    titles = (i for i, column in enumerate(columns) if fold(column.title).startswith(begin))
    return next(titles, None) if begin else None


def _holder(sought: str) -> Callable[[str], bool]:
    """The test for text that holds ``sought``; marks like ``$`` fold to nothing and stay raw."""
    folded = fold(sought)
    if not folded:
        return lambda text: sought in text
    return lambda text: folded in fold(text)


_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


def number_ranges(text: str) -> list[tuple[int, int]]:
    """``12,14-16`` as inclusive ranges. Raises Invalid for anything else."""
    ranges = []
    for piece in text.replace(" ", "").split(","):
        found = _RANGE.fullmatch(piece)
        if found is None:
            raise Invalid(f"Not row numbers: {safe(text)[:40]}", "Type them as 12,14-16")
        low, high = int(found[1]), int(found[2] or found[1])
        if high < low:
            raise Invalid(f"{low}-{high} runs backwards", f"Type {high}-{low}")
        ranges.append((low, high))
    return ranges


def fitting(columns: Sequence[Column], room: int) -> list[tuple[int, int]]:
    """The columns that fit in ``room`` cells, as (index, width)."""
    kept = list(range(len(columns)))
    droppable = sorted((c.drop_order, i) for i, c in enumerate(columns) if c.drop_order)
    for _, index in droppable:
        if _needed(columns, kept) <= room:
            break
        kept.remove(index)
    spare = max(room - _needed(columns, kept), 0)
    grower = next((i for i in kept if columns[i].grows), kept[-1] if kept else -1)
    return [(i, columns[i].width + (spare if i == grower else 0)) for i in kept]


def leading(columns: Sequence[Column], room: int) -> list[tuple[int, int]]:
    """The first columns that fit side by side in ``room`` cells, as (index, width)."""
    kept = list(range(len(columns)))
    while len(kept) > 1 and _needed(columns, kept) > room:
        kept.pop()
    spare = max(room - _needed(columns, kept), 0)
    return [(i, columns[i].width + (spare if i == kept[-1] else 0)) for i in kept]


def _needed(columns: Sequence[Column], kept: Sequence[int]) -> int:
    return sum(columns[i].width for i in kept) + max(len(kept) - 1, 0)
