"""What a visit's copay is, as SQL: one rule for the board, the day's figures and the money due.

The card's word first, then what the payer said about that very visit, then the plan's usual one.
"""

from __future__ import annotations

# What a payer last said of the visit ``a``; NULL when it said nothing of a copay.
ANSWERED = """(SELECT e.copay_cents FROM eligibility_answer e WHERE e.appointment_id = a.id
  AND e.status <> 'unable' ORDER BY e.id DESC LIMIT 1)"""


def copay_sql(card: str, plan: str) -> str:
    """The copay of the visit ``a`` by its columns on the card and on the plan."""
    return f"coalesce({card}, {ANSWERED}, {plan})"
