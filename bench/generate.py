"""A clinic of any size, written straight into the tables, the same for the same seed.

``python bench/generate.py FILE [--patients N] [--appointments M] [--seed S]`` makes FILE (which
must not exist) with patients, phones, identifiers, coverage, the search index and visits that
reach 90 days ahead. Nobody in it is real. The journal holds the clinic's setting-up only.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import random
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from deskterm.clock import FrozenClock, epoch_minute, utc, utc_text
from deskterm.config import Settings
from deskterm.db.coverage import Plan
from deskterm.db.scheduling import VisitType
from deskterm.db.staff import Provider
from deskterm.office import clinic, coverage, search_index
from deskterm.office.desk import Desk
from deskterm.office.search_index import Names

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
TODAY = date(2026, 3, 18)
ZONE = "America/Chicago"
MOST_PROVIDERS = 40
DAYS = 400  # that a smaller clinic's visits are spread over
A_DAY = 53  # visits of one provider on one day
MINUTES = 10
AHEAD = 90  # days of the future that hold visits
SURNAMES = 60_000
GIVEN_NAMES = 2_500
_BATCH = 50_000


def _words(text: str) -> list[str]:
    return text.split()


COMMON_SURNAMES = _words(
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez"
    " Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris"
    " Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyễn Hill"
    " Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts O'Neil O'Brien"
    " Núñez Peña Müller Łukaszewicz Kowalski Patel Kim Chen Wang Singh Khan Ali Ivanov D'Angelo"
)
COMMON_GIVEN = _words(
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara"
    " Richard Susan Joseph Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy José"
    " María Joan Joanne Jordan Luis Ana Carlos Łukasz Thị Hoa Wei Ming Priya Raj Fatima Omar"
)
_STARTS = _words("b br c ch d dr f g gr h j k kl l m n p pr r s sch sh st t tr v w z")
_VOWELS = _words("a e i o u ai ea ou au")
_ENDS = _words("n r l s t m ck nd rt ll ss x")
_LAST_ENDS = _words("man son berg ski ova ez ton ley ford ini sen field worth er")


def invented(chance: random.Random, count: int, endings: list[str], known: list[str]) -> list[str]:
    """``count`` distinct names, the ``known`` ones first."""
    found = dict.fromkeys(known)
    while len(found) < count:
        syllables = "".join(
            chance.choice(_STARTS) + chance.choice(_VOWELS) for _ in range(chance.choice((1, 2, 2)))
        )
        found[(syllables + chance.choice(_ENDS) + chance.choice(endings)).capitalize()] = None
    return list(found)[:count]


def weights(count: int) -> list[float]:
    """How often each name occurs: the tenth a tenth as often as the first, about as in life."""
    return list(itertools.accumulate(1 / (place + 20) for place in range(count)))


@functools.lru_cache(maxsize=200_000)
def _heard(word: str) -> str:
    return _sound(word)


_sound = search_index.sound


def generate(path: Path, patients: int, appointments: int, seed: int) -> Desk:
    """Make the clinic and hand over its desk."""
    desk = clinic.init(
        Settings(database=str(path), zone=ZONE), login="bench", name="Bench",
        clock=FrozenClock(NOW),
    )  # fmt: skip
    _set_up(desk, max(4, min(MOST_PROVIDERS, appointments // (A_DAY * DAYS))))
    db = desk.database
    db.execute_sql("PRAGMA synchronous = OFF")
    later = desk.rows(
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('patient', 'patient_phone',"
        " 'patient_identifier', 'patient_name_word', 'coverage', 'appointment', 'search_name_key')"
        " AND sql IS NOT NULL AND type IN ('index', 'trigger')"
    )
    for kind, name, _ in later:
        db.execute_sql(f'DROP {kind} "{name}"')
    search_index.sound = _heard
    try:
        _people(desk, random.Random(seed), patients)
        _visits(desk, random.Random(seed + 1), patients, appointments)
    finally:
        search_index.sound = _sound
    for _, _, sql in sorted(later):
        db.execute_sql(sql)
    db.execute_sql("PRAGMA synchronous = FULL")
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return desk


def _set_up(desk: Desk, providers: int) -> None:
    clinic.add_location(desk, code="MAIN", name="Main Street", zone=ZONE)
    with desk.operation("clinic.settings") as op:
        op.create(VisitType, code="FU", name="Follow-up", minutes=MINUTES)
        for number in range(providers):
            code = f"P{number:02}"
            op.create(Provider, code=code, last_name=code, credential="MD", sort_order=number)
    coverage.add_plan(desk, code="AET", name="Aetna PPO", plan_type="PPO", copay_cents=2500)


def _insert(desk: Desk, table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> None:
    marks = ", ".join("?" for _ in columns.split(","))
    sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
    source = iter(rows)
    while batch := list(itertools.islice(source, _BATCH)):
        with desk.database.writing():
            desk.database.cursor().executemany(sql, batch)


_PATIENT = (
    "id, version, mrn, last_name, first_name, middle_name, suffix, preferred_name,"
    " previous_last_name, pronunciation, birth_date, sex, language, interpreter_needed, email,"
    " contact_channel, pcp, pharmacy, alert, status, restricted, registered_at, source,"
    " last_key, first_key, birth_day, sound_key"
)


def _people(desk: Desk, chance: random.Random, count: int) -> None:
    surnames = invented(chance, SURNAMES, _LAST_ENDS, COMMON_SURNAMES)
    given_names = invented(chance, GIVEN_NAMES, ["a", "o", "y", "ie", "an"], COMMON_GIVEN)
    word_rows: list[tuple[object, ...]] = []
    distinct: set[tuple[str, bool]] = set()
    registered = utc_text(NOW)

    def people() -> Iterator[tuple[object, ...]]:
        lasts = chance.choices(surnames, cum_weights=weights(SURNAMES), k=3 * count)
        firsts = chance.choices(given_names, cum_weights=weights(GIVEN_NAMES), k=3 * count)
        for number in range(1, count + 1):
            last, first = lasts[number - 1], firsts[number - 1]
            roll = chance.random()
            if roll < 0.05:
                last = f"{last}-{lasts[count + number - 1]}"
            elif roll < 0.06:
                last = f"de la {last}"
            previous = lasts[2 * count + number - 1] if chance.random() < 0.06 else ""
            middle = firsts[count + number - 1] if chance.random() < 0.6 else ""
            preferred = firsts[2 * count + number - 1] if chance.random() < 0.06 else ""
            born = TODAY - timedelta(days=chance.randrange(92 * 365))
            names = Names(last, first, middle, preferred, previous)
            word_rows.extend(
                (w.word, int(w.given), w.other, number) for w in search_index.name_words(names)
            )
            distinct.update(search_index.distinct_words(names))
            yield (
                number, 1, str(10000 + number), last, first, middle, "", preferred, previous, "",
                born.isoformat(), chance.choice("FM"), "en", 0, "", "phone", "", "", "", "active",
                0, registered, "", *search_index.patient_keys(names, born),
            )  # fmt: skip

    _insert(desk, "patient", _PATIENT, people())
    word_rows.sort()
    _insert(desk, "patient_name_word", "word, given, other, patient_id", word_rows)
    words = sorted(distinct)
    _insert(
        desk, "search_name", "id, word, given",
        ((at, word, int(given)) for at, (word, given) in enumerate(words, start=1)),
    )  # fmt: skip
    keys = sorted(
        (key, at)
        for at, (word, _) in enumerate(words, start=1)
        for key in search_index.word_keys(word)
    )
    _insert(desk, "search_name_key", "key, name_id", keys)
    _numbers(desk, chance, count)


def _numbers(desk: Desk, chance: random.Random, count: int) -> None:
    """A phone each, for half of them a number like those of social security, for most a plan."""

    def phones() -> Iterator[tuple[object, ...]]:
        for number in range(1, count + 1):
            # Exchange 555 everywhere, so that no number is anybody's.
            digits = f"+1{chance.randrange(200, 990)}555{chance.randrange(10000):04}"
            yield (1, number, digits, search_index.backwards(digits), "mobile", 0, 1, 0, 1)

    _insert(
        desk, "patient_phone",
        "version, patient_id, number, reversed, kind, text_ok, voice_ok, detail_ok, priority",
        phones(),
    )  # fmt: skip

    def social() -> Iterator[tuple[object, ...]]:
        for number in range(1, count + 1, 2):
            value = f"999-{chance.randrange(10, 99)}-{chance.randrange(10000):04}"
            yield (1, number, "ssn", f"{value}", "SS", search_index.tail(value), 1)

    _insert(
        desk, "patient_identifier", "version, patient_id, system, value, kind, tail, active",
        social(),
    )  # fmt: skip
    plan = Plan.get().id
    _insert(
        desk, "coverage",
        "version, patient_id, plan_id, member_id, group_number, relationship, subscriber_name,"
        " starts_on, priority, eligibility, verified_by",
        (
            (1, number, plan, f"W{number:09}", "", "18", "", "2025-01-01", 1, "not_checked", "")
            for number in range(1, count + 1)
            if number % 5
        ),
    )  # fmt: skip


_APPOINTMENT = (
    "version, patient_id, provider_id, location_id, visit_type_id, day, wall_start, zone,"
    " starts_at, minutes, lane, lifecycle, confirmation, stage, clearance, clearance_reason, note,"
    " walk_in, overbook_reason, cancel_reason, cancel_note, booked_at, booked_by"
)


def _visits(desk: Desk, chance: random.Random, patients: int, count: int) -> None:
    """``count`` visits on weekdays, the last of them 90 days ahead."""
    providers = [p for (p,) in desk.rows("SELECT id FROM provider ORDER BY id")]
    days = -(-count // (len(providers) * A_DAY))
    booked = utc_text(NOW)

    def weekdays() -> Iterator[date]:
        day = TODAY + timedelta(days=AHEAD)
        left = days
        while left:
            if day.weekday() < 5:
                left -= 1
                yield day
            day -= timedelta(days=1)

    def visits() -> Iterator[tuple[object, ...]]:
        for day in sorted(weekdays()):
            over = day < TODAY
            opens = datetime(day.year, day.month, day.day, 8)
            first = epoch_minute(utc(opens, ZONE))
            for provider in providers:
                for slot in range(A_DAY):
                    start = opens + timedelta(minutes=MINUTES * slot)
                    roll = chance.random()
                    lifecycle = "cancelled" if roll < 0.08 else "scheduled"
                    if over and roll >= 0.08:
                        lifecycle = "no_show" if roll < 0.14 else "completed"
                    stage = "checked_out" if lifecycle == "completed" else "expected"
                    yield (
                        1, chance.randrange(patients) + 1, provider, 1, 1, day.isoformat(),
                        f"{start:%Y-%m-%dT%H:%M}", ZONE, first + MINUTES * slot, MINUTES, 0,
                        lifecycle, "unconfirmed", stage, "not_checked", "", "", 0, "", "", "",
                        booked, "bench",
                    )  # fmt: skip

    _insert(desk, "appointment", _APPOINTMENT, itertools.islice(visits(), count))


def main() -> None:
    """Make the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--appointments", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    began = time.monotonic()
    desk = generate(given.file, given.patients, given.appointments, given.seed)
    desk.close()
    size = given.file.stat().st_size / 1e6
    print(f"{given.file.name}: {size:.0f} MB in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
