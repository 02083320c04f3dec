"""Cancel a visit: who, why; the slot is free again (x)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.db.scheduling import CANCELLED_BY
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import Stale
from deskterm.office import clinic, day_board, news, scheduling, visit_fees
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow


class CancelScreen(TaskScreen):
    """Two gaps, the reason and who; everything else is known."""

    title_text: ClassVar[str] = "CANCEL"
    form: ClassVar[str] = "cancel"

    def __init__(
        self, appointment_id: int | None = None, *, note: str = "", draft: Any = None
    ) -> None:
        super().__init__(draft)
        self.appointment_id = draft.subject_id if draft is not None else appointment_id
        self.note = note
        self.cancel_form: RecordForm | None = None

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"CANCEL {self.row.number} {self.row.patient.split(',')[0]}"

    def body(self) -> Iterable[Any]:
        assert self.appointment_id is not None
        self.row = row = day_board.appointment(self.desk, self.appointment_id)
        when = f"{row.start:%a %b} {row.start.day} {show_time(row.start.time())}"
        fee = self._fee_field()
        specs = [
            identity_field(self),
            FieldSpec("reason", "Why", "choice", required=True, width=30,
                      choices=clinic.codes(self.desk, "cancel_reason")),
            FieldSpec("by", "Who cancels", "choice", choices=CANCELLED_BY, default="patient",
                      width=20),
            *fee,
            FieldSpec("note", "Note", limit=200, width=50, default=self.note or None),
        ]  # fmt: skip
        self.cancel_form = RecordForm(specs, verb=f"CANCEL {when} {row.provider}")
        self.cancel_form.styles.height = 6 + len(fee)
        yield RuleRow()
        yield Panel(
            [f"{when}  {row.provider}  {row.visit_type}{row.minutes}  {row.state}", ""], height=2
        )
        yield self.cancel_form
        yield Panel(classes="body")

    def _fee_field(self) -> list[FieldSpec]:
        """What cancelling late costs the patient, where the practice charges for it."""
        assert self.appointment_id is not None
        fee = visit_fees.would_charge(self.desk, self.appointment_id, late_cancel=True)
        if not fee:
            return []
        choices = (("charge", f"charge {show_cents(fee)}, cancelled late"),
                   ("waive", "waive it: the note says why"))  # fmt: skip
        return [
            FieldSpec("fee", "Fee", "choice", choices=choices, default="charge", width=40,
                      required=True, visible_when=lambda values: values.get("by") == "patient")
        ]  # fmt: skip

    def look_again(self, error: Stale) -> str:
        before, self.row = self.row, day_board.appointment(self.desk, self.row.id)
        return news.visit_changes(before, self.row)

    def load(self) -> None:
        show_banner(self, self.row.patient_id)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        done = self.attempt(
            scheduling.cancel,
            self.desk,
            self.row.id,
            version=self.row.version,
            by=values["by"],
            reason=values["reason"],
            note=values["note"] or "",
            waive_fee=values.get("fee") == "waive",
            key=self.key,
        )
        if done is None:
            return
        desk, appointment_id, version = self.desk, done.id, done.version
        late = " (late)" if scheduling.late_cancel(desk, done) else ""
        await self.finish(
            f"Cancelled{late} {self.row.patient.split(',')[0]} "
            f"{show_time(self.row.start.time())} {self.row.provider}",
            undo=lambda: scheduling.reinstate(desk, appointment_id, version=version),
        )
