"""A widget that draws itself like an old block terminal: cells in, only changed cells out.

Subclasses draw everything they show onto a :class:`Canvas` whenever something changed; the
base compares it with what is on the screen and repaints the smallest spans that differ. So a
key costs the bytes of the cells it changed, and no part of a form can be forgotten.
"""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region
from textual.strip import Strip
from textual.widget import Widget

from deskterm.text import safe
from deskterm.widgets.field_editor import glyphs, typed_character
from deskterm.widgets.styles import PLAIN


class Canvas:
    """A rectangle of cells. Text put on it is filtered, so no data can act on a terminal."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        # A wide letter owns its cell and an empty one after it.
        self.letters: list[list[str]] = [[" "] * width for _ in range(height)]
        self.styles: list[list[Style]] = [[PLAIN] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: Style = PLAIN, cells: int = 0) -> int:
        """Write ``text`` at cell ``x`` of row ``y``; returns the cell after it.

        ``cells`` makes it exactly that wide, cut with ``~``. What falls outside is not drawn.
        """
        inside = 0 <= y < self.height
        if inside and x >= 0 and text.isascii() and text.isprintable():
            return self._put_ascii(x, y, text, style, cells)
        shown = [(g.shown, g.cells) for g in glyphs(safe(text))]
        if cells:
            shown = _fitted(shown, cells)
        if not inside:
            return x + sum(wide for _, wide in shown)
        letters, styles = self.letters[y], self.styles[y]
        for letter, wide in shown:
            if x >= 0 and x + wide <= self.width:
                self._clear_halves(letters, x, wide)
                letters[x] = letter
                styles[x] = style
                for extra in range(x + 1, x + wide):
                    letters[extra] = ""
                    styles[extra] = style
            x += wide
        return x

    def paint(self, x: int, y: int, cells: int, style: Style) -> None:
        """Give ``cells`` cells from ``x`` on another style."""
        if 0 <= y < self.height:
            for at in range(max(x, 0), min(x + cells, self.width)):
                self.styles[y][at] = style

    def changed(self, old: Canvas, y: int) -> tuple[int, int] | None:
        """First and last-plus-one cell of row ``y`` that differ from ``old``."""
        mine, theirs = self.letters[y], old.letters[y]
        look, looked = self.styles[y], old.styles[y]
        if mine == theirs and look == looked:
            return None
        differ = [
            at for at in range(self.width) if mine[at] != theirs[at] or look[at] != looked[at]
        ]
        return differ[0], differ[-1] + 1

    def strip(self, y: int, base: Style) -> Strip:
        """Row ``y`` as Textual draws it."""
        letters, styles = self.letters[y], self.styles[y]
        segments: list[Segment] = []
        start = 0
        for at in range(1, self.width + 1):
            if at == self.width or styles[at] is not styles[start]:
                segments.append(Segment("".join(letters[start:at]), base + styles[start]))
                start = at
        return Strip(segments, self.width)

    def text(self, y: int) -> str:
        """Row ``y`` as plain text."""
        return "".join(self.letters[y])

    def _put_ascii(self, x: int, y: int, text: str, style: Style, cells: int) -> int:
        """The common case of ``put``: one cell a letter."""
        if cells:
            text = text.ljust(cells) if len(text) <= cells else text[: cells - 1] + "~"
        after = x + len(text)
        stop = min(after, self.width)
        if stop > x:
            letters = self.letters[y]
            self._clear_halves(letters, x, stop - x)
            letters[x:stop] = text[: stop - x]
            self.styles[y][x:stop] = [style] * (stop - x)
        return after

    def _clear_halves(self, letters: list[str], x: int, wide: int) -> None:
        """Overwriting half of a wide letter leaves a blank where its other half was."""
        if letters[x] == "" and x:
            letters[x - 1] = " "
        after = x + wide
        while after < self.width and letters[after] == "":
            letters[after] = " "
            after += 1


def _fitted(shown: list[tuple[str, int]], cells: int) -> list[tuple[str, int]]:
    used = sum(wide for _, wide in shown)
    if used > cells:
        while shown and used > cells - 1:
            used -= shown.pop()[1]
        shown.append(("~", 1))
        used += 1
    return shown + [(" ", 1)] * (cells - used)


class Painted(Widget, can_focus=True):
    """A typed-into widget drawn on a canvas."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = """
    Painted { height: 1fr; width: 1fr; border: none; padding: 0; background-tint: transparent; }
    """
    # Screens ask this to keep their letter keys quiet while somebody types.
    takes_text: ClassVar[bool] = True

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._canvas = Canvas(0, 0)

    def draw(self, canvas: Canvas) -> Offset | None:
        """Draw everything; returns the cursor's cell."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Draw again and send the cells that changed; below another screen, not at all.

        The screen asks again when it comes back: what nobody sees reads nothing from the office.
        """
        if not self.is_attached or not self.size.area or not self.screen.is_active:
            return
        if self.screen_hidden:
            return
        old, new = self._canvas, Canvas(*self.size)
        at = self.draw(new)
        self._canvas = new
        if (old.width, old.height) != (new.width, new.height):
            self.refresh()
        else:
            spans = ((y, new.changed(old, y)) for y in range(new.height))
            regions = [Region(span[0], y, span[1] - span[0], 1) for y, span in spans if span]
            if regions:
                self.refresh(*regions)
        if at is not None and self.has_focus:
            # The terminal's own cursor is hidden, but screen readers and input methods use it.
            self.app.cursor_position = self.content_region.offset + at

    @property
    def screen_hidden(self) -> bool:
        """Whether the desk is locked and this belongs to what the lock hides."""
        return bool(getattr(self.app, "hides_all", False)) and not getattr(
            self.screen, "shows_while_locked", False
        )

    def render_line(self, y: int) -> Strip:
        if y >= self._canvas.height or self._canvas.width != self.size.width:
            return Strip.blank(self.size.width, self.rich_style)
        return self._canvas.strip(y, self.rich_style)

    def lines(self) -> list[str]:
        """What is drawn, as plain text; for tests and the line mode."""
        return [self._canvas.text(y).rstrip() for y in range(self._canvas.height)]

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return bool(typed_character(key, character))

    def on_resize(self) -> None:
        self.repaint()

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()
