"""Twenty desks on one file for half a minute: ``python bench/storm.py`` (DESKS, SECONDS)."""

from __future__ import annotations

import os
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))


def main() -> None:
    """Let them loose, then look at the file and print."""
    from deskterm.clock import FrozenClock
    from deskterm.config import Settings
    from deskterm.office import clinic, scheduling
    from tests.office.hours import open_clinic
    from tests.processes.storm import faults, storm

    desks, seconds = int(os.environ.get("DESKS", "20")), float(os.environ.get("SECONDS", "30"))
    now = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
    settings = Settings(database=str(Path(tempfile.mkdtemp()) / "clinic.db"), clinic="Main St")
    desk = clinic.init(settings, login="mlopez", name="Maria Lopez", clock=FrozenClock(now))
    made = open_clinic(desk)
    people = [made.patient(f"STORM{n}").id for n in range(40)]
    for n in range(8):
        scheduling.book(
            desk, patient_id=people[n], visit_type="FU", provider="LEE",
            start=datetime(2026, 3, 18, (10, 11, 13, 14)[n // 2], n % 2 * 30),
        )  # fmt: skip
    told = storm(settings.database, now, people, desks=desks, seconds=seconds)
    writes = len(told.waits)
    print(f"{desks} desks, {seconds:.0f} s: {writes} writes ({writes / seconds:.0f}/s), "
          f"p50 {told.percentile(0.5):.1f} ms, p99 {told.percentile(0.99):.1f} ms, "
          f"worst {told.percentile(1):.1f} ms")  # fmt: skip
    print("done:", dict(told.done))
    print("refused:", dict(told.refused))
    print("faults:", faults(desk) or "none")
    desk.close()


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
