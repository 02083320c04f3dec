"""What was looked at: noted in batches, so that looking costs no key a wait.

Opening a record, the people of a list, what was searched for, prints, exports and attempts that
were refused are entries of the journal like any other work. They are kept here for at most two
seconds or twenty entries and then written in one transaction; before the person's next
operation they are written in its own, and before a lock, a print, an export or the end at once.
A desk that nobody touches writes nothing.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from deskterm.clock import utc_text
from deskterm.db import journal
from deskterm.errors import Busy, DesktermError
from deskterm.text import safe

if TYPE_CHECKING:
    from deskterm.office.desk import Desk

WAIT_SECONDS = 1.7  # with a look four times a second, written within two
MOST = 20


@dataclass
class Seen:
    """One thing that was looked at, as the journal will say it."""

    operation: str
    actor: str
    session: str
    at: str
    mono: int
    boot: str
    patient_id: int | None = None
    reason: str = ""  # typed by people, and judged where it is typed
    shown: dict[str, Any] = field(default_factory=dict)
    people: list[int] = field(default_factory=list)


class Views:
    """What one session looked at and has not yet written."""

    def __init__(self, desk: Desk, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._monotonic = monotonic
        self._pending: list[Seen] = []
        self._since = 0.0
        self._noted: dict[str, set[int]] = {}
        self._noted_on: date | None = None

    # Noting

    def opened(self, patient_id: int, on: str, *, reason: str = "") -> None:
        """A patient's record was opened on the screen ``on``; ``reason`` is why, if asked."""
        self._add(
            "patient.view", patient_id=patient_id, reason=safe(reason)[:500], shown={"on": on}
        )

    def listed(self, on: str, patient_ids: Iterable[int | None]) -> None:
        """The list ``on`` shows these patients. Those noted today in this session are not again."""
        today = self._desk.today()
        if today != self._noted_on:
            self._noted, self._noted_on = {}, today
        noted = self._noted.setdefault(on, set())
        new = {p for p in patient_ids if p is not None} - noted
        if new:
            noted |= new
            self._add("list.view", shown={"on": on}, people=sorted(new))

    def searched(self, text: str, patient_ids: Sequence[int]) -> None:
        """``text`` was searched for and these were shown; letter by letter is one search."""
        text = safe(text.strip()[:200])
        last = self._pending[-1] if self._pending else None
        if last is not None and last.operation == "patient.find" and self._is_mine(last):
            before = last.shown["text"]
            if text.startswith(before) or before.startswith(text):
                last.shown["text"] = text
                last.people = sorted({*last.people, *patient_ids})
                return
        if text:
            self._add("patient.find", shown={"text": text}, people=sorted(set(patient_ids)))

    def refused(self, operation: str, patient_id: int | None) -> None:
        """Something was asked for that this person may not do."""
        self._add("access.refused", patient_id=patient_id, shown={"asked": operation})

    def note(
        self, operation: str, *, patient_id: int | None = None, reason: str = "", **shown: Any
    ) -> None:
        """Something happened that changes no record (a lock, a print, an export): write it now."""
        self._add(operation, patient_id=patient_id, reason=safe(reason)[:500], shown=shown)
        self.flush()

    def printed(self, what: str, patient_id: int | None = None) -> None:
        """Something is about to be printed, which a busy database does not hold up."""
        self._add("data.print", patient_id=patient_id, shown={"on": what})
        with contextlib.suppress(DesktermError):
            self.flush()

    def recent(self, since: str = "") -> list[int]:
        """Patients opened and not yet written, the newest first."""
        login = self._desk.actor.login
        waiting = (s for s in reversed(self._pending) if s.at >= since and s.actor == login)
        return [s.patient_id for s in waiting if s.patient_id is not None]

    def _is_mine(self, seen: Seen) -> bool:
        return (seen.actor, seen.session) == (self._desk.actor.login, self._desk.session_mark)

    def _add(self, operation: str, **content: Any) -> None:
        if not self._pending:
            self._since = self._monotonic()
        mono, boot = self._desk.clock.ticks()
        desk = self._desk
        self._pending.append(
            Seen(operation, desk.actor.login, desk.session_mark, utc_text(desk.now()), mono, boot,
                 **content)
        )  # fmt: skip

    # Writing

    @property
    def is_due(self) -> bool:
        """Whether what waits should be written now."""
        if not self._pending:
            return False
        return len(self._pending) >= MOST or self._monotonic() - self._since >= WAIT_SECONDS

    def flush_if_due(self) -> None:
        """Write what is due, unless another desk is saving: then a moment later."""
        if self.is_due:
            with contextlib.suppress(Busy):
                self.flush(wait=False)

    def flush(self, *, wait: bool = True) -> None:
        """Write everything that waits, in one transaction of its own.

        Raises Busy and what else keeps a database from being written; then it waits on.
        """
        database = self._desk.database
        if not self._pending or database.is_closed() or database.in_transaction():
            return
        with database.writing(wait=wait):
            written = self.write()
        self.forget(written)
        self._desk.anchoring.after(written)

    def write(self) -> int:
        """Append what waits, inside the caller's transaction; how many entries there were."""
        last: journal.Entry | None = None
        for seen in self._pending:
            last = append(self._desk, seen.operation, after=last, actor=seen.actor,
                          session=seen.session, at=seen.at, mono=seen.mono,
                          boot=seen.boot, patient_id=seen.patient_id, reason=seen.reason,
                          entity="patient" if seen.patient_id else "", entity_id=seen.patient_id,
                          changes=_changes(seen))  # fmt: skip
            if seen.people:
                journal.append_list(self._desk.database, last.seq, seen.people)
        return len(self._pending)

    def forget(self, written: int) -> None:
        """The first ``written`` entries are committed."""
        del self._pending[:written]


def append(desk: Desk, operation: str, **content: Any) -> journal.Entry:
    """Append one entry of this session, inside the caller's transaction."""
    given = {"actor": desk.actor.login, "session": desk.session_mark, "patient_id": None,
             "entity": "", "entity_id": None, "reason": "", "key": None, "changes": "[]",
             **content}  # fmt: skip
    if "at" not in given:
        given["at"] = utc_text(desk.now())
        given["mono"], given["boot"] = desk.clock.ticks()
    entry = journal.append(
        desk.database, desk.secret, desk=desk.workstation, operation=operation,
        origin=desk.origin, **given,
    )  # fmt: skip
    desk.written.append(entry.seq)
    return entry


def _changes(seen: Seen) -> str:
    """What was shown, in the shape of a change that changes nothing."""
    said: dict[str, Any] = {"table": "patient", "id": seen.patient_id, "before": None,
                            "after": None, **seen.shown}  # fmt: skip
    if seen.people:
        said["shown"] = seen.people
    return json.dumps([said], ensure_ascii=False, separators=(",", ":"))
