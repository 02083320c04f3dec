"""The finder's line and list: what Enter, digits and typing do, however fast they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.pilot import Pilot

from deskterm.text import UNSAFE, fold
from deskterm.widgets.lookup import Lookup, LookupColumn, LookupRow

COLUMNS = (LookupColumn("Name", 22), LookupColumn("Born", 10), LookupColumn("Age", 4, right=True))
PEOPLE = (
    (1, "SMITH, JOAN M", "03/14/1982", "44F", "="),
    (2, "SMITH, JOANNE L", "07/02/1961", "64F", ""),
    (3, "SMITH, JOAN", "03/14/1992", "34F", "="),
    (4, "TRAN, OLIVIA", "06/22/1988", "37F", ""),
    (5, "VEGA, NICO", "01/09/1948", "78M", ""),
    (6, "VEGA, RITA", "01/09/1949", "77F", ""),
)


class Finder(App[None]):
    """A screen that answers at once, or only when told to."""

    AUTO_FOCUS = ""

    def __init__(self, text: str = "", answers: bool = True) -> None:
        super().__init__()
        self.lookup = Lookup(COLUMNS, text=text)
        self.answers = answers
        self.heard: list[Message] = []
        self.asked: list[str] = []
        self.moved: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.lookup

    def on_mount(self) -> None:
        self.screen.set_focus(self.lookup)

    def answer(self, text: str) -> None:
        found = [
            LookupRow(key, (name, born, age), mark)
            for key, name, born, age, mark in PEOPLE
            if text and fold(name).startswith(fold(text))
        ]
        new = f"new patient {text.upper()}" if text else ""
        self.lookup.show(text, found, note=f"{len(found)} found", new=new)

    def on_lookup_typed(self, message: Lookup.Typed) -> None:
        self.asked.append(message.text)
        if self.answers:
            self.answer(message.text)

    def on_lookup_chosen(self, message: Lookup.Chosen) -> None:
        self.heard.append(message)

    def on_lookup_new_wanted(self, message: Lookup.NewWanted) -> None:
        self.heard.append(message)

    def on_lookup_moved(self) -> None:
        self.moved.append(self.lookup.enter_says)

    def on_lookup_left(self, message: Lookup.Left) -> None:
        self.heard.append(message)


@asynccontextmanager
async def finder(**options: Any) -> AsyncIterator[tuple[Finder, Pilot[None]]]:
    app = Finder(**options)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        yield app, pilot


async def type_(app: Finder, pilot: Pilot[None], text: str) -> None:
    """All keys queued before any is handled, as one write brings them."""
    names = {"\r": "enter", "\t": "tab"}
    for c in text:
        app.lookup.post_message(events.Key(names.get(c, c), None if c in names else c))
    await pilot.pause()


def chosen(app: Finder) -> list[tuple[Any, str]]:
    return [(m.key, m.then) for m in app.heard if isinstance(m, Lookup.Chosen)]


async def test_one_hit_is_opened_by_enter_even_in_a_burst() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "tran\r")
        assert chosen(app) == [(4, "")]


async def test_several_hits_open_the_first_unless_the_name_is_shared() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "vega")
        assert app.lookup.enter_says == "Enter = 1, Down = into the list"
        await type_(app, pilot, "\r")
        assert chosen(app) == [(5, "")]
    async with finder() as (app, pilot):
        await type_(app, pilot, "smi\r")
        assert chosen(app) == []
        assert any(line.startswith(">1 =SMITH, JOAN M") for line in app.lookup.lines())
        await type_(app, pilot, "3")
        assert chosen(app) == [(3, "")]


async def test_what_follows_the_semicolon_goes_along_but_stops_at_a_choice() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "tran;b fu lee 1w pm\r")
        assert chosen(app) == [(4, "b fu lee 1w pm")]
        assert app.asked[-1] == "tran"
    async with finder() as (app, pilot):
        await type_(app, pilot, "vega;p\r")
        assert chosen(app) == []
        await type_(app, pilot, "\r")
        assert chosen(app) == [(5, "p")]


async def test_enter_waits_for_the_results_of_what_was_typed() -> None:
    async with finder(answers=False) as (app, pilot):
        await type_(app, pilot, "vega")
        app.answer("vega")
        await type_(app, pilot, " r\r")
        assert chosen(app) == []
        app.answer("vega")
        assert chosen(app) == []
        app.answer("vega r")
        await pilot.pause()
        assert chosen(app) == [(6, "")]


async def test_keys_behind_a_waiting_down_go_to_the_list() -> None:
    async with finder(answers=False) as (app, pilot):
        await type_(app, pilot, "smi\t2")
        assert app.lookup.text == "smi"
        app.answer("smi")
        await pilot.pause()
        assert chosen(app) == [(2, "")]


async def test_digits_are_text_in_the_line_and_pick_in_the_list() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "smi 2")
        assert app.lookup.text == "smi 2" and chosen(app) == []
        await pilot.press("backspace", "backspace", "down", "down", "down", "up", "enter")
        assert chosen(app) == [(2, "")]


async def test_what_enter_does_is_told_when_the_cursor_enters_the_list() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "smi")
        assert app.moved == []
        await pilot.press("enter", "down", "escape")
        assert app.moved == ["Enter = 1", "Enter = 2", app.lookup.enter_says]


async def test_letters_in_the_list_go_back_to_the_line() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "ve")
        await pilot.press("down", "g", "a", " ", "r")
        assert app.lookup.text == "vega r"
        await pilot.press("enter")
        assert chosen(app) == [(6, "")]


async def test_a_new_record_is_made_by_its_row_or_by_plus() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "newman, al\r")
        assert app.heard == []
        assert any(line.startswith(">+  new patient NEWMAN, AL") for line in app.lookup.lines())
        await pilot.press("enter")
        (new,) = app.heard
        assert isinstance(new, Lookup.NewWanted) and new.text == "newman, al"
    async with finder() as (app, pilot):
        await type_(app, pilot, "smi+")
        assert isinstance(app.heard[0], Lookup.NewWanted) and app.heard[0].text == "smi"
    async with finder() as (app, pilot):
        await type_(app, pilot, "+1 555;b +2w")
        assert app.heard == [] and app.lookup.then == "b +2w" and app.lookup.text == "+1 555"


async def test_escape_leaves_the_list_and_then_the_finder() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "smi\t")
        await pilot.press("escape")
        assert app.heard == [] and not any(x.startswith(">") for x in app.lookup.lines())
        await pilot.press("escape")
        assert isinstance(app.heard[0], Lookup.Left)


async def test_escape_ends_the_waiting() -> None:
    async with finder(answers=False) as (app, pilot):
        await type_(app, pilot, "tran\r")
        await pilot.press("escape")
        app.answer("tran")
        await pilot.pause()
        assert chosen(app) == [] and isinstance(app.heard[0], Lookup.Left)


async def test_the_cursor_stays_on_its_record_when_results_come_again() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "smi\t")
        await pilot.press("down")
        rows = [LookupRow(k, (n, b, a), m) for k, n, b, a, m in reversed(PEOPLE[:3])]
        app.lookup.show("smi", rows)
        await pilot.press("enter")
        assert chosen(app) == [(2, "")]


async def test_a_card_readers_line_is_one_query() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, ";6011=2512;x")
        assert (app.lookup.text, app.lookup.then) == (";6011=2512;x", "")


async def test_it_may_open_with_a_text_already_typed() -> None:
    async with finder(text="tran") as (app, pilot):
        assert app.asked == ["tran"]
        await pilot.press("enter")
        assert chosen(app) == [(4, "")]
        app.lookup.set_text("vega")
        await pilot.pause()
        assert app.asked[-1] == "vega"


async def test_rows_stand_in_fixed_columns_and_nothing_acts_on_the_terminal() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "x")
        rows = [
            LookupRow(1, ("\x1b]0;owned\x07[red]", "\u202e1982", "9"), "="),
            LookupRow(2, ("\u674e\u5c0f\u9f99 and a very long name indeed", "03/14/1992", "34F")),
        ]
        app.lookup.show("x", rows, note="\x1b[2J", new="\x9b2J")
        lines = app.lookup.lines()
        assert not UNSAFE.search("".join(lines))
        assert lines[2].startswith(" #  Name") and "]0;owned[red]" in lines[3]
        assert "~ 03/14/1992  34F" in lines[4]
        assert lines[3].endswith("   9")


async def test_many_rows_scroll_with_the_cursor() -> None:
    async with finder() as (app, pilot):
        await type_(app, pilot, "x")
        rows = [LookupRow(n, (f"NAME {n}",)) for n in range(1, 41)]
        app.lookup.show("x", rows, note="40 found", new="new patient X")
        assert app.lookup.lines()[1].endswith("1-20 of 40")
        for _ in range(40):
            await pilot.press("down")
        lines = app.lookup.lines()
        assert "NAME 40" in lines[22] and lines[23].startswith(" +")
        await pilot.press("down", "enter")
        assert isinstance(app.heard[0], Lookup.NewWanted)
