"""Telephone messages: where they go, by when, and what may be done with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from deskterm.clock import FrozenClock, local
from deskterm.db.messages import Message
from deskterm.db.patients import Patient
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.office import clinic, messages
from deskterm.office.desk import Desk, find_actor


def patient(desk: Desk) -> Patient:
    with desk.operation("patient.register") as op:
        return op.create(
            Patient, mrn="10482", last_name="Smith", first_name="Joan", middle_name="May",
            birth_date=date(1982, 3, 14), registered_at=op.now, last_key="smith",
            first_key="joan", birth_day=314,
        )  # fmt: skip


def slip(desk: Desk, **values: object) -> Message:
    given = {"caller": "Ann Smith", "body": "needs her tablets", "topic": "rx", **values}
    return messages.take(desk, **given)  # type: ignore[arg-type]


def wall(moment: datetime) -> datetime:
    return local(moment, "America/Chicago")


@pytest.mark.parametrize(
    ("urgency", "due"),
    [
        ("now", datetime(2026, 3, 18, 9, 57)),
        ("urgent", datetime(2026, 3, 18, 11, 42)),
        ("today", datetime(2026, 3, 18, 17, 0)),
        ("routine", datetime(2026, 3, 19, 17, 0)),
    ],
)
def test_urgency_says_by_when(desk: Desk, urgency: str, due: datetime) -> None:
    assert wall(messages.due_at(desk, urgency)) == due


def test_after_hours_and_at_the_weekend_it_is_the_next_weekday(
    desk: Desk, clock: FrozenClock
) -> None:
    clinic.add_location(desk, code="MAIN", name="Main", zone="America/Chicago", closes=18 * 60)
    assert wall(messages.due_at(desk, "today")).hour == 18
    clock.advance(days=2, hours=10)  # Friday 7:42 in the evening
    assert wall(messages.due_at(desk, "today")) == datetime(2026, 3, 23, 18, 0)
    assert wall(messages.due_at(desk, "routine")) == datetime(2026, 3, 23, 18, 0)


def test_the_topic_chooses_pool_and_urgency(desk: Desk) -> None:
    made = slip(desk, topic="sym", callback="555-0142", patient_id=patient(desk).id)
    row = messages.get(desk, made.id)
    assert (row.pool, row.urgency, row.status) == ("RN", "urgent", "new")
    assert row.callback == "+12175550142"
    assert (row.patient, row.mrn, row.birth_date) == ("SMITH, JOAN M", "10482", date(1982, 3, 14))
    assert row.topic_label == "symptoms"
    assert messages.due_words(row, desk.today()) == "by 11:42a"
    assert messages.due_words(row, date(2026, 3, 17)) == "by Wed Mar 18 11:42a"


def test_a_caller_need_not_be_a_patient(desk: Desk) -> None:
    made = slip(desk, caller="County lab", relationship="lab", topic="result")
    assert messages.get(desk, made.id).patient == ""


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("caller", {"caller": "  "}),
        ("body", {"body": "\n "}),
        ("topic", {"topic": "[red]"}),
        ("urgency", {"urgency": "soon"}),
        ("callback", {"callback": "call me"}),
        ("pool", {"pool": "NOPE"}),
        ("pool", {"pool": "RN", "assignee": "mlopez"}),
        ("assignee", {"assignee": "nobody"}),
        ("outcome", {"outcome": "vanished"}),
        ("body", {"body": "card 4111 1111 1111 1111"}),
        ("body", {"body": "\x1b]0;owned\x07"}),
        ("body", {"body": "x" * 2001}),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_written(
    desk: Desk, field: str, values: dict[str, str]
) -> None:
    before = desk.rows("SELECT max(seq) FROM journal")
    with pytest.raises(Invalid) as caught:
        slip(desk, **values)
    assert caught.value.field == field
    assert desk.rows("SELECT count(*) FROM message") == [(0,)]
    assert desk.rows("SELECT max(seq) FROM journal") == before


def test_an_unknown_patient_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        slip(desk, patient_id=999)


def test_pressing_enter_twice_takes_one_message(desk: Desk) -> None:
    first, again = slip(desk, key="call-1"), slip(desk, key="call-1")
    assert first.id == again.id
    assert desk.rows("SELECT count(*) FROM message") == [(1,)]


def test_from_new_to_closed_and_open_again(desk: Desk, clock: FrozenClock) -> None:
    made = slip(desk)
    made = messages.read(desk, made.id)
    made = messages.acknowledge(desk, made.id, version=made.version)
    made = messages.progress(desk, made.id, version=made.version, note="called, no answer")
    made = messages.close(desk, made.id, version=made.version, outcome="refilled", note="CVS")
    row = messages.get(desk, made.id)
    assert (row.status, row.outcome, row.outcome_note) == ("closed", "refilled", "CVS")
    assert row.closed_at == datetime(2026, 3, 18, 9, 42)
    clock.advance(days=1)
    made = messages.reopen(desk, made.id, version=made.version, note="wrong dose")
    row = messages.get(desk, made.id)
    assert (row.status, row.outcome, row.closed_at) == ("in_progress", "", None)
    assert row.due_at == datetime(2026, 3, 19, 17, 0)
    assert [(e.action, e.note) for e in messages.history(desk, made.id)] == [
        ("taken", ""), ("read", ""), ("acknowledged", ""), ("in_progress", "called, no answer"),
        ("closed", "refilled: CVS"), ("reopened", "wrong dose"),
    ]  # fmt: skip


def test_reading_twice_writes_once(desk: Desk) -> None:
    made = slip(desk)
    first = messages.read(desk, made.id)
    assert messages.read(desk, made.id).version == first.version
    assert [e.action for e in messages.history(desk, made.id)] == ["taken", "read"]


def test_a_closed_message_must_be_reopened_first(desk: Desk) -> None:
    made = slip(desk)
    with pytest.raises(Conflict):
        messages.reopen(desk, made.id, version=made.version)
    made = messages.close(desk, made.id, version=made.version, outcome="done")
    for action in (
        lambda: messages.acknowledge(desk, made.id, version=made.version),
        lambda: messages.forward(desk, made.id, version=made.version, pool="RN"),
        lambda: messages.close(desk, made.id, version=made.version, outcome="done"),
    ):
        with pytest.raises(Conflict) as caught:
            action()
        assert caught.value.rule == "closed"


def test_two_desks_cannot_close_the_same_slip(desk: Desk) -> None:
    made = slip(desk)
    messages.close(desk, made.id, version=made.version, outcome="done")
    with pytest.raises(Stale):
        messages.close(desk, made.id, version=1, outcome="called")


def test_forwarded_it_is_new_for_somebody_else(desk: Desk) -> None:
    clinic.add_staff(desk, login="dana", name="Dana RN", role="clinician")
    made = messages.read(desk, slip(desk).id)
    made = messages.forward(
        desk, made.id, version=made.version, assignee="dana", urgency="now", note="please"
    )
    row = messages.get(desk, made.id)
    assert (row.sent_to, row.pool, row.status, row.urgency) == ("dana", "", "new", "now")
    assert row.due_at == datetime(2026, 3, 18, 9, 57)
    assert messages.history(desk, made.id)[-1].note == "to dana: please"
    assert [r.id for r in messages.inbox(desk, login="dana")] == [made.id]


def test_the_inbox_is_ordered_by_urgency_then_due(desk: Desk, clock: FrozenClock) -> None:
    routine = slip(desk, urgency="routine", pool=None)
    today = slip(desk, urgency="today")
    clock.advance(minutes=5)
    urgent = slip(desk, urgency="urgent")
    now = slip(desk, urgency="now")
    done = slip(desk, urgency="now")
    messages.close(desk, done.id, version=1, outcome="done")
    ordered = [now.id, urgent.id, today.id, routine.id]
    assert [r.id for r in messages.inbox(desk)] == ordered
    assert [r.id for r in messages.inbox(desk, open_only=False)] == [*ordered, done.id]
    clock.advance(minutes=16)
    first = messages.inbox(desk)[0]
    assert first.overdue and first.waiting_minutes == 16
    assert messages.due_words(first, desk.today()) == "late, was 10:02a"


def test_a_person_sees_their_own_and_their_pools(desk: Desk) -> None:
    clinic.add_staff(desk, login="dana", name="Dana RN", role="clinician")
    messages.add_pool(desk, code="rn", name="Nurses", members=["dana"])
    for_pool, for_desk = slip(desk, topic="rx"), slip(desk, topic="appt")
    for_dana = slip(desk, assignee="dana")
    assert {r.id for r in messages.inbox(desk, login="dana")} == {for_pool.id, for_dana.id}
    assert [r.id for r in messages.inbox(desk, pool="desk")] == [for_desk.id]


def test_a_wrong_number_is_logged_at_once(desk: Desk) -> None:
    made = slip(desk, caller="unknown", topic="wrong", body="", outcome="wrong")
    assert messages.inbox(desk) == []
    assert [r.id for r in messages.log(desk, desk.today())] == [made.id]
    assert messages.log(desk, date(2026, 3, 17)) == []


def test_messages_of_a_patient(desk: Desk) -> None:
    about = patient(desk).id
    made = slip(desk, patient_id=about)
    slip(desk)
    assert [r.id for r in messages.of_patient(desk, about)] == [made.id]
    assert desk.rows("SELECT patient_id FROM journal WHERE operation = 'message.take'")[0] == (
        about,
    )


def test_events_cannot_be_rewritten(desk: Desk) -> None:
    slip(desk)
    with pytest.raises(Exception, match="never rewritten"):
        desk.database.execute_sql("UPDATE message_event SET note = 'x'")


def test_without_the_permission_there_is_no_inbox(desk: Desk) -> None:
    slip(desk)
    desk.actor = replace(
        find_actor(desk.database, desk.settings, "mlopez"), permissions=frozenset()
    )
    with pytest.raises(NotAllowed):
        messages.inbox(desk)
    with pytest.raises(NotAllowed):
        slip(desk)
