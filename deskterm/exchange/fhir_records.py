"""What a front desk takes over from FHIR R4, as frozen dataclasses."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Identifier:
    """A number somebody gave; ``kind`` is HL7 table 0203 (MR, SS, DL, PPN)."""

    system: str
    value: str
    kind: str


@dataclass(frozen=True)
class Phone:
    """A number in E.164, or as it came when it is not one; ``kind`` as the desk's own."""

    number: str
    kind: str


@dataclass(frozen=True)
class Address:
    """A postal address."""

    kind: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str


@dataclass(frozen=True)
class Contact:
    """Someone beside the patient."""

    name: str
    relationship: str
    phone: str
    emergency_contact: bool
    guarantor: bool
    guardian: bool


@dataclass(frozen=True)
class Patient:
    """A patient as another system knows them."""

    resource_id: str
    last_name: str
    first_name: str
    middle_name: str
    suffix: str
    preferred_name: str
    previous_last_name: str
    birth_date: date
    sex: str
    language: str
    interpreter_needed: bool
    email: str
    pcp: str
    provider: str
    deceased: bool
    deceased_on: date | None
    identifiers: tuple[Identifier, ...]
    phones: tuple[Phone, ...]
    addresses: tuple[Address, ...]
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class Practitioner:
    """Someone who sees patients."""

    resource_id: str
    last_name: str
    first_name: str
    credential: str
    npi: str
    active: bool


@dataclass(frozen=True)
class Location:
    """A place; ``address`` in lines."""

    resource_id: str
    name: str
    address: str
    phone: str
    active: bool


@dataclass(frozen=True)
class Coverage:
    """A membership of a plan. ``patient`` and ``payer`` are ids; ``payer_name`` if it was said."""

    resource_id: str
    patient: str
    payer: str
    payer_name: str
    plan_name: str
    plan_type: str
    member_id: str
    group_number: str
    relationship: str
    subscriber_name: str
    starts_on: date | None
    ends_on: date | None
    priority: int
    copay_cents: int | None


@dataclass(frozen=True)
class Appointment:
    """A booking. ``start`` is UTC; ``visit_words`` are the codes and names of its type."""

    resource_id: str
    status: str
    start: datetime
    minutes: int
    patient: str
    provider: str
    location: str
    visit_words: tuple[str, ...]
    note: str


Imported = Patient | Practitioner | Location | Coverage | Appointment


def digest(value: Imported) -> str:
    """A hash of everything in ``value``, the same for the same content."""
    text = json.dumps(asdict(value), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
