"""The patient's part of a planned visit, from what the payer answered, with every step's source.

What is not known is said to be unknown, with what would make it known; nothing is guessed and
nothing is taken as zero because nobody said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from deskterm.db.coverage import Plan
from deskterm.entry.money import show_cents
from deskterm.errors import NotFound
from deskterm.office import access, benefits, charges, coverage
from deskterm.office.benefits import Figure, Said
from deskterm.office.charges import ChargeLine
from deskterm.office.coverage import CoverageRow
from deskterm.office.desk import Desk
from deskterm.office.estimates import Benefits, Estimate, Service, Step, estimate

_VISIT = """
SELECT a.patient_id, a.day, v.services, v.preventive, v.usual_codes, v.name, v.copay_applies,
  p.specialty
FROM appointment a JOIN visit_type v ON v.id = a.visit_type_id
JOIN provider p ON p.id = a.provider_id WHERE a.id = ?"""
_CONTRACT = """
SELECT amount_cents FROM fee WHERE code = ? AND plan_id = ? AND starts_on <= ?
  AND (ends_on IS NULL OR ends_on >= ?) ORDER BY starts_on DESC LIMIT 1"""
_NO_PAYER = ("SELF", "CHARITY")
PREVENTIVE_SERVICES = ("BZ", "81", "68", "98")


@dataclass(frozen=True)
class VisitEstimate:
    """An estimate with whose plan it rests on, the answer's day, and what to do for more."""

    estimate: Estimate
    plan: str
    said: Said | None
    secondary: str = ""
    do: str = ""
    stale: bool = False

    @property
    def lines(self) -> list[str]:
        """The estimate as it is shown and printed, one step to a line with its source."""
        out = [self.estimate.sentence]
        for step in self.estimate.steps:
            source = f"   ({step.source})" if step.source else ""
            out.append(f"  {show_cents(step.cents):>10}  {step.words}{source}")
        if self.estimate.patient_cents is not None:
            out.append(f"How sure: {self.estimate.confidence}")
        if self.secondary:
            out.append(self.secondary)
        if self.do:
            out.append(f"Next: {self.do}")
        out.append("An estimate, not a promise: the plan decides when it gets the claim.")
        return out


def for_visit(
    desk: Desk, appointment_id: int, lines: Sequence[ChargeLine] = (), *, network: str = "in"
) -> VisitEstimate:
    """The patient's part of a visit by its usual codes, or by ``lines``. Raises NotFound."""
    desk.require("view_money")
    found = desk.rows(_VISIT, appointment_id)
    if not found:
        raise NotFound("No such visit", "Look it up again")
    patient_id, day, services, preventive, codes, name, copay_applies, specialty = found[0]
    access.require_patient(desk, patient_id)
    on = date.fromisoformat(day)
    wanted = tuple(services.split()) or (
        PREVENTIVE_SERVICES if preventive else benefits.USUAL_SERVICES
    )
    planned = list(lines) or [ChargeLine(code) for code in codes.split()]
    asked = _Asked(
        on,
        wanted,
        bool(preventive),
        str(name),
        bool(copay_applies),
        benefits.tier_of(specialty),
        network,
    )
    return _estimate(desk, patient_id, planned, asked)


@dataclass(frozen=True)
class _Asked:
    day: date
    services: tuple[str, ...]
    preventive: bool
    name: str
    copay_applies: bool
    tier: str
    network: str


def _estimate(
    desk: Desk, patient_id: int, planned: Sequence[ChargeLine], asked: _Asked
) -> VisitEstimate:
    covered = coverage.of_patient(desk, patient_id, asked.day)
    first = next((c for c in covered if c.plan_type not in _NO_PAYER), None)
    if first is None:
        services = [_service(desk, line, asked.day, None) for line in planned]
        services = services or [Service(asked.name, None)]
        return VisitEstimate(estimate(services, None), "self-pay", None)
    plan = Plan.get_by_id(desk.rows("SELECT plan_id FROM coverage WHERE id = ?", first.id)[0][0])
    said = benefits.newest(desk, first.id, with_benefits=True)
    latest = benefits.newest(desk, first.id)
    if plan.no_cost_share:
        rule = Benefits(no_cost_share=True, source=f"{plan.name}: nothing is asked of its members")
        return VisitEstimate(estimate([Service(asked.name, 0)], rule), plan.name, said)
    if said is None:
        do = _gone(latest, asked) or "verify the benefits (e), or take the plan's copay"
        return VisitEstimate(_unasked(first, asked), plan.name, latest, do=do)
    rule = _rule(said, plan, asked)
    services = [
        _service(desk, line, asked.day, plan.id, said, plan, asked, first) for line in planned
    ] or [_visit(said, plan, asked, first)]
    made = estimate(services, rule)
    secondary = next(
        (c for c in covered if c.priority > first.priority and c.plan_type not in _NO_PAYER), None
    )
    after = ""
    if secondary is not None and made.patient_cents:
        after = (
            f"{secondary.plan_name} is billed second and may pay some of it: between 0.00 and "
            f"{show_cents(made.patient_cents)} is left"
        )
    stale = asked.day - said.day > timedelta(days=desk.settings.policy.benefits_stale)
    do = _next(made, stale, latest, asked)
    return VisitEstimate(made, plan.name, said, after, do, stale)


def _next(made: Estimate, stale: bool, latest: Said | None, asked: _Asked) -> str:
    if gone := _gone(latest, asked):
        return gone
    if stale:
        return "the answer is old: verify again (e)"
    if made.patient_cents is None:
        return "call the plan for what is missing, and note it (+)"
    return ""


def _gone(latest: Said | None, asked: _Asked) -> str:
    """What to do when the newest answer says that nothing is covered on the day."""
    if latest is not None and latest.status == "inactive":
        return "the payer says inactive: ask for the new card"
    if latest is not None and latest.ends_on is not None and latest.ends_on < asked.day:
        return f"the coverage ends {latest.ends_on:%m/%d/%Y}, before the visit"
    return ""


def _unasked(first: CoverageRow, asked: _Asked) -> Estimate:
    """Nobody asked for benefits: the copay on the card is all that is known."""
    missing = ("benefits were not verified",)
    if first.copay_cents is None or not asked.copay_applies:
        return Estimate(None, (), missing)
    source = "card" if first.own_copay_cents is not None else "the plan's usual copay"
    step = Step(f"copay {show_cents(first.copay_cents)} at least", first.copay_cents, source)
    return Estimate(None, (step,), missing)


def _rule(said: Said, plan: Plan, asked: _Asked) -> Benefits:
    lines, services, network = said.lines, asked.services, asked.network
    qualified = benefits.no_cost_share(lines)
    if qualified is not None:
        return Benefits(no_cost_share=True, source=said.source_of(qualified))
    own = benefits.left(lines, "C", services, "IND", network=network)
    family = benefits.left(lines, "C", services, "FAM", network=network)
    most = benefits.left(lines, "G", services, "IND", network=network)
    family_most = benefits.left(lines, "G", services, "FAM", network=network)
    mentioned = any(x.code == "C" for x in lines)
    source = next((said.source_of(f.line) for f in (own, family, most) if f.line), "")
    return Benefits(
        # A plan that never speaks of a deductible in an answer with amounts has not said none.
        deductible_left=own.value if mentioned else None,
        family_deductible_left=family.value,
        family_counts=plan.family_counts,
        out_of_pocket_left=most.value,
        family_out_of_pocket_left=family_most.value,
        copay_after_deductible=plan.copay_after_deductible,
        source=source or f"{said.payer or plan.name}, {said.day:%m/%d/%Y}",
    )


def _visit(said: Said, plan: Plan, asked: _Asked, first: CoverageRow) -> Service:
    """The visit as one service whose allowed amount nobody knows."""
    return _ruled(Service(asked.name, None), said, plan, asked, first)


def _service(
    desk: Desk, line: ChargeLine, day: date, plan_id: int | None, said: Said | None = None,
    plan: Plan | None = None, asked: _Asked | None = None, first: CoverageRow | None = None,
) -> Service:  # fmt: skip
    """One planned service: what the contract allows for it, else only the copay can be known."""
    allowed = line.amount_cents
    if allowed is None:
        allowed = _contracted(desk, line.code, day, plan_id)
    cents = None if allowed is None else allowed * line.units
    made = Service(line.code.upper(), cents)
    if said is None or plan is None or asked is None or first is None:
        return made
    return _ruled(made, said, plan, asked, first)


def _contracted(desk: Desk, code: str, day: date, plan_id: int | None) -> int | None:
    """The plan's own fee for a code; for self-pay the full fee. Never the one for the other."""
    if plan_id is None:
        return charges.fee_of(desk, code, day)
    on = day.isoformat()
    own = desk.rows(_CONTRACT, code.upper(), plan_id, on, on)
    return int(own[0][0]) if own else None


def _ruled(service: Service, said: Said, plan: Plan, asked: _Asked, first: CoverageRow) -> Service:
    lines, network = said.lines, asked.network
    barred = benefits.excluded(lines, asked.services, network=network)
    if barred is not None:
        return Service(
            service.code, service.allowed_cents, non_covered=True, source=said.source_of(barred)
        )
    copay = benefits.copay(lines, asked.services, tier=asked.tier, network=network)
    share = benefits.coinsurance(
        lines, asked.services, tier=asked.tier, network=network, inverted=plan.inverted_share
    )
    # A service's own copay stands instead of the plan's coinsurance, and the other way round.
    if copay.value and share.whole_plan and not copay.whole_plan:
        share = Figure(0, share.line)
    elif share.value and copay.whole_plan and not share.whole_plan:
        copay = Figure(0, None)
    applies = benefits.deductible_applies(
        lines, asked.services, copay.line, network=network, after=plan.copay_after_deductible
    )
    if asked.preventive and network == "in" and not copay.value and not share.value:
        return Service(
            service.code, service.allowed_cents, preventive=True,
            source="preventive care in network, when billed as such",
        )  # fmt: skip
    own = first.own_copay_cents
    copay_cents = _copay(copay, share, own, asked)
    line = copay.line or share.line
    has_copay = bool(copay_cents)
    coinsurance = share.value
    if coinsurance is None and not share.lines and has_copay and not applies:
        coinsurance = 0
    return Service(
        service.code, service.allowed_cents, copay_cents=copay_cents,
        deductible_applies=applies if applies is not None else (False if has_copay else None),
        coinsurance=coinsurance, source=said.source_of(line) if line else "",
    )  # fmt: skip


def _copay(copay: Figure, share: Figure, own: int | None, asked: _Asked) -> int | None:
    """The copay in cents; None when the lines disagree or nobody spoke of the service."""
    if not asked.copay_applies:
        return 0
    if copay.known:
        return copay.value
    if copay.lines:
        return None
    if own is not None:
        return own
    return 0 if share.known else None
