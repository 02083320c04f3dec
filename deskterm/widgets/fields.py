"""What a form needs to know about one field: its label, what may be typed, how it reads.

A :class:`FieldSpec` says nothing about where the field is drawn or what stands in it now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from deskterm.errors import Invalid
from deskterm.text import clean_text, fold, safe

Kind = Literal["text", "lines", "choice", "person", "code", "fact"]
Values = Mapping[str, Any]
Choices = Sequence[tuple[Any, str]]
Parse = Callable[[str], tuple[Any, str]]

YES_NO: Choices = (("y", "yes"), ("n", "no"))
_TEXT_FIELDS = {"CleanText", "TextField", "CharField", "FixedCharField"}
_MAX_BOX = 60
LOOKED_UP = ("person", "code")  # what the screen finds, when Enter or F4 asks for it
NO_SUCH_CHOICE = "No such choice. F4 shows them"


class Refused(Exception):
    """Why a text cannot stand, in words for the screen alone; they may name what is on file."""


class Reading(NamedTuple):
    """What a field's text means: its value, the echo beside the box, or what is wrong."""

    value: Any = None
    echo: str = ""
    error: str = ""


@dataclass(frozen=True)
class FieldSpec:
    """One field of a form.

    ``kind``: ``text`` one line; ``lines`` wrapped text; ``choice`` one of ``choices``
    (code, label), by prefix; ``person`` found by the screen's finder; ``code`` read by ``parse``
    and, where that refuses it, looked up by the screen; ``fact`` shown, not typed.
    ``parse`` turns typed text (a code, in a choice field) into (value, echo) and raises Invalid,
    or Refused where the words are for the screen alone;
    without it the value is the text itself. ``show`` is its inverse.
    ``required`` fields are gaps while empty; ``ask`` fields are a gap until visited once.
    ``limit`` is in characters, ``width`` in cells of the box, ``rows`` in lines of the box.
    ``default`` stands in the box until something is typed; it may be worked out from the values
    given to the form. ``fact`` works out the text of a ``fact`` from what is typed.
    ``reads`` are lone signs that ``parse`` understands itself, such as ``=`` in a money field.
    ``card_check`` refuses what looks like a payment card number; it is off only where long
    numbers of another kind belong.
    """

    name: str
    label: str
    kind: Kind = "text"
    required: bool = False
    ask: bool = False
    limit: int = 0
    choices: Choices | Callable[[Values], Choices] = ()
    help: str = ""
    example: str = ""
    default: Any = None
    parse: Parse | None = None
    show: Callable[[Any], str] | None = None
    fact: Callable[[Values], str] | None = None
    width: int = 0
    rows: int = 0
    group: str = ""
    beside: bool = False
    secret: bool = False
    reads: str = ""
    card_check: bool = True
    empty: Any = None
    visible_when: Callable[[Values], bool] | None = None

    @classmethod
    def from_model(cls, field: Any, **overrides: Any) -> FieldSpec:
        """The specification of a Peewee field: label, help, choices, length, needed or not.

        Dates, times, amounts and links have no reading of their own: give ``parse`` (and
        ``show``), ``choices`` or ``kind``. Raises TypeError when that is missing.
        """
        type_name = type(field).__name__
        found: dict[str, Any] = {
            "name": field.name,
            "label": field.verbose_name or field.name.replace("_", " ").capitalize(),
            "help": field.help_text or "",
            "required": not field.null and field.default is None,
            "limit": getattr(field, "limit", 0) or getattr(field, "max_length", 0) or 0,
        }
        if field.choices:
            found |= {"kind": "choice", "choices": tuple(field.choices)}
        elif type_name == "BooleanField":
            found |= {"kind": "choice", "choices": YES_NO, "parse": _read_yes, "show": _show_yes}
        elif type_name in _TEXT_FIELDS:
            found["kind"] = "lines" if getattr(field, "lines", False) else "text"
            found["empty"] = None if field.null else ""
        if field.default is not None and not callable(field.default):
            found["default"] = field.default
        spec = cls(**(found | overrides))
        if "kind" not in found and "kind" not in overrides and spec.parse is None:
            raise TypeError(f"{spec.name}: a {type_name} needs a parse")
        return spec

    @property
    def said(self) -> str:
        """The label inside a sentence: small first letter, unless it is an abbreviation."""
        label = self.label.strip()
        return label if label[1:2].isupper() else label[:1].lower() + label[1:]

    def but(self, **changes: Any) -> FieldSpec:
        """The same field with some things changed."""
        return replace(self, **changes)

    @property
    def typed_into(self) -> bool:
        return self.kind != "fact"

    @property
    def box(self) -> int:
        """Cells inside the brackets that the field would like."""
        if self.width:
            return self.width
        if self.kind == "choice" and not callable(self.choices):
            widest = max((len(f"{code}  {label}") for code, label in self.choices), default=8)
            return min(widest + 1, 30)
        if self.kind == "lines":
            return _MAX_BOX
        return min(self.limit + 1, _MAX_BOX) if self.limit else 24

    @property
    def box_rows(self) -> int:
        """Lines of the box."""
        return (self.rows or 2) if self.kind == "lines" else 1

    def choices_for(self, values: Values) -> list[tuple[Any, str]]:
        """The choices there are, given what the other fields hold."""
        return list(self.choices(values) if callable(self.choices) else self.choices)

    def shown(self, value: Any, values: Values) -> str:
        """``value`` as it stands in the box."""
        if value is None or value == "":
            return ""
        text = self.show(value) if self.show else str(value)
        if self.kind == "choice":
            for code, label in self.choices_for(values):
                if str(code) == text:
                    return choice_text(code, label)
        return text

    def read(self, text: str, values: Values) -> Reading:
        """What ``text`` means in this field. Never raises; the error is in the reading."""
        try:
            clean = clean_text(text, field=self.name, limit=self.limit, lines=self.kind == "lines")
            if not clean:
                return Reading(self.empty)
            if self.kind == "choice":
                return self._read_choice(clean, values)
            if self.parse is None:
                return Reading(clean)
            return Reading(*self.parse(clean))
        except Invalid as error:
            return Reading(self.empty, error=_sentence(error))
        except Refused as error:
            return Reading(self.empty, error=str(error))

    def _read_choice(self, text: str, values: Values) -> Reading:
        found = matching(text, self.choices_for(values))
        if not found:
            return Reading(self.empty, error=NO_SUCH_CHOICE)
        if len(found) > 1:
            names = ", ".join(safe(code) for code, _ in found[:4])
            more = ", ..." if len(found) > 4 else ""
            return Reading(self.empty, error=f"Which one: {names}{more}? F4 shows them")
        code, label = found[0]
        value, echo = self.parse(str(code)) if self.parse else (code, "")
        full = choice_text(code, label)
        return Reading(value, echo or (full if fold(full) != fold(text) else ""))


def choice_text(code: Any, label: str) -> str:
    """A choice as it stands in its box: the code first."""
    return f"{code}  {label}" if str(code) != label else str(code)


def matching(text: str, choices: Choices) -> list[tuple[Any, str]]:
    """The choices that ``text`` may mean: the exact one, else those it begins.

    An exact code or label counts before a prefix, so that a short code is never hidden by a
    longer one; the start of a later word of the label counts last.
    """
    exact = [choice for choice in choices if str(choice[0]) == text.strip()]
    if exact:
        return exact
    wanted = fold(text)
    if not wanted:
        return list(choices) if not text.strip() else []
    ways: tuple[Callable[[str, str, str], bool], ...] = (
        lambda code, label, full: wanted in (code, full),
        lambda code, label, full: wanted == label,
        lambda code, label, full: code.startswith(wanted) or label.startswith(wanted),
        lambda code, label, full: f" {wanted}" in f" {label}",
    )
    folded = [
        (fold(str(code)), fold(label), fold(choice_text(code, label)), (code, label))
        for code, label in choices
    ]
    for way in ways:
        found = [choice for code, label, full, choice in folded if way(code, label, full)]
        if found:
            return found
    return []


def _sentence(error: Invalid) -> str:
    return error.sentence


def _read_yes(code: str) -> tuple[bool, str]:
    return code == "y", ""


def _show_yes(value: Any) -> str:
    return "y" if value else "n"
