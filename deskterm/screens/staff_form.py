"""Adding somebody who works here, or changing their name and role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from deskterm.office import approvals, staff
from deskterm.office.staff import StaffRow
from deskterm.screens.second import APPROVER, PIN, approval_fields, approval_of
from deskterm.screens.task import TaskScreen
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow

if TYPE_CHECKING:
    from deskterm.db.staff import Staff


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
        specs += self._second()
        self.staff_form = RecordForm(specs, values, verb=verb)
        self.staff_form.styles.height = 6
        yield RuleRow()
        yield self.staff_form
        yield Panel(
            ["", ":pin LOGIN sets a PIN, :code LOGIN a code app.", "Who sees everybody or decides"
             " who may do what is added, and made something else, by two."],
            classes="body",
        )  # fmt: skip

    @property
    def _operation(self) -> str:
        return "staff.add" if self.person is None else "staff.role"

    def _second(self) -> list[FieldSpec]:
        """The second person's gaps, which show once a role is chosen that two people give."""
        but = self.person.id if self.person is not None else 0
        if not approvals.anybody_else(self.desk, self._operation, but=but):
            return []
        now = self.person.role if self.person is not None else ""
        asked = {role for role in staff.roles(self.desk) if staff.is_powerful(self.desk, role)}

        def by_two(values: Any) -> bool:
            role = values.get("role") or ""
            return role != now and bool({role, now} & asked)

        return [
            replace(spec, visible_when=by_two)
            for spec in approval_fields(self.desk, self._operation)
        ]

    def load(self) -> None:
        self.banner_row.show_summary(self.heading())

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        done = self.attempt(self._save, message.values)
        if done is not None:
            await self.finish(f"{'Saved' if self.person else 'Added'} {done.login}, {done.role}")

    def _save(self, values: dict[str, Any]) -> Staff:
        name, role = values["name"] or "", values["role"]
        given = {key: values[key] for key in (APPROVER, PIN) if values.get(key)}
        yes = approval_of(self.desk, self._operation, given)
        if self.person is None:
            login = (values["login"] or "").strip()
            return staff.add(self.desk, login=login, name=name, role=role, approval=yes)
        return staff.edit(
            self.desk, self.person.id, version=self.person.version, name=name, role=role,
            approval=yes,
        )  # fmt: skip
