"""Whether every record is as the journal last left it: no more, no less, nothing else.

The journal holds each record's first values and every change. Read from its end, the first
value met for a column is the one that must be in the table now. So only a few bits per record
are kept in memory, whatever the size of the clinic.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from peewee import AutoField, Database, IntegerField, PeeweeException

from deskterm.db.database import rows
from deskterm.db.journal import Entry
from deskterm.db.schema import MODELS
from deskterm.db.second_copies import COPIES

# What can be worked out from other records, which is checked by doing so.
DERIVED: dict[str, frozenset[str]] = {
    "patient": frozenset({"last_key", "first_key", "birth_day", "sound_key"}),
    "patient_phone": frozenset({"reversed"}),
    "patient_identifier": frozenset({"tail"}),
}
# Not journaled: worked out from others, or kept twice (db/second_copies), or by an index alone.
# A try at a PIN is counted before anybody knows whether it is right; only wrong ones are entries.
ELSEWHERE = frozenset(
    {"journal", "journal_patient", "search_name", "search_name_key", "patient_name_word",
     "free_interval", "row_number", "role_permission", "throttle",
     # Of these the journal keeps a digest, which code_index.check and proof compare.
     "code_entry", "code_word", "code_word_key", "benefit", *COPIES}
)  # fmt: skip
_BATCH = 400
_MADE = 1


@dataclass
class _Table:
    """One table: its columns, and of each record which columns were met already."""

    name: str
    title: str
    columns: tuple[str, ...]
    secret: frozenset[str]
    bits: dict[str, int]
    every: int
    has_patient: bool
    defaults: tuple[Any, ...]  # what a column that came later holds in the rows before it
    met: dict[int, int] = field(default_factory=dict)


@dataclass
class Wrong:
    """One record that is not as the journal says. ``seq`` is the entry that says so, or 0."""

    table: str
    title: str
    id: int
    why: str
    seq: int = 0
    patient_id: int | None = None
    columns: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What is wrong, in a line."""
        named = f": {', '.join(sorted(self.columns))}" if self.columns else ""
        return f"{self.title} {self.id} {self.why}{named}"


_Change = tuple[int, int | None, dict[str, Any], bool]


class Images:
    """Compares the tables with the journal; give it every entry, the newest first."""

    def __init__(self, db: Database, secret: bytes) -> None:
        self._db = db
        self._secret = secret
        self._tables = {t.name: t for t in map(_table, MODELS) if t is not None}
        self._waiting: dict[str, list[tuple[int, _Change]]] = {}
        self._count = 0
        self.wrong: dict[tuple[str, int], Wrong] = {}
        self.unreadable: list[str] = []

    def take(self, entry: Entry, changed: list[dict[str, Any]]) -> None:
        """The next older entry and what it changed."""
        for change in reversed(changed):
            after, table = change.get("after"), str(change.get("table"))
            record_id = change.get("id")
            if not isinstance(after, dict) or table not in self._tables:
                continue
            if not isinstance(record_id, int):
                continue
            made = change.get("before") is None
            if made and "id" not in after:
                continue  # what a desk did, such as locking: not the record's first values
            self._waiting.setdefault(table, []).append(
                (record_id, (entry.seq, entry.patient_id, after, made))
            )
            self._count += 1
        if self._count >= _BATCH:
            self._compare()

    def finish(self) -> list[Wrong]:
        """Every record that differs, once all entries were given."""
        self._compare()
        for table in self._tables.values():
            try:
                for (record_id,) in self._db.execute_sql(f'SELECT id FROM "{table.name}"'):
                    if not table.met.get(record_id, 0) & _MADE:
                        self._blame(table, record_id, "has no entry that made it", 0, None)
            except PeeweeException:
                self.unreadable.append(table.name)
        return sorted(self.wrong.values(), key=lambda w: (w.seq, w.table, w.id))

    def _compare(self) -> None:
        for name, waiting in self._waiting.items():
            table = self._tables[name]
            try:
                stored = self._stored(table, sorted({record_id for record_id, _ in waiting}))
            except PeeweeException:
                self.unreadable.append(name)
                continue
            for record_id, change in waiting:
                self._one(table, record_id, stored.get(record_id), change)
        self._waiting, self._count = {}, 0

    def _stored(self, table: _Table, ids: list[int]) -> dict[int, tuple[Any, ...]]:
        names = ", ".join(f'"{column}"' for column in ("id", *table.columns))
        found = {}
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            marks = ", ".join("?" * len(some))
            for row in rows(
                self._db, f'SELECT {names} FROM "{table.name}" WHERE id IN ({marks})', some
            ):
                found[row[0]] = row[1:]
        return found

    def _one(
        self, table: _Table, record_id: int, stored: tuple[Any, ...] | None, change: _Change
    ) -> None:
        seq, patient_id, after, made = change
        met = table.met.get(record_id, 0)
        if stored is None:
            if not met:
                self._blame(table, record_id, "is gone", seq, patient_id)
            table.met[record_id] = table.every
            return
        for column, value in after.items():
            bit = table.bits.get(column)
            if bit is None or met & bit:
                continue
            met |= bit
            place = bit.bit_length() - 2
            if not self._same(stored[place], value, column in table.secret):
                self._blame(table, record_id, "is not what was saved", seq, patient_id, column)
        if made:
            for place, column in enumerate(table.columns):
                if not met & (2 << place) and stored[place] not in (
                    None, "", table.defaults[place],
                ):  # fmt: skip
                    self._blame(table, record_id, "is not what was saved", seq, patient_id, column)
            met = table.every
        table.met[record_id] = met

    def _same(self, stored: Any, said: Any, is_secret: bool) -> bool:
        if stored == said:  # True is 1 here as in the table
            return True
        if stored in (None, "") and said in (None, ""):
            return True
        if is_secret and isinstance(said, str) and said.startswith("hmac:"):
            text = str(stored).encode("utf-8", "surrogateescape")
            sealed = hmac.new(self._secret, text, hashlib.sha256).hexdigest()[:16]
            return said == f"hmac:{sealed}"
        return False

    def _blame(
        self, table: _Table, record_id: int, why: str, seq: int, patient_id: int | None,
        column: str = "",
    ) -> None:  # fmt: skip
        known = self.wrong.setdefault(
            (table.name, record_id), Wrong(table.name, table.title, record_id, why, seq)
        )
        known.seq = max(known.seq, seq)
        known.patient_id = known.patient_id or patient_id
        if column and column not in known.columns:
            known.columns.append(column)


def _table(model: Any) -> _Table | None:
    meta = model._meta
    if meta.table_name in ELSEWHERE or not isinstance(meta.primary_key, AutoField | IntegerField):
        return None
    derived = DERIVED.get(meta.table_name, frozenset())
    fields = [
        f for f in meta.sorted_fields
        if f.column_name != meta.primary_key.column_name and f.column_name not in derived
    ]  # fmt: skip
    columns = tuple(f.column_name for f in fields)
    bits = {column: 2 << place for place, column in enumerate(columns)}
    return _Table(
        meta.table_name, model.title, columns, model.secret_columns, bits,
        (2 << len(columns)) - 1, "patient_id" in columns, tuple(map(_default, fields)),
    )  # fmt: skip


def _default(field: Any) -> Any:
    """The number that the database itself fills a column with, None for none."""
    for constraint in field.constraints or ():
        words = str(getattr(constraint, "sql", "")).split()
        if len(words) == 2 and words[0] == "DEFAULT" and words[1].lstrip("-").isdigit():
            return int(words[1])
    return None


def covered() -> Iterator[str]:
    """The tables that are compared with the journal."""
    return (t.name for t in map(_table, MODELS) if t is not None)
