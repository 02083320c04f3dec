"""What happened on a visit, for the card and the waiting room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deskterm.clock import parse_utc_text
from deskterm.office import access
from deskterm.office.desk import Desk


@dataclass(frozen=True)
class Event:
    """One move of a visit; ``skipped`` are the stages passed over, ``undoes`` a move's id."""

    id: int
    at: datetime
    by: str
    desk: str
    from_stage: str
    to_stage: str
    from_lifecycle: str
    to_lifecycle: str
    skipped: tuple[str, ...]
    backward: bool
    reason: str
    room: str
    undoes: int | None


@dataclass(frozen=True)
class Note:
    """A line jotted on a visit."""

    at: datetime
    by: str
    text: str


def moves(desk: Desk, appointment_id: int) -> list[Event]:
    """Every move of a visit, oldest first."""
    desk.require("view_schedule")
    _open(desk, appointment_id)
    found = desk.rows(
        "SELECT id, at, by, desk, from_stage, to_stage, from_lifecycle, to_lifecycle, skipped,"
        " backward, reason, room, undoes_id FROM stage_event WHERE appointment_id = ? ORDER BY id",
        appointment_id,
    )
    return [
        Event(
            r[0], parse_utc_text(r[1]), r[2], r[3], r[4], r[5], r[6], r[7], tuple(r[8].split()),
            bool(r[9]), r[10], r[11], r[12],
        )
        for r in found
    ]  # fmt: skip


def notes(desk: Desk, appointment_id: int) -> list[Note]:
    """What was jotted on a visit, oldest first."""
    desk.require("view_schedule")
    _open(desk, appointment_id)
    found = desk.rows(
        "SELECT at, by, text FROM visit_note WHERE appointment_id = ? ORDER BY id", appointment_id
    )
    return [Note(parse_utc_text(at), by, text) for at, by, text in found]


def _open(desk: Desk, appointment_id: int) -> None:
    """Refuse the visit of a patient whose restricted record this person has not opened."""
    for (patient_id,) in desk.rows(
        "SELECT patient_id FROM appointment WHERE id = ?", appointment_id
    ):
        access.require_patient(desk, patient_id)
