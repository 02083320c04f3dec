"""Whom this person looked at last: what ``.`` and ``..`` find.

Looking at a record is an entry of the journal, as every other work on it, so the journal is
both the list of look-ups an auditor reads and the list of the last patients.
"""

from __future__ import annotations

from datetime import timedelta

from deskterm.clock import utc_text
from deskterm.db.patients import Patient
from deskterm.office.desk import Desk

RECENT_HOURS = 2
_ENTRIES = 300  # the newest entries of one person that are looked through


def opened(desk: Desk, patient_id: int, *, reason: str = "") -> None:
    """Note that this person opened a patient's record.

    Raises NotFound, and NotAllowed for a restricted record that they may not open.
    """
    with desk.operation("patient.view", patient_id=patient_id, reason=reason) as op:
        patient = op.get(Patient, patient_id)
        op.about(patient)
        op.changes.append({"table": "patient", "id": patient_id, "before": None, "after": None})


def recent_ids(desk: Desk, *, limit: int, within_hours: int | None = None) -> list[int]:
    """The patients this person last opened or worked on, newest first."""
    desk.require("view_patients")
    since = ""
    if within_hours is not None:
        since = utc_text(desk.now() - timedelta(hours=within_hours))
    found = desk.rows(
        "SELECT patient_id FROM (SELECT seq, patient_id, at FROM journal WHERE actor = ?"
        " ORDER BY seq DESC LIMIT ?) AS own"
        " WHERE patient_id IS NOT NULL AND at >= ?"
        " GROUP BY patient_id ORDER BY max(seq) DESC LIMIT ?",
        desk.actor.login,
        _ENTRIES,
        since,
        limit,
    )
    return [patient_id for (patient_id,) in found]
