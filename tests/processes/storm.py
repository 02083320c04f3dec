"""Many desks at work on one file at once: booking, moving patients on, messages, payments.

Run as a program it is one of these desks; :func:`storm` starts them and gathers what they say.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.entry.money import TenderEntry
from deskterm.errors import DesktermError
from deskterm.office import free_time, messages, payments, scheduling, visits
from deskterm.office.desk import Desk, open_desk

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Storm:
    """What all desks said. ``waits`` are milliseconds per write that succeeded."""

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """The time within which ``share`` of the writes were done, in milliseconds."""
        ordered = sorted(self.waits)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def storm(path: str, now: datetime, people: list[int], *, desks: int, seconds: float) -> Storm:
    """Let ``desks`` processes loose on the file for ``seconds``."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.processes.storm", path, f"d{n}", now.isoformat(),
             str(seconds), json.dumps(people)],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for n in range(1, desks + 1)
    ]  # fmt: skip
    told = Storm()
    try:
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, _ = process.communicate(timeout=seconds + 120)
            assert process.returncode == 0, out
            said = json.loads(out)
            told.done.update(said["done"])
            told.refused.update(said["refused"])
            told.waits += said["waits"]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
    return told


def faults(desk: Desk) -> list[str]:
    """Everything about the file that must not be, after a storm."""
    found = [
        f"two patients in one lane: {row}"
        for row in desk.rows(
            "SELECT a.id, b.id FROM appointment a JOIN appointment b"
            " ON a.provider_id = b.provider_id AND a.lane = b.lane AND a.id < b.id"
            " AND a.starts_at < b.starts_at + b.minutes AND b.starts_at < a.starts_at + a.minutes"
            " WHERE a.lifecycle = 'scheduled' AND b.lifecycle = 'scheduled'"
        )
    ]
    numbers = [int(r.rsplit("-", 1)[1]) for (r,) in desk.rows("SELECT receipt FROM payment")]
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        found.append(f"receipts are not dense: {len(numbers)} up to {max(numbers, default=0)}")
    found += [f"journal: {fault}" for fault in journal.verify(desk.database, desk.secret)]
    found += [f"free time: {difference}" for difference in free_time.check(desk)]
    return found


def work(desk: Desk, seconds: float, people: list[int]) -> dict[str, Any]:
    """One desk's busy hour in ``seconds``."""
    chance = random.Random(desk.workstation)
    today = desk.today()
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    waits: list[float] = []

    def book() -> None:
        day = today + timedelta(days=chance.randint(1, 2))
        start = datetime(day.year, day.month, day.day, chance.choice((8, 9, 10, 11)))
        scheduling.book(
            desk, patient_id=chance.choice(people), visit_type="FU",
            provider=chance.choice(("LEE", "PATEL")),
            start=start + timedelta(minutes=15 * chance.randint(0, 3)),
        )  # fmt: skip

    def cancel() -> None:
        found = desk.rows(
            "SELECT id, version FROM appointment WHERE lifecycle = 'scheduled' AND day > ?"
            " ORDER BY random() LIMIT 1", today.isoformat(),
        )  # fmt: skip
        for visit_id, version in found:
            scheduling.cancel(desk, visit_id, version=version, by="patient", reason="better")

    def move_on() -> None:
        found = desk.rows(
            "SELECT id, version, stage FROM appointment WHERE day = ? ORDER BY random() LIMIT 1",
            today.isoformat(),
        )
        for visit_id, version, stage in found:
            if stage == "expected":
                visits.arrive(desk, visit_id, version=version)
            else:
                visits.undo(desk, visit_id, version=version)

    def write_down() -> None:
        messages.take(
            desk, caller="self", callback="217-555-0142", patient_id=chance.choice(people),
            topic="rx", body="refill", urgency="today",
        )  # fmt: skip

    def pay() -> None:
        payments.take(
            desk, chance.choice(people), tenders=[TenderEntry("check", 100, "1001")],
            allow_prepayment=True, key=f"{desk.workstation}-{len(waits)}-{chance.random()}",
        )  # fmt: skip

    actions = (book, book, cancel, move_on, write_down, pay)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        action = chance.choice(actions)
        began = time.perf_counter()
        try:
            action()
        except DesktermError as error:
            refused[f"{error.kind}: {error.details.get('rule', '')}"] += 1
            continue
        waits.append(round((time.perf_counter() - began) * 1000, 2))
        done[action.__name__] += 1
    return {"done": done, "refused": refused, "waits": waits}


def main() -> None:
    path, workstation, now, seconds, people = sys.argv[1:]
    clock = FrozenClock(datetime.fromisoformat(now))
    desk = open_desk(Settings(database=path, desk=workstation), login="mlopez", clock=clock)
    print("ready", flush=True)
    sys.stdin.readline()
    said = work(desk, float(seconds), json.loads(people))
    desk.close()
    print(json.dumps(said))


if __name__ == "__main__":
    main()
