"""Two real desks on one file, each in a terminal of its own (live boards, stale saves)."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

from deskterm.office import messages, staff
from tests.terminal.desk_fixture import Morning, ready, wait_until
from tests.terminal.pty_desk import PtyDesk

OTHER = "dana"


def two(morning: Morning) -> tuple[PtyDesk, PtyDesk]:
    """Two people: one who signs in at a second desk takes their own work with them."""
    staff.add(morning.desk, login=OTHER, name="Dana Kim", role="front_desk")
    return (
        morning.terminal(env={"DESKTERM_DESK": "d1"}),
        morning.terminal(env={"DESKTERM_DESK": "d2"}, login=OTHER),
    )


def seen(term: PtyDesk, text: str, began: float) -> None:
    term.wait_for(text)
    print(f"{text!r} at the other desk after {(time.monotonic() - began) * 1000:.0f} ms")


def row_of(morning: Morning, who: str) -> int:
    (found,) = morning.rows(
        "SELECT number FROM row_number WHERE appointment_id = ?", morning.visits[who].id
    )
    return int(found[0])


def test_a_booking_a_stage_and_a_message_show_at_the_other_desk(tmp_path: Path) -> None:
    with Morning(tmp_path) as morning:
        one, other = two(morning)
        with one, other:
            ready(one)
            ready(other)
            other.wait_quiet()
            before = other.screen()
            # A stage: the row that was shown changes, the cursor and the rest do not.
            one.send(f"{row_of(morning, 'hui')}f".encode())
            wait_until(one, lambda: morning.rows(
                "SELECT 1 FROM appointment WHERE stage = 'arrived'"), "the stage")  # fmt: skip
            began = time.monotonic()
            seen(other, "HUI Z arrived by mlopez at d1", began)
            other.wait_for(lambda lines: any("HUI Z" in x and "'ARR" in x for x in lines))
            after = other.screen()
            changed = [n for n in range(24) if before[n] != after[n]]
            assert all("HUI Z" in after[n] or n in (1, 20, 21, 22) for n in changed), changed
            # A booking, typed at one desk, comes to the day that the other shows.
            other.send(b"gfri\r")
            other.wait_for("DAY  Fri Mar 20")
            assert not any("TRAN O" in line for line in other.screen())
            one.send(b":b tran fu patel fri 9a\r")
            mark = morning.journal_mark()
            for _ in range(6):
                if "appointment.book" in morning.journal_from(mark):
                    break
                one.send(b"\r")
                wait_until(one, lambda: morning.journal_from(mark) or "ERR" in one.text()
                           or not one.pump(0.3), "Enter was taken")  # fmt: skip
            assert "appointment.book" in morning.journal_from(mark), one.text()
            other.wait_for("'SCH")
            assert any("'SCH" in line for line in other.screen() if "TRAN O" in line)
            # Who did it follows when row 23 is free again, at most every two seconds.
            other.wait_for("TRAN O booked Fri Mar 20 9:00a by mlopez at d1")
            # A message counts in row 1 of everybody whom it waits for.
            queue = int(re.findall(r" Q(\d+) ", other.screen()[0])[0])
            messages.take(
                morning.desk, caller="self", relationship="self", callback="217-555-0142",
                patient_id=morning.people["faber"].id, topic="rx", body="refill",
                urgency="today", assignee=OTHER, key="m2",
            )  # fmt: skip
            seen(other, f" Q{queue + 1} ", time.monotonic())
            seen(one, f" Q{queue + 1} ", time.monotonic())
            # Somebody at work on a patient is seen until they are done, or die.
            other.send(b"gt\r")
            other.wait_for("DAY  Wed Mar 18")
            number = row_of(morning, "tran")
            other.send(f"{number}".encode(), "enter")
            other.wait_for("PATIENT")
            one.send(f"{number}i".encode())
            other.wait_for("d1 mlopez: editing")
            one.signal(signal.SIGKILL)
            other.wait_for(lambda lines: "editing" not in lines[1])


def test_both_edit_one_patient_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    with Morning(tmp_path) as morning:
        one, other = two(morning)
        tran = morning.people["tran"].id
        with one, other:
            for term in (ready(one), ready(other)):
                number = row_of(morning, "tran")
                term.send(f"{number}i".encode())
                term.wait_for("IDENTITY")
            other.wait_for("d1 mlopez is editing this patient")
            one.wait_for("d2 dana: editing")
            for term, text in ((one, b"ONE"), (other, b"OTHER")):
                # Shift+Tab from the first field goes round to the end of the form.
                for _ in range(60):
                    if "Enter = " in term.text() and _field(term).startswith("Alert"):
                        break
                    term.send("shift+tab")
                    term.wait_quiet(0.05)
                term.send(text)
                term.wait_for(text.decode())
            _save(one, "Saved TRAN")
            _save(other, "CHANGED MEANWHILE")
            text = other.text()
            assert "ONE" in text and "OTHER" in text and "mlopez at d1" in text, text
            other.send("enter")
            other.wait_for("Saved TRAN")
            assert morning.rows("SELECT alert FROM patient WHERE id = ?", tran) == [("OTHER",)]


def _field(term: PtyDesk) -> str:
    """The label before the terminal's own cursor."""
    line = term._pyte.display[term._pyte.cursor.y]
    return line[: term._pyte.cursor.x].split("[")[0].strip()


def _save(term: PtyDesk, until: str) -> None:
    for _ in range(40):
        if until in term.text():
            return
        term.send("enter")
        term.wait_quiet(0.15)
    raise AssertionError(term.text())
