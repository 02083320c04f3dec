"""Backups of the running clinic, and putting one back.

A backup is taken through SQLite's own backup call while other desks work on, then opened and
checked; only then does it get its name. Copying the file with other tools can tear it.
The journal's key is copied beside it: without the key nothing can be written after a restore.
Whoever holds both can read every patient, so keep them where the clinic's own file could be.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from peewee import PeeweeException
from peewee import sqlite3 as driver  # type: ignore[attr-defined]

from deskterm.clock import Clock, local, utc_text
from deskterm.config import Settings, check_name
from deskterm.db import journal
from deskterm.db.database import open_database
from deskterm.db.migrate import migrate
from deskterm.errors import Busy, Conflict, Invalid, NotFound, Unreachable
from deskterm.office.desk import Desk, clock_for, os_login
from deskterm.office.verify_file import Verified, count_rows, verify_file
from deskterm.office.views import append

_ROOM = 1.1  # of the file's size, that must be free to copy it


@dataclass(frozen=True)
class Backup:
    """A verified backup: where it is and what it holds."""

    path: Path
    key_path: Path | None
    bytes: int
    verified: Verified

    def as_dict(self) -> dict[str, Any]:
        """The backup as ``--json`` prints it."""
        return {
            "path": str(self.path),
            "key": str(self.key_path) if self.key_path else None,
            "bytes": self.bytes,
            **asdict(self.verified),
        }


@dataclass(frozen=True)
class Restored:
    """What was put back, and where the files before it were kept."""

    path: Path
    set_aside: tuple[Path, ...]
    verified: Verified


def backup(desk: Desk, target: str | Path, *, with_key: bool = True) -> Backup:
    """Write and verify a backup while other desks work on.

    A folder as ``target`` gets a file named after the clinic's and the time. Raises Conflict
    for a file that exists, Unreachable when it cannot be written or does not verify; then
    nothing is left behind.
    """
    desk.require("backup")
    path = Path(target).expanduser()
    check_name(path)
    if path.is_dir():
        source = desk.settings.database_path
        path /= f"{source.stem}-{desk.wall():%Y%m%d-%H%M%S}{source.suffix or '.db'}"
    key_path = path.with_name(path.name + ".key")
    pepper, pepper_path = desk.settings.pepper_path, path.with_name(path.name + ".pepper")
    for name in (path, key_path, pepper_path) if with_key else (path,):
        if name.exists() or name.is_symlink():
            raise Conflict(f"{name.name} exists already", "Choose another name", rule="exists")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    _check_room(path.parent, desk.settings.database_path)
    try:
        with _private(part):
            counted = _copy_out(desk, part)
            verified = verify_file(part, desk.secret)
            if verified.rows != counted:
                raise Unreachable("The backup does not hold every row", "Try again")
            _sync(part)
            _publish(part, path, key_path if with_key else None, desk.secret)
            if with_key and pepper.exists():
                _write_key(pepper_path, pepper.read_bytes())
    except OSError as error:
        raise _trouble(error, "backup") from None
    size = path.stat().st_size
    _note(desk, "clinic.backup", f"{path.name}, journal {verified.journal_seq}")
    return Backup(path, key_path if with_key else None, size, verified)


def restore(settings: Settings, source: str | Path, *, clock: Clock | None = None) -> Restored:
    """Put a backup in the place of the clinic's file, which is kept aside with its key.

    The copy is verified first. Raises NotFound without a backup, Busy while any desk has the
    clinic open, Unreachable when the backup is not whole or cannot be written. Until the last
    step the clinic's file stays as it was.
    """
    source, path = Path(source).expanduser(), settings.database_path
    check_name(source)
    if not source.is_file():
        raise NotFound(f"There is no backup {source.name}", "Check the name")
    if path.exists() and source.samefile(path):
        raise Invalid("That is the clinic's own file, not a backup", "Name a backup")
    if path.is_dir():
        raise Unreachable(f"{path.name} is a folder, not a database", "Name a file with --db")
    clock = clock or clock_for(settings)
    secret = _secret_for(settings, source)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    _check_room(path.parent, source)
    try:
        with _private(part), _nobody_writing(path):
            shutil.copyfile(source, part)
            _sync(part)
            verified = verify_file(part, secret)
            _close_down(path)
            stamp = f"before-restore-{local(clock.now(), settings.zone):%Y%m%d-%H%M%S}"
            aside = _set_aside(settings, stamp)
            if not settings.key_path.exists() or settings.key_path.read_bytes() != secret:
                settings.key_path.unlink(missing_ok=True)
                _write_key(settings.key_path, secret)
            _restore_pepper(settings, source)
            os.replace(part, path)
            _sync(path.parent)
    except OSError as error:
        raise _trouble(error, "restored file") from None
    _note_restore(settings, clock, secret, source, aside)
    return Restored(path, aside, verified)


def _restore_pepper(settings: Settings, source: Path) -> None:
    """Put back what the backup's PINs were mixed with; the present one was set aside."""
    kept, pepper = source.with_name(source.name + ".pepper"), settings.pepper_path
    if kept.exists():
        pepper.unlink(missing_ok=True)
        _write_key(pepper, kept.read_bytes())


def _publish(part: Path, path: Path, key_path: Path | None, secret: bytes) -> None:
    """Give a verified copy its name, and its key beside it; a failure leaves neither."""
    # the name is taken by an empty file first: not every disk has links, and none is overwritten
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        if key_path is not None:
            _write_key(key_path, secret)
        os.replace(part, path)
        _sync(path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        if key_path is not None and error.errno != errno.EEXIST:
            key_path.unlink(missing_ok=True)
        raise


def _copy_out(desk: Desk, part: Path) -> dict[str, int]:
    """Copy one moment of the clinic's file; the rows that each table had at that moment."""
    origin = desk.database.connection()
    target = driver.connect(str(part), isolation_level=None)
    try:
        origin.execute("BEGIN")
        try:
            counted = count_rows(desk.database)
            origin.backup(target)
        finally:
            origin.execute("ROLLBACK")
        # one file that stands alone, without a log beside it
        target.execute("PRAGMA journal_mode = DELETE").fetchall()
    except driver.Error as error:
        full = "full" in str(error)
        raise Unreachable(
            "The disk is full; no backup was made" if full else "The backup could not be written",
            "Free some room or choose another place",
        ) from None
    finally:
        target.close()
    return counted


def _close_down(path: Path) -> None:
    """Fold the log into the file, which succeeds only when no desk has it open."""
    if not path.exists():
        return
    connection = driver.connect(str(path), isolation_level=None, timeout=0.2)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except driver.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise Busy(
                "A desk still has this clinic open", "Close deskterm at every desk, then try again"
            ) from None
    except driver.DatabaseError:
        pass  # a damaged file is what a restore is for; it is set aside as it is
    finally:
        connection.close()


def _set_aside(settings: Settings, stamp: str) -> tuple[Path, ...]:
    """Keep the present files under another name; they stay in place until replaced."""
    path, kept = settings.database_path, []
    for name in (
        path,
        *(path.with_name(path.name + end) for end in ("-wal", "-shm", ".key", ".pepper")),
    ):
        if not name.exists():
            continue
        aside = path.with_name(f"{path.name}.{stamp}{name.name[len(path.name) :]}")
        _keep(name, aside)
        if name.name.endswith(("-wal", "-shm")):
            name.unlink()  # the log of the damaged file must not be read into the new one
        kept.append(aside)
    return tuple(kept)


def _keep(name: Path, aside: Path) -> None:
    """A second name for a file, or a copy where the disk has no links."""
    try:
        os.link(name, aside)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        shutil.copyfile(name, aside)
        _sync(aside)


@contextlib.contextmanager
def _nobody_writing(path: Path) -> Iterator[None]:
    """Hold the writers' queue. Raises Busy when a desk is saving."""
    handle = os.open(f"{path}-queue", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Busy("A desk is saving", "Close deskterm at every desk, then try again") from None
    finally:
        os.close(handle)


@contextlib.contextmanager
def _private(part: Path) -> Iterator[None]:
    """An empty file that only its owner may read, gone again in the end."""
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            part.with_name(part.name + end).unlink(missing_ok=True)


def _write_key(path: Path, secret: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(secret)
        out.flush()
        os.fsync(out.fileno())


def _secret_for(settings: Settings, source: Path) -> bytes:
    """The key kept beside the backup, else the clinic's own."""
    beside = source.with_name(source.name + ".key")
    return journal.load_secret(beside if beside.exists() else settings.key_path)


def _check_room(folder: Path, source: Path) -> None:
    try:
        free = shutil.disk_usage(folder).free
        size = source.stat().st_size
    except OSError as error:
        raise _trouble(error, "file") from None
    if free < size * _ROOM:
        raise Unreachable(
            f"Not enough room: {size // 2**20 + 1} MB are needed, {free // 2**20} MB are free",
            "Free some room or choose another place",
        )


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _trouble(error: OSError, what: str) -> Unreachable | Conflict:
    if error.errno == errno.EEXIST:
        return Conflict("A file of that name appeared meanwhile", "Try again", rule="exists")
    said = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or "unknown"
    return Unreachable(f"The {what} cannot be written: {said}", "Choose another place")


def _note(desk: Desk, operation: str, reason: str) -> None:
    with desk.database.writing():
        append(desk, operation, reason=reason[:500])
    desk.anchoring.take()


def _note_restore(
    settings: Settings, clock: Clock, secret: bytes, source: Path, aside: tuple[Path, ...]
) -> None:
    """The first thing that the restored journal says."""
    db = open_database(settings.database)
    try:
        migrate(db, clock)
        with db.writing():
            before: datetime = clock.now()
            journal.append(
                db, secret, at=utc_text(before), actor=os_login()[:40] or "restore",
                desk=settings.desk, operation="clinic.restore", patient_id=None, entity="",
                entity_id=None, key=None, changes="[]",
                reason=f"from {source.name}; before: {aside[0].name if aside else 'none'}"[:500],
            )  # fmt: skip
    except PeeweeException as error:
        raise Unreachable("The restored file cannot be written", "Run admin doctor") from error
    finally:
        db.close()
