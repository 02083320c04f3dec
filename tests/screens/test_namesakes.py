"""Several patients of one name: nothing is written before a birth date was said (T-13)."""

from __future__ import annotations

from datetime import datetime

import pytest

from deskterm.clock import FrozenClock
from deskterm.office.desk import Desk
from tests.office.hours import open_clinic
from tests.screens.driver import at_desk

# A letter on the board, and what is typed after it: everything but the birth date.
LETTERS = {
    "check in": ("c", "\n\n\n\n\n\n\n"),
    "arrive": ("f", "\n\n"),
    "no-show": ("n", "\n\n"),
    "move": ("r", "\n\n\n\n\n"),
    "cancel": ("x", "better\n\n\n\n"),
    "payment": ("p", "25ca\n\n\n\n\n"),
    "jot": ("j", "late 20 min\n\n"),
    "edit": ("i", "\n\n\n\n\n\n\n\n"),
    "book": ("b", "\n\n\n\n\n"),
}


@pytest.mark.parametrize("what", LETTERS)
async def test_no_birth_date_no_writing(desk: Desk, clock: FrozenClock, what: str) -> None:
    made = open_clinic(desk)
    made.patient("ALVAREZ", "MARIA", born=datetime(1991, 8, 21).date())
    patient = made.patient("ALVAREZ", "MARIA", born=datetime(1975, 5, 5).date())
    hour = (9, 0) if what == "no-show" else (10, 30)
    visit = made.appointment(patient, datetime(2026, 3, 18, *hour), "LEE")
    letter, rest = LETTERS[what]
    async with at_desk(desk) as clerk:
        clerk.screen.grid.select_key(visit.id)
        (mark,) = desk.rows("SELECT max(seq) FROM journal")[0]
        await clerk.type(letter)
        await clerk.type(rest)
        wrote = desk.rows(
            "SELECT operation FROM journal WHERE seq > ? AND operation <> 'patient.view'", mark
        )
        assert wrote == [], clerk.text()
        assert "DOB said" in clerk.text() or "said" in clerk.text(), clerk.text()


async def test_with_it_the_letter_does_its_work(desk: Desk) -> None:
    made = open_clinic(desk)
    made.patient("ALVAREZ", "MARIA", born=datetime(1991, 8, 21).date())
    patient = made.patient("ALVAREZ", "MARIA", born=datetime(1975, 5, 5).date())
    visit = made.appointment(patient, datetime(2026, 3, 18, 10, 30), "LEE")
    async with at_desk(desk) as clerk:
        clerk.screen.grid.select_key(visit.id)
        await clerk.type("f0821\n")
        assert desk.rows("SELECT stage FROM appointment") == [("expected",)]
        assert "0821" in clerk.row(23)
        await clerk.press(*["backspace"] * 4)
        await clerk.type("0505\n")
        assert "arrive" in clerk.row(23)
        assert desk.rows("SELECT stage FROM appointment") == [("arrived",)]
        await clerk.press("ctrl+z")
        await clerk.type("f")  # said a moment ago: not asked again
        assert desk.rows("SELECT stage FROM appointment") == [("arrived",)]
