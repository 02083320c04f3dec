"""What a role may do is changed by two people, and whoever holds it feels it at once."""

from __future__ import annotations

import pytest

from deskterm.db import journal
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import credentials, roles, sessions, staff
from deskterm.office.desk import Desk, find_actor
from tests.factories import become, second

WHY = "follow-ups"


def may(desk: Desk, login: str, permission: str) -> bool:
    return permission in find_actor(desk.database, desk.settings, login).permissions


def test_a_role_is_let_do_more_and_less_by_two(desk: Desk) -> None:
    biller, clerk = become(desk, "biller"), become(desk, "front_desk")
    sessions.start(biller)
    sessions.start(clerk)
    yes = second(desk, "role.permit")
    with pytest.raises(NotAllowed, match="second person"):
        roles.permit(desk, "biller", "book", reason=WHY)
    roles.permit(desk, "biller", "book", reason=WHY, approval=yes)
    assert may(desk, "biller", "book")
    entry = journal.read(desk.database, newest_first=True, limit=1)[0]
    assert (entry.operation, entry.reason) == ("role.permit", "biller: book: follow-ups")
    assert "approval" in [change["table"] for change in entry.changed]
    assert sessions.alive(biller) is None
    with pytest.raises(NotAllowed, match="not for this"):  # a yes is used once
        roles.forbid(desk, "biller", "book", reason=WHY, approval=yes)
    assert may(desk, "biller", "book")
    roles.forbid(desk, "biller", "book", reason=WHY, approval=second(desk, "role.forbid"))
    assert not may(desk, "biller", "book")
    assert sessions.alive(biller) == "role changed" and sessions.alive(clerk) is None
    (row,) = roles.listing(desk, "biller")
    assert "book" not in row.permissions and row.people == 1 and not row.powerful


def test_what_cannot_be(desk: Desk) -> None:
    for role, permission, error in (
        ("wizard", "book", NotFound), ("biller", "fly", Invalid), ("manager", "book", Conflict),
    ):  # fmt: skip
        with pytest.raises(error):
            roles.permit(desk, role, permission, reason=WHY)
    with pytest.raises(Invalid):
        roles.permit(desk, "biller", "book", reason=" ")
    with pytest.raises(Conflict):
        roles.forbid(desk, "biller", "book", reason=WHY)
    with pytest.raises(NotAllowed, match="signs in"):
        roles.forbid(desk, "biller", "sign_in", reason=WHY)
    with pytest.raises(NotAllowed, match="left to administer"):
        roles.forbid(desk, "owner", "administer", reason=WHY)
    assert may(desk, "mlopez", "administer")
    manager = become(desk, "manager")
    with pytest.raises(NotAllowed):
        roles.permit(manager, "manager", "view_journal", reason=WHY)
    with pytest.raises(NotAllowed):
        roles.listing(become(desk, "front_desk"))


def test_whoever_is_alone_starts_alone_and_nobody_rises_alone_after(desk: Desk) -> None:
    staff.add(desk, login="boss", name="The Boss", role="manager")  # there was nobody to ask
    for role in ("manager", "privacy_officer", "owner"):
        with pytest.raises(NotAllowed, match="second person"):
            staff.add(desk, login="puppet", name="Puppet", role=role)
    staff.add(desk, login="dkim", name="Dana Kim", role="front_desk")
    with pytest.raises(NotAllowed, match="second person"):
        staff.set_role(desk, "dkim", "privacy_officer")
    with pytest.raises(NotAllowed, match="second person"):
        staff.edit(desk, staff.by_login(desk, "dkim").id, version=1, name="D", role="manager")
    staff.set_role(desk, "dkim", "biller")
    staff.disable(desk, "dkim", reason="left")
    with pytest.raises(NotAllowed, match="second person"):
        staff.enable(desk, "dkim")
    assert not staff.by_login(desk, "dkim").active


def test_anothers_pin_is_set_anew_by_two_and_never_by_its_owners_yes(desk: Desk) -> None:
    for login, role in (("boss", "manager"), ("dkim", "front_desk")):
        staff.add(desk, login=login, name=login, role=role)
        credentials.set_secret(desk, login, secret="739164")  # the first one, by one person
    with pytest.raises(NotAllowed, match="second person"):
        credentials.set_secret(desk, "dkim", secret="482915")
    yes = second(desk, "credential.set")
    credentials.set_secret(desk, "dkim", secret="482915", approval=yes)
    assert credentials.check(desk, "dkim", "482915").login == "dkim"
    own = credentials_yes(desk, "boss")
    with pytest.raises(NotAllowed, match="about themselves"):
        credentials.set_secret(desk, "boss", secret="482915", approval=own)
    assert credentials.check(desk, "boss", "739164").login == "boss"


def credentials_yes(desk: Desk, login: str):  # type: ignore[no-untyped-def]
    from deskterm.office.approvals import Approved

    other = find_actor(desk.database, desk.settings, login)
    return Approved("credential.set", desk.actor.id, other, desk.clock.monotonic())
