"""What a patient owes: by charge, with today's copay before it is charged, and in sum.

All amounts are cents. A balance is always the sum of its rows, never a stored number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from deskterm.clock import local
from deskterm.db.payments import CHARGE_KINDS
from deskterm.entry.money import show_cents
from deskterm.office import access, instalments
from deskterm.office.copays import ANSWERED, copay_sql
from deskterm.office.desk import Desk
from deskterm.office.ledger import PATIENT_LEFT, credit_of, sum_of

_LEFT = f"""
SELECT c.id, c.kind, c.description, c.service_day, c.appointment_id, v.code, a.minutes, p.code,
  c.amount_cents, c.insurance_cents,
  coalesce((SELECT sum(j.patient_cents) FROM adjustment j WHERE j.charge_id = c.id), 0),
  {PATIENT_LEFT}
FROM charge c
LEFT JOIN appointment a ON a.id = c.appointment_id
LEFT JOIN visit_type v ON v.id = a.visit_type_id
LEFT JOIN provider p ON p.id = a.provider_id
WHERE c.patient_id = ? AND c.reverses_id IS NULL
ORDER BY c.service_day, c.id"""
# Visits whose copay is not charged yet; the coverage that comes first on the day says how much.
_COPAYS = f"""
SELECT a.id, a.day, a.zone, v.code, a.minutes, p.code, (
    SELECT {copay_sql("c.copay_cents", "l.copay_cents")}
    FROM coverage c JOIN plan l ON l.id = c.plan_id
    WHERE c.patient_id = a.patient_id AND coalesce(c.starts_on, a.day) <= a.day
      AND coalesce(c.ends_on, a.day) >= a.day
    ORDER BY c.priority, c.id LIMIT 1), (
    SELECT l.name || CASE WHEN c.copay_cents IS NOT NULL THEN ': copay on their card'
      WHEN {ANSWERED} IS NOT NULL THEN ': copay that the payer named'
      ELSE ': the plan''s usual copay' END
    FROM coverage c JOIN plan l ON l.id = c.plan_id
    WHERE c.patient_id = a.patient_id AND coalesce(c.starts_on, a.day) <= a.day
      AND coalesce(c.ends_on, a.day) >= a.day
    ORDER BY c.priority, c.id LIMIT 1)
FROM appointment a
JOIN visit_type v ON v.id = a.visit_type_id
JOIN provider p ON p.id = a.provider_id
WHERE a.patient_id = ? AND (a.day BETWEEN ? AND ? OR a.id = ?)
  AND a.lifecycle IN ('scheduled', 'completed') AND v.copay_applies = 1
  AND NOT EXISTS (
    SELECT 1 FROM charge c WHERE c.appointment_id = a.id AND c.kind = 'copay'
      AND c.reverses_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id))
ORDER BY a.starts_at"""


@dataclass(frozen=True)
class Estimate:
    """A probable cost to the patient, in cents, and how it came about in words."""

    cents: int
    why: str


@dataclass(frozen=True)
class Due:
    """Something owed. ``charge_id`` is None for a copay that is not charged yet.

    ``due_cents`` is what is left of ``full_cents`` after payments and after money held.
    ``purpose`` is the charge's kind for a visit of today (or the visit asked about), and
    ``balance`` for what is older. ``why`` is how the figure came about, in words.
    """

    charge_id: int | None
    purpose: str
    label: str
    service_day: date
    due_cents: int
    appointment_id: int | None = None
    kind: str = ""
    full_cents: int = 0
    why: str = ""
    patient_id: int | None = None  # whose it is where that is not the patient asked about


def due(
    desk: Desk,
    patient_id: int,
    appointment_id: int | None = None,
    *,
    ahead: bool = False,
    family: Sequence[int] = (),
) -> list[Due]:
    """What is owed now: copays of today's visits first, then the oldest service first.

    Money held for the patient counts against it in that order. ``appointment_id``
    counts a visit of another day among today's. Of what is on a payment plan only the
    instalments that have come due count, with ``ahead`` all of it. What patients of ``family``
    owe comes after the patient's own.
    """
    desk.require("view_money")
    for somebody in (patient_id, *family):
        access.require_patient(desk, somebody)
    return owed(desk, patient_id, appointment_id, ahead=ahead) + of_family(desk, family)


def of_family(desk: Desk, family: Sequence[int]) -> list[Due]:
    """What each of these patients owes now, marked with whose it is; for operations as well."""
    return [replace(item, patient_id=other) for other in family for item in owed(desk, other)]


def estimate(desk: Desk, patient_id: int, appointment_id: int | None) -> Estimate | None:
    """What a visit will probably cost the patient beyond the copay; None while nobody knows.

    From what the payer answered; never zero for not known (domain.md 2.6).
    """
    desk.require("view_money")
    if appointment_id is None:
        return None
    from deskterm.office import visit_estimate  # it reads benefits: not for a desk's start

    made = visit_estimate.for_visit(desk, appointment_id)
    cents = made.estimate.patient_cents
    if cents is None or made.said is None:
        return None
    why = ", ".join(f"{step.words} {show_cents(step.cents)}" for step in made.estimate.steps)
    return Estimate(cents, why or made.estimate.confidence)


def owed(
    desk: Desk, patient_id: int, appointment_id: int | None = None, *, ahead: bool = False
) -> list[Due]:
    """:func:`due` for operations, which have their own permission."""
    credit = credit_of(desk, patient_id)
    left: list[Due] = []
    for item in open_dues(desk, patient_id, appointment_id, ahead=ahead):
        held = min(item.due_cents, max(credit, 0))
        credit -= held
        if item.due_cents > held:
            left.append(replace(item, due_cents=item.due_cents - held))
    return left


def open_dues(
    desk: Desk, patient_id: int, appointment_id: int | None = None, *, ahead: bool = False
) -> list[Due]:
    """What no payment was taken for, before money held for the patient counts against it."""
    today = desk.today()
    found = [
        *_charged(desk, patient_id, appointment_id, today, ahead),
        *_uncharged_copays(desk, patient_id, appointment_id, today),
    ]
    return sorted(found, key=lambda d: (d.purpose != "copay", d.service_day, d.charge_id or 0))


def balance_cents(desk: Desk, patient_id: int) -> int:
    """Charges less payments; below zero is money that the practice holds for the patient."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    return sum_of(desk, patient_id)


@dataclass(frozen=True)
class _Planned:
    """The part of a charge that is on a payment plan: what is due of it now, what is not."""

    now: int
    later: int
    words: str


def _planned(desk: Desk, patient_id: int, today: date) -> dict[int, _Planned]:
    """What plans hold of each charge; what is due of a plan goes to its oldest charge first."""
    found: dict[int, _Planned] = {}
    for plan in instalments.running(desk, patient_id, today):
        left = plan.due_cents
        late = [i for i in plan.instalments if i.state in ("missed", "due")]
        nth = f"plan {late[-1].number}/{len(plan.instalments)}" if late else "on a plan"
        if plan.missed_cents:
            nth += " LATE"
        for charge_id, cents in plan.open_parts:
            now = min(cents, left)
            left -= now
            found[charge_id] = _Planned(now, cents - now, nth)
    return found


def _charged(
    desk: Desk, patient_id: int, appointment_id: int | None, today: date, ahead: bool
) -> list[Due]:
    kinds = dict(CHARGE_KINDS)
    planned = _planned(desk, patient_id, today)
    dues = []
    for row in desk.rows(_LEFT, patient_id):
        (
            charge_id,
            kind,
            description,
            service_day,
            visit,
            visit_type,
            minutes,
            provider,
            fee,
            insured,
            adjusted,
            left,
        ) = row
        if left <= 0:
            continue
        day = date.fromisoformat(service_day)
        current = day >= today or (visit is not None and visit == appointment_id)
        words = description or _label(kinds.get(kind, kind), visit_type, minutes, provider)
        why = _sum(fee, insured, adjusted, fee - insured + adjusted - left)
        plan = planned.get(charge_id)
        if plan is not None:
            later = 0 if ahead else min(plan.later, left)
            current, left = False, left - later
            words = f"{plan.words}: {words}"
            why += f", later {show_cents(later)}" if later else ""
            if left <= 0:
                continue
        dues.append(
            Due(charge_id, kind if current else "balance", words, day, left, visit, kind,
                fee - insured, why)
        )  # fmt: skip
    return dues


def _uncharged_copays(
    desk: Desk, patient_id: int, appointment_id: int | None, today: date
) -> list[Due]:
    around = [(today + timedelta(days=n)).isoformat() for n in (-1, 1)]
    dues = []
    for visit, day, zone, visit_type, minutes, provider, copay, why in desk.rows(
        _COPAYS, patient_id, *around, appointment_id or 0
    ):
        here = local(desk.now(), zone).date().isoformat()
        if copay and (day == here or (visit == appointment_id and day < here)):
            words = _label("copay", visit_type, minutes, provider)
            dues.append(
                Due(None, "copay", words, date.fromisoformat(day), copay, visit, "copay", copay,
                    why or "")
            )  # fmt: skip
    return dues


def _sum(fee: int, insured: int, adjusted: int, paid: int) -> str:
    """``fee 180.00 - plan 155.00 - paid 10.00``: only what there is."""
    parts = [f"fee {show_cents(fee)}"]
    for word, cents in (("plan", -insured), ("adjusted", adjusted), ("paid", -paid)):
        if cents:
            parts.append(f"{'-' if cents < 0 else '+'} {word} {show_cents(abs(cents))}")
    return " ".join(parts)


def _label(kind: str, visit_type: str | None, minutes: int | None, provider: str | None) -> str:
    """``copay FU20 NOVAK``, ``visit PE40 LEE, your part``."""
    if visit_type is None:
        return kind
    word, comma, rest = kind.partition(",")
    return f"{word} {visit_type}{minutes} {provider}{comma}{rest}"
