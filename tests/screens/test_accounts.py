"""Stories of the accounts: a family's receipt, a plan, a plan's payment, fees, the first float."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from deskterm.db.mail import MailOutbox
from deskterm.db.payments import Adjustment, Allocation, Charge, Payment
from deskterm.db.scheduling import Appointment
from deskterm.office import charges, families, instalments, payments, shifts
from deskterm.office.desk import Desk
from tests.factories import TODAY, Clinic, clinic
from tests.screens.driver import Clerk, at_desk


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18_000, label="office visit", starts_on=date(2020, 1, 1))
    return found


@pytest.fixture
def mother(desk: Desk, made: Clinic) -> int:
    """She owes 40.00, her son 25.00, and pays for him."""
    patient = made.patient("TRAN", "OLIVIA", born=date(1988, 6, 22), email="o@example.org")
    son = made.patient("TRAN", "BO", born=date(2015, 6, 22))
    payments.charge(
        desk, patient.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )
    payments.charge(desk, son.id, kind="form_fee", amount_cents=2500)
    families.set_guarantor(desk, son.id, patient.id)
    made.appointment(patient, datetime(2026, 3, 18, 12))
    return patient.id


async def line(clerk: Clerk, text: str) -> None:
    await clerk.press("f10")
    await clerk.type(text + "\n")


async def test_one_receipt_for_mother_and_son(desk: Desk, mother: int) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1p65ca")
        assert "change 25.00" in clerk.text()
        await clerk.press("tab", "tab", "tab")
        await clerk.type("all")
        assert not clerk.has(["BO: form fee", "left 0.00", "65.00"])
        await clerk.type("\n\n")
        assert clerk.place == "DayScreen", clerk.text()
        paid = Payment.get()
        assert paid.total_cents == 6500
        assert [a.patient_id for a in Allocation.select().order_by(Allocation.id)] == [
            None, families.others(desk, mother)[0].patient_id,
        ]  # fmt: skip
        text = next(Path(desk.settings.database).with_name("receipts").iterdir()).read_text()
        assert "for TRAN B" in text


async def test_the_first_cash_of_the_day_asks_for_the_float(desk: Desk, mother: int) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1p40cc")
        assert "float" not in clerk.text()  # a card needs no drawer
        await clerk.press("escape", "escape")
        await clerk.press("f5")
        await clerk.type("1p")
        await clerk.type("40ca")
        assert "float [100.00" in clerk.text()
        await clerk.press("tab", "tab")
        await clerk.type("80\n\n")
        await clerk.press("enter")
        assert shifts.find(desk, "d1").float_cents == 8000
        await clerk.type("1p0 bill")
        assert "float" not in clerk.text()


async def test_email_is_asked_for_once_and_queued(desk: Desk, mother: int) -> None:
    async with at_desk(desk) as clerk:
        await clerk.type("1p40ca\n")
        await clerk.type("e\n")
        assert "Do they agree to o@example.org? Enter again notes it" in clerk.row(22)
        assert Payment.select().count() == 0
        await clerk.press("enter")
        assert clerk.place == "DayScreen", clerk.text()
        letter = MailOutbox.get()
        assert (letter.address, letter.state) == ("o@example.org", "queued")
        assert not Path(desk.settings.database).with_name("receipts").exists()


async def test_without_an_address_nothing_is_posted(desk: Desk, made: Clinic) -> None:
    patient = made.patient("KERR")
    payments.charge(desk, patient.id, kind="form_fee", amount_cents=2500)
    made.appointment(patient, datetime(2026, 3, 18, 12))
    async with at_desk(desk) as clerk:
        await clerk.type("1p25ca\n")
        await clerk.type("e\n")
        assert "No e-mail on file" in clerk.text()
        assert Payment.select().count() == 0


async def test_a_plan_is_agreed_shown_paid_and_ended(desk: Desk, mother: int) -> None:
    async with at_desk(desk) as clerk:
        await line(clerk, "plan olivia 062288")
        assert clerk.place == "PlanScreen", clerk.text()
        await clerk.type("4\n")
        await clerk.type("t")
        assert not clerk.has(["40.00 would be paid", "Wed 03/18/2026", "Thu 06/18/2026", "10.00"])
        await clerk.press("enter")
        assert "Agreed: 40.00 in 4 instalments" in clerk.row(23), clerk.text()
        await clerk.press("f5")
        await clerk.type("1p")
        assert not clerk.has(["plan 1/4", "10.00", "later 30.00"])
        await clerk.type("10ca\n\n")
        [plan] = instalments.standing(desk, mother)
        assert plan.settled_cents == 1000
        await line(clerk, "account olivia 062288")
        assert not clerk.has(["plan 40.00 in 4", "PLAN", "family TRAN, BO"])
        await clerk.press("home", "enter")
        assert clerk.place == "PlanScreen" and "paid" in clerk.text()
        await clerk.type("pays at once\n")
        assert instalments.standing(desk, mother) == [], clerk.text()


async def test_what_a_plan_paid_is_typed_row_by_row(desk: Desk, made: Clinic) -> None:
    patient = made.patient("KERR", "DAN", born=date(1970, 1, 2))
    made.cover(patient, copay_cents=0)
    visit = made.appointment(patient)
    charges.post(desk, visit.id, [charges.ChargeLine("99213")])
    async with at_desk(desk) as clerk:
        await line(clerk, "insurance kerr 010270")
        await clerk.type("E881\n1 120 40 30")
        assert not clerk.has(["visit 99213", "180.00", "120.00", "40.00", "30.00", "-10.00"])
        await clerk.type("\n\n")
        assert "180.00 of charge" in clerk.row(22), clerk.text()
        assert Payment.select().count() == 0
        clerk.screen.paid_form.go_to("lines")
        await clerk.settle()
        await clerk.type("1 120 40 20 coins\n")
        assert Payment.select().count() == 1, clerk.text()
        paid = Payment.get()
        assert (paid.total_cents, paid.shift_id) == (12_000, None), clerk.text()
        assert sorted((a.kind, a.insurance_cents) for a in Adjustment.select()) == [
            ("contractual", -4000), ("transfer", -2000),
        ]  # fmt: skip


async def test_a_form_fee_by_a_key_on_the_account(desk: Desk, mother: int) -> None:
    async with at_desk(desk) as clerk:
        await line(clerk, "account olivia 062288")
        await clerk.press("+")
        assert clerk.place == "FeeScreen"
        await clerk.press("enter")
        assert clerk.place == "AccountScreen"
        fee = Charge.select().order_by(Charge.id.desc()).get()
        assert (fee.kind, fee.amount_cents, fee.patient_id) == ("form_fee", 2500, mother)
        await clerk.press("ctrl+z")
        assert desk.rows("SELECT count(*) FROM charge WHERE reverses_id = ?", fee.id) == [(1,)]


async def test_who_pays_is_said_by_name(desk: Desk, made: Clinic, mother: int) -> None:
    girl = made.patient("TRAN", "CY", born=date(2019, 1, 2)).id
    async with at_desk(desk) as clerk:
        await line(clerk, "family cy 010219")
        await clerk.type("tran\n")
        assert "Several people by that name" in clerk.text()
        for _ in range(4):
            await clerk.press("backspace")
        await clerk.type("olivia 062288\n")
        assert families.others(desk, girl)[0].patient_id == mother, clerk.text()


async def test_a_no_show_says_its_fee_and_may_be_waived(desk: Desk, made: Clinic) -> None:
    desk.settings = replace(
        desk.settings,
        policy=replace(desk.settings.policy, no_show_fee=5000, late_cancel_fee=3000),
    )
    first = made.appointment(made.patient("KERR"), datetime(2026, 3, 18, 8))
    made.appointment(made.patient("COLE"), datetime(2026, 3, 18, 8), "LEE")
    later = made.appointment(made.patient("NGUYEN"), datetime(2026, 3, 18, 15), "LEE")
    async with at_desk(desk) as clerk:
        clerk.screen.grid.select_key(first.id)
        await clerk.press("n")
        assert "Fee 50.00" in clerk.text()
        await clerk.press("escape")
        assert Appointment.get_by_id(first.id).lifecycle == "scheduled"
        await clerk.press("n", "enter")
        await clerk.wait_for("50.00 charged")
        assert Charge.get().amount_cents == 5000
        await clerk.press("ctrl+z")
        assert payments.balance_cents(desk, first.patient_id) == 0
        clerk.screen.grid.select_key(first.id)
        await clerk.press("n")
        await clerk.type("in hospital\n")
        await clerk.wait(lambda: Appointment.get_by_id(first.id).lifecycle == "no_show")
        assert payments.balance_cents(desk, first.patient_id) == 0
        clerk.screen.grid.select_key(later.id)
        await clerk.press("x")
        assert "charge 30.00, cancelled late" in clerk.text()
        await clerk.type("sick\n\n")
        assert payments.balance_cents(desk, later.patient_id) == 3000, clerk.text()
    assert TODAY
