"""Backups count only when they open, and a restore puts nothing at risk."""

from __future__ import annotations

import errno
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.database import ClinicDatabase
from deskterm.errors import (
    Busy,
    Conflict,
    DesktermError,
    Invalid,
    NotAllowed,
    NotFound,
    Unreachable,
)
from deskterm.office import backup as backups
from deskterm.office import clinic, messages
from deskterm.office.desk import Desk, open_desk
from deskterm.office.verify_file import verify_file


def write(desk: Desk, body: str = "refill") -> None:
    messages.take(desk, caller="Ann", body=body)


def test_a_backup_holds_everything_and_stands_alone(desk: Desk, tmp_path: Path) -> None:
    write(desk)
    made = backups.backup(desk, tmp_path / "out.db")
    assert made.verified.rows["message"] == 1
    assert made.verified.journal_seq == 2
    assert {p.name for p in tmp_path.iterdir() if p.name.startswith((".", "out"))} == {
        "out.db", "out.db.key",
    }  # fmt: skip
    for path in (made.path, made.key_path):
        assert path is not None and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert desk.rows("SELECT operation FROM journal ORDER BY seq DESC LIMIT 1") == [
        ("clinic.backup",)
    ]
    assert list(journal.verify(desk.database, desk.secret)) == []
    assert made.as_dict()["schema"] == made.verified.schema


def test_a_folder_gets_a_dated_file(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "safe").mkdir()
    made = backups.backup(desk, tmp_path / "safe", with_key=False)
    assert made.path.name == "clinic-20260318-094200.db"
    assert made.key_path is None


def test_nothing_is_overwritten(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "out.db").write_text("mine")
    with pytest.raises(Conflict):
        backups.backup(desk, tmp_path / "out.db")
    assert (tmp_path / "out.db").read_text() == "mine"
    (tmp_path / "new.db.key").write_text("mine")
    with pytest.raises(Conflict):
        backups.backup(desk, tmp_path / "new.db")


def test_a_backup_that_does_not_verify_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.database.execute_sql("DROP TRIGGER journal_no_update")
    desk.database.execute_sql("UPDATE journal SET actor = 'x'")
    with pytest.raises(Unreachable, match="journal"):
        backups.backup(desk, tmp_path / "out.db")
    assert not [p for p in tmp_path.iterdir() if "out.db" in p.name]


def test_places_where_no_backup_can_be(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        backups.backup(desk, tmp_path / "none" / "out.db")
    desk.actor = replace(desk.actor, permissions=frozenset())
    with pytest.raises(NotAllowed):
        backups.backup(desk, tmp_path / "out.db")


def test_while_others_write_it_is_one_moment(desk: Desk, tmp_path: Path) -> None:
    stop = threading.Event()
    failed: list[DesktermError] = []

    def keep_writing() -> None:
        other = ClinicDatabase(desk.settings.database_path)
        mine = replace(desk, database=other)
        number = 0
        try:
            while not stop.is_set():
                number += 1
                with other.writing():
                    journal.append(
                        other, mine.secret, at="2026-03-18T14:42:00.000000Z", actor="b",
                        desk="d2", operation="x", patient_id=None, entity="", entity_id=None,
                        reason=str(number), key=None, changes="[]",
                    )  # fmt: skip
        except DesktermError as error:
            failed.append(error)
        finally:
            other.close()

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        for number in range(5):
            backups.backup(desk, tmp_path / f"out{number}.db", with_key=False)
    finally:
        stop.set()
        writer.join()
    assert failed == []


def test_restore_brings_back_and_keeps_the_old(
    desk: Desk, tmp_path: Path, clock: FrozenClock
) -> None:
    write(desk, "before")
    made = backups.backup(desk, tmp_path / "out.db")
    write(desk, "after")
    desk.close()
    done = backups.restore(desk.settings, made.path, clock=clock)
    assert [p.name for p in done.set_aside] == [
        "clinic.db.before-restore-20260318-094200",
        "clinic.db.before-restore-20260318-094200.key",
    ]
    again = open_desk(desk.settings, login="mlopez", clock=clock)
    assert again.rows("SELECT body FROM message") == [("before",)]
    assert again.rows("SELECT operation FROM journal ORDER BY seq DESC LIMIT 1") == [
        ("clinic.restore",)
    ]
    assert list(journal.verify(again.database, again.secret)) == []
    write(again, "goes on")
    again.close()
    assert verify_file(done.set_aside[0], desk.secret).rows["message"] == 2
    assert made.path.exists()


def test_restore_refuses_while_a_desk_is_open(desk: Desk, tmp_path: Path) -> None:
    write(desk)
    made = backups.backup(desk, tmp_path / "out.db")
    with pytest.raises(Busy):
        backups.restore(desk.settings, made.path)
    assert desk.rows("SELECT count(*) FROM message") == [(1,)]
    write(desk)
    assert not list(tmp_path.glob("*before-restore*"))


def test_restore_onto_a_new_machine_brings_the_key(
    desk: Desk, tmp_path: Path, clock: FrozenClock
) -> None:
    write(desk)
    made = backups.backup(desk, tmp_path / "out.db")
    settings = Settings(database=str(tmp_path / "new" / "clinic.db"))
    done = backups.restore(settings, made.path, clock=clock)
    assert done.set_aside == ()
    again = open_desk(settings, login="mlopez", clock=clock)
    assert again.secret == desk.secret
    again.close()


def test_restore_over_a_damaged_file(desk: Desk, tmp_path: Path, clock: FrozenClock) -> None:
    write(desk)
    made = backups.backup(desk, tmp_path / "out.db")
    desk.close()
    path = desk.settings.database_path
    path.write_bytes(b"this is no database" * 100)
    done = backups.restore(desk.settings, made.path, clock=clock)
    assert done.set_aside[0].read_bytes().startswith(b"this is no")
    again = open_desk(desk.settings, login="mlopez", clock=clock)
    assert again.rows("SELECT count(*) FROM message") == [(1,)]
    again.close()


def test_a_bad_backup_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    write(desk)
    made = backups.backup(desk, tmp_path / "out.db")
    desk.close()
    before = desk.settings.database_path.read_bytes()
    content = bytearray(made.path.read_bytes())
    content = content.replace(b"mlopez", b"nobody")
    (tmp_path / "bad.db").write_bytes(content)
    (tmp_path / "text.db").write_text("hello")
    for name in ("bad.db", "text.db"):
        with pytest.raises(Unreachable):
            backups.restore(desk.settings, tmp_path / name)
    with pytest.raises(NotFound):
        backups.restore(desk.settings, tmp_path / "gone.db")
    with pytest.raises(Invalid):
        backups.restore(desk.settings, desk.settings.database_path)
    assert desk.settings.database_path.read_bytes() == before
    assert not list(tmp_path.glob(".*part*"))


def test_somebody_elses_backup_needs_its_key(desk: Desk, tmp_path: Path) -> None:
    made = backups.backup(desk, tmp_path / "out.db", with_key=False)
    other = clinic.init(
        Settings(database=str(tmp_path / "other.db")), login="x", name="X", clock=desk.clock
    )
    other.close()
    with pytest.raises(Unreachable, match="journal entry"):
        backups.restore(other.settings, made.path)


def test_a_full_disk_is_said(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Room:
        free = 1000

    monkeypatch.setattr(backups.shutil, "disk_usage", lambda _: Room)
    with pytest.raises(Unreachable, match="Not enough room"):
        backups.backup(desk, tmp_path / "out.db")


def test_a_disk_that_fills_up_leaves_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, secret: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backups, "_write_key", full)
    with pytest.raises(Unreachable, match="disk is full"):
        backups.backup(desk, tmp_path / "out.db")
    assert not [p for p in tmp_path.iterdir() if "out.db" in p.name]


def test_a_disk_without_links_will_do(
    desk: Desk, tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(backups.os, "link", no_links)
    made = backups.backup(desk, tmp_path / "out.db")
    desk.close()
    done = backups.restore(desk.settings, made.path, clock=clock)
    assert verify_file(done.set_aside[0], desk.secret).rows["staff"] == 1
