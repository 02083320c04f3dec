"""How long everybody of today has been here, waited, or is late: the times of the waiting room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from deskterm import clock as clocks
from deskterm.clock import epoch_minute, parse_utc_text
from deskterm.office.desk import Desk

# A note that begins so says that the patient was told about a delay.
TOLD = "told"
ASK_AGAIN = 20  # minutes after telling them until they are asked about again
WAITING = ("arrived", "checking_in", "checked_in")

# The plus keeps the planner to the visit's own moves: most of all moves undo nothing.
_SQL = """
SELECT a.id, a.starts_at, a.stage, v.wait_limit, a.stage_since,
  (SELECT max(e.at) FROM stage_event e WHERE e.appointment_id = a.id AND +e.undoes_id IS NULL
    AND (e.from_stage = 'expected' OR e.from_lifecycle IN ('no_show', 'left'))
    AND e.to_lifecycle = 'scheduled'
    AND NOT EXISTS (SELECT 1 FROM stage_event u WHERE u.undoes_id = e.id)),
  (SELECT max(n.at) FROM visit_note n
    WHERE n.appointment_id = a.id AND lower(n.text) LIKE ?)
FROM appointment a JOIN visit_type v ON v.id = a.visit_type_id
WHERE a.day = ? AND a.lifecycle = 'scheduled'
"""


@dataclass(frozen=True)
class Stay:
    """One visit of a day, as it stands at the moment of asking. Minutes; ``told_at`` wall time.

    ``here`` counts from the arrival, ``in_stage`` from the last move, ``late`` from the booked
    start; each is None where it does not apply.
    """

    appointment_id: int
    here: int | None
    in_stage: int | None
    late: int | None
    wait_limit: int
    is_waiting: bool
    told_at: datetime | None
    told_minutes: int | None

    @property
    def is_long(self) -> bool:
        """Whether they wait longer than the visit type, or the practice, allows."""
        return self.is_waiting and (self.in_stage or 0) >= self.wait_limit

    @property
    def should_be_told(self) -> bool:
        """Whether somebody should speak to them: a long wait, and nothing said lately."""
        return self.is_long and (self.told_minutes is None or self.told_minutes >= ASK_AGAIN)


def stays(desk: Desk, day: date) -> dict[int, Stay]:
    """Everybody still scheduled or here on ``day``, by appointment."""
    desk.require("view_schedule")
    now = desk.now()
    found = {}
    for appointment_id, starts_at, stage, limit, since, arrived, told in desk.rows(
        _SQL, f"{TOLD}%", day.isoformat()
    ):
        expected = stage == "expected"
        found[appointment_id] = Stay(
            appointment_id,
            here=None if expected else _minutes(arrived, now),
            in_stage=None if expected else _minutes(since, now),
            late=max(epoch_minute(now) - starts_at, 0) if expected else None,
            wait_limit=limit or desk.settings.policy.wait_limit,
            is_waiting=stage in WAITING,
            told_at=clocks.local(parse_utc_text(told), desk.zone) if told else None,
            told_minutes=_minutes(told, now),
        )
    return found


def room_count(desk: Desk) -> int:
    """Rooms in use by the practice."""
    return int(desk.rows("SELECT count(*) FROM room WHERE active = 1")[0][0])


def _minutes(since: str | None, now: datetime) -> int | None:
    if since is None:
        return None
    return max(int((now - parse_utc_text(since)).total_seconds() // 60), 0)
