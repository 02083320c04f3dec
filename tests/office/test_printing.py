"""Sending paper to a printer: what the print program is given, and what a clerk is told."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deskterm.entry.money import TenderEntry
from deskterm.errors import NotFound, Unreachable
from deskterm.exchange import paper
from deskterm.office import payments, printing, receipts
from deskterm.office.desk import Desk
from tests.factories import clinic

LP = "/usr/bin/lp"


class Jobs:
    """A print program that writes down what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], dict[str, Any]]] = []
        self.act: Callable[[], int] = lambda: 0

    def run(self, argv: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        self.calls.append((argv, options))
        return subprocess.CompletedProcess(argv, self.act(), b"", b"")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    made = Jobs()
    monkeypatch.setattr(printing.shutil, "which", lambda name, path: LP)
    monkeypatch.setattr(printing.subprocess, "run", made.run)
    return made


@pytest.fixture
def paid(desk: Desk) -> tuple[Desk, str]:
    """A desk with a receipt printer, and the receipt of a cash payment."""
    patient = clinic(desk).patient("ZAREMBA", "QUILL")
    made = payments.take(
        desk, patient.id, tenders=[TenderEntry("cash", 2500)], key="a", purpose="prepayment"
    )
    return at_printer(desk), made.receipt


def at_printer(desk: Desk, **settings: Any) -> Desk:
    wanted = replace(desk.settings, **{"receipt_printer": "till", **settings})
    return Desk(desk.database, desk.actor, wanted, desk.clock, desk.secret, desk.workstation)


def test_a_letter_is_handed_over_as_it_is(jobs: Jobs) -> None:
    printing.send(b"%PDF", "front", "statement 10480")
    [(argv, options)] = jobs.calls
    assert argv == [LP, "-s", "-d", "front", "-t", "statement 10480", "--", "-"]
    assert options["input"] == b"%PDF"
    assert options["timeout"] > 0
    assert "shell" not in options
    assert set(options["env"]) == {"PATH", "LC_ALL"}


def test_bytes_for_a_receipt_printer_go_raw(jobs: Jobs) -> None:
    printing.send(b"\x1b@", "till", "receipt R-1", raw=True)
    assert jobs.calls[0][0][-4:] == ["-o", "raw", "--", "-"]


def test_a_title_is_one_argument_whatever_it_says(jobs: Jobs) -> None:
    printing.send(b"x", "till", "; rm -rf / $(id) -o raw")
    argv = jobs.calls[0][0]
    assert argv[argv.index("-t") + 1] == "; rm -rf / $(id) -o raw"
    assert len(argv) == 8


@pytest.mark.parametrize(
    "queue", ["-oraw", "-h evil", "--help", "a b", "a\nb", "a/b", "#x", "ü" * 200]
)
def test_a_printers_name_cannot_be_an_option(jobs: Jobs, queue: str) -> None:
    with pytest.raises(Unreachable) as refused:
        printing.send(b"x", queue, "receipt")
    assert refused.value.hint
    assert not jobs.calls


def test_without_a_printer_a_clerk_is_told_what_to_set(jobs: Jobs) -> None:
    with pytest.raises(Unreachable, match="No printer is set up") as refused:
        printing.send(b"x", "", "receipt")
    assert "settings" in refused.value.hint
    assert not jobs.calls


def test_without_a_print_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing.shutil, "which", lambda name, path: None)
    with pytest.raises(Unreachable, match="not installed") as refused:
        printing.send(b"x", "till", "receipt")
    assert refused.value.hint


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (subprocess.TimeoutExpired("lp", 10), "till does not answer"),
        (OSError(13, "Permission denied"), "cannot be printed: Permission denied"),
    ],
)
def test_a_printer_that_fails(jobs: Jobs, failure: Exception, words: str) -> None:
    def fail() -> int:
        raise failure

    jobs.act = fail
    with pytest.raises(Unreachable, match=words) as refused:
        printing.send(b"x", "till", "receipt")
    assert refused.value.hint


def test_a_queue_that_does_not_take_it(jobs: Jobs) -> None:
    jobs.act = lambda: 1
    with pytest.raises(Unreachable, match="till did not take it") as refused:
        printing.send(b"x", "till", "receipt")
    assert "queue exists" in refused.value.hint


def test_a_real_program_that_fails_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "lp"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho 'lp: Error' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(printing, "_PROGRAM_PATHS", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Unreachable):
        printing.send(b"x" * 100_000, "till", "receipt")


def test_a_receipt_names_nobody_in_the_queue(jobs: Jobs, paid: tuple[Desk, str]) -> None:
    desk, receipt = paid
    assert printing.print_receipt(desk, receipt)
    [(argv, options)] = jobs.calls
    assert argv[argv.index("-t") + 1] == f"receipt {receipt}"
    assert "ZAREMBA" not in " ".join(argv)
    assert b"ZAREMBA" in options["input"]


def test_cash_opens_the_drawer_once_and_a_copy_never(jobs: Jobs, paid: tuple[Desk, str]) -> None:
    desk, receipt = paid
    printing.print_receipt(desk, receipt)
    printing.print_receipt(desk, receipt, duplicate=True)
    first, copy = (options["input"] for _, options in jobs.calls)
    assert b"\x1bp" in first
    assert b"\x1bp" not in copy
    assert b"*** DUPLICATE ***" in copy
    assert b"DUPLICATE" not in first


@pytest.mark.parametrize(
    ("columns", "rule"), [(60, 48), (48, 48), (42, 42), (41, 40), (40, 40), (32, 32), (20, 32)]
)
def test_the_paper_that_is_set_decides_the_width(
    jobs: Jobs, paid: tuple[Desk, str], columns: int, rule: int
) -> None:
    desk, receipt = paid
    printing.print_receipt(at_printer(desk, receipt_columns=columns), receipt)
    made = jobs.calls[0][1]["input"]
    assert b"\n" + b"-" * rule + b"\n" in made
    assert b"-" * (rule + 1) not in made


def test_no_receipt_printer_prints_nothing(jobs: Jobs, paid: tuple[Desk, str]) -> None:
    desk, receipt = paid
    assert not printing.print_receipt(at_printer(desk, receipt_printer=""), receipt)
    assert not jobs.calls


def test_a_receipt_that_is_not_there(jobs: Jobs, paid: tuple[Desk, str]) -> None:
    with pytest.raises(NotFound):
        printing.print_receipt(paid[0], "R-000000-001")
    assert not jobs.calls


@pytest.mark.parametrize("columns", receipts.WIDTHS)
def test_a_full_line_fills_the_paper_and_stays_on_it(columns: int) -> None:
    image_module = pytest.importorskip("PIL.Image")
    wide, size = printing._PAPERS[columns]
    data = {"title": "x", "width": wide, "size": size, "lines": ["#" * columns]}
    page = image_module.open(io.BytesIO(paper.render("receipt", data, form="png"))).convert("L")
    left, _, right, _ = page.point(lambda dot: 255 if dot < 128 else 0).getbbox()
    assert right - left > 0.87 * page.width
    assert right < page.width - left * 0.7, "the line is as far from either edge"
    assert page.height < page.width / 4, "one line is one line"
