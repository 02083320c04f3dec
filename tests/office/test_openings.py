"""Finding the next opening, the words beside it, and why a slot cannot be had."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from deskterm.db.scheduling import ProviderVisitType
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import holds, openings, scheduling, templates
from deskterm.office.desk import Desk
from tests.factories import TODAY, Clinic
from tests.office.hours import LONG_AGO, open_clinic

THU = date(2026, 3, 19)


@pytest.fixture
def house(desk: Desk) -> Clinic:
    return open_clinic(desk)


def starts(found: list[openings.Opening]) -> list[str]:
    return [f"{opening.start:%d %H:%M} {opening.provider}" for opening in found]


def book(house: Clinic, start: datetime, provider: str = "LEE", minutes: int = 20) -> None:
    scheduling.book(
        house.desk, patient_id=house.patient().id, visit_type="FU", provider=provider,
        start=start, minutes=minutes,
    )  # fmt: skip


def test_the_first_start_of_each_stretch_from_now_on(house: Clinic) -> None:
    book(house, datetime(2026, 3, 18, 10), minutes=60)
    found = openings.search(house.desk, visit_type="FU", provider="LEE", limit=4)
    assert starts(found) == ["18 11:00 LEE", "18 13:00 LEE", "19 08:00 LEE", "19 13:00 LEE"]
    assert [opening.why for opening in found] == ["first that fits", "", "", ""]
    assert {(o.minutes, o.location) for o in found} == {(20, "MAIN")}


def test_a_start_later_today_is_on_five_minutes(house: Clinic) -> None:
    found = openings.search(house.desk, visit_type="FU", provider="LEE", limit=1)
    assert starts(found) == ["18 09:45 LEE"]


def test_few_stretches_are_filled_with_their_further_starts(house: Clinic) -> None:
    found = openings.search(
        house.desk, visit_type="FU", provider="LEE", first=THU, days=1, after=time(15),
        before=time(16),
    )  # fmt: skip
    assert starts(found) == [f"19 15:{m:02} LEE" for m in (0, 10, 20, 30, 40)]


def test_only_stretches_that_are_long_enough(house: Clinic) -> None:
    book(house, datetime(2026, 3, 19, 8, 20), minutes=220)
    assert starts(
        openings.search(house.desk, visit_type="NV", provider="LEE", first=THU, limit=1)
    ) == ["19 13:00 LEE"]
    assert starts(
        openings.search(house.desk, visit_type="FU", provider="LEE", first=THU, limit=1)
    ) == ["19 08:00 LEE"]


def test_weekdays_and_anyone(house: Clinic) -> None:
    found = openings.search(
        house.desk, visit_type="FU", provider="any", weekdays={0}, before=time(12), limit=3
    )
    assert starts(found) == ["23 08:00 LEE", "23 08:00 PATEL", "23 08:00 RN"]


def test_every_opening_offered_can_be_booked(house: Clinic) -> None:
    templates.set_template(
        house.desk, "LEE", "MAIN", 3, 480, 540, starts_on=LONG_AGO, visit_types="NV"
    )
    book(house, datetime(2026, 3, 19, 9, 7), minutes=11)
    for visit_type in ("FU", "NV"):
        for opening in openings.search(
            house.desk, visit_type=visit_type, first=THU, days=2, limit=30
        ):
            assert not openings.why_not(
                house.desk, visit_type=visit_type, provider=opening.provider, start=opening.start
            )
            assert opening.start.minute % 5 == 0


def test_hours_kept_for_some_types(house: Clinic) -> None:
    templates.set_template(
        house.desk, "LEE", "MAIN", 3, 480, 540, starts_on=LONG_AGO, visit_types="NV"
    )
    assert starts(
        openings.search(house.desk, visit_type="FU", provider="LEE", first=THU, limit=1)
    ) == ["19 09:00 LEE"]
    assert starts(
        openings.search(house.desk, visit_type="NV", provider="LEE", first=THU, limit=1)
    ) == ["19 08:00 LEE"]


def test_a_provider_who_does_not_take_the_type(house: Clinic) -> None:
    with house.desk.operation("clinic.settings") as op:
        op.create(ProviderVisitType, provider=house.providers["LEE"],
                  visit_type=house.visit_types["PE"])  # fmt: skip
    found = openings.search(house.desk, visit_type="FU", first=THU, limit=2)
    assert starts(found) == ["19 08:00 PATEL", "19 08:00 RN"]
    with pytest.raises(Conflict) as caught:
        openings.search(house.desk, visit_type="FU", provider="LEE")
    assert caught.value.rule == "provider_type"


def test_what_another_desk_holds_is_not_offered(house: Clinic) -> None:
    theirs = replace(house.desk, workstation="d2")
    holds.hold(theirs, "LEE", "MAIN", datetime(2026, 3, 19, 8), 20)
    ask = {"visit_type": "FU", "provider": "LEE", "first": THU, "limit": 1}
    assert starts(openings.search(house.desk, **ask)) == ["19 08:20 LEE"]  # type: ignore[arg-type]
    assert starts(openings.search(theirs, **ask)) == ["19 08:00 LEE"]  # type: ignore[arg-type]


def test_words_for_a_usual_day_and_for_what_else_there_is(house: Clinic) -> None:
    patient = house.patient()
    for day in (2, 9, 16):
        house.appointment(patient, datetime(2026, 2, day, 9), "LEE", lifecycle="completed")
    found = openings.search(
        house.desk, visit_type="FU", provider="LEE", first=date(2026, 3, 20), after=time(13),
        patient_id=patient.id, alternatives=True,
    )  # fmt: skip
    assert [(f"{o.start:%a %d %H:%M} {o.provider}", o.why) for o in found] == [
        ("Fri 20 13:00 LEE", "first that fits"),
        ("Mon 23 13:00 LEE", "keeps the usual day (Mon)"),
        ("Tue 24 13:00 LEE", ""),
        ("Wed 25 13:00 LEE", ""),
        ("Fri 20 13:00 PATEL", "other provider, same afternoon"),
        ("Thu 19 13:00 LEE", "1 day before Fri Mar 20"),
    ]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (datetime(2026, 3, 19, 9), ""),
        (datetime(2026, 3, 19, 8), "is taken: booked by mlopez at d1"),
        (datetime(2026, 3, 19, 12), "LEE has lunch until 1:00p on Thu Mar 19"),
        (datetime(2026, 3, 19, 18), "is outside"),
        (datetime(2026, 3, 17, 9), "is past"),
        (datetime(2026, 3, 20, 9), "Closed on Fri Mar 20: Holiday"),
        (datetime(2026, 3, 8, 2, 30), "does not exist"),
    ],
)
def test_why_not(house: Clinic, start: datetime, words: str) -> None:
    book(house, datetime(2026, 3, 19, 8))
    templates.add_exception(house.desk, day=date(2026, 3, 20), kind="closed", label="Holiday")
    said = openings.why_not(house.desk, visit_type="FU", provider="LEE", start=start)
    assert words in said and bool(words) == bool(said)


def test_the_week_at_a_glance(house: Clinic) -> None:
    book(house, datetime(2026, 3, 23, 8), minutes=240)
    templates.add_exception(house.desk, day=date(2026, 3, 24), kind="away", provider="LEE")
    templates.end_template(
        house.desk,
        house.desk.rows("SELECT min(id) FROM weekly_template WHERE weekday = 4")[0][0],
        version=1,
        ends_on=TODAY,
    )
    (strip,) = openings.week_strip(house.desk, ["lee"], date(2026, 3, 25))
    # six parts from 7:00 to noon and from noon to 7:00p
    assert strip.am == ("x#####", "xxxxxx", "x.....", "x.....", "xxxxxx")
    assert strip.pm == (".....x", "xxxxxx", ".....x", ".....x", "xxxxxx")


def test_values_that_cannot_be(house: Clinic) -> None:
    with pytest.raises(NotFound):
        openings.search(house.desk, visit_type="ZZ")
    with pytest.raises(NotFound):
        openings.search(house.desk, visit_type="FU", provider="NOBODY")
    for days in (0, -1, 10**9):
        with pytest.raises(Invalid):
            openings.search(house.desk, visit_type="FU", days=days)
    with pytest.raises(Invalid):
        openings.search(house.desk, visit_type="FU", first=date(9999, 1, 1))
    assert openings.search(house.desk, visit_type="FU", weekdays=[]) == []


@pytest.mark.parametrize(("minutes", "index"), [(60, 30), (30, 30), (20, 15), (15, 15), (10, None)])
def test_a_search_reads_past_no_gap_that_is_too_short_to_matter(
    house: Clinic, monkeypatch: pytest.MonkeyPatch, minutes: int, index: int | None
) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    rows = Desk.rows

    def noting(desk: Desk, sql: str, *params: object) -> list[tuple[object, ...]]:
        asked.append((sql, params))
        return rows(desk, sql, *params)

    monkeypatch.setattr(Desk, "rows", noting)
    assert openings.search(house.desk, visit_type="FU", minutes=minutes, limit=1)
    sql, params = next(one for one in asked if "FROM free_interval f" in one[0])
    plan = " ".join(str(step[3]) for step in rows(house.desk, f"EXPLAIN QUERY PLAN {sql}", *params))
    name = f"free_interval_from_{index}" if index else "free_interval_starts_at_ends_at_provider_id"
    assert f"INDEX {name} " in plan
