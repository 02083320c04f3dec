"""What payers were asked and what they answered, line by line. Answers are only ever added."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Record, Versioned
from deskterm.db.coverage import ELIGIBILITY, Coverage
from deskterm.db.fields import Cents, Choice, CleanText, Day, Moment, Reference, Whole
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment

METHODS = (
    ("271", "asked by computer"), ("portal", "portal"), ("phone", "phone"), ("file", "a file"),
)  # fmt: skip
INQUIRY_STATES = (
    ("waiting", "waiting to be sent"), ("answered", "answered"), ("failed", "no answer"),
    ("withdrawn", "withdrawn"),
)  # fmt: skip
MOST_RAW = 4_000_000  # characters of a transaction that are kept


class Inquiry(Versioned):
    """One question to a payer. ``trace`` comes back in the answer."""

    title = "eligibility inquiry"
    secret_columns = frozenset({"request"})

    patient = Reference(Patient, index=True)
    coverage = Reference(Coverage, index=True)
    appointment = Reference(Appointment, null=True, index=True)
    service_day = Day()
    services = CleanText(200)
    trace = CleanText(50, unique=True)
    state = Choice(INQUIRY_STATES, default="waiting")
    asked_at = Moment()
    asked_by = CleanText(40)
    failure = CleanText(300)
    request = CleanText(MOST_RAW, lines=True)


class EligibilityAnswer(Record):
    """What a payer said about one person on one day. ``raw`` is the transaction as it came.

    ``copay_cents`` and ``deductible_left_cents`` are what the desk quotes for the visit that was
    asked about, None when the answer does not say. ``lines_digest`` is over the benefit rows,
    which are worked out from ``raw``.
    """

    title = "eligibility answer"
    secret_columns = frozenset({"raw"})

    patient = Reference(Patient, index=True)
    coverage = Reference(Coverage, index=True)
    inquiry = Reference(Inquiry, null=True, index=True)
    appointment = Reference(Appointment, null=True)
    received_at = Moment()
    method = Choice(METHODS)
    by = CleanText(40)
    service_day = Day()
    status = Choice(ELIGIBILITY)
    payer = CleanText(80)
    plan = CleanText(120)
    member_id = CleanText(80)
    trace = CleanText(50)
    source = CleanText(120)
    representative = CleanText(80)
    reference = CleanText(60)
    ends_on = Day(null=True)
    has_benefits = BooleanField(default=False)
    copay_cents = Cents(null=True)
    deductible_left_cents = Cents(null=True)
    differs = CleanText(600)
    note = CleanText(600)
    lines_digest = CleanText(64)
    raw = CleanText(MOST_RAW, lines=True)


class Benefit(Record):
    """One EB line: what, for whom, over what time, how much, and where it stood."""

    title = "benefit"

    answer = Reference(EligibilityAnswer, index=True)
    line = Whole()
    position = Whole()
    code = CleanText(3)
    level = CleanText(3)
    services = CleanText(600)
    insurance = CleanText(3)
    plan = CleanText(120)
    period = CleanText(3)
    amount_cents = Cents(null=True)
    share = Whole(null=True)
    quantity_kind = CleanText(3)
    quantity = CleanText(20)
    authorization = CleanText(3)
    network = CleanText(3)
    procedure = CleanText(80)
    messages = CleanText(4000)
    dates = CleanText(400)
    parties = CleanText(2000)
    raw = CleanText(4000)


class EligibilityRejection(Record):
    """One AAA of an answer: what was refused, and what to do now."""

    title = "eligibility rejection"

    answer = Reference(EligibilityAnswer, index=True)
    code = CleanText(3)
    follow_up = CleanText(3)
    level = CleanText(12)
    what = CleanText(120)
    do = CleanText(200)


class VerifyAssignment(Versioned):
    """Who sees to a visit's insurance before its day."""

    title = "assignment"

    appointment = Reference(Appointment, unique=True)
    login = CleanText(40)
    at = Moment()
    by = CleanText(40)


MODELS = (Inquiry, EligibilityAnswer, Benefit, EligibilityRejection, VerifyAssignment)
TRIGGERS = tuple(
    f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} BEGIN"
    f" SELECT RAISE(ABORT, 'what a payer answered is never changed'); END"
    for table in ("eligibility_answer", "benefit", "eligibility_rejection")
    for action in ("UPDATE", "DELETE")
)
