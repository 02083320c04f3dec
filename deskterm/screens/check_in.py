"""Check in: a checklist of what is stale or missing, top to bottom as it is said (c)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.entry.money import show_cents
from deskterm.entry.phones import parse_phone, show_phone
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid
from deskterm.office import check_in, checklist, day_board, patients, payments, visits
from deskterm.office.check_in import CheckInAnswers, FormAnswer
from deskterm.office.checklist import Checklist, Step
from deskterm.office.day_board import AppointmentRow
from deskterm.screens.base import TaskScreen
from deskterm.screens.money_fields import MoneyBox, Paid, tenders_of
from deskterm.screens.who import show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part

STYLES = {"OK": "good", "ASK": "attention", "DUE": "attention", "MISS": "stop"}
CARD = (("same", "same card, seen"), ("new", "new card: the form opens after this"),
        ("later", "not shown"))  # fmt: skip
FORMS = (("y", "given"), ("b", "back, signed"), ("n", "not now"))


class CheckInScreen(TaskScreen):
    """Only what is not OK is asked; Enter at the last gap takes the money and checks in."""

    title_text: ClassVar[str] = "CHECK IN"
    form: ClassVar[str] = "check_in"

    def __init__(self, appointment_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.subject_id if draft is not None else appointment_id
        assert found is not None
        self.appointment_id: int = found
        self.steps_panel = Panel(height=8)
        self.row: AppointmentRow
        self.list: Checklist

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"CHECK IN {self.row.number} {self.row.patient.partition(',')[0]}"

    def body(self) -> Iterable[Any]:
        self.row = day_board.appointment(self.desk, self.appointment_id)
        self.list = checklist.checklist(self.desk, self.appointment_id)
        dues = payments.due(self.desk, self.row.patient_id, self.appointment_id)
        self.box = MoneyBox(self.desk, dues, last4=True)
        self.check_form = RecordForm(self._fields(), verb=f"CHECK IN {self.row.number}")
        yield RuleRow()
        yield self.steps_panel
        yield RuleRow()
        self.check_form.styles.height = "1fr"
        yield self.check_form

    def load(self) -> None:
        row = self.row
        when = f"{show_time(row.start.time())} {row.provider} {row.visit_type}{row.minutes}"
        late = int((self.desk.wall() - row.start).total_seconds() // 60)
        if late > self.desk.settings.policy.late_after:
            when += f"   {late}m LATE"
        show_banner(self, row.patient_id, when)
        lines: list[Text] = [[Part("   Step            State  What we have", "primary")]]
        lines += [self._line(step) for step in self.list.steps]
        self.steps_panel.show(lines)

    def _line(self, step: Step) -> Text:
        name = f"   {step.number} {step.name.capitalize():<14}"
        badge = Part(f"{step.state:<5}", STYLES.get(step.state, ""))
        return [Part(name), badge, Part(f"  {step.have}")]

    # The gaps

    def _fields(self) -> list[FieldSpec]:
        asked = {step.name: step for step in self.list.steps if not step.settled}
        specs = []
        if "identity" in asked:
            specs.append(FieldSpec("identity", "1 Birth date said", required=True, limit=12,
                                   width=9, parse=self._read_identity,
                                   help="what the patient says: 0314 or 031482"))  # fmt: skip
        if "contact" in asked:
            specs.append(FieldSpec("contact", "2 Address and phone the same", ask=True, limit=40,
                                   width=18, default="y", parse=self._read_contact,
                                   help="y, or the new phone number; i on the board opens the "
                                   "form for a new address"))  # fmt: skip
        if "insurance" in asked:
            specs.append(FieldSpec("insurance", "3 Insurance card", "choice", choices=CARD,
                                   ask=True, default="same", width=26))  # fmt: skip
        if self.list.step("forms").state in ("DUE", "GIVEN"):
            given = self.list.step("forms").state == "GIVEN"
            specs.append(FieldSpec("forms", "4 Forms", "choice", choices=FORMS, ask=True,
                                   default="b" if given else "y", width=16))  # fmt: skip
        if "authorization" in asked:
            specs.append(FieldSpec("override", "5 Go ahead because", required=True, limit=200,
                                   width=40, help="why without its authorization"))  # fmt: skip
        if "money" in asked:
            label = f"6 Pay {show_cents(self.box.due)}"
            specs += self.box.fields(label=label, required=True)
        specs.append(FieldSpec("note", "7 Note", limit=200, width=50))
        return specs

    def _read_identity(self, text: str) -> tuple[str, str]:
        patients.check_identity(self.desk, self.row.patient_id, text)
        self.desk_app.identify(self.row.patient_id)
        return text, "match"

    def _read_contact(self, text: str) -> tuple[str, str]:
        if text.lower() in ("y", "yes", "same"):
            return "same", "same"
        number = parse_phone(text, area_code=self.desk.settings.policy.area_code)
        return number, f"new phone {show_phone(number)}"

    # Doing it

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        try:
            receipt = self._take(values)
            done = check_in.complete(
                self.desk, self.appointment_id, self._answers(values), key=self.key
            )
            if (values.get("note") or "").strip():
                visits.note(self.desk, self.appointment_id, values["note"])
        except DesktermError as error:
            self.failed(error)
            return
        name = self.row.patient.partition(",")[0]
        said = f"Checked in {self.row.number} {name} {show_time(self.desk.wall().time())}"
        said += f", receipt {receipt}" if receipt else ""
        said += f"; still open: {', '.join(done.missing)}" if done.missing else ""
        desk, appointment_id, app = self.desk, self.appointment_id, self.desk_app
        await self.finish(said, undo=lambda: visits.undo(desk, appointment_id))
        if values.get("insurance") == "new":
            await app.go("register", patient_id=self.row.patient_id)

    def _take(self, values: dict[str, Any]) -> str:
        """Take the money first, under a key of its own, so that resuming never takes it twice."""
        paid = values.get("pay")
        if not isinstance(paid, Paid) or not paid.tenders:
            return ""
        payment = payments.take(
            self.desk,
            self.row.patient_id,
            tenders=tenders_of(values),
            appointment_id=self.appointment_id,
            key=f"{self.key}:pay",
        )
        return str(payment.receipt)

    def _answers(self, values: dict[str, Any]) -> CheckInAnswers:
        paid = values.get("pay")
        contact = values.get("contact") or ""
        if contact and contact != "same":
            phone = patients.PhoneEntry(contact)
            patients.set_phone(self.desk, self.row.patient_id, phone)
        outcome = {"y": "given", "b": "signed"}.get(values.get("forms") or "n", "")
        due = patients.forms_due(self.desk, self.row.patient_id)
        return CheckInAnswers(
            birth_date=values.get("identity") or "",
            contact_same=bool(contact),
            card_seen=values.get("insurance") == "same",
            forms=tuple(
                FormAnswer(form.form, outcome)
                for form in due
                if outcome and form.state in ("due", "given")
            ),
            override=values.get("override") or "",
            not_collected=paid.reason if isinstance(paid, Paid) else "",
        )

    def failed(self, error: DesktermError) -> None:
        """The office speaks of money where the form has the Pay box."""
        if isinstance(error, Invalid) and error.field in ("money", "tender", "amount"):
            error = Invalid(error.message, error.hint, field="pay")
        super().failed(error)
