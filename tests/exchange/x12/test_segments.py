"""Cutting X12 into segments: what is taken from careless senders, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.errors import Invalid
from deskterm.exchange.x12 import segments
from deskterm.exchange.x12.segments import Refused, read, read_file
from tests.exchange.x12 import fuzz
from tests.exchange.x12.making import (
    ISA,
    answer,
    need_samples,
    sample_files,
    sample_folder,
    seeds,
    x12,
)

PLAIN = answer("EB*1*IND*30")
KINDS = ("270", "271", "276", "277", "278", "835", "999")


def listed(data: bytes | str) -> list[list[str]]:
    """The elements of every transaction's segments."""
    return [
        segment.elements for one in read(data) for t in one.transactions for segment in t.segments
    ]


def problems(data: bytes | str) -> list[str]:
    return [problem.text for one in read(data) for problem in one.problems]


def refusal(data: bytes | str) -> Refused:
    with pytest.raises(Refused) as caught:
        read(data)
    return caught.value


def test_one_interchange() -> None:
    (one,) = read(PLAIN)
    (transaction,) = one.transactions
    assert (one.sender, one.receiver, one.control, one.test) == (
        "PAYER", "CLINIC", "000000905", False,
    )  # fmt: skip
    assert (one.element, one.repetition, one.component, one.terminator) == ("*", "^", ":", "~")
    assert (transaction.set_code, transaction.version) == ("271", "005010X279A1")
    assert (transaction.group, transaction.group_control) == ("HB", "77")
    first, last = transaction.segments[0], transaction.segments[-1]
    assert (first.id, first.position, first[3], first[99]) == ("BHT", 4, "T1", "")
    assert last.elements == ["EB", "1", "IND", "30"]
    assert not one.problems


@pytest.mark.parametrize("before", ["", "\ufeff", "\n\n", " \r\n\t", "\0"])
@pytest.mark.parametrize("after", ["", "\n", "\r\n\r\n", "\x1a", "\0\0\0", "   \n "])
def test_what_stands_around_an_interchange_is_nothing(before: str, after: str) -> None:
    data = (before + PLAIN + after).encode()
    assert listed(data) == listed(PLAIN)
    assert problems(data) == []


@pytest.mark.parametrize(
    ("terminator", "between"),
    [("~", ""), ("~", "\r\n"), ("~", "\n      "), ("\n", ""), ("\r\n", ""), ("\r", ""),
     (" \r\n", "  "), ("'", "\n"), ("\x1c", ""), ("~", "\t\t")],
)  # fmt: skip
def test_terminators(terminator: str, between: str) -> None:
    data = answer("EB*1*IND*30", terminator=terminator, between=between)
    assert listed(data) == listed(PLAIN)
    assert problems(data) == []


@pytest.mark.parametrize("old_new", ["*|", "*\t", "^!", ":>", "*\x1d"])
def test_other_separators(old_new: str) -> None:
    old, new = old_new
    assert listed(PLAIN.replace(old, new)) == listed(PLAIN)


def test_an_isa_without_padding() -> None:
    short = ISA.replace(" ", "")
    assert len(short) < 90
    data = answer("EB*1*IND*30", isa=short)
    assert listed(data) == listed(PLAIN)
    masked = ISA.replace("PAYER          ", "PAYER..........").replace("          ", "SECRET....")
    assert read(answer(isa=masked))[0].sender == "PAYER"


@pytest.mark.parametrize("width", [40, 72, 80, 106, 128, 200])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_records_of_one_length(width: int, end: str) -> None:
    """Some systems cut a file into lines of 80, wherever a segment stands."""
    whole = PLAIN.replace("\n", "")
    lines = [whole[n : n + width] for n in range(0, len(whole), width)]
    for data in (end.join(lines), end.join(lines) + end, end.join([*lines[:-1], lines[-1].ljust(
        width)])):  # fmt: skip
        assert listed(data) == listed(PLAIN)
        assert problems(data) == []


def test_lower_case_names_of_segments() -> None:
    lower = PLAIN.replace("EB*", "eb*").replace("\nST*", "\nst*").replace("ISA*", "isa*")
    lower = lower.replace("NM1*IL", "nm1*IL").replace("IEA*", "iea*")
    assert listed(lower) == listed(PLAIN)


def test_several_interchanges_keep_counting() -> None:
    data = PLAIN + "\n\n" + PLAIN.replace("000000905", "000000906") + PLAIN
    found = read(data)
    assert [one.control for one in found] == ["000000905", "000000906", "000000905"]
    firsts = [one.transactions[0].segments[0].position for one in found]
    size = PLAIN.count("~")
    assert firsts == [4, 4 + size, 4 + 2 * size]


def test_trailing_characters_are_a_problem_unless_an_interchange_was_begun() -> None:
    size = PLAIN.count("~")
    (one,) = read(PLAIN + "--boundary--")
    assert [(p.segment, p.position) for p in one.problems] == [("IEA", size)]
    assert "12 characters" in one.problems[0].text
    for begun in ("I", "IS", "ISA", "ISA*00*", "junk ISA*00*", "isa"):
        refused = refusal(PLAIN + begun)
        assert refused.position == size + 1


def test_latin_1_and_utf_8_names() -> None:
    data = PLAIN.replace("SMITH*JOHN", "NUÑEZ*ZOË")
    assert ["NUÑEZ", "ZOË"] in [e[3:5] for e in listed(data.encode("latin-1"))]
    assert ["NUÑEZ", "ZOË"] in [e[3:5] for e in listed(data.encode())]


@pytest.mark.parametrize(
    ("text", "words"),
    [("%PDF-1.7", "a PDF"), ("<html>", "XML"), ('{"a": 1}', "JSON"), ("MSH|^~\\&|", "HL7"),
     ("PK\3\4", "ZIP"), ("UNA:+.? '", "EDIFACT"), ("GS*HB*A~", "without its ISA"),
     ("ST*271*1~", "without its ISA"), ("Dear Mrs Smith", "something else")],
)  # fmt: skip
def test_foreign_files_are_named(text: str, words: str) -> None:
    refused = refusal(text)
    assert words in refused.message
    assert refused.position == 1
    assert "Smith" not in refused.message


@pytest.mark.parametrize("data", [b"", b"\n\n", "\ufeff", b"\0\0"])
def test_an_empty_file(data: bytes | str) -> None:
    assert "empty" in refusal(data).message


@pytest.mark.parametrize(
    ("old", "new", "segment", "there", "text"),
    [
        ("GS*HB", "XX*HB", "XX", "XX", "stands outside"),
        ("GE*1*77~\n", "", "GE", "IEA", "without a GE"),
        ("SE*15*0001~\n", "", "SE", "GE", "without an SE"),
        ("SE*15*0001~\nGE*1*77~\n", "", "SE", "IEA", "without an SE"),
        ("IEA*1*", "GE*1*77~IEA*1*", "GE", "GE", "A GE without its GS"),
        ("SE*15", "SE*15*0001~SE*15", "SE", "SE", "An SE without its ST"),
        ("SE*15", "ST*271*0002~SE*15", "ST", "ST", "A new ST"),
        ("BHT*", "GS*HB~BHT*", "GS", "GS", "A new GS"),
        ("BHT*", "ISA*~BHT*", "ISA", "ISA", "A new ISA"),
        ("EB*1", "E*1", "E", "E*1", "'E' is not a segment"),
        ("EB*1", "E\x1b*1", "E", "E\x1b", "'E.' is not a segment"),
        ("EB*1", "SMITH*1", "SMI", "SMITH", "something else is not a segment"),
    ],
)
def test_broken_envelopes_are_refused_where_they_break(
    old: str, new: str, segment: str, there: str, text: str
) -> None:
    assert old in PLAIN
    broken = PLAIN.replace(old, new)
    refused = refusal(broken)
    assert text in refused.message
    assert refused.segment == segment, "the segment that is wrong or missing"
    cut = broken.replace("\n", "").split("~")
    assert cut[refused.position - 1].startswith(there)
    assert "SMITH" not in refused.message


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [("SE*15*0001", "SE*13*0001", "SE: says '13' segments, there are 15"),
     ("SE*15*0001", "SE*15*0002", "SE: its control number is not that of its ST"),
     ("GE*1*77", "GE*2*77", "GE: says '2' transactions, there are 1"),
     ("GE*1*77", "GE*1*78", "GE: its control number is not that of its GS"),
     ("IEA*1*", "IEA*9*", "IEA: says '9' groups, there are 1"),
     ("IEA*1*000000905", "IEA*1*000000906", "IEA: its control number is not that of its ISA"),
     ("SE*15*0001", "SE**0001", "SE: says '' segments, there are 15"),
     ("SE*15*0001", "SE*SMITH JOHN*0001", "SE: says something else segments, there are 15"),
     ("IEA*1*000000905", "IEA*1*905", None)],
)  # fmt: skip
def test_wrong_counts_are_problems(old: str, new: str, text: str | None) -> None:
    assert old in PLAIN
    data = PLAIN.replace(old, new)
    assert problems(data) == ([text] if text else [])
    assert listed(data) == listed(PLAIN)


def test_a_transaction_without_a_group_is_read_with_a_problem() -> None:
    data = PLAIN.replace("GS*HB*PAYER*CLINIC*20260318*0905*77*X*005010X279A1~\n", "")
    data = data.replace("GE*1*77~\n", "").replace("IEA*1*", "IEA*0*")
    assert problems(data) == ["ST: no GS before this ST"]
    assert listed(data) == listed(PLAIN)


@pytest.mark.parametrize(
    ("isa", "text"),
    [("ISA", "no element separator"), ("ISA 00 ", "no element separator"),
     ("ISAX00X", "no element separator"), ("ISA*00*", "ends inside its ISA"),
     (ISA[:-1], "ends inside its ISA"), (ISA, "ends inside its ISA"),
     (ISA + "A", "does not end after ISA16"), (ISA + "*", "does not end after ISA16"),
     (ISA.replace("PAYER", "PAYER\nX"), "ISA06 is not an element"),
     (ISA.replace("PAYER", "P" * 41), "ISA06 is not an element")],
)  # fmt: skip
def test_a_broken_isa(isa: str, text: str) -> None:
    tail = "GS*HB*A*B" if isa.startswith("ISA*") and len(isa) > len(ISA) else ""
    refused = refusal(isa + tail)
    assert text in refused.message
    assert (refused.segment, refused.position) == ("ISA", 1)


@pytest.mark.parametrize("letter", ["U", "A", " ", "5"])
def test_no_repetition_separator(letter: str) -> None:
    (one,) = read(answer(isa=ISA.replace("*^*00501", f"*{letter}*00501")))
    assert one.repetition == ""
    assert one.repeats("30^98") == ["30^98"]
    assert one.codes("30^98") == ["30", "98"]
    assert one.codes("30:98") == ["30", "98"]
    assert one.codes("30") == ["30"]
    assert one.codes("") == []


def test_repetitions_and_components() -> None:
    (one,) = read(answer(isa=ISA[:-1] + "^"))
    assert one.repetition == one.component == "^"
    assert one.repeats("30^98^ UC ^") == ["30", "98", "UC"]
    assert one.components("HC^99213^^25") == ["HC", "99213", "", "25"]
    (one,) = read(answer(isa=ISA.replace("*^*00501", "*!*00501")))
    assert one.codes("30!98^UC") == ["30", "98", "UC"]


def _check_cut(data: str, cut: str) -> None:
    """A text that was cut short: refused with a place, or only blanks were lost."""
    whole = listed(data)
    try:
        found = listed(cut)
    except Refused as refused:
        assert refused.position >= 1 or not cut.strip("\ufeff \r\n\t\0\x1a")
        assert refused.segment or not cut.strip()[:3].isalnum()
        assert refused.message
    else:
        assert found == whole
        lost = data[len(cut) :].strip("\ufeff \r\n\t\0\x1a")
        assert lost in ("", read(data)[-1].terminator)


@pytest.mark.parametrize("number", range(len(seeds())))
def test_cut_short_at_every_byte(number: int) -> None:
    data = seeds()[number]
    for size in range(len(data)):
        _check_cut(data, data[:size])


@pytest.mark.parametrize("number", range(len(seeds())))
def test_cut_short_at_every_segment_says_which(number: int) -> None:
    data = seeds()[number]
    mark = "\r\n" if "~" not in data else "~"
    parts = data.replace("~\n", "~").split(mark)[:-1]
    for count in range(1, len(parts)):
        refused = refusal(mark.join(parts[:count]) + mark)
        assert refused.position == count + 1
        assert "ends in the middle" in refused.message
        assert refused.segment in ("SE", "GE", "IEA")


def test_a_cut_iea_is_refused_though_its_number_looks_whole() -> None:
    text = PLAIN.rstrip("~\n")
    assert text.endswith("IEA*1*000000905")
    assert listed(text) == listed(PLAIN)
    for lost in range(1, 13):
        refused = refusal(text[:-lost])
        assert "ends" in refused.message


def test_a_sample_cut_short_at_every_byte() -> None:
    need_samples()
    for path in sample_files("271"):
        if "dependent-health-benefit-check" in path.name:
            data = path.read_text("utf-8")
            for size in range(len(data)):
                _check_cut(data, data[:size])
            return
    raise AssertionError("that sample is gone")


def test_cut_short_samples() -> None:
    need_samples()
    for kind in ("271", "278", "999"):
        for path in sample_files(kind):
            data = path.read_text("utf-8-sig")
            size = len(data)
            for length in [*range(0, size, max(1, size // 60)), *range(size - 30, size)]:
                _check_cut(data, data[:length])


def test_every_sample_is_cut_or_refused_for_a_reason() -> None:
    need_samples()
    refused = {}
    for kind in KINDS:
        for path in sample_files(kind):
            try:
                assert listed(path.read_bytes())
            except Refused as why:
                refused[path.name] = (why.segment, why.position)
    assert refused == {
        # the GE is missing; the transaction is cut off
        "dwai1714__277_X364-example-two.edi": ("GE", 17),
        "inteligenz___5010_FromBogeyone.txt": ("SE", 11),
    }


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(segments, "MOST_SEGMENTS", 20)
    refused = refusal(answer("EB*1\n" * 30))
    assert "More than 20 segments" in refused.message
    assert refused.position == 21
    monkeypatch.setattr(segments, "MOST_BYTES", 100)
    for data in (PLAIN, PLAIN.encode()):
        assert "more than 100 bytes" in refusal(data).message
    path = tmp_path / "large.271"
    path.write_text(PLAIN)
    with pytest.raises(Refused):
        read_file(path)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"none\.271 cannot be read"):
        read_file(tmp_path / "none.271")
    path = tmp_path / "one.271"
    path.write_bytes(b"\xef\xbb\xbf" + PLAIN.encode())
    assert listed(read_file(path)) == listed(PLAIN)


SEPARATORS = st.sampled_from("*|+~^:!>'\x1c\x1d\x1e\x1f")
ELEMENT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-/é", max_size=12).map(str.strip)
NAMES = st.sampled_from(["EB", "NM1", "REF", "MSG", "DTP", "ZZ9"])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(SEPARATORS, min_size=4, max_size=4, unique=True),
    st.lists(st.tuples(NAMES, st.lists(ELEMENT, max_size=6)), max_size=12),
    st.sampled_from(["", "\n", "\r\n", "  \n"]),
)
def test_any_segments_with_any_separators_come_back(
    separators: list[str], body: list[tuple[str, list[str]]], between: str
) -> None:
    element, repetition, component, terminator = separators
    isa = ISA.translate(str.maketrans("*^:", element + repetition + component))
    lines = [element.join([name, *elements]) for name, elements in body]
    tail = [f"SE*{len(lines) + 2}*0001", "GE*1*77", "IEA*1*000000905"]
    head = ["GS*HB*A*B*20260318*0905*77*X*005010X279A1", "ST*271*0001*005010X279A1"]
    envelope = [line.replace("*", element) for line in (*head, *tail)]
    text = terminator.join([isa, *envelope[:2], *lines, *envelope[2:], ""])
    text = text.replace(terminator, terminator + between)
    expected = [[e.strip() for e in [name, *elements]] for name, elements in body]
    found = [[e.strip() for e in elements] for elements in listed(text)]
    assert found == expected
    assert problems(text) == []


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
def test_anything_at_all_is_read_or_refused(data: bytes | str) -> None:
    for one in (data, ISA + "~" + data if isinstance(data, str) else ISA.encode() + b"~" + data):
        try:
            read(one)
        except Refused as refused:
            assert refused.message.isprintable()


@pytest.mark.parametrize("seed", [11, 12])
def test_damaged_texts_are_read_or_refused_and_none_is_slow(seed: int) -> None:
    """A little of what fuzz.py does for hours."""
    tally = fuzz.run(700, seed, 200.0)
    assert tally.inputs == 700
    assert 50 < tally.refused < 690, "mutations that are all alike prove little"
    assert not fuzz.still_slow(tally, 200.0)


def test_the_samples_are_looked_for_beside_the_repository() -> None:
    folder = sample_folder()
    assert folder is None or (folder / "271").is_dir()
    assert x12("BHT*1").count("~") == 7
