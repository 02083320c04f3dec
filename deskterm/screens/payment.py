"""Take a payment: what is due, how it is paid, and the receipt as it will be printed (p)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual.containers import Horizontal, Vertical

from deskterm.db.journal import Entry
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid
from deskterm.office import day_board, dues, families, mail, news, pay_plan, payments
from deskterm.office.pay_plan import PaymentPlan
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
from deskterm.screens.opening_words import patients_name
from deskterm.screens.task import TaskScreen
from deskterm.screens.void import VoidReceipt
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part, cells
from deskterm.widgets.step_form import StepForm

APPLY = (
    ("due", "copay first, then oldest"),
    ("balance", "older balance only"),
    ("prepay", "what is over is kept as a prepayment"),
    ("ahead", "instalments before their day too"),
)
PRINT = (("y", "yes"), ("n", "no"), ("e", "e-mail"))
NO_MORE = "none"
DUES_SHOWN = 4
MONEY_LINES = 8  # of the dues, their sum, and how each came about where there is room
RECEIPT_CELLS = 33  # a bar and the receipt's columns


class PaymentScreen(TaskScreen):
    """Dues on the left above the Pay box, the receipt on the right."""

    DEFAULT_CSS = """
    PaymentScreen > .body > Vertical { width: 1fr; }
    PaymentScreen > .body > .receipt { width: 33; }
    """

    title_text: ClassVar[str] = "PAYMENT"
    form: ClassVar[str] = "payment"

    def __init__(
        self,
        patient_id: int | None = None,
        appointment_id: int | None = None,
        *,
        line: str = "",
        draft: Any = None,
    ) -> None:
        super().__init__(draft)
        if draft is not None:
            patient_id, appointment_id = draft.patient_id, draft.subject_id
        assert patient_id is not None
        self.patient_id: int = patient_id
        self.appointment_id = appointment_id
        self.line = line
        self.dues_panel = Panel(classes="aside")
        self.change_panel = Panel(height=1)
        self.receipt_panel = Panel(classes="receipt beside")
        self._warned: set[str] = set()
        self.members: list[families.Member] = []
        self._scope: tuple[bool, list[int]] = (False, [])
        self._agreed: list[payments.Due] = []  # what was due when the clerk last typed

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"PAYMENT {patients_name(self)}"

    # The form

    def body(self) -> Iterable[Any]:
        self.box = MoneyBox(self.desk, self._dues(), last4=True)
        specs = [
            identity_field(self),
            *self._pay_fields(),
            *self._family_fields(),
            FieldSpec("apply", "Apply", "choice", choices=APPLY, default="due", width=30,
                      required=True, visible_when=_takes),
            FieldSpec("note", "Note", limit=200, width=30),
            FieldSpec("print", "Print", "choice", choices=PRINT, required=True, width=9,
                      visible_when=_takes),
        ]  # fmt: skip
        self.pay_form = StepForm(specs, offers={"print": "y"}, verb="POST")
        self.pay_form.styles.height = "1fr"
        yield RuleRow()
        with Horizontal(classes="body"):
            with Vertical():
                yield self.dues_panel
                yield RuleRow()
                yield self.pay_form
                yield self.change_panel
            yield self.receipt_panel

    def _pay_fields(self) -> list[FieldSpec]:
        pay, *rest = self.box.fields(required=True)
        opening = opening_field(self.desk, self.patient_id, self.appointment_id)
        return [pay, given_field(), *opening, *rest]

    def _family_fields(self) -> list[FieldSpec]:
        """Whose dues are paid as well; nothing where nobody of the family owes."""
        self.members = [
            m for m in families.others(self.desk, self.patient_id) if m.balance_cents > 0
        ]
        if not self.members:
            return []
        owed = sum(m.balance_cents for m in self.members)
        choices = [(NO_MORE, "this patient only"), ("all", f"all: {show_cents(owed)} more")]
        choices += [
            (m.mrn, f"{_first(m)} {m.name.partition(',')[0]} {show_cents(m.balance_cents)}")
            for m in self.members
        ]  # fmt: skip
        return [
            FieldSpec("family", "Family", "choice", choices=choices, default=NO_MORE, width=32,
                      required=True, visible_when=_takes)
        ]  # fmt: skip

    def _whose(self, values: Mapping[str, Any]) -> list[int]:
        """Who of the family is paid for as well."""
        wanted = values.get("family") or NO_MORE
        if wanted == NO_MORE:
            return []
        return [m.patient_id for m in self.members if wanted in ("all", m.mrn)]

    def _dues(self) -> list[payments.Due]:
        values = self.pay_form.values if hasattr(self, "pay_form") else {}
        return payments.due(
            self.desk, self.patient_id, self.appointment_id,
            ahead=values.get("apply") == "ahead", family=self._whose(values),
        )  # fmt: skip

    def load(self) -> None:
        self.box.dues = self._dues()
        if not self.dirty:
            self._agreed = self.box.dues
        show_banner(self, self.patient_id, self._visit_text())
        self.show_money()

    def _visit_text(self) -> str:
        if self.appointment_id is None:
            return ""
        row = day_board.appointment(self.desk, self.appointment_id)
        return f"{show_time(row.start.time())} {row.provider} {row.visit_type}{row.minutes}"

    def opened(self) -> None:
        """A line given with the command fills the Pay box; a draft everything."""
        super().opened()
        sheet = self.pay_form.sheet
        if self.line and self.draft is None:
            sheet.editors["pay"].set(self.line)
            self.pay_form.go_to(next(name for name in sheet.walk() if sheet.is_gap(name)))
            self.touched()
        self.show_money()
        self.show_enter()

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.patient_id and entry.operation.startswith(
            ("payment.", "coverage.", "visit.")
        )

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "next gap, then post"), ("Tab", "fields"), ("F4", "choices"),
            ("F7", "park"), ("Esc", "keep as draft"), ("F1", "help"),
        ]  # fmt: skip

    # What is shown while it is typed

    def planned(self, values: dict[str, Any]) -> tuple[PaymentPlan, int]:
        """What would be posted, and the change that goes back."""
        purpose = "balance" if values["apply"] == "balance" else None
        return work_out(
            self.desk, self.box.dues, values, purpose=purpose, prepay=values["apply"] == "prepay"
        )

    def show_money(self) -> None:
        """The dues, the change and the receipt, as what is typed makes them."""
        values = self.pay_form.values
        scope = (values["apply"] == "ahead", self._whose(values))
        if scope != self._scope:  # more is to be paid, or less
            self._scope = scope
            self._agreed = self.box.dues = self.attempt(self._dues) or []
            self.pay_form.sheet.check("pay")  # what is left is another sum now
            values = self.pay_form.values
        planned, change = self.planned(values)
        self._show_dues(planned)
        self.change_panel.show([[Part(spaced(change), "primary")] if change else ""])
        self.receipt_panel.show(self._receipt(values, planned))
        paid = values["pay"]
        if isinstance(paid, Paid) and paid.reason:
            self.pay_form.verb = f"NOT TAKEN {show_cents(self.box.due)}, {paid.reason}"
        elif planned.tenders:
            number = self.attempt(
                pay_plan.next_receipt, self.desk, self.patient_id, self.appointment_id
            )
            how = "e-mail" if values["print"] == "e" else "print"
            printed = "" if values["print"] == "n" else f" and {how} receipt {number}"
            self.pay_form.verb = f"POST {show_cents(planned.total)}{printed}"
        else:
            self.pay_form.verb = "POST"

    def _show_dues(self, planned: PaymentPlan) -> None:
        label = max(self.desk_app.size.width - RECEIPT_CELLS, 47) - 32
        lines: list[Text] = [
            [Part(f"# {'For':<{label}} Date  {'Due':>7} {'Now':>7} {'Left':>7}", "primary")]
        ]
        names = {m.patient_id: _first(m) for m in self.members}
        shown = self.box.dues[:DUES_SHOWN]
        for number, due in enumerate(shown, 1):
            now = planned.paid(due)
            whose = f"{names[due.patient_id]}: " if due.patient_id in names else ""
            lines.append(
                f"{number} {cells(whose + due.label, label)} {due.service_day:%m/%d}"
                + "".join(f" {show_cents(c):>7}" for c in (due.due_cents, now, due.due_cents - now))
            )
        hidden = len(self.box.dues) - len(shown)
        if hidden:
            lines.append(f"  and {hidden} more")
        if not self.box.dues:
            lines.append("  Nothing is due")
        now = sum(planned.paid(due) for due in self.box.dues)
        held = sum(cents for due, cents in planned.parts if due.purpose == "prepayment")
        if held:
            lines.append(f"  kept as a prepayment {show_cents(held)}")
        totals = (self.box.due, now, self.box.due - now)
        lines.append(
            [Part(f"  {'total':<{label}}      " + "".join(f" {show_cents(c):>7}" for c in totals),
                  "primary")]
        )  # fmt: skip
        room = MONEY_LINES - len(lines)
        whys = [f"  {n}: {due.why}" for n, due in enumerate(shown, 1) if due.why]
        lines += [*whys, *self._estimate()][:room] if len(whys) < room else whys[:room]
        self.dues_panel.styles.height = len(lines)
        self.dues_panel.show(lines)

    def _estimate(self) -> list[str]:
        """What the visit will probably cost beyond the copay, or that nobody verified it."""
        if self.appointment_id is None:
            return []
        found = dues.estimate(self.desk, self.patient_id, self.appointment_id)
        if found is None:
            return ["  deductible, coinsurance: not verified"]
        return [f"  estimate {show_cents(found.cents)}: {found.why}"]

    def _receipt(self, values: dict[str, Any], planned: PaymentPlan) -> list[Text]:
        """The receipt's last lines that there is room for."""
        if not planned.tenders:
            return ["|"] * max(self.receipt_panel.size.height, 1)
        text = self.attempt(
            pay_plan.preview,
            self.desk,
            self.patient_id,
            self.appointment_id,
            planned,
            note=values["note"] or "",
        )
        height = self.receipt_panel.size.height or 18
        lines = (text or "").splitlines()[-height:]
        return [f"|{line}" for line in lines + [""] * (height - len(lines))]

    def on_resize(self) -> None:
        """The receipt's room is known only now."""
        if self.refused is None:
            self.call_after_refresh(self.show_money)

    def on_record_form_typed(self) -> None:
        self._warned.clear()
        self._agreed = self.box.dues
        self.show_money()
        super().on_record_form_typed()

    def failed(self, error: DesktermError) -> None:
        """The office names the tender where the form has the Pay box."""
        if isinstance(error, Invalid) and error.field in ("tender", "amount"):
            error = Invalid(error.message, error.hint, field="pay")
        super().failed(error)

    # Posting

    async def on_record_form_done(self, message: StepForm.Done) -> None:
        values = message.values
        if self._due_changed():
            return
        if values["pay"].reason:
            await self._not_taken(values)
            return
        if values["print"] == "e" and not self._may_mail():
            return
        planned, change = self.planned(values)
        if not self._may_post(values, planned, change):
            return
        done = self.attempt(
            payments.take,
            self.desk,
            self.patient_id,
            tenders=planned.tenders,
            appointment_id=self.appointment_id,
            purpose="balance" if values["apply"] == "balance" else None,
            allow_prepayment=values["apply"] == "prepay",
            note=values["note"] or "",
            ahead=values["apply"] == "ahead",
            family=self._whose(values),
            opening_cents=values.get("opening"),
            key=self.key,
        )
        if done is None:
            return
        app, receipt = self.desk_app, done.receipt
        printed = {"y": self._print, "e": self._mail}.get(values["print"], _nothing)(receipt)
        said = f"Receipt {receipt}, {show_cents(done.total_cents)}"
        said += f", CHANGE {show_cents(change)}" if change else ""
        await self.finish(said, undo=VoidReceipt(app, receipt))
        if printed:
            app.say(f"{said}. {printed}", level="error")

    def _due_changed(self) -> bool:
        """Whether something was paid or charged since the dues were shown; then they are."""
        before, agreed = sum(due.due_cents for due in self._agreed), self._agreed
        now = self.attempt(self._dues)
        if now is None or now == agreed:
            return now is None
        self.box.dues = self._agreed = now
        self.show_money()
        self.save_draft()
        last = self.attempt(news.last_payment, self.desk, self.patient_id) or "another desk"
        self.enter_row.show(
            "",
            error=f"Due was {show_cents(before)}, is {show_cents(self.box.due)} now: {last}. "
            "Yours is kept; Enter posts it",
        )
        return True

    def _may_post(self, values: dict[str, Any], planned: PaymentPlan, change: int) -> bool:
        """Ask where more than is due shall go; warn once of what looks like a slip."""
        form = self.pay_form
        if planned.over:
            form.sheet.put("apply", None, "")
            form.set_error(
                "apply",
                f"{show_cents(planned.over)} over what is due. PREPAY here keeps it, or pay less",
            )
            return False
        if cash_extra(values) < 0:
            form.set_error("given", "Less cash than the Pay box says")
            return False
        for warning in slips(self.desk, self.patient_id, self.key, planned, change):
            if warning not in self._warned:
                self._warned.add(warning)
                self.enter_row.show("", error=f"{warning}. Enter again posts it")
                return False
        return True

    def _print(self, receipt: str) -> str:
        """Write the receipt; what went wrong, or nothing."""
        try:
            pay_plan.print_receipt(self.desk, receipt)
        except DesktermError as error:
            return f"Not printed: {error.message}"
        return ""

    def _may_mail(self) -> bool:
        """Whether there is an address, and the patient agreed: asked once, noted once."""
        to = mail.address(self.desk, self.patient_id)
        if not to.email:
            self.pay_form.set_error("print", "No e-mail on file. y prints it")
            return False
        if to.agreed or "mail" in self._warned:
            return True
        self._warned.add("mail")
        self.enter_row.show(
            "", error=f"E-mail is not sealed. Do they agree to {to.email}? Enter again notes it"
        )
        return False

    def _mail(self, receipt: str) -> str:
        """Queue the receipt for e-mail; what went wrong, or nothing."""
        try:
            if not mail.address(self.desk, self.patient_id).agreed:
                mail.consent(self.desk, self.patient_id, agreed=True)
            mail.queue_receipt(self.desk, receipt, key=f"{self.key}:mail")
        except DesktermError as error:
            return f"Not e-mailed: {error.message}"
        return ""

    async def _not_taken(self, values: dict[str, Any]) -> None:
        done = self.attempt(
            payments.not_collected,
            self.desk,
            self.patient_id,
            reason=values["pay"].reason,
            appointment_id=self.appointment_id,
            note=values["note"] or "",
            key=self.key,
        )
        if done is not None:
            await self.finish(f"Nothing taken, {values['pay'].reason}: noted")


def _first(member: families.Member) -> str:
    return member.name.partition(", ")[2]


def _nothing(receipt: str) -> str:
    """Neither paper nor e-mail."""
    return ""


def _takes(values: Any) -> bool:
    """Whether money changes hands."""
    paid = values.get("pay")
    return not (isinstance(paid, Paid) and paid.reason)
