"""Registering patients and keeping what is known of them: one function per operation.

What is read is in ``patient_card``, who may be meant in ``look_alikes``; both are offered here
too, so that ``patients`` is the one name the screens and commands need.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deskterm.db.patients import Patient, PatientAddress, PatientPhone, RelatedPerson
from deskterm.errors import Conflict, Invalid
from deskterm.office import coverage
from deskterm.office.coverage import count_up
from deskterm.office.desk import Desk, Operation
from deskterm.office.forms import FormDue, acknowledge_form, forms_due
from deskterm.office.look_alikes import LookAlike, check_identity, look_alikes
from deskterm.office.patient_card import (
    Banner,
    PatientCard,
    PatientFacts,
    alike,
    banner,
    card,
    facts,
    row,
)
from deskterm.office.patient_entry import (
    COLUMNS,
    AddressEntry,
    ContactEntry,
    CoverageEntry,
    PatientEntry,
    PhoneEntry,
    address_values,
    check_patient,
    clean,
    contact_values,
    patient_values,
    phone_values,
)
from deskterm.office.patient_rows import PatientRow
from deskterm.office.recents import opened, recent_ids
from deskterm.office.search_index import index_patient

__all__ = [
    "AddressEntry", "Banner", "ContactEntry", "CoverageEntry", "FormDue", "LookAlike",
    "PatientCard", "PatientEntry", "PatientFacts", "PatientRow", "PhoneEntry", "acknowledge_form",
    "alike", "banner", "card", "check_identity", "confirm_contact", "edit", "edit_entry",
    "end_contact", "end_phone", "facts", "forms_due", "look_alikes", "opened", "recent_ids",
    "register", "row", "set_address", "set_contact", "set_phone",
]  # fmt: skip

FIRST_MRN = 10000  # numbers given here follow it


def register(desk: Desk, entry: PatientEntry, *, key: str | None = None) -> Patient:
    """Register a patient with everything on the form, in one operation.

    With ``key`` a repeat returns the patient made the first time. Raises Invalid with the
    field's name, and Conflict for an MRN in use.
    """
    with desk.operation("patient.register", key=key) as op:
        if op.earlier is not None:
            return op.get(Patient, op.earlier.patient_id or 0)
        values = check_patient(desk, patient_values(entry))
        mrn = _checked_mrn(desk, entry.mrn) if entry.mrn else _next_mrn(desk)
        patient = op.create(Patient, mrn=mrn, registered_at=op.now, **values)
        op.about(patient, patient_id=patient.id)
        _set_phones(op, patient, entry.phones)
        if entry.address is not None:
            _set_address(op, patient, entry.address)
        _set_contacts(op, patient, entry.contacts)
        for covered in entry.coverages:
            coverage.create(op, patient, covered)
        index_patient(desk.database, patient.id)
        return op.get(Patient, patient.id)


def edit(desk: Desk, patient_id: int, *, version: int, **columns: Any) -> Patient:
    """Change some of the patient's own columns. Raises Stale, Invalid, NotFound."""
    unknown = set(columns) - {*COLUMNS, "mrn"}
    if unknown:
        raise Invalid(
            f"no such field: {', '.join(sorted(unknown))}", f"One of {', '.join(COLUMNS)}"
        )
    with desk.operation("patient.edit", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id, version)
        _set_columns(op, patient, columns)
        op.about(patient, patient_id=patient_id)
        op.save(patient)
        index_patient(desk.database, patient_id)
        return op.get(Patient, patient_id)


def edit_entry(desk: Desk, patient_id: int, version: int, entry: PatientEntry) -> Patient:
    """Save the whole form: whatever differs from what is on file, in one operation.

    Phones, address, contacts and coverages that are gone from the form are ended; changed ones
    are ended and added. Raises Stale, Invalid, Conflict, NotFound.
    """
    with desk.operation("patient.edit", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id, version)
        columns = patient_values(entry)
        if entry.mrn:
            columns["mrn"] = entry.mrn
        _set_columns(op, patient, columns)
        op.about(patient, patient_id=patient_id)
        beside = [
            _set_phones(op, patient, entry.phones),
            _set_home(op, patient, entry.address),
            _set_contacts(op, patient, entry.contacts),
            coverage.replace_all(op, patient, entry.coverages),
        ]
        if any(beside):
            count_up(op, patient)
        else:
            op.save(patient)
        index_patient(desk.database, patient_id)
        return op.get(Patient, patient_id)


def set_phone(
    desk: Desk, patient_id: int, entry: PhoneEntry, *, replaces: int | None = None
) -> PatientPhone:
    """Add a phone, first in order; the number ``replaces`` (an id) is ended. Raises Invalid."""
    with desk.operation("patient.edit", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id)
        current = _current(PatientPhone, patient_id)
        values = phone_values(desk, entry)
        if replaces is not None:
            _end(op, PatientPhone, replaces, patient_id)
        for phone in current:
            if phone.number == values["number"] and phone.id != replaces:
                raise Conflict("That number is on file already", "Change it there", rule="unique")
        first = min((p.priority for p in current if p.id != replaces), default=2) - 1
        phone = op.create(
            PatientPhone, patient=patient, priority=first, consent_on=_consent(desk, values),
            **values,
        )  # fmt: skip
        count_up(op, patient)
        index_patient(desk.database, patient_id)
        return phone


def end_phone(desk: Desk, phone_id: int, *, version: int) -> None:
    """End a phone number as of today. Raises Stale, NotFound."""
    _end_one(desk, PatientPhone, phone_id, version)


def set_address(desk: Desk, patient_id: int, entry: AddressEntry) -> PatientAddress:
    """Give the patient a new address of its kind, confirmed today; the old one is ended."""
    with desk.operation("patient.edit", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id)
        address = _set_address(op, patient, entry)
        if address is None:
            address = next(a for a in _current(PatientAddress, patient_id) if a.kind == entry.kind)
        else:
            count_up(op, patient)
        return address


def set_contact(
    desk: Desk, patient_id: int, entry: ContactEntry, *, replaces: int | None = None
) -> RelatedPerson:
    """Add a contact; the one ``replaces`` (an id) is ended. Raises Invalid."""
    with desk.operation("patient.edit", patient_id=patient_id) as op:
        patient = op.get(Patient, patient_id)
        if replaces is not None:
            _end(op, RelatedPerson, replaces, patient_id)
        contact = op.create(RelatedPerson, patient=patient, **contact_values(desk, entry))
        count_up(op, patient)
        return contact


def end_contact(desk: Desk, contact_id: int, *, version: int) -> None:
    """End a contact as of today. Raises Stale, NotFound."""
    _end_one(desk, RelatedPerson, contact_id, version)


def confirm_contact(desk: Desk, patient_id: int) -> None:
    """Note that address and phones were read out and are still right today."""
    with desk.operation("patient.confirm", patient_id=patient_id) as op:
        op.get(Patient, patient_id)
        for address in _current(PatientAddress, patient_id):
            address = op.get(PatientAddress, address.id)
            address.confirmed_on = desk.today()
            op.save(address)


def _set_columns(op: Operation, patient: Patient, columns: dict[str, Any]) -> None:
    changed = {
        name: value
        for name, value in columns.items()
        if name != "mrn" and value != getattr(patient, name)
    }
    for name, value in check_patient(op.desk, changed).items():
        setattr(patient, name, value)
    if "mrn" in columns and columns["mrn"] != patient.mrn:
        patient.mrn = _checked_mrn(op.desk, columns["mrn"])


def _checked_mrn(desk: Desk, mrn: str) -> str:
    value: str = clean(Patient, {"mrn": mrn})["mrn"]
    if not value or not all(c.isalnum() or c == "-" for c in value):
        raise Invalid(
            "an MRN has letters, digits and hyphens only", "For example 10482", field="mrn"
        )
    if desk.rows("SELECT 1 FROM patient WHERE mrn = ?", value):
        raise Conflict("That MRN is in use", "Leave it empty for the next number", rule="unique")
    return value


def _next_mrn(desk: Desk) -> str:
    """The next number that is free; inside the write transaction, so no other desk takes it."""
    number = FIRST_MRN + desk.rows("SELECT coalesce(max(id), 0) + 1 FROM patient")[0][0]
    while desk.rows("SELECT 1 FROM patient WHERE mrn = ?", str(number)):
        number += 1
    return str(number)


def _current(model: type[Any], patient_id: int) -> list[Any]:
    """The rows of the patient that have not ended."""
    query = model.select().where((model.patient == patient_id) & model.ended_on.is_null())
    return list(query.order_by(model.id))


def _end(op: Operation, model: type[Any], record_id: int, patient_id: int) -> None:
    record = op.get(model, record_id)
    if record.patient_id != patient_id:
        raise Invalid(f"That {model.title} is another patient's", "Look it up again")
    record.ended_on = op.desk.today()
    op.save(record)


def _end_one(desk: Desk, model: type[Any], record_id: int, version: int) -> None:
    with desk.operation("patient.edit") as op:
        record = op.get(model, record_id, version)
        record.ended_on = desk.today()
        op.about(record, patient_id=record.patient_id)
        op.save(record)
        count_up(op, op.get(Patient, record.patient_id))


def _consent(desk: Desk, values: dict[str, Any]) -> Any:
    """The day on which texts were agreed to, when they are."""
    return desk.today() if values["text_ok"] else None


def _set_phones(op: Operation, patient: Patient, entries: Sequence[PhoneEntry]) -> bool:
    """Make the phones be ``entries``, in that order; True when anything changed."""
    before = len(op.changes)
    known = {phone.number: phone.id for phone in _current(PatientPhone, patient.id)}
    seen: set[str] = set()
    for place, entry in enumerate(entries, start=1):
        values = phone_values(op.desk, entry)
        if values["number"] in seen:
            raise Invalid("this number is there twice", "Keep one", field="phone")
        seen.add(values["number"])
        found = known.pop(values["number"], None)
        if found is None:
            op.create(
                PatientPhone, patient=patient, priority=place,
                consent_on=_consent(op.desk, values), **values,
            )  # fmt: skip
            continue
        phone = op.get(PatientPhone, found)
        if values["text_ok"] != phone.text_ok:
            phone.consent_on = _consent(op.desk, values)
        for name, value in values.items():
            setattr(phone, name, value)
        phone.priority = place
        op.save(phone)
    for left in known.values():
        _end(op, PatientPhone, left, patient.id)
    return len(op.changes) > before


def _set_home(op: Operation, patient: Patient, entry: AddressEntry | None) -> bool:
    """The form's address; without one the home address is ended."""
    if entry is not None:
        return _set_address(op, patient, entry) is not None
    homes = [a.id for a in _current(PatientAddress, patient.id) if a.kind == "home"]
    for home in homes:
        _end(op, PatientAddress, home, patient.id)
    return bool(homes)


def _set_address(op: Operation, patient: Patient, entry: AddressEntry) -> PatientAddress | None:
    """End the old address of that kind and write the new one; None when it is the same."""
    values = address_values(entry)
    old = [a for a in _current(PatientAddress, patient.id) if a.kind == values["kind"]]
    if any(all(getattr(a, name) == value for name, value in values.items()) for a in old):
        return None
    for address in old:
        _end(op, PatientAddress, address.id, patient.id)
    return op.create(PatientAddress, patient=patient, confirmed_on=op.desk.today(), **values)


def _set_contacts(op: Operation, patient: Patient, entries: Sequence[ContactEntry]) -> bool:
    """Make the contacts be ``entries``: changed ones are ended and added anew."""
    before = len(op.changes)
    wanted = [contact_values(op.desk, entry) for entry in entries]
    for contact in _current(RelatedPerson, patient.id):
        same = next(
            (w for w in wanted if all(getattr(contact, n) == v for n, v in w.items())), None
        )
        if same is None:
            _end(op, RelatedPerson, contact.id, patient.id)
        else:
            wanted.remove(same)
    for values in wanted:
        op.create(RelatedPerson, patient=patient, **values)
    return len(op.changes) > before
