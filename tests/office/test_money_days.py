"""A few business days with mistakes put in on purpose; ``bench/days.py`` plays a thousand."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from deskterm.clock import FrozenClock
from deskterm.office.desk import Desk
from tests import books
from tests.factories import clinic
from tests.money_days import Days


def test_every_balanced_drawer_closes_to_zero_and_mistakes_are_named(
    desk: Desk, clock: FrozenClock, tmp_path: Path
) -> None:
    books.program()
    first = desk.today()
    result = Days(clinic(desk), clock, clerks=5, seed=3).play(8)
    assert result.days == 8
    assert result.balanced + sum(result.planted.values()) == 40
    assert sum(result.planted.values()) >= 5
    assert sum(result.named.values()) >= 0.8 * sum(result.planted.values()), result.missed
    last = first + timedelta(days=7)
    assert books.differences(desk, first, last, tmp_path) == []
