"""Plans: changing one, and what it needs in words, the card that a clerk reads at the counter."""

from __future__ import annotations

from typing import Any

from deskterm.db.coverage import PLAN_TYPES, Plan
from deskterm.db.fields import word_of
from deskterm.entry.money import show_cents
from deskterm.entry.phones import parse_phone, show_phone
from deskterm.errors import Invalid, NotFound
from deskterm.office.desk import Desk
from deskterm.office.patient_entry import clean

# What each kind of plan usually asks for; a plan's own facts come first. Words, no rules.
_USUAL = {
    "HMO": "Network only. Usually a PCP and referrals.",
    "EPO": "Network only, except emergencies.",
    "POS": "A PCP; out of network costs more.",
    "PPO": "Any doctor; in network costs less.",
    "HDHP": "High deductible: the patient usually pays in full until it is met.",
    "MEDICARE": "Ask the questionnaire at every visit: who pays first?",
    "MA": "A private plan instead of Medicare: its own network and authorizations.",
    "MEDICAID": "Pays last. For many members a copay cannot be a condition of service.",
    "MCO": "Medicaid through a plan: its network; pays last.",
    "TRICARE": "Ask for the kind (Prime needs a referral from the PCM).",
    "WC": "For the injury only: claim number, employer and adjuster first.",
    "AUTO": "For the accident only: claim number and adjuster first.",
    "CHARITY": "No payer: the practice's own program.",
    "SELF": "No payer: a good faith estimate is owed.",
}  # fmt: skip


def card(desk: Desk, code: str) -> list[str]:
    """The plan's card, one fact to a line. Raises NotFound."""
    desk.require("view_patients")
    plan = Plan.get_or_none(Plan.code == code.strip().upper())
    if plan is None:
        raise NotFound(f"No such plan: {code[:12]}", "coverage plans lists them")
    kind = word_of(PLAN_TYPES, plan.plan_type)
    lines = [f"{plan.name}  {kind}" + (f"  payer {plan.payer_id}" if plan.payer_id else "")]
    if plan.plan_type in _USUAL:
        lines.append(_USUAL[plan.plan_type])
    needs = []
    if plan.pcp_required:
        needs.append("a PCP on the card")
    if plan.referral_required:
        needs.append("a referral")
    lines.append(f"Needs    {' and '.join(needs) if needs else 'no PCP, no referral'}")
    if plan.copay_cents is not None:
        when = " after the deductible" if plan.copay_after_deductible else ""
        lines.append(f"Copay    {show_cents(plan.copay_cents)} usually{when}")
    if plan.no_cost_share:
        lines.append("Ask nothing of the patient: no copay, no deductible")
    if plan.lab:
        lines.append(f"Lab      {plan.lab}")
    phones = [
        f"{what} {show_phone(number)}"
        for what, number in (("plan", plan.phone), ("authorizations", plan.auth_phone))
        if number
    ]
    if phones:
        lines.append(f"Phone    {'   '.join(phones)}")
    if plan.claims_address:
        lines.append(f"Claims   {plan.claims_address}")
    if plan.note:
        lines.append(f"Note     {plan.note}")
    return lines


def edit_plan(desk: Desk, code: str, **values: Any) -> Plan:
    """Change what is known of a plan. Raises NotFound, Invalid; its code stays."""
    with desk.operation("coverage.plan") as op:
        found = desk.rows("SELECT id FROM plan WHERE code = ?", code.strip().upper())
        if not found:
            raise NotFound(f"No such plan: {code[:12]}", "coverage plans lists them")
        plan = op.get(Plan, found[0][0])
        for column in ("phone", "auth_phone"):
            if values.get(column):
                values[column] = parse_phone(
                    values[column], area_code=desk.settings.policy.area_code
                )
        checked = clean(Plan, values)
        if "name" in checked and not checked["name"]:
            raise Invalid("the plan's name is missing", "Type it", field="name")
        _check_copay(desk, checked.get("copay_cents"))
        _check_services(checked.get("services", ""))
        for column, value in checked.items():
            setattr(plan, column, value)
        return op.save(plan)


def _check_copay(desk: Desk, cents: int | None) -> None:
    if cents is not None and not 0 <= cents <= desk.settings.policy.large_amount:
        raise Invalid("a copay is 0 or more", "For example 25", field="copay_cents")


def _check_services(services: str) -> None:
    for service in services.split():
        if not (service.isascii() and service.isalnum() and len(service) <= 3):
            raise Invalid(
                f"{service[:6]} is not a service type", "For example: 30 98 UC", field="services"
            )
