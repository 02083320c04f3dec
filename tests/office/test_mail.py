"""Receipts by e-mail: consent first, queued once, sent by a real SMTP server with retry."""

from __future__ import annotations

import email.policy
import socket
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from typing import Any

import peewee
import pytest
from aiosmtpd.controller import Controller

from deskterm.clock import FrozenClock
from deskterm.config import Mail
from deskterm.db.mail import MailOutbox
from deskterm.entry.money import TenderEntry
from deskterm.errors import Busy, Conflict, Unreachable
from deskterm.office import break_glass, mail, payments, receipts
from deskterm.office.desk import Desk
from tests.factories import clinic


class Post:
    """What an SMTP server takes in; ``answers`` are given instead, one after the other."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.answers: list[str] = []

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.answers and self.answers[0].startswith("rcpt "):
            return self.answers.pop(0).removeprefix("rcpt ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        self.letters.append(message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def post(desk: Desk) -> Iterator[Post]:
    """A mail server on this machine, which the clinic's settings name."""
    handler, port = Post(), free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    desk.settings = replace(
        desk.settings, mail=Mail(f"127.0.0.1:{port}", "desk@clinic.example", starttls=False)
    )
    yield handler
    server.stop()


@pytest.fixture
def receipt(desk: Desk) -> str:
    """A receipt of somebody with an address who has agreed."""
    patient = clinic(desk).patient("KERR", email="kerr@example.org")
    payments.charge(desk, patient.id, kind="form_fee", amount_cents=2500)
    paid = payments.take(desk, patient.id, tenders=[TenderEntry("cash", 2500)], key="a")
    mail.consent(desk, patient.id, agreed=True)
    return str(paid.receipt)


def test_a_receipt_is_sent_once(desk: Desk, receipt: str, post: Post) -> None:
    queued = mail.queue_receipt(desk, receipt, key="k")
    assert mail.queue_receipt(desk, receipt, key="k").id == queued.id
    with pytest.raises(Conflict, match="queued to this address already"):
        mail.queue_receipt(desk, receipt)
    assert post.letters == []  # the desk itself talks to nobody
    assert mail.send_waiting(desk) == mail.Sent(1, 0, 0)
    [letter] = post.letters
    assert (letter["To"], letter["From"]) == ("kerr@example.org", "desk@clinic.example")
    assert letter["Subject"] == f"Your receipt {receipt} from Main St Clinic"
    assert (
        letter.get_content().replace("\r\n", "\n").strip() == receipts.text(desk, receipt).strip()
    )
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 0)
    row = MailOutbox.get()
    assert (row.state, row.attempts, row.error) == ("sent", 1, "")
    with pytest.raises(peewee.PeeweeException):
        desk.database.execute_sql("UPDATE mail_outbox SET state = 'queued'")


def test_what_fails_is_tried_again_later_and_later(
    desk: Desk, clock: FrozenClock, receipt: str, post: Post
) -> None:
    mail.queue_receipt(desk, receipt)
    post.answers = ["451 try later", "rcpt 450 busy"]
    assert mail.send_waiting(desk) == mail.Sent(0, 1, 0)
    assert MailOutbox.get().error == "the server answered 451"
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 0)  # not before its time
    clock.advance(seconds=61)
    assert mail.send_waiting(desk) == mail.Sent(0, 1, 0)
    assert MailOutbox.get().error == "the address was refused (450)"
    clock.advance(seconds=61)
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 0)
    clock.advance(seconds=121)
    assert mail.send_waiting(desk) == mail.Sent(1, 0, 0)
    assert len(post.letters) == 1


def test_an_address_that_does_not_exist_is_given_up(desk: Desk, receipt: str, post: Post) -> None:
    mail.queue_receipt(desk, receipt)
    post.answers = ["rcpt 550 nobody here"]
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 1)
    assert [row[1:3] for row in mail.waiting(desk)] == [(receipt, "failed")]


def test_a_server_that_is_away(desk: Desk, clock: FrozenClock, receipt: str) -> None:
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 0)
    mail.queue_receipt(desk, receipt)
    with pytest.raises(Unreachable, match="No mail server"):
        mail.send_waiting(desk)
    desk.settings = replace(
        desk.settings, mail=Mail(f"127.0.0.1:{free_port()}", "desk@clinic.example", starttls=False)
    )
    for tried in range(1, mail.MOST_TRIES):
        assert mail.send_waiting(desk) == mail.Sent(0, 1, 0), tried
        clock.advance(hours=7)
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 1)
    assert "cannot be reached" in MailOutbox.get().error


def test_consent_and_an_address_come_first(desk: Desk, post: Post) -> None:
    patient = clinic(desk).patient("KERR")
    payments.charge(desk, patient.id, kind="form_fee", amount_cents=2500)
    paid = payments.take(desk, patient.id, tenders=[TenderEntry("cash", 2500)], key="a").receipt
    for act in (
        lambda: mail.consent(desk, patient.id, agreed=True),
        lambda: mail.queue_receipt(desk, paid),
    ):
        with pytest.raises(Conflict, match="no e-mail address"):
            act()
    with desk.operation("patient.edit", patient_id=patient.id) as op:
        row = op.get(type(patient), patient.id)
        row.email = "kerr@example.org"
        op.save(row)
    with pytest.raises(Conflict, match="not agreed"):
        mail.queue_receipt(desk, paid)
    mail.consent(desk, patient.id, agreed=True)
    mail.queue_receipt(desk, paid)
    mail.consent(desk, patient.id, agreed=False)  # thought better of it before it went
    assert mail.send_waiting(desk) == mail.Sent(0, 0, 1)
    assert post.letters == []


def test_a_record_closed_meanwhile_does_not_stop_the_others(
    desk: Desk, receipt: str, post: Post
) -> None:
    mail.queue_receipt(desk, receipt)
    break_glass.restrict(desk, MailOutbox.get().patient_id, reason="well known")
    assert mail.send_waiting(desk) == mail.Sent(1, 0, 0)


def test_one_process_sends_at_a_time(desk: Desk, receipt: str, post: Post) -> None:
    mail.queue_receipt(desk, receipt)
    with mail._alone(desk), pytest.raises(Busy):
        mail.send_waiting(desk)
    assert mail.send_waiting(desk).sent == 1


def test_the_password_is_kept_from_others(desk: Desk, receipt: str, post: Post) -> None:
    mail.queue_receipt(desk, receipt)
    secret = desk.settings.database_path.with_name("mail.pw")
    secret.write_text("s3cret\n")
    secret.chmod(0o644)
    desk.settings = replace(
        desk.settings, mail=replace(desk.settings.mail, login="desk", password_file="mail.pw")
    )
    mail.send_waiting(desk)
    assert "open to others" in MailOutbox.get().error
