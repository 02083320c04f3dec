"""The money step of a visit: what is due, what is paid now, what stays open."""

from __future__ import annotations

from typing import Any

from deskterm.db.journal import Entry
from deskterm.entry.money import show_cents
from deskterm.errors import DesktermError, Invalid
from deskterm.office import pay_plan, payments
from deskterm.screens.money_fields import (
    MoneyBox,
    Paid,
    cash_extra,
    given_field,
    opening_field,
    slips,
    spaced,
    work_out,
)
from deskterm.screens.task import TaskScreen
from deskterm.screens.void import VoidReceipt
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Text
from deskterm.widgets.rows_paint import Part

HEIGHT = 6  # rows of the money panel


class MoneyStep:
    """The money of one visit inside a form; posts under the form's key and ``:pay``."""

    def __init__(self, screen: TaskScreen, patient_id: int, appointment_id: int) -> None:
        self.screen = screen
        self.patient_id = patient_id
        self.appointment_id = appointment_id
        self.key = f"{screen.key}:pay"
        self.box = MoneyBox(screen.desk, [], last4=True)
        self.read()
        self._warned: set[str] = set()

    def read(self) -> None:
        """Read what is due now; nothing for somebody who may not see money."""
        desk = self.screen.desk
        if desk.may("view_money"):
            self.box.dues = payments.due(desk, self.patient_id, self.appointment_id)

    def concerns(self, entry: Entry) -> bool:
        """Whether another desk's operation changes what is due."""
        return entry.patient_id == self.patient_id and entry.operation.startswith(
            ("payment.", "coverage.")
        )

    def fields(self, **pay: Any) -> list[FieldSpec]:
        """The Pay box with the gaps behind it."""
        first, *rest = self.box.fields(required=True, **pay)
        opening = opening_field(self.screen.desk, self.patient_id, self.appointment_id)
        return [first, given_field(), *opening, *rest]

    def typed(self) -> None:
        """Something else stands in the form: what was warned of is said again."""
        self._warned.clear()

    def lines(self, values: dict[str, Any]) -> list[Text]:
        """Due, paid and left by kind of due, with examples beside; then the change."""
        if not self.box.dues:
            return []
        planned, change = work_out(self.screen.desk, self.box.dues, values)
        copay = [d for d in self.box.dues if d.purpose == "copay"]
        others = [d for d in self.box.dues if d.purpose != "copay"]
        rows: list[tuple[str, int, int]] = [
            (word, sum(d.due_cents for d in found), sum(planned.paid(d) for d in found))
            for word, found in (("copay", copay), ("balance", others), ("total", self.box.dues))
            if found
        ]
        shown = [f"  {'MONEY':<8}{'due now':>11}{'paid':>11}{'left':>11}"]
        shown += [
            f"  {word:<8}" + "".join(f"{show_cents(c):>11}" for c in (due, paid, due - paid))
            for word, due, paid in rows
        ]
        due = show_cents(self.box.due).replace(",", "").removesuffix(".00")
        examples = (
            "Pay box takes:",
            f"  {due + 'cc':<10} all due, on a card",
            f"  {due:<10} all due, in cash",
            "  20ca 5cc   cash and card",
            "  0 bill     nothing, and why",
        )
        shown += [""] * (len(examples) - len(shown))
        lines: list[Text] = [
            f"{row:<46}{example}" for row, example in zip(shown, examples, strict=True)
        ]
        lines[0] = [Part(str(lines[0]), "primary")]
        if change:
            lines.append([Part(f"  {spaced(change)}", "primary")])
        return lines

    def may_post(self, values: dict[str, Any], form: Any) -> bool:
        """Refuse what does not add up; warn once of what looks like a slip."""
        paid = values.get("pay")
        if not isinstance(paid, Paid) or not paid.tenders:
            return True
        desk = self.screen.desk
        planned, change = work_out(desk, self.box.dues, values)
        if pay_plan.posted(desk, self.key):
            return True
        if planned.over:
            over = show_cents(planned.over)
            form.set_error("pay", f"{over} over what is due. Take less; p keeps it as credit")
            return False
        if cash_extra(values) < 0:
            form.set_error("given", "Less cash than the Pay box says")
            return False
        for warning in slips(desk, self.patient_id, self.key, planned, change):
            if warning not in self._warned:
                self._warned.add(warning)
                self.screen.enter_row.show("", error=f"{warning}. Enter again posts it")
                return False
        return True

    def take(self, values: dict[str, Any]) -> str:
        """Post what the Pay box says; what to say of it. Empty when no money changed hands.

        The same form posts once: after a break-down the first receipt is found again.
        """
        paid = values.get("pay")
        if not isinstance(paid, Paid) or not paid.tenders:
            return ""
        screen = self.screen
        before = pay_plan.posted(screen.desk, self.key)
        planned, change = work_out(screen.desk, self.box.dues, values)
        payment = payments.take(
            screen.desk,
            self.patient_id,
            tenders=planned.tenders,
            appointment_id=self.appointment_id,
            opening_cents=values.get("opening"),
            key=self.key,
        )
        said = f", receipt {payment.receipt}"
        if not before:
            said += f", CHANGE {show_cents(change)}" if change else ""
            app = screen.desk_app
            app.remember(f"Receipt {payment.receipt}", VoidReceipt(app, payment.receipt))
        try:
            pay_plan.print_receipt(screen.desk, payment.receipt)
        except DesktermError as error:
            said += f" (not printed: {error.message})"
        return said


def as_pay(error: DesktermError) -> DesktermError:
    """The office speaks of money and tenders where the form has the Pay box."""
    if isinstance(error, Invalid) and error.field in ("money", "tender", "amount"):
        return Invalid(error.message, error.hint, field="pay")
    return error
