"""One patient's record as the card and the banner show it: a few fixed statements."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from deskterm.clock import age_on, local
from deskterm.errors import NotFound
from deskterm.office import access, coverage, day_board, dues, forms, refs_list, reveal
from deskterm.office.coverage import CoverageRow
from deskterm.office.day_board import AppointmentRow
from deskterm.office.desk import Desk
from deskterm.office.forms import FormDue
from deskterm.office.patient_entry import (
    COLUMNS,
    AddressEntry,
    ContactEntry,
    PatientEntry,
    PhoneEntry,
)
from deskterm.office.patient_rows import PatientRow, list_name, patient_rows


@dataclass(frozen=True)
class PatientFacts:
    """A patient's own columns; ``version`` goes back with an edit."""

    id: int
    version: int
    mrn: str
    last_name: str
    first_name: str
    middle_name: str
    suffix: str
    preferred_name: str
    previous_last_name: str
    pronunciation: str
    birth_date: date
    sex: str
    language: str
    interpreter_needed: bool
    email: str
    contact_channel: str
    pcp: str
    pharmacy: str
    alert: str
    provider_id: int | None
    status: str
    deceased_on: date | None
    merged_into_id: int | None
    restricted: bool
    source: str

    @property
    def name(self) -> str:
        """``SMITH, JOAN M``."""
        return list_name(self.last_name, self.first_name, self.middle_name)


@dataclass(frozen=True)
class Phone:
    """A phone in use."""

    id: int
    version: int
    number: str
    kind: str
    text_ok: bool
    voice_ok: bool
    detail_ok: bool
    consent_on: date | None


@dataclass(frozen=True)
class Address:
    """An address in use."""

    id: int
    version: int
    kind: str
    line1: str
    line2: str
    city: str
    state: str
    postal_code: str
    country: str
    confirmed_on: date | None


@dataclass(frozen=True)
class Contact:
    """Someone beside the patient."""

    id: int
    version: int
    name: str
    relationship: str
    phone: str
    emergency_contact: bool
    guarantor: bool
    guardian: bool
    may_discuss: str


@dataclass(frozen=True)
class Identifier:
    """A number somebody else gave this person; a social security number is masked."""

    id: int
    system: str
    value: str
    kind: str


@dataclass(frozen=True)
class Banner:
    """The line that stands over everything done for a patient."""

    name: str
    birth_date: date
    age: int
    sex: str
    mrn: str
    alike_count: int
    alert: str
    deceased: bool
    interpreter: bool
    language: str
    restricted: bool
    opened_until: datetime | None  # wall time at which break-glass ends


@dataclass(frozen=True)
class PatientCard:
    """Everything the card shows. What this person may not see is empty, and money None."""

    patient: PatientFacts
    phones: tuple[Phone, ...]
    addresses: tuple[Address, ...]
    contacts: tuple[Contact, ...]
    identifiers: tuple[Identifier, ...]
    coverages: tuple[CoverageRow, ...]
    appointments: tuple[AppointmentRow, ...]
    open_messages: int
    due_cents: int | None
    balance_cents: int | None
    forms_due: tuple[FormDue, ...]
    alike_count: int
    authorizations: str = ""  # what is left of them and until when, in words

    def entry(self, today: date) -> PatientEntry:
        """The registration form filled in with what is on file."""
        home = next((a for a in self.addresses if a.kind == "home"), None)
        return PatientEntry(
            **{name: getattr(self.patient, name) for name in COLUMNS},
            mrn=self.patient.mrn,
            phones=[
                PhoneEntry(p.number, p.kind, p.text_ok, p.voice_ok, p.detail_ok)
                for p in self.phones
            ],
            address=_part(home, AddressEntry) if home else None,
            contacts=[_part(contact, ContactEntry) for contact in self.contacts],
            coverages=[
                row.entry() for row in self.coverages if row.ends_on is None or row.ends_on >= today
            ],
        )


def _columns(kind: type[Any]) -> str:
    return ", ".join(field.name for field in fields(kind))


_FACTS_SQL = f"SELECT {_columns(PatientFacts)} FROM patient WHERE id = ?"
_PHONES_SQL = f"""SELECT {_columns(Phone)} FROM patient_phone
    WHERE patient_id = ? AND ended_on IS NULL ORDER BY priority, id"""
_ADDRESSES_SQL = f"""SELECT {_columns(Address)} FROM patient_address
    WHERE patient_id = ? AND ended_on IS NULL
    ORDER BY CASE kind WHEN 'confidential' THEN 0 WHEN 'home' THEN 1 ELSE 2 END, id DESC"""
_CONTACTS_SQL = f"""SELECT {_columns(Contact)} FROM related_person
    WHERE patient_id = ? AND ended_on IS NULL ORDER BY emergency_contact DESC, id"""
_IDENTIFIERS_SQL = f"""SELECT {_columns(Identifier)} FROM patient_identifier
    WHERE patient_id = ? AND active = 1 ORDER BY id"""
_ALIKE_SQL = """SELECT q.id FROM patient p JOIN patient q
      ON q.last_key = p.last_key AND q.first_key = p.first_key
    WHERE p.id = ? AND q.id <> p.id AND q.status NOT IN ('merged', 'entered_in_error')
    UNION SELECT q.id FROM patient p JOIN patient q ON q.sound_key = p.sound_key
    WHERE p.id = ? AND q.id <> p.id AND q.status NOT IN ('merged', 'entered_in_error')
    LIMIT 50"""


def facts(desk: Desk, patient_id: int) -> PatientFacts:
    """The patient's own columns. Raises NotFound, NotAllowed."""
    desk.require("view_patients")
    found = _read(desk, PatientFacts, _FACTS_SQL, patient_id)
    if not found:
        raise NotFound(f"No such patient: {patient_id}", "Look them up again")
    access.require_patient(desk, patient_id)
    return found[0]


def row(desk: Desk, patient_id: int) -> PatientRow:
    """One patient as the finder lists them. Raises NotFound."""
    desk.require("view_patients")
    found = patient_rows(desk, [patient_id])
    if not found:
        raise NotFound(f"No such patient: {patient_id}", "Look them up again")
    return found[0]


def alike_ids(desk: Desk, patient_id: int) -> list[int]:
    """Others of the same name, or of one that sounds so and the same birth year; at most 50."""
    desk.require("view_patients")
    access.require_patient(desk, patient_id)
    return [other for (other,) in desk.rows(_ALIKE_SQL, patient_id, patient_id)]


def alike(desk: Desk, patient_id: int) -> list[PatientRow]:
    """The people of :func:`alike_ids`."""
    desk.require("view_patients")
    return patient_rows(desk, alike_ids(desk, patient_id))


def banner(desk: Desk, patient_id: int) -> Banner:
    """The patient's banner. Raises NotFound."""
    who = facts(desk, patient_id)
    until = access.opened_until(desk, patient_id) if who.restricted else None
    return Banner(
        name=who.name,
        birth_date=who.birth_date,
        age=age_on(who.birth_date, who.deceased_on or desk.today()),
        sex=who.sex,
        mrn=who.mrn,
        alike_count=len(alike_ids(desk, patient_id)),
        alert=who.alert,
        deceased=who.status == "deceased" or who.deceased_on is not None,
        interpreter=who.interpreter_needed,
        language=who.language,
        restricted=who.restricted,
        opened_until=local(until, desk.zone) if until else None,
    )


def card(desk: Desk, patient_id: int) -> PatientCard:
    """The whole card. Raises NotFound, and NotAllowed for a restricted record not opened."""
    who = facts(desk, patient_id)
    money = desk.may("view_money")
    messages = desk.rows(
        "SELECT count(*) FROM message WHERE patient_id = ? AND status <> 'closed'", patient_id
    )
    return PatientCard(
        patient=who,
        phones=tuple(_read(desk, Phone, _PHONES_SQL, patient_id)),
        addresses=tuple(_read(desk, Address, _ADDRESSES_SQL, patient_id)),
        contacts=tuple(_read(desk, Contact, _CONTACTS_SQL, patient_id)),
        identifiers=tuple(
            replace(one, value=reveal.masked(one.kind, one.value))
            for one in _read(desk, Identifier, _IDENTIFIERS_SQL, patient_id)
        ),
        coverages=tuple(coverage.of_patient(desk, patient_id)),
        appointments=(day_board.of_patient(desk, patient_id) if desk.may("view_schedule") else ()),
        open_messages=messages[0][0] if desk.may("view_messages") else 0,
        due_cents=sum(due.due_cents for due in dues.due(desk, patient_id)) if money else None,
        balance_cents=dues.balance_cents(desk, patient_id) if money else None,
        forms_due=tuple(forms.forms_due(desk, patient_id)),
        alike_count=len(alike_ids(desk, patient_id)),
        authorizations=refs_list.on_card(desk, patient_id),
    )


def _part(record: Any, kind: type[Any]) -> Any:
    """The fields of ``record`` that ``kind`` has too, as one of ``kind``."""
    return kind(**{field.name: getattr(record, field.name) for field in fields(kind)})


def _read(desk: Desk, kind: type[Any], sql: str, patient_id: int) -> list[Any]:
    """Rows of ``sql`` as ``kind``, with its dates and truths."""
    kinds = {field.name: str(field.type) for field in fields(kind)}
    found = []
    for values in desk.rows(sql, patient_id):
        read = {}
        for (name, type_name), value in zip(kinds.items(), values, strict=True):
            if type_name.startswith("date") and value is not None:
                value = date.fromisoformat(value)
            elif type_name == "bool":
                value = bool(value)
            read[name] = value
        found.append(kind(**read))
    return found
