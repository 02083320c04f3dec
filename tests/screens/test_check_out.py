"""Checking out: a follow-up, today's money, and gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from deskterm.db.payments import NotCollected, Payment
from deskterm.db.scheduling import Appointment
from deskterm.office import payments, visits
from deskterm.office.desk import Desk
from deskterm.office.operations import ROLES
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    """Ready to go; 40.00 are due from February."""
    patient = made.patient("COLE", "BERNARD", sex="M")
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )
    visit = made.appointment(patient)
    return visits.ready(made.desk, visit.id)


async def test_money_and_out(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1o")
        assert not clerk.has(["COLE, BERNARD", "03/14/1982", "1 Follow-up", "2 Money      DUE",
                              "3 Leave", "40.00"])  # fmt: skip
        await clerk.type("\n40ca\n")
        assert clerk.place == "DayScreen"
        assert clerk.row(23).startswith(f"Checked out 1 COLE, receipt {Payment.get().receipt}")
    assert Appointment.get().lifecycle == "completed"


async def test_a_follow_up_opens_the_search_from_that_day(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1o6w\n0 bill\n")
        assert clerk.place == "OpeningScreen"
        assert "Wed Apr 29" in clerk.text()
        assert "COLE, BERNARD" in clerk.row(2)
    assert (NotCollected.get().reason, Appointment.get().stage) == ("bill", "checked_out")


async def test_an_odd_follow_up_is_said_and_nobody_leaves(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1o2/30\n")
        assert "no such date" in clerk.row(22)
    assert Appointment.get().stage == "ready"


async def test_undo_brings_them_back_and_asks_why_for_the_money(
    desk: Desk, visit: Appointment
) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1o\n40ca\n")
        await clerk.press("ctrl+z")
        assert (Appointment.get().lifecycle, Appointment.get().stage) == ("scheduled", "ready")
        await clerk.press("ctrl+z")
        assert clerk.place == "VoidScreen"


async def test_people_of_one_name_are_told_apart_first(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    made.patient("COLE", "BERNARD", born=date(1990, 5, 5))
    async with at_desk(desk) as clerk:
        await clerk.type("1o0505\n")
        assert "on file 03/14/1982" in clerk.row(22)
        await clerk.type("\t\n40ca\n\n\n")
        assert clerk.place == "CheckOutScreen"
    assert (Payment.select().count(), Appointment.get().stage) == (0, "ready")


async def test_a_draft_comes_back(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1o6w\n40c")
        clerk.app.keep_drafts()
    async with at_desk(desk) as clerk:
        await clerk.press("f3", "enter")
        assert clerk.screen.out_form.field == "pay"
        await clerk.type("a\n")
        assert clerk.place == "OpeningScreen"
    assert Payment.get().total_cents == 4000


async def test_somebody_who_may_not_see_money_checks_out_without(
    desk: Desk, visit: Appointment
) -> None:
    desk.actor = replace(desk.actor, permissions=ROLES["clinician"])
    async with at_desk(desk) as clerk:
        await clerk.type("1o")
        assert clerk.place == "CheckOutScreen"
        assert "40.00" not in clerk.text()
        await clerk.press("enter")
    assert Appointment.get().stage == "checked_out"
