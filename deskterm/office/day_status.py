"""How a business day stands at one place: its drawers, their differences, what is open. Cents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, time
from typing import Any

from deskterm.clock import parse_utc_text
from deskterm.db.dayclose import MOVEMENT_KINDS, DrawerCount, Shift
from deskterm.db.fields import word_of
from deskterm.db.staff import Location
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.office import business_day, deposits, drawer_figures, ledger, shifts, variance
from deskterm.office.copays import copay_sql
from deskterm.office.desk import Desk
from deskterm.office.drawer_figures import Variance
from deskterm.office.variance import Batch, Entry, Line, Suggestion

SHIFTS = """
SELECT s.id, d.code, s.clerk, s.opened_at, s.closed_at, s.float_cents, s.version,
  (SELECT count(*) FROM payment y WHERE y.shift_id = s.id AND y.kind = 'payment'),
  (SELECT count(*) FROM payment y WHERE y.shift_id = s.id AND y.kind = 'void'),
  (SELECT count(*) FROM payment y WHERE y.shift_id = s.id AND y.kind = 'refund'),
  s.variance_reason
FROM shift s JOIN drawer d ON d.id = s.drawer_id
WHERE s.location_id = ? AND s.business_day = ? ORDER BY d.code, s.id"""
_UNFINISHED = """
SELECT a.id, p.last_name, p.first_name, a.stage, a.wall_start FROM appointment a
JOIN patient p ON p.id = a.patient_id
WHERE a.location_id = ? AND a.day = ? AND a.lifecycle = 'scheduled' AND a.starts_at <= ?
ORDER BY a.starts_at"""
_UNCHARGED = """
SELECT a.id, p.last_name, p.first_name FROM appointment a JOIN patient p ON p.id = a.patient_id
WHERE a.location_id = ? AND a.day = ? AND a.lifecycle = 'completed'
  AND EXISTS (SELECT 1 FROM fee)
  AND NOT EXISTS (SELECT 1 FROM charge c WHERE c.appointment_id = a.id AND c.code <> ''
    AND c.reverses_id IS NULL)
ORDER BY a.starts_at"""
_COPAYS = f"""
SELECT a.id, p.last_name, p.first_name, coalesce((
    SELECT sum(g.amount_cents) FROM charge g WHERE g.appointment_id = a.id AND g.kind = 'copay'),
  (SELECT {copay_sql("c.copay_cents", "l.copay_cents")}
   FROM coverage c JOIN plan l ON l.id = c.plan_id
    WHERE c.patient_id = a.patient_id AND coalesce(c.starts_on, a.day) <= a.day
      AND coalesce(c.ends_on, a.day) >= a.day ORDER BY c.priority, c.id LIMIT 1), 0)
  - coalesce((SELECT sum(x.amount_cents) FROM charge g JOIN allocation x ON x.charge_id = g.id
    WHERE g.appointment_id = a.id AND g.kind = 'copay'), 0) AS left_cents
FROM appointment a JOIN patient p ON p.id = a.patient_id
JOIN visit_type v ON v.id = a.visit_type_id
WHERE a.location_id = ? AND a.day = ? AND a.lifecycle IN ('scheduled', 'completed')
  AND a.stage <> 'expected' AND v.copay_applies = 1 AND left_cents > 0
  AND NOT EXISTS (SELECT 1 FROM not_collected n WHERE n.appointment_id = a.id)
ORDER BY a.starts_at"""
_UNAPPLIED = """
SELECT DISTINCT y.patient_id, p.last_name, p.first_name FROM payment y
JOIN allocation x ON x.payment_id = y.id JOIN patient p ON p.id = y.patient_id
WHERE y.location_id = ? AND y.business_day = ? AND y.kind = 'payment' AND x.charge_id IS NULL
ORDER BY y.patient_id"""
_PARKED = """
SELECT d.key, d.heading, d.owner FROM draft d WHERE d.status = 'open' AND d.form <> 'close'
ORDER BY d.saved_at"""
_ENTRIES = """
SELECT y.receipt, y.kind, t.kind, t.card_brand, t.amount_cents, y.taken_at, y.patient_id,
  coalesce(o.receipt, b.receipt, ''), t.reference
FROM payment y JOIN tender t ON t.payment_id = y.id
LEFT JOIN payment o ON o.id = y.voids_id LEFT JOIN payment b ON b.id = y.original_id
WHERE y.shift_id = ? ORDER BY y.id, t.id"""


@dataclass(frozen=True)
class OpenItem:
    """Something to settle before closing: what kind, in words, and the record it is about.

    ``kind``: visit, charge, copay, credit, deposit or parked; ``subject`` is the id of a
    visit, a patient, a place or a draft.
    """

    kind: str
    words: str
    subject: int | str


@dataclass(frozen=True)
class ShiftStatus:
    """One drawer of the day. The system's figures are there only once it was counted."""

    id: int
    drawer: str
    clerk: str
    version: int
    float_cents: int
    payments: int
    voids: int
    refunds: int
    closed: bool
    counted: bool
    reason: str
    variances: tuple[Variance, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def off(self) -> int:
        """All differences together, over less short."""
        return sum(line.variance for line in self.variances)

    @property
    def balanced(self) -> bool:
        """Whether every tender agrees."""
        return not any(line.variance or line.items for line in self.variances)


@dataclass(frozen=True)
class DayStatus:
    """A business day at one place as it stands."""

    location: str
    location_id: int
    day: date
    state: str
    shifts: tuple[ShiftStatus, ...]
    open_items: tuple[OpenItem, ...]

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "location": self.location, "day": self.day.isoformat(), "state": self.state,
            "shifts": [
                {"id": s.id, "drawer": s.drawer, "clerk": s.clerk, "float_cents": s.float_cents,
                 "payments": s.payments, "voids": s.voids, "refunds": s.refunds,
                 "counted": s.counted, "closed": s.closed, "reason": s.reason,
                 "variances": [v.as_dict() for v in s.variances],
                 "suggestions": [asdict(x) for x in s.suggestions]}
                for s in self.shifts
            ],
            "open_items": [asdict(item) for item in self.open_items],
        }  # fmt: skip


def status(desk: Desk, *, location: str | None = None, day: date | None = None) -> DayStatus:
    """How a business day stands: drawers, differences, and what is to be settled first."""
    desk.require("view_money")
    where = business_day.place(desk, location)
    if day is None:
        today = business_day.local_day(desk, where)
        day = business_day.being_counted(desk, where.id, today) or today
    items = open_items(desk, where, day)
    return DayStatus(
        where.code, where.id, day, business_day.state(desk, where.id, day),
        tuple(_shift(desk, row, items) for row in desk.rows(SHIFTS, where.id, day.isoformat())),
        tuple(items),
    )  # fmt: skip


def open_items(desk: Desk, where: Location, day: date) -> list[OpenItem]:
    """What stands in the way of closing, the visits first."""
    on, now = day.isoformat(), int(desk.now().timestamp() // 60)
    items = [
        OpenItem(
            "visit",
            f"{_name(last, first)} {show_time(time.fromisoformat(start[11:16]))}"
            f" is still {stage.replace('_', ' ')}",
            visit,
        )
        for visit, last, first, stage, start in desk.rows(_UNFINISHED, where.id, on, now)
    ]
    items += [
        OpenItem("charge", f"{_name(last, first)} was seen, nothing charged", visit)
        for visit, last, first in desk.rows(_UNCHARGED, where.id, on)
    ]
    items += [
        OpenItem("copay", f"{_name(last, first)} copay {show_cents(left)} not collected", visit)
        for visit, last, first, left in desk.rows(_COPAYS, where.id, on)
    ]
    for patient_id, last, first in desk.rows(_UNAPPLIED, where.id, on):
        held = ledger.credit_of(desk, patient_id)
        if held > 0 and ledger.sum_of(desk, patient_id) + held > 0:
            words = f"{_name(last, first)} has {show_cents(held)} held and owes money"
            items.append(OpenItem("credit", words, patient_id))
    left = deposits.slip(desk, where, day).total
    if left:
        items.append(OpenItem("deposit", f"{show_cents(left)} is not deposited yet", where.id))
    items += [
        OpenItem("parked", f"{heading} parked by {owner}", key)
        for key, heading, owner in desk.rows(_PARKED)
    ]
    return items


def explain(
    desk: Desk, shift_id: int, lines: Sequence[Variance], items: Sequence[OpenItem]
) -> list[Suggestion]:
    """What the differences of a counted drawer probably are, the likeliest first."""
    shift = Shift.get_by_id(shift_id)
    entries = [
        Entry(
            receipt, kind, f"card {brand or 'other'}" if tender == "card" else tender, cents,
            parse_utc_text(at), patient_id, about, reference,
        )
        for receipt, kind, tender, brand, cents, at, patient_id, about, reference in desk.rows(
            _ENTRIES, shift_id
        )
    ]  # fmt: skip
    moved = [
        (f"{word_of(MOVEMENT_KINDS, kind)} ({reason})", cents if kind == "paid_in" else -cents)
        for kind, cents, reason in desk.rows(
            "SELECT kind, amount_cents, reason FROM cash_movement WHERE shift_id = ?", shift_id
        )
    ]
    owing = _owing(desk, shift.location_id, shift.business_day)
    return variance.explain(
        [Line(v.tender, v.variance, v.items) for v in lines],
        Batch(entries, shift.float_cents, shift.expected_float_cents, moved, owing),
    )


def _owing(desk: Desk, location_id: int, day: date) -> list[tuple[str, int]]:
    return [
        (_name(last, first), left)
        for _, last, first, left in desk.rows(_COPAYS, location_id, day.isoformat())
    ]


def _shift(desk: Desk, row: tuple[Any, ...], items: Sequence[OpenItem]) -> ShiftStatus:
    (shift_id, code, clerk, _, closed_at, float_cents, version, taken, voids, refunds,
     reason) = row  # fmt: skip
    counted: DrawerCount | None = shifts.last_count(desk, shift_id)
    lines = drawer_figures.variances(desk, shift_id, counted) if counted else []
    off = any(v.variance or v.items for v in lines)
    return ShiftStatus(
        shift_id, code, clerk, version, float_cents, taken, voids, refunds,
        closed_at is not None, counted is not None, reason, tuple(lines),
        tuple(explain(desk, shift_id, lines, items)) if off else (),
    )  # fmt: skip


def _name(last: str, first: str) -> str:
    return f"{last} {first[:1]}".upper().strip()
