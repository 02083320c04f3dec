"""Parked work: drafts to come back to, and what can be taken back (F3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskterm.commands import ENTER_KEYS
from deskterm.office import drafts
from deskterm.office.drafts import DraftRow
from deskterm.screens.base import DeskScreen
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows_paint import Part

LONG_MINUTES = 10


class HeldScreen(DeskScreen):
    """Enter resumes the newest, a digit any other; ``x`` and a digit drop one."""

    title_text = "HELD WORK"

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel(classes="body")
        self.waiting: list[DraftRow] = []
        self.dropping = False

    def body(self) -> Iterable[Any]:
        yield self.panel

    def load(self) -> None:
        self.waiting = [draft for draft in drafts.open_drafts(self.desk) if not draft.done]
        lines: list[Text] = [[Part(f"PARKED ({len(self.waiting)})", "primary")]]
        for number, draft in enumerate(self.waiting, 1):
            age = draft.parked_minutes
            where = "" if draft.here else f" at {draft.desk}"
            parts = [Part(f" {number}  {draft.heading:<44}{where} parked {age:>3}m ")]
            if age > LONG_MINUTES:
                parts.append(Part("LONG", "attention"))
            lines.append(parts)
        if not self.waiting:
            lines.append(" Nothing is parked. F7 sets work aside; Esc keeps a form as a draft.")
        undos = self.desk_app.undos[-8:]
        lines += ["", [Part(f"UNDO (last {len(undos)})", "primary")]]
        lines += [f" -  {undo.said}" for undo in reversed(undos)]
        heard = list(self.desk_app.live.notices)[-8:]
        lines += ["", [Part(f"NOTICES (last {len(heard)})", "primary")]]
        lines += [f" -  {line}" for line in reversed(heard)]
        self.panel.show(lines)
        if self.dropping:
            self.enter_row.show("Drop which one? Type its number; Esc keeps them all")
        elif self.waiting:
            self.enter_row.show(f"Enter = RESUME 1: {self.waiting[0].heading}")
        else:
            self.enter_row.show("Enter = back")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [("1-9", "resume"), ("Enter", "the newest"), ("x", "drop one"), ("Esc", "back")]

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ENTER_KEYS:
            await self._take(1)
            return True
        if character and character.isdigit() and character != "0":
            await self._take(int(character))
            return True
        if (character or "").lower() == "x":
            self.dropping = not self.dropping
            self.load()
            return True
        return False

    async def _take(self, number: int) -> None:
        app = self.desk_app
        if number > len(self.waiting):
            if self.waiting:
                self.say(f"no row {number}")
            else:
                await self.back()
            return
        draft = self.waiting[number - 1]
        if self.dropping:
            drafts.drop(self.desk, draft.key, "dropped at the desk")
            app.forget_draft(draft.key)
            self.dropping = False
            self.reload()
            self.say(f"Dropped: {draft.heading}")
            return
        await app.close_top()
        await app.resume(draft)

    async def back(self) -> None:
        if self.dropping:
            self.dropping = False
            self.load()
        else:
            await super().back()
