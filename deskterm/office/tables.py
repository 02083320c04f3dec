"""A report as rows and columns, before anybody decides whether to show, print or export it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from textwrap import wrap
from typing import Any, Literal

from deskterm.entry.money import show_cents
from deskterm.text import fit
from deskterm.text import width as cells_of

Kind = Literal["text", "cents", "count", "percent", "date"]
RIGHT = ("cents", "count", "percent")
_SHORTEST = 6  # cells that words are cut to, before a column is left out
_LONGEST_BAR = 100  # cells


@dataclass(frozen=True)
class Column:
    """A column: what stands above it and what kind of value is in it.

    One that is ``whole`` is of no use in part, like a receipt's number.
    """

    name: str
    kind: Kind = "text"
    whole: bool = False


@dataclass(frozen=True)
class Table:
    """A report. ``totals`` has one value per column; ``chart`` names the column to draw."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    totals: tuple[Any, ...] | None = None
    chart: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: each row by column name; cents as ``*_cents``."""
        names = [_key(column) for column in self.columns]
        return {
            "name": self.name,
            "title": self.title,
            "rows": [dict(zip(names, row, strict=True)) for row in self.rows],
            "totals": dict(zip(names, self.totals, strict=True)) if self.totals else None,
        }


def shown(value: Any, kind: Kind) -> str:
    """A value as text: 25.00, 12, 87 %, 03/18/2026."""
    if value is None or value == "":
        return ""
    if kind == "cents":
        return show_cents(int(value))
    if kind == "percent":
        return f"{value:.0f} %"
    if kind == "date":
        day = date.fromisoformat(value) if isinstance(value, str) else value
        return f"{day:%m/%d/%Y}"
    return str(value)


def lines(table: Table, width: int = 80) -> list[str]:
    """The report as plain text of ``width`` cells.

    Where it is too wide, money columns of nothing but zeros go, then the longest words are cut;
    then columns are left out, those of words first, and the last line names them. No number is
    ever cut: a part of one is another number.
    """
    cells = [
        [shown(value, column.kind) for value, column in zip(row, table.columns, strict=True)]
        for row in (*table.rows, *((table.totals,) if table.totals else ()))
    ]
    widths = [
        max([cells_of(column.name), *(cells_of(row[at]) for row in cells)])
        for at, column in enumerate(table.columns)
    ]
    sizes = _fitted(table.columns, widths, width, _nothing(table))
    columns = [table.columns[at] for at in sizes]
    out = [_row([column.name for column in columns], columns, list(sizes.values()))]
    body = [_row([row[at] for at in sizes], columns, list(sizes.values())) for row in cells]
    if table.totals:
        body.insert(len(body) - 1, "-" * min(cells_of(out[0]), width))
    empty = _nothing(table)
    hidden = [c.name for at, c in enumerate(table.columns) if at not in sizes and at not in empty]
    said = f"No room for: {', '.join(hidden)}"
    return out + body + (wrap(said, width) if hidden else [])


def _nothing(table: Table) -> set[int]:
    """The money columns that hold nothing but zeros, where another holds something."""
    values = (*table.rows, *((table.totals,) if table.totals else ()))
    money = [at for at, column in enumerate(table.columns) if column.kind == "cents"]
    empty = {at for at in money if not any(row[at] for row in values)}
    return empty if len(empty) < len(money) else set()


def _fitted(
    columns: Sequence[Column], natural: Sequence[int], width: int, empty: Collection[int]
) -> dict[int, int]:
    """The columns that there is room for and the cells of each, by position.

    Where there is not for all of them, those in ``empty`` go first.
    """
    kept = list(range(len(columns)))
    if sum(natural) + 2 * (len(columns) - 1) > width:
        kept = [at for at in kept if at not in empty]
    while True:
        sizes = {at: natural[at] for at in kept}
        gives = [at for at in kept if columns[at].kind == "text" and not columns[at].whole]
        over = sum(sizes.values()) + 2 * (len(kept) - 1) - width
        while over > 0 and gives:
            longest = max(gives, key=lambda at: sizes[at])
            if sizes[longest] <= _SHORTEST:
                break
            sizes[longest] -= 1
            over -= 1
        # The first column says what a row is, the last number what it comes to.
        last = max((at for at in kept if columns[at].kind in RIGHT), default=0)
        spare = [at for at in kept[1:] if at != last]
        if over <= 0 or not spare:
            return sizes
        words = [at for at in spare if columns[at].kind not in RIGHT]
        kept.remove((words or spare)[-1])


def bars(table: Table, width: int = 80) -> list[str]:
    """The column ``chart`` as bars of ``#`` in ``width`` cells, one per row, its label first."""
    names = [column.name for column in table.columns]
    if table.chart not in names or not table.rows:
        return []
    at = names.index(table.chart)
    most = max((abs(row[at] or 0) for row in table.rows), default=0)
    if not most:
        return []
    first, drawn = table.columns[0].kind, table.columns[at].kind
    rows = [(shown(row[0], first), row[at] or 0, shown(row[at], drawn)) for row in table.rows]
    label = min(max(cells_of(name) for name, _, _ in rows), max(width // 3, _SHORTEST))
    figure = max(10, *(len(said) for _, _, said in rows))
    room = min(max(width - label - figure - 2, 1), _LONGEST_BAR)
    return [
        f"{fit(name, label)} {'#' * round(abs(value) * room / most):<{room}} {said:>{figure}}"
        for name, value, said in rows
    ]


def _row(values: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    done = []
    for value, column, size in zip(values, columns, widths, strict=True):
        done.append(fit(value, size, right=column.kind in RIGHT))
    return "  ".join(done).rstrip()


def _key(column: Column) -> str:
    name = column.name.lower().replace(" ", "_").replace("%", "percent").replace("/", "_")
    return f"{name}_cents" if column.kind == "cents" else name
