"""The row list: groups, numbers, order, filter, marks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from deskterm.errors import Invalid
from deskterm.widgets.row_list import RowList
from deskterm.widgets.rows_data import Column, Row
from deskterm.widgets.styles import ATTENTION
from tests.widgets.board_data import NASTY

FLOW = (
    Column("Patient", 14),
    Column("Appt", 7, drop_order=3),
    Column("With", 7),
    Column("State", 6, is_state=True),
    Column("Where", 8, drop_order=2),
    Column("Here", 6, drop_order=1),
    Column("In state", 9),
    Column("Needs", 11, grows=True),
)

_PEOPLE = """
WAITING
6|FABER L|9:30a|LEE|CHK|chairs|41m|34m LONG|told 9:58a
9|HUI Z|9:45a|PATEL|CHK|chairs|34m|12m|
12|JONES W|10:00a|LEE|ARR|desk 2| 3m| 3m|copay
IN ROOMS
5|DREW K|9:15a|PATEL|RMD|room 4|55m|18m|balance 60
7|FOX A|9:30a|NOVAK|PRV|room 6|14m| 9m|elig !
LATE
24|VEGA N|9:40a|NOVAK|LAT|-|  -|32m|call now
"""

PICTURE = """\
  #  Patient        Appt    With    State  Where    Here   In state  Needs
WAITING
>  6 FABER L        9:30a   LEE     CHK    chairs   41m    34m LONG  told 9:58a
   9 HUI Z          9:45a   PATEL   CHK    chairs   34m    12m
  12 JONES W        10:00a  LEE     ARR    desk 2    3m     3m       copay
IN ROOMS
   5 DREW K         9:15a   PATEL   RMD    room 4   55m    18m       balance 60
   7 FOX A          9:30a   NOVAK   PRV    room 6   14m     9m       elig !
LATE
  24 VEGA N         9:40a   NOVAK   LAT    -          -    32m       call now
"""


def people() -> list[Row]:
    rows: list[Row] = []
    group = ""
    for entry in _PEOPLE.strip().splitlines():
        number, bar, rest = entry.partition("|")
        if not bar:
            group = number
            continue
        rows.append(Row(int(number), int(number), tuple(rest.split("|")), group))
    return rows


def many(count: int) -> list[Row]:
    return [
        Row(i, i, (f"N {i}", "", "LEE", "SCH"), "EVEN" if i % 2 == 0 else "ODD")
        for i in range(1, count + 1)
    ]


class Desk(App[None]):
    def __init__(self, rows: list[Row]) -> None:
        super().__init__()
        self.given = rows
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        self.rows = RowList(empty="Nothing waits.")
        self.rows.show(FLOW, self.given)
        yield self.rows

    def on_row_list_moved(self, message: RowList.Moved) -> None:
        self.heard.append(("moved", message.row and message.row.number))

    def on_row_list_chosen(self, message: RowList.Chosen) -> None:
        self.heard.append(("chosen", message.row.number))


def text(rows: RowList) -> list[str]:
    return [rows.render_line(y).text.rstrip() for y in range(rows.size.height)]


def numbers(rows: RowList) -> list[int]:
    return [int(found[1:4]) for found in text(rows)[1:] if found[1:4].strip().isdigit()]


def number_of(rows: RowList) -> int | None:
    return rows.current.number if rows.current else None


async def test_flow_board_is_the_picture() -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 10)):
        assert text(app.rows) == PICTURE.splitlines()
        assert app.rows.position == "1-6 of 6"


async def test_columns_go_in_their_order_when_room_is_short() -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 10)) as pilot:
        for width, gone in ((79, ""), (75, "Here"), (70, "Where"), (62, "Appt")):
            await pilot.resize_terminal(width, 10)
            await pilot.pause()
            head = text(app.rows)[0]
            assert gone not in head or not gone
            for kept in ("Patient", "With", "State", "In state", "Needs"):
                assert kept in head
        assert "told 9:58a" in text(app.rows)[2]


async def test_a_move_draws_two_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk(many(5000))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        drawn: list[int] = []
        draw = RowList.render_line
        monkeypatch.setattr(
            RowList, "render_line", lambda self, y: (drawn.append(y), draw(self, y))[1]
        )
        await pilot.press("down")
        await pilot.pause()
        assert sorted(drawn) == [2, 3]


async def test_paging_and_position() -> None:
    app = Desk([replace(row, group="") for row in many(41)])
    async with app.run_test(size=(80, 17)) as pilot:
        assert app.rows.position == "1-16 of 41"
        await pilot.press("pagedown")
        assert number_of(app.rows) == 17
        assert app.rows.position == "17-32 of 41"
        await pilot.press("end")
        assert app.rows.position == "26-41 of 41"
        assert text(app.rows)[-1].startswith("> 41")
        await pilot.press("home")
        assert app.rows.position == "1-16 of 41"
        await pilot.press(*["down"] * 20)
        assert number_of(app.rows) == 21
        assert sum(found.startswith(">") for found in text(app.rows)) == 1


async def test_cursor_and_order_hold_until_asked() -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 20)) as pilot:
        assert app.rows.select_number(9)
        fresh = [replace(row, group="IN ROOMS") if row.number == 9 else row for row in people()]
        fresh = [Row(30, 30, ("NEW A",), "WAITING"), *reversed(fresh)]
        app.rows.show(FLOW, fresh, resort=False)
        assert numbers(app.rows) == [6, 9, 12, 30, 5, 7, 24]
        assert number_of(app.rows) == 9
        assert app.rows.is_stale_order
        await pilot.press("comma")
        assert not app.rows.is_stale_order
        assert numbers(app.rows) == [30, 12, 6, 24, 7, 5, 9]


async def test_resort_keeps_the_cursor_on_its_record_and_its_line() -> None:
    app = Desk(many(200))
    async with app.run_test(size=(80, 17)) as pilot:
        app.rows.select_number(101)
        await pilot.press("up", "up", "up")
        line = next(y for y, found in enumerate(text(app.rows)) if found.startswith(">"))
        app.rows.show(FLOW, list(reversed(many(200))))
        assert number_of(app.rows) == 95
        assert text(app.rows)[line].startswith("> 95")


async def test_a_vanished_record_gives_the_cursor_to_the_next() -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 17)) as pilot:
        app.rows.select_number(12)
        app.rows.show(FLOW, [row for row in people() if row.number != 12], resort=False)
        await pilot.pause()
        assert number_of(app.rows) == 5
        assert app.heard[-1] == ("moved", 5)
        app.rows.show(FLOW, [])
        assert app.rows.current is None
        assert text(app.rows)[0] == "Nothing waits."
        await pilot.press("down", "enter", "space", "pagedown", "end")
        assert app.rows.position == "0 of 0"


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("lee", [6, 12]),
        ("state:lat", [24]),
        ("with:novak !state:lat", [7]),
        ("!room !lee", [9, 24]),
        ("9:30", [6, 7]),
        ("elig !", [7]),
        ("zzz", []),
        ("", [6, 9, 12, 5, 7, 24]),
    ],
)
async def test_filter(typed: str, left: list[int]) -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 17)):
        assert app.rows.filter(typed) == len(left)
        assert numbers(app.rows) == left


async def test_filter_holds_through_refresh_and_keeps_the_cursor() -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 17)):
        app.rows.select_number(12)
        app.rows.filter("lee")
        app.rows.show(FLOW, [*people(), Row(31, 31, ("LEEDS B",), "LATE")], resort=False)
        assert numbers(app.rows) == [6, 12, 31]
        assert number_of(app.rows) == 12
        app.rows.filter("")
        assert number_of(app.rows) == 12


async def test_marks() -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 17)) as pilot:
        assert app.rows.select_numbers("5-7,12,47,90-99") == [47, 90]
        assert [row.number for row in app.rows.marks] == [6, 12, 5, 7]
        assert "  12+JONES W" in text(app.rows)[4]
        await pilot.press("space", "enter")
        assert [row.number for row in app.rows.marks] == [12, 5, 7]
        assert ("chosen", 6) in app.heard
        for wrong in ("", "a", "1-", "9-3", "1;2", "9999999999"):
            with pytest.raises(Invalid):
                app.rows.select_numbers(wrong)
        app.rows.clear_marks()
        assert app.rows.marks == []


async def test_changed_rows_and_badges() -> None:
    rows = [
        replace(row, changed=True, styles=("", "", "", "", "", "", "attention"))
        if row.number == 9 else row for row in people()
    ]  # fmt: skip
    app = Desk(rows)
    async with app.run_test(size=(80, 17)):
        assert "PATEL  'CHK" in text(app.rows)[3]
        badges = [s.text for s in app.rows.render_line(3) if s.style == ATTENTION]
        assert badges == ["12m"]


async def test_unchanged_rows_paint_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk(people())
    async with app.run_test(size=(80, 17)) as pilot:
        await pilot.pause()
        regions: list[Region] = []
        monkeypatch.setattr(RowList, "refresh", lambda self, *r, **k: regions.extend(r))
        app.rows.show(FLOW, people())
        assert regions == []
        app.rows.show(FLOW, [replace(r, changed=r.number == 12) for r in people()])
        assert regions == [Region(0, 4, 80, 1)]


@pytest.mark.parametrize("nasty", NASTY)
async def test_whatever_a_row_says_its_line_is_as_wide_as_the_list(nasty: str) -> None:
    rows = [Row(1, 12345, (nasty,) * 8, nasty, True, ("attention",) * 8)]
    app = Desk(rows)
    async with app.run_test(size=(80, 8)) as pilot:
        for width in (80, 40, 12):
            await pilot.resize_terminal(width, 8)
            await pilot.pause()
            for strip in (app.rows.render_line(y) for y in range(8)):
                assert cell_len(strip.text) == strip.cell_length == width
                assert not set(strip.text) & set("\x1b\x07\x9b\n\u202e")
