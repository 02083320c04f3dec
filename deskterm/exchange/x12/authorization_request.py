"""A request for a referral or prior authorization (278, 005010X217): who, what, how often.

One request is one transaction: a patient event (:class:`Event`), with service lines below it
where procedures are named. Read off the examples that X12 publishes and companion guides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from deskterm.errors import Invalid
from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.eligibility_request import SELF, Member, person
from deskterm.exchange.x12.writer import Body, Envelope, code, days, interchange, word

VERSION = "005010X217"
REFERRAL, SERVICES, ADMISSION = "SC", "HS", "AR"
INITIAL, RENEWAL, CANCEL, EXTENSION, REVISED = "I", "R", "3", "4", "S"
# Certification types that speak of an earlier decision and must name it.
_AGAIN = frozenset({"1", "2", "3", "4", "6", "N", "R", "S"})
# PRV01 by NM101: attending, operating, ordering, referring, primary care; all others perform.
_PARTS = {"71": "AT", "72": "OP", "DK": "OR", "DN": "RF", "P3": "PC"}
_MOST_DIAGNOSES = 12
_MOST_SERVICES = 99
_MOST_PROVIDERS = 14


@dataclass(frozen=True)
class Provider:
    """Somebody who asks, serves or receives. ``first_name`` empty: an organization.

    ``role`` is 1P (asks), SJ (serves), FA (facility), DK (orders), P3 (primary care) and so on.
    ``qualifier`` says what ``number`` is: XX an NPI, 24 a tax id, 34 a social security number,
    46 an id of the payer's. ``contact`` is who answers questions, ``phone`` ten digits.
    """

    name: str
    number: str = ""
    role: str = "SJ"
    first_name: str = ""
    qualifier: str = "XX"
    taxonomy: str = ""
    contact: str = ""
    phone: str = ""
    fax: str = ""
    street: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    postal: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """An HI: ``kind`` ABK (ICD-10, principal), ABF (ICD-10), BK and BF (ICD-9), ABJ admitting."""

    code: str
    kind: str = "ABF"
    known_on: date | None = None


@dataclass(frozen=True)
class Delivery:
    """An HSD: how much, and over what time. ``unit`` VS visits, DY days, HS hours, UN units.

    3 visits a week for 2 months is ``Delivery("VS", 3, "WK", "34", 2)``; ``pattern`` and ``time``
    are HSD07 and HSD08.
    """

    unit: str = ""
    quantity: int | Decimal | None = None
    each: str = ""
    period: str = ""
    periods: int | None = None
    pattern: str = ""
    time: str = ""


@dataclass(frozen=True)
class Attachment:
    """A PWK: what is sent beside the request and how (BM post, EL electronic, FX fax, VO phone)."""

    kind: str
    way: str
    control: str = ""
    text: str = ""


@dataclass(frozen=True)
class Segment:
    """A segment that few offices send (CRC, CR1, CR6, CL1), element by element."""

    name: str
    elements: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """A service line. ``revenue`` (a UB revenue code) or ``institutional`` makes it an SV2.

    ``modifiers`` are at most four; ``unit`` UN, MJ or DA; ``charge_cents`` may be left out.
    ``category`` gives the line a UM of its own, where the payer decides line by line.
    """

    procedure: str = ""
    modifiers: tuple[str, ...] = ()
    procedure_kind: str = "HC"
    units: int | Decimal | None = None
    unit: str = "UN"
    charge_cents: int | None = None
    revenue: str = ""
    institutional: bool = False
    on: date | None = None
    until: date | None = None
    trace: str = ""
    category: str = ""
    certification: str = INITIAL
    service_type: str = ""
    previous: str = ""
    delivery: Delivery | None = None
    attachments: tuple[Attachment, ...] = ()
    message: str = ""
    providers: tuple[Provider, ...] = ()


@dataclass(frozen=True)
class Event:
    """What is asked for as a whole.

    ``category`` SC referral, HS health services, AR admission; ``certification`` I initial, R
    renewal, 3 cancel, 4 extension, S revised. ``place`` is a place of service (``place_kind`` B)
    or a UB facility type (A). ``level`` is 03 emergency, E elective, U urgent. ``previous`` is
    the certification number this goes on from, ``administrative`` the payer's reference.
    ``dates`` are (qualifier, first, last): AAH the event, 435 admission, 096 discharge, 439
    accident, 431 onset.
    """

    category: str
    certification: str = INITIAL
    service_type: str = ""
    place: str = ""
    place_kind: str = "B"
    level: str = ""
    release: str = "Y"
    related: tuple[str, ...] = ()
    trace: str = ""
    previous: str = ""
    administrative: str = ""
    dates: tuple[tuple[str, date, date | None], ...] = ()
    diagnoses: tuple[Diagnosis, ...] = ()
    delivery: Delivery | None = None
    conditions: tuple[Segment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    message: str = ""
    providers: tuple[Provider, ...] = ()
    services: tuple[Service, ...] = ()


@dataclass(frozen=True)
class Request:
    """One request for one patient. ``dependent`` is the patient when not the subscriber.

    ``originator`` (1 and the clinic's tax id, 10 characters) belongs to the traces;
    ``payer_id_kind`` is PI, XV or 46.
    """

    payer_name: str
    payer_id: str
    requester: Provider
    subscriber: Member
    event: Event
    reference: str
    originator: str = ""
    dependent: Member | None = None
    relationship: str = SELF
    payer_id_kind: str = "PI"


def write(envelope: Envelope, requests: Iterable[Request]) -> str:
    """A 278 interchange, one transaction for each request. Raises Invalid."""
    return interchange(envelope, "HI", "278", VERSION, [_body(r, envelope) for r in requests])


def _body(request: Request, envelope: Envelope) -> Body:
    _check(request)
    body, event = Body(), request.event
    body.add("BHT", "0007", "13", code(request.reference, 50, "reference"),
             f"{envelope.at:%Y%m%d}", f"{envelope.at:%H%M}")  # fmt: skip
    source = body.level("20", more=True)
    body.add("NM1", "X3", "2", word(request.payer_name, 60, "payer's name"), "", "", "", "",
             code(request.payer_id_kind, 2), code(request.payer_id, 80, "payer's id"))  # fmt: skip
    receiver = body.level("21", source, more=True)
    _provider(body, request.requester)
    above = body.level("22", receiver, more=True)
    person(body, request.subscriber, "IL")
    if request.dependent is not None:
        above = body.level("23", above, more=True)
        person(body, request.dependent, "QC")
        body.add("INS", "N", code(request.relationship, 2, "relationship"))
    number = body.level("EV", above, more=bool(event.services))
    _event(body, event, request.originator)
    for service in event.services:
        body.level("SS", number, more=False)
        _service(body, service, request.originator)
    return body


def _event(body: Body, event: Event, originator: str) -> None:
    _trace(body, event.trace, originator)
    place: tuple[str, ...] = ()
    if event.place:
        place = (code(event.place, 2, "place of service"), code(event.place_kind, 1))
    related = tuple(code(r, 3, "related cause") for r in event.related[:3])
    body.add("UM", code(event.category, 2), code(event.certification, 1),
             code(event.service_type, 2, "service type"), place, related, code(event.level, 3),
             "", "", code(event.release, 1))  # fmt: skip
    _numbers(body, event.previous, event.administrative)
    for qualifier, first, last in event.dates:
        body.add("DTP", code(qualifier, 3), *days(first, last))
    body.add("HI", *[_diagnosis(d) for d in event.diagnoses])
    _delivery(body, event.delivery)
    for segment in event.conditions:
        body.add(code(segment.name, 3), *[word(e, 264) for e in segment.elements])
    _attachments(body, event.attachments)
    body.add("MSG", word(event.message, 264, "message"))
    for provider in event.providers:
        _provider(body, provider)


def _service(body: Body, service: Service, originator: str) -> None:
    _trace(body, service.trace, originator)
    if service.category:
        body.add("UM", code(service.category, 2), code(service.certification, 1),
                 code(service.service_type, 2, "service type"))  # fmt: skip
    _numbers(body, service.previous, "")
    if service.on is not None:
        body.add("DTP", "472", *days(service.on, service.until))
    procedure: tuple[str, ...] = ()
    if service.procedure:
        modifiers = [code(m, 2, "modifier") for m in service.modifiers[:4]]
        procedure = (
            code(service.procedure_kind, 2),
            code(service.procedure, 48, "procedure"),
            *modifiers,
        )
    charge = _amount(service.charge_cents)
    units = _quantity(service.units)
    unit = code(service.unit, 2, "unit") if units else ""
    if service.revenue or service.institutional:
        body.add("SV2", code(service.revenue, 48, "revenue code"), procedure, charge, unit, units)
    else:
        body.add("SV1", procedure, charge, unit, units)
    _delivery(body, service.delivery)
    _attachments(body, service.attachments)
    body.add("MSG", word(service.message, 264, "message"))
    for provider in service.providers:
        _provider(body, provider)


def _provider(body: Body, provider: Provider) -> None:
    kind = "1" if provider.first_name else "2"
    number = code(provider.number, 80, "NPI")
    body.add("NM1", code(provider.role, 3), kind, word(provider.name, 60, "provider's name"),
             word(provider.first_name, 35, "provider's name"), "", "", "",
             code(provider.qualifier, 2) if number else "", number)  # fmt: skip
    body.add("N3", word(provider.street, 55, "street"), word(provider.street_2, 55, "street"))
    body.add("N4", word(provider.city, 30, "city"), code(provider.state, 2, "state"),
             code(provider.postal, 15, "postal code"))  # fmt: skip
    phone, fax = _digits(provider.phone, "phone"), _digits(provider.fax, "fax")
    if phone or fax:
        numbers = (["TE", phone] if phone else []) + (["FX", fax] if fax else [])
        body.add("PER", "IC", word(provider.contact, 60, "contact"), *numbers)
    if provider.taxonomy:
        body.add(
            "PRV", _PARTS.get(provider.role, "PE"), "PXC", code(provider.taxonomy, 50, "taxonomy")
        )


def _trace(body: Body, trace: str, originator: str) -> None:
    if trace:
        body.add("TRN", "1", code(trace, 50, "trace number"), code(originator, 10, "tax id"))


def _numbers(body: Body, previous: str, administrative: str) -> None:
    if previous:
        body.add("REF", "BB", code(previous, 50, "authorization number"))
    if administrative:
        body.add("REF", "NT", code(administrative, 50, "payer's reference"))


def _diagnosis(diagnosis: Diagnosis) -> tuple[str, ...]:
    value = code(diagnosis.code, 30, "diagnosis").replace(".", "")
    known = days(diagnosis.known_on) if diagnosis.known_on else ()
    return (code(diagnosis.kind, 3), value, *known)


def _delivery(body: Body, delivery: Delivery | None) -> None:
    if delivery is None:
        return
    periods = str(delivery.periods) if delivery.periods else ""
    body.add("HSD", code(delivery.unit, 2, "unit"), _quantity(delivery.quantity),
             code(delivery.each, 2), "", code(delivery.period, 2), periods,
             code(delivery.pattern, 2), code(delivery.time, 1))  # fmt: skip


def _attachments(body: Body, attachments: Iterable[Attachment]) -> None:
    for one in attachments:
        control = code(one.control, 80, "attachment number")
        body.add("PWK", code(one.kind, 2), code(one.way, 2), "", "", "AC" if control else "",
                 control, word(one.text, 80, "attachment"))  # fmt: skip


def _amount(cents: int | None) -> str:
    if cents is None:
        return ""
    return f"{cents // 100}.{cents % 100:02}".removesuffix(".00")


def _quantity(value: int | Decimal | None) -> str:
    if value is None:
        return ""
    exact = Decimal(value)
    if not exact.is_finite() or exact <= 0 or exact >= 10**9:
        raise Invalid("The number of units is not above 0", "Correct it", field="units")
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _digits(text: str, what: str) -> str:
    digits = "".join(c for c in text if c.isascii() and c.isdigit())
    if len(digits) > 15:
        raise Invalid(f"The {what} number is too long", "Correct it", field=what)
    return digits.removeprefix("1") if len(digits) == 11 else digits


def _check(request: Request) -> None:
    """Refuse what every payer would refuse. Raises Invalid."""
    event = request.event
    if not code(request.payer_id, 80, "payer's id"):
        raise Invalid("The plan has no payer id", "It is set with the plan", field="payer_id")
    if not code(request.reference, 50, "reference"):
        raise Invalid("The request has no reference", "Give it a number", field="reference")
    if not (word(request.requester.name, 60) and code(request.requester.number, 80)):
        raise Invalid("Who asks has no NPI", "It is set with the provider", field="npi")
    if event.category not in code_words.CATEGORIES:
        raise Invalid("Referral, health services or admission?", "SC, HS or AR", field="category")
    if event.certification not in code_words.CERTIFICATIONS:
        raise Invalid("Which kind of request?", "I initial, R renewal, 4 extension, 3 cancel",
                      field="certification")  # fmt: skip
    if event.certification in _AGAIN and not (event.previous or event.administrative):
        raise Invalid("Which decision does this go on from?", "Give its number", field="previous")
    patient = request.dependent or request.subscriber
    if not word(patient.last_name, 60):
        raise Invalid("The patient's name is missing", "Complete it", field="last_name")
    if not code(request.subscriber.member_id, 80):
        raise Invalid("The member id is missing", "It is on the card", field="member_id")
    if (event.trace or any(s.trace for s in event.services)) and not (
        len(code(request.originator, 20)) == 10
    ):
        raise Invalid("The clinic's tax id is not set", "It is in the settings", field="tax_id")
    if len(event.diagnoses) > _MOST_DIAGNOSES:
        raise Invalid(f"More than {_MOST_DIAGNOSES} diagnoses", "Leave some out", field="diagnoses")
    if len(event.services) > _MOST_SERVICES:
        raise Invalid(f"More than {_MOST_SERVICES} services", "Ask in two", field="services")
    if len(event.providers) > _MOST_PROVIDERS:
        raise Invalid("Too many providers", "Leave some out", field="providers")
    for service in event.services:
        if not (code(service.procedure, 48) or code(service.revenue, 48)):
            raise Invalid("A service without a procedure", "Add its code", field="procedure")
    if event.certification != CANCEL and not (event.services or event.delivery or event.dates
                                              or event.service_type):  # fmt: skip
        raise Invalid("What is asked for?", "Add a service, visits or dates", field="services")
