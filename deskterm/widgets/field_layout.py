"""Where the fields of a form stand: labels in a column, boxes beside them, headings between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from deskterm.text import width
from deskterm.widgets.fields import FieldSpec

_WIDEST_LABEL = 20
_NARROWEST_COLUMN = 38


@dataclass(frozen=True)
class Place:
    """One field: its label at ``x``, its box at ``box_x`` (the bracket), then its echo."""

    name: str
    x: int
    y: int
    label: int
    box: int
    rows: int
    end: int

    @property
    def box_x(self) -> int:
        return self.x + self.label + 1

    @property
    def echo_x(self) -> int:
        return self.box_x + self.box + 3


@dataclass
class Layout:
    """Places by field name, headings by row, and how many rows there are."""

    places: dict[str, Place] = field(default_factory=dict)
    headings: dict[int, str] = field(default_factory=dict)
    height: int = 0


def lay_out(specs: Sequence[FieldSpec], room: int, columns: int) -> Layout:
    """Place ``specs`` in ``room`` cells, in ``columns`` columns where there is room for them.

    Fields keep their order: left to right, then down. One that is too wide for a column takes
    the whole row, and one marked ``beside`` follows the field before it on the same row.
    """
    layout = Layout()
    if room // max(columns, 1) < _NARROWEST_COLUMN:
        columns = 1
    cell = room // columns
    label = min(max((width(spec.label) for spec in specs), default=0), _WIDEST_LABEL)
    label = min(label, max(cell // 2, 4))
    y, column, tall, group = 0, 0, 0, ""
    last: Place | None = None
    for spec in specs:
        if spec.group != group:
            y, column, tall = y + tall, 0, 0
            group = spec.group
            if group:
                layout.headings[y] = group
                y += 1
            last = None
        if last is not None and (spec.beside or column):
            place = _beside(spec, last, room) if spec.beside else None
            if place is None and column and not spec.beside and _fits(spec, label, cell):
                x = column * cell
                place = _place(spec, x, last.y, label, x + cell)
            if place is not None:
                layout.places[last.name] = replace(last, end=place.x)
                layout.places[spec.name] = last = place
                tall = max(tall, place.rows)
                column = 0 if spec.beside else (column + 1) % columns
                continue
        y, tall = y + tall, 0
        fits = columns > 1 and _fits(spec, label, cell)
        place = _place(spec, 0, y, label, cell if fits else room)
        layout.places[spec.name] = last = place
        tall = place.rows
        column = 1 if fits else 0
    layout.height = y + tall
    return layout


def _fits(spec: FieldSpec, label: int, cell: int) -> bool:
    return spec.rows <= 1 and spec.kind != "lines" and label + spec.box + 4 <= cell


def _place(spec: FieldSpec, x: int, y: int, label: int, end: int) -> Place:
    box = max(min(spec.box, end - x - label - 3), 2)
    return Place(spec.name, x, y, label, box, spec.box_rows, end)


def _beside(spec: FieldSpec, last: Place, room: int) -> Place | None:
    """A place behind ``last`` on its row, or None when there is no room for it."""
    x = last.box_x + last.box + 4
    label = width(spec.label)
    if spec.kind == "lines" or x + label + spec.box + 3 > room:
        return None
    return Place(spec.name, x, last.y, label, spec.box, 1, room)
