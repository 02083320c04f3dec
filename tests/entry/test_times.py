"""Times, windows and lengths against clinic hours of 7a to 7p."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.entry.times import (
    Window,
    minute_of_day,
    parse_length,
    parse_time,
    parse_window,
    show_time,
)
from deskterm.errors import Invalid

OPENS, CLOSES = time(7), time(19)
ANY = st.text(max_size=24) | st.text("0123456789:.apmn- fterbo", max_size=12)


@pytest.mark.parametrize(
    ("typed", "at"),
    [
        ("9", time(9)),
        ("930", time(9, 30)),
        ("9:30", time(9, 30)),
        ("9a", time(9)),
        ("230p", time(14, 30)),
        ("1420", time(14, 20)),
        ("noon", time(12)),
        ("n", time(12)),
        ("1", time(13)),
        ("7", time(7)),
        ("645", time(18, 45)),
        ("12", time(12)),
        ("1230", time(12, 30)),
        ("12a", time(0)),
        ("12p", time(12)),
        ("12:05 am", time(0, 5)),
        ("9 A.M.", time(9)),
        ("0930", time(9, 30)),
        ("0145", time(1, 45)),
        ("01", time(1)),
        ("13", time(13)),
        ("0000", time(0)),
        ("2359", time(23, 59)),
    ],
)
def test_times(typed: str, at: time) -> None:
    assert parse_time(typed, opens=OPENS, closes=CLOSES) == at


def test_the_reading_outside_hours_is_the_nearest() -> None:
    assert parse_time("6", opens=time(8), closes=time(17)) == time(18)
    assert parse_time("5", opens=time(8), closes=time(17)) == time(17)
    assert parse_time("745", opens=time(8), closes=time(17)) == time(7, 45)


@pytest.mark.parametrize(
    "typed",
    ["", "24", "2400", "960", "13p", "0a", "9:5", "x", "٩", "９", "-1", "1e3", "99999999999",
     "9 9 9 9 9"],
)  # fmt: skip
def test_times_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_time(typed, opens=OPENS, closes=CLOSES)


@pytest.mark.parametrize(
    ("typed", "window"),
    [
        ("am", Window(half="am")),
        ("PM", Window(half="pm")),
        ("after 2", Window(after=time(14))),
        ("before 11a", Window(before=time(11))),
        ("9a-11a", Window(after=time(9), before=time(11))),
        ("1p - 3p", Window(after=time(13), before=time(15))),
        ("9-11a", Window(after=time(9), before=time(11))),
        ("9a-noon", Window(after=time(9), before=time(12))),
        ("9-11", None),
        ("9a", None),
        ("tue", None),
        ("after", None),
        ("", None),
    ],
)
def test_windows(typed: str, window: Window | None) -> None:
    assert parse_window(typed, opens=OPENS, closes=CLOSES) == window


@pytest.mark.parametrize("typed", ["after zed", "before 99", "11a-9a", "9a-9a"])
def test_windows_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_window(typed, opens=OPENS, closes=CLOSES)


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("40m", 40), ("40", 40), ("40 min", 40), ("1h", 60), ("1h30", 90), ("1h 30m", 90), ("5M", 5)],
)
def test_lengths(typed: str, minutes: int) -> None:
    assert parse_length(typed) == minutes


@pytest.mark.parametrize("typed", ["", "0", "0m", "1441", "9999h", "m", "-5m", "4.5m", "٤m"])
def test_lengths_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        parse_length(typed)


@pytest.mark.parametrize(
    ("at", "shown"),
    [(time(13, 20), "1:20p"), (time(12), "12:00p"), (time(0, 5), "12:05a"), (time(9, 30), "9:30a")],
)
def test_shown(at: time, shown: str) -> None:
    assert show_time(at) == shown


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_shown_times_read_back(at: time) -> None:
    assert parse_time(show_time(at), opens=OPENS, closes=CLOSES) == at
    assert time(*divmod(minute_of_day(at), 60)) == at


@given(ANY)
def test_any_text_gives_a_value_or_invalid(text: str) -> None:
    for read in (
        lambda: parse_time(text, opens=OPENS, closes=CLOSES),
        lambda: parse_window(text, opens=OPENS, closes=CLOSES),
        lambda: parse_length(text),
    ):
        try:
            read()
        except Invalid as error:
            assert error.message
