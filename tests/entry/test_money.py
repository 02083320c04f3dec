"""Amounts, tenders, and that no card number gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.entry.money import (
    TenderEntry,
    looks_like_card_number,
    parse_cents,
    parse_tender_option,
    parse_tenders,
    show_cents,
)
from deskterm.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("25", 25_00),
        ("25.5", 25_50),
        ("25.05", 25_05),
        (" $1,234.50 ", 1_234_50),
        ("2500", 2_500_00),
        ("0", 0),
        ("1,000,000.00", 1_000_000_00),
    ],
)
def test_amounts(typed: str, cents: int) -> None:
    assert parse_cents(typed) == cents


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "$", ".", "25.", ".5", "25.555", "25a", "NaN", "inf", "1e5", "-25", "--1", "1,23",
        "12,3456", "1000000.01", "9" * 12, "9" * 400, "٢٥", "２５", "25²", "2 5", "+5", "0x10",
        "1_000",
    ],
)  # fmt: skip
def test_amounts_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_cents(typed)


def test_negative_amounts_where_a_field_allows_them() -> None:
    assert parse_cents("-25.50", allow_negative=True) == -25_50


def test_limit() -> None:
    assert parse_cents("10", limit=10_00) == 10_00
    with pytest.raises(Invalid):
        parse_cents("10.01", limit=10_00)


@given(st.integers(-1_000_000_00, 1_000_000_00))
def test_shown_amounts_read_back(cents: int) -> None:
    assert parse_cents(show_cents(cents), allow_negative=True) == cents


def cash(cents: int) -> TenderEntry:
    return TenderEntry("cash", cents)


def check(cents: int, number: str = "") -> TenderEntry:
    return TenderEntry("check", cents, number)


def card(cents: int, last4: str = "", approval: str = "", brand: str = "") -> TenderEntry:
    return TenderEntry("card", cents, brand=brand, last4=last4, approval=approval)


@pytest.mark.parametrize(
    ("typed", "tenders"),
    [
        ("40ca 25cc", [cash(40_00), card(25_00)]),
        ("65ck1042", [check(65_00, "1042")]),
        ("65 ck 1042", [check(65_00, "1042")]),
        ("65ck#1042", [check(65_00, "1042")]),
        ("ca", [cash(65_00)]),
        ("20ca cc4417", [cash(20_00), card(45_00, "4417")]),
        ("cc4417 20ca", [card(45_00, "4417"), cash(20_00)]),
        ("=ca", [cash(65_00)]),
        ("20ca = ck 7", [cash(20_00), check(45_00, "7")]),
        ("c ca", [cash(25_00)]),
        ("cca", [cash(25_00)]),
        ("b ck 12, c ca", [check(40_00, "12"), cash(25_00)]),
        ("bcc4417", [card(40_00, "4417")]),
        ("100ca", [cash(100_00)]),
        ("1,234.50ca", [cash(1_234_50)]),
        ("25 c, 40 v 4242 884213",
         [cash(25_00), card(40_00, "4242", "884213", "visa")]),
        ("25 c 40 v 4242 884213",
         [cash(25_00), card(40_00, "4242", "884213", "visa")]),
        ("40v4242 a1b2c3 25ca", [card(40_00, "4242", "A1B2C3", "visa"), cash(25_00)]),
        ("40cc4417 08812q", [card(40_00, "4417", "08812Q")]),
        ("40cc441708812q", [card(40_00, "4417", "08812Q")]),
        ("40v4417 088123 25ca", [card(40_00, "4417", "088123", "visa"), cash(25_00)]),
        ("40v4417a1b2c3 25ca", [card(40_00, "4417", "A1B2C3", "visa"), cash(25_00)]),
        ("40 v 4242 25 ca", [card(40_00, "4242", "", "visa"), cash(25_00)]),
        ("40 v 4242 884213 25 ca", [card(40_00, "4242", "884213", "visa"), cash(25_00)]),
        ("10 m 1111 A1B2, 10 a 2222, 10 d 3333", [
            card(10_00, "1111", "A1B2", "mastercard"), card(10_00, "2222", "", "amex"),
            card(10_00, "3333", "", "discover")]),
        ("65 ck, 5 ca", [check(65_00), cash(5_00)]),
        ("10mo881", [TenderEntry("money_order", 10_00, "881")]),
        ("25.50 cash 10 check", [cash(25_50), check(10_00)]),
    ],
)  # fmt: skip
def test_tenders(typed: str, tenders: list[TenderEntry]) -> None:
    assert parse_tenders(typed, due=65_00, copay=25_00, balance=40_00) == tenders


@pytest.mark.parametrize(
    "typed",
    [
        "", ",", "25", "c", "b", "=", "25 40ca", "20x", "x", "40ca25cc", "0ca", "-5ca", "ca ck",
        "65ca cc", "=ca =cc", "40cc44", "40cc44171", "40cc4417088123", "40cc441725ca",
        "40cc44171234567a", "40cc4242424242424242a", "5.555ca", "9999999999ca", "40ca1042",
        "65 ck 1042 ca", "٤٠ca", "40ca\x1b[31m", "a" * 500, "2500.00.00ca", "NaNca",
    ],
)  # fmt: skip
def test_tenders_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_tenders(typed, due=65_00, copay=25_00, balance=40_00)


@pytest.mark.parametrize("typed", ["c ca", "b ca"])
def test_no_copay_or_balance_to_name(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_tenders(typed, due=65_00)


@pytest.mark.parametrize(
    "typed",
    [
        "4111111111111111", "40cc4111111111111111", "40cc4111 1111 1111 1111",
        "40cc 4111-1111-1111-1111", "30cc 411111111111", "30cc411111111112", "cc 3782 822463 10005",
        "20ca, 30v 4242 42424242", "ck4111111111111111", "30cc 4111 1111 2222 3333",
    ],
)  # fmt: skip
def test_card_numbers_are_refused_with_the_reason(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_tenders(typed, due=65_00)
    assert refused.value.message == "card numbers are never typed here"
    assert "4111" not in refused.value.message + refused.value.hint


@pytest.mark.parametrize(
    ("option", "tender"),
    [
        ("cash:25.00", cash(25_00)),
        ("card:15.00:visa:1234:A1B2C3", card(15_00, "1234", "A1B2C3", "visa")),
        ("card:15:VISA:1234:a1b2c3", card(15_00, "1234", "A1B2C3", "visa")),
        ("check:35.00:1042", check(35_00, "1042")),
        ("check:35.00", check(35_00)),
        ("money_order:10.00:ref", TenderEntry("money_order", 10_00, "ref")),
    ],
)
def test_tender_options(option: str, tender: TenderEntry) -> None:
    assert parse_tender_option(option) == tender


@pytest.mark.parametrize(
    "option",
    [
        "", "cash", "cash:", "cash:0", "cash:-5", "cash:5:x", "cash:abc", "gold:5", "card:15.00",
        "card:15:visa:123:A1B2C3", "card:15:visa:1234:!", "card:15:diners:1234:A1B2C3",
        "card:15:visa:4111111111111111:A1B2C3", "check:5:\x1b[0m", "check:5:4111111111111111",
        "cash:" + "9" * 200, "card:15:visa:٤٤٤٤:A1B2C3", "cash:25.005",
    ],
)  # fmt: skip
def test_tender_options_refused(option: str) -> None:
    with pytest.raises(Invalid):
        parse_tender_option(option)


TEST_CARDS = ["4111111111111111", "378282246310005", "6011111111111117", "5555555555554444",
              "4222222222222", "6304000000000000000"]  # fmt: skip


@pytest.mark.parametrize("number", TEST_CARDS)
@pytest.mark.parametrize("separator", ["", " ", "-", "\u2011", "\u00a0"])
def test_card_numbers_are_recognised(number: str, separator: str) -> None:
    grouped = separator.join(number[i : i + 4] for i in range(0, len(number), 4))
    assert looks_like_card_number(grouped)
    assert looks_like_card_number(f"she said {grouped}, exp 12/29")
    assert looks_like_card_number(f"pay 40 {grouped} 12")


@pytest.mark.parametrize(
    "text",
    [
        "", "4111", "4111111111111112", "217-555-0142", "217-555-0142, 217-555-0143", "10482",
        "0000000000000000", "call after 2", "R-260318-031",
    ],
)  # fmt: skip
def test_other_numbers_are_not_cards(text: str) -> None:
    assert not looks_like_card_number(text)


@given(st.integers(10**11, 10**18 - 1))
def test_every_luhn_number_is_recognised(body: int) -> None:
    digits = [int(c) for c in str(body)]
    total = sum(
        d if place % 2 else (2 * d - 9 if d > 4 else 2 * d)
        for place, d in enumerate(reversed(digits))
    )
    assert looks_like_card_number(f"{body}{-total % 10}")
    assert not looks_like_card_number(f"{body}{(-total + 1) % 10}")


TYPED = st.text(max_size=40) | st.text("0123456789 ,.=cakomvdb#$-", max_size=24)


@given(TYPED, st.integers(0, 500_00))
def test_any_text_gives_tenders_or_invalid(text: str, due: int) -> None:
    try:
        tenders = parse_tenders(text, due=due, copay=25_00, balance=None)
    except Invalid:
        return
    assert tenders
    assert all(tender.amount > 0 for tender in tenders)
    assert all(len(tender.last4) in (0, 4) for tender in tenders)


@given(TYPED | st.text("cashrdek:0123456789.v", max_size=24))
def test_any_text_gives_an_amount_or_an_option_or_invalid(text: str) -> None:
    for read in (parse_cents, parse_tender_option, looks_like_card_number):
        try:
            read(text)
        except Invalid as error:
            assert error.message


@given(st.lists(st.integers(1, 90_000), min_size=1, max_size=4))
def test_typed_amounts_add_up(cents: list[int]) -> None:
    typed = " ".join(f"{amount / 100:.2f}ca" for amount in cents)
    found = parse_tenders(f"{typed} cc4417", due=sum(cents) + 1)
    assert [tender.amount for tender in found] == [*cents, 1]
