"""What the drawn widgets send to a real terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.terminal.pty_desk import PtyDesk

pytestmark = pytest.mark.terminal

HOUSE = Path(__file__).parents[2]
MOST_PER_MOVE = 350
MOST_FIRST_PAINT = 30_000


@pytest.mark.parametrize(
    ("what", "moves"),
    [
        ("board", ["right", "right", "right", "down", "down", "up", "left"]),
        ("list", ["down", "down", "up"]),
    ],
)
def test_a_move_is_short(what: str, moves: list[str]) -> None:
    program = [sys.executable, "-m", "tests.widgets.drawn_desk", what]
    with PtyDesk(program, cwd=HOUSE) as desk:
        desk.wait_for("mlopez LIST")
        desk.wait_quiet()
        assert len(desk.raw) <= MOST_FIRST_PAINT
        for move in moves:
            desk.mark()
            desk.send(move)
            desk.wait_quiet(0.1)
            assert 0 < len(desk.bytes_since_mark()) <= MOST_PER_MOVE
