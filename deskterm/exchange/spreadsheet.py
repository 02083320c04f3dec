"""Rows for Excel and for CSV: no cell ever runs as a formula, amounts are numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

# What a spreadsheet takes for a formula, also behind spaces, also in full width.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_CENTS_FORMAT = "#,##0.00;-#,##0.00"


def guarded(text: str) -> str:
    """``text`` with an apostrophe before what would run as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def to_csv(header: Sequence[str], rows: Sequence[Sequence[Any]], kinds: Sequence[str]) -> str:
    """Comma separated text; cents as 25.00."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in header])
    for row in rows:
        writer.writerow([_plain(value, kind) for value, kind in zip(row, kinds, strict=True)])
    return out.getvalue()


def to_xlsx(
    sheets: Sequence[tuple[str, Sequence[str], Sequence[Sequence[Any]], Sequence[str]]],
) -> bytes:
    """A workbook: (name, header, rows, kinds) per sheet; the last row may hold totals."""
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
         "strings_to_numbers": False},
    )  # fmt: skip
    bold = book.add_format({"bold": True})
    money = book.add_format({"num_format": _CENTS_FORMAT})
    percent = book.add_format({"num_format": "0 %"})
    for name, header, rows, kinds in sheets:
        sheet = book.add_worksheet(name[:31])
        for at, title in enumerate(header):
            sheet.write_string(0, at, title, bold)
        for down, row in enumerate(rows, 1):
            for at, (value, kind) in enumerate(zip(row, kinds, strict=True)):
                if value is None or value == "":
                    continue
                if kind == "cents":
                    sheet.write_number(down, at, value / 100, money)
                elif kind == "percent":
                    sheet.write_number(down, at, value / 100, percent)
                elif kind == "count" and isinstance(value, int):
                    sheet.write_number(down, at, value)
                else:
                    sheet.write_string(down, at, str(value))
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    book.close()
    return out.getvalue()


def _plain(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "cents":
        sign = "-" if value < 0 else ""
        return f"{sign}{abs(value) // 100}.{abs(value) % 100:02d}"
    if kind == "percent":
        return f"{value:.1f}"
    return guarded(str(value))
