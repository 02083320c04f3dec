"""The day as the board shows it: rows with their numbers, provider columns, holds and counts.

One fixed statement reads the rows; the state word and the flags are worked out here.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from deskterm.clock import epoch_minute
from deskterm.errors import Invalid, NotFound, Unreachable
from deskterm.office import access
from deskterm.office.copays import copay_sql
from deskterm.office.desk import Desk, known_id, placeholders
from deskterm.office.holds import Hold, holds
from deskterm.office.laid_out import Block, Layout
from deskterm.text import safe

SLOT_MINUTES = 15  # one line of the grid
_YEARS = range(1900, 2201)
_STATES = {
    "arrived": "ARR", "checking_in": "ARR", "checked_in": "CHK", "roomed": "RMD",
    "with_provider": "PRV", "ready": "CKO", "checked_out": "OUT",
}  # fmt: skip
_ENDS = {"completed": "OUT", "left": "OUT", "no_show": "NSH", "cancelled": "CXL",
         "entered_in_error": "CXL"}  # fmt: skip
HERE = ("ARR", "CHK", "RMD", "PRV", "CKO")

# The first phone and coverage by priority, then id, are found by the least of one number made
# of both: sorting inside each row would double the cost of the day. The plus sign keeps
# the planner from every allocation without a charge, the outer join from every location.
_ROWS = f"""
SELECT a.id, coalesce(n.number, 0), a.wall_start, a.minutes, pr.code, a.provider_id, l.code,
  a.patient_id, p.last_name, p.first_name, p.mrn, p.birth_date, p.sex, v.code, a.lifecycle,
  a.confirmation, a.stage, a.clearance, a.version, a.note, coalesce(r.name, ''), a.stage_since,
  coalesce(f.number, ''),
  a.starts_at, a.day, a.lane >= 100, a.walk_in, v.new_patient, p.interpreter_needed,
  EXISTS (SELECT 1 FROM patient q WHERE q.last_key = p.last_key AND q.first_key = p.first_key
    AND q.id <> p.id AND q.status = 'active'),
  c.eligibility = 'inactive',
  CASE WHEN v.copay_applies THEN coalesce({copay_sql("c.copay_cents", "pl.copay_cents")}, 0)
    ELSE 0 END,
  (SELECT sum(g.amount_cents - g.insurance_cents
      + coalesce((SELECT sum(j.patient_cents) FROM adjustment j WHERE j.charge_id = g.id), 0))
   FROM charge g WHERE g.appointment_id = a.id),
  (SELECT sum(amount_cents) FROM charge g WHERE g.appointment_id = a.id AND g.kind = 'copay'),
  (SELECT sum(x.amount_cents) FROM charge g JOIN allocation x ON x.charge_id = g.id
   WHERE g.appointment_id = a.id AND x.side = 'patient'),
  (SELECT sum(x.amount_cents) FROM payment y JOIN allocation x ON x.payment_id = y.id
   WHERE y.appointment_id = a.id AND x.purpose = 'copay' AND +x.charge_id IS NULL)
FROM appointment a
JOIN patient p ON p.id = a.patient_id
JOIN provider pr ON pr.id = a.provider_id
LEFT JOIN location l ON l.id = a.location_id
JOIN visit_type v ON v.id = a.visit_type_id
LEFT JOIN room r ON r.id = a.room_id
LEFT JOIN row_number n ON n.appointment_id = a.id
LEFT JOIN patient_phone f ON f.id = (
  SELECT min(k.priority * 1000000000000 + k.id) % 1000000000000 FROM patient_phone k
  WHERE k.patient_id = a.patient_id AND k.ended_on IS NULL)
LEFT JOIN coverage c ON c.id = (
  SELECT min(k.priority * 1000000000000 + k.id) % 1000000000000 FROM coverage k
  WHERE k.patient_id = a.patient_id AND (k.starts_on IS NULL OR k.starts_on <= a.day)
    AND (k.ends_on IS NULL OR k.ends_on >= a.day))
LEFT JOIN plan pl ON pl.id = c.plan_id
"""
_ON_GRID = "a.lifecycle NOT IN ('cancelled', 'entered_in_error')"
_ORDER = " ORDER BY a.starts_at, pr.sort_order, pr.code, a.lane, a.id"
_UNNUMBERED = f"""
SELECT a.id FROM appointment a JOIN provider pr ON pr.id = a.provider_id
LEFT JOIN row_number n ON n.appointment_id = a.id
WHERE a.day = ? AND n.number IS NULL AND {_ON_GRID} AND a.provider_id IN ({{}})"""


class AppointmentRow(NamedTuple):
    """One visit as every list shows it. ``start`` is wall time, ``phone`` E.164 or empty.

    ``state`` is the board's word (SCH CNF LAT ARR CHK RMD PRV CKO OUT NSH CXL), ``flags`` some
    of ``!$*=i`` in that order; ``number`` is 0 until a board has shown the row.
    """

    id: int
    number: int
    start: datetime
    minutes: int
    provider: str
    provider_id: int
    location: str
    patient_id: int
    patient: str
    mrn: str
    birth_date: date
    sex: str
    visit_type: str
    lifecycle: str
    confirmation: str
    stage: str
    clearance: str
    version: int
    state: str
    flags: str
    note: str
    room: str
    stage_since: datetime | None
    phone: str
    overbooked: bool
    walk_in: bool
    due_cents: int

    def as_dict(self) -> dict[str, Any]:
        """The row as batch commands print it."""
        return {
            "id": self.id,
            "start": f"{self.start:%Y-%m-%d %H:%M}",
            "minutes": self.minutes,
            "provider": self.provider,
            "patient_id": self.patient_id,
            "patient": self.patient,
            "visit_type": self.visit_type,
            "lifecycle": self.lifecycle,
            "confirmation": self.confirmation,
            "stage": self.stage,
            "clearance": self.clearance,
            "version": self.version,
            "number": self.number,
            "state": self.state,
            "flags": self.flags,
            "location": self.location,
        }


class ProviderColumn(NamedTuple):
    """One provider's column: visits booked of the visits of 15 minutes that its day holds."""

    code: str
    heading: str
    provider_id: int
    booked: int
    capacity: int
    blocks: tuple[Block, ...]


class Counts(NamedTuple):
    """The line under the title of the board."""

    booked: int = 0
    arrived: int = 0
    out: int = 0
    no_show: int = 0
    open: int = 0


class DayBoard(NamedTuple):
    """Everything the board draws of one day."""

    day: date
    columns: tuple[ProviderColumn, ...] = ()
    rows: tuple[AppointmentRow, ...] = ()
    holds: tuple[Hold, ...] = ()
    counts: Counts = Counts()

    def as_list(self) -> list[dict[str, Any]]:
        """The rows as ``schedule day --json`` prints them."""
        return [row.as_dict() for row in self.rows]


class _Who(NamedTuple):
    id: int
    code: str
    heading: str
    active: bool


def day(
    desk: Desk,
    day: date,
    *,
    providers: Sequence[str] | None = None,
    location: str | None = None,
) -> DayBoard:
    """One day of some providers (by code), or of everybody with hours or visits that day.

    A row without a number gets the day's next one, in order of time. Raises NotFound for an
    unknown code.
    """
    desk.require("view_schedule")
    _check_day(day)
    who = _providers(desk, providers)
    where = None
    if location:
        from deskterm.office import conflicts

        where = conflicts.place(desk, location).code
    found = _read_day(desk, day, [p.id for p in who])
    layout = Layout(desk, [p.id for p in who], day, day)
    return _board(desk, day, who, found, layout, where, everybody=providers is None)


def week(desk: Desk, provider: str, monday: date) -> tuple[DayBoard, ...]:
    """Seven days of one provider, from ``monday``'s week."""
    desk.require("view_schedule")
    _check_day(monday)
    first = monday - timedelta(monday.weekday())
    who = _providers(desk, [provider])
    layout = Layout(desk, [who[0].id], first, first + timedelta(6))
    days = [first + timedelta(n) for n in range(7)]
    return tuple(
        _board(desk, d, who, _read_day(desk, d, [who[0].id]), layout, None, everybody=False)
        for d in days
    )


def appointment(desk: Desk, appointment_id: int) -> AppointmentRow:
    """One visit as a row. Raises NotFound."""
    desk.require("view_schedule")
    found = desk.rows(f"{_ROWS} WHERE a.id = ?", known_id(appointment_id))
    if not found:
        raise NotFound(f"No such appointment: {appointment_id}", "Look it up again")
    return _rows(desk, found)[0]


def of_patient(desk: Desk, patient_id: int, *, limit: int = 50) -> tuple[AppointmentRow, ...]:
    """A patient's visits of every lifecycle, the latest first."""
    desk.require("view_schedule")
    access.require_patient(desk, patient_id)
    found = desk.rows(
        f"{_ROWS} WHERE a.patient_id = ? ORDER BY a.starts_at DESC, a.id DESC LIMIT ?",
        known_id(patient_id), limit,
    )  # fmt: skip
    return tuple(_rows(desk, found))


def some(desk: Desk, ids: Iterable[int]) -> tuple[AppointmentRow, ...]:
    """These visits as rows, in order of time."""
    wanted = list(ids)
    desk.require("view_schedule")
    if not wanted:
        return ()
    found = desk.rows(f"{_ROWS} WHERE a.id IN ({placeholders(wanted)}){_ORDER}", *wanted)
    return tuple(_rows(desk, found))


def _check_day(day: date) -> None:
    if day.year not in _YEARS:
        raise Invalid(f"No schedule for the year {day.year}", "Choose another day", field="date")


def _providers(desk: Desk, codes: Sequence[str] | None) -> list[_Who]:
    found = [
        _Who(provider_id, code, f"{code} {credential}".strip(), bool(active))
        for provider_id, code, credential, active in desk.rows(
            "SELECT id, code, credential, active FROM provider ORDER BY sort_order, code"
        )
    ]
    if codes is None:
        return found
    wanted = [str(code).strip().upper() for code in codes]
    known = {who.code: who for who in found}
    for code in wanted:
        if code not in known:
            first = ", ".join(list(known)[:12])
            raise NotFound(f"No provider {safe(code)[:20]}", f"One of {first}")
    return [known[code] for code in dict.fromkeys(wanted)]


def _read_day(desk: Desk, day: date, providers: Sequence[int]) -> list[tuple[Any, ...]]:
    if not providers:
        return []
    sql = (
        f"{_ROWS} WHERE a.day = ? AND a.provider_id IN ({placeholders(providers)})"
        f" AND {_ON_GRID}{_ORDER}"
    )
    found = desk.rows(sql, day.isoformat(), *providers)
    if any(row[1] == 0 for row in found):
        try:
            _give_numbers(desk, day, providers)
        except Unreachable:
            # A disk that is full or may only be read: the day is shown all the same.
            return _numbered(found)
        found = desk.rows(sql, day.isoformat(), *providers)
    return found


def _numbered(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows with the next free numbers where they have none, only for as long as they are shown."""
    last = itertools.count(max(row[1] for row in found) + 1)
    return [row if row[1] else (row[0], next(last), *row[2:]) for row in found]


def _give_numbers(desk: Desk, day: date, providers: Sequence[int]) -> None:
    """Number what has none, under the writers' lock: two desks may show the day at once."""
    with desk.database.writing():
        missing = desk.rows(
            _UNNUMBERED.format(placeholders(providers)) + _ORDER, day.isoformat(), *providers
        )
        taken = desk.rows(
            "SELECT coalesce(max(number), 0) FROM row_number WHERE day = ?", day.isoformat()
        )
        for number, (appointment_id,) in enumerate(missing, int(taken[0][0]) + 1):
            desk.rows(
                "INSERT INTO row_number (appointment_id, day, number) VALUES (?, ?, ?)",
                appointment_id, day.isoformat(), number,
            )  # fmt: skip


def _rows(desk: Desk, found: Sequence[tuple[Any, ...]]) -> list[AppointmentRow]:
    now = epoch_minute(desk.now())
    late_at = now - desk.settings.policy.late_after
    today = desk.today().isoformat()
    return access.masked(
        desk, [_row(raw, late_at, today) for raw in found], name="patient", patient_id="patient_id",
        birth_date=access.HIDDEN_DAY, sex="", phone="", note="", flags="", due_cents=0,
    )  # fmt: skip


def _row(raw: tuple[Any, ...], late_at: int, today: str) -> AppointmentRow:
    (
        appointment_id, number, wall_start, minutes, provider, provider_id, location, patient_id,
        last_name, first_name, mrn, birth_date, sex, visit_type, lifecycle, confirmation, stage,
        clearance, version, note, room, stage_since, phone, starts_at, day, overbooked, walk_in,
        new_patient, interpreter, alike, inactive, copay, charged, charged_copay, paid,
        paid_copay,
    ) = raw  # fmt: skip
    due = (charged or 0) - (paid or 0)
    if charged_copay is None and copay:
        due += max(copay - (paid_copay or 0), 0)
    if lifecycle == "scheduled":
        state = _STATES.get(stage, "")
        if not state:
            late = day == today and starts_at < late_at
            state = "LAT" if late else "CNF" if confirmation == "confirmed" else "SCH"
    else:
        state = _ENDS.get(lifecycle, "?")  # a word of a newer version or another program
    flags = (
        ("!" if clearance == "attention" or inactive else "")
        + ("$" if due > 0 else "")
        + ("*" if new_patient else "")
        + ("=" if alike else "")
        + ("i" if interpreter else "")
    )
    # As AppointmentRow(...) does it, less a call with 27 arguments for every row of a board.
    return tuple.__new__(AppointmentRow, (
        appointment_id, number, datetime.fromisoformat(wall_start), minutes, provider,
        provider_id, location, patient_id, f"{last_name}, {first_name}".upper(), mrn,
        date.fromisoformat(birth_date), sex, visit_type, lifecycle, confirmation, stage,
        clearance, version, state, flags, note, room,
        datetime.fromisoformat(stage_since) if stage_since else None, phone,
        bool(overbooked), bool(walk_in), due,
    ))  # fmt: skip


def _board(
    desk: Desk,
    day: date,
    who: Sequence[_Who],
    found: Sequence[tuple[Any, ...]],
    layout: Layout,
    where: str | None,
    *,
    everybody: bool,
) -> DayBoard:
    rows = tuple(row for row in _rows(desk, found) if where in (None, row.location))
    booked = Counter(row.provider_id for row in rows)
    free = _open(desk, day, who, where)
    columns = []
    for provider in who:
        blocks = tuple(
            block for block in layout.day(provider.id, day) if where in (None, block.location)
        )
        hours = provider.active and any(block.location_id for block in blocks)
        works = hours or booked[provider.id]
        if everybody and not works:
            continue
        held = booked[provider.id]
        columns.append(
            ProviderColumn(
                provider.code, provider.heading, provider.id, held,
                held + free.get(provider.id, (0, 0))[0], blocks,
            )
        )  # fmt: skip
    shown = {column.provider_id for column in columns}
    states = Counter(row.state for row in rows)
    counts = Counts(
        booked=len(rows),
        arrived=sum(states[state] for state in HERE),
        out=states["OUT"],
        no_show=states["NSH"],
        open=sum(left for who_id, (_, left) in free.items() if who_id in shown),
    )
    on_hold = tuple(
        hold
        for hold in holds(desk, day)
        if hold.provider_id in shown and where in (None, hold.location)
    )
    return DayBoard(day, tuple(columns), rows, on_hold, counts)


def _open(
    desk: Desk, day: date, who: Sequence[_Who], where: str | None
) -> dict[int, tuple[int, int]]:
    """Per provider: lines of the grid that are free, in the whole day and from now on."""
    now = epoch_minute(desk.now())
    free: dict[int, tuple[int, int]] = {}
    for provider_id, start, end, location in desk.rows(
        "SELECT f.provider_id, f.starts_at, f.ends_at, l.code FROM free_interval f"
        " JOIN location l ON l.id = f.location_id"
        f" WHERE f.provider_id IN ({placeholders(who)}) AND f.day = ?",
        *(p.id for p in who), day.isoformat(),
    ):  # fmt: skip
        if where in (None, location):
            whole, left = free.get(provider_id, (0, 0))
            ahead = max(end - max(start, now), 0) // SLOT_MINUTES
            free[provider_id] = (whole + (end - start) // SLOT_MINUTES, left + ahead)
    return free
