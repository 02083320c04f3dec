"""The main job of a morning, keys only: book, move, cancel, register, check in, check out."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from deskterm.office import patients, search_index, templates
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk


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
