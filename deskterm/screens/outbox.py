"""What is sent to payers, and what did not arrive: f sends again now, x gives up (:outbox)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.commands import Command
from deskterm.db.journal import Entry
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError
from deskterm.office import outbox
from deskterm.office.outbox import OutboxRow
from deskterm.screens.base import locked_out
from deskterm.screens.prompt import ask
from deskterm.screens.row_keys import RowKeys, styled
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_data import Column, Row

COLUMNS = (
    Column("When", 11), Column("Kind", 4), Column("To", 8, drop_order=1),
    Column("Patient", 18), Column("State", 19, is_state=True), Column("Why", 12, grows=True),
)  # fmt: skip
VIEWS = ("open", "all")


class OutboxScreen(RowKeys):
    """What needs somebody first. Enter opens the patient."""

    place: ClassVar[str] = "outbox"
    title_text: ClassVar[str] = "OUTBOX"
    empty: ClassVar[str] = "Nothing waits to be sent and nothing failed. v shows all"

    def __init__(self) -> None:
        super().__init__()
        self.view = VIEWS[0]
        self.items: dict[int, OutboxRow] = {}

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        yield self.list
        yield RuleRow()

    def context(self) -> str:
        return self.view

    def load(self) -> None:
        states = outbox.OPEN if self.view == "open" else (*outbox.OPEN, "answered", "given_up")
        found = outbox.listing(self.desk, states=states)
        self.items = {row.id: row for row in found}
        self.show_rows(COLUMNS, [self._row(row) for row in found])
        stuck = sum(row.needs_somebody for row in found)
        self.banner_row.show_summary(
            f"{self.filter_note()}{stuck} need somebody, {len(found)} in all"
        )
        self.show_enter()

    def _row(self, row: OutboxRow) -> Row:
        day = "" if row.queued_at.date() == self.desk.today() else f"{row.queued_at:%m/%d} "
        word = (
            f"{row.word} {show_time(row.next_at.time())}" if row.word == "again later" else row.word
        )
        cells = (
            f"{day}{show_time(row.queued_at.time())}", row.kind, row.connection, row.patient,
            word.upper() if row.needs_somebody else word, row.why,
        )  # fmt: skip
        styles = {4: "attention"} if row.needs_somebody else {}
        return Row(row.id, row.id, cells, styles=styled(cells, styles))

    def current(self) -> OutboxRow | None:
        """The item under the cursor."""
        row = self.list.current
        return self.items.get(int(str(row.key))) if row is not None else None

    def show_enter(self) -> None:
        """Row 22: the whole reason, which the column may have cut."""
        row = self.current()
        if row is None:
            self.enter_row.show("")
        else:
            self.enter_row.show(row.why or "Enter = the patient" if row.patient_id else row.why)

    def on_row_list_moved(self) -> None:
        self.show_enter()

    async def on_row_list_chosen(self) -> None:
        """Enter: whom it is about."""
        row = self.current()
        if row is not None and row.patient_id is not None:
            await self.desk_app.go("patient", patient_id=row.patient_id)

    async def run(self, command: Command) -> None:
        """``f`` and ``x`` are about transactions here, whatever they need elsewhere."""
        own = command.id in ("next_state", "cancel")
        await super().run(command._replace(permission="edit_patients") if own else command)

    def do_next_state(self) -> None:
        """``f``: send it now, without waiting until it is due; the desk goes on meanwhile."""
        row = self.current()
        if row is None:
            return
        outbox.retry(self.desk, row.id, version=row.version)
        self.reload()
        self.say(f"Sending {row.id} ...")
        self.run_worker(self._send(row.id))

    async def _send(self, item_id: int) -> None:
        from deskterm.office import sending

        own = sending.own_desk(self.desk)

        def go() -> OutboxRow:
            try:
                return sending.send_now(own, item_id)
            finally:
                own.database.close()  # this thread's connection

        try:
            row = await asyncio.to_thread(go)
        except DesktermError as error:
            self.say_error(error)
            return
        if not self.is_attached:
            return
        with locked_out():
            self.reload()
            if row.state == "answered":
                self.say(f"{item_id} is answered")
            else:
                self.say(f"{item_id} {row.word}: {row.why}", level="error")

    async def do_cancel(self) -> None:
        """``x``: send it no more, with a reason."""
        row = self.current()
        if row is None:
            return

        def take(text: str) -> None:
            outbox.give_up(self.desk, row.id, reason=text, version=row.version)
            self.reload()
            self.say(f"{row.id} is given up")

        await ask(self, f"Give up {row.id}: why?", take, example="asked by phone")

    def do_view(self) -> None:
        """``v``: what is open, or everything."""
        self.view = VIEWS[1 - VIEWS.index(self.view)]
        self.reload()

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.startswith("outbox.") or any(
            change.get("table") == "outbox_item" for change in entry.changed
        )
