"""A one-line question in row 23 of the screen that asks; Esc drops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from deskterm.commands import BACK
from deskterm.errors import DesktermError
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.record_form import RecordForm

if TYPE_CHECKING:
    from deskterm.screens.base import DeskScreen


class PromptRow(Widget):
    """One field in place of the message row. What its form reports stays in here."""

    DEFAULT_CSS = "PromptRow { height: 1; } PromptRow > RecordForm { height: 1; }"

    def __init__(self, desk_screen: DeskScreen, spec: FieldSpec, text: str = "") -> None:
        super().__init__()
        self.desk_screen = desk_screen
        self.form = RecordForm([spec], {spec.name: text} if text else None, verb=spec.label)

    def compose(self) -> ComposeResult:
        yield self.form

    @property
    def text(self) -> str:
        """What is typed so far."""
        return str(self.form.sheet.text(self.form.field))

    def typed(self) -> None:
        """The text changed."""

    async def take(self, text: str) -> None:
        """Enter was pressed. Raises DesktermError to keep the question open."""
        raise NotImplementedError

    def refuse(self, error: DesktermError) -> None:
        """Say why and keep what was typed."""
        said = error.sentence
        self.form.set_error(self.form.field, said)

    def on_record_form_typed(self, message: RecordForm.Typed) -> None:
        message.stop()
        self.typed()

    def on_record_form_moved(self, message: RecordForm.Moved) -> None:
        message.stop()

    def on_record_form_stepped(self, message: RecordForm.Stepped) -> None:
        message.stop()

    def on_record_form_said(self, message: RecordForm.Said) -> None:
        message.stop()
        if message.level == "error":
            self.desk_screen.enter_row.show("", error=message.text)
        else:
            self.desk_screen.enter_row.show(message.text)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        message.stop()
        try:
            await self.take(self.text.strip())
        except DesktermError as error:
            self.refuse(error)

    async def on_key(self, event: events.Key) -> None:
        if event.key in BACK.keys:
            event.stop()
            self.desk_screen.close_prompt()


class Question(PromptRow):
    """A question whose answer goes to ``answer``; what it means is shown in ``echo``."""

    def __init__(
        self, desk_screen: DeskScreen, spec: FieldSpec, answer: Callable[[str], Any], text: str
    ) -> None:
        super().__init__(desk_screen, spec, text)
        self._answer = answer

    async def take(self, text: str) -> None:
        self._answer(text)
        self.desk_screen.close_prompt()


async def ask(
    screen: DeskScreen,
    label: str,
    take: Callable[[str], Any],
    *,
    text: str = "",
    echo: Callable[[str], str] | None = None,
    example: str = "",
    secret: bool = False,
) -> None:
    """Ask one thing in row 23; ``take`` is called with what was typed and may refuse it.

    What is ``secret`` is not shown as it is typed.
    """

    def parse(typed: str) -> tuple[str, str]:
        return typed, echo(typed) if echo is not None else ""

    spec = FieldSpec("text", label, limit=200, width=30, parse=parse, example=example,
                     secret=secret, card_check=not secret)  # fmt: skip
    await screen.open_prompt(Question(screen, spec, take, text))
    if example:
        screen.enter_row.show(f"e.g. {example}")
