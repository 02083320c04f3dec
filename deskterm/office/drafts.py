"""Forms half filled in, saved as they are typed, so that a dropped line loses nothing.

A save is one short write of its own and is not journaled: nothing has happened to the clinic
yet. A draft need not be finished in the transaction of the operation it leads to, because its
key is that operation's idempotency key. If the desk dies between the two, the key stands in
the journal already: the draft is then listed as done, and submitting it again finds the first
result instead of doing it twice.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text
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
    missing. ``state`` is what :func:`save` was given: texts, focused field, cursor.
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


_SELECT = """
    SELECT d.key, d.form, d.heading, d.desk, d.patient_id, d.subject_id, d.state, d.opened_at,
      d.saved_at, d.status, j.seq
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
) -> bool:
    """Write a draft, or write it again; False when it was finished or dropped meanwhile.

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
    }
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        found = desk.rows("SELECT owner, status FROM draft WHERE key = ?", key)
        if not found:
            if patient_id is not None and not desk.rows(
                "SELECT 1 FROM patient WHERE id = ?", patient_id
            ):
                raise NotFound(f"No such patient: {patient_id}", "Look them up again")
            Draft.insert(key=key, owner=desk.actor.login, opened_at=now, **values).execute()
            return True
        owner, status = found[0]
        if owner != desk.actor.login:
            raise Conflict("Somebody else is filling in this form", "Start it again", rule="owner")
        if status != "open":
            return False
        Draft.update(**values).where(Draft.key == key).execute()
    return True


def open_drafts(desk: Desk) -> list[DraftRow]:
    """Drafts of the person signed in, from every desk, the newest first."""
    found = desk.rows(
        _SELECT + "WHERE d.owner = ? AND d.status = 'open' ORDER BY d.saved_at DESC, d.id DESC",
        desk.actor.login,
    )
    return [_row(desk, row) for row in found]


def get(desk: Desk, key: str) -> DraftRow:
    """One draft of the person signed in. Raises NotFound."""
    found = desk.rows(_SELECT + "WHERE d.owner = ? AND d.key = ?", desk.actor.login, key)
    if not found:
        raise NotFound("That form is no longer there", "F3 lists what is set aside")
    return _row(desk, found[0])


def finish(desk: Desk, key: str) -> None:
    """Note that the form did its work; its texts are cleared. Does nothing for an unknown key."""
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        Draft.update(status="done", state="{}", saved_at=desk.now()).where(
            (Draft.key == key) & (Draft.owner == desk.actor.login) & (Draft.status == "open")
        ).execute()


def drop(desk: Desk, key: str, reason: str) -> None:
    """Give a draft up. Raises Invalid without a reason, NotFound for one not open."""
    if not reason.strip():
        raise Invalid("Why is it dropped?", "One or two words", field="reason")
    _change(desk, key, status="dropped", reason=reason)


def hand_over(desk: Desk, key: str, login: str) -> None:
    """Give a draft to another person. Raises Invalid for an unknown login, NotFound."""
    if not desk.rows("SELECT 1 FROM staff WHERE login = ? AND active = 1", login):
        raise Invalid(f"Nobody signs in as {login[:32]}", "Check the login", field="login")
    _change(desk, key, owner=login)


def _change(desk: Desk, key: str, **values: Any) -> None:
    from deskterm.db.tasks import Draft

    with desk.database.writing():
        changed = (
            Draft.update(**values)
            .where(
                (Draft.key == key) & (Draft.owner == desk.actor.login) & (Draft.status == "open")
            )
            .execute()
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
    key, form, heading, where, patient_id, subject_id, state, opened, saved, status, seq = row
    kept = parse_utc_text(saved)
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
        parked_minutes=max(0, int((desk.now() - kept).total_seconds() // 60)),
        status=status,
        done=status == "done" or seq is not None,
    )
