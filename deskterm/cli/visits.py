"""``deskterm visits``: arrive, check in, room, ready, check out, no-show, left, undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show
from deskterm.office import day_board, visits
from deskterm.office.desk import Desk

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The day of a visit.")
Id = Annotated[int, typer.Argument(metavar="ID", help="the visit")]
Version = Annotated[int | None, typer.Option(help="refuse if it changed since")]
Reason = Annotated[str, typer.Option(help="why, where one is needed")]
Waive = Annotated[bool, typer.Option("--waive-fee", help="charge nothing; say why")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


def _do(context: typer.Context, as_json: bool, move: Callable[[Desk], Any]) -> None:
    with at_desk(context) as desk:
        done = move(desk)
        row = day_board.appointment(desk, done.id)
    show(row.as_dict(), as_json, lambda: [f"{row.state} {row.lifecycle} {row.stage}"])


@app.command()
@command
def arrive(context: typer.Context, appointment_id: Id, version: Version = None,
           reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """They are here. Example: visits arrive 88"""
    _do(context, as_json,
        lambda d: visits.arrive(d, appointment_id, version=version, reason=reason))  # fmt: skip


@app.command(name="check-in")
@command
def check_in(context: typer.Context, appointment_id: Id, version: Version = None,
             reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """Checked in, waiting. Example: visits check-in 88

    What the checklist still wants stays to be done at the desk.
    """
    _do(context, as_json,
        lambda d: visits.check_in(d, appointment_id, version=version, reason=reason))  # fmt: skip


@app.command()
@command
def room(context: typer.Context, appointment_id: Id,
         room_name: Annotated[str, typer.Option("--room", help="the room's name")] = "",
         version: Version = None, reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """Taken to a room. Example: visits room 88 --room 3"""
    _do(context, as_json, lambda d: visits.room(d, appointment_id, version=version,
                                                reason=reason, room=room_name))  # fmt: skip


@app.command(name="with-provider")
@command
def with_provider(context: typer.Context, appointment_id: Id, version: Version = None,
                  reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """The provider is with them. Example: visits with-provider 88"""
    _do(context, as_json,
        lambda d: visits.with_provider(d, appointment_id, version=version,
                                       reason=reason))  # fmt: skip


@app.command()
@command
def ready(context: typer.Context, appointment_id: Id, version: Version = None,
          reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """Ready to leave. Example: visits ready 88"""
    _do(context, as_json,
        lambda d: visits.ready(d, appointment_id, version=version, reason=reason))  # fmt: skip


@app.command(name="check-out")
@command
def check_out(context: typer.Context, appointment_id: Id, version: Version = None,
              reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """Gone; the visit is complete. Example: visits check-out 88"""
    _do(context, as_json,
        lambda d: visits.check_out(d, appointment_id, version=version, reason=reason))  # fmt: skip


@app.command(name="no-show")
@command
def no_show(context: typer.Context, appointment_id: Id, version: Version = None,
            reason: Reason = "", waive_fee: Waive = False,
            as_json: Json = False) -> None:  # fmt: skip
    """They did not come; only after the grace time. Example: visits no-show 88"""
    _do(context, as_json,
        lambda d: visits.no_show(d, appointment_id, version=version, reason=reason,
                                 waive_fee=waive_fee))  # fmt: skip


@app.command()
@command
def left(context: typer.Context, appointment_id: Id, version: Version = None,
         reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """They left without being seen. Example: visits left 88 --reason wait"""
    _do(context, as_json,
        lambda d: visits.left(d, appointment_id, version=version, reason=reason))  # fmt: skip


@app.command()
@command
def undo(context: typer.Context, appointment_id: Id, version: Version = None,
         reason: Reason = "", as_json: Json = False) -> None:  # fmt: skip
    """Take back the last move. Example: visits undo 88"""
    _do(context, as_json,
        lambda d: visits.undo(d, appointment_id, version=version, reason=reason))  # fmt: skip
