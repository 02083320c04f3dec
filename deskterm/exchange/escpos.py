"""A receipt as bytes for a receipt printer (ESC/POS), and the pulse that opens its drawer."""

from __future__ import annotations

from collections.abc import Sequence

from deskterm.text import width


def receipt(lines: Sequence[str], *, columns: int = 42, kick: bool = False) -> bytes:
    """The lines, cut at the end; ``kick`` opens the cash drawer first.

    Letters outside the printer's code pages are replaced, never sent as control bytes.
    """
    from escpos.printer import Dummy

    printer = Dummy()
    printer.hw("INIT")
    if kick:
        printer.cashdraw(2)
    for line in lines:
        printer.textln(_cut("".join(c if c.isprintable() else "?" for c in line), columns))
    printer.cut()
    return bytes(printer.output)


def _cut(line: str, columns: int) -> str:
    """As much of the line as the paper holds; a wide letter takes two columns of it."""
    while width(line) > columns:
        line = line[:-1]
    return line
