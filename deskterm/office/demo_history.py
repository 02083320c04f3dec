"""The sample clinic's other days: whole days of rows at once, one journal entry each.

The office's own operations would take a minute for some two thousand visits, so these rows are
written many in one statement. Every guard of the database stands, and the journal has them all.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from deskterm.clock import epoch_minute
from deskterm.db.payments import Allocation, Charge, Payment, Tender
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location
from deskterm.db.visits import StageEvent
from deskterm.office import demo_data as data
from deskterm.office.demo_rows import Visit, insert, tender
from deskterm.office.desk import Desk, Operation
from deskterm.office.ledger import sum_of

_STAGES = ("arrived", "checked_in", "roomed", "checked_out")
_COPAYS = """
SELECT c.patient_id, coalesce(c.copay_cents, p.copay_cents, 0)
FROM coverage c JOIN plan p ON p.id = c.plan_id WHERE c.priority = 1 AND c.ends_on IS NULL"""


class History:
    """Writes days other than today. ``places`` and the like are read once."""

    def __init__(self, desk: Desk, rng: Random) -> None:
        self.desk, self.rng = desk, rng
        self.places = {place.code: place for place in Location.select()}
        self.providers = dict(desk.rows("SELECT code, id FROM provider"))
        self.types = dict(desk.rows("SELECT code, id FROM visit_type"))
        self.copays = dict(desk.rows(_COPAYS))
        self.where = {who.code: who.location for who in data.PROVIDERS}
        self.free = {row[0] for row in data.VISIT_TYPES if not row[5]}

    def book(self, visits: list[Visit]) -> None:
        """Visits still to come, in one operation of the moment."""
        with self.desk.operation("appointment.book", reason="sample clinic") as op:
            self._appointments(op, visits, op.now)

    def live(self, visits: list[Visit]) -> None:
        """A past day: who came, who did not, and what they paid."""
        with self.desk.operation("data.import", reason="sample clinic") as op:
            for visit in visits:
                chance = self.rng.random()
                visit.fate = "no_show" if chance < 0.05 else "out"
                visit.fate = "cancelled" if 0.05 <= chance < 0.11 else visit.fate
            self._appointments(op, visits, op.now - timedelta(days=12))
            seen = [visit for visit in visits if visit.fate == "out"]
            events = [event for visit in seen for event in self._moves(visit)]
            events += [
                {
                    "appointment": v.id, "at": v.starts_at + timedelta(minutes=25), "by": "dchen",
                    "desk": "d2", "from_stage": "expected", "to_stage": "expected",
                    "to_lifecycle": "no_show",
                }
                for v in visits if v.fate == "no_show"
            ]  # fmt: skip
            insert(op, StageEvent, sorted(events, key=lambda event: event["at"]))
            self._money(op, seen)

    def _appointments(self, op: Operation, visits: list[Visit], booked_at: datetime) -> None:
        ids = insert(op, Appointment, (self._row(visit, booked_at) for visit in visits))
        for visit, appointment_id in zip(visits, ids, strict=True):
            visit.id = appointment_id

    def _row(self, visit: Visit, booked_at: datetime) -> dict[str, Any]:
        rng = self.rng
        row: dict[str, Any] = {
            "patient": visit.patient_id, "provider": self.providers[visit.provider],
            "location": self.places[self.where[visit.provider]].id,
            "visit_type": self.types[visit.visit_type], "day": visit.start.date(),
            "wall_start": visit.start, "zone": data.ZONE,
            "starts_at": epoch_minute(visit.starts_at), "minutes": visit.minutes,
            "booked_at": booked_at, "booked_by": rng.choice(("mlopez", "dchen")),
            "note": rng.choice(data.NOTES) if rng.random() < 0.1 else "",
            "confirmation": "confirmed" if rng.random() < 0.4 else "unconfirmed",
        }  # fmt: skip
        if visit.fate == "out":
            ended = self._moves(visit)[-1]["at"]
            row |= {"lifecycle": "completed", "stage": "checked_out", "stage_since": ended}
        elif visit.fate == "no_show":
            row |= {"lifecycle": "no_show", "confirmation": "unconfirmed"}
        elif visit.fate == "cancelled":
            row |= {
                "lifecycle": "cancelled", "notice_minutes": rng.randint(120, 4000),
                "cancelled_by": rng.choice(("patient", "patient", "practice")),
                "cancel_reason": rng.choice(("sick", "work", "transport", "better")),
            }  # fmt: skip
        return row

    def _moves(self, visit: Visit) -> list[dict[str, Any]]:
        """The moves of a visit that went as it should; the same whenever asked."""
        arrived = visit.starts_at - timedelta(minutes=3 + visit.patient_id % 9)
        step = timedelta(minutes=(visit.minutes + 14) // 3)
        return [
            {
                "appointment": visit.id, "at": arrived + step * number,
                "by": "dana" if stage == "roomed" else "mlopez",
                "desk": "n1" if stage == "roomed" else "d1", "to_stage": stage,
                "from_stage": _STAGES[number - 1] if number else "expected",
                "to_lifecycle": "completed" if stage == _STAGES[-1] else "scheduled",
            }
            for number, stage in enumerate(_STAGES)
        ]  # fmt: skip

    def _money(self, op: Operation, seen: list[Visit]) -> None:
        """Copays charged and mostly paid at check-in; some shares of the patient still open."""
        copays = [
            v for v in seen if self.copays.get(v.patient_id) and v.visit_type not in self.free
        ]
        charges = insert(op, Charge, (self._charge(v, self.copays[v.patient_id], "copay")
                                      for v in copays))  # fmt: skip
        paid = [
            (visit, charge_id)
            for visit, charge_id in zip(copays, charges, strict=True)
            if self.rng.random() < 0.92
        ]
        shares = [visit for visit in seen if self.rng.random() < 0.05]
        insert(op, Charge, (self._charge(v, self.rng.randint(900, 9800), "coinsurance")
                            for v in shares))  # fmt: skip
        if not paid:
            return
        payments = insert(op, Payment, self._payments(paid))
        insert(op, Tender, (self._tender(p, self.copays[visit.patient_id])
                            for p, (visit, _) in zip(payments, paid, strict=True)))  # fmt: skip
        insert(op, Allocation, (
            {"payment": p, "purpose": "copay", "charge": charge_id,
             "amount_cents": self.copays[visit.patient_id]}
            for p, (visit, charge_id) in zip(payments, paid, strict=True)
        ))  # fmt: skip
        for number in payments:
            self.desk.rows("UPDATE payment SET posted = 1 WHERE id = ?", number)
            op.changes.append({"table": "payment", "id": number, "before": {"posted": 0},
                               "after": {"posted": 1}})  # fmt: skip

    def _charge(self, visit: Visit, cents: int, kind: str) -> dict[str, Any]:
        day: date = visit.start.date()
        return {
            "patient": visit.patient_id, "appointment": visit.id, "kind": kind,
            "amount_cents": cents, "service_day": day, "business_day": day,
            "posted_at": visit.starts_at, "by": "mlopez" if kind == "copay" else "bpark",
        }  # fmt: skip

    def _payments(self, paid: list[tuple[Visit, int]]) -> Iterable[dict[str, Any]]:
        sequences = {code: itertools.count(1) for code in self.places}
        for visit, _ in paid:
            place, day = self.places[self.where[visit.provider]], visit.start.date()
            sequence = next(sequences[place.code])
            yield {
                "patient": visit.patient_id, "appointment": visit.id, "location": place.id,
                "drawer": "d1", "business_day": day, "taken_at": visit.starts_at, "by": "mlopez",
                "desk": "d1", "receipt": f"{place.receipt_prefix}-{day:%y%m%d}-{sequence:03d}",
                "sequence": sequence, "total_cents": self.copays[visit.patient_id],
                "balance_after_cents": sum_of(self.desk, visit.patient_id)
                - self.copays[visit.patient_id],
            }  # fmt: skip

    def _tender(self, payment_id: int, cents: int) -> dict[str, Any]:
        entry = tender(self.rng, cents)
        return {
            "payment": payment_id, "kind": entry.kind, "amount_cents": cents,
            "reference": entry.reference, "card_brand": entry.brand, "card_last4": entry.last4,
            "approval": entry.approval,
        }  # fmt: skip
