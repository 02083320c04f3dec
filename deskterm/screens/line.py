"""The command line (F10): one line does the whole job; what was understood is shown first."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from deskterm import commands
from deskterm.commands import BACK
from deskterm.errors import DesktermError
from deskterm.screens.line_runner import LineRunner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import EnterRow

SPEC = FieldSpec("line", ":", limit=500, width=74, example="b smi 031482 fu lee 1w pm")
HISTORY = 50


class LineScreen(ModalScreen[None]):
    """Rows 22 and 23 over whatever is open; Enter runs the line, Esc drops it."""

    DEFAULT_CSS = """
    LineScreen { background: transparent; align: left bottom; layout: vertical; }
    LineScreen > RecordForm { height: 1; margin: 0 0 1 0; }
    """
    AUTO_FOCUS = ""

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self.chips = EnterRow()
        self.form = RecordForm([SPEC], {"line": typed} if typed else None, verb="run")
        self._back = 0

    @property
    def runner(self) -> LineRunner:
        """What understands and runs lines."""
        return LineRunner(self.app)  # type: ignore[arg-type]

    def compose(self) -> ComposeResult:
        yield self.chips
        yield self.form

    def on_mount(self) -> None:
        self.set_focus(self.form)
        self._show_chips()

    def on_record_form_typed(self) -> None:
        self._show_chips()

    def _text(self) -> str:
        return str(self.form.sheet.text("line"))

    def _show_chips(self) -> None:
        """Say what the line means so far."""
        text = self._text().strip()
        if not text:
            self.chips.show("verb, who, then what: b smi 031482 fu lee 1w pm   ? lists verbs")
            return
        try:
            self.chips.show(self.runner.echo(text))
        except DesktermError as error:
            self.chips.show("", error=error.message)

    def on_record_form_said(self, message: RecordForm.Said) -> None:
        if message.level == "error":
            self.chips.show("", error=message.text)
        else:
            self.chips.show(message.text)

    async def on_record_form_done(self, message: RecordForm.Done) -> None:
        text = str(message.values["line"] or "").strip()
        if text in ("", "?"):
            verbs = " ".join(sorted(verb for verb in commands.by_verb() if len(verb) > 2))
            self.chips.show(verbs if text else "Type a line, or Esc")
            return
        runner = self.runner
        try:
            entry = runner.read(text)
            runner.check(entry)
        except DesktermError as error:
            self.form.set_error("line", f"{error.message}. {error.hint}")
            return
        runner.keep(text)
        app = self.app
        await app.pop_screen()
        await runner.run(entry)

    async def on_key(self, event: events.Key) -> None:
        if event.key in BACK.keys:
            event.stop()
            await self.app.pop_screen()
        elif event.key in ("up", "down"):
            event.stop()
            self._recall(1 if event.key == "up" else -1)

    def _recall(self, step: int) -> None:
        lines = self.runner.history
        if lines:
            self._back = min(max(self._back + step, 0), len(lines))
            self.form.set_value("line", lines[-self._back] if self._back else "")
            self._show_chips()
