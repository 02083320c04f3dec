"""What is done can be taken back, and nobody asks "are you sure" (T-07, T-08)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.office import messages, payments, scheduling, visits
from deskterm.office.desk import Desk
from deskterm.office.operations import NOTED
from tests.factories import Clinic
from tests.office.hours import open_clinic
from tests.screens.driver import Clerk, at_desk

CONFIRMS = re.compile(r"\(?\b[yY]/[nN]\b|[Aa]re you sure|[Rr]eally\b|\bOK\?|[Cc]onfirm\?")

# What the clinic's books say, without what only counts or dates the saves.
LOOKS = (
    "SELECT patient_id, provider_id, wall_start, minutes, lifecycle, confirmation, stage, room_id"
    " FROM appointment WHERE lifecycle <> 'entered_in_error' ORDER BY patient_id, wall_start",
    "SELECT provider_id, day, starts_at, ends_at FROM free_interval ORDER BY 1, 2, 3",
    "SELECT patient_id, status, outcome FROM message ORDER BY id",
)


@dataclass
class Case:
    """Keys on the board with the cursor on the visit; ``before`` makes it ready for them."""

    keys: str
    before: Callable[[Desk, int], Any] = lambda desk, visit: None
    taken_back: str = ""  # what is typed after Ctrl+Z, when a reason is wanted


CASES = {
    "arrive": Case("f"),
    "room": Case("f1\n", lambda desk, visit: visits.check_in(desk, visit)),
    "with provider": Case("f", lambda desk, visit: visits.room(desk, visit, room="1")),
    "ready": Case("f", lambda desk, visit: visits.with_provider(desk, visit)),
    "no-show": Case("n"),
    "cancel": Case("xbetter\n"),
    "move": Case("rfri am\n"),
    "book": Case("bfri am\n"),
}


def state(desk: Desk, patients: list[int]) -> list[Any]:
    """Everything that must be as it was."""
    dues = [[(d.purpose, d.due_cents) for d in payments.due(desk, p)] for p in patients]
    return [*(desk.rows(sql) for sql in LOOKS), dues]


def journaled(desk: Desk, mark: int) -> list[str]:
    return [
        name
        for (name,) in desk.rows("SELECT operation FROM journal WHERE seq > ? ORDER BY seq", mark)
        if name not in NOTED and name != "schedule.hold"
    ]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return open_clinic(desk)


async def finish(clerk: Clerk, desk: Desk, mark: int) -> None:
    """Enter until it is done; never was anybody asked whether they mean it."""
    for _ in range(8):
        assert not CONFIRMS.search(clerk.text()), clerk.text()
        if journaled(desk, mark):
            return
        await clerk.press("enter")
    raise AssertionError("it is not done:\n" + clerk.text())


@pytest.mark.parametrize("what", CASES)
async def test_ctrl_z_takes_it_back(made: Clinic, clock: FrozenClock, what: str) -> None:
    desk, case = made.desk, CASES[what]
    patient = made.patient("HALE", "BEA")
    visit_id = scheduling.book(
        desk, patient_id=patient.id, visit_type="FU", provider="LEE",
        start=datetime(2026, 3, 18, 10, 30),
    ).id  # fmt: skip
    if what == "no-show":
        clock.advance(minutes=90)
    case.before(desk, visit_id)
    async with at_desk(desk) as clerk:
        clerk.screen.grid.select_key(visit_id)
        was = state(desk, [patient.id])
        (mark,) = desk.rows("SELECT max(seq) FROM journal")[0]
        await clerk.type(case.keys)
        await finish(clerk, desk, mark)
        assert state(desk, [patient.id]) != was
        assert "^Z takes it back" in clerk.text()
        await clerk.press("ctrl+z")
        assert not CONFIRMS.search(clerk.text()), clerk.text()
        assert "Taken back" in clerk.row(23)
        assert state(desk, [patient.id]) == was
        assert len(journaled(desk, mark)) == 2, journaled(desk, mark)


async def test_a_payment_is_taken_back_with_its_reason(made: Clinic) -> None:
    desk = made.desk
    patient = made.patient("HALE", "BEA")
    payments.charge(
        desk, patient.id, kind="visit", amount_cents=4000,
        service_day=datetime(2026, 2, 20).date(),
    )  # fmt: skip
    async with at_desk(desk) as clerk:
        was = state(desk, [patient.id])
        await clerk.app.go("payment", patient_id=patient.id)
        await clerk.settle()
        (mark,) = desk.rows("SELECT max(seq) FROM journal")[0]
        await clerk.type("40ca\n")
        await finish(clerk, desk, mark)
        assert state(desk, [patient.id]) != was
        await clerk.press("ctrl+z")
        await clerk.wait(lambda: clerk.place == "VoidScreen")
        await clerk.settle()
        # A receipt is never taken back with a y: the reason is one of the list.
        await clerk.type("y\n")
        assert journaled(desk, mark) == ["payment.take"]
        await clerk.press(*["backspace"] * 3)
        await clerk.type("wrong_tender\n")
        assert state(desk, [patient.id]) == was
        assert journaled(desk, mark) == ["payment.take", "payment.void"]


async def test_a_closed_message_is_opened_again(made: Clinic) -> None:
    desk = made.desk
    patient = made.patient("HALE", "BEA")
    message = messages.take(
        desk, caller="self", callback="217-555-0142", patient_id=patient.id, topic="rx",
        body="refill", urgency="today", assignee=desk.actor.login, key="m",
    )  # fmt: skip
    message = messages.read(desk, message.id, version=message.version)
    async with at_desk(desk) as clerk:
        await clerk.app.go("message", message_id=message.id)
        await clerk.settle()
        (mark,) = desk.rows("SELECT max(seq) FROM journal")[0]
        await clerk.type("x")
        assert not CONFIRMS.search(clerk.text())
        await clerk.type("done\n")
        assert desk.rows("SELECT status FROM message") == [("closed",)], clerk.text()
        await clerk.press("ctrl+z")
        assert desk.rows("SELECT status FROM message WHERE status = 'closed'") == []
        assert journaled(desk, mark) == ["message.close", "message.reopen"]


async def test_an_overbooking_wants_its_word_not_a_y(made: Clinic, clock: FrozenClock) -> None:
    """Overriding a stop is typed: ``over`` and why. Anything else books nothing."""
    desk = made.desk
    start = datetime(2026, 3, 18, 10, 30)
    scheduling.book(
        desk, patient_id=made.patient("HALE").id, visit_type="FU", provider="LEE", start=start
    )
    other = made.patient("KERR")
    async with at_desk(desk) as clerk:
        await clerk.app.go("opening", patient_id=other.id, slot=("LEE", start))
        await clerk.settle()
        for word in ("y", "yes", "ok"):
            for _ in range(6):
                if clerk.screen.prompt is not None:
                    break
                await clerk.press("enter")
            if clerk.screen.prompt is None:
                break  # no stop came up: the search offered another time instead
            await clerk.type(f"{word}\n")
            await clerk.press("escape")
        assert desk.rows(
            "SELECT count(*) FROM appointment WHERE patient_id = ? AND wall_start = ?",
            other.id, start.isoformat(timespec="minutes"),
        ) == [(0,)]  # fmt: skip


def test_no_screen_has_a_question_that_y_answers() -> None:
    folder = Path(__file__).parents[2] / "deskterm"
    found = [
        (path.name, line.strip())
        for part in ("screens", "widgets")
        for path in sorted((folder / part).glob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if CONFIRMS.search(line)
    ]
    assert found == []
