"""Feeds damaged X12 to the readers: nothing but Refused may be raised, and nothing may hang.

``python -m tests.exchange.x12.fuzz --count N [--seed S]`` mutates our own seeds and, where they
lie beside the repository, the published samples, and prints JSON: inputs, refusals, the median
and the worst CPU time for a byte, and the time of 1,000, 10,000 and 100,000 segments. Ends with 1
at a crash (the input is printed as hex) or when an input stays above ``--most`` times the median.
``--atheris`` lets atheris choose the inputs instead, where it is installed.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deskterm.exchange.x12 import acknowledgments, authorization_answer, eligibility_answer
from deskterm.exchange.x12.segments import Problem, Refused, read
from tests.exchange.x12.making import ISA, SUBSCRIBER, TOP, sample_files, seeds, x12

LONGEST = 60_000
_SMALL = 400  # bytes: below, an input's time says nothing of its size
_CHARACTERS = b"*~^:|>!\n\r \0\x1a\xff-.09AZaz"
_SEGMENTS = (
    b"LS*2120", b"LE*2120", b"HL*9*8*23*0", b"HL*9*8*EV*1", b"HL*9*8*SS*0", b"EB*1**30",
    b"EB*C*IND*30***29*99999.99*150*VS*1e9", b"AAA*N**72*C", b"NM1*IL*1*A*B****MI*1", b"MSG*X",
    b"HCR*A4**0U^0V", b"HI*BF:1:D8:20", b"HSD*VS*-1", b"ST*271*0001", b"SE*1*0001", b"GE*1*1",
    b"IEA*1*1", b"ISA", b"GS*HB", b"TA1*1*1*1*R*1", b"AK1", b"AK2*270", b"IK3*A*B", b"IK4*1:2:3",
    b"IK5*R", b"AK9*R*1*1*1", b"CTX*A", b"DTP*291*RD8*20060101-", b"SV2**HC:1", b"UM", b"SV1",
)  # fmt: skip


@dataclass
class Tally:
    """What has been seen so far."""

    inputs: int = 0
    refused: int = 0
    times: list[float] = field(default_factory=list)
    slow: list[tuple[float, bytes]] = field(default_factory=list)


def take(data: bytes) -> bool:
    """Read ``data`` by every reader, and everything they say about it. Whether one read it."""
    taken = False
    try:
        for one in read(data):
            taken = True
            _printable(one.problems)
    except Refused as refused:
        _sayable(refused)
        return False
    try:
        answers = eligibility_answer.read_answers(data)
        _printable(answers.problems)
        for answer in answers.answers:
            for person in answer.people:
                assert person.status in ("active", "inactive", "issue", "unable", "unknown")
                assert person.name is not None
                assert all(r.what.isprintable() and r.do for r in person.rejections)
                assert all(d.words.isprintable() for d in person.dates)
                for benefit in person.benefits:
                    assert benefit.share is None or 0 <= benefit.share <= 10_000
                    assert benefit.unlimited in (True, False)
    except Refused as refused:
        _sayable(refused)
    try:
        decisions = authorization_answer.read_authorizations(data)
        _printable(decisions.problems)
        for decided in decisions.answers:
            assert decided.traces is not None and decided.all_rejections is not None
            for review in decided.reviews:
                assert review.state and review.valid is not None
                assert all(s.state for s in review.services)
                assert all(d.words.isprintable() for d in review.decisions)
    except Refused as refused:
        _sayable(refused)
    try:
        found = acknowledgments.read_acknowledgments(data)
        _printable(found.problems)
        for said in found.acknowledgments:
            assert said.words and said.status and said.taken in (True, False)
            assert all(line.isprintable() for line in said.words)
    except Refused as refused:
        _sayable(refused)
    return taken


def _sayable(refused: Refused) -> None:
    text = refused.message
    assert text.isprintable() and len(text) < 160, text
    assert refused.segment.isascii() and len(refused.segment) <= 3, refused.segment
    assert refused.position >= 0


def _printable(problems: list[Problem] | tuple[Problem, ...]) -> None:
    for problem in problems:
        assert problem.text.isprintable() and len(problem.text) < 200, problem.text
        assert problem.position > 0


def _flip(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if made:
            made[chance.randrange(len(made))] = (
                chance.choice(_CHARACTERS) if chance.random() < 0.6 else chance.randrange(256)
            )
    return bytes(made)


def _insert(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    size = chance.choice((1, 1, 2, 5, 40))
    extra = bytes(chance.choice(_CHARACTERS) for _ in range(size))
    return data[:place] + extra + data[place:]


def _remove(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + data[place + chance.choice((1, 1, 3, 20)) :]


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _shuffled(data: bytes, chance: random.Random) -> bytes:
    """Segments twice, away, elsewhere, or ones that do not belong."""
    mark = b"~" if b"~" in data else b"\r" if b"\r" in data else b"\n"
    parts = data.split(mark)
    for _ in range(chance.randint(1, 4)):
        if len(parts) < 3:
            break
        place = chance.randrange(1, len(parts))
        kind = chance.randrange(5)
        if kind == 0:
            parts[place:place] = [parts[place]] * chance.choice((1, 2, 30))
        elif kind == 1:
            del parts[place]
        elif kind == 2:
            parts.insert(chance.randrange(1, len(parts)), parts.pop(place))
        elif kind == 3:
            parts.insert(place, chance.choice(_SEGMENTS))
        else:
            elements = parts[place].split(b"*")
            elements[chance.randrange(len(elements))] = chance.choice(
                (b"", b"9" * 40, b"1e99", b"-1", b"nan", b"\xc3\xa9", b"20261399", b"A" * 300)
            )
            parts[place] = b"*".join(elements)
    return mark.join(parts)


def _delimiters(data: bytes, chance: random.Random) -> bytes:
    old, new = chance.choice(b"*~^:\n"), chance.choice(_CHARACTERS)
    if chance.random() < 0.5:
        return data.replace(bytes([old]), bytes([new]))
    return data[:110].replace(bytes([old]), bytes([new])) + data[110:]


def _again(data: bytes, chance: random.Random) -> bytes:
    return data + chance.choice((b"", b"\n", b"\0", b"junk", b"\x1a\x1a")) + data


def _noise(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.choice((0, 3, 106))] + chance.randbytes(chance.randrange(300))


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _flip, _flip, _insert, _remove, _cut, _shuffled, _shuffled, _shuffled, _delimiters, _again,
    _noise,
)  # fmt: skip


def corpus() -> list[bytes]:
    found = [text.encode() for text in seeds()]
    for kind in ("270", "271", "276", "277", "278", "999"):
        found += [path.read_bytes() for path in sample_files(kind)]
    return found


def run(count: int, seed: int, most: float) -> Tally:
    """Mutate and read ``count`` inputs. Raises whatever a reader raises beyond Refused."""
    chance = random.Random(seed)
    held, tally = corpus(), Tally()
    while tally.inputs < count:
        data = chance.choice(held)
        for _ in range(chance.choice((1, 1, 2, 3))):
            data = chance.choice(MUTATIONS)(data, chance)[:LONGEST]
        began = time.thread_time_ns()
        try:
            taken = take(data)
        except BaseException:
            print("CRASHED ON", data.hex(), file=sys.stderr)
            raise
        cost = (time.thread_time_ns() - began) / max(len(data), _SMALL)
        tally.inputs += 1
        tally.refused += not taken
        if tally.inputs % 50 == 0 or tally.inputs < 200:
            tally.times.append(cost)
        if tally.inputs >= 200 and cost > most * statistics.median(tally.times[:400]):
            tally.slow.append((cost, data))
    return tally


def still_slow(tally: Tally, most: float) -> list[tuple[float, bytes]]:
    """The slow inputs that are slow again, three times: not the machine, but the input."""
    found = []
    for _, data in tally.slow:
        best = min(_cost(lambda data=data: take(data)) for _ in range(3))
        best /= max(len(data), _SMALL)
        if best > most * statistics.median(tally.times):
            found.append((best, data))
    return found


def _cost(work: Callable[[], object]) -> int:
    began = time.thread_time_ns()
    work()
    return time.thread_time_ns() - began


def growth(sizes: tuple[int, ...] = (1_000, 10_000, 100_000)) -> dict[str, dict[int, float]]:
    """CPU microseconds for a segment, for files that could make a reader quadratic."""
    made: dict[str, Callable[[int], str]] = {
        "benefits": lambda n: x12(TOP + SUBSCRIBER + "EB*C*IND*30^98***29*250*****Y\n" * n),
        "messages": lambda n: x12(TOP + SUBSCRIBER + "EB*1**30\n" + "MSG*SOME TEXT\n" * n),
        "people": lambda n: x12(TOP + ("HL*3*2*22*0\nNM1*IL*1*A*B\nAAA*N**72*C\n") * (n // 3)),
        "rejections above people": lambda n: x12(
            TOP + "AAA*N**42*P\n" * (n // 3) + "HL*3*2*22*0\nAAA*N**72*C\n" * (n // 3)
        ),
        "open loops": lambda n: x12(TOP + SUBSCRIBER + "EB*L\nLS*2120\nNM1*P3*1*J\n" * (n // 3)),
        "decisions": lambda n: x12(
            TOP.replace("BHT*0022", "BHT*0007")
            + "HL*3*2*22*1\nHL*4*3*EV*1\n"
            + "HL*5*4*SS*0\nHCR*A1*1\nSV1*HC:97110**UN*1\n" * (n // 3),
            set_code="278",
        ),
        "providers above lines": lambda n: x12(
            TOP + "HL*3*2*19*1\n" + "NM1*SJ*1*A\n" * (n // 3) + "HL*5*4*SS*0\nHCR*A1\n" * (n // 3),
            set_code="278",
        ),
        "faults": lambda n: x12(
            "AK1*HS*1\nAK2*270*1\n" + "IK3*NM1*5**8\nCTX*A\nIK4*9**7\n" * (n // 3) + "IK5*R\nAK9*R",
            set_code="999",
        ),
        "interchanges": lambda n: x12(TOP + SUBSCRIBER) * (n // 20),
        "stray words": lambda n: (ISA + "~IEA*0*000000905~\n") * (n // 2) + "junk" * n,
        "repetitions": lambda n: x12(TOP + SUBSCRIBER + "EB*1**" + "^".join(["30"] * n)),
    }
    found = {}
    for name, make in made.items():
        found[name] = {}
        for size in sizes:
            data = make(size).encode()
            repeats = max(1, 3_000 // size)
            best = min(_cost(lambda: take(data)) for _ in range(repeats))  # noqa: B023
            found[name][size] = best / size / 1000
    return found


def with_atheris(count: int) -> None:
    import atheris

    folder = tempfile.mkdtemp(prefix="x12-fuzz-")
    for number, data in enumerate(corpus()):
        Path(folder, f"{number:03}").write_bytes(data)
    atheris.instrument_all()
    options = [f"-runs={count}", "-max_len=4096", "-rss_limit_mb=2000", "-timeout=20"]
    atheris.Setup([sys.argv[0], *options, folder], take)
    atheris.Fuzz()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=float, default=50.0)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--atheris", action="store_true")
    chosen = parser.parse_args()
    if chosen.atheris:
        with_atheris(chosen.count)
        return
    tally = run(chosen.count, chosen.seed, chosen.most)
    slow = still_slow(tally, chosen.most)
    median = statistics.median(tally.times)
    said = {
        "inputs": tally.inputs, "refused": tally.refused, "seed": chosen.seed,
        "median_ns_per_byte": round(median, 1), "worst_over_median": round(
            max(tally.times) / median, 1
        ),
        "slow_again": len(slow),
    }  # fmt: skip
    if chosen.growth:
        said["us_per_segment"] = growth()
    print(json.dumps(said))
    for cost, data in slow[:5]:
        print("SLOW", round(cost / median), data.hex(), file=sys.stderr)
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
