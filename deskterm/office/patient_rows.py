"""Patients as lists show them: enough to tell people apart, never more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from deskterm.clock import age_on
from deskterm.office import access
from deskterm.office.access import HIDDEN_DAY
from deskterm.office.desk import Desk, placeholders

# Stage and lifecycle as the three letters of a list.
_STAGES = {
    "arrived": "ARR", "checking_in": "ARR", "checked_in": "CHK", "roomed": "RMD",
    "with_provider": "PRV", "ready": "CKO", "checked_out": "OUT",
}  # fmt: skip
_ENDED = {"no_show": "NSH", "completed": "OUT", "left": "OUT"}


@dataclass(frozen=True)
class PatientRow:
    """One person in a list. ``phone`` is E.164 or empty; ``alike`` marks a double of the name."""

    id: int
    mrn: str
    last_name: str
    first_name: str
    middle_name: str
    preferred_name: str
    birth_date: date
    sex: str
    phone: str
    today: str
    alike: bool
    status: str

    @property
    def name(self) -> str:
        """``SMITH, JOAN M``."""
        return list_name(self.last_name, self.first_name, self.middle_name)

    def age(self, on: date) -> int:
        """Whole years on that day; 0 of a restricted record."""
        if self.birth_date == HIDDEN_DAY:
            return 0
        return age_on(self.birth_date, on)


def list_name(last: str, first: str, middle: str = "") -> str:
    """A name as lists show it: capitals, with the initial of the middle name."""
    return " ".join(f"{last}, {first} {middle[:1]}".upper().split()).rstrip(",")


def clock_text(wall: datetime) -> str:
    """``11:30a``."""
    return f"{wall.hour % 12 or 12}:{wall:%M}{'a' if wall.hour < 12 else 'p'}"


# Another patient with the same names, or with names that sound so and the same birth year.
ALIKE_SQL = """(
    EXISTS (SELECT 1 FROM patient q WHERE q.last_key = p.last_key AND q.first_key = p.first_key
      AND q.id <> p.id AND q.status NOT IN ('merged', 'entered_in_error'))
    OR EXISTS (SELECT 1 FROM patient q WHERE q.sound_key = p.sound_key AND q.id <> p.id
      AND q.status NOT IN ('merged', 'entered_in_error')))"""
_ROWS_SQL = f"""SELECT p.id, p.mrn, p.last_name, p.first_name, p.middle_name, p.preferred_name,
    p.birth_date, p.sex, coalesce((SELECT f.number FROM patient_phone f
      WHERE f.patient_id = p.id AND f.ended_on IS NULL ORDER BY f.priority, f.id LIMIT 1), ''),
    {ALIKE_SQL}, p.status
    FROM patient p WHERE p.id IN (%s)"""
_AHEAD_SQL = """SELECT a.patient_id, a.wall_start, a.lifecycle, a.confirmation, a.stage, r.code
    FROM appointment a JOIN provider r ON r.id = a.provider_id
    WHERE a.patient_id IN (%s) AND a.starts_at >= ?
      AND a.lifecycle NOT IN ('cancelled', 'entered_in_error')
    ORDER BY a.patient_id, a.starts_at, a.id"""
_SEEN_SQL = """SELECT p.id, (SELECT a.day FROM appointment a WHERE a.patient_id = p.id
      AND a.lifecycle = 'completed' ORDER BY a.starts_at DESC LIMIT 1)
    FROM patient p WHERE p.id IN (%s)"""


def patient_rows(desk: Desk, ids: Sequence[int]) -> list[PatientRow]:
    """The people with these ids, in the order of ``ids``: four statements however many.

    Of a restricted record that this person may not open there are initials and the MRN.
    """
    desk.require("view_patients")
    if not ids:
        return []
    marks = placeholders(ids)
    when = visits_text(desk, ids)
    found = {}
    for row in desk.rows(_ROWS_SQL % marks, *ids):
        patient_id, mrn, last, first, middle, preferred, born, sex, phone, alike, status = row
        found[patient_id] = PatientRow(
            patient_id, mrn, last, first, middle, preferred, date.fromisoformat(born), sex, phone,
            when[patient_id], bool(alike), status,
        )  # fmt: skip
    for i in access.hidden(desk, found):
        who = found[i]
        found[i] = PatientRow(
            i, who.mrn, access.masked_name(desk, who.last_name, who.first_name), "", "", "",
            HIDDEN_DAY, "", "", "RESTRICTED", False, who.status,
        )  # fmt: skip
    return [found[i] for i in ids if i in found]


def visits_text(desk: Desk, ids: Sequence[int]) -> dict[int, str]:
    """By patient: ``11:30a NOVAK CNF`` today, else ``Apr 2 PATEL``, ``last seen 2024`` or ``none``.

    Of several visits today the next that is not over counts.
    """
    marks, wall = placeholders(ids), desk.wall()
    today, late_after = wall.date(), timedelta(minutes=desk.settings.policy.late_after)
    # Two days back in UTC reaches every visit of today in any zone; older ones are dropped.
    since = int((desk.now() - timedelta(days=2)).timestamp() // 60)
    current: dict[int, str] = {}
    over: dict[int, str] = {}
    ahead: dict[int, str] = {}
    for patient_id, start, lifecycle, confirmation, stage, provider in desk.rows(
        _AHEAD_SQL % marks, *ids, since
    ):
        at = datetime.fromisoformat(start)
        if at.date() == today:
            late = wall > at + late_after
            said = f"{clock_text(at)} {provider} {_state(lifecycle, confirmation, stage, late)}"
            going = lifecycle == "scheduled" and stage != "checked_out"
            (current if going else over).setdefault(patient_id, said)
        elif at.date() > today and lifecycle == "scheduled":
            ahead.setdefault(patient_id, f"{_day(at.date(), today)} {provider}")
    said_of = {**ahead, **over, **current}
    for patient_id, seen in desk.rows(_SEEN_SQL % marks, *ids):
        said_of.setdefault(patient_id, f"last seen {seen[:4]}" if seen else "none")
    return said_of


def _day(day: date, today: date) -> str:
    same_year = f"{day:%b} {day.day}"
    return same_year if day.year == today.year else f"{same_year} {day.year}"


def _state(lifecycle: str, confirmation: str, stage: str, late: bool) -> str:
    if lifecycle in _ENDED:
        return _ENDED[lifecycle]
    if stage in _STAGES:
        return _STAGES[stage]
    return "LAT" if late else "CNF" if confirmation == "confirmed" else "SCH"
