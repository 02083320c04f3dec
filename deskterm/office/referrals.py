"""Referrals: somebody sends a patient to somebody, and the loop is closed by a report.

Out: ordered, sent, received, scheduled, completed, report received, reviewed. In: received,
scheduled, completed, reported (our letter went back). Each state is a row with its time, and has
a day by which the next one is due (domain.md 2.7).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from deskterm.db.authorizations import DIRECTIONS, AuthorizationEvent, Referral
from deskterm.db.patients import Patient
from deskterm.errors import Conflict, Invalid
from deskterm.office import permits
from deskterm.office.authorization_entry import business_day, check_diagnoses, check_npi
from deskterm.office.authorizations import write_note
from deskterm.office.desk import Desk, Operation, known_id
from deskterm.office.patient_entry import clean

# action -> the states it starts from, the state it leads to
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "send": (("ordered",), "sent"),
    "receive": (("ordered", "sent"), "received"),
    "schedule": (("ordered", "sent", "received", "scheduled"), "scheduled"),
    "complete": (("sent", "received", "scheduled"), "completed"),
    "report": (("sent", "received", "scheduled", "completed"), "reported"),
    "review": (("reported",), "reviewed"),
    "expire": (("ordered", "sent", "received", "scheduled"), "expired"),
    "void": (("ordered", "sent", "received", "scheduled", "completed", "reported"), "void"),
}
NEXT = {"ordered": "send", "sent": "receive", "received": "schedule", "scheduled": "complete",
        "completed": "report", "reported": "review"}  # fmt: skip
CLOSED = ("reviewed", "expired", "void")


@dataclass(frozen=True)
class ReferralEntry:
    """A referral as a form has it. ``provider`` is the code of ours who sends or is sent to."""

    direction: str = "out"
    number: str = ""
    from_name: str = ""
    from_npi: str = ""
    to_name: str = ""
    to_npi: str = ""
    to_phone: str = ""
    to_fax: str = ""
    provider: str = ""
    service: str = ""
    diagnoses: str = ""
    reason: str = ""
    urgent: bool = False
    visits: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def order(
    desk: Desk, patient_id: int, entry: ReferralEntry, *, appointment_id: int | None = None,
    key: str | None = None,
) -> Referral:  # fmt: skip
    """Note a referral; one that came in covers ``appointment_id``. Raises Invalid."""
    with desk.operation("referral.order", key=key) as op:
        if op.earlier:
            return op.get(Referral, op.earlier.entity_id or 0)
        patient = op.get(Patient, known_id(patient_id))
        values = _checked(desk, entry)
        state = "ordered" if entry.direction == "out" else "received"
        days = 1 if entry.urgent else 2
        made = op.create(
            Referral, patient=patient.id, **values, state=state, state_at=op.now,
            due_on=business_day(desk, days), created_at=op.now, created_by=desk.actor.login,
        )  # fmt: skip
        _event(op, made, "", state)
        if appointment_id is not None:
            from deskterm.db.scheduling import Appointment

            visit = op.get(Appointment, known_id(appointment_id))
            permits.cover(op, visit, permits.Wanted(referral_id=made.id, strict=False))
        op.about(made, patient_id=patient.id)
        return made


def edit(
    desk: Desk, referral_id: int, entry: ReferralEntry, *, version: int | None = None
) -> Referral:
    """Change what was ordered. Raises Stale, Invalid, Conflict for one that is over."""
    with desk.operation("referral.edit") as op:
        record = _read(op, referral_id, version)
        if record.state in CLOSED:
            raise Conflict(f"This referral is {record.state}", "Order another", rule="state")
        values = _checked(desk, entry)
        values.pop("direction")
        for name, value in values.items():
            setattr(record, name, value)
        op.save(record)
        return record


def send(
    desk: Desk, referral_id: int, *, note: str = "", due_on: date | None = None,
    version: int | None = None,
) -> Referral:  # fmt: skip
    """It went out, by fax, portal or letter (``note``)."""
    with desk.operation("referral.send") as op:
        due = due_on or business_day(desk, desk.settings.policy.referral_sent)
        return _step(op, referral_id, "send", version, note, due)


def receive(
    desk: Desk, referral_id: int, *, note: str = "", due_on: date | None = None,
    version: int | None = None,
) -> Referral:  # fmt: skip
    """The other practice says that it has it; it is scheduled next."""
    with desk.operation("referral.receive") as op:
        due = due_on or business_day(desk, desk.settings.policy.referral_sent)
        return _step(op, referral_id, "receive", version, note, due)


def schedule(
    desk: Desk, referral_id: int, *, on: date, note: str = "", version: int | None = None
) -> Referral:
    """The visit there is booked for ``on``."""
    with desk.operation("referral.schedule") as op:
        record = _step(op, referral_id, "schedule", version, note or f"for {on:%m/%d/%Y}", on)
        record.appointment_on = on
        op.save(record)
        return record


def complete(
    desk: Desk, referral_id: int, *, note: str = "", due_on: date | None = None,
    version: int | None = None,
) -> Referral:  # fmt: skip
    """They were seen; the report is awaited."""
    with desk.operation("referral.complete") as op:
        due = due_on or business_day(desk, desk.settings.policy.referral_report)
        return _step(op, referral_id, "complete", version, note, due)


def report(
    desk: Desk, referral_id: int, *, document: str = "", document_at: str = "", note: str = "",
    version: int | None = None,
) -> Referral:  # fmt: skip
    """The report came (``document`` and where it is); somebody must read it."""
    with desk.operation("referral.report") as op:
        record = _step(op, referral_id, "report", version, note, business_day(desk, 2))
        if document.strip():
            write_note(op, record, note, "", "", document, document_at, None, referral=record.id)
        return record


def review(desk: Desk, referral_id: int, *, note: str = "", version: int | None = None) -> Referral:
    """The report was read: the loop is closed."""
    with desk.operation("referral.review") as op:
        return _step(op, referral_id, "review", version, note, None)


def expire(desk: Desk, referral_id: int, *, reason: str, version: int | None = None) -> Referral:
    """Its time is over and nothing came of it."""
    return _end(desk, "referral.expire", "expire", referral_id, reason, version)


def void(desk: Desk, referral_id: int, *, reason: str, version: int | None = None) -> Referral:
    """It was a mistake, or is not wanted any more; visits that it covers lose it."""
    return _end(desk, "referral.void", "void", referral_id, reason, version)


def note(
    desk: Desk,
    referral_id: int,
    text: str = "",
    *,
    contact: str = "",
    call_reference: str = "",
    document: str = "",
    document_at: str = "",
    due_on: date | None = None,
) -> Referral:
    """Note a line, a call, or a paper (its name and where it is)."""
    with desk.operation("referral.note") as op:
        record = _read(op, referral_id, None)
        write_note(op, record, text, contact, call_reference, document, document_at, due_on,
                   referral=record.id)  # fmt: skip
        return record


def _end(
    desk: Desk, operation: str, action: str, referral_id: int, reason: str, version: int | None
) -> Referral:
    with desk.operation(operation, reason=reason) as op:
        if not reason.strip():
            raise Invalid("Why?", "A few words", field="reason")
        record = _step(op, referral_id, action, version, reason, None)
        for (permit_id,) in desk.rows(
            "SELECT l.id FROM visit_permit l JOIN appointment a ON a.id = l.appointment_id"
            " WHERE l.referral_id = ? AND l.released_at IS NULL AND a.lifecycle = 'scheduled'",
            record.id,
        ):  # fmt: skip
            permits.release(op, permit_id, "the referral is over")
        return record


def _step(
    op: Operation, referral_id: int, action: str, version: int | None, note: str,
    due: date | None,
) -> Referral:  # fmt: skip
    record = _read(op, referral_id, version)
    start, state = STEPS[action]
    if record.state not in start:
        raise Conflict(f"This referral is {record.state}; that does not come next",
                       f"From {', '.join(start)} only", rule="state")  # fmt: skip
    _event(op, record, record.state, state, note)
    record.state, record.state_at, record.due_on = state, op.now, due
    op.save(record)
    return record


def _read(op: Operation, referral_id: int, version: int | None) -> Referral:
    record = op.get(Referral, known_id(referral_id), version)
    op.about(record, patient_id=record.patient_id)
    return record


def _event(op: Operation, record: Referral, before: str, after: str, note: str = "") -> None:
    op.create(
        AuthorizationEvent, referral=record.id, at=op.now, by=op.desk.actor.login,
        from_state=before, to_state=after, note=note,
    )  # fmt: skip


def _checked(desk: Desk, entry: ReferralEntry) -> dict[str, Any]:
    values = {f.name: getattr(entry, f.name) for f in fields(entry)}
    if entry.direction not in dict(DIRECTIONS):
        raise Invalid("In or out?", "", field="direction")
    other = "to_name" if entry.direction == "out" else "from_name"
    if not values[other].strip():
        raise Invalid("Who is it " + ("sent to?" if other == "to_name" else "from?"), "A name",
                      field=other)  # fmt: skip
    if not entry.service.strip():
        raise Invalid("What is it for?", "cardiology consult", field="service")
    values["diagnoses"] = check_diagnoses(desk, entry.diagnoses, "diagnoses")
    for name in ("from_npi", "to_npi"):
        values[name] = check_npi(values[name], name)
    if entry.visits is not None and (type(entry.visits) is not int or not 1 <= entry.visits <= 999):
        raise Invalid("Visits are 1 to 999", "", field="visits")
    if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
        raise Invalid("It ends before it begins", "Check the dates", field="valid_to")
    code = entry.provider.strip()
    values["provider"] = None
    if code:
        found = desk.rows("SELECT id FROM provider WHERE upper(code) = upper(?)", code)
        if not found:
            raise Invalid(f"No provider {code[:12]}", "F4 shows them", field="provider")
        values["provider"] = found[0][0]
    return clean(Referral, values)
