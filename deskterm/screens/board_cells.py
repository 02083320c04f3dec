"""From the office's day to what the grid and the detail rows show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from deskterm.clock import age_on
from deskterm.entry.dates import show_birth
from deskterm.entry.phones import show_phone
from deskterm.entry.times import show_time
from deskterm.office.day_board import AppointmentRow, DayBoard
from deskterm.widgets.grid_board import GridBoard, GridCell, GridColumn

# Rows that are shown in the grid; the others keep their number but not their place.
SHOWN = ("scheduled", "completed", "no_show", "left")


def short_name(row: AppointmentRow) -> str:
    """``ALVAREZ M``: as the grid has room for."""
    last, _, given = row.patient.partition(", ")
    return f"{last} {given[:1]}".strip()


def minute_of(wall: datetime) -> int:
    """Minutes after midnight of a wall time."""
    return wall.hour * 60 + wall.minute


def cell(row: AppointmentRow, column: str, changed: bool) -> GridCell:
    """One appointment as the grid draws it."""
    return GridCell(
        column=column,
        minute=minute_of(row.start),
        minutes=row.minutes,
        number=row.number,
        key=row.id,
        name=short_name(row),
        visit=row.visit_type,
        state=row.state,
        flag=row.flags[:1],
        changed=changed,
        full_name=row.patient,
    )


def grid_board(
    board: DayBoard, rows: Sequence[AppointmentRow], *, now_minute: int | None, changed: set[int]
) -> GridBoard:
    """The day as the grid shows it: providers side by side."""
    columns = tuple(GridColumn(c.code, c.heading, c.booked, c.capacity) for c in board.columns)
    codes = {c.code for c in board.columns}
    cells = [
        cell(row, row.provider, row.id in changed)
        for row in rows
        if row.lifecycle in SHOWN and row.provider in codes
    ]
    for column in board.columns:
        cells += [
            GridCell(column.code, b.start_minute, b.end_minute - b.start_minute, "blocked",
                     text=(b.label or b.kind).upper())
            for b in column.blocks
        ]  # fmt: skip
    cells += [
        GridCell(h.provider, minute_of(h.start), h.minutes, "held", text=f"HELD {h.desk}")
        for h in board.holds
        if h.provider in codes
    ]
    return GridBoard(
        columns=columns,
        start_minute=board.opens,
        end_minute=board.closes,
        cells=tuple(cells),
        now_minute=now_minute,
        note=board.note,
    )


def summary(board: DayBoard, providers: str) -> str:
    """Row 2: ``grid 15m | all providers | booked 41  arrived 9  out 11``."""
    counts = board.counts
    parts = "  ".join(
        f"{word} {counts.get(key, 0)}"
        for key, word in (
            ("booked", "booked"), ("arrived", "arrived"), ("out", "out"),
            ("no_show", "no-show"), ("open", "open"),
        )
    )  # fmt: skip
    return f"grid 15m | {providers} | {parts}"


def detail(row: AppointmentRow, today: date) -> str:
    """Who a row is: number, name, birth date, age, MRN, visit and time."""
    age = age_on(row.birth_date, today)
    phone = show_phone(row.phone) if row.phone else ""
    return (
        f"{row.number} {row.patient}  {show_birth(row.birth_date)} {age}{row.sex}  #{row.mrn}  "
        f"{row.provider} {row.visit_type}{row.minutes} {row.state} {show_time(row.start.time())}"
        f"  {phone}"
    )


def more_detail(row: AppointmentRow) -> str:
    """What else the clerk should know about a row, every flag as words."""
    words = {
        "!": "insurance or authorization needs attention",
        "$": "money due",
        "*": "new patient",
        "=": "SAME NAME on file",
        "i": "interpreter",
    }
    flags = ", ".join(words[f] for f in row.flags if f in words)
    room = f"room {row.room}" if row.room else ""
    note = f"note: {row.note}" if row.note else ""
    return "   " + "  ".join(part for part in (flags, room, note) if part)
