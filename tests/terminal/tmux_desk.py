"""Drives a program inside tmux on a private server, attached from a real pseudo-terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence

import pytest

from tests.terminal.pty_desk import PtyDesk


def require_tmux() -> str:
    """Path of tmux; skips the test where there is none, but fails in continuous integration."""
    found = shutil.which("tmux")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("tmux is missing: install it, this test must not be skipped here")
        pytest.skip("tmux is not installed: keys inside tmux are NOT tested here")
    return found


class TmuxDesk(PtyDesk):
    """Like PtyDesk, with tmux between. ``titles`` and ``clipboard`` tell what leaked into it."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str | None] | None = None,
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
    ) -> None:
        self._tmux = [require_tmux(), "-L", f"desk-{uuid.uuid4().hex[:12]}", "-f", "/dev/null"]
        settings = {k: v for k, v in (env or {}).items() if v is not None}
        command = shlex.join(["env", *(f"{k}={v}" for k, v in settings.items()), *argv])
        # No status line, so that the program has the whole screen.
        start = ["set", "-g", "status", "off", ";", "set", "-g", "set-clipboard", "on"]
        super().__init__(
            [*self._tmux, "new-session", "-s", "desk", command, ";", *start], env, size, term
        )

    def __exit__(self, *exc: object) -> None:
        self.tmux("kill-server")
        super().__exit__(*exc)

    def tmux(self, *words: str) -> str:
        """Run a tmux command on the private server; its output."""
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False)
        return done.stdout.strip()
