"""Hang-ups, storms of sizes, and a terminal that stops listening: nothing typed is lost or held."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskterm.office import staff, visits
from tests.terminal.desk_fixture import Morning, ready, wait_until
from tests.terminal.pty_desk import PtyDesk

pytestmark = pytest.mark.terminal

# How long a terminal listens to nothing; 30 in a long run.
DEAF_SECONDS = float(os.environ.get("DESKTERM_DEAF_SECONDS", "2"))
ENDS = {"SIGHUP": signal.SIGHUP, "SIGTERM": signal.SIGTERM, "the terminal is closed": None}


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


def writes_at_once(morning: Morning) -> None:
    """Nobody holds the queue or a transaction: Busy would be raised otherwise."""
    with morning.desk.database.writing(wait=False):
        morning.rows("UPDATE location SET name = name")


def half_cancelled(term: PtyDesk, note: str) -> None:
    """The cancelling of COLE's visit, with a note begun."""
    ready(term)
    term.send("3", "x", "tab", "tab")
    term.wait_for(lambda lines: lines[0].startswith("CANCEL"))
    term.type(note)
    term.wait_for(note)


@pytest.mark.parametrize("ignored", [False, True], ids=["", "SIGHUP ignored"])
def test_whatever_ends_it_the_last_letter_is_kept(morning: Morning, ignored: bool) -> None:
    """The draft is written on the way out: no pause in the typing is waited for."""
    for number, (how, sent) in enumerate(ENDS.items()):
        note = f"note {number} that nobody had time to save"
        with morning.terminal(ignore_hangup=ignored) as term:
            half_cancelled(term, note)
            began = time.monotonic()
            if sent is None:
                term.close_master()
            else:
                term.signal(sent)
            code = term.exit_code()
            print(f"{how}{', ignored' * ignored}: gone after {time.monotonic() - began:.2f} s")
            assert code == 128 + (sent or signal.SIGHUP)
        writes_at_once(morning)
        assert note in morning.open_drafts()[-1][1]
        morning.rows("UPDATE draft SET status = 'dropped'")


def test_two_hundred_sizes_in_a_second(morning: Morning) -> None:
    """Back at its own size the screen is what it was, and takes the next key."""
    pick = random.Random(7)
    with morning.terminal() as term:
        half_cancelled(term, "sick")
        term.wait_quiet()
        before = term.screen()
        for _ in range(200):
            term.resize(pick.randint(1, 300), pick.randint(1, 100))
            term.pump(0.005)
        term.resize(80, 24)
        term.wait_for(lambda lines: lines[3:22] == before[3:22], timeout=30)
        term.type(" today")
        term.wait_for("sick today")
        term.send("f5")
        term.wait_for("DAY  Wed Mar 18 2026")


def test_a_terminal_that_stops_listening(morning: Morning) -> None:
    """Meanwhile others work; when it listens again, all that was typed and done is there."""
    staff.add(morning.desk, login="dana", name="Dana Kim", role="front_desk")
    with morning.terminal() as deaf:
        half_cancelled(deaf, "her son")
        for number in range(200):  # far more than the terminal's buffer holds
            deaf.resize(80 + number % 40, 24 + number % 10)
            time.sleep(0.005)  # without reading
        deaf.resize(80, 24)
        deaf.type(" calls back")
        until = time.monotonic() + DEAF_SECONDS
        visits.arrive(morning.desk, morning.visits["hui"].id)
        with morning.terminal(login="dana", env={"DESKTERM_DESK": "d3"}) as other:
            ready(other)
            other.send("1", "f")
            arrived = "SELECT 1 FROM appointment WHERE stage = 'arrived'"
            wait_until(other, lambda: len(morning.rows(arrived)) == 2, "another's work")
        while time.monotonic() < until:
            writes_at_once(morning)
            time.sleep(0.05)
        deaf.wait_for("her son calls back", timeout=30)
        wait_until(deaf, lambda: "her son calls back" in morning.open_drafts()[-1][1], "is kept")
        deaf.send("f5")
        deaf.wait_for(lambda lines: sum("'ARR" in line for line in lines) == 2, timeout=30)
