"""Names one typing error or a sound away from what was typed; used when nothing matches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from deskterm.office.desk import Desk, placeholders
from deskterm.office.name_search import LIVING, Born, Hit, Reading, born_on, hits, span
from deskterm.office.search_index import SOUND, deletions, sound

_WORDS = 12  # closest words tried for each one mistyped
_ROWS = 60
_PAIRS = 200
_SCANNED = 500  # rows of other names that are looked at for one close word
_SHORTEST = 3  # letters from which a word can be mistyped; less is a beginning
_SAME = 72.0  # likeness in percent from which two names of one birth date may be one person
_COLUMNS = "p.id, p.last_key, p.first_key, p.birth_date"


def near_words(desk: Desk, word: str, *, given: bool) -> list[tuple[str, int]]:
    """Known words close to ``word``, closest first: the word, and 0 for the same, 1 for one
    typing error (a letter wrong, missing, too many, or two swapped), 2 for the same sound."""
    if len(word) < _SHORTEST:
        return []
    keys = [*sorted(deletions(word)), SOUND + sound(word)]
    known = desk.rows(
        "SELECT DISTINCT n.word FROM search_name_key k CROSS JOIN search_name n"
        f" WHERE k.key IN ({placeholders(keys)}) AND n.id = k.name_id AND n.given = ?",
        *keys,
        int(given),
    )
    return closest(word, (candidate for (candidate,) in known))


def closest(word: str, known: Iterable[str]) -> list[tuple[str, int]]:
    """Those of the ``known`` words that ``word`` may be meant for, as near_words orders them."""
    from rapidfuzz.distance import OSA, JaroWinkler  # only when nothing matched

    heard = sound(word)
    close = []
    for candidate in known:
        distance = OSA.distance(word, candidate, score_cutoff=1)
        if distance > 1:
            if sound(candidate) != heard:
                continue
            distance = 2
        close.append((distance, -JaroWinkler.similarity(word, candidate), candidate))
    return [(candidate, distance) for distance, _, candidate in sorted(close)[:_WORDS]]


def near(desk: Desk, readings: Iterable[Reading], born: Born, limit: int) -> list[Hit]:
    """Patients whose names nearly fit; ``rank`` counts how far away they are."""
    found: dict[int, Hit] = {}
    for reading in readings:
        lasts = near_words(desk, reading.last, given=False)
        firsts = near_words(desk, reading.first, given=True)
        for hit in _near(desk, reading, lasts, firsts, born, limit):
            if hit.id not in found or hit.rank < found[hit.id].rank:
                found[hit.id] = hit
    return list(found.values())


def near_on(desk: Desk, words: Sequence[str], day: date) -> list[Hit]:
    """People born on ``day`` whose name is rather like what was typed."""
    from rapidfuzz import fuzz

    typed = " ".join(words)
    found = []
    for hit in born_on(desk, None, day):
        likeness = max(
            fuzz.token_sort_ratio(typed, f"{hit.last_key} {hit.first_key}"),
            fuzz.ratio(typed, hit.last_key),
        )
        if likeness >= _SAME:
            found.append(_ranked(hit, 100 - round(likeness)))
    return found


def _near(
    desk: Desk,
    reading: Reading,
    lasts: list[tuple[str, int]],
    firsts: list[tuple[str, int]],
    born: Born,
    limit: int,
) -> list[Hit]:
    found: list[Hit] = []
    if reading.last and reading.first:
        found += _pairs(desk, lasts, reading.first, born, surname_near=True)
        found += _pairs(desk, firsts, reading.last, born, surname_near=False)
        found += _both(desk, lasts, firsts, born)
        return found
    for words, given in ((lasts, False), (firsts, True)):
        # Every close name gets its share of the list, or a common one would fill it alone.
        share = max(1, limit // max(1, len(words)))
        for word, distance in words:
            for place, hit in enumerate(_exactly(desk, word, given, born, limit)):
                rank = 2 + distance if place < share else 9
                found.append(_ranked(hit, rank))
    return found


def _exactly(desk: Desk, word: str, given: bool, born: Born, limit: int) -> list[Hit]:
    """Patients who carry exactly this word as surname (or given name), under any of theirs."""
    column, then = ("first_key", "last_key") if given else ("last_key", "first_key")
    dates, days = born.sql()
    return hits(
        desk,
        f"SELECT {_COLUMNS} FROM patient p WHERE p.{column} = ?{dates} AND {LIVING}"
        f" ORDER BY p.{then}, p.birth_date LIMIT ?",
        word, *days, limit,
    ) + hits(
        desk,
        f"SELECT {_COLUMNS} FROM (SELECT w.patient_id FROM patient_name_word w"
        f"   WHERE w.word = ? AND w.given = ? LIMIT {_SCANNED}) AS named CROSS JOIN patient p"
        f" WHERE p.id = named.patient_id{dates} AND {LIVING} LIMIT ?",
        word, int(given), *days, limit,
    )  # fmt: skip


def _pairs(
    desk: Desk,
    words: list[tuple[str, int]],
    beginning: str,
    born: Born,
    *,
    surname_near: bool,
) -> list[Hit]:
    """One side nearly, the other side as typed."""
    near_column, column = ("last_key", "first_key") if surname_near else ("first_key", "last_key")
    dates, days = born.sql()
    if not words:
        return []
    found: list[Hit] = []
    distances = dict(words)
    marks = placeholders(words)
    for hit in hits(
        desk,
        f"SELECT {_COLUMNS} FROM patient p WHERE p.{near_column} IN ({marks})"
        f" AND p.{column} >= ? AND p.{column} < ?{dates} AND {LIVING} LIMIT ?",
        *distances, *span(beginning), *days, _PAIRS,
    ):  # fmt: skip
        found.append(_ranked(hit, 2 + distances[getattr(hit, near_column)]))
    for word, patient_id, last, first, birth_date in desk.rows(
        f"SELECT w.word, {_COLUMNS} FROM patient_name_word w CROSS JOIN patient p"
        f" WHERE w.word IN ({marks}) AND w.given = ? AND w.other >= ? AND w.other < ?"
        f" AND p.id = w.patient_id{dates} AND {LIVING} LIMIT ?",
        *distances, int(not surname_near), *span(beginning), *days, _PAIRS,
    ):  # fmt: skip
        found.append(Hit(patient_id, last, first, birth_date, 2 + distances[word]))
    return found


def _ranked(hit: Hit, rank: int) -> Hit:
    return Hit(hit.id, hit.last_key, hit.first_key, hit.birth_date, rank)


def _both(
    desk: Desk, lasts: list[tuple[str, int]], firsts: list[tuple[str, int]], born: Born
) -> list[Hit]:
    """Both sides nearly."""
    if not lasts or not firsts:
        return []
    dates, days = born.sql()
    far = {word: distance for word, distance in lasts}
    near_first = {word: distance for word, distance in firsts}
    found = hits(
        desk,
        f"SELECT {_COLUMNS} FROM patient p WHERE p.last_key IN ({placeholders(lasts)})"
        f" AND p.first_key IN ({placeholders(firsts)}){dates} AND {LIVING} LIMIT ?",
        *far, *near_first, *days, _ROWS,
    )  # fmt: skip
    return [_ranked(hit, 3 + far[hit.last_key] + near_first[hit.first_key]) for hit in found]
