"""Money of a receipt goes back or elsewhere: void, refund, correction, returned check (x)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from deskterm.db.payments import Payment
from deskterm.entry.money import parse_cents, parse_tenders, show_cents
from deskterm.errors import Invalid
from deskterm.office import clinic, payments, receipts, refunds
from deskterm.screens.second import approval_fields, approval_of
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import YES_NO, FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

WAYS = (
    ("refund", "refund: the money goes back"),
    ("void", "void: it was not taken (today only)"),
    ("correct", "correct: it was paid another way"),
    ("returned", "returned: the bank sent a check back"),
)
OPERATION = {
    "refund": "payment.refund", "void": "payment.void", "correct": "payment.correct",
}  # fmt: skip


class MoneyBackScreen(TaskScreen):
    """What is to be done, how much, why; sealed by the receipt's last three digits."""

    title_text: ClassVar[str] = "MONEY BACK"
    form: ClassVar[str] = "money_back"

    def __init__(self, receipt: str = "", *, draft: Any = None) -> None:
        super().__init__(draft)
        given = draft.state.get("receipt", "") if draft is not None else receipt
        self.receipt: str = str(given).strip().upper()
        self.panel = Panel(classes="body")
        self.payment: Payment
        self.left: list[refunds.TenderLeft] = []

    def subject(self) -> tuple[int | None, int | None]:
        return self.payment.patient_id, None

    def heading(self) -> str:
        return f"MONEY BACK {self.receipt}"

    def context(self) -> str:
        return self.receipt

    def draft_state(self) -> dict[str, Any]:
        return {**super().draft_state(), "receipt": self.receipt}

    def body(self) -> Iterable[Any]:
        self.payment = payments.find(self.desk, self.receipt)
        self.left = refunds.tenders_left(self.desk, self.payment.id)
        reasons = {
            "refund": clinic.codes(self.desk, "refund_reason"),
            "void": clinic.codes(self.desk, "void_reason"),
        }

        def is_(*ways: str) -> Any:
            return lambda values: values.get("way") in ways

        ways = tuple((str(at), way.label) for at, way in enumerate(self.left, 1))
        checks = tuple((w.reference, w.label) for w in self.left if w.kind == "check")
        specs = [
            identity_field(self),
            FieldSpec("way", "What", "choice", choices=WAYS, required=True, width=42,
                      default=self._likely()),
            FieldSpec("amount", "Amount", limit=12, width=12, parse=_read_cents, show=show_cents,
                      default=sum(w.cents for w in self.left), visible_when=is_("refund")),
            FieldSpec("tenders", "Paid back", limit=60, width=30, parse=self._read_tenders,
                      visible_when=is_("refund"),
                      example="empty: the way it came; 25ca, 25cc4417, 25ck9001"),
            FieldSpec("was", "Posted as", "choice", choices=ways, required=True, width=30,
                      default="1" if len(ways) == 1 else None, visible_when=is_("correct")),
            FieldSpec("now", "Was paid", required=True, limit=60, width=30,
                      parse=self._read_tenders, visible_when=is_("correct"),
                      example="25cc4417 08812Q: how it was paid in truth"),
            FieldSpec("check", "Check", "choice", choices=checks, required=True, width=30,
                      default=checks[0][0] if len(checks) == 1 else None,
                      visible_when=is_("returned")),
            FieldSpec("fee", "Fee", limit=12, width=12, parse=_read_cents, show=show_cents,
                      default=self.desk.settings.policy.returned_check_fee,
                      visible_when=is_("returned")),
            FieldSpec("reason", "Why", "choice", required=True, width=30,
                      choices=lambda values: reasons.get(values.get("way") or "refund", ()),
                      visible_when=is_("refund", "void")),
            FieldSpec("charge", "Charge goes too", "choice", choices=YES_NO, default="n", width=8,
                      visible_when=is_("refund")),
            FieldSpec("note", "Note", limit=200, width=40, visible_when=is_("refund")),
            *self._second(),
            FieldSpec("seal", "Last 3 digits", required=True, limit=3, width=5,
                      parse=self._read_seal,
                      example=f"of {self.receipt}: so that it is the right one"),
        ]  # fmt: skip
        self.back_form = StepForm(specs, verb="DO IT")
        self.back_form.styles.height = 12
        yield RuleRow()
        yield self.back_form
        yield RuleRow()
        yield self.panel

    def _second(self) -> list[FieldSpec]:
        """The gaps of the second person, where the way chosen needs one."""
        wanted = {way for way, operation in OPERATION.items()
                  if refunds.needs_second(self.desk, self.receipt, operation)}  # fmt: skip
        return [
            spec.but(visible_when=lambda values: values.get("way") in wanted)
            for spec in (approval_fields(self.desk, "payment.refund") if wanted else ())
        ]

    def _yes(self, values: Mapping[str, Any]) -> Any:
        operation = OPERATION[values["way"]]
        if not refunds.needs_second(self.desk, self.receipt, operation):
            return None
        return approval_of(self.desk, operation, values)

    def _likely(self) -> str:
        here = self.payment.business_day == self.desk.today()
        return "void" if here and len(self.left) and self.payment.total_cents == sum(
            w.cents for w in self.left) else "refund"  # fmt: skip

    def load(self) -> None:
        show_banner(self, self.payment.patient_id)
        text = receipts.text(self.desk, self.receipt)
        left = "  ".join(f"{w.label} {show_cents(w.cents)}" for w in self.left) or "nothing"
        kept = payments.void_keeps(self.desk, self.receipt)
        said = [f"Left of it: {left}", *(f"If voided: {words}" for words in kept), ""]
        self.panel.show([f"  {x}" for x in (*said, *text.splitlines())])
        self._say_verb()

    def _say_verb(self) -> None:
        values = self.back_form.values
        way = values.get("way") or ""
        words = {
            "refund": f"REFUND {show_cents(values.get('amount') or 0)}",
            "void": f"VOID {self.receipt}", "correct": "CORRECT the tender",
            "returned": "CHECK RETURNED",
        }  # fmt: skip
        self.back_form.verb = words.get(str(way), "DO IT")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "next gap, then do it"), ("F4", "choices"), ("Tab", "fields"),
                ("Esc", "keep as draft")]  # fmt: skip

    def on_record_form_typed(self) -> None:
        self._say_verb()
        super().on_record_form_typed()

    def _read_tenders(self, text: str) -> tuple[Any, str]:
        found = parse_tenders(text, due=sum(w.cents for w in self.left))
        return tuple(found), show_cents(sum(t.amount for t in found))

    def _read_seal(self, text: str) -> tuple[str, str]:
        if text != self.receipt[-3:]:
            raise Invalid("Those are another receipt's digits", f"Look: {self.receipt}")
        return text, "match"

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        done = self.attempt(getattr(self, f"_{values['way']}"), values)
        if done is not None:
            await self.finish(f"{self.back_form.verb}: {done.receipt}")

    def _refund(self, values: Mapping[str, Any]) -> Payment:
        tenders = values.get("tenders") or None
        return refunds.refund(
            self.desk, self.receipt, reason=values["reason"],
            amount_cents=None if tenders else values.get("amount"), tenders=tenders,
            take_charge_back=values.get("charge") == "y", note=values.get("note") or "",
            key=self.key, approval=self._yes(values),
        )  # fmt: skip

    def _void(self, values: Mapping[str, Any]) -> Payment:
        return payments.void(
            self.desk, self.receipt, reason=values["reason"], key=self.key,
            approval=self._yes(values),
        )  # fmt: skip

    def _correct(self, values: Mapping[str, Any]) -> Payment:
        if len(values["now"]) != 1:
            raise Invalid("One way of paying at a time", "25cc4417 08812Q", field="now")
        was = self.left[int(values["was"]) - 1]
        return refunds.correct_tender(
            self.desk, self.receipt, was=was, now=values["now"][0], key=self.key,
            approval=self._yes(values),
        )  # fmt: skip

    def _returned(self, values: Mapping[str, Any]) -> Payment:
        return refunds.returned_check(
            self.desk, self.receipt, number=values["check"], fee_cents=values.get("fee"),
            key=self.key,
        )  # fmt: skip


def _read_cents(text: str) -> tuple[int, str]:
    return parse_cents(text), ""
