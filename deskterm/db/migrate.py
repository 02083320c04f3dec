"""Bring a file up to date by itself; refuse one that a newer deskterm has written."""

from __future__ import annotations

import importlib
from importlib import resources

from peewee import SqliteDatabase

from deskterm.clock import Clock, utc_text
from deskterm.db.database import ClinicDatabase, rows
from deskterm.errors import Unreachable

PACKAGE = "deskterm.db.migrations"


def steps() -> list[tuple[int, str]]:
    """Every step this version knows: number and file name, in order."""
    names = [
        entry.name
        for entry in resources.files(PACKAGE).iterdir()
        if entry.name[:4].isdigit() and entry.name.endswith((".sql", ".py"))
    ]
    return sorted((int(name[:4]), name) for name in names)


def version(db: SqliteDatabase) -> int:
    """The number of the last step that this file has had; 0 for an empty file."""
    if not rows(db, "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'"):
        return 0
    return int(rows(db, "SELECT coalesce(max(version), 0) FROM schema_version")[0][0])


def migrate(db: ClinicDatabase, clock: Clock) -> list[str]:
    """Run the pending steps in one transaction; the names of those that ran.

    Raises Unreachable for a file newer than this deskterm, and for a database that holds
    tables of something else.
    """
    known = steps()
    present = version(db)
    if present > known[-1][0]:
        raise Unreachable(
            f"This database was written by a newer deskterm (schema {present}, "
            f"this one knows {known[-1][0]})",
            "Upgrade deskterm on this machine",
        )
    if present == known[-1][0]:
        return []
    ran: list[str] = []
    with db.writing():
        present = version(db)
        if present == 0 and rows(db, "SELECT 1 FROM sqlite_master LIMIT 1"):
            raise Unreachable(
                "This database belongs to another program", "Name another file with --db"
            )
        for number, name in known:
            if number > present:
                _run(db, name)
                rows(
                    db,
                    "INSERT INTO schema_version (version, name, applied_at) VALUES (?, ?, ?)",
                    (number, name, utc_text(clock.now())),
                )
                ran.append(name)
    return ran


def _run(db: ClinicDatabase, name: str) -> None:
    if name.endswith(".py"):
        importlib.import_module(f"{PACKAGE}.{name[:-3]}").upgrade(db)
        return
    text = resources.files(PACKAGE).joinpath(name).read_text("utf-8")
    for statement in text.split(";\n\n"):
        if statement.strip():
            db.execute_sql(statement.strip().rstrip(";"))
