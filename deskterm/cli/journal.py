"""``deskterm journal``: show, verify."""

from __future__ import annotations

from typing import Annotated

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Who did what, and proof.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command(name="show")
@command
def show_entries(
    context: typer.Context,
    patient: Annotated[int | None, typer.Option(metavar="ID")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 200,
    as_json: Json = False,
) -> None:
    """The journal's entries. Example: journal show --patient 17 --json"""
    from deskterm.office import journal_views

    with at_desk(context) as desk:
        found = journal_views.entries(desk, patient_id=patient, limit=limit)
    show([row.as_dict() for row in found], as_json,
         lambda: [
            f"{row.at:%Y-%m-%d %H:%M} {row.actor} {row.desk} {row.operation}  "
            + "; ".join(row.words)
            for row in found
        ] or ["no entries"])  # fmt: skip


@app.command()
@command
def verify(context: typer.Context, as_json: Json = False) -> None:
    """Check the chain entry by entry; exit code 5 when broken. Example: journal verify --json"""
    from deskterm.office import journal_views

    with at_desk(context) as desk:
        verdict = journal_views.verify(desk)
    value = verdict.as_dict()
    show(value, as_json, lambda: ["the journal holds" if verdict.ok else "THE JOURNAL IS BROKEN",
                                  *(f"  {k}: {v}" for k, v in value.items())])  # fmt: skip
    if not verdict.ok:
        raise typer.Exit(5)
