"""Hostile text in the database: every screen shows it, none passes it on or falls over it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deskterm.app import DeskApp
from deskterm.office import messages, search_index
from deskterm.office.desk import Desk
from deskterm.text import UNSAFE
from tests.factories import Clinic, clinic
from tests.terminal.payloads import PAYLOADS

TEXTS = [text for text in (PAYLOADS.values() if isinstance(PAYLOADS, dict) else PAYLOADS)]


def storable(text: object) -> str:
    """What raw SQL can put into a column: no lone surrogates, no NUL in the middle."""
    return str(text).encode("utf-8", "ignore").decode("utf-8").replace("\x00", "")


@pytest.fixture
def hostile(desk: Desk) -> Clinic:
    """One patient a payload, each with a visit today and a message, written past the models."""
    made = clinic(desk)
    start = datetime(2026, 3, 18, 8, 0)
    for number, payload in enumerate(TEXTS):
        text = storable(payload)[:200]
        patient = made.patient(last=f"P{number}", first="X")
        made.cover(patient)
        when = start + timedelta(minutes=15 * (number // 3))
        who = ("LEE", "PATEL", "NOVAK")[number % 3]
        visit = made.appointment(patient, when, who, minutes=15)
        taken = messages.take(
            desk, patient_id=patient.id, topic="rx", body="x", assignee="mlopez", key=f"k{number}"
        )
        desk.rows(
            "UPDATE patient SET last_name = ?, first_name = ?, preferred_name = ?, alert = ?,"
            " pronunciation = ?, pharmacy = ?, email = ? WHERE id = ?",
            text, text, text, text, text, text, text, patient.id,
        )  # fmt: skip
        desk.rows("UPDATE patient_phone SET number = ? WHERE patient_id = ?", text, patient.id)
        desk.rows(
            "UPDATE patient_address SET line1 = ?, city = ? WHERE patient_id = ?",
            text, text, patient.id,
        )  # fmt: skip
        desk.rows("UPDATE coverage SET member_id = ? WHERE patient_id = ?", text, patient.id)
        desk.rows("UPDATE appointment SET note = ? WHERE id = ?", text, visit.id)
        desk.rows("UPDATE message SET body = ?, caller = ? WHERE id = ?", text, text, taken.id)
    text = storable(TEXTS[0])
    desk.rows("UPDATE visit_type SET name = ?", text)
    desk.rows("UPDATE plan SET name = ?", text)
    desk.rows("UPDATE location SET name = ?", text)
    desk.rows("UPDATE code SET label = ?", text)
    search_index.rebuild(desk.database)
    return made


def leaks(app: DeskApp) -> list[str]:
    strips = app.screen._compositor.render_strips()
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    return [line for line in lines if UNSAFE.search(line)]


async def test_no_screen_passes_hostile_text_on(hostile: Clinic) -> None:
    desk = hostile.desk
    visits = desk.rows("SELECT id, patient_id FROM appointment ORDER BY id")
    app = DeskApp(desk)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert not leaks(app)
        for place in ("flow", "next", "held"):
            await app.go(place)
            await pilot.pause()
            assert not leaks(app), place
            await app.close_all()
        for number, (visit_id, patient_id) in enumerate(visits):
            forms = (
                ("cancel", {"appointment_id": visit_id}),
                ("check_in", {"appointment_id": visit_id}),
                ("payment", {"patient_id": patient_id, "appointment_id": visit_id}),
            )
            # The card for every text; the forms by turns, for the sake of time.
            for place, given in (("patient", {"patient_id": patient_id}), forms[number % 3]):
                assert await app.go(place, **given) is not None, place
                await pilot.pause()
                assert not leaks(app), place
                app.pop_screen()
                await pilot.pause()
        for place in ("opening", "register", "history", "call"):
            assert await app.go(place, patient_id=visits[0][1]) is not None, place
            await pilot.pause()
            assert not leaks(app), place
            await app.close_all()
    assert app._exception is None
