"""T-01 on the real desk: one booking typed ahead through finder, card, search and form."""

from __future__ import annotations

import os
import time

from tests.terminal.desk_fixture import Morning, ready, wait_until
from tests.terminal.pty_desk import PtyDesk, keys

# Finder, card, search, booking: four screens and a form.
BOOK = ["f2", *"smith", "enter", "b", *"1w pm", "tab", *"bp check", "enter", "enter"]


def type_apart(term: PtyDesk, names: list[str], gap_ms: int) -> None:
    """Press ``names`` ``gap_ms`` apart; in one write when there is no gap."""
    if not gap_ms:
        term.send(*names)
        return
    for name in names:
        os.write(term.master, keys(name))
        time.sleep(gap_ms / 1000)  # the gap is what is tested


def book_and_take_back(morning: Morning, term: PtyDesk, gap_ms: int) -> None:
    """Type the booking ahead, check every trace of it, and take it back with ^Z.

    Raises AssertionError when anything but that one visit came of the keys.
    """
    smith = morning.people["smith"].id
    mark = morning.journal_mark()
    type_apart(term, BOOK, gap_ms)
    term.wait_for("Booked Wed Mar 25 1:00p NOVAK", timeout=20)
    made = morning.rows(
        "SELECT patient_id, wall_start, note, lifecycle FROM appointment ORDER BY id DESC LIMIT 1"
    )
    assert made == [(smith, "2026-03-25T13:00", "bp check", "scheduled")]
    assert morning.journal_from(mark) == ["appointment.book"]
    assert morning.open_drafts() == []
    term.send("ctrl+z", "f5")
    ready(term)
    undone = ["appointment.book", "appointment.undo_book"]
    wait_until(term, lambda: morning.journal_from(mark) == undone, "the booking is taken back")
