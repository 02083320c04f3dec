"""Register a patient, or change what is known of one (+, i)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.commands import ENTER_KEYS
from deskterm.entry.dates import show_birth
from deskterm.entry.people import parse_query
from deskterm.entry.phones import show_phone
from deskterm.errors import DesktermError, Stale
from deskterm.office import patients
from deskterm.office.patients import LookAlike, PatientEntry
from deskterm.screens.register_fields import all_fields, entry_of, values_of, who_fields
from deskterm.screens.stale import StaleScreen
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.comparing import differences, merge
from deskterm.widgets.field_sheet import Sheet
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.row_list import Column, Row, RowList
from deskterm.widgets.rows import RuleRow

COLUMNS = (
    Column("On file", 26), Column("Born", 10), Column("Phone", 12), Column("MRN", 8),
    Column("Why", 10, grows=True),
)  # fmt: skip


class RegisterScreen(TaskScreen):
    """A new patient is looked for first; the form opens when nobody on file is meant."""

    form: ClassVar[str] = "register"

    def __init__(
        self, patient_id: int | None = None, *, typed: str = "", draft: Any = None
    ) -> None:
        super().__init__(draft)
        self.patient_id = draft.patient_id if draft is not None else patient_id
        self.typed = typed
        self.before: PatientEntry | None = None
        self.version = 0
        self.base: Sheet | None = None  # the form as it was when the record was read
        self.alikes: list[LookAlike] = []
        self.list = RowList()
        self.asking = self.patient_id is None
        if draft is not None:
            self.asking = bool(draft.state.get("asking"))

    @property
    def title_text(self) -> str:  # type: ignore[override]
        """NEW PATIENT or IDENTITY."""
        return "NEW PATIENT" if self.patient_id is None else "IDENTITY"

    def heading(self) -> str:
        values = self.query_one(RecordForm).values
        name = f"{values.get('last_name') or ''} {(values.get('first_name') or '')[:1]}".strip()
        return f"{self.title_text} {name}".strip()

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, None

    def draft_state(self) -> dict[str, Any]:
        base = {"base": self.base.state("")} if self.base is not None else {}
        return {
            **super().draft_state(), **base, "asking": self.asking, "version": self.version
        }  # fmt: skip

    def body(self) -> Iterable[Any]:
        yield RuleRow()
        if self.asking:
            form = RecordForm(who_fields(self.desk), self._typed_values(), verb="look them up")
            form.styles.height = 3
            yield form
            yield RuleRow()
            yield self.list
            return
        values = None
        if self.patient_id is not None:
            found = patients.card(self.desk, self.patient_id)
            self.before = found.entry(self.desk.today())
            self.version = found.patient.version
            values = values_of(self.before)
            self.base = Sheet(all_fields(self.desk), values)
        if self.draft is not None and self.draft.state.get("version"):
            self.version = int(self.draft.state["version"])
            if self.base is not None and isinstance(self.draft.state.get("base"), dict):
                self.base.restore(self.draft.state["base"])
        specs = all_fields(self.desk)
        if self.patient_id is not None:
            specs.insert(0, identity_field(self))
        yield RecordForm(specs, values, verb="SAVE", classes="body")

    def _typed_values(self) -> dict[str, Any]:
        """What was typed into the finder, put into the right fields."""
        query = parse_query(self.typed, today=self.desk.today())
        values: dict[str, Any] = {}
        if query.surname:
            values["last_name"] = query.surname.title()
        if query.given:
            values["first_name"] = query.given.title()
        if query.birth_date:
            values["birth_date"] = query.birth_date
        return values

    def load(self) -> None:
        if self.patient_id is not None:
            show_banner(self, self.patient_id)
        else:
            self.banner_row.show_summary(
                "First: are they on file already?" if self.asking else "nobody like this on file"
            )

    def keys_shown(self) -> list[tuple[str, str]]:
        if self.mode == "LIST":
            return [("1-9", "then Enter opens them"), ("+", "none of these: new"), ("Esc", "back")]
        return super().keys_shown()

    # Looking first

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        if self.asking:
            await self._look(message.values)
        else:
            await self._save(message.values)

    async def _look(self, values: dict[str, Any]) -> None:
        found = self.attempt(
            patients.look_alikes,
            self.desk,
            last_name=values["last_name"],
            first_name=values["first_name"],
            birth_date=values["birth_date"],
            phone=values.get("phone") or "",
        )
        if found is None:
            return
        self.alikes = found
        if not found:
            await self._open_form()
            return
        rows = [
            Row(
                n,
                n,
                (a.row.name, show_birth(a.row.birth_date),
                 show_phone(a.row.phone) if a.row.phone else "", f"#{a.row.mrn}", a.why),
            )
            for n, a in enumerate(found, 1)
        ]  # fmt: skip
        self.list.show(COLUMNS, rows)
        self.set_focus(self.list)
        self.refresh_frame()
        self.enter_row.show("Enter = open the one on file;  + = none of these, a new patient")

    def point_at(self, number: int) -> bool:
        return self.list.select_number(number)

    async def on_row_list_chosen(self) -> None:
        row = self.list.current
        if row is None:
            return
        chosen = self.alikes[int(str(row.key)) - 1].row.id
        app = self.desk_app
        self.finished = True
        app.finish_draft(self.key)
        await app.close_top()
        await app.go("patient", patient_id=chosen)

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ENTER_KEYS:
            await self.on_row_list_chosen()
            return True
        if key in ("tab", "shift+tab"):
            self.take_focus()
            self.refresh_frame()
            return True
        return await super().list_key(key, character)

    async def do_new(self) -> None:
        """``+``: nobody on file is meant."""
        await self._open_form()

    async def _open_form(self) -> None:
        """Replace the question by the whole form, filled in with what was asked."""
        old = self.query_one(RecordForm)
        values = {name: old.values.get(name) for name in ("last_name", "first_name", "birth_date")}
        if old.values.get("phone"):
            values |= {"phone": old.values["phone"], "kind": "mobile"}
        self.asking = False
        form = RecordForm(all_fields(self.desk), values, verb="REGISTER", classes="body")
        await self.mount(form, before=old)
        old.remove()
        self.list.display = False
        self.list.can_focus = False
        for rule in list(self.query(RuleRow))[1:]:
            rule.display = False
        self.set_focus(form)
        self.load()
        self.refresh_frame()
        self.touched()
        self.enter_row.show(form.enter_says)

    # Saving

    async def _save(self, values: dict[str, Any]) -> None:
        entry = entry_of(values, self.before)
        try:
            if self.patient_id is None:
                patient = patients.register(self.desk, entry, key=self.key)
                said = f"Registered {entry.last_name}, {entry.first_name} #{patient.mrn}"
            else:
                patient = patients.edit_entry(self.desk, self.patient_id, self.version, entry)
                said = f"Saved {entry.last_name}, {entry.first_name}"
        except DesktermError as error:
            if isinstance(error, Stale) and self.patient_id is not None:
                await self._compare(error, self.patient_id)
            else:
                self.failed(error)
            return
        new = self.patient_id is None
        app = self.desk_app
        await self.finish(said)
        if new:
            await app.go("patient", patient_id=patient.id)
            app.say(said)

    async def _compare(self, error: Stale, patient_id: int) -> None:
        """Show both values of every field that was changed; nothing is saved before that."""
        found = patients.card(self.desk, patient_id)
        entry, version = found.entry(self.desk.today()), found.patient.version
        theirs = Sheet(all_fields(self.desk), values_of(entry))
        form = self.query_one(RecordForm)
        changed = differences(self.base or theirs, form.sheet, theirs)

        async def save(taken: set[str]) -> None:
            merge(form.sheet, theirs, changed, taken)
            self.before, self.version, self.base = entry, version, theirs
            form.repaint()
            self.save_draft()
            await self._save(form.values)

        self.save_draft()
        await self.desk_app.open(StaleScreen(error.message, changed, save))
