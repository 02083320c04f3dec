"""What another desk did, in one short line: ``HALE B moved to Fri Mar 20 by jkim at d2``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from deskterm.db import journal
from deskterm.db.journal import Entry
from deskterm.entry.times import show_time
from deskterm.office import day_board
from deskterm.office.day_board import AppointmentRow
from deskterm.office.desk import Desk

# operation -> what was done; ``{when}`` is the visit's time, left out where there is none.
_DONE = {
    "appointment.book": "booked {when}",
    "appointment.move": "moved to {when}",
    "appointment.cancel": "cancelled",
    "appointment.confirm": "confirmed",
    "appointment.note": "has a note",
    "appointment.reinstate": "put back {when}",
    "appointment.undo_book": "booking taken back",
    "appointment.undo_move": "put back {when}",
    "visit.arrive": "arrived",
    "visit.check_in": "checked in",
    "visit.room": "in a room",
    "visit.with_provider": "with the provider",
    "visit.ready": "ready to leave",
    "visit.check_out": "checked out",
    "visit.no_show": "did not come",
    "visit.left": "left without being seen",
    "visit.undo": "put one step back",
    "visit.note": "has a note",
    "visit.walk_in": "walked in",
    "patient.register": "registered",
    "patient.edit": "record changed",
    "patient.form": "form noted",
    "coverage.add": "insurance added",
    "coverage.edit": "insurance changed",
    "coverage.end": "insurance ended",
    "payment.charge": "charge added",
    "payment.take": "payment taken",
    "payment.not_collected": "nothing collected",
    "payment.void": "receipt voided",
    "message.take": "new message",
    "message.acknowledge": "message taken on",
    "message.progress": "message noted",
    "message.forward": "message sent on",
    "message.close": "message closed",
    "message.reopen": "message open again",
}


@dataclass(frozen=True)
class Touched:
    """What an entry is about: appointments, the days they were or are on, the patient."""

    appointments: frozenset[int]
    days: frozenset[date]
    patient_id: int | None


def touched(entry: Entry) -> Touched:
    """The appointments that the entry wrote to, and the days that stand in it."""
    ids: set[int] = set()
    days: set[date] = set()
    for change in entry.changed:
        sides = [side for side in (change["before"], change["after"]) if side]
        if change["table"] == "appointment":
            ids.add(int(change["id"]))
            days |= {date.fromisoformat(side["day"]) for side in sides if side.get("day")}
        else:
            ids |= {int(side["appointment_id"]) for side in sides if side.get("appointment_id")}
    return Touched(frozenset(ids), frozenset(days), entry.patient_id)


def words(desk: Desk, entry: Entry) -> str:
    """The line for row 23; empty for what need not be said, or may not be seen."""
    done = _DONE.get(entry.operation)
    if done is None or not desk.may("view_patients"):
        return ""
    who = _name(desk, entry.patient_id) or "A caller"
    said = f"{who} {done.format(when=_when(desk, entry))}".strip()
    return f"{said} by {entry.actor} at {entry.desk}"


def last_payment(desk: Desk, patient_id: int) -> str:
    """Who changed last what a patient owes: ``payment taken by jkim at d2``."""
    for entry in journal.read(desk.database, patient_id=patient_id, newest_first=True, limit=20):
        if entry.operation in _DONE and entry.operation.startswith(("payment.", "coverage.")):
            return f"{_DONE[entry.operation]} by {entry.actor} at {entry.desk}"
    return "another desk"


def visit_now(desk: Desk, before: AppointmentRow | None) -> tuple[AppointmentRow | None, str]:
    """The visit as it is now, and what was changed of it since it was read."""
    if before is None:
        return None, ""
    after = day_board.appointment(desk, before.id)
    return after, visit_changes(before, after)


def visit_changes(before: AppointmentRow, after: AppointmentRow) -> str:
    """What another desk changed of a visit, both values: ``state SCH -> ARR, room - -> 2``."""
    pairs = [
        ("time", _moment(before), _moment(after)),
        ("with", before.provider, after.provider),
        ("visit", before.visit_type, after.visit_type),
        ("minutes", str(before.minutes), str(after.minutes)),
        ("state", before.state, after.state),
        ("room", before.room, after.room),
        ("note", before.note, after.note),
    ]
    changed = [pair for pair in pairs if pair[1] != pair[2]]
    return ", ".join(f"{what} {was or '-'} -> {now or '-'}" for what, was, now in changed)


def _moment(row: AppointmentRow) -> str:
    return f"{row.start:%a} {row.start.day} {show_time(row.start.time())}"


def _name(desk: Desk, patient_id: int | None) -> str:
    if patient_id is None:
        return ""
    found = desk.rows("SELECT last_name, first_name FROM patient WHERE id = ?", patient_id)
    return f"{found[0][0]} {found[0][1][:1]}".strip() if found else ""


def _when(desk: Desk, entry: Entry) -> str:
    if entry.entity != "appointment" or entry.entity_id is None:
        return ""
    found = desk.rows("SELECT wall_start FROM appointment WHERE id = ?", entry.entity_id)
    if not found:
        return ""
    start = datetime.fromisoformat(found[0][0])
    clock = show_time(start.time())
    if start.date() == desk.today():
        return clock
    return f"{start:%a %b} {start.day} {clock}"
