"""What a patient will owe for planned services: the arithmetic, with every step shown. Cents.

Pure: benefits come from a plan's answer or a clerk's phone call, fees from the fee schedule.
Nothing is guessed: what is not known makes the estimate unknown, with the reason, unless a cap
settles it. The result is always called an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from deskterm.entry.money import show_cents


@dataclass(frozen=True)
class Service:
    """One planned service line.

    ``allowed_cents`` is the contracted amount (the full fee for self-pay), None when unknown.
    ``copay_cents`` is a flat amount for the visit class, 0 for none. ``coinsurance`` is the
    patient's share in hundredths of a percent (20 % = 2000). ``preventive`` services cost
    nothing in network. ``non_covered`` ones are the patient's in full and need a notice.
    """

    code: str
    allowed_cents: int | None
    copay_cents: int | None = 0
    deductible_applies: bool | None = True
    coinsurance: int | None = 0
    preventive: bool = False
    non_covered: bool = False
    source: str = ""


@dataclass(frozen=True)
class Benefits:
    """What is left of the plan's amounts; None where nobody said.

    ``family_counts``: the family's deductible can be met before the person's own (embedded).
    ``copay_reduces_base``: the copay is part of the allowed amount that deductible and
    coinsurance apply to. ``copay_after_deductible``: a high deductible plan. ``no_cost_share``:
    nothing may be asked of the patient (QMB, most Medicaid).
    """

    deductible_left: int | None = 0
    family_deductible_left: int | None = None
    family_counts: bool = True
    out_of_pocket_left: int | None = None
    family_out_of_pocket_left: int | None = None
    copay_reduces_base: bool = False
    copay_after_deductible: bool = False
    no_cost_share: bool = False
    source: str = ""


@dataclass(frozen=True)
class Step:
    """One step of the sum: words, cents, and where the figure came from."""

    words: str
    cents: int
    source: str = ""


@dataclass(frozen=True)
class Estimate:
    """What the patient will owe, or None with what is missing.

    ``at_most_cents`` is a bound that holds whatever the missing figures are, where there is one.
    """

    patient_cents: int | None
    steps: tuple[Step, ...]
    missing: tuple[str, ...] = ()
    at_most_cents: int | None = None
    confidence: str = ""

    @property
    def sentence(self) -> str:
        """To be said to the patient."""
        if self.patient_cents is None:
            bound = (
                f", at most {show_cents(self.at_most_cents)}"
                if self.at_most_cents is not None
                else ""
            )
            return f"Not known{bound}: {', '.join(self.missing)}"
        return f"We estimate your part as {show_cents(self.patient_cents)}"


@dataclass
class _Sum:
    deductible: int | None
    copay_taken: bool = False
    patient: int = 0
    outside: int = 0
    steps: list[Step] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def estimate(
    services: Sequence[Service],
    benefits: Benefits | None,
    *,
    secondary_cents: int | None = None,
) -> Estimate:
    """The patient's part of planned services.

    ``benefits`` is None for self-pay: the patient owes the fees. ``secondary_cents`` is what a
    second plan is known to pay. Copay first, then what is left of the deductible, then
    coinsurance rounded half up, in the order of the lines; capped by the allowed amounts and by
    what is left out of pocket.
    """
    if benefits is None:
        return _self_pay(services)
    if benefits.no_cost_share:
        steps = (Step("nothing may be asked of this patient", 0, benefits.source),)
        return Estimate(0, steps, confidence="by rule of the plan")
    run = _Sum(_deductible(benefits))
    for service in services:
        _add(run, service, benefits)
    allowed = [s.allowed_cents for s in services if not s.non_covered]
    known = [cents for cents in allowed if cents is not None]
    all_known = len(known) == len(allowed)
    if all_known and run.patient > sum(known):
        run.steps.append(Step("never above the allowed amount", sum(known) - run.patient))
        run.patient = sum(known)
    caps = [
        cap
        for cap in (benefits.out_of_pocket_left, benefits.family_out_of_pocket_left)
        if cap is not None
    ]
    if caps and run.patient > min(caps):
        run.steps.append(
            Step("out-of-pocket limit reached", min(caps) - run.patient, benefits.source)
        )
        run.patient = min(caps)
    if run.missing:
        bounds = caps + ([sum(known)] if all_known else [])
        most = min(bounds) + run.outside if bounds else None
        if most == run.outside:
            return Estimate(run.outside, tuple(run.steps), confidence="the limit is reached")
        return Estimate(None, tuple(run.steps), tuple(dict.fromkeys(run.missing)), most)
    total = run.patient + run.outside
    if secondary_cents is not None:
        paid = min(secondary_cents, run.patient)
        run.steps.append(Step("second plan pays", -paid))
        total = max(0, total - paid)
    confidence = "as the plan answered" if benefits.source else "as typed in"
    return Estimate(total, tuple(run.steps), confidence=confidence)


def _self_pay(services: Sequence[Service]) -> Estimate:
    steps = [Step(s.code, s.allowed_cents or 0, s.source) for s in services]
    missing = tuple(f"fee of {s.code}" for s in services if s.allowed_cents is None)
    if missing:
        return Estimate(None, tuple(steps), missing)
    return Estimate(
        sum(s.allowed_cents or 0 for s in services), tuple(steps), confidence="full fees"
    )


def _deductible(benefits: Benefits) -> int | None:
    """What is left of the deductible that applies: the person's own, or the family's if less."""
    own, family = benefits.deductible_left, benefits.family_deductible_left
    if family is None or not benefits.family_counts:
        return own
    return family if own is None else min(own, family)


def _add(run: _Sum, service: Service, benefits: Benefits) -> None:
    where = service.source or benefits.source
    allowed = service.allowed_cents
    if service.non_covered:
        if allowed is None:
            run.missing.append(f"fee of {service.code}")
        else:
            run.outside += allowed
            run.steps.append(Step(f"{service.code} is not covered", allowed, where))
        return
    if service.preventive:
        run.steps.append(Step(f"{service.code} is preventive", 0, where))
        return
    copay = _copay(run, service, benefits, where)
    if allowed is None:
        if service.deductible_applies is not False or service.coinsurance != 0:
            run.missing.append(f"allowed amount of {service.code}")
        return
    base = max(allowed - copay, 0) if benefits.copay_reduces_base else allowed
    base = _take_deductible(run, service, base, where)
    if service.coinsurance is None:
        if base > 0:
            run.missing.append(f"coinsurance of {service.code}")
        return
    share = (base * service.coinsurance * 2 + 10000) // 20000  # half up
    if share:
        percent = f"{service.coinsurance / 100:g} %"
        run.patient += share
        run.steps.append(Step(f"{percent} of {show_cents(base)} for {service.code}", share, where))


def _copay(run: _Sum, service: Service, benefits: Benefits, where: str) -> int:
    if service.copay_cents is None:
        run.missing.append(f"copay of {service.code}")
        return 0
    if benefits.copay_after_deductible:
        if run.deductible is None:
            run.missing.append("deductible left")
            return 0
        if run.deductible > 0:
            return 0
    if not service.copay_cents or run.copay_taken:
        return 0
    run.copay_taken = True
    run.patient += service.copay_cents
    run.steps.append(Step(f"copay for {service.code}", service.copay_cents, where))
    return service.copay_cents


def _take_deductible(run: _Sum, service: Service, base: int, where: str) -> int:
    """Take what is left of the deductible off ``base``; what coinsurance then applies to."""
    if service.deductible_applies is None:
        if run.deductible != 0:
            run.missing.append(f"whether the deductible applies to {service.code}")
        return base
    if not service.deductible_applies or base == 0:
        return base
    if run.deductible is None:
        run.missing.append("deductible left")
        return base
    part = min(base, run.deductible)
    if part:
        run.deductible -= part
        run.patient += part
        run.steps.append(Step(f"deductible on {service.code}", part, where))
    return base - part
