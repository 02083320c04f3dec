"""Fixtures that every test may use: a frozen clinic on a real file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deskterm.clock import FrozenClock
from deskterm.config import Policy, Settings
from deskterm.office import clinic
from deskterm.office.desk import Desk

# Wednesday 18 March 2026, 9:42 in the morning in Chicago.
NOW = datetime(2026, 3, 18, 14, 42, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    """A clock standing at the moment of the specification's examples."""
    return FrozenClock(NOW)


@pytest.fixture
def desk(tmp_path: Path, clock: FrozenClock) -> Iterator[Desk]:
    """A new, empty clinic with its owner signed in."""
    settings = Settings(
        database=str(tmp_path / "clinic.db"),
        clinic="Main St Clinic",
        policy=Policy(totp_roles=(), own_void_alone=True),
    )
    desk = clinic.init(settings, login="mlopez", name="Maria Lopez", clock=clock)
    yield desk
    desk.close()
