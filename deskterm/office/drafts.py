"""Forms half filled in, saved as they are typed, so that a dropped line loses nothing.

A save is one short write of its own and is not journaled: nothing has happened to the clinic
yet. A draft need not be finished in the transaction of the operation it leads to, because its
key is that operation's idempotency key. If the desk dies between the two, the key stands in
the journal already: the draft is then listed as done, and submitting it again finds the first
result instead of doing it twice.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text
from deskterm.db import journal
from deskterm.entry.cards import looks_like_card_number
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office.desk import Desk
from deskterm.text import tidy_import
from deskterm.values import dataclass

LARGEST = 256 * 1024  # characters of JSON; far beyond any form


@dataclass(frozen=True)
class DraftRow:
    """A draft of the person signed in. Times are wall times of the clinic.

    ``here``: saved by this desk. ``done``: its operation went through, only the note of it is
    missing. ``state`` is what :func:`save` was given: texts, focused field, cursor. ``step`` is
    where the cursor stood, in words. ``parked``: set aside, by ``cause``, rather than on a
    screen when it was last saved. ``away_seconds`` counts from either. ``seen`` is the last
    journal entry that it knew of.
    """

    key: str
    form: str
    heading: str
    desk: str
    here: bool
    patient_id: int | None
    subject_id: int | None
    state: dict[str, Any]
    opened_at: datetime
    saved_at: datetime
    parked_minutes: int
    status: str
    done: bool
    step: str = ""
    cause: str = ""
    parked: bool = False
    away_seconds: int = 0
    seen: int = 0


_SELECT = """
    SELECT d.key, d.form, d.heading, d.desk, d.patient_id, d.subject_id, d.state, d.opened_at,
      d.saved_at, d.status, j.seq, d.step, d.cause, d.parked_at, d.seen
    FROM draft d LEFT JOIN journal j ON j.key = d.key
"""


def save(
    desk: Desk,
    *,
    key: str,
    form: str,
    heading: str,
    patient_id: int | None = None,
    subject_id: int | None = None,
    state: dict[str, Any],
    step: str = "",
    cause: str = "",
) -> bool:
    """Write a draft, or write it again; False when it was finished or dropped meanwhile.

    With a ``cause`` the work is set aside by that; without one it is on the screen.
    Anything in ``state`` that looks like a card number is left out: it is never stored.
    Raises Invalid for a state that is not JSON or too large, Conflict for somebody else's
    draft, NotFound for a patient who does not exist, Busy, Unreachable.
    """
    text = _as_json(state)
    now = desk.now()
    values = {
        "desk": desk.workstation,
        "form": form,
        "heading": "" if looks_like_card_number(heading) else tidy_import(heading, limit=120),
        "patient": patient_id,
        "subject_id": subject_id,
        "state": text,
        "saved_at": now,
        "step": "" if looks_like_card_number(step) else tidy_import(step, limit=80),
        "cause": cause[:80],
        "parked_at": now if cause else None,
        "seen": journal.head(desk.database)[0],
    }
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        found = desk.rows("SELECT owner, status FROM draft WHERE key = ?", key)
        if not found:
            if patient_id is not None and not desk.rows(
                "SELECT 1 FROM patient WHERE id = ?", patient_id
            ):
                raise NotFound(f"No such patient: {patient_id}", "Look them up again")
            Draft.insert(key=key, owner=desk.actor.login, opened_at=now, **values).execute(
                desk.database
            )
            return True
        owner, status = found[0]
        if owner != desk.actor.login:
            raise Conflict("Somebody else is filling in this form", "Start it again", rule="owner")
        if status != "open":
            return False
        Draft.update(**values).where(Draft.key == key).execute(desk.database)
    return True


def open_drafts(desk: Desk) -> list[DraftRow]:
    """Drafts of the person signed in, from every desk, the newest first."""
    found = desk.rows(
        _SELECT + "WHERE d.owner = ? AND d.status = 'open' ORDER BY d.saved_at DESC, d.id DESC",
        desk.actor.login,
    )
    return [_row(desk, row) for row in found]


@dataclass(frozen=True)
class Aside:
    """Work that is not on this screen, as row 1 tells of it: a name and minutes."""

    key: str
    form: str
    heading: str
    minutes: int


def set_aside(desk: Desk, here: Collection[str] = ()) -> list[Aside]:
    """The work of the person signed in, without the keys in ``here``, the oldest first."""
    found = desk.rows(
        "SELECT key, form, heading, coalesce(parked_at, saved_at) FROM draft"
        " WHERE owner = ? AND status = 'open' ORDER BY 4, id",
        desk.actor.login,
    )
    now = desk.now()
    return [
        Aside(key, form, heading, max(0, int((now - parse_utc_text(at)).total_seconds() // 60)))
        for key, form, heading, at in found
        if key not in here
    ]


def park_all(desk: Desk, owner: str, cause: str) -> None:
    """Set aside what ``owner`` had on the screen of this desk."""
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        Draft.update(cause=cause[:80], parked_at=desk.now()).where(
            (Draft.owner == owner)
            & (Draft.desk == desk.workstation)
            & (Draft.status == "open")
            & Draft.parked_at.is_null()
        ).execute()


def get(desk: Desk, key: str) -> DraftRow:
    """One draft of the person signed in. Raises NotFound."""
    found = desk.rows(_SELECT + "WHERE d.owner = ? AND d.key = ?", desk.actor.login, key)
    if not found:
        raise NotFound("That form is no longer there", "F3 lists what is set aside")
    return _row(desk, found[0])


def take_up(desk: Desk, key: str) -> None:
    """The work is on the screen again: it does not grow old as parked. Unknown keys pass."""
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        Draft.update(cause="", parked_at=None).where(
            (Draft.key == key) & (Draft.owner == desk.actor.login) & (Draft.status == "open")
        ).execute()


def finish(desk: Desk, key: str) -> None:
    """Note that the form did its work; its texts are cleared. Does nothing for an unknown key."""
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        Draft.update(status="done", state="{}", saved_at=desk.now()).where(
            (Draft.key == key) & (Draft.owner == desk.actor.login) & (Draft.status == "open")
        ).execute(desk.database)


def drop(desk: Desk, key: str, reason: str) -> None:
    """Give a draft up. Raises Invalid without a reason, NotFound for one not open."""
    if not reason.strip():
        raise Invalid("Why is it dropped?", "One or two words", field="reason")
    _change(desk, key, status="dropped", reason=reason)


def hand_over(desk: Desk, key: str, login: str) -> None:
    """Give a draft to another person. Raises Invalid for an unknown login, NotFound."""
    if not desk.rows("SELECT 1 FROM staff WHERE login = ? AND active = 1", login):
        raise Invalid(f"Nobody signs in as {login[:32]}", "Check the login", field="login")
    _change(
        desk, key, owner=login, parked_at=desk.now(), cause=f"handed over by {desk.actor.login}"
    )


def colleagues(desk: Desk) -> list[tuple[str, str]]:
    """Login and name of everybody else that work can be handed over to."""
    found = desk.rows(
        "SELECT login, name FROM staff WHERE active = 1 AND login <> ? ORDER BY login",
        desk.actor.login,
    )
    return [(login, name) for login, name in found]


def _change(desk: Desk, key: str, **values: Any) -> None:
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        changed = (
            Draft.update(**values)
            .where(
                (Draft.key == key) & (Draft.owner == desk.actor.login) & (Draft.status == "open")
            )
            .execute(desk.database)
        )
        if not changed:
            raise NotFound("That form is no longer there", "F3 lists what is set aside")


def _as_json(state: dict[str, Any]) -> str:
    try:
        text = json.dumps(_without_cards(state), separators=(",", ":"))
    except (TypeError, ValueError, RecursionError):
        raise Invalid("This form cannot be saved as it stands", "") from None
    if len(text) > LARGEST:
        raise Invalid("This form is too large to keep", "Shorten the longest text")
    return text


def _without_cards(value: Any) -> Any:
    if isinstance(value, str):
        return "" if looks_like_card_number(value) else value
    if isinstance(value, dict):
        return {name: _without_cards(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_cards(inner) for inner in value]
    return value


def _row(desk: Desk, row: tuple[Any, ...]) -> DraftRow:
    key, form, heading, where, patient_id, subject_id, state, opened, saved, status, seq = row[:11]
    step, cause, parked, seen = row[11:]
    kept = parse_utc_text(saved)
    away = int((desk.now() - (parse_utc_text(parked) if parked else kept)).total_seconds())
    return DraftRow(
        key=key,
        form=form,
        heading=heading,
        desk=where,
        here=where == desk.workstation,
        patient_id=patient_id,
        subject_id=subject_id,
        state=json.loads(state),
        opened_at=clocks.local(parse_utc_text(opened), desk.zone),
        saved_at=clocks.local(kept, desk.zone),
        parked_minutes=max(0, away // 60),
        status=status,
        done=status == "done" or seq is not None,
        step=step,
        cause=cause,
        parked=parked is not None,
        away_seconds=max(0, away),
        seen=seen,
    )
