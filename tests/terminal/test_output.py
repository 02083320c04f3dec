"""No name ever drives a terminal, and none is read as markup."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip

from deskterm.terminal.output import OutputFilter, show, show_block
from deskterm.text import UNSAFE
from tests.terminal.conftest import StartDemo
from tests.terminal.payloads import PAYLOADS, leaks
from tests.terminal.tmux_desk import TmuxDesk

BLACK = Color(0, 0, 0)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_show_neither_parses_nor_passes_on(payload: str) -> None:
    shown = show(payload, "attention")
    assert UNSAFE.search(shown.plain) is None
    assert shown.plain == UNSAFE.sub("", payload)
    assert all("@click" not in str(span.style) for span in shown.spans)


def test_show_takes_any_value_and_keeps_lines_only_when_asked() -> None:
    assert show(12).plain == "12"
    assert show("a\nb").plain == "ab"
    assert show_block("a\nb\x1b[31m").plain == "a\nb[31m"


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_the_filter_drops_and_keeps_the_width(payload: str) -> None:
    linked = Style(color="red", link="https://pwned.example/", dim=True)
    [segment] = OutputFilter().apply([Segment(payload, linked)], BLACK)
    assert UNSAFE.search(segment.text) is None
    assert cell_len(segment.text) == cell_len(payload)
    assert segment.style is not None
    assert segment.style.link is None
    assert not segment.style.dim


def test_the_filter_leaves_plain_text_and_control_codes_alone() -> None:
    strip = Strip([Segment("Ann O'Neil-Müller \u200d", Style(bold=True))])
    assert list(strip.apply_filter(OutputFilter(), BLACK)) == list(strip)


@pytest.mark.terminal
def test_no_payload_leaks_from_any_widget(demo: StartDemo) -> None:
    desk = demo("leaks", size=(100, 40))
    desk.mark()
    for n in range(len(PAYLOADS)):
        desk.send("n")
        desk.wait_for(f"PAYLOAD {n}")
    desk.send("n")
    desk.wait_for("ALL SHOWN")
    assert leaks(desk.bytes_since_mark()) == []


@pytest.mark.terminal
def test_no_payload_reaches_a_real_terminal_s_title_or_clipboard(demo: StartDemo) -> None:
    desk = demo("leaks", tmux=True, size=(100, 40))
    assert isinstance(desk, TmuxDesk)
    title = desk.tmux("display-message", "-p", "#{pane_title}")
    for n in range(len(PAYLOADS)):
        desk.send("n")
        desk.wait_for(f"PAYLOAD {n}")
    assert desk.tmux("display-message", "-p", "#{pane_title}") == title
    assert desk.tmux("list-buffers") == ""


def test_the_leak_counter_sees_a_leak() -> None:
    assert leaks(b"\x1b[1;1HAnn\x1b[0m") == []
    leaking = [name for name, text in PAYLOADS.items() if leaks(text.encode())]
    assert len(leaking) >= 20
