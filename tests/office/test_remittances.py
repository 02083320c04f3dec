"""What plans pay: on charges of several patients, with what the contract takes off and moves."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.payments import Adjustment, Payment
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import (
    accounts,
    adjustments,
    charges,
    drawer_figures,
    ledger,
    money_reports,
    payments,
    proof,
    refunds,
    remittances,
    shifts,
)
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from deskterm.office.remittances import RemittanceLine as Line
from tests.factories import TODAY, Clinic, become, clinic, second


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18_000, starts_on=date(2020, 1, 1))
    return found


@pytest.fixture
def billed(desk: Desk, made: Clinic) -> list[tuple[int, int]]:
    """Two covered patients with a visit of 180.00 each that the plan is expected to pay."""
    found = []
    for name in ("KERR", "COLE"):
        patient = made.patient(name)
        made.cover(patient, copay_cents=0)
        visit = made.appointment(patient, provider="NOVAK" if name == "KERR" else "LEE")
        found.append((patient.id, charges.post(desk, visit.id, [ChargeLine("99213")])[0].id))
    return found


def post(desk: Desk, *lines: Line, number: str = "E881", **more: Any) -> remittances.Remitted:
    return remittances.post(desk, "aetppo", lines, number=number, method="ach", **more)


def test_one_transfer_pays_two_patients(desk: Desk, billed: list[tuple[int, int]]) -> None:
    (kerr, first), (cole, other) = billed
    done = post(desk, Line(first, 10_000, 5000, 3000), Line(other, 12_000, 6000), key="a")
    assert done.paid_cents == 22_000 and done.payment is not None
    assert (done.contractual_cents, done.patient_cents) == (11_000, 3000)
    assert ledger.balance(desk, kerr).as_dict() == {
        "balance_cents": 3000, "credit_cents": 0, "insurance_cents": 0,
    }  # fmt: skip
    assert ledger.balance(desk, cole).insurance_cents == 0
    assert post(desk, Line(first, 1), key="a") == done  # a repeat is the first
    shown = [r.words for r in accounts.account(desk, cole) if r.what == "document"]
    assert shown == ["AETPPO payment"]
    assert ledger.receivables(desk, TODAY, TODAY).difference_cents == 0
    assert proof.examine(desk) == []


def test_it_is_in_no_drawer_and_in_a_column_of_its_own(
    desk: Desk, billed: list[tuple[int, int]]
) -> None:
    (kerr, first), _ = billed
    remittances.post(desk, "AETPPO", [Line(first, 10_000, 5000, 3000)], number="1042")
    assert Payment.get().shift_id is None
    assert desk.rows("SELECT count(*) FROM shift") == [(0,)]
    payments.take(desk, kerr, tenders=[TenderEntry("cash", 3000)], key="a")
    there = drawer_figures.expected(desk, shifts.find(desk, "d1").id)
    assert there.cash == there.float_cents + 3000 and there.checks == ()
    sheet = money_reports.day_sheet(desk, TODAY, TODAY)
    assert [c.name for c in sheet.columns][-2:] == ["Amount", "From plans"]
    assert [row[-2:] for row in sheet.rows] == [(0, 10_000), (3000, 0)]
    assert sheet.totals is not None and sheet.totals[-2:] == (3000, 10_000)
    for name in ("tender", "clerk"):
        table = money_reports.report(desk, name, TODAY, TODAY)
        assert table.totals is not None and table.totals[-3:] == (3000, 10_000, 13_000)


def test_nothing_paid_moves_it_to_the_patient(desk: Desk, billed: list[tuple[int, int]]) -> None:
    (kerr, first), _ = billed
    done = post(desk, Line(first, 0, 6000, 12_000, "deductible"), key="zero")
    assert done.payment is None and len(done.adjustments) == 2
    assert ledger.balance(desk, kerr).patient_cents == 12_000
    assert post(desk, Line(first, 0, 6000, 12_000), key="zero") == done
    assert Payment.select().count() == 0


def test_a_void_takes_all_of_it_back(desk: Desk, billed: list[tuple[int, int]]) -> None:
    (kerr, first), (cole, other) = billed
    done = post(desk, Line(first, 10_000, 5000, 3000), Line(other, 18_000))
    payments.void(desk, done.receipt, reason="wrong_amount")
    for patient, charge in billed:
        assert ledger.balance(desk, patient).as_dict() == {
            "balance_cents": 0, "credit_cents": 0, "insurance_cents": 18_000,
        }  # fmt: skip
        assert adjustments.left_of(desk, charge, "insurance") == 18_000
    assert Adjustment.select().count() == 4
    assert [row[-1] for row in money_reports.day_sheet(desk, TODAY, TODAY).rows] == [
        28_000,
        -28_000,
    ]
    post(desk, Line(first, 10_000))  # the number may be used again
    assert kerr != cole


def test_no_void_under_what_the_patient_paid_since(
    desk: Desk, billed: list[tuple[int, int]]
) -> None:
    (kerr, first), _ = billed
    done = post(desk, Line(first, 10_000, 5000, 3000))
    paid = payments.take(desk, kerr, tenders=[TenderEntry("cash", 2000)], key="a")
    with pytest.raises(Conflict, match="became the patient's was paid since") as caught:
        payments.void(desk, done.receipt, reason="wrong_amount")
    assert "Void or refund" in caught.value.hint
    payments.void(desk, paid.receipt, reason="duplicate")
    payments.void(desk, done.receipt, reason="wrong_amount")
    assert ledger.balance(desk, kerr).insurance_cents == 18_000


def test_a_later_day_refunds_the_plan(
    desk: Desk, clock: FrozenClock, billed: list[tuple[int, int]]
) -> None:
    (kerr, first), _ = billed
    done = post(desk, Line(first, 10_000))
    clock.advance(days=20)
    back = refunds.refund(
        desk, done.receipt, reason="overpaid", amount_cents=4000,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    assert back.shift_id is None and back.plan_id == Payment.get_by_id(1).plan_id
    assert ledger.balance(desk, kerr).insurance_cents == 12_000


def test_what_is_refused(desk: Desk, billed: list[tuple[int, int]]) -> None:
    (_, first), _ = billed
    post(desk, Line(first, 5000))
    with pytest.raises(Conflict, match="E881 paid this charge already"):
        post(desk, Line(first, 5000))
    with pytest.raises(Conflict, match=r"Only 130\.00"):
        post(desk, Line(first, 10_000, 3000, 1), number="E882")
    for wrong in (
        {"number": " "}, {"number": "9", "method": "cash"}, {"number": "9", "lines": []},
        {"number": "9", "lines": [Line(first)]}, {"number": "9", "lines": [Line(first, -1)]},
        {"number": "9", "lines": [Line(first, 1), Line(first, 1)]},
        {"number": "9", "lines": [Line(first, 0, 0, 5, "because")]},
        {"number": "9", "note": "4111 1111 1111 1111"},
    ):  # fmt: skip
        given: dict[str, Any] = {"lines": [Line(first, 1)], **wrong}
        with pytest.raises(Invalid):
            remittances.post(desk, "AETPPO", **given)
    with pytest.raises(NotFound):
        remittances.post(desk, "NOPE", [Line(first, 1)], number="9")
    with pytest.raises(NotFound):
        remittances.post(desk, "AETPPO", [Line(999, 1)], number="9")
    with pytest.raises(NotAllowed):
        remittances.post(become(desk, "front_desk"), "AETPPO", [Line(first, 1)], number="9")
    assert Payment.select().count() == 1
