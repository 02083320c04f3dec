"""The phone numbers of several patients at once."""

from __future__ import annotations

from collections.abc import Sequence

from deskterm.office import access
from deskterm.office.desk import Desk, placeholders


def numbers(desk: Desk, patient_ids: Sequence[int]) -> dict[int, list[str]]:
    """The numbers (E.164) in use of each of these patients, in order of preference."""
    desk.require("view_patients")
    found: dict[int, list[str]] = {patient_id: [] for patient_id in patient_ids}
    closed = access.hidden(desk, patient_ids)
    patient_ids = [i for i in patient_ids if i not in closed]
    if patient_ids:
        for patient_id, number in desk.rows(
            "SELECT patient_id, number FROM patient_phone"
            f" WHERE patient_id IN ({placeholders(patient_ids)}) AND ended_on IS NULL"
            " ORDER BY priority, id",
            *patient_ids,
        ):
            found[patient_id].append(number)
    return found
