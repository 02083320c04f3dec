"""Payment plans: what is agreed, what is due of it today, what was missed, and where money goes."""

from __future__ import annotations

from datetime import date, timedelta

import peewee
import pytest

from deskterm.clock import FrozenClock
from deskterm.db.instalments import InstalmentCharge
from deskterm.db.payments import Allocation
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, Invalid
from deskterm.office import adjustments, instalments, payments, refunds, statements
from deskterm.office.desk import Desk
from tests.factories import TODAY, Clinic, clinic, second


def cash(cents: int) -> list[TenderEntry]:
    return [TenderEntry("cash", cents)]


def card(cents: int) -> list[TenderEntry]:
    return [TenderEntry("card", cents, brand="visa", last4="4417", approval="08812Q")]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def owing(made: Clinic) -> tuple[int, list[int]]:
    """A patient with charges of 80.00 and 40.00 of the last months."""
    patient = made.patient("KERR").id
    return patient, [
        payments.charge(
            made.desk, patient, kind="visit", amount_cents=cents, service_day=date(2026, month, 5)
        ).id
        for cents, month in ((8000, 1), (4000, 2))
    ]


@pytest.mark.parametrize(
    ("amount", "count", "first", "every", "days", "cents"),
    [
        (10000, 3, date(2026, 1, 31), "month",
         [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)], [3333, 3333, 3334]),
        (12000, 4, date(2026, 11, 15), "month",
         [date(2026, 11, 15), date(2026, 12, 15), date(2027, 1, 15), date(2027, 2, 15)],
         [3000] * 4),
        (300, 2, date(2026, 3, 18), "week", [date(2026, 3, 18), date(2026, 3, 25)], [150, 150]),
        (301, 2, date(2026, 2, 20), "two_weeks", [date(2026, 2, 20), date(2026, 3, 6)], [150, 151]),
        (500, 1, date(2028, 2, 29), "month", [date(2028, 2, 29)], [500]),
    ],
)  # fmt: skip
def test_days_and_amounts(
    amount: int, count: int, first: date, every: str, days: list[date], cents: list[int]
) -> None:
    found = instalments.schedule(amount, count, first, every)
    assert [day for day, _ in found] == days
    assert [part for _, part in found] == cents
    assert sum(part for _, part in found) == amount


def test_only_what_has_come_due_is_asked_for(
    desk: Desk, clock: FrozenClock, owing: tuple[int, list[int]]
) -> None:
    patient, (first, later) = owing
    instalments.set_up(desk, patient, instalments=4, first_on=TODAY)
    due = payments.due(desk, patient)
    assert [(d.charge_id, d.due_cents, d.purpose) for d in due] == [(first, 3000, "balance")]
    assert due[0].label.startswith("plan 1/4: ") and "later 50.00" in due[0].why
    paid = payments.take(desk, patient, tenders=cash(5000), key="a")  # the rest is change
    assert paid.total_cents == 3000
    assert payments.due(desk, patient) == []
    clock.advance(days=31)  # April 18 is the second instalment
    [plan] = instalments.standing(desk, patient)
    assert [i.state for i in plan.instalments] == ["paid", "due", "later", "later"]
    clock.advance(days=31)  # nobody came
    [plan] = instalments.standing(desk, patient)
    assert [i.state for i in plan.instalments] == ["paid", "missed", "missed", "later"]
    assert (plan.due_cents, plan.missed_cents, plan.later_cents) == (6000, 6000, 3000)
    assert "60.00 MISSED" in plan.words
    payments.take(desk, patient, tenders=card(6000), key="b")
    parts = Allocation.select().where(Allocation.amount_cents > 0).order_by(Allocation.id)
    assert [(p.charge_id, p.amount_cents) for p in parts] == [
        (first, 3000), (first, 5000), (later, 1000),
    ]  # fmt: skip
    [plan] = instalments.standing(desk, patient)
    assert plan.settled_cents == 9000 and plan.due_cents == 0


def test_a_plan_may_be_paid_ahead_of_time(desk: Desk, owing: tuple[int, list[int]]) -> None:
    patient, _ = owing
    instalments.set_up(desk, patient, instalments=4, first_on=TODAY + timedelta(days=5))
    assert payments.due(desk, patient) == []
    with pytest.raises(Invalid, match="Nothing is due"):
        payments.take(desk, patient, tenders=card(12000), key="a")
    assert sum(d.due_cents for d in payments.due(desk, patient, ahead=True)) == 12000
    payments.take(desk, patient, tenders=card(12000), ahead=True, key="b")
    [plan] = instalments.standing(desk, patient)
    assert plan.next is None and plan.settled_cents == 12000


def test_voids_refunds_and_write_offs_count_by_themselves(
    desk: Desk, owing: tuple[int, list[int]]
) -> None:
    patient, (first, later) = owing
    instalments.set_up(desk, patient, instalments=2, first_on=TODAY)
    paid = payments.take(desk, patient, tenders=cash(6000), key="a")
    refunds.refund(
        desk, paid.receipt, reason="overpaid", amount_cents=1000,
        approval=second(desk, "payment.refund"),
    )  # fmt: skip
    assert instalments.standing(desk, patient)[0].due_cents == 1000
    adjustments.adjust(
        desk, later, kind="courtesy", amount_cents=1000, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    [plan] = instalments.standing(desk, patient)
    assert plan.settled_cents == 6000 and plan.due_cents == 0
    again = payments.take(desk, patient, tenders=cash(3000), ahead=True, key="c")
    assert again.total_cents == 3000
    payments.void(desk, again.receipt, reason="duplicate")
    assert instalments.standing(desk, patient)[0].settled_cents == 6000
    assert first != later


def test_what_is_charged_beside_a_plan_is_due_at_once(
    desk: Desk, owing: tuple[int, list[int]]
) -> None:
    patient, _ = owing
    instalments.set_up(desk, patient, instalments=4, first_on=TODAY + timedelta(days=9))
    payments.charge(desk, patient, kind="form_fee", amount_cents=2500)
    assert [(d.kind, d.due_cents) for d in payments.due(desk, patient)] == [("form_fee", 2500)]


def test_an_ended_plan_makes_all_of_it_due(desk: Desk, owing: tuple[int, list[int]]) -> None:
    patient, _ = owing
    plan = instalments.set_up(desk, patient, instalments=4, first_on=TODAY, key="p")
    assert instalments.set_up(desk, patient, instalments=4, first_on=TODAY, key="p").id == plan.id
    with pytest.raises(Invalid):
        instalments.end(desk, plan.id, reason=" ")
    instalments.end(desk, plan.id, reason="wants to pay at once")
    assert sum(d.due_cents for d in payments.due(desk, patient)) == 12000
    assert instalments.standing(desk, patient) == []
    with pytest.raises(Conflict, match="ended already"):
        instalments.end(desk, plan.id, reason="again")
    assert instalments.set_up(desk, patient, instalments=2, first_on=TODAY).id != plan.id


def test_what_is_refused(desk: Desk, made: Clinic, owing: tuple[int, list[int]]) -> None:
    patient, (first, later) = owing
    for wrong in (
        {"instalments": 0}, {"instalments": 121}, {"every": "year"},
        {"first_on": TODAY - timedelta(days=1)}, {"first_on": TODAY + timedelta(days=400)},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            instalments.set_up(desk, patient, **{"instalments": 2, "first_on": TODAY, **wrong})
    instalments.set_up(desk, patient, instalments=2, first_on=TODAY, charges=[first])
    with pytest.raises(Conflict):
        instalments.set_up(desk, patient, instalments=2, first_on=TODAY, charges=[first])
    other = instalments.set_up(desk, patient, instalments=2, first_on=TODAY)
    assert [i.charge_id for i in InstalmentCharge.select().where(InstalmentCharge.plan == other)
            ] == [later]  # fmt: skip
    with pytest.raises(Conflict, match="Nothing is open"):
        instalments.set_up(desk, made.patient("COLE").id, instalments=2, first_on=TODAY)


def test_the_database_refuses_what_the_code_would_not_do(
    desk: Desk, made: Clinic, owing: tuple[int, list[int]]
) -> None:
    patient, (first, _) = owing
    plan = instalments.set_up(desk, patient, instalments=2, first_on=TODAY).id
    stranger = payments.charge(
        desk, made.patient("COLE").id, kind="form_fee", amount_cents=100
    ).id  # fmt: skip
    for sql in (
        f"UPDATE instalment_plan SET amount_cents = 1 WHERE id = {plan}",
        f"DELETE FROM instalment_plan WHERE id = {plan}",
        "UPDATE instalment_charge SET amount_cents = 1",
        "DELETE FROM instalment_charge",
        f"INSERT INTO instalment_charge (plan_id, charge_id, amount_cents) VALUES"
        f" ({plan}, {first}, 5)",
        f"INSERT INTO instalment_charge (plan_id, charge_id, amount_cents) VALUES"
        f" ({plan}, {stranger}, 5)",
    ):
        with pytest.raises(peewee.PeeweeException):
            desk.database.execute_sql(sql)


def test_the_statement_asks_for_what_is_due_of_it(desk: Desk, owing: tuple[int, list[int]]) -> None:
    patient, _ = owing
    instalments.set_up(desk, patient, instalments=4, first_on=TODAY)
    made = statements.statement(desk, patient)
    assert ["On your payment plan, later", "-90.00"] in made.data["totals"]
    assert ["Please pay", "30.00"] in made.data["totals"]
    assert any("Your payment plan: 120.00 in 4" in note for note in made.data["notes"])
