"""Which room a patient is taken to: one of the location's, and free."""

from __future__ import annotations

from deskterm import clock
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Room
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, Invalid
from deskterm.office import stages
from deskterm.office.desk import Desk, Operation
from deskterm.text import fold

_IN_USE = """
SELECT stage_since, zone FROM appointment
WHERE room_id = ? AND id <> ? AND day = ? AND lifecycle = 'scheduled'
  AND stage IN ('roomed', 'with_provider')
LIMIT 1"""


def free(desk: Desk, location: str) -> list[str]:
    """The rooms at ``location`` (its code) that no visit of today is in."""
    found = desk.rows(
        "SELECT r.name FROM room r JOIN location l ON l.id = r.location_id"
        " WHERE l.code = ? AND r.active = 1 AND NOT EXISTS ("
        "   SELECT 1 FROM appointment a WHERE a.room_id = r.id AND a.day = ?"
        "   AND a.lifecycle = 'scheduled' AND a.stage IN ('roomed', 'with_provider'))"
        " ORDER BY r.id",
        location, desk.today().isoformat(),
    )  # fmt: skip
    return [name for (name,) in found]


def find(op: Operation, appointment: Appointment, typed: str, stage: str) -> Room:
    """The room ``typed`` names (or the number in its name), free for this visit at ``stage``.

    Raises Invalid for a room that the location does not have, Conflict for one in use.
    """
    rooms = list(
        Room.select().where(Room.location == appointment.location_id, Room.active).order_by(Room.id)
    )
    wanted = fold(typed)
    named = [r for r in rooms if fold(r.name) == wanted] or [
        r for r in rooms if wanted and wanted in fold(r.name).split()
    ]
    if len(named) != 1:
        known = ", ".join(r.name for r in rooms) or "no rooms are set up here"
        raise Invalid("No such room here", f"One of: {known}", field="room")
    if stage in stages.IN_ROOM:
        _must_be_free(op, appointment, named[0], rooms)
    return named[0]


def _must_be_free(op: Operation, appointment: Appointment, wanted: Room, rooms: list[Room]) -> None:
    day = clock.local(op.now, appointment.zone).date().isoformat()
    used = op.desk.rows(_IN_USE, wanted.id, appointment.id, day)
    if not used:
        return
    since, zone = used[0]
    at = clock.local(clock.parse_utc_text(since), zone)
    free = [r.name for r in rooms if not op.desk.rows(_IN_USE, r.id, appointment.id, day)]
    raise Conflict(
        f"Room {wanted.name} is in use since {show_time(at.time())}",
        f"Free now: {', '.join(free) or 'none'}",
        rule="room_taken",
    )
