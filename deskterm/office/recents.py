"""Whom this person looked at last: what ``.`` and ``..`` find.

Looking at a record is an entry of the journal, as every other work on it, so the journal is
both the list of look-ups an auditor reads and the list of the last patients.
"""

from __future__ import annotations

from datetime import timedelta

from deskterm.clock import utc_text
from deskterm.errors import NotAllowed, NotFound
from deskterm.office import access
from deskterm.office.desk import Desk
from deskterm.office.operations import permission_of

RECENT_HOURS = 2
_ENTRIES = 300  # the newest entries of one person that are looked through


def opened(desk: Desk, patient_id: int, *, reason: str = "") -> None:
    """Note that this person opened a patient's record.

    Raises NotFound, and NotAllowed for a restricted record that they may not open.
    """
    desk.require(permission_of("patient.view"), asked="patient.view", patient_id=patient_id)
    found = desk.rows("SELECT restricted FROM patient WHERE id = ?", patient_id)
    if not found:
        raise NotFound(f"No such patient: {patient_id}", "Look it up again")
    try:
        access.require_patient(desk, patient_id)
    except NotAllowed:
        desk.views.refused("patient.view", patient_id)
        raise
    desk.views.opened(patient_id, "patient", reason=reason)
    if reason or found[0][0]:
        desk.views.flush()  # what opens a restricted record is on file before it is shown


def recent_ids(desk: Desk, *, limit: int, within_hours: int | None = None) -> list[int]:
    """The patients this person last opened or worked on, newest first."""
    desk.require("view_patients")
    since = ""
    if within_hours is not None:
        since = utc_text(desk.now() - timedelta(hours=within_hours))
    found = desk.rows(
        "SELECT patient_id FROM (SELECT seq, patient_id, at FROM journal WHERE actor = ?"
        " AND patient_id IS NOT NULL ORDER BY seq DESC LIMIT ?) AS own"
        " WHERE at >= ?"
        " GROUP BY patient_id ORDER BY max(seq) DESC LIMIT ?",
        desk.actor.login,
        _ENTRIES,
        since,
        limit,
    )
    newest = dict.fromkeys([*desk.views.recent(since), *(patient_id for (patient_id,) in found)])
    return list(newest)[:limit]
