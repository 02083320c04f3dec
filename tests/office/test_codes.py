"""Code lists of the clinic: imported with their days, found as typed, judged on a day."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from deskterm.db import journal
from deskterm.db.database import rows
from deskterm.errors import Conflict, Invalid, NotAllowed, NotFound
from deskterm.office import charges, code_import, code_index, code_search, doctor
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import Desk
from tests.factories import become, clinic

SAMPLES = Path(__file__).parents[1] / "samples" / "codes"
ORDER, TABULAR = SAMPLES / "icd10cm_order_2026.txt", SAMPLES / "icd10cm_tabular_2026.xml"
TODAY = date(2026, 3, 18)
FIRST, NEXT = date(2025, 10, 1), date(2026, 10, 1)
OURS = "Code,Description\n99213,a visit of ours\n99214,a longer visit of ours\n"


def order_line(number: int, code: str, label: str, flag: int = 1) -> str:
    return f"{number:05d} {code:<7} {flag} {label[:60]:<60} {label}\n"


@pytest.fixture
def loaded(desk: Desk) -> Desk:
    code_import.import_file(desk, "icd10cm", ORDER)
    return desk


def import_text(desk: Desk, system: str, folder: Path, name: str, text: str, **given: object):  # type: ignore[no-untyped-def]
    path = folder / name
    path.write_text(text)
    return code_import.import_file(desk, system, path, **given)  # type: ignore[arg-type]


def shown(desk: Desk, query: str, **given: object) -> list[str]:
    found = code_search.find(desk, query, **given)  # type: ignore[arg-type]
    return [hit.shown for hit in found.rows]


def whole(desk: Desk) -> None:
    assert code_index.check(desk.database) == []
    assert list(journal.verify(desk.database, desk.secret)) == []


def test_importing_again_changes_nothing(loaded: Desk) -> None:
    before = rows(loaded.database, "SELECT * FROM code_entry")
    head = journal.head(loaded.database)
    again = code_import.import_file(loaded, "icd10cm", ORDER)
    assert (again.file_id, again.counts["added"], again.counts["ended"]) == (0, 0, 0)
    assert rows(loaded.database, "SELECT * FROM code_entry") == before
    assert journal.head(loaded.database) == head
    codes = code_import.import_file(loaded, "icd10cm", SAMPLES / "icd10cm_codes_2026.txt")
    assert codes.file_id == 0  # the headings, which it never lists, have not ended
    whole(loaded)


def test_the_tabular_list_adds_notes_and_takes_nothing(loaded: Desk) -> None:
    before = {code: kind for code, kind in rows(
        loaded.database, "SELECT code, kind FROM code_entry")}  # fmt: skip
    done = code_import.import_file(loaded, "icd10cm", TABULAR)
    assert done.counts["ended"] == 0 and done.counts["added"] == 9  # the ranges
    card = code_search.card(loaded, "m54.5")
    assert [hit.shown for hit in card.parents] == ["M00-M99", "M50-M54", "M54"]
    assert [hit.shown for hit in card.children] == ["M54.50", "M54.51", "M54.59"]
    assert ("excludes1", "low back strain (S39.012)") in card.notes
    assert {c: k for c, k in rows(loaded.database, "SELECT code, kind FROM code_entry"
                                  " WHERE kind <> 'range'")} == before  # fmt: skip
    assert code_import.import_file(loaded, "icd10cm", TABULAR).file_id == 0
    # An order file afterwards leaves the notes.
    assert code_import.import_file(loaded, "icd10cm", ORDER).file_id == 0
    whole(loaded)


def test_the_tabular_list_alone_is_a_list(desk: Desk) -> None:
    code_import.import_file(desk, "icd10cm", TABULAR)
    assert code_search.diagnosis(desk, "S72.001A").label.startswith("Fracture of unspecified part")
    with pytest.raises(Invalid, match="heading"):
        code_search.diagnosis(desk, "S72.001")
    whole(desk)


def test_a_new_year_ends_what_it_leaves_out(loaded: Desk, tmp_path: Path) -> None:
    text = "".join(line for line in ORDER.read_text().splitlines(True) if " M5450 " not in line)
    text = text.replace("Vertebrogenic low back pain", "Vertebrogenic low back ache")
    text += order_line(99999, "M5455", "A pain that is new")
    done = import_text(loaded, "icd10cm", tmp_path, "icd10cm_order_2027.txt", text)
    assert done.starts_on == NEXT
    assert (done.counts["added"], done.counts["changed"], done.counts["ended"]) == (1, 1, 1)
    assert code_search.diagnosis(loaded, "M54.50", date(2026, 9, 30)).ends_on == date(2026, 9, 30)
    with pytest.raises(Invalid, match=r"M54\.50 ended on 2026-09-30") as refused:
        code_search.diagnosis(loaded, "M5450", NEXT)
    assert "Choose: M54.51" in refused.value.hint
    with pytest.raises(Invalid, match="begins on 2026-10-01"):
        code_search.diagnosis(loaded, "M54.55", date(2026, 9, 30))
    assert code_search.diagnosis(loaded, "M54.51", TODAY).label == "Vertebrogenic low back pain"
    assert code_search.diagnosis(loaded, "M54.51", NEXT).label == "Vertebrogenic low back ache"
    assert "M54.50" in shown(loaded, "low back pain")
    assert "M54.50" not in shown(loaded, "low back pain", on=NEXT)
    card = code_search.card(loaded, "M54.51", on=NEXT)
    assert [(h.label, h.ends_on) for h in card.earlier] == [
        ("Vertebrogenic low back pain", date(2026, 9, 30))
    ]
    assert import_text(
        loaded, "icd10cm", tmp_path, "icd10cm_order_2027.txt", text
    ).file_id == 0  # fmt: skip
    whole(loaded)


def test_an_earlier_year_is_put_in_front(loaded: Desk, tmp_path: Path) -> None:
    text = order_line(1, "M5450", "Low back pain, unspecified") + order_line(2, "M549X", "Gone")
    done = import_text(loaded, "icd10cm", tmp_path, "icd10cm_order_2025.txt", text)
    assert done.starts_on == date(2024, 10, 1)
    assert code_search.diagnosis(loaded, "M54.50", date(2025, 1, 1)).starts_on == date(2024, 10, 1)
    assert code_search.diagnosis(loaded, "M54.9X", date(2025, 9, 30)).ends_on == date(2025, 9, 30)
    with pytest.raises(Invalid, match="begins on 2025-10-01"):
        code_search.diagnosis(loaded, "M54.51", date(2025, 9, 30))
    with pytest.raises(Conflict, match="loaded already"):
        code_import.import_file(loaded, "icd10cm", ORDER, starts_on=date(2025, 4, 1))
    whole(loaded)


def test_a_corrected_file_takes_back_what_it_added(loaded: Desk, tmp_path: Path) -> None:
    more = ORDER.read_text() + order_line(99999, "M5455", "Added by mistake")
    import_text(loaded, "icd10cm", tmp_path, "icd10cm_order_2026.txt", more)
    assert code_search.diagnosis(loaded, "M54.55").code == "M5455"
    code_import.import_file(loaded, "icd10cm", ORDER)
    with pytest.raises(Invalid):
        code_search.diagnosis(loaded, "M54.55")
    import_text(loaded, "icd10cm", tmp_path, "icd10cm_order_2026.txt", more)
    assert code_search.diagnosis(loaded, "M54.55").code == "M5455"
    assert rows(loaded.database, "SELECT count(*) FROM code_entry WHERE code = 'M5455'") == [(1,)]
    whole(loaded)


def test_half_a_file_is_refused(desk: Desk, tmp_path: Path) -> None:
    lines = [order_line(n, f"A{n // 100:02d}{n % 100:02d}", f"number {n}") for n in range(1200)]
    import_text(desk, "icd10cm", tmp_path, "order_2026.txt", "".join(lines))
    with pytest.raises(Conflict, match="would end 600 of 1200"):
        import_text(desk, "icd10cm", tmp_path, "order_2027.txt", "".join(lines[:600]))
    done = import_text(
        desk, "icd10cm", tmp_path, "order_2027.txt", "".join(lines[:600]), all_the_same=True
    )
    assert done.counts["ended"] == 600
    whole(desk)


def test_a_refused_file_leaves_everything_as_it_was(loaded: Desk, tmp_path: Path) -> None:
    before = rows(loaded.database, "SELECT * FROM code_entry")
    with pytest.raises(Invalid, match="Line 103"):
        import_text(loaded, "icd10cm", tmp_path, "o_2027.txt", ORDER.read_text() + "cut\n")
    with pytest.raises(Invalid, match="which day"):
        import_text(loaded, "icd10cm", tmp_path, "order.txt", ORDER.read_text())
    with pytest.raises(NotFound):
        code_import.import_file(loaded, "icd10cm", tmp_path / "none_2026.txt")
    with pytest.raises(NotAllowed):
        code_import.import_file(become(loaded, "front_desk"), "icd10cm", ORDER)
    assert rows(loaded.database, "SELECT * FROM code_entry") == before


def test_cpt_needs_a_licence_which_is_kept(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="licensed"):
        import_text(desk, "cpt", tmp_path, "cpt.csv", OURS, starts_on=date(2026, 1, 1))
    done = import_text(
        desk, "cpt", tmp_path, "cpt.csv", OURS, starts_on=date(2026, 1, 1),
        licence="AMA 12345, 8 users",
    )  # fmt: skip
    assert done.counts["added"] == 2
    [file] = code_import.files(desk)
    assert (file["licence"], file["by"], file["file"]) == (
        "AMA 12345, 8 users",
        "mlopez",
        "cpt.csv",
    )
    entry = journal.read(desk.database, newest_first=True, limit=1)[0]
    assert entry.operation == "codes.import"
    assert "AMA 12345" in json.dumps(entry.changed) and "visit of ours" not in entry.changes
    whole(desk)


def test_payer_ids_belong_to_a_clearinghouse(desk: Desk, tmp_path: Path) -> None:
    text = "Payer Name,Payer ID\nBlue Horizon,60054\nRed River,RR9\n"
    with pytest.raises(Invalid, match="Whose list"):
        import_text(desk, "payer", tmp_path, "p.csv", text)
    import_text(desk, "payer", tmp_path, "p.csv", text, source="One")
    import_text(desk, "payer", tmp_path, "q.csv", text.replace("60054", "BH1"), source="Two")
    hits = code_search.find(desk, "blue hor", systems=["payer"]).rows
    assert {(hit.code, hit.source) for hit in hits} == {("60054", "One"), ("BH1", "Two")}
    assert shown(desk, "rr", systems=["payer"]) == ["RR9", "RR9"]
    whole(desk)


def test_places_of_service_come_along(desk: Desk) -> None:
    code_import.import_file(desk, "pos", None)
    assert shown(desk, "11", systems=["pos"]) == ["11"]
    assert shown(desk, "urgent", systems=["pos"]) == ["20"]
    with pytest.raises(Invalid):
        code_import.import_file(desk, "icd10cm", None)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("low back pain", "M54.5"), ("PAIN back low", "M54.5"), ("lo ba", "M54.5"),
        ("m54.5", "M54.5"), ("M5450", "M54.50"), ("e11.4 neurop", "E11.40"),
        ("lwo back", "M54.5"), ("vertebrogenik", "M54.51"), ("diabetis foot", "E11.621"),
        ("type 2 diab", "E11"), ("s72.001b", "S72.001B"), ("copd", None), ("?!", None), ("", None),
        ('" ^* :', None), ("NEAR(a b)", None), ("sciatica", "M54.3"), ("l" * 400, None),
    ],
)  # fmt: skip
def test_what_is_typed_finds(loaded: Desk, query: str, first: str | None) -> None:
    found = shown(loaded, query)
    assert (found[0] if found else None) == first


def test_a_misspelt_word_is_said_and_an_unknown_one_named(loaded: Desk) -> None:
    assert code_search.find(loaded, "lwo back").how == "spelt low back"
    assert "xylophone" in code_search.find(loaded, "back xylophone").how
    assert code_search.find(loaded, "diabetes sciatica").how == "not every word"


def test_no_index_is_walked_to_its_end(loaded: Desk) -> None:
    plan = rows(
        loaded.database,
        "EXPLAIN QUERY PLAN " + code_search._WORDS,
        ('{code label} : ("low"*)', 0, 10, "2026-01-01", "2026-01-01", 5),
    )
    said = " ".join(str(row[-1]) for row in plan)
    assert "SCAN e" not in said and "TEMP B-TREE" not in said and "VIRTUAL TABLE" in said


def test_nothing_is_guessed(loaded: Desk) -> None:
    with pytest.raises(Invalid, match=r"M54\.5 is a heading") as refused:
        code_search.diagnosis(loaded, "m54.5")
    assert refused.value.hint == "Choose: M54.50, M54.51, M54.59"
    with pytest.raises(Invalid, match=r"M54\.57 is in no list") as refused:
        code_search.diagnosis(loaded, "M5457")
    assert refused.value.hint.startswith("Choose: M54.50")
    with pytest.raises(Invalid, match="Not a diagnosis code"):
        code_search.diagnosis(loaded, "low back")
    # Before the oldest list, and where none is loaded, the shape is all that can be judged.
    assert code_search.diagnosis(loaded, "Z99.9", date(2020, 1, 1)).label == ""
    assert code_search.service(loaded, "99213").label == ""


def test_a_charge_is_judged_on_its_day(loaded: Desk, tmp_path: Path) -> None:
    made = clinic(loaded)
    visit = made.appointment(made.patient())
    charges.set_fee(loaded, "99213", 18000, starts_on=date(2020, 1, 1))
    charges.set_fee(loaded, "FORM", 1000, label="a form", starts_on=date(2020, 1, 1))
    with pytest.raises(Invalid, match="heading"):
        charges.post(loaded, visit.id, [ChargeLine("99213", diagnoses=("M54.5",))])
    import_text(loaded, "cpt", tmp_path, "c.csv", OURS, starts_on=date(2026, 1, 1), licence="AMA 1")
    with pytest.raises(Invalid, match="99215 is in no list"):
        charges.post(loaded, visit.id, [ChargeLine("99215", amount_cents=100)])
    [charge, form] = charges.post(
        loaded, visit.id, [ChargeLine("99213", diagnoses=("m5450",)), ChargeLine("FORM")]
    )
    assert (charge.description, charge.diagnoses) == ("a visit of ours", "M54.50")
    assert form.description == "a form"
    assert charges.read_code(loaded, "99214", TODAY) == ("99214", "a longer visit of ours")
    assert shown(loaded, "visit", systems=["fee", "cpt"]) == ["99213", "99214"]
    assert shown(loaded, "form", systems=["fee", "cpt"]) == ["FORM"]
    with pytest.raises(Invalid, match="LOW has no fee"):
        charges.read_code(loaded, "low", TODAY)


def test_the_doctor_sees_a_changed_row_and_an_old_list(loaded: Desk) -> None:
    def said(desk: Desk) -> doctor.Check:
        return doctor._code_lists(desk)

    assert said(loaded).level == "OK"
    rows(loaded.database, "UPDATE code_entry SET label = 'forged' WHERE code = 'M5450'")
    assert (said(loaded).level, "not as it was imported" in said(loaded).found) == ("WARN", True)


def test_every_version_of_the_word_index_finds_its_words(loaded: Desk, tmp_path: Path) -> None:
    text = ORDER.read_text() + order_line(99999, "M5455", "Quixotic ache")
    import_text(loaded, "icd10cm", tmp_path, "order_2026.txt", text)
    assert shown(loaded, "quixotci") == ["M54.55"]
    assert shown(loaded, "sciatcia lef")[0] == "M54.32"
