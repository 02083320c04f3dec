"""Enrolling and revoking keys, and the copy that sshd is answered from."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from peewee import IntegrityError

from deskterm.db import journal
from deskterm.db.staff import Staff
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Unreachable
from deskterm.office import clinic, doctor, ssh_keys
from deskterm.office.desk import Desk, find_actor
from tests.entry.test_ssh_keys import ed25519


def line(filler: bytes = b"k") -> str:
    return f"ssh-ed25519 {ed25519(filler)} someone@somewhere\n"


@pytest.fixture
def keys(desk: Desk, tmp_path: Path) -> Iterator[Path]:
    """Where the clinic publishes its keys."""
    (tmp_path / "keys").mkdir(mode=0o750)
    path = tmp_path / "keys" / "keys"
    desk.settings = replace(desk.settings, keys_file=str(path), gate="/gate")
    clinic.add_staff(desk, login="dchen", name="D Chen", role="front_desk")
    yield path


def entries(desk: Desk) -> list[str]:
    return [entry.operation for entry in journal.read(desk.database)]


def test_from_enrolment_to_revocation(desk: Desk, keys: Path) -> None:
    row = ssh_keys.add(
        desk, "dchen", line(), label="laptop", addresses="10.0.0.0/8", last_day=date(2026, 3, 18)
    )
    assert (row.login, row.state, row.label) == ("dchen", "good", "laptop")
    assert stat.S_IMODE(keys.stat().st_mode) == 0o640
    # The last day is the clinic's own: it ends at five in the morning UTC, in daylight time.
    assert " dchen 1773896400 10.0.0.0/8 " in keys.read_text()
    assert ssh_keys.authorized_keys(desk) == [
        f'restrict,pty,from="10.0.0.0/8",command="/gate dchen" ssh-ed25519 {ed25519()}'
    ]
    ssh_keys.add(desk, "dchen", line(b"2"))
    ssh_keys.revoke(desk, str(row.id), reason="laptop lost")
    assert ed25519() not in keys.read_text() and ed25519(b"2") in keys.read_text()
    assert [r.state for r in ssh_keys.listing(desk, "dchen")] == ["revoked", "good"]
    assert entries(desk)[-3:] == ["staff.key_add", "staff.key_add", "staff.key_revoke"]
    assert journal.read(desk.database)[-1].reason == "laptop lost"
    assert not list(keys.parent.glob(".*"))


def test_one_key_is_one_person_for_ever(desk: Desk, keys: Path) -> None:
    row = ssh_keys.add(desk, "dchen", line())
    for login in ("mlopez", "dchen"):
        with pytest.raises(Conflict, match="dchen's: one key is one person"):
            ssh_keys.add(desk, login, line())
    ssh_keys.revoke(desk, row.fingerprint, reason="left")
    with pytest.raises(Conflict, match="revoked for good"):
        ssh_keys.add(desk, "mlopez", line())
    with pytest.raises(Conflict, match="already"):
        ssh_keys.revoke(desk, str(row.id), reason="again")
    for sql in (
        "DELETE FROM ssh_key",
        "UPDATE ssh_key SET staff_id = 1",
        "UPDATE ssh_key SET revoked_at = NULL",
        "INSERT OR REPLACE INTO ssh_key SELECT * FROM ssh_key",
    ):
        with pytest.raises(IntegrityError):
            desk.database.execute_sql(sql)


def test_what_cannot_be_enrolled(desk: Desk, keys: Path) -> None:
    # A login from before logins had a shape.
    with desk.operation("staff.add") as op:
        op.two_people(wanted=False)
        op.create(Staff, login="J.Doe", name="J Doe", role="front_desk")
    before = entries(desk)
    with pytest.raises(NotFound):
        ssh_keys.add(desk, "nobody", line())
    with pytest.raises(Invalid, match="cannot sign in over SSH"):
        ssh_keys.add(desk, "J.Doe", line())
    with pytest.raises(Invalid, match="past"):
        ssh_keys.add(desk, "dchen", line(), last_day=date(2026, 3, 17))
    with pytest.raises(Invalid):
        ssh_keys.add(desk, "dchen", 'command="sh" ' + line())
    with pytest.raises(Invalid):
        ssh_keys.revoke(desk, "1", reason=" ")
    with pytest.raises(NotFound):
        ssh_keys.revoke(desk, "99999999999999999999", reason="lost")
    assert entries(desk) == before and not keys.exists()


def test_only_an_administrator(desk: Desk, keys: Path) -> None:
    ssh_keys.add(desk, "dchen", line())
    desk.actor = find_actor(desk.database, desk.settings, "dchen")
    for refused in (
        lambda: ssh_keys.add(desk, "dchen", line(b"2")),
        lambda: ssh_keys.revoke(desk, "1", reason="x"),
        lambda: ssh_keys.listing(desk),
        lambda: ssh_keys.authorized_keys(desk),
        lambda: ssh_keys.publish(desk),
        lambda: ssh_keys.find(desk, "1"),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_who_is_no_longer_here_opens_nothing(desk: Desk, keys: Path) -> None:
    ssh_keys.add(desk, "dchen", line())
    desk.database.execute_sql("UPDATE staff SET active = 0 WHERE login = 'dchen'")
    assert not ssh_keys.published_as_recorded(desk)
    ssh_keys.publish(desk)
    assert ed25519() not in keys.read_text()
    assert ssh_keys.listing(desk)[0].state == "inactive"


def test_a_key_is_never_half_revoked(desk: Desk, keys: Path) -> None:
    """What cannot be published is not noted as revoked; a new key stays on record and is said."""
    row = ssh_keys.add(desk, "dchen", line())
    good = keys.read_text()
    hidden = keys.parent.rename(keys.parent.with_name("hidden"))
    with pytest.raises(Unreachable, match="NOT REVOKED"):
        ssh_keys.revoke(desk, str(row.id), reason="lost")
    assert ssh_keys.find(desk, str(row.id)).state == "good"
    with pytest.raises(Unreachable, match="enrolled but not published"):
        ssh_keys.add(desk, "dchen", line(b"2"))
    hidden.rename(keys.parent)
    assert keys.read_text() == good
    ssh_keys.publish(desk)
    assert ed25519(b"2") in keys.read_text()


def test_doctor_sees_a_keys_file_that_is_not_ours(desk: Desk, keys: Path) -> None:
    desk.settings.database_path.parent.chmod(0o700)

    def level() -> str:
        found = doctor.examine(desk.settings, clock=desk.clock, environ={})
        return {check.name: check.level for check in found}["SSH keys"]

    assert level() == "FAIL"  # not there yet
    ssh_keys.add(desk, "dchen", line())
    assert level() == "OK"
    keys.chmod(0o644)
    assert level() == "FAIL"
    keys.chmod(0o640)
    keys.parent.chmod(0o775)
    assert level() == "FAIL"
    keys.parent.chmod(0o750)
    keys.write_text(keys.read_text().replace("dchen", "mlopez"))
    assert level() == "FAIL"
