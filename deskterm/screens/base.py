"""What every place at the desk shares: the fixed rows, LIST and TYPE, letters and row numbers.

A screen says which letters make sense on it in ``commands.SCREENS`` and implements them as
``do_<command>``; it never reads keys of its own for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from deskterm import commands
from deskterm.commands import BACK, Command
from deskterm.errors import DesktermError
from deskterm.office.desk import Desk
from deskterm.widgets.kept_lines import KeptLines
from deskterm.widgets.rows import BannerRow, EnterRow, HeaderRow, KeyRow, Level, MessageRow

if TYPE_CHECKING:
    from deskterm.app import DeskApp
    from deskterm.db.journal import Entry
    from deskterm.screens.prompt import PromptRow
    from deskterm.widgets.record_form import RecordForm

T = TypeVar("T")
_MOVES = frozenset(
    ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "comma", "full_stop",
     "tab", "shift+tab", "space")
)  # fmt: skip


class DeskScreen(Screen[Any]):
    """A place at the desk.

    ``place`` is its name in ``commands.SCREENS`` (for its letters and key row); ``title_text``
    stands in row 1.
    """

    DEFAULT_CSS = """
    DeskScreen { layout: vertical; overflow: hidden; }
    DeskScreen > .body { height: 1fr; }
    """
    AUTO_FOCUS = ""
    # Only while the row number typed is one that no row has: Enter must not act on another row.
    BINDINGS = [Binding(",".join(commands.ENTER_KEYS), "no_such_row", priority=True, show=False)]

    place: ClassVar[str] = ""
    title_text: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._styles_cache = KeptLines()
        self.pending = ""
        self._no_such_row = False
        self.prompt: PromptRow | None = None
        self._focus_before: Widget | None = None
        self.header_row = HeaderRow()
        self.banner_row = BannerRow()
        self.enter_row = EnterRow()
        self.message_row = MessageRow()
        self.key_row = KeyRow()

    # To be given by each screen

    def body(self) -> Iterable[Widget]:
        """The widgets of rows 3 to 21; the one with ``can_focus`` first gets the focus."""
        return ()

    def context(self) -> str:
        """What stands after the title in row 1."""
        return ""

    def load(self) -> None:
        """Read what is shown and show it; called on opening and when another desk changed it."""

    def concerns(self, entry: Entry) -> bool:
        """Whether another desk's operation changes what this screen shows."""
        return False

    def keys_shown(self) -> list[tuple[str, str]]:
        """Row 24: the keys that work here, most useful first."""
        return commands.key_row(self.place) if self.place in commands.SCREENS else []

    def point_at(self, number: int) -> bool:
        """Put the cursor on row ``number``; whether there is one."""
        return False

    # The frame

    @property
    def desk(self) -> Desk:
        """The desk handle of this session."""
        return self.desk_app.desk

    @property
    def desk_app(self) -> DeskApp:
        """The running app."""
        app: DeskApp = self.app  # type: ignore[assignment]
        return app

    @property
    def mode(self) -> str:
        """LIST (letters are commands) or TYPE (letters are text)."""
        return "TYPE" if getattr(self.focused, "takes_letters", False) else "LIST"

    def compose(self) -> ComposeResult:
        yield self.header_row
        yield self.banner_row
        yield from self.body()
        yield self.enter_row
        yield self.message_row
        yield self.key_row

    def on_mount(self) -> None:
        """Load, then take the focus at once: keys may be waiting.

        Subclasses override :meth:`opened` instead, because Textual runs every class's handler,
        the subclass's first.
        """
        self.attempt(self.load)
        self.take_focus()
        self.opened()
        self.refresh_frame()

    def opened(self) -> None:
        """The screen is on and has the focus."""

    def take_focus(self) -> None:
        """Focus the first widget of the body that can have it."""
        for widget in self.query("*"):
            if widget.can_focus and widget.display:
                self.set_focus(widget)
                return

    def on_screen_resume(self) -> None:
        """Another screen was closed above this one."""
        self.refresh_frame()

    def refresh_frame(self) -> None:
        """Draw rows 1 and 24 anew where their text changed."""
        self.header_row.show(
            self.desk_app.header(self.title_text, self.context(), typing=self.mode == "TYPE")
        )
        self.key_row.show(self.keys_shown(), entry=self.pending)

    def reload(self) -> None:
        """Read and show again, keeping the cursor on its record and an open question's words."""
        self.attempt(self.load)
        self.refresh_frame()
        if self.prompt is not None:
            self.prompt.typed()

    def on_changes(self, entries: list[Entry]) -> None:
        """Other desks saved something; reload when it concerns this screen."""
        if any(self.concerns(entry) for entry in entries):
            self.reload()

    def on_minute(self) -> None:
        """A minute has passed."""
        self.refresh_frame()

    # A question in row 23

    async def open_prompt(self, prompt: PromptRow) -> None:
        """Put ``prompt`` in place of the message row and type into it."""
        if self.prompt is not None:
            self.close_prompt()
        self.prompt, self._focus_before = prompt, self.focused
        self.message_row.display = False
        await self.mount(prompt, after=self.message_row)
        self.set_focus(prompt.form)
        self.refresh_frame()
        prompt.typed()

    def close_prompt(self) -> None:
        """Give row 23 back to the messages, and the keys to what had them."""
        prompt, self.prompt = self.prompt, None
        if prompt is None:
            return
        self.message_row.display = True
        before = self._focus_before
        prompt.remove()
        if before is not None and before.is_attached:
            self.set_focus(before)
        else:
            self.take_focus()
        self.refresh_frame()
        self.show_enter()

    def show_enter(self) -> None:
        """Row 22: what Enter will do; drawn anew when a question was closed."""

    # Saying things

    def say(self, text: str, *, level: Level = "say") -> None:
        """Put ``text`` into the message row; ``level`` is say, error or coach."""
        self.message_row.show(text, level)

    def say_error(self, error: DesktermError) -> None:
        """What went wrong and what to do, in the message row."""
        self.say(f"{error.message}. {error.hint}" if error.hint else error.message, level="error")

    def attempt(self, action: Callable[..., T], *given: Any, **named: Any) -> T | None:
        """Run an operation of the office; None when it failed, which has then been said."""
        try:
            return action(*given, **named)
        except DesktermError as error:
            self.failed(error)
            return None

    def failed(self, error: DesktermError) -> None:
        """An operation was refused. Forms override this to mark the field."""
        self.say_error(error)

    # Keys

    async def on_key(self, event: events.Key) -> None:
        """Letters, digits and symbols in LIST; the back keys always."""
        if event.key in BACK.keys:
            event.stop()
            await self.back()
        elif self.mode == "LIST" and await self.list_key(event.key, event.character):
            event.stop()

    async def list_key(self, key: str, character: str | None) -> bool:
        """A key while letters are commands; whether it meant something."""
        if character and character.isascii() and character.isdigit():
            self._digit(character)
            return True
        if key == "backspace":
            if self.pending:
                shorter = self.pending[:-1]
                self._forget_number()
                if shorter:
                    self.pending = shorter[:-1]
                    self._digit(shorter[-1])
            else:
                await self.back()
            return True
        letter = (character or "").lower()
        command = commands.LETTERS.get(letter) or commands.symbol(key)
        if command is None:
            return False
        if self._no_such_row:
            self.action_no_such_row()
            return True
        self._forget_number()
        await self.run(command)
        return True

    def _digit(self, digit: str) -> None:
        pending = (self.pending + digit)[-4:]
        self.pending = pending
        self._no_such_row = not self.point_at(int(pending))
        if self._no_such_row:
            self.say(f"no row {pending}")
        self.key_row.show(self.keys_shown(), entry=self.pending)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter goes to the list itself unless there is no such row."""
        if action == "no_such_row":
            return self._no_such_row and self.mode == "LIST"
        return super().check_action(action, parameters)

    def action_no_such_row(self) -> None:
        """Nothing is done to a row that was not meant."""
        self.say(f"no row {self.pending}. Nothing was done")
        self._forget_number()

    def key_comes(self, key: str) -> None:
        """A key is about to be handled: moving the cursor ends a row number half typed."""
        if key in _MOVES and self.pending:
            self._forget_number()

    def _forget_number(self) -> None:
        self._no_such_row = False
        if self.pending:
            self.pending = ""
            self.key_row.show(self.keys_shown())

    async def run(self, command: Command) -> None:
        """Do a command of this screen, or say why it cannot be done here."""
        handler = getattr(self, f"do_{command.id}", None)
        if handler is None:
            self.say(f"{commands.shown(command.keys[0])} {command.title}: not on this screen")
            return
        try:
            if command.permission:
                self.desk.require(command.permission)
            result = handler()
            if inspect.isawaitable(result):
                await result
        except DesktermError as error:
            self.failed(error)

    async def back(self) -> None:
        """One level back. A pending row number goes first."""
        if self.pending:
            self._forget_number()
            return
        await self.desk_app.close_top()

    # Letters and symbols that mean the same on every list

    async def do_line(self) -> None:
        """``:`` opens the command line."""
        await self.desk_app.command_line()

    async def do_keys(self) -> None:
        """``?`` shows the keys that work here."""
        await self.desk_app.go("keys", place=self.place)

    async def do_undo_list(self) -> None:
        """``u`` takes back the last thing done."""
        await self.desk_app.action_command("undo")

    async def do_last_screen(self) -> None:
        """``-`` goes to the screen before."""
        await self.desk_app.close_top()


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

    def keys_shown(self) -> list[tuple[str, str]]:
        """While typing: what moves through the form; in a list below it, that list's letters."""
        if self.mode == "LIST" and self.place:
            return [("Tab", "back to the form"), *super().keys_shown()]
        return [
            ("Enter", "next gap"), ("Tab", "next"), ("F4", "choices"), ("F7", "park"),
            ("Esc", "keep as draft"), ("F1", "help"),
        ]  # fmt: skip

    def forms(self) -> list[RecordForm]:
        """The forms on this screen, in order."""
        from deskterm.widgets.record_form import RecordForm

        return list(self.query(RecordForm))

    def heading(self) -> str:
        """What this work is called when it is parked: ``CHECK IN 9 HUI Z``."""
        return self.title_text

    def subject(self) -> tuple[int | None, int | None]:
        """The patient, and the record (appointment, message) that this work is about."""
        return None, None

    def draft_state(self) -> dict[str, Any]:
        """Everything needed to come back: arguments of the screen, texts, cursor."""
        forms = self.forms()
        return {"form": forms[0].state()} if forms else {}

    def restore(self, state: dict[str, Any]) -> None:
        """Put a draft's texts and cursor back; called after ``load``."""
        forms = self.forms()
        if forms and isinstance(state.get("form"), dict):
            forms[0].restore(state["form"])

    @property
    def dirty(self) -> bool:
        """Whether something was typed that would be lost."""
        return any(form.dirty for form in self.forms())

    def opened(self) -> None:
        """Bring the draft back, if there is one."""
        if self.draft is not None:
            self.restore(self.draft.state)
            self.say(f"BACK. You were at: {self.where()}")
        self.show_enter()

    def where(self) -> str:
        """The field that holds the cursor, in words."""
        forms = self.forms()
        if not forms or not forms[0].field:
            return self.title_text
        return forms[0].sheet.specs[forms[0].field].label

    def show_enter(self) -> None:
        """Row 22: what Enter will do."""
        forms = self.forms()
        if forms:
            self.enter_row.show(forms[0].enter_says)

    # What the form reports

    def on_record_form_typed(self) -> None:
        self.touched()
        self.show_enter()

    def on_record_form_moved(self) -> None:
        if self._unsaved:
            self.save_draft()
        self.show_enter()
        forms = self.forms()
        if forms and forms[0].hint:
            self.say(forms[0].hint, level="coach")

    def on_record_form_said(self, message: RecordForm.Said) -> None:
        if message.level == "error":
            self.enter_row.show("", error=message.text)
        else:
            self.enter_row.show(message.text)

    def failed(self, error: DesktermError) -> None:
        """Mark the field that the office refused, or say it."""
        field = getattr(error, "field", "")
        forms = self.forms()
        text = f"{error.message}. {error.hint}" if error.hint else error.message
        if forms and field in forms[0].sheet.specs:
            forms[0].set_error(field, text)
        else:
            self.enter_row.show("", error=text)

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

    def save_draft(self) -> bool:
        """Write the draft now; False (and said) when the database could not take it."""
        patient_id, subject_id = self.subject()
        try:
            self.desk_app.save_draft(
                key=self.key,
                form=self.form,
                heading=self.heading(),
                patient_id=patient_id,
                subject_id=subject_id,
                state=self.draft_state(),
            )
        except DesktermError as error:
            self.say(f"NOT SAVED: {error.message}", level="error")
            return False
        self._unsaved = False
        return True

    async def finish(self, said: str = "", *, undo: Callable[[], Any] | None = None) -> None:
        """The work is done: the draft goes, the screen closes, the screen below says so."""
        self.finished = True
        self.desk_app.finish_draft(self.key)
        await self.desk_app.close_top(said=said, undo=undo)

    async def back(self) -> None:
        """Go back, keeping what was typed as a draft; an untouched form vanishes silently."""
        if self.dirty and not self.finished:
            self.save_draft()
            await self.desk_app.close_top(said=f"Kept: {self.heading()}. F3 brings it back")
        else:
            self.desk_app.finish_draft(self.key)
            await self.desk_app.close_top()


def new_key() -> str:
    """A new idempotency key: the same form sent twice is one booking, one payment."""
    import secrets

    return secrets.token_hex(12)
