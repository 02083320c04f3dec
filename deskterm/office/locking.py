"""The lock: while it is on, the desk reads nothing out and does nothing until somebody proves
who they are.

What may be done at a locked desk is ``operations.WHILE_LOCKED``; everything else refuses.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from deskterm.errors import DesktermError, Invalid, NotAllowed
from deskterm.office import credentials, drafts, sessions
from deskterm.office.desk import Actor, Desk

CHOOSE_SECONDS = 120  # how long after locking by hand a first PIN may be chosen
SHORTEST, LONGEST = 1, 15  # minutes: the idle lock is timed by the practice, never off
BY_HAND = "by hand"
AT_START = "start"


@dataclass(frozen=True)
class Lock:
    """A desk that was locked: why, and when on the clock that cannot be set (seconds)."""

    cause: str
    since: float


def lock_after(desk: Desk) -> float:
    """Seconds without a key until the desk locks."""
    return 60.0 * min(max(desk.settings.policy.lock_after, SHORTEST), LONGEST)


def log_off_after(desk: Desk) -> float:
    """Seconds without a key until the desk closes; never before it has locked."""
    return max(60.0 * desk.settings.policy.log_off_after, lock_after(desk) + 60.0)


def lock(desk: Desk, cause: str = BY_HAND) -> Lock:
    """Lock the desk. Cannot fail; :func:`note` tells the journal, once the screen is blank."""
    desk.locked = True
    return Lock(cause, desk.clock.monotonic())


def note(desk: Desk, operation: str, reason: str) -> None:
    """Write the locking or unlocking into the journal. Raises Busy, Unreachable."""
    with desk.operation(operation, reason=reason) as op:
        op.entity, op.entity_id = "staff", desk.actor.id or None
        locked = operation == "session.lock"
        before, after = {"locked": not locked}, {"locked": locked}
        op.changes.append({"table": "staff", "id": desk.actor.id, "before": before, "after": after})


def may_choose(desk: Desk, held: Lock) -> bool:
    """Whether the person without a PIN may choose their first one at this locked desk.

    Only somebody who has just signed in or pressed the key: later it could be anybody.
    """
    if credentials.has_secret(desk, desk.actor.login):
        return False
    fresh = desk.clock.monotonic() - held.since <= CHOOSE_SECONDS
    return fresh and held.cause in (BY_HAND, AT_START)


def opens_freely(desk: Desk) -> bool:
    """Whether Enter alone unlocks: in a practice clinic, for a person without a PIN."""
    return desk.settings.practice and not credentials.has_secret(desk, desk.actor.login)


def unlock(desk: Desk, secret: str, *, totp: str = "") -> None:
    """Unlock for the person who locked it. Raises NotAllowed, also when there is no PIN."""
    if opens_freely(desk) and not secret:
        _open(desk, desk.actor, "no PIN is set")
        return
    if not credentials.has_secret(desk, desk.actor.login):
        raise NotAllowed("No PIN is set for this login", "Sign in again")
    login = desk.actor.login
    _open(desk, credentials.check(desk, login, secret, purpose="unlock", totp=totp), "")


def choose(desk: Desk, held: Lock, secret: str, again: str) -> None:
    """Set the first PIN of the person at this desk, and unlock. Raises Invalid, NotAllowed."""
    if not may_choose(desk, held):
        raise NotAllowed("A first PIN cannot be chosen here any more", "Sign in again")
    if secret != again:
        raise Invalid("The two are not the same", "Type both again", field="again")
    kind = "pin" if secret.isascii() and secret.isdigit() else "password"
    credentials.set_secret(desk, desk.actor.login, secret=secret, kind=kind)
    _open(desk, desk.actor, "chose a PIN")


def take_over(desk: Desk, login: str, secret: str, *, totp: str = "") -> None:
    """Let another person sign on at this locked desk. Raises NotAllowed.

    The first person's work is theirs still: save it before, it waits under their name.
    """
    if not desk.settings.policy.take_over:
        raise NotAllowed("Only the person who locked this desk may unlock it", "Ask: manager")
    before = desk.actor.login
    if login == before:
        unlock(desk, secret, totp=totp)
        return
    actor = credentials.check(desk, login, secret, purpose="sign_in", totp=totp)
    with contextlib.suppress(DesktermError):
        drafts.park_all(desk, before, f"{login} at the desk")
    had_session, origin = bool(desk.session), _origin(desk)
    with contextlib.suppress(DesktermError):
        sessions.end(desk, how=f"{login} at the desk")
    desk.session, desk.actor = 0, actor
    if had_session:
        sessions.start(desk, origin=origin)
    _open(desk, actor, f"took over from {before}")


def _origin(desk: Desk) -> str:
    found = desk.rows("SELECT origin FROM session WHERE id = ?", desk.session)
    return str(found[0][0]) if found else ""


def _open(desk: Desk, actor: Actor, reason: str) -> None:
    if desk.session and sessions.alive(desk) is not None:
        # Signed in elsewhere meanwhile: that session ends, this one begins anew.
        sessions.start(desk, origin=_origin(desk))
    desk.actor, desk.locked = actor, False
    # A full disk must not keep the right person out; that it was unlocked is then not noted.
    with contextlib.suppress(DesktermError):
        note(desk, "session.unlock", reason)


def waiting(desk: Desk) -> tuple[list[tuple[int, int]], int]:
    """What a locked desk may tell anybody: lines on hold with their minutes, and parked tasks."""
    held, parked = [], 0
    for draft in drafts.open_drafts(desk):
        if draft.form == "call":
            held.append((int(draft.state.get("line") or 1), draft.parked_minutes))
        else:
            parked += 1
    return sorted(held), parked


def take_note(desk: Desk, *, key: str, caller: str, callback: str, note: str, line: int) -> None:
    """Keep a telephone note taken at a locked desk, as a call of the person who locked it.

    Nothing is looked up: it is a draft, to be finished and sent once the desk is unlocked.
    """
    texts = {"caller_name": caller, "callback": callback, "note": note}
    drafts.save(
        desk,
        key=key,
        form="call",
        heading=f"CALL {caller or 'unknown'}",
        state={
            "form": {"texts": {k: v for k, v in texts.items() if v}, "at": "patient"},
            "line": line,
            "since": desk.wall().isoformat(),
        },
        step="note taken while locked",
        cause="lock",
    )
