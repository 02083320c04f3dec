"""Field specifications, the line editor, and a form's rules without a screen."""

from __future__ import annotations

from datetime import date

import peewee
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskterm.db.fields import Choice, CleanText, Day
from deskterm.errors import Invalid
from deskterm.text import UNSAFE, width
from deskterm.widgets.field_editor import (
    LineEditor,
    glyphs,
    pasted_line,
    typed_character,
    wrap,
)
from deskterm.widgets.field_layout import lay_out
from deskterm.widgets.field_paint import Canvas
from deskterm.widgets.field_sheet import CARD_REFUSED, Sheet
from deskterm.widgets.fields import FieldSpec, matching
from deskterm.widgets.styles import PLAIN

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
TOPICS = (("rx", "refill"), ("res", "result"), ("appt", "appointment"), ("wn", "wrong no"))
CARD = "4111 1111 1111 1111"


def read_day(text: str) -> tuple[date, str]:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Invalid("birth date needs the year", "Type 1982-03-14") from None
    return day, f"{day:%a}"


def test_editing_keys_move_and_delete_as_a_typist_expects() -> None:
    line = LineEditor("smith john")
    line.key("ctrl+w")
    assert (line.text, line.cursor) == ("smith ", 6)
    line.insert("joan")
    line.key("home")
    line.key("delete")
    line.insert("S")
    assert line.text == "Smith joan"
    line.key("right")
    line.key("ctrl+k")
    assert line.text == "Sm"
    line.key("ctrl+u")
    assert (line.text, line.cursor) == ("", 0)
    line.key("backspace")
    line.key("left")
    assert (line.text, line.cursor) == ("", 0)
    assert not line.key("f5")


@pytest.mark.parametrize(
    "letter", ["e\u0301", FAMILY, "\u674e", "\U0001f1e9\U0001f1ea", "\u0e01\u0e33"]
)
def test_a_letter_made_of_several_characters_is_one_step(letter: str) -> None:
    line = LineEditor(f"a{letter}b")
    line.key("left")
    line.key("left")
    assert line.cursor == 1
    line.key("delete")
    assert line.text == "ab"
    line.insert(letter)
    line.key("backspace")
    assert line.text == "ab"


@given(st.text(max_size=40), st.lists(st.sampled_from(["left", "right", "backspace", "delete"])))
def test_cursor_never_stands_inside_a_letter(text: str, keys: list[str]) -> None:
    line = LineEditor(text)
    for key in keys:
        line.key(key)
        borders = {g.start for g in glyphs(line.text)} | {len(line.text)}
        assert line.cursor in borders


@given(st.text(max_size=60), st.integers(4, 20), st.integers(0, 60))
def test_the_cursor_is_always_in_the_window(text: str, cells: int, cursor: int) -> None:
    line = LineEditor(text)
    line.set(text, cursor)
    shown, at = line.window(cells)
    assert 0 <= at < cells
    assert width(shown) <= cells
    assert not UNSAFE.search(shown)


def test_a_long_text_scrolls_and_says_so() -> None:
    line = LineEditor("abcdefghijklmnopqrstuvwxyz")
    shown, at = line.window(10)
    assert shown.startswith("~") and shown.endswith("z") and at == len(shown)
    line.home()
    shown, at = line.window(10)
    assert shown == "abcdefghi~" and at == 0


@given(st.text(alphabet="ab \n\u674e", max_size=80), st.integers(4, 12))
def test_wrapping_loses_nothing(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert "".join(line for _, line in lines) == text.replace("\n", "")
    assert all(text[start : start + len(line)] == line for start, line in lines)
    assert all(width(line) <= cells for _, line in lines)


def test_wrapped_rows_are_walked_with_the_cursor_kept_in_its_cell() -> None:
    line = LineEditor("needs it before the trip on Friday")
    lines, row, _ = line.wrapped(12)
    assert [text for _, text in lines] == ["needs it ", "before the ", "trip on ", "Friday"]
    assert row == 3
    assert line.move_row(-1, 12)
    assert line.wrapped(12)[1] == 2
    assert not line.move_row(5, 12)


def test_alt_and_control_letters_type_nothing() -> None:
    assert typed_character("alt+x", "x") == ""
    assert typed_character("ctrl+a", "\x01") == ""
    assert typed_character("x", "x") == "x"
    assert typed_character("escape", "\x1b") == ""
    assert typed_character("non_breaking", "\xa0") == " "


def test_paste_takes_the_first_line_or_joins() -> None:
    assert pasted_line("\n555-0100\nsecond") == "555-0100"
    assert pasted_line("one\r\n two\n", joined=True) == "one two"
    assert pasted_line("") == ""


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("rx", ["rx"]),
        ("refill", ["rx"]),
        ("re", ["rx", "res"]),
        ("res", ["res"]),
        ("result", ["res"]),
        ("RX  Refill", ["rx"]),
        ("no", ["wn"]),
        ("zz", []),
        ("!", []),
    ],
)
def test_choice_by_prefix_of_code_or_name(typed: str, codes: list[str]) -> None:
    assert [code for code, _ in matching(typed, TOPICS)] == codes


def test_the_shorter_of_two_codes_can_be_typed() -> None:
    assert matching("a", [("a", "alpha"), ("ab", "beta")]) == [("a", "alpha")]
    assert matching("+", [("+", "plus"), ("-", "minus")]) == [("+", "plus")]


class Person(peewee.Model):
    family = CleanText(limit=60, verbose_name="Surname", help_text="As on the card")
    sex = Choice([("F", "female"), ("M", "male")], null=True)
    born = Day()
    notes = CleanText(limit=500, lines=True, null=True)
    texts_ok = peewee.BooleanField(default=False)


def test_a_specification_is_read_from_the_model_field() -> None:
    family = FieldSpec.from_model(Person.family, required=True)
    assert (family.label, family.help, family.limit) == ("Surname", "As on the card", 60)
    assert family.required and family.kind == "text" and family.empty == ""
    sex = FieldSpec.from_model(Person.sex)
    assert sex.kind == "choice" and not sex.required and sex.read("f", {}).value == "F"
    assert FieldSpec.from_model(Person.notes).kind == "lines"
    born = FieldSpec.from_model(Person.born, parse=read_day)
    assert born.required and born.read("1982-03-14", {}).value == date(1982, 3, 14)
    texts = FieldSpec.from_model(Person.texts_ok)
    assert texts.read("yes", {}).value is True and texts.read("n", {}).value is False
    assert texts.shown(False, {}) == "n  no"
    with pytest.raises(TypeError, match="needs a parse"):
        FieldSpec.from_model(Person.born)


def test_reading_explains_and_never_raises() -> None:
    born = FieldSpec("born", "Birth date", parse=read_day)
    assert born.read("0314", {}).error == "birth date needs the year. Type 1982-03-14"
    name = FieldSpec("name", "Name", limit=5)
    assert "at most 5" in name.read("abcdef", {}).error
    assert "control" in name.read("a\x1b[2J", {}).error
    topic = FieldSpec("topic", "Topic", "choice", choices=TOPICS)
    assert topic.read("re", {}).error == "Which one: rx, res? F4 shows them"
    assert topic.read("wro", {}).echo == "wn  wrong no"


def sheet(**values: object) -> Sheet:
    return Sheet(
        [
            FieldSpec("who", "Who", required=True, empty=""),
            FieldSpec("caller", "Caller", default="self", required=True),
            FieldSpec("topic", "Topic", "choice", choices=TOPICS, required=True),
            FieldSpec("drug", "Drug", visible_when=lambda v: v["topic"] == "rx", required=True),
            FieldSpec("best", "Best time", ask=True),
            FieldSpec("total", "Total", "fact", fact=lambda v: f"{v['who']}!"),
            FieldSpec("note", "Note", "lines"),
            FieldSpec("pin", "PIN", secret=True),
        ],
        values,
    )


def test_gaps_are_what_is_missing_and_defaults_are_not() -> None:
    form = sheet()
    assert form.next_gap("note") == "who"
    form.editors["who"].set("x")
    assert form.next_gap("who") == "topic"
    form.editors["topic"].set("refi")
    assert form.check("topic") == "" and form.text("topic") == "rx  refill"
    assert "drug" in form.visible() and form.next_gap("topic") == "drug"
    form.editors["topic"].set("appt")
    assert "drug" not in form.visible()
    assert form.next_gap("topic") == "best"
    form.visit("best")
    assert form.next_gap("best") is None
    assert form.values()["caller"] == "self"
    assert form.fact("total") == "x!"


def test_a_value_of_the_record_stands_even_if_it_would_be_refused_today() -> None:
    form = Sheet([FieldSpec("born", "Born", parse=read_day)], {"born": "about 1950"})
    assert form.check("born") == ""
    assert form.values() == {"born": "about 1950"}
    form.editors["born"].set("about 1951")
    assert form.check("born").startswith("birth date needs")


@pytest.mark.parametrize("number", [CARD, "4111111111111111", "my card 4111-1111-1111-1111 ok"])
def test_a_card_number_is_refused_and_never_in_a_draft(number: str) -> None:
    form = sheet()
    form.editors["note"].set(number)
    assert "1111" not in str(form.state("note")) and "1111" not in str(form.state("who"))
    assert form.check("note") == CARD_REFUSED
    assert form.text("note") == "" and form.errors["note"] == CARD_REFUSED


def test_half_a_card_number_is_not_in_a_draft_while_it_grows() -> None:
    form = sheet()
    form.editors["note"].set("call back 411111111111")
    assert form.state("note")["texts"]["note"] == "call back "
    form.editors["note"].set("ring 217-555-0142 or 217-555-0199 please")
    assert form.state("note")["texts"]["note"] == "ring 217-555-0142 or 217-555-0199 please"


def test_drafts_hold_no_secret_and_survive_rubbish() -> None:
    form = sheet()
    form.editors["pin"].set("2468")
    form.editors["who"].set("Example, Pat")
    state = form.state("who")
    assert "2468" not in str(state)
    again = sheet()
    again.restore(state)
    assert again.text("who") == "Example, Pat" and again.dirty
    again.restore({"texts": {"gone": "x", "who": 5, "total": "x"}, "people": 3, "visited": "no"})
    assert again.text("who") == "Example, Pat" and again.text("total") == ""


def test_canvas_filters_and_repairs_halves() -> None:
    canvas = Canvas(10, 1)
    canvas.put(0, 0, "\x1b]0;x\x07\u674e\u202eb", PLAIN)
    assert "\x1b" not in canvas.text(0) and "\u202e" not in canvas.text(0)
    other = Canvas(10, 1)
    other.put(0, 0, "\u674e\u674e", PLAIN)
    other.put(1, 0, "x", PLAIN)
    assert width(other.text(0)) == 10 and other.text(0).startswith(" x\u674e")
    same = Canvas(10, 1)
    assert same.changed(Canvas(10, 1), 0) is None
    assert other.changed(same, 0) == (1, 4)


@pytest.mark.parametrize(("room", "columns"), [(80, 2), (140, 2), (80, 1), (40, 2)])
def test_fields_never_overlap_and_stay_in_the_room(room: int, columns: int) -> None:
    specs = [
        FieldSpec(
            f"f{n}", f"Label {n}", width=5 * (n % 9) + 2, beside=n % 4 == 3, group=str(n // 5)
        )
        for n in range(20)
    ]
    layout = lay_out(specs, room, columns)
    taken: set[tuple[int, int]] = set()
    for place in layout.places.values():
        cells = {(place.y, x) for x in range(place.x, place.box_x + place.box + 2)}
        assert not taken & cells
        assert place.box_x + place.box + 2 <= room
        assert place.y not in layout.headings
        taken |= cells
    order = [(p.y, p.x) for p in layout.places.values()]
    assert order == sorted(order)
    assert layout.height == max(y for y, _ in order) + 1
