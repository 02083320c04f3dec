"""The journal's head by mail: a copy of the proof that nobody here can take back.

Only the clinic's own name, the desk and the anchor are in it: a number, hashes, a count and the
day's cash. It is sent after the operation that took the anchor, never inside one.
"""

from __future__ import annotations

import ipaddress
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import TYPE_CHECKING

from deskterm.errors import Invalid
from deskterm.text import safe

if TYPE_CHECKING:
    import smtplib

    from deskterm.config import Anchors
    from deskterm.office.anchors import Anchor
    from deskterm.office.desk import Desk

SECONDS = 15.0  # for connecting, and for each answer
_SECURITY = {"starttls": 587, "tls": 465, "none": 25}


def check(settings: Anchors) -> None:
    """Raise Invalid for settings with which nothing may, or can, be sent."""
    if not settings.mail_to or not settings.smtp_host:
        raise Invalid(
            "No address to mail anchors to", 'Set mail_to and smtp_host under [anchors]'
        )  # fmt: skip
    for address in (*settings.mail_to, settings.mail_from):
        name, _, domain = address.partition("@")
        if not (name and domain) or any(c.isspace() or c in "\r\n,<>" for c in address):
            raise Invalid(f"{safe(address)[:60]} is not an e-mail address", "Check [anchors]")
    if settings.smtp_security not in _SECURITY:
        raise Invalid(
            "smtp_security is starttls, tls or none", "Mend it under [anchors] in deskterm.toml"
        )
    if settings.smtp_security == "none" and not _is_here(settings.smtp_host):
        raise Invalid(
            "Mail leaves this computer only over TLS", 'smtp_security = "starttls" under [anchors]'
        )
    if settings.smtp_user and settings.smtp_security == "none":
        raise Invalid("A password is sent over TLS only", 'smtp_security = "starttls"')


def send(desk: Desk, anchor: Anchor) -> None:
    """Mail ``anchor`` to every address of the settings, in one message.

    Raises Invalid for settings that cannot be, OSError (with what the server said) otherwise.
    """
    import smtplib
    import ssl

    settings = desk.settings.anchors
    check(settings)
    port = settings.smtp_port or _SECURITY[settings.smtp_security]
    context = ssl.create_default_context(cafile=settings.smtp_ca or None)
    try:
        server: smtplib.SMTP
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(settings.smtp_host, port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(settings.smtp_host, port, timeout=SECONDS)
        with server:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, _password(settings.smtp_password_file))
            refused = server.send_message(_message(desk, anchor), to_addrs=settings.mail_to)
    except smtplib.SMTPException as error:
        raise OSError(None, _said(error)) from None
    if refused:
        raise OSError(None, f"{len(refused)} of {len(settings.mail_to)} addresses were refused")


def _message(desk: Desk, anchor: Anchor) -> EmailMessage:
    settings = desk.settings.anchors
    message = EmailMessage()
    message["Subject"] = f"deskterm anchor {anchor.seq} {anchor.hash[:8]}"
    message["From"] = settings.mail_from
    message["To"] = ", ".join(settings.mail_to)
    message["Date"] = format_datetime(desk.now())
    message["Message-ID"] = make_msgid(domain=settings.mail_from.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    text = (
        f"The journal of {safe(desk.settings.clinic)} as desk {safe(desk.workstation)} saw it.\n"
        "Keep this message: deskterm journal verify --anchors FILE compares with it.\n\n"
        f"{anchor.line}\n"
    )
    # As it is: encoded, a line of hashes would be broken where no reader joins it again.
    message.set_content(text, cte="8bit")
    return message


def _password(name: str) -> str:
    if not name:
        raise Invalid("No smtp_password_file is set", "A file that only its owner reads")
    path = Path(name).expanduser()
    if path.stat().st_mode & 0o077:
        raise Invalid(f"{safe(path.name)} can be read by other accounts", f"chmod 600 {path.name}")
    return path.read_text("utf-8").strip()


def _said(error: smtplib.SMTPException) -> str:
    """What the mail server answered, in one line."""
    text = getattr(error, "smtp_error", b"") or str(error)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return safe(str(text).splitlines()[0] if text else type(error).__name__)[:120]


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
