"""Telephone messages: who called, what they said in their words, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import Choice, CleanText, Moment, Reference
from deskterm.db.patients import Patient
from deskterm.db.staff import Staff

URGENCIES = (
    ("now", "now"), ("urgent", "within 2 hours"), ("today", "today"), ("routine", "1-2 days"),
)  # fmt: skip
MESSAGE_STATUSES = (
    ("new", "new"), ("read", "read"), ("acknowledged", "acknowledged"),
    ("in_progress", "in progress"), ("closed", "closed"),
)  # fmt: skip


class Pool(Versioned):
    """A group that shares an inbox: nurses, billing, front desk."""

    title = "pool"

    code = CleanText(12, unique=True)
    name = CleanText(60)


class PoolMember(Record):
    """Who reads a pool's inbox."""

    title = "pool member"

    pool = Reference(Pool)
    staff = Reference(Staff)

    class Meta:
        indexes = ((("pool", "staff"), True),)


class Message(Versioned):
    """A call slip. ``body`` holds the caller's own words; times are UTC."""

    title = "message"

    taken_at = Moment()
    taken_by = CleanText(32)
    line = CleanText(8)
    caller = CleanText(120, verbose_name="Caller", help_text="who is on the phone")
    relationship = CleanText(40, default="self", verbose_name="Relation")
    identity_checked = CleanText(60, verbose_name="Checked", help_text="name + DOB")
    callback = CleanText(20, verbose_name="Call back")
    best_time = CleanText(60, verbose_name="Best time")
    patient = Reference(Patient, null=True, index=True, verbose_name="About")
    topic = CleanText(20, verbose_name="Topic")
    body = CleanText(2000, lines=True, verbose_name="Note")
    urgency = Choice(URGENCIES, default="today", verbose_name="Urgent")
    pool = Reference(Pool, null=True, index=True)
    assignee = Reference(Staff, null=True, index=True)
    due_at = Moment()
    status = Choice(MESSAGE_STATUSES, default="new", index=True)
    outcome = CleanText(40)
    outcome_note = CleanText(500)
    closed_at = Moment(null=True)

    if TYPE_CHECKING:
        patient_id: int | None


class MessageEvent(Record):
    """Something done with a message: read, acknowledged, forwarded, closed."""

    title = "message event"

    message = Reference(Message, index=True)
    at = Moment()
    by = CleanText(32)
    action = CleanText(20)
    note = CleanText(500)


MODELS = (Pool, PoolMember, Message, MessageEvent)
TRIGGERS = tuple(
    f"""CREATE TRIGGER message_event_no_{verb.lower()} BEFORE {verb} ON message_event
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END"""
    for verb in ("UPDATE", "DELETE")
)
