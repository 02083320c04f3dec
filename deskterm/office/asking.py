"""Asking a payer by computer: a question is written now and sent by a worker, never waited for.

One question stands open for a coverage and a day; asking again while it is open is the same
question. What comes back is kept by :mod:`deskterm.office.eligibility`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from deskterm.clock import local, parse_utc_text
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import Inquiry
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, DesktermError, Invalid, NotFound
from deskterm.office import access, eligibility, verify_board
from deskterm.office.desk import Desk

NO_CONNECTION = "no connection for this payer"
_OPEN = """
SELECT id FROM inquiry WHERE coverage_id = ? AND service_day = ? AND state = 'waiting'
ORDER BY id DESC LIMIT 1"""
_WAITING = """
SELECT asked_at, asked_by FROM inquiry WHERE coverage_id = ? AND state = 'waiting'
ORDER BY id DESC LIMIT 1"""
_TODAY = """
SELECT 1 FROM coverage WHERE id = ? AND verified_on = ? AND eligibility <> 'unable'"""


@dataclass(frozen=True)
class Verified:
    """What asking for many came to: how many were asked or need nothing, and who cannot be."""

    asked: int
    settled: int
    refused: tuple[tuple[int, str], ...]


def cannot(desk: Desk, coverage_id: int) -> str:
    """Why the payer of a coverage cannot be asked by computer; empty when it can."""
    found = desk.rows("SELECT plan_id FROM coverage WHERE id = ?", coverage_id)
    if not found:
        raise NotFound(f"No such coverage: {coverage_id}", "Look the patient up again")
    plan = Plan.get_by_id(found[0][0])
    if plan.plan_type in eligibility.NEVER_ASKED:
        return "no payer to ask"
    if not plan.payer_id:
        return "the plan has no payer id"
    return "" if _connection(desk, plan) is not None else NO_CONNECTION


def waiting(desk: Desk, coverage_id: int) -> str:
    """Since when an answer is awaited and who asked, in words; empty when none is."""
    found = desk.rows(_WAITING, coverage_id)
    if not found:
        return ""
    at = local(parse_utc_text(found[0][0]), desk.zone)
    return f"by {found[0][1]} at {show_time(at.time())}, no answer yet"


def answered_today(desk: Desk, coverage_id: int) -> bool:
    """Whether an answer of today that says something is on file."""
    return bool(desk.rows(_TODAY, coverage_id, desk.today().isoformat()))


def verify(desk: Desk, first: date, last: date, *, everyone: bool = False) -> Verified:
    """Ask for every visit of some days whose insurance needs it; ``everyone``: for all.

    Who cannot be asked is listed and stays on the board; nobody's failure stops the others.
    Raises Invalid for more than 31 days.
    """
    asked = settled = 0
    refused: list[tuple[int, str]] = []
    seen: set[tuple[int, date]] = set()
    for row in verify_board.board(desk, first, last):
        if row.coverage_id is None or row.state in ("SELF", "ASKED"):
            settled += row.state != "NONE"
            continue
        if row.state == "OK" and not everyone:
            settled += 1
            continue
        about = (row.coverage_id, row.start.date())
        if about in seen:
            continue
        seen.add(about)
        try:
            ask(desk, row.coverage_id, row.start.date(), appointment_id=row.appointment_id)
            asked += 1
        except DesktermError as error:
            refused.append((row.appointment_id, error.message))
    return Verified(asked, settled, tuple(refused))
