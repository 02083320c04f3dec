"""Many processes at everything at once, and one killed in the middle of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from deskterm.db import journal
from deskterm.db.scheduling import Appointment
from deskterm.errors import Busy
from deskterm.office import clinic, free_time, patients
from deskterm.office.desk import Desk
from tests.conftest import NOW
from tests.factories import Clinic
from tests.office.hours import open_clinic

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]

# Opens a desk of its own, says "ready", waits to be let go, does its list, and says what came.
WORKER = """
import json, os, sys
from datetime import datetime
from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.entry.money import TenderEntry
from deskterm.errors import DesktermError
from deskterm.office import patients, payments, scheduling
from deskterm.office.desk import open_desk

path, workstation, now, asked = sys.argv[1:]
clock = FrozenClock(datetime.fromisoformat(now))
desk = open_desk(Settings(database=path, desk=workstation), login="mlopez", clock=clock)

def book(patient, start):
    return scheduling.book(desk, patient_id=patient, visit_type="FU", provider="LEE",
                           start=datetime.fromisoformat(start)).id

def edit(patient, version, text):
    return patients.edit(desk, patient, version=version, pharmacy=text).version

def take(patient, key):
    return payments.take(desk, patient, tenders=[TenderEntry("cash", 500)], purpose="form_fee",
                         key=key).receipt

def hang(patient):
    with desk.operation("patient.edit", patient_id=patient) as op:
        desk.rows("UPDATE patient SET pharmacy = 'half written' WHERE id = ?", patient)
        print("hanging", flush=True)
        sys.stdin.readline()

print("ready", flush=True)
sys.stdin.readline()
said = []
for name, *given in json.loads(asked):
    try:
        said.append([name, "done", globals()[name](*given)])
    except DesktermError as error:
        said.append([name, error.kind, error.as_dict()])
desk.close()
print(json.dumps(said, default=str))
"""


@pytest.fixture
def house(desk: Desk) -> Clinic:
    return open_clinic(desk)


def start(house: Clinic, number: int, asked: list[list[Any]]) -> subprocess.Popen[str]:
    path = house.desk.settings.database
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, path, f"d{number}", NOW.isoformat(), json.dumps(asked)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ},
    )  # fmt: skip


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


def whole(desk: Desk) -> None:
    assert list(journal.verify(desk.database, desk.secret)) == []
    assert free_time.check(desk) == []
    assert desk.rows("PRAGMA integrity_check") == [("ok",)]


def test_many_desks_at_everything_at_once(house: Clinic) -> None:
    """One slot, one version, one day's receipts and one key, wanted by everybody together."""
    desks, rounds = 5, 6
    shared = house.patient("SHARED").id
    own = [house.patient(f"P{n}").id for n in range(desks)]
    head = journal.head(house.desk.database)[0]
    asked = [
        [
            step
            for turn in range(rounds)
            for step in (
                ["book", own[n], f"2026-03-19T{8 + turn // 3:02}:{turn % 3 * 20:02}"],
                ["edit", shared, turn + 1, f"d{n} turn {turn}"],
                ["take", own[n], f"own {n} {turn}"],
                ["take", shared, f"shared {turn}"],
            )
        ]
        for n in range(desks)
    ]
    workers = [start(house, n + 1, steps) for n, steps in enumerate(asked)]
    said: list[list[Any]] = []
    try:
        for worker in workers:
            assert worker.stdout and worker.stdout.readline() == "ready\n"
        for worker in workers:
            let_go(worker)
        for worker in workers:
            out, _ = worker.communicate(timeout=120)
            assert worker.returncode == 0
            said += json.loads(out)
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
    counted = Counter((name, how) for name, how, _ in said)
    # a clerk's machine may be slow enough for a desk to be told to try again; nothing else
    assert {how for _, how in counted} <= {"done", "conflict", "stale", "busy"}
    booked = house.desk.rows("SELECT count(*), count(DISTINCT wall_start) FROM appointment")
    assert booked == [(counted["book", "done"],) * 2], "one visit a time, and no booking lost"
    version = house.desk.rows("SELECT version FROM patient WHERE id = ?", shared)[0][0]
    assert version == 1 + counted["edit", "done"], "every saved edit counted, none overwritten"
    for name, how, what in said:
        if (name, how) == ("edit", "stale"):
            assert what["changes"] and what["changes"][0]["fields"] == ["pharmacy"]
    receipts = [what for name, how, what in said if (name, how) == ("take", "done")]
    numbers = sorted(int(receipt.rsplit("-", 1)[1]) for receipt in set(receipts))
    assert numbers == list(range(1, len(numbers) + 1)), "no receipt twice, none left out"
    stored = house.desk.rows("SELECT count(*), max(sequence) FROM payment")
    assert stored == [(len(numbers), len(numbers))]
    shared_paid = house.desk.rows("SELECT count(*) FROM payment WHERE patient_id = ?", shared)
    assert shared_paid[0][0] <= rounds, "one key is one payment, whichever desk was first"
    entries = journal.head(house.desk.database)[0] - head
    done = counted["book", "done"] + counted["edit", "done"] + len(numbers)
    assert entries == done, "one entry for each operation that was done"
    whole(house.desk)


def test_a_killed_writer_leaves_nothing_and_holds_nobody_up(house: Clinic) -> None:
    row = house.patient("KERR").id
    head = journal.head(house.desk.database)
    worker = start(house, 1, [["hang", row]])
    try:
        assert worker.stdout and worker.stdout.readline() == "ready\n"
        let_go(worker)
        assert worker.stdout.readline() == "hanging\n"
        # while it hangs others are told so, within the time a clerk should wait
        with pytest.raises(Busy):
            patients.edit(house.desk, row, version=1, pharmacy="mine")
        assert journal.head(house.desk.database) == head
    finally:
        worker.kill()
        worker.wait()
    assert patients.edit(house.desk, row, version=1, pharmacy="mine").version == 2
    assert journal.head(house.desk.database)[0] == head[0] + 1
    assert Appointment.select().count() == 0
    whole(house.desk)


def test_stale_in_another_process_says_who_and_what(house: Clinic) -> None:
    clinic.add_staff(house.desk, login="dana", name="Dana", role="front_desk")
    row = house.patient("COLE").id
    worker = start(house, 2, [["edit", row, 1, "elsewhere"]])
    assert worker.stdout and worker.stdout.readline() == "ready\n"
    patients.edit(house.desk, row, version=1, alert="asks for a morning")
    let_go(worker)
    out, _ = worker.communicate(timeout=60)
    ((_, how, what),) = json.loads(out)
    assert how == "stale" and "mlopez" in what["message"] and "alert" in what["message"]
    assert what["changes"][0]["desk"] == house.desk.workstation
