"""Who on file may be the person about to be registered; and telling people of one name apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from deskterm.entry.dates import parse_birth_date
from deskterm.errors import Invalid
from deskterm.office.desk import Desk, placeholders
from deskterm.office.name_search import LIVING, Born, Reading, search, span
from deskterm.office.patient_card import alike_ids, facts
from deskterm.office.patient_rows import PatientRow, patient_rows
from deskterm.office.search_index import backwards, compact, sound

LIKELY = 60  # score from which somebody is shown
MOST = 9
_CANDIDATES = 200


@dataclass(frozen=True)
class LookAlike:
    """Somebody on file: how likely the same person (0 to 100), and why."""

    row: PatientRow
    score: int
    why: str


@dataclass(frozen=True)
class _Asked:
    last: str
    first: str
    born: date | None
    phone: str


def look_alikes(
    desk: Desk, *, last_name: str, first_name: str, birth_date: date | None = None, phone: str = ""
) -> list[LookAlike]:
    """People on file who may be this person, likeliest first; at most nine."""
    desk.require("view_patients")
    asked = _Asked(compact(last_name), compact(first_name), birth_date, backwards(phone))
    ids = _candidates(desk, asked)
    if not ids:
        return []
    marks = placeholders(ids)
    phones: dict[int, list[str]] = {}
    for patient_id, digits in desk.rows(
        "SELECT patient_id, reversed FROM patient_phone"
        f" WHERE patient_id IN ({marks}) AND ended_on IS NULL",
        *ids,
    ):
        phones.setdefault(patient_id, []).append(digits)
    scored = []
    for patient_id, last, first, previous, preferred, born in desk.rows(
        "SELECT p.id, p.last_key, p.first_key, p.previous_last_name, p.preferred_name,"
        f" p.birth_date FROM patient p WHERE p.id IN ({marks}) AND {LIVING}",
        *ids,
    ):
        score, why = _score(
            asked,
            [last, compact(previous)],
            [first, compact(preferred)],
            date.fromisoformat(born),
            phones.get(patient_id, []),
        )
        if score >= LIKELY:
            scored.append((-score, patient_id, why))
    best = sorted(scored)[:MOST]
    shown = {row.id: row for row in patient_rows(desk, [found for _, found, _ in best])}
    return [LookAlike(shown[found], -score, why) for score, found, why in best]


def transposed(born: date) -> set[date]:
    """The days that two swapped digits, or month and day swapped, make of ``born``."""
    digits = f"{born:%m%d}{born.year:04}"
    forms = {digits[2:4] + digits[:2] + digits[4:]}
    for at in range(len(digits) - 1):
        forms.add(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :])
    days = set()
    for form in forms:
        try:
            days.add(date(int(form[4:]), int(form[:2]), int(form[2:4])))
        except ValueError:
            continue
    return days - {born}


def check_identity(desk: Desk, patient_id: int, typed: str) -> None:
    """Check the birth date that somebody says: ``0314``, ``031482`` or any full birth date.

    Raises Invalid (field ``identity``) when it is not this patient's (``mismatch`` among its
    details), and when people alike share the day, so that the year is needed.
    """
    who = facts(desk, patient_id)
    said = typed.strip()
    if short := re.fullmatch(r"([0-9]{1,2})[-/.]([0-9]{1,2})|([0-9]{2})([0-9]{2})", said):
        month, day = int(short[1] or short[3]), int(short[2] or short[4])
        if (month, day) != (who.birth_date.month, who.birth_date.day):
            raise _mismatch()
        others = alike_ids(desk, patient_id)
        if others and desk.rows(
            f"SELECT 1 FROM patient WHERE id IN ({placeholders(others)}) AND birth_day = ? LIMIT 1",
            *others,
            month * 100 + day,
        ):
            raise Invalid(
                "the year too: another of this name has that day", "As in 031482", field="identity"
            )
        return
    try:
        born = parse_birth_date(said, today=desk.today(), order=desk.settings.policy.date_order)
    except Invalid as error:
        raise Invalid(error.message, error.hint, field="identity") from None
    if born != who.birth_date:
        raise _mismatch()


def _mismatch() -> Invalid:
    """Without the dates: what an error says may be printed or logged. The screen shows them."""
    return Invalid(
        "That is not the birth date on file",
        "Another patient? F2 finds the others of this name",
        field="identity",
        mismatch=True,
    )


def _candidates(desk: Desk, asked: _Asked) -> list[int]:
    from deskterm.office import near_names  # only when somebody is registered

    found: dict[int, None] = {}
    if asked.last:
        reading = Reading(asked.last, asked.first)
        for names in (reading, Reading(asked.first, asked.last)):
            exact, _ = search(desk, names, Born(), MOST)
            found.update((hit.id, None) for hit in exact)
        close = near_names.near(desk, [reading], Born(), MOST)
        close.sort(key=lambda hit: hit.rank)
        found.update((hit.id, None) for hit in close)
    if asked.born:
        days = [asked.born, *sorted(transposed(asked.born))]
        for day in days:
            for hit in near_names.near_on(desk, (asked.last, asked.first), day):
                found[hit.id] = None
    if len(asked.phone) >= 7:
        for (patient_id,) in desk.rows(
            "SELECT patient_id FROM patient_phone WHERE reversed >= ? AND reversed < ?"
            " AND ended_on IS NULL LIMIT 50",
            *span(asked.phone),
        ):
            found[patient_id] = None
    return list(found)[: 4 * _CANDIDATES]


def _score(
    asked: _Asked, lasts: list[str], firsts: list[str], born: date, phones: list[str]
) -> tuple[int, str]:
    """Surname 35, given name 25, birth date 40; without a birth date the names weigh all.

    An equal phone adds 15. Reversed names count as names.
    """
    straight = _names(asked.last, lasts), _names(asked.first, firsts)
    turned = _names(asked.last, firsts), _names(asked.first, lasts)
    (last, last_why), (first, first_why) = max(straight, turned, key=lambda s: s[0][0] + s[1][0])
    why = [f"surname {last_why}", f"given name {first_why}"]
    score = 35 * last + 25 * first
    if asked.born is None:
        score *= 100 / 60
    else:
        likeness, said = _days(asked.born, born)
        score += 40 * likeness
        why.append(said)
    if asked.phone and any(phone.startswith(asked.phone) for phone in phones):
        score += 15
        why.append("same phone")
    return min(100, round(score)), ", ".join(part for part in why if not part.endswith("differs"))


def _names(asked: str, known: list[str]) -> tuple[float, str]:
    from rapidfuzz.distance import JaroWinkler

    best: tuple[float, str] = (0.0, "differs")
    for name in filter(None, known):
        if name == asked:
            return 1.0, "same"
        if not asked:
            continue
        likeness = JaroWinkler.similarity(asked, name)
        if sound(name) == sound(asked):
            best = max(best, (max(likeness, 0.9), "sounds alike"))
        elif likeness >= 0.85:
            best = max(best, (likeness, "similar"))
        elif len(asked) > 1 and (name.startswith(asked) or asked.startswith(name)):
            best = max(best, (0.7, "similar"))
    return best


def _days(asked: date, known: date) -> tuple[float, str]:
    if asked == known:
        return 1.0, "same birth date"
    if known in transposed(asked):
        return 0.8, "birth date with digits swapped"
    same = sum((asked.year == known.year, asked.month == known.month, asked.day == known.day))
    if same == 2:
        return 0.5, "birth date close"
    return 0.0, "birth date differs"
