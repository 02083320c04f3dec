"""Charges, what adjusts them, payments with their tenders and allocations. Append-only.

All amounts are cents. What is still owed on a charge is always a sum:

    patient's part = amount - insurance part + adjustments (patient side) - patient payments
    plan's part    = insurance part + adjustments (insurance side) - plan payments

Whatever takes money back (a void, a refund, a returned check) is a payment of its own with
negative amounts that points at the one before it. Receipts are dense per location and business
day.
"""

from __future__ import annotations

from peewee import BooleanField, Check

from deskterm.db.base import Record, Versioned
from deskterm.db.coverage import Plan
from deskterm.db.dayclose import Shift
from deskterm.db.fields import (
    Cents,
    Choice,
    CleanText,
    Day,
    Moment,
    Reference,
    Whole,
    default_sql,
)
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment
from deskterm.db.staff import Location, Provider

CHARGE_KINDS = (
    ("copay", "copay"), ("deductible", "deductible"), ("coinsurance", "coinsurance"),
    ("visit", "visit, your part"), ("no_show_fee", "no-show fee"), ("form_fee", "form fee"),
    ("records_fee", "records fee"), ("nsf_fee", "returned check fee"), ("other", "other"),
)  # fmt: skip
PURPOSES = (*CHARGE_KINDS, ("balance", "balance"), ("prepayment", "prepayment"))
TENDER_KINDS = (
    ("cash", "cash"), ("check", "check"), ("card", "card"), ("money_order", "money order"),
    ("ach", "bank transfer"),
)  # fmt: skip
CARD_BRANDS = (
    ("", "-"), ("visa", "Visa"), ("mastercard", "Mastercard"), ("amex", "Amex"),
    ("discover", "Discover"), ("other", "other"),
)  # fmt: skip
PAYMENT_KINDS = (
    ("payment", "payment"), ("void", "void"), ("refund", "refund"),
    ("correction", "correction of tender"), ("returned", "returned check"),
    ("credit", "credit applied"),
)  # fmt: skip
SIDES = (("patient", "patient"), ("insurance", "insurance"))
ADJUSTMENT_KINDS = (
    ("contractual", "contractual"), ("write_off", "write-off"), ("courtesy", "courtesy"),
    ("charity", "charity care"), ("small_balance", "small balance"), ("bad_debt", "bad debt"),
    ("copay", "copay, charged by itself"), ("transfer", "moved between plan and patient"),
)  # fmt: skip


class Fee(Versioned):
    """The fee schedule: what one unit of a service costs, from a day on.

    Codes are the clinic's own licensed CPT list or HCPCS; none are shipped. Without ``plan`` it
    is the practice's full fee, with one the contracted (allowed) amount.
    """

    title = "fee"

    code = CleanText(12, index=True)
    label = CleanText(80)
    plan = Reference(Plan, null=True)
    amount_cents = Cents(constraints=[Check("amount_cents >= 0")])
    starts_on = Day()
    ends_on = Day(null=True)


class Charge(Record):
    """Something owed. A negative row with ``reverses`` takes one back.

    ``insurance_cents`` is the part that a plan is expected to pay; the rest is the patient's.
    """

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
    code = CleanText(12, constraints=[default_sql("''")], help_text="CPT or HCPCS")
    modifiers = CleanText(12, constraints=[default_sql("''")])
    units = Whole(default=1, constraints=[default_sql("1")])
    diagnoses = CleanText(80, constraints=[default_sql("''")], help_text="ICD-10-CM, in order")
    insurance_cents = Cents(default=0, constraints=[default_sql("0")])
    provider = Reference(Provider, null=True)
    location = Reference(Location, null=True)


class Adjustment(Record):
    """What changes a charge without money: each side's change, below zero when less is owed.

    A transfer moves an amount from one side to the other and sums to zero. One with
    ``reverses`` takes an earlier one back.
    """

    title = "adjustment"

    charge = Reference(Charge, index=True)
    kind = Choice(ADJUSTMENT_KINDS)
    patient_cents = Cents()
    insurance_cents = Cents()
    reason = CleanText(40)
    note = CleanText(200)
    business_day = Day(index=True)
    posted_at = Moment()
    by = CleanText(32)
    reverses = Reference("self", null=True, unique=True)
    location = Reference(Location)

    class Meta:
        constraints = [
            Check(
                "CASE WHEN kind = 'transfer' THEN patient_cents + insurance_cents = 0"
                " ELSE (reverses_id IS NULL AND patient_cents <= 0 AND insurance_cents <= 0)"
                " OR (reverses_id IS NOT NULL AND patient_cents >= 0 AND insurance_cents >= 0) END"
            ),
            Check("patient_cents <> 0 OR insurance_cents <> 0"),
        ]


class Payment(Record):
    """The header of money taken (or given back): what the receipt says at the top.

    ``original`` is what a refund, a correction or a returned check is about; ``plan`` pays
    where it is not the patient.
    """

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
    original = Reference("self", null=True, index=True)
    plan = Reference(Plan, null=True)
    shift = Reference(Shift, null=True, index=True)

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
    """What it was for: one row per charge or purpose. Unapplied money is an allocation too.

    ``patient`` is whose account it is where that is not the payment's patient (a family's
    receipt).
    """

    title = "allocation"

    payment = Reference(Payment, index=True)
    purpose = Choice(PURPOSES)
    charge = Reference(Charge, null=True, index=True)
    amount_cents = Cents(constraints=[Check("amount_cents <> 0")])
    side = Choice(SIDES, default="patient", constraints=[default_sql("'patient'")])
    patient = Reference(Patient, null=True, index=True)


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
    location = Reference(Location, null=True)


# What is still owed on the charge NEW allocates to, by the side that NEW pays for.
_LEFT = """(SELECT CASE NEW.side
      WHEN 'patient' THEN c.amount_cents - c.insurance_cents ELSE c.insurance_cents END
    + coalesce((SELECT CASE NEW.side WHEN 'patient' THEN r.amount_cents - r.insurance_cents
        ELSE r.insurance_cents END FROM charge r WHERE r.reverses_id = c.id), 0)
    + coalesce((SELECT sum(CASE NEW.side WHEN 'patient' THEN a.patient_cents
        ELSE a.insurance_cents END) FROM adjustment a WHERE a.charge_id = c.id), 0)
    - coalesce((SELECT sum(x.amount_cents) FROM allocation x
        WHERE x.charge_id = c.id AND x.side = NEW.side), 0)
  FROM charge c WHERE c.id = NEW.charge_id)"""
_APPEND_ONLY = ("payment", "tender", "allocation", "charge", "adjustment", "not_collected")
_ONCE = {
    "payment": " OR voids_id = NEW.voids_id OR receipt = NEW.receipt",
    "charge": " OR reverses_id = NEW.reverses_id",
    "adjustment": " OR reverses_id = NEW.reverses_id",
}
TRIGGERS = (
    """CREATE TRIGGER payment_posts BEFORE UPDATE ON payment
    WHEN OLD.posted = 1 OR NEW.posted <> 1
    BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END""",
    """CREATE TRIGGER payment_balanced BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND (
      NEW.total_cents IS NOT
        (SELECT coalesce(sum(amount_cents), 0) FROM tender WHERE payment_id = NEW.id)
      OR NEW.total_cents IS NOT
        (SELECT coalesce(sum(amount_cents), 0) FROM allocation WHERE payment_id = NEW.id))
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END""",
    # A payment is above zero; a void mirrors one whole document of the same day, by tender; a
    # refund or a returned check gives back no more than was taken; a correction moves money
    # between tenders and credit between charges, and both sum to nothing.
    """CREATE TRIGGER payment_sides BEFORE UPDATE OF posted ON payment
    WHEN NEW.posted = 1 AND NOT CASE NEW.kind
      WHEN 'payment' THEN NEW.total_cents > 0 AND NEW.voids_id IS NULL AND NEW.original_id IS NULL
      WHEN 'void' THEN EXISTS (SELECT 1 FROM payment o WHERE o.id = NEW.voids_id
        AND o.kind <> 'void' AND o.posted = 1 AND o.total_cents = -NEW.total_cents
        AND o.patient_id = NEW.patient_id AND o.location_id = NEW.location_id
        AND o.business_day = NEW.business_day)
        AND NOT EXISTS (SELECT kind, sum(amount_cents) FROM tender
          WHERE payment_id IN (NEW.id, NEW.voids_id) GROUP BY kind HAVING sum(amount_cents) <> 0)
        AND NOT EXISTS (SELECT 1 FROM payment t WHERE t.original_id = NEW.voids_id
          AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = t.id))
      WHEN 'credit' THEN NEW.total_cents = 0 AND NEW.voids_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM tender WHERE payment_id = NEW.id)
        AND EXISTS (SELECT 1 FROM allocation WHERE payment_id = NEW.id)
      ELSE NEW.voids_id IS NULL AND EXISTS (SELECT 1 FROM payment o WHERE o.id = NEW.original_id
          AND o.kind = 'payment' AND o.posted = 1 AND o.location_id = NEW.location_id
          AND NOT EXISTS (SELECT 1 FROM payment v WHERE v.voids_id = o.id)
          AND o.total_cents + coalesce((SELECT sum(t.total_cents) FROM payment t
            WHERE t.original_id = o.id), 0)
            + coalesce((SELECT sum(v.total_cents) FROM payment v JOIN payment t ON t.id = v.voids_id
              WHERE t.original_id = o.id), 0) >= 0)
        AND CASE NEW.kind
          WHEN 'correction' THEN NEW.total_cents = 0
            AND EXISTS (SELECT 1 FROM tender WHERE payment_id = NEW.id)
            AND NOT EXISTS (SELECT 1 FROM allocation WHERE payment_id = NEW.id)
          ELSE NEW.total_cents < 0
            AND NOT EXISTS (SELECT 1 FROM tender WHERE payment_id = NEW.id AND amount_cents > 0)
        END
      END
    BEGIN SELECT RAISE(ABORT, 'payment_unbalanced'); END""",
    """CREATE TRIGGER receipt_sequence BEFORE INSERT ON payment
    WHEN NEW.posted <> 0 OR NEW.sequence IS NOT (
      SELECT coalesce(max(sequence), 0) + 1 FROM payment
      WHERE location_id = NEW.location_id AND business_day = NEW.business_day)
    BEGIN SELECT RAISE(ABORT, 'receipt_sequence'); END""",
    f"""CREATE TRIGGER allocation_over BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NOT NULL AND NEW.amount_cents > 0 AND NEW.amount_cents > {_LEFT}
    BEGIN SELECT RAISE(ABORT, 'allocation_over'); END""",
    """CREATE TRIGGER allocation_under BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NOT NULL AND NEW.amount_cents < 0 AND NEW.amount_cents
      + coalesce((SELECT sum(x.amount_cents) FROM allocation x
        WHERE x.charge_id = NEW.charge_id AND x.side = NEW.side), 0) < 0
    BEGIN SELECT RAISE(ABORT, 'allocation_under'); END""",
    """CREATE TRIGGER allocation_credit BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NULL AND NEW.amount_cents < 0 AND NEW.amount_cents
      + coalesce((SELECT sum(x.amount_cents) FROM allocation x JOIN payment y ON y.id = x.payment_id
        WHERE x.charge_id IS NULL AND coalesce(x.patient_id, y.patient_id) = coalesce(
          NEW.patient_id, (SELECT patient_id FROM payment WHERE id = NEW.payment_id))), 0) < 0
    BEGIN SELECT RAISE(ABORT, 'allocation_under'); END""",
    # Money of one account never pays another's charge without saying so.
    """CREATE TRIGGER allocation_whose BEFORE INSERT ON allocation
    WHEN NEW.charge_id IS NOT NULL AND (SELECT patient_id FROM charge WHERE id = NEW.charge_id)
      IS NOT coalesce(NEW.patient_id, (SELECT patient_id FROM payment WHERE id = NEW.payment_id))
    BEGIN SELECT RAISE(ABORT, 'allocation_whose'); END""",
    # What a plan pays comes by mail or to the bank: no drawer is counted for it.
    """CREATE TRIGGER payment_of_plan BEFORE INSERT ON payment
    WHEN NEW.plan_id IS NOT NULL AND NEW.shift_id IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'payment_of_plan'); END""",
    """CREATE TRIGGER adjustment_reverses BEFORE INSERT ON adjustment
    WHEN NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM adjustment o
      WHERE o.id = NEW.reverses_id AND o.reverses_id IS NULL AND o.charge_id = NEW.charge_id
        AND o.kind = NEW.kind AND o.patient_cents = -NEW.patient_cents
        AND o.insurance_cents = -NEW.insurance_cents)
    BEGIN SELECT RAISE(ABORT, 'adjustment_reverses'); END""",
    *(
        f"""CREATE TRIGGER {table}_into_posted BEFORE INSERT ON {table}
        WHEN (SELECT posted FROM payment WHERE id = NEW.payment_id) <> 0
        BEGIN SELECT RAISE(ABORT, 'a posted payment cannot change'); END"""
        for table in ("tender", "allocation")
    ),
    # INSERT OR REPLACE removes a row without asking the DELETE trigger
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id{_ONCE.get(table, "")})
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table in _APPEND_ONLY
    ),
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table in _APPEND_ONLY
        for verb in ("UPDATE", "DELETE")
        if (table, verb) != ("payment", "UPDATE")
    ),
)
MODELS = (Fee, Charge, Adjustment, Payment, Tender, Allocation, NotCollected)
