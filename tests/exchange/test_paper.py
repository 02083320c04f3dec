"""Documents on paper: really made, every name literally as it is, nothing in data ever run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deskterm.errors import NotFound, Unreachable
from deskterm.exchange import paper
from deskterm.office.desk import Desk
from tests.exchange import pdf_text

HOSTILE = (
    '#eval("1+1")', "#panic()", "] #read(\"x\") [", "$ x^2 $", "\\ \\u{41}", "*b* _i_ `r` <l>",
    "@nobody", "// gone", "/* gone */", "= heading", "- item", "#{1+1}", '"}],"a":[{"', "~ -- ...",
)  # fmt: skip
UNICODE = "Łódź Nguyễn Ñandú O’Neil 北京 Ⅻ"
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 4


def statement(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Statement 10480", "clinic": "Main St Clinic", "clinic_lines": ["100 Main St"],
        "heading": "STATEMENT", "date": "March 18, 2026", "account": "10480",
        "address": ["Pat Example", "418 Elm St"],
        "lines": [["03/01/2026", "office visit", "180.00", "25.00"]],
        "totals": [["Please pay", "25.00"]], "ageing": [["0-30 days", "25.00"]],
        "notes": ["Please call us."], **changes,
    }  # fmt: skip


def good_faith(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Good faith estimate 10480", "clinic": "Main St Clinic",
        "clinic_lines": ["100 Main St"], "facts": [["Patient", "Pat Example"]],
        "lines": [["99213", "office visit", "M54.50", "1", "180.00"]], "total": "180.00",
        "notes": ["This is an estimate."], **changes,
    }  # fmt: skip


def receipt(*lines: str, width: int = 80) -> dict[str, Any]:
    return {"title": "Receipt R-1", "width": width, "size": 9, "lines": list(lines)}


def squeezed(text: str) -> str:
    return "".join(text.split())


DOCUMENTS = {
    "statement": lambda text: statement(
        clinic=text, address=[text], lines=[["03/01/2026", text, "1.00", "1.00"]], notes=[text]
    ),
    "good_faith": lambda text: good_faith(
        clinic=text, facts=[["Patient", text]], lines=[["99213", text, "M54.50", "1", "1.00"]]
    ),
    "receipt": lambda text: receipt(text),
}


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("template", DOCUMENTS)
def test_hostile_text_stands_there_literally(template: str, text: str) -> None:
    said = pdf_text.words(paper.render(template, DOCUMENTS[template](text)))
    assert squeezed(text) in said


@pytest.mark.parametrize("template", DOCUMENTS)
def test_letters_of_many_languages(template: str) -> None:
    said = pdf_text.words(paper.render(template, DOCUMENTS[template](UNICODE)))
    assert squeezed(UNICODE) in said


@pytest.mark.parametrize("template", ["statement", "good_faith"])
def test_a_word_longer_than_a_line_is_all_there_and_stays_on_the_page(template: str) -> None:
    made = DOCUMENTS[template](LONG)
    assert LONG in pdf_text.words(paper.render(template, made))
    assert _ink_beyond_margin(paper.render(template, made, form="png")) == 0


def _ink_beyond_margin(png: bytes) -> int:
    """Dark dots in the right margin, of which there are none on a page that is in order."""
    image_module = pytest.importorskip("PIL.Image")
    import io

    page = image_module.open(io.BytesIO(png)).convert("L")
    wide, high = page.size
    margin = page.crop((wide - int(wide * 0.7 / 8.5), 0, wide, high))
    return sum(margin.histogram()[:200])


def test_diagnoses_do_not_run_into_the_service() -> None:
    many = " ".join(["M54.50"] * 12)
    lines = [["99213", "an office visit of the longer kind", many, "1", "180.00"]]
    png = paper.render("good_faith", good_faith(lines=lines), form="png")
    assert _ink_beyond_margin(png) == 0
    said = pdf_text.words(paper.render("good_faith", good_faith(lines=lines)))
    assert squeezed(many) in said


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1, 1), (20, 1), (60, 2), (200, 5)])
def test_a_long_statement_goes_on_with_its_head_repeated(count: int, pages: int) -> None:
    lines = [["03/01/2026", f"visit no {n}.", "180.00", "25.00"] for n in range(count)]
    made = paper.render("statement", statement(lines=lines))
    said = pdf_text.words(made)
    assert pdf_text.page_count(made) == pages
    assert all(f"visitno{n}." in said for n in range(count))
    assert said.count("Serviceorpayment") == pages
    assert f"{pages}of{pages}" in said


def test_sixty_services_on_an_estimate() -> None:
    lines = [["99213", f"service {n}.", "M54.50", "1", "180.00"] for n in range(60)]
    made = paper.render("good_faith", good_faith(lines=lines))
    assert pdf_text.page_count(made) == 2
    assert "service59." in pdf_text.words(made)


@pytest.mark.parametrize(("width", "columns", "size"), [(80, 40, 9), (58, 32, 8)])
def test_a_receipt_is_one_page_as_wide_as_its_paper(width: int, columns: int, size: int) -> None:
    lines = ["W" * columns, "", *(f"{n:>{columns}}" for n in range(60))]
    made = {**receipt(*lines, width=width), "size": size}
    pdf = paper.render("receipt", made)
    assert pdf_text.page_count(pdf) == 1
    box = pdf.split(b"/MediaBox[")[1].split(b"]")[0].split()
    assert float(box[2]) == pytest.approx(width * 72 / 25.4, abs=0.01)
    # A line as wide as the columns is not broken in two, so it needs no more paper than a short one
    short = {**receipt("W", *lines[1:], width=width), "size": size}
    assert (
        paper.render("receipt", short).split(b"/MediaBox[")[1].split(b"]")[0].split()[3] == (box[3])
    )


@pytest.mark.parametrize("mark", ["*** DUPLICATE ***", "*** VOID ***", "*** VOIDED ***"])
def test_marks_stay_as_they_are_typed(mark: str) -> None:
    assert squeezed(mark) in pdf_text.words(paper.render("receipt", receipt(mark)))


def test_a_template_of_the_clinic_comes_first(tmp_path: Path) -> None:
    (tmp_path / "receipt.typ").write_text('#set document(title: "t")\nOurs\n', "utf-8")
    made = paper.render("receipt", receipt("x"), folder=tmp_path)
    assert pdf_text.words(made) == "Ours"
    assert "pat" in pdf_text.words(paper.render("receipt", receipt("pat"), folder=Path("nowhere")))


def test_a_template_that_does_not_work_says_which_and_nothing_of_the_data(tmp_path: Path) -> None:
    (tmp_path / "statement.typ").write_text("#panic(sys.inputs.data)", "utf-8")
    with pytest.raises(Unreachable) as refused:
        paper.render("statement", statement(address=["SECRET NAME"]), folder=tmp_path)
    said = f"{refused.value.message} {refused.value.hint}"
    assert "statement" in said
    assert "SECRET" not in said


def test_a_template_reads_no_file_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "beside.txt").write_text("beside", "utf-8")
    (tmp_path / "receipt.typ").write_text('#read("/etc/hostname")', "utf-8")
    with pytest.raises(Unreachable):
        paper.render("receipt", receipt("x"), folder=tmp_path)


@pytest.mark.parametrize("name", ["", "invoice", "../receipt", "receipt.typ"])
def test_only_our_templates_are_known(desk: Desk, name: str) -> None:
    with pytest.raises(NotFound):
        paper.render(name, {}, folder=desk.settings.templates)
