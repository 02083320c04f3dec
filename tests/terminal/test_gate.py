"""No key is lost or misrouted, in a real terminal and in tmux."""

from __future__ import annotations

import os
import time

import pytest

from tests.terminal.conftest import StartDemo
from tests.terminal.pty_desk import PtyDesk, keys

pytestmark = pytest.mark.terminal

JOB = ["f2", *"smith", "enter", "b", *"nv", "enter", *"tue", "enter"]
# Gap between keys in milliseconds, and how often the job is done; set DESKTERM_T01=50 for all 50.
GAPS = {0: 10, 5: 4, 30: 2, 80: 1}


def type_apart(desk: PtyDesk, names: list[str], gap_ms: int) -> None:
    """Press ``names`` ``gap_ms`` apart; in one write when there is no gap."""
    if not gap_ms:
        desk.send(*names)
        return
    for name in names:
        os.write(desk.master, keys(name))
        time.sleep(gap_ms / 1000)


@pytest.mark.parametrize("tmux", [False, True], ids=["bare", "tmux"])
@pytest.mark.parametrize("gap_ms", GAPS)
def test_keys_typed_ahead_through_three_screens_all_arrive(
    demo: StartDemo, gap_ms: int, tmux: bool
) -> None:
    desk = demo(tmux=tmux)
    times = int(os.environ.get("DESKTERM_T01", GAPS[gap_ms]))
    for n in range(1, times + 1):
        type_apart(desk, JOB, gap_ms)
        desk.wait_for(f"done {n} smith/nv/tue")
    assert "stray" not in desk.text()


def test_many_jobs_in_one_write(demo: StartDemo) -> None:
    desk = demo()
    desk.send(*JOB * 10)
    desk.wait_for("done 10 smith/nv/tue", timeout=30)
    assert "stray" not in desk.text()


def test_a_paste_typed_ahead_reaches_the_field_that_was_opening(demo: StartDemo) -> None:
    desk = demo()
    desk.send("f2", b"\x1b[200~smith\x1b[201~", "enter")
    desk.wait_for("CARD smith")


def test_keys_wait_for_a_screen_that_takes_two_seconds(demo: StartDemo) -> None:
    desk = demo("slow")
    desk.send(*JOB)
    desk.wait_for("done 1 smith/nv/tue", timeout=30)
    assert "stray" not in desk.text()


def test_keys_wait_for_a_screen_opened_by_a_worker(demo: StartDemo) -> None:
    desk = demo()
    desk.send("f3", *JOB[1:])
    desk.wait_for("done 1 smith/nv/tue")
    assert "stray" not in desk.text()


def test_a_letter_without_a_screen_to_go_to_is_seen_as_stray(demo: StartDemo) -> None:
    """The measure itself: a misrouted letter would be counted."""
    desk = demo()
    desk.type("hm")
    desk.wait_for("stray hm")


# An arrow whose bytes come apart: (milliseconds, rows moved, most backs allowed)
SPLITS = [(20, 1, 0), (60, 1, 0), (150, 1, 0), (250, 0, 1), (400, 0, 1)]


@pytest.mark.parametrize(("gap_ms", "moved", "backs"), SPLITS)
def test_split_arrows_move_or_at_most_go_back(
    demo: StartDemo, gap_ms: int, moved: int, backs: int
) -> None:
    desk = demo(env={"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"})
    os.write(desk.master, b"\x1b")
    time.sleep(gap_ms / 1000)
    os.write(desk.master, b"[A")
    # A key that is surely handled after all of them.
    desk.send("f2")
    desk.wait_for("FIND")
    desk.send("escape")
    lines = desk.wait_for(lambda seen: seen[0] == "DAY")
    row, _, back = lines[1].removeprefix("row ").partition(" backs ")
    assert int(row) == 5 - moved
    assert int(back) <= backs
    assert "stray" not in "\n".join(lines)


@pytest.mark.parametrize("gap_ms", [60, 150, 300])
def test_arrow_split_after_its_bracket_is_no_letter(demo: StartDemo, gap_ms: int) -> None:
    desk = demo(env={"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"})
    os.write(desk.master, b"\x1b[")
    time.sleep(gap_ms / 1000)
    os.write(desk.master, b"A")
    desk.wait_for("row 4 backs 0")
    assert "stray" not in desk.text()


def test_an_error_in_a_key_handler_ends_the_desk_and_restores_the_terminal(
    demo: StartDemo,
) -> None:
    desk = demo()
    desk.send("x")
    assert desk.exit_code() == 1
    assert b"\x1b[?1049l" in desk.raw
