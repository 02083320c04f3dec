"""Bytes become keys: the safe ones on every terminal, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events, messages

from deskterm.terminal.keys import CHORD, LATE, PASTE_LIMIT, PASTE_PAUSE, KeyParser

DELAY = 0.2


def typed(*chunks: tuple[float, str]) -> list[str]:
    """The keys of text arriving in chunks, each so many seconds after the one before."""
    parser, now, found = KeyParser(DELAY), 100.0, []
    for gap, text in (*chunks, (LATE * 2, "")):
        end = now + gap
        while (due := parser.due(now)) is not None and now + due < end:
            now += due
            found += parser.tick(now)
        now = end
        found += parser.feed(text, now)
    return [
        event.key
        if isinstance(event, events.Key)
        else f"paste:{event.text}"
        if isinstance(event, events.Paste)
        else type(event).__name__
        for event in found
    ]


SAFE = {
    # xterm, PuTTY and rxvt, Linux console
    "f1": ["\x1bOP", "\x1b[11~", "\x1b[[A"],
    "f2": ["\x1bOQ", "\x1b[12~", "\x1b[[B"],
    "f3": ["\x1bOR", "\x1b[13~", "\x1b[[C"],
    "f4": ["\x1bOS", "\x1b[14~", "\x1b[[D"],
    "f5": ["\x1b[15~", "\x1b[[E"],
    "f6": ["\x1b[17~"],
    "f7": ["\x1b[18~"],
    "f8": ["\x1b[19~"],
    "f9": ["\x1b[20~"],
    "f10": ["\x1b[21~"],
    "f12": ["\x1b[24~"],
    "up": ["\x1b[A", "\x1bOA"],
    "down": ["\x1b[B", "\x1bOB"],
    "right": ["\x1b[C", "\x1bOC"],
    "left": ["\x1b[D", "\x1bOD"],
    "home": ["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"],
    "end": ["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"],
    "insert": ["\x1b[2~"],
    "delete": ["\x1b[3~"],
    "pageup": ["\x1b[5~"],
    "pagedown": ["\x1b[6~"],
    "enter": ["\r", "\x1bOM"],
    "ctrl+j": ["\n"],
    "tab": ["\t"],
    "shift+tab": ["\x1b[Z", "\x1b\t"],
    "backspace": ["\x7f", "\x08"],
    "escape": ["\x1b"],
    "space": [" "],
    "a": ["a"],
    "é": ["é"],
    "5": ["5", "\x1bOu"],
    "full_stop": [".", "\x1bOn"],
    "asterisk": ["*", "\x1bOj"],
    "plus": ["+", "\x1bOk"],
    **{f"ctrl+{c}": [chr(ord(c) - 96)] for c in "acdefgklnopqrstuvwxyz"},
}


@pytest.mark.parametrize(
    ("key", "sequence"), [(key, sequence) for key, found in SAFE.items() for sequence in found]
)
def test_every_safe_key_in_every_encoding(key: str, sequence: str) -> None:
    assert typed((0, sequence)) == [key]
    assert typed((0, sequence + "\r")) == ([key, "enter"] if sequence != "\x1b" else [])


UNSAFE = [
    "\x1bf", "\x1bb", "\x1bx", "\x1b5", "\x1b-", "\x1b=", "\x1b\r", "\x1b/", "\x1b\x7f",
    "\x1b[1;5A", "\x1b[1;2P", "\x1b[1;2R", "\x1b[25~", "\x1b[34~", "\x1b[23~", "\x1b[11^",
    "\x1b[a", "\x1bOa", "\x1bOb", "\x1bOl", "\x1b[5A", "\x1b[M", "\x1b[I", "\x1b[O", "\x1b[c",
    "\x1b[99;99x", "\x1b[1114112;1u", "\x1b[97;5u", "\x1b[27;5;13~", "\x1b[24;80R",
    "\x1b[<0;3;4M", "\x1b[48;24;80;480;800t", "\x1b[?62;22c", "\x1b[?2048;1$y",
    "\x1b]0;title\x07", "\x1b]52;c;aGk=\x1b\\", "\x1bP1$r0m\x1b\\", "\x1b_x\x1b\\", "\x1b^x\x1b\\",
    "\x1b[" + "1;" * 500 + "A", "\x1bP" + "q" * 9000 + "\x1b\\", "\x9b31m"[:1], "\x85",
]  # fmt: skip


@pytest.mark.parametrize("sequence", UNSAFE)
def test_anything_else_is_dropped_whole(sequence: str) -> None:
    assert typed((0, sequence)) == []
    assert typed((0, "a" + sequence + "b")) == ["a", "b"]


def test_alt_is_no_key_but_esc_and_then_a_letter_are_two() -> None:
    assert typed((0, "\x1bb")) == []
    assert typed((0, "\x1b"), (CHORD * 2, "b")) == ["escape", "b"]
    assert typed((0, "\x1b"), (DELAY * 2, "b")) == ["escape", "b"]
    assert typed((0, "\x1b\x1b[B")) == ["escape", "down"]
    assert typed((0, "\x1b\x1b")) == ["escape", "escape"]


@pytest.mark.parametrize("gap", [0.02, 0.06, 0.15, 0.19])
def test_a_key_whose_bytes_come_apart_is_still_that_key(gap: float) -> None:
    assert typed((0, "\x1b"), (gap, "[A")) == ["up"]
    assert typed((0, "\x1b["), (gap, "A")) == ["up"]
    assert typed((0, "\x1b"), (gap, "["), (gap, "1"), (gap, "5~")) == ["f5"]
    assert typed((0, "\x1b"), (gap, "OQ")) == ["f2"]


@pytest.mark.parametrize("gap", [0.25, 0.4, 0.59])
def test_a_tail_that_comes_too_late_is_one_back_and_no_letter(gap: float) -> None:
    assert typed((0, "\x1b"), (gap, "[A")) == ["escape"]
    assert typed((0, "\x1b"), (gap, "[15~")) == ["escape"]
    assert typed((0, "\x1b"), (gap, "OQ")) == ["escape"]
    assert typed((0, "\x1b"), (gap, "["), (0.3, "A"), (0.1, "b")) == ["escape", "b"]


def test_people_may_type_brackets_and_big_letters_after_esc() -> None:
    assert typed((0, "\x1b"), (0.3, "["), (0.1, "a")) == ["escape", "left_square_bracket", "a"]
    assert typed((0, "\x1b"), (0.3, "O"), (0.1, "A")) == ["escape", "O", "A"]
    assert typed((0, "\x1b"), (0.3, "Ok")) == ["escape", "O", "k"]
    assert typed((0, "\x1b"), (1.0, "[A")) == ["escape", "left_square_bracket", "A"]
    assert typed((0, "\x1b"), (0.3, "[")) == ["escape", "left_square_bracket"]


def test_a_broken_sequence_does_not_eat_the_next_key() -> None:
    assert typed((0, "\x1b[1\r")) == ["enter"]
    assert typed((0, "\x1b[1\x1bOP")) == ["f1"]
    assert typed((0, "\x1b[1"), (1, "a")) == ["a"]
    assert typed((0, "\x1b]0;never ended"), (1, "a")) == ["a"]


def test_a_paste_is_one_event() -> None:
    assert typed((0, "\x1b[200~a\x1b[31mb\rc\x1b[201~d")) == ["paste:a\x1b[31mb\rc", "d"]
    assert typed((0, "\x1b[200~\x1b[201~d")) == ["d"]


def test_a_paste_without_end_ends_in_silence() -> None:
    assert typed((0, "\x1b[200~abc"), (PASTE_PAUSE + 0.1, "d")) == ["paste:abc", "d"]


def test_a_huge_paste_is_cut() -> None:
    [found, after] = typed((0, "\x1b[200~" + "x" * (PASTE_LIMIT * 2) + "\x1b[201~q"))
    assert len(found) == PASTE_LIMIT + len("paste:")
    assert after == "q"


def test_the_answer_about_synchronised_output_is_heard() -> None:
    parser = KeyParser(DELAY)
    [event] = parser.feed("\x1b[?2026;2$y", 0)
    assert isinstance(event, messages.TerminalSupportsSynchronizedOutput)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.01, 0.1, 0.3, 1.0, 3.0]),
            st.text(
                st.sampled_from("\x1b\x1b[[OMP;0159~A]Pab\r\t\x07\\\x00\x9b\ud800é"), max_size=12
            ),
        ),
        max_size=12,
    )
)
def test_no_bytes_break_the_parser_and_it_always_comes_to_rest(
    chunks: list[tuple[float, str]],
) -> None:
    typed(*chunks)
    assert typed(*chunks, (5.0, "z"), (5.0, "\x1b[201~"), (5.0, "z"))[-1] == "z"
