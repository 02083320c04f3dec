"""The box of what is to be sent: put in by an operation, taken out by a worker, once by key.

Its states are written too often to be journaled; the question that put something in and the
answer that came back are. A worker holds what it sends for a while, so that two never send one;
a worker that died lets go by itself.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from deskterm.clock import local, parse_utc_text, utc_text
from deskterm.db.base import insert
from deskterm.db.outbox import Connection, Outgoing
from deskterm.errors import Conflict, NotFound
from deskterm.office import access
from deskterm.office.desk import Desk, Operation
from deskterm.text import tidy_import

LEASE = timedelta(seconds=90)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)
_READY = """
SELECT o.id FROM outgoing o JOIN connection c ON c.id = o.connection_id
WHERE c.active = 1 AND ((o.state = 'waiting' AND o.next_at <= ?)
  OR (o.state = 'sending' AND o.lease_until < ?))
ORDER BY o.next_at, o.id LIMIT ?"""
_LIST = """
SELECT o.id, o.kind, c.code, o.patient_id, coalesce(p.last_name || ', ' || p.first_name, ''),
  o.made_at, o.made_by, o.state, o.tries, o.next_at, o.error, o.about_id
FROM outgoing o JOIN connection c ON c.id = o.connection_id
LEFT JOIN patient p ON p.id = o.patient_id"""


@dataclass(frozen=True)
class Item:
    """One thing held by a worker: what, over which connection, and how often it was tried."""

    id: int
    key: str
    kind: str
    connection_id: int
    about_id: int | None
    payload: str
    tries: int


@dataclass(frozen=True)
class Waiting:
    """One line of the box for people; times are wall time."""

    id: int
    kind: str
    connection: str
    patient_id: int | None
    patient: str
    made_at: datetime
    made_by: str
    state: str
    tries: int
    next_at: datetime
    error: str
    about_id: int | None


def enqueue(
    op: Operation, *, kind: str, connection: Connection, key: str, payload: str,
    patient_id: int | None = None, about_id: int | None = None,
) -> int:  # fmt: skip
    """Put something in, inside the operation that wants it sent; its number in the box."""
    row = Outgoing(
        key=key, kind=kind, connection=connection.id, patient=patient_id, about_id=about_id,
        made_at=op.now, made_by=op.desk.actor.login, next_at=op.now, payload=payload,
    )  # fmt: skip
    insert(op.desk.database, row)
    return int(row.id)


def claim(desk: Desk, worker: str, limit: int) -> list[Item]:
    """Take up to ``limit`` things out to send them; nobody else gets them while it lasts."""
    desk.require("edit_patients")
    now = desk.now()
    if not desk.rows(_READY, utc_text(now), utc_text(now), 1):
        return []
    with desk.database.writing():
        ids = [row[0] for row in desk.rows(_READY, utc_text(now), utc_text(now), limit)]
        held = []
        for number in ids:
            desk.rows(
                "UPDATE outgoing SET state = 'sending', worker = ?, lease_until = ?,"
                " tries = tries + 1 WHERE id = ? RETURNING id",
                worker, utc_text(now + LEASE), number,
            )  # fmt: skip
            row = desk.rows(
                "SELECT id, key, kind, connection_id, about_id, payload, tries FROM outgoing"
                " WHERE id = ?",
                number,
            )[0]
            held.append(Item(*row))
        return held


def sent(desk: Desk, item: Item) -> None:
    """It left by a way on which the answer comes later."""
    _set(desk, item, state="sent", error="", done_at=None)


def answered(desk: Desk, item: Item, text: str) -> None:
    """Keep the answer beside the question."""
    answer = tidy_import(text, limit=1_000_000, lines=True)
    _set(desk, item, state="answered", error="", answer=answer, done_at=utc_text(desk.now()))


def failed(desk: Desk, item: Item, error: str, *, again: bool, tries: int) -> bool:
    """It did not arrive; whether it is tried again, later each time and not all at once."""
    if not again or item.tries >= tries:
        _set(desk, item, state="failed", error=error[:300], done_at=utc_text(desk.now()))
        return False
    wait = min(FIRST_WAIT * 3 ** (item.tries - 1), LONGEST_WAIT)
    at = desk.now() + wait * random.uniform(0.8, 1.2)
    _set(desk, item, state="waiting", error=error[:300], next_at=utc_text(at))
    return True


def _set(desk: Desk, item: Item, **values: Any) -> None:
    """Change one that is held; one that somebody else took over meanwhile is left alone."""
    columns = ", ".join(f"{name} = ?" for name in values)
    with desk.database.writing():
        desk.rows(
            f"UPDATE outgoing SET {columns}, lease_until = NULL WHERE id = ? AND tries = ?"
            " AND state = 'sending' RETURNING id",
            *values.values(), item.id, item.tries,
        )  # fmt: skip
    desk.database.ring()


def again(desk: Desk, number: int) -> None:
    """Try one that was given up once more, at once. Raises NotFound, Conflict."""
    with desk.operation("outbox.again") as op:
        found = desk.rows("SELECT state, patient_id FROM outgoing WHERE id = ?", number)
        if not found:
            raise NotFound(f"Nothing {number} in the box", "Look at the list again")
        if found[0][0] not in ("failed", "waiting"):
            raise Conflict(f"It is {found[0][0]}", "Nothing to do", rule="state")
        access.require_patient(desk, found[0][1])
        row = op.get(Outgoing, number)
        row.state, row.next_at, row.tries, row.error = "waiting", op.now, 0, ""
        op.save(row)
        op.about(row, patient_id=row.patient_id)
    desk.database.ring()


def listed(desk: Desk, *, everything: bool = False, limit: int = 200) -> list[Waiting]:
    """What is in the box: what failed first, then what waits; ``everything``: also the done."""
    desk.require("view_patients")
    where = "" if everything else "WHERE o.state IN ('failed', 'waiting', 'sending', 'sent')"
    order = " ORDER BY o.state <> 'failed', o.id DESC LIMIT ?"
    rows = []
    for (
        number,
        kind,
        code,
        patient,
        name,
        made,
        by,
        state,
        tries,
        next_at,
        error,
        about,
    ) in desk.rows(f"{_LIST} {where}{order}", limit):
        rows.append(
            Waiting(
                number, kind, code, patient, name, local(parse_utc_text(made), desk.zone), by,
                state, tries, local(parse_utc_text(next_at), desk.zone), error, about,
            )
        )  # fmt: skip
    return access.masked(desk, rows, name="patient", patient_id="patient_id", about_id=None)


def unsent(desk: Desk) -> int:
    """How many things could be sent now."""
    now = utc_text(desk.now())
    return len(desk.rows(_READY, now, now, 1000))
