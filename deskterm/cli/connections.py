"""``deskterm admin connection``: how payers and clearinghouses are reached."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show
from deskterm.errors import Invalid

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="How payers and clearinghouses are reached."
)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
Code = Annotated[str, typer.Argument(help="the connection's code")]
_NUMBERS, _FLAGS = {"timeout", "tries"}, {"test", "active"}
_TEXTS = {"name", "url", "sender", "receiver", "secret", "payers", "ca_file", "request_field",
          "answer_field", "header"}  # fmt: skip
_YES = {"yes": True, "y": True, "1": True, "no": False, "n": False, "0": False}


@app.callback()
def _group() -> None:
    """How payers and clearinghouses are reached."""


@app.command()
@command
def add(
    context: typer.Context,
    code: Code,
    kind: Annotated[str, typer.Option(help="core_soap, core_mime, json or folder")],
    url: Annotated[str, typer.Option(help="https://... or a folder")],
    sender: Annotated[str, typer.Option(help="our id there (ISA06)")],
    receiver: Annotated[str, typer.Option(help="their id (ISA08)")] = "",
    secret: Annotated[str, typer.Option(help="the NAME of the secret, never the secret")] = "",
    payers: Annotated[str, typer.Option(help="payer ids; nothing: every payer")] = "",
    as_json: Json = False,
) -> None:
    """Add a connection. Example: admin connection add CLEAR1 --kind core_soap --url https://..."""
    from deskterm.office import connections

    with at_desk(context) as desk:
        made = connections.add(
            desk, code=code, kind=kind, url=url, sender=sender, receiver=receiver, secret=secret,
            payers=payers,
        )  # fmt: skip
        said = {"id": made.id, "code": made.code}
    show(said, as_json, lambda: [f"added {said['code']}"])


@app.command()
@command
def edit(
    context: typer.Context,
    code: Code,
    pairs: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="timeout=30")],
    as_json: Json = False,
) -> None:
    """Change a connection. Example: admin connection edit CLEAR1 timeout=30 active=no

    Fields: name, url, sender, receiver, secret, payers, ca_file, request_field, answer_field,
    header, timeout, tries, test, active.
    """
    from deskterm.office import connections

    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or name not in (_NUMBERS | _FLAGS | _TEXTS):
            raise Invalid("Write FIELD=VALUE", "See --help for the fields", field=name[:20])
        if name in _NUMBERS:
            if not (text.isascii() and text.isdigit()):
                raise Invalid(f"{name} is a number", "For example 20", field=name)
            values[name] = int(text)
        elif name in _FLAGS:
            if text.lower() not in _YES:
                raise Invalid("Say yes or no", f"For example {name}=yes", field=name)
            values[name] = _YES[text.lower()]
        else:
            values[name] = text
    with at_desk(context) as desk:
        made = connections.edit(desk, code, **values)
        said = {"code": made.code, "active": bool(made.active)}
    show(said, as_json, lambda: [f"changed {said['code']}"])


@app.command(name="list")
@command
def list_connections(context: typer.Context, as_json: Json = False) -> None:
    """The connections, without their secrets. Example: admin connection list --json"""
    from deskterm.office import connections

    with at_desk(context) as desk:
        found = connections.every(desk)
    show(
        found, as_json,
        lambda: [f"{c['code']:<12} {c['kind']:<10} {'on ' if c['active'] else 'OFF'} {c['url']}"
                 + ("" if c["secret_there"] else "   SECRET MISSING") for c in found]
        or ["no connections: answers are noted by hand"],
    )  # fmt: skip
