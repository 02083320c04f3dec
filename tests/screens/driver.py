"""A clerk at the keyboard, for stories: presses keys, types, and looks at the screen.

async with at_desk(desk) as clerk:
    await clerk.press("f6")
    await clerk.type("smi 031482\n")
    assert "SMITH" in clerk.row(2)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from deskterm.app import DeskApp
from deskterm.office.desk import Desk

PATIENCE = 500  # turns of 10 ms of waiting for a condition before a test gives up
_NAMED = {"\n": "enter", "\r": "enter", "\t": "tab", " ": "space"}


class Clerk:
    """One person at one desk. Counts the keys that were pressed."""

    def __init__(self, app: DeskApp, pilot: Pilot[Any]) -> None:
        self.app = app
        self.pilot = pilot
        self.keys = 0

    @property
    def desk(self) -> Desk:
        return self.app.desk

    @property
    def screen(self) -> Any:
        """The screen on top."""
        return self.app.screen

    @property
    def place(self) -> str:
        """The class of the screen on top."""
        return type(self.app.screen).__name__

    async def press(self, *keys: str) -> None:
        """Press keys by name (``f6``, ``enter``, ``ctrl+z``) and wait until all is done."""
        self.keys += len(keys)
        await self.pilot.press(*keys)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type ``text`` key by key; a line break is Enter."""
        await self.press(*(_NAMED.get(c, c) for c in text))

    async def settle(self) -> None:
        """Wait until the keys were handled and what they led to is painted."""
        await self.app.keys_settled()
        await self.pilot.pause()
        if self.app._exception is not None:
            raise self.app._exception

    async def wait(self, condition: Callable[[], object]) -> None:
        """Wait until ``condition`` holds. Fails when it does not come about."""
        for _ in range(PATIENCE):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not come about; the screen:\n" + self.text())

    async def wait_for(self, text: str) -> None:
        """Wait until ``text`` stands somewhere on the screen."""
        await self.wait(lambda: text in self.text())

    async def minute(self) -> None:
        """What the desk does when a minute has passed."""
        self.screen.on_minute()
        await self.settle()

    async def second(self) -> None:
        """What the desk does when a second has passed."""
        self.app.look_around()
        await self.settle()

    async def news(self) -> None:
        """Let the desk hear now what other desks did."""
        self.app.live.look()
        await self.settle()

    def lines(self) -> list[str]:
        """The screen, one text per row."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines())

    def row(self, number: int) -> str:
        """Row ``number``, counted from 1."""
        return self.lines()[number - 1]

    def line_with(self, text: str) -> str:
        """The first row that holds ``text``. Fails when there is none."""
        found = next((line for line in self.lines() if text in line), None)
        assert found is not None, f"no {text!r} on the screen:\n{self.text()}"
        return found

    def has(self, texts: Iterable[str]) -> list[str]:
        """Those of ``texts`` that are missing from the screen."""
        shown = self.text()
        return [text for text in texts if text not in shown]


@asynccontextmanager
async def at_desk(
    desk: Desk, *, size: tuple[int, int] = (80, 24), idle: bool = False
) -> AsyncIterator[Clerk]:
    """The running desk with somebody at the keyboard, on a terminal of ``size`` cells.

    However far a story moves the clock, the desk counts no idle time, except with ``idle``.
    """
    app = DeskApp(desk)
    if not idle:
        app.watch_idle = lambda: None  # type: ignore[method-assign]
    async with app.run_test(size=size) as pilot:
        clerk = Clerk(app, pilot)
        await clerk.settle()
        yield clerk
