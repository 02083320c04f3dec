"""The App every desk screen runs in: Textual with its hardenings on and its escape hatches shut."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from textual.app import App, SuspendNotSupported
from textual.dom import DOMNode
from textual.driver import Driver
from textual.filter import LineFilter
from textual.geometry import Size
from textual.widget import Widget

from deskterm.errors import NotAllowed
from deskterm.terminal import crash, theme
from deskterm.terminal.driver import SafeLinuxDriver, clamp_size
from deskterm.terminal.gate import KeyGate
from deskterm.terminal.output import OutputFilter
from deskterm.terminal.signals import ExitGuard
from deskterm.text import safe

_CSS = """
* { scrollbar-size: 0 0; }
Screen, ModalScreen { background: ansi_default; color: ansi_default; }
Input, Input:focus {
    border: none; height: 1; padding: 0; background: ansi_default; color: ansi_default;
    background-tint: ansi_default 0%;
}
Input > .input--placeholder, Input > .input--suggestion {
    color: ansi_default; text-style: none;
}
OptionList, OptionList:focus {
    border: none; padding: 0; background: ansi_default; color: ansi_default;
    background-tint: ansi_default 0%;
}
DataTable, DataTable:focus { background-tint: ansi_default 0%; }
"""


class SafeApp(KeyGate, App[int], inherit_bindings=False):
    """Subclass this. Run it with :func:`run_desk`.

    ``crash_log`` is where details of a crash go; ``last_rites`` runs when the process must end
    although the app is stuck: on another thread, without the app.
    """

    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    ALLOW_SELECT = False
    ENABLE_SELECT_AUTO_SCROLL = False

    crash_log: Path | None = None
    EXIT_GRACE: ClassVar[float] = 3.0

    def __init__(self) -> None:
        super().__init__(ansi_color=True)
        theme.register(self)
        # Ahead of the app's own rules, which may refine it, and above every widget's defaults.
        self.stylesheet.add_source(_CSS, (__file__, "SafeApp"))
        self._disable_tooltips = True
        self._crashes: list[crash.Crash] = []
        self._output_filter = OutputFilter()
        self._guard: ExitGuard | None = None

    def last_rites(self) -> None:
        """Release what must not outlive the process. Override; must not touch the app."""

    def leave(self, code: int) -> None:
        """Ask the app to end with ``code``; from any thread or signal handler."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(lambda: self.exit(return_code=code))

    def hang_up(self) -> None:
        """The terminal is gone: end with the code of a hang-up, stuck or not."""
        if self._guard is not None:
            self._guard.hang_up()
        else:
            self.leave(129)

    # What is drawn

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self._output_filter]

    @property
    def size(self) -> Size:
        """The terminal's size in cells, within what the desk draws for."""
        return Size(*clamp_size(*super().size))

    def notify(self, message: str, *, title: str = "", **options: Any) -> None:
        """Show ``message`` as it is, never as markup."""
        super().notify(safe(message), title=safe(title), **{**options, "markup": False})

    def _set_pointer_shape(self, shape: str) -> None:
        """There is no pointer."""

    def _register_child(
        self, parent: DOMNode, child: Widget, before: int | None, after: int | None
    ) -> None:
        super()._register_child(parent, child, before, after)
        # A blinking cursor writes for ever: an idle desk would not be silent, and the server
        # would never notice a dead line.
        if "cursor_blink" in child._reactives:
            child.set_reactive(type(child).cursor_blink, False)  # type: ignore[attr-defined]

    # Ways out that a clerk's screen must not have

    def get_driver_class(self) -> type[Driver]:
        return SafeLinuxDriver

    def copy_to_clipboard(self, text: str) -> None:
        """Keep ``text`` for pasting inside the desk; it never leaves for the clerk's computer."""
        self._clipboard = text

    def open_url(self, url: str, *, new_tab: bool = True) -> NoReturn:
        _refuse()

    def save_screenshot(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    def deliver_screenshot(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    def deliver_text(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    def deliver_binary(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    def action_screenshot(self, *args: Any, **kwargs: Any) -> None:
        """Nothing: a picture of the screen is a copy of the record."""

    @contextmanager
    def suspend(self) -> Iterator[None]:
        raise SuspendNotSupported("The desk is never suspended")
        yield

    def action_suspend_process(self) -> None:
        """Nothing: a stopped desk would keep its locks."""

    # Crashes

    def _handle_exception(self, error: Exception) -> None:
        """End the app; remember where it happened, without any value."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
            self._crashes.append(crash.describe(error))
        self._close_messages_no_wait()

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            self._handle_exception(error)
        else:
            self._return_code = 1
            self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Called when the terminal is normal again."""
        self._exit_renderables.clear()
        for found in self._crashes:
            crash.tell(found, self.crash_log)
        self._crashes.clear()

    async def run_async(self, **options: Any) -> int | None:
        asyncio.get_running_loop().set_exception_handler(self._on_loop_error)
        return await super().run_async(**options)

    def _on_loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An error in a task nobody awaited: asyncio would print its message and values."""
        error = context.get("exception")
        if isinstance(error, Exception) and self.is_running:
            self._handle_exception(error)


def run_desk(app: SafeApp) -> int:
    """Run ``app`` in this terminal and return the process's exit code. Main thread only.

    Call ``sys.exit`` with it: 0, what ``app.exit(return_code=…)`` said, 128 + signal after a
    hang-up or a server going down, 1 after a crash.
    """
    app._guard = guard = ExitGuard(app.leave, last_rites=app.last_rites, grace=app.EXIT_GRACE)
    threads_hook = threading.excepthook

    def thread_failed(told: threading.ExceptHookArgs) -> None:
        if told.exc_value is not None and app.crash_log is not None:
            crash.write_log(crash.describe(told.exc_value), app.crash_log)

    threading.excepthook = thread_failed
    guard.install()
    try:
        app.run(mouse=False)
    except Exception as error:
        crash.tell(crash.describe(error), app.crash_log)
        return 1
    finally:
        guard.remove()
        threading.excepthook = threads_hook
    return guard.code or app.return_code or 0


def _refuse() -> NoReturn:
    raise NotAllowed("The desk does not do this", "Ask the office's administrator")
