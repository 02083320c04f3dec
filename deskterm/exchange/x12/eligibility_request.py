"""An eligibility inquiry (270, 005010X279A1): who, for which day, which kinds of service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from deskterm.errors import Invalid
from deskterm.exchange.x12.writer import (
    REPETITION,
    Body,
    Envelope,
    code,
    day,
    days,
    interchange,
    word,
)

VERSION = "005010X279A1"
SELF = "18"
_MOST_SERVICES = 99


@dataclass(frozen=True)
class Member:
    """A subscriber or dependent as the card has them. ``sex`` is F, M, U or empty."""

    last_name: str
    first_name: str
    birth_date: date | None
    member_id: str = ""
    middle_name: str = ""
    suffix: str = ""
    sex: str = ""
    group: str = ""


@dataclass(frozen=True)
class Inquiry:
    """One question about one person.

    ``dependent`` is the patient when that is not the subscriber, with their ``relationship`` to
    the subscriber (element 1069). ``trace`` comes back in the answer's TRN; ``originator`` is
    1 and the clinic's tax id, 10 characters.
    """

    payer_name: str
    payer_id: str
    provider_name: str
    provider_npi: str
    subscriber: Member
    on: date
    services: Sequence[str]
    trace: str
    originator: str
    dependent: Member | None = None
    relationship: str = SELF
    until: date | None = None
    provider_first_name: str = ""
    provider_taxonomy: str = ""
    reference: str = ""


def write(envelope: Envelope, inquiries: Iterable[Inquiry]) -> str:
    """A 270 interchange, one transaction for each inquiry. Raises Invalid."""
    bodies = [_body(inquiry, envelope) for inquiry in inquiries]
    return interchange(envelope, "HS", "270", VERSION, bodies)


def _body(inquiry: Inquiry, envelope: Envelope) -> Body:
    _check(inquiry)
    body = Body()
    originator = code(inquiry.originator, 10, "tax id")
    reference = code(inquiry.reference or inquiry.trace, 50, "reference")
    body.add("BHT", "0022", "13", reference, f"{envelope.at:%Y%m%d}", f"{envelope.at:%H%M}")
    source = body.level("20", more=True)
    body.add("NM1", "PR", "2", word(inquiry.payer_name, 60, "payer's name"), "", "", "", "",
             "PI", code(inquiry.payer_id, 80, "payer's id"))  # fmt: skip
    receiver = body.level("21", source, more=True)
    kind = "1" if inquiry.provider_first_name else "2"
    body.add("NM1", "1P", kind, word(inquiry.provider_name, 60, "provider's name"),
             word(inquiry.provider_first_name, 35, "provider's name"), "", "", "", "XX",
             code(inquiry.provider_npi, 80, "NPI"))  # fmt: skip
    if inquiry.provider_taxonomy:
        body.add("PRV", "PE", "PXC", code(inquiry.provider_taxonomy, 50, "taxonomy"))
    subscriber = body.level("22", receiver, more=inquiry.dependent is not None)
    if inquiry.dependent is None:
        body.add("TRN", "1", code(inquiry.trace, 50, "trace number"), originator)
        person(body, inquiry.subscriber, "IL")
        _question(body, inquiry)
        return body
    person(body, inquiry.subscriber, "IL")
    body.level("23", subscriber, more=False)
    body.add("TRN", "1", code(inquiry.trace, 50, "trace number"), originator)
    person(body, inquiry.dependent, "03")
    body.add("INS", "N", code(inquiry.relationship, 2, "relationship"))
    _question(body, inquiry)
    return body


def person(body: Body, member: Member, role: str) -> None:
    """The NM1, REF and DMG of a subscriber (IL) or dependent. Raises Invalid."""
    number = code(member.member_id, 80, "member id")
    body.add("NM1", role, "1", word(member.last_name, 60, "family name"),
             word(member.first_name, 35, "first name"), word(member.middle_name, 25, "middle name"),
             "", word(member.suffix, 10, "suffix"), "MI" if number else "", number)  # fmt: skip
    if member.group:
        body.add("REF", "6P", code(member.group, 50, "group number"))
    if member.birth_date is not None:
        body.add("DMG", "D8", day(member.birth_date), _sex(member.sex))


def _question(body: Body, inquiry: Inquiry) -> None:
    body.add("DTP", "291", *days(inquiry.on, inquiry.until))
    body.add("EQ", REPETITION.join(code(s, 3, "service type") for s in inquiry.services))


def _sex(sex: str) -> str:
    return sex if sex in ("F", "M") else ""


def _check(inquiry: Inquiry) -> None:
    """Refuse what every payer would refuse. Raises Invalid."""
    services = [code(s, 3, "service type") for s in inquiry.services]
    if not (1 <= len(services) <= _MOST_SERVICES and all(services)):
        raise Invalid("Which service types?", "30 is the whole plan", field="services")
    if not code(inquiry.payer_id, 80, "payer's id"):
        raise Invalid("The plan has no payer id", "It is set with the plan", field="payer_id")
    if not code(inquiry.provider_npi, 80, "NPI"):
        raise Invalid("The provider has no NPI", "It is set with the provider", field="npi")
    if len(code(inquiry.originator, 20, "tax id")) != 10:
        raise Invalid("The clinic's tax id is not set", "It is in the settings", field="tax_id")
    if not code(inquiry.trace, 50, "trace number"):
        raise Invalid("The inquiry has no trace number", "Give it one", field="trace")
    if inquiry.until is not None and inquiry.until < inquiry.on:
        raise Invalid("The last day is before the first", "Check both", field="until")
    patient = inquiry.dependent or inquiry.subscriber
    if not (word(patient.last_name, 60, "family name") and patient.birth_date):
        raise Invalid("Name and birth date are needed to ask", "Complete them", field="birth_date")
    if inquiry.dependent is None and not code(inquiry.subscriber.member_id, 80, "member id"):
        raise Invalid("The member id is missing", "It is on the card", field="member_id")
