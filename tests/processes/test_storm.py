"""Six desks writing as fast as they can: nothing twice, nothing skipped, nobody locked out."""

from __future__ import annotations

from datetime import datetime

import pytest

from deskterm.office import scheduling
from deskterm.office.desk import Desk
from tests.conftest import NOW
from tests.office.hours import open_clinic
from tests.processes.storm import faults, storm

pytestmark = pytest.mark.processes


def test_a_storm_leaves_the_file_whole(desk: Desk) -> None:
    made = open_clinic(desk)
    people = [made.patient(f"STORM{n}").id for n in range(12)]
    for n, hour in enumerate((10, 11, 13, 14)):
        scheduling.book(
            desk, patient_id=people[n], visit_type="FU", provider="LEE",
            start=datetime(2026, 3, 18, hour),
        )  # fmt: skip
    told = storm(desk.settings.database, NOW, people, desks=6, seconds=3)
    kinds = {kind.partition(":")[0] for kind in told.refused}
    assert kinds <= {"conflict", "stale"}, told.refused  # above all: no busy, no unreachable
    assert {"book", "cancel", "move_on", "write_down", "pay"} <= told.done.keys()
    assert told.refused["conflict: slot_taken"] > 0, "they never wanted the same time"
    assert faults(desk) == []
