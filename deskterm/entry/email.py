"""E-mail addresses: their shape only; a clinic's server never asks the internet about one."""

from __future__ import annotations

from deskterm.errors import Invalid

LONGEST = 254  # characters, the limit of a mail path


def parse_email(text: str) -> str:
    """The address in normal form (domain in lower case, Unicode NFC). Raises Invalid."""
    from email_validator import EmailNotValidError, validate_email

    address = text.strip()
    if not address or len(address) > LONGEST:
        raise _not_an_address()
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnicodeError):
        raise _not_an_address() from None
    return found.normalized


def _not_an_address() -> Invalid:
    return Invalid("not an e-mail address", "For example jo@example.org", field="email")
