"""Making lines of an exact number of cells out of data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeGuard

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from deskterm.text import fit, safe, width
from deskterm.widgets.styles import PLAIN, SELECTED, STYLES

# Joiners and variation selectors change the width of their neighbours, and terminals
# disagree about how; without them a name is still readable.
_DISPUTED = dict.fromkeys([0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)])


class Part(NamedTuple):
    """Text with the name of a style from ``styles.STYLES``; data, never markup."""

    text: str
    style: str = ""


def _is_plain(text: object) -> TypeGuard[str]:
    """Whether ``text`` is printable ASCII: nearly all is, and needs none of the care below."""
    return type(text) is str and text.isascii() and text.isprintable()


def cells(text: object, count: int, *, right: bool = False) -> str:
    """``text`` as exactly ``count`` terminal cells, cut with ``~``.

    The painter and the terminal must agree on the width, or everything right of a name moves:
    what they disagree on is left out, and shown as ``?`` when that is not enough.
    """
    value = text if _is_plain(text) else safe(text)
    if value.isascii():
        return fit(value, count, right=right)
    for attempt in (value, value.translate(_DISPUTED)):
        fitted = fit(attempt, count, right=right)
        if cell_len(fitted) == width(fitted) == max(count, 0):
            return fitted
    plain = "".join(c if c.isascii() else "?" for c in value.translate(_DISPUTED))
    return fit(plain, count, right=right)


def extent(text: object) -> int:
    """The cells that ``cells`` gives ``text`` when there is room for all of it."""
    if _is_plain(text):
        return len(text)
    value = safe(text)
    if value.isascii() or cell_len(value) == width(value):
        return width(value)
    value = value.translate(_DISPUTED)
    return width(value) if cell_len(value) == width(value) else len(value)


def line(parts: Iterable[Part], count: int, *, selected: bool = False) -> Strip:
    """``parts`` side by side on a line of ``count`` cells; what is too long ends in ``~``.

    Parts of one style become one segment, which keeps what goes to the terminal short.
    A selected line is all reverse video: a badge's colours would fight it.
    """
    segments: list[Segment] = []
    room = count
    parts = [part for part in parts if part.text]
    for index, (text, style_name) in enumerate(parts):
        if room <= 0:
            break
        wanted = extent(text)
        if wanted > room or (
            wanted == room and any(part.text.strip() for part in parts[index + 1 :])
        ):
            # The mark must show although this part alone would just have fitted.
            text = cells(text + "  " if wanted == room else text, room)
        elif not _is_plain(text):
            text = cells(text, wanted)
        style = SELECTED if selected else STYLES.get(style_name, PLAIN)
        room -= len(text) if text.isascii() else cell_len(text)
        _append(segments, text, style)
    if room > 0:
        _append(segments, " " * room, SELECTED if selected else PLAIN)
    return Strip(segments, max(count, 0))


def _append(segments: list[Segment], text: str, style: object) -> None:
    if segments and segments[-1].style == style:
        segments[-1] = Segment(segments[-1].text + text, segments[-1].style)
    else:
        segments.append(Segment(text, style))  # type: ignore[arg-type]
