"""Drafts: saved as typed, kept over kill -9, never done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import clinic, drafts, messages
from deskterm.office.desk import Desk, find_actor

STATE = {"fields": {"body": "needs \x1b[31m it\n\ud800 by Friday"}, "focus": "body", "cursor": 7}


def keep(desk: Desk, key: str = "call-1", **values: object) -> bool:
    given = {"form": "call", "heading": "CALL SMITH", "state": STATE, **values}
    return drafts.save(desk, key=key, **given)  # type: ignore[arg-type]


def other(desk: Desk, login: str) -> Desk:
    return replace(desk, actor=find_actor(desk.database, desk.settings, login), workstation="d2")


def test_what_was_typed_comes_back_exactly(desk: Desk, clock: FrozenClock) -> None:
    assert keep(desk, state={})
    clock.advance(minutes=4)
    assert keep(desk)
    clock.advance(minutes=6)
    (row,) = drafts.open_drafts(desk)
    assert row.state == STATE
    assert (row.form, row.heading, row.here, row.done) == ("call", "CALL SMITH", True, False)
    assert row.opened_at == datetime(2026, 3, 18, 9, 42)
    assert row.parked_minutes == 6


def test_saving_is_not_journaled(desk: Desk) -> None:
    before = desk.rows("SELECT max(seq) FROM journal")
    keep(desk)
    drafts.finish(desk, "call-1")
    assert desk.rows("SELECT max(seq) FROM journal") == before


def test_a_late_save_does_not_open_a_finished_form_again(desk: Desk) -> None:
    keep(desk)
    drafts.finish(desk, "call-1")
    assert keep(desk) is False
    assert drafts.open_drafts(desk) == []
    assert drafts.get(desk, "call-1").state == {}


def test_dropping_needs_a_reason(desk: Desk) -> None:
    keep(desk)
    with pytest.raises(Invalid):
        drafts.drop(desk, "call-1", " ")
    drafts.drop(desk, "call-1", "hung up")
    assert drafts.open_drafts(desk) == []
    assert desk.rows("SELECT status, reason FROM draft") == [("dropped", "hung up")]
    with pytest.raises(NotFound):
        drafts.drop(desk, "call-1", "again")


def test_a_form_whose_work_is_in_the_journal_is_done(desk: Desk) -> None:
    keep(desk)
    messages.take(desk, caller="Ann", body="refill", key="call-1")
    (row,) = drafts.open_drafts(desk)
    assert row.done


def test_drafts_belong_to_one_person_at_any_desk(desk: Desk) -> None:
    clinic.add_staff(desk, login="dana", name="Dana", role="front_desk")
    keep(desk)
    dana = other(desk, "dana")
    assert drafts.open_drafts(dana) == []
    with pytest.raises(NotFound):
        drafts.get(dana, "call-1")
    with pytest.raises(Conflict):
        keep(dana)
    elsewhere = other(desk, "mlopez")
    assert [row.here for row in drafts.open_drafts(elsewhere)] == [False]
    drafts.hand_over(desk, "call-1", "dana")
    assert drafts.open_drafts(desk) == []
    assert [row.key for row in drafts.open_drafts(dana)] == ["call-1"]
    with pytest.raises(Invalid):
        drafts.hand_over(dana, "call-1", "nobody")


def test_a_card_number_is_never_kept(desk: Desk) -> None:
    keep(desk, state={"fields": {"pay": "4111 1111 1111 1111", "note": "two tenders"}})
    assert drafts.get(desk, "call-1").state == {"fields": {"pay": "", "note": "two tenders"}}


@pytest.mark.parametrize("state", [{"x": object()}, {"x": "a" * 300_000}])
def test_what_cannot_be_kept_is_refused(desk: Desk, state: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        keep(desk, state=state)


def test_a_patient_who_is_not_there(desk: Desk) -> None:
    with pytest.raises(NotFound):
        keep(desk, patient_id=77)


CHILD = """
import os, signal, sys
from deskterm.config import Settings
from deskterm.office import drafts
from deskterm.office.desk import open_desk
desk = open_desk(Settings(database=sys.argv[1]), login="mlopez")
drafts.save(desk, key="k", form="call", heading="CALL", state={"body": "half a sent", "cursor": 11})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_nine_loses_nothing(desk: Desk) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, desk.settings.database],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    (row,) = drafts.open_drafts(desk)
    assert row.state == {"body": "half a sent", "cursor": 11}
