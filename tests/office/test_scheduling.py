"""Booking, moving, cancelling and taking back; every class of conflict with its own words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from deskterm.clock import FrozenClock, epoch_minute
from deskterm.db import journal
from deskterm.db.scheduling import Appointment, ProviderVisitType
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.office import cautions, free_time, holds, scheduling, templates
from deskterm.office.desk import Actor, Desk
from tests.factories import TODAY, Clinic
from tests.office.hours import LONG_AGO, open_clinic

TOMORROW = datetime(2026, 3, 19)


@pytest.fixture
def house(desk: Desk) -> Clinic:
    """The clinic with its hours on the day of the specification's examples."""
    return open_clinic(desk)


def at(hour: int, minute: int = 0, day: datetime = TOMORROW) -> datetime:
    return day.replace(hour=hour, minute=minute)


def book(house: Clinic, start: datetime, **values: object) -> Appointment:
    defaults = {"visit_type": "FU", "provider": "LEE"}
    patient_id = values.pop("patient_id", None) or house.patient().id
    return scheduling.book(
        house.desk,
        patient_id=patient_id,
        start=start,
        **{**defaults, **values},  # type: ignore[arg-type]
    )


def other_desk(desk: Desk, login: str = "dana", workstation: str = "d2") -> Desk:
    return replace(desk, actor=replace(desk.actor, login=login), workstation=workstation)


def refused(house: Clinic, start: datetime, **values: object) -> Conflict:
    before = house.desk.rows("SELECT count(*) FROM appointment")
    with pytest.raises(Conflict) as caught:
        book(house, start, **values)
    assert house.desk.rows("SELECT count(*) FROM appointment") == before
    return caught.value


def test_a_booking_takes_length_place_and_zone_from_what_is_on_file(house: Clinic) -> None:
    made = book(house, at(9), note="hearing aid")
    assert (made.minutes, made.location.code, made.zone) == (20, "MAIN", "America/Chicago")
    assert made.starts_at == epoch_minute(datetime(2026, 3, 19, 14, tzinfo=UTC))
    assert (made.lifecycle, made.stage, made.lane, made.booked_by) == (
        "scheduled", "expected", 0, "mlopez",
    )  # fmt: skip
    entry = journal.read(house.desk.database, newest_first=True, limit=1)[0]
    assert (entry.operation, entry.patient_id, entry.entity_id) == (
        "appointment.book", made.patient_id, made.id,
    )  # fmt: skip
    assert free_time.check(house.desk) == []


def test_a_repeat_with_the_same_key_is_one_booking(house: Clinic) -> None:
    patient = house.patient()
    first = book(house, at(9), patient_id=patient.id, key="form-1")
    again = book(house, at(9), patient_id=patient.id, key="form-1")
    assert again.id == first.id
    assert house.desk.rows("SELECT count(*) FROM appointment") == [(1,)]


def test_a_slot_taken_says_who_has_it_and_what_is_near(house: Clinic) -> None:
    theirs = other_desk(house.desk)
    scheduling.book(
        theirs, patient_id=house.patient("KERR").id, visit_type="FU", provider="LEE", start=at(9)
    )
    conflict = refused(house, at(9, 10))
    assert conflict.rule == "slot_taken"
    assert conflict.message == "9:10a Thu Mar 19 with LEE is taken: booked by dana at d2, 9:42a"
    assert "KERR" not in conflict.message + conflict.hint
    assert conflict.details["nearest"] == "2026-03-19 09:20"


@pytest.mark.parametrize(
    ("start", "rule", "words"),
    [
        (datetime(2026, 3, 19, 7, 30), "outside_hours", "LEE works 8:00a-12:00p, 1:00p-5:00p"),
        (datetime(2026, 3, 19, 16, 50), "outside_hours", "5:10p is outside"),
        (datetime(2026, 3, 22, 9), "outside_hours", "LEE has no hours on Sun Mar 22"),
        (datetime(2026, 3, 19, 12, 15), "blocked", "LEE has lunch until 1:00p"),
        (datetime(2026, 3, 19, 11, 50), "blocked", "LEE has lunch until 1:00p"),
        (datetime(2026, 3, 17, 9), "past", "is past"),
        (datetime(2026, 3, 18, 9), "past", "is over"),
    ],
)
def test_hours_and_days(house: Clinic, start: datetime, rule: str, words: str) -> None:
    conflict = refused(house, start)
    assert conflict.rule == rule
    assert words in conflict.message


def test_closed_and_away_days_cannot_be_overbooked(house: Clinic) -> None:
    templates.add_exception(house.desk, day=TOMORROW.date(), kind="closed", label="Founders day")
    conflict = refused(house, at(9), overbook_reason="urgent")
    assert (conflict.rule, conflict.message) == ("closed", "Closed on Thu Mar 19: Founders day")
    templates.add_exception(
        house.desk, day=date(2026, 3, 20), kind="away", provider="LEE", label="conference"
    )
    conflict = refused(house, datetime(2026, 3, 20, 9), overbook_reason="urgent")
    assert (conflict.rule, conflict.message) == ("away", "LEE is away on Fri Mar 20: conference")
    assert book(house, datetime(2026, 3, 20, 9), provider="PATEL").id


def test_hours_kept_for_some_types_and_providers_that_do_not_take_one(house: Clinic) -> None:
    templates.set_template(
        house.desk, "LEE", "MAIN", 3, 480, 540, starts_on=LONG_AGO, visit_types="nv, pe"
    )
    conflict = refused(house, at(8))
    assert conflict.rule == "type_not_allowed"
    assert "kept for NV, PE" in conflict.message
    assert book(house, at(8), visit_type="NV").minutes == 40
    with house.desk.operation("clinic.settings") as op:
        op.create(ProviderVisitType, provider=house.providers["RN"],
                  visit_type=house.visit_types["FU"])  # fmt: skip
    conflict = refused(house, at(9), provider="RN", visit_type="NV")
    assert conflict.rule == "provider_type"
    assert conflict.message == "RN does not take NV visits"


def test_a_place_for_two_takes_two(house: Clinic) -> None:
    lanes = {book(house, at(9), provider="RN").lane for _ in range(2)}
    assert lanes == {0, 1}
    conflict = refused(house, at(9, 5), provider="RN")
    assert conflict.rule == "over_capacity"
    assert conflict.message.startswith("All 2 places at 9:05a Thu Mar 19 with RN are taken")


def test_an_overbooking_needs_permission_a_reason_and_room_under_the_limit(house: Clinic) -> None:
    book(house, at(9))
    assert refused(house, at(9), overbook_reason="  ").rule == "slot_taken"
    first = book(house, at(9), overbook_reason="urgent, LEE agreed")
    second = book(house, at(9, 10), overbook_reason="urgent, LEE agreed")
    assert [first.lane, second.lane] == [100, 101]
    assert first.overbook_reason == "urgent, LEE agreed"
    conflict = refused(house, at(9), overbook_reason="one more")
    assert (conflict.rule, conflict.hint) == ("overbook_limit", "Choose another time")
    clerk = replace(
        house.desk, actor=Actor("kim", "Kim", "front_desk", frozenset({"book", "view_schedule"}))
    )
    book(house, at(14))
    with pytest.raises(NotAllowed):
        scheduling.book(clerk, patient_id=house.patient().id, visit_type="FU", provider="LEE",
                        start=at(14), overbook_reason="urgent")  # fmt: skip
    assert free_time.check(house.desk) == []


def test_a_reason_is_not_stored_where_there_was_room(house: Clinic) -> None:
    made = book(house, at(9), overbook_reason="urgent")
    assert (made.lane, made.overbook_reason) == (0, "")


def test_the_time_under_an_overbooking_is_not_free_when_its_neighbour_cancels(
    house: Clinic,
) -> None:
    normal = book(house, at(9))
    book(house, at(9), overbook_reason="urgent")
    scheduling.cancel(house.desk, normal.id, version=1, by="patient", reason="sick")
    assert refused(house, at(9)).rule == "slot_taken"
    assert free_time.check(house.desk) == []


def test_one_patient_cannot_be_in_two_rooms_but_may_come_twice(house: Clinic) -> None:
    patient = house.patient()
    book(house, at(9), patient_id=patient.id)
    conflict = refused(house, at(9, 10), patient_id=patient.id, provider="PATEL")
    assert conflict.rule == "patient_overlap"
    assert "9:00a with LEE" in conflict.message
    assert book(
        house, at(9, 10), patient_id=patient.id, provider="PATEL",
        patient_overlap_reason="seen together",
    ).id  # fmt: skip
    later = book(house, at(15), patient_id=patient.id)
    said = cautions.cautions(house.desk, later.id)
    assert [caution.rule for caution in said] == ["patient_same_day"] * 2
    assert said[0].message == "Also booked that day: 9:00a with LEE at Main Street"


def test_a_room_is_for_one_visit_at_a_time(house: Clinic) -> None:
    book(house, at(9), room="1")
    assert refused(house, at(9), provider="PATEL", room="1").rule == "room_taken"
    assert book(house, at(9), provider="PATEL", room="2").room.name == "2"
    with pytest.raises(Invalid) as caught:
        book(house, at(10), room="99")
    assert caught.value.field == "room"


def test_another_location_is_named(house: Clinic) -> None:
    conflict = refused(house, at(9), location="EAST")
    assert conflict.rule == "other_location"
    assert conflict.message == "LEE is at MAIN then, not at EAST"


def test_a_hold_of_another_desk_stands_in_the_way_until_it_lapses(
    house: Clinic, clock: FrozenClock
) -> None:
    theirs = other_desk(house.desk)
    holds.hold(theirs, "LEE", "MAIN", at(9), 20)
    conflict = refused(house, at(9))
    assert conflict.message == "9:00a Thu Mar 19 with LEE is held by d2 until 9:47a"
    with pytest.raises(Conflict) as caught:
        holds.hold(house.desk, "LEE", "MAIN", at(9, 10), 20)
    assert caught.value.rule == "held"
    clock.advance(minutes=5)
    assert holds.holds(house.desk, TOMORROW.date()) == []
    assert book(house, at(9)).id


def test_a_desk_books_what_it_holds_and_the_hold_goes(house: Clinic) -> None:
    held = holds.hold(house.desk, "LEE", "MAIN", at(9), 20)
    assert holds.holds(house.desk, TOMORROW.date()) == [held]
    book(house, at(9))
    assert holds.holds(house.desk, TOMORROW.date()) == []
    with pytest.raises(Conflict) as caught:
        holds.hold(house.desk, "LEE", "MAIN", at(9), 20)
    assert caught.value.rule == "slot_taken"


def test_a_walk_in_may_be_booked_at_a_time_of_today_that_is_over(house: Clinic) -> None:
    made = book(house, datetime(2026, 3, 18, 9), walk_in=True)
    assert made.walk_in
    assert book(house, datetime(2026, 3, 18, 9, 30)).id, "it is not over yet"


def test_the_hour_that_does_not_exist_is_refused_in_words(desk: Desk, clock: FrozenClock) -> None:
    clock.advance(days=-20)
    house = open_clinic(desk)
    _night(house, 6)
    with pytest.raises(Invalid) as caught:
        book(house, datetime(2026, 3, 8, 2, 30))
    assert "does not exist" in caught.value.message
    across = book(house, datetime(2026, 3, 8, 1, 50), minutes=40)
    assert across.starts_at + 40 == book(house, datetime(2026, 3, 8, 3, 30)).starts_at
    assert len(Appointment.select()) == 2
    assert free_time.check(house.desk) == []


def test_the_hour_that_comes_twice_is_asked_about(house: Clinic, clock: FrozenClock) -> None:
    clock.advance(days=200)
    _night(house, 6)
    wall = datetime(2026, 11, 1, 1, 30)
    conflict = refused(house, wall)
    assert conflict.rule == "ambiguous_hour"
    assert "CDT" in conflict.hint and "CST" in conflict.hint
    first, second = book(house, wall, second=False), book(house, wall, second=True)
    assert second.starts_at - first.starts_at == 60
    assert first.wall_start == second.wall_start == wall
    assert free_time.check(house.desk) == []


def _night(house: Clinic, weekday: int) -> None:
    templates.set_template(house.desk, "LEE", "MAIN", weekday, 0, 1440, starts_on=LONG_AGO)


def test_moving_links_a_new_row_to_the_old_one(house: Clinic) -> None:
    wanted = date(2026, 3, 16)
    old = book(house, at(9), note="wheelchair", patient_indicated_date=wanted)
    new = scheduling.move(house.desk, old.id, version=1, start=at(9, 10), by="practice")
    assert (new.rescheduled_from_id, new.note, new.lifecycle) == (old.id, "wheelchair", "scheduled")
    assert new.patient_indicated_date == wanted, "the practice moved it: the wish stays"
    was = Appointment.get_by_id(old.id)
    assert (was.lifecycle, was.cancel_reason, was.cancelled_by, was.notice_minutes) == (
        "cancelled", "rescheduled", "practice", 23 * 60 + 18,
    )  # fmt: skip
    again = scheduling.move(
        house.desk, new.id, version=1, start=at(13), provider="PATEL",
        patient_indicated_date=TOMORROW.date(),
    )  # fmt: skip
    assert again.patient_indicated_date == TOMORROW.date()
    assert again.provider.code == "PATEL"
    assert free_time.check(house.desk) == []


def test_a_move_that_is_refused_changes_nothing(house: Clinic) -> None:
    old = book(house, at(9))
    book(house, at(10))
    with pytest.raises(Conflict) as caught:
        scheduling.move(house.desk, old.id, version=1, start=at(10))
    assert caught.value.rule == "slot_taken"
    assert Appointment.get_by_id(old.id).lifecycle == "scheduled"
    assert free_time.check(house.desk) == []


def test_an_old_version_is_stale_and_says_who(house: Clinic) -> None:
    made = book(house, at(9))
    scheduling.set_note(other_desk(house.desk), made.id, version=1, note="late bus")
    for act in (
        lambda: scheduling.move(house.desk, made.id, version=1, start=at(10)),
        lambda: scheduling.cancel(house.desk, made.id, version=1, by="patient", reason="sick"),
        lambda: scheduling.confirm(house.desk, made.id, version=1),
    ):
        with pytest.raises(Stale) as caught:
            act()
        assert "dana" in caught.value.message


def test_cancelling_notes_who_why_and_the_notice(house: Clinic) -> None:
    made = book(house, at(9, 42))
    done = scheduling.cancel(
        house.desk, made.id, version=1, by="patient", reason="sick", note="flu"
    )
    assert (done.lifecycle, done.cancelled_by, done.cancel_reason, done.cancel_note) == (
        "cancelled", "patient", "sick", "flu",
    )  # fmt: skip
    assert done.notice_minutes == 24 * 60
    assert not scheduling.late_cancel(house.desk, done)
    late = book(house, at(9, 20))
    done = scheduling.cancel(house.desk, late.id, version=1, by="patient", reason="work")
    assert scheduling.late_cancel(house.desk, done)
    with pytest.raises(Conflict):
        scheduling.cancel(house.desk, late.id, version=2, by="patient", reason="work")
    with pytest.raises(Invalid) as caught:
        scheduling.cancel(house.desk, book(house, at(8)).id, version=1, by="patient", reason="x")
    assert caught.value.field == "reason"
    assert free_time.check(house.desk) == []


def test_a_cancellation_is_taken_back_unless_somebody_has_the_time(house: Clinic) -> None:
    made = book(house, at(9))
    scheduling.cancel(house.desk, made.id, version=1, by="patient", reason="sick")
    back = scheduling.reinstate(house.desk, made.id, version=2)
    assert (back.lifecycle, back.cancelled_by, back.notice_minutes) == ("scheduled", None, None)
    assert free_time.check(house.desk) == []
    scheduling.cancel(house.desk, made.id, version=3, by="patient", reason="sick")
    scheduling.book(other_desk(house.desk), patient_id=house.patient().id, visit_type="FU",
                    provider="LEE", start=at(9))  # fmt: skip
    with pytest.raises(Conflict) as caught:
        scheduling.reinstate(house.desk, made.id, version=4)
    assert "booked by dana at d2" in caught.value.message
    assert caught.value.details["nearest"] == "2026-03-19 08:40"


def test_a_cancelled_visit_is_put_back_at_the_nearest_time(house: Clinic) -> None:
    made = book(house, at(9), note="bring the card")
    scheduling.cancel(house.desk, made.id, version=1, by="patient", reason="sick")
    other = scheduling.book(
        other_desk(house.desk), patient_id=house.patient("KERR").id, visit_type="FU",
        provider="LEE", start=at(9),
    )  # fmt: skip
    with pytest.raises(Conflict) as caught:
        scheduling.reinstate(house.desk, made.id, version=2)
    assert caught.value.rule == "slot_taken"
    assert caught.value.details["appointment_id"] == other.id, "the screen says who that is"
    nearest = datetime.fromisoformat(caught.value.details["nearest"])
    back = scheduling.reinstate(house.desk, made.id, version=2, start=nearest)
    assert (back.wall_start, back.rescheduled_from_id) == (nearest, made.id)
    assert (back.patient_id, back.note, back.lifecycle) == (
        made.patient_id, "bring the card", "scheduled",
    )  # fmt: skip
    assert Appointment.get_by_id(made.id).cancel_reason == "sick", "it stays cancelled as it was"
    with pytest.raises(Conflict) as twice:
        scheduling.reinstate(house.desk, made.id, version=2, start=at(15))
    assert twice.value.rule == "moved"
    with pytest.raises(Conflict, match="not moved"):
        scheduling.undo_move(house.desk, back.id, version=1)
    scheduling.undo_book(house.desk, back.id, version=1)
    assert scheduling.reinstate(house.desk, made.id, version=2, start=at(15)).id
    assert free_time.check(house.desk) == []


def test_a_move_whose_old_time_went_is_put_at_the_nearest(house: Clinic) -> None:
    old = book(house, at(9))
    new = scheduling.move(house.desk, old.id, version=1, start=at(9, 20))
    for start in (at(9), at(8, 40)):
        scheduling.book(other_desk(house.desk), patient_id=house.patient().id, visit_type="FU",
                        provider="LEE", start=start)  # fmt: skip
    before = journal.head(house.desk.database)
    with pytest.raises(Conflict) as caught:
        scheduling.undo_move(house.desk, new.id, version=1)
    assert "booked by dana at d2" in caught.value.message
    assert journal.head(house.desk.database) == before
    # 9:20 is where the visit is now: offering it would put nothing back
    nearest = datetime.fromisoformat(caught.value.details["nearest"])
    assert nearest not in (at(9), at(8, 40), at(9, 20))
    back = scheduling.move(house.desk, new.id, version=1, start=nearest)
    assert back.wall_start == nearest
    assert free_time.check(house.desk) == []


def test_an_undo_of_what_somebody_else_changed_says_who_and_what(house: Clinic) -> None:
    made = book(house, at(9))
    scheduling.set_note(other_desk(house.desk), made.id, version=1, note="told to fast")
    with pytest.raises(Stale) as caught:
        scheduling.undo_book(house.desk, made.id, version=1)
    assert "dana" in caught.value.message and "note" in caught.value.message


def test_a_booking_is_taken_back_by_its_maker_on_the_same_day(
    house: Clinic, clock: FrozenClock
) -> None:
    made = book(house, at(9))
    with pytest.raises(NotAllowed):
        scheduling.undo_book(other_desk(house.desk), made.id, version=1)
    assert scheduling.undo_book(house.desk, made.id, version=1).lifecycle == "entered_in_error"
    assert free_time.check(house.desk) == []
    late = book(house, at(9))
    clock.advance(days=1, hours=-1)
    with pytest.raises(NotAllowed):
        scheduling.undo_book(house.desk, late.id, version=1)


def test_a_move_is_taken_back(house: Clinic) -> None:
    old = book(house, at(9))
    new = scheduling.move(house.desk, old.id, version=1, start=at(10))
    with pytest.raises(Conflict) as caught:
        scheduling.reinstate(house.desk, old.id, version=2)
    assert caught.value.rule == "moved"
    back = scheduling.undo_move(house.desk, new.id, version=1)
    assert (back.id, back.lifecycle, back.cancel_reason) == (old.id, "scheduled", "")
    assert Appointment.get_by_id(new.id).lifecycle == "entered_in_error"
    assert free_time.check(house.desk) == []


def test_the_database_refuses_a_double_booking_that_the_code_overlooks(
    house: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    book(house, at(9))
    monkeypatch.setattr("deskterm.office.conflicts._free_lane", lambda *everything: 0)
    conflict = refused(house, at(9))
    assert conflict.rule == "slot_taken"
    assert "booked by mlopez" in conflict.message


@pytest.mark.parametrize("patient_id", [0, -1, 10**30, 2**63, 99_999, "1", None, True])
def test_a_patient_that_is_not_there(house: Clinic, patient_id: object) -> None:
    with pytest.raises(NotFound):
        scheduling.book(house.desk, patient_id=patient_id, visit_type="FU",  # type: ignore[arg-type]
                        provider="LEE", start=at(9))  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"visit_type": "ZZ"}, NotFound),
        ({"provider": "NOBODY"}, NotFound),
        ({"provider": "\x1b[31m"}, NotFound),
        ({"location": "MARS"}, NotFound),
        ({"minutes": 0}, Invalid),
        ({"minutes": -20}, Invalid),
        ({"minutes": 481}, Invalid),
        ({"minutes": 20.5}, Invalid),
        ({"start": datetime(9999, 12, 31, 9)}, Invalid),
        ({"start": datetime(2027, 6, 1, 9)}, Invalid),
        ({"start": datetime(1, 1, 1, 9)}, Conflict),
        ({"note": "x" * 301}, Invalid),
        ({"note": "\x1b]0;owned\x07"}, Invalid),
    ],
)
def test_values_that_cannot_be(house: Clinic, values: dict[str, object], kind: type) -> None:
    start = values.pop("start", at(9))
    with pytest.raises(kind) as caught:
        book(house, start, **values)  # type: ignore[arg-type]
    assert "\x1b" not in caught.value.message
    assert house.desk.rows("SELECT count(*) FROM appointment") == [(0,)]


def test_nobody_books_on_a_record_that_is_not_in_use(house: Clinic) -> None:
    gone = house.patient(status="deceased")
    assert refused(house, at(9), patient_id=gone.id).rule == "patient_status"


def test_who_may_not_book(house: Clinic) -> None:
    reader = replace(house.desk, actor=Actor("eve", "Eve", "clinician", frozenset()))
    with pytest.raises(NotAllowed):
        scheduling.book(reader, patient_id=1, visit_type="FU", provider="LEE", start=at(9))


def test_changing_hours_lists_whom_it_affects(house: Clinic) -> None:
    early, late = book(house, at(8)), book(house, at(16))
    assert TODAY + timedelta(1) == TOMORROW.date()
    hit = templates.add_exception(
        house.desk, day=TOMORROW.date(), kind="meeting", provider="LEE", start_minute=900
    )
    assert [row.id for row in hit] == [late.id]
    assert time(16) == hit[0].start.time()
    template = house.desk.rows(
        "SELECT id FROM weekly_template WHERE provider_id = ? AND weekday = 3 AND kind = 'open'",
        house.providers["LEE"].id,
    )[0][0]  # fmt: skip
    hit = templates.end_template(house.desk, template, version=1, ends_on=TODAY)
    assert [row.id for row in hit] == [early.id, late.id]
    assert free_time.check(house.desk) == []
