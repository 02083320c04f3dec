"""Who did what to one patient, and when: the journal's entries about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.db import journal
from deskterm.screens.base import DeskScreen
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows_paint import Part

LIMIT = 200
_QUIET = {"version", "last_key", "first_key", "birth_day"}


class HistoryScreen(DeskScreen):
    """The newest entries first; each says the time, the person, the desk and what changed."""

    title_text = "HISTORY"

    def __init__(self, patient_id: int) -> None:
        super().__init__()
        self.patient_id = patient_id
        self.panel = Panel(classes="body")

    def body(self) -> Iterable[Any]:
        yield self.panel

    def load(self) -> None:
        self.desk.require("view_journal")
        entries = journal.read(
            self.desk.database, patient_id=self.patient_id, newest_first=True, limit=LIMIT
        )
        lines: list[Text] = [[Part("Time            Who         Desk  What", "primary")]]
        for entry in entries:
            at = local(parse_utc_text(entry.at), self.desk.zone)
            fields = sorted(
                {name for row in entry.changed for name in (row["after"] or {})} - _QUIET
            )
            what = f"{entry.operation}  {', '.join(fields)}"
            lines.append(f"{at:%m/%d %H:%M}     {entry.actor:<11} {entry.desk:<5} {what}")
        if not entries:
            lines.append("Nothing yet.")
        self.panel.show(lines)
        self.enter_row.show("Esc = back")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [(",", "page up"), (".", "page down"), ("Esc", "back")]

    def do_earlier_page(self) -> None:
        self.panel.page(-1)

    def do_later_page(self) -> None:
        self.panel.page(1)
