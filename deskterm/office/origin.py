"""Where a session comes from: the client's address, the terminal, or a batch command."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from deskterm.text import safe


def origin(environ: Mapping[str, str] | None = None) -> str:
    """``ssh 10.0.0.5``, ``tty pts/3`` or ``batch``; what an entry of the journal says."""
    environ = os.environ if environ is None else environ
    client = environ.get("SSH_CONNECTION", "").split(" ")[0]
    if client:
        return safe(f"ssh {client}")[:80]
    try:
        return safe("tty " + os.ttyname(sys.stdin.fileno()).removeprefix("/dev/"))[:80]
    except (OSError, ValueError):
        return "batch"
