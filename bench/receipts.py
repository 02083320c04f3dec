"""What the end of a day costs in a file of many receipts, beside plain SQL on the same rows.

``python bench/receipts.py [RECEIPTS] [--rounds N]`` makes a clinic with a thousand receipts a day,
the last of them today, and prints for each figure the CPU milliseconds of plain statements, of
the office and their ratio, measured inside one run, alternating. Statements that would read a
whole table where a day is asked for are named. The target is three times plain SQL.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from deskterm.clock import FrozenClock, epoch_minute, utc
from deskterm.config import Settings
from deskterm.db.scheduling import VisitType
from deskterm.db.staff import Provider
from deskterm.office import (
    clinic,
    day_status,
    drawer_figures,
    ledger,
    money_reports,
    proof,
    receipts,
    shifts,
)
from deskterm.office.desk import Desk

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
TODAY = date(2026, 3, 18)
ZONE = "America/Chicago"
A_DAY = 1000
DRAWERS = 8
PATIENTS = 20_000
VISITS = 300  # of today, each with its copay
TARGET = 3.0
_BATCH = 50_000
_FILLED = ("charge", "payment", "tender", "allocation", "shift", "patient", "appointment")
_CHARGE = (
    "id, patient_id, appointment_id, kind, description, amount_cents, service_day, business_day,"
    " posted_at, by, reverses_id, code, modifiers, units, diagnoses, insurance_cents"
)
_PAYMENT = (
    "id, kind, patient_id, location_id, drawer, business_day, taken_at, by, desk, receipt,"
    " sequence, total_cents, note, voids_id, void_reason, balance_after_cents, posted, shift_id"
)
_TENDER = (
    "id, payment_id, kind, amount_cents, given_cents, reference, card_brand, card_last4, approval"
)
_ALLOCATION = "id, payment_id, purpose, charge_id, amount_cents, side"

# Plain statements on the same rows: what any program would have to read.
_DRAWER = """
SELECT t.kind, t.card_brand, t.reference, t.amount_cents
FROM payment y JOIN tender t ON t.payment_id = y.id WHERE y.shift_id = ?"""
_DOCUMENTS = """
SELECT y.id, y.taken_at, y.receipt, p.last_name, p.first_name, p.mrn, y.by, y.drawer, y.kind,
  y.total_cents, o.receipt
FROM payment y JOIN patient p ON p.id = y.patient_id LEFT JOIN payment o ON o.id = y.voids_id
WHERE y.business_day = ? ORDER BY y.location_id, y.sequence"""
_TENDERS = """
SELECT t.payment_id, t.kind, t.card_brand, t.card_last4, t.reference, t.amount_cents
FROM payment y JOIN tender t ON t.payment_id = y.id WHERE y.business_day = ?"""
_PURPOSES = """
SELECT x.payment_id, x.purpose, c.service_day FROM payment y
JOIN allocation x ON x.payment_id = y.id LEFT JOIN charge c ON c.id = x.charge_id
WHERE y.business_day = ?"""
_VISITS = """
SELECT a.id, p.last_name, p.first_name, a.lifecycle, a.stage, c.amount_cents, x.amount_cents
FROM appointment a JOIN patient p ON p.id = a.patient_id
LEFT JOIN charge c ON c.appointment_id = a.id LEFT JOIN allocation x ON x.charge_id = c.id
WHERE a.location_id = 1 AND a.day = ?"""
_HELD = """
SELECT y.patient_id, sum(x.amount_cents) FROM payment y JOIN allocation x ON x.payment_id = y.id
WHERE y.patient_id IN (SELECT d.patient_id FROM payment d JOIN allocation e ON e.payment_id = d.id
  WHERE d.business_day = ? AND e.charge_id IS NULL) GROUP BY y.patient_id"""
_OWED = """
SELECT c.patient_id, sum(c.amount_cents) FROM charge c
WHERE c.patient_id IN (SELECT d.patient_id FROM payment d JOIN allocation e ON e.payment_id = d.id
  WHERE d.business_day = ? AND e.charge_id IS NULL) GROUP BY c.patient_id"""
_SUMS = (
    "SELECT business_day < ?, business_day > ?, sum(amount_cents) FROM charge GROUP BY 1, 2",
    "SELECT business_day < ?, business_day > ?, kind IN ('refund', 'returned'), sum(total_cents)"
    " FROM payment GROUP BY 1, 2, 3",
    "SELECT charge_id IS NULL, sum(amount_cents) FROM allocation GROUP BY 1",
    "SELECT sum(patient_cents + insurance_cents) FROM adjustment",
)
_ONE = """
SELECT y.*, p.last_name, p.first_name, p.mrn, l.name, l.address FROM payment y
JOIN patient p ON p.id = y.patient_id JOIN location l ON l.id = y.location_id
WHERE y.receipt = ?"""
_ON_ONE = (
    "SELECT purpose, charge_id, amount_cents FROM allocation WHERE payment_id = ?",
    "SELECT kind, amount_cents, given_cents, reference, card_brand, card_last4, approval"
    " FROM tender WHERE payment_id = ?",
)
_NUMBERED = """
SELECT location_id, business_day, min(sequence), max(sequence), count(*) FROM payment
GROUP BY location_id, business_day"""
_BALANCED = (
    "SELECT id, posted, total_cents FROM payment",
    "SELECT payment_id, sum(amount_cents) FROM tender GROUP BY payment_id",
    "SELECT payment_id, sum(amount_cents) FROM allocation GROUP BY payment_id",
)


@dataclass
class Rows:
    """What one batch writes, by table."""

    charge: list[tuple[Any, ...]] = field(default_factory=list)
    payment: list[tuple[Any, ...]] = field(default_factory=list)
    tender: list[tuple[Any, ...]] = field(default_factory=list)
    allocation: list[tuple[Any, ...]] = field(default_factory=list)


def build(folder: Path, count: int) -> Desk:
    """A clinic with ``count`` receipts; its guards and indexes are made again after loading."""
    settings = Settings(database=str(folder / "clinic.db"), zone=ZONE)
    desk = clinic.init(settings, login="bench", name="Bench", clock=FrozenClock(NOW))
    clinic.add_location(desk, code="MAIN", name="Main Street", zone=ZONE)
    with desk.operation("clinic.settings") as op:
        op.create(VisitType, code="FU", name="Follow-up", minutes=20)
        op.create(Provider, code="P01", last_name="P01", credential="MD")
    today = [shifts.open_shift(desk, f"d{n}", float_cents=100_00).id for n in range(DRAWERS)]
    desk.database.execute_sql("PRAGMA synchronous = OFF")  # speed only; nothing is lost here
    marks = ", ".join("?" for _ in _FILLED)
    later = desk.rows(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        f" AND type IN ('index', 'trigger') AND tbl_name IN ({marks})",
        *_FILLED,
    )
    for kind, name, _ in later:
        desk.database.execute_sql(f'DROP {kind} "{name}"')
    _people(desk)
    _visits(desk)
    _money(desk, count, today)
    for _, _, sql in sorted(later):
        desk.database.execute_sql(sql)
    desk.database.execute_sql("ANALYZE")
    desk.database.execute_sql("PRAGMA synchronous = FULL")
    desk.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    for shift_id in today:
        _count(desk, shift_id)
    return desk


def _count(desk: Desk, shift_id: int) -> None:
    """Every drawer counts to what it should hold: finding a mistake has a bench of its own."""
    there = drawer_figures.expected(desk, shift_id)
    shifts.count(
        desk,
        shift_id,
        shifts.Count(cash_cents=there.cash, checks=there.checks, cards=there.cards),
    )


def _insert(desk: Desk, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    marks = ", ".join("?" for _ in columns.split(","))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
    source = iter(rows)
    while batch := list(itertools.islice(source, _BATCH)):
        with desk.database.writing():
            desk.database.cursor().executemany(sql, batch)


def _people(desk: Desk) -> None:
    columns = [row[1] for row in desk.rows("PRAGMA table_info(patient)")]
    given: dict[str, Any] = {
        "version": 1, "sex": "U", "language": "en", "interpreter_needed": 0,
        "contact_channel": "phone", "status": "active", "restricted": 0, "birth_day": 101,
        "birth_date": "1980-01-01", "registered_at": "2020-01-01T00:00:00.000000Z",
        "provider_id": None, "deceased_on": None, "merged_into_id": None,
    }  # fmt: skip
    _insert(
        desk, "patient", ", ".join(columns),
        (
            tuple(
                {**given, "id": n, "mrn": str(10000 + n), "last_name": f"Last{n % 5000}",
                 "first_name": f"First{n % 997}"}.get(column, "")
                for column in columns
            )
            for n in range(1, PATIENTS + 1)
        ),
    )  # fmt: skip


def _visits(desk: Desk) -> None:
    first = epoch_minute(utc(datetime(TODAY.year, TODAY.month, TODAY.day, 6), ZONE))
    _insert(
        desk, "appointment",
        "id, version, patient_id, provider_id, location_id, visit_type_id, day, wall_start, zone,"
        " starts_at, minutes, lane, lifecycle, confirmation, stage, clearance, clearance_reason,"
        " note, walk_in, overbook_reason, cancel_reason, cancel_note, booked_at, booked_by",
        (
            (n, 1, n, 1, 1, 1, TODAY.isoformat(), f"{TODAY}T{6 + n // 60:02}:{n % 60:02}", ZONE,
             first + n, 20, n % 20, "completed", "unconfirmed", "checked_out", "clear", "", "", 0,
             "", "", "", "2026-01-01T00:00:00.000000Z", "bench")
            for n in range(1, VISITS + 1)
        ),
    )  # fmt: skip


def _business_days(count: int) -> list[date]:
    """As many days as ``count`` receipts fill, the last of them today."""
    days = [TODAY]
    while len(days) * A_DAY < count:
        day = days[-1] - timedelta(days=1)
        while day.weekday() > 4:
            day -= timedelta(days=1)
        days.append(day)
    return days[::-1]


def _money(desk: Desk, count: int, today: list[int]) -> None:
    days = _business_days(count)
    first_shift = today[-1] + 1
    _insert(
        desk, "shift",
        "id, version, drawer_id, location_id, business_day, clerk, opened_at, opened_by,"
        " float_cents, note, closed_at, closed_by, variance_reason",
        (
            (first_shift + at * DRAWERS + n, 1, n + 1, 1, day.isoformat(), f"clerk{n}",
             f"{day}T13:00:00.000000Z", f"clerk{n}", 100_00, "", f"{day}T23:00:00.000000Z",
             f"clerk{n}", "")
            for at, day in enumerate(days[:-1])
            for n in range(DRAWERS)
        ),
    )  # fmt: skip
    made = Rows()
    chance = random.Random(7)
    numbers = itertools.count(1)
    for at, day in enumerate(days):
        batch = today if day == TODAY else range(first_shift + at * DRAWERS, 10**9)
        amount = A_DAY if at else count - (len(days) - 1) * A_DAY
        for row in range(amount):
            _receipt(made, chance, next(numbers), day, row + 1, batch[row % DRAWERS])
        if len(made.payment) >= _BATCH or day == TODAY:
            _insert(desk, "charge", _CHARGE, made.charge)
            _insert(desk, "payment", _PAYMENT, made.payment)
            _insert(desk, "tender", _TENDER, made.tender)
            _insert(desk, "allocation", _ALLOCATION, made.allocation)
            made = Rows()


def _receipt(
    made: Rows, chance: random.Random, number: int, day: date, sequence: int, shift: int
) -> None:
    """One document: in fifty a void, one prepayment in twenty, else a charge paid in full."""
    on, drawer = day.isoformat(), (sequence - 1) % DRAWERS
    at = f"{on}T{13 + sequence // 110:02}:{sequence % 60:02}:00.000000Z"
    receipt = f"R-{day:%y%m%d}-{sequence:03d}"
    before = made.payment[-1] if made.payment else None
    if sequence % 50 == 0 and before is not None and before[5] == on:
        # A void mirrors the document before it, in that one's drawer.
        was_tender, was_part = made.tender[-1], made.allocation[-1]
        cents = -before[11]
        head = ("void", *before[2:5], on, at, *before[7:9], receipt, sequence, cents, "",
                before[0], "duplicate", 0, 1, before[-1])  # fmt: skip
        tender = (was_tender[2], cents, None, *was_tender[5:])
        part = (was_part[2], was_part[3], cents, "patient")
    else:
        patient = sequence if day == TODAY and sequence <= VISITS else chance.randint(1, PATIENTS)
        cents = chance.choice((1500, 2000, 2500, 3000, 4000, 18000))
        head = ("payment", patient, 1, f"d{drawer}", on, at, f"clerk{drawer}", f"d{drawer}",
                receipt, sequence, cents, "", None, "", 0, 1, shift)  # fmt: skip
        tender = chance.choice((
            ("cash", cents, cents + 500, "", "", "", ""),
            ("cash", cents, cents, "", "", "", ""),
            ("card", cents, None, "", "visa", "4417", "08812Q"),
            ("card", cents, None, "", "amex", "1001", "12345Z"),
            ("check", cents, None, str(number), "", "", ""),
        ))  # fmt: skip
        prepaid = sequence % 20 == 7
        if not prepaid:
            visit = sequence if day == TODAY and sequence <= VISITS else None
            made.charge.append((number, patient, visit, "copay", "", cents, on, on, at,
                                f"clerk{drawer}", None, "", "", 1, "", 0))  # fmt: skip
        part = ("prepayment" if prepaid else "copay", None if prepaid else number, cents, "patient")
    made.payment.append((number, *head))
    made.tender.append((number, number, *tender))
    made.allocation.append((number, number, *part))


@dataclass(frozen=True)
class Figure:
    """One figure: the plain statements and what the office does."""

    name: str
    plain: Callable[[], object]
    office: Callable[[], object]


def figures(desk: Desk) -> Iterator[Figure]:
    """The figures of an evening."""
    on = TODAY.isoformat()
    shift_ids = [row[0] for row in desk.rows("SELECT id FROM shift WHERE business_day = ?", on)]
    receipt = f"R-{TODAY:%y%m%d}-500"

    def plain(*statements: str, times: int = 1) -> Callable[[], object]:
        return lambda: [desk.rows(sql, *[on] * sql.count("?")) for sql in statements * times]

    def one_receipt() -> object:
        head = desk.rows(_ONE, receipt)
        return [desk.rows(sql, head[0][0]) for sql in _ON_ONE]

    yield Figure(
        "drawers, what each should hold",
        lambda: [desk.rows(_DRAWER, shift_id) for shift_id in shift_ids],
        lambda: [drawer_figures.expected(desk, shift_id) for shift_id in shift_ids],
    )
    yield Figure(
        "day status, drawers counted",
        lambda: (
            [desk.rows(_DRAWER, shift_id) for shift_id in shift_ids],
            plain(_DOCUMENTS, _VISITS, _HELD, _OWED)(),
        ),
        lambda: day_status.status(desk, day=TODAY),
    )
    yield Figure(
        "day sheet",
        plain(_DOCUMENTS, _TENDERS, _PURPOSES),
        lambda: money_reports.day_sheet(desk, TODAY, TODAY),
    )
    yield Figure("by tender", plain(_TENDERS), lambda: money_reports.by_tender(desk, TODAY, TODAY))
    yield Figure(
        "one receipt",
        one_receipt,
        lambda: receipts.text(desk, receipt, duplicate=True),
    )
    yield Figure(
        "proof of receivables, all of it",
        plain(*_SUMS),
        lambda: ledger.receivables(desk, TODAY, TODAY),
    )
    yield Figure(
        "receivables of the month",
        plain(*_SUMS),
        lambda: money_reports.month_end(desk, TODAY, TODAY),
    )
    yield Figure(
        "receipts dense and balanced, all",
        plain(_NUMBERED, *_BALANCED),
        lambda: list(proof._receipts(desk.database)),
    )


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU milliseconds of this process."""
    start = time.process_time_ns()
    work()
    return (time.process_time_ns() - start) / 1e6


def measure(figure: Figure, rounds: int) -> tuple[float, float]:
    """The median of each side, taken in turns; of slow ones fewer rounds."""
    first = cpu_ms(figure.plain), cpu_ms(figure.office)
    if max(first) > 500:
        rounds = 2
    plain, office = [first[0]], [first[1]]
    for _ in range(rounds - 1):
        plain.append(cpu_ms(figure.plain))
        office.append(cpu_ms(figure.office))
    return statistics.median(plain), statistics.median(office)


def scans(desk: Desk, work: Callable[[], object]) -> set[str]:
    """The big tables that a piece of work reads from end to end."""
    seen: set[str] = set()
    connection = desk.database.connection()
    connection.set_trace_callback(seen.add)
    try:
        work()
    finally:
        connection.set_trace_callback(None)
    found: set[str] = set()
    for sql in seen:
        if sql.lstrip().upper().startswith(("SELECT", "WITH")):
            for *_, step in desk.rows("EXPLAIN QUERY PLAN " + sql):
                found |= {
                    table
                    for table in ("payment", "tender", "allocation", "charge")
                    if step.startswith("SCAN") and _is(table, step.split()[1], sql)
                }
    return found


def _is(table: str, alias: str, sql: str) -> bool:
    """Whether ``alias`` stands for the table in the statement."""
    return alias == table or re.search(rf"\b{table} (?:AS )?{alias}\b", sql) is not None


def main() -> None:
    """Make the clinic, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("receipts", type=int, nargs="?", default=200_000)
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        desk = build(Path(folder), max(chosen.receipts, A_DAY))
        try:
            assert ledger.receivables(desk, TODAY, TODAY).difference_cents == 0
            assert not list(proof._receipts(desk.database))
            documents = desk.rows("SELECT count(*) FROM payment")[0][0]
            size = (Path(folder) / "clinic.db").stat().st_size / 1e6
            print(
                f"{documents} receipts, {A_DAY} today, {size:.0f} MB,"
                f" made in {time.process_time() - began:.0f} s of CPU"
            )
            print(f"{'':<34}{'plain ms':>10}{'office ms':>11}{'ratio':>8}  reads all of")
            for figure in figures(desk):
                plain, office = measure(figure, chosen.rounds)
                read = ", ".join(sorted(scans(desk, figure.office))) or "-"
                print(
                    f"{figure.name:<34}{plain:>10.2f}{office:>11.2f}{office / plain:>8.2f}  {read}"
                )
            print(f"target {TARGET:.0f} times plain SQL")
        finally:
            desk.close()


if __name__ == "__main__":
    main()
