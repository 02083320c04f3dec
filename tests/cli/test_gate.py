"""What a desk behind SSH refuses, and what it is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deskterm.cli import gate

PLAIN = {"PATH": "/usr/bin", "TERM": "xterm", "DESKTERM_GATE": "ssh", "SSH_ORIGINAL_COMMAND": ""}
WHO = ["--as", "mlopez"]


def code(arguments: list[str] = WHO, *, tty: bool = True, isolated: bool = True, **env: str) -> int:
    found = gate.refusal(arguments, {**PLAIN, **env}, terminal=tty, isolated=isolated)
    return 0 if found is None else found[0]


def test_refusals() -> None:
    assert code() == 0
    assert code(tty=False) == 64
    assert code(tty=False, SSH_ORIGINAL_COMMAND="id") == 64
    assert code(SSH_ORIGINAL_COMMAND="id") == 65
    assert code(isolated=False) == 66
    for name in ("TEXTUAL_LOG", "TEXTUAL", "PYTHONPATH", "LD_PRELOAD"):
        assert code(**{name: ""}) == 66
    for words in (
        [], ["--as"], ["--as", ""], ["--as", "x;y"], [*WHO, "journal"], ["--db", "x", *WHO],
        ["--as=mlopez"], ["demo"],
    ):  # fmt: skip
        assert code(words) == 67


@pytest.mark.parametrize("words", [[], ["--help"], ["--as", "x", "journal", "show"], ["demo"]])
def test_nothing_else_runs_behind_the_gate(words: list[str], tmp_path: Path) -> None:
    """Also not with the terminal that a test cannot give: no batch command is reached."""
    done = subprocess.run(
        [sys.executable, "-m", "deskterm", *words], capture_output=True, text=True,
        env={**os.environ, "DESKTERM_GATE": "ssh", "HOME": str(tmp_path)}, check=False,
    )  # fmt: skip
    assert done.returncode == 64 and not done.stdout


def test_a_command_from_ssh_opens_no_desk_even_without_the_gate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from deskterm.cli.open import open_the_desk

    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", "id")
    assert open_the_desk(None, "mlopez") == 65


def test_no_dumps_of_a_desk() -> None:
    script = (
        "import resource; from deskterm.cli import gate\n"
        "gate.no_core_file(); gate.no_dumps()\n"
        "import ctypes\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "(0, 0) 0"


def test_what_a_workstation_is_called() -> None:
    desks = {"10.0.0.21": "front1"}
    assert gate.workstation({"SSH_CONNECTION": "10.0.0.21 5 10.0.0.1 22"}, desks) == "front1"
    assert gate.workstation({"SSH_CONNECTION": "::ffff:10.0.0.22 5 x 22"}, desks) == "10.0.0.22"
    assert gate.workstation({"SSH_CONNECTION": ""}, desks) == ""
    assert len(gate.workstation({"SSH_CONNECTION": f"2001:db8:{'0:' * 9}1 5 x 22"}, {})) == 20
