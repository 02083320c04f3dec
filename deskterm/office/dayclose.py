"""The end of the business day at one place: what stands open, count, deposit, close. Cents.

freeze -> (count and close each drawer) -> close -> approve; and open again, by two persons.
From the freeze on, money that comes in belongs to the next day, so business goes on while the
day is counted. A closed day never changes: what is found later is posted today and points back.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from deskterm.db.dayclose import DayClose
from deskterm.db.staff import Location
from deskterm.entry.dates import show_date
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import drawer_figures, ledger, shifts, tendering
from deskterm.office.approvals import Approved
from deskterm.office.business_day import being_counted, local_day, place, state
from deskterm.office.day_status import SHIFTS, open_items
from deskterm.office.desk import Desk, Operation


def freeze(desk: Desk, *, location: str | None = None, day: date | None = None) -> DayClose:
    """Begin the count: from now on money belongs to the next day. Raises Conflict."""
    return _mark(desk, "day.freeze", "freeze", location, day)


def thaw(desk: Desk, *, location: str | None = None, day: date | None = None) -> DayClose:
    """Put the count off: the day goes on. Raises Conflict for a day that is not frozen."""
    return _mark(desk, "day.thaw", "thaw", location, day)


def close(
    desk: Desk,
    *,
    location: str | None = None,
    day: date | None = None,
    reason: str = "",
    key: str | None = None,
) -> DayClose:
    """Close a business day whose drawers are all counted and closed; it never changes again.

    What is still open needs a ``reason``, and is listed with the close. Raises Conflict.
    """
    with desk.operation("day.close", reason=reason, key=key) as op:
        if op.earlier:
            return op.get(DayClose, op.earlier.entity_id or 0)
        where = place(desk, location)
        wanted = day or being_counted(desk, where.id, desk.today()) or local_day(desk, where)
        if wanted > local_day(desk, where):
            raise Invalid("That day has not come yet", "", field="day")
        stands = state(desk, where.id, wanted)
        if stands in ("close", "approve"):
            raise Conflict(f"{show_date(wanted)} is closed already", "", rule="day_state")
        running = desk.rows(
            "SELECT d.code FROM shift s JOIN drawer d ON d.id = s.drawer_id"
            " WHERE s.location_id = ? AND s.business_day = ? AND s.closed_at IS NULL",
            where.id, wanted.isoformat(),
        )  # fmt: skip
        if running:
            raise Conflict(
                f"Drawer {running[0][0]} is not closed", "Count and close it first", rule="shift"
            )
        left = open_items(desk, where, wanted)
        if left and not reason.strip():
            raise Conflict(
                f"{len(left)} to settle before closing: {left[0].words}",
                "Settle them, or say why it is closed all the same",
                rule="open_items",
            )
        tendering.refuse_card_numbers(reason=reason)
        made = op.create(
            DayClose,
            location=where,
            business_day=wanted,
            action="close",
            at=op.now,
            by=desk.actor.login,
            reason=reason.strip(),
            figures=json.dumps(figures(desk, where, wanted)),
            open_items=json.dumps([asdict(item) for item in left]),
        )
    desk.anchoring.take(wanted)
    return made


def approve(desk: Desk, *, location: str | None = None, day: date | None = None) -> DayClose:
    """Sign a closed day as the second person. Raises Conflict for the one who closed it."""
    with desk.operation("day.approve") as op:
        where = place(desk, location)
        wanted = day or _last_closed(desk, where)
        closed = _last(desk, where, wanted)
        if closed is None or closed[0] != "close":
            raise Conflict("Only a closed day can be approved", "", rule="day_state")
        if closed[1] == desk.actor.login:
            raise Conflict("You closed this day yourself", "Ask another manager", rule="two")
        return _write(op, where, wanted, "approve")


def reopen(
    desk: Desk,
    *,
    reason: str,
    location: str | None = None,
    day: date | None = None,
    approval: Approved | None = None,
) -> DayClose:
    """Open a closed day again, for a reason, with a second person's yes (``approval``).

    The day as it was closed stays on file. Raises Invalid without a reason, Conflict for a day
    that is not closed, NotAllowed.
    """
    if not reason.strip():
        raise Invalid("Why is it opened again?", "Say it in a few words", field="reason")
    tendering.refuse_card_numbers(reason=reason)
    with desk.operation("day.reopen", reason=reason, approval=approval) as op:
        where = place(desk, location)
        wanted = day or _last_closed(desk, where)
        last = _last(desk, where, wanted)
        if last is None or last[0] not in ("close", "approve"):
            raise Conflict("Only a closed day can be opened again", "", rule="day_state")
        op.second_person(own=False)
        return _write(op, where, wanted, "reopen", reason)


def figures(desk: Desk, where: Location, day: date) -> dict[str, Any]:
    """The day in numbers, as they are kept with its close."""
    by_tender = desk.rows(
        "SELECT t.kind, t.card_brand, sum(t.amount_cents) FROM payment y"
        " JOIN tender t ON t.payment_id = y.id WHERE y.location_id = ? AND y.business_day = ?"
        " GROUP BY t.kind, t.card_brand ORDER BY t.kind, t.card_brand",
        where.id, day.isoformat(),
    )  # fmt: skip
    proof = ledger.receivables(desk, day, day)
    drawers = []
    for row in desk.rows(SHIFTS, where.id, day.isoformat()):
        counted = shifts.last_count(desk, row[0])
        off = drawer_figures.variances(desk, row[0], counted) if counted else []
        drawers.append({"drawer": row[1], "clerk": row[2], "float_cents": row[5],
                        "variances": [v.as_dict() for v in off], "reason": row[10]})  # fmt: skip
    receipts = desk.rows(
        "SELECT count(*), coalesce(min(receipt), ''), coalesce(max(receipt), '') FROM payment"
        " WHERE location_id = ? AND business_day = ?",
        where.id, day.isoformat(),
    )[0]  # fmt: skip
    return {
        "tenders": [
            {"tender": f"{kind} {brand}".strip(), "cents": cents}
            for kind, brand, cents in by_tender
        ],
        "receipts": {"count": receipts[0], "first": receipts[1], "last": receipts[2]},
        "receivables": asdict(proof),
        "drawers": drawers,
    }  # fmt: skip


def _mark(
    desk: Desk, operation: str, action: str, location: str | None, day: date | None
) -> DayClose:
    with desk.operation(operation) as op:
        where = place(desk, location)
        if action == "thaw":
            wanted = day or being_counted(desk, where.id, local_day(desk, where)) or desk.today()
            if state(desk, where.id, wanted) != "freeze":
                raise Conflict("That day is not being counted", "", rule="day_state")
        else:
            wanted = day or local_day(desk, where)
            if state(desk, where.id, wanted) != "open":
                raise Conflict("That day is being counted already", "", rule="day_state")
        return _write(op, where, wanted, action)


def _write(op: Operation, where: Location, day: date, action: str, reason: str = "") -> DayClose:
    return op.create(
        DayClose, location=where, business_day=day, action=action, at=op.now,
        by=op.desk.actor.login, reason=reason.strip(),
    )  # fmt: skip


def _last(desk: Desk, where: Location, day: date) -> tuple[str, str] | None:
    found = desk.rows(
        "SELECT action, by FROM day_close WHERE location_id = ? AND business_day = ?"
        " ORDER BY id DESC LIMIT 1",
        where.id, day.isoformat(),
    )  # fmt: skip
    return (found[0][0], found[0][1]) if found else None


def _last_closed(desk: Desk, where: Location) -> date:
    found = desk.rows(
        "SELECT max(business_day) FROM day_close WHERE location_id = ? AND action = 'close'",
        where.id,
    )[0][0]
    if found is None:
        raise NotFound("No day was closed here yet", "")
    return date.fromisoformat(found)
