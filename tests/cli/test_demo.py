"""The sample clinic: the same for a seed, marked, and never on top of a real clinic."""

from __future__ import annotations

from pathlib import Path

import pytest

from deskterm.cli.demo import sample
from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.errors import Conflict
from deskterm.office import day_board, free_time, proof, search_index
from deskterm.office.demo import make_demo
from tests.conftest import NOW


def test_a_sample_is_whole_and_the_same_for_a_seed(tmp_path: Path) -> None:
    days = []
    for name in ("a", "b"):
        desk = make_demo(
            Settings(database=str(tmp_path / f"{name}.db")),
            seed=3,
            patients=80,
            clock=FrozenClock(NOW),
        )
        assert list(journal.verify(desk.database, desk.secret)) == []
        assert free_time.check(desk) == []
        assert search_index.check(desk.database) == []
        assert proof.examine(desk) == []
        board = day_board.day(desk, desk.today())
        days.append([(r.start, r.provider, r.patient, r.state) for r in board.rows])
        states = {r.state for r in board.rows}
        assert {"OUT", "CHK", "LAT"} <= states
        assert {"LEE", "PATEL", "NOVAK", "RN"} <= {c.code for c in board.columns}
        desk.close()
    assert days[0] == days[1]


def test_a_folder_with_a_real_clinic_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "clinic.db").write_bytes(b"somebody's clinic")
    with pytest.raises(Conflict):
        sample(tmp_path, 1, 30)
    assert (tmp_path / "clinic.db").read_bytes() == b"somebody's clinic"


def test_the_sample_of_today_is_kept(tmp_path: Path) -> None:
    desk, settings = sample(tmp_path / "s", 1, 30)
    head = journal.head(desk.database)
    assert settings.practice
    desk.close()
    again, _ = sample(tmp_path / "s", 1, 30)
    assert journal.head(again.database)[0] >= head[0]
    again.close()
