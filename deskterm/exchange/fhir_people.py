"""FHIR R4 patients and practitioners."""

from __future__ import annotations

import re
from typing import Any

from deskterm.exchange.fhir_parts import (
    NPI,
    addresses_of,
    id_of,
    identifiers_of,
    phones_of,
    reference,
    telecom_of,
)
from deskterm.exchange.fhir_records import Contact, Patient, Practitioner
from deskterm.exchange.fhir_values import (
    ImportRejected,
    codes,
    current,
    day,
    flag,
    label,
    record,
    records,
    word,
    words,
)

_SEXES = {"female": "F", "male": "M", "other": "X", "unknown": "U", "": "U"}
_EMERGENCY, _GUARDIAN, _GUARANTOR = {"C", "E"}, {"GUARD", "GRDN"}, {"F", "GUAR"}
_INTERPRETER = ("patient-interpreterRequired", "us-core-interpreter-needed")
_YES = "373066001"  # SNOMED CT


def read_patient(resource: dict[str, Any]) -> Patient:
    """A Patient. Raises ImportRejected without a family name or a full birth date."""
    names = records(resource.get("name"), "name")
    last, first, middle, suffix = _legal_name(names)
    born = day(resource.get("birthDate"), "birthDate")
    if born is None:
        raise ImportRejected("there is no birthDate")
    telecom = telecom_of(resource)
    doctors = records(resource.get("generalPractitioner"), "generalPractitioner")
    language, interpreter = _language(resource)
    sex = word(resource.get("gender"), "gender", 20)
    if sex not in _SEXES:
        raise ImportRejected("gender is not one of male, female, other, unknown")
    died = day(resource.get("deceasedDateTime"), "deceasedDateTime")
    return Patient(
        resource_id=id_of(resource),
        last_name=last,
        first_name=first,
        middle_name=middle,
        suffix=suffix,
        preferred_name=_preferred(names, first),
        previous_last_name=_previous(names, last),
        birth_date=born,
        sex=_SEXES[sex],
        language=language,
        interpreter_needed=interpreter,
        email=next((t["value"] for t in telecom if t["system"] == "email"), "")[:254],
        pcp=next((d for g in doctors if (d := word(g.get("display"), "display", 80))), ""),
        provider=next(
            (r for g in doctors if (r := reference(g, "generalPractitioner", "Practitioner"))), ""
        ),
        deceased=died is not None or flag(resource.get("deceasedBoolean"), "deceasedBoolean"),
        deceased_on=died,
        identifiers=identifiers_of(resource),
        phones=phones_of(telecom),
        addresses=addresses_of(resource),
        contacts=_contacts(resource),
    )


def read_practitioner(resource: dict[str, Any]) -> Practitioner:
    """A Practitioner. Raises ImportRejected without a name."""
    names = records(resource.get("name"), "name")
    last, first, _, suffix = _legal_name(names)
    npis = [i.value for i in identifiers_of(resource) if i.system == NPI]
    return Practitioner(
        resource_id=id_of(resource),
        last_name=last[:60],
        first_name=first[:60],
        credential=suffix,
        npi=npis[0] if npis and re.fullmatch(r"[0-9]{10}", npis[0]) else "",
        active=flag(resource.get("active"), "active", True),
    )


def _legal_name(names: list[dict[str, Any]]) -> tuple[str, str, str, str]:
    """``family, first given, other givens, suffix`` of the name to be used in papers."""
    uses = ("official", "usual", "", "temp")
    usable = [n for n in names if word(n.get("use"), "name.use", 20) in uses]
    usable.sort(
        key=lambda n: (
            not (n.get("family") or n.get("text")),
            uses.index(word(n.get("use"), "name.use", 20)),
        )
    )
    if not usable:
        raise ImportRejected("there is no name")
    chosen = usable[0]
    last = word(chosen.get("family"), "name.family", 80)
    givens = words(chosen.get("given"), "name.given", 80)
    if not last:
        last, givens = _from_text(word(chosen.get("text"), "name.text", 160), givens)
    if not last:
        raise ImportRejected("the name has no family name")
    suffix = " ".join(words(chosen.get("suffix"), "name.suffix", 12))[:12].strip()
    first = givens[0] if givens else ""
    return last[:80], first[:80], " ".join(givens[1:])[:80].strip(), suffix


def _from_text(text: str, givens: list[str]) -> tuple[str, list[str]]:
    """``SMITH, JOAN`` or ``Joan Smith`` taken apart; one word alone is the family name."""
    if "," in text:
        family, _, rest = text.partition(",")
        return family.strip(), givens or rest.split()
    parts = text.split()
    return (parts[-1], givens or parts[:-1]) if parts else ("", givens)


def _preferred(names: list[dict[str, Any]], first: str) -> str:
    for use in ("nickname", "usual"):
        for name in names:
            if name.get("use") == use:
                given = words(name.get("given"), "name.given", 80)
                called = given[0] if given else word(name.get("text"), "name.text", 80)
                if called and called != first:
                    return called
    return ""


def _previous(names: list[dict[str, Any]], last: str) -> str:
    for use in ("maiden", "old"):
        for name in names:
            family = word(name.get("family"), "name.family", 80)
            if name.get("use") == use and family and family != last:
                return family
    return ""


def _contacts(resource: dict[str, Any]) -> tuple[Contact, ...]:
    found = []
    for one in records(resource.get("contact"), "contact"):
        named = record(one.get("name"), "contact.name")
        spoken = [*words(named.get("given"), "given", 80), word(named.get("family"), "family", 80)]
        name = word(named.get("text"), "text", 120) or " ".join(spoken).strip()[:120].strip()
        if not name or not current(one.get("period"), "contact.period"):
            continue
        relations = records(one.get("relationship"), "relationship")
        known = {code for r in relations for code in codes(r, "relationship")}
        phones = phones_of(telecom_of(one))
        found.append(
            Contact(
                name=name,
                relationship=next((r for c in relations if (r := label(c, "r"))), "")[:40].lower(),
                phone=phones[0].number if phones else "",
                emergency_contact=bool(known & _EMERGENCY),
                guarantor=bool(known & _GUARANTOR),
                guardian=bool(known & _GUARDIAN),
            )
        )
    return tuple(found)


def _language(resource: dict[str, Any]) -> tuple[str, bool]:
    """The language to speak (``en``, ``es``), and whether an interpreter is needed."""
    spoken = records(resource.get("communication"), "communication")
    spoken.sort(key=lambda c: not flag(c.get("preferred"), "communication.preferred"))
    said = next((c for s in spoken for c in codes(s.get("language"), "language")), "")
    needed = False
    for extension in records(resource.get("extension"), "extension"):
        url = word(extension.get("url"), "extension.url", 400)
        if url.endswith(_INTERPRETER):
            coding = record(extension.get("valueCoding"), "valueCoding")
            needed = (
                flag(extension.get("valueBoolean"), "valueBoolean") or coding.get("code") == _YES
            )
    return said.split("-")[0].lower()[:12] or "en", needed
