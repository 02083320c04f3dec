"""``deskterm admin connection``: how payers and clearinghouses are reached."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deskterm.cli.session import at_desk, command, show
from deskterm.errors import Invalid, Unreachable

if TYPE_CHECKING:
    from deskterm.office.connections import ConnectionRow

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="How payers and clearinghouses are reached."
)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


class Kind(StrEnum):
    """The kinds of connections."""

    core_soap = "core_soap"
    core_mime = "core_mime"
    json = "json"
    folder = "folder"


@app.command()
@command
def add(
    context: typer.Context,
    code: str,
    url: Annotated[str, typer.Argument(metavar="URL|FOLDER", help="https://, sftp:// or a path")],
    kind: Annotated[Kind, typer.Option(help="core_soap, core_mime, json or folder")],
    name: str = "",
    sender: Annotated[str, typer.Option(help="our id there")] = "",
    receiver: Annotated[str, typer.Option(help="theirs")] = "",
    secret: Annotated[
        str, typer.Option(metavar="WHERE", help="file:NAME, credential:NAME, env:DESKTERM_SECRET_X")
    ] = "",
    payer: Annotated[
        list[str] | None, typer.Option(help="a payer id it serves; * all others")
    ] = None,
    timeout: Annotated[int, typer.Option(help="seconds for a whole answer")] = 20,
    retries: Annotated[int, typer.Option(help="how often asked again")] = 4,
    at_once: Annotated[int, typer.Option(help="questions on the wire")] = 16,
    ca_file: Annotated[str, typer.Option(help="PEM: instead of the system's authorities")] = "",
    certificate: Annotated[str, typer.Option(help="PEM: ours, with its key")] = "",
    host_key: Annotated[str, typer.Option(help="a file with the SFTP server's public key")] = "",
    field: Annotated[list[str] | None, typer.Option(help="json: request=x12, header=X-Key")] = None,
    as_json: Json = False,
) -> None:
    """Set a connection up. Example: admin connection add STEDI https://x.example/core --kind
    core_soap --sender C1 --receiver STEDI --secret file:stedi --payer '*'

    The secret itself is never given here: docs/payers.md says where it is kept.
    """
    from deskterm.office import connections

    named = [text.partition("=") for text in field or ()]
    if any(not mark for _, mark, _ in named):
        raise Invalid("A field is NAME=VALUE", "request, answer, header, prefix", field="fields")
    entry = connections.ConnectionEntry(
        code, kind.value, url, name, sender, receiver, secret, " ".join(payer or ["*"]), timeout,
        retries, at_once, ca_file, certificate, _key(host_key),
        {key: value for key, _, value in named},
    )  # fmt: skip
    with at_desk(context) as desk:
        row = connections.add(desk, entry)
    show(asdict(row), as_json, lambda: [_said(row)])


@app.command("list")
@command
def listing(context: typer.Context, as_json: Json = False) -> None:
    """Every connection and where its secret is kept. Example: admin connection list --json"""
    from deskterm.office import connections

    with at_desk(context) as desk:
        found = connections.listing(desk)
    show([asdict(row) for row in found], as_json, lambda: [_said(row) for row in found])


@app.command()
@command
def test(context: typer.Context, code: str, as_json: Json = False) -> None:
    """Look whether it can be used, asking about nobody. Example: admin connection test STEDI

    Exit code 5 when something is not as it must be.
    """
    from deskterm.office import connections

    with at_desk(context) as desk:
        checks = connections.check(desk, code)
    lines = [f"{'ok' if c.good else 'FAIL':<5} {c.what:<10} {c.found}" for c in checks]
    show([asdict(c) for c in checks], as_json, lambda: lines)
    if not all(c.good for c in checks):
        raise typer.Exit(5)


@app.command()
@command
def disable(
    context: typer.Context,
    code: str,
    reason: Annotated[str, typer.Option(help="why, for the journal")],
    as_json: Json = False,
) -> None:
    """Use it no more; what waits stays. Example: admin connection disable STEDI --reason x"""
    from deskterm.office import connections

    with at_desk(context) as desk:
        row = connections.set_active(desk, code, active=False, reason=reason)
    show(asdict(row), as_json, lambda: [_said(row)])


@app.command()
@command
def enable(context: typer.Context, code: str, as_json: Json = False) -> None:
    """Use it again. Example: admin connection enable STEDI"""
    from deskterm.office import connections

    with at_desk(context) as desk:
        row = connections.set_active(desk, code, active=True)
    show(asdict(row), as_json, lambda: [_said(row)])


def _key(name: str) -> str:
    """The type and the key out of a public key file or a line of known_hosts."""
    if not name:
        return ""
    try:
        words = Path(name).expanduser().read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        raise Unreachable(f"{Path(name).name} cannot be read", "") from None
    at = next((n for n, word in enumerate(words) if word.startswith(("ssh-", "ecdsa-"))), -1)
    if at < 0 or len(words) < at + 2:
        raise Invalid("There is no public key in that file", "ssh-keyscan -t ed25519 HOST")
    return f"{words[at]} {words[at + 1]}"


def _said(row: ConnectionRow) -> str:
    state = "active" if row.active else "DISABLED"
    return (f"{row.code:<12} {state:<8} {row.kind:<9} {row.url}  serves {row.payers}"
            f"  secret {row.secret or '-'}")  # fmt: skip
