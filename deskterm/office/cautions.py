"""What is to be said about a booking although it may stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from deskterm.db.scheduling import Appointment
from deskterm.entry.times import show_time
from deskterm.errors import NotFound
from deskterm.office import access, permits
from deskterm.office.desk import Desk, known_id


@dataclass(frozen=True)
class Caution:
    """Something to be said about a booking that does not stand in its way."""

    rule: str
    message: str


def cautions(desk: Desk, appointment_id: int) -> list[Caution]:
    """What to say about a visit although it may stand: a second one that day, authorization."""
    desk.require("view_schedule")
    appointment = Appointment.get_or_none(Appointment.id == known_id(appointment_id))
    if appointment is None:
        raise NotFound(f"No such appointment: {appointment_id}", "Look it up again")
    access.require_patient(desk, appointment.patient_id)
    patient_id, day = appointment.patient_id, appointment.day.isoformat()
    said: list[Caution] = []
    for code, wall_start, where in desk.rows(
        "SELECT p.code, a.wall_start, l.name FROM appointment a"
        " JOIN provider p ON p.id = a.provider_id JOIN location l ON l.id = a.location_id"
        " WHERE a.patient_id = ? AND a.day = ? AND a.id <> ?"
        " AND a.lifecycle IN ('scheduled', 'completed') ORDER BY a.starts_at",
        patient_id, day, appointment_id,
    ):  # fmt: skip
        at = show_time(datetime.fromisoformat(wall_start).time())
        said.append(
            Caution("patient_same_day", f"Also booked that day: {at} with {code} at {where}")
        )
    permit = permits.of_visit(desk, appointment)
    if not permit.ok:
        said.append(Caution("authorization", permit.words))
    return said
