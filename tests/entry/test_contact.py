"""Telephone numbers and e-mail addresses."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.entry.email import parse_email
from deskterm.entry.phones import parse_phone, show_phone
from deskterm.errors import Invalid


@pytest.mark.parametrize(
    "typed",
    ["2175550142", "(217) 555-0142", "217.555.0142", "1 217 555 0142", "+1 217-555-0142",
     " 217/555-0142 "],
)  # fmt: skip
def test_phones(typed: str) -> None:
    assert parse_phone(typed) == "+12175550142"


def test_local_numbers_get_the_practices_area_code() -> None:
    assert parse_phone("555-0142", area_code="217") == "+12175550142"
    with pytest.raises(Invalid, match="area code"):
        parse_phone("555-0142")


def test_numbers_of_other_countries() -> None:
    assert parse_phone("+44 20 7946 0958", area_code="217") == "+442079460958"
    assert parse_phone("020 7946 0958", region="GB") == "+442079460958"
    assert show_phone("+442079460958") == "+44 20 7946 0958"


@pytest.mark.parametrize(
    "typed", ["", "5", "call me", "217-555-014x", "٢١٧٥٥٥٠١٤٢", "2" * 30, "2" * 300, "+", "911"]
)
def test_phones_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_phone(typed)


def test_shown() -> None:
    assert show_phone("+12175550142") == "217-555-0142"
    assert show_phone("ask her sister") == "ask her sister"


@given(st.integers(200_0000, 999_9999))
@settings(max_examples=50)
def test_shown_phones_read_back(local: int) -> None:
    number = f"+1217{local}"
    assert parse_phone(show_phone(number)) == number


@given(st.text(max_size=30) | st.text("0123456789+-() ", max_size=16))
def test_any_text_gives_a_phone_or_invalid(text: str) -> None:
    try:
        number = parse_phone(text, area_code="217")
    except Invalid:
        return
    assert number.startswith("+")
    assert show_phone(number)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("jo@example.org", "jo@example.org"),
        (" Jo@EXAMPLE.org ", "Jo@example.org"),
        ("jo+desk@clinic.test", "jo+desk@clinic.test"),
        ("é@exämple.org", "é@exämple.org"),
    ],
)
def test_addresses(typed: str, address: str) -> None:
    assert parse_email(typed) == address


@pytest.mark.parametrize(
    "typed",
    ["", "jo", "jo@", "@example.org", "jo@localhost", "a b@example.org", "jo@@example.org",
     "jo@example.org\x1b[31m", "jo@example.org\nbcc: x@example.org", "a" * 300 + "@example.org"],
)  # fmt: skip
def test_addresses_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_email(typed)


@given(st.text(max_size=40) | st.emails())
def test_any_text_gives_an_address_or_invalid(text: str) -> None:
    try:
        assert "@" in parse_email(text)
    except Invalid as error:
        assert text not in error.message or not text.strip()


def test_the_libraries_are_loaded_only_when_used() -> None:
    script = (
        "import sys, deskterm.entry.phones, deskterm.entry.email, deskterm.entry.line,"
        " deskterm.entry.people\n"
        "print(sorted({'phonenumbers', 'email_validator', 'textual'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
