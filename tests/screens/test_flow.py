"""The waiting room: who is where, for how long, and what they need."""

from __future__ import annotations

from datetime import datetime

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.scheduling import Appointment
from deskterm.office import day_board, scheduling, visits
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import Clerk, at_desk
from tests.screens.people import other_desk

DAY = (
    ("BOONE", "TED", 8, 40, "PATEL"), ("DREW", "KIM", 9, 5, "PATEL"),
    ("VEGA", "NINA", 9, 20, "NOVAK"), ("FABER", "LOUIS", 9, 30, "LEE"),
    ("HUI", "ZOE", 9, 45, "PATEL"), ("KERR", "DAN", 10, 15, "PATEL"),
    ("COLE", "BEA", 14, 0, "LEE"),
)  # fmt: skip


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def room(made: Clinic, clock: FrozenClock) -> dict[str, Appointment]:
    """10:13 in the morning; numbers go by time: BOONE 1 to COLE 7."""
    desk = made.desk
    found = {
        last: made.appointment(
            made.patient(last, first), datetime(2026, 3, 18, hour, minute), provider
        )
        for last, first, hour, minute, provider in DAY
    }
    visits.check_in(desk, found["FABER"].id)
    clock.advance(minutes=20)
    visits.arrive(desk, found["HUI"].id)
    visits.room(desk, found["DREW"].id, room="1")
    visits.ready(desk, found["BOONE"].id)
    clock.advance(minutes=11)
    return found


def state(clerk: Clerk, appointment: Appointment) -> str:
    return day_board.appointment(clerk.desk, appointment.id).state


async def test_people_stand_where_they_are(made: Clinic, room: dict[str, Appointment]) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5")
        assert clerk.lines()[:16] == [
            "FLOW  Wed Mar 18 2026  Main St Clinic          10:13a L0 P0 Q2 N0 D1 mlopez LIST",
            "in building 4 | waiting 2, longest 31m | rooms 1 of 8 used | running late: LEE",
            "-" * 80,
            "  #  Patient        Appt    With    State  Where     Here In state  Needs",
            "WAITING",
            ">  4 FABER L        9:30a   LEE     CHK    chairs     31m 31m LONG",
            "   5 HUI Z          9:45a   PATEL   ARR    desk       11m 11m",
            "IN ROOMS",
            "   2 DREW K         9:05a   PATEL   RMD    room 1     11m 11m",
            "READY TO LEAVE",
            "   1 BOONE T        8:40a   PATEL   CKO    desk       11m 11m",
            "EXPECTED",
            "   6 KERR D         10:15a  PATEL   SCH    -            - -",
            "LATE",
            "   3 VEGA N         9:20a   NOVAK   LAT    -            - 53m       call now",
            "",
        ]
        assert clerk.row(21).startswith("4 FABER, LOUIS  03/14/1982 44")
        assert clerk.row(22) == "Enter = card of FABER, LOUIS"
        assert clerk.row(24).startswith("f next state")


async def test_nobody_is_one_sentence(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5")
        assert clerk.row(4).startswith("Nobody is here or expected")
        await clerk.press("f")
        assert clerk.row(23).startswith("No visit here")


async def test_f_moves_on_and_undo_moves_back(made: Clinic, room: dict[str, Appointment]) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5")
        await clerk.type("2f")
        assert state(clerk, room["DREW"]) == "PRV"
        assert clerk.line_with("DREW K").startswith(">  2")
        assert clerk.row(23).endswith("^Z takes it back")
        await clerk.press("ctrl+z")
        assert state(clerk, room["DREW"]) == "RMD"
        await clerk.type("6f")
        assert state(clerk, room["KERR"]) == "ARR"
        waiting = clerk.lines().index(clerk.line_with("KERR D"))
        assert waiting < clerk.lines().index("IN ROOMS")


async def test_bringing_somebody_to_a_room_asks_which(
    made: Clinic, room: dict[str, Appointment]
) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5")
        await clerk.type("4f")
        assert clerk.place == "JotScreen"
        await clerk.type("2\n")
        assert clerk.place == "FlowScreen"
        assert "room 2" in clerk.line_with("FABER L")
        assert "rooms 2 of 8 used" in clerk.row(2)


async def test_a_note_that_they_were_told_shows(made: Clinic, room: dict[str, Appointment]) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5")
        await clerk.type("4jtold about 20 min\n")
        assert "told 10:13a" in clerk.line_with("FABER L")


async def test_somebody_expected_later_comes_by_number_or_filter(
    made: Clinic, room: dict[str, Appointment]
) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5")
        assert "COLE B" not in clerk.text()
        await clerk.press("slash")
        await clerk.type("cole\n")
        assert "COLE B" in clerk.text() and "FABER L" not in clerk.text()
        assert "filter: cole" in clerk.row(2)
        await clerk.press("escape")
        assert "FABER L" in clerk.text() and "COLE B" not in clerk.text()
        await clerk.press("7")
        assert clerk.line_with("COLE B").startswith(">  7")
        await clerk.type("7")
        assert clerk.row(23) == "no row 77"


async def test_the_wall_names_nobody(made: Clinic, room: dict[str, Appointment]) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5", "v")
        shown = clerk.text()
        assert not [row for row in DAY if row[0] in shown]
        assert clerk.line_with("LF").split() == [">", "4", "LF", "9:30a", "CHK"]
        for key in ("f", "c", "b", "m", "enter"):
            await clerk.press(key)
            assert clerk.place == "FlowScreen"
        assert not [row for row in DAY if row[0] in clerk.text()]
        assert state(clerk, room["FABER"]) == "CHK"
        await clerk.press("v")
        assert "FABER L" in clerk.text()


async def test_time_passes_without_moving_a_row_or_the_cursor(
    made: Clinic, room: dict[str, Appointment], clock: FrozenClock
) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5", "down")
        before = [line[2:20] for line in clerk.lines()[4:15]]
        clock.advance(minutes=15)
        await clerk.press("up", "down")
        await clerk.minute()
        assert [line[2:20] for line in clerk.lines()[4:15]] == before
        assert clerk.line_with("HUI Z").startswith(">  5")
        assert "26m" in clerk.line_with("HUI Z")
        assert "longest 46m" in clerk.row(2)
        clock.advance(minutes=5)
        await clerk.minute()
        late = clerk.lines().index("LATE")
        assert clerk.lines().index(clerk.line_with("KERR D")) > late


async def test_the_record_acted_on_is_the_one_that_was_shown(
    made: Clinic, room: dict[str, Appointment], clock: FrozenClock
) -> None:
    there = other_desk(made.desk)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5", "2")
        assert clerk.line_with(">").startswith(">  2 DREW K")
        made.appointment(made.patient("NEW", "ANN"), datetime(2026, 3, 18, 10, 0), "RN")
        visits.room(there, room["FABER"].id, room="2")
        visits.check_out(there, room["BOONE"].id)
        row = day_board.appointment(there, room["KERR"].id)
        scheduling.cancel(there, row.id, version=row.version, by="patient", reason="sick")
        await clerk.news()
        assert clerk.line_with(">").startswith(">  2 DREW K")
        assert "KERR D" not in clerk.text()
        assert "'RMD" in clerk.line_with("FABER L")
        await clerk.press("f")
        assert state(clerk, room["DREW"]) == "PRV"
    there.close()


async def test_a_visit_moved_elsewhere_is_not_moved_twice(
    made: Clinic, room: dict[str, Appointment]
) -> None:
    there = other_desk(made.desk)
    async with at_desk(made.desk) as clerk:
        await clerk.press("f5", "2")
        stale = clerk.screen.rows[room["DREW"].id]
        visits.with_provider(there, room["DREW"].id)
        await clerk.news()
        clerk.screen.rows[room["DREW"].id] = stale
        await clerk.press("f")
        assert clerk.row(23).startswith("Changed by mlopez")
        assert state(clerk, room["DREW"]) == "PRV"
    there.close()


async def test_wide_and_small(made: Clinic, room: dict[str, Appointment]) -> None:
    for size in ((140, 40), (60, 20)):
        async with at_desk(made.desk, size=size) as clerk:
            await clerk.press("f5")
            assert all(len(row) <= size[0] for row in clerk.lines())
            assert "LONG" in clerk.line_with("FABER L")
            assert "LAT" in clerk.line_with("VEGA N")
