"""Setting up a clinic: its file, its key, its roles, its word lists and its first people."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deskterm.clock import Clock, zone
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.codes import Code
from deskterm.db.database import open_database, rows
from deskterm.db.migrate import migrate
from deskterm.db.staff import Location, Provider, RolePermission, Room, Staff
from deskterm.entry import identifiers
from deskterm.errors import Conflict, NotFound, Unreachable
from deskterm.office.desk import Actor, Desk, clock_for
from deskterm.office.operations import ROLES
from deskterm.office.staff import add as add_staff

# Whoever sets the clinic up may do everything, until there are people for the other roles.
FIRST_ROLE = "owner"

__all__ = [
    "add_location", "add_provider", "add_staff", "code", "codes", "init", "write_settings",
]  # fmt: skip

# The word lists a new clinic starts with: kind -> (code, label, detail).
STARTER_CODES: Mapping[str, Sequence[tuple[str, str, Mapping[str, Any]]]] = {
    "cancel_reason": (
        ("sick", "sick", {}),
        ("work", "work or school", {}),
        ("transport", "no transport", {}),
        ("weather", "weather", {}),
        ("better", "feeling better", {}),
        ("cost", "cost or insurance", {}),
        ("provider", "provider away", {}),
        ("duplicate", "booked twice", {}),
        ("other", "other", {}),
    ),
    # HCR01 of a 278 answer. Published mappings of A2 to A6 contradict one another: the raw code
    # is always kept, and a clinic changes what its payers mean by it here.
    "decision_code": (
        ("A1", "certified in total", {"state": "approved"}),
        ("A2", "certified in part", {"state": "partial"}),
        ("A3", "not certified", {"state": "denied"}),
        ("A4", "pended", {"state": "pended"}),
        ("A6", "modified", {"state": "partial"}),
        ("C", "cancelled", {"state": "void"}),
        ("CT", "contact the payer", {"state": "pended"}),
        ("NA", "no action required", {"state": "not_required"}),
    ),
    "void_reason": (
        ("wrong_amount", "wrong amount", {}),
        ("wrong_patient", "wrong patient", {}),
        ("wrong_tender", "wrong tender", {}),
        ("declined", "card declined", {}),
        ("duplicate", "posted twice", {}),
    ),
    "refund_reason": (
        ("overpaid", "paid too much", {}),
        ("cancelled", "service was not given", {}),
        ("insurance", "the plan paid", {}),
        ("duplicate", "paid twice", {}),
        ("other", "other", {}),
    ),
    "adjustment_reason": (
        ("contract", "contract with the plan", {}),
        ("hardship", "financial hardship", {}),
        ("courtesy", "courtesy of the practice", {}),
        ("timely", "filed too late", {}),
        ("small", "too small to bill", {}),
        ("collection", "sent to collection", {}),
        ("error", "charged in error", {}),
    ),
    "transfer_reason": (
        ("deductible", "deductible", {}),
        ("coinsurance", "coinsurance", {}),
        ("copay", "copay", {}),
        ("denied", "denied, patient pays", {}),
        ("inactive", "no coverage on that day", {}),
        ("rebill", "billed to a plan", {}),
    ),
    "break_glass_reason": (
        ("emergency", "emergency care", {}),
        ("covering", "covering for a colleague", {}),
        ("patient_here", "the patient is here or on the line", {}),
        ("billing", "billing question", {}),
        ("records", "records request", {}),
        ("other", "other", {}),
    ),
    "not_collected_reason": (
        ("bill", "bill the patient", {}),
        ("forgot", "forgot wallet", {}),
        ("disputes", "disputes the amount", {}),
        ("hardship", "financial hardship", {}),
        ("zero", "nothing due, verified", {}),
        ("emergency", "sent to emergency care", {}),
    ),
    "left_reason": (
        ("wait", "waited too long", {}),
        ("better", "feeling better", {}),
        ("emergency", "sent to emergency care", {}),
        ("other", "other", {}),
    ),
    "overbook_reason": (
        ("urgent", "urgent, provider agreed", {}),
        ("provider", "provider asked", {}),
        ("short", "short visit", {}),
    ),
    "topic": (
        ("rx", "refill", {"pool": "RN", "urgency": "today", "aliases": "refill prescription"}),
        ("appt", "appointment", {"pool": "DESK", "urgency": "today", "aliases": "schedule"}),
        ("bill", "bill", {"pool": "BILL", "urgency": "routine", "aliases": "billing statement"}),
        ("result", "test result", {"pool": "RN", "urgency": "today", "aliases": "lab results"}),
        ("sym", "symptoms", {"pool": "RN", "urgency": "urgent", "aliases": "symptom sick"}),
        ("ref", "referral", {"pool": "DESK", "urgency": "routine", "aliases": "referral"}),
        ("rec", "records", {"pool": "DESK", "urgency": "routine", "aliases": "records"}),
        ("late", "running late", {"pool": "DESK", "urgency": "now", "aliases": "late"}),
        ("other", "other", {"pool": "DESK", "urgency": "today", "aliases": ""}),
        ("wrong", "wrong number", {"pool": "DESK", "urgency": "routine", "aliases": ""}),
    ),
    "outcome": (
        ("done", "done", {}),
        ("called", "called back", {}),
        ("booked", "visit booked", {}),
        ("refilled", "refill sent", {}),
        ("noreach", "could not reach", {}),
        ("wrong", "wrong number", {}),
    ),
    "form": (
        ("npp", "privacy notice", {"every_days": 0, "policy": "privacy_notice"}),
        ("consent", "consent to treat", {"every_days": 365}),
        ("history", "history form", {"every_days": 365}),
    ),
    "language": (
        ("en", "English", {}), ("es", "Spanish", {}), ("vi", "Vietnamese", {}),
        ("zh", "Chinese", {}), ("ar", "Arabic", {}), ("pl", "Polish", {}),
        ("ru", "Russian", {}), ("fr", "French", {}), ("ko", "Korean", {}),
        ("ase", "American Sign Language", {}),
    ),
}  # fmt: skip


def init(
    settings: Settings,
    *,
    login: str,
    name: str,
    clock: Clock | None = None,
) -> Desk:
    """Make a new clinic: the file, the journal's key, roles, word lists, its owner.

    Raises Conflict when the file already holds a clinic, Unreachable when it cannot be made.
    """
    path = settings.database_path
    zone(settings.zone)
    if not path.parent.is_dir():
        try:
            path.parent.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise Unreachable(
                f"The folder {path.parent.name} cannot be made: {error.strerror}",
                "Choose another place with --db",
            ) from None
    db = open_database(settings.database)
    clock = clock or clock_for(settings)
    migrate(db, clock)
    if rows(db, "SELECT 1 FROM staff LIMIT 1"):
        raise Conflict("This database already holds a clinic", "Open it, or name another file")
    secret = journal.load_secret(settings.key_path, create=True)
    actor = Actor(login, name, FIRST_ROLE, ROLES[FIRST_ROLE])
    desk = Desk(db, actor, settings, clock, secret, settings.desk)
    with desk.operation("clinic.init") as op:
        staff = op.create(Staff, login=login, name=name, role=FIRST_ROLE)
        for role, permissions in ROLES.items():
            for permission in sorted(permissions):
                RolePermission.insert(role=role, permission=permission).execute()
        for kind, codes in STARTER_CODES.items():
            for order, (code, label, detail) in enumerate(codes):
                op.create(
                    Code, kind=kind, code=code, label=label, detail=json.dumps(detail),
                    sort_order=order,
                )  # fmt: skip
        op.about(staff)
    desk.actor = Actor(login, name, FIRST_ROLE, ROLES[FIRST_ROLE], staff.id)
    return desk


def write_settings(path: Path, values: Mapping[str, Any]) -> None:
    """Write a small settings file readable by its owner only; a mapping becomes a table."""
    lines = [f"{k} = {json.dumps(v)}" for k, v in values.items() if not isinstance(v, Mapping)]
    for key, table in values.items():
        if isinstance(table, Mapping):
            lines += [f"[{key}]", *(f"{k} = {json.dumps(v)}" for k, v in table.items())]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def add_location(desk: Desk, *, code: str, rooms: Sequence[str] = (), **values: Any) -> Location:
    """Add a place where patients are seen, with its rooms."""
    zone(values["zone"])
    with desk.operation("clinic.settings") as op:
        location = op.create(Location, code=code, **values)
        for room in rooms:
            op.create(Room, location=location, name=room)
        op.about(location)
    return location


def add_provider(desk: Desk, *, code: str, **values: Any) -> Provider:
    """Add someone whom visits are booked with. Raises Invalid for an NPI that is none."""
    if values.get("npi"):
        values["npi"] = identifiers.npi(values["npi"])
    with desk.operation("clinic.settings") as op:
        return op.create(Provider, code=code.upper(), **values)


def codes(desk: Desk, kind: str) -> list[tuple[str, str]]:
    """The active words of one list: ``(code, label)`` in the clinic's order."""
    found = desk.rows(
        "SELECT code, label FROM code WHERE kind = ? AND active = 1 ORDER BY sort_order, id", kind
    )
    return [(code, label) for code, label in found]


def code(desk: Desk, kind: str, wanted: str) -> tuple[str, str, dict[str, Any]]:
    """One word of a list by code: ``(code, label, detail)``. Raises NotFound."""
    found = desk.rows(
        "SELECT code, label, detail FROM code WHERE kind = ? AND code = ? AND active = 1",
        kind, wanted,
    )  # fmt: skip
    if not found:
        known = ", ".join(c for c, _ in codes(desk, kind))
        raise NotFound(f"No {kind.replace('_', ' ')} {wanted}", f"One of {known}")
    name, label, detail = found[0]
    return name, label, json.loads(detail)
