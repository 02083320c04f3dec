"""What a payer's system says about a file before anybody answers it: TA1, 999 and the older 997.

A TA1 speaks of the envelope, a 999 of the groups and transactions in it. Both only say whether
the text could be taken in; neither is an answer. Words never repeat the copied bad value
(IK404): it may be somebody's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.parts import Faults
from deskterm.exchange.x12.segments import (
    Interchange,
    Problem,
    Refused,
    Segment,
    Transaction,
    quoted,
    read,
)
from deskterm.exchange.x12.writer import Body, Envelope, code, interchange, ta1, word

SETS = ("999", "997")
VERSION = "005010X231A1"
ACCEPTED, WITH_ERRORS, PARTLY, REJECTED = "accepted", "accepted with errors", "partly", "rejected"
UNKNOWN = "unknown"
# AK901, IK501, TA104. M, W and X are rejections by a security check.
_STATUSES = {
    "A": ACCEPTED, "E": WITH_ERRORS, "P": PARTLY, "R": REJECTED, "M": REJECTED, "W": REJECTED,
    "X": REJECTED,
}  # fmt: skip
MOST_SAID = 3  # reasons that a sentence names
_WORST = (REJECTED, PARTLY, UNKNOWN, WITH_ERRORS, ACCEPTED)


@dataclass(frozen=True, slots=True)
class ElementFault:
    """An IK4: ``element`` and ``component`` count from 1, 0 is none; ``copy`` is the bad value."""

    element: int
    code: str
    component: int = 0
    repetition: int = 0
    reference: str = ""
    copy: str = ""
    context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SegmentFault:
    """An IK3: ``place`` counts segments of the transaction, its ST being 1."""

    segment: str
    place: int
    codes: tuple[str, ...]
    loop: str = ""
    context: tuple[str, ...] = ()
    elements: tuple[ElementFault, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Each fault as a line for a clerk."""
        where = f"segment {self.place} ({_plain(self.segment)})"
        # 8 and its like only say that an element is wrong, and the elements follow.
        codes = [c for c in self.codes if c != "8" or not self.elements]
        lines = [f"{where}: {code_words.word(code_words.SEGMENT_FAULTS, c)}" for c in codes]
        for fault in self.elements:
            name = f"{where}, element {fault.element}"
            if fault.component:
                name += f" part {fault.component}"
            lines.append(f"{name}: {code_words.word(code_words.ELEMENT_FAULTS, fault.code)}")
        return tuple(lines) or (where,)


@dataclass(frozen=True, slots=True)
class TransactionVerdict:
    """An AK2 to IK5: what became of one transaction of ours."""

    set_code: str
    control: str
    code: str
    version: str = ""
    reasons: tuple[str, ...] = ()
    faults: tuple[SegmentFault, ...] = ()

    @property
    def status(self) -> str:
        return _STATUSES.get(self.code, UNKNOWN)

    @property
    def words(self) -> tuple[str, ...]:
        """Why it was not taken, or with which faults; empty when it was simply taken."""
        name = f"{_plain(self.set_code)} {_plain(self.control)}"
        lines = [f"{name}: {line}" for fault in self.faults for line in fault.words]
        # 5 only says that a segment is wrong, and the segments were named.
        reasons = [r for r in self.reasons if r not in ("5", "I5") or not self.faults]
        lines += [f"{name}: {code_words.word(code_words.SET_FAULTS, r)}" for r in reasons]
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Acknowledgment:
    """One TA1, 999 or 997.

    ``control`` is the interchange's (TA1) or the group's control number in the file of ours that
    it speaks of; ``group`` that group's code (HS eligibility, HI authorizations). ``included``,
    ``received`` and ``accepted`` count transactions, -1 when not said.
    """

    kind: str
    control: str
    code: str
    group: str = ""
    version: str = ""
    reasons: tuple[str, ...] = ()
    transactions: tuple[TransactionVerdict, ...] = ()
    included: int = -1
    received: int = -1
    accepted: int = -1
    position: int = field(default=0, compare=False)

    @property
    def status(self) -> str:
        """``accepted``, ``accepted with errors``, ``partly``, ``rejected`` or ``unknown``.

        What the group's own line says; where it says nothing known, the worst of its
        transactions.
        """
        said = _STATUSES.get(self.code, UNKNOWN)
        if said != UNKNOWN:
            return said
        found = {verdict.status for verdict in self.transactions}
        return next((status for status in _WORST if status in found), UNKNOWN)

    @property
    def taken(self) -> bool:
        """Whether everything of ours was taken in, so that an answer can follow."""
        statuses = {self.status, *(verdict.status for verdict in self.transactions)}
        return statuses <= {ACCEPTED, WITH_ERRORS}

    @property
    def words(self) -> tuple[str, ...]:
        """What it says, in lines for a clerk; the first is the verdict."""
        table = code_words.INTERCHANGE_FAULTS if self.kind == "TA1" else code_words.GROUP_FAULTS
        what = "file" if self.kind == "TA1" else "request"
        first = f"{self.kind}: {_VERDICTS[self.status].format(what=what)}"
        reasons = [code_words.word(table, r) for r in self.reasons if r != "000"]
        if reasons:
            first += f" ({'; '.join(reasons)})"
        lines = [line for verdict in self.transactions for line in verdict.words]
        return (first, *lines)

    @property
    def sentence(self) -> str:
        """The verdict and its first reasons on one line."""
        first, *why = self.words
        more = f"; and {len(why) - MOST_SAID} more" if len(why) > MOST_SAID else ""
        return f"{first}: {'; '.join(why[:MOST_SAID])}{more}" if why else first


_VERDICTS = {
    ACCEPTED: "the payer's system took the {what}",
    WITH_ERRORS: "the payer's system took the {what}, with faults",
    PARTLY: "the payer's system took only a part of the {what}",
    REJECTED: "the payer's system refused the {what}",
    UNKNOWN: "it is not said whether the payer's system took the {what}",
}


@dataclass(frozen=True, slots=True)
class Acknowledgments:
    """What a file of acknowledgments holds."""

    acknowledgments: tuple[Acknowledgment, ...]
    problems: tuple[Problem, ...]


def read_acknowledgments(data: bytes | str) -> Acknowledgments:
    """Every TA1, 999 and 997 of a file. Raises Refused: not X12, cut short, or another kind."""
    found: list[Acknowledgment] = []
    problems: list[Problem] = []
    for one in read(data):
        for transaction in one.transactions:
            if transaction.set_code not in SETS:
                raise Refused(
                    f"This is a {quoted(transaction.set_code)}, not an acknowledgment", "ST",
                    transaction.opened.position, "Choose a 999, 997 or TA1",
                )  # fmt: skip
        found += of(one, problems)
        problems += one.problems
    return Acknowledgments(tuple(found), tuple(problems))


def answers_in(
    data: bytes | str, set_code: str, what: str, problems: list[Problem], refused: list[str]
) -> Iterator[tuple[Interchange, Transaction]]:
    """The transactions of one set in a file of answers, in order.

    Acknowledgments among them are read too: ``refused`` gets a sentence for each that refuses,
    ``problems`` what is wrong on the way. Raises Refused: not X12, cut short, or another set;
    ``what`` names the file to choose instead.
    """
    for one in read(data):
        for said in of(one, problems):
            if not said.taken:
                refused.append(said.sentence)
                problems.extend(Problem(said.kind, said.position, text) for text in said.words)
        for transaction in one.transactions:
            if transaction.set_code in SETS:
                continue
            if transaction.set_code != set_code:
                raise Refused(
                    f"This is a {quoted(transaction.set_code)}, not a {set_code}", "ST",
                    transaction.opened.position, f"Choose {what}",
                )  # fmt: skip
            yield one, transaction
        problems.extend(one.problems)


def of(one: Interchange, problems: list[Problem]) -> list[Acknowledgment]:
    """The acknowledgments of one interchange, beside whatever else it holds, in file order."""
    found = [
        Acknowledgment(
            "TA1", segment[1], segment[4], reasons=(segment[5],) if segment[5] else (),
            position=segment.position,
        )
        for segment in one.answers
    ]  # fmt: skip
    for transaction in one.transactions:
        if transaction.set_code in SETS:
            reader = _Reader(one, transaction)
            found.append(reader.run())
            problems += reader.problems
    return sorted(found, key=lambda one: one.position)


class _Reader(Faults):
    """Walks one 999 or 997; IK and AK segments differ in name only."""

    def __init__(self, one: Interchange, transaction: Transaction) -> None:
        super().__init__()
        self.one = one
        self.transaction = transaction
        self.group: Segment | None = None
        self.end: Segment | None = None
        self.verdicts: list[TransactionVerdict] = []
        self.opened: Segment | None = None
        self.faults: list[SegmentFault] = []
        self.segment: Segment | None = None
        self.element: Segment | None = None
        self.elements: list[ElementFault] = []
        self.context: list[str] = []
        self.segment_context: tuple[str, ...] = ()

    def run(self) -> Acknowledgment:
        for segment in self.transaction.segments:
            name = segment.elements[0]
            if name == "AK1":
                self.group = segment
            elif name == "AK2":
                self._close(None)
                self.opened = segment
            elif name in ("IK3", "AK3"):
                self._close_segment()
                self.segment = segment
            elif name in ("IK4", "AK4"):
                self._close_element()
                self.element = segment
            elif name == "CTX":
                self.context.append(self.one.element.join(segment.elements[1:]).strip())
            elif name in ("IK5", "AK5"):
                self._close(segment)
            elif name == "AK9":
                self.end = segment
            else:
                self.note(segment, "not a segment of an acknowledgment")
        self._close(None)
        opened, group, end = self.transaction.opened, self.group, self.end
        if group is None:
            self.note(opened, "no AK1: it is not said of what it speaks")
        if end is None:
            self.note(opened, "no AK9: it is not said what became of the group")
        return Acknowledgment(
            kind=self.transaction.set_code, control=group[2] if group else "",
            code=end[1] if end else "", group=group[1] if group else "",
            version=group[3] if group else "", reasons=_listed(end, 5, 9),
            transactions=tuple(self.verdicts), included=_count(end, 2), received=_count(end, 3),
            accepted=_count(end, 4), position=opened.position,
        )  # fmt: skip

    def _close(self, end: Segment | None) -> None:
        """End a transaction's part, with its IK5 or without."""
        self._close_segment()
        opened, self.opened = self.opened, None
        faults, self.faults = tuple(self.faults), []
        if opened is None and end is None:
            if faults:
                self.note(self.transaction.opened, "faults of no transaction")
                self.verdicts.append(TransactionVerdict("", "", "", faults=faults))
            return
        if opened is None or end is None:
            at = opened or end or self.transaction.opened
            self.note(at, "a transaction without its beginning or end")
        self.verdicts.append(
            TransactionVerdict(
                opened[1] if opened else "", opened[2] if opened else "", end[1] if end else "",
                opened[3] if opened else "", _listed(end, 2, 6), faults,
            )
        )  # fmt: skip

    def _close_segment(self) -> None:
        self._close_element()
        segment, self.segment = self.segment, None
        elements, self.elements = tuple(self.elements), []
        context, self.segment_context = self.segment_context, ()
        if segment is not None:
            self.faults.append(
                SegmentFault(
                    segment[1], _number(segment[2]), _listed(segment, 4, 8), segment[3], context,
                    elements,
                )
            )  # fmt: skip
        elif elements:
            self.faults.append(SegmentFault("", 0, (), "", context, elements))

    def _close_element(self) -> None:
        """End an element's part; the CTX since belong to it, or to the segment before it."""
        element, self.element = self.element, None
        context, self.context = tuple(self.context), []
        if element is None:
            self.segment_context += context
            return
        parts = self.one.components(element[1])
        numbers = [_number(part) for part in parts[:3]] + [0, 0, 0]
        self.elements.append(
            ElementFault(
                numbers[0], element[3], numbers[1], numbers[2], element[2], element[4], context
            )
        )


def _plain(text: str) -> str:
    """A control number or segment id of ours as it was said; nothing that could be a name."""
    return text if text.isascii() and text.isalnum() and len(text) <= 9 else "?"


def _listed(segment: Segment | None, first: int, last: int) -> tuple[str, ...]:
    if segment is None:
        return ()
    return tuple(segment[n] for n in range(first, last + 1) if segment[n])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _count(segment: Segment | None, index: int) -> int:
    text = segment[index] if segment else ""
    return _number(text) if text.isdigit() else -1


def write_999(envelope: Envelope, acknowledgments: Iterable[Acknowledgment]) -> str:
    """A 999 interchange, one transaction for each; what a payer's system sends. Raises Invalid."""
    bodies = [_body(one) for one in acknowledgments]
    return interchange(envelope, "FA", "999", VERSION, bodies)


def write_ta1(envelope: Envelope, control: str, verdict: str, note: str = "000") -> str:
    """A TA1 on the interchange ``control``: ``verdict`` A, E or R, ``note`` as TA105."""
    return ta1(envelope, code(control, 9), code(verdict, 1), code(note, 3))


def _body(one: Acknowledgment) -> Body:
    body = Body()
    body.add("AK1", code(one.group, 2), code(one.control, 9), code(one.version, 12))
    for verdict in one.transactions:
        body.add(
            "AK2", code(verdict.set_code, 3), code(verdict.control, 9), code(verdict.version, 35)
        )
        for fault in verdict.faults:
            _fault(body, fault)
        body.add("IK5", code(verdict.code, 1), *_codes(verdict.reasons))
    counts = [str(n) if n >= 0 else "" for n in (one.included, one.received, one.accepted)]
    body.add("AK9", code(one.code, 1), *counts, *_codes(one.reasons))
    return body


def _fault(body: Body, fault: SegmentFault) -> None:
    body.add("IK3", code(fault.segment, 3), str(fault.place), code(fault.loop, 4),
             *_codes(fault.codes))  # fmt: skip
    for context in fault.context:
        body.add("CTX", word(context, 35))
    for element in fault.elements:
        numbers = (element.element, element.component, element.repetition)
        place = tuple(str(n) if n else "" for n in numbers)
        body.add("IK4", place, code(element.reference, 4), code(element.code, 3),
                 word(element.copy, 99))  # fmt: skip
        for context in element.context:
            body.add("CTX", word(context, 35))


def _codes(codes: Sequence[str]) -> list[str]:
    return [code(c, 3) for c in codes[:5]]
