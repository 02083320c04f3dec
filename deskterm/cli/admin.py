"""``deskterm admin``: init, doctor, backup, restore; ssh-keys and gate."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from deskterm.cli import connections, ssh_keys
from deskterm.cli.session import Options, at_desk, command, show

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Set up and look after.")
app.add_typer(ssh_keys.app, name="ssh-keys")
app.add_typer(connections.app, name="connection")
app.command()(ssh_keys.gate)
Json = Annotated[bool, typer.Option("--json", help="print JSON")]


@app.command()
@command
def init(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="the first administrator's name")] = "",
    as_json: Json = False,
) -> None:
    """Make a new clinic. Example: deskterm --db clinic.db --as admin admin init --name "A Ex" """
    from deskterm.office import clinic
    from deskterm.office.desk import os_login

    options: Options = context.obj
    login = options.login or os_login() or "admin"
    settings = options.settings()
    desk = clinic.init(settings, login=login, name=name or login)
    desk.close()
    show({"database": settings.database_path.name, "administrator": login}, as_json,
         lambda: [f"made {settings.database_path.name}; {login} is its administrator",
                  f"keep a copy of {settings.key_path.name} elsewhere"])  # fmt: skip


@app.command()
@command
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look for what can hurt, and say what to do; exit code 5 when something fails.

    Example: deskterm --db clinic.db admin doctor
    """
    from deskterm.office import doctor as doctors

    checks = doctors.examine(context.obj.settings())
    show([asdict(c) for c in checks], as_json,
         lambda: [f"{c.level:<5} {c.name:<22} {c.found}" + (f"  -> {c.hint}" if c.hint else "")
                  for c in checks])  # fmt: skip
    if doctors.worst(checks) == "FAIL":
        raise typer.Exit(5)


@app.command()
@command
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE")],
    with_key: Annotated[bool, typer.Option(help="copy the journal's key beside it")] = True,
    as_json: Json = False,
) -> None:
    """Back up while desks work; verified by opening it. Example: admin backup /safe/monday.db"""
    from deskterm.office import backup as backups

    with at_desk(context) as desk:
        done = backups.backup(desk, target, with_key=with_key)
    show(done.as_dict(), as_json, lambda: [f"backed up and verified: {target.name}"])


@app.command()
@command
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="FILE")],
    as_json: Json = False,
) -> None:
    """Put a verified backup in place; the file that was there is kept aside.

    Example: admin restore /safe/monday.db
    """
    from deskterm.office import backup as backups

    done = backups.restore(context.obj.settings(), source)
    show(asdict(done), as_json, lambda: [f"restored from {source.name}"])
