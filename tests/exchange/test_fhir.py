"""FHIR readers: what they take, what they refuse, and that nothing else ever happens."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.exchange import fhir
from deskterm.exchange.fhir_files import LONGEST_LINE, read_file
from deskterm.exchange.fhir_parts import reference
from deskterm.exchange.fhir_records import Identifier, Phone, digest
from deskterm.exchange.fhir_values import ImportRejected

SAMPLES = Path(__file__).parents[3] / "shared" / "samples"


def person(**values: Any) -> dict[str, Any]:
    given = {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"use": "official", "family": "Hickle134", "given": ["Alfonzo975", "Jo"]}],
        "birthDate": "1982-03-14",
        "gender": "male",
    }
    return {k: v for k, v in {**given, **values}.items() if v is not None}


def test_a_full_patient() -> None:
    found = fhir.read_patient(
        person(
            name=[
                {"use": "maiden", "family": "Windsor", "given": ["Joan"]},
                {"use": "nickname", "given": ["Jo"]},
                {"use": "official", "family": "Smith", "given": ["Joan", "May", "Ann"],
                 "suffix": ["Jr"]},
            ],
            identifier=[
                {"system": "http://x", "value": "77",
                 "type": {"coding": [{"code": "MR"}]}},
                {"system": "http://x", "value": "77"},
                {"system": "http://y", "value": ""},
            ],
            telecom=[
                {"system": "phone", "value": "217-555-0142", "use": "home", "rank": 2},
                {"system": "phone", "value": "(217) 555-0143", "use": "mobile", "rank": 1},
                {"system": "phone", "value": "217-555-0144", "use": "old"},
                {"system": "email", "value": "jo@example.org"},
            ],
            address=[{"line": ["418 Elm St", "Apt 2"], "city": "Decatur", "state": "IL",
                      "postalCode": "62521"}],
            communication=[
                {"language": {"coding": [{"code": "en-US"}]}},
                {"language": {"coding": [{"code": "es"}]}, "preferred": True},
            ],
            extension=[{"url": "http://hl7.org/fhir/StructureDefinition/"
                               "patient-interpreterRequired", "valueBoolean": True}],
            contact=[{"name": {"family": "Smith", "given": ["Ann"]},
                      "relationship": [{"coding": [{"code": "C", "display": "Mother"}]}],
                      "telecom": [{"system": "phone", "value": "2175550145"}]}],
            generalPractitioner=[{"reference": "Practitioner/d1", "display": "Dr Lee"}],
            deceasedDateTime="2020-02-29T10:00:00Z",
        )
    )  # fmt: skip
    assert (found.last_name, found.first_name, found.middle_name) == ("Smith", "Joan", "May Ann")
    assert (found.suffix, found.preferred_name, found.previous_last_name) == ("Jr", "Jo", "Windsor")
    assert found.identifiers == (Identifier("http://x", "77", ""),)
    assert found.phones == (Phone("+12175550143", "mobile"), Phone("+12175550142", "home"))
    assert found.email == "jo@example.org"
    assert (found.addresses[0].line1, found.addresses[0].line2) == ("418 Elm St", "Apt 2")
    assert (found.language, found.interpreter_needed) == ("es", True)
    assert found.contacts[0].name == "Ann Smith"
    assert (found.contacts[0].relationship, found.contacts[0].emergency_contact) == ("mother", True)
    assert (found.pcp, found.provider) == ("Dr Lee", "d1")
    assert (found.deceased, found.deceased_on) == (True, date(2020, 2, 29))


def test_digits_in_names_stay_and_controls_go() -> None:
    found = fhir.read_patient(person())
    assert (found.last_name, found.first_name) == ("Hickle134", "Alfonzo975")
    found = fhir.read_patient(person(name=[{"family": "\x1b]0;x\x07\ud800[red]", "given": [None]}]))
    assert found.last_name == "\ufffd]0;x\ufffd\ufffd[red]"


@pytest.mark.parametrize(
    ("text", "last", "first"),
    [("Joan Smith", "Smith", "Joan"), ("SMITH, JOAN", "SMITH", "JOAN"), ("张无忌", "张无忌", "")],
)
def test_a_name_given_only_as_text(text: str, last: str, first: str) -> None:
    found = fhir.read_patient(person(name=[{"text": text}]))
    assert (found.last_name, found.first_name) == (last, first)


@pytest.mark.parametrize(
    ("reason", "values"),
    [
        ("there is no birthDate", {"birthDate": None}),
        ("birthDate is not a full date", {"birthDate": "1956-05"}),
        ("birthDate is not a full date", {"birthDate": "1956"}),
        ("birthDate is no date of the calendar", {"birthDate": "2023-02-29"}),
        ("birthDate is not text", {"birthDate": 19560527}),
        ("there is no name", {"name": None}),
        ("no family name", {"name": [{"given": ["Kenzi"]}]}),
        ("name is not a list", {"name": "Smith"}),
        ("name.given is not a list", {"name": [{"family": "S", "given": "Jo"}]}),
        ("telecom is not an object", {"telecom": ["217"]}),
        ("gender is not one of", {"gender": "F"}),
        ("identifier has more than 1000", {"identifier": [{}] * 1001}),
    ],
)
def test_why_a_patient_is_refused(reason: str, values: dict[str, Any]) -> None:
    with pytest.raises(ImportRejected, match=reason) as caught:
        fhir.read_patient({**person(), **values})
    assert "1956" not in caught.value.reason.replace("YYYY-MM-DD", "")


def test_references() -> None:
    def of(text: str, kind: str = "Practitioner") -> str:
        return reference({"reference": text}, "actor", kind)

    assert of("Practitioner/12") == "12"
    assert of("http://x/fhir/Practitioner/12/_history/3") == "12"
    assert of("urn:uuid:ab-1") == "ab-1"
    assert of("Patient/12") == ""
    assert of("Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999911899") == (
        "npi:9999911899"
    )


def test_coverage_and_appointment() -> None:
    cover = fhir.read_coverage(
        {
            "resourceType": "Coverage", "id": "c", "status": "active",
            "beneficiary": {"reference": "Patient/p1"}, "subscriberId": "AB9",
            "relationship": {"coding": [{"code": "child"}]},
            "payor": [{"reference": "#o"}],
            "contained": [{"resourceType": "Organization", "id": "o", "name": "BlueCross"}],
            "class": [{"type": {"coding": [{"code": "group"}]}, "value": "5510"}],
            "costToBeneficiary": [{"type": {"coding": [{"code": "copay"}]},
                                   "valueMoney": {"value": 20}}],
        }
    )  # fmt: skip
    assert (cover.patient, cover.payer_name, cover.member_id) == ("p1", "BlueCross", "AB9")
    assert (cover.group_number, cover.relationship, cover.copay_cents) == ("5510", "19", 2000)
    visit = fhir.read_appointment(
        {
            "resourceType": "Appointment", "id": "a", "status": "booked",
            "start": "2026-03-20T09:00:00-05:00", "end": "2026-03-20T14:20:00Z",
            "participant": [{"actor": {"reference": "Patient/p1"}},
                            {"actor": {"reference": "Practitioner/d1"}}],
        }
    )  # fmt: skip
    assert visit.start == datetime(2026, 3, 20, 14, 0, tzinfo=UTC)
    assert visit.minutes == 20


def test_a_digest_changes_with_the_content_only() -> None:
    one = fhir.read_patient(person())
    assert digest(one) == digest(fhir.read_patient(person(meta={"versionId": "9"})))
    assert digest(one) != digest(fhir.read_patient(person(gender="other")))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20)
    | st.sampled_from(["2020-01-01", "official", "phone", "Patient/1", "active", "booked"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from([
            "name", "family", "given", "text", "use", "telecom", "system", "value", "identifier",
            "type", "coding", "code", "period", "start", "end", "actor", "reference", "birthDate",
            "address", "line", "contact", "relationship", "extension", "url", "status", "class",
            "costToBeneficiary", "valueMoney", "payor", "participant", "beneficiary", "contained",
            "id", "resourceType", "communication", "language", "display", "rank",
        ]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@pytest.mark.parametrize("kind", list(fhir.READERS))
@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.text(max_size=8), json_values, max_size=6), st.data())
def test_any_json_is_read_or_refused(kind: str, extra: dict[str, Any], data: st.DataObject) -> None:
    valid: dict[str, Any] = {
        "Patient": person(telecom=[], address=[], contact=[], identifier=[], communication=[]),
        "Practitioner": {"name": [{"family": "Lee"}], "identifier": []},
        "Location": {"name": "Main", "address": {}, "telecom": []},
        "Coverage": {"status": "active", "beneficiary": {"reference": "Patient/1"}, "payor": [],
                     "class": [], "costToBeneficiary": [], "period": {}},
        "Appointment": {"status": "booked", "start": "2026-01-01T10:00:00Z", "participant": [],
                        "minutesDuration": 20, "appointmentType": {}},
    }[kind]  # fmt: skip
    spoilt = {name: data.draw(json_values) for name in data.draw(st.sets(st.sampled_from(
        sorted(valid)), max_size=2))}  # fmt: skip
    try:
        fhir.READERS[kind]({**valid, **extra, **spoilt})
    except ImportRejected as rejected:
        assert rejected.reason


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | json_values.map(lambda v: json.dumps(v).encode()))
def test_any_bytes_are_items(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.ndjson"
    path.write_bytes(content)
    for item in read_file(path):
        assert (item.resource is None) == bool(item.reason)


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.ndjson", b'{"resourceType":"A"}\n\n{"resourceType":"B"}', [(1, "A"), (3, "B")]),
        ("a.json", b'{"resourceType":"A"}\n{"resourceType":"B"}\n', [(1, "A"), (2, "B")]),
        ("a.json", b'\xef\xbb\xbf{\n "resourceType":\n "A"}', [(1, "A")]),
        ("a.ndjson", b'{\n "resourceType": "A"\n}\n', [(1, "A")]),
        ("a.ndjson", b'{broken\n{"resourceType":"B"}\n', [(1, "is not JSON"), (2, "B")]),
        ("a.json", b'{\n "a": 1,\n oops\n}', [(3, "is not JSON")]),
        ("a.ndjson", b'{"a":"\x00"}\n{"resourceType":"B"}', [(1, "holds a NUL"), (2, "B")]),
        ("a.ndjson", b'{"a":"\xff"}\n{"resourceType":"B"}', [(1, "is not UTF-8"), (2, "B")]),
        ("a.ndjson", b'[1]\n{"resourceType":"B"}', [(1, "is not a resource"), (2, "B")]),
        ("a.json", b"[" * 200_000, [(1, "is nested too deeply")]),
        ("a.json", b'{"a": NaN}', [(1, "holds a number")]),
        ("a.json", b'{"a": ' + b"9" * 5000 + b"}", [(1, "holds a number")]),
        ("a.json", gzip.compress(b"{}", mtime=0), [(0, "is compressed")]),
        ("a.json", "{}".encode("utf-16"), [(0, "is UTF-16")]),
        ("a.json", b"", [(0, "the file is empty")]),
        ("a.json", b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"A"}},7,{}]}',
         [(1, "A"), (1, "the entry holds no resource")]),
        ("a.json", b'{"resourceType":"Bundle","entry":{}}', [(1, "the bundle's entry")]),
    ],
)  # fmt: skip
def test_files(tmp_path: Path, name: str, content: bytes, found: list[tuple[int, str]]) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    items = list(read_file(path))
    assert len(items) == len(found)
    for item, (line, said) in zip(items, found, strict=True):
        assert item.line == line
        assert (item.kind or item.reason).startswith(said)


def test_places_that_are_not_files(tmp_path: Path) -> None:
    assert next(read_file(tmp_path)).reason.startswith("is a folder")
    assert next(read_file(tmp_path / "none")).reason == "there is no such file"
    assert next(read_file(Path("a\x00b"))).reason


def test_a_huge_line_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "big.ndjson"
    path.write_bytes(b'{"a":"' + b"x" * LONGEST_LINE + b'"}\n{"resourceType":"B"}\n')
    assert [(i.line, i.kind) for i in read_file(path)] == [(1, ""), (2, "B")]


def test_the_specifications_examples_are_read_or_refused() -> None:
    folder = SAMPLES / "fhir" / "r4_examples"
    if not folder.is_dir():
        pytest.skip(f"THE SAMPLES ARE ABSENT: {folder.name} is not beside the repository")
    read, refused = 0, {}
    for path in sorted(folder.glob("*.json")):
        for item in read_file(path):
            assert item.resource is not None
            if item.kind in fhir.READERS:
                try:
                    fhir.READERS[item.kind](item.resource)
                    read += 1
                except ImportRejected as rejected:
                    refused[path.name] = rejected.reason
    assert read + len(refused) == 49
    assert refused["Patient-animal.json"] == "the name has no family name"
    assert refused["Patient-newborn.json"] == "there is no name"
    assert len(refused) == 9
