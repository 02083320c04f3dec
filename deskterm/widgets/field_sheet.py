"""A form being filled in: what stands in each field, what is wrong, and what is still missing.

Knows nothing of keys or cells, so the rules of filling in a form can be tested and used
without a screen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from deskterm.entry.cards import looks_like_card_number
from deskterm.widgets.field_editor import LineEditor
from deskterm.widgets.fields import FieldSpec, Reading

CARD_REFUSED = "This looks like a card number. It is never kept: type the last four digits only"
_LONG_NUMBER = re.compile(r"\d(?:[\s‐-―-]{0,2}\d){11,}")


class Sheet:
    """The fields of one form and the text in each.

    ``values`` are what the record holds now; a field without one starts with its default.
    A value given here or by :meth:`put` stands as it is, even if its text would be refused
    today: only what somebody types is checked.
    """

    def __init__(self, specs: Sequence[FieldSpec], values: Mapping[str, Any] | None = None) -> None:
        self.specs = {spec.name: spec for spec in specs}
        if len(self.specs) != len(specs):
            raise ValueError("two fields of a form have the same name")
        self.errors: dict[str, str] = {}
        self.editors: dict[str, LineEditor] = {}
        self._held: dict[str, tuple[str, Reading]] = {}
        self._memo: dict[str, tuple[str, Reading]] = {}
        self._visited: set[str] = set()
        given = dict(values or {})
        for spec in specs:
            value = given.get(spec.name)
            if value is None or value == "":
                value = spec.default(given) if callable(spec.default) else spec.default
            shown = spec.shown(value, given)
            self.editors[spec.name] = LineEditor(shown)
            if shown:
                self._held[spec.name] = (shown, Reading(value))
        self._initial = {name: editor.text for name, editor in self.editors.items()}

    def text(self, name: str) -> str:
        return self.editors[name].text

    @property
    def dirty(self) -> bool:
        """Whether anything stands otherwise than at the start."""
        return any(editor.text != self._initial[name] for name, editor in self.editors.items())

    def typed_into(self, name: str) -> bool:
        """Whether field ``name`` stands otherwise than at the start."""
        return self.editors[name].text != self._initial[name]

    def values(self) -> dict[str, Any]:
        """What every typed field holds; ``empty`` for one that is hidden, empty or wrong."""
        values, _ = self._survey()
        return values

    def visible(self) -> list[str]:
        """The fields that are shown, in order."""
        return self._survey()[1]

    def walk(self) -> list[str]:
        """The fields that can be typed into, in order."""
        return [name for name in self.visible() if self.specs[name].typed_into]

    def reading(self, name: str) -> Reading:
        """What stands in field ``name``."""
        before: dict[str, Any] = {}
        spec = self.specs[name]
        if spec.kind == "choice" and callable(spec.choices):
            before = self.values()
        return self._read(spec, before)

    def choices(self, name: str) -> list[tuple[Any, str]]:
        """The choices of field ``name`` now."""
        return self.specs[name].choices_for(self.values())

    def fact(self, name: str) -> str:
        """The text of a fact."""
        spec = self.specs[name]
        return spec.fact(self.values()) if spec.fact else self.text(name)

    def is_gap(self, name: str) -> bool:
        """Whether something is still wanted in field ``name``."""
        spec = self.specs[name]
        if not spec.typed_into:
            return False
        if not self.text(name).strip():
            asked = spec.ask and name not in self._visited
            return spec.required or asked or name in self.errors
        return name in self.errors or bool(self.reading(name).error)

    def next_gap(self, after: str) -> str | None:
        """The next gap in order behind ``after``, going round; ``after`` itself comes last."""
        walk = self.walk()
        start = walk.index(after) + 1 if after in walk else 0
        return next((name for name in walk[start:] + walk[:start] if self.is_gap(name)), None)

    def visit(self, name: str) -> None:
        """The cursor has been in ``name``: an optional question is not asked twice."""
        self._visited.add(name)

    def edited(self, name: str) -> None:
        """Field ``name`` was typed into: what was wrong with it is no longer said."""
        self.errors.pop(name, None)

    def check(self, name: str) -> str:
        """Read field ``name`` as it is left, tidy its text, and return what is wrong with it."""
        spec, editor = self.specs[name], self.editors[name]
        self._memo.clear()
        if not spec.typed_into:
            return ""
        if spec.card_check and not spec.secret and looks_like_card_number(editor.text):
            editor.set("")
            self.errors[name] = CARD_REFUSED
            return CARD_REFUSED
        if self._is_held(name):
            self.errors.pop(name, None)
            return ""
        reading = self.reading(name)
        if reading.error:
            self.errors[name] = reading.error
            return reading.error
        self.errors.pop(name, None)
        if spec.kind == "choice" or spec.show:
            shown = spec.shown(reading.value, self.values())
            # The box says it now: the same words need not stand beside it too.
            beside = "" if reading.echo == shown else reading.echo
            self._hold(name, Reading(reading.value, beside), shown)
        return ""

    def put(self, name: str, value: Any, shown: str | None = None) -> None:
        """Let ``value`` stand in field ``name``; ``shown`` is its text if not the field's own."""
        if shown is None:
            shown = self.specs[name].shown(value, self.values())
        if self.specs[name].kind == "code":
            # Its words stand beside it, as when it is typed.
            self.editors[name].set(shown)
            self.errors.pop(name, None)
            return
        self._hold(name, Reading(value), shown)
        self.errors.pop(name, None)

    def state(self, focused: str) -> dict[str, Any]:
        """What was typed, for a draft. No secret, and no payment card number, goes into it."""
        texts: dict[str, str] = {}
        for name, editor in self.editors.items():
            spec = self.specs[name]
            if spec.secret or not spec.typed_into:
                continue
            texts[name] = self._without_card(spec, editor, focused == name)
        people = {
            name: [shown, reading.value]
            for name, (shown, reading) in self._held.items()
            if self.specs[name].kind == "person" and self._is_held(name)
        }
        # What reading the text again will find is not kept: it may name what is on file.
        wrong = {
            name: "" if self.reading(name).error else said
            for name, said in self.errors.items()
            if name in texts
        }
        return {
            "texts": texts,
            "people": people,
            "visited": sorted(self._visited),
            "wrong": wrong,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put a draft back. Fields that no longer exist are left out."""
        texts, people, visited = (state.get(key) for key in ("texts", "people", "visited"))
        for name, text in (texts if isinstance(texts, dict) else {}).items():
            if name in self.specs and self.specs[name].typed_into and isinstance(text, str):
                self.editors[name].set(text)
        for name, held in (people if isinstance(people, dict) else {}).items():
            if name in self.specs and isinstance(held, list) and len(held) == 2:
                self._held[name] = (str(held[0]), Reading(held[1]))
        if isinstance(visited, list):
            self._visited |= {name for name in self.specs if name in visited}
        self._memo.clear()
        wrong = state.get("wrong")
        for name, said in (wrong if isinstance(wrong, dict) else {}).items():
            if name in self.specs and self.specs[name].typed_into:
                found = self.reading(name).error or str(said)
                if found:
                    self.errors[name] = found

    def _survey(self) -> tuple[dict[str, Any], list[str]]:
        """Values and visible fields. A field's choices and visibility follow the ones before."""
        values: dict[str, Any] = {}
        visible: list[str] = []
        for name, spec in self.specs.items():
            shown = spec.visible_when is None or spec.visible_when(values)
            if shown:
                visible.append(name)
            if spec.typed_into:
                values[name] = self._read(spec, values).value if shown else spec.empty
        return values, visible

    def _read(self, spec: FieldSpec, before: Mapping[str, Any]) -> Reading:
        name, text = spec.name, self.text(spec.name)
        if self._is_held(name):
            return self._held[name][1]
        known = self._memo.get(name)
        if known and known[0] == text:
            return known[1]
        if spec.kind == "person":
            reading = Reading(spec.empty, error="Enter looks for this person" if text else "")
        else:
            reading = spec.read(text, before)
        if not callable(spec.choices):
            self._memo[name] = (text, reading)
        return reading

    def _is_held(self, name: str) -> bool:
        held = self._held.get(name)
        return held is not None and held[0] == self.text(name)

    def _hold(self, name: str, reading: Reading, shown: str) -> None:
        self.editors[name].set(shown)
        self._held[name] = (shown, reading)
        self._memo.clear()

    def _without_card(self, spec: FieldSpec, editor: LineEditor, focused: bool) -> str:
        """The text for a draft. A long number still being typed may be half a card number."""
        if not spec.card_check:
            return editor.text

        def masked(run: re.Match[str]) -> str:
            growing = focused and run.end() == editor.cursor and not self._is_held(spec.name)
            unwanted = growing or is_refused or looks_like_card_number(run.group())
            return "" if unwanted else run.group()

        # A number of that length which is wrong where it stands may be most of a card's.
        is_refused = bool(self.reading(spec.name).error)
        kept = _LONG_NUMBER.sub(masked, editor.text)
        return "" if looks_like_card_number(kept) else kept
