"""What a locked desk shows: words in the middle of an empty screen, and a few boxes.

A secret is never drawn, not even how long it is, and leaves the box when it is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import wrap

from textual import events
from textual.geometry import Offset
from textual.message import Message

from deskterm.text import fit
from deskterm.widgets.field_editor import LineEditor, pasted_line, typed_character
from deskterm.widgets.field_paint import Canvas, Painted
from deskterm.widgets.styles import PLAIN, PRIMARY, STOP

LONGEST = 200  # characters in a box
HIDDEN = "******"
_ENTER = ("enter", "ctrl+j")


@dataclass(frozen=True)
class Box:
    """One box. Enter in the last box of its ``group`` hands the group's texts over.

    ``brief`` is the label where there is no room for the whole one.
    """

    name: str
    label: str
    group: str
    secret: bool = False
    cells: int = 12
    brief: str = ""


Line = str | Sequence[Box]


class LockPanel(Painted):
    """Lines of words with boxes among them; a line of several boxes is a sequence of them."""

    class Entered(Message):
        """Enter in the last box of a group: what stands in its boxes, by name."""

        def __init__(self, group: str, texts: Mapping[str, str]) -> None:
            super().__init__()
            self.group = group
            self.texts = dict(texts)

    class Typed(Message):
        """The text of a box that is no secret changed."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[Line] = []
        self._foot: list[str] = []
        self._error = ""
        self._editors: dict[str, LineEditor] = {}
        self._at = ""

    def show(self, lines: Sequence[Line], foot: Sequence[str]) -> None:
        """Show ``lines`` in the middle and ``foot`` at the bottom; boxes keep their texts."""
        self._lines, self._foot = list(lines), list(foot)
        boxes = self._boxes()
        kept = self._editors
        self._editors = {box.name: kept.get(box.name) or LineEditor() for box in boxes}
        if self._at not in self._editors:
            self._at = boxes[0].name if boxes else ""
        self.repaint()

    def say_error(self, text: str) -> None:
        """Say what is wrong below the words, until the next key."""
        self._error = text
        self.repaint()

    def text(self, name: str) -> str:
        """What stands in a box."""
        return self._editors[name].text if name in self._editors else ""

    def put(self, name: str, text: str) -> None:
        """Let ``text`` stand in a box."""
        if name in self._editors:
            self._editors[name].set(text)
            self.repaint()

    def go_to(self, name: str) -> None:
        """Put the cursor into a box."""
        if name in self._editors:
            self._at = name
            self.repaint()

    def wipe(self) -> None:
        """Forget everything typed, and begin in the first box."""
        self._at = next(iter(self._editors), "")
        for editor in self._editors.values():
            editor.set("")
        self.repaint()

    def _boxes(self) -> list[Box]:
        return [box for line in self._lines if not isinstance(line, str) for box in line]

    # Drawing

    def draw(self, canvas: Canvas) -> Offset | None:
        cursor: Offset | None = None
        foot = _foot(self._foot, canvas.width, canvas.height)
        room = canvas.height - len(foot)
        lines = _fitted(self._lines, canvas.width, room - 1)
        top = max((room - len(lines) - 1) // 2, 0)
        for y, line in enumerate(lines, top):
            if y >= room - 1:
                break
            if isinstance(line, str):
                text = fit(line, min(len(line), canvas.width))
                x = max((canvas.width - len(text)) // 2, 0)
                canvas.put(x, y, text, PRIMARY if y == top else PLAIN)
            else:
                found = self._draw_boxes(canvas, y, line)
                cursor = found or cursor
        if self._error:
            text = self._error[: max(canvas.width - 5, 0)]
            x = max((canvas.width - len(text) - 4) // 2, 0)
            canvas.put(x, room - 1, "ERR", STOP)
            canvas.put(x + 4, room - 1, text)
        for y, text in enumerate(foot, room):
            canvas.put(0, y, fit(text, canvas.width))
        return cursor

    def _draw_boxes(self, canvas: Canvas, y: int, boxes: Sequence[Box]) -> Offset | None:
        cursor: Offset | None = None
        wide = _cells(boxes)
        x = max((canvas.width - wide) // 2, 0)
        for box in boxes:
            x = canvas.put(x, y, f"{box.label} ", PRIMARY if box.name == self._at else PLAIN)
            x = canvas.put(x, y, "[")
            editor = self._editors[box.name]
            shown = editor.text[-(box.cells - 1) :]
            if box.secret:
                shown = HIDDEN if editor.text else ""
            after = canvas.put(x, y, shown)
            canvas.put(x + box.cells, y, "]")
            if box.name == self._at:
                cursor = Offset(after, y)
            x += box.cells + 3
        return cursor

    # Keys

    def on_key(self, event: events.Key) -> None:
        if self._key(event.key, event.character):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._type(pasted_line(event.text, joined=False))

    def _key(self, key: str, character: str | None) -> bool:
        typed = typed_character(key, character)
        editor = self._editors.get(self._at)
        if editor is None:
            if key in _ENTER:
                self.post_message(self.Entered("", {}))
            return key in _ENTER
        if self._error and (typed or key in _ENTER):
            self.say_error("")
        if typed:
            self._type(typed)
            return True
        elif key in _ENTER:
            self._enter()
        elif key in ("tab", "down", "shift+tab", "backtab", "up"):
            names = list(self._editors)
            step = 1 if key in ("tab", "down") else -1
            self._at = names[(names.index(self._at) + step) % len(names)]
        elif key == "ctrl+u":
            editor.set("")
        elif key == "backspace":
            editor.key("backspace")
            self._changed()
        else:
            return False
        self.repaint()
        return True

    def _type(self, text: str) -> None:
        editor = self._editors.get(self._at)
        if editor is not None:
            was = editor.text
            editor.insert(text[: max(LONGEST - len(was), 0)])
            self._changed()
            # Of a secret only whether there is one is shown.
            if not (was and self._is_secret(self._at)):
                self.repaint()

    def _changed(self) -> None:
        if not self._is_secret(self._at):
            self.post_message(self.Typed())

    def _is_secret(self, name: str) -> bool:
        return any(box.secret for box in self._boxes() if box.name == name)

    def _enter(self) -> None:
        boxes = self._boxes()
        here = next(box for box in boxes if box.name == self._at)
        group = [box for box in boxes if box.group == here.group]
        if group[-1].name != here.name:
            self._at = group[group.index(here) + 1].name
            return
        texts = {box.name: self._editors[box.name].text for box in group}
        for box in group:
            if box.secret:
                self._editors[box.name].set("")
        self._at = group[0].name
        self.post_message(self.Entered(here.group, texts))


def _cells(boxes: Sequence[Box]) -> int:
    """How wide a line of boxes is."""
    return sum(len(box.label) + box.cells + 3 for box in boxes) + 2 * (len(boxes) - 1)


def _foot(lines: Sequence[str], width: int, height: int) -> list[str]:
    """The foot, wrapped; where the screen is low only its last line, which has the keys."""
    wrapped = [wrap(line, width, break_on_hyphens=False) or [""] for line in lines]
    while len(wrapped) > 1 and sum(map(len, wrapped)) > height // 4:
        del wrapped[0]
    return [row for rows in wrapped for row in rows]


def _narrowed(boxes: Sequence[Box], width: int) -> list[Sequence[Box]]:
    """A line of boxes that is too wide: with brief labels, and if need be one box to a line."""
    brief = [replace(box, label=box.brief or box.label) for box in boxes]
    if _cells(brief) <= width:
        return [brief]
    return [
        [replace(box, cells=max(min(box.cells, width - len(box.label) - 3), 2))] for box in brief
    ]


def _fitted(lines: Sequence[Line], width: int, room: int) -> list[Line]:
    """The lines in ``width`` cells and ``room`` rows.

    Long words are wrapped and labels made brief. Where rows are few, empty ones go first, then
    what only tells something; what says which box is which, and the boxes, go last.
    """
    rows: list[list[Line]] = []
    for line in lines:
        if isinstance(line, str):
            rows.append([*wrap(line, width, break_on_hyphens=False)] or [""])
        elif _cells(line) > width:
            rows += [[row] for row in _narrowed(line, width)]
        else:
            rows.append([line])
    while sum(map(len, rows)) > room:
        told = [at for at, row in enumerate(rows) if isinstance(row[0], str)]
        leads = {at for at in told if at + 1 < len(rows) and not isinstance(rows[at + 1][0], str)}
        spare = (
            [at for at in told if rows[at] == [""]]
            or [at for at in told[1:] if at not in leads]
        )  # fmt: skip
        if not spare:
            break
        del rows[spare[0]]
    return [line for row in rows for line in row]
