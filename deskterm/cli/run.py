"""``deskterm run``: what a timer of the machine runs, round after round."""

from __future__ import annotations

from typing import Annotated

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Work that a timer does.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.callback()
def group() -> None:
    """Work that a timer does: one round each, then the end."""


@app.command()
@command
def mail(
    context: typer.Context,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="letters in one round")] = 100,
    as_json: Json = False,
) -> None:
    """Send the e-mails that wait; what fails is tried again later. Example: run mail --json"""
    from deskterm.office import mail as letters

    with at_desk(context) as desk:
        done = letters.send_waiting(desk, most=most)
    value = {"sent": done.sent, "waiting": done.waiting, "failed": done.failed}
    said = f"sent {done.sent}, to be tried again {done.waiting}, given up {done.failed}"
    show(value, as_json, lambda: [said])
