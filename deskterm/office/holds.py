"""Slots that a desk is about to book: seen by the others, lapsing by themselves.

Holds come and go with the cursor, so they leave no journal entry.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from deskterm import clock as clocks
from deskterm.clock import epoch_minute, from_epoch_minute, local, parse_utc_text, utc_text
from deskterm.office.desk import Desk
from deskterm.values import dataclass

if TYPE_CHECKING:
    from deskterm.office.conflicts import Slot

_COLUMNS = """
SELECT h.id, p.code, h.provider_id, l.code, h.starts_at, h.minutes, h.desk, h.staff,
  h.expires_at, l.zone
FROM slot_hold h JOIN provider p ON p.id = h.provider_id JOIN location l ON l.id = h.location_id
"""


@dataclass(frozen=True)
class Hold:
    """A slot on hold; ``start`` and ``until`` are wall times."""

    id: int
    provider: str
    provider_id: int
    location: str
    start: datetime
    minutes: int
    desk: str
    staff: str
    until: datetime


def hold(desk: Desk, provider: str, location: str, start: datetime, minutes: int) -> Hold:
    """Hold a slot for this desk for the practice's ``hold_minutes``, instead of its last one.

    Raises Conflict when a visit or another desk has it.
    """
    from deskterm.office import conflicts, free_time

    with desk.operation("schedule.hold"):
        who = conflicts.provider_facts(desk, provider)
        where = conflicts.place(desk, location)
        conflicts.checked_minutes(minutes)
        start = conflicts.checked_start(desk, start)
        starts_at = epoch_minute(clocks.utc(start, where.zone))
        now = utc_text(desk.now())
        desk.rows("DELETE FROM slot_hold WHERE expires_at <= ? OR desk = ?", now, desk.workstation)
        found = [_hold(row) for row in desk.rows(
            _COLUMNS
            + "WHERE h.provider_id = ? AND h.starts_at < ? AND h.starts_at + h.minutes > ?",
            who.id, starts_at + minutes, starts_at)]  # fmt: skip
        free = desk.rows(
            "SELECT count(*) FROM free_interval WHERE provider_id = ? AND starts_at <= ?"
            " AND ends_at >= ?", who.id, starts_at, starts_at + minutes,
        )[0][0]  # fmt: skip
        slot = conflicts.Slot(who, where, start, starts_at, minutes, 0, False)
        if not free:
            visits = free_time.holding(desk, who.id, starts_at, slot.ends_at)
            raise conflicts.taken(desk, slot, visits)
        if len(found) >= free:
            raise conflicts.held(slot, found[0].desk, found[0].until)
        expires = desk.now() + timedelta(minutes=desk.settings.policy.hold_minutes)
        desk.rows(
            "INSERT INTO slot_hold (provider_id, location_id, day, starts_at, minutes, desk,"
            " staff, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            who.id, where.id, start.date().isoformat(), starts_at, minutes,
            desk.workstation, desk.actor.login, utc_text(expires),
        )  # fmt: skip
        row = desk.rows(_COLUMNS + "WHERE h.desk = ?", desk.workstation)[0]
    return _hold(row)


def release(desk: Desk) -> None:
    """Let go of what this desk holds."""
    if desk.rows("SELECT 1 FROM slot_hold WHERE desk = ? LIMIT 1", desk.workstation):
        with desk.operation("schedule.hold"):
            desk.rows("DELETE FROM slot_hold WHERE desk = ?", desk.workstation)


def holds(desk: Desk, day: date) -> list[Hold]:
    """The holds on one day that have not lapsed, of every desk."""
    desk.require("view_schedule")
    found = desk.rows(
        _COLUMNS + "WHERE h.day = ? AND h.expires_at > ? ORDER BY h.starts_at, h.id",
        day.isoformat(), utc_text(desk.now()),
    )  # fmt: skip
    return [_hold(row) for row in found]


def consume(desk: Desk, slot: Slot) -> None:
    """Drop this desk's hold on what it has now booked; inside the booking operation."""
    desk.rows(
        "DELETE FROM slot_hold WHERE desk = ? AND provider_id = ? AND starts_at < ?"
        " AND starts_at + minutes > ?",
        desk.workstation, slot.provider.id, slot.ends_at, slot.starts_at,
    )  # fmt: skip


def _hold(row: tuple[Any, ...]) -> Hold:
    hold_id, provider, provider_id, where, starts_at, minutes, by, staff, expires, zone = row
    start = local(from_epoch_minute(starts_at), zone)
    until = local(parse_utc_text(expires), zone)
    return Hold(hold_id, provider, provider_id, where, start, minutes, by, staff, until)
