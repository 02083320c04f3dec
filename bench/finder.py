"""What a finder query costs, by kind, and how often a misspelt name is found.

``python bench/finder.py FILE [--queries N] [--seed S]`` reads a clinic made by
``bench/generate.py`` and prints JSON: milliseconds of whole ``finder.find`` calls (parsing,
search, order, the nine rows), warm, kinds in turn, by the wall and of this process's CPU; and
the share of one-error names for which the patient, or anybody of that name, is among the nine.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.office import finder, patients, recents
from deskterm.office.desk import Desk, open_desk

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Person = tuple[int, str, str, str, str, str, str]

# kind -> the text typed for a patient (id, mrn, last, first, birth date, phone, SSN)
KINDS: dict[str, Callable[[Person], str]] = {
    "s": lambda p: p[2][:1],
    "smi": lambda p: p[2][:3],
    "smith": lambda p: p[2],
    "smi jo": lambda p: f"{p[2][:3]} {p[3][:2]}",
    "jo smi": lambda p: f"{p[3][:2]} {p[2][:3]}",
    "s j": lambda p: f"{p[2][:1]} {p[3][:1]}",
    "s joan": lambda p: f"{p[2][:1]} {p[3]}",
    "smith, joan": lambda p: f"{p[2]}, {p[3]}",
    "joan smith": lambda p: f"{p[3]} {p[2]}",
    ",jo": lambda p: f",{p[3][:2]}",
    "joan": lambda p: p[3],
    "smi 82": lambda p: f"{p[2][:3]} {p[4][2:4]}",
    "s 1982": lambda p: f"{p[2][:1]} {p[4][:4]}",
    "smi 031482": lambda p: f"{p[2][:3]} {p[4][5:7]}{p[4][8:]}{p[4][2:4]}",
    "031482": lambda p: f"{p[4][5:7]}{p[4][8:]}{p[4][2:4]}",
    "0142": lambda p: p[5][-4:],
    "s0142": lambda p: f"{p[2][:1]}{p[5][-4:]}",
    "whole phone": lambda p: p[5],
    "mrn": lambda p: f"#{p[1]}",
    "identifier": lambda p: p[6] or p[1],
    "nobody": lambda p: f"{p[2][:1]}, zzq",
    "smiht": lambda p: misspelt(p[2], random.Random(p[0])),
    "smiht jo": lambda p: f"{misspelt(p[2], random.Random(p[0]))} {p[3][:2]}",
    "smiht jaon": lambda p: (
        f"{misspelt(p[2], random.Random(p[0]))} {misspelt(p[3], random.Random(p[0]))}"
    ),
    "smiht 031482": lambda p: (
        f"{misspelt(p[2], random.Random(p[0]))} {p[4][5:7]}{p[4][8:]}{p[4][2:4]}"
    ),
    ".": lambda p: ".",
}


def misspelt(name: str, chance: random.Random) -> str:
    """``name`` with one letter wrong, missing, too many, or swapped with the next."""
    name = name.lower()
    if len(name) < 3:
        return name + chance.choice(LETTERS)
    at = chance.randrange(1, len(name))
    letter = chance.choice([c for c in LETTERS if c != name[at]])
    return chance.choice(
        [
            name[:at] + letter + name[at + 1 :],
            name[:at] + name[at + 1 :],
            name[:at] + letter + name[at:],
            name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
        ]
    )


def sample(desk: Desk, count: int, chance: random.Random) -> list[Person]:
    """Patients drawn at random, so common names come often."""
    last = desk.rows("SELECT max(id) FROM patient")[0][0]
    people = []
    for _ in range(count):
        people += desk.rows(
            "SELECT p.id, p.mrn, p.last_name, p.first_name, p.birth_date, f.number,"
            " coalesce((SELECT i.value FROM patient_identifier i WHERE i.patient_id = p.id), '')"
            " FROM patient p JOIN patient_phone f ON f.patient_id = p.id WHERE p.id = ?",
            chance.randrange(last) + 1,
        )
    return people


def percentile(times: list[float], share: float) -> float:
    """The value below which that share of the sorted times lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def speed(desk: Desk, people: list[Person]) -> dict[str, dict[str, float]]:
    """Milliseconds by kind: p50, p99 and the longest, and of CPU."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    spent: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for text in KINDS.values():
        finder.find(desk, text(people[0]))
    gc.collect()
    for person in people:
        for kind, text in KINDS.items():
            typed = text(person)
            began, cpu = time.perf_counter(), time.thread_time()
            finder.find(desk, typed)
            times[kind].append(1000 * (time.perf_counter() - began))
            spent[kind].append(1000 * (time.thread_time() - cpu))
    times["all"] = [t for found in times.values() for t in found]
    spent["all"] = [t for found in spent.values() for t in found]
    return {
        kind: {
            "p50": round(statistics.median(found), 2),
            "p99": round(percentile(found, 0.99), 2),
            "max": round(max(found), 2),
            "cpu p50": round(statistics.median(spent[kind]), 2),
            "cpu p99": round(percentile(spent[kind], 0.99), 2),
        }
        for kind, found in times.items()
    }


def recall(desk: Desk, people: list[Person]) -> dict[str, float]:
    """How often one typing error still leads there: to the patient, or to their surname."""
    counts = dict.fromkeys(
        ("surname + given", "surname + birth date", "surname alone (that surname shown)"), 0
    )
    for person in people:
        patient_id, _, last, first, born, *_ = person
        wrong = misspelt(last, random.Random(patient_id + 1))
        date = f"{born[5:7]}{born[8:]}{born[2:4]}"
        shown = finder.find(desk, f"{wrong}, {first}").rows
        counts["surname + given"] += any(
            (row.last_name, row.first_name) == (last, first) for row in shown
        )
        shown = finder.find(desk, f"{wrong} {date}").rows
        counts["surname + birth date"] += patient_id in [row.id for row in shown]
        shown = finder.find(desk, wrong).rows
        counts["surname alone (that surname shown)"] += last in [row.last_name for row in shown]
    return {kind: round(count / len(people), 3) for kind, count in counts.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    settings = Settings(database=str(given.file), zone="America/Chicago")
    desk = open_desk(settings, login="bench", clock=FrozenClock(NOW))
    people = sample(desk, given.queries, random.Random(given.seed))
    for person in people[:12]:
        recents.opened(desk, person[0])
    result = {
        "patients": desk.rows("SELECT count(*) FROM patient")[0][0],
        "ms": speed(desk, people),
        "recall": recall(desk, people),
        "card ms": card(desk, people),
    }
    print(json.dumps(result, indent=1))
    desk.close()


def card(desk: Desk, people: list[Person]) -> dict[str, float]:
    """Milliseconds of the whole patient card."""
    times = []
    for person in people:
        began = time.perf_counter()
        patients.card(desk, person[0])
        times.append(1000 * (time.perf_counter() - began))
    return {"p50": round(statistics.median(times), 2), "p99": round(percentile(times, 0.99), 2)}


if __name__ == "__main__":
    main()
