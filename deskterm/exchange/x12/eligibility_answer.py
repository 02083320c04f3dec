"""An eligibility answer (271) as a payer sent it: who, each benefit line, each rejection.

Nothing is summed and nothing dropped: each EB keeps its line number, its segment, its messages
and its raw text, so that whoever quotes a figure can say where it stands. Works on 005010X279A1
and on the older 4010 that some payers still answer with.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from deskterm.exchange.x12 import acknowledgments, code_words
from deskterm.exchange.x12.parts import (
    Dated,
    Entity,
    Faults,
    Party,
    Reference,
    Rejection,
    day,
    name_line,
    rejection,
    sure,
)
from deskterm.exchange.x12.segments import (
    Interchange,
    Problem,
    Segment,
    Transaction,
)

__all__ = [
    "PEOPLE", "Answer", "Answers", "Benefit", "Dated", "Party", "Person", "Reference", "Rejection",
    "read_answers",
]  # fmt: skip

# HL03: whose part of the answer begins.
_ROLES = {"20": "source", "21": "receiver", "22": "subscriber", "23": "dependent"}
PEOPLE = ("subscriber", "dependent")
# An amount that stands for "no limit" in the answers of several payers.
UNLIMITED_CENTS = (9_999_999, 99_999_999, 999_999_999)


@dataclass(frozen=True, slots=True)
class Benefit:
    """One EB with what hangs on it. ``line`` counts the person's EBs from 1.

    ``amount_cents`` and ``share`` (hundredths of a percent) are None when not given or not
    numbers; ``raw`` is the segment as it came.
    """

    line: int
    position: int
    code: str
    level: str
    services: tuple[str, ...]
    insurance: str
    plan: str
    period: str
    amount_cents: int | None
    share: int | None
    quantity_kind: str
    quantity: Decimal | None
    authorization: str
    network: str
    procedure: str
    messages: tuple[str, ...]
    dates: tuple[Dated, ...]
    references: tuple[Reference, ...]
    details: tuple[str, ...]
    parties: tuple[Party, ...]
    raw: str

    @property
    def unlimited(self) -> bool:
        """Whether the amount stands for no limit at all."""
        return self.amount_cents in UNLIMITED_CENTS


@dataclass(frozen=True, slots=True)
class Person:
    """A subscriber or dependent of the answer, as the payer has them on file."""

    role: str
    last_name: str
    first_name: str
    middle_name: str
    suffix: str
    member_id: str
    birth_date: date | None
    sex: str
    relationship: str
    changed: bool
    traces: tuple[str, ...]
    dates: tuple[Dated, ...]
    references: tuple[Reference, ...]
    address: str
    benefits: tuple[Benefit, ...]
    rejections: tuple[Rejection, ...]
    others: tuple[str, ...]
    position: int

    @property
    def name(self) -> str:
        """Family name first."""
        return name_line(self.last_name, self.first_name, self.middle_name, self.suffix)

    @property
    def status(self) -> str:
        """``active``, ``inactive``, ``issue``, ``unable`` or ``unknown``.

        From the lines on the whole plan (service 30, or none named); the others only where there
        is no such line. Both kinds, one under investigation, or a rejection beside an active
        line are an issue; a rejection alone means that it could not be verified.
        """
        lines = [b for b in self.benefits if b.code in _STATUS_CODES]
        whole = [b for b in lines if not b.services or "30" in b.services]
        codes = {b.code for b in whole or lines}
        if not codes:
            return "unable" if self.rejections else "unknown"
        active = codes & code_words.ACTIVE
        if active and (codes & code_words.INACTIVE or "5" in active or self.rejections):
            return "issue"
        return "active" if active else "inactive"


_STATUS_CODES = code_words.ACTIVE | code_words.INACTIVE


@dataclass(frozen=True, slots=True)
class Answer:
    """One 271: who answered whom, about which people.

    ``others``: what stood above them, raw. ``raw`` is the whole text up to the SE.
    """

    payer: Party
    receiver: Party
    reference: str
    made_on: date | None
    version: str
    control: str
    interchange: str
    test: bool
    people: tuple[Person, ...]
    rejections: tuple[Rejection, ...]
    others: tuple[str, ...] = ()
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a file holds. ``refused``: a sentence for each 999 or TA1 that refuses."""

    answers: tuple[Answer, ...]
    problems: tuple[Problem, ...]
    refused: tuple[str, ...] = ()


def read_answers(data: bytes | str) -> Answers:
    """Every 271 of a file. Raises Refused: not X12, cut short, or another kind of transaction."""
    answers: list[Answer] = []
    problems: list[Problem] = []
    refused: list[str] = []
    for interchange, transaction in acknowledgments.answers_in(
        data, "271", "an eligibility answer", problems, refused
    ):
        reader = _Reader(interchange, transaction)
        answers.append(reader.run())
        problems.extend(reader.problems)
    return Answers(tuple(answers), tuple(problems), tuple(refused))


@dataclass
class _Line:
    """A benefit while it is read."""

    segment: Segment
    messages: list[str] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    parties: list[Entity] = field(default_factory=list)


@dataclass
class _Human:
    """A person while the answer is read."""

    role: str
    position: int
    entity: Entity
    named: bool = False
    birth_date: date | None = None
    sex: str = ""
    relationship: str = ""
    changed: bool = False
    traces: list[str] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    lines: list[_Line] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


class _Reader(Faults):
    """Walks one transaction."""

    def __init__(self, interchange: Interchange, transaction: Transaction) -> None:
        super().__init__()
        self.interchange = interchange
        self.transaction = transaction
        self.people: list[_Human] = []
        self.above: list[Rejection] = []
        self.source = Entity("source")
        self.receiver = Entity("receiver")
        self.level = ""
        self.human: _Human | None = None
        self.line: _Line | None = None
        self.related: Entity | None = None
        self.in_loop = False
        self.reference = ""
        self.made_on: date | None = None
        self.others: list[str] = []

    def run(self) -> Answer:
        for segment in self.transaction.segments:
            self._take(segment)
        if self.in_loop:
            last = self.transaction.segments[-1].position
            self.problems.append(Problem("LS", last, "LS: a loop was opened and not closed"))
        above = sure(self.above)
        return Answer(
            payer=self.source.party(), receiver=self.receiver.party(), reference=self.reference,
            made_on=self.made_on, version=self.transaction.version,
            control=self.transaction.control, interchange=self.interchange.control,
            test=self.interchange.test,
            people=tuple(self._person(human, above) for human in self.people),
            rejections=tuple(self.above), others=tuple(self.others), raw=self._whole(),
        )  # fmt: skip

    def _whole(self) -> str:
        """The transaction's own text, one segment to a line."""
        element, end = self.interchange.element, self.interchange.terminator.strip() or "~"
        segments = (self.transaction.opened, *self.transaction.segments)
        return "".join(f"{element.join(s.elements).strip()}{end}\n" for s in segments)

    def _take(self, segment: Segment) -> None:
        name = segment.elements[0]
        if name == "EB":
            self._benefit(segment)
        elif name == "HL":
            self._hl(segment)
        elif name == "NM1":
            self._name(segment)
        elif name == "AAA":
            self._rejection(segment)
        elif name == "BHT":
            self.reference = segment[3]
            self.made_on = day(segment[4])
        elif name in ("LS", "LE"):
            self._loop(segment, opened=name == "LS")
        elif self.human is None:
            party = self.receiver if self.level == "receiver" else self.source
            if not party.take(segment):
                self.others.append(self._raw(segment))
        elif self.line is not None:
            self._detail(self.line, segment)
        else:
            self._about(self.human, segment)

    def _hl(self, segment: Segment) -> None:
        role = _ROLES.get(segment[3])
        if role is None:
            self.note(segment, "a level that an eligibility answer does not have")
            role = "dependent" if self.human else "source"
        self.level = role
        self._leave_loop(segment)
        self.line = self.related = None
        self.human = None
        if role in PEOPLE:
            self._human(role, segment)

    def _human(self, role: str, segment: Segment) -> _Human:
        self.human = _Human(role, segment.position, Entity(role))
        self.people.append(self.human)
        return self.human

    def _name(self, segment: Segment) -> None:
        named = self.entity(segment)
        if self.line is not None:
            self.related = named
            self.line.parties.append(named)
        elif self.human is not None:
            if not self.human.named:
                named.address = self.human.entity.address
                self.human.entity, self.human.named = named, True
            else:
                self.human.others.append(self._raw(segment))
        elif self.level == "receiver":
            self.receiver = named
        elif segment[1] in ("IL", "03", "QC"):
            # Some answers leave the HL out.
            self.note(segment, "a person without an HL")
            human = self._human("dependent" if segment[1] == "03" else "subscriber", segment)
            human.entity, human.named = named, True
        else:
            self.source = named

    def _loop(self, segment: Segment, *, opened: bool) -> None:
        if opened and self.in_loop:
            self.note(segment, "a loop inside a loop")
        if not opened and not self.in_loop:
            self.note(segment, "a loop is closed that was not opened")
        self.in_loop = opened
        if not opened:
            self.related = None

    def _rejection(self, segment: Segment) -> None:
        level = "benefit" if self.line is not None else self.level or "source"
        found = rejection(segment, level)
        (self.human.rejections if self.human else self.above).append(found)

    def _benefit(self, segment: Segment) -> None:
        human = self.human
        if human is None:
            self.note(segment, "a benefit before any person")
            human = self._human("subscriber", segment)
        self.line, self.related = _Line(segment), None
        human.lines.append(self.line)
        self._leave_loop(segment)

    def _leave_loop(self, segment: Segment) -> None:
        if self.in_loop:
            self.note(segment, "a loop was opened and not closed")
            self.in_loop = False

    def _detail(self, line: _Line, segment: Segment) -> None:
        name = segment.elements[0]
        if self.related is not None and self.related.take(segment):
            return
        if name == "MSG":
            line.messages.append(segment[1])
        elif name == "DTP":
            line.dates.append(self.dated(segment))
        elif name == "REF":
            line.references.append(Reference(segment[1], segment[2], segment[3]))
        else:
            if name == "III" and segment[4]:
                line.messages.append(segment[4])
            line.details.append(self._raw(segment))

    def _about(self, human: _Human, segment: Segment) -> None:
        name = segment.elements[0]
        if name == "DMG":
            human.birth_date = day(segment[2])
            human.sex = segment[3]
            if segment[2] and human.birth_date is None:
                self.note(segment, "not a birth date")
                human.others.append(self._raw(segment))
        elif name == "INS":
            human.relationship = segment[2]
            # INS03 001, INS04 25: the payer changed what was asked to what it has on file.
            human.changed = human.changed or (segment[3], segment[4]) == ("001", "25")
            if any(segment.elements[5:]):
                human.others.append(self._raw(segment))
        elif name == "TRN":
            human.traces.append(segment[2])
        elif name == "DTP":
            human.dates.append(self.dated(segment))
        elif name == "REF":
            human.references.append(Reference(segment[1], segment[2], segment[3]))
        elif name not in ("N3", "N4") or not human.entity.take(segment):
            human.others.append(self._raw(segment))

    def _person(self, human: _Human, above: tuple[Rejection, ...]) -> Person:
        known = human.entity
        last, first, middle, suffix = known.parts
        return Person(
            role=human.role, last_name=last, first_name=first, middle_name=middle, suffix=suffix,
            member_id=known.number, birth_date=human.birth_date, sex=human.sex,
            relationship=human.relationship, changed=human.changed, traces=tuple(human.traces),
            dates=tuple(human.dates), references=tuple(human.references),
            address=", ".join(known.address),
            benefits=tuple(self._line(n, line) for n, line in enumerate(human.lines, start=1)),
            rejections=(*above, *human.rejections), others=tuple(human.others),
            position=human.position,
        )  # fmt: skip

    def _line(self, number: int, line: _Line) -> Benefit:
        segment = line.segment
        eb = segment.padded(13)
        return Benefit(
            number, segment.position, eb[1], eb[2], tuple(self.interchange.codes(eb[3])), eb[4],
            eb[5], eb[6], self.cents(segment, 7) if eb[7] else None,
            self._share(segment) if eb[8] else None, eb[9],
            self.number(segment, 10) if eb[10] else None, eb[11], eb[12], eb[13],
            tuple(line.messages), tuple(line.dates), tuple(line.references), tuple(line.details),
            tuple(party.party() for party in line.parties), self._raw(segment),
        )  # fmt: skip

    def _share(self, segment: Segment) -> int | None:
        """EB08 in hundredths of a percent: .2 is 2000. Some payers send 20 for 20 percent."""
        value = self.number(segment, 8)
        if value is None:
            return None
        if value > 1:
            self.note(segment, "EB08 is above 1, taken as a percentage")
            value /= 100
        if not 0 <= value <= 1:
            self.note(segment, "EB08 is not a share")
            return None
        return int((value * 10_000).to_integral_value())

    def _raw(self, segment: Segment) -> str:
        return self.interchange.raw(segment)
