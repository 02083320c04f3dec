"""Fees for missed and late-cancelled visits: charged, waived, forbidden, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.payments import Charge
from deskterm.db.scheduling import Appointment, VisitType
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, Invalid
from deskterm.office import ledger, payments, scheduling, visits
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic


@pytest.fixture
def made(desk: Desk, clock: FrozenClock) -> Clinic:
    policy = replace(desk.settings.policy, no_show_fee=5000, late_cancel_fee=3000)
    desk.settings = replace(desk.settings, policy=policy)
    return clinic(desk)


@pytest.fixture
def missed(made: Clinic) -> Appointment:
    """A visit of 8:00 this morning; nobody came."""
    return made.appointment(made.patient("KERR"), datetime(2026, 3, 18, 8))


def test_the_fee_is_charged_with_the_no_show(desk: Desk, missed: Appointment) -> None:
    visits.no_show(desk, missed.id)
    [fee] = Charge.select()
    assert (fee.kind, fee.amount_cents, fee.appointment_id) == ("no_show_fee", 5000, missed.id)
    assert desk.rows("SELECT operation FROM journal ORDER BY seq DESC LIMIT 1") == [
        ("visit.no_show",)
    ]
    assert ledger.sum_of(desk, missed.patient_id) == 5000


def test_it_may_be_waived_with_a_reason(desk: Desk, missed: Appointment) -> None:
    with pytest.raises(Invalid, match="needs a reason"):
        visits.no_show(desk, missed.id, waive_fee=True)
    visits.no_show(desk, missed.id, waive_fee=True, reason="in hospital")
    assert Charge.select().count() == 0
    assert desk.rows("SELECT reason FROM journal ORDER BY seq DESC LIMIT 1") == [("in hospital",)]


@pytest.mark.parametrize(("own", "expected"), [(7500, [7500]), (0, [])])
def test_the_visit_type_decides_before_the_practice(
    desk: Desk, missed: Appointment, own: int, expected: list[int]
) -> None:
    with desk.operation("clinic.settings") as op:
        kind = op.get(VisitType, missed.visit_type_id)
        kind.no_show_fee_cents = own
        op.save(kind)
    visits.no_show(desk, missed.id)
    assert [c.amount_cents for c in Charge.select()] == expected


def test_no_fee_by_default(desk: Desk, missed: Appointment) -> None:
    policy = replace(desk.settings.policy, no_show_fee=0)
    desk.settings = replace(desk.settings, policy=policy)
    visits.no_show(desk, missed.id)
    assert Charge.select().count() == 0


def test_medicaid_is_never_charged(desk: Desk, made: Clinic) -> None:
    patient = made.patient("COLE")
    made.cover(patient, "MCD")
    visit = made.appointment(patient, datetime(2026, 3, 18, 8))
    visits.no_show(desk, visit.id)
    assert Charge.select().count() == 0


@pytest.mark.parametrize("back", [visits.undo, visits.arrive], ids=["undo", "came late"])
def test_it_is_taken_back_with_the_no_show(
    desk: Desk, missed: Appointment, back: Callable[..., Appointment]
) -> None:
    visits.no_show(desk, missed.id)
    back(desk, missed.id)
    assert ledger.sum_of(desk, missed.patient_id) == 0
    assert Charge.select().count() == 2


def test_a_paid_fee_is_not_taken_back_silently(desk: Desk, missed: Appointment) -> None:
    visits.no_show(desk, missed.id)
    paid = payments.take(
        desk, missed.patient_id, tenders=[TenderEntry("cash", 5000)], key="a"
    )  # fmt: skip
    with pytest.raises(Conflict, match=r"50\.00 was paid of the no-show fee"):
        visits.undo(desk, missed.id)
    assert Appointment.get_by_id(missed.id).lifecycle == "no_show"
    payments.void(desk, paid.receipt, reason="duplicate")
    visits.undo(desk, missed.id)
    assert ledger.sum_of(desk, missed.patient_id) == 0


def test_who_comes_after_paying_is_let_in(desk: Desk, missed: Appointment) -> None:
    visits.no_show(desk, missed.id)
    payments.take(desk, missed.patient_id, tenders=[TenderEntry("cash", 5000)], key="a")
    visits.arrive(desk, missed.id)
    assert Appointment.get_by_id(missed.id).stage == "arrived"
    assert Charge.select().count() == 1


@pytest.mark.parametrize(
    ("by", "hours", "waive", "fee"),
    [("patient", 3, False, 3000), ("patient", 30, False, 0), ("practice", 3, False, 0),
     ("patient", 3, True, 0)],
)  # fmt: skip
def test_a_late_cancel(
    desk: Desk, made: Clinic, by: str, hours: int, waive: bool, fee: int
) -> None:
    wall = datetime(2026, 3, 18, 10) + timedelta(hours=hours)
    visit = made.appointment(made.patient("COLE"), wall)
    done = scheduling.cancel(
        desk, visit.id, version=visit.version, by=by, reason="sick", waive_fee=waive,
        note="flu" if waive else "",
    )  # fmt: skip
    assert sum(c.amount_cents for c in Charge.select()) == fee
    scheduling.reinstate(desk, done.id, version=done.version)
    assert ledger.sum_of(desk, visit.patient_id) == 0


def test_waiving_a_late_cancel_needs_a_note(desk: Desk, made: Clinic) -> None:
    visit = made.appointment(made.patient("COLE"), datetime(2026, 3, 18, 13))
    with pytest.raises(Invalid):
        scheduling.cancel(
            desk, visit.id, version=visit.version, by="patient", reason="sick", waive_fee=True
        )
    assert Appointment.get_by_id(visit.id).lifecycle == "scheduled"
