"""Who pays: payers, plans and each patient's coverage."""

from __future__ import annotations

from peewee import BooleanField, Node

from deskterm.db.base import Versioned
from deskterm.db.fields import Cents, Choice, CleanText, Day, Reference, Whole, default_sql
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
# Why the subscriber is covered: an employee's plan is billed before a former employee's.
STANDINGS = (
    ("", "not asked"), ("active", "works there"), ("retired", "retired"), ("cobra", "COBRA"),
    ("individual", "bought by oneself"),
)  # fmt: skip
# Whose plan a child's is: decides the order of the plans of parents who live apart.
HOUSEHOLDS = (
    ("", "not a parent's plan"), ("together", "parents live together"),
    ("decree", "a court says this one first"), ("custodial", "parent with custody"),
    ("custodial_spouse", "that parent's spouse"), ("other", "parent without custody"),
    ("other_spouse", "that parent's spouse"),
)  # fmt: skip
CASE_KINDS = (
    ("work", "injured at work"), ("auto", "auto accident"), ("liability", "somebody is liable"),
)  # fmt: skip
ACCIDENTS = (("", "none"), *CASE_KINDS)


def _added(value: str) -> list[Node]:
    """What a column that came later holds in the rows that were there."""
    return [default_sql(value)]


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
    claims_address = CleanText(200, constraints=_added("''"))
    auth_phone = CleanText(20, constraints=_added("''"), verbose_name="Phone for authorizations")
    lab = CleanText(80, constraints=_added("''"), verbose_name="Laboratory")
    pcp_required = BooleanField(default=False, constraints=_added("0"))
    services = CleanText(80, constraints=_added("''"), help_text="service types to ask for")
    inverted_share = BooleanField(default=False, constraints=_added("0"))
    copay_after_deductible = BooleanField(default=False, constraints=_added("0"))
    family_counts = BooleanField(default=True, constraints=_added("1"))
    no_cost_share = BooleanField(default=False, constraints=_added("0"))
    note = CleanText(400, constraints=_added("''"))


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
    subscriber_sex = CleanText(1, constraints=_added("''"))
    pcp = CleanText(80, constraints=_added("''"), verbose_name="PCP on the card")
    card_front = CleanText(120, constraints=_added("''"))
    card_back = CleanText(120, constraints=_added("''"))
    standing = Choice(STANDINGS, default="", constraints=_added("''"))
    household = Choice(HOUSEHOLDS, default="", constraints=_added("''"))
    benefits_on = Day(null=True)


class CasePolicy(Versioned):
    """What a policy for an accident or injury needs beside the plan."""

    title = "case policy"

    coverage = Reference(Coverage, unique=True)
    kind = Choice(CASE_KINDS)
    injured_on = Day()
    state = CleanText(2, verbose_name="State")
    claim_number = CleanText(40, verbose_name="Claim number")
    employer = CleanText(80)
    adjuster = CleanText(80)
    adjuster_phone = CleanText(20)
    closed_on = Day(null=True)


class MspQuestionnaire(Versioned):
    """What a Medicare patient said when asked who pays first; the newest one counts.

    ``employees`` are those of the employer with a group plan, 0 when nobody works.
    """

    title = "Medicare secondary questionnaire"

    patient = Reference(Patient, index=True)
    asked_on = Day()
    asked_by = CleanText(40)
    works = BooleanField(default=False, verbose_name="Works, or the spouse does, with group plan")
    disabled = BooleanField(default=False, verbose_name="Medicare for disability")
    employees = Whole(default=0)
    kidney_since = Day(null=True, verbose_name="Medicare for kidney disease since")
    accident = Choice(ACCIDENTS, default="")
    black_lung = BooleanField(default=False)
    veterans = BooleanField(default=False)


MODELS = (Plan, Coverage, CasePolicy, MspQuestionnaire)
