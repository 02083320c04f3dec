"""Parts of the day, as a search for an opening takes them and as they are typed."""

from __future__ import annotations

from datetime import date, time

from deskterm.entry.dates import parse_date
from deskterm.entry.times import Window, parse_window, show_time
from deskterm.errors import Invalid
from deskterm.office import vocabulary
from deskterm.office.desk import Desk


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


def day_and_window(desk: Desk, text: str) -> tuple[date, str, Window | None]:
    """A date, with or without a part of the day (``1w pm``), and how it is said. Raises Invalid."""
    words = text.split()
    known = vocabulary.words(desk)
    order = desk.settings.policy.date_order
    for cut in range(len(words), 0, -1):
        try:
            found = parse_date(" ".join(words[:cut]), today=desk.today(), future=True, order=order)
        except Invalid:
            if cut == 1:
                raise
            continue
        rest = " ".join(words[cut:])
        window = parse_window(rest, opens=known.opens, closes=known.closes) if rest else None
        if rest and window is None:
            raise Invalid(f"{rest} is not a part of the day", "am, pm, after 2, 9a-11a")
        return found.day, f"{found.echo} {rest}".strip(), window
    raise Invalid("Type a date", "1w pm, fri am, 0324")
