"""FHIR R4 resources that a front desk takes over: a reader for each kind.

Each reader takes the decoded JSON of one resource and returns a frozen dataclass, or raises
:class:`ImportRejected`. What the front desk has no use for is passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskterm.exchange.fhir_parts import (
    address_of,
    id_of,
    identifiers_of,
    phones_of,
    reference,
    telecom_of,
)
from deskterm.exchange.fhir_people import read_patient, read_practitioner
from deskterm.exchange.fhir_records import Appointment, Coverage, Imported, Location
from deskterm.exchange.fhir_values import (
    ImportRejected,
    cents,
    codes,
    day,
    instant,
    label,
    record,
    records,
    whole,
    word,
)

_RELATIONSHIPS = {
    "self": "18", "spouse": "01", "child": "19", "common": "53", "other": "G8", "parent": "G8",
    "injured": "G8",
}  # fmt: skip
_PLAN_TYPES = {
    "HMO": "HMO", "PPO": "PPO", "POS": "POS", "EPO": "EPO", "pay": "SELF", "SUBSIDIZ": "CHARITY",
    "MCPOL": "OTHER", "AUTOPOL": "AUTO", "WCBPOL": "WC", "RETIRE": "MEDICARE",
}  # fmt: skip


def read_location(resource: dict[str, Any]) -> Location:
    """A Location. Raises ImportRejected without a name."""
    name = word(resource.get("name"), "name", 60)
    if not name:
        raise ImportRejected("there is no name")
    where = address_of(record(resource.get("address"), "address"))
    lines = [where.line1, where.line2, f"{where.city} {where.state} {where.postal_code}"]
    phones = phones_of(telecom_of(resource))
    return Location(
        resource_id=id_of(resource),
        name=name,
        address="\n".join(" ".join(line.split()) for line in lines if line.strip())[:200],
        phone=phones[0].number if phones else "",
        active=word(resource.get("status"), "status", 40) in ("", "active"),
    )


def read_coverage(resource: dict[str, Any]) -> Coverage:
    """A Coverage. Raises ImportRejected for one that never counted or names no patient."""
    status = word(resource.get("status"), "status", 40)
    period = record(resource.get("period"), "period")
    ends = day(period.get("end"), "period.end")
    if status in ("draft", "entered-in-error"):
        raise ImportRejected(f"its status is {status}")
    if status == "cancelled" and ends is None:
        raise ImportRejected("it is cancelled and has no period.end")
    classes = {
        next(iter(codes(c.get("type"), "class.type")), ""): c
        for c in records(resource.get("class"), "class")
    }
    plan, group = classes.get("plan", {}), classes.get("group", {})
    payers = records(resource.get("payor"), "payor")
    payer = payers[0] if payers else {}
    identifiers = identifiers_of(resource)
    relation = next(iter(codes(resource.get("relationship"), "relationship")), "")
    kinds = codes(resource.get("type"), "type")
    found = Coverage(
        resource_id=id_of(resource),
        patient=reference(resource.get("beneficiary"), "beneficiary", "Patient"),
        payer=reference(payer, "payor", "Organization"),
        payer_name=word(payer.get("display"), "payor.display", 80) or _contained(resource, payer),
        plan_name=word(plan.get("name"), "class.name", 80)
        or word(plan.get("value"), "class.value", 80)
        or label(resource.get("type"), "type"),
        plan_type=next((_PLAN_TYPES[k] for k in kinds if k in _PLAN_TYPES), "OTHER"),
        member_id=word(resource.get("subscriberId"), "subscriberId", 40)
        or next((i.value[:40] for i in identifiers), ""),
        group_number=word(group.get("value"), "class.value", 40),
        relationship=_RELATIONSHIPS.get(relation, "21"),
        subscriber_name=word(
            record(resource.get("subscriber"), "subscriber").get("display"), "subscriber", 120
        ),
        starts_on=day(period.get("start"), "period.start"),
        ends_on=ends,
        priority=min(max(whole(resource.get("order"), "order") or 1, 1), 9),
        copay_cents=_copay(resource),
    )
    if not found.patient:
        raise ImportRejected("beneficiary names no patient")
    if found.starts_on and ends and ends < found.starts_on:
        raise ImportRejected("period.end is before period.start")
    return found


def read_appointment(resource: dict[str, Any]) -> Appointment:
    """An Appointment. Raises ImportRejected for one that was never booked."""
    status = word(resource.get("status"), "status", 40)
    if status not in ("booked", "arrived", "checked-in", "fulfilled", "cancelled", "noshow"):
        raise ImportRejected("its status is not that of a booking")
    start = instant(resource.get("start"), "start")
    if start is None:
        raise ImportRejected("there is no start")
    end = instant(resource.get("end"), "end")
    minutes = whole(resource.get("minutesDuration"), "minutesDuration")
    if minutes is None and end is not None:
        minutes = int((end - start).total_seconds() // 60)
    if minutes is None or not 5 <= minutes <= 480:
        raise ImportRejected("it does not last between 5 minutes and 8 hours")
    actors = [
        record(p.get("actor"), "participant.actor")
        for p in records(resource.get("participant"), "participant")
    ]
    typed = [
        resource.get("appointmentType"),
        *records(resource.get("serviceType"), "serviceType"),
    ]
    found = Appointment(
        resource_id=id_of(resource),
        status=status,
        start=start,
        minutes=minutes,
        patient=_actor(actors, "Patient"),
        provider=_actor(actors, "Practitioner"),
        location=_actor(actors, "Location"),
        visit_words=tuple(w for t in typed for w in (*codes(t, "type"), label(t, "type")) if w),
        note=word(resource.get("description"), "description", 300),
    )
    if not found.patient or not found.provider:
        raise ImportRejected("participant names no patient and practitioner")
    return found


READERS: dict[str, Callable[[dict[str, Any]], Imported]] = {
    "Patient": read_patient,
    "Practitioner": read_practitioner,
    "Location": read_location,
    "Coverage": read_coverage,
    "Appointment": read_appointment,
}


def organization_name(resource: dict[str, Any]) -> str:
    """What an Organization is called; empty when it does not say."""
    try:
        return word(resource.get("name"), "name", 80)
    except ImportRejected:
        return ""


def _copay(resource: dict[str, Any]) -> int | None:
    for cost in records(resource.get("costToBeneficiary"), "costToBeneficiary"):
        kinds = codes(cost.get("type"), "costToBeneficiary.type")
        if {"copay", "gpvisit"} & set(kinds):
            amount = record(cost.get("valueMoney"), "valueMoney").get("value")
            return cents(amount, "costToBeneficiary.valueMoney")
    return None


def _contained(resource: dict[str, Any], payer: dict[str, Any]) -> str:
    wanted = word(payer.get("reference"), "payor.reference", 400).removeprefix("#")
    for inner in records(resource.get("contained"), "contained"):
        if inner.get("id") == wanted and inner.get("resourceType") == "Organization":
            return organization_name(inner)
    return ""


def _actor(actors: list[dict[str, Any]], kind: str) -> str:
    return next((r for a in actors if (r := reference(a, "actor", kind))), "")
