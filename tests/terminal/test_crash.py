"""A crash says where, and tells nobody's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskterm.terminal import crash
from tests.terminal.conftest import StartDemo


def _fail(name: str) -> None:
    try:
        {"known": 1}[name]
    except KeyError as error:
        raise ValueError(f"nobody called {name}") from error


def test_a_crash_is_described_without_any_value() -> None:
    try:
        _fail("Secretperson")
    except ValueError as error:
        found = crash.describe(error)
    assert "Secretperson" not in found.details + str(found.lines())
    assert "builtins.ValueError" in found.details
    assert "builtins.KeyError" in found.details
    assert "_fail" in found.details
    assert found.where.startswith("test_crash.py:")
    assert found.reference in found.lines()[0]
    assert found.reference in found.details


def test_the_log_is_the_owner_s_alone_and_never_follows_a_link(tmp_path: Path) -> None:
    found = crash.describe(ValueError())
    log = tmp_path / "crash.log"
    assert crash.write_log(found, log)
    assert crash.write_log(found, log)
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.read_text() == found.details * 2
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    assert not crash.write_log(found, link)
    assert not crash.write_log(found, tmp_path / "nowhere" / "crash.log")


@pytest.mark.terminal
def test_the_crash_screen_and_log_hold_no_patient(demo: StartDemo, tmp_path: Path) -> None:
    log = tmp_path / "crash.log"
    desk = demo("crash", log)
    desk.send("x")
    assert desk.exit_code() == 1
    after = desk.raw.split(b"\x1b[?1049l")[-1].decode()
    assert "The desk stopped at demo_app.py:" in after
    assert str(log) in after.replace("\r\n", "\n")
    assert "action_fail" in log.read_text()
    for secret in ("Secretperson", "555-0199", "patient"):
        assert secret not in after.replace("patient data", "")
        assert secret not in log.read_text()
