"""``deskterm staff``: secrets come from standard input and never go anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from typer.testing import CliRunner

from deskterm.cli.main import app
from deskterm.clock import Clock
from deskterm.config import Settings
from deskterm.office import clinic, credentials
from deskterm.office.desk import open_desk

RUNNER = CliRunner()
PIN, OTHER = "739164", "482915"
Call = Callable[..., Any]


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "clinic.db")
    clinic.init(Settings(database=path), login="owner", name="Own Er", clock=Clock()).close()
    return path


@pytest.fixture
def call(path: str) -> Call:
    def run(*words: str, stdin: str = "", login: str = "owner", code: int = 0) -> Any:
        line = ["--db", path, "--as", login, "staff", *words]
        done = RUNNER.invoke(app, line, input=stdin)
        assert done.exit_code == code, (words, done.output)
        assert PIN not in done.output and OTHER not in done.output
        return done

    return run


def test_a_persons_life(call: Call, path: str) -> None:
    call("add", "dkim", "--name", "Dana Kim", "--role", "front_desk")
    call("add", "dkim", "--name", "Other", "--role", "front_desk", code=5)
    call("secret", "dkim", stdin="", code=4)
    call("secret", "dkim", stdin="111111\n", code=4)
    call("secret", "dkim", stdin=f"{PIN}\n")
    desk = open_desk(Settings(database=path), login="dkim")
    assert credentials.check(desk, "dkim", PIN).name == "Dana Kim"
    desk.close()
    # one's own is changed with the present one
    call("secret", "dkim", stdin=f"000000\n{OTHER}\n", login="dkim", code=6)
    call("secret", "dkim", stdin=f"{PIN}\n{OTHER}\n", login="dkim")
    call("role", "dkim", "biller")
    (row,) = [r for r in json.loads(call("list", "--json").stdout) if r["login"] == "dkim"]
    assert (row["role"], row["secret"], row["active"]) == ("biller", "pin", True)
    call("disable", "dkim", "--reason", "left")
    call("list", login="dkim", code=6)
    assert "DISABLED" in call("list").stdout
    call("enable", "dkim")
    assert "dkim" in call("show", "dkim").stdout
    call("show", "nobody", code=3)


def test_an_administrator_needs_the_app_before_a_pin(
    call: Call, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    monkeypatch.setattr(pyotp, "random_base32", lambda: key)
    call("add", "itsam", "--name", "Sam Ito", "--role", "administrator")
    refused = call("secret", "itsam", stdin=f"{PIN}\n", code=6)
    assert "staff totp itsam" in refused.output
    call("totp", "itsam", stdin="1\n", code=4)
    done = call("totp", "itsam", "--json", stdin=pyotp.TOTP(key).now() + "\n")
    codes = json.loads(done.stdout)["recovery_codes"]
    assert len(codes) == 10
    call("secret", "itsam", stdin=f"{PIN}\n")
    desk = open_desk(Settings(database=path), login="itsam")
    assert credentials.check(desk, "itsam", PIN, totp=codes[0]).role == "administrator"
    desk.close()
    call("totp", "itsam", "--off")
    assert "none" in call("list").stdout


def test_somebody_locked_is_let_in_again(call: Call, path: str) -> None:
    call("add", "dkim", "--name", "Dana Kim", "--role", "front_desk")
    desk = open_desk(Settings(database=path), login="owner")
    desk.database.execute_sql(
        "INSERT INTO throttle (login, purpose, tries, boot, mono_ms)"
        " VALUES ('dkim', 'unlock', 10, 'x', 0)"
    )
    assert "LOCKED" in call("list").stdout
    call("reset", "dkim", login="dkim", code=6)
    call("reset", "dkim")
    assert "LOCKED" not in call("list").stdout
    desk.close()
