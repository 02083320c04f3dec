"""Imported locations, coverage and appointments."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from deskterm.clock import epoch_minute, local
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.scheduling import OVERBOOK_LANE, Appointment, VisitType
from deskterm.db.staff import Location
from deskterm.db.visits import StageEvent
from deskterm.exchange import fhir_records as fhir
from deskterm.exchange.fhir_values import ImportRejected
from deskterm.office import free_time
from deskterm.office.desk import Operation
from deskterm.office.fhir_intake import Intake, Known, merge, stored
from deskterm.office.fhir_people import free_code

_LIFECYCLES = {
    "booked": "scheduled", "arrived": "scheduled", "checked-in": "scheduled",
    "fulfilled": "completed", "cancelled": "cancelled", "noshow": "no_show",
}  # fmt: skip
_STAGES = {"arrived": "arrived", "checked-in": "checked_in", "fulfilled": "checked_out"}
_IDENTITY = ("plan", "member_id", "group_number", "relationship", "subscriber_name")
_SLOT = ("provider", "location", "starts_at", "minutes")
_VISIT_TYPE = "IMPORT"  # for a kind of visit that this clinic does not know


def write_location(
    op: Operation, intake: Intake, value: fhir.Location, known: Known | None
) -> tuple[int, dict[str, Any]]:
    """Add or update a location; one of the same name is the same place."""
    values: dict[str, Any] = {
        "name": value.name, "address": value.address, "phone": value.phone, "active": value.active,
    }  # fmt: skip
    record_id = known.record_id if known else None
    if record_id is None:
        found = op.desk.rows("SELECT id FROM location WHERE lower(name) = lower(?)", value.name)
        record_id = found[0][0] if found else None
    if record_id is None:
        record = op.create(
            Location,
            code=free_code(value.name, 8, lambda c: _used(op, "code", c)),
            receipt_prefix=free_code(value.name[:2], 4, lambda c: _used(op, "receipt_prefix", c)),
            zone=op.desk.zone,
            **values,
        )
    else:
        record = op.get(Location, record_id)
        merge(op, record, values, known.taken if known else None)
    return record.id, stored(record, values)


def write_coverage(
    op: Operation, intake: Intake, value: fhir.Coverage, known: Known | None
) -> tuple[int, dict[str, Any]]:
    """Add or update a membership; another plan, number or holder ends the old and adds one."""
    patient_id = intake.patient_id(value.patient)
    op.patient_id = patient_id
    values: dict[str, Any] = {
        "plan": _plan(op, intake, value),
        "member_id": value.member_id,
        "group_number": value.group_number,
        "relationship": value.relationship,
        "subscriber_name": value.subscriber_name,
        "starts_on": value.starts_on,
        "ends_on": value.ends_on,
        "priority": value.priority,
        "copay_cents": value.copay_cents,
    }
    now = stored(Coverage, values)
    if known is None:
        found = op.desk.rows(
            "SELECT id FROM coverage WHERE patient_id = ? AND plan_id = ? AND member_id = ?"
            " AND ends_on IS ?",
            patient_id, values["plan"], value.member_id, now["ends_on"],
        )  # fmt: skip
        if not found:
            record = op.create(Coverage, patient=patient_id, **values)
            return record.id, now
        record_id, taken = found[0][0], None
    else:
        record_id, taken = known.record_id, known.taken
    record = op.get(Coverage, record_id)
    if taken is not None and any(taken.get(name) != now[name] for name in _IDENTITY):
        today = op.desk.today()
        if record.ends_on is None or record.ends_on > today:
            record.ends_on = _day_before(record.starts_on, today)
            op.save(record)
        record = op.create(Coverage, patient=patient_id, **values)
    else:
        merge(op, record, values, taken)
    op.about(record, patient_id=patient_id)
    return record.id, now


def write_appointment(
    op: Operation, intake: Intake, value: fhir.Appointment, known: Known | None
) -> tuple[int, dict[str, Any]]:
    """Add or update a booking; another time or provider cancels the old and adds one."""
    patient_id = intake.patient_id(value.patient)
    op.patient_id = patient_id
    provider_id = intake.record_id("Practitioner", value.provider)
    if provider_id is None:
        raise ImportRejected("its practitioner is not on file here")
    location_id, zone = _location(op, intake, value.location)
    now: dict[str, Any] = {
        "provider": provider_id,
        "location": location_id,
        "starts_at": epoch_minute(value.start),
        "minutes": value.minutes,
        "lifecycle": _LIFECYCLES[value.status],
        "note": value.note,
    }
    before = known.taken if known else None
    old = op.get(Appointment, known.record_id) if known else None
    moved = before is not None and any(before.get(name) != now[name] for name in _SLOT)
    if old is not None and not moved:
        _update(op, old, value, now, before or {})
        op.about(old, patient_id=patient_id)
        return old.id, now
    rescheduled = None
    if old is not None and old.lifecycle == "scheduled" and old.stage == "expected":
        _cancel(op, old, "rescheduled")
        rescheduled = old.id
    elif old is not None:
        # it took place or was dealt with here: what the desk did stands
        return old.id, now
    wall = local(value.start, zone)
    lane = _lane(op, now) if now["lifecycle"] in ("scheduled", "completed") else 0
    record = op.create(
        Appointment,
        patient=patient_id,
        visit_type=_visit_type(op, value),
        day=wall.date(),
        wall_start=wall,
        zone=zone,
        lane=lane,
        overbook_reason="as imported" if lane >= OVERBOOK_LANE else "",
        rescheduled_from=rescheduled,
        booked_at=op.now,
        booked_by=op.desk.actor.login,
        stage=_STAGES.get(value.status, "expected"),
        stage_since=value.start if value.status in _STAGES else None,
        cancelled_by="other" if value.status == "cancelled" else None,
        cancel_reason="other" if value.status == "cancelled" else "",
        **now,
    )
    if value.status in _STAGES:
        _stage(op, record, "expected", value.start)
    free_time.keep(op.desk, provider_id, wall.date())
    op.about(record, patient_id=patient_id)
    return record.id, now


def _update(
    op: Operation,
    record: Appointment,
    value: fhir.Appointment,
    now: dict[str, Any],
    before: dict[str, Any],
) -> None:
    """Take over a changed status or note, unless the desk has dealt with the visit."""
    untouched = record.lifecycle == "scheduled" and record.stage == "expected"
    if now["lifecycle"] != before.get("lifecycle") and untouched:
        if now["lifecycle"] == "cancelled":
            _cancel(op, record, "other")
        else:
            came_from, record.lifecycle = record.stage, now["lifecycle"]
            record.stage = _STAGES.get(value.status, record.stage)
            if record.stage != came_from:
                record.stage_since = value.start
                _stage(op, record, came_from, value.start)
    if now["note"] != before.get("note"):
        record.note = now["note"]
    op.save(record)
    free_time.keep(op.desk, record.provider.id, record.day)


def _cancel(op: Operation, record: Appointment, reason: str) -> None:
    record.lifecycle = "cancelled"
    record.cancelled_by, record.cancel_reason = "other", reason
    record.notice_minutes = record.starts_at - epoch_minute(op.now)
    op.save(record)
    free_time.keep(op.desk, record.provider.id, record.day)


def _stage(op: Operation, record: Appointment, came_from: str, at: datetime) -> None:
    op.create(
        StageEvent,
        appointment=record,
        at=at,
        by=op.desk.actor.login,
        desk=op.desk.workstation,
        from_stage=came_from,
        to_stage=record.stage,
        to_lifecycle=record.lifecycle,
        reason="as imported",
    )


def _lane(op: Operation, slot: dict[str, Any]) -> int:
    """Lane 0 if its time is free there, else the first free lane of overbookings."""
    start = slot["starts_at"]
    held = free_time.holding(op.desk, slot["provider"], start, start + slot["minutes"])
    used = {visit.lane for visit in held}
    lane = 0 if 0 not in used else OVERBOOK_LANE
    while lane in used:
        lane += 1
    return lane


def _visit_type(op: Operation, value: fhir.Appointment) -> int:
    """The clinic's visit type by code, name or alias; else the one for unknown kinds."""
    said = {word.casefold() for word in value.visit_words}
    known = op.desk.rows("SELECT id, code, name, aliases FROM visit_type ORDER BY sort_order, id")
    for type_id, code, name, aliases in known:
        if said & {code.casefold(), name.casefold(), *aliases.casefold().split()}:
            return int(type_id)
    found = [row[0] for row in known if row[1] == _VISIT_TYPE]
    if found:
        return int(found[0])
    made = op.create(
        VisitType, code=_VISIT_TYPE, name="imported visit", minutes=30, sort_order=999,
        active=False,
    )  # fmt: skip
    return made.id


def _location(op: Operation, intake: Intake, resource_id: str) -> tuple[int, str]:
    wanted = intake.record_id("Location", resource_id)
    found = op.desk.rows(
        "SELECT id, zone FROM location WHERE id = ? OR (? IS NULL AND active = 1)"
        " ORDER BY id LIMIT 1",
        wanted, wanted,
    )  # fmt: skip
    if not found:
        raise ImportRejected("there is no location here to book it at")
    return int(found[0][0]), str(found[0][1])


def _plan(op: Operation, intake: Intake, value: fhir.Coverage) -> int:
    """The plan by payer and name, made when it is new."""
    own = value.plan_type == "SELF"
    payer = value.payer_name or intake.organizations.get(value.payer, "")
    payer = payer or ("Self-pay" if own else "Unknown payer")
    name = value.plan_name or payer
    found = op.desk.rows(
        "SELECT id FROM plan WHERE lower(payer_name) = lower(?) AND lower(name) = lower(?)",
        payer, name,
    )  # fmt: skip
    if found:
        return int(found[0][0])
    code = free_code(
        payer, 12, lambda c: bool(op.desk.rows("SELECT 1 FROM plan WHERE code = ?", c))
    )
    made = op.create(Plan, code=code, name=name, payer_name=payer, plan_type=value.plan_type)
    return made.id


def _used(op: Operation, column: str, code: str) -> bool:
    return bool(op.desk.rows(f"SELECT 1 FROM location WHERE {column} = ?", code))


def _day_before(starts_on: date | None, today: date) -> date:
    """The last day of a membership replaced today, never before its first."""
    return max(starts_on, today - timedelta(days=1)) if starts_on else today - timedelta(days=1)
