"""Plans, and who is covered by them from when to when. Coverage is ended, never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deskterm.db.coverage import Coverage, Plan
from deskterm.db.patients import Patient
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import access
from deskterm.office.desk import Desk, Operation
from deskterm.office.patient_entry import SELF, CoverageEntry, check_birth_date, clean

# Plan types that need no member number.
WITHOUT_MEMBER = ("SELF", "CHARITY")
MOST = 9  # coverages of one person at one time
_ORDINALS = {1: "primary", 2: "secondary", 3: "tertiary"}
_ROW = """SELECT c.id, c.version, c.patient_id, p.code, p.name, p.payer_name, p.plan_type,
    c.member_id, c.group_number, c.relationship, c.subscriber_name, c.subscriber_birth_date,
    c.starts_on, c.ends_on, c.priority, coalesce(c.copay_cents, p.copay_cents), c.copay_cents,
    c.card_seen_on, c.eligibility, c.verified_on, c.verified_by, p.referral_required
    FROM coverage c JOIN plan p ON p.id = c.plan_id"""
_IN_FORCE = """ AND (c.starts_on IS NULL OR c.starts_on <= ?)
    AND (c.ends_on IS NULL OR c.ends_on >= ?)"""


@dataclass(frozen=True)
class PlanRow:
    """A plan as lists offer it."""

    code: str
    name: str
    payer_name: str
    plan_type: str
    copay_cents: int | None


@dataclass(frozen=True)
class CoverageRow:
    """One coverage. ``copay_cents`` is the plan's unless ``own_copay_cents`` says otherwise."""

    id: int
    version: int
    patient_id: int
    plan_code: str
    plan_name: str
    payer_name: str
    plan_type: str
    member_id: str
    group_number: str
    relationship: str
    subscriber_name: str
    subscriber_birth_date: date | None
    starts_on: date | None
    ends_on: date | None
    priority: int
    copay_cents: int | None
    own_copay_cents: int | None
    card_seen_on: date | None
    eligibility: str
    verified_on: date | None
    verified_by: str
    referral_required: bool

    def covers(self, day: date) -> bool:
        """Whether it is in force on ``day``."""
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or self.ends_on >= day
        )

    def entry(self) -> CoverageEntry:
        """What a form shows of it."""
        return CoverageEntry(
            self.plan_code, self.member_id, self.group_number, self.relationship,
            self.subscriber_name, self.subscriber_birth_date, self.starts_on, self.ends_on,
            self.priority, self.own_copay_cents,
        )  # fmt: skip


def plans(desk: Desk) -> list[PlanRow]:
    """The active plans by code."""
    found = desk.rows(
        "SELECT code, name, payer_name, plan_type, copay_cents FROM plan WHERE active = 1"
        " ORDER BY code"
    )
    return [PlanRow(*row) for row in found]


def add_plan(desk: Desk, *, code: str, name: str, **values: Any) -> Plan:
    """Add a plan. Raises Invalid, and Conflict for a code in use."""
    checked = clean(Plan, {"code": code.strip().upper(), "name": name, **values})
    for column in ("code", "name"):
        if not checked[column]:
            raise Invalid(f"the plan's {column} is missing", "Type it", field=column)
    _check_copay(desk, checked.get("copay_cents"))
    with desk.operation("coverage.plan") as op:
        if desk.rows("SELECT 1 FROM plan WHERE code = ?", checked["code"]):
            raise Conflict(f"The plan code {checked['code']} is in use", "Choose another")
        return op.create(Plan, **checked)


def of_patient(desk: Desk, patient_id: int, on: date | None = None) -> list[CoverageRow]:
    """The patient's coverages in force on a day; without a day all of them, newest first."""
    desk.require("view_patients")
    access.require_patient(desk, patient_id)
    if on is None:
        found = desk.rows(
            f"{_ROW} WHERE c.patient_id = ?"
            " ORDER BY c.ends_on IS NOT NULL, c.ends_on DESC, c.priority, c.id DESC",
            patient_id,
        )
    else:
        day = on.isoformat()
        found = desk.rows(
            f"{_ROW} WHERE c.patient_id = ?{_IN_FORCE} ORDER BY c.priority, c.id",
            patient_id, day, day,
        )  # fmt: skip
    return [_row(row) for row in found]


def copay_cents(desk: Desk, patient_id: int, on: date) -> int | None:
    """The copay of the coverage that comes first on that day; None if nobody knows."""
    found = of_patient(desk, patient_id, on)
    return found[0].copay_cents if found else None


def add(
    desk: Desk, patient_id: int, entry: CoverageEntry, *, key: str | None = None
) -> CoverageRow:
    """Add a coverage. Raises Invalid, and Conflict when one of the same priority overlaps."""
    with desk.operation("coverage.add", patient_id=patient_id, key=key) as op:
        if op.earlier is not None:
            return one(desk, op.earlier.entity_id or 0)
        patient = op.get(Patient, patient_id)
        coverage = create(op, patient, entry)
        op.about(coverage, patient_id=patient_id)
        count_up(op, patient)
    return one(desk, coverage.id)


def end(desk: Desk, coverage_id: int, *, version: int, on: date) -> CoverageRow:
    """End a coverage: ``on`` is its last day. Raises Stale, Invalid."""
    with desk.operation("coverage.end") as op:
        coverage = op.get(Coverage, coverage_id, version)
        if coverage.starts_on and on < coverage.starts_on:
            raise Invalid("it would end before it starts", "Check the date", field="ends_on")
        coverage.ends_on = on
        op.about(coverage, patient_id=coverage.patient_id)
        op.save(coverage)
        count_up(op, op.get(Patient, coverage.patient_id))
    return one(desk, coverage_id)


def card_seen(desk: Desk, coverage_id: int, *, version: int) -> CoverageRow:
    """Note that the card was seen today. Raises Stale."""
    with desk.operation("coverage.edit") as op:
        coverage = op.get(Coverage, coverage_id, version)
        coverage.card_seen_on = desk.today()
        op.about(coverage, patient_id=coverage.patient_id)
        op.save(coverage)
    return one(desk, coverage_id)


def one(desk: Desk, coverage_id: int) -> CoverageRow:
    """A coverage by id. Raises NotFound, NotAllowed."""
    desk.require("view_patients")
    found = desk.rows(f"{_ROW} WHERE c.id = ?", coverage_id)
    if not found:
        raise NotFound(f"No such coverage: {coverage_id}", "Look the patient up again")
    access.require_patient(desk, _patient_of(desk, coverage_id))
    return _row(found[0])


def _patient_of(desk: Desk, coverage_id: int) -> int:
    found = desk.rows("SELECT patient_id FROM coverage WHERE id = ?", coverage_id)
    return int(found[0][0])


def create(op: Operation, patient: Patient, entry: CoverageEntry) -> Coverage:
    """Write a new coverage inside ``op``. Raises Invalid, Conflict."""
    values = _checked(op.desk, entry)
    _refuse_overlap(op.desk, patient.id, values)
    return op.create(Coverage, patient=patient, **values)


def replace_all(op: Operation, patient: Patient, entries: Sequence[CoverageEntry]) -> bool:
    """Make the coverages of today onwards be ``entries``; True when anything changed.

    An entry that differs from the one on file at its priority ends that one and is added: the
    old one through the day before the new one starts (today, unless the form says another
    day). One that is missing from ``entries`` ends yesterday.
    """
    today = op.desk.today()
    current = [
        row
        for row in of_patient(op.desk, patient.id)
        if row.ends_on is None or row.ends_on >= today
    ]
    unmatched = [_tidied(entry) for entry in entries]
    leaving = []
    for row in current:
        if row.entry() in unmatched:
            unmatched.remove(row.entry())
        else:
            leaving.append(row)
    arriving = []
    for entry in unmatched:
        old = next((row for row in leaving if row.priority == entry.priority), None)
        if old is None:
            arriving.append(entry)
            continue
        leaving.remove(old)
        if _only_ends(old, entry):
            _end(op, old, entry.ends_on)
            continue
        starts = entry.starts_on
        if starts == old.starts_on and (starts is None or starts < today):
            starts = today
        _end(op, old, (starts or today) - timedelta(days=1))
        arriving.append(CoverageEntry(**{**vars(entry), "starts_on": starts}))
    for row in leaving:
        _end(op, row, today - timedelta(days=1))
    for entry in arriving:
        create(op, patient, entry)
    return bool(unmatched or leaving)


def count_up(op: Operation, patient: Patient) -> None:
    """Count up the patient's version for a change beside it, so that an open form is stale."""
    patient.version += 1
    op.save(patient)


def _tidied(entry: CoverageEntry) -> CoverageEntry:
    """``entry`` as it would be read back from the file. Raises Invalid."""
    values = clean(Coverage, {k: v for k, v in vars(entry).items() if k != "plan_code"})
    return CoverageEntry(plan_code=entry.plan_code.strip().upper(), **values)


def _only_ends(old: CoverageRow, entry: CoverageEntry) -> bool:
    """Whether the form gave the coverage an end and nothing else."""
    known = vars(old.entry()) | {"ends_on": entry.ends_on}
    return entry.ends_on is not None and known == vars(entry)


def _end(op: Operation, row: CoverageRow, on: date | None) -> None:
    coverage = op.get(Coverage, row.id)
    if on is not None and row.starts_on is not None and on < row.starts_on:
        # It never was in force: it ends the day before it starts.
        on = row.starts_on - timedelta(days=1)
    coverage.ends_on = on
    op.save(coverage)


def _checked(desk: Desk, entry: CoverageEntry) -> dict[str, Any]:
    """The columns of a coverage. Raises Invalid."""
    code = entry.plan_code.strip().upper()
    found = desk.rows("SELECT id, plan_type FROM plan WHERE code = ? AND active = 1", code)
    if not found:
        known = ", ".join(plan.code for plan in plans(desk)[:12]) or "none yet"
        raise Invalid("no such plan", f"One of {known}", field="plan_code")
    plan_id, plan_type = found[0]
    values = {name: value for name, value in vars(entry).items() if name != "plan_code"}
    values = clean(Coverage, values)
    values["plan"] = plan_id
    if not values["member_id"] and plan_type not in WITHOUT_MEMBER:
        raise Invalid("the member id is missing", "It is on the card", field="member_id")
    if values["relationship"] != SELF and not values["subscriber_name"]:
        raise Invalid(
            "the subscriber's name is missing", "Whose plan it is", field="subscriber_name"
        )
    if values["subscriber_birth_date"] is not None:
        check_birth_date(desk, values["subscriber_birth_date"], "subscriber_birth_date")
    starts, ends = values["starts_on"], values["ends_on"]
    if starts and ends and ends < starts:
        raise Invalid("it would end before it starts", "Check the dates", field="ends_on")
    if not 1 <= values["priority"] <= MOST:
        raise Invalid(f"priority is 1 to {MOST}", "1 is billed first", field="priority")
    _check_copay(desk, values["copay_cents"])
    return values


def _check_copay(desk: Desk, cents: int | None) -> None:
    if cents is not None and not 0 <= cents <= desk.settings.policy.large_amount:
        raise Invalid("a copay is 0 or more", "For example 25", field="copay_cents")


def _refuse_overlap(desk: Desk, patient_id: int, values: dict[str, Any]) -> None:
    first = values["starts_on"] or date.min
    last = values["ends_on"] or date.max
    for other in of_patient(desk, patient_id):
        if other.priority != values["priority"]:
            continue
        begins, ends = other.starts_on or date.min, other.ends_on or date.max
        if ends < begins or ends < first or begins > last:
            continue
        order = _ORDINALS.get(other.priority, f"priority {other.priority}")
        since = f" from {other.starts_on:%m/%d/%Y}" if other.starts_on else ""
        until = f" to {other.ends_on:%m/%d/%Y}" if other.ends_on else ""
        raise Conflict(
            f"{other.plan_name} is {order} already{since}{until}",
            "End it first, or give this one another priority",
            rule="coverage_overlap",
            coverage_id=other.id,
        )


def _row(row: tuple[Any, ...]) -> CoverageRow:
    days = {11, 12, 13, 17, 19}
    values: list[Any] = [
        date.fromisoformat(value) if at in days and value else value
        for at, value in enumerate(row[:-1])
    ]
    values.append(bool(row[-1]))
    return CoverageRow(*values)
