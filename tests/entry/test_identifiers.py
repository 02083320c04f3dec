"""Shapes and check digits: what is right passes as it is stored, one wrong character does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.entry import identifiers as ids
from deskterm.errors import Invalid

DIGITS = "0123456789"
LETTERS = "ACDEFGHJKMNPQRTUVWXY"  # of a Medicare number
BOTH = DIGITS + LETTERS
MBI = ("123456789", LETTERS, BOTH, DIGITS, LETTERS, BOTH, DIGITS, LETTERS, LETTERS, DIGITS, DIGITS)


@st.composite
def npis(draw: st.DrawFn) -> str:
    begun = draw(st.sampled_from("12")) + draw(st.text(DIGITS, min_size=8, max_size=8))
    return begun + str(ids.luhn_digit("80840" + begun))


@pytest.mark.parametrize(
    ("read", "typed", "stored"),
    [
        (ids.npi, "1234567893", "1234567893"),  # the example of CMS
        (ids.npi, " 1234-567 893", "1234567893"),
        (ids.mbi, "1eg4-te5-mk73", "1EG4TE5MK73"),  # the one printed on CMS's sample card
        (ids.icd10cm, "m54.50", "M5450"),
        (ids.icd10cm, "S72001A", "S72001A"),
        (ids.icd10cm, "C7A.00", "C7A00"),
        (ids.icd10cm, "QA0.0101", "QA00101"),
        (ids.icd10cm, "A09", "A09"),
        (ids.service, "99213", "99213"),
        (ids.service, "0001a", "0001A"),
        (ids.service, "g0438", "G0438"),
        (ids.modifier, "lt", "LT"),
        (ids.place_of_service, "2", "02"),
        (ids.taxonomy, "207q00000x", "207Q00000X"),
        (ids.tax_id, "12-3456789", "123456789"),
    ],
)
def test_what_is_right_is_stored_in_one_form(
    read: Callable[[str], str], typed: str, stored: str
) -> None:
    assert read(typed) == stored
    assert read(stored) == stored


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        (ids.npi, "1234567890"), (ids.npi, "3234567893"), (ids.npi, "123456789"), (ids.npi, ""),
        (ids.npi, "١234567893"), (ids.mbi, "1SG4TE5MK73"), (ids.mbi, "0EG4TE5MK73"),
        (ids.mbi, "1EG4TE5MK7"), (ids.icd10cm, "M5.450"), (ids.icd10cm, "M54."),
        (ids.icd10cm, "M54.50000"), (ids.icd10cm, "5M4"), (ids.icd10cm, "M٥4"),
        (ids.icd10cm, "low back"), (ids.service, "9921"), (ids.service, "99213B"),
        (ids.service, "W1234"), (ids.modifier, "255"), (ids.place_of_service, "111"),
        (ids.taxonomy, "207Q00000"), (ids.tax_id, "00-1234567"), (ids.tax_id, "12-345678"),
        (ids.cpt, "G0438"), (ids.hcpcs, "99213"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_a_field(read: Callable[[str], str], wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(wrong)
    assert refused.value.field and refused.value.message


@given(npis(), st.integers(0, 9), st.sampled_from(DIGITS))
def test_no_npi_survives_one_wrong_digit(good: str, at: int, digit: str) -> None:
    assert ids.npi(good) == good
    changed = good[:at] + digit + good[at + 1 :]
    if changed != good:
        with pytest.raises(Invalid):
            ids.npi(changed)


@given(npis(), st.integers(0, 8))
def test_an_npi_shows_two_swapped_digits(good: str, at: int) -> None:
    changed = good[:at] + good[at + 1] + good[at] + good[at + 2 :]
    # The one swap that Luhn's check cannot see.
    if good[at] == good[at + 1] or {good[at], good[at + 1]} == {"0", "9"}:
        return
    with pytest.raises(Invalid):
        ids.npi(changed)


@given(st.tuples(*(st.sampled_from(place) for place in MBI)).map("".join))
def test_every_medicare_number_of_the_published_pattern_passes(number: str) -> None:
    assert ids.mbi(ids.show_mbi(number).lower()) == number


@given(st.integers(0, 10), st.sampled_from("SLOIBZ*"))
def test_no_medicare_number_holds_a_letter_that_looks_like_a_digit(at: int, letter: str) -> None:
    with pytest.raises(Invalid):
        ids.mbi("1EG4TE5MK73"[:at] + letter + "1EG4TE5MK73"[at + 1 :])


@given(st.from_regex(r"\A[A-Z][0-9][0-9A-Z][0-9A-Z]{0,4}\Z"))
def test_the_dot_of_a_diagnosis_comes_and_goes(code: str) -> None:
    assert ids.icd10cm(ids.show_icd10cm(code)) == code
    for size in range(2, len(code) + 1):
        assert ids.looks_like_icd10cm(ids.show_icd10cm(code[:size]))


@given(st.text(max_size=14))
def test_anything_typed_is_taken_or_refused(text: str) -> None:
    for read in (ids.npi, ids.mbi, ids.icd10cm, ids.service, ids.modifier, ids.place_of_service,
                 ids.taxonomy, ids.tax_id):  # fmt: skip
        try:
            stored = read(text)
        except Invalid:
            continue
        assert stored.isascii() and read(stored) == stored
