"""Bring patients, providers, locations, coverage and bookings in from FHIR R4 files.

Every record is one journal entry of its own, ``data.import``; records are committed in small
batches, so that other desks go on working and a run that is killed is completed by the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peewee import DataError, IntegrityError

from deskterm.db.trouble import translate
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange import fhir
from deskterm.exchange.fhir_files import Item, read_file
from deskterm.exchange.fhir_records import Imported, digest
from deskterm.exchange.fhir_values import ImportRejected
from deskterm.office.desk import Desk, Operation
from deskterm.office.fhir_bookings import write_appointment, write_coverage, write_location
from deskterm.office.fhir_intake import Intake, Known
from deskterm.office.fhir_people import write_patient, write_practitioner
from deskterm.text import tidy_import

BATCH = 25  # records of one transaction: others who save wait no longer than that
OPERATION = "data.import"
# What refers to others comes after them.
PHASES = (("Practitioner", "Location"), ("Patient",), ("Coverage", "Appointment"))
_WRITERS: dict[str, Callable[[Operation, Intake, Any, Known | None], tuple[int, dict[str, Any]]]]
_WRITERS = {
    "Patient": write_patient,
    "Practitioner": write_practitioner,
    "Location": write_location,
    "Coverage": write_coverage,
    "Appointment": write_appointment,
}
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Rejected:
    """Something that was not taken over. ``line`` 0 is the file as a whole."""

    file: str
    line: int
    reason: str


@dataclass
class ImportResult:
    """The totals: ``read`` is ``created + updated + unchanged + len(rejected)``.

    Resources of other kinds are counted apart, by kind, in ``skipped_kinds``.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    skipped_kinds: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The result as ``--json`` prints it."""
        return {
            "read": self.read,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "rejected": [r.__dict__ for r in self.rejected],
            "skipped": dict(sorted(self.skipped_kinds.items())),
        }


def import_fhir(
    desk: Desk,
    paths: Iterable[str | Path],
    *,
    source: str = "fhir",
    progress: Progress | None = None,
) -> ImportResult:
    """Import NDJSON files, bundles and single resources; again is an update.

    ``source`` names the system they come from: ids are told apart by it. ``progress`` is
    called with the work done and the work in all, in bytes to be read. Whatever cannot be
    taken over is in ``rejected``. Raises NotAllowed, Busy and Unreachable.
    """
    desk.require("import_data")
    run = _Run(Intake(desk, tidy_import(source, limit=200) or "fhir"), list(map(Path, paths)))
    run.progress = progress
    for phase in range(len(PHASES)):
        run.phase(phase)
    run.places.sort(key=lambda place: place[:3])
    run.result.rejected = [rejected for *_, rejected in run.places]
    return run.result


class _Run:
    """One import: the files are read once per phase, as far as they hold its kinds."""

    def __init__(self, intake: Intake, paths: list[Path]) -> None:
        self.intake = intake
        self.paths = paths
        self.result = ImportResult()
        self.progress: Progress | None = None
        self.places: list[tuple[int, int, int, Rejected]] = []
        self.kinds: list[set[str]] = [set() for _ in paths]
        self.sizes = [_size(path) for path in paths]
        self.done = 0

    def phase(self, phase: int) -> None:
        """Read every file that has something for this phase, and write it in batches."""
        for number, path in enumerate(self.paths):
            if phase == 0 or self.kinds[number] & set(PHASES[phase]):
                batch: list[tuple[Item, Imported]] = []
                for item, value in self._wanted(number, path, phase):
                    batch.append((item, value))
                    if len(batch) == BATCH:
                        self._write(number, batch)
                        batch = []
                        self._show(item.offset)
                self._write(number, batch)
            self.done += self.sizes[number]
            self._show(0)

    def _wanted(self, number: int, path: Path, phase: int) -> Iterator[tuple[Item, Imported]]:
        """What this phase takes from one file; the first one counts all the rest."""
        for item in read_file(path):
            if phase == 0:
                self._count(number, item)
            if item.kind not in PHASES[phase] or item.resource is None:
                continue
            try:
                yield item, fhir.READERS[item.kind](item.resource)
            except ImportRejected as rejected:
                self._reject(number, item, rejected.reason)

    def _count(self, number: int, item: Item) -> None:
        if item.resource is None:
            self._reject(number, item, item.reason)
        elif item.kind in _WRITERS:
            self.kinds[number].add(item.kind)
        elif item.kind.isascii() and item.kind.isalpha() and len(item.kind) <= 60:
            counts = self.result.skipped_kinds
            counts[item.kind] = counts.get(item.kind, 0) + 1
            if item.kind == "Organization":
                name = fhir.organization_name(item.resource)
                if name and isinstance(item.resource.get("id"), str):
                    self.intake.organizations[item.resource["id"]] = name
        else:
            self._reject(number, item, "names no resourceType")

    def _write(self, number: int, batch: list[tuple[Item, Imported]]) -> None:
        """One transaction; a record that is refused leaves the others standing."""
        if not batch:
            return
        desk = self.intake.desk
        outcomes: list[str] = []
        with desk.operation(OPERATION):
            for item, value in batch:
                try:
                    with desk.database.atomic():
                        outcomes.append(self._store(item, value))
                except ImportRejected as error:
                    outcomes.append(f"!{error.reason}")
                except (Invalid, Conflict, NotFound) as error:
                    outcomes.append(f"!{error.message}")
                except (IntegrityError, DataError) as error:
                    outcomes.append(f"!{translate(error).message}")
        # counted only once they are committed
        for (item, _), outcome in zip(batch, outcomes, strict=True):
            if outcome.startswith("!"):
                self._reject(number, item, outcome[1:])
            else:
                self.result.read += 1
                setattr(self.result, outcome, getattr(self.result, outcome) + 1)

    def _store(self, item: Item, value: Imported) -> str:
        """Write one record and its own journal entry; what became of it."""
        intake, kind = self.intake, item.kind
        known = intake.known(kind, value.resource_id)
        seal = digest(value)
        if known is not None and known.digest == seal:
            return "unchanged"
        op = Operation(intake.desk, OPERATION, None, f"from {item.file}"[:500].strip(), None)
        record_id, taken = _WRITERS[kind](op, intake, value, known)
        intake.remember(op, kind, value.resource_id, Known(record_id, seal, taken))
        op.write_entry()
        made = any(
            change["before"] is None and change["table"] == op.entity for change in op.changes
        )
        if known is None and made:
            return "created"
        return "updated" if op.changes else "unchanged"

    def _reject(self, number: int, item: Item, reason: str) -> None:
        said = f"entry {item.entry}: {reason}" if item.entry else reason
        self.result.read += 1
        self.places.append((number, item.line, item.entry, Rejected(item.file, item.line, said)))

    def _show(self, offset: int) -> None:
        if self.progress is not None:
            self.progress(self.done + offset, sum(self.sizes) * len(PHASES))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        return 0
