"""Emergency openings of restricted records."""

from __future__ import annotations

from deskterm.db.base import Record
from deskterm.db.fields import CleanText, Moment, Reference
from deskterm.db.guards import kept, no_replace
from deskterm.db.patients import Patient
from deskterm.db.staff import Staff


class BreakGlass(Record):
    """A restricted record opened without a relationship to the patient, until it is reviewed."""

    title = "emergency opening"

    staff = Reference(Staff)
    patient = Reference(Patient)
    desk = CleanText(40)
    at = Moment()
    until = Moment()
    code = CleanText(32)
    reason = CleanText(300)
    reviewed_at = Moment(null=True)
    reviewer = Reference(Staff, null=True)
    note = CleanText(300)

    class Meta:
        indexes = ((("staff", "patient", "until"), False),)


TRIGGERS = (
    *kept("break_glass", "delete"),
    no_replace("break_glass"),
    """CREATE TRIGGER break_glass_reviewed_once BEFORE UPDATE ON break_glass
    WHEN OLD.reviewed_at IS NOT NULL OR NEW.reviewed_at IS NULL OR NEW.reviewer_id IS NULL
      OR NEW.reviewer_id IS NEW.staff_id
      OR NEW.staff_id IS NOT OLD.staff_id OR NEW.patient_id IS NOT OLD.patient_id
      OR NEW.desk IS NOT OLD.desk OR NEW.at IS NOT OLD.at OR NEW.until IS NOT OLD.until
      OR NEW.code IS NOT OLD.code OR NEW.reason IS NOT OLD.reason
    BEGIN SELECT RAISE(ABORT, 'break_glass_review'); END""",
    "CREATE INDEX patient_restricted ON patient (id) WHERE restricted = 1",
)

MODELS = (BreakGlass,)
