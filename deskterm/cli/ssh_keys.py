"""``deskterm admin ssh-keys`` and ``admin gate``: who signs in over SSH, and what lets them in."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deskterm.cli.session import at_desk, command, show, the_day
from deskterm.errors import Invalid, Unreachable

if TYPE_CHECKING:
    from deskterm.office.ssh_keys import KeyRow

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Sign-in over SSH.")
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
_LARGEST = 64 * 1024  # bytes of a pasted key


class Deployed(StrEnum):
    """What ``admin gate`` prints."""

    gate = "gate"
    gate_sudo = "gate-sudo"
    keys_command = "keys-command"
    sshd_keys = "sshd-keys.conf"
    sshd_files = "sshd-files.conf"
    sshd_sudo = "sshd-sudo.conf"
    sudoers = "sudoers"
    backup_service = "deskterm-backup.service"
    backup_timer = "deskterm-backup.timer"


@app.command()
@command
def add(
    context: typer.Context,
    login: str,
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="a .pub file; - reads it")],
    label: Annotated[str, typer.Option(help="what it is on: laptop, front desk 2")] = "",
    addresses: Annotated[str, typer.Option("--from", help="only from, by commas")] = "",
    expires: Annotated[str, typer.Option(help="its last day")] = "",
    as_json: Json = False,
) -> None:
    """Enrol public keys, each one person's for ever. Example: admin ssh-keys add mlopez id.pub

    One key to a file, one line, without options. It opens the desk from the next sign-in on.
    """
    from deskterm.office import ssh_keys

    texts = [_text(name) for name in files]
    with at_desk(context) as desk:
        last: date | None = the_day(desk, expires) if expires else None
        made = [
            ssh_keys.add(desk, login, text, label=label, addresses=addresses, last_day=last)
            for text in texts
        ]
    show([asdict(row) for row in made], as_json, lambda: [_said(row) for row in made])


@app.command("list")
@command
def listing(
    context: typer.Context,
    login: Annotated[str | None, typer.Argument(metavar="[LOGIN]")] = None,
    as_json: Json = False,
) -> None:
    """Every key with its number, owner and state. Example: admin ssh-keys list mlopez"""
    from deskterm.office import ssh_keys

    with at_desk(context) as desk:
        found = ssh_keys.listing(desk, login)
    show([asdict(row) for row in found], as_json, lambda: [_said(row) for row in found])


@app.command()
@command
def revoke(
    context: typer.Context,
    key: Annotated[str, typer.Argument(metavar="NUMBER|FINGERPRINT")],
    reason: Annotated[str, typer.Option(help="why, for the journal")],
    as_json: Json = False,
) -> None:
    """Revoke a key for good, at once. Example: admin ssh-keys revoke 7 --reason "laptop lost" """
    from deskterm.office import ssh_keys

    with at_desk(context) as desk:
        row = ssh_keys.revoke(desk, key, reason=reason)
        published = bool(desk.settings.keys_file)
    more = [] if published else ["the authorized_keys file still has it: print it anew, now"]
    show(asdict(row), as_json, lambda: [_said(row), *more])


@app.command("print")
@command
def print_lines(context: typer.Context) -> None:
    """The authorized_keys lines of every good key. Example: admin ssh-keys print > FILE

    For a small clinic without AuthorizedKeysCommand; print them again after every change.
    """
    from deskterm.office import ssh_keys

    with at_desk(context) as desk:
        lines = ssh_keys.authorized_keys(desk)
    for line in lines:
        print(line)


@app.command()
@command
def publish(context: typer.Context, as_json: Json = False) -> None:
    """Write the keys file (setting keys_file) anew. Example: admin ssh-keys publish"""
    from deskterm.office import ssh_keys

    with at_desk(context) as desk:
        path = ssh_keys.publish(desk)
    if path is None:
        raise Invalid("No keys file is set", 'Put keys_file = "PATH" into deskterm.toml')
    show({"keys_file": path}, as_json, lambda: [f"published {path.name}"])


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def answer(context: typer.Context) -> None:
    """What AuthorizedKeysCommand runs; prints nothing on any error. Example: answer %u %t %k %f

    Before them --keys FILE and --gate PATH. Answered without loading any of this.
    """
    from deskterm.cli.ssh_answer import answer as answered

    raise typer.Exit(answered(context.args))


@command
def gate(name: Annotated[Deployed, typer.Argument(metavar="[NAME]")] = Deployed.gate) -> None:
    """Print what a server needs: the gate or a settings file. Example: admin gate sshd-keys.conf

    gate, gate-sudo, keys-command, sshd-keys.conf, sshd-files.conf, sshd-sudo.conf, sudoers,
    deskterm-backup.service, deskterm-backup.timer. docs/deployment.md says where they go.
    """
    print(deployed(name), end="")


def deployed(name: str) -> str:
    """The text of one file to install."""
    return resources.files("deskterm.cli.deploy").joinpath(name).read_text("utf-8")


def _text(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read(_LARGEST)
        with Path(name).expanduser().open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError as error:
        raise Unreachable(f"{Path(name).name} cannot be read: {error.strerror}", "") from None


def _said(row: KeyRow) -> str:
    words: list[Any] = [
        f"{row.id:>4}", f"{row.login:<12}", f"{row.state:<8}", row.kind, row.fingerprint, row.label
    ]  # fmt: skip
    if row.addresses:
        words.append(f"from {row.addresses}")
    if row.expires_on:
        words.append(f"until {row.expires_on}")
    return " ".join(word for word in words if word)
