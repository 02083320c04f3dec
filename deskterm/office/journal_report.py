"""Who looked at or changed what, as a file for a spreadsheet; no cell of it is a formula."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from deskterm.errors import Conflict, Unreachable
from deskterm.office import exports
from deskterm.office.desk import Desk
from deskterm.office.journal_views import EntryRow
from deskterm.text import safe

HEAD = ("Entry", "Time", "Person", "Desk", "From", "What", "Patient", "Why", "Changed")
# What a spreadsheet takes for a formula, also in full width, as first letter after spaces.
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r")


def guarded(text: object) -> str:
    """A cell that a spreadsheet shows as it is: one like a formula gets a ``'`` in front."""
    cell = safe(text) if not str(text).startswith(("\t", "\r")) else "'" + safe(text)
    if cell.lstrip(" \u00a0\u3000").startswith(_FORMULA):
        return "'" + cell
    return cell


def as_csv(found: Sequence[EntryRow]) -> str:
    """The entries as CSV with a row of titles."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for row in found:
        writer.writerow(guarded(cell) for cell in (
            row.seq, f"{row.at:%Y-%m-%d %H:%M:%S}", row.actor, row.desk, row.origin, row.what,
            "" if row.patient_id is None else row.patient_id, row.reason, "; ".join(row.words),
        ))  # fmt: skip
    return out.getvalue()


def may_write(path: Path) -> None:
    """Ask before the entries are read, so a name that is taken costs nobody a wait.

    Raises Conflict for a file that exists.
    """
    if path.exists():
        raise Conflict(f"{safe(path.name)} exists already", "Choose another name")


def write_csv(desk: Desk, path: Path, found: Sequence[EntryRow]) -> None:
    """Write the entries to a new file that only its owner may read; the export is noted first.

    Raises Conflict for a file that exists, Unreachable when it cannot be written.
    """
    exports.begin(desk, "journal", to=safe(path.name), entries=len(found))
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="") as out:
            out.write(as_csv(found))
    except FileExistsError:
        raise Conflict(f"{safe(path.name)} exists already", "Choose another name") from None
    except OSError as error:
        raise Unreachable(
            f"{path.name} cannot be written: {error.strerror}", "Choose another place"
        ) from None
