"""Who works here: a numbered list, + adds, Enter edits, x ends somebody's access (:staff)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.commands import Command
from deskterm.db.journal import Entry
from deskterm.office import approvals, staff
from deskterm.office.staff import StaffRow
from deskterm.screens.prompt import ask
from deskterm.screens.row_keys import RowKeys
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_data import Column, Row

COLUMNS = (
    Column("Login", 16), Column("Name", 22, grows=True), Column("Role", 16),
    Column("Access", 8, is_state=True), Column("Proof", 12, drop_order=1),
)  # fmt: skip


class StaffScreen(RowKeys):
    """The active first; a disabled person stays on the list and keeps their login."""

    place: ClassVar[str] = "staff"
    title_text: ClassVar[str] = "STAFF"
    empty: ClassVar[str] = "Nobody yet. + adds somebody"

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[int, StaffRow] = {}

    def body(self) -> Iterable[Any]:
        staff.people(self.desk)
        yield RuleRow()
        yield self.list

    def load(self) -> None:
        found = staff.people(self.desk)
        self.people = {row.id: row for row in found}
        rows = []
        for number, who in enumerate(sorted(found, key=lambda r: r.id), 1):
            access = "LOCKED" if who.locked else "active" if who.active else "DISABLED"
            proof = who.secret + (" + app" if who.totp else "")
            cells = (who.login, who.name, who.role.replace("_", " "), access, proof)
            rows.append(Row(who.id, number, cells))
        self.show_rows(COLUMNS, rows)
        active = sum(who.active for who in found)
        self.banner_row.show_summary(f"{self.filter_note()}{active} active, {len(found)} in all")
        self.show_enter()

    def current(self) -> StaffRow | None:
        """Who is under the cursor."""
        row = self.list.current
        return self.people.get(int(str(row.key))) if row is not None else None

    def show_enter(self) -> None:
        """Row 22: what Enter does here."""
        who = self.current()
        self.enter_row.show(f"Enter = edit {who.login}" if who else "+ adds somebody")

    def on_row_list_moved(self) -> None:
        self.show_enter()

    async def on_row_list_chosen(self) -> None:
        who = self.current()
        if who is not None:
            await self.desk_app.go("staff_form", staff_id=who.id)

    async def run(self, command: Command) -> None:
        """The letters of this list are about staff, whatever they need elsewhere."""
        await super().run(command._replace(permission="manage_staff"))

    async def do_new(self) -> None:
        await self.desk_app.go("staff_form")

    async def do_edit(self) -> None:
        await self.on_row_list_chosen()

    async def do_cancel(self) -> None:
        """``x``: end somebody's access, with a reason; again: give it back."""
        who = self.current()
        if who is None:
            return
        if not who.active:
            if approvals.anybody_else(self.desk, "staff.enable"):
                await self.desk_app.go("enable", login=who.login)
                return
            staff.enable(self.desk, who.login)
            self.reload()
            self.say(f"{who.login} may sign in again")
            return

        def take(text: str) -> None:
            staff.disable(self.desk, who.login, reason=text)
            self.reload()
            self.say(f"{who.login} is disabled; their desk closes within seconds")

        await ask(self, f"Disable {who.login}: why?", take, example="left the practice")

    def concerns(self, entry: Entry) -> bool:
        return entry.operation.split(".")[0] in ("staff", "credential")
