"""Payment plans: set up, ended, and how they stand today. All amounts are cents.

A plan is for what is open of some charges when it is made. What came in on it is never stored:

    settled = amount - what is still open of the planned parts of its charges

so a payment, a write-off, a void and a refund all count by themselves. An instalment is paid
once the settled sum covers it and all before it; one whose day is over without that is missed.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from deskterm.db.fields import word_of
from deskterm.db.instalments import EVERY, InstalmentCharge, InstalmentPlan
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid
from deskterm.office import access, tendering
from deskterm.office.desk import Desk
from deskterm.office.ledger import PATIENT_LEFT

MOST = 120
_PLANS = """
SELECT id, amount_cents, instalments, first_on, every, note, version FROM instalment_plan
WHERE patient_id = ? AND ended_at IS NULL ORDER BY id"""
_ITEMS = f"""
SELECT i.charge_id, i.amount_cents, {PATIENT_LEFT}
FROM instalment_charge i JOIN charge c ON c.id = i.charge_id
WHERE i.plan_id = ? ORDER BY c.service_day, c.id"""
_PLANNABLE = f"""
SELECT c.id, {PATIENT_LEFT} AS left_cents FROM charge c
WHERE c.patient_id = ? AND c.reverses_id IS NULL AND left_cents > 0
  AND NOT EXISTS (SELECT 1 FROM instalment_charge i JOIN instalment_plan p ON p.id = i.plan_id
    WHERE i.charge_id = c.id AND p.ended_at IS NULL)
ORDER BY c.service_day, c.id"""


@dataclass(frozen=True)
class Instalment:
    """One instalment: its number from 1, its day, and how it stands.

    ``state`` is paid, missed (its day is over), due (today) or later; ``left_cents`` is what is
    not covered of it.
    """

    number: int
    day: date
    cents: int
    left_cents: int
    state: str


@dataclass(frozen=True)
class Standing:
    """A plan as it stands on a day. ``open_parts`` is what is open of each planned charge."""

    id: int
    version: int
    amount_cents: int
    first_on: date
    every: str
    note: str
    settled_cents: int
    instalments: tuple[Instalment, ...]
    open_parts: tuple[tuple[int, int], ...]

    @property
    def due_cents(self) -> int:
        """What should have come in by today and did not."""
        return sum(i.left_cents for i in self.instalments if i.state in ("missed", "due"))

    @property
    def missed_cents(self) -> int:
        """What is late."""
        return sum(i.left_cents for i in self.instalments if i.state == "missed")

    @property
    def later_cents(self) -> int:
        """What is agreed to be paid on later days."""
        return sum(i.left_cents for i in self.instalments if i.state == "later")

    @property
    def next(self) -> Instalment | None:
        """The first instalment that is not paid."""
        return next((i for i in self.instalments if i.left_cents), None)

    @property
    def words(self) -> str:
        """``120.00 in 4 instalments, every month: 30.00 paid, 30.00 missed, next 05/18/2026``."""
        said = (
            f"{show_cents(self.amount_cents)} in {len(self.instalments)} instalments, every"
            f" {word_of(EVERY, self.every)}: {show_cents(self.settled_cents)} settled"
        )
        if self.missed_cents:
            said += f", {show_cents(self.missed_cents)} MISSED"
        if self.next is not None:
            said += f", next {show_cents(self.next.left_cents)} on {self.next.day:%m/%d/%Y}"
        return said


def set_up(
    desk: Desk,
    patient_id: int,
    *,
    instalments: int,
    first_on: date,
    every: str = "month",
    charges: Sequence[int] = (),
    note: str = "",
    key: str | None = None,
) -> InstalmentPlan:
    """Agree that what is open of ``charges`` (else of all) is paid in instalments.

    ``every`` is week, two_weeks or month. Raises Invalid, NotFound, and Conflict when nothing
    is open or a charge is on a plan already.
    """
    from deskterm.office import posting

    with desk.operation("instalments.set_up", patient_id=patient_id, key=key) as op:
        if op.earlier:
            return op.get(InstalmentPlan, op.earlier.entity_id or 0)
        posting.payer(op, patient_id)
        _check(desk, instalments, first_on, every)
        tendering.refuse_card_numbers(note=note)
        found = dict(desk.rows(_PLANNABLE, patient_id))
        for charge_id in charges:
            if charge_id not in found:
                raise Conflict(
                    f"Charge {charge_id} has nothing open that could be planned",
                    "Look at the account again",
                    rule="not_open",
                )
        items = {c: found[c] for c in charges} if charges else found
        amount = sum(items.values())
        if not amount:
            raise Conflict("Nothing is open that could be planned", "", rule="nothing_due")
        if amount < instalments:
            raise Invalid("An instalment must be at least a cent", "Fewer", field="instalments")
        made = op.create(
            InstalmentPlan,
            patient=patient_id,
            amount_cents=amount,
            instalments=instalments,
            first_on=first_on,
            every=every,
            note=note.strip(),
            set_up_at=op.now,
            set_up_by=desk.actor.login,
        )
        for charge_id, cents in items.items():
            op.create(InstalmentCharge, plan=made, charge=charge_id, amount_cents=cents)
        op.about(made, patient_id=patient_id)
        return made


def end(
    desk: Desk, plan_id: int, *, reason: str, version: int | None = None, key: str | None = None
) -> InstalmentPlan:
    """End a plan: what is open of its charges is due at once again.

    Raises Invalid without a reason, NotFound, Conflict when it is ended already, Stale.
    """
    with desk.operation("instalments.end", reason=reason, key=key) as op:
        if op.earlier:
            return op.get(InstalmentPlan, op.earlier.entity_id or 0)
        if not reason.strip():
            raise Invalid("Why does the plan end?", "For example: paid in full", field="reason")
        tendering.refuse_card_numbers(reason=reason)
        made = op.get(InstalmentPlan, plan_id, version)
        if made.ended_at is not None:
            raise Conflict("This plan has ended already", "", rule="ended")
        made.ended_at, made.ended_by, made.end_reason = op.now, desk.actor.login, reason.strip()
        op.about(made, patient_id=made.patient_id)
        return op.save(made)


def standing(desk: Desk, patient_id: int, on: date | None = None) -> list[Standing]:
    """The patient's plans that run, as they stand on a day (today). Raises NotAllowed."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    return running(desk, patient_id, on)


def running(desk: Desk, patient_id: int, on: date | None = None) -> list[Standing]:
    """:func:`standing` for operations and for dues, which have asked."""
    today = on or desk.today()
    return [
        _stands(desk, row, today) for row in desk.rows(_PLANS, patient_id)
    ]  # few: most patients have none


def schedule(amount: int, count: int, first_on: date, every: str) -> list[tuple[date, int]]:
    """The days and cents of a plan's instalments; the last one takes what does not divide."""
    each = amount // count
    return [
        (_after(first_on, every, at), each if at < count - 1 else amount - each * (count - 1))
        for at in range(count)
    ]


def plannable(desk: Desk, patient_id: int) -> list[tuple[int, int]]:
    """Charges with something open for the patient that no plan holds: (id, cents)."""
    desk.require("view_money")
    access.require_patient(desk, patient_id)
    return [(charge_id, cents) for charge_id, cents in desk.rows(_PLANNABLE, patient_id)]


def _stands(desk: Desk, row: tuple[int, int, int, str, str, str, int], today: date) -> Standing:
    plan_id, amount, count, first_on, every, note, version = row
    parts = tuple(
        (charge_id, min(planned, max(left, 0)))
        for charge_id, planned, left in desk.rows(_ITEMS, plan_id)
    )
    settled = amount - sum(cents for _, cents in parts)
    found, covered = [], settled
    for number, (day, cents) in enumerate(
        schedule(amount, count, date.fromisoformat(first_on), every), 1
    ):
        left = cents - min(cents, covered)
        covered -= cents - left
        state = (
            "paid" if not left
            else "missed" if day < today
            else "due" if day == today
            else "later"
        )  # fmt: skip
        found.append(Instalment(number, day, cents, left, state))
    return Standing(
        plan_id, version, amount, date.fromisoformat(first_on), every, note, settled,
        tuple(found), parts,
    )  # fmt: skip


def _check(desk: Desk, count: int, first_on: date, every: str) -> None:
    if type(count) is not int or not 1 <= count <= MOST:
        raise Invalid(f"1 to {MOST} instalments", "For example 4", field="instalments")
    if every not in dict(EVERY):
        known = ", ".join(code for code, _ in EVERY)
        raise Invalid("How often?", f"One of {known}", field="every")
    if first_on < desk.today():
        raise Invalid("The first instalment is in the past", "Today or later", field="first")
    if first_on > desk.today() + timedelta(days=366):
        raise Invalid("The first instalment is over a year away", "Sooner", field="first")


def _after(first: date, every: str, times: int) -> date:
    """The day ``times`` intervals after the first; the 31st is the last of a shorter month."""
    if every != "month":
        return first + timedelta(days=times * (7 if every == "week" else 14))
    months = first.year * 12 + first.month - 1 + times
    year, month = divmod(months, 12)
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))
