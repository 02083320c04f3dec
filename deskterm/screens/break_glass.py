"""Opening a restricted record in need: why, in words, and one's PIN. It is reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.clock import local
from deskterm.entry.times import show_time
from deskterm.office import break_glass as glass
from deskterm.office import clinic, credentials
from deskterm.screens.task import TaskScreen
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow


class BreakGlassScreen(TaskScreen):
    """Three gaps; then the place that was asked for opens."""

    title_text: ClassVar[str] = "BREAK-GLASS"
    form: ClassVar[str] = "break_glass"

    def __init__(
        self, patient_id: int = 0, *, then: tuple[str, dict[str, Any]] | None = None,
        draft: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(draft)
        self.patient_id = draft.subject_id if draft is not None else patient_id
        self.then = then
        self.glass_form: RecordForm | None = None

    def subject(self) -> tuple[int | None, int | None]:
        # The draft names no patient: the record is closed until this is done.
        return None, self.patient_id

    def heading(self) -> str:
        return "BREAK-GLASS"

    def body(self) -> Iterable[Any]:
        self.desk.require("break_glass")
        specs = [
            FieldSpec("code", "Why", "choice", required=True, width=36,
                      choices=clinic.codes(self.desk, "break_glass_reason")),
            FieldSpec("reason", "In words", required=True, limit=300, width=50,
                      help=f"at least {glass.SHORTEST_REASON} characters; it is read later",
                      example="collapsed in the lobby"),
        ]  # fmt: skip
        if credentials.has_secret(self.desk, self.desk.actor.login):
            specs.append(
                FieldSpec("pin", "Your PIN", required=True, limit=128, width=20, secret=True,
                          card_check=False, help="your own; shown to nobody")
            )  # fmt: skip
        self.glass_form = RecordForm(specs, verb=f"OPEN FOR {glass.MINUTES} MINUTES")
        self.glass_form.styles.height = 6
        yield RuleRow()
        yield Panel(
            ["THIS RECORD IS RESTRICTED. Opening it is noted with your name and reviewed.", ""],
            height=2,
        )
        yield self.glass_form
        yield Panel(classes="body")

    def load(self) -> None:
        self.banner_row.show_summary("RESTRICTED record")

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        until = self.attempt(
            glass.break_glass, self.desk, self.patient_id, code=values["code"],
            reason=values["reason"] or "", secret=values.get("pin") or "",
        )  # fmt: skip
        if until is None:
            return
        app, then = self.desk_app, self.then
        ends = show_time(local(until, self.desk.zone).time())
        await self.finish(f"Open for you until {ends}. This will be reviewed")
        if then is not None:
            await app.go(then[0], **then[1])
