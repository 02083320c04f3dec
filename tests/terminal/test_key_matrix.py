"""T-02: every safe key starts its action on every terminal; an unsafe sequence does nothing.

In the four encodings, on a bare terminal, inside tmux and inside GNU screen. Each sequence is
followed by ``|``, which the app answers with what it was given since the last one.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from deskterm import commands
from tests.terminal.conftest import ROOT
from tests.terminal.pty_desk import PtyDesk
from tests.terminal.screen_desk import ScreenDesk
from tests.terminal.tmux_desk import TmuxDesk

pytestmark = pytest.mark.terminal

PATIENCE = 30.0  # seconds
F_XTERM = ["\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~", "\x1b[17~", "\x1b[18~", "\x1b[19~",
           "\x1b[20~", "\x1b[21~"]  # fmt: skip
F_PUTTY = [*(f"\x1b[{n}~" for n in (11, 12, 13, 14)), *F_XTERM[4:]]
F_LINUX = [*(f"\x1b[[{c}" for c in "ABCDE"), *F_XTERM[5:]]
ARROWS = {"up": "A", "down": "B", "right": "C", "left": "D"}
EDGES = {"home": "\x1b[1~", "end": "\x1b[4~", "insert": "\x1b[2~", "delete": "\x1b[3~",
         "pageup": "\x1b[5~", "pagedown": "\x1b[6~"}  # fmt: skip
# encoding -> TERM, function keys, start of an arrow, Backspace
ENCODINGS = {
    "xterm": ("xterm-256color", F_XTERM, "\x1bO", "\x7f"),
    "putty": ("putty-256color", F_PUTTY, "\x1bO", "\x7f"),
    "linux": ("linux", F_LINUX, "\x1b[", "\x7f"),
    "screen": ("screen-256color", F_XTERM, "\x1bO", "\x08"),
}
TWINS = {c.id: [k for k in c.keys if k.startswith("ctrl+")] for c in commands.GLOBAL}
PLAIN = {"enter": "\r", "ctrl+j": "\n", "tab": "\t", "shift+tab": "\x1b[Z"}
# Alt, Shift+F and Ctrl+arrow as terminals send them; answers; Shift+F of PuTTY.
UNSAFE = ["\x1bf", "\x1bx", "\x1b5", "\x1b-", "\x1b/", "\x1b[1;2P", "\x1b[1;2R", "\x1b[1;5A",
          "\x1b[1;3C", "\x1b[25~", "\x1b[34~", "\x1b[23~", "\x1b[97;5u", "\x1bOl", "\x1b[24;80R",
          "\x1b[99;99x"]  # fmt: skip
# Around the desk, these take keys for themselves (their prefix), or read them as another key.
OWN = {"bare": set(), "tmux": {"\x02"}, "screen": {"\x01"}}
# What the one in between reads as a key of its own making before the desk sees anything: tmux
# knows the Kitty form of ^A, screen an xterm keypad's comma.
READ_BEFORE = {
    ("tmux", "\x1b[97;5u"): ["key ctrl+a"],
    ("xterm", "screen", "\x1bOl"): ["text ,"],
}
KINDS = {"bare": PtyDesk, "tmux": TmuxDesk, "screen": ScreenDesk}


def wanted(encoding: str) -> list[tuple[str, str]]:
    """Sequences of one encoding, each with the line that it must give."""
    _, functions, arrow, backspace = ENCODINGS[encoding]
    # F4 belongs to the field of the cursor, which shows its choices.
    by_key = {
        key: command.id for command in commands.GLOBAL if command.id != "choices"
        for key in command.keys
    }  # fmt: skip
    found = [
        (sequence, f"do {by_key[name]}" if name in by_key else f"key {name}")
        for name, sequence in ((f"f{n}", s) for n, s in enumerate(functions, 1))
    ]
    found += [(arrow + letter, f"key {name}") for name, letter in ARROWS.items()]
    found += [(sequence, f"key {name}") for name, sequence in (EDGES | PLAIN).items()]
    found.append((backspace, "key backspace"))
    found += [
        (chr(ord(twin[-1]) - 96), f"do {name}") for name, twins in TWINS.items() for twin in twins
    ]
    return found


class Log:
    """What the app wrote down."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def wait(self, term: PtyDesk, texts: int) -> list[str]:
        """The lines, once ``texts`` marks were answered. Fails when they do not come."""
        limit = time.monotonic() + PATIENCE
        while True:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            if sum(line.startswith("text ") for line in lines) >= texts:
                return lines
            assert time.monotonic() < limit, (lines[-5:], term.text())
            term.pump(0.02)


def given(lines: list[str]) -> list[list[str]]:
    """What came between one mark and the next; a text that stood in the field is part of it."""
    rounds: list[list[str]] = [[]]
    for line in lines[1:]:
        if line.startswith("text "):
            if line != "text ":
                rounds[-1].append(line)
            rounds.append([])
        else:
            rounds[-1].append(line)
    return rounds[:-1]


@pytest.mark.parametrize("around", KINDS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_key_of_the_matrix(tmp_path: Path, encoding: str, around: str) -> None:
    log = Log(tmp_path / "log")
    argv = [sys.executable, str(ROOT / "tests/terminal/key_app.py"), str(log.path)]
    kind = KINDS[around]
    with kind(argv, {"PYTHONPATH": str(ROOT)}, term=ENCODINGS[encoding][0]) as term:
        limit = time.monotonic() + PATIENCE
        while not log.path.read_text(encoding="utf-8"):
            assert time.monotonic() < limit, term.text()
            term.pump(0.05)
        todo = [pair for pair in wanted(encoding) if pair[0] not in OWN[around]]
        for count, (sequence, _) in enumerate(todo, 1):
            term.type(sequence)
            term.type("|")
            log.wait(term, count)
        for count, sequence in enumerate(UNSAFE, len(todo) + 1):
            term.type(sequence)
            time.sleep(0.05)  # Esc and a letter together are Alt; what follows is another key
            term.type("|")
            log.wait(term, count)
        # Esc alone, which only time tells from the start of a key.
        term.type("\x1b")
        log_before = len(log.path.read_text(encoding="utf-8").splitlines())
        limit = time.monotonic() + PATIENCE
        while len(log.path.read_text(encoding="utf-8").splitlines()) == log_before:
            assert time.monotonic() < limit, term.text()
            term.pump(0.02)
        term.type("|")
        rounds = given(log.wait(term, len(todo) + len(UNSAFE) + 1))
    assert dict(zip([s for s, _ in todo], rounds, strict=False)) == {
        sequence: [line] for sequence, line in todo
    }
    unsafe = dict(zip(UNSAFE, rounds[len(todo) : -1], strict=True))
    for found in ((around,), (encoding, around)):
        for sequence in UNSAFE:
            if (*found, sequence) in READ_BEFORE:
                assert unsafe.pop(sequence) == READ_BEFORE[(*found, sequence)]
    assert unsafe == {sequence: [] for sequence in unsafe}
    assert rounds[-1] == ["key escape"]
