"""The drawn widgets on a real terminal. Run with ``grid``, ``board`` or ``list``."""

from __future__ import annotations

import sys

from deskterm.terminal.launch import prepare_environment

prepare_environment()

from textual.app import ComposeResult  # noqa: E402

from deskterm.terminal.safe_app import SafeApp, run_desk  # noqa: E402
from deskterm.widgets.day_grid import DayGrid  # noqa: E402
from deskterm.widgets.row_list import RowList  # noqa: E402
from deskterm.widgets.rows import EnterRow, Header, HeaderRow, KeyRow, MessageRow  # noqa: E402
from tests.widgets.board_data import big_board, board  # noqa: E402
from tests.widgets.test_row_list import FLOW, many  # noqa: E402


class DrawnDesk(SafeApp):
    def __init__(self, what: str) -> None:
        super().__init__()
        self.what = what

    def compose(self) -> ComposeResult:
        header = HeaderRow()
        header.show(Header("DAY", "Wed Mar 18 2026", "09:42a", 1, 2, 14, 1, True, "D1", "mlopez"))
        yield header
        if self.what == "list":
            rows = RowList()
            rows.show(FLOW, many(1000))
            yield rows
        else:
            grid = DayGrid()
            grid.show(big_board() if self.what == "grid" else board())
            yield grid
        yield EnterRow()
        yield MessageRow()
        keys = KeyRow()
        keys.show([("b", "Book"), ("?", "")])
        yield keys


if __name__ == "__main__":
    sys.exit(run_desk(DrawnDesk(sys.argv[1])))
