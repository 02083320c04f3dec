"""Starting the demo desk, on a bare terminal or in tmux."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.pty_desk import PtyDesk
from tests.terminal.tmux_desk import TmuxDesk

ROOT = Path(__file__).resolve().parents[2]
StartDemo = Callable[..., PtyDesk]


def demo_argv(mode: str, *more: object) -> list[str]:
    return [sys.executable, str(ROOT / "tests/terminal/demo_app.py"), mode, *map(str, more)]


@pytest.fixture
def demo() -> Iterator[StartDemo]:
    """Start the demo app: ``demo(mode, *arguments, tmux=False, env=…, size=…, …)``."""
    with ExitStack() as stack:

        def start(mode: str = "desk", *more: object, tmux: bool = False, **options: Any) -> PtyDesk:
            env = {"PYTHONPATH": str(ROOT), **options.pop("env", {})}
            kind = TmuxDesk if tmux else PtyDesk
            desk = stack.enter_context(kind(demo_argv(mode, *more), env, **options))
            desk.wait_for("READY" if mode == "leaks" else "DAY", timeout=20)
            return desk

        yield start
