"""The desk's keys without the desk: writes down which action each key starts, and what is typed.

``python key_app.py LOG``: a field has the focus, the global commands are the desk's own. Every
line of LOG is ``do <command id>``, ``key <name>`` for a key that no command has, or ``text <what
stands in the field>``.
"""

from __future__ import annotations

import sys
from typing import Any

from deskterm.terminal.launch import prepare_environment

prepare_environment()

from textual import events  # noqa: E402
from textual.app import ComposeResult  # noqa: E402
from textual.widgets import Input  # noqa: E402

from deskterm import commands  # noqa: E402
from deskterm.app import DeskApp  # noqa: E402
from deskterm.terminal.safe_app import SafeApp, run_desk  # noqa: E402


class Field(Input):
    """A field that keeps what is typed; keys that edit or move are for the log."""

    BINDINGS = []

    def on_key(self, event: events.Key) -> None:
        # ^Z is the field's own first, then the desk's.
        if (event.is_printable and event.key != "enter") or event.key == "ctrl+z":
            return
        self.app.note(f"key {event.key}")  # type: ignore[attr-defined]
        event.stop()
        event.prevent_default()


class KeyApp(SafeApp):
    """One field under the desk's global commands."""

    BINDINGS = DeskApp.BINDINGS

    def __init__(self, path: str) -> None:
        super().__init__()
        self.log_file = open(path, "a", encoding="utf-8")  # noqa: SIM115

    def compose(self) -> ComposeResult:
        yield Field()

    def on_mount(self) -> None:
        field = self.query_one(Field)
        self.set_focus(field)
        field.value = "READY"
        field.clear()
        self.note("ready")

    def note(self, line: str) -> None:
        self.log_file.write(f"{line}\n")
        self.log_file.flush()

    def on_input_changed(self, event: Any) -> None:
        if event.value.endswith("|"):
            self.note(f"text {event.value[:-1]}")
            self.query_one(Field).clear()

    async def action_command(self, name: str) -> None:
        assert any(command.id == name for command in commands.GLOBAL)
        self.note(f"do {name}")


if __name__ == "__main__":
    sys.exit(run_desk(KeyApp(sys.argv[1])))
