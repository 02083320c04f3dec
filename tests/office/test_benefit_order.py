"""Who pays first: a table of worked cases of the coordination rules and of Medicare's."""

from __future__ import annotations

from datetime import date

import pytest

from deskterm.errors import Conflict, Invalid, Stale
from deskterm.office import coverage, policies
from deskterm.office.benefit_order import Asked, Facts, medicare, order
from deskterm.office.desk import Desk
from tests import factories

ON = date(2026, 3, 18)
MOTHER, FATHER = date(1985, 2, 20), date(1980, 6, 1)


def facts(number: int, kind: str = "PPO", relationship: str = "18", **more: object) -> Facts:
    return Facts(number, f"plan {number}", kind, relationship, **more)  # type: ignore[arg-type]


CASES = [
    ("own plan before a spouse's", [facts(1, relationship="01"), facts(2)], [2, 1], True),
    ("birthday rule: month and day, not year",
     [facts(1, relationship="19", subscriber_birth=FATHER, household="together"),
      facts(2, relationship="19", subscriber_birth=MOTHER, household="together")], [2, 1], True),
    ("birthday rule with an older parent later in the year",
     [facts(1, relationship="19", subscriber_birth=date(1960, 12, 1), household="together"),
      facts(2, relationship="19", subscriber_birth=date(1990, 11, 30), household="together")],
     [2, 1], True),
    ("birthday rule, nobody asked whether the parents live together",
     [facts(1, relationship="19", subscriber_birth=FATHER),
      facts(2, relationship="19", subscriber_birth=MOTHER)], [2, 1], False),
    ("a parent's birth date is missing",
     [facts(1, relationship="19", subscriber_birth=FATHER), facts(2, relationship="19")],
     [2, 1], False),
    ("the same birthday: longer in force",
     [facts(1, relationship="19", subscriber_birth=MOTHER, starts_on=date(2024, 1, 1),
            household="together"),
      facts(2, relationship="19", subscriber_birth=date(1970, 2, 20), starts_on=date(2020, 1, 1),
            household="together")], [2, 1], True),
    ("apart: custody before the other parent, whatever the birthdays",
     [facts(1, relationship="19", subscriber_birth=MOTHER, household="other"),
      facts(2, relationship="19", subscriber_birth=FATHER, household="custodial")], [2, 1], True),
    ("apart: custody's spouse before the other parent",
     [facts(1, relationship="19", household="other"),
      facts(2, relationship="19", household="custodial_spouse"),
      facts(3, relationship="19", household="other_spouse")], [2, 1, 3], True),
    ("a court's decree before custody",
     [facts(1, relationship="19", household="custodial"),
      facts(2, relationship="19", household="decree")], [2, 1], True),
    ("who works before COBRA", [facts(1, standing="cobra"), facts(2, standing="active")],
     [2, 1], True),
    ("who works before retired", [facts(1, standing="retired"), facts(2, standing="active")],
     [2, 1], True),
    ("two own plans: longer in force",
     [facts(1, starts_on=date(2025, 1, 1)), facts(2, starts_on=date(2020, 1, 1))], [2, 1], True),
    ("nothing decides", [facts(1), facts(2)], [1, 2], False),
    ("Medicaid last, though it is one's own",
     [facts(1, "MEDICAID"), facts(2, relationship="01")], [2, 1], True),
    ("Medicaid managed care last", [facts(1, "MCO"), facts(2)], [2, 1], True),
    ("an accident's policy first", [facts(1), facts(2, "AUTO")], [2, 1], True),
    ("workers' compensation first", [facts(1), facts(2, "WC"), facts(3, "MEDICAID")],
     [2, 1, 3], True),
    ("one alone", [facts(1)], [1], True),
]  # fmt: skip


@pytest.mark.parametrize(("case", "given", "wanted", "sure"), CASES, ids=[c[0] for c in CASES])
def test_order(case: str, given: list[Facts], wanted: list[int], sure: bool) -> None:
    places = order(given, ON)
    assert [place.id for place in places] == wanted
    assert all(place.sure for place in places) == sure
    assert all(place.why for place in places)
    # The same facts in another order give the same order.
    assert [p.id for p in order(list(reversed(given)), ON)] == wanted


OLD, YOUNG = date(1950, 1, 1), date(1970, 1, 1)
MEDICARE = [
    ("nobody works", Asked(), OLD, False, ""),
    ("works, 20 employees", Asked(works=True, employees=20), OLD, True, "12"),
    ("works, 19 employees", Asked(works=True, employees=19), OLD, False, ""),
    ("disabled, 100", Asked(works=True, employees=100, disabled=True), OLD, True, "43"),
    ("disabled, 99", Asked(works=True, employees=99, disabled=True), OLD, False, ""),
    ("under 65 is disability", Asked(works=True, employees=40), YOUNG, False, ""),
    ("under 65, 100", Asked(works=True, employees=100), YOUNG, True, "43"),
    ("kidney, first month", Asked(employees=5, kidney_since=date(2026, 3, 1)), OLD, True, "13"),
    ("kidney, last day of 30 months",
     Asked(employees=5, kidney_since=date(2023, 9, 19)), OLD, True, "13"),
    ("kidney, after 30 months",
     Asked(employees=5, kidney_since=date(2023, 9, 18)), OLD, False, ""),
    ("injury at work", Asked(accident="work", works=True, employees=5), OLD, True, "15"),
    ("auto accident", Asked(accident="auto"), OLD, True, "14"),
    ("somebody is liable", Asked(accident="liability"), OLD, True, "47"),
    ("black lung", Asked(black_lung=True), OLD, True, "41"),
    ("veterans", Asked(veterans=True), OLD, True, "42"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "asked", "born", "second", "code"), MEDICARE,
                         ids=[c[0] for c in MEDICARE])  # fmt: skip
def test_medicare(case: str, asked: Asked, born: date, second: bool, code: str) -> None:
    found = medicare(asked, ON, born=born)
    assert (found.second, found.code) == (second, code)
    given = [facts(1, "MEDICARE"), facts(2)]
    assert [p.id for p in order(given, ON, asked=asked, born=born)] == (
        [2, 1] if second else [1, 2]
    )


def test_medicare_beside_a_group_plan_is_not_sure_until_asked() -> None:
    places = order([facts(1, "MEDICARE"), facts(2)], ON)
    assert not any(place.sure for place in places)


def test_the_order_is_applied_and_the_form_that_was_open_is_stale(desk: Desk) -> None:
    made = factories.clinic(desk)
    patient = made.patient()
    made.cover(patient, "MCD", priority=1)
    made.cover(patient, "AETPPO", priority=2)
    places = policies.put_in_order(desk, patient.id, version=1)
    assert [p.plan for p in places] == ["Aetna PPO", "Medicaid"]
    assert [c.plan_code for c in coverage.of_patient(desk, patient.id, factories.TODAY)] == [
        "AETPPO",
        "MCD",
    ]
    with pytest.raises(Stale):
        policies.put_in_order(desk, patient.id, version=1)


def test_what_does_not_decide_is_not_applied(desk: Desk) -> None:
    made = factories.clinic(desk)
    patient = made.patient()
    coverage.add_plan(desk, code="MCR", name="Medicare", plan_type="MEDICARE")
    made.plans["MCR"] = type(made.plans["AETPPO"]).get(code="MCR")
    made.cover(patient, "AETPPO", priority=1)
    made.cover(patient, "MCR", priority=2)
    with pytest.raises(Conflict, match="questionnaire"):
        policies.put_in_order(desk, patient.id, version=1)
    with pytest.raises(Invalid, match="How many employees"):
        policies.ask_medicare(desk, patient.id, works=True)
    assert not policies.ask_medicare(desk, patient.id, works=True, employees=12).second
    places = policies.put_in_order(desk, patient.id, version=1)
    # Born in 1982: Medicare for disability, and the employer is small.
    assert [p.plan for p in places] == ["Medicare", "Aetna PPO"]


def test_an_accident_belongs_to_a_case_policy(desk: Desk) -> None:
    made = factories.clinic(desk)
    coverage.add_plan(desk, code="WC1", name="State Fund", plan_type="WC")
    made.plans["WC1"] = type(made.plans["AETPPO"]).get(code="WC1")
    patient = made.patient()
    health, work = made.cover(patient), made.cover(patient, "WC1", priority=2)
    with pytest.raises(Invalid, match="not for an accident"):
        policies.note_case(desk, health.id, kind="work", injured_on=ON)
    with pytest.raises(Invalid, match="When was it"):
        policies.note_case(desk, work.id, kind="work")
    policies.note_case(
        desk, work.id, kind="work", injured_on=date(2026, 3, 2), claim_number="C-1",
        adjuster_phone="555-0144",
    )  # fmt: skip
    policies.note_case(desk, work.id, adjuster="Dana")
    case = policies.case_of(desk, work.id)
    assert case is not None
    assert (case.claim_number, case.adjuster, case.adjuster_phone) == (
        "C-1",
        "Dana",
        "+12175550144",
    )
    assert [p.plan for p in policies.who_pays_first(desk, patient.id)] == [
        "State Fund",
        "Aetna PPO",
    ]
