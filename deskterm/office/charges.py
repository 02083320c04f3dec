"""What a visit costs: the fee schedule, and charges by code. All amounts are cents.

A visit's copay is a charge by itself, collected at the desk. When the visit is charged by its
codes afterwards, the plan is expected to pay the fee less that copay, so the two never count
twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from deskterm.db.payments import Charge, Fee
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.entry import identifiers
from deskterm.errors import Conflict, Invalid
from deskterm.office import code_search, posting, tendering
from deskterm.office.desk import Desk, Operation

_OWN_CODE = re.compile(r"[A-Z][A-Z0-9-]{1,11}", re.ASCII)  # of the clinic itself, such as FORM
MOST_UNITS = 999
_MOST_DIAGNOSES = 12
_DESCRIBED = 120  # characters of a charge's description
_FEE = """
SELECT amount_cents, label FROM fee
WHERE code = ? AND (plan_id = ? OR plan_id IS NULL) AND starts_on <= ?
  AND (ends_on IS NULL OR ends_on >= ?)
ORDER BY plan_id IS NULL, starts_on DESC LIMIT 1"""
_FULL_FEE = _FEE.replace("(plan_id = ? OR plan_id IS NULL)", "plan_id IS NULL")
_PLAN_THEN = """
SELECT c.plan_id, l.plan_type FROM coverage c JOIN plan l ON l.id = c.plan_id
WHERE c.patient_id = ? AND coalesce(c.starts_on, ?) <= ? AND coalesce(c.ends_on, ?) >= ?
ORDER BY c.priority, c.id LIMIT 1"""


@dataclass(frozen=True)
class ChargeLine:
    """One service: its code, how often, and why (diagnoses in order of weight)."""

    code: str
    units: int = 1
    modifiers: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    amount_cents: int | None = None  # instead of the fee schedule's


def set_fee(
    desk: Desk,
    code: str,
    amount_cents: int,
    *,
    label: str = "",
    plan_id: int | None = None,
    starts_on: date | None = None,
) -> Fee:
    """Set what a unit costs from a day on; the fee before it ends the day before.

    Raises Invalid, and Conflict for a fee that starts on the same day or later.
    """
    with desk.operation("fee.set") as op:
        known = _code(code)
        if type(amount_cents) is not int or not 0 <= amount_cents <= _limit(desk):
            raise Invalid("A fee is zero or more", "For example 125.00", field="amount")
        first = starts_on or desk.today()
        for fee_id, since in desk.rows(
            "SELECT id, starts_on FROM fee WHERE code = ? AND plan_id IS ? AND ends_on IS NULL",
            known, plan_id,
        ):  # fmt: skip
            if date.fromisoformat(since) >= first:
                raise Conflict(f"{known} has a fee from {since} already", "Start later", rule="fee")
            before = op.get(Fee, fee_id)
            before.ends_on = date.fromordinal(first.toordinal() - 1)
            op.save(before)
        return op.create(
            Fee, code=known, label=label, plan=plan_id, amount_cents=amount_cents, starts_on=first
        )


def fee_of(desk: Desk, code: str, day: date, plan_id: int | None = None) -> int | None:
    """What one unit costs on a day: the plan's allowed amount, else the full fee; else None."""
    desk.require("view_money")
    on = day.isoformat()
    found = desk.rows(_FEE, _code(code), plan_id, on, on)
    return int(found[0][0]) if found else None


def label_of(desk: Desk, code: str, day: date) -> str:
    """What the clinic's fee schedule calls a code, else the list it loaded; empty for neither."""
    desk.require("view_money")
    on = day.isoformat()
    found = desk.rows(_FULL_FEE, _code(code), on, on)
    return str(found[0][1]) if found and found[0][1] else _listed(desk, _code(code), day)


def read_code(desk: Desk, text: str, day: date) -> tuple[str, str]:
    """A code that may be charged on a day, with its words. Raises Invalid for one that no list
    has on that day, and for one of the clinic's own without a fee."""
    code = _code(text)
    label = label_of(desk, code, day)
    known = identifiers.is_cpt(code) or identifiers.is_hcpcs(code)
    if known:
        _listed(desk, code, day)
    elif fee_of(desk, code, day) is None:
        raise Invalid(f"{code} has no fee", "Type a CPT or HCPCS code, or words", field="code")
    return code, label


def post(
    desk: Desk,
    appointment_id: int,
    lines: Sequence[ChargeLine],
    *,
    self_pay: bool = False,
    key: str | None = None,
) -> list[Charge]:
    """Charge a visit by its codes; the plan is expected to pay unless it is ``self_pay``.

    A repeat with the same ``key`` returns the first charges. Raises Invalid for a code without
    a shape or a fee, NotFound, Conflict.
    """
    with desk.operation("charge.post", key=key) as op:
        if op.earlier:
            return [
                op.get(Charge, row["id"])
                for row in op.earlier.changed
                if row["table"] == "charge" and row["before"] is None
            ]
        if not lines:
            raise Invalid("Nothing to charge", "Type a code, for example 99213", field="code")
        visit = op.get(Appointment, appointment_id)
        if visit.lifecycle not in ("scheduled", "completed", "left"):
            raise Conflict("This visit did not take place", "", rule="lifecycle")
        patient = posting.payer(op, visit.patient_id)
        place = posting.place_of(op, visit.patient_id, visit, None)
        day = posting.business_day(op, place)
        if visit.day > day:
            raise Invalid("The visit is in the future", "Charge it on the day", field="code")
        insured = not self_pay and _plan(desk, visit.patient_id, visit.day) is not None
        made = [_line(op, line, visit, place, day, insured) for line in lines]
        posting.settle_copay(op, visit.id, place.id, day)
        op.about(visit, patient_id=patient.id)
        return made


def _line(
    op: Operation, line: ChargeLine, visit: Appointment, place: Location, day: date, insured: bool
) -> Charge:
    code = _code(line.code)
    listed = _listed(op.desk, code, visit.day)
    if type(line.units) is not int or not 1 <= line.units <= MOST_UNITS:
        raise Invalid("Units are 1 to 999", "", field="units")
    on = visit.day.isoformat()
    found = op.desk.rows(_FULL_FEE, code, on, on)
    if line.amount_cents is None and not found:
        raise Invalid(f"{code} has no fee on {on}", "Type its amount, or set the fee", field="code")
    unit = line.amount_cents if line.amount_cents is not None else int(found[0][0])
    amount = tendering.check_amount(unit * line.units, _limit(op.desk))
    return op.create(
        Charge,
        patient=visit.patient_id,
        appointment=visit,
        location=place,
        kind="visit",
        description=(found[0][1] if found else "") or listed,
        amount_cents=amount,
        insurance_cents=amount if insured else 0,
        service_day=visit.day,
        business_day=day,
        posted_at=op.now,
        by=op.desk.actor.login,
        code=code,
        modifiers=" ".join(_checked(line.modifiers, identifiers.modifier, "modifier", 4)),
        units=line.units,
        diagnoses=" ".join(
            _checked(
                line.diagnoses,
                lambda text: code_search.diagnosis(op.desk, text, visit.day).shown,
                "diagnosis",
                _MOST_DIAGNOSES,
            )
        ),
        provider=visit.provider_id,
    )


def _plan(desk: Desk, patient_id: int, day: date) -> int | None:
    """The plan that pays first on a day; None for self-pay and charity."""
    on = day.isoformat()
    found = desk.rows(_PLAN_THEN, patient_id, on, on, on, on)
    if not found or found[0][1] in ("SELF", "CHARITY"):
        return None
    return int(found[0][0])


def _code(text: str) -> str:
    code = text.strip().upper()
    if _OWN_CODE.fullmatch(code):
        return code
    return identifiers.service(code)


def _listed(desk: Desk, code: str, day: date) -> str:
    """The words of the loaded list for a CPT or HCPCS code. Raises Invalid for one that it lacks
    on that day; a code of the clinic's own is in no list."""
    if not identifiers.is_cpt(code) and not identifiers.is_hcpcs(code):
        return ""
    return code_search.service(desk, code, day).label[:_DESCRIBED]


def _checked(wanted: Sequence[str], read: Callable[[str], str], what: str, most: int) -> list[str]:
    found = [read(word) for word in wanted if word.strip()]
    if len(found) > most:
        raise Invalid(f"At most {most} {what} codes on a line", "", field=f"{what}s")
    return found


def _limit(desk: Desk) -> int:
    return desk.settings.policy.large_amount
