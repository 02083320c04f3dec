"""Patients by parts of their names: every way to read what was typed.

Only ranges over indexes are used. Which side drives a search is decided by how many distinct
words stand in each range, so that ``s zbig`` walks the few given names and ``zbig s`` the few
surnames, and a broad search stops as soon as it has enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from deskterm.office.desk import Desk
from deskterm.office.search_index import compact

ENOUGH = 60  # rows from which on a search is called broad
_SCANNED = 1500  # rows of other names that one search looks at
_SORTABLE = 300  # rows that are fetched in any order and sorted here
_FEW_WORDS = 100  # distinct words up to which walking them beats reading the range
_LAST = "\U0010ffff"  # above every character: the end of a range of beginnings
LIVING = "p.status NOT IN ('merged', 'entered_in_error')"
_COLUMNS = "p.id, p.last_key, p.first_key, p.birth_date"


@dataclass(frozen=True)
class Reading:
    """One way to read what was typed: beginnings of the surname and given name, folded.

    ``more`` are beginnings of any other names. Either side may be empty.
    """

    last: str
    first: str
    more: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """``surname SMI, given JO``."""
        said = [f"surname {self.last.upper()}"] if self.last else []
        if given := " ".join(filter(None, (self.first, *self.more))):
            said.append(f"given {given.upper()}")
        return ", ".join(said)


@dataclass(frozen=True)
class Born:
    """A range of birth dates, ISO, both ends included; empty texts for any."""

    first: str = ""
    last: str = ""

    @classmethod
    def within(cls, year: int) -> Born:
        """That year."""
        return cls(f"{year:04}-01-01", f"{year:04}-12-31")

    def sql(self) -> tuple[str, tuple[str, ...]]:
        """A condition on ``p``, and its values."""
        if not self.first:
            return "", ()
        return " AND p.birth_date >= ? AND p.birth_date <= ?", (self.first, self.last)


@dataclass(frozen=True)
class Hit:
    """A patient found, with what orders the list. ``rank`` is smaller the better it fits."""

    id: int
    last_key: str
    first_key: str
    birth_date: str
    rank: int = 0


def readings(words: Sequence[str], surname: str, given: str, *, exact: bool) -> list[Reading]:
    """The ways to read a name, likeliest first; with ``exact`` a comma settled the order."""
    if exact:
        return _with_given(compact(surname), [compact(w) for w in given.split()])
    names = [w for w in (compact(word) for word in words) if w]
    if len(names) > 5:
        names = [*names[:4], "".join(names[4:])]
    found: list[Reading] = []
    count = len(names)
    for cut in range(1, count):
        found += _with_given("".join(names[:cut]), names[cut:])
    for cut in range(1, count):
        found += _with_given("".join(names[cut:]), names[:cut])
    if count:
        found += [Reading("".join(names), ""), Reading("", "".join(names))]
    return list(dict.fromkeys(found))


def _with_given(last: str, given: list[str]) -> list[Reading]:
    if len(given) < 2:
        return [Reading(last, "".join(given))]
    return [Reading(last, "".join(given)), Reading(last, given[0], tuple(given[1:]))]


def span(beginning: str) -> tuple[str, str]:
    """The ends of the range of texts that begin so."""
    return beginning, beginning + _LAST


def search(desk: Desk, reading: Reading, born: Born, limit: int) -> tuple[list[Hit], bool]:
    """Patients whose names begin so, by surname, given name and birth date; whether all are.

    Matches on other names (second surname, middle, preferred, previous) come after, with
    ``rank`` 1. When not all fit, they are the first ``limit`` of the plain matches.
    """
    surnames, givens = _counts(desk, reading)
    if not surnames or not givens:
        return [], True
    plain, complete = _plain(desk, reading, born, limit, surnames <= givens)
    if not complete:
        return plain, False
    others = _others(desk, reading, born, surnames <= givens)
    known = {hit.id for hit in plain}
    return plain + [hit for hit in others if hit.id not in known], len(others) < ENOUGH


def among(desk: Desk, reading: Reading | None, born: Born, ids: str, *values: Any) -> list[Hit]:
    """Those of the patients that ``ids`` selects (a column ``id``) who fit ``reading``."""
    named, names = matching(reading) if reading else ("1 = 1", ())
    condition, dates = born.sql()
    return hits(
        desk,
        f"SELECT DISTINCT {_COLUMNS} FROM ({ids}) AS chosen CROSS JOIN patient p"
        f" WHERE p.id = chosen.id AND {named}{condition} AND {LIVING} LIMIT ?",
        *values, *names, *dates, _SORTABLE,
    )  # fmt: skip


def born_on(desk: Desk, reading: Reading | None, day: date) -> list[Hit]:
    """Patients born on ``day`` who fit ``reading`` (None: all of them)."""
    named, names = matching(reading) if reading else ("1 = 1", ())
    return hits(
        desk,
        f"SELECT {_COLUMNS} FROM patient p WHERE p.birth_date = ? AND {named} AND {LIVING}"
        " ORDER BY p.last_key, p.first_key LIMIT ?",
        day.isoformat(), *names, _SORTABLE,
    )  # fmt: skip


def hits(desk: Desk, sql: str, *values: Any, rank: int = 0) -> list[Hit]:
    """Run a statement that selects the columns of a hit."""
    return [
        Hit(patient_id, last, first, born, rank)
        for patient_id, last, first, born in desk.rows(sql, *values)
    ]


def matching(reading: Reading) -> tuple[str, tuple[str, ...]]:
    """A condition on ``p`` that any name of the patient fits ``reading``, and its values."""
    sides, values = _begins("p.", reading)
    choices = [f"({sides})"]
    for given, word, other in ((0, reading.last, reading.first), (1, reading.first, reading.last)):
        if not word:
            continue
        choices.append(
            f"EXISTS (SELECT 1 FROM patient_name_word w WHERE w.patient_id = p.id"
            f" AND w.given = {given} AND w.word >= ? AND w.word < ?"
            " AND w.other >= ? AND w.other < ?)"
        )
        values += (*span(word), *span(other))
    rest, extra = _carries(reading)
    return f"({' OR '.join(choices)}){rest}", values + extra


def _begins(alias: str, reading: Reading) -> tuple[str, tuple[str, ...]]:
    conditions: list[str] = []
    values: tuple[str, ...] = ()
    for column, beginning in (("last_key", reading.last), ("first_key", reading.first)):
        if beginning:
            conditions.append(f"{alias}{column} >= ? AND {alias}{column} < ?")
            values += span(beginning)
    return " AND ".join(conditions) or "1 = 1", values


def _carries(reading: Reading) -> tuple[str, tuple[str, ...]]:
    """That the patient carries each further name too."""
    sql = ""
    values: tuple[str, ...] = ()
    for word in reading.more:
        sql += (
            " AND EXISTS (SELECT 1 FROM patient_name_word x WHERE x.patient_id = p.id"
            " AND x.word >= ? AND x.word < ?)"
        )
        values += span(word)
    return sql, values


def _plain(
    desk: Desk, reading: Reading, born: Born, limit: int, by_surname: bool
) -> tuple[list[Hit], bool]:
    """Matches on legal surname and given name; ``by_surname`` if fewer surnames stand there."""
    if not reading.first or (reading.last and by_surname):
        walk = _walk_surnames if reading.first else _range
        found = walk(desk, reading, born, ENOUGH)
        return found, len(found) < ENOUGH
    if (born.first and not reading.last) or _is_sortable(desk, reading):
        found = sorted(_walk_givens(desk, reading, born), key=_by_name)
        return found, len(found) < ENOUGH
    # So many that the first of them come soon, in order.
    walk = _range if reading.last else _walk_surnames
    return walk(desk, reading, born, limit + 1), False


def _is_sortable(desk: Desk, reading: Reading) -> bool:
    """Whether so few fit that all can be fetched; counted on the index alone."""
    found = desk.rows(
        "SELECT count(*) FROM (SELECT 1 FROM search_name n CROSS JOIN patient p"
        " WHERE n.word >= ? AND n.word < ? AND n.given = 1 AND p.first_key = n.word"
        " AND p.last_key >= ? AND p.last_key < ? LIMIT ?) AS some",
        *span(reading.first), *span(reading.last), _SORTABLE,
    )  # fmt: skip
    return bool(found[0][0] < _SORTABLE)


def _by_name(hit: Hit) -> tuple[str, str, str]:
    return hit.last_key, hit.first_key, hit.birth_date


def _counts(desk: Desk, reading: Reading) -> tuple[int, int]:
    """Distinct words in each range, counted up to the point where it stops mattering."""
    counts = desk.rows(
        " UNION ALL ".join(
            "SELECT count(*) FROM (SELECT 1 FROM search_name"
            f" WHERE word >= ? AND word < ? AND given = {given} LIMIT {_FEW_WORDS}) AS some"
            for given in (0, 1)
        ),
        *span(reading.last),
        *span(reading.first),
    )
    return counts[0][0], counts[1][0]


def _range(desk: Desk, reading: Reading, born: Born, limit: int) -> list[Hit]:
    names, values = _begins("p.", reading)
    dates, days = born.sql()
    rest, extra = _carries(reading)
    return hits(
        desk,
        f"SELECT {_COLUMNS} FROM patient p WHERE {names}{dates}{rest} AND {LIVING}"
        " ORDER BY p.last_key, p.first_key, p.birth_date LIMIT ?",
        *values, *days, *extra, limit,
    )  # fmt: skip


# CROSS JOIN keeps SQLite from turning the loops round.
def _walk_surnames(desk: Desk, reading: Reading, born: Born, limit: int) -> list[Hit]:
    dates, days = born.sql()
    rest, extra = _carries(reading)
    return hits(
        desk,
        f"SELECT {_COLUMNS} FROM search_name n CROSS JOIN patient p"
        " WHERE n.word >= ? AND n.word < ? AND n.given = 0 AND p.last_key = n.word"
        f" AND p.first_key >= ? AND p.first_key < ?{dates}{rest} AND {LIVING}"
        " ORDER BY n.word, p.first_key, p.birth_date LIMIT ?",
        *span(reading.last), *span(reading.first), *days, *extra, limit,
    )  # fmt: skip


def _walk_givens(desk: Desk, reading: Reading, born: Born) -> list[Hit]:
    dates, days = born.sql()
    rest, extra = _carries(reading)
    return hits(
        desk,
        f"SELECT {_COLUMNS} FROM search_name n CROSS JOIN patient p"
        " WHERE n.word >= ? AND n.word < ? AND n.given = 1 AND p.first_key = n.word"
        f" AND p.last_key >= ? AND p.last_key < ?{dates}{rest} AND {LIVING} LIMIT ?",
        *span(reading.first), *span(reading.last), *days, *extra, _SORTABLE,
    )  # fmt: skip


def _others(desk: Desk, reading: Reading, born: Born, by_surname: bool) -> list[Hit]:
    """Matches on the other names. Of a common beginning only so many rows are looked at."""
    dates, days = born.sql()
    rest, extra = _carries(reading)
    found: list[Hit] = []
    for words, values in _other_words(reading, by_surname):
        found += hits(
            desk,
            f"SELECT DISTINCT {_COLUMNS} FROM ({words} LIMIT {_SCANNED}) AS named"
            f" CROSS JOIN patient p WHERE p.id = named.patient_id{dates}{rest} AND {LIVING}"
            " LIMIT ?",
            *values, *days, *extra, ENOUGH, rank=1,
        )  # fmt: skip
    return found


def _other_words(reading: Reading, by_surname: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Statements that select ``patient_id`` by the other names; the rarer side leads."""
    word = "SELECT w.patient_id FROM patient_name_word w WHERE w.word >= ? AND w.word < ?"
    last, first = span(reading.last), span(reading.first)
    if not reading.first:
        return [(f"{word} AND w.given = 0", last)]
    if not reading.last:
        return [(f"{word} AND w.given = 1", first)]
    found: list[tuple[str, tuple[str, ...]]] = []
    for given, own, other in ((0, last, first), (1, first, last)):
        if by_surname == (given == 0):
            # An expression, so that the index on ``other`` is not taken for its wide range.
            found.append((f"{word} AND w.given = {given} AND w.other || '' BETWEEN ? AND ?",
                          own + other))  # fmt: skip
        else:
            found.append((
                "SELECT w.patient_id FROM search_name n CROSS JOIN patient_name_word w"
                f" WHERE n.word >= ? AND n.word < ? AND n.given = {1 - given}"
                f" AND w.other = n.word AND w.given = {given} AND w.word >= ? AND w.word < ?",
                other + own,
            ))  # fmt: skip
    return found
