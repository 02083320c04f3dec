"""A line that is lost: the desk goes by itself, holds nothing, and what was typed comes back."""

from __future__ import annotations

import pwd
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskterm.db.database import ClinicDatabase, open_database, rows
from tests.deployment.server import Server, until
from tests.terminal.desk_fixture import ready, wait_until
from tests.terminal.pty_desk import PtyDesk
from tests.terminal.test_desk_restart import FORMS, come_back, stands

pytestmark = [pytest.mark.terminal, pytest.mark.xdist_group("sshd")]

SCREENS = ("booking", "register", "call", "payment", "check-in")


@pytest.fixture
def other(server: Server) -> Iterator[ClinicDatabase]:
    """Another desk's hold on the same file. (SQLite gives what root makes to the file's owner.)"""
    db = open_database(server.database)
    yield db
    db.close()
    for path in server.data.iterdir():
        assert path.stat().st_uid == pwd.getpwnam(server.account).pw_uid, path


def kept(db: ClinicDatabase, text: str) -> bool:
    found = rows(db, "SELECT state FROM draft WHERE status = 'open'")
    return any(text in state for (state,) in found)


def half_type(term: PtyDesk, form: str, db: ClinicDatabase) -> list[str]:
    """Open ``form`` from the day, type its steps; the screen once the server has all of it."""
    opening, steps = FORMS[form]
    term.send(*opening)
    term.wait_quiet(0.2)
    for typed, keeps in steps:
        term.send(*typed)
        wait_until(term, lambda keeps=keeps: kept(db, keeps), f"{keeps!r} is kept")
    return stands(term)


def writes_at_once(db: ClinicDatabase) -> None:
    """Nobody holds the queue or a transaction: Busy would be raised otherwise."""
    with db.writing():
        rows(db, "UPDATE location SET name = name")


def drop(db: ClinicDatabase) -> None:
    with db.writing():
        rows(db, "UPDATE draft SET status = 'dropped' WHERE status = 'open'")


@pytest.mark.parametrize("form", SCREENS)
def test_a_killed_client(server: Server, key: Path, other: ClinicDatabase, form: str) -> None:
    """The clerk's window is closed, or the computer dies: the kernel says so to the server."""
    try:
        with server.terminal(key) as term:
            ready(term)
            before = half_type(term, form, other)
            term.signal(signal.SIGKILL)
            term.exit_code()
        until(lambda: not server.processes(), "the desk is gone by itself")
        writes_at_once(other)
        with server.terminal(key) as term:
            come_back(term)
            assert stands(term) == before
    finally:
        until(lambda: not server.processes(), "the second desk is gone")
        drop(other)


def test_a_client_that_says_nothing_any_more(
    server: Server, key: Path, other: ClinicDatabase
) -> None:
    """Unplugged: nothing arrives and nothing is said. An idle desk sends nothing, so sshd asks."""
    try:
        with server.terminal(key) as term:
            ready(term)
            before = half_type(term, "register", other)
            term.signal(signal.SIGSTOP)
            until(lambda: not server.processes(), "sshd gave the client up", patience=90)
            writes_at_once(other)
        with server.terminal(key) as term:
            come_back(term)
            assert stands(term) == before
    finally:
        until(lambda: not server.processes(), "the second desk is gone")
        drop(other)
