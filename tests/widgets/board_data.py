"""The board of the day that the specification draws, as data."""

from __future__ import annotations

from deskterm.widgets.grid_board import GridBoard, GridCell, GridColumn

COLUMNS = (
    GridColumn("LEE", "LEE MD", 9, 14),
    GridColumn("PATEL", "PATEL MD", 11, 14),
    GridColumn("NOVAK", "NOVAK NP", 10, 14),
    GridColumn("RN", "RN", 5, 14),
)

# number, column, hour:minute, minutes, name, flag, state
_BOOKED = """
1 LEE 9:00 30 ALVAREZ M - OUT|2 PATEL 9:00 15 BOONE T - PRV|3 NOVAK 9:00 30 CHO Y - OUT
4 RN 9:00 15 DIAZ P - OUT|5 PATEL 9:15 30 DREW K $ RMD|6 LEE 9:30 15 FABER L - CHK
7 NOVAK 9:30 15 FOX A ! LAT|8 LEE 9:45 15 GRANT H - CNF|9 PATEL 9:45 30 HUI Z - ARR
10 NOVAK 9:45 30 HALE B $ CNF|11 RN 9:45 15 IBARRA C - CNF|12 LEE 10:00 30 JONES W $ CNF
13 PATEL 10:15 45 KERR D * CNF|14 RN 10:15 15 LAM S - SCH|15 LEE 10:45 15 MOSS E - SCH
16 NOVAK 10:45 30 NASH V i CNF|17 LEE 11:00 30 ORTIZ G ! CNF|18 RN 11:00 15 PAGE R - CNF
19 PATEL 11:15 30 QUINN F - CNF|20 NOVAK 11:15 15 ROSS J - SCH|21 NOVAK 11:30 30 SMITH J = CNF
22 RN 11:30 15 SMITH J = SCH|23 NOVAK 12:00 30 TRAN O $ CNF
"""

PICTURE = """\
Time   LEE MD      9/14  PATEL MD   11/14  NOVAK NP   10/14  RN          5/14
 9:00   1 ALVAREZ M  OUT  2 BOONE T    PRV  3 CHO Y      OUT  4 DIAZ P     OUT
 9:15     :               5 DREW K   $ RMD    :                 .
 9:30   6 FABER L    CHK    :               7 FOX A    ! LAT    .
>9:45   8 GRANT H    CNF  9 HUI Z      ARR 10 HALE B   $ CNF 11 IBARRA C   CNF
10:00  12 JONES W  $ CNF    :                 :                 .
10:15     :              13 KERR D   * CNF    h HELD d2      14 LAM S      SCH
10:30     .                 :                 h HELD d2         .
10:45  15 MOSS E     SCH    :              16 NASH V   i CNF    .
11:00  17 ORTIZ G  ! CNF    .                 :              18 PAGE R     CNF
11:15     :              19 QUINN F    CNF 20 ROSS J     SCH    .
11:30     .                 :              21 SMITH J  = CNF 22 SMITH J  = SCH
11:45     .                 .                 :                 .
12:00     x LUNCH           x LUNCH        23 TRAN O   $ CNF    x LUNCH
12:15     x                 x                 :                 x
12:30     x                 x                 x LUNCH           x
12:45     x                 x                 x                 x
"""


def booked() -> tuple[GridCell, ...]:
    """The 23 appointments."""
    found = []
    for entry in _BOOKED.strip().replace("\n", "|").split("|"):
        number, column, time, minutes, *name, flag, state = entry.split()
        hour, minute = time.split(":")
        found.append(
            GridCell(
                column,
                int(hour) * 60 + int(minute),
                int(minutes),
                number=int(number),
                key=f"a{number}",
                name=" ".join(name),
                visit="FU20",
                state=state,
                flag="" if flag == "-" else flag,
            )
        )
    return tuple(found)


def board(cells: tuple[GridCell, ...] | None = None) -> GridBoard:
    """The drawn day: now is 9:45."""
    lunch = tuple(
        GridCell(code, 750 if code == "NOVAK" else 720, 60, "blocked", key=f"x{code}", text="LUNCH")
        for code in ("LEE", "PATEL", "NOVAK", "RN")
    )
    hold = GridCell("NOVAK", 615, 30, "held", key="h1", text="HELD d2")
    return GridBoard(COLUMNS, 540, 780, 15, (cells or booked()) + (*lunch, hold), 585)


def big_board(columns: int = 12, slots: int = 60) -> GridBoard:
    """Every second slot taken, more columns and lines than any screen shows."""
    return GridBoard(
        tuple(GridColumn(f"P{i}", f"DR {i}", i, slots) for i in range(columns)),
        420,
        420 + slots * 15,
        15,
        tuple(
            GridCell(f"P{c}", 420 + 15 * s, 15, number=c * slots + s + 1, key=(c, s),
                     name=f"N{c} S{s}", state="SCH")
            for c in range(columns) for s in range(0, slots, 2)
        ),
    )  # fmt: skip


NASTY = (
    "[red]X[/red]",
    "[/]",
    "\x1b]0;OWN\x07",
    "\u202eLIVE",
    "名字漢字長い名前です",
    "e\u0301" * 12,
    "👨\u200d👩\u200d👧",
    "क्\u200dषि",
    "❤\ufe0f" * 5,
    "a\nb",
    "\x9b31m",
)
"""Names that once broke a screen."""
