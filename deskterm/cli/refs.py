"""What ``deskterm auth`` and ``deskterm referrals`` share: rows, options, the list and one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskterm.cli.session import at_desk, show, the_day

if TYPE_CHECKING:
    from datetime import date

    from deskterm.office.desk import Desk
    from deskterm.office.refs_list import RefRow, What

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Version = Annotated[int | None, typer.Option(help="refuse if it changed since")]
Day = Annotated[str, typer.Option(metavar="DATE", help="t, t+2w, 033126")]
Key = Annotated[str | None, typer.Option(help="idempotency key: the same twice is once")]
Patient = Annotated[int | None, typer.Option(metavar="ID", help="of one patient")]
Over = Annotated[bool, typer.Option("--all", help="what is over as well")]


def as_dict(row: RefRow) -> dict[str, Any]:
    """A row of the list for JSON."""
    return {
        "kind": row.what, "id": row.id, "version": row.version, "patient_id": row.patient_id,
        "patient": row.patient, "service": row.service, "to": row.to, "state": row.state,
        "number": row.number, "authorized": row.units.authorized, "used": row.units.used,
        "booked": row.units.booked, "remaining": row.units.remaining,
        "starts_on": _iso(row.starts_on), "ends_on": _iso(row.ends_on), "due_on": _iso(row.due_on),
        "group": row.group, "next": row.next,
    }  # fmt: skip


def line(row: RefRow) -> str:
    """A row of the list for people."""
    due = f"due {row.due_on:%m/%d}" if row.due_on else ""
    ends = f"to {row.ends_on:%m/%d/%Y}" if row.ends_on else ""
    return (
        f"{row.id:>5}  {row.group:<9}  {row.word:<6}  {row.patient[:20]:<20}  "
        f"{row.service[:20]:<20}  {row.to[:16]:<16}  {row.number or '-':<10}  {row.used:>5}  "
        f"{ends or due}"
    ).rstrip()


def days(desk: Desk, **texts: str) -> dict[str, Any]:
    """Dates that were typed, those to come when a day can be meant either way."""
    return {name: the_day(desk, text) if text else None for name, text in texts.items()}


def said(context: typer.Context, as_json: bool, what: What, act: Any) -> None:
    """Do it, and print the row as it is now."""
    from deskterm.office import refs_list

    with at_desk(context) as desk:
        done = act(desk)
        row = refs_list.row(desk, what, done.id)
    show(as_dict(row), as_json, lambda: [line(row)])


def listed(
    context: typer.Context, as_json: bool, what: What, patient: int | None, over: bool
) -> None:
    """Print what must be chased, by when it is due."""
    from deskterm.office import refs_list

    title = "authorizations" if what == "auth" else "referrals"
    with at_desk(context) as desk:
        rows = [r for r in refs_list.work(desk, patient_id=patient, done=over) if r.what == what]
        desk.views.listed(title, (row.patient_id for row in rows))
    show([as_dict(row) for row in rows], as_json, lambda: [line(row) for row in rows])


def one(context: typer.Context, as_json: bool, what: What, record_id: int) -> None:
    """Print one and what was done with it."""
    from deskterm.office import refs_list

    title = "auth show" if what == "auth" else "referrals show"
    with at_desk(context) as desk:
        row = refs_list.row(desk, what, record_id)
        events = refs_list.history(desk, what, record_id)
        desk.views.opened(row.patient_id, title)
    log = [
        {"at": e.at.isoformat(), "by": e.by, "kind": e.kind, "words": e.words,
         "document": e.document, "where": e.document_at} for e in events
    ]  # fmt: skip
    show(
        {**as_dict(row), "log": log}, as_json,
        lambda: [line(row), row.detail,
                 *(f"  {e.at:%m/%d/%Y %H:%M} {e.by}: {e.words}" for e in events)],
    )  # fmt: skip


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
