"""Who speaks for somebody: an entry tells the account when nobody proved who they are."""

from __future__ import annotations

import os

import pytest

from deskterm.office import origin

SSH = {"SSH_CONNECTION": "10.0.0.5 5022 10.0.0.1 22"}


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Which account runs this, and which signed in; both can be changed."""
    given = {"runs": "deskterm", "signed": ""}
    monkeypatch.setattr(origin, "account", lambda number: given["runs"])
    monkeypatch.setattr(origin, "_signed_in", lambda: given["signed"])
    return given


def test_an_account_that_speaks_for_somebody_is_told(accounts: dict[str, str]) -> None:
    assert origin.origin(SSH, login="mlopez") == "ssh 10.0.0.5 by deskterm"
    accounts["signed"] = "alice"
    assert origin.origin(SSH, login="mlopez") == "ssh 10.0.0.5 by alice as deskterm"
    assert origin.origin({}, login="mlopez").endswith(" by alice as deskterm")


def test_the_gate_and_ones_own_account_speak_for_themselves(accounts: dict[str, str]) -> None:
    assert origin.origin({**SSH, origin.GATE: "ssh"}, login="mlopez") == "ssh 10.0.0.5"
    accounts["runs"] = "mlopez"
    assert origin.origin(SSH, login="mlopez") == "ssh 10.0.0.5"
    # sudo into one's namesake does not hide who did it
    accounts["signed"] = "alice"
    assert origin.origin(SSH, login="mlopez") == "ssh 10.0.0.5 by alice as mlopez"
    accounts.update(runs="deskterm", signed="mlopez")
    assert origin.origin(SSH, login="mlopez") == "ssh 10.0.0.5"


def test_it_fits_and_carries_no_codes(accounts: dict[str, str]) -> None:
    accounts.update(runs="x" * 90, signed="\x1b]0;t\x07y")
    said = origin.origin({"SSH_CONNECTION": "\x1b[31m" + "f" * 200}, login="mlopez")
    assert len(said) <= 80 and "\x1b" not in said and " by " in said
    assert origin.account(os.geteuid())
