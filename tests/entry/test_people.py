"""The finder's grammar: the specification's table, and that no text is an error."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.entry.people import PersonQuery, parse_query

TODAY = date(2026, 3, 18)
BORN = date(1982, 3, 14)
SMI_JO = {"surname": "smi", "given": "jo", "words": ("smi", "jo")}
SMI = {"surname": "smi", "words": ("smi",)}


@pytest.mark.parametrize(
    ("typed", "filled"),
    [
        ("smi", SMI),
        ("smi jo", SMI_JO),
        ("smi,jo", {**SMI_JO, "exact_order": True}),
        ("SMI , Jo", {**SMI_JO, "exact_order": True}),
        (",jo", {"given": "jo", "words": ("jo",), "exact_order": True}),
        ("de la cruz,m", {"surname": "de la cruz", "given": "m",
                          "words": ("de", "la", "cruz", "m"), "exact_order": True}),
        ("smi 82", {**SMI, "birth_year": 1982}),
        ("smi 26", {**SMI, "birth_year": 2026}),
        ("smi 1982", {**SMI, "birth_year": 1982, "tail": "1982", "mrn": "1982"}),
        ("smi 031482", {**SMI, "birth_date": BORN, "mrn": "031482"}),
        ("smi jo 3.14.82", {**SMI_JO, "birth_date": BORN}),
        ("smi jo 14 mar 82", {**SMI_JO, "birth_date": BORN}),
        ("smi, jo March 14, 1982", {**SMI_JO, "exact_order": True, "birth_date": BORN}),
        ("031482", {"birth_date": BORN, "mrn": "031482"}),
        ("3/14/82", {"birth_date": BORN}),
        ("14mar82", {"birth_date": BORN}),
        ("1982-03-14", {"birth_date": BORN}),
        ("19820314", {"birth_date": BORN, "mrn": "19820314"}),
        ("023082", {"mrn": "023082"}),
        ("s1482", {"initial_tail": ("s", "1482")}),
        ("0142", {"tail": "0142", "mrn": "0142"}),
        ("smi 0142", {**SMI, "tail": "0142", "mrn": "0142"}),
        ("10482", {"mrn": "10482"}),
        ("5550142", {"phone": "5550142", "mrn": "5550142"}),
        ("(217) 555-0142", {"phone": "2175550142"}),
        ("217-555-0142", {"phone": "2175550142"}),
        ("+1 217 555 0142", {"phone": "2175550142"}),
        ("2175550142", {"phone": "2175550142", "mrn": "2175550142"}),
        ("smi 555-0142", {**SMI, "phone": "5550142"}),
        ("#10482", {"mrn": "10482"}),
        ("mrn:10482", {"mrn": "10482"}),
        ("smi mrn:10482", {**SMI, "mrn": "10482"}),
        ("mid:W1234", {"member_id": "W1234"}),
        ("acct:77", {"account": "77"}),
        ("enc:5", {"visit": "5"}),
        ("r-118", {"request": "R-118"}),
        ("R-260318-031", {"receipt": "R-260318-031"}),
        (".", {"last": 1}),
        ("..", {"last": 9}),
        ("%B123^SMITH/JOAN", {"card": "%B123^SMITH/JOAN"}),
        (";123=456", {"card": ";123=456"}),
        ("smi jo;b fu lee 1w pm", {**SMI_JO, "then": "b fu lee 1w pm"}),
        ("smi 031482;p", {**SMI, "birth_date": BORN, "mrn": "031482", "then": "p"}),
        ("smi jo;", SMI_JO),
        ("doc mri", {"surname": "doc", "given": "mri", "words": ("doc", "mri"),
                     "topic": "doc", "topic_text": "mri"}),
        (">supply toner", {"topic": "supply", "topic_text": "toner"}),
        ("O'Neil-García", {"surname": "oneilgarcia", "words": ("oneilgarcia",)}),
        ("", {}),
        (" , ", {}),
    ],
)  # fmt: skip
def test_vectors(typed: str, filled: dict[str, object]) -> None:
    assert parse_query(typed, today=TODAY) == PersonQuery(raw=typed, **filled)


def test_reference_number_is_both_a_name_and_a_list() -> None:
    query = parse_query("ref 8812", today=TODAY)
    assert (query.topic, query.topic_text, query.mrn) == ("ref", "8812", "8812")


def test_empty() -> None:
    assert parse_query("  ", today=TODAY).empty
    assert parse_query(" - ", today=TODAY).empty
    assert not parse_query(".", today=TODAY).empty


@given(
    st.text(max_size=40)
    | st.text("smijo 0123456789.,/;:#%>+-()rm", max_size=24)
    | st.integers(0).map(str)
)
def test_no_text_is_an_error(text: str) -> None:
    query = parse_query(text, today=TODAY)
    assert query.raw == text
    assert query.tail is None or len(query.tail) == 4
    assert query.birth_date is None or query.birth_date <= TODAY
    assert query.phone is None or query.phone.isdecimal()


def test_long_text_is_read_in_part() -> None:
    assert len(parse_query("ab " * 100_000, today=TODAY).words) < 100
