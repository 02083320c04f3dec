"""Authorizations as X12: the request (278) made from a record, and an answer applied to it.

The number of a record travels in the trace and comes back with the answer. A decision's raw code
is kept whatever it means; what it means is the clinic's list (``decision_code``).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from deskterm.db.authorizations import PriorAuthorization
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange.x12 import authorization_request as wire
from deskterm.exchange.x12.authorization_answer import read_authorizations
from deskterm.exchange.x12.decisions import AuthorizationAnswer, Review
from deskterm.exchange.x12.eligibility_request import SELF, Member
from deskterm.exchange.x12.writer import Envelope
from deskterm.office import authorizations, connections, outbox
from deskterm.office.authorization_requests import RequestFacts, request_facts
from deskterm.office.desk import Desk, Operation
from deskterm.office.eligibility import names_of
from deskterm.office.outbox import Answered

_TRACE = re.compile(r"DA(\d{1,12})X[0-9A-F]{8,}")
_CATEGORIES = {"services": wire.SERVICES, "admission": wire.ADMISSION, "specialty": wire.REFERRAL}
_UNITS = {"visit": "VS", "day": "DY", "unit": "UN"}
_KINDS = {code: kind for kind, code in _UNITS.items()}
_OFFICE = "11"  # place of service


@dataclass(frozen=True)
class Applied:
    """What became of one decision: which record, the raw code, and its state now."""

    authorization_id: int
    code: str
    state: str
    number: str
    do: str = ""


def question(desk: Desk, authorization_id: int, *, trace: str = "") -> wire.Request:
    """The request for one authorization. Raises Invalid with what is missing, NotFound."""
    facts = request_facts(desk, authorization_id)
    digits = "".join(c for c in facts.tax_id if c.isdigit())
    if not facts.payer_id:
        raise Invalid("The plan has no payer id", "It is set with the plan", field="payer_id")
    if not (desk.settings.npi or facts.requesting_npi):
        raise Invalid("Who asks has no NPI", "Type it, or set the practice's", field="npi")
    trace = trace or f"DA{facts.authorization_id}X{secrets.token_hex(5).upper()}"
    requester = wire.Provider(
        facts.practice if desk.settings.npi else facts.requesting_name,
        desk.settings.npi or facts.requesting_npi, role="1P",
        phone=facts.practice_phone[-10:] if facts.practice_phone else "",
        contact="AUTHORIZATIONS" if facts.practice_phone else "",
    )  # fmt: skip
    subscriber, dependent = _people(facts)
    return wire.Request(
        facts.payer_name, facts.payer_id, requester, subscriber, _event(facts, trace), trace,
        f"1{digits}" if len(digits) == 9 else "", dependent, facts.relationship,
    )  # fmt: skip


def _people(facts: RequestFacts) -> tuple[Member, Member | None]:
    patient = Member(
        facts.patient_last, facts.patient_first, facts.patient_born, facts.member_id,
        facts.patient_middle, sex=facts.patient_sex, group=facts.group_number,
    )  # fmt: skip
    if facts.relationship == SELF:
        return patient, None
    last, first = names_of(facts.subscriber_name)
    holder = Member(last, first, facts.subscriber_born, facts.member_id, group=facts.group_number)
    return holder, Member(
        facts.patient_last, facts.patient_first, facts.patient_born, sex=facts.patient_sex
    )


def _event(facts: RequestFacts, trace: str) -> wire.Event:
    again = bool(facts.number)
    first = facts.first_day
    dates = (("AAH", first, facts.last_day),) if first is not None else ()
    delivery = (
        wire.Delivery(_UNITS.get(facts.unit_kind, "UN"), facts.units) if facts.units else None
    )
    servicing: tuple[wire.Provider, ...] = ()
    if facts.servicing_name and facts.servicing_npi:
        servicing = (wire.Provider(facts.servicing_name, facts.servicing_npi),)
    diagnoses = tuple(
        wire.Diagnosis(code.replace(".", ""), "ABK" if n == 0 else "ABF")
        for n, code in enumerate(facts.diagnoses)
    )
    return wire.Event(
        _CATEGORIES.get(facts.type, wire.SERVICES),
        wire.EXTENSION if again else wire.INITIAL,
        facts.service_type, _OFFICE, level="U" if facts.expedited else "E", trace=trace,
        previous=facts.number, dates=dates, diagnoses=diagnoses, delivery=delivery,
        message=facts.service, providers=servicing,
        services=tuple(wire.Service(code) for code in facts.procedures),
    )  # fmt: skip


def text(
    desk: Desk, authorization_id: int, *, sender: str = "", receiver: str = "", control: int = 1
) -> str:
    """The request as a file for somebody else to carry. Raises Invalid, NotFound."""
    asked = question(desk, authorization_id)
    envelope = Envelope(
        sender or desk.settings.npi or asked.requester.number, receiver or asked.payer_id,
        control, desk.wall(),
    )  # fmt: skip
    return wire.write(envelope, [asked])


def send(desk: Desk, authorization_id: int, *, version: int | None = None) -> PriorAuthorization:
    """Put the request into the outbox and note that it was submitted.

    The same record and version is sent once. Raises Conflict without a connection, Invalid.
    """
    facts = request_facts(desk, authorization_id)
    connection = connections.for_payer(desk, facts.payer_id)
    if connection is None:
        raise Conflict("No connection for this payer", "Submit it by portal, phone or fax",
                       rule="connection")  # fmt: skip
    record = PriorAuthorization.get_by_id(authorization_id)
    asked = question(desk, authorization_id)
    envelope = Envelope(
        connection.sender_id or desk.settings.npi, connection.receiver_id or facts.payer_id,
        authorization_id % 999_999_999 or 1, desk.wall(),
    )  # fmt: skip
    payload = wire.write(envelope, [asked])

    def carry(op: Operation) -> None:
        outbox.enqueue(
            op, kind="278", connection_id=connection.id, payload=payload, trace=asked.reference,
            key=f"278:{authorization_id}:{record.version}", patient_id=facts.patient_id,
        )  # fmt: skip

    return authorizations.submit(desk, authorization_id, method="278", version=version, also=carry)


def apply(desk: Desk, answer: str) -> list[Applied]:
    """Apply every decision of a 278 answer to the records that it is about.

    Raises Refused, Conflict when the payer's system refused the request, NotFound when no record
    is meant.
    """
    found = read_authorizations(answer)
    if not found.answers and found.refused:
        raise Conflict(found.refused[0], "Correct the request, then send it again")
    done = [applied for one in found.answers for applied in _apply_one(desk, one)]
    if not done:
        raise NotFound("This answer is about no request of ours", "Look the number up by hand")
    return done


def _apply_one(desk: Desk, answer: AuthorizationAnswer) -> list[Applied]:
    ids = {
        int(match.group(1))
        for number in (*(t.number for t in answer.traces), answer.reference)
        if (match := _TRACE.fullmatch(number))
    }
    if not ids:
        return []
    (record_id, *others) = sorted(ids)
    if others or not desk.rows("SELECT 1 FROM prior_authorization WHERE id = ?", record_id):
        return []
    rejected = [f"{r.what}: {r.do}" for r in answer.all_rejections]
    reviews = [r for r in answer.reviews if r.decision is not None]
    if not reviews:
        words = "; ".join(rejected) or "the payer answered without a decision"
        record = authorizations.note(
            desk, record_id, words[:500], contact="payer (278)", due_on=desk.today()
        )
        return [Applied(record_id, "", record.state, record.number, words)]
    return [_decided(desk, record_id, reviews[0], rejected)]


def _decided(desk: Desk, record_id: int, review: Review, rejected: list[str]) -> Applied:
    decision = review.decision
    assert decision is not None
    first, last = review.valid
    units, kind = _granted(review)
    said = "; ".join([*(f"reason {r}" for r in decision.reasons), *review.messages, *rejected])
    record = authorizations.decide(
        desk, record_id, raw_code=decision.code, number=decision.number or review.administrative,
        number_of_units=units, unit_kind=kind, effective_on=first, expires_on=last,
        reason=said[:200],
    )  # fmt: skip
    return Applied(record_id, decision.code, record.state, record.number)


def _granted(review: Review) -> tuple[int | None, str | None]:
    """How much was certified: by the event's HSD, else by its lines' units."""
    for amount in review.amounts:
        if amount.quantity is not None and amount.unit in _KINDS:
            times = int(amount.periods or 1) if amount.each else 1
            return int(amount.quantity) * times, _KINDS[amount.unit]
    lines = [s.units for s in review.services if s.units is not None]
    return (int(sum(lines)), "unit") if lines else (None, None)


def take_in(desk: Desk, item: Answered) -> None:
    """Apply an answer that came over a connection; twice is once, by the record's state."""
    apply(desk, item.answer)


def give_up(desk: Desk, item: Answered) -> None:
    """A request that is not sent: somebody looks at the record today."""
    match = _TRACE.fullmatch(item.trace)
    if match:
        authorizations.note(
            desk, int(match.group(1)), f"278 not sent: {item.why}"[:500], due_on=desk.today()
        )
