"""The main job of a morning, keys only: book, move, cancel, register, check in, check out."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from deskterm.office import patients, search_index, templates, visits
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk
from tests.screens.people import other_desk, register


@pytest.fixture
def made(desk: Desk) -> Clinic:
    """LEE works weekdays; COLE has a visit at 9:45, covered, with a copay of 25.00."""
    found = clinic(desk)
    for weekday in range(5):
        templates.set_template(desk, "LEE", "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1))
    bea = found.patient("COLE", "BEA", born=date(1990, 5, 5), provider=found.providers["LEE"])
    found.cover(bea, copay_cents=2500)
    found.appointment(bea, datetime(2026, 3, 18, 9, 45), "LEE")
    search_index.rebuild(desk.database)
    return found


def lives(desk: Desk) -> list[str]:
    return [row[0] for row in desk.rows("SELECT lifecycle FROM appointment ORDER BY id")]


async def test_booking_from_a_row_takes_twelve_keys(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1b1w pm\n\n")
        assert clerk.row(23).startswith("Booked Wed Mar 25 12:00p LEE")
        assert "SAY" in clerk.row(22)
    assert lives(made.desk) == ["scheduled", "scheduled"]


async def test_one_line_books_and_undo_takes_it_back(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f10")
        await clerk.type("b cole fu lee 1w pm\n\n")
        assert clerk.row(23).startswith("Booked")
        await clerk.press("ctrl+z")
        assert clerk.row(23).startswith("Taken back")
    assert lives(made.desk) == ["scheduled", "entered_in_error"]


async def test_moving_keeps_the_old_visit_on_record(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1rfri am\n\n")
        assert clerk.row(23).startswith("Moved to Fri Mar 20")
    assert lives(made.desk) == ["cancelled", "scheduled"]
    assert made.desk.rows("SELECT rescheduled_from_id FROM appointment WHERE id = 2") == [(1,)]


async def test_cancelling_needs_a_reason_and_undo_puts_it_back(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1x\n")
        assert lives(made.desk) == ["scheduled"]
        await clerk.type("sick\n")
        assert lives(made.desk) == ["cancelled"]
        await clerk.press("ctrl+z")
    assert lives(made.desk) == ["scheduled"]


async def test_check_in_with_a_copay_on_a_card(made: Clinic) -> None:
    desk = made.desk
    for form in ("npp", "consent", "history"):
        patients.acknowledge_form(desk, 1, form, "signed")
    async with at_desk(desk) as clerk:
        await clerk.type("1c0505\n25cc\n4417\n08812q\n")
        assert clerk.row(23).startswith("Checked in 1 COLE")
        assert "receipt R-260318-001" in clerk.row(23)
    assert desk.rows("SELECT stage FROM appointment") == [("checked_in",)]
    assert desk.rows("SELECT total_cents, posted FROM payment") == [(2500, 1)]


async def test_a_wrong_birth_date_stops_the_check_in(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1c0506\n")
        assert clerk.row(22).startswith("ERR")
        assert clerk.place == "CheckInScreen"
    assert made.desk.rows("SELECT stage FROM appointment") == [("expected",)]


async def test_a_card_number_is_never_kept(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1c0505\n25cc 4242424242424242\n")
        assert "ERR" in clerk.row(22)
    assert made.desk.rows("SELECT count(*) FROM payment") == [(0,)]
    assert not made.desk.rows("SELECT 1 FROM draft WHERE state LIKE '%42424242%'")


async def test_a_new_patient_is_looked_for_before_the_form(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f2")
        await clerk.type("cole bea")
        await clerk.press("down", "down", "enter")
        assert clerk.place == "RegisterScreen"
        await clerk.type("050590\n")
        assert "COLE, BEA" in clerk.text() and "On file" in clerk.text()
        await clerk.press("enter")
        assert clerk.place == "PatientScreen"
    assert made.desk.rows("SELECT count(*) FROM patient") == [(1,)]


async def test_people_of_one_name_are_told_apart_before_anything_is_written(made: Clinic) -> None:
    made.patient("COLE", "BEA", born=date(1961, 7, 2))
    async with at_desk(made.desk) as clerk:
        for keys in ("1b1w pm\n\n", "1xsick\n"):
            await clerk.type(keys)
            assert "DOB said" in clerk.text(), keys
            await clerk.press("escape", "f5")
    assert lives(made.desk) == ["scheduled"]


async def test_escape_keeps_the_form_and_f3_brings_it_back(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1x")
        await clerk.press("tab", "tab")
        await clerk.type("moved to Peoria")
        await clerk.press("escape")
        assert clerk.row(23).startswith("Kept: CANCEL 1 COLE")
        await clerk.press("f3", "enter")
        assert "moved to Peoria" in clerk.text()
    assert lives(made.desk) == ["scheduled"]


async def test_the_sentence_to_say_stays_until_the_next_key(made: Clinic) -> None:
    """Booked from the card, whose own rows report where the cursor came to rest."""
    async with at_desk(made.desk) as clerk:
        await clerk.press("f2")
        await clerk.type("cole\nb1w pm\n\n")
        assert clerk.place == "PatientScreen"
        assert clerk.row(22) == 'SAY "Wednesday March 25 at 12:00p with LEE, 20 minutes"'
        await clerk.press("down")
        assert "c In  r Move" in clerk.row(22)


async def test_the_legend_of_the_week_is_whole(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1b1w pm\n")
        assert clerk.line_with("Week of").endswith("Fri 27     . open")
        assert clerk.line_with("LEE       AM").endswith("  # full")


async def test_a_weekend_with_hours_is_in_the_week(made: Clinic) -> None:
    templates.set_template(made.desk, "LEE", "MAIN", 5, 480, 720, starts_on=date(2025, 1, 1))
    async with at_desk(made.desk) as clerk:
        await clerk.type("1b1w pm\n")
        assert clerk.line_with("Week of").endswith("Fri 27  Sat 28")
        assert not [line for line in clerk.lines()[15:] if "~" in line]


async def test_a_mark_of_what_is_wrong_comes_back_with_the_draft(made: Clinic) -> None:
    for escape in ("escape", "f7"):
        async with at_desk(made.desk) as clerk:
            await clerk.type("1c0506\n")
            said = clerk.row(22)
            before = clerk.line_with("Identity  ")
            assert said.startswith("ERR said 05/06, on file 05/05/1990") and "!" in before
            await clerk.press(escape)
        # The dates are compared again; they are not kept in words.
        assert not made.desk.rows("SELECT 1 FROM draft WHERE state LIKE '%on file%'")
        async with at_desk(made.desk) as clerk:
            await clerk.press("f3", "enter")
            assert (clerk.row(22), clerk.line_with("Identity  ")) == (said, before)
            await clerk.press("backspace")
            assert not clerk.row(22).startswith("ERR")
            clerk.app.finish_draft(clerk.screen.key)


async def test_what_the_office_refused_is_marked_again_too(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "enter")
        await clerk.type("lab\nbill\n\n")
        said = clerk.row(22)
        assert said.startswith("ERR The message is empty")
        await clerk.press("f7")
        await clerk.press("f3", "enter")
        assert clerk.row(22) == said


async def test_half_a_card_number_goes_with_the_draft_that_kept_it(made: Clinic) -> None:
    desk = made.desk
    async with at_desk(desk) as clerk:
        await clerk.type("1c0505\n25cc 4242424242")
        clerk.screen.save_draft()
        assert desk.rows("SELECT 1 FROM draft WHERE state LIKE '%4242424242%'")
        clerk.screen.SAVE_AFTER = 3600  # nothing is saved by itself any more
        await clerk.type("424242\n")
        assert clerk.row(22).startswith("ERR")
        assert not desk.rows("SELECT 1 FROM draft WHERE state LIKE '%42424242%'")


@pytest.mark.parametrize("leave", ["enter", "tab"])
@pytest.mark.parametrize("box", ["forms", "pay"])
async def test_most_of_a_card_number_is_not_kept_either(made: Clinic, leave: str, box: str) -> None:
    """Thirteen digits that pass no check are still more than a draft may hold."""
    async with at_desk(made.desk) as clerk:
        await clerk.type("1c0505\n" + "\n" * (box == "pay"))
        assert clerk.screen.check_form.field == box
        await clerk.type("25cc 4242424242421")
        await clerk.press(leave)
        clerk.screen.save_draft()
    assert not made.desk.rows("SELECT 1 FROM draft WHERE state LIKE '%42424242%'")


async def test_a_change_at_another_desk_says_who_and_where(made: Clinic) -> None:
    made.desk.rows("UPDATE coverage SET copay_cents = 0")  # nothing due: ' shows after $
    async with at_desk(made.desk) as clerk:
        await clerk.type("1")
        other = other_desk(made.desk)
        visits.arrive(other, 1)
        other.close()
        await clerk.news()
        assert clerk.row(23) == "COLE B arrived by mlopez at d2"
        # The words stay with the row while it carries its mark.
        await clerk.press("down")
        await clerk.type("1")
        assert "arrived by mlopez at d2" in clerk.row(22)
        assert "'" in clerk.line_with("COLE, BEA")
        made.desk.clock.advance(minutes=2)  # type: ignore[attr-defined]
        await clerk.minute()
        assert "'" not in clerk.line_with("COLE, BEA")
        assert "mlopez at d2" not in clerk.row(22)


async def test_what_this_desk_did_is_not_marked_as_another_s(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1f")
        said = clerk.row(23)
        other = other_desk(made.desk)
        register(other, "ORTIZ", "GLORIA")
        other.close()
        await clerk.news()
        assert clerk.row(23) == said
        assert "d1" not in clerk.row(22) and "arrived" not in clerk.row(22)


async def test_what_begins_no_choice_is_typed_anew_and_what_is_short_goes_on(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f6", "enter")
        await clerk.type("lab\n555\n")
        assert clerk.row(22).startswith("ERR No such choice")
        await clerk.type("re\n")
        assert clerk.row(22).startswith("ERR Which one")
        await clerk.type("s")
        assert "[res " in clerk.line_with("Topic")


async def test_somebody_walks_in_and_leaves_unseen(made: Clinic) -> None:
    desk = made.desk
    made.patient("ORTIZ", "GLORIA", born=date(1971, 5, 5))
    async with at_desk(desk) as clerk:
        await clerk.press("f10")
        await clerk.type("walkin ortiz fu lee -- fell\n")
        assert clerk.row(23) == "Walked in: ORTIZ G 9:40a LEE FU. ^Z takes it back"
        assert "ARR" in clerk.row(21)
        await clerk.press("ctrl+z")
        assert clerk.row(23).startswith("Taken back: Walked in")
        assert lives(desk) == ["scheduled", "entered_in_error"]
        await clerk.type("1f1n")
        assert clerk.row(23).startswith("1 COLE: left without being seen")
        assert lives(desk) == ["left", "entered_in_error"]
        await clerk.press("ctrl+z")
        assert lives(desk) == ["scheduled", "entered_in_error"]


async def test_a_receipt_is_shown_and_voided_by_its_number(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1p25ca\n\n\n")
        await clerk.press("f5", "f10")
        await clerk.type("receipt r-260318-001\n")
        assert clerk.place == "ReceiptScreen"
        await clerk.press("f10")
        await clerk.type("void r-260318-001\n")
        assert clerk.place == "VoidScreen"
