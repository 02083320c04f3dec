"""What belongs to one patient's coverage beside the plan: card, accident, questionnaire, order."""

from __future__ import annotations

from datetime import date
from typing import Any

from deskterm.db.coverage import CasePolicy, Coverage, MspQuestionnaire
from deskterm.db.patients import Patient
from deskterm.entry.phones import parse_phone
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import access
from deskterm.office.benefit_order import MEDICARE, Asked, Facts, Medicare, Place, medicare, order
from deskterm.office.coverage import count_up
from deskterm.office.desk import Desk
from deskterm.office.patient_entry import clean

# What may be noted of a coverage without ending it: nothing of whose or which plan it is.
DETAILS = (
    "pcp", "card_front", "card_back", "standing", "household", "subscriber_sex",
)  # fmt: skip
CASE_TYPES = ("WC", "AUTO", "OTHER")
_FACTS = """
SELECT c.id, l.name, l.plan_type, c.relationship, c.subscriber_birth_date, c.starts_on, c.standing,
  c.household, c.priority, c.version
FROM coverage c JOIN plan l ON l.id = c.plan_id
WHERE c.patient_id = ? AND (c.starts_on IS NULL OR c.starts_on <= ?)
  AND (c.ends_on IS NULL OR c.ends_on >= ?) ORDER BY c.priority, c.id"""
_NEWEST = """
SELECT id FROM msp_questionnaire WHERE patient_id = ? ORDER BY asked_on DESC, id DESC LIMIT 1"""


def note_details(desk: Desk, coverage_id: int, *, version: int, **values: Any) -> Coverage:
    """Note what the card or the patient says beside the plan (see :data:`DETAILS`).

    Raises Stale, Invalid, NotFound.
    """
    unknown = values.keys() - set(DETAILS)
    if unknown:
        raise Invalid(f"{min(unknown)} is not changed so", "End the coverage and add the new one")
    with desk.operation("coverage.edit") as op:
        coverage = op.get(Coverage, coverage_id, version)
        for column, value in clean(Coverage, values).items():
            setattr(coverage, column, value)
        op.about(coverage, patient_id=coverage.patient_id)
        return op.save(coverage)


def note_case(desk: Desk, coverage_id: int, **values: Any) -> CasePolicy:
    """Note the accident or injury that a policy is for; again: change it.

    Raises Invalid for a plan that is no case policy or without kind and date, NotFound.
    """
    with desk.operation("coverage.case") as op:
        coverage = op.get(Coverage, coverage_id)
        kind = desk.rows("SELECT plan_type FROM plan WHERE id = ?", coverage.plan_id)[0][0]
        if kind not in CASE_TYPES:
            raise Invalid("That plan is not for an accident", "Add the case's policy first")
        if values.get("adjuster_phone"):
            values["adjuster_phone"] = parse_phone(
                values["adjuster_phone"], area_code=desk.settings.policy.area_code
            )
        checked = clean(CasePolicy, values)
        injured = checked.get("injured_on")
        if injured is not None and injured > desk.today():
            raise Invalid("The injury is in the future", "Check the date", field="injured_on")
        found = desk.rows("SELECT id FROM case_policy WHERE coverage_id = ?", coverage_id)
        if found:
            policy = op.get(CasePolicy, found[0][0])
            for column, value in checked.items():
                setattr(policy, column, value)
            op.save(policy)
        else:
            if not checked.get("kind"):
                raise Invalid("What kind of accident?", "work, auto or liability", field="kind")
            if injured is None:
                raise Invalid("When was it?", "The date of the injury", field="injured_on")
            policy = op.create(CasePolicy, coverage=coverage.id, **checked)
        op.about(policy, patient_id=coverage.patient_id)
        return policy


def case_of(desk: Desk, coverage_id: int) -> CasePolicy | None:
    """The accident's facts of a coverage; None when it has none."""
    desk.require("view_patients")
    policy: CasePolicy | None = CasePolicy.get_or_none(CasePolicy.coverage == coverage_id)
    if policy is not None:
        access.require_patient(desk, Coverage.get_by_id(coverage_id).patient_id)
    return policy


def ask_medicare(desk: Desk, patient_id: int, **answers: Any) -> Medicare:
    """Keep the answers of the Medicare secondary questionnaire; whether Medicare pays second.

    Raises Invalid, NotFound.
    """
    with desk.operation("coverage.questionnaire", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id)
        checked = clean(MspQuestionnaire, answers)
        if checked.get("works") and not checked.get("employees"):
            raise Invalid("How many employees?", "20 and 100 decide", field="employees")
        if checked.get("employees", 0) < 0:
            raise Invalid("How many employees?", "0 or more", field="employees")
        asked = op.create(
            MspQuestionnaire, patient=patient_id, asked_on=desk.today(),
            asked_by=desk.actor.login, **checked,
        )  # fmt: skip
        return medicare(_asked(asked), desk.today(), born=patient.birth_date)


def questionnaire(desk: Desk, patient_id: int) -> MspQuestionnaire | None:
    """The newest answers to the Medicare questionnaire; None when it was never asked."""
    desk.require("view_patients")
    access.require_patient(desk, patient_id)
    found = desk.rows(_NEWEST, patient_id)
    return MspQuestionnaire.get_by_id(found[0][0]) if found else None


def who_pays_first(desk: Desk, patient_id: int, on: date | None = None) -> list[Place]:
    """The coverages of a day in the order in which they should be billed, with reasons."""
    desk.require("view_patients")
    access.require_patient(desk, patient_id)
    day = on or desk.today()
    return _order(desk, patient_id, day)


def put_in_order(desk: Desk, patient_id: int, *, version: int) -> list[Place]:
    """Give today's coverages the priorities of :func:`who_pays_first`.

    ``version`` is the patient's. Raises Conflict when the facts do not decide, Stale.
    """
    with desk.operation("coverage.order", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id, version)
        places = _order(desk, patient_id, desk.today())
        open_ = next((place for place in places if not place.sure), None)
        if open_ is not None:
            raise Conflict(f"{open_.plan}: {open_.why}", "Answer that first", rule="order")
        changed = False
        for place in places:
            coverage = op.get(Coverage, place.id)
            if coverage.priority != place.place:
                coverage.priority = place.place
                op.save(coverage)
                changed = True
        if changed:
            count_up(op, patient)
        op.about(patient, patient_id=patient_id)
        return places


def _order(desk: Desk, patient_id: int, day: date) -> list[Place]:
    found = desk.rows("SELECT birth_date FROM patient WHERE id = ?", patient_id)
    if not found:
        raise NotFound("No such patient", "Look them up again")
    on = day.isoformat()
    facts = [
        Facts(
            number, plan, kind, relationship, _day(born), _day(since), standing, household
        )
        for number, plan, kind, relationship, born, since, standing, household, *_ in desk.rows(
            _FACTS, patient_id, on, on
        )
    ]  # fmt: skip
    newest = desk.rows(_NEWEST, patient_id)
    asked = None
    if newest and any(f.plan_type in MEDICARE for f in facts):
        asked = _asked(MspQuestionnaire.get_by_id(newest[0][0]))
    return order(facts, day, asked=asked, born=date.fromisoformat(found[0][0]))


def _asked(row: MspQuestionnaire) -> Asked:
    return Asked(
        works=bool(row.works), disabled=bool(row.disabled), employees=row.employees,
        kidney_since=row.kidney_since, accident=row.accident, black_lung=bool(row.black_lung),
        veterans=bool(row.veterans),
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
