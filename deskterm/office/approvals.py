"""The second person: which operations need one, and how they say yes at the clerk's screen."""

from __future__ import annotations

from dataclasses import dataclass, field

from deskterm.errors import Conflict, NotAllowed
from deskterm.office import credentials
from deskterm.office.desk import Actor, Desk
from deskterm.office.operations import DUAL

HOLDS_SECONDS = 300.0


@dataclass
class Approved:
    """A yes to one operation of one person at one desk, for five minutes, used once."""

    operation: str
    actor_id: int
    approver: Actor
    at: float
    used: bool = field(default=False)

    def spend(self, desk: Desk, operation: str) -> None:
        """Take the yes for ``operation``. Raises NotAllowed when it is not for that."""
        fits = self.operation == operation and self.actor_id == desk.actor.id
        age = desk.clock.monotonic() - self.at
        if self.used or not fits or not 0 <= age <= HOLDS_SECONDS:
            raise NotAllowed("That approval is not for this", "Ask for it again")
        self.used = True


def needed(desk: Desk, operation: str, *, own: bool) -> bool:
    """Whether ``operation`` needs a second person; ``own``: it undoes this person's own work."""
    rule = DUAL.get(operation)
    if rule is None:
        return False
    return not (own and rule.alone and bool(getattr(desk.settings.policy, rule.alone)))


def anybody_else(desk: Desk, operation: str, *, but: int = 0) -> bool:
    """Whether there is a second person at all for ``operation``, other than the staff ``but``.

    Whoever sets a clinic up is alone at first. A PIN is not asked here: somebody who should
    agree and has none is given one, and not passed over.
    """
    return bool(
        desk.rows(
            "SELECT 1 FROM staff s JOIN role_permission r ON r.role = s.role"
            " WHERE r.permission = ? AND s.active = 1 AND s.id NOT IN (?, ?) LIMIT 1",
            DUAL[operation].permission, desk.actor.id, but,
        )
    )  # fmt: skip


def approvers(desk: Desk, operation: str) -> list[tuple[str, str]]:
    """Who could agree: ``(login, name)`` of others with the permission and a PIN."""
    found = desk.rows(
        "SELECT s.login, s.name FROM staff s JOIN role_permission r ON r.role = s.role"
        " JOIN credential c ON c.staff_id = s.id AND c.hash <> ''"
        " WHERE r.permission = ? AND s.active = 1 AND s.id <> ? ORDER BY s.name",
        DUAL[operation].permission, desk.actor.id,
    )  # fmt: skip
    return [(login, name) for login, name in found]


def approve(desk: Desk, operation: str, *, login: str, secret: str) -> Approved:
    """A second person's yes, proved by their own PIN.

    Wrong PINs are counted as at the lock. Raises NotAllowed for the one who asks, a wrong PIN,
    and somebody without the permission; Conflict for an operation that needs nobody.
    """
    rule = DUAL.get(operation)
    if rule is None:
        raise Conflict("This needs no second person", "Do it alone", rule="dual")
    desk.require(rule.permission)
    if login == desk.actor.login:
        raise NotAllowed("The second person must be another", "Ask: " + _names(desk, operation))
    approver = credentials.check(desk, login, secret, purpose="approve")
    if rule.permission not in approver.permissions or approver.id == desk.actor.id:
        raise NotAllowed("They may not approve this", "Ask: " + _names(desk, operation))
    return Approved(operation, desk.actor.id, approver, desk.clock.monotonic())


def refuse(desk: Desk, operation: str) -> NotAllowed:
    """The error for an operation that lacks its second person."""
    return NotAllowed(
        "A second person must agree", f"Ask: {_names(desk, operation)}", second=operation
    )


def _names(desk: Desk, operation: str) -> str:
    found = ", ".join(login for login, _ in approvers(desk, operation)[:6])
    return found or "somebody else with a PIN"
