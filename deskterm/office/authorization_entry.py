"""What is asked of a payer, checked: codes, NPI, units, dates; and business days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, TypeVar

from deskterm.db.authorizations import PriorAuthorization
from deskterm.entry import identifiers
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import code_search, coverage
from deskterm.office.code_search import CodeHit
from deskterm.office.desk import Desk, known_id
from deskterm.office.good_faith import add_business_days
from deskterm.office.patient_entry import clean

MOST_UNITS = 9999
T = TypeVar("T")


@dataclass(frozen=True)
class AuthorizationEntry:
    """What is asked of the payer. Codes are separated by spaces; ids are the codes of lists."""

    service: str = ""
    procedures: str = ""
    service_type: str = ""
    diagnoses: str = ""
    visit_type: str = ""
    provider: str = ""
    units_asked: int | None = None
    unit_kind: str = "visit"
    type: str = "services"
    requesting_name: str = ""
    requesting_npi: str = ""
    servicing_name: str = ""
    servicing_npi: str = ""
    facility: str = ""
    effective_on: date | None = None
    expires_on: date | None = None
    expedited: bool = False
    number: str = ""
    reference: str = ""


def check_npi(text: str, field: str) -> str:
    """An NPI as it is stored, or empty. Raises Invalid with ``field``."""
    return _of_field(field, identifiers.npi, text) if text.strip() else ""


def check_procedures(desk: Desk, text: str, field: str) -> str:
    """CPT and HCPCS codes, judged by the lists loaded, one space between them. Raises Invalid."""
    return _codes(desk, code_search.service, text, field)


def check_diagnoses(desk: Desk, text: str, field: str) -> str:
    """ICD-10-CM codes with their dots, judged by the list loaded. Raises Invalid."""
    return _codes(desk, code_search.diagnosis, text, field)


def _codes(desk: Desk, judge: Callable[[Desk, str], CodeHit], text: str, field: str) -> str:
    typed = text.replace(",", " ").split()
    return " ".join(_of_field(field, judge, desk, code).shown for code in typed)


def _of_field(field: str, judge: Callable[..., T], *given: Any) -> T:
    """What ``judge`` makes of it; what it refuses is said of ``field``."""
    try:
        return judge(*given)
    except Invalid as error:
        raise Invalid(error.message, error.hint, field=field) from None


def business_day(desk: Desk, days: int) -> date:
    """The ``days``th business day from today, without the clinic's closed days."""
    today = desk.today()
    closed = [
        date.fromisoformat(day)
        for (day,) in desk.rows(
            "SELECT DISTINCT day FROM schedule_exception WHERE active = 1 AND kind = 'closed'"
            " AND provider_id IS NULL AND location_id IS NULL AND start_minute = 0"
            " AND end_minute = 1440 AND day BETWEEN ? AND ?",
            today.isoformat(), (today + timedelta(days * 3 + 14)).isoformat(),
        )
    ]  # fmt: skip
    return add_business_days(today, days, closed=closed)


def payer(desk: Desk, patient_id: int, coverage_id: int | None) -> tuple[int, int | None]:
    """The plan and the coverage to ask: those given, or the first today. Raises Conflict."""
    if coverage_id is not None:
        found = desk.rows(
            "SELECT plan_id, id FROM coverage WHERE id = ? AND patient_id = ?",
            known_id(coverage_id), patient_id,
        )  # fmt: skip
        if not found:
            raise NotFound("No such coverage of this patient", "Look at the card")
        return found[0]
    rows = coverage.of_patient(desk, patient_id, desk.today())
    if not rows:
        raise Conflict("There is no insurance on file to ask", "i adds it", rule="no_coverage")
    plan = desk.rows("SELECT plan_id FROM coverage WHERE id = ?", rows[0].id)
    return plan[0][0], rows[0].id


def checked(desk: Desk, entry: AuthorizationEntry) -> dict[str, Any]:
    """What is asked for, as it is stored. Raises Invalid with its field."""
    values = {f.name: getattr(entry, f.name) for f in fields(entry)}
    values["procedures"] = check_procedures(desk, entry.procedures, "procedures")
    values["diagnoses"] = check_diagnoses(desk, entry.diagnoses, "diagnoses")
    for name in ("requesting_npi", "servicing_npi"):
        values[name] = check_npi(values[name], name)
    if not (entry.service.strip() or values["procedures"] or entry.service_type.strip()):
        raise Invalid("What is it for?", "A service in words, or codes", field="service")
    if entry.units_asked is not None:
        check_units(entry.units_asked)
    check_dates(entry.effective_on, entry.expires_on)
    for name, table in (("visit_type", "visit_type"), ("provider", "provider")):
        code = values[name].strip()
        values[name] = None
        if code:
            found = desk.rows(f"SELECT id FROM {table} WHERE upper(code) = upper(?)", code)
            if not found:
                raise Invalid(f"No {table.replace('_', ' ')} {code[:12]}", "F4 shows them",
                              field=name)  # fmt: skip
            values[name] = found[0][0]
    return clean(PriorAuthorization, values)


def check_units(number: int, most: int = MOST_UNITS) -> None:
    """Raise Invalid for what cannot be a number of units."""
    if type(number) is not int or not 1 <= number <= most:
        raise Invalid(f"Units are 1 to {most}", "", field="units")


def check_dates(first: date | None, last: date | None) -> None:
    """Raise Invalid for an end before its beginning."""
    if first and last and last < first:
        raise Invalid("It ends before it begins", "Check the dates", field="expires_on")


def check_choice(value: str, choices: Sequence[tuple[str, str]], field: str) -> None:
    """Raise Invalid for a code that is not in the list."""
    if value not in dict(choices):
        raise Invalid(f"Not {str(value)[:20]}", f"One of {', '.join(dict(choices))}", field=field)
