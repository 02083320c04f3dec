"""Opening a copy of the clinic's file to see that it is whole, before it counts as a backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from peewee import PeeweeException, SqliteDatabase

from deskterm.db import journal
from deskterm.db.database import rows
from deskterm.db.migrate import steps, version
from deskterm.errors import DesktermError, Unreachable


@dataclass(frozen=True)
class Verified:
    """What a whole file holds: rows by table, and where its journal ends."""

    schema: int
    journal_seq: int
    journal_hash: str
    rows: dict[str, int]


def verify_file(path: Path, secret: bytes) -> Verified:
    """Open a file that nobody writes to, and check everything that can be checked.

    SQLite's own check of every page and reference, the schema's number, and the journal's chain
    under its key. Raises Unreachable saying which of them failed.
    """
    db = SqliteDatabase(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1", uri=True)
    try:
        if rows(db, "PRAGMA integrity_check(1)") != [("ok",)]:
            raise _damaged(path, "its pages are damaged")
        if rows(db, "PRAGMA foreign_key_check"):
            raise _damaged(path, "records refer to others that are missing")
        schema, newest = version(db), steps()[-1][0]
        if schema == 0:
            raise _damaged(path, "it holds no clinic")
        if schema > newest:
            raise Unreachable(
                f"{path.name} was written by a newer deskterm", "Upgrade deskterm on this machine"
            )
        fault = next(journal.verify(db, secret), None)
        if fault is not None:
            raise _damaged(path, f"journal entry {fault['seq']} {fault['fault']}")
        return Verified(schema, *journal.head(db), count_rows(db))
    except PeeweeException:
        raise _damaged(path, "it cannot be read") from None
    except DesktermError as error:
        if error.message.startswith(path.name):
            raise
        raise _damaged(path, error.message.lower()) from None
    finally:
        db.close()


def count_rows(db: SqliteDatabase) -> dict[str, int]:
    """Rows of every table."""
    names = rows(
        db,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY name",
    )
    return {name: rows(db, f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in names}


def _damaged(path: Path, why: str) -> Unreachable:
    return Unreachable(f"{path.name} is not a good copy: {why}", "Use another backup")
