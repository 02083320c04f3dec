"""Just enough of X12 to know what came: whole or cut off, which transaction, whose trace number.

What an answer says is read elsewhere. This looks at the edges only, so that a web page, half an
answer or somebody else's is told apart before anything is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deskterm.exchange.payers.trouble import AnothersAnswer, NotTheAnswer, NotX12, Truncated
from deskterm.exchange.payers.values import PAYLOADS

_ISA = 106


@dataclass(frozen=True)
class Transaction:
    """One ST to SE: which set, and the trace numbers of its TRN segments."""

    set: str
    traces: frozenset[str]
    segments: tuple[str, ...]


@dataclass(frozen=True)
class Interchange:
    """One ISA to IEA. ``acknowledgments`` are the second elements of its TA1 segments."""

    isa: str
    gs: str
    ends: str
    transactions: tuple[Transaction, ...]
    is_acknowledgment: bool

    def alone(self, transaction: Transaction) -> str:
        """The interchange as if it held only this transaction."""
        mark, control = self.isa[3], self.isa.split(self.isa[3])[13]
        group = self.gs.split(mark)
        number = group[6] if len(group) > 6 else "1"
        parts = [self.isa, self.gs, *transaction.segments, mark.join(("GE", "1", number)),
                 mark.join(("IEA", "1", control))]  # fmt: skip
        return "".join(part + self.ends for part in parts)


def text_of(body: bytes) -> str:
    """Bytes as text without loss. Raises NotX12 for what cannot be a transaction."""
    if b"\x00" in body:
        raise NotX12("The answer is not text", "")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def read(text: str) -> list[Interchange]:
    """Every interchange of ``text``. Raises NotX12 and Truncated."""
    rest = text.strip("\ufeff \t\r\n")
    if not rest:
        raise NotX12("The answer is empty", "")
    found = []
    while rest:
        one, rest = _first(rest)
        found.append(one)
    return found


def check(text: str, kind: str, trace: str = "") -> None:
    """Raise unless ``text`` is a whole answer to a ``kind`` question with our ``trace``.

    An answer without any trace number is let through: payers that refuse a question at their
    own level send none. Raises NotX12, Truncated, NotTheAnswer, AnothersAnswer.
    """
    wanted = PAYLOADS[kind][1]
    interchanges = read(text)
    sets = [t for i in interchanges for t in i.transactions]
    good = [t for t in sets if t.set == wanted]
    if not good:
        names = sorted({t.set for t in sets})
        if "999" in names or (any(i.is_acknowledgment for i in interchanges) and not sets):
            name = "999" if "999" in names else "TA1"
            raise NotTheAnswer(
                f"A {name} came instead of a {wanted}: the payer could not read the question",
                "The text is kept; it says which segment", x12=text,
            )  # fmt: skip
        raise NotX12(f"A {', '.join(names) or 'nothing'} came instead of a {wanted}", "")
    traces = frozenset().union(*(t.traces for t in good))
    if trace and traces and trace not in traces:
        raise AnothersAnswer("The answer is to another question: its trace number is not ours",
                             "Nothing of it was kept; tell the payer")  # fmt: skip


def by_trace(text: str) -> Iterator[tuple[str, str]]:
    """``(trace number, interchange of that transaction alone)`` for each trace in a batch."""
    for interchange in read(text):
        for transaction in interchange.transactions:
            for trace in sorted(transaction.traces):
                yield trace, interchange.alone(transaction)


def _first(text: str) -> tuple[Interchange, str]:
    """The interchange at the beginning, and what follows it."""
    if not text.startswith("ISA"):
        raise NotX12("What came is not an X12 transaction", "")
    if len(text) < _ISA:
        raise Truncated("The answer ends in its first segment", "")
    mark, end = text[3], text[_ISA - 1]
    if text.count(mark, 0, _ISA) != 16 or end.isalnum() or end == mark:
        raise NotX12("The answer's ISA segment is not one", "")
    isa, gs, place = text[: _ISA - 1], "", _ISA
    transactions: list[Transaction] = []
    inside: list[str] = []
    traces: set[str] = set()
    is_acknowledgment = False
    while True:
        stop = text.find(end, place)
        if stop < 0:
            raise Truncated("The answer breaks off in the middle", "")
        segment = text[place:stop].strip("\r\n ")
        place = stop + 1
        name, _, rest = segment.partition(mark)
        if name == "ST":
            inside, traces = [segment], set()
        elif inside:
            inside.append(segment)
            if name == "TRN":
                elements = rest.split(mark)
                if len(elements) > 1 and elements[0] == "2":
                    traces.add(elements[1].strip())
            elif name == "SE":
                kind = inside[0].split(mark)[1:2]
                transactions.append(
                    Transaction(kind[0] if kind else "", frozenset(traces), tuple(inside))
                )
                inside = []
        elif name == "GS":
            gs = segment
        elif name == "TA1":
            is_acknowledgment = True
        if name == "IEA":
            if inside:
                raise Truncated("A transaction of the answer has no end", "")
            made = Interchange(isa, gs, end, tuple(transactions), is_acknowledgment)
            return made, text[place:].strip("\ufeff \t\r\n")
