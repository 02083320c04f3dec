"""What was looked at is noted in batches, by whom it was, and never in anybody's way."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deskterm.clock import FrozenClock
from deskterm.db import journal
from deskterm.db.database import open_database
from deskterm.errors import Busy, Invalid, NotAllowed
from deskterm.office import (
    break_glass,
    feed,
    finder,
    journal_views,
    journal_words,
    operations,
    patients,
    proof,
    recents,
    views,
)
from deskterm.office.desk import Actor, Desk, open_desk
from tests.factories import Clinic, clinic, second

OFFICE = Path(operations.__file__).parent


@pytest.fixture
def house(desk: Desk) -> Clinic:
    made = clinic(desk)
    for name in ("ANN", "BEN", "CAL"):
        made.patient("SMITH", name)
    return made


@pytest.fixture
def ticking(house: Clinic) -> Any:
    """The desk's notes, on a clock that stands until told."""

    class Ticking:
        at = 0.0

    ticking = Ticking()
    house.desk.views = views.Views(house.desk, monotonic=lambda: ticking.at)
    return ticking


def newest(desk: Desk, count: int = 1) -> list[journal.Entry]:
    return journal.read(desk.database, newest_first=True, limit=count)


def seq(desk: Desk) -> int:
    return journal.head(desk.database)[0]


def test_looks_wait_two_seconds_and_are_written_in_one_go(house: Clinic, ticking: Any) -> None:
    desk, before = house.desk, seq(house.desk)
    patients.opened(desk, 1)
    ticking.at = 1.0
    patients.opened(desk, 2)
    desk.views.flush_if_due()
    assert seq(desk) == before
    ticking.at = 1.7
    desk.views.flush_if_due()
    assert [(e.operation, e.patient_id) for e in newest(desk, 2)] == [
        ("patient.view", 2), ("patient.view", 1)
    ]  # fmt: skip
    assert seq(desk) == before + 2
    assert not desk.views.is_due
    assert proof.examine(desk) == []


def test_twenty_are_due_at_once(house: Clinic, ticking: Any) -> None:
    desk = house.desk
    for _ in range(19):
        patients.opened(desk, 1)
    assert not desk.views.is_due
    patients.opened(desk, 1)
    assert desk.views.is_due


def test_a_look_stands_before_the_work_that_follows_it(house: Clinic, ticking: Any) -> None:
    desk = house.desk
    patients.opened(desk, 2)
    house.patient("JONES", "SAM")
    assert [e.operation for e in newest(desk, 2)] == ["patient.register", "patient.view"]
    assert not desk.views.recent()


def test_work_that_fails_leaves_the_look_waiting(house: Clinic, ticking: Any) -> None:
    desk, before = house.desk, seq(house.desk)
    patients.opened(desk, 2)
    with pytest.raises(Invalid), desk.operation("patient.edit") as op:
        op.changes.append({"table": "patient", "id": 1, "before": {}, "after": {}})
        raise Invalid("no", "")
    assert seq(desk) == before
    desk.views.flush()
    assert seq(desk) == before + 1
    assert newest(desk)[0].operation == "patient.view"


def test_a_list_is_noted_again_only_when_it_shows_somebody_new(
    house: Clinic, ticking: Any, clock: FrozenClock
) -> None:
    desk, before = house.desk, seq(house.desk)
    for shown in ([1, 2], [2, 1], [1], [], [1, 2, None], [1, 2, 3], [3]):
        desk.views.listed("day", shown)
    desk.views.listed("waiting room", [3])
    desk.views.flush()
    assert seq(desk) == before + 3
    said = [e.changed[0] for e in reversed(newest(desk, 3))]
    assert [(s["on"], s["shown"]) for s in said] == [
        ("day", [1, 2]), ("day", [3]), ("waiting room", [3])
    ]  # fmt: skip
    clock.advance(days=1)
    desk.views.listed("day", [1])
    desk.views.flush()
    assert seq(desk) == before + 4


def test_who_was_on_a_list_is_in_that_patients_history(house: Clinic) -> None:
    desk = house.desk
    desk.views.listed("day", [1, 3])
    finder.find(desk, "smi ben")
    assert [row.what for row in journal_views.history(desk, 1, limit=1)] == ["saw in a list (day)"]
    second = journal_views.history(desk, 2, limit=1)
    assert [row.what for row in second] == ['searched "smi ben"']
    assert newest(desk)[0].operation == "journal.view"
    assert proof.examine(desk) == []


def test_the_letters_of_a_word_are_one_search(house: Clinic) -> None:
    desk, before = house.desk, seq(house.desk)
    for text in ("s", "sm", "smi", "smi b", "smi"):
        finder.find(desk, text)
    finder.find(desk, "zzz")
    desk.views.flush()
    assert seq(desk) == before + 2
    last, first = newest(desk, 2)
    assert (first.changed[0]["text"], first.changed[0]["shown"]) == ("smi", [1, 2, 3])
    assert last.changed[0]["text"] == "zzz" and "shown" not in last.changed[0]


def test_a_look_is_of_whoever_looked(house: Clinic, ticking: Any) -> None:
    desk, maria = house.desk, house.desk.actor
    patients.opened(desk, 1)
    desk.actor = Actor("other", "Other", "front_desk", maria.permissions)
    assert recents.recent_ids(desk, limit=5) == []
    patients.opened(desk, 2)
    finder.find(desk, "smi")
    desk.actor = maria
    finder.find(desk, "smi")
    desk.views.flush()
    assert [e.actor for e in newest(desk, 4)] == ["mlopez", "other", "other", "mlopez"]


def test_the_last_patient_is_known_before_it_is_written(house: Clinic, ticking: Any) -> None:
    desk = house.desk
    patients.opened(desk, 2)
    patients.opened(desk, 1)
    assert recents.recent_ids(desk, limit=2) == [1, 2]
    desk.views.flush()
    assert recents.recent_ids(desk, limit=2) == [1, 2]


def test_a_desk_that_is_saving_is_not_waited_for(house: Clinic, ticking: Any) -> None:
    desk, before = house.desk, seq(house.desk)
    patients.opened(desk, 1)
    ticking.at = 5.0
    other = open_desk(desk.settings, login="mlopez", clock=desk.clock)
    with other.database.writing():
        desk.views.flush_if_due()  # no error, and nothing is lost
        with pytest.raises(Busy):
            desk.views.flush(wait=False)
        assert desk.views.is_due
    desk.views.flush_if_due()
    assert seq(desk) == before + 1
    other.close()


def test_an_idle_desk_writes_nothing(house: Clinic, ticking: Any) -> None:
    desk = house.desk
    desk.views.listed("day", [1, 2])
    desk.views.flush()
    watcher = open_database(desk.settings.database)
    version = watcher.execute_sql("PRAGMA data_version").fetchone()
    for moment in range(100):
        ticking.at = float(moment)
        desk.views.listed("day", [1, 2])
        desk.views.flush_if_due()
    assert watcher.execute_sql("PRAGMA data_version").fetchone() == version
    watcher.close()


def test_that_somebody_looked_is_no_news_for_other_desks(house: Clinic) -> None:
    desk = house.desk
    other = open_desk(desk.settings, login="mlopez", clock=desk.clock)
    follows = feed.Feed(desk)
    patients.opened(other, 3)
    other.views.listed("day", [1])
    other.views.flush()
    assert follows.news() == []
    with other.operation("message.read") as op:
        op.changes.append({"table": "message", "id": 1, "before": {}, "after": {}})
    assert [entry.operation for entry in follows.news()] == ["message.read"]
    other.close()


def test_leaving_writes_what_waits(house: Clinic) -> None:
    other = open_desk(house.desk.settings, login="mlopez", clock=house.desk.clock)
    patients.opened(other, 3)
    other.close()
    last = newest(house.desk)[0]
    assert (last.operation, last.patient_id) == ("patient.view", 3)
    assert last.session and last.origin.startswith("batch")


def test_a_restricted_record_is_on_file_before_it_is_shown(house: Clinic) -> None:
    desk = house.desk
    secret = house.patient("VIP", "VERA", restricted=True)
    with pytest.raises(NotAllowed):
        patients.opened(desk, secret.id)
    desk.views.flush()
    assert newest(desk)[0].operation == "access.refused"
    break_glass.break_glass(desk, secret.id, code="other", reason="asked at the desk")
    patients.opened(desk, secret.id)
    assert [e.operation for e in newest(desk, 2)] == ["patient.view", "patient.break_glass"]


def test_what_was_refused_is_noted(house: Clinic) -> None:
    desk = house.desk
    maria, desk.actor = desk.actor, Actor("rn", "Dana", "clinician", frozenset())
    with pytest.raises(NotAllowed), desk.operation("payment.void", patient_id=2):
        pass
    desk.views.flush()
    (last,) = newest(desk)
    assert (last.operation, last.actor, last.patient_id) == ("access.refused", "rn", 2)
    desk.actor = maria
    assert journal_views.entries(desk, limit=1)[0].what == "was refused: voided a payment"
    with pytest.raises(NotAllowed):
        open_desk(desk.settings, login="nobody", clock=desk.clock)
    last = newest(desk)[0]
    assert last.operation == "session.refused" and last.changed[0]["asked"] == "nobody"


@pytest.mark.parametrize("name", sorted(operations.OPERATIONS))
def test_every_operation_is_one_entry_and_a_rollback_none(desk: Desk, name: str) -> None:
    yes = {"approval": second(desk, name)} if name in operations.DUAL else {}
    before = seq(desk)
    with pytest.raises(Invalid), desk.operation(name) as op:
        op.changes.append({"table": "x", "id": 1, "before": None, "after": None})
        raise Invalid("no", "")
    assert seq(desk) == before
    with desk.operation(name, **yes) as op:
        op.changes.append({"table": "x", "id": 1, "before": None, "after": None})
        op.changes.append({"table": "y", "id": 1, "before": None, "after": None})
    assert seq(desk) == before + 1
    assert newest(desk)[0].operation == name


@pytest.mark.parametrize("name", sorted({*operations.OPERATIONS, *operations.NOTED}))
def test_every_entry_has_words(name: str) -> None:
    assert name in journal_words.WORDS


def test_every_operation_that_the_office_does_is_known() -> None:
    """A name that ``desk.operation`` or a note is given must be in the registry."""
    used = set()
    for path in OFFICE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                if node.func.attr in ("operation", "_add", "note") and isinstance(
                    first, ast.Constant
                ):
                    used.add(str(first.value))
    assert used <= {*operations.OPERATIONS, *operations.NOTED}
    assert {"appointment.book", "patient.find", "session.refused"} <= used


def test_hostile_text_is_noted_without_harm(house: Clinic) -> None:
    desk = house.desk
    desk.views.searched("\ud800\x1b[2J\x00smi\u202e", [1])
    desk.views.flush()
    assert "\x1b" not in newest(desk)[0].changes
    assert proof.examine(desk) == []


def test_the_frame_of_a_session_is_kept(desk: Desk) -> None:
    desk.origin, desk.token = "ssh 10.0.0.5", "abcd1234"
    desk.views.note("journal.view")
    row = journal_views.entries(desk, limit=1)[0]
    assert (row.what, row.origin, row.session) == (
        "looked at who looked",
        "ssh 10.0.0.5",
        "abcd1234",
    )
    assert replace(row, operation="x.y_z").what == "x: y z"
