"""A published list of codes as a file gave it, and what every reader of such files shares.

Readers take bytes and give a :class:`CodeList`. A file that is not what it should be is refused
as a whole, with the line: half a list would end codes that are still good.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn

from deskterm.errors import Invalid
from deskterm.text import tidy_import

LARGEST = 64 * 1024 * 1024  # bytes; the largest known, the tabular XML, has 10 million
LONGEST_LABEL, LONGEST_ALSO = 2000, 8000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Listed:
    """One code of a list. ``also`` are other names for it; ``notes`` pairs of kind and text.

    The days are the list's own, where it gives each code some (HCPCS).
    """

    code: str
    label: str
    kind: str = "code"
    also: str = ""
    notes: tuple[tuple[str, str], ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class CodeList:
    """What a file lists. ``complete`` are the kinds of which it lists every one, so that what is
    missing has ended; ``left_out`` counts what was not taken, by reason."""

    system: str
    form: str
    entries: tuple[Listed, ...]
    complete: frozenset[str]
    starts_on: date | None = None
    left_out: dict[str, int] = field(default_factory=dict)


def text_of(data: bytes) -> str:
    """A file's text: UTF-8, or else the Windows encoding that CMS also uses. Raises Invalid."""
    if len(data) > LARGEST:
        raise Invalid("The file is too large for a list of codes", "Is it the right file?")
    if b"\0" in data[:4096]:
        raise Invalid("Not a text file (line 1)", "Unpack it, or save the sheet as CSV", line=1)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def wrong(line: int, why: str, hint: str = "Nothing was changed; get the file again") -> NoReturn:
    """Refuse a file for one of its lines."""
    raise Invalid(f"Line {line}: {why}", hint, line=line)


def label_text(text: str, limit: int = LONGEST_LABEL) -> str:
    """Words of a list as they are stored."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()[:limit]
    return tidy_import(" ".join(text.split()), limit=limit)


def without_doubles(entries: Sequence[tuple[int, Listed]]) -> tuple[Listed, ...]:
    """The entries, each with its line; refuses a code that comes twice."""
    seen: dict[tuple[str, str], int] = {}
    for line, entry in entries:
        first = seen.setdefault((entry.code, entry.kind), line)
        if first != line:
            wrong(line, f"{entry.code} stands on line {first} already")
    if not entries:
        raise Invalid("The file lists no code", "Is it the right file?")
    return tuple(entry for _, entry in entries)


def day_of(text: str, line: int) -> date | None:
    """A date as these files write it (``20260101``, ``1/31/2026``, ``2026-01-31``), or none."""
    text = text.strip().removesuffix(".0")
    if not text or set(text) == {"0"}:
        return None
    for shape, order in (
        (r"(\d{4})(\d\d)(\d\d)", (0, 1, 2)),
        (r"(\d{4})-(\d\d)-(\d\d)(?:[ T].*)?", (0, 1, 2)),
        (r"(\d{1,2})/(\d{1,2})/(\d{4})", (2, 0, 1)),
    ):
        found = re.fullmatch(shape, text, re.ASCII)
        if found:
            try:
                return date(*(int(found.groups()[place]) for place in order))
            except ValueError:
                break
    wrong(line, f"{label_text(text, 20)} is not a date")


def fiscal_year(name: str) -> date | None:
    """The first day that an ICD-10-CM file is for, by its name.

    ``icd10cm_order_2026.txt`` is fiscal year 2026, from 2025-10-01; one that also names April is
    the update of that month (``icd10cm-order-April-2026.txt``).
    """
    year = re.search(r"(?<!\d)20\d\d(?!\d)", name)
    if not year:
        return None
    if "apr" in name.lower():
        return date(int(year.group()), 4, 1)
    return date(int(year.group()) - 1, 10, 1)


def quarter(name: str) -> date | None:
    """The first day of the quarter that a HCPCS file's name says: ``HCPC2026_JAN_ANWEB.txt``."""
    found = re.search(r"(20\d\d)[ _-]*([a-z]{3})|([a-z]{3})[a-z]*[ _-]+(20\d\d)", name.lower())
    if not found:
        return None
    year, month = found.group(1) or found.group(4), found.group(2) or found.group(3)
    return date(int(year), _MONTHS.index(month) + 1, 1) if month in _MONTHS else None


def table(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV or tab-separated file, each with its line; empty ones are passed over."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    mark = max("\t,;|", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=mark, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            wrong(line, "the quotes do not match")
        if any(cell.strip() for cell in row):
            yield line, row


def columns(row: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each wanted column is, by the names that it may have in a heading row."""
    names = [re.sub(r"[^a-z0-9]", "", cell.lower()) for cell in row]
    found = {}
    for key, spellings in wanted.items():
        place = next((names.index(s) for s in spellings if s in names), None)
        if place is not None:
            found[key] = place
    return found
