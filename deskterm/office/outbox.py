"""The outbox: what is to be sent to payers, by whom it is being sent, and what came back.

Whatever wants something sent writes an item inside its own operation (:func:`enqueue`) and is
done. A worker (:mod:`deskterm.office.sending`) claims items under a lease, so that no two send
the same one, and writes down what came of it. What an answer says is taken in by a handler.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from deskterm.clock import local, parse_utc_text, utc_text
from deskterm.db.connections import Connection
from deskterm.db.outbox import STATES, OutboxItem
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange.payers import interchange
from deskterm.exchange.payers.trouble import WireError
from deskterm.exchange.payers.values import PAYLOADS
from deskterm.office import access
from deskterm.office.connections import ConnectionRow
from deskterm.office.connections import listing as all_connections
from deskterm.office.desk import Desk, Operation, placeholders

# What may be asked twice without harm; a request for authorization may not.
IDEMPOTENT = frozenset({"270", "276"})
FIRST_WAIT, LONGEST_WAIT = 30, 1800  # seconds before asking again
GRACE = 60  # seconds that a lease outlasts the connection's time
OPEN = ("queued", "waiting", "failed")
_DUE = """
SELECT i.id FROM outbox_item i JOIN connection c ON c.id = i.connection_id AND c.active = 1
LEFT JOIN outbox_lease l ON l.item_id = i.id
WHERE i.state = 'queued' AND i.next_at <= ? AND (l.until IS NULL OR l.until <= ?)"""
_ROW = """
SELECT i.id, i.version, i.kind, c.code, i.state, l.until, i.patient_id,
  coalesce(p.last_name || ', ' || p.first_name, ''), i.appointment_id, i.trace, i.attempts,
  i.queued_at, i.queued_by, i.next_at, i.failure, i.last_error, i.answered_at, i.handled_at
FROM outbox_item i JOIN connection c ON c.id = i.connection_id
LEFT JOIN outbox_lease l ON l.item_id = i.id LEFT JOIN patient p ON p.id = i.patient_id"""


@dataclass(frozen=True)
class Job:
    """An item that this worker may send now."""

    id: int
    kind: str
    key: str
    trace: str
    payload: str
    attempts: int
    connection: ConnectionRow
    holder: str


@dataclass(frozen=True)
class Answered:
    """An item with its answer, as handlers get it. They must bear being called twice with it."""

    id: int
    kind: str
    key: str
    trace: str
    answer: str
    received_at: datetime
    patient_id: int | None
    appointment_id: int | None
    failure: str = ""
    why: str = ""


@dataclass(frozen=True)
class OutboxRow:
    """One item as a list shows it. ``state`` is also ``sending``; times are wall time."""

    id: int
    version: int
    kind: str
    connection: str
    state: str
    patient_id: int | None
    patient: str
    appointment_id: int | None
    trace: str
    attempts: int
    queued_at: datetime
    queued_by: str
    next_at: datetime
    failure: str
    why: str
    answered_at: datetime | None
    handled: bool

    @property
    def word(self) -> str:
        """Its state in a word or two."""
        if self.state == "answered" and not self.handled and self.why:
            return "not taken in"
        if self.state == "queued" and self.attempts:
            return "again later"
        return _word(self.state)

    @property
    def needs_somebody(self) -> bool:
        """Whether it goes no further by itself."""
        return self.state == "failed" or self.word == "not taken in"


def enqueue(
    op: Operation,
    *,
    kind: str,
    connection_id: int,
    key: str,
    payload: str,
    trace: str = "",
    patient_id: int | None = None,
    appointment_id: int | None = None,
) -> OutboxItem:
    """Write an item as part of the operation ``op``; the earlier one when the key is known.

    ``trace`` is the TRN02 of the payload: an answer with another one is not taken for its answer.
    Raises Invalid for an unknown kind or what is no transaction, NotFound for the connection.
    """
    if kind not in PAYLOADS:
        raise Invalid(f"{kind[:10]} is not a kind of transaction that is sent", ", ".join(PAYLOADS))
    known = OutboxItem.get_or_none(OutboxItem.key == key)
    if known is not None:
        return known
    if not payload.startswith("ISA"):
        raise Invalid("That is no X12 interchange", "It begins with ISA", field="payload")
    op.get(Connection, connection_id)
    return op.create(
        OutboxItem, kind=kind, connection=connection_id, key=key, trace=trace, payload=payload,
        patient=patient_id, appointment=appointment_id, queued_at=op.now, next_at=op.now,
        queued_by=op.desk.actor.login,
    )  # fmt: skip


def add(
    desk: Desk, *, kind: str, connection: str, payload: str, key: str,
    patient_id: int | None = None,
) -> OutboxRow:  # fmt: skip
    """Put a transaction that was made elsewhere into the outbox. Raises Invalid, NotFound."""
    rows = [row for row in all_connections(desk) if row.code == connection]
    if not rows:
        raise NotFound(f"No connection {connection[:20]}", "deskterm admin connection list")
    try:
        found = interchange.read(payload)
    except WireError as error:
        raise Invalid(error.message, "A whole interchange, ISA to IEA", field="payload") from None
    sets = [t for i in found for t in i.transactions]
    if [t.set for t in sets] != [kind]:
        raise Invalid(f"That is not one {kind}", "One transaction to a file", field="payload")
    mark = payload.lstrip()[3]
    traces = [s.split(mark)[2] for s in sets[0].segments if s.startswith(f"TRN{mark}1{mark}")]
    with desk.operation("outbox.add", patient_id=patient_id) as op:
        item = enqueue(
            op, kind=kind, connection_id=rows[0].id, key=key, payload=payload.strip(),
            trace=traces[0] if traces else "", patient_id=patient_id,
        )  # fmt: skip
    return get(desk, item.id)


# The worker's


def claim(
    desk: Desk, *, holder: str, limit: int, kinds: Collection[str] = (), only: int | None = None
) -> list[Job]:
    """Take up to ``limit`` items that are due: nobody else gets them while the lease lasts.

    ``only`` takes one item whether it is due or not. An item that must not be sent twice and
    was being sent when its worker ended is not taken but failed, for a person to look at.
    """
    desk.require("edit_patients")
    now = utc_text(desk.now())
    where, more = "", []
    if kinds:
        where, more = f" AND i.kind IN ({placeholders(list(kinds))})", [*kinds]
    due: list[object] = [now, now, *more]
    if only is not None:
        where, due = " AND i.id = ?", ["9999", now, only]
    sql = f"{_DUE}{where} ORDER BY i.next_at, i.id LIMIT ?"
    if limit < 1 or not desk.rows(sql, *due, limit):
        return []
    by_id = {row.id: row for row in all_connections(desk)}
    jobs: list[Job] = []
    doubtful: list[int] = []
    with desk.database.writing():
        for (item_id,) in desk.rows(sql, *due, limit):
            item = OutboxItem.get_by_id(item_id)
            held = desk.rows("SELECT until, taken_at FROM outbox_lease WHERE item_id = ?", item_id)
            # A lease that was not given back: its worker ended while it was sending.
            if held and item.kind not in IDEMPOTENT and held[0][0] > held[0][1]:
                doubtful.append(item_id)
                continue
            connection = by_id[item.connection_id]
            until = desk.now() + timedelta(seconds=connection.timeout_seconds + GRACE)
            desk.rows(
                "INSERT INTO outbox_lease (item_id, holder, taken_at, until) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (item_id) DO UPDATE SET holder = excluded.holder,"
                " taken_at = excluded.taken_at, until = excluded.until",
                item_id, holder, now, utc_text(until),
            )  # fmt: skip
            jobs.append(Job(item_id, item.kind, item.key, item.trace, item.payload, item.attempts,
                            connection, holder))  # fmt: skip
    for item_id in doubtful:
        _doubt(desk, item_id)
    return jobs


def sent(desk: Desk, job: Job) -> None:
    """A batch file with the item was put: its answer comes some day."""
    with desk.operation("outbox.sent") as op:
        item = _mine(op, job)
        item.state, item.sent_at, item.attempts = "waiting", op.now, item.attempts + 1
        item.failure = item.last_error = ""
        op.save(item)
        _release(desk, job.id)


def answered(desk: Desk, item_id: int, answer: str) -> Answered | None:
    """Keep an answer as it came. None when the item has one already: it came twice."""
    with desk.operation("outbox.answer") as op:
        item = op.get(OutboxItem, item_id)
        if item.state == "answered":
            return None
        op.about(item, patient_id=item.patient_id)
        if item.state == "queued":
            item.attempts += 1
            item.sent_at = op.now
        item.state, item.answer, item.answered_at = "answered", answer, op.now
        item.failure = item.last_error = ""
        op.save(item)
        _release(desk, item_id)
    return _as_answered(item)


def failed(desk: Desk, job: Job, error: WireError) -> Answered | None:
    """Note why sending failed, and when it is tried again.

    Again only where that may help and can do no harm. The item when it is not tried again.
    """
    with desk.operation("outbox.failed") as op:
        item = _mine(op, job)
        item.attempts += 1
        harmless = item.kind in IDEMPOTENT or not error.reached
        again = error.passing and harmless and item.attempts <= job.connection.retries
        item.failure = error.code
        said = f"{error.message} ({error.said})" if error.said else error.message
        item.last_error = _plain(said if harmless or not error.passing else
                                 f"{said}. It may have arrived: ask the payer first")  # fmt: skip
        if error.x12:
            item.answer, item.answered_at = error.x12, op.now
        if again:
            wait = min(FIRST_WAIT * 2 ** (item.attempts - 1), LONGEST_WAIT)
            item.next_at = op.now + timedelta(seconds=wait * random.uniform(0.75, 1.25))
        else:
            item.state = "failed"
        op.save(item)
        _release(desk, job.id)
    return None if again else _as_answered(item)


def handled(desk: Desk, item_id: int, why: str = "") -> None:
    """An answer was taken in, or with ``why`` it could not be."""
    with desk.operation("outbox.handled") as op:
        item = op.get(OutboxItem, item_id)
        op.about(item, patient_id=item.patient_id)
        item.last_error = _plain(why)
        if not why:
            item.handled_at = op.now
        op.save(item)


def not_taken_in(desk: Desk, kinds: Collection[str]) -> list[Answered]:
    """Answers that no handler took in yet: the worker ended in between."""
    desk.require("edit_patients")
    found = desk.rows(
        "SELECT id FROM outbox_item WHERE state = 'answered' AND handled_at IS NULL"
        f" AND kind IN ({placeholders(list(kinds))}) ORDER BY id", *kinds,
    )  # fmt: skip
    return [_as_answered(OutboxItem.get_by_id(i)) for (i,) in found]


def awaited(desk: Desk, connection_id: int) -> dict[str, int]:
    """The items of a batch connection that wait for an answer, by trace number."""
    desk.require("edit_patients")
    found = desk.rows(
        "SELECT trace, id FROM outbox_item WHERE connection_id = ? AND state = 'waiting'"
        " AND trace <> '' ORDER BY id", connection_id,
    )  # fmt: skip
    return {trace: item_id for trace, item_id in found}


# A person's


def listing(
    desk: Desk, *, states: Collection[str] = OPEN, kind: str = "", limit: int = 500
) -> list[OutboxRow]:
    """Items in these states, what needs somebody first, then the newest. Names as they may be
    seen. Answers that could not be taken in are always among them."""
    desk.require("view_patients")
    marks = placeholders(list(states))
    sql = (
        f"{_ROW} WHERE (i.state IN ({marks}) OR (i.state = 'answered' AND i.handled_at IS NULL"
        " AND i.last_error <> '')) AND ? IN ('', i.kind)"
        " ORDER BY i.state <> 'failed', i.state <> 'answered' OR i.handled_at IS NOT NULL,"
        " i.queued_at DESC, i.id DESC LIMIT ?"
    )
    found = [_row(desk, row) for row in desk.rows(sql, *states, kind, limit)]
    shown = access.masked(desk, found, name="patient", patient_id="patient_id", why="")
    desk.views.listed("outbox", (row.patient_id for row in shown))
    return shown


def get(desk: Desk, item_id: int) -> OutboxRow:
    """One item. Raises NotFound, NotAllowed for a restricted patient's."""
    desk.require("view_patients")
    found = desk.rows(f"{_ROW} WHERE i.id = ?", item_id)
    if not found:
        raise NotFound(f"Nothing in the outbox has the number {item_id}", "deskterm run list")
    row = _row(desk, found[0])
    access.require_patient(desk, row.patient_id)
    return row


def texts(desk: Desk, item_id: int) -> tuple[str, str]:
    """What was sent and what came back, as they are on the wire. The look is noted."""
    row = get(desk, item_id)
    if row.patient_id is not None:
        desk.views.opened(row.patient_id, "outbox")
    found = desk.rows("SELECT payload, coalesce(answer, '') FROM outbox_item WHERE id = ?", item_id)
    payload, answer = found[0]
    return payload, answer


def _word(state: str) -> str:
    """A state as a clerk reads it."""
    return dict(STATES).get(state, state)


def retry(desk: Desk, item_id: int, *, version: int | None = None) -> OutboxRow:
    """Have a failed item sent again, at once. Raises NotFound, Stale, Conflict."""
    with desk.operation("outbox.retry") as op:
        item = op.get(OutboxItem, item_id, version)
        op.about(item, patient_id=item.patient_id)
        _not_being_sent(desk, item_id)
        if item.state not in ("failed", "given_up", "queued"):
            raise Conflict(f"It is {_word(item.state)}", "Only what failed is sent again")
        item.state, item.next_at, item.attempts = "queued", op.now, 0
        item.failure = item.last_error = ""
        op.save(item)
    return get(desk, item_id)


def give_up(desk: Desk, item_id: int, *, reason: str, version: int | None = None) -> OutboxRow:
    """Send it no more. Raises Invalid without a reason, NotFound, Stale, Conflict."""
    if not reason.strip():
        raise Invalid("Why is it given up?", "For example: asked by phone", field="reason")
    with desk.operation("outbox.give_up", reason=reason.strip()) as op:
        item = op.get(OutboxItem, item_id, version)
        op.about(item, patient_id=item.patient_id)
        _not_being_sent(desk, item_id)
        if item.state not in ("failed", "queued", "waiting"):
            raise Conflict(f"It is {_word(item.state)}", "")
        item.state = "given_up"
        op.save(item)
    return get(desk, item_id)


# Inside


def _mine(op: Operation, job: Job) -> OutboxItem:
    """The item under the lock, when its lease is still this worker's. Raises Conflict."""
    item = op.get(OutboxItem, job.id)
    op.about(item, patient_id=item.patient_id)
    held = op.desk.rows("SELECT holder FROM outbox_lease WHERE item_id = ?", job.id)
    if item.state != "queued" or not held or held[0][0] != job.holder:
        raise Conflict("Another worker has it", "", rule="lease")
    return item


def _release(desk: Desk, item_id: int) -> None:
    """Give a lease back: it ends when it began, which tells it from one that ran out."""
    desk.rows("UPDATE outbox_lease SET until = taken_at WHERE item_id = ?", item_id)


def _not_being_sent(desk: Desk, item_id: int) -> None:
    now = utc_text(desk.now())
    if desk.rows("SELECT 1 FROM outbox_lease WHERE item_id = ? AND until > ?", item_id, now):
        raise Conflict("It is being sent just now", "Look again in a minute", rule="lease")


def _doubt(desk: Desk, item_id: int) -> None:
    with desk.operation("outbox.failed") as op:
        item = op.get(OutboxItem, item_id)
        if item.state != "queued":
            return
        op.about(item, patient_id=item.patient_id)
        item.state, item.failure = "failed", "interrupted"
        item.last_error = "The program ended while it was sent. It may have arrived: ask the payer"
        op.save(item)
        _release(desk, item_id)


def _as_answered(item: OutboxItem) -> Answered:
    return Answered(
        item.id, item.kind, item.key, item.trace, item.answer or "",
        item.answered_at or item.queued_at, item.patient_id, item.appointment_id, item.failure,
        item.last_error,
    )  # fmt: skip


def _row(desk: Desk, row: tuple[object, ...]) -> OutboxRow:
    (item_id, version, kind, connection, state, until, patient_id, patient, appointment_id, trace,
     attempts, queued_at, by, next_at, failure, why, answered_at, handled_at) = row  # fmt: skip
    if state == "queued" and until is not None and str(until) > utc_text(desk.now()):
        state = "sending"

    def wall(text: object) -> datetime:
        return local(parse_utc_text(str(text)), desk.zone)

    return OutboxRow(
        item_id, version, kind, connection, state, patient_id, patient, appointment_id, trace,  # type: ignore[arg-type]
        attempts, wall(queued_at), by, wall(next_at), failure, why,  # type: ignore[arg-type]
        wall(answered_at) if answered_at else None, handled_at is not None,
    )  # fmt: skip


def _plain(text: str) -> str:
    """A payer's words as they may be stored: anything may be in them."""
    from deskterm.text import safe

    return safe(text)[:400]
