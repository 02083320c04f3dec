"""Insurance verified before the visit, by keys: the board, one patient's answer, one by phone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from deskterm.db.coverage import Coverage
from deskterm.db.eligibility import EligibilityAnswer, Inquiry
from deskterm.office import answers_by_hand, connections, eligibility
from deskterm.office.answers_by_hand import ByHand
from deskterm.office.connections import ConnectionEntry
from deskterm.office.desk import Desk
from tests.answers import PPO, answer
from tests.factories import TODAY, Clinic, clinic
from tests.screens.driver import at_desk
from tests.screens.test_every_place import elsewhere


@pytest.fixture
def made(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    monkeypatch.setenv("DESKTERM_NO_WORKER", "1")
    made = clinic(desk)
    for number, last in enumerate(("ADAMS", "BAKER", "COLE")):
        who = made.patient(last, "ANN", born=date(1960, 1, 1 + number))
        made.cover(who, member_id=f"M{number}", eligibility="not_checked", verified_on=None)
        start = datetime(2026, 3, 19, 9, 30 * number) if number < 2 else datetime(2026, 3, 19, 11)
        made.appointment(who, start, "LEE")
        made.appointment(who, start.replace(day=18), "LEE")
    eligibility.stored_answers(
        desk, answer(*PPO, trace="", last="COLE", born=None), coverage_id=3, source="c.271"
    )
    eligibility.stored_answers(
        desk, answer("EB*6*IND*30", trace="", last="BAKER", born=None), coverage_id=2
    )
    return made


def connect(desk: Desk, tmp: str) -> None:
    from deskterm.db.coverage import Plan

    with desk.operation("coverage.plan") as op:
        plan = op.get(Plan, 1)
        plan.payer_id = "60054"
        op.save(plan)
    connections.add(desk, ConnectionEntry("DROP", "folder", tmp, sender_id="CLINIC"))


async def test_the_board_has_the_worst_first_and_says_why(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("elig")
        await clerk.press("enter")
        await clerk.wait_for("INSURANCE TO VERIFY")
        rows = [line for line in clerk.lines() if " 03/19 " in line]
        assert [row.split()[1 if row[0] == " " else 2] for row in rows] == ["INACT", "NEW", "OK"]
        assert "the payer says it is not active" in clerk.text()
        assert "3 visits, 2 to verify" in clerk.text()


async def test_an_answer_by_phone_is_21_keys(made: Clinic) -> None:
    """Interaction.md 7, task 7b: at most 24 keys from the board to the kept answer."""
    async with at_desk(made.desk) as clerk:
        keys = 0
        await clerk.type("1e+a")
        keys += 5  # with a row of two digits
        for step in ("enter", "enter", "25", "enter", "310", "enter", "enter", "8812", "enter",
                     "enter"):  # fmt: skip
            if step == "enter":
                await clerk.press(step)
                keys += 1
            else:
                await clerk.type(step)
                keys += len(step)
            if EligibilityAnswer.select().count() > 2:
                break
        await clerk.wait(lambda: EligibilityAnswer.select().count() == 3)
        said = EligibilityAnswer.get_by_id(3)
        assert (said.status, said.copay_cents, said.deductible_left_cents, said.reference) == (
            "active", 2500, 31000, "8812",
        )  # fmt: skip
        assert keys <= 24
        assert said.appointment_id is not None


async def test_asking_and_accepting(made: Clinic, tmp_path: object) -> None:
    """Task 7: e, Enter, and once the answer is here Enter; at most 6 keys."""
    from dataclasses import replace

    desk = made.desk
    desk.settings = replace(desk.settings, npi="1234567893", tax_id="12-3456789")
    connect(desk, f"{tmp_path}/drop")
    async with at_desk(desk) as clerk:
        await clerk.type("1e")
        await clerk.wait_for("Enter = ask")
        await clerk.press("enter")
        await clerk.wait(lambda: Inquiry.select().count() == 1)
        assert "Asked" in clerk.text()
        trace = Inquiry.get().trace
        with elsewhere(desk) as worker:
            eligibility.stored_answers(worker, answer("EB*1*IND*30", trace=trace, born=None))
        await clerk.news()
        await clerk.wait_for("Enter = accept")
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "DayScreen")


async def test_every_line_stands_with_its_place(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("elig cole")
        await clerk.press("enter")
        await clerk.wait_for("INSURANCE")
        assert "ESTIMATE" in clerk.text()
        await clerk.type("v")
        await clerk.wait_for("every line")
        assert "Deductible" in clerk.text()
        await clerk.type("v")
        await clerk.wait_for("Needs")
        await clerk.type("v")
        await clerk.wait_for("the only one")


async def test_another_desk_s_answer_is_said_before_this_one_is_kept(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1e+act")
        await clerk.press("enter", "enter", "enter")
        with elsewhere(made.desk) as there:
            said = ByHand("inactive", representative="Dana")
            answers_by_hand.by_hand(there, 1, said, on=TODAY, method="phone")
        await clerk.news()
        await clerk.press("enter", "enter")
        await clerk.type("8812")
        for _ in range(6):
            if "noted inactive meanwhile" in clerk.text():
                break
            await clerk.press("enter")
        assert Coverage.get_by_id(1).eligibility == "inactive"
        assert clerk.place == "AnswerScreen" and "Enter again saves yours" in clerk.text()
        await clerk.press("enter")
        await clerk.wait(lambda: Coverage.get_by_id(1).eligibility == "active")


async def test_could_not_verify_needs_a_reason(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1ef")
        await clerk.press("enter")
        assert Coverage.get_by_id(1).eligibility == "not_checked"
        await clerk.type("portal down")
        await clerk.press("enter")
        await clerk.wait(lambda: Coverage.get_by_id(1).eligibility == "unable")
        assert "UNABLE" in clerk.text()


async def test_marked_rows_are_given_to_somebody(made: Clinic) -> None:
    from deskterm.office import staff, verify_board

    staff.add(made.desk, login="kim", name="Kim", role="front_desk")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("elig")
        await clerk.press("enter")
        await clerk.wait_for("INSURANCE TO VERIFY")
        await clerk.press("space", "down", "space")
        await clerk.type("y")
        await clerk.type("kim")
        await clerk.press("enter")
        await clerk.wait_for("2 are kim's now")
    day = TODAY + timedelta(days=1)
    assert len(verify_board.board(made.desk, day, assigned="kim")) == 2


async def test_without_insurance_the_letter_says_so(made: Clinic) -> None:
    who = made.patient("DREW", "SAM", born=date(1970, 2, 2))
    made.appointment(who, datetime(2026, 3, 18, 15), "LEE")
    async with at_desk(made.desk) as clerk:
        await clerk.type("4e")
        await clerk.wait_for("self-pay")
        await clerk.type("+")
        await clerk.wait_for("No insurance in force here")
