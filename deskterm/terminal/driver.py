"""The desk's own input and output driver: any bytes survive, and a closed terminal ends the desk.

Textual's stock driver dies of one byte that is not UTF-8, types unknown escape sequences into the
focused field, spins for ever when the terminal is gone, and grows without bound when a terminal
says it is 20,000 cells wide.
"""

from __future__ import annotations

import os
import select
import signal
import time
from codecs import getincrementaldecoder
from typing import Any, Final, cast

from textual import constants
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size

from deskterm.terminal.keys import KeyParser
from deskterm.terminal.signals import ignore_stop

WIDEST, TALLEST = 500, 200
"""The largest terminal the desk draws for, in cells."""

# Focus reports make every switch of windows repaint; the others are the enhanced keyboard, the
# in-band resize query and the pointer shape: all unwanted, and some terminals print them.
_UNWANTED: Final = ("\x1b[?1004h", "\x1b[?1004l", "\x1b[<u", "\x1b[>", "\x1b[?2048", "\x1b]22;")


def clamp_size(width: int, height: int) -> tuple[int, int]:
    """``width`` and ``height`` within what the desk draws; 80 by 24 for a size of nothing."""
    return min(width or 80, WIDEST), min(height or 24, TALLEST)


class TerminalFile:
    """Writes text to a terminal as UTF-8, and stays quiet once the terminal is gone."""

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno
        self.gone = False

    def fileno(self) -> int:
        return self._fileno

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        """Write all of ``text``, waiting for a slow terminal."""
        data = memoryview(text.encode("utf-8", "replace"))
        while data and not self.gone:
            try:
                data = data[os.write(self._fileno, data) :]
            except BlockingIOError:
                select.select([], [self._fileno], [], 1.0)
            except OSError:
                self.gone = True
        return len(text)


class SafeLinuxDriver(LinuxDriver):
    """Reads keys without fear of any byte. Calls ``app.hang_up()`` when the terminal closes."""

    _app: Any

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        ignore_stop()
        self._terminal = TerminalFile(self._file.fileno() if self._file is not None else 2)
        # The stock driver writes through this; it needs no more of a file than ours has.
        self._file = cast("Any", self._terminal)
        self._wake_read, self._wake_write = os.pipe()

    @property
    def can_suspend(self) -> bool:
        """Never: a stopped desk would keep what it holds."""
        return False

    def write(self, data: str) -> None:
        if not data.startswith(_UNWANTED):
            super().write(data)

    def start_application_mode(self) -> None:
        super().start_application_mode()
        signal.signal(signal.SIGCONT, signal.SIG_DFL)
        ignore_stop()
        # The stock handler reads the size inside the signal, where the next signal can come
        # between reading and telling: the older size is told last, and stays.
        self._loop.add_signal_handler(signal.SIGWINCH, self._tell_size)

    def _tell_size(self) -> None:
        size = Size(*self._get_terminal_size())
        self._app.post_message(Resize(size, size))

    def disable_input(self) -> None:
        # Wakes the input thread at once: it sleeps until there is something to do.
        os.write(self._wake_write, b"x")
        self._loop.remove_signal_handler(signal.SIGWINCH)
        super().disable_input()

    def close(self) -> None:
        super().close()
        if self._key_thread is None or not self._key_thread.is_alive():
            for fd in (self._wake_read, self._wake_write):
                os.close(fd)

    def _get_terminal_size(self) -> tuple[int, int]:
        for fileno in (self._terminal.fileno(), self.fileno):
            try:
                return clamp_size(*os.get_terminal_size(fileno))
            except OSError:
                continue
        return clamp_size(0, 0)

    def _query_in_band_window_resize(self) -> None:
        """Not asked: the size comes by signal, on every terminal alike."""

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:
            self._loop.call_soon_threadsafe(self._app._handle_exception, error)

    def run_input_thread(self) -> None:
        """Read until told to stop or the terminal is gone; sleep while nothing is pending."""
        parser = KeyParser(constants.ESCAPE_DELAY)
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        while not self.exit_event.is_set():
            due = parser.due(time.monotonic())
            # Rounded up, so that a wake-up is never too early to have something to do.
            ready = dict(poll.poll(None if due is None else int(due * 1000) + 1))
            if self._wake_read in ready:
                return
            if not ready:
                found = parser.tick(time.monotonic())
            elif data := self._read():
                try:
                    found = parser.feed(decode(data), time.monotonic())
                except Exception:
                    # Bytes no parser expects are dropped; the desk goes on with fresh eyes.
                    parser, found = KeyParser(constants.ESCAPE_DELAY), []
            else:
                self._loop.call_soon_threadsafe(self._app.hang_up)
                return
            for message in found:
                self.process_message(message)

    def _read(self) -> bytes:
        """What was typed; nothing when the terminal is gone."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""
