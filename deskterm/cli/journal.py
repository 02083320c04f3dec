"""``deskterm journal``: show, report, verify, anchor, review."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskterm.cli.session import at_desk, command, show, the_day

if TYPE_CHECKING:
    from deskterm.office.journal_views import EntryRow

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Who did what, and proof.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Patient = Annotated[int | None, typer.Option(metavar="ID", help="only about this patient")]
Day = Annotated[str, typer.Option(metavar="DATE", help="t, t-2w, 2026-03-18")]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000)]


@app.command(name="show")
@command
def show_entries(
    context: typer.Context,
    patient: Patient = None,
    after: Annotated[int, typer.Option(metavar="SEQ", help="only later entries")] = 0,
    limit: Limit = 200,
    as_json: Json = False,
) -> None:
    """The journal's entries. Example: journal show --patient 17 --json"""
    from deskterm.office import journal_views

    with at_desk(context) as desk:
        if patient is None:
            found = journal_views.entries(desk, after=after, limit=limit)
        else:
            found = journal_views.history(desk, patient, after=after, limit=limit)
    show([row.as_dict() for row in found], as_json,
         lambda: [
            f"{row.at:%Y-%m-%d %H:%M} {row.actor} {row.desk} {row.operation}  "
            + "; ".join(row.words)
            for row in found
        ] or ["no entries"])  # fmt: skip


@app.command()
@command
def report(
    context: typer.Context,
    patient: Patient = None,
    person: Annotated[str | None, typer.Option(metavar="LOGIN", help="only by this person")] = None,
    action: Annotated[
        str | None, typer.Option(metavar="A", help="patient.view, or payment for all of them")
    ] = None,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="t, t-2w")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE")] = "",
    limit: Limit = 10_000,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="write a spreadsheet")] = None,
    as_json: Json = False,
) -> None:
    """Who looked at or changed what. Example: journal report --patient 17 --csv joan.csv"""
    from deskterm.office import journal_report, journal_views

    with at_desk(context) as desk:
        if csv is not None:
            journal_report.may_write(csv)
        conditions = {
            "actor": person, "operation": action, "limit": limit,
            "first": the_day(desk, first, future=False) if first else None,
            "last": the_day(desk, last, future=False) if last else None,
        }  # fmt: skip
        if patient is None:
            desk.views.flush()
            found = journal_views.entries(desk, **conditions)  # type: ignore[arg-type]
        else:
            found = journal_views.history(desk, patient, **conditions)
        if csv is not None:
            journal_report.write_csv(desk, csv, found)
    if csv is not None:
        show({"file": str(csv), "entries": len(found)}, as_json,
             lambda: [f"{len(found)} entries written to {csv.name}"])  # fmt: skip
        return
    show([row.as_dict() for row in found], as_json, lambda: _lines(found))


def _lines(found: Sequence[EntryRow]) -> list[str]:
    lines = [
        f"{row.at:%Y-%m-%d %H:%M:%S} {row.actor:<12} {row.desk:<5} "
        f"{row.patient_id or '':>7} {row.what}" + (f"  because: {row.reason}" if row.reason else "")
        for row in found
    ]
    return lines or ["no entries"]


@app.command()
@command
def verify(
    context: typer.Context,
    anchors: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="more anchors: the system log's, or typed from paper"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Prove that nothing was changed but by operations; exit code 5 when something was.

    Example: journal verify --anchors /var/log/auth.log --json
    """
    from deskterm.office import anchors as anchoring
    from deskterm.office import journal_views

    with at_desk(context) as desk:
        noted = anchoring.read(anchors) if anchors is not None else []
        verdict = journal_views.verify(desk, noted)
    show(verdict.as_dict(), as_json, lambda: [
        "the journal holds" if verdict.ok else "THE JOURNAL IS BROKEN",
        f"  {verdict.entries} entries, {verdict.anchors} anchors, head {verdict.head}",
        *(f"  {'entry ' + str(f['seq']) if f['seq'] else f['kind']}: {f['fault']}"
          + (f" ({f['about']})" if f["about"] else "") + f"\n      {f['do']}"
          for f in verdict.faults),
        *(f"  notice, entry {n['seq']}: {n['fault']}" for n in verdict.notices),
        *(f"  {number}. {step}" for number, step in enumerate(verdict.next, 1)),
    ])  # fmt: skip
    if not verdict.ok:
        raise typer.Exit(5)


@app.command()
@command
def anchor(
    context: typer.Context,
    mail: Annotated[
        bool, typer.Option("--mail", help="also to the addresses of the settings")
    ] = False,
    as_json: Json = False,
) -> None:
    """Note the journal's head outside the database. Example: journal anchor --mail

    Run it at the end of the day. Exit code 7 when a place could not be written; what is printed
    can be kept on paper and given to journal verify --anchors.
    """
    from deskterm.office import anchors as anchoring

    with at_desk(context) as desk:
        taken, troubles = anchoring.take(desk, mail=mail)
    show({**taken.__dict__, "line": taken.line, "paper": taken.paper, "troubles": troubles},
         as_json, lambda: [taken.paper, *troubles])  # fmt: skip
    if troubles:
        raise typer.Exit(7)


@app.command()
@command
def review(
    context: typer.Context,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="t-7")] = "",
    last: Annotated[str, typer.Option("--to", metavar="DATE")] = "",
    sign_off: Annotated[
        str, typer.Option("--sign-off", metavar="NOTE", help="what came of it")
    ] = "",
    as_json: Json = False,
) -> None:
    """Looks that somebody should ask about. Example: journal review --sign-off "all explained" """
    from deskterm.office import activity

    with at_desk(context) as desk:
        found = activity.review(
            desk,
            first=the_day(desk, first, future=False) if first else None,
            last=the_day(desk, last, future=False) if last else None,
        )
        if sign_off:
            activity.sign_off(desk, found, note=sign_off)
    show(found.as_dict(), as_json, lambda: [
        f"{found.first} to {found.last}: {len(found.items)} to ask about; "
        + (f"last signed off {found.signed_off}" if found.signed_off else "never signed off yet"),
        *(f"  {item.at:%Y-%m-%d %H:%M} {item.words}" for item in found.items),
        *(["signed off"] if sign_off else []),
    ])  # fmt: skip
