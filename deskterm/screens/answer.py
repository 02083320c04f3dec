"""An answer got from a portal or a representative, in the order in which it is read out (+)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from deskterm.entry.dates import parse_date, show_birth
from deskterm.entry.money import parse_cents, show_cents
from deskterm.errors import Invalid, Stale
from deskterm.office import answers_by_hand, benefits, coverage, day_board, plans
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow

STATUSES = (
    ("active", "active"), ("inactive", "inactive"), ("issue", "something does not fit"),
)  # fmt: skip
METHODS = (("phone", "phone"), ("portal", "portal"))


class AnswerScreen(TaskScreen):
    """Status, from, copay, deductible left, authorization, reference; the rest where it helps."""

    title_text: ClassVar[str] = "ANSWER"
    form: ClassVar[str] = "answer"

    def __init__(
        self,
        coverage_id: int | None = None,
        appointment_id: int | None = None,
        *,
        draft: Any = None,
    ) -> None:
        super().__init__(draft)
        self.seen: int | None = None  # the newest answer when the typing began
        if draft is not None:
            coverage_id = draft.subject_id
            appointment_id = draft.state.get("appointment_id")
            self.seen = draft.state.get("seen")
        assert coverage_id is not None
        self.coverage_id: int = coverage_id
        self.appointment_id = appointment_id
        self.panel = Panel(classes="body aside")

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.coverage_id

    def heading(self) -> str:
        return f"ANSWER {self.row.plan_code}"

    def draft_state(self) -> dict[str, Any]:
        return {**super().draft_state(), "appointment_id": self.appointment_id,
                "seen": self.seen}  # fmt: skip

    def body(self) -> Iterable[Any]:
        self.row = coverage.one(self.desk, self.coverage_id)
        if self.seen is None:
            self.seen = self._newest()
        money: dict[str, Any] = {
            "limit": 12, "width": 10, "parse": lambda text: (parse_cents(text), ""),
            "show": show_cents, "ask": True,
        }  # fmt: skip
        specs = [
            identity_field(self),
            FieldSpec("status", "They say", "choice", choices=STATUSES, required=True, width=32),
            FieldSpec("starts", "From", limit=12, width=12, parse=self._read_day, ask=True,
                      show=show_birth, example="0101, or nothing"),
            FieldSpec("copay", "Copay", example="25 for this visit", **money),
            FieldSpec("deductible", "Deductible left", example="310", **money),
            FieldSpec("authorization", "Authorization", limit=3, width=5, ask=True, reads="yn",
                      help="y when this visit needs one", example="y or n"),
            FieldSpec("reference", "Call reference", limit=60, width=24, ask=True,
                      example="8812, or the portal's number"),
            FieldSpec("representative", "Who said it", limit=80, width=24, example="Dana"),
            FieldSpec("method", "By", "choice", choices=METHODS, default="phone", width=12),
            FieldSpec("coinsurance", "Coinsurance", limit=6, width=8, parse=_read_share,
                      show=lambda share: f"{share / 100:g}", example="20 for 20 percent"),
            FieldSpec("out_of_pocket", "Out of pocket left", example="2400",
                      **{**money, "ask": False}),
            FieldSpec("ends", "Until", limit=12, width=12, parse=self._read_day, show=show_birth,
                      example="1231"),
            FieldSpec("note", "Also", limit=300, width=40),
        ]  # fmt: skip
        self.answer_form = RecordForm(specs, verb="KEEP")
        yield RuleRow()
        yield self.answer_form
        yield self.panel

    def load(self) -> None:
        show_banner(self, self.row.patient_id, f"{self.row.plan_name} {self.row.member_id}")
        if self.panel.is_attached:
            self.panel.show(list(plans.card(self.desk, self.row.plan_code)))

    def _newest(self) -> int:
        said = benefits.newest(self.desk, self.coverage_id)
        return said.id if said is not None else 0

    def look_again(self, error: Stale) -> str:
        self.seen = self._newest()
        return ""

    def _read_day(self, text: str) -> tuple[date, str]:
        order = self.desk.settings.policy.date_order
        day = parse_date(text, today=self.desk.today(), future=False, order=order).day
        return day, "" if text == show_birth(day) else show_birth(day)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        said = answers_by_hand.ByHand(
            values["status"], values.get("starts"), values.get("ends"), values.get("copay"),
            values.get("deductible"), values.get("out_of_pocket"), values.get("coinsurance"),
            (values.get("authorization") or "").upper(), values.get("representative") or "",
            values.get("reference") or "", values.get("note") or "",
        )  # fmt: skip
        on = self.desk.today()
        if self.appointment_id is not None:
            on = day_board.appointment(self.desk, self.appointment_id).start.date()
        done = self.attempt(
            answers_by_hand.by_hand, self.desk, self.coverage_id, said, on=on,
            method=values.get("method") or "phone", appointment_id=self.appointment_id,
            seen=self.seen, key=self.key,
        )  # fmt: skip
        if done is not None:
            changed = f"   changed: {done.differs}" if done.differs else ""
            await self.finish(f"{self.row.plan_name}: {done.status}{changed}")


def _read_share(text: str) -> tuple[int, str]:
    try:
        share = Decimal(text.strip().rstrip("%"))
    except InvalidOperation:
        share = Decimal(-1)
    if not (share.is_finite() and 0 <= share <= 100):
        raise Invalid("A percentage is 0 to 100", "For example 20")
    return int(share * 100), f"{share:g} %"
