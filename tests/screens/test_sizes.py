"""Every screen at every size: nothing overflows, and what must never be lost is there."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from rich.cells import cell_len

from deskterm.app import DeskApp
from deskterm.office import messages, search_index, templates
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic

SIZES = [(80, 24), (100, 30), (140, 40), (200, 60), (40, 12)]
PLACES = {
    "flow": {},
    "next": {},
    "held": {},
    "finder": {},
    "patient": {"patient_id": 1},
    "register": {"patient_id": 1},
    "opening": {"patient_id": 1},
    "cancel": {"appointment_id": 1},
    "check_in": {"appointment_id": 1},
    "check_out": {"appointment_id": 1},
    "payment": {"patient_id": 1, "appointment_id": 1},
    "call": {"patient_id": 1},
    "jot": {"appointment_id": 1},
    "history": {"patient_id": 1},
    "keys": {"place": "day"},
}


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    for weekday in range(5):
        templates.set_template(desk, "LEE", "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1))
    joan = found.patient("SMITH", "JOAN")
    found.cover(joan, copay_cents=2500)
    found.appointment(joan, datetime(2026, 3, 18, 9, 45), "LEE")
    messages.take(desk, patient_id=joan.id, topic="rx", body="refill", key="m1")
    search_index.rebuild(desk.database)
    return found


def lines(app: DeskApp) -> list[str]:
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_every_screen_fits(made: Clinic, size: tuple[int, int]) -> None:
    app = DeskApp(made.desk)
    width, height = size
    async with app.run_test(size=size) as pilot:
        for place, given in [("day", None), *PLACES.items()]:
            if given is not None:
                assert await app.go(place, **given) is not None, place
            await pilot.pause()
            shown = lines(app)
            assert len(shown) == height, place
            assert all(cell_len(line) == width for line in shown), place
            plain = "".join(shown).replace("·", "")
            assert plain.isascii(), (place, sorted({c for c in plain if not c.isascii()}))
            assert shown[0].rstrip().endswith(("LIST", "TYPE")), place
            if width >= 80:
                assert "L0" in shown[0] and "P0" in shown[0], place
                if given and set(given) & {"patient_id", "appointment_id"} and place != "history":
                    assert "SMITH" in shown[1] and "03/14/1982" in shown[1], place
            await app.close_all()
            await pilot.pause()
    assert app._exception is None
