"""The database does not answer: said since when, typed on, and right again by itself."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deskterm.db import database
from deskterm.office.desk import Desk
from tests.factories import clinic
from tests.screens.driver import at_desk


@contextmanager
def somebody_saving(desk: Desk) -> Iterator[None]:
    """Another program holds the writers' queue and does not let go."""
    handle = os.open(desk.database.queue_path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> None:
    """What a clerk waits for two seconds, a test waits for a tenth."""
    desk.database.wait_at_most(0.1)
    monkeypatch.setattr("deskterm.screens.outage.WAIT_SECONDS", 0.1)


async def test_forms_stay_open_and_what_is_typed_is_saved_when_it_answers(desk: Desk) -> None:
    patient = clinic(desk).patient("HALE", "BEA")
    async with at_desk(desk) as clerk:
        await clerk.app.go("register", patient_id=patient.id)
        await clerk.settle()
        form = clerk.screen.query_one("RecordForm")
        form.go_to("alert")
        with somebody_saving(desk):
            await clerk.type("HARD OF HEARING")
            await clerk.press("tab")
            await clerk.wait_for("NOT SAVED: server not answering since 9:42a")
            form.go_to("pharmacy")
            await clerk.type("Elm St Drugs")
            await clerk.press("enter")
            assert "Enter tries again" in clerk.row(22)
            assert "NOT SAVED: server not answering since 9:42a" in clerk.row(23)
            assert form.sheet.text("alert") == "HARD OF HEARING"
            assert desk.rows("SELECT count(*) FROM draft WHERE status = 'open'") == [(0,)]
            # Going elsewhere loses nothing either.
            await clerk.press("escape")
        await clerk.wait_for("The server answers again. What you typed is saved")
        assert desk.rows("SELECT count(*) FROM draft WHERE status = 'open'") == [(1,)]
        await clerk.press("f3", "enter")
        form = clerk.screen.query_one("RecordForm")
        assert form.sheet.text("pharmacy") == "Elm St Drugs"
        form.go_to("pharmacy")
        for _ in range(30):
            if clerk.place != "RegisterScreen":
                break
            await clerk.press("enter")
        assert "Saved HALE, BEA" in clerk.row(23)
    assert desk.rows("SELECT alert, pharmacy FROM patient WHERE id = ?", patient.id) == [
        ("HARD OF HEARING", "Elm St Drugs")
    ]
    assert desk.rows("SELECT count(*) FROM draft WHERE status = 'open'") == [(0,)]


async def test_a_letter_on_a_list_says_it_too_and_works_afterwards(desk: Desk) -> None:
    made = clinic(desk)
    visit = made.appointment(made.patient("HALE", "BEA"))
    async with at_desk(desk) as clerk:
        clerk.screen.grid.select_key(visit.id)
        with somebody_saving(desk):
            await clerk.type("f")
            assert "NOT SAVED: server not answering since 9:42a" in clerk.row(23)
        await clerk.wait_for("The server answers again")
        await clerk.type("f")
        assert "arrive" in clerk.row(23)
    assert desk.rows("SELECT stage FROM appointment") == [("arrived",)]


async def test_while_it_is_down_a_key_waits_for_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    lock = database._lock
    monkeypatch.setattr(database, "_lock", lambda h, wait: (waits.append(wait), lock(h, wait))[1])
    patient = clinic(desk).patient("HALE", "BEA")
    async with at_desk(desk) as clerk:
        await clerk.app.go("register", patient_id=patient.id)
        await clerk.settle()
        form = clerk.screen.query_one("RecordForm")
        form.go_to("alert")
        with somebody_saving(desk):
            await clerk.type("X")
            await clerk.press("tab")
            await clerk.wait_for("NOT SAVED")
            waits.clear()
            await clerk.type("ELM")
            await clerk.press("tab")
            assert all(wait <= 0.05 for wait in waits), "only the short tries of the asking itself"


def test_a_full_disk_is_an_outage_and_a_wrong_date_is_none(tmp_path: Path, desk: Desk) -> None:
    from deskterm.errors import Busy, Conflict, Invalid, Unreachable
    from deskterm.screens.outage import Outage

    outage = Outage.__new__(Outage)
    assert outage.is_of(Busy("")) and outage.is_of(Unreachable(""))
    assert not outage.is_of(Invalid("")) and not outage.is_of(Conflict(""))
