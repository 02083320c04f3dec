"""Statements: their lines add up to the balance, their ages to what is open, whatever happened."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from random import Random

import pytest

from deskterm.clock import FrozenClock
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, DesktermError, NotAllowed, NotFound
from deskterm.office import (
    adjustments,
    break_glass,
    charges,
    ledger,
    payments,
    refunds,
    statements,
)
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from tests.exchange import pdf_text
from tests.factories import TODAY, Clinic, become, clinic, second

LONG_AGO = date(2020, 1, 1)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=LONG_AGO)
    return found


def cents(text: str) -> int:
    return round(float(text.replace(",", "")) * 100) if text else 0


def owe(desk: Desk, patient_id: int, amount: int, *, days_ago: int = 0) -> int:
    day = desk.today() - timedelta(days=days_ago)
    return payments.charge(
        desk, patient_id, kind="other", amount_cents=amount, service_day=day
    ).id  # fmt: skip


def check(desk: Desk, patient_id: int) -> statements.Statement:
    """Everything that must hold of a statement, against the rows of the ledger."""
    made = statements.statement(desk, patient_id)
    balance = ledger.balance(desk, patient_id)
    lines = made.data["lines"]
    assert sum(cents(line[2]) for line in lines) == balance.patient_cents
    assert made.owed_cents - made.held_cents == balance.patient_cents
    assert made.held_cents == balance.credit_cents
    assert sum(cents(line[3]) for line in lines) == made.owed_cents
    assert sum(age for _, age in made.ageing) == made.owed_cents
    rows = desk.rows(
        f"SELECT coalesce(sum({ledger.PATIENT_LEFT}), 0) FROM charge c"
        " WHERE c.patient_id = ? AND c.reverses_id IS NULL",
        patient_id,
    )
    assert made.owed_cents == rows[0][0]
    assert made.due_cents == max(balance.patient_cents, 0)
    said = dict(made.data["totals"])
    assert cents(said["Your balance"]) == made.owed_cents
    assert cents(said["Please pay"]) == made.due_cents
    return made


class Life:
    """What happens to a patient's account, at random, through the office's own operations."""

    def __init__(self, made: Clinic, clock: FrozenClock, seed: int) -> None:
        self.made, self.clock, self.chance = made, clock, Random(seed)
        self.patient = made.patient(f"PERSON{seed}", "PAT")
        if self.chance.random() < 0.5:
            made.cover(self.patient)
        self.receipts: list[str] = []
        self.charges: list[int] = []
        self.checks = 1000

    def live(self, steps: int) -> None:
        for _ in range(steps):
            act = self.chance.choice(
                (self.charge, self.charge, self.visit, self.pay, self.pay, self.prepay, self.void,
                 self.refund, self.bounce, self.adjust, self.move, self.apply, self.reverse,
                 self.wait)
            )  # fmt: skip
            with contextlib.suppress(DesktermError):  # what cannot be at the moment
                act()

    def charge(self) -> None:
        self.charges.append(
            owe(self.made.desk, self.patient.id, self.chance.randint(1, 40000),
                days_ago=self.chance.choice((0, 1, 29, 30, 31, 60, 61, 90, 91, 120, 121, 400)))
        )  # fmt: skip

    def visit(self) -> None:
        from deskterm.clock import local

        now = local(self.clock.now(), "America/Chicago").replace(tzinfo=None, second=0)
        visit = self.made.appointment(self.patient, now)
        posted = charges.post(self.made.desk, visit.id, [ChargeLine("99213")])
        self.charges += [charge.id for charge in posted]

    def tender(self) -> TenderEntry:
        amount = self.chance.randint(1, 30000)
        kind = self.chance.choice(("cash", "check", "card"))
        if kind == "check":
            self.checks += 1
            return TenderEntry("check", amount, reference=str(self.checks))
        if kind == "card":
            return TenderEntry("card", amount, brand="visa", last4="4417", approval="1")
        return TenderEntry("cash", amount)

    def pay(self) -> None:
        taken = payments.take(
            self.made.desk, self.patient.id, tenders=[self.tender()], allow_prepayment=True,
            key=str(self.chance.random()),
        )  # fmt: skip
        self.receipts.append(taken.receipt)

    def prepay(self) -> None:
        taken = payments.take(
            self.made.desk, self.patient.id, tenders=[self.tender()], purpose="prepayment",
            key=str(self.chance.random()),
        )  # fmt: skip
        self.receipts.append(taken.receipt)

    def void(self) -> None:
        payments.void(
            self.made.desk, self.chance.choice(self.receipts or [""]), reason="duplicate",
            approval=second(self.made.desk, "payment.void"),
        )  # fmt: skip

    def refund(self) -> None:
        refunds.refund(
            self.made.desk, self.chance.choice(self.receipts or [""]), reason="overpaid",
            amount_cents=self.chance.choice((None, 100, 5000)),
            approval=second(self.made.desk, "payment.refund"),
        )  # fmt: skip

    def bounce(self) -> None:
        for number in range(1001, self.checks + 1):
            for receipt in self.receipts:
                with contextlib.suppress(DesktermError):
                    refunds.returned_check(self.made.desk, receipt, number=str(number))
                    return

    def adjust(self) -> None:
        adjustments.adjust(
            self.made.desk, self.chance.choice(self.charges or [0]), kind="write_off",
            amount_cents=self.chance.randint(1, 5000), reason="hardship",
            approval=second(self.made.desk, "charge.adjust"),
        )  # fmt: skip

    def move(self) -> None:
        adjustments.transfer(
            self.made.desk, self.chance.choice(self.charges or [0]), reason="denied",
            amount_cents=self.chance.randint(1, 9000), to=self.chance.choice(("patient", "plan")),
        )  # fmt: skip

    def apply(self) -> None:
        refunds.apply_credit(self.made.desk, self.patient.id)

    def reverse(self) -> None:
        charge = self.chance.choice(self.charges or [0])
        payments.reverse_charge(self.made.desk, charge, reason="error")

    def wait(self) -> None:
        self.clock.advance(days=self.chance.choice((1, 12, 31)))


@pytest.mark.parametrize("seed", range(25))
def test_lines_and_ages_add_up_after_anything(made: Clinic, clock: FrozenClock, seed: int) -> None:
    life = Life(made, clock, seed)
    life.live(30)
    check(made.desk, life.patient.id)


def test_everything_at_once(made: Clinic, clock: FrozenClock) -> None:
    desk, patient = made.desk, made.patient("KERR", "DAN")
    old = owe(desk, patient.id, 10000, days_ago=45)
    paid = payments.take(
        desk, patient.id, tenders=[TenderEntry("check", 6000, reference="1042")], key="a"
    )
    refunds.returned_check(desk, paid.receipt, number="1042")
    adjustments.adjust(
        desk, old, kind="courtesy", amount_cents=1000, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    payments.take(
        desk, patient.id, tenders=[TenderEntry("cash", 2000)], purpose="prepayment", key="b"
    )
    found = check(desk, patient.id)
    # 100.00 less 10.00, and 35.00 for the returned check of today.
    assert dict(found.ageing) == {
        "0-30 days": 3500, "31-60": 9000, "61-90": 0, "91-120": 0, "over 120": 0,
    }  # fmt: skip
    assert (found.owed_cents, found.held_cents, found.due_cents) == (12500, 2000, 10500)


@pytest.mark.parametrize(
    ("age", "bucket"),
    [(0, 0), (30, 0), (31, 1), (60, 1), (61, 2), (90, 2), (91, 3), (120, 3), (121, 4), (900, 4)],
)
def test_the_edges_of_the_ages(made: Clinic, age: int, bucket: int) -> None:
    patient = made.patient("KERR", "DAN")
    owe(made.desk, patient.id, 5000, days_ago=age)
    found = check(made.desk, patient.id)
    assert [cents for _, cents in found.ageing] == [5000 if n == bucket else 0 for n in range(5)]


def test_the_plans_part_is_not_asked_of_the_patient(made: Clinic) -> None:
    patient = made.patient()
    made.cover(patient)
    visit = made.appointment(patient)
    charges.post(made.desk, visit.id, [ChargeLine("99213")])
    assert check(made.desk, patient.id).due_cents == 0


def test_a_charge_that_the_plan_denied_is_shown_with_what_is_owed_on_it(made: Clinic) -> None:
    patient = made.patient()
    made.cover(patient)
    visit = made.appointment(patient)
    [charge] = charges.post(made.desk, visit.id, [ChargeLine("99213")])
    adjustments.transfer(made.desk, charge.id, amount_cents=6500, to="patient", reason="denied")
    lines = check(made.desk, patient.id).data["lines"]
    assert sorted(line[2:] for line in lines) == [["0.00", "65.00"], ["65.00", ""]]


def test_a_charge_with_a_write_off_is_not_taken_back_under_it(made: Clinic) -> None:
    patient = made.patient("KERR", "DAN")
    charge = owe(made.desk, patient.id, 10000)
    off = adjustments.adjust(
        made.desk,
        charge,
        kind="write_off",
        amount_cents=3000,
        reason="hardship",
        approval=second(made.desk, "charge.adjust"),
    )
    with pytest.raises(Conflict, match="adjusted"):
        payments.reverse_charge(made.desk, charge, reason="error")
    adjustments.take_back(made.desk, off.id, reason="error")
    payments.reverse_charge(made.desk, charge, reason="error")
    assert check(made.desk, patient.id).owed_cents == 0


def test_what_was_taken_back_is_no_line(made: Clinic) -> None:
    patient = made.patient("KERR", "DAN")
    charge = owe(made.desk, patient.id, 5000)
    payments.reverse_charge(made.desk, charge, reason="error")
    assert check(made.desk, patient.id).data["lines"] == []


def test_nothing_due_is_no_statement(made: Clinic) -> None:
    patient = made.patient("KERR", "DAN")
    found = check(made.desk, patient.id)
    with pytest.raises(Conflict, match="Nothing is owed"):
        statements.pdf(made.desk, found)
    owe(made.desk, patient.id, 5000)
    payments.take(made.desk, patient.id, tenders=[TenderEntry("cash", 5000)], key="a")
    with pytest.raises(Conflict):
        statements.pdf(made.desk, check(made.desk, patient.id))


def test_money_held_for_more_than_is_owed_asks_for_nothing(made: Clinic) -> None:
    patient = made.patient("KERR", "DAN")
    payments.take(
        made.desk, patient.id, tenders=[TenderEntry("cash", 9000)], purpose="prepayment", key="a"
    )
    owe(made.desk, patient.id, 5000)
    assert check(made.desk, patient.id).due_cents == 0


def test_everybody_who_owes_and_nobody_else(made: Clinic) -> None:
    desk = made.desk
    little, much, none = (made.patient(name, "PAT") for name in ("ABLE", "BAKER", "CHARLIE"))
    owe(desk, little.id, 400)
    owe(desk, much.id, 5000)
    assert [s.patient_id for s in statements.owing(desk)] == [little.id, much.id]
    assert [s.patient_id for s in statements.owing(desk, at_least_cents=401)] == [much.id]
    assert none.id not in {s.patient_id for s in statements.owing(desk)}


def test_a_restricted_record_is_left_to_those_who_may_open_it(made: Clinic) -> None:
    desk, patient = made.desk, made.patient("ZAREMBA", "QUILL")
    other = made.patient("ABLE", "PAT")
    owe(desk, patient.id, 5000)
    owe(desk, other.id, 5000)
    break_glass.restrict(desk, patient.id, reason="well known")
    clerk = become(desk, "front_desk")
    with pytest.raises(NotAllowed) as refused:
        statements.statement(clerk, patient.id)
    assert "ZAREMBA" not in str(refused.value).upper()
    assert [s.patient_id for s in statements.owing(clerk)] == [other.id]


def test_whoever_may_not_see_money_gets_none(made: Clinic) -> None:
    patient = made.patient("KERR", "DAN")
    owe(made.desk, patient.id, 5000)
    clinician = become(made.desk, "clinician")
    with pytest.raises(NotAllowed):
        statements.statement(clinician, patient.id)
    with pytest.raises(NotAllowed):
        list(statements.owing(clinician))
    with pytest.raises(NotFound):
        statements.statement(made.desk, 99999)


def test_on_paper_there_is_no_diagnosis_and_the_sums_are_those_of_the_ledger(made: Clinic) -> None:
    patient = made.patient("KERR", "DAN")
    visit = made.appointment(patient)
    charges.post(made.desk, visit.id, [ChargeLine("99213", diagnoses=("M54.50",))], self_pay=True)
    found = check(made.desk, patient.id)
    said = pdf_text.words(statements.pdf(made.desk, found))
    assert "DANKERR418ElmStApt2Decatur,IL62521" in said
    assert f"{TODAY:%m/%d/%Y}" in said
    assert "99213" in said
    assert "M54" not in said
    assert f"Pleasepay{found.data['totals'][-1][1]}" in said
