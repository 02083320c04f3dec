"""Where a session comes from, and which account of this computer speaks for somebody."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deskterm.text import safe

GATE = "DESKTERM_GATE"  # set by the gate alone: sshd, by the key, said who this is
BY = " by "  # what stands before the account that speaks for somebody
_NOBODY = 2**32 - 1  # what the kernel says of a process that nobody signed in for


def origin(environ: Mapping[str, str] | None = None, *, login: str = "") -> str:
    """``ssh 10.0.0.5``, ``tty pts/3`` or ``batch``; what an entry of the journal says.

    Without the gate nobody proved to be ``login``: whoever owns the clinic's file may say so
    (``--as``), and every entry then tells the account: ``tty pts/3 by root as deskterm``.
    """
    environ = os.environ if environ is None else environ
    speaker = _speaker(environ, login)
    return safe(_place(environ))[: 79 - len(speaker)] + speaker


def _place(environ: Mapping[str, str]) -> str:
    client = environ.get("SSH_CONNECTION", "").split(" ")[0]
    if client:
        return f"ssh {client}"
    try:
        return "tty " + os.ttyname(sys.stdin.fileno()).removeprefix("/dev/")
    except (OSError, ValueError):
        return "batch"


def _speaker(environ: Mapping[str, str], login: str) -> str:
    """The account that speaks for ``login``, or nothing when that is the person's own."""
    if not login or GATE in environ:
        return ""
    runs_as, signed_in = account(os.geteuid()), _signed_in()
    if signed_in == login or (not signed_in and runs_as == login):
        return ""
    said = f"{signed_in} as {runs_as}" if signed_in and signed_in != runs_as else runs_as
    return safe(f"{BY}{said}")[:60]


def _signed_in() -> str:
    """The account that signed in to this computer, which sudo does not change; else empty."""
    with contextlib.suppress(OSError, ValueError):
        number = int(Path("/proc/self/loginuid").read_text("ascii"))
        if number != _NOBODY:
            return account(number)
    return ""


def account(number: int) -> str:
    """The name of an account of the operating system."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"account {number}"
