"""Drawers, counts, deposits and the end of the day: who may, what is refused, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import peewee
import pytest

from deskterm.clock import FrozenClock
from deskterm.db.dayclose import DayClose, Shift
from deskterm.db.scheduling import Appointment
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, DesktermError, Invalid, NotFound
from deskterm.office import (
    adjustments,
    day_status,
    dayclose,
    deposits,
    drawer_figures,
    payments,
    refunds,
    shifts,
)
from deskterm.office.desk import Desk
from deskterm.office.refunds import TenderLeft
from deskterm.office.shifts import Count
from tests.factories import TODAY, Clinic, clinic, second

TODAY_AT_NINE = datetime(2026, 3, 18, 9, 0)
TOMORROW = TODAY + timedelta(days=1)


def cash(cents: int) -> TenderEntry:
    return TenderEntry("cash", cents)


def check(cents: int, number: str) -> TenderEntry:
    return TenderEntry("check", cents, reference=number)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def owing(made: Clinic) -> int:
    patient = made.patient("KERR", "DAN")
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=100000, service_day=date(2026, 2, 20)
    )
    return patient.id


def take(desk: Desk, patient_id: int, *tenders: TenderEntry) -> str:
    key = f"k{desk.rows('SELECT count(*) FROM payment')[0][0]}"
    return payments.take(desk, patient_id, tenders=tenders, key=key).receipt


def counted(desk: Desk, found: Count, reason: str = "") -> Shift:
    shift = shifts.find(desk, "d1")
    shifts.count(desk, shift.id, found)
    return shifts.close_shift(desk, shift.id, reason=reason)


# The drawer


def test_the_first_payment_opens_the_drawer(desk: Desk, owing: int) -> None:
    take(desk, owing, cash(2500))
    shift = shifts.find(desk, "d1")
    assert (shift.float_cents, shift.clerk, shift.business_day) == (10000, "mlopez", TODAY)
    assert drawer_figures.expected(desk, shift.id).cash == 12500


def test_a_drawer_opens_once_and_remembers_its_float(
    desk: Desk, owing: int, clock: FrozenClock
) -> None:
    shifts.open_shift(desk, "d1", float_cents=15000)
    with pytest.raises(Conflict, match="open already"):
        shifts.open_shift(desk, "d1", float_cents=15000)
    counted(desk, Count(cash_cents=15000))
    clock.advance(days=1)
    short = shifts.open_shift(desk, "d1", float_cents=14500)
    assert (short.expected_float_cents, short.float_cents) == (15000, 14500)


def test_one_person_one_drawer_where_the_policy_says_so(desk: Desk, made: Clinic) -> None:
    strict = replace(desk.settings, policy=replace(desk.settings.policy, one_drawer_each=True))
    desk.settings = strict
    shifts.open_shift(desk, "d1")
    with pytest.raises(Conflict, match="has drawer d1"):
        shifts.open_shift(desk, "d2")
    desk.settings = replace(strict, policy=replace(strict.policy, one_drawer_each=False))
    shifts.open_shift(desk, "d2")


def test_cash_moves_and_what_is_not_there_cannot_leave(desk: Desk, owing: int) -> None:
    take(desk, owing, cash(30000))
    shift = shifts.find(desk, "d1")
    shifts.move_cash(desk, shift.id, "paid_out", 1250, reason="stamps")
    shifts.move_cash(desk, shift.id, "drop", 20000, reason="safe")
    shifts.move_cash(desk, shift.id, "paid_in", 500, reason="change back")
    assert drawer_figures.expected(desk, shift.id).cash == 10000 + 30000 - 1250 - 20000 + 500
    with pytest.raises(Conflict, match="should be only"):
        shifts.move_cash(desk, shift.id, "drop", 30000, reason="safe")


def test_handing_over_counts_and_names_the_next(desk: Desk, owing: int) -> None:
    with desk.operation("staff.add") as op:
        from deskterm.db.staff import Staff

        op.two_people(wanted=False)
        op.create(Staff, login="dchen", name="D Chen", role="front_desk")
    take(desk, owing, cash(2500))
    shift = shifts.find(desk, "d1")
    row = shifts.hand_over(desk, shift.id, "dchen", Count(cash_cents=12400))
    assert (row.cash_cents, row.handed_to) == (12400, "dchen")
    assert '"cash": 12500' in row.expected
    assert shifts.find(desk, "d1").clerk == "dchen"
    with pytest.raises(Invalid):
        shifts.hand_over(desk, shift.id, "nobody", Count())


def test_a_count_is_blind_until_it_is_written(desk: Desk, owing: int) -> None:
    take(desk, owing, cash(2500))
    [before] = day_status.status(desk).shifts
    assert (before.counted, before.variances) == (False, ())
    shifts.count(desk, before.id, Count(cash={10000: 1, 2000: 1, 100: 4}))
    [after] = day_status.status(desk).shifts
    assert after.counted and after.variances[0].variance == -100
    with pytest.raises(Conflict, match="differ"):
        shifts.close_shift(desk, after.id)
    shifts.count(desk, after.id, Count(cash={10000: 1, 2000: 1, 500: 1}))
    assert shifts.close_shift(desk, after.id).closed_by == "mlopez"


def test_checks_are_counted_one_by_one(desk: Desk, owing: int) -> None:
    take(desk, owing, check(3500, "1042"), check(2000, "7"))
    shift = shifts.find(desk, "d1")
    shifts.count(desk, shift.id, Count(cash_cents=10000, checks=[("1042", 5300), ("9", 2000)]))
    [stands] = day_status.status(desk).shifts
    line = next(v for v in stands.variances if v.tender == "check")
    assert line.items == (("1042", 3500, 5300), ("7", 2000, 0), ("9", 0, 2000))
    said = " / ".join(s.words for s in stands.suggestions)
    assert "check 7 and 9 are likely one" in said and "check 1042 was posted as 35.00" in said


@pytest.mark.parametrize(
    "found",
    [
        Count(cash={300: 1}), Count(cash={100: -1}), Count(cash_cents=-1),
        Count(checks=[("", 100)]), Count(checks=[("1", 0)]), Count(cards={"diners": 100}),
        Count(checks=[("4111111111111111", 100)]), Count(money_orders=[("5", -5)]),
    ],
    ids=range(8),
)  # fmt: skip
def test_counts_that_cannot_be(desk: Desk, owing: int, found: Count) -> None:
    take(desk, owing, cash(2500))
    shift = shifts.find(desk, "d1")
    with pytest.raises(Invalid):
        shifts.count(desk, shift.id, found)
    assert shifts.last_count(desk, shift.id) is None


# The day


def close_all(desk: Desk, reason: str = "") -> DayClose:
    return dayclose.close(desk, reason=reason)


def test_from_the_freeze_on_money_belongs_to_tomorrow(desk: Desk, owing: int) -> None:
    first = take(desk, owing, cash(2500))
    dayclose.freeze(desk)
    late = take(desk, owing, cash(1000))
    assert (first, late) == ("R-260318-001", "R-260319-001")
    assert payments.find(desk, late).business_day == TOMORROW
    payments.void(
        desk, first, reason="duplicate", approval=second(desk, "payment.void")
    )  # found while counting: still this day's
    counted(desk, Count(cash_cents=10000))
    close_all(desk)
    with pytest.raises(Conflict):
        payments.void(desk, first, reason="duplicate", approval=second(desk, "payment.void"))
    assert day_status.status(desk).state == "close"
    assert day_status.status(desk, day=TOMORROW).state == "open"


@pytest.mark.parametrize("table", ["charge", "payment", "adjustment", "not_collected", "shift"])
def test_only_corrections_are_dated_into_a_day_being_counted(
    desk: Desk, owing: int, table: str
) -> None:
    """The database itself refuses it, whatever the code above believes the day to be."""
    charge = desk.rows("SELECT id FROM charge")[0][0]
    take(desk, owing, cash(2500))
    adjustments.adjust(
        desk, charge, kind="courtesy", amount_cents=100, reason="courtesy",
        approval=second(desk, "charge.adjust"),
    )  # fmt: skip
    payments.not_collected(desk, owing, reason="bill")
    counted(desk, Count(cash_cents=12500))
    columns = [
        name for (name,) in desk.rows(f"SELECT name FROM pragma_table_info('{table}')")
        if name != "id"
    ]  # fmt: skip
    told = ", ".join(
        {"sequence": "sequence + 1", "receipt": "receipt || 'x'", "posted": "0",
         "closed_at": "NULL", "shift_id": "NULL"}.get(name, f'"{name}"')
        for name in columns
    )  # fmt: skip
    names = ", ".join(f'"{name}"' for name in columns)
    again = f"INSERT INTO {table} ({names}) SELECT {told} FROM {table} LIMIT 1"
    desk.database.execute_sql("SAVEPOINT before")
    desk.database.execute_sql(again)  # the same row again is fine as long as the day is open
    desk.database.execute_sql("ROLLBACK TO before")
    desk.database.execute_sql("RELEASE before")
    dayclose.freeze(desk)
    with pytest.raises(peewee.PeeweeException, match="day_frozen"):
        desk.database.execute_sql(again)


def test_putting_the_count_off_goes_on_with_the_day(desk: Desk, owing: int) -> None:
    dayclose.freeze(desk)
    with pytest.raises(Conflict):
        dayclose.freeze(desk)
    dayclose.thaw(desk)
    assert take(desk, owing, cash(2500)) == "R-260318-001"


def test_an_open_drawer_keeps_the_day_open(desk: Desk, owing: int) -> None:
    take(desk, owing, cash(2500))
    with pytest.raises(Conflict, match="Drawer d1 is not closed"):
        close_all(desk)


def test_what_is_open_needs_a_reason_and_is_kept(desk: Desk, made: Clinic, owing: int) -> None:
    made.cover(made.patient("HUI", "ZHEN"))
    visit = made.appointment(made.patient("HUI", "ZHEN"), TODAY_AT_NINE)
    with pytest.raises(Conflict, match="1 to settle"):
        close_all(desk)
    closed = close_all(desk, reason="HUI was a mistake")
    assert "HUI Z" in closed.open_items and str(visit.id) in closed.open_items


def test_a_day_without_money_closes_too(desk: Desk, made: Clinic) -> None:
    assert close_all(desk).action == "close"


def test_two_people_and_again(desk: Desk, owing: int) -> None:
    take(desk, owing, cash(2500))
    counted(desk, Count(cash_cents=12500))
    with pytest.raises(Conflict, match=r"25\.00 is not deposited yet"):
        close_all(desk)
    deposits.deposit(desk)
    close_all(desk)
    with pytest.raises(Conflict, match="closed this day yourself"):
        dayclose.approve(desk)
    desk.actor = replace(desk.actor, login="boss")
    dayclose.approve(desk)
    with pytest.raises(Invalid):
        dayclose.reopen(desk, reason=" ", approval=second(desk, "day.reopen"))
    dayclose.reopen(desk, reason="deposit was wrong", approval=second(desk, "day.reopen"))
    with pytest.raises(Conflict):
        dayclose.reopen(desk, reason="again", approval=second(desk, "day.reopen"))
    close_all(desk, reason="")
    assert [row.action for row in DayClose.select().order_by(DayClose.id)] == [
        "close", "approve", "reopen", "close",
    ]  # fmt: skip


def test_a_correction_after_the_close_is_todays(desk: Desk, owing: int, clock: FrozenClock) -> None:
    receipt = take(desk, owing, cash(2500))
    counted(desk, Count(cash_cents=12500))
    with pytest.raises(Conflict, match=r"25\.00 is not deposited yet"):
        close_all(desk)
    deposits.deposit(desk)
    close_all(desk)
    clock.advance(days=1)
    card = TenderEntry("card", 2500, brand="visa", last4="4417", approval="A1")
    fixed = refunds.correct_tender(
        desk,
        receipt,
        was=TenderLeft("cash", "", "", "", 0),
        now=card,
        approval=second(desk, "payment.correct"),
    )
    assert (fixed.business_day, fixed.shift_id) == (TOMORROW, None)
    off = adjustments.adjust(
        desk,
        1,
        kind="write_off",
        amount_cents=100,
        reason="small",
        approval=second(desk, "charge.adjust"),
    )
    assert off.business_day == TOMORROW


def test_the_deposit_is_what_was_counted_less_the_float(desk: Desk, owing: int) -> None:
    take(desk, owing, cash(5000), check(3500, "1042"), TenderEntry("money_order", 900, "55"))
    counted(
        desk,
        Count(cash_cents=15000, checks=[("1042", 3500)], money_orders=[("55", 900)]),
    )
    with pytest.raises(Invalid, match=r"comes to 94\.00, not 95\.00"):
        deposits.deposit(desk, typed_total=9500)
    made = deposits.deposit(desk, typed_total=9400, bag="4471", key="x")
    assert deposits.deposit(desk, typed_total=9400, bag="4471", key="x").id == made.id
    assert (made.number, made.cash_cents, made.check_cents, made.money_order_cents) == (
        1, 5000, 3500, 900,
    )  # fmt: skip
    with pytest.raises(Conflict, match="Nothing to deposit"):
        deposits.deposit(desk)


INTO_A_CLOSED_DAY = (
    "INSERT INTO charge (patient_id, kind, description, amount_cents, service_day, business_day,"
    " posted_at, by, location_id) SELECT patient_id, kind, 'late', 5, service_day, :day,"
    " posted_at, by, 1 FROM charge LIMIT 1",
    "INSERT INTO charge (patient_id, kind, description, amount_cents, service_day, business_day,"
    " posted_at, by) SELECT patient_id, kind, 'late', 5, service_day, :day, posted_at, by"
    " FROM charge LIMIT 1",
    "INSERT INTO not_collected (patient_id, amount_cents, reason, note, business_day, at, by,"
    " location_id) SELECT patient_id, 5, 'bill', '', :day, taken_at, by, 1 FROM payment LIMIT 1",
    "INSERT INTO payment (kind, patient_id, location_id, drawer, business_day, taken_at, by, desk,"
    " receipt, sequence, total_cents, note, void_reason, balance_after_cents, posted)"
    " SELECT kind, patient_id, location_id, drawer, :day, taken_at, by, desk, 'X', 2, 5, '', '',"
    " 0, 0 FROM payment LIMIT 1",
    "INSERT INTO cash_movement (shift_id, kind, amount_cents, reason, at, by)"
    " SELECT id, 'drop', 5, 'x', opened_at, clerk FROM shift",
    "INSERT INTO shift (version, drawer_id, location_id, business_day, clerk, opened_at,"
    " opened_by, float_cents, note, closed_by, variance_reason) SELECT 1, drawer_id, location_id,"
    " :day, clerk, opened_at, opened_by, 0, '', '', '' FROM shift",
    "UPDATE shift SET closed_at = NULL",
    "DELETE FROM shift",
    "DELETE FROM day_close",
    "UPDATE day_close SET action = 'thaw'",
    "INSERT INTO day_close (location_id, business_day, action, at, by, reason, figures,"
    " open_items) SELECT location_id, business_day, 'thaw', at, by, '', '', '' FROM day_close",
    "DELETE FROM drawer_count",
)


@pytest.mark.parametrize("sql", INTO_A_CLOSED_DAY, ids=range(len(INTO_A_CLOSED_DAY)))
def test_the_database_refuses_what_is_dated_into_a_closed_day(
    desk: Desk, owing: int, sql: str
) -> None:
    take(desk, owing, cash(2500))
    counted(desk, Count(cash_cents=12500))
    with pytest.raises(Conflict, match=r"25\.00 is not deposited yet"):
        close_all(desk)
    deposits.deposit(desk)
    close_all(desk)
    with pytest.raises(peewee.IntegrityError):
        desk.database.execute_sql(sql.replace(":day", f"'{TODAY.isoformat()}'"))


ACTS: tuple[Callable[[Desk], object], ...] = (
    lambda desk: shifts.open_shift(desk, ""),
    lambda desk: shifts.open_shift(desk, "d7", float_cents=-5),
    lambda desk: shifts.open_shift(desk, "d7", location="NOWHERE"),
    lambda desk: shifts.find(desk, "d9"),
    lambda desk: shifts.move_cash(desk, 1, "stolen", 100, reason="x"),
    lambda desk: shifts.move_cash(desk, 1, "drop", 100, reason=" "),
    lambda desk: shifts.close_shift(desk, 1),
    lambda desk: shifts.close_shift(desk, 999),
    lambda desk: dayclose.thaw(desk),
    lambda desk: dayclose.approve(desk),
    lambda desk: dayclose.close(desk, day=TOMORROW),
    lambda desk: dayclose.reopen(desk, reason="x", day=TODAY, approval=second(desk, "day.reopen")),
    lambda desk: deposits.deposit(desk),
    lambda desk: day_status.status(desk, location="NOWHERE"),
)


@pytest.mark.parametrize("act", ACTS, ids=range(len(ACTS)))
def test_what_is_refused_leaves_no_trace(
    desk: Desk, owing: int, act: Callable[[Desk], object]
) -> None:
    take(desk, owing, cash(2500))
    second(desk, "day.reopen")
    before = desk.rows("SELECT count(*) FROM journal")
    with pytest.raises(DesktermError):
        act(desk)
    assert desk.rows("SELECT count(*) FROM journal") == before


def test_a_copay_that_was_not_taken_stands_open(desk: Desk, made: Clinic) -> None:
    patient = made.patient("TRAN", "OLIVIA")
    made.cover(patient)
    visit: Appointment = made.appointment(patient, stage="checked_in")
    assert [i.kind for i in day_status.status(desk).open_items] == ["copay"]
    payments.not_collected(desk, patient.id, reason="bill", appointment_id=visit.id)
    assert day_status.status(desk).open_items == ()


def test_no_location(desk: Desk) -> None:
    with pytest.raises(NotFound):
        day_status.status(desk)
