"""Closing the day at the keyboard: count blind, see what differs, deposit, lock; and money back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from deskterm.db.dayclose import DayClose, Deposit, Shift
from deskterm.entry.money import TenderEntry
from deskterm.office import (
    accounts,
    business_day,
    credentials,
    drafts,
    payments,
    shifts,
    staff,
    visits,
)
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk

PIN = "739164"
AGREED = f"boss\n{PIN}\n"  # the second person, and their PIN


def card(cents: int, brand: str = "visa") -> TenderEntry:
    return TenderEntry("card", cents, brand=brand, last4="4417", approval="08812Q")


@pytest.fixture
def made(desk: Desk) -> Clinic:
    desk.actor = replace(
        desk.actor,
        permissions=desk.actor.permissions
        | {"close_day", "approve_day", "reopen_day", "refund_payments", "adjust_charges"},
    )
    staff.add(desk, login="boss", name="The Boss", role="manager")
    credentials.set_secret(desk, "boss", secret=PIN)
    return clinic(desk)


@pytest.fixture
def evening(made: Clinic) -> Clinic:
    """A drawer with cash, two checks, cards and a money order in it."""
    who = made.patient("KERR", "DAN")
    payments.charge(
        made.desk, who.id, kind="visit", amount_cents=500000, service_day=date(2026, 2, 20)
    )
    for number, tender in enumerate(
        (
            TenderEntry("cash", 41200), card(40000), card(21500, "mastercard"),
            TenderEntry("check", 6500, reference="1042"),
            TenderEntry("check", 30650, reference="7710"),
            TenderEntry("money_order", 5000, reference="55"),
        )
    ):  # fmt: skip
        payments.take(made.desk, who.id, tenders=[tender], key=f"k{number}")
    return made


async def test_a_balanced_day_closes_in_fifty_keys(evening: Clinic) -> None:
    desk = evening.desk
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("close\n")
        assert clerk.place == "CloseDayScreen"
        assert "412.00" not in clerk.text() and "512.00" not in clerk.text()
        # 512.00 with the float: 4 x 100, 2 x 50, 1 x 5, 4 x 1, coins 3.00
        await clerk.type("4\n2\n\n\n1\n4\n3\n\n\n615\n")
        assert "EVERYTHING AGREES" in clerk.text()
        await clerk.type("833.50\n4471\n")
        assert "the day is closed" in clerk.row(23), clerk.text()
        assert clerk.keys <= 50
    assert [d.action for d in DayClose.select()] == ["freeze", "close"]
    deposit = Deposit.get()
    assert (deposit.total_cents, deposit.bag) == (83350, "4471")


async def test_a_difference_is_explained_and_needs_a_reason(evening: Clinic) -> None:
    desk = evening.desk
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("close\n4\n2\n\n\n1\n4\n3\n-7710\n\nvisa 400 mc 215\n")
        assert "check 7710 306.50 of R-260318-005" in clerk.text()
        assert "OFF" in clerk.line_with("check ")
        await clerk.type("\n")
        assert clerk.place == "CloseDayScreen"
        await clerk.type("lost it\n833.50\n")
        assert "It comes to 527.00" in clerk.row(22)
        await clerk.press(*["backspace"] * 6)
        await clerk.type("527\n\n")
        assert "the day is closed" in clerk.row(23), clerk.text()
    assert business_day.state(desk, 1, date(2026, 3, 18)) == "close"
    assert Deposit.get().total_cents == 52700
    assert Shift.get().variance_reason == "lost it"


async def test_a_count_comes_back_with_its_draft(evening: Clinic) -> None:
    async with at_desk(evening.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("close\n4\n2\n")
        await clerk.press("escape")
        assert "Kept: CLOSE drawer d1" in clerk.row(23)
        await clerk.press("f3", "enter")
        assert "4" in clerk.line_with("100 x") and "2" in clerk.line_with("50 x")


async def test_an_empty_day_and_opening_it_again(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("close\n")
        assert "No drawer was opened" in clerk.text()
        await clerk.press("enter")
        assert business_day.state(made.desk, 1, date(2026, 3, 18)) == "close", clerk.text()
        await clerk.press("f10")
        await clerk.type("close\nreopen\nwrong count\n" + AGREED)
        assert business_day.state(made.desk, 1, date(2026, 3, 18)) == "open", clerk.text()


async def test_reports_are_paged_through(evening: Clinic) -> None:
    async with at_desk(evening.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("report\n")
        assert "Day sheet 03/18/2026" in clerk.text() and "R-260318-006" in clerk.text()
        await clerk.press("v")
        assert "By tender" in clerk.text() and "####" in clerk.text()
        await clerk.press("s", "s")
        assert "03/01/2026 to 03/31/2026" in clerk.text()
        await clerk.press("left_square_bracket")
        assert "02/01/2026" in clerk.text() and "Nothing in this period" in clerk.text()
        await clerk.press("l")
        assert "Written: tender-" in clerk.row(23)


async def test_money_goes_back_from_the_account(evening: Clinic) -> None:
    desk = evening.desk
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("account kerr\n")
        assert clerk.place == "AccountScreen", clerk.text()
        assert "R-260318-006" in clerk.text() and "OPEN" in clerk.text()
        await clerk.press("x")
        assert clerk.place == "MoneyBackScreen"
        await clerk.press("shift+tab")
        await clerk.type("refund")
        await clerk.press("tab")
        await clerk.type("20\n")
        await clerk.type("over\n" + AGREED)
        assert "last 3 digits" in clerk.row(22), clerk.text()
        await clerk.type("999\n")
        assert "another receipt" in clerk.row(22)
        await clerk.press("backspace", "backspace", "backspace")
        await clerk.type("006\n")
        assert clerk.row(23).startswith("REFUND 20.00: R-260318-007"), clerk.text()
        assert "-20.00" not in clerk.line_with("R-260318-007")  # it adds to what is owed
    refunds = [r for r in accounts.account(desk, 1) if r.words.startswith("refund")]
    assert [r.cents for r in refunds] == [2000]


async def test_a_charge_is_written_off_and_that_is_undone(evening: Clinic) -> None:
    desk = evening.desk
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("account kerr\n1x")
        assert clerk.place == "AdjustScreen", clerk.text()
        await clerk.type("write\n40\nhard\n" + AGREED)
        assert clerk.place == "AccountScreen", clerk.text()
        assert payments.balance_cents(desk, 1) == 500000 - 144850 - 4000
        await clerk.press("ctrl+z")
    assert payments.balance_cents(desk, 1) == 500000 - 144850


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=str)
async def test_what_there_is_no_room_for_is_counted(evening: Clinic, size: tuple[int, int]) -> None:
    desk = evening.desk
    for number in range(12):
        who = evening.patient(f"LATE{number:02}", "ANN", born=date(1960, 1, 1 + number))
        start = datetime(2026, 3, 18, 8, 0) + timedelta(minutes=20 * (number // 4))
        evening.appointment(who, start, ("LEE", "NOVAK", "PATEL", "RN")[number % 4])
        tender = TenderEntry("check", 1000 + number, reference=f"88{number:02}")
        payments.take(desk, who.id, tenders=[tender], allow_prepayment=True, key=f"c{number}")
    async with at_desk(desk, size=size) as clerk:
        await clerk.press("f10")
        await clerk.type("close\n")
        assert all(f"88{number:02} 10.{number:02}" in clerk.text() for number in range(12))
        low = size[1] == 24
        await clerk.wait(lambda: not low or "more" in clerk.text())
        shown = clerk.text().count(" - LATE")
        wanted = clerk.line_with("TO SETTLE")
        assert shown == 12 or f"and {12 - shown} more" in clerk.text()
        assert "(12)" in wanted and (shown < 12) == low, clerk.text()
        await clerk.type("4\n2\n\n\n1\n4\n3\n-8803\n\n615\n")
        assert "check 8803" in clerk.line_with("check 8803"), clerk.text()
        shown = clerk.text().count(" - LATE")
        assert "TO SETTLE" in clerk.text()
        assert shown == 12 or f"and {12 - shown} more" in clerk.text(), clerk.text()


async def test_one_key_leads_to_each_open_item_and_back(made: Clinic) -> None:
    desk = made.desk
    names = ("VEGA", "DREW", "BOONE")
    for number, (name, provider) in enumerate(zip(names, ("LEE", "NOVAK", "PATEL"), strict=True)):
        who = made.patient(name, "ANN", born=date(1960, 1, 1 + number))
        if name == "DREW":
            made.cover(who, copay_cents=2500)
        visit = made.appointment(who, datetime(2026, 3, 18, 8, 20 * number), provider)
        if name == "DREW":
            visits.check_in(desk, visit.id)
    drafts.save(desk, key="k", form="call", heading="CALL COLE B", state={}, cause="phone")
    shifts.open_shift(desk, "d1", float_cents=0)
    seen = []
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("close\n1\n")  # half a count
        for _ in range(6):
            assert clerk.place == "CloseDayScreen"
            await clerk.press("f4")
            seen.append((clerk.place, clerk.row(23)))
            await clerk.press("escape")
            await clerk.settle()
        assert "1" in clerk.line_with("100 x"), "the count is as it was"
    assert [place for place, _ in seen] == [
        "PatientScreen", "PatientScreen", "PatientScreen", "PaymentScreen", "HeldScreen",
        "PatientScreen",
    ]  # fmt: skip
    assert "To settle: VEGA A 8:00a is still expected" in seen[0][1]
    assert "DREW A copay 25.00 not collected" in seen[3][1]
    assert seen[5] == seen[0], "after the last the first again"
