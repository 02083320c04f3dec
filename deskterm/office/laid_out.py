"""A provider's day as it is laid out: the weekly template, then the exceptions over it.

Minutes are wall minutes after midnight at the block's location; :func:`spans` turns them into
UTC minutes, also on the days on which the clocks change.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from deskterm.clock import epoch_minute, from_epoch_minute, zone
from deskterm.office.desk import Desk, placeholders

DAY_MINUTES = 1440

# Wider rules first, so that what is painted later is the more particular word: open hours,
# hours kept for some visit types, then lunch and the like; newer rows over older ones.
_TEMPLATES = """
SELECT provider_id, weekday, starts_on, ends_on, start_minute, end_minute, kind, label,
  visit_types, capacity, location_id
FROM weekly_template
WHERE starts_on <= ? AND (ends_on IS NULL OR ends_on >= ?) AND provider_id IN ({})
  AND weekday IN ({})
ORDER BY CASE WHEN kind <> 'open' THEN 2 WHEN visit_types <> '' THEN 1 ELSE 0 END,
  starts_on, id"""
# A provider's own exception speaks after one for everybody.
_EXCEPTIONS = """
SELECT provider_id, day, start_minute, end_minute, kind, label, capacity, location_id
FROM schedule_exception
WHERE active = 1 AND day BETWEEN ? AND ?
ORDER BY provider_id IS NOT NULL, id"""


class Block(NamedTuple):
    """A stretch of one laid-out day. ``visit_types`` are codes between spaces, empty for all.

    ``location_id`` is None for a closure outside everybody's hours.
    """

    start_minute: int
    end_minute: int
    kind: str
    label: str
    visit_types: str
    capacity: int
    location_id: int | None
    location: str = ""
    zone: str = ""

    @property
    def open(self) -> bool:
        """Whether visits can be booked here."""
        return self.kind == "open"

    def takes(self, visit_type: str) -> bool:
        """Whether visits of this type may be booked here."""
        return not self.visit_types or visit_type in self.visit_types.split()


class Place(NamedTuple):
    """What laying out needs to know of a location."""

    id: int
    code: str
    zone: str


class Layout:
    """The templates and exceptions of some providers over some days, read once."""

    def __init__(self, desk: Desk, providers: Sequence[int], first: date, last: date) -> None:
        self.places = {
            row[0]: Place(*row) for row in desk.rows("SELECT id, code, zone FROM location")
        }
        self._weekly: dict[tuple[int, int], list[tuple[str, str | None, Block]]] = defaultdict(list)
        weekdays = {
            (first + timedelta(n)).weekday() for n in range(min((last - first).days + 1, 7))
        }
        templates = desk.rows(
            _TEMPLATES.format(placeholders(providers), placeholders([*weekdays])),
            last.isoformat(), first.isoformat(), *providers, *weekdays,
        )  # fmt: skip
        for provider_id, weekday, starts_on, ends_on, *rest in templates:
            self._weekly[provider_id, weekday].append((starts_on, ends_on, Block(*rest)))
        self._exceptions: dict[str, list[tuple[int | None, Block]]] = defaultdict(list)
        exceptions = desk.rows(_EXCEPTIONS, first.isoformat(), last.isoformat())
        for provider_id, day, start, end, kind, label, capacity, location_id in exceptions:
            self._exceptions[day].append(
                (provider_id, Block(start, end, kind, label, "", capacity, location_id))
            )

    def day(self, provider_id: int, day: date) -> list[Block]:
        """The blocks of one provider's day in order of time; gaps are outside hours."""
        on = day.isoformat()
        weekly = [
            block
            for starts_on, ends_on, block in self._weekly.get((provider_id, day.weekday()), ())
            if starts_on <= on and (ends_on is None or on <= ends_on)
        ]
        over = [
            block
            for who, block in self._exceptions.get(on, ())
            if who is None or who == provider_id
        ]
        return [self._named(block) for block in paint(weekly, over)]

    def _named(self, block: Block) -> Block:
        place = self.places.get(block.location_id or 0)
        return Block(*block[:-2], place.code, place.zone) if place else block


def paint(weekly: Sequence[Block], over: Sequence[Block]) -> list[Block]:
    """The blocks that show when each is painted over those before it.

    An exception that takes time away at one location leaves hours elsewhere alone.
    """
    edges = sorted({m for b in (*weekly, *over) for m in (b.start_minute, b.end_minute)})
    shown: list[Block] = []
    for start, end in itertools.pairwise(edges):
        top: Block | None = None
        for block in weekly:
            if block.start_minute <= start and end <= block.end_minute:
                top = block
        for block in over:
            if not (block.start_minute <= start and end <= block.end_minute):
                continue
            if block.open or block.location_id is None:
                place = block.location_id or (top.location_id if top else None)
                top = block._replace(location_id=place)
            elif top is not None and top.location_id == block.location_id:
                top = block
        if top is None:
            continue
        piece = top
        if (start, end) != top[:2]:
            piece = top._replace(start_minute=start, end_minute=end)
        if shown and shown[-1].end_minute == start and shown[-1][2:] == piece[2:]:
            shown[-1] = shown[-1]._replace(end_minute=end)
        else:
            shown.append(piece)
    return shown


def laid_out(desk: Desk, provider_id: int, day: date) -> list[Block]:
    """One provider's day: ``(start_minute, end_minute, kind, label, ...)`` in order of time."""
    return Layout(desk, [provider_id], day, day).day(provider_id, day)


def spans(day: date, start_minute: int, end_minute: int, zone_name: str) -> list[tuple[int, int]]:
    """The UTC minutes whose wall time lies in a stretch of ``day``.

    Where the clocks go back the stretch may come twice and give two spans, or one longer than
    it looks; where they go forward, minutes that do not exist are left out.
    """
    midnight = epoch_minute(datetime(day.year, day.month, day.day, tzinfo=UTC))
    found: list[tuple[int, int]] = []
    for first, last, offset in offsets(zone_name, day):
        start = max(first, midnight + start_minute - offset)
        end = min(last, midnight + end_minute - offset)
        if start >= end:
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


@lru_cache(maxsize=4096)
def offsets(zone_name: str, day: date) -> tuple[tuple[int, int, int], ...]:
    """The stretches of UTC minutes around ``day`` that have one offset from UTC (minutes)."""
    midnight = epoch_minute(datetime(day.year, day.month, day.day, tzinfo=UTC))
    first, last = midnight - DAY_MINUTES, midnight + 2 * DAY_MINUTES
    here = zone(zone_name)

    def offset(minute: int) -> int:
        shift = from_epoch_minute(minute).astimezone(here).utcoffset()
        return int(shift.total_seconds() // 60) if shift else 0

    before, after = offset(first), offset(last)
    if before == after:
        return ((first, last, before),)
    low, high = first, last
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    return ((first, high, before), (high, last, after))


def block_spans(day: date, blocks: Sequence[Block]) -> Iterator[tuple[int, int, Block]]:
    """Each block with its UTC minutes; a block nobody has a place for is left out."""
    for block in blocks:
        if block.zone:
            for start, end in spans(day, block.start_minute, block.end_minute, block.zone):
                yield start, end, block
