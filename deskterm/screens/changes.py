"""What other desks just changed on a list of visits: which rows, and who did it where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from deskterm.db.journal import Entry
from deskterm.office import news
from deskterm.office.desk import Desk

CHANGED_FOR = timedelta(minutes=1)
# operation -> what happened to the visit, said after its name
WORDS: Mapping[str, str] = {
    "appointment.book": "booked", "appointment.move": "moved", "appointment.cancel": "cancelled",
    "appointment.confirm": "confirmed", "appointment.note": "noted",
    "appointment.reinstate": "put back", "appointment.undo_book": "booking taken back",
    "appointment.undo_move": "move taken back", "visit.arrive": "arrived",
    "visit.check_in": "checked in", "visit.room": "roomed", "visit.with_provider": "with provider",
    "visit.ready": "ready to leave", "visit.check_out": "checked out", "visit.no_show": "no-show",
    "visit.left": "left unseen", "visit.undo": "stage taken back", "visit.note": "noted",
    "visit.walk_in": "walked in",
}  # fmt: skip


class Changes:
    """The visits that another desk changed in the last minute."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[int, tuple[datetime, str]] = {}

    def note(self, entry: Entry) -> None:
        """Remember ``entry`` when it is about a visit and was made at another desk."""
        desk = self._desk
        mine = entry.desk == desk.workstation and entry.actor == desk.actor.login
        if mine:
            return
        what = WORDS.get(entry.operation, "changed")
        said = f"{what} by {entry.actor} at {entry.desk}"
        for appointment_id in news.touched(entry).appointments:
            self._known[appointment_id] = (desk.now(), said)

    def now(self) -> set[int]:
        """The visits that carry the mark ``'``."""
        now = self._desk.now()
        self._known = {k: v for k, v in self._known.items() if now - v[0] < CHANGED_FOR}
        return set(self._known)

    def who(self, appointment_id: int) -> str:
        """``moved by mlopez at d2``; empty when nothing changed lately."""
        return self._known[appointment_id][1] if appointment_id in self.now() else ""
