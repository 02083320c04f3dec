"""The next opening, by the table of free time only; and why a slot cannot be had."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from deskterm.clock import epoch_minute, from_epoch_minute, local, utc_text
from deskterm.db.lanes import LENGTH_CLASSES
from deskterm.entry.dates import show_short
from deskterm.errors import Conflict, Invalid, NotAllowed
from deskterm.office import conflicts
from deskterm.office.conflicts import Wish
from deskterm.office.desk import Desk, known_id, placeholders
from deskterm.office.laid_out import DAY_MINUTES, Layout

MOST_DAYS = 400
_BATCH = 24
_NOON = time(12)
_STRIP = 6  # characters of half a day

_FREE = """
SELECT f.provider_id, f.location_id, f.starts_at, f.ends_at, f.wall_start, f.visit_types, f.id
FROM free_interval f
WHERE (f.starts_at, f.id) > (?, ?) AND f.starts_at < ? AND f.ends_at - f.starts_at >= ?
  AND f.ends_at > ? AND substr(f.wall_start, 12, 5) < ?"""
_LATER = " ORDER BY f.starts_at, f.id LIMIT ?"
_TAKERS = """
SELECT id, code FROM provider p WHERE active = 1 AND (
  NOT EXISTS (SELECT 1 FROM provider_visit_type t WHERE t.provider_id = p.id)
  OR EXISTS (SELECT 1 FROM provider_visit_type t
             WHERE t.provider_id = p.id AND t.visit_type_id = ?))"""
_USUAL = """
SELECT day FROM appointment WHERE patient_id = ? AND lifecycle IN ('scheduled', 'completed')
ORDER BY starts_at DESC LIMIT 8"""


@dataclass(frozen=True)
class Opening:
    """A time that can be booked; ``start`` is wall time, ``why`` in words or empty."""

    start: datetime
    minutes: int
    provider: str
    location: str
    why: str = ""


@dataclass(frozen=True)
class Strip:
    """One provider's half days of one week: six characters of ``.`` open, ``#`` full, ``x`` away.

    ``am`` and ``pm`` have one text for each of ``days``; ``off`` is a day without hours.
    """

    provider: str
    days: tuple[date, ...]
    am: tuple[str, ...]
    pm: tuple[str, ...]


@dataclass(frozen=True)
class _Search:
    """What is looked for, with codes resolved."""

    visit_type: str
    minutes: int
    step: int
    providers: dict[int, str]
    everybody: bool
    locations: dict[int, tuple[str, str]]
    earliest: int
    first: date
    last: date
    weekdays: frozenset[int]
    after: time | None
    before: time | None


def search(
    desk: Desk,
    *,
    visit_type: str,
    provider: str | None = None,
    location: str | None = None,
    first: date | None = None,
    days: int = 90,
    weekdays: Collection[int] | None = None,
    after: time | None = None,
    before: time | None = None,
    minutes: int | None = None,
    limit: int = 6,
    patient_id: int | None = None,
    alternatives: bool = False,
) -> list[Opening]:
    """The next openings in order of time: the first start of each free stretch, then more.

    ``provider`` is a code, or None or ``any``; ``weekdays`` 0 (Monday) to 6; a visit starts at
    or after ``after`` and ends by ``before``. With ``patient_id`` the weekday that a patient
    mostly comes on is pointed out. With ``alternatives`` the list ends with another provider in
    the same half day, and the day before the one asked for. Raises NotFound and Invalid.
    """
    desk.require("view_schedule")
    wanted = _wanted(
        desk, visit_type, provider, location, first, days, weekdays, after, before, minutes
    )
    limit = max(1, min(limit, 100))
    usual = _usual_day(desk, patient_id) if patient_id is not None else None
    found = _find(desk, wanted, limit)
    openings = [
        replace(opening, why=_why(number, opening, usual)) for number, opening in enumerate(found)
    ]
    if alternatives:
        openings = openings[: max(limit - 2, 1)] + _others(desk, wanted, openings)
    return openings[:limit]


def why_not(
    desk: Desk,
    *,
    visit_type: str,
    provider: str,
    start: datetime,
    minutes: int | None = None,
    location: str | None = None,
) -> str:
    """In words why a visit cannot start then; empty when it can. Raises NotFound."""
    desk.require("view_schedule")
    facts = conflicts.type_facts(desk, visit_type)
    wish = Wish(
        conflicts.provider_facts(desk, provider),
        facts,
        start,
        facts.minutes if minutes is None else minutes,
        conflicts.place(desk, location) if location else None,
    )
    try:
        conflicts.find_slot(desk, wish)
    except (Conflict, Invalid, NotAllowed) as refusal:
        return refusal.message
    return ""


def week_strip(desk: Desk, providers: Collection[str], monday: date) -> list[Strip]:
    """Each provider's week at a glance, Monday to Friday and any weekend day with hours."""
    desk.require("view_schedule")
    who = [conflicts.provider_facts(desk, code) for code in providers]
    if not who:
        return []
    monday -= timedelta(monday.weekday())
    week = [monday + timedelta(n) for n in range(7)]
    layout = Layout(desk, [p.id for p in who], week[0], week[-1])
    free: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for provider_id, day, wall_start, length in desk.rows(
        "SELECT provider_id, day, wall_start, ends_at - starts_at FROM free_interval"
        f" WHERE provider_id IN ({placeholders(who)}) AND day BETWEEN ? AND ?",
        *(p.id for p in who), week[0].isoformat(), week[-1].isoformat(),
    ):  # fmt: skip
        start = int(wall_start[11:13]) * 60 + int(wall_start[14:16])
        free.setdefault((provider_id, day), []).append((start, start + length))
    hours = desk.rows("SELECT min(opens), max(closes) FROM location WHERE active = 1")[0]
    opens, closes = min(hours[0] or 480, 660), max(hours[1] or 1020, 780)
    strips = []
    for provider in who:
        blocks = {day: layout.day(provider.id, day) for day in week}
        shown = [d for d in week if d.weekday() < 5 or any(b.open for b in blocks[d])]
        halves: list[list[str]] = [[], []]
        for day in shown:
            stretches = free.get((provider.id, day.isoformat()), [])
            for half, (start, end) in zip(halves, ((opens, 720), (720, closes)), strict=True):
                if not any(b.location_id for b in blocks[day]):
                    half.append("off")
                    continue
                edges = [start + (end - start) * n // _STRIP for n in range(_STRIP + 1)]
                half.append(
                    "".join(
                        _cell(a, b, blocks[day], stretches) for a, b in itertools.pairwise(edges)
                    )
                )
        strips.append(Strip(provider.code, tuple(shown), tuple(halves[0]), tuple(halves[1])))
    return strips


def _cell(start: int, end: int, blocks: list[Any], free: list[tuple[int, int]]) -> str:
    if any(min(b, end) - max(a, start) >= conflicts.SHORTEST_VISIT for a, b in free):
        return "."
    open_here = any(b.open and b.start_minute < end and start < b.end_minute for b in blocks)
    return "#" if open_here else "x"


def _wanted(
    desk: Desk,
    visit_type: str,
    provider: str | None,
    location: str | None,
    first: date | None,
    days: int,
    weekdays: Collection[int] | None,
    after: time | None,
    before: time | None,
    minutes: int | None,
) -> _Search:
    if type(days) is not int or not 1 <= days <= MOST_DAYS:
        raise Invalid(f"Look 1 to {MOST_DAYS} days ahead", "For example 90", field="days")
    facts = conflicts.type_facts(desk, visit_type)
    length = facts.minutes if minutes is None else conflicts.checked_minutes(minutes)
    takers = _takers(desk, facts.id)
    everybody = provider is None or provider.strip().lower() == "any"
    if not everybody:
        who = conflicts.provider_facts(desk, provider or "")
        if who.id not in takers:
            raise Conflict(f"{who.code} does not take {facts.code} visits", "Choose another",
                           rule="provider_type")  # fmt: skip
        takers = {who.id: who.code}
    places = {
        row[0]: (row[1], row[2])
        for row in desk.rows("SELECT id, code, zone FROM location WHERE active = 1")
    }
    if location:
        here = conflicts.place(desk, location)
        places = {here.id: (here.code, here.zone)}
    today = desk.today()
    first = max(first or today, today)
    if (first - today).days > MOST_DAYS:
        raise Invalid("That is further ahead than the schedule is open", "Choose an earlier day",
                      field="first")  # fmt: skip
    step = next((n for n in (15, 10) if length % n == 0), 5)
    return _Search(
        facts.code, length, step, takers, everybody, places, epoch_minute(desk.now()) + 1, first,
        first + timedelta(days - 1), frozenset(range(7) if weekdays is None else weekdays),
        after, before,
    )  # fmt: skip


def _takers(desk: Desk, visit_type_id: int) -> dict[int, str]:
    """Active providers who take a visit type; one without any list takes them all."""
    return dict(desk.rows(_TAKERS, visit_type_id))


def _find(desk: Desk, wanted: _Search, limit: int) -> list[Opening]:
    """The first start of each stretch; when those are few, the further starts inside them."""
    if not (wanted.providers and wanted.locations and wanted.weekdays):
        return []
    holds = desk.rows(
        "SELECT provider_id, starts_at, starts_at + minutes FROM slot_hold"
        " WHERE desk <> ? AND expires_at > ?", desk.workstation, utc_text(desk.now()),
    )  # fmt: skip
    seen: list[tuple[tuple[Any, ...], Iterator[int]]] = []
    found: list[tuple[int, Opening]] = []
    for row in _stretches(desk, wanted):
        starts = _starts(wanted, row, holds)
        start = next(starts, None)
        if start is None:
            continue
        found.append((start, _opening(wanted, row, start)))
        seen.append((row, starts))
        if len(found) >= limit:
            break
    known = {(at, opening.provider) for at, opening in found}
    for row, starts in seen:
        if len(found) >= limit:
            break
        for start in starts:
            opening = _opening(wanted, row, start)
            if (start, opening.provider) not in known:
                known.add((start, opening.provider))
                found.append((start, opening))
            if len(found) >= limit:
                break
    found.sort(key=lambda pair: pair[0])
    return [opening for _, opening in found]


def _stretches(desk: Desk, wanted: _Search) -> Iterator[tuple[Any, ...]]:
    """The rows of the table that may hold an opening, in order of time, a few at a time."""
    midnight = _midnight(wanted.first)
    until = _midnight(wanted.last) + 2 * DAY_MINUTES
    at, last_id, batch = midnight - DAY_MINUTES, 0, _BATCH
    ids = list(wanted.providers)
    # The plus keeps the planner on the index by time when many providers will do; the length in
    # plain digits, on the one of them that leaves out what is too short to matter.
    column = "+f.provider_id" if wanted.everybody else "f.provider_id"
    class_of = next((n for n in reversed(LENGTH_CLASSES) if n <= wanted.minutes), None)
    long_enough = ""
    if wanted.everybody and class_of is not None:
        long_enough = f" AND f.ends_at - f.starts_at >= {class_of}"
    weekdays = sorted(wanted.weekdays)
    sql = (
        f"{_FREE}{long_enough} AND {column} IN ({placeholders(ids)})"
        f" AND f.weekday IN ({placeholders(weekdays)}){_LATER}"
    )
    before = f"{wanted.before:%H:%M}" if wanted.before else "24:00"
    earliest = max(wanted.earliest, midnight - DAY_MINUTES)
    while True:
        found = desk.rows(sql, at, last_id, until, wanted.minutes, earliest, before, *ids,
                          *weekdays, batch)  # fmt: skip
        yield from found
        if len(found) < batch:
            return
        at, last_id, batch = found[-1][2], found[-1][6], batch * 4


def _midnight(day: date) -> int:
    """The UTC minute of midnight of ``day`` in Greenwich, a day or less from any clinic's."""
    return (day - date(1970, 1, 1)).days * DAY_MINUTES


def _starts(wanted: _Search, row: tuple[Any, ...], holds: list[tuple[Any, ...]]) -> Iterator[int]:
    """The instants inside one free stretch at which the visit may start."""
    provider_id, location_id, begins, ends, wall_start, visit_types, _ = row
    if location_id not in wanted.locations:
        return
    if visit_types and wanted.visit_type not in visit_types.split():
        return
    day = date.fromisoformat(wall_start[:10])
    if not wanted.first <= day <= wanted.last or day.weekday() not in wanted.weekdays:
        return
    zone = wanted.locations[location_id][1]
    off_raster = -int(wall_start[14:16]) % 5
    start = begins + off_raster
    if start < wanted.earliest:
        start += -(-(wanted.earliest - start) // 5) * 5
    while start + wanted.minutes <= ends:
        wall = local(from_epoch_minute(start), zone)
        end = wall + timedelta(minutes=wanted.minutes)
        if wanted.before and (end.time() > wanted.before or end.date() > wall.date()):
            return
        busy = next(
            (h for h in holds if h[0] == provider_id and h[1] < start + wanted.minutes
             and start < h[2]), None,
        )  # fmt: skip
        if busy is not None:
            start = busy[2]
            continue
        if wanted.after is None or wall.time() >= wanted.after:
            yield start
        start += wanted.step


def _opening(wanted: _Search, row: tuple[Any, ...], start: int) -> Opening:
    code, zone = wanted.locations[row[1]]
    wall = local(from_epoch_minute(start), zone)
    return Opening(wall, wanted.minutes, wanted.providers[row[0]], code)


def _why(number: int, opening: Opening, usual: int | None) -> str:
    if number == 0:
        return "first that fits"
    if usual is not None and opening.start.weekday() == usual:
        return f"keeps the usual day ({opening.start:%a})"
    return ""


def _usual_day(desk: Desk, patient_id: int) -> int | None:
    """The weekday of most of a patient's last visits, when it is most of them."""
    found = desk.rows(_USUAL, known_id(patient_id))
    days = Counter(date.fromisoformat(day).weekday() for (day,) in found)
    weekday, times = max(days.items(), key=lambda item: item[1], default=(0, 0))
    return weekday if times >= 2 and times * 2 > len(found) else None


def _others(desk: Desk, wanted: _Search, openings: list[Opening]) -> list[Opening]:
    """Somebody else in the same half day, and the last working day before the one asked for."""
    found: list[Opening] = []
    ahead = openings[0].start if openings else None
    if not wanted.everybody:
        facts = conflicts.type_facts(desk, wanted.visit_type)
        rest = {k: v for k, v in _takers(desk, facts.id).items() if k not in wanted.providers}
        day = ahead.date() if ahead else wanted.first
        morning = ahead.time() < _NOON if ahead else True
        half = replace(
            wanted, providers=rest, first=day, last=day,
            after=wanted.after or (None if morning else _NOON),
            before=wanted.before or (_NOON if morning else None),
        )  # fmt: skip
        name = "morning" if morning else "afternoon"
        found += [
            replace(o, why=f"other provider, same {name}" if ahead else "other provider")
            for o in _find(desk, half, 1)
        ]
    today = desk.today()
    for back in range(1, 8):
        day = wanted.first - timedelta(back)
        if day < today:
            break
        earlier = _find(desk, replace(wanted, first=day, last=day), 1)
        if earlier:
            days = f"{back} day{'s' if back > 1 else ''}"
            found.append(replace(earlier[0], why=f"{days} before {show_short(wanted.first)}"))
            break
    return found


def usual(desk: Desk, patient_id: int | None) -> tuple[str, str]:
    """The visit type and the provider to offer first: those of the last visit, or the usual ones.

    Without any visit it is the patient's own provider, or anyone, and the first visit type.
    """
    first = desk.rows("SELECT code FROM visit_type WHERE active = 1 ORDER BY sort_order LIMIT 1")
    kind = first[0][0] if first else ""
    if patient_id is None:
        return kind, "any"
    last = desk.rows(
        "SELECT v.code, p.code FROM appointment a JOIN visit_type v ON v.id = a.visit_type_id"
        " JOIN provider p ON p.id = a.provider_id WHERE a.patient_id = ? AND v.active = 1"
        " AND p.active = 1 AND v.new_patient = 0 AND a.lifecycle IN ('scheduled', 'completed')"
        " ORDER BY a.starts_at DESC LIMIT 1",
        known_id(patient_id),
    )
    if last:
        return last[0][0], last[0][1]
    own = desk.rows(
        "SELECT p.code FROM patient t JOIN provider p ON p.id = t.provider_id"
        " WHERE t.id = ? AND p.active = 1",
        patient_id,
    )
    return kind, own[0][0] if own else "any"
