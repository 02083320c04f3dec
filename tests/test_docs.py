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


def test_the_deployment_page_shows_the_files_as_they_are_shipped() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    shipped = [p for p in (ROOT / "deskterm" / "cli" / "deploy").iterdir() if p.suffix != ".py"]
    assert len([p for p in shipped if p.is_file()]) == 9
    for path in shipped:
        if path.is_file():
            assert f"```\n{path.read_text('utf-8')}```\n" in page, path.name
