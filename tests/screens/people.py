"""People for stories, registered as a desk does, so that the finder knows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from deskterm.db.patients import Patient
from deskterm.office import patients
from deskterm.office.desk import Desk, open_desk
from deskterm.office.patients import PatientEntry, PhoneEntry

BORN = date(1982, 3, 14)


def register(
    desk: Desk,
    last: str,
    first: str,
    *,
    born: date = BORN,
    phone: str = "217-555-0142",
    **more: Any,
) -> Patient:
    """A patient with one mobile number."""
    phones = [PhoneEntry(number=phone, kind="mobile")] if phone else []
    return patients.register(
        desk,
        PatientEntry(
            last_name=last, first_name=first, birth_date=born, sex="F", phones=phones, **more
        ),
    )


def other_desk(desk: Desk) -> Desk:
    """The same clinic as another workstation sees it: its own connection to the same file."""
    settings = replace(desk.settings, desk="d2")
    return open_desk(settings, login=desk.actor.login, clock=desk.clock)
