"""The styles that drawn widgets may use, by what they are for.

Each colour is a pair of text and background, one of those every terminal shows readably; the
rest is the terminal's own text, bold when primary and in reverse video when selected. A style
never carries a meaning alone: the word beside it does.
"""

from __future__ import annotations

from typing import Final

from rich.style import Style

PLAIN: Final = Style.null()
PRIMARY: Final = Style(bold=True)
SELECTED: Final = Style(reverse=True)
ATTENTION: Final = Style(color="black", bgcolor="bright_yellow")
STOP: Final = Style(color="bright_white", bgcolor="red")
INFORMATION: Final = Style(color="bright_white", bgcolor="blue")
GOOD: Final = Style(color="black", bgcolor="green")
PRACTICE: Final = Style(color="black", bgcolor="bright_cyan")

STYLES: Final[dict[str, Style]] = {
    "": PLAIN,
    "plain": PLAIN,
    "primary": PRIMARY,
    "selected": SELECTED,
    "attention": ATTENTION,
    "stop": STOP,
    "information": INFORMATION,
    "good": GOOD,
    "practice": PRACTICE,
}
"""By the names that data gives: a row's or a cell's ``style``."""
