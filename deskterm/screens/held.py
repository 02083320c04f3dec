"""Parked work: drafts to come back to, lines on hold, and what can be taken back (F3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskterm.commands import ENTER_KEYS
from deskterm.errors import DesktermError, Invalid
from deskterm.office import drafts
from deskterm.office.drafts import DraftRow
from deskterm.screens.base import DeskScreen
from deskterm.screens.parking import LONG_MINUTES
from deskterm.screens.prompt import ask
from deskterm.text import fit, width
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.rows_paint import Part

UNDOS = 3
MOVES = {"up": -1, "down": 1, "home": -1000, "end": 1000}


class HeldScreen(DeskScreen):
    """Enter resumes the row of the mark (the newest, to begin with), a digit any other.

    ``x`` drops the row of the mark with a reason, ``y`` gives it to somebody.
    """

    title_text = "HELD WORK"

    def __init__(self) -> None:
        super().__init__()
        self.panel = Panel(classes="body")
        self.waiting: list[DraftRow] = []
        self.at = 0
        self._key = ""

    def body(self) -> Iterable[Any]:
        yield self.panel

    def load(self) -> None:
        here = {task.key for task in self.desk_app.tasks if not task.parked}
        found = [d for d in drafts.open_drafts(self.desk) if not d.done and d.key not in here]
        parked = [draft for draft in found if draft.form != "call"]
        calls = [draft for draft in found if draft.form == "call"]
        self.waiting = parked + calls
        self.desk.views.listed("parked work", [draft.patient_id for draft in self.waiting])
        keys = [draft.key for draft in self.waiting]
        self.at = keys.index(self._key) if self._key in keys else min(self.at, len(keys) - 1)
        self.at = max(self.at, 0)
        self._show()

    def _show(self) -> None:
        self._key = self.waiting[self.at].key if self.waiting else ""
        parked = [d for d in self.waiting if d.form != "call"]
        lines: list[Text] = [[Part(f"PARKED ({len(parked)})", "primary")]]
        for number, draft in enumerate(self.waiting, 1):
            if draft.form == "call" and number == len(parked) + 1:
                lines += ["", [Part("LINES", "primary")]]
            lines.append(self._row(number, draft))
        if not self.waiting:
            lines.append(" Nothing is parked. F7 sets work aside; Esc keeps a form as a draft.")
        undos = self.desk_app.undos[-UNDOS:]
        lines += ["", [Part(f"UNDO (last {len(undos)})", "primary")]]
        lines += [
            f"    -  {undo.said}" + ("   ^Z takes it back" if at == 0 else "")
            for at, undo in enumerate(reversed(undos))
        ]
        heard = list(self.desk_app.live.notices)[-8:]
        lines += ["", [Part(f"NOTICES (last {len(heard)})", "primary")]]
        lines += [f"    -  {line}" for line in reversed(heard)]
        self.panel.show(lines)
        self.show_enter()

    def _row(self, number: int, draft: DraftRow) -> list[Part]:
        """``>1  CHECK IN 9 HUI  at 3 Insurance  parked  2m  by phone call  LONG``."""
        room = max(self.desk_app.size.width, 80)
        mark = ">" if number == self.at + 1 else " "
        verb = "hold" if draft.form == "call" else "parked"
        age = f"{verb} {draft.parked_minutes:>3}m"
        cause = f"by {draft.cause}" if draft.cause else "line dropped"
        cause += "" if draft.here else f", {draft.desk}"
        long = draft.parked_minutes > LONG_MINUTES
        step = f"at {draft.step}" if draft.step else ""
        spare = room - 80
        tail = 5 if long else 0
        text = f"{mark}{number:>2}  {fit(draft.heading, 22 + spare // 3)} "
        text += f"{fit(step, 17 + spare // 3)} {age} "
        text += fit(cause, max(room - width(text) - tail - 1, 0))
        return [Part(text), *([Part("LONG", "attention")] if long else [])]

    def show_enter(self) -> None:
        if not self.waiting:
            self.enter_row.show("Enter = back")
            return
        draft = self.waiting[self.at]
        step = f" at {draft.step}" if draft.step else ""
        top = next((t for t in reversed(self.desk_app.tasks) if t.dirty and not t.parked), None)
        aside = f" ({top.heading()} will be parked)" if top is not None else ""
        self.enter_row.show(f"Enter = RESUME {self.at + 1}: {draft.heading}{step}{aside}")

    def keys_shown(self) -> list[tuple[str, str]]:
        last = min(len(self.waiting), 9)
        pick = [(f"1-{last}" if last > 1 else "1", "pick")] if last else []
        return [
            *pick, ("Enter", "resume"), ("up/down", "choose"), ("x", "drop (asks why)"),
            ("y", "hand over"), ("Esc", "back"),
        ]  # fmt: skip

    def on_minute(self) -> None:
        """Everything is a minute older."""
        self.attempt(self.load)
        super().on_minute()

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ENTER_KEYS:
            await self._take(self.at + 1)
        elif key in MOVES and self.waiting:
            self.at = min(max(self.at + MOVES[key], 0), len(self.waiting) - 1)
            self._show()
        elif character and character.isdigit() and character != "0":
            await self._take(int(character))
        elif (character or "").lower() == "x":
            await self._ask_drop()
        elif (character or "").lower() == "y":
            await self._ask_whom()
        else:
            return False
        return True

    async def _take(self, number: int) -> None:
        app = self.desk_app
        if number > len(self.waiting):
            if self.waiting:
                self.say(f"no row {number}")
            else:
                await self.back()
            return
        draft = self.waiting[number - 1]
        await app.close_top()
        try:
            await app.resume(drafts.get(self.desk, draft.key))
        except DesktermError as error:
            app.say_error(error)

    # Giving it up, or to somebody

    def _here(self) -> DraftRow:
        if not self.waiting:
            raise Invalid("Nothing is parked", "F7 sets work aside")
        return self.waiting[self.at]

    def _gone(self, draft: DraftRow, said: str) -> None:
        self.desk_app.forget_draft(draft.key)
        self.reload()
        self.call_after_refresh(self.say, said)

    async def _ask_drop(self) -> None:
        draft = self.attempt(self._here)
        if draft is None:
            return

        def take(text: str) -> None:
            drafts.drop(self.desk, draft.key, text)
            self._gone(draft, f"Dropped: {draft.heading}")

        await ask(self, f"Drop {self.at + 1}: why?", take, example="done elsewhere")

    async def _ask_whom(self) -> None:
        draft = self.attempt(self._here)
        if draft is None:
            return
        people = dict(drafts.colleagues(self.desk))

        def take(text: str) -> None:
            login = text.strip().lower()
            drafts.hand_over(self.desk, draft.key, login)
            self._gone(draft, f"{draft.heading} is {people.get(login, login)}'s now")

        def echo(text: str) -> str:
            return people.get(text.strip().lower(), "")

        await ask(
            self, f"Give {self.at + 1} to (login)", take, echo=echo,
            example=", ".join(list(people)[:8]),
        )  # fmt: skip
