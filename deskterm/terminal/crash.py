"""What is left of a crash: where it happened and a reference, and nothing anybody typed.

A traceback's local variables are patients, and so are many exceptions' messages
(``KeyError: 'Smith'``). So only file, line, function and the exception's type are kept.
"""

from __future__ import annotations

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from traceback import walk_tb

from deskterm.values import dataclass

_PACKAGE = Path(__file__).resolve().parent.parent
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_DEEPEST_CHAIN = 10


@dataclass(frozen=True)
class Crash:
    """One crash: ``reference`` for the phone, ``where`` as file:line, ``details`` for the log."""

    reference: str
    where: str
    details: str

    def lines(self, log: Path | None = None) -> list[str]:
        """What the clerk sees once the terminal is normal again."""
        told = [
            f"The desk stopped at {self.where}. Reference {self.reference}.",
            "What you typed is kept as a draft. Open the desk again to go on.",
        ]
        if log is not None:
            told.append(f"Details, without any patient data: {log}")
        return told


def describe(error: BaseException) -> Crash:
    """``error`` without its message and without any value."""
    reference = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    chain = _chain(error)
    frames = _frames(chain[-1])
    own = [place for place in frames if not place.startswith("lib/")]
    where = (own or frames or ["an unknown place"])[-1].partition(" ")[0]
    told = [f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {reference}"]
    for link in chain:
        told.append(f"  {type(link).__module__}.{type(link).__qualname__}")
        told.extend(f"    {place}" for place in _frames(link))
    return Crash(reference, where, "\n".join(told) + "\n")


def write_log(crash: Crash, log: Path) -> bool:
    """Append to ``log``, readable by its owner only. False when it cannot be written."""
    try:
        fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "a", encoding="utf-8") as file:
            file.write(crash.details)
    except OSError:
        return False
    return True


def tell(crash: Crash, log: Path | None) -> None:
    """Log ``crash`` and say so on stderr. Call when the terminal is normal again."""
    written = log is not None and write_log(crash, log)
    for line in crash.lines(log if written else None):
        print(line, file=sys.__stderr__)


def _chain(error: BaseException) -> list[BaseException]:
    """``error``, then what caused it; a failed worker's own error is its cause."""
    chain = [error]
    while len(chain) < _DEEPEST_CHAIN:
        last = chain[-1]
        inner = getattr(last, "error", None)
        cause = inner if isinstance(inner, BaseException) else last.__cause__ or last.__context__
        if cause is None or cause in chain:
            break
        chain.append(cause)
    return chain


def _frames(error: BaseException) -> list[str]:
    """Places from the outermost to the innermost, as ``file:line function``."""
    return [
        f"{_place(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]


def _place(filename: str) -> str:
    """A file's name inside the program, or under ``lib/`` for everybody else's."""
    path = Path(filename)
    try:
        return str(Path(_PACKAGE.name) / path.relative_to(_PACKAGE))
    except ValueError:
        library = "site-packages" in path.parts or path.is_relative_to(sys.base_prefix)
        return f"lib/{path.name}" if library else path.name
