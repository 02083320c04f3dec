"""Adding somebody who works here, or changing their name and role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.office import staff
from deskterm.office.staff import StaffRow
from deskterm.screens.task import TaskScreen
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow


class StaffFormScreen(TaskScreen):
    """Login (only when new: it is never changed), name, role."""

    title_text: ClassVar[str] = "STAFF"
    form: ClassVar[str] = "staff_form"

    def __init__(self, staff_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        self.staff_id = draft.subject_id if draft is not None else staff_id
        self.person: StaffRow | None = None
        self.staff_form: RecordForm | None = None

    def subject(self) -> tuple[int | None, int | None]:
        return None, self.staff_id

    def heading(self) -> str:
        return f"STAFF {self.person.login if self.person else 'new'}"

    def body(self) -> Iterable[Any]:
        self.desk.require("manage_staff")
        roles = [(role, role.replace("_", " ")) for role in staff.roles(self.desk)]
        specs = [
            FieldSpec("name", "Name", required=True, limit=80, width=40, example="Dana Kim"),
            FieldSpec("role", "Role", "choice", required=True, width=40, choices=roles),
        ]
        values: dict[str, Any] | None = None
        verb = "ADD"
        if self.staff_id is None:
            specs.insert(0, FieldSpec("login", "Login", required=True, limit=32, width=20,
                                      help="small letters and digits; never changed later",
                                      example="dkim"))  # fmt: skip
        else:
            self.person = staff.show(self.desk, self.staff_id)
            values = {"name": self.person.name, "role": self.person.role}
            verb = f"SAVE {self.person.login}"
        self.staff_form = RecordForm(specs, values, verb=verb)
        self.staff_form.styles.height = 6
        yield RuleRow()
        yield self.staff_form
        yield Panel(["", "A PIN is set with: deskterm staff secret LOGIN"], classes="body")

    def load(self) -> None:
        self.banner_row.show_summary(self.heading())

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        name, role = values["name"] or "", values["role"]
        if self.person is None:
            login = (values["login"] or "").strip()
            done = self.attempt(staff.add, self.desk, login=login, name=name, role=role)
        else:
            done = self.attempt(
                staff.edit, self.desk, self.person.id, version=self.person.version, name=name,
                role=role,
            )  # fmt: skip
        if done is not None:
            await self.finish(f"{'Saved' if self.person else 'Added'} {done.login}, {done.role}")
