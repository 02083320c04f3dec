"""Taking a message back that nobody has read yet."""

from __future__ import annotations

from deskterm import clock as clocks
from deskterm.db.messages import Message
from deskterm.entry.times import show_time
from deskterm.errors import Conflict
from deskterm.office.desk import Desk
from deskterm.office.messages import EventRow, history, open_for, save

TAKEN_BACK = "taken back"
_DID = {
    "read": "read it", "acknowledged": "took it on", "in_progress": "worked on it",
    "forwarded": "sent it on", "closed": "closed it", "reopened": "opened it again",
}  # fmt: skip


def take_back(desk: Desk, message_id: int) -> Message:
    """Take a slip back that nobody has read yet: it is closed, and its history says so.

    Again changes nothing. Raises Conflict (rule ``read``), naming who read it and when, or who
    has sent it on or closed it meanwhile.
    """
    with desk.operation("message.take_back") as op:
        message = open_for(op, message_id, None)
        if message.outcome == TAKEN_BACK:
            return message
        since = [event for event in history(desk, message_id) if event.action != "taken"]
        if since or message.status != "new":
            last = since[-1] if since else EventRow(clocks.local(op.now, desk.zone), "", "read", "")
            did = _DID.get(last.action, "read it")
            raise Conflict(
                f"{last.by or 'Somebody'} {did} at {show_time(last.at.time())}",
                "It stays; F6 writes another one",
                rule="read",
            )
        message.status, message.outcome, message.closed_at = "closed", TAKEN_BACK, op.now
        save(op, message, "closed", TAKEN_BACK)
    return message
