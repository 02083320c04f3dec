"""What leaves as a file is noted first, and a desk left open does not give it away."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.db import journal
from deskterm.errors import NotAllowed
from deskterm.office import credentials, exports, money_exports, sessions
from deskterm.office.desk import Desk

PIN = "739164"


def exported(desk: Desk) -> list[str]:
    found = journal.read(desk.database, newest_first=True, limit=50)
    return [e.changed[0]["on"] for e in found if e.operation == "data.export"]


def test_the_pin_is_asked_for_again_after_a_while(
    desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    def write(secret: str = "") -> Path:
        return money_exports.write_into(
            desk, tmp_path, f"{clock.monotonic()}.csv", b"x", what="report sheet", secret=secret,
            asked=True,
        )  # fmt: skip

    sessions.start(desk)
    assert not exports.needs_pin(desk)  # who has no PIN cannot be asked
    credentials.set_secret(desk, "mlopez", secret=PIN)
    assert exports.needs_pin(desk)
    for wrong in ("", "000000"):
        with pytest.raises(NotAllowed):
            write(wrong)
    assert exported(desk) == [] and not list(tmp_path.glob("*.csv"))
    path = write(PIN)
    assert exported(desk) == [f"report sheet to {path.name}"]
    clock.advance(minutes=4)
    assert write().exists()  # it was typed just now
    clock.advance(minutes=2)
    with pytest.raises(NotAllowed):
        write()
    credentials.check(desk, "mlopez", PIN)  # as unlocking does
    assert not exports.needs_pin(desk)
    desk.settings = replace(desk.settings, policy=replace(desk.settings.policy, export_minutes=0))
    assert exports.needs_pin(desk)
    desk.session = 0
    assert not exports.needs_pin(desk)  # a batch command


def test_anothers_pin_typed_here_is_not_ones_own(desk: Desk) -> None:
    sessions.start(desk)
    credentials.set_secret(desk, "mlopez", secret=PIN)
    desk.proved["dana"] = desk.clock.monotonic()
    assert exports.needs_pin(desk)
