"""Taking money: charges, payments split over tenders and dues, receipts' numbers, voids.

All amounts are cents. Money is append-only: a void is a payment of its own that mirrors the one
it takes back. A receipt's business day is the date where it was written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from deskterm.clock import utc_text
from deskterm.db.fields import word_of
from deskterm.db.patients import Patient
from deskterm.db.payments import (
    CHARGE_KINDS,
    PAYMENT_KINDS,
    Allocation,
    Charge,
    NotCollected,
    Payment,
    Tender,
)
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.entry.dates import show_date
from deskterm.entry.money import TenderEntry, show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import (
    access,
    business_day,
    clinic,
    families,
    posting,
    remittances,
    tendering,
)
from deskterm.office.allocations import AllocationEntry, as_told, spread, with_change
from deskterm.office.approvals import Approved, needed
from deskterm.office.desk import Desk, Operation
from deskterm.office.dues import Due, balance_cents, due, open_dues, owed
from deskterm.office.ledger import left_on

__all__ = [
    "AllocationEntry", "Due", "balance_cents", "charge", "due", "find", "likely_duplicate",
    "not_collected", "post_copay", "reverse_charge", "take", "void", "void_needs_second",
]  # fmt: skip

_NOT_VOIDED_SINCE = """
SELECT y.id FROM payment y
WHERE y.patient_id = ? AND y.taken_at >= ? AND y.kind = 'payment' AND y.total_cents = ?
  AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = y.id)
ORDER BY y.id DESC"""


def take(
    desk: Desk,
    patient_id: int,
    *,
    tenders: Sequence[TenderEntry],
    key: str,
    allocations: Sequence[AllocationEntry] | None = None,
    appointment_id: int | None = None,
    purpose: str | None = None,
    allow_prepayment: bool = False,
    location: str | None = None,
    note: str = "",
    ahead: bool = False,
    family: Sequence[int] = (),
    opening_cents: int | None = None,
) -> Payment:
    """Take money for what is due: copay first, then the oldest service.

    ``purpose`` limits it to one kind of due; one that nothing is known of yet is charged as
    paid. Cash above what is due gives change; anything else above it is refused unless
    ``allow_prepayment``. ``ahead`` pays instalments before their days too; ``family`` are other
    patients of the family whose dues the same receipt pays, after the patient's own.
    ``opening_cents`` is the cash counted in a drawer that this payment opens. A repeat with the
    same ``key`` returns the first receipt. Raises Invalid, NotFound, Conflict.
    """
    limit = desk.settings.policy.large_amount
    with desk.operation("payment.take", patient_id=patient_id, key=key) as op:
        if op.earlier:
            return _first(op, patient_id)
        patient = posting.payer(op, patient_id)
        tendering.refuse_card_numbers(note=note)
        if family:
            families.check(desk, patient_id, list(family))
        paid = tendering.check(tenders, limit)
        appointment = posting.visit_of(op, patient_id, appointment_id)
        place = posting.place_of(op, patient_id, appointment, location)
        day = posting.business_day(op, place)
        total = sum(t.amount for t in paid)
        if allocations is not None:
            wanted = as_told(desk, patient_id, appointment_id, allocations, limit)
        else:
            wanted = spread(
                desk, patient_id, appointment, purpose, total, day, ahead=ahead, family=family
            )
        over = total - sum(cents for _, cents in wanted)
        if over < 0:
            raise Invalid(
                f"{show_cents(-over)} less was paid than it is said to be for",
                "Check the amounts",
                field="allocations",
            )
        if over and (allow_prepayment or purpose == "prepayment"):
            wanted.append((Due(None, "prepayment", "prepayment", day, over), over))
        elif over:
            paid = with_change(paid, over, nothing_due=not wanted)
            total -= over
        posted = [
            (posting.charged(op, _whose(op, patient, d), d, place, day), d, cents)
            for d, cents in wanted
        ]
        return posting.post(
            op,
            "payment",
            patient,
            appointment.id if appointment else None,
            place,
            day,
            total,
            tenders=[
                {
                    "kind": t.entry.kind,
                    "amount_cents": t.amount,
                    "given_cents": t.given,
                    "reference": t.entry.reference,
                    "card_brand": t.entry.brand,
                    "card_last4": t.entry.last4,
                    "approval": t.entry.approval,
                }
                for t in paid
            ],
            allocations=[
                {
                    "purpose": d.purpose,
                    "charge": charge_id,
                    "amount_cents": cents,
                    "patient": d.patient_id,
                }
                for charge_id, d, cents in posted
            ],
            opening_cents=opening_cents,
            note=note,
        )


def void(
    desk: Desk,
    receipt: str,
    *,
    reason: str,
    key: str | None = None,
    approval: Approved | None = None,
) -> Payment:
    """Take a payment back on its own business day; returns the void, with its own receipt.

    ``reason`` is a code of the list ``void_reason``. What was charged by taking the payment is
    taken back with it, but a charge that was adjusted since: somebody decided on it, so it stays
    and is owed again less that (:func:`void_keeps` names it beforehand). Another's payment needs
    ``approval``, the second person's yes; one's own as the practice has it. Raises NotFound,
    Invalid, Conflict, NotAllowed.
    """
    with desk.operation("payment.void", reason=reason, key=key, approval=approval) as op:
        if op.earlier:
            return op.get(Payment, op.earlier.entity_id or 0)
        code = reason_code(desk, "void_reason", reason)
        original = by_receipt(receipt)
        op.patient_id = original.patient_id
        op.check_access()
        op.second_person(own=original.by == desk.actor.login)
        place = op.get(Location, original.location_id)
        _may_void(desk, original, place, posting.business_day(op, place))
        _charges_are_there(desk, original)
        patient = op.get(Patient, original.patient_id)
        tenders = Tender.select().where(Tender.payment == original.id).order_by(Tender.id)
        parts = Allocation.select().where(Allocation.payment == original.id).order_by(Allocation.id)
        for made in posting.charges_made_by(op, original):
            posting.reverse(op, made, place, original.business_day)
        if original.plan_id is not None and original.kind == "payment":
            remittances.take_back_adjustments(op, original, place, original.business_day)
        for part in parts:
            if part.patient_id is not None:
                access.require_patient(desk, part.patient_id)
        return posting.post(
            op,
            "void",
            patient,
            original.appointment_id,
            place,
            original.business_day,
            -original.total_cents,
            tenders=[posting.tender(t, -t.amount_cents) for t in tenders],
            allocations=[
                {
                    "purpose": a.purpose,
                    "charge": a.charge_id,
                    "amount_cents": -a.amount_cents,
                    "side": a.side,
                    "patient": a.patient_id,
                }
                for a in parts
            ],
            voids=original,
            void_reason=code,
        )


def void_keeps(desk: Desk, receipt: str) -> list[str]:
    """What a void will leave though the payment made it: charges adjusted since, in words."""
    desk.require("view_money")
    original = by_receipt(receipt)
    access.require_patient(desk, original.patient_id)
    kinds = dict(CHARGE_KINDS)
    return [
        f"{kinds.get(kind, kind)} of {show_date(date.fromisoformat(day))} stays: it was adjusted"
        for kind, day in posting.kept_by_void(desk, original)
    ]


def void_needs_second(desk: Desk, receipt: str) -> bool:
    """Whether somebody else must agree before this receipt is voided. Raises NotFound."""
    desk.require("view_money")
    return needed(desk, "payment.void", own=by_receipt(receipt).by == desk.actor.login)


def charge(
    desk: Desk,
    patient_id: int,
    *,
    kind: str,
    amount_cents: int,
    description: str = "",
    appointment_id: int | None = None,
    service_day: date | None = None,
    key: str | None = None,
) -> Charge:
    """Charge something: ``kind`` of the list of charges. Raises Invalid, NotFound, Conflict."""
    with desk.operation("payment.charge", patient_id=patient_id, key=key) as op:
        if op.earlier:
            return op.get(Charge, op.earlier.entity_id or 0)
        patient = posting.payer(op, patient_id)
        if kind not in dict(CHARGE_KINDS):
            known = ", ".join(code for code, _ in CHARGE_KINDS)
            raise Invalid("No such charge", f"One of {known}", field="kind")
        tendering.refuse_card_numbers(description=description)
        tendering.check_amount(amount_cents, desk.settings.policy.large_amount)
        appointment = posting.visit_of(op, patient_id, appointment_id)
        place = posting.place_of(op, patient_id, appointment, None)
        day = posting.business_day(op, place)
        served = service_day or (appointment.day if appointment else day)
        if served > day:
            raise Invalid(
                "The day of service is in the future", "Charge it on the day", field="service_day"
            )
        return op.create(
            Charge,
            patient=patient,
            appointment=appointment,
            kind=kind,
            description=description,
            amount_cents=amount_cents,
            service_day=served,
            business_day=day,
            posted_at=op.now,
            by=desk.actor.login,
            location=place,
        )


def reverse_charge(desk: Desk, charge_id: int, *, reason: str, key: str | None = None) -> Charge:
    """Take a charge back by a row of its own.

    Raises Conflict once it is paid, adjusted or taken back.
    """
    if not reason.strip():
        raise Invalid("Taking back a charge needs a reason", "Say why", field="reason")
    tendering.refuse_card_numbers(reason=reason)
    with desk.operation("payment.charge", reason=reason, key=key) as op:
        if op.earlier:
            return op.get(Charge, op.earlier.entity_id or 0)
        original = op.get(Charge, charge_id)
        if original.reverses_id or desk.rows(
            "SELECT 1 FROM charge WHERE reverses_id = ?", charge_id
        ):
            raise Conflict("This charge is taken back already", "", rule="reversed")
        if posting.paid_on(desk, charge_id):
            raise Conflict("Money was taken for this charge", "Void the payment first", rule="paid")
        if posting.adjusted(op, charge_id):
            raise Conflict(
                "Part of this charge was adjusted or moved",
                "Take that back first",
                rule="adjusted",
            )
        place = posting.place_of(op, original.patient_id, None, None)
        return posting.reverse(op, original, place, posting.business_day(op, place))


def post_copay(op: Operation, appointment: Appointment) -> Due | None:
    """Charge a visit's copay inside an operation unless it is; what is still due of it."""
    found = [
        d
        for d in open_dues(op.desk, appointment.patient_id, appointment.id)
        if d.kind == "copay" and d.appointment_id == appointment.id
    ]
    for d in found:
        if d.charge_id is None:
            place = op.get(Location, appointment.location_id)
            posting.charged(
                op, op.get(Patient, appointment.patient_id), d, place,
                posting.business_day(op, place),
            )  # fmt: skip
    return found[0] if found else None


def not_collected(
    desk: Desk,
    patient_id: int,
    *,
    reason: str,
    amount_cents: int | None = None,
    appointment_id: int | None = None,
    charge_id: int | None = None,
    note: str = "",
    key: str | None = None,
) -> NotCollected:
    """Say why money that is due was not taken; without an amount, all that is due.

    ``reason`` is a code of the list ``not_collected_reason``. Raises Invalid, NotFound.
    """
    with desk.operation("payment.not_collected", patient_id=patient_id, key=key) as op:
        if op.earlier:
            return op.get(NotCollected, op.earlier.entity_id or 0)
        posting.payer(op, patient_id)
        appointment = posting.visit_of(op, patient_id, appointment_id)
        if amount_cents is None:
            amount_cents = sum(d.due_cents for d in owed(desk, patient_id, appointment_id))
        elif amount_cents:
            tendering.check_amount(amount_cents, desk.settings.policy.large_amount)
        if charge_id is not None and op.get(Charge, charge_id).patient_id != patient_id:
            raise Invalid("That charge is another patient's", "Look it up again", field="charge")
        return write_not_collected(
            op, patient_id, appointment, amount_cents, reason, note, charge_id
        )


def write_not_collected(
    op: Operation,
    patient_id: int,
    appointment: Appointment | None,
    amount_cents: int,
    reason: str,
    note: str = "",
    charge_id: int | None = None,
) -> NotCollected:
    """Note inside an operation why money was not taken. Raises Invalid."""
    tendering.refuse_card_numbers(note=note)
    place = posting.place_of(op, patient_id, appointment, None)
    return op.create(
        NotCollected,
        patient=patient_id,
        appointment=appointment,
        charge=charge_id,
        amount_cents=amount_cents,
        reason=reason_code(op.desk, "not_collected_reason", reason),
        note=note,
        business_day=posting.business_day(op, place),
        at=op.now,
        by=op.desk.actor.login,
        location=place,
    )


def find(desk: Desk, receipt: str) -> Payment:
    """The payment of a receipt number. Raises NotFound."""
    desk.require("view_money")
    return by_receipt(receipt)


def likely_duplicate(
    desk: Desk, patient_id: int, total: int, tenders: Sequence[TenderEntry]
) -> Payment | None:
    """A payment like this one (same sum and tenders), taken minutes ago and not voided."""
    desk.require("view_money")
    since = desk.now() - timedelta(minutes=desk.settings.policy.duplicate_payment)
    wanted = sorted((t.kind, t.amount, t.last4) for t in tenders)
    for (payment_id,) in desk.rows(_NOT_VOIDED_SINCE, patient_id, utc_text(since), total):
        made = desk.rows(
            "SELECT kind, coalesce(given_cents, amount_cents), card_last4 FROM tender"
            " WHERE payment_id = ?",
            payment_id,
        )
        if sorted(made) == wanted:
            return Payment.get_by_id(payment_id)
    return None


def _whose(op: Operation, patient: Patient, due: Due) -> Patient:
    """The patient of a due: the payer, or another of the family."""
    if due.patient_id in (None, patient.id):
        return patient
    return posting.payer(op, due.patient_id or 0)


def _first(op: Operation, patient_id: int) -> Payment:
    """What this key posted before. Raises Conflict when that was for somebody else."""
    assert op.earlier is not None
    if op.earlier.patient_id != patient_id:
        raise Conflict("This form was already used for another patient", "Start again", rule="key")
    return op.get(Payment, op.earlier.entity_id or 0)


def reason_code(desk: Desk, kind: str, wanted: str) -> str:
    """A word of one of the clinic's lists. Raises Invalid on the field ``reason``."""
    try:
        return clinic.code(desk, kind, wanted)[0]
    except NotFound as unknown:
        raise Invalid("A reason from the list is needed", unknown.hint, field="reason") from None


def by_receipt(receipt: str) -> Payment:
    """The payment of a receipt number, for operations. Raises NotFound."""
    found = Payment.get_or_none(Payment.receipt == receipt.strip().upper())
    if found is None:
        raise NotFound("No such receipt", "For example R-260318-031")
    return found


def _charges_are_there(desk: Desk, original: Payment) -> None:
    """Refuse to put money back on a charge that is gone, or that owes less by now."""
    gone = desk.rows(
        "SELECT c.kind FROM allocation x JOIN charge c ON c.id = x.charge_id"
        " WHERE x.payment_id = ? AND x.amount_cents < 0"
        " AND EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id) LIMIT 1",
        original.id,
    )
    if gone:
        words = word_of(CHARGE_KINDS, gone[0][0]).partition(",")[0]
        raise Conflict(
            f"{original.receipt} took the {words} back with its money",
            "Charge it again (+ on the account), then take the payment (p)",
            rule="charge_gone",
        )
    for charge_id, side, cents in desk.rows(
        "SELECT charge_id, side, -sum(amount_cents) FROM allocation WHERE payment_id = ?"
        " AND charge_id IS NOT NULL AND amount_cents < 0 GROUP BY charge_id, side",
        original.id,
    ):
        left = left_on(desk, charge_id, side)
        if cents > left:
            raise Conflict(
                f"{show_cents(cents - left)} of what it gave back was paid or forgiven since",
                "Take that back first, on the account",
                rule="paid_since",
            )


def _may_void(desk: Desk, original: Payment, place: Location, day: date) -> None:
    if original.kind == "void":
        raise Conflict("A void cannot be voided", "Post the payment again", rule="is_void")
    if Payment.get_or_none(Payment.voids == original.id):
        raise Conflict("This receipt is voided already", "", rule="voided")
    later = desk.rows(
        "SELECT t.receipt, t.kind FROM payment t WHERE t.original_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = t.id)",
        original.id,
    )
    if later:
        receipt, kind = later[0]
        raise Conflict(
            f"{receipt}, a {word_of(PAYMENT_KINDS, kind)}, is about this receipt",
            f"Void {receipt} first",
            rule="has_later",
        )
    counting = business_day.state(desk, place.id, original.business_day) == "freeze"
    if original.shift_id and desk.rows(
        "SELECT 1 FROM shift WHERE id = ? AND closed_at IS NOT NULL", original.shift_id
    ):
        raise Conflict(
            "The drawer of this receipt is counted and closed",
            "Refund it instead",
            rule="shift_closed",
        )
    if original.business_day != day and not counting:
        raise Conflict(
            f"This receipt is of {show_date(original.business_day)}; its day is over",
            "Only today's receipts are voided; an earlier one is refunded",
            rule="not_today",
        )
