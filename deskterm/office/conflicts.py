"""What can stand in the way of a visit, each with its own words; and where a visit would go.

The checks run inside the booking transaction, so what they find is still so when the visit is
written. ``why not`` on a screen runs the same checks.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from deskterm import clock as clocks
from deskterm.clock import epoch_minute, from_epoch_minute, local, parse_utc_text
from deskterm.db import journal
from deskterm.db.lanes import OVERBOOK_LANE
from deskterm.entry.dates import show_short
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import free_time
from deskterm.office.desk import Desk
from deskterm.office.free_time import LONGEST_VISIT, Held
from deskterm.office.laid_out import DAY_MINUTES, Block, Layout, Place, block_spans
from deskterm.text import safe
from deskterm.values import dataclass

SHORTEST_VISIT = 5
# What an overbooking with a reason may go over. Closed and away are not among them: nobody
# would be there.
OVERBOOKABLE = frozenset(
    {"slot_taken", "over_capacity", "outside_hours", "blocked", "type_not_allowed", "held"}
)
_PROVIDERS = "SELECT id, code FROM provider WHERE active = 1 ORDER BY sort_order, code"
_TYPES = """
SELECT id, code, minutes, name FROM visit_type WHERE active = 1 ORDER BY sort_order, code"""
_PLACES = "SELECT id, code, zone FROM location WHERE active = 1 ORDER BY code"


@dataclass(frozen=True)
class ProviderFacts:
    """What booking needs to know of a provider."""

    id: int
    code: str


@dataclass(frozen=True)
class TypeFacts:
    """What booking needs to know of a visit type."""

    id: int
    code: str
    minutes: int
    name: str


@dataclass(frozen=True)
class Slot:
    """Where and when a visit goes. ``starts_at`` is UTC minutes of the wall time ``start``."""

    provider: ProviderFacts
    location: Place
    start: datetime
    starts_at: int
    minutes: int
    lane: int
    overbooked: bool

    @property
    def ends_at(self) -> int:
        return self.starts_at + self.minutes

    @property
    def days(self) -> tuple[date, date]:
        """The wall days it starts and ends on."""
        end = local(from_epoch_minute(self.ends_at - 1), self.location.zone)
        return self.start.date(), end.date()


@dataclass(frozen=True)
class Wish:
    """What was asked for; ``but_not`` is an appointment that gives up its own time."""

    provider: ProviderFacts
    visit_type: TypeFacts
    start: datetime
    minutes: int
    location: Place | None = None
    second: bool | None = None
    walk_in: bool = False
    overbook_reason: str = ""
    but_not: int = 0


def provider_facts(desk: Desk, code: str) -> ProviderFacts:
    """The active provider with this code. Raises NotFound."""
    return ProviderFacts(*_coded(desk, "provider", _PROVIDERS, code))


def type_facts(desk: Desk, code: str) -> TypeFacts:
    """The active visit type with this code. Raises NotFound."""
    return TypeFacts(*_coded(desk, "visit type", _TYPES, code))


def place(desk: Desk, code: str) -> Place:
    """The active location with this code. Raises NotFound."""
    return Place(*_coded(desk, "location", _PLACES, code))


def _coded(desk: Desk, what: str, sql: str, code: object) -> tuple[Any, ...]:
    """The row of ``sql`` whose second column is ``code``; these lists are short."""
    wanted = str(code).strip().upper()
    found = desk.rows(sql)
    for row in found:
        if row[1].upper() == wanted:
            return row
    known = ", ".join(row[1] for row in found[:12]) or "none on file yet"
    raise NotFound(f"No {what} {safe(wanted)[:20]}", f"One of {known}")


def checked_minutes(minutes: object) -> int:
    """A visit's length. Raises Invalid."""
    if type(minutes) is not int or not SHORTEST_VISIT <= minutes <= LONGEST_VISIT:
        raise Invalid(
            f"A visit takes {SHORTEST_VISIT} to {LONGEST_VISIT} minutes",
            "For example 20m", field="minutes",
        )  # fmt: skip
    return minutes


def checked_start(desk: Desk, start: object) -> datetime:
    """A wall time to the minute within what is laid out. Raises Invalid."""
    if not isinstance(start, datetime) or start.tzinfo is not None:
        raise Invalid("A day and a clock time are needed", "For example 2026-03-25 13:20",
                      field="start")  # fmt: skip
    last = desk.today() + timedelta(desk.settings.policy.free_horizon)
    if start.date() > last:
        raise Invalid(
            f"The schedule is open until {last:%m/%d/%Y}", "Choose an earlier day", field="start"
        )
    return start.replace(second=0, microsecond=0)


def when(start: datetime) -> str:
    """``1:20p Wed Mar 25``."""
    return f"{show_time(start.time())} {show_short(start.date())}"


def find_slot(desk: Desk, wish: Wish) -> Slot:
    """Where the wished visit goes.

    Raises Conflict with the rule that stands in the way, Invalid for a time that does not
    exist, NotAllowed for an overbooking by somebody who may not.
    """
    wish_minutes = checked_minutes(wish.minutes)
    start = checked_start(desk, wish.start)
    _check_takes(desk, wish)
    layout = Layout(desk, [wish.provider.id], start.date(), start.date() + timedelta(2))
    blocks = layout.day(wish.provider.id, start.date())
    where = _where(desk, layout, wish, blocks)
    starts_at = _instant(start, where, wish.second)
    _check_past(desk, wish, start, starts_at, where)
    slot = Slot(wish.provider, where, start, starts_at, wish_minutes, 0, False)
    days = sorted(set(slot.days))
    laid = [b for day in days for b in block_spans(day, layout.day(wish.provider.id, day))]
    visits = _visits(desk, slot, laid, wish.but_not)
    try:
        over = [b for b in laid if b[0] < slot.ends_at and b[1] > starts_at]
        _check_hours(slot, over, blocks)
        _check_kept(slot, over, wish.visit_type.code)
        lane = _free_lane(desk, slot, over, visits, wish.visit_type.code)
    except Conflict as conflict:
        if conflict.rule not in OVERBOOKABLE or not wish.overbook_reason.strip():
            raise
        desk.require("overbook")
        lane = _overbook_lane(desk, slot, visits)
        return _at(slot, lane, overbooked=True)
    return _at(slot, lane, overbooked=False)


def _at(slot: Slot, lane: int, *, overbooked: bool) -> Slot:
    return Slot(
        slot.provider, slot.location, slot.start, slot.starts_at, slot.minutes, lane, overbooked
    )


def _check_takes(desk: Desk, wish: Wish) -> None:
    takes = [t for (t,) in desk.rows(
        "SELECT v.code FROM provider_visit_type t JOIN visit_type v ON v.id = t.visit_type_id"
        " WHERE t.provider_id = ? ORDER BY v.sort_order, v.code", wish.provider.id)]  # fmt: skip
    if takes and wish.visit_type.code not in takes:
        raise Conflict(
            f"{wish.provider.code} does not take {wish.visit_type.code} visits",
            f"{wish.provider.code} takes {', '.join(takes)}", rule="provider_type",
        )  # fmt: skip


def _where(desk: Desk, layout: Layout, wish: Wish, blocks: list[Block]) -> Place:
    """The location of the hours the visit starts in, else the likeliest one."""
    if wish.location is not None:
        return wish.location
    minute = wish.start.hour * 60 + wish.start.minute
    here = [b for b in blocks if b.start_minute <= minute < b.end_minute]
    for block in (*here, *blocks):
        if block.location_id in layout.places:
            return layout.places[block.location_id]
    usual = desk.rows(
        "SELECT location_id FROM weekly_template WHERE provider_id = ?"
        " ORDER BY starts_on DESC, id LIMIT 1", wish.provider.id,
    )  # fmt: skip
    if usual:
        return layout.places[usual[0][0]]
    if len(layout.places) == 1:
        return next(iter(layout.places.values()))
    raise Invalid(f"Where does {wish.provider.code} see the patient?", "Name a location",
                  field="location")  # fmt: skip


def _instant(start: datetime, where: Place, second: bool | None) -> int:
    if second is None and clocks.occurs(start, where.zone) == "twice":
        first = clocks.utc(start, where.zone).astimezone(clocks.zone(where.zone))
        later = clocks.utc(start, where.zone, second=True).astimezone(clocks.zone(where.zone))
        raise Conflict(
            f"{when(start)} comes twice: the clocks go back",
            f"Say which: the first ({first:%Z}) or the second ({later:%Z})",
            rule="ambiguous_hour",
        )
    return epoch_minute(clocks.utc(start, where.zone, second=bool(second)))


def _check_past(desk: Desk, wish: Wish, start: datetime, starts_at: int, where: Place) -> None:
    now = desk.now()
    today = local(now, where.zone).date()
    if start.date() < today:
        raise Conflict(f"{when(start)} is past", "Choose a day from today on", rule="past")
    if not wish.walk_in and starts_at + wish.minutes <= epoch_minute(now):
        raise Conflict(f"{when(start)} is over", "Choose a later time", rule="past")


def _check_hours(slot: Slot, over: list[tuple[int, int, Block]], blocks: list[Block]) -> None:
    """Every minute must lie in open time at the location."""
    who, day = slot.provider.code, show_short(slot.start.date())
    for _, _, block in over:
        if block.kind in ("closed", "away"):
            _closed(slot, block)
    covered = slot.starts_at
    for start, end, block in sorted(over, key=lambda b: b[0]):
        if start > covered:
            break
        if not block.open:
            until = _wall(min(end, start + DAY_MINUTES), slot)
            what = block.label.lower() if block.label else block.kind
            raise Conflict(
                f"{who} has {what} until {until} on {day}", _overbook_hint(), rule="blocked"
            )
        if block.location_id != slot.location.id:
            raise Conflict(
                f"{who} is at {block.location} then, not at {slot.location.code}",
                "Choose another time or location", rule="other_location",
            )  # fmt: skip
        covered = end
    if covered >= slot.ends_at:
        return
    for block in blocks:
        minute = slot.start.hour * 60 + slot.start.minute
        if not block.zone and block.start_minute <= minute < block.end_minute:
            _closed(slot, block)
    hours = _hours(blocks)
    raise Conflict(
        f"{who} works {hours} on {day}; {_wall(slot.starts_at, slot)} to "
        f"{_wall(slot.ends_at, slot)} is outside"
        if hours
        else f"{who} has no hours on {day}",
        "Choose a time in hours, or overbook with a reason", rule="outside_hours",
    )  # fmt: skip


def _closed(slot: Slot, block: Block) -> NoReturn:
    why = f": {block.label}" if block.label else ""
    day = show_short(slot.start.date())
    if block.kind == "away":
        raise Conflict(f"{slot.provider.code} is away on {day}{why}", "Choose another day",
                       rule="away")  # fmt: skip
    raise Conflict(f"Closed on {day}{why}", "Choose another day", rule="closed")


def _check_kept(slot: Slot, over: list[tuple[int, int, Block]], visit_type: str) -> None:
    for _, _, block in over:
        if block.open and not block.takes(visit_type):
            raise Conflict(
                f"{show_time(slot.start.time())} with {slot.provider.code} is kept for "
                f"{', '.join(block.visit_types.split())}",
                _overbook_hint(), rule="type_not_allowed",
            )  # fmt: skip


def _visits(desk: Desk, slot: Slot, laid: list[tuple[int, int, Block]], but_not: int) -> list[Held]:
    first = min([slot.starts_at, *(b[0] for b in laid)])
    last = max([slot.ends_at, *(b[1] for b in laid)])
    found = free_time.holding(desk, slot.provider.id, first, last)
    return [visit for visit in found if visit.id != but_not]


def _overlapping(slot: Slot, visits: list[Held]) -> list[Held]:
    return [v for v in visits if v.starts_at < slot.ends_at and v.ends_at > slot.starts_at]


def _free_lane(
    desk: Desk,
    slot: Slot,
    over: list[tuple[int, int, Block]],
    visits: list[Held],
    visit_type: str,
) -> int:
    """The first lane with room. Raises slot_taken, over_capacity, or held."""
    capacity = min(block.capacity for _, _, block in over)
    widest = max(block.capacity for _, _, block in over)
    free = [
        number
        for number, lane in enumerate(free_time.lanes(visits, widest))
        if number < capacity and not _overlapping(slot, lane)
    ]
    if not free:
        raise taken(desk, slot, _overlapping(slot, visits), capacity, visit_type)
    holds = desk.rows(
        "SELECT desk, expires_at FROM slot_hold WHERE provider_id = ? AND desk <> ?"
        " AND starts_at < ? AND starts_at + minutes > ? AND expires_at > ?",
        slot.provider.id, desk.workstation, slot.ends_at, slot.starts_at,
        clocks.utc_text(desk.now()),
    )  # fmt: skip
    if len(holds) >= len(free):
        who, expires = holds[0]
        raise held(slot, who, local(parse_utc_text(expires), slot.location.zone))
    return free[0]


def held(slot: Slot, who: str, until: datetime) -> Conflict:
    """The error for a slot that another desk is about to book."""
    return Conflict(
        f"{when(slot.start)} with {slot.provider.code} is held by {who} until "
        f"{show_time(until.time())}",
        "Choose another time, or wait", rule="held", desk=who,
    )  # fmt: skip


def taken(
    desk: Desk, slot: Slot, visits: list[Held], capacity: int = 1, visit_type: str = ""
) -> Conflict:
    """The error for a slot somebody has: which login, desk and when; and the nearest free time."""
    nearest = free_time.nearest(desk, slot.provider.id, visit_type, slot.minutes, slot.starts_at)
    details: dict[str, Any] = {"nearest": f"{nearest:%Y-%m-%d %H:%M}" if nearest else None}
    hint = f"Nearest free: {when(nearest)}" if nearest else "Choose another time"
    who = ""
    if visits:
        last = max(visits, key=lambda v: v.id)
        by, at_desk, at = _booked_by(desk, last.id)
        said = local(parse_utc_text(at), desk.zone)
        at_day = "" if said.date() == desk.today() else f" {show_short(said.date())}"
        who = f"{by} at {at_desk}" if at_desk else by
        details |= {"appointment_id": last.id, "by": by, "desk": at_desk, "at": at}
        who = f": booked by {who}, {show_time(said.time())}{at_day}"
    if capacity > 1:
        return Conflict(
            f"All {capacity} places at {when(slot.start)} with {slot.provider.code} are taken"
            f"{who.replace('booked', 'last booked')}", hint, rule="over_capacity", **details,
        )  # fmt: skip
    return Conflict(
        f"{when(slot.start)} with {slot.provider.code} is taken{who}", hint,
        rule="slot_taken", **details,
    )  # fmt: skip


def _booked_by(desk: Desk, appointment_id: int) -> tuple[str, str, str]:
    """Who put an appointment where it is: login, desk and moment, by the journal."""
    entries = journal.read(desk.database, entity=("appointment", appointment_id), newest_first=True)
    for entry in entries:
        for row in entry.changed:
            if (row["table"], row["id"]) != ("appointment", appointment_id):
                continue
            if row["before"] is None or "lifecycle" in (row["after"] or {}):
                return entry.actor, entry.desk, entry.at
    found = desk.rows("SELECT booked_by, booked_at FROM appointment WHERE id = ?", appointment_id)
    return found[0][0], "", found[0][1]


def _overbook_lane(desk: Desk, slot: Slot, visits: list[Held]) -> int:
    """The lane of one more overbooking. Raises Conflict at the practice's limit."""
    limit = desk.settings.policy.overbook_limit
    over = [v for v in _overlapping(slot, visits) if v.lane >= OVERBOOK_LANE]
    if len(over) >= limit:
        raise Conflict(
            f"{when(slot.start)} with {slot.provider.code} has {len(over)} overbookings "
            f"already; {limit} is the most",
            "Choose another time", rule="overbook_limit",
        )  # fmt: skip
    used = {v.lane for v in over}
    return next(n for n in itertools.count(OVERBOOK_LANE) if n not in used)


def _overbook_hint() -> str:
    return "Choose another time, or overbook with a reason"


def _wall(minute: int, slot: Slot) -> str:
    return show_time(local(from_epoch_minute(minute), slot.location.zone).time())


def _hours(blocks: list[Block]) -> str:
    """``8:00a-12:00p, 1:00p-5:00p``."""
    parts: list[list[int]] = []
    for block in blocks:
        if block.open and parts and parts[-1][1] == block.start_minute:
            parts[-1][1] = block.end_minute
        elif block.open:
            parts.append([block.start_minute, block.end_minute])
    midnight = datetime(2000, 1, 1)
    return ", ".join(
        "-".join(show_time((midnight + timedelta(minutes=m)).time()) for m in part)
        for part in parts
    )
