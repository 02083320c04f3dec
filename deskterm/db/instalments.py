"""Payment plans: an amount agreed to be paid in instalments, and the charges it is for.

Nothing about being paid is stored: what came in, what is due and what was missed are worked out
from the planned charges' own rows. Amounts are cents.
"""

from __future__ import annotations

from peewee import Check

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import Cents, Choice, CleanText, Day, Moment, Reference, Whole
from deskterm.db.patients import Patient
from deskterm.db.payments import Charge

EVERY = (("week", "week"), ("two_weeks", "two weeks"), ("month", "month"))


class InstalmentPlan(Versioned):
    """What was agreed: so much, in so many instalments, from a day on, and how often.

    It is ended, never changed: a new agreement is a new plan.
    """

    title = "payment plan"

    patient = Reference(Patient, index=True)
    amount_cents = Cents(constraints=[Check("amount_cents > 0")])
    instalments = Whole(constraints=[Check("instalments BETWEEN 1 AND 120")])
    first_on = Day()
    every = Choice(EVERY)
    note = CleanText(200)
    set_up_at = Moment()
    set_up_by = CleanText(32)
    ended_at = Moment(null=True)
    ended_by = CleanText(32)
    end_reason = CleanText(200)


class InstalmentCharge(Record):
    """How much of one charge a plan is for."""

    title = "planned charge"

    plan = Reference(InstalmentPlan, index=True)
    charge = Reference(Charge, index=True)
    amount_cents = Cents(constraints=[Check("amount_cents > 0")])


TRIGGERS = (
    """CREATE TRIGGER instalment_plan_stays BEFORE UPDATE ON instalment_plan
    WHEN OLD.ended_at IS NOT NULL OR NEW.patient_id <> OLD.patient_id
      OR NEW.amount_cents <> OLD.amount_cents OR NEW.instalments <> OLD.instalments
      OR NEW.first_on <> OLD.first_on OR NEW.every <> OLD.every
      OR NEW.set_up_at <> OLD.set_up_at OR NEW.set_up_by <> OLD.set_up_by
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
    """CREATE TRIGGER instalment_charge_once BEFORE INSERT ON instalment_charge
    WHEN EXISTS (SELECT 1 FROM instalment_charge i JOIN instalment_plan p ON p.id = i.plan_id
      WHERE i.charge_id = NEW.charge_id AND p.ended_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'instalment_twice'); END""",
    """CREATE TRIGGER instalment_charge_whose BEFORE INSERT ON instalment_charge
    WHEN (SELECT patient_id FROM charge WHERE id = NEW.charge_id) IS NOT
      (SELECT patient_id FROM instalment_plan WHERE id = NEW.plan_id)
    BEGIN SELECT RAISE(ABORT, 'allocation_whose'); END""",
    """CREATE TRIGGER instalment_charge_no_update BEFORE UPDATE ON instalment_charge
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
    *(
        f"""CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table in ("instalment_plan", "instalment_charge")
    ),
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
    WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END"""
        for table in ("instalment_plan", "instalment_charge")
    ),
)
MODELS = (InstalmentPlan, InstalmentCharge)
