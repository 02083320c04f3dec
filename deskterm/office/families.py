"""A family's accounts: who pays for whom, and what each of them owes. Cents.

A guarantor is a patient here who pays for others; the link is made by hand. A family is the
guarantor and everybody they pay for.
"""

from __future__ import annotations

from dataclasses import dataclass

from deskterm.db.families import AccountGuarantor
from deskterm.db.patients import Patient
from deskterm.errors import Conflict, Invalid
from deskterm.office import access
from deskterm.office.desk import Desk, Operation
from deskterm.office.ledger import credit_of, sum_of

_HEAD = """
SELECT coalesce((SELECT guarantor_id FROM account_guarantor
  WHERE patient_id = ? AND ended_at IS NULL), ?)"""
_MEMBERS = """
SELECT p.id, p.last_name, p.first_name, p.mrn FROM patient p
WHERE p.id = ? OR p.id IN (SELECT patient_id FROM account_guarantor
  WHERE guarantor_id = ? AND ended_at IS NULL)
ORDER BY p.id <> ?, p.birth_date, p.id"""


@dataclass(frozen=True)
class Member:
    """Another patient of the family. ``balance_cents`` is what they owe less what is held."""

    patient_id: int
    name: str
    mrn: str
    pays: bool  # whether this is the guarantor
    balance_cents: int
    credit_cents: int


def set_guarantor(desk: Desk, patient_id: int, guarantor_id: int) -> AccountGuarantor:
    """Say that another patient pays for this one. Raises Invalid, NotFound, Conflict."""
    with desk.operation("account.guarantor", patient_id=patient_id) as op:
        if patient_id == guarantor_id:
            raise Invalid("Everybody pays for themselves already", "", field="guarantor")
        for somebody in (patient_id, guarantor_id):
            if op.get(Patient, somebody).status in ("merged", "entered_in_error"):
                raise Conflict("That record is not in use", "Look them up again", rule="status")
        if _head(desk, patient_id) == guarantor_id:
            raise Conflict("That is their guarantor already", "", rule="guarantor")
        if _head(desk, guarantor_id) != guarantor_id:
            raise Conflict("Somebody else pays for that guarantor", "Name them", rule="guarantor")
        if len(desk.rows(_MEMBERS, *[patient_id] * 3)) > 1:
            raise Conflict("This patient pays for others", "End that first", rule="guarantor")
        _end(op, patient_id)
        made = op.create(
            AccountGuarantor, patient=patient_id, guarantor=guarantor_id, since=op.now,
            by=desk.actor.login,
        )  # fmt: skip
        op.about(made, patient_id=patient_id)
        op.also.add(guarantor_id)
        return made


def end_guarantor(desk: Desk, patient_id: int) -> AccountGuarantor:
    """Nobody else pays for this patient any more. Raises Conflict when nobody did."""
    with desk.operation("account.guarantor", patient_id=patient_id) as op:
        ended = _end(op, patient_id)
        if ended is None:
            raise Conflict("Nobody else pays for this patient", "", rule="guarantor")
        op.about(ended, patient_id=patient_id)
        op.also.add(ended.guarantor_id)
        return ended


def others(desk: Desk, patient_id: int) -> list[Member]:
    """The rest of the patient's family, the guarantor first; closed records are left out.

    Raises NotAllowed.
    """
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    head = _head(desk, patient_id)
    rows = [row for row in desk.rows(_MEMBERS, head, head, head) if row[0] != patient_id]
    if not rows:
        return []
    closed = access.hidden(desk, [row[0] for row in rows])
    return [
        Member(
            member, f"{last}, {first}".upper(), mrn, member == head, sum_of(desk, member),
            credit_of(desk, member),
        )
        for member, last, first, mrn in rows
        if member not in closed
    ]  # fmt: skip


def check(desk: Desk, patient_id: int, also: list[int]) -> None:
    """Raise Invalid unless every one of ``also`` is of the patient's family; for operations."""
    head = _head(desk, patient_id)
    known = {row[0] for row in desk.rows(_MEMBERS, head, head, head)} - {patient_id}
    for other in also:
        access.require_patient(desk, other)
        if other not in known:
            raise Invalid(
                "That patient is not of this family",
                "Say first who pays for whom",
                field="family",
            )


def _head(desk: Desk, patient_id: int) -> int:
    return int(desk.rows(_HEAD, patient_id, patient_id)[0][0])


def _end(op: Operation, patient_id: int) -> AccountGuarantor | None:
    found = op.desk.rows(
        "SELECT id FROM account_guarantor WHERE patient_id = ? AND ended_at IS NULL", patient_id
    )
    if not found:
        return None
    ended = op.get(AccountGuarantor, found[0][0])
    ended.ended_at, ended.ended_by = op.now, op.desk.actor.login
    return op.save(ended)
