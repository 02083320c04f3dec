"""Charge a fee on an account: for a form, for records, for something else (+ on the account)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.entry.money import parse_cents, show_cents
from deskterm.office import payments
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

KINDS = (
    ("form_fee", "form fee"), ("records_fee", "records fee"), ("no_show_fee", "no-show fee"),
    ("other", "other"),
)  # fmt: skip


class FeeScreen(TaskScreen):
    """What for and how much; a form's fee is the practice's, unless something else is typed."""

    title_text: ClassVar[str] = "FEE"
    form: ClassVar[str] = "fee"

    def __init__(self, patient_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.patient_id if draft is not None else patient_id
        assert found is not None
        self.patient_id: int = found

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, None

    def body(self) -> Iterable[Any]:
        usual = self.desk.settings.policy.form_fee
        specs = [
            identity_field(self),
            FieldSpec("kind", "What", "choice", choices=KINDS, default="form_fee", required=True,
                      width=20),
            FieldSpec("amount", "Amount", required=True, limit=12, width=12, parse=_read_cents,
                      show=show_cents, default=usual or None, example="25.00"),
            FieldSpec("words", "For", limit=120, width=40, example="school form"),
        ]  # fmt: skip
        self.fee_form = StepForm(specs, verb="CHARGE")
        self.fee_form.styles.height = 6
        yield RuleRow()
        yield self.fee_form
        yield RuleRow()
        yield Panel(["  It is owed at once. x on the account takes it back."], classes="body")

    def load(self) -> None:
        show_banner(self, self.patient_id)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        done = self.attempt(
            payments.charge, self.desk, self.patient_id, kind=values["kind"],
            amount_cents=values["amount"], description=values.get("words") or "", key=self.key,
        )  # fmt: skip
        if done is not None:
            desk, charge_id = self.desk, done.id
            await self.finish(
                f"Charged {show_cents(values['amount'])}, {dict(KINDS)[values['kind']]}",
                undo=lambda: payments.reverse_charge(desk, charge_id, reason="undone at once"),
            )


def _read_cents(text: str) -> tuple[int, str]:
    return parse_cents(text), ""
