"""``deskterm schedule``: day, open, book, move, cancel."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show, the_day, the_moment
from deskterm.errors import Invalid

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The day, openings, visits.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Id = Annotated[int, typer.Argument(metavar="ID", help="the visit")]


@app.command()
@command
def day(
    context: typer.Context,
    when: Annotated[str, typer.Argument(metavar="[DATE]", help="t, t+2w, next tue")] = "t",
    provider: Annotated[str | None, typer.Option(help="a provider's code")] = None,
    as_json: Json = False,
) -> None:
    """One day's visits. Example: schedule day "next tue" --provider LEE"""
    from deskterm.office import day_board

    with at_desk(context) as desk:
        board = day_board.day(desk, the_day(desk, when), providers=[provider] if provider else None)
        desk.views.listed(f"day {board.day}", (row.patient_id for row in board.rows))
    show(
        board.as_list(),
        as_json,
        lambda: (
            [
                f"{r.start:%H:%M} {r.provider:<8} {r.number:>3} {r.patient:<28} {r.visit_type:<4}"
                f" {r.minutes:>3}m {r.state} {r.flags}".rstrip()
                for r in board.rows
            ]
            or [f"no visits on {board.day.isoformat()}"]
        ),
    )


@app.command(name="open")
@command
def find_open(
    context: typer.Context,
    visit_type: Annotated[str, typer.Option("--type", help="a visit type's code")],
    provider: Annotated[str | None, typer.Option(help="a provider's code; none: anyone")] = None,
    first: Annotated[str, typer.Option("--from", help="first day: t, 1w, next tue")] = "t",
    days: Annotated[int, typer.Option(min=1, max=400)] = 90,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 6,
    as_json: Json = False,
) -> None:
    """The next openings. Example: schedule open --type FU --provider LEE --from 1w"""
    from deskterm.office import openings

    with at_desk(context) as desk:
        who = None if provider is None or provider.lower() == "any" else provider
        found = openings.search(
            desk, visit_type=visit_type, provider=who, first=the_day(desk, first), days=days,
            limit=limit,
        )  # fmt: skip
    result = [
        {"start": f"{o.start:%Y-%m-%d %H:%M}", "minutes": o.minutes, "provider": o.provider,
         "location": o.location}
        for o in found
    ]  # fmt: skip
    show(
        result,
        as_json,
        lambda: [f"{r['start']} {r['minutes']:>3}m {r['provider']:<8} {r['location']}"
                 for r in result] or ["nothing open"],
    )  # fmt: skip


def _said(visit: Any) -> dict[str, Any]:
    return {
        "id": visit.id,
        "start": f"{visit.wall_start:%Y-%m-%d %H:%M}",
        "minutes": visit.minutes,
        "provider": visit.provider.code,
        "patient_id": visit.patient_id,
        "lifecycle": visit.lifecycle,
        "version": visit.version,
    }


@app.command()
@command
def book(
    context: typer.Context,
    patient_id: Annotated[int, typer.Argument(metavar="PATIENT_ID")],
    visit_type: Annotated[str, typer.Option("--type", help="a visit type's code")],
    provider: Annotated[str, typer.Option(help="a provider's code")],
    at: Annotated[str, typer.Option(help='wall time: "2026-03-24 13:20"')],
    note: str = "",
    overbook: Annotated[str | None, typer.Option(metavar="REASON", help="overbook")] = None,
    second: Annotated[
        bool | None, typer.Option("--second/--first", help="which of an hour that comes twice")
    ] = None,
    key: Annotated[str | None, typer.Option(help="idempotency key")] = None,
    as_json: Json = False,
) -> None:
    """Book. Example: schedule book 17 --type FU --provider LEE --at "2026-03-24 13:20" """
    from deskterm.office import scheduling

    with at_desk(context) as desk:
        result = _said(
            scheduling.book(
                desk, patient_id=patient_id, visit_type=visit_type, provider=provider,
                start=the_moment(at), note=note, overbook_reason=overbook, second=second, key=key,
            )
        )  # fmt: skip
    show(result, as_json, lambda: [f"booked {result['start']} {result['provider']} "
                                   f"(id {result['id']})"])  # fmt: skip


@app.command()
@command
def move(
    context: typer.Context,
    appointment_id: Id,
    at: Annotated[str, typer.Option(help='wall time: "2026-03-24 13:20"')],
    provider: str | None = None,
    overbook: Annotated[str | None, typer.Option(metavar="REASON", help="overbook")] = None,
    second: Annotated[
        bool | None, typer.Option("--second/--first", help="which of an hour that comes twice")
    ] = None,
    version: Annotated[int | None, typer.Option(help="refuse if it changed since")] = None,
    key: str | None = None,
    as_json: Json = False,
) -> None:
    """Move a visit. Example: schedule move 88 --at "2026-03-25 09:00" """
    from deskterm.office import day_board, scheduling

    with at_desk(context) as desk:
        known = version or day_board.appointment(desk, appointment_id).version
        result = _said(
            scheduling.move(
                desk, appointment_id, version=known, start=the_moment(at), provider=provider,
                overbook_reason=overbook, second=second, key=key,
            )
        )  # fmt: skip
    show(result, as_json, lambda: [f"moved to {result['start']} {result['provider']} "
                                   f"(id {result['id']})"])  # fmt: skip


@app.command()
@command
def cancel(
    context: typer.Context,
    appointment_id: Id,
    by: Annotated[str, typer.Option(help="patient, practice, payer or other")],
    reason: Annotated[str, typer.Option(help="a code of the list cancel_reason")],
    note: str = "",
    waive_fee: Annotated[
        bool, typer.Option("--waive-fee", help="charge nothing for a late cancel; --note says why")
    ] = False,
    version: int | None = None,
    key: str | None = None,
    as_json: Json = False,
) -> None:
    """Cancel a visit. Example: schedule cancel 88 --by patient --reason sick"""
    from deskterm.office import day_board, scheduling

    if by not in ("patient", "practice", "payer", "other"):
        raise Invalid("--by says who cancels", "patient, practice, payer or other", field="by")
    with at_desk(context) as desk:
        known = version or day_board.appointment(desk, appointment_id).version
        done = scheduling.cancel(
            desk, appointment_id, version=known, by=by, reason=reason, note=note,
            waive_fee=waive_fee, key=key,
        )  # fmt: skip
        result = {**_said(done), "late": scheduling.late_cancel(desk, done)}
    show(result, as_json, lambda: ["cancelled" + (" (late)" if result["late"] else "")])
