"""Who signs in over SSH with which key: enrolling, revoking, and what sshd is told.

The clinic's file is the record. sshd's question is answered from a small copy, the keys file,
because the account that answers must not be able to read the clinic. A revoked key leaves the
copy before it is noted as revoked, and a new one enters it after: whatever fails on the way,
no key is let in that is not on record.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from deskterm.clock import zone
from deskterm.db.ssh_keys import SshKey
from deskterm.db.staff import Staff
from deskterm.entry import ssh_keys as lines
from deskterm.errors import Conflict, Invalid, NotFound, Unreachable
from deskterm.office import sessions
from deskterm.office.desk import Desk

_SELECT = """
    SELECT k.id, s.login, s.name, s.active, k.kind, k.blob, k.fingerprint, k.label, k.addresses,
      k.expires_on, k.added_at, k.revoked_at
    FROM ssh_key k JOIN staff s ON s.id = k.staff_id
"""


@dataclass(frozen=True)
class KeyRow:
    """One enrolled key. ``state`` is good, revoked, expired, or inactive with its owner."""

    id: int
    login: str
    name: str
    state: str
    kind: str
    blob: str
    fingerprint: str
    label: str
    addresses: str
    expires_on: str | None
    added_at: str
    revoked_at: str | None


def add(
    desk: Desk,
    login: str,
    text: str,
    *,
    label: str = "",
    addresses: str = "",
    last_day: date | None = None,
) -> KeyRow:
    """Enrol the public key in ``text`` for ``login`` and publish it.

    Raises Invalid for anything but one good key, NotFound for a login that is not active
    staff, Conflict for a key that was ever enrolled, Unreachable when it cannot be published.
    """
    key = lines.parse(text)
    addresses = lines.check_addresses(addresses)
    if last_day is not None and last_day < desk.today():
        raise Invalid("That day is past", "", field="expires")
    if not lines.is_login(login):
        raise Invalid(
            f"{login[:32]} cannot sign in over SSH",
            "A login is 2 to 32 of a-z, 0-9, - and _, beginning with a letter",
            field="login",
        )
    with desk.operation("staff.key_add") as op:
        known = desk.rows(f"{_SELECT} WHERE k.fingerprint = ?", key.fingerprint)
        if known:
            raise _taken(_row(desk, known[0]))
        staff = Staff.get_or_none((Staff.login == login) & (Staff.active == True))  # noqa: E712
        if staff is None:
            raise NotFound(f"Nobody signs in as {login[:32]}", "Add them to the staff first")
        made = op.create(
            SshKey, staff=staff, kind=key.kind, blob=key.blob, fingerprint=key.fingerprint,
            label=label, addresses=addresses, expires_on=last_day, added_at=op.now,
        )  # fmt: skip
    try:
        publish(desk)
    except Unreachable as error:
        raise Unreachable(
            f"The key is enrolled but not published: {error.message}",
            "Mend that, then: deskterm admin ssh-keys publish",
        ) from None
    return find(desk, made.fingerprint)


def revoke(desk: Desk, wanted: str, *, reason: str) -> KeyRow:
    """Revoke a key, by number or fingerprint: it opens nothing from this moment.

    Its owner's desks that were opened over SSH close within a second or so, their work kept.

    Raises NotFound, Invalid without a reason, Conflict for one revoked already, Unreachable
    when the keys file cannot be written; then nothing is revoked.
    """
    if not reason.strip():
        raise Invalid("Why is it revoked?", "For example: laptop lost", field="reason")
    with desk.operation("staff.key_revoke", reason=reason.strip()) as op:
        row = find(desk, wanted)
        if row.revoked_at is not None:
            raise Conflict(f"Key {row.id} is revoked already", "", rule="revoked")
        key = op.get(SshKey, row.id)
        key.revoked_at = op.now
        op.save(key)
        # Before the commit: should that fail, a key is shut out that is on record, and
        # publishing again mends it. The other order could let a revoked key in.
        try:
            write_anew(desk)
        except Unreachable as error:
            raise Unreachable(f"NOT REVOKED: {error.message}", error.hint) from None
        # Which key opened a session is not kept, only that it came over SSH: whoever holds
        # another key signs in again.
        sessions.end_all(op, key.staff_id, how="key revoked", over_ssh=True)
    return find(desk, row.fingerprint)


def listing(desk: Desk, login: str | None = None) -> list[KeyRow]:
    """Every key, also revoked ones, by login; or those of one person."""
    desk.require("administer")
    found = desk.rows(f"{_SELECT} ORDER BY s.login, k.id")
    return [row for row in (_row(desk, r) for r in found) if login in (None, row.login)]


def find(desk: Desk, wanted: str) -> KeyRow:
    """One key by its number or fingerprint. Raises NotFound."""
    desk.require("administer")
    number = wanted.isascii() and wanted.isdecimal()
    where = "CAST(k.id AS TEXT)" if number else "k.fingerprint"
    found = desk.rows(f"{_SELECT} WHERE {where} = ?", wanted)
    if not found:
        raise NotFound(f"No key {wanted[:60]}", "deskterm admin ssh-keys list shows them")
    return _row(desk, found[0])


def authorized_keys(desk: Desk) -> list[str]:
    """The lines of an authorized_keys file for every good key. sshd checks no last day there."""
    desk.require("administer")
    return [lines.authorized_line(key, desk.settings.gate) for key in _good(desk)]


def publish(desk: Desk) -> Path | None:
    """Write the keys file anew from the record; its path, or None where none is set.

    To be called by whatever changes who is active. Raises Unreachable, Busy.
    """
    desk.require("administer")
    with desk.database.writing():  # one writer at a time, and the newest record
        return write_anew(desk)


def published_as_recorded(desk: Desk) -> bool:
    """Whether the keys file says what the record says. Raises Unreachable."""
    path = Path(desk.settings.keys_file)
    try:
        return path.read_text("ascii") == lines.file_text(_good(desk))
    except (OSError, UnicodeDecodeError):
        raise Unreachable(
            f"The keys file {path.name} cannot be read", "deskterm admin ssh-keys publish"
        ) from None


def _good(desk: Desk) -> list[lines.Published]:
    found = [_row(desk, row) for row in desk.rows(f"{_SELECT} ORDER BY s.login, k.id")]
    return [
        lines.Published(
            row.fingerprint, row.login, _until(desk, row.expires_on), row.addresses, row.kind,
            row.blob,
        )
        for row in found
        if row.state == "good" and lines.is_login(row.login)
    ]  # fmt: skip


def write_anew(desk: Desk) -> Path | None:
    """Replace the keys file in one step: whoever reads it meanwhile sees the old or the new.

    Called inside a write transaction, by what was allowed to change who is let in. Raises
    Unreachable. Its group is its folder's, set-group-id: that of the account which answers sshd.
    """
    if not desk.settings.keys_file:
        return None
    path = Path(desk.settings.keys_file)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    content = lines.file_text(_good(desk)).encode("ascii")
    try:
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as out:
            os.fchmod(handle, 0o640)
            out.write(content)
            out.flush()
            os.fsync(handle)
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise Unreachable(
            f"the keys file {path.name} cannot be written: {error.strerror}",
            "Check its folder; docs/deployment.md has the modes",
        ) from None
    return path


def _row(desk: Desk, row: tuple[object, ...]) -> KeyRow:
    key_id, login, name, active, *rest = row
    made = KeyRow(key_id, login, name, "good", *rest)  # type: ignore[arg-type]
    if made.revoked_at is not None:
        return _as(made, "revoked")
    if not active:
        return _as(made, "inactive")
    if made.expires_on is not None and made.expires_on < desk.today().isoformat():
        return _as(made, "expired")
    return made


def _as(row: KeyRow, state: str) -> KeyRow:
    return KeyRow(**{**row.__dict__, "state": state})


def _until(desk: Desk, last_day: str | None) -> int | None:
    """The moment after the last day, in the clinic's zone, in seconds since 1970."""
    if last_day is None:
        return None
    midnight = datetime.combine(date.fromisoformat(last_day) + timedelta(days=1), time.min)
    return int(midnight.replace(tzinfo=zone(desk.zone)).timestamp())


def _taken(row: KeyRow) -> Conflict:
    if row.revoked_at is not None:
        return Conflict(
            f"This key was {row.login}'s and is revoked for good", "Make a new key", rule="key_used"
        )
    return Conflict(
        f"This key is {row.login}'s: one key is one person", "Each person makes a key of their own",
        rule="key_used",
    )  # fmt: skip
