"""What goes to the bank: the deposit of the drawers that were counted and closed. Cents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from deskterm.db.dayclose import Deposit
from deskterm.db.staff import Location
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid
from deskterm.office import day_status, posting, shifts, tendering
from deskterm.office.desk import Desk

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
        where = day_status.place(desk, location)
        wanted = (
            day
            or day_status.being_counted(desk, where.id, desk.today())
            or posting.local_day(desk, where)
        )
        found = deposit_slip(desk, where, wanted)
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


def deposit_slip(desk: Desk, where: Location, day: date) -> DepositSlip:
    """The deposit that the closed drawers of a day make up, as it stands."""
    desk.require("view_money")
    slip = DepositSlip([], 0, [], [])
    cash = 0
    for row in desk.rows(day_status.SHIFTS, where.id, day.isoformat()):
        shift_id, code, closed_at, stays = row[0], row[1], row[4], row[5]
        counted = shifts.last_count(desk, shift_id)
        if closed_at is None or counted is None or desk.rows(_DEPOSITED, shift_id):
            continue
        slip.shifts.append(shift_id)
        cash += max(counted.cash_cents - stays, 0)
        slip.checks.extend((str(n), code, int(c)) for n, c in json.loads(counted.checks))
        slip.money_orders.extend((str(n), code, int(c)) for n, c in json.loads(counted.other))
    return DepositSlip(slip.shifts, cash, slip.checks, slip.money_orders)
