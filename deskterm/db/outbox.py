"""What is to be sent to others: connections, and the box that a worker empties."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import Choice, CleanText, Moment, Reference, Whole
from deskterm.db.patients import Patient

KINDS = (
    ("core_soap", "CAQH CORE over SOAP"), ("core_mime", "CAQH CORE over HTTP and MIME"),
    ("json", "JSON over HTTPS"), ("folder", "files in a folder"),
)  # fmt: skip
STATES = (
    ("waiting", "waiting to be sent"), ("sending", "being sent"), ("sent", "sent, no answer yet"),
    ("answered", "answered"), ("failed", "given up"), ("withdrawn", "withdrawn"),
)  # fmt: skip
MOST_TEXT = 4_000_000


class Connection(Versioned):
    """How a payer or clearinghouse is reached. ``secret`` names a secret, it is never one.

    ``payers`` are the payer ids it serves, separated by blanks; empty: every one.
    """

    title = "connection"

    code = CleanText(20, unique=True)
    name = CleanText(80)
    kind = Choice(KINDS)
    url = CleanText(300)
    sender = CleanText(15)
    receiver = CleanText(15)
    secret = CleanText(40)
    payers = CleanText(2000)
    timeout = Whole(default=20, help_text="seconds")
    tries = Whole(default=4)
    ca_file = CleanText(300)
    request_field = CleanText(40, default="x12")
    answer_field = CleanText(40, default="x12")
    header = CleanText(40, default="Authorization")
    test = BooleanField(default=False)
    control = Whole(default=0)
    active = BooleanField(default=True)


class Outgoing(Record):
    """One thing to be sent, once, by its ``key``. ``about_id`` is the record that asked."""

    title = "outgoing"

    key = CleanText(80, unique=True)
    kind = CleanText(12)
    connection = Reference(Connection, index=True)
    patient = Reference(Patient, null=True)
    about_id = Whole(null=True)
    made_at = Moment()
    made_by = CleanText(40)
    state = Choice(STATES, default="waiting")
    tries = Whole(default=0)
    next_at = Moment()
    lease_until = Moment(null=True)
    worker = CleanText(40)
    error = CleanText(300)
    done_at = Moment(null=True)
    payload = CleanText(MOST_TEXT, lines=True)
    answer = CleanText(MOST_TEXT, lines=True)

    class Meta:
        indexes = ((("state", "next_at"), False),)


MODELS = (Connection, Outgoing)
