"""What every place at the desk shares: the fixed rows, LIST and TYPE, letters and row numbers.

A screen says which letters make sense on it in ``commands.SCREENS`` and implements them as
``do_<command>``; it never reads keys of its own for them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.message import Message
from textual.widget import Widget

from deskterm import commands
from deskterm.commands import BACK, Command
from deskterm.errors import DesktermError, NotAllowed
from deskterm.office.desk import Desk
from deskterm.screens.watching import WatchingScreen
from deskterm.widgets.field_paint import Painted
from deskterm.widgets.kept_lines import KeptLines
from deskterm.widgets.rows import (
    BackRow,
    BannerRow,
    EnterRow,
    HeaderRow,
    KeyRow,
    Level,
    MessageRow,
)

if TYPE_CHECKING:
    from deskterm.app import DeskApp
    from deskterm.screens.prompt import PromptRow

T = TypeVar("T")
_MOVES = frozenset(
    ("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "comma", "full_stop",
     "tab", "shift+tab", "space")
)  # fmt: skip


@contextmanager
def locked_out() -> Iterator[None]:
    """Drop what fails because the desk is locked: the screen is shown anew after unlocking."""
    try:
        yield
    except NotAllowed as error:
        if not error.details.get("locked"):
            raise


class DeskScreen(WatchingScreen):
    """A place at the desk.

    ``place`` is its name in ``commands.SCREENS`` (for its letters and key row); ``title_text``
    stands in row 1.
    """

    DEFAULT_CSS = """
    DeskScreen { layout: vertical; overflow: hidden; }
    DeskScreen > .body { height: 1fr; }
    DeskScreen.-short RuleRow, DeskScreen.-short .aside { display: none; }
    DeskScreen.-narrow .beside { display: none; }
    """
    # A zoomed-in terminal: what is typed and listed stays, what stands beside it goes.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (48, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (20, "-tall")]
    AUTO_FOCUS = ""
    # Only while the row number typed is one that no row has: Enter must not act on another row.
    BINDINGS = [Binding(",".join(commands.ENTER_KEYS), "no_such_row", priority=True, show=False)]

    place: ClassVar[str] = ""
    title_text: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.viewed: int | None = None  # the patient whose record this screen was noted to show
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
        self.back_row = BackRow()
        self.refused: DesktermError | None = None
        self.opened_as: tuple[str, dict[str, Any]] | None = None

    # To be given by each screen

    def body(self) -> Iterable[Widget]:
        """The widgets of rows 3 to 21; the one with ``can_focus`` first gets the focus."""
        return ()

    def context(self) -> str:
        """What stands after the title in row 1."""
        return ""

    def load(self) -> None:
        """Read what is shown and show it; called on opening and when another desk changed it."""

    def keys_shown(self) -> list[tuple[str, str]]:
        """Row 24: the keys that work here, most useful first."""
        return commands.key_row(self.place) if self.place in commands.SCREENS else []

    def point_at(self, number: int) -> bool:
        """Put the cursor on row ``number``; whether there is one."""
        return False

    # Behind the lock

    async def _dispatch_message(self, message: Message) -> None:
        """What was under way when the desk locked is refused by the office, and dropped."""
        with locked_out():
            await super()._dispatch_message(message)

    async def _invoke_and_clear_callbacks(self) -> None:
        with locked_out():
            await super()._invoke_and_clear_callbacks()

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
        # One by one: containers are opened and closed between the parts.
        try:
            yield from self.body()
        except DesktermError as error:
            self.refused = error
        yield self.enter_row
        yield self.message_row
        yield self.key_row
        yield self.back_row

    def on_mount(self) -> None:
        """Load, then take the focus at once: keys may be waiting.

        Subclasses override :meth:`opened` instead, because Textual runs every class's handler,
        the subclass's first.
        """
        if self.refused is None:
            try:
                self.load()
            except DesktermError as error:
                if error.details.get("restricted"):
                    self.refused = error
                else:
                    self.failed(error)
        if self.refused is None:
            self.take_focus()
            try:
                self.opened()
            except NotAllowed as error:
                if error.details.get("locked"):
                    raise
                self.refused = error
        if self.refused is not None:
            # It may not be shown at all: the app closes it and says why.
            self.app.call_later(self.desk_app.turned_away, self, self.refused)
            return
        self.refresh_frame()
        self.desk_app.live.claim()

    def opened(self) -> None:
        """The screen is on and has the focus."""

    def take_focus(self) -> None:
        """Focus the first widget of the body that can have it."""
        for widget in self.query("*"):
            if widget.can_focus and widget.display:
                self.set_focus(widget)
                return

    def on_screen_resume(self) -> None:
        """Another screen was closed above this one: show what came meanwhile."""
        # One that may not be shown has nothing yet that could be drawn, and is about to close.
        if self.desk.locked or self.refused is not None:
            return
        if self._is_behind:
            self.changed_elsewhere()
        if self.is_active:
            for painted in self.query(Painted):
                painted.repaint()
        self.refresh_frame()
        self.presence_changed()
        self.desk_app.live.claim()
        self.desk_app.live.row_is_free()

    def refresh_frame(self) -> None:
        """Draw rows 1 and 24 anew where their text changed."""
        self.header_row.show(
            self.desk_app.header(self.title_text, self.context(), typing=self.mode == "TYPE")
        )
        self.key_row.show(self.keys_shown(), entry=self.pending)

    def reload(self) -> None:
        """Read and show again, keeping the cursor on its record and an open question's words."""
        self._is_behind = False
        self.attempt(self.load)
        self.refresh_frame()
        if self.prompt is not None:
            self.prompt.typed()

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
        self.desk_app.live.row_is_free()

    def show_enter(self) -> None:
        """Row 22: what Enter will do; drawn anew when a question was closed."""

    # Saying things

    def say(self, text: str, *, level: Level = "say") -> None:
        """Put ``text`` into the message row; ``level`` is say, error or coach."""
        self.message_row.show(text, level)
        if level != "coach":  # an example gives way to news
            self.desk_app.live.said()

    def cover(self, text: str) -> None:
        """Let ``text`` stand over row 23, or over row 22 during a question, until uncovered."""
        self.message_row.cover("" if self.prompt is not None else text)
        self.enter_row.cover(text if self.prompt is not None else "")

    def say_error(self, error: DesktermError) -> None:
        """What went wrong and what to do, in the message row."""
        self.say(error.sentence, level="error")

    def attempt(self, action: Callable[..., T], *given: Any, **named: Any) -> T | None:
        """Run an operation of the office; None when it failed, which has then been said."""
        try:
            return action(*given, **named)
        except DesktermError as error:
            self.failed(error)
            return None

    def failed(self, error: DesktermError) -> None:
        """An operation was refused. Forms override this to mark the field."""
        if self.desk_app.outage.is_of(error):
            self.desk_app.outage.failed(error)
        else:
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
        if self._is_another_row:
            self.action_no_such_row()
            return True
        self._forget_number()
        await self.run(command)
        return True

    def _digit(self, digit: str) -> None:
        pending = (self.pending + digit)[-4:]
        self.pending = pending
        self._no_such_row = not self.point_at(int(pending))
        self._lost_row = False
        self._pointed = self.record_here()
        if self._no_such_row:
            self.say(f"no row {pending}")
        self.key_row.show(self.keys_shown(), entry=self.pending)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter goes to the list itself unless there is no such row."""
        if action == "no_such_row":
            return self._is_another_row and self.mode == "LIST"
        return super().check_action(action, parameters)

    def action_no_such_row(self) -> None:
        """Nothing is done to a row that was not meant."""
        if self._no_such_row:
            self.say(f"no row {self.pending}. Nothing was done")
        else:
            row = f"Row {self.pending}" if self.pending else "That row"
            self.say(f"{row} was just taken away by another desk. Nothing was done")
        self._forget_number()
        self._lost_row = False

    def key_comes(self, key: str) -> None:
        """A key is about to be handled: moving the cursor ends a row number half typed."""
        self.back_row.show("")
        self.enter_row.let_go()
        if key in _MOVES:
            self._lost_row = False
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
