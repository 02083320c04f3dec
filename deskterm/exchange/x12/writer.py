"""Writes an X12 interchange: envelopes, counts and control numbers.

Everything that people typed is put into plain capitals and loses the four separators, so that
no name can end a segment. A value that is too long for its element is refused, never cut: half
a member id is another person's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from deskterm.errors import Invalid
from deskterm.text import ascii_upper

ELEMENT, REPETITION, COMPONENT, TERMINATOR = "*", "^", ":", "~"
_SEPARATORS = str.maketrans({c: " " for c in (ELEMENT, REPETITION, COMPONENT, TERMINATOR)})
_ID_WIDTH = 15  # ISA06 and ISA08
_MOST_CONTROL = 999_999_999
PART = tuple[str, ...]  # a composite element: its components


@dataclass(frozen=True)
class Envelope:
    """Who sends to whom, as the connection's agreement says. ``at`` is the sender's local time."""

    sender: str
    receiver: str
    control: int
    at: datetime
    sender_qualifier: str = "ZZ"
    receiver_qualifier: str = "ZZ"
    group_sender: str = ""
    group_receiver: str = ""
    test: bool = False


class Body:
    """The segments between ST and SE, with the numbers of their levels."""

    def __init__(self) -> None:
        self.segments: list[str] = []
        self.levels = 0

    def add(self, name: str, *elements: str | PART) -> None:
        """Add a segment; empty elements at its end are left out, and it whole when all are."""
        parts = [name, *(_composite(e) if isinstance(e, tuple) else e for e in elements)]
        while not parts[-1]:
            parts.pop()
        if len(parts) > 1:
            self.segments.append(ELEMENT.join(parts))

    def level(self, code: str, parent: int = 0, *, more: bool) -> int:
        """Open an HL below ``parent``; its number. ``more``: others will stand below it."""
        self.levels += 1
        self.add("HL", str(self.levels), str(parent or ""), code, "1" if more else "0")
        return self.levels


def interchange(
    envelope: Envelope, group: str, set_code: str, version: str, bodies: Iterable[Body]
) -> str:
    """The whole text, one segment a line. Raises Invalid.

    ``group`` is GS01 (HS eligibility, HI authorizations), ``version`` GS08 and ST03.
    """
    lines = [_isa(envelope)]
    at, control = envelope.at, envelope.control
    lines.append(
        ELEMENT.join(
            ["GS", group, word(envelope.group_sender or envelope.sender, 15),
             word(envelope.group_receiver or envelope.receiver, 15), f"{at:%Y%m%d}",
             f"{at:%H%M%S}", str(control), "X", version]
        )
    )  # fmt: skip
    count = 0
    for body in bodies:
        count += 1
        number = f"{count:04}"
        lines.append(ELEMENT.join(["ST", set_code, number, version]))
        lines += body.segments
        lines.append(ELEMENT.join(["SE", str(len(body.segments) + 2), number]))
    if not count:
        raise Invalid("There is nothing to write", "Choose at least one")
    lines.append(ELEMENT.join(["GE", str(count), str(control)]))
    lines.append(ELEMENT.join(["IEA", "1", f"{control:09}"]))
    return _ended(lines)


def ta1(envelope: Envelope, control: str, verdict: str, note: str) -> str:
    """An interchange that holds one TA1 and no group. Raises Invalid."""
    at = envelope.at
    lines = [_isa(envelope)]
    lines.append(
        ELEMENT.join(["TA1", control.zfill(9), f"{at:%y%m%d}", f"{at:%H%M}", verdict, note])
    )
    lines.append(ELEMENT.join(["IEA", "0", f"{envelope.control:09}"]))
    return _ended(lines)


def _isa(envelope: Envelope) -> str:
    if not 1 <= envelope.control <= _MOST_CONTROL:
        raise Invalid("The control number is outside 1 to 999999999", "Start it again from 1")
    at = envelope.at
    return ELEMENT.join(
        ["ISA", "00", " " * 10, "00", " " * 10, _qualifier(envelope.sender_qualifier),
         _padded(envelope.sender, "sender"), _qualifier(envelope.receiver_qualifier),
         _padded(envelope.receiver, "receiver"), f"{at:%y%m%d}", f"{at:%H%M}", REPETITION,
         "00501", f"{envelope.control:09}", "0", "T" if envelope.test else "P", COMPONENT]
    )  # fmt: skip


def _ended(lines: Iterable[str]) -> str:
    return "".join(f"{line}{TERMINATOR}\n" for line in lines)


def _qualifier(text: str) -> str:
    value = code(text, 2, "qualifier")
    if len(value) != 2:
        raise Invalid("An id qualifier has two characters", "Set it for the connection")
    return value


def word(text: str, most: int, what: str = "value") -> str:
    """``text`` as an element may hold it: capitals, no accents, no separators. Raises Invalid."""
    value = " ".join(ascii_upper(text).translate(_SEPARATORS).split())
    if len(value) > most:
        raise Invalid(f"The {what} has more than {most} characters", "Shorten it", field=what)
    return value


def code(text: str, most: int, what: str = "code") -> str:
    """An id or number as an element may hold it: like :func:`word`, without blanks."""
    return word(word(text, 20 * len(text), what).replace(" ", ""), most, what)


def day(value: date) -> str:
    """CCYYMMDD."""
    return f"{value:%Y%m%d}" if value.year >= 1000 else f"{value.year:04}{value:%m%d}"


def days(first: date, last: date | None = None) -> tuple[str, str]:
    """The qualifier and text of a date or range of dates."""
    if last is None or last == first:
        return "D8", day(first)
    return "RD8", f"{day(first)}-{day(last)}"


def _composite(parts: PART) -> str:
    return COMPONENT.join(parts).rstrip(COMPONENT)


def _padded(text: str, what: str) -> str:
    value = word(text, _ID_WIDTH, what)
    if not value:
        raise Invalid(f"The {what} of the interchange is missing", "Set it for the connection")
    return value.ljust(_ID_WIDTH)
