"""The desk handle, and the one way to change the clinic's data: ``desk.operation(...)``."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from deskterm import clock as clocks
from deskterm.clock import Clock, parse_utc_text, utc_text
from deskterm.config import Settings
from deskterm.db import journal
from deskterm.db.base import Record, Versioned, insert, update
from deskterm.db.database import ClinicDatabase, open_database, rows
from deskterm.db.fields import Choice, Moment
from deskterm.db.migrate import migrate
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, DesktermError, Invalid, NotAllowed, NotFound, Stale
from deskterm.office import access
from deskterm.office.anchors import Anchoring
from deskterm.office.data_files import refuse_shared
from deskterm.office.operations import DUAL, WHILE_LOCKED, permission_of
from deskterm.office.origin import origin
from deskterm.office.views import Views, append
from deskterm.values import dataclass

if TYPE_CHECKING:
    from deskterm.office.approvals import Approved

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
    session: int = 0  # the row of the table ``session``; 0 for a batch command
    # While this is set nobody is known to be at the desk: nothing is read out and nothing done.
    locked: bool = False
    # The journal's numbers of what this handle wrote lately: to itself that is no news.
    written: deque[int] = field(default_factory=lambda: deque(maxlen=1000), repr=False)
    origin: str = ""  # where this session comes from, for the journal
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    # When each person last proved themselves here, on the clock that nobody can set (seconds).
    proved: dict[str, float] = field(default_factory=dict, repr=False)
    notices: list[str] = field(default_factory=list)  # what went wrong beside the work
    views: Views = field(init=False, repr=False)
    anchoring: Anchoring = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.views = Views(self)
        self.anchoring = Anchoring(self)

    @property
    def session_mark(self) -> str:
        """What the journal calls this session: its number, or for a batch command its token."""
        return f"s{self.session}" if self.session else self.token

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

    def require(self, permission: str, *, asked: str = "", patient_id: int | None = None) -> None:
        """Raise NotAllowed without ``permission`` (the message names who can), or when locked.

        A refusal is noted; ``asked`` is the operation that the permission was wanted for.
        """
        if self.locked:
            raise NotAllowed("This desk is locked", "Unlock it first", locked=True)
        self._must_have(permission, asked=asked, patient_id=patient_id)

    def _must_have(
        self, permission: str, *, asked: str = "", patient_id: int | None = None
    ) -> None:
        if self.may(permission):
            return
        self.views.refused(asked or permission, patient_id)
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
        approval: Approved | None = None,
    ) -> Iterator[Operation]:
        """One operation: permission, one write transaction, one journal entry.

        With ``key``, a repeat of the same operation finds ``op.earlier`` (the entry it made
        the first time) and must return that result and write nothing. ``approval`` is the
        second person's yes, kept with what it allowed. Raises NotAllowed (also for a restricted
        record that was not opened), Busy, Unreachable, and Conflict for a key used by another
        operation.
        """
        permission = permission_of(name)
        if self.locked and name in WHILE_LOCKED:
            self._must_have(permission)
        else:
            self.require(permission, asked=name, patient_id=patient_id)
        with self.database.writing():
            self._still_here(name)
            seen = self.views.write()
            op = Operation(
                self, name, patient_id=patient_id, reason=reason, key=key, approval=approval
            )
            op.check_access()
            if key:
                found = journal.read(self.database, key=key, limit=1)
                if found and found[0].operation != name:
                    raise Conflict("This form was already used for something else", "Start again")
                op.earlier = found[0] if found else None
            yield op
            op.check_access()
            op.write_approval()
            wrote = op.write_entry()
        self.views.forget(seen)
        if op.written:
            self.database.ring()
        self.anchoring.after(seen + wrote)

    def _still_here(self, name: str) -> None:
        """Refuse a person who was disabled, and a session that ended meanwhile."""
        gone = self.rows("SELECT 1 FROM staff WHERE id = ? AND active = 0", self.actor.id)
        if not gone and self.session and name != "session.start":
            gone = self.rows(
                "SELECT 1 FROM session WHERE id = ? AND ended_at IS NOT NULL", self.session
            )
        if gone:
            raise NotAllowed("This session is over; nothing was changed", "Sign in again")

    def close(self) -> None:
        """Write what was looked at, and close the database connection."""
        with contextlib.suppress(DesktermError):
            self.views.flush()
        self.anchoring.wait()
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
    written: int = 0  # the number of the entry in the journal
    approval: Approved | None = None
    settled: bool = False  # whether it was decided that a second person is needed or not
    also: set[int] = field(default_factory=set)  # other patients whose accounts it touches
    now: datetime = field(init=False)
    _opened: set[int | None] = field(default_factory=lambda: {None})
    ticks: tuple[int, str] = field(init=False)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = self.desk.now()
        self.ticks = self.desk.clock.ticks()

    def about(self, record: Record, *, patient_id: int | None = None) -> None:
        """Name the record (and the patient) that this operation is about, for the journal."""
        self.entity = record._meta.table_name
        self.entity_id = record.get_id()
        if patient_id is not None:
            self.patient_id = patient_id

    def check_access(self) -> None:
        """Raise NotAllowed when this is about a restricted record that was not opened."""
        self._check_open(self.patient_id)

    def _check_open(self, patient_id: int | None) -> None:
        if patient_id not in self._opened and self.name not in access.WITHOUT_OPENING:
            access.require_patient(self.desk, patient_id)
            self._opened.add(patient_id)

    def second_person(self, *, own: bool) -> None:
        """Decide whether somebody else must agree; ``own``: this undoes the actor's own work.

        Raises NotAllowed when somebody must and nobody did.
        """
        from deskterm.office import approvals

        if self.settled:
            return
        if self.approval is None and approvals.needed(self.desk, self.name, own=own):
            raise approvals.refuse(self.desk, self.name)
        self.settled = True

    def two_people(self, *, wanted: bool, but: int = 0) -> None:
        """Ask for a second person where ``wanted`` and where there is one, other than ``but``.

        Raises NotAllowed when somebody must agree and nobody did.
        """
        from deskterm.office import approvals

        if wanted and approvals.anybody_else(self.desk, self.name, but=but):
            if self.approval is not None and self.approval.approver.id == but:
                raise NotAllowed("They may not approve what is about themselves", "Ask: another")
            self.second_person(own=False)
        self.settled = True

    def write_approval(self) -> None:
        """Keep the second person's yes in the same transaction; refuse what lacks one."""
        if self.earlier is not None or not self.changes:
            return
        if self.name in DUAL and not self.settled:
            self.second_person(own=False)
        if self.approval is not None:
            from deskterm.db.identity import Approval

            self.approval.spend(self.desk, self.name)
            self.create(
                Approval, operation=self.name, actor=self.desk.actor.id, at=self.now,
                approver=self.approval.approver.id, entity=self.entity, entity_id=self.entity_id,
                desk=self.desk.workstation, reason=self.reason[:200],
            )  # fmt: skip

    def get(self, model: type[R], record_id: int, version: int | None = None) -> R:
        """Re-read a record under the lock.

        Raises NotFound, NotAllowed for a restricted patient's, Stale for an old ``version``.
        """
        record = model.get_or_none(model._meta.primary_key == record_id)
        if record is None:
            raise NotFound(f"No such {model.title}: {record_id}", "Look it up again")
        # Before anything is told of it, also by an error: whose is it?
        whose = record.id if model._meta.table_name == "patient" else record.__data__.get("patient")
        self._check_open(whose)
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

    def write_entry(self) -> bool:
        """Append this operation to the journal, if it changed anything; whether it did."""
        if self.changes and self.earlier is None:
            others = sorted(self.also - {self.patient_id})
            if others:  # said in the entry itself; the index of them is worked out from it
                self.changes.append(
                    {"table": "patient", "id": None, "before": None, "after": None,
                     "shown": others}
                )  # fmt: skip
            entry = append(
                self.desk,
                self.name,
                at=utc_text(self.now),
                mono=self.ticks[0],
                boot=self.ticks[1],
                patient_id=self.patient_id,
                entity=self.entity,
                entity_id=self.entity_id,
                reason=self.reason,
                key=self.key,
                changes=json.dumps(self.changes, ensure_ascii=False, separators=(",", ":")),
            )
            self.written = entry.seq
            if others:
                journal.append_list(self.desk.database, entry.seq, others)
            return True
        return False

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
    said: list[str] = []
    # What is written beside a patient is journaled under its own name, and the patient's number.
    about: dict[str, Any] = {"entity": (table, record_id)}
    if table == "patient":
        about = {"patient_id": record_id}
    for entry in journal.read(desk.database, **about, newest_first=True, limit=20):
        for row in entry.changed:
            after = row["after"] or {}
            if row["table"] != table or row["id"] != record_id or row["before"] is None:
                continue
            if after.get("version", 0) > version:
                seen = [k for k in after if k != "version"]
                said += _said(record, row["before"], after)
                # What was written beside the record counts up its version as well.
                beside = [r["table"] for r in entry.changed if r["table"] != table]
                seen += beside
                said += [name.removeprefix(f"{table}_").replace("_", " ") for name in beside]
                changes.append(
                    {"by": entry.actor, "at": entry.at, "desk": entry.desk, "fields": seen}
                )
    who = "another desk"
    if changes:
        at = show_time(clocks.local(parse_utc_text(changes[0]["at"]), desk.zone).time())
        who = f"{changes[0]['by']} at {changes[0]['desk']} {at}"
    what = ", ".join(dict.fromkeys(said))
    return Stale(
        f"Changed by {who} while you were typing" + (f": {what}" if what else ""),
        "What you typed is kept; look at the new values, then press Enter again",
        changes=changes,
        who=who,
        version=getattr(record, "version", None),
    )


def _said(record: Record, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The changed columns in the words of the forms; of words from a list, both values.

    Nobody's name, number or note: messages reach logs.
    """
    said = []
    for name in after:
        column = record._meta.columns.get(name)
        if name == "version" or column is None or isinstance(column, Moment):
            continue
        label = (column.verbose_name or column.name.replace("_", " ")).lower()
        if isinstance(column, Choice) and before.get(name) and after[name]:
            label += f" {before[name]} -> {after[name]}".replace("_", " ")
        said.append(label)
    return said


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
        f"No staff record for {(wanted[0] or wanted[-1] or 'this account')[:40]}",
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
    cannot be used or is open to other accounts, and NotAllowed for someone unknown.
    """
    if "://" not in settings.database and not settings.database_path.exists():
        raise NotFound(
            f"There is no database {settings.database_path.name} yet",
            "deskterm admin init makes one; deskterm demo opens a sample clinic",
        )
    refuse_shared(settings)
    db = open_database(settings.database)
    clock = clock or clock_for(settings)
    migrate(db, clock)
    secret = journal.load_secret(settings.key_path)
    try:
        actor = find_actor(db, settings, login)
    except NotAllowed:
        _refuse(db, settings, clock, secret, login)
        raise
    return Desk(db, actor, settings, clock, secret, settings.desk, origin=origin(login=actor.login))


def _refuse(
    db: ClinicDatabase, settings: Settings, clock: Clock, secret: bytes, login: str | None
) -> None:
    """Note that somebody without a staff record tried to sign in."""
    nobody = Actor(os_login()[:40] or "unknown", "", "", frozenset())
    desk = Desk(db, nobody, settings, clock, secret, settings.desk,
                origin=origin(login=login or "nobody"))  # fmt: skip
    with contextlib.suppress(DesktermError):
        desk.views.note("session.refused", asked=(login or "")[:40])


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
