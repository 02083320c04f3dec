"""Coming back to work that was set aside: the panels as they were, and where one was in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from deskterm.widgets.row_list import RowList
from deskterm.widgets.rows_paint import extent

if TYPE_CHECKING:
    from deskterm.screens.task import TaskScreen
    from deskterm.widgets.record_form import RecordForm

MOST_NAMED = 6  # fields named in one list before it says how many more


def panels(screen: TaskScreen) -> dict[str, Any]:
    """Which list or form has the keys, and the row each list stands on, as plain values."""
    lists = list(screen.query(RowList))
    focus = screen.focused if screen.prompt is None else screen._focus_before
    rows = [found.current.number if found.current is not None else None for found in lists]
    at = lists.index(focus) if isinstance(focus, RowList) and focus in lists else None
    return {"rows": rows, "list": at}


def put_back(screen: TaskScreen, state: object) -> None:
    """Let the lists stand on their rows again and give the keys to what had them."""
    if not isinstance(state, dict):
        return
    lists = list(screen.query(RowList))
    for found, number in zip(lists, state.get("rows") or (), strict=False):
        if isinstance(number, int):
            found.select_number(number)
    at = state.get("list")
    if isinstance(at, int) and at < len(lists) and lists[at].current is not None:
        screen.set_focus(lists[at])


def back_text(screen: TaskScreen, seconds: int) -> str:
    """``BACK after 5m 02s. You were at 3 Insurance. Done: identity, contact. Left: 3-7.``"""
    done, left = screen.progress()
    room = screen.app.size.width
    text = ""
    for most in range(MOST_NAMED, -1, -1):
        text = f"BACK after {away(seconds)}. You were at {screen.where()}."
        text += f" Done: {named(done, most)}." if done else ""
        text += f" Left: {named(left, most)}." if left else ""
        if extent(text) <= room:
            break
    return text


def away(seconds: int) -> str:
    """``5m 02s``, ``2h 05m``."""
    hours, rest = divmod(max(seconds, 0), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}h {minutes:02}m" if hours else f"{minutes}m {seconds:02}s"


def named(names: Sequence[str], most: int) -> str:
    """At most ``most`` names in a row, the others counted."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more" if most else f"{len(names)}"


def done_and_left(forms: Sequence[RecordForm]) -> tuple[list[str], list[str]]:
    """The labels of fields that were filled in and of those that are still wanted."""
    done: list[str] = []
    left: list[str] = []
    for form in forms[:1]:
        sheet = form.sheet
        for name in sheet.walk():
            label = sheet.specs[name].label.strip().lower()
            if sheet.is_gap(name):
                left.append(label)
            elif name != form.field and sheet.typed_into(name):
                done.append(label)
    return done, left
