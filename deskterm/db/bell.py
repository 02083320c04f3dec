"""The bell: how a desk hears, without asking, that another one saved or opened something.

A writer touches the queue file once its entry is committed (:meth:`ClinicDatabase.ring`); the
kernel tells everybody who watches that file. Nothing is sent, nothing ticks, and a desk that
nobody disturbs costs nothing. Where the kernel cannot watch files the number is -1 and one has
to ask instead; a server's own notices (LISTEN) would be another bell with the same face.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

_MODIFY, _CLOSE_WRITE, _DELETE = 0x2, 0x8, 0x200
_NONBLOCK, _CLOEXEC = os.O_NONBLOCK, os.O_CLOEXEC
_EVENT = struct.Struct("iIII")

NEWS, DESKS = "news", "desks"


class Bell:
    """Watches a file for ``news`` and a folder for ``desks``; ``fileno`` is for select."""

    def __init__(self, news: Path, desks: Path | None = None) -> None:
        self._what: dict[int, str] = {}
        self._fd = -1
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            self._fd = libc.inotify_init1(_NONBLOCK | _CLOEXEC)
        except (OSError, AttributeError):
            return
        if self._fd < 0:
            return
        self._watch(libc, news, _MODIFY, NEWS)
        if desks is not None:
            # A desk that dies closes what it wrote to: that is heard as well.
            self._watch(libc, desks, _MODIFY | _CLOSE_WRITE | _DELETE, DESKS)
        if NEWS not in self._what.values():
            self.close()

    def _watch(self, libc: ctypes.CDLL, path: Path, mask: int, what: str) -> None:
        number = libc.inotify_add_watch(self._fd, os.fsencode(path), mask)
        if number >= 0:
            self._what[number] = what

    def fileno(self) -> int:
        """What to wait on until it can be read; -1 when nothing can be heard here."""
        return self._fd

    def heard(self) -> set[str]:
        """What rang since the last call: ``news``, ``desks``, both or nothing."""
        rang: set[str] = set()
        while self._fd >= 0:
            try:
                data = os.read(self._fd, 4096)
            except (BlockingIOError, InterruptedError):
                break
            at = 0
            while at + _EVENT.size <= len(data):
                number, _, _, length = _EVENT.unpack_from(data, at)
                at += _EVENT.size + length
                # An overflowing queue (number -1) may have held anything.
                rang |= {self._what[number]} if number in self._what else {NEWS, DESKS}
        return rang

    def close(self) -> None:
        """Stop listening."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
