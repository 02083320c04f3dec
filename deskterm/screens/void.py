"""Take a receipt back on its own day, with a reason; the receipt keeps its number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from deskterm.errors import Invalid
from deskterm.office import clinic, payments, receipts
from deskterm.screens.second import approval_fields, approval_of
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow

if TYPE_CHECKING:
    from deskterm.app import DeskApp


@dataclass(frozen=True)
class VoidReceipt:
    """Undo of a payment: asks for the reason, since money is never taken back without one."""

    app: DeskApp
    receipt: str

    def __call__(self) -> None:
        """Open the void. Raises Invalid: until the reason is given, nothing is taken back."""
        self.app.call_later(self.app.go, "void", receipt=self.receipt)
        raise Invalid(f"Why is {self.receipt} taken back?", "F4 lists the reasons; Esc keeps it")


class VoidScreen(TaskScreen):
    """One gap, the reason, above the receipt that is taken back."""

    title_text: ClassVar[str] = "VOID"
    form: ClassVar[str] = "void"

    def __init__(self, receipt: str = "", *, draft: Any = None) -> None:
        super().__init__(draft)
        given = draft.state.get("receipt", "") if draft is not None else receipt
        self.receipt: str = str(given).strip().upper()
        self.panel = Panel(classes="body")
        self.patient_id: int | None = None

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, None

    def heading(self) -> str:
        return f"VOID {self.receipt}"

    def context(self) -> str:
        return self.receipt

    def draft_state(self) -> dict[str, Any]:
        return {**super().draft_state(), "receipt": self.receipt}

    def body(self) -> Iterable[Any]:
        specs = [
            identity_field(self),
            FieldSpec("reason", "Why", "choice", required=True, width=30,
                      choices=clinic.codes(self.desk, "void_reason")),
        ]  # fmt: skip
        if payments.void_needs_second(self.desk, self.receipt):
            specs += approval_fields(self.desk, "payment.void")
        self.void_form = RecordForm(specs, verb=f"VOID {self.receipt}")
        self.void_form.styles.height = 10
        yield RuleRow()
        yield self.void_form
        yield self.panel

    def load(self) -> None:
        self.patient_id = payments.find(self.desk, self.receipt).patient_id
        show_banner(self, self.patient_id)
        text = receipts.text(self.desk, self.receipt)
        kept = payments.void_keeps(self.desk, self.receipt)
        self.panel.show([f"  {line}" for line in (*kept, *text.splitlines())])

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "next gap, then void"), ("F4", "reasons"), ("Esc", "keep the receipt")]

    def _void(self, values: dict[str, Any]) -> Any:
        """Take it back, with the second person's yes where one is asked for."""
        approval = approval_of(self.desk, "payment.void", values)
        return payments.void(
            self.desk, self.receipt, reason=values["reason"], key=self.key, approval=approval
        )

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        reason = message.values["reason"]
        done = self.attempt(self._void, message.values)
        if done is None:
            return
        app = self.desk_app
        app.undos = [
            undo
            for undo in app.undos
            if not (
                isinstance(undo.take_back, VoidReceipt) and undo.take_back.receipt == self.receipt
            )
        ]
        await self.finish(f"Voided {self.receipt}, {reason}: {done.receipt}")
