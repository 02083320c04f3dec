"""Dates as a clerk types them, and as deskterm shows them.

A field has a direction: appointments look forward, service dates back. Weekdays, days of the
month and dates without a year take the nearest such day in that direction. The echo says how
far away the day is, so that a wrong reading is seen before Enter.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from deskterm.entry.dateparts import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    DateParts,
    not_a_date,
    split_date,
    tidy,
    weekday,
)
from deskterm.errors import Invalid
from deskterm.values import dataclass

OLDEST_AGE = 130  # years
_WORDS = {"t": 0, "today": 0, "tmw": 1, "tom": 1, "tomorrow": 1, "yesterday": -1}
_UNITS = {
    "": "d", "d": "d", "day": "d", "days": "d",
    "w": "w", "wk": "w", "wks": "w", "week": "w", "weeks": "w",
    "m": "m", "mo": "m", "mos": "m", "month": "m", "months": "m",
    "y": "y", "yr": "y", "yrs": "y", "year": "y", "years": "y",
}  # fmt: skip


@dataclass(frozen=True)
class ParsedDate:
    """A day, and the echo that goes beside the field."""

    day: date
    echo: str


@dataclass(frozen=True)
class _Frame:
    """What a typed date is read against."""

    today: date
    future: bool
    order: str
    week_start: int
    base: date | None

    @property
    def forward(self) -> int:
        return 1 if self.future else -1


def parse_date(
    text: str,
    *,
    today: date,
    future: bool,
    order: str = "MDY",
    week_start: int = 0,
    base: date | None = None,
) -> ParsedDate:
    """The day meant by ``text`` in a field that looks forward (``future``) or back.

    ``order`` (``MDY`` or ``DMY``) settles digits only; ``week_start`` is the weekday (Monday 0)
    on which the weeks of ``next tue`` begin; ``base`` is the last date entered, from which
    ``++1w`` counts. Raises Invalid.
    """
    frame = _Frame(today, future, order, week_start, base)
    day = _read(tidy(text), frame)
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise _too_far()
    return ParsedDate(day, f"{show_date(day)} · {distance(day, today)}")


def parse_birth_date(text: str, *, today: date, order: str = "MDY") -> date:
    """A birth date: ``031482 3/14/82 14mar82 19820314 1982-03-14`` or ``March 14, 1982``.

    A year of two digits is the latest one not in the future. Raises Invalid for a date without
    its year, in the future, or more than 130 years ago.
    """
    tidied = tidy(text)
    parts = split_date(tidied, order) or _without_weekday(tidied, order)
    if parts is None:
        raise Invalid("not a birth date", "For example 031482 or 3/14/1982", field="birth_date")
    if parts.year is None:
        raise Invalid("birth date needs the year", "For example 031482", field="birth_date")
    year = parts.year
    if not parts.century:
        now = today.year, today.month, today.day
        year += today.year // 100 * 100
        if (year, parts.month, parts.day) > now:
            year -= 100
    try:
        day = date(year, parts.month, parts.day)
    except ValueError:
        raise Invalid(
            "no such birth date", "Month, day and year, as in 031482", field="birth_date"
        ) from None
    if day > today:
        raise Invalid("birth date is in the future", "Check the year", field="birth_date")
    if day < _add_months(today, -12 * OLDEST_AGE):
        raise Invalid(
            f"birth date is over {OLDEST_AGE} years ago", "Check the year", field="birth_date"
        )
    return day


def show_date(day: date) -> str:
    """``Wed 03/18/2026``."""
    return f"{day:%a %m/%d/}{day.year:04}"


def show_birth(day: date) -> str:
    """``03/14/1982``; the date of a restricted record is not shown."""
    if day == date.min:
        return "**/**/****"
    return f"{day:%m/%d/}{day.year:04}"


def show_short(day: date) -> str:
    """``Tue Mar 24``, for chips and row texts."""
    return f"{day:%a %b} {day.day}"


def distance(day: date, today: date) -> str:
    """``today``, ``in 6 d`` or ``21 d ago``."""
    days = (day - today).days
    if days == 0:
        return "today"
    return f"in {days} d" if days > 0 else f"{-days} d ago"


def _read(text: str, frame: _Frame) -> date:
    if text in _WORDS:
        return frame.today + timedelta(days=_WORDS[text])
    for reading in (_offset, _weekday, _day_of_month):
        day = reading(text, frame)
        if day is not None:
            return day
    parts = split_date(text, frame.order)
    if parts is not None:
        return _in_year(parts, frame)
    parts = _without_weekday(text, frame.order)
    if parts is None:
        raise not_a_date()
    return _in_year(parts, frame, named=weekday(re.split(r"[ ,]", text)[0]))


_OFFSET = r"(t ?\+|t ?-|\+\+|\+|-)? ?(\d+) ?([a-z]*)"


def _offset(text: str, frame: _Frame) -> date | None:
    """``t+2w``, ``+2w``, ``t-3w``, ``6w`` (in the field's direction), ``++1w`` (from the base)."""
    typed = re.fullmatch(_OFFSET, text)
    if typed is None or typed[3] not in _UNITS or not (typed[1] or typed[3]):
        return None
    sign, count, unit = typed[1] or "", int(typed[2]), _UNITS[typed[3]]
    start, direction = frame.today, -1 if "-" in sign else 1
    if not sign:
        direction = frame.forward
    elif sign == "++":
        if frame.base is None:
            raise Invalid("++ needs an earlier date to count from", "Use t+1w", field="date")
        start = frame.base
    return _shift(start, direction * count, unit)


def _shift(day: date, count: int, unit: str) -> date:
    if unit in "my":
        return _add_months(day, count * (12 if unit == "y" else 1))
    try:
        return day + timedelta(days=count * (7 if unit == "w" else 1))
    except OverflowError:
        raise _too_far() from None


def _add_months(day: date, months: int) -> date:
    """The same day ``months`` later, or the last of that month if it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise _too_far()
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


_WEEKDAY = r"(next |last |[+-]\d{1,2} ?)?([a-z]{3,9})"


def _weekday(text: str, frame: _Frame) -> date | None:
    """``tue`` (never today), ``next tue``, ``last fri``, ``+2tue`` (the second from now)."""
    typed = re.fullmatch(_WEEKDAY, text)
    wanted = weekday(typed[2]) if typed else None
    if typed is None or wanted is None:
        return None
    prefix = (typed[1] or "").strip()
    if prefix == "next":
        start = frame.today - timedelta(days=(frame.today.weekday() - frame.week_start) % 7)
        return start + timedelta(days=7 + (wanted - frame.week_start) % 7)
    unnumbered = {"": frame.forward, "last": -1}
    nth = unnumbered[prefix] if prefix in unnumbered else int(prefix)
    return _nth_weekday(frame.today, wanted, nth)


def _nth_weekday(today: date, wanted: int, nth: int) -> date:
    """The ``nth`` such weekday after today, or before it if ``nth`` is negative."""
    if nth == 0:
        raise not_a_date()
    if nth > 0:
        ahead = (wanted - today.weekday()) % 7 or 7
        return today + timedelta(days=ahead + 7 * (nth - 1))
    behind = (today.weekday() - wanted) % 7 or 7
    return today - timedelta(days=behind + 7 * (-nth - 1))


def _day_of_month(text: str, frame: _Frame) -> date | None:
    """``20``: the nearest 20th in the field's direction, today included."""
    if not (text.isdecimal() and len(text) <= 2):
        return None
    wanted = int(text)
    if not 1 <= wanted <= 31:
        raise Invalid(f"no such day {wanted}", "Day of the month, 1 to 31", field="date")
    first = frame.today.replace(day=1)
    for step in range(3):  # this month may be past it, the next may lack it; the third has it
        month = _add_months(first, step * frame.forward)
        if wanted > calendar.monthrange(month.year, month.month)[1]:
            continue
        day = month.replace(day=wanted)
        if (day - frame.today).days * frame.forward >= 0:
            return day
    raise not_a_date()


def _without_weekday(text: str, order: str) -> DateParts | None:
    """The parts of a date written after its weekday: ``tue 3/24``, as :func:`show_date` writes."""
    first, _, rest = text.replace(",", " ", 1).partition(" ")
    return split_date(rest.strip(), order) if rest and weekday(first) is not None else None


def _in_year(parts: DateParts, frame: _Frame, named: int | None = None) -> date:
    day = _nearest(parts, frame)
    if named is not None and day.weekday() != named:
        raise Invalid(f"{show_date(day)} is not the weekday typed", "Check it", field="date")
    return day


def _nearest(parts: DateParts, frame: _Frame) -> date:
    """The date with its year supplied: as typed, or the nearest in the field's direction."""
    this_year = frame.today.year
    if parts.year is not None:
        return parts.on(parts.year if parts.century else _full_year(parts.year, this_year))
    day = _if_any(parts, this_year)
    if day is None or (day - frame.today).days * frame.forward < 0:
        other = _if_any(parts, this_year + frame.forward)
        if other is None:
            raise parts.no_such(this_year if day is None else this_year + frame.forward)
        return other
    return day


def _if_any(parts: DateParts, year: int) -> date | None:
    try:
        return parts.on(year)
    except Invalid:
        return None


def _full_year(two_digits: int, this_year: int) -> int:
    """The year ending in ``two_digits`` that is nearest to this one."""
    year = this_year // 100 * 100 + two_digits
    return min((year - 100, year, year + 100), key=lambda y: abs(y - this_year))


def _too_far() -> Invalid:
    return Invalid("that date is too far away", "Check the number", field="date")
