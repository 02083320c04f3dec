"""Pieces of a typed date: weekday and month names, and day, month and year in any order.

Nothing here knows what day it is; :mod:`deskterm.entry.dates` gives the pieces a meaning.
"""

from __future__ import annotations

import re
from datetime import date

from deskterm.errors import Invalid
from deskterm.values import dataclass

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

EARLIEST_YEAR, LATEST_YEAR = 1850, 2199
LONGEST = 40  # characters; "Wednesday, September 30, 2026" has 29


@dataclass(frozen=True)
class DateParts:
    """Day and month as typed, and the year if one was; ``century`` is False for a year of two
    digits."""

    month: int
    day: int
    year: int | None = None
    century: bool = False

    def on(self, year: int) -> date:
        """The date in ``year``. Raises Invalid for one the calendar does not have."""
        try:
            return date(year, self.month, self.day)
        except ValueError:
            raise self.no_such(year) from None

    def no_such(self, year: int) -> Invalid:
        """The error for a date missing from the calendar of ``year``."""
        return Invalid(f"no such date {self.month}/{self.day}/{year}", field="date")


def tidy(text: str) -> str:
    """``text`` in lower case with single spaces. Raises Invalid if it cannot be a date at all.

    Only ASCII is let through: other scripts' digits satisfy ``str.isdigit`` and must not be
    taken for a date.
    """
    tidied = " ".join(text.split()).lower()
    if not tidied:
        raise Invalid("no date typed", "For example t+2w, tue, 3/24", field="date")
    if len(tidied) > LONGEST or not tidied.isascii():
        raise not_a_date()
    return tidied


def not_a_date() -> Invalid:
    """The error for text that has no reading as a date."""
    return Invalid("not a date", "For example t, t+2w, tue, 324 or 3/24/2026", field="date")


def by_prefix(word: str, names: tuple[str, ...]) -> int | None:
    """Position of the name that ``word`` begins, with three letters or more; None for no name."""
    if len(word) < 3:
        return None
    return next((i for i, name in enumerate(names) if name.startswith(word)), None)


def weekday(word: str) -> int | None:
    """0 for Monday to 6 for Sunday, from three letters or more of the English name."""
    return by_prefix(word, WEEKDAYS)


def month(word: str) -> int | None:
    """1 to 12, from three letters or more of the English name."""
    found = by_prefix(word, MONTHS)
    return None if found is None else found + 1


def split_date(text: str, order: str) -> DateParts | None:
    """The parts of a date typed with digits or a month's name; None if it has another shape.

    ``order`` is ``MDY`` or ``DMY``; it settles only what is all digits.
    """
    return _digits_only(text, order) or _separated(text, order) or _named_month(text)


def _ordered(first: str, second: str, order: str) -> tuple[int, int]:
    """(month, day) of two numbers typed in ``order``."""
    return (int(second), int(first)) if order == "DMY" else (int(first), int(second))


def _year(digits: str | None) -> tuple[int | None, bool]:
    return (None, False) if not digits else (int(digits), len(digits) == 4)


def _digits_only(text: str, order: str) -> DateParts | None:
    if not text.isdecimal():
        return None
    if len(text) == 8 and EARLIEST_YEAR <= int(text[:4]) <= LATEST_YEAR:
        return DateParts(int(text[4:6]), int(text[6:]), int(text[:4]), True)
    if len(text) == 3:
        cut = 2 if order == "DMY" else 1
    elif len(text) in (4, 6, 8):
        cut = 2
    else:
        return None
    end = 3 if len(text) == 3 else 4
    month_number, day = _ordered(text[:cut], text[cut:end], order)
    year, century = _year(text[4:])
    return DateParts(month_number, day, year, century)


_ISO = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
_NUMBERS = r"(\d{1,2})([-/.])(\d{1,2})(?:\2(\d{4}|\d{2}))?"


def _separated(text: str, order: str) -> DateParts | None:
    if iso := re.fullmatch(_ISO, text):
        return DateParts(int(iso[2]), int(iso[3]), int(iso[1]), True)
    if typed := re.fullmatch(_NUMBERS, text):
        month_number, day = _ordered(typed[1], typed[3], order)
        year, century = _year(typed[4])
        return DateParts(month_number, day, year, century)
    return None


_DAY_FIRST = r"(\d{1,2})[ -]?([a-z]{3,9})\.?(?:[ ,-]*(\d{4}|\d{2}))?"
_MONTH_FIRST = r"([a-z]{3,9})\.?[ -]?(\d{1,2})(?:(?:, ?|[ -])(\d{4}|\d{2}))?"


def _named_month(text: str) -> DateParts | None:
    if typed := re.fullmatch(_DAY_FIRST, text):
        day, name, digits = typed.groups()
    elif typed := re.fullmatch(_MONTH_FIRST, text):
        name, day, digits = typed.groups()
    else:
        return None
    number = month(name)
    if number is None:
        return None
    year, century = _year(digits)
    return DateParts(number, int(day), year, century)
