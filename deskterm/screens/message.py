"""One message: the caller's words, by when it is answered, and all that was done with it."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import show_short
from deskterm.entry.phones import show_phone
from deskterm.entry.times import show_time
from deskterm.errors import Conflict
from deskterm.office import messages
from deskterm.office.messages import EventRow, MessageRow, due_words
from deskterm.screens import message_keys
from deskterm.screens.base import DeskScreen
from deskterm.screens.who import show_banner
from deskterm.text import safe
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part

ACTIONS = {
    "taken": "taken down", "read": "read", "acknowledged": "taken on", "in_progress": "noted",
    "forwarded": "sent on", "closed": "closed", "reopened": "opened again",
}  # fmt: skip
ENTER = {
    "new": "f = mark as read",
    "read": "f = take it on",
    "acknowledged": "f = note what was done; x = close it",
    "in_progress": "f = note what was done; x = close it",
    "closed": "Closed. u opens it again",
}


class MessageScreen(DeskScreen):
    """Facts, words and history. Reading it is noted for whom it waits for.

    ``f`` goes on (read, taken on, noted), ``x`` closes with an outcome, ``y`` sends it on, ``m``
    or Enter calls back, ``u`` opens a closed one again.
    """

    place: ClassVar[str] = "message"
    title_text: ClassVar[str] = "MESSAGE"

    def __init__(self, message_id: int) -> None:
        super().__init__()
        self.message_id = message_id
        self.panel = Panel(classes="body")
        self.row: MessageRow | None = None

    def body(self) -> Iterable[Any]:
        # Opened for a message that is not there, the screen must not come up at all.
        self.row = messages.get(self.desk, self.message_id)
        yield RuleRow()
        yield self.panel

    def context(self) -> str:
        return f"{self.row.topic_label} for {self.row.sent_to}" if self.row is not None else ""

    def load(self) -> None:
        self._note_reading()
        self.row = row = messages.get(self.desk, self.message_id)
        show_banner(self, row.patient_id, f"call of {row.caller}" if not row.patient_id else "")
        width = max(self.desk_app.size.width - 2, 20)
        events = messages.history(self.desk, row.id)
        self.panel.show([*self._facts(row), *_words(row, width), *self._history(events)])
        self.enter_row.show(ENTER[row.status])

    def _note_reading(self) -> None:
        row = messages.get(self.desk, self.message_id)
        mine = self.desk.actor.login == row.assignee or any(
            waiting.id == row.id
            for waiting in messages.inbox(self.desk, login=self.desk.actor.login)
        )
        if mine and row.status == "new" and self.desk.may("messages"):
            messages.read(self.desk, row.id, version=row.version)

    def _facts(self, row: MessageRow) -> list[Text]:
        today = self.desk.today()
        taken = f"{show_short(row.taken_at.date())} {show_time(row.taken_at.time())}"
        caller = row.caller or "the patient"
        if row.relationship not in ("", "self") and row.relationship != row.caller:
            caller += f" ({row.relationship})"
        line = f" on line {row.line}" if row.line else ""
        due: Text = [
            Part(f"  Due      {row.urgency}, "),
            Part(due_words(row, today), "attention" if row.overdue else ""),
        ]
        best = f", best {row.best_time}" if row.best_time else ""
        number = show_phone(row.callback) if row.callback else "no number"
        return [
            [
                Part("  State    "),
                Part(message_keys.STATUS[row.status], "primary"),
                Part(f"   waits for {row.sent_to}" if row.status != "closed" else ""),
                Part(f"   {row.outcome} {row.outcome_note}" if row.outcome else ""),
            ],
            due,
            f"  Caller   {caller}, checked: {row.identity_checked or 'nothing'}",
            f"  Call     {number}{best}",
            f"  Taken    {taken} by {row.taken_by}{line}",
            "",
        ]

    def _history(self, events: list[EventRow]) -> list[Text]:
        lines: list[Text] = ["", [Part("HISTORY", "primary")]]
        for event in events:
            at = f"{show_short(event.at.date())} {show_time(event.at.time())}"
            note = f": {event.note}" if event.note else ""
            lines.append(f"  {at:<19} {event.by:<10} {ACTIONS[event.action]}{note}")
        return lines

    def concerns(self, entry: Entry) -> bool:
        return entry.entity == "message" and entry.entity_id == self.message_id

    # Doing

    def message(self) -> MessageRow:
        """The message as it was read last. Raises Conflict when it is not there."""
        if self.row is None:
            raise Conflict("The message is not there", "Esc goes back", rule="gone")
        return self.row

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ("enter", "ctrl+j"):
            await self.do_message()
            return True
        return await super().list_key(key, character)

    async def do_next_state(self) -> None:
        await message_keys.next_state(self, self.message())

    async def do_jot(self) -> None:
        await message_keys.note_step(self, self.message())

    async def do_cancel(self) -> None:
        await message_keys.close(self, self.message())

    async def do_hand_over(self) -> None:
        await message_keys.forward(self, self.message())

    async def do_message(self) -> None:
        """Call back: a new slip about the same patient and topic."""
        row = self.message()
        await self.desk_app.go(
            "call",
            patient_id=row.patient_id,
            topic=row.topic,
            caller=row.caller,
            callback=row.callback,
        )

    async def do_undo_list(self) -> None:
        """``u`` opens a closed message again, else takes back the last thing done."""
        row = self.message()
        if row.status == "closed" and not self.desk_app.undos:
            messages.reopen(self.desk, row.id, version=row.version)
            message_keys.done(self, "Opened again")
        else:
            await super().do_undo_list()

    def do_earlier_page(self) -> None:
        self.panel.page(-1)

    def do_later_page(self) -> None:
        self.panel.page(1)


def _words(row: MessageRow, width: int) -> list[Text]:
    """The caller's words, as they were written down."""
    lines: list[Text] = [[Part("SAID", "primary")]]
    for paragraph in row.body.split("\n"):
        lines += [f"  {safe(piece)}" for piece in wrap(paragraph, width - 2)] or [""]
    return lines
