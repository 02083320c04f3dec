"""How often a wrong PIN may be tried: twice freely, then ever slower, ten times in all.

The count is in the database, so another desk is no fresh start. Waiting is counted on the
computer's own clock since it started, which setting the time does not change; after a restart
the whole wait begins again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deskterm.db.identity import Throttle
from deskterm.errors import NotAllowed
from deskterm.office.desk import Desk

FREE_TRIES = 2
MOST_TRIES = 10


@dataclass(frozen=True)
class Try:
    """One try that has been counted before its answer is known. ``tries`` includes it."""

    id: int
    tries: int


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def wait_after(tries: int) -> int:
    """Seconds to wait after that many wrong answers in a row."""
    return 0 if tries <= FREE_TRIES else 2 ** (tries - FREE_TRIES)


def next_try(tries: int, login: str) -> str:
    """What to do after that many wrong answers, in words."""
    if tries >= MOST_TRIES:
        return f"Locked after {MOST_TRIES} tries. Ask: manager"
    wait = wait_after(tries)
    return f"Next try in {wait} s" if wait else "Type it again"


def begin(desk: Desk, login: str, purpose: str) -> Try:
    """Count a try before looking at it, so that two desks cannot guess at the same time.

    Raises NotAllowed when it comes too soon or the login is locked. Its own transaction.
    """
    now = round(desk.clock.monotonic() * 1000)
    with desk.database.writing():
        row = Throttle.get_or_none((Throttle.login == login) & (Throttle.purpose == purpose))
        if row is None:
            row = Throttle.create(login=login, purpose=purpose, boot=_boot(), mono_ms=now)
        if row.tries >= MOST_TRIES:
            raise NotAllowed(f"Locked after {MOST_TRIES} tries", "Ask: manager", locked=True)
        passed = now - row.mono_ms
        again = row.boot != _boot() or passed < 0
        left = wait_after(row.tries) * 1000 - (0 if again else passed)
        if again:
            Throttle.update(boot=_boot(), mono_ms=now).where(Throttle.id == row.id).execute()
        if left <= 0:
            Throttle.update(tries=row.tries + 1, boot=_boot(), mono_ms=now).where(
                Throttle.id == row.id
            ).execute()
            return Try(row.id, row.tries + 1)
    seconds = math.ceil(left / 1000)
    raise NotAllowed("Too soon after a wrong answer", f"Next try in {seconds} s", wait=seconds)


def clear(desk: Desk, login: str, purpose: str) -> None:
    """Forget the wrong answers, after a right one. Its own transaction."""
    with desk.database.writing():
        Throttle.update(tries=0).where(
            (Throttle.login == login) & (Throttle.purpose == purpose)
        ).execute()


def tries(desk: Desk, login: str, purpose: str) -> int:
    """Wrong answers in a row."""
    found = desk.rows("SELECT tries FROM throttle WHERE login = ? AND purpose = ?", login, purpose)
    return int(found[0][0]) if found else 0
