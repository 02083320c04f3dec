"""What eligibility (271) and authorization (278) answers share: parties, dates, rejections."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.segments import Problem, Segment

# What X12 writes for a number: no exponent, no thousands, at most 15 digits before the point.
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,9})?|\.[0-9]{1,9})")
_MOST_CENTS = 10**12
# Rejections above the people that each of them repeats; the answer itself keeps all.
MOST_ABOVE = 20


@dataclass(frozen=True, slots=True)
class Rejection:
    """An AAA: ``level`` is whose data was refused; ``what`` and ``do`` are words for a clerk."""

    code: str
    follow_up: str
    level: str
    what: str
    do: str
    position: int

    @property
    def transient(self) -> bool:
        """Whether asking again later may work without a correction."""
        return self.code in code_words.TRANSIENT


@dataclass(frozen=True, slots=True)
class Dated:
    """A date or range of a plan, benefit or authorization; ``raw`` when it is neither."""

    qualifier: str
    first: date | None
    last: date | None
    raw: str

    @property
    def words(self) -> str:
        return code_words.word(code_words.DATES, self.qualifier)


@dataclass(frozen=True, slots=True)
class Reference:
    """A REF: its qualifier, number and text."""

    qualifier: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody named: the payer, the provider who asked, or one that a line names."""

    role: str
    name: str
    id_qualifier: str = ""
    number: str = ""
    address: str = ""
    contacts: tuple[str, ...] = ()
    taxonomy: str = ""


@dataclass
class Entity:
    """Names and addresses while they are read. ``parts``: last, first, middle name, suffix."""

    role: str
    name: str = ""
    qualifier: str = ""
    number: str = ""
    parts: tuple[str, str, str, str] = ("", "", "", "")
    address: list[str] = field(default_factory=list)
    contacts: list[str] = field(default_factory=list)
    taxonomy: str = ""

    def take(self, segment: Segment) -> bool:
        """Take N3, N4, PER or PRV; False when it is another."""
        name = segment.elements[0]
        if name == "N3":
            self.address += [x for x in (segment[1], segment[2]) if x]
        elif name == "N4":
            self.address.append(" ".join(x for x in (segment[1], segment[2], segment[3]) if x))
        elif name == "PER":
            numbers = [segment[n] for n in (4, 6, 8) if segment[n]]
            self.contacts.append(" ".join(x for x in (segment[2], *numbers) if x))
        elif name == "PRV":
            self.taxonomy = segment[3]
        else:
            return False
        return True

    def party(self) -> Party:
        return Party(
            self.role, self.name, self.qualifier, self.number, ", ".join(self.address),
            tuple(self.contacts), self.taxonomy,
        )  # fmt: skip


def name_line(last: str, first: str, middle: str, suffix: str) -> str:
    """A person's name, family name first."""
    given = " ".join(x for x in (first, middle, suffix) if x)
    return ", ".join(x for x in (last, given) if x)


def rejection(segment: Segment, level: str) -> Rejection:
    """What an AAA says."""
    code, follow_up = segment[3], segment[4]
    what, do = code_words.rejection(code, follow_up)
    return Rejection(code, follow_up, level, what, do, segment.position)


class Faults:
    """The faults of one transaction, as they are met."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(self, segment: Segment, text: str) -> None:
        name = segment.elements[0]
        self.problems.append(Problem(name, segment.position, f"{name}: {text}"))

    def entity(self, segment: Segment) -> Entity:
        """Whom an NM1 names: a person's given names first, an organization's as it is."""
        last, first, middle, suffix = segment[3], segment[4], segment[5], segment[7]
        name = " ".join(x for x in (first, middle, last, suffix) if x)
        if segment[2] == "2" and name != last:
            self.note(segment, "an organization with the names of a person")
            name = last
        return Entity(segment[1], name, segment[8], segment[9], (last, first, middle, suffix))

    def dated(self, segment: Segment) -> Dated:
        """The date or range of a DTP."""
        raw = segment[3]
        first, _, last = raw.partition("-")
        begins = day(first[:8] if segment[2] == "DT" else first)
        ends = day(last) if last else begins
        if begins is None or ends is None:
            self.note(segment, "not a date")
        return Dated(segment[1], begins, ends, raw)

    def number(self, segment: Segment, index: int) -> Decimal | None:
        """Element ``index`` as a number; None when it is empty, or noted as none."""
        text = segment[index]
        if not text:
            return None
        if _NUMBER.fullmatch(text) is None:
            self.note(segment, f"{segment.elements[0]}{index:02} is not a number")
            return None
        return Decimal(text)

    def cents(self, segment: Segment, index: int) -> int | None:
        """Element ``index`` as an amount in cents; None when it is empty, or noted as none."""
        value = self.number(segment, index)
        if value is None:
            return None
        cents = value * 100
        if cents != cents.to_integral_value() or abs(cents) > _MOST_CENTS:
            self.note(segment, f"{segment.elements[0]}{index:02} is not an amount")
            return None
        return int(cents)


def day(text: str) -> date | None:
    """CCYYMMDD as a date; None for anything else."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def sure(above: Iterable[Rejection]) -> tuple[Rejection, ...]:
    """The rejections of payer and provider that stand for each person below them."""
    return tuple(above)[:MOST_ABOVE]
