"""The sample clinic's fixed part: places, people who work there, hours, plans, papers."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from deskterm.clock import local
from deskterm.db.patients import Acknowledgment
from deskterm.db.scheduling import (
    ProviderVisitType,
    ScheduleException,
    VisitType,
    WeeklyTemplate,
)
from deskterm.db.staff import Location, Provider
from deskterm.office import approvals, clinic, coverage, messages, staff
from deskterm.office import demo_data as data
from deskterm.office.approvals import Approved
from deskterm.office.demo_rows import insert
from deskterm.office.desk import Desk, Operation, find_actor

DAY = 1440
_EARLY, _LATE = 45, 75  # minutes of usual hours needed around now for a day in full swing
_BEFORE, _AFTER = 210, 300  # minutes of hours around now on any other day
_PAPERS = ("npp", "consent", "history")


def build_clinic(desk: Desk, opened: date) -> None:
    """Places, staff, pools, visit types, plans, providers and their weekly hours."""
    for code, name, prefix, address, phone, rooms in data.LOCATIONS:
        clinic.add_location(
            desk, code=code, name=name, rooms=rooms, zone=data.ZONE, receipt_prefix=prefix,
            address=address, phone=phone,
        )  # fmt: skip
    for login, name, role in data.STAFF:
        yes: Approved | None = None
        if staff.is_powerful(desk, role) and approvals.anybody_else(desk, "staff.add"):
            manager = find_actor(desk.database, desk.settings, data.MANAGER)
            yes = Approved("staff.add", desk.actor.id, manager, desk.clock.monotonic())
        clinic.add_staff(desk, login=login, name=name, role=role, approval=yes)
    for code, name, members in data.POOLS:
        messages.add_pool(desk, code=code, name=name, members=members)
    with desk.operation("clinic.settings") as op:
        for order, row in enumerate(data.VISIT_TYPES):
            code, name, minutes, aliases, new_patient, copay_applies, wait_limit = row
            op.create(
                VisitType, code=code, name=name, minutes=minutes, aliases=aliases,
                new_patient=new_patient, copay_applies=copay_applies, wait_limit=wait_limit,
                sort_order=order,
            )  # fmt: skip
    for code, name, payer, kind, copay, _ in data.PLANS:
        coverage.add_plan(
            desk, code=code, name=name, payer_name=payer, plan_type=kind, copay_cents=copay
        )
    for order, who in enumerate(data.PROVIDERS):
        _add_provider(desk, who, order, opened)


def open_today(desk: Desk, now: datetime) -> None:
    """Give today extra hours where the present is early, late, or on a free day."""
    wall = local(now, desk.zone)
    minute = wall.hour * 60 + wall.minute
    with desk.operation("schedule.exception") as op:
        for who in data.PROVIDERS:
            usual = [(start, end) for day, start, end in who.hours if day == wall.weekday()]
            first, last = usual[0] if usual else (DAY, 0)
            if usual and first + _EARLY <= minute <= last - _LATE:
                continue
            begins = max(minute - _BEFORE, 0) // 60 * 60
            ends = min(-(-(minute + _AFTER) // 60) * 60, DAY)
            extra = [(begins, ends)] if not usual else [(begins, first), (last, ends)]
            for start, end in extra:
                start, end = max(start, begins), min(end, ends)
                if start >= end:
                    continue
                op.create(
                    ScheduleException, provider=Provider.get(Provider.code == who.code),
                    location=Location.get(Location.code == who.location), day=wall.date(),
                    start_minute=start, end_minute=end, kind="open", label="extra hours",
                )  # fmt: skip


def file_papers(desk: Desk, rng: Random) -> None:
    """Forms signed, cards seen, addresses confirmed: most of it fresh, some of it stale."""
    today = desk.today()
    with desk.operation("patient.confirm", reason="sample clinic") as op:
        signed = []
        for (patient_id,) in desk.rows("SELECT id FROM patient ORDER BY id"):
            for form in _PAPERS:
                if rng.random() < 0.88:
                    on = today - timedelta(days=rng.randint(5, 320))
                    version = desk.settings.policy.privacy_notice if form == "npp" else ""
                    signed.append(
                        {"patient": patient_id, "form": form, "outcome": "signed", "by": "mlopez",
                         "version_label": version, "on": on, "at": op.now - (today - on)}
                    )  # fmt: skip
        insert(op, Acknowledgment, signed)
        for (address_id,) in desk.rows("SELECT id FROM patient_address ORDER BY id"):
            confirmed = today - timedelta(days=rng.choice((20, 60, 90, 200, 400)))
            _set(op, "patient_address", address_id, confirmed_on=confirmed.isoformat())
        for coverage_id, plan in desk.rows(
            "SELECT c.id, p.code FROM coverage c JOIN plan p ON p.id = c.plan_id ORDER BY c.id"
        ):
            checked = "inactive" if rng.random() < 0.03 else "active"
            _set(
                op, "coverage", coverage_id,
                card_seen_on=str(today - timedelta(days=rng.choice((30, 90, 180, 300, 420)))),
                verified_on=str(today - timedelta(days=rng.choice((1, 2, 5, 12, 40)))),
                verified_by="dchen", eligibility="self_pay" if plan == "SELF" else checked,
            )  # fmt: skip


def _set(op: Operation, table: str, record_id: int, **values: str) -> None:
    """Change columns of one row, noted for the journal."""
    names = ", ".join(f"{name} = ?" for name in values)
    op.desk.rows(f"UPDATE {table} SET {names} WHERE id = ?", *values.values(), record_id)
    op.changes.append({"table": table, "id": record_id, "before": {}, "after": values})


def _add_provider(desk: Desk, who: data.DemoProvider, order: int, opened: date) -> None:
    clinic.add_provider(
        desk, code=who.code, first_name=who.first_name, last_name=who.last_name,
        credential=who.credential, specialty=who.specialty, sort_order=order,
    )  # fmt: skip
    provider = Provider.get(Provider.code == who.code)
    place = Location.get(Location.code == who.location)
    with desk.operation("schedule.template") as op:
        for code in who.takes:
            op.create(
                ProviderVisitType, provider=provider,
                visit_type=VisitType.get(VisitType.code == code),
            )  # fmt: skip
        blocks = [(day, start, end, "open", "") for day, start, end in who.hours]
        blocks += [(day, *who.lunch, "lunch", "lunch") for day, _, _ in who.hours]
        blocks += [(day, start, end, "admin", "admin") for day, start, end in who.admin]
        for weekday, start, end, kind, label in blocks:
            op.create(
                WeeklyTemplate, provider=provider, location=place, weekday=weekday,
                start_minute=start, end_minute=end, kind=kind, label=label, starts_on=opened,
            )  # fmt: skip


def at(day: date, minute: int) -> datetime:
    """The wall time ``minute`` minutes after midnight."""
    return datetime.combine(day, time(minute // 60, minute % 60))
