"""What each role may do: rows that the clinic changes, by two people, with an entry for each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from deskterm.db.staff import RolePermission
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import sessions, staff
from deskterm.office.desk import Desk
from deskterm.office.operations import OPERATIONS, POWERFUL, ROLES, VIEWS

if TYPE_CHECKING:
    from deskterm.office.approvals import Approved

# Every permission there is: what an operation or a look asks for, and what a role begins with.
KNOWN = frozenset(OPERATIONS.values()) | VIEWS | frozenset().union(*ROLES.values())
# Without it a role can do nothing at all: whoever should not sign in is disabled.
_ALWAYS = "sign_in"


@dataclass(frozen=True)
class RoleRow:
    """One role: what it may do, and how many active people have it."""

    role: str
    permissions: tuple[str, ...]
    people: int
    powerful: bool

    def as_dict(self) -> dict[str, Any]:
        """The role as ``--json`` prints it."""
        return asdict(self)


def listing(desk: Desk, role: str = "") -> list[RoleRow]:
    """Every role, or one. Raises NotFound, NotAllowed."""
    desk.require("manage_staff")
    held: dict[str, list[str]] = {}
    for name, permission in desk.rows("SELECT role, permission FROM role_permission ORDER BY 1, 2"):
        held.setdefault(name, []).append(permission)
    found = desk.rows("SELECT role, count(*) FROM staff WHERE active = 1 GROUP BY role")
    people: dict[str, int] = {name: count for name, count in found}
    if role:
        _must_be(desk, role)
        held = {role: held[role]}
    return [
        RoleRow(name, tuple(may), people.get(name, 0), bool(POWERFUL & set(may)))
        for name, may in held.items()
    ]


def permit(
    desk: Desk, role: str, permission: str, *, reason: str, approval: Approved | None = None
) -> None:
    """Let everybody of ``role`` do what needs ``permission``, from their next sign-in.

    An administrator's, with a second person's yes. Raises Invalid for an unknown permission or
    without a reason, NotFound for an unknown role, Conflict when it may do so already.
    """
    said = _check(desk, "role.permit", role, permission, reason)
    with desk.operation("role.permit", reason=said, approval=approval) as op:
        op.two_people(wanted=True)
        op.entity = "role_permission"
        if desk.rows(_ONE, role, permission):
            raise Conflict(f"{_said(role)} may do that already", "", rule="permitted")
        RolePermission.insert(role=role, permission=permission).execute()
        op.changes.append({"table": "role_permission", "id": None, "before": {},
                           "after": {"role": role, "permission": permission}})  # fmt: skip


def forbid(
    desk: Desk, role: str, permission: str, *, reason: str, approval: Approved | None = None
) -> None:
    """Let nobody of ``role`` do what needs ``permission``: their open desks close at once.

    Raises as :func:`permit`, and NotAllowed for what must be left to somebody.
    """
    said = _check(desk, "role.forbid", role, permission, reason)
    with desk.operation("role.forbid", reason=said, approval=approval) as op:
        op.two_people(wanted=True)
        op.entity = "role_permission"
        if not desk.rows(_ONE, role, permission):
            raise Conflict(f"{_said(role)} may not do that anyway", "", rule="forbidden")
        if permission == _ALWAYS:
            raise NotAllowed("Every role signs in", "staff disable ends one person's access")
        RolePermission.delete().where(
            (RolePermission.role == role) & (RolePermission.permission == permission)
        ).execute()
        for needed in ("administer", "manage_staff"):
            if not desk.rows(
                "SELECT 1 FROM staff s JOIN role_permission r ON r.role = s.role"
                " WHERE r.permission = ? AND s.active = 1 LIMIT 1",
                needed,
            ):
                raise NotAllowed("Somebody must be left to administer", "Give another that first")
        op.changes.append({"table": "role_permission", "id": None,
                           "before": {"role": role, "permission": permission},
                           "after": None})  # fmt: skip
        mine = desk.actor.id
        for (staff_id,) in desk.rows("SELECT id FROM staff WHERE role = ? AND id <> ?", role, mine):
            sessions.end_all(op, staff_id, how="role changed")


_ONE = "SELECT 1 FROM role_permission WHERE role = ? AND permission = ?"


def _check(desk: Desk, name: str, role: str, permission: str, reason: str) -> str:
    """The reason as the journal has it, once all that can be known before is right."""
    desk.require("administer", asked=name)
    _must_be(desk, role)
    if permission not in KNOWN:
        raise Invalid(
            f"No such permission: {permission[:40]}", f"One of {', '.join(sorted(KNOWN))}",
            field="permission",
        )  # fmt: skip
    if not reason.strip():
        raise Invalid("Type why", "For example: billers book follow-ups", field="reason")
    return f"{role}: {permission}: {reason.strip()}"


def _must_be(desk: Desk, role: str) -> None:
    if role not in staff.roles(desk):
        raise NotFound(f"No such role: {role[:32]}", f"One of {', '.join(staff.roles(desk))}")


def _said(role: str) -> str:
    return role.replace("_", " ")
