"""The App's escape hatches are shut, and it is silent when nothing happens."""

from __future__ import annotations

import asyncio
import re

import pytest
from textual.app import SuspendNotSupported
from textual.binding import Binding
from textual.widgets import Input, Static

from deskterm.errors import NotAllowed
from deskterm.terminal.safe_app import SafeApp
from deskterm.terminal.theme import THEME_NAME
from tests.terminal.conftest import StartDemo


class Bare(SafeApp):
    def compose(self):  # type: ignore[no-untyped-def]
        yield Static("still here")
        yield Input("secret")


async def test_ways_out_are_refused() -> None:
    app = Bare()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+q", "ctrl+p", "ctrl+c", "ctrl+z", "ctrl+backslash", "escape")
        await app.keys_settled()
        assert app.is_running
        assert len(app.screen_stack) == 1
        for way_out in (
            lambda: app.open_url("https://pwned.example/"),
            app.save_screenshot,
            app.deliver_screenshot,
            lambda: app.deliver_text("x"),
            lambda: app.deliver_binary("x"),
        ):
            with pytest.raises(NotAllowed):
                way_out()
        with pytest.raises(SuspendNotSupported), app.suspend():
            pass
        app.action_suspend_process()
        app.action_screenshot()


async def test_theme_and_cursor_are_the_desk_s() -> None:
    app = Bare()
    async with app.run_test():
        assert app.theme == THEME_NAME
        assert app.native_ansi_color
        assert not app.query_one(Input).cursor_blink
        assert app.query_one(Input).size.height == 1


async def test_a_pilot_types_through_the_gate() -> None:
    app = Bare()
    async with app.run_test() as pilot:
        await pilot.press("end", *"s of state")
        await app.keys_settled()
        assert app.query_one(Input).value.replace(" ", "") == "secretsofstate"


@pytest.mark.terminal
def test_the_clipboard_stays_inside(demo: StartDemo) -> None:
    desk = demo()
    desk.send("f2", "smi", "home", b"\x01", "ctrl+x", "ctrl+c", "ctrl+v", "done")
    desk.wait_for("done")
    assert b"\x1b]" not in desk.raw


@pytest.mark.terminal
def test_only_the_modes_the_desk_needs_are_turned_on(demo: StartDemo) -> None:
    desk = demo()
    desk.send("q")
    desk.exit_code()
    on = re.findall(rb"\x1b\[\?([0-9]+)h", desk.raw)
    assert set(on) - {b"2026"} == {b"1049", b"2004", b"25", b"7"}
    assert b"\x1b[>" not in desk.raw
    assert b"\x1b]22" not in desk.raw


@pytest.mark.terminal
@pytest.mark.parametrize("opened", [(), ("f2", "smi")], ids=["list", "field"])
def test_an_idle_desk_says_nothing(demo: StartDemo, opened: tuple[str, ...]) -> None:
    desk = demo()
    desk.send(*opened)
    desk.wait_quiet()
    desk.mark()
    desk.pump(2.0)
    assert desk.bytes_since_mark() == b""


class Stuck(Input):
    """A field whose handler never ends."""

    async def on_key(self) -> None:
        await asyncio.Event().wait()


class StuckDesk(SafeApp):
    GATE_LIMIT = 0.2
    BINDINGS = [Binding("f5", "day", "Day", priority=True)]
    days = 0

    def compose(self):  # type: ignore[no-untyped-def]
        yield Stuck()

    def action_day(self) -> None:
        self.days += 1


async def test_a_handler_that_never_ends_does_not_hold_keys_for_ever() -> None:
    app = StuckDesk()
    async with app.run_test():
        app.simulate_key("a")
        app.simulate_key("f5")
        while not app.days:
            await asyncio.sleep(0.01)
        app.query_one(Stuck)._task.cancel()  # type: ignore[union-attr]


async def test_an_unexpected_error_reaches_the_test() -> None:
    class Failing(Bare):
        BINDINGS = [Binding("f5", "fail", "Fail", priority=True)]

        def action_fail(self) -> None:
            raise LookupError("as expected")

    with pytest.raises(LookupError, match="as expected"):
        async with Failing().run_test() as pilot:
            await pilot.press("f5")
