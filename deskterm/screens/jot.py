"""A line jotted on a visit, or the room they are brought to (j, f)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.errors import Stale
from deskterm.office import day_board, news, rooming, visits
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow


class JotScreen(TaskScreen):
    """One field: what was said, or which room."""

    form: ClassVar[str] = "jot"

    def __init__(
        self, appointment_id: int | None = None, *, what: str = "note", draft: Any = None
    ) -> None:
        super().__init__(draft)
        self.appointment_id = draft.subject_id if draft is not None else appointment_id
        self.what = draft.state.get("what", "note") if draft is not None else what

    @property
    def title_text(self) -> str:  # type: ignore[override]
        """ROOM or NOTE."""
        return "ROOM" if self.what == "room" else "NOTE"

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.appointment_id

    def heading(self) -> str:
        return f"{self.title_text} {self.row.number} {self.row.patient.split(',')[0]}"

    def draft_state(self) -> dict[str, Any]:
        return {**super().draft_state(), "what": self.what}

    def body(self) -> Iterable[Any]:
        assert self.appointment_id is not None
        self.row = row = day_board.appointment(self.desk, self.appointment_id)
        if self.what == "room":
            free = rooming.free(self.desk, row.location)
            spec = FieldSpec("text", "Room", "choice", required=True, width=20,
                             choices=[(name, "free") for name in free])  # fmt: skip
        else:
            spec = FieldSpec("text", "Note", required=True, limit=200, width=66,
                             example="told about 20 min delay")  # fmt: skip
        self.jot_form = RecordForm([identity_field(self), spec], verb="SAVE")
        self.jot_form.styles.height = 10
        yield RuleRow()
        yield self.jot_form
        yield Panel(classes="body")

    def look_again(self, error: Stale) -> str:
        before, self.row = self.row, day_board.appointment(self.desk, self.row.id)
        return news.visit_changes(before, self.row)

    def load(self) -> None:
        show_banner(self, self.row.patient_id)

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("Enter", "save"), ("F4", "choices"), ("Esc", "keep draft")]

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        text = message.values["text"]
        desk, row = self.desk, self.row
        name = row.patient.split(",")[0]
        if self.what == "room":
            moved = self.attempt(visits.room, desk, row.id, room=text, version=row.version)
            if moved is not None:
                await self.finish(
                    f"{row.number} {name}: room {text}", undo=lambda: visits.undo(desk, row.id)
                )
        elif self.attempt(visits.note, desk, row.id, text) is not None:
            await self.finish(f"Noted on {row.number} {name}")
