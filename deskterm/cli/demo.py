"""``deskterm demo``: a sample clinic's desk, in a folder of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from deskterm.cli.session import command
from deskterm.config import Settings, load
from deskterm.db.database import rows
from deskterm.errors import Conflict, DesktermError, Unreachable
from deskterm.office import day_board, demo, demo_data
from deskterm.office.clinic import write_settings
from deskterm.office.desk import Desk, open_desk
from deskterm.text import safe

app = typer.Typer(rich_markup_mode=None)
DEFAULT = "~/.local/share/deskterm-demo"
LOGIN = "mlopez"
MARK = "sample-clinic"
FILES = ("clinic.db", "clinic.db-wal", "clinic.db-shm", "clinic.db.key", "clinic.db-queue",
         "clinic.db.pepper", "deskterm.toml")  # fmt: skip


@app.command()
@command
def demo_clinic(
    folder: Annotated[Path, typer.Option("--dir", help="where the sample lives")] = Path(DEFAULT),
    seed: Annotated[int, typer.Option(help="another seed, another clinic")] = 1,
    patients: Annotated[int, typer.Option(min=20, max=5000, help="how many patients")] = 400,
) -> None:
    """Make a sample clinic and open its desk; without a terminal, print its day.

    Example: deskterm demo --seed 7
    """
    desk, settings = sample(folder.expanduser(), seed, patients)
    for login, name, role in (*demo_data.STAFF, (*demo.ADMIN, "owner")):
        pin = demo_data.PINS[login]
        print(f"--as {login:<8} PIN {pin}  {role.replace('_', ' ')}: {name}", file=sys.stderr)
    if sys.stdin.isatty() and sys.stdout.isatty():
        from deskterm.cli.open import run

        raise typer.Exit(run(desk, settings))
    board = day_board.day(desk, desk.today())
    print(f"{settings.clinic} (sample) {board.day:%a %b} {board.day.day} {board.day.year}")
    for row in board.rows:
        print(safe(
            f"{row.start:%H:%M} {row.provider:<7} {row.number:>3} {row.patient:<28}"
            f" {row.visit_type:<4} {row.state} {row.flags}".rstrip()
        ))  # fmt: skip
    desk.close()


def sample(folder: Path, seed: int, patients: int) -> tuple[Desk, Settings]:
    """The sample clinic in ``folder``: the one there if it is of today, or a new one.

    Raises Conflict for a folder that holds anything but a sample.
    """
    mark, database, config = folder / MARK, folder / "clinic.db", folder / "deskterm.toml"
    wanted = f"seed {seed} patients {patients}"
    if not mark.exists():
        for name in FILES:
            if (folder / name).exists():
                raise Conflict(
                    f"{folder.name} holds a {name} that is not a sample's; it was not touched",
                    "Name another folder with --dir",
                )
    if database.exists() and mark.read_text("utf-8").startswith(wanted):
        settings = load({}, database=str(database), config=config)
        try:
            desk = open_desk(settings, login=LOGIN)
        except DesktermError:
            pass
        else:
            made = rows(desk.database, "SELECT min(day) FROM row_number")
            today = desk.today().isoformat()
            if mark.read_text("utf-8").strip() == f"{wanted} day {today}" and made:
                return desk, settings
            desk.close()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Marked before it is filled: a half made sample is a sample too.
        mark.write_text(f"{wanted} unfinished\n", "utf-8")
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        write_settings(
            config,
            {"clinic": "Main St Clinic", "zone": "America/Chicago", "default_login": LOGIN,
             "practice": True, "database": "clinic.db", "policy": {"totp_roles": []}},
        )  # fmt: skip
    except OSError as error:
        raise Unreachable(
            f"The folder {folder.name} cannot be written: {error.strerror}", "Choose another --dir"
        ) from None
    settings = load({}, database=str(database), config=config)
    print("Making the sample clinic ...", file=sys.stderr)
    desk = demo.make_demo(settings, seed=seed, patients=patients)
    mark.write_text(f"{wanted} day {desk.today().isoformat()}\n", "utf-8")
    return desk, settings
