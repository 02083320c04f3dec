"""A form as one widget: it draws its own fields and is typed into like a block terminal.

Moving from field to field never moves Textual's focus, so keys typed ahead land where they
were meant to, and a key costs the bytes of the cells it changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

from textual import events
from textual.geometry import Offset
from textual.message import Message

from deskterm.widgets.field_choices import ChoiceList
from deskterm.widgets.field_editor import LineEditor, pasted_line, typed_character
from deskterm.widgets.field_layout import Layout, lay_out
from deskterm.widgets.field_paint import Canvas, Painted
from deskterm.widgets.field_rows import draw_form
from deskterm.widgets.field_sheet import Sheet
from deskterm.widgets.fields import LOOKED_UP, NO_SUCH_CHOICE, FieldSpec

MOST_CHARACTERS = 4000
Level = Literal["info", "error"]


class _AboutField(Message):
    """Something about the field ``name``."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class RecordForm(Painted):
    """The fields of one record.

    ``verb`` is what Enter does when nothing is missing, such as ``SAVE``. ``last`` gives the
    value a field had in the last record of this kind, for ``=``; None when there is none.
    """

    # Letters are text here, not commands.
    takes_letters: ClassVar[bool] = True

    class Done(Message):
        """Enter was pressed and nothing is missing."""

        def __init__(self, values: dict[str, Any]) -> None:
            super().__init__()
            self.values = values

    class Typed(_AboutField):
        """The text of a field changed; time to think of the draft."""

    class Moved(_AboutField):
        """The cursor is in another field, or a list opened or closed: Enter does another thing."""

    class Stepped(_AboutField):
        """The cursor moved within the text of its field."""

    class Said(Message):
        """Something to say in the row that says what Enter does."""

        def __init__(self, text: str, level: Level) -> None:
            super().__init__()
            self.text = text
            self.level = level

    class Cleared(_AboutField):
        """What was typed may not be kept, not even half of it, and is gone from the field."""

    class PersonWanted(Message):
        """Find the person or code meant by ``text``; call ``set_value``, ``set_error`` or
        ``release``.

        Keys typed meanwhile wait for that answer.
        """

        def __init__(self, name: str, text: str) -> None:
            super().__init__()
            self.name = name
            self.text = text

    class HelpWanted(_AboutField):
        """``?`` was typed in a field without choices."""

    def __init__(
        self,
        specs: Sequence[FieldSpec],
        values: Mapping[str, Any] | None = None,
        *,
        verb: str = "SAVE",
        columns: int = 1,
        last: Callable[[str], Any] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.sheet = Sheet(specs, values)
        self.verb = verb
        self._columns = columns
        self._last = last
        self._list: ChoiceList | None = None
        self._top = 0
        self._layout = Layout()
        self._laid_out: tuple[int, list[str]] = (0, [])
        self._awaiting = ""
        self._waiting_keys: list[tuple[str, str | None]] = []
        self._at = ""
        # The text a field had when the cursor came, and whether typing replaces it.
        self._entered = ""
        self._replace = False
        walk = self.sheet.walk()
        if walk:
            self._enter_field(self.sheet.next_gap(walk[-1]) or walk[0])

    @property
    def field(self) -> str:
        """The field that holds the cursor; empty in a form without typed fields."""
        return self._at

    @property
    def dirty(self) -> bool:
        """Whether anything was typed that differs from what the form began with."""
        return self.sheet.dirty

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field name."""
        return dict(self.sheet.errors)

    @property
    def values(self) -> dict[str, Any]:
        """What every field holds now."""
        return self.sheet.values()

    @property
    def enter_says(self) -> str:
        """What Enter will do next, in words."""
        if self._list is not None:
            return "Enter = pick"
        here = self.sheet.specs.get(self._at)
        gaps = [name for name in self.sheet.walk() if self.sheet.is_gap(name)]
        empty = here is not None and not self.sheet.text(self._at).strip()
        if here is not None and empty and here.required:
            return f"Needed here: {here.said}"
        ahead = self.sheet.next_gap(self._at)
        if ahead is None or ahead == self._at:
            return f"Enter = {self.verb}"
        says = f"Enter = {self.sheet.specs[ahead].said}"
        return f"{says}, then {self.verb}" if not set(gaps) - {ahead, self._at} else says

    @property
    def hint(self) -> str:
        """An example or a word of help while the field is empty."""
        spec = self.sheet.specs.get(self._at)
        if spec is None or self.sheet.text(self._at):
            return ""
        return f"{spec.label}: {spec.example}" if spec.example else spec.help

    def set_value(self, name: str, value: Any, shown: str | None = None) -> None:
        """Fill field ``name``; if Enter asked for this person, go on to the next gap."""
        self.sheet.put(name, value, shown)
        if name == self._at:
            self._entered = self.sheet.text(name)
            self._replace = False
        asked = self._awaiting == name
        self._awaiting = ""
        self.post_message(self.Typed(name))
        if asked:
            self._go_on()
        self._replay()

    def set_error(self, name: str, text: str) -> None:
        """Mark field ``name`` as wrong, say why, and put the cursor there."""
        self.sheet.errors[name] = text
        self._awaiting = ""
        if name != self._at and name in self.sheet.walk():
            self._move_to(name)
        else:
            self._say(text, "error")
        self._replay()

    def release(self) -> list[tuple[str, str | None]]:
        """Stop waiting for a person; returns the keys typed meanwhile, for whoever takes over."""
        keys, self._waiting_keys = self._waiting_keys, []
        self._awaiting = ""
        return keys

    def go_to(self, name: str) -> None:
        """Put the cursor into field ``name``."""
        self._move_to(name)
        self.repaint()

    def state(self) -> dict[str, Any]:
        """Everything typed and where the cursor stands, for a draft; plain JSON values."""
        editor = self._editor
        return {
            **self.sheet.state(self._at),
            "at": self._at,
            "cursor": editor.cursor if editor else 0,
            "top": self._top,
            "replace": self._replace,
            "entered": self._entered,
            "list": self._list.row if self._list is not None else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put a draft back, with the cursor where it was."""
        self.sheet.restore(state)
        at, cursor, top = (state.get(key) for key in ("at", "cursor", "top"))
        if isinstance(at, str) and at in self.sheet.walk():
            self._at = at
        editor = self._editor
        if editor and isinstance(cursor, int):
            editor.set(editor.text, cursor)
        self._top = top if isinstance(top, int) else 0
        entered, row = state.get("entered"), state.get("list")
        self._entered = entered if isinstance(entered, str) else editor.text if editor else ""
        self._replace = bool(editor and editor.text and state.get("replace"))
        self._list = None
        if isinstance(row, int) and self.sheet.specs[self._at].kind == "choice":
            replace = self._replace
            self._open_list()
            assert self._list is not None
            self._list.narrow("" if replace else self.sheet.text(self._at))
            self._list.move(row)
        self.repaint()

    def draw(self, canvas: Canvas) -> Offset | None:
        sheet = self.sheet
        visible = sheet.visible()
        if self._laid_out != (canvas.width, visible):
            specs = [sheet.specs[name] for name in visible]
            self._layout = lay_out(specs, canvas.width, self._columns)
            self._laid_out = (canvas.width, visible)
        if self._at not in self._layout.places and sheet.walk():
            self._enter_field(sheet.walk()[0])
        self._top = self._scrolled(canvas.height)
        return draw_form(
            canvas, self._layout, sheet, top=self._top, at=self._at, active=self.has_focus,
            replacing=self._replace, choices=self._list,
        )  # fmt: skip

    def on_key(self, event: events.Key) -> None:
        if self._key(event.key, event.character):
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        spec = self.sheet.specs.get(self._at)
        if spec is not None and not self._awaiting:
            self._type(pasted_line(event.text, joined=spec.kind == "lines"))
            self.repaint()

    def on_focus(self) -> None:
        if self._awaiting:
            self._awaiting = ""
            self._replay()

    @property
    def _editor(self) -> LineEditor | None:
        return self.sheet.editors.get(self._at)

    def _key(self, key: str, character: str | None) -> bool:
        if self._awaiting:
            if typed_character(key, character) or key in _HELD:
                self._waiting_keys.append((key, character))
                return True
            return False
        at, was_open = self._at, self._list is not None
        done = (was_open and self._list_key(key, character)) or self._field_key(key, character)
        if done:
            if self._at == at and (self._list is not None) != was_open:
                self.post_message(self.Moved(at))
            self.repaint()
        return done

    def _field_key(self, key: str, character: str | None) -> bool:
        editor, spec = self._editor, self.sheet.specs.get(self._at)
        if editor is None or spec is None:
            if key in _ENTER:
                self._go_on()
            return key in _ENTER
        typed = typed_character(key, character)
        if typed:
            if typed == "?" and spec.kind == "choice" and (self._replace or not editor.text):
                self._open_list()
            else:
                self._type(typed)
        elif key in _ENTER:
            self._enter()
        elif key in ("up", "down") and spec.kind == "lines" and self._move_row(editor, key):
            pass
        elif (key == "f4" or key == "down") and spec.kind == "choice":
            self._open_list()
        elif key == "f4" and spec.kind in LOOKED_UP:
            self._want_person(editor.text)
        elif key in ("tab", "down"):
            self._leave(1)
        elif key in ("shift+tab", "backtab", "up"):
            self._leave(-1)
        elif key in ("pagedown", "pageup"):
            self._page(1 if key == "pagedown" else -1)
        elif key == "ctrl+z" and editor.text != self._entered:
            editor.set(self._entered)
            self._changed()
        else:
            return self._edit(editor, key)
        return True

    def _edit(self, editor: LineEditor, key: str) -> bool:
        before = editor.text
        if self._replace and key in ("backspace", "delete"):
            editor.set("")
        elif not editor.key(key):
            return False
        self._replace = False
        if editor.text == before:
            self.post_message(self.Stepped(self._at))
        else:
            self._changed()
        return True

    def _type(self, text: str) -> None:
        editor = self._editor
        if editor is None or not text:
            return
        if self._replace:
            editor.set("")
            self._replace = False
        room = MOST_CHARACTERS - len(editor.text)
        if len(text) > room:
            self._say(f"Cut at {MOST_CHARACTERS} characters", "error")
        editor.insert(text[: max(room, 0)])
        self._changed()

    def _changed(self) -> None:
        self.sheet.edited(self._at)
        if self._list is not None:
            self._list.narrow(self.sheet.text(self._at))
        self.post_message(self.Typed(self._at))

    def _open_list(self) -> None:
        self._list = ChoiceList(self.sheet.choices(self._at), self.sheet.text(self._at))
        # Typing narrows the list, so it starts anew instead of adding to what stands there.
        self._replace = True

    def _list_key(self, key: str, character: str | None) -> bool:
        """A key while the list is open; False for keys that the field takes."""
        assert self._list is not None
        typed = typed_character(key, character)
        if key in ("up", "down", "pageup", "pagedown"):
            self._list.move({"up": -1, "down": 1, "pageup": -9, "pagedown": 9}[key])
        elif key in ("escape", "f12", "ctrl+c", "f4"):
            self._list = None
        elif key in _ENTER:
            self._pick(self._list.current)
        elif typed.isascii() and typed.isdigit():
            text = "" if self._replace else self.sheet.text(self._at)
            choice = self._list.numbered(typed, text)
            if choice is None:
                return False
            self._pick(choice)
        else:
            if key in ("tab", "shift+tab", "backtab"):
                self._list = None
            return False
        return True

    def _pick(self, choice: tuple[Any, str] | None) -> None:
        if choice is None:
            self._say("No such choice. Backspace, or Esc to close", "error")
            return
        editor = self._editor
        assert editor is not None
        self._list = None
        editor.set(str(choice[0]))
        self._replace = False
        self._changed()
        self._enter()

    def _enter(self) -> None:
        """Take what stands in the field and go to the next gap, or be done."""
        name, spec, editor = self._at, self.sheet.specs[self._at], self._editor
        assert editor is not None
        text = editor.text.strip()
        if len(text) == 1 and text in "<=?." and text not in spec.reads and self._sign(text):
            return
        if spec.kind in LOOKED_UP and text and self.sheet.reading(name).error:
            self._want_person(text)
            return
        error = self._check(name)
        if not error and spec.required and not editor.text.strip():
            error = f"{spec.said} is needed. Tab leaves it for now"
        if error:
            self._replace = error == NO_SUCH_CHOICE
            self._say(error, "error")
            return
        self._go_on()

    def _check(self, name: str) -> str:
        """Read field ``name`` as it is left; what is wrong with it."""
        before = self.sheet.text(name)
        error = self.sheet.check(name)
        if error and before and not self.sheet.text(name):
            self.post_message(self.Cleared(name))
        return error

    def _sign(self, sign: str) -> bool:
        """Do what a lone sign asks for; False when the field should take it further."""
        spec, editor = self.sheet.specs[self._at], self._editor
        assert editor is not None
        if sign == ".":
            if spec.kind != "person":
                return False
            self._want_person(sign)
            return True
        if sign == "=":
            value = self._last(self._at) if self._last else None
            if value is None:
                self._say(f"No earlier {spec.said} to repeat", "error")
                return True
            self.sheet.put(self._at, value)
            self._changed()
            return False
        editor.set(self._entered)
        self._changed()
        if sign == "<":
            self._leave(-1)
        elif spec.kind == "choice":
            self._open_list()
        else:
            self.post_message(self.HelpWanted(self._at))
        return True

    def _want_person(self, text: str) -> None:
        self._awaiting = self._at
        self.post_message(self.PersonWanted(self._at, text))

    def _go_on(self) -> None:
        if self._at:
            self.sheet.visit(self._at)
        gap = self.sheet.next_gap(self._at)
        if gap is None:
            self.post_message(self.Done(self.sheet.values()))
        else:
            self._move_to(gap)
        self.repaint()

    def _leave(self, step: int) -> None:
        """Go to the next or previous field. A wrong text stays, marked, and can be mended later."""
        self.sheet.visit(self._at)
        error = self._check(self._at)
        walk = self.sheet.walk()
        self._move_to(walk[(walk.index(self._at) + step) % len(walk)])
        if error:
            self._say(error, "error")

    def _page(self, step: int) -> None:
        walk = self.sheet.walk()
        y = self._layout.places[self._at].y + step * max(self.size.height - 1, 1)
        target = min(walk, key=lambda name: abs(self._layout.places[name].y - y))
        self._leave(walk.index(target) - walk.index(self._at))

    def _move_row(self, editor: LineEditor, key: str) -> bool:
        place = self._layout.places.get(self._at)
        return place is not None and editor.move_row(1 if key == "down" else -1, place.box)

    def _move_to(self, name: str) -> None:
        self._enter_field(name)
        self.post_message(self.Moved(name))
        if name in self.sheet.errors:
            self._say(self.sheet.errors[name], "error")

    def _enter_field(self, name: str) -> None:
        self._at = name
        self._list = None
        editor, spec = self.sheet.editors[name], self.sheet.specs[name]
        editor.end()
        self._entered = editor.text
        # What is wrong may be mended; what begins no choice can only be typed anew.
        wrong = self.sheet.errors.get(name, NO_SUCH_CHOICE)
        self._replace = bool(editor.text) and spec.kind != "lines" and wrong == NO_SUCH_CHOICE

    def _scrolled(self, height: int) -> int:
        """The first row to show so that the field with the cursor is in the room."""
        if self._layout.height <= height:
            return 0
        body = max(height - 1, 1)
        most = self._layout.height - body
        place = self._layout.places.get(self._at)
        if place is None or self._top <= place.y <= self._top + body - place.rows:
            return max(0, min(self._top, most))
        return max(0, min(place.y - body // 2, most))

    def _say(self, text: str, level: Level) -> None:
        self.post_message(self.Said(text, level))

    def _replay(self) -> None:
        keys, self._waiting_keys = self._waiting_keys, []
        while keys:
            key, character = keys.pop(0)
            self._key(key, character)
            if self._awaiting:
                self._waiting_keys += keys
                break
        self.repaint()


_ENTER = ("enter", "ctrl+j")
# Keys that act inside the form and so wait with the letters for a person to be found.
_HELD = {*_ENTER, "tab", "shift+tab", "up", "down", "left", "right", "home", "end", "backspace"}
