"""What must be true of the environment before Textual is imported.

Textual reads its settings once, when it is first imported, so the launcher calls
:func:`prepare_environment` before anything imports it. This module therefore imports no Textual.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from typing import TextIO

THEME_NAME = "desk"

_SHORTEST_ESCAPE_MS, _LONGEST_ESCAPE_MS = 10, 1000
# Locales that say nothing about the terminal; Python itself reads them as UTF-8.
_SILENT_LOCALES = {"", "c", "posix"}


def prepare_environment(environ: MutableMapping[str, str] | None = None) -> None:
    """Set what Textual reads at import, and remove what could drive or spy on the desk.

    ``ESCDELAY`` (milliseconds an Esc waits for the rest of a key) is kept when it is sensible:
    200 over SSH, where a key's bytes may arrive apart, else 100. Every other ``TEXTUAL…``
    variable goes: they can load a driver, press keys, log or photograph the screen.
    """
    env = os.environ if environ is None else environ
    for name in [name for name in env if name == "TEXTUAL" or name.startswith("TEXTUAL_")]:
        del env[name]
    if not _sensible_delay(env.get("ESCDELAY", "")):
        env["ESCDELAY"] = "200" if env.get("SSH_CONNECTION") else "100"
    env["TEXTUAL_DISABLE_KITTY_KEY"] = "1"
    env["TEXTUAL_ANIMATIONS"] = "none"
    env["TEXTUAL_SMOOTH_SCROLL"] = "0"
    env["TEXTUAL_THEME"] = f"{THEME_NAME},ansi-dark"
    if environ is None:
        for stream in (sys.__stdout__, sys.__stderr__):
            _speak_utf8(stream)


def usable_terminal(environ: MutableMapping[str, str] | None = None) -> str | None:
    """Why the full screen cannot be opened here, as a sentence; None when it can."""
    env = os.environ if environ is None else environ
    for stream in (sys.__stdin__, sys.__stderr__):
        try:
            if stream is None or not stream.isatty():
                return "There is no terminal here"
        except ValueError:
            return "There is no terminal here"
    kind = env.get("TERM", "")
    if kind in ("", "dumb", "unknown"):
        return f"The terminal says it cannot draw a screen (TERM={kind or 'not set'})"
    charset = locale_charset(env)
    if charset != "utf-8":
        return f"The terminal's character set is {charset}; the desk needs UTF-8"
    return None


def locale_charset(env: MutableMapping[str, str]) -> str:
    """The character set the locale names, in lower case; ``utf-8`` when it names none."""
    locale = env.get("LC_ALL") or env.get("LC_CTYPE") or env.get("LANG") or ""
    name, _, charset = locale.partition(".")
    charset = charset.partition("@")[0].lower()
    if charset in ("utf-8", "utf8") or name.lower() in _SILENT_LOCALES or not charset:
        return "utf-8"
    return charset


def _sensible_delay(value: str) -> bool:
    return value.isdecimal() and _SHORTEST_ESCAPE_MS <= int(value) <= _LONGEST_ESCAPE_MS


def _speak_utf8(stream: TextIO | None) -> None:
    """Let ``stream`` carry any name: an ASCII stderr prints accents as ``\\u…`` by default."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None and locale_charset(os.environ) == "utf-8":
        reconfigure(encoding="utf-8", errors="replace")
