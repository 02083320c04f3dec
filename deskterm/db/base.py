"""The base of every model. The database is bound when a desk is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from peewee import Database, DatabaseProxy, Model

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

    def stored(self) -> dict[str, Any]:
        """Every column as it was read: text is not judged again, whatever the file holds."""
        found: dict[str, Any] = {}
        for name, field in self._meta.fields.items():
            value = self.__data__.get(name)
            found[field.column_name] = value if isinstance(value, str) else field.db_value(value)
        return found

    def values(self) -> dict[str, Any]:
        """Every column as it is to be stored, by column name. Raises Invalid."""
        return {
            field.column_name: field.db_value(self.__data__.get(name))
            for name, field in self._meta.fields.items()
        }


def insert(db: Database, record: Record) -> None:
    """Write a new record. One statement from its own columns: Peewee spends ten times the
    statement's cost on building it."""
    meta: Any = record._meta
    values = record.values()
    key = meta.primary_key.column_name if meta.auto_increment else ""
    if key and values.get(key) is None:
        del values[key]
    columns = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join(meta.database.param for _ in values)
    sql = f'INSERT INTO "{meta.table_name}" ({columns}) VALUES ({marks})'
    if not key:
        db.execute_sql(sql, list(values.values()))
        return
    found = db.execute_sql(f'{sql} RETURNING "{key}"', list(values.values())).fetchone()
    setattr(record, meta.primary_key.name, found[0])


def update(db: Database, record: Record, values: dict[str, Any]) -> None:
    """Write some columns of a stored record, by column name."""
    meta: Any = record._meta
    param = meta.database.param
    columns = ", ".join(f'"{name}" = {param}' for name in values)
    sql = (
        f'UPDATE "{meta.table_name}" SET {columns} WHERE "{meta.primary_key.column_name}" = {param}'
    )
    db.execute_sql(sql, [*values.values(), record.get_id()])


class Versioned(Record):
    """A record that two desks may edit; ``version`` counts its saves."""

    version = Whole(default=1)
