"""Importing published code lists: each code keeps the days on which it stood.

A later list ends what it no longer names, the day before it begins; an earlier one is put in
front. The same file again changes nothing. The rows are not journaled one by one: the entry
keeps the file, who imported it, and a digest of every row that followed (``code_index.check``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import resources
from pathlib import Path

from deskterm.db.code_sets import SYSTEMS, CodeFile
from deskterm.db.fields import word_of
from deskterm.errors import Conflict, Invalid, NotFound, Unreachable
from deskterm.exchange.code_lists import LARGEST, CodeList, Listed
from deskterm.office import code_index
from deskterm.office.desk import Desk, Operation
from deskterm.text import clean_text, tidy_import

# A list that ends more of the codes than this is more likely half a file.
_MOST_ENDED = 0.25
_SMALL = 1000  # codes of a list under which that says nothing
_COLUMNS = "system, source, code, label, also, kind, starts_on, ends_on, notes, file_id"
_OWN_PLACES = "place_of_service.csv"


@dataclass(frozen=True)
class Imported:
    """What an import did. ``file_id`` is 0 when nothing was to be changed."""

    file_id: int
    system: str
    form: str
    starts_on: date
    counts: dict[str, int]
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Row:
    """A stored code."""

    id: int
    label: str
    also: str
    kind: str
    starts_on: date
    ends_on: date | None
    notes: str


@dataclass
class _Changes:
    """What has to be written."""

    added: list[tuple[Listed, date, date | None]] = field(default_factory=list)
    ended: list[tuple[date | None, int]] = field(default_factory=list)
    moved: list[tuple[date, int]] = field(default_factory=list)
    reworded: list[tuple[str, str, str, str, int]] = field(default_factory=list)
    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("listed", "added", "changed", "ended"), 0)
    )

    def any(self) -> bool:
        return bool(self.added or self.ended or self.moved or self.reworded)


def import_file(
    desk: Desk,
    system: str,
    path: Path | None,
    *,
    starts_on: date | None = None,
    source: str = "",
    licence: str = "",
    all_the_same: bool = False,
) -> Imported:
    """Read a file of ``system`` and bring the clinic's list up to it.

    ``starts_on`` is the first day that it is for, needed where the file does not say. ``source``
    is the clearinghouse of a payer list. CPT needs ``licence``: what the clinic may use it
    under. Without ``path`` the places of service that come with deskterm are taken.
    ``all_the_same`` takes a list that ends a quarter of the codes. Raises Invalid for a file
    that is not such a list, with its line; Conflict, NotFound, NotAllowed.
    """
    desk.require("import_data", asked="codes.import")
    if system not in dict(SYSTEMS):
        raise Invalid(f"No such list of codes: {system[:20]}", "", field="system")
    if system == "cpt" and not licence.strip():
        raise Invalid(
            "CPT is licensed by the American Medical Association",
            "Say under which licence this clinic uses the file",
            field="licence",
        )
    if (system == "payer") != bool(source.strip()):
        raise Invalid(
            "Whose list is it?", "Payer ids differ: name the clearinghouse", field="source"
        )
    name, data = _bytes(path, system)
    listed = _reader(system)(data, name)
    first = starts_on or listed.starts_on or _usual_start(desk, system)
    if first is None:
        raise Invalid(
            "From which day is this list?", "Its name does not say; give the day", field="from"
        )
    source = clean_text(source, field="source", limit=40)
    with desk.operation("codes.import") as op:
        changes = _compare(op, listed, first, source)
        [(standing,)] = desk.rows(
            "SELECT count(*) FROM code_entry WHERE system = ? AND source = ? AND ends_on IS NULL",
            system, source,
        )  # fmt: skip
        ended = changes.counts["ended"]
        if ended > standing * _MOST_ENDED and standing > _SMALL and not all_the_same:
            raise Conflict(
                f"This list would end {ended} of {standing} codes",
                "Is the file whole?",
                rule="list",
            )
        if not changes.any():
            return Imported(0, system, listed.form, first, changes.counts, listed.left_out)
        file = op.create(
            CodeFile,
            system=system, source=source, form=listed.form, file_name=name,
            digest=hashlib.sha256(data).hexdigest(), starts_on=first,
            licence=clean_text(licence, field="licence", limit=300),
            counts=json.dumps({**changes.counts, "left out": sum(listed.left_out.values())}),
            contents="", imported_at=op.now, by=desk.actor.login,
        )  # fmt: skip
        _write(op, changes, system, source, file.id)
        code_index.rebuild(desk.database)
        file.contents = code_index.contents(desk.database, system, source)
        op.save(file)
    return Imported(file.id, system, listed.form, first, changes.counts, listed.left_out)


def _bytes(path: Path | None, system: str) -> tuple[str, bytes]:
    if path is None:
        if system != "pos":
            raise Invalid("Which file?", "Only places of service come with deskterm", field="file")
        own = resources.files("deskterm.exchange").joinpath(_OWN_PLACES)
        return _OWN_PLACES, own.read_bytes()
    name = tidy_import(path.name, limit=120)
    try:
        if not path.is_file():
            raise NotFound(f"No such file: {name}", "Check its name")
        with path.open("rb") as file:
            return name, file.read(LARGEST + 1)
    except OSError as error:
        raise Unreachable(f"The file cannot be read: {error.strerror}", "") from None


def _reader(system: str) -> Callable[[bytes, str], CodeList]:
    from deskterm.exchange import code_tables, icd10_files

    return {
        "icd10cm": icd10_files.read, "hcpcs": code_tables.read_hcpcs, "cpt": code_tables.read_cpt,
        "taxonomy": code_tables.read_taxonomy, "pos": code_tables.read_places,
        "payer": code_tables.read_payers,
    }[system]  # fmt: skip


def _usual_start(desk: Desk, system: str) -> date | None:
    """Where no year is named: lists that stand always begin long ago, others must be told."""
    if system in ("pos", "taxonomy", "payer"):
        [(known,)] = desk.rows("SELECT max(starts_on) FROM code_file WHERE system = ?", system)
        return desk.today() if known and known < desk.today().isoformat() else date(2000, 1, 1)
    return None


def _compare(op: Operation, listed: CodeList, first: date, source: str) -> _Changes:
    [(oldest, newest)] = op.desk.rows(
        "SELECT min(starts_on), max(starts_on) FROM code_file WHERE system = ? AND source = ?",
        listed.system, source,
    )  # fmt: skip
    stored: dict[tuple[str, str], list[_Row]] = {}
    for code, *row in op.desk.rows(
        "SELECT code, id, label, also, kind, starts_on, ends_on, notes FROM code_entry"
        " WHERE system = ? AND source = ? ORDER BY starts_on",
        listed.system, source,
    ):  # fmt: skip
        made = _Row(
            row[0], row[1], row[2], row[3], date.fromisoformat(row[4]),
            date.fromisoformat(row[5]) if row[5] else None, row[6],
        )  # fmt: skip
        stored.setdefault((code, "range" if made.kind == "range" else ""), []).append(made)
    if newest and first.isoformat() < newest:
        if first.isoformat() >= oldest:
            raise Conflict(
                f"A list from {newest} is loaded already, and one from {oldest}",
                "Between two lists none can be put; give another day", rule="list",
            )  # fmt: skip
        return _before(listed, stored, first, date.fromisoformat(oldest))
    return _after(listed, stored, first)


def _after(listed: CodeList, stored: dict[tuple[str, str], list[_Row]], first: date) -> _Changes:
    """A list that is as late as the newest, or later."""
    changes, seen = _Changes(), set()
    eve = first - timedelta(days=1)
    for entry in listed.entries:
        key = (entry.code, "range" if entry.kind == "range" else "")
        seen.add(key)
        row = stored.get(key, [None])[-1]
        changes.counts["listed"] += 1
        if row is None:
            changes.added.append((entry, entry.starts_on or first, entry.ends_on))
            changes.counts["added"] += 1
        elif _same(row, entry, listed):
            _same_words(changes, row, entry, first)
        elif row.starts_on >= first:
            changes.reworded.append((*_words(entry, row), row.id))
            changes.counts["changed"] += 1
        else:
            if row.ends_on is None or row.ends_on > eve:
                changes.ended.append((eve, row.id))
            changes.added.append((entry, first, entry.ends_on))
            changes.counts["changed"] += 1
        _new_words(changes, row, entry, listed)
    for key, found in stored.items():
        row = found[-1]
        if row.ends_on is None and row.kind in listed.complete and key not in seen:
            changes.ended.append((max(eve, row.starts_on - timedelta(days=1)), row.id))
            changes.counts["ended"] += 1
    return changes


def _same_words(changes: _Changes, row: _Row, entry: Listed, first: date) -> None:
    if entry.ends_on is not None:
        ends = max(entry.ends_on, row.starts_on - timedelta(days=1))
        if row.ends_on != ends:
            changes.ended.append((ends, row.id))
            changes.counts["ended"] += 1
    elif row.ends_on is not None:
        # It stands again: at once if only a correction took it away, else from this list on.
        if row.ends_on >= first - timedelta(days=1):
            changes.ended.append((None, row.id))
        else:
            changes.added.append((entry, max(first, entry.starts_on or first), None))
        changes.counts["added"] += 1


def _new_words(changes: _Changes, row: _Row | None, entry: Listed, listed: CodeList) -> None:
    """Notes and other names follow the newest list; a list without any leaves them."""
    if row is None or not _same(row, entry, listed):
        return
    also, notes = entry.also or row.also, _notes(entry) or row.notes
    if (also, notes) != (row.also, row.notes):
        changes.reworded.append((row.label, also, row.kind, notes, row.id))
        changes.counts["changed"] += 1


def _before(
    listed: CodeList, stored: dict[tuple[str, str], list[_Row]], first: date, oldest: date
) -> _Changes:
    """A list that is earlier than every other: its codes stand until the oldest begins."""
    changes = _Changes()
    eve = oldest - timedelta(days=1)
    for entry in listed.entries:
        key = (entry.code, "range" if entry.kind == "range" else "")
        row = stored.get(key, [None])[0]
        changes.counts["listed"] += 1
        if row is None:
            changes.added.append((entry, first, eve))
            changes.counts["added"] += 1
        elif row.starts_on <= first:
            continue
        elif _same(row, entry, listed) and row.starts_on == oldest:
            changes.moved.append((first, row.id))
            changes.counts["changed"] += 1
        else:
            changes.added.append((entry, first, min(eve, row.starts_on - timedelta(days=1))))
            changes.counts["added"] += 1
    return changes


def _same(row: _Row, entry: Listed, listed: CodeList) -> bool:
    """Whether the row says what the list says. Of a code of an injury the tabular list only has
    its heading's words and the seventh character's, the order file has it spelt out."""
    if row.kind != entry.kind:
        return False
    made = listed.form == "tabular list" and not entry.notes and entry.kind == "code"
    return row.label == entry.label or (made and len(entry.code) == 7)


def _words(entry: Listed, row: _Row) -> tuple[str, str, str, str]:
    return entry.label, entry.also or row.also, entry.kind, _notes(entry) or row.notes


def _notes(entry: Listed) -> str:
    return json.dumps(entry.notes, ensure_ascii=False) if entry.notes else ""


def _write(op: Operation, changes: _Changes, system: str, source: str, file_id: int) -> None:
    db = op.desk.database

    def said(day: date | None) -> str | None:
        return day.isoformat() if day else None

    code_index.many(
        db, "UPDATE code_entry SET ends_on = ? WHERE id = ?",
        [(said(day), row_id) for day, row_id in changes.ended],
    )  # fmt: skip
    code_index.many(
        db, "UPDATE code_entry SET starts_on = ? WHERE id = ?",
        [(said(day), row_id) for day, row_id in changes.moved],
    )  # fmt: skip
    code_index.many(
        db, "UPDATE code_entry SET label = ?, also = ?, kind = ?, notes = ? WHERE id = ?",
        list(changes.reworded),
    )  # fmt: skip
    code_index.many(
        db, f"INSERT INTO code_entry ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (system, source, entry.code, entry.label, entry.also, entry.kind, said(starts),
             said(ends), _notes(entry), file_id)
            for entry, starts, ends in changes.added
        ],
    )  # fmt: skip


def files(desk: Desk) -> list[dict[str, object]]:
    """Every file that was imported, the newest first: of which list, when, by whom."""
    return [
        {
            "system": system, "list": word_of(SYSTEMS, system), "source": source, "form": form,
            "file": name, "from": starts_on, "licence": licence, "counts": counts,
            "imported_at": at, "by": by,
        }
        for system, source, form, name, starts_on, licence, counts, at, by in desk.rows(
            'SELECT system, source, form, file_name, starts_on, licence, counts, imported_at, "by"'
            " FROM code_file ORDER BY id DESC"
        )
    ]  # fmt: skip


def tidy_system(text: str) -> str:
    """The list meant by ``text``: ``icd``, ``dx`` and ``payers`` serve as well. Raises Invalid."""
    word = re.sub(r"[^a-z0-9]", "", text.lower())
    names = {"icd": "icd10cm", "icd10": "icd10cm", "dx": "icd10cm", "diagnosis": "icd10cm",
             "payers": "payer", "nucc": "taxonomy", "places": "pos"}  # fmt: skip
    known = names.get(word, word)
    if known not in dict(SYSTEMS):
        raise Invalid(
            f"No such list of codes: {tidy_import(text, limit=20)}",
            ", ".join(system for system, _ in SYSTEMS), field="system",
        )  # fmt: skip
    return known
