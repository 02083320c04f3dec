"""Fifty clerks take money at the same moment, each at a desk of their own, each key hit twice.

Ten processes of five threads; every thread opens the file by itself, so that there are fifty
connections that know nothing of each other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from deskterm.db import journal
from deskterm.office import clinic, drawer_figures, ledger
from deskterm.office.desk import Desk
from tests.conftest import NOW
from tests.factories import TODAY
from tests.factories import clinic as small_clinic

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
PROCESSES, EACH, ROUNDS = 10, 5, 3
CLERKS = PROCESSES * EACH
FLOAT = 10_000

# Says "ready" when its desks are open, waits to be let go, and says what each clerk was told.
WORKER = """
import json, sys, threading, time
from datetime import datetime
from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.entry.money import TenderEntry
from deskterm.errors import DesktermError
from deskterm.office import payments
from deskterm.office.desk import open_desk

path, now, asked = sys.argv[1:]
said, opened, go = [], threading.Semaphore(0), threading.Event()

def tenders(kind, cents):
    if kind == "card":
        return [TenderEntry("card", cents, brand="visa", last4="4417", approval="A1")]
    if kind == "split":
        return [TenderEntry("cash", cents - 100), *tenders("card", 100)]
    return [TenderEntry("cash", cents)]

def clerk(login, workstation, wanted):
    clock = FrozenClock(datetime.fromisoformat(now))
    desk = open_desk(Settings(database=path, desk=workstation), login=login, clock=clock)
    opened.release()
    go.wait()
    for patient, key, kind, cents in wanted:
        for enter in (1, 2):
            began = time.perf_counter()
            try:
                made = payments.take(desk, patient, tenders=tenders(kind, cents),
                                     allow_prepayment=True, key=key)
                what = ["done", made.receipt]
            except DesktermError as error:
                what = [error.kind, error.message]
            except Exception as error:
                what = ["unknown", repr(error)]
            said.append([key, enter, *what, (time.perf_counter() - began) * 1000])
    desk.close()

threads = [threading.Thread(target=clerk, args=one) for one in json.loads(asked)]
for thread in threads:
    thread.start()
for _ in threads:
    if not opened.acquire(timeout=60):
        sys.exit("a desk did not open")
print("ready", flush=True)
sys.stdin.readline()
go.set()
for thread in threads:
    thread.join()
print(json.dumps(said))
"""

Wanted = tuple[int, str, str, int]  # patient, key, way of paying, cents
Said = tuple[str, int, str, str, float]  # key, first or second Enter, how, receipt, milliseconds


def run(path: str, clerks: list[tuple[str, str, list[Wanted]]]) -> list[Said]:
    """Let all of them go together; what each press of Enter was answered."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, path, NOW.isoformat(),
             json.dumps(clerks[start : start + EACH])],
            cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ},
        )
        for start in range(0, CLERKS, EACH)
    ]  # fmt: skip
    said: list[Said] = []
    try:
        for process in processes:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, _ = process.communicate(timeout=120)
            assert process.returncode == 0
            said += [tuple(row) for row in json.loads(out)]
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
                process.wait()
    return said


def test_fifty_clerks_post_at_once(desk: Desk) -> None:
    made = small_clinic(desk)
    people = [made.patient(f"P{n:02}").id for n in range(CLERKS // 2)]
    wanted: dict[str, Wanted] = {}
    clerks = []
    for n in range(CLERKS):
        clinic.add_staff(desk, login=f"clerk{n:02}", name=f"Clerk {n}", role="front_desk")
        # two clerks to a patient, so that one account is written by two at once
        own: list[Wanted] = [
            (people[n // 2], f"{n} {turn}", ("cash", "card", "split")[(n + turn) % 3],
             1000 + 10 * n + turn)
            for turn in range(ROUNDS)
        ]  # fmt: skip
        wanted.update({one[1]: one for one in own})
        clerks.append((f"clerk{n:02}", f"d{n:02}", own))
    head = journal.head(desk.database)[0]
    said = run(desk.settings.database, clerks)

    # Fifty on a slow machine may be told to try again; nothing else may come.
    assert {how for _, _, how, _, _ in said} <= {"done", "busy"}
    receipts: dict[str, set[str]] = {}
    for key, _, how, receipt, _ in said:
        if how == "done":
            receipts.setdefault(key, set()).add(receipt)
    assert all(len(found) == 1 for found in receipts.values()), "the second Enter took money again"
    assert len({receipt for found in receipts.values() for receipt in found}) == len(receipts)
    stored = desk.rows("SELECT receipt, sequence, total_cents, patient_id, drawer, by, posted"
                       " FROM payment ORDER BY id")  # fmt: skip
    assert [row[1] for row in stored] == list(range(1, len(receipts) + 1)), "no hole, none twice"
    assert [row[0] for row in stored] == [
        f"R-{TODAY:%y%m%d}-{n:03d}" for n in range(1, len(receipts) + 1)
    ]
    by_receipt = {row[0]: row for row in stored}
    for key, (receipt,) in receipts.items():
        patient, _, _, cents = wanted[key]
        number = int(key.split()[0])
        assert by_receipt[receipt][2:] == (cents, patient, f"d{number:02}", f"clerk{number:02}", 1)
    assert journal.head(desk.database)[0] - head == len(receipts), "one payment is one entry"

    assert desk.rows(
        "SELECT id FROM payment y WHERE total_cents <> (SELECT sum(amount_cents) FROM tender"
        " WHERE payment_id = y.id) OR total_cents <> (SELECT sum(amount_cents) FROM allocation"
        " WHERE payment_id = y.id)"
    ) == []  # fmt: skip
    cash: Counter[str] = Counter()
    cards: Counter[str] = Counter()
    for key in receipts:
        _, _, kind, cents = wanted[key]
        card = {"cash": 0, "card": cents, "split": 100}[kind]
        drawer = f"d{int(key.split()[0]):02}"
        cash[drawer] += cents - card
        cards[drawer] += card
    drawers = desk.rows("SELECT s.id, d.code, s.clerk FROM shift s"
                        " JOIN drawer d ON d.id = s.drawer_id")  # fmt: skip
    assert sorted(code for _, code, _ in drawers) == sorted(cash), "each opened its own, once"
    for shift, code, clerk in drawers:
        there = drawer_figures.expected(desk, shift)
        assert (there.cash, there.cards.get("visa", 0)) == (FLOAT + cash[code], cards[code])
        assert clerk == f"clerk{code[1:]}"
    for patient in people:
        taken = sum(wanted[key][3] for key in receipts if wanted[key][0] == patient)
        assert ledger.balance(desk, patient).patient_cents == -taken
    assert list(journal.verify(desk.database, desk.secret)) == []
    assert desk.rows("PRAGMA integrity_check") == [("ok",)]

    for enter, name in ((1, "first Enter"), (2, "second Enter")):
        waits = sorted(ms for _, which, _, _, ms in said if which == enter)
        half, most = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        print(f"\n{name}: {len(waits)} calls, p50 {half:.0f} ms, p99 {most:.0f} ms", end="")
    print(f"\nanswers: {dict(Counter(how for _, _, how, _, _ in said))}")
