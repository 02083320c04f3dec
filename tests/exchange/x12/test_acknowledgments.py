"""TA1, 999 and 997: whether the payer's system took a file of ours, and why not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.acknowledgments import (
    Acknowledgment,
    ElementFault,
    SegmentFault,
    TransactionVerdict,
    read_acknowledgments,
    write_999,
    write_ta1,
)
from deskterm.exchange.x12.segments import Refused, read
from deskterm.exchange.x12.writer import Envelope
from tests.exchange.x12.making import REFUSED_999, answer, need_samples, sample_files, x12
from tests.exchange.x12.peers import ask

ENVELOPE = Envelope("PAYER", "CLINIC", 31, datetime(2026, 3, 18, 9, 5))

# Of each sample: status and transactions (accepted, not) of each acknowledgment, and problems.
TOTALS: dict[str, tuple[list[tuple[str, int, int]], int]] = {
    "azoner__tests_834_ls_le_ls_5010.999.txt": ([("accepted", 1, 0)], 0),
    "azoner__tests_834_lui_id_5010.999.txt": ([("accepted", 1, 0)] * 4, 0),
    "imsweb__837_5010_x12_999_accepted.txt": ([("accepted", 1, 0)], 1),
    "imsweb__837_5010_x12_999_rejected.txt": ([("rejected", 0, 1)], 0),
    "inteligenz___999_DHS_Wisconsin_Sample.txt": ([("partly", 1, 2)], 0),
}


def one(lines: str, set_code: str = "999") -> Acknowledgment:
    (found,) = read_acknowledgments(x12(lines, set_code=set_code)).acknowledgments
    return found


def test_the_totals_of_every_sample() -> None:
    need_samples()
    found = {}
    for path in sample_files("999"):
        said = read_acknowledgments(path.read_bytes())
        each = []
        for one in said.acknowledgments:
            taken = sum(v.status == "accepted" for v in one.transactions)
            each.append((one.status, taken, len(one.transactions) - taken))
        found[path.name] = (each, len(said.problems))
    assert found == TOTALS


def test_the_words_of_the_samples_that_refuse() -> None:
    need_samples()
    words = {
        path.name: one.words
        for path in sample_files("999")
        for one in read_acknowledgments(path.read_bytes()).acknowledgments
        if not one.taken
    }
    assert words == {
        "imsweb__837_5010_x12_999_rejected.txt": (
            "999: the payer's system refused the request",
            "837 0028: segment 17 (NM): not a segment that is known",
        ),
        "inteligenz___999_DHS_Wisconsin_Sample.txt": (
            "999: the payer's system took only a part of the request",
            "837 002: segment 22 (CLM), element 2: it is required and missing",
            "837 0003: segment 57 (REF): a required segment is missing",
        ),
    }


def test_a_partly_accepted_group() -> None:
    found = one(REFUSED_999)
    assert (found.kind, found.group, found.control) == ("999", "HS", "12")
    assert (found.status, found.taken) == ("partly", False)
    assert (found.included, found.received, found.accepted) == (2, 2, 1)
    first, second = found.transactions
    assert (first.set_code, first.control, first.status) == ("270", "0001", "rejected")
    assert first.reasons == ("5",)
    (fault,) = first.faults
    assert (fault.segment, fault.place, fault.loop, fault.codes) == ("NM1", 5, "2100", ("8",))
    (element,) = fault.elements
    assert (element.element, element.component, element.code) == (9, 0, "7")
    assert (element.reference, element.copy) == ("67", "BAD ID")
    assert first.words == ("270 0001: segment 5 (NM1), element 9: not a code that is known",)
    assert (second.status, second.words) == ("accepted", ())


def test_the_older_997_is_the_same_by_other_names() -> None:
    older = REFUSED_999.replace("IK", "AK")
    assert one(older, "997").transactions == one(REFUSED_999).transactions
    assert one(older, "997").words[0].startswith("997: ")


@pytest.mark.parametrize(
    ("code", "status", "taken"),
    [("A", "accepted", True), ("E", "accepted with errors", True), ("P", "partly", False),
     ("R", "rejected", False), ("M", "rejected", False), ("W", "rejected", False),
     ("X", "rejected", False), ("Q", "unknown", False), ("", "unknown", False)],
)  # fmt: skip
def test_verdicts(code: str, status: str, taken: bool) -> None:
    found = one(f"AK1*HS*12\nAK9*{code}*1*1*1")
    assert (found.status, found.taken) == (status, taken)
    ta1 = f"TA1*000000907*260318*0905*{code}*000"
    text = x12("").replace("GS*", ta1 + "~GS*").replace("ST*271", "ST*999")
    found = read_acknowledgments(text).acknowledgments[0]
    assert (found.kind, found.status, found.taken) == ("TA1", status, taken)


def test_a_verdict_that_is_missing_is_the_worst_of_its_parts() -> None:
    found = read_acknowledgments(
        x12("AK1*HS*12\nAK2*270*0001\nIK5*A\nAK2*270*0002\nIK5*R*5", set_code="999")
    )
    (said,) = found.acknowledgments
    assert (said.status, said.taken) == ("rejected", False)
    assert "no AK9" in found.problems[0].text
    agreed = one("AK1*HS*12\nAK2*270*0001\nIK5*R*5\nAK9*A*1*1*1")
    assert (agreed.status, agreed.taken) == ("accepted", False)


def test_everything_out_of_place_is_a_problem_and_kept() -> None:
    found = read_acknowledgments(
        x12("AK2*270*1\nAK2*270*2\nIK5*A\nIK5*R\nIK3*NM1*5**8\nIK4*1**1\nZZZ*1", set_code="999")
    )
    texts = [problem.text for problem in found.problems]
    assert texts == [
        "AK2: a transaction without its beginning or end",
        "IK5: a transaction without its beginning or end",
        "ZZZ: not a segment of an acknowledgment",
        "ST: faults of no transaction",
        "ST: no AK1: it is not said of what it speaks",
        "ST: no AK9: it is not said what became of the group",
    ]
    (said,) = found.acknowledgments
    statuses = [v.status for v in said.transactions]
    assert statuses == ["unknown", "accepted", "rejected", "unknown"]
    assert said.transactions[-1].faults[0].elements[0].code == "1"
    assert not said.taken


def test_contexts_belong_to_the_segment_or_the_element_before_them() -> None:
    found = one(
        "AK1*HS*1\nAK2*270*1\nIK3*CLM*22**8\nCTX*CLM01:1\nCTX*SITUATIONAL TRIGGER*CLM*43**5:3\n"
        "IK4*5:2:1*782*7*X\nCTX*ELEMENT\nIK4*2*782*1\nIK3*REF*57**3\nIK5*R*5\nAK9*R*1*1*0"
    )
    first, second = found.transactions[0].faults
    assert first.context == ("CLM01:1", "SITUATIONAL TRIGGER*CLM*43**5:3")
    assert [e.context for e in first.elements] == [("ELEMENT",), ()]
    assert [(e.element, e.component, e.repetition) for e in first.elements] == [
        (5, 2, 1), (2, 0, 0),
    ]  # fmt: skip
    assert (second.segment, second.context, second.elements) == ("REF", (), ())
    assert "element 5 part 2" in found.words[1]


def test_strange_codes_and_places_never_break_the_words() -> None:
    found = one(
        "AK1*HS*1\nAK2*SMITH JOHN*0000000000001\nIK3*DOE JANE*x**Q9*1\nIK4*99999999999*1*Z9\n"
        "IK5*R*77\nAK9*R*a*-1**99"
    )
    assert found.words == (
        "999: the payer's system refused the request (99)",
        "? ?: segment 0 (?): Q9",
        "? ?: segment 0 (?): not a segment that is known",
        "? ?: segment 0 (?), element 0: Z9",
        "? ?: 77",
    )
    assert (found.included, found.received, found.accepted) == (-1, -1, -1)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(Refused, match="This is a '271', not an acknowledgment") as caught:
        read_acknowledgments(answer())
    assert caught.value.position == 3


def test_every_code_has_words_of_its_own() -> None:
    for table in (code_words.SEGMENT_FAULTS, code_words.ELEMENT_FAULTS, code_words.SET_FAULTS,
                  code_words.GROUP_FAULTS, code_words.INTERCHANGE_FAULTS):  # fmt: skip
        for number, text in table.items():
            assert text.isprintable() and len(text) < 60, number
    assert set(code_words.INTERCHANGE_FAULTS) == {f"{n:03}" for n in range(32)}


def test_a_ta1_is_written_and_read() -> None:
    text = write_ta1(ENVELOPE, "907", "R", "025")
    assert text.splitlines()[1:] == [
        "TA1*000000907*260318*0905*R*025~", "IEA*0*000000031~",
    ]  # fmt: skip
    found = read_acknowledgments(text)
    assert not found.problems
    (said,) = found.acknowledgments
    assert (said.control, said.status, said.reasons) == ("000000907", "rejected", ("025",))
    assert said.words == (
        "TA1: the payer's system refused the file (its control number was used before)",
    )


CODE = st.sampled_from(["1", "2", "3", "7", "8", "I6", "I9"])
PLAIN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=4)
ELEMENTS = st.builds(
    ElementFault,
    element=st.integers(1, 99), code=CODE, component=st.integers(1, 9),
    reference=PLAIN, copy=PLAIN, context=st.lists(PLAIN, max_size=2).map(tuple),
)  # fmt: skip
FAULTS = st.builds(
    SegmentFault,
    segment=st.sampled_from(["NM1", "EQ", "HL"]), place=st.integers(1, 9999),
    codes=CODE.map(lambda c: (c,)), loop=PLAIN, context=st.lists(PLAIN, max_size=2).map(tuple),
    elements=st.lists(ELEMENTS, max_size=3).map(tuple),
)  # fmt: skip
VERDICTS = st.builds(
    TransactionVerdict,
    set_code=st.sampled_from(["270", "278"]), control=st.integers(1, 9999).map("{:04}".format),
    code=st.sampled_from("AERMWX"), version=st.sampled_from(["", "005010X279A1"]),
    reasons=st.lists(CODE, max_size=5).map(tuple), faults=st.lists(FAULTS, max_size=3).map(tuple),
)  # fmt: skip
SAID = st.builds(
    Acknowledgment,
    kind=st.just("999"), control=st.integers(1, 10**9 - 1).map(str),
    code=st.sampled_from("AEPR"), group=st.sampled_from(["HS", "HI"]),
    version=st.just("005010X279A1"), reasons=st.lists(CODE, max_size=5).map(tuple),
    transactions=st.lists(VERDICTS, max_size=4).map(tuple), included=st.integers(0, 999),
    received=st.integers(0, 999), accepted=st.integers(0, 999),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(SAID, min_size=1, max_size=3))
def test_what_is_written_is_read_again(said: list[Acknowledgment]) -> None:
    text = write_999(ENVELOPE, said)
    assert not read(text)[0].problems
    found = read_acknowledgments(text)
    assert not found.problems
    assert list(found.acknowledgments) == said
    for got, one in zip(found.acknowledgments, said, strict=True):
        assert got.words == one.words
        assert got.taken == one.taken


def test_pyx12_finds_our_999_sound(tmp_path: Path) -> None:
    accepted = Acknowledgment(
        "999", "12", "A", "HS", "005010X279A1", (),
        (TransactionVerdict("270", "0001", "A", "005010X279A1"),), 1, 1, 1,
    )  # fmt: skip
    fault = SegmentFault("NM1", 5, ("8",), "2100", (), (ElementFault(9, "7", 0, 0, "67", "BAD"),))
    refused = Acknowledgment(
        "999", "12", "R", "HS", "005010X279A1", (),
        (TransactionVerdict("270", "0001", "R", "005010X279A1", ("5",), (fault,)),), 1, 1, 0,
    )  # fmt: skip
    texts = {
        "accepted.999": write_999(ENVELOPE, [accepted]),
        "refused.999": write_999(ENVELOPE, [refused]),
        "both.999": write_999(ENVELOPE, [accepted, refused]),
    }
    for name, said in ask(tmp_path, texts).items():
        assert said["pyx12"].get("faults") == [], name
        assert said["map"] == {"sound": True, "heard": ""}, name


def test_a_sentence_names_the_first_reasons_and_counts_the_others() -> None:
    faults = "".join(f"IK3*EB*{n}**3\n" for n in range(2, 7))
    found = one(f"AK1*HS*1\nAK2*270*1\n{faults}IK5*R*5\nAK9*R*1*1*0")
    assert len(found.words) == 6
    assert found.sentence == (
        "999: the payer's system refused the request: "
        + "; ".join(f"270 1: segment {n} (EB): a required segment is missing" for n in (2, 3, 4))
        + "; and 2 more"
    )
    assert one("AK1*HS*1\nAK9*A*1*1*1").sentence == "999: the payer's system took the request"


def test_codes_that_are_no_codes_are_not_shown() -> None:
    found = one("AK1*HS*1\nAK9*R*1*1*1*\x1b[2J*JOHN SMITH OF ELM ST*9Z")
    assert found.words == ("999: the payer's system refused the request (?; ?; 9Z)",)
