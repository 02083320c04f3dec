"""What changes a charge without money: write-offs, contractual reductions, moves between sides.

Amounts are cents above zero; the rows they make say what each side owes less (or more).
"""

from __future__ import annotations

from deskterm.db.payments import ADJUSTMENT_KINDS, Adjustment, Charge
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import access, payments, posting, tendering
from deskterm.office.approvals import Approved
from deskterm.office.desk import Desk, Operation
from deskterm.office.ledger import left_on

SIDES = ("patient", "insurance")
# What a plan's contract or the copay's own charge explains: nobody gives anything away.
ALONE = ("contractual", "copay")


def adjust(
    desk: Desk,
    charge_id: int,
    *,
    kind: str,
    amount_cents: int,
    reason: str,
    side: str = "patient",
    note: str = "",
    key: str | None = None,
    approval: Approved | None = None,
) -> Adjustment:
    """Take something off a charge: never more than is left of it on that side.

    ``kind`` is one of the adjustments but a transfer, ``reason`` a code of
    ``adjustment_reason``. All but a contract's reduction needs ``approval``, the second
    person's yes. Raises Invalid, NotFound, Conflict, NotAllowed.
    """
    with desk.operation("charge.adjust", reason=reason, key=key, approval=approval) as op:
        if op.earlier:
            return op.get(Adjustment, op.earlier.entity_id or 0)
        if kind == "transfer" or kind not in dict(ADJUSTMENT_KINDS):
            known = ", ".join(code for code, _ in ADJUSTMENT_KINDS if code != "transfer")
            raise Invalid("No such adjustment", f"One of {known}", field="kind")
        if kind == "copay" and side == "patient":  # it would be a gift without a second person
            raise Invalid("A copay comes off the plan's part", "insurance", field="side")
        tendering.refuse_card_numbers(note=note)
        tendering.check_amount(amount_cents, desk.settings.policy.large_amount)
        found = _open(op, charge_id, side, amount_cents)
        if kind in ALONE:
            op.settled = True
        op.second_person(own=False)
        return _write(
            op,
            found,
            kind,
            patient=-amount_cents if side == "patient" else 0,
            insurance=-amount_cents if side == "insurance" else 0,
            reason=payments.reason_code(desk, "adjustment_reason", reason),
            note=note,
        )


def transfer(
    desk: Desk,
    charge_id: int,
    *,
    amount_cents: int,
    to: str,
    reason: str,
    note: str = "",
    key: str | None = None,
) -> Adjustment:
    """Move part of a charge to the patient (after the plan decided) or to the plan.

    Raises Invalid, NotFound, and Conflict for more than the other side has left.
    """
    with desk.operation("charge.transfer", reason=reason, key=key) as op:
        if op.earlier:
            return op.get(Adjustment, op.earlier.entity_id or 0)
        if to not in SIDES:
            raise Invalid("To whom?", "patient or insurance", field="to")
        tendering.refuse_card_numbers(note=note)
        tendering.check_amount(amount_cents, desk.settings.policy.large_amount)
        other = "insurance" if to == "patient" else "patient"
        found = _open(op, charge_id, other, amount_cents)
        moved = amount_cents if to == "patient" else -amount_cents
        return _write(
            op,
            found,
            "transfer",
            patient=moved,
            insurance=-moved,
            reason=payments.reason_code(desk, "transfer_reason", reason),
            note=note,
        )


def take_back(desk: Desk, adjustment_id: int, *, reason: str, key: str | None = None) -> Adjustment:
    """Take an adjustment or a transfer back by a row of its own. Raises NotFound, Conflict."""
    if not reason.strip():
        raise Invalid("Taking back an adjustment needs a reason", "Say why", field="reason")
    tendering.refuse_card_numbers(reason=reason)
    with desk.operation("charge.adjust", reason=reason, key=key) as op:
        if op.earlier:
            return op.get(Adjustment, op.earlier.entity_id or 0)
        op.settled = True  # what was given away is owed again
        original = op.get(Adjustment, adjustment_id)
        if original.reverses_id or desk.rows(
            "SELECT 1 FROM adjustment WHERE reverses_id = ?", adjustment_id
        ):
            raise Conflict("This adjustment is taken back already", "", rule="reversed")
        found = op.get(Charge, original.charge_id)
        for side, cents in (
            ("patient", original.patient_cents),
            ("insurance", original.insurance_cents),
        ):
            if cents > left_of(desk, found.id, side):
                raise Conflict(
                    "What was moved has been paid since", "Refund that first", rule="paid"
                )
        return _write(
            op,
            found,
            original.kind,
            patient=-original.patient_cents,
            insurance=-original.insurance_cents,
            reason=original.reason,
            note=reason,
            reverses=original,
        )


def charge(desk: Desk, charge_id: int) -> Charge:
    """One charge, to be looked at. Raises NotFound, NotAllowed."""
    desk.require("view_money")
    found = Charge.get_or_none(Charge.id == charge_id)
    if found is None:
        raise NotFound("No such charge", "Look at the account again")
    access.require_patient(desk, found.patient_id)
    return found


def left_of(desk: Desk, charge_id: int, side: str) -> int:
    """What is still open of a charge on one side; cents."""
    desk.require("view_money")
    return left_on(desk, charge_id, side)


def _open(op: Operation, charge_id: int, side: str, amount: int) -> Charge:
    if side not in SIDES:
        raise Invalid("Whose part?", "patient or insurance", field="side")
    found = op.get(Charge, charge_id)
    if found.reverses_id:
        raise Conflict("This row takes another charge back", "", rule="reversed")
    left = left_of(op.desk, charge_id, side)
    if amount > left:
        whose = "of the patient's" if side == "patient" else "of the plan's"
        raise Conflict(
            f"Only {show_cents(max(left, 0))} {whose} part is open",
            "Adjust that, or less",
            rule="adjust_over",
        )
    return found


def _write(
    op: Operation,
    charge: Charge,
    kind: str,
    *,
    patient: int,
    insurance: int,
    reason: str,
    note: str,
    reverses: Adjustment | None = None,
) -> Adjustment:
    place = _place(op, charge)
    made = op.create(
        Adjustment,
        charge=charge,
        kind=kind,
        patient_cents=patient,
        insurance_cents=insurance,
        reason=reason,
        note=note.strip(),
        business_day=posting.business_day(op, place),
        location=place,
        posted_at=op.now,
        by=op.desk.actor.login,
        reverses=reverses,
    )
    op.about(made, patient_id=charge.patient_id)
    return made


def _place(op: Operation, charge: Charge) -> Location:
    """Where the charge was made, or the visit was, or the clinic's first place."""
    if charge.location_id:
        return op.get(Location, charge.location_id)
    visit = op.get(Appointment, charge.appointment_id) if charge.appointment_id else None
    return posting.place_of(op, charge.patient_id, visit, None)
