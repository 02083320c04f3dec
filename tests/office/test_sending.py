"""Questions through a payer on loopback: every way of asking, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import EligibilityAnswer, Inquiry
from deskterm.db.outbox import Connection, Outgoing
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import asking, connections, outbox, sending, verify_board
from deskterm.office.desk import Desk
from tests import factories
from tests.answers import PPO, answer
from tests.factories import TODAY, Clinic
from tests.payer_simulator import Asked, Reply, Simulator

Answers = Callable[[Asked], Reply]


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
def payer(tmp_path: Path) -> Iterator[Simulator]:
    folder = tmp_path / "payer"
    folder.mkdir()
    running = Simulator(folder, good)
    yield running
    running.close()


def good(asked: Asked) -> Reply:
    return Reply(answer(*PPO, trace=asked.trace, born=asked.born))


def connect(desk: Desk, payer: Simulator, way: str = "soap", **values: Any) -> Connection:
    kind = {"soap": "core_soap", "mtom": "core_soap", "mime": "core_mime", "json": "json"}[way]
    return connections.add(
        desk, code="CLEAR1", kind=kind, url=payer.url(way), sender="CLINIC",
        **{"ca_file": str(payer.ca_file), "timeout": 5, **values},
    )  # fmt: skip


def ask(desk: Desk, covered: Coverage) -> Inquiry:
    return asking.ask(desk, covered.id, TODAY)


def drain(desk: Desk) -> sending.Tally:
    return asyncio.run(sending.drain(desk))


@pytest.mark.parametrize("way", ["soap", "mtom", "mime", "json"])
def test_every_way_of_asking(desk: Desk, made: Clinic, payer: Simulator, way: str) -> None:
    covered = made.cover(made.patient(), eligibility="not_checked", verified_on=None)
    connect(desk, payer, way)
    inquiry = ask(desk, covered)
    assert drain(desk).answered == 1
    assert payer.asked[0].trace == inquiry.trace
    stored = EligibilityAnswer.get()
    assert (stored.status, stored.trace, stored.deductible_left_cents) == (
        "active",
        inquiry.trace,
        31000,
    )
    assert Coverage.get_by_id(covered.id).eligibility == "active"
    assert Inquiry.get_by_id(inquiry.id).state == "answered"
    assert drain(desk).answered == 0
    assert len(payer.asked) == 1


def test_a_secret_goes_out_and_stands_nowhere(
    desk: Desk, made: Clinic, payer: Simulator, tmp_path: Path
) -> None:
    folder = tmp_path / "clinic.db-secrets"
    folder.mkdir(mode=0o700)
    secret = folder / "clear1"
    secret.write_text("clinic:s3cretword\n")
    secret.chmod(0o600)
    connect(desk, payer, secret="clear1")
    ask(desk, made.cover(made.patient()))
    assert drain(desk).answered == 1
    assert "s3cretword" in payer.asked[0].body
    for table in ("connection", "outgoing", "journal", "inquiry"):
        for row in desk.rows(f"SELECT * FROM {table}"):
            assert "s3cretword" not in str(row)
    secret.chmod(0o644)
    assert connections.every(desk)[0]["secret_there"] is False
    ask(desk, made.cover(made.patient("OTHER", "ANN"), member_id="Z1"))
    tally = drain(desk)
    assert tally.failed == 1
    assert "clear1" in tally.problems[0]


def odd(name: str) -> tuple[Answers, str, bool]:
    """A payer's fault: what it answers, what is said, whether it is tried again."""
    faults: dict[str, tuple[Answers, str, bool]] = {
        "not at all": (lambda a: Reply(hang=True), "No answer within 1 s", True),
        "broken off": (lambda a: Reply(reset=True), "broke off", True),
        "a web page": (lambda a: Reply(raw=b"<html>down</html>"), "no payload", True),
        "an error": (lambda a: Reply(status=503), "error (503)", True),
        "moved": (lambda a: Reply(status=302), "do not take the request (302)", False),
        "no entry": (lambda a: Reply(status=401), "refuse our name", False),
        "unauthorized": (lambda a: Reply("x", error="UnAuthorized"), "UnAuthorized", False),
        "overloaded": (lambda a: Reply("x", error="Receiver"), "Receiver", True),
        "nothing": (lambda a: Reply(""), "empty", True),
        "cut short": (lambda a: Reply(good(a).text[:-40]), "ends in the middle", True),
        "another's": (lambda a: Reply(answer(*PPO, trace="DTOTHER")), "another question", True),
        "a doctype": (lambda a: Reply(raw=b"<!DOCTYPE x><a/>"), "document type", False),
        "too large": (lambda a: Reply(raw=b"x" * 10_500_000), "too large", False),
    }
    return faults[name]


FAULTS = [
    "not at all", "broken off", "a web page", "an error", "moved", "no entry", "unauthorized",
    "overloaded", "nothing", "cut short", "another's", "a doctype", "too large",
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_said_and_changes_nothing(
    desk: Desk, made: Clinic, payer: Simulator, clock: FrozenClock, fault: str
) -> None:
    payer.answers, words, again = odd(fault)
    covered = made.cover(made.patient())
    connect(desk, payer, timeout=1, tries=2)
    inquiry = ask(desk, covered)
    tally = drain(desk)
    (row,) = outbox.listed(desk)
    assert words in row.error
    assert row.state == ("waiting" if again else "failed")
    before = Coverage.get_by_id(covered.id)
    assert (before.eligibility, before.ends_on) == ("active", None)
    if again:
        assert (tally.retried, Inquiry.get_by_id(inquiry.id).state) == (1, "waiting")
        clock.advance(minutes=5)
        tally = drain(desk)
    assert tally.failed == 1
    assert Inquiry.get_by_id(inquiry.id).state == "failed"
    assert EligibilityAnswer.select().count() == 0
    # Once more by hand, when the payer is well again.
    payer.answers = good
    outbox.again(desk, row.id)
    assert drain(desk).answered == 1
    assert EligibilityAnswer.select().count() == 1


def test_a_certificate_of_somebody_else_is_not_trusted(
    desk: Desk, made: Clinic, payer: Simulator
) -> None:
    connect(desk, payer, ca_file="")
    ask(desk, made.cover(made.patient()))
    assert "not trusted" in drain(desk).problems[0]
    assert payer.asked == []


def test_nobody_there(desk: Desk, made: Clinic, payer: Simulator) -> None:
    connect(desk, payer)
    payer.close()
    ask(desk, made.cover(made.patient()))
    assert drain(desk).retried == 1
    assert "cannot be reached" in outbox.listed(desk)[0].error


def test_a_rejection_for_now_and_one_for_good(desk: Desk, made: Clinic, payer: Simulator) -> None:
    payer.answers = lambda a: Reply(answer("AAA*N**75*C", trace=a.trace))
    covered = made.cover(made.patient())
    connect(desk, payer)
    ask(desk, covered)
    assert drain(desk).answered == 1
    assert Coverage.get_by_id(covered.id).eligibility == "unable"


def test_the_same_question_while_it_is_open(desk: Desk, made: Clinic, payer: Simulator) -> None:
    covered = made.cover(made.patient())
    connect(desk, payer)
    assert ask(desk, covered).id == ask(desk, covered).id
    drain(desk)
    assert len(payer.asked) == 1
    assert ask(desk, covered).state == "waiting"  # a new one: the first was answered


def test_a_question_is_taken_back_until_it_is_sent(
    desk: Desk, made: Clinic, payer: Simulator
) -> None:
    connect(desk, payer)
    inquiry = ask(desk, made.cover(made.patient()))
    asking.withdraw(desk, inquiry.id)
    assert (drain(desk).answered, payer.asked) == (0, [])
    with pytest.raises(Conflict):
        asking.withdraw(desk, inquiry.id)


def test_two_workers_send_each_thing_once(desk: Desk, made: Clinic, payer: Simulator) -> None:
    connect(desk, payer)
    for number in range(12):
        who = made.patient(f"P{number}", "A", born=TODAY - timedelta(days=9000 + number))
        ask(desk, made.cover(who, member_id=f"M{number}"))
    first = outbox.claim(desk, "one", 5)
    second = outbox.claim(desk, "two", 50)
    assert len(first) == 5
    assert len(second) == 7
    assert not {i.id for i in first} & {i.id for i in second}
    assert outbox.claim(desk, "three", 50) == []


def test_what_a_dead_worker_held_is_sent_by_another(
    desk: Desk, made: Clinic, payer: Simulator, clock: FrozenClock
) -> None:
    connect(desk, payer)
    ask(desk, made.cover(made.patient()))
    (held,) = outbox.claim(desk, "dead", 5)
    assert drain(desk).answered == 0
    clock.advance(seconds=91)
    assert drain(desk).answered == 1
    # The dead one wakes up: what it says of its try is not taken.
    outbox.failed(desk, held, "late", again=False, tries=1)
    assert Outgoing.get_by_id(held.id).state == "answered"


def test_many_at_once_wait_for_the_payer_and_not_for_each_other(
    desk: Desk, made: Clinic, payer: Simulator
) -> None:
    inside, most, lock = 0, 0, threading.Lock()

    def slow(asked: Asked) -> Reply:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        deadline = time.monotonic() + 3
        while most < 8 and time.monotonic() < deadline:
            time.sleep(0.01)
        with lock:
            inside -= 1
        return good(asked)

    payer.answers = slow
    connect(desk, payer, timeout=20)
    for number in range(8):
        who = made.patient(f"P{number}", "A", born=TODAY - timedelta(days=9000 + number))
        ask(desk, made.cover(who, member_id=f"M{number}"))
    assert drain(desk).answered == 8
    assert most == 8


def test_a_folder(desk: Desk, made: Clinic, tmp_path: Path) -> None:
    place = tmp_path / "drop"
    connections.add(desk, code="DROP", kind="folder", url=str(place), sender="CLINIC")
    covered = made.cover(made.patient())
    inquiry = ask(desk, covered)
    assert drain(desk).sent == 1
    (out,) = (place / "out").iterdir()
    assert inquiry.trace in out.read_text()
    came = place / "in"
    came.mkdir()
    (came / "bad.271").write_text("not an answer")
    (came / "good.271").write_text(answer(*PPO, trace=inquiry.trace))
    for path in came.iterdir():
        os.utime(path, (time.time() - 60, time.time() - 60))
    (came / "half.271").write_text(answer(*PPO, trace=inquiry.trace)[:50])
    tally = drain(desk)
    assert tally.answered == 1
    assert sorted(p.name for p in (place / "done").iterdir()) == ["good.271"]
    assert sorted(p.name for p in (place / "refused").iterdir()) == ["bad.271"]
    assert [p.name for p in came.iterdir()] == ["half.271"]


def test_everybody_of_tomorrow(desk: Desk, made: Clinic, payer: Simulator) -> None:
    from datetime import datetime

    connect(desk, payer)
    tomorrow = TODAY + timedelta(days=1)
    for number, plan in enumerate(("AETPPO", "AETPPO", "MCD", None)):
        who = made.patient(f"P{number}", "A", born=TODAY - timedelta(days=9000 + number))
        if plan:
            made.cover(who, plan, member_id=f"M{number}", eligibility="not_checked",
                       verified_on=None)  # fmt: skip
        made.appointment(who, datetime(2026, 3, 19, 9, 30 * (number % 2)),
                         provider=("LEE", "NOVAK")[number // 2])  # fmt: skip
    done = asking.verify(desk, tomorrow, tomorrow)
    assert (done.asked, [why for _, why in done.refused]) == (2, ["The plan has no payer id"])
    again = asking.verify(desk, tomorrow, tomorrow)
    assert (again.asked, again.settled) == (0, 2)
    drain(desk)
    states = [row.state for row in verify_board.board(desk, tomorrow)]
    assert states == ["NONE", "NEW", "OK", "OK"]


def test_connections_are_checked(desk: Desk, made: Clinic) -> None:
    good_one: dict[str, Any] = {
        "code": "A", "kind": "json", "url": "https://x.example", "sender": "S",
    }  # fmt: skip
    for wrong in (
        {"url": "http://x.example"}, {"url": "https://me:pw@x.example"}, {"kind": "pigeon"},
        {"secret": "hunter2 is my password"}, {"timeout": 0}, {"code": ""},
        {"kind": "folder", "url": "relative"},
    ):  # fmt: skip
        with pytest.raises(Invalid):
            connections.add(desk, **{**good_one, **wrong})
    connections.add(desk, **good_one)
    with pytest.raises(Conflict):
        connections.add(desk, **good_one)
    with pytest.raises(NotFound):
        connections.edit(desk, "NOPE", timeout=3)


def test_a_connection_for_the_payer_comes_before_one_for_all(desk: Desk, made: Clinic) -> None:
    for code, payers in (("ALL", ""), ("ONE", "11111 60054"), ("OTHER", "600")):
        connections.add(desk, code=code, kind="json", url="https://x.example", sender="S",
                        payers=payers)  # fmt: skip
    plan = Plan.get_by_id(made.plans["AETPPO"].id)
    found = connections.serving(desk, plan)
    assert found is not None
    assert found.code == "ONE"
    connections.edit(desk, "ONE", active=False)
    found = connections.serving(desk, plan)
    assert found is not None
    assert found.code == "ALL"


def test_without_a_connection_the_desk_says_to_note_it_by_hand(desk: Desk, made: Clinic) -> None:
    covered = made.cover(made.patient())
    assert asking.cannot(desk, covered.id) == "no connection for this payer"
    with pytest.raises(Conflict, match="no connection"):
        ask(desk, covered)
