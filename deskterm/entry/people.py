"""What a clerk types to find a person: parts of a name, a birth date, a phone, a number.

Digits often have several readings (``031482`` may be a birth date or a record number). All of
them are filled in, and the finder tries them all. No text whatever is an error here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from deskterm.entry.dateparts import EARLIEST_YEAR
from deskterm.entry.dates import parse_birth_date
from deskterm.errors import Invalid
from deskterm.text import fold

LAST_NINE = 9
_LONGEST_TEXT = 200  # characters that are read; a finder has no use for more
_LONGEST_NUMBER = 20  # digits


@dataclass(frozen=True)
class PersonQuery:
    """A finder's text, taken apart. Names are folded; numbers are as typed.

    With ``exact_order`` (a comma was typed) ``surname`` and ``given`` are that; without it they
    are the likelier order, and ``words`` may be tried in any order. ``tail`` is the last four of
    a phone or other number; ``initial_tail`` a surname's initial with it; ``last`` how many of
    the last patients are asked for (``.`` and ``..``); ``then`` what to do once one is found.
    ``topic`` and ``topic_text`` name a list and what to find on it: ``doc``, ``ref``, or, after
    ``>``, any other.
    """

    raw: str = ""
    surname: str | None = None
    given: str | None = None
    words: tuple[str, ...] = ()
    exact_order: bool = False
    birth_date: date | None = None
    birth_year: int | None = None
    phone: str | None = None
    tail: str | None = None
    initial_tail: tuple[str, str] | None = None
    mrn: str | None = None
    member_id: str | None = None
    account: str | None = None
    visit: str | None = None
    request: str | None = None
    receipt: str | None = None
    card: str | None = None
    topic: str | None = None
    topic_text: str | None = None
    last: int = 0
    then: str | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to look for."""
        return self == PersonQuery(raw=self.raw, then=self.then)


def parse_query(text: str, *, today: date) -> PersonQuery:
    """The readings of ``text``. Never raises."""
    raw = text
    typed = text[:_LONGEST_TEXT].strip()
    if typed[:1] in ("%", ";"):
        return PersonQuery(raw=raw, card=typed)
    typed, semicolon, after = typed.partition(";")
    query = PersonQuery(raw=raw, then=after.strip() or None if semicolon else None)
    typed = typed.strip()
    if typed in (".", ".."):
        return replace(query, last=1 if typed == "." else LAST_NINE)
    if listed := _on_a_list(typed):
        topic, wanted, only = listed
        query = replace(query, topic=topic, topic_text=wanted)
        if only:
            return query
    found, rest = _take_numbers(typed, today)
    return replace(query, **found, **_names(rest))


_LISTS = ("doc", "ref")


def _on_a_list(typed: str) -> tuple[str, str, bool] | None:
    """List, text, and whether it can be nothing else (``>``); None if no list is named."""
    only = typed.startswith(">")
    name, _, wanted = typed.removeprefix(">").strip().partition(" ")
    if name and (only or (wanted and name.lower() in _LISTS)):
        return name.lower(), wanted.strip(), only
    return None


# a number whose kind is said: #10482 mrn:10482 mid:W1234 acct:77 enc:5 R-118 R-260318-031
_SAID = re.compile(
    r"(?<!\S)(?:#\s?(?P<mrn>[\w-]+)|mrn:\s?(?P<mrn2>[\w-]+)|mid:\s?(?P<member_id>[\w-]+)"
    r"|acct:\s?(?P<account>[\w-]+)|enc:\s?(?P<visit>[\w-]+)"
    r"|(?P<receipt>r-[0-9]{6}-[0-9]+)|(?P<request>r-[0-9]+))(?![\w-])",
    re.IGNORECASE,
)
# birth dates that cannot be anything else: with separators, or with a month's name
_WRITTEN_DATE = re.compile(
    r"(?<![\w./-])(?:[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4}"
    r"|[0-9]{1,2}[ -]?[a-z]{3,9}\.?[ ,-]*(?:[0-9]{4}|[0-9]{2})"
    r"|[a-z]{3,9}\.? ?[0-9]{1,2}(?:, ?| )(?:[0-9]{4}|[0-9]{2}))(?![\w/-])",
    re.IGNORECASE,
)
_WRITTEN_PHONE = re.compile(
    r"(?<![\w+])(?:\+?1[-. ]?)?(?:\([0-9]{3}\)[-. ]?|[0-9]{3}[-. ])?[0-9]{3}[-. ][0-9]{4}(?![\w-])"
    r"|\+[0-9]{8,15}(?!\w)"
    r"|\([0-9]{3}\)\s?[0-9]{7}(?!\w)"
)
_INITIAL_TAIL = re.compile(r"(?<!\S)([^\W\d_])([0-9]{4})(?![\w-])")
_DIGITS = re.compile(r"(?<![^\s,])[0-9]+(?![^\s,])")


def _take_numbers(typed: str, today: date) -> tuple[dict[str, Any], str]:
    """The numbers in ``typed``, by the field of PersonQuery, and the text without them."""
    found: dict[str, Any] = {}
    rest = typed
    if said := _SAID.search(rest):
        found.update((name.rstrip("2"), value) for name, value in said.groupdict().items() if value)
        for name in {"receipt", "request"} & found.keys():
            found[name] = str(found[name]).upper()
        rest = _without(rest, said)
    for written in _WRITTEN_DATE.finditer(rest):
        if (born := _birth_date(written[0], today)) is not None:
            found["birth_date"] = born
            rest = _without(rest, written)
            break
    if phone := _WRITTEN_PHONE.search(rest):
        found["phone"] = _phone_digits(phone[0])
        rest = _without(rest, phone)
    if initial := _INITIAL_TAIL.search(rest):
        found["initial_tail"] = (fold(initial[1]), initial[2])
        rest = _without(rest, initial)
    named = re.search(r"[^\W\d_]", rest) is not None
    for digits in _DIGITS.findall(rest):
        for name, value in _readings(digits, named, today):
            found.setdefault(name, value)
    return found, _DIGITS.sub(" ", rest)


def _without(text: str, part: re.Match[str]) -> str:
    return f"{text[: part.start()]} {text[part.end() :]}"


def _readings(digits: str, named: bool, today: date) -> Iterator[tuple[str, Any]]:
    """Every field that bare ``digits`` may mean; ``named`` if a name is typed as well."""
    if len(digits) in (6, 8) and (born := _birth_date(digits, today)):
        yield "birth_date", born
    if len(digits) in (7, 10) or (len(digits) == 11 and digits.startswith("1")):
        yield "phone", _phone_digits(digits)
    if len(digits) == 4:
        yield "tail", digits
    if named and (year := _birth_year(digits, today)) is not None:
        yield "birth_year", year
    if not (named and len(digits) == 2) and len(digits) <= _LONGEST_NUMBER:
        yield "mrn", digits


def _birth_date(typed: str, today: date) -> date | None:
    try:
        return parse_birth_date(typed, today=today)
    except Invalid:
        return None


def _birth_year(digits: str, today: date) -> int | None:
    if len(digits) == 2:
        year = today.year // 100 * 100 + int(digits)
        return year if year <= today.year else year - 100
    if len(digits) == 4 and EARLIEST_YEAR <= int(digits) <= today.year:
        return int(digits)
    return None


def _phone_digits(typed: str) -> str:
    """The digits of a phone, without the 1 that North American numbers may begin with."""
    digits = re.sub(r"\D", "", typed)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


def _names(typed: str) -> dict[str, Any]:
    """Surname and given name, in the order typed (a comma settles it), and all the words."""
    before, comma, after = typed.partition(",")
    first, second = fold(before), fold(after.replace(",", " "))
    words = tuple(f"{first} {second}".split())
    if not words:
        return {}
    if comma and (second or before.strip()):
        return {
            "surname": first or None,
            "given": second or None,
            "words": words,
            "exact_order": True,
        }
    return {"surname": words[0], "given": " ".join(words[1:]) or None, "words": words}
