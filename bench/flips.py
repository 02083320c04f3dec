"""How many flipped bits ``deskterm journal verify`` finds.

``python bench/flips.py [--flips N] [--patients N] [--seed S]`` makes a sample clinic, flips one
bit of its file at random, over and over, each time in a fresh copy, and prints JSON: how many
flips changed anything that can be read (some row of some table, or that it cannot be read any
more), how many of those SQLite's own check, the chain alone, and the whole of verify found, and
what was missed. A flip in an unused page, in dead space or in an index that is found otherwise
changes nothing that anybody reads; found or not, it is counted apart.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peewee import SqliteDatabase
from peewee import sqlite3 as driver  # type: ignore[attr-defined]

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.base import database as proxy
from deskterm.db.database import ClinicDatabase, rows
from deskterm.office import proof
from deskterm.office.demo import make_demo
from deskterm.office.desk import Actor, Desk

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
ALL = frozenset({"view_journal"})


def readable(path: Path) -> str:
    """A digest of everything that can be read from a file; why not, when it cannot."""
    connection = driver.connect(f"file:{path}?immutable=1", uri=True)
    connection.text_factory = bytes
    seen = hashlib.sha256()
    try:
        tables = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()
        seen.update(repr(tables).encode())
        for kind, name, _, _ in tables:
            if kind == b"table":
                found = connection.execute(f'SELECT * FROM "{name.decode()}" NOT INDEXED')
                for row in found:
                    seen.update(repr(row).encode())
    except (driver.Error, UnicodeDecodeError) as error:
        return f"unreadable: {type(error).__name__}"
    finally:
        connection.close()
    return seen.hexdigest()


def flip(data: bytearray, place: int) -> None:
    """Turn one bit of ``data`` over."""
    data[place // 8] ^= 1 << (place % 8)


def look(path: Path, secret: bytes, settings: Settings) -> list[proof.Finding]:
    """What verify says of a file; that it cannot even be opened is a finding."""
    db = ClinicDatabase(path)
    try:
        db.connect()
        proxy.initialize(db)
        desk = Desk(db, Actor("x", "", "", ALL), settings, FrozenClock(NOW), secret)
        return proof.examine(desk)
    except Exception as error:
        return [proof.Finding("pages", 0, f"cannot be opened: {type(error).__name__}")]
    finally:
        db.close()


def says(path: Path, check: Callable[[SqliteDatabase], Any]) -> bool:
    """Whether a check of a file finds anything, or fails."""
    db = SqliteDatabase(f"file:{path}?immutable=1", uri=True)
    try:
        return bool(check(db))
    except Exception:
        return True
    finally:
        db.close()


def main() -> None:
    """Flip, look, count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    counts: collections.Counter[str] = collections.Counter()
    missed: list[str] = []
    spent = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(database=str(folder / "clinic.db"))
        desk = make_demo(settings, seed=3, patients=given.patients, clock=FrozenClock(NOW))
        secret, entries = desk.secret, journal.head(desk.database)[0]
        desk.database.execute_sql("PRAGMA journal_mode = DELETE")
        desk.close()
        whole = (folder / "clinic.db").read_bytes()
        copy = folder / "copy.db"
        copy.write_bytes(whole)
        before = readable(copy)
        assert look(copy, secret, settings) == []
        chance = random.Random(given.seed)
        for _ in range(given.flips):
            place = chance.randrange(len(whole) * 8)
            data = bytearray(whole)
            flip(data, place)
            copy.write_bytes(data)
            after = readable(copy)
            began = time.process_time()
            found = look(copy, secret, settings)
            spent += time.process_time() - began
            for end in ("-wal", "-shm", "-journal", "-queue"):
                (folder / f"copy.db{end}").unlink(missing_ok=True)
            copy.write_bytes(data)
            if after == before:
                counts["changed nothing"] += 1
                counts["changed nothing, found"] += bool(found)
                continue
            counts["changed something"] += 1
            counts["found"] += bool(found)
            counts["found by integrity_check"] += says(
                copy, lambda db: rows(db, "PRAGMA integrity_check(1)") != [("ok",)]
            )
            counts["found by the chain"] += says(
                copy, lambda db: next(journal.verify(db, secret), None)
            )
            if not found:
                missed.append(f"bit {place} (page {place // 8 // 4096 + 1})")
    share = counts["found"] / max(counts["changed something"], 1)
    print(json.dumps({
        "bytes": len(whole), "entries": entries, "flips": given.flips, **counts,
        "share found": round(share, 5), "missed": missed,
        "CPU ms a verify": round(1000 * spent / given.flips, 1),
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
