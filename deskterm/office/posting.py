"""Writing money down inside an operation: the rows of charges, payments and voids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from deskterm.db import journal
from deskterm.db.patients import Patient
from deskterm.db.payments import Adjustment, Allocation, Charge, Payment, Tender
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import business_day as days
from deskterm.office import shifts
from deskterm.office.desk import Desk, Operation
from deskterm.office.dues import Due
from deskterm.office.ledger import INSURANCE_LEFT, sum_of

_TODAYS_VISIT = """
SELECT location_id FROM appointment
WHERE patient_id = ? AND day = ? AND lifecycle IN ('scheduled', 'completed')
ORDER BY stage = 'expected', starts_at LIMIT 1"""

# The adjustment ``j`` was not taken back, nor does it take one back.
_STANDS = """j.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM adjustment r WHERE r.reverses_id = j.id)"""


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


def charged(op: Operation, patient: Patient, item: Due, place: Location, day: date) -> int | None:
    """The charge that ``item`` stands for, written now if it is not there yet."""
    if item.charge_id is not None or item.purpose == "prepayment":
        return item.charge_id
    made = op.create(
        Charge,
        patient=patient,
        appointment=item.appointment_id,
        kind=item.kind,
        amount_cents=item.full_cents,
        service_day=item.service_day,
        business_day=day,
        posted_at=op.now,
        by=op.desk.actor.login,
        location=place,
    )
    if item.kind == "copay" and item.appointment_id is not None:
        settle_copay(op, item.appointment_id, place.id, day)
    return made.id


def settle_copay(op: Operation, appointment_id: int, place_id: int, day: date) -> None:
    """See that the plan's part of a visit's charges is less by what is charged as its copay."""
    copay = op.desk.rows(
        "SELECT coalesce(sum(amount_cents), 0) FROM charge"
        " WHERE appointment_id = ? AND kind = 'copay'",
        appointment_id,
    )[0][0]
    standing = op.desk.rows(
        "SELECT j.id, j.insurance_cents FROM adjustment j JOIN charge c ON c.id = j.charge_id"
        f" WHERE c.appointment_id = ? AND j.kind = 'copay' AND {_STANDS}",
        appointment_id,
    )
    if sum(cents for _, cents in standing) == -copay:
        return
    for adjustment_id, cents in standing:
        _offset(
            op, op.get(Adjustment, adjustment_id).charge_id, -cents, place_id, day, adjustment_id
        )
    for charge_id, left in op.desk.rows(
        f"SELECT c.id, {INSURANCE_LEFT} FROM charge c WHERE c.appointment_id = ?"
        " AND c.insurance_cents > 0 ORDER BY c.id",
        appointment_id,
    ):
        part = min(left, copay)
        if part > 0:
            _offset(op, charge_id, -part, place_id, day)
            copay -= part


def _offset(
    op: Operation,
    charge_id: int,
    cents: int,
    place_id: int,
    day: date,
    reverses: int | None = None,
) -> None:
    op.create(
        Adjustment,
        charge=charge_id,
        kind="copay",
        patient_cents=0,
        insurance_cents=cents,
        reason="copay",
        location=place_id,
        business_day=day,
        posted_at=op.now,
        by=op.desk.actor.login,
        reverses=reverses,
    )


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
    allocations: Sequence[dict[str, Any]],
    opening_cents: int | None = None,
    **columns: Any,
) -> Payment:
    """Write a payment with the next receipt number of its place and day, then seal it.

    Charges made or reversed with it are written already, so the balance after it is right.
    ``allocations`` hold the columns of each row; ``opening_cents`` is the float of a drawer
    that this opens.
    """
    own = sum(
        row["amount_cents"]
        for row in allocations
        if row.get("side", "patient") == "patient" and row.get("patient") in (None, patient.id)
    )
    sequence = op.desk.rows(
        "SELECT coalesce(max(sequence), 0) + 1 FROM payment"
        " WHERE location_id = ? AND business_day = ?",
        place.id, day.isoformat(),
    )[0][0]  # fmt: skip
    about = columns.get("voids") or columns.get("original")
    if about is not None:
        columns["plan"] = about.plan_id
    drawer = None
    if columns.get("plan") is None:
        drawer = shifts.for_document(op, kind, place, day, about, opening_cents)
    op.also.update(row["patient"] for row in allocations if row.get("patient"))
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
        balance_after_cents=sum_of(op.desk, patient.id) - own,
        shift=drawer,
        **columns,
    )
    for tender in tenders:
        op.create(Tender, payment=payment, **tender)
    # What is taken back goes first, so that no charge is ever paid twice on the way.
    for row in sorted(allocations, key=lambda row: row["amount_cents"] > 0):
        op.create(Allocation, payment=payment, **row)
    payment.posted = True
    op.save(payment)
    op.about(payment, patient_id=patient.id)
    return payment


def tender(like: Tender, cents: int) -> dict[str, Any]:
    """The columns of a tender of the same kind, card or check over another amount."""
    return {
        "kind": like.kind,
        "amount_cents": cents,
        "reference": like.reference,
        "card_brand": like.card_brand,
        "card_last4": like.card_last4,
        "approval": like.approval,
    }


def reverse(op: Operation, original: Charge, place: Location, day: date) -> Charge:
    """Take a charge back by its negative, and its share of the copay to the visit's others.

    Whoever asks has seen that nothing is paid on it and that it is not :func:`adjusted`.
    """
    made = op.create(
        Charge,
        patient=original.patient_id,
        appointment=original.appointment_id,
        kind=original.kind,
        description=original.description,
        amount_cents=-original.amount_cents,
        insurance_cents=-original.insurance_cents,
        service_day=original.service_day,
        business_day=day,
        posted_at=op.now,
        by=op.desk.actor.login,
        reverses=original,
        code=original.code,
        modifiers=original.modifiers,
        units=original.units,
        diagnoses=original.diagnoses,
        provider=original.provider_id,
        location=place,
    )
    offsets = op.desk.rows(
        "SELECT j.id, j.insurance_cents FROM adjustment j"
        f" WHERE j.charge_id = ? AND j.kind = 'copay' AND {_STANDS}",
        original.id,
    )
    for adjustment_id, cents in offsets:
        _offset(op, original.id, -cents, place.id, day, adjustment_id)
    if original.appointment_id is not None and (offsets or original.kind == "copay"):
        settle_copay(op, original.appointment_id, place.id, day)
    return made


def adjusted(op: Operation, charge_id: int) -> bool:
    """Whether something that stands was taken off a charge or moved between its sides.

    The copay's offset is not meant: it goes with the charge by itself.
    """
    return bool(
        op.desk.rows(
            "SELECT 1 FROM adjustment j"
            f" WHERE j.charge_id = ? AND j.kind <> 'copay' AND {_STANDS} LIMIT 1",
            charge_id,
        )
    )


def paid_on(desk: Desk, charge_id: int) -> int:
    """Cents taken for a charge, less voids."""
    found = desk.rows(
        "SELECT coalesce(sum(amount_cents), 0) FROM allocation WHERE charge_id = ?", charge_id
    )
    return int(found[0][0])


def charges_made_by(op: Operation, payment: Payment) -> list[Charge]:
    """Charges that the payment's own operation wrote, not paid otherwise, adjusted or reversed.

    They were the clerk's word for what the money was for, and go with it when it is voided.
    """
    free = []
    for charge_id in _made_by(op.desk, payment):
        others = op.desk.rows(
            "SELECT coalesce(sum(amount_cents), 0) FROM allocation"
            " WHERE charge_id = ? AND payment_id <> ?",
            charge_id, payment.id,
        )[0][0]  # fmt: skip
        gone = op.desk.rows("SELECT 1 FROM charge WHERE reverses_id = ?", charge_id)
        if not others and not gone and not adjusted(op, charge_id):
            free.append(op.get(Charge, charge_id))
    return free


def kept_by_void(desk: Desk, payment: Payment) -> list[tuple[str, str]]:
    """Kind and day of service of charges that a payment made and that were adjusted since."""
    desk.require("view_money")
    return [
        found
        for charge_id in _made_by(desk, payment)
        for found in desk.rows(
            "SELECT c.kind, c.service_day FROM charge c WHERE c.id = ? AND EXISTS ("
            f"SELECT 1 FROM adjustment j WHERE j.charge_id = c.id AND j.kind <> 'copay'"
            f" AND {_STANDS})",
            charge_id,
        )
    ]


def _made_by(desk: Desk, payment: Payment) -> list[int]:
    """The charges that the payment's own operation wrote."""
    entries = journal.read(desk.database, entity=("payment", payment.id), limit=1)
    return [row["id"] for e in entries for row in e.changed if row["table"] == "charge"]


def business_day(op: Operation, place: Location) -> date:
    """The day that money written down now belongs to, inside an operation."""
    return days.first_open_day(op.desk, place)
