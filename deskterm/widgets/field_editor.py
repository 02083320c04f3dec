"""The text of one field while it is typed into: what it says and where the cursor stands.

Nothing here knows the screen. The cursor counts characters but always stands between two
letters as a person sees them, so an accent or an emoji made of several characters moves,
and is deleted, as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from deskterm.text import UNSAFE, width

# Joiners that names and emoji need; Python does not call them printable.
_JOINERS = "\u200c\u200d"


def typed_character(key: str, character: str | None) -> str:
    """The text that a key press puts into a field; empty for keys that type nothing.

    Alt with a letter arrives with that letter as its character and must not type it.
    """
    if not character or key.startswith(("alt+", "ctrl+", "meta+", "super+")):
        return ""
    if character == "\xa0":
        return " "
    return character if character.isprintable() or character in _JOINERS else ""


class Glyph(NamedTuple):
    """One letter as a person sees it: where it starts in the text, how it shows, its cells."""

    start: int
    shown: str
    cells: int


def glyphs(text: str) -> Iterator[Glyph]:
    """The letters of ``text``. What may not reach a terminal shows as ``?``, so it can be seen
    and deleted."""
    if text.isascii() and text.isprintable():
        for at, c in enumerate(text):
            yield Glyph(at, c, 1)
        return
    from wcwidth import iter_graphemes  # not before a letter that needs it

    at = 0
    for cluster in iter_graphemes(text):
        shown = UNSAFE.sub("?", cluster)
        cells = width(shown)
        if cells == 0:
            shown, cells = "?", 1
        yield Glyph(at, shown, cells)
        at += len(cluster)


class LineEditor:
    """A text and a cursor, changed by editing keys."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.cursor = len(text)
        self._first = 0

    def set(self, text: str, cursor: int | None = None) -> None:
        """Replace the whole text; the cursor goes to its end or to ``cursor``."""
        self.text = text
        self.cursor = len(text) if cursor is None else max(0, min(cursor, len(text)))
        self.cursor = self._snapped(self.cursor)

    def insert(self, text: str) -> None:
        """Put ``text`` in at the cursor."""
        self.text = self.text[: self.cursor] + text + self.text[self.cursor :]
        self.cursor += len(text)

    def backspace(self) -> None:
        """Delete the letter before the cursor."""
        before = self._before(self.cursor)
        self._cut(before, self.cursor)

    def delete(self) -> None:
        """Delete the letter at the cursor."""
        self._cut(self.cursor, self._after(self.cursor))

    def left(self) -> None:
        self.cursor = self._before(self.cursor)

    def right(self) -> None:
        self.cursor = self._after(self.cursor)

    def home(self) -> None:
        self.cursor = 0

    def end(self) -> None:
        self.cursor = len(self.text)

    def cut_to_end(self) -> None:
        self._cut(self.cursor, len(self.text))

    def cut_to_start(self) -> None:
        self._cut(0, self.cursor)

    def cut_word(self) -> None:
        """Delete back to the start of the word before the cursor."""
        at = self.cursor
        while at and self.text[at - 1].isspace():
            at -= 1
        while at and not self.text[at - 1].isspace():
            at -= 1
        self._cut(at, self.cursor)

    def key(self, key: str) -> bool:
        """Do what editing key ``key`` does; False when it is not an editing key."""
        action = _KEYS.get(key)
        if action is None:
            return False
        action(self)
        return True

    def window(self, cells: int) -> tuple[str, int]:
        """The part of a one-line text to show in ``cells``, and the cursor's cell in it.

        ``~`` stands at an end where more text is hidden. The part jumps by half its size when
        the cursor leaves it, so that most keys change only a few cells.
        """
        line = list(glyphs(self.text))
        if sum(g.cells for g in line) < cells:
            self._first = 0
            at = sum(g.cells for g in line if g.start < self.cursor)
            return "".join(g.shown for g in line), at
        here = sum(1 for g in line if g.start < self.cursor)
        first = min(self._first, max(len(line) - 1, 0))
        shown, at = _part(line, first, here, cells)
        if at < 0:
            first = _first_for(line, here, cells)
            shown, at = _part(line, first, here, cells)
        self._first = first
        return shown, max(at, 0)

    def wrapped(self, cells: int) -> tuple[list[tuple[int, str]], int, int]:
        """A text of several lines, wrapped: (start, line) pairs, and the cursor's row and cell.

        ``start`` is where the line begins in the text. There is always at least one line.
        """
        lines = wrap(self.text, cells)
        row = max(i for i, (start, _) in enumerate(lines) if start <= self.cursor)
        start = lines[row][0]
        at = sum(g.cells for g in glyphs(self.text[start : self.cursor]))
        return lines, row, min(at, max(cells - 1, 0))

    def move_row(self, step: int, cells: int) -> bool:
        """Move the cursor ``step`` wrapped lines down; False when there is no such line."""
        lines, row, at = self.wrapped(cells)
        if not 0 <= row + step < len(lines):
            return False
        start, line = lines[row + step]
        used, target = 0, start + len(line)
        for g in glyphs(line):
            if used + g.cells > at:
                target = start + g.start
                break
            used += g.cells
        self.cursor = target
        return True

    def _cut(self, start: int, stop: int) -> None:
        self.text = self.text[:start] + self.text[stop:]
        # What is left may have joined into one letter across the gap.
        self.cursor = self._snapped(start)

    def _before(self, at: int) -> int:
        return max((g.start for g in glyphs(self.text) if g.start < at), default=0)

    def _after(self, at: int) -> int:
        return min((g.start for g in glyphs(self.text) if g.start > at), default=len(self.text))

    def _snapped(self, at: int) -> int:
        if at >= len(self.text):
            return len(self.text)
        return max((g.start for g in glyphs(self.text) if g.start <= at), default=0)


_KEYS: dict[str, Callable[[LineEditor], None]] = {
    "backspace": LineEditor.backspace,
    "delete": LineEditor.delete,
    "ctrl+d": LineEditor.delete,
    "left": LineEditor.left,
    "right": LineEditor.right,
    "home": LineEditor.home,
    "ctrl+a": LineEditor.home,
    "end": LineEditor.end,
    "ctrl+e": LineEditor.end,
    "ctrl+k": LineEditor.cut_to_end,
    "ctrl+u": LineEditor.cut_to_start,
    "ctrl+w": LineEditor.cut_word,
}


def wrap(text: str, cells: int) -> list[tuple[int, str]]:
    """``text`` broken into lines of at most ``cells``, at spaces where it can be.

    Each line comes with its start in ``text``; together they lose nothing but line feeds.
    """
    lines: list[tuple[int, str]] = []
    start = 0
    for paragraph in text.split("\n"):
        lines += _wrap_paragraph(paragraph, start, max(cells, 2))
        start += len(paragraph) + 1
    return lines


def _wrap_paragraph(text: str, offset: int, cells: int) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    begin, used, space = 0, 0, -1
    widths: list[tuple[int, int]] = []
    for g in glyphs(text):
        # One cell stays free for the cursor at the end of a line; a space may hang in it.
        room = cells if g.shown == " " else cells - 1
        if used + g.cells > room and g.start > begin:
            stop = space + 1 if space >= begin else g.start
            lines.append((offset + begin, text[begin:stop]))
            begin = stop
            used = sum(c for at, c in widths if at >= begin)
        widths.append((g.start, g.cells))
        used += g.cells
        if g.shown == " ":
            space = g.start
    lines.append((offset + begin, text[begin:]))
    return lines


def _part(line: list[Glyph], first: int, here: int, cells: int) -> tuple[str, int]:
    """The letters from ``first`` on that fit, and the cursor's cell, -1 when it is not there."""
    shown, used, at = ("~", 1, -1) if first else ("", 0, -1)
    index = first
    while index < len(line):
        glyph = line[index]
        # The last cell is for the cursor at the end, or for the mark that more follows.
        if used + glyph.cells > cells - 1:
            break
        if index == here:
            at = used
        shown, used, index = shown + glyph.shown, used + glyph.cells, index + 1
    if index == len(line):
        return shown, used if here == index else at
    return shown + " " * (cells - 1 - used) + "~", at


def _first_for(line: list[Glyph], here: int, cells: int) -> int:
    """The first letter to show so that the cursor stands near the middle of ``cells``."""
    # Two cells less than half: one for the mark at the left, one for a wide letter.
    first, used = here, 0
    while first > 0 and used + line[first - 1].cells <= cells // 2 - 2:
        first -= 1
        used += line[first].cells
    return first


def pasted_line(text: str, *, joined: bool = False) -> str:
    """Pasted ``text`` as one line: its first line, or all of them with spaces between.

    Control characters other than line ends and tabs stay, so that they are seen and refused.
    """
    lines = [line.replace("\t", " ").strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    if joined:
        return " ".join(lines)
    return lines[0] if lines else ""
