"""The front door: ``deskterm`` opens the desk, ``deskterm COMMAND`` runs one batch command."""

from __future__ import annotations

import os
import sys


def _only_options(arguments: list[str]) -> dict[str, str] | None:
    """The values of ``--db`` and ``--as`` when there is nothing else; None for any other line."""
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if name not in ("--db", "--as"):
            return None
        if not equals:
            if not rest or rest[0].startswith("-"):
                return None
            value = rest.pop(0)
        found[name] = value
    return found


def main() -> None:
    """Answer ``--version`` at once; otherwise hand over to the command line."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from deskterm import __version__

        print(f"deskterm {__version__}")
        return
    if arguments[:3] == ["admin", "ssh-keys", "answer"]:
        # sshd asks at every sign-in: no library may be loaded, and no error may be said.
        from deskterm.cli.ssh_answer import answer

        raise SystemExit(answer(arguments[3:]))
    if "DESKTERM_GATE" in os.environ:
        from deskterm.cli.gate import enter

        enter(arguments)
    options = _only_options(arguments)
    if options is not None:
        # Opening the desk is the hot path: it pays for no command-line library.
        from deskterm.cli.open import open_from_shell

        sys.modules.setdefault("psycopg", None)  # type: ignore[arg-type]
        raise SystemExit(open_from_shell(options))
    # Peewee would load the PostgreSQL driver if it is installed, for 0.2 s and 9 MB of nothing.
    sys.modules.setdefault("psycopg", None)  # type: ignore[arg-type]
    from deskterm.cli.main import run

    run(arguments)


if __name__ == "__main__":
    main()
