"""What the launcher sets before Textual is imported, and where it says no."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deskterm.terminal import launch
from deskterm.terminal.launch import prepare_environment, usable_terminal


def test_what_could_drive_the_desk_is_removed() -> None:
    env = {
        "TEXTUAL": "debug,devtools", "TEXTUAL_DRIVER": "evil:Driver", "TEXTUAL_LOG": "/tmp/x",
        "TEXTUAL_PRESS": "q", "TEXTUAL_SCREENSHOT": "1", "TEXTUAL_THEME": "nord", "HOME": "/",
    }  # fmt: skip
    prepare_environment(env)
    assert env == {
        "HOME": "/",
        "ESCDELAY": "100",
        "TEXTUAL_DISABLE_KITTY_KEY": "1",
        "TEXTUAL_ANIMATIONS": "none",
        "TEXTUAL_SMOOTH_SCROLL": "0",
        "TEXTUAL_THEME": f"{launch.THEME_NAME},ansi-dark",
    }


@pytest.mark.parametrize(
    ("given", "delay"),
    [({}, "100"), ({"SSH_CONNECTION": "a"}, "200"), ({"ESCDELAY": "50"}, "50"),
     ({"ESCDELAY": "0"}, "100"), ({"ESCDELAY": "soon", "SSH_CONNECTION": "a"}, "200")],
)  # fmt: skip
def test_the_escape_delay(given: dict[str, str], delay: str) -> None:
    prepare_environment(given)
    assert given["ESCDELAY"] == delay


def test_the_launcher_loads_no_textual() -> None:
    code = "import sys, deskterm.terminal.launch; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_terminal_is_said_in_a_sentence() -> None:
    code = "from deskterm.terminal.launch import usable_terminal as u; print(u())"
    done = subprocess.run(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert done.stdout.strip() == b"There is no terminal here"


@pytest.mark.parametrize(
    ("env", "said"),
    [({"TERM": "xterm"}, None), ({"TERM": "dumb"}, "TERM=dumb"), ({}, "TERM=not set"),
     ({"TERM": "xterm", "LC_ALL": "de_DE.ISO-8859-1"}, "iso-8859-1"),
     ({"TERM": "xterm", "LANG": "en_US.UTF-8"}, None), ({"TERM": "linux", "LC_ALL": "C"}, None)],
)  # fmt: skip
def test_terminals_that_cannot_draw(
    env: dict[str, str], said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "__stdin__", Terminal())
    monkeypatch.setattr(sys, "__stderr__", Terminal())
    reason = usable_terminal(env)
    assert reason is None if said is None else said in (reason or "")
