"""Lines of facts that are read, not typed into; only lines that changed are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from deskterm.widgets.rows_paint import Part, line

Text = str | Sequence[Part]


class Panel(Widget):
    """A block of lines, from ``show``. Longer ones are paged with :meth:`page`."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS = "Panel { height: 1fr; width: 1fr; }"

    def __init__(
        self,
        lines: Sequence[Text] = (),
        *,
        height: int = 0,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = [_parts(text) for text in lines]
        self._top = 0
        if height:
            self.styles.height = height

    def show(self, lines: Sequence[Text]) -> None:
        """Show ``lines`` (text, or parts with styles) instead of what was there."""
        new = [_parts(text) for text in lines]
        old, self._lines = self._lines, new
        self._top = min(self._top, max(len(new) - 1, 0))
        regions = []
        for y in range(self.size.height):
            at = y + self._top
            before = old[at] if at < len(old) else ()
            after = new[at] if at < len(new) else ()
            if before != after:
                regions.append(Region(0, y, self.size.width, 1))
        if regions:
            self.refresh(*regions)

    def page(self, pages: int) -> None:
        """Show the next or the previous page."""
        step = max(self.size.height - 1, 1) * pages
        last = max(len(self._lines) - self.size.height, 0)
        top = min(max(self._top + step, 0), last)
        if top != self._top:
            self._top = top
            self.refresh()

    @property
    def more(self) -> bool:
        """Whether there are lines below what is shown."""
        return self._top + self.size.height < len(self._lines)

    def render_line(self, y: int) -> Strip:
        at = y + self._top
        parts = self._lines[at] if at < len(self._lines) else ()
        return line(parts, self.size.width)

    def lines(self) -> list[str]:
        """The text shown, for tests and the line mode."""
        return ["".join(part.text for part in parts).rstrip() for parts in self._lines]


def _parts(text: Text) -> tuple[Part, ...]:
    return (Part(text),) if isinstance(text, str) else tuple(text)
