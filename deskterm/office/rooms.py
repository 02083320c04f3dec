"""Which rooms of a location are free now."""

from __future__ import annotations

from deskterm.office.desk import Desk


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
