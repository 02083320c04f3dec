"""Parts of the day, as a search for an opening takes them and as they are typed."""

from __future__ import annotations

from datetime import time

from deskterm.entry.times import Window, show_time


def window_times(window: Window | None, at: time | None) -> tuple[time | None, time | None]:
    """The earliest and latest start wanted."""
    if at is not None:
        return at, None
    if window is None:
        return None, None
    after, before = window.after, window.before
    if window.half == "am":
        before = before or time(12)
    elif window.half == "pm":
        after = after or time(12)
    return after, before


def window_words(window: Window | None) -> str:
    """A part of the day as it is typed: ``pm``, ``after 2:00p``, ``9:00a-11:00a``."""
    if window is None:
        return ""
    after, before = (show_time(edge) if edge else "" for edge in (window.after, window.before))
    if after and before:
        return f"{after}-{before}"
    return window.half or (f"after {after}" if after else f"before {before}" if before else "")
