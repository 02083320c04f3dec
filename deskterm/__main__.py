"""The front door: ``deskterm`` opens the desk, ``deskterm COMMAND`` runs one batch command."""

from __future__ import annotations

import sys


def main() -> None:
    """Answer ``--version`` at once; otherwise hand over to the command line."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from deskterm import __version__

        print(f"deskterm {__version__}")
        return
    # Peewee would load the PostgreSQL driver if it is installed, for 0.2 s and 9 MB of nothing.
    sys.modules.setdefault("psycopg", None)  # type: ignore[arg-type]
    from deskterm.cli.main import run

    run(arguments)


if __name__ == "__main__":
    main()
