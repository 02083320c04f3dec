"""What the audit costs: noting a look, writing it alone and in a batch, and proving it all.

``python bench/audit.py [--entries N]`` makes a clinic in a temporary folder and prints JSON, in
CPU microseconds of this process: adding a look to what waits (all that a key pays), a look
written alone, in a batch of twenty, and in the transaction of the operation that follows it; an
operation of one row, and what of it is the entry; and ``journal verify`` per entry, with the
memory it takes. ``list`` is a board of sixty people, noted once and then shown again.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deskterm.clock import Clock, FrozenClock
from deskterm.config import Settings
from deskterm.db.messages import Message
from deskterm.office import clinic, messages, proof, views
from deskterm.office.desk import Desk

NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)
BOARD = range(1, 61)


def cost(work: Callable[[], Any], times: int, *, per: int = 1) -> float:
    """The median CPU microseconds of one of ``per`` things that ``work`` does."""
    spent = []
    gc.collect()
    gc.disable()
    for _ in range(times):
        began = time.process_time_ns()
        work()
        spent.append((time.process_time_ns() - began) / per / 1000)
    gc.enable()
    return round(statistics.median(spent), 1)


def measure(desk: Desk, times: int) -> dict[str, float]:
    """Every cost, in one run."""
    made = messages.take(desk, caller="Ann", body="refill", topic="rx")

    def alone() -> None:
        desk.views.opened(1, "patient")
        desk.views.flush()

    def batch() -> None:
        for number in range(20):
            desk.views.opened(number + 1, "patient")
        desk.views.flush()

    def operation() -> None:
        with desk.operation("message.progress") as op:
            message = op.get(Message, made.id)
            message.outcome_note = "again" if message.outcome_note != "again" else "and again"
            op.save(message)

    def with_a_look() -> None:
        desk.views.opened(1, "patient")
        operation()

    def add() -> None:
        for _ in range(100):
            desk.views.opened(1, "patient")
        desk.views.forget(100)

    def board() -> None:
        desk.views.listed("day", BOARD)
        desk.views.flush()

    def new_board() -> None:
        desk.views = views.Views(desk)
        board()

    def nothing() -> None:
        with desk.database.writing():
            desk.rows("UPDATE message SET version = version WHERE id = ?", made.id)

    return {
        "added to what waits": cost(add, times // 10, per=100),
        "written alone": cost(alone, times),
        "written in a batch of 20": cost(batch, times // 10, per=20),
        "an operation": cost(operation, times),
        "the same after a look": cost(with_a_look, times),
        "a bare transaction of one row": cost(nothing, times),
        "list of 60, first time": cost(new_board, times // 4),
        "list of 60, shown again": cost(board, times),
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--times", type=int, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(database=str(Path(name) / "clinic.db"))
        desk = clinic.init(settings, login="admin", name="A", clock=Clock())
        found: dict[str, Any] = {"CPU us": measure(desk, given.times)}
        desk.clock = FrozenClock(NOW)
        # half looks, half work, as a desk does
        while (desk.written or [0])[-1] < given.entries:
            with desk.database.writing():
                for _ in range(400):
                    desk.views.opened(1, "patient")
                desk.views.forget(desk.views.write())
                for number in range(400):
                    op_text = [{"table": "message", "id": 1, "before": {"outcome_note": "x"},
                                "after": {"outcome_note": f"{number}", "version": number}}]  # fmt: skip
                    views.append(desk, "message.progress", changes=json.dumps(op_text))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.process_time()
        proof.examine(desk)
        spent = time.process_time() - began
        found["entries"] = (desk.written or [0])[-1]
        found["verify, CPU us an entry"] = round(spent * 1e6 / (desk.written or [0])[-1], 1)
        found["verify, MB more"] = round(
            (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, 1
        )
        desk.close()
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
