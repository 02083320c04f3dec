"""PINs and passwords that are guessed first, refused without asking anybody outside."""

from __future__ import annotations

import itertools
import re
from datetime import date

from deskterm.errors import Invalid

PIN_DIGITS = 6
PASSWORD_LENGTH = 8
LONGEST = 128

_WORDS = frozenset(
    [
        "password",
        "passwort",
        "passw0rd",
        "p@ssword",
        "p@ssw0rd",
        "password1",
        "password12",
        "password123",
        "qwertyui",
        "qwertyuiop",
        "qwerty123",
        "qwerty12",
        "1q2w3e4r",
        "1qaz2wsx",
        "zaq12wsx",
        "letmein1",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "superman",
        "welcome1",
        "welcome12",
        "welcome123",
        "trustno1",
        "whatever",
        "starwars",
        "computer",
        "michelle",
        "jennifer",
        "abcd1234",
        "abc12345",
        "a1b2c3d4",
        "asdfghjk",
        "asdf1234",
        "changeme",
        "changeme1",
        "secret123",
        "administrator",
        "admin123",
        "admin1234",
        "deskterm",
        "frontdesk",
        "frontdesk1",
        "reception",
        "reception1",
        "hospital",
        "medical1",
        "medicine",
        "doctor12",
        "doctor123",
        "clinic12",
        "clinic123",
        "summer2024",
        "summer2025",
        "summer2026",
        "winter2024",
        "winter2025",
        "winter2026",
        "spring2025",
        "spring2026",
        "monday123",
        "11111111",
        "00000000",
        "12345678",
        "123456789",
        "1234567890",
        "87654321",
        "88888888",
        "monkey12",
        "dragon12",
        "master12",
        "shadow12",
        "internet",
        "samsung1",
    ]
)
_PINS = frozenset(
    [
        "159753",
        "147258",
        "258369",
        "147852",
        "369258",
        "789456",
        "456789",
        "159357",
        "357159",
        "246810",
        "135790",
        "102030",
        "112358",
        "314159",
        "271828",
        "112233",
        "223344",
        "445566",
        "101010",
        "131313",
        "142536",
        "696969",
        "420420",
        "007007",
        "123321",
        "654321",
        "789789",
        "147147",
        "258258",
        "369369",
        "741852",
        "963852",
        "951753",
        "852456",
        "456852",
        "520520",
        "521521",
        "123654",
        "789654",
    ]
)


def check_secret(secret: str, *, kind: str, login: str) -> None:
    """Raise Invalid for a PIN or password that is too short, or among the first that are tried."""
    if kind not in ("pin", "password"):
        raise Invalid(f"Not a kind of secret: {kind}", "pin or password", field="kind")
    if len(secret) > LONGEST:
        raise Invalid(f"At most {LONGEST} characters", "Choose a shorter one", field="secret")
    if kind == "pin":
        if not re.fullmatch(r"[0-9]+", secret):
            raise Invalid("A PIN has digits only", "Or choose a password", field="secret")
        if len(secret) < PIN_DIGITS:
            raise Invalid("A PIN has at least 6 digits", "Choose a longer one", field="secret")
        why = _weak_digits(secret)
    else:
        if len(secret) < PASSWORD_LENGTH:
            raise Invalid(
                "A password has at least 8 characters", "A few words are best", field="secret"
            )
        why = "is on every list of passwords" if secret.casefold() in _WORDS else ""
        why = why or ("repeats itself" if _repeats(secret.casefold()) else "")
        why = why or (_weak_digits(secret) if secret.isascii() and secret.isdigit() else "")
    if login and login.casefold() in secret.casefold():
        why = "holds the login"
    if why:
        raise Invalid(f"That one {why}", "Choose one that others do not guess", field="secret")


def _weak_digits(digits: str) -> str:
    if _repeats(digits):
        return "repeats itself"
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    if len(steps) == 1:
        return "counts up or down"
    if digits in _PINS or digits in _WORDS:
        return "is on every list of PINs"
    if any(1920 <= int(year) <= 2039 for year in (digits[:4], digits[-4:])):
        return "looks like a year of birth"
    return "looks like a date" if _is_date(digits) else ""


def _repeats(text: str) -> bool:
    """Whether ``text`` is one part of at most three characters, again and again."""
    return any(text == (text[:n] * len(text))[: len(text)] for n in (1, 2, 3))


def _is_date(digits: str) -> bool:
    if len(digits) not in (6, 8):
        return False
    first, second, rest = digits[:2], digits[2:4], digits[4:]
    tries = [
        (rest, first, second),
        (rest, second, first),
        (digits[:-4], digits[-4:-2], digits[-2:]),
    ]
    for year, month, day in tries:
        try:
            date(int(year) if len(year) == 4 else 2000 + int(year), int(month), int(day))
        except ValueError:
            continue
        if len(year) == 2 or 1900 <= int(year) <= 2099:
            return True
    return False
