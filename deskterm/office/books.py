"""The day's money as double entry, for a bookkeeper's program. Cents; without names."""

from __future__ import annotations

from datetime import date

from deskterm.db.payments import ADJUSTMENT_KINDS, PAYMENT_KINDS
from deskterm.exchange.hledger import Posting, Transaction, journal
from deskterm.office.desk import Desk

_CHARGES = """
SELECT id, business_day, kind, amount_cents, insurance_cents FROM charge
WHERE business_day BETWEEN ? AND ? ORDER BY business_day, id"""
_ADJUSTMENTS = """
SELECT id, business_day, kind, patient_cents, insurance_cents FROM adjustment
WHERE business_day BETWEEN ? AND ? ORDER BY business_day, id"""
_PAYMENTS = """
SELECT id, business_day, receipt, kind, total_cents FROM payment
WHERE business_day BETWEEN ? AND ? ORDER BY business_day, location_id, sequence"""
_TENDERS = """
SELECT t.kind, t.card_brand, y.drawer, t.amount_cents FROM tender t
JOIN payment y ON y.id = t.payment_id WHERE t.payment_id = ? ORDER BY t.id"""
_ALLOCATIONS = (
    "SELECT charge_id, side, amount_cents FROM allocation WHERE payment_id = ? ORDER BY id"
)


def transactions(desk: Desk, first: date, last: date) -> list[Transaction]:
    """Every charge, adjustment and document of money of some business days."""
    desk.require("view_money")
    span = (first.isoformat(), last.isoformat())
    found = [
        Transaction(
            day, f"C{charge_id}", f"charge {kind}",
            (
                Posting("assets:receivable:patients", amount - insurance),
                Posting("assets:receivable:plans", insurance),
                Posting(f"income:charges:{kind}", -amount),
            ),
        )
        for charge_id, day, kind, amount, insurance in desk.rows(_CHARGES, *span)
    ]  # fmt: skip
    words = dict(ADJUSTMENT_KINDS)
    found += [
        Transaction(
            day, f"A{adjustment_id}", words[kind],
            (
                Posting("assets:receivable:patients", patient),
                Posting("assets:receivable:plans", insurance),
                Posting(f"income:adjustments:{kind}", -patient - insurance),
            ),
        )
        for adjustment_id, day, kind, patient, insurance in desk.rows(_ADJUSTMENTS, *span)
    ]  # fmt: skip
    for payment_id, day, receipt, kind, _ in desk.rows(_PAYMENTS, *span):
        postings = [
            Posting(_money(tender, brand, drawer), cents)
            for tender, brand, drawer, cents in desk.rows(_TENDERS, payment_id)
        ]
        for charge_id, side, cents in desk.rows(_ALLOCATIONS, payment_id):
            account = (
                "liabilities:credit"
                if charge_id is None
                else (
                    "assets:receivable:patients" if side == "patient" else "assets:receivable:plans"
                )
            )
            postings.append(Posting(account, -cents))
        found.append(Transaction(day, receipt, dict(PAYMENT_KINDS)[kind], tuple(postings)))
    return sorted(found, key=lambda t: t.day)


def as_hledger(desk: Desk, first: date, last: date) -> str:
    """The same as an hledger journal."""
    return journal(transactions(desk, first, last))


def _money(kind: str, brand: str, drawer: str) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in drawer) or "desk"
    if kind == "card":
        return f"assets:card:{brand or 'other'}"
    if kind == "ach":
        return "assets:bank"
    return f"assets:{kind.replace('_', '-')}:{plain}"
