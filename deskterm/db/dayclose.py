"""The cash drawer and the end of the day: shifts, counts, deposits, and days that are closed.

Everything but a shift's own marks is append-only. Amounts are cents.
"""

from __future__ import annotations

from peewee import BooleanField, Check

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import Cents, Choice, CleanText, Day, Moment, Reference, Whole
from deskterm.db.staff import Location

MOVEMENT_KINDS = (
    ("paid_in", "paid in"), ("paid_out", "paid out"), ("drop", "taken to the safe"),
)  # fmt: skip
COUNT_KINDS = (("handover", "handed over"), ("close", "end of shift"))
DAY_ACTIONS = (
    ("freeze", "counting begins"), ("thaw", "counting put off"), ("close", "closed"),
    ("approve", "approved"), ("reopen", "opened again"),
)  # fmt: skip


class Drawer(Versioned):
    """A place where money is kept while the desk is open. ``float_cents`` is left in it."""

    title = "drawer"

    code = CleanText(20)
    location = Reference(Location)
    float_cents = Cents(constraints=[Check("float_cents >= 0")])
    active = BooleanField(default=True)

    class Meta:
        indexes = ((("code", "location"), True),)


class Shift(Versioned):
    """One drawer from its float to its count: the batch that its receipts belong to.

    ``expected_float_cents`` is what the last count left in the drawer, where there was one.
    """

    title = "shift"

    drawer = Reference(Drawer)
    location = Reference(Location)
    business_day = Day()
    clerk = CleanText(32)
    opened_at = Moment()
    opened_by = CleanText(32)
    float_cents = Cents(constraints=[Check("float_cents >= 0")])
    expected_float_cents = Cents(null=True)
    note = CleanText(200)
    closed_at = Moment(null=True)
    closed_by = CleanText(32)
    variance_reason = CleanText(200)

    class Meta:
        indexes = ((("location", "business_day"), False),)


class CashMovement(Record):
    """Cash that came into or left a drawer without a receipt."""

    title = "cash movement"

    shift = Reference(Shift, index=True)
    kind = Choice(MOVEMENT_KINDS)
    amount_cents = Cents(constraints=[Check("amount_cents > 0")])
    reason = CleanText(80)
    at = Moment()
    by = CleanText(32)


class DrawerCount(Record):
    """What was counted, before anyone was told what to expect. The last one of a shift counts.

    ``cash``, ``checks``, ``cards`` and ``other`` are JSON as they were counted; ``expected`` is
    what the system had at that moment.
    """

    title = "drawer count"

    shift = Reference(Shift, index=True)
    kind = Choice(COUNT_KINDS)
    cash_cents = Cents()
    cash = CleanText(400)
    checks = CleanText(4000)
    cards = CleanText(400)
    other = CleanText(4000)
    expected = CleanText(0)
    handed_to = CleanText(32)
    at = Moment()
    by = CleanText(32)


class Deposit(Record):
    """What goes to the bank: numbered without gaps at each place."""

    title = "deposit"

    location = Reference(Location)
    number = Whole()
    business_day = Day(index=True)
    cash_cents = Cents()
    check_cents = Cents()
    money_order_cents = Cents()
    total_cents = Cents()
    items = CleanText(0, help_text="each check and money order: number, drawer, cents")
    bag = CleanText(20)
    at = Moment()
    by = CleanText(32)
    second = CleanText(32)

    class Meta:
        indexes = ((("location", "number"), True),)
        constraints = [Check("total_cents = cash_cents + check_cents + money_order_cents")]


class DayClose(Record):
    """What was done with a business day at one place. The last close or reopen decides.

    ``figures`` is the day in numbers as it was closed (JSON), ``open_items`` what was left
    open and why it was closed all the same.
    """

    title = "day close"

    location = Reference(Location)
    business_day = Day()
    action = Choice(DAY_ACTIONS)
    at = Moment()
    by = CleanText(32)
    reason = CleanText(200)
    figures = CleanText(0)
    open_items = CleanText(0)

    class Meta:
        indexes = ((("location", "business_day"), False),)


# Whether the business day of NEW is closed at its place; rows of before count for the first.
_CLOSED = """(SELECT d.action FROM day_close d WHERE d.business_day = {day}
      AND d.location_id = coalesce({place}, (SELECT min(id) FROM location))
      AND d.action IN ('close', 'reopen') ORDER BY d.id DESC LIMIT 1) = 'close'"""
_OF_SHIFT = "(SELECT {0} FROM shift s WHERE s.id = NEW.shift_id)"
_DATED = {
    "payment": ("NEW.business_day", "NEW.location_id"),
    "charge": ("NEW.business_day", "NEW.location_id"),
    "adjustment": ("NEW.business_day", "NEW.location_id"),
    "not_collected": ("NEW.business_day", "NEW.location_id"),
    "deposit": ("NEW.business_day", "NEW.location_id"),
    "shift": ("NEW.business_day", "NEW.location_id"),
    "cash_movement": (_OF_SHIFT.format("s.business_day"), _OF_SHIFT.format("s.location_id")),
    "drawer_count": (_OF_SHIFT.format("s.business_day"), _OF_SHIFT.format("s.location_id")),
}
# Whether the business day of NEW is being counted at its place: the last word is the freeze.
_FROZEN = """(SELECT d.action FROM day_close d WHERE d.business_day = NEW.business_day
      AND d.location_id = coalesce(NEW.location_id, (SELECT min(id) FROM location))
      ORDER BY d.id DESC LIMIT 1) = 'freeze'"""
# What corrects the batch being counted may still be dated into its day; all else is the next
# batch's. A copay's offset follows the charge that a void took back.
_CORRECTS = {
    "payment": "NEW.kind IN ('void', 'correction')",
    "charge": "NEW.reverses_id IS NOT NULL",
    "adjustment": "NEW.reverses_id IS NOT NULL OR NEW.kind = 'copay'",
    "not_collected": "0",
    "shift": "0",
}
_APPEND_ONLY = ("cash_movement", "drawer_count", "deposit", "day_close")
TRIGGERS = (
    *(
        f"""CREATE TRIGGER {table}_day_closed BEFORE INSERT ON {table}
        WHEN {_CLOSED.format(day=day, place=place)}
        BEGIN SELECT RAISE(ABORT, 'day_closed'); END"""
        for table, (day, place) in _DATED.items()
    ),
    *(
        f"""CREATE TRIGGER {table}_day_frozen BEFORE INSERT ON {table}
        WHEN NOT ({corrects}) AND {_FROZEN}
        BEGIN SELECT RAISE(ABORT, 'day_frozen'); END"""
        for table, corrects in _CORRECTS.items()
    ),
    """CREATE TRIGGER shift_is_closed BEFORE UPDATE ON shift
    WHEN OLD.closed_at IS NOT NULL AND (NEW.closed_at IS NOT NULL OR """
    + _CLOSED.format(day="OLD.business_day", place="OLD.location_id")
    + """)
    BEGIN SELECT RAISE(ABORT, 'shift_closed'); END""",
    """CREATE TRIGGER shift_stays BEFORE UPDATE ON shift
    WHEN NEW.drawer_id <> OLD.drawer_id OR NEW.location_id <> OLD.location_id
      OR NEW.business_day <> OLD.business_day OR NEW.float_cents <> OLD.float_cents
      OR NEW.opened_at <> OLD.opened_at
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
    """CREATE TRIGGER shift_one_open BEFORE INSERT ON shift
    WHEN EXISTS (SELECT 1 FROM shift s WHERE s.drawer_id = NEW.drawer_id
      AND s.business_day = NEW.business_day AND s.closed_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'shift_open'); END""",
    """CREATE TRIGGER shift_no_delete BEFORE DELETE ON shift
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
    """CREATE TRIGGER shift_takes BEFORE INSERT ON payment
    WHEN NEW.shift_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM shift s WHERE s.id = NEW.shift_id
      AND s.closed_at IS NULL AND s.business_day = NEW.business_day
      AND s.location_id = NEW.location_id)
    BEGIN SELECT RAISE(ABORT, 'shift_closed'); END""",
    """CREATE TRIGGER deposit_next BEFORE INSERT ON deposit
    WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM deposit
      WHERE location_id = NEW.location_id)
    BEGIN SELECT RAISE(ABORT, 'receipt_sequence'); END""",
    """CREATE TRIGGER day_close_order BEFORE INSERT ON day_close
    WHEN NOT CASE NEW.action
      WHEN 'close' THEN NOT EXISTS (SELECT 1 FROM shift s WHERE s.location_id = NEW.location_id
        AND s.business_day = NEW.business_day AND s.closed_at IS NULL)
        AND coalesce((SELECT d.action FROM day_close d WHERE d.location_id = NEW.location_id
          AND d.business_day = NEW.business_day ORDER BY d.id DESC LIMIT 1), 'open')
          NOT IN ('close', 'approve')
      WHEN 'reopen' THEN coalesce((SELECT d.action FROM day_close d
        WHERE d.location_id = NEW.location_id AND d.business_day = NEW.business_day
        ORDER BY d.id DESC LIMIT 1), 'open') IN ('close', 'approve')
      WHEN 'approve' THEN coalesce((SELECT d.action FROM day_close d
        WHERE d.location_id = NEW.location_id AND d.business_day = NEW.business_day
        ORDER BY d.id DESC LIMIT 1), 'open') = 'close'
      ELSE coalesce((SELECT d.action FROM day_close d
        WHERE d.location_id = NEW.location_id AND d.business_day = NEW.business_day
        ORDER BY d.id DESC LIMIT 1), 'open') NOT IN ('close', 'approve')
      END
    BEGIN SELECT RAISE(ABORT, 'day_close_order'); END""",
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table in _APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
    ),
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table in (*_APPEND_ONLY, "shift")
    ),
)
MODELS = (Drawer, Shift, CashMovement, DrawerCount, Deposit, DayClose)
