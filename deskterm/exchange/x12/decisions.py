"""What a payer decided on a referral or authorization, as values.

Each patient event and each service line keeps its own decision: a payer may approve three lines
of five. The raw decision code stays beside its words, because payers and public sources do not
agree on them (domain.md 2.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.parts import Dated, Party, Reference, Rejection, name_line
from deskterm.exchange.x12.segments import Problem

# Which date says how long a decision holds, the best first; then when it was to happen.
_VALID_FROM = ("007", "AAH", "472", "435")
_VALID_UNTIL = ("036", "007", "AAH", "472", "096")


@dataclass(frozen=True, slots=True)
class Decision:
    """An HCR: ``code`` as it came, ``number`` the payer's certification number."""

    code: str
    number: str
    reasons: tuple[str, ...]
    second_opinion: bool
    position: int
    raw: str

    @property
    def state(self) -> str:
        """``approved``, ``partial``, ``modified``, ``denied``, ``pended``, ``cancelled``,
        ``call``, ``not_needed`` or ``unknown``."""
        return code_words.decision(self.code)[0]

    @property
    def words(self) -> str:
        """The decision and its reasons for a clerk."""
        text = code_words.decision(self.code)[1]
        reasons = "; ".join(code_words.reason(r) for r in self.reasons)
        return f"{text}: {reasons}" if reasons else text


@dataclass(frozen=True, slots=True)
class Trace:
    """A TRN: ``kind`` 2 is the number that we sent, 1 the payer's own."""

    kind: str
    number: str
    originator: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A code with its list (BF 41090, HC 33510). ``parts``: a procedure's modifiers, or the
    format and date of a diagnosis."""

    kind: str
    code: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Amount:
    """An HSD: ``quantity`` of ``unit`` (VS visits, DY days), ``each`` week and so on."""

    unit: str
    quantity: Decimal | None
    each: str
    period: str
    periods: Decimal | None
    raw: str

    @property
    def words(self) -> str:
        return code_words.word(code_words.UNITS, self.unit)


@dataclass(frozen=True, slots=True)
class Review:
    """What was decided on one patient event or one service line (``kind``).

    ``units`` and ``unit`` are those of the line itself (SV1, SV2), ``amounts`` the HSDs.
    """

    kind: str
    position: int
    category: str
    certification: str
    service_type: str
    place: str
    level: str
    decisions: tuple[Decision, ...]
    traces: tuple[Trace, ...]
    dates: tuple[Dated, ...]
    references: tuple[Reference, ...]
    diagnoses: tuple[Coded, ...]
    procedure: Coded | None
    unit: str
    units: Decimal | None
    amounts: tuple[Amount, ...]
    rejections: tuple[Rejection, ...]
    messages: tuple[str, ...]
    parties: tuple[Party, ...]
    attachments: tuple[str, ...]
    others: tuple[str, ...]
    services: tuple[Review, ...] = ()
    from_event: Decision | None = None

    @property
    def decision(self) -> Decision | None:
        """The last HCR. A line that has none, nor a rejection, shares its event's (from_event)."""
        if self.decisions:
            return self.decisions[-1]
        return None if self.rejections else self.from_event

    @property
    def state(self) -> str:
        """The decision's state, ``rejected`` when there is only a rejection, or ``unknown``."""
        decision = self.decision
        if decision is not None:
            return decision.state
        return "rejected" if self.rejections else "unknown"

    @property
    def administrative(self) -> str:
        """The payer's reference for a request that is not decided yet (REF NT)."""
        return next((r.number for r in self.references if r.qualifier == "NT"), "")

    @property
    def valid(self) -> tuple[date | None, date | None]:
        """The first and last day the decision is for, as far as the answer says."""
        first = last = None
        known = {d.qualifier: d for d in reversed(self.dates) if d.first and d.last}
        for qualifier in _VALID_FROM:
            if first is None and qualifier in known:
                first = known[qualifier].first
        for qualifier in _VALID_UNTIL:
            # A single day in 007 is the day it begins, not the only one.
            if last is None and qualifier in known:
                found = known[qualifier]
                if qualifier != "007" or found.first != found.last:
                    last = found.last
        return first, last


@dataclass(frozen=True, slots=True)
class Patient:
    """A subscriber or dependent as the payer has them on file."""

    role: str
    last_name: str
    first_name: str
    middle_name: str
    suffix: str
    member_id: str
    birth_date: date | None
    sex: str
    relationship: str
    traces: tuple[Trace, ...]
    references: tuple[Reference, ...]
    address: str
    rejections: tuple[Rejection, ...]
    others: tuple[str, ...]
    position: int

    @property
    def name(self) -> str:
        """Family name first."""
        return name_line(self.last_name, self.first_name, self.middle_name, self.suffix)


@dataclass(frozen=True, slots=True)
class AuthorizationAnswer:
    """One 278: who answered whom, on which patient, with a decision for each event and line.

    ``purpose`` is BHT02 (11 an answer, 18 a status), ``kind`` BHT06. ``reviews`` are the events,
    their lines below them; a line without an event stands beside them. ``rejections`` are those
    of payer and requester; ``raw`` is the whole text up to the SE.
    """

    payer: Party
    requester: Party
    reference: str
    purpose: str
    kind: str
    made_on: date | None
    version: str
    control: str
    interchange: str
    test: bool
    people: tuple[Patient, ...]
    reviews: tuple[Review, ...]
    rejections: tuple[Rejection, ...]
    others: tuple[str, ...]
    raw: str = ""

    @property
    def more_follows(self) -> bool:
        """Whether the payer says that another answer will come (BHT06 19)."""
        return self.kind == "19"

    @property
    def patient(self) -> Patient | None:
        """The dependent, or the subscriber where there is none."""
        return self.people[-1] if self.people else None

    @property
    def traces(self) -> tuple[Trace, ...]:
        """Every trace number, those of people first."""
        found = [t for person in self.people for t in person.traces]
        for review in self.reviews:
            found += review.traces
            found += [t for service in review.services for t in service.traces]
        return tuple(found)

    @property
    def all_rejections(self) -> tuple[Rejection, ...]:
        """The rejections of every level in the order of the file."""
        found = list(self.rejections)
        for person in self.people:
            found += person.rejections
        for review in self.reviews:
            found += review.rejections
            for service in review.services:
                found += service.rejections
        return tuple(sorted(found, key=lambda r: r.position))


@dataclass(frozen=True, slots=True)
class AuthorizationAnswers:
    """What a file holds. ``refused``: a sentence for each 999 or TA1 that refuses."""

    answers: tuple[AuthorizationAnswer, ...]
    problems: tuple[Problem, ...]
    refused: tuple[str, ...] = ()
