"""The one source of time, and the two conversions between wall time and UTC.

A thing that happened is an aware UTC ``datetime``. A future appointment is clinic wall time
(a naive ``datetime``) plus the clinic's IANA zone. A business day is the clinic's own date.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from deskterm.errors import Invalid

_UTC_WIDTH = len("2026-03-18T14:42:00.000000Z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE_START: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Clock:
    """The computer's clock."""

    def ticks(self) -> tuple[int, str]:
        """Nanoseconds since the machine started, and which start that was.

        Setting the wall clock does not move them, so that a wall clock that was set shows.
        """
        return time.clock_gettime_ns(_SINCE_START), _boot()

    def now(self) -> datetime:
        """This moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards; for idle time and throttles."""
        return time.monotonic()


class FrozenClock(Clock):
    """A clock that stands still until told otherwise; for tests and the sample clinic."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._at = at.astimezone(UTC)
        self._ticks = 0.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._ticks

    def ticks(self) -> tuple[int, str]:
        return int(self._ticks * 1_000_000_000), ""

    def advance(self, **delta: float) -> None:
        """Move on by ``timedelta(**delta)``."""
        step = timedelta(**delta)
        self._at += step
        self._ticks += step.total_seconds()


@lru_cache(maxsize=1)
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii")[:8]
    except OSError:
        return ""


def zone(name: str) -> ZoneInfo:
    """The IANA zone ``name``. Raises Invalid for one that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"No such time zone: {name}", "Use an IANA name, for example America/Chicago"
        ) from None


def local(moment: datetime, zone_name: str) -> datetime:
    """Clinic wall time (naive) of an aware moment."""
    return moment.astimezone(zone(zone_name)).replace(tzinfo=None)


def utc(wall: datetime, zone_name: str, *, second: bool = False) -> datetime:
    """The UTC instant of a naive clinic wall time.

    Raises Invalid for an hour skipped by daylight saving, and for one that comes twice unless
    ``second`` picks the later of the two; :func:`occurs` tells which case it is.
    """
    kind = occurs(wall, zone_name)
    if kind == "never":
        raise Invalid(
            f"{wall:%H:%M} does not exist on {wall:%a %m/%d/%Y}: the clocks go forward",
            "Choose a time an hour later",
            field="time",
        )
    return wall.replace(tzinfo=zone(zone_name), fold=1 if second else 0).astimezone(UTC)


def occurs(wall: datetime, zone_name: str) -> str:
    """``once``, ``twice`` (clocks went back) or ``never`` (clocks went forward)."""
    z = zone(zone_name)
    first = wall.replace(tzinfo=z, fold=0)
    if first.astimezone(UTC).astimezone(z).replace(tzinfo=None) != wall:
        return "never"
    later = wall.replace(tzinfo=z, fold=1)
    return "twice" if first.utcoffset() != later.utcoffset() else "once"


def epoch_minute(moment: datetime) -> int:
    """Whole minutes since 1970-01-01 00:00 UTC; how instants are compared in the database."""
    return int((moment - EPOCH).total_seconds() // 60)


def from_epoch_minute(minute: int) -> datetime:
    """The aware UTC moment of :func:`epoch_minute`."""
    return EPOCH + timedelta(minutes=minute)


def utc_text(moment: datetime) -> str:
    """Fixed-width ISO text of an aware moment, so that text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_utc_text(text: str) -> datetime:
    """The moment written by :func:`utc_text`. Raises ValueError for any other text."""
    if len(text) != _UTC_WIDTH or text[-1] != "Z":
        raise ValueError(f"not a moment as stored: {text[:40]!r}")
    return datetime.fromisoformat(text)


def age_on(birth: date, day: date) -> int:
    """Whole years of age on ``day``; a 29 February birthday counts from 1 March in other years.

    0 for ``date.min``, which stands for the birth date of a record that may not be seen.
    """
    if birth == date.min:
        return 0
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
