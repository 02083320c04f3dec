"""What a drawer's difference probably is: the entries that would explain it, best first.

Pure arithmetic over the entries of one batch. Amounts are cents; a variance above zero means
that more was counted than the system has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations

from deskterm.entry.money import show_cents

_TWICE = timedelta(minutes=30)
_MOST_NAMED = 3
_SUBSET_OF = 40  # entries among which a small set is looked for
_PIECES = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 25, 10, 5, 1)


@dataclass(frozen=True)
class Entry:
    """One tender of one document. ``tender`` is cash, check, money_order or ``card visa``."""

    receipt: str
    kind: str
    tender: str
    cents: int
    at: datetime
    patient_id: int = 0
    voids: str = ""
    reference: str = ""


@dataclass(frozen=True)
class Line:
    """The difference of one tender, with what differs among checks by number."""

    tender: str
    variance: int
    items: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Batch:
    """Everything that may explain a difference.

    ``owing`` is what visits of the day still owe: (who, cents). ``movements`` are cash
    movements: (words, cents into the drawer).
    """

    entries: Sequence[Entry]
    float_cents: int = 0
    expected_float_cents: int | None = None
    movements: Sequence[tuple[str, int]] = ()
    owing: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, order=True)
class Suggestion:
    """One explanation: how likely (0 to 100), of which tender, in words, about which receipts."""

    score: int
    tender: str = field(compare=False)
    cents: int = field(compare=False)
    words: str = field(compare=False)
    receipts: tuple[str, ...] = field(compare=False, default=())


def explain(lines: Sequence[Line], batch: Batch, *, most: int = 8) -> list[Suggestion]:
    """The best explanations of all differences, the likeliest first; empty when all agrees."""
    found: dict[tuple[str, str], Suggestion] = {}
    for line in lines:
        if not line.variance and not line.items:
            continue
        for suggestion in _of(line, lines, batch):
            key = (suggestion.tender, suggestion.words)
            if key not in found or found[key].score < suggestion.score:
                found[key] = suggestion
    ranked = sorted(found.values(), key=lambda s: -s.score)
    return _each_tender_first(ranked)[:most]


def _each_tender_first(ranked: list[Suggestion]) -> list[Suggestion]:
    """The best of each tender's explanations stand first, so that none hides another."""
    heads: list[Suggestion] = []
    rest: list[Suggestion] = []
    seen: set[str] = set()
    for suggestion in ranked:
        (rest if suggestion.tender in seen else heads).append(suggestion)
        seen.add(suggestion.tender)
    return heads + rest


def _of(line: Line, lines: Sequence[Line], batch: Batch) -> Iterator[Suggestion]:
    yield from _numbers(line, batch)
    if not line.variance:
        return
    mine = [e for e in batch.entries if e.tender == line.tender]
    yield from _swapped(line, lines, batch)
    yield from _mistyped(line, mine)
    if line.variance > 0:
        yield from _over(line, mine, batch)
    else:
        yield from _short(line, mine)
    if line.tender == "cash":
        yield from _cash(line, batch)
    yield from _several(line, mine)


def _numbers(line: Line, batch: Batch) -> Iterator[Suggestion]:
    """Checks and money orders are known by number."""
    missing = {n: system for n, system, counted in line.items if system and not counted}
    unknown = {n: counted for n, system, counted in line.items if counted and not system}
    what = line.tender.replace("_", " ")
    by_number = {e.reference: e.receipt for e in batch.entries if e.tender == line.tender}
    for number, cents in missing.items():
        twin = next((n for n, other in unknown.items() if other == cents), None)
        receipt = by_number.get(number, "")
        if twin is not None:
            words = f"{what} {number} and {twin} are likely one: both {show_cents(cents)}"
        else:
            words = f"{what} {number} {show_cents(cents)} of {receipt} is not in the drawer"
        yield Suggestion(98, line.tender, -cents, words, (receipt,) if receipt else ())
    for number, cents in unknown.items():
        if cents not in missing.values():
            yield Suggestion(
                96, line.tender, cents,
                f"{what} {number} {show_cents(cents)} was counted but never posted",
            )  # fmt: skip
    for number, system, counted in line.items:
        if system and counted:
            receipt = by_number.get(number, "")
            yield Suggestion(
                97, line.tender, counted - system,
                f"{what} {number} was posted as {show_cents(system)} ({receipt}),"
                f" counted {show_cents(counted)}",
                (receipt,) if receipt else (),
            )  # fmt: skip


def _swapped(line: Line, lines: Sequence[Line], batch: Batch) -> Iterator[Suggestion]:
    """What is missing here lies under another tender."""
    if line.variance >= 0:
        return
    for other in lines:
        if other.tender == line.tender or other.variance <= 0:
            continue
        cents = min(-line.variance, other.variance)
        hits = _standing([e for e in batch.entries if e.tender == line.tender and e.cents == cents],
                         batch)  # fmt: skip
        if hits:
            whole = cents == -line.variance == other.variance
            yield Suggestion(
                (99 if whole else 84) - min(len(hits) - 1, 6),
                line.tender, -cents,
                f"{_named(hits)} {show_cents(cents)} posted as {_plain(line.tender)},"
                f" was likely {_plain(other.tender)}",
                _receipts(hits),
            )  # fmt: skip


def _mistyped(line: Line, mine: Sequence[Entry]) -> Iterator[Suggestion]:
    """Two digits exchanged, one digit struck twice or a point in the wrong place."""
    by_words: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in mine:
        if entry.kind != "payment" or entry.cents <= 0:
            continue
        meant = entry.cents + line.variance
        if meant <= 0:
            continue
        if meant in _exchanged(entry.cents):
            by_words["two digits exchanged", 82].append(entry)
        elif meant in (entry.cents * 10, entry.cents * 100) or (
            entry.cents in (meant * 10, meant * 100)
        ):
            by_words["the point in the wrong place", 80].append(entry)
        elif _one_digit_off(entry.cents, meant):
            by_words["one digit wrong", 52].append(entry)
    for (words, score), hits in by_words.items():
        for entry in hits[:_MOST_NAMED]:
            meant = entry.cents + line.variance
            yield Suggestion(
                score - min(len(hits) - 1, 8), line.tender, line.variance,
                f"{entry.receipt} posted {show_cents(entry.cents)}, likely {show_cents(meant)}:"
                f" {words}",
                (entry.receipt,),
            )  # fmt: skip


def _over(line: Line, mine: Sequence[Entry], batch: Batch) -> Iterator[Suggestion]:
    over = line.variance
    for entry in mine:
        if entry.kind == "void" and entry.cents == -over:
            yield Suggestion(
                90, line.tender, over,
                f"{entry.voids} was voided ({entry.receipt}), but its {show_cents(over)} is there",
                (entry.voids, entry.receipt),
            )  # fmt: skip
        elif entry.kind == "refund" and entry.cents == -over:
            yield Suggestion(
                86, line.tender, over,
                f"refund {entry.receipt} of {show_cents(over)} was not paid out", (entry.receipt,),
            )  # fmt: skip
    owing = [who for who, cents in batch.owing if cents == over]
    for who in owing[:_MOST_NAMED]:
        yield Suggestion(
            88 - min(len(owing) - 1, 6), line.tender, over,
            f"a receipt is missing: {who} still owes exactly {show_cents(over)}",
        )  # fmt: skip
    yield Suggestion(
        44, line.tender, over, f"{show_cents(over)} was taken without a receipt",
    )  # fmt: skip


def _short(line: Line, mine: Sequence[Entry]) -> Iterator[Suggestion]:
    short = -line.variance
    hits = [e for e in mine if e.cents == short and e.kind == "payment"]
    gone = {e.voids for e in mine if e.kind == "void"}
    hits = [e for e in hits if e.receipt not in gone]
    for one, two in combinations(hits, 2):
        if one.patient_id == two.patient_id and abs(one.at - two.at) <= _TWICE:
            yield Suggestion(
                95, line.tender, -short,
                f"{two.receipt} {show_cents(short)} was likely posted twice (as {one.receipt})",
                (two.receipt, one.receipt),
            )  # fmt: skip
    if hits:
        yield Suggestion(
            72 - min(len(hits) - 1, 10), line.tender, -short,
            f"{_named(hits)} {show_cents(short)} is posted, but the money is not there",
            _receipts(hits),
        )  # fmt: skip


def _cash(line: Line, batch: Batch) -> Iterator[Suggestion]:
    off = line.variance
    expected = batch.expected_float_cents
    if batch.float_cents and off == -batch.float_cents:
        yield Suggestion(93, "cash", off, "the float was not counted with the cash")
    if batch.float_cents and off == batch.float_cents:
        yield Suggestion(70, "cash", off, "the float was counted twice")
    if expected not in (None, batch.float_cents) and off == (expected or 0) - batch.float_cents:
        yield Suggestion(
                89, "cash", off,
                f"the float was {show_cents(expected or 0)} as it was left, not"
                f" {show_cents(batch.float_cents)}",
            )  # fmt: skip
    for words, cents in batch.movements:
        if off == -cents:
            yield Suggestion(78, "cash", off, f"{words} {show_cents(abs(cents))} did not happen")
        if off == cents:
            yield Suggestion(76, "cash", off, f"{words} {show_cents(abs(cents))} happened twice")
        if off == -2 * cents:
            yield Suggestion(
                74, "cash", off, f"{words} {show_cents(abs(cents))} went the other way"
            )
    for value in _PIECES:
        if value >= 100 and abs(off) in (value, 2 * value):
            times = "one" if abs(off) == value else "two"
            fewer = "fewer" if off < 0 else "more"
            yield Suggestion(
                68 if times == "one" else 46, "cash", off,
                f"count again: {times} {show_cents(value)} {fewer} than there should be",
            )  # fmt: skip
    if abs(off) < 100:
        yield Suggestion(66, "cash", off, "count the coins again")


def _several(line: Line, mine: Sequence[Entry]) -> Iterator[Suggestion]:
    """A few entries that add up to the difference."""
    gone = {e.voids for e in mine if e.kind == "void"}
    if line.variance < 0:
        pool = [e for e in mine if e.kind == "payment" and e.receipt not in gone]
    else:
        pool = [e for e in mine if e.cents < 0]
    pool = [e for e in pool if 0 < abs(e.cents) < abs(line.variance)][:_SUBSET_OF]
    for size, score in ((2, 50), (3, 36)):
        sets = [s for s in combinations(pool, size) if sum(e.cents for e in s) == -abs(
            line.variance) * (1 if line.variance > 0 else -1)]  # fmt: skip
        for chosen in sets[:2]:
            yield Suggestion(
                score - min(len(sets) - 1, 10), line.tender, line.variance,
                f"{' and '.join(e.receipt for e in chosen)} together are"
                f" {show_cents(abs(line.variance))}",
                _receipts(chosen),
            )  # fmt: skip


def _standing(hits: Sequence[Entry], batch: Batch) -> list[Entry]:
    """The entries that were not voided or corrected since."""
    gone = {e.voids for e in batch.entries if e.kind == "void"}
    moved = {(e.voids, e.tender, -e.cents) for e in batch.entries if e.kind == "correction"}
    return [
        e
        for e in hits
        if e.receipt not in gone
        and e.kind in ("payment", "correction")
        and (e.receipt, e.tender, e.cents) not in moved
    ]


def _exchanged(cents: int) -> set[int]:
    """``cents`` with any two neighbouring digits exchanged, as typed with and without cents."""
    found = set()
    for scale in (1, 100):
        if cents % scale:
            continue
        digits = str(cents // scale)
        for at in range(len(digits) - 1):
            if digits[at] != digits[at + 1]:
                turned = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
                found.add(int(turned) * scale)
    return found


def _one_digit_off(cents: int, meant: int) -> bool:
    one, two = str(cents), str(meant)
    return len(one) == len(two) and sum(a != b for a, b in zip(one, two, strict=True)) == 1


def _plain(tender: str) -> str:
    return tender.replace("_", " ")


def _receipts(hits: Sequence[Entry]) -> tuple[str, ...]:
    return tuple(e.receipt for e in hits)


def _named(hits: Sequence[Entry]) -> str:
    names = [e.receipt for e in hits[:_MOST_NAMED]]
    more = f" (or {len(hits) - _MOST_NAMED} more)" if len(hits) > _MOST_NAMED else ""
    return " or ".join(names) + more
