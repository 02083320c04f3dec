"""The journal finds every kind of tampering that a chain can find."""

from __future__ import annotations

import pytest

from deskterm.db import journal
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.office import clinic
from deskterm.office.desk import Actor, Desk


def faults(desk: Desk) -> list[str]:
    return [f["fault"] for f in journal.verify(desk.database, desk.secret)]


def add(desk: Desk, login: str) -> int:
    return clinic.add_staff(desk, login=login, name="Pat Example", role="front_desk").id


def without_guards(desk: Desk, *statements: str) -> None:
    """Run statements as somebody who dropped the triggers and put them back."""
    found = desk.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    for name, _ in found:
        desk.rows(f"DROP TRIGGER {name}")
    for statement in statements:
        desk.rows(statement)
    for _, sql in found:
        desk.rows(sql)


def test_a_clean_journal_has_no_faults(desk: Desk) -> None:
    add(desk, "one")
    assert faults(desk) == []
    entry = journal.read(desk.database, newest_first=True, limit=1)[0]
    assert (entry.actor, entry.operation, entry.entity) == ("mlopez", "staff.add", "staff")
    assert entry.changed[0]["after"]["login"] == "one"


@pytest.mark.parametrize(
    "sql", ["UPDATE journal SET actor = 'x' WHERE seq = 2", "DELETE FROM journal WHERE seq = 2"]
)
def test_the_database_refuses_edits(desk: Desk, sql: str) -> None:
    add(desk, "one")
    with pytest.raises(Conflict):
        desk.rows(sql)
    assert faults(desk) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE journal SET actor = 'x' WHERE seq = 2",
        "UPDATE journal SET changes = '[]' WHERE seq = 3",
        "UPDATE journal SET at = '2020-01-01T00:00:00.000000Z' WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 2",
        "UPDATE journal SET seq = 99 WHERE seq = 3",
    ],
)
def test_tampering_is_found(desk: Desk, sql: str) -> None:
    for login in ("one", "two", "three"):
        add(desk, login)
    without_guards(desk, sql)
    assert faults(desk)


def test_swapped_entries_are_found(desk: Desk) -> None:
    for login in ("one", "two", "three"):
        add(desk, login)
    without_guards(
        desk,
        "UPDATE journal SET seq = 1000 WHERE seq = 2",
        "UPDATE journal SET seq = 2 WHERE seq = 3",
        "UPDATE journal SET seq = 3 WHERE seq = 1000",
    )
    assert faults(desk)


def test_a_missing_guard_is_found(desk: Desk) -> None:
    desk.rows("DROP TRIGGER journal_no_update")
    assert faults(desk) == ["the guard journal_no_update is missing"]


def test_the_key_is_needed_to_forge_an_entry(desk: Desk) -> None:
    add(desk, "one")
    assert [f["fault"] for f in journal.verify(desk.database, b"x" * 32)]


def test_a_failed_operation_leaves_nothing(desk: Desk) -> None:
    before = journal.head(desk.database)
    with pytest.raises(Invalid), desk.operation("staff.add") as op:
        from deskterm.db.staff import Staff

        op.create(Staff, login="x", name="Pat", role="front_desk")
        raise Invalid("no", "")
    assert journal.head(desk.database) == before
    assert desk.rows("SELECT count(*) FROM staff") == [(1,)]


def test_stale_says_who_and_what(desk: Desk) -> None:
    from deskterm.db.staff import Staff

    staff_id = add(desk, "one")
    with desk.operation("staff.add") as op:
        op.two_people(wanted=False)
        staff = op.get(Staff, staff_id, 1)
        staff.name = "Sam Example"
        op.save(staff)
    with pytest.raises(Stale) as caught, desk.operation("staff.add") as op:
        op.get(Staff, staff_id, 1)
    assert "mlopez" in caught.value.message and "name" in caught.value.message
    with pytest.raises(NotFound), desk.operation("staff.add") as op:
        op.get(Staff, 10**6)


def test_a_key_does_a_thing_once_and_only_that_thing(desk: Desk) -> None:
    from deskterm.db.staff import Staff

    for _ in range(2):
        with desk.operation("staff.add", key="k1") as op:
            op.two_people(wanted=False)
            if op.earlier is None:
                op.create(Staff, login="one", name="Pat", role="front_desk")
    assert desk.rows("SELECT count(*) FROM staff WHERE login = 'one'") == [(1,)]
    with pytest.raises(Conflict), desk.operation("clinic.settings", key="k1"):
        pass


def test_without_permission_nothing_runs_and_it_says_who_can(desk: Desk) -> None:
    desk.actor = Actor("rn", "Dana", "clinician", frozenset({"view_patients"}))
    with pytest.raises(NotAllowed) as caught:
        add(desk, "two")
    assert "administrator" in caught.value.hint
