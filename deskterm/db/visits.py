"""What happened on the day of a visit: every change of stage, each with its time."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Record
from deskterm.db.fields import Choice, CleanText, Moment, Reference
from deskterm.db.scheduling import LIFECYCLES, STAGES, Appointment

CHECK_IN_STEPS = (
    ("identity", "identity"), ("contact", "contact"), ("insurance", "insurance"),
    ("forms", "forms"), ("authorization", "authorization"), ("money", "money"),
)  # fmt: skip
STEP_OUTCOMES = (
    ("confirmed", "confirmed"), ("missing", "missing"), ("overridden", "overridden"),
)  # fmt: skip


class StageEvent(Record):
    """One move of a visit; the last one of an appointment is where it stands.

    No-show and left change the lifecycle and keep the stage. ``undoes`` is the move that this
    one takes back; a move is taken back once.
    """

    title = "stage change"

    appointment = Reference(Appointment, index=True)
    at = Moment()
    by = CleanText(32)
    desk = CleanText(40)
    from_stage = Choice(STAGES)
    to_stage = Choice(STAGES)
    from_lifecycle = Choice(LIFECYCLES, default="scheduled")
    to_lifecycle = Choice(LIFECYCLES, default="scheduled")
    skipped = CleanText(120, help_text="stages passed over, separated by spaces")
    backward = BooleanField(default=False)
    reason = CleanText(200)
    room = CleanText(20)
    undoes = Reference("self", null=True, unique=True)


class CheckInStep(Record):
    """What was confirmed, missing or overridden when a patient was checked in."""

    title = "check-in step"

    appointment = Reference(Appointment, index=True)
    step = Choice(CHECK_IN_STEPS)
    outcome = Choice(STEP_OUTCOMES)
    detail = CleanText(200)
    at = Moment()
    by = CleanText(32)


class VisitNote(Record):
    """A line jotted on a visit: told about the delay, hearing aid left at the desk."""

    title = "visit note"

    appointment = Reference(Appointment, index=True)
    at = Moment()
    by = CleanText(32)
    text = CleanText(200)


MODELS = (StageEvent, CheckInStep, VisitNote)
_TABLES = ("stage_event", "check_in_step", "visit_note")
_REWRITTEN = "BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END"
TRIGGERS = (
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
    {_REWRITTEN}"""
        for table in _TABLES
        for verb in ("UPDATE", "DELETE")
    ),
    # INSERT OR REPLACE removes a row without asking the DELETE trigger
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
    {_REWRITTEN}"""
        for table in _TABLES
    ),
)
