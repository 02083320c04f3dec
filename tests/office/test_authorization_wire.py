"""Requests for authorization as X12, and what a payer decides applied to our records."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deskterm.db.authorizations import PriorAuthorization
from deskterm.db.coverage import Plan
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange.x12 import segments
from deskterm.office import authorization_wire, authorizations, clinic, connections, outbox
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.office.connections import ConnectionEntry
from deskterm.office.desk import Desk, open_desk
from deskterm.office.sending import Sender
from tests import factories
from tests import payer_simulator as sim
from tests.answers import decision
from tests.payer_simulator import Answer, Payer


@pytest.fixture
def asked(desk: Desk) -> PriorAuthorization:
    """An authorization for physical therapy, twelve visits, that nobody submitted yet."""
    desk.settings = replace(desk.settings, npi="1234567893", tax_id="12-3456789")
    made = factories.clinic(desk)
    with desk.operation("coverage.plan") as op:
        plan = op.get(Plan, made.plans["AETPPO"].id)
        plan.payer_id = "60054"
        op.save(plan)
    who = made.patient()
    made.cover(who)
    entry = AuthorizationEntry(
        service="Physical therapy", procedures="97110 97140", diagnoses="M54.50", units_asked=12,
        service_type="PT",
    )  # fmt: skip
    return authorizations.request(desk, who.id, entry)


def trace_of(text: str) -> str:
    (interchange,) = segments.read(text)
    (transaction,) = interchange.transactions
    return next(s[2] for s in transaction.segments if s.id == "TRN")


def test_the_request_says_who_what_and_how_often(desk: Desk, asked: PriorAuthorization) -> None:
    text = authorization_wire.text(desk, asked.id)
    for part in ("NM1*IL*1*EXAMPLE*PAT", "HSD*VS*12", "HC:97110", "HC:97140", "M5450", "60054"):
        assert part in text, part
    (interchange,) = segments.read(text)
    assert interchange.problems == []
    assert trace_of(text).startswith(f"DA{asked.id}X")


@pytest.mark.parametrize(
    ("lines", "state", "units", "last"),
    [
        (("HCR*A1*AUTH9", "DTP*AAH*RD8*20260318-20260618", "HSD*VS*12"), "approved", 12,
         date(2026, 6, 18)),
        (("HCR*A1*AUTH9", "HSD*VS*2*WK**34*3"), "approved", 6, None),
        (("HCR*A3**0U",), "denied", None, None),
        (("HCR*A4*P77",), "pended", None, None),
    ],
)  # fmt: skip
def test_a_decision_is_applied(
    desk: Desk, asked: PriorAuthorization, lines: tuple[str, ...], state: str, units: int | None,
    last: date | None,
) -> None:  # fmt: skip
    authorizations.submit(desk, asked.id, method="278")
    (done,) = authorization_wire.apply(
        desk, decision(trace_of(authorization_wire.text(desk, asked.id)), *lines)
    )
    record = PriorAuthorization.get_by_id(asked.id)
    assert (done.state, record.state, record.units, record.expires_on) == (
        state, state, units, last,
    )  # fmt: skip
    assert record.decision_code == lines[0].split("*")[1]


def test_an_unknown_code_is_kept_and_changes_nothing(desk: Desk, asked: PriorAuthorization) -> None:
    authorizations.submit(desk, asked.id, method="278")
    (done,) = authorization_wire.apply(desk, decision(f"DA{asked.id}X{'0' * 10}", "HCR*Z9*1"))
    record = PriorAuthorization.get_by_id(asked.id)
    assert (done.code, record.state, record.decision_code) == ("Z9", "submitted", "Z9")
    assert record.due_on == factories.TODAY


def test_a_rejection_says_what_to_do(desk: Desk, asked: PriorAuthorization) -> None:
    authorizations.submit(desk, asked.id, method="278")
    (done,) = authorization_wire.apply(desk, decision(f"DA{asked.id}X{'0' * 10}", "AAA*N**33*C"))
    assert done.state == "submitted"
    assert "input errors" in done.do


def test_an_answer_about_nobody_here(desk: Desk, asked: PriorAuthorization) -> None:
    for trace in ("DA999X0000000000", "SOMETHING", ""):
        with pytest.raises(NotFound):
            authorization_wire.apply(desk, decision(trace, "HCR*A1*1"))


def test_what_is_missing_is_said(desk: Desk, asked: PriorAuthorization) -> None:
    desk.settings = replace(desk.settings, npi="")
    with pytest.raises(Invalid, match="NPI"):
        authorization_wire.text(desk, asked.id)
    with pytest.raises(Conflict, match="No connection"):
        authorization_wire.send(desk, asked.id)


@pytest.fixture
def payer(tmp_path: Path) -> Iterator[Payer]:
    def approve(x12: str) -> Answer:
        return Answer(decision(sim.trace_of(x12), "HCR*A1*AUTH9", "HSD*VS*12"))

    with Payer(tmp_path / "payer", answers=approve) as running:
        yield running


def test_over_a_connection(desk: Desk, asked: PriorAuthorization, payer: Payer) -> None:
    folder = desk.settings.secrets_path
    folder.mkdir(mode=0o700)
    (folder / "clear").write_text(f"{sim.USER}\n{sim.PASSWORD}\n")
    (folder / "clear").chmod(0o600)
    given: dict[str, Any] = {"sender_id": "CLINIC", "secret": "file:clear"}
    connections.add(desk, ConnectionEntry(
        "CLEAR1", "core_soap", payer.url("core_soap"), ca_file=payer.ca_file, **given))  # fmt: skip
    record = authorization_wire.send(desk, asked.id)
    assert record.state == "submitted"
    sender = Sender(lambda: open_desk(desk.settings, login=desk.actor.login, clock=desk.clock))
    assert asyncio.run(sender.run(once=True)).answered == 1
    record = PriorAuthorization.get_by_id(asked.id)
    assert (record.state, record.number, record.units) == ("approved", "AUTH9", 12)
    assert outbox.listing(desk) == []
    assert clinic.codes(desk, "decision_code")
