"""What reading an eligibility answer costs, without a database.

``python bench/eligibility.py [--segments 2000] [--rounds 30] [--profile]`` writes a 271 of that
many segments in memory, as a large payer sends them (several lines for each service, with
messages, dates and named parties), and prints JSON: milliseconds of this process's CPU for
cutting it into segments and for the whole reading, the median and the best of the rounds.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import time
from collections.abc import Callable

from deskterm.exchange.x12.eligibility_answer import read_answers
from deskterm.exchange.x12.segments import read

HEAD = [
    "ISA*00*          *00*          *ZZ*PAYER          *ZZ*CLINIC         *260318*0905*^*00501"
    "*000000905*0*P*:",
    "GS*HB*PAYER*CLINIC*20260318*0905*77*X*005010X279A1",
    "ST*271*0001*005010X279A1",
    "BHT*0022*11*T1*20260318*0905",
    "HL*1**20*1",
    "NM1*PR*2*ABC COMPANY*****PI*842610001",
    "HL*2*1*21*1",
    "NM1*1P*2*BONE AND JOINT CLINIC*****XX*1234567893",
    "HL*3*2*22*0",
    "TRN*2*T1*1123456789",
    "NM1*IL*1*SMITH*JOHN*Q**JR*MI*123456789",
    "DMG*D8*19630519*M",
    "EB*1*IND*30^1^33^35^47^86^88^98^AL^MH^UC**GOLD 123 PLAN",
]
SERVICES = ("30", "98", "96", "A0", "UC", "33", "48", "50", "86", "MH", "5", "62", "AL", "BZ")


def transaction(segments: int) -> str:
    """A 271 of about ``segments`` segments, one a line."""
    lines = list(HEAD)
    number = 0
    while len(lines) < segments - 3:
        service = SERVICES[number % len(SERVICES)]
        network = "YNW"[number % 3]
        kind = number % 5
        number += 1
        if kind == 0:
            lines.append(f"EB*C*IND*{service}***23*1500.00*****{network}")
            lines.append("DTP*292*RD8*20260101-20261231")
        elif kind == 1:
            lines.append(f"EB*C*IND*{service}***29*1187.50*****{network}")
        elif kind == 2:
            lines += [f"EB*B*IND*{service}*HM*GOLD*27*35*****{network}", "MSG*SPECIALIST VISIT"]
        elif kind == 3:
            lines.append(f"EB*A*IND*{service}^98*****.2***Y*{network}")
        else:
            lines += [f"EB*F*IND*{service}***23***VS*20*Y*{network}", "HSD*VS*20***23",
                      "LS*2120", "NM1*P3*1*JONES*MARCUS****XX*1234567893",
                      "PER*IC**TE*2175550123", "LE*2120"]  # fmt: skip
    lines += [f"SE*{len(lines) - 1}*0001", "GE*1*77", "IEA*1*000000905"]
    return "".join(f"{line}~\n" for line in lines)


def timed(work: Callable[[], object], rounds: int) -> dict[str, float]:
    found = []
    for _ in range(rounds):
        began = time.thread_time_ns()
        work()
        found.append((time.thread_time_ns() - began) / 1e6)
    return {"median_ms": round(statistics.median(found), 2), "best_ms": round(min(found), 2)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--segments", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    data = transaction(chosen.segments).encode()
    answer = read_answers(data)
    if chosen.profile:
        profile = cProfile.Profile()
        profile.runcall(lambda: [read_answers(data) for _ in range(10)])
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    said = {
        "bytes": len(data), "segments": data.count(b"~"),
        "benefits": len(answer.answers[0].people[0].benefits), "problems": len(answer.problems),
        "segments_only": timed(lambda: read(data), chosen.rounds),
        "reading": timed(lambda: read_answers(data), chosen.rounds),
    }  # fmt: skip
    print(json.dumps(said))


if __name__ == "__main__":
    main()
