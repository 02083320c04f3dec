"""Booking, moving and cancelling visits, and taking each of them back.

A move is a new row linked to the old one, which is cancelled with the reason ``rescheduled``.
Free time is brought up to date in the same transaction as whatever changed it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from peewee import IntegrityError

from deskterm.clock import epoch_minute, from_epoch_minute, local
from deskterm.db.patients import Patient
from deskterm.db.scheduling import OVERBOOK_LANE, Appointment
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, DesktermError, Invalid, NotAllowed, NotFound
from deskterm.office import clinic, conflicts, free_time, holds, permits, visit_fees
from deskterm.office.conflicts import Slot, Wish, find_slot
from deskterm.office.desk import Desk, Operation, known_id
from deskterm.office.permits import Wanted
from deskterm.office.visit_fees import late as late_cancel  # noqa: F401

RESCHEDULED = "rescheduled"
_KEEPS_CLEARANCE = ("clearance", "clearance_reason")


def book(
    desk: Desk,
    *,
    patient_id: int,
    visit_type: str,
    provider: str,
    start: datetime,
    location: str | None = None,
    minutes: int | None = None,
    note: str = "",
    room: str | None = None,
    overbook_reason: str | None = None,
    patient_overlap_reason: str | None = None,
    patient_indicated_date: date | None = None,
    walk_in: bool = False,
    second: bool | None = None,
    permit: Wanted | None = None,
    permit_reason: str | None = None,
    key: str | None = None,
) -> Appointment:
    """Book a visit at a wall time of its location.

    Without ``minutes`` and ``location`` it takes the visit type's length and the place where
    the provider works then. ``second`` chooses between the two hours of the night on which the
    clocks go back. ``permit`` is the authorization or referral that covers it (else the one that
    fits), ``permit_reason`` why it is booked without. A repeat with the same ``key`` returns the
    booking made the first time. Raises NotFound, Invalid, Conflict with the rule in the way,
    NotAllowed.
    """
    with desk.operation("appointment.book", key=key, reason=overbook_reason or "") as op:
        if op.earlier:
            return _earlier(op)
        patient = _bookable(op, patient_id)
        facts = conflicts.type_facts(desk, visit_type)
        slot = find_slot(
            desk,
            Wish(
                conflicts.provider_facts(desk, provider),
                facts,
                start,
                facts.minutes if minutes is None else minutes,
                conflicts.place(desk, location) if location else None,
                second,
                walk_in,
                overbook_reason or "",
            ),
        )
        _check_patient(desk, patient_id, slot, patient_overlap_reason)
        appointment = _write(
            op,
            slot,
            patient=patient,
            visit_type=facts.id,
            room=_room(desk, slot, room) if room else None,
            note=note,
            walk_in=walk_in,
            overbook_reason=(overbook_reason or "").strip() if slot.overbooked else "",
            patient_indicated_date=patient_indicated_date,
        )
        permits.cover(op, appointment, permit or Wanted(override=permit_reason or ""))
        op.about(appointment, patient_id=patient_id)
        holds.consume(desk, slot)
        free_time.keep(desk, slot.provider.id, *slot.days)
        return appointment


def move(
    desk: Desk,
    appointment_id: int,
    *,
    version: int,
    start: datetime,
    provider: str | None = None,
    location: str | None = None,
    minutes: int | None = None,
    by: str = "patient",
    overbook_reason: str | None = None,
    patient_overlap_reason: str | None = None,
    patient_indicated_date: date | None = None,
    second: bool | None = None,
    permit_reason: str | None = None,
    key: str | None = None,
) -> Appointment:
    """Reschedule: a new visit linked to the old one; returns the new one.

    When the practice moves a visit the day that the patient had asked for stays; when the
    patient does, the day asked for this time replaces it. Raises as :func:`book`, and Stale.
    """
    with desk.operation("appointment.move", key=key, reason=overbook_reason or "") as op:
        if op.earlier:
            return _earlier(op)
        old = _read(op, appointment_id, version)
        _check_waiting(old, "moved")
        _bookable(op, old.patient_id)
        if by == "practice" and patient_indicated_date is None:
            patient_indicated_date = old.patient_indicated_date
        facts = conflicts.type_facts(desk, old.visit_type.code)
        slot = find_slot(
            desk,
            Wish(
                conflicts.provider_facts(desk, provider or old.provider.code),
                facts,
                start,
                old.minutes if minutes is None else minutes,
                conflicts.place(desk, location) if location else None,
                second,
                False,
                overbook_reason or "",
                but_not=old.id,
            ),
        )
        _check_patient(desk, old.patient_id, slot, patient_overlap_reason, but_not=old.id)
        days = _days(old)
        _cancel(op, old, by, RESCHEDULED, "")
        new = _write(
            op,
            slot,
            patient=old.patient_id,
            visit_type=old.visit_type_id,
            note=old.note,
            overbook_reason=(overbook_reason or "").strip() if slot.overbooked else "",
            patient_indicated_date=patient_indicated_date,
            series_id=old.series_id,
            rescheduled_from=old.id,
            **{name: getattr(old, name) for name in _KEEPS_CLEARANCE},
        )
        permits.cover(op, new, permits.carried(desk, old.id, Wanted(override=permit_reason or "")))
        op.about(new, patient_id=old.patient_id)
        holds.consume(desk, slot)
        free_time.keep(desk, old.provider_id, *days)
        free_time.keep(desk, slot.provider.id, *slot.days)
        return new


def cancel(
    desk: Desk,
    appointment_id: int,
    *,
    version: int,
    by: str,
    reason: str,
    note: str = "",
    waive_fee: bool = False,
    key: str | None = None,
) -> Appointment:
    """Cancel a scheduled visit and free its time; ``reason`` is a code of ``cancel_reason``.

    The notice given is noted in minutes; a late cancel is charged as the policy has it, unless
    ``waive_fee``, which the ``note`` explains. Raises Stale, Conflict, Invalid.
    """
    with desk.operation("appointment.cancel", reason=reason, key=key) as op:
        if op.earlier:
            return _earlier(op)
        try:
            reason, _, _ = clinic.code(desk, "cancel_reason", reason)
        except NotFound as unknown:
            raise Invalid(unknown.message, unknown.hint, field="reason") from None
        appointment = _read(op, appointment_id, version)
        _check_waiting(appointment, "cancelled")
        _cancel(op, appointment, by, reason, note)
        visit_fees.cancelled(op, appointment, waived=note if waive_fee else None)
        op.about(appointment, patient_id=appointment.patient_id)
        free_time.keep(desk, appointment.provider_id, *_days(appointment))
        return appointment


def reinstate(
    desk: Desk, appointment_id: int, *, version: int, start: datetime | None = None
) -> Appointment:
    """Take a cancellation back; with ``start``, by a visit of that time linked to the old one.

    Raises Conflict when somebody has the time by now (``rule`` is ``slot_taken``): its details
    say who booked it and when, the visit that has it (``appointment_id``), and the ``nearest``
    free time, with which this may be called again as ``start``.
    """
    with desk.operation("appointment.reinstate") as op:
        appointment = _read(op, appointment_id, version)
        if appointment.lifecycle != "cancelled":
            raise Conflict("This visit is not cancelled", "", rule="state")
        if _successor(desk, appointment.id):
            raise Conflict("This visit was moved, not cancelled", "Take the move back instead",
                           rule="moved")  # fmt: skip
        visit_fees.take_back(op, appointment)
        if start is not None and start != appointment.wall_start:
            return _put_back_at(op, appointment, start)
        retake(op, appointment)
        op.about(appointment, patient_id=appointment.patient_id)
        return appointment


def undo_book(desk: Desk, appointment_id: int, *, version: int) -> Appointment:
    """Take a booking back on the day it was made, by whom it was made: entered in error."""
    with desk.operation("appointment.undo_book") as op:
        appointment = _read(op, appointment_id, version)
        _check_own(desk, appointment)
        if _moved_here(appointment):
            raise Conflict("This visit was moved here", "Take the move back instead", rule="moved")
        _err(op, appointment)
        op.about(appointment, patient_id=appointment.patient_id)
        free_time.keep(desk, appointment.provider_id, *_days(appointment))
        return appointment


def undo_move(desk: Desk, appointment_id: int, *, version: int) -> Appointment:
    """Take a move back, by whom and on the day it was made; returns the old visit, as it was.

    ``appointment_id`` and ``version`` are those of the new one. Raises Conflict when the old
    time is taken by now, with the details of :func:`reinstate`; :func:`move` then puts the visit
    at the nearest time.
    """
    with desk.operation("appointment.undo_move") as op:
        new = _read(op, appointment_id, version)
        _check_own(desk, new)
        if not _moved_here(new):
            raise Conflict("This visit was not moved", "", rule="state")
        # While the new visit still has its time, so that this is not offered instead.
        _check_free(desk, Appointment.get_by_id(new.rescheduled_from_id), but_not=new.id)
        _err(op, new)
        free_time.keep(desk, new.provider_id, *_days(new))
        old = _read(op, new.rescheduled_from_id)
        retake(op, old)
        op.about(old, patient_id=old.patient_id)
        return old


def confirm(
    desk: Desk, appointment_id: int, *, version: int, confirmation: str = "confirmed"
) -> Appointment:
    """Note what came of asking the patient to confirm."""
    with desk.operation("appointment.confirm") as op:
        appointment = _read(op, appointment_id, version)
        if appointment.lifecycle != "scheduled":
            raise Conflict("Only a scheduled visit can be confirmed", "", rule="state")
        appointment.confirmation = confirmation
        op.save(appointment)
        op.about(appointment, patient_id=appointment.patient_id)
        return appointment


def set_note(desk: Desk, appointment_id: int, *, version: int, note: str) -> Appointment:
    """Change the note on a visit."""
    with desk.operation("appointment.note") as op:
        appointment = _read(op, appointment_id, version)
        appointment.note = note
        op.save(appointment)
        op.about(appointment, patient_id=appointment.patient_id)
        return appointment


def retake(op: Operation, appointment: Appointment) -> None:
    """Give a visit its time again, inside an operation. Raises Conflict when it is taken.

    The visit becomes scheduled, with nothing left of its cancellation. Hours that have changed
    since do not matter: it had its place before.
    """
    desk = op.desk
    slot = _check_free(desk, appointment)
    _check_patient(desk, appointment.patient_id, slot, None, but_not=appointment.id)
    appointment.lifecycle = "scheduled"
    appointment.cancelled_by = None
    appointment.cancel_reason = ""
    appointment.cancel_note = ""
    appointment.notice_minutes = None
    op.save(appointment)
    permits.again(op, appointment)
    free_time.keep(desk, appointment.provider_id, *_days(appointment))


def _check_free(desk: Desk, appointment: Appointment, *, but_not: int = 0) -> Slot:
    """The slot of a visit that wants its time again. Raises Conflict when it is past or taken."""
    slot = _slot_of(desk, appointment)
    if local(desk.now(), appointment.zone).date() > appointment.day:
        raise Conflict(f"{conflicts.when(slot.start)} is past", "Book a new visit", rule="past")
    others = free_time.holding(desk, appointment.provider_id, slot.starts_at, slot.ends_at)
    others = [visit for visit in others if visit.id not in (appointment.id, but_not)]
    beside = [v for v in others if v.lane < OVERBOOK_LANE or v.lane == appointment.lane]
    if appointment.lane >= OVERBOOK_LANE:
        beside = [v for v in beside if v.lane == appointment.lane]
    elif appointment.lane not in {v.lane for v in beside}:
        beside = []
    if beside:
        raise conflicts.taken(desk, slot, beside, 1, appointment.visit_type.code)
    return slot


def _put_back_at(op: Operation, old: Appointment, start: datetime) -> Appointment:
    """A visit like the cancelled one at another time of the same provider and place."""
    desk = op.desk
    _bookable(op, old.patient_id)
    facts = conflicts.type_facts(desk, old.visit_type.code)
    who = conflicts.provider_facts(desk, old.provider.code)
    where = conflicts.place(desk, old.location.code)
    slot = find_slot(desk, Wish(who, facts, start, old.minutes, where))
    _check_patient(desk, old.patient_id, slot, None)
    new = _write(
        op,
        slot,
        patient=old.patient_id,
        visit_type=old.visit_type_id,
        note=old.note,
        patient_indicated_date=old.patient_indicated_date,
        series_id=old.series_id,
        rescheduled_from=old.id,
        **{name: getattr(old, name) for name in _KEEPS_CLEARANCE},
    )
    op.about(new, patient_id=old.patient_id)
    holds.consume(desk, slot)
    free_time.keep(desk, slot.provider.id, *slot.days)
    return new


def _read(op: Operation, appointment_id: int, version: int | None = None) -> Appointment:
    return op.get(Appointment, known_id(appointment_id), version)


def _earlier(op: Operation) -> Appointment:
    assert op.earlier is not None
    return op.get(Appointment, op.earlier.entity_id or 0)


def _bookable(op: Operation, patient_id: int) -> Patient:
    patient = op.get(Patient, known_id(patient_id))
    if patient.status != "active":
        raise Conflict(
            f"This record is {patient.status.replace('_', ' ')}; no visit can be booked on it",
            "Look the patient up again", rule="patient_status",
        )  # fmt: skip
    return patient


def _check_patient(
    desk: Desk, patient_id: int, slot: Slot, reason: str | None, *, but_not: int = 0
) -> None:
    """One person cannot be in two rooms at once, unless there is a reason."""
    found = desk.rows(
        "SELECT p.code, a.wall_start, a.minutes FROM appointment a"
        " JOIN provider p ON p.id = a.provider_id"
        " WHERE a.patient_id = ? AND a.starts_at < ? AND a.starts_at > ?"
        " AND a.starts_at + a.minutes > ? AND a.id <> ?"
        " AND a.lifecycle IN ('scheduled', 'completed') LIMIT 1",
        patient_id, slot.ends_at, slot.starts_at - free_time.LONGEST_VISIT - 1, slot.starts_at,
        but_not,
    )  # fmt: skip
    if found and not (reason or "").strip():
        code, wall_start, minutes = found[0]
        at = show_time(datetime.fromisoformat(wall_start).time())
        raise Conflict(
            f"This patient is already booked then: {at} with {code}, {minutes} minutes",
            "Choose another time, or give a reason", rule="patient_overlap",
        )  # fmt: skip


def _room(desk: Desk, slot: Slot, name: str) -> int:
    found = desk.rows(
        "SELECT id FROM room WHERE location_id = ? AND name = ? AND active = 1",
        slot.location.id, name,
    )  # fmt: skip
    if not found:
        raise Invalid(f"No room {str(name)[:20]} at {slot.location.code}", "", field="room")
    room_id = int(found[0][0])
    used = desk.rows(
        "SELECT p.code FROM appointment a JOIN provider p ON p.id = a.provider_id"
        " WHERE a.room_id = ? AND a.starts_at < ? AND a.starts_at > ?"
        " AND a.starts_at + a.minutes > ? AND a.lifecycle IN ('scheduled', 'completed') LIMIT 1",
        room_id, slot.ends_at, slot.starts_at - free_time.LONGEST_VISIT - 1, slot.starts_at,
    )  # fmt: skip
    if used:
        raise Conflict(f"Room {name} is used by {used[0][0]} then", "Choose another room",
                       rule="room_taken")  # fmt: skip
    return room_id


def _write(op: Operation, slot: Slot, **values: Any) -> Appointment:
    """Write a new visit; the database's own guard is the last word on double booking."""
    try:
        return op.create(
            Appointment,
            provider=slot.provider.id,
            location=slot.location.id,
            day=slot.start.date(),
            wall_start=slot.start,
            zone=slot.location.zone,
            starts_at=slot.starts_at,
            minutes=slot.minutes,
            lane=slot.lane,
            booked_at=op.now,
            booked_by=op.desk.actor.login,
            **values,
        )
    except IntegrityError as error:
        raise _guarded(op.desk, slot, error) from error


def _guarded(desk: Desk, slot: Slot, error: IntegrityError) -> DesktermError | IntegrityError:
    if "appointment_overlap" not in str(error):
        return error
    visits = free_time.holding(desk, slot.provider.id, slot.starts_at, slot.ends_at)
    return conflicts.taken(desk, slot, visits)


def _cancel(op: Operation, appointment: Appointment, by: str, reason: str, note: str) -> None:
    appointment.lifecycle = "cancelled"
    appointment.cancelled_by = by
    appointment.cancel_reason = reason
    appointment.cancel_note = note
    appointment.notice_minutes = appointment.starts_at - epoch_minute(op.now)
    op.save(appointment)


def _err(op: Operation, appointment: Appointment) -> None:
    appointment.lifecycle = "entered_in_error"
    op.save(appointment)


def _check_waiting(appointment: Appointment, verb: str) -> None:
    if appointment.lifecycle != "scheduled":
        state = appointment.lifecycle.replace("_", " ")
        raise Conflict(f"This visit is {state}; it cannot be {verb}", "", rule="state")
    if appointment.stage != "expected":
        raise Conflict(f"The patient is here; the visit cannot be {verb}",
                       "Take the arrival back first, or mark the patient as left",
                       rule="arrived")  # fmt: skip


def _check_own(desk: Desk, appointment: Appointment) -> None:
    _check_waiting(appointment, "taken back")
    made_on = local(appointment.booked_at, desk.zone).date()
    if appointment.booked_by != desk.actor.login or made_on != desk.today():
        raise NotAllowed(
            f"Only {appointment.booked_by} could take this back, on the day it was made",
            "Cancel it instead",
        )


def _moved_here(appointment: Appointment) -> bool:
    """Whether it came by a move; one put back at another time came by a booking."""
    old = appointment.rescheduled_from
    return old is not None and old.cancel_reason == RESCHEDULED


def _successor(desk: Desk, appointment_id: int) -> bool:
    return bool(desk.rows(
        "SELECT 1 FROM appointment WHERE rescheduled_from_id = ?"
        " AND lifecycle <> 'entered_in_error' LIMIT 1", appointment_id))  # fmt: skip


def _slot_of(desk: Desk, appointment: Appointment) -> Slot:
    return Slot(
        conflicts.ProviderFacts(appointment.provider_id, appointment.provider.code),
        conflicts.Place(appointment.location_id, appointment.location.code, appointment.zone),
        appointment.wall_start,
        appointment.starts_at,
        appointment.minutes,
        appointment.lane,
        appointment.lane >= OVERBOOK_LANE,
    )


def _days(appointment: Appointment) -> tuple[date, date]:
    end = from_epoch_minute(appointment.starts_at + appointment.minutes - 1)
    return appointment.day, local(end, appointment.zone).date()
