"""Answering the phone: a slip over whatever is open, sent at the last gap, and back again."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from deskterm.clock import FrozenClock
from deskterm.office import drafts, messages
from deskterm.office.desk import Desk
from deskterm.office.patients import ContactEntry
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk
from tests.screens.people import other_desk, register


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


def newest(desk: Desk) -> messages.MessageRow:
    return messages.log(desk, desk.today())[0]


async def test_a_refill_is_taken_and_routed_in_36_keys(made: Clinic) -> None:
    desk = made.desk
    joan = register(desk, "SMITH", "JOAN", pharmacy="CVS Main St")
    async with at_desk(desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nrx\nlisinopril 10\n2\n")
        assert clerk.row(22) == "Enter = SEND to RN pool, reply by 7:00p, go back to DAY"
        await clerk.press("enter")
        assert clerk.keys <= 36
        assert clerk.place == "DayScreen"
        assert clerk.row(23) == "Sent to RN pool, reply by 7:00p. ^Z takes it back"
    slip = newest(desk)
    assert (slip.patient_id, slip.topic, slip.pool, slip.urgency) == (joan.id, "rx", "RN", "today")
    assert slip.body == "lisinopril 10; days left: 2; pharmacy: CVS Main St"
    assert (slip.callback, slip.identity_checked) == ("+12175550142", "name + DOB")
    assert (slip.relationship, slip.line) == ("self", "1")
    assert drafts.open_drafts(desk) == []


async def test_the_screen_says_what_matters(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nrx\n")
        rows = clerk.lines()
        assert len(rows) == 24
        assert all(len(row) <= 80 for row in rows)
        assert rows[0].startswith("CALL  line 1") and rows[0].endswith("TYPE")
        assert rows[1].startswith("SMITH, JOAN   03/14/1982 44F  #")
        assert "[self " in rows[4] and "[name + DOB" in rows[5] and "[217-555-0142" in rows[5]
        assert "[rx  refill" in rows[6] and "Days left" in rows[7] and "Pharmacy" in rows[7]
        assert "[RN  RN pool" in rows[10] and "[today" in rows[10] and "Wed 7:00p" in rows[10]


async def test_only_a_refill_asks_for_the_drug(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nbill\n")
        assert "Drug" not in clerk.text()
        assert "[BILL" in clerk.text() and "[routine" in clerk.text()
        await clerk.press("enter")
        assert clerk.place == "CallScreen"
        assert clerk.row(22).startswith("ERR The message is empty")
        await clerk.type("two charges for May\n")
        assert clerk.row(23) == "Sent to BILL pool, reply by Thu Mar 19 7:00p. ^Z takes it back"


async def test_a_caller_who_is_nobody_on_file_gives_a_name(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "enter")
        assert clerk.row(22) == "Needed here: caller"
        await clerk.type("County lab\nresult\ncritical potassium\n")
        assert clerk.place == "DayScreen"
    slip = newest(made.desk)
    assert (slip.caller, slip.patient_id, slip.body) == ("County lab", None, "critical potassium")


@pytest.mark.parametrize("keys", ["w\n", "\nann\nw\n"], ids=["at once", "as topic"])
async def test_a_wrong_number_closes_in_two_keys(made: Clinic, keys: str) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type(keys)
        assert clerk.place == "DayScreen"
        assert clerk.row(23) == "Logged: wrong number"
    slip = newest(made.desk)
    assert (slip.topic, slip.status, slip.outcome) == ("wrong", "closed", "wrong")
    assert messages.inbox(made.desk) == []


async def test_the_same_name_needs_the_birth_date_before_anything_is_written(made: Clinic) -> None:
    desk = made.desk
    register(desk, "SMITH", "JOAN")
    other = register(desk, "SMITH", "JOAN", born=date(1990, 5, 5))
    async with at_desk(desk) as clerk:
        await clerk.app.go("call", patient_id=other.id, topic="bill", note="asks")
        await clerk.settle()
        assert "ALIKE" in clerk.row(2)
        assert "DOB said" in clerk.text()
        await clerk.type("0314\n")
        assert clerk.row(22).startswith("ERR said 03/14, on file 05/05/1990")
        assert messages.inbox(desk) == []
        await clerk.press("ctrl+u")
        await clerk.type("0505\n")
        await clerk.press("enter")
        assert clerk.row(23).startswith("Sent to BILL pool")
    assert newest(desk).identity_checked == "name + DOB"


async def test_another_person_in_the_field_asks_for_their_birth_date_anew(made: Clinic) -> None:
    desk = made.desk
    first = register(desk, "SMITH", "JOAN")
    second = register(desk, "SMITH", "JOAN", born=date(1990, 5, 5))
    async with at_desk(desk) as clerk:
        await clerk.app.go("call", patient_id=first.id, topic="bill")
        await clerk.settle()
        await clerk.type("0314\t")
        form = clerk.screen.call_form
        form.go_to("patient")
        await clerk.type(f"#{second.mrn}\n")
        assert clerk.screen.subject()[0] == second.id
        assert clerk.screen.call_form.field == "identity"
        assert clerk.screen.call_form.sheet.text("identity") == ""
        await clerk.press("enter")
        assert clerk.place == "CallScreen"
        assert messages.inbox(desk) == []


async def test_a_caller_for_the_patient_shows_what_may_be_discussed(made: Clinic) -> None:
    joan = register(
        made.desk, "SMITH", "JOAN",
        contacts=[ContactEntry(name="Dave Smith", relationship="spouse", phone="",
                               may_discuss="appointments")],
    )  # fmt: skip
    async with at_desk(made.desk) as clerk:
        await clerk.app.go("call", patient_id=joan.id, topic="appt")
        clerk.screen.call_form.go_to("caller")
        await clerk.settle()
        assert "Discuss" not in clerk.text()
        await clerk.type("husband\t")
        assert "Dave Smith (spouse): appointments" in clerk.line_with("Discuss")
        clerk.screen.call_form.go_to("note")
        await clerk.type("moves it\n")
    slip = newest(made.desk)
    assert (slip.caller, slip.relationship) == ("husband", "husband")


async def test_what_was_typed_over_a_default_stays(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nrx\n")
        clerk.screen.call_form.go_to("to")
        await clerk.type("mlopez\t")
        clerk.screen.call_form.go_to("topic")
        await clerk.type("bill\t")
        assert "[mlopez" in clerk.text()
        assert "[routine" in clerk.text()


async def test_a_bad_number_is_said_beside_its_field(made: Clinic) -> None:
    joan = register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.app.go("call", patient_id=joan.id, topic="bill", note="asks")
        clerk.screen.call_form.go_to("callback")
        await clerk.type("123\n\n")
        assert clerk.place == "CallScreen"
        assert clerk.row(22).startswith("ERR")
        assert clerk.screen.call_form.field == "callback"
    assert messages.inbox(made.desk) == []


@pytest.mark.parametrize("open_first", ["", "f5", "f8", "f2", "f3", "f10"])
async def test_a_call_comes_back_to_the_same_screen(made: Clinic, open_first: str) -> None:
    register(made.desk, "SMITH", "JOAN")
    made.appointment(made.patient("COLE", "BEA"), datetime(2026, 3, 18, 9, 45))
    async with at_desk(made.desk) as clerk:
        if open_first:
            await clerk.press(open_first)
        if open_first in ("f2", "f10"):
            await clerk.type("smi")
        await clerk.settle()
        before = (clerk.place, clerk.lines()[1:22])
        await clerk.press("f6")
        await clerk.type("w\n")
        assert (clerk.place, clerk.lines()[1:22]) == before


async def test_a_call_over_a_form_comes_back_to_the_same_field(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        patient = made.patient("COLE", "BEA")
        await clerk.app.go("opening", patient_id=patient.id)
        await clerk.press("tab")
        await clerk.settle()
        form = clerk.screen.search_form
        before, field = clerk.lines()[1:22], form.field
        await clerk.press("f6")
        await clerk.type("w\n")
        assert clerk.screen.search_form is form
        assert (clerk.lines()[1:22], form.field) == (before, field)


async def test_a_held_call_comes_back_with_its_words_and_its_line(
    made: Clinic, clock: FrozenClock
) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nrx\nlisino")
        await clerk.press("f7")
        assert clerk.row(23) == "Parked: CALL SMITH J. F3 brings it back"
        assert " L1 " in clerk.row(1)
        clock.advance(minutes=2)
        await clerk.press("f6")
        assert clerk.row(1).startswith("CALL  line 2")
        assert clerk.row(3) == "L2 LIVE 0m unknown   L1 HOLD 2m SMITH J LONG"
        await clerk.type("w\n")
        await clerk.press("f3", "enter")
        assert clerk.place == "CallScreen"
        assert clerk.row(1).startswith("CALL  line 1")
        assert clerk.screen.call_form.field == "drug"
        await clerk.type("pril 10\n2\n\n")
        assert clerk.row(23).startswith("Sent to RN pool")
    assert newest(made.desk).body.startswith("lisinopril 10") or any(
        row.body.startswith("lisinopril 10") for row in messages.inbox(made.desk)
    )


async def test_leaving_keeps_the_slip_and_an_empty_one_vanishes(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "escape")
        assert clerk.place == "DayScreen"
        assert drafts.open_drafts(made.desk) == []
        await clerk.press("f6", "enter")
        await clerk.type("Ann")
        await clerk.press("escape")
        assert clerk.row(23) == "Kept: CALL Ann. F3 brings it back"
    assert [draft.heading for draft in drafts.open_drafts(made.desk)] == ["CALL Ann"]


async def test_a_card_number_is_never_written_down(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "enter")
        await clerk.type("Ann\nbill\n4111 1111 1111 1111\n")
        assert clerk.place == "CallScreen"
        assert "4111" not in clerk.text()
    assert messages.inbox(made.desk) == []


async def test_markup_in_a_name_is_text(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "enter")
        await clerk.type("[red]Ann[/]\nbill\n[bold]owes[/]\n")
        await clerk.press("f6")
        assert "[red]Ann[/]" in clerk.text()


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_today_s_calls_stand_below(
    made: Clinic, clock: FrozenClock, size: tuple[int, int]
) -> None:
    joan = register(made.desk, "SMITH", "JOAN")
    messages.take(made.desk, patient_id=joan.id, topic="sym", body="dizzy", line="2")
    clock.advance(minutes=1)
    messages.take(made.desk, caller="Ann", topic="wrong", outcome="wrong")
    async with at_desk(made.desk, size=size) as clerk:
        await clerk.press("f6")
        logged, urgent = clerk.line_with("wrong number"), clerk.line_with("symptoms")
        assert logged.split()[0] == "2" and "9:43a" in logged
        assert "SMITH J" in urgent and "URGENT waiting" in urgent


async def test_the_line_opens_a_slip_filled_in(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f10")
        await clerk.type('m smi 031482 appt urgent "wants Friday\n')
        assert clerk.place == "CallScreen"
        assert "[urgent" in clerk.text() and "[appt" in clerk.text()
        assert "wants Friday" in clerk.text()
        await clerk.press("enter")
        assert "reply by 11:42a" in clerk.row(23)


async def test_a_message_nobody_read_is_taken_back(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nrx\nlisinopril 10\n2\n\n")
        assert clerk.row(23).endswith("^Z takes it back")
        assert "Q1" in clerk.row(1)
        await clerk.press("ctrl+z")
        assert clerk.row(23).startswith("Taken back: Sent to RN pool")
        assert "Q0" in clerk.row(1)
    slip = newest(made.desk)
    assert (slip.status, slip.outcome) == ("closed", "taken back")
    assert messages.inbox(made.desk) == []
    assert [e.action for e in messages.history(made.desk, slip.id)] == ["taken", "closed"]
    operations = [r[0] for r in made.desk.rows("SELECT operation FROM journal ORDER BY seq")]
    assert [o for o in operations if o.startswith("message")] == [
        "message.take", "message.take_back"
    ]  # fmt: skip


async def test_a_message_that_was_read_stays_and_says_who_read_it(made: Clinic) -> None:
    register(made.desk, "SMITH", "JOAN")
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6")
        await clerk.type("smi 031482\nrx\nlisinopril 10\n2\n\n")
        other = other_desk(made.desk)
        messages.read(other, newest(made.desk).id)
        other.close()
        await clerk.press("ctrl+z")
        assert clerk.row(23) == "mlopez read it at 9:42a. It stays; F6 writes another one"
        # What was done before it can still be taken back.
        await clerk.press("ctrl+z")
        assert clerk.row(23) == "Nothing to take back"
    assert newest(made.desk).status == "read"
