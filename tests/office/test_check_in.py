"""Checking in: only what is stale or missing is asked, and all of it is written at once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.coverage import Coverage
from deskterm.db.patients import Acknowledgment, Patient, PatientAddress
from deskterm.db.payments import Charge, NotCollected
from deskterm.db.scheduling import Appointment, VisitType
from deskterm.db.visits import CheckInStep, StageEvent
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import check_in, payments, visits
from deskterm.office.check_in import CheckInAnswers, FormAnswer
from deskterm.office.desk import Actor, Desk
from tests.factories import TODAY, Clinic, clinic

SIGNED = tuple(FormAnswer(form, "signed") for form in ("npp", "consent", "history"))
DONE = CheckInAnswers(birth_date="0314", contact_same=True, card_seen=True, forms=SIGNED)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def patient(made: Clinic) -> Patient:
    """Somebody seen last month, with nothing stale."""
    patient = made.patient("SMITH", "JOAN")
    made.cover(patient)
    with made.desk.operation("patient.edit", patient_id=patient.id) as op:
        for form, version in (("npp", "npp-2026"), ("consent", ""), ("history", "")):
            op.create(
                Acknowledgment, patient=patient, form=form, version_label=version,
                outcome="signed", on=TODAY - timedelta(days=30), at=op.now, by="mlopez",
            )  # fmt: skip
    return patient


@pytest.fixture
def visit(made: Clinic, patient: Patient) -> Appointment:
    return made.appointment(patient)


def states(desk: Desk, visit: Appointment) -> dict[str, str]:
    return {step.name: step.state for step in check_in.checklist(desk, visit.id).steps}


def have(desk: Desk, visit: Appointment, name: str) -> str:
    return check_in.checklist(desk, visit.id).step(name).have


def pay(desk: Desk, visit: Appointment, cents: int = 2500) -> None:
    payments.take(
        desk, visit.patient_id, tenders=[TenderEntry("cash", cents)], purpose="copay",
        appointment_id=visit.id, key=f"pay-{cents}",
    )  # fmt: skip


def columns(desk: Desk, model: type[Any], row_id: int, **values: Any) -> None:
    model.update(**values).where(model.id == row_id).execute()


def test_nothing_stale_asks_for_the_birth_date_and_the_copay_alone(
    desk: Desk, visit: Appointment
) -> None:
    found = check_in.checklist(desk, visit.id)
    assert [(s.number, s.name, s.state, s.have, s.fields) for s in found.steps] == [
        (1, "identity", "ASK", "born 03/14/1982", ("birth_date",)),
        (2, "contact", "OK", "418 Elm St Apt 2 / 217-555-0142", ()),
        (3, "insurance", "OK", "Aetna PPO W1234..  elig 03/17", ("card_seen",)),
        (4, "forms", "OK", "all signed", ()),
        (5, "authorization", "n/a", "FU20 needs none", ()),
        (6, "money", "DUE", "copay 25.00", ("pay", "not_collected")),
        (7, "arrive", "-", "tells NOVAK desk", ()),
    ]
    assert found.missing == ("identity", "money")


def test_all_done_moves_the_visit_in_one_operation(desk: Desk, visit: Appointment) -> None:
    visits.arrive(desk, visit.id)
    pay(desk, visit)
    before = desk.rows("SELECT max(seq) FROM journal")[0][0]
    done = check_in.complete(desk, visit.id, CheckInAnswers(birth_date="031482"), key="form")
    assert done.missing == ()
    assert (done.appointment.stage, done.appointment.clearance) == ("checked_in", "clear")
    assert desk.rows("SELECT operation, entity_id FROM journal WHERE seq > ?", before) == [
        ("visit.check_in", visit.id)
    ]
    assert check_in.checklist(desk, visit.id).missing == ()
    assert states(desk, visit)["arrive"] == "OK"


def test_the_same_key_does_it_once(desk: Desk, made: Clinic, visit: Appointment) -> None:
    pay(desk, visit)
    first = check_in.complete(desk, visit.id, CheckInAnswers(), key="form")
    again = check_in.complete(desk, visit.id, CheckInAnswers(), key="form")
    assert first.missing == again.missing == ("identity",)
    assert again.appointment.version == first.appointment.version
    assert StageEvent.select().count() == 1
    other = made.appointment(made.patient("KERR"), datetime(2026, 3, 18, 8, 0))
    with pytest.raises(Conflict):
        check_in.complete(desk, other.id, CheckInAnswers(), key="form")


def test_what_stayed_open_is_noted_and_stops_nobody(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    columns(desk, PatientAddress, 1, confirmed_on=None)
    columns(desk, Coverage, 1, eligibility="inactive")
    pay(desk, visit)
    done = check_in.complete(desk, visit.id, CheckInAnswers())
    assert done.missing == ("identity", "contact", "insurance")
    assert done.appointment.stage == "checked_in"
    assert done.appointment.clearance == "attention"
    assert done.appointment.clearance_reason == "identity, contact, insurance"
    rows = [(s.step, s.outcome) for s in CheckInStep.select().order_by(CheckInStep.id)]
    assert rows == [(name, "missing") for name in done.missing]


def test_identity_is_asked_once_a_day_and_must_match(
    desk: Desk, made: Clinic, visit: Appointment
) -> None:
    pay(desk, visit)
    with pytest.raises(Invalid) as wrong:
        check_in.complete(desk, visit.id, CheckInAnswers(birth_date="0315"))
    assert wrong.value.field == "identity"
    assert Appointment.get_by_id(visit.id).stage == "expected"
    check_in.complete(desk, visit.id, DONE)
    later = made.appointment(visit.patient, datetime(2026, 3, 18, 15, 0))
    assert states(desk, later)["identity"] == "OK"
    tomorrow = made.appointment(visit.patient, datetime(2026, 3, 19, 15, 0))
    assert states(desk, tomorrow)["identity"] == "ASK"


def test_alike_says_so(desk: Desk, made: Clinic, visit: Appointment) -> None:
    made.patient("SMITH", "JOAN", born=date(1990, 1, 1))
    assert have(desk, visit, "identity") == "born 03/14/1982  ALIKE: 1 other"


@pytest.mark.parametrize(("days", "state"), [(365, "OK"), (366, "ASK"), (None, "ASK")])
def test_stale_contact(desk: Desk, visit: Appointment, days: int | None, state: str) -> None:
    day = None if days is None else TODAY - timedelta(days=days)
    columns(desk, PatientAddress, 1, confirmed_on=day)
    assert states(desk, visit)["contact"] == state
    pay(desk, visit)
    check_in.complete(desk, visit.id, DONE)
    assert PatientAddress.get_by_id(1).confirmed_on == TODAY
    assert states(desk, visit)["contact"] == "OK"


def test_no_contact_at_all(desk: Desk, made: Clinic) -> None:
    visit = made.appointment(made.patient("KERR", reachable=False))
    assert states(desk, visit)["contact"] == "ASK"
    assert have(desk, visit, "contact") == "nothing on file"


@pytest.mark.parametrize(
    ("values", "state", "words"),
    [
        ({"card_seen_on": TODAY - timedelta(days=365)}, "OK", "elig 03/17"),
        ({"card_seen_on": TODAY - timedelta(days=366)}, "ASK", "elig 03/17"),
        ({"card_seen_on": None}, "ASK", "elig 03/17"),
        ({"verified_on": TODAY - timedelta(days=30)}, "OK", "elig 02/16"),
        ({"verified_on": TODAY - timedelta(days=31)}, "OK", "elig OLD"),
        ({"verified_on": None}, "OK", "elig OLD"),
        ({"eligibility": "inactive"}, "MISS", "INACTIVE 03/17"),
        ({"eligibility": "issue"}, "OK", "elig 03/17!"),
        ({"ends_on": TODAY - timedelta(days=1)}, "ASK", "none on file: self-pay?"),
    ],
)
def test_insurance(
    desk: Desk, visit: Appointment, values: dict[str, Any], state: str, words: str
) -> None:
    columns(desk, Coverage, 1, **values)
    assert states(desk, visit)["insurance"] == state
    assert have(desk, visit, "insurance").endswith(words)


def test_a_card_that_was_seen(desk: Desk, visit: Appointment) -> None:
    columns(desk, Coverage, 1, card_seen_on=None)
    pay(desk, visit)
    check_in.complete(desk, visit.id, DONE)
    assert Coverage.get_by_id(1).card_seen_on == TODAY
    assert states(desk, visit)["insurance"] == "OK"


def test_forms(desk: Desk, made: Clinic) -> None:
    visit = made.appointment(made.patient("KERR"))
    assert states(desk, visit)["forms"] == "DUE"
    assert have(desk, visit, "forms") == (
        "privacy notice: never signed; consent to treat: never signed; history form: never signed"
    )
    answers = CheckInAnswers(
        forms=(
            FormAnswer("npp", "signed"),
            FormAnswer("consent", "refused", "wants to read it first"),
            FormAnswer("history"),
        )
    )
    done = check_in.complete(desk, visit.id, answers)
    assert "forms" not in done.missing
    assert states(desk, visit)["forms"] == "GIVEN"
    assert have(desk, visit, "forms") == "history form: not back"
    notice = Acknowledgment.get(Acknowledgment.form == "npp")
    assert (notice.version_label, notice.outcome, notice.on) == ("npp-2026", "signed", TODAY)


@pytest.mark.parametrize(
    "answer", [FormAnswer("npp", "eaten"), FormAnswer("npp", "refused"), FormAnswer("tax")]
)
def test_forms_refused(desk: Desk, visit: Appointment, answer: FormAnswer) -> None:
    pay(desk, visit)
    count = Acknowledgment.select().count()
    with pytest.raises(Invalid) as refused:
        check_in.complete(desk, visit.id, CheckInAnswers(forms=(*SIGNED, answer)))
    assert refused.value.field == "forms"
    assert Acknowledgment.select().count() == count


def test_authorization_is_overridden_or_stops(desk: Desk, visit: Appointment) -> None:
    columns(desk, VisitType, visit.visit_type_id, needs_authorization=True)
    assert states(desk, visit)["authorization"] == "MISS"
    pay(desk, visit)
    with pytest.raises(Invalid) as stopped:
        check_in.complete(desk, visit.id, DONE)
    assert stopped.value.field == "authorization"
    assert Appointment.get_by_id(visit.id).stage == "expected"
    assert CheckInStep.select().count() == 0
    answers = CheckInAnswers(birth_date="0314", override="plan says none needed")
    done = check_in.complete(desk, visit.id, answers)
    assert done.missing == ()
    assert (done.appointment.clearance, done.appointment.clearance_reason) == (
        "waived", "plan says none needed",
    )  # fmt: skip


def test_money_is_taken_or_explained(desk: Desk, visit: Appointment) -> None:
    with pytest.raises(Invalid, match=r"copay of 25\.00") as unpaid:
        check_in.complete(desk, visit.id, DONE)
    assert unpaid.value.field == "money"
    assert (Charge.select().count(), StageEvent.select().count()) == (0, 0)
    with pytest.raises(Invalid) as unknown:
        check_in.complete(desk, visit.id, CheckInAnswers(not_collected="lazy"))
    assert unknown.value.field == "reason"
    check_in.complete(desk, visit.id, CheckInAnswers(not_collected="forgot"))
    assert (Charge.get().kind, Charge.get().amount_cents) == ("copay", 2500)
    assert (NotCollected.get().amount_cents, NotCollected.get().reason) == (2500, "forgot")
    assert have(desk, visit, "money") == "copay 25.00   not collected"
    assert states(desk, visit)["money"] == "OK"
    assert payments.balance_cents(desk, visit.patient_id) == 2500


def test_part_of_the_copay_is_enough_and_charged_once(desk: Desk, visit: Appointment) -> None:
    pay(desk, visit, 1000)
    check_in.complete(desk, visit.id, DONE)
    assert Charge.select().count() == 1
    assert have(desk, visit, "money") == "copay 15.00"


def test_an_old_balance_is_shown_but_does_not_stop(desk: Desk, visit: Appointment) -> None:
    payments.charge(
        desk, visit.patient_id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )
    assert have(desk, visit, "money") == "copay 25.00   balance 40.00"
    pay(desk, visit)
    assert have(desk, visit, "money") == "balance 40.00"
    assert check_in.complete(desk, visit.id, DONE).appointment.stage == "checked_in"


def test_not_twice_and_not_what_cannot_be(
    desk: Desk, made: Clinic, clock: FrozenClock, visit: Appointment
) -> None:
    pay(desk, visit)
    check_in.complete(desk, visit.id, DONE)
    for _ in range(2):
        with pytest.raises(Conflict):
            check_in.complete(desk, visit.id, DONE)
        visits.room(desk, visit.id, room="1" if visit.room is None else "2")
        visit.room = Appointment.get_by_id(visit.id).room
    tomorrow = made.appointment(made.patient("KERR"), datetime(2026, 3, 19, 9, 0))
    with pytest.raises(Conflict) as early:
        check_in.complete(desk, tomorrow.id, CheckInAnswers())
    assert early.value.rule == "not_today"
    gone = made.appointment(made.patient("GONE"), provider="LEE", lifecycle="cancelled")
    with pytest.raises(Conflict, match="cancelled"):
        check_in.complete(desk, gone.id, CheckInAnswers())
    for act in (check_in.checklist, lambda d, i: check_in.complete(d, i, CheckInAnswers())):
        with pytest.raises(NotFound):
            act(desk, 999)


def test_permissions(desk: Desk, visit: Appointment) -> None:
    pay(desk, visit)
    seen = frozenset({"view_schedule", "view_patients"})
    desk.actor = Actor("ann", "Ann", "clinician", seen | {"run_visits"})
    assert states(desk, visit)["money"] == "-"
    assert check_in.complete(desk, visit.id, DONE).appointment.stage == "checked_in"
    desk.actor = Actor("bob", "Bob", "x", seen)
    with pytest.raises(NotAllowed):
        check_in.complete(desk, visit.id, DONE)
    desk.actor = Actor("bob", "Bob", "x", frozenset())
    with pytest.raises(NotAllowed):
        check_in.checklist(desk, visit.id)
