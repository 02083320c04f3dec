"""The base of every model. The database is bound when a desk is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from peewee import DatabaseProxy, Model

from deskterm.db.fields import Whole

database: DatabaseProxy = DatabaseProxy()


class Record(Model):
    """A stored record. ``title`` is what a clerk calls one of these."""

    title: ClassVar[str] = "record"
    # Columns whose values the journal keeps only as a keyed digest.
    secret_columns: ClassVar[frozenset[str]] = frozenset()

    if TYPE_CHECKING:
        id: int
        _read: dict[str, Any]

        # ``patient_id`` beside ``patient``, and what Peewee adds to a class.
        def __getattr__(self, name: str) -> Any: ...

    class Meta:
        database = database
        legacy_table_names = False

    def values(self) -> dict[str, Any]:
        """Every column as it is stored, by column name."""
        return {
            field.column_name: field.db_value(self.__data__.get(name))
            for name, field in self._meta.fields.items()
        }


class Versioned(Record):
    """A record that two desks may edit; ``version`` counts its saves."""

    version = Whole(default=1)
