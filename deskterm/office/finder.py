"""The finder: one line of text, and the patients it may mean.

Exact numbers come first, then who is on today's list, whom this person had open in the last two
hours, then everybody else; within each by surname, given name and birth date. What is typed is
read in every way it allows (``entry.people``), and names of any order meet names of any kind.
When nothing matches, names one typing error or a sound away are searched, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from deskterm.clock import epoch_minute
from deskterm.entry.dates import show_birth
from deskterm.entry.people import PersonQuery, parse_query
from deskterm.office.desk import Desk, placeholders
from deskterm.office.name_search import (
    ENOUGH,
    Born,
    Hit,
    Reading,
    among,
    born_on,
    readings,
    search,
    span,
)
from deskterm.office.patient_rows import PatientRow, patient_rows
from deskterm.office.recents import RECENT_HOURS, recent_ids
from deskterm.office.search_index import backwards, compact
from deskterm.office.today_list import today_list

__all__ = ["Found", "PatientRow", "find"]

LONGEST = 200  # characters that are read
_PREFERRED = 60  # of today's patients that a broad search looks at
_PHONE_SQL = """SELECT f.patient_id AS id FROM patient_phone f
    WHERE f.reversed >= ? AND f.reversed < ? AND f.ended_on IS NULL"""
_SOCIAL_SQL = """SELECT i.patient_id AS id FROM patient_identifier i
    WHERE i.tail = ? AND i.kind = 'SS' AND i.active = 1"""
_MEMBER_SQL = """SELECT c.patient_id AS id FROM coverage c
    WHERE c.member_id >= ? AND c.member_id < ?"""
# A number said as it is, by the field of the query: exact, so it comes before everything.
_EXACT_SQL = {
    "visit": "SELECT a.patient_id AS id FROM appointment a WHERE a.id = ?",
    "receipt": "SELECT m.patient_id AS id FROM payment m WHERE m.receipt = ?",
    "account": "SELECT i.patient_id AS id FROM patient_identifier i WHERE i.value = ?",
}
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Found:
    """What the finder found. ``how`` says how the text was read; ``more`` that there are others.

    With ``sounds_like`` nothing matched as typed. ``then`` is what was typed behind ``;``.
    """

    rows: tuple[PatientRow, ...] = ()
    how: str = ""
    sounds_like: bool = False
    more: bool = False
    then: str | None = None


@dataclass
class _Findings:
    """Patients found so far, best reading of each."""

    hits: dict[int, Hit] = field(default_factory=dict)
    exact: set[int] = field(default_factory=set)
    said: list[str] = field(default_factory=list)
    broad: bool = False

    def add(self, hits: Iterable[Hit], words: str, *, exact: bool = False, later: int = 0) -> bool:
        """Take in hits; True when there were any."""
        any_hits = False
        for hit in hits:
            any_hits = True
            if later:
                hit = Hit(hit.id, hit.last_key, hit.first_key, hit.birth_date, hit.rank + later)
            if hit.id not in self.hits or hit.rank < self.hits[hit.id].rank:
                self.hits[hit.id] = hit
            if exact:
                self.exact.add(hit.id)
        if any_hits and words and words not in self.said:
            self.said.append(words)
        return any_hits


def find(desk: Desk, text: str | PersonQuery, *, limit: int = 9, shown: bool = True) -> Found:
    """The patients that ``text`` may mean. Never raises for any text, only NotAllowed.

    What was searched for and who was found is noted, unless nobody is ``shown`` it.
    """
    desk.require("view_patients")
    found = _find(desk, text, limit)
    if shown and isinstance(text, str):
        desk.views.searched(text, [row.id for row in found.rows])
    return found


def _find(desk: Desk, text: str | PersonQuery, limit: int) -> Found:
    query = parse_query(text[:LONGEST], today=desk.today()) if isinstance(text, str) else text
    limit = max(1, limit)
    if query.last:
        ids = recent_ids(desk, limit=min(query.last, limit))
        how = "last patient" if query.last == 1 else f"last {query.last} patients"
        return Found(tuple(patient_rows(desk, ids)), how, then=query.then)
    if query.empty:
        return Found(then=query.then)
    names = readings(query.words, query.surname or "", query.given or "", exact=query.exact_order)
    findings = _Findings()
    _numbers(desk, query, names, findings)
    if not (names and query.birth_year):
        _tails(desk, query, names, findings)
    if names and not _filtered(query):
        _names(desk, names, findings, limit)
    elif names:
        _names_born(desk, query, names, findings, limit)
        if query.birth_year and len(findings.hits) <= limit:
            # 1482 behind a name may be a year or the end of a phone; a list full of people of
            # that year says which.
            _tails(desk, query, names, findings)
    sounds_like = False
    if not findings.hits and names:
        sounds_like = _nearly(desk, query, names, findings, limit)
    ids = _ordered(desk, findings)
    how = "; ".join(findings.said) or _read_as(query, names)
    return Found(
        tuple(patient_rows(desk, ids[:limit])),
        how,
        sounds_like,
        len(ids) > limit or findings.broad,
        query.then,
    )


def _filtered(query: PersonQuery) -> bool:
    """Whether a number narrows the names down."""
    return any(
        (query.birth_date, query.birth_year, query.phone, query.tail, query.mrn,
         query.initial_tail, query.member_id, query.account, query.visit, query.receipt)
    )  # fmt: skip


class _Taker:
    """Takes in the patients of a number: with names too, both must fit."""

    def __init__(self, desk: Desk, names: list[Reading], findings: _Findings) -> None:
        self.desk, self.findings = desk, findings
        self.readings: list[Reading | None] = [*names] or [None]

    def __call__(self, words: str, sql: str, *values: object, exact: bool = False) -> None:
        for reading in self.readings:
            found = among(self.desk, reading, Born(), sql, *values)
            if self.findings.add(found, _joined(reading, words), exact=exact):
                return


def _numbers(desk: Desk, query: PersonQuery, names: list[Reading], findings: _Findings) -> None:
    """Whole numbers: MRN, member id, identifier, visit, receipt, phone; a birth date alone."""
    take = _Taker(desk, names, findings)
    if query.mrn:
        numbers = {query.mrn, query.mrn.lstrip("0"), query.mrn.zfill(5), query.mrn.upper()}
        take(
            f"MRN {query.mrn}",
            f"SELECT id FROM patient WHERE mrn IN ({placeholders(list(numbers))})",
            *numbers,
            exact=True,
        )
    for kind, sql in _EXACT_SQL.items():
        if value := getattr(query, kind):
            number = int(value) if kind == "visit" and value.isdecimal() else value
            if not isinstance(number, int) or number <= _LARGEST_ID:
                take(f"{kind} {value}", sql, number, exact=True)
    raw = query.raw.partition(";")[0].strip()
    if any(c.isdecimal() for c in raw) and len(raw.split()) == 1:
        findings.add(
            among(desk, None, Born(), _EXACT_SQL["account"], raw), "identifier", exact=True
        )
    if query.member_id:
        for value in dict.fromkeys((query.member_id, query.member_id.upper())):
            take(f"member id {value.upper()}", _MEMBER_SQL, *span(value), exact=True)
    if digits := query.phone:
        take(f"phone ..{digits[-4:]}", _PHONE_SQL, *span(backwards(digits)))
    if query.birth_date and not names:
        findings.add(born_on(desk, None, query.birth_date), f"born {show_birth(query.birth_date)}")


def _tails(desk: Desk, query: PersonQuery, names: list[Reading], findings: _Findings) -> None:
    """The last four of a phone or social security number, alone or behind an initial."""
    take = _Taker(desk, names, findings)
    if query.tail:
        take(f"phone ..{query.tail}", _PHONE_SQL, *span(backwards(query.tail)))
        take(f"SSN ..{query.tail}", _SOCIAL_SQL, query.tail)
    if query.initial_tail:
        initial, tail = query.initial_tail
        reading = Reading(compact(initial), "")
        for words, sql, values in (
            (f"phone ..{tail}", _PHONE_SQL, span(backwards(tail))),
            (f"SSN ..{tail}", _SOCIAL_SQL, (tail,)),
        ):
            findings.add(among(desk, reading, Born(), sql, *values), f"{reading.words}, {words}")


def _names(desk: Desk, names: list[Reading], findings: _Findings, limit: int) -> None:
    """Names alone, reading by reading until there is enough to fill the list."""
    for number, reading in enumerate(names):
        hits, complete = search(desk, reading, Born(), limit)
        findings.add(hits, reading.words, later=2 * number)
        if not complete:
            findings.broad = True
            _preferred(desk, reading, Born(), findings)
        if len(findings.hits) > limit:
            return


def _names_born(
    desk: Desk, query: PersonQuery, names: list[Reading], findings: _Findings, limit: int
) -> None:
    """Names with a birth date or year."""
    for number, reading in enumerate(names):
        if query.birth_date:
            words = _joined(reading, f"born {show_birth(query.birth_date)}")
            findings.add(born_on(desk, reading, query.birth_date), words, later=2 * number)
        if query.birth_year:
            born = Born.within(query.birth_year)
            hits, complete = search(desk, reading, born, limit)
            words = _joined(reading, f"born {query.birth_year}")
            findings.add(hits, words, later=2 * number)
            if not complete:
                findings.broad = True
                _preferred(desk, reading, born, findings)
        if len(findings.hits) > limit:
            return


def _preferred(desk: Desk, reading: Reading, born: Born, findings: _Findings) -> None:
    """Of a broad search, those on today's list and those opened lately, wherever they sort."""
    today = today_list(desk).matching(reading, born, _PREFERRED)
    lately = recent_ids(desk, limit=ENOUGH, within_hours=RECENT_HOURS)
    ids = [hit.id for hit in today] if reading.more else []
    if wanted := [*ids, *lately]:
        sql = f"SELECT id FROM patient WHERE id IN ({placeholders(wanted)})"
        findings.add(among(desk, reading, born, sql, *wanted), reading.words)
    if not reading.more:
        findings.add(today, reading.words)


def _nearly(
    desk: Desk, query: PersonQuery, names: list[Reading], findings: _Findings, limit: int
) -> bool:
    """Typing errors and sounds; then the same names with another birth date."""
    from deskterm.office import near_names  # only when nothing matched

    typed = names[0].words
    if query.birth_date:
        day = query.birth_date
        findings.add(
            near_names.near_on(desk, query.words, day), f"born {show_birth(day)}, like {typed}"
        )
    elif query.birth_year:
        born = Born.within(query.birth_year)
        findings.add(
            near_names.near(desk, names, born, limit), f"born {query.birth_year}, like {typed}"
        )
    elif not _filtered(query):
        findings.add(near_names.near(desk, names, Born(), limit), f"like {typed}")
    if not findings.hits and (query.birth_date or query.birth_year):
        _names(desk, names, findings, limit)
        findings.said = [f"{typed}, another birth date"] if findings.hits else []
    return bool(findings.hits)


def _ordered(desk: Desk, findings: _Findings) -> list[int]:
    hits = findings.hits
    if not hits:
        return []
    ids = list(hits)
    if len(ids) == 1:
        return ids
    many = findings.broad or len(ids) > ENOUGH
    here = today_list(desk).ids if many else _on_today(desk, ids)
    lately = set(recent_ids(desk, limit=ENOUGH, within_hours=RECENT_HOURS))

    def key(hit: Hit) -> tuple[object, ...]:
        tier = 0 if hit.id in here else 1 if hit.id in lately else 2
        return (
            hit.id not in findings.exact, tier, hit.rank, hit.last_key, hit.first_key,
            hit.birth_date, hit.id,
        )  # fmt: skip

    return [hit.id for hit in sorted(hits.values(), key=key)]


def _on_today(desk: Desk, ids: list[int]) -> frozenset[int]:
    """Those of a few patients who are on today's list."""
    now = epoch_minute(desk.now())  # two days each way hold today in any time zone
    today = desk.today().isoformat()
    found = desk.rows(
        "SELECT a.patient_id, a.day FROM appointment a"
        f" WHERE a.patient_id IN ({placeholders(ids)}) AND a.starts_at BETWEEN ? AND ?"
        " AND a.lifecycle NOT IN ('cancelled', 'entered_in_error')",
        *ids,
        now - 2 * 1440,
        now + 2 * 1440,
    )
    return frozenset(patient_id for patient_id, day in found if day == today)


def _joined(reading: Reading | None, words: str) -> str:
    return f"{reading.words}, {words}" if reading else words


def _read_as(query: PersonQuery, names: list[Reading]) -> str:
    """How the text was read when it found nobody."""
    said = [names[0].words] if names else []
    if query.birth_date:
        said.append(f"born {show_birth(query.birth_date)}")
    elif query.birth_year:
        said.append(f"born {query.birth_year}")
    if query.mrn:
        said.append(f"MRN {query.mrn}")
    if query.phone or query.tail:
        said.append(f"phone ..{(query.phone or query.tail or '')[-4:]}")
    if query.initial_tail:
        said.append(f"{query.initial_tail[0].upper()}, phone or SSN ..{query.initial_tail[1]}")
    return ", ".join(said)
