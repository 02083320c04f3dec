"""What holds on every screen there is: T-04 to T-08, T-13 and T-15 over the list of places."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from textual import events
from textual.geometry import Size

from deskterm.clock import FrozenClock
from deskterm.db.base import database as proxy
from deskterm.office import messages, payments, scheduling, staff
from deskterm.office.desk import Desk, open_desk
from deskterm.office.operations import NOTED
from deskterm.screens import places
from deskterm.screens.task import TaskScreen
from tests.factories import Clinic, become
from tests.screens.all_places import PLACES, enter, fill, leave
from tests.screens.driver import Clerk, at_desk

CONFIRMS = re.compile(r"\(?\b[yY]/[nN]\b|[Aa]re you sure|[Rr]eally\b|\bOK\?|[Cc]onfirm\?")
# Opened by what is looked at, not by name: the day is always there.
BY_THEMSELVES = {"day", "help", "entry", "code_page"}
# With DESKTERM_EVERY_FIELD the cursor is put into every field, else into a few of each form.
FIELDS = 1000 if os.environ.get("DESKTERM_EVERY_FIELD") else 4


def kind(place: str) -> type:
    module, name = places.PLACES[place]
    found: type = getattr(importlib.import_module(module), name)
    return found


FORMS = [
    place for place in PLACES if place in places.PLACES and issubclass(kind(place), TaskScreen)
]
# What is typed there is kept nowhere.
SECRETS = {"pin", "code"}
NOT_LOCKED = [place for place in PLACES if place != "lock"]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return fill(desk)


@contextmanager
def elsewhere(desk: Desk) -> Iterator[Desk]:
    """Another workstation on the same file."""
    there = open_desk(replace(desk.settings, desk="d2"), login=desk.actor.login, clock=desk.clock)
    try:
        yield there
    finally:
        there.close()
        proxy.initialize(desk.database)


def stands(clerk: Clerk) -> list[str]:
    """The screen without row 1's clock and counters, row 3, and the message row."""
    lines = clerk.lines()
    return [lines[0][:30], lines[1], *lines[3:22], lines[23]]


def form_of(clerk: Clerk) -> Any:
    """The form that has the cursor, if one has."""
    focused = clerk.screen.focused
    return (
        focused if getattr(focused, "takes_letters", False) and hasattr(focused, "sheet") else None
    )


def some_fields(form: Any) -> list[str]:
    """Fields of the form, from its first to its last."""
    walk = form.sheet.walk()
    step = max(1, -(-len(walk) // FIELDS))
    return [*walk[::step]]


async def go(clerk: Clerk, place: str) -> None:
    await enter(clerk.app, place, PLACES[place])
    await clerk.settle()


async def away(clerk: Clerk) -> None:
    await leave(clerk.app)
    await clerk.settle()


def test_every_screen_is_in_the_list() -> None:
    """A new screen takes a line in ``all_places``: then all of this is asked of it too."""
    assert set(places.PLACES) - set(PLACES) == BY_THEMSELVES


@pytest.mark.parametrize("place", [place for place in FORMS if place not in SECRETS])
async def test_half_a_form_comes_back_character_for_character(made: Clinic, place: str) -> None:
    """T-04: a desk that died keeps every text, the cursor in its field and in its text."""
    desk = made.desk
    async with at_desk(desk) as clerk:
        await go(clerk, place)
        form = form_of(clerk)
        assert form is not None, clerk.text()
        for number, name in enumerate(some_fields(form)):
            if name not in form.sheet.walk():
                continue
            form.go_to(name)
            await clerk.type("ab" if number % 2 else "12")
        await clerk.press("left")
        screen = clerk.screen
        assert screen.dirty
        await clerk.wait(lambda: not screen.unsaved)  # by itself, when the typing pauses
        await clerk.press("right", "left", "shift+tab")  # no text: the cursor alone moves
        await clerk.wait(lambda: not screen.unsaved)
        was = form.state()
        before = stands(clerk)
    async with at_desk(desk) as clerk:
        assert "is where you left it" in clerk.row(23), clerk.text()
        form = form_of(clerk)
        assert form is not None, clerk.text()
        secret = {name for name, spec in form.sheet.specs.items() if spec.secret}
        now = form.state()
        assert {k: v for k, v in now.items() if k != "wrong"} == {
            k: v for k, v in was.items() if k != "wrong"
        }
        if not secret:  # those are typed anew
            now_shown = stands(clerk)
            del now_shown[20], before[20]  # row 22 said what was wrong with the field just left
            assert now_shown == before


# The call itself is looked at by whoever opens the history: there it is one line more.
@pytest.mark.parametrize("place", [p for p in NOT_LOCKED if p not in ("call", "history")])
async def test_a_call_over_it_leaves_it_as_it_was(made: Clinic, place: str) -> None:
    """T-05: F6 from every screen, finish the call, and nothing has moved."""
    async with at_desk(made.desk) as clerk:
        await go(clerk, place)
        form = form_of(clerk)
        for name in some_fields(form) if form is not None else [""]:
            if name:
                form.go_to(name)
                await clerk.type("1")
            before, screen = stands(clerk), clerk.screen
            at = form.state() if form is not None else None
            await clerk.press("f6")
            assert clerk.place == "CallScreen", clerk.text()
            await clerk.type("w\n")
            assert clerk.screen is screen, clerk.text()
            assert stands(clerk) == before
            assert at is None or form.state() == at


async def test_nobody_is_asked_whether_they_mean_it(made: Clinic) -> None:
    """T-08: no screen has a question that y answers."""
    async with at_desk(made.desk) as clerk:
        for place in PLACES:
            await go(clerk, place)
            assert not CONFIRMS.search(clerk.text()), clerk.text()
            await away(clerk)


def writes(desk: Desk, mark: int) -> list[str]:
    found = desk.rows("SELECT operation FROM journal WHERE seq > ? ORDER BY seq", mark)
    return [n for (n,) in found if n not in NOTED and n not in ("schedule.hold", "patient.view")]


# What fills the gaps that are no choice, so that only the birth date is left.
FILL = {
    "amount": "10", "pay": "25ca", "given": "25", "approver": "boss", "approver_pin": "739142",
    "seal": "001", "from": "1w", "text": "late", "topic": "rx", "drug": "lisinopril",
    "days_left": "4", "note": "as told", "coin": "1", "count": "4", "first": "1w", "number": "A7",
    "payer": "#10481", "service": "PT", "code1": "99213", "to": "1m",
    "expires_on": "1m", "diagnosis1": "R51.9",
}  # fmt: skip
NAMELESS = {"close", "staff_form", "break_glass", "enable", *SECRETS}
# Nothing is expected of a plan in this clinic, so that screen can save nothing at all.
NAMELESS |= {"insurance"}


@pytest.mark.parametrize("place", [place for place in FORMS if place not in NAMELESS])
async def test_of_two_with_one_name_none_is_written_on_unseen(made: Clinic, place: str) -> None:
    """T-13: all else is filled in, and Enter stops at the birth date and saves nothing."""
    desk = made.desk
    made.patient("SMITH", "JOAN", born=date(1991, 8, 21))
    become(desk, "manager", login="boss", pin="739142")
    async with at_desk(desk) as clerk:
        await go(clerk, place)
        (mark,) = desk.rows("SELECT max(seq) FROM journal")[0]
        form = form_of(clerk)
        assert form is not None and "identity" in form.sheet.walk(), clerk.text()
        for _ in range(12):
            gaps = [n for n in form.sheet.walk() if n != "identity" and form.sheet.is_gap(n)]
            if not gaps:
                break
            name = gaps[0]
            form.go_to(name)
            if form.sheet.specs[name].kind == "choice":
                await clerk.type(str(form.sheet.choices(name)[0][0]))
            else:
                await clerk.type(FILL.get(name, ""))
            form.sheet.check(name)
            form.sheet.visit(name)
        for _ in range(3):
            await clerk.press("enter")
        assert writes(desk, mark) == [], clerk.text()
        assert form_of(clerk) is form and form.field == "identity", clerk.text()
        assert clerk.row(22).startswith(("ERR", "Needed here: DOB said")), clerk.text()


LISTS = ("day", "flow", "next", "account", "staff", "history", "patient")


@pytest.mark.parametrize("place", LISTS)
async def test_a_row_stays_the_record_that_was_meant(made: Clinic, place: str) -> None:
    """T-06: rows come, go and change at another desk between a number and its letter."""
    desk = made.desk
    async with at_desk(desk) as clerk:
        if place != "day":
            await go(clerk, place)
        await clerk.type("1")
        meant = clerk.screen.record_here()
        assert meant is not None, clerk.text()
        with elsewhere(desk) as there:
            busy_elsewhere(there)
        await clerk.news()
        await clerk.minute()
        assert clerk.screen.record_here() == meant, clerk.text()
        assert "1_" in clerk.row(24), clerk.text()


def busy_elsewhere(there: Desk) -> None:
    """Something new on every list."""
    messages.take(
        there, patient_id=1, topic="other", body="chest pain", urgency="now", key="busy",
        callback="217-555-0142", assignee=there.actor.login,
    )  # fmt: skip
    payments.charge(there, 1, kind="visit", amount_cents=1500, service_day=date(2026, 3, 1))
    staff.add(there, login="aaron", name="Aaron A", role="front_desk")
    first, version = there.rows(
        "SELECT id, version FROM appointment WHERE lifecycle = 'scheduled' AND stage = 'expected'"
        " ORDER BY wall_start DESC LIMIT 1"
    )[0]
    scheduling.cancel(there, first, version=version, by="patient", reason="better")
    for start in (datetime(2026, 3, 18, 13, 30), datetime(2026, 3, 25, 9, 0)):
        scheduling.book(there, patient_id=1, visit_type="FU", provider="LEE", start=start)


@pytest.mark.parametrize("place", ["flow", "history"])
async def test_another_view_before_the_first_is_painted(made: Clinic, place: str) -> None:
    """Typed ahead: nothing that was laid out for one view is drawn by another's columns."""
    async with at_desk(made.desk) as clerk:
        await enter(clerk.app, place, PLACES[place])
        for width in (40, 80, 140, 80):
            size = clerk.app._driver._size = Size(width, 24)
            clerk.screen.list.on_resize(events.Resize(size, size))
            clerk.screen.do_view()
            await clerk.settle()
            assert clerk.app.is_running


TYPED = "her daughter will fetch it"


@pytest.mark.parametrize("place", NOT_LOCKED)
async def test_alarms_while_typing(made: Clinic, clock: FrozenClock, place: str) -> None:
    """T-15: urgent messages and the minute come while somebody types or looks at a row."""
    desk = made.desk
    async with at_desk(desk) as clerk:
        await go(clerk, place)
        screen, form = clerk.screen, form_of(clerk)
        name = ""
        if form is not None:
            free = [n for n, s in form.sheet.specs.items()
                    if n in form.sheet.walk() and s.kind in ("text", "lines")]  # fmt: skip
            name = free[-1] if free else form.sheet.walk()[0]
            form.go_to(name)
            await clerk.press("ctrl+u")
        row = clerk.screen.record_here()
        with elsewhere(desk) as there:
            for number, letter in enumerate(TYPED[: 26 if form is not None else 6]):
                if form is not None:
                    await clerk.type(letter)
                if number % 5 == 0:
                    messages.take(
                        there, caller="self", relationship="self", callback="217-555-0142",
                        topic="other", body="chest pain", urgency="now",
                        assignee=desk.actor.login, key=f"alarm-{number}",
                    )  # fmt: skip
                    proxy.initialize(desk.database)
                    await clerk.news()
                    clock.advance(seconds=20)
                    await clerk.minute()
                    proxy.initialize(there.database)
        proxy.initialize(desk.database)
        assert clerk.screen is screen, clerk.text()
        assert clerk.screen.record_here() == row, clerk.text()
        if form is not None:
            assert form_of(clerk) is form and form.field == name, clerk.text()
            assert form.sheet.text(name).lower() == TYPED, clerk.text()
