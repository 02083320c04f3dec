"""Restricted records: closed to everybody without a reason, opened loudly, reviewed by another."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from deskterm.clock import FrozenClock
from deskterm.db import journal
from deskterm.db.database import rows
from deskterm.db.patients import Patient
from deskterm.entry.money import parse_tender_option
from deskterm.errors import Conflict, DesktermError, Invalid, NotAllowed
from deskterm.office import (
    access,
    break_glass,
    checklist,
    coverage,
    day_board,
    dues,
    finder,
    journal_views,
    messages,
    patients,
    payments,
    phone_list,
    receipts,
    scheduling,
    staff,
    visit_history,
    visits,
)
from deskterm.office.desk import Desk
from tests.factories import Clinic, become, clinic

PIN = "739164"
WHY = "collapsed in the lobby"
SECRETS = ("Zaremba", "Quill", "Elm St", "555-0142", "+12175550142", "1982", "W123456789")


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def vip(made: Clinic) -> Patient:
    """Somebody well known with a visit today, a payment and a message."""
    patient = made.patient("Zaremba", "Quill")
    made.cover(patient)
    made.appointment(patient)
    tender = [parse_tender_option("cash:25.00")]
    payments.take(made.desk, patient.id, tenders=tender, key="k", allow_prepayment=True)
    messages.take(
        made.desk, topic="rx", body="Zaremba needs more", caller="Quill Zaremba",
        callback="217-555-0142", patient_id=patient.id,
    )  # fmt: skip
    break_glass.restrict(made.desk, patient.id, reason="well known")
    return patient


def looks(desk: Desk, patient_id: int) -> dict[str, object]:
    """Every way to look at one patient, each as text or the error's."""
    visit = desk.rows("SELECT id FROM appointment WHERE patient_id = ?", patient_id)[0][0]
    message = desk.rows("SELECT id FROM message WHERE patient_id = ?", patient_id)[0][0]
    receipt = desk.rows("SELECT receipt FROM payment WHERE patient_id = ?", patient_id)[0][0]
    covered = desk.rows("SELECT id FROM coverage WHERE patient_id = ?", patient_id)[0][0]
    ways = {
        "card": lambda: patients.card(desk, patient_id),
        "banner": lambda: patients.banner(desk, patient_id),
        "facts": lambda: patients.facts(desk, patient_id),
        "row": lambda: patients.row(desk, patient_id),
        "alike": lambda: patients.alike(desk, patient_id),
        "opened": lambda: patients.opened(desk, patient_id),
        "identity": lambda: patients.check_identity(desk, patient_id, "0101"),
        "forms": lambda: patients.forms_due(desk, patient_id),
        "coverage": lambda: coverage.of_patient(desk, patient_id),
        "one coverage": lambda: coverage.one(desk, covered),
        "find": lambda: finder.find(desk, "zarem"),
        "board": lambda: day_board.day(desk, desk.today()),
        "visits": lambda: day_board.of_patient(desk, patient_id),
        "visit": lambda: day_board.appointment(desk, visit),
        "checklist": lambda: checklist.checklist(desk, visit),
        "moves": lambda: visit_history.moves(desk, visit),
        "notes": lambda: visit_history.notes(desk, visit),
        "due": lambda: dues.due(desk, patient_id),
        "balance": lambda: dues.balance_cents(desk, patient_id),
        "receipt": lambda: receipts.text(desk, receipt),
        "messages": lambda: messages.of_patient(desk, patient_id),
        "inbox": lambda: messages.inbox(desk),
        "message": lambda: messages.get(desk, message),
        "phones": lambda: phone_list.numbers(desk, [patient_id]),
        "journal": lambda: journal_views.entries(desk, patient_id=patient_id),
        "arrive": lambda: visits.arrive(desk, visit),
        "cancel": lambda: scheduling.cancel(desk, visit, version=1, by="patient", reason="sick"),
        "edit": lambda: patients.edit(desk, patient_id, version=1, alert="x"),
        "read message": lambda: messages.read(desk, message),
    }  # fmt: skip
    found: dict[str, object] = {}
    for name, way in ways.items():
        try:
            found[name] = repr(way())
        except DesktermError as error:
            found[name] = f"{type(error).__name__} {error.message} {error.hint} {error.details}"
    return found


@pytest.mark.parametrize(
    "role", ["front_desk", "biller", "clinician", "manager", "administrator", "owner"]
)
def test_nothing_of_a_restricted_record_shows(desk: Desk, vip: Patient, role: str) -> None:
    found = looks(become(desk, role), vip.id)
    for name, text in found.items():
        leaked = [word for word in SECRETS if word.casefold() in str(text).casefold()]
        assert not leaked, (name, leaked, text)
    assert patients.facts(become(desk, "privacy_officer"), vip.id).last_name == "Zaremba"


def test_the_list_of_looks_can_fail(desk: Desk, vip: Patient) -> None:
    """Without the restriction every one of those looks does show something."""
    break_glass.restrict(desk, vip.id, restricted=False, reason="over")
    text = " ".join(map(str, looks(desk, vip.id).values())).casefold()
    assert not [word for word in SECRETS if word.casefold() not in text and word != "555-0142"]


def test_the_administrator_sees_no_patient_at_all(desk: Desk, made: Clinic, vip: Patient) -> None:
    break_glass.restrict(desk, vip.id, restricted=False, reason="over")
    administrator = become(desk, "administrator")
    for name, text in looks(administrator, vip.id).items():
        assert str(text).startswith("NotAllowed"), (name, text)
    with pytest.raises(NotAllowed):
        break_glass.break_glass(administrator, vip.id, code="other", reason=WHY)


def test_lists_show_initials_or_nothing(desk: Desk, vip: Patient) -> None:
    clerk = become(desk, "front_desk")
    assert finder.find(clerk, "zarem").rows[0].name == "Z.Q. RESTRICTED"
    board = day_board.day(clerk, clerk.today()).rows[0]
    assert (board.patient, board.phone, board.birth_date) == (
        "Z.Q. RESTRICTED", "", access.HIDDEN_DAY,
    )  # fmt: skip


def test_break_glass_opens_for_an_hour_for_that_person_and_patient(
    desk: Desk, made: Clinic, vip: Patient, clock: FrozenClock
) -> None:
    clerk = become(desk, "front_desk", pin=PIN)
    other = made.patient("Other", "Vip", born=vip.birth_date)
    break_glass.restrict(desk, other.id, reason="works here")
    for code, reason, pin, error in (
        ("emergency", "short", PIN, Invalid),
        ("emergency", WHY, "000000", NotAllowed),
        ("emergency", WHY, "", NotAllowed),
        ("because", WHY, PIN, DesktermError),
    ):
        with pytest.raises(error):
            break_glass.break_glass(clerk, vip.id, code=code, reason=reason, secret=pin)
        with pytest.raises(NotAllowed):
            patients.card(clerk, vip.id)
    until = break_glass.break_glass(clerk, vip.id, code="emergency", reason=WHY, secret=PIN)
    assert until == clock.now() + timedelta(minutes=60)
    banner = patients.banner(clerk, vip.id)
    assert banner.name == "ZAREMBA, QUILL" and banner.opened_until == datetime(2026, 3, 18, 10, 42)
    visit = day_board.of_patient(clerk, vip.id)[0].id
    assert visits.arrive(clerk, visit).stage == "arrived"
    for closed in (lambda: patients.card(clerk, other.id),
                   lambda: patients.card(become(desk, "biller"), vip.id)):  # fmt: skip
        with pytest.raises(NotAllowed):
            closed()
    clock.advance(minutes=60)
    with pytest.raises(NotAllowed):
        patients.card(clerk, vip.id)
    (entry,) = [e for e in journal.read(desk.database) if e.operation == "patient.break_glass"]
    assert (entry.patient_id, entry.reason) == (vip.id, f"emergency: {WHY}")
    assert list(journal.verify(desk.database, desk.secret)) == []


def test_a_record_that_is_open_needs_no_glass(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    with pytest.raises(Conflict):
        break_glass.break_glass(desk, patient.id, code="other", reason=WHY)


@pytest.mark.parametrize(("days", "opens"), [(0, True), (30, True), (-30, True), (31, False)])
def test_a_clinicians_own_visit_opens_it(desk: Desk, made: Clinic, days: int, opens: bool) -> None:
    patient = made.patient("Zaremba", "Quill")
    made.appointment(patient, datetime(2026, 3, 18, 11, 30) + timedelta(days=days), "NOVAK")
    break_glass.restrict(desk, patient.id, reason="works here")
    novak, lee = become(desk, "clinician", login="novak"), become(desk, "clinician", login="lee")
    staff.link(desk, "novak", "NOVAK")
    staff.link(desk, "lee", "LEE")
    assert access.may_open(novak, patient.id) is opens
    assert not access.may_open(lee, patient.id)
    staff.link(desk, "novak", "")
    assert not access.may_open(novak, patient.id)


def test_every_opening_waits_for_another_persons_review(
    desk: Desk, vip: Patient, clock: FrozenClock
) -> None:
    break_glass.break_glass(desk, vip.id, code="other", reason=WHY)
    officer = become(desk, "privacy_officer")
    (row,) = break_glass.openings(officer)
    assert (row.login, row.mrn, row.reason, row.overdue) == ("mlopez", vip.mrn, WHY, False)
    clock.advance(days=8)
    assert break_glass.openings(officer)[0].overdue
    with pytest.raises(NotAllowed):
        break_glass.review(desk, row.id, note="my own")  # the owner may review, but not this
    with pytest.raises(NotAllowed):
        break_glass.openings(become(desk, "front_desk"))
    with pytest.raises(Invalid):
        break_glass.review(officer, row.id, note=" ")
    break_glass.review(officer, row.id, note="ambulance log agrees")
    assert break_glass.openings(officer) == []
    assert break_glass.openings(officer, everything=True)[0].reviewed == officer.actor.login
    with pytest.raises(Conflict):
        break_glass.review(officer, row.id, note="again")


def test_the_file_refuses_to_forget_an_opening(desk: Desk, vip: Patient) -> None:
    break_glass.break_glass(desk, vip.id, code="other", reason=WHY)
    before = desk.rows("SELECT * FROM break_glass")
    for vandal in (
        "DELETE FROM break_glass",
        "UPDATE break_glass SET reason = 'nothing at all'",
        "UPDATE break_glass SET until = '2027-01-01T00:00:00.000000Z'",
        "UPDATE break_glass SET reviewed_at = at, reviewer_id = staff_id",
        "UPDATE break_glass SET reviewed_at = at, reviewer_id = staff_id + 1, code = 'x'",
        "INSERT OR REPLACE INTO break_glass SELECT * FROM break_glass",
    ):
        with pytest.raises(DesktermError):
            rows(desk.database, vandal)
        assert desk.rows("SELECT * FROM break_glass") == before
