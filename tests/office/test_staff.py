"""Staff records and sessions: nobody is removed, one session each, a stranger is noticed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.db.database import rows
from deskterm.errors import (
    Conflict,
    DesktermError,
    Invalid,
    NotAllowed,
    NotFound,
    Stale,
    Unreachable,
)
from deskterm.office import credentials, sessions, ssh_keys, staff
from deskterm.office.desk import Desk, find_actor
from tests.cli.stock import KEYS
from tests.factories import become, clinic, second

PIN = "739164"
KEY, KEY_2 = KEYS


def test_add_edit_and_list(desk: Desk) -> None:
    made = staff.add(desk, login="dkim", name="Dana Kim", role="front_desk")
    with pytest.raises(Conflict):
        staff.add(desk, login="dkim", name="Another", role="biller")
    for login in ("D", "Dkim", "d kim", "x", "dkïm", 'x"; id #', "-dkim"):
        with pytest.raises(Invalid):
            staff.add(desk, login=login, name="X", role="biller")
    with pytest.raises(Invalid):
        staff.add(desk, login="ok", name="X", role="wizard")
    staff.edit(desk, made.id, version=1, name="Dana Kim-Ross", role="biller")
    with pytest.raises(Stale):
        staff.edit(desk, made.id, version=1, name="Old", role="biller")
    row = staff.by_login(desk, "dkim")
    assert (row.name, row.role, row.active, row.secret) == (
        "Dana Kim-Ross", "biller", True, "none",
    )  # fmt: skip
    assert [r.login for r in staff.people(desk)] == ["dkim", "mlopez"]
    with pytest.raises(NotFound):
        staff.by_login(desk, "nobody")


def test_a_record_is_never_removed_and_a_login_never_reused(desk: Desk) -> None:
    staff.add(desk, login="dkim", name="Dana Kim", role="front_desk")
    staff.disable(desk, "dkim", reason="left the practice")
    with pytest.raises(Conflict):
        staff.add(desk, login="dkim", name="Dirk Kim", role="front_desk")
    for vandal in (
        "DELETE FROM staff WHERE login = 'dkim'",
        "UPDATE staff SET login = 'free' WHERE login = 'dkim'",
    ):
        with pytest.raises(DesktermError):
            rows(desk.database, vandal)
    with pytest.raises(NotAllowed):
        find_actor(desk.database, desk.settings, "dkim")
    staff.enable(desk, "dkim")
    assert find_actor(desk.database, desk.settings, "dkim").role == "front_desk"


def test_nobody_raises_or_shuts_out_themselves_or_the_last_in_charge(desk: Desk) -> None:
    manager = become(desk, "manager")
    with pytest.raises(NotAllowed):
        staff.set_role(manager, manager.actor.login, "biller")
    with pytest.raises(NotAllowed):
        staff.add(manager, login="boss", name="B", role="administrator")
    with pytest.raises(NotAllowed):
        staff.set_role(manager, "mlopez", "biller")
    with pytest.raises(NotAllowed):
        staff.disable(manager, manager.actor.login, reason="x")
    with pytest.raises(NotAllowed):
        staff.disable(manager, "mlopez", reason="the last one in charge")
    with pytest.raises(Invalid):
        staff.disable(desk, manager.actor.login, reason=" ")
    clerk = become(desk, "front_desk")
    for act in (
        lambda: staff.people(clerk),
        lambda: staff.add(clerk, login="abc", name="A", role="manager"),
        lambda: staff.set_role(clerk, clerk.actor.login, "manager"),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_second_desk_takes_over_and_the_first_learns_of_it(
    desk: Desk, clock: FrozenClock
) -> None:
    first = become(desk, "front_desk")
    greeting = sessions.start(first, origin="10.0.0.7")
    assert greeting.words == "First time here" and sessions.alive(first) is None
    clock.advance(hours=2)
    second = become(desk, "front_desk")
    second.workstation = "d3"
    greeting = sessions.start(second)
    assert (greeting.last_origin, greeting.took_over) == ("10.0.0.7", "d-frontdes")
    assert greeting.words == (
        "Last here Wed Mar 18 09:42 at d-frontdes from 10.0.0.7. Taken over from d-frontdes"
    )
    assert sessions.alive(first) == "taken over by d3" and sessions.alive(second) is None
    made = clinic(desk)
    patient = made.patient()
    with pytest.raises(NotAllowed, match="over"), first.operation("patient.view"):
        pass
    with second.operation("patient.view", patient_id=patient.id):
        pass
    sessions.end(first)  # ended already: nothing more is written
    sessions.end(second)
    how = desk.rows("SELECT how FROM session ORDER BY id")
    assert how == [("taken over",), ("left",)]


def test_two_live_sessions_are_refused_by_the_file(desk: Desk) -> None:
    clerk = become(desk, "front_desk")
    sessions.start(clerk)
    with pytest.raises(DesktermError):
        rows(
            desk.database,
            "INSERT INTO session (staff_id, desk, origin, started_at, seen_at, how, taken_by)"
            " SELECT staff_id, 'dx', '', started_at, seen_at, '', '' FROM session",
        )
    assert desk.rows("SELECT count(*) FROM session") == [(1,)]


def test_somebody_disabled_is_out_at_once(desk: Desk) -> None:
    clerk = become(desk, "front_desk")
    sessions.start(clerk)
    staff.disable(desk, clerk.actor.login, reason="left")
    assert sessions.alive(clerk) == "disabled"
    with pytest.raises(NotAllowed), clerk.operation("patient.view"):
        pass
    bare = become(desk, "biller")
    staff.disable(desk, bare.actor.login, reason="left")
    assert sessions.alive(bare) == "disabled"
    with pytest.raises(NotAllowed), bare.operation("patient.view"):
        pass


def test_another_role_ends_the_session_that_had_the_old_one(desk: Desk) -> None:
    clerk = become(desk, "front_desk")
    sessions.start(clerk)
    staff.set_role(desk, clerk.actor.login, "clinician")
    assert sessions.alive(clerk) == "role changed"


def test_a_strangers_tries_are_told_at_the_next_sign_in(desk: Desk, clock: FrozenClock) -> None:
    clerk = become(desk, "front_desk", pin=PIN)
    sessions.start(clerk)
    sessions.end(clerk)
    clock.advance(minutes=5)
    for _ in range(2):
        with pytest.raises(NotAllowed):
            credentials.check(desk, clerk.actor.login, "000000", purpose="approve")
    again = become(desk, "front_desk")
    assert "2 FAILED TRIES SINCE" in sessions.start(again).words
    sessions.end(again)
    assert "FAILED" not in sessions.start(become(desk, "front_desk")).words


def test_where_somebody_came_from(desk: Desk) -> None:
    assert sessions.origin_of({"SSH_CONNECTION": "10.0.0.7 5022 10.0.0.1 22"}) == "10.0.0.7"
    assert sessions.origin_of({"SSH_CONNECTION": "fe80::1%eth0 1 2 3"}) == "fe80::1%eth0"
    assert sessions.origin_of({"SSH_CONNECTION": "\x1b]0;x\x07 1 2 3"}) == "?"
    assert sessions.origin_of({}) == ""
    clerk = become(desk, "front_desk")
    sessions.start(clerk)
    sessions.seen(clerk)
    assert [row[0] for row in sessions.live(desk)] == [clerk.actor.login]


def test_a_disabled_persons_key_leaves_what_sshd_reads(desk: Desk, tmp_path: Path) -> None:
    desk.settings = replace(desk.settings, keys_file=str(tmp_path / "keys"))
    staff.add(desk, login="dkim", name="Dana Kim", role="front_desk")
    ssh_keys.add(desk, "dkim", KEY)
    assert "dkim" in (tmp_path / "keys").read_text()
    staff.disable(desk, "dkim", reason="left the practice")
    assert "dkim" not in (tmp_path / "keys").read_text()
    staff.enable(desk, "dkim", approval=second(desk, "staff.enable"))
    assert "dkim" in (tmp_path / "keys").read_text()
    # a folder that is gone keeps nobody in: they are disabled, and what is left to do is said
    desk.settings = replace(desk.settings, keys_file=str(tmp_path / "gone" / "keys"))
    with pytest.raises(Unreachable, match="is disabled, but"):
        staff.disable(desk, "dkim", reason="left the practice")
    assert not staff.by_login(desk, "dkim").active


def test_a_revoked_key_ends_the_desks_that_came_over_ssh(desk: Desk) -> None:
    remote, local = become(desk, "front_desk"), become(desk, "biller")
    sessions.start(remote, origin="10.0.0.7")
    sessions.start(local)
    for number, who in enumerate((remote, local)):
        ssh_keys.add(desk, who.actor.login, (KEY, KEY_2)[number])
    for row in ssh_keys.listing(desk):
        ssh_keys.revoke(desk, str(row.id), reason="laptop lost")
    assert sessions.alive(remote) == "key revoked"
    assert sessions.alive(local) is None
