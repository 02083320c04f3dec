"""The board of the next days: every state, in its order, with why and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.coverage import Coverage
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import coverage, eligibility, staff, verify_board
from deskterm.office.desk import Desk
from tests import factories
from tests.answers import PPO, answer
from tests.factories import TODAY, Clinic, become

TOMORROW = TODAY + timedelta(days=1)
NEVER = {"eligibility": "not_checked", "verified_on": None}


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return factories.clinic(desk)


def visit(made: Clinic, last: str, plan: str | None = "AETPPO", **values: Any) -> Coverage | None:
    """A patient due tomorrow at nine, with or without a plan."""
    number = made.desk.rows("SELECT count(*) FROM patient")[0][0]
    patient = made.patient(last, born=date(1960, 1, 1 + number))
    covered = None
    if plan is not None:
        covered = made.cover(patient, plan, **{"member_id": f"M{patient.id}", **values})
    made.appointment(patient, datetime(2026, 3, 19, 8, 0) + timedelta(minutes=30 * number))
    return covered


def keep(desk: Desk, covered: Coverage | None, *lines: str, **given: Any) -> None:
    assert covered is not None
    given = {"born": None, "member": covered.member_id, "trace": f"T{covered.id}", **given}
    eligibility.stored_answers(desk, answer(*lines, **given), coverage_id=covered.id)


def states(desk: Desk, first: date = TOMORROW) -> dict[str, str]:
    return {row.patient.split(",")[0]: row.state for row in verify_board.board(desk, first)}


def test_every_state_the_worst_first(desk: Desk, made: Clinic) -> None:
    coverage.add_plan(desk, code="SELF", name="Self-pay", plan_type="SELF")
    made.plans["SELF"] = type(made.plans["AETPPO"]).get(code="SELF")
    visit(made, "SELF", "SELF", member_id="")
    ok = visit(made, "OK", **NEVER)
    asked = visit(made, "ASKED", **NEVER)
    active = visit(made, "BEN", **NEVER)
    visit(made, "OLD", verified_on=TODAY - timedelta(days=31), eligibility="active")
    visit(made, "NEW", **NEVER)
    visit(made, "NONE", None)
    issue = visit(made, "ISSUE", **NEVER)
    unable = visit(made, "UNABLE", **NEVER)
    ends = visit(made, "ENDS", **NEVER)
    inactive = visit(made, "INACT", **NEVER)
    keep(desk, ok, *PPO)
    keep(desk, active, "EB*1*IND*30")
    keep(desk, issue, "EB*5*IND*30")
    keep(desk, unable, "AAA*N**75*C")
    keep(desk, ends, "EB*1*IND*30", before=("DTP*347*D8*20260318",))
    keep(desk, inactive, "EB*6*IND*30")
    assert asked is not None
    with desk.operation("eligibility.ask") as op:
        from deskterm.db.eligibility import Inquiry

        op.create(
            Inquiry, patient=asked.patient_id, coverage=asked.id, service_day=TOMORROW,
            services="30", trace="T0", asked_at=op.now, asked_by="mlopez", request="x",
        )  # fmt: skip
    rows = verify_board.board(desk, TOMORROW)
    assert [row.state for row in rows] == list(verify_board.STATES)
    assert [row.patient.split(",")[0] for row in rows] == list(verify_board.STATES)
    by = {row.state: row for row in rows}
    assert by["UNABLE"].why == "The subscriber was not found"
    assert "Check member id" in by["UNABLE"].do
    assert by["ENDS"].why == "it ends 03/18/2026"
    assert (by["OK"].deductible_left_cents, by["OK"].verified_on) == (31000, TODAY)
    assert all(row.do for row in rows if row.state not in ("OK", "SELF", "ASKED"))


def test_two_clocks(desk: Desk, made: Clinic, clock: FrozenClock) -> None:
    covered = visit(made, "A", **NEVER)
    keep(desk, covered, *PPO)
    policy = desk.settings.policy
    made.appointment(
        type(made.patient("X", "Y")).get_by_id(covered.patient_id),  # type: ignore[union-attr]
        datetime(2026, 3, 31, 9, 0),
    )
    assert states(desk, date(2026, 3, 31)) == {"A": "OK"}
    clock.advance(days=10)
    desk.settings = replace(desk.settings, policy=replace(policy, eligibility_stale=9))
    assert states(desk, date(2026, 3, 31)) == {"A": "OLD"}
    desk.settings = replace(desk.settings, policy=replace(policy, benefits_stale=9))
    assert states(desk, date(2026, 3, 31)) == {"A": "BEN"}


def test_an_answer_for_another_month_is_old(desk: Desk, made: Clinic) -> None:
    covered = visit(made, "A", **NEVER)
    keep(desk, covered, *PPO)
    made.appointment(
        type(made.patient("X", "Y")).get_by_id(covered.patient_id),  # type: ignore[union-attr]
        datetime(2026, 4, 1, 9, 0),
    )
    assert states(desk, date(2026, 4, 1)) == {"A": "OLD"}


def test_a_failed_question_says_so_and_stays_to_be_verified(desk: Desk, made: Clinic) -> None:
    covered = visit(made, "A", **NEVER)
    assert covered is not None
    with desk.operation("eligibility.failed") as op:
        from deskterm.db.eligibility import Inquiry

        op.create(
            Inquiry, patient=covered.patient_id, coverage=covered.id, service_day=TOMORROW,
            services="30", trace="T0", asked_at=op.now, asked_by="mlopez", request="x",
            state="failed", failure="no answer within 20 s",
        )  # fmt: skip
    (row,) = verify_board.board(desk, TOMORROW)
    assert (row.state, row.why) == ("NEW", "no answer within 20 s")


def test_assignments(desk: Desk, made: Clinic) -> None:
    visit(made, "A", **NEVER)
    visit(made, "B", **NEVER)
    staff.add(desk, login="kim", name="Kim", role="front_desk")
    first, second = (row.appointment_id for row in verify_board.board(desk, TOMORROW))
    verify_board.assign(desk, first, "kim")
    verify_board.assign(desk, second, "mlopez")
    assert [r.appointment_id for r in verify_board.board(desk, TOMORROW, assigned="kim")] == [first]
    verify_board.assign(desk, first, "")
    assert verify_board.board(desk, TOMORROW, assigned="kim") == []
    with pytest.raises(NotFound):
        verify_board.assign(desk, first, "nobody")
    staff.disable(desk, "kim", reason="left")
    with pytest.raises(Conflict):
        verify_board.assign(desk, first, "kim")


def test_too_many_days_and_days_backwards_are_refused(desk: Desk, made: Clinic) -> None:
    for last in (TODAY - timedelta(days=1), TODAY + timedelta(days=31)):
        with pytest.raises(Invalid):
            verify_board.board(desk, TODAY, last)


def test_a_restricted_patient_is_initials(desk: Desk, made: Clinic) -> None:
    covered = visit(made, "SECRETNAME", **NEVER)
    keep(desk, covered, *PPO)
    with desk.operation("patient.restrict", reason="vip") as op:
        patient = op.get(type(made.patient("X", "Y")), covered.patient_id)  # type: ignore[union-attr]
        patient.restricted = True
        op.save(patient)
    (row,) = verify_board.board(become(desk, "front_desk"), TOMORROW)
    assert "SECRETNAME" not in str(row)
    assert (row.plan, row.copay_cents) == ("", None)
