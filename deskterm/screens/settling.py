"""Where an item that stands in the way of closing the day is settled."""

from __future__ import annotations

from typing import Any

from deskterm.office import day_board
from deskterm.office.day_status import OpenItem
from deskterm.office.desk import Desk


def place_of(desk: Desk, item: OpenItem) -> tuple[str, dict[str, Any]]:
    """The place and what it is given. Raises NotFound, NotAllowed.

    A visit is finished from its patient's screen (or checked out at once when it is ready), a
    copay is taken or explained at the payment panel, money held is applied from the account.
    """
    if item.kind == "parked":
        return "held", {}
    if item.kind == "credit":
        return "account", {"patient_id": item.subject}
    visit = day_board.appointment(desk, int(item.subject))
    if item.kind == "copay":
        return "payment", {"patient_id": visit.patient_id, "appointment_id": visit.id}
    if item.kind == "charge":
        return "account", {"patient_id": visit.patient_id}
    if visit.stage == "ready":
        return "check_out", {"appointment_id": visit.id}
    return "patient", {"patient_id": visit.patient_id}
