"""What waits: messages, late arrivals, long waits and parked work, in order."""

from __future__ import annotations

from datetime import datetime

import pytest

from deskterm.clock import FrozenClock
from deskterm.errors import NotAllowed
from deskterm.office import clinic as setup
from deskterm.office import drafts, messages, visits
from deskterm.office.desk import Actor, Desk
from deskterm.office.queue import waiting
from deskterm.office.stays import room_count, stays
from tests.factories import TODAY, Clinic, clinic


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


def nine(minute: int) -> datetime:
    return datetime(2026, 3, 18, 9, minute)


def test_nothing_waits(made: Clinic) -> None:
    made.appointment(made.patient(), datetime(2026, 3, 18, 11, 30))
    assert waiting(made.desk) == []


def test_a_late_arrival_waits_until_somebody_called(made: Clinic) -> None:
    patient = made.patient("VEGA", "NINA")
    made.appointment(patient, nine(20))
    (item,) = waiting(made.desk)
    assert (item.kind, item.band, item.what, item.age) == ("late", "NOW", "LATE", 22)
    assert item.do == "call, 22m late for NOVAK"
    assert item.who.endswith("VEGA N")
    messages.take(
        made.desk, patient_id=patient.id, topic="late", body="on the way", outcome="called"
    )
    assert waiting(made.desk) == []


def test_five_minutes_is_not_late_yet(made: Clinic) -> None:
    made.appointment(made.patient(), nine(37))
    assert waiting(made.desk) == []


def test_a_long_wait_waits_unless_told_lately(made: Clinic, clock: FrozenClock) -> None:
    visit = made.appointment(made.patient("FABER", "LOUIS"), nine(45))
    visits.check_in(made.desk, visit.id)
    clock.advance(minutes=29)
    assert waiting(made.desk) == []
    clock.advance(minutes=5)
    (item,) = waiting(made.desk)
    assert (item.kind, item.age, item.do) == ("waiting", 34, "waits 34m for NOVAK")
    visits.note(made.desk, visit.id, "Told about 20 min delay")
    assert waiting(made.desk) == []
    clock.advance(minutes=20)
    (again,) = waiting(made.desk)
    assert again.do == "waits 54m for NOVAK, told 10:16a"
    visits.room(made.desk, visit.id, room="1")
    assert waiting(made.desk) == []


def test_the_visit_type_sets_the_limit(made: Clinic, clock: FrozenClock) -> None:
    kind = made.visit_types["FU"]
    kind.wait_limit = 10
    with made.desk.operation("clinic.settings") as op:
        op.save(kind)
    visit = made.appointment(made.patient(), nine(45))
    visits.arrive(made.desk, visit.id)
    clock.advance(minutes=10)
    assert [item.kind for item in waiting(made.desk)] == ["waiting"]


def test_messages_for_me_and_my_pools_by_due(made: Clinic, clock: FrozenClock) -> None:
    desk = made.desk
    setup.add_staff(desk, login="rnlee", name="Nurse Lee", role="clinician")
    messages.add_pool(desk, code="RN", name="Nurses", members=["rnlee"])
    messages.add_pool(desk, code="DESK", name="Front desk", members=["mlopez"])
    patient = made.patient("SMITH", "JOAN")
    messages.take(desk, patient_id=patient.id, topic="rx", body="lisinopril")
    desk_one = messages.take(
        desk, patient_id=patient.id, topic="appt", body="move it", callback="217-555-0142"
    )
    mine = messages.take(
        desk, caller="County lab", topic="result", body="critical", urgency="urgent",
        assignee="mlopez",
    )  # fmt: skip
    later = messages.take(desk, caller="Ann", topic="rec", body="copies", pool="DESK")
    found = waiting(desk)
    assert [item.record_id for item in found] == [mine.id, desk_one.id, later.id]
    assert [item.band for item in found] == ["TODAY", "TODAY", "THIS WEEK"]
    assert [item.own for item in found] == ["me", "-", "-"]
    assert [item.what for item in found] == ["MESSAGE", "CALLBACK", "MESSAGE"]
    assert found[0].do == "test result: critical"
    clock.advance(hours=2, minutes=1)
    first = waiting(desk)[0]
    assert (first.record_id, first.band, first.overdue) == (mine.id, "NOW", True)
    messages.close(desk, mine.id, version=mine.version, outcome="done")
    assert mine.id not in [item.record_id for item in waiting(desk)]


def test_a_pool_without_members_waits_for_everybody(made: Clinic) -> None:
    message = messages.take(made.desk, caller="Ann", topic="bill", body="question")
    assert [item.record_id for item in waiting(made.desk)] == [message.id]


def test_parked_work_waits_after_half_an_hour(made: Clinic, clock: FrozenClock) -> None:
    drafts.save(made.desk, key="k", form="call", heading="CALL SMITH J", state={})
    clock.advance(minutes=29)
    assert waiting(made.desk) == []
    clock.advance(minutes=1)
    (item,) = waiting(made.desk)
    assert (item.kind, item.who, item.age, item.draft_key) == ("draft", "CALL SMITH J", 30, "k")


def test_the_queue_needs_permission_and_leaves_out_what_may_not_be_seen(made: Clinic) -> None:
    made.appointment(made.patient(), nine(0))
    made.desk.actor = Actor("x", "X", "biller", frozenset({"view_messages"}), 0)
    assert waiting(made.desk) == []
    made.desk.actor = Actor("x", "X", "none", frozenset(), 0)
    with pytest.raises(NotAllowed):
        waiting(made.desk)


def test_stays_count_from_arrival_and_from_the_last_move(made: Clinic, clock: FrozenClock) -> None:
    desk = made.desk
    visit = made.appointment(made.patient(), nine(30))
    other = made.appointment(made.patient("LAM", "S"), nine(0))
    assert stays(desk, TODAY)[visit.id].late == 12
    visits.arrive(desk, visit.id)
    clock.advance(minutes=7)
    visits.room(desk, visit.id, room="2")
    clock.advance(minutes=11)
    stay = stays(desk, TODAY)[visit.id]
    assert (stay.here, stay.in_stage, stay.late, stay.is_long) == (18, 11, None, False)
    visits.no_show(desk, other.id)
    assert other.id not in stays(desk, TODAY)
    visits.arrive(desk, other.id)
    clock.advance(minutes=3)
    assert stays(desk, TODAY)[other.id].here == 3
    assert room_count(desk) == 8
