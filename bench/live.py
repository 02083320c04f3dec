"""Two desks in two terminals: how soon a save at one shows at the other. ``python bench/live.py``.

A hundred changes (bookings, stages, messages) are written by another process as a desk writes
them; the time runs from the commit until the other terminal has been sent the changed words.
Then an undisturbed desk is watched: its CPU and the bytes it sends.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

CHANGES = int(os.environ.get("CHANGES", "100"))
IDLE = float(os.environ.get("IDLE", "60"))


def main() -> None:
    """Measure and print."""
    from deskterm.office import scheduling, visits
    from tests.terminal.desk_fixture import Morning, ready

    folder = Path(tempfile.mkdtemp())
    with Morning(folder) as made, made.terminal() as term:
        ready(term)
        term.wait_quiet(1.0)
        assert term.process is not None
        pid = term.process.pid
        waits: list[float] = []

        def shown(change: object) -> None:
            """Time from the commit that ``change`` ends with until the terminal is written to."""
            term.mark()
            change()  # type: ignore[operator]
            began = time.perf_counter()
            limit = began + 5
            while time.perf_counter() < limit and len(term.raw) == term._mark:
                term.pump(0.001)
            waits.append((time.perf_counter() - began) * 1000)
            term.wait_quiet(0.25)

        desk = made.desk
        for turn in range(CHANGES):
            if turn % 2 == 0:
                start = datetime(2026, 3, 18, 13 + turn // 2 % 3, 0)
                booked: list[object] = []
                shown(
                    lambda start=start, booked=booked: booked.append(
                        scheduling.book(
                            desk, patient_id=made.people["mary"].id, visit_type="FU",
                            provider="PATEL", start=start,
                        )
                    )
                )  # fmt: skip
                visit = booked[0]
                scheduling.cancel(
                    desk, visit.id, version=1, by="patient", reason="better"  # type: ignore[attr-defined]
                )  # fmt: skip
                term.wait_quiet(0.25)
            else:
                who = made.visits["hui"].id
                version = desk.rows("SELECT version FROM appointment WHERE id = ?", who)[0][0]
                shown(lambda who=who, version=version: visits.arrive(desk, who, version=version))
                visits.undo(desk, who)
                term.wait_quiet(0.25)
        waits.sort()
        print(f"{len(waits)} changes: median {statistics.median(waits):.1f} ms, "
              f"p90 {waits[int(len(waits) * 0.9)]:.1f}, p99 {waits[int(len(waits) * 0.99) - 1]:.1f}, "
              f"worst {waits[-1]:.1f}; over 300 ms: {sum(w > 300 for w in waits)}")  # fmt: skip
        term.wait_quiet(10.0, timeout=30)
        term.mark()
        before = _cpu(pid)
        end = time.monotonic() + IDLE
        while time.monotonic() < end:
            term.pump(0.5)
        spent = _cpu(pid) - before
        print(f"idle for {IDLE:.0f} s: {spent * 1000:.0f} ms CPU = {spent / IDLE:.3%} of a core, "
              f"{len(term.bytes_since_mark())} bytes sent")  # fmt: skip


def _cpu(pid: int) -> float:
    """CPU seconds of a process, to the nanosecond."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    os.chdir(Path(__file__).parent.parent)
    main()
