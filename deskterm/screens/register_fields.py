"""The registration form's fields, bound to the models, and their way to and from the office."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from deskterm.db.coverage import Coverage
from deskterm.db.patients import Patient, PatientAddress, PatientPhone, RelatedPerson
from deskterm.entry.dates import parse_birth_date, parse_date, show_birth
from deskterm.entry.email import parse_email
from deskterm.entry.money import parse_cents, show_cents
from deskterm.entry.phones import parse_phone, show_phone
from deskterm.office import clinic, coverage
from deskterm.office.desk import Desk
from deskterm.office.patients import (
    AddressEntry,
    ContactEntry,
    CoverageEntry,
    PatientEntry,
    PhoneEntry,
)
from deskterm.widgets.fields import FieldSpec

PHONE_COUNT = 2
COVERAGE_COUNT = 2
_ADDRESS = ("line1", "line2", "city", "state", "postal_code")
_PATIENT_TEXT = (
    "last_name", "first_name", "middle_name", "suffix", "preferred_name", "previous_last_name",
    "pronunciation", "pcp", "pharmacy", "alert",
)  # fmt: skip


def who_fields(desk: Desk) -> list[FieldSpec]:
    """What is asked first, to see whether they are on file."""
    return [
        FieldSpec.from_model(Patient.last_name, required=True, width=24, card_check=True),
        FieldSpec.from_model(Patient.first_name, required=True, width=20, beside=True),
        _birth(desk),
        _phone(desk, "phone", "Phone", beside=True),
    ]


def all_fields(desk: Desk) -> list[FieldSpec]:
    """The whole form, in the order it is spoken."""
    languages = clinic.codes(desk, "language")
    return [
        FieldSpec.from_model(Patient.last_name, required=True, width=24, group="NAME"),
        FieldSpec.from_model(Patient.first_name, required=True, width=18, beside=True),
        FieldSpec.from_model(Patient.middle_name, width=12, beside=True),
        FieldSpec.from_model(Patient.suffix, width=6),
        FieldSpec.from_model(Patient.preferred_name, width=16, beside=True),
        FieldSpec.from_model(Patient.pronunciation, width=16, beside=True),
        FieldSpec.from_model(Patient.previous_last_name, width=24),
        _birth(desk),
        FieldSpec.from_model(Patient.sex, width=12, beside=True, default=None, required=True),
        FieldSpec.from_model(Patient.language, kind="choice", choices=languages, width=14),
        FieldSpec.from_model(Patient.interpreter_needed, width=6, beside=True),
        *_phones(desk),
        FieldSpec.from_model(Patient.email, width=30, parse=_email),
        FieldSpec.from_model(Patient.contact_channel, width=18, beside=True),
        FieldSpec.from_model(PatientAddress.line1, width=30, group="ADDRESS"),
        FieldSpec.from_model(PatientAddress.line2, width=14, beside=True),
        FieldSpec.from_model(PatientAddress.city, width=20),
        FieldSpec.from_model(PatientAddress.state, width=10, beside=True),
        FieldSpec.from_model(PatientAddress.postal_code, width=10, beside=True),
        *_contact(desk, "contact", "EMERGENCY CONTACT"),
        *_contact(desk, "guarantor", "GUARANTOR, when it is not the patient"),
        FieldSpec.from_model(Patient.pcp, width=24, group="CARE"),
        FieldSpec.from_model(Patient.pharmacy, width=28, beside=True),
        FieldSpec.from_model(Patient.alert, width=60),
        *_coverage(desk, 1),
        *_coverage(desk, 2),
    ]


def _birth(desk: Desk, **overrides: Any) -> FieldSpec:
    def parse(text: str) -> tuple[date, str]:
        born = parse_birth_date(text, today=desk.today(), order=desk.settings.policy.date_order)
        return born, show_birth(born)

    return FieldSpec.from_model(
        Patient.birth_date, required=True, width=12, parse=parse, show=show_birth, **overrides
    )


def _phone(desk: Desk, name: str, label: str, **overrides: Any) -> FieldSpec:
    def parse(text: str) -> tuple[str, str]:
        number = parse_phone(text, area_code=desk.settings.policy.area_code)
        return number, show_phone(number)

    return FieldSpec(
        name, label, limit=24, width=14, parse=parse, show=show_phone, empty="",
        example="217-555-0142", **overrides,
    )  # fmt: skip


def _phones(desk: Desk) -> list[FieldSpec]:
    specs = []
    for number in range(1, PHONE_COUNT + 1):
        end = "" if number == 1 else str(number)
        name = f"phone{end}"

        def given(values: Any, name: str = name) -> bool:
            return bool(values.get(name))

        group = "REACHED AT" if number == 1 else ""
        specs += [
            _phone(desk, name, f"Phone {number}", group=group),
            FieldSpec.from_model(PatientPhone.kind, name=f"kind{end}", width=10, beside=True,
                                 visible_when=given),
            FieldSpec.from_model(PatientPhone.text_ok, name=f"text_ok{end}", width=6,
                                 visible_when=given),
            FieldSpec.from_model(PatientPhone.voice_ok, name=f"voice_ok{end}", width=6,
                                 beside=True, visible_when=given),
            FieldSpec.from_model(PatientPhone.detail_ok, name=f"detail_ok{end}", width=6,
                                 beside=True, visible_when=given),
        ]  # fmt: skip
    return specs


def _contact(desk: Desk, prefix: str, group: str) -> list[FieldSpec]:
    specs = [
        FieldSpec.from_model(RelatedPerson.name, name=f"{prefix}_name", width=24, group=group),
        FieldSpec.from_model(
            RelatedPerson.relationship, name=f"{prefix}_relationship", width=12, beside=True
        ),
        _phone(desk, f"{prefix}_phone", "Phone", beside=True),
    ]
    if prefix == "contact":
        specs.append(FieldSpec.from_model(RelatedPerson.may_discuss, width=30))
    return specs


def _coverage(desk: Desk, number: int) -> list[FieldSpec]:
    """One coverage. Changing the plan or the member id ends the old one and adds a new one."""
    end = "" if number == 1 else str(number)
    plans = [(plan.code, plan.name) for plan in coverage.plans(desk)]

    def covered(values: Any) -> bool:
        return bool(values.get(f"plan_code{end}"))

    def not_self(values: Any) -> bool:
        return covered(values) and values.get(f"relationship{end}") != "18"

    common: dict[str, Any] = {"visible_when": covered}

    def past(text: str) -> tuple[date, str]:
        found = parse_date(text, today=desk.today(), future=False)
        return found.day, found.echo

    def future(text: str) -> tuple[date, str]:
        found = parse_date(text, today=desk.today(), future=True)
        return found.day, found.echo

    def born(text: str) -> tuple[date, str]:
        return parse_birth_date(text, today=desk.today()), ""

    def money(text: str) -> tuple[int, str]:
        return parse_cents(text), ""

    return [
        FieldSpec(f"plan_code{end}", "Plan", "choice", choices=plans, width=24, empty="",
                  group="INSURANCE" if number == 1 else "SECOND INSURANCE"),
        FieldSpec.from_model(Coverage.member_id, name=f"member_id{end}", width=20, beside=True,
                             required=True, card_check=False, **common),
        FieldSpec.from_model(Coverage.group_number, name=f"group_number{end}", width=14,
                             **common),
        FieldSpec.from_model(Coverage.relationship, name=f"relationship{end}", width=16,
                             label="Patient is", beside=True, **common),
        FieldSpec.from_model(Coverage.subscriber_name, name=f"subscriber_name{end}", width=24,
                             required=True, visible_when=not_self),
        FieldSpec.from_model(Coverage.subscriber_birth_date, name=f"subscriber_birth_date{end}",
                             width=12, parse=born, show=show_birth, beside=True,
                             visible_when=not_self),
        FieldSpec.from_model(Coverage.starts_on, name=f"starts_on{end}", width=12, parse=past,
                             show=show_birth, **common),
        FieldSpec.from_model(Coverage.ends_on, name=f"ends_on{end}", width=12, parse=future,
                             show=show_birth, beside=True, **common),
        FieldSpec.from_model(Coverage.copay_cents, name=f"copay_cents{end}", width=9, parse=money,
                             show=show_cents, beside=True, **common),
    ]  # fmt: skip


def _email(text: str) -> tuple[str, str]:
    return parse_email(text), ""


def values_of(entry: PatientEntry) -> dict[str, Any]:
    """What is on file, as the form shows it."""
    values: dict[str, Any] = {name: getattr(entry, name) for name in _PATIENT_TEXT}
    for name in ("birth_date", "sex", "language", "interpreter_needed", "email",
                 "contact_channel"):  # fmt: skip
        values[name] = getattr(entry, name)
    for number, phone in enumerate(entry.phones[:PHONE_COUNT], 1):
        end = "" if number == 1 else str(number)
        values |= {f"phone{end}": phone.number, f"kind{end}": phone.kind,
                   f"text_ok{end}": phone.text_ok, f"voice_ok{end}": phone.voice_ok,
                   f"detail_ok{end}": phone.detail_ok}  # fmt: skip
    if entry.address is not None:
        values |= {name: getattr(entry.address, name) for name in _ADDRESS}
    for prefix, flag in (("contact", "emergency_contact"), ("guarantor", "guarantor")):
        found = next((c for c in entry.contacts if getattr(c, flag)), None)
        if found is not None:
            values |= {f"{prefix}_name": found.name, f"{prefix}_relationship": found.relationship,
                       f"{prefix}_phone": found.phone}  # fmt: skip
            if prefix == "contact":
                values["may_discuss"] = found.may_discuss
    for number, covered in enumerate(entry.coverages[:COVERAGE_COUNT], 1):
        end = "" if number == 1 else str(number)
        values |= {f"{name}{end}": getattr(covered, name) for name in _COVERED}
    return values


_COVERED = (
    "plan_code", "member_id", "group_number", "relationship", "subscriber_name",
    "subscriber_birth_date", "starts_on", "ends_on", "copay_cents",
)  # fmt: skip


def entry_of(values: dict[str, Any], before: PatientEntry | None = None) -> PatientEntry:
    """The form's values as the office takes them; what the form does not show stays."""
    texts = {name: values.get(name) or "" for name in _PATIENT_TEXT}
    phones = [
        PhoneEntry(
            values[f"phone{end}"],
            values.get(f"kind{end}") or "mobile",
            bool(values.get(f"text_ok{end}")),
            values.get(f"voice_ok{end}") is not False,
            bool(values.get(f"detail_ok{end}")),
        )
        for end in ("", "2")
        if values.get(f"phone{end}")
    ]
    address = AddressEntry(**{name: values.get(name) or "" for name in _ADDRESS})
    entry = PatientEntry(
        **texts,
        birth_date=values.get("birth_date"),
        sex=values.get("sex") or "U",
        language=values.get("language") or "en",
        interpreter_needed=bool(values.get("interpreter_needed")),
        email=values.get("email") or "",
        contact_channel=values.get("contact_channel") or "phone",
        phones=phones,
        address=address if address.line1 or address.city or address.postal_code else None,
        contacts=_contacts(values, before),
        coverages=_coverages(values, before),
    )
    if before is None:
        return entry
    return replace(entry, mrn=before.mrn, phones=phones + before.phones[PHONE_COUNT:])


def _contacts(values: dict[str, Any], before: PatientEntry | None) -> list[ContactEntry]:
    """Emergency contact and guarantor; one person for both stays one entry."""
    given = {
        prefix: ContactEntry(
            name=values[f"{prefix}_name"],
            relationship=values.get(f"{prefix}_relationship") or "",
            phone=values.get(f"{prefix}_phone") or "",
        )
        for prefix in ("contact", "guarantor")
        if values.get(f"{prefix}_name")
    }
    people: list[ContactEntry] = []
    if "contact" in given:
        given["contact"].emergency_contact = True
        given["contact"].may_discuss = values.get("may_discuss") or ""
        people.append(given["contact"])
    if "guarantor" in given:
        same = people and people[0].name == given["guarantor"].name
        target = people[0] if same else given["guarantor"]
        target.guarantor = True
        if not same:
            people.append(target)
    kept = [
        c
        for c in (before.contacts if before else ())
        if not c.emergency_contact and not c.guarantor
    ]
    for person in people:
        was = next((c for c in (before.contacts if before else ()) if c.name == person.name), None)
        person.guardian = was.guardian if was is not None else False
    return [*people, *kept]


def _coverages(values: dict[str, Any], before: PatientEntry | None) -> list[CoverageEntry]:
    covered = [
        CoverageEntry(
            plan_code=values[f"plan_code{end}"],
            member_id=values.get(f"member_id{end}") or "",
            group_number=values.get(f"group_number{end}") or "",
            relationship=values.get(f"relationship{end}") or "18",
            subscriber_name=values.get(f"subscriber_name{end}") or "",
            subscriber_birth_date=values.get(f"subscriber_birth_date{end}"),
            starts_on=values.get(f"starts_on{end}"),
            ends_on=values.get(f"ends_on{end}"),
            priority=number,
            copay_cents=values.get(f"copay_cents{end}"),
        )
        for number, end in ((1, ""), (2, "2"))
        if values.get(f"plan_code{end}")
    ]
    return [*covered, *(before.coverages[COVERAGE_COUNT:] if before else ())]
