"""Leaving when told to: a dropped line, a server going down, a terminal that no longer listens.

Without handlers a hang-up kills the process on the spot and leaves the terminal raw. The handler
asks the app to leave; should the app be stuck (a frozen terminal blocks every write, and with it
the event loop), a timer thread does the last rites and leaves without it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

GRACE = 3.0
"""Seconds the app has to leave by itself."""


def ignore_stop() -> None:
    """Ignore Ctrl+Z's signal: a stopped desk would hold its locks, and cannot be resumed here."""
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)


class ExitGuard:
    """Ends the app on SIGHUP and SIGTERM with exit code 128 + signal.

    ``leave(code)`` must be safe to call from any thread and ask the app to end. ``last_rites``
    runs only when the app did not end within ``grace`` seconds; it must not need the app.
    """

    def __init__(
        self,
        leave: Callable[[int], None],
        *,
        last_rites: Callable[[], None] = lambda: None,
        grace: float = GRACE,
    ) -> None:
        self._leave = leave
        self._last_rites = last_rites
        self._grace = grace
        self._timer: threading.Timer | None = None
        self.code = 0
        self._before: dict[int, Any] = {}
        self._terminal = _terminal_state()

    def install(self) -> None:
        """Take over both signals, also where a wrapper had them ignored. Main thread only."""
        for number in (signal.SIGHUP, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._handle)

    def remove(self) -> None:
        """Give the signals back and stop the timer: the app has ended."""
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before.clear()

    def hang_up(self) -> None:
        """The terminal is gone, whatever the signals said."""
        self._begin(128 + signal.SIGHUP)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._begin(128 + number)

    def _begin(self, code: int) -> None:
        if self._timer is not None:
            return
        self._timer = threading.Timer(self._grace, self._end, args=(code,))
        self._timer.daemon = True
        self._timer.start()
        self.code = code
        self._leave(code)

    def _end(self, code: int) -> None:
        try:
            self._last_rites()
        finally:
            if self._terminal is not None:
                with contextlib.suppress(termios.error, OSError, ValueError):
                    fileno, attributes = self._terminal
                    termios.tcsetattr(fileno, termios.TCSANOW, attributes)
            os._exit(code)


def _terminal_state() -> tuple[int, list[Any]] | None:
    try:
        fileno = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
        return fileno, termios.tcgetattr(fileno)
    except (termios.error, OSError, ValueError):
        return None
