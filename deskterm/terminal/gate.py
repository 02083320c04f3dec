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
from collections.abc import Callable, Iterator
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

_SLICE = 0.05
_SETTLED_ROUNDS = 2


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
                if not self._gate_calm():
                    await self._gate_settle()
                event = self._gate_keys.popleft()
                self._gate_passing = event
                self.post_message(event)
                await self._gate_settle()
        except Exception as error:
            self._handle_exception(error)

    async def _gate_settle(self) -> None:
        """Wait until the screen on top, its focus and all between have nothing left to do."""
        patience = self.GATE_LIMIT / _SLICE
        rounds = 0
        top = self._gate_top()
        while rounds < _SETTLED_ROUNDS and patience > 0:
            for pump in self._gate_chain():
                patience -= await self._gate_pass(pump, patience)
            if not self.is_running or patience <= 0:
                return
            before, top = top, self._gate_top()
            if top != before:
                rounds = 0
            elif self._gate_calm():
                rounds += 1
            else:
                rounds = 0
                await asyncio.sleep(_SLICE / 20)
                patience -= 1 / 20

    def _gate_top(self) -> tuple[Screen[Any] | None, Widget | None]:
        try:
            screen = self.screen
        except ScreenStackError:
            return None, None
        return screen, screen.focused

    def _gate_chain(self) -> list[MessagePump]:
        """The app, then from the focused widget outwards to the app again: the way keys go."""
        screen, focused = self._gate_top()
        start = focused if focused is not None else screen
        return [self] if start is None else [self, *start.ancestors_with_self]

    def _gate_calm(self) -> bool:
        """Is everything a key could meet mounted, and without a message waiting?"""
        screen, _ = self._gate_top()
        if self._gate_holds or screen is None or not screen._is_mounted or screen._callbacks:
            return False
        return all(
            pump._message_queue.empty() and not pump._next_callbacks for pump in self._gate_chain()
        )

    async def _gate_pass(self, pump: MessagePump, patience: float) -> float:
        """Wait until ``pump`` has done what it had queued; the slices of patience it took."""
        passed = asyncio.get_running_loop().create_future()

        def arrive() -> None:
            if not passed.done():
                passed.set_result(None)

        if not pump.is_running or not pump.call_later(arrive):
            return 0
        # One turn of the loop is enough for an idle pump; only a busy one pays for a timer.
        for _ in range(4):
            await asyncio.sleep(0)
            if passed.done():
                return 0
        spent = 0
        while spent < patience and pump.is_running and self.is_running:
            await asyncio.wait({passed}, timeout=_SLICE)
            if passed.done():
                break
            spent += 1
        passed.cancel()
        return spent
