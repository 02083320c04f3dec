"""No key is lost and none reaches the wrong place, however fast it was typed.

Textual hands a key to whatever has the focus at that moment; keys typed ahead of a screen that is
still opening run as commands of the old one. The gate lets keys through one at a time, and the
next only once the screen and focus that the last one led to have settled.

The discipline that goes with it, for our own screens: await ``push_screen`` (:meth:`KeyGate.open`)
and set the focus at once (:func:`focus_now`), instead of ``widget.focus()``, which is put off.
Work that opens a screen from a worker holds the keys meanwhile (:meth:`KeyGate.keys_held`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ScreenStackError
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from textual.app import App
    from textual.screen import Screen
    from textual.widget import Widget

    _Base = App[Any]
else:
    _Base = object

_SLICE = 0.05  # seconds
_CALM_TURNS = 2
_FREE_TURNS = 50


def focus_now(widget: Widget) -> None:
    """Give ``widget`` the focus before the next key is handled."""
    widget.screen.set_focus(widget)


class KeyGate(_Base):
    """Mixin for an App, before App in the bases."""

    GATE_LIMIT: ClassVar[float] = 10.0
    """Seconds of waiting, with the event loop free, after which keys go on regardless."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gate_keys: deque[events.Event] = deque()
        self._gate_passing: events.Event | None = None
        self._gate_task: asyncio.Task[None] | None = None
        self._gate_holds = 0

    async def on_event(self, event: events.Event) -> None:
        """Queue fresh keys and pastes; everything else, and the key let through, goes on."""
        fresh = isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded
        if fresh and event is not self._gate_passing:
            self._gate_keys.append(event)
            if self._gate_task is None or self._gate_task.done():
                self._gate_task = asyncio.create_task(self._gate_run(), name="key gate")
            return
        await super().on_event(event)

    def key_comes(self, key: str) -> None:
        """The next key is about to be handled, by whatever has the focus. Override."""

    async def open(self, screen: Screen[Any], callback: Callable[[Any], Any] | None = None) -> None:
        """Push ``screen`` and return when it is mounted. For use in actions and handlers."""
        await self.push_screen(screen, callback)

    @contextmanager
    def keys_held(self) -> Iterator[None]:
        """Hold keys back while a worker prepares a screen, at most ``GATE_LIMIT`` seconds."""
        self._gate_holds += 1
        try:
            yield
        finally:
            self._gate_holds -= 1

    async def keys_settled(self) -> None:
        """Wait until all keys were handled. For tests and workers, never inside a handler."""
        while self._gate_task is not None and not self._gate_task.done():
            await asyncio.wait({self._gate_task})

    async def _gate_run(self) -> None:
        """Let the waiting keys through. Errors in handlers arise in their own pump, not here."""
        try:
            while self._gate_keys and self.is_running:
                top = self._gate_top()
                if not self._gate_calm(top[0], self._gate_way(top)):
                    await self._gate_settle()
                event = self._gate_keys.popleft()
                self._gate_passing = event
                if isinstance(event, events.Key):
                    self.key_comes(event.key)
                self.post_message(event)
                await self._gate_settle()
        except Exception as error:
            self._handle_exception(error)

    async def _gate_settle(self) -> None:
        """Wait until all that a key can set off has come to rest, on an unchanged screen."""
        patience = self.GATE_LIMIT / _SLICE
        calm = turns = 0
        top = self._gate_top()
        way = self._gate_way(top)
        while calm < _CALM_TURNS and patience > 0 and self.is_running:
            # A turn of the event loop lets every woken pump go on; most keys need a few.
            await asyncio.sleep(0)
            turns += 1
            before, top = top, self._gate_top()
            if top != before:
                way = self._gate_way(top)
            elif self._gate_calm(top[0], way):
                calm += 1
                continue
            calm = 0
            if turns > _FREE_TURNS:
                patience -= await self._gate_wait()

    def _gate_top(self) -> tuple[Screen[Any] | None, Widget | None]:
        try:
            screen = self.screen
        except ScreenStackError:
            return None, None
        return screen, screen.focused

    def _gate_way(self, top: tuple[Screen[Any] | None, Widget | None]) -> Sequence[MessagePump]:
        """All on a key's way, from the focused widget outwards; nobody on it changes parents."""
        screen, focused = top
        start = focused if focused is not None else screen
        return [self] if start is None else start.ancestors_with_self

    def _gate_calm(self, screen: Screen[Any] | None, way: Sequence[MessagePump]) -> bool:
        """Is the screen there, is nothing put off until it is painted, and is everybody at rest?"""
        if self._gate_holds or screen is None or not screen._is_mounted or screen._callbacks:
            return False
        return all(map(_at_rest, way))

    async def _gate_wait(self) -> float:
        """Wait a little, or until whoever is busy is done; the slices of patience it took.

        Patience is counted in waits and not by the clock, so that work that blocks the event
        loop, a slow query say, uses up none of it.
        """
        way = self._gate_way(self._gate_top())
        busy = next((pump for pump in way if not _at_rest(pump)), None)
        done = asyncio.get_running_loop().create_future()

        def arrive() -> None:
            if not done.done():
                done.set_result(None)

        if busy is None or not busy.is_running or not busy.call_later(arrive):
            await asyncio.sleep(_SLICE / 20)
            return 1 / 20
        await asyncio.wait({done}, timeout=_SLICE)
        # Even a pump that is quick to answer may be busy for ever: that too must end.
        spent = 1 / 20 if done.done() else 1.0
        done.cancel()
        return spent


def _at_rest(pump: MessagePump) -> bool:
    """Has ``pump`` nothing to do, is it nowhere inside a handler, and waiting for a message?

    Textual has no word for this: a pump that waits on its empty queue is the only certain sign.
    One that has ended is at rest too.
    """
    if not pump.is_running:
        return True
    ready: Any = pump._message_queue.ready_event
    return not ready.is_set() and bool(ready._waiters) and not pump._next_callbacks
