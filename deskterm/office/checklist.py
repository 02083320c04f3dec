"""The checklist of a check-in: what is stale or missing before the visit.

It is exception-only: a step that is ``OK`` or ``n/a`` needs nothing from the clerk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from deskterm.clock import local
from deskterm.db.scheduling import Appointment
from deskterm.entry.dates import show_birth
from deskterm.entry.money import show_cents
from deskterm.entry.phones import show_phone
from deskterm.errors import NotFound
from deskterm.office import access, dues, permits, stages
from deskterm.office.coverage import CoverageRow
from deskterm.office.coverage import of_patient as coverages_of
from deskterm.office.desk import Desk
from deskterm.office.forms import FormDue, forms_due
from deskterm.office.patient_card import alike_ids

State = Literal["OK", "ASK", "DUE", "GIVEN", "MISS", "n/a", "-"]
# A form handed out comes back later and does not keep anybody at the desk.
_SETTLED = ("OK", "GIVEN", "n/a", "-")

_FACTS = """
SELECT a.patient_id, a.lifecycle, a.stage, a.day, a.zone, v.code, a.minutes,
  p.code, t.birth_date,
  (SELECT line1 || CASE line2 WHEN '' THEN '' ELSE ' ' || line2 END FROM patient_address
    WHERE patient_id = t.id AND ended_on IS NULL
    ORDER BY CASE kind WHEN 'confidential' THEN 0 WHEN 'home' THEN 1 ELSE 2 END, id DESC LIMIT 1),
  (SELECT min(coalesce(confirmed_on, '')) FROM patient_address
    WHERE patient_id = t.id AND ended_on IS NULL),
  (SELECT number FROM patient_phone WHERE patient_id = t.id AND ended_on IS NULL
    ORDER BY priority, id LIMIT 1)
FROM appointment a
JOIN visit_type v ON v.id = a.visit_type_id
JOIN provider p ON p.id = a.provider_id
JOIN patient t ON t.id = a.patient_id
WHERE a.id = ?"""
# What was settled at this visit, and who the patient is at any visit of that day.
_SETTLED_STEPS = """
SELECT s.step FROM check_in_step s JOIN appointment a ON a.id = s.appointment_id
WHERE s.outcome <> 'missing' AND (a.id = ? OR (s.step = 'identity' AND a.patient_id = ?
  AND a.day = ?))"""


@dataclass(frozen=True)
class Step:
    """One line of the checklist: ``have`` is what is on file, ``fields`` what may be typed."""

    number: int
    name: str
    state: State
    have: str
    fields: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do."""
        return self.state in _SETTLED


@dataclass(frozen=True)
class Checklist:
    """The steps from the door to the chair, top to bottom as they are said at the desk."""

    appointment_id: int
    patient_id: int
    steps: tuple[Step, ...]

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the steps that are not settled."""
        return tuple(step.name for step in self.steps if not step.settled)


@dataclass(frozen=True)
class _Facts:
    patient_id: int
    lifecycle: str
    stage: str
    day: date
    today: date
    visit_type: str
    provider: str
    birth_date: date
    address: str
    confirmed_on: date | None
    phone: str
    settled: frozenset[str]


def checklist(desk: Desk, appointment_id: int) -> Checklist:
    """What is left to do before the visit. Raises NotFound, NotAllowed."""
    desk.require("view_schedule")
    desk.require("view_patients")
    found = read(desk, appointment_id)
    access.require_patient(desk, found.patient_id)
    return found


def read(desk: Desk, appointment_id: int) -> Checklist:
    """:func:`checklist` for operations, which have their own permission."""
    facts = _facts(desk, appointment_id)
    makers = (
        _identity, _contact, _insurance, _forms, _authorization, _money, _arrive,
    )  # fmt: skip
    steps = []
    for number, make in enumerate(makers, 1):
        state, have, fields = make(desk, appointment_id, facts)
        name = make.__name__.removeprefix("_")
        steps.append(Step(number, name, state, have, fields))
    return Checklist(appointment_id, facts.patient_id, tuple(steps))


_Line = tuple[State, str, tuple[str, ...]]


def _identity(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    have = f"born {show_birth(facts.birth_date)}"
    if "identity" in facts.settled:
        return "OK", have, ()
    alike = len(alike_ids(desk, facts.patient_id))
    if alike:
        have += f"  ALIKE: {alike} other{'s' if alike > 1 else ''}"
    return "ASK", have, ("birth_date",)


def _contact(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    have = " / ".join(filter(None, (facts.address, facts.phone))) or "nothing on file"
    stale = _older(facts.confirmed_on, facts.today, desk.settings.policy.address_stale)
    if not facts.address or not facts.phone:
        return "ASK", have, ("contact_same",)
    return ("ASK" if stale else "OK"), have, (("contact_same",) if stale else ())


def _insurance(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    found = coverages_of(desk, facts.patient_id, facts.day)
    if not found:
        settled = "insurance" in facts.settled
        return ("OK" if settled else "ASK"), "none on file: self-pay?", ("card_seen",)
    policy = desk.settings.policy
    first = found[0]
    have = f"{first.plan_name} {first.member_id[:5]}{'..' if len(first.member_id) > 5 else ''}"
    state: State = "OK"
    if any(_older(c.card_seen_on, facts.today, policy.card_stale) for c in found if has_card(c)):
        state = "ASK"
    if first.plan_type == "SELF":
        return state, have.strip(), ("card_seen",)
    if first.eligibility == "inactive":
        return "MISS", f"{have}  INACTIVE {_short(first.verified_on)}".strip(), ("card_seen",)
    if _older(first.verified_on, facts.today, policy.eligibility_stale):
        have += "  elig OLD"
    else:
        have += f"  elig {_short(first.verified_on)}"
    if first.eligibility in ("issue", "unable"):
        have += "!"
    return state, have, ("card_seen",)


def _forms(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    found = [form for form in forms_due(desk, facts.patient_id, facts.today) if form.state != "ok"]
    due = [form for form in found if form.state == "due"]
    given = [form for form in found if form.state == "given"]
    if due:
        have = "; ".join(f"{form.label}: {_since(form, facts.today)}" for form in due)
        return "DUE", have, ("forms",)
    if given:
        return "GIVEN", "; ".join(f"{form.label}: not back" for form in given), ("forms",)
    refused = [form for form in found if form.state == "refused"]
    return "OK", "; ".join(f"{form.label}: refused" for form in refused) or "all signed", ()


def _authorization(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    permit = permits.of_visit(desk, Appointment.get_by_id(appointment_id))
    if not permit.needed and permit.authorization_id is None and permit.referral_id is None:
        return "n/a", f"{facts.visit_type} needs none", ()
    if permit.ok:
        return "OK", permit.words, ()
    if "authorization" in facts.settled:
        return "OK", "overridden", ()
    return "MISS", permit.words, ("override",)


def _money(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    if not desk.may("view_money"):
        return "-", "for the front desk", ()
    found = dues.owed(desk, facts.patient_id, appointment_id)
    copay = sum(d.due_cents for d in found if d.purpose == "copay")
    rest = sum(d.due_cents for d in found) - copay
    said = [f"{word} {show_cents(cents)}" for word, cents in (("copay", copay), ("balance", rest))
            if cents]  # fmt: skip
    if not said:
        return "OK", "nothing due", ()
    if "money" in facts.settled:
        return "OK", "   ".join([*said, "not collected"]), ()
    return "DUE", "   ".join(said), ("pay", "not_collected")


def _arrive(desk: Desk, appointment_id: int, facts: _Facts) -> _Line:
    if facts.lifecycle == "scheduled" and facts.stage not in ("expected", "arrived", "checking_in"):
        return "OK", stages.label(facts.stage), ()
    return "-", f"tells {facts.provider} desk", ()


def _facts(desk: Desk, appointment_id: int) -> _Facts:
    found = desk.rows(_FACTS, appointment_id)
    if not found:
        raise NotFound(f"No such appointment: {appointment_id}", "Look it up again")
    (
        patient_id, lifecycle, stage, day, zone, visit_type, minutes, provider, born,
        address, confirmed, phone,
    ) = found[0]  # fmt: skip
    settled = desk.rows(_SETTLED_STEPS, appointment_id, patient_id, day)
    if desk.rows("SELECT 1 FROM not_collected WHERE appointment_id = ? LIMIT 1", appointment_id):
        settled.append(("money",))
    return _Facts(
        patient_id,
        lifecycle,
        stage,
        date.fromisoformat(day),
        local(desk.now(), zone).date(),
        f"{visit_type}{minutes}",
        provider,
        date.fromisoformat(born),
        address or "",
        date.fromisoformat(confirmed) if confirmed else None,
        show_phone(phone) if phone else "",
        frozenset(step for (step,) in settled),
    )


def has_card(row: CoverageRow) -> bool:
    return row.plan_type not in ("SELF", "CHARITY")


def _older(day: date | None, today: date, limit: int) -> bool:
    return day is None or day + timedelta(days=limit) < today


def _short(day: date | None) -> str:
    return f"{day:%m/%d}" if day else "never"


def _since(form: FormDue, today: date) -> str:
    if form.since is None:
        return "never signed"
    return "due today" if form.since == today else f"due since {form.since:%m/%d/%Y}"
