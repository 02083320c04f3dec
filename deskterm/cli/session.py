"""What every batch command shares: the desk it works on, how it prints, how it fails."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TypeVar

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError

from deskterm.clock import zone
from deskterm.config import Settings, load
from deskterm.errors import DesktermError, Invalid, sentence
from deskterm.office.desk import Desk, open_desk
from deskterm.text import safe

MOST = 300  # characters of what is quoted back

if TYPE_CHECKING:
    from deskterm.office.approvals import Approved

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Options:
    """The options before the command."""

    database: str | None = None
    login: str | None = None

    def settings(self) -> Settings:
        """Settings of the clinic that the command is for."""
        return load(database=self.database)


@contextmanager
def at_desk(context: typer.Context) -> Iterator[Desk]:
    """The clinic's desk for the length of one command."""
    options: Options = context.obj or Options()
    desk = open_desk(options.settings(), login=options.login)
    try:
        yield desk
    finally:
        desk.close()


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the error family into a sentence on stderr and the documented exit code."""

    @wraps(function)
    def run(*given: P.args, **named: P.kwargs) -> R:
        try:
            return function(*given, **named)
        except DesktermError as error:
            fail(error, as_json=bool(named.get("as_json")))
            raise typer.Exit(error.exit_code) from None

    return run


def fail(error: DesktermError, *, as_json: bool = False) -> None:
    """Say an error on stderr."""
    message = quoted(error.message)
    if as_json:
        value = {**error.as_dict(), "message": message}
        print(json.dumps(value, ensure_ascii=True, default=str), file=sys.stderr)
        return
    print(safe(sentence(message, error.hint)), file=sys.stderr)


def quoted(text: str) -> str:
    """A message no longer than can be read: it may quote whatever was typed."""
    return text if len(text) <= MOST else text[:MOST] + " ..."


def usage(error: ClickException, *, as_json: bool = False) -> None:
    """Say on stderr that a command line cannot be understood; it may quote hostile words."""
    path = error.ctx.command_path if isinstance(error, UsageError) and error.ctx else "deskterm"
    # A group without its command answers with its help, which has lines of its own.
    lines = error.format_message().split("\n") if isinstance(error, NoArgsIsHelpError) else []
    if lines and not as_json:
        for line in lines:
            print(safe(line), file=sys.stderr)
        return
    message = quoted("A command is needed" if lines else safe(error.format_message()).rstrip("."))
    hint = f"{safe(path)} --help tells more"
    if as_json:
        value = {"error": "usage", "message": message, "hint": hint}
        print(json.dumps(value, ensure_ascii=True), file=sys.stderr)
        return
    print(f"{message}. {hint}", file=sys.stderr)


def show(value: Any, as_json: bool, lines: Callable[[], Sequence[str]]) -> None:
    """Print a result: JSON, or ``lines`` for people.

    A line break in somebody's text must not make a line of its own: it could say anything.
    """
    if as_json:
        print(json.dumps(value, ensure_ascii=True, default=_plain))
        return
    for line in lines():
        print(safe(line))


def _plain(value: Any) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


def the_day(desk: Desk, text: str, *, future: bool = True) -> date:
    """A day as the desk's fields take it: ``t``, ``t+2w``, ``next tue``, ``2026-03-18``."""
    from deskterm.entry.dates import parse_date

    order = desk.settings.policy.date_order
    return parse_date(text, today=desk.today(), future=future, order=order).day


def the_moment(text: str) -> datetime:
    """Wall time as ``YYYY-MM-DD HH:MM``. Raises Invalid."""
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"):
        try:
            if text.isascii():
                return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    raise Invalid("That is not a time", 'Write it as "2026-03-24 13:20"', field="at")


Approver = Annotated[
    str, typer.Option(metavar="LOGIN", help="the second person; their PIN is asked for")
]


def approved(desk: Desk, operation: str, approver: str) -> Approved | None:
    """The second person's yes, whose PIN is typed or read from standard input. NotAllowed."""
    if not approver:
        return None
    from deskterm.cli.secrets import read_secret
    from deskterm.office import approvals

    pin = read_secret(f"PIN of {approver}")
    return approvals.approve(desk, operation, login=approver, secret=pin)


def check_zone(name: str) -> str:
    """An IANA zone name. Raises Invalid."""
    zone(name)
    return name
