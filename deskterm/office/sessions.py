"""Who sits at which desk: one live session for each person, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from deskterm.clock import local, parse_utc_text
from deskterm.db.identity import Session
from deskterm.db.staff import Staff
from deskterm.office.desk import Desk, Operation
from deskterm.text import clean_text


@dataclass(frozen=True)
class Greeting:
    """What a person is told when they sign in, so that a stranger's use of their name shows."""

    last_at: datetime | None
    last_desk: str
    last_origin: str
    failed: int
    took_over: str

    @property
    def words(self) -> str:
        """One row: ``Last here Tue Mar 17 16:02 at d2 from 10.0.0.7. 2 failed tries since``."""
        said = "First time here"
        if self.last_at is not None:
            said = f"Last here {self.last_at:%a %b} {self.last_at.day} {self.last_at:%H:%M}"
            said += f" at {self.last_desk}"
            said += f" from {self.last_origin}" if self.last_origin else ""
        if self.failed:
            said += f". {self.failed} FAILED {'TRY' if self.failed == 1 else 'TRIES'} SINCE"
        if self.took_over:
            said += f". Taken over from {self.took_over}"
        return said


def origin_of(environ: Mapping[str, str]) -> str:
    """The address a session came from, as sshd tells it; empty for this computer."""
    parts = environ.get("SSH_CONNECTION", "").split()
    address = parts[0][:60] if parts else ""
    return address if all(c.isalnum() or c in ".:%-" for c in address) else "?"


def start(desk: Desk, *, origin: str = "") -> Greeting:
    """Begin this person's session at this desk; one elsewhere ends and is told so.

    Sets ``desk.session``. Raises NotAllowed.
    """
    with desk.operation("session.start") as op:
        op.get(Staff, desk.actor.id)
        before = desk.rows(
            "SELECT started_at, desk, origin FROM session WHERE staff_id = ?"
            " ORDER BY id DESC LIMIT 1",
            desk.actor.id,
        )
        since = before[0][0] if before else ""
        failed = desk.rows(
            "SELECT count(*) FROM journal WHERE entity = 'staff' AND entity_id = ?"
            " AND operation = 'credential.failed' AND at > ?",
            desk.actor.id, since,
        )[0][0]  # fmt: skip
        took_over = end_all(op, desk.actor.id, how="taken over", taken_by=desk.workstation)
        if took_over == desk.workstation:
            took_over = ""  # what a killed process left at this very desk
        session = op.create(
            Session, staff=desk.actor.id, desk=desk.workstation, origin=clean_text(origin)[:80],
            started_at=op.now, seen_at=op.now,
        )  # fmt: skip
        op.about(session)
    desk.session = session.id
    last = local(parse_utc_text(since), desk.zone) if since else None
    last_desk, last_origin = (before[0][1], before[0][2]) if before else ("", "")
    return Greeting(last, last_desk, last_origin, failed, took_over)


def alive(desk: Desk) -> str | None:
    """Why this session is over: ``taken over by d3``, ``disabled``, ``role changed``; or None.

    One statement by primary key: the app may ask every few seconds.
    """
    if not desk.session:
        gone = desk.rows("SELECT 1 FROM staff WHERE id = ? AND active = 0", desk.actor.id)
        return "disabled" if gone else None
    found = desk.rows(
        "SELECT e.ended_at, e.how, e.taken_by, s.active FROM session e"
        " JOIN staff s ON s.id = e.staff_id WHERE e.id = ?",
        desk.session,
    )
    if not found:
        return "ended"
    ended, how, taken_by, active = found[0]
    if not active:
        return "disabled"
    if ended is None:
        return None
    return f"taken over by {taken_by}" if how == "taken over" else how


def seen(desk: Desk) -> None:
    """Note that this session is still there; for once a minute, in a transaction of its own."""
    if desk.session:
        with desk.database.writing():
            Session.update(seen_at=desk.now()).where(
                (Session.id == desk.session) & Session.ended_at.is_null()
            ).execute()


def end(desk: Desk, *, how: str = "left") -> None:
    """End this session, if it is still alive."""
    session, desk.session = desk.session, 0
    if session and desk.rows("SELECT 1 FROM session WHERE id = ? AND ended_at IS NULL", session):
        with desk.operation("session.end", reason=how) as op:
            row = op.get(Session, session)
            if row.ended_at is None:
                row.ended_at, row.how = op.now, how
                op.save(row)


def end_all(
    op: Operation, staff_id: int, *, how: str, taken_by: str = "", over_ssh: bool = False
) -> str:
    """End every live session of a person, inside an operation; the desk of the last, or empty.

    ``over_ssh``: only those that came from another computer.
    """
    desk = ""
    live = Session.select().where((Session.staff == staff_id) & Session.ended_at.is_null())
    if over_ssh:
        live = live.where(Session.origin != "")
    for found in live:
        row = op.get(Session, found.id)
        row.ended_at, row.how, row.taken_by = op.now, how, taken_by
        op.save(row)
        desk = row.desk
    return desk


def live(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Who is at a desk now: ``(login, desk, origin, seen at)``. Raises NotAllowed."""
    desk.require("manage_staff")
    found = desk.rows(
        "SELECT s.login, e.desk, e.origin, e.seen_at FROM session e JOIN staff s"
        " ON s.id = e.staff_id WHERE e.ended_at IS NULL ORDER BY e.desk, s.login"
    )
    return [(login, at, origin, seen_at) for login, at, origin, seen_at in found]
