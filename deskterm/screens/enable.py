"""Giving somebody their access back, with a second person's yes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.office import staff
from deskterm.screens.second import approval_fields, approval_of
from deskterm.screens.task import TaskScreen
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow


class EnableScreen(TaskScreen):
    """Only the second person's gaps: who it is stands in row 2."""

    title_text: ClassVar[str] = "ENABLE"
    form: ClassVar[str] = "enable"

    def __init__(self, login: str = "", *, draft: Any = None) -> None:
        super().__init__(draft)
        self.login = str(draft.state.get("login", "")) if draft is not None else login

    def heading(self) -> str:
        return f"ENABLE {self.login}"

    def draft_state(self) -> dict[str, Any]:
        return {**super().draft_state(), "login": self.login}

    def body(self) -> Iterable[Any]:
        staff.by_login(self.desk, self.login)
        form = RecordForm(
            approval_fields(self.desk, "staff.enable"), verb=f"LET {self.login} SIGN IN AGAIN"
        )
        form.styles.height = 4
        yield RuleRow()
        yield form
        yield Panel(classes="body")

    def load(self) -> None:
        row = staff.by_login(self.desk, self.login)
        self.banner_row.show_summary(f"{row.login}   {row.name}   {row.role.replace('_', ' ')}")

    def _enable(self, values: dict[str, Any]) -> Any:
        yes = approval_of(self.desk, "staff.enable", values)
        return staff.enable(self.desk, self.login, approval=yes)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        if self.attempt(self._enable, message.values) is not None:
            await self.finish(f"{self.login} may sign in again")
