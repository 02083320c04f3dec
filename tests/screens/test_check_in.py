"""Checking in at the desk: what is open is asked, what was not answered is never confirmed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from deskterm.db.patients import Acknowledgment, PatientAddress, PatientPhone
from deskterm.db.payments import NotCollected, Payment
from deskterm.db.scheduling import Appointment
from deskterm.db.visits import CheckInStep
from deskterm.errors import Unreachable
from deskterm.office import check_in, patients, payments
from deskterm.office.desk import Desk
from deskterm.office.operations import ROLES
from tests.factories import TODAY, Clinic, clinic
from tests.screens.driver import at_desk

LONG_AGO = TODAY - timedelta(days=800)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    """SMITH, JOAN: contact and card are stale, the forms signed, 25.00 copay and 40.00 due."""
    patient = made.patient("SMITH", "JOAN", sex="F")
    made.cover(patient, card_seen_on=LONG_AGO)
    made.desk.rows("UPDATE patient_address SET confirmed_on = '2024-01-01'")
    for form in ("npp", "consent", "history"):
        patients.acknowledge_form(made.desk, patient.id, form, "signed")
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )
    return made.appointment(patient)


def stage() -> str:
    return str(Appointment.get().stage)


def steps() -> dict[str, str]:
    return {row.step: row.outcome for row in CheckInStep.select()}


async def test_task_3_checks_in_with_the_copay_on_a_card(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n\n\n25cc\n4417\n08812q\n")
        assert clerk.place == "DayScreen"
        # One digit less than row 21; the card's last four cost five more than the 23 planned,
        # and the last Enter is not needed.
        assert clerk.keys == 26
        receipt = Payment.get().receipt
        assert clerk.row(23) == f"Checked in 1 SMITH 9:42a, receipt {receipt}. ^Z takes it back"
    assert stage() == "checked_in"
    assert Payment.get().total_cents == 2500
    assert steps() == {"identity": "confirmed", "contact": "confirmed", "insurance": "confirmed"}
    assert PatientAddress.get().confirmed_on == TODAY
    assert (Path(desk.settings.database).with_name("receipts") / f"{receipt}.txt").exists()


@pytest.mark.parametrize("paid", ["25v4417 08812q", "25cc441708812q"])
async def test_task_3_takes_25_keys_from_row_21_with_two_stale_steps(
    desk: Desk, made: Clinic, visit: Appointment, paid: str
) -> None:
    for n in range(20):
        start = datetime(2026, 3, 18, 8) + timedelta(minutes=20 * n)
        made.appointment(made.patient(f"ZED{n}"), start, "LEE")
    async with at_desk(desk) as clerk:
        number = clerk.screen.rows[visit.id].number
        assert number > 9
        before = clerk.keys
        await clerk.type(f"{number}c0314\n\n\n{paid}\n")
        assert clerk.keys - before == 25
        assert clerk.row(23).startswith(f"Checked in {number} SMITH")
    assert desk.rows("SELECT card_last4, approval FROM tender") == [("4417", "08812Q")]


async def test_a_row_for_each_step_and_what_enter_does(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c")
        assert not clerk.has(
            ["SMITH, JOAN", "03/14/1982", "11:30a NOVAK FU20", "1 Identity   ASK",
             "2 Contact    ASK", "418 Elm St", "3 Insurance  ASK", "Aetna PPO",
             "4 Forms      OK     all signed", "5 Auth       n/a", "6 Money      DUE",
             "copay 25.00   balance 40.00", "7 Arrive", "total", "65.00"]
        )  # fmt: skip
        assert "step 1 of 7" in clerk.row(1)
        assert "Nothing else is missing" not in clerk.row(22)
        await clerk.type("0314\n")
        assert clerk.row(22) == "Enter = y, then card"
        await clerk.type("\n\n40ca")
        assert "step 6 of 7" in clerk.row(1)
        assert "1 Identity   OK" in clerk.text()
        assert clerk.row(22) == "Enter = ARRIVE 1, NOVAK. Nothing else is missing"
        assert clerk.line_with("total").split()[1:4] == ["65.00", "40.00", "25.00"]


async def test_tab_confirms_nothing(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\t\t\t25ca\n")
        assert clerk.place == "CheckInScreen"
        assert stage() == "expected"
        assert "step 2 of 7" in clerk.row(1)


async def test_forms_handed_out_before_are_not_signed_by_passing_over(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    patients.acknowledge_form(desk, visit.patient_id, "history", "given")
    async with at_desk(desk) as clerk:
        await clerk.type("1c")
        assert "4 Forms      GIVEN" in clerk.text()
        await clerk.type("0314\n\n\n25ca\n")
        assert clerk.place == "DayScreen"
    outcomes = [a.outcome for a in Acknowledgment.select().where(Acknowledgment.form == "history")]
    assert outcomes == ["signed", "given"]


async def test_due_forms_are_given_with_one_enter(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    made.appointment(patient)
    made.cover(patient, copay_cents=0)
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n\n")
        assert clerk.place == "DayScreen"
    assert {(a.form, a.outcome) for a in Acknowledgment.select()} == {
        ("npp", "given"), ("consent", "given"), ("history", "given")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "number", "line", "city", "code"),
    [
        ("2175550199", "+12175550199", "418 Elm St Apt 2", "Decatur", "62521"),
        ("55 Oak St", "", "55 Oak St", "Decatur", "62521"),
        ("55 Oak St, Macon IL 62544", "", "55 Oak St", "Macon", "62544"),
        ("55 Oak St, Mt Zion 62549", "", "55 Oak St", "Mt Zion", "62549"),
    ],
)
async def test_a_change_of_contact_is_typed_as_it_is_said(
    desk: Desk, visit: Appointment, typed: str, number: str, line: str, city: str, code: str
) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type(f"1c0314\n{typed}\n")
        assert "new: " in clerk.line_with("2 Contact")
        await clerk.type("\n0 bill\n")
        assert clerk.place == "DayScreen"
    current = PatientAddress.get(PatientAddress.ended_on.is_null())
    assert (current.line1, current.city, current.state, current.postal_code) == (
        line, city, "IL", code,
    )  # fmt: skip
    numbers = {p.number for p in PatientPhone.select().where(PatientPhone.ended_on.is_null())}
    assert numbers == {"+12175550142", number} - {""}


async def test_nothing_collected_needs_its_reason(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n\n\n0\n")
        assert "Why is nothing taken" in clerk.row(22)
        assert stage() == "expected"
        await clerk.type(" forgot\n")
    assert (NotCollected.get().reason, stage()) == ("forgot", "checked_in")


async def test_the_wrong_birth_date_stops_it_and_says_both(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    made.patient("SMITH", "JOAN", born=date(1975, 8, 2))
    async with at_desk(desk) as clerk:
        await clerk.type("1c0802\n")
        assert "said 08/02, on file 03/14/1982" in clerk.row(22)
        assert "ALIKE" in clerk.row(2)
        await clerk.type("\t\n\n65ca\n\n\n")
        assert clerk.place == "CheckInScreen"
    assert stage() == "expected"
    assert Payment.select().count() == 0


async def test_more_than_is_due_on_a_card_is_not_taken(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n\n\n70cc\n4417\n08812q\n")
        assert "5.00 over what is due" in clerk.row(22)
    assert (Payment.select().count(), stage()) == (0, "expected")


async def test_change_is_shown_and_said(desk: Desk, visit: Appointment) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n\n\n100ca")
        assert "C H A N G E   3 5 . 0 0" in clerk.text()
        await clerk.press("enter")
        assert "CHANGE 35.00" in clerk.row(23)
    assert Payment.get().total_cents == 6500


async def test_undo_takes_back_the_check_in_then_asks_why_for_the_money(
    desk: Desk, visit: Appointment
) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n\n\n25ca\n")
        await clerk.press("ctrl+z")
        assert stage() == "expected"
        await clerk.press("ctrl+z")
        assert clerk.place == "VoidScreen"
        await clerk.type("wrong_a\n")
    assert [p.kind for p in Payment.select().order_by(Payment.id)] == ["payment", "void"]


async def test_what_breaks_between_money_and_arrival_is_made_good_by_enter_again(
    desk: Desk, visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = check_in.complete

    def broken(*given: object, **named: object) -> None:
        raise Unreachable("The database cannot be written", "Enter tries again")

    monkeypatch.setattr(check_in, "complete", broken)
    async with at_desk(desk) as clerk:
        await clerk.type("1c0314\n2175550199\n\n25ca\n")
        assert "cannot be written" in clerk.row(22)
        assert (Payment.select().count(), stage()) == (1, "expected")
        clerk.app.keep_drafts()
    monkeypatch.setattr(check_in, "complete", whole)
    async with at_desk(desk) as clerk:
        await clerk.press("f3", "enter")
        assert clerk.place == "CheckInScreen"
        await clerk.press("enter")
        assert clerk.place == "DayScreen", clerk.text()
    assert (Payment.select().count(), stage()) == (1, "checked_in")


async def test_every_step_comes_back_as_it_was_typed(desk: Desk, visit: Appointment) -> None:
    for typed, field in (
        ("03", "identity"), ("0314\n217", "contact"), ("0314\n\nla", "insurance"),
        ("0314\n\n\n25cc", "pay"), ("0314\n\n\n25cc\n44", "last4"),
        ("0314\n\n\n25cc\n4417\n088", "approval"),
    ):  # fmt: skip
        async with at_desk(desk) as clerk:
            await clerk.type(f"1c{typed}")
            clerk.app.keep_drafts()
            before = clerk.lines()[3:20]
        async with at_desk(desk) as clerk:
            await clerk.press("f3", "enter")
            assert clerk.screen.check_form.field == field
            assert clerk.lines()[3:20] == before
            clerk.app.finish_draft(clerk.screen.key)


async def test_somebody_who_may_not_see_money_is_not_shown_any(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    made.appointment(patient)
    made.cover(patient)
    desk.actor = replace(desk.actor, permissions=ROLES["clinician"])
    async with at_desk(desk) as clerk:
        await clerk.type("1c")
        assert clerk.place == "CheckInScreen"
        assert "25.00" not in clerk.text()


async def test_a_late_arrival_is_said_in_the_banner(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    made.appointment(patient, start=desk.wall() - timedelta(minutes=22))
    async with at_desk(desk) as clerk:
        await clerk.type("1c")
        assert "22m LATE" in clerk.row(2)


async def test_a_wide_screen_shows_more_of_what_is_on_file(desk: Desk, made: Clinic) -> None:
    made.appointment(made.patient())
    async with at_desk(desk, size=(140, 40)) as clerk:
        await clerk.type("1c")
        assert "consent to treat: never signed; history form" in clerk.line_with("4 Forms")
