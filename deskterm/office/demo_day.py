"""The sample clinic's day in full swing: who is where at this moment, and how it came to that."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

from deskterm.clock import from_epoch_minute, local, utc
from deskterm.db.scheduling import Appointment
from deskterm.errors import Conflict
from deskterm.office import payments, scheduling, visits
from deskterm.office.demo_plot import Plot
from deskterm.office.demo_rows import Visit, tender
from deskterm.office.desk import Desk

# Where a visit got to -> the moves that lead there.
FATES: dict[str, tuple[str, ...]] = {
    "expected": (), "late": (), "cancelled": (), "no_show": (),
    "arrived": ("arrive",), "checked_in": ("arrive", "check_in"),
    "long": ("arrive", "check_in"), "roomed": ("arrive", "check_in", "room"),
    "with_provider": ("arrive", "check_in", "room", "with_provider"),
    "ready": ("arrive", "check_in", "room", "with_provider", "ready"),
    "out": ("arrive", "check_in", "room", "with_provider", "ready", "check_out"),
}  # fmt: skip
_WHO = {"room": "dana", "with_provider": "dana", "ready": "dana"}
_LONG_WAIT = (48, 41)  # minutes since arrival and check-in of the one who waits too long
_FRESH = {"arrived": 3, "checked_in": 9, "roomed": 6, "with_provider": 12, "ready": 4}
_FREE_ROOM = """
SELECT r.name FROM room r WHERE r.location_id = ? AND r.name <> 'Lab' AND NOT EXISTS (
  SELECT 1 FROM appointment a WHERE a.room_id = r.id AND a.day = ?
    AND a.lifecycle = 'scheduled')
ORDER BY r.id LIMIT 1"""


def cast(todays: list[Visit], now: datetime) -> None:
    """Give every visit its fate at ``now``; ``todays`` is in order of time."""
    columns: dict[str, list[Visit]] = {}
    for visit in todays:
        columns.setdefault(visit.provider, []).append(visit)
    for column in columns.values():
        begun = [v for v in column if v.starts_at <= now - timedelta(minutes=4)]
        for visit in begun:
            visit.fate = "out"
        for visit, fate in zip(reversed(begun), ("roomed", "with_provider"), strict=False):
            visit.fate = fate
        ahead = [v for v in column if v.starts_at > now - timedelta(minutes=4)]
        if ahead and ahead[0].starts_at <= now + timedelta(minutes=25):
            ahead[0].fate = "checked_in" if columns["LEE"] is column else "arrived"
    _single_out(todays, now)


def _single_out(todays: list[Visit], now: datetime) -> None:
    """One late, one waiting long, one ready to leave, two who did not come, two cancelled."""
    began = [v for v in todays if v.fate == "roomed"]
    fresh = [v for v in began if now - v.starts_at <= timedelta(minutes=35)] or began
    late = next((v for v in fresh if v.starts_at <= now - timedelta(minutes=8)), None)
    if late is not None:
        late.fate = "late"
    waiting = [v for v in fresh if v.fate == "roomed"]
    if waiting:
        waiting[-1].fate = "long"
    with_provider = [v for v in todays if v.fate == "with_provider"]
    if with_provider:
        with_provider[-1].fate = "ready"
    gone = [v for v in todays if v.fate == "out" and v.starts_at <= now - timedelta(minutes=45)]
    for visit in gone[3::9][:2]:
        visit.fate = "no_show"
    later = [v for v in todays if v.starts_at > now + timedelta(minutes=60)]
    for visit in later[2::11][:2]:
        visit.fate = "cancelled"


class Play:
    """Puts the moves that led to each fate into the plot."""

    def __init__(self, desk: Desk, plot: Plot, rng: Random, now: datetime) -> None:
        self.desk, self.plot, self.rng, self.now = desk, plot, rng, now
        wall = local(now, desk.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self.midnight = utc(wall, desk.zone)

    def visit(self, visit: Visit) -> None:
        """Plan one visit's moves."""
        if visit.fate == "cancelled":
            self._plan(self.now - timedelta(minutes=75), "dchen", lambda: self._cancel(visit))
        elif visit.fate == "no_show":
            when = visit.starts_at + timedelta(minutes=25)
            self._plan(when, "dchen", lambda: visits.no_show(self.desk, visit.id))
        else:
            steps = FATES[visit.fate]
            for step, moment in zip(steps, self._moments(visit, steps), strict=True):
                self._plan(moment, _WHO.get(step, "mlopez"), self._step(visit, step))
                if step == "check_in":
                    self._plan(moment, "mlopez", lambda: self.collect(visit.id, visit.patient_id))

    def collect(self, appointment_id: int, patient_id: int) -> None:
        """Take the copay at the desk, as most people pay it; say why when it was not taken."""
        owed = [
            due
            for due in payments.due(self.desk, patient_id, appointment_id)
            if due.purpose == "copay" and due.appointment_id == appointment_id
        ]
        if not owed:
            return
        cents = owed[0].due_cents
        if self.rng.random() < 0.12:
            if owed[0].charge_id is None:
                payments.charge(
                    self.desk, patient_id, kind="copay", amount_cents=cents,
                    appointment_id=appointment_id,
                )  # fmt: skip
            payments.not_collected(
                self.desk, patient_id, reason=self.rng.choice(("bill", "forgot")),
                amount_cents=cents, appointment_id=appointment_id,
            )  # fmt: skip
            return
        payments.take(
            self.desk, patient_id, tenders=[tender(self.rng, cents)], purpose="copay",
            appointment_id=appointment_id, key=f"demo-pay-{appointment_id}",
        )  # fmt: skip

    def _plan(self, moment: datetime, login: str, do: Callable[[], object]) -> None:
        self.plot.at(min(max(moment, self.midnight), self.now), login, do)

    def _moments(self, visit: Visit, steps: tuple[str, ...]) -> list[datetime]:
        """When each move was made: as planned, none after now, each a minute after the last."""
        if visit.fate == "long":
            return [self.now - timedelta(minutes=m) for m in _LONG_WAIT]
        rng, start = self.rng, visit.starts_at
        arrived = start - timedelta(minutes=rng.randint(2, 12))
        checked_in = arrived + timedelta(minutes=rng.randint(2, 6))
        roomed = max(checked_in, start) + timedelta(minutes=rng.randint(2, 8))
        seen = roomed + timedelta(minutes=rng.randint(3, 9))
        ready = seen + timedelta(minutes=visit.minutes * 2 // 3)
        planned = [arrived, checked_in, roomed, seen, ready, ready + timedelta(minutes=4)]
        planned = planned[: len(steps)]
        latest = self.now - timedelta(minutes=_FRESH.get(visit.fate, 2))
        for place in range(len(planned) - 1, -1, -1):
            planned[place] = min(planned[place], latest)
            latest = planned[place] - timedelta(minutes=1)
        return planned

    def _step(self, visit: Visit, step: str) -> Callable[[], object]:
        def do() -> object:
            if step == "room":
                return visits.room(self.desk, visit.id, room=self._free_room(visit.id))
            return getattr(visits, step)(self.desk, visit.id)

        return do

    def _free_room(self, appointment_id: int) -> str:
        place, day = self.desk.rows(
            "SELECT location_id, day FROM appointment WHERE id = ?", appointment_id
        )[0]
        found = self.desk.rows(_FREE_ROOM, place, day)
        return found[0][0] if found else ""

    def _cancel(self, visit: Visit) -> None:
        version = Appointment.get_by_id(visit.id).version
        scheduling.cancel(
            self.desk, visit.id, version=version, by="patient",
            reason=self.rng.choice(("sick", "work")),
        )  # fmt: skip

    def unplanned(self, todays: list[Visit], patients: list[int]) -> None:
        """A walk-in a few minutes ago, and an overbooking this morning."""
        walked_in, squeezed = patients[:2]
        nurse = [v.provider for v in todays if v.provider == "RN"] or [todays[0].provider]
        self._plan(
            self.now - timedelta(minutes=7), "mlopez",
            lambda: self._walk_in(walked_in, nurse[0]),
        )  # fmt: skip
        ahead = [
            v for v in todays
            if v.fate == "expected" and v.provider != "RN" and v.starts_at > self.now
        ]  # fmt: skip
        if ahead:
            self._plan(
                self.now - timedelta(minutes=50), "dchen",
                lambda: self._squeeze_in(ahead[0], squeezed),
            )  # fmt: skip

    def _walk_in(self, patient_id: int, provider: str) -> None:
        with suppress(Conflict):  # in the hour that comes twice nobody walks in
            visits.walk_in(
                self.desk, patient_id, "BP", provider, "dizzy since this morning, nurse agreed"
            )

    def _squeeze_in(self, beside: Visit, patient_id: int) -> None:
        minute = int(beside.starts_at.timestamp() // 60)
        start = local(from_epoch_minute(minute), self.desk.zone)
        with suppress(Conflict):  # at the end of the day's hours there is no place for more
            scheduling.book(
                self.desk, patient_id=patient_id, visit_type="FU", provider=beside.provider,
                start=start, overbook_reason="urgent, provider agreed",
            )  # fmt: skip
