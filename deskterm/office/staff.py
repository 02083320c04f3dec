"""Who works here: adding people, changing their role, and ending their access."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deskterm.db.identity import StaffProvider
from deskterm.db.staff import Staff
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Unreachable
from deskterm.office import sessions, ssh_keys, throttle
from deskterm.office.desk import Desk, Operation
from deskterm.office.operations import POWERFUL

if TYPE_CHECKING:
    from deskterm.office.approvals import Approved

_LOGIN = re.compile(r"[a-z][a-z0-9_-]{1,31}")


@dataclass(frozen=True)
class StaffRow:
    """One person as the list shows them. ``secret`` is none, pin or password, never its value."""

    id: int
    version: int
    login: str
    name: str
    role: str
    active: bool
    secret: str
    totp: bool
    locked: bool
    last_seen: str

    def as_dict(self) -> dict[str, Any]:
        """The person as ``--json`` prints them."""
        return asdict(self)


def roles(desk: Desk) -> list[str]:
    """The clinic's roles."""
    return [role for (role,) in desk.rows("SELECT DISTINCT role FROM role_permission ORDER BY 1")]


def add(
    desk: Desk, *, login: str, name: str, role: str, provider: str = "",
    approval: Approved | None = None,
) -> Staff:  # fmt: skip
    """Add a person who signs in; ``provider`` is the column of the schedule that is their own.

    A login is never given to a second person. A role that can see everybody's records or decide
    who may do what (``operations.POWERFUL``) is given by two people, once there are two. Raises
    Invalid for a login or role that cannot be, NotFound for an unknown provider, Conflict for a
    login in use or once used, NotAllowed.
    """
    if not _LOGIN.fullmatch(login):
        raise Invalid(
            "A login is 2 to 32 small letters, digits, - or _", "For example mlopez", field="login"
        )
    _check_name(name)
    with desk.operation("staff.add", approval=approval) as op:
        _check_role(desk, role)
        op.two_people(wanted=is_powerful(desk, role))
        if desk.rows("SELECT 1 FROM staff WHERE login = ?", login):
            raise Conflict(f"The login {login} is in use", "Choose another", rule="unique")
        made = op.create(Staff, login=login, name=name, role=role)
        if provider:
            op.create(StaffProvider, staff=made.id, provider=_provider(desk, provider))
        return made


def edit(
    desk: Desk, staff_id: int, *, version: int, name: str, role: str,
    approval: Approved | None = None,
) -> Staff:  # fmt: skip
    """Change a person's name and role. Raises Stale, Invalid, NotFound, NotAllowed."""
    _check_name(name)
    current = show(desk, staff_id)
    other = current.role != role
    with desk.operation(
        "staff.role" if other else "staff.edit", approval=approval if other else None
    ) as op:
        person = op.get(Staff, staff_id, version)
        person.name = name
        if role != person.role:
            _change_role(op, person, role)
        return op.save(person)


def set_role(desk: Desk, login: str, role: str, *, approval: Approved | None = None) -> Staff:
    """Give a person another role; to or from a powerful one by two people.

    Raises Invalid, NotFound, NotAllowed.
    """
    with desk.operation("staff.role", approval=approval) as op:
        person = op.get(Staff, _id(desk, login))
        _change_role(op, person, role)
        return op.save(person)


def disable(desk: Desk, login: str, *, reason: str) -> Staff:
    """End a person's access: their keys open nothing, their desk closes within a second or so.

    Raises Invalid without a reason, NotFound, NotAllowed for oneself and the last administrator;
    Unreachable when sshd's copy of the keys cannot be written, though they are disabled then and
    no desk opens for them.
    """
    if not reason.strip():
        raise Invalid("Type why", "For example: left the practice", field="reason")
    with desk.operation("staff.disable", reason=reason.strip()) as op:
        person = op.get(Staff, _id(desk, login))
        if person.login == desk.actor.login:
            raise NotAllowed("Nobody disables themselves", "Ask: another manager")
        _keep_one_in_charge(desk, person.id)
        person.active = False
        sessions.end_all(op, person.id, how="disabled")
        done = op.save(person)
    _publish(desk, f"{login} is disabled")
    return done


def enable(desk: Desk, login: str, *, approval: Approved | None = None) -> Staff:
    """Give a disabled person their access back, by two people. Raises NotFound, NotAllowed."""
    with desk.operation("staff.enable", approval=approval) as op:
        person = op.get(Staff, _id(desk, login))
        op.two_people(wanted=not person.active)
        person.active = True
        done = op.save(person)
    _publish(desk, f"{login} is enabled")
    return done


def _publish(desk: Desk, done: str) -> None:
    """Bring sshd's copy of the keys up to date with who is active. Raises Unreachable."""
    try:
        with desk.database.writing():
            ssh_keys.write_anew(desk)
    except Unreachable as error:
        raise Unreachable(
            f"{done}, but {error.message}", "Mend that, then: deskterm admin ssh-keys publish"
        ) from None


def link(desk: Desk, login: str, provider: str) -> None:
    """Say which column of the schedule is this person's own; an empty code ends that.

    Raises NotFound.
    """
    with desk.operation("staff.link", reason=provider or "none") as op:
        person = op.get(Staff, _id(desk, login))
        column = _provider(desk, provider) if provider else None
        StaffProvider.delete().where(StaffProvider.staff == person.id).execute()
        if column is not None:
            op.create(StaffProvider, staff=person.id, provider=column)
        else:
            op.changes.append(
                {"table": "staff_provider", "id": person.id, "before": {}, "after": None}
            )
        op.about(person)


def _provider(desk: Desk, code: str) -> int:
    found = desk.rows("SELECT id FROM provider WHERE code = ?", code.upper())
    if not found:
        raise NotFound(f"No such provider: {code[:20]}", "Type their code")
    return int(found[0][0])


def people(desk: Desk) -> list[StaffRow]:
    """Everybody, the active first. Raises NotAllowed."""
    desk.require("manage_staff")
    return _read(desk, "1 = ?", 1)


def show(desk: Desk, staff_id: int) -> StaffRow:
    """One person by id. Raises NotFound, NotAllowed."""
    desk.require("manage_staff")
    found = _read(desk, "s.id = ?", staff_id)
    if not found:
        raise NotFound(f"No such staff member: {staff_id}", "deskterm staff list shows them")
    return found[0]


def by_login(desk: Desk, login: str) -> StaffRow:
    """One person by login. Raises NotFound, NotAllowed."""
    desk.require("manage_staff")
    return show(desk, _id(desk, login))


def _read(desk: Desk, where: str, value: Any) -> list[StaffRow]:
    found = desk.rows(
        "SELECT s.id, s.version, s.login, s.name, s.role, s.active,"
        " CASE WHEN coalesce(c.hash, '') = '' THEN 'none' ELSE c.kind END,"
        " coalesce(c.totp_on, 0),"
        " EXISTS (SELECT 1 FROM throttle t WHERE t.login = s.login AND t.tries >= ?),"
        " coalesce((SELECT max(seen_at) FROM session e WHERE e.staff_id = s.id), '')"
        " FROM staff s LEFT JOIN credential c ON c.staff_id = s.id"
        f" WHERE {where} ORDER BY s.active DESC, s.name, s.login",
        throttle.MOST_TRIES,
        value,
    )
    return [
        StaffRow(i, version, login, name, role, bool(active), secret, bool(totp), bool(stuck), seen)
        for i, version, login, name, role, active, secret, totp, stuck, seen in found
    ]


def _id(desk: Desk, login: str) -> int:
    found = desk.rows("SELECT id FROM staff WHERE login = ?", login)
    if not found:
        raise NotFound(f"No such login: {login}", "deskterm staff list shows them")
    return int(found[0][0])


def _check_name(name: str) -> None:
    if not name.strip():
        raise Invalid("A name is needed", "First and last name", field="name")


def _check_role(desk: Desk, role: str) -> None:
    if role not in roles(desk):
        raise Invalid(f"No such role: {role}", f"One of {', '.join(roles(desk))}", field="role")
    # Nobody hands out what they do not hold, but for the administrator, who sees no patient
    # and hires those who do.
    if "administer" in _held(desk, role) and not desk.may("administer"):
        raise NotAllowed("Only an administrator makes an administrator", "Ask: administrator")


def _change_role(op: Operation, person: Staff, role: str) -> None:
    desk = op.desk
    if person.login == desk.actor.login and not desk.may("administer"):
        raise NotAllowed("Nobody changes their own role", "Ask: another manager")
    _check_role(desk, role)
    if "administer" in _held(desk, person.role) and "administer" not in _held(desk, role):
        if not desk.may("administer"):
            raise NotAllowed("Only an administrator changes an administrator", "Ask: administrator")
        _keep_one_in_charge(desk, person.id)
    needs_app = role in desk.settings.policy.totp_roles
    if needs_app and not desk.rows(
        "SELECT 1 FROM credential WHERE staff_id = ? AND totp_on = 1", person.id
    ):
        raise NotAllowed(
            f"A {role.replace('_', ' ')} needs a code app first",
            f"deskterm staff totp {person.login}",
        )
    op.two_people(wanted=is_powerful(desk, role) or is_powerful(desk, person.role), but=person.id)
    person.role = role
    # What they may do is read when a session begins.
    sessions.end_all(op, person.id, how="role changed")


def is_powerful(desk: Desk, role: str) -> bool:
    """Whether a role is given, and taken, by two people."""
    return bool(_held(desk, role) & POWERFUL)


def _held(desk: Desk, role: str) -> set[str]:
    return {p for (p,) in desk.rows("SELECT permission FROM role_permission WHERE role = ?", role)}


def _keep_one_in_charge(desk: Desk, but: int) -> None:
    """Raise NotAllowed when nobody else could look after staff."""
    left = desk.rows(
        "SELECT 1 FROM staff s JOIN role_permission r ON r.role = s.role"
        " WHERE r.permission = 'administer' AND s.active = 1 AND s.id <> ? LIMIT 1",
        but,
    )
    if not left:
        raise NotAllowed("Somebody must be left to administer", "Give another that role first")
