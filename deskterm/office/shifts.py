"""The cash drawer: open with a float, hand over, move cash, count blind, close. Cents.

A shift is one drawer from its float to its count, within one business day of one place; its
receipts are the batch that is counted. The first money of a day opens the drawer by itself
with what the last count left in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from deskterm.db.dayclose import CashMovement, Drawer, DrawerCount, Shift
from deskterm.db.payments import CARD_BRANDS, Payment
from deskterm.db.staff import Location
from deskterm.entry.dates import show_date
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import business_day, drawer_figures, tendering
from deskterm.office.desk import Desk, Operation
from deskterm.office.drawer_figures import Expected

# US notes and coins by value in cents.
DENOMINATIONS = (10000, 5000, 2000, 1000, 500, 200, 100, 50, 25, 10, 5, 1)
_MOST_PIECES = 100_000


@dataclass(frozen=True)
class Count:
    """What was found in a drawer. ``cash`` is pieces by value in cents, with the float.

    ``cash_cents`` stands alone where only the sum was counted. ``checks`` and ``money_orders``
    are (number, cents) one by one; ``cards`` cents by brand as on the machine's batch slip.
    """

    cash: Mapping[int, int] = field(default_factory=dict)
    cash_cents: int | None = None
    checks: Sequence[tuple[str, int]] = ()
    money_orders: Sequence[tuple[str, int]] = ()
    cards: Mapping[str, int] = field(default_factory=dict)

    @property
    def cash_total(self) -> int:
        """Cents of cash in the drawer."""
        if self.cash_cents is not None:
            return self.cash_cents
        return sum(value * pieces for value, pieces in self.cash.items())


def open_shift(
    desk: Desk,
    drawer: str,
    *,
    float_cents: int | None = None,
    location: str | None = None,
    note: str = "",
    key: str | None = None,
) -> Shift:
    """Open a drawer for the day with a counted float (else what the last count left in it).

    Raises Conflict when it is open, or when the clerk has another drawer open and the policy
    forbids that; Invalid, NotFound.
    """
    with desk.operation("shift.open", key=key) as op:
        if op.earlier:
            return op.get(Shift, op.earlier.entity_id or 0)
        place = _place(op, location)
        return _open(op, place, business_day.first_open_day(desk, place), drawer, float_cents, note)


def hand_over(
    desk: Desk, shift_id: int, to: str, found: Count, *, version: int | None = None
) -> DrawerCount:
    """Count a drawer and give it to another person. Returns the count with its variance.

    Raises Invalid for a login that does not exist, Conflict for a closed shift, Stale.
    """
    with desk.operation("shift.hand_over") as op:
        shift = _still_open(op, shift_id, version)
        if not desk.rows("SELECT 1 FROM staff WHERE login = ? AND active = 1", to):
            raise Invalid(f"Nobody signs in as {to[:32]}", "Check the login", field="to")
        _one_drawer(op, to, shift.business_day, except_shift=shift.id)
        count = _write_count(op, shift, found, "handover", to)
        shift.clerk = to
        op.save(shift)
        op.about(shift)
        return count


def move_cash(
    desk: Desk, shift_id: int, kind: str, amount_cents: int, *, reason: str, key: str | None = None
) -> CashMovement:
    """Note cash paid in or out, or taken to the safe. Raises Invalid, Conflict."""
    with desk.operation("shift.move_cash", key=key) as op:
        if op.earlier:
            return op.get(CashMovement, op.earlier.entity_id or 0)
        shift = _still_open(op, shift_id)
        if kind not in ("paid_in", "paid_out", "drop"):
            raise Invalid("paid_in, paid_out or drop", "", field="kind")
        if not reason.strip():
            raise Invalid("What is it for?", "For example: stamps", field="reason")
        tendering.refuse_card_numbers(reason=reason)
        tendering.check_amount(amount_cents, desk.settings.policy.large_amount)
        if kind != "paid_in":
            there = drawer_figures.expected(desk, shift.id).cash
            if amount_cents > there:
                raise Conflict(
                    f"There should be only {show_cents(there)} in the drawer",
                    "Count it first",
                    rule="drawer_cash",
                )
        return op.create(
            CashMovement, shift=shift, kind=kind, amount_cents=amount_cents,
            reason=reason.strip(), at=op.now, by=desk.actor.login,
        )  # fmt: skip


def count(desk: Desk, shift_id: int, found: Count, *, key: str | None = None) -> DrawerCount:
    """Write down what was counted at the end of a shift; counting again is allowed.

    Raises Invalid for a count that cannot be, Conflict for a closed shift.
    """
    with desk.operation("shift.count", key=key) as op:
        if op.earlier:
            return op.get(DrawerCount, op.earlier.entity_id or 0)
        return _write_count(op, _still_open(op, shift_id), found, "close")


def close_shift(
    desk: Desk, shift_id: int, *, reason: str = "", version: int | None = None
) -> Shift:
    """Close a counted drawer. A difference needs a reason; above the policy's limit a manager.

    Raises Conflict when nothing was counted yet or the difference is unexplained.
    """
    with desk.operation("shift.close", reason=reason) as op:
        shift = _still_open(op, shift_id, version)
        last = last_count(desk, shift.id)
        if last is None:
            raise Conflict("The drawer is not counted yet", "Count it first", rule="not_counted")
        tendering.refuse_card_numbers(reason=reason)
        off = drawer_figures.variances(desk, shift.id, last)
        if any(line.variance for line in off) and not reason.strip():
            raise Conflict(
                "The count and the system differ",
                "Recount, correct it, or say why",
                rule="variance",
            )
        shift.closed_at, shift.closed_by = op.now, desk.actor.login
        shift.variance_reason = reason.strip()
        return op.save(shift)


def last_count(desk: Desk, shift_id: int) -> DrawerCount | None:
    """The count that decides: the last one made at the end of the shift."""
    found = desk.rows(
        "SELECT max(id) FROM drawer_count WHERE shift_id = ? AND kind = 'close'", shift_id
    )[0][0]
    return DrawerCount.get_by_id(found) if found else None


def find(desk: Desk, drawer: str, *, location: str | None = None, day: date | None = None) -> Shift:
    """The drawer's shift that is open longest, else the last one. Raises NotFound."""
    desk.require("view_money")
    where = ["d.code = ?"]
    params: list[Any] = [drawer.strip()]
    if location is not None:
        where.append("l.code = ?")
        params.append(location.strip().upper())
    if day is not None:
        where.append("s.business_day = ?")
        params.append(day.isoformat())
    found = desk.rows(
        "SELECT s.id FROM shift s JOIN drawer d ON d.id = s.drawer_id"
        f" JOIN location l ON l.id = s.location_id WHERE {' AND '.join(where)}"
        " ORDER BY s.closed_at IS NOT NULL,"
        " CASE WHEN s.closed_at IS NULL THEN s.business_day END, s.business_day DESC, s.id DESC"
        " LIMIT 1",
        *params,
    )
    if not found:
        raise NotFound(f"Drawer {drawer[:20]} was not opened", "day open --drawer opens it")
    return Shift.get_by_id(found[0][0])


def for_document(
    op: Operation,
    kind: str,
    place: Location,
    day: date,
    about: Payment | None,
    opening_cents: int | None = None,
) -> Shift | None:
    """The batch that a document of money belongs to; inside an operation.

    A void or a correction stays in the batch of what it is about while that is open. Later
    corrections, returned checks and applied credit touch no drawer. A drawer that is not open
    yet opens with ``opening_cents``, else with what the last count left in it.
    """
    if kind == "void":
        return Shift.get_by_id(about.shift_id) if about is not None and about.shift_id else None
    if kind == "correction":
        shift = Shift.get_by_id(about.shift_id) if about is not None and about.shift_id else None
        return shift if shift and shift.closed_at is None and shift.business_day == day else None
    if kind in ("credit", "returned"):
        return None
    drawer = op.desk.settings.drawer or op.desk.workstation
    found = op.desk.rows(
        "SELECT s.id FROM shift s JOIN drawer d ON d.id = s.drawer_id WHERE d.code = ?"
        " AND s.location_id = ? AND s.business_day = ? AND s.closed_at IS NULL",
        drawer, place.id, day.isoformat(),
    )  # fmt: skip
    if found:
        return Shift.get_by_id(found[0][0])
    return _open(op, place, day, drawer, opening_cents, "opened by the first payment")


def to_open(desk: Desk, patient_id: int, appointment_id: int | None = None) -> int | None:
    """What a drawer that this desk's next payment opens would start with; None when it is open.

    Where the payment would be taken: at the visit, else where the patient is today.
    """
    from deskterm.office import pay_plan

    desk.require("view_money")
    place = Location.get_by_id(pay_plan.place_id(desk, patient_id, appointment_id))
    day = business_day.first_open_day(desk, place)
    code = desk.settings.drawer or desk.workstation
    found = Drawer.get_or_none((Drawer.code == code) & (Drawer.location == place.id))
    if found is None:
        return desk.settings.policy.drawer_float
    if desk.rows(
        "SELECT 1 FROM shift WHERE drawer_id = ? AND business_day = ? AND closed_at IS NULL",
        found.id, day.isoformat(),
    ):  # fmt: skip
        return None
    left = _left_in(desk, found)
    return left if left is not None else int(found.float_cents)


def _open(
    op: Operation, place: Location, day: date, code: str, float_cents: int | None, note: str
) -> Shift:
    drawer = _drawer(op, place, code)
    running = op.desk.rows(
        "SELECT business_day FROM shift WHERE drawer_id = ? AND closed_at IS NULL"
        " AND business_day = ?",
        drawer.id, day.isoformat(),
    )  # fmt: skip
    if running:
        raise Conflict(
            f"Drawer {drawer.code} is open already", "Count and close it first", rule="shift_open"
        )
    _one_drawer(op, op.desk.actor.login, day)
    left = _left_in(op.desk, drawer)
    if float_cents is None:
        float_cents = left if left is not None else drawer.float_cents
    if type(float_cents) is not int or not 0 <= float_cents <= op.desk.settings.policy.large_amount:
        raise Invalid("A float is zero or more", "For example 200.00", field="float")
    return op.create(
        Shift,
        drawer=drawer,
        location=place,
        business_day=day,
        clerk=op.desk.actor.login,
        opened_at=op.now,
        opened_by=op.desk.actor.login,
        float_cents=float_cents,
        expected_float_cents=left,
        note=note.strip(),
    )


def _drawer(op: Operation, place: Location, code: str) -> Drawer:
    name = code.strip()
    if not name:
        raise Invalid("Which drawer?", "For example d1", field="drawer")
    found = Drawer.get_or_none((Drawer.code == name) & (Drawer.location == place.id))
    if found is None:
        policy = op.desk.settings.policy
        return op.create(Drawer, code=name, location=place, float_cents=policy.drawer_float)
    if not found.active:
        raise Conflict(f"Drawer {name} is not used any more", "", rule="inactive")
    return Drawer.get_by_id(found.id)


def _left_in(desk: Desk, drawer: Drawer) -> int | None:
    """What the last closed shift left in the drawer: its count less what was deposited."""
    found = desk.rows(
        "SELECT s.id, s.float_cents FROM shift s WHERE s.drawer_id = ? AND s.closed_at IS NOT NULL"
        " ORDER BY s.closed_at DESC, s.id DESC LIMIT 1",
        drawer.id,
    )
    return int(found[0][1]) if found else None


def _one_drawer(op: Operation, login: str, day: date, except_shift: int = 0) -> None:
    if not op.desk.settings.policy.one_drawer_each:
        return
    found = op.desk.rows(
        "SELECT d.code, l.name FROM shift s JOIN drawer d ON d.id = s.drawer_id"
        " JOIN location l ON l.id = s.location_id WHERE s.clerk = ? AND s.closed_at IS NULL"
        " AND s.business_day = ? AND s.id <> ?",
        login, day.isoformat(), except_shift,
    )  # fmt: skip
    if found:
        raise Conflict(
            f"{login} has drawer {found[0][0]} at {found[0][1]}",
            "One person, one drawer: hand it over or close it first",
            rule="one_drawer",
        )


def _still_open(op: Operation, shift_id: int, version: int | None = None) -> Shift:
    shift = op.get(Shift, shift_id, version)
    if shift.closed_at is not None:
        raise Conflict(
            f"This drawer was closed on {show_date(shift.business_day)}",
            "A closed shift stays as it is",
            rule="shift_closed",
        )
    return shift


def _place(op: Operation, code: str | None) -> Location:
    if code is not None:
        found = Location.get_or_none(Location.code == code.strip().upper(), Location.active)
    else:
        found = Location.select().where(Location.active).order_by(Location.id).first()
    if found is None:
        raise NotFound("No such location", "Look at the list of locations")
    return found


def _write_count(
    op: Operation, shift: Shift, found: Count, kind: str, handed_to: str = ""
) -> DrawerCount:
    _check(found, op.desk.settings.policy.large_amount)
    there: Expected = drawer_figures.expected(op.desk, shift.id)
    return op.create(
        DrawerCount,
        shift=shift,
        kind=kind,
        cash_cents=found.cash_total,
        cash=json.dumps({str(value): pieces for value, pieces in found.cash.items()}),
        checks=json.dumps(list(found.checks)),
        cards=json.dumps(dict(found.cards)),
        other=json.dumps(list(found.money_orders)),
        expected=json.dumps(asdict(there)),
        handed_to=handed_to,
        at=op.now,
        by=op.desk.actor.login,
    )


def _check(found: Count, limit: int) -> None:
    for value, pieces in found.cash.items():
        if value not in DENOMINATIONS:
            raise Invalid(f"There is no {show_cents(value)} piece", "", field="cash")
        if type(pieces) is not int or not 0 <= pieces <= _MOST_PIECES:
            raise Invalid("How many? Zero or more", "", field="cash")
    if type(found.cash_total) is not int or not 0 <= found.cash_total <= limit:
        raise Invalid("The cash counted is zero or more", "", field="cash")
    for what, items in (("checks", found.checks), ("money_orders", found.money_orders)):
        for number, cents in items:
            if not number.strip():
                raise Invalid("A check needs its number", "1042:35.00", field=what)
            tendering.refuse_card_numbers(**{what: number})
            tendering.check_amount(cents, limit, what)
    brands = {code for code, _ in CARD_BRANDS if code}
    for brand, cents in found.cards.items():
        if brand not in brands:
            raise Invalid("No such card brand", f"One of {', '.join(sorted(brands))}",
                          field="cards")  # fmt: skip
        if type(cents) is not int or abs(cents) > limit:
            raise Invalid("An amount must be whole cents", "", field="cards")
