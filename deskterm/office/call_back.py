"""The call that the nurses owe somebody who left without being seen."""

from __future__ import annotations

from deskterm.db.messages import Message, MessageEvent, Pool
from deskterm.db.scheduling import Appointment
from deskterm.office import clinic
from deskterm.office.desk import Operation
from deskterm.office.messages import due_at

_PHONE = """
SELECT number FROM patient_phone
WHERE patient_id = ? AND ended_on IS NULL AND voice_ok = 1
ORDER BY priority, id LIMIT 1"""


def after_leaving(op: Operation, appointment: Appointment, reason: str) -> Message:
    """Put an urgent call-back into the inbox that takes symptom calls."""
    _, _, detail = clinic.code(op.desk, "topic", "sym")
    code = str(detail.get("pool") or "RN")
    pool = Pool.get_or_none(Pool.code == code) or op.create(Pool, code=code, name=code)
    phone = op.desk.rows(_PHONE, appointment.patient_id)
    patient = appointment.patient
    message = op.create(
        Message,
        taken_at=op.now,
        taken_by=op.desk.actor.login,
        caller=f"{patient.first_name} {patient.last_name}".strip(),
        callback=phone[0][0] if phone else "",
        patient=patient,
        topic="sym",
        body="Left without being seen" + (f": {reason}" if reason else "") + ". Please call back.",
        urgency="urgent",
        pool=pool,
        due_at=due_at(op.desk, "urgent", moment=op.now),
    )
    op.create(MessageEvent, message=message, at=op.now, by=op.desk.actor.login, action="taken")
    return message
