"""From the office's day to what the grid and the detail rows show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from deskterm.clock import age_on
from deskterm.entry.dates import show_birth
from deskterm.entry.phones import show_phone
from deskterm.entry.times import show_time
from deskterm.office.day_board import AppointmentRow, DayBoard
from deskterm.office.laid_out import Block
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
    cells = [cell(row, row.provider, row.id in changed) for row in rows if _shown(row, codes)]
    for column in board.columns:
        cells += _blocks(column.code, column.blocks)
    cells += [
        GridCell(h.provider, minute_of(h.start), h.minutes, "held", text=f"HELD {h.desk}")
        for h in board.holds
        if h.provider in codes
    ]
    return _framed(columns, cells, [c.blocks for c in board.columns], now_minute)


def week_board(days: Sequence[DayBoard], words: Callable[[AppointmentRow], bool]) -> GridBoard:
    """A week of one provider: one column a day, its code the ISO date."""
    columns, cells, blocks = [], [], []
    for board in days:
        code = board.day.isoformat()
        booked = board.columns[0].booked if board.columns else 0
        capacity = board.columns[0].capacity if board.columns else 0
        columns.append(GridColumn(code, f"{board.day:%a} {board.day.day}", booked, capacity))
        cells += [
            cell(row, code, False) for row in board.rows if row.lifecycle in SHOWN and words(row)
        ]
        laid = board.columns[0].blocks if board.columns else ()
        cells += _blocks(code, laid)
        blocks.append(laid)
    return _framed(tuple(columns), cells, blocks, None)


def _shown(row: AppointmentRow, codes: set[str]) -> bool:
    return row.lifecycle in SHOWN and row.provider in codes


def _blocks(column: str, blocks: Sequence[Block]) -> list[GridCell]:
    """What cannot be booked: lunch, admin, away."""
    return [
        GridCell(
            column,
            b.start_minute,
            b.end_minute - b.start_minute,
            "blocked",
            text=(b.label or b.kind).upper(),
        )
        for b in blocks
        if not b.open
    ]


def _framed(
    columns: tuple[GridColumn, ...],
    cells: list[GridCell],
    blocks: Sequence[Sequence[Block]],
    now_minute: int | None,
) -> GridBoard:
    """The lines from the first opening to the last closing, or beyond where something is.

    Time outside a column's hours is shown as blocked, so that only bookable time looks open.
    """
    hours = [(b.start_minute, b.end_minute) for column in blocks for b in column if b.open]
    hours += [(c.minute, c.minute + c.minutes) for c in cells if c.kind == "appointment"]
    if not columns or not hours:
        return GridBoard((), 0, 0, note="Closed: nobody has hours. ] for the next day")
    first = min(start for start, _ in hours) // 15 * 15
    last = -(-max(end for _, end in hours) // 15) * 15
    for column, laid in zip(columns, blocks, strict=True):
        at = first
        for block in (*laid, None):
            until = last if block is None else block.start_minute
            if until > at:
                cells.append(GridCell(column.code, at, until - at, "blocked", text=""))
            at = max(at, at if block is None else block.end_minute)
    inside = [c for c in cells if c.minute < last and c.minute + c.minutes > first]
    clipped = [
        c if c.minute >= first else c._replace(minute=first, minutes=c.minutes - (first - c.minute))
        for c in inside
    ]
    return GridBoard(columns, first, last, cells=tuple(clipped), now_minute=now_minute)


def summary(board: DayBoard, providers: str) -> str:
    """Row 2: ``grid 15m | all providers | booked 41  arrived 9  out 11``."""
    n = board.counts
    return (
        f"grid 15m | {providers} | booked {n.booked}  arrived {n.arrived}  out {n.out}  "
        f"no-show {n.no_show}  open {n.open}"
    )


def detail(row: AppointmentRow, today: date) -> str:
    """Who a row is: number, name, birth date, age, MRN, visit and time."""
    age = age_on(row.birth_date, today)
    phone = show_phone(row.phone) if row.phone else ""
    return (
        f"{row.number} {row.patient}  {show_birth(row.birth_date)} {age}{row.sex}  #{row.mrn}  "
        f"{row.provider} {row.visit_type}{row.minutes} {row.state} {show_time(row.start.time())}"
        f"  {phone}"
    )


def more_detail(row: AppointmentRow, changed: str = "") -> str:
    """What else the clerk should know about a row, every flag as words; who ``changed`` it."""
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
    return "   " + "  ".join(part for part in (changed, flags, room, note) if part)
