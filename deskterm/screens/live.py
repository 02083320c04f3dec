"""What comes from other desks while one works: news, who is at work on whom, a dead database.

Nothing here moves a cursor, takes a key or writes into a field. Row 23 is used only when nobody
reads an error or answers a question in it; what has no room waits in F3's notices.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

from textual.timer import Timer

from deskterm.db.bell import DESKS
from deskterm.db.journal import Entry
from deskterm.errors import DesktermError
from deskterm.office import news
from deskterm.office.feed import Feed
from deskterm.office.presence import Claim, Presence, Present
from deskterm.screens.base import DeskScreen
from deskterm.screens.task import TaskScreen
from deskterm.screens.watching import DOING

if TYPE_CHECKING:
    from deskterm.app import DeskApp

# Asking without being called: for programs that ring no bell, and where none can be heard.
ASK_SECONDS, ASK_OFTEN_SECONDS = 1.0, 0.1
BATCH_SECONDS = 0.1  # a storm of saves is drawn this often, one save at once
LINE_SECONDS = 2.0  # row 23 is written no more often than this
OWN_SECONDS = 8.0  # how long what the clerk did oneself, and a line of news, may be read
NOTICES_KEPT = 50


class Live:
    """The app's ear. ``notices`` are lines of news, the newest last."""

    def __init__(self, app: DeskApp) -> None:
        self._app = app
        self._desk = app.desk
        self._feed = Feed(app.desk)
        self.presence = Presence(app.desk)
        self.notices: deque[str] = deque(maxlen=NOTICES_KEPT)
        self._waiting: deque[str] = deque(maxlen=NOTICES_KEPT)
        self._line_timer: Timer | None = None
        self._clear_timer: Timer | None = None
        self._batch: asyncio.TimerHandle | None = None
        self._looked_at = float("-inf")

    # Hearing

    def start(self) -> None:
        """Listen from now on; called when the app runs."""
        self._feed.listen()
        number = self._feed.fileno()
        if number >= 0:
            asyncio.get_running_loop().add_reader(number, self._heard)
        self._app.set_interval(ASK_SECONDS if number >= 0 else ASK_OFTEN_SECONDS, self.look)

    def stop(self) -> None:
        """Stop listening, and say to the others that one is gone."""
        number = self._feed.fileno()
        if number >= 0:
            with contextlib.suppress(RuntimeError):
                asyncio.get_running_loop().remove_reader(number)
        self._feed.close()
        self.presence.close()

    def _heard(self) -> None:
        """The bell rang: look in the app's own turn, at once or when the batch is full."""
        rang = self._feed.rang()
        if DESKS in rang:
            self._app.call_later(self._show_presence)
        wait = self._looked_at + BATCH_SECONDS - asyncio.get_running_loop().time()
        if wait <= 0:
            self._app.call_later(self.look)
        elif self._batch is None:
            self._batch = asyncio.get_running_loop().call_later(wait, self._look_after_batch)

    def _look_after_batch(self) -> None:
        self._batch = None
        self._app.call_later(self.look)

    def look(self) -> None:
        """See what other desks saved; costs microseconds when they saved nothing."""
        with contextlib.suppress(RuntimeError):
            self._looked_at = asyncio.get_running_loop().time()
        try:
            entries = self._feed.news()
        except DesktermError as error:
            self._app.outage.failed(error)
            return
        self._app.outage.look()
        if entries:
            self._app.hear(entries)

    def tell(self, entries: list[Entry]) -> None:
        """Show what other desks did, where it is shown, and say who did it."""
        self._app.read_counts()
        shown: set[int] = set()
        for screen in self._app.screen_stack:
            if isinstance(screen, DeskScreen):
                shown |= screen.on_changes(entries)
        for entry in entries:
            if entry.seq in shown:
                self.notice(news.words(self._desk, entry))

    # Row 23

    def notice(self, text: str) -> None:
        """Say a line of news as soon as row 23 is free; it is in F3's notices at once."""
        if text:
            self.notices.append(text)
            self._waiting.append(text)
            self._say_next()

    def said(self) -> None:
        """The clerk's own work wrote row 23: news waits until that could be read."""
        if self._clear_timer is not None:
            self._clear_timer.stop()
            self._clear_timer = None
        self._hold(OWN_SECONDS)

    def row_is_free(self) -> None:
        """A question was answered, or another screen is on top."""
        self._say_next()

    def _hold(self, seconds: float) -> None:
        if self._line_timer is not None:
            self._line_timer.stop()
        self._line_timer = self._app.set_timer(seconds, self._free_again)

    def _free_again(self) -> None:
        self._line_timer = None
        self._say_next()

    def _say_next(self) -> None:
        if not self._waiting or self._line_timer is not None:
            return
        screen = self._app.screen
        if not isinstance(screen, DeskScreen) or self._desk.locked or screen.is_asking_or_wrong:
            return  # what ends the question or follows the error writes row 23, and comes here
        # The newest is said, the others wait where they can be read: news is not replayed.
        text = self._waiting.pop()
        if self._waiting:
            text = f"{text}  (+{len(self._waiting)}: F3)"
            self._waiting.clear()
        screen.message_row.show(text, "say")
        if self._clear_timer is not None:
            self._clear_timer.stop()
        self._clear_timer = self._app.set_timer(OWN_SECONDS, lambda: self._read(screen, text))
        self._hold(LINE_SECONDS)

    def _read(self, screen: DeskScreen, text: str) -> None:
        """A line of news has stood long enough."""
        self._clear_timer = None
        if screen.is_attached and screen.message_row.text == text:
            screen.message_row.show("")

    # Who is at work on whom

    def claim(self) -> None:
        """Say what this desk's open forms are about; called when a screen opens or closes."""
        found: list[Claim] = []
        for screen in self._app.screen_stack:
            if isinstance(screen, TaskScreen) and screen.form in DOING and not screen.finished:
                with contextlib.suppress(AttributeError, DesktermError):
                    patient_id = screen.subject()[0]
                    if patient_id is not None:
                        found.append(Claim(patient_id, DOING[screen.form]))
        self.presence.say(found)

    def others(self, patient_id: int) -> list[Present]:
        """Who else is at work on this patient."""
        return self.presence.others(patient_id)

    def _show_presence(self) -> None:
        """Draw the banner of the screen on top anew where somebody came or left."""
        screen = self._app.screen
        if isinstance(screen, DeskScreen):
            screen.presence_changed()
