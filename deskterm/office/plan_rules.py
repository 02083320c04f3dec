"""What a plan wants before a visit: a referral, an authorization. Rows, not ``if``s."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from deskterm.db.authorizations import NEEDS, PlanRule
from deskterm.errors import Invalid, NotFound
from deskterm.office.desk import Desk

# Nobody is asked for a visit that the patient pays.
NO_PAYER = ("SELF", "CHARITY")
_PLAN = """
SELECT p.id, p.name, p.plan_type, p.referral_required, c.id, c.pcp, t.pcp FROM coverage c
JOIN plan p ON p.id = c.plan_id JOIN patient t ON t.id = c.patient_id
WHERE c.patient_id = ? AND (c.starts_on IS NULL OR c.starts_on <= ?)
  AND (c.ends_on IS NULL OR c.ends_on >= ?) ORDER BY c.priority, c.id LIMIT 1"""
# The most exact rule last.
_RULES = """
SELECT needs, needed, note FROM plan_rule
WHERE active = 1 AND (plan_id IS NULL OR plan_id = ?)
  AND (visit_type_id IS NULL OR visit_type_id = ?)
ORDER BY plan_id IS NOT NULL, visit_type_id IS NOT NULL, id"""
_LIST = """
SELECT r.id, coalesce(p.code, ''), coalesce(v.code, ''), r.needs, r.needed, r.note
FROM plan_rule r LEFT JOIN plan p ON p.id = r.plan_id
LEFT JOIN visit_type v ON v.id = r.visit_type_id WHERE r.active = 1
ORDER BY p.code, v.code, r.needs"""


@dataclass(frozen=True)
class Need:
    """What must be in hand for a visit, and whose rule that is."""

    referral: bool = False
    authorization: bool = False
    plan_id: int | None = None
    plan: str = ""
    coverage_id: int | None = None
    note: str = ""


@dataclass(frozen=True)
class RuleRow:
    """One rule as a list shows it; an empty code is for all of them."""

    id: int
    plan: str
    visit_type: str
    needs: str
    needed: bool
    note: str


def need(desk: Desk, patient_id: int, visit_type_id: int, day: date) -> Need:
    """What the plan that comes first on ``day`` wants for a visit. A part of an operation.

    A plan with referrals wants none for the practice of the patient's own primary care provider;
    a rule of the clinic's says otherwise.
    """
    found = desk.rows(_PLAN, patient_id, day.isoformat(), day.isoformat())
    if not found or found[0][2] in NO_PAYER:
        return Need()
    plan_id, name, _, referral, coverage_id, *pcps = found[0]
    if referral:
        referral = not _is_ours(desk, next(filter(None, pcps), ""))
    kind = desk.rows("SELECT needs_authorization FROM visit_type WHERE id = ?", visit_type_id)
    wanted = {"referral": bool(referral), "authorization": bool(kind and kind[0][0])}
    said = ""
    for needs, needed, note in desk.rows(_RULES, plan_id, visit_type_id):
        wanted[needs] = bool(needed)
        said = note or said
    return Need(wanted["referral"], wanted["authorization"], plan_id, name, coverage_id, said)


def _is_ours(desk: Desk, pcp: str) -> bool:
    """Whether a primary care provider, named on a card or a record, is one of this office."""
    words = set(re.findall(r"\w+", pcp.casefold()))
    return any(
        words >= set(re.findall(r"\w+", f"{first} {last}".casefold()))
        for first, last in desk.rows(
            "SELECT first_name, last_name FROM provider WHERE active = 1 AND last_name != ''"
        )
    )


def rules(desk: Desk) -> list[RuleRow]:
    """Every rule in force."""
    desk.require("view_schedule")
    return [
        RuleRow(key, plan, visit, needs, bool(needed), note)
        for key, plan, visit, needs, needed, note in desk.rows(_LIST)
    ]


def set_rule(
    desk: Desk,
    *,
    needs: str,
    plan: str = "",
    visit_type: str = "",
    needed: bool = True,
    note: str = "",
) -> PlanRule:
    """Say what a plan (a code; empty: every plan) wants for a visit type; the old rule ends.

    Raises NotFound for an unknown code, Invalid.
    """
    if needs not in dict(NEEDS):
        raise Invalid(f"Not {needs[:20]}", f"One of {', '.join(dict(NEEDS))}", field="needs")
    with desk.operation("authorization.rule") as op:
        plan_id = _id(desk, "plan", plan)
        type_id = _id(desk, "visit_type", visit_type)
        for (old,) in desk.rows(
            "SELECT id FROM plan_rule WHERE active = 1 AND needs = ? AND plan_id IS ?"
            " AND visit_type_id IS ?", needs, plan_id, type_id,
        ):  # fmt: skip
            ended = op.get(PlanRule, old)
            ended.active = False
            op.save(ended)
        made = op.create(
            PlanRule, plan=plan_id, visit_type=type_id, needs=needs, needed=needed, note=note
        )
        op.about(made)
        return made


def _id(desk: Desk, table: str, code: str) -> int | None:
    code = code.strip()
    if not code:
        return None
    found = desk.rows(f"SELECT id FROM {table} WHERE upper(code) = upper(?)", code)
    if not found:
        raise NotFound(f"No {table.replace('_', ' ')} {code[:12]}", "See the list of them")
    return int(found[0][0])
