"""The sample clinic: true to its own rules, and in full swing whenever it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock, local
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.office import day_board, drafts, free_time, messages, search_index
from deskterm.office.demo import make_demo
from deskterm.office.desk import Desk
from deskterm.office.laid_out import laid_out
from tests.conftest import NOW

SATURDAY_NIGHT = datetime(2026, 3, 22, 3, 0, tzinfo=UTC)
BEFORE_MIDNIGHT = datetime(2026, 3, 18, 4, 55, tzinfo=UTC)
AFTER_MIDNIGHT = datetime(2026, 3, 18, 5, 3, tzinfo=UTC)
CLOCKS_FORWARD = datetime(2026, 3, 8, 8, 30, tzinfo=UTC)
CLOCKS_BACK = datetime(2026, 11, 1, 7, 20, tzinfo=UTC)  # 1:20a for the second time


def made(folder: Path, moment: datetime, *, patients: int, seed: int = 1) -> Desk:
    settings = Settings(database=str(folder / "sample.db"), practice=True)
    return make_demo(settings, seed=seed, patients=patients, clock=FrozenClock(moment))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One morning's sample, only looked at."""
    desk = made(tmp_path_factory.mktemp("sample"), NOW, patients=150)
    yield desk
    desk.close()


def faults(desk: Desk) -> list[object]:
    """Everything that does not hold in a sample."""
    unbalanced = desk.rows(
        "SELECT id FROM payment y WHERE posted <> 1 OR total_cents <>"
        " (SELECT sum(amount_cents) FROM tender WHERE payment_id = y.id) OR total_cents <>"
        " (SELECT sum(amount_cents) FROM allocation WHERE payment_id = y.id)"
    )
    gaps = desk.rows(
        "SELECT location_id, business_day FROM payment GROUP BY 1, 2"
        " HAVING max(sequence) <> count(*)"
    )
    return [
        *journal.verify(desk.database, desk.secret), *free_time.check(desk),
        *search_index.check(desk.database), *unbalanced, *gaps,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "moment",
    [SATURDAY_NIGHT, BEFORE_MIDNIGHT, AFTER_MIDNIGHT, CLOCKS_FORWARD, CLOCKS_BACK],
    ids=["saturday night", "before midnight", "after midnight", "clocks forward", "clocks back"],
)
def test_the_day_is_under_way_at_any_moment(tmp_path: Path, moment: datetime) -> None:
    desk = made(tmp_path, moment, patients=40)
    assert faults(desk) == []
    wall = local(moment, desk.zone)
    minute = wall.hour * 60 + wall.minute
    board = day_board.day(desk, wall.date())
    for column in board.columns:
        hours = laid_out(desk, column.provider_id, board.day)
        assert hours[0].start_minute <= minute < hours[-1].end_minute
    assert board.counts.arrived >= 3
    assert not desk.rows("SELECT 1 FROM journal WHERE at > ?", f"{moment:%Y-%m-%dT%H:%M:59.9Z}")
    desk.close()


def test_everything_in_it_holds(desk: Desk) -> None:
    assert faults(desk) == []
    assert desk.settings.practice and desk.actor.login == "mlopez"


def test_the_journal_runs_forward_in_time(desk: Desk) -> None:
    times = [at for (at,) in desk.rows("SELECT at FROM journal ORDER BY seq")]
    assert times == sorted(times) and len(times) > 300


def test_somebody_is_at_every_stage(desk: Desk) -> None:
    rows = day_board.day(desk, desk.today()).rows
    states = {row.state for row in rows}
    assert {"SCH", "CNF", "LAT", "ARR", "CHK", "RMD", "PRV", "CKO", "OUT", "NSH"} <= states
    now = desk.wall()
    late = [row for row in rows if row.state == "LAT"]
    assert all(5 < (now - row.start).total_seconds() / 60 <= 60 for row in late)
    waits = [
        (desk.now() - row.stage_since).total_seconds() / 60
        for row in rows
        if row.state == "CHK" and row.stage_since is not None
    ]
    assert max(waits) > 30
    flags = "".join(row.flags for row in rows)
    assert set("$*=i") <= set(flags)
    assert [row.patient for row in rows].count("SMITH, JOAN") == 2
    assert any(row.walk_in for row in rows) and any(row.overbooked for row in rows)


def test_money_calls_and_parked_work(desk: Desk) -> None:
    today = desk.today().isoformat()
    kinds = desk.rows(
        "SELECT DISTINCT t.kind FROM tender t JOIN payment y ON y.id = t.payment_id"
        " WHERE y.business_day = ?", today,
    )  # fmt: skip
    assert len(kinds) >= 2
    waiting = messages.inbox(desk)
    assert [(m.urgency, m.overdue) for m in waiting if m.overdue] == [("urgent", True)]
    assert any(m.topic == "rx" for m in waiting)
    assert [draft.form for draft in drafts.open_drafts(desk)] == ["register"]


def test_everybody_is_invented(desk: Desk) -> None:
    numbers = desk.rows("SELECT number FROM patient_phone UNION SELECT callback FROM message")
    assert numbers and all("55501" in number for (number,) in numbers)
    emails = desk.rows("SELECT email FROM patient WHERE email <> ''")
    assert all(address.endswith("@example.org") for (address,) in emails)


def test_another_seed_is_another_clinic(tmp_path: Path) -> None:
    names = []
    for seed in (1, 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        desk = made(folder, NOW, patients=40, seed=seed)
        names.append(desk.rows("SELECT last_name, first_name FROM patient ORDER BY id"))
        desk.close()
    assert names[0] != names[1]
