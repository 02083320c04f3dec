"""The day of a visit: from the door to the door, each move an event that is never rewritten."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from deskterm import clock
from deskterm.clock import from_epoch_minute
from deskterm.db.patients import Patient
from deskterm.db.scheduling import HOLDING, OVERBOOK_LANE, Appointment
from deskterm.db.staff import Room
from deskterm.db.visits import StageEvent, VisitNote
from deskterm.entry.dates import show_date
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, Invalid
from deskterm.office import call_back, conflicts, free_time, permits, rooming, stages, visit_fees
from deskterm.office.desk import Desk, Operation

# Stages in which the visit's room is where the patient is; before, it is one booked for them.
_HAVE_ROOM = (*stages.IN_ROOM, "ready")
_LANES_TAKEN = """
SELECT lane FROM appointment
WHERE provider_id = ? AND id <> ? AND lifecycle IN ('scheduled', 'completed')
  AND starts_at < ? AND starts_at + minutes > ?"""
# The last move that nothing has taken back. The plus keeps the planner to the visit's own
# moves: most of all moves undo nothing.
_LAST_MOVE = """
SELECT e.id FROM stage_event e
WHERE e.appointment_id = ? AND +e.undoes_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM stage_event u WHERE u.undoes_id = e.id)
ORDER BY e.id DESC LIMIT 1"""
_ROOM_BEFORE = """
SELECT e.room FROM stage_event e
WHERE e.appointment_id = ? AND e.id < ? AND +e.undoes_id IS NULL AND e.room <> ''
  AND NOT EXISTS (SELECT 1 FROM stage_event u WHERE u.undoes_id = e.id)
ORDER BY e.id DESC LIMIT 1"""


def arrive(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """They are here. On the visit's own day only; re-opens a no-show or one who left.

    This and every other move raises Stale for an old ``version``, Conflict for a move that the
    table of stages refuses, Invalid for a way back without a reason.
    """
    return _run(desk, "visit.arrive", appointment_id, "arrive", version, reason)


def begin_check_in(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """Someone is checking them in now."""
    return _run(desk, "visit.check_in", appointment_id, "begin_check_in", version, reason)


def check_in(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """Checked in and waiting, without going through the checklist."""
    return _run(desk, "visit.check_in", appointment_id, "check_in", version, reason)


def room(
    desk: Desk,
    appointment_id: int,
    *,
    room: str = "",
    version: int | None = None,
    reason: str = "",
) -> Appointment:
    """Taken to ``room`` (its name, or the number in it), or to another room.

    Raises Conflict for a room in use, Invalid for one that the location does not have.
    """
    return _run(desk, "visit.room", appointment_id, "room", version, reason, room)


def with_provider(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """The provider is with them."""
    return _run(desk, "visit.with_provider", appointment_id, "with_provider", version, reason)


def ready(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """Seen, and ready for check-out."""
    return _run(desk, "visit.ready", appointment_id, "ready", version, reason)


def check_out(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """Gone home; the visit is completed and its room free."""
    return _run(desk, "visit.check_out", appointment_id, "check_out", version, reason)


def no_show(
    desk: Desk,
    appointment_id: int,
    *,
    version: int | None = None,
    reason: str = "",
    waive_fee: bool = False,
) -> Appointment:
    """They did not come. Only after the start and the practice's grace, never after arrival.

    Charges the fee that the policy has for it, in the same transaction, unless ``waive_fee``,
    which needs a ``reason``.
    """
    with desk.operation("visit.no_show", reason=reason) as op:
        appointment = op.get(Appointment, appointment_id, version)
        if waive_fee and not reason.strip():
            raise Invalid("Waiving the fee needs a reason", "For example: bus did not come",
                          field="reason")  # fmt: skip
        advance(op, appointment, "no_show", reason=reason)
        if not waive_fee:
            visit_fees.charge(op, appointment)
        return appointment


def left(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """They left without being seen; the arrival stays on record, the nurses call back."""
    with desk.operation("visit.left", reason=reason) as op:
        appointment = op.get(Appointment, appointment_id, version)
        advance(op, appointment, "left", reason=reason)
        call_back.after_leaving(op, appointment, reason)
        return appointment


def walk_in(
    desk: Desk,
    patient_id: int,
    visit_type: str,
    provider: str,
    reason: str = "",
    *,
    location: str | None = None,
    note: str = "",
    key: str | None = None,
) -> Appointment:
    """Somebody came without an appointment: book from now and mark arrived, both or neither.

    ``reason`` is why, and allows overbooking. Raises what booking raises.
    """
    with desk.operation("visit.walk_in", patient_id=patient_id, reason=reason, key=key) as op:
        if op.earlier:
            return op.get(Appointment, op.earlier.entity_id or 0)
        patient = op.get(Patient, patient_id)
        if patient.status != "active":
            raise Conflict(
                f"This record is {patient.status.replace('_', ' ')}",
                "Look the patient up again",
                rule="patient_status",
            )
        place = conflicts.place(desk, location) if location else None
        wall = clock.local(op.now, place.zone if place else desk.zone)
        facts = conflicts.type_facts(desk, visit_type)
        slot = conflicts.find_slot(
            desk,
            conflicts.Wish(
                conflicts.provider_facts(desk, provider),
                facts,
                wall.replace(minute=wall.minute // 5 * 5, second=0, microsecond=0),
                facts.minutes,
                place,
                walk_in=True,
                overbook_reason=reason.strip(),
            ),
        )
        appointment = op.create(
            Appointment,
            patient=patient,
            provider=slot.provider.id,
            location=slot.location.id,
            visit_type=facts.id,
            day=slot.start.date(),
            wall_start=slot.start,
            zone=slot.location.zone,
            starts_at=slot.starts_at,
            minutes=slot.minutes,
            lane=slot.lane,
            walk_in=True,
            note=note,
            overbook_reason=reason.strip() if slot.overbooked else "",
            booked_at=op.now,
            booked_by=desk.actor.login,
        )
        permits.cover(op, appointment, permits.Wanted(strict=False))
        advance(op, appointment, "arrive", reason=reason)
        free_time.keep(desk, slot.provider.id, *slot.days)
        return appointment


def undo(
    desk: Desk, appointment_id: int, *, version: int | None = None, reason: str = ""
) -> Appointment:
    """Take back the last move by a new one, on the day on which it was made.

    Again takes back the move before. Raises Conflict when there is none, or when the visit was
    changed otherwise since.
    """
    with desk.operation("visit.undo", reason=reason) as op:
        appointment = op.get(Appointment, appointment_id, version)
        op.about(appointment, patient_id=appointment.patient_id)
        found = desk.rows(_LAST_MOVE, appointment_id)
        if not found:
            raise Conflict("There is no move to take back", "", rule="nothing")
        move = op.get(StageEvent, found[0][0])
        if (appointment.lifecycle, appointment.stage) != (move.to_lifecycle, move.to_stage):
            raise Conflict(
                "The visit was changed otherwise since its last move",
                "Look at it again",
                rule="stage",
            )
        if clock.local(move.at, appointment.zone).date() != _today(op, appointment):
            raise Conflict(
                "A move can be taken back on its own day only",
                "Write a note on the visit instead",
                rule="not_today",
            )
        place = None if appointment.stage in _HAVE_ROOM else appointment.room
        if move.from_stage in _HAVE_ROOM:
            before = desk.rows(_ROOM_BEFORE, appointment_id, move.id)
            place = rooming.find(op, appointment, before[0][0], move.from_stage) if before else None
        ended = move.to_lifecycle in stages.ENDINGS.values()
        taken = move.to_lifecycle.replace("_", "-") if ended else stages.label(move.to_stage)
        _write(
            op,
            appointment,
            move.from_lifecycle,
            move.from_stage,
            reason=reason or f"took back: {taken}",
            backward=True,
            place=place,
            undoes=move,
        )
    return appointment


def note(desk: Desk, appointment_id: int, text: str) -> VisitNote:
    """Jot a line on a visit: told about the delay, hearing aid left at the desk."""
    with desk.operation("visit.note") as op:
        appointment = op.get(Appointment, appointment_id)
        if not text.strip():
            raise Invalid("The note is empty", "Type what to remember", field="note")
        op.patient_id = appointment.patient_id
        return op.create(
            VisitNote, appointment=appointment, at=op.now, by=desk.actor.login, text=text
        )


def advance(
    op: Operation, appointment: Appointment, action: str, *, reason: str = "", room: str = ""
) -> Appointment:
    """Do one move of the table inside an operation; the appointment was read in it."""
    move = stages.decide(appointment.lifecycle, appointment.stage, action)
    op.about(appointment, patient_id=appointment.patient_id)
    place = appointment.room
    if move.outcome == "refused":
        raise Conflict(move.words, "", rule="stage")
    if move.outcome == "end":
        _may_end(op, appointment, action)
    elif move.outcome == "backward":
        if not reason.strip():
            raise Invalid(move.words, "Say why in a few words", field="reason")
        _must_be_today(op, appointment, "A visit goes back on its own day only")
    elif appointment.stage == "expected" or move.outcome == "reopen":
        _must_be_today(op, appointment, "They can be marked arrived on that day only")
    if action == "room":
        place = rooming.find(op, appointment, room, move.stage) if room.strip() else None
        if move.outcome == "again" and place == appointment.room:
            raise Conflict("They are in a room already", "Name another room", rule="stage")
    elif _leaves_room(appointment, move):
        place = None
    elif move.outcome == "backward" and place is not None and move.stage in stages.IN_ROOM:
        place = rooming.find(op, appointment, place.name, move.stage)
    return _write(
        op,
        appointment,
        move.lifecycle,
        move.stage,
        reason=reason,
        backward=move.outcome == "backward",
        skipped=move.skipped,
        place=place,
    )


def _run(
    desk: Desk,
    operation: str,
    appointment_id: int,
    action: str,
    version: int | None,
    reason: str,
    room: str = "",
) -> Appointment:
    with desk.operation(operation, reason=reason) as op:
        appointment = op.get(Appointment, appointment_id, version)
        return advance(op, appointment, action, reason=reason, room=room)


def _write(
    op: Operation,
    appointment: Appointment,
    lifecycle: str,
    stage: str,
    *,
    reason: str,
    backward: bool,
    place: Room | None,
    skipped: tuple[str, ...] = (),
    undoes: StageEvent | None = None,
) -> Appointment:
    """Append the event, and bring the appointment's cached columns up to it."""
    op.create(
        StageEvent,
        appointment=appointment,
        at=op.now,
        by=op.desk.actor.login,
        desk=op.desk.workstation,
        from_stage=appointment.stage,
        to_stage=stage,
        from_lifecycle=appointment.lifecycle,
        to_lifecycle=lifecycle,
        skipped=" ".join(skipped),
        backward=backward,
        reason=reason,
        room=place.name if place else "",
        undoes=undoes,
    )
    held = appointment.lifecycle in HOLDING
    if lifecycle in HOLDING and not held:
        _hold_again(op, appointment)
    if appointment.lifecycle == "no_show" != lifecycle:
        visit_fees.take_back(op, appointment, came=undoes is None)
    appointment.lifecycle = lifecycle
    appointment.stage = stage
    appointment.room = place
    appointment.stage_since = op.now if stage != "expected" else None
    op.save(appointment)
    if lifecycle in HOLDING and not held:
        permits.again(op, appointment)
    if held != (lifecycle in HOLDING):
        free_time.keep(op.desk, appointment.provider_id, *_days(appointment))
    return appointment


def _days(appointment: Appointment) -> tuple[date, date]:
    """The days that the visit touches."""
    end = appointment.wall_start + timedelta(minutes=appointment.minutes)
    return appointment.day, end.date()


def _leaves_room(appointment: Appointment, move: stages.Move) -> bool:
    """Whether the patient gives up the room, or a visit that is over the one booked for it."""
    if move.outcome == "end" or move.stage == "checked_out":
        return True
    return appointment.stage in _HAVE_ROOM and move.stage not in _HAVE_ROOM


def _may_end(op: Operation, appointment: Appointment, action: str) -> None:
    if action != "no_show":
        return
    grace = timedelta(minutes=op.desk.settings.policy.no_show_grace)
    earliest = from_epoch_minute(appointment.starts_at) + grace
    if op.now < earliest:
        at = clock.local(earliest, appointment.zone)
        raise Conflict(
            f"Too early for a no-show: it may be marked from {_when(at, appointment.day)}",
            "Call them meanwhile",
            rule="too_early",
        )


def _must_be_today(op: Operation, appointment: Appointment, hint: str) -> None:
    if _today(op, appointment) != appointment.day:
        raise Conflict(
            f"The visit is on {show_date(appointment.day)}, not today", hint, rule="not_today"
        )


def _today(op: Operation, appointment: Appointment) -> date:
    """The date where the visit takes place."""
    return clock.local(op.now, appointment.zone).date()


def _when(at: datetime, day: date) -> str:
    time = show_time(at.time())
    return time if at.date() == day else f"{show_date(at.date())} {time}"


def _hold_again(op: Operation, appointment: Appointment) -> None:
    """Give a visit that comes back its time again, beside whoever was booked there since."""
    taken = {
        lane
        for (lane,) in op.desk.rows(
            _LANES_TAKEN,
            appointment.provider_id,
            appointment.id,
            appointment.starts_at + appointment.minutes,
            appointment.starts_at,
        )
    }
    if appointment.lane in taken:
        lane = OVERBOOK_LANE
        while lane in taken:
            lane += 1
        appointment.lane = lane
        appointment.overbook_reason = "came after the time was given away"
