"""Who takes in what payers answer, by kind of transaction.

``answered`` gets an item with its answer, ``failed`` one that is not tried again, so that
whatever waits for it stops waiting. Each is called in the worker's thread, outside any
operation, and may be called twice with the same item.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deskterm.office.desk import Desk
from deskterm.office.outbox import Answered

Take = Callable[[Desk, Answered], object]


@dataclass(frozen=True)
class Handler:
    """What is done with an answer, and with a failure."""

    answered: Take
    failed: Take | None = None


def handlers() -> Mapping[str, Handler]:
    """Every handler, by kind."""
    # They read transactions: only a worker pays for that.
    from deskterm.office import asking, authorization_wire

    return {
        "270": Handler(asking.take_in, asking.give_up),
        "278": Handler(authorization_wire.take_in, authorization_wire.give_up),
    }
