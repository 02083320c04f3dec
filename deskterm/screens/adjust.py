"""Take something off a charge, or move it between the plan and the patient (x on a charge)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.db.payments import ADJUSTMENT_KINDS, Charge
from deskterm.entry.money import parse_cents, show_cents
from deskterm.errors import DesktermError
from deskterm.office import adjustments, clinic
from deskterm.screens.second import approval_fields, approval_of
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

TO_PATIENT, TO_PLAN = "to_patient", "to_plan"
WAYS = (
    *(pair for pair in ADJUSTMENT_KINDS if pair[0] not in ("transfer", "copay")),
    (TO_PATIENT, "move to the patient"), (TO_PLAN, "move to the plan"),
)  # fmt: skip
SIDES = (("patient", "patient"), ("insurance", "plan"))


class AdjustScreen(TaskScreen):
    """What kind, whose part, how much, why."""

    title_text: ClassVar[str] = "ADJUST"
    form: ClassVar[str] = "adjust"

    def __init__(self, charge_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.subject_id if draft is not None else charge_id
        assert found is not None
        self.charge_id: int = found
        self.charge: Charge
        self.panel = Panel(classes="body")

    def subject(self) -> tuple[int | None, int | None]:
        return self.charge.patient_id, self.charge_id

    def heading(self) -> str:
        return f"ADJUST charge {self.charge_id}"

    def body(self) -> Iterable[Any]:
        self.charge = adjustments.charge(self.desk, self.charge_id)
        moves = (TO_PATIENT, TO_PLAN)
        lists = {
            way: clinic.codes(self.desk, "transfer_reason" if way in moves else "adjustment_reason")
            for way, _ in WAYS
        }
        specs = [
            identity_field(self),
            FieldSpec("way", "What", "choice", choices=WAYS, required=True, width=36),
            FieldSpec("side", "Whose part", "choice", choices=SIDES, default="patient", width=20,
                      visible_when=lambda values: values.get("way") not in moves),
            FieldSpec("amount", "Amount", required=True, limit=12, width=12, reads="=",
                      parse=self._read_cents, show=show_cents, example="40.00, or = for all"),
            FieldSpec("reason", "Why", "choice", required=True, width=30,
                      choices=lambda values: lists.get(values.get("way") or "write_off", ())),
            FieldSpec("note", "Note", limit=200, width=40),
            *(
                spec.but(visible_when=lambda values: values.get("way") not in (
                    *moves, *adjustments.ALONE, None))
                for spec in approval_fields(self.desk, "charge.adjust")
            ),
        ]  # fmt: skip
        self.adjust_form = StepForm(specs, verb="POST")
        self.adjust_form.styles.height = 9
        yield RuleRow()
        yield self.adjust_form
        yield RuleRow()
        yield self.panel

    def load(self) -> None:
        show_banner(self, self.charge.patient_id)
        left = {side: adjustments.left_of(self.desk, self.charge_id, side) for side, _ in SIDES}
        self.panel.show([
            f"  {self.charge.description or self.charge.kind} {self.charge.code}"
            f"   {self.charge.service_day:%m/%d/%Y}   {show_cents(self.charge.amount_cents)}",
            f"  open for the patient {show_cents(left['patient']):>10}",
            f"  open for the plan    {show_cents(left['insurance']):>10}",
        ])  # fmt: skip

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "next gap, then post"), ("F4", "choices"), ("Tab", "fields"),
                ("Esc", "keep as draft")]  # fmt: skip

    def _read_cents(self, text: str) -> tuple[int, str]:
        if text == "=":
            values = self.adjust_form.values
            from_plan = values.get("way") == TO_PATIENT or values.get("side") == "insurance"
            cents = adjustments.left_of(
                self.desk, self.charge_id, "insurance" if from_plan else "patient"
            )
            return cents, show_cents(cents)
        return parse_cents(text), ""

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        way, note = values["way"], values.get("note") or ""
        if way in (TO_PATIENT, TO_PLAN):
            done = self.attempt(
                adjustments.transfer, self.desk, self.charge_id, amount_cents=values["amount"],
                to="patient" if way == TO_PATIENT else "insurance", reason=values["reason"],
                note=note, key=self.key,
            )  # fmt: skip
        else:
            try:
                yes = None
                if way not in adjustments.ALONE:
                    yes = approval_of(self.desk, "charge.adjust", values)
            except DesktermError as error:
                self.failed(error)
                return
            done = self.attempt(
                adjustments.adjust, self.desk, self.charge_id, kind=way,
                amount_cents=values["amount"], side=values.get("side") or "patient",
                reason=values["reason"], note=note, key=self.key, approval=yes,
            )  # fmt: skip
        if done is None:
            return
        desk, adjustment_id = self.desk, done.id
        said = f"{dict(WAYS)[way]} {show_cents(values['amount'])}"
        await self.finish(
            said, undo=lambda: adjustments.take_back(desk, adjustment_id, reason="undone at once")
        )
