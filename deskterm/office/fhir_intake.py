"""What every kind of imported record shares: finding it again, and merging without overwriting.

``fhir_source`` remembers for each imported resource which record it became and the values it
gave. Next time only what the source itself changed since is written, so that a correction made
at the desk stays.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from deskterm.clock import utc_text
from deskterm.db.base import Record
from deskterm.db.database import rows
from deskterm.exchange.fhir_values import ImportRejected
from deskterm.office.desk import Desk, Operation
from deskterm.office.patients import FIRST_MRN

_EMPTY = (None, "", 0, False)


@dataclass
class Known:
    """What the last import of one resource left behind."""

    record_id: int
    digest: str
    taken: dict[str, Any]


@dataclass
class Intake:
    """One run of an import. ``system`` names where it comes from; ids are unique within it."""

    desk: Desk
    system: str
    organizations: dict[str, str] = field(default_factory=dict)

    def known(self, kind: str, resource_id: str) -> Known | None:
        """What an earlier import made of a resource."""
        found = self.desk.rows(
            "SELECT record_id, digest, taken FROM fhir_source"
            " WHERE kind = ? AND system = ? AND resource_id = ?",
            kind, self.system, resource_id,
        )  # fmt: skip
        return Known(found[0][0], found[0][1], json.loads(found[0][2])) if found else None

    def remember(self, op: Operation, kind: str, resource_id: str, now_known: Known) -> None:
        """Keep what this import made of a resource."""
        rows(
            self.desk.database,
            "INSERT INTO fhir_source (system, resource_id, kind, record_id, digest, taken,"
            " imported_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, system, resource_id) DO UPDATE SET record_id ="
            " excluded.record_id, digest = excluded.digest, taken = excluded.taken,"
            " imported_at = excluded.imported_at",
            (
                self.system, resource_id, kind, now_known.record_id, now_known.digest,
                json.dumps(now_known.taken), utc_text(op.now),
            ),
        )  # fmt: skip

    def record_id(self, kind: str, resource_id: str) -> int | None:
        """Our record for a reference of the source; a practitioner's NPI serves as well."""
        if kind == "Practitioner" and resource_id.startswith("npi:"):
            found = self.desk.rows("SELECT id FROM provider WHERE npi = ?", resource_id[4:])
        else:
            known = self.known(kind, resource_id) if resource_id else None
            found = [(known.record_id,)] if known else []
        return int(found[0][0]) if found else None

    def patient_id(self, resource_id: str) -> int:
        """Our patient for a reference; the surviving record of a merged one."""
        wanted = self.record_id("Patient", resource_id)
        found = self.desk.rows(
            "SELECT coalesce(merged_into_id, id) FROM patient WHERE id = ?", wanted
        )
        if not found:
            raise ImportRejected("its patient is not on file here")
        return int(found[0][0])

    def next_mrn(self) -> str:
        """A medical record number of our own that nobody has; called under the write lock."""
        highest = self.desk.rows("SELECT coalesce(max(id), 0) FROM patient")
        number = FIRST_MRN + int(highest[0][0]) + 1
        while self.desk.rows("SELECT 1 FROM patient WHERE mrn = ?", str(number)):
            number += 1
        return str(number)


def stored(record: Record | type[Record], values: dict[str, Any]) -> dict[str, Any]:
    """``values`` as the database keeps them, which is how ``taken`` remembers them."""
    fields = record._meta.fields
    return {name: fields[name].db_value(value) for name, value in values.items()}


def merge(
    op: Operation, record: Record, values: dict[str, Any], taken: dict[str, Any] | None
) -> None:
    """Write what the source changed since ``taken``; without it, only what is still empty."""
    present = stored(record, {name: getattr(record, name) for name in values})
    for name, value in stored(record, values).items():
        if taken is None:
            take = present[name] in _EMPTY
        else:
            take = name not in taken or taken[name] != value
        if take and present[name] != value:
            setattr(record, name, values[name])
    op.save(record)
