"""The sample clinic: a believable practice around the present moment, the same for a seed.

It is built by the office's own operations, each at the moment when it would have happened, so
that its journal, its receipts and its table of free time are as true as a real clinic's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from random import Random

from deskterm.clock import Clock, local, occurs, utc
from deskterm.config import Settings
from deskterm.db.scheduling import Appointment
from deskterm.office import (
    clinic,
    credentials,
    drafts,
    free_time,
    messages,
    patients,
    scheduling,
    staff,
)
from deskterm.office import demo_data as data
from deskterm.office.demo_day import Play, cast
from deskterm.office.demo_history import History
from deskterm.office.demo_insurance import know_plans, verify_ahead
from deskterm.office.demo_people import newcomer, people
from deskterm.office.demo_plot import Plot, TravelClock, fill
from deskterm.office.demo_refs import plan_refs
from deskterm.office.demo_rows import Visit
from deskterm.office.demo_setup import at, build_clinic, file_papers, open_today
from deskterm.office.desk import Desk, clock_for, find_actor
from deskterm.office.laid_out import Layout
from deskterm.office.patient_entry import PatientEntry

DEFAULT_PATIENTS = 400
ADMIN = ("admin", "Administrator")
_OPENED = 120  # days ago
_BACK, _AHEAD = 14, 21  # days of visits around today
_FULL = 100  # minutes around now in which every slot of today is booked


def make_demo(
    settings: Settings,
    *,
    seed: int = 1,
    patients: int = DEFAULT_PATIENTS,
    clock: Clock | None = None,
) -> Desk:
    """Make the sample clinic in ``settings``' new database; a desk at its front, signed in.

    Raises what :func:`deskterm.office.clinic.init` raises.
    """
    clock = clock or clock_for(settings)
    now = clock.now().replace(second=0, microsecond=0)
    travel = TravelClock(now - timedelta(days=_OPENED))
    desk = clinic.init(settings, login=ADMIN[0], name=ADMIN[1], clock=travel)
    try:
        # one transaction: a sample is there wholly or not at all, and nothing waits for the disk
        with desk.database.writing():
            _Builder(desk, travel, Random(seed), now).build(patients)
    except BaseException:
        desk.close()
        raise
    desk.clock = clock
    desk.workstation = settings.desk
    desk.actor = find_actor(desk.database, settings, settings.default_login or "mlopez")
    return desk


class _Builder:
    """The making of one sample clinic."""

    def __init__(self, desk: Desk, travel: TravelClock, rng: Random, now: datetime) -> None:
        self.desk, self.travel, self.rng, self.now = desk, travel, rng, now
        self.today = local(now, desk.zone).date()
        self.minute = local(now, desk.zone).hour * 60 + local(now, desk.zone).minute
        self.lengths = {row[0]: row[2] for row in data.VISIT_TYPES}
        self.ids: list[int] = []
        self.spare: list[int] = []

    def build(self, count: int) -> None:
        """Everything, in order of time."""
        build_clinic(self.desk, self.desk.today())
        know_plans(self.desk)
        self.plot = Plot(self.desk, self.travel, [ADMIN[0], *(row[0] for row in data.STAFF)])
        self._register(count)
        self.plot.run()
        self.travel.at = self.now - timedelta(days=_BACK + 9)
        self.desk.actor = find_actor(self.desk.database, self.desk.settings, ADMIN[0])
        file_papers(self.desk, self.rng)
        open_today(self.desk, self.now)
        self.play = Play(self.desk, self.plot, self.rng, self.now)
        self.history = History(self.desk, self.rng)
        self._plan_days()
        self._plan_calls()
        plan_refs(self.desk, self.plot, self.ids, self.now)
        self.plot.run()
        self.travel.at = self.now
        self._give_pins()
        self.desk.actor = find_actor(self.desk.database, self.desk.settings, "mlopez")
        verify_ahead(self.desk, self.rng)
        free_time.lay_out(self.desk)

    def _give_pins(self) -> None:
        """Everybody's PIN; in practice nobody needs a code app."""
        self.desk.actor = find_actor(self.desk.database, self.desk.settings, ADMIN[0])
        settings = self.desk.settings
        self.desk.settings = replace(settings, policy=replace(settings.policy, totp_roles=()))
        for login, code in data.OWN_COLUMNS:
            staff.link(self.desk, login, code)
        for login, pin in data.PINS.items():
            credentials.set_secret(self.desk, login, secret=pin, kind="pin")
        self.desk.settings = settings

    def _register(self, count: int) -> None:
        for number, entry in enumerate(people(self.rng, count, self.today)):
            moment = self._hour(self.today - timedelta(days=_OPENED - 1 - number * 70 // count))
            login = self.rng.choice(("mlopez", "dchen"))
            self.plot.at(moment, login, partial(self._add, entry))

    def _add(self, entry: PatientEntry) -> None:
        self.ids.append(patients.register(self.desk, entry).id)

    def _plan_days(self) -> None:
        """Visits of two weeks back, of today and of three weeks ahead."""
        codes = {
            code: provider_id
            for provider_id, code in self.desk.rows("SELECT id, code FROM provider")
        }
        first, last = self.today - timedelta(_BACK), self.today + timedelta(_AHEAD)
        layout = Layout(self.desk, list(codes.values()), first, last)
        for number in range((last - first).days + 1):
            day = first + timedelta(number)
            ahead = (day - self.today).days
            density = 0.8 if ahead <= 0 else max(0.8 - ahead * 0.028, 0.2)
            planned = self._plan_day(layout, codes, day, density)
            if ahead == 0:
                self._plan_today(planned)
                continue
            if planned and ahead < 0:
                closing = utc(at(day, 1050), data.ZONE)
                self.plot.at(min(closing, self.now), "kross", partial(self.history.live, planned))
            elif planned:
                when = self._hour(self.today - timedelta(days=self.rng.randint(1, _BACK)))
                self.plot.at(when, "mlopez", partial(self.history.book, planned))

    def _plan_day(
        self, layout: Layout, codes: dict[str, int], day: date, density: float
    ) -> list[Visit]:
        """The visits of one day in order of time, nobody twice."""
        full = (self.minute - _FULL, self.minute + 40) if day == self.today else None
        slots: list[tuple[datetime, str, str]] = []
        for who in data.PROVIDERS:
            blocks = layout.day(codes[who.code], day)
            hours = [(b.start_minute, b.end_minute) for b in blocks if b.open]
            share = density * who.share
            for minute, code in fill(self.rng, hours, who.books, self.lengths, share, full):
                slots.append((at(day, minute), who.code, code))
        slots.sort(key=lambda slot: slot[0])
        visits: list[Visit] = []
        busy_until: dict[str, datetime] = {}
        faces = iter(self._faces(day, len(slots)))
        for start, provider, code in slots:
            if occurs(start, data.ZONE) != "once":
                continue
            begins = utc(start, data.ZONE)
            # where the clocks go forward, wall times further apart may lie in one visit
            if begins < busy_until.get(provider, begins):
                continue
            patient_id = next(faces, None)
            if patient_id is None:
                break
            busy_until[provider] = begins + timedelta(minutes=self.lengths[code])
            visits.append(Visit(0, provider, patient_id, begins, self.lengths[code], code, start))
        return visits

    def _faces(self, day: date, places: int) -> list[int]:
        """Patients in the order in which they come that day; today everybody known comes."""
        if day != self.today:
            return self.rng.sample(self.ids, len(self.ids))
        known = self.ids[: len(data.PEOPLE)]
        others = self.rng.sample(self.ids[len(known) :], len(self.ids) - len(known))
        self.spare = [others.pop() for _ in range(min(2, len(others)))]
        crowd = others[: max(places - len(known), 0)]
        faces = self.rng.sample(known + crowd, len(known) + len(crowd))
        return faces + others[len(crowd) :]

    def _book_before(self, visit: Visit) -> None:
        """Plan the booking, some days before the visit and before today."""
        latest = min(visit.start.date(), self.today) - timedelta(days=2)
        earliest = self.today - timedelta(days=_BACK + 8)
        days = max((latest - earliest).days, 0)
        when = self._hour(earliest + timedelta(days=self.rng.randint(0, min(days, 20))))
        self.plot.at(when, self.rng.choice(("mlopez", "dchen")), partial(self._book, visit))

    def _book(self, visit: Visit) -> None:
        visit.id = scheduling.book(
            self.desk, patient_id=visit.patient_id, visit_type=visit.visit_type,
            provider=visit.provider, start=visit.start,
            note=self.rng.choice(data.NOTES) if self.rng.random() < 0.1 else "",
        ).id  # fmt: skip

    def _plan_today(self, planned: list[Visit]) -> None:
        """Today, as far as it has come; one visit is a new patient's first."""
        first_visits = [
            v for v in planned
            if v.minutes == 40 and v.starts_at > self.now + timedelta(minutes=20)
        ]  # fmt: skip
        if first_visits:
            first_visits[0].visit_type = "NP"
        cast(planned, self.now)
        for visit in planned:
            if visit.visit_type == "NP":
                visit.fate = "expected"
                when = self._hour(self.today - timedelta(days=2))
                self.plot.at(when, "dchen", partial(self._first_visit, visit))
            else:
                self._book_before(visit)
            if self.rng.random() < 0.65:
                when = self._hour(self.today - timedelta(days=1))
                self.plot.at(when, "dchen", partial(self._confirm, visit))
            self.play.visit(visit)
        if planned and len(self.spare) == 2:
            self.play.unplanned(planned, self.spare)

    def _first_visit(self, visit: Visit) -> None:
        visit.patient_id = patients.register(self.desk, newcomer(self.rng, self.today)).id
        self._book(visit)

    def _confirm(self, visit: Visit) -> None:
        if visit.id:
            version = Appointment.get_by_id(visit.id).version
            scheduling.confirm(self.desk, visit.id, version=version)

    def _plan_calls(self) -> None:
        """Messages in the inboxes, one of them urgent and overdue, and a call half taken."""
        boone = self.ids[min(7, len(self.ids) - 1)]
        self.plot.at(
            self.now - timedelta(minutes=160), "mlopez",
            lambda: messages.take(
                self.desk, caller="Ted Boone", patient_id=boone, callback="+12175550175",
                topic="sym", urgency="urgent", body=data.URGENT_CALL, key="demo-call-urgent",
            ),
        )  # fmt: skip
        for number, (caller, relation, topic, body, callback) in enumerate(data.CALLS):
            when = self.now - timedelta(minutes=55 - number * 9)
            about = self.rng.choice(self.ids)
            self.plot.at(
                when, "dchen" if number % 2 else "mlopez",
                partial(
                    messages.take, self.desk, caller=caller, relationship=relation,
                    callback=callback, patient_id=about, topic=topic, body=body,
                    key=f"demo-call-{number}",
                ),
            )  # fmt: skip
        self.plot.at(
            self.now - timedelta(minutes=4), "mlopez",
            lambda: drafts.save(
                self.desk, key="demo-draft", form="register", heading="New patient: Tanner",
                state={"form": {"texts": {"last_name": "Tanner", "first_name": "Ivy"},
                                "visited": ["last_name", "first_name"], "at": "birth_date"}},
                step="Birth date", cause="F7",
            ),
        )  # fmt: skip

    def _hour(self, day: date) -> datetime:
        """A moment of the desk's usual hours, not after now."""
        return min(utc(at(day, self.rng.randint(500, 1000)), data.ZONE), self.now)
