"""A place with a form: it keeps its draft as it is typed, and comes back as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from deskterm.errors import DesktermError, Stale
from deskterm.screens import returning
from deskterm.screens.base import DeskScreen
from deskterm.screens.watching import DOING

if TYPE_CHECKING:
    from deskterm.office.drafts import DraftRow
    from deskterm.widgets.record_form import RecordForm


class TaskScreen(DeskScreen):
    """A place with a form that keeps its draft as it is typed.

    Subclasses name the draft's ``form`` (their name in ``places``), give ``heading`` (what the
    parked work is called), ``subject`` (patient and record) and put their form into ``body``.
    A draft that comes back through ``draft`` restores every text and the cursor.
    """

    form: ClassVar[str] = ""
    SAVE_AFTER: ClassVar[float] = 0.4

    def __init__(self, draft: Any = None) -> None:
        super().__init__()
        self.draft = draft
        self.key: str = draft.key if draft is not None else new_key()
        self._unsaved = False
        self._saving: Any = None
        self.finished = False
        # Why it is set aside while it is still open below another screen; empty on top.
        self.parked = ""

    def keys_shown(self) -> list[tuple[str, str]]:
        """While typing: what moves through the form; in a list below it, that list's letters."""
        if self.mode == "LIST" and self.place:
            return [("Tab", "back to the form"), *super().keys_shown()]
        return [
            ("Enter", "next gap"), ("Tab", "next"), ("F4", "choices"), ("F7", "park"),
            ("Esc", "keep as draft"), ("F1", "help"),
        ]  # fmt: skip

    def heading(self) -> str:
        """What this work is called when it is parked: ``CHECK IN 9 HUI Z``."""
        return self.title_text

    def subject(self) -> tuple[int | None, int | None]:
        """The patient, and the record (appointment, message) that this work is about."""
        return None, None

    def draft_state(self) -> dict[str, Any]:
        """Everything needed to come back: arguments of the screen, texts, cursor."""
        forms = self.forms
        state: dict[str, Any] = {"form": forms[0].state()} if forms else {}
        return {**state, "panels": returning.panels(self)}

    def restore(self, state: dict[str, Any]) -> None:
        """Put a draft's texts and cursor back; called after ``load``."""
        forms = self.forms
        if forms and isinstance(state.get("form"), dict):
            forms[0].restore(state["form"])

    @property
    def dirty(self) -> bool:
        """Whether something was typed that would be lost."""
        return any(form.dirty for form in self.forms)

    @property
    def forms(self) -> list[RecordForm]:
        """The forms of this work, without a question in row 23."""
        from deskterm.widgets.record_form import RecordForm

        return [form for form in self.query(RecordForm) if form.parent is not self.prompt]

    def opened(self) -> None:
        """Bring the draft back, if there is one."""
        if self.draft is not None:
            self.restore(self.draft.state)
            self.call_after_refresh(self._put_panels_back)
        else:
            self._show_hint()
        self.show_enter()
        self.say_who_else()

    def say_who_else(self) -> None:
        """Say before anything is typed that another desk is at work on this patient."""
        if self.form in DOING and self._banner is not None:
            others = self.desk_app.live.others(self._banner[0])
            if others:
                self.say("; ".join(other.words for other in others))

    def _put_panels_back(self) -> None:
        returning.put_back(self, self.draft.state.get("panels"))
        self.refresh_frame()
        self.show_enter()

    def on_screen_resume(self) -> None:
        """What was opened above this work is closed."""
        super().on_screen_resume()
        if self.parked and self.is_active:
            self.desk_app.came_back(self)

    def came_back(self, row: DraftRow, meanwhile: list[str]) -> None:
        """Say in row 3 where one was, and in row 23 what others changed since."""
        self.parked = ""
        self.back_row.show(returning.back_text(self, row.away_seconds))
        if meanwhile:
            self.say(f"While you were away: {'; '.join(meanwhile)}")

    def progress(self) -> tuple[list[str], list[str]]:
        """What is done and what is left, in words."""
        return returning.done_and_left(self.forms)

    def where(self) -> str:
        """The field that holds the cursor, in words."""
        forms = self.forms
        if not forms or not forms[0].field:
            return self.title_text
        return forms[0].sheet.specs[forms[0].field].label

    def show_enter(self) -> None:
        """Row 22: what Enter will do, or what is wrong with the field of the cursor."""
        forms = self.forms
        if forms:
            self.show_enter_of(forms[0])

    def show_enter_of(self, form: RecordForm, says: str = "") -> None:
        """Row 22 for ``form``; ``says`` instead of its own words of what Enter will do."""
        error = form.errors.get(form.field, "")
        self.enter_row.show(says or form.enter_says, error=error)

    # What the form reports

    def on_record_form_typed(self) -> None:
        self.touched()
        self.show_enter()

    def on_record_form_moved(self) -> None:
        if self._unsaved:
            self.save_draft()
        else:
            self.stepped()
        self.show_enter()
        self._show_hint()

    def on_record_form_stepped(self) -> None:
        self.stepped()

    def on_row_list_moved(self) -> None:
        self.stepped()

    def stepped(self) -> None:
        """The cursor stands elsewhere: work that comes back must come back to there."""
        if self.dirty and not self.finished:
            self.touched()

    def _show_hint(self) -> None:
        """Row 23: an example for the field of the cursor while it is empty."""
        forms = self.forms
        if forms and forms[0].hint:
            self.say(forms[0].hint, level="coach")

    def on_record_form_cleared(self) -> None:
        """A draft saved while a card number was half typed must not keep that half."""
        self.save_draft()

    def on_record_form_said(self, message: RecordForm.Said) -> None:
        if message.level == "error":
            self.enter_row.show("", error=message.text)
        else:
            self.enter_row.show(message.text)

    def failed(self, error: DesktermError) -> None:
        """Mark the field that the office refused, or say it."""
        if self.desk_app.outage.is_of(error):
            self.save_draft()
            self.desk_app.outage.failed(error)
            self.enter_row.show("", error=f"{error.message}. Enter tries again")
            return
        if isinstance(error, Stale):
            now = self.look_again(error)
            self.say(f"{error.message}. What you typed is kept", level="error")
            self.enter_row.show("", error=f"{now or error.message}. Enter again saves yours")
            return
        field = getattr(error, "field", "")
        forms = self.forms
        text = error.sentence
        if forms and field in forms[0].sheet.specs:
            forms[0].set_error(field, text)
        else:
            self.enter_row.show("", error=text)

    def look_again(self, error: Stale) -> str:
        """Read the record that was changed meanwhile; both values, in words."""
        return ""

    # The draft

    def touched(self) -> None:
        """Something was typed: save the draft as soon as the typing pauses."""
        self._unsaved = True
        if self._saving is None:
            self._saving = self.set_timer(self.SAVE_AFTER, self._save_soon)

    def _save_soon(self) -> None:
        self._saving = None
        if self._unsaved and not self.finished:
            self.save_draft()

    @property
    def unsaved(self) -> bool:
        """Whether something was typed since the draft was last written."""
        return self._unsaved

    def save_draft(self, cause: str = "") -> bool:
        """Write the draft now, set aside by ``cause`` if it is; False (and said) when it cannot."""
        patient_id, subject_id = self.subject()
        try:
            self.desk_app.save_draft(
                key=self.key,
                form=self.form,
                heading=self.heading(),
                patient_id=patient_id,
                subject_id=subject_id,
                state=self.draft_state(),
                step=self.where(),
                cause=cause or self.parked,
            )
        except DesktermError as error:
            self.say(f"NOT SAVED: {error.message}", level="error")
            return False
        self._unsaved = False
        self.desk_app.live.claim()
        self.parked = cause or self.parked
        return True

    async def finish(self, said: str = "", *, undo: Callable[[], Any] | None = None) -> None:
        """The work is done: the draft goes, the screen closes, the screen below says so."""
        self.finished = True
        self.desk_app.finish_draft(self.key)
        await self.desk_app.close_top(said=said, undo=undo, finished=True)

    async def back(self) -> None:
        """Go back, keeping what was typed as a draft; an untouched form vanishes silently."""
        if self.dirty and not self.finished:
            self.save_draft("Esc")
            await self.desk_app.close_top(said=f"Kept: {self.heading()}. F3 brings it back")
        else:
            self.desk_app.finish_draft(self.key)
            await self.desk_app.close_top()


def new_key() -> str:
    """A new idempotency key: the same form sent twice is one booking, one payment."""
    import secrets

    return secrets.token_hex(12)
