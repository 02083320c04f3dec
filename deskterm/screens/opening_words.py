"""Words of Find opening: whose visit it is, and what the payer allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskterm.errors import DesktermError
from deskterm.office import permits
from deskterm.screens.task import TaskScreen

if TYPE_CHECKING:
    from deskterm.office.openings import Opening


def patients_name(screen: TaskScreen) -> str:
    """The surname and initial of the screen's patient, for the list of parked work."""
    from deskterm.office import patients

    patient_id = screen.subject()[0]
    if patient_id is None:
        return ""
    last, _, given = patients.banner(screen.desk, patient_id).name.partition(", ")
    return f"{last} {given[:1]}".strip()


def cover_words(screen: TaskScreen, visit_type: str, opening: Opening) -> str:
    """``   auth 5 of 12 left, to 03/31`` for row 22; empty when nothing is to be said."""
    patient_id = screen.subject()[0]
    if patient_id is None or not visit_type:
        return ""
    try:
        said = permits.outlook(
            screen.desk, patient_id, visit_type, opening.start.date(), opening.provider
        )
    except DesktermError:
        return ""  # booking says it then
    return f"   {said}" if said else ""
