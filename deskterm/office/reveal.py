"""A number that is kept masked, shown in full once: why, with one's PIN, and noted before."""

from __future__ import annotations

from deskterm.errors import Invalid, NotAllowed, NotFound
from deskterm.office import access, credentials
from deskterm.office.desk import Desk

# Identifiers (HL7 table 0203) that no screen shows but by their last four.
MASKED = frozenset({"SS", "DL", "PPN", "TAX"})


def masked(kind: str, value: str) -> str:
    """What is shown of an identifier: all of it, or stars and its last four."""
    return f"***{value[-4:]}" if kind in MASKED else value


def reveal(desk: Desk, patient_id: int, kind: str, *, reason: str, secret: str = "") -> str:
    """An identifier of a patient in full.

    The look is noted, with the reason, before it is given. Whoever has a PIN types it at an open
    desk. Raises NotAllowed, Invalid without a reason, NotFound.
    """
    desk.require("edit_patients", asked="patient.reveal", patient_id=patient_id)
    access.require_patient(desk, patient_id)
    if not reason.strip():
        raise Invalid("Type why", "For example: the plan asks for it", field="reason")
    login = desk.actor.login
    if desk.session and credentials.has_secret(desk, login):
        if not secret:
            raise NotAllowed("Your PIN is asked for before this is shown", "Type it", pin=True)
        credentials.check(desk, login, secret, purpose="export")
    found = desk.rows(
        "SELECT value FROM patient_identifier WHERE patient_id = ? AND kind = ? AND active = 1"
        " ORDER BY id DESC LIMIT 1",
        patient_id, kind.upper(),
    )  # fmt: skip
    if not found:
        raise NotFound(f"No number of the kind {kind[:10]} is on file", "")
    desk.views.note("patient.reveal", patient_id=patient_id, reason=reason.strip(), on=kind.upper())
    return str(found[0][0])
