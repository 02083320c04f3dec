"""The drawer and the day's end as batch commands: shapes, exit codes, a whole evening."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from deskterm.cli.main import app
from deskterm.clock import FrozenClock
from deskterm.office import credentials, payments, staff
from deskterm.office.desk import Desk
from tests.conftest import NOW
from tests.factories import clinic

PIN = "739164"


@pytest.fixture
def run(desk: Desk) -> Any:
    """Run a command on the test's clinic, as its administrator with every right."""
    patient = clinic(desk).patient("TRAN", "OLIVIA")
    for kind, cents in (("visit", 50000),):
        payments.charge(desk, patient.id, kind=kind, amount_cents=cents)
    staff.add(desk, login="boss", name="The Boss", role="manager")
    credentials.set_secret(desk, "boss", secret=PIN, kind="pin")
    path = desk.settings.database_path
    path.with_name("deskterm.toml").write_text(f'frozen_now = "{NOW.isoformat()}"\n', "utf-8")

    def command(*words: str, code: int = 0) -> Any:
        line = ["--db", str(path), "--as", "mlopez", *words]
        result: Result = CliRunner().invoke(app, line, input=f"{PIN}\n")
        assert result.exit_code == code, result.output + result.stderr
        if code:
            assert "Traceback" not in result.stderr and result.stderr.strip()
        return json.loads(result.stdout) if "--json" in words and not code else result.output

    return command


def test_an_evening(run: Any, tmp_path: Path, clock: FrozenClock) -> None:
    opened = run("day", "open", "--drawer", "d1", "--float", "200.00", "--json")
    assert opened["float_cents"] == 20000 and opened["day"] == "2026-03-18"
    run("pay", "take", "1", "--tender", "cash:25.00", "--tender", "card:15.00:visa:1234:A1B2C3")
    run("pay", "take", "1", "--tender", "check:35.00:1042")
    run("day", "cash", "out", "12.50", "--drawer", "d1", "--reason", "stamps")
    run("day", "freeze")
    run(
        "day", "count", "--drawer", "d1", "--cash", "100=2,10=1,0.25=8", "--check", "1042:35.00",
        "--card", "visa=15.00",
    )  # fmt: skip
    run("day", "close", code=5)  # 0.50 short
    found = run("day", "status", "--json")
    [shift] = found["shifts"]
    assert shift["variances"][0] == {
        "tender": "cash", "system_cents": 21250, "counted_cents": 21200, "variance_cents": -50,
        "items": [],
    }  # fmt: skip
    assert shift["suggestions"][0]["words"] == "count the coins again"
    run(
        "day", "count", "--drawer", "d1", "--cash", "100=2,10=1,0.25=10", "--check", "1042:35.00",
        "--card", "visa=15.00",
    )  # fmt: skip
    run("day", "close", code=5)  # the drawer closes, but nothing is deposited yet
    run("day", "deposit", "--total", "99.00", code=4)
    deposit = run("day", "deposit", "--total", "47.50", "--bag", "4471", "--json")
    assert (deposit["number"], deposit["total_cents"]) == (1, 4750)
    closed = run("day", "close", "--json")
    assert closed == {"day": "2026-03-18", "location": "MAIN", "closed": True}
    run("day", "reopen", "--reason", "to show that it can be", "--approver", "boss")
    run("day", "close")
    run("day", "approve", code=5)
    run("day", "close", code=5)
    books = tmp_path / "books.journal"
    book = tmp_path / "day.xlsx"
    sheet = run("day", "sheet", "t", "--hledger", str(books), "--xlsx", str(book), "--json")
    assert sheet["totals"]["amount_cents"] == 2500 + 1500 + 3500
    assert sheet["written"] == ["day.xlsx", "books.journal"]
    assert "R-260318-001" in books.read_text() and book.stat().st_size > 4000
    run("day", "sheet", "t", "--xlsx", str(book), code=7)


def test_money_that_goes_elsewhere(run: Any) -> None:
    taken = run("pay", "take", "1", "--tender", "cash:25.00", "--json")
    boss = ("--approver", "boss")
    run("pay", "refund", taken["receipt"], "--reason", "overpaid", code=6)
    back = run(
        "pay", "refund", taken["receipt"], "--amount", "5", "--reason", "overpaid", "--json", *boss
    )
    assert back["total_cents"] == -500
    run("pay", "refund", taken["receipt"], "--amount", "50", "--reason", "overpaid", *boss, code=5)
    run("pay", "refund", taken["receipt"], "--reason", "nonsense", *boss, code=4)
    run(
        "pay",
        "correct",
        taken["receipt"],
        "--was",
        "cash",
        "--now",
        "card:20.00:visa:4417:A1B2",
        *boss,
    )
    run("pay", "correct", taken["receipt"], "--was", "cash", "--now", "cash:1.00", *boss, code=5)
    checked = run("pay", "take", "1", "--tender", "check:30.00:7", "--json")
    run("pay", "returned-check", checked["receipt"], "--check", "7", "--fee", "0")
    held = run("pay", "take", "1", "--tender", "cash:10.00", "--for", "prepayment", "--json")
    assert held["total_cents"] == 1000
    before = run("pay", "balance", "1", "--json")
    run("pay", "credit", "1", "--json")
    after = run("pay", "balance", "1", "--json")
    assert before["balance_cents"] == after["balance_cents"] == 50000 - 2000 - 1000
    assert (before["credit_cents"], after["credit_cents"]) == (1000, 0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("day", "open", "--drawer", "d1", "--float", "-5"), 4),
        (("day", "open", "--drawer", "d1", "--float", "abc"), 4),
        (("day", "open", "--drawer", ""), 4),
        (("day", "open", "--drawer", "d1", "--location", "MOON"), 3),
        (("day", "count", "--drawer", "d9", "--cash", "5"), 3),
        (("day", "cash", "sideways", "5", "--drawer", "d1", "--reason", "x"), 4),
        (("day", "deposit"), 5),
        (("day", "thaw"), 5),
        (("day", "approve"), 3),
        (("day", "reopen", "--reason", ""), 4),
        (("day", "sheet", "t", "--report", "nonsense"), 3),
        (("day", "sheet", "t", "--to", "t-3"), 4),
        (("pay", "balance", "99999"), 0),
        (("pay", "credit", "99999"), 3),
    ],
    ids=range(14),
)  # fmt: skip
def test_bad_input_is_one_sentence(run: Any, words: tuple[str, ...], code: int) -> None:
    run(*words, code=code)
