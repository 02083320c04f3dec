"""Opening the clinic's database, and the one way to write to it.

SQLite in WAL mode with ``synchronous=FULL``: NORMAL lost acknowledged commits in simulated
power cuts. Writers queue on a blocking file lock before ``BEGIN IMMEDIATE``, because the
kernel's queue is fair where SQLite's busy handler polls and starves.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from peewee import Database, PeeweeException, SqliteDatabase
from peewee import sqlite3 as driver  # type: ignore[attr-defined]

from deskterm.db.base import database as proxy
from deskterm.db.trouble import cannot_write, translated
from deskterm.errors import Busy, Unreachable

WAIT_SECONDS = 2.0
_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "cache_size": -16000,
    "trusted_schema": 0,
}


class ClinicDatabase(SqliteDatabase):
    """The clinic's SQLite file, with the writers' queue in front of its transactions."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._queue = threading.local()
        self._refused = False  # the last write could not be made, for want of a writable disk
        self.wait_seconds = WAIT_SECONDS
        super().__init__(
            str(path), pragmas=dict(_PRAGMAS), lock_type="IMMEDIATE", timeout=WAIT_SECONDS
        )

    @contextlib.contextmanager
    def writing(self, *, wait: bool = True) -> Iterator[None]:
        """Hold the writers' queue and one ``BEGIN IMMEDIATE`` transaction.

        Raises Busy after two seconds (at once unless ``wait``), and the translated error of
        whatever else goes wrong.
        """
        if self._refused:
            self._let_go()
        try:
            with translated(), self._queued(wait), self.atomic():
                yield
        except Unreachable as error:
            # On a full disk it is kept: a new connection would want room even for reading.
            self._refused = not error.details.get("full")
            raise
        self._refused = False

    def _let_go(self) -> None:
        """Drop the connection, to be opened anew: one opened read-only would stay read-only."""
        if not self.in_transaction():
            with contextlib.suppress(PeeweeException):
                super().close()

    @property
    def queue_path(self) -> Path:
        """The file that writers queue on, and that rings when something was saved."""
        return Path(f"{self.path}-queue")

    def ring(self) -> None:
        """Tell every desk that listens that something was saved; call it after the commit.

        A desk that does not hear it still finds out when it asks, so this never fails a save.
        """
        with contextlib.suppress(OSError):
            os.pwrite(self._handle(), b".", 0)

    @contextlib.contextmanager
    def _queued(self, wait: bool) -> Iterator[None]:
        try:
            handle = self._handle()
        except OSError as error:
            raise cannot_write(error) from None
        _lock(handle, self.wait_seconds if wait else 0.0)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)

    def _handle(self) -> int:
        handle: int | None = getattr(self._queue, "handle", None)
        if handle is None or getattr(self._queue, "process", None) != os.getpid():
            handle = os.open(self.queue_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._queue.handle, self._queue.process = handle, os.getpid()
        return handle

    def wait_at_most(self, seconds: float) -> None:
        """How long a write waits its turn: less while the database is known not to answer."""
        if seconds != self.wait_seconds:
            self.wait_seconds = seconds
            with contextlib.suppress(PeeweeException):
                self.execute_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    def close(self) -> bool:
        handle = getattr(self._queue, "handle", None)
        if handle is not None:
            os.close(handle)
            self._queue.handle = None
        return bool(super().close())


def _lock(handle: int, wait: float) -> None:
    """Take the queue lock within the time a clerk should wait, or raise Busy."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    if not wait:
        raise _busy()
    if threading.current_thread() is threading.main_thread():
        _lock_by_alarm(handle, wait)
        return
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.004)
    raise _busy()


def _lock_by_alarm(handle: int, wait: float) -> None:
    """Queue in the kernel, woken by an alarm when it takes too long."""

    def ring(signum: int, frame: object) -> None:
        raise _busy()

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, wait)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _busy() -> Busy:
    return Busy(
        "Another desk is saving and the database is busy",
        "Nothing was changed; press Enter to try again",
    )


def sqlite_is_safe() -> bool:
    """Whether the SQLite library is free of the WAL-reset corruption bug (3.7.0 to 3.51.2)."""
    version = tuple(driver.sqlite_version_info)
    return (
        version >= (3, 51, 3)
        or (version[:2] == (3, 50) and version >= (3, 50, 7))
        or (version[:2] == (3, 44) and version >= (3, 44, 6))
    )


def open_database(location: str | Path) -> ClinicDatabase:
    """Open (or create) the clinic's file and bind the models to it.

    Raises Unreachable for a file that is not a database, a folder that cannot be written, an
    address of an engine that is not supported, or an unsafe SQLite library.
    """
    text = str(location)
    if "://" in text:
        scheme, _, rest = text.partition("://")
        if scheme != "sqlite":
            raise Unreachable(
                f"Databases of type {scheme} are not supported by this version",
                "Use a file path or sqlite:///PATH",
            )
        text = rest[1:] if rest.startswith("/") else rest
    if not sqlite_is_safe():
        raise Unreachable(
            f"The SQLite library {driver.sqlite_version} can corrupt a shared file",
            "Install pysqlite3 0.6.1 or newer",
        )
    path = Path(text).expanduser()
    with translated():
        _create(path)
        db = ClinicDatabase(path)
        db.connect()
        db.execute_sql("SELECT count(*) FROM sqlite_master").fetchone()
    proxy.initialize(db)
    return db


def _create(path: Path) -> None:
    """Create the file readable by its owner only; SQLite itself would use the umask."""
    if path.is_dir():
        raise Unreachable(f"{path.name} is a folder, not a database", "Name a file with --db")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES) and os.access(path, os.R_OK):
            return  # may still be read
        raise Unreachable(
            f"The database file cannot be opened: {error.strerror}",
            "Check the folder exists and may be written",
        ) from None


def rows(db: Database, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Plain rows of one fixed statement; ``?`` stands for a value on every engine."""
    statement = sql if isinstance(db, SqliteDatabase) else sql.replace("?", "%s")
    with translated():
        found: list[tuple[Any, ...]] = db.execute_sql(statement, tuple(params)).fetchall()
    return found
