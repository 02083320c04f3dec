"""What admin doctor finds, and that each fault is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.office import doctor
from deskterm.office.desk import Desk

GOOD = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


def look(desk: Desk, clock: FrozenClock, **environ: str) -> dict[str, doctor.Check]:
    found = doctor.examine(desk.settings, clock=clock, environ={**GOOD, **environ})
    assert all(check.hint for check in found if check.level != "OK")
    return {check.name: check for check in found}


def test_a_healthy_clinic(desk: Desk, clock: FrozenClock) -> None:
    desk.settings.database_path.parent.chmod(0o700)
    found = look(desk, clock)
    not_ok = {n: c for n, c in found.items() if c.level != "OK" and n != "disk room"}
    assert not_ok == {}
    assert list(found) == [
        "Python", "SQLite", "terminal", "clock", "folder", "disk room", "OpenSSH",
        "database file", "key file", "schema", "pages", "administrator", "journal time", "journal",
        "SSH keys", "anchors", "activity review", "free time", "name index", "code lists",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "environ"),
    [("terminal", {"TERM": "dumb"}), ("terminal", {"TERM": ""}), ("terminal", {"LANG": "C"})],
)
def test_terminals(desk: Desk, clock: FrozenClock, name: str, environ: dict[str, str]) -> None:
    assert look(desk, clock, **environ)[name].level == "WARN"


def test_files_that_others_may_read(desk: Desk, clock: FrozenClock) -> None:
    desk.settings.database_path.chmod(0o644)
    desk.settings.key_path.chmod(0o640)
    desk.settings.database_path.parent.chmod(0o777)
    found = look(desk, clock)
    assert [found[n].level for n in ("database file", "key file", "folder")] == ["FAIL"] * 3


def test_a_missing_or_wrong_key(desk: Desk, clock: FrozenClock) -> None:
    secret = desk.settings.key_path.read_bytes()
    desk.settings.key_path.write_bytes(bytes(32))
    assert look(desk, clock)["journal"].level == "FAIL"
    desk.settings.key_path.write_bytes(secret[:10])
    assert look(desk, clock)["journal"].level == "FAIL"
    desk.settings.key_path.unlink()
    found = look(desk, clock)
    assert (found["key file"].level, found["journal"].level) == ("FAIL", "FAIL")


def test_a_journal_that_was_changed(desk: Desk, clock: FrozenClock) -> None:
    desk.database.execute_sql("DROP TRIGGER journal_no_delete")
    assert look(desk, clock)["journal"].level == "FAIL"


def test_a_clock_that_runs_behind(desk: Desk, clock: FrozenClock) -> None:
    clock.advance(days=-2)
    assert look(desk, clock)["journal time"].level == "FAIL"
    assert look(desk, FrozenClock(datetime(1970, 1, 2, tzinfo=UTC)))["clock"].level == "FAIL"


def test_a_newer_file_is_left_alone(desk: Desk, clock: FrozenClock) -> None:
    desk.database.execute_sql(
        "INSERT INTO schema_version (version, name, applied_at) VALUES (9999, 'x', 'x')"
    )
    found = look(desk, clock)
    assert found["schema"].level == "FAIL"
    assert "journal" not in found


def test_nobody_left_to_administer(desk: Desk, clock: FrozenClock) -> None:
    desk.database.execute_sql("UPDATE staff SET active = 0")
    assert look(desk, clock)["administrator"].level == "FAIL"


def test_little_room(desk: Desk, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Room:
        free = 50 * 2**20

    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Room)
    assert look(desk, clock)["disk room"].level == "FAIL"
    Room.free = 500 * 2**20
    assert look(desk, clock)["disk room"].level == "WARN"


@pytest.mark.parametrize("kind", ["absent", "folder", "text", "empty", "no folder"])
def test_what_is_no_database(tmp_path: Path, clock: FrozenClock, kind: str) -> None:
    path = tmp_path / "x.db"
    if kind == "folder":
        path.mkdir()
    elif kind in ("text", "empty"):
        path.write_text("hello " * 500 if kind == "text" else "")
    elif kind == "no folder":
        path = tmp_path / "none" / "x.db"
    found = doctor.examine(Settings(database=str(path)), clock=clock, environ=GOOD)
    assert doctor.worst(found) == "FAIL"
    if kind == "absent":
        assert not path.exists()


@pytest.mark.parametrize("setting", ["frozen_now", "zone"])
def test_a_wrong_setting_is_said(desk: Desk, setting: str) -> None:
    settings = replace(desk.settings, **{setting: "nonsense"})
    found = doctor.examine(settings, environ=GOOD)
    assert {c.name: c.level for c in found}["clock"] == "FAIL"
