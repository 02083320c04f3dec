"""Find as you type: an input line and its results in one widget.

Focus never leaves the widget, so keys typed ahead go to the line or to the list as they were
meant. Enter is never applied to the results of an older text: it waits, with every key behind
it, until the results for what stands in the line have come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.geometry import Offset
from textual.message import Message

from deskterm.text import width
from deskterm.widgets.field_editor import LineEditor, pasted_line, typed_character
from deskterm.widgets.field_paint import Canvas, Painted
from deskterm.widgets.styles import PLAIN, PRIMARY, SELECTED

SAME_NAME = "="
_ENTER = ("enter", "ctrl+j")
_INTO_LIST = ("down", "tab")
_BACK = ("escape", "f12", "ctrl+c")
_LONGEST_QUERY = 500


@dataclass(frozen=True)
class LookupColumn:
    """One column of the results: heading, cells, and whether it is right-aligned."""

    title: str
    cells: int
    right: bool = False


@dataclass(frozen=True)
class LookupRow:
    """One result. ``mark`` is one sign before the first cell; ``=`` says the name is shared."""

    key: Any
    cells: tuple[str, ...]
    mark: str = ""


class Lookup(Painted):
    """An input line, a note, a heading, the results, and a row for making a new record."""

    # Letters are text here, not commands.
    takes_letters: ClassVar[bool] = True

    class Typed(Message):
        """The query changed: search for ``text`` and answer with ``show``."""

        def __init__(self, text: str, then: str) -> None:
            super().__init__()
            self.text = text
            self.then = then

    class Chosen(Message):
        """A result was picked. ``then`` is what was typed behind ``;``."""

        def __init__(self, key: Any, then: str) -> None:
            super().__init__()
            self.key = key
            self.then = then

    class NewWanted(Message):
        """A new record with the typed ``text`` is wanted."""

        def __init__(self, text: str, then: str) -> None:
            super().__init__()
            self.text = text
            self.then = then

    class Moved(Message):
        """The cursor went into the list, along it or out of it: Enter does another thing."""

    class Left(Message):
        """The clerk backs out."""

    def __init__(
        self,
        columns: Sequence[LookupColumn],
        *,
        text: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = list(columns)
        self._line = LineEditor(text)
        self._rows: list[LookupRow] = []
        self._note = ""
        self._new = ""
        self._answered = ""
        self._row = -1  # -1: the cursor is in the input line; len(rows): on the new row
        self._waiting_keys: list[tuple[str, str | None]] = []

    @property
    def text(self) -> str:
        """What to search for: the line without ``;`` and what follows it."""
        return self._parts[0]

    @property
    def then(self) -> str:
        """What to do with the one found: what follows ``;`` in the line."""
        return self._parts[1]

    @property
    def enter_says(self) -> str:
        """What Enter will do, in words."""
        if self._row >= 0:
            return "Enter = new" if self._row == len(self._rows) else f"Enter = {self._row + 1}"
        if not self._rows:
            return "Enter = to the new row" if self._new else "Nothing found yet"
        if len(self._rows) == 1:
            return "Enter = the one found"
        if self._shared:
            return "Enter = into the list (two share this name), then a digit or Enter"
        return "Enter = into the list" if self.then else "Enter = 1, Down = into the list"

    def set_text(self, text: str) -> None:
        """Put ``text`` into the line and ask for its results."""
        self._line.set(text)
        self._row = -1
        self.post_message(self.Typed(self.text, self.then))
        self.repaint()

    def show(self, text: str, rows: Sequence[LookupRow], *, note: str = "", new: str = "") -> None:
        """Show the results for query ``text``; results for another text than now are dropped.

        ``note`` says how the text was understood; ``new`` is the words of the row that makes a
        new record, empty for none.
        """
        if text != self.text:
            return
        key = self._rows[self._row].key if 0 <= self._row < len(self._rows) else None
        self._rows, self._note, self._new = list(rows), note, new
        self._answered = text
        if self._row >= 0:
            # The cursor stays on its record when results are shown again.
            keys = [row.key for row in self._rows]
            self._row = keys.index(key) if key in keys else min(self._row, self._last_row)
        before = self._row
        keys_waiting, self._waiting_keys = self._waiting_keys, []
        for at, (name, character) in enumerate(keys_waiting):
            self._key(name, character)
            if self._waiting_keys:
                self._waiting_keys += keys_waiting[at + 1 :]
                break
        if self._row != before:
            self.post_message(self.Moved())
        self.repaint()

    def draw(self, canvas: Canvas) -> Offset | None:
        room = max(canvas.width - 2, 2)
        text, at = self._line.window(room)
        typing = self._row < 0
        active = typing and self.has_focus
        canvas.put(1, 0, text, SELECTED if active else PLAIN, room)
        if active:
            canvas.paint(1 + at, 0, 1, PLAIN)
        canvas.put(1, 1, self._note, PLAIN, room)
        first, shown = self._window(canvas.height)
        if len(self._rows) > len(shown) > 0:
            where = f" {first + 1}-{first + len(shown)} of {len(self._rows)}"
            canvas.put(canvas.width - width(where), 1, where)
        if self._rows:
            x = canvas.put(1, 2, "#  ", PRIMARY)
            for column in self._columns:
                canvas.put(x, 2, column.title, PRIMARY, column.cells)
                x += column.cells + 1
        for at_row, row in enumerate(shown):
            self._draw_row(canvas, 3 + at_row, first + at_row, row)
        if self._new:
            y = 3 + len(shown)
            selected = self._row == len(self._rows) and self.has_focus
            mark = ">" if selected else " "
            style = SELECTED if selected else PLAIN
            canvas.put(0, y, f"{mark}+  {self._new}", style, canvas.width)
        return Offset(1 + at, 0) if typing else Offset(0, 3 + self._row - first)

    def on_mount(self) -> None:
        if self._line.text:
            self.post_message(self.Typed(self.text, self.then))

    def on_key(self, event: events.Key) -> None:
        row = self._row
        if self._key(event.key, event.character):
            event.stop()
            event.prevent_default()
            if self._row != row:
                self.post_message(self.Moved())
            self.repaint()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        if self._waiting_keys:
            self._waiting_keys += [("", c) for c in pasted_line(event.text)]
            return
        self._type(pasted_line(event.text))
        self.repaint()

    @property
    def _parts(self) -> tuple[str, str]:
        line = self._line.text
        # A card reader's line begins with one of these signs and may hold ; anywhere.
        if line.lstrip().startswith(("%", ";")):
            return line.strip(), ""
        query, _, then = line.partition(";")
        return query.strip(), then.strip()

    @property
    def _shared(self) -> bool:
        return bool(self._rows) and self._rows[0].mark == SAME_NAME

    @property
    def _last_row(self) -> int:
        return len(self._rows) - (0 if self._new else 1)

    def _key(self, key: str, character: str | None) -> bool:
        """Take one key; False when it is not for this widget."""
        stale = self.text != self._answered
        typed = typed_character(key, character)
        deciding = self._row < 0 and (key in _ENTER or key in _INTO_LIST)
        if key in _BACK:
            self._waiting_keys.clear()
            self._back()
        elif self._waiting_keys or (stale and deciding):
            if not typed and not deciding and key not in _ACTING:
                return False
            self._waiting_keys.append((key, character))
        elif self._row >= 0 and self._list_key(key, typed):
            pass
        elif key == "insert" or (typed == "+" and self._means_new()):
            self._want_new()
        elif typed:
            self._type(typed)
        elif key in _ENTER:
            self._enter()
        elif key in _INTO_LIST:
            self._row = min(0, self._last_row)
        else:
            before = self._line.text
            if not self._line.key(key):
                return False
            self._row = -1
            self._asked(before)
        return True

    def _list_key(self, key: str, typed: str) -> bool:
        """A key while the cursor is in the list; False when it goes back to the line."""
        if key in _ENTER:
            if self._row == len(self._rows):
                self._want_new()
            else:
                self._choose(self._row)
        elif typed.isascii() and typed.isdigit():
            if 1 <= int(typed) <= len(self._rows):
                self._choose(int(typed) - 1)
        elif typed == "+" or key == "insert":
            self._want_new()
        elif key in ("down", "tab"):
            self._row = min(self._row + 1, self._last_row)
        elif key in ("up", "shift+tab", "backtab"):
            self._row -= 1
        else:
            if typed:
                self._line.end()
            return False
        return True

    def _type(self, text: str) -> None:
        before = self._line.text
        self._line.insert(text[: max(_LONGEST_QUERY - len(before), 0)])
        self._row = -1
        self._asked(before)

    def _asked(self, before: str) -> None:
        """Ask for results if the query is another than it was."""
        if before != self._line.text:
            self.post_message(self.Typed(self.text, self.then))

    def _enter(self) -> None:
        """One hit is opened, of several the first, unless that could be the wrong one."""
        if not self._rows:
            self._row = self._last_row
        elif len(self._rows) == 1 and not self._shared:
            self._choose(0)
        elif self._shared or self.then:
            self._row = 0
        else:
            self._choose(0)

    def _choose(self, row: int) -> None:
        self.post_message(self.Chosen(self._rows[row].key, self.then))

    def _means_new(self) -> bool:
        """A plus sign asks for a new record behind a query, not before one or behind ``;``."""
        line = self._line
        return bool(self.text) and ";" not in line.text and line.cursor == len(line.text)

    def _want_new(self) -> None:
        if self._new or self.text != self._answered:
            self.post_message(self.NewWanted(self.text, self.then))

    def _back(self) -> None:
        if self._row >= 0:
            self._row = -1
        else:
            self.post_message(self.Left())

    def _window(self, height: int) -> tuple[int, list[LookupRow]]:
        """The first row shown, and the rows that there is room for."""
        room = max(height - 3 - (1 if self._new else 0), 1)
        first = max(0, min(self._row, len(self._rows) - 1) - room + 1)
        return first, self._rows[first : first + room]

    def _draw_row(self, canvas: Canvas, y: int, index: int, row: LookupRow) -> None:
        selected = index == self._row and self.has_focus
        style = SELECTED if selected else PLAIN
        if selected:
            canvas.put(0, y, "", style, canvas.width)
        number = str(index + 1) if index < 9 else ""
        canvas.put(0, y, f"{'>' if selected else ' '}{number}", style, 3)
        x = canvas.put(3, y, row.mark, style, 1)
        for column, text in zip(self._columns, row.cells, strict=False):
            shift = max(column.cells - width(text), 0) if column.right else 0
            canvas.put(x + shift, y, text, style, column.cells - shift)
            x += column.cells + 1


_ACTING = {"up", "left", "right", "home", "end", "backspace", "delete", "shift+tab", "insert"}
