"""The finder: everything a clerk is given leads to the patient."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deskterm.clock import FrozenClock, epoch_minute, utc
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.patients import Patient, PatientIdentifier, PatientPhone
from deskterm.db.scheduling import Appointment, VisitType
from deskterm.db.staff import Location, Provider
from deskterm.errors import NotAllowed
from deskterm.office import finder, recents, search_index
from deskterm.office.desk import Actor, Desk

BORN = date(1982, 3, 14)
Adder = Callable[..., int]


@pytest.fixture
def add(desk: Desk) -> Adder:
    """Adds a patient ``"LAST, FIRST"``; returns the id."""
    numbers = iter(range(10001, 99999))

    def add(name: str, *, born: date = BORN, phone: str = "", mrn: str = "", **names: str) -> int:
        last, _, first = name.partition(", ")
        with desk.operation("patient.register") as op:
            patient = op.create(
                Patient,
                mrn=mrn or str(next(numbers)),
                last_name=last,
                first_name=first,
                birth_date=born,
                registered_at=op.now,
                **names,
            )
            if phone:
                op.create(PatientPhone, patient=patient, number=phone)
            search_index.index_patient(desk.database, patient.id)
        return patient.id

    return add


@pytest.fixture
def visit(desk: Desk) -> Callable[[int, datetime], int]:
    """Books a visit with NOVAK; returns the id."""

    def visit(patient_id: int, start: datetime, **values: str) -> int:
        with desk.operation("appointment.book") as op:
            location = Location.get_or_none() or op.create(
                Location, code="MAIN", name="Main", zone=desk.zone
            )
            provider = Provider.get_or_none() or op.create(
                Provider, code="NOVAK", first_name="Ann", last_name="Novak"
            )
            kind = VisitType.get_or_none() or op.create(
                VisitType, code="FU", name="Follow-up", minutes=20
            )
            made = op.create(
                Appointment, patient=patient_id, provider=provider, location=location,
                visit_type=kind, day=start.date(), wall_start=start, zone=desk.zone,
                starts_at=epoch_minute(utc(start, desk.zone)), minutes=20, booked_at=op.now,
                lane=Appointment.select().count() % 50, **values,
            )  # fmt: skip
        return made.id

    return visit


def names(desk: Desk, text: str, limit: int = 9) -> list[str]:
    return [row.name for row in finder.find(desk, text, limit=limit).rows]


@pytest.mark.parametrize(
    "typed",
    ["smi", "smith", "SMITH", "smi jo", "jo smi", "smith, john", "smith,john", ",joh", "john",
     "john smith", "smi 82", "smi 1982", "smi 031482", "smi jo 3.14.82", "smi 3/14/1982",
     "031482", "3/14/82", "14mar82", "19820314", "1982-03-14", "March 14, 1982", "0142", "s0142",
     "5550142", "(217) 555-0142", "217-555-0142", "+12175550142", "2175550142", "#10482", "10482",
     "mrn:10482", "smith john q", "john q smith", "smi 0142"],
)  # fmt: skip
def test_every_way_to_name_one_person(desk: Desk, add: Adder, typed: str) -> None:
    wanted = add("Smith, John", middle_name="Quincy", phone="+12175550142", mrn="10482")
    add("Garcia, Ana", born=date(1990, 7, 2), phone="+12175550177")
    add("Tran, Bao", born=date(1958, 12, 30), phone="+12175550190")
    found = finder.find(desk, typed)
    assert [row.id for row in found.rows] == [wanted]
    assert not found.sounds_like


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("O'Neil, Sean", ["oneil", "o'neil", "o’neil", "O NEIL", "neil", "oneil se"]),
        ("Garcia-Lopez, Ana María",
         ["garcia-lopez", "garcia lopez", "garcialopez", "lopez", "lopez ana", "ana lopez",
          "garcia ana maria", "garcia, ana maria", "maria garcia", "garcia lopez ana"]),
        ("de la Cruz, Maria",
         ["de la cruz", "delacruz", "de la cruz,m", "la cruz", "cruz", "cruz, maria",
          "maria de la cruz", "de la cruz maria", "dela cruz"]),
        ("Nguyễn, Thị Hoa", ["nguyen", "Nguyễn", "nguyen thi", "thi hoa nguyen", "hoa nguyen"]),
        ("Łukaszewicz, Łukasz", ["lukasz", "Łukasz", "lukaszewicz, luk"]),
        ("Peña, José", ["pena", "peña", "jose", "josé pena", "pen\u0303a"]),
        ("Straße, Jürgen", ["strasse", "straße", "jurgen"]),
        ("St. John, Mary-Ann", ["st john", "stjohn", "john", "mary ann", "maryann", "ann"]),
        ("王, 小明", ["王", "小明", "王 小明", "王,小"]),
    ],
)  # fmt: skip
def test_accents_hyphens_apostrophes_and_double_names(
    desk: Desk, add: Adder, stored: str, typed: list[str]
) -> None:
    wanted = add(stored)
    add("Baker, Zed")
    for text in typed:
        found = finder.find(desk, text)
        assert [row.id for row in found.rows] == [wanted], text
        assert not found.sounds_like, text


def test_preferred_and_previous_names(desk: Desk, add: Adder) -> None:
    wanted = add("Young, Margaret", preferred_name="Peggy", previous_last_name="Van Horn")
    add("Young, Paul")
    for text in ("young peg", "peggy young", "peggy", "van horn", "horn", "van horn, marg",
                 "horn peg"):  # fmt: skip
        assert [row.id for row in finder.find(desk, text).rows] == [wanted], text


def test_the_reading_is_said(desk: Desk, add: Adder) -> None:
    add("Smith, Joan", phone="+12175550142")
    assert finder.find(desk, "smi jo").how == "surname SMI, given JO"
    assert finder.find(desk, "s0142").how == "surname S, phone ..0142"
    assert finder.find(desk, "031482").how == "born 03/14/1982"
    assert finder.find(desk, "#10001").how == "MRN 10001"
    nobody = finder.find(desk, "qqq zzz")
    assert (nobody.rows, nobody.how) == ((), "surname QQQ, given ZZZ")


def test_what_follows_is_kept(desk: Desk, add: Adder) -> None:
    wanted = add("Smith, Joan")
    found = finder.find(desk, "smi jo;b fu lee 1w pm")
    assert found.then == "b fu lee 1w pm"
    assert [row.id for row in found.rows] == [wanted]


def test_identifiers_social_security_and_member_ids(desk: Desk, add: Adder) -> None:
    wanted = add("Smith, Joan")
    with desk.operation("patient.edit") as op:
        for kind, value in (("SS", "999-12-1482"), ("DL", "S99951234"), ("MR", "ab-77/x")):
            op.create(PatientIdentifier, patient=wanted, system=kind, value=value, kind=kind)
        plan = op.create(Plan, code="AET", name="Aetna", payer_name="Aetna")
        op.create(Coverage, patient=wanted, plan=plan, member_id="W123456789")
        search_index.index_patient(desk.database, wanted)
    add("Smith, John")
    for text in ("S99951234", "999-12-1482", "ab-77/x", "mid:W1234", "mid:w123456789"):
        assert [row.id for row in finder.find(desk, text).rows] == [wanted], text
    assert finder.find(desk, "s1482").how == "surname S, SSN ..1482"
    assert [row.id for row in finder.find(desk, "1482").rows] == [wanted]


def test_a_phone_that_ended_finds_nobody(desk: Desk, add: Adder) -> None:
    patient_id = add("Smith, Joan", phone="+12175550142")
    with desk.operation("patient.edit") as op:
        phone = op.get(PatientPhone, 1)
        phone.ended_on = desk.today()
        op.save(phone)
    assert finder.find(desk, "2175550142").rows == ()
    assert finder.find(desk, "smith").rows[0].id == patient_id


def test_records_merged_away_are_not_found(desk: Desk, add: Adder) -> None:
    add("Smith, Joan", status="merged", mrn="20001")
    kept = add("Smith, Joan", mrn="20002")
    assert [row.id for row in finder.find(desk, "smith joan").rows] == [kept]
    assert not finder.find(desk, "smith").rows[0].alike


def test_order_is_exact_today_recent_then_name(
    desk: Desk, add: Adder, visit: Callable[..., int], clock: FrozenClock
) -> None:
    late = add("Smith, Zoe")
    recent = add("Smith, Yan")
    add("Smith, Amy", born=date(1990, 1, 1))
    add("Smith, Amy", born=date(1980, 1, 1))
    add("Smithson, Abe")
    numbered = add("Zed, Zed", mrn="1234")
    add("Able, Al", phone="+12175551234")
    visit(late, datetime(2026, 3, 18, 11, 30), confirmation="confirmed")
    recents.opened(desk, recent)
    found = finder.find(desk, "smi")
    assert [(row.name, row.birth_date.year) for row in found.rows] == [
        ("SMITH, ZOE", 1982), ("SMITH, YAN", 1982), ("SMITH, AMY", 1980), ("SMITH, AMY", 1990),
        ("SMITHSON, ABE", 1982),
    ]  # fmt: skip
    assert finder.find(desk, "1234").rows[0].id == numbered
    clock.advance(hours=2, minutes=1)
    assert [row.name for row in finder.find(desk, "smi").rows][1] == "SMITH, AMY"


def test_broad_searches_still_put_today_first(
    desk: Desk, add: Adder, visit: Callable[..., int]
) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for a in letters[:10]:
        for b in letters[:9]:
            add(f"Sm{a}{b}, Jo{a}", born=date(1970, 1, 1))
    today = add("Smzz, Joz")
    lately = add("Smzy, Joz")
    visit(today, datetime(2026, 3, 18, 9, 0))
    recents.opened(desk, lately)
    for text in ("sm", "sm j", "jo sm", ",jo"):
        found = finder.find(desk, text)
        assert [row.id for row in found.rows][:2] == [today, lately], text
        assert found.more, text
        assert len(found.rows) == 9, text
    assert [row.name for row in finder.find(desk, ",jo").rows][2] == "SMAA, JOA"


def test_a_broad_search_sees_who_was_booked_since_the_last_one(
    desk: Desk, add: Adder, visit: Callable[..., int]
) -> None:
    for number in range(70):
        add(f"Smab{chr(97 + number % 26)}, Jo", born=date(1970, 1, 1) + timedelta(days=number))
    first, second = add("Smzy, Jo"), add("Smzz, Jo")
    visit(first, datetime(2026, 3, 18, 9, 0))
    assert finder.find(desk, "sm").rows[0].id == first
    visit(second, datetime(2026, 3, 18, 9, 30))
    assert [row.id for row in finder.find(desk, "sm").rows[:2]] == [first, second]


def test_today_and_next_visit_texts(desk: Desk, add: Adder, visit: Callable[..., int]) -> None:
    a, b, c, d = (add(f"Example, {name}") for name in ("Ada", "Ben", "Cal", "Dot"))
    visit(a, datetime(2026, 3, 18, 11, 30), confirmation="confirmed")
    visit(a, datetime(2026, 4, 1, 9, 0))
    visit(b, datetime(2026, 4, 2, 9, 0))
    visit(c, datetime(2024, 5, 6, 9, 0), lifecycle="completed", stage="checked_out")
    visit(d, datetime(2026, 3, 18, 15, 0), lifecycle="cancelled")
    rows = finder.find(desk, "example").rows
    assert {row.first_name: row.today for row in rows} == {
        "Ada": "11:30a NOVAK CNF", "Ben": "Apr 2 NOVAK", "Cal": "last seen 2024", "Dot": "none",
    }  # fmt: skip


def test_alike_marks(desk: Desk, add: Adder) -> None:
    add("Smith, Joan", born=date(1982, 3, 14))
    add("Smith, Joan", born=date(1992, 3, 14))
    add("Smyth, Jon", born=date(1982, 9, 9))
    add("Smith, Jordan", born=date(1982, 9, 9))
    add("Catherine, Ann", born=date(1970, 1, 1))
    add("Katherine, Anne", born=date(1971, 1, 1))
    marks = {(r.name, r.birth_date.year): r.alike for r in finder.find(desk, "smi").rows}
    assert marks == {
        ("SMITH, JOAN", 1982): True, ("SMITH, JOAN", 1992): True, ("SMITH, JORDAN", 1982): False,
    }  # fmt: skip
    assert finder.find(desk, "smyth").rows[0].alike  # sounds like Joan Smith, born the same year
    assert not finder.find(desk, "katherine").rows[0].alike  # another year


def test_last_patient_and_last_nine(desk: Desk, add: Adder) -> None:
    ids = [add(f"Example, {letter}") for letter in "ABCDEFGHIJKL"]
    for patient_id in [*ids, ids[3]]:
        recents.opened(desk, patient_id)
    assert [row.id for row in finder.find(desk, ".").rows] == [ids[3]]
    nine = [row.id for row in finder.find(desk, "..").rows]
    assert nine == [ids[3], *reversed(ids[4:])]
    desk.actor = Actor("other", "Other", "front_desk", desk.actor.permissions)
    assert finder.find(desk, ".").rows == ()


def test_a_typing_error_is_found_and_said(desk: Desk, add: Adder) -> None:
    wanted = add("Smith, Joan", born=date(1982, 3, 14))
    add("Garcia, Luis", born=date(1960, 1, 1))
    for text in ("smiht", "smoth joan", "smth jo", "smitth, joan", "joan smiht", "smith jaon",
                 "smihth 82", "smiht 031482", "smoth jaon"):  # fmt: skip
        found = finder.find(desk, text)
        assert [row.id for row in found.rows] == [wanted], text
        assert found.sounds_like, text
    assert finder.find(desk, "smyth").sounds_like
    other = finder.find(desk, "smith joan 031582")
    assert [row.id for row in other.rows] == [wanted]
    assert other.how == "surname SMITH, given JOAN, another birth date"


def one_edit(word: str, chance: random.Random) -> str:
    """``word`` with one letter wrong, missing, too many, or two swapped."""
    at, letter = chance.randrange(1, len(word)), chance.choice("abcdefghijklmnopqrstuvwxyz")
    swapped = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return chance.choice(
        [word[:at] + letter + word[at + 1 :], word[:at] + word[at + 1 :],
         word[:at] + letter + word[at:], swapped]
    )  # fmt: skip


def test_recall_of_one_typing_error(desk: Desk, add: Adder) -> None:
    chance = random.Random(11)
    parts = ["ber", "man", "son", "ler", "ski", "ton", "vil", "gar", "dor", "lin", "mar", "ros"]
    people = {}
    while len(people) < 300:
        surname = "".join(chance.sample(parts, 3)).capitalize()
        given_name = chance.choice(["Ana", "Bruno", "Carla", "Dennis", "Elena", "Felix", "Gita"])
        born = date(1940, 1, 1) + timedelta(days=chance.randrange(28000))
        people.setdefault((surname, given_name), born)
    ids = {key: add(f"{key[0]}, {key[1]}", born=born) for key, born in people.items()}
    found = 0
    for (surname, given_name), patient_id in ids.items():
        text = f"{one_edit(surname.lower(), chance)} {given_name.lower()}"
        found += patient_id in [row.id for row in finder.find(desk, text).rows]
    assert found / len(ids) >= 0.95


def test_looking_needs_the_permission(desk: Desk) -> None:
    desk.actor = Actor("x", "X", "none", frozenset())
    with pytest.raises(NotAllowed):
        finder.find(desk, "smith")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(max_size=60))
def test_no_text_is_an_error(desk: Desk, text: str) -> None:
    finder.find(desk, text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "'", "%", "_", "%_%", '"', "\x1b[31m", "[red]x", "\u202eabc", "a" * 5000, "*", "--",
     "'; DROP TABLE patient; --", "1" * 50, "enc:99999999999999999999999", "\ud800", "\x00", ",",
     ",,", "-", "#", "\U0010ffff", "a b c d e f g h i j k"],
)  # fmt: skip
def test_odd_texts_find_nobody(desk: Desk, add: Adder, text: str) -> None:
    add("Example, Pat")
    assert names(desk, text) in ([], ["EXAMPLE, PAT"])
    assert desk.rows("SELECT count(*) FROM patient") == [(1,)]


def test_the_index_follows_a_change_of_name(desk: Desk, add: Adder) -> None:
    patient_id = add("Garcia-Lopez, Ana", middle_name="Rosa", phone="+12175550142")
    assert search_index.check(desk.database) == []
    with desk.operation("patient.edit") as op:
        patient = op.get(Patient, patient_id)
        patient.last_name, patient.middle_name = "O'Brien", ""
        op.save(patient)
        search_index.index_patient(desk.database, patient_id)
    assert search_index.check(desk.database) == []
    assert names(desk, "obrien ana") == ["O'BRIEN, ANA"]
    assert names(desk, "lopez") == []
    assert names(desk, "rosa") == []


def test_check_sees_a_broken_index_and_rebuild_mends_it(desk: Desk, add: Adder) -> None:
    add("Garcia-Lopez, Ana", phone="+12175550142")
    with desk.database.writing():
        desk.rows("UPDATE patient SET last_key = 'x'")
        desk.rows("DELETE FROM patient_name_word")
        desk.rows("DELETE FROM search_name_key")
        desk.rows("UPDATE patient_phone SET reversed = ''")
    assert len(search_index.check(desk.database)) >= 4
    with desk.database.writing():
        search_index.rebuild(desk.database)
    assert search_index.check(desk.database) == []
    assert names(desk, "lopez") == ["GARCIA-LOPEZ, ANA"]
