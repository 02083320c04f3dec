"""Which business day it is at a place, and whether it is open, being counted or closed."""

from __future__ import annotations

from datetime import date, timedelta

from deskterm.clock import local
from deskterm.db.staff import Location
from deskterm.errors import NotFound
from deskterm.office.desk import Desk


def place(desk: Desk, code: str | None = None) -> Location:
    """A location by code, or the clinic's first. Raises NotFound."""
    if code is None:
        found = Location.select().where(Location.active).order_by(Location.id).first()
    else:
        found = Location.get_or_none(Location.code == code.strip().upper())
    if found is None:
        raise NotFound("No such location", "Look at the list of locations")
    return found


def state(desk: Desk, location_id: int, day: date) -> str:
    """The last thing done with a business day: open, freeze, close or approve."""
    found = desk.rows(
        "SELECT action FROM day_close WHERE location_id = ? AND business_day = ?"
        " ORDER BY id DESC LIMIT 1",
        location_id, day.isoformat(),
    )  # fmt: skip
    action = found[0][0] if found else "open"
    return "open" if action in ("thaw", "reopen") else str(action)


def first_open_day(desk: Desk, place: Location) -> date:
    """The first day from today on that is neither being counted nor closed at the place."""
    day = local_day(desk, place)
    while state(desk, place.id, day) != "open":
        day += timedelta(days=1)
    return day


def local_day(desk: Desk, place: Location) -> date:
    """Today's date at the place."""
    return local(desk.now(), place.zone).date()


def being_counted(desk: Desk, location_id: int, latest: date) -> date | None:
    """The frozen day, if there is one."""
    for (found,) in desk.rows(
        "SELECT DISTINCT business_day FROM day_close WHERE location_id = ?"
        " AND business_day >= ? ORDER BY business_day",
        location_id, (latest - timedelta(days=7)).isoformat(),
    ):  # fmt: skip
        day = date.fromisoformat(found)
        if state(desk, location_id, day) == "freeze":
            return day
    return None
