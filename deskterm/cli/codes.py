"""``deskterm codes``: find and show codes, and import the lists that they come from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskterm.cli.session import at_desk, command, show, the_day

if TYPE_CHECKING:
    from deskterm.office.code_import import Imported
    from deskterm.office.code_search import CodeHit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Diagnosis and other codes.")
imports = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Load a list of codes.")
app.add_typer(imports, name="import")

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
On = Annotated[str, typer.Option(metavar="DATE", help="the date of service; t is today")]
From = Annotated[
    str, typer.Option("--from", metavar="DATE", help="first day of the list, if its name is silent")
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="the file as its owner publishes it")]
Anyway = Annotated[
    bool, typer.Option("--all-the-same", help="also when it ends a quarter of the codes")
]


@app.command()
@command
def find(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="words, or the beginning of a code")],
    system: Annotated[
        str, typer.Option(help="icd10cm, hcpcs, cpt, taxonomy, pos or payer; all without it")
    ] = "",
    on: On = "t",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 20,
    as_json: Json = False,
) -> None:
    """Find codes. Example: codes find "low back pain" --system icd10cm --on 2026-03-18"""
    from deskterm.office import code_import, code_search

    systems = [code_import.tidy_system(system)] if system else []
    with at_desk(context) as desk:
        found = code_search.find(
            desk, query, systems=systems, on=the_day(desk, on, future=False), limit=limit
        )
    show(
        {"codes": [hit.as_dict() for hit in found.rows], "how": found.how},
        as_json,
        lambda: [*([found.how] if found.how else []), *map(_line, found.rows)] or ["nothing found"],
    )


@app.command("show")
@command
def show_code(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="a code, with or without its dot")],
    system: Annotated[str, typer.Option(help="which list, if several have it")] = "",
    on: On = "t",
    as_json: Json = False,
) -> None:
    """Show one code: its days, what is above and below it, its notes. Example: codes show M54.5"""
    from deskterm.office import code_import, code_search

    name = code_import.tidy_system(system) if system else ""
    with at_desk(context) as desk:
        day = the_day(desk, on, future=False)
        card = code_search.card(desk, code, system=name, on=day)
    value = {
        **card.hit.as_dict(), "valid": card.valid, "on": day, "file": card.file,
        "parents": [hit.as_dict() for hit in card.parents],
        "children": [hit.as_dict() for hit in card.children],
        "earlier": [hit.as_dict() for hit in card.earlier],
        "notes": [{"kind": kind, "text": text} for kind, text in card.notes],
    }  # fmt: skip
    show(value, as_json, lambda: code_search.lines_of(card, day))


@app.command("list")
@command
def list_files(context: typer.Context, as_json: Json = False) -> None:
    """The lists that were loaded: when, by whom, under which licence. Example: codes list"""
    from deskterm.office import code_import

    with at_desk(context) as desk:
        found = code_import.files(desk)
    show(
        found,
        as_json,
        lambda: (
            [
                f"{one['system']:<9} from {one['from']}  {one['file']}  by {one['by']}"
                + (f"  licence: {one['licence']}" if one["licence"] else "")
                for one in found
            ]
            or ["no list is loaded: deskterm codes import --help"]
        ),
    )


@imports.callback()
def _group() -> None:
    """Load a list of codes from its owner's file."""


@imports.command()
@command
def icd10cm(
    context: typer.Context, file: File, first: From = "", anyway: Anyway = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Load ICD-10-CM: the order file, the codes file or the tabular XML of CMS and CDC.

    Example: codes import icd10cm icd10cm_order_2026.txt
    """
    _import(context, "icd10cm", file, first, as_json, anyway=anyway)


@imports.command()
@command
def hcpcs(
    context: typer.Context, file: File, first: From = "", anyway: Anyway = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Load HCPCS level II: the ANWEB text file of CMS, or its sheet saved as CSV.

    Example: codes import hcpcs HCPC2026_JAN_ANWEB.txt
    """
    _import(context, "hcpcs", file, first, as_json, anyway=anyway)


@imports.command()
@command
def cpt(
    context: typer.Context,
    file: File,
    licence: Annotated[
        str, typer.Option(metavar="NOTE", help="the clinic's AMA licence; kept with the list")
    ] = "",
    first: From = "",
    anyway: Anyway = False,
    as_json: Json = False,
) -> None:
    """Load CPT from the clinic's own licensed file. Example: codes import cpt cpt.csv --from 0101

    deskterm brings no CPT. The licence is asked for at a terminal, and needed in a batch.
    """
    if not licence and sys.stdin.isatty():
        licence = typer.prompt("Under which licence does this clinic use CPT", err=True)
    _import(context, "cpt", file, first, as_json, licence=licence, anyway=anyway)


@imports.command()
@command
def taxonomy(context: typer.Context, file: File, first: From = "", as_json: Json = False) -> None:
    """Load the NUCC provider taxonomy from its CSV. Example: codes import taxonomy nucc.csv"""
    _import(context, "taxonomy", file, first, as_json)


@imports.command()
@command
def pos(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="CSV: code, name")] = None,
    first: From = "",
    as_json: Json = False,
) -> None:
    """Load places of service; without FILE those of deskterm. Example: codes import pos"""
    _import(context, "pos", file, first, as_json)


@imports.command()
@command
def payers(
    context: typer.Context,
    file: File,
    source: Annotated[str, typer.Option(metavar="NAME", help="the clearinghouse")] = "",
    first: From = "",
    as_json: Json = False,
) -> None:
    """Load a clearinghouse's payer ids. Example: codes import payers list.csv --source Clearly"""
    _import(context, "payer", file, first, as_json, source=source)


def _import(
    context: typer.Context, system: str, file: Path | None, first: str, as_json: bool, *,
    licence: str = "", source: str = "", anyway: bool = False,
) -> None:  # fmt: skip
    from deskterm.office import code_import

    with at_desk(context) as desk:
        done = code_import.import_file(
            desk, system, file, starts_on=the_day(desk, first, future=False) if first else None,
            licence=licence, source=source, all_the_same=anyway,
        )  # fmt: skip
    value = {
        "system": done.system, "form": done.form, "from": done.starts_on,
        "changed_anything": bool(done.file_id), **done.counts, "left_out": done.left_out,
    }  # fmt: skip
    show(value, as_json, lambda: _said(done))


def _said(done: Imported) -> list[str]:
    counts = done.counts
    return [
        f"{done.system}, {done.form} from {done.starts_on}: listed {counts['listed']}, "
        f"added {counts['added']}, changed {counts['changed']}, ended {counts['ended']}",
        *([] if done.file_id else ["nothing was to be changed"]),
        *(f"  left out: {count} {why}" for why, count in done.left_out.items()),
    ]


def _line(hit: CodeHit) -> str:
    kind = "" if hit.kind == "code" else f"[{hit.kind}] "
    days = f" (until {hit.ends_on})" if hit.ends_on else ""
    return f"{hit.system:<9}{hit.shown:<10} {kind}{hit.label}{days}"
