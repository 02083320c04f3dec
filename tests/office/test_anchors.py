"""Anchors: where they are written, that no work waits for them, and what they prove."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.config import Anchors, load
from deskterm.entry.money import TenderEntry
from deskterm.errors import Invalid
from deskterm.office import anchors, backup, dayclose, doctor, journal_views, payments, proof
from deskterm.office.desk import Desk
from tests.factories import clinic


@pytest.fixture
def anchored(desk: Desk) -> Iterator[Desk]:
    desk.settings = replace(desk.settings, anchors=Anchors(file="anchors.txt", every=10))
    yield desk
    desk.anchoring.wait()


def add(desk: Desk, count: int) -> None:
    for _ in range(count):
        desk.views.note("journal.view")
    desk.anchoring.wait()


def path(desk: Desk) -> Path:
    found = desk.settings.anchor_path
    assert found is not None
    return found


def test_one_for_every_so_many_entries(anchored: Desk) -> None:
    add(anchored, 34)
    kept = anchors.kept(anchored)
    assert [a.seq for a in kept] == [10, 20, 30]
    hashes = dict(anchored.rows("SELECT seq, hash FROM journal"))
    assert all(hashes[a.seq] == a.hash and a.count == a.seq for a in kept)
    assert stat.S_IMODE(path(anchored).stat().st_mode) == 0o600
    assert proof.examine(anchored) == []


def test_a_batch_that_passes_a_round_number_is_anchored(anchored: Desk) -> None:
    for _ in range(12):
        anchored.views.opened(1, "patient")
    anchored.views.flush()
    anchored.anchoring.wait()
    assert [a.seq for a in anchors.kept(anchored)] == [13]


def test_a_failed_sink_is_a_notice_and_the_work_is_done(anchored: Desk) -> None:
    path(anchored).mkdir()
    add(anchored, 12)
    assert anchored.rows("SELECT count(*) FROM journal") == [(13,)]
    assert [n.startswith("The journal's anchor could not be written") for n in anchored.notices]


def test_a_sink_that_hangs_holds_nothing_up(anchored: Desk, tmp_path: Path) -> None:
    """A pipe that nobody reads: opened without waiting, it fails instead."""
    os.mkfifo(path(anchored))
    add(anchored, 12)
    assert anchored.notices


def test_a_link_in_the_files_place_is_not_followed(anchored: Desk, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept\n")
    path(anchored).symlink_to(tmp_path / "elsewhere")
    add(anchored, 12)
    assert (tmp_path / "elsewhere").read_text() == "kept\n"
    assert anchored.notices


def test_with_the_day_s_cash_and_a_backup(anchored: Desk, tmp_path: Path) -> None:
    made = clinic(anchored)
    joan = made.patient("SMITH", "JOAN")
    payments.take(
        anchored, joan.id, tenders=[TenderEntry("cash", 2500), TenderEntry("check", 1000, "7")],
        key="k", purpose="copay", allow_prepayment=True, location="MAIN",
    )  # fmt: skip
    anchored.anchoring.wait()
    path(anchored).unlink(missing_ok=True)
    backup.backup(anchored, tmp_path / "b.db")
    anchored.anchoring.wait()
    (kept,) = anchors.kept(anchored)
    assert (kept.day, kept.cash_cents) == ("2026-03-18", 2500)
    assert proof.examine(anchored) == []
    wrong = replace(kept, cash_cents=2400)
    wrong = replace(wrong, seal=wrong.sealed(anchored.secret))
    (finding,) = proof.examine(anchored, [wrong])
    assert "2400 cents of cash" in finding.fault and "has 2500" in finding.fault


def test_closing_the_day_anchors_it(anchored: Desk) -> None:
    clinic(anchored)
    dayclose.close(anchored, day=date(2026, 3, 18), reason="nothing was taken")
    anchored.anchoring.wait()
    (kept,) = anchors.kept(anchored)
    assert (kept.day, kept.seq) == ("2026-03-18", anchored.written[-1])
    assert proof.examine(anchored) == []


def test_the_system_log(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(log))
        listener.settimeout(5)
        desk.settings = replace(desk.settings, anchors=Anchors(syslog=str(log)))
        taken, troubles = anchors.take(desk)
        text = listener.recv(2000).decode()
    assert troubles == []
    assert text.startswith("<37>deskterm: deskterm-anchor at=")
    assert anchors.parse(text) == [taken]
    gone, troubles = anchors.take(desk)  # nobody listens any more
    assert len(troubles) == 1 and gone.seq == taken.seq + 1


def test_a_log_that_takes_streams(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(log))
        listener.listen()
        listener.settimeout(5)
        desk.settings = replace(desk.settings, anchors=Anchors(syslog=str(log)))
        taken, troubles = anchors.take(desk)
        said = listener.accept()[0].recv(2000).decode()
    assert troubles == [] and anchors.parse(said) == [taken]


def test_paper_is_enough_to_see_a_rewritten_journal(desk: Desk) -> None:
    taken, _ = anchors.take(desk)
    (typed,) = anchors.parse(f"day sheet\n\n{taken.paper}\n-----")
    assert (typed.seq, typed.count, typed.seal) == (taken.seq, taken.count, "")
    assert taken.hash.startswith(typed.hash) and len(typed.hash) == 16
    assert proof.examine(desk, [typed]) == []
    other = replace(typed, hash="0" * 16)
    assert [f.kind for f in proof.examine(desk, [other])] == ["anchor"]


def test_an_anchor_that_was_changed_or_forged(anchored: Desk) -> None:
    anchors.take(anchored)
    text = path(anchored).read_text()
    path(anchored).write_text(text.replace("cash=0", "cash=100"))
    assert [f.fault for f in proof.examine(anchored)] == [
        "its anchor was changed, or made with another key"
    ]


def test_anchors_that_were_thrown_away_are_missed(anchored: Desk) -> None:
    anchors.take(anchored)
    path(anchored).unlink()
    (finding,) = proof.examine(anchored)
    assert finding.kind == "anchor" and "no anchor of it is in the file" in finding.fault


def test_rubbish_among_the_anchors_is_passed_over() -> None:
    assert anchors.parse("deskterm-anchor at=never seq=1 hash=" + "0" * 64 + " count=1") == []
    assert anchors.parse("\x00\ufffd deskterm-anchor seq=") == []


def test_the_doctor_asks_for_one_a_day(anchored: Desk, clock: FrozenClock) -> None:
    def said() -> tuple[str, str]:
        checks = doctor.examine(anchored.settings, clock=clock, environ={})
        check = next(c for c in checks if c.name == "anchors")
        return check.level, check.found

    assert said() == ("OK", "none yet; the clinic is new")
    clock.advance(hours=25)
    assert said()[0] == "WARN"
    anchors.take(anchored)
    assert said()[0] == "OK"
    clock.advance(hours=25)
    assert said()[0] == "WARN"
    text = path(anchored).read_text()
    path(anchored).write_text(text.replace("seq=2", "seq=9"))
    assert said()[0] == "FAIL"


def test_settings_name_the_places(tmp_path: Path) -> None:
    config = tmp_path / "deskterm.toml"
    config.write_text('[anchors]\nfile = "a.txt"\nsyslog = "/dev/log"\nevery = 5\n')
    settings = load({}, database=str(tmp_path / "clinic.db"), config=config)
    assert settings.anchor_path == tmp_path / "a.txt"
    assert settings.anchors.every == 5
    config.write_text('[anchors]\nfiles = "a.txt"\n')
    with pytest.raises(Invalid, match="unknown setting files"):
        load({}, config=config)


def test_the_verdict_counts_them(anchored: Desk) -> None:
    anchors.take(anchored)
    assert journal_views.verify(anchored).anchors == 1
