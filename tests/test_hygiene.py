"""What a batch command may load, and what may never be in the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LOADED = """
import sys
from deskterm.__main__ import main
sys.argv = ["deskterm", *{arguments!r}]
try:
    main()
except SystemExit:
    pass
bad = [m for m in {forbidden!r} if m in sys.modules and sys.modules[m] is not None]
print("LOADED", bad, file=sys.stderr)
"""


def loaded(arguments: list[str], forbidden: list[str]) -> str:
    script = LOADED.format(arguments=arguments, forbidden=forbidden)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    return done.stderr


def test_version_loads_almost_nothing() -> None:
    assert "LOADED []" in loaded(["--version"], ["textual", "peewee", "typer", "rich"])


@pytest.mark.parametrize("arguments", [["--help"], ["schedule", "--help"], ["pay", "--help"]])
def test_batch_commands_load_no_textual(arguments: list[str]) -> None:
    assert "LOADED []" in loaded(arguments, ["textual"])


# What the first screen does without: each of these costs every opening of the desk its time.
# Another screen, an operation that writes, or a name that is not Latin brings in its own. What
# F8's number needs is read once the board is painted.
NOT_AT_START = [
    "typer", "click", "phonenumbers", "email_validator", "rapidfuzz", "jellyfish",
    "_strptime", "textual.widgets._data_table", "textual.markdown",
    "deskterm.exchange", "deskterm.cli.main", "deskterm.db.schema", "deskterm.db.scheduling",
    "deskterm.db.payments", "deskterm.office.scheduling",
    "deskterm.office.conflicts", "deskterm.office.visits", "deskterm.office.payments",
    "deskterm.office.patients", "deskterm.office.finder", "deskterm.widgets.record_form",
    "deskterm.widgets.lookup", "deskterm.screens.flow", "deskterm.screens.prompt",
]  # fmt: skip
OPENED = """
import asyncio, sys
from deskterm.cli import open as front
from dataclasses import replace
from deskterm.config import load
settings = replace(load(database={database!r}), pin_spoken_for=False)
desk = front.open_desk(settings, login="mlopez")
front.free_time.lay_out(desk)
from deskterm.terminal.launch import prepare_environment
prepare_environment()
from deskterm.app import DeskApp
async def open_and_leave():
    app = DeskApp(desk)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.screen.rows, "an empty board proves little"
asyncio.run(open_and_leave())
print("LOADED", [m for m in {forbidden!r} if m in sys.modules])
"""


def test_opening_the_desk_loads_only_what_the_board_needs(tmp_path: Path) -> None:
    from deskterm.config import Settings
    from deskterm.office.demo import make_demo

    database = str(tmp_path / "clinic.db")
    make_demo(Settings(database=database), patients=60).close()
    script = OPENED.format(database=database, forbidden=NOT_AT_START)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert "LOADED []" in done.stdout, done.stdout + done.stderr[-2000:]


def test_a_batch_query_loads_no_textual(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.db")
    text = loaded(["--db", missing, "patients", "find", "smi"], ["textual", "phonenumbers"])
    assert "LOADED []" in text


def test_no_room_is_crowded() -> None:
    """Long modules are a place to look; past 520 lines one must be divided."""
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "deskterm").rglob("*.py")
        if (count := len(path.read_text("utf-8").splitlines())) > 520
    }
    assert not long
