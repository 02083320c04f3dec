"""Inquiries (270): what is written, what is refused, and what others make of it."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.errors import Invalid
from deskterm.exchange.x12.eligibility_request import Inquiry, Member, write
from deskterm.exchange.x12.segments import read
from deskterm.exchange.x12.writer import Envelope, code, word
from tests.exchange.x12.peers import ask

ENVELOPE = Envelope("CLINIC", "PAYER", 7, datetime(2026, 3, 18, 9, 5))
JOHN = Member("Smith", "John", date(1963, 5, 19), "W123456789", "Q", "Jr", "M", "G77")
MARY = Member("Smith", "Mary", date(2010, 1, 2), sex="F")
PLAIN = Inquiry(
    payer_name="ABC Company", payer_id="842610001", provider_name="Bone and Joint Clinic",
    provider_npi="1234567893", subscriber=JOHN, on=date(2026, 3, 19), services=["30"],
    trace="T1", originator="1123456789",
)  # fmt: skip
CHILD = dataclasses.replace(
    PLAIN, dependent=MARY, relationship="19", services=["30", "98", "UC"],
    until=date(2026, 3, 25), provider_first_name="Marcus", provider_taxonomy="207Q00000X",
)  # fmt: skip


def cut(text: str) -> list[list[str]]:
    """A small reading of its own: nothing of the reader under test."""
    assert text.endswith("~\n")
    return [segment.lstrip("\n").split("*") for segment in text.removesuffix("~\n").split("~")]


def body(text: str) -> list[str]:
    lines = ["*".join(segment) for segment in cut(text)]
    return lines[3:-3]


def test_an_inquiry_about_a_subscriber() -> None:
    text = write(ENVELOPE, [PLAIN])
    assert text.splitlines()[0] == (
        "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *260318*0905*^"
        "*00501*000000007*0*P*:~"
    )
    assert len(text.splitlines()[0]) == 106
    assert text.splitlines()[1:3] == [
        "GS*HS*CLINIC*PAYER*20260318*090500*7*X*005010X279A1~", "ST*270*0001*005010X279A1~",
    ]  # fmt: skip
    assert body(text) == [
        "BHT*0022*13*T1*20260318*0905",
        "HL*1**20*1",
        "NM1*PR*2*ABC COMPANY*****PI*842610001",
        "HL*2*1*21*1",
        "NM1*1P*2*BONE AND JOINT CLINIC*****XX*1234567893",
        "HL*3*2*22*0",
        "TRN*1*T1*1123456789",
        "NM1*IL*1*SMITH*JOHN*Q**JR*MI*W123456789",
        "REF*6P*G77",
        "DMG*D8*19630519*M",
        "DTP*291*D8*20260319",
        "EQ*30",
    ]
    assert text.splitlines()[-3:] == ["SE*14*0001~", "GE*1*7~", "IEA*1*000000007~"]


def test_an_inquiry_about_a_dependent() -> None:
    assert body(write(ENVELOPE, [CHILD]))[4:] == [
        "NM1*1P*1*BONE AND JOINT CLINIC*MARCUS****XX*1234567893",
        "PRV*PE*PXC*207Q00000X",
        "HL*3*2*22*1",
        "NM1*IL*1*SMITH*JOHN*Q**JR*MI*W123456789",
        "REF*6P*G77",
        "DMG*D8*19630519*M",
        "HL*4*3*23*0",
        "TRN*1*T1*1123456789",
        "NM1*03*1*SMITH*MARY",
        "DMG*D8*20100102*F",
        "INS*N*19",
        "DTP*291*RD8*20260319-20260325",
        "EQ*30^98^UC",
    ]


def test_several_inquiries_are_one_interchange() -> None:
    text = write(ENVELOPE, [PLAIN, CHILD, PLAIN])
    (one,) = read(text)
    assert [t.control for t in one.transactions] == ["0001", "0002", "0003"]
    assert not one.problems
    assert cut(text)[-2] == ["GE", "3", "7"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"services": []}, "services"), ({"services": ["30"] * 100}, "services"),
        ({"services": ["30", "~"]}, "services"), ({"services": ["3000"]}, "service type"),
        ({"payer_id": " "}, "payer_id"), ({"payer_id": "~*"}, "payer_id"),
        ({"provider_npi": ""}, "npi"), ({"originator": "123"}, "tax_id"),
        ({"originator": "123456789~"}, "tax_id"), ({"trace": "~"}, "trace"),
        ({"until": date(2026, 3, 1)}, "until"),
        ({"subscriber": dataclasses.replace(JOHN, member_id=":")}, "member_id"),
        ({"subscriber": dataclasses.replace(JOHN, birth_date=None)}, "birth_date"),
        ({"subscriber": dataclasses.replace(JOHN, last_name="~")}, "birth_date"),
        ({"subscriber": dataclasses.replace(JOHN, last_name="X" * 61)}, "family name"),
        ({"subscriber": dataclasses.replace(JOHN, member_id="9" * 81)}, "member id"),
        ({"dependent": dataclasses.replace(MARY, birth_date=None)}, "birth_date"),
        ({"relationship": "123", "dependent": MARY}, "relationship"),
        ({"payer_name": "ABC" * 21}, "payer's name"),
    ],
)  # fmt: skip
def test_what_every_payer_would_refuse_is_refused_here(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        write(ENVELOPE, [dataclasses.replace(PLAIN, **change)])
    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    "change",
    [{"control": 0}, {"control": 10**9}, {"sender": ""}, {"sender": "X" * 16}, {"receiver": "~"},
     {"sender_qualifier": "1"}, {"receiver_qualifier": "ZZZ"}],
)  # fmt: skip
def test_an_envelope_that_cannot_be(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        write(dataclasses.replace(ENVELOPE, **change), [PLAIN])
    with pytest.raises(Invalid):
        write(ENVELOPE, [])


def test_names_become_plain_capitals() -> None:
    member = dataclasses.replace(JOHN, last_name="Nuñez*Ørsted~", first_name="Zoë:^\n\x1b[2J")
    text = write(ENVELOPE, [dataclasses.replace(PLAIN, subscriber=member)])
    assert "NM1*IL*1*NUNEZ ORSTED*ZOE [2J*Q**JR*MI*W123456789" in body(text)
    assert text.isascii()


ANY = st.text(max_size=20)
NAME = st.one_of(ANY, st.text("~*^:\n\r'- éßØŁ中\x1b\x00", max_size=20))
DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
MEMBERS = st.builds(
    Member,
    last_name=NAME, first_name=NAME, birth_date=st.none() | DAYS, member_id=ANY, middle_name=ANY,
    suffix=st.text(max_size=5), sex=st.sampled_from(["", "F", "M", "U", "~"]), group=ANY,
)  # fmt: skip
INQUIRIES = st.builds(
    Inquiry,
    payer_name=NAME, payer_id=ANY, provider_name=NAME, provider_npi=ANY, subscriber=MEMBERS,
    on=DAYS, services=st.lists(st.sampled_from(["30", "98", "UC", "A0", "~", ""]), max_size=5),
    trace=ANY, originator=st.sampled_from(["1123456789", "1~23456789", "", "11234567890"]),
    dependent=st.none() | MEMBERS, relationship=st.sampled_from(["18", "19", "G8", "~"]),
    until=st.none() | DAYS, provider_first_name=NAME, provider_taxonomy=ANY, reference=ANY,
)  # fmt: skip
GOOD = st.builds(
    Inquiry,
    payer_name=NAME, payer_id=st.just("84261"), provider_name=NAME,
    provider_npi=st.just("1234567893"),
    subscriber=st.builds(
        Member, last_name=NAME.map(lambda n: f"A{n}"), first_name=NAME, birth_date=DAYS,
        member_id=ANY.map(lambda n: f"W{n}"), middle_name=ANY, suffix=st.text(max_size=4),
        sex=st.sampled_from(["", "F", "M", "U"]), group=ANY,
    ),
    on=DAYS, services=st.lists(st.sampled_from(["30", "98", "UC", "A0"]), min_size=1, max_size=5),
    trace=ANY.map(lambda t: f"T{t}"), originator=st.just("1123456789"),
    dependent=st.none() | st.builds(
        Member, last_name=NAME.map(lambda n: f"B{n}"), first_name=NAME, birth_date=DAYS,
        sex=st.sampled_from(["", "F", "M"]),
    ),
    relationship=st.sampled_from(["18", "19", "G8"]), provider_taxonomy=ANY,
)  # fmt: skip


def found_in(text: str) -> dict[str, Any]:
    """An inquiry's values, by the small reading."""
    segments = cut(text)
    assert segments[0][0] == "ISA" and segments[-1][0] == "IEA"
    assert [s[0] for s in segments if s[0] in ("ST", "SE")] == ["ST", "SE"]
    values: dict[str, Any] = {}
    level = ""
    for name, *elements in segments:
        elements += [""] * (10 - len(elements))
        if name == "HL":
            level = elements[2]
        elif name == "NM1":
            values[f"name {level}"] = tuple(elements[i] for i in (2, 3, 4, 6, 8))
        elif name in ("TRN", "REF", "DTP", "EQ", "PRV", "INS"):
            values[f"{name} {level if name == 'REF' else ''}".strip()] = tuple(elements[:3])
        elif name == "DMG":
            values[f"DMG {level}"] = tuple(elements[1:3])
        else:
            assert name in ("ISA", "GS", "ST", "BHT", "SE", "GE", "IEA")
    return values


def member(values: Member) -> tuple[str, ...]:
    return (
        word(values.last_name, 60), word(values.first_name, 60), word(values.middle_name, 60),
        word(values.suffix, 60), code(values.member_id, 80),
    )  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(GOOD)
def test_every_value_is_found_again_by_another_reading(inquiry: Inquiry) -> None:
    try:
        text = write(ENVELOPE, [inquiry])
    except Invalid as refused:
        assert "characters" in refused.message  # ß and the like grow, and are refused, never cut
        return
    values = found_in(text)
    assert values["name 20"][0] == word(inquiry.payer_name, 200)
    assert values["name 20"][-1] == "84261"
    assert values["name 21"][-1] == "1234567893"
    assert values["name 22"] == member(inquiry.subscriber)
    birth, sex = values["DMG 22"]
    assert birth == inquiry.subscriber.birth_date.isoformat().replace("-", "")
    assert sex == (inquiry.subscriber.sex if inquiry.subscriber.sex in "FM" else "")
    assert values.get("REF 22", ("6P", "", ""))[1] == code(inquiry.subscriber.group, 80)
    assert values["TRN"] == ("1", code(inquiry.trace, 80), "1123456789")
    assert values["DTP"] == ("291", "D8", inquiry.on.isoformat().replace("-", ""))
    assert values["EQ"][0].split("^") == list(inquiry.services)
    assert values.get("PRV", ("", "", ""))[2] == code(inquiry.provider_taxonomy, 80)
    if inquiry.dependent is None:
        assert "name 23" not in values and "INS" not in values
    else:
        assert values["name 23"] == member(inquiry.dependent)
        assert values["INS"][1] == inquiry.relationship


@settings(max_examples=150, deadline=None)
@given(INQUIRIES)
def test_whatever_is_typed_no_segment_breaks(inquiry: Inquiry) -> None:
    try:
        text = write(ENVELOPE, [inquiry])
    except Invalid:
        return
    (one,) = read(text)
    assert not one.problems
    names = [s.id for s in one.transactions[0].segments]
    assert names.count("NM1") == 3 + (inquiry.dependent is not None)
    assert set(names) <= {"BHT", "HL", "NM1", "PRV", "TRN", "REF", "DMG", "INS", "DTP", "EQ"}
    assert text.isascii() and text.count("~") == len(names) + 6


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_a_cleaned_word_never_holds_a_separator(text: str) -> None:
    cleaned = word(text, 10_000)
    assert not set("*^:~\n\r") & set(cleaned)
    assert cleaned == cleaned.strip() and cleaned.isascii()
    assert cleaned == "" or cleaned.isprintable()
    assert " " not in code(text, 10_000)
    assert word(cleaned, 10_000) == cleaned


def test_two_others_take_our_inquiries(tmp_path: Path) -> None:
    """linuxforhealth-x12 reads every one and writes the same text; pyx12 finds no fault."""
    texts = {
        "subscriber.270": write(ENVELOPE, [PLAIN]),
        "subscriber-several.270": write(
            ENVELOPE, [dataclasses.replace(PLAIN, services=["30", "98", "1", "MH"])]
        ),
        "dependent.270": write(ENVELOPE, [dataclasses.replace(CHILD, services=["30"])]),
        "dependent-several.270": write(ENVELOPE, [CHILD]),
        "two.270": write(ENVELOPE, [PLAIN, CHILD]),
    }
    for name, said in ask(tmp_path, texts).items():
        assert said["pyx12"].get("faults") == [], (name, said["pyx12"])
        assert "refused" not in said["linuxforhealth"], (name, said["linuxforhealth"])
        ours = texts[name].split("\n", 2)[2].rsplit("GE*", 1)[0]
        theirs = "\n".join(said["linuxforhealth"]["written"]).replace("\n\n", "\n").strip()
        assert theirs == ours.strip(), name
