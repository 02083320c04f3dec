"""T-10: a whole session on every screen sends only the colour pairs of the specified table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.desk_fixture import Morning, ready
from tests.terminal.test_theme import TABLE, emitted

pytestmark = pytest.mark.terminal

# What is pressed, and what then stands on the screen; from the day board through every place.
# ^C is back as Esc is, but never the beginning of another key.
SESSION: list[tuple[list[str], str]] = [
    (["1"], "1_"),
    (["ctrl+c", "?"], "KEYS ON THIS SCREEN"),
    (["ctrl+c", "f5"], "FLOW"),
    (["v"], "wall"),
    (["v", "f8"], "WHAT'S NEXT"),
    (["2", "enter"], "SAID"),
    (["f5", "f2", *"alvarez"], "found"),
    (["ctrl+c", "f2", *"smith", "enter"], "PATIENT"),
    (["h"], "WHO LOOKED"),
    (["ctrl+c", "i"], "IDENTITY"),
    (["ctrl+c", "b", *"1w pm", "enter"], "Week of"),
    (["ctrl+c", "f5", "5", "p", *"40ca 25cc", "enter"], "run it on the machine"),
    (["f1"], "HELP"),
    (["ctrl+c", "ctrl+c", "f5", "2", "c", *"0000", "enter"], "ERR"),
    (["f5", "1", "o"], "CHECK OUT"),
    (["f5", "3", "x", "enter"], "CANCEL"),
    (["f5", "f6", *"xyzzy"], "CALL"),
    (["f7", "f3"], "PARKED"),
    (["ctrl+c", "f5", ":", *"book zzz"], "?"),
    (["ctrl+c", "f9"], "9:42a"),
]


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


@pytest.mark.parametrize("colour", ["16", "none"])
def test_every_screen_keeps_to_the_pairs(morning: Morning, colour: str) -> None:
    env = {"NO_COLOR": "1"} if colour == "none" else {}
    with morning.terminal(env=env, term="xterm-256color") as term:
        ready(term)
        for keys, shown in SESSION:
            term.send(*keys)
            term.wait_for(shown)
        term.wait_quiet()
        pairs, attributes = emitted(term.raw)
    if colour == "none":
        assert pairs == {(39, 49)}
    else:
        assert pairs <= TABLE
        # The banner, badges and errors did come by.
        assert {(97, 44), (30, 103), (97, 41)} <= pairs
    assert attributes <= {1, 7}
    assert 7 in attributes
