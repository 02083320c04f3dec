"""Work set aside and taken up again: any number deep, the same field, the same text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.base import database as proxy
from deskterm.office import clinic as clinics
from deskterm.office import drafts, free_time, payments, scheduling, templates
from deskterm.office.desk import Desk, open_desk
from tests.factories import Clinic, clinic
from tests.screens.driver import Clerk, at_desk


@pytest.fixture
def made(desk: Desk) -> Clinic:
    """TRAN, O has a visit today."""
    found = clinic(desk)
    patient = found.patient("TRAN", "OLIVIA", born=date(1988, 6, 22), sex="F")
    found.cover(patient)
    found.appointment(patient)
    return found


@contextmanager
def elsewhere(desk: Desk) -> Iterator[Desk]:
    """Another workstation on the same file."""
    there = open_desk(replace(desk.settings, desk="d2"), login=desk.actor.login, clock=desk.clock)
    try:
        yield there
    finally:
        there.close()
        proxy.initialize(desk.database)


def but_counters(clerk: Clerk) -> list[str]:
    """The screen without row 1's clock and counters, row 3, and the message row."""
    lines = clerk.lines()
    body = [line.replace("9:47a", "9:42a") for line in lines[3:22]]
    return [lines[0][:40], lines[1], *body, lines[23]]


async def test_a_call_comes_over_a_payment_and_goes_again(made: Clinic, clock: FrozenClock) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1p40c")
        await clerk.press("left")
        before = but_counters(clerk)
        await clerk.press("f6")
        assert "P1" in clerk.row(1)
        clock.advance(seconds=302)
        await clerk.type("w\n")
        assert clerk.place == "PaymentScreen"
        assert but_counters(clerk) == before
        assert clerk.row(3).startswith("BACK after 5m 02s. You were at Pay. Left:")
        assert "P0" in clerk.row(1)
        await clerk.type("a")
        assert not clerk.row(3).startswith("BACK")
        assert clerk.screen.forms[0].sheet.text("pay") == "40ac"


async def test_parked_three_deep_each_comes_back_by_its_digit(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("f7")
        assert clerk.row(23) == "Parked: PAYMENT TRAN O. F3 brings it back"
        await clerk.type("1xsick")
        await clerk.press("f7")
        await clerk.type("1c06")
        assert "P2" in clerk.row(1)
        await clerk.press("f3")
        assert clerk.has(["PARKED (2)", "> 1  CANCEL", "  2  PAYMENT TRAN O", "by F7"]) == []
        assert "will be parked" in clerk.row(22)
        await clerk.press("2")
        assert clerk.place == "PaymentScreen"
        assert clerk.screen.forms[0].sheet.text("pay") == "40ca"
        await clerk.press("f3")
        headings = [row.heading.split()[0] for row in clerk.screen.waiting]
        assert sorted(headings) == ["CANCEL", "CHECK"]
        await clerk.press(str(headings.index("CHECK") + 1))
        assert clerk.place == "CheckInScreen"
        assert clerk.screen.forms[0].sheet.text("identity") == "06"
        assert clerk.row(3).startswith("BACK after 0m 00s. You were at 1 Identity.")


async def test_what_others_changed_meanwhile_is_told(made: Clinic) -> None:
    desk = made.desk
    async with at_desk(desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("f7")
        with elsewhere(desk) as there:
            payments.charge(
                there, clerk.screen.desk.rows("SELECT id FROM patient")[0][0], kind="visit",
                amount_cents=1500, service_day=date(2026, 3, 1),
            )  # fmt: skip
        await clerk.press("f3", "enter")
        assert "While you were away: d2 9:42a" in clerk.row(23)
        assert clerk.screen.forms[0].sheet.text("pay") == "40ca"


async def test_parked_too_long_says_so_and_dropping_asks_why(
    made: Clinic, clock: FrozenClock
) -> None:
    async with at_desk(made.desk, size=(140, 40)) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("f7")
        clock.advance(minutes=11)
        clerk.app.read_aside()
        await clerk.minute()
        assert "P1! PAYMENT TRAN O 11m LONG" in clerk.row(1)
        await clerk.press("f3")
        assert clerk.row(4).startswith("> 1  PAYMENT TRAN O") and clerk.row(4).endswith("LONG")
        await clerk.type("x\n")
        assert drafts.open_drafts(made.desk)
        await clerk.type("paid elsewhere\n")
        assert "Dropped: PAYMENT TRAN O" in clerk.text()
    assert made.desk.rows("SELECT status, reason FROM draft") == [("dropped", "paid elsewhere")]


async def test_handed_over_it_is_the_other_persons(made: Clinic) -> None:
    clinics.add_staff(made.desk, login="dana", name="Dana Reed", role="front_desk")
    async with at_desk(made.desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("f7", "f3", "y")
        assert "dana" in clerk.row(22)
        await clerk.type("nobody\n")
        assert "Nobody signs in as nobody" in clerk.text()
        await clerk.press("ctrl+u")
        await clerk.type("dana\n")
        assert "PARKED (0)" in clerk.text()
    found = made.desk.rows("SELECT owner, cause FROM draft")
    assert found == [("dana", "handed over by mlopez")]


async def test_a_desk_that_died_in_a_call_over_a_payment_opens_both(made: Clinic) -> None:
    desk = made.desk
    async with at_desk(desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("f6")
        await clerk.type("tran")
        clerk.app.keep_drafts()
    async with at_desk(desk) as clerk:
        assert clerk.place == "CallScreen"
        assert clerk.row(23).startswith("Reconnected 9:42a. CALL unknown is where you left it")
        await clerk.press("escape")
        assert clerk.place == "PaymentScreen"
        assert clerk.screen.forms[0].sheet.text("pay") == "40ca"


async def test_an_opening_that_went_meanwhile_is_said_with_the_next(made: Clinic) -> None:
    desk = made.desk
    for weekday in range(5):
        templates.set_template(
            desk, "NOVAK", "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1)
        )
    free_time.lay_out(desk, date(2026, 6, 1))
    async with at_desk(desk) as clerk:
        await clerk.type("1b1w\n")
        chosen = clerk.screen.chosen()
        assert chosen is not None, clerk.text()
        await clerk.press("f7")
        with elsewhere(desk) as there:
            other = made.patient("COLE", "BEA")
            scheduling.book(
                there, patient_id=other.id, visit_type="FU", provider=chosen.provider,
                start=chosen.start,
            )  # fmt: skip
        await clerk.press("f3", "enter")
        await clerk.settle()
        assert clerk.place == "OpeningScreen"
        assert f"{chosen.start.hour}:{chosen.start.minute:02}" in clerk.row(23)
        assert "is taken; next is" in clerk.row(23)
