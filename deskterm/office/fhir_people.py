"""Imported patients and practitioners, written into the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple
from datetime import date
from typing import Any

from deskterm.db.patients import (
    Patient,
    PatientAddress,
    PatientIdentifier,
    PatientPhone,
    RelatedPerson,
)
from deskterm.db.staff import Provider
from deskterm.exchange import fhir_records as fhir
from deskterm.exchange.fhir_values import ImportRejected
from deskterm.office.desk import Operation
from deskterm.office.fhir_intake import Intake, Known, merge, stored
from deskterm.office.search_index import index_patient
from deskterm.text import fold

_OLDEST = 130  # years
_NAMES = (
    "last_name", "first_name", "middle_name", "suffix", "preferred_name", "previous_last_name",
    "birth_date", "sex", "language", "interpreter_needed", "email", "deceased_on",
)  # fmt: skip


def write_patient(
    op: Operation, intake: Intake, value: fhir.Patient, known: Known | None
) -> tuple[int, dict[str, Any]]:
    """Register or update a patient; the record's id and what to remember.

    Raises ImportRejected for a birth date that cannot be, and for an id or identifiers that
    belong to somebody else here.
    """
    today = op.desk.today()
    if value.birth_date > today:
        raise ImportRejected("birthDate is in the future")
    if value.birth_date.year < today.year - _OLDEST:
        raise ImportRejected(f"birthDate is more than {_OLDEST} years ago")
    values = {name: getattr(value, name) for name in _NAMES}
    values["status"] = "deceased" if value.deceased else "active"
    values["pcp"] = value.pcp
    values["provider"] = intake.record_id("Practitioner", value.provider)
    taken = known.taken if known else None
    record_id = known.record_id if known else _same_person(op, value)
    if record_id is None:
        record = op.create(
            Patient, mrn=intake.next_mrn(), registered_at=op.now,
            source=f"{intake.system} {value.resource_id}"[:200].strip(), **values,
        )  # fmt: skip
        taken = {}
    else:
        record = op.get(Patient, record_id)
        _check_person(record, value, taken)
        if record.status not in ("active", "deceased"):
            values.pop("status")
        merge(op, record, values, taken)
    before = {} if taken is None else taken
    new = record_id is None
    lists = {
        "identifiers": _identifiers(op, record, value.identifiers, before, new),
        "phones": _phones(op, record, value.phones, before, new, today),
        "addresses": _addresses(op, record, value.addresses, before, new, today),
        "contacts": _contacts(op, record, value.contacts, before, new, today),
    }
    if op.changes:
        index_patient(op.desk.database, record.id)
        op.about(record, patient_id=record.id)
    return record.id, {**stored(record, values), **lists}


def write_practitioner(
    op: Operation, intake: Intake, value: fhir.Practitioner, known: Known | None
) -> tuple[int, dict[str, Any]]:
    """Add or update a provider; one whose NPI is on file is the same person."""
    values: dict[str, Any] = {
        "last_name": value.last_name,
        "first_name": value.first_name,
        "credential": value.credential,
        "npi": value.npi or None,
        "active": value.active,
    }
    record_id = known.record_id if known else None
    if record_id is None and value.npi:
        found = op.desk.rows("SELECT id FROM provider WHERE npi = ?", value.npi)
        record_id = found[0][0] if found else None
    if record_id is None:
        code = free_code(value.last_name, 10, _taken_by(op, "provider", "code"))
        record = op.create(Provider, code=code, sort_order=100, **values)
    else:
        record = op.get(Provider, record_id)
        merge(op, record, values, known.taken if known else None)
    return record.id, stored(record, values)


def free_code(name: str, longest: int, used: Callable[[str], bool]) -> str:
    """A short code made of a name's letters that nobody uses yet: ``BOGISICH``, ``BOGISICH2``."""
    letters = "".join(c for c in fold(name).upper() if "A" <= c <= "Z")[:longest] or "X"
    number, code = 1, letters
    while used(code):
        number += 1
        code = f"{letters[: longest - len(str(number))]}{number}"
    return code


def _taken_by(op: Operation, table: str, column: str) -> Callable[[str], bool]:
    return lambda code: bool(op.desk.rows(f"SELECT 1 FROM {table} WHERE {column} = ?", code))


def _same_person(op: Operation, value: fhir.Patient) -> int | None:
    """The one patient with one of these identifiers, this birth date and this family name."""
    people: set[int] = set()
    for one in value.identifiers:
        if not one.system:
            continue
        people.update(
            row[0]
            for row in op.desk.rows(
                "SELECT p.id FROM patient_identifier i JOIN patient p ON p.id = i.patient_id"
                " WHERE i.value = ? AND i.system = ? AND i.active = 1 AND p.birth_date = ?"
                " AND p.status IN ('active', 'deceased') AND lower(p.last_name) = lower(?)",
                one.value, one.system, value.birth_date.isoformat(), value.last_name,
            )
        )  # fmt: skip
    if len(people) > 1:
        raise ImportRejected("its identifiers belong to more than one patient here")
    return people.pop() if people else None


def _check_person(record: Patient, value: fhir.Patient, taken: dict[str, Any] | None) -> None:
    """Refuse an id that now names somebody else: both the surname and the birth date differ."""
    if taken is None:
        return
    was = (taken.get("last_name"), taken.get("birth_date"))
    ours = (record.last_name, record.birth_date.isoformat())
    now = (value.last_name, value.birth_date.isoformat())
    if all(a != b for a, b in zip(was, now, strict=True)) and all(
        a != b for a, b in zip(ours, now, strict=True)
    ):
        raise ImportRejected("its id belongs to somebody else here: name another --source")


def _changes(
    wanted: Iterable[Any], before: dict[str, Any], name: str
) -> tuple[set[tuple[Any, ...]], set[tuple[Any, ...]], list[list[Any]]]:
    """What the source added and took away since ``before``, and what to remember."""
    now = [list(key) for key in wanted]
    then = {tuple(key) for key in before.get(name, [])}
    new = {tuple(key) for key in now}
    return new - then, then - new, now


def _identifiers(
    op: Operation,
    record: Patient,
    wanted: tuple[fhir.Identifier, ...],
    before: dict[str, Any],
    new: bool,
) -> list[list[Any]]:
    added, gone, kept = _changes(((i.system, i.value) for i in wanted), before, "identifiers")
    if not added and not gone:
        return kept
    present = {} if new else {
        (i.system, i.value): i
        for i in PatientIdentifier.select().where(PatientIdentifier.patient == record)
    }  # fmt: skip
    for one in wanted:
        if (one.system, one.value) in added and (one.system, one.value) not in present:
            op.create(PatientIdentifier, patient=record, **one.__dict__)
    for key in gone & set(present):
        old = op.get(PatientIdentifier, present[key].id)
        old.active = False
        op.save(old)
    return kept


def _phones(
    op: Operation,
    record: Patient,
    wanted: tuple[fhir.Phone, ...],
    before: dict[str, Any],
    new: bool,
    today: date,
) -> list[list[Any]]:
    added, gone, kept = _changes(((p.number,) for p in wanted), before, "phones")
    present = {} if new or not (added or gone) else _current(PatientPhone, record, ("number",))
    for order, one in enumerate(wanted, 1):
        if (one.number,) in added and (one.number,) not in present:
            op.create(
                PatientPhone, patient=record, number=one.number, kind=one.kind, priority=order
            )
    _end(op, PatientPhone, [present[key] for key in gone & set(present)], today)
    return kept


_WHERE = ("kind", "line1", "line2", "city", "state", "postal_code", "country")


def _addresses(
    op: Operation,
    record: Patient,
    wanted: tuple[fhir.Address, ...],
    before: dict[str, Any],
    new: bool,
    today: date,
) -> list[list[Any]]:
    added, gone, kept = _changes((astuple(a) for a in wanted), before, "addresses")
    present = {} if new or not (added or gone) else _current(PatientAddress, record, _WHERE)
    for one in wanted:
        if astuple(one) in added and astuple(one) not in present:
            op.create(PatientAddress, patient=record, **one.__dict__)
    _end(op, PatientAddress, [present[key] for key in gone & set(present)], today)
    return kept


_WHO = ("name", "relationship", "phone")


def _contacts(
    op: Operation,
    record: Patient,
    wanted: tuple[fhir.Contact, ...],
    before: dict[str, Any],
    new: bool,
    today: date,
) -> list[list[Any]]:
    keys = [(c.name, c.relationship, c.phone) for c in wanted]
    added, gone, kept = _changes(keys, before, "contacts")
    present = {} if new or not (added or gone) else _current(RelatedPerson, record, _WHO)
    for key, one in zip(keys, wanted, strict=True):
        if key in added and key not in present:
            op.create(RelatedPerson, patient=record, **one.__dict__)
            present[key] = 0
    _end(op, RelatedPerson, [present[key] for key in gone & set(present)], today)
    return kept


def _current(model: Any, record: Patient, names: tuple[str, ...]) -> dict[tuple[Any, ...], int]:
    """The rows of a patient that still hold: their values, and the id."""
    held = model.select().where((model.patient == record) & model.ended_on.is_null())
    return {tuple(getattr(row, name) for name in names): row.id for row in held}


def _end(op: Operation, model: Any, ids: list[int], today: date) -> None:
    for row_id in ids:
        row = op.get(model, row_id)
        row.ended_on = today
        op.save(row)
