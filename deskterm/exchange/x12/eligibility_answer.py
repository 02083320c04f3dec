"""An eligibility answer (271) as a payer sent it: who, each benefit line, each rejection.

Nothing is summed and nothing dropped: each EB keeps its line number, its segment, its messages
and its raw text, so that whoever quotes a figure can say where it stands. Works on 005010X279A1
and on the older 4010 that some payers still answer with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.segments import (
    Interchange,
    Problem,
    Refused,
    Segment,
    Transaction,
    read,
)

# HL03: whose part of the answer begins.
_ROLES = {"20": "source", "21": "receiver", "22": "subscriber", "23": "dependent"}
PEOPLE = ("subscriber", "dependent")
# An amount that stands for "no limit" in the answers of several payers.
UNLIMITED_CENTS = (9_999_999, 99_999_999, 999_999_999)
_MOST_CENTS = 10**12
_REJECTING = ("999", "997")


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
    """A date or range of a plan or benefit; ``raw`` when it is neither."""

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
    """Somebody named: the payer, the provider who asked, or one that a benefit names."""

    role: str
    name: str
    id_qualifier: str = ""
    number: str = ""
    address: str = ""
    contacts: tuple[str, ...] = ()
    taxonomy: str = ""


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
        given = " ".join(x for x in (self.first_name, self.middle_name, self.suffix) if x)
        return ", ".join(x for x in (self.last_name, given) if x)

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
    """One 271: who answered whom, about which people. ``raw`` is its text up to the SE."""

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
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a file holds. ``refused`` lists acknowledgments (999, TA1) that came instead."""

    answers: tuple[Answer, ...]
    problems: tuple[Problem, ...]
    refused: tuple[str, ...] = ()


def read_answers(data: bytes | str) -> Answers:
    """Every 271 of a file. Raises Refused: not X12, cut short, or another kind of transaction."""
    answers: list[Answer] = []
    problems: list[Problem] = []
    refused: list[str] = []
    for interchange in read(data):
        for segment in interchange.answers:
            if segment[4] != "A":
                text = f"TA1: the payer's system did not take the interchange ({segment[5]})"
                refused.append(text)
                problems.append(Problem("TA1", segment.position, text))
        for transaction in interchange.transactions:
            if transaction.set_code in _REJECTING:
                words = _acknowledged(transaction)
                refused.extend(words)
                problems.extend(Problem("IK5", transaction.opened.position, text) for text in words)
                continue
            if transaction.set_code != "271":
                raise Refused(
                    f"This is a {transaction.set_code[:6]}, not a 271", "ST",
                    transaction.opened.position, "Choose an eligibility answer",
                )  # fmt: skip
            reader = _Reader(interchange, transaction)
            answers.append(reader.run())
            problems.extend(reader.problems)
        problems.extend(interchange.problems)
    return Answers(tuple(answers), tuple(problems), tuple(refused))


def _acknowledged(transaction: Transaction) -> list[str]:
    """What a 999 says when it is not an acceptance."""
    found = []
    where = ""
    for segment in transaction.segments:
        if segment.id == "IK3":
            where = f", at {segment[1]} segment {segment[2]}"
        elif segment.id in ("IK5", "AK5") and segment[1] not in ("A", "E"):
            found.append(f"{transaction.set_code}: the payer's system refused the request{where}")
    return found


@dataclass
class _Entity:
    """Names and addresses while they are read."""

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
        if segment.id == "N3":
            self.address += [x for x in (segment[1], segment[2]) if x]
        elif segment.id == "N4":
            self.address.append(" ".join(x for x in (segment[1], segment[2], segment[3]) if x))
        elif segment.id == "PER":
            numbers = [segment[n] for n in (4, 6, 8) if segment[n]]
            self.contacts.append(" ".join(x for x in (segment[2], *numbers) if x))
        elif segment.id == "PRV":
            self.taxonomy = segment[3]
        else:
            return False
        return True

    def party(self) -> Party:
        return Party(
            self.role, self.name, self.qualifier, self.number, ", ".join(self.address),
            tuple(self.contacts), self.taxonomy,
        )  # fmt: skip


@dataclass
class _Line:
    """A benefit while it is read."""

    segment: Segment
    messages: list[str] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    parties: list[_Entity] = field(default_factory=list)


@dataclass
class _Human:
    """A person while the answer is read."""

    role: str
    position: int
    entity: _Entity
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


class _Reader:
    """Walks one transaction."""

    def __init__(self, interchange: Interchange, transaction: Transaction) -> None:
        self.interchange = interchange
        self.transaction = transaction
        self.problems: list[Problem] = []
        self.people: list[_Human] = []
        self.above: list[Rejection] = []
        self.source = _Entity("source")
        self.receiver = _Entity("receiver")
        self.level = ""
        self.human: _Human | None = None
        self.line: _Line | None = None
        self.related: _Entity | None = None
        self.in_loop = False
        self.reference = ""
        self.made_on: date | None = None

    def run(self) -> Answer:
        for segment in self.transaction.segments:
            self._take(segment)
        if self.in_loop:
            last = self.transaction.segments[-1].position
            self.problems.append(Problem("LS", last, "LS: a loop was opened and not closed"))
        above = tuple(self.above)
        return Answer(
            payer=self.source.party(), receiver=self.receiver.party(), reference=self.reference,
            made_on=self.made_on, version=self.transaction.version,
            control=self.transaction.control, interchange=self.interchange.control,
            test=self.interchange.test,
            people=tuple(self._person(human, above) for human in self.people), rejections=above,
            raw=self._whole(),
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
            self.made_on = _day(segment[4])
        elif name in ("LS", "LE"):
            self._loop(segment, opened=name == "LS")
        elif self.human is None:
            entity = self.receiver if self.level == "receiver" else self.source
            entity.take(segment)
        elif self.line is not None:
            self._detail(self.line, segment)
        else:
            self._about(self.human, segment)

    def _hl(self, segment: Segment) -> None:
        role = _ROLES.get(segment[3])
        if role is None:
            self._fault(segment, "a level that an eligibility answer does not have")
            role = "dependent" if self.human else "source"
        self.level = role
        self.line = self.related = None
        self.in_loop = False
        self.human = None
        if role in PEOPLE:
            self._human(role, segment)

    def _human(self, role: str, segment: Segment) -> _Human:
        self.human = _Human(role, segment.position, _Entity(role))
        self.people.append(self.human)
        return self.human

    def _name(self, segment: Segment) -> None:
        entity = _Entity(
            segment[1], _full(segment), segment[8], segment[9],
            (segment[3], segment[4], segment[5], segment[7]),
        )  # fmt: skip
        if self.line is not None:
            self.related = entity
            self.line.parties.append(entity)
        elif self.human is not None:
            if not self.human.named:
                entity.address = self.human.entity.address
                self.human.entity, self.human.named = entity, True
            else:
                self.human.others.append(self._raw(segment))
        elif self.level == "receiver":
            self.receiver = entity
        elif segment[1] in ("IL", "03", "QC"):
            # Some answers leave the HL out.
            self._fault(segment, "a person without an HL")
            human = self._human("dependent" if segment[1] == "03" else "subscriber", segment)
            human.entity, human.named = entity, True
        else:
            self.source = entity

    def _loop(self, segment: Segment, *, opened: bool) -> None:
        if opened and self.in_loop:
            self._fault(segment, "a loop inside a loop")
        if not opened and not self.in_loop:
            self._fault(segment, "a loop is closed that was not opened")
        self.in_loop = opened
        if not opened:
            self.related = None

    def _rejection(self, segment: Segment) -> None:
        code, follow_up = segment[3], segment[4]
        what, do = code_words.rejection(code, follow_up)
        level = self.level or "source"
        if self.line is not None:
            level = "benefit"
        rejection = Rejection(code, follow_up, level, what, do, segment.position)
        (self.human.rejections if self.human else self.above).append(rejection)

    def _benefit(self, segment: Segment) -> None:
        human = self.human
        if human is None:
            self._fault(segment, "a benefit before any person")
            human = self._human("subscriber", segment)
        self.line, self.related = _Line(segment), None
        human.lines.append(self.line)
        if self.in_loop:
            self._fault(segment, "a loop was opened and not closed")
            self.in_loop = False

    def _detail(self, line: _Line, segment: Segment) -> None:
        name = segment.elements[0]
        if self.related is not None and self.related.take(segment):
            return
        if name == "MSG":
            line.messages.append(segment[1])
        elif name == "DTP":
            line.dates.append(_dated(segment))
        elif name == "REF":
            line.references.append(Reference(segment[1], segment[2], segment[3]))
        elif name == "III" and segment[4]:
            line.messages.append(segment[4])
        else:
            line.details.append(self._raw(segment))

    def _about(self, human: _Human, segment: Segment) -> None:
        name = segment.elements[0]
        if name == "DMG":
            human.birth_date = _day(segment[2])
            human.sex = segment[3]
        elif name == "INS":
            human.relationship = segment[2]
            # INS03 001, INS04 25: the payer changed what was asked to what it has on file.
            human.changed = human.changed or (segment[3], segment[4]) == ("001", "25")
        elif name == "TRN":
            human.traces.append(segment[2])
        elif name == "DTP":
            human.dates.append(_dated(segment))
        elif name == "REF":
            human.references.append(Reference(segment[1], segment[2], segment[3]))
        elif not human.entity.take(segment):
            human.others.append(self._raw(segment))

    def _person(self, human: _Human, above: Iterable[Rejection]) -> Person:
        entity = human.entity
        last, first, middle, suffix = entity.parts
        return Person(
            role=human.role, last_name=last, first_name=first, middle_name=middle, suffix=suffix,
            member_id=entity.number, birth_date=human.birth_date, sex=human.sex,
            relationship=human.relationship, changed=human.changed, traces=tuple(human.traces),
            dates=tuple(human.dates), references=tuple(human.references),
            address=", ".join(entity.address),
            benefits=tuple(self._line(n, line) for n, line in enumerate(human.lines, start=1)),
            rejections=(*above, *human.rejections), others=tuple(human.others),
            position=human.position,
        )  # fmt: skip

    def _line(self, number: int, line: _Line) -> Benefit:
        segment = line.segment
        repeats = self.interchange.repeats
        return Benefit(
            number, segment.position, segment[1], segment[2], tuple(repeats(segment[3])),
            segment[4], segment[5], segment[6], self._cents(segment), self._share(segment),
            segment[9], self._number(segment, 10), segment[11], segment[12], segment[13],
            tuple(line.messages), tuple(line.dates), tuple(line.references), tuple(line.details),
            tuple(party.party() for party in line.parties), self._raw(segment),
        )  # fmt: skip

    def _cents(self, segment: Segment) -> int | None:
        value = self._number(segment, 7)
        if value is None:
            return None
        cents = value * 100
        if cents != cents.to_integral_value() or abs(cents) > _MOST_CENTS:
            self._fault(segment, "EB07 is not an amount")
            return None
        return int(cents)

    def _share(self, segment: Segment) -> int | None:
        """EB08 in hundredths of a percent: .2 is 2000. Some payers send 20 for 20 percent."""
        value = self._number(segment, 8)
        if value is None:
            return None
        if value > 1:
            self._fault(segment, "EB08 is above 1, taken as a percentage")
            value /= 100
        if not 0 <= value <= 1:
            self._fault(segment, "EB08 is not a share")
            return None
        return int((value * 10_000).to_integral_value())

    def _number(self, segment: Segment, index: int) -> Decimal | None:
        text = segment[index]
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not text.isascii() or abs(value.adjusted()) > 15:
            self._fault(segment, f"EB{index:02} is not a number")
            return None
        return value

    def _raw(self, segment: Segment) -> str:
        return self.interchange.element.join(segment.elements).strip()

    def _fault(self, segment: Segment, text: str) -> None:
        self.problems.append(Problem(segment.id, segment.position, f"{segment.id}: {text}"))


def _full(segment: Segment) -> str:
    """NM1's name as a line: a person's given names first, an organization's as it is."""
    names = (segment[4], segment[5], segment[3], segment[7])
    return " ".join(name for name in names if name)


def _dated(segment: Segment) -> Dated:
    raw = segment[3]
    first, _, last = raw.partition("-")
    begins = _day(first)
    return Dated(segment[1], begins, _day(last) if last else begins, raw)


def _day(text: str) -> date | None:
    """CCYYMMDD as a date; None for anything else."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
