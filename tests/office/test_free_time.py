"""The table of free time equals what templates, exceptions and visits say, whatever is done."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from deskterm.clock import FrozenClock, epoch_minute
from deskterm.config import Policy, Settings
from deskterm.db.scheduling import Appointment, FreeInterval
from deskterm.errors import Conflict, Invalid, Stale
from deskterm.office import clinic, free_time, openings, scheduling, templates
from deskterm.office.desk import Desk
from deskterm.office.laid_out import Block, paint, spans
from tests.conftest import NOW
from tests.factories import TODAY, Clinic
from tests.office.hours import LONG_AGO, open_clinic

CHICAGO = "America/Chicago"


@pytest.fixture
def house(desk: Desk) -> Clinic:
    return open_clinic(desk)


def block(start: int, end: int, kind: str = "open", **values: object) -> Block:
    facts = {"label": "", "visit_types": "", "capacity": 1, "location_id": 1, **values}
    return Block(start, end, kind, **facts)  # type: ignore[arg-type]


def lengths(day: date, start: int, end: int, zone: str = CHICAGO) -> list[int]:
    return [b - a for a, b in spans(day, start, end, zone)]


def test_a_day_has_23_24_or_25_hours() -> None:
    assert lengths(date(2026, 3, 18), 0, 1440) == [24 * 60]
    assert lengths(date(2026, 3, 8), 0, 1440) == [23 * 60]
    assert lengths(date(2026, 11, 1), 0, 1440) == [25 * 60]


def test_minutes_that_do_not_exist_are_no_time() -> None:
    assert lengths(date(2026, 3, 8), 120, 180) == []
    assert lengths(date(2026, 3, 8), 150, 240) == [60]
    (early, late) = spans(date(2026, 3, 8), 60, 120, CHICAGO) + spans(
        date(2026, 3, 8), 180, 240, CHICAGO
    )
    assert early[1] == late[0]


def test_minutes_that_come_twice_count_twice() -> None:
    assert lengths(date(2026, 11, 1), 60, 120) == [120]
    assert lengths(date(2026, 11, 1), 60, 90) == [30, 30]
    assert lengths(date(2026, 11, 1), 90, 150) == [30, 60]


def test_half_hour_zones() -> None:
    assert lengths(date(2026, 4, 5), 0, 1440, "Australia/Lord_Howe") == [24 * 60 + 30]


def test_the_later_word_shows() -> None:
    painted = paint(
        [block(480, 1020), block(480, 540, visit_types="NV"), block(720, 780, "lunch")],
        [block(0, 600, "closed", location_id=None), block(510, 570)],
    )
    assert [(b.start_minute, b.end_minute, b.kind, b.visit_types) for b in painted] == [
        (0, 480, "closed", ""), (480, 510, "closed", ""), (510, 570, "open", ""),
        (570, 600, "closed", ""), (600, 720, "open", ""), (720, 780, "lunch", ""),
        (780, 1020, "open", ""),
    ]  # fmt: skip


def test_a_closure_of_one_place_leaves_the_others_open() -> None:
    painted = paint(
        [block(480, 720), block(720, 1020, location_id=2)],
        [block(0, 1440, "closed", location_id=2)],
    )
    assert [(b.start_minute, b.end_minute, b.kind) for b in painted] == [
        (480, 720, "open"), (720, 1020, "closed"),
    ]  # fmt: skip


def test_rows_are_the_gaps_of_the_day(house: Clinic) -> None:
    scheduling.book(house.desk, patient_id=house.patient().id, visit_type="FU", provider="LEE",
                    start=datetime(2026, 3, 19, 9))  # fmt: skip
    found = FreeInterval.select().where(
        FreeInterval.provider == house.providers["LEE"], FreeInterval.day == date(2026, 3, 19)
    )
    assert [(f"{r.wall_start:%H:%M}", r.ends_at - r.starts_at, r.weekday) for r in found] == [
        ("08:00", 60, 3), ("09:20", 160, 3), ("13:00", 240, 3),
    ]  # fmt: skip


def test_check_finds_a_row_that_is_missing_or_wrong(house: Clinic) -> None:
    assert free_time.check(house.desk) == []
    house.desk.rows("DELETE FROM free_interval WHERE provider_id = 1 AND day = '2026-03-19'")
    house.desk.rows("UPDATE free_interval SET ends_at = ends_at + 1 WHERE provider_id = 2"
                    " AND day = '2026-03-20' AND wall_start = '2026-03-20T13:00'")  # fmt: skip
    assert [(d.provider_id, d.day) for d in free_time.check(house.desk)] == [
        (1, date(2026, 3, 19)), (2, date(2026, 3, 20)),
    ]  # fmt: skip


def test_the_horizon_moves_on_with_the_days(house: Clinic, clock: FrozenClock) -> None:
    free_time.lay_out(house.desk)
    assert free_time.lay_out(house.desk) == 0
    horizon = timedelta(house.desk.settings.policy.free_horizon)
    clock.advance(days=1)
    assert free_time.lay_out(house.desk) == 4, "one day for each provider"
    assert house.desk.rows("SELECT DISTINCT laid_until FROM free_horizon") == [
        ((TODAY + timedelta(1) + horizon).isoformat(),)
    ]
    assert house.desk.rows("SELECT min(day) FROM free_interval") == [("2026-03-19",)]
    clock.advance(days=1000)
    assert free_time.lay_out(house.desk) > 0
    assert free_time.check(house.desk) == []


def test_a_new_provider_is_laid_out_with_the_first_hours(house: Clinic) -> None:
    templates.set_template(house.desk, "NOVAK", "EAST", 3, 540, 600, starts_on=TODAY)
    found = openings.search(house.desk, visit_type="FU", provider="NOVAK", limit=1)
    assert [(o.start, o.location) for o in found] == [(datetime(2026, 3, 19, 9), "EAST")]
    row = FreeInterval.get(FreeInterval.location == house.locations["EAST"])
    assert row.starts_at == epoch_minute(NOW.replace(day=19, hour=13, minute=0)), "New York"


class Office(RuleBasedStateMachine):
    """Random bookings, moves, cancellations and changes of hours around a change of clocks."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        # the week before the clocks go back, with a short horizon: checks are quick
        clock = FrozenClock(NOW.replace(month=10, day=28))
        settings = Settings(database=str(self.folder / "clinic.db"), policy=Policy(free_horizon=9))
        self.desk = clinic.init(settings, login="mlopez", name="Maria Lopez", clock=clock)
        self.visits: list[int] = []

    @initialize()
    def open(self) -> None:
        self.house = open_clinic(self.desk)
        for start, end, types in ((0, 180, ""), (480, 600, ""), (600, 720, "NV")):
            for code, capacity in (("LEE", 1), ("RN", 3)):
                templates.set_template(
                    self.desk, code, "MAIN", 6, start, end, starts_on=LONG_AGO,
                    visit_types=types, capacity=capacity,
                )  # fmt: skip

    days = st.integers(0, 8).map(lambda n: date(2026, 10, 28) + timedelta(n))
    minutes = st.integers(0, 287).map(lambda n: n * 5)
    codes = st.sampled_from(["LEE", "RN"])

    @rule(
        day=days, minute=minutes, code=codes, visit_type=st.sampled_from(["FU", "NV"]),
        length=st.sampled_from([5, 20, 45, 120, 480]), over=st.booleans(),
        second=st.booleans(),
    )  # fmt: skip
    def book(
        self, day: date, minute: int, code: str, visit_type: str, length: int, over: bool,
        second: bool,
    ) -> None:  # fmt: skip
        start = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        try:
            made = scheduling.book(
                self.desk, patient_id=self.house.patient().id, visit_type=visit_type,
                provider=code, start=start, minutes=length, second=second,
                overbook_reason="urgent" if over else None,
            )  # fmt: skip
        except (Conflict, Invalid):
            return
        self.visits.append(made.id)

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), day=days, minute=minutes, code=codes)
    def move(self, data: st.DataObject, day: date, minute: int, code: str) -> None:
        visit = Appointment.get_by_id(data.draw(st.sampled_from(self.visits)))
        start = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        try:
            new = scheduling.move(
                self.desk, visit.id, version=visit.version, start=start, provider=code, second=True
            )
        except (Conflict, Invalid, Stale):
            return
        self.visits.append(new.id)

    @precondition(lambda self: self.visits)
    @rule(data=st.data(), act=st.sampled_from(["cancel", "reinstate", "undo_book", "undo_move"]))
    def end(self, data: st.DataObject, act: str) -> None:
        visit = Appointment.get_by_id(data.draw(st.sampled_from(self.visits)))
        extra = {"by": "patient", "reason": "sick"} if act == "cancel" else {}
        try:
            getattr(scheduling, act)(self.desk, visit.id, version=visit.version, **extra)
        except Conflict:
            return

    @rule(
        day=days, code=st.sampled_from(["LEE", "RN", None]), start=st.integers(0, 23),
        hours=st.integers(1, 24), kind=st.sampled_from(["closed", "meeting", "open"]),
        capacity=st.integers(1, 3),
    )  # fmt: skip
    def change_hours(
        self, day: date, code: str | None, start: int, hours: int, kind: str, capacity: int
    ) -> None:
        if kind == "open" and code is None:
            code = "LEE"
        templates.add_exception(
            self.desk, day=day, kind=kind, provider=code, start_minute=start * 60,
            end_minute=min(start + hours, 24) * 60, capacity=capacity,
            location="MAIN" if kind == "open" else None,
        )  # fmt: skip

    @invariant()
    def free_time_is_what_it_should_be(self) -> None:
        assert free_time.check(self.desk) == []

    @invariant()
    def every_first_opening_can_be_booked(self) -> None:
        for opening in openings.search(self.desk, visit_type="FU", days=9, limit=2):
            refusal = openings.why_not(
                self.desk, visit_type="FU", provider=opening.provider, start=opening.start
            )
            assert not refusal or "comes twice" in refusal

    def teardown(self) -> None:
        self.desk.close()
        shutil.rmtree(self.folder)


Office.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestOffice = Office.TestCase
