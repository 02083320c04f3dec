"""Letters by e-mail that wait to be sent: written by an operation, sent afterwards by a worker."""

from __future__ import annotations

from deskterm.db.base import Versioned
from deskterm.db.fields import Choice, CleanText, Moment, Reference, Whole
from deskterm.db.patients import Patient
from deskterm.db.payments import Payment

MAIL_STATES = (("queued", "queued"), ("sent", "sent"), ("failed", "failed"))


class MailOutbox(Versioned):
    """One letter to one address. ``key`` is unique, so that a repeat is no second letter.

    ``body`` is the receipt as it was when it was asked for; ``failed`` is given up.
    """

    title = "e-mail"
    secret_columns = frozenset({"address", "body"})

    key = CleanText(80, unique=True)
    patient = Reference(Patient, index=True)
    payment = Reference(Payment, index=True)
    address = CleanText(254)
    body = CleanText(0, lines=True)
    state = Choice(MAIL_STATES, default="queued")
    attempts = Whole(default=0)
    next_at = Moment()
    error = CleanText(200)
    queued_at = Moment()
    queued_by = CleanText(32)
    sent_at = Moment(null=True)

    class Meta:
        indexes = ((("state", "next_at"), False),)


TRIGGERS = (
    """CREATE TRIGGER mail_outbox_sent_once BEFORE UPDATE ON mail_outbox
    WHEN OLD.state = 'sent' OR NEW.key <> OLD.key OR NEW.address <> OLD.address
      OR NEW.body <> OLD.body OR NEW.payment_id <> OLD.payment_id
      OR NEW.patient_id <> OLD.patient_id
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
    """CREATE TRIGGER mail_outbox_no_delete BEFORE DELETE ON mail_outbox
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
)
MODELS = (MailOutbox,)
