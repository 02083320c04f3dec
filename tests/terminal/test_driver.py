"""Any bytes survive, and a closed terminal ends the desk."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from deskterm.terminal.driver import TALLEST, WIDEST, TerminalFile, clamp_size
from tests.terminal.conftest import StartDemo
from tests.terminal.pty_desk import PtyDesk

HOSTILE = [
    b"\xe9", b"\xff\xfe\xfd", b"\xc3", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00",
    b"\x9b31m", b"\x1b[1114112;1u", b"\x1b[99999999999999;1u", b"\x1b[200~\xe9\x1b[201~",
    b"\x1b[<0;99999;99999M", b"\x1b[48;99999;99999;1;1t", b"\x1b[M\xff\xff\xff", b"\x1b]52;c;?\x07",
    b"\x1bP" + b"A" * 9000 + b"\x1b\\", b"\x1b[" + b"9" * 5000 + b"A", b"\x1b[?1;2c", b"\x1b" * 50,
    b"\x11\x13\x1a\x1c\x03\x04",
]  # fmt: skip


@pytest.mark.terminal
def test_no_bytes_end_the_desk(demo: StartDemo) -> None:
    desk = demo()
    for hostile in HOSTILE:
        os.write(desk.master, hostile)
        # An Esc ends whatever was left open; the pause Esc needs is the desk's own.
        desk.send("f2")
        desk.wait_for("FIND")
        desk.send("escape")
        desk.wait_for(lambda lines: lines[0] == "DAY")


@pytest.mark.terminal
def test_random_bytes_do_not_end_the_desk(demo: StartDemo) -> None:
    desk = demo()
    dice = random.Random(20261124)
    for _ in range(20):
        # Without q, which leaves this demo by design, and x, which crashes it.
        noise = bytes(b for b in dice.randbytes(64) if b not in b"qx")
        os.write(desk.master, noise)
        desk.pump(0.01)
    assert desk.process is not None
    desk.send(b"\x1b[201~\r", "f2")
    desk.wait_for(lambda lines: "FIND" in lines[0] or "CARD" in lines[0], timeout=60)
    assert desk.process.poll() is None


@pytest.mark.terminal
def test_unknown_sequences_are_never_typed_into_a_field(demo: StartDemo) -> None:
    desk = demo()
    desk.send("f2", "a", b"\x1b[99;99x", b"\x1bOl", b"\x1b5", b"\x1b[34~", "b", "enter")
    desk.wait_for("CARD ab")


@pytest.mark.terminal
@pytest.mark.parametrize("ignored", [False, True], ids=["sighup", "sighup ignored"])
def test_a_closed_terminal_ends_the_desk_within_a_second(demo: StartDemo, ignored: bool) -> None:
    desk = demo(ignore_hangup=ignored)
    desk.send("f2", "smi")
    desk.wait_for("smi")
    desk.close_master()
    assert desk.exit_code(timeout=1.0) == 129


def _memory_kb(desk: PtyDesk) -> int:
    assert desk.process is not None
    status = Path(f"/proc/{desk.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


@pytest.mark.terminal
def test_a_terminal_of_a_monstrous_size_costs_little(demo: StartDemo) -> None:
    desk = demo()
    before = _memory_kb(desk)
    desk.resize(20000, 20000)
    desk.send("down")
    desk.wait_for("row 6")
    desk.wait_quiet()
    assert _memory_kb(desk) - before < 60_000
    desk.resize(80, 24)
    desk.wait_for(lambda lines: lines[0] == "DAY" and lines[1].startswith("row 6"))


@pytest.mark.terminal
def test_a_tiny_terminal_and_a_storm_of_sizes(demo: StartDemo) -> None:
    """The last size is the one that stays, also when a signal comes while another is heard."""
    desk = demo()
    for storm in range(4):
        for n in range(200):
            desk.resize(1 + n % 90, 1 + n % 30)
            desk.pump()
        desk.resize(80, 24)
        desk.send("down")
        desk.wait_for(f"row {6 + storm}")


def test_sizes_are_clamped() -> None:
    assert clamp_size(20000, 20000) == (WIDEST, TALLEST)
    assert clamp_size(0, 0) == (80, 24)
    assert clamp_size(132, 43) == (132, 43)


def test_output_is_utf8_and_goes_quiet_when_nobody_listens() -> None:
    reader, writer = os.pipe()
    file = TerminalFile(writer)
    assert file.write("Müller \ud800") == 8
    assert os.read(reader, 100) == "Müller ?".encode()
    os.close(reader)
    file.write("gone")
    assert file.gone
    assert file.write("still no error") == 14
    os.close(writer)
