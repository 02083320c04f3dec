"""The real desk in a real pseudo-terminal: type-ahead, kills, hang-ups, another desk, silence."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from deskterm.clock import Clock, local
from deskterm.config import Settings
from deskterm.office import clinic as clinics
from deskterm.office import scheduling, search_index, templates
from deskterm.office.desk import Desk, open_desk
from tests.factories import Clinic, clinic
from tests.terminal.pty_desk import PtyDesk

pytestmark = pytest.mark.terminal
ZONE = "America/Chicago"
RUNS = int(os.environ.get("DESKTERM_T01", "2"))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic open around the clock, so that the tests pass at any hour."""
    path = tmp_path / "clinic.db"
    settings = Settings(database=str(path), clinic="Main St Clinic")
    desk = clinics.init(settings, login="mlopez", name="Maria Lopez", clock=Clock())
    found = clinic(desk)
    for weekday in range(7):
        templates.set_template(desk, "LEE", "MAIN", weekday, 0, 1440, starts_on=date(2025, 1, 1))
    found.patient(last="SMITH", first="JOAN", provider=found.providers["LEE"])
    search_index.rebuild(desk.database)
    yield found
    desk.close()


def start(made: Clinic, **more: object) -> PtyDesk:
    path = made.desk.settings.database
    argv = [sys.executable, "-m", "deskterm", "--db", path, "--as", "mlopez"]
    return PtyDesk(argv, **more)  # type: ignore[arg-type]


def booked(desk: Desk) -> list[tuple[object, ...]]:
    return desk.rows("SELECT patient_id, lifecycle, note FROM appointment ORDER BY id")


BURST = b"\x1bOQsmi\rb1w pm\r\r"


@pytest.mark.parametrize("gap", [0, 5, 30, 80])
def test_keys_typed_ahead_through_three_screens_book_one_visit(made: Clinic, gap: int) -> None:
    """F2, a name, Enter, b, a date, Enter, Enter: finder, card, search, booking (T-01)."""
    with start(made) as term:
        term.wait_for("DAY")
        for run in range(RUNS):
            if gap:
                keys = [BURST[:3], *(bytes([b]) for b in BURST[3:])]
                for key in keys:
                    term.send(key)
                    time.sleep(gap / 1000)  # the gap is what is tested
            else:
                term.send(BURST)
            term.wait_for("Booked")
            assert len(booked(made.desk)) == run + 1
            term.send(b"\x1b[15~")
            term.wait_for(lambda lines: lines[0].startswith("DAY") and "Booked" not in lines[22])
    assert {row[1] for row in booked(made.desk)} == {"scheduled"}


@pytest.mark.parametrize("how", ["kill", "hang up", "terminate"])
def test_what_was_typed_comes_back_at_the_same_field(made: Clinic, how: str) -> None:
    """T-04: whatever ends the desk, F3 Enter brings the form back."""
    with start(made) as term:
        term.wait_for("DAY")
        term.send(b"\x10")  # ^P, the phone
        term.wait_for("CALL")
        term.send(b"smi\r")
        term.wait_for("SMITH, JOAN")
        term.send(b"rx\r")
        term.send(b"lisinop")
        term.wait_for("lisinop")
        desk = made.desk

        def kept() -> bool:
            return bool(desk.rows("SELECT 1 FROM draft WHERE state LIKE '%lisinop%'"))

        limit = time.monotonic() + 10
        while not kept() and time.monotonic() < limit:
            time.sleep(0.02)
        assert kept()
        if how == "kill":
            term.signal(signal.SIGKILL)
        elif how == "terminate":
            term.signal(signal.SIGTERM)
        else:
            term.close_master()
    with start(made) as term:
        term.wait_for("CALL SMITH J is where you left it")
        term.wait_for("lisinop")
        assert "CALL" in term.screen()[0]


def test_an_arrow_whose_bytes_come_apart_still_moves(made: Clinic) -> None:
    """T-03: 150 ms between the bytes of one key."""
    made.appointment(
        made.patient(last="COLE", first="BEA"),
        local(Clock().now(), ZONE).replace(hour=0, minute=30, second=0, microsecond=0),
        "LEE",
    )
    with start(made, env={"ESCDELAY": "200", "SSH_CONNECTION": "x"}) as term:
        term.wait_for("DAY")
        term.send(b"1")
        term.wait_for("1_")
        for byte in b"\x1bOA":
            term.send(bytes([byte]))
            time.sleep(0.15)  # the gap is what is tested
        term.wait_for(lambda lines: "1_" not in lines[23])
        assert term.screen()[0].startswith("DAY")


def test_what_another_desk_saves_appears_and_moves_nothing(made: Clinic) -> None:
    """A booking from elsewhere shows on the board while the cursor stays."""
    patient = made.patient(last="COLE", first="BEA")
    with start(made) as term:
        term.wait_for("DAY")
        before = term.screen()[20]
        other = open_desk(made.desk.settings, login="mlopez")
        now = local(Clock().now(), ZONE).replace(second=0, microsecond=0, tzinfo=None)
        slot = now.replace(minute=now.minute // 15 * 15)
        visit = scheduling.book(
            other, patient_id=patient.id, visit_type="FU", provider="LEE", start=slot
        )
        term.wait_for("COLE")
        assert visit.id
        assert term.screen()[0].startswith("DAY")
        assert term.screen()[20].split()[:1] in ([], ["open"], ["1"]) or term.screen()[20] == before


def test_an_idle_desk_is_silent(made: Clinic) -> None:
    with start(made) as term:
        term.wait_for("DAY")
        term.wait_quiet()
        second = local(Clock().now(), ZONE).second
        if second > 53:
            time.sleep(61 - second)  # past the minute's own tick, which may repaint the time
            term.wait_quiet()
        term.mark()
        time.sleep(5)  # silence can only be heard by waiting
        assert term.bytes_since_mark() == b""


def test_a_wrong_row_number_acts_on_nobody(made: Clinic) -> None:
    """T-06: the letter after a number that no row has does nothing."""
    made.appointment(
        made.patient(last="COLE", first="BEA"),
        local(Clock().now(), ZONE).replace(hour=0, minute=30, second=0, microsecond=0),
        "LEE",
    )
    with start(made) as term:
        term.wait_for("DAY")
        term.send(b"47x")
        term.wait_for("Nothing was done")
        assert term.screen()[0].startswith("DAY")
    assert [row[1] for row in booked(made.desk)] == ["scheduled"]


def test_tomorrow_is_reached_by_key_and_by_line(made: Clinic) -> None:
    tomorrow = local(Clock().now(), ZONE).date() + timedelta(days=1)
    with start(made) as term:
        term.wait_for("(today)")
        term.send(b"]")
        term.wait_for("(in 1 d)")
        assert f"{tomorrow:%a %b} {tomorrow.day}" in term.screen()[0]
        term.send(b":day t\r")
        term.wait_for("(today)")
