"""T-12: the key sequences of the specification's budget, replayed; the end is right, the count in.

``pytest -s tests/screens/test_keystrokes.py`` prints the counts. The board is full, so that the
rows have numbers of two digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from deskterm.office import patients, payments, search_index, templates
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic
from tests.screens.driver import at_desk

DAY = datetime(2026, 3, 18, 8)
NAMED = {"Enter", "F2", "F6", "F10"}
# Joan Smith's visit on the board, and the one that tasks from the board are about.
ROW = 21


@dataclass(frozen=True)
class Task:
    """A row of the budget: what is pressed, how many keys that may be, and how it must end."""

    name: str
    keys: str
    target: int
    said: str
    ends: Callable[[Desk], object]


def rows(sql: str) -> Callable[[Desk], object]:
    return lambda desk: desk.rows(sql)[0]


BOOKED = rows("SELECT p.first_name, a.wall_start, v.code, d.code, a.lifecycle FROM appointment a"
              " JOIN patient p ON p.id = a.patient_id JOIN visit_type v ON v.id = a.visit_type_id"
              " JOIN provider d ON d.id = a.provider_id ORDER BY a.id DESC LIMIT 1")  # fmt: skip
PAID = rows("SELECT group_concat(kind || amount_cents || card_last4 || approval, ' ')"
            " FROM (SELECT * FROM tender ORDER BY kind DESC)")  # fmt: skip
SENT = rows("SELECT m.topic, m.body, o.code, m.status FROM message m JOIN pool o"
            " ON o.id = m.pool_id ORDER BY m.id DESC LIMIT 1")  # fmt: skip
CHECKED_IN = rows(
    "SELECT a.stage, t.amount_cents, t.card_last4, t.approval FROM appointment a JOIN payment y"
    " ON y.appointment_id = a.id JOIN tender t ON t.payment_id = y.id"
)

WED = ("JOAN", "2026-03-25T12:00", "FU", "LEE", "scheduled")
# From the row, whose visit is with NOVAK.
WED_NOVAK = (*WED[:3], "NOVAK", WED[4])
FRI = ("JOAN", "2026-03-20T08:00", "FU", "NOVAK", "scheduled")
CARD = ("checked_in", 2500, "4417", "08812Q")
SPLIT = ("cash4000 card2500441708812Q",)
SLIP = ("rx", "lisinopril 10; days left: 2; pharmacy: CVS Main", "RN", "new")
TASKS = [
    (Task("1 book, cold", "F10 `b smi 031482 fu lee 1w pm` Enter Enter", 30,
          "Booked Wed Mar 25 12:00p LEE", BOOKED), WED),
    (Task("1b book, from the board", f"`{ROW}b1w pm` Enter Enter", 12,
          "Booked Wed Mar 25 12:00p NOVAK", BOOKED), WED_NOVAK),
    (Task("2 reschedule, cold", "F2 `smi 031482` Enter `rfri am` Enter Enter", 24,
          "Moved to Fri Mar 20 8:00a NOVAK", BOOKED), FRI),
    (Task("2b reschedule, from the board", f"`{ROW}rfri am` Enter Enter", 13,
          "Moved to Fri Mar 20 8:00a NOVAK", BOOKED), FRI),
    (Task("3 check in, copay on a card",
          f"`{ROW}c0314` Enter Enter Enter `25v4417 08812q` Enter", 25,
          f"Checked in {ROW} SMITH", CHECKED_IN), CARD),
    (Task("3 the same, last four and approval in one word",
          f"`{ROW}c0314` Enter Enter Enter `25cc441708812q` Enter", 25,
          f"Checked in {ROW} SMITH", CHECKED_IN), CARD),
    (Task("4 refill message",
          "F6 `smi 031482` Enter `rx` Enter `lisinopril 10` Enter `2` Enter Enter", 36,
          "Sent to RN pool", SENT), SLIP),
    (Task("6 split payment, cold",
          "F2 `smi 031482;p` Enter `40ca 25cc` Enter `4417` Enter `08812q` Enter Enter", 40,
          "Receipt R-260318-001, 65.00", PAID), SPLIT),
    (Task("6b split payment, from the board",
          f"`{ROW}p40ca 25cc` Enter `4417` Enter `08812q` Enter Enter", 28,
          "Receipt R-260318-001, 65.00", PAID), SPLIT),
]  # fmt: skip


def pressed(keys: str) -> list[str]:
    """Key names of a sequence: names as they are, text between backquotes key by key."""
    done = []
    for index, part in enumerate(keys.split("`")):
        done += list(part) if index % 2 else [name.lower() for name in part.split()]
        assert index % 2 or set(part.split()) <= NAMED
    return ["space" if key == " " else key for key in done]


@pytest.fixture
def made(desk: Desk) -> Clinic:
    """A full morning; SMITH, JOAN in row 21 owes 25.00 copay and 40.00, two steps are stale."""
    found = clinic(desk)
    for weekday in range(5):
        for code in ("LEE", "NOVAK"):
            templates.set_template(
                desk, code, "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1)
            )
    for n in range(20):
        other = found.patient(f"ZED{n:02}", "ANN", born=date(1950, 1, 1) + timedelta(days=n))
        found.appointment(other, DAY + timedelta(minutes=20 * (n % 10)), ("LEE", "RN")[n // 10])
    joan = found.patient("SMITH", "JOAN", sex="F", provider=found.providers["LEE"],
                         pharmacy="CVS Main")  # fmt: skip
    found.cover(joan, card_seen_on=date(2024, 1, 1))
    desk.rows(
        "UPDATE patient_address SET confirmed_on = '2024-01-01' WHERE patient_id = ?", joan.id
    )
    for form in ("npp", "consent", "history"):
        patients.acknowledge_form(desk, joan.id, form, "signed")
    payments.charge(
        desk, joan.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )  # fmt: skip
    found.appointment(joan, datetime(2026, 3, 18, 11, 30))
    search_index.rebuild(desk.database)
    return found


@pytest.mark.parametrize(("task", "end"), TASKS, ids=lambda t: getattr(t, "name", ""))
async def test_a_task_of_the_budget(
    made: Clinic, task: Task, end: object, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = pressed(task.keys)
    async with at_desk(made.desk) as clerk:
        assert f"{ROW} SMITH" in clerk.text()
        await clerk.press(*keys)
        said = clerk.row(23)
        assert said.startswith(task.said), clerk.text()
        assert "^Z takes it back" in said
        count = clerk.keys
    assert task.ends(made.desk) == end
    assert count <= task.target
    with capsys.disabled():
        print(f"\n{task.name}: {count} keys, target {task.target}", end="")
