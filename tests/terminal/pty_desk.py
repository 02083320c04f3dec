"""Drives a real program in a real pseudo-terminal, and reads its screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence

import pyte

# Sequences that pyte would print as text.
_UNKNOWN_TO_PYTE = re.compile(
    rb"\x1b\[[<>][0-9;]*u|\x1b\[\?[0-9;]*\$p|\x1b\]22;[^\x07\x1b]*(?:\x07|\x1b\\)"
)
# The start of a sequence at the end of a read, to be completed by the next one.
_UNFINISHED = re.compile(rb"\x1b(?:\[[<>?0-9;$]*|\]22;[^\x07\x1b]*|\]2?)?\Z")

KEYS: Mapping[str, bytes] = {
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "shift+tab": b"\x1b[Z",
    "backspace": b"\x7f", "space": b" ", "delete": b"\x1b[3~", "insert": b"\x1b[2~",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~",
    "f1": b"\x1bOP", "f2": b"\x1bOQ", "f3": b"\x1bOR", "f4": b"\x1bOS", "f5": b"\x1b[15~",
    "f6": b"\x1b[17~", "f7": b"\x1b[18~", "f8": b"\x1b[19~", "f9": b"\x1b[20~",
    "f10": b"\x1b[21~", "f12": b"\x1b[24~",
    **{f"ctrl+{chr(96 + n)}": bytes([n]) for n in range(1, 27)},
}  # fmt: skip


def keys(*names: str | bytes) -> bytes:
    """The bytes of key names (``f2``, ``enter``, ``ctrl+g``); other strings are typed as text."""
    return b"".join(
        n if isinstance(n, bytes) else KEYS[n] if n in KEYS else n.encode() for n in names
    )


class PtyDesk:
    """A program on its own terminal. Use as a context manager; the program is killed at the end."""

    def __init__(
        self,
        argv: Sequence[str],
        env: Mapping[str, str | None] | None = None,
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
        ignore_hangup: bool = False,
        cwd: str | os.PathLike[str] | None = None,
    ) -> None:
        """``size`` is (columns, rows); a None in ``env`` removes a variable."""
        self._argv = list(argv)
        unwanted = ("NO_COLOR", "COLORTERM", "SSH_CONNECTION", "COLUMNS", "LINES", "TMUX")
        self._env = {k: v for k, v in os.environ.items() if k not in unwanted}
        self._env |= {"TERM": term, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        for name, value in (env or {}).items():
            if value is None:
                self._env.pop(name, None)
            else:
                self._env[name] = value
        self._size = size
        self._ignore_hangup = ignore_hangup
        self._cwd = cwd
        self.raw = b""
        self._mark = 0
        self._left_over = b""
        self._pyte = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._pyte)
        self.master = -1
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PtyDesk:
        self.master, slave = pty.openpty()
        self._set_size(*self._size)
        ignored = self._ignore_hangup

        def own_terminal() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if ignored:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)

        self.process = subprocess.Popen(
            self._argv, stdin=slave, stdout=slave, stderr=slave, env=self._env,
            preexec_fn=own_terminal, cwd=self._cwd, close_fds=True,
        )  # fmt: skip
        os.close(slave)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
        self.close_master()
        if self.process is not None:
            self.process.wait(10)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, timeout: float = 0.0) -> bool:
        """Read what there is, waiting up to ``timeout`` seconds for it. True if anything came."""
        if self.master < 0 or not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.raw += data
        data = _UNKNOWN_TO_PYTE.sub(b"", self._left_over + data)
        found = _UNFINISHED.search(data)
        cut = found.start() if found else len(data)
        self._left_over = data[cut:]
        self._stream.feed(data[:cut])
        return bool(data) or True

    def send(self, *names: str | bytes) -> None:
        """Send keys by name, text or raw bytes, all in one write."""
        os.write(self.master, keys(*names))

    def type(self, text: str) -> None:
        """Type ``text`` as it is, in one write."""
        os.write(self.master, text.encode())

    def screen(self) -> list[str]:
        """The lines of the screen as they are now, without trailing blanks."""
        while self.pump():
            pass
        return [line.rstrip() for line in self._pyte.display]

    def text(self) -> str:
        return "\n".join(self.screen())

    def wait_for(self, what: str | Callable[[list[str]], bool], timeout: float = 10.0) -> list[str]:
        """Wait until the screen holds ``what``, or until ``what(lines)``; the lines then."""
        deadline = time.monotonic() + timeout
        while True:
            lines = self.screen()
            if what in "\n".join(lines) if isinstance(what, str) else what(lines):
                return lines
            if time.monotonic() > deadline or (self._ended() and not self.pump(0.05)):
                shown = "\n".join(lines)
                raise AssertionError(f"never saw {what!r}; the screen:\n{shown}")
            self.pump(0.05)

    def wait_quiet(self, quiet: float = 0.3, timeout: float = 10.0) -> None:
        """Read until nothing was written for ``quiet`` seconds."""
        deadline = time.monotonic() + timeout
        while self.pump(quiet):
            if time.monotonic() > deadline:
                raise AssertionError("the program never stops writing")

    def mark(self) -> None:
        """Count bytes from here; see :meth:`bytes_since_mark`."""
        while self.pump():
            pass
        self._mark = len(self.raw)

    def bytes_since_mark(self) -> bytes:
        while self.pump():
            pass
        return self.raw[self._mark :]

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size, as a window does. pyte follows up to 500 by 200."""
        self._set_size(columns, rows)
        self._pyte.resize(min(rows, 200), min(columns, 500))

    def close_master(self) -> None:
        """The terminal goes away."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def _ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def exit_code(self, timeout: float = 10.0) -> int:
        """Wait for the end, still reading; the exit code, negative for a signal."""
        assert self.process is not None
        deadline = time.monotonic() + timeout
        while not self._ended():
            if self.master < 0:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(max(0.0, deadline - time.monotonic()))
            else:
                self.pump(0.02)
            if not self._ended() and time.monotonic() > deadline:
                raise AssertionError("the program does not end")
        while self.pump(0.02):
            pass
        return self.process.returncode
