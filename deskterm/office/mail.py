"""Receipts by e-mail: agreed to by the patient, queued at the desk, sent by a worker with retry.

An operation only writes a row of the outbox. ``send_waiting`` talks to the mail server without
a transaction; what came of a letter is an operation of its own. A receipt holds no diagnosis and
no reason of a visit; the letter's subject names nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from deskterm.clock import utc_text
from deskterm.db.mail import MailOutbox
from deskterm.db.patients import Patient
from deskterm.db.payments import Payment
from deskterm.db.trouble import cannot_write
from deskterm.entry.email import parse_email
from deskterm.errors import Busy, Conflict, DesktermError, Invalid, Unreachable
from deskterm.office import access, payments, receipts
from deskterm.office.desk import Desk
from deskterm.text import safe

SECONDS = 20.0  # for each word of the server
MOST_TRIES = 8
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=6)
_WAITING = """
SELECT id FROM mail_outbox WHERE state = 'queued' AND next_at <= ? ORDER BY next_at, id LIMIT ?"""


@dataclass(frozen=True)
class Address:
    """Where letters to a patient go; ``agreed`` is whether they may."""

    email: str
    agreed: bool


@dataclass(frozen=True)
class Sent:
    """What one round of sending came to."""

    sent: int
    waiting: int  # will be tried again
    failed: int  # given up


def address(desk: Desk, patient_id: int) -> Address:
    """The patient's e-mail and whether they agreed to it. Raises NotAllowed."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    email, agreed = desk.rows("SELECT email, email_ok_on FROM patient WHERE id = ?", patient_id)[0]
    return Address(email, agreed is not None)


def consent(desk: Desk, patient_id: int, *, agreed: bool, key: str | None = None) -> Patient:
    """Note that the patient agreed to e-mail, or does no longer. Raises Conflict, Invalid.

    E-mail is not sealed: they are told so and may still want it (45 CFR 164.522(b), 164.524).
    """
    with desk.operation("mail.consent", patient_id=patient_id, key=key) as op:
        patient = op.get(Patient, patient_id)
        if op.earlier:
            return patient
        if agreed and not patient.email:
            raise Conflict(
                "There is no e-mail address on file", "i on the patient adds one", rule="no_address"
            )
        patient.email_ok_on = desk.today() if agreed else None
        op.about(patient, patient_id=patient_id)
        return op.save(patient)


def queue_receipt(desk: Desk, receipt: str, *, key: str | None = None) -> MailOutbox:
    """Have a receipt e-mailed to its patient; the same receipt to one address is one letter.

    Raises NotFound; Conflict without an address or the patient's consent.
    """
    with desk.operation("mail.receipt", key=key) as op:
        if op.earlier:
            return op.get(MailOutbox, op.earlier.entity_id or 0)
        payment = payments.by_receipt(receipt)
        patient = op.get(Patient, payment.patient_id)
        if payment.plan_id is not None:
            raise Conflict("A plan's payment has no receipt for a patient", "", rule="plan")
        if not patient.email:
            raise Conflict(
                "There is no e-mail address on file", "i on the patient adds one", rule="no_address"
            )
        if patient.email_ok_on is None:
            raise Conflict(
                "They have not agreed to e-mail yet", "Ask them, and note it", rule="no_consent"
            )
        to = parse_email(patient.email)
        sealed = hashlib.sha256(to.lower().encode()).hexdigest()[:16]
        same = f"receipt:{payment.receipt}:{sealed}"
        known = MailOutbox.get_or_none(MailOutbox.key == same)
        if known is not None:
            raise Conflict(
                f"That receipt is {known.state} to this address already",
                "w on the receipt writes it to a file",
                rule="queued",
            )
        made = op.create(
            MailOutbox, key=same, patient=patient, payment=payment, address=to,
            body=receipts.text(desk, payment.receipt), next_at=op.now, queued_at=op.now,
            queued_by=desk.actor.login,
        )  # fmt: skip
        op.about(made, patient_id=patient.id)
        return made


def waiting(desk: Desk) -> list[tuple[int, str, str, int, str]]:
    """Letters that are not sent: (id, receipt, state, attempts, last error)."""
    desk.require("view_money")
    return list(
        desk.rows(
            "SELECT m.id, y.receipt, m.state, m.attempts, m.error FROM mail_outbox m"
            " JOIN payment y ON y.id = m.payment_id WHERE m.state <> 'sent' ORDER BY m.id"
        )
    )


def send_waiting(desk: Desk, *, most: int = 100) -> Sent:
    """Send what waits, one letter after the other; what fails is tried again, later each time.

    One process sends at a time. Raises Busy when another does, Unreachable without a server.
    """
    settings = desk.settings.mail
    desk.require("take_payments")
    sent = left = failed = 0
    with _alone(desk):
        ids = [row[0] for row in desk.rows(_WAITING, utc_text(desk.now()), most)]
        if ids and not (settings.server and settings.sender):
            raise Unreachable("No mail server is set up", "Set server and sender under [mail]")
        for letter_id in ids:
            state = _try(desk, letter_id)
            sent += state == "sent"
            left += state == "queued"
            failed += state == "failed"
    return Sent(sent, left, failed)


def _try(desk: Desk, letter_id: int) -> str:
    """Send one letter and write down what came of it; its new state."""
    letter = MailOutbox.get_by_id(letter_id)
    error, for_good = "", False
    try:
        agreed = desk.rows("SELECT email_ok_on FROM patient WHERE id = ?", letter.patient_id)[0][0]
        if agreed is None:
            raise Conflict("they no longer agree to e-mail", "", rule="no_consent")
        _deliver(desk, _message(desk, letter))
    except smtplib.SMTPRecipientsRefused as refused:
        code = next(iter(refused.recipients.values()))[0]
        error, for_good = f"the address was refused ({code})", 500 <= code < 600
    except smtplib.SMTPResponseException as answer:
        error, for_good = f"the server answered {answer.smtp_code}", 500 <= answer.smtp_code < 600
    except (OSError, smtplib.SMTPException) as trouble:
        error = f"the server cannot be reached ({type(trouble).__name__})"
    except DesktermError as trouble:
        error, for_good = trouble.message[:200], True
    except ValueError:  # a line break, or no address at all: no server would take it
        error, for_good = "the address or a heading of the letter cannot be written", True
    with desk.operation("mail.outcome") as op:
        row = op.get(MailOutbox, letter_id)
        row.attempts += 1
        if not error:
            row.state, row.sent_at, row.error = "sent", op.now, ""
        else:
            row.error = error
            if for_good or row.attempts >= MOST_TRIES:
                row.state = "failed"
            wait = min(_FIRST_WAIT * 3 ** (row.attempts - 1), _LONGEST_WAIT)
            row.next_at = op.now + wait
        op.about(row, patient_id=row.patient_id)
        op.save(row)
        return str(row.state)


def _message(desk: Desk, letter: MailOutbox) -> EmailMessage:
    """The letter: the receipt as text. Its id is the letter's own, so that a repeat shows."""
    payment = Payment.get_by_id(letter.payment_id)
    settings = desk.settings
    message = EmailMessage()
    message["From"] = settings.mail.sender
    message["To"] = letter.address
    message["Subject"] = f"Your receipt {payment.receipt} from {safe(settings.clinic)}"
    message["Date"] = format_datetime(desk.now())
    domain = settings.mail.sender.rpartition("@")[2].strip("> ") or "localhost"
    message["Message-ID"] = f"<receipt-{payment.receipt}-{letter.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body)
    return message


def _deliver(desk: Desk, message: EmailMessage) -> None:
    mail = desk.settings.mail
    host, _, port = mail.server.partition(":")
    if port and not port.isdecimal():
        raise Invalid("The mail server is not host:port", "Mend the settings file")
    with smtplib.SMTP(host, int(port or 25), timeout=SECONDS) as server:
        if mail.starttls:
            import ssl

            server.starttls(context=ssl.create_default_context())
        if mail.login:
            server.login(mail.login, _password(desk))
        server.send_message(message)


def _password(desk: Desk) -> str:
    """The mail account's password, from a file of its own that only the desk's account reads."""
    name = desk.settings.mail.password_file
    path = desk.settings.database_path.parent / os.path.expanduser(name)
    try:
        if path.stat().st_mode & 0o077:
            raise Unreachable("The mail password's file is open to others", f"chmod 600 {name}")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise Unreachable(
            f"The mail password cannot be read: {error.strerror}", "See password_file under [mail]"
        ) from None


@contextlib.contextmanager
def _alone(desk: Desk) -> Iterator[None]:
    """Hold the lock that lets one process send; it goes with the process."""
    path = desk.settings.database_path
    try:
        handle = os.open(path.with_name(f"{path.name}-mail"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise cannot_write(error) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy("Another process is sending mail", "It will send these as well") from None
        yield
    finally:
        os.close(handle)
