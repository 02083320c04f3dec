"""How wide text is, and moments as they are stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcwidth

from deskterm.clock import parse_utc_text, utc_text
from deskterm.text import _LATIN, fit, width


def test_what_is_counted_without_tables_is_one_cell_everywhere() -> None:
    letters = [chr(n) for n in range(0x20, 0x2000) if _LATIN.fullmatch(chr(n))]
    assert len(letters) > 800
    assert [c for c in letters if wcwidth(c) != 1 or cell_len(c) != 1] == []


@pytest.mark.parametrize(
    ("text", "cells"),
    [("Núñez", 5), ("Nguyễn", 6), ("王小明", 6), ("e\u0301", 1), ("", 0)],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells


@given(st.text(max_size=30), st.integers(1, 20), st.booleans())
def test_fit_is_exact(text: str, cells: int, right: bool) -> None:
    fitted = fit(text, cells, right=right)
    assert width(fitted) == cells


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_as_it_was(moment: datetime) -> None:
    text = utc_text(moment.replace(year=max(moment.year, 1000)))
    assert parse_utc_text(text) == moment.replace(year=max(moment.year, 1000))
    assert parse_utc_text(text).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text", ["", "2026-03-18", "2026-03-18T14:42:00.000000", "2026-03-18T14:42:00.000+00:00Z",
             "2026-03-18T14:42:00.000000+"],
)  # fmt: skip
def test_any_other_text_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError):
        parse_utc_text(text)
