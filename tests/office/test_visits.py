"""Moves of a visit: the table of stages, dates, rooms, no-shows, undo and walk-ins."""

from __future__ import annotations

import itertools
from datetime import date, datetime

import peewee
import pytest

from deskterm.clock import FrozenClock
from deskterm.db.messages import Message
from deskterm.db.scheduling import LIFECYCLES, Appointment, WeeklyTemplate
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.office import free_time, stages, visit_history, visits
from deskterm.office.desk import Actor, Desk
from tests.factories import Clinic, clinic

ACTS = {
    "arrive": visits.arrive,
    "begin_check_in": visits.begin_check_in,
    "check_in": visits.check_in,
    "room": visits.room,
    "with_provider": visits.with_provider,
    "ready": visits.ready,
    "check_out": visits.check_out,
    "no_show": visits.no_show,
    "left": visits.left,
}
STARTED = datetime(2026, 3, 18, 9, 0)  # more than the grace before 9:42


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    return made.appointment(made.patient(), STARTED)


def expected_outcome(lifecycle: str, stage: str, action: str) -> str:
    """The rules of the visit in words, worked out apart from the table."""
    position = stages.ORDER.index(stage)
    if lifecycle in ("cancelled", "entered_in_error"):
        return "refused"
    if lifecycle in ("no_show", "left"):
        return "reopen" if action in ("arrive", "begin_check_in", "check_in") else "refused"
    if action in ("no_show", "left"):
        if lifecycle == "completed" or stage == "checked_out":
            return "refused"
        return "end" if (action == "no_show") == (stage == "expected") else "refused"
    target = stages.ORDER.index(stages.TARGETS[action])
    if lifecycle == "completed":
        return "refused" if action == "check_out" else "backward"
    if target == position:
        return "again" if action == "room" else "refused"
    return "forward" if target > position else "backward"


@pytest.mark.parametrize("lifecycle", [code for code, _ in LIFECYCLES])
def test_every_cell_of_the_table(lifecycle: str) -> None:
    for stage, action in itertools.product(stages.ORDER, stages.ACTIONS):
        move = stages.decide(lifecycle, stage, action)
        assert move.outcome == expected_outcome(lifecycle, stage, action), (stage, action)
        if move.outcome == "refused":
            assert move.words
            assert (move.lifecycle, move.stage) == (lifecycle, stage)
        elif move.outcome == "end":
            assert (move.lifecycle, move.stage) == (action, stage)
        else:
            assert move.stage == stages.TARGETS[action]
            done = move.stage == "checked_out"
            assert move.lifecycle == ("completed" if done else "scheduled")
        assert move.needs_reason == (move.outcome == "backward")
        if move.outcome == "forward":
            start, end = stages.ORDER.index(stage), stages.ORDER.index(move.stage)
            assert move.skipped == stages.ORDER[start + 1 : end]


def place(desk: Desk, visit: Appointment, lifecycle: str, stage: str) -> None:
    """Put a visit where a test wants it, past every rule."""
    Appointment.update(lifecycle=lifecycle, stage=stage, version=Appointment.version + 1).where(
        Appointment.id == visit.id
    ).execute()


def test_what_the_table_says_is_what_the_office_does(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    for (lifecycle, stage, action), move in stages.TABLE.items():
        place(desk, visit, lifecycle, stage)
        extra = {"room": "2"} if action == "room" else {}
        before = len(visit_history.moves(desk, visit.id))
        if move.outcome == "refused":
            with pytest.raises(Conflict) as refused:
                ACTS[action](desk, visit.id, reason="because", **extra)
            assert refused.value.message == move.words
            assert len(visit_history.moves(desk, visit.id)) == before
            continue
        if move.needs_reason:
            with pytest.raises(Invalid) as bare:
                ACTS[action](desk, visit.id, **extra)
            assert bare.value.field == "reason"
        after = ACTS[action](desk, visit.id, reason="because", **extra)
        assert (after.lifecycle, after.stage) == (move.lifecycle, move.stage)
        assert Appointment.get_by_id(visit.id).version == after.version
        event = visit_history.moves(desk, visit.id)[-1]
        assert (event.from_lifecycle, event.from_stage) == (lifecycle, stage)
        assert (event.to_lifecycle, event.to_stage) == (move.lifecycle, move.stage)
        assert event.skipped == move.skipped
        assert event.backward == (move.outcome == "backward")
        Appointment.update(room=None).where(Appointment.id == visit.id).execute()


def test_a_whole_visit_leaves_its_times(desk: Desk, clock: FrozenClock, visit: Appointment) -> None:
    for act in ("arrive", "check_in", "room", "with_provider", "ready", "check_out"):
        clock.advance(minutes=5)
        ACTS[act](desk, visit.id)
    done = visit_history.moves(desk, visit.id)
    assert [e.to_stage for e in done] == [
        "arrived", "checked_in", "roomed", "with_provider", "ready", "checked_out",
    ]  # fmt: skip
    assert [e.at for e in done] == sorted({e.at for e in done})
    assert done[1].skipped == ("checking_in",)
    assert {(e.by, e.desk) for e in done} == {("mlopez", "d1")}
    assert Appointment.get_by_id(visit.id).lifecycle == "completed"


@pytest.mark.parametrize("day", [17, 19])
def test_arrival_only_on_the_visit_s_day(desk: Desk, made: Clinic, day: int) -> None:
    visit = made.appointment(made.patient(), datetime(2026, 3, day, 9, 0))
    for act in ("arrive", "check_in", "check_out"):
        with pytest.raises(Conflict) as refused:
            ACTS[act](desk, visit.id)
        assert refused.value.rule == "not_today"


def test_the_day_is_the_location_s(desk: Desk, made: Clinic, clock: FrozenClock) -> None:
    tonight = made.appointment(made.patient(), datetime(2026, 3, 19, 0, 10), location="EAST")
    clock.advance(
        hours=13, minutes=30
    )  # 23:12 on the 18th in Chicago, 00:12 on the 19th in New York
    assert desk.today() == date(2026, 3, 18)
    assert visits.arrive(desk, tonight.id).stage == "arrived"


def test_no_show_waits_for_start_and_grace(desk: Desk, made: Clinic, clock: FrozenClock) -> None:
    visit = made.appointment(made.patient(), datetime(2026, 3, 18, 9, 30))
    with pytest.raises(Conflict, match="9:45a") as early:
        visits.no_show(desk, visit.id)
    assert early.value.rule == "too_early"
    clock.advance(minutes=2)
    with pytest.raises(Conflict):
        visits.no_show(desk, visit.id)
    clock.advance(minutes=1)
    assert visits.no_show(desk, visit.id).lifecycle == "no_show"


def test_late_arrival_after_a_no_show_reopens_beside_who_was_booked_since(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    visits.no_show(desk, visit.id)
    made.appointment(made.patient("KERR", "DAN"), STARTED)
    back = visits.arrive(desk, visit.id)
    assert (back.lifecycle, back.stage) == ("scheduled", "arrived")
    assert back.lane >= 100
    assert back.overbook_reason
    event = visit_history.moves(desk, visit.id)[-1]
    assert (event.from_lifecycle, event.to_lifecycle) == ("no_show", "scheduled")


def test_left_keeps_the_arrival_and_asks_the_nurses_to_call(desk: Desk, visit: Appointment) -> None:
    visits.arrive(desk, visit.id)
    gone = visits.left(desk, visit.id, reason="waited too long")
    assert (gone.lifecycle, gone.stage) == ("left", "arrived")
    assert visit_history.moves(desk, visit.id)[-1].reason == "waited too long"
    message = Message.get()
    assert (message.patient_id, message.urgency, message.pool.code) == (
        visit.patient_id, "urgent", "RN",
    )  # fmt: skip
    assert message.callback == "+12175550142"


def test_going_back_is_for_the_same_day(desk: Desk, clock: FrozenClock, visit: Appointment) -> None:
    visits.ready(desk, visit.id)
    clock.advance(days=1)
    with pytest.raises(Conflict) as refused:
        visits.check_in(desk, visit.id, reason="wrong one")
    assert refused.value.rule == "not_today"
    assert visits.check_out(desk, visit.id).lifecycle == "completed"


def test_a_stale_version_is_told_who_was_there(desk: Desk, visit: Appointment) -> None:
    visits.arrive(desk, visit.id, version=visit.version)
    with pytest.raises(Stale, match="mlopez"):
        visits.check_in(desk, visit.id, version=visit.version)


def test_an_unknown_visit(desk: Desk, made: Clinic) -> None:
    with pytest.raises(NotFound):
        visits.arrive(desk, 999)


def test_permission(desk: Desk, visit: Appointment) -> None:
    desk.actor = Actor("bill", "Bill", "biller", frozenset({"view_schedule"}))
    with pytest.raises(NotAllowed):
        visits.arrive(desk, visit.id)


def test_one_room_one_visit(desk: Desk, made: Clinic, visit: Appointment) -> None:
    other = made.appointment(made.patient("KERR", "DAN"), STARTED, provider="LEE")
    assert visits.room(desk, visit.id, room="1").room.name == "1"
    with pytest.raises(Conflict, match="Room 1 is in use since 9:42a") as taken:
        visits.room(desk, other.id, room="1")
    assert taken.value.rule == "room_taken"
    assert taken.value.hint == "Free now: 2, 3, lab"
    assert visits.room(desk, other.id, room="LAB").room.name == "lab"
    with pytest.raises(Conflict, match="already"):
        visits.room(desk, other.id, room="lab")
    assert visits.room(desk, other.id, room="3").room.name == "3"
    visits.ready(desk, visit.id)
    assert visits.room(desk, other.id, room="1").room.name == "1"
    assert visits.check_out(desk, visit.id).room is None


def test_an_unknown_room_lists_the_rooms(desk: Desk, visit: Appointment) -> None:
    with pytest.raises(Invalid) as refused:
        visits.room(desk, visit.id, room="9")
    assert refused.value.field == "room"
    assert refused.value.hint == "One of: 1, 2, 3, lab"


def test_undo_takes_back_move_after_move(desk: Desk, visit: Appointment) -> None:
    visits.arrive(desk, visit.id)
    visits.room(desk, visit.id, room="2")
    visits.check_out(desk, visit.id)
    back = visits.undo(desk, visit.id)
    assert (back.lifecycle, back.stage, back.room.name) == ("scheduled", "roomed", "2")
    back = visits.undo(desk, visit.id)
    assert (back.stage, back.room) == ("arrived", None)
    back = visits.undo(desk, visit.id, reason="wrong patient")
    assert (back.stage, back.stage_since) == ("expected", None)
    with pytest.raises(Conflict) as nothing:
        visits.undo(desk, visit.id)
    assert nothing.value.rule == "nothing"
    done = visit_history.moves(desk, visit.id)
    assert [e.undoes for e in done] == [None, None, None, done[2].id, done[1].id, done[0].id]
    assert done[3].reason == "took back: checked out"
    assert done[5].reason == "wrong patient"
    visits.arrive(desk, visit.id)
    assert visits.undo(desk, visit.id).stage == "expected"


def test_undo_of_a_no_show_and_of_left(desk: Desk, visit: Appointment) -> None:
    visits.no_show(desk, visit.id)
    assert visits.undo(desk, visit.id).lifecycle == "scheduled"
    assert visit_history.moves(desk, visit.id)[-1].reason == "took back: no-show"
    visits.arrive(desk, visit.id)
    visits.left(desk, visit.id)
    back = visits.undo(desk, visit.id)
    assert (back.lifecycle, back.stage) == ("scheduled", "arrived")


def test_undo_collides_with_a_room_given_away(desk: Desk, made: Clinic, visit: Appointment) -> None:
    other = made.appointment(made.patient("KERR", "DAN"), STARTED, provider="LEE")
    visits.room(desk, visit.id, room="1")
    visits.ready(desk, visit.id)
    visits.room(desk, other.id, room="1")
    with pytest.raises(Conflict) as taken:
        visits.undo(desk, visit.id)
    assert taken.value.rule == "room_taken"


def test_undo_only_on_the_day_and_only_what_it_left(
    desk: Desk, clock: FrozenClock, visit: Appointment
) -> None:
    visits.arrive(desk, visit.id)
    place(desk, visit, "cancelled", "arrived")
    with pytest.raises(Conflict) as changed:
        visits.undo(desk, visit.id)
    assert changed.value.rule == "stage"
    place(desk, visit, "scheduled", "arrived")
    clock.advance(days=1)
    with pytest.raises(Conflict) as late:
        visits.undo(desk, visit.id)
    assert late.value.rule == "not_today"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE stage_event SET to_stage = 'ready'",
        "DELETE FROM stage_event",
        "INSERT OR REPLACE INTO stage_event SELECT * FROM stage_event",
    ],
)
def test_events_are_never_rewritten(desk: Desk, visit: Appointment, sql: str) -> None:
    visits.arrive(desk, visit.id)
    with pytest.raises(peewee.IntegrityError, match="never rewritten"):
        desk.database.execute_sql(sql)
    assert visit_history.moves(desk, visit.id)[0].to_stage == "arrived"


def test_a_note(desk: Desk, visit: Appointment) -> None:
    visits.note(desk, visit.id, "told about 20 min delay")
    assert [n.text for n in visit_history.notes(desk, visit.id)] == ["told about 20 min delay"]
    with pytest.raises(Invalid):
        visits.note(desk, visit.id, "  ")
    with pytest.raises(Invalid):
        visits.note(desk, visit.id, "\x1b[31mred")


def test_walk_in_books_and_arrives_at_once(desk: Desk, made: Clinic) -> None:
    with desk.operation("schedule.template") as op:
        op.create(
            WeeklyTemplate, provider=made.providers["LEE"], location=made.locations["MAIN"],
            weekday=2, start_minute=480, end_minute=1020, starts_on=date(2026, 1, 1),
        )  # fmt: skip
    patient, other = made.patient(), made.patient("KERR", "DAN")
    visit = visits.walk_in(desk, patient.id, "FU", "LEE", key="k1")
    assert visit.wall_start == datetime(2026, 3, 18, 9, 40)
    assert (visit.walk_in, visit.stage, visit.lifecycle) == (True, "arrived", "scheduled")
    assert visits.walk_in(desk, patient.id, "FU", "LEE", key="k1").id == visit.id
    with pytest.raises(Conflict):
        visits.walk_in(desk, other.id, "FU", "LEE")
    assert Appointment.select().count() == 1
    squeezed = visits.walk_in(desk, other.id, "FU", "LEE", "urgent, provider agreed")
    assert squeezed.overbook_reason == "urgent, provider agreed"
    entries = desk.rows("SELECT count(*) FROM journal WHERE operation = 'visit.walk_in'")
    assert entries == [(2,)]


def test_free_time_follows_a_visit_that_ends_or_comes_back(
    desk: Desk, clock: FrozenClock, made: Clinic
) -> None:
    with desk.operation("schedule.template") as op:
        op.create(
            WeeklyTemplate, provider=made.providers["LEE"], location=made.locations["MAIN"],
            weekday=2, start_minute=480, end_minute=1020, starts_on=date(2026, 1, 1),
        )  # fmt: skip
    long = made.appointment(made.patient(), STARTED, "LEE", minutes=120)
    free_time.lay_out(desk)

    def free() -> list[str]:
        assert free_time.check(desk) == []
        return [start for (start,) in desk.rows(
            "SELECT wall_start FROM free_interval WHERE day = '2026-03-18' ORDER BY wall_start"
        )]  # fmt: skip

    held = ["2026-03-18T08:00", "2026-03-18T11:00"]
    assert free() == held
    visits.no_show(desk, long.id)
    assert free() == held[:1]
    visits.arrive(desk, long.id)
    assert free() == held
    visits.left(desk, long.id)
    assert free() == held[:1]
    visits.undo(desk, long.id)
    assert free() == held
    clock.advance(hours=2)
    visits.walk_in(desk, made.patient("KERR").id, "FU", "LEE")
    assert free() == ["2026-03-18T08:00", "2026-03-18T11:00", "2026-03-18T12:00"]
