"""Good faith estimates for the uninsured and self-pay: content and clocks of 45 CFR 149.610.

Business days are Monday to Friday without the clinic's closed days. All amounts are cents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.db.scheduling import Appointment
from deskterm.entry.dates import show_birth
from deskterm.entry.money import show_cents
from deskterm.errors import Invalid, NotFound
from deskterm.exchange import paper
from deskterm.office import access, charges, tendering
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk

DISPUTE_CENTS = 400_00  # 45 CFR 149.620: billed at least this much more may be disputed
_LONG_AHEAD, _SHORT_AHEAD = 10, 3  # business days between scheduling and service
_WHO = """
SELECT p.last_name, p.first_name, p.birth_date, p.mrn, pr.first_name, pr.last_name,
  pr.credential, coalesce(pr.npi, ''), l.name, l.address, l.phone, v.name, l.id, l.zone,
  a.booked_at
FROM appointment a JOIN patient p ON p.id = a.patient_id JOIN provider pr ON pr.id = a.provider_id
JOIN location l ON l.id = a.location_id JOIN visit_type v ON v.id = a.visit_type_id
WHERE a.id = ?"""
# Days on which the whole place is closed: the rule counts business days without them.
_CLOSED = """
SELECT DISTINCT day FROM schedule_exception
WHERE active = 1 AND kind = 'closed' AND provider_id IS NULL AND start_minute = 0
  AND end_minute = 1440 AND (location_id IS NULL OR location_id = ?) AND day BETWEEN ? AND ?"""
_NOTES = (
    "This is an estimate of what we reasonably expect to charge for the items and services above."
    " There may be further items or services that we recommend, which are scheduled or requested"
    " separately and are not in this estimate.",
    "The estimate rests on what we know today. Actual items, services or charges may differ.",
    "You may start a patient-provider dispute resolution process if what you are billed is at"
    " least $400 more than this estimate. To ask about it, or to start it, see"
    " www.cms.gov/nosurprises. Starting it does not affect the quality of your care.",
    "This estimate is not a contract and does not oblige you to obtain the items or services from"
    " any of the providers named in it.",
)


@dataclass(frozen=True)
class GoodFaithEstimate:
    """An estimate ready to be printed. Cents."""

    appointment_id: int
    total_cents: int
    due_on: date | None
    data: dict[str, Any]


def due_on(scheduled: date, service: date, *, closed: Sequence[date] = ()) -> date | None:
    """The last day on which the estimate must be given; None when there is no duty to.

    Scheduled at least 10 business days ahead: within 3 business days. At least 3 ahead: within
    1. Later than that the rule sets no clock for scheduling; a request does: within 3.
    """
    ahead = business_days_between(scheduled, service, closed=closed)
    if ahead >= _LONG_AHEAD:
        return add_business_days(scheduled, 3, closed=closed)
    if ahead >= _SHORT_AHEAD:
        return add_business_days(scheduled, 1, closed=closed)
    return None


def requested_due_on(asked: date, *, closed: Sequence[date] = ()) -> date:
    """The last day for an estimate that the patient asked for: within 3 business days."""
    return add_business_days(asked, 3, closed=closed)


def business_days_between(first: date, last: date, *, closed: Sequence[date] = ()) -> int:
    """Business days after ``first`` up to and with ``last``."""
    days = (first + timedelta(days=n) for n in range(1, max((last - first).days, 0) + 1))
    return sum(_open(day, closed) for day in days)


def add_business_days(day: date, count: int, *, closed: Sequence[date] = ()) -> date:
    """The ``count``th business day after ``day``."""
    while count:
        day += timedelta(days=1)
        count -= _open(day, closed)
    return day


def make(desk: Desk, appointment_id: int, lines: Sequence[ChargeLine]) -> GoodFaithEstimate:
    """The estimate for a visit by its expected services at the full fees. Raises Invalid."""
    desk.require("view_money")
    found = desk.rows(_WHO, appointment_id)
    if not found:
        raise NotFound("No such visit", "Look it up again")
    if not lines:
        raise Invalid("Which services?", "Type a code, for example 99213", field="code")
    visit = Appointment.get_by_id(appointment_id)
    access.require_patient(desk, visit.patient_id)
    (last, first, born, mrn, provider_first, provider_last, credential, npi, place, address,
     phone, kind, place_id, zone, booked_at) = found[0]  # fmt: skip
    rows, total = [], 0
    for line in lines:
        fee = line.amount_cents
        if fee is None:
            fee = charges.fee_of(desk, line.code, visit.day)
        if fee is None:
            raise Invalid(f"{line.code} has no fee", "Set it, or type an amount", field="code")
        amount = _amount(desk, line, fee)
        total += amount
        label = charges.label_of(desk, line.code, visit.day)
        rows.append([line.code.upper(), label, " ".join(line.diagnoses), str(line.units),
                     show_cents(amount)])  # fmt: skip
    day = visit.day
    facts = [
        ["Patient", f"{first} {last}, born {show_birth(date.fromisoformat(born))}"],
        ["Primary service", kind],
        ["Scheduled for", f"{day:%A, %B} {day.day}, {day.year}"],
        ["Provider", f"{provider_first} {provider_last} {credential}".strip()
         + (f", NPI {npi}" if npi else "")],
        ["Place", ", ".join(x for x in (place, *address.split("\n")) if x)],
        ["Tax id", desk.settings.tax_id or "on request"],
        ["Given on", f"{desk.today():%m/%d/%Y}"],
    ]  # fmt: skip
    data = {
        "title": f"Good faith estimate {mrn}", "clinic": desk.settings.clinic,
        "clinic_lines": [x for x in (*address.split("\n"), phone) if x], "facts": facts,
        "lines": rows, "total": show_cents(total), "notes": list(_NOTES),
    }  # fmt: skip
    booked = local(parse_utc_text(booked_at), zone).date()
    clock = due_on(booked, day, closed=_closed(desk, place_id, booked, day))
    return GoodFaithEstimate(appointment_id, total, clock, data)


def pdf(desk: Desk, made: GoodFaithEstimate) -> bytes:
    """The estimate on paper. Raises Unreachable."""
    return paper.render("good_faith", made.data, folder=desk.settings.templates)


def _amount(desk: Desk, line: ChargeLine, fee: int) -> int:
    """What a line comes to, held to what may be charged later. A service may cost nothing."""
    if type(line.units) is not int or not 1 <= line.units <= charges.MOST_UNITS:
        raise Invalid(f"Units are 1 to {charges.MOST_UNITS}", "", field="units")
    limit = desk.settings.policy.large_amount
    return tendering.check_amount(fee * line.units, limit) if fee else 0


def _open(day: date, closed: Sequence[date]) -> bool:
    return day.weekday() < 5 and day not in closed


def _closed(desk: Desk, place_id: int, first: date, last: date) -> list[date]:
    found = desk.rows(_CLOSED, place_id, first.isoformat(), last.isoformat())
    return [date.fromisoformat(day) for (day,) in found]
