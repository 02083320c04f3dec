"""The second person at the clerk's screen: who they are, and their PIN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskterm.errors import Invalid
from deskterm.office import approvals
from deskterm.office.approvals import Approved
from deskterm.office.desk import Desk
from deskterm.widgets.fields import FieldSpec

APPROVER, PIN = "approver", "approver_pin"


def approval_fields(desk: Desk, operation: str) -> list[FieldSpec]:
    """The two gaps of a form whose operation needs a second person."""
    people = approvals.approvers(desk, operation)
    return [
        FieldSpec(APPROVER, "Approved by", required=True, limit=32, width=20,
                  help="the login of a second person, who types their own PIN below",
                  example=people[0][0] if people else "nobody else has a PIN yet"),
        FieldSpec(PIN, "Their PIN", required=True, limit=128, width=20, secret=True,
                  card_check=False, help="typed by them, shown to nobody"),
    ]  # fmt: skip


def approval_of(desk: Desk, operation: str, values: Mapping[str, Any]) -> Approved | None:
    """The yes that was given in those gaps; None when the form did not ask for one.

    Raises Invalid and NotAllowed on the field that is wrong.
    """
    if APPROVER not in values:
        return None
    login, secret = str(values[APPROVER] or "").strip(), str(values.get(PIN) or "")
    if not login or not secret:
        raise Invalid("A second person must agree", "Their login and PIN", field=APPROVER)
    return approvals.approve(desk, operation, login=login, secret=secret)
