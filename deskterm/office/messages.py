"""Telephone messages: taken down in one go, answered by a person or a pool, never removed.

A message is ``new``, ``read``, ``acknowledged``, ``in_progress`` or ``closed``; every step
leaves a MessageEvent. Who reads it and by when it is answered come from its topic unless said
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text, utc_text
from deskterm.db.messages import URGENCIES, Message, MessageEvent, Pool, PoolMember
from deskterm.db.patients import Patient
from deskterm.db.staff import Staff
from deskterm.entry.cards import looks_like_card_number
from deskterm.entry.dates import show_short
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import access, clinic
from deskterm.office.desk import Desk, Operation

_NOW_MINUTES = 15
_URGENT_MINUTES = 120
_DEFAULT_CLOSE = 17 * 60  # minutes after midnight, for a clinic without locations yet
_POOL_NAMES = {"RN": "Nurses", "DESK": "Front desk", "BILL": "Billing"}


@dataclass(frozen=True)
class MessageRow:
    """A message as an inbox shows it. ``taken_at``, ``due_at``, ``closed_at`` are wall time."""

    id: int
    version: int
    taken_at: datetime
    taken_by: str
    line: str
    caller: str
    relationship: str
    identity_checked: str
    callback: str
    best_time: str
    patient_id: int | None
    patient: str
    mrn: str
    birth_date: date | None
    topic: str
    topic_label: str
    body: str
    urgency: str
    pool: str
    assignee: str
    due_at: datetime
    overdue: bool
    waiting_minutes: int
    status: str
    outcome: str
    outcome_note: str
    closed_at: datetime | None

    @property
    def sent_to(self) -> str:
        """The login or the pool that it waits for."""
        return self.assignee or self.pool


@dataclass(frozen=True)
class EventRow:
    """One thing done with a message, at wall time ``at``."""

    at: datetime
    by: str
    action: str
    note: str


_SELECT = """
    SELECT m.id, m.version, m.taken_at, m.taken_by, m.line, m.caller, m.relationship,
      m.identity_checked, m.callback, m.best_time, m.patient_id,
      p.last_name, p.first_name, p.middle_name, p.mrn, p.birth_date,
      m.topic, coalesce(c.label, m.topic), m.body, m.urgency,
      coalesce(o.code, ''), coalesce(s.login, ''), m.due_at, m.status, m.outcome,
      m.outcome_note, m.closed_at
    FROM message m
    LEFT JOIN patient p ON p.id = m.patient_id
    LEFT JOIN pool o ON o.id = m.pool_id
    LEFT JOIN staff s ON s.id = m.assignee_id
    LEFT JOIN code c ON c.kind = 'topic' AND c.code = m.topic
"""
_ORDER = """
    ORDER BY CASE m.status WHEN 'closed' THEN 1 ELSE 0 END,
      CASE m.urgency WHEN 'now' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, m.due_at, m.id
    LIMIT ?
"""


def due_at(desk: Desk, urgency: str, *, moment: datetime | None = None) -> datetime:
    """By when (UTC) a message of ``urgency`` taken at ``moment`` is answered.

    now: 15 minutes; urgent: 2 hours; today: the end of the clinic's day (after it, of the next
    weekday); routine: the end of the next weekday. Raises Invalid for an unknown urgency.
    """
    if urgency not in dict(URGENCIES):
        raise Invalid(
            f"No such urgency: {urgency[:20]}",
            f"One of {', '.join(code for code, _ in URGENCIES)}",
            field="urgency",
        )
    moment = moment or desk.now()
    if urgency == "now":
        return moment + timedelta(minutes=_NOW_MINUTES)
    if urgency == "urgent":
        return moment + timedelta(minutes=_URGENT_MINUTES)
    wall = clocks.local(moment, desk.zone)
    closes = _closing_time(desk)
    day = wall.date()
    if urgency == "routine" or wall.time() >= closes:
        day += timedelta(days=1)
        while day.weekday() >= 5:
            day += timedelta(days=1)
    return _instant(day, closes, desk.zone)


def take(
    desk: Desk,
    *,
    caller: str = "",
    relationship: str = "self",
    callback: str = "",
    patient_id: int | None = None,
    topic: str = "other",
    body: str = "",
    urgency: str | None = None,
    pool: str | None = None,
    assignee: str | None = None,
    line: str = "",
    identity_checked: str = "",
    best_time: str = "",
    outcome: str | None = None,
    key: str | None = None,
) -> Message:
    """Write a call slip for a pool (code) or one person (login).

    ``topic`` (code list ``topic``) decides the pool and the urgency that are not said.
    ``callback`` is a phone number as typed. With ``outcome`` the call is logged as dealt with.
    Raises Invalid for a missing or wrong field, NotFound for an unknown patient.
    """
    with desk.operation("message.take", patient_id=patient_id, key=key) as op:
        if op.earlier:
            return Message.get_by_id(op.earlier.entity_id)
        detail = _code(desk, "topic", topic)
        if not caller.strip() and patient_id is None:
            raise Invalid("Who is calling?", "Type a name, or 'unknown'", field="caller")
        if not body.strip() and outcome is None:
            raise Invalid("The message is empty", "Write what the caller said", field="body")
        _refuse_cards(caller=caller, body=body, best_time=best_time)
        if patient_id is not None:
            op.get(Patient, patient_id)
        urgency = urgency or str(detail.get("urgency") or "today")
        if outcome is not None:
            _code(desk, "outcome", outcome)
        message = op.create(
            Message,
            taken_at=op.now,
            taken_by=desk.actor.login,
            line=line,
            caller=caller,
            relationship=relationship,
            identity_checked=identity_checked,
            callback=_callback(desk, callback),
            best_time=best_time,
            patient=patient_id,
            topic=topic,
            body=body,
            urgency=urgency,
            due_at=due_at(desk, urgency, moment=op.now),
            status="new" if outcome is None else "closed",
            outcome=outcome or "",
            closed_at=None if outcome is None else op.now,
            **_target(op, pool, assignee, str(detail.get("pool") or "")),
        )
        _event(op, message, "taken")
        if outcome is not None:
            _event(op, message, "closed", outcome)
        op.about(message, patient_id=patient_id)
    return message


def read(desk: Desk, message_id: int, *, version: int | None = None) -> Message:
    """Note that the person signed in has read it; a second reading writes nothing."""
    with desk.operation("message.read") as op:
        message = open_for(op, message_id, version)
        seen = desk.rows(
            "SELECT 1 FROM message_event WHERE message_id = ? AND action = 'read' AND by = ?",
            message_id,
            desk.actor.login,
        )
        if message.status == "new":
            message.status = "read"
        elif seen or message.status == "closed":
            return message
        save(op, message, "read")
    return message


def acknowledge(desk: Desk, message_id: int, *, version: int, note: str = "") -> Message:
    """Say that someone has taken it on. Raises Conflict for a closed message."""
    with desk.operation("message.acknowledge") as op:
        message = open_for(op, message_id, version, closed_allowed=False)
        if message.status in ("new", "read"):
            message.status = "acknowledged"
        save(op, message, "acknowledged", note)
    return message


def progress(desk: Desk, message_id: int, *, version: int, note: str) -> Message:
    """Note an attempt or a step (``called, no answer``); the message is then in progress."""
    with desk.operation("message.progress") as op:
        message = open_for(op, message_id, version, closed_allowed=False)
        if not note.strip():
            raise Invalid("What was done?", "For example: called, no answer", field="note")
        message.status = "in_progress"
        save(op, message, "in_progress", note)
    return message


def forward(
    desk: Desk,
    message_id: int,
    *,
    version: int,
    pool: str | None = None,
    assignee: str | None = None,
    urgency: str | None = None,
    note: str = "",
) -> Message:
    """Send it on to another pool or person, for whom it is new again.

    A changed ``urgency`` sets a new time to answer by, counted from now.
    """
    with desk.operation("message.forward") as op:
        message = open_for(op, message_id, version, closed_allowed=False)
        if not pool and not assignee:
            raise Invalid("Send it to whom?", "Name a pool or a login", field="pool")
        target = _target(op, pool, assignee, "")
        message.pool, message.assignee = target["pool"], target["assignee"]
        message.status = "new"
        if urgency is not None and urgency != message.urgency:
            message.due_at = due_at(desk, urgency, moment=op.now)
            message.urgency = urgency
        goes_to = assignee or (pool or "").upper()
        save(op, message, "forwarded", f"to {goes_to}" + (f": {note}" if note else ""))
    return message


def close(desk: Desk, message_id: int, *, version: int, outcome: str, note: str = "") -> Message:
    """Close it with what became of it (code list ``outcome``). Raises Conflict when closed."""
    with desk.operation("message.close") as op:
        message = open_for(op, message_id, version, closed_allowed=False)
        _code(desk, "outcome", outcome)
        message.status = "closed"
        message.outcome, message.outcome_note = outcome, note
        message.closed_at = op.now
        save(op, message, "closed", f"{outcome}: {note}" if note else outcome)
    return message


def reopen(desk: Desk, message_id: int, *, version: int, note: str = "") -> Message:
    """Open a closed message again, to be answered by its urgency counted from now."""
    with desk.operation("message.reopen") as op:
        message = open_for(op, message_id, version)
        if message.status != "closed":
            raise Conflict("This message is still open", "", rule="open")
        message.status = "in_progress"
        message.outcome, message.outcome_note, message.closed_at = "", "", None
        message.due_at = due_at(desk, message.urgency, moment=op.now)
        save(op, message, "reopened", note)
    return message


def inbox(
    desk: Desk,
    *,
    pool: str | None = None,
    login: str | None = None,
    open_only: bool = True,
    limit: int = 500,
) -> list[MessageRow]:
    """Messages by urgency, then by when they are due; closed ones last when asked for.

    ``pool``: of that pool. ``login``: of that person and of the pools they belong to.
    """
    desk.require("view_messages")
    statuses = ("new", "read", "acknowledged", "in_progress", "new" if open_only else "closed")
    found = desk.rows(
        _SELECT
        + """
        WHERE m.status IN (?, ?, ?, ?, ?)
          AND (? IS NULL OR o.code = ?)
          AND (? IS NULL OR s.login = ? OR m.pool_id IN (
            SELECT k.pool_id FROM pool_member k JOIN staff t ON t.id = k.staff_id
            WHERE t.login = ?))
        """
        + _ORDER,
        *statuses,
        *[pool.upper() if pool else None] * 2,
        *[login] * 3,
        limit,
    )
    return _rows(desk, found)


def of_patient(desk: Desk, patient_id: int, *, limit: int = 200) -> list[MessageRow]:
    """All messages about one patient, open ones first."""
    desk.require("view_messages")
    access.require_patient(desk, patient_id)
    return _rows(desk, desk.rows(_SELECT + "WHERE m.patient_id = ?" + _ORDER, patient_id, limit))


def log(desk: Desk, day: date, *, limit: int = 200) -> list[MessageRow]:
    """The calls taken on one day of the clinic, the latest first."""
    desk.require("view_messages")
    first = _instant(day, time(0), desk.zone)
    until = _instant(day + timedelta(days=1), time(0), desk.zone)
    found = desk.rows(
        _SELECT + "WHERE m.taken_at >= ? AND m.taken_at < ? ORDER BY m.taken_at DESC LIMIT ?",
        utc_text(first),
        utc_text(until),
        limit,
    )
    return _rows(desk, found)


def get(desk: Desk, message_id: int) -> MessageRow:
    """One message. Raises NotFound."""
    desk.require("view_messages")
    found = _rows(desk, desk.rows(_SELECT + "WHERE m.id = ?", message_id))
    if not found:
        raise NotFound(f"No such message: {message_id}", "deskterm messages list shows them")
    return found[0]


def history(desk: Desk, message_id: int) -> list[EventRow]:
    """Everything done with a message, in order."""
    desk.require("view_messages")
    found = desk.rows(
        "SELECT at, by, action, note FROM message_event WHERE message_id = ? ORDER BY id",
        message_id,
    )
    return [
        EventRow(clocks.local(parse_utc_text(at), desk.zone), by, action, note)
        for at, by, action, note in found
    ]


def pools(desk: Desk) -> list[tuple[str, str]]:
    """Every pool: ``(code, name)``."""
    return [(c, n) for c, n in desk.rows("SELECT code, name FROM pool ORDER BY code")]


def add_pool(desk: Desk, *, code: str, name: str, members: Iterable[str] = ()) -> Pool:
    """Make a pool of staff (by login). Raises Invalid for an unknown login."""
    with desk.operation("clinic.settings") as op:
        made = op.create(Pool, code=code.upper(), name=name)
        for login in members:
            op.create(PoolMember, pool=made, staff=_staff(login))
        op.about(made)
    return made


def open_for(
    op: Operation, message_id: int, version: int | None, *, closed_allowed: bool = True
) -> Message:
    """The message inside an operation. Raises Conflict for a closed one unless it may be."""
    message = op.get(Message, message_id, version)
    op.about(message, patient_id=message.patient_id)
    if message.status == "closed" and not closed_allowed:
        raise Conflict("This message is closed", "Reopen it first", rule="closed")
    return message


def save(op: Operation, message: Message, action: str, note: str = "") -> None:
    """Write the message and a line of its history."""
    _refuse_cards(note=note)
    op.save(message)
    _event(op, message, action, note)


def _event(op: Operation, message: Message, action: str, note: str = "") -> None:
    op.create(
        MessageEvent,
        message=message,
        at=op.now,
        by=op.desk.actor.login,
        action=action,
        note=note,
    )


def _target(
    op: Operation, pool: str | None, assignee: str | None, fallback: str
) -> dict[str, Pool | Staff | None]:
    """Who it goes to: one person or one pool. Raises Invalid."""
    if pool and assignee:
        raise Invalid("A pool or one person, not both", "Clear one of them", field="pool")
    if assignee:
        return {"pool": None, "assignee": _staff(assignee)}
    wanted = (pool or fallback or "DESK").upper()
    found = Pool.get_or_none(Pool.code == wanted)
    if found is None and not pool:
        # the clinic's topic list names it: it comes into being with its first message
        found = op.create(Pool, code=wanted, name=_POOL_NAMES.get(wanted, wanted))
    if found is None:
        known = ", ".join(code for code, _ in pools(op.desk)) or "none yet"
        raise Invalid(f"No pool {wanted[:12]}", f"One of {known}", field="pool")
    return {"pool": found, "assignee": None}


def _staff(login: str) -> Staff:
    found = Staff.get_or_none((Staff.login == login) & (Staff.active == True))  # noqa: E712
    if found is None:
        raise Invalid(f"Nobody signs in as {login[:32]}", "Check the login", field="assignee")
    return found


def _code(desk: Desk, kind: str, wanted: str) -> dict[str, Any]:
    """The detail of a word of a list. Raises Invalid naming the field."""
    try:
        return clinic.code(desk, kind, wanted)[2]
    except NotFound as error:
        raise Invalid(error.message, error.hint, field=kind) from None


def _callback(desk: Desk, typed: str) -> str:
    """The number to call back, E.164. Raises Invalid."""
    if not typed.strip():
        return ""
    from deskterm.entry.phones import parse_phone  # loads the numbering plans: 80 ms

    try:
        return parse_phone(typed, area_code=desk.settings.policy.area_code)
    except Invalid as error:
        raise Invalid(error.message, error.hint, field="callback") from None


def _refuse_cards(**texts: str) -> None:
    for field, text in texts.items():
        if looks_like_card_number(text):
            raise Invalid(
                "That looks like a card number; it is never written down",
                "Keep the last four digits only",
                field=field,
            )


def _closing_time(desk: Desk) -> time:
    """When the last location closes."""
    found = desk.rows("SELECT max(closes) FROM location WHERE active = 1")
    minute = found[0][0] if found[0][0] is not None else _DEFAULT_CLOSE
    return time(min(minute, 1439) // 60, min(minute, 1439) % 60)


def _instant(day: date, at: time, zone: str) -> datetime:
    """The UTC moment of a wall time, the first one after a gap, the later one of a pair."""
    wall = datetime.combine(day, at)
    return wall.replace(tzinfo=clocks.zone(zone), fold=1).astimezone(UTC)


def _rows(desk: Desk, found: list[tuple[Any, ...]]) -> list[MessageRow]:
    now = desk.now()
    return access.masked(
        desk, [_row(row, now, desk.zone) for row in found], name="patient", patient_id="patient_id",
        caller="RESTRICTED", relationship="", callback="", best_time="", birth_date=None,
        body="", outcome_note="",
    )  # fmt: skip


def _row(row: tuple[Any, ...], now: datetime, zone: str) -> MessageRow:
    (
        *head, last, first, middle, mrn, born, topic, label, body, urgency, pool, assignee,
        due_text, status, outcome, outcome_note, closed,
    ) = row  # fmt: skip
    taken, due = parse_utc_text(head[2]), parse_utc_text(due_text)
    name = f"{last}, {first} {middle[:1]}".strip().upper() if last is not None else ""
    values: list[Any] = [
        head[0], head[1], clocks.local(taken, zone), *head[3:],
        name, mrn or "", date.fromisoformat(born) if born else None,
        topic, label, body, urgency, pool, assignee,
        clocks.local(due, zone), status != "closed" and due < now,
        max(0, int((now - taken).total_seconds() // 60)),
        status, outcome, outcome_note,
        clocks.local(parse_utc_text(closed), zone) if closed else None,
    ]  # fmt: skip
    return MessageRow(*values)


def due_words(row: MessageRow, today: date) -> str:
    """``by 5:00p``, or ``by Thu Mar 19 5:00p`` on another day, ``late, was 5:00p``."""
    day = "" if row.due_at.date() == today else f"{show_short(row.due_at.date())} "
    return f"{'late, was' if row.overdue else 'by'} {day}{show_time(row.due_at.time())}"
