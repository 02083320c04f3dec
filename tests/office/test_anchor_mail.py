"""Anchors by mail: a real SMTP server on loopback, with TLS, that takes or refuses."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deskterm.clock import FrozenClock
from deskterm.config import Anchors
from deskterm.errors import Invalid
from deskterm.office import anchors
from deskterm.office.desk import Desk
from tests.deployment.server import free_port
from tests.factories import clinic

TO = ("owner@example.org", "auditor@example.org")


class Inbox:
    """What arrived; refuses one address, and answers with terminal codes when told to."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.refused = ""
        self.rejects = ""
        self.logins: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address == self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.rejects:
            return self.rejects
        self.letters.append(envelope)
        return "250 OK"

    def authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"umbrella")


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox) -> Iterator[int]:
    server = Controller(inbox, hostname="127.0.0.1", port=free_port())
    server.start()
    yield server.port
    server.stop()


def make_certificate(key: Path, certificate: Path) -> None:
    """A certificate for 127.0.0.1 that no system trusts."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def mailing(desk: Desk, port: int, **more: Any) -> Desk:
    given: dict[str, Any] = {
        "mail_to": TO, "mail_from": "desk@example.org", "smtp_host": "127.0.0.1",
        "smtp_port": port, "smtp_security": "none", **more,
    }  # fmt: skip
    desk.settings = replace(desk.settings, anchors=Anchors(**given))
    return desk


def test_a_mailed_anchor_shows_a_tail_that_was_cut(
    desk: Desk, inbox: Inbox, port: int, clock: FrozenClock
) -> None:
    clinic(desk).patient("Zaremba", "Quill")
    taken, troubles = anchors.take(mailing(desk, port), mail=True)
    assert troubles == []
    (letter,) = inbox.letters
    assert tuple(letter.rcpt_tos) == TO and letter.mail_from == "desk@example.org"
    text = letter.content.decode("utf-8")
    assert "aremba" not in text and "Quill" not in text and "217" not in text
    (kept,) = anchors.parse(text)
    assert kept == taken
    last = {taken.seq: taken.hash}
    secret, none = desk.secret, ()
    assert not list(anchors.compare([kept], last, taken.seq, none, secret))
    assert "is gone" in next(iter(anchors.compare([kept], {}, taken.seq - 1, none, secret)))[1]
    # somebody who alters the message cannot seal it again
    forged = replace(kept, at=kept.at.replace("2026", "2025"))
    assert "changed" in next(iter(anchors.compare([forged], last, taken.seq, none, secret)))[1]
    clock.advance(seconds=timedelta(hours=1).seconds)
    anchors.take(desk)
    assert len(inbox.letters) == 1  # only when it is asked for


def test_what_the_server_says_is_told_and_the_anchor_is_taken(
    desk: Desk, inbox: Inbox, port: int
) -> None:
    mailing(desk, port)
    inbox.refused = TO[1]
    taken, (trouble,) = anchors.take(desk, mail=True)
    assert taken.seq and "1 of 2 addresses" in trouble and len(inbox.letters) == 1
    inbox.refused, inbox.rejects = "", "554 \x1b]0;owned\x07 full"
    _, (trouble,) = anchors.take(desk, mail=True)
    assert "full" in trouble and "\x1b" not in trouble and "\x07" not in trouble
    # nobody listens
    _, (trouble,) = anchors.take(mailing(desk, 1), mail=True)
    assert "could not be mailed" in trouble
    # a server that does not offer TLS is not spoken to in the clear
    inbox.rejects = ""
    _, (trouble,) = anchors.take(mailing(desk, port, smtp_security="starttls"), mail=True)
    assert "STARTTLS" in trouble and len(inbox.letters) == 1


def test_over_tls_with_a_password_that_only_its_owner_reads(
    desk: Desk, inbox: Inbox, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    make_certificate(key, certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = Controller(
        inbox, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        authenticator=inbox.authenticate, auth_required=True,
    )  # fmt: skip
    server.start()
    try:
        password = tmp_path / "smtp"
        password.write_text("umbrella\n")
        password.chmod(0o644)
        more = {"smtp_security": "starttls", "smtp_user": "desk",
                "smtp_password_file": str(password)}  # fmt: skip
        port = server.port
        _, (trouble,) = anchors.take(mailing(desk, port, **more), mail=True)
        assert "certificate" in trouble.lower() and not inbox.letters and not inbox.logins
        mailing(desk, port, smtp_ca=str(certificate), **more)
        _, (trouble,) = anchors.take(desk, mail=True)
        assert "read by other accounts" in trouble and not inbox.logins
        password.chmod(0o600)
        _, troubles = anchors.take(desk, mail=True)
        assert troubles == [] and inbox.logins == [(b"desk", b"umbrella")]
        assert len(inbox.letters) == 1
    finally:
        server.stop()


def test_settings_that_cannot_be(desk: Desk) -> None:
    for more in (
        {"mail_to": ()}, {"smtp_host": ""}, {"mail_to": ("nobody",)},
        {"mail_to": ("a@example.org\r\nBcc: b@example.org",)}, {"mail_from": ""},
        {"smtp_security": "ssl"}, {"smtp_host": "mail.example.org"},
        {"smtp_user": "desk"},
    ):  # fmt: skip
        mailing(desk, 25, **more)
        before = anchors.head(desk).seq
        with pytest.raises(Invalid):
            anchors.take(desk, mail=True)
        assert anchors.head(desk).seq == before
