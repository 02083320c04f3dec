"""What leaves the clinic as a file: noted before it is written, and asked for with one's PIN.

A desk that was left open for a minute must not be enough to carry the clinic's figures away. A
batch command is the service account's own; it is noted, and asked for nothing.
"""

from __future__ import annotations

from typing import Any

from deskterm.errors import NotAllowed
from deskterm.office import credentials
from deskterm.office.desk import Desk


def needs_pin(desk: Desk) -> bool:
    """Whether this person's PIN is asked for before a file is written from this desk."""
    login = desk.actor.login
    if not desk.session or not credentials.has_secret(desk, login):
        return False
    at = desk.proved.get(login)
    age = desk.clock.monotonic() - at if at is not None else None
    return age is None or not 0 <= age < desk.settings.policy.export_minutes * 60


def begin(
    desk: Desk, what: str, *, to: str, patient_id: int | None = None, secret: str = "",
    asked: bool = True, **facts: Any,
) -> None:  # fmt: skip
    """Allow and note that ``what`` is written to a file called ``to``; before it is made.

    ``asked`` is False for paper that the patient is given. ``facts`` say how much it is. Raises
    NotAllowed without the PIN where it is asked for, and when it is wrong.
    """
    if asked and needs_pin(desk):
        if not secret:
            raise NotAllowed("Your PIN is asked for before this is written", "Type it", pin=True)
        credentials.check(desk, desk.actor.login, secret, purpose="export")
    desk.views.note("data.export", patient_id=patient_id, on=f"{what} to {to[:80]}", **facts)
