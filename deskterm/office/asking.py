"""Asking a payer by computer: a question is written now and sent by a worker, never waited for.

One question stands open for a coverage and a day; asking again while it is open is the same
question. What comes back is kept by :mod:`deskterm.office.eligibility`.
"""

from __future__ import annotations

from dataclasses import dataclass

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
class Asked:
    """What became of asking for many: how many were asked, and for whom it was not possible."""

    asked: int
    settled: int
    refused: tuple[tuple[int, str], ...]
