"""The board: state words, flags, numbers that stay, columns, counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.patients import Patient
from deskterm.db.payments import Charge
from deskterm.db.scheduling import Appointment, RowNumber
from deskterm.errors import Invalid, NotAllowed, NotFound
from deskterm.office import day_board, scheduling, templates
from deskterm.office.desk import Actor, Desk, open_desk
from tests.factories import TODAY, Clinic
from tests.office.hours import open_clinic


@pytest.fixture
def house(desk: Desk) -> Clinic:
    return open_clinic(desk)


def today_at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 18, hour, minute)


def state_of(house: Clinic, appointment: Appointment) -> str:
    return day_board.appointment(house.desk, appointment.id).state


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({}, "SCH"),
        ({"confirmation": "confirmed"}, "CNF"),
        ({"stage": "arrived"}, "ARR"),
        ({"stage": "checking_in"}, "ARR"),
        ({"stage": "checked_in"}, "CHK"),
        ({"stage": "roomed"}, "RMD"),
        ({"stage": "with_provider"}, "PRV"),
        ({"stage": "ready"}, "CKO"),
        ({"stage": "checked_out"}, "OUT"),
        ({"stage": "checked_out", "lifecycle": "completed"}, "OUT"),
        ({"lifecycle": "left", "stage": "arrived"}, "OUT"),
        ({"lifecycle": "no_show"}, "NSH"),
        ({"lifecycle": "cancelled"}, "CXL"),
        ({"lifecycle": "entered_in_error"}, "CXL"),
    ],
)
def test_state_words(house: Clinic, values: dict[str, object], state: str) -> None:
    made = house.appointment(house.patient(), today_at(11), **values)
    assert state_of(house, made) == state


def test_late_is_more_than_the_limit_after_the_start_today_and_not_arrived(
    house: Clinic, clock: FrozenClock
) -> None:
    edge = house.appointment(house.patient(), today_at(9, 37), confirmation="confirmed")
    here = house.appointment(house.patient(), today_at(9), stage="arrived")
    before = house.appointment(house.patient(), today_at(9) - timedelta(1))
    assert state_of(house, edge) == "CNF"
    clock.advance(minutes=1)
    assert state_of(house, edge) == "LAT"
    assert state_of(house, here) == "ARR"
    assert state_of(house, before) == "SCH"


def flags_of(house: Clinic, patient: Patient, **values: object) -> str:
    made = house.appointment(patient, today_at(11), **values)
    flags = day_board.appointment(house.desk, made.id).flags
    with house.desk.operation("appointment.cancel") as op:
        old = op.get(Appointment, made.id)
        old.lifecycle = "entered_in_error"
        op.save(old)
    return flags


def test_flags(house: Clinic) -> None:
    assert flags_of(house, house.patient("A")) == ""
    assert flags_of(house, house.patient("B"), clearance="attention") == "!"
    out = house.patient("C")
    house.cover(out, eligibility="inactive", copay_cents=0)
    assert flags_of(house, out) == "!"
    over = house.patient("D")
    house.cover(over, eligibility="inactive", copay_cents=0, ends_on=date(2025, 12, 31))
    assert flags_of(house, over) == "", "coverage that has ended is not today's"
    owes = house.patient("E")
    house.cover(owes)
    assert flags_of(house, owes) == "$"
    assert flags_of(house, house.patient("F"), visit_type="NV") == "*"
    assert flags_of(house, house.patient("G", interpreter_needed=True)) == "i"
    house.patient("SMITH", "JO")
    twin = house.patient("SMITH", "JO", interpreter_needed=True)
    house.cover(twin, eligibility="inactive")
    assert flags_of(house, twin, visit_type="NV") == "!$*=i"


def test_money_is_due_for_what_was_charged_and_not_paid(house: Clinic) -> None:
    patient = house.patient()
    house.cover(patient)
    made = house.appointment(patient, today_at(11))
    assert day_board.appointment(house.desk, made.id).due_cents == 2500
    with house.desk.operation("payment.charge") as op:
        op.create(
            Charge, patient=patient, appointment=made, kind="copay", amount_cents=3000,
            service_day=TODAY, business_day=TODAY, posted_at=op.now, by="mlopez",
        )  # fmt: skip
    assert day_board.appointment(house.desk, made.id).due_cents == 3000


def test_numbers_are_given_in_time_order_and_never_again(house: Clinic) -> None:
    late = house.appointment(house.patient("LATE"), today_at(15), "LEE")
    early = house.appointment(house.patient("EARLY"), today_at(10), "PATEL")

    def shown() -> dict[int, int]:
        return {row.id: row.number for row in day_board.day(house.desk, TODAY).rows}

    assert shown() == {early.id: 1, late.id: 2}
    first = house.appointment(house.patient("FIRST"), today_at(8), "LEE")
    assert shown() == {early.id: 1, late.id: 2, first.id: 3}
    scheduling.cancel(house.desk, first.id, version=1, by="patient", reason="sick")
    assert shown() == {early.id: 1, late.id: 2}
    assert day_board.appointment(house.desk, first.id).number == 3
    again = house.appointment(house.patient("AGAIN"), today_at(8), "LEE")
    assert shown() == {early.id: 1, late.id: 2, again.id: 4}
    day_board.day(house.desk, TODAY)
    assert RowNumber.select().count() == 4


def test_a_filtered_board_numbers_only_what_it_shows(house: Clinic) -> None:
    house.appointment(house.patient(), today_at(8), "PATEL")
    lee = house.appointment(house.patient(), today_at(10), "LEE")
    board = day_board.day(house.desk, TODAY, providers=["lee"])
    assert [(row.id, row.number) for row in board.rows] == [(lee.id, 1)]
    assert [column.code for column in board.columns] == ["LEE"]
    assert sorted(row.number for row in day_board.day(house.desk, TODAY).rows) == [1, 2]


def test_rows_columns_and_counts(house: Clinic) -> None:
    maria = house.patient("Alvarez", "Maria", sex="F")
    house.appointment(maria, today_at(9), "LEE", stage="checked_out", lifecycle="completed")
    house.appointment(house.patient(), today_at(9), "PATEL", stage="roomed")
    house.appointment(house.patient(), today_at(8), "PATEL", lifecycle="no_show")
    board = day_board.day(house.desk, TODAY)
    assert [column.code for column in board.columns] == ["LEE", "PATEL", "RN"]
    lee = board.columns[0]
    assert (lee.heading, lee.booked) == ("LEE MD", 1)
    assert [(b.start_minute, b.end_minute, b.kind, b.label) for b in lee.blocks] == [
        (480, 720, "open", ""), (720, 780, "lunch", "Lunch"), (780, 1020, "open", ""),
    ]  # fmt: skip
    counts = board.counts
    assert (counts.booked, counts.arrived, counts.out, counts.no_show) == (3, 1, 1, 1)
    row = next(row for row in board.rows if row.patient_id == maria.id)
    assert (row.patient, row.start, row.minutes, row.provider, row.location, row.phone) == (
        "ALVAREZ, MARIA", today_at(9), 20, "LEE", "MAIN", "+12175550142",
    )  # fmt: skip
    assert board.as_list()[1] | {"id": 0, "patient_id": 0} == {
        "id": 0, "start": "2026-03-18 09:00", "minutes": 20, "provider": "LEE",
        "patient_id": 0, "patient": "ALVAREZ, MARIA", "visit_type": "FU",
        "lifecycle": "completed", "confirmation": "unconfirmed", "stage": "checked_out",
        "clearance": "not_checked", "version": 1, "number": 2, "state": "OUT", "flags": "",
        "location": "MAIN",
    }  # fmt: skip


def test_a_week_of_one_provider(house: Clinic) -> None:
    made = house.appointment(house.patient(), today_at(10), "LEE")
    boards = day_board.week(house.desk, "LEE", TODAY)
    assert [board.day for board in boards] == [date(2026, 3, 16 + n) for n in range(7)]
    assert [[row.id for row in board.rows] for board in boards] == [
        [], [], [made.id], [], [], [], [],
    ]  # fmt: skip
    assert boards[5].columns[0].blocks == ()


def test_one_location_of_a_day(house: Clinic) -> None:
    east = house.appointment(house.patient(), today_at(10), "NOVAK", location="EAST")
    house.appointment(house.patient(), today_at(10), "LEE")
    board = day_board.day(house.desk, TODAY, location="EAST")
    assert [row.id for row in board.rows] == [east.id]
    assert [column.code for column in board.columns] == ["NOVAK"]


def test_a_closed_day_says_so(house: Clinic) -> None:
    templates.add_exception(house.desk, day=TODAY, kind="closed", label="Holiday")
    column = day_board.day(house.desk, TODAY, providers=["LEE"]).columns[0]
    assert {(block.kind, block.label) for block in column.blocks} == {("closed", "Holiday")}


def test_the_number_of_statements_does_not_grow_with_the_rows(
    house: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def statements() -> int:
        count = 0
        execute = house.desk.database.execute_sql

        def counted(*args: object, **kwargs: object) -> object:
            nonlocal count
            count += 1
            return execute(*args, **kwargs)

        with monkeypatch.context() as patch:
            patch.setattr(house.desk.database, "execute_sql", counted)
            day_board.day(house.desk, TODAY)
        return count

    house.appointment(house.patient(), today_at(8), "LEE")
    day_board.day(house.desk, TODAY)
    few = statements()
    for hour in (9, 10, 11, 13, 14):
        house.appointment(house.patient(), today_at(hour), "LEE")
    day_board.day(house.desk, TODAY)
    assert statements() == few


def test_two_desks_showing_a_day_at_once_give_one_set_of_numbers(
    house: Clinic, clock: FrozenClock
) -> None:
    for hour in (8, 9, 10):
        house.appointment(house.patient(), today_at(hour), "LEE")
    other = open_desk(house.desk.settings, login="mlopez", clock=clock)
    try:
        mine = [row.number for row in day_board.day(house.desk, TODAY).rows]
        theirs = [row.number for row in day_board.day(other, TODAY).rows]
    finally:
        other.close()
        open_desk(house.desk.settings, login="mlopez", clock=clock)
    assert mine == theirs == [1, 2, 3]


def test_what_is_not_there_and_who_may_not_look(house: Clinic) -> None:
    with pytest.raises(NotFound):
        day_board.day(house.desk, TODAY, providers=["NOBODY"])
    with pytest.raises(NotFound):
        day_board.appointment(house.desk, 10**30)
    with pytest.raises(Invalid):
        day_board.day(house.desk, date(9999, 12, 31))
    stranger = replace(house.desk, actor=Actor("eve", "Eve", "biller", frozenset()))
    with pytest.raises(NotAllowed):
        day_board.day(stranger, TODAY)
