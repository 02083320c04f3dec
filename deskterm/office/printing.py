"""Sending paper to a printer of the clinic's own print system (CUPS). Never through a shell.

A job's title holds no patient's name: it shows in queues and in files that printers make.
"""

from __future__ import annotations

import re
import shutil
import subprocess

from deskterm.errors import Unreachable
from deskterm.exchange import escpos, paper
from deskterm.office import receipts
from deskterm.office.desk import Desk

_SECONDS = 10
# Columns of a receipt: the paper's width in mm and the size in points at which they fill it.
_PAPERS = {48: (80, 7.1), 42: (80, 8.1), 40: (80, 8.5), 32: (58, 7.5)}
# What CUPS takes for a queue's name; whatever begins with a dash would be an option.
_QUEUE = re.compile(r"(?!-)[!-~]{1,127}")
_NOT_IN_A_QUEUE = frozenset("/#'\"?\\")
_PROGRAM_PATHS = "/usr/bin:/usr/local/bin:/bin"


def send(content: bytes, queue: str, title: str, *, raw: bool = False) -> None:
    """Hand a document to a print queue. Raises Unreachable, also when it takes too long."""
    if not queue:
        raise Unreachable("No printer is set up", "Set printer in the settings file")
    if not _QUEUE.fullmatch(queue) or _NOT_IN_A_QUEUE & set(queue):
        raise Unreachable(
            "The printer's name in the settings is not a queue's name",
            "See the names with lpstat -e, and mend the settings file",
        )
    program = shutil.which("lp", path=_PROGRAM_PATHS)
    if program is None:
        raise Unreachable("The print system is not installed", "Install cups-client")
    argv = [program, "-s", "-d", queue, "-t", title, *(["-o", "raw"] if raw else []), "--", "-"]
    try:
        done = subprocess.run(
            argv, input=content, capture_output=True, timeout=_SECONDS, check=False,
            env={"PATH": _PROGRAM_PATHS, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unreachable(
            f"The printer {queue} does not answer", "Look at it, then print again"
        ) from None
    except OSError as error:
        raise Unreachable(
            f"It cannot be printed: {error.strerror}",
            "Save it as a file, and tell whoever looks after this machine",
        ) from None
    if done.returncode:
        raise Unreachable(
            f"The printer {queue} did not take it", "Check that the queue exists and is on"
        )


def print_receipt(desk: Desk, receipt: str, *, duplicate: bool = False) -> bool:
    """Print a receipt on the receipt printer, if there is one; whether it was printed.

    Cash opens the drawer. Raises NotFound, Unreachable.
    """
    queue = desk.settings.receipt_printer
    if not queue:
        return False
    columns = _columns(desk)
    text = receipts.text(desk, receipt, duplicate=duplicate, columns=columns)
    cash = desk.rows(
        "SELECT 1 FROM payment y JOIN tender t ON t.payment_id = y.id"
        " WHERE y.receipt = ? AND t.kind = 'cash'",
        receipt.strip().upper(),
    )
    made = escpos.receipt(text.splitlines(), columns=columns, kick=bool(cash) and not duplicate)
    send(made, queue, f"receipt {receipt}", raw=True)
    return True


def receipt_pdf(desk: Desk, receipt: str, *, duplicate: bool = True) -> bytes:
    """The receipt as a PDF as wide as the printer's paper, for mail or a file.

    Raises NotFound, NotAllowed, Unreachable.
    """
    columns = _columns(desk)
    width_mm, size_pt = _PAPERS[columns]
    text = receipts.text(desk, receipt, duplicate=duplicate, columns=columns)
    return paper.render(
        "receipt",
        {"title": receipt.strip().upper(), "width": width_mm, "size": size_pt,
         "lines": text.splitlines()},
        folder=desk.settings.templates,
    )  # fmt: skip


def _columns(desk: Desk) -> int:
    """The widest receipt that the paper holds."""
    room = desk.settings.receipt_columns
    return max((columns for columns in receipts.WIDTHS if columns <= room), default=32)
