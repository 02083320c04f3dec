"""What the sample clinic's days are written with: a visit, a way to pay, many rows at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

from deskterm.db.base import Record
from deskterm.entry.money import TenderEntry
from deskterm.office.desk import Operation

_PARAMETERS = 900  # of one statement, under every engine's limit


@dataclass
class Visit:
    """A visit and what becomes of it; ``id`` is 0 until it is booked, ``start`` wall time."""

    id: int
    provider: str
    patient_id: int
    starts_at: datetime
    minutes: int
    visit_type: str
    start: datetime
    fate: str = "expected"


def insert(op: Operation, model: type[Record], rows: Iterable[dict[str, Any]]) -> list[int]:
    """Write new rows, noted for the journal as one by one; their ids.

    A reference is given as the id that it points at.
    """
    fields = [f for f in model._meta.sorted_fields if f.name != "id"]
    table, columns = model._meta.table_name, [f.column_name for f in fields]
    first = op.desk.rows(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")[0][0]
    stored = []
    for number, row in enumerate(rows, first):
        record = model(**row)
        values = [field.db_value(record.__data__.get(field.name)) for field in fields]
        stored.append((number, *values))
        shown = {c: v for c, v in zip(columns, values, strict=True) if v not in (None, "")}
        op.changes.append(
            {"table": table, "id": number, "before": None, "after": {"id": number, **shown}}
        )
    names = ", ".join(f'"{column}"' for column in ("id", *columns))
    marks = f"({', '.join('?' * (len(columns) + 1))})"
    for chunk in _chunks(stored, _PARAMETERS // (len(columns) + 1)):
        op.desk.rows(
            f"INSERT INTO {table} ({names}) VALUES {', '.join([marks] * len(chunk))}",
            *itertools.chain.from_iterable(chunk),
        )
    return [row[0] for row in stored]


def _chunks(rows: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    for start in range(0, len(rows), max(size, 1)):
        yield rows[start : start + max(size, 1)]


def tender(rng: Random, cents: int) -> TenderEntry:
    """How somebody pays at the desk: mostly by card."""
    how = rng.random()
    if how < 0.6:
        brand = rng.choice(("visa", "visa", "mastercard", "discover"))
        last4, approval = f"{rng.randint(1000, 9999)}", f"{rng.randrange(16**5):05X}Q"
        return TenderEntry("card", cents, brand=brand, last4=last4, approval=approval)
    if how < 0.75:
        return TenderEntry("check", cents, str(rng.randint(1001, 4999)))
    return TenderEntry("cash", cents)
