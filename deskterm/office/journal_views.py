"""Looking at the journal: who did what to whom, and whether it is still as it was written."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text, utc_text
from deskterm.db import journal
from deskterm.office import access
from deskterm.office.desk import Desk

_MOST_FAULTS = 1000


@dataclass(frozen=True)
class EntryRow:
    """One entry. ``at`` is wall time; ``changes`` is ``[{table, id, before, after}]``."""

    seq: int
    at: datetime
    actor: str
    desk: str
    operation: str
    patient_id: int | None
    entity: str
    entity_id: int | None
    reason: str
    changes: tuple[dict[str, Any], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """What changed, one line for each value: ``patient 7 first_name: Joan -> Jo``."""
        lines = []
        for change in self.changes:
            place = f"{change['table']} {change['id']}"
            before, after = change["before"], change["after"] or {}
            if before is None:
                lines.append(f"{place} new: {', '.join(after)}")
                continue
            lines += [
                f"{place} {name}: {_shown(before.get(name))} -> {_shown(after[name])}"
                for name in after
                if name != "version"
            ]
        return tuple(lines)

    def as_dict(self) -> dict[str, Any]:
        """The entry as ``--json`` prints it."""
        return {
            **{k: v for k, v in self.__dict__.items() if k not in ("at", "changes")},
            "at": self.at.isoformat(timespec="seconds"),
            "changes": list(self.changes),
        }


@dataclass(frozen=True)
class Verdict:
    """Whether the chain holds. ``head`` is the hash to keep outside, as an anchor."""

    entries: int
    head: str
    faults: tuple[dict[str, Any], ...]

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        """The verdict as ``--json`` prints it."""
        return {
            "ok": self.ok,
            "entries": self.entries,
            "head": self.head,
            "faults": list(self.faults),
        }


def entries(
    desk: Desk,
    *,
    patient_id: int | None = None,
    actor: str | None = None,
    operation: str | None = None,
    first: date | None = None,
    last: date | None = None,
    after: int = 0,
    limit: int = 200,
) -> list[EntryRow]:
    """Entries that meet every condition given, the newest first.

    ``first`` and ``last`` are days of the clinic; ``operation`` is a name (``patient.edit``) or
    its beginning (``patient``). A manager sees who did what when, not for whom; of a restricted
    record that was not opened only that something was done. Raises NotAllowed.
    """
    full = desk.may("view_journal") or not desk.may("view_staff_journal")
    if full:
        desk.require("view_journal")
    where: list[str] = ["seq > ?"]
    params: list[object] = [after]
    if patient_id is not None:
        where.append("patient_id = ?")
        params.append(patient_id)
    if actor is not None:
        where.append("actor = ?")
        params.append(actor)
    if operation is not None:
        where.append("(operation = ? OR substr(operation, 1, ?) = ?)")
        params += [operation, len(operation) + 1, f"{operation}."]
    if first is not None:
        where.append("at >= ?")
        params.append(utc_text(_midnight(first, desk.zone)))
    if last is not None:
        where.append("at < ?")
        params.append(utc_text(_midnight(last + timedelta(days=1), desk.zone)))
    found = desk.rows(
        "SELECT seq, at, actor, desk, operation, patient_id, entity, entity_id, reason, changes"
        f" FROM journal WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?",
        *params,
        limit,
    )
    rows = [_row(row, desk.zone) for row in found]
    if not full:
        # Their own staff's work, without whom it was done for and what was written.
        return [replace(r, patient_id=None, entity_id=None, reason="", changes=()) for r in rows]
    closed = access.hidden(desk, {r.patient_id for r in rows if r.patient_id is not None})
    return [replace(r, reason="", changes=()) if r.patient_id in closed else r for r in rows]


def verify(desk: Desk) -> Verdict:
    """Read the whole journal and prove that nothing in it was changed, added or taken out.

    Raises NotAllowed.
    """
    desk.require("verify_journal")
    faults: list[dict[str, Any]] = []
    for fault in journal.verify(desk.database, desk.secret):
        faults.append(fault)
        if len(faults) == _MOST_FAULTS:
            break
    seq, seal = journal.head(desk.database)
    return Verdict(seq, seal, tuple(faults))


def _row(row: tuple[Any, ...], zone: str) -> EntryRow:
    seq, at, *rest, changes = row
    wall = clocks.local(parse_utc_text(at), zone)
    values: list[Any] = [seq, wall, *rest, tuple(json.loads(changes))]
    return EntryRow(*values)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(0), tzinfo=clocks.zone(zone))


def _shown(value: object) -> str:
    return "-" if value in (None, "") else str(value)
