"""``deskterm run``: what a timer or a service runs."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer

from deskterm.cli.session import at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="For timers and services.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.callback()
def _group() -> None:
    """For timers and services."""


@app.command()
@command
def outbox(
    context: typer.Context,
    forever: Annotated[bool, typer.Option(help="go on until stopped, as a service")] = False,
    at_once: Annotated[int, typer.Option(min=1, max=200, help="how many at one time")] = 50,
    as_json: Json = False,
) -> None:
    """Send what waits in the outbox and keep the answers. Example: run outbox --forever

    Two may run: each thing is sent by one of them. A stop finishes what is on its way.
    """
    from deskterm.office import sending

    stopped = False

    def stop(signum: int, frame: object) -> None:
        nonlocal stopped
        stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with at_desk(context) as desk:
        tally = asyncio.run(
            sending.drain(desk, once=not forever, at_once=at_once, stopping=lambda: stopped)
        )
    show(
        vars(tally), as_json,
        lambda: [f"answered {tally.answered}, sent {tally.sent}, to be tried again "
                 f"{tally.retried}, given up {tally.failed}", *tally.problems],
    )  # fmt: skip


@app.command(name="list")
@command
def list_outbox(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="also what is done")] = False,
    as_json: Json = False,
) -> None:
    """What waits or failed in the outbox. Example: run list --json"""
    from dataclasses import asdict

    from deskterm.office import outbox as office

    with at_desk(context) as desk:
        rows = office.listed(desk, everything=everything)
        desk.views.listed("outbox", (row.patient_id for row in rows))
    show(
        [asdict(row) for row in rows], as_json,
        lambda: [f"{r.id:>6} {r.kind:<4} {r.connection:<10} {r.state:<9} {r.tries} {r.error}"
                 for r in rows] or ["the box is empty"],
    )  # fmt: skip


@app.command()
@command
def again(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="from run list")],
    as_json: Json = False,
) -> None:
    """Send one that was given up once more. Example: run again 12"""
    from deskterm.office import outbox as office

    with at_desk(context) as desk:
        office.again(desk, number)
    show({"id": number}, as_json, lambda: [f"{number} is sent again"])
