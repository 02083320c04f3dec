"""The receipt handed to a patient: plain text for a narrow printer, a screen or a file.

It says who paid what for which kind of thing, never a diagnosis or the reason of a visit.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from deskterm.clock import local, parse_utc_text
from deskterm.db.fields import word_of
from deskterm.db.payments import PAYMENT_KINDS, PURPOSES, TENDER_KINDS
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, Invalid, NotFound, Unreachable
from deskterm.office import access
from deskterm.office.desk import Desk
from deskterm.text import fit, safe, width

WIDTHS = (32, 40, 42, 48)  # of 58 mm and 80 mm paper, as printers count them
_HEAD = """
SELECT y.id, y.receipt, y.kind, y.taken_at, y.by, y.desk, y.total_cents, y.balance_after_cents,
  y.note, y.void_reason, coalesce(o.receipt, b.receipt, ''), coalesce(v.receipt, ''),
  p.last_name, p.first_name, p.mrn, l.name, l.address, l.phone, l.zone, p.id
FROM payment y
JOIN patient p ON p.id = y.patient_id
JOIN location l ON l.id = y.location_id
LEFT JOIN payment o ON o.id = y.voids_id
LEFT JOIN payment b ON b.id = y.original_id
LEFT JOIN payment v ON v.voids_id = y.id
WHERE y.receipt = ?"""
_LINES = """
SELECT x.purpose, coalesce(c.service_day, ''), x.amount_cents,
  coalesce(upper(p.last_name || ' ' || substr(p.first_name, 1, 1)), '')
FROM allocation x LEFT JOIN charge c ON c.id = x.charge_id
LEFT JOIN patient p ON p.id = x.patient_id
WHERE x.payment_id = ? ORDER BY x.patient_id IS NOT NULL, x.patient_id, x.id"""
_TENDERS = """
SELECT kind, amount_cents, given_cents, reference, card_brand, card_last4, approval
FROM tender WHERE payment_id = ? ORDER BY id"""


class _Head(NamedTuple):
    """The payment, its patient and its place, as ``_HEAD`` reads them."""

    id: int
    receipt: str
    kind: str
    taken_at: str
    by: str
    desk: str
    total: int
    balance_after: int
    note: str
    void_reason: str
    voids: str
    voided_by: str
    last_name: str
    first_name: str
    mrn: str
    place: str
    address: str
    phone: str
    zone: str
    patient_id: int


def text(desk: Desk, receipt: str, *, duplicate: bool = False, columns: int = 40) -> str:
    """The receipt as lines of at most ``columns`` (one of ``WIDTHS``) cells.

    ``duplicate`` marks a copy. Raises NotFound, NotAllowed, Invalid.
    """
    desk.require("view_money")
    if columns not in WIDTHS:
        raise Invalid("A receipt is 32, 40, 42 or 48 columns wide", "", field="columns")
    head = _read(desk, receipt)
    access.require_patient(desk, head.patient_id)
    paid = desk.rows(_TENDERS, head.id)
    lines = desk.rows(_LINES, head.id)
    rule = "-" * columns
    out = [
        *_marks(head, duplicate, columns),
        *_practice(desk, head, columns),
        *_wrapped(head.receipt, columns),
        *_top(head, columns),
        rule,
        *_lines(lines, columns),
        rule,
        _line("total", head.total, columns),
        *(row for tender in paid for row in _tender(tender, columns)),
        rule,
        _balance(head.balance_after, columns),
        *_footer(head, lines, columns),
    ]
    return "\n".join(line.rstrip() for line in out) + "\n"


def write(desk: Desk, receipt: str, folder: str | os.PathLike[str]) -> Path:
    """Write the receipt into ``folder`` as ``NUMBER.txt``, for its owner's eyes only.

    Neither the folder nor the file may be a link: nothing is written anywhere else. The same
    receipt again is left as it is. Raises Conflict when the file holds something else or is
    not a plain file, Unreachable when it cannot be written.
    """
    content = text(desk, receipt).encode()
    name = re.sub(r"[^A-Za-z0-9-]", "_", _read(desk, receipt).receipt) + ".txt"
    path = Path(folder) / name
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot(name, error) from None
    try:
        _write_into(place, name, content)
    finally:
        os.close(place)
    return path


def _write_into(place: int, name: str, content: bytes) -> None:
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        handle = os.open(name, new, 0o600, dir_fd=place)
    except FileExistsError:
        if _holds(place, name, content):
            return
        raise Conflict(
            f"{name} is there already and holds something else",
            "Choose another folder, or move that file away",
            rule="file_exists",
        ) from None
    except OSError as error:
        raise _cannot(name, error) from None
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=place)
        raise _cannot(name, error) from None


def _read(desk: Desk, receipt: str) -> _Head:
    found = desk.rows(_HEAD, receipt.strip().upper())
    if not found:
        raise NotFound("No such receipt", "For example R-260318-031")
    return _Head(*found[0])


def _marks(head: _Head, duplicate: bool, columns: int) -> list[str]:
    marks = []
    if duplicate:
        marks.append("*** DUPLICATE ***")
    if head.voided_by:
        marks.append("*** VOIDED ***")
    elif head.kind != "payment":
        marks.append(f"*** {safe(word_of(PAYMENT_KINDS, head.kind)).upper()} ***")
    return [mark.center(columns) for mark in marks]


def _practice(desk: Desk, head: _Head, columns: int) -> list[str]:
    practice = safe(desk.settings.clinic)
    place = [] if safe(head.place) == practice else [head.place]
    said = [practice, *place, *head.address.split("\n"), head.phone]
    if desk.settings.tax_id:
        said.append(f"Tax id {desk.settings.tax_id}")
    rows = [row.strip() for words in said for row in _wrapped(words, columns)]
    return [" " * ((columns - width(row)) // 2) + row for row in rows]


def _top(head: _Head, columns: int) -> list[str]:
    at = local(parse_utc_text(head.taken_at), head.zone)
    initial = f" {head.first_name[:1]}" if head.first_name else ""
    who, mrn = f"{head.last_name}{initial}".upper(), f" #{safe(head.mrn)}"
    name = safe(who)
    if width(name + mrn) > columns:
        name = fit(name, columns - width(mrn))
    top = [f"{at:%m/%d/%Y} {show_time(at.time())}", fit(name + mrn, columns)]
    if head.voids:
        word = "voids" if head.kind == "void" else "about"
        top.append(fit(f"{word} {head.voids}", columns))
    if head.voided_by:
        top.append(fit(f"voided by {head.voided_by}", columns))
    return top


def _what(purpose: str, service_day: str) -> str:
    """``copay 03/18/2026``: the kind of due and the day of service, no more."""
    words = dict(PURPOSES).get(purpose, purpose).partition(",")[0]
    if not service_day:
        return words
    year, month, day = service_day.split("-")
    return f"{words} {month}/{day}/{year}"


def _lines(lines: Sequence[tuple[str, str, int, str]], columns: int) -> list[str]:
    """What it was for; what was paid for others of the family stands under their names."""
    rows, last = [], ""
    for purpose, day, cents, whose in lines:
        if whose != last:
            rows.append(fit(f"for {safe(whose)}", columns))
            last = whose
        rows.append(_line(_what(purpose, day), cents, columns))
    return rows


def _line(words: str, cents: int, columns: int) -> str:
    amount = show_cents(cents)
    return fit(words, columns - len(amount) - 1) + " " + amount


def _tender(row: tuple[str, int, int | None, str, str, str, str], columns: int) -> list[str]:
    kind, cents, given, reference, brand, last4, approval = row
    label = dict(TENDER_KINDS).get(kind, kind)
    if reference:
        label += f" {reference}"
    rows = [_line(f"{label} {brand}".strip(), cents, columns)]
    if last4:
        rows.append(fit(f"  ..{last4} {approval}", columns))
    if given is not None:
        rows.append(_line("  given", given, columns))
        rows.append(_line("  CHANGE", given - cents, columns))
    return rows


def _balance(cents: int, columns: int) -> str:
    if cents < 0:
        return _line("credit after", -cents, columns)
    return _line("balance after", cents, columns)


def _footer(head: _Head, lines: Sequence[tuple[str, str, int, str]], columns: int) -> list[str]:
    rows = []
    if head.kind == "payment" and {line[0] for line in lines} == {"copay"}:
        rows += _wrapped("ESTIMATE - insurance pending", columns)
    rows.append(fit(f"by {head.by} {head.desk}", columns))
    return rows


def _wrapped(words: str, columns: int) -> list[str]:
    return [fit(row, columns) for row in textwrap.wrap(safe(words), columns)]


def _holds(place: int, name: str, content: bytes) -> bool:
    """Whether ``name`` is a plain file, not a link to one, with just this content."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as there:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        return there.read(len(content) + 1) == content


def _cannot(name: str, error: OSError) -> Unreachable:
    return Unreachable(
        f"{name} cannot be written: {error.strerror}",
        "Check that the folder exists, may be written and has room",
    )
