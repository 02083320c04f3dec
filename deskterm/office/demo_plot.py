"""Time in the sample clinic: what happened there, run in order, each at its own moment."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime
from random import Random

from deskterm.clock import Clock
from deskterm.office.desk import Desk, find_actor

# Who sits where; anybody else works at desk d1.
_WORKSTATIONS = {"dchen": "d2", "dana": "n1", "bpark": "b1", "kross": "m1"}


class TravelClock(Clock):
    """A clock that shows the moment it was last set to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def ticks(self) -> tuple[int, str]:
        return 0, ""  # of no machine: its time cannot be compared


class Plot:
    """Things to happen; each is done by its person at its moment, none before the one before."""

    def __init__(self, desk: Desk, clock: TravelClock, logins: Sequence[str]) -> None:
        self.desk = desk
        self.clock = clock
        self._actors = {login: find_actor(desk.database, desk.settings, login) for login in logins}
        self._waiting: list[tuple[datetime, int, str, Callable[[], object]]] = []
        self._count = 0

    def at(self, moment: datetime, login: str, do: Callable[[], object]) -> None:
        """Let ``login`` do something at ``moment``, which is not before what is being done."""
        self._count += 1
        heapq.heappush(self._waiting, (moment, self._count, login, do))

    def run(self) -> None:
        """Do everything in order of time, also what is added meanwhile."""
        while self._waiting:
            moment, _, login, do = heapq.heappop(self._waiting)
            self.clock.at = max(moment, self.clock.at)
            self.desk.actor = self._actors[login]
            self.desk.workstation = _WORKSTATIONS.get(login, "d1")
            do()


def fill(
    rng: Random,
    hours: Sequence[tuple[int, int]],
    books: Sequence[str],
    lengths: dict[str, int],
    density: float,
    full: tuple[int, int] | None = None,
) -> list[tuple[int, str]]:
    """Visits of one provider's day: ``(minute of the day, visit type)``.

    ``hours`` are the open stretches in minutes of the day; ``density`` the share of time that
    is booked; in the stretch ``full`` all of it is.
    """
    shortest = min(books, key=lambda code: lengths[code])
    found = []
    for start, end in hours:
        at = start
        while at + lengths[shortest] <= end:
            code = rng.choice(books)
            if at + lengths[code] > end:
                code = shortest
            crowded = full is not None and full[0] <= at <= full[1]
            if crowded or rng.random() < density:
                found.append((at, code))
                at += lengths[code]
            else:
                at += lengths[shortest]
    return found
