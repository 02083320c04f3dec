"""What the schedule costs: the day board beside raw SQL, and the next opening with anyone.

``python bench/schedule.py [--patients N] [--past DAYS]`` makes a clinic of 40 providers in a
temporary folder, measures inside one run, alternating, and prints JSON. Times are CPU
milliseconds of this process; the day is shown as a ratio to plain statements.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from deskterm.clock import FrozenClock, epoch_minute, utc
from deskterm.config import Policy, Settings
from deskterm.db.scheduling import VisitType
from deskterm.db.staff import Provider
from deskterm.office import clinic, day_board, free_time, openings, templates
from deskterm.office.desk import Desk

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
TODAY = date(2026, 3, 18)
ZONE = "America/Chicago"
PROVIDERS = 40
SHOWN = 12
# The names of a day's visits and nothing else: what any day sheet must read.
PLAIN = """
SELECT a.id, a.wall_start, a.minutes, a.provider_id, a.lifecycle, a.stage, p.last_name,
  p.first_name, p.birth_date, p.mrn, v.code
FROM appointment a JOIN patient p ON p.id = a.patient_id
JOIN visit_type v ON v.id = a.visit_type_id
WHERE a.day = ? AND a.provider_id IN ({}) AND a.lifecycle NOT IN ('cancelled', 'entered_in_error')
ORDER BY a.starts_at"""


def build(folder: Path, patients: int, past: int) -> Desk:
    """A clinic whose next weeks are all but full."""
    settings = Settings(
        database=str(folder / "clinic.db"), zone=ZONE, policy=Policy(free_horizon=120)
    )
    desk = clinic.init(settings, login="bench", name="Bench", clock=FrozenClock(NOW))
    clinic.add_location(desk, code="MAIN", name="Main Street", zone=ZONE)
    with desk.operation("clinic.settings") as op:
        for code, minutes in (("FU", 20), ("NV", 40), ("LV", 30)):
            op.create(VisitType, code=code, name=code, minutes=minutes)
        codes = [f"P{n:02}" for n in range(PROVIDERS)]
        for code in codes:
            op.create(Provider, code=code, last_name=code, credential="MD")
    for code in codes:
        for weekday in range(5):
            templates.set_template(
                desk, code, "MAIN", weekday, 480, 720, starts_on=date(2020, 1, 1)
            )
            templates.set_template(
                desk, code, "MAIN", weekday, 780, 1020, starts_on=date(2020, 1, 1)
            )
    chance = random.Random(7)
    with desk.database.writing():
        _people(desk, patients, chance)
        _visits(desk, patients, past, chance)
    with desk.database.writing():
        for number in range(1, PROVIDERS + 1):
            free_time.keep_all(desk, number, TODAY)
    desk.rows("ANALYZE")
    return desk


def _people(desk: Desk, count: int, chance: random.Random) -> None:
    empty = [c for c in (row[1] for row in desk.rows("PRAGMA table_info(patient)"))]
    given = {
        "version": 1, "sex": "U", "language": "en", "interpreter_needed": 0,
        "contact_channel": "phone", "status": "active", "restricted": 0,
        "birth_date": "1980-01-01", "registered_at": "2020-01-01T00:00:00.000000Z",
        "birth_day": 101, "provider_id": None, "deceased_on": None, "merged_into_id": None,
    }  # fmt: skip
    marks = ", ".join("?" for _ in empty)
    connection = desk.database.connection()
    connection.executemany(
        f"INSERT INTO patient ({', '.join(empty)}) VALUES ({marks})",
        (
            [
                {**given, "id": n, "mrn": str(n), "last_name": f"Last{n % 5000}",
                 "first_name": f"First{n % 997}", "last_key": f"last{n % 5000}",
                 "first_key": f"first{n % 997}"}.get(column, "")
                for column in empty
            ]
            for n in range(1, count + 1)
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO patient_phone (version, patient_id, number, reversed, kind, text_ok, voice_ok,"
        " detail_ok, priority) VALUES (1, ?, '+12175550142', '24105557121+', 'mobile', 0, 1, 0, 1)",
        ((n,) for n in range(1, count + 1)),
    )


def _visits(desk: Desk, patients: int, past: int, chance: random.Random) -> None:
    rows = []
    for ahead in range(-past, 91):
        day = TODAY + timedelta(ahead)
        if day.weekday() > 4:
            continue
        midnight = epoch_minute(utc(datetime(day.year, day.month, day.day), ZONE))
        fullness = 1.0 if ahead < 40 else 0.97
        for provider in range(1, PROVIDERS + 1):
            for half in (480, 780):
                minute = half
                # ten free minutes here and there, too short to be booked
                while minute + 20 <= half + 240:
                    if chance.random() < fullness:
                        rows.append((chance.randint(1, patients), provider, day.isoformat(),
                                     f"{day}T{minute // 60:02}:{minute % 60:02}",
                                     midnight + minute,
                                     "completed" if ahead < 0 else "scheduled"))  # fmt: skip
                    minute += 20 + chance.choice((0, 0, 0, 10))
    desk.database.connection().executemany(
        "INSERT INTO appointment (version, patient_id, provider_id, location_id, visit_type_id,"
        " day, wall_start, zone, starts_at, minutes, lane, lifecycle, confirmation, stage,"
        " clearance, clearance_reason, note, walk_in, overbook_reason, cancel_reason,"
        " cancel_note, booked_at, booked_by) VALUES (1, ?, ?, 1, 1, ?, ?, 'America/Chicago', ?,"
        " 20, 0, ?, 'unconfirmed', 'expected', 'not_checked', '', '', 0, '', '', '',"
        " '2026-01-01T00:00:00.000000Z', 'bench')",
        rows,
    )


def cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1e6


def measure(desk: Desk, rounds: int) -> dict[str, float]:
    shown = [f"P{n:02}" for n in range(SHOWN)]
    ids = range(1, SHOWN + 1)
    marks = ", ".join("?" for _ in ids)
    on = TODAY.isoformat()
    same = day_board._ROWS + (
        f" WHERE a.day = ? AND a.provider_id IN ({marks}) AND {day_board._ON_GRID}"
        + day_board._ORDER
    )
    work: dict[str, Callable[[], object]] = {
        "plain": lambda: desk.rows(PLAIN.format(marks), on, *ids),
        "same": lambda: desk.rows(same, on, *ids),
        "board": lambda: day_board.day(desk, TODAY, providers=shown),
        "any": lambda: openings.search(desk, visit_type="FU", limit=1),
        "any_30": lambda: openings.search(desk, visit_type="LV", limit=1),
        "one": lambda: openings.search(desk, visit_type="LV", provider="P07", limit=1),
        "ten": lambda: openings.search(
            desk, visit_type="LV", weekdays={1, 3}, before=datetime(2026, 1, 1, 12).time(), limit=10
        ),
    }
    board = day_board.day(desk, TODAY, providers=shown)
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(rounds):
        for name, act in work.items():
            taken[name].append(cpu_ms(act))
    middle = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "rows": len(board.rows),
        "free_intervals": desk.rows("SELECT count(*) FROM free_interval")[0][0],
        "appointments": desk.rows("SELECT count(*) FROM appointment")[0][0],
        "day_plain_sql_ms": round(middle["plain"], 3),
        "day_same_sql_ms": round(middle["same"], 3),
        "day_board_ms": round(middle["board"], 3),
        "board_to_same_sql": round(middle["board"] / middle["same"], 2),
        "board_to_plain_sql": round(middle["board"] / middle["plain"], 2),
        "next_any_20_minutes_ms": round(middle["any"], 3),
        "next_any_30_minutes_ms": round(middle["any_30"], 3),
        "next_one_30_minutes_ms": round(middle["one"], 3),
        "ten_tue_thu_mornings_ms": round(middle["ten"], 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--past", type=int, default=60, help="days of history")
    parser.add_argument("--rounds", type=int, default=41)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = build(Path(folder), chosen.patients, chosen.past)
        try:
            print(json.dumps(measure(desk, chosen.rounds), indent=2))
        finally:
            desk.close()


if __name__ == "__main__":
    main()
