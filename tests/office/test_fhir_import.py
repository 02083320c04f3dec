"""The import: totals that add up, the same person once, and what the desk corrected."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deskterm.db import journal
from deskterm.db.patients import Patient
from deskterm.errors import Invalid, NotAllowed
from deskterm.office import clinic, fhir_people, search_index
from deskterm.office.desk import Desk
from deskterm.office.fhir_import import ImportResult, import_fhir

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "samples"
NPI = "http://hl7.org/fhir/sid/us-npi"


def person(number: int = 1, **values: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "resourceType": "Patient", "id": f"p{number}",
        "identifier": [{"system": "http://x/mr", "value": f"uuid-{number}",
                        "type": {"coding": [{"code": "MR"}]}}],
        "name": [{"family": f"Smith{number}", "given": ["Joan"]}],
        "birthDate": "1982-03-14", "gender": "female",
        "telecom": [{"system": "phone", "value": "217-555-0142", "use": "mobile"}],
        "address": [{"line": ["418 Elm St"], "city": "Decatur"}],
    }  # fmt: skip
    return {**given, **values}


DOCTOR = {
    "resourceType": "Practitioner", "id": "d1", "name": [{"family": "Lee", "given": ["Ann"]}],
    "identifier": [{"system": NPI, "value": "9999911899"}],
}  # fmt: skip


def visit(**values: Any) -> dict[str, Any]:
    given = {
        "resourceType": "Appointment", "id": "a1", "status": "booked",
        "start": "2026-03-20T14:00:00Z", "minutesDuration": 20,
        "participant": [{"actor": {"reference": "Patient/p1"}},
                        {"actor": {"reference": "Practitioner/d1"}}],
    }  # fmt: skip
    return {**given, **values}


@pytest.fixture
def bring(desk: Desk, tmp_path: Path) -> Any:
    """Import resources (or raw lines) from one file, under the totals' invariant."""

    def run(*resources: Any, **kwargs: Any) -> ImportResult:
        path = tmp_path / "in.ndjson"
        lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in resources]
        path.write_bytes(b"\n".join(lines) + b"\n")
        return add_up(import_fhir(desk, [path], **kwargs))

    return run


def add_up(result: ImportResult) -> ImportResult:
    made = result.created + result.updated + result.unchanged
    assert result.read == made + len(result.rejected)
    return result


def totals(result: ImportResult) -> tuple[int, int, int, int]:
    return result.created, result.updated, result.unchanged, len(result.rejected)


def test_a_patient_comes_in_with_everything(desk: Desk, bring: Any) -> None:
    assert totals(bring(person())) == (1, 0, 0, 0)
    patient = Patient.get()
    assert (patient.mrn, patient.last_name, patient.sex) == ("10001", "Smith1", "F")
    assert desk.rows("SELECT system, value, kind FROM patient_identifier") == [
        ("http://x/mr", "uuid-1", "MR")
    ]
    assert desk.rows("SELECT number, kind FROM patient_phone") == [("+12175550142", "mobile")]
    assert desk.rows("SELECT line1, city FROM patient_address") == [("418 Elm St", "Decatur")]
    assert search_index.check(desk.database) == []


def test_each_record_is_its_own_journal_entry_about_its_patient(desk: Desk, bring: Any) -> None:
    bring(person(1), person(2))
    entries = journal.read(desk.database)[-2:]
    assert [(e.operation, e.patient_id) for e in entries] == [
        ("data.import", 1), ("data.import", 2),
    ]  # fmt: skip
    assert "uuid-1" not in entries[0].changes
    assert list(journal.verify(desk.database, desk.secret)) == []


def test_again_is_no_duplicate(desk: Desk, bring: Any) -> None:
    bring(person())
    head = journal.head(desk.database)
    assert totals(bring(person())) == (0, 0, 1, 0)
    assert journal.head(desk.database) == head
    assert totals(bring(person(gender="other"))) == (0, 1, 0, 0)
    assert desk.rows("SELECT count(*), max(sex) FROM patient") == [(1, "X")]


def test_the_same_person_under_another_id_is_known_by_identifier(desk: Desk, bring: Any) -> None:
    bring(person())
    assert totals(bring(person(id="elsewhere"))) == (0, 0, 1, 0)
    assert totals(bring(person(id="third", birthDate="1990-01-01"))) == (1, 0, 0, 0)


def test_a_correction_at_the_desk_stays_until_the_source_changes_it(desk: Desk, bring: Any) -> None:
    bring(person())
    with desk.operation("patient.edit") as op:
        mended = op.get(Patient, 1)
        mended.first_name, mended.sex = "Joanna", "X"
        op.save(mended)
    result = bring(person(gender="male", telecom=[]))
    assert totals(result) == (0, 1, 0, 0)
    assert desk.rows("SELECT first_name, sex FROM patient") == [("Joanna", "M")]
    bring(person(gender="male", name=[{"family": "Smith1", "given": ["Jo"]}]))
    assert desk.rows("SELECT first_name, sex FROM patient") == [("Jo", "M")]


def test_ways_to_reach_are_ended_not_removed(desk: Desk, bring: Any) -> None:
    bring(person())
    other = [{"system": "phone", "value": "217-555-0199", "use": "home"}]
    bring(person(telecom=other, address=[{"line": ["9 Oak Ave"], "city": "Decatur"}]))
    assert desk.rows("SELECT number, ended_on FROM patient_phone ORDER BY id") == [
        ("+12175550142", "2026-03-18"), ("+12175550199", None),
    ]  # fmt: skip
    assert desk.rows("SELECT line1, ended_on FROM patient_address ORDER BY id") == [
        ("418 Elm St", "2026-03-18"), ("9 Oak Ave", None),
    ]  # fmt: skip
    bring(person(telecom=other, address=[{"line": ["9 Oak Ave"], "city": "Decatur"}],
                 identifier=[]))  # fmt: skip
    assert desk.rows("SELECT active FROM patient_identifier") == [(0,)]


def test_a_phone_ended_at_the_desk_does_not_come_back(desk: Desk, bring: Any) -> None:
    bring(person())
    with desk.operation("patient.edit"):
        desk.database.execute_sql("UPDATE patient_phone SET ended_on = '2026-03-01'")
    bring(person(gender="male"))
    assert desk.rows("SELECT ended_on FROM patient_phone") == [("2026-03-01",)]


def test_an_id_that_names_somebody_else_is_refused(desk: Desk, bring: Any) -> None:
    bring(person())
    stranger = person(name=[{"family": "Jones"}], birthDate="1950-05-05", identifier=[])
    result = bring(stranger)
    assert "somebody else" in result.rejected[0].reason
    assert totals(bring(stranger, source="other clinic")) == (1, 0, 0, 0)


def test_a_bad_line_does_not_stop_the_rest(desk: Desk, bring: Any) -> None:
    result = bring(
        person(1),
        b"{oops",
        person(2, birthDate="1956-05"),
        b'{"resourceType": "Patient", "x": "\x00"}',
        person(3, birthDate="2030-01-01"),
        person(4, birthDate="1850-01-01"),
        {"resourceType": "Observation"},
        {"id": "nothing"},
        person(5),
    )
    assert (result.created, result.skipped_kinds) == (2, {"Observation": 1})
    assert [(r.line, r.reason.split(":")[0]) for r in result.rejected] == [
        (2, "is not JSON"),
        (3, "birthDate is not a full date (YYYY-MM-DD)"),
        (4, "holds a NUL byte"),
        (5, "birthDate is in the future"),
        (6, "birthDate is more than 130 years ago"),
        (8, "names no resourceType"),
    ]
    assert json.loads(json.dumps(result.as_dict()))["read"] == 8


def test_files_that_are_not_there(desk: Desk, tmp_path: Path) -> None:
    result = add_up(import_fhir(desk, [tmp_path, tmp_path / "gone.ndjson"]))
    assert [r.reason for r in result.rejected] == [
        "is a folder: name the files in it", "there is no such file",
    ]  # fmt: skip


def test_order_in_the_file_does_not_matter(desk: Desk, bring: Any) -> None:
    clinic.add_location(desk, code="MAIN", name="Main", zone="America/Chicago")
    cover = {
        "resourceType": "Coverage", "id": "c1", "status": "active", "subscriberId": "AB9",
        "beneficiary": {"reference": "Patient/p1"}, "payor": [{"reference": "Organization/o"}],
    }  # fmt: skip
    payer = {"resourceType": "Organization", "id": "o", "name": "Blue Cross"}
    doctor = {"generalPractitioner": [{"reference": "Practitioner/d1"}]}
    result = bring(visit(), cover, person(**doctor), payer, DOCTOR)
    assert totals(result) == (4, 0, 0, 0)
    assert desk.rows("SELECT payer_name, code FROM plan") == [("Blue Cross", "BLUECROSS")]
    assert desk.rows("SELECT member_id, patient_id FROM coverage") == [("AB9", 1)]
    assert desk.rows("SELECT provider_id FROM patient") == [(1,)]
    assert desk.rows("SELECT wall_start, minutes, lifecycle FROM appointment") == [
        ("2026-03-20T09:00", 20, "scheduled")
    ]
    assert totals(bring(visit(), cover, person(**doctor), payer, DOCTOR)) == (0, 0, 4, 0)


def test_a_provider_on_file_is_known_by_npi(desk: Desk, bring: Any) -> None:
    clinic.add_provider(desk, code="LEE", last_name="Lee", first_name="A", npi="1234567893")
    known = {**DOCTOR, "identifier": [{"system": NPI, "value": "1234567893"}]}
    assert totals(bring(known)) == (0, 0, 1, 0)
    assert desk.rows("SELECT code, first_name FROM provider") == [("LEE", "A")]


def test_another_plan_ends_the_coverage_and_adds_one(desk: Desk, bring: Any) -> None:
    def cover(member: str) -> dict[str, Any]:
        return {
            "resourceType": "Coverage", "id": "c1", "status": "active", "subscriberId": member,
            "beneficiary": {"reference": "Patient/p1"}, "payor": [{"display": "Blue Cross"}],
        }  # fmt: skip

    bring(person(), cover("OLD"))
    assert totals(bring(cover("NEW"))) == (0, 1, 0, 0)
    assert desk.rows("SELECT member_id, ends_on FROM coverage ORDER BY id") == [
        ("OLD", "2026-03-17"), ("NEW", None),
    ]  # fmt: skip


def test_a_moved_booking_leaves_its_trace(desk: Desk, bring: Any) -> None:
    clinic.add_location(desk, code="MAIN", name="Main", zone="America/Chicago")
    bring(person(), DOCTOR, visit(), visit(id="a2"))
    assert desk.rows("SELECT lane FROM appointment ORDER BY id") == [(0,), (100,)]
    bring(visit(start="2026-03-23T14:00:00Z"))
    assert desk.rows(
        "SELECT wall_start, lifecycle, cancel_reason, rescheduled_from_id FROM appointment"
        " WHERE id <> 2 ORDER BY id"
    ) == [
        ("2026-03-20T09:00", "cancelled", "rescheduled", None),
        ("2026-03-23T09:00", "scheduled", "", 1),
    ]
    bring(visit(start="2026-03-23T14:00:00Z", status="fulfilled"))
    assert desk.rows("SELECT lifecycle, stage FROM appointment WHERE id = 3") == [
        ("completed", "checked_out")
    ]
    assert desk.rows("SELECT to_stage FROM stage_event") == [("checked_out",)]


def test_what_refers_to_nobody_is_refused(desk: Desk, bring: Any) -> None:
    result = bring(visit(), DOCTOR)
    assert result.rejected[0].reason == "its patient is not on file here"


def test_progress_only_grows_and_ends_at_the_total(desk: Desk, bring: Any) -> None:
    seen: list[tuple[int, int]] = []
    bring(*[person(n) for n in range(120)], progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert len(seen) >= 5


def test_without_the_permission_nothing_is_read(desk: Desk, bring: Any) -> None:
    desk.actor = replace(desk.actor, permissions=frozenset())
    with pytest.raises(NotAllowed):
        bring(person())


CHILD = """
import os, signal, sys
from deskterm.config import Settings
from deskterm.office.desk import open_desk
from deskterm.office.fhir_import import import_fhir
desk = open_desk(Settings(database=sys.argv[1]), login="mlopez")
def die(done, total):
    if desk.rows("SELECT count(*) FROM patient")[0][0] >= 50:
        os.kill(os.getpid(), signal.SIGKILL)
import_fhir(desk, [sys.argv[2]], progress=die)
"""


def test_killed_half_way_a_second_run_completes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "in.ndjson"
    path.write_text("\n".join(json.dumps(person(n)) for n in range(120)))
    ended = subprocess.run(
        [sys.executable, "-c", CHILD, desk.settings.database, str(path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, timeout=60,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    half = desk.rows("SELECT count(*) FROM patient")[0][0]
    assert 0 < half < 120
    assert totals(add_up(import_fhir(desk, [path]))) == (120 - half, 0, half, 0)
    assert list(journal.verify(desk.database, desk.secret)) == []
    assert search_index.check(desk.database) == []


def test_the_samples_come_in_whole(desk: Desk) -> None:
    folder = SAMPLES / "synthea"
    if not folder.is_dir():
        pytest.skip(f"THE SAMPLES ARE ABSENT: {folder.name} is not beside the repository")
    paths = sorted(folder.glob("*/*.json")) + sorted(folder.glob("*/Patient*.ndjson"))
    first = add_up(import_fhir(desk, paths))
    assert first.rejected == []
    # three patients stand in two of the files
    assert (first.read, first.created, first.unchanged) == (120, 117, 3)
    assert desk.rows("SELECT count(*) FROM patient") == [(105,)]
    assert desk.rows("SELECT count(*) FROM provider WHERE npi IS NOT NULL") == [(12,)]
    kinds = {k for (k,) in desk.rows("SELECT DISTINCT kind FROM patient_identifier")}
    assert {"MR", "SS", "DL", "PPN"} <= kinds
    assert desk.rows("SELECT first_name FROM patient WHERE last_name = 'Hickle134'") == [
        ("Alfonzo975",)
    ]
    again = add_up(import_fhir(desk, paths))
    assert totals(again) == (0, 0, 120, 0)
    assert search_index.check(desk.database) == []


def test_a_record_refused_half_way_leaves_no_trace(
    desk: Desk, bring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = fhir_people.index_patient

    def refuse_the_second(database: Any, patient_id: int) -> None:
        if desk.rows("SELECT 1 FROM patient WHERE id = ? AND last_name = 'Smith2'", patient_id):
            raise Invalid("The name cannot be indexed")
        index(database, patient_id)

    monkeypatch.setattr(fhir_people, "index_patient", refuse_the_second)
    result = bring(person(1), person(2), person(3))
    assert [(r.line, r.reason) for r in result.rejected] == [(2, "The name cannot be indexed")]
    assert desk.rows("SELECT last_name FROM patient ORDER BY id") == [("Smith1",), ("Smith3",)]
    assert desk.rows("SELECT count(*) FROM fhir_source") == [(2,)]
