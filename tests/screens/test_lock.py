"""The lock: everything gone at one key, nothing works but the PIN, and back where one was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest

from deskterm import commands
from deskterm.clock import FrozenClock
from deskterm.db.base import database as proxy
from deskterm.errors import NotAllowed
from deskterm.office import clinic as clinics
from deskterm.office import credentials, drafts, locking, messages, sessions, staff
from deskterm.office.desk import Desk, open_desk
from deskterm.screens.places import make
from tests.factories import Clinic, clinic
from tests.screens.driver import Clerk, at_desk

PIN, DANAS = "739258", "604417"


@pytest.fixture
def made(desk: Desk) -> Clinic:
    """TRAN, O at 10:00, and two people with PINs: mlopez and dana."""
    found = clinic(desk)
    patient = found.patient("TRAN", "OLIVIA", born=date(1988, 6, 22), sex="F")
    found.cover(patient)
    found.appointment(patient)
    credentials.set_secret(desk, "mlopez", secret=PIN)
    clinics.add_staff(desk, login="dana", name="Dana Reed", role="front_desk")
    credentials.set_secret(desk, "dana", secret=DANAS)
    return found


@contextmanager
def elsewhere(desk: Desk, login: str = "mlopez", name: str = "d3") -> Iterator[Desk]:
    """Another workstation on the same file. The models belong to this desk's file again after."""
    there = open_desk(replace(desk.settings, desk=name), login=login, clock=desk.clock)
    try:
        yield there
    finally:
        there.close()
        proxy.initialize(desk.database)


async def unlock(clerk: Clerk, pin: str = PIN) -> None:
    await clerk.type(f"{pin}\n")


async def test_one_key_hides_everything_and_the_pin_brings_it_back_as_it_was(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1p40c")
        await clerk.press("left")
        before = clerk.lines()
        await clerk.press("f9")
        assert clerk.place == "LockScreen"
        assert "D E S K   L O C K E D" in clerk.text()
        assert clerk.has(["Main St Clinic", "desk d1   9:42a", "mlopez, password or PIN"]) == []
        assert "TRAN" not in clerk.text() and "40c" not in clerk.text()
        await clerk.type(PIN)
        assert PIN not in clerk.text() and "[******" in clerk.text()
        await clerk.press("enter")
        assert clerk.place == "PaymentScreen"
        assert clerk.lines() == before
        await clerk.type("a")
        assert clerk.screen.forms[0].sheet.text("pay") == "40ac"
    operations = [r[0] for r in made.desk.rows("SELECT operation FROM journal ORDER BY seq")]
    assert operations[-2:] == ["session.lock", "session.unlock"]


async def test_no_key_and_no_code_does_anything_while_locked(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("ctrl+l")
        lock, stack = clerk.screen, list(clerk.app.screen_stack)
        every = [key for command in commands.GLOBAL for key in command.keys]
        every += [*commands.BACK.keys, "ctrl+q", "ctrl+z", "ctrl+a", "ctrl+backslash", "tab", "?"]
        for key in every:
            if key not in ("f6", "ctrl+p"):
                await clerk.press(key)
                assert clerk.screen is lock, key
                assert clerk.app.screen_stack == stack, key
        for action in ("quit", "command('find')", "focus_next", "command_palette"):
            assert not await clerk.app.run_action(action)
        for name in ("finder", "day", "held", "help"):
            with pytest.raises(NotAllowed):
                clerk.app.push_screen(make(name))
        for refused in (clerk.app.pop_screen, lambda: clerk.app.switch_screen(make("day"))):
            with pytest.raises(NotAllowed):
                refused()
        clerk.app.say("a notice of the day")
        await clerk.app.close_top(said="late work")
        await clerk.settle()
        assert clerk.screen is lock
        assert "notice" not in clerk.text() and "TRAN" not in clerk.text()
        await clerk.press("escape")
        await unlock(clerk)
        assert "late work" in clerk.text()


async def test_the_office_refuses_at_a_locked_desk(made: Clinic) -> None:
    desk = made.desk
    desk.locked = True
    with pytest.raises(NotAllowed, match="locked"):
        desk.require("view_patients")
    with pytest.raises(NotAllowed, match="locked"):
        made.patient("NEW", "NOBODY")
    with pytest.raises(NotAllowed, match="Wrong PIN"):
        locking.unlock(desk, "000001")
    assert desk.locked
    locking.unlock(desk, PIN)
    assert not desk.locked
    made.patient("NEW", "SOMEBODY")


async def test_a_wrong_pin_is_said_and_opens_nothing(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f9")
        await unlock(clerk, "111222")
        assert "Wrong PIN. Type it again" in clerk.text()
        await unlock(clerk, "")
        assert clerk.place == "LockScreen"
        await unlock(clerk, PIN)
        assert clerk.place == "DayScreen"


async def test_another_person_takes_the_desk_and_the_first_finds_their_work(made: Clinic) -> None:
    desk = made.desk
    async with at_desk(desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.press("f9")
        await clerk.press("tab")
        await clerk.type(f"dana\n{PIN}\n")
        assert "Wrong PIN" in clerk.text()
        await clerk.press("f12", "tab")
        await clerk.type(f"dana\n{DANAS}\n")
        assert desk.actor.login == "dana"
        assert clerk.place == "DayScreen" and " dana " in clerk.row(1) and "P0" in clerk.row(1)
        await clerk.press("f3")
        assert "PARKED (0)" in clerk.text()
        await clerk.press("escape", "ctrl+z")
        assert "Nothing to take back" in clerk.row(23)
        with elsewhere(desk) as there:
            (row,) = drafts.open_drafts(there)
            assert (row.heading, row.cause) == ("PAYMENT TRAN O", "dana at the desk")
        await clerk.press("f9", "tab")
        await clerk.type(f"mlopez\n{PIN}\n")
        assert "P1" in clerk.row(1)
        await clerk.press("f3")
        assert "by dana at the desk" in clerk.line_with("PAYMENT TRAN O")
        await clerk.press("enter")
        assert clerk.screen.forms[0].sheet.text("pay") == "40ca"
        assert clerk.row(3).startswith("BACK after 0m 00s. You were at Pay")


async def test_the_practice_may_forbid_taking_over(made: Clinic) -> None:
    desk = made.desk
    desk.settings = replace(desk.settings, policy=replace(desk.settings.policy, take_over=False))
    async with at_desk(desk) as clerk:
        await clerk.press("f9")
        assert "another user" not in clerk.text()
        with pytest.raises(NotAllowed):
            locking.take_over(desk, "dana", DANAS)
        assert desk.locked


async def test_nobody_there_is_counted_down_locked_and_logged_off(
    made: Clinic, clock: FrozenClock
) -> None:
    async with at_desk(made.desk, idle=True) as clerk:
        await clerk.type("1p40ca")
        before = clerk.row(23)
        clock.advance(seconds=269)
        clerk.app.watch_idle()
        assert clerk.row(23) == before
        clock.advance(seconds=2)
        clerk.app.watch_idle()
        await clerk.settle()
        assert clerk.row(23) == "This desk locks in 30 s. Any key stops it"
        await clerk.type("x")
        assert clerk.row(23) == before
        assert clerk.screen.forms[0].sheet.text("pay") == "40cax"
        clock.advance(seconds=300)
        clerk.app.watch_idle()
        await clerk.settle()
        assert clerk.place == "LockScreen" and "TRAN" not in clerk.text()
        clock.advance(minutes=25)
        clerk.app.watch_idle()
        await clerk.settle()
        assert clerk.app.return_code == 0
    assert clerk.app.farewell == "Logged off after 30 minutes without a key. Your work is kept"
    assert [row.heading for row in drafts.open_drafts(made.desk)] == ["PAYMENT TRAN O"]


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 60), (5, 300), (15, 900), (600, 900)])
def test_the_idle_lock_is_timed_and_never_off(desk: Desk, minutes: int, seconds: int) -> None:
    policy = replace(desk.settings.policy, lock_after=minutes)
    desk.settings = replace(desk.settings, policy=policy)
    assert locking.lock_after(desk) == seconds
    assert locking.log_off_after(desk) > seconds


async def test_a_call_is_noted_without_looking_anybody_up(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f9", "f6")
        assert "C A L L   N O T E" in clerk.text()
        await clerk.type("Mrs Roe\n217-555-0143\nasks for a lift\n")
        assert "D E S K   L O C K E D" in clerk.text()
        assert "line 1 on hold 0m" in clerk.text()
        assert "Roe" not in clerk.text()
        await unlock(clerk)
        assert "L1" in clerk.row(1)
        await clerk.press("f3", "enter")
        assert clerk.place == "CallScreen"
        texts = clerk.screen.forms[0].sheet
        assert texts.text("caller_name") == "Mrs Roe"
        assert (texts.text("callback"), texts.text("note")) == ("217-555-0143", "asks for a lift")


async def test_a_first_pin_is_chosen_by_whoever_locked_and_not_later(
    desk: Desk, clock: FrozenClock
) -> None:
    async with at_desk(desk) as clerk:
        await clerk.press("f9")
        assert "choose a PIN" in clerk.text()
        clock.advance(minutes=3)
        clerk.screen.on_minute()
        await clerk.settle()
        assert "cannot be unlocked" in clerk.text()
        with pytest.raises(NotAllowed):
            locking.choose(desk, clerk.screen.held, PIN, PIN)
        assert not credentials.has_secret(desk, "mlopez")
        await clerk.press("enter")
        assert clerk.app.return_code == 0
    desk.locked = False
    async with at_desk(desk) as clerk:
        await clerk.press("f9")
        await clerk.type(f"{PIN}\n000001\n")
        assert "not the same" in clerk.text()
        await clerk.type(f"{PIN}\n{PIN}\n")
        assert clerk.place == "DayScreen"
        await clerk.press("f9")
        await unlock(clerk)
        assert clerk.place == "DayScreen"


async def test_in_a_practice_clinic_enter_unlocks_and_says_that_no_pin_is_set(desk: Desk) -> None:
    desk.settings = replace(desk.settings, practice=True)
    async with at_desk(desk) as clerk:
        await clerk.press("f9")
        assert "no PIN is set: Enter unlocks" in clerk.text()
        await clerk.press("enter")
        assert clerk.place == "DayScreen"


async def test_a_desk_opened_over_ssh_begins_with_the_pin(
    made: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.7 5000 10.0.0.1 22")
    async with at_desk(made.desk) as clerk:
        assert clerk.place == "LockScreen"
        assert "Your PIN opens the desk" in clerk.text()
        assert len(clerk.app.screen_stack) == 2  # the day was not even opened
        await unlock(clerk)
        assert clerk.place == "DayScreen" and "TRAN" in clerk.text()


async def test_signed_in_elsewhere_locks_here_and_unlocking_takes_the_work_back(
    made: Clinic, clock: FrozenClock
) -> None:
    desk = made.desk
    sessions.start(desk)
    async with at_desk(desk) as clerk:
        await clerk.type("1p40ca")
        clerk.app.keep_drafts()
        with elsewhere(desk) as there:
            sessions.start(there)
        clock.advance(seconds=3)
        await clerk.second()
        assert "You signed in at d3" in clerk.text() and "TRAN" not in clerk.text()
        await unlock(clerk)
        assert clerk.place == "PaymentScreen"
        assert clerk.screen.forms[0].sheet.text("pay") == "40ca"
        assert sessions.alive(desk) is None
        ended = desk.rows("SELECT desk, how, taken_by FROM session WHERE ended_at IS NOT NULL")
        assert ended == [("d1", "taken over", "d3"), ("d3", "taken over", "d1")]


async def test_somebody_who_was_disabled_is_out_with_their_work_kept(
    made: Clinic, clock: FrozenClock
) -> None:

    boss = made.desk
    settings = replace(boss.settings, desk="d4", pin_spoken_for=False)
    desk = open_desk(settings, login="dana", clock=clock)
    sessions.start(desk)
    async with at_desk(desk) as clerk:
        await clerk.type("1p40ca")
        await clerk.second()  # it has just looked whether it is still wanted
        proxy.initialize(boss.database)
        staff.disable(boss, "dana", reason="left")
        proxy.initialize(desk.database)
        # no second passes on this clock: it is told, and does not wait for its next look
        clerk.app.live.look()
        await clerk.pilot.pause()
        assert clerk.app.return_code == 0
    assert clerk.app.farewell.startswith("This session is over: disabled")
    assert boss.rows("SELECT owner, heading FROM draft") == [("dana", "PAYMENT TRAN O")]
    desk.close()


async def test_a_desk_opened_by_another_account_begins_locked(
    made: Clinic, clock: FrozenClock
) -> None:
    desk = open_desk(replace(made.desk.settings, desk="d4"), login="dana", clock=clock)
    desk.origin = "tty pts/3 by root"
    async with at_desk(desk) as clerk:
        assert "Opened by another account" in clerk.text() and "TRAN" not in clerk.text()
        await clerk.type(f"{DANAS}\n")
        assert "TRAN" in clerk.text()
    desk.close()
    own = open_desk(replace(made.desk.settings, desk="d4"), login="dana", clock=clock)
    own.origin = "tty pts/3"
    async with at_desk(own) as clerk:
        assert "TRAN" in clerk.text()
    own.close()


async def test_what_others_did_while_locked_shows_after_it(made: Clinic) -> None:
    async with at_desk(made.desk) as clerk:
        await clerk.press("f9")
        with elsewhere(made.desk) as there:
            messages.take(
                there, caller="self", relationship="self", callback="217-555-0142",
                topic="other", body="lift", urgency="now", assignee="mlopez", key="m1",
            )  # fmt: skip
        await clerk.news()
        assert "D E S K" in clerk.text() and "Q1" not in clerk.text()
        await unlock(clerk)
        assert "Q1" in clerk.row(1), clerk.text()
