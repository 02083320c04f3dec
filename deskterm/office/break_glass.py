"""Break-glass: opening a restricted record in need, loudly, and the review that follows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import clinic, credentials
from deskterm.office.desk import Desk

# The tables are brought in by what writes them: F8's number reads from here at the first screen.

MINUTES = 60
SHORTEST_REASON = 10
REVIEW_DAYS = 7


@dataclass(frozen=True)
class OpeningRow:
    """One emergency opening. Times are wall time; ``reviewed`` is empty until it was looked at."""

    id: int
    at: datetime
    until: datetime
    login: str
    name: str
    desk: str
    patient_id: int
    mrn: str
    code: str
    reason: str
    reviewed: str
    note: str
    overdue: bool

    def as_dict(self) -> dict[str, Any]:
        """The opening as ``--json`` prints it."""
        return asdict(self)


def break_glass(
    desk: Desk, patient_id: int, *, code: str, reason: str, secret: str = ""
) -> datetime:
    """Open a restricted record for an hour for this person; until when, UTC.

    ``code`` is of the list ``break_glass_reason``, ``reason`` ten characters or more, ``secret``
    the PIN of whoever has one. Raises Invalid, NotFound, NotAllowed.
    """
    from deskterm.db.break_glass import BreakGlass
    from deskterm.db.patients import Patient

    desk.require("break_glass")
    clinic.code(desk, "break_glass_reason", code)
    said = " ".join(reason.split())
    if len(said) < SHORTEST_REASON:
        raise Invalid(
            f"Say why in at least {SHORTEST_REASON} characters", "It is read later", field="reason"
        )
    if credentials.has_secret(desk, desk.actor.login):
        credentials.check(desk, desk.actor.login, secret, purpose="break_glass")
    with desk.operation(
        "patient.break_glass", patient_id=patient_id, reason=f"{code}: {said}"
    ) as op:
        patient = op.get(Patient, patient_id)
        if not patient.restricted:
            raise Conflict("This record is not restricted", "It opens as any other", rule="open")
        row = op.create(
            BreakGlass, staff=desk.actor.id, patient=patient_id, desk=desk.workstation, at=op.now,
            until=op.now + timedelta(minutes=MINUTES), code=code, reason=said,
        )  # fmt: skip
        op.about(row, patient_id=patient_id)
        until: datetime = row.until
    return until


def openings(desk: Desk, *, everything: bool = False) -> list[OpeningRow]:
    """Emergency openings that wait for a review, the oldest first; or all of them.

    Raises NotAllowed.
    """
    desk.require("review_access")
    where = "1 = 1" if everything else "b.reviewed_at IS NULL"
    found = desk.rows(
        "SELECT b.id, b.at, b.until, s.login, s.name, b.desk, b.patient_id, p.mrn, b.code,"
        " b.reason, coalesce(r.login, ''), b.note FROM break_glass b"
        " JOIN staff s ON s.id = b.staff_id JOIN patient p ON p.id = b.patient_id"
        f" LEFT JOIN staff r ON r.id = b.reviewer_id WHERE {where} ORDER BY b.at, b.id"
    )
    rows = []
    for number, at, until, *rest in found:
        began = parse_utc_text(at)
        reviewed = rest[-2]
        late = not reviewed and desk.now() - began > timedelta(days=REVIEW_DAYS)
        ends = local(parse_utc_text(until), desk.zone)
        values: list[Any] = [number, local(began, desk.zone), ends, *rest, late]
        rows.append(OpeningRow(*values))
    return rows


def review(desk: Desk, opening_id: int, *, note: str) -> None:
    """Note that an opening was looked into. Never one's own, and only once.

    Raises Invalid without a note, NotFound, NotAllowed, Conflict.
    """
    from deskterm.db.break_glass import BreakGlass

    if not note.strip():
        raise Invalid("Type what was found", "For example: on the schedule", field="note")
    with desk.operation("patient.review_access") as op:
        row = op.get(BreakGlass, opening_id)
        if row.reviewed_at is not None:
            raise Conflict("That was reviewed already", "It is kept as it is", rule="reviewed")
        if row.staff_id == desk.actor.id:
            raise NotAllowed("Nobody reviews themselves", "Ask: another reviewer")
        row.reviewed_at, row.reviewer, row.note = op.now, desk.actor.id, note.strip()
        op.about(row, patient_id=row.patient_id)
        op.save(row)


def number_of(desk: Desk, patient_id: int) -> str:
    """What a record is called while it may be closed: its MRN. Raises NotFound, NotAllowed."""
    desk.require("restrict_patients", patient_id=patient_id)
    found = desk.rows("SELECT mrn FROM patient WHERE id = ?", patient_id)
    if not found:
        raise NotFound(f"No such patient: {patient_id}", "Look it up again")
    return str(found[0][0])


def restrict(desk: Desk, patient_id: int, *, restricted: bool = True, reason: str) -> None:
    """Restrict a record (an employee's, a well-known person's), or lift that.

    Raises Invalid without a reason, NotFound, NotAllowed.
    """
    from deskterm.db.patients import Patient

    if not reason.strip():
        raise Invalid("Type why", "For example: works here", field="reason")
    name = "patient.restrict" if restricted else "patient.unrestrict"
    with desk.operation(name, patient_id=patient_id, reason=reason.strip()) as op:
        patient = op.get(Patient, patient_id)
        patient.restricted = restricted
        op.about(patient, patient_id=patient_id)
        op.save(patient)
