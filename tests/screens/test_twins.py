"""Every screen as plain text, kept in a file: what changed on it is seen in the difference.

``DESKTERM_TWINS=1 pytest tests/screens/test_twins.py`` writes the files anew; read what changed
before keeping it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deskterm.app import DeskApp
from deskterm.office.desk import Desk
from tests.factories import Clinic
from tests.screens.all_places import PLACES, enter, fill, leave, lines

TWINS = Path(__file__).parent / "twins"
SIZES = [(80, 24), (140, 40), (40, 12)]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return fill(desk)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_every_screen_is_as_its_twin(made: Clinic, size: tuple[int, int]) -> None:
    app = DeskApp(made.desk)
    differ = {}
    async with app.run_test(size=size) as pilot:
        for place, given in [("day", None), *PLACES.items()]:
            if given is not None:
                await enter(app, place, given)
            for _ in range(3):
                await pilot.pause()
            shown = "\n".join(line.rstrip() for line in lines(app)) + "\n"
            twin = TWINS / f"{place}-{size[0]}x{size[1]}.txt"
            if os.environ.get("DESKTERM_TWINS"):
                TWINS.mkdir(exist_ok=True)
                twin.write_text(shown, encoding="utf-8")
            elif shown != twin.read_text(encoding="utf-8"):
                differ[twin.name] = shown
            await leave(app)
            await pilot.pause()
    assert not differ, "\n".join(f"{name}\n{shown}" for name, shown in differ.items())
