"""Everything about one patient, and the letters to act on it (Enter on a person)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from deskterm.db.journal import Entry
from deskterm.entry.dates import show_birth
from deskterm.entry.money import show_cents
from deskterm.entry.phones import show_phone
from deskterm.entry.times import show_time
from deskterm.office import clinic, news, patients
from deskterm.office.day_board import AppointmentRow
from deskterm.office.patients import PatientCard
from deskterm.screens.visit_keys import VisitKeys
from deskterm.screens.who import show_banner
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.row_list import Column, Row, RowList
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.rows_paint import Part

COLUMNS = (
    Column("Appointments", 22), Column("With", 10), Column("Visit", 7),
    Column("State", 6, is_state=True), Column("Note", 20, grows=True),
)  # fmt: skip
FACT_LINES = 10
CHANGED_FOR = timedelta(minutes=1)


class PatientScreen(VisitKeys):
    """Facts on top, visits below. Letters act on the visit, or else on the patient."""

    DEFAULT_CSS = f"""
    PatientScreen .facts {{ height: {FACT_LINES}; }}
    PatientScreen.-short .facts {{ height: 2; }}
    """

    place: ClassVar[str] = "patient"
    title_text: ClassVar[str] = "PATIENT"

    def __init__(self, patient_id: int) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.facts = Panel(classes="facts")
        self.list = RowList(empty="No visits yet. b books one")
        self.visits: dict[int, AppointmentRow] = {}
        self._changed: dict[int, datetime] = {}

    def body(self) -> Iterable[Any]:
        patients.opened(self.desk, self.patient_id)
        self.viewed = self.patient_id
        yield RuleRow()
        yield self.facts
        yield RuleRow()
        yield self.list

    def load(self) -> None:
        found = patients.card(self.desk, self.patient_id)
        show_banner(self, self.patient_id)
        self.facts.show(self._facts(found))
        self.visits = {visit.id: visit for visit in found.appointments}
        rows = []
        for number, visit in enumerate(found.appointments, 1):
            start = visit.start
            when = f"{start:%a %b} {start.day:>2} {start.year} {show_time(start.time()):>6}"
            cells = (when, visit.provider, f"{visit.visit_type}{visit.minutes}", visit.state,
                     visit.note)  # fmt: skip
            at = self._changed.get(visit.id)
            changed = at is not None and self.desk.now() - at < CHANGED_FOR
            rows.append(Row(visit.id, number, cells, changed=changed))
        self.list.show(COLUMNS, rows)
        self.show_enter()

    def _facts(self, card: PatientCard) -> list[Text]:
        who = card.patient
        languages = dict(clinic.codes(self.desk, "language"))
        phones = [f"{show_phone(p.number)} {p.kind}{' (text ok)' * p.text_ok}" for p in card.phones]
        lines: list[Text] = [
            f"Goes by  {who.preferred_name or who.first_name:<20} "
            f"Language {languages.get(who.language, who.language)}"
            f"   Interpreter {'YES' if who.interpreter_needed else 'no'}"
            + (f"   Say it {who.pronunciation}" if who.pronunciation else ""),
            f"Phone    {'  '.join(phones[:2]) or 'none':<44}Email {who.email or 'none'}",
            self._address(card),
            self._contact(card),
        ]
        for covered in card.coverages[:2]:
            seen = f" as of {covered.verified_on:%m/%d/%Y}" if covered.verified_on else ""
            copay = show_cents(covered.copay_cents) if covered.copay_cents is not None else "?"
            lines.append(
                f"INSURANCE {covered.priority}  {covered.plan_name}  id {covered.member_id}  "
                f"{covered.eligibility.replace('_', ' ').upper()}{seen}  copay {copay}"
            )
        if not card.coverages:
            lines.append("INSURANCE    none on file: self-pay")
        lines.append(self._money(card))
        if card.authorizations:
            lines.append(f"AUTH     {card.authorizations}")
        forms = "  ".join(f"{f.label} {f.state}" for f in card.forms_due) or "all current"
        lines.append(f"FORMS    {forms}")
        others = []
        if card.open_messages:
            others.append(
                f"{card.open_messages} open message{'s' * (card.open_messages != 1)} (F8)"
            )
        if who.pcp:
            others.append(f"PCP {who.pcp}")
        if who.pharmacy:
            others.append(f"Pharmacy {who.pharmacy}")
        lines.append("ALSO     " + ("  ".join(others) or "-"))
        if who.alert:
            lines.append([Part("ALERT", "attention"), Part(f"    {who.alert}")])
        return lines

    def _address(self, card: PatientCard) -> str:
        found = next((a for a in card.addresses if a.kind == "home"), None)
        if found is None:
            return "Address  none on file"
        place = ", ".join(p for p in (found.line1, found.line2, found.city, found.state) if p)
        when = f"   Confirmed {show_birth(found.confirmed_on)}" if found.confirmed_on else ""
        return f"Address  {place} {found.postal_code}{when}"

    def _contact(self, card: PatientCard) -> str:
        if not card.contacts:
            return "Contact  none on file"
        one = card.contacts[0]
        phone = show_phone(one.phone) if one.phone else ""
        return (
            f"Contact  {one.name} ({one.relationship or '?'}) {phone}"
            f"    May discuss: {one.may_discuss or 'nothing'}"
        )

    def _money(self, card: PatientCard) -> str:
        if card.due_cents is None or card.balance_cents is None:
            return "MONEY    not shown to your role"
        return (
            f"MONEY    due today {show_cents(card.due_cents)}"
            f"   balance {show_cents(card.balance_cents)}"
        )

    # The row under the cursor

    def current_visit(self) -> AppointmentRow | None:
        row = self.list.current
        return self.visits.get(int(str(row.key))) if row is not None else None

    def current_patient(self) -> int | None:
        return self.patient_id

    def point_at(self, number: int) -> bool:
        return self.list.select_number(number)

    def on_row_list_moved(self) -> None:
        self.show_enter()

    def show_enter(self) -> None:
        visit = self.current_visit()
        if visit is None:
            self.enter_row.show("b books a visit")
            return
        start = visit.start
        self.enter_row.show(
            f"{start:%a %b} {start.day} {show_time(start.time())} {visit.provider} "
            f"{visit.visit_type}{visit.minutes}: c In  r Move  x Cancel  n No-show"
        )

    async def on_row_list_chosen(self) -> None:
        """Enter on a visit shows its day."""
        visit = self.current_visit()
        if visit is not None:
            await self.desk_app.close_all()
            board: Any = self.desk_app.screen
            board.go_to(visit.start.date())
            board.grid.select_key(visit.id)

    def concerns(self, entry: Entry) -> bool:
        if entry.patient_id != self.patient_id:
            return False
        for appointment_id in news.touched(entry).appointments:
            self._changed[appointment_id] = self.desk.now()
        return True

    def on_minute(self) -> None:
        """The mark of what another desk changed goes after a minute."""
        if self._changed and self.app.screen is self:
            self.reload()
            now = self.desk.now()
            self._changed = {k: at for k, at in self._changed.items() if now - at < CHANGED_FOR}
        else:
            super().on_minute()

    def opened(self) -> None:
        others = self.desk_app.live.others(self.patient_id)
        if others:
            self.say("; ".join(other.words for other in others))
