"""Opening hours for tests: the small clinic of the factories, with templates."""

from __future__ import annotations

from datetime import date

from deskterm.office import templates
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic

LONG_AGO = date(2020, 1, 1)


def open_clinic(desk: Desk) -> Clinic:
    """LEE and PATEL work weekdays 8 to 12 and 1 to 5 at MAIN; RN sees two at a time."""
    made = clinic(desk)
    for weekday in range(5):
        for code, capacity in (("LEE", 1), ("PATEL", 1), ("RN", 2)):
            templates.set_template(
                desk, code, "MAIN", weekday, 480, 1020, starts_on=LONG_AGO, capacity=capacity
            )
            templates.set_template(
                desk, code, "MAIN", weekday, 720, 780, starts_on=LONG_AGO, kind="lunch",
                label="Lunch",
            )  # fmt: skip
    return made
