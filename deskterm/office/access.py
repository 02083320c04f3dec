"""Who may open a restricted record, and what everybody else sees of it.

A restricted record opens with a relationship (a clinician whose own visit with the patient is
at most 30 days away), for the privacy officer, or for an hour after break-glass. Everywhere
else it is initials and the word RESTRICTED.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from deskterm.clock import parse_utc_text, utc_text
from deskterm.errors import NotAllowed

if TYPE_CHECKING:
    from deskterm.office.desk import Desk

T = TypeVar("T")

RELATED_DAYS = 30
HIDDEN_DAY = date.min  # shown as no date at all
_AT_ONCE = 500
# What may be done about a restricted record without opening it.
WITHOUT_OPENING = frozenset(
    {
        "patient.break_glass",
        "patient.review_access",
        "patient.restrict",
        "patient.unrestrict",
        # The worker's, who shows nobody anything: insurance of restricted patients is verified too.
        "outbox.sent",
        "outbox.answer",
        "outbox.failed",
        "outbox.handled",
        "eligibility.answer",
        "eligibility.failed",
        "mail.outcome",
    }
)


def hidden(desk: Desk, ids: Collection[int]) -> set[int]:
    """Those of the patients ``ids`` whose restricted record this person may not see."""
    asked = list(set(ids))
    restricted: list[int] = []
    for first in range(0, len(asked), _AT_ONCE):
        part = asked[first : first + _AT_ONCE]
        marks = ", ".join("?" for _ in part)
        sql = f"SELECT id FROM patient WHERE id IN ({marks}) AND restricted = 1"
        restricted += [found for (found,) in desk.rows(sql, *part)]
    return {patient_id for patient_id in restricted if not _may_open(desk, patient_id)}


def may_open(desk: Desk, patient_id: int) -> bool:
    """Whether this person may see the record at all."""
    return not hidden(desk, [patient_id])


def require_patient(desk: Desk, patient_id: int | None) -> None:
    """Raise NotAllowed for a restricted record that this person has not opened.

    The message names nobody.
    """
    if patient_id is not None and hidden(desk, [patient_id]):
        how = "break-glass opens it (reason and PIN)"
        raise NotAllowed(
            "This record is restricted",
            how if desk.may("break_glass") else "Ask: privacy officer",
            restricted=True,
            patient_id=patient_id,
        )


def opened_until(desk: Desk, patient_id: int) -> datetime | None:
    """Until when this person's break-glass holds for the patient, UTC; None without one."""
    found = desk.rows(
        "SELECT max(until) FROM break_glass WHERE staff_id = ? AND patient_id = ? AND until > ?"
        " AND at <= ?",
        desk.actor.id, patient_id, utc_text(desk.now()), utc_text(desk.now()),
    )  # fmt: skip
    return parse_utc_text(found[0][0]) if found[0][0] else None


def masked_name(desk: Desk, last: str, first: str) -> str:
    """What a list shows of a restricted record's name, as the practice has it."""
    if desk.settings.policy.restricted_names == "initials":
        return f"{last[:1]}.{first[:1]}. RESTRICTED".upper()
    return "RESTRICTED"


def _with(row: T, values: dict[str, Any]) -> T:
    """A copy of a row, whichever kind of record it is, with other values."""
    named: Any = row
    if hasattr(named, "_replace"):
        copy: T = named._replace(**values)
        return copy
    return replace(named, **values)


def masked(desk: Desk, rows: list[T], *, name: str, patient_id: str, **blank: Any) -> list[T]:
    """``rows`` with the people that this person may not see reduced to initials.

    ``name`` and ``patient_id`` are the fields that hold them; ``blank`` what to put elsewhere.
    """
    ids = {found for row in rows if (found := getattr(row, patient_id)) is not None}
    closed = hidden(desk, ids)
    if not closed:
        return rows
    shown: list[T] = []
    for row in rows:
        if getattr(row, patient_id) in closed:
            last, _, first = getattr(row, name).partition(", ")
            said = masked_name(desk, last, first)
            row = _with(row, {name: said, **blank})
        shown.append(row)
    return shown


def _may_open(desk: Desk, patient_id: int) -> bool:
    if desk.may("open_restricted") or opened_until(desk, patient_id) is not None:
        return True
    return desk.may("open_with_visit") and _has_visit(desk, patient_id)


def _has_visit(desk: Desk, patient_id: int) -> bool:
    """Whether the patient has a visit with this very clinician at most 30 days from today."""
    first, last = (desk.today() + timedelta(days) for days in (-RELATED_DAYS, RELATED_DAYS))
    return bool(
        desk.rows(
            "SELECT 1 FROM appointment a JOIN staff_provider l ON l.provider_id = a.provider_id"
            " WHERE l.staff_id = ? AND a.patient_id = ? AND a.day BETWEEN ? AND ?"
            " AND a.lifecycle NOT IN ('cancelled', 'entered_in_error') LIMIT 1",
            desk.actor.id, patient_id, first.isoformat(), last.isoformat(),
        )
    )  # fmt: skip
