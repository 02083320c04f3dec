"""A one-line question in row 23 of the screen that asks; Esc drops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.screen import ModalScreen

from deskterm.commands import BACK
from deskterm.errors import DesktermError
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.record_form import RecordForm

if TYPE_CHECKING:
    from textual import events

    from deskterm.screens.base import DeskScreen


class PromptScreen(ModalScreen[None]):
    """One field at the bottom of the screen; ``take`` gets its text at Enter."""

    DEFAULT_CSS = """
    PromptScreen { background: transparent; align: left bottom; }
    PromptScreen > RecordForm { height: 1; margin: 0 0 1 0; }
    """
    AUTO_FOCUS = ""

    def __init__(self, spec: FieldSpec, text: str, take: Callable[[str], Any]) -> None:
        super().__init__()
        self.form = RecordForm([spec], {spec.name: text} if text else None, verb=spec.label)
        self._take = take

    def compose(self) -> ComposeResult:
        yield self.form

    def on_mount(self) -> None:
        self.set_focus(self.form)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        text = str(message.values["text"] or "")
        try:
            result = self._take(text)
        except DesktermError as error:
            self.form.set_error("text", f"{error.message}. {error.hint}")
            return
        self.dismiss(result)

    async def on_key(self, event: events.Key) -> None:
        if event.key in BACK.keys:
            event.stop()
            self.dismiss(None)


async def ask(
    screen: DeskScreen,
    label: str,
    take: Callable[[str], Any],
    *,
    text: str = "",
    echo: Callable[[str], str] | None = None,
    example: str = "",
) -> None:
    """Ask one thing over ``screen``; ``take`` is called with what was typed and may refuse it."""

    def parse(typed: str) -> tuple[str, str]:
        return typed, echo(typed) if echo is not None else ""

    spec = FieldSpec("text", label, limit=200, width=30, parse=parse, example=example)
    await screen.desk_app.open(PromptScreen(spec, text, take))
