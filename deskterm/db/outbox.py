"""What is to be sent to a payer, and what came back: written with the work that wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from peewee import TextField

from deskterm.db.base import Record, Versioned
from deskterm.db.connections import Connection
from deskterm.db.fields import Choice, CleanText, Moment, Reference, Whole
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment
from deskterm.errors import Invalid

STATES = (
    ("queued", "to be sent"), ("waiting", "sent, no answer yet"), ("answered", "answered"),
    ("failed", "failed"), ("given_up", "given up"),
)  # fmt: skip
MOST = 4_000_000  # characters


class Raw(TextField):
    """A transaction as it is on the wire, delimiters and all: only read out by an X12 reader."""

    def db_value(self, value: Any) -> Any:
        if value is None and self.null:
            return None
        if not isinstance(value, str) or "\x00" in value or len(value) > MOST:
            raise Invalid("That is no transaction", field=self.name or "")
        return value.encode("utf-8", "replace").decode()


class OutboxItem(Versioned):
    """One thing to be sent, exactly once by ``key``. ``trace`` is the number that comes back.

    ``answer`` is kept as it came, also an acknowledgment that refuses. ``handled_at`` is when
    what the answer says was taken into the clinic's records.
    """

    title = "outgoing transaction"
    secret_columns = frozenset({"payload", "answer"})

    kind = CleanText(10)
    connection = Reference(Connection, index=True)
    key = CleanText(120, unique=True)
    trace = CleanText(50, index=True)
    payload = Raw()
    patient = Reference(Patient, null=True, index=True)
    appointment = Reference(Appointment, null=True)
    state = Choice(STATES, default="queued")
    queued_at = Moment()
    queued_by = CleanText(40)
    next_at = Moment()
    attempts = Whole(default=0)
    sent_at = Moment(null=True)
    failure = CleanText(20)
    last_error = CleanText(400)
    answer = Raw(null=True)
    answered_at = Moment(null=True)
    handled_at = Moment(null=True)

    class Meta:
        indexes = ((("state", "next_at"), False),)

    if TYPE_CHECKING:
        patient_id: int | None
        appointment_id: int | None
        connection_id: int


class OutboxLease(Record):
    """Which worker is sending an item, and until when nobody else may.

    Not journaled: it changes with every attempt, and says nothing of the clinic.
    """

    title = "lease"

    item = Reference(OutboxItem, unique=True)
    holder = CleanText(60)
    taken_at = Moment()
    until = Moment()


MODELS = (OutboxItem, OutboxLease)
TRIGGERS = (
    """CREATE TRIGGER outbox_item_no_delete BEFORE DELETE ON outbox_item
    BEGIN SELECT RAISE(ABORT, 'what was to be sent is given up, never removed'); END""",
    """CREATE TRIGGER outbox_item_is_what_it_was BEFORE UPDATE ON outbox_item
    WHEN NEW.payload IS NOT OLD.payload OR NEW.key IS NOT OLD.key OR NEW.kind IS NOT OLD.kind
      OR NEW.connection_id IS NOT OLD.connection_id OR NEW.trace IS NOT OLD.trace
      OR NEW.patient_id IS NOT OLD.patient_id
      OR (OLD.state = 'answered' AND (NEW.state <> 'answered' OR NEW.answer IS NOT OLD.answer))
    BEGIN SELECT RAISE(ABORT, 'what is sent and what was answered are not changed'); END""",
)
