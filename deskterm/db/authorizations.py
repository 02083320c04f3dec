"""Referrals (who sends whom) and prior authorizations (a payer's yes), and what they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from peewee import BooleanField, Check

from deskterm.db.base import Record, Versioned
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.fields import Choice, CleanText, Day, Moment, Reference, Whole
from deskterm.db.guards import kept, no_replace
from deskterm.db.patients import Patient
from deskterm.db.scheduling import Appointment, VisitType
from deskterm.db.staff import Provider

DIRECTIONS = (("out", "we send the patient"), ("in", "the patient is sent to us"))
REFERRAL_STATES = (
    ("ordered", "ordered"), ("sent", "sent"), ("received", "received"),
    ("scheduled", "scheduled"), ("completed", "seen"), ("reported", "report received"),
    ("reviewed", "report reviewed"), ("expired", "expired"), ("void", "void"),
)  # fmt: skip
AUTHORIZATION_STATES = (
    ("needed", "needed"), ("gathering", "gathering papers"), ("submitted", "submitted"),
    ("pended", "payer wants more"), ("approved", "approved"), ("partial", "approved in part"),
    ("denied", "denied"), ("appealed", "appealed"), ("not_required", "none required"),
    ("expired", "expired"), ("void", "void"),
)  # fmt: skip
# Domain.md 2.7: what is asked of the payer (X12 element 1525's words, in a clerk's).
AUTHORIZATION_TYPES = (
    ("services", "health services"), ("admission", "admission"), ("specialty", "specialty care"),
)  # fmt: skip
UNIT_KINDS = (("visit", "visits"), ("day", "days of service"), ("unit", "units"))
METHODS = (("portal", "portal"), ("phone", "phone"), ("fax", "fax"), ("278", "278 (electronic)"),
           ("mail", "mail"))  # fmt: skip
NEEDS = (("referral", "referral"), ("authorization", "authorization"))
EVENT_KINDS = (("state", "state"), ("note", "note"), ("call", "call"), ("document", "document"))


class Referral(Versioned):
    """A clinical order or permission: somebody sends a patient to somebody."""

    title = "referral"

    patient = Reference(Patient, index=True)
    direction = Choice(DIRECTIONS, default="out", verbose_name="Way")
    number = CleanText(50, verbose_name="Referral no", index=True)
    from_name = CleanText(80, verbose_name="From")
    from_npi = CleanText(10, verbose_name="From NPI")
    to_name = CleanText(80, verbose_name="To")
    to_npi = CleanText(10, verbose_name="To NPI")
    to_phone = CleanText(20, verbose_name="Phone")
    to_fax = CleanText(20, verbose_name="Fax")
    provider = Reference(Provider, null=True, verbose_name="Ours")
    service = CleanText(80, verbose_name="For")
    diagnoses = CleanText(80, verbose_name="Dx", help_text="ICD-10-CM codes")
    reason = CleanText(300, verbose_name="Why")
    urgent = BooleanField(default=False, verbose_name="Urgent")
    visits = Whole(null=True, verbose_name="Visits", constraints=[Check("visits > 0")])
    valid_from = Day(null=True, verbose_name="From day")
    valid_to = Day(null=True, verbose_name="To day")
    state = Choice(REFERRAL_STATES, default="ordered", index=True)
    state_at = Moment()
    due_on = Day(null=True, index=True, help_text="by when the next step is due")
    appointment_on = Day(null=True, help_text="the visit at the other practice")
    created_at = Moment()
    created_by = CleanText(32)

    if TYPE_CHECKING:
        patient_id: int


class PriorAuthorization(Versioned):
    """A payer's certification of a service, asked for or given."""

    title = "authorization"

    patient = Reference(Patient, index=True)
    coverage = Reference(Coverage, null=True, verbose_name="Coverage")
    plan = Reference(Plan, verbose_name="Plan")
    type = Choice(AUTHORIZATION_TYPES, default="services", verbose_name="Type")
    reference = CleanText(50, verbose_name="Reference no", help_text="of the request", index=True)
    number = CleanText(50, verbose_name="Auth no", help_text="of the certification", index=True)
    service = CleanText(80, verbose_name="For")
    procedures = CleanText(120, verbose_name="Codes", help_text="CPT or HCPCS codes")
    service_type = CleanText(3, verbose_name="Service type", help_text="X12 service type code")
    diagnoses = CleanText(80, verbose_name="Dx", help_text="ICD-10-CM codes")
    visit_type = Reference(VisitType, null=True, verbose_name="Visit type")
    requesting_name = CleanText(80, verbose_name="Asked by")
    requesting_npi = CleanText(10, verbose_name="NPI")
    servicing_name = CleanText(80, verbose_name="Given by")
    servicing_npi = CleanText(10, verbose_name="NPI")
    provider = Reference(Provider, null=True, verbose_name="Ours", help_text="empty: any of ours")
    facility = CleanText(80, verbose_name="Facility")
    units_asked = Whole(null=True, constraints=[Check("units_asked > 0")])
    units = Whole(null=True, verbose_name="Units", constraints=[Check("units >= 0")])
    unit_kind = Choice(UNIT_KINDS, default="visit", verbose_name="Counted in")
    effective_on = Day(null=True, verbose_name="From day")
    expires_on = Day(null=True, verbose_name="To day", index=True)
    expedited = BooleanField(default=False, verbose_name="Expedited")
    state = Choice(AUTHORIZATION_STATES, default="needed", index=True)
    state_at = Moment()
    decision_code = CleanText(10, help_text="as the payer sent it")
    decision_reason = CleanText(200)
    method = Choice(METHODS, null=True, verbose_name="By")
    contact = CleanText(80, verbose_name="Spoke with")
    call_reference = CleanText(50, verbose_name="Call ref")
    submitted_at = Moment(null=True)
    decided_at = Moment(null=True)
    due_on = Day(null=True, index=True, help_text="by when the next step is due")
    appeal_by = Day(null=True)
    peer_by = Day(null=True, help_text="last day for a peer-to-peer call")
    created_at = Moment()
    created_by = CleanText(32)

    if TYPE_CHECKING:
        patient_id: int


class AuthorizationEvent(Record):
    """Something done with a referral or an authorization: a state, a call, a note, a paper."""

    title = "authorization event"

    authorization = Reference(PriorAuthorization, null=True, index=True)
    referral = Reference(Referral, null=True, index=True)
    at = Moment()
    by = CleanText(32)
    kind = Choice(EVENT_KINDS, default="state")
    from_state = CleanText(20)
    to_state = CleanText(20)
    raw_code = CleanText(10)
    note = CleanText(500)
    contact = CleanText(80)
    call_reference = CleanText(50)
    document = CleanText(120, help_text="the paper's name")
    document_at = CleanText(200, help_text="where it is")

    class Meta:
        constraints = [Check("(authorization_id IS NULL) <> (referral_id IS NULL)")]


class VisitPermit(Record):
    """A visit that an authorization or a referral covers. It counts by the visit's lifecycle:
    booked while scheduled, used when completed, free again when the visit does not take place.
    """

    title = "visit permit"

    appointment = Reference(Appointment, index=True)
    authorization = Reference(PriorAuthorization, null=True, index=True)
    referral = Reference(Referral, null=True, index=True)
    units = Whole(default=1, constraints=[Check("units BETWEEN 1 AND 999")])
    override_reason = CleanText(200)
    made_at = Moment()
    made_by = CleanText(32)
    released_at = Moment(null=True)
    released_by = CleanText(32)
    release_reason = CleanText(200)

    class Meta:
        constraints = [Check("authorization_id IS NULL OR referral_id IS NULL")]


class AuthorizationUse(Record):
    """Units used without a visit of ours: elsewhere, or before this was on file."""

    title = "authorization use"

    authorization = Reference(PriorAuthorization, index=True)
    units = Whole(constraints=[Check("units BETWEEN 1 AND 999")])
    day = Day()
    note = CleanText(200)
    override_reason = CleanText(200)
    at = Moment()
    by = CleanText(32)
    released_at = Moment(null=True)
    released_by = CleanText(32)
    release_reason = CleanText(200)


class PlanRule(Versioned):
    """Whether a plan wants a referral or an authorization for a visit type.

    Without a plan it is for every plan, without a visit type for every visit; the most exact
    rule decides, a plan's own before a visit type's.
    """

    title = "plan rule"

    plan = Reference(Plan, null=True, index=True)
    visit_type = Reference(VisitType, null=True)
    needs = Choice(NEEDS)
    needed = BooleanField(default=True)
    note = CleanText(200)
    active = BooleanField(default=True)


MODELS = (
    Referral, PriorAuthorization, AuthorizationEvent, VisitPermit, AuthorizationUse, PlanRule,
)  # fmt: skip
TRIGGERS = (
    *kept("authorization_event", "update", "delete"),
    no_replace("authorization_event"),
    *kept("visit_permit", "delete"),
    *kept("authorization_use", "delete"),
    *kept("prior_authorization", "delete"),
    *kept("referral", "delete"),
    """CREATE UNIQUE INDEX visit_permit_one ON visit_permit
    (appointment_id, authorization_id IS NULL, referral_id IS NULL) WHERE released_at IS NULL""",
)
