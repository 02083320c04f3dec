"""What a registration form hands over, already parsed; and the checks that need no database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from peewee import BooleanField

from deskterm.db.base import Record
from deskterm.db.coverage import RELATIONSHIPS
from deskterm.db.patients import Patient, PatientAddress, PatientPhone, RelatedPerson
from deskterm.entry.dates import OLDEST_AGE
from deskterm.entry.email import parse_email
from deskterm.entry.phones import parse_phone
from deskterm.errors import Invalid
from deskterm.office.desk import Desk
from deskterm.office.search_index import compact

SELF = RELATIONSHIPS[0][0]
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass
class PhoneEntry:
    """A phone number and what may be done with it."""

    number: str
    kind: str = "mobile"
    text_ok: bool = False
    voice_ok: bool = True
    detail_ok: bool = False


@dataclass
class AddressEntry:
    """Where post goes."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = "US"
    kind: str = "home"


@dataclass
class ContactEntry:
    """Someone beside the patient."""

    name: str
    relationship: str = ""
    phone: str = ""
    emergency_contact: bool = False
    guarantor: bool = False
    guardian: bool = False
    may_discuss: str = ""


@dataclass
class CoverageEntry:
    """Membership of a plan. ``relationship`` is the patient's to the subscriber (X12 1069)."""

    plan_code: str
    member_id: str = ""
    group_number: str = ""
    relationship: str = SELF
    subscriber_name: str = ""
    subscriber_birth_date: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    priority: int = 1
    copay_cents: int | None = None


@dataclass
class PatientEntry:
    """The whole registration form. ``mrn`` None: the next number, or the one on file."""

    last_name: str
    first_name: str
    birth_date: date | None
    middle_name: str = ""
    suffix: str = ""
    preferred_name: str = ""
    previous_last_name: str = ""
    pronunciation: str = ""
    sex: str = "U"
    language: str = "en"
    interpreter_needed: bool = False
    email: str = ""
    contact_channel: str = "phone"
    pcp: str = ""
    pharmacy: str = ""
    alert: str = ""
    phones: list[PhoneEntry] = field(default_factory=list)
    address: AddressEntry | None = None
    contacts: list[ContactEntry] = field(default_factory=list)
    coverages: list[CoverageEntry] = field(default_factory=list)
    mrn: str | None = None


# Columns of the patient that a form may set.
COLUMNS = (
    "last_name", "first_name", "middle_name", "suffix", "preferred_name", "previous_last_name",
    "pronunciation", "birth_date", "sex", "language", "interpreter_needed", "email",
    "contact_channel", "pcp", "pharmacy", "alert",
)  # fmt: skip
REQUIRED = {"last_name": "last name", "first_name": "first name"}


def patient_values(entry: PatientEntry) -> dict[str, Any]:
    """The patient's own columns as the form has them."""
    return {name: getattr(entry, name) for name in COLUMNS}


def check_patient(desk: Desk, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` in the form they are stored in. Raises Invalid with the field's name."""
    checked = clean(Patient, values)
    for name, title in REQUIRED.items():
        if name in checked and not compact(checked[name]):
            raise Invalid(
                f"{title} is missing",
                "FNU if they have one name only" if name == "first_name" else "Type it",
                field=name,
            )
    if "birth_date" in checked:
        check_birth_date(desk, checked["birth_date"], "birth_date")
    if checked.get("email"):
        checked["email"] = parse_email(checked["email"])
    if "language" in checked:
        _check_language(desk, checked["language"])
    return checked


def check_birth_date(desk: Desk, born: date | None, name: str) -> None:
    """Raise Invalid unless ``born`` is a day somebody living can have been born on."""
    if born is None:
        raise Invalid("birth date is missing", "For example 031482", field=name)
    today = desk.today()
    if born > today:
        raise Invalid("birth date is in the future", "Check the year", field=name)
    if today.year - born.year > OLDEST_AGE:
        raise Invalid(f"birth date is over {OLDEST_AGE} years ago", "Check the year", field=name)


def clean(model: type[Record], values: dict[str, Any], **fields: str) -> dict[str, Any]:
    """``values`` as ``model`` stores them; ``fields`` says what a form calls a column."""
    done = {}
    for name, value in values.items():
        column = model._meta.fields[name]
        with named(**{name: fields.get(name, name)}):
            if isinstance(value, bool) != isinstance(column, BooleanField):
                raise Invalid(f"{name.replace('_', ' ')} cannot be that", field=name)
            stored = column.db_value(value)
            if isinstance(value, str):
                value = stored
        done[name] = value
    return done


@contextmanager
def named(**fields: str) -> Iterator[None]:
    """Give an Invalid raised inside the name of the form's field."""
    try:
        yield
    except Invalid as error:
        name = fields.get(error.field, error.field)
        if name == error.field:
            raise
        raise Invalid(error.message, error.hint, field=name) from None


def phone_number(desk: Desk, typed: str, name: str = "phone") -> str:
    """The E.164 form of ``typed``. Raises Invalid for field ``name``."""
    if _E164.fullmatch(typed):
        return typed
    with named(phone=name):
        return parse_phone(typed, area_code=desk.settings.policy.area_code)


def phone_values(desk: Desk, entry: PhoneEntry) -> dict[str, Any]:
    """A phone's columns. Raises Invalid."""
    values = {
        "number": phone_number(desk, entry.number), "kind": entry.kind, "text_ok": entry.text_ok,
        "voice_ok": entry.voice_ok, "detail_ok": entry.detail_ok,
    }  # fmt: skip
    return clean(PatientPhone, values, number="phone", kind="phone_kind")


def address_values(entry: AddressEntry) -> dict[str, Any]:
    """An address's columns. Raises Invalid."""
    values = clean(PatientAddress, dict(vars(entry)), kind="address_kind")
    if not (values["line1"] or values["city"] or values["postal_code"]):
        raise Invalid("the address is empty", "Street, city or ZIP", field="line1")
    return values


def contact_values(desk: Desk, entry: ContactEntry) -> dict[str, Any]:
    """A contact's columns. Raises Invalid; the fields are called ``contact_...``."""
    values = dict(vars(entry))
    if values["phone"]:
        values["phone"] = phone_number(desk, values["phone"], "contact_phone")
    names = {name: f"contact_{name}" for name in values}
    checked = clean(RelatedPerson, values, **names)
    if not compact(checked["name"]):
        raise Invalid("the contact's name is missing", "Type it", field="contact_name")
    return checked


def _check_language(desk: Desk, language: str) -> None:
    known = desk.rows("SELECT 1 FROM code WHERE kind = 'language' AND code = ?", language)
    if not known:
        raise Invalid("no such language", "A code of the list: en, es, vi ...", field="language")
