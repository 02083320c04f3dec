"""Check out: the follow-up, the money for today, and gone (o)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import parse_date, show_short
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError
from deskterm.office import day_board, payments, visits
from deskterm.office.day_board import AppointmentRow
from deskterm.screens.money_fields import Paid
from deskterm.screens.money_step import HEIGHT, MoneyStep, as_pay
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

HAVE = 43  # cells for the state and what is known


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
        self.money_panel = Panel(height=HEIGHT)

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"CHECK OUT {self.row.number} {self.row.patient.partition(',')[0]}"

    def body(self) -> Iterable[Any]:
        self.row = day_board.appointment(self.desk, self.appointment_id)
        self.money = MoneyStep(self, self.row.patient_id, self.appointment_id)
        specs = [
            identity_field(self),
            FieldSpec("row_follow_up", "1 Follow-up", "fact", width=HAVE, fact=self._follow_up),
            FieldSpec("follow_up", "in  ", ask=True, limit=30, width=14, beside=True,
                      parse=self._read_date, example="6w, 3m, next tue; empty: none"),
            FieldSpec("row_money", "2 Money", "fact", width=HAVE, fact=self._money),
            *(self.money.fields(label="pay ", width=14, beside=True) if self.money.box.dues
              else ()),
            FieldSpec("row_leave", "3 Leave", "fact", width=HAVE,
                      fact=lambda values: f"{self.row.state:<6} then OUT"),
            FieldSpec("note", "note", limit=200, width=14, beside=True),
        ]  # fmt: skip
        self.out_form = StepForm(specs, verb=f"CHECK OUT {self.row.number}")
        self.out_form.styles.height = "1fr"
        yield RuleRow()
        yield self.out_form
        yield RuleRow()
        yield self.money_panel

    def load(self) -> None:
        row = self.row
        when = f"{show_time(row.start.time())} {row.provider} {row.visit_type}{row.minutes}"
        show_banner(self, row.patient_id, when)
        self.money.read()
        self.show_money()

    def opened(self) -> None:
        super().opened()
        self.show_money()

    def concerns(self, entry: Entry) -> bool:
        return self.money.concerns(entry)

    def show_money(self) -> None:
        """The money as what is typed makes it."""
        self.money_panel.show(self.money.lines(self.out_form.values))

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "next gap"), ("Tab", "next"), ("F7", "park"), ("Esc", "keep as draft"),
            ("F1", "help"),
        ]  # fmt: skip

    def _follow_up(self, values: Mapping[str, Any]) -> str:
        wanted = values.get("follow_up")
        if wanted is None:
            return f"{'ASK':<6} nothing typed: none"
        return f"{'OK':<6} {show_short(wanted)}: the search opens after this"

    def _money(self, values: Mapping[str, Any]) -> str:
        due = self.money.box.due
        if not due:
            return f"{'OK':<6} nothing due"
        state = "OK" if isinstance(values.get("pay"), Paid) else "DUE"
        return f"{state:<6} due {show_cents(due)}"

    def _read_date(self, text: str) -> tuple[date, str]:
        order = self.desk.settings.policy.date_order
        found = parse_date(text, today=self.desk.today(), future=True, order=order)
        return found.day, ""

    def on_record_form_typed(self) -> None:
        self.money.typed()
        self.show_money()
        super().on_record_form_typed()

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        if not self.money.may_post(values, self.out_form):
            return
        desk, appointment_id, app = self.desk, self.appointment_id, self.desk_app
        try:
            # Money first, under keys of its own: Enter again takes it no second time.
            receipt = self._settle(values)
            visits.check_out(desk, appointment_id)
        except DesktermError as error:
            self.failed(as_pay(error))
            return
        if (values.get("note") or "").strip():
            self.attempt(visits.note, desk, appointment_id, values["note"])
        patient_id, provider = self.row.patient_id, self.row.provider
        said = f"Checked out {self.row.number} {self.row.patient.partition(',')[0]}{receipt}"
        await self.finish(said, undo=lambda: visits.undo(desk, appointment_id))
        if values.get("follow_up"):
            await app.go(
                "opening", patient_id=patient_id, first=values["follow_up"], provider=provider
            )

    def _settle(self, values: dict[str, Any]) -> str:
        """Take the money, or note why nothing was taken; what to say of it."""
        paid = values.get("pay")
        if isinstance(paid, Paid) and paid.reason:
            payments.not_collected(
                self.desk, self.row.patient_id, reason=paid.reason,
                appointment_id=self.appointment_id, key=f"{self.key}:none",
            )  # fmt: skip
            return f", {paid.reason}"
        return self.money.take(values)
