"""An X12 interchange as segments, whoever wrote it.

Payers pad, indent, wrap and mask; they count wrongly and forget the repetition separator. What
can still be read for certain is read and its faults are listed as :class:`Problem`; what cannot
(another kind of file, or one that ends in the middle) is refused with the segment and position.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from deskterm.errors import Invalid

# A batch of 500 answers is half of it; read whole, it takes 270 MB of memory.
MOST_BYTES = 20_000_000
MOST_SEGMENTS = 300_000
_SHOWN = 3  # characters of a foreign code that are quoted
_LONGEST_HEADER = 700
_PADDING = "\ufeff \t\r\n\0\x1a"
_FOREIGN = (
    ("%PDF", "a PDF"), ("<", "XML or a web page"), ("{", "JSON"), ("[", "JSON"),
    ("MSH", "an HL7 message"), ("PK", "a ZIP or Excel file"), ("UNA", "EDIFACT"),
    ("UNB", "EDIFACT"), ("GS", "X12 without its ISA"), ("ST", "X12 without its ISA"),
)  # fmt: skip
_NAME = re.compile("[A-Z][A-Z0-9]{1,2}")
_ELEMENTS = 16  # of an ISA
_REPETITION_IN_ISA = 11


class Refused(Invalid):
    """The file cannot be read. ``segment`` and ``position`` (from 1) say where it went wrong."""

    def __init__(self, text: str, segment: str, position: int, hint: str = "") -> None:
        super().__init__(
            text, hint or "Ask the sender for it again", segment=segment, position=position
        )
        self.segment = segment
        self.position = position


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault that did not stop the reading. ``position`` counts segments from 1."""

    segment: str
    position: int
    text: str


class Segment:
    """One segment: its elements, and where in the file it stood (from 1)."""

    __slots__ = ("elements", "position")

    def __init__(self, elements: list[str], position: int) -> None:
        self.elements = elements
        self.position = position

    @property
    def id(self) -> str:
        """The segment's name: EB, NM1."""
        return self.elements[0]

    def __getitem__(self, index: int) -> str:
        """Element ``index`` from 1, trimmed; empty when it is not there."""
        elements = self.elements
        return elements[index].strip() if index < len(elements) else ""

    def padded(self, last: int) -> list[str]:
        """The elements, trimmed, with empty ones up to ``last``; quicker than one by one."""
        elements = [element.strip() for element in self.elements]
        return elements + [""] * (last + 1 - len(elements))

    def __repr__(self) -> str:
        return f"<{self.id} at {self.position}>"


@dataclass
class Transaction:
    """One ST to SE. ``segments`` holds what is between them."""

    set_code: str
    version: str
    control: str
    opened: Segment
    group: str = ""
    group_control: str = ""
    segments: list[Segment] = field(default_factory=list)


@dataclass
class Interchange:
    """One ISA to IEA, with what separates its elements, repetitions and components."""

    sender: str
    receiver: str
    control: str
    test: bool
    element: str
    repetition: str
    component: str
    terminator: str
    transactions: list[Transaction] = field(default_factory=list)
    answers: list[Segment] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def repeats(self, value: str) -> list[str]:
        """The repetitions of an element's value."""
        if self.repetition and self.repetition in value:
            return [part.strip() for part in value.split(self.repetition) if part.strip()]
        return [value] if value else []

    def codes(self, value: str) -> list[str]:
        """The repetitions of a short code, whatever separates them: codes are letters and digits.

        For senders who name no repetition separator, or another than they use.
        """
        if not value or value.isalnum():
            return [value] if value else []
        for separator in {self.repetition, self.component, "^", ":", "|"} - {""}:
            value = value.replace(separator, "\n")
        return [part.strip() for part in value.split("\n") if part.strip()]

    def raw(self, segment: Segment) -> str:
        """A segment as it came, without its terminator."""
        return self.element.join(segment.elements).strip()

    def text(self, transaction: Transaction) -> str:
        """A transaction as it came, from its ST to before its SE, one segment to a line."""
        end = self.terminator.strip() or "~"
        segments = (transaction.opened, *transaction.segments)
        return "".join(f"{self.raw(segment)}{end}\n" for segment in segments)

    def components(self, value: str) -> list[str]:
        """The components of a composite element, empty ones kept."""
        return [part.strip() for part in value.split(self.component)] if value else []


def text_of(data: bytes | str) -> str:
    """``data`` as text. X12 is ASCII; UTF-8 and Latin-1 letters in names are taken too."""
    if len(data) > MOST_BYTES:
        raise Refused(f"The file has more than {MOST_BYTES:,} bytes", "", 0, "Is it the right one?")
    if isinstance(data, str):
        return data
    for encoding in ("utf-8-sig", "latin-1"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 takes every byte")


def read_file(path: Path) -> str:
    """The text of a file. Raises Invalid when it cannot be read, Refused when it is too large."""
    try:
        with path.open("rb") as opened:
            return text_of(opened.read(MOST_BYTES + 1))
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read: {error.strerror}", "Check the name") from None


def read(data: bytes | str) -> list[Interchange]:
    """Every interchange of a file. Raises Refused."""
    text = _unwrapped(text_of(data))
    found: list[Interchange] = []
    start, before = _skip(text, 0), 0
    while start < len(text):
        if found and _stray(text, start):
            note = f"{len(text) - start:,} characters after the last IEA are not X12"
            found[-1].problems.append(Problem("IEA", before, f"IEA: {note}"))
            break
        interchange, start, before = _one(text, start, before)
        found.append(interchange)
        start = _skip(text, start)
    if not found:
        raise Refused("The file is empty", "", 0)
    return found


def _unwrapped(text: str) -> str:
    """``text`` without the ends of line of a system that cuts it into records of one length."""
    start = _skip(text, 0)
    first = text.find("\n", start)
    second = text.find("\n", first + 1)
    if first < 0 or second - first - 1 != first - start:
        return text
    lines = text[start:].split("\n")
    if len(lines) < 3 or any(len(line) != len(lines[0]) for line in lines[:-2]):
        return text
    return "".join(line.removesuffix("\r") for line in lines)


def _skip(text: str, start: int) -> int:
    """Where the next interchange begins: after blanks, ends of line and a byte order mark."""
    while start < len(text) and text[start] in _PADDING:
        start += 1
    return start


def _stray(text: str, start: int) -> bool:
    """Whether what follows an IEA is no interchange, whole, cut short or damaged."""
    rest = text[start : start + 3].upper()
    return not "ISA".startswith(rest) and text.upper().find("ISA", start) < 0


def _one(text: str, start: int, before: int) -> tuple[Interchange, int, int]:
    """The interchange at ``start``, where it ends, and how many segments came up to there."""
    position = before + 1
    interchange, start = _header(text, start, position)
    reader = _Envelope(interchange)
    terminator, separator = interchange.terminator, interchange.element
    while True:
        end = text.find(terminator, start)
        last = end < 0
        raw = (text[start:] if last else text[start:end]).strip(_PADDING)
        start = len(text) if last else end + 1
        if raw:
            position += 1
            if position > MOST_SEGMENTS:
                raise Refused(f"More than {MOST_SEGMENTS:,} segments", "", position)
            elements = raw.split(separator)
            elements[0] = elements[0].strip().upper()
            segment = Segment(elements, position)
            if reader.take(segment):
                # Without its terminator an IEA may have lost its last characters.
                if last and segment[2] != interchange.control:
                    raise Refused("The file ends inside its IEA", "IEA", position)
                return interchange, start, position
        if last:
            reader.cut_short(position)


def _header(text: str, start: int, position: int) -> tuple[Interchange, int]:
    """The ISA's values, and where the segment after it begins.

    By counting separators, not characters: some senders do not pad, and the examples that
    people mask and pass on have lost their 106 characters. Raises Refused.
    """
    header = text[start : start + _LONGEST_HEADER]
    if header[:3].upper() != "ISA":
        raise Refused(f"This is not X12 but {_kind(header)}", _word(header), position)
    separator = header[3:4]
    if not separator or separator.isalnum() or separator in " \r\n":
        raise Refused("The ISA has no element separator", "ISA", position)
    parts = header.split(separator, _ELEMENTS)
    if len(parts) <= _ELEMENTS or len(parts[_ELEMENTS]) < 2:
        raise Refused("The file ends inside its ISA", "ISA", position)
    for index, part in enumerate(parts[1:_ELEMENTS], start=1):
        if "\n" in part or len(part) > 40:
            raise Refused(f"ISA{index:02} is not an element of an ISA", "ISA", position)
    component, rest = parts[_ELEMENTS][0], parts[_ELEMENTS][1:]
    ended = rest.lstrip(" ")  # a padded end of line
    terminator = ended[:1] if ended[:1] in ("\r", "\n") else rest[0]
    if terminator.isalnum() or terminator in (separator, component, " "):
        raise Refused("The ISA does not end after ISA16", "ISA", position)
    repetition = parts[_REPETITION_IN_ISA].strip()
    if len(repetition) != 1 or repetition.isalnum():
        repetition = ""  # 4010 has a U here
    interchange = Interchange(
        sender=parts[6].strip(" ."), receiver=parts[8].strip(" ."), control=parts[13].strip(),
        test=parts[15].strip() == "T", element=separator, repetition=repetition,
        component=component, terminator=terminator,
    )  # fmt: skip
    length = len(header) - len(rest) + rest.index(terminator) + 1
    return interchange, start + length


class _Envelope:
    """Follows GS, ST, SE, GE and IEA, counts, and notes what does not agree."""

    def __init__(self, interchange: Interchange) -> None:
        self.to = interchange
        self.group: Segment | None = None
        self.groups = 0
        self.sets = 0
        self.open: Transaction | None = None

    def take(self, segment: Segment) -> bool:
        """Put a segment where it belongs; True when it ended the interchange. Raises Refused."""
        known = _ENVELOPE.get(segment.elements[0])
        if known is not None:
            return bool(known(self, segment))
        if self.open is not None:
            if _NAME.fullmatch(segment.elements[0]) is None:
                raise Refused(
                    f"{quoted(segment.id)} is not a segment", _word(segment.id), segment.position
                )
            self.open.segments.append(segment)
            return False
        raise Refused(
            f"{quoted(segment.id)} stands outside a transaction",
            _word(segment.id),
            segment.position,
        )

    def cut_short(self, position: int) -> None:
        """The text ended before its IEA. Raises Refused."""
        missing = "SE" if self.open else "GE" if self.group else "IEA"
        raise Refused(f"The file ends in the middle: no {missing}", missing, position + 1)

    def _isa(self, segment: Segment) -> bool:
        raise Refused("A new ISA before the IEA of the last", "ISA", segment.position)

    def _answer(self, segment: Segment) -> bool:
        self.to.answers.append(segment)
        return False

    def _gs(self, segment: Segment) -> bool:
        if self.group is not None:
            raise Refused("A new GS before the GE of the last", "GS", segment.position)
        self.group, self.sets = segment, 0
        self.groups += 1
        return False

    def _st(self, segment: Segment) -> bool:
        if self.open is not None:
            raise Refused("A new ST before the SE of the last", "ST", segment.position)
        group = self.group
        if group is None:
            self._note(segment, "no GS before this ST")
        self.sets += 1
        version = segment[3] or (group[8] if group else "")
        self.open = Transaction(
            segment[1], version, segment[2], segment,
            group[1] if group else "", group[6] if group else "",
        )  # fmt: skip
        self.to.transactions.append(self.open)
        return False

    def _se(self, segment: Segment) -> bool:
        opened = self.open
        if opened is None:
            raise Refused("An SE without its ST", "SE", segment.position)
        held = len(opened.segments) + 2
        if segment[1] != str(held):
            self._note(segment, f"says {quoted(segment[1])} segments, there are {held}")
        if segment[2] != opened.control:
            self._note(segment, "its control number is not that of its ST")
        self.open = None
        return False

    def _ge(self, segment: Segment) -> bool:
        group = self.group
        if self.open is not None:
            raise Refused("The transaction ends without an SE", "SE", segment.position)
        if group is None:
            raise Refused("A GE without its GS", "GE", segment.position)
        if segment[1] != str(self.sets):
            self._note(segment, f"says {quoted(segment[1])} transactions, there are {self.sets}")
        if segment[2] != group[6]:
            self._note(segment, "its control number is not that of its GS")
        self.group = None
        return False

    def _iea(self, segment: Segment) -> bool:
        if self.open is not None:
            raise Refused("The transaction ends without an SE", "SE", segment.position)
        if self.group is not None:
            raise Refused("The group ends without a GE", "GE", segment.position)
        if segment[1] != str(self.groups):
            self._note(segment, f"says {quoted(segment[1])} groups, there are {self.groups}")
        if segment[2].lstrip("0") != self.to.control.lstrip("0"):
            self._note(segment, "its control number is not that of its ISA")
        return True

    def _note(self, segment: Segment, text: str) -> None:
        self.to.problems.append(Problem(segment.id, segment.position, f"{segment.id}: {text}"))


_ENVELOPE = {
    "ISA": _Envelope._isa, "TA1": _Envelope._answer, "GS": _Envelope._gs, "ST": _Envelope._st,
    "SE": _Envelope._se, "GE": _Envelope._ge, "IEA": _Envelope._iea,
}  # fmt: skip


def quoted(text: str) -> str:
    """A short code or count as it was found, safe to show. Longer, it could be a name."""
    if len(text) > _SHOWN and not (text.isdigit() and len(text) <= 9):
        return "something else"
    return "'" + "".join(c if c.isascii() and c.isprintable() else "." for c in text) + "'"


def _kind(text: str) -> str:
    """What a foreign file seems to be; its text is not quoted, it may be a patient's."""
    for start, words in _FOREIGN:
        if text.upper().startswith(start):
            return words
    return "something else"


def _word(text: str) -> str:
    return "".join(c for c in text[:3] if c.isalnum() and c.isascii())
