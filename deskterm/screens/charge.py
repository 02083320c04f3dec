"""Charge a visit by its codes: what was done, and why (:charge)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import show_short
from deskterm.entry.identifiers import modifier
from deskterm.entry.money import show_cents
from deskterm.entry.times import show_time
from deskterm.errors import Invalid
from deskterm.office import charges, day_board
from deskterm.office.charges import MOST_UNITS, ChargeLine
from deskterm.office.day_board import AppointmentRow
from deskterm.screens.code_fields import (
    DIAGNOSES,
    SERVICES,
    diagnosis_field,
    find_code,
    service_field,
)
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

SERVICES_SHOWN, DIAGNOSES_SHOWN = 3, 4


class ChargeScreen(TaskScreen):
    """Diagnoses first, then each service with its modifiers and units; Enter posts them."""

    title_text: ClassVar[str] = "CHARGE"
    form: ClassVar[str] = "charge"

    def __init__(self, appointment_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.subject_id if draft is not None else appointment_id
        assert found is not None
        self.appointment_id: int = found
        self.row: AppointmentRow
        self.panel = Panel(classes="body")

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"CHARGE {self.row.number} {self.row.patient.partition(',')[0]}"

    def day(self) -> date:
        """The date of service, by which every code is judged."""
        return self.row.start.date()

    def body(self) -> Iterable[Any]:
        self.row = day_board.appointment(self.desk, self.appointment_id)
        specs = [identity_field(self)]
        for number in range(1, DIAGNOSES_SHOWN + 1):
            given: dict[str, Any] = {"ask": True} if number == 1 else {}
            specs.append(
                diagnosis_field(self, f"dx{number}", f"Diagnosis {number}", on=self.day, **given)
            )
        for number in range(1, SERVICES_SHOWN + 1):
            given = {"required": True} if number == 1 else {"ask": True}
            if number > 1:
                before = f"code{number - 1}"
                given["visible_when"] = lambda values, before=before: bool(values.get(before))
            specs += [
                service_field(self, f"code{number}", f"Service {number}", on=self.day, **given),
                FieldSpec(f"modifiers{number}", "  modifiers", limit=20, width=12, beside=False,
                          parse=self._read_modifiers, example="25 LT; empty for none",
                          visible_when=self._has(number)),
                FieldSpec(f"units{number}", "  units", limit=3, width=4, default=1,
                          parse=self._read_units, visible_when=self._has(number)),
            ]  # fmt: skip
        self.charge_form = StepForm(specs, verb="POST")
        self.charge_form.styles.height = "1fr"
        yield RuleRow()
        yield self.charge_form
        yield RuleRow()
        self.panel.styles.height = 2
        yield self.panel

    def load(self) -> None:
        row = self.row
        when = f"{show_short(self.day())} {show_time(row.start.time())} {row.provider}"
        show_banner(self, row.patient_id, f"{when} {row.visit_type}{row.minutes}")
        self._show_sum()

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.row.patient_id

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "next gap, then post"), ("F4", "find a code"), ("Tab", "fields"),
                ("F7", "park"), ("Esc", "keep as draft")]  # fmt: skip

    def on_record_form_typed(self) -> None:
        self._show_sum()
        super().on_record_form_typed()

    async def on_record_form_person_wanted(self, message: RecordForm.PersonWanted) -> None:
        systems = DIAGNOSES if message.name.startswith("dx") else SERVICES
        await find_code(
            self, self.charge_form, message.name, message.text, systems=systems, on=self.day
        )

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        made = self.attempt(
            charges.post, self.desk, self.appointment_id, self._lines(message.values),
            key=self.key,
        )  # fmt: skip
        if made is None:
            return
        total = sum(charge.amount_cents for charge in made)
        codes = " ".join(charge.code for charge in made)
        await self.finish(f"Charged {self.row.number}: {codes}, {show_cents(total)}")

    @staticmethod
    def _has(number: int) -> Any:
        return lambda values: bool(values.get(f"code{number}"))

    def _lines(self, values: Any) -> list[ChargeLine]:
        why = tuple(
            values[f"dx{number}"]
            for number in range(1, DIAGNOSES_SHOWN + 1)
            if values.get(f"dx{number}")
        )
        return [
            ChargeLine(
                values[f"code{number}"],
                units=values.get(f"units{number}") or 1,
                modifiers=tuple((values.get(f"modifiers{number}") or "").split()),
                diagnoses=why,
            )
            for number in range(1, SERVICES_SHOWN + 1)
            if values.get(f"code{number}")
        ]

    def _show_sum(self) -> None:
        total, without = 0, []
        for line in self._lines(self.charge_form.values):
            fee = charges.fee_of(self.desk, line.code, self.day())
            if fee is None:
                without.append(line.code)
            else:
                total += fee * line.units
        lines = [f"  Full fee {show_cents(total)}" if total else "  Nothing to charge yet"]
        if without:
            lines.append(f"  no fee is set for {', '.join(without)}: deskterm pay fee")
        self.panel.show(lines)

    @staticmethod
    def _read_modifiers(text: str) -> tuple[str, str]:
        return " ".join(modifier(word) for word in text.split()), ""

    @staticmethod
    def _read_units(text: str) -> tuple[int, str]:
        if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= MOST_UNITS:
            raise Invalid(f"Units are 1 to {MOST_UNITS}", "", field="units")
        return int(text), ""
