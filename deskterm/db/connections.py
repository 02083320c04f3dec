"""How payers and clearinghouses are reached. Secrets are elsewhere: here is only where."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Versioned
from deskterm.db.fields import Choice, CleanText, Whole

KINDS = (
    ("core_soap", "CAQH CORE over SOAP"), ("core_mime", "CAQH CORE over HTTP MIME"),
    ("json", "X12 in JSON over HTTPS"), ("folder", "a folder for batches, here or SFTP"),
)  # fmt: skip


class Connection(Versioned):
    """One way to one payer or clearinghouse. ``payers`` are the payer ids it serves, by spaces;
    ``*`` is everybody who has no connection of their own. ``secret`` says where the secret is:
    ``file:NAME``, ``credential:NAME`` or ``env:NAME``. ``fields`` is JSON: names in a JSON service.
    """

    title = "connection"

    code = CleanText(20, unique=True)
    name = CleanText(80)
    kind = Choice(KINDS)
    url = CleanText(300)
    sender_id = CleanText(40)
    receiver_id = CleanText(40)
    secret = CleanText(120)
    payers = CleanText(2000)
    timeout_seconds = Whole(default=20)
    retries = Whole(default=4)
    at_once = Whole(default=16)
    ca_file = CleanText(300)
    certificate = CleanText(300)
    host_key = CleanText(1000)
    fields = CleanText(500, default="{}")
    active = BooleanField(default=True)


MODELS = (Connection,)
TRIGGERS = (
    """CREATE TRIGGER connection_no_delete BEFORE DELETE ON connection
    BEGIN SELECT RAISE(ABORT, 'a connection is disabled, never removed'); END""",
)
