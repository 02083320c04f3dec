"""What a plan pays: one check or transfer for charges of one or several patients. Cents.

Each line says what was paid on a charge, what the contract takes off, and what becomes the
patient's part. The money belongs to no drawer: it comes by mail or straight to the bank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from deskterm.db import journal
from deskterm.db.coverage import Plan
from deskterm.db.fields import word_of
from deskterm.db.patients import Patient
from deskterm.db.payments import CHARGE_KINDS, Adjustment, Charge, Payment
from deskterm.db.staff import Location
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import access, clinic, posting, tendering
from deskterm.office.desk import Desk, Operation
from deskterm.office.ledger import INSURANCE_LEFT, PATIENT_LEFT, left_on

METHODS = (("check", "check"), ("ach", "EFT"))
_OPEN = f"""
SELECT c.id, c.service_day, c.kind, c.code, c.description, c.amount_cents,
  {INSURANCE_LEFT} AS plan_left, {PATIENT_LEFT}
FROM charge c WHERE c.patient_id = ? AND c.reverses_id IS NULL AND plan_left > 0
ORDER BY c.service_day, c.id"""
_PAID_ALREADY = """
SELECT y.receipt FROM payment y JOIN tender t ON t.payment_id = y.id
JOIN allocation x ON x.payment_id = y.id
WHERE y.plan_id = ? AND y.kind = 'payment' AND t.reference = ? AND x.charge_id = ?
  AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = y.id) LIMIT 1"""


@dataclass(frozen=True)
class RemittanceLine:
    """What a plan says of one charge. ``reason`` is why a part becomes the patient's."""

    charge_id: int
    paid: int = 0
    contractual: int = 0
    patient: int = 0
    reason: str = "deductible"


@dataclass(frozen=True)
class OpenCharge:
    """A charge with something open for the plan."""

    id: int
    day: date
    words: str
    amount_cents: int
    plan_cents: int
    patient_cents: int


@dataclass(frozen=True)
class Remitted:
    """What was posted; no ``payment`` where the plan paid nothing."""

    payment: Payment | None
    adjustments: tuple[int, ...]
    paid_cents: int
    contractual_cents: int
    patient_cents: int

    @property
    def receipt(self) -> str:
        """The document's number; empty where no money came."""
        return self.payment.receipt if self.payment is not None else ""


def open_charges(desk: Desk, patient_id: int) -> list[OpenCharge]:
    """The patient's charges that a plan is expected to pay. Raises NotAllowed."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    return [
        OpenCharge(
            charge_id, date.fromisoformat(day),
            " ".join(filter(None, (word_of(CHARGE_KINDS, kind).partition(",")[0], code, words))),
            amount, plan, patient,
        )
        for charge_id, day, kind, code, words, amount, plan, patient in desk.rows(_OPEN, patient_id)
    ]  # fmt: skip


def plan_of(desk: Desk, patient_id: int) -> str:
    """The code of the plan that comes first today; empty for self-pay."""
    desk.require("view_money")
    today = desk.today().isoformat()
    found = desk.rows(
        "SELECT l.code FROM coverage c JOIN plan l ON l.id = c.plan_id WHERE c.patient_id = ?"
        " AND coalesce(c.ends_on, ?) >= ? ORDER BY c.priority, c.id LIMIT 1",
        patient_id, today, today,
    )  # fmt: skip
    return str(found[0][0]) if found else ""


def post(
    desk: Desk,
    plan: str,
    lines: Sequence[RemittanceLine],
    *,
    number: str,
    method: str = "check",
    location: str | None = None,
    note: str = "",
    key: str | None = None,
) -> Remitted:
    """Post what a plan paid (its code), with the check's or transfer's number.

    A repeat with the same ``key`` returns the first. Raises Invalid; NotFound; Conflict for
    more than is open for the plan, or for a number that paid one of the charges already.
    """
    with desk.operation("payment.insurance", key=key) as op:
        if op.earlier:
            return _earlier(op)
        payer = Plan.get_or_none(Plan.code == plan.strip().upper())
        if payer is None:
            raise NotFound(f"No plan {plan[:20]}", "Look at the list of plans")
        number = number.strip()
        if not number:
            raise Invalid("Which check or transfer?", "Its number", field="number")
        if method not in dict(METHODS):
            raise Invalid("A check or a transfer", "check or ach", field="method")
        tendering.refuse_card_numbers(note=note)
        if not lines:
            raise Invalid("Nothing to post", "For example 1 120.00 40.00 20.00", field="lines")
        if len({line.charge_id for line in lines}) < len(lines):
            raise Invalid("A charge is there twice", "One line for each", field="lines")
        charges = [_checked(op, payer, line, number) for line in lines]
        first = op.get(Patient, charges[0].patient_id)
        visit = posting.visit_of(op, first.id, charges[0].appointment_id)
        place = posting.place_of(op, first.id, visit, location)
        day = posting.business_day(op, place)
        adjustments = [
            made.id
            for line, charge in zip(lines, charges, strict=True)
            for made in _adjust(op, line, charge, place, day)
        ]
        op.also.update(charge.patient_id for charge in charges)
        paid = [(line, charge) for line, charge in zip(lines, charges, strict=True) if line.paid]
        total = sum(line.paid for line in lines)
        payment = None
        if total:
            tendering.check_amount(total, desk.settings.policy.large_amount)
            payment = posting.post(
                op,
                "payment",
                first,
                None,
                place,
                day,
                total,
                tenders=[{"kind": method, "amount_cents": total, "reference": number}],
                allocations=[
                    {
                        "purpose": charge.kind,
                        "charge": charge.id,
                        "amount_cents": line.paid,
                        "side": "insurance",
                        "patient": None if charge.patient_id == first.id else charge.patient_id,
                    }
                    for line, charge in paid
                ],
                note=note or f"{payer.code} {number}",
                plan=payer,
            )
        else:
            op.about(op.get(Adjustment, adjustments[0]), patient_id=first.id)
        return _remitted(payment, adjustments, lines)


def take_back_adjustments(op: Operation, payment: Payment, place: Location, day: date) -> None:
    """Take back what a plan's payment took off or moved, inside its void.

    Raises Conflict when what became the patient's was paid since.
    """
    for row in _made(op, payment):
        if op.desk.rows("SELECT 1 FROM adjustment WHERE reverses_id = ?", row.id):
            continue
        if row.patient_cents > left_on(op.desk, row.charge_id, "patient"):
            raise Conflict(
                f"{show_cents(row.patient_cents)} that became the patient's was paid since",
                "Void or refund what they paid first, on their account",
                rule="patient_paid",
            )
        op.create(
            Adjustment, charge=row.charge_id, kind=row.kind, patient_cents=-row.patient_cents,
            insurance_cents=-row.insurance_cents, reason=row.reason, note="voided",
            location=place, business_day=day, posted_at=op.now, by=op.desk.actor.login,
            reverses=row,
        )  # fmt: skip


def _made(op: Operation, payment: Payment) -> list[Adjustment]:
    entries = journal.read(op.desk.database, entity=("payment", payment.id), limit=1)
    return [
        op.get(Adjustment, row["id"])
        for entry in entries
        for row in entry.changed
        if row["table"] == "adjustment"
    ]


def _checked(op: Operation, payer: Plan, line: RemittanceLine, number: str) -> Charge:
    for cents in (line.paid, line.contractual, line.patient):
        if type(cents) is not int or cents < 0:
            raise Invalid("Amounts are zero or more", "", field="lines")
    wanted = line.paid + line.contractual + line.patient
    if not wanted:
        raise Invalid("A line without amounts", "Leave it out", field="lines")
    charge = op.get(Charge, line.charge_id)
    if charge.reverses_id:
        raise Conflict("This row takes another charge back", "", rule="reversed")
    left = left_on(op.desk, charge.id, "insurance")
    before = op.desk.rows(_PAID_ALREADY, payer.id, number, charge.id)
    if before:
        raise Conflict(
            f"{number} paid this charge already: {before[0][0]}",
            "Look at the account; void that first if it was wrong",
            rule="duplicate",
        )
    if wanted > left:
        raise Conflict(
            f"Only {show_cents(max(left, 0))} of charge {charge.id} is open for the plan",
            "Check the line; what is the patient's was moved already?",
            rule="plan_over",
        )
    return charge


def _adjust(
    op: Operation, line: RemittanceLine, charge: Charge, place: Location, day: date
) -> list[Adjustment]:
    rows = []
    if line.contractual:
        reason = clinic.code(op.desk, "adjustment_reason", "contract")[0]
        rows.append(("contractual", 0, -line.contractual, reason))
    if line.patient:
        try:
            reason = clinic.code(op.desk, "transfer_reason", line.reason)[0]
        except NotFound as unknown:
            raise Invalid(unknown.message, unknown.hint, field="reason") from None
        rows.append(("transfer", line.patient, -line.patient, reason))
    return [
        op.create(
            Adjustment, charge=charge, kind=kind, patient_cents=patient, insurance_cents=plan,
            reason=reason, location=place, business_day=day, posted_at=op.now,
            by=op.desk.actor.login,
        )
        for kind, patient, plan, reason in rows
    ]  # fmt: skip


def _remitted(
    payment: Payment | None, adjustments: Sequence[int], lines: Sequence[RemittanceLine]
) -> Remitted:
    return Remitted(
        payment, tuple(adjustments), sum(line.paid for line in lines),
        sum(line.contractual for line in lines), sum(line.patient for line in lines),
    )  # fmt: skip


def _earlier(op: Operation) -> Remitted:
    """What this key posted before, read back from its entry."""
    assert op.earlier is not None
    made = [
        op.get(Adjustment, row["id"]) for row in op.earlier.changed if row["table"] == "adjustment"
    ]
    payment = None
    if op.earlier.entity == "payment":
        payment = op.get(Payment, op.earlier.entity_id or 0)
    return Remitted(
        payment, tuple(row.id for row in made),
        payment.total_cents if payment is not None else 0,
        -sum(row.insurance_cents for row in made if row.kind == "contractual"),
        sum(row.patient_cents for row in made if row.kind == "transfer"),
    )  # fmt: skip
