"""The receipt as it is printed, and the file it is written to."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from deskterm.db.patients import Patient
from deskterm.db.payments import Payment
from deskterm.db.scheduling import Appointment
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Unreachable
from deskterm.office import payments, receipts
from deskterm.office.desk import Actor, Desk
from deskterm.text import width
from tests.factories import Clinic, clinic

CASH = TenderEntry("cash", 5000)
CARD = TenderEntry("card", 2500, brand="visa", last4="4417", approval="08812Q")


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    patient = made.patient("TRAN", "OLIVIA", mrn="09114")
    made.cover(patient)
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20),
        description="knee pain, PE40",
    )  # fmt: skip
    return made.appointment(patient, note="chest pain")


@pytest.fixture
def paid(desk: Desk, visit: Appointment) -> Payment:
    return payments.take(desk, visit.patient_id, tenders=[CASH, CARD], key="k")


def test_a_receipt(desk: Desk, paid: Payment) -> None:
    assert receipts.text(desk, paid.receipt) == (
        "             Main St Clinic\n"
        "              Main Street\n"
        "              100 Main St\n"
        "           Decatur, IL 62521\n"
        "              217-555-0100\n"
        "R-260318-001\n"
        "03/18/2026 9:42a\n"
        "TRAN O #09114\n"
        "----------------------------------------\n"
        "copay 03/18/2026                   25.00\n"
        "balance 02/20/2026                 40.00\n"
        "----------------------------------------\n"
        "total                              65.00\n"
        "cash                               40.00\n"
        "  given                            50.00\n"
        "  CHANGE                           10.00\n"
        "card visa                          25.00\n"
        "  ..4417 08812Q\n"
        "----------------------------------------\n"
        "balance after                       0.00\n"
        "by mlopez d1\n"
    )


def test_no_reason_for_the_visit(desk: Desk, paid: Payment) -> None:
    said = receipts.text(desk, paid.receipt).lower()
    for word in ("knee", "pain", "chest", "pe40", "fu20", "follow", "olivia", "1982"):
        assert word not in said


def test_copay_alone_is_an_estimate(desk: Desk, visit: Appointment) -> None:
    copay = payments.take(desk, visit.patient_id, tenders=[CARD], key="k")
    said = receipts.text(desk, copay.receipt)
    assert "ESTIMATE - insurance pending\n" in said
    assert "balance after                      40.00\n" in said
    rest = payments.take(
        desk, visit.patient_id, tenders=[TenderEntry("check", 4000, "1042")], key="l"
    )
    said = receipts.text(desk, rest.receipt)
    assert "ESTIMATE" not in said
    assert "check 1042" in said


def test_credit_is_said(desk: Desk, visit: Appointment) -> None:
    ahead = payments.take(
        desk, visit.patient_id, tenders=[TenderEntry("cash", 9000)], allow_prepayment=True, key="k"
    )
    said = receipts.text(desk, ahead.receipt)
    assert "prepayment                         25.00\n" in said
    assert "credit after                       25.00\n" in said


def test_marks(desk: Desk, paid: Payment) -> None:
    assert "*** DUPLICATE ***" in receipts.text(desk, paid.receipt, duplicate=True).split("\n")[0]
    void = payments.void(desk, paid.receipt, reason="wrong_tender")
    original, mirror = receipts.text(desk, paid.receipt), receipts.text(desk, void.receipt)
    assert "*** VOIDED ***" in original
    assert "voided by R-260318-002\n" in original
    assert "*** VOID ***" in mirror
    assert "voids R-260318-001\n" in mirror
    assert "total                             -65.00\n" in mirror
    assert "balance after                      40.00\n" in mirror


def test_the_tax_id_stands_on_it_when_it_is_set(desk: Desk, paid: Payment) -> None:
    assert "Tax id" not in receipts.text(desk, paid.receipt)
    desk.settings = replace(desk.settings, tax_id="12-3456789")
    assert "Tax id 12-3456789" in receipts.text(desk, paid.receipt, columns=32)


@pytest.mark.parametrize("columns", receipts.WIDTHS)
def test_every_line_fits_and_nothing_in_it_acts_on_a_terminal(
    desk: Desk, paid: Payment, columns: int
) -> None:
    nasty = "\x1b]0;owned\x07\u202e" + "黒" * 60
    desk.database.execute_sql("UPDATE patient SET last_name = ?, first_name = ?", (nasty, "\x9bé"))
    desk.database.execute_sql(
        "UPDATE location SET name = ?, address = ?", (nasty, "1\n" + "word " * 30 + "\x1b[31m")
    )
    said = receipts.text(desk, paid.receipt, columns=columns, duplicate=True)
    assert max(width(line) for line in said.split("\n")) <= columns
    assert not [c for c in said if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)]
    assert "\u202e" not in said
    assert "#09114" in said


def test_refusals(desk: Desk, paid: Payment) -> None:
    with pytest.raises(NotFound):
        receipts.text(desk, "R-260318-999")
    with pytest.raises(Invalid):
        receipts.text(desk, paid.receipt, columns=5)
    desk.actor = Actor("ann", "Ann", "x", frozenset())
    with pytest.raises(NotAllowed):
        receipts.text(desk, paid.receipt)


def test_to_a_file(desk: Desk, paid: Payment, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = receipts.write(desk, paid.receipt.lower(), folder)
    assert path.name == "R-260318-001.txt"
    assert path.read_text() == receipts.text(desk, paid.receipt)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert receipts.write(desk, paid.receipt, folder) == path


def test_a_file_with_something_else_is_left_alone(
    desk: Desk, paid: Payment, tmp_path: Path
) -> None:
    there = tmp_path / "R-260318-001.txt"
    there.write_text("mine")
    with pytest.raises(Conflict) as refused:
        receipts.write(desk, paid.receipt, tmp_path)
    assert refused.value.rule == "file_exists"
    assert there.read_text() == "mine"


def test_links_and_pipes_are_not_followed(desk: Desk, paid: Payment, tmp_path: Path) -> None:
    name, target = tmp_path / "R-260318-001.txt", tmp_path / "elsewhere"
    name.symlink_to(target)
    with pytest.raises(Conflict):
        receipts.write(desk, paid.receipt, tmp_path)
    assert not target.exists()
    target.write_text(receipts.text(desk, paid.receipt))
    with pytest.raises(Conflict):
        receipts.write(desk, paid.receipt, tmp_path)
    name.unlink()
    os.mkfifo(name)
    with pytest.raises(Conflict):
        receipts.write(desk, paid.receipt, tmp_path)


def test_a_folder_that_is_a_link_is_not_followed(desk: Desk, paid: Payment, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "receipts").symlink_to("elsewhere")
    with pytest.raises(Unreachable):
        receipts.write(desk, paid.receipt, tmp_path / "receipts")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_that_is_not_there(desk: Desk, paid: Payment, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        receipts.write(desk, paid.receipt, tmp_path / "nowhere")


def test_a_full_disk_leaves_no_half_receipt(
    desk: Desk, paid: Payment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unreachable, match="No space left"):
        receipts.write(desk, paid.receipt, tmp_path)
    assert not (tmp_path / "R-260318-001.txt").exists()


def test_a_prefix_never_leaves_the_folder(desk: Desk, made: Clinic, tmp_path: Path) -> None:
    desk.database.execute_sql("UPDATE location SET receipt_prefix = '../x' WHERE code = 'MAIN'")
    patient: Patient = made.patient()
    paid = payments.take(desk, patient.id, tenders=[CARD], purpose="prepayment", key="k")
    assert paid.receipt == "../X-260318-001"
    path = receipts.write(desk, paid.receipt, tmp_path)
    assert path.parent == tmp_path
    assert path.name == "___X-260318-001.txt"
