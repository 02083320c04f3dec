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
