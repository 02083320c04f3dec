"""Values out of decoded JSON whose every type may be wrong."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from deskterm.text import tidy_import

MOST = 1000  # members of one list; more is not a person's record
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)"
)  # fmt: skip


class ImportRejected(Exception):
    """The resource cannot be used. ``reason`` names the element and never quotes its value."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def record(value: Any, name: str) -> dict[str, Any]:
    """An object; an absent one is empty."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ImportRejected(f"{name} is not an object")
    return value


def records(value: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects; an absent one is empty."""
    return [record(member, name) for member in _list(value, name)]


def word(value: Any, name: str, limit: int = 200, *, lines: bool = False) -> str:
    """Text made storable and cut to ``limit``; absent is empty."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ImportRejected(f"{name} is not text")
    return tidy_import(value, limit=limit, lines=lines).strip()


def words(value: Any, name: str, limit: int = 200) -> list[str]:
    """A list of texts without the empty ones."""
    return [text for member in _list(value, name) if (text := word(member, name, limit))]


def flag(value: Any, name: str, default: bool = False) -> bool:
    """True or false."""
    if value is None:
        return default
    if not isinstance(value, bool):
        raise ImportRejected(f"{name} is not true or false")
    return value


def whole(value: Any, name: str) -> int | None:
    """A whole number from 0 to a million."""
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= 1_000_000:
        raise ImportRejected(f"{name} is not a whole number")
    return value


def cents(value: Any, name: str) -> int | None:
    """An amount of money in whole cents."""
    if value is None:
        return None
    if type(value) is int:
        value = Decimal(value)
    if not isinstance(value, Decimal) or not 0 <= value < 1_000_000 or value * 100 % 1:
        raise ImportRejected(f"{name} is not an amount of money")
    return int(value * 100)


def day(value: Any, name: str) -> date | None:
    """A full calendar date; a moment counts as its date. A year or month alone is refused."""
    text = word(value, name, 40)
    if not text:
        return None
    found = _DATE.match(text)
    if not found or (len(text) > 10 and text[10] != "T"):
        raise ImportRejected(f"{name} is not a full date (YYYY-MM-DD)")
    try:
        return date.fromisoformat(found.group())
    except ValueError:
        raise ImportRejected(f"{name} is no date of the calendar") from None


def instant(value: Any, name: str) -> datetime | None:
    """A moment with its time zone, in UTC."""
    text = word(value, name, 40)
    if not text:
        return None
    found = _INSTANT.fullmatch(text)
    if not found:
        raise ImportRejected(f"{name} is not a moment with its time zone")
    try:
        return datetime.fromisoformat(found[1] + found[4].replace("Z", "+00:00")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ImportRejected(f"{name} is no moment of the calendar") from None


def codes(value: Any, name: str) -> list[str]:
    """The codes of a CodeableConcept."""
    found = [
        word(c.get("code"), name, 60) for c in records(record(value, name).get("coding"), name)
    ]
    return [code for code in found if code]


def label(value: Any, name: str) -> str:
    """What a CodeableConcept is called: its text, else a coding's display or code."""
    concept = record(value, name)
    codings = records(concept.get("coding"), name)
    said = [concept.get("text"), *(c.get("display") for c in codings)]
    return next((text for s in said if (text := word(s, name, 60))), "") or next(
        iter(codes(value, name)), ""
    )


def current(period: Any, name: str) -> bool:
    """Whether a Period has no end."""
    return not word(record(period, name).get("end"), name, 40)


def _list(value: Any, name: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ImportRejected(f"{name} is not a list")
    if len(value) > MOST:
        raise ImportRejected(f"{name} has more than {MOST} members")
    # null marks a member that has only an extension
    return [member for member in value if member is not None]
