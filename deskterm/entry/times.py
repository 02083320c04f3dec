"""Times of day, parts of the day and lengths of visits as a clerk types them."""

from __future__ import annotations

import re
from datetime import time
from typing import Literal

from deskterm.errors import Invalid
from deskterm.values import dataclass

DAY = 24 * 60  # minutes
LONGEST_VISIT = DAY
_LONGEST_TEXT = 20


@dataclass(frozen=True)
class Window:
    """A part of the day: from ``after``, until ``before``, or a named half."""

    after: time | None = None
    before: time | None = None
    half: Literal["am", "pm"] | None = None


def parse_time(text: str, *, opens: time, closes: time) -> time:
    """A time of day: ``9 930 9:30 9a 230p 1420 noon n``.

    Without am or pm it is the reading inside clinic hours (``closes`` not included, unless only
    that fits); with a leading zero, or from 13 on, it is the 24-hour clock. Raises Invalid.
    """
    word = _squeeze(text)
    if word in ("n", "noon"):
        return time(12)
    typed = re.fullmatch(_TIME, word)
    if typed is None:
        raise _not_a_time()
    hour_digits, minute_digits, half = typed.groups()
    hour, minute = int(hour_digits), int(minute_digits or 0)
    if minute > 59 or hour > 23:
        raise _no_such_time()
    if half:
        if not 1 <= hour <= 12:
            raise _no_such_time()
        return time(hour % 12 + (12 if half == "p" else 0), minute)
    if hour > 12 or hour_digits.startswith("0"):
        return time(hour, minute)
    return _in_hours(time(hour % 12, minute), time(hour % 12 + 12, minute), opens, closes)


def parse_window(text: str, *, opens: time, closes: time) -> Window | None:
    """``am``, ``pm``, ``after 2``, ``before 11a`` or ``9a-11a``; None if it is none of these.

    Plain ``9-11`` is a date, so it is None here. Raises Invalid for a window whose time is
    impossible or which ends before it begins.
    """
    words = " ".join(text.split()).lower()
    if len(words) > _LONGEST_TEXT or not words.isascii():
        return None
    if words in ("am", "pm"):
        return Window(half="am" if words == "am" else "pm")
    first, _, rest = words.partition(" ")
    if first == "after" and rest:
        return Window(after=parse_time(rest, opens=opens, closes=closes))
    if first == "before" and rest:
        return Window(before=parse_time(rest, opens=opens, closes=closes))
    if (between := re.fullmatch(_BETWEEN, words.replace(" ", ""))) is None:
        return None
    if not any(edge[-1] in "apmn" for edge in between.groups()):
        return None
    after, before = (parse_time(edge, opens=opens, closes=closes) for edge in between.groups())
    if after >= before:
        raise Invalid("the time ends before it begins", "For example 9a-11a", field="time")
    return Window(after=after, before=before)


def parse_length(text: str) -> int:
    """Minutes of ``40m``, ``40``, ``40 min``, ``1h`` or ``1h30``. Raises Invalid."""
    typed = re.fullmatch(_LENGTH, _squeeze(text))
    if typed is None:
        raise Invalid("not a length", "Minutes, for example 40m", field="length")
    minutes = int(typed["hours"] or 0) * 60 + int(typed["minutes"] or typed["over"] or 0)
    if not 1 <= minutes <= LONGEST_VISIT:
        raise Invalid("length must be 1 minute to 24 hours", "For example 40m", field="length")
    return minutes


def show_time(at: time) -> str:
    """``1:20p``."""
    return f"{at.hour % 12 or 12}:{at.minute:02}{'a' if at.hour < 12 else 'p'}"


def minute_of_day(at: time) -> int:
    """Minutes since midnight."""
    return at.hour * 60 + at.minute


# seconds are not accepted: no field of a front desk needs them typed
_TIME = r"(\d{1,2})(?:[:.]?(\d\d))?(?:([ap])m?)?"
_BETWEEN = r"([\d:]+(?:[ap]m?)?|n|noon)-([\d:]+(?:[ap]m?)?|n|noon)"
_LENGTH = (
    r"(?P<hours>\d{1,2})(?:h|hr|hrs|hour|hours)(?:(?P<over>\d{1,2})(?:m|min)?)?"
    r"|(?P<minutes>\d{1,4})(?:m|min|mins|minutes)?"
)


def _squeeze(text: str) -> str:
    """Lower case without spaces, and ``p.m.`` as ``pm``. Raises Invalid for what cannot be read."""
    word = "".join(text.split()).lower()
    if not word or len(word) > _LONGEST_TEXT or not word.isascii():
        raise _not_a_time()
    return re.sub(r"([ap])\.m\.?$", r"\1m", word)


def _in_hours(morning: time, evening: time, opens: time, closes: time) -> time:
    """Of two readings twelve hours apart, the one in clinic hours, or else nearest to them."""
    if opens <= morning < closes:
        return morning

    def outside(at: time) -> int:
        minute = minute_of_day(at)
        return max(minute_of_day(opens) - minute, minute - minute_of_day(closes))

    return min(morning, evening, key=outside)


def _not_a_time() -> Invalid:
    return Invalid("not a time", "For example 9, 930, 230p or noon", field="time")


def _no_such_time() -> Invalid:
    return Invalid("no such time", "Hours 0 to 23, minutes 0 to 59", field="time")
