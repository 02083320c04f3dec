"""Writing money down inside an operation: the rows of charges, payments and voids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from deskterm.clock import local
from deskterm.db import journal
from deskterm.db.patients import Patient
from deskterm.db.payments import Allocation, Charge, Payment, Tender
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office.desk import Desk, Operation
from deskterm.office.dues import Due, sum_of

_TODAYS_VISIT = """
SELECT location_id FROM appointment
WHERE patient_id = ? AND day = ? AND lifecycle IN ('scheduled', 'completed')
ORDER BY stage = 'expected', starts_at LIMIT 1"""


def payer(op: Operation, patient_id: int) -> Patient:
    """The patient, whose record must be one that money may be booked on."""
    patient = op.get(Patient, patient_id)
    if patient.status in ("merged", "entered_in_error"):
        raise Conflict(
            f"This record is {patient.status.replace('_', ' ')}; no money is booked on it",
            "Look the patient up again",
            rule="patient_status",
        )
    return patient


def visit_of(op: Operation, patient_id: int, appointment_id: int | None) -> Appointment | None:
    """The visit named, which must be the patient's. Raises NotFound, Invalid."""
    if appointment_id is None:
        return None
    appointment = op.get(Appointment, appointment_id)
    if appointment.patient_id != patient_id:
        raise Invalid("That visit is another patient's", "Look it up again", field="appointment")
    return appointment


def place_of(
    op: Operation, patient_id: int, appointment: Appointment | None, code: str | None
) -> Location:
    """Where the money is taken: as said, at the visit, where the patient is today, or the first."""
    if code is not None:
        found = Location.get_or_none(Location.code == code.strip().upper(), Location.active)
        if found is None:
            raise NotFound("No such location", "Look at the list of locations")
        return found
    if appointment is not None:
        return op.get(Location, appointment.location_id)
    visit = op.desk.rows(_TODAYS_VISIT, patient_id, op.desk.today().isoformat())
    if visit:
        return op.get(Location, visit[0][0])
    found = Location.select().where(Location.active).order_by(Location.id).first()
    if found is None:
        raise NotFound("No location is set up yet", "deskterm admin adds one")
    return found


def charged(op: Operation, patient: Patient, item: Due, day: date) -> int | None:
    """The charge that ``item`` stands for, written now if it is not there yet."""
    if item.charge_id is not None or item.purpose == "prepayment":
        return item.charge_id
    return op.create(
        Charge,
        patient=patient,
        appointment=item.appointment_id,
        kind=item.kind,
        amount_cents=item.full_cents,
        service_day=item.service_day,
        business_day=day,
        posted_at=op.now,
        by=op.desk.actor.login,
    ).id


def post(
    op: Operation,
    kind: str,
    patient: Patient,
    appointment_id: int | None,
    place: Location,
    day: date,
    total: int,
    *,
    tenders: Sequence[dict[str, Any]],
    allocations: Sequence[tuple[str, int | None, int]],
    **columns: Any,
) -> Payment:
    """Write a payment with the next receipt number of its place and day, then seal it.

    Charges made or reversed with it are written already, so the balance after it is right.
    """
    sequence = op.desk.rows(
        "SELECT coalesce(max(sequence), 0) + 1 FROM payment"
        " WHERE location_id = ? AND business_day = ?",
        place.id, day.isoformat(),
    )[0][0]  # fmt: skip
    payment = op.create(
        Payment,
        kind=kind,
        patient=patient,
        appointment=appointment_id,
        location=place,
        drawer=op.desk.settings.drawer or op.desk.workstation,
        business_day=day,
        taken_at=op.now,
        by=op.desk.actor.login,
        desk=op.desk.workstation,
        receipt=f"{place.receipt_prefix.upper()}-{day:%y%m%d}-{sequence:03d}",
        sequence=sequence,
        total_cents=total,
        balance_after_cents=sum_of(op.desk, patient.id) - total,
        **columns,
    )
    for tender in tenders:
        op.create(Tender, payment=payment, **tender)
    for purpose, charge_id, cents in allocations:
        op.create(
            Allocation, payment=payment, purpose=purpose, charge=charge_id, amount_cents=cents
        )
    payment.posted = True
    op.save(payment)
    op.about(payment, patient_id=patient.id)
    return payment


def reverse(op: Operation, original: Charge, day: date) -> Charge:
    """Take a charge back by its negative."""
    return op.create(
        Charge,
        patient=original.patient_id,
        appointment=original.appointment_id,
        kind=original.kind,
        description=original.description,
        amount_cents=-original.amount_cents,
        service_day=original.service_day,
        business_day=day,
        posted_at=op.now,
        by=op.desk.actor.login,
        reverses=original,
    )


def paid_on(desk: Desk, charge_id: int) -> int:
    """Cents taken for a charge, less voids."""
    found = desk.rows(
        "SELECT coalesce(sum(amount_cents), 0) FROM allocation WHERE charge_id = ?", charge_id
    )
    return int(found[0][0])


def charges_made_by(op: Operation, payment: Payment) -> list[Charge]:
    """Charges that the payment's own operation wrote and nothing else was paid on or reversed.

    They were the clerk's word for what the money was for, and go with it when it is voided.
    """
    entries = journal.read(op.desk.database, entity=("payment", payment.id), limit=1)
    made = [row["id"] for e in entries for row in e.changed if row["table"] == "charge"]
    free = []
    for charge_id in made:
        others = op.desk.rows(
            "SELECT coalesce(sum(amount_cents), 0) FROM allocation"
            " WHERE charge_id = ? AND payment_id <> ?",
            charge_id, payment.id,
        )[0][0]  # fmt: skip
        if not others and not op.desk.rows("SELECT 1 FROM charge WHERE reverses_id = ?", charge_id):
            free.append(op.get(Charge, charge_id))
    return free


def business_day(op: Operation, place: Location) -> date:
    """The date where the money is taken."""
    return local(op.now, place.zone).date()
