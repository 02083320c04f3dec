"""What a payer is told about a request: for the 278, for a form to read out, for a fax."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from deskterm.db.authorizations import AUTHORIZATION_TYPES, UNIT_KINDS
from deskterm.entry.dates import show_birth
from deskterm.entry.phones import show_phone
from deskterm.errors import Invalid, NotFound
from deskterm.office import access, printing
from deskterm.office.desk import Desk, known_id

WAYS = ("phone", "fax")
_WIDTH = 78
_FACTS = """
SELECT x.id, x.reference, x.number, x.type, x.service, x.procedures, x.service_type, x.diagnoses,
  coalesce(x.units_asked, x.units), x.unit_kind, x.effective_on, x.expires_on, x.expedited,
  x.requesting_name, x.requesting_npi, x.servicing_name, x.servicing_npi, x.facility, x.state,
  p.name, p.payer_name, p.payer_id, p.phone,
  t.id, t.last_name, t.first_name, t.middle_name, t.birth_date, t.sex,
  coalesce(c.member_id, ''), coalesce(c.group_number, ''), coalesce(c.relationship, '18'),
  coalesce(c.subscriber_name, ''), c.subscriber_birth_date,
  coalesce(r.first_name || ' ' || r.last_name, ''), coalesce(r.npi, '')
FROM prior_authorization x JOIN plan p ON p.id = x.plan_id JOIN patient t ON t.id = x.patient_id
LEFT JOIN coverage c ON c.id = x.coverage_id LEFT JOIN provider r ON r.id = x.provider_id
WHERE x.id = ?"""


@dataclass(frozen=True)
class RequestFacts:
    """Everything that a request to a payer holds, whatever way it goes. Codes are lists."""

    authorization_id: int
    reference: str
    number: str
    type: str
    service: str
    procedures: tuple[str, ...]
    service_type: str
    diagnoses: tuple[str, ...]
    units: int | None
    unit_kind: str
    first_day: date | None
    last_day: date | None
    expedited: bool
    requesting_name: str
    requesting_npi: str
    servicing_name: str
    servicing_npi: str
    facility: str
    state: str
    plan: str
    payer_name: str
    payer_id: str
    payer_phone: str
    patient_id: int
    patient_last: str
    patient_first: str
    patient_middle: str
    patient_born: date
    patient_sex: str
    member_id: str
    group_number: str
    relationship: str
    subscriber_name: str
    subscriber_born: date | None
    practice: str
    tax_id: str
    practice_phone: str
    documents: tuple[str, ...]


def request_facts(desk: Desk, authorization_id: int) -> RequestFacts:
    """What the payer is told. Raises NotFound, NotAllowed."""
    desk.require("authorizations")
    found = desk.rows(_FACTS, known_id(authorization_id))
    if not found:
        raise NotFound(f"No such authorization: {authorization_id}", "Look it up again")
    (key, reference, number, kind, service, procedures, service_type, diagnoses, units, unit_kind,
     first, last, expedited, requesting, requesting_npi, servicing, servicing_npi, facility, state,
     plan, payer, payer_id, payer_phone, patient_id, last_name, first_name, middle, born, sex,
     member, group, relationship, subscriber, subscriber_born, ours, npi) = found[0]  # fmt: skip
    access.require_patient(desk, patient_id)
    place = desk.rows("SELECT phone FROM location WHERE active = 1 ORDER BY id LIMIT 1")
    papers = desk.rows(
        "SELECT document FROM authorization_event WHERE authorization_id = ? AND document <> ''"
        " ORDER BY id", key,
    )  # fmt: skip
    return RequestFacts(
        key, reference, number, kind, service, tuple(procedures.split()), service_type,
        tuple(diagnoses.split()), units, unit_kind, _day(first), _day(last), bool(expedited),
        requesting or ours, requesting_npi or (npi if not requesting else ""),
        servicing or ours, servicing_npi or (npi if not servicing else ""), facility, state, plan,
        payer or plan, payer_id, payer_phone, patient_id, last_name, first_name, middle,
        date.fromisoformat(born), sex, member, group, relationship, subscriber,
        _day(subscriber_born), desk.settings.clinic, desk.settings.tax_id,
        place[0][0] if place else "", tuple(name for (name,) in papers),
    )  # fmt: skip


def form(desk: Desk, authorization_id: int, *, way: str = "phone") -> list[str]:
    """The request as lines in the order in which a representative asks; or a fax's pages.

    ``way`` is ``phone`` (blanks for the answer) or ``fax`` (a cover before it).
    """
    if way not in WAYS:
        raise Invalid("By phone or by fax?", "", field="way")
    facts = request_facts(desk, authorization_id)
    lines = _cover(desk, facts) if way == "fax" else []
    lines += [
        f"PRIOR AUTHORIZATION REQUEST{'  ** EXPEDITED **' if facts.expedited else ''}",
        "",
        *_rows(
            ("To", f"{facts.payer_name}  {_phone(facts.payer_phone)}"),
            ("Practice", facts.practice), ("Tax id", facts.tax_id),
            ("Asked by", facts.requesting_name), ("NPI", facts.requesting_npi),
            ("Call back", _phone(facts.practice_phone)),
        ),
        "",
        *_rows(
            ("Member id", facts.member_id), ("Group", facts.group_number), ("Plan", facts.plan),
            ("Patient", " ".join(filter(None, (facts.patient_first, facts.patient_middle,
                                               facts.patient_last)))),
            ("Born", show_birth(facts.patient_born)), ("Sex", facts.patient_sex),
            ("Subscriber", facts.subscriber_name if facts.relationship != "18" else "self"),
        ),
        "",
        *_rows(
            ("Kind", dict(AUTHORIZATION_TYPES).get(facts.type, facts.type)),
            ("Service", facts.service),
            ("Codes", "  ".join(facts.procedures)), ("Diagnoses", "  ".join(facts.diagnoses)),
            ("How many", f"{facts.units} {dict(UNIT_KINDS).get(facts.unit_kind, '')}"
             if facts.units else ""),
            ("From", f"{facts.first_day:%m/%d/%Y}" if facts.first_day else ""),
            ("To", f"{facts.last_day:%m/%d/%Y}" if facts.last_day else ""),
            ("Given by", facts.servicing_name), ("NPI", facts.servicing_npi),
            ("Facility", facts.facility),
        ),
        "",
        "Papers: " + (", ".join(facts.documents) or "none noted"),
    ]  # fmt: skip
    if facts.reference:
        lines.append(f"Request no: {facts.reference}")
    lines += ["", "THE ANSWER", ""]
    lines += [f"{label:<22}{'_' * 40}" for label in (
        "Spoke with", "Call reference", "Decision", "Authorization no", "Units granted",
        "From / to", "If no: why", "Appeal / peer by")]  # fmt: skip
    return [line[:_WIDTH].rstrip() for line in lines]


def print_form(desk: Desk, authorization_id: int, *, way: str = "phone") -> None:
    """The form on the printer for letters. Raises Unreachable; what is printed is noted."""
    lines = form(desk, authorization_id, way=way)
    content = ("\n".join(lines) + "\n").encode()
    printing.send(content, desk.settings.printer, f"Authorization {authorization_id}")
    facts = request_facts(desk, authorization_id)
    desk.views.printed("authorization request", facts.patient_id)


def _cover(desk: Desk, facts: RequestFacts) -> list[str]:
    pages = 2 + len(facts.documents)
    return [
        facts.practice, "", "FAX", "",
        *_rows(
            ("To", f"{facts.payer_name}, prior authorization"),
            ("From", f"{facts.practice}  {_phone(facts.practice_phone)}"),
            ("Date", f"{desk.today():%m/%d/%Y}"),
            ("Pages", f"about {pages}, with this one"),
            ("Regarding", f"request for authorization {facts.reference}".rstrip()),
        ),
        "",
        "This fax holds health information that the law protects. If it is not for you, do not",
        "read, copy or pass it on: call the number above and destroy it.",
        "", "-" * _WIDTH, "",
    ]  # fmt: skip


def _rows(*pairs: tuple[str, str]) -> list[str]:
    return [f"{label:<12}{value or '-'}" for label, value in pairs]


def _phone(number: str) -> str:
    return show_phone(number) if number.startswith("+") else number


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
