"""Corrections of charges that have more on them than a payment: copay shares, write-offs, moves."""

from __future__ import annotations

from datetime import date

import pytest

from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, DesktermError
from deskterm.office import adjustments, charges, ledger, payments, refunds
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic, second


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18_000, starts_on=date(2020, 1, 1))
    return found


@pytest.fixture
def visit(made: Clinic) -> tuple[int, int]:
    """A covered patient and their visit of today, whose copay is 25.00."""
    patient = made.patient("KERR")
    made.cover(patient)
    return patient.id, made.appointment(patient).id


def cash(cents: int) -> list[TenderEntry]:
    return [TenderEntry("cash", cents)]


def test_a_refund_prints_the_balance_after_the_charge_is_gone(desk: Desk, made: Clinic) -> None:
    patient = made.patient("COLE").id
    paid = payments.take(desk, patient, tenders=cash(2500), purpose="form_fee", key="a")
    back = refunds.refund(
        desk, paid.receipt, reason="cancelled", take_charge_back=True,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    assert back.balance_after_cents == payments.balance_cents(desk, patient) == 0
    with pytest.raises(Conflict):  # the charge is gone, so the money has nowhere to go
        payments.void(
            desk, back.receipt, reason="duplicate", approval=second(desk, "payment.void")
        )  # fmt: skip


def test_a_visit_charged_in_error_leaves_the_copay_to_its_other_charge(
    desk: Desk, visit: tuple[int, int]
) -> None:
    patient, appointment = visit
    wrong, right = charges.post(desk, appointment, [ChargeLine("99213"), ChargeLine("99213")])
    payments.take(desk, patient, tenders=cash(2500), appointment_id=appointment, key="a")
    assert ledger.balance(desk, patient).insurance_cents == 36_000 - 2500
    payments.reverse_charge(desk, wrong.id, reason="charged twice")
    assert adjustments.left_of(desk, wrong.id, "insurance") == 0
    assert adjustments.left_of(desk, right.id, "insurance") == 18_000 - 2500
    payments.reverse_charge(desk, right.id, reason="not seen at all")
    assert ledger.balance(desk, patient).insurance_cents == 0


def test_what_is_adjusted_is_not_taken_back_below_nothing(desk: Desk, made: Clinic) -> None:
    patient = made.patient("COLE").id
    fee = payments.charge(desk, patient, kind="form_fee", amount_cents=2500)
    off = adjustments.adjust(
        desk, fee.id, kind="courtesy", amount_cents=1000, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    with pytest.raises(Conflict, match="adjusted"):
        payments.reverse_charge(desk, fee.id, reason="in error")
    adjustments.take_back(desk, off.id, reason="in error")
    payments.reverse_charge(desk, fee.id, reason="in error")
    assert payments.balance_cents(desk, patient) == 0


def test_a_void_leaves_a_charge_whose_rest_was_written_off(
    desk: Desk, visit: tuple[int, int]
) -> None:
    patient, appointment = visit
    paid = payments.take(desk, patient, tenders=cash(1500), appointment_id=appointment, key="a")
    copay = desk.rows("SELECT id FROM charge")[0][0]
    adjustments.adjust(
        desk, copay, kind="courtesy", amount_cents=1000, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    payments.void(desk, paid.receipt, reason="duplicate", approval=second(desk, "payment.void"))
    assert payments.balance_cents(desk, patient) == 1500


@pytest.mark.parametrize("side", ["patient", "insurance"])
def test_a_copay_is_taken_off_by_hand_and_charged_afterwards(
    desk: Desk, visit: tuple[int, int], side: str
) -> None:
    """What a clerk took off as the copay must not stand in the way of charging it."""
    patient, appointment = visit
    [line] = charges.post(desk, appointment, [ChargeLine("99213")])
    adjustments.transfer(desk, line.id, amount_cents=5000, to="patient", reason="deductible")
    try:
        adjustments.adjust(
            desk, line.id, kind="copay", amount_cents=500, reason="contract", side=side,
            approval=second(desk, "charge.adjust"),
        )  # fmt: skip
    except DesktermError:
        assert side == "patient"
    payments.take(
        desk, patient, tenders=cash(2500), purpose="copay", appointment_id=appointment, key="a"
    )  # fmt: skip
    assert adjustments.left_of(desk, line.id, "insurance") == 18_000 - 5000 - 2500


def test_a_void_leaves_the_charge_that_was_adjusted_since(desk: Desk, made: Clinic) -> None:
    """Somebody decided on the charge after the payment made it: that decision stands."""
    patient = made.patient("COLE").id
    paid = payments.take(desk, patient, tenders=cash(1000), purpose="form_fee", key="a")
    fee = desk.rows("SELECT id FROM charge")[0][0]
    refunds.refund(
        desk, paid.receipt, reason="overpaid", amount_cents=400,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    adjustments.adjust(
        desk, fee, kind="courtesy", amount_cents=400, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    assert payments.void_keeps(desk, paid.receipt) == [
        "form fee of Wed 03/18/2026 stays: it was adjusted"
    ]
    refunded = desk.rows("SELECT receipt FROM payment WHERE kind = 'refund'")[0][0]
    # the money given back would pay what was forgiven meanwhile
    with pytest.raises(Conflict, match="paid or forgiven since"):
        payments.void(
            desk, refunded, reason="duplicate", approval=second(desk, "payment.void")
        )  # fmt: skip
    given = desk.rows("SELECT id FROM adjustment")[0][0]
    adjustments.take_back(desk, given, reason="not agreed")
    payments.void(desk, refunded, reason="duplicate", approval=second(desk, "payment.void"))
    assert payments.void_keeps(desk, paid.receipt) == []
    payments.void(desk, paid.receipt, reason="duplicate")
    assert ledger.sum_of(desk, patient) == 0
    assert desk.rows("SELECT sum(amount_cents) FROM charge") == [(0,)]


def test_a_void_under_a_copay_that_was_written_off(desk: Desk, visit: tuple[int, int]) -> None:
    patient, appointment = visit
    paid = payments.take(
        desk, patient, tenders=cash(1000), appointment_id=appointment, purpose="copay", key="a"
    )
    copay = desk.rows("SELECT id FROM charge WHERE kind = 'copay'")[0][0]
    adjustments.adjust(
        desk, copay, kind="courtesy", amount_cents=1500, reason="hardship",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    assert payments.void_keeps(desk, paid.receipt) == [
        "copay of Wed 03/18/2026 stays: it was adjusted"
    ]
    payments.void(desk, paid.receipt, reason="duplicate")
    assert ledger.sum_of(desk, patient) == 1000  # owed again, less what was written off
    assert [d.due_cents for d in payments.due(desk, patient, appointment)] == [1000]


def test_a_refund_without_its_charge_says_why_it_cannot_be_voided(desk: Desk, made: Clinic) -> None:
    patient = made.patient("COLE").id
    paid = payments.take(desk, patient, tenders=cash(2500), purpose="form_fee", key="a")
    back = refunds.refund(
        desk, paid.receipt, reason="cancelled", take_charge_back=True,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    with pytest.raises(Conflict) as caught:
        payments.void(
            desk, back.receipt, reason="duplicate", approval=second(desk, "payment.void")
        )  # fmt: skip
    assert caught.value.message == f"{back.receipt} took the form fee back with its money"
    assert caught.value.hint == "Charge it again (+ on the account), then take the payment (p)"
    assert caught.value.details["rule"] == "charge_gone"


def test_a_refund_takes_the_charge_back_once_its_adjustments_are(desk: Desk, made: Clinic) -> None:
    patient = made.patient("COLE").id
    fee = payments.charge(desk, patient, kind="form_fee", amount_cents=2500)
    adjusted = adjustments.adjust(
        desk, fee.id, kind="courtesy", amount_cents=500, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    adjustments.take_back(desk, adjusted.id, reason="not agreed")
    paid = payments.take(desk, patient, tenders=cash(2500), key="a")
    refunds.refund(
        desk, paid.receipt, reason="cancelled", take_charge_back=True,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    assert ledger.sum_of(desk, patient) == 0
    assert desk.rows("SELECT sum(amount_cents) FROM charge") == [(0,)]
