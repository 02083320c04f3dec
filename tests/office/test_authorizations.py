"""Prior authorizations: states, clocks, units left, what booking says and takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskterm.db.authorizations import AuthorizationEvent, PriorAuthorization, VisitPermit
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment
from deskterm.errors import Conflict, Invalid, NotAllowed, Stale
from deskterm.office import (
    authorization_requests,
    authorizations,
    code_import,
    permits,
    plan_rules,
    queue,
    referrals,
    refs_list,
    scheduling,
    units,
    visits,
)
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.office.desk import Actor, Desk
from deskterm.office.operations import ROLES
from deskterm.office.permits import Wanted
from deskterm.office.referrals import ReferralEntry
from tests.factories import TODAY, Clinic
from tests.office.hours import open_clinic

LAST = date(2026, 4, 30)
ORDER = Path(__file__).parents[1] / "samples" / "codes" / "icd10cm_order_2026.txt"
PT = AuthorizationEntry(service="PT", procedures="97110", diagnoses="m54.50", visit_type="FU",
                        units_asked=12)  # fmt: skip


@pytest.fixture
def house(desk: Desk) -> Clinic:
    return open_clinic(desk)


@pytest.fixture
def joan(house: Clinic) -> Patient:
    """A patient whose plan wants an authorization for follow-ups."""
    patient = house.patient("SMITH", "JOAN")
    house.cover(patient)
    plan_rules.set_rule(house.desk, needs="authorization", plan="AETPPO", visit_type="FU")
    return patient


def granted(desk: Desk, patient: Patient, count: int = 2, **values: Any) -> PriorAuthorization:
    made = authorizations.request(desk, patient.id, PT)
    return authorizations.decide(
        desk, made.id, raw_code="A1", number="A-1", number_of_units=count,
        effective_on=date(2026, 3, 1), expires_on=LAST, **values,
    )  # fmt: skip


def book(desk: Desk, patient: Patient, day: int, hour: int = 9, **values: Any) -> Appointment:
    start = datetime(2026, 3, day, hour)
    return scheduling.book(
        desk, patient_id=patient.id, visit_type="FU", provider="LEE", start=start, **values
    )


def left(desk: Desk, record: PriorAuthorization) -> tuple[int, int, int | None]:
    found = units.of_authorization(desk, record.id)
    return found.used, found.booked, found.remaining


def role(desk: Desk, name: str) -> None:
    desk.actor = Actor("kim", "Kim", name, ROLES[name])


def test_booking_says_what_is_missing(desk: Desk, joan: Patient) -> None:
    with pytest.raises(Conflict) as refused:
        book(desk, joan, 19)
    assert refused.value.rule == "authorization_missing"
    assert refused.value.message == ("Aetna PPO wants an authorization for FU: none is on file")
    assert Appointment.select().count() == 0 and VisitPermit.select().count() == 0


def test_a_reason_passes_it_for_those_who_may(desk: Desk, joan: Patient) -> None:
    role(desk, "front_desk")
    with pytest.raises(NotAllowed):
        book(desk, joan, 19, permit_reason="urgent")
    assert Appointment.select().count() == 0
    role(desk, "manager")
    made = book(desk, joan, 19, permit_reason="urgent")
    assert VisitPermit.get().override_reason == "urgent"
    role(desk, "front_desk")
    moved = scheduling.move(desk, made.id, version=made.version, start=datetime(2026, 3, 20, 9))
    assert permits.of_visit(desk, moved).words == "booked without: urgent"


def test_units_are_booked_used_and_free_again(desk: Desk, joan: Patient, clock: Any) -> None:
    auth = granted(desk, joan)
    today = book(desk, joan, 18, 15)
    later = book(desk, joan, 19)
    assert left(desk, auth) == (0, 2, 0)
    with pytest.raises(Conflict) as full:
        book(desk, joan, 20)
    assert "A-1 has 0 of 2 left" in full.value.message
    scheduling.cancel(desk, later.id, version=later.version, by="patient", reason="sick")
    assert left(desk, auth) == (0, 1, 1)
    for move in (visits.arrive, visits.check_in, visits.check_out):
        move(desk, today.id)
    assert left(desk, auth) == (1, 0, 1)
    third = book(desk, joan, 20)
    again = scheduling.reinstate(desk, later.id, version=Appointment.get_by_id(later.id).version)
    assert left(desk, auth) == (1, 1, 0), "what came back took no unit that another has"
    assert not permits.of_visit(desk, again).ok
    assert permits.of_visit(desk, third).words == "auth A-1 0 of 2 left, to 04/30 (ends soon)"


def test_a_move_takes_its_unit_along_and_stops_at_the_end(desk: Desk, joan: Patient) -> None:
    auth = granted(desk, joan, 1)
    made = book(desk, joan, 19)
    moved = scheduling.move(desk, made.id, version=made.version, start=datetime(2026, 3, 20, 9))
    assert left(desk, auth) == (0, 1, 0)
    with pytest.raises(Conflict) as late:
        scheduling.move(desk, moved.id, version=moved.version, start=datetime(2026, 5, 4, 9))
    assert late.value.rule == "authorization_dates"
    undone = scheduling.undo_move(desk, moved.id, version=moved.version)
    assert left(desk, auth) == (0, 1, 0) and permits.of_visit(desk, undone).ok


def test_visits_of_one_day_of_service_are_one(desk: Desk, joan: Patient) -> None:
    auth = granted(desk, joan, 1, unit_kind="day")
    book(desk, joan, 19)
    book(desk, joan, 19, 11)
    assert left(desk, auth) == (0, 1, 0)
    with pytest.raises(Conflict):
        book(desk, joan, 20)
    authorizations.use(desk, granted(desk, joan, 1, unit_kind="day").id)


def test_use_by_hand_is_counted_limited_and_taken_back(desk: Desk, joan: Patient) -> None:
    auth = granted(desk, joan, 3)
    authorizations.use(desk, auth.id, number_of_units=2, on=date(2026, 3, 2))
    assert left(desk, auth) == (2, 0, 1)
    with pytest.raises(Conflict, match="Only 1 of 3 are left"):
        authorizations.use(desk, auth.id, number_of_units=2)
    authorizations.use(desk, auth.id, number_of_units=2, override="payer agreed")
    assert left(desk, auth) == (4, 0, -1)
    authorizations.release(desk, auth.id, reason="typed twice")
    assert left(desk, auth) == (2, 0, 1)
    with pytest.raises(Invalid, match="to come"):
        authorizations.use(desk, auth.id, on=TODAY + timedelta(1))


def test_a_request_reserves_before_the_payer_answers(desk: Desk, joan: Patient) -> None:
    auth = authorizations.request(desk, joan.id, PT)
    visits_made = [book(desk, joan, day) for day in (19, 20, 23)]
    assert not permits.of_visit(desk, visits_made[0]).ok
    assert refs_list.row(desk, "auth", auth.id).due_on == date(2026, 3, 19)
    authorizations.submit(desk, auth.id, method="portal", reference="8812-33")
    authorizations.decide(
        desk, auth.id, raw_code="A6", number="A-9", number_of_units=2, expires_on=LAST
    )
    assert PriorAuthorization.get().state == "partial"
    assert left(desk, auth) == (0, 2, 0)
    assert [permits.of_visit(desk, v).ok for v in visits_made] == [True, True, False]


@pytest.mark.parametrize(
    ("raw", "state"),
    [("A1", "approved"), ("a2", "partial"), ("A3", "denied"), ("A4", "pended"),
     ("C", "void"), ("CT", "pended"), ("NA", "not_required")],
)  # fmt: skip
def test_decision_codes_are_data_and_the_raw_code_is_kept(
    desk: Desk, joan: Patient, raw: str, state: str
) -> None:
    made = authorizations.request(desk, joan.id, PT)
    done = authorizations.decide(desk, made.id, raw_code=raw)
    assert (done.state, done.decision_code) == (state, raw.upper())
    assert AuthorizationEvent.select().order_by(AuthorizationEvent.id.desc())[0].raw_code == (
        raw.upper()
    )


def test_an_unknown_code_changes_no_state_and_wants_a_look(desk: Desk, joan: Patient) -> None:
    made = authorizations.request(desk, joan.id, PT)
    authorizations.submit(desk, made.id, method="278")
    done = authorizations.decide(desk, made.id, raw_code="Z9", reason="new")
    assert (done.state, done.decision_code, done.due_on) == ("submitted", "Z9", TODAY)


def test_a_denial_frees_visits_and_starts_its_clocks(desk: Desk, joan: Patient) -> None:
    made = authorizations.request(desk, joan.id, PT)
    visit = book(desk, joan, 19)
    done = authorizations.decide(desk, made.id, raw_code="A3", reason="not necessary")
    assert done.appeal_by == TODAY + timedelta(180)
    assert done.peer_by == done.due_on == date(2026, 4, 1)
    assert not permits.of_visit(desk, visit).ok
    authorizations.appeal(desk, made.id, note="peer agreed")
    assert authorizations.decide(desk, made.id, decision="approved").units == 12


def test_due_days_are_business_days_of_the_settings(desk: Desk, joan: Patient) -> None:
    made = authorizations.request(desk, joan.id, PT)
    assert made.due_on == date(2026, 3, 19)
    done = authorizations.submit(desk, made.id, method="fax")
    assert done.due_on == date(2026, 3, 27)
    assert authorizations.pend(desk, made.id, wants="notes").due_on == date(2026, 3, 20)


def test_extend_void_and_stale(desk: Desk, joan: Patient) -> None:
    auth = granted(desk, joan, 1)
    book(desk, joan, 19)
    with pytest.raises(Invalid):
        authorizations.extend(desk, auth.id, number_of_units=0)
    with pytest.raises(Stale):
        authorizations.extend(desk, auth.id, number_of_units=5, version=1)
    authorizations.extend(desk, auth.id, number_of_units=5, expires_on=date(2026, 6, 30))
    assert left(desk, auth) == (0, 1, 4)
    authorizations.void(desk, auth.id, reason="wrong patient")
    assert left(desk, auth)[1] == 0
    with pytest.raises(Conflict):
        authorizations.void(desk, auth.id, reason="again")


@pytest.mark.parametrize(
    ("field", "change"),
    [("procedures", {"procedures": "9711"}), ("diagnoses", {"diagnoses": "low back"}),
     ("requesting_npi", {"requesting_npi": "1234567890"}), ("provider", {"provider": "NOBODY"}),
     ("units", {"units_asked": 0}), ("service", {"service": "", "procedures": ""}),
     ("expires_on", {"effective_on": LAST, "expires_on": TODAY})],
)  # fmt: skip
def test_what_is_refused_names_its_field(
    desk: Desk, joan: Patient, field: str, change: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as wrong:
        authorizations.request(desk, joan.id, replace(PT, **change))
    assert wrong.value.field == field


def test_the_other_patients_authorization_covers_nobody_else(
    desk: Desk, house: Clinic, joan: Patient
) -> None:
    other = house.patient("OTHER", "ANN")
    house.cover(other)
    auth = granted(desk, other)
    with pytest.raises(Conflict) as refused:
        book(desk, joan, 19, permit=Wanted(auth.id))
    assert refused.value.rule == "authorization_patient"


def test_self_pay_and_other_plans_need_none(desk: Desk, house: Clinic, joan: Patient) -> None:
    nobody = house.patient("SELF", "PAY")
    assert book(desk, nobody, 19).id
    plan_rules.set_rule(desk, needs="authorization", visit_type="FU", plan="AETPPO", needed=False)
    assert book(desk, joan, 20).id
    assert len(plan_rules.rules(desk)) == 1


def test_a_plan_that_wants_a_referral(desk: Desk, house: Clinic) -> None:
    patient = house.patient("REF", "ANN")
    house.cover(patient)
    plan_rules.set_rule(desk, needs="referral", plan="AETPPO")
    with pytest.raises(Conflict) as refused:
        book(desk, patient, 19)
    assert refused.value.rule == "referral_missing"
    entry = ReferralEntry("in", "R-7", from_name="Dr Bly", service="cardiology", visits=1,
                          valid_to=LAST)  # fmt: skip
    made = referrals.order(desk, patient.id, entry)
    visit = book(desk, patient, 19)
    assert permits.of_visit(desk, visit).words == "referral R-7, to 04/30"
    assert units.of_referral(desk, made.id).remaining == 0
    with pytest.raises(Conflict):
        book(desk, patient, 20)


def test_the_own_practice_of_the_patients_pcp_needs_no_referral(desk: Desk, house: Clinic) -> None:
    with desk.operation("coverage.plan") as op:
        plan = op.get(Plan, house.plans["AETPPO"].id)
        plan.referral_required = True
        op.save(plan)
    lee = house.providers["LEE"]
    ours = house.patient("OURS", "ANN", pcp=f"Dr. {lee.first_name} {lee.last_name}, MD")
    theirs = house.patient("THEIRS", "ANN", pcp=f"Dr. Somebody {lee.last_name}")
    for patient in (ours, theirs):
        house.cover(patient)
    assert book(desk, ours, 19).id
    with pytest.raises(Conflict, match="wants a referral"):
        book(desk, theirs, 20)
    # What the card says goes before the record; a rule of the clinic's before both.
    with desk.operation("coverage.edit") as op:
        card = op.get(Coverage, Coverage.get(Coverage.patient == theirs.id).id)
        card.pcp = f"{lee.last_name} {lee.first_name}"
        op.save(card)
    assert book(desk, theirs, 20).id
    plan_rules.set_rule(desk, needs="referral", plan="AETPPO")
    with pytest.raises(Conflict, match="wants a referral"):
        book(desk, ours, 23)


def test_a_code_that_no_loaded_list_has_is_refused(desk: Desk, joan: Patient) -> None:
    code_import.import_file(desk, "icd10cm", ORDER)
    good = authorizations.request(desk, joan.id, replace(PT, diagnoses="m5450, M54.50"))
    assert good.diagnoses == "M54.50 M54.50"
    for wrong in ("Z99.99", "M54"):  # in no list; a heading
        with pytest.raises(Invalid) as refused:
            authorizations.request(desk, joan.id, replace(PT, diagnoses=wrong))
        assert refused.value.field == "diagnoses"
        with pytest.raises(Invalid):
            referrals.order(desk, joan.id, ReferralEntry(
                to_name="Ruiz", service="GI", diagnoses=wrong))  # fmt: skip


def test_the_loop_of_an_outgoing_referral(desk: Desk, joan: Patient, clock: Any) -> None:
    entry = ReferralEntry(to_name="Dr Ruiz", service="GI consult")
    made = referrals.order(desk, joan.id, entry)
    referrals.send(desk, made.id, note="faxed")
    referrals.receive(desk, made.id)
    referrals.schedule(desk, made.id, on=date(2026, 3, 24))
    with pytest.raises(Conflict):
        referrals.review(desk, made.id)
    done = referrals.complete(desk, made.id)
    assert done.due_on == date(2026, 4, 1)
    clock.advance(minutes=20 * 24 * 60)
    row = refs_list.row(desk, "ref", made.id)
    assert (row.group, row.word, row.next) == ("OVERDUE", "SEEN", "ask for the report")
    assert [i.what for i in queue.waiting(desk) if i.kind == "referral"] == ["REFERRAL"]
    referrals.report(desk, made.id, document="GI report", document_at="fax inbox")
    assert referrals.review(desk, made.id).due_on is None
    words = [event.words for event in refs_list.history(desk, "ref", made.id)]
    assert words[0] == "reviewed" and "paper: GI report" in words[1]
    assert refs_list.work(desk) == []


def test_the_list_and_the_queue_warn_before_the_end(desk: Desk, joan: Patient) -> None:
    auth = granted(desk, joan, 12)
    assert refs_list.row(desk, "auth", auth.id).group == "IN HAND"
    authorizations.use(desk, auth.id, number_of_units=10)
    row = refs_list.row(desk, "auth", auth.id)
    assert (row.group, row.used) == ("ENDS SOON", "10/12")
    items = [i for i in queue.waiting(desk) if i.kind == "authorization"]
    assert [(i.what, i.do) for i in items] == [("AUTH ENDS", "PT: 2 of 12 left, to 04/30")]


def test_the_form_reads_in_the_order_that_a_representative_asks(desk: Desk, joan: Patient) -> None:
    made = authorizations.request(desk, joan.id, PT)
    authorizations.note(desk, made.id, document="MRI report", document_at="chart")
    lines = authorization_requests.form(desk, made.id)
    order = ["Tax id", "Member id", "Patient", "Born", "Codes", "Diagnoses", "How many",
             "THE ANSWER", "Call reference"]  # fmt: skip
    places = [next(n for n, line in enumerate(lines) if line.startswith(w)) for w in order]
    assert places == sorted(places)
    assert "Codes       97110" in lines and "Papers: MRI report" in lines
    fax = authorization_requests.form(desk, made.id, way="fax")
    assert "FAX" in fax and fax[-len(lines) :] == lines


def test_a_walk_in_is_never_refused(desk: Desk, joan: Patient) -> None:
    visit = visits.walk_in(desk, joan.id, "FU", "LEE", "hurts")
    assert not permits.of_visit(desk, visit).ok


def test_choosing_for_a_booked_visit_and_letting_go(desk: Desk, joan: Patient) -> None:
    visit = visits.walk_in(desk, joan.id, "FU", "LEE", "hurts")
    auth = granted(desk, joan, 1)
    permits.link(desk, visit.id, authorization_id=auth.id)
    assert left(desk, auth) == (0, 1, 0)
    permits.link(desk, visit.id, authorization_id=auth.id)
    assert left(desk, auth) == (0, 1, 0)
    permits.unlink(desk, visit.id)
    assert left(desk, auth) == (0, 0, 1)


def test_find_opening_says_what_is_left(desk: Desk, joan: Patient) -> None:
    say = permits.outlook(desk, joan.id, "FU", date(2026, 3, 19), "LEE")
    assert say == "AUTH NEEDED by Aetna PPO: none is on file"
    granted(desk, joan, 12)
    say = permits.outlook(desk, joan.id, "FU", date(2026, 3, 19), "LEE")
    assert say == "auth A-1 12 of 12 left, to 04/30"
