"""Finding a code as it is typed, and judging one that was typed: by code, words, misspelt words.

A code is asked for on a day: the date of service decides which list it is judged by. What is
typed is never completed or guessed: a heading, an unknown code or one of another year is refused
with the choices there are. Where the clinic has loaded no list, only the shape is judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from deskterm.db.code_sets import SYSTEMS
from deskterm.db.fields import word_of
from deskterm.entry import identifiers
from deskterm.errors import Invalid, NotFound
from deskterm.office.code_index import BAND, BANDS, SHORTEST, words_of
from deskterm.office.desk import Desk, placeholders
from deskterm.office.near_names import closest
from deskterm.office.search_index import SOUND, deletions, sound
from deskterm.text import tidy_import

LIMIT = 20
SERVICES = ("cpt", "hcpcs")
FEES = "fee"  # stands for the clinic's own fee schedule among the lists that are searched
_NEAR = 3  # words tried for one mistyped
_TRIED = 6  # words of a query, more are left out
_ENOUGH = 9  # hits in labels from which other names are not searched: what a screen numbers
_CHOICES = 6  # codes named in a refusal
_LAST = "\U0010ffff"
_COLUMNS = "e.system, e.code, e.label, e.kind, e.starts_on, e.ends_on, e.source"
_ON = "e.starts_on <= ? AND (e.ends_on IS NULL OR e.ends_on >= ?)"
_WORDS = f"""
SELECT {_COLUMNS} FROM code_search s CROSS JOIN code_entry e ON e.place = s.rowid
WHERE code_search MATCH ? AND s.rowid > ? AND s.rowid < ? AND {_ON}
ORDER BY s.rowid LIMIT ?"""
_BEGINNING = f"""
SELECT {_COLUMNS} FROM code_entry e WHERE e.system = ? AND e.code >= ? AND e.code < ? AND {_ON}
ORDER BY e.code, e.source LIMIT ?"""
_ALL_OF = f"""
SELECT {_COLUMNS}, e.also, e.notes, f.file_name, f.licence FROM code_entry e
JOIN code_file f ON f.id = e.file_id WHERE e.system = ? AND e.code = ?
ORDER BY e.starts_on DESC, e.source"""


@dataclass(frozen=True)
class CodeHit:
    """One code as a list holds it. Only one of ``kind`` code (or modifier) can be charged."""

    system: str
    code: str
    label: str
    kind: str
    starts_on: date
    ends_on: date | None
    source: str = ""

    @property
    def shown(self) -> str:
        """The code as people write it: a diagnosis with its dot."""
        return identifiers.show_icd10cm(self.code) if self.system == "icd10cm" else self.code

    def as_dict(self) -> dict[str, object]:
        """The code for ``--json``."""
        return {
            "system": self.system, "code": self.shown, "label": self.label, "kind": self.kind,
            "from": self.starts_on, "to": self.ends_on, "source": self.source,
        }  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What a query led to. ``how`` says how it was read, where that is not plain."""

    rows: tuple[CodeHit, ...]
    how: str = ""


@dataclass(frozen=True)
class CodeCard:
    """Everything that is known of one code: its days, what stands above and below it, notes."""

    hit: CodeHit
    valid: bool
    earlier: tuple[CodeHit, ...]
    parents: tuple[CodeHit, ...]
    children: tuple[CodeHit, ...]
    notes: tuple[tuple[str, str], ...]
    file: str
    licence: str


def find(
    desk: Desk,
    query: str,
    *,
    systems: Sequence[str] = (),
    on: date | None = None,
    limit: int = LIMIT,
) -> Found:
    """Codes that stand on a day (today), by the beginning of a code or by words of any order.

    Each word may be a beginning; when one is in no label, words close to it are tried.
    """
    day = (on or desk.today()).isoformat()
    if FEES in systems:
        own = _own(desk, query, day)[:limit]
        known = {hit.code for hit in own}
        listed = find(desk, query, systems=[s for s in systems if s != FEES], on=on, limit=limit)
        rows = [*own, *(hit for hit in listed.rows if hit.code not in known)]
        return Found(tuple(rows[:limit]), "" if own else listed.how)
    wanted = [system for system in (systems or BANDS) if system in BANDS]
    by_code = _by_code(desk, query, wanted, day, limit)
    words = [word for word in words_of(_undotted(query)) if len(word) > 1 or word.isdigit()]
    if by_code or not words:
        return Found(tuple(by_code[:limit]))
    words = words[:_TRIED]
    # A word that was finished is looked for as it is: its beginnings cost most of a search.
    done = {word for word in words[:-1] if _is_word(desk, word)}
    found = _by_words(desk, [[word] for word in words], wanted, day, limit, done)
    if not found and done:
        found = _by_words(desk, [[word] for word in words], wanted, day, limit)
    if found:
        return Found(_spread(found, limit))
    spelt = [_meant(desk, word) for word in words]
    if any(not options for options in spelt):
        missing = words[[not options for options in spelt].index(True)]
        return Found((), f'no list has the word "{missing[:20]}"')
    how = ""
    if spelt != [[word] for word in words]:
        how = "spelt " + " ".join("/".join(options) for options in spelt)
        found = _by_words(desk, spelt, wanted, day, limit)
    if not found and len(words) > 1:
        # No code has all of the words: those that have all but one.
        how = "not every word"
        for left_out in range(len(words)):
            some = spelt[:left_out] + spelt[left_out + 1 :]
            found += _by_words(desk, some, wanted, day, limit)
    return Found(_spread(found, limit), how if found else "no code has these words together")


def card(desk: Desk, text: str, *, system: str = "", on: date | None = None) -> CodeCard:
    """One code with all that is known of it. Raises NotFound, Invalid for one in several lists."""
    day = on or desk.today()
    code = _stored(text)
    found = []
    for name in [system] if system else list(BANDS):
        rows = desk.rows(_ALL_OF, name, code if name != "payer" else text.strip())
        if rows:
            found.append(rows)
    if not found:
        raise NotFound(f"No list has {tidy_import(text, limit=20)}", "Search it by words")
    if len(found) > 1:
        names = ", ".join(rows[0][0] for rows in found)
        raise Invalid(f"{tidy_import(text, limit=20)} is in several lists", f"Say which: {names}")
    hits = [_hit(row[:7]) for row in found[0]]
    at = next((n for n, hit in enumerate(hits) if _stands(hit, day)), 0)
    _, notes, file, licence = found[0][at][7:]
    hit = hits[at]
    valid = _stands(hit, day)
    around = day if valid else hit.starts_on
    return CodeCard(
        hit, valid, tuple(h for h in hits if h is not hit),
        tuple(_parents(desk, hit, around)), tuple(_children(desk, hit, around)),
        _notes_of(notes),
        file, licence,
    )  # fmt: skip


def accept(desk: Desk, text: str, systems: Sequence[str], on: date | None = None) -> CodeHit:
    """The one code that ``text`` is, good on a day (today); nothing is completed or guessed.

    Raises Invalid, with the choices: for a wrong shape, a heading, a code that no list has, or
    one of other days. Where no list of its kind covers that day only the shape is judged.
    """
    day = on or desk.today()
    code, possible = _shape(text, systems)
    covered = [system for system in possible if _covers(desk, system, day)]
    for system in covered:
        versions = [_hit(row[:7]) for row in desk.rows(_ALL_OF, system, code)]
        good = next((hit for hit in versions if _stands(hit, day)), None)
        if good is not None and good.kind in ("code", "modifier"):
            return good
        if good is not None:
            raise Invalid(
                f"{good.shown} is a heading, not a code to bill",
                _choices(_children(desk, good, day)), field=_field(system),
            )  # fmt: skip
        if versions:
            raise Invalid(
                _why_not(versions, day), _similar(desk, system, code, day), field=_field(system)
            )
    if len(covered) < len(possible) or not covered:
        # A list that would know is not loaded.
        return CodeHit(possible[0], code, "", "code", day, None)
    shown = identifiers.show_icd10cm(code) if "icd10cm" in possible else code
    raise Invalid(
        f"{shown} is in no list of {day.isoformat()}",
        _similar(desk, covered[0], code, day), field=_field(covered[0]),
    )  # fmt: skip


def diagnosis(desk: Desk, text: str, on: date | None = None) -> CodeHit:
    """A diagnosis code as :func:`accept` takes it."""
    return accept(desk, text, ("icd10cm",), on)


def service(desk: Desk, text: str, on: date | None = None) -> CodeHit:
    """A CPT or HCPCS code as :func:`accept` takes it."""
    return accept(desk, text, SERVICES, on)


def loaded(desk: Desk, system: str) -> bool:
    """Whether the clinic has loaded a list of that kind."""
    return bool(desk.rows("SELECT 1 FROM code_file WHERE system = ? LIMIT 1", system))


def _by_code(desk: Desk, query: str, systems: Iterable[str], day: str, limit: int) -> list[CodeHit]:
    typed = query.strip()
    if not typed or not typed[:1].isalnum() or " " in typed:
        return []
    begins = _stored(typed)
    # Words are no codes: without a figure only a letter or two, or a payer's id, may be meant.
    plain = not any(c.isdigit() for c in begins)
    found: list[CodeHit] = []
    for system in systems:
        start = typed if system == "payer" else begins
        if plain and (len(begins) > 1 or system in ("pos", "taxonomy")) and system != "payer":
            continue
        found += map(_hit, desk.rows(_BEGINNING, system, start, start + _LAST, day, day, limit))
        if system == "payer" and start != start.upper():
            upper = start.upper()
            found += map(_hit, desk.rows(_BEGINNING, system, upper, upper + _LAST, day, day, limit))
    if plain and len(begins) > 1:
        # A word that is also a payer's id is still a word.
        return [hit for hit in found if hit.code.upper() == begins]
    return found


def _own(desk: Desk, query: str, day: str) -> list[CodeHit]:
    """The clinic's short list: codes with a fee that begin so, or hold words that begin so."""
    wanted = words_of(query)
    found = []
    for code, label, starts_on in desk.rows(
        "SELECT code, label, starts_on FROM fee WHERE plan_id IS NULL AND starts_on <= ?"
        " AND (ends_on IS NULL OR ends_on >= ?) ORDER BY code",
        day, day,
    ):  # fmt: skip
        held = [code.lower(), *words_of(label)]
        if wanted and all(any(word.startswith(w) for word in held) for w in wanted):
            found.append(CodeHit(FEES, code, label, "code", date.fromisoformat(starts_on), None))
    return found


def _by_words(
    desk: Desk,
    words: Sequence[Sequence[str]],
    systems: Iterable[str],
    day: str,
    limit: int,
    done: frozenset[str] | set[str] = frozenset(),
) -> list[CodeHit]:
    said = " AND ".join(
        "(" + " OR ".join(_term(word, word in done) for word in options) + ")" for options in words
    )
    found: list[CodeHit] = []
    for system in systems:
        first = BANDS[system]
        span = (first, first + BAND, day, day)
        rows = desk.rows(_WORDS, f"{{code label}} : ({said})", *span, limit)
        if len(rows) < _ENOUGH:
            known = set(rows)
            more = desk.rows(_WORDS, said, *span, limit)
            rows += [row for row in more if row not in known][: limit - len(rows)]
        found += map(_hit, rows)
    return found


def _term(word: str, done: bool) -> str:
    """A word as the full-text table is asked for it; what was typed holds no sign of its own."""
    return f'"{word}"' if done or (word.isdigit() and len(word) < 3) else f'"{word}"*'


def _is_word(desk: Desk, word: str) -> bool:
    return bool(desk.rows("SELECT 1 FROM code_word WHERE word = ?", word))


def _meant(desk: Desk, word: str) -> list[str]:
    """The word itself when it begins one that is known, else the closest ones."""
    if any(c.isdigit() for c in word) or desk.rows(
        "SELECT 1 FROM code_word WHERE word >= ? AND word < ? LIMIT 1", word, word + _LAST
    ):
        return [word]
    if len(word) < SHORTEST:
        return []
    keys = [*sorted(deletions(word)), SOUND + sound(word)]
    known = desk.rows(
        "SELECT DISTINCT w.word FROM code_word_key k CROSS JOIN code_word w"
        f" WHERE k.key IN ({placeholders(keys)}) AND w.id = k.word_id",
        *keys,
    )
    near = closest(word, (candidate for (candidate,) in known))
    return [
        candidate for candidate, distance in near
        if distance < 2 or (candidate[0] == word[0] and abs(len(candidate) - len(word)) < 3)
    ][:_NEAR]  # fmt: skip


def _spread(found: Sequence[CodeHit], limit: int) -> tuple[CodeHit, ...]:
    """At most ``limit``, of each list its share, and no code twice."""
    by_system: dict[str, list[CodeHit]] = {}
    for hit in dict.fromkeys(found):
        by_system.setdefault(hit.system, []).append(hit)
    share = -(-limit // max(1, len(by_system)))
    first = [hit for hits in by_system.values() for hit in hits[:share]]
    rest = [hit for hits in by_system.values() for hit in hits[share:]]
    kept = {*first[:limit], *rest[: max(0, limit - len(first))]}
    return tuple(hit for hits in by_system.values() for hit in hits if hit in kept)


def _undotted(query: str) -> str:
    """``e11.4 neuro`` -> ``e114 neuro``: a code among words is looked up without its dot."""
    return " ".join(
        word.replace(".", "") if identifiers.looks_like_icd10cm(word) else word
        for word in query.split()
    )


def _stored(text: str) -> str:
    return text.strip().upper().replace(".", "")


def _shape(text: str, systems: Sequence[str]) -> tuple[str, list[str]]:
    """The code as it is stored, and the lists whose shape it has. Raises Invalid."""
    readers = {
        "icd10cm": identifiers.icd10cm, "cpt": identifiers.cpt, "hcpcs": identifiers.hcpcs,
        "taxonomy": identifiers.taxonomy, "pos": identifiers.place_of_service,
    }  # fmt: skip
    if set(systems) == set(SERVICES):
        code = identifiers.service(text)
        # 0001A is CPT and A0001 is HCPCS: the shapes never meet.
        return code, ["cpt" if identifiers.is_cpt(code) else "hcpcs"]
    return readers[systems[0]](text), list(systems[:1])


def _covers(desk: Desk, system: str, day: date) -> bool:
    [(since,)] = desk.rows("SELECT min(starts_on) FROM code_file WHERE system = ?", system)
    return since is not None and since <= day.isoformat()


def _stands(hit: CodeHit, day: date) -> bool:
    return hit.starts_on <= day and (hit.ends_on is None or hit.ends_on >= day)


def _why_not(versions: Sequence[CodeHit], day: date) -> str:
    later = [hit.starts_on for hit in versions if hit.starts_on > day]
    if later:
        return f"{versions[0].shown} begins on {min(later).isoformat()}"
    ended = max(hit.ends_on for hit in versions if hit.ends_on is not None)
    return f"{versions[0].shown} ended on {ended.isoformat()}"


def _notes_of(text: str) -> tuple[tuple[str, str], ...]:
    """The notes as stored; none where a foreign hand wrote something else."""
    try:
        stored = json.loads(text or "[]")
    except ValueError:
        return ()
    pairs = stored if isinstance(stored, list) else []
    return tuple(
        (str(one[0]), str(one[1])) for one in pairs if isinstance(one, list) and len(one) == 2
    )


def _parents(desk: Desk, hit: CodeHit, day: date) -> list[CodeHit]:
    """What stands above a diagnosis, from the chapter down."""
    if hit.system != "icd10cm":
        return []
    on = day.isoformat()
    first, _, last = hit.code.partition("-")
    last = last or first
    ranges = desk.rows(
        f"SELECT {_COLUMNS} FROM code_entry e WHERE e.system = 'icd10cm' AND e.kind = 'range'"
        f" AND substr(e.code, 1, 3) <= ? AND substr(e.code, 5, 3) >= ? AND {_ON}"
        " ORDER BY substr(e.code, 1, 3), substr(e.code, 5, 3) DESC",
        first[:3], last[:3], on, on,
    )  # fmt: skip
    shorter = [first[:size] for size in range(3, len(first))] if hit.kind != "range" else []
    above = desk.rows(
        f"SELECT {_COLUMNS} FROM code_entry e WHERE e.system = 'icd10cm' AND e.kind <> 'range'"
        f" AND e.code IN ({placeholders(shorter)}) AND {_ON} ORDER BY length(e.code)",
        *shorter, on, on,
    ) if shorter else []  # fmt: skip
    return [parent for parent in map(_hit, [*ranges, *above]) if parent.code != hit.code]


def _children(desk: Desk, hit: CodeHit, day: date) -> list[CodeHit]:
    """What stands directly below a heading: the codes with one more character, or the nearest."""
    if hit.system != "icd10cm" or hit.kind != "header":
        return []
    on = day.isoformat()
    rows = desk.rows(_BEGINNING, "icd10cm", hit.code, hit.code + _LAST, on, on, 400)
    below = [child for child in map(_hit, rows) if child.code != hit.code and child.kind != "range"]
    shortest: list[CodeHit] = []
    for child in below:
        # In the order of codes a heading stands before what it holds.
        if not any(child.code.startswith(known.code) for known in shortest):
            shortest.append(child)
    return shortest


def _similar(desk: Desk, system: str, code: str, day: date) -> str:
    """The codes that go on from what was typed, else from less of it."""
    on = day.isoformat()
    for size in range(len(code), 2, -1):
        begins = code[:size]
        rows = desk.rows(_BEGINNING, system, begins, begins + _LAST, on, on, 40)
        good = [hit for hit in map(_hit, rows) if hit.kind == "code"]
        if good:
            return _choices(good)
    return "Search it by words"


def _choices(hits: Sequence[CodeHit]) -> str:
    named = ", ".join(hit.shown for hit in hits[:_CHOICES])
    more = ", ..." if len(hits) > _CHOICES else ""
    return f"Choose: {named}{more}" if hits else "Search it by words"


def _field(system: str) -> str:
    return "diagnosis" if system == "icd10cm" else "code"


def _hit(row: Sequence[object]) -> CodeHit:
    system, code, label, kind, starts_on, ends_on, source = map(_text, row)
    return CodeHit(
        system, code, label, kind, date.fromisoformat(starts_on),
        date.fromisoformat(ends_on) if ends_on else None, source,
    )  # fmt: skip


def _text(value: object) -> str:
    return "" if value is None else str(value)


def word_of_system(system: str) -> str:
    """What people call a list."""
    return word_of(SYSTEMS, system)


def lines_of(card: CodeCard, day: date) -> list[str]:
    """A code's card in lines for people."""
    hit = card.hit
    what = {
        "code": "can be billed", "header": "a heading: it cannot be billed",
        "range": "a range of codes", "modifier": "a modifier",
    }[hit.kind]  # fmt: skip
    stands = "valid" if card.valid else "NOT VALID"
    until = f" to {hit.ends_on}" if hit.ends_on else ", no end known"
    lines = [
        f"{hit.shown}  {hit.label}",
        f"{word_of_system(hit.system)}; {what}",
        f"{stands} on {day}: from {hit.starts_on}{until}  ({card.file})",
    ]
    lines += [f"earlier: {one.starts_on} to {one.ends_on}: {one.label}" for one in card.earlier]
    lines += [f"above: {one.shown}  {one.label}" for one in card.parents]
    lines += [f"below: {one.shown}  {one.label}" for one in card.children]
    lines += [f"{kind}: {text}" for kind, text in card.notes]
    return lines
