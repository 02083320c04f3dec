"""The clinic's books totalled by another program: hledger, on the journal that we write."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from deskterm.office import ledger, money_exports
from deskterm.office.desk import Desk

_BY_DAY = """
SELECT y.business_day, t.kind, sum(t.amount_cents) FROM tender t
JOIN payment y ON y.id = t.payment_id WHERE y.business_day BETWEEN ? AND ? GROUP BY 1, 2"""


def program() -> str:
    """hledger; a test without it is skipped, except where the whole of them is proved."""
    found = shutil.which("hledger")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("hledger is missing: .ci/run installs it")
        pytest.skip("HLEDGER IS ABSENT: the books were not totalled by another program")
    return found


def differences(desk: Desk, first: date, last: date, folder: Path) -> list[str]:
    """What hledger totals otherwise than the rows; ``first`` to ``last`` must hold all of them.

    Compared are what patients and plans owe, what is held for patients, and what every
    business day took in each kind of tender.
    """
    path = money_exports.write(
        desk,
        folder / "books.journal",
        money_exports.as_hledger(desk, first, last),
        what="the books",
    )
    patients = [p for (p,) in desk.rows("SELECT id FROM patient")]
    held = sum(ledger.credit_of(desk, p) for p in patients)
    ours = Counter({
        ("", "assets:receivable:patients"): sum(ledger.sum_of(desk, p) for p in patients) + held,
        ("", "assets:receivable:plans"): sum(ledger.insurance_of(desk, p) for p in patients),
        ("", "liabilities:credit"): -held,
    })  # fmt: skip
    for day, kind, cents in desk.rows(_BY_DAY, first.isoformat(), last.isoformat()):
        ours[day, f"assets:{kind.replace('_', '-')}"] += cents
    theirs: Counter[tuple[str, str]] = Counter()
    for day, account, cents in _balances(path):
        if account.startswith(("assets:receivable:", "liabilities:")):
            theirs["", account] += cents
        elif account.startswith("assets:"):
            theirs[day, ":".join(account.split(":")[:2])] += cents
    return [
        f"{day} {account}: {ours[day, account]} here, {theirs[day, account]} there"
        for day, account in sorted({*ours, *theirs})
        if ours[day, account] != theirs[day, account]
    ]


def _balances(path: Path) -> list[tuple[str, str, int]]:
    """Day, account and cents of every change that hledger finds."""
    out = subprocess.run(
        [program(), "-f", str(path), "balance", "--daily", "--flat", "-N", "-O", "csv",
         "--layout=tidy"],
        capture_output=True, text=True, check=True,
        env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"},
    ).stdout  # fmt: skip
    return [
        (row["start_date"], row["account"], int(Decimal(row["value"].replace(",", "")) * 100))
        for row in csv.DictReader(io.StringIO(out))
    ]
