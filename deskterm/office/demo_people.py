"""The invented patients of the sample clinic, the same for the same seed and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from deskterm.clock import age_on
from deskterm.office import demo_data as data
from deskterm.office.patient_entry import (
    AddressEntry,
    ContactEntry,
    CoverageEntry,
    PatientEntry,
    PhoneEntry,
)
from deskterm.text import fold

_LANGUAGES = ("en",) * 22 + ("es", "es", "vi", "pl", "zh", "ar")
_ADULT, _OLD = 18, 65  # years


def people(rng: Random, count: int, today: date) -> Iterator[PatientEntry]:
    """``count`` patients to register; those of ``demo_data.PEOPLE`` come first."""
    phones = _numbers(rng)
    taken: set[tuple[str, str]] = set()
    for somebody in data.PEOPLE[:count]:
        taken.add((somebody.last_name, somebody.first_name))
        yield _known(rng, somebody, next(phones))
    for _ in range(count - len(data.PEOPLE)):
        yield _anybody(rng, today, taken, phones)


def newcomer(rng: Random, today: date) -> PatientEntry:
    """Somebody who called two days ago for a first visit: name, birth date and phone only."""
    return PatientEntry(
        last_name="Whitaker", first_name="Noah", sex="M",
        birth_date=_born(rng, today, 31, 31), phones=[PhoneEntry("+12175550199")],
    )  # fmt: skip


def _numbers(rng: Random) -> Iterator[str]:
    """Distinct numbers set aside for examples; they begin anew when all were given."""
    found = [f"+1{area}55501{tail:02}" for area in data.AREA_CODES for tail in range(2, 99)]
    rng.shuffle(found)
    while True:
        yield from found


def _known(rng: Random, who: data.Somebody, number: str) -> PatientEntry:
    return PatientEntry(
        last_name=who.last_name, first_name=who.first_name, middle_name=who.middle_name,
        preferred_name=who.preferred_name, previous_last_name=who.previous_last_name,
        pronunciation=who.pronunciation, birth_date=date.fromisoformat(who.born), sex=who.sex,
        language=who.language, interpreter_needed=who.interpreter_needed, alert=who.alert,
        email=_email(who.first_name, who.last_name), phones=[_phone(rng, number)],
        address=_address(rng), pcp="Anna Lee MD", pharmacy=rng.choice(data.PHARMACIES),
        coverages=[_coverage(rng, who.plan)],
        contacts=[ContactEntry("Sam " + who.last_name, "spouse", number, emergency_contact=True)],
    )  # fmt: skip


def _anybody(
    rng: Random, today: date, taken: set[tuple[str, str]], phones: Iterator[str]
) -> PatientEntry:
    sex = rng.choices("FMX", (54, 45, 1))[0]
    born = _born(rng, today, 0, 92)
    while True:
        last = rng.choice(data.SURNAMES)
        if rng.random() < 0.03:
            last = f"{last}-{rng.choice(data.SURNAMES)}"
        first = rng.choice(data.MEN if sex == "M" else data.WOMEN)
        if (last, first) not in taken:
            taken.add((last, first))
            break
    number, age = next(phones), age_on(born, today)
    minor = age < _ADULT
    language = rng.choice(_LANGUAGES)
    plan = _plan(rng, age)
    entry = PatientEntry(
        last_name=last, first_name=first, birth_date=born, sex=sex, language=language,
        middle_name=rng.choice((*data.WOMEN, *data.MEN)) if rng.random() < 0.5 else "",
        interpreter_needed=language != "en" and rng.random() < 0.4,
        email=_email(first, last) if not minor and rng.random() < 0.6 else "",
        contact_channel=rng.choice(("phone", "phone", "text", "text", "email")),
        alert=rng.choice(data.ALERTS) if rng.random() < 0.04 else "",
        phones=[_phone(rng, number)], address=_address(rng),
        pharmacy=rng.choice(data.PHARMACIES) if rng.random() < 0.5 else "",
        coverages=[_coverage(rng, plan)],
        pcp=rng.choice(("Anna Lee MD", "Ravi Patel MD")) if plan == "BCHMO" else "",
    )  # fmt: skip
    if not entry.email and entry.contact_channel == "email":
        entry.contact_channel = "phone"
    if minor:
        parent = f"{rng.choice(data.WOMEN)} {last}"
        entry.contacts = [
            ContactEntry(parent, "mother", number, emergency_contact=True, guarantor=True,
                         guardian=True, may_discuss="everything")
        ]  # fmt: skip
        if plan not in ("SELF", "MCD"):
            entry.coverages[0].relationship = "19"
            entry.coverages[0].subscriber_name = parent
            entry.coverages[0].subscriber_birth_date = _born(rng, today, 26 + age, 40 + age)
    elif rng.random() < 0.5:
        entry.contacts = [
            ContactEntry(f"{rng.choice((*data.WOMEN, *data.MEN))} {last}",
                         rng.choice(("spouse", "child", "parent", "friend")), next(phones),
                         emergency_contact=True)
        ]  # fmt: skip
    return entry


def _born(rng: Random, today: date, youngest: int, oldest: int) -> date:
    return today - timedelta(days=rng.randint(youngest * 365 + 120, oldest * 365 + 300))


def _email(first: str, last: str) -> str:
    names = [fold(name).replace(" ", "") for name in (first, last)]
    return f"{'.'.join(names)}@example.org"


def _phone(rng: Random, number: str) -> PhoneEntry:
    kind = rng.choices(("mobile", "home", "work"), (80, 17, 3))[0]
    return PhoneEntry(number, kind, text_ok=kind == "mobile" and rng.random() < 0.7)


def _address(rng: Random) -> AddressEntry:
    city, postal_code = rng.choice(data.TOWNS)
    return AddressEntry(
        f"{rng.randint(10, 2999)} {rng.choice(data.STREETS)}",
        f"Apt {rng.randint(1, 40)}" if rng.random() < 0.2 else "",
        city, "IL", postal_code,
    )  # fmt: skip


def _plan(rng: Random, age: int) -> str:
    if age >= _OLD and rng.random() < 0.85:
        return "MCR"
    codes = [plan for plan in data.PLANS if plan[0] != "MCR"]
    return rng.choices([plan[0] for plan in codes], [plan[5] for plan in codes])[0]


def _coverage(rng: Random, plan: str) -> CoverageEntry:
    if plan == "SELF":
        return CoverageEntry(plan)
    member = f"{plan[:3]}{rng.randint(10**8, 10**9 - 1)}"
    group = f"G{rng.randint(1000, 9999)}" if plan in ("AETPPO", "BCHMO", "UNITED") else ""
    return CoverageEntry(plan, member, group, starts_on=date(2024, 1, 1))
