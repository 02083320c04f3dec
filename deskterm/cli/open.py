"""Opening the desk in this terminal. The only command that loads Textual."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from dataclasses import replace
from pathlib import Path

from deskterm.cli import gate
from deskterm.config import Settings, load
from deskterm.errors import DesktermError, Unreachable
from deskterm.office import free_time, sessions
from deskterm.office.desk import Desk, open_desk
from deskterm.office.origin import GATE
from deskterm.text import safe

USAGE = "deskterm opens the desk in a terminal; deskterm --help lists the batch commands"


def open_from_shell(options: dict[str, str]) -> int:
    """Open the desk for a command line of options alone; the exit code, never a traceback."""
    try:
        return open_the_desk(options.get("--db"), options.get("--as"))
    except DesktermError as error:
        text = error.sentence
        print(safe(text), file=sys.stderr)
        return error.exit_code


def open_the_desk(database: str | None, login: str | None) -> int:
    """Open the clinic's desk; the exit code. Without a terminal: usage, exit 2.

    ``login`` is believed: whoever can open the file owns it (see ``office/data_files.py``), and
    behind SSH only the gate starts this. Without the gate every entry of the journal says which
    account spoke for them (``office/origin.py``).
    """
    if os.environ.get("SSH_ORIGINAL_COMMAND"):
        print("Only the desk runs here; no command is accepted", file=sys.stderr)
        return gate.COMMAND_GIVEN
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(USAGE, file=sys.stderr)
        return 2
    # Start-up makes many objects that stay; collecting among them is time lost.
    gc.disable()
    settings = load(database=database)
    if GATE in os.environ:
        desk = gate.workstation(os.environ, settings.desks)
        settings = replace(settings, desk=desk or settings.desk)
    return run(open_desk(settings, login=login), settings)


def run(desk: Desk, settings: Settings) -> int:
    """Run the desk until it is left. Raises Unreachable on a terminal that cannot show it."""
    from deskterm.terminal.launch import prepare_environment, usable_terminal

    reason = usable_terminal()
    if reason:
        raise Unreachable(reason, "The batch commands work everywhere: deskterm --help")
    prepare_environment()
    gate.no_core_file()
    from deskterm.app import open_desk_screen

    free_time.lay_out(desk)
    greeting = sessions.start(desk, origin=sessions.origin_of(os.environ)).words
    log: Path | None = None
    if "://" not in settings.database:
        log = settings.database_path.with_suffix(".crash.log")
    try:
        return open_desk_screen(desk, crash_log=log, greeting=greeting)
    finally:
        with contextlib.suppress(DesktermError):
            desk.views.flush()
        with contextlib.suppress(DesktermError):
            sessions.end(desk)
        desk.close()
