"""A desk asks a payer on loopback, and what it answers lands on the coverage and the board."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import EligibilityAnswer, Inquiry
from deskterm.errors import Conflict
from deskterm.office import asking, connections, outbox, verify_board
from deskterm.office.connections import ConnectionEntry
from deskterm.office.desk import Desk, open_desk
from deskterm.office.sending import Sender, Tally
from tests import factories
from tests import payer_simulator as sim
from tests.answers import PPO, answer
from tests.factories import TODAY, Clinic
from tests.payer_simulator import Answer, Payer

TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    desk.settings = replace(desk.settings, npi="1234567893", tax_id="12-3456789")
    clinic = factories.clinic(desk)
    with desk.operation("coverage.plan") as op:
        plan = op.get(Plan, clinic.plans["AETPPO"].id)
        plan.payer_id = "60054"
        op.save(plan)
    return clinic


@pytest.fixture
def payer(tmp_path: Path) -> Iterator[Payer]:
    with Payer(tmp_path / "payer", answers=good) as running:
        yield running


def about(x12: str) -> dict[str, Any]:
    """Who was asked about, for an answer about them."""
    born = datetime.strptime(sim.element(x12, "DMG", 2), "%Y%m%d").date()
    return {"trace": sim.trace_of(x12), "born": born, "member": sim.member_of(x12)}


def good(x12: str) -> Answer:
    return Answer(answer(*PPO, **about(x12)))


def connect(desk: Desk, payer: Payer, **values: Any) -> None:
    given = {"code": "CLEAR1", "kind": "core_soap", "url": payer.url("core_soap"),
             "ca_file": payer.ca_file, "sender_id": "CLINIC", "retries": 0}  # fmt: skip
    folder = desk.settings.secrets_path
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "clear"
    secret.write_text(f"{sim.USER}\n{sim.PASSWORD}\n")
    secret.chmod(0o600)
    connections.add(desk, ConnectionEntry(**{**given, "secret": "file:clear", **values}))


def drain(desk: Desk) -> Tally:
    """One run of a worker as the service runs it."""
    sender = Sender(lambda: open_desk(desk.settings, login=desk.actor.login, clock=desk.clock))
    return asyncio.run(sender.run(once=True))


def test_a_question_goes_out_and_its_answer_lands(desk: Desk, made: Clinic, payer: Payer) -> None:
    covered = made.cover(made.patient(), eligibility="not_checked", verified_on=None)
    connect(desk, payer)
    inquiry = asking.ask(desk, covered.id, TODAY)
    assert asking.waiting(desk, covered.id)
    assert drain(desk).answered == 1
    stored = EligibilityAnswer.get()
    assert (stored.status, stored.trace, stored.deductible_left_cents) == (
        "active",
        inquiry.trace,
        31000,
    )
    assert Coverage.get_by_id(covered.id).eligibility == "active"
    assert Inquiry.get_by_id(inquiry.id).state == "answered"
    assert asking.answered_today(desk, covered.id)
    assert drain(desk).answered == 0


def test_the_same_question_while_it_is_open(desk: Desk, made: Clinic, payer: Payer) -> None:
    covered = made.cover(made.patient())
    connect(desk, payer)
    assert asking.ask(desk, covered.id, TODAY).id == asking.ask(desk, covered.id, TODAY).id
    drain(desk)
    assert len(payer.seen) == 1
    assert asking.ask(desk, covered.id, TODAY).state == "waiting"  # the first was answered


def test_no_answer_is_noted_and_the_insurance_stays(desk: Desk, made: Clinic, payer: Payer) -> None:
    payer.answers = lambda x12: Answer(how="html", status=500)
    covered = made.cover(made.patient())
    connect(desk, payer)
    inquiry = asking.ask(desk, covered.id, TODAY)
    assert drain(desk).failed == 1
    row = Inquiry.get_by_id(inquiry.id)
    assert row.state == "failed"
    assert row.failure
    before = Coverage.get_by_id(covered.id)
    assert (before.eligibility, before.ends_on) == ("active", None)
    payer.answers = good
    (failed,) = outbox.listing(desk)
    outbox.retry(desk, failed.id)
    assert drain(desk).answered == 1
    assert EligibilityAnswer.select().count() == 1


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (("AAA*N**75*C",), "unable"), (("EB*6*IND*30",), "inactive"),
        (("EB*5*IND*30",), "issue"), (("EB*1*IND*30",), "active"),
    ],
)  # fmt: skip
def test_what_payers_say(
    desk: Desk, made: Clinic, payer: Payer, lines: tuple[str, ...], status: str
) -> None:
    payer.answers = lambda x12: Answer(answer(*lines, **about(x12)))
    covered = made.cover(made.patient())
    connect(desk, payer)
    asking.ask(desk, covered.id, TODAY)
    assert drain(desk).answered == 1
    assert Coverage.get_by_id(covered.id).eligibility == status


def test_a_restricted_patients_insurance_is_verified_by_the_worker(
    desk: Desk, made: Clinic, payer: Payer
) -> None:
    covered = made.cover(made.patient(), eligibility="not_checked", verified_on=None)
    connect(desk, payer)
    asking.ask(desk, covered.id, TODAY)
    with desk.operation("patient.restrict", patient_id=covered.patient_id, reason="vip") as op:
        patient = op.get(type(made.patient("X", "Y")), covered.patient_id)
        patient.restricted = True
        op.save(patient)
    clerk = factories.become(desk, "front_desk")
    sender = Sender(lambda: open_desk(clerk.settings, login=clerk.actor.login, clock=clerk.clock))
    assert asyncio.run(sender.run(once=True)).answered == 1
    assert Coverage.get_by_id(covered.id).eligibility == "active"


def test_everybody_of_tomorrow(desk: Desk, made: Clinic, payer: Payer) -> None:
    connect(desk, payer)
    for number, plan in enumerate(("AETPPO", "AETPPO", "MCD", None)):
        who = made.patient(f"P{number}", "A", born=date(2000, 1, 1) - timedelta(days=number))
        if plan:
            made.cover(who, plan, member_id=f"M{number}", eligibility="not_checked",
                       verified_on=None)  # fmt: skip
        made.appointment(who, datetime(2026, 3, 19, 9, 30 * (number % 2)),
                         provider=("LEE", "NOVAK")[number // 2])  # fmt: skip
    done = asking.verify(desk, TOMORROW, TOMORROW)
    assert (done.asked, [why for _, why in done.refused]) == (2, ["The plan has no payer id"])
    again = asking.verify(desk, TOMORROW, TOMORROW)
    assert (again.asked, again.settled) == (0, 2)
    drain(desk)
    states = [row.state for row in verify_board.board(desk, TOMORROW)]
    assert states == ["NONE", "NEW", "OK", "OK"]


def test_without_a_connection_the_desk_says_to_note_it_by_hand(desk: Desk, made: Clinic) -> None:
    covered = made.cover(made.patient())
    assert asking.cannot(desk, covered.id) == "no connection for this payer"
    with pytest.raises(Conflict, match="no connection"):
        asking.ask(desk, covered.id, TODAY)
