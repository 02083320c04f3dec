"""Answers kept line by line, matched to whom they are about, and compared with the last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from peewee import IntegrityError

from deskterm.clock import FrozenClock
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import Benefit, EligibilityAnswer
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.exchange.x12 import eligibility_request, segments
from deskterm.exchange.x12.segments import Refused
from deskterm.exchange.x12.writer import Envelope
from deskterm.office import answers_by_hand, benefits, eligibility, proof
from deskterm.office.answers_by_hand import ByHand
from deskterm.office.desk import Desk
from tests import factories
from tests.answers import PPO, answer
from tests.factories import TODAY, Clinic, become


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return factories.clinic(desk)


@pytest.fixture
def covered(made: Clinic) -> Coverage:
    return made.cover(made.patient(), eligibility="not_checked", verified_on=None)


def keep(desk: Desk, text: str, **given: object) -> eligibility.Stored:
    (one,) = eligibility.stored_answers(desk, text, **given)  # type: ignore[arg-type]
    return one


def test_an_answer_is_kept_line_by_line_with_its_source(desk: Desk, covered: Coverage) -> None:
    kept = keep(desk, answer(*PPO), source="a.271", method="file")
    assert (kept.status, kept.coverage_id) == ("active", covered.id)
    row = Coverage.get_by_id(covered.id)
    assert (row.eligibility, row.verified_on, row.benefits_on) == ("active", TODAY, TODAY)
    said = benefits.newest(desk, covered.id)
    assert said is not None
    assert len(said.lines) == sum(line.startswith("EB") for line in PPO)
    specialist = next(line for line in said.lines if "SPECIALIST" in line.messages)
    assert specialist.amount_cents == 4500
    assert said.source_of(specialist) == f"EB {specialist.line}, AETNA, 03/18/2026, DT1"
    stored = EligibilityAnswer.get_by_id(kept.id)
    assert "EB*B*IND*98***27*45*****Y~" in stored.raw
    assert stored.source == "a.271"
    assert stored.deductible_left_cents == 31000


def test_every_raw_line_is_kept(desk: Desk, covered: Coverage) -> None:
    kept = keep(desk, answer(*PPO))
    raw = [row.raw for row in Benefit.select().where(Benefit.answer == kept.id)]
    assert raw == [line for line in PPO if line.startswith("EB")]


def test_the_same_answer_twice_is_one(desk: Desk, covered: Coverage) -> None:
    text = answer(*PPO)
    assert keep(desk, text).id == keep(desk, text).id
    assert EligibilityAnswer.select().count() == 1


def test_an_answer_that_came_later_is_another(
    desk: Desk, covered: Coverage, clock: FrozenClock
) -> None:
    first = keep(desk, answer(*PPO))
    clock.advance(days=1)
    later = tuple(line.replace("*29*310", "*29*60") for line in PPO)
    second = keep(desk, answer(*later, control=2))
    assert second.id != first.id
    assert second.differs == "deductible left 310.00/1,200.00 -> 60.00/1,200.00"
    ended = keep(desk, answer("EB*6*IND*30", control=3))
    assert ended.differs == "active -> inactive"


def test_it_is_matched_by_member_and_birth_date_when_no_trace_is_known(
    desk: Desk, made: Clinic, covered: Coverage
) -> None:
    twin = made.patient("EXAMPLE", "PAM")
    made.cover(twin)  # the same member id and birth date: a twin on one card
    with pytest.raises(NotFound):
        eligibility.stored_answers(desk, answer("EB*1*IND*30"))
    chosen = keep(desk, answer("EB*1*IND*30"), coverage_id=covered.id)
    assert chosen.coverage_id == covered.id


def test_an_answer_about_nobody_here_is_not_kept(desk: Desk, covered: Coverage) -> None:
    with pytest.raises(NotFound):
        eligibility.stored_answers(desk, answer("EB*1*IND*30", member="OTHER1"))
    assert EligibilityAnswer.select().count() == 0


def test_the_dependent_is_who_is_asked_about(desk: Desk, made: Clinic) -> None:
    child = made.patient("EXAMPLE", "KIM", born=date(2015, 5, 5))
    coverage = made.cover(child, relationship="19", subscriber_name="Parent, Ann")
    text = answer(
        "EB*1*IND*30", "EB*B*IND*98***27*10*****Y", dependent=True, first="KIM",
        born=date(2015, 5, 5),
    )  # fmt: skip
    kept = keep(desk, text, coverage_id=coverage.id)
    assert (kept.status, kept.patient_id) == ("active", child.id)
    assert EligibilityAnswer.select().count() == 1


def test_another_birth_date_is_an_issue_not_a_yes(desk: Desk, covered: Coverage) -> None:
    text = answer("EB*1*IND*30", born=date(1982, 3, 15))
    kept = keep(desk, text, coverage_id=covered.id)
    assert kept.status == "issue"
    assert "birth date" in kept.note


def test_a_rejection_says_what_to_do_and_keeps_the_insurance(desk: Desk, covered: Coverage) -> None:
    keep(desk, answer(*PPO))
    kept = keep(desk, answer("AAA*N**72*C", control=2), coverage_id=covered.id)
    assert kept.status == "unable"
    row = Coverage.get_by_id(covered.id)
    assert (row.eligibility, row.ends_on, row.verified_on) == ("unable", None, TODAY)
    said = benefits.newest(desk, covered.id)
    assert said is not None
    assert said.rejections == (
        ("72", "subscriber", "The member id is wrong or missing",
         "Read the member id from the card again"),
    )  # fmt: skip
    # The amounts known before are still what is quoted.
    before = benefits.newest(desk, covered.id, with_benefits=True)
    assert before is not None
    assert before.lines


def test_a_999_instead_of_an_answer_is_a_conflict(desk: Desk, covered: Coverage) -> None:
    text = (
        "ISA*00*          *00*          *ZZ*P              *ZZ*C              *260317*0900*^*00501"
        "*000000001*0*P*:~GS*FA*P*C*20260317*0900*1*X*005010X231A1~ST*999*0001*005010X231A1~"
        "AK1*HS*1*005010X279A1~AK2*270*0001*005010X279A1~IK3*NM1*8**8~IK5*R*5~AK9*R*1*1*0~"
        "SE*7*0001~GE*1*1~IEA*1*000000001~"
    )
    with pytest.raises(Conflict, match="999"):
        eligibility.stored_answers(desk, text)


@pytest.mark.parametrize("text", ["", "hello", "%PDF-1.4", answer("EB*1*IND*30")[:-30]])
def test_what_cannot_be_read_is_refused_and_nothing_is_kept(
    desk: Desk, covered: Coverage, text: str
) -> None:
    with pytest.raises(Refused):
        eligibility.stored_answers(desk, text)
    assert EligibilityAnswer.select().count() == 0


def test_hostile_text_reaches_the_file_only_in_parts_that_are_safe(
    desk: Desk, covered: Coverage
) -> None:
    text = answer("EB*1*IND*30**\x1b]0;owned\x07PLAN", "MSG*\u202eevil =cmd()")
    kept = keep(desk, text)
    line = Benefit.get(Benefit.answer == kept.id)
    for value in (line.plan, line.messages, line.raw, EligibilityAnswer.get_by_id(kept.id).raw):
        assert "\x1b" not in value
        assert "\u202e" not in value


def test_what_a_payer_answered_is_never_changed(desk: Desk, covered: Coverage) -> None:
    kept = keep(desk, answer(*PPO))
    for sql in (
        f"UPDATE benefit SET amount_cents = 1 WHERE answer_id = {kept.id}",
        f"DELETE FROM benefit WHERE answer_id = {kept.id}",
        f"UPDATE eligibility_answer SET status = 'active' WHERE id = {kept.id}",
    ):
        with pytest.raises(IntegrityError):
            desk.database.execute_sql(sql)


def test_a_changed_line_is_found(desk: Desk, covered: Coverage) -> None:
    kept = keep(desk, answer(*PPO))
    assert proof.examine(desk) == []
    guard = desk.rows("SELECT sql FROM sqlite_master WHERE name = 'benefit_no_update'")[0][0]
    desk.database.execute_sql("DROP TRIGGER benefit_no_update")
    desk.database.execute_sql("UPDATE benefit SET amount_cents = 100 WHERE code = 'B' AND line = 9")
    desk.database.execute_sql(guard)
    (found,) = proof.examine(desk)
    assert (found.kind, found.about) == ("record", f"eligibility_answer {kept.id}")


def test_what_was_said_on_the_phone(desk: Desk, covered: Coverage) -> None:
    said = ByHand(
        "active", copay_cents=2500, deductible_left_cents=31000, coinsurance=2000,
        representative="Dana", reference="8812",
    )  # fmt: skip
    kept = answers_by_hand.by_hand(desk, covered.id, said, on=TODAY, method="phone", key="k1")
    again = answers_by_hand.by_hand(desk, covered.id, said, on=TODAY, method="phone", key="k1")
    assert kept == again
    row = Coverage.get_by_id(covered.id)
    assert (row.eligibility, row.verified_by, row.benefits_on) == ("active", "Dana", TODAY)
    newest = benefits.newest(desk, covered.id)
    assert newest is not None
    assert benefits.copay(newest.lines, ("98",)).value == 2500
    assert newest.source_of(newest.lines[1]) == "phone, Dana, 03/18/2026, 8812"
    assert proof.examine(desk) == []


def test_a_phone_answer_needs_a_name_or_a_number(desk: Desk, covered: Coverage) -> None:
    with pytest.raises(Invalid, match="Who said it"):
        answers_by_hand.by_hand(desk, covered.id, ByHand("active"), on=TODAY, method="phone")
    with pytest.raises(Invalid, match="zero or more"):
        answers_by_hand.by_hand(
            desk, covered.id, ByHand("active", copay_cents=-1), on=TODAY, method="portal"
        )


def test_an_answer_that_came_meanwhile_is_not_written_over_unseen(
    desk: Desk, covered: Coverage
) -> None:
    said = ByHand("inactive", representative="Dana")
    first = answers_by_hand.by_hand(desk, covered.id, said, on=TODAY, method="phone", seen=0)
    mine = ByHand("active", representative="Lee")
    with pytest.raises(Stale, match="mlopez noted inactive meanwhile"):
        answers_by_hand.by_hand(desk, covered.id, mine, on=TODAY, method="phone", seen=0)
    assert Coverage.get_by_id(covered.id).eligibility == "inactive"
    answers_by_hand.by_hand(desk, covered.id, mine, on=TODAY, method="phone", seen=first.id)
    assert Coverage.get_by_id(covered.id).eligibility == "active"


def test_could_not_verify_needs_a_reason_and_changes_no_clock(
    desk: Desk, covered: Coverage
) -> None:
    with pytest.raises(Invalid):
        answers_by_hand.could_not_verify(desk, covered.id, " ", on=TODAY)
    answers_by_hand.could_not_verify(desk, covered.id, "portal down", on=TODAY)
    row = Coverage.get_by_id(covered.id)
    assert (row.eligibility, row.verified_on) == ("unable", None)


def test_the_question_for_a_visit(desk: Desk, made: Clinic, covered: Coverage) -> None:
    desk.settings = replace(desk.settings, npi="1234567893", tax_id="12-3456789")
    with desk.operation("coverage.plan") as op:
        plan = op.get(type(made.plans["AETPPO"]), made.plans["AETPPO"].id)
        plan.payer_id, plan.services = "60054", "30 UC"
        op.save(plan)
    asked = eligibility.question(desk, covered.id, TODAY + timedelta(days=1))
    assert asked.services == ("30", "UC")
    assert (asked.subscriber.member_id, asked.provider_npi) == ("W123456789", "1234567893")
    text = eligibility_request.write(Envelope("A", "B", 1, datetime(2026, 3, 18, 9)), [asked])
    assert "DTP*291*D8*20260319~" in text
    (read,) = segments.read(text)
    assert read.problems == []


def test_a_childs_question_names_the_subscriber(desk: Desk, made: Clinic) -> None:
    child = made.patient("EXAMPLE", "KIM", born=date(2015, 5, 5))
    row = made.cover(
        child, relationship="19", subscriber_name="Ann Parent",
        subscriber_birth_date=date(1985, 1, 2),
    )  # fmt: skip
    asked = eligibility.question(desk, row.id, TODAY)
    assert (asked.subscriber.last_name, asked.subscriber.first_name) == ("Parent", "Ann")
    assert asked.dependent is not None
    assert (asked.dependent.first_name, asked.relationship) == ("KIM", "19")


def test_who_may_not_see_a_restricted_record_gets_no_benefits(
    desk: Desk, made: Clinic, covered: Coverage
) -> None:
    keep(desk, answer(*PPO))
    with desk.operation("patient.restrict", patient_id=covered.patient_id, reason="vip") as op:
        patient = op.get(type(made.patient("X", "Y")), covered.patient_id)
        patient.restricted = True
        op.save(patient)
    clerk = become(desk, "front_desk")
    with pytest.raises(NotAllowed):
        benefits.newest(clerk, covered.id)
    with pytest.raises(NotAllowed):
        eligibility.question(clerk, covered.id, TODAY)


def test_a_row_from_before_a_column_came_is_right_with_the_default(desk: Desk) -> None:
    with desk.operation("coverage.plan") as op:
        op.create(Plan, code="OLD", name="Old plan")
        del op.changes[-1]["after"]["family_counts"]
    assert proof.examine(desk) == []
    desk.database.execute_sql("UPDATE plan SET family_counts = 0")
    (found,) = proof.examine(desk)
    assert found.about == "plan 1"
