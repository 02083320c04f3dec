"""Charges, payments with their tenders and allocations, and receipts. Money is append-only.

All amounts are cents. A void is a payment of its own with negative amounts that points at the
one it takes back. Receipts are dense per location and business day.
"""

from __future__ import annotations

from peewee import BooleanField, Check

from deskterm.db.base import Record
from deskterm.db.fields import Cents, Choice, CleanText, Day, Moment, Reference, Whole
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location

CHARGE_KINDS = (
    ("copay", "copay"), ("deductible", "deductible"), ("coinsurance", "coinsurance"),
    ("visit", "visit, your part"), ("no_show_fee", "no-show fee"), ("form_fee", "form fee"),
    ("records_fee", "records fee"), ("other", "other"),
)  # fmt: skip
PURPOSES = (*CHARGE_KINDS, ("balance", "balance"), ("prepayment", "prepayment"))
TENDER_KINDS = (
    ("cash", "cash"), ("check", "check"), ("card", "card"), ("money_order", "money order"),
)  # fmt: skip
CARD_BRANDS = (
    ("", "-"), ("visa", "Visa"), ("mastercard", "Mastercard"), ("amex", "Amex"),
    ("discover", "Discover"), ("other", "other"),
)  # fmt: skip
PAYMENT_KINDS = (("payment", "payment"), ("void", "void"))


class Charge(Record):
    """Something owed. A negative row with ``reverses`` takes one back."""

    title = "charge"

    patient = Reference(Patient, index=True)
    appointment = Reference(Appointment, null=True, index=True)
    kind = Choice(CHARGE_KINDS)
    description = CleanText(120)
    amount_cents = Cents()
    service_day = Day()
    business_day = Day(index=True)
    posted_at = Moment()
    by = CleanText(32)
    reverses = Reference("self", null=True, unique=True)


class Payment(Record):
    """The header of money taken (or given back): what the receipt says at the top."""

    title = "payment"

    kind = Choice(PAYMENT_KINDS, default="payment")
    patient = Reference(Patient, index=True)
    appointment = Reference(Appointment, null=True, index=True)
    location = Reference(Location)
    drawer = CleanText(20)
    business_day = Day(index=True)
    taken_at = Moment()
    by = CleanText(32)
    desk = CleanText(40)
    receipt = CleanText(24, unique=True)
    sequence = Whole()
    total_cents = Cents()
    note = CleanText(200)
    voids = Reference("self", null=True, unique=True)
    void_reason = CleanText(40)
    balance_after_cents = Cents()
    posted = BooleanField(default=False)

    class Meta:
        indexes = ((("location", "business_day", "sequence"), True),)


class Tender(Record):
    """How it was paid: one row per way. No card number is ever stored, only its last four."""

    title = "tender"

    payment = Reference(Payment, index=True)
    kind = Choice(TENDER_KINDS)
    amount_cents = Cents(constraints=[Check("amount_cents <> 0")])
    given_cents = Cents(null=True)
    reference = CleanText(40, help_text="check or money order number")
    card_brand = Choice(CARD_BRANDS, default="")
    card_last4 = CleanText(4)
    approval = CleanText(20)


class Allocation(Record):
    """What it was for: one row per charge or purpose. Unapplied money is an allocation too."""

    title = "allocation"

    payment = Reference(Payment, index=True)
    purpose = Choice(PURPOSES)
    charge = Reference(Charge, null=True, index=True)
    amount_cents = Cents(constraints=[Check("amount_cents <> 0")])


class NotCollected(Record):
    """Why money that was due was not taken."""

    title = "not collected"

    patient = Reference(Patient, index=True)
    appointment = Reference(Appointment, null=True, index=True)
    charge = Reference(Charge, null=True)
    amount_cents = Cents()
    reason = CleanText(40)
    note = CleanText(200)
    business_day = Day(index=True)
    at = Moment()
    by = CleanText(32)


TRIGGERS = (
    """CREATE TRIGGER payment_posts BEFORE UPDATE ON payment
    WHEN OLD.posted = 1 OR NEW.posted <> 1
    BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END""",
    """CREATE TRIGGER payment_balanced BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND (
      NEW.total_cents IS NOT (SELECT sum(amount_cents) FROM tender WHERE payment_id = NEW.id)
      OR NEW.total_cents IS NOT
        (SELECT sum(amount_cents) FROM allocation WHERE payment_id = NEW.id))
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END""",
    """CREATE TRIGGER payment_sides BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND NOT CASE NEW.kind
      WHEN 'payment' THEN NEW.total_cents > 0 AND NEW.voids_id IS NULL
      ELSE EXISTS (SELECT 1 FROM payment o WHERE o.id = NEW.voids_id AND o.kind = 'payment'
        AND o.posted = 1 AND o.total_cents = -NEW.total_cents
        AND o.patient_id = NEW.patient_id AND o.location_id = NEW.location_id
        AND o.business_day = NEW.business_day)
        AND NOT EXISTS (SELECT kind, sum(amount_cents) FROM tender
          WHERE payment_id IN (NEW.id, NEW.voids_id) GROUP BY kind HAVING sum(amount_cents) <> 0)
      END
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END""",
    """CREATE TRIGGER receipt_sequence BEFORE INSERT ON payment
    WHEN NEW.posted <> 0 OR NEW.sequence IS NOT (
      SELECT coalesce(max(sequence), 0) + 1 FROM payment
      WHERE location_id = NEW.location_id AND business_day = NEW.business_day)
    BEGIN SELECT RAISE(ABORT, 'receipt_sequence'); END""",
    *(
        f"""CREATE TRIGGER {table}_into_posted BEFORE INSERT ON {table}
        WHEN (SELECT posted FROM payment WHERE id = NEW.payment_id) <> 0
        BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END"""
        for table in ("tender", "allocation")
    ),
    # INSERT OR REPLACE removes a row without asking the DELETE trigger
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id{other})
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table, other in {
            "payment": " OR voids_id = NEW.voids_id OR receipt = NEW.receipt",
            "tender": "",
            "allocation": "",
            "charge": " OR reverses_id = NEW.reverses_id",
            "not_collected": "",
        }.items()
    ),
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table, verbs in {
            "payment": ("DELETE",),
            "tender": ("UPDATE", "DELETE"),
            "allocation": ("UPDATE", "DELETE"),
            "charge": ("UPDATE", "DELETE"),
            "not_collected": ("UPDATE", "DELETE"),
        }.items()
        for verb in verbs
    ),
)
MODELS = (Charge, Payment, Tender, Allocation, NotCollected)
