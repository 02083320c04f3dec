"""Alarms while somebody types, and a long day of dialogs: no key lost, no memory kept."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskterm.office import messages
from tests.terminal.desk_fixture import LOGIN, Morning, cursor, ready
from tests.terminal.pty_desk import PtyDesk

pytestmark = pytest.mark.terminal

TEXT = "her daughter will fetch it at noon"
DIALOGS = 500
MOST_GROWTH = 8 * 1024  # kB


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


def resident(term: PtyDesk) -> int:
    """Memory of the desk in kB."""
    assert term.process is not None
    status = Path(f"/proc/{term.process.pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def test_alarms_while_typing_lose_no_key_and_move_nothing(morning: Morning) -> None:
    """T-15: ten keys a second, and an urgent message every half second."""
    with morning.terminal() as term:
        ready(term)
        term.send("3", "x", "tab", "tab")
        term.wait_quiet()
        row = cursor(term)[0]
        waiting = int(re.findall(r" Q(\d+) ", term.screen()[0])[0])
        for number, letter in enumerate(TEXT):
            term.type(letter)
            if number % 5 == 0:
                messages.take(
                    morning.desk, caller="self", relationship="self", callback="217-555-0142",
                    topic="other", body="chest pain", urgency="now", assignee=LOGIN,
                    key=f"alarm-{number}",
                )  # fmt: skip
            term.pump(0.1)  # the pace of the typing is what is tested
        term.wait_for(TEXT)
        assert cursor(term)[0] == row
        term.wait_for(f" Q{waiting + len(TEXT[::5])} ")
        assert term.screen()[0].startswith("CANCEL")


def test_five_hundred_dialogs_leave_no_memory_behind(morning: Morning) -> None:
    def some(term: PtyDesk, count: int) -> None:
        for _ in range(count // 4):
            for key in ("f1", "f2", "f3", "f6"):
                term.send(key)
                term.send("f12")
            term.pump(0.01)
        term.send("5", "p")
        term.wait_for("PAYMENT", timeout=120)
        term.send("f12")
        term.wait_for("DAY  Wed", timeout=30)

    with morning.terminal() as term:
        ready(term)
        some(term, 120)
        before = resident(term)
        some(term, DIALOGS)
        started = time.monotonic()
        while resident(term) - before > MOST_GROWTH and time.monotonic() - started < 5:
            term.pump(0.2)
        assert resident(term) - before <= MOST_GROWTH
