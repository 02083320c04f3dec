"""Looking at the journal: who did what to whom, and whether it is still as it was written."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text, utc_text
from deskterm.db import journal
from deskterm.errors import DesktermError
from deskterm.office import access, anchors, journal_words
from deskterm.office.anchors import Anchor
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
    session: str = ""
    origin: str = ""

    @property
    def what(self) -> str:
        """What was done, in words: ``opened the record (payment)``."""
        return journal_words.sentence(self.operation, self.changes)

    @property
    def words(self) -> tuple[str, ...]:
        """What changed, one line for each value: ``patient 7 first_name: Joan -> Jo``."""
        lines = []
        for change in self.changes:
            place = f"{change['table']} {change['id']}"
            before, after = change["before"], change["after"]
            if after is None:
                continue
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
            "what": self.what,
            "changes": list(self.changes),
        }


@dataclass(frozen=True)
class Verdict:
    """Whether everything is as it was written. ``head`` is the hash to keep outside.

    ``faults`` are dicts with ``kind``, ``seq``, ``fault``, ``about``, ``patient_id`` and ``do``;
    ``notices`` likewise, about the machine rather than the records. ``next`` is what to do.
    """

    entries: int
    head: str
    faults: tuple[dict[str, Any], ...]
    notices: tuple[dict[str, Any], ...] = ()
    anchors: int = 0
    next: tuple[str, ...] = ()

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
            "anchors": self.anchors,
            "faults": list(self.faults),
            "notices": list(self.notices),
            "next": list(self.next),
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
        where.append(
            "seq IN (SELECT seq FROM journal WHERE patient_id = ?"
            " UNION ALL SELECT seq FROM journal_patient WHERE patient_id = ?)"
        )
        params += [patient_id, patient_id]
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
        "SELECT seq, at, actor, desk, operation, patient_id, entity, entity_id, reason, changes,"
        " coalesce(session, ''), coalesce(origin, '')"
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


def history(desk: Desk, patient_id: int | None, **conditions: Any) -> list[EntryRow]:
    """Who looked at or changed this patient (None: anybody); that somebody asked is an entry too.

    Takes the conditions of :func:`entries`. Raises NotAllowed.
    """
    desk.views.flush()
    found = entries(desk, patient_id=patient_id, **conditions)
    desk.views.note("journal.view", patient_id=patient_id)
    return found


def verify(desk: Desk, noted: Iterable[Anchor] = ()) -> Verdict:
    """Prove that nothing was changed, added or taken out but by operations.

    ``noted`` are anchors from elsewhere: the system log, paper. Raises NotAllowed.
    """
    from deskterm.office import proof

    desk.require("verify_journal")
    noted = list(noted)
    found = proof.examine(desk, noted)
    (seq, seal), count, steps = (0, ""), len(noted), list[str]()
    faults = [f.as_dict() for f in found if not f.is_notice]
    notices = [f.as_dict() for f in found if f.is_notice]
    with contextlib.suppress(DesktermError):  # what cannot be read is among the faults
        count += len(anchors.kept(desk))
        seq, seal = journal.head(desk.database)
        steps += _next_steps(desk, faults)
    return Verdict(
        seq, seal, tuple(faults[:_MOST_FAULTS]), tuple(notices[:_MOST_FAULTS]), count, tuple(steps)
    )


def _next_steps(desk: Desk, faults: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The way back from what was found, step by step."""
    if not faults:
        return
    yield "Stop every desk, and copy the whole folder elsewhere as evidence before anything else"
    records = [f["fault"] for f in faults if f["kind"] == "record"]
    if records and len(records) <= 20:
        yield "These records differ from what was saved: " + "; ".join(records)
    broken = min((f["seq"] for f in faults if f["seq"]), default=0)
    for at, reason in desk.rows(
        "SELECT at, reason FROM journal WHERE operation = 'clinic.backup' ORDER BY seq DESC LIMIT 1"
    ):
        yield f"The last backup that was verified: {at[:16]} UTC, {reason}"
    yield "deskterm --db COPY journal verify, on a copy of each backup, newest first"
    yield "deskterm admin restore FILE, with the newest one that holds"
    if broken:
        yield f"What came after it must be entered again: journal show --after {broken - 1}"


def _row(row: tuple[Any, ...], zone: str) -> EntryRow:
    seq, at, *rest, changes, session, origin = row
    wall = clocks.local(parse_utc_text(at), zone)
    try:
        loaded = json.loads(changes)
    except ValueError:  # damaged, which verify says
        loaded = []
    values: list[Any] = [seq, wall, *rest, tuple(loaded), session, origin]
    return EntryRow(*values)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(0), tzinfo=clocks.zone(zone))


def _shown(value: object) -> str:
    return "-" if value in (None, "") else str(value)
