"""The estimate's arithmetic: the worked examples of the field's rules, one row each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.office.estimates import Benefits, Service, estimate

V = "99213"


def one(allowed: int | None = 18000, **given: object) -> list[Service]:
    return [Service(V, allowed, **given)]  # type: ignore[arg-type]


B = Benefits
CASES: list[tuple[str, list[Service], Benefits | None, int | None]] = [
    # The three examples of the domain paper
    ("deductible then coinsurance", one(coinsurance=2000), B(10000, 90000, out_of_pocket_left=60000), 11600),
    ("copay only", one(copay_cents=3500, deductible_applies=False), B(0), 3500),
    ("capped out of pocket", one(120000, coinsurance=2000), B(100000, 25000, out_of_pocket_left=30000), 30000),
    # Deductible
    ("deductible met", one(coinsurance=2000), B(0), 3600),
    ("deductible swallows all", one(), B(100000), 18000),
    ("deductible exactly the fee", one(coinsurance=2000), B(18000), 18000),
    ("one cent of deductible left", one(coinsurance=2000), B(1), 1 + 3600),
    ("deductible does not apply", one(deductible_applies=False, coinsurance=2000), B(50000), 3600),
    ("family deductible met first", one(coinsurance=2000), B(50000, 0), 3600),
    ("aggregate family deductible does not count", one(coinsurance=2000), B(50000, 0, family_counts=False), 18000),
    ("family deductible known, own not", one(coinsurance=2000), B(None, 4000), 4000 + 2800),
    ("own known, family not", one(coinsurance=2000), B(4000, None), 4000 + 2800),
    # Copay
    ("copay and coinsurance", one(copay_cents=2500, deductible_applies=False, coinsurance=1000), B(0), 2500 + 1800),
    ("copay reduces the base", one(copay_cents=2500, deductible_applies=False, coinsurance=1000), B(0, copay_reduces_base=True), 2500 + 1550),
    ("copay larger than the fee", one(3000, copay_cents=5000, deductible_applies=False), B(0), 3000),
    ("copay with deductible left", one(copay_cents=2500), B(5000), 7500),
    ("high deductible: copay waits", one(copay_cents=2500), B(50000, copay_after_deductible=True), 18000),
    ("high deductible met: copay", one(copay_cents=2500, deductible_applies=False), B(0, copay_after_deductible=True), 2500),
    ("no copay", one(copay_cents=0, deductible_applies=False), B(0), 0),
    ("one copay for the visit", [Service(V, 10000, 2000, False), Service("36415", 1500, 2000, False)], B(0), 2000),
    # Coinsurance
    ("half a cent rounds up", one(2503, coinsurance=1000, deductible_applies=False), B(0), 250),
    ("exactly half a cent", one(2505, coinsurance=1000, deductible_applies=False), B(0), 251),
    ("a third", one(10000, coinsurance=3333, deductible_applies=False), B(0), 3333),
    ("all of it", one(10000, coinsurance=10000), B(0), 10000),
    ("nothing of it", one(10000, coinsurance=0), B(0), 0),
    ("12.5 percent", one(10000, coinsurance=1250), B(0), 1250),
    # Limits
    ("limit nearly reached", one(coinsurance=2000), B(0, out_of_pocket_left=1000), 1000),
    ("limit reached", one(coinsurance=2000), B(50000, out_of_pocket_left=0), 0),
    ("the family's limit is nearer", one(coinsurance=2000), B(0, out_of_pocket_left=5000, family_out_of_pocket_left=700), 700),
    ("limit not reached", one(coinsurance=2000), B(0, out_of_pocket_left=500000), 3600),
    ("copay counts to the limit", one(copay_cents=2500, deductible_applies=False), B(0, out_of_pocket_left=1000), 1000),
    # Several lines, in order
    ("the first line takes the deductible", [Service(V, 10000, 0, True, 2000), Service("71046", 8000, 0, True, 5000)], B(10000), 10000 + 4000),
    ("the deductible runs over", [Service(V, 10000, 0, True, 2000), Service("71046", 8000, 0, True, 5000)], B(12000), 10000 + 2000 + 3000),
    ("a line without deductible", [Service(V, 10000, 2500, False), Service("71046", 8000, 0, True, 2000)], B(5000), 2500 + 5000 + 600),
    # Not covered, preventive, nothing to share
    ("preventive", one(preventive=True, copay_cents=2500, coinsurance=2000), B(50000), 0),
    ("preventive and a problem", [Service("G0438", 25000, preventive=True), Service(V, 18000, 2500, False)], B(50000), 2500),
    ("not covered is owed in full", [Service(V, 18000, 2500, False), Service("X1", 9900, non_covered=True)], B(0), 12400),
    ("not covered is above the limit", [Service("X1", 9900, non_covered=True)], B(0, out_of_pocket_left=0), 9900),
    ("no cost share", one(copay_cents=2500, coinsurance=2000), B(50000, no_cost_share=True), 0),
    # Self-pay
    ("self-pay", [Service(V, 18000), Service("36415", 1500)], None, 19500),
    ("self-pay, fee unknown", [Service(V, None)], None, None),
    # Unknown stays unknown
    ("allowed unknown", one(None, coinsurance=2000), B(0), None),
    ("allowed unknown, copay is all", one(None, copay_cents=3500, deductible_applies=False), B(0), 3500),
    ("deductible unknown", one(coinsurance=2000), B(None), None),
    ("deductible unknown, does not apply", one(copay_cents=2500, deductible_applies=False), B(None), 2500),
    ("coinsurance unknown", one(coinsurance=None), B(0), None),
    ("coinsurance unknown, deductible takes all", one(coinsurance=None), B(50000), 18000),
    ("copay unknown", one(copay_cents=None, deductible_applies=False), B(0), None),
    ("unknown, but the limit is reached", one(coinsurance=None), B(0, out_of_pocket_left=0), 0),
    ("whether it applies is unknown", one(deductible_applies=None), B(5000), None),
    ("whether it applies does not matter", one(deductible_applies=None, coinsurance=2000), B(0), 3600),
]  # fmt: skip


@pytest.mark.parametrize(
    ("services", "benefits", "patient"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_worked_examples(
    services: list[Service], benefits: Benefits | None, patient: int | None
) -> None:
    found = estimate(services, benefits)
    assert found.patient_cents == patient
    if patient is not None:
        assert sum(step.cents for step in found.steps) == patient
    else:
        assert found.missing


def test_a_second_plan_pays_no_more_than_is_left() -> None:
    services = one(coinsurance=2000)
    assert estimate(services, B(0), secondary_cents=1600).patient_cents == 2000
    assert estimate(services, B(0), secondary_cents=9999).patient_cents == 0


def test_what_is_not_known_has_a_bound_where_one_holds() -> None:
    found = estimate(one(coinsurance=None), B(0, out_of_pocket_left=5000))
    assert (found.patient_cents, found.at_most_cents) == (None, 5000)
    assert found.sentence == "Not known, at most 50.00: coinsurance of 99213"
    assert estimate(one(None), B(0)).at_most_cents is None


def test_every_step_names_its_source() -> None:
    found = estimate(one(coinsurance=2000), B(10000, source="EB line 7, 03/17/2026"))
    assert [step.source for step in found.steps] == ["EB line 7, 03/17/2026"] * 2
    assert found.sentence == "We estimate your part as 116.00"


cents = st.integers(0, 200000)
services = st.lists(
    st.builds(
        Service, st.just(V), cents, st.integers(0, 10000), st.booleans(), st.integers(0, 10000),
        st.booleans(), st.booleans(),
    ),
    min_size=1, max_size=5,
)  # fmt: skip
benefits = st.builds(
    Benefits, cents, st.none() | cents, st.booleans(), st.none() | cents, st.none() | cents,
    st.booleans(), st.booleans(),
)  # fmt: skip


@given(services, benefits)
def test_never_above_what_is_allowed_and_never_below_nothing(
    planned: list[Service], answered: Benefits
) -> None:
    found = estimate(planned, answered)
    assert found.patient_cents is not None
    assert 0 <= found.patient_cents <= sum(s.allowed_cents or 0 for s in planned)
    assert sum(step.cents for step in found.steps) == found.patient_cents


@given(services, benefits, cents)
def test_more_deductible_left_never_costs_the_patient_less(
    planned: list[Service], answered: Benefits, more: int
) -> None:
    from dataclasses import replace

    plain = replace(answered, copay_after_deductible=False, family_deductible_left=None)
    after = replace(plain, deductible_left=(plain.deductible_left or 0) + more)
    first, second = estimate(planned, plain), estimate(planned, after)
    assert first.patient_cents is not None and second.patient_cents is not None
    assert first.patient_cents <= second.patient_cents
