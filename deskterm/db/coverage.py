"""Who pays: payers, plans and each patient's coverage."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Versioned
from deskterm.db.fields import Cents, Choice, CleanText, Day, Reference, Whole
from deskterm.db.patients import Patient

# Patient's relationship to the subscriber: X12 data element 1069, the short 5010 list.
RELATIONSHIPS = (
    ("18", "self"), ("01", "spouse"), ("19", "child"), ("20", "employee"), ("21", "unknown"),
    ("39", "organ donor"), ("40", "cadaver donor"), ("53", "life partner"), ("G8", "other"),
)  # fmt: skip
PLAN_TYPES = (
    ("HMO", "HMO"), ("PPO", "PPO"), ("EPO", "EPO"), ("POS", "POS"), ("HDHP", "high deductible"),
    ("MEDICARE", "Medicare"), ("MA", "Medicare Advantage"), ("MEDICAID", "Medicaid"),
    ("MCO", "Medicaid managed care"), ("TRICARE", "TRICARE"), ("WC", "workers' compensation"),
    ("AUTO", "auto"), ("CHARITY", "charity"), ("SELF", "self-pay"), ("OTHER", "other"),
)  # fmt: skip
ELIGIBILITY = (
    ("not_checked", "not checked"), ("active", "active"), ("inactive", "inactive"),
    ("issue", "active, with an issue"), ("unable", "could not verify"), ("self_pay", "self-pay"),
)  # fmt: skip


class Plan(Versioned):
    """An insurance plan of a payer."""

    title = "plan"

    code = CleanText(12, unique=True)
    name = CleanText(80)
    payer_name = CleanText(80)
    payer_id = CleanText(40)
    plan_type = Choice(PLAN_TYPES, default="OTHER")
    copay_cents = Cents(null=True)
    referral_required = BooleanField(default=False)
    phone = CleanText(20)
    active = BooleanField(default=True)


class Coverage(Versioned):
    """One patient's membership of a plan. It is end-dated, never overwritten."""

    title = "coverage"

    patient = Reference(Patient, index=True)
    plan = Reference(Plan, verbose_name="Plan")
    member_id = CleanText(40, verbose_name="Member id", index=True)
    group_number = CleanText(40, verbose_name="Group")
    relationship = Choice(RELATIONSHIPS, default="18", verbose_name="Patient is subscriber's")
    subscriber_name = CleanText(120, verbose_name="Subscriber")
    subscriber_birth_date = Day(null=True, verbose_name="Subscriber born")
    starts_on = Day(null=True, verbose_name="From")
    ends_on = Day(null=True, verbose_name="To")
    priority = Whole(default=1, verbose_name="Priority", help_text="1 primary, 2 secondary")
    copay_cents = Cents(null=True, verbose_name="Copay")
    card_seen_on = Day(null=True)
    eligibility = Choice(ELIGIBILITY, default="not_checked")
    verified_on = Day(null=True)
    verified_by = CleanText(80)


MODELS = (Plan, Coverage)
