"""What goes to the bank: the deposit of the drawers that were counted and closed. Cents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from deskterm.db.dayclose import Deposit
from deskterm.db.staff import Location
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid
from deskterm.office import business_day, shifts, tendering
from deskterm.office.desk import Desk
from deskterm.text import fit, safe

_CLOSED = """
SELECT s.id, d.code, s.float_cents FROM shift s JOIN drawer d ON d.id = s.drawer_id
WHERE s.location_id = ? AND s.business_day = ? AND s.closed_at IS NOT NULL ORDER BY d.code, s.id"""
_DEPOSITED = """
SELECT 1 FROM deposit d, json_each(d.items, '$.shifts') j WHERE j.value = ? LIMIT 1"""


def deposit(
    desk: Desk,
    *,
    location: str | None = None,
    day: date | None = None,
    bag: str = "",
    second: str = "",
    typed_total: int | None = None,
    key: str | None = None,
) -> Deposit:
    """Make up the deposit of the day's closed drawers that are in no deposit yet.

    Cash is what was counted less the float that stays. ``typed_total`` is the fact that seals
    it: another total than the system's is refused. Raises Conflict, Invalid.
    """
    with desk.operation("day.deposit", key=key) as op:
        if op.earlier:
            return op.get(Deposit, op.earlier.entity_id or 0)
        where = business_day.place(desk, location)
        wanted = (
            day
            or business_day.being_counted(desk, where.id, desk.today())
            or business_day.local_day(desk, where)
        )
        found = slip(desk, where, wanted)
        if not found.shifts:
            raise Conflict("Nothing to deposit: no drawer was closed since", "", rule="nothing")
        if typed_total is not None and typed_total != found.total:
            raise Invalid(
                f"The deposit comes to {show_cents(found.total)}, not {show_cents(typed_total)}",
                "Count the bag again",
                field="total",
            )
        tendering.refuse_card_numbers(bag=bag, second=second)
        number = desk.rows(
            "SELECT coalesce(max(number), 0) + 1 FROM deposit WHERE location_id = ?", where.id
        )[0][0]
        return op.create(
            Deposit,
            location=where,
            number=number,
            business_day=wanted,
            cash_cents=found.cash,
            check_cents=sum(cents for _, _, cents in found.checks),
            money_order_cents=sum(cents for _, _, cents in found.money_orders),
            total_cents=found.total,
            items=json.dumps(
                {
                    "shifts": found.shifts,
                    "checks": found.checks,
                    "money_orders": found.money_orders,
                }
            ),
            bag=bag.strip(),
            at=op.now,
            by=desk.actor.login,
            second=second.strip(),
        )


@dataclass(frozen=True)
class DepositSlip:
    """What goes to the bank: cash, and (number, drawer, cents) of each check."""

    shifts: list[int]
    cash: int
    checks: list[tuple[str, str, int]]
    money_orders: list[tuple[str, str, int]]

    @property
    def total(self) -> int:
        """The deposit's total in cents."""
        return (
            self.cash
            + sum(cents for _, _, cents in self.checks)
            + sum(cents for _, _, cents in self.money_orders)
        )


def slip(desk: Desk, where: Location, day: date) -> DepositSlip:
    """The deposit that the closed drawers of a day make up, as it stands."""
    desk.require("view_money")
    made = DepositSlip([], 0, [], [])
    cash = 0
    for shift_id, code, stays in desk.rows(_CLOSED, where.id, day.isoformat()):
        counted = shifts.last_count(desk, shift_id)
        if counted is None or desk.rows(_DEPOSITED, shift_id):
            continue
        made.shifts.append(shift_id)
        cash += max(counted.cash_cents - stays, 0)
        made.checks.extend((str(n), code, int(c)) for n, c in json.loads(counted.checks))
        made.money_orders.extend((str(n), code, int(c)) for n, c in json.loads(counted.other))
    return DepositSlip(made.shifts, cash, made.checks, made.money_orders)


def text(desk: Desk, made: Deposit, columns: int = 40) -> str:
    """The deposit slip as lines: cash, each check, the total, and room for two initials."""
    desk.require("view_money")
    items = json.loads(made.items)
    rule = "-" * columns
    out = [
        f"DEPOSIT {made.number}".center(columns),
        f"{made.business_day:%a %m/%d/%Y}   bag {made.bag or '-'}",
        rule,
        _line("cash", made.cash_cents, columns),
        *(_line(f"check {n} ({drawer})", cents, columns) for n, drawer, cents in items["checks"]),
        *(
            _line(f"m.o. {n} ({drawer})", cents, columns)
            for n, drawer, cents in items["money_orders"]
        ),
        rule,
        _line("total", made.total_cents, columns),
        "",
        f"counted by {made.by}   second {made.second or '________'}",
    ]
    return "\n".join(safe(line).rstrip() for line in out) + "\n"


def _line(words: str, cents: int, columns: int) -> str:
    amount = show_cents(cents)
    return f"{fit(words, columns - len(amount) - 1)} {amount}"
