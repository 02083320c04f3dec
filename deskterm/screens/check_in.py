"""Check in: a checklist of what is stale or missing, top to bottom as it is said (c)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid
from deskterm.office import check_in, checklist, day_board, patients, visits
from deskterm.office.check_in import CheckInAnswers, FormAnswer
from deskterm.office.checklist import Checklist
from deskterm.office.day_board import AppointmentRow
from deskterm.screens.contact_step import Contact, read_contact, write_contact
from deskterm.screens.money_fields import Paid
from deskterm.screens.money_step import HEIGHT, MoneyStep, as_pay
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import IDENTITY, check_said, show_banner
from deskterm.widgets.fields import Choices, FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

Values = Mapping[str, Any]
HAVE = 43  # cells for the state and what is on file; more where there is room
MORE = 40
CARD: Choices = (("same", "same card, seen"), ("new", "new: the form opens after this"),
                 ("later", "not shown"))  # fmt: skip
NO_CARD: Choices = (("self", "self-pay"), ("new", "new: the form opens after this"),
                    ("later", "not shown"))  # fmt: skip
FORMS: Choices = (("y", "given"), ("b", "back, signed"), ("n", "not now"))
OUTCOMES = {"y": "given", "b": "signed"}
# step -> the box of its row
FIELD: Mapping[str, str] = {
    "identity": IDENTITY, "contact": "contact", "insurance": "insurance", "forms": "forms",
    "authorization": "override", "money": "pay", "arrive": "note",
}  # fmt: skip
NAMES = {"authorization": "Auth"}


class CheckInScreen(TaskScreen):
    """A row for each step. Enter confirms and goes to the next that is open, then checks in."""

    title_text: ClassVar[str] = "CHECK IN"
    form: ClassVar[str] = "check_in"

    def __init__(self, appointment_id: int | None = None, *, draft: Any = None) -> None:
        super().__init__(draft)
        found = draft.subject_id if draft is not None else appointment_id
        assert found is not None
        self.appointment_id: int = found
        self.money_panel = Panel(height=HEIGHT, classes="aside")
        self.row: AppointmentRow
        self.list: Checklist

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"CHECK IN {self.row.number} {self.row.patient.partition(',')[0]}"

    def context(self) -> str:
        name = self.check_form.field
        step = next((s for s in self.list.steps if FIELD[s.name] == name), None)
        return f"step {step.number if step else 6} of {len(self.list.steps)}"

    def where(self) -> str:
        """``3 Insurance``."""
        name = self.check_form.field
        step = next((s for s in self.list.steps if FIELD[s.name] == name), self.list.step("money"))
        return f"{step.number} {NAMES.get(step.name, step.name.capitalize())}"

    def progress(self) -> tuple[list[str], list[str]]:
        """The steps that are settled, by name, and the numbers of the others."""
        sheet = self.check_form.sheet
        walk = sheet.walk()
        open_steps = [s for s in self.list.steps if s.name == "arrive" or (
            FIELD[s.name] in walk and sheet.is_gap(FIELD[s.name]))]  # fmt: skip
        done = [s.name for s in self.list.steps if s not in open_steps]
        numbers = [s.number for s in open_steps]
        if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
            return done, [f"{numbers[0]}-{numbers[-1]}"]
        return done, [str(n) for n in numbers]

    def body(self) -> Iterable[Any]:
        self.row = day_board.appointment(self.desk, self.appointment_id)
        self.list = checklist.checklist(self.desk, self.appointment_id)
        self.money = MoneyStep(self, self.row.patient_id, self.appointment_id)
        offers = {"contact": "y", "forms": "y"}
        offers["insurance"] = "same" if self._card_choices() is CARD else "self"
        # A form that was handed out before comes back when it comes back.
        if self.list.step("forms").state == "GIVEN":
            del offers["forms"]
        self.check_form = StepForm(
            self._fields(), offers=offers, verb=f"ARRIVE {self.row.number}, {self.row.provider}"
        )
        self.check_form.styles.height = "1fr"
        yield RuleRow()
        yield self.check_form
        yield RuleRow()
        yield self.money_panel

    def load(self) -> None:
        row = self.row
        when = f"{show_time(row.start.time())} {row.provider} {row.visit_type}{row.minutes}"
        late = int((self.desk.wall() - row.start).total_seconds() // 60)
        if late > self.desk.settings.policy.late_after:
            when += f"   {late}m LATE"
        show_banner(self, row.patient_id, when)
        self.money.read()
        self.show_money()

    def opened(self) -> None:
        super().opened()
        self.show_money()

    def concerns(self, entry: Entry) -> bool:
        return entry.patient_id == self.row.patient_id

    def changed_elsewhere(self) -> None:
        """What was read out may not be what is on file any more: the facts are read again."""
        self.attempt(self._read_again)
        self.reload()
        self.check_form.repaint()

    def _read_again(self) -> None:
        self.row = day_board.appointment(self.desk, self.appointment_id)
        self.list = checklist.checklist(self.desk, self.appointment_id)

    def show_money(self) -> None:
        """The money as what is typed makes it."""
        self.money_panel.show(self.money.lines(self.check_form.values))

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "next gap"), ("Tab", "next"), ("F4", "choices"), ("F7", "park"),
            ("Esc", "keep as draft"), ("F1", "help"),
        ]  # fmt: skip

    # The rows

    def _fields(self) -> list[FieldSpec]:
        specs: list[FieldSpec] = []
        for step in self.list.steps:
            specs.append(self._fact(step.number, step.name))
            specs += self._boxes(step.name)
        return specs

    def _fact(self, number: int, name: str) -> FieldSpec:
        """Number, step, state and what is on file: the part of a row that is read."""

        def said(values: Values) -> str:
            step = self.list.step(name)
            state, have = self._now(name, step.state, step.have, values)
            return f"{state:<6} {have}"

        label = NAMES.get(name, name.capitalize())
        return FieldSpec(f"row_{name}", f"{number} {label}", "fact", fact=said, width=self._have())

    def _have(self) -> int:
        return HAVE + min(max(self.desk_app.size.width - 80, 0), MORE)

    def _now(self, name: str, state: str, have: str, values: Values) -> tuple[str, str]:
        """The state of a step with what is typed so far, and what is on file or new."""
        value = values.get(FIELD[name])
        if name == "contact" and isinstance(value, Contact):
            return "OK", value.words or have
        if name == "forms" and value in OUTCOMES:
            return ("OK" if value == "b" else "GIVEN"), have
        if name == "money" and isinstance(value, Paid):
            return ("OK" if value.tenders else "n/a"), have
        if name == "insurance" and value in ("same", "self"):
            return "OK", have
        if name == "identity" and value:
            return "OK", have
        return state, have

    def _boxes(self, name: str) -> list[FieldSpec]:
        """What may be typed for a step; nothing for one that is settled."""
        step = self.list.step(name)
        if name == "arrive":
            return [FieldSpec("note", "note", limit=200, width=14, beside=True)]
        if name == "forms" and step.state == "GIVEN":
            return [FieldSpec("forms", "gave", "choice", choices=FORMS, width=14, beside=True)]
        if step.settled:
            return []
        if name == "money":
            return self.money.fields(label="pay ", width=14, beside=True)
        boxes: dict[str, tuple[str, dict[str, Any]]] = {
            "identity": ("said", {"limit": 10, "width": 6, "parse": self._read_identity,
                                  "default": self._said_before(),
                                  "help": "The birth date the patient says: 0314 or 031482"}),
            "contact": ("same", {"limit": 120, "width": 14, "parse": self._read_contact,
                                 "help": "y, the new phone, or 55 Oak St, Macon IL 62544"}),
            "insurance": ("card", {"kind": "choice", "choices": self._card_choices(),
                                   "width": 14}),
            "forms": ("gave", {"kind": "choice", "choices": FORMS, "width": 14}),
            "authorization": ("why ", {"limit": 200, "width": 14,
                                       "help": "Why it goes ahead without; or Esc, r moves it"}),
        }  # fmt: skip
        label, given = boxes[name]
        return [FieldSpec(FIELD[name], label, required=True, beside=True, **given)]

    def _card_choices(self) -> Choices:
        return NO_CARD if self.list.step("insurance").have.startswith("none") else CARD

    def _said_before(self) -> str | None:
        """The birth date, when it was typed at this desk a short while ago as they said it."""
        row = self.row
        return f"{row.birth_date:%m%d%y}" if self.desk_app.identified(row.patient_id) else None

    def _read_identity(self, text: str) -> tuple[str, str]:
        return check_said(self, self.row.patient_id, text)

    def _read_contact(self, text: str) -> tuple[Contact, str]:
        return read_contact(self.desk, self.row.patient_id, text), ""

    # While it is typed

    def on_record_form_typed(self) -> None:
        self.money.typed()
        self.show_money()
        super().on_record_form_typed()

    def on_record_form_moved(self) -> None:
        super().on_record_form_moved()
        self.refresh_frame()

    def show_enter(self) -> None:
        """Row 22: what Enter does, and whether anything else is missing."""
        missing = [name for name in self.check_form.missing if name != self.check_form.field]
        says = self.check_form.enter_says
        self.show_enter_of(self.check_form, says if missing else f"{says}. Nothing else is missing")

    # Doing it

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        values = message.values
        if not self.money.may_post(values, self.check_form):
            return
        try:
            contact = values.get("contact")
            if isinstance(contact, Contact):
                write_contact(self.desk, self.row.patient_id, contact)
            # Money first, under a key of its own: whatever stops what follows, Enter again
            # finds the receipt and goes on.
            receipt = self.money.take(values)
            done = check_in.complete(
                self.desk, self.appointment_id, self._answers(values), key=self.key
            )
        except DesktermError as error:
            self.failed(error)
            return
        desk, appointment_id, app = self.desk, self.appointment_id, self.desk_app
        if (values.get("note") or "").strip():
            self.attempt(visits.note, desk, appointment_id, values["note"])
        name = self.row.patient.partition(",")[0]
        said = f"Checked in {self.row.number} {name} {show_time(desk.wall().time())}{receipt}"
        said += f"; still open: {', '.join(done.missing)}" if done.missing else ""
        patient_id = self.row.patient_id
        await self.finish(said, undo=lambda: visits.undo(desk, appointment_id))
        if values.get("insurance") == "new":
            await app.go("register", patient_id=patient_id)

    def _answers(self, values: dict[str, Any]) -> CheckInAnswers:
        paid = values.get("pay")
        outcome = OUTCOMES.get(values.get("forms") or "", "")
        wanted = ("due", "given") if outcome == "signed" else ("due",)
        forms = patients.forms_due(self.desk, self.row.patient_id) if outcome else []
        return CheckInAnswers(
            birth_date=values.get(IDENTITY) or "",
            contact_same=values.get("contact") is not None,
            card_seen=values.get("insurance") in ("same", "self"),
            forms=tuple(FormAnswer(f.form, outcome) for f in forms if f.state in wanted),
            override=values.get("override") or "",
            not_collected=paid.reason if isinstance(paid, Paid) else "",
        )

    def failed(self, error: DesktermError) -> None:
        """Mark the box that the office's word is about."""
        if isinstance(error, Invalid) and error.field == "authorization":
            error = Invalid(error.message, error.hint, field="override")
        super().failed(as_pay(error))
