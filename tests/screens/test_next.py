"""What's next, and one message: everything that waits, and the place to do it one key away."""

from __future__ import annotations

from datetime import datetime

import pytest

from deskterm.clock import FrozenClock
from deskterm.errors import Invalid
from deskterm.office import clinic as setup
from deskterm.office import drafts, messages, visits
from deskterm.office.desk import Desk
from deskterm.screens.message_keys import outcome
from deskterm.screens.next import DayNumbers
from tests.factories import TODAY, Clinic, clinic
from tests.screens.driver import at_desk
from tests.screens.people import other_desk, register


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


def slip(desk: Desk, **more: object) -> messages.Message:
    joan = register(desk, "SMITH", "JOAN")
    given: dict[str, object] = {"topic": "rx", "body": "lisinopril 10", "callback": "2175550142"}
    return messages.take(desk, patient_id=joan.id, **(given | more))  # type: ignore[arg-type]


async def test_nothing_waits_is_one_sentence(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f8")
        assert clerk.row(1).startswith("WHAT'S NEXT  0")
        assert clerk.row(4) == "Nothing waits. F6 takes a call, F5 shows the day"
        await clerk.press("enter", "f", "x", "m")
        assert clerk.place == "NextScreen"
        assert clerk.row(23).startswith("Nothing here")


async def test_everything_that_waits_stands_in_bands(made: Clinic, clock: FrozenClock) -> None:
    desk = made.desk
    made.appointment(made.patient("VEGA", "NINA"), datetime(2026, 3, 18, 10, 0))
    long = made.appointment(made.patient("FABER", "LOU"), datetime(2026, 3, 18, 10, 30), "LEE")
    visits.check_in(desk, long.id)
    slip(desk)
    drafts.save(desk, key="k", form="call", heading="CALL COLE B", state={})
    clock.advance(minutes=34)
    async with at_desk(desk) as clerk:
        await clerk.press("f8")
        rows = clerk.lines()
        assert rows[0].startswith("WHAT'S NEXT  4") and rows[0].endswith("LIST")
        assert rows[1] == "mine + my pools | now 2  today 2  this week 0"
        text = "\n".join(rows)
        assert text.index("NOW") < text.index("LATE") < text.index("TODAY")
        assert "VEGA N" in clerk.line_with(" LATE ")
        assert "call, 16m late for NOVAK" in clerk.line_with("VEGA N")
        assert "waits 34m for LEE" in clerk.line_with(" LONG ")
        assert "refill: lisinopril 10" in clerk.line_with("by 7:00p")
        assert "CALL COLE B" in clerk.line_with("PARKED")


async def test_an_overdue_message_says_so(made: Clinic, clock: FrozenClock) -> None:
    slip(made.desk, urgency="urgent")
    clock.advance(hours=2, minutes=5)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f8")
        assert clerk.row(5) == "NOW"
        assert "LATE 11:42a" in clerk.row(6)


async def test_enter_opens_the_right_place_and_comes_back(made: Clinic, clock: FrozenClock) -> None:
    desk = made.desk
    made.appointment(made.patient("VEGA", "NINA"), datetime(2026, 3, 18, 9, 20))
    long = made.appointment(made.patient("FABER", "LOU"), datetime(2026, 3, 18, 9, 50), "LEE")
    visits.check_in(desk, long.id)
    clock.advance(minutes=31)
    slip(desk)
    async with at_desk(desk) as clerk:
        await clerk.press("f8")
        number = {row.cells[1]: row.number for row in clerk.screen.list._given}
        await clerk.type(f"{number['LATE']}\n")
        assert clerk.place == "CallScreen"
        assert "VEGA" in clerk.row(2) and "[late" in clerk.text()
        await clerk.press("escape")
        assert clerk.place == "NextScreen"
        await clerk.type(f"{number['LONG']}\n")
        assert clerk.place == "FlowScreen"
        assert "FABER" in clerk.line_with(">")
        await clerk.press("escape")
        await clerk.type(f"{number['CALLBACK']}\n")
        assert clerk.place == "MessageScreen"
        await clerk.press("escape")
        assert clerk.place == "NextScreen"


async def test_parked_work_goes_on_where_it_was(made: Clinic, clock: FrozenClock) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "enter")
        await clerk.type("Ann\nbill\nasks abo")
        await clerk.press("f7")
        clock.advance(minutes=31)
        await clerk.press("f8", "enter")
        assert clerk.place == "CallScreen"
        await clerk.type("ut May\n")
        assert clerk.place == "NextScreen"
        assert clerk.row(23).startswith("Sent to BILL pool")
        assert "asks about May" in clerk.text()


async def test_a_row_keeps_its_number(made: Clinic) -> None:
    first = slip(made.desk)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f8")
        assert clerk.line_with("CALLBACK").startswith(">  1")
        messages.take(made.desk, caller="Ann", topic="sym", body="dizzy", urgency="now")
        messages.close(made.desk, first.id, version=1, outcome="done")
        await clerk.press("f5", "f8")
        assert clerk.line_with("dizzy").startswith(">  2")
    numbers = DayNumbers()
    assert [numbers.number(key, TODAY) for key in "aba"] == [1, 2, 1]


async def test_x_closes_a_message_and_undo_opens_it_again(made: Clinic) -> None:
    taken = slip(made.desk)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f8", "x")
        await clerk.type("nonsense\n")
        assert clerk.row(22).startswith("ERR No such outcome")
        await clerk.press("ctrl+u")
        await clerk.type("ref to CVS\n")
        row = messages.get(made.desk, taken.id)
        assert (row.status, row.outcome, row.outcome_note) == ("closed", "refilled", "to CVS")
        assert clerk.row(23) == "Closed: refill sent. ^Z takes it back"
        assert clerk.row(1).startswith("WHAT'S NEXT  0")
        await clerk.press("ctrl+z")
        assert messages.get(made.desk, taken.id).status == "in_progress"
        assert clerk.row(1).startswith("WHAT'S NEXT  1")


async def test_x_drops_parked_work_with_a_reason(made: Clinic, clock: FrozenClock) -> None:
    drafts.save(made.desk, key="k", form="call", heading="CALL COLE B", state={})
    clock.advance(minutes=40)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f8", "x", "enter")
        assert drafts.open_drafts(made.desk)
        await clerk.type("done elsewhere\n")
        assert clerk.row(23) == "Dropped: CALL COLE B"
    assert drafts.open_drafts(made.desk) == []


async def test_y_hands_over(made: Clinic, clock: FrozenClock) -> None:
    setup.add_staff(made.desk, login="rnlee", name="Nurse Lee", role="clinician")
    drafts.save(made.desk, key="k", form="call", heading="CALL COLE B", state={})
    taken = slip(made.desk)
    clock.advance(minutes=40)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f8")
        clerk.screen.list.select_key("draft:k")
        await clerk.press("y")
        await clerk.type("rnlee\n")
        assert "COLE" not in clerk.row(6)
        clerk.screen.list.select_key(f"message:{taken.id}")
        await clerk.press("y")
        await clerk.type("rnl please call\n")
        assert clerk.row(23) == "Sent on to Nurse Lee"
    assert drafts.open_drafts(made.desk) == []
    assert messages.get(made.desk, taken.id).assignee == "rnlee"
    assert messages.history(made.desk, taken.id)[-1].note == "to rnlee: please call"


async def test_a_message_is_read_taken_on_noted_and_closed(made: Clinic) -> None:
    desk = made.desk
    messages.add_pool(desk, code="RN", name="Nurses", members=["mlopez"])
    taken = slip(desk)
    async with at_desk(desk) as clerk:
        await clerk.press("f8", "enter")
        assert clerk.row(1).startswith("MESSAGE  refill for RN")
        assert clerk.row(2).startswith("SMITH, JOAN   03/14/1982")
        assert clerk.has(["State    READ", "217-555-0142", "lisinopril 10", "taken down"]) == []
        assert clerk.row(22) == "f = take it on"
        await clerk.press("f")
        assert messages.get(desk, taken.id).status == "acknowledged"
        await clerk.press("f")
        await clerk.type("called, no answer\n")
        assert "noted: called, no answer" in clerk.text()
        await clerk.press("x")
        await clerk.type("noreach\n")
        assert "State    CLOSED" in clerk.text()
        assert clerk.row(22) == "Closed. u opens it again"
        await clerk.press("f")
        assert clerk.row(23).startswith("This message is closed")
        await clerk.press("u")
        assert "State    IN PROGRESS" in clerk.text()
        assert "opened again" in clerk.text()


async def test_calling_back_opens_a_slip_about_the_patient(made: Clinic) -> None:
    taken = slip(made.desk)
    async with at_desk(made.desk) as clerk:
        await clerk.app.go("message", message_id=taken.id)
        await clerk.press("m")
        assert clerk.place == "CallScreen"
        assert "SMITH, JOAN" in clerk.row(2) and "[rx  refill" in clerk.text()
        await clerk.press("escape")
        assert clerk.place == "MessageScreen"


async def test_somebody_else_s_step_is_shown_and_never_overwritten(made: Clinic) -> None:
    taken = slip(made.desk)
    there = other_desk(made.desk)
    async with at_desk(made.desk) as clerk:
        await clerk.app.go("message", message_id=taken.id)
        await clerk.settle()
        stale = clerk.screen.row
        messages.add_pool(there, code="BILL", name="Billing")
        messages.forward(there, taken.id, version=stale.version, pool="BILL", note="yours")
        await clerk.news()
        clerk.screen.row = stale
        await clerk.press("f")
        assert clerk.row(23).startswith("Changed by mlopez")
        assert "sent on: to BILL: yours" in clerk.text()
    there.close()


async def test_long_words_wrap_and_markup_is_text(made: Clinic) -> None:
    taken = slip(made.desk, body="[red]stop[/] " + "word " * 60)
    async with at_desk(made.desk) as clerk:
        await clerk.app.go("message", message_id=taken.id)
        await clerk.settle()
        assert "[red]stop[/]" in clerk.text()
        assert clerk.text().count("word") == 60
        assert all(len(row) <= 80 for row in clerk.lines())


def test_an_outcome_is_read_by_prefix() -> None:
    words = [("done", "done"), ("called", "called back"), ("calm", "calm")]
    assert outcome("d", words) == ("done", "")
    assert outcome("called left word", words) == ("called", "left word")
    for wrong in ("cal", "", "zzz"):
        with pytest.raises(Invalid):
            outcome(wrong, words)
