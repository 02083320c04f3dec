"""Stories: the list of staff, a record that is closed, and a second person at the desk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskterm.entry.money import parse_tender_option
from deskterm.office import break_glass, payments, staff
from deskterm.office.desk import Desk
from tests.factories import Clinic, become, clinic
from tests.screens.driver import at_desk

PIN = "739164"


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


async def test_the_list_adds_edits_and_ends_access(desk: Desk, made: Clinic) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("staff\n")
        assert clerk.place == "StaffScreen" and "mlopez" in clerk.text()
        await clerk.press("plus")
        await clerk.type("dkim\nDana Kim\nfront\n")
        assert "dkim" in clerk.line_with("Dana Kim") and "front desk" in clerk.text()
        await clerk.type("2")
        await clerk.press("enter")
        assert clerk.place == "StaffFormScreen" and "dkim" in clerk.text()
        await clerk.press("ctrl+c")
        await clerk.type("2x")
        await clerk.type("\n")
        assert staff.by_login(desk, "dkim").active  # no reason, no change
        await clerk.type("left the practice\n")
        assert "DISABLED" in clerk.line_with("dkim")
        assert not staff.by_login(desk, "dkim").active
        await clerk.type("2x")
        assert staff.by_login(desk, "dkim").active


async def test_a_clerk_has_no_list_and_an_administrator_nothing_else(
    desk: Desk, made: Clinic
) -> None:
    patient = made.patient("Zaremba", "Quill")
    made.appointment(patient)
    async with at_desk(become(desk, "front_desk")) as clerk:
        await clerk.press("f10")
        await clerk.type("staff\n")
        assert clerk.place == "DayScreen" and "may not" in clerk.text()
        assert "ZAREMBA" in clerk.text()
    async with at_desk(become(desk, "administrator")) as clerk:
        assert clerk.place == "StaffScreen"
        for keys in (["f2"], ["f5"], ["f8"], ["f6"]):
            await clerk.press(*keys)
            assert "ZAREMBA" not in clerk.text() and "may not" in clerk.text(), keys
        for line in (f"pay #{patient.mrn} 40ca", f"who #{patient.mrn}", "day t", "zaremba",
                     f"in #{patient.mrn}", "flow", "find fu"):  # fmt: skip
            await clerk.press("f10")
            await clerk.type(f"{line}\n")
            assert "QUILL" not in clerk.text(), line
            await clerk.press("ctrl+c", "ctrl+c")


async def test_a_closed_record_asks_why_then_opens_loudly(desk: Desk, made: Clinic) -> None:
    patient = made.patient("Zaremba", "Quill")
    made.appointment(patient)
    break_glass.restrict(desk, patient.id, reason="works here")
    async with at_desk(become(desk, "front_desk", pin=PIN)) as clerk:
        assert "Z.Q. RESTRICTED" in clerk.text() and "ZAREMBA" not in clerk.text()
        await clerk.press("f2")
        await clerk.type(f"{patient.mrn}")
        assert "**/**/****" in clerk.text() and "ZAREMBA" not in clerk.text()
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "BreakGlassScreen")
        assert "ZAREMBA" not in clerk.text()
        await clerk.type("eme\ntoo short\n000000\n")
        assert clerk.place == "BreakGlassScreen" and "at least 10" in clerk.text()
        await clerk.press("ctrl+c")
        assert "ZAREMBA" not in clerk.text()
        await clerk.press("f10")
        await clerk.type(f"pay #{patient.mrn}\n")
        await clerk.wait(lambda: clerk.place == "BreakGlassScreen")
        await clerk.type(f"eme\ncollapsed in the lobby\n{PIN}\n")
        await clerk.wait(lambda: clerk.place == "PaymentScreen")
        assert "BREAK-GLASS until 10:42a" in clerk.row(2) and "ZAREMBA" in clerk.row(2)
        assert PIN not in clerk.text()


async def test_an_opening_waits_for_the_officer_in_whats_next(desk: Desk, made: Clinic) -> None:
    patient = made.patient("Zaremba", "Quill")
    break_glass.restrict(desk, patient.id, reason="works here")
    break_glass.break_glass(desk, patient.id, code="emergency", reason="collapsed in the lobby")
    async with at_desk(become(desk, "privacy_officer")) as clerk:
        await clerk.press("f8")
        assert "break-glass" in clerk.line_with("REVIEW") and "collapsed" in clerk.text()
        await clerk.press("enter")
        await clerk.type("ambulance log agrees\n")
        assert "REVIEW " not in clerk.text() and "Reviewed mlopez" in clerk.text()
    async with at_desk(become(desk, "front_desk")) as clerk:
        await clerk.press("f8")
        assert "break-glass" not in clerk.text()


async def test_a_second_person_types_their_own_pin(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    receipt = payments.take(
        desk, patient.id, tenders=[parse_tender_option("cash:25.00")], key="k",
        allow_prepayment=True,
    ).receipt  # fmt: skip
    become(desk, "manager", pin=PIN)
    async with at_desk(become(desk, "front_desk")) as clerk:
        await clerk.app.go("void", receipt=receipt)
        await clerk.settle()
        assert "Approved by" in clerk.text()
        await clerk.type("wrong a\nmanager\n000000\n\n")
        assert "Wrong PIN" in clerk.text()
        assert desk.rows("SELECT count(*) FROM payment") == [(1,)]
        form = clerk.screen.void_form
        form.set_value("approver_pin", PIN, PIN)
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "DayScreen")
    assert desk.rows("SELECT count(*) FROM payment") == [(2,)]
    assert desk.rows("SELECT count(*) FROM approval") == [(1,)]
    drafts = desk.rows("SELECT state FROM draft")
    assert "000000" not in repr(drafts) and PIN not in repr(drafts)


async def test_ones_own_receipt_asks_nobody_where_the_practice_says_so(
    desk: Desk, made: Clinic
) -> None:
    patient = made.patient()
    receipt = payments.take(
        desk, patient.id, tenders=[parse_tender_option("cash:25.00")], key="k",
        allow_prepayment=True,
    ).receipt  # fmt: skip
    async with at_desk(desk) as clerk:
        await clerk.app.go("void", receipt=receipt)
        await clerk.settle()
        assert "Approved by" not in clerk.text()
    policy = replace(desk.settings.policy, own_void_alone=False)
    desk.settings = replace(desk.settings, policy=policy)
    async with at_desk(desk) as clerk:
        await clerk.app.go("void", receipt=receipt)
        await clerk.settle()
        assert "Approved by" in clerk.text()
