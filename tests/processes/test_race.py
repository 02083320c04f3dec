"""Several processes after the same time: one wins, the others are told who has it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from deskterm.db import journal
from deskterm.office import clinic, free_time
from deskterm.office.desk import Desk
from tests.conftest import NOW
from tests.factories import Clinic
from tests.office.hours import open_clinic

pytestmark = pytest.mark.processes

# Opens a desk of its own, says "ready", waits for the line to start, books, and says what came.
BOOKER = """
import json, sys
from datetime import datetime
from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.errors import DesktermError
from deskterm.office import scheduling
from deskterm.office.desk import open_desk

path, login, workstation, now, asked = sys.argv[1:]
clock = FrozenClock(datetime.fromisoformat(now))
desk = open_desk(Settings(database=path, desk=workstation), login=login, clock=clock)
print("ready", flush=True)
sys.stdin.readline()
said = []
for patient_id, start in json.loads(asked):
    try:
        made = scheduling.book(
            desk, patient_id=patient_id, visit_type="FU", provider="LEE",
            start=datetime.fromisoformat(start))
        said.append({"id": made.id, "start": start})
    except DesktermError as error:
        said.append({"start": start, **error.as_dict()})
desk.close()
print(json.dumps(said))
"""


@pytest.fixture
def house(desk: Desk) -> Clinic:
    return open_clinic(desk)


def run(house: Clinic, bookers: list[tuple[str, list[tuple[int, str]]]]) -> list[list[dict]]:
    """Start one process per booker, let them go together; what each of them said."""
    root = Path(__file__).parents[2]
    processes = []
    for number, (login, asked) in enumerate(bookers, 1):
        arguments = [house.desk.settings.database, login, f"d{number}", NOW.isoformat(),
                     json.dumps(asked)]  # fmt: skip
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", BOOKER, *arguments], cwd=root, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ},
            )
        )  # fmt: skip
    said = []
    try:
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, _ = process.communicate(timeout=60)
            assert process.returncode == 0
            said.append(json.loads(out))
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
    return said


def test_two_desks_after_one_slot(house: Clinic) -> None:
    for login in ("dana", "kim"):
        clinic.add_staff(house.desk, login=login, name=login.title(), role="front_desk")
    slot = "2026-03-19T09:00"
    people = [house.patient("KERR").id, house.patient("COLE").id]
    ((first,), (second,)) = run(
        house, [("dana", [(people[0], slot)]), ("kim", [(people[1], slot)])]
    )
    (won,) = [said for said in (first, second) if "id" in said]
    (lost,) = [said for said in (first, second) if "error" in said]
    winner, workstation = ("dana", "d1") if won is first else ("kim", "d2")
    assert lost["rule"] == "slot_taken"
    assert (lost["by"], lost["desk"]) == (winner, workstation)
    assert f"booked by {winner} at {workstation}" in lost["message"]
    assert not {"KERR", "COLE"} & set(lost["message"].upper().split())
    found = house.desk.rows("SELECT id, booked_by FROM appointment")
    assert found == [(won["id"], winner)]
    assert free_time.check(house.desk) == []


def test_a_storm_of_desks_books_nothing_twice(house: Clinic) -> None:
    starts = [f"2026-03-19T{hour:02}:{minute:02}" for hour in (8, 9) for minute in (0, 10, 30, 45)]
    desks = 5
    bookers = []
    for number in range(desks):
        ordered = starts[number:] + starts[:number]
        bookers.append(("mlopez", [(house.patient().id, start) for start in ordered]))
    # one person per desk: a desk's own visits must not overlap either
    said = [answer for answers in run(house, bookers) for answer in answers]
    assert len(said) == desks * len(starts)
    assert Counter(a["error"] for a in said if "error" in a).keys() <= {"conflict"}
    booked = sorted(
        datetime.fromisoformat(start)
        for (start,) in house.desk.rows("SELECT wall_start FROM appointment")
    )
    assert len(booked) == sum("id" in answer for answer in said) > 0
    assert all((b - a).total_seconds() >= 20 * 60 for a, b in itertools.pairwise(booked))
    assert free_time.check(house.desk) == []
    assert list(journal.verify(house.desk.database, house.desk.secret)) == []
