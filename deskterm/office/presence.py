"""Who is at work on which patient: a notice, never a lock.

Each open desk keeps one small file beside the database, locked for as long as its process
lives, that says what its forms are about. A desk that is killed lets go of the lock, and what
its file says no longer counts. Nothing is written to the database, to the journal or through to
the disk; the files hold numbers and logins, no names of patients.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deskterm.office.desk import Desk

MOST = 8  # claims of one desk; more forms than that are not open at once
_SIZE = 1024  # bytes of a file: written and read whole, so that no reader sees a half


@dataclass(frozen=True)
class Claim:
    """A patient, and what is being done: ``checking in``, ``editing``."""

    patient_id: int
    doing: str


@dataclass(frozen=True)
class Present:
    """Somebody who is at work on a patient at another desk."""

    desk: str
    login: str
    doing: str

    @property
    def words(self) -> str:
        """``d2 jkim is checking in this patient``."""
        return f"{self.desk} {self.login} is {self.doing} this patient"

    @property
    def badge(self) -> str:
        """The same, for the banner: ``d2 jkim: checking in``."""
        return f"{self.desk} {self.login}: {self.doing}"


def folder(desk: Desk) -> Path:
    """The folder of the desks' files, made when it is not there. Raises OSError."""
    path = Path(f"{desk.database.path}-desks")
    path.mkdir(mode=0o700, exist_ok=True)
    return path


class Presence:
    """This desk's own file, and a look at the others'.

    Where the files cannot be written nothing is said and nothing is blocked.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._said: tuple[Claim, ...] = ()
        self._file = -1
        self._path: Path | None = None

    def say(self, claims: Sequence[Claim]) -> None:
        """Let the others know what this desk is at work on; writes only when that changed."""
        claims = tuple(claims)[-MOST:]
        if claims == self._said:
            return
        self._said = claims
        content = {
            "desk": self._desk.workstation[:40],
            "login": self._desk.actor.login[:40],
            "work": [[claim.patient_id, claim.doing[:40]] for claim in claims],
        }
        with contextlib.suppress(OSError):
            os.pwrite(self._own(), json.dumps(content).encode().ljust(_SIZE)[:_SIZE], 0)

    def others(self, patient_id: int) -> list[Present]:
        """Who is at work on this patient at another desk, in the order of the desks."""
        found: set[Present] = set()
        with contextlib.suppress(OSError):
            for entry in os.scandir(folder(self._desk)):
                if entry.name.startswith(".") or entry.path == str(self._path):
                    continue
                found |= {
                    Present(str(said["desk"]), str(said["login"]), str(doing))
                    for said in _read(entry.path)
                    for about, doing in said["work"]
                    if about == patient_id
                }
        return sorted(found, key=lambda p: (p.desk, p.login, p.doing))

    def close(self) -> None:
        """Leave: the file goes."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                if self._path is not None:
                    self._path.unlink(missing_ok=True)
                os.close(self._file)
            self._file = -1

    def _own(self) -> int:
        if self._file < 0:
            where = folder(self._desk)
            _sweep(where)
            name = f"{os.getpid()}-{os.urandom(4).hex()}"
            # Locked before it can be seen under its name, or a sweep might take it for dead.
            hidden = where / f".{name}"
            handle = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path = where / name
            hidden.rename(self._path)
            self._file = handle
        return self._file


def _read(path: str) -> list[dict[str, Any]]:
    """What a living desk's file says; nothing for a dead one's or for one that is not whole."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        if not _is_alive(handle):
            return []
        said = json.loads(os.pread(handle, _SIZE, 0))
        whole = isinstance(said, dict) and {"desk", "login", "work"} <= said.keys()
        return [said] if whole else []
    except (OSError, ValueError):
        return []
    finally:
        os.close(handle)


def _is_alive(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _sweep(where: Path) -> None:
    """Take away the files of desks that died."""
    for path in where.glob("[!.]*"):
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if not _is_alive(handle):
                    path.unlink(missing_ok=True)
            finally:
                os.close(handle)
