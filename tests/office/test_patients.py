"""Registering, editing and telling apart patients."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.patients import Patient, PatientAddress, PatientPhone, RelatedPerson
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.office import break_glass, coverage, finder, patients, search_index
from deskterm.office.desk import Actor, Desk
from deskterm.office.patients import (
    AddressEntry,
    ContactEntry,
    CoverageEntry,
    PatientEntry,
    PhoneEntry,
)

BORN = date(1982, 3, 14)
TODAY = date(2026, 3, 18)
PAYLOADS = (
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x07", "\x1bPq#0\x1b\\", "\x9b31m", "\x07",
    "\x08\x08", "\x00", "\r\nroot#", "\x7f", "\u202egnihton", "\u2066a\u2069", "\u200f", "\u061c",
    "\u2028", "\u200b", "\ufeff", "\U000e0041", "a" + "\u0301" * 30, "\ud800", "\x1b", "\x85",
    "\x0e", "\x1bc", "\x1b[6n", "x" * 3000,
)  # fmt: skip
TEXTS = (
    "last_name", "first_name", "middle_name", "suffix", "preferred_name", "previous_last_name",
    "pronunciation", "language", "email", "pcp", "pharmacy", "alert", "mrn",
)  # fmt: skip


def entry(last: str = "Smith", first: str = "Joan", **values: Any) -> PatientEntry:
    return PatientEntry(last, first, values.pop("birth_date", BORN), **values)


def full(**values: Any) -> PatientEntry:
    return entry(
        middle_name="Marie", sex="F", email="J.Smith@Example.org", alert="hearing aid",
        phones=[PhoneEntry("217-555-0142", text_ok=True), PhoneEntry("2175550177", "home")],
        address=AddressEntry("418 Elm St", "Apt 2", "Springfield", "IL", "62704"),
        contacts=[ContactEntry("Mark Smith", "spouse", "555-0199", emergency_contact=True)],
        **values,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def whole_index(desk: Desk) -> Iterator[None]:
    """After every test the search index holds what it should."""
    yield
    assert search_index.check(desk.database) == []


def test_a_registered_patient_is_on_file_with_everything(desk: Desk) -> None:
    patient = patients.register(desk, full())
    assert patient.mrn == "10001"
    card = patients.card(desk, patient.id)
    assert card.patient.name == "SMITH, JOAN M"
    assert card.patient.email == "J.Smith@example.org"
    assert [(p.number, p.text_ok, p.consent_on) for p in card.phones] == [
        ("+12175550142", True, TODAY), ("+12175550177", False, None),
    ]  # fmt: skip
    assert (card.addresses[0].line1, card.addresses[0].confirmed_on) == ("418 Elm St", TODAY)
    assert (card.contacts[0].name, card.contacts[0].phone) == ("Mark Smith", "+12175550199")
    assert (card.due_cents, card.balance_cents, card.open_messages) == (0, 0, 0)
    assert [row.id for row in finder.find(desk, "smi jo").rows] == [patient.id]
    assert [row.id for row in finder.find(desk, "5550177").rows] == [patient.id]


def test_one_registration_is_one_journal_entry(desk: Desk) -> None:
    before = desk.rows("SELECT count(*) FROM journal")[0][0]
    patient = patients.register(desk, full())
    found = desk.rows("SELECT operation, patient_id FROM journal WHERE seq > ?", before)
    assert found == [("patient.register", patient.id)]


def test_the_same_form_twice_is_one_patient(desk: Desk) -> None:
    first = patients.register(desk, full(), key="form-1")
    again = patients.register(desk, full(), key="form-1")
    assert again.id == first.id
    assert desk.rows("SELECT count(*) FROM patient") == [(1,)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"last": ""}, "last_name"),
        ({"last": " - "}, "last_name"),
        ({"first": "   "}, "first_name"),
        ({"last": "x" * 81}, "last_name"),
        ({"birth_date": None}, "birth_date"),
        ({"birth_date": date(2026, 3, 19)}, "birth_date"),
        ({"birth_date": date(1890, 1, 1)}, "birth_date"),
        ({"sex": "Q"}, "sex"),
        ({"language": "tlh"}, "language"),
        ({"email": "nobody"}, "email"),
        ({"contact_channel": "pigeon"}, "contact_channel"),
        ({"mrn": "10 1"}, "mrn"),
        ({"interpreter_needed": "yes"}, "interpreter_needed"),
        ({"phones": [PhoneEntry("12")]}, "phone"),
        ({"phones": [PhoneEntry("217-555-0142", "fax")]}, "phone_kind"),
        ({"phones": [PhoneEntry("217-555-0142"), PhoneEntry("2175550142")]}, "phone"),
        ({"address": AddressEntry()}, "line1"),
        ({"address": AddressEntry("1 Elm St", kind="castle")}, "address_kind"),
        ({"contacts": [ContactEntry("")]}, "contact_name"),
        ({"contacts": [ContactEntry("Mark", phone="x")]}, "contact_phone"),
        ({"coverages": [CoverageEntry("NONE", "W1")]}, "plan_code"),
    ],
)
def test_each_error_names_its_field_and_writes_nothing(
    desk: Desk, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        patients.register(desk, entry(**values))
    assert caught.value.field == field
    assert desk.rows("SELECT count(*) FROM patient") == [(0,)]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_texts_that_drive_a_terminal_are_refused_in_every_column(desk: Desk, payload: str) -> None:
    for name in TEXTS:
        with pytest.raises(Invalid):
            patients.register(desk, replace(entry(), **{name: "ab" + payload + "cd"}))
    for part in (
        {"address": AddressEntry("1 Elm " + payload + "St")},
        {"contacts": [ContactEntry("Mark " + payload + "Smith")]},
        {"contacts": [ContactEntry("Mark", may_discuss="a" + payload + "b")]},
        {"phones": [PhoneEntry("217555" + payload + "0142")]},
    ):
        with pytest.raises(Invalid):
            patients.register(desk, entry(**part))
    assert desk.rows("SELECT count(*) FROM patient") == [(0,)]


def test_markup_is_only_text(desk: Desk) -> None:
    patient = patients.register(desk, entry("[red]Smith[/]", alert="[link=x]y"))
    assert patients.card(desk, patient.id).patient.last_name == "[red]Smith[/]"


def test_mrns_are_dense_and_step_over_those_in_use(desk: Desk) -> None:
    assert patients.register(desk, entry(mrn="10002")).mrn == "10002"
    assert patients.register(desk, entry("A")).mrn == "10003"
    assert patients.register(desk, entry("B")).mrn == "10004"
    with pytest.raises(Conflict):
        patients.register(desk, entry("C", mrn="10003"))


REGISTER_TEN = """
import sys
from datetime import date
from deskterm.config import Settings
from deskterm.office import break_glass, patients
from deskterm.office.desk import open_desk

desk = open_desk(Settings(database=sys.argv[1]), login="mlopez")
for number in range(10):
    name = f"{sys.argv[2]}{number}"
    patients.register(desk, patients.PatientEntry(name, "Pat", date(1980, 1, 1)))
"""


@pytest.mark.processes
def test_desks_registering_at_once_get_numbers_of_their_own(desk: Desk) -> None:
    desks = [
        subprocess.Popen([sys.executable, "-c", REGISTER_TEN, desk.settings.database, name])
        for name in ("North", "South")
    ]
    assert [process.wait(timeout=60) for process in desks] == [0, 0]
    numbers = [int(mrn) for (mrn,) in desk.rows("SELECT mrn FROM patient ORDER BY id")]
    assert numbers == list(range(10001, 10021))


def test_an_edit_with_an_old_version_is_stale_and_says_who(desk: Desk) -> None:
    patient = patients.register(desk, entry())
    desk.actor = replace(desk.actor, login="akim")
    patients.edit(desk, patient.id, version=patient.version, alert="fall risk")
    desk.actor = replace(desk.actor, login="mlopez")
    with pytest.raises(Stale) as caught:
        patients.edit(desk, patient.id, version=patient.version, alert="deaf")
    assert "akim" in caught.value.message
    assert patients.card(desk, patient.id).patient.alert == "fall risk"


def test_a_new_phone_elsewhere_makes_an_open_form_stale(desk: Desk) -> None:
    patient = patients.register(desk, full())
    patients.set_phone(desk, patient.id, PhoneEntry("217-555-0111"))
    with pytest.raises(Stale):
        patients.edit_entry(desk, patient.id, patient.version, full())


def test_an_edit_of_a_name_moves_the_search(desk: Desk) -> None:
    patient = patients.register(desk, entry("Garcia-Lopez", "Ana"))
    patients.edit(
        desk, patient.id, version=patient.version, last_name="Novak",
        previous_last_name="Garcia-Lopez",
    )  # fmt: skip
    assert finder.find(desk, "novak").rows[0].id == patient.id
    assert finder.find(desk, "lopez ana").rows[0].id == patient.id


def test_unknown_fields_and_unknown_patients(desk: Desk) -> None:
    patient = patients.register(desk, entry())
    with pytest.raises(Invalid):
        patients.edit(desk, patient.id, version=1, status="deceased")
    with pytest.raises(NotFound):
        patients.edit(desk, 999, version=1, alert="x")
    for look in (patients.card, patients.banner, patients.row, patients.facts):
        with pytest.raises(NotFound):
            look(desk, 999)


def test_saving_an_unchanged_form_writes_nothing(desk: Desk) -> None:
    patient = patients.register(desk, full())
    before = desk.rows("SELECT count(*) FROM journal")
    saved = patients.edit_entry(
        desk, patient.id, patient.version, patients.card(desk, patient.id).entry(TODAY)
    )
    assert saved.version == patient.version
    assert desk.rows("SELECT count(*) FROM journal") == before


def test_the_whole_form_is_saved_in_one_operation(desk: Desk) -> None:
    coverage.add_plan(desk, code="AET", name="Aetna PPO")
    patient = patients.register(desk, full())
    form = patients.card(desk, patient.id).entry(TODAY)
    form.preferred_name = "Joanie"
    form.phones = [PhoneEntry("217-555-0177", "work"), PhoneEntry("217-555-0111")]
    form.address = AddressEntry("9 Oak Ave", "", "Decatur", "IL", "62521")
    form.contacts[0] = replace(form.contacts[0], may_discuss="billing")
    form.coverages = [CoverageEntry("aet", "W1", starts_on=TODAY)]
    before = desk.rows("SELECT count(*) FROM journal")[0][0]
    patients.edit_entry(desk, patient.id, patient.version, form)
    assert desk.rows("SELECT count(*) FROM journal")[0][0] == before + 1

    card = patients.card(desk, patient.id)
    assert card.patient.preferred_name == "Joanie"
    assert [(p.number, p.kind) for p in card.phones] == [
        ("+12175550177", "work"), ("+12175550111", "mobile"),
    ]  # fmt: skip
    assert [a.line1 for a in card.addresses] == ["9 Oak Ave"]
    assert [c.may_discuss for c in card.contacts] == ["billing"]
    assert [(c.plan_code, c.member_id) for c in card.coverages] == [("AET", "W1")]
    # nothing was overwritten: what was there is ended
    ended = {
        model: model.select().where(model.ended_on == TODAY).count()
        for model in (PatientPhone, PatientAddress, RelatedPerson)
    }
    assert ended == {PatientPhone: 1, PatientAddress: 1, RelatedPerson: 1}
    old = PatientAddress.get(PatientAddress.ended_on == TODAY)
    assert old.line1 == "418 Elm St"


def test_a_form_that_fails_at_its_end_changes_nothing(desk: Desk) -> None:
    patient = patients.register(desk, full())
    form = patients.card(desk, patient.id).entry(TODAY)
    form.preferred_name = "Joanie"
    form.phones = []
    form.coverages = [CoverageEntry("NONE", "W1")]
    with pytest.raises(Invalid):
        patients.edit_entry(desk, patient.id, patient.version, form)
    card = patients.card(desk, patient.id)
    assert (card.patient.preferred_name, len(card.phones)) == ("", 2)


def test_phones_come_and_go(desk: Desk) -> None:
    patient = patients.register(desk, full())
    old = patients.card(desk, patient.id).phones[0]
    new = patients.set_phone(desk, patient.id, PhoneEntry("555-0111"), replaces=old.id)
    assert new.number == "+12175550111"
    assert patients.row(desk, patient.id).phone == "+12175550111"
    assert finder.find(desk, "2175550142").rows == ()
    with pytest.raises(Conflict):
        patients.set_phone(desk, patient.id, PhoneEntry("217-555-0111"))
    patients.end_phone(desk, new.id, version=new.version)
    with pytest.raises(Stale):
        patients.end_phone(desk, new.id, version=new.version)
    stranger = patients.register(desk, entry("Other"))
    with pytest.raises(Invalid):
        patients.set_phone(desk, stranger.id, PhoneEntry("555-0112"), replaces=new.id)


def test_addresses_and_contacts_come_and_go(desk: Desk, clock: FrozenClock) -> None:
    patient = patients.register(desk, full())
    same = patients.set_address(
        desk, patient.id, AddressEntry("418 Elm St", "Apt 2", "Springfield", "IL", "62704")
    )
    assert PatientAddress.select().count() == 1
    mail = patients.set_address(desk, patient.id, AddressEntry("PO Box 4", kind="mailing"))
    assert [a.id for a in patients.card(desk, patient.id).addresses] == [same.id, mail.id]
    contact = patients.card(desk, patient.id).contacts[0]
    patients.set_contact(desk, patient.id, ContactEntry("Ann Smith"), replaces=contact.id)
    (ann,) = patients.card(desk, patient.id).contacts
    patients.end_contact(desk, ann.id, version=ann.version)
    assert patients.card(desk, patient.id).contacts == ()
    clock.advance(days=400)
    patients.confirm_contact(desk, patient.id)
    confirmed = {a.confirmed_on for a in patients.card(desk, patient.id).addresses}
    assert confirmed == {desk.today()}


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"last_name": "Smith", "first_name": "Joan", "birth_date": BORN}, "same birth date"),
        ({"last_name": "Smyth", "first_name": "Jone", "birth_date": BORN}, "sounds alike"),
        (
            {"last_name": "Smith", "first_name": "Joan", "birth_date": date(1982, 3, 41 - 27)},
            "same",
        ),
        ({"last_name": "Smith", "first_name": "Joan", "birth_date": date(1928, 3, 14)}, "swapped"),
        ({"last_name": "Joan", "first_name": "Smith", "birth_date": BORN}, "same birth date"),
        ({"last_name": "Jones", "first_name": "Joan", "birth_date": BORN}, "surname same"),
        ({"last_name": "Smith", "first_name": "Joanie", "birth_date": BORN}, "same birth date"),
        ({"last_name": "Smith", "first_name": "Joan"}, "surname same"),
        ({"last_name": "Smtih", "first_name": "J", "phone": "+12175550142"}, "same phone"),
    ],
)
def test_look_alikes(desk: Desk, typed: dict[str, Any], why: str) -> None:
    wanted = patients.register(desk, full(previous_last_name="Jones"))
    patients.register(desk, entry("Garcia", "Luis", birth_date=BORN))
    patients.register(desk, entry("Smith", "Walter", birth_date=date(1950, 1, 1)))
    found = patients.look_alikes(desk, **typed)
    assert [one.row.id for one in found] == [wanted.id]
    assert why in found[0].why
    assert 60 <= found[0].score <= 100


def test_look_alikes_are_ranked_and_strangers_left_out(desk: Desk) -> None:
    exact = patients.register(desk, entry("Nguyễn", "Hoa"))
    swapped = patients.register(desk, entry("Nguyen", "Hoa", birth_date=date(1928, 3, 14)))
    patients.register(desk, entry("Baker", "Zed"))
    found = patients.look_alikes(desk, last_name="Nguyen", first_name="Hoa", birth_date=BORN)
    assert [one.row.id for one in found] == [exact.id, swapped.id]
    assert found[0].score == 100 > found[1].score
    assert patients.look_alikes(desk, last_name="Qqq", first_name="Zzz", birth_date=BORN) == []
    assert patients.look_alikes(desk, last_name="", first_name="") == []


def test_alike_and_the_banner(desk: Desk) -> None:
    joan = patients.register(desk, full(interpreter_needed=True, language="vi"))
    twin = patients.register(desk, entry("Smith", "Joan", birth_date=date(1992, 3, 14)))
    patients.register(desk, entry("Smith", "Walter"))
    assert [row.id for row in patients.alike(desk, joan.id)] == [twin.id]
    banner = patients.banner(desk, joan.id)
    assert (banner.name, banner.age, banner.alike_count) == ("SMITH, JOAN M", 44, 1)
    assert (banner.alert, banner.interpreter, banner.language) == ("hearing aid", True, "vi")
    assert not banner.deceased


def test_identity_takes_the_day_or_the_whole_date(desk: Desk) -> None:
    patient = patients.register(desk, entry())
    for said in ("0314", "3/14", "031482", "3/14/1982", "14mar82"):
        patients.check_identity(desk, patient.id, said)
    for said in ("0315", "031483", "3/14/1983", "", "x", "9999", "\x1b"):
        with pytest.raises(Invalid) as caught:
            patients.check_identity(desk, patient.id, said)
        assert caught.value.field == "identity", said
    with pytest.raises(Invalid) as caught:
        patients.check_identity(desk, patient.id, "0315")
    # What may be logged or printed names no date; the screen adds both.
    assert caught.value.details["mismatch"]
    assert not {"03", "14", "15", "82"} & set(re.findall(r"\d\d", f"{caught.value.as_dict()}"))


def test_people_alike_who_share_the_day_need_the_year(desk: Desk) -> None:
    joan = patients.register(desk, entry())
    patients.register(desk, entry(birth_date=date(1992, 3, 14)))
    with pytest.raises(Invalid, match="year"):
        patients.check_identity(desk, joan.id, "0314")
    patients.check_identity(desk, joan.id, "031482")
    ann = patients.register(desk, entry("Baker", "Ann"))
    patients.register(desk, entry("Baker", "Ann", birth_date=date(1990, 5, 6)))
    patients.check_identity(desk, ann.id, "0314")


def test_forms_fall_due(desk: Desk, clock: FrozenClock) -> None:
    patient = patients.register(desk, entry())

    def states() -> dict[str, str]:
        return {form.form: form.state for form in patients.forms_due(desk, patient.id)}

    assert states() == {"npp": "due", "consent": "due", "history": "due"}
    patients.acknowledge_form(desk, patient.id, "npp", "signed")
    patients.acknowledge_form(desk, patient.id, "consent", "refused", "wants a lawyer")
    patients.acknowledge_form(desk, patient.id, "history", "given")
    assert states() == {"npp": "ok", "consent": "refused", "history": "given"}
    clock.advance(days=1)
    assert states()["history"] == "due"
    patients.acknowledge_form(desk, patient.id, "history", "signed")
    clock.advance(days=364)
    assert states() == {"npp": "ok", "consent": "due", "history": "ok"}
    desk.settings = replace(
        desk.settings, policy=replace(desk.settings.policy, privacy_notice="npp-2027")
    )
    assert states()["npp"] == "due"
    with pytest.raises(Invalid):
        patients.acknowledge_form(desk, patient.id, "npp", "refused")
    with pytest.raises(NotFound):
        patients.acknowledge_form(desk, patient.id, "zzz", "signed")


def test_a_restricted_record_opens_with_a_reason_that_is_kept(
    desk: Desk, clock: FrozenClock
) -> None:
    patient = patients.register(desk, entry())
    with desk.operation("patient.edit") as op:
        record = op.get(Patient, patient.id)
        record.restricted = True
        op.save(record)
    with pytest.raises(NotAllowed):
        patients.card(desk, patient.id)
    with pytest.raises(NotAllowed):
        patients.opened(desk, patient.id, reason="asked for by the patient")
    break_glass.break_glass(desk, patient.id, code="other", reason="asked for by the patient")
    patients.opened(desk, patient.id)
    assert patients.card(desk, patient.id).patient.restricted
    kept = desk.rows("SELECT reason FROM journal WHERE operation = 'patient.break_glass'")
    assert kept == [("other: asked for by the patient",)]
    clock.advance(minutes=61)
    with pytest.raises(NotAllowed):
        patients.card(desk, patient.id)


def test_every_look_needs_the_permission(desk: Desk) -> None:
    patient = patients.register(desk, full())
    desk.actor = Actor("x", "X", "none", frozenset())
    for look in (
        lambda: patients.card(desk, patient.id),
        lambda: patients.banner(desk, patient.id),
        lambda: patients.row(desk, patient.id),
        lambda: patients.alike(desk, patient.id),
        lambda: patients.check_identity(desk, patient.id, "0314"),
        lambda: patients.forms_due(desk, patient.id),
        lambda: patients.look_alikes(desk, last_name="a", first_name="b"),
        lambda: patients.opened(desk, patient.id),
        lambda: patients.register(desk, entry()),
        lambda: patients.edit(desk, patient.id, version=1, alert="x"),
        lambda: coverage.of_patient(desk, patient.id),
    ):
        with pytest.raises(NotAllowed):
            look()
    desk.actor = Actor("x", "X", "privacy", frozenset({"view_patients"}))
    card = patients.card(desk, patient.id)
    assert (card.due_cents, card.appointments) == (None, ())
