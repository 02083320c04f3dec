"""What other desks do while one works: shown where it matters, never in the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.office import messages, patients, presence, scheduling, visits
from deskterm.office.desk import Desk, open_desk
from deskterm.office.patients import AddressEntry
from deskterm.office.presence import Claim, Presence
from deskterm.screens.day import DayScreen
from tests.screens.driver import at_desk
from tests.terminal.desk_fixture import LOGIN, NOW, Morning


@pytest.fixture
def morning(tmp_path: Path) -> Iterator[Morning]:
    with Morning(tmp_path) as made:
        yield made


@pytest.fixture
def here(morning: Morning) -> Iterator[Desk]:
    """The desk that is looked at; ``morning.desk`` (d2) is the other one."""
    settings = Settings(database=str(morning.path), clinic="Main St Clinic", desk="d1")
    desk = open_desk(settings, login=LOGIN, clock=FrozenClock(NOW))
    yield desk
    desk.close()


def number_of(morning: Morning, who: str) -> int:
    """The row number on the board."""
    (found,) = morning.rows(
        "SELECT number FROM row_number WHERE appointment_id = ?", morning.visits[who].id
    )
    return int(found[0])


def cancel(morning: Morning, who: str) -> None:
    visit = morning.visits[who]
    version = morning.rows("SELECT version FROM appointment WHERE id = ?", visit.id)[0][0]
    scheduling.cancel(morning.desk, visit.id, version=version, by="patient", reason="better")


async def test_a_save_elsewhere_is_heard_without_asking(
    morning: Morning, here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deskterm.screens.live.ASK_SECONDS", 3600)
    async with at_desk(here) as clerk:
        row = clerk.line_with("HUI Z")
        visits.arrive(morning.desk, morning.visits["hui"].id, version=1)
        await clerk.wait_for("HUI Z arrived by mlopez at d2")
        assert clerk.line_with("HUI Z") != row
        assert "'" in clerk.line_with("HUI Z")
        await clerk.press("f3")
        assert clerk.has(["NOTICES (last 1)", "HUI Z arrived"]) == []


async def test_what_is_not_shown_costs_no_work(
    morning: Morning, here: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    load = DayScreen.load
    monkeypatch.setattr(DayScreen, "load", lambda self: (loads.append("day"), load(self))[1])
    async with at_desk(here) as clerk:
        loads.clear()
        scheduling.book(
            morning.desk, patient_id=morning.people["faber"].id, visit_type="FU",
            provider="LEE", start=datetime(2026, 3, 20, 9, 0),
        )  # fmt: skip
        messages.take(
            morning.desk, caller="self", relationship="self", callback="217-555-0142",
            patient_id=morning.people["faber"].id, topic="rx", body="refill", urgency="today",
            assignee=LOGIN, key="m2",
        )  # fmt: skip
        await clerk.news()
        assert loads == []
        # Covered by a form, the board only remembers; it is right when it shows again.
        await clerk.press("f6")
        cancel(morning, "cole")
        await clerk.news()
        assert loads == []
        await clerk.press("escape")
        assert "COLE" not in clerk.text()
        assert loads == ["day"]


async def test_a_field_being_edited_is_left_alone(morning: Morning, here: Desk) -> None:
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        await clerk.app.go("payment", patient_id=patient.id)
        await clerk.type("25ca")
        form, field = clerk.screen.pay_form, clerk.screen.pay_form.field
        place = form.sheet.editors[field].cursor
        patients.edit(morning.desk, patient.id, version=patient.version, alert="CALLS OFTEN")
        visits.arrive(morning.desk, morning.visits["tran"].id, version=1)
        await clerk.news()
        assert (form.field, form.sheet.text(field)) == (field, "25ca")
        assert form.sheet.editors[field].cursor == place


async def test_a_check_in_shows_what_was_changed_under_it(morning: Morning, here: Desk) -> None:
    """The address that is read out is the one that Enter confirms."""
    patient = morning.people["tran"]
    async with at_desk(here) as clerk:
        await clerk.app.go("check_in", appointment_id=morning.visits["tran"].id)
        await clerk.settle()
        await clerk.type("06")
        form = clerk.screen.check_form
        was = form.field
        patients.set_address(
            morning.desk, patient.id, AddressEntry("9 Oak St", city="Macon", state="IL")
        )
        await clerk.news()
        assert "9 Oak St" in clerk.line_with("Contact")
        assert (form.field, form.sheet.text(was)) == (was, "06")
        assert "TRAN O record changed by mlopez at d2" in clerk.row(23)


async def test_a_changed_row_is_marked_on_every_list_for_a_minute(
    morning: Morning, here: Desk
) -> None:
    (message_id,) = morning.rows("SELECT id FROM message")[0]
    async with at_desk(here) as clerk:
        await clerk.app.go("next")
        await clerk.settle()
        messages.forward(morning.desk, message_id, version=1, assignee=LOGIN, note="yours")
        await clerk.news()
        assert "'" in clerk.line_with("COLE")
        clerk.desk.clock.advance(minutes=2)  # type: ignore[attr-defined]
        await clerk.minute()
        assert "'" not in clerk.line_with("COLE")


async def test_news_stands_back_for_errors_and_questions(morning: Morning, here: Desk) -> None:
    async with at_desk(here) as clerk:
        clerk.screen.say("That time is gone", level="error")
        visits.arrive(morning.desk, morning.visits["hui"].id, version=1)
        await clerk.news()
        clerk.app.live._free_again()
        assert "That time is gone" in clerk.row(23)
        await clerk.type("/")
        clerk.app.live._free_again()
        await clerk.settle()
        assert "Find row" in clerk.row(23)
        await clerk.type("hui\n")
        assert "That time is gone" in clerk.row(23)
        clerk.screen.say("")
        clerk.app.live._free_again()
        await clerk.settle()
        assert "HUI Z arrived by mlopez at d2" in clerk.row(23)


async def test_news_comes_one_line_at_a_time(morning: Morning, here: Desk) -> None:
    async with at_desk(here) as clerk:
        for who in ("hui", "tran", "smith"):
            visits.arrive(morning.desk, morning.visits[who].id, version=1)
        await clerk.news()
        first = clerk.row(23)
        assert "HUI Z arrived" in first
        assert "(+" not in first  # when it was said, it was the only one heard of
        await clerk.news()
        assert clerk.row(23) == first, "no sooner than two seconds later"
        clerk.app.live._free_again()
        await clerk.settle()
        assert "SMITH J arrived" in clerk.row(23)
        assert "(+1: F3)" in clerk.row(23)
        assert len(clerk.app.live.notices) == 3


@pytest.mark.parametrize("what", ["insert", "move", "cancel another"])
async def test_the_row_acted_on_is_the_row_shown(morning: Morning, here: Desk, what: str) -> None:
    async with at_desk(here) as clerk:
        wanted = number_of(morning, "tran")
        await clerk.type(str(wanted))
        if what == "insert":
            scheduling.book(
                morning.desk, patient_id=morning.people["faber"].id, visit_type="FU",
                provider="NOVAK", start=datetime(2026, 3, 18, 10, 0),
            )  # fmt: skip
        elif what == "move":
            scheduling.move(
                morning.desk, morning.visits["smith"].id, version=1, provider="NOVAK",
                start=datetime(2026, 3, 18, 10, 0),
            )  # fmt: skip
        else:
            cancel(morning, "smith")
        await clerk.news()
        await clerk.type("x")
        assert "CANCEL" in clerk.row(1)
        assert "TRAN" in clerk.row(2)


@pytest.mark.parametrize("keys", ["{n}", ""])
async def test_a_row_that_is_taken_away_is_not_another_ones(
    morning: Morning, here: Desk, keys: str
) -> None:
    """Its place may go to somebody else between the look and the letter."""
    visit = morning.visits["tran"]
    async with at_desk(here) as clerk:
        wanted = number_of(morning, "tran")
        await clerk.type(f"{wanted}")
        if not keys:
            await clerk.press("escape")
        cancel(morning, "tran")
        scheduling.book(
            morning.desk, patient_id=morning.people["faber"].id, visit_type="FU",
            provider="NOVAK", start=visit.wall_start,
        )  # fmt: skip
        await clerk.news()
        for key in ("x", "f") if not keys else ("x",):
            await clerk.type(key)
            if key == "x":
                assert "taken away by another desk. Nothing was done" in clerk.row(23)
                assert clerk.place == "DayScreen"
        await clerk.press("up")
        await clerk.press("down")


async def test_enter_after_a_number_opens_nobody_else(morning: Morning, here: Desk) -> None:
    async with at_desk(here) as clerk:
        await clerk.type(str(number_of(morning, "tran")))
        cancel(morning, "tran")
        scheduling.book(
            morning.desk, patient_id=morning.people["faber"].id, visit_type="FU",
            provider="NOVAK", start=morning.visits["tran"].wall_start,
        )  # fmt: skip
        await clerk.news()
        await clerk.press("enter")
        assert clerk.place == "DayScreen"
        assert "Nothing was done" in clerk.row(23)


# Who is at work on whom


async def test_who_has_a_patient_open_is_said_and_blocks_nothing(
    morning: Morning, here: Desk
) -> None:
    patient = morning.people["hui"]
    other = Presence(morning.desk)
    other.say([Claim(patient.id, "checking in")])
    mark = morning.journal_mark()
    try:
        async with at_desk(here) as clerk:
            await clerk.app.go("patient", patient_id=patient.id)
            await clerk.settle()
            assert "d2 mlopez: checking in" in clerk.row(2)
            assert "d2 mlopez is checking in this patient" in clerk.row(23)
            await clerk.type("i")
            assert "d2 mlopez is checking in this patient" in clerk.row(23)
            other.say([])
            await clerk.wait(lambda: "checking in" not in clerk.row(2))
            other.say([Claim(patient.id, "editing")])
            await clerk.wait(lambda: "d2 mlopez: editing" in clerk.row(2))
            # A desk that is killed closes its file, and what it says no longer counts.
            other.close()
            await clerk.wait(lambda: "editing" not in clerk.row(2))
            seen = [c.words for c in Presence(morning.desk).others(patient.id)]
            assert seen == ["d1 mlopez is editing this patient"]
            await clerk.press("escape")
            assert Presence(morning.desk).others(patient.id) == []
    finally:
        other.close()
    assert morning.journal_from(mark) in ([], ["patient.view"]), "a claim is not journaled"


async def test_the_board_says_who_has_the_patient_under_the_cursor(
    morning: Morning, here: Desk
) -> None:
    visit = morning.visits["hui"]
    other = Presence(morning.desk)
    try:
        async with at_desk(here) as clerk:
            clerk.screen.grid.select_key(visit.id)
            await clerk.settle()
            assert "TAKEN" not in clerk.text()
            other.say([Claim(morning.people["hui"].id, "editing")])
            await clerk.wait(lambda: "TAKEN: d2 mlopez: editing" in clerk.text())
            other.say([])
            await clerk.wait(lambda: "TAKEN" not in clerk.text())
    finally:
        other.close()


def test_dead_desks_are_swept_away(desk: Desk) -> None:
    where = presence.folder(desk)
    dead = where / "99999-dead"
    dead.write_text('{"desk": "d9", "login": "x", "work": [[1, "editing"]]}')
    (where / "99999-rubbish").write_bytes(b"\xff\x00{")
    one = Presence(desk)
    assert one.others(1) == []
    one.say([Claim(1, "editing")])
    assert not dead.exists()
    two = Presence(desk)
    assert [p.badge for p in two.others(1)] == [f"d1 {desk.actor.login}: editing"]
    one.close()
    assert two.others(1) == []
    assert list(where.iterdir()) == []
