"""The desk itself: opens screens, hears the global keys, and other desks' news.

Locking is in ``screens.locking``, parking and coming back in ``screens.parking``.

No rules and no SQL: those are the office's.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.binding import Binding
from textual.screen import Screen

from deskterm import commands
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, DesktermError, Stale
from deskterm.office import feed, locking
from deskterm.office.desk import Desk
from deskterm.screens import places
from deskterm.screens.base import DeskScreen
from deskterm.screens.live import Live
from deskterm.screens.locking import top_of
from deskterm.screens.outage import Outage
from deskterm.screens.parking import PHONE, Parking
from deskterm.screens.task import TaskScreen
from deskterm.terminal.safe_app import run_desk
from deskterm.text import safe
from deskterm.values import dataclass
from deskterm.widgets.rows import Header, Level

if TYPE_CHECKING:
    from deskterm.db.journal import Entry

WATCH_SECONDS = 1.0
UNDO_KEPT = 50
IDENTIFIED_SECONDS = 15 * 60


@dataclass(frozen=True)
class Undo:
    """Something done at this desk that can be taken back."""

    said: str
    take_back: Callable[[], Any]


class DeskApp(Parking):
    """One person's session at one workstation."""

    CSS = "Screen { layers: base overlay; }"
    BINDINGS = [
        Binding(",".join(command.keys), f"command('{command.id}')", command.title,
                priority=command.id != "undo", show=False)
        for command in commands.GLOBAL
        if command.id != "choices"
    ]  # fmt: skip

    def __init__(self, desk: Desk, *, crash_log: Path | None = None, greeting: str = "") -> None:
        commands.check()
        super().__init__()
        self.desk = desk
        self.crash_log = crash_log
        self.greeting = greeting
        self.outage = Outage(self)
        self.live = Live(self)
        self._counts = feed.Counts()

    # Opening and closing

    async def on_mount(self) -> None:
        self._last_key = self.desk.clock.monotonic()
        why = self.must_begin_locked(over_ssh="SSH_CONNECTION" in os.environ)
        if why:
            await self.lock_desk(locking.AT_START, why)
        else:
            await self.begin()
        self.live.start()
        self.set_interval(WATCH_SECONDS, self.look_around)
        self._await_minute()
        self.call_after_refresh(_collect_again)

    async def go(self, name: str, **given: Any) -> Screen[Any] | None:
        """Open the place ``name`` above this one; None (and said) when it cannot be opened."""
        try:
            screen = places.make(name, **given)
            if isinstance(screen, TaskScreen):
                self.keep_drafts(PHONE if name == "call" else f"{screen.title_text} begun")
            if isinstance(screen, DeskScreen):
                screen.opened_as = (name, given)
            await self.open(screen)
        except DesktermError as error:
            self.say_error(error)
            return None
        return screen

    async def turned_away(self, screen: DeskScreen, error: DesktermError) -> None:
        """A place may not be shown: close it; a restricted record asks for break-glass first."""
        if self.put_off(lambda: self.turned_away(screen, error)):
            return
        while screen in self.screen_stack and len(self.screen_stack) > 2:
            self.pop_screen()
        patient_id = error.details.get("patient_id") if error.details.get("restricted") else None
        if patient_id is not None and self.desk.may("break_glass"):
            await self.go("break_glass", patient_id=patient_id, then=screen.opened_as)
        else:
            self.say_error(error)

    def make(self, name: str, **given: Any) -> Screen[Any]:
        """A new screen, not yet open."""
        return places.make(name, **given)

    async def run_line_for(self, patient_id: int, text: str) -> None:
        """Do what was typed behind ``;`` in the finder."""
        from deskterm.screens.line_runner import LineRunner

        runner = LineRunner(self)
        try:
            entry = runner.read(text, patient=f"#{patient_id}")
            runner.check(entry)
        except DesktermError as error:
            self.say_error(error)
            return
        await runner.run(entry, patient_id)

    async def quit(self) -> None:
        """Leave the desk; what was typed is kept as drafts."""
        self.save_all()
        self.exit(return_code=0)

    async def close_top(
        self, *, said: str = "", undo: Callable[[], Any] | None = None, finished: bool = False
    ) -> None:
        """Close the top screen; the day board stays. ``undo`` is remembered with ``said``.

        What was ``finished`` out of the list of what waits goes back to the work that the list
        had interrupted, if it had.
        """
        if self.put_off(lambda: self.close_top(said=said, undo=undo, finished=finished)):
            return
        if len(self.screen_stack) > 2:
            self.pop_screen()
            self.read_aside()
            below = self.screen_stack[-2]
            waits = type(self.screen).__name__ == "NextScreen"
            if finished and waits and isinstance(below, TaskScreen) and below.parked:
                self.pop_screen()
            if isinstance(self.screen, DeskScreen):
                self.screen.reload()
            self.read_counts()
        if undo is not None:
            self.remember(said, undo)
            said = f"{said}. ^Z takes it back"
        if said:
            self.say(said)

    async def close_all(self) -> None:
        """Back to the day board; work that was begun is kept as drafts."""
        kept = [
            screen.heading()
            for screen in self.tasks
            if screen.dirty and screen.save_draft("day board")
        ]
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if kept:
            self.say(f"Parked: {', '.join(kept)}. F3 brings it back")

    # Saying

    def say(self, text: str, *, level: Level = "say") -> None:
        """Put ``text`` into the message row of the screen on top."""
        screen = top_of(self.screen_stack)
        if screen is not None:
            screen.say(text, level=level)

    def say_error(self, error: DesktermError) -> None:
        """Say what went wrong and what to do about it."""
        self.say(error.sentence, level="error")

    def header(self, screen: str, context: str, *, typing: bool) -> Header:
        """Row 1 of a screen: where one is, and what waits."""
        counts = self._counts
        parked = [row for row in self.aside if row.form != "call"]
        return Header(
            screen=screen,
            context=context,
            time=show_time(self.desk.wall().time()),
            calls=counts.calls,
            parked=len(parked),
            is_long=self.is_long,
            aside=self.aside_names(),
            queue=counts.queue,
            notices=counts.notices,
            is_alarm=counts.notices > 0,
            desk=self.desk.workstation.upper(),
            user=self.desk.actor.login,
            is_typing=typing,
            place=self.desk.settings.clinic,
            is_practice=self.desk.settings.practice,
        )

    def read_back(self, text: str) -> None:
        """Row 22 of the screen on top, until the next key: the sentence to say to the caller."""
        if isinstance(self.screen, DeskScreen):
            self.screen.enter_row.keep(text)

    # Who said their birth date

    def identify(self, patient_id: int) -> None:
        """The patient's birth date was typed as they said it."""
        self._identified[patient_id] = self.desk.clock.monotonic()

    def identified(self, patient_id: int) -> bool:
        """Whether that was done at this desk a short while ago."""
        at = self._identified.get(patient_id)
        return at is not None and self.desk.clock.monotonic() - at < IDENTIFIED_SECONDS

    # Global keys

    def key_comes(self, key: str) -> None:
        """Tell the screen on top, whose list may keep the key for itself."""
        if isinstance(self.screen, DeskScreen):
            self.screen.key_comes(key)

    async def action_command(self, name: str) -> None:
        """A global key was pressed, whatever is open."""
        command = next(c for c in commands.GLOBAL if c.id == name)
        try:
            if command.permission:
                self.desk.require(command.permission)
            await getattr(self, f"command_{name}")()
        except DesktermError as error:
            self.say_error(error)

    async def command_help(self) -> None:
        await self._overlay("help", about=self.screen)

    async def command_find(self) -> None:
        """The finder; inside a person field it fills that field."""
        from deskterm.screens.who import find_for
        from deskterm.widgets.record_form import RecordForm

        screen, form = self.screen, self.screen.focused
        if isinstance(form, RecordForm) and isinstance(screen, DeskScreen) and form.field:
            spec = form.sheet.specs[form.field]
            if spec.kind == "person":
                await find_for(screen, form, spec.name, form.sheet.text(spec.name))
                return
        await self._overlay("finder")

    async def command_held(self) -> None:
        await self._overlay("held")

    async def command_line(self) -> None:
        screen = self.screen
        if isinstance(screen, DeskScreen):
            from deskterm.screens.line import CommandLine

            await screen.open_prompt(CommandLine(screen))

    async def command_day(self) -> None:
        """The day board; on the board itself, the waiting room."""
        if self.screen is self.screen_stack[1]:
            await self.go("flow")
        else:
            await self.close_all()

    async def command_call(self) -> None:
        """A call slip above whatever is open, which stays as it is below."""
        await self._overlay("call")

    async def command_next(self) -> None:
        """What waits; half-done work stays open below it, to come back to."""
        tasks, names = self.tasks, [type(screen).__name__ for screen in self.screen_stack]
        if tasks and tasks[-1].dirty and "NextScreen" not in names:
            self.keep_drafts("what's next")
        else:
            await self.close_all()
        await self.go("next")

    async def command_park(self) -> None:
        await self.park()

    async def command_lock(self) -> None:
        """Blank everything at once, until a PIN is typed."""
        await self.lock_desk()

    async def command_undo(self) -> None:
        """Take back the last thing done at this desk."""
        if not self.undos:
            self.say("Nothing to take back")
            return
        last = self.undos[-1]
        try:
            last.take_back()
        except (Conflict, Stale):
            # What stands in the way will not go away, and must not hide what was done before.
            self.undos.pop()
            raise
        self.undos.pop()
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen) and not isinstance(screen, TaskScreen):
                screen.reload()
        self.read_counts()
        self.say(f"Taken back: {last.said}")

    async def _overlay(self, name: str, **given: Any) -> None:
        """Open an overlay, or close it when it is the one on top already."""
        kind = places.PLACES[name][1]
        if type(self.screen).__name__ == kind:
            if name != "call":
                await self.close_top()
            return
        await self.go(name, **given)

    def remember(self, said: str, take_back: Callable[[], Any]) -> None:
        """Keep a way to take back what was just done."""
        self.undos.append(Undo(said, take_back))
        del self.undos[:-UNDO_KEPT]

    # Time and other desks

    def _tick(self) -> None:
        """Once a minute, on the minute: the time in row 1, and what depends on it."""
        self._await_minute()
        self.note_presence()
        lock = self.lock_screen
        if lock is not None:
            lock.on_minute()
            return
        self.call_after_refresh(self.read_counts)
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.on_minute()

    def _await_minute(self) -> None:
        now = self.desk.now()
        self.set_timer(60.5 - now.second - now.microsecond / 1e6, self._tick)

    def look_around(self) -> None:
        """Once a second: is somebody still at the keys, and is this session still wanted?"""
        self.watch_idle()
        self.watch_session()
        try:
            self.desk.views.flush_if_due()
        except DesktermError as error:
            self.outage.failed(error)
        while self.desk.notices:
            self.say(self.desk.notices.pop(0), level="error")

    def on_unmount(self) -> None:
        """The desk closes: nobody is at work here any more."""
        self.live.stop()

    def show_changes(self, entries: list[Entry]) -> None:
        """Show what other desks did, where it is shown."""
        self.live.tell(entries)

    def see_queue(self, waiting: int) -> None:
        """F8 has just listed what waits: row 1 says the same number."""
        self._counts = self._counts._replace(queue=waiting)

    def read_counts(self) -> None:
        """Count again what row 1 shows."""
        self.read_aside()
        try:
            self._counts = feed.counts(self.desk)
        except DesktermError as error:
            self.say_error(error)
            return
        if isinstance(self.screen, DeskScreen):
            self.screen.refresh_frame()

    def last_rites(self) -> None:
        """Nothing is held across keys: no transaction, no lock. Drafts were saved as typed."""


def _collect_again() -> None:
    """The first screen is painted: what start-up made stays, the rest is collected as usual."""
    gc.freeze()
    gc.enable()


def open_desk_screen(desk: Desk, *, crash_log: Path | None = None, greeting: str = "") -> int:
    """Run the desk in this terminal; the process's exit code. ``greeting`` is said at first."""
    app = DeskApp(desk, crash_log=crash_log, greeting=greeting)
    code = run_desk(app)
    if app.farewell:
        print(safe(app.farewell), file=sys.stderr)
    return code
