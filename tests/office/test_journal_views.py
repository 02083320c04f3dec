"""Looking at the journal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from deskterm.clock import FrozenClock
from deskterm.errors import NotAllowed
from deskterm.office import journal_views, messages
from deskterm.office.desk import Desk


def test_newest_first_in_wall_time_and_words(desk: Desk, clock: FrozenClock) -> None:
    clock.advance(minutes=3)
    made = messages.take(desk, caller="Ann", body="refill", topic="rx")
    messages.acknowledge(desk, made.id, version=made.version)
    newest, older = journal_views.entries(desk, limit=2)
    assert (newest.operation, older.operation) == ("message.acknowledge", "message.take")
    assert f"{newest.at:%H:%M}" == "09:45"
    assert f"message {made.id} status: new -> acknowledged" in newest.words
    assert any(line.startswith("message 1 new: ") for line in older.words)
    assert json.loads(json.dumps(newest.as_dict()))["at"] == "2026-03-18T09:45:00"


def test_each_condition_narrows(desk: Desk, clock: FrozenClock) -> None:
    clock.advance(days=1)
    messages.take(desk, caller="Ann", body="refill")
    assert len(journal_views.entries(desk)) == 2
    assert len(journal_views.entries(desk, operation="message")) == 1
    assert len(journal_views.entries(desk, operation="mess")) == 0
    assert len(journal_views.entries(desk, operation="message.take")) == 1
    assert len(journal_views.entries(desk, first=date(2026, 3, 19))) == 1
    assert len(journal_views.entries(desk, last=date(2026, 3, 18))) == 1
    assert len(journal_views.entries(desk, actor="nobody")) == 0
    assert len(journal_views.entries(desk, patient_id=1)) == 0
    assert len(journal_views.entries(desk, after=1)) == 1


def test_only_a_patients_own_entries(desk: Desk) -> None:
    with desk.operation("patient.edit", patient_id=7) as op:
        op.changes.append({"table": "patient", "id": 7, "before": {"a": 1}, "after": {"a": 2}})
    assert [e.patient_id for e in journal_views.entries(desk, patient_id=7)] == [7]


def test_verify_tells_what_was_changed_behind_its_back(desk: Desk) -> None:
    messages.take(desk, caller="Ann", body="refill")
    good = journal_views.verify(desk)
    assert good.ok and good.entries == 2
    desk.database.execute_sql("DROP TRIGGER journal_no_update")
    desk.database.execute_sql("UPDATE journal SET actor = 'someone' WHERE seq = 2")
    bad = journal_views.verify(desk)
    assert not bad.ok
    assert [f["seq"] for f in bad.faults] == [0, 2]
    assert bad.as_dict()["ok"] is False


def test_only_some_may_look(desk: Desk) -> None:
    desk.actor = replace(desk.actor, permissions=frozenset())
    for look in (journal_views.entries, journal_views.verify):
        with pytest.raises(NotAllowed):
            look(desk)
