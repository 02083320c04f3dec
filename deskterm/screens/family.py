"""Who pays for this patient, and what the family owes (:family)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.entry.money import show_cents
from deskterm.errors import Invalid
from deskterm.office import families, finder
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part, cells

NOBODY = 0


class FamilyScreen(TaskScreen):
    """One gap: who pays. ``none`` ends it."""

    title_text: ClassVar[str] = "FAMILY"
    form: ClassVar[str] = "family"

    def __init__(self, patient_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.patient_id if draft is not None else patient_id
        assert found is not None
        self.patient_id: int = found
        self.panel = Panel(classes="body")

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, None

    def body(self) -> Iterable[Any]:
        specs = [
            identity_field(self),
            FieldSpec("payer", "Who pays", required=True, limit=60, width=30,
                      parse=self._read_payer,
                      example="another patient: name and birth date, or MRN; none ends it"),
        ]  # fmt: skip
        self.family_form = RecordForm(specs, verb="SAVE")
        self.family_form.styles.height = 4
        yield RuleRow()
        yield self.family_form
        yield RuleRow()
        yield self.panel

    def load(self) -> None:
        show_banner(self, self.patient_id)
        members = families.others(self.desk, self.patient_id)
        lines: list[Text] = [[Part(f"  {'Family':<38}{'MRN':<10}{'Owes':>10}", "primary")]]
        lines += [
            f"  {cells(m.name, 36)}  {'#' + m.mrn:<10}{show_cents(m.balance_cents):>10}"
            + ("  PAYS" if m.pays else "")
            for m in members
        ]
        self.panel.show(lines if members else ["  Nobody else: this patient pays alone"])

    def _read_payer(self, text: str) -> tuple[int, str]:
        if text.strip().lower() == "none":
            return NOBODY, "pays alone"
        found = finder.find(self.desk, text, limit=2, shown=False)
        if len(found.rows) != 1 or found.sounds_like:
            what = "Nobody" if not found.rows else "Several people"
            raise Invalid(f"{what} by that name", "Add the birth date, or the MRN", field="payer")
        return found.rows[0].id, found.rows[0].name

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        payer = message.values["payer"]
        if payer == NOBODY:
            if self.attempt(families.end_guarantor, self.desk, self.patient_id) is not None:
                await self.finish("Nobody else pays any more")
            return
        if self.attempt(families.set_guarantor, self.desk, self.patient_id, payer) is not None:
            desk, patient_id = self.desk, self.patient_id
            await self.finish(
                "Noted who pays", undo=lambda: families.end_guarantor(desk, patient_id)
            )
