"""PINs, passwords and code apps: setting them, checking them, and what happens to a guesser."""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pyotp

from deskterm.db.identity import Credential, RecoveryCode, Throttle
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import peppered, throttle
from deskterm.office.desk import Actor, Desk, Operation, find_actor
from deskterm.office.operations import DUAL
from deskterm.office.weak_secrets import check_secret

if TYPE_CHECKING:
    from deskterm.office.approvals import Approved

# What a secret is asked for. Each is throttled by itself: an approval is a guess as well.
PURPOSES = ("sign_in", "unlock", "approve", "break_glass", "change", "export")
# Where the code app is asked for too; the others happen inside a session that had it.
WITH_CODE = ("sign_in", "unlock")
RECOVERY_CODES = 10
_STEP_SECONDS = 30
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def set_secret(
    desk: Desk, login: str, *, secret: str, kind: str = "pin", current: str = "",
    approval: Approved | None = None,
) -> None:  # fmt: skip
    """Give a person a PIN (6 digits or more) or a password (8 characters or more).

    One's own, proved by the ``current`` one if there is one (a desk left open must not be enough
    to take a person's place), or another's by whoever looks after staff; then wrong tries counted
    so far are forgotten. A new one in place of another's is given by two people: with it one
    could sign, and agree, as them. Raises Invalid for a weak one, NotFound for an unknown login,
    and NotAllowed (also for a role that must have a code app first).
    """
    check_secret(secret, kind=kind, login=login)
    staff_id, role = _staff(desk, login)
    own = login == desk.actor.login and not _alone(desk)
    # Whoever is alone may have forgotten it: then there is nobody to ask.
    if (own or (current and login == desk.actor.login)) and has_secret(desk, login):
        check(desk, login, current, purpose="change")
    stored = peppered.hashed(desk, staff_id, secret)  # slow on purpose, so not under the lock
    name = _operation(desk, login, "credential.own", "credential.set")
    with desk.operation(name, approval=approval) as op:
        held = _credential(op, staff_id)
        if name in DUAL:
            op.two_people(wanted=bool(held.hash), but=staff_id)
        if role in desk.settings.policy.totp_roles and not held.totp_on:
            raise NotAllowed(
                f"A {role.replace('_', ' ')} needs a code app first",
                f"deskterm staff totp {login}",
            )
        held.kind, held.hash, held.set_at = kind, stored, op.now
        op.save(held)
        if not own:
            _forget_tries(op, login)
        _about(op, staff_id)


def has_secret(desk: Desk, login: str) -> bool:
    """Whether this active person has a PIN or password to prove themselves with."""
    return bool(
        desk.rows(
            "SELECT 1 FROM staff s JOIN credential c ON c.staff_id = s.id"
            " WHERE s.login = ? AND s.active = 1 AND c.hash <> ''",
            login,
        )
    )


def has_app(desk: Desk, login: str) -> bool:
    """Whether this person has a code app in force."""
    return bool(
        desk.rows(
            "SELECT 1 FROM staff s JOIN credential c ON c.staff_id = s.id"
            " WHERE s.login = ? AND c.totp_on = 1",
            login,
        )
    )


def needs_code(desk: Desk, login: str, purpose: str = "unlock") -> bool:
    """Whether the code app is asked for as well."""
    found = desk.rows(
        "SELECT s.role, coalesce(c.totp_on, 0) FROM staff s"
        " LEFT JOIN credential c ON c.staff_id = s.id WHERE s.login = ?",
        login,
    )
    if purpose not in WITH_CODE or not found:
        return False
    role, on = found[0]
    return bool(on) or role in desk.settings.policy.totp_roles


def check(desk: Desk, login: str, secret: str, *, purpose: str = "unlock", totp: str = "") -> Actor:
    """The person ``login``, when ``secret`` (and ``totp`` where it is asked for) is theirs.

    A try is counted before it is looked at, and counts for this person and purpose at every
    desk. A wrong answer is a journal entry without the secret, takes as long for a login that
    nobody has, and raises NotAllowed whose hint says when to try again or whom to ask.
    """
    if purpose not in PURPOSES:
        raise Invalid(f"No such purpose: {purpose}", f"One of {', '.join(PURPOSES)}")
    found = desk.rows(
        "SELECT s.id, c.kind, c.hash, c.totp_on FROM staff s"
        " LEFT JOIN credential c ON c.staff_id = s.id WHERE s.login = ? AND s.active = 1",
        login,
    )
    staff_id, kind, stored, totp_on = found[0] if found else (0, None, "", 0)
    known = login if found else peppered.masked(desk, login)
    attempt = throttle.begin(desk, known, purpose)
    right = peppered.matches(desk, staff_id, secret[:1000], stored or "")
    what = "password" if kind == "password" else "PIN"
    if needs_code(desk, login, purpose):
        # Both are asked for together, so that a guesser does not learn which was right.
        what += " or code"
        right = right and bool(totp_on) and _spend_code(desk, staff_id, totp)
    if not right:
        _note_failure(desk, attempt, staff_id, purpose)
        raise NotAllowed(
            f"Wrong {what}",
            throttle.next_try(attempt.tries, login),
            wait=throttle.wait_after(attempt.tries),
            locked=attempt.tries >= throttle.MOST_TRIES,
        )
    throttle.clear(desk, known, purpose)
    desk.proved[login] = desk.clock.monotonic()
    return find_actor(desk.database, desk.settings, login)


def reset(desk: Desk, login: str) -> None:
    """Let a person who was locked out try again. Raises NotFound, NotAllowed."""
    with desk.operation("credential.reset") as op:
        staff_id, _ = _staff(desk, login)
        if login == desk.actor.login and not _alone(desk):
            raise NotAllowed("Nobody lets themselves in again", "Ask: another manager")
        _forget_tries(op, login)
        _about(op, staff_id)


def locked(desk: Desk, login: str) -> tuple[str, ...]:
    """The purposes for which this login is locked until a manager resets it."""
    found = desk.rows(
        "SELECT purpose FROM throttle WHERE login = ? AND tries >= ? ORDER BY purpose",
        login, throttle.MOST_TRIES,
    )  # fmt: skip
    return tuple(purpose for (purpose,) in found)


def new_totp(desk: Desk, login: str) -> tuple[str, str]:
    """A new code app key for a person: ``(key, otpauth address)``, not in force until confirmed.

    Raises NotFound, NotAllowed.
    """
    with desk.operation(_operation(desk, login, "credential.own", "credential.totp")) as op:
        op.two_people(wanted=False)  # it proves nothing yet, and takes nothing away
        staff_id, _ = _staff(desk, login)
        held = _credential(op, staff_id)
        if held.totp_on:
            raise Conflict(
                "A code app is set up already", "deskterm staff totp --off takes it away first"
            )
        key = pyotp.random_base32()
        held.totp, held.totp_step = peppered.sealed(desk, staff_id, key), 0
        op.save(held)
        _about(op, staff_id)
    # The issuer stands before the login alone: said twice, the picture of it would need a window
    # larger than 80x24.
    return key, f"otpauth://totp/deskterm:{quote(login)}?secret={key}"


def confirm_totp(desk: Desk, login: str, code: str) -> list[str]:
    """Put the new key in force, proved by a code from it; ten recovery codes, shown once.

    Raises Invalid for a wrong code, NotFound, NotAllowed.
    """
    with desk.operation(_operation(desk, login, "credential.own", "credential.totp")) as op:
        op.two_people(wanted=False)
        staff_id, _ = _staff(desk, login)
        held = _credential(op, staff_id)
        step = _matching_step(desk, held, code) if held.totp and not held.totp_on else 0
        if not step:
            raise Invalid("That code does not fit", "Type the next one the app shows", field="code")
        held.totp_on, held.totp_step = True, step
        op.save(held)
        for old in RecoveryCode.select().where(
            (RecoveryCode.staff == staff_id) & RecoveryCode.used_at.is_null()
        ):
            used = op.get(RecoveryCode, old.id)
            used.used_at = op.now
            op.save(used)
        codes = ["".join(random.choice(_LETTERS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
        for text in codes:
            op.create(RecoveryCode, staff=staff_id, hash=peppered.code_hash(desk, staff_id, text))
        _about(op, staff_id)
    return [f"{text[:5]}-{text[5:]}" for text in codes]


def remove_totp(desk: Desk, login: str, *, approval: Approved | None = None) -> None:
    """Take the code app away, for a lost telephone; another person's only, by two people.

    Raises NotFound, NotAllowed.
    """
    with desk.operation("credential.totp", approval=approval) as op:
        staff_id, role = _staff(desk, login)
        if login == desk.actor.login:
            raise NotAllowed("Nobody takes their own code app away", "Ask: another manager")
        op.two_people(wanted=True, but=staff_id)
        held = _credential(op, staff_id)
        held.totp_on, held.totp = False, ""
        if role in desk.settings.policy.totp_roles:
            held.hash = ""  # without the app this role may not be signed in to
        op.save(held)
        _about(op, staff_id)


def _alone(desk: Desk) -> bool:
    """Whether this is the one person who could help: then they must help themselves."""
    return desk.may("reset_credentials") and not desk.rows(
        "SELECT 1 FROM staff s JOIN role_permission r ON r.role = s.role"
        " WHERE r.permission = 'reset_credentials' AND s.active = 1 AND s.id <> ? LIMIT 1",
        desk.actor.id,
    )


def _operation(desk: Desk, login: str, own: str, others: str) -> str:
    return own if login == desk.actor.login else others


def _staff(desk: Desk, login: str) -> tuple[int, str]:
    found = desk.rows("SELECT id, role FROM staff WHERE login = ?", login)
    if not found:
        raise NotFound(f"No such login: {login}", "deskterm staff list shows them")
    return found[0][0], found[0][1]


def _credential(op: Operation, staff_id: int) -> Credential:
    """The person's credential under the lock, made when there is none."""
    found = Credential.get_or_none(Credential.staff == staff_id)
    if found is None:
        found = op.create(Credential, staff=staff_id, set_at=op.now)
    return op.get(Credential, found.id)


def _forget_tries(op: Operation, login: str) -> None:
    for row in Throttle.select().where((Throttle.login == login) & (Throttle.tries > 0)):
        held = op.get(Throttle, row.id)
        held.tries = 0
        op.save(held)


def _about(op: Operation, staff_id: int) -> None:
    op.entity, op.entity_id = "staff", staff_id


def _note_failure(desk: Desk, attempt: throttle.Try, staff_id: int, purpose: str) -> None:
    with desk.operation("credential.failed", reason=purpose) as op:
        before: dict[str, Any] = {"tries": attempt.tries - 1}
        op.changes.append(
            {"table": "throttle", "id": attempt.id, "before": before,
             "after": {"tries": attempt.tries}}
        )  # fmt: skip
        op.entity, op.entity_id = "staff", staff_id or None


def _matching_step(desk: Desk, held: Credential, code: str) -> int:
    """The time step, at most one away from now and later than the last used, of ``code``."""
    digits = "".join(code.split())
    if not (digits.isascii() and digits.isdigit()):
        return 0
    app = pyotp.TOTP(peppered.unsealed(desk, held.staff_id, held.totp))
    now = int(desk.now().timestamp()) // _STEP_SECONDS
    for step in (now, now - 1, now + 1):
        if step > held.totp_step and random.compare_digest(app.generate_otp(step), digits):
            return step
    return 0


def _spend_code(desk: Desk, staff_id: int, code: str) -> bool:
    """Whether ``code`` is right, and used up by this. Its own transaction."""
    with desk.database.writing():
        held = Credential.get_or_none(Credential.staff == staff_id)
        if held is None or not held.totp_on:
            return False
        step = _matching_step(desk, held, code)
        if step:
            Credential.update(totp_step=step).where(Credential.id == held.id).execute()
            return True
        text = "".join(c for c in code.upper() if c.isalnum())
        digest = peppered.code_hash(desk, staff_id, text)
        spent = (
            RecoveryCode.update(used_at=desk.now())
            .where(
                (RecoveryCode.staff == staff_id)
                & (RecoveryCode.hash == digest)
                & RecoveryCode.used_at.is_null()
            )
            .execute()
        )
        return bool(spent)
