"""Every screen at every size: nothing overflows, and what must never be lost is there."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment

from deskterm.app import DeskApp
from deskterm.office.desk import Desk
from tests.factories import Clinic
from tests.screens.all_places import PLACES, enter, fill, leave, lines
from tests.screens.driver import at_desk

SIZES = [(80, 24), (100, 30), (140, 40), (200, 60), (40, 12)]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return fill(desk)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
async def test_every_screen_fits(made: Clinic, size: tuple[int, int]) -> None:
    app = DeskApp(made.desk)
    width, height = size
    async with app.run_test(size=size) as pilot:
        for place, given in [("day", None), *PLACES.items()]:
            if given is not None:
                await enter(app, place, given)
            await pilot.pause()
            shown = lines(app)
            assert len(shown) == height, place
            assert all(cell_len(line) == width for line in shown), place
            plain = "".join(shown).replace("·", "")
            if place == "code":  # a picture to scan has no letters
                plain = plain.translate(dict.fromkeys(map(ord, "▀▄█")))
            assert plain.isascii(), (place, sorted({c for c in plain if not c.isascii()}))
            if place == "lock":  # nothing that names anybody, and no counters
                assert "SMITH" not in "".join(shown) and "Q3" not in shown[0]
                await leave(app)
                continue
            assert shown[0].rstrip().endswith(("LIST", "TYPE")), place
            if width >= 80:
                assert "L1" in shown[0] and "Q3 N0" in shown[0], place
                named = given and set(given) & {"patient_id", "appointment_id"}
                if named and place not in ("history", "break_glass"):
                    assert "SMITH" in shown[1] and "03/14/1982" in shown[1], place
            await leave(app)
            await pilot.pause()
    assert app._exception is None


async def test_a_zoomed_terminal_lists_each_row_in_two_lines(made: Clinic) -> None:
    """40 by 12: every state word is there, and the letters act on the row that is meant."""
    async with at_desk(made.desk, size=(40, 12)) as clerk:
        await clerk.press("f5")
        seen = ""
        for _ in range(7):
            current = next(n for n, line in enumerate(clerk.lines()) if line.startswith(">"))
            name, rest = clerk.lines()[current : current + 2]
            seen += f"{name} {rest}\n"
            assert name.split()[1] in clerk.row(9), clerk.text()
            await clerk.press("down")
        for name, state in (("FABER", "CHK"), ("GRANT", "ARR"), ("DREW", "RMD"), ("SMITH", "SCH"),
                            ("VEGA", "LAT")):  # fmt: skip
            assert any(name in line and state in line for line in seen.splitlines()), seen
        await clerk.type("6r")
        assert clerk.place == "OpeningScreen"
        assert "SMITH" in clerk.row(2)


async def test_a_job_is_done_from_end_to_end_on_a_zoomed_terminal(made: Clinic) -> None:
    async with at_desk(made.desk, size=(40, 12)) as clerk:
        await clerk.type("6c0314\n\n\n0 bill\n")
        assert clerk.row(11).startswith("Checked in 6 SMITH"), clerk.text()
        await clerk.press("f6")
        await clerk.type("smith 031482\nrx\nlisinopril\n2\n\n")
        assert clerk.row(11).startswith("Sent to RN pool"), clerk.text()
        await clerk.type("6b1w pm\n\n")
        assert clerk.row(11).startswith("Booked Wed Mar 25"), clerk.text()


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda s: f"{s[0]}x{s[1]}")
async def test_what_colour_says_words_say_too(made: Clinic, size: tuple[int, int]) -> None:
    """T-11: whatever stands on a colour of its own holds a word or a number."""
    app = DeskApp(made.desk)
    badges = set()
    async with app.run_test(size=size) as pilot:
        for place, given in [("day", None), *PLACES.items()]:
            if given is not None:
                await enter(app, place, given)
            await pilot.pause()
            for strip in app.screen._compositor.render_strips():
                run, colour = "", None
                for segment in [*strip, Segment("")]:
                    here = segment.style.bgcolor if segment.style else None
                    here = None if here is None or here.is_default else here.name
                    if here != colour:
                        assert colour is None or any(c.isalnum() for c in run), (place, run)
                        badges |= {run.strip()} if colour else set()
                        run, colour = "", here
                    run += segment.text
            await leave(app)
            await pilot.pause()
    assert {"LATE", "LAT"} & badges or "LATE 8:40a" in badges, badges
    assert any(badge.startswith("SMITH, JOAN") for badge in badges)
