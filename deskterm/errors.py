"""The errors a clerk can act on, and the exit code each gives a batch command.

``message`` says what happened in the clerk's words and what was kept; ``hint`` says the next
step. Neither ever holds a patient's name, birth date or number: messages reach logs.
"""

from __future__ import annotations

from typing import Any, ClassVar


def sentence(message: str, hint: str) -> str:
    """A message and its hint with one full stop between; a question keeps its own mark."""
    end = "" if message.endswith(("?", "!", ".")) else "."
    return f"{message}{end} {hint}" if hint else message


class DesktermError(Exception):
    """Something the person at the desk can understand and act on."""

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details

    @property
    def sentence(self) -> str:
        """What happened and the next step, as one text."""
        return sentence(self.message, self.hint)

    def as_dict(self) -> dict[str, Any]:
        """The error as ``--json`` prints it."""
        return {"error": self.kind, "message": self.message, "hint": self.hint, **self.details}


class NotFound(DesktermError):
    """The record, receipt or code asked for does not exist."""

    exit_code = 3
    kind = "not_found"


class Invalid(DesktermError):
    """A value cannot be accepted. ``field`` names the field it was typed into."""

    exit_code = 4
    kind = "invalid"

    def __init__(self, message: str, hint: str = "", *, field: str = "", **details: Any) -> None:
        if field:
            details["field"] = field
        super().__init__(message, hint, **details)
        self.field = field


class Conflict(DesktermError):
    """The office's rules or another booking stand in the way. ``rule`` is the conflict class."""

    exit_code = 5
    kind = "conflict"

    def __init__(self, message: str, hint: str = "", *, rule: str = "", **details: Any) -> None:
        if rule:
            details["rule"] = rule
        super().__init__(message, hint, **details)
        self.rule = rule


class Stale(DesktermError):
    """Another desk changed the record since it was read. ``changes`` says who, when and what."""

    exit_code = 5
    kind = "stale"


class NotAllowed(DesktermError):
    """The person signed in may not do this."""

    exit_code = 6
    kind = "not_allowed"


class Busy(DesktermError):
    """The database is locked by another writer for longer than a clerk should wait."""

    exit_code = 7
    kind = "busy"


class Unreachable(DesktermError):
    """The database cannot be opened, read or written at all."""

    exit_code = 7
    kind = "unreachable"
