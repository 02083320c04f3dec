"""A migrated file and one made from today's models must be the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import SqliteDatabase

from deskterm.clock import Clock
from deskterm.db import schema
from deskterm.db.database import ClinicDatabase, open_database, rows
from deskterm.db.migrate import migrate, steps, version
from deskterm.errors import Unreachable


def fresh(path: Path) -> ClinicDatabase:
    db = open_database(path)
    migrate(db, Clock())
    return db


def test_migrated_equals_fresh(tmp_path: Path) -> None:
    db = fresh(tmp_path / "a.db")
    memory = SqliteDatabase(":memory:")
    schema.create_all(memory)
    migrated, made = (sorted(schema.script(d).rstrip().split("\n\n")) for d in (db, memory))
    assert migrated == made
    db.close()


def test_migrating_twice_does_nothing(tmp_path: Path) -> None:
    db = fresh(tmp_path / "a.db")
    assert migrate(db, Clock()) == []
    assert version(db) == steps()[-1][0]
    db.close()


def test_a_newer_file_is_refused_and_untouched(tmp_path: Path) -> None:
    db = fresh(tmp_path / "a.db")
    rows(db, "INSERT INTO schema_version VALUES (9999, 'later', 'x')")
    with pytest.raises(Unreachable, match="newer deskterm"):
        migrate(db, Clock())
    assert version(db) == 9999
    db.close()


def test_somebody_elses_database_is_refused(tmp_path: Path) -> None:
    db = open_database(tmp_path / "a.db")
    rows(db, "CREATE TABLE invoices (id INTEGER)")
    with pytest.raises(Unreachable, match="another program"):
        migrate(db, Clock())
    assert rows(db, "SELECT name FROM sqlite_master") == [("invoices",)]
    db.close()


def test_a_failing_step_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = open_database(tmp_path / "a.db")
    from deskterm.db import migrate as module

    run = module._run

    def broken(db: ClinicDatabase, name: str) -> None:
        run(db, name)
        rows(db, "SELECT no_such_column FROM patient")

    monkeypatch.setattr(module, "_run", broken)
    with pytest.raises(Unreachable):
        migrate(db, Clock())
    assert rows(db, "SELECT name FROM sqlite_master") == []
    db.close()


@pytest.mark.parametrize("content", [b"hello, this is a text file\n" * 50, b"\x00" * 5000])
def test_not_a_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(content)
    with pytest.raises(Unreachable) as caught:
        db = open_database(path)
        migrate(db, Clock())
    assert "Traceback" not in caught.value.message
    assert path.read_bytes() == content


def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="folder"):
        open_database(tmp_path)


def test_the_file_belongs_to_its_owner_only(tmp_path: Path) -> None:
    db = fresh(tmp_path / "a.db")
    assert (tmp_path / "a.db").stat().st_mode & 0o077 == 0
    db.close()


def test_durability_settings(tmp_path: Path) -> None:
    db = fresh(tmp_path / "a.db")
    assert rows(db, "PRAGMA journal_mode") == [("wal",)]
    assert rows(db, "PRAGMA synchronous") == [(2,)]
    assert rows(db, "PRAGMA foreign_keys") == [(1,)]
    db.close()
