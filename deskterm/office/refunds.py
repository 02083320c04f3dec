"""Money that goes back or elsewhere: refunds, corrected tenders, returned checks, credit.

Each is a document of its own with a receipt number, dated into the open business day, that
points at the payment it is about; what was posted is never changed. All amounts are cents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deskterm.db.fields import word_of
from deskterm.db.patients import Patient
from deskterm.db.payments import TENDER_KINDS, Charge, Payment
from deskterm.db.staff import Location
from deskterm.entry.dates import show_date
from deskterm.entry.money import TenderEntry, show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import business_day, payments, posting, tendering
from deskterm.office.approvals import Approved, needed
from deskterm.office.desk import Desk, Operation
from deskterm.office.dues import open_dues
from deskterm.office.ledger import credit_of

_LEFT = """
SELECT t.kind, t.card_brand, t.card_last4, t.reference, sum(t.amount_cents), max(t.approval)
FROM payment y JOIN tender t ON t.payment_id = y.id
LEFT JOIN payment o ON o.id = y.voids_id
WHERE y.posted = 1 AND (y.id = ? OR y.original_id = ? OR o.original_id = ?)
GROUP BY t.kind, t.card_brand, t.card_last4, t.reference HAVING sum(t.amount_cents) > 0
ORDER BY min(t.id)"""
_ALLOCATED = """
SELECT x.purpose, x.charge_id, x.side, x.patient_id, sum(x.amount_cents)
FROM payment y JOIN allocation x ON x.payment_id = y.id
LEFT JOIN payment o ON o.id = y.voids_id
WHERE y.posted = 1 AND (y.id = ? OR y.original_id = ? OR o.original_id = ?)
GROUP BY x.purpose, x.charge_id, x.side, x.patient_id HAVING sum(x.amount_cents) > 0
ORDER BY x.charge_id IS NOT NULL, max(x.id) DESC"""


@dataclass(frozen=True)
class TenderLeft:
    """What is left of one way of paying after corrections and refunds. Cents."""

    kind: str
    brand: str
    last4: str
    reference: str
    cents: int
    approval: str = ""

    @property
    def label(self) -> str:
        """``card visa ..4417``, ``check 1042``, ``cash``."""
        words = [word_of(TENDER_KINDS, self.kind), self.brand, self.reference]
        return " ".join([*filter(None, words), *([f"..{self.last4}"] if self.last4 else [])])

    def row(self, cents: int) -> dict[str, Any]:
        """A tender row of the same way over ``cents``."""
        return {
            "kind": self.kind, "amount_cents": cents, "reference": self.reference,
            "card_brand": self.brand, "card_last4": self.last4, "approval": self.approval,
        }  # fmt: skip


def tenders_left(desk: Desk, payment_id: int) -> list[TenderLeft]:
    """How a payment stands paid today: its tenders as corrected, less what was given back."""
    desk.require("view_money")
    return [TenderLeft(*row) for row in desk.rows(_LEFT, payment_id, payment_id, payment_id)]


def refund(
    desk: Desk,
    receipt: str,
    *,
    reason: str,
    amount_cents: int | None = None,
    tenders: Sequence[TenderEntry] | None = None,
    take_charge_back: bool = False,
    note: str = "",
    key: str | None = None,
    approval: Approved | None = None,
) -> Payment:
    """Give money of an earlier receipt back; without an amount, all that is left of it.

    Without ``tenders`` it goes back the way it came: to the same card, in cash up to the
    policy's limit, a check as a check of the practice once the first has cleared. Money held
    goes first, then what was paid on charges, the newest first; those charges are owed again
    unless ``take_charge_back``. ``reason`` is a code of ``refund_reason``; ``approval`` is the
    second person's yes. Raises Invalid, NotFound, Conflict, NotAllowed.
    """
    with desk.operation("payment.refund", reason=reason, key=key, approval=approval) as op:
        if op.earlier:
            return op.get(Payment, op.earlier.entity_id or 0)
        code = payments.reason_code(desk, "refund_reason", reason)
        tendering.refuse_card_numbers(note=note)
        original, place, day = _about(op, receipt)
        op.second_person(own=False)
        left = tenders_left(desk, original.id)
        most = sum(way.cents for way in left)
        if tenders:
            wanted = _told(tenders, left, desk)
            total = sum(row["amount_cents"] for row in wanted)
            if amount_cents not in (None, -total):
                raise Invalid("The tenders do not add up to the refund", "", field="tender")
        else:
            total = -(amount_cents if amount_cents is not None else most)
            wanted = []
        if total == 0 or most == 0:
            raise Conflict("Nothing is left of this receipt", "", rule="refunded")
        tendering.check_amount(-total, desk.settings.policy.large_amount)
        if -total > most:
            raise Conflict(
                f"Only {show_cents(most)} is left of {original.receipt}",
                "Refund that, or less",
                rule="refund_over",
            )
        wanted = wanted or _back(-total, left)
        _may_go_back(op, original, wanted, day)
        parts = _taken_from(desk, original, -total)
        if take_charge_back:
            _take_back(op, parts, place, day)
        return posting.post(
            op,
            "refund",
            op.get(Patient, original.patient_id),
            original.appointment_id,
            place,
            day,
            total,
            tenders=wanted,
            allocations=parts,
            original=original,
            void_reason=code,
            note=note,
        )


def correct_tender(
    desk: Desk,
    receipt: str,
    *,
    was: TenderLeft,
    now: TenderEntry,
    reason: str = "wrong_tender",
    key: str | None = None,
    approval: Approved | None = None,
) -> Payment:
    """Say that ``now.amount`` was not paid as ``was`` but as ``now``; one document, sum nothing.

    It stands on the receipt's own day while that is being counted, else on the open day, also
    when the receipt's day is closed; both ways of paying show on that day's sheet. Another's
    receipt needs ``approval``, the second person's yes.

    Raises Invalid, NotFound, NotAllowed, Conflict.
    """
    with desk.operation("payment.correct", reason=reason, key=key, approval=approval) as op:
        if op.earlier:
            return op.get(Payment, op.earlier.entity_id or 0)
        original, place, day = _about(op, receipt)
        op.second_person(own=original.by == desk.actor.login)
        if business_day.state(desk, place.id, original.business_day) == "freeze":
            day = original.business_day
        paid = tendering.check([now], desk.settings.policy.large_amount)[0]
        match = [way for way in tenders_left(desk, original.id) if _same(way, was)]
        if not match or match[0].cents < paid.amount:
            raise Conflict(
                f"{show_cents(paid.amount)} was not paid as {was.label} on {original.receipt}",
                "Look at the receipt again",
                rule="tender_left",
            )
        after = _entered(now)
        if _same(match[0], TenderLeft(now.kind, now.brand, now.last4, now.reference, 0)):
            raise Invalid("Both ways of paying are the same", "", field="tender")
        return posting.post(
            op,
            "correction",
            op.get(Patient, original.patient_id),
            original.appointment_id,
            place,
            day,
            0,
            tenders=[match[0].row(-paid.amount), after],
            allocations=[],
            original=original,
            void_reason=payments.reason_code(desk, "void_reason", reason),
        )


def returned_check(
    desk: Desk,
    receipt: str,
    *,
    number: str,
    fee_cents: int | None = None,
    key: str | None = None,
) -> Payment:
    """The bank returned a check: what it paid is owed again, and a fee is charged.

    ``number`` is the check's; without ``fee_cents`` the policy's fee counts, 0 charges none.
    Raises NotFound, Conflict, Invalid.
    """
    with desk.operation("payment.returned", reason="check returned", key=key) as op:
        if op.earlier:
            return op.get(Payment, op.earlier.entity_id or 0)
        original, place, day = _about(op, receipt)
        check = [
            way
            for way in tenders_left(desk, original.id)
            if way.kind == "check" and way.reference == number.strip()
        ]
        if not check:
            raise NotFound(
                f"No check {number.strip()} on {original.receipt}", "Look at the receipt again"
            )
        patient = op.get(Patient, original.patient_id)
        fee = desk.settings.policy.returned_check_fee if fee_cents is None else fee_cents
        if fee:
            op.create(
                Charge,
                patient=patient,
                kind="nsf_fee",
                description=f"returned check {number.strip()}",
                amount_cents=tendering.check_amount(fee, desk.settings.policy.large_amount),
                service_day=day,
                business_day=day,
                posted_at=op.now,
                by=desk.actor.login,
                location=place,
            )
        return posting.post(
            op,
            "returned",
            patient,
            original.appointment_id,
            place,
            day,
            -check[0].cents,
            tenders=[check[0].row(-check[0].cents)],
            allocations=_taken_from(desk, original, check[0].cents),
            original=original,
            void_reason="returned",
        )


def apply_credit(
    desk: Desk, patient_id: int, *, amount_cents: int | None = None, key: str | None = None
) -> Payment:
    """Put money held for a patient to what they owe, copay first, then the oldest.

    No money moves: a document of its own says what was applied. Raises Conflict when nothing
    is held or nothing is owed, Invalid.
    """
    with desk.operation("payment.apply_credit", patient_id=patient_id, key=key) as op:
        if op.earlier:
            return op.get(Payment, op.earlier.entity_id or 0)
        patient = posting.payer(op, patient_id)
        place = posting.place_of(op, patient_id, None, None)
        day = posting.business_day(op, place)
        held = credit_of(desk, patient_id)
        if amount_cents is not None:
            tendering.check_amount(amount_cents, desk.settings.policy.large_amount)
        left = min(held, held if amount_cents is None else amount_cents)
        if left <= 0 or (amount_cents or 0) > held:
            raise Conflict(
                f"Only {show_cents(max(held, 0))} is held for this patient", "", rule="no_credit"
            )
        rows: list[dict[str, Any]] = []
        for due in open_dues(desk, patient_id):
            cents = min(due.due_cents, left)
            if cents <= 0:
                break
            charge_id = posting.charged(op, patient, due, place, day)
            rows.append({"purpose": due.purpose, "charge": charge_id, "amount_cents": cents})
            left -= cents
        used = sum(row["amount_cents"] for row in rows)
        if not used:
            raise Conflict("Nothing is owed that it could be applied to", "", rule="nothing_due")
        return posting.post(
            op,
            "credit",
            patient,
            None,
            place,
            day,
            0,
            tenders=[],
            allocations=[*_held(desk, patient_id, used), *rows],
        )


def needs_second(desk: Desk, receipt: str, operation: str) -> bool:
    """Whether somebody else must agree to ``operation`` on a receipt. Raises NotFound."""
    desk.require("view_money")
    return needed(desk, operation, own=payments.by_receipt(receipt).by == desk.actor.login)


def checks_refused_since(desk: Desk, patient_id: int) -> date | None:
    """The last day on which a check of this patient was returned, within the policy's years."""
    desk.require("view_money")
    since = desk.today() - timedelta(days=desk.settings.policy.no_checks_days)
    found = desk.rows(
        "SELECT max(y.business_day) FROM payment y WHERE y.patient_id = ? AND y.kind = 'returned'"
        " AND y.business_day >= ?"
        " AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = y.id)",
        patient_id, since.isoformat(),
    )[0][0]  # fmt: skip
    return date.fromisoformat(found) if found else None


def _about(op: Operation, receipt: str) -> tuple[Payment, Location, date]:
    """The payment of a receipt that is still good, its place, and the open business day."""
    original = payments.by_receipt(receipt)
    op.patient_id = original.patient_id
    op.check_access()
    if original.kind != "payment":
        raise Conflict("Only a payment's own receipt can be changed", "", rule="kind")
    if op.desk.rows("SELECT 1 FROM payment WHERE voids_id = ?", original.id):
        raise Conflict("This receipt is voided", "", rule="voided")
    place = op.get(Location, original.location_id)
    return original, place, posting.business_day(op, place)


def _told(
    tenders: Sequence[TenderEntry], left: Sequence[TenderLeft], desk: Desk
) -> list[dict[str, Any]]:
    """Tenders as the clerk said; a card must be one that paid, and for no more than it did."""
    checked = tendering.check(tenders, desk.settings.policy.large_amount)
    rows = []
    for paid in checked:
        entry = paid.entry
        if entry.kind == "card":
            same = [w for w in left if w.kind == "card" and w.last4 == entry.last4]
            if sum(w.cents for w in same) < paid.amount:
                raise Conflict(
                    f"Card ..{entry.last4} did not pay {show_cents(paid.amount)} here",
                    "A card refund goes back to the same card",
                    rule="same_card",
                )
        rows.append({**_entered(entry), "amount_cents": -paid.amount})
    return rows


def _back(cents: int, left: Sequence[TenderLeft]) -> list[dict[str, Any]]:
    """``cents`` back the way they came, the last way of paying first."""
    rows = []
    for way in reversed(left):
        part = min(way.cents, cents)
        if part:
            rows.append(way.row(-part))
            cents -= part
    return rows


def _may_go_back(
    op: Operation, original: Payment, rows: Sequence[dict[str, Any]], day: date
) -> None:
    policy = op.desk.settings.policy
    cash = -sum(row["amount_cents"] for row in rows if row["kind"] == "cash")
    if cash > policy.refund_cash_limit:
        raise Conflict(
            f"Cash refunds go up to {show_cents(policy.refund_cash_limit)}",
            "Refund it by check: say check and its number",
            rule="cash_limit",
        )
    paid_by_check = {
        number
        for (number,) in op.desk.rows(
            "SELECT reference FROM tender WHERE payment_id = ? AND kind = 'check'", original.id
        )
    }
    clear_on = original.business_day + timedelta(days=policy.check_clears_days)
    if paid_by_check and day < clear_on:
        raise Conflict(
            f"The check of {original.receipt} clears on {show_date(clear_on)}",
            "Refund it then, or void it today",
            rule="not_cleared",
        )


def _taken_from(desk: Desk, original: Payment, cents: int) -> list[dict[str, Any]]:
    """Where money given back comes from: what is held first, then charges, the newest first."""
    rows: list[dict[str, Any]] = []
    for purpose, charge_id, side, patient_id, left in desk.rows(_ALLOCATED, *[original.id] * 3):
        if charge_id is None:
            left = min(left, credit_of(desk, patient_id or original.patient_id))
        part = min(left, cents)
        if part > 0:
            rows.append(
                {"purpose": purpose, "charge": charge_id, "amount_cents": -part, "side": side,
                 "patient": patient_id}
            )  # fmt: skip
            cents -= part
    if cents:
        raise Conflict(
            f"{show_cents(cents)} of it was applied to charges since",
            "Refund less",
            rule="applied",
        )
    return rows


def _take_back(op: Operation, parts: Sequence[dict[str, Any]], place: Location, day: date) -> None:
    """Take the charges back that the refund will leave without any payment.

    Before the refund is written, so that the balance it prints is the one after both.
    """
    given: Counter[int] = Counter()
    for row in parts:
        if row["charge"] is not None:
            given[row["charge"]] -= row["amount_cents"]
    for charge_id, cents in given.items():
        if (
            posting.paid_on(op.desk, charge_id) == cents
            and not op.desk.rows("SELECT 1 FROM charge WHERE reverses_id = ?", charge_id)
            and not posting.adjusted(op, charge_id)
        ):
            posting.reverse(op, op.get(Charge, charge_id), place, day)


def _held(desk: Desk, patient_id: int, cents: int) -> list[dict[str, Any]]:
    return [{"purpose": "prepayment", "charge": None, "amount_cents": -cents}]


def _entered(entry: TenderEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind, "amount_cents": entry.amount, "reference": entry.reference,
        "card_brand": entry.brand, "card_last4": entry.last4, "approval": entry.approval,
    }  # fmt: skip


def _same(one: TenderLeft, other: TenderLeft) -> bool:
    return (one.kind, one.brand, one.last4, one.reference) == (
        other.kind, other.brand, other.last4, other.reference,
    )  # fmt: skip
