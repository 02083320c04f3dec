"""Check out: the follow-up, the money for today, and gone (o)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from deskterm.entry.dates import parse_date
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid
from deskterm.office import day_board, payments, visits
from deskterm.office.day_board import AppointmentRow
from deskterm.screens.base import TaskScreen
from deskterm.screens.money_fields import MoneyBox, Paid, tenders_of
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part


class CheckOutScreen(TaskScreen):
    """Enter at the last gap posts the money and ends the visit; a follow-up opens the search."""

    title_text: ClassVar[str] = "CHECK OUT"
    form: ClassVar[str] = "check_out"

    def __init__(self, appointment_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.subject_id if draft is not None else appointment_id
        assert found is not None
        self.appointment_id: int = found
        self.row: AppointmentRow
        self.money = Panel(height=7)

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"CHECK OUT {self.row.number} {self.row.patient.partition(',')[0]}"

    def body(self) -> Iterable[Any]:
        self.row = day_board.appointment(self.desk, self.appointment_id)
        self.dues = payments.due(self.desk, self.row.patient_id, self.appointment_id)
        self.box = MoneyBox(self.desk, self.dues, last4=True)
        specs = [
            identity_field(self),
            FieldSpec("follow_up", "1 Follow-up in", ask=True, limit=30, width=14,
                      parse=self._read_date, example="6w, 3m, next tue; empty: none"),
        ]  # fmt: skip
        if self.dues:
            label = f"2 Pay {show_cents(self.box.due)}"
            specs += self.box.fields(label=label, required=True)
        specs.append(FieldSpec("note", "3 Note", limit=200, width=50))
        self.out_form = RecordForm(specs, verb=f"CHECK OUT {self.row.number}")
        self.out_form.styles.height = "1fr"
        yield RuleRow()
        yield self.money
        yield RuleRow()
        yield self.out_form

    def load(self) -> None:
        row = self.row
        when = f"{show_time(row.start.time())} {row.provider} {row.visit_type}{row.minutes}"
        show_banner(self, row.patient_id, when)
        lines: list[Text] = [[Part("  MONEY", "primary")]]
        lines += [f"  {due.label:<44} {show_cents(due.due_cents):>10}" for due in self.dues[:4]]
        if not self.dues:
            lines.append("  Nothing is due")
        else:
            lines.append([Part(f"  {'total':<44} {show_cents(self.box.due):>10}", "primary")])
        self.money.show(lines)

    def _read_date(self, text: str) -> tuple[date, str]:
        found = parse_date(text, today=self.desk.today(), future=True)
        return found.day, found.echo

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        try:
            receipt = self._settle(values)
            if (values.get("note") or "").strip():
                visits.note(self.desk, self.appointment_id, values["note"])
            visits.check_out(self.desk, self.appointment_id)
        except DesktermError as error:
            self.failed(error)
            return
        said = f"Checked out {self.row.number} {self.row.patient.partition(',')[0]}"
        said += f", receipt {receipt}" if receipt else ""
        desk, appointment_id, app = self.desk, self.appointment_id, self.desk_app
        await self.finish(said, undo=lambda: visits.undo(desk, appointment_id))
        if values.get("follow_up"):
            await app.go(
                "opening", patient_id=self.row.patient_id, first=values["follow_up"],
                provider=self.row.provider,
            )  # fmt: skip

    def _settle(self, values: dict[str, Any]) -> str:
        """Take the money, or note why nothing was taken; under keys of their own."""
        paid = values.get("pay")
        if not isinstance(paid, Paid):
            return ""
        if paid.reason:
            payments.not_collected(
                self.desk, self.row.patient_id, reason=paid.reason,
                appointment_id=self.appointment_id, key=f"{self.key}:none",
            )  # fmt: skip
            return ""
        payment = payments.take(
            self.desk,
            self.row.patient_id,
            tenders=tenders_of(values),
            appointment_id=self.appointment_id,
            key=f"{self.key}:pay",
        )
        return str(payment.receipt)

    def failed(self, error: DesktermError) -> None:
        """The office speaks of tenders where the form has the Pay box."""
        if isinstance(error, Invalid) and error.field in ("money", "tender", "amount"):
            error = Invalid(error.message, error.hint, field="pay")
        super().failed(error)
