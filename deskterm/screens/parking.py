"""The part of the app that sets work aside and brings it back: drafts, their strip, returning."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from deskterm.entry.times import show_time
from deskterm.errors import DesktermError
from deskterm.office import drafts, meanwhile
from deskterm.office.drafts import Aside, DraftRow
from deskterm.screens import places
from deskterm.screens.locking import Locking
from deskterm.screens.task import TaskScreen

if TYPE_CHECKING:
    from deskterm.screens.outage import Outage
    from deskterm.widgets.rows import Level

LONG_MINUTES = 10
PHONE = "phone call"
# Looked at above a task; F7 there means the task.
OVERLAYS = ("FinderScreen", "HeldScreen", "HelpScreen", "KeysScreen")


class Parking(Locking):
    """Mixin of the desk's app."""

    outage: Outage

    def __init__(self) -> None:
        super().__init__()
        self.greeting = ""
        self.lines: list[str] = []
        self.undos: list[Any] = []
        self._identified: dict[int, float] = {}
        self._kept: set[str] = set()
        self.aside: list[Aside] = []

    # To be given by the app

    async def go(self, name: str, **given: Any) -> Screen[Any] | None:
        """Open the place ``name``."""
        raise NotImplementedError

    async def close_top(
        self, *, said: str = "", undo: Callable[[], Any] | None = None, finished: bool = False
    ) -> None:
        """Close the top screen."""
        raise NotImplementedError

    def say(self, text: str, *, level: Level = "say") -> None:
        """Put ``text`` into the message row."""
        raise NotImplementedError

    def read_counts(self) -> None:
        """Count again what row 1 shows."""
        raise NotImplementedError

    # Keeping

    @property
    def tasks(self) -> list[TaskScreen]:
        """The work that is open on this desk, the topmost last."""
        return [s for s in self.screen_stack if isinstance(s, TaskScreen) and not s.finished]

    def save_draft(self, *, key: str, **content: Any) -> None:
        """Keep what is being typed on the server. Raises DesktermError when it cannot be."""
        self.outage.save_draft(key, content)
        if key not in self._kept or content.get("cause"):
            self._kept.add(key)
            self.read_counts()

    def finish_draft(self, key: str) -> None:
        """The work of a draft is done or was empty."""
        if key in self._kept:
            self._kept.discard(key)
            self.outage.finish_draft(key)
            self.read_counts()

    def forget_draft(self, key: str) -> None:
        """The draft was dropped or given away: its screen, if one is open below, closes."""
        self._kept.discard(key)
        for screen in self.tasks:
            if screen.key == key and screen is not self.screen:
                screen.finished = True
                self._screen_stack.remove(screen)
                self.call_next(screen.remove)
        self.read_counts()

    def keep_drafts(self, cause: str = "") -> None:
        """Save every form that is open and was typed into; a ``cause`` sets it aside."""
        for screen in self.tasks:
            if screen.dirty and (screen.unsaved or (cause and not screen.parked)):
                screen.save_draft(cause)
        if cause:
            self.read_aside()

    # Setting aside

    async def park(self) -> None:
        """Set the open work aside without a question (F7)."""
        while type(self.screen).__name__ in OVERLAYS and self.tasks:
            await self.close_top()
        screen = self.screen
        if isinstance(screen, TaskScreen) and screen.save_draft("F7"):
            await self.close_top(said=f"Parked: {screen.heading()}. F3 brings it back")
        else:
            self.say("Nothing to park here")

    def read_aside(self) -> None:
        """Look anew at what is set aside, for row 1."""
        here = {screen.key for screen in self.tasks if not screen.parked}
        with contextlib.suppress(DesktermError):
            self.aside = drafts.set_aside(self.desk, here)

    @property
    def is_long(self) -> bool:
        """Whether something is parked for too long."""
        return any(row.minutes > LONG_MINUTES for row in self.aside)

    def aside_names(self) -> tuple[str, ...]:
        """What is parked, by name and age, for a wide row 1."""
        return tuple(
            f"{row.heading[:18].rstrip()} {row.minutes}m"
            + (" LONG" if row.minutes > LONG_MINUTES else "")
            for row in self.aside[:3]
        )

    # Beginning

    async def begin(self) -> None:
        """The day, and what was open when this person's desk last ended."""
        # Whoever looks after the machine sees no patient: the list of staff is their first place.
        await self.open(places.make("day" if self.desk.may("view_schedule") else "staff"))
        self.call_after_refresh(self.read_counts)  # the day is painted first
        if self.greeting:
            self.say(self.greeting)
        await self.bring_back(self.greeting)
        self.greeting = ""

    async def start_over(self) -> None:
        """Another person: nothing of the first one's stays in memory or on the screen."""
        self.undos.clear()
        self.lines.clear()
        self._identified.clear()
        self._kept.clear()
        self._clipboard = ""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        await self.begin()

    # Bringing back

    async def resume(self, draft: DraftRow) -> None:
        """Bring parked work back: same screen, same texts, same field. What is open is parked."""
        if any(screen.key == draft.key for screen in self.tasks):
            while not (isinstance(self.screen, TaskScreen) and self.screen.key == draft.key):
                screen = self.screen
                if isinstance(screen, TaskScreen) and screen.dirty and not screen.finished:
                    screen.save_draft("F3")
                self.pop_screen()
            return
        self._kept.add(draft.key)
        opened = await self.go(draft.form, draft=draft)
        if isinstance(opened, TaskScreen):
            self._welcome(opened, draft)

    def came_back(self, screen: TaskScreen) -> None:
        """Work that stayed open below is on top again."""
        screen.parked = ""
        try:
            self._welcome(screen, drafts.get(self.desk, screen.key))
        except DesktermError:
            return

    def _welcome(self, screen: TaskScreen, row: DraftRow) -> None:
        with contextlib.suppress(DesktermError):
            drafts.take_up(self.desk, screen.key)
        changed = meanwhile.changed_since(self.desk, row.patient_id, row.seen)
        screen.came_back(row, changed)
        self.read_counts()

    async def bring_back(self, greeting: str = "") -> None:
        """After signing in: what was open when the desk ended opens again, a call on top of the
        work that it had interrupted."""
        rows = [d for d in drafts.open_drafts(self.desk) if not d.done and d.form in places.PLACES]
        top = next((d for d in rows if not d.parked), None)
        if top is None:
            if rows:
                said = f"{rows[0].heading} is parked. F3 Enter brings it back"
                first = (greeting, said) if "FAILED" in greeting else (said, greeting)
                self.say(". ".join(part for part in first if part))
            return
        chain = [top]
        while chain[-1].form == "call":
            below = next(
                (d for d in rows if d.cause == PHONE and d not in chain
                 and d.opened_at <= chain[-1].opened_at), None,
            )  # fmt: skip
            if below is None:
                break
            chain.append(below)
        for row in reversed(chain):
            await self.resume(row)
        said = f"Reconnected {show_time(self.desk.wall().time())}"
        changed = meanwhile.changed_since(self.desk, top.patient_id, top.seen)
        more = f". While you were away: {'; '.join(changed)}" if changed else ""
        parts = [f"{said}. {top.heading} is where you left it{more}"]
        if greeting:
            # Somebody else's tries come before anything else, the usual greeting last.
            parts.insert(0 if "FAILED" in greeting else 1, greeting)
        self.say(". ".join(parts))
