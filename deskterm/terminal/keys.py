"""From the bytes of a keyboard to key presses.

Only sequences that mean the same on every terminal become keys; every other escape sequence is
dropped whole, so that none is ever typed into a field or read as letter commands. Time decides
two things a terminal cannot tell apart: an Esc from the start of a key, and Alt with a letter
from an Esc followed by one. The clock is passed in.
"""

from __future__ import annotations

import re
from typing import Final

from textual import events, messages
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.keys import KEY_NAME_REPLACEMENTS, _character_to_key
from textual.message import Message

ESC: Final = "\x1b"
CHORD: Final = 0.03
"""Seconds within which a character after Esc is Alt and that character, sent by one press."""
LATE: Final = 0.6
"""Seconds for which the rest of a split key may still come after its Esc was taken for a press."""
PASTE_PAUSE: Final = 2.0
"""Seconds of silence that end a paste whose closing mark was lost."""
PASTE_LIMIT: Final = 65_536
_SEQUENCE_LIMIT = 64
_ROUNDING = 1e-6
_STRING_LIMIT = 4096

_PASTE_BEGIN, _PASTE_END = "200~", ESC + "[201~"
_STRING_STARTS = "]PX^_"
_MOVES = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end"}
_NUMBERED = {
    "1": "home", "2": "insert", "3": "delete", "4": "end", "5": "pageup", "6": "pagedown",
    "7": "home", "8": "end", "11": "f1", "12": "f2", "13": "f3", "14": "f4", "15": "f5",
    "17": "f6", "18": "f7", "19": "f8", "20": "f9", "21": "f10", "24": "f12",
}  # fmt: skip
# What follows ESC [
_CSI = {
    **_MOVES,
    "Z": "shift+tab",
    **{f"{number}~": key for number, key in _NUMBERED.items()},
    **{f"[{letter}": f"f{n}" for n, letter in enumerate("ABCDE", 1)},
}
# What follows ESC O
_SS3 = {**_MOVES, "P": "f1", "Q": "f2", "R": "f3", "S": "f4", "M": "enter"}
_KEYPAD = dict(zip("jkmnopqrstuvwxy", "*+-./0123456789", strict=True))
_SYNC_REPLY = r"\?2026;([1-4])\$y"
_LATE_BRACKET = r"\[[0-9;\[]*[A-Za-z~]?"


class KeyParser:
    """Turns characters into key and paste events. ``escape_delay`` is in seconds."""

    def __init__(self, escape_delay: float) -> None:
        self._delay = escape_delay
        self._sequence = ""
        self._tail = ""
        self._paste: list[str] | None = None
        self._touched = 0.0
        self._escaped_at = float("-inf")
        self._out: list[Message] = []

    def feed(self, text: str, now: float) -> list[Message]:
        """The events that ``text``, read at ``now`` (seconds, any steady clock), completes."""
        for character in text:
            self._take(character, now)
            self._touched = now
        return self._drain()

    def tick(self, now: float) -> list[Message]:
        """The events that are due because nothing more came. Call when :meth:`due` has passed."""
        if (wait := self._wait()) is not None and now - self._touched >= wait - _ROUNDING:
            if self._paste is not None:
                self._end_paste()
            elif self._sequence == ESC:
                self._escape(now)
            elif self._tail:
                self._release_tail()
            self._sequence = ""
        return self._drain()

    def due(self, now: float) -> float | None:
        """Seconds until :meth:`tick` has something to do; None when nothing is pending."""
        wait = self._wait()
        return None if wait is None else max(0.0, self._touched + wait - now)

    def _wait(self) -> float | None:
        if self._paste is not None:
            return PASTE_PAUSE
        if self._sequence:
            return self._delay if self._sequence == ESC else LATE
        if self._tail:
            return CHORD if self._tail == "O" else LATE
        return None

    def _drain(self) -> list[Message]:
        out, self._out = self._out, []
        return out

    def _take(self, c: str, now: float) -> None:
        if self._paste is not None:
            self._paste_character(c)
        elif self._sequence:
            self._extend(c, now)
        elif self._tail:
            self._extend_tail(c, now)
        elif c == ESC:
            self._sequence = ESC
        elif c in "[O" and now - self._escaped_at < LATE:
            self._tail = c
        else:
            self._character(c)

    def _extend(self, c: str, now: float) -> None:
        """One more character of an escape sequence."""
        sequence = self._sequence
        together = now - self._touched <= CHORD
        if sequence == ESC:
            if c == ESC:
                self._key("escape", ESC)
            elif c in "[O" or (together and c in _STRING_STARTS):
                self._sequence += c
            else:
                self._sequence = ""
                if c == "\t":
                    self._key("shift+tab")
                elif not together:
                    self._key("escape", ESC)
                    self._character(c)
        elif sequence[1] in _STRING_STARTS:
            self._extend_string(c)
        elif c < " ":
            # A broken sequence: what interrupts it is a key of its own.
            self._sequence = ""
            self._take(c, now)
        elif sequence[1] == "O":
            self._sequence = sequence + c
            if not c.isdecimal():
                self._finish()
        else:
            if len(sequence) < _SEQUENCE_LIMIT:
                self._sequence = sequence + c
            opening = c == "[" and sequence == ESC + "["
            if "@" <= c <= "~" and not opening:
                self._finish()

    def _extend_string(self, c: str) -> None:
        """A terminal's answer or somebody's trick: nothing of it is a key."""
        sequence = self._sequence
        ended = c == "\x07" or (c == "\\" and sequence[-1] == ESC) or c in "\r\x9c"
        if ended:
            self._sequence = ""
        elif len(sequence) < _STRING_LIMIT:
            self._sequence = sequence + c
        else:
            # Only the last character still matters: it may begin the end.
            self._sequence = sequence[:-1] + c

    def _finish(self) -> None:
        sequence, self._sequence = self._sequence, ""
        introducer, body = sequence[1], sequence[2:]
        if introducer == "[":
            if body == _PASTE_BEGIN:
                self._paste = []
            elif body in _CSI:
                self._key(_CSI[body])
            elif re.fullmatch(_SYNC_REPLY, body):
                self._out.append(messages.TerminalSupportsSynchronizedOutput())
        elif body in _SS3:
            self._key(_SS3[body])
        elif body in _KEYPAD:
            self._character(_KEYPAD[body])

    def _extend_tail(self, c: str, now: float) -> None:
        """After a late Esc: is this the rest of its key (swallowed), or somebody typing?"""
        tail = self._tail + c
        if tail[0] == "O":
            late = c in _SS3 and now - self._touched <= CHORD
            if late:
                self._tail = ""
                self._escaped_at = float("-inf")
                return
        elif re.fullmatch(_LATE_BRACKET, tail) and not c.islower():
            self._tail = tail
            if c.isalpha() or c == "~":
                self._tail = ""
                self._escaped_at = float("-inf")
            return
        self._release_tail()
        self._take(c, now)

    def _release_tail(self) -> None:
        tail, self._tail = self._tail, ""
        self._escaped_at = float("-inf")
        for c in tail:
            self._character(c)

    def _paste_character(self, c: str) -> None:
        assert self._paste is not None
        self._paste.append(c)
        if c == "~" and "".join(self._paste[-len(_PASTE_END) :]) == _PASTE_END:
            del self._paste[-len(_PASTE_END) :]
            self._end_paste()
        elif len(self._paste) > PASTE_LIMIT + len(_PASTE_END):
            del self._paste[PASTE_LIMIT]

    def _end_paste(self) -> None:
        text = "".join(self._paste or ())[:PASTE_LIMIT].replace("\x00", "")
        self._paste = None
        if text:
            self._out.append(events.Paste(text))

    def _escape(self, now: float) -> None:
        self._escaped_at = now
        self._key("escape", ESC)

    def _key(self, key: str, character: str | None = None) -> None:
        self._out.append(events.Key(key, "\r" if key == "enter" else character))

    def _character(self, c: str) -> None:
        """A key that is one character, by Textual's name for it. C1 controls are no keys."""
        if "\x80" <= c <= "\x9f" or "\ud800" <= c <= "\udfff":
            return
        known = ANSI_SEQUENCES_KEYS.get(c)
        if isinstance(known, tuple):
            for key in known:
                self._out.append(events.Key(key.value, c))
            return
        name = c if c.isalnum() else _character_to_key(c)
        self._out.append(events.Key(KEY_NAME_REPLACEMENTS.get(name, name), c))
