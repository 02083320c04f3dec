"""A small clinic on paper: rows for tests that need people, plans and visits.

Everything is written through operations, so the journal of a test's clinic is whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from deskterm.clock import epoch_minute, utc
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.patients import Patient, PatientAddress, PatientPhone
from deskterm.db.scheduling import Appointment, VisitType
from deskterm.db.staff import Location, Provider, Room, Staff
from deskterm.office import credentials, staff
from deskterm.office.approvals import Approved
from deskterm.office.desk import Desk, find_actor
from deskterm.office.search_index import index_patient

TODAY = date(2026, 3, 18)
ROOMS = ("1", "2", "3", "lab")


@dataclass
class Clinic:
    """Rows of a clinic by code, and makers of more."""

    desk: Desk
    locations: dict[str, Location] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)
    visit_types: dict[str, VisitType] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)

    def patient(
        self,
        last: str = "EXAMPLE",
        first: str = "PAT",
        *,
        born: date = date(1982, 3, 14),
        reachable: bool = True,
        **values: Any,
    ) -> Patient:
        """A patient, with an address and a phone confirmed a month ago unless told otherwise."""
        with self.desk.operation("patient.register") as op:
            number = self.desk.rows("SELECT count(*) FROM patient")[0][0] + 10480
            patient = op.create(
                Patient,
                mrn=values.pop("mrn", str(number)),
                last_name=last,
                first_name=first,
                birth_date=born,
                registered_at=op.now,
                **values,
            )
            if reachable:
                op.create(
                    PatientAddress, patient=patient, line1="418 Elm St Apt 2", city="Decatur",
                    state="IL", postal_code="62521", confirmed_on=TODAY - timedelta(days=30),
                )  # fmt: skip
                op.create(PatientPhone, patient=patient, number="+12175550142")
            index_patient(self.desk.database, patient.id)
        return Patient.get_by_id(patient.id)

    def cover(
        self,
        patient: Patient,
        plan: str = "AETPPO",
        *,
        copay_cents: int | None = None,
        **values: Any,
    ) -> Coverage:
        """Coverage by ``plan``, its card seen and eligibility checked lately unless told."""
        fresh = {
            "member_id": "W123456789",
            "card_seen_on": TODAY - timedelta(days=30),
            "eligibility": "active",
            "verified_on": TODAY - timedelta(days=1),
            "starts_on": date(2025, 1, 1),
        }
        with self.desk.operation("coverage.add", patient_id=patient.id) as op:
            return op.create(
                Coverage, patient=patient, plan=self.plans[plan], copay_cents=copay_cents,
                **{**fresh, **values},
            )  # fmt: skip

    def appointment(
        self,
        patient: Patient,
        start: datetime = datetime(2026, 3, 18, 11, 30),
        provider: str = "NOVAK",
        visit_type: str = "FU",
        *,
        location: str = "MAIN",
        **values: Any,
    ) -> Appointment:
        """A scheduled visit, straight into the table."""
        place, kind = self.locations[location], self.visit_types[visit_type]
        with self.desk.operation("appointment.book", patient_id=patient.id) as op:
            return op.create(
                Appointment,
                patient=patient,
                provider=self.providers[provider],
                location=place,
                visit_type=kind,
                day=start.date(),
                wall_start=start,
                zone=place.zone,
                starts_at=epoch_minute(utc(start, place.zone)),
                minutes=values.pop("minutes", kind.minutes),
                booked_at=op.now,
                booked_by=self.desk.actor.login,
                **values,
            )


def become(desk: Desk, role: str, *, login: str = "", pin: str = "") -> Desk:
    """The same clinic's desk with somebody of ``role`` at it, added when they are new."""
    login = login or role.replace("_", "")[:8]
    if not desk.rows("SELECT 1 FROM staff WHERE login = ?", login):
        hire(desk, login, login.title(), role)
        if pin:
            credentials.set_secret(desk, login, secret=pin, kind="pin")
    actor = find_actor(desk.database, desk.settings, login)
    return Desk(desk.database, actor, desk.settings, desk.clock, desk.secret, f"d-{login}")


def hire(desk: Desk, login: str, name: str, role: str) -> Staff:
    """Add somebody; where two people do that, whoever could agree does."""
    others = desk.rows(
        "SELECT s.login FROM staff s JOIN role_permission r ON r.role = s.role"
        " WHERE r.permission = 'manage_staff' AND s.active = 1 AND s.id <> ? LIMIT 1",
        desk.actor.id,
    )
    yes = None
    if others and staff.is_powerful(desk, role):
        other = find_actor(desk.database, desk.settings, others[0][0])
        yes = Approved("staff.add", desk.actor.id, other, desk.clock.monotonic())
    return staff.add(desk, login=login, name=name, role=role, approval=yes)


def second(desk: Desk, operation: str) -> Approved:
    """The yes of another person, as if they had just typed their PIN."""
    if not desk.rows("SELECT 1 FROM staff WHERE login = 'second'"):
        hire(desk, "second", "Second Person", "manager")
    other = find_actor(desk.database, desk.settings, "second")
    return Approved(operation, desk.actor.id, other, desk.clock.monotonic())


def clinic(desk: Desk) -> Clinic:
    """Two locations, four providers, visit types FU, NV and PE, and two plans."""
    made = Clinic(desk)
    with desk.operation("clinic.settings") as op:
        for code, name, zone, prefix in (
            ("MAIN", "Main Street", "America/Chicago", "R"),
            ("EAST", "East Side", "America/New_York", "E"),
        ):
            place = op.create(
                Location, code=code, name=name, address="100 Main St\nDecatur, IL 62521",
                phone="217-555-0100", zone=zone, receipt_prefix=prefix,
            )  # fmt: skip
            made.locations[code] = place
            for room in ROOMS:
                op.create(Room, location=place, name=room)
        for order, (code, credential) in enumerate(
            (("LEE", "MD"), ("PATEL", "MD"), ("NOVAK", "NP"), ("RN", "RN"))
        ):
            made.providers[code] = op.create(
                Provider, code=code, first_name="Ann", last_name=code.title(),
                credential=credential, sort_order=order,
            )  # fmt: skip
        for code, name, minutes in (
            ("FU", "follow-up", 20), ("NV", "new visit", 40), ("PE", "physical", 40),
        ):  # fmt: skip
            made.visit_types[code] = op.create(
                VisitType, code=code, name=name, minutes=minutes, new_patient=code == "NV"
            )
        for code, name, kind, copay in (
            ("AETPPO", "Aetna PPO", "PPO", 2500), ("MCD", "Medicaid", "MEDICAID", None),
        ):  # fmt: skip
            made.plans[code] = op.create(
                Plan, code=code, name=name, payer_name=name.split()[0], plan_type=kind,
                copay_cents=copay,
            )  # fmt: skip
    return made
