"""The desk handle, and the one way to change the clinic's data: ``desk.operation(...)``."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import Any, TypeVar

from deskterm import clock as clocks
from deskterm.clock import Clock, utc_text
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.base import Record, Versioned, insert, update
from deskterm.db.database import ClinicDatabase, open_database, rows
from deskterm.db.migrate import migrate
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from deskterm.office.operations import permission_of
from deskterm.values import dataclass

R = TypeVar("R", bound=Record)
BIGGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Actor:
    """Who is acting: the staff member signed in at this desk."""

    login: str
    name: str
    role: str
    permissions: frozenset[str]
    id: int = 0


@dataclass
class Desk:
    """What an operation needs: open database, who is acting, which workstation, clock, settings."""

    database: ClinicDatabase
    actor: Actor
    settings: Settings
    clock: Clock
    secret: bytes
    workstation: str = "d1"

    @property
    def zone(self) -> str:
        """The clinic's IANA zone, whose date is the business day."""
        return self.settings.zone

    def now(self) -> datetime:
        """This moment, UTC."""
        return self.clock.now()

    def wall(self) -> datetime:
        """This moment as the clinic's wall clock shows it (naive)."""
        return clocks.local(self.clock.now(), self.zone)

    def today(self) -> date:
        """The clinic's business day."""
        return self.wall().date()

    def may(self, permission: str) -> bool:
        """Whether the person signed in has ``permission``."""
        return permission in self.actor.permissions

    def require(self, permission: str) -> None:
        """Raise NotAllowed without ``permission``; the message names who can."""
        if self.may(permission):
            return
        able = rows(
            self.database,
            "SELECT role FROM role_permission WHERE permission = ? ORDER BY role",
            (permission,),
        )
        who = ", ".join(role.replace("_", " ") for (role,) in able) or "nobody yet"
        raise NotAllowed(f"You may not do this ({permission.replace('_', ' ')})", f"Ask: {who}")

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """Plain rows of one fixed statement; ``?`` stands for a value."""
        return rows(self.database, sql, params)

    @contextlib.contextmanager
    def operation(
        self,
        name: str,
        *,
        patient_id: int | None = None,
        reason: str = "",
        key: str | None = None,
    ) -> Iterator[Operation]:
        """One operation: permission, one write transaction, one journal entry.

        With ``key``, a repeat of the same operation finds ``op.earlier`` (the entry it made
        the first time) and must return that result and write nothing. Raises NotAllowed,
        Busy, Unreachable, and Conflict for a key used by another operation.
        """
        self.require(permission_of(name))
        with self.database.writing():
            op = Operation(self, name, patient_id=patient_id, reason=reason, key=key)
            if key:
                found = journal.read(self.database, key=key, limit=1)
                if found and found[0].operation != name:
                    raise Conflict("This form was already used for something else", "Start again")
                op.earlier = found[0] if found else None
            yield op
            op.write_entry()

    def close(self) -> None:
        """Close the database connection."""
        self.database.close()


@dataclass
class Operation:
    """The inside of one operation: reads under the write lock, writes, and what they changed."""

    desk: Desk
    name: str
    patient_id: int | None
    reason: str
    key: str | None
    earlier: journal.Entry | None = None
    entity: str = ""
    entity_id: int | None = None
    now: datetime = field(init=False)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.desk.now()

    def about(self, record: Record, *, patient_id: int | None = None) -> None:
        """Name the record (and the patient) that this operation is about, for the journal."""
        self.entity = record._meta.table_name
        self.entity_id = record.get_id()
        if patient_id is not None:
            self.patient_id = patient_id

    def get(self, model: type[R], record_id: int, version: int | None = None) -> R:
        """Re-read a record under the lock. Raises NotFound, or Stale for an old ``version``."""
        record = model.get_or_none(model._meta.primary_key == record_id)
        if record is None:
            raise NotFound(f"No such {model.title}: {record_id}", "Look it up again")
        if version is not None and getattr(record, "version", version) != version:
            raise stale(self.desk, record, version)
        record._read = record.stored()
        return record

    def create(self, model: type[R], **values: Any) -> R:
        """Write a new record and note it for the journal."""
        record = model(**values)
        insert(self.desk.database, record)
        after = {k: v for k, v in record.values().items() if v not in (None, "")}
        self._note(record, None, after)
        record._read = record.stored()
        return record

    def save(self, record: R) -> R:
        """Write what changed of a record read by :meth:`get`, and count up its version."""
        before: dict[str, Any] = getattr(record, "_read", {})
        if isinstance(record, Versioned) and self.changed(record):
            record.version += 1
        after = record.stored()
        changed = {k for k in after if after[k] != before.get(k)}
        if not changed:
            return record
        # Only what was changed is judged: old text that would be refused today may stay.
        by_column = record._meta.columns
        after |= {k: by_column[k].db_value(record.__data__.get(by_column[k].name)) for k in changed}
        update(self.desk.database, record, {k: after[k] for k in changed})
        self._note(record, {k: before.get(k) for k in changed}, {k: after[k] for k in changed})
        record._read = after
        return record

    def changed(self, record: Record) -> set[str]:
        """The columns of ``record`` that differ from what :meth:`get` read."""
        before: dict[str, Any] = getattr(record, "_read", {})
        return {k for k, v in record.stored().items() if v != before.get(k)}

    def write_entry(self) -> None:
        """Append this operation to the journal, if it changed anything."""
        if self.changes and self.earlier is None:
            journal.append(
                self.desk.database,
                self.desk.secret,
                at=utc_text(self.now),
                actor=self.desk.actor.login,
                desk=self.desk.workstation,
                operation=self.name,
                patient_id=self.patient_id,
                entity=self.entity,
                entity_id=self.entity_id,
                reason=self.reason,
                key=self.key,
                changes=json.dumps(self.changes, ensure_ascii=False, separators=(",", ":")),
            )

    def _note(self, record: Record, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
        table = record._meta.table_name
        secret = record.secret_columns
        shown = [
            {k: self._digest(v) if k in secret and v else v for k, v in side.items()}
            if side is not None
            else None
            for side in (before, after)
        ]
        self.changes.append(
            {"table": table, "id": record.get_id(), "before": shown[0], "after": shown[1]}
        )
        if not self.entity:
            self.about(record)

    def _digest(self, value: object) -> str:
        sealed = hmac.new(self.desk.secret, str(value).encode(), hashlib.sha256)
        return "hmac:" + sealed.hexdigest()[:16]


def stale(desk: Desk, record: Record, version: int) -> Stale:
    """The error for a record that another desk saved since ``version`` was read."""
    table, record_id = record._meta.table_name, record.get_id()
    changes: list[dict[str, Any]] = []
    for entry in journal.read(
        desk.database, entity=(table, record_id), newest_first=True, limit=20
    ):
        for row in entry.changed:
            after = row["after"] or {}
            if row["table"] != table or row["id"] != record_id or row["before"] is None:
                continue
            if after.get("version", 0) > version:
                seen = [k for k in after if k != "version"]
                changes.append(
                    {"by": entry.actor, "at": entry.at, "desk": entry.desk, "fields": seen}
                )
    who = changes[0]["by"] if changes else "another desk"
    what = ", ".join(sorted({f for c in changes for f in c["fields"]}))
    return Stale(
        f"Changed by {who} while you were typing" + (f": {what}" if what else ""),
        "What you typed is kept; look at the new values, then press Enter again",
        changes=changes,
        version=getattr(record, "version", None),
    )


def os_login() -> str:
    """The operating system's account name, or an empty text when it has none."""
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""


def find_actor(db: ClinicDatabase, settings: Settings, login: str | None) -> Actor:
    """The staff member for ``login``, else the settings' default, else the account's name.

    Raises NotAllowed when there is no such active staff record.
    """
    wanted = [login] if login else [settings.default_login, os_login()]
    for name in filter(None, wanted):
        found = rows(
            db, "SELECT id, login, name, role FROM staff WHERE login = ? AND active = 1", (name,)
        )
        if found:
            staff_id, known, full_name, role = found[0]
            held = rows(db, "SELECT permission FROM role_permission WHERE role = ?", (role,))
            return Actor(known, full_name, role, frozenset(p for (p,) in held), staff_id)
    raise NotAllowed(
        f"No staff record for {wanted[0] or wanted[-1] or 'this account'}",
        "Sign in with --as LOGIN; an administrator adds staff",
    )


def open_desk(
    settings: Settings,
    *,
    login: str | None = None,
    clock: Clock | None = None,
) -> Desk:
    """Open the clinic's database for one person at one workstation, up to date.

    Raises Unreachable when the file does not exist yet (``deskterm admin init`` makes one) or
    cannot be used, and NotAllowed for someone unknown.
    """
    if "://" not in settings.database and not settings.database_path.exists():
        raise NotFound(
            f"There is no database {settings.database_path.name} yet",
            "deskterm admin init makes one; deskterm demo opens a sample clinic",
        )
    db = open_database(settings.database)
    clock = clock or clock_for(settings)
    migrate(db, clock)
    secret = journal.load_secret(settings.key_path)
    actor = find_actor(db, settings, login)
    return Desk(db, actor, settings, clock, secret, settings.desk)


def clock_for(settings: Settings) -> Clock:
    """The real clock, or the standing one of a sample clinic. Raises Invalid."""
    if not settings.frozen_now:
        return Clock()
    try:
        moment = datetime.fromisoformat(settings.frozen_now)
    except ValueError:
        raise Invalid("frozen_now is not an ISO moment", "Mend the settings file") from None
    if moment.tzinfo is None:
        moment = clocks.utc(moment, settings.zone)
    return clocks.FrozenClock(moment)


def known_id(value: object) -> int:
    """``value`` when it can be the number of a record. Raises NotFound."""
    if type(value) is not int or not 0 < value <= BIGGEST_ID:
        raise NotFound(f"No such record: {str(value)[:20]}", "Look it up again")
    return value


def placeholders(values: Sequence[object]) -> str:
    """``?, ?, ?`` for an ``IN (...)`` list."""
    return ", ".join("?" for _ in values)
