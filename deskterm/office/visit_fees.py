"""Fees for visits that did not take place, inside the operation that says so. Cents.

The practice's policy says how much: by visit type, else for all. No payer that forbids it is
charged for: a Medicaid patient never owes for a missed visit.
"""

from __future__ import annotations

from deskterm.clock import epoch_minute
from deskterm.db.payments import Charge
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid
from deskterm.office import posting
from deskterm.office.desk import Desk, Operation

_TYPE_FEE = "SELECT no_show_fee_cents FROM visit_type WHERE id = ?"
_PLAN_TYPES = """
SELECT l.plan_type FROM coverage c JOIN plan l ON l.id = c.plan_id
WHERE c.patient_id = ? AND coalesce(c.starts_on, ?) <= ? AND coalesce(c.ends_on, ?) >= ?"""
_CHARGED = """
SELECT c.id FROM charge c WHERE c.appointment_id = ? AND c.kind = 'no_show_fee'
  AND c.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id)"""


def fee_for(desk: Desk, appointment: Appointment, *, late_cancel: bool = False) -> int:
    """What the policy charges for missing this visit, or for cancelling it late; 0 for nothing.

    A visit type's own fee counts for a no-show instead of the practice's.
    """
    desk.require("view_schedule")
    policy = desk.settings.policy
    own = desk.rows(_TYPE_FEE, appointment.visit_type_id)[0][0]
    fee = policy.late_cancel_fee if late_cancel else policy.no_show_fee
    if own is not None and (fee or not late_cancel):
        fee = own
    if not fee:
        return 0
    on = appointment.day.isoformat()
    kinds = {kind for (kind,) in desk.rows(_PLAN_TYPES, appointment.patient_id, *[on] * 4)}
    return 0 if kinds & set(policy.no_fee_plan_types) else int(fee)


def would_charge(desk: Desk, appointment_id: int, *, late_cancel: bool = False) -> int:
    """What marking this visit missed, or cancelling it now, would charge; 0 for nothing."""
    desk.require("view_schedule")
    appointment = Appointment.get_by_id(appointment_id)
    if late_cancel:
        left = appointment.starts_at - epoch_minute(desk.now())
        if left >= desk.settings.policy.late_cancel_notice:
            return 0
    return fee_for(desk, appointment, late_cancel=late_cancel)


def charge(op: Operation, appointment: Appointment, *, late_cancel: bool = False) -> int:
    """Charge the fee unless it is charged; the cents charged. Inside a visit's operation."""
    fee = fee_for(op.desk, appointment, late_cancel=late_cancel)
    if not fee or op.desk.rows(_CHARGED, appointment.id):
        return 0
    place = op.get(Location, appointment.location_id)
    op.create(
        Charge,
        patient=appointment.patient_id,
        appointment=appointment,
        kind="no_show_fee",
        description="cancelled late" if late_cancel else "",
        amount_cents=fee,
        service_day=appointment.day,
        business_day=posting.business_day(op, place),
        posted_at=op.now,
        by=op.desk.actor.login,
        location=place,
    )
    return fee


def late(desk: Desk, appointment: Appointment) -> bool:
    """Whether a visit was cancelled with less notice than the practice asks for."""
    notice = appointment.notice_minutes
    return notice is not None and notice < desk.settings.policy.late_cancel_notice


def cancelled(op: Operation, appointment: Appointment, *, waived: str | None) -> None:
    """Charge the patient who cancelled late; ``waived`` is why not. Raises Invalid when empty."""
    if waived is not None and not waived.strip():
        raise Invalid("Waiving the fee needs a reason", "Say why in the note", field="note")
    if waived is None and appointment.cancelled_by == "patient" and late(op.desk, appointment):
        charge(op, appointment, late_cancel=True)


def take_back(op: Operation, appointment: Appointment, *, came: bool = False) -> None:
    """Take the fee back, since the visit was not missed. ``came``: a paid one is left.

    Raises Conflict when it was paid or adjusted, unless the patient ``came``.
    """
    for (charge_id,) in op.desk.rows(_CHARGED, appointment.id):
        paid = posting.paid_on(op.desk, charge_id)
        if paid or posting.adjusted(op, charge_id):
            if came:
                continue
            what = f"{show_cents(paid)} was paid of" if paid else "Something was taken off"
            raise Conflict(
                f"{what} the no-show fee of this visit",
                "Void or refund that on the account first (:account)",
                rule="fee_paid",
            )
        place = op.get(Location, appointment.location_id)
        posting.reverse(op, op.get(Charge, charge_id), place, posting.business_day(op, place))
