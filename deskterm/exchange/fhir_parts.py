"""The parts that FHIR resources share: references, identifiers, phones, addresses."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from deskterm.entry.phones import parse_phone
from deskterm.errors import Invalid
from deskterm.exchange.fhir_records import Address, Identifier, Phone
from deskterm.exchange.fhir_values import codes, current, label, record, records, whole, word, words

NPI = "http://hl7.org/fhir/sid/us-npi"


def reference(value: Any, name: str, kind: str) -> str:
    """The id that a Reference to a ``kind`` names, or ``npi:NUMBER``; empty for another kind.

    A contained resource (``#id``) keeps its mark: it has no id of its own.
    """
    said = word(record(value, name).get("reference"), name, 400)
    if "?identifier=" in said:
        query, _, token = said.partition("?identifier=")
        system, _, number = token.partition("|")
        return f"npi:{number}" if query == kind == "Practitioner" and system == NPI else ""
    if said.startswith("urn:uuid:"):
        return said[len("urn:uuid:") :][:120]
    if said.startswith("#"):
        return said[:120]
    parts = said.split("/_history/")[0].split("/")
    return parts[-1][:120] if len(parts) > 1 and parts[-2] == kind else ""


def id_of(resource: dict[str, Any]) -> str:
    """The resource's id; one without gets a name made of its content."""
    given = word(resource.get("id"), "id", 120)
    if given:
        return given
    text = json.dumps(resource, default=str, sort_keys=True)
    return "content:" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def identifiers_of(resource: dict[str, Any]) -> tuple[Identifier, ...]:
    found = []
    for one in records(resource.get("identifier"), "identifier"):
        value = word(one.get("value"), "identifier.value", 120)
        if value:
            kind = next(iter(codes(one.get("type"), "identifier.type")), "")
            system = word(one.get("system"), "identifier.system", 200)
            found.append(
                Identifier(system, value, kind[:40] or label(one.get("type"), "type")[:40])
            )
    return tuple({(i.system, i.value): i for i in found}.values())


def telecom_of(holder: dict[str, Any]) -> list[dict[str, str]]:
    """The ways to reach somebody that still hold, the preferred first."""
    found = []
    for one in records(holder.get("telecom"), "telecom"):
        entry = {k: word(one.get(k), f"telecom.{k}", 254) for k in ("system", "value", "use")}
        rank = whole(one.get("rank"), "telecom.rank") or 99
        if entry["value"] and entry["use"] != "old" and current(one.get("period"), "period"):
            found.append((rank, entry))
    return [entry for _, entry in sorted(found, key=lambda pair: pair[0])]


def phones_of(telecom: list[dict[str, str]]) -> tuple[Phone, ...]:
    found: dict[str, Phone] = {}
    for one in telecom:
        if one["system"] in ("phone", "sms") and (number := _number(one["value"])):
            kind = one["use"] if one["use"] in ("home", "work", "mobile") else "other"
            found.setdefault(number, Phone(number, kind))
    return tuple(found.values())


def _number(said: str) -> str:
    """E.164 where it can be; else the text itself, so that no way to reach them is lost."""
    try:
        return parse_phone(said)
    except Invalid:
        return said[:20].strip() if any(c.isdigit() for c in said) else ""


def addresses_of(resource: dict[str, Any]) -> tuple[Address, ...]:
    found: dict[Address, None] = {}
    for one in records(resource.get("address"), "address"):
        if word(one.get("use"), "address.use", 20) != "old" and current(one.get("period"), "p"):
            where = address_of(one)
            if where.line1 or where.city or where.postal_code:
                found[where] = None
    return tuple(found)


def address_of(one: dict[str, Any]) -> Address:
    lines = words(one.get("line"), "address.line", 100)
    text = " ".join(word(one.get("text"), "address.text", 200, lines=True).split())
    postal = "postal" in (one.get("type"), "") or one.get("use") == "billing"
    return Address(
        kind="mailing" if postal else "home",
        line1=lines[0] if lines else text[:100].strip(),
        line2=", ".join(lines[1:])[:100].strip(),
        city=word(one.get("city"), "address.city", 60),
        state=word(one.get("state"), "address.state", 40),
        postal_code=word(one.get("postalCode"), "address.postalCode", 16),
        country=word(one.get("country"), "address.country", 40) or "US",
    )
