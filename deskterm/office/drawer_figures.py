"""What a drawer should hold, and how a count differs from it. Cents.

    cash = float + cash taken - cash refunded + paid in - paid out - taken to the safe

Checks, money orders and cards are expected one by one; a check that the practice itself wrote
for a refund was never in the drawer.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from deskterm.db.dayclose import DrawerCount
from deskterm.office.desk import Desk

_TENDERS = """
SELECT t.kind, t.card_brand, t.reference, sum(t.amount_cents)
FROM payment y JOIN tender t ON t.payment_id = y.id
WHERE y.shift_id = ? GROUP BY t.kind, t.card_brand, t.reference"""
_MOVED = """
SELECT coalesce(sum(CASE kind WHEN 'paid_in' THEN amount_cents ELSE -amount_cents END), 0)
FROM cash_movement WHERE shift_id = ?"""


@dataclass(frozen=True)
class Expected:
    """What the system has for one shift. ``checks`` and ``money_orders`` are (number, cents)."""

    float_cents: int
    cash: int
    checks: tuple[tuple[str, int], ...] = ()
    money_orders: tuple[tuple[str, int], ...] = ()
    cards: dict[str, int] = field(default_factory=dict)
    transfers: int = 0  # straight to the bank; nothing to count


@dataclass(frozen=True)
class Variance:
    """One way of paying: what the system has, what was counted, and the difference.

    ``variance`` above zero is more than expected. For checks, ``items`` names what is missing
    or not known: (number, expected cents, counted cents).
    """

    tender: str
    system: int
    counted: int
    items: tuple[tuple[str, int, int], ...] = ()

    @property
    def variance(self) -> int:
        """Counted less system."""
        return self.counted - self.system

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "tender": self.tender, "system_cents": self.system, "counted_cents": self.counted,
            "variance_cents": self.variance,
            "items": [
                {"number": number, "system_cents": system, "counted_cents": counted}
                for number, system, counted in self.items
            ],
        }  # fmt: skip


def expected(desk: Desk, shift_id: int) -> Expected:
    """What the drawer of a shift should hold now, its float included."""
    start = desk.rows("SELECT float_cents FROM shift WHERE id = ?", shift_id)[0][0]
    cash = start + desk.rows(_MOVED, shift_id)[0][0]
    checks: list[tuple[str, int]] = []
    orders: list[tuple[str, int]] = []
    cards: Counter[str] = Counter()
    transfers = 0
    for kind, brand, reference, cents in desk.rows(_TENDERS, shift_id):
        if kind == "cash":
            cash += cents
        elif kind == "card":
            cards[brand or "other"] += cents
        elif kind == "ach":
            transfers += cents
        elif cents > 0:
            (checks if kind == "check" else orders).append((reference, cents))
    return Expected(
        start, cash, tuple(sorted(checks)), tuple(sorted(orders)),
        {brand: cents for brand, cents in sorted(cards.items()) if cents}, transfers,
    )  # fmt: skip


def variances(desk: Desk, shift_id: int, found: DrawerCount) -> list[Variance]:
    """Cash, checks, money orders and each brand of card: the system against the count."""
    there = expected(desk, shift_id)
    lines = [
        Variance("cash", there.cash, found.cash_cents),
        _one_by_one("check", there.checks, json.loads(found.checks)),
        _one_by_one("money_order", there.money_orders, json.loads(found.other)),
    ]
    cards = json.loads(found.cards)
    for brand in sorted({*there.cards, *cards}):
        lines.append(Variance(f"card {brand}", there.cards.get(brand, 0), cards.get(brand, 0)))
    return lines


def _one_by_one(
    kind: str, system: tuple[tuple[str, int], ...], counted: list[list[Any]]
) -> Variance:
    by_number: dict[str, int] = Counter()
    for number, cents in counted:
        by_number[str(number).strip()] += cents
    known = dict(system)
    off = tuple(
        (number, known.get(number, 0), by_number.get(number, 0))
        for number in sorted({*known, *by_number})
        if known.get(number, 0) != by_number.get(number, 0)
    )
    return Variance(kind, sum(known.values()), sum(by_number.values()), off)
