"""The desk itself: opens screens, hears the global keys, keeps drafts and other desks' news.

No rules and no SQL: those are the office's.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.binding import Binding
from textual.screen import Screen

from deskterm import commands
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError
from deskterm.office import drafts, feed
from deskterm.office.desk import Desk
from deskterm.screens import places
from deskterm.screens.base import DeskScreen, TaskScreen
from deskterm.terminal.safe_app import SafeApp, run_desk
from deskterm.values import dataclass
from deskterm.widgets.rows import Header, Level

POLL_SECONDS = 0.25
UNDO_KEPT = 50
IDENTIFIED_SECONDS = 15 * 60


@dataclass(frozen=True)
class Undo:
    """Something done at this desk that can be taken back."""

    said: str
    take_back: Callable[[], Any]


class DeskApp(SafeApp):
    """One person's session at one workstation."""

    CSS = "Screen { layers: base overlay; }"
    BINDINGS = [
        Binding(",".join(command.keys), f"command('{command.id}')", command.title,
                priority=command.id != "undo", show=False)
        for command in commands.GLOBAL
        if command.id != "choices"
    ]  # fmt: skip

    def __init__(self, desk: Desk, *, crash_log: Path | None = None) -> None:
        commands.check()
        super().__init__()
        self.desk = desk
        self.crash_log = crash_log
        self.undos: list[Undo] = []
        self.lines: list[str] = []
        self._feed = feed.Feed(desk)
        self._counts = feed.Counts()
        self._kept: set[str] = set()
        self._identified: dict[int, float] = {}

    # Opening and closing

    async def on_mount(self) -> None:
        await self.open(places.make("day"))
        self._read_counts()
        self.set_interval(POLL_SECONDS, self._poll)
        self._await_minute()
        self.call_after_refresh(_collect_again)
        waiting = drafts.open_drafts(self.desk)
        if waiting:
            newest = waiting[0]
            self.say(f"{newest.heading} is where you left it. F3 Enter brings it back")

    async def go(self, name: str, **given: Any) -> Screen[Any] | None:
        """Open the place ``name`` above this one; None (and said) when it cannot be opened."""
        try:
            screen = places.make(name, **given)
            await self.open(screen)
        except DesktermError as error:
            self.say_error(error)
            return None
        return screen

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
        self.keep_drafts()
        self.exit(return_code=0)

    async def close_top(self, *, said: str = "", undo: Callable[[], Any] | None = None) -> None:
        """Close the top screen; the day board stays. ``undo`` is remembered with ``said``."""
        if len(self.screen_stack) > 2:
            self.pop_screen()
            if isinstance(self.screen, DeskScreen):
                self.screen.reload()
        if undo is not None:
            self.remember(said, undo)
            said = f"{said}. ^Z takes it back"
        if said:
            self.say(said)

    async def close_all(self) -> None:
        """Back to the day board; work that was begun is kept as drafts."""
        kept = [
            screen.heading()
            for screen in self.screen_stack
            if isinstance(screen, TaskScreen) and screen.dirty and screen.save_draft()
        ]
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if kept:
            self.say(f"Parked: {', '.join(kept)}. F3 brings it back")

    # Saying

    def say(self, text: str, *, level: Level = "say") -> None:
        """Put ``text`` into the message row of the screen on top."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, DeskScreen):
                screen.say(text, level=level)
                return

    def say_error(self, error: DesktermError) -> None:
        """Say what went wrong and what to do about it."""
        self.say(f"{error.message}. {error.hint}" if error.hint else error.message, level="error")

    def header(self, screen: str, context: str, *, typing: bool) -> Header:
        """Row 1 of a screen: where one is, and what waits."""
        counts = self._counts
        return Header(
            screen=screen,
            context=context,
            time=show_time(self.desk.wall().time()),
            calls=counts.calls,
            parked=counts.parked,
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
        """Row 22 of the screen on top: the sentence to say to the caller."""
        screen = self.screen
        if isinstance(screen, DeskScreen):
            # The rows below still report where the cursor came to rest.
            screen.call_after_refresh(screen.enter_row.show, text)

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
        if self.blanked and name != "blank":
            return
        command = next(c for c in commands.GLOBAL if c.id == name)
        try:
            if command.permission:
                self.desk.require(command.permission)
            await getattr(self, f"command_{name}")()
        except DesktermError as error:
            self.say_error(error)

    @property
    def blanked(self) -> bool:
        """Whether the screen is blanked: then nothing else may show."""
        return bool(getattr(self.screen, "hides_all", False))

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
        self.keep_drafts()
        await self._overlay("call")

    async def command_next(self) -> None:
        await self.close_all()
        await self.go("next")

    async def command_park(self) -> None:
        """Set the open work aside without a question."""
        screen = self.screen
        if isinstance(screen, TaskScreen) and screen.save_draft():
            await self.close_top(said=f"Parked: {screen.heading()}. F3 brings it back")
        else:
            self.say("Nothing to park here")

    async def command_blank(self) -> None:
        if not self.blanked:
            self.keep_drafts()
            await self.go("blank")

    async def command_undo(self) -> None:
        """Take back the last thing done at this desk."""
        if not self.undos:
            self.say("Nothing to take back")
            return
        last = self.undos[-1]
        last.take_back()
        self.undos.pop()
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen) and not isinstance(screen, TaskScreen):
                screen.reload()
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

    # Drafts

    def save_draft(self, *, key: str, **content: Any) -> None:
        """Keep what is being typed on the server. Raises DesktermError when it cannot be."""
        drafts.save(self.desk, key=key, **content)
        if key not in self._kept:
            self._kept.add(key)
            self._read_counts()

    def finish_draft(self, key: str) -> None:
        """The work of a draft is done or was empty."""
        if key in self._kept:
            self._kept.discard(key)
            drafts.finish(self.desk, key)
            self._read_counts()

    def forget_draft(self, key: str) -> None:
        """The draft was dropped; its screen, if one is open below, keeps what it shows."""
        self._kept.discard(key)
        self._read_counts()

    def keep_drafts(self) -> None:
        """Save every form that is open and was typed into."""
        for screen in self.screen_stack:
            if isinstance(screen, TaskScreen) and screen.dirty and not screen.finished:
                screen.save_draft()

    async def resume(self, draft: Any) -> None:
        """Bring parked work back: same screen, same texts, same field."""
        for screen in self.screen_stack:
            if isinstance(screen, TaskScreen) and screen.key == draft.key:
                while self.screen is not screen:
                    self.pop_screen()
                return
        self._kept.add(draft.key)
        await self.go(draft.form, draft=draft)

    # Time and other desks

    def _tick(self) -> None:
        """Once a minute, on the minute: the time in row 1, and what depends on it."""
        self._await_minute()
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.on_minute()

    def _await_minute(self) -> None:
        now = self.desk.now()
        self.set_timer(60.5 - now.second - now.microsecond / 1e6, self._tick)

    def _poll(self) -> None:
        """See what other desks saved, four times a second; costs microseconds when nothing."""
        try:
            entries = self._feed.news()
        except DesktermError as error:
            self.say(f"NOT SAVED: {error.message}", level="error")
            return
        if not entries:
            return
        self._read_counts()
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                screen.on_changes(entries)

    def _read_counts(self) -> None:
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


def open_desk_screen(desk: Desk, *, crash_log: Path | None = None) -> int:
    """Run the desk in this terminal; the process's exit code."""
    return run_desk(DeskApp(desk, crash_log=crash_log))
