"""Seeded snooping: every case is on the review's list, and ordinary work is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from deskterm.clock import FrozenClock
from deskterm.errors import Invalid, NotAllowed
from deskterm.office import activity, break_glass, finder, patients
from deskterm.office import clinic as clinics
from deskterm.office.desk import Actor, Desk, open_desk
from tests.factories import Clinic, clinic
from tests.screens.people import register

DAY = date(2026, 3, 18)  # the clock's day, a Wednesday; its wall time is 9:42


@pytest.fixture
def house(desk: Desk) -> Clinic:
    made = clinic(desk)
    for login, name in (("sdiaz", "Sofia Diaz"), ("rn1", "Dana Kim"), ("bob", "Bob Nobody")):
        clinics.add_staff(desk, login=login, name=name, role="front_desk")
    for number in range(60):
        register(desk, f"Person{chr(97 + number // 26)}{chr(97 + number % 26)}", "Pat", phone="")
    return made


def as_(desk: Desk, login: str, look: Callable[[Desk], object]) -> None:
    """Do something at another person's desk."""
    other = open_desk(desk.settings, login=login, clock=desk.clock)
    look(other)
    other.close()


def items(desk: Desk) -> list[tuple[str, str, int | None]]:
    return [(i.kind, i.actor, i.patient_id) for i in activity.review(desk).items]


def test_an_ordinary_day_lists_nothing(house: Clinic) -> None:
    desk = house.desk
    for patient_id in range(1, 15):
        patients.opened(desk, patient_id)
    finder.find(desk, "person")
    desk.views.listed("day", range(1, 50))
    assert items(desk) == []


def test_their_own_record_household_and_namesakes(house: Clinic) -> None:
    desk = house.desk
    own = register(desk, "Diaz", "Sofia", phone="217-555-0111").id
    child = register(desk, "Perez", "Leo", phone="217-555-0111").id
    other = register(desk, "Díaz", "Ramon", phone="217-555-0122").id
    stranger = register(desk, "Diazepam", "Ann", phone="").id
    for patient_id in (own, child, other, stranger):
        as_(desk, "sdiaz", lambda d, p=patient_id: patients.opened(d, p))  # type: ignore[misc]
        as_(desk, "rn1", lambda d, p=patient_id: patients.opened(d, p))  # type: ignore[misc]
    assert items(desk) == [
        ("own_record", "sdiaz", own), ("same_address", "sdiaz", child),
        ("same_surname", "sdiaz", other),
    ]  # fmt: skip
    (mine, *_) = activity.review(desk).items
    assert mine.entries and mine.at.date() == DAY


def test_the_same_address(house: Clinic) -> None:
    desk = house.desk
    own = house.patient("KIM", "DANA")
    near = house.patient("LEE", "SAM")
    desk.rows("UPDATE patient_phone SET number = '+12175550133', reversed = '33'"
              " WHERE patient_id = ?", near.id)  # fmt: skip
    as_(desk, "rn1", lambda d: patients.opened(d, near.id))
    assert items(desk) == [("same_address", "rn1", near.id)]
    assert own.id != near.id


def test_restricted_records_with_their_reason(house: Clinic) -> None:
    desk = house.desk
    vip = house.patient("VIP", "VERA", restricted=True)

    def look(desk: Desk) -> None:
        break_glass.break_glass(desk, vip.id, code="other", reason="she asked me to")
        patients.opened(desk, vip.id)

    as_(desk, "bob", look)
    (item,) = activity.review(desk).items
    assert (item.kind, item.patient_id) == ("restricted", vip.id)
    assert item.detail == "other: she asked me to"


@pytest.mark.parametrize(("hours", "is_odd"), [(12, True), (-5, True), (4, False), (9, False)])
def test_after_hours(house: Clinic, clock: FrozenClock, hours: int, is_odd: bool) -> None:
    """The clinic is open from 7 to 19, and an hour before and after is no odd hour."""
    desk = house.desk
    clock.advance(hours=hours)
    as_(desk, "bob", lambda d: patients.opened(d, 3))
    clock.advance(hours=-hours)
    clock.advance(days=1)
    assert items(desk) == ([("after_hours", "bob", None)] if is_odd else [])


def test_far_more_people_than_usual(house: Clinic, clock: FrozenClock) -> None:
    desk = house.desk
    for day in range(10):
        for patient_id in range(1, 8 + day % 3):
            as_(desk, "bob", lambda d, p=patient_id: patients.opened(d, p))  # type: ignore[misc]
        clock.advance(days=1)
    assert items(desk) == [i for i in items(desk) if i[0] == "after_hours"]
    bob = open_desk(desk.settings, login="bob", clock=clock)
    for patient_id in range(1, 41):
        patients.opened(bob, patient_id)
    bob.close()
    assert ("many", "bob", None) in items(desk)
    (item,) = [i for i in activity.review(desk).items if i.kind == "many"]
    assert item.detail == "40 on 03/28, usually 8"
    assert len(item.entries) == 40


def test_refusals_and_failed_sign_ins(house: Clinic) -> None:
    desk = house.desk
    for _ in range(3):
        with pytest.raises(NotAllowed):
            open_desk(desk.settings, login="ghost", clock=desk.clock)
    bob = open_desk(desk.settings, login="bob", clock=desk.clock)
    bob.actor = Actor("bob", "Bob", "front_desk", frozenset({"view_patients"}))
    for _ in range(3):
        with pytest.raises(NotAllowed):
            bob.require("view_journal")
    bob.close()
    kinds = [i.kind for i in activity.review(desk).items]
    assert kinds == ["refused", "sign_in"]


def test_signing_off_is_one_entry_and_needs_words(house: Clinic) -> None:
    desk = house.desk
    found = activity.review(desk)
    assert found.signed_off == ""
    with pytest.raises(Invalid):
        activity.sign_off(desk, found, note=" ")
    before = desk.rows("SELECT count(*) FROM journal")[0][0]
    activity.sign_off(desk, found, note="all explained")
    assert desk.rows("SELECT count(*) FROM journal")[0][0] == before + 1
    assert activity.review(desk).signed_off == "2026-03-18 09:42 by mlopez"
    desk.actor = Actor("bob", "Bob", "front_desk", frozenset())
    with pytest.raises(NotAllowed):
        activity.review(desk)
    with pytest.raises(NotAllowed):
        activity.sign_off(desk, found, note="all explained")


def test_only_the_period_counts(house: Clinic, clock: FrozenClock) -> None:
    desk = house.desk
    own = register(desk, "Diaz", "Sofia").id
    as_(desk, "sdiaz", lambda d: patients.opened(d, own))
    clock.advance(days=8)
    assert items(desk) == []
    found = activity.review(desk, first=DAY, last=DAY)
    assert [(i.kind, i.patient_id) for i in found.items] == [("own_record", own)]
