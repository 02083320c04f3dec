"""Everything hidden at one key, for when the patient can see the screen (F9).

This is a curtain, not a lock: it asks for nothing to come back.
"""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from deskterm.terminal.output import show_block


class BlankScreen(Screen[None]):
    """Opaque, without a name on it; Enter brings the work back as it was."""

    DEFAULT_CSS = """
    BlankScreen { align: center middle; background: ansi_default; }
    BlankScreen > Static { width: auto; height: auto; }
    """
    hides_all = True

    def compose(self) -> ComposeResult:
        clinic: Any = self.app
        settings = clinic.desk.settings
        yield Static(
            show_block(f"{settings.clinic}\n\ndesk {clinic.desk.workstation}\n\nEnter comes back")
        )

    async def on_key(self, event: events.Key) -> None:
        event.stop()
        if event.key in ("enter", "ctrl+j"):
            app: Any = self.app
            await app.close_top()
