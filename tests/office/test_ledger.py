"""The ledger beyond the payment: fees, plan parts, adjustments, refunds, corrections, credit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import peewee
import pytest

from deskterm.clock import FrozenClock
from deskterm.db.payments import Adjustment, Allocation, Charge, Payment, Tender
from deskterm.db.scheduling import Appointment
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, DesktermError, Invalid, NotFound
from deskterm.office import adjustments, charges, ledger, payments, refunds
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from deskterm.office.refunds import TenderLeft
from tests.factories import TODAY, Clinic, clinic, second

LONG_AGO = date(2020, 1, 1)


def cash(cents: int) -> TenderEntry:
    return TenderEntry("cash", cents)


def card(cents: int, last4: str = "4417") -> TenderEntry:
    return TenderEntry("card", cents, brand="visa", last4=last4, approval="08812Q")


def check(cents: int, number: str = "1042") -> TenderEntry:
    return TenderEntry("check", cents, reference=number)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=LONG_AGO)
    charges.set_fee(desk, "G0438", 25000, label="wellness visit", starts_on=LONG_AGO)
    return found


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    """Today's visit of an insured patient, with a copay of 25.00."""
    patient = made.patient()
    made.cover(patient)
    return made.appointment(patient)


@pytest.fixture
def owing(made: Clinic) -> int:
    """A patient without coverage who owes 100.00 of last month."""
    patient = made.patient("KERR", "DAN")
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=10000, service_day=date(2026, 2, 20)
    )
    return patient.id


def whole(desk: Desk) -> None:
    """Everything that must always hold."""
    proof = ledger.receivables(desk, LONG_AGO, TODAY + timedelta(days=400))
    assert proof.difference_cents == 0
    for total, tendered, allocated in desk.rows(
        "SELECT total_cents, (SELECT coalesce(sum(amount_cents), 0) FROM tender"
        " WHERE payment_id = y.id), (SELECT coalesce(sum(amount_cents), 0) FROM allocation"
        " WHERE payment_id = y.id) FROM payment y"
    ):
        assert total == tendered == allocated


def shape(payment: Payment) -> tuple[str, int, list[tuple[str, int]], list[tuple[str, int]]]:
    tenders = Tender.select().where(Tender.payment == payment.id).order_by(Tender.id)
    parts = Allocation.select().where(Allocation.payment == payment.id).order_by(Allocation.id)
    return (
        payment.kind,
        payment.total_cents,
        [(t.kind, t.amount_cents) for t in tenders],
        [(a.purpose, a.amount_cents) for a in parts],
    )


# Fees and charges


def test_a_fee_ends_the_day_before_the_next_one(made: Clinic) -> None:
    desk = made.desk
    charges.set_fee(desk, "99213", 19000, starts_on=date(2026, 3, 1))
    assert charges.fee_of(desk, "99213", date(2026, 2, 28)) == 18000
    assert charges.fee_of(desk, "99213", date(2026, 3, 1)) == 19000
    assert charges.fee_of(desk, "99214", TODAY) is None
    with pytest.raises(Conflict):
        charges.set_fee(desk, "99213", 20000, starts_on=date(2026, 3, 1))


def test_a_plans_own_fee_wins(made: Clinic) -> None:
    plan = made.plans["AETPPO"].id
    charges.set_fee(made.desk, "99213", 12000, plan_id=plan, starts_on=LONG_AGO)
    assert charges.fee_of(made.desk, "99213", TODAY, plan) == 12000
    assert charges.fee_of(made.desk, "99213", TODAY) == 18000


def test_the_copay_is_never_counted_twice(desk: Desk, visit: Appointment) -> None:
    payments.take(desk, visit.patient_id, tenders=[cash(2500)], appointment_id=visit.id, key="a")
    charges.post(desk, visit.id, [ChargeLine("99213", diagnoses=("M54.50",))])
    account = ledger.balance(desk, visit.patient_id)
    assert (account.patient_cents, account.insurance_cents) == (0, 15500)
    whole(desk)


def test_a_copay_charged_after_the_visit_counts_once_too(desk: Desk, visit: Appointment) -> None:
    charges.post(desk, visit.id, [ChargeLine("99213")])
    taken = payments.take(
        desk, visit.patient_id, tenders=[cash(2500)], appointment_id=visit.id, key="a"
    )
    assert ledger.balance(desk, visit.patient_id).insurance_cents == 15500
    payments.void(desk, taken.receipt, reason="duplicate", approval=second(desk, "payment.void"))
    assert ledger.balance(desk, visit.patient_id).insurance_cents == 18000
    whole(desk)


def test_self_pay_and_units(desk: Desk, visit: Appointment) -> None:
    made = charges.post(desk, visit.id, [ChargeLine("99213", units=2)], self_pay=True, key="k")
    again = charges.post(desk, visit.id, [ChargeLine("99213", units=2)], self_pay=True, key="k")
    assert [c.id for c in again] == [c.id for c in made]
    assert [(c.amount_cents, c.insurance_cents, c.units, c.code) for c in made] == [
        (36000, 0, 2, "99213")
    ]
    due = payments.due(desk, visit.patient_id, visit.id)
    assert [(d.kind, d.due_cents) for d in due] == [("copay", 2500), ("visit", 36000)]


@pytest.mark.parametrize(
    "line",
    [
        ChargeLine("hello!"), ChargeLine("99215"), ChargeLine("99213", units=0),
        ChargeLine("99213", modifiers=("255",)), ChargeLine("99213", diagnoses=("5.5",)),
        ChargeLine("99213", amount_cents=-5), ChargeLine("99213", amount_cents=10**9),
    ],
)  # fmt: skip
def test_charges_that_are_refused(desk: Desk, visit: Appointment, line: ChargeLine) -> None:
    with pytest.raises(Invalid):
        charges.post(desk, visit.id, [line])
    assert Charge.select().count() == 0


# Adjustments


def test_a_write_off_and_taking_it_back(desk: Desk, owing: int) -> None:
    [charge] = Charge.select()
    off = adjustments.adjust(
        desk,
        charge.id,
        kind="write_off",
        amount_cents=4000,
        reason="hardship",
        approval=second(desk, "charge.adjust"),
    )
    assert payments.balance_cents(desk, owing) == 6000
    assert payments.due(desk, owing)[0].due_cents == 6000
    adjustments.take_back(desk, off.id, reason="wrong patient")
    assert payments.balance_cents(desk, owing) == 10000
    with pytest.raises(Conflict):
        adjustments.take_back(desk, off.id, reason="again")
    whole(desk)


def test_no_more_is_written_off_than_is_left(desk: Desk, owing: int) -> None:
    [charge] = Charge.select()
    payments.take(desk, owing, tenders=[cash(7000)], key="a")
    with pytest.raises(Conflict, match=r"Only 30\.00"):
        adjustments.adjust(
            desk,
            charge.id,
            kind="courtesy",
            amount_cents=3001,
            reason="courtesy",
            approval=second(desk, "charge.adjust"),
        )
    assert Adjustment.select().count() == 0


def test_a_denial_moves_the_plans_part_to_the_patient(desk: Desk, visit: Appointment) -> None:
    [charge] = charges.post(desk, visit.id, [ChargeLine("99213")])
    moved = adjustments.transfer(desk, charge.id, amount_cents=18000, to="patient", reason="denied")
    assert ledger.balance(desk, visit.patient_id).as_dict() == {
        "balance_cents": 18000, "credit_cents": 0, "insurance_cents": 0,
    }  # fmt: skip
    payments.take(desk, visit.patient_id, tenders=[cash(10000)], key="a", purpose="visit")
    with pytest.raises(Conflict, match="paid since"):
        adjustments.take_back(desk, moved.id, reason="they paid after all")
    whole(desk)


# Refunds


def test_a_refund_goes_back_the_way_it_came(desk: Desk, owing: int) -> None:
    paid = payments.take(desk, owing, tenders=[cash(4000), card(6000)], key="a")
    back = refunds.refund(
        desk,
        paid.receipt,
        amount_cents=7000,
        reason="overpaid",
        key="r",
        approval=second(desk, "payment.refund"),
    )
    again = refunds.refund(
        desk,
        paid.receipt,
        amount_cents=7000,
        reason="overpaid",
        key="r",
        approval=second(desk, "payment.refund"),
    )
    assert again.id == back.id
    assert shape(back) == (
        "refund", -7000, [("card", -6000), ("cash", -1000)], [("balance", -7000)]
    )  # fmt: skip
    assert payments.balance_cents(desk, owing) == 7000
    assert back.balance_after_cents == 7000
    with pytest.raises(Conflict, match=r"Only 30\.00"):
        refunds.refund(
            desk,
            paid.receipt,
            amount_cents=3001,
            reason="overpaid",
            approval=second(desk, "payment.refund"),
        )
    refunds.refund(desk, paid.receipt, reason="overpaid", approval=second(desk, "payment.refund"))
    with pytest.raises(Conflict, match="Nothing is left"):
        refunds.refund(
            desk, paid.receipt, reason="overpaid", approval=second(desk, "payment.refund")
        )
    whole(desk)


def test_a_voided_refund_leaves_the_money_refundable(desk: Desk, owing: int) -> None:
    paid = payments.take(desk, owing, tenders=[cash(10000)], key="a")
    back = refunds.refund(
        desk, paid.receipt, reason="overpaid", approval=second(desk, "payment.refund")
    )
    with pytest.raises(Conflict, match="is about this receipt"):
        payments.void(desk, paid.receipt, reason="duplicate", approval=second(desk, "payment.void"))
    payments.void(desk, back.receipt, reason="wrong_patient", approval=second(desk, "payment.void"))
    assert payments.balance_cents(desk, owing) == 0
    refunds.refund(desk, paid.receipt, reason="overpaid", approval=second(desk, "payment.refund"))
    whole(desk)


def test_a_refund_may_take_the_charge_with_it(desk: Desk, visit: Appointment) -> None:
    paid = payments.take(desk, visit.patient_id, tenders=[cash(2500)], key="a")
    refunds.refund(
        desk,
        paid.receipt,
        reason="cancelled",
        take_charge_back=True,
        approval=second(desk, "payment.refund"),
    )
    assert payments.balance_cents(desk, visit.patient_id) == 0
    whole(desk)


def test_cash_has_a_limit_and_a_check_must_clear(
    desk: Desk, owing: int, clock: FrozenClock
) -> None:
    payments.charge(desk, owing, kind="other", amount_cents=50000)
    by_cash = payments.take(desk, owing, tenders=[cash(20000)], key="a")
    by_check = payments.take(desk, owing, tenders=[check(20000)], key="b")
    with pytest.raises(Conflict, match=r"up to 100\.00"):
        refunds.refund(
            desk, by_cash.receipt, reason="overpaid", approval=second(desk, "payment.refund")
        )
    refunds.refund(
        desk,
        by_cash.receipt,
        reason="overpaid",
        tenders=[check(20000, "9001")],
        approval=second(desk, "payment.refund"),
    )
    with pytest.raises(Conflict, match="clears on"):
        refunds.refund(
            desk, by_check.receipt, reason="overpaid", approval=second(desk, "payment.refund")
        )
    clock.advance(days=11)
    refunds.refund(
        desk,
        by_check.receipt,
        reason="overpaid",
        tenders=[check(20000, "9002")],
        approval=second(desk, "payment.refund"),
    )
    whole(desk)


def test_a_card_refund_goes_to_the_same_card(desk: Desk, owing: int) -> None:
    paid = payments.take(desk, owing, tenders=[card(10000, "4417")], key="a")
    with pytest.raises(Conflict, match=r"\.\.1881 did not pay"):
        refunds.refund(
            desk,
            paid.receipt,
            reason="overpaid",
            tenders=[card(5000, "1881")],
            approval=second(desk, "payment.refund"),
        )
    refunds.refund(
        desk,
        paid.receipt,
        reason="overpaid",
        tenders=[card(5000, "4417")],
        approval=second(desk, "payment.refund"),
    )
    whole(desk)


def test_a_prepayment_that_was_applied_cannot_go_back_as_credit(desk: Desk, owing: int) -> None:
    held = payments.take(desk, owing, tenders=[cash(3000)], purpose="prepayment", key="a")
    refunds.apply_credit(desk, owing)
    with pytest.raises(Conflict, match="applied to charges since"):
        refunds.refund(
            desk, held.receipt, reason="overpaid", approval=second(desk, "payment.refund")
        )
    whole(desk)


# Corrections


def test_a_tender_is_corrected_even_after_its_day(
    desk: Desk, owing: int, clock: FrozenClock
) -> None:
    paid = payments.take(desk, owing, tenders=[cash(10000)], key="a")
    clock.advance(days=2)
    fixed = refunds.correct_tender(
        desk,
        paid.receipt,
        was=TenderLeft("cash", "", "", "", 0),
        now=card(10000),
        approval=second(desk, "payment.correct"),
    )
    assert shape(fixed) == ("correction", 0, [("cash", -10000), ("card", 10000)], [])
    assert fixed.business_day == TODAY + timedelta(days=2)
    assert [(w.label, w.cents) for w in refunds.tenders_left(desk, paid.id)] == [
        ("card visa ..4417", 10000)
    ]
    with pytest.raises(Conflict, match="was not paid as cash"):
        refunds.correct_tender(
            desk,
            paid.receipt,
            was=TenderLeft("cash", "", "", "", 0),
            now=check(100),
            approval=second(desk, "payment.correct"),
        )
    assert payments.balance_cents(desk, owing) == 0
    whole(desk)


def test_a_returned_check_is_owed_again_with_a_fee(
    desk: Desk, owing: int, clock: FrozenClock
) -> None:
    paid = payments.take(desk, owing, tenders=[check(6000), cash(4000)], key="a")
    clock.advance(days=3)
    with pytest.raises(NotFound):
        refunds.returned_check(desk, paid.receipt, number="7")
    back = refunds.returned_check(desk, paid.receipt, number="1042")
    assert shape(back) == ("returned", -6000, [("check", -6000)], [("balance", -6000)])
    assert payments.balance_cents(desk, owing) == 6000 + 3500
    assert refunds.checks_refused_since(desk, owing) == TODAY + timedelta(days=3)
    with pytest.raises(NotFound):
        refunds.returned_check(desk, paid.receipt, number="1042")
    whole(desk)


def test_credit_is_applied_without_money(desk: Desk, owing: int) -> None:
    payments.take(desk, owing, tenders=[cash(3000)], purpose="prepayment", key="a")
    assert ledger.credit_of(desk, owing) == 3000
    done = refunds.apply_credit(desk, owing, key="c")
    assert shape(done) == ("credit", 0, [], [("prepayment", -3000), ("balance", 3000)])
    assert ledger.credit_of(desk, owing) == 0
    assert payments.balance_cents(desk, owing) == 7000
    with pytest.raises(Conflict):
        refunds.apply_credit(desk, owing)
    payments.void(desk, done.receipt, reason="wrong_amount", approval=second(desk, "payment.void"))
    assert ledger.credit_of(desk, owing) == 3000
    whole(desk)


# What the database itself refuses


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        ("allocation_over", "INSERT INTO allocation (payment_id, purpose, charge_id, amount_cents)"
         " VALUES (:new, 'visit', 1, 10001)"),
        ("allocation_under", "INSERT INTO allocation (payment_id, purpose, charge_id,"
         " amount_cents) VALUES (:new, 'visit', 1, -6001)"),
        ("allocation_under", "INSERT INTO allocation (payment_id, purpose, amount_cents)"
         " VALUES (:new, 'prepayment', -1)"),
        ("adjustment_reverses", "INSERT INTO adjustment (charge_id, kind, patient_cents,"
         " insurance_cents, reason, note, business_day, posted_at, by, reverses_id)"
         " SELECT charge_id, kind, 999, 0, reason, note, business_day, posted_at, by, id"
         " FROM adjustment"),
        ("CHECK constraint", "INSERT INTO adjustment (charge_id, kind, patient_cents,"
         " insurance_cents, reason, note, business_day, posted_at, by, location_id)"
         " SELECT charge_id, 'transfer', 5, 5, reason, note, business_day, posted_at, by, 1"
         " FROM adjustment"),
        ("posted row", "UPDATE adjustment SET patient_cents = -1"),
        ("posted row", "DELETE FROM adjustment"),
        ("posted row", "INSERT OR REPLACE INTO adjustment SELECT * FROM adjustment"),
    ],
)  # fmt: skip
def test_the_database_refuses(desk: Desk, owing: int, rule: str, sql: str) -> None:
    payments.take(desk, owing, tenders=[cash(6000)], key="a")
    adjustments.adjust(
        desk,
        1,
        kind="write_off",
        amount_cents=1000,
        reason="hardship",
        approval=second(desk, "charge.adjust"),
    )
    row = Payment.select().get().__data__.copy()
    del row["id"]
    row.update(sequence=2, receipt="R-X", posted=False)
    with pytest.raises(peewee.IntegrityError, match=rule), desk.database.atomic():
        new = Payment.insert(row).execute()
        desk.database.execute_sql(sql.replace(":new", str(new)))
    whole(desk)


@pytest.mark.parametrize(
    ("kind", "total", "tender", "allocation"),
    [
        ("refund", -6001, -6001, -6001),
        ("refund", 100, 100, 100),
        ("returned", -7000, -7000, -7000),
        ("correction", -100, -100, -100),
        ("credit", -100, -100, -100),
    ],
)
def test_the_database_refuses_to_give_back_more_than_was_taken(
    desk: Desk, owing: int, kind: str, total: int, tender: int, allocation: int
) -> None:
    paid = payments.take(desk, owing, tenders=[cash(6000)], key="a")
    payments.take(desk, owing, tenders=[cash(4000)], key="b")
    row = Payment.select().get().__data__.copy()
    del row["id"]
    row.update(
        sequence=3, receipt="R-X", posted=False, kind=kind, total_cents=total, original=paid.id
    )
    with pytest.raises(peewee.IntegrityError), desk.database.atomic():
        new = Payment.insert(row).execute()
        Tender.insert(payment=new, kind="cash", amount_cents=tender, card_brand="").execute()
        Allocation.insert(payment=new, purpose="visit", charge=1, amount_cents=allocation).execute()
        Payment.update(posted=True).where(Payment.id == new).execute()
    whole(desk)


ACTS: tuple[Callable[[Desk, str], object], ...] = (
    lambda desk, receipt: refunds.refund(
        desk, receipt, reason="nonsense", approval=second(desk, "payment.refund")
    ),
    lambda desk, receipt: refunds.refund(
        desk, "R-000000-999", reason="overpaid", approval=second(desk, "payment.refund")
    ),
    lambda desk, receipt: refunds.refund(
        desk, receipt, reason="overpaid", amount_cents=0, approval=second(desk, "payment.refund")
    ),
    lambda desk, receipt: refunds.refund(
        desk, receipt, reason="overpaid", amount_cents=-5, approval=second(desk, "payment.refund")
    ),
    lambda desk, receipt: refunds.refund(
        desk,
        receipt,
        reason="overpaid",
        note="4111 1111 1111 1111",
        approval=second(desk, "payment.refund"),
    ),
    lambda desk, receipt: refunds.apply_credit(desk, 1, amount_cents=10),
    lambda desk, receipt: refunds.returned_check(desk, receipt, number=""),
    lambda desk, receipt: adjustments.adjust(
        desk,
        1,
        kind="transfer",
        amount_cents=5,
        reason="error",
        approval=second(desk, "charge.adjust"),
    ),
    lambda desk, receipt: adjustments.transfer(
        desk, 1, amount_cents=5, to="insurer", reason="denied"
    ),
)


@pytest.mark.parametrize("act", ACTS, ids=range(len(ACTS)))
def test_what_is_refused_leaves_no_trace(
    desk: Desk, owing: int, act: Callable[[Desk, str], object]
) -> None:
    paid = payments.take(desk, owing, tenders=[cash(6000)], key="a")
    second(desk, "day.reopen")
    before = desk.rows("SELECT count(*) FROM journal")
    with pytest.raises(DesktermError):
        act(desk, paid.receipt)
    assert desk.rows("SELECT count(*) FROM journal") == before
    whole(desk)
