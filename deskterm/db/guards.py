"""Triggers for tables of what happened: rows are added, never rewritten or removed."""

from __future__ import annotations


def kept(table: str, *events: str) -> tuple[str, ...]:
    """Triggers that refuse these events (``update``, ``delete``) on the rows of ``table``."""
    return tuple(
        f"""CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table}
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END"""
        for event in events
    )


def no_replace(table: str) -> str:
    """A trigger against INSERT OR REPLACE, which runs no delete trigger."""
    return f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END"""
