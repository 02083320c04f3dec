"""The lock on a real terminal: whatever is typed at it, nothing of the work gets out."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskterm.office import credentials
from tests.terminal.desk_fixture import LOGIN, Morning, ready, wait_until
from tests.terminal.pty_desk import KEYS, PtyDesk

pytestmark = pytest.mark.terminal

PIN = "739258"
PRESSES = 10_000
NAMES = ("SMITH", "ALVAREZ", "TRAN", "HUI", "COLE", "FABER", "0142", "40ca")


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        credentials.set_secret(made.desk, LOGIN, secret=PIN)
        yield made


def shown_since(term: PtyDesk) -> str:
    return term.bytes_since_mark().decode("utf-8", "replace")


def locked(term: PtyDesk) -> None:
    """A payment half typed, then F9."""
    ready(term)
    term.send("5", "p", *"40ca")
    term.wait_for("[40ca")  # in the field, and not in the example of row 23
    term.wait_quiet()
    term.mark()
    term.send("f9")
    term.wait_for("D E S K   L O C K E D")
    term.wait_quiet()


def test_ten_thousand_keys_at_the_lock_show_and_change_nothing(morning: Morning) -> None:
    """Seeded; Enter only where it cannot be a guess at a PIN: that would end in the throttle."""
    seed = 20260318
    pick = random.Random(seed)
    names = [name for name in KEYS if name not in ("enter", "ctrl+m", "ctrl+j", "f6", "ctrl+p")]
    letters = [bytes([b]) for b in range(32, 127)]
    odd = [b"\xff\xfe", b"\x1b[200~pasted\x1b[201~", b"\x1b[1;5A", b"\x1b[99~", "\u0301".encode()]
    with morning.terminal() as term:
        locked(term)
        mark = morning.journal_mark()
        sent = 0
        while sent < PRESSES:
            burst = [
                pick.choice(letters) if pick.random() < 0.6
                else KEYS[pick.choice(names)] if pick.random() < 0.95
                else pick.choice(odd)
                for _ in range(250)
            ]  # fmt: skip
            term.send(*burst)
            sent += len(burst)
            term.pump(0.01)
            if pick.random() < 0.1:
                term.resize(pick.randint(40, 140), pick.randint(12, 40))
        term.resize(80, 24)
        term.send("f12", "tab", *"the end")
        term.wait_for("user [the end", timeout=90)
        shown = shown_since(term)
        assert [name for name in NAMES if name in shown] == [], f"seed {seed}"
        assert morning.journal_from(mark) == [], f"seed {seed}"
        assert "D E S K   L O C K E D" in term.text()
        term.send("f12")
        term.wait_for("user [      ")
        term.send(*PIN, "enter")
        term.wait_for("[40ca")
        assert term.screen()[0].startswith("PAYMENT")


def test_the_work_does_not_flash_up_when_a_locked_desk_ends(morning: Morning) -> None:
    """A server that goes down while the desk is locked: nothing shows, the draft is there."""
    with morning.terminal() as term:
        locked(term)
        term.signal(signal.SIGTERM)
        assert term.exit_code() == 128 + signal.SIGTERM
        shown = shown_since(term)
        assert [name for name in NAMES if name in shown] == []
        assert "stopped at" not in shown
    assert "40ca" in morning.open_drafts()[0][1]


def test_a_locked_desk_is_silent_and_a_draft_outlives_a_kill(morning: Morning) -> None:
    with morning.terminal() as term:
        locked(term)
        wait_until(term, lambda: "session.lock" in morning.journal_from(0), "the lock is noted")
        term.mark()
        term.pump(3)  # silence can only be heard by waiting
        assert term.bytes_since_mark() == b""
        term.signal(signal.SIGKILL)
        term.exit_code()
    with morning.terminal() as term:
        term.wait_for("PAYMENT TRAN O is where you left it", timeout=20)
        assert "40ca" in term.text()


def test_over_ssh_nothing_shows_before_the_pin(morning: Morning) -> None:
    with morning.terminal(env={"SSH_CONNECTION": "10.0.0.7 50000 10.0.0.1 22"}) as term:
        term.wait_for("Your PIN opens the desk", timeout=20)
        term.wait_quiet()
        assert [name for name in NAMES if name.encode() in term.raw] == []
        term.send(*PIN, "enter")
        term.wait_for("DAY  Wed Mar 18 2026")
        term.wait_for("COLE")
