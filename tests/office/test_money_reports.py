"""Reports: every document in, every total right, no formula out, and the same sums elsewhere."""

from __future__ import annotations

import io
import re
from datetime import date, datetime
from pathlib import Path

import pytest

from deskterm.entry.money import TenderEntry
from deskterm.errors import Unreachable
from deskterm.exchange import spreadsheet
from deskterm.office import (
    adjustments,
    charges,
    ledger,
    money_exports,
    money_reports,
    payments,
    receipts,
    refunds,
    tables,
)
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from deskterm.office.refunds import TenderLeft
from deskterm.office.tables import Column, Table
from deskterm.text import width
from tests import books
from tests.factories import TODAY, Clinic, clinic, second


def cash(cents: int) -> TenderEntry:
    return TenderEntry("cash", cents)


def card(cents: int) -> TenderEntry:
    return TenderEntry("card", cents, brand="visa", last4="4417", approval="08812Q")


@pytest.fixture
def made(desk: Desk) -> Clinic:
    """A day with one of everything."""
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18000, starts_on=date(2020, 1, 1))
    who = found.patient("TRAN", "OLIVIA")
    found.cover(who)
    other = found.patient('=HYPERLINK("x")', "DAN")
    visit = found.appointment(who, datetime(2026, 3, 18, 9, 0), "LEE")
    payments.take(desk, who.id, tenders=[cash(1000), card(1500)], appointment_id=visit.id, key="a")
    [seen] = charges.post(desk, visit.id, [ChargeLine("99213")])
    adjustments.adjust(
        desk,
        seen.id,
        kind="contractual",
        amount_cents=6000,
        side="insurance",
        reason="contract",
        approval=second(desk, "charge.adjust"),
    )
    adjustments.transfer(desk, seen.id, amount_cents=2000, to="patient", reason="deductible")
    payments.charge(desk, other.id, kind="visit", amount_cents=10000, service_day=date(2025, 12, 1))
    held = payments.take(desk, other.id, tenders=[cash(3000)], purpose="prepayment", key="b")
    refunds.apply_credit(desk, other.id, amount_cents=1000)
    paid = payments.take(
        desk, other.id, tenders=[TenderEntry("check", 2000, reference="1042")], key="c"
    )
    refunds.returned_check(desk, paid.receipt, number="1042")
    wrong = payments.take(desk, other.id, tenders=[cash(2500)], key="d")
    payments.void(desk, wrong.receipt, reason="duplicate", approval=second(desk, "payment.void"))
    refunds.correct_tender(
        desk,
        held.receipt,
        was=TenderLeft("cash", "", "", "", 0),
        now=card(500),
        approval=second(desk, "payment.correct"),
    )
    refunds.refund(
        desk,
        held.receipt,
        amount_cents=700,
        reason="overpaid",
        tenders=[cash(700)],
        approval=second(desk, "payment.refund"),
    )
    return found


def test_the_sheet_holds_every_tender_of_every_document(made: Clinic) -> None:
    sheet = money_reports.report(made.desk, "sheet", TODAY, TODAY)
    receipts_there = {row[1] for row in sheet.rows}
    every = {r for (r,) in made.desk.rows("SELECT receipt FROM payment")}
    assert receipts_there == every
    moved = made.desk.rows("SELECT sum(amount_cents) FROM tender")[0][0]
    assert sheet.totals is not None and sum(sheet.totals[-2:]) == moved == 2500 + 3000 - 700
    assert [row[6:-1] for row in sheet.rows][:2] == [
        ("copay 03/18", "cash", 1000), ("copay 03/18", "card visa ..4417", 1500),
    ]  # fmt: skip


def test_every_report_adds_up(made: Clinic) -> None:
    desk = made.desk
    net = desk.rows("SELECT sum(amount_cents) FROM tender")[0][0]
    by_tender = money_reports.report(desk, "tender", TODAY, TODAY)
    assert by_tender.totals is not None and by_tender.totals[-1] == net
    by_clerk = money_reports.report(desk, "clerk", TODAY, TODAY)
    assert by_clerk.totals is not None and by_clerk.totals[-1] == net
    by_provider = money_reports.report(desk, "provider", TODAY, TODAY)
    assert by_provider.totals == ("total", 18000 + 2500 + 10000 + 3500, net, 0)
    owed = sum(
        ledger.sum_of(desk, p) + ledger.credit_of(desk, p)
        for (p,) in desk.rows("SELECT id FROM patient")
    )
    ageing = money_reports.report(desk, "ageing", TODAY, TODAY)
    assert ageing.totals is not None and ageing.totals[-1] == owed
    month = money_reports.report(desk, "month", TODAY, TODAY)
    proof = ledger.receivables(desk, date(2026, 3, 1), date(2026, 3, 31))
    assert month.totals is not None and month.totals[-1] == proof.closing_cents
    assert proof.difference_cents == 0
    for name in money_reports.REPORTS:
        table = money_reports.report(desk, name, TODAY, TODAY)
        for room in (40, 60, 80, 140):
            for line in [*tables.lines(table, room), *tables.bars(table, room)]:
                assert width(line) <= room and line.isprintable(), (name, room, line)
        assert table.as_dict()["name"] == name


@pytest.mark.parametrize("room", [32, 40, 60, 80, 140])
def test_no_number_is_cut_and_what_is_left_out_is_named(room: int) -> None:
    table = Table(
        "x", "X",
        (Column("Time"), Column("Receipt", whole=True), Column("Patient"), Column("Why"),
         Column("Owed", "cents"), Column("Amount", "cents")),
        (("9:42a", "R-260318-001", "WOLFESCHLEGELSTEINHAUSEN 黒 J", "hardship", 123456789, -100),),
        ("total", "", "", "", 123456789, -100),
    )  # fmt: skip
    said = tables.lines(table, room)
    assert max(width(line) for line in said) <= room
    at = next((n for n, line in enumerate(said) if line.startswith("No room for: ")), len(said))
    left_out = " ".join(said[at:])
    for column in table.columns:
        assert (column.name in said[0]) != (column.name in left_out), (column.name, said)
    assert said[1].endswith("-1.00") and said[3].endswith("-1.00")
    assert ("1,234,567.89" in said[1]) == ("Owed" in said[0])
    assert ("R-260318-001" in said[1]) == ("Receipt" in said[0])
    assert bool(left_out) == (room < 60)


def test_one_place_only(made: Clinic) -> None:
    assert money_reports.report(made.desk, "sheet", TODAY, TODAY, location="EAST").rows == ()


def test_ageing_stands_in_its_column(made: Clinic) -> None:
    ageing = money_reports.report(made.desk, "ageing", TODAY, TODAY)
    row = next(row for row in ageing.rows if row[0].startswith("=HYPER"))
    assert row[2] > 0 and row[5] > 0  # the fee of today, the visit of 107 days ago


def test_nothing_runs_in_a_spreadsheet(made: Clinic) -> None:
    import openpyxl

    table = money_reports.report(made.desk, "ageing", TODAY, TODAY)
    text = money_exports.as_csv(table).decode("utf-8-sig")
    assert not re.search(r"(^|,)\"?[ ]*[=+@]", text, re.MULTILINE)
    book = openpyxl.load_workbook(io.BytesIO(money_exports.as_xlsx(made.desk, TODAY, TODAY)))
    assert book.sheetnames == list(money_reports.REPORTS)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any(str(cell.value).startswith("=HYPER") for cell in cells)
    rows = list(book["tender"].iter_rows(min_row=2, values_only=True))
    assert rows[-1][-1] == (2500 + 3000 - 700) / 100


@pytest.mark.parametrize(
    "text", ["=1+1", " =1", "+1", "-1", "@A1", "\tx", "\rx", "＝1", "＋1", "－1", "＠1"]
)
def test_formulas_are_guarded(text: str) -> None:
    assert spreadsheet.guarded(text) == f"'{text}"
    assert spreadsheet.guarded(f"x{text}") == f"x{text}"


def test_files_are_never_written_over(desk: Desk, tmp_path: Path) -> None:
    path = money_exports.write(desk, tmp_path / "a.csv", b"x", what="x")
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(Unreachable, match="there already"):
        money_exports.write(desk, tmp_path / "a.csv", b"y", what="x")
    with pytest.raises(Unreachable):
        money_exports.write(desk, tmp_path / "none" / "a.csv", b"y", what="x")
    assert path.read_bytes() == b"x"


def test_hledger_finds_the_same_balances(made: Clinic, tmp_path: Path) -> None:
    books.program()
    assert made.desk.rows("SELECT count(DISTINCT kind) FROM tender")[0][0] >= 2
    assert books.differences(made.desk, TODAY, TODAY, tmp_path) == []


def test_each_kind_of_document_says_what_it_is(made: Clinic) -> None:
    shown = {
        kind: receipts.text(made.desk, receipt)
        for kind, receipt in made.desk.rows("SELECT kind, receipt FROM payment")
    }
    assert "*** REFUND ***" in shown["refund"] and "about R-260318-002" in shown["refund"]
    assert "*** RETURNED CHECK ***" in shown["returned"]
    assert "*** CORRECTION OF TENDER ***" in shown["correction"]
    assert "*** CREDIT APPLIED ***" in shown["credit"]
    assert "*** VOID ***" in shown["void"]
