"""The list of choices under a choice field: narrowed by typing, picked by digit or Enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from deskterm.text import fold, width
from deskterm.widgets.field_paint import Canvas
from deskterm.widgets.fields import choice_text, matching
from deskterm.widgets.styles import PLAIN, SELECTED

ROWS = 9


class ChoiceList:
    """An open list. ``text`` is what stands in the field: its choice is the one selected."""

    def __init__(self, choices: Sequence[tuple[Any, str]], text: str = "") -> None:
        self._all = list(choices)
        self.shown = list(choices)
        found = matching(text, self._all) if text.strip() else []
        self.row = self._all.index(found[0]) if len(found) == 1 else 0

    def narrow(self, text: str) -> None:
        """Show only what ``text`` may mean."""
        self.shown = [choice for choice in self._all if _holds(choice, text)]
        self.row = 0

    def move(self, step: int) -> None:
        self.row = max(0, min(self.row + step, len(self.shown) - 1))

    @property
    def current(self) -> tuple[Any, str] | None:
        """The selected choice; None when nothing fits what was typed."""
        return self.shown[self.row] if self.shown else None

    def numbered(self, digit: str, text: str) -> tuple[Any, str] | None:
        """The choice that stands under ``digit``, unless a choice goes on with that digit."""
        number = int(digit)
        page = self._page()
        if text and any(_holds(choice, text + digit) for choice in self._all):
            return None
        return page[number - 1] if 1 <= number <= len(page) else None

    def draw(self, canvas: Canvas, x: int, y: int, bottom: int) -> None:
        """Draw below row ``y`` if it fits above row ``bottom``, else above row ``y``."""
        page = self._page()
        rows = [f"{n} {choice_text(*choice)}" for n, choice in enumerate(page, 1)]
        rows = rows or ["nothing begins with that"]
        first = self._first()
        foot = f"{first + 1}-{first + len(page)} of {len(self.shown)}" if page else ""
        foot = f"{foot}  Esc closes"
        wide = min(max(width(line) for line in [*rows, foot]) + 2, canvas.width - 2)
        x = max(0, min(x, canvas.width - wide - 2))
        tall = len(rows) + 1
        top = y + 1 if y + 1 + tall <= bottom or y < tall else y - tall
        for at, line in enumerate(rows):
            selected = bool(page) and first + at == self.row
            canvas.put(x, top + at, "|")
            mark = ">" if selected else " "
            canvas.put(x + 1, top + at, mark + line, SELECTED if selected else PLAIN, wide)
            canvas.put(x + 1 + wide, top + at, "|")
        canvas.put(x, top + tall - 1, "+")
        canvas.put(x + 1, top + tall - 1, f"-{foot}".ljust(wide, "-"), cells=wide)
        canvas.put(x + 1 + wide, top + tall - 1, "+")

    def _first(self) -> int:
        return self.row // ROWS * ROWS

    def _page(self) -> list[tuple[Any, str]]:
        first = self._first()
        return self.shown[first : first + ROWS]


def _holds(choice: tuple[Any, str], text: str) -> bool:
    """Whether ``text`` begins the code, the label, or a word of it."""
    wanted = fold(text)
    code, label = fold(str(choice[0])), fold(choice[1])
    full = fold(choice_text(*choice))
    return f" {wanted}" in f" {code}" or f" {wanted}" in f" {label}" or full.startswith(wanted)
