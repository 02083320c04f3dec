"""Plans and coverage: ended, never overwritten; never two of one priority at one time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from deskterm.errors import Conflict, Invalid, NotFound, Stale
from deskterm.office import coverage, patients
from deskterm.office.desk import Desk
from deskterm.office.patients import CoverageEntry, PatientEntry

TODAY = date(2026, 3, 18)
YESTERDAY = date(2026, 3, 17)


@pytest.fixture
def patient_id(desk: Desk) -> int:
    coverage.add_plan(
        desk, code="aet", name="Aetna PPO", payer_name="Aetna", plan_type="PPO", copay_cents=2500
    )
    coverage.add_plan(desk, code="MCR", name="Medicare", plan_type="MEDICARE")
    coverage.add_plan(desk, code="SELF", name="Self-pay", plan_type="SELF")
    return patients.register(desk, PatientEntry("Smith", "Joan", date(1982, 3, 14))).id


def entry(code: str = "AET", member_id: str = "W1", **values: Any) -> CoverageEntry:
    return CoverageEntry(code, member_id, **values)


def all_rows(desk: Desk, patient_id: int) -> set[tuple[str, str, date | None, date | None]]:
    return {
        (row.plan_code, row.member_id, row.starts_on, row.ends_on)
        for row in coverage.of_patient(desk, patient_id)
    }


def test_plans(desk: Desk, patient_id: int) -> None:
    assert [(p.code, p.copay_cents) for p in coverage.plans(desk)] == [
        ("AET", 2500), ("MCR", None), ("SELF", None),
    ]  # fmt: skip
    with pytest.raises(Conflict):
        coverage.add_plan(desk, code="aet", name="again")
    with pytest.raises(Invalid) as caught:
        coverage.add_plan(desk, code="X", name="")
    assert caught.value.field == "name"
    with pytest.raises(Invalid):
        coverage.add_plan(desk, code="X", name="X", copay_cents=-1)


def test_what_is_in_force_on_a_day(desk: Desk, patient_id: int) -> None:
    coverage.add(desk, patient_id, entry("MCR", "M1", priority=2))
    coverage.add(desk, patient_id, entry(starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31)))
    now = coverage.of_patient(desk, patient_id, TODAY)
    assert [row.plan_code for row in now] == ["AET", "MCR"]
    assert [r.plan_code for r in coverage.of_patient(desk, patient_id, date(2025, 12, 31))] == [
        "MCR"
    ]
    assert coverage.copay_cents(desk, patient_id, TODAY) == 2500
    assert coverage.copay_cents(desk, patient_id, date(2027, 1, 1)) is None


def test_an_own_copay_goes_before_the_plans(desk: Desk, patient_id: int) -> None:
    coverage.add(desk, patient_id, entry(copay_cents=4000))
    assert coverage.copay_cents(desk, patient_id, TODAY) == 4000


@pytest.mark.parametrize(
    ("made", "field"),
    [
        (entry("NONE"), "plan_code"),
        (entry(member_id=""), "member_id"),
        (entry(member_id="x" * 41), "member_id"),
        (entry(member_id="W\x1b[31m1"), "member_id"),
        (entry(relationship="99"), "relationship"),
        (entry(relationship="01"), "subscriber_name"),
        (entry(relationship="01", subscriber_name="A", subscriber_birth_date=date(2030, 1, 1)),
         "subscriber_birth_date"),
        (entry(starts_on=TODAY, ends_on=YESTERDAY), "ends_on"),
        (entry(priority=0), "priority"),
        (entry(priority=10), "priority"),
        (entry(copay_cents=-100), "copay_cents"),
        (entry(copay_cents=10**12), "copay_cents"),
        (entry(copay_cents=1.5), "copay_cents"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_each_error_names_its_field(
    desk: Desk, patient_id: int, made: CoverageEntry, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        coverage.add(desk, patient_id, made)
    assert caught.value.field == field
    assert coverage.of_patient(desk, patient_id) == []


def test_self_pay_needs_no_member_id(desk: Desk, patient_id: int) -> None:
    assert coverage.add(desk, patient_id, entry("SELF", "")).member_id == ""


@pytest.mark.parametrize(
    ("starts", "ends", "refused"),
    [
        (None, None, True),
        (date(2026, 12, 31), None, True),
        (None, date(2026, 1, 1), True),
        (date(2026, 6, 1), date(2026, 7, 1), True),
        (date(2027, 1, 1), None, False),
        (None, date(2025, 12, 31), False),
    ],
)
def test_an_overlap_of_the_same_priority_is_refused_and_named(
    desk: Desk, patient_id: int, starts: date | None, ends: date | None, refused: bool
) -> None:
    first = coverage.add(
        desk, patient_id, entry(starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
    )
    second = entry("MCR", "M1", starts_on=starts, ends_on=ends)
    if not refused:
        coverage.add(desk, patient_id, second)
        return
    with pytest.raises(Conflict) as caught:
        coverage.add(desk, patient_id, second)
    assert caught.value.rule == "coverage_overlap"
    assert "Aetna PPO is primary already from 01/01/2026 to 12/31/2026" in caught.value.message
    assert caught.value.details["coverage_id"] == first.id
    coverage.add(desk, patient_id, replace(second, priority=2))


def test_added_once_however_often_enter_is_pressed(desk: Desk, patient_id: int) -> None:
    first = coverage.add(desk, patient_id, entry(), key="k1")
    assert coverage.add(desk, patient_id, entry(), key="k1").id == first.id
    assert len(coverage.of_patient(desk, patient_id)) == 1


def test_ending_and_the_card(desk: Desk, patient_id: int) -> None:
    row = coverage.add(desk, patient_id, entry(starts_on=date(2026, 1, 1)))
    seen = coverage.card_seen(desk, row.id, version=row.version)
    assert seen.card_seen_on == TODAY
    with pytest.raises(Stale):
        coverage.end(desk, row.id, version=row.version, on=TODAY)
    with pytest.raises(Invalid):
        coverage.end(desk, row.id, version=seen.version, on=date(2025, 12, 31))
    coverage.end(desk, row.id, version=seen.version, on=TODAY)
    assert coverage.of_patient(desk, patient_id, TODAY)
    assert coverage.of_patient(desk, patient_id, date(2026, 3, 19)) == []
    with pytest.raises(NotFound):
        coverage.end(desk, 999, version=1, on=TODAY)


def save(desk: Desk, patient_id: int, *entries: CoverageEntry) -> None:
    card = patients.card(desk, patient_id)
    form = replace(card.entry(TODAY), coverages=list(entries))
    patients.edit_entry(desk, patient_id, card.patient.version, form)


def test_a_new_member_id_ends_the_old_coverage(desk: Desk, patient_id: int) -> None:
    start = date(2025, 1, 1)
    save(desk, patient_id, entry(starts_on=start))
    save(desk, patient_id, entry(member_id="W2", starts_on=start))
    assert all_rows(desk, patient_id) == {
        ("AET", "W1", start, YESTERDAY), ("AET", "W2", TODAY, None),
    }  # fmt: skip


def test_a_change_with_its_own_first_day(desk: Desk, patient_id: int) -> None:
    save(desk, patient_id, entry(starts_on=date(2025, 1, 1)))
    save(desk, patient_id, entry("MCR", "M1", starts_on=date(2026, 5, 1)))
    assert all_rows(desk, patient_id) == {
        ("AET", "W1", date(2025, 1, 1), date(2026, 4, 30)), ("MCR", "M1", date(2026, 5, 1), None),
    }  # fmt: skip


def test_mending_what_was_typed_today(desk: Desk, patient_id: int) -> None:
    save(desk, patient_id, entry(starts_on=TODAY))
    save(desk, patient_id, entry(member_id="W2", starts_on=TODAY))
    assert all_rows(desk, patient_id) == {
        ("AET", "W1", TODAY, YESTERDAY), ("AET", "W2", TODAY, None),
    }  # fmt: skip
    assert [r.member_id for r in coverage.of_patient(desk, patient_id, TODAY)] == ["W2"]


def test_an_end_typed_on_the_form_ends_it_and_a_missing_one_ended_yesterday(
    desk: Desk, patient_id: int
) -> None:
    save(desk, patient_id, entry(), entry("MCR", "M1", priority=2))
    save(desk, patient_id, entry(ends_on=date(2026, 12, 31)))
    assert all_rows(desk, patient_id) == {
        ("AET", "W1", None, date(2026, 12, 31)), ("MCR", "M1", None, YESTERDAY),
    }  # fmt: skip
    save(desk, patient_id, entry(ends_on=date(2026, 12, 31)), entry("MCR", "M1", priority=2,
         starts_on=TODAY))  # fmt: skip
    assert len(coverage.of_patient(desk, patient_id, TODAY)) == 2


def test_primary_and_secondary_can_change_places(desk: Desk, patient_id: int) -> None:
    save(desk, patient_id, entry(), entry("MCR", "M1", priority=2))
    save(desk, patient_id, entry(priority=2), entry("MCR", "M1"))
    now = coverage.of_patient(desk, patient_id, TODAY)
    assert [(row.plan_code, row.priority) for row in now] == [("MCR", 1), ("AET", 2)]


def test_an_untidy_form_is_no_change(desk: Desk, patient_id: int) -> None:
    save(desk, patient_id, entry())
    save(desk, patient_id, entry(" aet", " W1 "))
    assert len(coverage.of_patient(desk, patient_id)) == 1
