"""Reports as files: CSV, Excel, hledger. Written for the owner's eyes only."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from deskterm.errors import Unreachable
from deskterm.exchange import spreadsheet
from deskterm.office import books, exports, money_reports
from deskterm.office.desk import Desk
from deskterm.office.tables import Table


def as_csv(table: Table) -> bytes:
    """One report as CSV."""
    kinds = [column.kind for column in table.columns]
    rows = [*table.rows, *((table.totals,) if table.totals else ())]
    text = spreadsheet.to_csv([column.name for column in table.columns], rows, kinds)
    return text.encode("utf-8-sig")


def as_xlsx(desk: Desk, first: date, last: date, location: str | None = None) -> bytes:
    """Every report of the period, one sheet each."""
    sheets = []
    for name in money_reports.REPORTS:
        table = money_reports.report(desk, name, first, last, location=location)
        rows = [*table.rows, *((table.totals,) if table.totals else ())]
        sheets.append(
            (name, [c.name for c in table.columns], rows, [c.kind for c in table.columns])
        )
    return spreadsheet.to_xlsx(sheets)


def as_hledger(desk: Desk, first: date, last: date) -> bytes:
    """The books of the period as an hledger journal."""
    return books.as_hledger(desk, first, last).encode()


def write_into(
    desk: Desk, folder: Path, name: str, content: bytes, *, what: str,
    patient_id: int | None = None, secret: str = "", asked: bool = False,
) -> Path:  # fmt: skip
    """Write a new file into the clinic's own folder, noted as an export of ``what``.

    Raises Unreachable, and NotAllowed where (``asked``) the PIN ``secret`` is missing or wrong.
    """
    exports.begin(desk, what, to=name, patient_id=patient_id, secret=secret, asked=asked)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"The folder for reports cannot be made: {error.strerror}", "Ask the administrator"
        ) from None
    return _write(folder / Path(name).name, content)


def write(desk: Desk, path: Path, content: bytes, *, what: str) -> Path:
    """Write a new file, never over another one; noted as an export. Raises Unreachable."""
    exports.begin(desk, what, to=path.name)
    return _write(path, content)


def _write(path: Path, content: bytes) -> Path:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
    except FileExistsError:
        raise Unreachable(
            f"{path.name} is there already", "Name another file, or move that one away"
        ) from None
    except OSError as error:
        raise Unreachable(
            f"{path.name} cannot be written: {error.strerror}",
            "Check that the folder exists, may be written and has room",
        ) from None
    return path
