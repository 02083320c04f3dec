"""Somebody else saved it first: both values are shown, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db.patients import Patient
from deskterm.entry.money import TenderEntry
from deskterm.office import clinic, messages, patients, payments, scheduling, visits
from deskterm.office.desk import Desk, open_desk
from deskterm.office.patients import AddressEntry, PhoneEntry
from tests.screens.driver import Clerk, at_desk
from tests.terminal.desk_fixture import NOW, Morning


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


@pytest.fixture
def here(morning: Morning) -> Iterator[Desk]:
    """mlopez at d1; the other desk is jkim's at d2."""
    clinic.add_staff(morning.desk, login="jkim", name="Jo Kim", role="front_desk")
    settings = Settings(database=str(morning.path), clinic="Main St Clinic", desk="d1")
    desk = open_desk(settings, login="mlopez", clock=FrozenClock(NOW))
    yield desk
    desk.close()


@pytest.fixture
def other(morning: Morning, here: Desk) -> Iterator[Desk]:
    settings = Settings(database=str(morning.path), clinic="Main St Clinic", desk="d2")
    desk = open_desk(settings, login="jkim", clock=FrozenClock(NOW))
    yield desk
    desk.close()


def on_file(desk: Desk, patient: Patient) -> Any:
    return patients.card(desk, patient.id)


async def open_form(clerk: Clerk, patient: Patient) -> Any:
    await clerk.app.go("register", patient_id=patient.id)
    await clerk.settle()
    return clerk.screen.query_one("RecordForm")


async def fill(clerk: Clerk, form: Any, **texts: str) -> None:
    """Type into fields by name."""
    for name, text in texts.items():
        form.go_to(name)
        await clerk.settle()
        await clerk.type(text)


async def save(clerk: Clerk) -> None:
    """Enter until it was done or something else came up."""
    for _ in range(40):
        if clerk.place != "RegisterScreen":
            return
        await clerk.press("enter")
    raise AssertionError(clerk.text())


async def test_the_comparison_shows_both_and_saves_mine_where_i_typed(
    morning: Morning, here: Desk, other: Desk
) -> None:
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        form = await open_form(clerk, patient)
        await fill(clerk, form, pharmacy="Elm St Drugs", alert="HARD OF HEARING")
        patients.edit(
            other, patient.id, version=patient.version, alert="USES A WHEELCHAIR", pcp="NOVAK"
        )
        patients.set_address(other, patient.id, AddressEntry("9 Oak St", city="Macon", state="IL"))
        await save(clerk)
        assert clerk.place == "StaleScreen"
        assert "Changed by jkim at d2 9:42a" in clerk.row(2)
        assert clerk.has(["HARD OF HEARING", "USES A WHEELCHAIR", "Elm St Drugs", "9 Oak St"]) == []
        alert = clerk.line_with("USES A WHEELCHAIR")
        assert "YOURS" in alert
        assert "THEIRS" in clerk.line_with("9 Oak St")
        assert on_file(other, patient).patient.alert == "USES A WHEELCHAIR", "nothing saved unseen"
        await clerk.press("enter")
        assert "Saved TRAN" in clerk.row(23)
    saved = on_file(other, patient)
    assert saved.patient.alert == "HARD OF HEARING"
    assert saved.patient.pharmacy == "Elm St Drugs"
    assert saved.patient.pcp == "NOVAK"
    assert morning.rows(
        "SELECT line1 FROM patient_address WHERE patient_id = ? AND ended_on IS NULL", patient.id
    ) == [("9 Oak St",)]


@pytest.mark.parametrize("key", ["t", "f4"])
async def test_theirs_may_be_taken_for_a_field(
    morning: Morning, here: Desk, other: Desk, key: str
) -> None:
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        form = await open_form(clerk, patient)
        await fill(clerk, form, pharmacy="Elm St Drugs", alert="HARD OF HEARING")
        patients.edit(other, patient.id, version=patient.version, alert="USES A WHEELCHAIR")
        await save(clerk)
        await clerk.press("1", key)
        assert "THEIRS" in clerk.line_with("USES A WHEELCHAIR")
        await clerk.press("enter")
    saved = on_file(other, patient).patient
    assert (saved.alert, saved.pharmacy) == ("USES A WHEELCHAIR", "Elm St Drugs")


async def test_back_keeps_every_word_and_saves_nothing(
    morning: Morning, here: Desk, other: Desk
) -> None:
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        form = await open_form(clerk, patient)
        await fill(clerk, form, alert="HARD OF HEARING")
        patients.set_phone(other, patient.id, PhoneEntry("+12175550177"))
        await save(clerk)
        assert "phone" in clerk.row(2)
        assert "217-555-0177" in clerk.text()
        await clerk.press("escape")
        assert clerk.place == "RegisterScreen"
        assert form.sheet.text("alert") == "HARD OF HEARING"
        # Parked and brought back, it still knows what it was compared with.
        await clerk.press("f7")
        await clerk.press("f3", "enter")
        form = clerk.screen.query_one("RecordForm")
        assert form.sheet.text("alert") == "HARD OF HEARING"
        form.go_to("alert")
        await save(clerk)
        assert clerk.place == "StaleScreen"
        assert "THEIRS" in clerk.line_with("217-555-0177")
        assert "YOURS" in clerk.line_with("HARD OF HEARING")
        await clerk.press("enter")
        assert "Saved TRAN" in clerk.row(23)
    saved = on_file(other, patient)
    assert saved.patient.alert == "HARD OF HEARING"
    assert saved.phones[0].number == "+12175550177", "theirs was not overwritten by what was read"


async def test_a_third_save_in_between_is_shown_again(
    morning: Morning, here: Desk, other: Desk
) -> None:
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        form = await open_form(clerk, patient)
        await fill(clerk, form, alert="HARD OF HEARING")
        first = patients.edit(other, patient.id, version=patient.version, alert="ONE")
        await save(clerk)
        patients.edit(other, patient.id, version=first.version, alert="TWO")
        await clerk.press("enter")
        assert clerk.place == "StaleScreen"
        assert "TWO" in clerk.text()
        await clerk.press("enter")
    assert on_file(other, patient).patient.alert == "HARD OF HEARING"


async def test_a_visit_changed_meanwhile_is_cancelled_only_when_that_was_seen(
    morning: Morning, here: Desk, other: Desk
) -> None:
    visit = morning.visits["tran"]
    async with at_desk(here) as clerk:
        await clerk.app.go("cancel", appointment_id=visit.id)
        await clerk.settle()
        scheduling.set_note(other, visit.id, version=1, note="bring the card")
        await clerk.type("better\n")
        assert "note - -> bring the card" in clerk.row(22)
        assert "jkim at d2" in clerk.row(23)
        assert clerk.screen.cancel_form.values["reason"] == "better"
        assert morning.rows("SELECT lifecycle FROM appointment WHERE id = ?", visit.id) == [
            ("scheduled",)
        ]
        await clerk.press("enter")
        assert "Cancelled" in clerk.row(23)


async def test_a_letter_on_a_visit_changed_meanwhile_shows_it_first(
    morning: Morning, here: Desk, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = morning.visits["hui"]
    async with at_desk(here) as clerk:
        monkeypatch.setattr(clerk.app.live, "look", lambda: None)  # the news is still on its way
        clerk.screen.grid.select_key(visit.id)
        visits.arrive(other, visit.id, version=1)
        await clerk.type("f")
        assert "state SCH -> ARR" in clerk.row(23)
        assert "jkim at d2" in clerk.row(23)
        assert "ARR" in clerk.line_with("HUI Z")


async def test_a_message_keeps_the_words_of_its_note(
    morning: Morning, here: Desk, other: Desk
) -> None:
    (message_id,) = morning.rows("SELECT id FROM message")[0]
    message = messages.read(other, message_id, version=1)
    message = messages.acknowledge(other, message_id, version=message.version)
    async with at_desk(here) as clerk:
        await clerk.app.go("message", message_id=message_id)
        await clerk.settle()
        await clerk.type("f")
        await clerk.type("called, no answer")
        messages.progress(other, message_id, version=message.version, note="left word")
        await clerk.press("enter")
        assert "Changed by jkim at d2" in clerk.row(22)
        assert "called, no answer" in clerk.row(23)
        await clerk.press("enter")
        assert "Noted" in clerk.row(23)
    notes = [n for (n,) in morning.rows("SELECT note FROM message_event ORDER BY id")]
    assert notes[-2:] == ["left word", "called, no answer"]


async def test_what_was_paid_meanwhile_is_said_and_the_tenders_stay(
    morning: Morning, here: Desk, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        await clerk.app.go("payment", patient_id=patient.id)
        await clerk.settle()
        await clerk.type("40ca")
        monkeypatch.setattr(clerk.app.live, "look", lambda: None)  # the news is still on its way
        payments.take(other, patient.id, tenders=[TenderEntry("cash", 4000)], key="theirs")
        for _ in range(8):
            if "now:" in clerk.row(22):
                break
            await clerk.press("enter")
        assert "Due was 65.00, is 25.00 now" in clerk.row(22)
        assert "jkim at d2" in clerk.row(22)
        assert clerk.screen.pay_form.sheet.text("pay") == "40ca"
    assert morning.rows("SELECT count(*) FROM payment") == [(1,)]
