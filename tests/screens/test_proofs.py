"""Stories: a PIN and a code app at the desk, and a record that is closed and opened again."""

from __future__ import annotations

import pyotp
import pytest

from deskterm.db import journal
from deskterm.errors import NotAllowed
from deskterm.office import access, credentials, sessions, staff
from deskterm.office.desk import Desk
from deskterm.screens import proofs
from tests.factories import Clinic, become, clinic, hire
from tests.screens.driver import Clerk, at_desk

PIN, OTHER = "739164", "482915"


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


async def line(clerk: Clerk, text: str) -> None:
    await clerk.press("f10")
    await clerk.type(f"{text}\n")


def nowhere(desk: Desk, *secrets: str) -> bool:
    """Whether a secret was written to no draft and no entry."""
    kept = repr(desk.rows("SELECT state FROM draft")) + repr(
        desk.rows("SELECT reason, changes FROM journal")
    )
    return not any(secret in kept for secret in secrets)


async def test_ones_own_pin_is_chosen_and_changed_with_the_present_one(
    desk: Desk, made: Clinic
) -> None:
    clerk_desk = become(desk, "front_desk")
    async with at_desk(clerk_desk) as clerk:
        await line(clerk, "pin")
        assert clerk.place == "PinScreen" and "The one you have" not in clerk.text()
        await clerk.type(f"\n{PIN}\n{OTHER}\n")
        assert "not the same" in clerk.text() and PIN not in clerk.text()
        assert not credentials.has_secret(desk, "frontdes")
        clerk.screen.proof_form.set_value("again", PIN, PIN)
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "DayScreen")
        assert "frontdes has a new pin" in clerk.text()
        await line(clerk, "pin")
        await clerk.type(f"000000\n\n{OTHER}\n{OTHER}\n")
        assert clerk.place == "PinScreen" and "Wrong PIN" in clerk.text()
        clerk.screen.proof_form.set_value("current", PIN, PIN)
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "DayScreen")
    assert credentials.check(desk, "frontdes", OTHER).login == "frontdes"
    assert nowhere(desk, PIN, OTHER)


async def test_anothers_new_pin_asks_a_second_person_and_a_clerk_may_not(
    desk: Desk, made: Clinic
) -> None:
    become(desk, "front_desk", pin=PIN)
    become(desk, "manager", pin=PIN)
    async with at_desk(desk) as clerk:
        await line(clerk, "pin frontdes")
        assert "Approved by" in clerk.text()
        await clerk.type(f"\n{OTHER}\n{OTHER}\nmanager\n000000\n")
        assert clerk.place == "PinScreen" and "Wrong PIN" in clerk.text()
        clerk.screen.proof_form.set_value("approver_pin", PIN, PIN)
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "DayScreen")
        await line(clerk, "pin nobody")
        assert "No such login" in clerk.text() and clerk.place == "DayScreen"
    assert credentials.check(desk, "frontdes", OTHER).login == "frontdes"
    async with at_desk(become(desk, "front_desk")) as clerk:
        await line(clerk, "pin manager")
        assert clerk.place == "DayScreen" and "may not" in clerk.text()
        await line(clerk, "code manager")
        assert clerk.place == "DayScreen" and "may not" in clerk.text()


async def test_the_app_is_scanned_proved_and_its_codes_shown_once(
    desk: Desk, made: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    monkeypatch.setattr(pyotp, "random_base32", lambda: key)
    async with at_desk(desk, size=(80, 24)) as clerk:
        await line(clerk, "code")
        await clerk.wait(lambda: "JBSW Y3DP" in clerk.text())
        assert "\u2588" in clerk.text()  # the picture fits an ordinary terminal
        await clerk.type("000000\n")
        assert "does not fit" in clerk.text() and not credentials.has_app(desk, "mlopez")
        code = pyotp.TOTP(key).at(desk.now())
        clerk.screen.proof_form.set_value("code", code, code)
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "RecoveryScreen")
        assert clerk.text().count("-") >= 10 and key not in clerk.text()
        await clerk.press("ctrl+c")
        assert clerk.place == "DayScreen"
        await line(clerk, "code")
        assert clerk.place == "DayScreen" and "already" in clerk.text()
    assert credentials.has_app(desk, "mlopez")
    assert nowhere(desk, key, code)


async def test_a_lost_app_is_taken_away_by_another(desk: Desk, made: Clinic) -> None:
    become(desk, "front_desk")
    key, _ = credentials.new_totp(desk, "frontdes")
    credentials.confirm_totp(desk, "frontdes", pyotp.TOTP(key).at(desk.now()))
    async with at_desk(desk) as clerk:
        await line(clerk, "code frontdes")
        await clerk.type("yes\n")
        await clerk.wait(lambda: clerk.place == "DayScreen")
    assert not credentials.has_app(desk, "frontdes")


def test_the_picture_is_the_address(desk: Desk) -> None:
    """Read back by its modules, with the light border that a camera needs."""
    import segno

    _, address = credentials.new_totp(desk, "mlopez")
    rows = proofs.qr(address)
    bits = []
    for text in rows:
        bits += [[c in "\u2588\u2580" for c in text], [c in "\u2588\u2584" for c in text]]
    wanted = [[not dark for dark in row] for row in
              segno.make(address, error="l").matrix_iter(border=1)]  # fmt: skip
    assert bits[: len(wanted)] == wanted and all(bits[0]) and len(rows[0]) <= 40


async def test_a_record_is_closed_and_opened_again_with_a_reason(desk: Desk, made: Clinic) -> None:
    patient = made.patient("Zaremba", "Quill")
    made.appointment(patient)
    manager = become(desk, "manager")
    async with at_desk(manager) as clerk:
        await clerk.app.go("patient", patient_id=patient.id)
        await clerk.settle()
        await line(clerk, "restrict")
        assert f"#{patient.mrn}" in clerk.text()
        await clerk.type("\n")
        assert not access.hidden(manager, [patient.id])  # no reason, no change
        await clerk.type("works here\n")
        await clerk.wait(lambda: clerk.place == "DayScreen")
        assert "ZAREMBA" not in clerk.text() and "is restricted" in clerk.text()
        assert access.hidden(manager, [patient.id])
        # it can be lifted without having been opened
        await line(clerk, f"unrestrict #{patient.mrn} -- asked for")
        await clerk.press("enter")
        await clerk.wait(lambda: "no more" in clerk.text())
    entries = journal.read(desk.database, patient_id=patient.id, newest_first=True, limit=10)
    said = [(e.operation, e.reason) for e in entries if "restrict" in e.operation]
    assert said == [("patient.unrestrict", "asked for"), ("patient.restrict", "works here")]
    async with at_desk(become(desk, "front_desk")) as clerk:
        await line(clerk, f"restrict #{patient.mrn} -- x")
        assert "may not" in clerk.text()
        await clerk.press("enter")
    assert not access.hidden(manager, [patient.id])


async def test_a_powerful_role_is_given_on_the_form_by_two(desk: Desk, made: Clinic) -> None:
    become(desk, "manager", pin=PIN)
    async with at_desk(desk) as clerk:
        await line(clerk, "staff")
        await clerk.press("plus")
        await clerk.type("dkim\nDana Kim\nfront")
        assert "Approved by" not in clerk.text()
        await clerk.press("ctrl+u")
        await clerk.type("privacy\nmanager\n000000\n")
        assert clerk.place == "StaffFormScreen" and "Wrong PIN" in clerk.text()
        clerk.screen.staff_form.set_value("approver_pin", PIN, PIN)
        await clerk.press("enter")
        await clerk.wait(lambda: clerk.place == "StaffScreen")
        assert staff.by_login(desk, "dkim").role == "privacy_officer"
        staff.disable(desk, "dkim", reason="left")
        clerk.screen.reload()
        clerk.screen.list.select_key(staff.by_login(desk, "dkim").id)
        await clerk.type("x")
        await clerk.wait(lambda: clerk.place == "EnableScreen")
        await clerk.type(f"manager\n{PIN}\n")
        await clerk.wait(lambda: clerk.place == "StaffScreen")
    assert staff.by_login(desk, "dkim").active
    with pytest.raises(NotAllowed):
        hire(become(desk, "front_desk"), "x2", "X", "biller")


async def test_a_report_is_written_with_the_pin_and_noted(desk: Desk, made: Clinic) -> None:
    sessions.start(desk)
    credentials.set_secret(desk, "mlopez", secret=PIN)
    async with at_desk(desk) as clerk:
        await clerk.app.go("report")
        await clerk.settle()
        await clerk.type("l")
        assert "Your PIN" in clerk.text()
        await clerk.type("000000\n")
        assert "Wrong PIN" in clerk.text() and "000000" not in clerk.text()
        await clerk.press("ctrl+c")
        await clerk.type(f"l{PIN}\n")
        assert PIN not in clerk.text()
        await clerk.wait(lambda: "Written: sheet-" in clerk.text())
        await clerk.type("l")  # it was typed just now
        assert "Your PIN" not in clerk.text()
    entries = journal.read(desk.database, newest_first=True, limit=20)
    assert "data.export" in [entry.operation for entry in entries]
    assert nowhere(desk, PIN)
