"""What happened to a patient while somebody's work about them was set aside."""

from __future__ import annotations

import json
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text
from deskterm.entry.times import show_time
from deskterm.office.desk import Desk

MOST = 3
_UNTOLD = {"id", "version", "patient_id"}
# Who looked is not a change.
_SQL = """
SELECT at, actor, desk, operation, changes FROM journal
WHERE seq > ? AND patient_id = ? AND NOT (actor = ? AND desk = ?)
  AND operation NOT IN ('patient.view', 'patient.break_glass', 'patient.review_access')
ORDER BY seq DESC LIMIT ?
"""


def changed_since(desk: Desk, patient_id: int | None, seen: int) -> list[str]:
    """What other desks did to this patient after journal entry ``seen``, the newest first.

    One text each, ``d2 9:41a appointment move``; what was edited is named, never its value.
    """
    if patient_id is None or not seen or not desk.may("view_patients"):
        return []
    desk.require("view_patients")
    found = desk.rows(_SQL, seen, patient_id, desk.actor.login, desk.workstation, MOST + 1)
    said = [_said(desk, row) for row in found[:MOST]]
    return [*said, "and more"] if len(found) > MOST else said


def _said(desk: Desk, row: tuple[Any, ...]) -> str:
    at, actor, where, operation, changes = row
    wall = clocks.local(parse_utc_text(at), desk.zone)
    who = where if where != desk.workstation else actor
    words = operation.replace(".", " ").replace("_", " ")
    names: list[str] = []
    for change in json.loads(changes):
        if change["before"] is not None:
            names += [n for n in change["after"] or {} if n not in _UNTOLD and n not in names]
    what = f" ({', '.join(names[:3]).replace('_', ' ')})" if names else ""
    return f"{who} {show_time(wall.time())} {words}{what}"
