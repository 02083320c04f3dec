"""What other desks did since one last looked, and the counters of row 1."""

from __future__ import annotations

from typing import NamedTuple

from deskterm.clock import utc_text
from deskterm.db import journal
from deskterm.db.bell import DESKS, NEWS, Bell
from deskterm.db.journal import Entry
from deskterm.office import presence
from deskterm.office.desk import Desk
from deskterm.office.operations import NOTED


class Feed:
    """Follows the journal, and who is at work on what. Asking costs microseconds.

    Wait on :meth:`fileno` until it can be read, then ask :meth:`rang` and :meth:`news`. Also
    ask now and then without being called: a program that is not ours rings no bell. On another
    engine the number is its notices' socket, and everything else is as it is here.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._bell: Bell | None = None
        self._version = self._data_version()
        self._seen = journal.head(desk.database)[0]

    def listen(self) -> None:
        """Begin to hear; done once a desk is open, not by programs that only look."""
        queue = self._desk.database.queue_path
        try:
            queue.touch(mode=0o600, exist_ok=True)
            self._bell = Bell(queue, presence.folder(self._desk))
        except OSError:
            self._bell = None

    def fileno(self) -> int:
        """What to wait on; -1 when nothing can be heard and one has to ask often."""
        return self._bell.fileno() if self._bell is not None else -1

    def rang(self) -> set[str]:
        """What rang since the last call: ``news``, ``desks``. Everything when it cannot hear."""
        if self._bell is None or self._bell.fileno() < 0:
            return {NEWS, DESKS}
        return self._bell.heard()

    def close(self) -> None:
        """Stop listening."""
        if self._bell is not None:
            self._bell.close()

    def news(self) -> list[Entry]:
        """Entries that other desks (or batch commands) wrote since the last call."""
        version = self._data_version()
        if version == self._version:
            return []
        self._version = version
        entries = journal.read(self._desk.database, after=self._seen, limit=500)
        if not entries:
            return []
        self._seen = entries[-1].seq
        if len(entries) == 500:
            # There is more: ask again although the file stands still.
            self._version = -1
        own = set(self._desk.written)
        # That somebody looked at something changes no screen.
        return [e for e in entries if e.seq not in own and e.operation not in NOTED]

    def _data_version(self) -> int:
        return int(self._desk.rows("PRAGMA data_version")[0][0])


# A pool that nobody belongs to waits for everybody, as the queue has it.
_MY_POOL = """m.pool_id IN (
    SELECT o.id FROM pool o WHERE
      EXISTS (SELECT 1 FROM pool_member k WHERE k.pool_id = o.id AND k.staff_id = ?)
      OR NOT EXISTS (SELECT 1 FROM pool_member k WHERE k.pool_id = o.id))"""


class Counts(NamedTuple):
    """Open calls, parked work, everything that F8 lists, notices."""

    calls: int = 0
    parked: int = 0
    queue: int = 0
    notices: int = 0


def counts(desk: Desk) -> Counts:
    """The counters of row 1 for the person at this desk."""
    from deskterm.office import queue  # not before the first screen is painted

    login, now = desk.actor.login, utc_text(desk.now())
    found = desk.rows(
        "SELECT (SELECT count(*) FROM draft WHERE owner = ? AND status = 'open' AND form = 'call'),"
        " (SELECT count(*) FROM draft WHERE owner = ? AND status = 'open' AND form <> 'call'),"
        " (SELECT count(*) FROM message m WHERE m.status = 'new' AND m.due_at < ?"
        f"   AND (m.assignee_id = ? OR {_MY_POOL}))",
        login, login, now, desk.actor.id, desk.actor.id,
    )[0]  # fmt: skip
    calls, parked, notices = (int(n) for n in found)
    waiting = len(queue.waiting(desk)) if desk.may("view_messages") else 0
    return Counts(calls, parked, waiting, notices)
