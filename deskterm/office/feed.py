"""What other desks did since one last looked, and the counters of row 1."""

from __future__ import annotations

from typing import NamedTuple

from deskterm.clock import utc_text
from deskterm.db import journal
from deskterm.db.journal import Entry
from deskterm.office.desk import Desk


class Feed:
    """Follows the journal. Asking costs microseconds while nobody saves."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._version = self._data_version()
        self._seen = journal.head(desk.database)[0]

    def news(self) -> list[Entry]:
        """Entries that other desks (or batch commands) wrote since the last call."""
        version = self._data_version()
        if version == self._version:
            return []
        self._version = version
        entries = journal.read(self._desk.database, after=self._seen, limit=500)
        if entries:
            self._seen = entries[-1].seq
        return entries

    def _data_version(self) -> int:
        return int(self._desk.rows("PRAGMA data_version")[0][0])


class Counts(NamedTuple):
    """Open calls, parked work, what is due in the queue, notices."""

    calls: int = 0
    parked: int = 0
    queue: int = 0
    notices: int = 0


def counts(desk: Desk) -> Counts:
    """The counters of row 1 for the person at this desk."""
    login, now = desk.actor.login, utc_text(desk.now())
    found = desk.rows(
        "SELECT (SELECT count(*) FROM draft WHERE owner = ? AND status = 'open' AND form = 'call'),"
        " (SELECT count(*) FROM draft WHERE owner = ? AND status = 'open' AND form <> 'call'),"
        " (SELECT count(*) FROM message m WHERE m.status <> 'closed' AND ("
        "   m.assignee_id = ? OR m.pool_id IN"
        "   (SELECT pool_id FROM pool_member WHERE staff_id = ?))),"
        " (SELECT count(*) FROM message m WHERE m.status = 'new' AND m.due_at < ?"
        "   AND (m.assignee_id = ? OR m.pool_id IN"
        "   (SELECT pool_id FROM pool_member WHERE staff_id = ?)))",
        login, login, desk.actor.id, desk.actor.id, now, desk.actor.id, desk.actor.id,
    )[0]  # fmt: skip
    return Counts(*(int(n) for n in found))
