"""Proof of who somebody is, who sits where, and who agreed: one table for each.

Nothing here tells a secret: what is stored cannot be checked without the pepper, which is a
file of its own outside the database.
"""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Record
from deskterm.db.fields import Choice, CleanText, Moment, Reference, Whole
from deskterm.db.guards import kept, no_replace
from deskterm.db.staff import Provider, Staff


class Credential(Record):
    """What one person proves themselves with: a PIN or a password, and a code app beside it."""

    title = "credential"
    secret_columns = frozenset({"hash", "totp"})

    staff = Reference(Staff, unique=True)
    kind = Choice((("pin", "PIN"), ("password", "password")), null=True)
    hash = CleanText(200, help_text="argon2id over the peppered secret; empty: none set")
    set_at = Moment()
    totp = CleanText(200, help_text="the code app's key, encrypted; empty: none")
    totp_on = BooleanField(default=False)
    totp_step = Whole(default=0, help_text="the last time step whose code was used")


class RecoveryCode(Record):
    """A code that stands in once for the code app."""

    title = "recovery code"
    secret_columns = frozenset({"hash"})

    staff = Reference(Staff)
    hash = CleanText(64)
    used_at = Moment(null=True)


class Throttle(Record):
    """Wrong answers in a row for one login and purpose, and when the last was given.

    ``mono_ms`` is the computer's count since ``boot``, which nobody can set back.
    """

    title = "throttle"

    login = CleanText(40, help_text="an unknown login is kept as a keyed digest")
    purpose = CleanText(20)
    tries = Whole(default=0)
    boot = CleanText(40)
    mono_ms = Whole(default=0)

    class Meta:
        indexes = ((("login", "purpose"), True),)


class Session(Record):
    """One person at one desk, from opening it to leaving it."""

    title = "session"

    staff = Reference(Staff)
    desk = CleanText(40)
    origin = CleanText(80, help_text="the address they came from; empty: this computer")
    started_at = Moment()
    seen_at = Moment()
    ended_at = Moment(null=True)
    how = CleanText(20, help_text="left, taken over, disabled, lost")
    taken_by = CleanText(40, help_text="the desk that took over")


class StaffProvider(Record):
    """Which column of the schedule is a person's own."""

    title = "own column"

    staff = Reference(Staff, unique=True)
    provider = Reference(Provider)


class Approval(Record):
    """A second person's yes to one operation, written with what it allowed."""

    title = "approval"

    operation = CleanText(60)
    actor = Reference(Staff)
    approver = Reference(Staff)
    entity = CleanText(40)
    entity_id = Whole(null=True)
    at = Moment()
    desk = CleanText(40)
    reason = CleanText(200)


TRIGGERS = (
    *kept("approval", "update", "delete"),
    no_replace("approval"),
    """CREATE TRIGGER approval_two_people BEFORE INSERT ON approval
    WHEN NEW.approver_id IS NEW.actor_id
    BEGIN SELECT RAISE(ABORT, 'approval_two_people'); END""",
    *kept("session", "delete"),
    """CREATE TRIGGER session_one_live BEFORE INSERT ON session
    WHEN NEW.ended_at IS NULL AND EXISTS (
      SELECT 1 FROM session WHERE staff_id = NEW.staff_id AND ended_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'session_one_live'); END""",
    """CREATE TRIGGER session_stays_ended BEFORE UPDATE ON session
    WHEN OLD.ended_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'what happened is never rewritten'); END""",
    """CREATE TRIGGER staff_no_delete BEFORE DELETE ON staff
    BEGIN SELECT RAISE(ABORT, 'staff are disabled, never removed'); END""",
    """CREATE TRIGGER staff_login_stays BEFORE UPDATE OF login ON staff
    WHEN NEW.login IS NOT OLD.login
    BEGIN SELECT RAISE(ABORT, 'staff are disabled, never removed'); END""",
)

MODELS = (Credential, RecoveryCode, Throttle, Session, StaffProvider, Approval)
