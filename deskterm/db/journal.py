"""The journal: who did what, when, at which desk, to whom, before and after.

It is the audit trail, the feed that keeps other desks live, what undo reads, and the proof
that nobody edited history: each entry carries a keyed hash (HMAC-SHA256) over its content and
the hash before it. Triggers refuse updates, removals and gaps.

An entry says how it was sealed: those from before the machine's clock, session and origin were
kept have no ``sealed``, and stay verifiable as they were written.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from peewee import CompositeKey, Database

from deskterm.db.base import Record
from deskterm.db.database import rows
from deskterm.db.fields import CleanText, Moment, Whole
from deskterm.errors import Unreachable
from deskterm.values import dataclass

GENESIS = "0" * 64
_COLUMNS = (
    "seq, at, actor, desk, operation, patient_id, entity, entity_id, reason, key, changes, "
    "prev_hash, hash, sealed, mono, boot, session, origin"
)
SEAL = 2  # how entries are sealed today
_INSERT = f"INSERT INTO journal ({_COLUMNS}) VALUES ({', '.join('?' * 18)})"
_LAST = "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1"


class JournalEntry(Record):
    """One operation of the office. ``seq`` has no gaps; ``key`` is the idempotency key.

    ``mono`` is nanoseconds since the machine started and ``boot`` which start that was;
    ``session`` is one sign-in of one person and ``origin`` where they came from.
    """

    title = "journal entry"

    seq = Whole(primary_key=True)
    at = Moment()
    actor = CleanText(40, index=True)
    desk = CleanText(40)
    operation = CleanText(60)
    patient_id = Whole(null=True, index=True)
    entity = CleanText(40)
    entity_id = Whole(null=True)
    reason = CleanText(500)
    key = CleanText(80, null=True, unique=True)
    changes = CleanText(0)
    prev_hash = CleanText(64)
    hash = CleanText(64)
    sealed = Whole(null=True)
    mono = Whole(null=True)
    boot = CleanText(8, null=True)
    session = CleanText(16, null=True)
    origin = CleanText(80, null=True)

    class Meta:
        table_name = "journal"
        indexes = ((("entity", "entity_id"), False),)


class JournalPatient(Record):
    """Who was among the people of a list that somebody saw, so that each can be told.

    It repeats what the entry says, which is what counts.
    """

    title = "patient of a list"

    patient_id = Whole()
    seq = Whole()

    class Meta:
        primary_key = CompositeKey("patient_id", "seq")
        without_rowid = True


TRIGGERS = (
    """CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    f"""CREATE TRIGGER journal_next BEFORE INSERT ON journal
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
      OR NEW.prev_hash IS NOT coalesce(
        (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1), '{GENESIS}')
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
)


_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_NOTHING_LATER = [None] * 5
_LOOSE = ("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Entry:
    """An entry as it is read; ``changes`` is a list of ``{table, id, before, after}``."""

    seq: int
    at: str
    actor: str
    desk: str
    operation: str
    patient_id: int | None
    entity: str
    entity_id: int | None
    reason: str
    key: str | None
    changes: str
    prev_hash: str
    hash: str
    sealed: int | None = None
    mono: int | None = None
    boot: str | None = None
    session: str | None = None
    origin: str | None = None

    @property
    def changed(self) -> list[dict[str, Any]]:
        """The rows that the operation wrote."""
        loaded: list[dict[str, Any]] = json.loads(self.changes)
        return loaded

    def sealed_hash(self, secret: bytes) -> str:
        """The hash that this entry must carry."""
        content = [
            self.seq, self.at, self.actor, self.desk, self.operation, self.patient_id,
            self.entity, self.entity_id, self.reason, self.key, self.changes,
        ]  # fmt: skip
        later = [self.sealed, self.mono, self.boot, self.session, self.origin]
        if later != _NOTHING_LATER:
            content = [*later, *content]
        text = self.prev_hash + _JSON(content)
        return hmac.digest(secret, text.encode(*_LOOSE), "sha256").hex()


def append(db: Database, secret: bytes, *, after: Entry | None = None, **content: Any) -> Entry:
    """Write the next entry; inside the caller's transaction, so the chain is linear.

    ``after`` is the entry that the same transaction has just written, if there is one.
    """
    if after is not None:
        seq, prev = after.seq + 1, after.hash
    else:
        last = db.execute_sql(_LAST).fetchone()
        seq, prev = (last[0] + 1, last[1]) if last else (1, GENESIS)
    entry = Entry(seq=seq, prev_hash=prev, hash="", sealed=SEAL, **content)
    entry.__dict__["hash"] = entry.sealed_hash(secret)
    rows(db, _INSERT, list(entry.__dict__.values()))
    return entry


def append_list(db: Database, seq: int, patient_ids: Sequence[int]) -> None:
    """Note who was among the people of the list that entry ``seq`` is about."""
    for start in range(0, len(patient_ids), 400):
        some = patient_ids[start : start + 400]
        marks = ", ".join(["(?, ?)"] * len(some))
        flat = [value for patient_id in some for value in (patient_id, seq)]
        rows(db, f"INSERT INTO journal_patient (patient_id, seq) VALUES {marks}", flat)


def read(
    db: Database,
    *,
    after: int = 0,
    patient_id: int | None = None,
    entity: tuple[str, int] | None = None,
    key: str | None = None,
    newest_first: bool = False,
    limit: int = 1_000_000,
) -> list[Entry]:
    """Entries after ``after``, of one patient, one record or one idempotency key."""
    where, params = ["seq > ?"], [after]
    if patient_id is not None:
        where.append("patient_id = ?")
        params.append(patient_id)
    if entity is not None:
        where.append("entity = ? AND entity_id = ?")
        params.extend(entity)  # type: ignore[arg-type]
    if key is not None:
        where.append("key = ?")
        params.append(key)  # type: ignore[arg-type]
    order = "DESC" if newest_first else "ASC"
    sql = f"SELECT {_COLUMNS} FROM journal WHERE {' AND '.join(where)} ORDER BY seq {order} LIMIT ?"
    return [Entry(*row) for row in rows(db, sql, [*params, limit])]


def head(db: Database) -> tuple[int, str]:
    """The last sequence number and hash; what an anchor outside the file records."""
    found = rows(db, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")
    return (found[0][0], found[0][1]) if found else (0, GENESIS)


def verify(db: Database, secret: bytes) -> Iterator[dict[str, Any]]:
    """Every fault found in the chain, in order: ``{seq, fault}``."""
    present = {r[0] for r in rows(db, "SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    for name in ("journal_no_update", "journal_no_delete", "journal_next"):
        if name not in present:
            yield {"seq": 0, "fault": f"the guard {name} is missing"}
    expected, prev = 1, GENESIS
    for row in db.execute_sql(f"SELECT {_COLUMNS} FROM journal ORDER BY seq"):
        entry = Entry(*row)
        yield from faults_of(entry, secret, expected, prev)
        expected, prev = entry.seq + 1, entry.hash


def faults_of(entry: Entry, secret: bytes, expected: int, prev: str) -> Iterator[dict[str, Any]]:
    """What is wrong with one entry, where ``expected`` and ``prev`` are what should be here."""
    if entry.seq > expected:
        last = entry.seq - 1
        many = f"entries {expected} to {last} are" if last > expected else f"entry {last} is"
        yield {"seq": expected, "fault": f"{many} missing"}
    if entry.prev_hash != prev:
        yield {"seq": entry.seq, "fault": "does not follow the entry before it"}
    if not hmac.compare_digest(str(entry.hash).encode(*_LOOSE), entry.sealed_hash(secret).encode()):
        yield {"seq": entry.seq, "fault": "was changed after it was written"}


def walk(db: Database) -> Iterator[Entry]:
    """Every entry, the newest first; nothing is held in memory."""
    for row in db.execute_sql(f"SELECT {_COLUMNS} FROM journal ORDER BY seq DESC"):
        yield Entry(*row)


def load_secret(path: Path, *, create: bool = False) -> bytes:
    """The key that seals the journal, kept in a file of its own outside the database.

    Raises Unreachable when it is absent (unless ``create``) or not 32 bytes long.
    """
    if create and not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(os.urandom(32))
            out.flush()
            os.fsync(out.fileno())
    try:
        secret = path.read_bytes()
    except OSError:
        raise Unreachable(
            f"The journal's key file {path.name} is missing",
            "Put it back beside the database; without it nothing can be written",
        ) from None
    if len(secret) != 32:
        raise Unreachable(f"The journal's key file {path.name} is damaged", "Restore it")
    return secret
