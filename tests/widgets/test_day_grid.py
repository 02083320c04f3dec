"""The day grid, drawn and driven in a headless app."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from deskterm.text import width
from deskterm.widgets.day_grid import DayGrid, SlotMark
from deskterm.widgets.grid_board import GridBoard, GridCell, GridColumn
from tests.widgets.board_data import NASTY, PICTURE, big_board, board, booked


class Desk(App[None]):
    CSS = "DayGrid { height: 1fr; }"

    def __init__(self, shown: GridBoard) -> None:
        super().__init__()
        self.shown = shown
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        self.grid = DayGrid()
        self.grid.show(self.shown)
        yield self.grid

    def on_day_grid_moved(self, message: DayGrid.Moved) -> None:
        self.heard.append(("moved", message.column, message.minute))

    def on_day_grid_chosen(self, message: DayGrid.Chosen) -> None:
        self.heard.append(("chosen", message.cell and message.cell.number, message.minute))

    def on_day_grid_marked(self, message: DayGrid.Marked) -> None:
        self.heard.append(("marked", message.count))


def text(grid: DayGrid) -> list[str]:
    return [grid.render_line(y).text for y in range(grid.size.height)]


def reversed_text(grid: DayGrid) -> list[str]:
    return [
        segment.text
        for y in range(grid.size.height)
        for segment in grid.render_line(y)
        if segment.style and segment.style.reverse
    ]


async def test_80_by_24_is_the_picture() -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 17)):
        assert [line.rstrip() for line in text(app.grid)] == PICTURE.splitlines()


@pytest.mark.parametrize(("width_", "columns", "shown"), [(80, 8, 4), (120, 8, 6), (160, 9, 8)])
async def test_columns_by_width(width_: int, columns: int, shown: int) -> None:
    app = Desk(big_board(columns))
    async with app.run_test(size=(width_, 24)):
        head = text(app.grid)[0]
        assert head.count("DR ") == shown
        assert head.endswith(">")


async def test_room_shows_visit_type_and_full_name() -> None:
    cell = booked()[0]._replace(full_name="ALVAREZ, MARIA C")
    app = Desk(board((cell,)))
    async with app.run_test(size=(98, 17)) as pilot:
        assert "  9:00  1 ALVAREZ M FU20  OUT" in text(app.grid)[1]
        await pilot.resize_terminal(140, 17)
        await pilot.pause()
        assert "ALVAREZ, MARIA C" in text(app.grid)[1]


async def test_a_move_draws_only_what_it_touches(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk(big_board())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        drawn: list[int] = []
        regions: list[Region] = []
        draw, refresh = DayGrid.render_line, DayGrid.refresh
        monkeypatch.setattr(
            DayGrid, "render_line", lambda self, y: (drawn.append(y), draw(self, y))[1]
        )
        monkeypatch.setattr(
            DayGrid, "refresh",
            lambda self, *r, **k: (regions.extend(r), refresh(self, *r, **k))[1],
        )  # fmt: skip
        await pilot.press("right")
        await pilot.pause()
        assert drawn == [1]
        assert all(region.size == (18, 1) for region in regions)
        drawn.clear()
        await pilot.press("down")
        await pilot.pause()
        assert sorted(drawn) == [1, 2]


async def test_arrows_reach_every_column_and_keep_the_cursor_on_screen() -> None:
    app = Desk(big_board())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*["right"] * 11, "end")
        assert app.grid.current_slot == ("P11", 420 + 59 * 15)
        assert "DR 11" in text(app.grid)[0]
        assert text(app.grid)[0].startswith("Time <")
        assert len(reversed_text(app.grid)) == 1
        await pilot.press("home", *["left"] * 20)
        assert app.grid.current_slot == ("P0", 420)
        await pilot.press("full_stop")
        assert app.grid.current_slot == ("P0", 420 + 23 * 15)
        assert len(reversed_text(app.grid)) == 1
        await pilot.press("pageup")
        assert app.grid.current_slot == ("P0", 420)


async def test_cursor_follows_its_record() -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 17)) as pilot:
        assert app.grid.select_number(16)
        moved = [
            cell._replace(column="LEE", minute=765) if cell.number == 16 else cell
            for cell in booked()
        ]
        app.grid.show(board(tuple(moved)))
        await pilot.pause()
        assert app.grid.current_slot == ("LEE", 765)
        assert app.grid.current is not None
        assert app.grid.current.key == "a16"
        assert app.heard[-1] == ("moved", "LEE", 765)


async def test_cursor_stays_in_an_open_slot_though_lines_come_above() -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 17)) as pilot:
        assert app.grid.select_slot("RN", 675)
        seen = [y for y in range(17) if "11:15" in text(app.grid)[y]]
        early = GridCell("RN", 520, 10, number=40, key="a40", name="EARLY B")
        odd = GridCell("RN", 550, 10, number=41, key="a41", name="ODD T")
        app.grid.show(board((*booked(), early, odd)))
        await pilot.pause()
        assert app.grid.current_slot == ("RN", 675)
        assert app.grid.current is None
        assert [y for y in range(17) if "11:15" in text(app.grid)[y]] == seen
        assert len(reversed_text(app.grid)) == 1


async def test_a_vanished_record_leaves_the_cursor_in_its_slot() -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 17)):
        assert app.grid.select_number(14)
        app.grid.show(board(tuple(cell for cell in booked() if cell.number != 14)))
        assert app.grid.current is None
        assert app.grid.current_slot == ("RN", 615)


async def test_overbooked_and_odd_times_all_show() -> None:
    second = GridCell("LEE", 540, 30, number=50, key="b50", name="SECOND A", state="CNF")
    third = GridCell("LEE", 540, 15, number=51, key="b51", name="THIRD A", state="CNF")
    odd = GridCell("RN", 550, 20, number=52, key="b52", name="ODD T", state="CNF")
    app = Desk(board((*booked(), second, third, odd)))
    async with app.run_test(size=(80, 30)) as pilot:
        lines = text(app.grid)
        assert lines[1].startswith(" 9:00   1 ALVAREZ M")
        assert lines[2].startswith("       50 SECOND A")
        assert lines[3].startswith("       51 THIRD A")
        assert lines[4].startswith(" 9:10     :")
        assert "52 ODD T" in lines[4]
        app.grid.select_number(1)
        await pilot.press("down", "down")
        assert app.grid.current is not None
        assert app.grid.current.number == 51


async def test_three_digit_numbers_stand_apart() -> None:
    cells = tuple(c._replace(number=(c.number or 0) + 100) for c in booked())
    app = Desk(board(cells))
    async with app.run_test(size=(80, 17)) as pilot:
        assert text(app.grid)[3].startswith(
            " 9:30  106 FABER L   CHK    :              107 FOX A   !"
        )
        await pilot.resize_terminal(98, 17)
        await pilot.pause()
        assert text(app.grid)[5].startswith(" 10:00 112 JONES W")


async def test_numbers_choose_and_mark() -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 17)) as pilot:
        assert not app.grid.select_number(47)
        assert app.grid.select_number(12)
        await pilot.press("space", "down", "enter", "right", "left", "up")
        assert app.grid.marks == {SlotMark("a12")}
        await pilot.press("right", "space")
        await pilot.pause()
        assert ("chosen", 12, 615) in app.heard
        assert app.heard[-1] == ("marked", 2)
        assert text(app.grid)[5].startswith("10:00  12+JONES W  $ CNF   +:")
        app.grid.clear_marks()
        assert "+" not in "".join(text(app.grid))


async def test_changed_row_and_now() -> None:
    cells = tuple(c._replace(changed=c.number == 12) for c in booked())
    app = Desk(board(cells))
    async with app.run_test(size=(80, 17)):
        assert text(app.grid)[5].startswith("10:00  12 JONES W  $'CNF")
        app.grid.show(board(cells)._replace(now_minute=607))
        assert text(app.grid)[5].startswith(">10:00 12 JONES W")
        assert text(app.grid)[4].startswith(" 9:45 ")


async def test_unchanged_data_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 17)) as pilot:
        await pilot.pause()
        regions: list[Region] = []
        monkeypatch.setattr(DayGrid, "refresh", lambda self, *r, **k: regions.extend(r))
        app.grid.show(board())
        assert regions == []
        app.grid.show(board(tuple(c._replace(changed=c.number == 6) for c in booked())))
        assert regions == [Region(0, 3, 80, 1)]


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("size", [(80, 24), (120, 20), (40, 12)])
async def test_whatever_the_name_a_line_is_as_wide_as_the_grid(
    nasty: str, size: tuple[int, int]
) -> None:
    cell = GridCell("LEE", 540, 15, number=1234, key=1, name=nasty, visit=nasty, state=nasty,
                    flag=nasty, full_name=nasty)  # fmt: skip
    block = GridCell("PATEL", 540, 15, "blocked", key=2, text=nasty)
    columns = (GridColumn("LEE", nasty, 1, 9), GridColumn("PATEL", nasty))
    app = Desk(GridBoard(columns, 540, 600, 15, (cell, block)))
    async with app.run_test(size=size):
        for strip in (app.grid.render_line(y) for y in range(size[1])):
            assert cell_len(strip.text) == width(strip.text) == strip.cell_length == size[0]
            assert not set(strip.text) & set("\x1b\x07\x9b\n\u202e")


async def test_empty_board_says_why_and_ignores_keys() -> None:
    app = Desk(GridBoard((), 0, 0, note="Closed: holiday. ] for Thu"))
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.press("down", "right", "enter", "space", "pagedown", "end")
        assert text(app.grid)[0].startswith("Closed: holiday.")
        assert app.grid.current is None
        assert app.grid.current_slot is None
        assert app.heard == []
        app.grid.show(board())
        assert app.grid.current_slot == ("LEE", 585)


async def test_an_unknown_column_is_refused() -> None:
    with pytest.raises(ValueError, match="GONE"):
        DayGrid().show(board((GridCell("GONE", 540, 15),)))


async def test_a_short_screen_opens_near_now() -> None:
    app = Desk(board())
    async with app.run_test(size=(80, 8)):
        assert text(app.grid)[4].startswith(">9:45")
