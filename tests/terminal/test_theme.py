"""Only the colour pairs that every stock palette can show are ever sent."""

from __future__ import annotations

import re

import pytest
from rich.style import Style

from deskterm.terminal.theme import PAIRS, allowed
from tests.terminal.conftest import StartDemo

# (text, background) as SGR numbers; 39 and 49 are the terminal's own.
TABLE = {(39, 49), (30, 103), (97, 41), (97, 44), (30, 42), (30, 106)}
_SGR = re.compile(rb"\x1b\[([0-9;]*)m")


def emitted(raw: bytes) -> tuple[set[tuple[int, int]], set[int]]:
    """Every (text, background) pair in force after some SGR of ``raw``, and all attributes."""
    pairs, attributes = set(), set()
    text, back = 39, 49
    for found in _SGR.finditer(raw):
        for number in [int(n or 0) for n in found[1].split(b";")]:
            if number == 0:
                text, back = 39, 49
            elif 30 <= number <= 39 or 90 <= number <= 97:
                text = number
            elif 40 <= number <= 49 or 100 <= number <= 107:
                back = number
            else:
                attributes.add(number)
        pairs.add((text, back))
    return pairs, attributes


def test_the_pairs_pass_and_nothing_else_does() -> None:
    for style in PAIRS.values():
        assert allowed(style) == style
    for words in ("red", "bright_black", "black on white", "white on red", "#ff0000 on #000000"):
        assert allowed(Style.parse(words)).color in (None, Style.parse("default").color)
        assert allowed(Style.parse(words)).bgcolor in (None, Style.parse("on default").bgcolor)
    assert not allowed(Style.parse("dim blink conceal bold")).dim
    assert not allowed(Style.parse("dim blink conceal bold")).conceal
    assert allowed(Style.parse("dim bold")).bold


@pytest.mark.terminal
@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux", "screen", "putty"])
def test_only_pairs_of_the_table_reach_the_terminal(demo: StartDemo, term: str) -> None:
    desk = demo(term=term, env={"COLORTERM": "truecolor"} if term == "xterm-256color" else {})
    desk.send("f2", "smi")
    desk.wait_for("smi")
    pairs, attributes = emitted(desk.raw)
    assert pairs == TABLE
    assert attributes <= {1, 7}


@pytest.mark.terminal
def test_widgets_of_every_kind_keep_to_the_pairs(demo: StartDemo) -> None:
    desk = demo("leaks", size=(100, 40))
    desk.send("n", "tab", "tab", "tab", "tab", "tab")
    desk.wait_for("PAYLOAD 0")
    desk.wait_quiet()
    pairs, attributes = emitted(desk.raw)
    assert pairs <= TABLE
    assert attributes <= {1, 3, 4, 7}


@pytest.mark.terminal
@pytest.mark.parametrize("value", ["1", ""])
def test_no_color_leaves_the_terminal_s_own_colours_and_reverse(
    demo: StartDemo, value: str
) -> None:
    desk = demo(env={"NO_COLOR": value})
    desk.send("f2", "smi")
    desk.wait_for("smi")
    pairs, attributes = emitted(desk.raw)
    assert pairs == {(39, 49)}
    assert 7 in attributes
