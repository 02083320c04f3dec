"""Kept lines are always the lines that the stock cache would make."""

from __future__ import annotations

import pytest
from textual._styles_cache import StylesCache
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from deskterm.widgets.kept_lines import KeptLines
from deskterm.widgets.rows import MessageRow, TextRow


class Striped(Widget):
    """Four lines; only those that were refreshed may change."""

    DEFAULT_CSS = """
    Striped { height: 4; }
    Striped.loud { background: red; color: white; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._styles_cache = KeptLines()
        self.words = ["a", "b", "c", "d"]

    def render_line(self, y: int) -> Strip:
        from rich.segment import Segment

        return Strip([Segment(self.words[y])])


class Desk(App[None]):
    def compose(self) -> ComposeResult:
        yield TextRow()
        yield Striped()
        yield MessageRow()


def lines(widget: Widget) -> list[str]:
    return [strip.text.strip() for strip in widget.render_lines(widget.size.region)]


def same_as_stock(widget: Widget) -> bool:
    whole = widget.size.region
    return widget.render_lines(whole) == StylesCache().render_widget(widget, whole)


async def test_refreshed_lines_and_no_others_are_made_again() -> None:
    app = Desk()
    async with app.run_test(size=(40, 10)) as pilot:
        striped = app.query_one(Striped)
        assert lines(striped) == ["a", "b", "c", "d"]
        striped.words = ["A", "B", "C", "D"]
        striped.refresh(Region(0, 1, 40, 1))
        assert lines(striped) == ["a", "B", "c", "d"]
        striped.refresh(Region(0, 0, 40, 1), Region(0, 3, 40, 1))
        assert lines(striped)[0] == "A" and lines(striped)[3] == "D"
        striped.refresh()
        await pilot.pause()
        assert lines(striped) == ["A", "B", "C", "D"]
        assert same_as_stock(striped)


async def test_style_and_size_make_everything_again() -> None:
    app = Desk()
    async with app.run_test(size=(40, 10)) as pilot:
        striped = app.query_one(Striped)
        before = striped.render_lines(striped.size.region)
        striped.add_class("loud")
        await pilot.pause()
        assert striped.render_lines(striped.size.region) != before
        assert same_as_stock(striped)
        await pilot.resize_terminal(30, 10)
        await pilot.pause()
        assert [strip.cell_length for strip in striped.render_lines(striped.size.region)] == [
            30
        ] * 4
        assert same_as_stock(striped)
        part = Region(5, 1, 10, 2)
        assert striped.render_lines(part) == StylesCache().render_widget(striped, part)


async def test_a_row_that_did_not_change_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk()
    async with app.run_test(size=(40, 10)) as pilot:
        app.query_one(TextRow).show("one")
        await pilot.pause()
        made: list[str] = []
        stock = StylesCache.render_widget

        def noting(self: StylesCache, widget: Widget, crop: Region) -> list[Strip]:
            made.append(type(widget).__name__)
            return stock(self, widget, crop)

        monkeypatch.setattr(StylesCache, "render_widget", noting)
        app.query_one(MessageRow).show("two")
        await pilot.pause()
        assert "MessageRow" in made and "TextRow" not in made and "Striped" not in made
        assert lines(app.query_one(MessageRow)) == ["two"]
