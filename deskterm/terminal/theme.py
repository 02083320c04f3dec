"""Colours: the terminal's own sixteen, always as a pair of text and background.

Only these pairs pass 4.5:1 in the stock palettes of five terminals. Everything else is the
terminal's default text on its default background, made primary by bold and chosen by reverse
video. No colour ever carries a meaning alone: every badge is a word.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from rich.color import Color, ColorType
from rich.style import Style
from textual.theme import Theme

from deskterm.terminal.launch import THEME_NAME

if TYPE_CHECKING:
    from textual.app import App

__all__ = ["PAIRS", "PAIR_STYLES", "THEME", "THEME_NAME", "allowed", "register"]

_COLOURS: Final[dict[str, tuple[str, str]]] = {
    "attention": ("black", "bright_yellow"),
    "stop": ("bright_white", "red"),
    "information": ("bright_white", "blue"),
    "good": ("black", "green"),
    "practice": ("black", "bright_cyan"),
}

PAIRS: Final[dict[str, Style]] = {
    "plain": Style(),
    "primary": Style(bold=True),
    "selected": Style(reverse=True),
    **{name: Style(color=text, bgcolor=back) for name, (text, back) in _COLOURS.items()},
}
"""Rich styles by use, for ``render_line``."""

PAIR_STYLES: Final[dict[str, str]] = {
    "plain": "",
    "primary": "bold",
    "selected": "reverse",
    **{name: f"ansi_{text} on ansi_{back}" for name, (text, back) in _COLOURS.items()},
}
"""The same as Textual style words, for ``Content`` and CSS."""

_ALLOWED = {
    (Color.parse(text).number, Color.parse(back).number) for text, back in _COLOURS.values()
}

_DEFAULT_VARIABLES = (
    "text-muted text-disabled text-primary text-secondary text-warning text-error text-success "
    "text-accent foreground-muted foreground-disabled background-muted primary-muted "
    "secondary-muted accent-muted warning-muted error-muted success-muted border border-blurred "
    "block-cursor-foreground block-cursor-background block-cursor-blurred-foreground "
    "block-cursor-blurred-background block-hover-background input-cursor-background "
    "input-cursor-foreground link-color link-color-hover link-background-hover "
    "footer-foreground footer-background footer-key-foreground footer-key-background "
    "footer-description-foreground footer-description-background scrollbar scrollbar-hover "
    "scrollbar-active scrollbar-background scrollbar-background-hover "
    "scrollbar-background-active scrollbar-corner-color button-foreground button-color-foreground"
)

THEME: Final[Theme] = Theme(
    name=THEME_NAME,
    ansi=True,
    dark=True,
    primary="ansi_default",
    secondary="ansi_default",
    warning="ansi_default",
    error="ansi_default",
    success="ansi_default",
    accent="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables={
        **dict.fromkeys(_DEFAULT_VARIABLES.split(), "ansi_default"),
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "block-cursor-text-style": "reverse",
        "block-cursor-blurred-text-style": "bold",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_bright_white",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_bright_white",
        "link-style": "none",
        "link-style-hover": "none",
    },
)


def register(app: App[Any]) -> None:
    """Make the desk's theme the one ``app`` starts with. Call before the app runs.

    The colours are put into the stylesheet at once: an ANSI theme chosen after start paints
    invisible text when ``NO_COLOR`` is set.
    """
    app.register_theme(THEME)
    app.set_reactive(type(app).theme, THEME_NAME)
    app.stylesheet.set_variables(app.get_css_variables())


@lru_cache(1024)
def allowed(style: Style) -> Style:
    """``style`` with no links, and with only attributes and colours every terminal can show.

    Dim, blinking and concealed text become plain; colours outside the pairs are dropped.
    """
    clean = style.update_link(None) if style.link else style
    if clean.dim or clean.blink or clean.blink2 or clean.conceal:
        clean += _STEADY
    if _number(clean.color) is None and _number(clean.bgcolor) is None:
        return clean
    if (_number(clean.color), _number(clean.bgcolor)) in _ALLOWED:
        return clean
    return clean + _NO_COLOUR


_STEADY = Style(dim=False, blink=False, blink2=False, conceal=False)
_NO_COLOUR = Style(color=Color.default(), bgcolor=Color.default())


def _number(colour: Color | None) -> int | None:
    """The palette number, None for the terminal's default, -1 for a colour outside the sixteen."""
    if colour is None or colour.type is ColorType.DEFAULT:
        return None
    if colour.type in (ColorType.STANDARD, ColorType.EIGHT_BIT) and colour.number is not None:
        return colour.number
    return -1
