"""A line that is lost: the desk goes by itself, holds nothing, and what was typed comes back."""

from __future__ import annotations

import pwd
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskterm.db.database import ClinicDatabase, open_database, rows
from deskterm.screens import places
from tests.deployment.server import Server, until
from tests.terminal.desk_fixture import ready, wait_until
from tests.terminal.pty_desk import PtyDesk
from tests.terminal.test_desk_restart import FORMS, PLACE, come_back, stands

pytestmark = [pytest.mark.terminal, pytest.mark.xdist_group("sshd")]

# Screens without a form: the keys from the day, and what stands in their first rows.
LOOKED_AT: dict[str, tuple[list[str], str]] = {
    "day": ([], "DAY"),
    "flow": (["f5"], "FLOW"),
    "patient": (["3", "enter"], "PATIENT"),
    "next": (["f8"], "WHAT'S NEXT"),
    "message": (["f8", "enter"], "MESSAGE"),
    "held": (["f3"], "HELD WORK"),
    "finder": (["f2", *"smi"], "FIND"),
    "help": (["f1"], "HELP"),
    "keys": (["?"], "KEYS"),
    "history": (["3", "h"], "WHO LOOKED"),
    "entry": (["3", "h", "enter"], "ENTRY"),
    "account": ([*":account tran", "enter"], "ACCOUNT"),
    "receipt": ([*":receipt r-260318-001", "enter"], "RECEIPT"),
    "report": ([*":report", "enter"], "REPORT"),
    "staff": ([*":staff", "enter"], "STAFF"),
    "eligibility": ([*":elig", "enter"], "INSURANCE TO VERIFY"),
    "coverage": (["3", "e"], "INSURANCE"),
    "refs": ([*":refs", "enter"], "REFERRALS"),
    "outbox": ([*":outbox", "enter"], "OUTBOX"),
    "codes": ([*":codes R51", "enter"], "CODES"),
    "pin": ([*":pin", "enter"], "PIN"),
    "code": ([*":code", "enter"], "CODE APP"),
    "lock": (["f9"], "L O C K E D"),
}
# A page of one code needs a list of them, the recovery codes an app that has just proved itself.
NOT_FROM_THE_DAY = {"code_page", "recovery"}


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


def test_a_killed_client_on_every_screen(
    server: Server, key: Path, other: ClinicDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clerk's window is closed, or the computer dies: the kernel says so to the server.

    Each session begins with what the one before it left, and loses its line on the next screen.
    """
    before: list[str] | None = None
    slowest = 0.0
    try:
        for name in (*LOOKED_AT, *FORMS, ""):
            with server.terminal(key) as term:
                if before is None:
                    ready(term)
                else:
                    come_back(term)
                    assert stands(term) == before, name
                    drop(other)
                    term.send("f5")
                    ready(term)
                before = None
                if name in FORMS:
                    before = half_type(term, name, other)
                elif name:
                    opening, shows = LOOKED_AT[name]
                    term.send(*opening)
                    term.wait_for(lambda lines, shows=shows: any(shows in x for x in lines[:5]))
                term.signal(signal.SIGKILL)
                term.exit_code()
            began = time.monotonic()
            until(lambda: not server.processes(), f"the desk is gone by itself from {name}")
            slowest = max(slowest, time.monotonic() - began)
            writes_at_once(other)
    finally:
        until(lambda: not server.processes(), "the last desk is gone")
        drop(other)
    with capsys.disabled():
        print(f"\nlost lines: {len(LOOKED_AT) + len(FORMS)} screens, gone after {slowest:.2f} s")


def test_every_place_loses_its_line() -> None:
    """A new screen is reached by keys in one of the two lists."""
    reached = {*LOOKED_AT, *(PLACE.get(name, name) for name in FORMS)}
    assert set(places.PLACES) - NOT_FROM_THE_DAY <= reached


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
