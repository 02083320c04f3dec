"""The estimate of a planned visit from what a payer answered: chosen, sourced, or unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.coverage import Plan
from deskterm.db.scheduling import VisitType
from deskterm.db.staff import Provider
from deskterm.office import answers_by_hand, charges, eligibility, visit_estimate
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from tests import factories
from tests.answers import PPO, answer
from tests.factories import TODAY


@dataclass
class Case:
    """What a payer said, what is planned, and the patient's part in cents (None: unknown)."""

    name: str
    lines: Sequence[str]
    wanted: int | None
    planned: dict[str, int | None] = field(default_factory=lambda: {"99213": 18000})
    services: str = ""
    specialty: str = "Family Medicine"
    plan: dict[str, Any] = field(default_factory=dict)
    visit: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    network: str = "in"
    at_most: int | None = None


ACTIVE = "EB*1*IND*30"
# Domain.md 2.6: 100 left of 900 of the family, 20 %, 600 left out of pocket.
FIRST = (ACTIVE, "EB*C*IND*30***29*100*****Y", "EB*C*FAM*30***29*900*****Y",
         "EB*A*IND*98*****.2****Y", "EB*G*IND*30***29*600*****Y")  # fmt: skip
CASES = [
    Case("deductible, then coinsurance", FIRST, 11600, says="20 % of 80.00"),
    Case("copay only", (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***27*35*****Y"), 3500),
    Case("family's deductible is met first, capped out of pocket",
         (ACTIVE, "EB*C*IND*30***29*1000*****Y", "EB*C*FAM*30***29*250*****Y",
          "EB*A*IND*98*****.2****Y", "EB*G*IND*30***29*300*****Y"), 30000,
         planned={"99215": 120000}, says="out-of-pocket limit"),
    Case("the primary care physician's copay", PPO, 2500),
    Case("the specialist's copay", PPO, 4500, specialty="Cardiology"),
    Case("nobody knows which doctor: two copays, nothing guessed", PPO, None, specialty="",
         says="copay"),
    Case("urgent care has its own copay", PPO, 6000, services="UC"),
    Case("imaging: deductible applies, 20 %", PPO, 31000 + 13800, services="62",
         planned={"70551": 100000}),
    Case("out of network: 40 % after 5,000", PPO, 500000 + 200000, network="out", services="62",
         planned={"70551": 1000000}),
    Case("whole less used this year",
         (ACTIVE, "EB*C*IND*30***23*500*****Y", "EB*C*IND*30***24*450*****Y",
          "EB*A*IND*98*****.1****Y"), 5000 + 1300),
    Case("the whole alone does not tell what is left",
         (ACTIVE, "EB*C*IND*30***23*500*****Y", "EB*A*IND*98*****.1****Y"), None,
         says="deductible left"),
    Case("a whole of nothing tells",
         (ACTIVE, "EB*C*IND*30***23*0*****Y", "EB*A*IND*98*****.1****Y"), 1800),
    Case("nobody spoke of the deductible",
         (ACTIVE, "EB*A*IND*98*****.1****Y"), None, says="deductible left"),
    Case("nobody spoke of the deductible, but a copay stands alone",
         (ACTIVE, "EB*B*IND*98***27*20*****Y"), 2000),
    Case("copay after the deductible (HDHP)",
         (ACTIVE, "EB*C*IND*30***29*2000*****Y", "EB*B*IND*98***27*30*****Y",
          "EB*A*IND*98*****0****Y"), 18000, plan={"copay_after_deductible": True}),
    Case("the message says that the deductible is waived",
         (ACTIVE, "EB*C*IND*30***29*2000*****Y", "EB*A*IND*98*****.1****Y",
          "MSG*DEDUCTIBLE DOES NOT APPLY"), 1800),
    Case("the message says that the copay comes after it",
         (ACTIVE, "EB*C*IND*30***29*100*****Y", "EB*B*IND*98***27*30*****Y",
          "MSG*SUBJECT TO DEDUCTIBLE", "EB*A*IND*98*****0****Y"), 13000),
    Case("the payer sends its own share",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*A*IND*98*****.8****Y"), 3600,
         plan={"inverted_share": True}),
    Case("20 instead of .2", (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*A*IND*98*****20****Y"), 3600),
    Case("preventive, nothing said", (ACTIVE, "EB*C*IND*30***29*900*****Y"), 0,
         visit={"preventive": True}),
    Case("preventive, but the payer names a copay",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*81***27*15*****Y"), 1500,
         visit={"preventive": True}, services="81"),
    Case("not covered: all of it, with a notice",
         (ACTIVE, "EB*I*IND*64", "EB*C*IND*30***29*0*****Y"), 18000, services="64",
         says="not covered"),
    Case("not covered elsewhere is nothing here",
         (ACTIVE, "EB*I*IND*64", "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***27*35*****Y"), 3500),
    Case("a qualified Medicare beneficiary pays nothing",
         (ACTIVE, "EB*R**30*QM*QMB", "EB*B*IND*98***27*35*****Y"), 0),
    Case("a plan whose members pay nothing", (ACTIVE, "EB*B*IND*98***27*3*****Y"), 0,
         plan={"no_cost_share": True}),
    Case("no contract: the allowed amount is unknown, the copay is not enough",
         FIRST, None, planned={"99213": None}, says="allowed amount"),
    Case("no contract, but a flat copay", (ACTIVE, "EB*B*IND*98***27*35*****Y"), 3500,
         planned={"99213": None}),
    Case("two services, one copay",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***27*35*****Y"), 3500,
         planned={"99213": 18000, "36415": 1000}),
    Case("two services share the deductible", FIRST, 10000 + 1600 + 200,
         planned={"99213": 18000, "36415": 1000}),
    Case("the network is told in the message only",
         (ACTIVE, "EB*C*IND*30***29*0", "EB*B*IND*98***27*20", "MSG*IN NETWORK",
          "EB*B*IND*98***27*50", "MSG*OUT OF NETWORK"), 2000),
    Case("the network is told in the message only, out of it",
         (ACTIVE, "EB*C*IND*30***29*0", "EB*B*IND*98***27*20", "MSG*IN NETWORK",
          "EB*B*IND*98***27*50", "MSG*OUT OF NETWORK"), 5000, network="out"),
    Case("W is for both", (ACTIVE, "EB*C*IND*30***29*0*****W", "EB*B*IND*98***27*20*****W"), 2000),
    Case("the named network before the one for both",
         (ACTIVE, "EB*C*IND*30***29*0*****W", "EB*B*IND*98***27*20*****W",
          "EB*B*IND*98***27*15*****Y"), 1500),
    Case("several services on one line",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*1^33^98^UC***27*10*****Y"), 1000),
    Case("the office visit's line before the whole plan's",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*30***27*40*****Y",
          "EB*B*IND*98***27*10*****Y"), 1000),
    Case("a copay of a year is no copay of a visit",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***23*400*****Y",
          "EB*A*IND*98*****.2****Y"), 3600),
    Case("no limit out of pocket is no cap",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*A*IND*98*****.5****Y",
          "EB*G*IND*30***29*99999.99*****Y"), 9000),
    Case("the family's out-of-pocket limit caps as well",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*A*IND*98*****.5****Y",
          "EB*G*FAM*30***29*12*****Y"), 1200),
    Case("the limit is reached: nothing, whatever is missing",
         (ACTIVE, "EB*A*IND*98*****.2****Y", "EB*G*IND*30***29*0*****Y"), 0,
         planned={"99213": None}),
    Case("unknown, but bounded by what is left out of pocket",
         (ACTIVE, "EB*A*IND*98*****.2****Y", "EB*G*IND*30***29*60*****Y"), None, at_most=6000),
    Case("an aggregate family deductible is the plan's fact",
         (ACTIVE, "EB*C*IND*30***29*100*****Y", "EB*C*FAM*30***29*50*****Y",
          "EB*A*IND*98*****0****Y"), 10000, plan={"family_counts": False}),
    Case("half a cent goes up", (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*A*IND*98*****.15****Y"),
         1502, planned={"99213": 10010}),
    Case("a deductible of an own service comes before the plan's",
         (ACTIVE, "EB*C*IND*30***29*500*****Y", "EB*C*IND*62***29*50*****Y",
          "EB*A*IND*62*****.1****Y"), 5000 + 9500, services="62", planned={"70551": 100000}),
    Case("two deductibles that disagree: unknown",
         (ACTIVE, "EB*C*IND*30***29*500*****Y", "EB*C*IND*30***29*300*****Y",
          "EB*A*IND*98*****.1****Y"), None, says="deductible left"),
    Case("the same line twice is one",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***27*25*****Y",
          "EB*B*IND*98***27*25*****Y"), 2500),
    Case("a visit type without copay",
         (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***27*25*****Y",
          "EB*A*IND*98*****0****Y"), 0, visit={"copay_applies": False}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_estimate(desk: Desk, case: Case) -> None:
    visit = planned(desk, case)
    eligibility.stored_answers(desk, answer(*case.lines))
    made = visit_estimate.for_visit(
        desk, visit, [ChargeLine(code) for code in case.planned], network=case.network
    )
    shown = "\n".join(made.lines)
    assert made.estimate.patient_cents == case.wanted, shown
    assert case.says in shown
    assert made.estimate.at_most_cents == case.at_most or case.at_most is None
    if made.estimate.patient_cents:
        assert any("DT1" in step.source for step in made.estimate.steps), shown


def planned(desk: Desk, case: Case) -> int:
    """A clinic, a covered patient and the visit of a case."""
    clinic = factories.clinic(desk)
    plan, kind, provider = (
        clinic.plans["AETPPO"], clinic.visit_types["FU"], clinic.providers["NOVAK"],
    )  # fmt: skip
    with desk.operation("clinic.settings") as op:
        plan = op.get(Plan, plan.id)
        for name, value in {"copay_cents": None, **case.plan}.items():
            setattr(plan, name, value)
        op.save(plan)
        kind = op.get(VisitType, kind.id)
        for name, value in {"services": case.services, **case.visit}.items():
            setattr(kind, name, value)
        op.save(kind)
        who = op.get(Provider, provider.id)
        who.specialty = case.specialty
        op.save(who)
    for code, cents in case.planned.items():
        charges.set_fee(desk, code, 99900, starts_on=date(2025, 1, 1))
        if cents is not None:
            charges.set_fee(desk, code, cents, plan_id=plan.id, starts_on=date(2025, 1, 1))
    patient = clinic.patient()
    clinic.cover(patient)
    return int(clinic.appointment(patient).id)


def test_there_are_forty_worked_examples() -> None:
    assert len({(tuple(c.lines), str(c)) for c in CASES}) >= 40


def test_self_pay_is_the_full_fee(desk: Desk) -> None:
    clinic = factories.clinic(desk)
    charges.set_fee(desk, "99213", 18000, starts_on=date(2025, 1, 1))
    visit = clinic.appointment(clinic.patient())
    made = visit_estimate.for_visit(desk, visit.id, [ChargeLine("99213")])
    assert (made.plan, made.estimate.patient_cents) == ("self-pay", 18000)


def test_without_an_answer_only_the_copay_on_the_card_is_said(desk: Desk) -> None:
    clinic = factories.clinic(desk)
    patient = clinic.patient()
    clinic.cover(patient)
    made = visit_estimate.for_visit(desk, clinic.appointment(patient).id)
    assert made.estimate.patient_cents is None
    assert made.estimate.missing == ("benefits were not verified",)
    assert made.estimate.steps[0].cents == 2500
    assert "verify" in made.do


def test_an_old_answer_says_that_it_is_old(desk: Desk, clock: FrozenClock) -> None:
    visit = planned(desk, CASES[0])
    eligibility.stored_answers(desk, answer(*CASES[0].lines))
    days = desk.settings.policy.benefits_stale + 1
    with desk.operation("appointment.note") as op:
        from deskterm.db.scheduling import Appointment

        row = op.get(Appointment, visit)
        row.day = TODAY + timedelta(days=days)
        op.save(row)
    made = visit_estimate.for_visit(desk, visit)
    assert made.stale
    assert "old" in made.do


def test_a_second_plan_gives_a_range_and_no_promise(desk: Desk) -> None:
    visit = planned(desk, CASES[0])
    eligibility.stored_answers(desk, answer(*CASES[0].lines))
    found = desk.rows("SELECT patient_id FROM appointment WHERE id = ?", visit)[0][0]
    with desk.operation("coverage.add", patient_id=found) as op:
        from deskterm.db.coverage import Coverage

        plan = desk.rows("SELECT id FROM plan WHERE code = 'MCD'")[0][0]
        op.create(Coverage, patient=found, plan=plan, member_id="M1", priority=2)
    made = visit_estimate.for_visit(desk, visit, [ChargeLine("99213")])
    assert made.estimate.patient_cents == 11600
    assert "between 0.00 and 116.00" in made.secondary


def test_the_panel_asks_for_the_copay_that_the_payer_named_and_shows_the_estimate(
    desk: Desk,
) -> None:
    from deskterm.office import dues

    case = Case("", (ACTIVE, "EB*C*IND*30***29*0*****Y", "EB*B*IND*98***27*35*****Y"), 3500)
    visit = planned(desk, case)
    (patient,) = desk.rows("SELECT patient_id FROM appointment WHERE id = ?", visit)[0]
    assert dues.estimate(desk, patient, visit) is None
    said = answers_by_hand.ByHand(
        "active", copay_cents=3500, deductible_left_cents=0, reference="1"
    )
    (covered,) = desk.rows("SELECT id FROM coverage WHERE patient_id = ?", patient)[0]
    answers_by_hand.by_hand(desk, covered, said, on=TODAY, method="portal", appointment_id=visit)
    (due,) = dues.due(desk, patient, visit)
    assert (due.due_cents, due.why) == (3500, "Aetna PPO: copay that the payer named")
    found = dues.estimate(desk, patient, visit)
    assert found is not None
    assert found.cents == 3500
