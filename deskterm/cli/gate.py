"""Started by the gate: what must be true before the desk opens for somebody behind SSH.

The gate (``deskterm admin gate``) is the only thing sshd runs for the service account. It says
so in ``DESKTERM_GATE``. Whoever can set that variable has a shell on the account that owns the
data and needs no gate; whoever comes through the gate cannot unset it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from deskterm.entry.ssh_keys import is_login

NO_TERMINAL, COMMAND_GIVEN, ENVIRONMENT, NOBODY = 64, 65, 66, 67
_UNWANTED = ("TEXTUAL", "PYTHON", "LD_")
_DUMPABLE = 4  # PR_SET_DUMPABLE
_LONGEST_NAME = 20


def refusal(
    arguments: Sequence[str], environ: Mapping[str, str], *, terminal: bool, isolated: bool
) -> tuple[int, str] | None:
    """Exit code and sentence when the desk must not open behind the gate; None when it may."""
    if not terminal:
        return NO_TERMINAL, "The desk needs a terminal: connect without a command (ssh -t)"
    if environ.get("SSH_ORIGINAL_COMMAND"):
        return COMMAND_GIVEN, "Only the desk runs here; no command is accepted"
    if any(name.startswith(_UNWANTED) for name in environ) or not isolated:
        return ENVIRONMENT, "The gate let through what it must not; call the administrator"
    if len(arguments) != 2 or arguments[0] != "--as" or not is_login(arguments[1]):
        return NOBODY, "The gate named nobody; call the administrator"
    return None


def enter(arguments: Sequence[str]) -> None:
    """Check and close what is left open. Ends the process when the desk must not open."""
    terminal = os.isatty(0) and os.isatty(1) and os.isatty(2)
    isolated = bool(sys.flags.isolated)
    found = refusal(arguments, os.environ, terminal=terminal, isolated=isolated)
    if found is not None:
        print(found[1], file=sys.stderr)
        raise SystemExit(found[0])
    os.umask(0o077)
    no_core_file()
    no_dumps()


def no_core_file() -> None:
    """A crash leaves no copy of the records on the disk."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def no_dumps() -> None:
    """No other process of this account reads this one's memory, nor does a crash handler."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        # Not Linux: the limit on core files has to do.
        return


def workstation(environ: Mapping[str, str], desks: Mapping[str, str]) -> str:
    """What the desk behind an SSH connection is called: as set, else its address."""
    words = environ.get("SSH_CONNECTION", "").split()
    address = words[0].removeprefix("::ffff:") if words else ""
    return str(desks.get(address, address))[-_LONGEST_NAME:]
