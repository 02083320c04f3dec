"""Files of codes: what each reader takes, and that a wrong line is refused with its number."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from deskterm.errors import Invalid
from deskterm.exchange import code_tables, icd10_files
from deskterm.exchange.code_lists import CodeList, fiscal_year, quarter

SAMPLES = Path(__file__).parents[1] / "samples" / "codes"
ORDER, CODES = "icd10cm_order_2026.txt", "icd10cm_codes_2026.txt"
TABULAR, HCPCS = "icd10cm_tabular_2026.xml", "HCPC2026_JAN_ANWEB.txt"
HEADINGS = (
    "HCPC,SEQNUM,RECID,LONG DESCRIPTION,SHORT DESCRIPTION,ADD DT,ACT EFF DT,TERM DT,ACTION CD"
)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def by_code(found: CodeList) -> dict[str, tuple[str, str]]:
    return {entry.code: (entry.kind, entry.label) for entry in found.entries}


def test_the_order_file_has_headings_and_codes() -> None:
    found = icd10_files.read(sample(ORDER), ORDER)
    assert (found.form, found.starts_on) == ("order file", date(2025, 10, 1))
    assert found.complete == {"code", "header"}
    known = by_code(found)
    assert known["M545"] == ("header", "Low back pain")
    assert known["M5450"] == ("code", "Low back pain, unspecified")
    assert len(known) == 102


def test_the_codes_file_has_codes_alone() -> None:
    found = icd10_files.read(sample(CODES), CODES)
    assert (found.form, found.complete) == ("codes file", {"code"})
    known = by_code(found)
    assert "M545" not in known and known["E119"][1].startswith("Type 2 diabetes")


def test_the_tabular_list_agrees_with_the_order_file() -> None:
    found = icd10_files.read(sample(TABULAR), TABULAR)
    assert found.starts_on == date(2025, 10, 1)
    known = by_code(found)
    ordered = by_code(icd10_files.read(sample(ORDER), ORDER))
    # The order file was made of the whole XML: sevenths, their X and their exceptions included.
    assert {code: known[code] for code in ordered} == ordered
    assert set(known) - set(ordered) == {c for c in known if known[c][0] == "range"}
    assert known["S72001A"][1].endswith("initial encounter for closed fracture")
    assert known["S061X0D"][0] == "code" and "S061X7D" not in known and "S061X7A" in known
    low_back = next(e for e in found.entries if e.code == "M545")
    assert ("excludes1", "low back strain (S39.012)") in low_back.notes
    fracture = next(e for e in found.entries if e.code == "S7200")
    assert "Fracture of hip NOS" in fracture.also


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"no list\n", 1),
        (sample(ORDER) + b"99999 M9999  1 cut off\n", 103),
        (sample(ORDER) + sample(ORDER)[:200].splitlines(True)[0], 103),
        (b"\n" + sample(ORDER).replace(b" E1121 ", b" E1!21 ", 1) + b"12345\n", 104),
        (sample(CODES) + b"M54\x00\n", None),
        (sample(CODES) + b"M54.50  dotted\n", None),
        (b"<ICD10CM.tabular>\n<chapter>\n</ICD10CM.tabular>", 3),
    ],
)  # fmt: skip
def test_a_wrong_line_of_a_diagnosis_file_is_named(data: bytes, line: int | None) -> None:
    with pytest.raises(Invalid) as refused:
        icd10_files.read(data, "x_2026.txt")
    assert refused.value.message.startswith("Line ")
    if line is not None:
        assert refused.value.details["line"] == line


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "b">]><ICD10CM.tabular/>', "<html></html>", "<ICD10CM.tabular/>",
        "<ICD10CM.tabular><chapter><desc>A (A00-A09)</desc><section id='A00-A09'><desc>B</desc>"
        "<diag><name>zzz</name><desc>x</desc></diag></section></chapter></ICD10CM.tabular>",
        "<ICD10CM.tabular><chapter><desc>A (A00-A09)</desc><section id='A00-A09'><desc>B</desc>"
        "<diag><name>A00</name></diag></section></chapter></ICD10CM.tabular>",
    ],
)  # fmt: skip
def test_another_xml_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        icd10_files.read(text.encode(), "x.xml")


def test_hcpcs_lines_go_on_and_dental_codes_are_left_out() -> None:
    found = code_tables.read_hcpcs(sample(HCPCS), HCPCS)
    assert found.starts_on == date(2026, 1, 1)
    known = {entry.code: entry for entry in found.entries}
    assert known["G0438"].label.endswith("(pps), initial visit")
    assert known["LT"].kind == "modifier"
    assert known["J1094"].ends_on == date(2025, 12, 31)
    assert known["A4550"].starts_on == date(1986, 1, 1)
    assert "D9999" not in known and list(found.left_out.values()) == [1]


def test_hcpcs_as_a_sheet_reads_the_same() -> None:
    rows = [
        "Some notice of CMS,,,,,,,,", HEADINGS,
        'G0438,00100,3,"Annual wellness visit, first",Wellness,20110101,20110101,,N',
        "J1094,00100,3,Injection,Inj,1/1/2003,12/31/2025,12/31/2025,D",
        "LT,00100,7,Left side,Left,19860101,19860101,,N",
    ]  # fmt: skip
    found = code_tables.read_hcpcs("\r\n".join(rows).encode(), "hcpcs-january-2026.csv")
    known = {entry.code: entry for entry in found.entries}
    assert found.starts_on == date(2026, 1, 1)
    assert known["G0438"].label == "Annual wellness visit, first"
    assert known["J1094"].ends_on == date(2025, 12, 31) and known["LT"].kind == "modifier"


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([HEADINGS, "99213,1,3,visit,visit,20110101,,,N"], 2),
        ([HEADINGS, "G0438,1,3,visit,visit,20111301,,,N"], 2),
        ([HEADINGS, "G0438,1,3,visit,visit,,,,N", "G0439,2,4,goes on,,,,,N"], 3),
        ([HEADINGS, "G0438,1,9,visit,visit,,,,N"], 2),
        ([HEADINGS, "G0438,1,3,,visit,,,,N"], 2),
        ([HEADINGS, "G0438,1,3,a,b,,,,N", "G0438,1,3,a,b,,,,N"], 3),
        (["a,b", "c,d"], 1),
        ([sample(HCPCS).decode().splitlines()[0][:200]], 1),
    ],
)  # fmt: skip
def test_a_wrong_line_of_hcpcs_is_named(rows: list[str], line: int) -> None:
    with pytest.raises(Invalid) as refused:
        code_tables.read_hcpcs("\n".join(rows).encode(), "x.csv")
    assert refused.value.details["line"] == line


@pytest.mark.parametrize(
    "text",
    [
        "CPT Code,Description\n99213,a visit of ours\n0001A,a shot of ours\n",
        "Concept Id\tCPT Code\tLong\tShort\n1\t99213\ta visit of ours\tv\n"
        "2\t0001A\ta shot of ours\ts\n",
        "A notice that stands above.\nMore of it.\n\n99213 a visit of ours\n0001A a shot of ours\n",
        "99213\ta visit of ours\n0001A\ta shot of ours\n",
    ],
)
def test_each_form_of_a_licensed_cpt_file(text: str) -> None:
    found = code_tables.read_cpt(text.encode(), "cpt.txt")
    assert by_code(found) == {
        "99213": ("code", "a visit of ours"), "0001A": ("code", "a shot of ours"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line"),
    [("code,description\n9921,short\n", 2), ("99213 ours\nwhat is this\n", 2), ("prose\n", 1),
     ("code,description\n99213,\n", 2), ('code,description\n99213,"open\n', 2)],
)  # fmt: skip
def test_a_wrong_line_of_cpt_is_named(text: str, line: int) -> None:
    with pytest.raises(Invalid) as refused:
        code_tables.read_cpt(text.encode(), "cpt.csv")
    assert refused.value.details["line"] == line


def test_taxonomy_places_and_payers() -> None:
    head = "Code,Grouping,Classification,Specialization,Definition,Notes,Display Name,Section\n"
    row = '207Q00000X,Physicians,Family Medicine,,"Care of all, at every age",,,Individual\n'
    [entry] = code_tables.read_taxonomy((head + row).encode("cp1252"), "nucc.csv").entries
    assert (entry.code, entry.label) == ("207Q00000X", "Family Medicine")
    assert entry.notes == (("definition", "Care of all, at every age"),)
    places = code_tables.read_places(b"Code,Name\n11,Office\n2,Telehealth\n", "pos.csv")
    assert by_code(places) == {"11": ("code", "Office"), "02": ("code", "Telehealth")}
    text = b"Payer Name;Payer ID\nBlue One;60054\nBlue Two;60054\nRed;R-1\n"
    payers = code_tables.read_payers(text, "payers.csv")
    assert [(e.code, e.label, e.also) for e in payers.entries] == [
        ("60054", "Blue One", "Blue Two"), ("R-1", "Red", ""),
    ]  # fmt: skip
    with pytest.raises(Invalid, match="Line 2"):
        code_tables.read_payers(b"Payer Name,Payer ID\nBlue,\n", "payers.csv")


def test_a_name_says_the_year_or_nothing() -> None:
    assert fiscal_year("icd10cm_order_2026.txt") == date(2025, 10, 1)
    assert fiscal_year("icd10cm-codes-April-2026.txt") == date(2026, 4, 1)
    assert fiscal_year("codes.txt") is None
    assert quarter("HCPC2025_OCT_ANWEB_v2.txt") == date(2025, 10, 1)
    assert quarter("hcpcs.csv") is None


@pytest.mark.parametrize(
    ("name", "read"),
    [(ORDER, icd10_files.read), (TABULAR, icd10_files.read), (HCPCS, code_tables.read_hcpcs),
     (CODES, icd10_files.read), (HCPCS, code_tables.read_cpt), (CODES, code_tables.read_payers)],
)  # fmt: skip
def test_damaged_files_are_read_or_refused(
    name: str, read: Callable[[bytes, str], CodeList]
) -> None:
    chance, whole = random.Random(name), sample(name)[:6000]
    for _ in range(120):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data))
            data[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        try:
            read(bytes(data[: chance.randrange(len(data))]), name)
        except Invalid as refused:
            assert refused.message
