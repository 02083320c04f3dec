"""Who looked at or changed a patient: on the screen, with the keys of every list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskterm.clock import FrozenClock
from deskterm.db import journal
from deskterm.office import patients
from deskterm.office.desk import Desk
from tests.factories import clinic
from tests.screens.driver import at_desk
from tests.screens.people import other_desk, register


@pytest.fixture
def joan(desk: Desk, clock: FrozenClock) -> int:
    """Registered yesterday, her alert changed today, looked at by two people."""
    clock.advance(days=-1)
    made = register(desk, "Smith", "Joan")
    clock.advance(days=1)
    with desk.operation("patient.edit", patient_id=made.id, reason="she asked") as op:
        patient = op.get(type(made), made.id)
        patient.alert = "hard of hearing"
        op.save(patient)
    other = other_desk(desk)
    other.actor = replace(other.actor, login="rn1")
    other.workstation = "n1"
    patients.opened(other, made.id)
    other.close()
    return made.id


async def test_when_who_where_what_and_why(desk: Desk, joan: int) -> None:
    async with at_desk(desk) as clerk:
        await clerk.app.go("patient", patient_id=joan)
        await clerk.settle()
        await clerk.press("h")
        assert clerk.row(1).startswith("WHO LOOKED")
        assert "SMITH, JOAN" in clerk.row(2) and "4 entries" in clerk.row(2)
        assert [line.split("03/1")[1].split()[2] for line in clerk.lines()[4:8]] == [
            "mlopez", "rn1", "mlopez", "mlopez"
        ]  # fmt: skip
        changed = clerk.line_with("she asked")
        assert "9:42a" in changed and "d1" in changed
        assert "changed the registration: alert" in changed
        assert "n1" in clerk.line_with("rn1")
        await clerk.press("3", "enter")
        assert clerk.place == "EntryScreen"
        assert "- -> hard of hearing" in clerk.text()
        assert "she asked" in clerk.line_with("Why")
        await clerk.press("escape", "escape")
        assert clerk.place == "PatientScreen"


async def test_filter_period_view_and_order(desk: Desk, joan: int) -> None:
    async with at_desk(desk) as clerk:
        await clerk.app.go("history", patient_id=joan)
        await clerk.settle()
        await clerk.press("v")
        assert "changed the registration" not in clerk.text() and "opened" in clerk.text()
        await clerk.press("v")
        assert "changed the registration" in clerk.text() and "opened" not in clerk.text()
        await clerk.press("v", "slash")
        await clerk.type("who:rn1\n")
        assert "opened the record" in clerk.text() and "registered" not in clerk.text()
        await clerk.press("escape", "g")
        await clerk.type("t-1 t-1\n")
        assert "registered the patient" in clerk.text() and "opened" not in clerk.text()
        await clerk.press("g", "enter")
        await clerk.press("s")
        assert "by person" in clerk.row(2)
        people = [line.split()[-1] for line in (row[18:26] for row in clerk.lines()[4:7])]
        assert people == sorted(people)
        await clerk.press("g")
        await clerk.type("nonsense\n")
        assert clerk.screen.prompt is not None  # it says why, and what was typed stays


async def test_asking_is_noted_once_however_often_it_is_shown_again(desk: Desk, joan: int) -> None:
    async with at_desk(desk) as clerk:
        before = journal.head(desk.database)[0]
        await clerk.app.go("history", patient_id=joan)
        await clerk.settle()
        for _ in range(3):
            await clerk.minute()
            await clerk.press("v")
        assert journal.head(desk.database)[0] == before + 1
        last = journal.read(desk.database, newest_first=True, limit=1)[0]
        assert (last.operation, last.patient_id) == ("journal.view", joan)


async def test_the_line_shows_everybody_or_one(desk: Desk, joan: int) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("colon")
        await clerk.type("who\n")
        assert "made the clinic" in clerk.text() and f"[{joan}] registered" in clerk.text()
        await clerk.press("escape", "colon")
        await clerk.type("who smi\n")
        assert "made the clinic" not in clerk.text() and "registered the patient" in clerk.text()


async def test_who_may_not_is_refused_and_that_is_noted(desk: Desk, joan: int) -> None:
    permissions = desk.actor.permissions - {"view_journal"}
    desk.actor = replace(desk.actor, permissions=permissions)
    async with at_desk(desk) as clerk:
        await clerk.app.go("patient", patient_id=joan)
        await clerk.settle()
        await clerk.press("h")
        assert clerk.place == "PatientScreen" and "You may not" in clerk.text()
        desk.views.flush()
    found = [e.operation for e in journal.read(desk.database)]
    assert "access.refused" in found


async def test_screens_note_whom_they_show(desk: Desk, joan: int) -> None:
    """One entry for each opening, and the board's people once."""
    clinic(desk)
    async with at_desk(desk) as clerk:
        for place in ("payment", "call", "register"):
            await clerk.app.go(place, patient_id=joan)
            await clerk.settle()
            clerk.screen.reload()
            await clerk.app.close_all()
        desk.views.flush()
    looks = [e.changed[0]["on"] for e in journal.read(desk.database)
             if e.operation == "patient.view" and e.actor == "mlopez"]  # fmt: skip
    assert looks == ["payment", "call", "identity"]
