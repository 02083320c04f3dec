"""Drawn widgets use the terminal's pairs and no others."""

from __future__ import annotations

from deskterm.terminal.theme import PAIRS, allowed
from deskterm.widgets.styles import STYLES


def test_widgets_use_the_pairs_of_the_theme() -> None:
    assert {name: style for name, style in STYLES.items() if name} == PAIRS


def test_the_output_filter_lets_every_style_through() -> None:
    assert [allowed(style) for style in STYLES.values()] == list(STYLES.values())
