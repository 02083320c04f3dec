"""Post what a plan paid for a patient's charges, from its letter or its list (:insurance)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.money import parse_cents, show_cents
from deskterm.errors import Invalid
from deskterm.office import clinic, coverage, remittances
from deskterm.office.remittances import METHODS, OpenCharge, RemittanceLine
from deskterm.screens.task import TaskScreen
from deskterm.screens.void import VoidReceipt
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part, cells
from deskterm.widgets.step_form import StepForm

EXAMPLE = "1 120 40 20 ded; 2 80: row, paid, contract, patient's, why"


class InsuranceScreen(TaskScreen):
    """Who paid, by which number, and for each row: paid, contractual, patient's part, why."""

    title_text: ClassVar[str] = "INSURANCE"
    form: ClassVar[str] = "insurance"

    def __init__(self, patient_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.patient_id if draft is not None else patient_id
        assert found is not None
        self.patient_id: int = found
        self.charges: list[OpenCharge] = []
        self.reasons: list[tuple[str, str]] = []
        self.panel = Panel(classes="body")

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, None

    def body(self) -> Iterable[Any]:
        self.charges = remittances.open_charges(self.desk, self.patient_id)
        self.reasons = list(clinic.codes(self.desk, "transfer_reason"))
        plans = tuple((plan.code, plan.name) for plan in coverage.plans(self.desk))
        specs = [
            identity_field(self),
            FieldSpec("plan", "Paid by", "choice", choices=plans, required=True, width=34,
                      default=remittances.plan_of(self.desk, self.patient_id) or None),
            FieldSpec("method", "By", "choice", choices=METHODS, default="ach", required=True,
                      width=10),
            FieldSpec("number", "Number", required=True, limit=40, width=24,
                      example="of the check or the transfer"),
            FieldSpec("lines", "Lines", required=True, limit=300, width=56, parse=self._read_lines,
                      example=EXAMPLE),
            FieldSpec("note", "Note", limit=200, width=40),
        ]  # fmt: skip
        self.paid_form = StepForm(specs, verb="POST")
        self.paid_form.styles.height = 8
        yield RuleRow()
        yield self.paid_form
        yield RuleRow()
        yield self.panel

    def load(self) -> None:
        self.charges = remittances.open_charges(self.desk, self.patient_id)
        show_banner(self, self.patient_id)
        self._show()

    def opened(self) -> None:
        super().opened()
        self._show()

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.patient_id and entry.operation.startswith(
            ("payment.", "charge.")
        )

    def on_record_form_typed(self) -> None:
        self._show()
        super().on_record_form_typed()

    def _show(self) -> None:
        """The open charges, and what is typed for each of them."""
        values = self.paid_form.values
        typed = {line.charge_id: line for line in values.get("lines") or ()}
        width = max(self.desk_app.size.width - 64, 12)
        head = (
            f"  # {'Charge':<{width}} Day       {'Plan':>9}{'Paid':>9}{'Contract':>9}"
            f"{'Patient':>9}{'Left':>9}"
        )
        lines: list[Text] = [[Part(head, "primary")]]
        for number, charge in enumerate(self.charges, 1):
            line = typed.get(charge.id) or RemittanceLine(charge.id)
            left = charge.plan_cents - line.paid - line.contractual - line.patient
            figures = (charge.plan_cents, line.paid, line.contractual, line.patient, left)
            lines.append(
                f"{number:>3} {cells(charge.words, width)} {charge.day:%m/%d/%y}  "
                + "".join(f"{show_cents(cents):>9}" for cents in figures)
                + (" !" if left < 0 else "")
            )
        if not self.charges:
            lines.append("  Nothing is expected of a plan for this patient")
        paid = sum(line.paid for line in typed.values())
        self.paid_form.verb = f"POST {show_cents(paid)}"
        self.panel.show(lines)

    def _read_lines(self, text: str) -> tuple[tuple[RemittanceLine, ...], str]:
        found = tuple(self._read_line(part) for part in text.split(";") if part.strip())
        if not found:
            raise Invalid("Which rows?", EXAMPLE, field="lines")
        return found, f"paid {show_cents(sum(line.paid for line in found))}"

    def _read_line(self, text: str) -> RemittanceLine:
        row, *words = text.split()
        if not row.isdecimal() or not 1 <= int(row) <= len(self.charges):
            raise Invalid(f"There is no row {row[:8]}", EXAMPLE, field="lines")
        reason = "deductible"
        if words and words[-1][0].isalpha():
            reason = self._reason(words.pop())
        if not 1 <= len(words) <= 3:
            raise Invalid(f"Row {row}: paid, contract, patient's", EXAMPLE, field="lines")
        cents = [parse_cents(word) if word.strip("0.") else 0 for word in words] + [0, 0]
        return RemittanceLine(
            self.charges[int(row) - 1].id, cents[0], cents[1], cents[2], reason
        )  # fmt: skip

    def _reason(self, typed: str) -> str:
        found = [code for code, _ in self.reasons if code.startswith(typed.lower())]
        if not found:
            known = ", ".join(code for code, _ in self.reasons)
            raise Invalid(f"Why is a part the patient's: {typed[:12]}?", known, field="lines")
        return found[0]

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values: Mapping[str, Any] = message.values
        done = self.attempt(
            remittances.post, self.desk, values["plan"], values["lines"], number=values["number"],
            method=values["method"], note=values.get("note") or "", key=self.key,
        )  # fmt: skip
        if done is None:
            return
        said = (
            f"{values['plan']} paid {show_cents(done.paid_cents)}, contract"
            f" {show_cents(done.contractual_cents)}, patient's {show_cents(done.patient_cents)}"
        )
        if done.payment is None:
            await self.finish(said)
        else:
            undo = VoidReceipt(self.desk_app, done.receipt)
            await self.finish(f"{done.receipt}: {said}", undo=undo)
