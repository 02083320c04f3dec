"""An answer on a referral or authorization (278) as a payer sent it.

Works on 005010X217, on a later status (BHT02 18) and on the older
4010 answers, where patient and service have no event between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from deskterm.exchange.x12 import acknowledgments
from deskterm.exchange.x12.decisions import (
    Amount,
    AuthorizationAnswer,
    AuthorizationAnswers,
    Coded,
    Decision,
    Patient,
    Review,
    Trace,
)
from deskterm.exchange.x12.parts import (
    Dated,
    Entity,
    Faults,
    Reference,
    Rejection,
    day,
    rejection,
)
from deskterm.exchange.x12.segments import (
    Interchange,
    Problem,
    Refused,
    Segment,
    Transaction,
)

_ROLES = {
    "20": "source", "21": "receiver", "22": "subscriber", "23": "dependent", "EV": "event",
    "SS": "service", "19": "provider",
}  # fmt: skip
_REQUESTS = frozenset({"13", "01"})  # BHT02 of what we send


def read_authorizations(data: bytes | str) -> AuthorizationAnswers:
    """Every 278 answer of a file. Raises Refused: not X12, cut short, a request, another kind."""
    answers: list[AuthorizationAnswer] = []
    problems: list[Problem] = []
    refused: list[str] = []
    for interchange, transaction in acknowledgments.answers_in(
        data, "278", "an authorization answer", problems, refused
    ):
        reader = _Reader(interchange, transaction)
        answers.append(reader.run())
        problems.extend(reader.problems)
    return AuthorizationAnswers(tuple(answers), tuple(problems), tuple(refused))


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
    traces: list[Trace] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


@dataclass
class _Open:
    """An event or service line while it is read."""

    kind: str
    position: int
    review: Segment | None = None
    line: Segment | None = None
    decisions: list[Decision] = field(default_factory=list)
    traces: list[Trace] = field(default_factory=list)
    dates: list[Dated] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    diagnoses: list[Coded] = field(default_factory=list)
    amounts: list[Amount] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    parties: list[Entity] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    services: list[_Open] = field(default_factory=list)


class _Reader(Faults):
    """Walks one transaction."""

    def __init__(self, interchange: Interchange, transaction: Transaction) -> None:
        super().__init__()
        self.interchange = interchange
        self.transaction = transaction
        self.level = "source"
        self.source = Entity("source")
        self.receiver = Entity("receiver")
        self.header: Segment | None = None
        self.people: list[_Human] = []
        self.human: _Human | None = None
        self.reviews: list[_Open] = []
        self.event: _Open | None = None
        self.open: _Open | None = None
        self.related: Entity | None = None
        self.providers: list[Entity] = []
        self.above: list[Rejection] = []
        self.others: list[str] = []

    def run(self) -> AuthorizationAnswer:
        for segment in self.transaction.segments:
            self._take(segment)
        header = self.header
        if header is None:
            self.note(self.transaction.opened, "no BHT: it is not said what this answers")
        if not self.reviews and not self.above and not any(p.rejections for p in self.people):
            self.note(self.transaction.opened, "it decides nothing")
        return AuthorizationAnswer(
            payer=self.source.party(), requester=self.receiver.party(),
            reference=header[3] if header else "", purpose=header[2] if header else "",
            kind=header[6] if header else "", made_on=day(header[4]) if header else None,
            version=self.transaction.version, control=self.transaction.control,
            interchange=self.interchange.control, test=self.interchange.test,
            people=tuple(_patient(p) for p in self.people),
            reviews=tuple(self._review(r) for r in self.reviews),
            rejections=tuple(self.above), others=tuple(self.others),
            raw=self.interchange.text(self.transaction),
        )  # fmt: skip

    def _take(self, segment: Segment) -> None:
        name = segment.elements[0]
        if name == "HL":
            self._hl(segment)
        elif name == "BHT":
            if segment[2] in _REQUESTS:
                raise Refused(
                    "This is a request, not an answer", "BHT", segment.position,
                    "Choose the payer's answer",
                )  # fmt: skip
            self.header = segment
        elif name == "NM1":
            self._name(segment)
        elif name == "AAA":
            self._rejection(segment)
        elif self.open is not None:
            self._about_review(self.open, segment)
        elif self.human is not None and self.level in ("subscriber", "dependent"):
            self._about_person(self.human, segment)
        elif not (self.related and self.related.take(segment)):
            self.others.append(self.interchange.raw(segment))

    def _hl(self, segment: Segment) -> None:
        role = _ROLES.get(segment[3].upper())
        if role is None:
            self.note(segment, "a level that an authorization answer does not have")
            role = "event" if self.human else "source"
        self.level = role
        self.open = self.related = None
        if role in ("subscriber", "dependent"):
            self.human = _Human(role, segment.position, Entity(role))
            self.people.append(self.human)
            self.event, self.providers = None, []
        elif role == "event":
            self.event = self.open = _Open("event", segment.position)
            self.reviews.append(self.event)
        elif role == "service":
            self.open = _Open("service", segment.position, parties=list(self.providers[:9]))
            (self.reviews if self.event is None else self.event.services).append(self.open)
        elif role == "provider":
            self.providers = []
        if role in ("event", "service") and self.human is None:
            self.note(segment, "a decision before any person")

    def _name(self, segment: Segment) -> None:
        named = self.entity(segment)
        self.related = named
        if self.open is not None:
            self.open.parties.append(named)
        elif self.level == "provider":
            self.providers.append(named)
        elif self.human is not None and self.level in ("subscriber", "dependent"):
            if not self.human.named:
                named.address = self.human.entity.address
                self.human.entity, self.human.named = named, True
            else:
                self.human.others.append(self.interchange.raw(segment))
        elif self.level == "receiver":
            self.receiver = named
        else:
            self.source = named

    def _rejection(self, segment: Segment) -> None:
        if self.open is not None:
            level = "provider" if self.related is not None else self.open.kind
            self.open.rejections.append(rejection(segment, level))
        elif self.human is not None and self.level in ("subscriber", "dependent"):
            self.human.rejections.append(rejection(segment, self.level))
        else:
            self.above.append(rejection(segment, self.level))

    def _about_review(self, review: _Open, segment: Segment) -> None:
        name = segment.elements[0]
        if self.related is not None and self.related.take(segment):
            return
        if name == "HCR":
            codes = self.interchange.codes(segment[3])
            review.decisions.append(
                Decision(
                    segment[1].upper(), segment[2], tuple(codes), segment[4] == "Y",
                    segment.position, self.interchange.raw(segment),
                )
            )  # fmt: skip
        elif name == "UM" and review.review is None:
            review.review = segment
        elif name in ("SV1", "SV2", "SV3") and review.line is None:
            review.line = segment
        elif name == "TRN":
            review.traces.append(Trace(segment[1], segment[2], segment[3]))
        elif name == "DTP":
            review.dates.append(self.dated(segment))
        elif name == "REF":
            review.references.append(Reference(segment[1], segment[2], segment[3]))
        elif name == "HI":
            review.diagnoses += [self._coded(e) for e in segment.elements[1:] if e.strip()]
        elif name == "HSD":
            review.amounts.append(
                Amount(
                    segment[1], self.number(segment, 2), segment[3], segment[5],
                    self.number(segment, 6), self.interchange.raw(segment),
                )
            )  # fmt: skip
        elif name == "MSG":
            review.messages.append(segment[1])
        elif name == "PWK":
            review.attachments.append(self.interchange.raw(segment))
        else:
            review.others.append(self.interchange.raw(segment))

    def _about_person(self, human: _Human, segment: Segment) -> None:
        name = segment.elements[0]
        if name == "DMG":
            human.birth_date, human.sex = day(segment[2]), segment[3]
            if segment[2] and human.birth_date is None:
                self.note(segment, "not a birth date")
                human.others.append(self.interchange.raw(segment))
        elif name == "INS":
            human.relationship = segment[2]
        elif name == "TRN":
            human.traces.append(Trace(segment[1], segment[2], segment[3]))
        elif name == "REF":
            human.references.append(Reference(segment[1], segment[2], segment[3]))
        elif name not in ("N3", "N4") or not human.entity.take(segment):
            human.others.append(self.interchange.raw(segment))

    def _coded(self, value: str) -> Coded:
        kind, number, *more = [*self.interchange.components(value), "", ""]
        return Coded(kind, number, tuple(m for m in more if m))

    def _review(self, found: _Open, above: Decision | None = None) -> Review:
        asked, line = found.review, found.line
        procedure, unit, units = None, "", None
        if line is not None:
            shift = 1 if line.elements[0] == "SV2" else 0
            if line[1 + shift]:
                procedure = self._coded(line[1 + shift])
            if line.elements[0] == "SV3":
                units = self.number(line, 6)
            else:
                unit, units = line[3 + shift], self.number(line, 4 + shift)
            found.others.insert(0, self.interchange.raw(line))
        return Review(
            kind=found.kind, position=found.position, category=asked[1] if asked else "",
            certification=asked[2] if asked else "", service_type=asked[3] if asked else "",
            place=asked[4] if asked else "", level=asked[6] if asked else "",
            decisions=tuple(found.decisions), traces=tuple(found.traces),
            dates=tuple(found.dates), references=tuple(found.references),
            diagnoses=tuple(found.diagnoses), procedure=procedure,
            unit=unit, units=units, amounts=tuple(found.amounts),
            rejections=tuple(found.rejections), messages=tuple(found.messages),
            parties=tuple(party.party() for party in found.parties),
            attachments=tuple(found.attachments), others=tuple(found.others),
            from_event=above,
            services=tuple(
                self._review(s, found.decisions[-1] if found.decisions else None)
                for s in found.services
            ),
        )  # fmt: skip


def _patient(human: _Human) -> Patient:
    known = human.entity
    last, first, middle, suffix = known.parts
    return Patient(
        role=human.role, last_name=last, first_name=first, middle_name=middle, suffix=suffix,
        member_id=known.number, birth_date=human.birth_date, sex=human.sex,
        relationship=human.relationship, traces=tuple(human.traces),
        references=tuple(human.references), address=", ".join(known.address),
        rejections=tuple(human.rejections), others=tuple(human.others), position=human.position,
    )  # fmt: skip
