"""Good faith estimates: the clocks of 45 CFR 149.610, sums at the full fees, and what it says."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.clock import FrozenClock
from deskterm.db.scheduling import Appointment
from deskterm.errors import Invalid, NotAllowed, NotFound
from deskterm.office import break_glass, charges, good_faith, templates
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from tests.exchange import pdf_text
from tests.factories import Clinic, become, clinic

LONG_AGO = date(2020, 1, 1)
WED, THU, FRI = date(2026, 3, 18), date(2026, 3, 19), date(2026, 3, 20)
MON, TUE = date(2026, 3, 23), date(2026, 3, 24)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    found = clinic(desk)
    charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=LONG_AGO)
    charges.set_fee(desk, "G0438", 25000, label="wellness visit", starts_on=LONG_AGO)
    return found


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    """A visit two weeks ahead, booked today, of somebody without coverage."""
    return made.appointment(made.patient("KERR", "DAN"), datetime(2026, 4, 1, 9, 0))


# Clocks


@pytest.mark.parametrize(
    ("scheduled", "service", "due"),
    [
        (WED, date(2026, 4, 1), MON),  # exactly 10 business days: within 3
        (WED, date(2026, 3, 31), THU),  # 9: within 1
        (WED, MON, THU),  # exactly 3
        (WED, FRI, None),  # 2
        (WED, WED, None),
        (WED, date(2026, 3, 17), None),  # a day that is over
        (FRI, date(2026, 4, 3), date(2026, 3, 25)),  # 10, and 3 days over a weekend
        (FRI, date(2026, 3, 25), MON),  # 3: within 1, which is Monday
        (date(2026, 3, 21), date(2026, 3, 25), MON),  # scheduled on a Saturday
        (date(2026, 3, 22), date(2026, 4, 3), date(2026, 3, 25)),  # on a Sunday, 10 ahead
        (WED, date(2026, 4, 4), MON),  # service on a Saturday
    ],
)
def test_the_clock_starts_when_it_is_scheduled(
    scheduled: date, service: date, due: date | None
) -> None:
    assert good_faith.due_on(scheduled, service) == due


def test_closed_days_are_no_business_days() -> None:
    tenth = date(2026, 4, 1)
    assert good_faith.due_on(WED, tenth) == MON
    assert good_faith.due_on(WED, tenth, closed=[THU]) == FRI  # now only 9 ahead
    assert good_faith.due_on(WED, date(2026, 4, 2), closed=[THU]) == TUE
    assert good_faith.due_on(WED, MON, closed=[FRI]) is None
    # A closed weekend day changes nothing
    assert good_faith.due_on(WED, tenth, closed=[date(2026, 3, 21)]) == MON


@pytest.mark.parametrize(
    ("asked", "closed", "due"),
    [
        (WED, [], MON), (FRI, [], date(2026, 3, 25)), (date(2026, 3, 21), [], date(2026, 3, 25)),
        (WED, [THU, FRI], date(2026, 3, 25)),
    ],
)  # fmt: skip
def test_asked_for_it_is_due_within_three_business_days(
    asked: date, closed: list[date], due: date
) -> None:
    assert good_faith.requested_due_on(asked, closed=closed) == due


days = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(days, st.integers(0, 60), st.sets(st.integers(0, 90), max_size=10))
def test_counting_forth_and_back_agree(day: date, count: int, off: set[int]) -> None:
    closed = [day + timedelta(days=n) for n in off]
    end = good_faith.add_business_days(day, count, closed=closed)
    assert good_faith.business_days_between(day, end, closed=closed) == count
    if count:
        assert end.weekday() < 5
        assert end not in closed


@given(days, st.integers(-5, 60))
def test_it_is_never_due_after_the_service(day: date, ahead: int) -> None:
    service = day + timedelta(days=ahead)
    due = good_faith.due_on(day, service)
    assert due is None or day < due <= service


def test_a_visit_booked_late_in_the_evening_counts_by_the_clinics_day(
    made: Clinic, clock: FrozenClock
) -> None:
    # 18 March, 9 in the evening in Chicago, is 19 March in UTC.
    clock.advance(minutes=680)
    late = made.appointment(made.patient("LATE", "PAT"), datetime(2026, 4, 1, 9, 0))
    estimate = good_faith.make(made.desk, late.id, [ChargeLine("99213")])
    assert estimate.due_on == MON


def test_the_estimates_own_clock_knows_the_closed_days(made: Clinic, visit: Appointment) -> None:
    assert good_faith.make(made.desk, visit.id, [ChargeLine("99213")]).due_on == MON
    templates.add_exception(made.desk, day=FRI, kind="closed")
    estimate = good_faith.make(made.desk, visit.id, [ChargeLine("99213")])
    assert estimate.due_on == THU  # 9 business days ahead, so within 1
    later = made.appointment(made.patient("LATER", "PAT"), datetime(2026, 4, 2, 9, 0))
    templates.add_exception(made.desk, day=MON, kind="closed", provider="LEE")  # one person only
    assert good_faith.make(made.desk, later.id, [ChargeLine("99213")]).due_on == TUE


# Content


def test_it_sums_full_fees_by_units(made: Clinic, visit: Appointment) -> None:
    lines = [ChargeLine("99213", units=2, diagnoses=("M54.50", "R10.9")), ChargeLine("g0438"),
             ChargeLine("99213", amount_cents=12345)]  # fmt: skip
    estimate = good_faith.make(made.desk, visit.id, lines)
    assert estimate.total_cents == 36000 + 25000 + 12345
    assert estimate.data["total"] == "733.45"
    assert estimate.data["lines"] == [
        ["99213", "office visit", "M54.50 R10.9", "2", "360.00"],
        ["G0438", "wellness visit", "", "1", "250.00"],
        ["99213", "office visit", "", "1", "123.45"],
    ]


def test_a_plans_own_fee_is_not_what_the_uninsured_are_told(made: Clinic) -> None:
    patient = made.patient()
    made.cover(patient)
    plan = made.plans["AETPPO"].id
    charges.set_fee(made.desk, "99213", 9000, plan_id=plan, starts_on=LONG_AGO)
    visit = made.appointment(patient, datetime(2026, 4, 1, 9, 0))
    # Somebody with coverage may choose not to use it, so they are not refused one.
    assert good_faith.make(made.desk, visit.id, [ChargeLine("99213")]).total_cents == 18000


def test_the_fee_is_that_of_the_day_of_service(made: Clinic, visit: Appointment) -> None:
    charges.set_fee(made.desk, "99213", 19000, starts_on=date(2026, 4, 1))
    assert good_faith.make(made.desk, visit.id, [ChargeLine("99213")]).total_cents == 19000


def test_paper_holds_what_the_rule_asks_for(made: Clinic, visit: Appointment) -> None:
    estimate = good_faith.make(made.desk, visit.id, [ChargeLine("99213", diagnoses=("M54.50",))])
    said = pdf_text.words(good_faith.pdf(made.desk, estimate))
    for words in (
        "Good faith estimate of expected charges", "DAN KERR, born 03/14/1982",
        "Wednesday, April 1, 2026", "Ann Novak NP", "Main Street", "Tax id", "99213",
        "office visit", "M54.50", "180.00", "There may be further items or services",
        "Actual items, services or charges may differ",
        "patient-provider dispute resolution process", "at least $400 more than this estimate",
        "www.cms.gov/nosurprises", "This estimate is not a contract", "Given on 03/18/2026",
    ):  # fmt: skip
        assert "".join(words.split()) in said, words


def test_the_threshold_in_words_is_the_one_in_the_code(made: Clinic, visit: Appointment) -> None:
    notes = " ".join(good_faith.make(made.desk, visit.id, [ChargeLine("99213")]).data["notes"])
    assert f"${good_faith.DISPUTE_CENTS // 100} more" in notes


# What is refused


def test_without_services_or_fees_there_is_none(made: Clinic, visit: Appointment) -> None:
    with pytest.raises(Invalid, match="Which services"):
        good_faith.make(made.desk, visit.id, [])
    with pytest.raises(Invalid, match="no fee"):
        good_faith.make(made.desk, visit.id, [ChargeLine("99215")])
    with pytest.raises(NotFound):
        good_faith.make(made.desk, visit.id + 999, [ChargeLine("99213")])


@pytest.mark.parametrize("units", [0, -3])
def test_no_estimate_of_no_or_fewer_units(made: Clinic, visit: Appointment, units: int) -> None:
    with pytest.raises(Invalid):
        good_faith.make(made.desk, visit.id, [ChargeLine("99213", units=units)])


@pytest.mark.parametrize("cents", [-1, 10**9])
def test_no_estimate_of_an_amount_that_cannot_be(
    made: Clinic, visit: Appointment, cents: int
) -> None:
    with pytest.raises(Invalid):
        good_faith.make(made.desk, visit.id, [ChargeLine("99213", amount_cents=cents)])


def test_a_restricted_record_stays_closed(made: Clinic, visit: Appointment) -> None:
    break_glass.restrict(made.desk, visit.patient_id, reason="well known")
    with pytest.raises(NotAllowed):
        good_faith.make(become(made.desk, "front_desk"), visit.id, [ChargeLine("99213")])


def test_whoever_may_not_see_money_gets_none(made: Clinic, visit: Appointment) -> None:
    with pytest.raises(NotAllowed):
        good_faith.make(become(made.desk, "clinician"), visit.id, [ChargeLine("99213")])
