"""The fixed rows of every screen."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from deskterm.widgets.rows import (
    BannerRow,
    EnterRow,
    Header,
    HeaderRow,
    KeyRow,
    MessageRow,
    OneRow,
    RuleRow,
    TextRow,
)
from deskterm.widgets.rows_paint import Part
from deskterm.widgets.styles import ATTENTION, INFORMATION, PRACTICE, PRIMARY, STOP
from tests.widgets.board_data import NASTY

DAY = Header(
    "DAY", "Wed Mar 18 2026 (today)", "09:42a", 1, 2, 14, 1, True, "D1", "mlopez", place="Main St"
)
KEYS = [("12c", "In"), ("o", "Out"), ("b", "Book"), ("r", "Move"), ("x", "Cancel"), ("e", "Elig"),
        ("p", "Pay"), ("[ ]", "day"), ("/", "find row"), ("?", "")]  # fmt: skip


class Rows(App[None]):
    def compose(self) -> ComposeResult:
        yield HeaderRow()
        yield BannerRow()
        yield RuleRow()
        yield TextRow()
        yield EnterRow()
        yield MessageRow()
        yield KeyRow()


def said(row: OneRow) -> str:
    return row.render_line(0).text


def styled(row: OneRow, style: Any) -> str:
    return "".join(segment.text for segment in row.render_line(0) if segment.style == style)


async def test_the_rows_of_the_picture() -> None:
    app = Rows()
    async with app.run_test(size=(80, 24)):
        header = app.query_one(HeaderRow)
        header.show(DAY)
        assert said(header) == (
            "DAY  Wed Mar 18 2026 (today)  Main St        "
            "09:42a L1 P2 Q14 N1! D1 mlopez LIST"
        )  # fmt: skip
        assert styled(header, STOP) == "N1!"
        keys = app.query_one(KeyRow)
        keys.show(KEYS)
        assert said(keys).rstrip() == (
            "12c In  o Out  b Book  r Move  x Cancel  e Elig  p Pay  [ ] day  / find row  ?"
        )
        assert said(app.query_one(RuleRow)) == "-" * 80


async def test_counters_and_mode_outlive_every_width() -> None:
    app = Rows()
    async with app.run_test(size=(80, 24)) as pilot:
        header = app.query_one(HeaderRow)
        header.show(DAY)
        for width in (200, 140, 100, 60, 40):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            text = said(header)
            assert cell_len(text) == width
            assert text.startswith("DAY")
            assert text.endswith("LIST")
            for counter in ("L1", "P2", "Q14", "N1!"):
                assert counter in text


async def test_wide_header_has_the_phone_lines() -> None:
    app = Rows()
    async with app.run_test(size=(140, 24)):
        header = app.query_one(HeaderRow)
        header.show(Header("DAY", "Wed", "10:12a", 2, 2, 14, 1, True, "D1", "mlopez",
                           lines=("L1 LIVE 01:48 SMITH J", "L2 HOLD 00:22")))  # fmt: skip
        assert said(header).endswith(
            "10:12a  L1 LIVE 01:48 SMITH J  L2 HOLD 00:22  |  P2 Q14 N1!  |  D1 mlopez  LIST"
        )


async def test_practice_takes_the_clinics_place() -> None:
    app = Rows()
    async with app.run_test(size=(80, 24)):
        header = app.query_one(HeaderRow)
        header.show(Header("DAY", "x" * 90, "09:42a", is_practice=True, place="Main St"))
        assert styled(header, PRACTICE) == "PRACTICE"
        assert "~ PRACTICE" in said(header)
        assert "Main St" not in said(header)


async def test_banner_keeps_its_alerts() -> None:
    app = Rows()
    async with app.run_test(size=(80, 24)):
        banner = app.query_one(BannerRow)
        banner.show_patient("SMITH, JOAN M   03/14/1982 44F  #10482", ["ALIKE"])
        assert said(banner).rstrip() == "SMITH, JOAN M   03/14/1982 44F  #10482  ALIKE"
        assert styled(banner, ATTENTION) == "ALIKE"
        assert len(styled(banner, INFORMATION)) == 75
        banner.show_patient("SMITH " * 30, ["ALIKE"])
        assert said(banner).endswith("~  ALIKE")
        banner.show_summary("grid 15m | all providers")
        assert styled(banner, INFORMATION) == ""


async def test_errors_are_words_too() -> None:
    app = Rows()
    async with app.run_test(size=(80, 24)):
        enter, message = app.query_one(EnterRow), app.query_one(MessageRow)
        enter.show("Enter = POST 65.00", chips=["F4 other"])
        assert said(enter).rstrip() == "Enter = POST 65.00  F4 other"
        enter.show("Enter = POST 65.00", error="birth date needs the year")
        assert said(enter).rstrip() == "ERR birth date needs the year"
        assert styled(enter, STOP) == "ERR"
        message.show("NOT SAVED", "error")
        assert said(message).rstrip() == "NOT SAVED"
        assert styled(message, PRIMARY).strip() == "NOT SAVED"
        message.show("12b does the same", "coach")
        assert said(message).rstrip() == "12b does the same"


async def test_key_row_keeps_whole_entries_and_help() -> None:
    app = Rows()
    async with app.run_test(size=(40, 24)):
        keys = app.query_one(KeyRow)
        keys.show(KEYS, entry="12")
        assert said(keys).rstrip() == "12_  12c In  o Out  b Book  r Move  ?"


async def test_the_same_words_are_painted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Rows()
    async with app.run_test(size=(80, 24)) as pilot:
        message = app.query_one(MessageRow)
        message.show("Kept")
        await pilot.pause()
        painted: list[str] = []
        monkeypatch.setattr(message, "refresh", lambda *a, **k: painted.append(said(message)))
        message.show("Kept")
        assert painted == []
        message.show("Sent")
        assert [text.rstrip() for text in painted] == ["Sent"]


@pytest.mark.parametrize("nasty", NASTY)
async def test_whatever_it_says_a_row_is_one_line(nasty: str) -> None:
    app = Rows()
    async with app.run_test(size=(41, 10)):
        app.query_one(HeaderRow).show(Header(nasty * 9, nasty, nasty, user=nasty, desk=nasty))
        app.query_one(BannerRow).show_patient(nasty * 20, [nasty, Part(nasty * 9, "stop")])
        app.query_one(TextRow).show(nasty * 30, Part(nasty))
        app.query_one(EnterRow).show(nasty, error=nasty * 30)
        app.query_one(MessageRow).show(nasty * 30, "error")
        app.query_one(KeyRow).show([(nasty, nasty * 3)] * 4, entry=nasty)
        for row in app.query(OneRow):
            assert row.size.height == 1
            assert cell_len(said(row)) == 41
            assert row.render_line(0).cell_length == 41
            assert not set(said(row)) & set("\x1b\x07\x9b\n\u202e")
