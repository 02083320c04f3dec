"""The outbox at the desk: what failed and why, sent again with a key, given up with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskterm.exchange.payers.trouble import NotX12
from deskterm.office import outbox
from deskterm.office.desk import Desk
from tests import payer_simulator as sim
from tests.factories import become, clinic
from tests.office.test_outbox import connect, drain, put
from tests.payer_simulator import Answer, Payer
from tests.screens.driver import at_desk


@pytest.fixture
def payer(tmp_path: Path) -> Iterator[Payer]:
    with Payer(tmp_path / "payer") as running:
        yield running


async def test_what_failed_is_seen_and_sent_again_with_one_key(desk: Desk, payer: Payer) -> None:
    patient = clinic(desk).patient("SMITH", "JOAN")
    connect(desk, payer)
    put(desk, "T1", patient=patient.id)
    put(desk, "T2", patient=patient.id)
    payer.answers = lambda x12: Answer(how="html")
    claimed = outbox.claim(desk, holder="w", limit=2)
    for job in claimed:
        outbox.failed(desk, job, NotX12("The answer is not a SOAP envelope"))
    biller = become(desk, "biller")
    async with at_desk(biller) as clerk:
        await clerk.press("f10")
        await clerk.type("outbox\n")
        assert clerk.place == "OutboxScreen"
        assert "2 need somebody" in clerk.text()
        assert "FAILED" in clerk.line_with("SMITH")
        assert "not a SOAP envelope" in clerk.row(22)
        await clerk.type("2")
        await clerk.type("f")  # the payer still answers with a page
        await clerk.wait_for("not a SOAP envelope")
        await clerk.wait(lambda: len(payer.seen) == 1)
        await clerk.wait(lambda: outbox.get(biller, 2).state == "failed")
        payer.answers = lambda x12: Answer(sim.active(x12))
        await clerk.wait(lambda: "FAILED" in clerk.line_with("  2 "))
        await clerk.type("2f")
        await clerk.wait_for("2 is answered")
        # This answer was made by hand and is about nobody on file: that too waits for somebody.
        assert "2 need somebody" in clerk.text() and "about nobody on file" in clerk.text()
        await clerk.type("1x")
        await clerk.type("asked by phone\n")
        assert "1 is given up" in clerk.text()
        await clerk.type("v")
        assert "given up" in clerk.text() and "2 in all" in clerk.text()
        await clerk.press("enter")
        assert clerk.place == "PatientScreen"
    assert [trace for trace in map(sim.trace_of, payer.seen)] == ["T2", "T2"]


async def test_news_of_the_worker_is_shown(desk: Desk, payer: Payer) -> None:
    connect(desk, payer)
    put(desk)
    async with at_desk(desk) as clerk:
        await clerk.app.go("outbox")
        await clerk.wait_for("to be sent")
        await asyncio.to_thread(drain, desk)
        await clerk.news()
        await clerk.wait_for("Nothing waits to be sent")
