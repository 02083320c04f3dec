"""The command line (F10): one line does the whole job; what was understood is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events

from deskterm import commands
from deskterm.errors import DesktermError
from deskterm.screens.line_runner import LineRunner
from deskterm.screens.prompt import PromptRow
from deskterm.widgets.fields import FieldSpec

if TYPE_CHECKING:
    from deskterm.screens.base import DeskScreen

SPEC = FieldSpec("line", ":", limit=500, width=74, example="b smi 031482 fu lee 1w pm")


class CommandLine(PromptRow):
    """Row 23 of whatever is open; Enter runs the line, Up brings back earlier ones."""

    def __init__(self, desk_screen: DeskScreen) -> None:
        super().__init__(desk_screen, SPEC)
        self.runner = LineRunner(desk_screen.desk_app)
        self._back = 0

    def typed(self) -> None:
        """Say in row 22 what the line means so far."""
        row, text = self.desk_screen.enter_row, self.text.strip()
        if not text:
            row.show("verb, who, then what: b smi 031482 fu lee 1w pm   ? lists verbs")
            return
        try:
            row.show(self.runner.echo(text))
        except DesktermError as error:
            row.show("", error=error.message)

    async def take(self, text: str) -> None:
        if text in ("", "?"):
            verbs = " ".join(sorted(verb for verb in commands.by_verb() if len(verb) > 2))
            self.desk_screen.enter_row.show(verbs if text else "Type a line, or Esc")
            return
        entry = self.runner.read(text)
        self.runner.check(entry)
        self.runner.keep(text)
        self.desk_screen.close_prompt()
        await self.runner.run(entry)

    async def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down"):
            event.stop()
            lines = self.runner.history
            self._back = min(max(self._back + (1 if event.key == "up" else -1), 0), len(lines))
            if lines:
                self.form.set_value("line", lines[-self._back] if self._back else "")
                self.typed()
            return
        await super().on_key(event)
