"""Field types that refuse what must never be stored, and carry what a form needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from peewee import SQL, Check, Field, ForeignKeyField, IntegerField, TextField

from deskterm.clock import parse_utc_text, utc_text
from deskterm.errors import Invalid
from deskterm.text import clean_text

__all__ = [
    "Cents",
    "Choice",
    "CleanText",
    "Day",
    "Moment",
    "Reference",
    "WallTime",
    "Whole",
    "word_of",
]


class CleanText(TextField):
    """Text of at most ``limit`` characters, without control or direction characters."""

    def __init__(self, limit: int = 200, lines: bool = False, **kwargs: Any) -> None:
        self.limit = limit
        self.lines = lines
        if not kwargs.get("null"):
            kwargs.setdefault("default", "")
        super().__init__(**kwargs)

    def db_value(self, value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, str):
            raise Invalid(f"Not text: {type(value).__name__}", field=self.name or "")
        return clean_text(value, field=self.name or "", limit=self.limit, lines=self.lines)


class Choice(TextField):
    """One of a fixed set of codes, also refused by the database when it is not."""

    def __init__(self, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        self.codes = tuple(code for code, _ in choices)
        super().__init__(choices=list(choices), **kwargs)

    def bind(self, model: Any, name: str, set_attribute: bool = True) -> None:
        allowed = ", ".join(f"'{code}'" for code in self.codes)
        self.constraints = [*(self.constraints or []), Check(f"{name} IN ({allowed})")]
        super().bind(model, name, set_attribute)

    def db_value(self, value: Any) -> Any:
        if value is None and self.null:
            return None
        if value not in self.codes:
            raise Invalid(f"{value} is not one of {', '.join(self.codes)}", field=self.name or "")
        return value


class Cents(IntegerField):
    """Money in whole cents. Anything but a plain ``int`` is refused: 1.5 is never stored as 1."""

    def db_value(self, value: Any) -> Any:
        if value is None and self.null:
            return None
        if type(value) is not int:
            raise Invalid("An amount must be whole cents", field=self.name or "")
        return value


class Whole(IntegerField):
    """A whole number; fractions and booleans are refused instead of cut."""

    def db_value(self, value: Any) -> Any:
        if value is None and self.null:
            return None
        if type(value) is not int:
            raise Invalid("A whole number is needed", field=self.name or "")
        return value


class Day(Field):
    """A calendar date of the clinic, stored as ``YYYY-MM-DD``."""

    field_type = "TEXT"

    def db_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, datetime) or not isinstance(value, date):
            raise Invalid("A date is needed", field=self.name or "")
        return value.isoformat()

    def python_value(self, value: Any) -> Any:
        return date.fromisoformat(value) if isinstance(value, str) else value


class Moment(Field):
    """A thing that happened: an aware UTC moment, stored as fixed-width text that sorts."""

    field_type = "TEXT"

    def db_value(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, str):
            value = parse_utc_text(value)
        if value.tzinfo is None:
            raise Invalid("A moment needs its time zone", field=self.name or "")
        return utc_text(value.astimezone(UTC))

    def python_value(self, value: Any) -> Any:
        return parse_utc_text(value) if isinstance(value, str) else value


class WallTime(Field):
    """Clinic wall time without a zone, stored as ``YYYY-MM-DDTHH:MM``."""

    field_type = "TEXT"

    def db_value(self, value: Any) -> Any:
        if value is None:
            return None
        if value.tzinfo is not None:
            raise Invalid("Wall time has no zone", field=self.name or "")
        return value.strftime("%Y-%m-%dT%H:%M")

    def python_value(self, value: Any) -> Any:
        return datetime.strptime(value, "%Y-%m-%dT%H:%M") if isinstance(value, str) else value


class Reference(ForeignKeyField):
    """A link to another record, which can then not be removed."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        kwargs.setdefault("on_delete", "RESTRICT")
        kwargs.setdefault("backref", "+")
        super().__init__(model, **kwargs)


def word_of(choices: Sequence[tuple[str, str]], code: str) -> str:
    """The word for a code of a list; the code itself where a foreign hand wrote another."""
    return next((word for known, word in choices if known == code), code)


def default_sql(text: str) -> SQL:
    """A column default that the database itself fills in."""
    return SQL(f"DEFAULT {text}")
