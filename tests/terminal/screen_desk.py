"""Drives a program inside GNU screen, attached from a real pseudo-terminal."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.terminal.pty_desk import PtyDesk


def require_screen() -> str:
    """Path of screen; skips the test where there is none, but fails in continuous integration."""
    found = shutil.which("screen")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("screen is missing: install it, this test must not be skipped here")
        pytest.skip("screen is not installed: keys inside GNU screen are NOT tested here")
    return found


class ScreenDesk(PtyDesk):
    """Like PtyDesk, with GNU screen between."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str | None] | None = None,
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
    ) -> None:
        self._screen = require_screen()
        self._session = f"desk-{uuid.uuid4().hex[:12]}"
        self._folder = tempfile.TemporaryDirectory(prefix="desk-screen-")
        home = Path(self._folder.name)
        sockets = home / "sockets"
        sockets.mkdir(mode=0o700)
        config = home / "screenrc"
        config.write_text("startup_message off\nmaptimeout 200\n", encoding="ascii")
        settings = {k: v for k, v in (env or {}).items() if v is not None}
        command = ["env", *(f"{k}={v}" for k, v in settings.items()), *argv]
        super().__init__(
            [self._screen, "-U", "-c", str(config), "-S", self._session, "sh", "-c",
             shlex.join(command)],
            {**(env or {}), "SCREENDIR": str(sockets)}, size, term,
        )  # fmt: skip

    def __exit__(self, *exc: object) -> None:
        subprocess.run(
            [self._screen, "-S", self._session, "-X", "quit"],
            env=self._env, capture_output=True, check=False,
        )  # fmt: skip
        super().__exit__(*exc)
        self._folder.cleanup()
