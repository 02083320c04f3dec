"""What is owed, by whom, and proof that it adds up. All amounts are cents; all are sums of rows.

No balance is stored. The one figure kept on a row, ``payment.balance_after_cents``, is what a
receipt said when it was printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deskterm.errors import Invalid
from deskterm.office import access
from deskterm.office.desk import Desk

# What is left of the charge ``c`` for the patient, and for the plan.
PATIENT_LEFT = """(c.amount_cents - c.insurance_cents
  + coalesce((SELECT r.amount_cents - r.insurance_cents FROM charge r
    WHERE r.reverses_id = c.id), 0)
  + coalesce((SELECT sum(j.patient_cents) FROM adjustment j WHERE j.charge_id = c.id), 0)
  - coalesce((SELECT sum(x.amount_cents) FROM allocation x
    WHERE x.charge_id = c.id AND x.side = 'patient'), 0))"""
INSURANCE_LEFT = """(c.insurance_cents
  + coalesce((SELECT r.insurance_cents FROM charge r WHERE r.reverses_id = c.id), 0)
  + coalesce((SELECT sum(j.insurance_cents) FROM adjustment j WHERE j.charge_id = c.id), 0)
  - coalesce((SELECT sum(x.amount_cents) FROM allocation x
    WHERE x.charge_id = c.id AND x.side = 'insurance'), 0))"""
_BALANCE = """
SELECT coalesce((SELECT sum(amount_cents - insurance_cents) FROM charge WHERE patient_id = ?), 0)
  + coalesce((SELECT sum(j.patient_cents) FROM adjustment j JOIN charge c ON c.id = j.charge_id
              WHERE c.patient_id = ?), 0)
  - coalesce((SELECT sum(x.amount_cents) FROM charge c JOIN allocation x ON x.charge_id = c.id
              WHERE c.patient_id = ? AND x.side = 'patient'), 0)"""
# Money that the practice holds: taken for no charge, on the patient's own or a family's receipt.
_CREDIT = """
SELECT coalesce((SELECT sum(x.amount_cents) FROM payment y JOIN allocation x ON x.payment_id = y.id
    WHERE y.patient_id = ? AND +x.charge_id IS NULL AND x.patient_id IS NULL), 0)
  + coalesce((SELECT sum(x.amount_cents) FROM allocation x
    WHERE x.patient_id = ? AND +x.charge_id IS NULL), 0)"""
_INSURANCE = f"""
SELECT coalesce(sum({INSURANCE_LEFT}), 0) FROM charge c
WHERE c.patient_id = ? AND c.reverses_id IS NULL"""  # a reversal counts with what it reverses
_MOVED = """
SELECT coalesce((SELECT sum(amount_cents) FROM charge WHERE business_day {0}), 0),
  coalesce((SELECT sum(total_cents) FROM payment WHERE business_day {0}
    AND kind IN ('payment', 'credit', 'correction')), 0)
  + coalesce((SELECT sum(v.total_cents) FROM payment v JOIN payment o ON o.id = v.voids_id
    WHERE v.business_day {0} AND o.kind IN ('payment', 'credit', 'correction')), 0),
  coalesce((SELECT sum(total_cents) FROM payment WHERE business_day {0}
    AND kind IN ('refund', 'returned')), 0)
  + coalesce((SELECT sum(v.total_cents) FROM payment v JOIN payment o ON o.id = v.voids_id
    WHERE v.business_day {0} AND o.kind IN ('refund', 'returned')), 0),
  coalesce((SELECT sum(patient_cents + insurance_cents) FROM adjustment WHERE business_day {0}), 0)
"""
# The open parts of all charges (PATIENT_LEFT + INSURANCE_LEFT), summed table by table: asking for
# each charge's adjustments and allocations one by one takes six searches for every charge.
_OWED_IN_ALL = """
WITH reversal AS MATERIALIZED (SELECT id FROM charge WHERE reverses_id IS NOT NULL)
SELECT coalesce((SELECT sum(amount_cents) FROM charge
    WHERE reverses_id IS NULL OR reverses_id NOT IN (SELECT id FROM reversal)), 0)
  + coalesce((SELECT sum(patient_cents + insurance_cents) FROM adjustment
    WHERE charge_id NOT IN (SELECT id FROM reversal)), 0)
  - coalesce((SELECT sum(amount_cents) FROM allocation
    WHERE charge_id IS NOT NULL AND charge_id NOT IN (SELECT id FROM reversal)), 0)"""
_HELD_IN_ALL = "SELECT coalesce(sum(amount_cents), 0) FROM allocation WHERE charge_id IS NULL"


def sum_of(desk: Desk, patient_id: int) -> int:
    """What the patient owes less what is held for them; for operations with their own permission.

    The plan's part is not in it. Below zero is money that the practice holds.
    """
    owed: int = desk.rows(_BALANCE, patient_id, patient_id, patient_id)[0][0]
    return owed - credit_of(desk, patient_id)


def credit_of(desk: Desk, patient_id: int) -> int:
    """Money held for the patient: taken and not yet applied to a charge."""
    held: int = desk.rows(_CREDIT, patient_id, patient_id)[0][0]
    return held


def insurance_of(desk: Desk, patient_id: int) -> int:
    """What plans are expected to pay on the patient's charges."""
    expected: int = desk.rows(_INSURANCE, patient_id)[0][0]
    return expected


def left_on(desk: Desk, charge_id: int, side: str) -> int:
    """What is open of a charge on one side; for operations with their own permission."""
    sql = PATIENT_LEFT if side == "patient" else INSURANCE_LEFT
    found = desk.rows(f"SELECT {sql} FROM charge c WHERE c.id = ?", charge_id)
    return int(found[0][0]) if found else 0


@dataclass(frozen=True)
class Balance:
    """What one patient's account comes to. Cents."""

    patient_cents: int
    credit_cents: int
    insurance_cents: int

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "balance_cents": self.patient_cents,
            "credit_cents": self.credit_cents,
            "insurance_cents": self.insurance_cents,
        }


def balance(desk: Desk, patient_id: int) -> Balance:
    """The account of one patient. Raises NotAllowed."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    return Balance(
        sum_of(desk, patient_id), credit_of(desk, patient_id), insurance_of(desk, patient_id)
    )


@dataclass(frozen=True)
class Receivables:
    """The proof of a period: what was owed before and after, and all that moved it.

    ``closing = opening + charges - payments + refunds + adjustments``; refunds are what went
    back to patients (with returned checks), adjustments are below zero when less is owed.
    ``difference`` is what the charges' own open parts, less money held, say otherwise: never
    anything but zero.
    """

    opening_cents: int
    charges_cents: int
    payments_cents: int
    refunds_cents: int
    adjustments_cents: int
    closing_cents: int
    difference_cents: int


@dataclass(frozen=True)
class DayMoved:
    """One business day of the roll-forward; see Receivables. Cents."""

    day: date
    opening_cents: int
    charges_cents: int
    payments_cents: int
    refunds_cents: int
    adjustments_cents: int
    closing_cents: int


def receivables(desk: Desk, first: date, last: date) -> Receivables:
    """The roll-forward of accounts receivable over business days. Raises Invalid, NotAllowed.

    The difference can only be shown for a period that ends at the last day there is.
    """
    desk.require("view_money")
    if first > last:
        raise Invalid("The first day is after the last", "Turn them round", field="first")
    before = desk.rows(_MOVED.replace("{0}", "< ?"), *[first.isoformat()] * 6)[0]
    inside = _moved(desk, first, last)
    opening = _owed(before)
    closing = opening + _owed(inside)
    later = desk.rows(_MOVED.replace("{0}", "> ?"), *[last.isoformat()] * 6)[0]
    owed = desk.rows(_OWED_IN_ALL)[0][0] - desk.rows(_HELD_IN_ALL)[0][0]
    charges, payments, refunds, adjustments = inside
    return Receivables(
        opening, charges, payments, -refunds, adjustments, closing,
        owed - closing - _owed(later),
    )  # fmt: skip


def day_by_day(desk: Desk, whole: Receivables, first: date, last: date) -> list[DayMoved]:
    """The days of a period on which anything moved; ``whole`` is the proof of all of it.

    Proving each day by itself would read every row there is once for every day.
    """
    desk.require("view_money")
    found, owed = [], whole.opening_cents
    for ahead in range((last - first).days + 1):
        day = first + timedelta(days=ahead)
        charges, payments, refunds, adjustments = _moved(desk, day, day)
        if any((charges, payments, refunds, adjustments)):
            opening, owed = owed, owed + _owed((charges, payments, refunds, adjustments))
            found.append(DayMoved(day, opening, charges, payments, -refunds, adjustments, owed))
    return found


def _moved(desk: Desk, first: date, last: date) -> tuple[int, int, int, int]:
    """Charges, payments, refunds (below zero) and adjustments of the days."""
    params = [first.isoformat(), last.isoformat()] * 6
    charges, payments, refunds, adjustments = desk.rows(
        _MOVED.replace("{0}", "BETWEEN ? AND ?"), *params
    )[0]
    return charges, payments, refunds, adjustments


def _owed(moved: tuple[Any, ...]) -> int:
    charges, payments, refunds, adjustments = moved
    return int(charges - payments - refunds + adjustments)
