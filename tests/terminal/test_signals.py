"""Leaving when told to, with the terminal as it was and the right exit code."""

from __future__ import annotations

import os
import signal
import termios
from pathlib import Path

import pytest

from tests.terminal.conftest import StartDemo

pytestmark = pytest.mark.terminal


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_signals_end_the_desk_cleanly(demo: StartDemo, number: signal.Signals) -> None:
    desk = demo()
    desk.send("f2", "smi")
    desk.wait_for("smi")
    desk.signal(number)
    assert desk.exit_code() == 128 + number
    assert desk.raw.rstrip().endswith((b"\x1b[?25h", b"\x1b[?1049l\x1b[?25h"))


def test_the_exit_code_of_the_app_is_the_exit_code_of_the_process(demo: StartDemo) -> None:
    desk = demo()
    desk.send("q")
    assert desk.exit_code() == 7


def test_a_stop_signal_is_ignored(demo: StartDemo) -> None:
    desk = demo()
    desk.signal(signal.SIGTSTP)
    desk.send("down")
    desk.wait_for("row 6")


def test_a_stuck_desk_does_its_last_rites_and_goes(demo: StartDemo, tmp_path: Path) -> None:
    rites = tmp_path / "rites"
    desk = demo("stuck", rites)
    before = termios.tcgetattr(desk.master)[3]
    assert not before & termios.ICANON
    desk.signal(signal.SIGTERM)
    assert desk.exit_code() == 128 + signal.SIGTERM
    assert rites.read_text() == "done"
    assert termios.tcgetattr(desk.master)[3] & termios.ICANON


def test_a_desk_whose_terminal_does_not_listen_still_goes(demo: StartDemo, tmp_path: Path) -> None:
    rites = tmp_path / "rites"
    desk = demo("stuck", rites)
    # Nobody reads any more: writes fill the terminal's buffer, then block.
    for n in range(60):
        desk.resize(80 + n % 2, 24)
        os.write(desk.master, b"\x1b[B")
    desk.signal(signal.SIGHUP)
    assert desk.process is not None
    assert desk.process.wait(10) == 128 + signal.SIGHUP
    assert rites.exists()
