"""The part of the app that locks the desk, by key or when nobody is there, and unlocks it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import events
from textual.screen import Screen

from deskterm.errors import DesktermError, NotAllowed
from deskterm.office import credentials, locking, sessions
from deskterm.office.origin import BY
from deskterm.screens.base import DeskScreen
from deskterm.screens.lock import LockScreen
from deskterm.terminal.safe_app import SafeApp

if TYPE_CHECKING:
    from deskterm.db.journal import Entry
    from deskterm.office.desk import Desk

WARNING = 30  # seconds of counting down before the desk locks
SESSION_SECONDS = 2.0  # between looks at whether this session is still wanted
# What may have ended this session: looked at as soon as it is heard of.
ENDS_SESSIONS = frozenset(
    {"session.start", "staff.disable", "staff.role", "staff.key_revoke", "role.forbid"}
)


class Locking(SafeApp):
    """Mixin of the desk's app. A locked desk shows the lock and takes no action but its keys."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.farewell = ""
        self._last_key = 0.0
        self._counted = 0
        self._ask_at = 0.0
        self._over = ""
        self._missed: list[Entry] = []
        self._after: list[Callable[[], Any]] = []

    # To be given by the app

    def keep_drafts(self, cause: str = "") -> None:
        """Save every form that is open and was typed into."""
        raise NotImplementedError

    async def start_over(self) -> None:
        """Somebody else sits here now, or nobody did yet: a fresh desk."""
        raise NotImplementedError

    def show_changes(self, entries: list[Entry]) -> None:
        """Show what other desks did."""
        raise NotImplementedError

    def read_counts(self) -> None:
        """Count again what row 1 shows."""
        raise NotImplementedError

    # The gate: while locked no binding fires, and nothing is put over the lock

    @property
    def hides_all(self) -> bool:
        """Whether nothing but the lock may be drawn."""
        return self.desk.locked

    @property
    def lock_screen(self) -> LockScreen | None:
        """The lock, while it is on."""
        return next((s for s in self.screen_stack if isinstance(s, LockScreen)), None)

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """Nothing behind the lock hears of a new size; the screen learns it when it is back."""
        return [] if self.desk.locked else super()._background_screens

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return False if self.desk.locked else super().check_action(action, parameters)

    def push_screen(self, screen: Any, *given: Any, **named: Any) -> Any:
        """Put ``screen`` on top. Raises NotAllowed while the desk is locked."""
        if self.desk.locked and not isinstance(screen, LockScreen):
            raise NotAllowed("This desk is locked", "Unlock it first", locked=True)
        return super().push_screen(screen, *given, **named)

    def switch_screen(self, screen: Any) -> Any:
        """Put ``screen`` in place of the top one. Raises NotAllowed while the desk is locked."""
        if self.desk.locked:
            raise NotAllowed("This desk is locked", "Unlock it first", locked=True)
        return super().switch_screen(screen)

    def switch_mode(self, mode: str) -> Any:
        """Raises NotAllowed while the desk is locked."""
        if self.desk.locked:
            raise NotAllowed("This desk is locked", "Unlock it first", locked=True)
        return super().switch_mode(mode)

    def pop_screen(self) -> Any:
        """Take the top screen away. Raises NotAllowed while the desk is locked."""
        if self.desk.locked:
            raise NotAllowed("This desk is locked", "Unlock it first", locked=True)
        return super().pop_screen()

    def hear(self, entries: list[Entry]) -> None:
        """Other desks did something: shown now, or after unlocking."""
        if any(entry.operation in ENDS_SESSIONS for entry in entries):
            self._ask_at = 0.0
            self.watch_session()
            if self.farewell:
                return
        if self.desk.locked:
            self._missed += entries
        else:
            self.show_changes(entries)

    def put_off(self, action: Callable[[], Any]) -> bool:
        """While locked: do ``action`` after unlocking. Whether that is so."""
        if self.desk.locked:
            self._after.append(action)
        return self.desk.locked

    # Locking

    def must_begin_locked(self, over_ssh: bool) -> str:
        """Why this session begins at the lock; empty when it does not."""
        has_secret = credentials.has_secret(self.desk, self.desk.actor.login)
        settings = self.desk.settings
        if over_ssh and has_secret and settings.pin_at_start:
            return "Signed in by key. Your PIN opens the desk"
        if (
            BY in self.desk.origin
            and has_secret
            and settings.pin_spoken_for
            and not settings.practice
        ):
            return "Opened by another account. The PIN opens the desk"
        if self.desk.settings.policy.pin_required and not has_secret:
            return "Everybody here has a PIN. Choose yours"
        return ""

    def lock_desk(self, cause: str = locking.BY_HAND, why: str = "") -> Any:
        """Blank everything at once; what must be written is written after it is painted."""
        if self.desk.locked:
            return None
        self._stop_counting()
        screen = LockScreen(locking.lock(self.desk, cause), self.desk.actor.login, why=why)
        done = self.push_screen(screen)
        screen.call_after_refresh(self._write_down, cause)
        return done

    def keep_under_lock(self) -> None:
        """Save what was typed before the desk locked; nothing else happens in between."""
        locked, self.desk.locked = self.desk.locked, False
        try:
            self.keep_drafts()
        finally:
            self.desk.locked = locked

    def _write_down(self, cause: str) -> None:
        self.keep_under_lock()
        with contextlib.suppress(DesktermError):
            self.desk.views.flush()
        with contextlib.suppress(DesktermError):
            locking.note(self.desk, "session.lock", cause)

    async def unlocked(self) -> None:
        """The office let somebody in: the same person goes on, another one begins."""
        lock = self.lock_screen
        if lock is None or self.desk.locked:
            return
        self._last_key = self.desk.clock.monotonic()
        lock.save_note()
        # Work that was taken up at another desk went on there: what is kept counts, not this.
        same = lock.login == self.desk.actor.login and len(self.screen_stack) > 2
        same, self._over = same and not self._over, ""
        missed, self._missed = self._missed, []
        after, self._after = self._after, []
        if not same:
            await self.start_over()
            return
        # Not awaited: the lock itself is what is asking, and cannot wait for its own end.
        self.pop_screen()
        self.read_counts()
        if missed:
            self.show_changes(missed)
        for action in after:
            done = action()
            if done is not None and hasattr(done, "__await__"):
                await done

    # Nobody there

    async def on_event(self, event: events.Event) -> None:
        """Any key, and any paste, shows that somebody is there."""
        if isinstance(event, events.Key | events.Paste) and not self.desk.locked:
            self._last_key = self.desk.clock.monotonic()
            self._stop_counting()
        await super().on_event(event)

    def watch_idle(self) -> None:
        """Count down, lock, and later close a desk that nobody types at."""
        idle = self.desk.clock.monotonic() - self._last_key
        if idle >= locking.log_off_after(self.desk):
            minutes = int(locking.log_off_after(self.desk) // 60)
            self.log_off(f"Logged off after {minutes} minutes without a key. Your work is kept")
            return
        if self.desk.locked:
            return
        left = locking.lock_after(self.desk) - idle
        if left <= 0:
            self.lock_desk("idle")
        elif left <= WARNING:
            self._count_down(math.ceil(left / 2) * 2)

    def log_off(self, said: str) -> None:
        """Keep what was typed, close the desk and say why in the terminal."""
        self.farewell = said
        self.save_all()
        self.exit(return_code=0)

    def save_all(self) -> None:
        """Whatever was typed anywhere, before the desk ends."""
        lock = self.lock_screen
        if lock is not None:
            lock.save_note()
        self.keep_under_lock()

    def leave(self, code: int) -> None:
        """End with ``code`` once what was typed is kept; from any thread or signal handler."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._leave, code)

    def _leave(self, code: int) -> None:
        try:
            self.save_all()
        finally:
            self.exit(return_code=code)

    # The session

    def watch_session(self) -> None:
        """Every few seconds: lock a desk whose person sits elsewhere now, close an ended one."""
        now = self.desk.clock.monotonic()
        if now < self._ask_at:
            return
        self._ask_at = now + SESSION_SECONDS
        try:
            over = sessions.alive(self.desk)
        except DesktermError:
            return
        if over is None or over == self._over:
            return
        self._over = over
        if over.startswith("taken over"):
            where = over.removeprefix("taken over by ")
            why = f"You signed in at {where}. Unlocking here takes your work back"
            if self.lock_screen is not None:
                self.lock_screen.tell(why)
            else:
                self.lock_desk(over, why)
        else:
            self.log_off(f"This session is over: {over}. What you typed is kept")

    def note_presence(self) -> None:
        """Once a minute: this session is still there."""
        with contextlib.suppress(DesktermError):
            sessions.seen(self.desk)

    def _count_down(self, seconds: int) -> None:
        screen = self.screen
        if seconds != self._counted and isinstance(screen, DeskScreen):
            self._counted = seconds
            screen.cover(f"This desk locks in {seconds} s. Any key stops it")

    def _stop_counting(self) -> None:
        if self._counted:
            self._counted = 0
            for screen in self.screen_stack:
                if isinstance(screen, DeskScreen):
                    screen.cover("")


def top_of(stack: list[Screen[Any]]) -> DeskScreen | None:
    """The topmost place at the desk, be it under the lock."""
    return next((s for s in reversed(stack) if isinstance(s, DeskScreen)), None)
