"""Dates: the specification's table, birth dates, and that no text breaks the parser."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.entry.dates import (
    distance,
    parse_birth_date,
    parse_date,
    show_birth,
    show_date,
    show_short,
)
from deskterm.errors import Invalid

TODAY = date(2026, 3, 18)
LAST_ENTERED = date(2026, 4, 1)
DAYS = st.dates(date(1900, 1, 1), date(2150, 12, 31))

VECTORS = [
    ("t", "Wed 03/18/2026 · today", "Wed 03/18/2026 · today"),
    ("tmw", "Thu 03/19/2026 · in 1 d", "Thu 03/19/2026 · in 1 d"),
    ("t+2w", "Wed 04/01/2026 · in 14 d", "Wed 04/01/2026 · in 14 d"),
    ("+2w", "Wed 04/01/2026 · in 14 d", "Wed 04/01/2026 · in 14 d"),
    ("6w", "Wed 04/29/2026 · in 42 d", "Wed 02/04/2026 · 42 d ago"),
    ("3m", "Thu 06/18/2026 · in 92 d", "Thu 12/18/2025 · 90 d ago"),
    ("t-3w", "Wed 02/25/2026 · 21 d ago", "Wed 02/25/2026 · 21 d ago"),
    ("wed", "Wed 03/25/2026 · in 7 d", "Wed 03/11/2026 · 7 d ago"),
    ("thu", "Thu 03/19/2026 · in 1 d", "Thu 03/12/2026 · 6 d ago"),
    ("tue", "Tue 03/24/2026 · in 6 d", "Tue 03/17/2026 · 1 d ago"),
    ("next tue", "Tue 03/24/2026 · in 6 d", "Tue 03/24/2026 · in 6 d"),
    ("+2tue", "Tue 03/31/2026 · in 13 d", "Tue 03/31/2026 · in 13 d"),
    ("last fri", "Fri 03/13/2026 · 5 d ago", "Fri 03/13/2026 · 5 d ago"),
    ("20", "Fri 03/20/2026 · in 2 d", "Fri 02/20/2026 · 26 d ago"),
    ("14", "Tue 04/14/2026 · in 27 d", "Sat 03/14/2026 · 4 d ago"),
    ("324", "Tue 03/24/2026 · in 6 d", "Mon 03/24/2025 · 359 d ago"),
    ("0324", "Tue 03/24/2026 · in 6 d", "Mon 03/24/2025 · 359 d ago"),
    ("032426", "Tue 03/24/2026 · in 6 d", "Tue 03/24/2026 · in 6 d"),
    ("3.24", "Tue 03/24/2026 · in 6 d", "Mon 03/24/2025 · 359 d ago"),
    ("3/24", "Tue 03/24/2026 · in 6 d", "Mon 03/24/2025 · 359 d ago"),
    ("24mar", "Tue 03/24/2026 · in 6 d", "Mon 03/24/2025 · 359 d ago"),
    ("mar 24", "Tue 03/24/2026 · in 6 d", "Mon 03/24/2025 · 359 d ago"),
    ("2026-03-24", "Tue 03/24/2026 · in 6 d", "Tue 03/24/2026 · in 6 d"),
    ("2/30", "ERR no such date 2/30/2026", "ERR no such date 2/30/2026"),
    ("11/2", "Mon 11/02/2026 · in 229 d", "Sun 11/02/2025 · 136 d ago"),
    ("++1w", "Wed 04/08/2026 · in 21 d", "Wed 04/08/2026 · in 21 d"),
]


def echo(text: str, *, future: bool, **settings: object) -> str:
    try:
        found = parse_date(text, today=TODAY, future=future, base=LAST_ENTERED, **settings)
    except Invalid as error:
        return f"ERR {error.message}"
    return found.echo


@pytest.mark.parametrize(("typed", "ahead", "back"), VECTORS)
def test_vectors(typed: str, ahead: str, back: str) -> None:
    assert echo(typed, future=True) == ahead
    assert echo(typed, future=False) == back


@pytest.mark.parametrize(("typed", "ahead", "back"), VECTORS)
def test_case_and_spaces_do_not_matter(typed: str, ahead: str, back: str) -> None:
    assert echo(f"  {typed.upper()} ", future=True) == ahead
    assert echo(f"  {typed.title()} ", future=False) == back


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("18", date(2026, 3, 18)),
        ("31", date(2026, 3, 31)),
        ("3/18", date(2026, 3, 18)),
        ("03242026", date(2026, 3, 24)),
        ("20260324", date(2026, 3, 24)),
        ("3-24-26", date(2026, 3, 24)),
        ("March 24, 2026", date(2026, 3, 24)),
        ("24 mar 2026", date(2026, 3, 24)),
        ("Tue 03/24/2026", date(2026, 3, 24)),
        ("Tuesday, March 24, 2026", date(2026, 3, 24)),
        ("2 weeks", date(2026, 4, 1)),
        ("1y", date(2027, 3, 18)),
        ("t+5", date(2026, 3, 23)),
        ("2/28", date(2027, 2, 28)),
        ("-1fri", date(2026, 3, 13)),
    ],
)
def test_other_spellings(typed: str, day: date) -> None:
    assert parse_date(typed, today=TODAY, future=True).day == day


@pytest.mark.parametrize("typed", ["31", "30", "29"])
def test_day_of_month_skips_short_months(typed: str) -> None:
    found = parse_date(typed, today=date(2026, 1, 31), future=True).day
    assert found.day == int(typed)
    assert found >= date(2026, 1, 31)


def test_months_end_is_kept_in_the_month() -> None:
    assert parse_date("1m", today=date(2026, 1, 31), future=True).day == date(2026, 2, 28)
    assert parse_date("1y", today=date(2028, 2, 29), future=True).day == date(2029, 2, 28)


def test_leap_day() -> None:
    assert parse_date("2/29", today=date(2027, 6, 1), future=True).day == date(2028, 2, 29)
    assert echo("2/29", future=True) == "ERR no such date 2/29/2026"
    assert echo("2/29/24", future=True).startswith("Thu 02/29/2024")


def test_weeks_may_begin_on_sunday() -> None:
    assert echo("next sun", future=True) == "Sun 03/29/2026 · in 11 d"
    assert echo("next sun", future=True, week_start=6) == "Sun 03/22/2026 · in 4 d"


def test_day_first_order_swaps_digits_only() -> None:
    for typed in ("243", "2403", "24/3", "240326", "24mar", "mar 24", "2026-03-24"):
        assert echo(typed, future=True, order="DMY") == "Tue 03/24/2026 · in 6 d", typed


def test_plus_plus_needs_a_date_to_count_from() -> None:
    with pytest.raises(Invalid):
        parse_date("++1w", today=TODAY, future=True)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "t+99999999w", "9" * 39 + "w", "t+9999999999999y", "32", "0", "13/13", "x",
        "٣/٢٤", "³", "２０", "+0tue", "next", "next 3", "24xyz", "3/24/202", "00000000",
        "t+1q", "mar", "mon 03/24/2026", "9999-12-31", "0001-01-01", "\x1b[31m", "3\n/24x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("future", [True, False])
def test_refused(typed: str, future: bool) -> None:
    with pytest.raises(Invalid):
        parse_date(typed, today=TODAY, future=future)


@given(st.text(max_size=30) | st.text("t+-0123456789dwmy /.,nexlasfri", max_size=12), st.booleans())
def test_any_text_gives_a_date_or_invalid(text: str, future: bool) -> None:
    for order in ("MDY", "DMY"):
        try:
            found = parse_date(text, today=TODAY, future=future, order=order, base=TODAY)
        except Invalid:
            continue
        assert found.echo == f"{show_date(found.day)} · {distance(found.day, TODAY)}"


@given(DAYS, DAYS, st.booleans())
def test_shown_dates_read_back(day: date, today: date, future: bool) -> None:
    assert parse_date(show_date(day), today=today, future=future).day == day
    assert parse_date(show_birth(day), today=today, future=future).day == day


@given(DAYS, st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]))
def test_a_weekday_is_within_a_week_and_never_today(today: date, name: str) -> None:
    assert 1 <= (parse_date(name, today=today, future=True).day - today).days <= 7
    assert 1 <= (today - parse_date(name, today=today, future=False).day).days <= 7


@pytest.mark.parametrize(
    "typed",
    [
        "031482", "3/14/82", "3.14.82", "14mar82", "19820314", "1982-03-14", "March 14, 1982",
        "03141982", "3-14-1982", "14 mar 1982", "MAR 14 82",
    ],
)  # fmt: skip
def test_birth_dates(typed: str) -> None:
    assert parse_birth_date(typed, today=TODAY) == date(1982, 3, 14)


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("031826", date(2026, 3, 18)),
        ("031926", date(1926, 3, 19)),
        ("022900", date(2000, 2, 29)),
        ("2/29/2024", date(2024, 2, 29)),
        ("010126", date(2026, 1, 1)),
    ],
)
def test_two_digit_birth_years_are_never_in_the_future(typed: str, born: date) -> None:
    assert parse_birth_date(typed, today=TODAY) == born


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("0314", "birth date needs the year"),
        ("3/14", "birth date needs the year"),
        ("14mar", "birth date needs the year"),
        ("2/29/1983", "no such birth date"),
        ("022926", "no such birth date"),
        ("13/13/82", "no such birth date"),
        ("3/19/2026", "birth date is in the future"),
        ("1/1/1890", "birth date is over 130 years ago"),
        ("t", "not a birth date"),
        ("", "no date typed"),
        ("٠٣١٤٨٢", "not a date"),
    ],
)
def test_birth_dates_refused(typed: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_birth_date(typed, today=TODAY)
    assert refused.value.message == message


@given(st.text(max_size=20) | st.text("0123456789/-. marpil,", max_size=14))
def test_any_text_gives_a_birth_date_or_invalid(text: str) -> None:
    try:
        born = parse_birth_date(text, today=TODAY)
    except Invalid:
        return
    assert born <= TODAY


@given(st.dates(date(1900, 1, 1), TODAY))
def test_shown_birth_dates_read_back(born: date) -> None:
    assert parse_birth_date(show_birth(born), today=TODAY) == born


def test_day_first_birth_date() -> None:
    assert parse_birth_date("140382", today=TODAY, order="DMY") == date(1982, 3, 14)


def test_short_form() -> None:
    assert show_short(date(2026, 3, 4)) == "Wed Mar 4"
