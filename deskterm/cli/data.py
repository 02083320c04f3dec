"""``deskterm data``: import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Exchange with other systems.")
imports = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Read files of others.")
app.add_typer(imports, name="import")
BAR = 40


@imports.callback()
def _group() -> None:
    """Read files of other systems."""


@imports.command()
@command
def fhir(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="NDJSON or bundles")],
    source: Annotated[str, typer.Option(help="a name for where they come from")] = "fhir",
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Import FHIR R4. Example: data import fhir Patient.ndjson bundle.json --json

    Importing again updates; a bad line is reported and does not stop the rest.
    """
    from deskterm.office.fhir_import import import_fhir

    watched = sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        if watched:
            filled = BAR * done // max(total, 1)
            bar = "#" * filled + "-" * (BAR - filled)
            print(f"\r[{bar}] {100 * done // max(total, 1):>3}%", end="", file=sys.stderr)

    with at_desk(context) as desk:
        result = import_fhir(desk, paths, source=source, progress=progress)
    if watched:
        print(file=sys.stderr)
    value = result.as_dict()
    show(
        value,
        as_json,
        lambda: [
            f"read {result.read}: created {result.created}, updated {result.updated}, "
            f"unchanged {result.unchanged}, rejected {len(result.rejected)}",
            *(f"  {r.file}:{r.line}: {r.reason}" for r in result.rejected[:50]),
            *(f"  not imported: {count} {kind}" for kind, count in result.skipped_kinds.items()),
        ],
    )
