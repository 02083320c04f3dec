"""Receipts as bytes: begun, cut, no line too wide, and no data that becomes a command."""

from __future__ import annotations

import re

import pytest

from deskterm.exchange import escpos

INIT = b"\x1b@"
CUT = b"\x1dV"
KICK = b"\x1bp"
# What the library itself sends between lines: a code page, and nothing else.
CODE_PAGE = re.compile(rb"\x1bt.", re.S)
FEED = re.compile(rb"(?:\x1bd.)*$", re.S)


def printed(made: bytes) -> list[bytes]:
    """The lines between beginning and cut, without code pages and the feed before the cut."""
    body = CODE_PAGE.sub(b"", made.removeprefix(INIT))
    return FEED.sub(b"", body[: body.rindex(CUT)]).removesuffix(b"\n").split(b"\n")


def test_it_begins_with_init_and_ends_with_a_cut() -> None:
    made = escpos.receipt(["hello"])
    assert made.startswith(INIT)
    assert CUT in made[-4:]
    assert b"hello\n" in made
    assert KICK not in made


def test_cash_opens_the_drawer_before_the_first_line() -> None:
    made = escpos.receipt(["hello"], kick=True)
    assert made.count(KICK) == 1
    assert made.index(INIT) < made.index(KICK) < made.index(b"hello")


@pytest.mark.parametrize("columns", [42, 40, 32])
def test_no_line_is_wider_than_the_paper(columns: int) -> None:
    lines = ["W" * 100, "W" * columns, "short", "Łódź " * 20, "é" * 60]
    made = printed(escpos.receipt(lines, columns=columns))
    assert len(made) == len(lines)
    assert all(len(line) <= columns for line in made)
    assert made[1] == b"W" * columns


@pytest.mark.parametrize("columns", [42, 40, 32])
def test_letters_that_take_two_cells_count_as_two(columns: int) -> None:
    made = printed(escpos.receipt(["北" * 42, "W" * columns], columns=columns))
    assert len(made[0]) <= columns


@pytest.mark.parametrize(
    "data",
    [
        "\x1bp\x00\x19\xfa", "\x1dV\x00", "\x1b@", "\x10\x14\x01\x00\x01", "a\nb", "a\rb", "a\x0cb",
        "\x07", "\x00", "\x7f", "\x9b2J", "\u2028", "\u202e", "\x1c.", "\ud800",
    ],
)  # fmt: skip
def test_control_characters_in_data_never_become_commands(data: str) -> None:
    line = printed(escpos.receipt([f"x{data}y"]))
    assert len(line) == 1
    assert line[0].startswith(b"x")
    assert line[0].endswith(b"y")
    assert not set(line[0]) & {*range(0x20), 0x7F}


def test_every_character_that_there_is() -> None:
    every = [chr(n) for n in (*range(0x2100), *range(0x4E00, 0x9FFF, 7), 0xFFFD, 0x1F600)]
    lines = ["".join(every[at : at + 20]) for at in range(0, len(every), 20)]
    made = printed(escpos.receipt(lines))
    assert len(made) == len(lines)
    assert not {byte for line in made for byte in line} & {*range(0x20), 0x7F}


def test_accents_are_printed_by_a_code_page() -> None:
    [line] = printed(escpos.receipt(["Muñoz"]))
    assert line[:2] == b"Mu"
    assert len(line) == 5
    assert b"?" not in line
