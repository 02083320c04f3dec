"""A family's money: who pays for whom, one receipt for several accounts, and taking it back."""

from __future__ import annotations

from typing import Any

import peewee
import pytest

from deskterm.db import journal
from deskterm.db.payments import Allocation, Payment
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, Invalid
from deskterm.office import (
    accounts,
    families,
    ledger,
    pay_plan,
    payments,
    proof,
    receipts,
    refunds,
)
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic, second


def card(cents: int) -> list[TenderEntry]:
    return [TenderEntry("card", cents, brand="visa", last4="4417", approval="08812Q")]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def family(desk: Desk, made: Clinic) -> list[int]:
    """A mother and two children, who owe 10.00, 20.00 and 40.00; the mother pays for them."""
    people = [made.patient("TRAN", first).id for first in ("OLIVIA", "BO", "CY")]
    for patient, cents in zip(people, (1000, 2000, 4000), strict=True):
        payments.charge(desk, patient, kind="form_fee", amount_cents=cents)
    for child in people[1:]:
        families.set_guarantor(desk, child, people[0])
    return people


def test_everybody_of_the_family_is_found_from_everybody(desk: Desk, family: list[int]) -> None:
    mother, first, last = family
    assert [(m.patient_id, m.balance_cents, m.pays) for m in families.others(desk, mother)] == [
        (first, 2000, False), (last, 4000, False),
    ]  # fmt: skip
    assert [(m.patient_id, m.pays) for m in families.others(desk, last)] == [
        (mother, True), (first, False),
    ]  # fmt: skip
    families.end_guarantor(desk, last)
    assert families.others(desk, last) == []
    assert [m.patient_id for m in families.others(desk, mother)] == [first]


def test_one_receipt_pays_for_all(desk: Desk, family: list[int]) -> None:
    mother, first, last = family
    due = payments.due(desk, mother, family=[first, last])
    assert [(d.patient_id, d.due_cents) for d in due] == [(None, 1000), (first, 2000), (last, 4000)]
    planned = pay_plan.plan(desk, due, card(5000))
    shown = pay_plan.preview(desk, mother, None, planned, columns=32)
    done = payments.take(desk, mother, tenders=card(5000), family=[first, last], key="a")
    parts = Allocation.select().where(Allocation.payment == done.id).order_by(Allocation.id)
    assert [(p.patient_id, p.amount_cents) for p in parts] == [
        (None, 1000), (first, 2000), (last, 2000),
    ]  # fmt: skip
    assert done.balance_after_cents == payments.balance_cents(desk, mother) == 0
    assert payments.balance_cents(desk, first) == 0 and payments.balance_cents(desk, last) == 2000
    assert receipts.text(desk, done.receipt, columns=32) == shown
    assert "for TRAN B" in shown and "for TRAN C" in shown
    # visible on each account, with each one's part, and in each one's history
    for patient, cents, words in (
        (mother, 1000, "payment, with the family's"),
        (first, 2000, "payment, paid by the family"),
        (last, 2000, "payment, paid by the family"),
    ):
        [row] = [r for r in accounts.account(desk, patient) if r.what == "document"]
        assert (row.cents, row.words, row.receipt) == (-cents, words, done.receipt)
    assert dict(desk.rows(
        "SELECT jp.patient_id, count(*) FROM journal_patient jp JOIN journal j ON j.seq = jp.seq"
        " WHERE j.operation = 'payment.take' GROUP BY 1"
    )) == {first: 1, last: 1}  # fmt: skip
    assert list(journal.verify(desk.database, desk.secret)) == []
    assert proof.examine(desk) == []


def test_a_void_gives_it_back_to_each(desk: Desk, family: list[int]) -> None:
    done = payments.take(desk, family[0], tenders=card(7000), family=family[1:], key="a")
    payments.void(desk, done.receipt, reason="duplicate")
    assert [payments.balance_cents(desk, p) for p in family] == [1000, 2000, 4000]


def test_a_refund_takes_the_newest_of_it_first(desk: Desk, family: list[int]) -> None:
    done = payments.take(desk, family[0], tenders=card(7000), family=family[1:], key="a")
    refunds.refund(
        desk, done.receipt, reason="overpaid", amount_cents=5000,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    assert [payments.balance_cents(desk, p) for p in family] == [0, 1000, 4000]
    refunds.refund(
        desk, done.receipt, reason="cancelled", take_charge_back=True,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    assert [ledger.sum_of(desk, p) for p in family] == [0, 0, 4000]


def test_strangers_are_refused(desk: Desk, made: Clinic, family: list[int]) -> None:
    stranger = made.patient("COLE").id
    payments.charge(desk, stranger, kind="form_fee", amount_cents=500)
    with pytest.raises(Invalid, match="not of this family"):
        payments.take(desk, family[0], tenders=card(1500), family=[stranger], key="a")
    for patient, guarantor in (
        (family[0], family[0]),  # oneself
        (family[0], stranger),  # somebody who pays for others
        (stranger, family[1]),  # somebody who is paid for
        (family[1], family[0]),  # as it is
    ):
        with pytest.raises((Invalid, Conflict)):
            families.set_guarantor(desk, patient, guarantor)
    with pytest.raises(Conflict):
        families.end_guarantor(desk, stranger)
    paid = payments.take(desk, family[0], tenders=card(1000), key="z")
    with pytest.raises(peewee.PeeweeException):  # the payment is sealed, and the charge not theirs
        desk.database.execute_sql(
            "INSERT INTO allocation (payment_id, purpose, charge_id, amount_cents, side)"
            f" SELECT {paid.id}, 'other', c.id, 1, 'patient' FROM charge c"
            f" WHERE c.patient_id = {stranger}"
        )


def test_the_database_refuses_money_on_anothers_charge(
    desk: Desk, made: Clinic, family: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the code forgot whose charge it is."""
    from deskterm.office import posting

    post = posting.post

    def forgetful(*given: object, **named: Any) -> object:
        for row in named["allocations"]:
            row["patient"] = None
        return post(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(posting, "post", forgetful)
    with pytest.raises(Conflict, match="another patient's"):
        payments.take(desk, family[0], tenders=card(3000), family=[family[1]], key="z")
    assert Payment.select().count() == 0
