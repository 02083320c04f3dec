"""Referrals and authorizations by keys: the list, the next state, covering a visit."""

from __future__ import annotations

from datetime import date

import pytest

from deskterm.db.authorizations import PriorAuthorization, Referral, VisitPermit
from deskterm.db.scheduling import Appointment
from deskterm.office import authorizations, plan_rules, visits
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.office.desk import Desk
from tests.factories import Clinic, become
from tests.office.hours import open_clinic
from tests.screens.driver import at_desk


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return open_clinic(desk)


async def test_asked_granted_and_chosen_for_a_visit(desk: Desk, made: Clinic) -> None:
    joan = made.patient("SMITH", "JOAN")
    made.cover(joan)
    visit = visits.walk_in(desk, joan.id, "FU", "LEE", "hurts")
    async with at_desk(desk) as clerk:
        await clerk.app.go("patient", patient_id=joan.id)
        await clerk.settle()
        await clerk.press("a")
        assert clerk.place == "RefsScreen" and "+ = ask a payer" in clerk.text()
        await clerk.press("plus")
        await clerk.type("a\n")
        assert clerk.place == "RefFormScreen"
        await clerk.type("PT\n97110\nm54.50\n\n12\n")
        asked = PriorAuthorization.get()
        assert (asked.service, asked.procedures, asked.state) == ("PT", "97110", "needed")
        assert (asked.diagnoses, asked.units_asked) == ("M54.50", 12)
        assert "NEED" in clerk.line_with("SMITH J")
        await clerk.press("f")
        assert clerk.place == "RefStepScreen"
        await clerk.type("portal\n")
        for _ in range(6):
            if clerk.place == "RefsScreen":
                break
            await clerk.press("enter")
        assert PriorAuthorization.get().state == "submitted"
        authorizations.decide(desk, asked.id, raw_code="A1", number="A-77", number_of_units=12,
                              expires_on=date(2026, 4, 30))  # fmt: skip
        await clerk.app.go("refs", patient_id=joan.id, appointment_id=visit.id)
        await clerk.settle()
        assert "A-77" in clerk.line_with("SMITH J")
        await clerk.press("enter")
        assert VisitPermit.get().appointment_id == visit.id
        await clerk.press("escape")
        assert clerk.place == "PatientScreen"
        assert "auth A-77 11 of 12 left, to 04/30" in clerk.text()
        await clerk.press("ctrl+z")
        assert VisitPermit.get().released_at is not None


async def test_a_referral_out_is_noted_and_sent_from_the_list(desk: Desk, made: Clinic) -> None:
    joan = made.patient("SMITH", "JOAN")
    async with at_desk(desk) as clerk:
        await clerk.app.go("refs", patient_id=joan.id)
        await clerk.settle()
        await clerk.press("plus")
        await clerk.type("z\n")
        assert clerk.place == "RefsScreen"
        await clerk.press("escape", "plus")
        await clerk.type("o\n")
        await clerk.type("Dr Ruiz\nGI consult\n")
        for _ in range(14):
            if clerk.place == "RefsScreen":
                break
            await clerk.press("enter")
        assert Referral.get().to_name == "Dr Ruiz"
        await clerk.press("f")
        for _ in range(3):
            if clerk.place == "RefsScreen":
                break
            await clerk.press("enter")
        assert Referral.get().state == "sent"
        assert "SENT" in clerk.line_with("SMITH J")
        await clerk.press("j")
        await clerk.type("called\n")
        assert "called" in clerk.text()
        await clerk.press("x")
        await clerk.type("not wanted\n")
        assert Referral.get().state == "void"


async def test_the_line_opens_the_list_and_f8_the_next_state(desk: Desk, made: Clinic) -> None:
    joan = made.patient("SMITH", "JOAN")
    made.cover(joan)
    auth = authorizations.request(desk, joan.id, AuthorizationEntry(service="MRI"))
    authorizations.note(desk, auth.id, "call them", due_on=desk.today())
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("refs\n")
        assert clerk.place == "RefsScreen" and "MRI" in clerk.text()
        await clerk.press("f8")
        assert "AUTH" in clerk.line_with("SMITH J")
        await clerk.press("enter")
        assert clerk.place == "RefStepScreen"


async def test_find_opening_stops_and_takes_a_reason(desk: Desk, made: Clinic) -> None:
    joan = made.patient("SMITH", "JOAN")
    made.cover(joan)
    plan_rules.set_rule(desk, needs="authorization", plan="AETPPO", visit_type="FU")
    async with at_desk(desk) as clerk:
        await clerk.app.go("opening", patient_id=joan.id, visit_type="FU", provider="LEE",
                           first=date(2026, 3, 23))  # fmt: skip
        await clerk.settle()
        assert "AUTH NEEDED by Aetna PPO" in clerk.text()
        await clerk.press("enter")
        assert Appointment.select().count() == 0
        await clerk.type("urgent\n")
        assert Appointment.select().count() == 1
        assert VisitPermit.get().override_reason == "urgent"


async def test_from_find_opening_the_payer_is_asked_and_the_visit_booked(
    desk: Desk, made: Clinic
) -> None:
    """Who may not book without it asks for it from there, and the opening waits."""
    joan = made.patient("SMITH", "JOAN")
    made.cover(joan)
    plan_rules.set_rule(desk, needs="authorization", plan="AETPPO", visit_type="FU")
    async with at_desk(become(desk, "front_desk")) as clerk:
        await clerk.app.go("opening", patient_id=joan.id, visit_type="FU", provider="LEE",
                           first=date(2026, 3, 23))  # fmt: skip
        await clerk.settle()
        opening = clerk.screen
        await clerk.press("enter")
        assert "a asks for one" in clerk.text() and Appointment.select().count() == 0
        await clerk.press("a", "plus")
        await clerk.type("a\nPT\n97110\nm54.50\nFU\n12\n")
        assert PriorAuthorization.get().state == "needed"
        await clerk.press("escape")
        assert clerk.screen is opening and "AUTH NEEDED" not in clerk.text()
        await clerk.press("enter")
        await clerk.wait(lambda: Appointment.select().count() == 1)
        assert VisitPermit.get().authorization_id == PriorAuthorization.get().id
