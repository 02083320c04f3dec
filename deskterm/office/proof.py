"""Proof that nothing was changed behind the office's back, or where it was.

One reading of the journal from its end checks the chain, the clock, the anchors and every record
against the entries that made it. SQLite's own check compares tables with their indexes, the
guards are compared with what this version creates, and what is worked out from records (the name
index, free time) is worked out anew. Unused pages and dead space hold nothing that anybody reads,
so a change there is no finding.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

from peewee import Database, PeeweeException, SqliteDatabase

from deskterm.db import journal, schema
from deskterm.db.database import rows
from deskterm.db.journal import Entry
from deskterm.db.migrate import steps
from deskterm.errors import DesktermError
from deskterm.office import anchors, benefits, eligibility, free_time, search_index
from deskterm.office.anchors import Anchor
from deskterm.office.desk import Desk
from deskterm.office.images import Images

Kind = Literal[
    "guard", "chain", "clock", "anchor", "record", "list", "pages", "names", "free_time", "receipt"
]
_STEP_SECONDS = 2.0
_SAME = 0xFFFFFFFFFFFFFFFF

# What each kind means and what to do; docs/administration.md says it at length.
WHAT_TO_DO: dict[Kind, str] = {
    "guard": "Somebody with the file took a guard away; look at every finding below it",
    "chain": "The journal was changed with another program; keep the file as evidence",
    "clock": "The machine's clock was set; see who administers it, and keep it by NTP",
    "anchor": "The journal's end was cut off or all of it written anew; restore a backup",
    "record": "A record was changed without an operation, or the file is damaged",
    "list": "The index of who was on a list is damaged; the entries themselves count",
    "pages": "The file is damaged: restore a backup, and look at the disk",
    "names": "The name index is damaged: save those patients again, or restore a backup",
    "free_time": "Free time is damaged: change a template to lay it out again",
    "receipt": "A receipt is missing or its sums differ; compare with the paper",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written. ``seq`` is the journal entry, or 0."""

    kind: Kind
    seq: int
    fault: str
    about: str = ""
    patient_id: int | None = None

    @property
    def is_notice(self) -> bool:
        """Whether it says something about the machine rather than about the records."""
        return self.kind == "clock"

    def as_dict(self) -> dict[str, Any]:
        """The finding as ``--json`` prints it."""
        return {**self.__dict__, "do": WHAT_TO_DO[self.kind]}


@dataclass
class _Reading:
    """What one pass over the journal collects."""

    findings: list[Finding] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    cash: list[tuple[int, str, int]] = field(default_factory=list)
    on_lists: int = 0
    newest: int = 0
    backups: list[Entry] = field(default_factory=list)
    anchored: list[int] = field(default_factory=list)


def examine(desk: Desk, noted: Iterable[Anchor] = ()) -> list[Finding]:
    """Everything that is wrong, in order of the journal; ``noted`` are anchors beside the file's.

    Reads one moment of the clinic while desks work on. Nothing is written.
    """
    with _one_moment(desk.database) as db:
        found: list[Finding] = []
        kept = _attempt(found, "anchor", lambda: anchors.kept(desk)) or []
        kept = [*kept, *noted]
        _attempt(found, "guard", lambda: found.extend(_guards(db)))
        _attempt(found, "pages", lambda: found.extend(_pages(db)))
        reading = _Reading()
        _attempt(found, "chain", lambda: _read(desk, db, {a.seq for a in kept}, reading))
        found += reading.findings
        found += (
            Finding("anchor", seq, words)
            for seq, words in anchors.compare(
                kept, reading.hashes, reading.newest, reading.cash, desk.secret
            )
        )
        last_kept = max((a.seq for a in kept), default=0)
        if desk.settings.anchor_path is not None:
            found += (
                Finding("anchor", seq, "was to be anchored, and no anchor of it is in the file")
                for seq in reading.anchored
                if seq > last_kept
            )
        _attempt(found, "list", lambda: found.extend(_lists(db, reading.on_lists)))
        _attempt(found, "receipt", lambda: found.extend(_receipts(db)))
        _attempt(found, "record", lambda: found.extend(_answers(db)))
        for fault in _attempt(found, "names", lambda: search_index.check(db)) or []:
            found.append(Finding("names", 0, fault))
        for day in _attempt(found, "free_time", lambda: free_time.check(desk)) or []:
            found.append(
                Finding("free_time", 0, f"provider {day.provider_id} on {day.day} differs")
            )
    return sorted(found, key=lambda f: (f.seq, _ORDER[f.kind]))


_ORDER: dict[Kind, int] = {kind: place for place, kind in enumerate(WHAT_TO_DO)}


@contextlib.contextmanager
def _one_moment(db: Any) -> Iterator[Any]:
    """One moment of the file, and texts that are read whatever their bytes."""
    connection = db.connection()
    before = connection.text_factory
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    connection.execute("BEGIN")
    try:
        yield db
    finally:
        with contextlib.suppress(Exception):
            connection.execute("ROLLBACK")
        connection.text_factory = before


def _attempt(found: list[Finding], kind: Kind, look: Any) -> Any:
    """Look; what is too damaged to be looked at is a finding."""
    try:
        return look()
    except (PeeweeException, DesktermError, ValueError, TypeError, KeyError, OSError) as error:
        said = error.message if isinstance(error, DesktermError) else type(error).__name__
        found.append(Finding(kind, 0, f"cannot be read: {said}"))
    except Exception as error:  # the driver's own, raised while rows are fetched
        found.append(Finding(kind, 0, f"cannot be read: {type(error).__name__}"))
    return None


def _answers(db: Database) -> Iterator[Finding]:
    """The benefit rows of payers' answers, against the digest that each answer carries."""
    columns = ", ".join(f'"{name}"' for name in benefits.COLUMNS)
    lines: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows(db, f"SELECT answer_id, {columns} FROM benefit ORDER BY answer_id, line, id"):
        lines.setdefault(row[0], []).append(row[1:])
    for answer, digest, patient in rows(
        db, "SELECT id, lines_digest, patient_id FROM eligibility_answer"
    ):
        if eligibility.digest(lines.get(answer, [])) != digest:
            fault = f"the benefits of eligibility answer {answer} are not what was saved"
            yield Finding("record", 0, fault, f"eligibility_answer {answer}", patient)


def _guards(db: Database) -> Iterator[Finding]:
    """Tables, indexes and triggers, against what this version creates."""
    wanted = _schema()
    there = {
        (kind, name): (table, sql)
        for kind, name, table, sql in rows(
            db, "SELECT type, name, tbl_name, sql FROM sqlite_master"
        )
        if table != "schema_version"
    }
    for key in sorted({*wanted, *there}):
        word = "guard" if key[0] == "trigger" else key[0]
        if key not in there:
            yield Finding("guard", 0, f"the {word} {key[1]} is missing")
        elif key not in wanted:
            yield Finding("guard", 0, f"the {word} {key[1]} does not belong here")
        elif wanted[key] != there[key]:
            yield Finding("guard", 0, f"the {word} {key[1]} was changed")
    applied = rows(db, "SELECT version, name FROM schema_version ORDER BY version")
    if applied != steps():
        yield Finding("guard", 0, "the list of migrations is not this version's")


@lru_cache(maxsize=1)
def _schema() -> dict[tuple[str, str], tuple[str, str | None]]:
    memory = SqliteDatabase(":memory:")
    schema.create_all(memory)
    found = rows(memory, "SELECT type, name, tbl_name, sql FROM sqlite_master")
    memory.close()
    return {(kind, name): (table, sql) for kind, name, table, sql in found}


def _pages(db: Database) -> Iterator[Finding]:
    for (said,) in rows(db, "PRAGMA integrity_check(20)"):
        if said != "ok":
            yield Finding("pages", 0, str(said).encode("ascii", "replace").decode()[:200])
    for table, record_id, other, _ in rows(db, "PRAGMA foreign_key_check")[:20]:
        yield Finding("pages", 0, f"{table} {record_id} refers to a {other} that is not there")


def _read(desk: Desk, db: Database, wanted: set[int], reading: _Reading) -> None:
    """The pass over the journal, from its end."""
    images = Images(db, desk.secret)
    later: Entry | None = None
    clocks: dict[str, tuple[int, float]] = {}
    for entry in journal.walk(db):
        if later is None:
            reading.newest = entry.seq
        else:
            _follows(desk, later, entry.seq + 1, entry.hash, reading)
        changed = _changed(entry)
        images.take(entry, changed)
        _clock(entry, clocks, reading)
        if entry.seq in wanted:
            reading.hashes[entry.seq] = entry.hash
        if entry.operation == "clinic.backup":
            reading.backups.append(entry)
        elif entry.operation == "journal.anchor" and any(c.get("sinks") for c in changed):
            reading.anchored.append(entry.seq)
        _money_and_lists(entry, changed, reading)
        later = entry
    if later is not None:
        _follows(desk, later, 1, journal.GENESIS, reading)
    for wrong in images.finish():
        reading.findings.append(
            Finding("record", wrong.seq, wrong.words, f"{wrong.table} {wrong.id}", wrong.patient_id)
        )
    for table in sorted(set(images.unreadable)):
        reading.findings.append(Finding("pages", 0, f"the table {table} cannot be read"))


def _follows(desk: Desk, entry: Entry, expected: int, prev: str, reading: _Reading) -> None:
    for fault in journal.faults_of(entry, desk.secret, expected, prev):
        about = entry.operation
        if entry.entity:
            about += f" {entry.entity} {entry.entity_id}"
        reading.findings.append(
            Finding("chain", fault["seq"], fault["fault"], about, entry.patient_id)
        )


def _changed(entry: Entry) -> list[dict[str, Any]]:
    """What an entry changed; nothing when it was damaged, which its hash says."""
    try:
        found = json.loads(entry.changes)
    except ValueError:
        return []
    return [c for c in found if isinstance(c, dict)] if isinstance(found, list) else []


def _clock(entry: Entry, clocks: dict[str, tuple[int, float]], reading: _Reading) -> None:
    """Whether the wall clock moved otherwise than the machine's own since the entry before."""
    if not entry.boot or not isinstance(entry.mono, int):
        return
    try:
        ahead = datetime.fromisoformat(entry.at).timestamp() - entry.mono / 1e9
    except (ValueError, TypeError):
        return
    newer = clocks.get(entry.boot)
    clocks[entry.boot] = (entry.seq, ahead)
    if newer is None or abs(newer[1] - ahead) <= _STEP_SECONDS:
        return
    step = newer[1] - ahead
    way = "back" if step < 0 else "forward"
    reading.findings.append(
        Finding("clock", newer[0], f"the wall clock was set {way} by {abs(step):.1f} s before this")
    )


def _money_and_lists(entry: Entry, changed: list[dict[str, Any]], reading: _Reading) -> None:
    days: dict[Any, str] = {}
    for change in changed:
        for patient_id in change.get("shown") or ():
            reading.on_lists = (reading.on_lists + hash((patient_id, entry.seq))) & _SAME
        after = change.get("after")
        if change.get("before") is not None or not isinstance(after, dict):
            continue
        if change.get("table") == "payment":
            days[change.get("id")] = after.get("business_day", "")
        elif change.get("table") == "tender" and after.get("kind") == "cash":
            day = days.get(after.get("payment_id"), "")
            reading.cash.append((entry.seq, day, after.get("amount_cents", 0)))


def _lists(db: Database, wanted: int) -> Iterator[Finding]:
    """The index of lists against the entries: the sum of all its rows."""
    there = 0
    for patient_id, seq in db.execute_sql("SELECT patient_id, seq FROM journal_patient"):
        there = (there + hash((patient_id, seq))) & _SAME
    if there != wanted:
        yield Finding("list", 0, "the index of who was on a list differs from the entries")


def _receipts(db: Database) -> Iterator[Finding]:
    """Receipts without gaps, and payments whose sides agree."""
    for place, day, first, last, count in rows(
        db,
        "SELECT location_id, business_day, min(sequence), max(sequence), count(*) FROM payment"
        " GROUP BY location_id, business_day"
        " HAVING min(sequence) <> 1 OR max(sequence) <> count(*)",
    ):
        yield Finding(
            "receipt", 0,
            f"location {place} on {day}: {count} receipts, numbered {first} to {last}",
        )  # fmt: skip
    for payment_id, receipt in rows(
        db,
        "SELECT id, receipt FROM payment p WHERE posted <> 1"
        " OR total_cents <> (SELECT coalesce(sum(amount_cents), 0) FROM tender"
        "   WHERE payment_id = p.id)"
        " OR total_cents <> (SELECT coalesce(sum(amount_cents), 0) FROM allocation"
        "   WHERE payment_id = p.id)",
    ):
        yield Finding("receipt", 0, f"receipt {receipt}: its sums differ", f"payment {payment_id}")
