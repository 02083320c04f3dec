"""A report as rows and columns, before anybody decides whether to show, print or export it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from deskterm.entry.money import show_cents

Kind = Literal["text", "cents", "count", "percent", "date"]
RIGHT = ("cents", "count", "percent")


_NUMBERS = ("Receipt", "MRN", "About", "Time")
_NARROWEST = 4  # letters that are left of a word


@dataclass(frozen=True)
class Column:
    """A column: what stands above it and what kind of value is in it."""

    name: str
    kind: Kind = "text"


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
    """The report as plain text. When it is too wide, columns of nothing but zeros are left out,
    then the widest words give way."""
    values = (*table.rows, *((table.totals,) if table.totals else ()))
    shape = list(enumerate(table.columns))
    widths = _widths(values, shape)
    if _over(widths, width) > 0:
        empty = {
            at for at, c in shape
            if c.kind == "cents" and not any(row[at] for row in values)
        }  # fmt: skip
        if len(empty) < sum(c.kind == "cents" for _, c in shape):
            shape = [(at, c) for at, c in shape if at not in empty]
            widths = _widths(values, shape)
    _narrow(widths, [column for _, column in shape], width)
    columns = [column for _, column in shape]
    out = [_row([column.name for column in columns], columns, widths)]
    body = [_row([shown(row[at], c.kind) for at, c in shape], columns, widths) for row in values]
    if table.totals:
        body.insert(len(body) - 1, "-" * min(len(out[0]), width))
    return out + body


def _narrow(widths: list[int], columns: Sequence[Column], width: int) -> None:
    """Take what is too much from the words, a little from each of the widest, and from the
    numbers of receipts and people last; where that is not enough, all from the widest."""
    over = _over(widths, width)
    words = [place for place, column in enumerate(columns) if column.kind == "text"]
    if over <= 0 or not words:
        return
    if sum(max(widths[place] - _NARROWEST, 0) for place in words) < over:
        widest = max(words, key=lambda place: widths[place])
        widths[widest] = max(widths[widest] - over, _NARROWEST)
        return
    for _ in range(over):
        may = [place for place in words if widths[place] > _NARROWEST]
        first = [place for place in may if columns[place].name not in _NUMBERS]
        widths[max(first or may, key=lambda place: widths[place])] -= 1


def _widths(values: Sequence[Sequence[Any]], shape: Sequence[tuple[int, Column]]) -> list[int]:
    return [
        max([len(column.name), *(len(shown(row[at], column.kind)) for row in values)])
        for at, column in shape
    ]


def _over(widths: Sequence[int], width: int) -> int:
    return sum(widths) + 2 * (len(widths) - 1) - width


def bars(table: Table, width: int = 40) -> list[str]:
    """The column ``chart`` as bars of ``#``, one per row, its label first."""
    names = [column.name for column in table.columns]
    if table.chart not in names or not table.rows:
        return []
    at = names.index(table.chart)
    most = max((abs(row[at] or 0) for row in table.rows), default=0)
    if not most:
        return []
    label = max(len(shown(row[0], table.columns[0].kind)) for row in table.rows)
    return [
        f"{shown(row[0], table.columns[0].kind):<{label}} "
        f"{'#' * round(abs(row[at] or 0) * width / most):<{width}} "
        f"{shown(row[at], table.columns[at].kind):>10}"
        for row in table.rows
    ]


def _row(values: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    done = []
    for value, column, size in zip(values, columns, widths, strict=True):
        short = value if len(value) <= size else value[: size - 1] + "~"
        done.append(short.rjust(size) if column.kind in RIGHT else short.ljust(size))
    return "  ".join(done).rstrip()


def _key(column: Column) -> str:
    name = column.name.lower().replace(" ", "_").replace("%", "percent").replace("/", "_")
    return f"{name}_cents" if column.kind == "cents" else name
