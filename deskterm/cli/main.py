"""The command line: global options, the groups (loaded when named), and the desk itself."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Annotated, Any, NoReturn

import typer
from typer._click.exceptions import ClickException
from typer.core import TyperGroup

from deskterm import __version__
from deskterm.cli.session import Options, fail, usage
from deskterm.errors import DesktermError, Unreachable

GROUPS = {
    "admin": "deskterm.cli.admin",
    "coverage": "deskterm.cli.coverage",
    "codes": "deskterm.cli.codes",
    "auth": "deskterm.cli.auth",
    "data": "deskterm.cli.data",
    "day": "deskterm.cli.day",
    "journal": "deskterm.cli.journal",
    "messages": "deskterm.cli.messages",
    "patients": "deskterm.cli.patients",
    "pay": "deskterm.cli.pay",
    "run": "deskterm.cli.run",
    "referrals": "deskterm.cli.referrals",
    "schedule": "deskterm.cli.schedule",
    "staff": "deskterm.cli.staff",
    "visits": "deskterm.cli.visits",
}
COMMANDS = {"demo": "deskterm.cli.demo"}


class LazyGroup(TyperGroup):
    """Imports a group's module only when it is named, or for the list of commands."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted({*GROUPS, *COMMANDS})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = GROUPS.get(cmd_name) or COMMANDS.get(cmd_name)
        if module is None:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = typer.main.get_command(importlib.import_module(module).app)
        return self.commands[cmd_name]


app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    invoke_without_command=True,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"deskterm {__version__}")
        raise typer.Exit(0)


@app.callback()
def root(
    context: typer.Context,
    database: Annotated[
        str | None, typer.Option("--db", metavar="PATH|URL", help="the clinic's database")
    ] = None,
    login: Annotated[str | None, typer.Option("--as", metavar="LOGIN", help="who acts")] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """The keyboard-only terminal desk for a medical office. Without a command: opens the desk.

    Also DESKTERM_DATABASE, DESKTERM_CONFIG and DESKTERM_DESK.
    Exit codes: 0 done, 2 usage, 3 not found, 4 invalid, 5 conflict or stale, 6 not allowed,
    7 busy or unreachable.
    """
    context.obj = Options(database, login)
    if context.invoked_subcommand is None:
        from deskterm.cli.open import open_the_desk

        raise typer.Exit(open_the_desk(database, login))


def run(arguments: list[str]) -> NoReturn:
    """Run one command line and end the process with its exit code; never a traceback."""
    command = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="deskterm", standalone_mode=False)
        # Out of the buffer now, while a failure can still be said.
        sys.stdout.flush()
    except ClickException as error:
        usage(error, as_json="--json" in arguments)
        raise SystemExit(error.exit_code) from None
    except typer.Abort:
        raise SystemExit(130) from None
    except DesktermError as error:
        fail(error, as_json="--json" in arguments)
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except OSError as error:
        if error.filename is not None:
            # A file named on the line, or one beside it, that nobody looked at more closely.
            trouble = Unreachable(f"A file cannot be used: {error.strerror}", "Check its name")
            fail(trouble, as_json="--json" in arguments)
            raise SystemExit(trouble.exit_code) from None
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            _unexpected(error)
        # The output is lost, so what is left in its buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        trouble = Unreachable(f"The output cannot be written: {error.strerror}", "Free some room")
        fail(trouble, as_json="--json" in arguments)
        raise SystemExit(trouble.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        _unexpected(error)
    raise SystemExit(code if isinstance(code, int) else 0)


def _unexpected(error: Exception) -> NoReturn:
    """Say that something went wrong which nobody foresaw, without any value, and end."""
    from deskterm.office.reference import describe

    print(describe(error), file=sys.stderr)
    raise SystemExit(1) from None
