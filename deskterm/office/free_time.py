"""The table of free time: what can still be booked, kept by the transaction that books.

Every row is one unbroken stretch of one lane of a provider's open hours at one location, so a
visit fits into a row exactly when the guard in the database would let it in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from deskterm.clock import from_epoch_minute, local
from deskterm.db.lanes import OVERBOOK_LANE
from deskterm.office.desk import Desk
from deskterm.office.laid_out import Block, Layout, block_spans
from deskterm.values import dataclass

LONGEST_VISIT = 480
_CHUNK = 100  # rows of one INSERT: 8 values each, under every engine's limit of parameters

_HOLDING = """
SELECT id, starts_at, minutes, lane FROM appointment
WHERE provider_id = ? AND starts_at > ? AND starts_at < ?
  AND lifecycle IN ('scheduled', 'completed')
ORDER BY lane >= 100, starts_at, id"""
_STORED = """
SELECT location_id, starts_at, ends_at, wall_start, visit_types, day FROM free_interval
WHERE provider_id = ? AND day BETWEEN ? AND ?"""
_NEAREST = """
SELECT f.starts_at, f.ends_at, f.visit_types, l.zone FROM free_interval f
JOIN location l ON l.id = f.location_id
WHERE f.provider_id = ? AND f.starts_at > ? AND f.starts_at < ? AND f.ends_at - f.starts_at >= ?"""


class Free(NamedTuple):
    """One stretch: UTC minutes, and the wall time it starts at."""

    location_id: int
    starts_at: int
    ends_at: int
    wall_start: str
    visit_types: str


class Held(NamedTuple):
    """A visit that occupies its time."""

    id: int
    starts_at: int
    minutes: int
    lane: int

    @property
    def ends_at(self) -> int:
        return self.starts_at + self.minutes


@dataclass(frozen=True)
class Difference:
    """A provider-day whose stored free time is not what it should be."""

    provider_id: int
    day: date
    stored: tuple[Free, ...]
    expected: tuple[Free, ...]


def holding(desk: Desk, provider_id: int, start: int, end: int) -> list[Held]:
    """The visits of one provider that occupy any of the UTC minutes from start to end."""
    found = desk.rows(_HOLDING, provider_id, start - LONGEST_VISIT - 1, end)
    return [held for held in (Held(*row) for row in found) if held.ends_at > start]


def lanes(held: Iterable[Held], capacity: int) -> list[list[Held]]:
    """Which visits fill each of ``capacity`` lanes.

    An overbooking fills the first lane that has nothing else at its time, so that cancelling
    the visit it was squeezed beside does not make its time look free.
    """
    filled: list[list[Held]] = [[] for _ in range(capacity)]
    for visit in held:
        if visit.lane < OVERBOOK_LANE:
            if visit.lane < capacity:
                filled[visit.lane].append(visit)
            continue
        for lane in filled:
            if all(v.ends_at <= visit.starts_at or visit.ends_at <= v.starts_at for v in lane):
                lane.append(visit)
                break
    return filled


def compute(blocks: Sequence[tuple[int, int, Block]], held: Sequence[Held]) -> list[Free]:
    """The free stretches of one provider's day from its open blocks and its visits."""
    usable = sorted((b for b in blocks if b[2].open), key=lambda b: b[0])
    if not usable:
        return []
    capacity = max(block.capacity for _, _, block in usable)
    found: set[Free] = set()
    for number, visits in enumerate(lanes(held, capacity)):
        found.update(_gaps([b for b in usable if b[2].capacity > number], visits))
    kept: list[Free] = []
    for free in sorted(found, key=lambda f: (f.starts_at, -f.ends_at)):
        if not any(
            k.ends_at >= free.ends_at
            and (k.location_id, k.visit_types) == (free.location_id, free.visit_types)
            for k in kept
        ):
            kept.append(free)
    return kept


def _gaps(blocks: Sequence[tuple[int, int, Block]], visits: Sequence[Held]) -> list[Free]:
    """What one lane's visits leave of its blocks; neighbours alike are one stretch."""
    stretches: list[tuple[int, int, Block]] = []
    for start, end, block in blocks:
        if stretches:
            first, last, before = stretches[-1]
            alike = (before.location_id, before.visit_types) == (
                block.location_id, block.visit_types,
            )  # fmt: skip
            if alike and last == start:
                stretches[-1] = (first, end, before)
                continue
        stretches.append((start, end, block))
    busy = sorted((v.starts_at, v.ends_at) for v in visits)
    found: list[Free] = []
    for start, end, block in stretches:
        at = start
        for busy_from, busy_to in busy:
            if busy_to <= at:
                continue
            if busy_from >= end:
                break
            if busy_from > at:
                found.append(_free(at, busy_from, block))
            at = busy_to
        if at < end:
            found.append(_free(at, end, block))
    return found


def _free(start: int, end: int, block: Block) -> Free:
    wall = local(from_epoch_minute(start), block.zone).strftime("%Y-%m-%dT%H:%M")
    return Free(block.location_id or 0, start, end, wall, block.visit_types)


def expected(desk: Desk, provider_id: int, days: Sequence[date]) -> dict[date, list[Free]]:
    """The free time of each day as templates, exceptions and visits say it should be."""
    layout = Layout(desk, [provider_id], days[0], days[-1])
    blocks = {day: list(block_spans(day, layout.day(provider_id, day))) for day in days}
    edges = [m for found in blocks.values() for start, end, _ in found for m in (start, end)]
    held = holding(desk, provider_id, min(edges), max(edges)) if edges else []
    by_day: dict[date, list[Free]] = {}
    for day, found in blocks.items():
        start, end = min((b[0] for b in found), default=0), max((b[1] for b in found), default=0)
        visits = [v for v in held if v.starts_at < end and v.ends_at > start] if held else []
        by_day[day] = compute(found, visits)
    return by_day


def keep(desk: Desk, provider_id: int, *days: date) -> None:
    """Bring the free time of these days of one provider up to date.

    To be called inside the operation that changed them. Days that are past, or beyond what has
    been laid out, have no free time to keep.
    """
    known = desk.rows("SELECT laid_until FROM free_horizon WHERE provider_id = ?", provider_id)
    if not known:
        return
    today, until = desk.today(), date.fromisoformat(known[0][0])
    _rewrite(desk, provider_id, [day for day in sorted(set(days)) if today <= day <= until])


def keep_all(
    desk: Desk,
    provider_id: int,
    first: date,
    last: date | None = None,
    *,
    weekday: int | None = None,
) -> None:
    """Bring a provider's free time up to date over a stretch of days, laying it out if new.

    With ``weekday`` only that day of every week. To be called inside an operation.
    """
    until = _horizon(desk)
    known = desk.rows("SELECT laid_until FROM free_horizon WHERE provider_id = ?", provider_id)
    if not known:
        desk.rows("INSERT INTO free_horizon (provider_id, laid_until) VALUES (?, ?)",
                  provider_id, until.isoformat())  # fmt: skip
        _rewrite(desk, provider_id, _each(desk.today(), until))
        return
    until = date.fromisoformat(known[0][0])
    days = _each(max(first, desk.today()), min(last or until, until))
    _rewrite(desk, provider_id, [d for d in days if weekday in (None, d.weekday())])


def lay_out(desk: Desk, until: date | None = None) -> int:
    """Lay out free time up to ``until`` (the practice's horizon); the number of days written.

    Cheap when there is nothing to do: each day's first desk adds one day per provider and
    drops the days that are past.
    """
    today = desk.today()
    goal = until or _horizon(desk)
    behind = """
    SELECT p.id, h.laid_until FROM provider p LEFT JOIN free_horizon h ON h.provider_id = p.id
    WHERE p.active = 1 AND (h.laid_until IS NULL OR h.laid_until < ?)"""
    if not desk.rows(behind + " LIMIT 1", goal.isoformat()):
        return 0
    written = 0
    with desk.operation("schedule.horizon"):
        for provider_id, laid_until in desk.rows(behind, goal.isoformat()):
            after = date.fromisoformat(laid_until) + timedelta(1) if laid_until else today
            days = _each(max(after, today), goal)
            _rewrite(desk, provider_id, days)
            written += len(days)
            desk.rows("DELETE FROM free_horizon WHERE provider_id = ?", provider_id)
            desk.rows("INSERT INTO free_horizon (provider_id, laid_until) VALUES (?, ?)",
                      provider_id, goal.isoformat())  # fmt: skip
            desk.rows("DELETE FROM free_interval WHERE provider_id = ? AND day < ?",
                      provider_id, today.isoformat())  # fmt: skip
    return written


def check(desk: Desk) -> list[Difference]:
    """Work out everybody's free time from today on anew; where the table differs (nowhere)."""
    today = desk.today()
    found: list[Difference] = []
    for provider_id, laid_until in desk.rows("SELECT provider_id, laid_until FROM free_horizon"):
        last = max(date.fromisoformat(laid_until), today)
        stored: dict[date, list[Free]] = defaultdict(list)
        for *free, day in desk.rows(_STORED, provider_id, today.isoformat(), "9999-12-31"):
            stored[date.fromisoformat(day)].append(Free(*free))
        wanted = expected(desk, provider_id, _each(today, last))
        for day in sorted({*stored, *wanted}):
            is_there, should = tuple(sorted(stored[day])), tuple(sorted(wanted.get(day, [])))
            if is_there != should:
                found.append(Difference(provider_id, day, is_there, should))
    return found


def nearest(
    desk: Desk, provider_id: int, visit_type: str, minutes: int, starts_at: int
) -> datetime | None:
    """The wall time nearest to ``starts_at`` at which this provider is free, within two weeks."""
    fortnight = 14 * 1440
    earliest = int(desk.now().timestamp() // 60) + 1
    best: tuple[int, int, str] | None = None
    found = desk.rows(_NEAREST, provider_id, starts_at - fortnight, starts_at + fortnight, minutes)
    for start, end, visit_types, zone_name in found:
        start = max(start, -(-earliest // 5) * 5)
        if start + minutes > end or (visit_types and visit_type not in visit_types.split()):
            continue
        at = min(max(starts_at, start), end - minutes)
        if best is None or (abs(at - starts_at), at) < best[:2]:
            best = (abs(at - starts_at), at, zone_name)
    return local(from_epoch_minute(best[1]), best[2]) if best else None


def _horizon(desk: Desk) -> date:
    return desk.today() + timedelta(desk.settings.policy.free_horizon)


def _each(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def _rewrite(desk: Desk, provider_id: int, days: Sequence[date]) -> None:
    if not days:
        return
    for day in days:
        desk.rows(
            "DELETE FROM free_interval WHERE provider_id = ? AND day = ?",
            provider_id, day.isoformat(),
        )  # fmt: skip
    fresh = [
        (provider_id, free.location_id, day.isoformat(), day.weekday(), *free[1:])
        for day, found in expected(desk, provider_id, days).items()
        for free in found
    ]
    for at in range(0, len(fresh), _CHUNK):
        chunk = fresh[at : at + _CHUNK]
        marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?)"] * len(chunk))
        desk.rows(
            "INSERT INTO free_interval (provider_id, location_id, day, weekday, starts_at,"
            f" ends_at, wall_start, visit_types) VALUES {marks}",
            *(value for row in chunk for value in row),
        )
