"""Keys typed ahead through the real screens, and keys whose bytes come apart, all arrive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.desk_fixture import Morning, ready, wait_until
from tests.terminal.type_ahead import book_and_take_back

pytestmark = pytest.mark.terminal

# Gap between keys in milliseconds, and how often the job is done; all of them: bench/type_ahead.py.
GAPS = {0: 5, 5: 2, 30: 1, 80: 1}
# Letters that would cancel, mark, pay or move a visit if they ran as commands of an old screen.
CALL = ["f6", *"cole", "enter", *"rx", "enter", *"xpncorfjbm", "f7"]


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


@pytest.mark.parametrize("tmux", [False, True], ids=["bare", "tmux"])
@pytest.mark.parametrize("gap_ms", GAPS)
def test_keys_typed_ahead_through_four_screens_book_the_right_visit(
    morning: Morning, gap_ms: int, tmux: bool
) -> None:
    runs = int(os.environ.get("DESKTERM_T01", GAPS[gap_ms]))
    with morning.terminal(tmux=tmux) as term:
        ready(term)
        for _ in range(runs):
            book_and_take_back(morning, term, gap_ms)
    booked = morning.rows(
        "SELECT count(*) FROM appointment WHERE day = '2026-03-25' AND lifecycle = 'scheduled'"
    )
    assert booked == [(0,)]


@pytest.mark.parametrize("tmux", [False, True], ids=["bare", "tmux"])
def test_every_letter_of_a_call_goes_into_the_slip(morning: Morning, tmux: bool) -> None:
    mark = morning.journal_mark()
    with morning.terminal(tmux=tmux) as term:
        ready(term)
        term.send(*CALL)
        term.wait_for("Parked: CALL COLE B")
    [(form, state)] = morning.open_drafts()
    assert form == "call"
    assert "xpncorfjbm" in state
    assert morning.journal_from(mark) == []


def test_many_calls_in_one_write_are_as_many_slips(morning: Morning) -> None:
    with morning.terminal() as term:
        ready(term)
        term.send(*CALL * 8)
        wait_until(
            term,
            lambda: ["xpncorfjbm" in state for _, state in morning.open_drafts()] == [True] * 8,
            "eight calls are parked, each with its words",
        )


@pytest.mark.parametrize(("gap_ms", "moved"), [(20, True), (60, True), (150, True), (300, False)])
def test_an_arrow_whose_bytes_come_apart_moves_or_does_nothing(
    morning: Morning, gap_ms: int, moved: bool
) -> None:
    """Never a letter command: ``A`` would say that there are no authorizations here."""
    with morning.terminal(env={"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}) as term:
        ready(term)
        term.send("3")
        term.wait_for("3 COLE, BEA")
        os.write(term.master, b"\x1b")
        time.sleep(gap_ms / 1000)  # the gap is what is tested
        os.write(term.master, b"[A")
        if moved:
            term.wait_for(lambda seen: "3 COLE, BEA" not in "\n".join(seen))
        # A key that is surely handled after all of them.
        term.send("f2")
        term.wait_for("FIND")
        term.send("escape")
        shown = "\n".join(ready(term).screen())
    assert ("3 COLE, BEA" not in shown) == moved
    assert "not on this screen" not in shown
    assert "not part of this version" not in shown
