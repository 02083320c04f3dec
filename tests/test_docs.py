"""The generated page is the one in the repository."""

from __future__ import annotations

from pathlib import Path

from deskterm.cli.reference import keys_page

ROOT = Path(__file__).parent.parent


def test_keys_page_is_current() -> None:
    assert (ROOT / "docs" / "keys.md").read_text("utf-8") == keys_page(), "run make docs"


def test_readme_names_both_commands() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in readme and "make test" in readme
