"""A payment plan: agree on instalments, see how it stands, end it (:plan)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

from deskterm.db.instalments import EVERY
from deskterm.db.journal import Entry
from deskterm.entry.dates import parse_date
from deskterm.entry.money import show_cents
from deskterm.errors import Invalid
from deskterm.office import instalments
from deskterm.office.instalments import Standing
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part
from deskterm.widgets.step_form import StepForm

SET_UP = "set_up"


class PlanScreen(TaskScreen):
    """How many instalments, how often, from when; below, every instalment with its day."""

    title_text: ClassVar[str] = "PAYMENT PLAN"
    form: ClassVar[str] = "plan"

    def __init__(self, patient_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.patient_id if draft is not None else patient_id
        assert found is not None
        self.patient_id: int = found
        self.plans: list[Standing] = []
        self.open_cents = 0
        self.panel = Panel(classes="body")

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, None

    def _read(self) -> None:
        self.plans = instalments.standing(self.desk, self.patient_id)
        self.open_cents = sum(c for _, c in instalments.plannable(self.desk, self.patient_id))

    def body(self) -> Iterable[Any]:
        self._read()
        ways = [(SET_UP, f"agree on {show_cents(self.open_cents)}")] if self.open_cents else []
        ways += [(f"end{p.id}", f"end the plan of {show_cents(p.amount_cents)}")
                 for p in self.plans]  # fmt: skip
        if not ways:
            raise Invalid("Nothing is open that could be planned", ":account shows what is owed")

        def set_up(values: Mapping[str, Any]) -> bool:
            return values.get("way") == SET_UP

        specs = [
            identity_field(self),
            FieldSpec("way", "What", "choice", choices=ways, required=True, width=40,
                      default=ways[0][0] if len(ways) == 1 or self.open_cents else None),
            FieldSpec("count", "Instalments", required=True, limit=3, width=5, parse=_read_count,
                      visible_when=set_up, example="4"),
            FieldSpec("every", "Every", "choice", choices=EVERY, default="month", required=True,
                      width=14, visible_when=set_up),
            FieldSpec("first", "First on", required=True, limit=30, width=14,
                      parse=self._read_date, visible_when=set_up, example="t, t+1w, 0415"),
            FieldSpec("note", "Note", limit=200, width=40, visible_when=set_up),
            FieldSpec("reason", "Why it ends", required=True, limit=200, width=40,
                      visible_when=lambda values: not set_up(values), example="paid in full"),
        ]  # fmt: skip
        self.plan_form = StepForm(specs, verb="AGREE")
        self.plan_form.styles.height = 8
        yield RuleRow()
        yield self.plan_form
        yield RuleRow()
        yield self.panel

    def load(self) -> None:
        self._read()
        show_banner(self, self.patient_id)
        self._show()

    def opened(self) -> None:
        super().opened()
        self._show()

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.patient_id and entry.operation.startswith(
            ("payment.", "charge.", "instalments.")
        )

    def _show(self) -> None:
        values = self.plan_form.values
        agree = values.get("way") == SET_UP
        self.plan_form.verb = "AGREE" if agree else "END THE PLAN"
        lines: list[Text] = []
        count, first = values.get("count") or 0, values.get("first")
        if agree and first and 0 < count <= self.open_cents:
            days = instalments.schedule(self.open_cents, count, first, values["every"])
            lines.append([Part(f"  {show_cents(self.open_cents)} would be paid", "primary")])
            lines += [
                f"  {number:>3}  {day:%a %m/%d/%Y}  {show_cents(cents):>10}"
                for number, (day, cents) in enumerate(days, 1)
            ]
        for plan in self.plans:
            if agree or values.get("way") in (None, f"end{plan.id}"):
                lines.append([Part(f"  {plan.words}", "primary")])
                lines += [
                    f"  {i.number:>3}  {i.day:%a %m/%d/%Y}  {show_cents(i.cents):>10}"
                    f"  {i.state.upper() if i.state == 'missed' else i.state}"
                    for i in plan.instalments
                ]
        self.panel.show(lines)

    def on_record_form_typed(self) -> None:
        self._show()
        super().on_record_form_typed()

    def _read_date(self, text: str) -> tuple[date, str]:
        order = self.desk.settings.policy.date_order
        found = parse_date(text, today=self.desk.today(), future=True, order=order)
        return found.day, f"{found.day:%a %m/%d/%Y}"

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        desk = self.desk
        if values["way"] == SET_UP:
            done = self.attempt(
                instalments.set_up, desk, self.patient_id, instalments=values["count"],
                first_on=values["first"], every=values["every"], note=values.get("note") or "",
                key=self.key,
            )  # fmt: skip
            if done is not None:
                plan_id = done.id
                await self.finish(
                    f"Agreed: {show_cents(done.amount_cents)} in {done.instalments} instalments",
                    undo=lambda: instalments.end(desk, plan_id, reason="undone at once"),
                )
            return
        plan = next(p for p in self.plans if values["way"] == f"end{p.id}")
        ended = self.attempt(
            instalments.end, desk, plan.id, reason=values["reason"], version=plan.version,
            key=self.key,
        )  # fmt: skip
        if ended is not None:
            await self.finish("The plan has ended; what is open is due at once")


def _read_count(text: str) -> tuple[int, str]:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= instalments.MOST:
        raise Invalid(f"1 to {instalments.MOST}", "For example 4", field="count")
    return int(text), ""
