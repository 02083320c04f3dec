"""What happened on the day of a visit: every change of stage, each with its time."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Record
from deskterm.db.fields import Choice, CleanText, Moment, Reference
from deskterm.db.scheduling import STAGES, Appointment


class StageEvent(Record):
    """One move between stages; the last one of an appointment is its current stage."""

    title = "stage change"

    appointment = Reference(Appointment, index=True)
    at = Moment()
    by = CleanText(32)
    desk = CleanText(40)
    from_stage = Choice(STAGES)
    to_stage = Choice(STAGES)
    skipped = CleanText(120, help_text="stages passed over, separated by spaces")
    backward = BooleanField(default=False)
    reason = CleanText(200)
    room = CleanText(20)


class VisitNote(Record):
    """A line jotted on a visit: told about the delay, hearing aid left at the desk."""

    title = "visit note"

    appointment = Reference(Appointment, index=True)
    at = Moment()
    by = CleanText(32)
    text = CleanText(200)


MODELS = (StageEvent, VisitNote)
TRIGGERS = tuple(
    f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END"""
    for table in ("stage_event", "visit_note")
    for verb in ("UPDATE", "DELETE")
)
