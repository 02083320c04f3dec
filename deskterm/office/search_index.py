"""The index that finds patients by name: kept by the operation that writes the patient.

Surname and given name are folded into one word each (``De La Cruz`` is ``delacruz``), so that
spaces, hyphens, apostrophes and accents do not matter. What else somebody may call the person
(half of a double surname, a middle, preferred or previous name) is a row of
``patient_name_word``. ``search_name`` holds every distinct word, and ``search_name_key`` leads
from each word less one letter, and from its sound, back to the word: two words one typing error
apart share such a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from peewee import Database

from deskterm.db.database import rows
from deskterm.text import fold

SOUND = "~"  # begins a key that is a sound; no folded word holds it
LONGEST_WORD = 80  # characters of a word that are indexed
_BREAKS = re.compile(r"[\s\-‐‑‒–—/.,'’ʼ`]+")


@dataclass(frozen=True)
class Names:
    """The names of one patient as they are indexed."""

    last_name: str
    first_name: str
    middle_name: str = ""
    preferred_name: str = ""
    previous_last_name: str = ""


@dataclass(frozen=True)
class NameWord:
    """One row of ``patient_name_word`` without its patient."""

    word: str
    given: bool
    other: str


def compact(text: str) -> str:
    """``text`` folded to one word: ``de la Cruz`` -> ``delacruz``, ``O'Neil`` -> ``oneil``."""
    return fold(text).replace(" ", "")[:LONGEST_WORD]


def parts(text: str) -> list[str]:
    """The words that somebody may know a name by, besides all of it.

    Its pieces and every tail of it, so ``De la Cruz`` is found by ``la cruz`` and by ``cruz``.
    """
    pieces = [piece for piece in (compact(p) for p in _BREAKS.split(text)) if piece]
    whole = compact(text)
    found = {p for p in pieces if len(p) > 1}
    found.update("".join(pieces[i:])[:LONGEST_WORD] for i in range(1, len(pieces)))
    return sorted(found - {whole, ""})


def sound(word: str) -> str:
    """How a folded word sounds; words of other scripts sound like themselves."""
    import jellyfish  # only where a name is indexed or nothing matched

    return str(jellyfish.metaphone(word)) or word


def patient_keys(names: Names, born: date) -> tuple[str, str, int, str]:
    """``last_key, first_key, birth_day, sound_key`` of a patient."""
    last, first = compact(names.last_name), compact(names.first_name)
    heard = f"{sound(last)[:40]} {sound(first)[:40]} {born.year}"
    return last, first, born.month * 100 + born.day, heard


def name_words(names: Names) -> set[NameWord]:
    """The rows of ``patient_name_word`` that these names need."""
    last, first = compact(names.last_name), compact(names.first_name)
    preferred = compact(names.preferred_name)
    surnames = {*parts(names.last_name), *_with_parts(names.previous_last_name)} - {last}
    givens = {
        *parts(names.first_name), *_with_parts(names.middle_name),
        *_with_parts(names.preferred_name),
    } - {first}  # fmt: skip
    found = {NameWord(word, False, first) for word in surnames}
    if preferred:
        found |= {NameWord(word, False, preferred) for word in surnames}
    found |= {NameWord(word, True, last) for word in givens}
    previous = compact(names.previous_last_name)
    if previous:
        found |= {NameWord(word, True, previous) for word in givens}
    return found


def distinct_words(names: Names) -> set[tuple[str, bool]]:
    """Every word of these names, with whether it is a given name: the rows of ``search_name``."""
    found = {(w.word, w.given) for w in name_words(names)}
    found |= {(compact(names.last_name), False), (compact(names.first_name), True)}
    return {(word, given) for word, given in found if word}


def deletions(word: str) -> set[str]:
    """``word`` and each word that is left when one of its letters is taken out."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))} - {""}


def word_keys(word: str) -> set[str]:
    """The rows of ``search_name_key`` for one word."""
    return {*deletions(word), SOUND + sound(word)}


def index_patient(db: Database, patient_id: int) -> None:
    """Bring everything that finds this patient up to date with what is stored.

    Call it inside the operation that wrote the patient, after the last write. It fills the
    search columns of the patient, the phones (``reversed``) and identifiers (``tail``).
    """
    found = rows(db, f"SELECT {_NAMES} FROM patient WHERE id = ?", (patient_id,))
    if not found:
        return
    names, born = _read(found[0])
    rows(
        db,
        "UPDATE patient SET last_key = ?, first_key = ?, birth_day = ?, sound_key = ? WHERE id = ?",
        (*patient_keys(names, born), patient_id),
    )
    wanted = name_words(names)
    present = _stored_words(db, patient_id)
    for gone in present - wanted:
        rows(
            db,
            "DELETE FROM patient_name_word"
            " WHERE word = ? AND given = ? AND other = ? AND patient_id = ?",
            (gone.word, int(gone.given), gone.other, patient_id),
        )
    for new in wanted - present:
        rows(
            db,
            "INSERT INTO patient_name_word (word, given, other, patient_id) VALUES (?, ?, ?, ?)",
            (new.word, int(new.given), new.other, patient_id),
        )
    _add_words(db, distinct_words(names))
    for number_id, number in rows(
        db, "SELECT id, number FROM patient_phone WHERE patient_id = ?", (patient_id,)
    ):
        rows(
            db,
            "UPDATE patient_phone SET reversed = ? WHERE id = ? AND reversed <> ?",
            (backwards(number), number_id, backwards(number)),
        )
    for value_id, value in rows(
        db, "SELECT id, value FROM patient_identifier WHERE patient_id = ?", (patient_id,)
    ):
        rows(
            db,
            "UPDATE patient_identifier SET tail = ? WHERE id = ? AND tail <> ?",
            (tail(value), value_id, tail(value)),
        )


def backwards(number: str) -> str:
    """The digits of a phone number from last to first, so that its tail is a beginning."""
    return "".join(c for c in reversed(number) if c.isdecimal())


def tail(value: str) -> str:
    """The last four letters or digits of an identifier."""
    return "".join(c for c in value if c.isalnum())[-4:]


def check(db: Database) -> list[str]:
    """Every difference between the index and what it should hold; empty when all is well.

    Words that no patient has any more are no fault: they lead to nobody.
    """
    faults = []
    known = {(w, bool(g)) for w, g in rows(db, "SELECT word, given FROM search_name")}
    for row in rows(
        db,
        f"SELECT {_NAMES}, id, last_key, first_key, birth_day, sound_key FROM patient ORDER BY id",
    ):
        names, born = _read(row)
        patient_id, stored = row[6], tuple(row[7:])
        if stored != patient_keys(names, born):
            faults.append(f"patient {patient_id}: search columns")
        if _stored_words(db, patient_id) != name_words(names):
            faults.append(f"patient {patient_id}: name words")
        if distinct_words(names) - known:
            faults.append(f"patient {patient_id}: words missing from the list")
    for name_id, word in rows(db, "SELECT id, word FROM search_name ORDER BY id"):
        keys = {
            k for (k,) in rows(db, "SELECT key FROM search_name_key WHERE name_id = ?", (name_id,))
        }
        if keys != word_keys(word):
            faults.append(f"search name {name_id}: keys")
    for phone_id, number, stored_digits in rows(
        db, "SELECT id, number, reversed FROM patient_phone ORDER BY id"
    ):
        if stored_digits != backwards(number):
            faults.append(f"phone {phone_id}: digits")
    for value_id, value, stored_tail in rows(
        db, "SELECT id, value, tail FROM patient_identifier ORDER BY id"
    ):
        if stored_tail != tail(value):
            faults.append(f"identifier {value_id}: tail")
    return faults


def rebuild(db: Database) -> None:
    """Make the whole index anew. Call it inside one write transaction."""
    for table in ("search_name_key", "search_name", "patient_name_word"):
        rows(db, f"DELETE FROM {table}")
    for (patient_id,) in rows(db, "SELECT id FROM patient ORDER BY id"):
        index_patient(db, patient_id)


_NAMES = "last_name, first_name, middle_name, preferred_name, previous_last_name, birth_date"


def _read(row: tuple[object, ...]) -> tuple[Names, date]:
    return Names(*(str(value) for value in row[:5])), date.fromisoformat(str(row[5]))


def _with_parts(text: str) -> Iterator[str]:
    whole = compact(text)
    if whole:
        yield whole
        yield from parts(text)


def _stored_words(db: Database, patient_id: int) -> set[NameWord]:
    stored = rows(
        db, "SELECT word, given, other FROM patient_name_word WHERE patient_id = ?", (patient_id,)
    )
    return {NameWord(word, bool(given), other) for word, given, other in stored}


def _add_words(db: Database, words: Iterable[tuple[str, bool]]) -> None:
    for word, given in sorted(words):
        new = rows(
            db,
            "INSERT INTO search_name (word, given) VALUES (?, ?)"
            " ON CONFLICT DO NOTHING RETURNING id",
            (word, int(given)),
        )
        for (name_id,) in new:
            for key in sorted(word_keys(word)):
                rows(
                    db,
                    "INSERT INTO search_name_key (key, name_id) VALUES (?, ?)",
                    (key, name_id),
                )
