"""Lines that did not change go to the compositor again as they are.

For every repaint, however small, Textual asks every widget on the screen for all of its lines,
and works out its colours and runs the filters over each of them. Most of what an arrow key on
the day board cost was spent on rows that nothing had happened to.
"""

from __future__ import annotations

from textual._styles_cache import StylesCache
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget


class KeptLines(StylesCache):
    """A widget's finished lines; only those marked dirty since are made again.

    Put in place of the widget's ``_styles_cache``. For widgets whose lines change only by
    ``refresh`` or by their style, which is what the stock cache asks of every widget too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: list[Strip] = []
        # The part and the size of the widget that the lines are of; None when they are none.
        self._kept_of: tuple[Region, Size] | None = None
        self._stale: set[int] = set()

    def set_dirty(self, *regions: Region) -> None:
        super().set_dirty(*regions)
        if regions:
            for region in regions:
                self._stale |= {*region.line_range}
        else:
            self._kept_of = None

    def clear(self) -> None:
        super().clear()
        self._kept_of = None

    def render_widget(self, widget: Widget, crop: Region) -> list[Strip]:
        now = (crop, widget._size)
        if now != self._kept_of:
            self._kept = super().render_widget(widget, crop)
            # Made last: a change of width on the way here clears everything.
            self._kept_of = now
            self._stale.clear()
        elif self._stale:
            lines = self._stale.intersection(crop.line_range)
            self._stale.clear()
            if lines:
                first, end = min(lines), max(lines) + 1
                part = Region(crop.x, first, crop.width, end - first)
                self._kept = self._kept.copy()
                self._kept[first - crop.y : end - crop.y] = super().render_widget(widget, part)
        return self._kept
