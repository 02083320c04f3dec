"""What a payment is for: spread over what is due, or as the clerk said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from deskterm.db.payments import CHARGE_KINDS, PURPOSES
from deskterm.db.scheduling import Appointment
from deskterm.entry.money import show_cents
from deskterm.errors import Invalid
from deskterm.office import tendering
from deskterm.office.desk import Desk
from deskterm.office.dues import Due, of_family, owed
from deskterm.office.tendering import Tendered, give_change

_CHARGED_COPAY = """
SELECT 1 FROM charge c
WHERE c.patient_id = ? AND c.kind = 'copay' AND c.service_day = ? AND c.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id)"""

Part = tuple[Due, int]


@dataclass(frozen=True)
class AllocationEntry:
    """What part of a payment is for: a charge, or money held (``prepayment``)."""

    purpose: str
    amount: int
    charge_id: int | None = None


def spread(
    desk: Desk,
    patient_id: int,
    appointment: Appointment | None,
    purpose: str | None,
    total: int,
    day: date,
    *,
    ahead: bool = False,
    family: Sequence[int] = (),
) -> list[Part]:
    """``total`` cents over what is due, copay first, then the oldest service.

    ``purpose`` limits it to dues of that kind; ``ahead`` and ``family`` as for a payment.
    Raises Invalid for an unknown purpose.
    """
    if purpose is not None and purpose not in dict(PURPOSES):
        known = ", ".join(code for code, _ in PURPOSES)
        raise Invalid("No such purpose", f"One of {known}", field="purpose")
    found = owed(desk, patient_id, appointment.id if appointment else None, ahead=ahead)
    found += of_family(desk, family)
    if purpose is not None:
        found = [d for d in found if purpose in (d.purpose, d.kind)]
    if not found and _may_be_stated(desk, patient_id, purpose, day):
        assert purpose is not None
        words = dict(CHARGE_KINDS)[purpose]
        visit = appointment.id if appointment else None
        return [(Due(None, purpose, words, day, total, visit, purpose, total), total)]
    parts: list[Part] = []
    for item in found:
        cents = min(item.due_cents, total - sum(c for _, c in parts))
        if cents:
            parts.append((item, cents))
    return parts


def as_told(
    desk: Desk,
    patient_id: int,
    appointment_id: int | None,
    entries: Sequence[AllocationEntry],
    limit: int,
) -> list[Part]:
    """The parts that a clerk typed, each within what is due. Raises Invalid."""
    found = owed(desk, patient_id, appointment_id, ahead=True)
    parts: list[Part] = []
    for entry in entries:
        cents = tendering.check_amount(entry.amount, limit, "allocations")
        if entry.purpose == "prepayment" and entry.charge_id is None:
            day = desk.today()
            parts.append((Due(None, "prepayment", "prepayment", day, cents), cents))
            continue
        match = [
            d
            for d in found
            if d.charge_id == entry.charge_id
            and (entry.charge_id is not None or entry.purpose == d.purpose)
        ]
        if not match:
            raise Invalid(
                "Nothing of that kind is due", "Look at the list again", field="allocations"
            )
        found.remove(match[0])
        if cents > match[0].due_cents:
            raise _over(cents - match[0].due_cents)
        parts.append((match[0], cents))
    return parts


def with_change(paid: list[Tendered], over: int, *, nothing_due: bool) -> list[Tendered]:
    """The tenders with what is over given back in cash. Raises Invalid when it cannot be."""
    if nothing_due:
        raise Invalid(
            "Nothing is due",
            "Say what it is for, or take it as a prepayment",
            field="tender",
        )
    changed = give_change(paid, over)
    if changed is None:
        raise _over(over)
    return changed


def _over(cents: int) -> Invalid:
    return Invalid(
        f"{show_cents(cents)} over what is due",
        "Take less, or keep the rest as a prepayment",
        field="tender",
    )


def _may_be_stated(desk: Desk, patient_id: int, purpose: str | None, day: date) -> bool:
    """Whether the clerk's word makes the charge: nobody knows better how much it is."""
    if purpose not in dict(CHARGE_KINDS):
        return False
    return purpose != "copay" or not desk.rows(_CHARGED_COPAY, patient_id, day.isoformat())
