"""Forms as a clerk fills them in: keys in, text and messages out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.pilot import Pilot

from deskterm.errors import Invalid
from deskterm.text import UNSAFE, width
from deskterm.widgets.field_sheet import CARD_REFUSED
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.record_form import RecordForm

TOPICS = (("rx", "refill"), ("res", "result"), ("appt", "appointment"), ("wn", "wrong no"))


def read_day(text: str) -> tuple[date, str]:
    if len(text) == 6 and text.isdigit():
        return date(1900 + int(text[4:]), int(text[:2]), int(text[2:4])), "44 years"
    raise Invalid("birth date needs the year", "Type 031482", field="born")


SPECS = [
    FieldSpec("family", "Surname", required=True, limit=60, example="Example"),
    FieldSpec("given", "Given name", required=True, limit=60),
    FieldSpec(
        "born",
        "Birth date",
        required=True,
        parse=read_day,
        show=lambda day: f"{day:%m/%d/%Y}",
        width=12,
    ),
    FieldSpec("topic", "Topic", "choice", choices=TOPICS, group="Call"),
    FieldSpec("caller", "Caller", default="self", required=True, group="Call"),
    FieldSpec("note", "Note", "lines", rows=2, group="Call"),
]


class Desk(App[None]):
    """One form and everything it says."""

    AUTO_FOCUS = ""
    CSS = "Screen { layout: vertical; }"

    def __init__(self, form: RecordForm) -> None:
        super().__init__()
        self.form = form
        self.heard: list[Message] = []
        self.passed: list[str] = []
        self.find: Callable[[RecordForm.PersonWanted], None] | None = None

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.form

    def on_mount(self) -> None:
        self.screen.set_focus(self.form)

    def on_key(self, event: events.Key) -> None:
        self.passed.append(event.key)

    def on_record_form_done(self, message: RecordForm.Done) -> None:
        self.heard.append(message)

    def on_record_form_said(self, message: RecordForm.Said) -> None:
        self.heard.append(message)

    def on_record_form_typed(self, message: RecordForm.Typed) -> None:
        self.heard.append(message)

    def on_record_form_help_wanted(self, message: RecordForm.HelpWanted) -> None:
        self.heard.append(message)

    def on_record_form_person_wanted(self, message: RecordForm.PersonWanted) -> None:
        self.heard.append(message)
        if self.find is not None:
            self.find(message)

    def all(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.heard if isinstance(message, kind)]

    def burst(self, text: str) -> None:
        """Keys as one write brings them: all queued before any is handled."""
        names = {"\r": "enter", "\t": "tab"}
        for c in text:
            self.form.post_message(events.Key(names.get(c, c), None if c in names else c))


@asynccontextmanager
async def desk(
    specs: list[FieldSpec] | None = None,
    values: dict[str, Any] | None = None,
    size: tuple[int, int] = (80, 24),
    **options: Any,
) -> AsyncIterator[tuple[Desk, Pilot[None]]]:
    app = Desk(RecordForm(specs or SPECS, values, **options))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def type_(app: Desk, pilot: Pilot[None], text: str) -> None:
    app.burst(text)
    await pilot.pause()


async def test_enter_walks_the_gaps_and_then_does_it() -> None:
    async with desk(verb="SAVE the call") as (app, pilot):
        form = app.form
        assert form.field == "family" and form.enter_says == "Needed here: surname"
        assert form.hint == "Surname: Example"
        await type_(app, pilot, "example\r")
        assert form.field == "given"
        await type_(app, pilot, "pat")
        assert form.enter_says == "Enter = birth date, then SAVE the call"
        await type_(app, pilot, "\r031482")
        assert any("44 years" in line for line in form.lines())
        assert form.enter_says == "Enter = SAVE the call"
        await type_(app, pilot, "\r")
        (done,) = app.all(RecordForm.Done)
        assert done.values == {
            "family": "example",
            "given": "pat",
            "born": date(1982, 3, 14),
            "topic": None,
            "caller": "self",
            "note": None,
        }
        assert "[03/14/1982" in "\n".join(form.lines())


async def test_a_burst_of_keys_lands_field_by_field() -> None:
    async with desk() as (app, pilot):
        await type_(app, pilot, "example\rpat\r031482\r")
        assert app.all(RecordForm.Done)[0].values["given"] == "pat"


async def test_an_error_stands_beside_its_field_and_the_cursor_stays() -> None:
    async with desk() as (app, pilot):
        form = app.form
        await type_(app, pilot, "example\rpat\r0314\r")
        assert form.field == "born"
        said = app.all(RecordForm.Said)[-1]
        assert said.level == "error" and said.text.startswith("birth date needs the year")
        line = next(line for line in form.lines() if line.startswith("Birth date"))
        assert "![0314" in line and "needs the year" in line
        await type_(app, pilot, "82\r")
        assert form.errors == {} and app.all(RecordForm.Done)


async def test_tab_leaves_a_wrong_field_marked_and_others_stay_usable() -> None:
    async with desk() as (app, pilot):
        await type_(app, pilot, "example\rpat\r0314\t")
        assert app.form.field == "topic" and "born" in app.form.errors
        await type_(app, pilot, "rx\r")
        assert app.form.field == "born" and not app.all(RecordForm.Done)


async def test_required_and_empty_is_said_and_tab_passes() -> None:
    async with desk() as (app, pilot):
        await pilot.press("enter")
        assert "surname is needed" in app.all(RecordForm.Said)[-1].text
        assert app.form.field == "family"
        await pilot.press("tab", "down", "shift+tab", "up")
        assert app.form.field == "family"


async def test_a_default_is_replaced_by_typing_and_edited_by_arrows() -> None:
    async with desk() as (app, pilot):
        app.form.go_to("caller")
        await type_(app, pilot, "mother")
        assert app.form.values["caller"] == "mother"
        await pilot.press("ctrl+z")
        assert app.form.values["caller"] == "self"
        app.form.go_to("caller")
        await pilot.press("end", "2")
        assert app.form.values["caller"] == "self2"


async def test_choices_open_filter_and_are_picked_by_digit() -> None:
    async with desk() as (app, pilot):
        form = app.form
        form.go_to("topic")
        await pilot.press("question_mark")
        shown = "\n".join(form.lines())
        assert "1 rx  refill" in shown and "4 wn  wrong no" in shown
        assert form.enter_says == "Enter = pick"
        await pilot.press("r", "e")
        shown = "\n".join(form.lines())
        assert "2 res  result" in shown and "wrong no" not in shown
        await pilot.press("2")
        assert form.values["topic"] == "res" and form.field == "family"
        form.go_to("topic")
        await pilot.press("f4", "down", "enter")
        assert form.values["topic"] == "appt"
        form.go_to("topic")
        await pilot.press("down", "escape")
        assert "Esc closes" not in "\n".join(form.lines())
        assert form.values["topic"] == "appt" and form.field == "topic"


async def test_a_digit_that_a_code_goes_on_with_is_text() -> None:
    visits = (("fu20", "follow-up"), ("fu40", "long follow-up"), ("pe", "physical"))
    specs = [FieldSpec("visit", "Visit", "choice", choices=visits)]
    async with desk(specs) as (app, pilot):
        await pilot.press("f4", "f", "u", "4", "0", "enter")
        assert app.all(RecordForm.Done)[0].values == {"visit": "fu40"}


async def test_an_ambiguous_prefix_says_which_ones() -> None:
    async with desk([SPECS[3]]) as (app, pilot):
        await type_(app, pilot, "re\r")
        assert app.all(RecordForm.Said)[-1].text == "Which one: rx, res? F4 shows them"
        await type_(app, pilot, "f\r")
        assert app.all(RecordForm.Done)[0].values == {"topic": "rx"}


async def test_lone_signs_repeat_step_back_and_ask_for_help() -> None:
    last = {"family": "Sample"}
    async with desk(last=last.get) as (app, pilot):
        form = app.form
        await type_(app, pilot, "=\r")
        assert form.values["family"] == "Sample" and form.field == "given"
        await type_(app, pilot, "=\r")
        assert "No earlier given name" in app.all(RecordForm.Said)[-1].text
        await pilot.press("backspace")
        await type_(app, pilot, "<\r")
        assert form.field == "family" and form.values["given"] is None
        await type_(app, pilot, "?\r")
        assert app.all(RecordForm.HelpWanted)[-1].name == "family"
        assert form.values["family"] == "Sample"


async def test_a_sign_that_the_parser_reads_itself_is_left_to_it() -> None:
    pay = FieldSpec("pay", "Pay", parse=lambda text: (6500, "65.00"), reads="=")
    async with desk([pay]) as (app, pilot):
        await type_(app, pilot, "=\r")
        assert app.all(RecordForm.Done)[0].values == {"pay": 6500}


PEOPLE = [
    FieldSpec("about", "About", "person", required=True, width=40),
    FieldSpec("words", "Words", required=True),
]


async def test_keys_wait_while_a_person_is_looked_for() -> None:
    async with desk(PEOPLE) as (app, pilot):
        app.find = lambda m: app.form.set_value(m.name, 7, "EXAMPLE, PAT #10482")
        await type_(app, pilot, "exa\rcall her\r")
        assert app.all(RecordForm.PersonWanted)[0].text == "exa"
        assert app.all(RecordForm.Done)[0].values == {"about": 7, "words": "call her"}


async def test_a_person_not_found_is_an_error_of_the_field() -> None:
    async with desk(PEOPLE) as (app, pilot):
        app.find = lambda m: app.form.set_error(m.name, "Nobody of that name")
        await type_(app, pilot, "zzz\r")
        assert app.form.field == "about" and app.form.errors["about"] == "Nobody of that name"
        await type_(app, pilot, "\tx\r")
        assert app.form.field == "about" and not app.all(RecordForm.Done)


async def test_the_screen_may_take_the_waiting_keys_over() -> None:
    async with desk(PEOPLE) as (app, pilot):
        await type_(app, pilot, "exa\r2")
        assert app.form.release() == [("2", "2")]
        await type_(app, pilot, "m")
        assert app.form.sheet.text("about") == "exam"


async def test_a_draft_comes_back_at_the_same_letter() -> None:
    async with desk(PEOPLE) as (app, pilot):
        app.form.set_value("about", 7, "EXAMPLE, PAT #10482")
        app.form.go_to("words")
        await type_(app, pilot, "call hr")
        await pilot.press("left")
        state = app.form.state()
    async with desk(PEOPLE) as (app, pilot):
        assert not app.form.dirty
        app.form.restore(state)
        assert app.form.dirty
        await type_(app, pilot, "e\r")
        assert app.all(RecordForm.Done)[0].values == {"about": 7, "words": "call her"}


async def test_every_change_is_told_for_the_draft() -> None:
    async with desk() as (app, pilot):
        await type_(app, pilot, "ab")
        await pilot.press("backspace", "backspace", "backspace")
        assert len(app.all(RecordForm.Typed)) == 4


async def test_the_office_can_mark_a_field() -> None:
    async with desk() as (app, pilot):
        await type_(app, pilot, "example\rpat\r031482\r")
        app.form.set_error("given", "The registry has another name")
        await pilot.pause()
        assert app.form.field == "given"
        assert "registry" in app.all(RecordForm.Said)[-1].text
        await type_(app, pilot, "x\r")
        assert app.form.errors == {} and len(app.all(RecordForm.Done)) == 2


async def test_a_card_number_is_refused_cleared_and_said() -> None:
    async with desk() as (app, pilot):
        await type_(app, pilot, "4111111111111111")
        assert "411111" not in str(app.form.state())
        await type_(app, pilot, "\r")
        assert app.all(RecordForm.Said)[-1].text == CARD_REFUSED
        assert "4111" not in "\n".join(app.form.lines())


@pytest.mark.parametrize(
    "payload",
    ["\x1b]0;owned\x07", "[red]x[/red]", "[/]", "\u202eevil", "\x9b2J", "a\u200bb", "{0}"],
)
async def test_no_value_acts_on_the_terminal(payload: str) -> None:
    specs = [
        *SPECS,
        FieldSpec("fact", payload, "fact", fact=lambda v: payload, group=payload),
        FieldSpec("c", "C", "choice", choices=((payload, payload), ("b", "b")), default=payload),
    ]
    async with desk(specs, {"family": payload, "note": payload}) as (app, pilot):
        app.form.go_to("c")
        await pilot.press("f4")
        for name in ("family", "note"):
            app.form.set_error(name, payload)
        drawn = "".join(app.form.lines())
        assert not UNSAFE.search(drawn)
        if payload.isascii() and payload.isprintable():
            assert payload in drawn


async def test_pasted_controls_are_seen_and_refused() -> None:
    async with desk() as (app, pilot):
        app.form.post_message(events.Paste("ex\x1b[2Jample\nsecond line"))
        await pilot.pause()
        assert "[ex?[2Jample" in "\n".join(app.form.lines())
        await pilot.press("enter")
        assert "control" in app.form.errors["family"] and app.form.field == "family"


async def test_wide_letters_and_emoji_keep_the_box_aligned() -> None:
    async with desk() as (app, pilot):
        edge = app.form.lines()[0].rindex("]")
        await type_(app, pilot, "\u674e\u5c0f\u9f99e\u0301")
        await pilot.press("left", "left", "backspace")
        assert app.form.values["family"] == "\u674e\u9f99\u00e9"
        line = app.form.lines()[0]
        assert width(line[: line.rindex("]")]) == edge


async def test_a_long_text_scrolls_inside_its_box() -> None:
    async with desk() as (app, pilot):
        app.form.go_to("born")
        await type_(app, pilot, "abcdefghijklmnopqrstuvwxyz")
        line = next(line for line in app.form.lines() if line.startswith("Birth date"))
        assert "[~" in line and "z " in line and "abc" not in line
        await pilot.press("home")
        line = next(line for line in app.form.lines() if line.startswith("Birth date"))
        assert "[abcdefghijk~]" in line


async def test_notes_wrap_and_arrows_walk_their_lines() -> None:
    async with desk() as (app, pilot):
        form = app.form
        form.go_to("note")
        await type_(app, pilot, "needs it before the weekend trip, leaving on Friday " * 3)
        drawn = "\n".join(form.lines())
        assert "~needs it before" not in drawn and "leaving on Friday" in drawn
        await pilot.press("up", "up", "home", "X")
        assert form.sheet.text("note").startswith("Xneeds")
        await pilot.press("up")
        assert form.field == "caller"


async def test_a_long_form_scrolls_by_redraw_and_says_where() -> None:
    specs = [FieldSpec(f"f{n}", f"Field {n}") for n in range(40)]
    async with desk(specs) as (app, pilot):
        assert app.form.lines()[-1].endswith("lines 1-23 of 40")
        for _ in range(30):
            await pilot.press("tab")
        lines = app.form.lines()
        assert any(line.startswith("Field 30") for line in lines)
        assert not any(line.startswith("Field 0 ") for line in lines)
        await pilot.press("pageup")
        assert app.form.field == "f7"
        app.form.go_to("f39")
        await pilot.press("tab")
        assert app.form.field == "f0" and app.form.lines()[0].startswith("Field 0")


async def test_wider_rooms_hold_two_columns() -> None:
    specs = [FieldSpec(f"f{n}", f"Field {n}", width=15) for n in range(6)]
    for size in ((80, 24), (140, 40)):
        async with desk(specs, size=size, columns=2) as (app, _):
            lines = app.form.lines()
            assert "Field 0" in lines[0] and "Field 1" in lines[0]
            assert "Field 4" in lines[2] and len([x for x in lines if x]) == 3
    async with desk(specs, size=(60, 24), columns=2) as (app, _):
        assert "Field 1" in app.form.lines()[1]


async def test_a_secret_is_drawn_as_stars() -> None:
    async with desk([FieldSpec("pin", "PIN", secret=True)]) as (app, pilot):
        await type_(app, pilot, "2468")
        assert "[****" in app.form.lines()[0] and "2468" not in "".join(app.form.lines())


async def test_the_terminal_cursor_follows_and_a_key_repaints_few_cells() -> None:
    async with desk() as (app, pilot):
        await type_(app, pilot, "ab")
        box = app.form.lines()[0].index("[")
        assert app.cursor_position == (box + 3, 0)
        asked: list[Any] = []
        app.form.refresh = lambda *regions, **_: asked.extend(regions)  # type: ignore
        app.burst("c")
        await pilot.pause()
        assert sum(region.area for region in asked) <= 2


async def test_keys_of_the_app_are_not_swallowed() -> None:
    async with desk() as (app, pilot):
        await pilot.press("f5", "f2", "ctrl+f", "escape", "f1", "alt+x")
        assert app.passed == ["f5", "f2", "ctrl+f", "escape", "f1", "alt+x"]
        assert app.form.values["family"] is None
