"""How full a week is, half day by half day, below the openings that were found in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from deskterm.office import openings
from deskterm.office.desk import Desk
from deskterm.office.openings import Opening
from deskterm.widgets.panel import Text

MOST_PROVIDERS = 2


def week_lines(desk: Desk, found: Sequence[Opening]) -> list[Text]:
    """The week of the first opening, for the first providers among them; nothing without one."""
    if not found:
        return []
    day = found[0].start.date()
    monday = day - timedelta(days=day.weekday())
    codes = list(dict.fromkeys(o.provider for o in found))[:MOST_PROVIDERS]
    strips = openings.week_strip(desk, codes, monday)
    # Weekend days come into the strip only where somebody has hours on them.
    days = sorted({day for strip in strips for day in strip.days})
    wide = 9 if len(days) <= 5 else 8
    head = "".join(f"{day:%a %d}".ljust(wide) for day in days)
    lines: list[Text] = [f"Week of {monday:%b} {monday.day}".ljust(18) + head]
    legend = ["  . open", "  # full", "  x away"] if wide == 9 else []
    for strip in strips:
        for half, cells in (("AM", strip.am), ("PM", strip.pm)):
            by_day = dict(zip(strip.days, cells, strict=True))
            name = strip.provider if half == "AM" else ""
            shown = "".join(f"{by_day.get(day, ''):<{wide}}" for day in days)
            lines.append(f"  {name:<9} {half}    {shown}")
    for at, said in enumerate(legend[: len(lines)]):
        lines[at] = f"{lines[at]}{said}"
    return lines
