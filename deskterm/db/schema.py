"""All tables and guards, in the order they are created."""

from __future__ import annotations

from peewee import Database, SqliteDatabase

from deskterm.db import (
    authorizations,
    break_glass,
    code_sets,
    codes,
    connections,
    coverage,
    dayclose,
    eligibility,
    exchange,
    families,
    identity,
    instalments,
    journal,
    mail,
    messages,
    outbox,
    patients,
    payments,
    scheduling,
    second_copies,
    ssh_keys,
    staff,
    tasks,
    visits,
)
from deskterm.db.base import Record

COLUMNS = (
    staff, patients, coverage, scheduling, visits, dayclose, payments, messages, codes, tasks,
    exchange, ssh_keys, identity, break_glass, code_sets, families, instalments, mail,
    eligibility, connections, outbox, authorizations,
)  # fmt: skip
MODELS: tuple[type[Record], ...] = (
    journal.JournalEntry,
    journal.JournalPatient,
    *(model for column in COLUMNS for model in column.MODELS),
)
TRIGGERS: tuple[str, ...] = (
    *second_copies.INDEXES,
    *journal.TRIGGERS,
    *scheduling.TRIGGERS,
    *visits.TRIGGERS,
    *payments.TRIGGERS,
    *dayclose.TRIGGERS,
    *messages.TRIGGERS,
    *ssh_keys.TRIGGERS,
    *identity.TRIGGERS,
    *break_glass.TRIGGERS,
    *code_sets.TRIGGERS,
    *families.TRIGGERS,
    *instalments.TRIGGERS,
    *mail.TRIGGERS,
    *eligibility.TRIGGERS,
    *connections.TRIGGERS,
    *outbox.TRIGGERS,
    *authorizations.TRIGGERS,
)


def create_all(db: Database) -> None:
    """Create every table, index and trigger as the models say it should be today."""
    with db.bind_ctx(MODELS):
        for model in MODELS:
            model._meta.strict_tables = isinstance(db, SqliteDatabase)
        db.create_tables(MODELS)
        for trigger in TRIGGERS:
            db.execute_sql(trigger)


def script(db: SqliteDatabase) -> str:
    """The statements that make an empty file into ``db``'s schema, one per paragraph."""
    found = db.execute_sql(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        " AND name <> 'schema_version'"
        " ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name"
    ).fetchall()
    return "\n\n".join(f"{statement};" for (statement,) in found) + "\n"


if __name__ == "__main__":
    memory = SqliteDatabase(":memory:")
    create_all(memory)
    print(script(memory), end="")
