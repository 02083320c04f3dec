"""What finds a code: the full-text table, and the words that misspelt ones lead to.

Both are worked out from ``code_entry`` by the operation that imports. The full-text table holds
no text of its own; its row numbers are ``code_entry.place``: each system has a band of numbers,
and in it short wordings stand first, so that the first hits of a search are the plainest and a
search stops after a few, however many there are.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from peewee import Database

from deskterm.db.code_sets import SYSTEMS
from deskterm.db.database import rows
from deskterm.office.search_index import LONGEST_WORD, word_keys

BAND = 10_000_000  # row numbers of each system
BANDS = {system: (at + 1) * BAND for at, (system, _) in enumerate(SYSTEMS)}
SHORTEST = 3  # letters of a word that can be misspelt
_WORD = re.compile(r"[a-z0-9]+")
_CONTENTS = (
    "SELECT source, code, label, also, kind, starts_on, coalesce(ends_on, ''), notes"
    " FROM code_entry WHERE system = ? AND source = ? ORDER BY code, starts_on"
)


def words_of(text: str) -> list[str]:
    """The words of a text as the full-text table takes it apart: no accents, no capitals."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in plain if not unicodedata.combining(c))
    return _WORD.findall(text.lower())


def rebuild(db: Database) -> None:
    """Make the full-text table anew and add the words. Call it inside a write transaction."""
    rows(db, "UPDATE code_entry SET place = NULL WHERE place IS NOT NULL")
    rows(db, "INSERT INTO code_search (code_search) VALUES ('delete-all')")
    found = rows(
        db, "SELECT id, system, code, label, also FROM code_entry ORDER BY length(label), code, id"
    )
    at = dict(BANDS)
    placed, searched = [], []
    words: set[str] = set()
    for entry_id, system, code, label, also in found:
        if system not in at:
            continue  # a foreign hand's: check says so
        at[system] += 1
        placed.append((at[system], entry_id))
        searched.append((at[system], code.replace("-", ""), label, also))
        words.update(words_of(label), words_of(also))
    many(db, "UPDATE code_entry SET place = ? WHERE id = ?", placed)
    many(db, "INSERT INTO code_search (rowid, code, label, also) VALUES (?, ?, ?, ?)", searched)
    rows(db, "INSERT INTO code_search (code_search) VALUES ('optimize')")
    _add_words(db, words)


def _add_words(db: Database, words: Iterable[str]) -> None:
    known = {word for (word,) in rows(db, "SELECT word FROM code_word")}
    new = sorted(
        word for word in words
        if SHORTEST <= len(word) <= LONGEST_WORD and word.isalpha() and word not in known
    )  # fmt: skip
    last = rows(db, "SELECT coalesce(max(id), 0) FROM code_word")[0][0]
    numbered = list(enumerate(new, last + 1))
    many(db, "INSERT INTO code_word (id, word) VALUES (?, ?)", numbered)
    # In the order of the index, which is then written from its beginning to its end.
    keys = sorted((key, word_id) for word_id, word in numbered for key in word_keys(word))
    many(db, "INSERT INTO code_word_key (key, word_id) VALUES (?, ?)", keys)


def many(db: Database, sql: str, values: Sequence[tuple[object, ...]]) -> None:
    """Run one statement for each of ``values``."""
    if values:
        db.connection().executemany(sql, values)


def contents(db: Database, system: str, source: str) -> str:
    """SHA-256 of every row of one list: what the journal keeps instead of the rows."""
    digest = hashlib.sha256()
    for row in rows(db, _CONTENTS, (system, source)):
        digest.update("\x1f".join(row).encode("utf-8", "surrogatepass"))
        digest.update(b"\x1e")
    return digest.hexdigest()


def check(db: Database) -> list[str]:
    """Every list that is not as its last import left it; empty when all is well."""
    faults = []
    for system, source, said in rows(
        db,
        "SELECT system, source, contents FROM code_file f WHERE id ="
        " (SELECT max(id) FROM code_file g WHERE g.system = f.system AND g.source = f.source)",
    ):
        if contents(db, system, source) != said:
            faults.append(f"{system}: not as it was imported")
    [(entries, placed)] = rows(db, "SELECT count(*), count(place) FROM code_entry")
    [(searched,)] = rows(db, "SELECT count(*) FROM code_search_docsize")
    if not entries == placed == searched:
        faults.append("the index does not hold every code")
    return faults
