"""The way out: from data to a widget, and from a widget to the terminal.

Two layers, because either alone has failed. :func:`show` turns data into ``Content``, which is
never read as markup: a patient called ``[/]`` would otherwise end the program. And
:class:`OutputFilter`, applied to every line of every widget, drops what could act on a terminal,
whatever the widget let through.
"""

from __future__ import annotations

import re

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from deskterm.terminal.theme import PAIR_STYLES, allowed
from deskterm.text import UNSAFE, safe, safe_block


def show(text: object, style: str = "") -> Content:
    """``text`` on one line as widgets may have it; ``style`` is a pair's name or style words."""
    return _styled(safe(text), style)


def show_block(text: object, style: str = "") -> Content:
    """Like :func:`show`, keeping line breaks."""
    return _styled(safe_block(text), style)


def _styled(text: str, style: str) -> Content:
    words = PAIR_STYLES.get(style, style)
    return Content.styled(text, words) if words else Content(text)


class OutputFilter(LineFilter):
    """Drops control and direction characters, links, and colours outside the pairs."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """``segments`` made harmless, each as wide as before."""
        return [
            Segment(
                text if _harmless(text) else UNSAFE.sub(_blank, text),
                None if style is None else allowed(style),
            )
            for text, style, _ in segments
        ]


def _harmless(text: str) -> bool:
    # Printable ASCII is nearly every segment, and this test is much cheaper than the pattern.
    return (text.isascii() and text.isprintable()) or UNSAFE.search(text) is None


def _blank(match: re.Match[str]) -> str:
    """Spaces as wide as what is dropped, so that the columns to the right stay in place."""
    return " " * cell_len(match[0])
