"""A small desk to drive in a pseudo-terminal: a day, a finder, a form and a choice of day.

Run with a mode: ``desk`` (the flow), ``leaks`` (every payload in every kind of widget), ``crash``,
``slow`` (two seconds of work while a screen opens) or ``stuck`` (never leaves by itself).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from deskterm.terminal.launch import prepare_environment

prepare_environment()

from rich.segment import Segment  # noqa: E402
from textual import events  # noqa: E402
from textual.app import ComposeResult  # noqa: E402
from textual.binding import Binding  # noqa: E402
from textual.content import Content  # noqa: E402
from textual.screen import Screen  # noqa: E402
from textual.strip import Strip  # noqa: E402
from textual.widget import Widget  # noqa: E402
from textual.widgets import (  # noqa: E402
    Button,
    Checkbox,
    DataTable,
    Input,
    Label,
    OptionList,
    Static,
    Tree,
)

from deskterm.terminal.gate import focus_now  # noqa: E402
from deskterm.terminal.output import show  # noqa: E402
from deskterm.terminal.safe_app import SafeApp, run_desk  # noqa: E402
from deskterm.terminal.theme import PAIRS  # noqa: E402
from tests.terminal.payloads import PAYLOADS  # noqa: E402


class Ask(Screen[str]):
    """One question; Enter answers, Esc goes back."""

    BINDINGS = [Binding("escape", "back", "Back")]

    def __init__(self, question: str, careful: bool) -> None:
        super().__init__()
        self.question = question
        self.careful = careful

    def compose(self) -> ComposeResult:
        if self.app.slow:
            time.sleep(self.app.slow)
        yield Label(show(self.question))
        yield Input(compact=True)

    def on_mount(self) -> None:
        if self.careful:
            focus_now(self.query_one(Input))
        else:
            self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_back(self) -> None:
        self.dismiss("")


class Card(Screen[None]):
    """A patient: letters are commands. ``b`` books."""

    BINDINGS = [Binding("b", "book", "Book"), Binding("escape", "app.pop_screen", "Back")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.patient = name

    def compose(self) -> ComposeResult:
        yield Static(show(f"CARD {self.patient}"))

    def action_book(self) -> None:
        self.app.push_screen(Ask("PROVIDER", False), self.with_provider)

    def with_provider(self, provider: str | None) -> None:
        self.app.push_screen(Ask("DAY", True), lambda day: self.book(provider, day))

    def book(self, provider: str | None, day: str | None) -> None:
        self.app.done(f"{self.patient}/{provider}/{day}")


class Pairs(Widget):
    """Every colour pair, one a line."""

    def render_line(self, y: int) -> Strip:
        names = list(PAIRS)
        if y >= len(names):
            return Strip.blank(self.size.width)
        return Strip([Segment(names[y].ljust(self.size.width), PAIRS[names[y]])])


class Day(Screen[None]):
    """The day: any other letter here is a key that went astray."""

    BINDINGS = [
        Binding("x", "app.fail", "Crash"),
        Binding("q", "app.exit_now", "Leave"),
        Binding("down", "move(1)", "Down"),
        Binding("up", "move(-1)", "Up"),
        Binding("escape", "count_back", "Back"),
    ]
    row = 5
    backs = 0

    def compose(self) -> ComposeResult:
        yield Static(show("DAY"), id="title")
        yield Static(show("row 5 backs 0"), id="row")
        yield Static(show(""), id="keys")
        yield Static(show(""), id="done")
        yield Pairs()

    def action_move(self, by: int) -> None:
        self.row += by
        self.tell()

    def action_count_back(self) -> None:
        self.backs += 1
        self.tell()

    def tell(self) -> None:
        self.query_one("#row", Static).update(show(f"row {self.row} backs {self.backs}"))

    def on_key(self, event: events.Key) -> None:
        if event.character and event.is_printable and event.key not in ("x", "q"):
            self.app.stray.append(event.key)
            self.query_one("#keys", Static).update(show(f"stray {''.join(self.app.stray)}"))


class DemoApp(SafeApp):
    CSS = "Label, Static { height: 1; } Pairs { height: 9; }"
    BINDINGS = [
        Binding("f2", "find", "Find", priority=True),
        Binding("f3", "find_late", "Find, from a worker", priority=True),
    ]

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.slow = 2.0 if mode == "slow" else 0.0
        self.stray: list[str] = []
        self.finished: list[str] = []

    def get_default_screen(self) -> Screen:
        return Leaks() if self.mode == "leaks" else Day()

    async def action_find(self) -> None:
        await self.open(Ask("FIND", True), self.found)

    def action_find_late(self) -> None:
        self.run_worker(self.find_late())

    async def find_late(self) -> None:
        with self.keys_held():
            await self.push_screen(Ask("FIND", False), self.found)

    def found(self, name: str | None) -> None:
        if name:
            self.push_screen(Card(name))

    def done(self, what: str) -> None:
        self.finished.append(what)
        while len(self.screen_stack) > 1:
            self.pop_screen()
        text = f"done {len(self.finished)} {self.finished[-1]}"
        self.screen.query_one("#done", Static).update(show(text))

    def action_fail(self) -> None:
        patient = {"name": "Secretperson", "phone": "555-0199"}
        raise KeyError(patient["name"])

    def action_exit_now(self) -> None:
        self.exit(return_code=7)

    def exit(self, result=None, return_code=0, message=None) -> None:  # type: ignore[no-untyped-def]
        if self.mode != "stuck":
            super().exit(result, return_code, message)

    def last_rites(self) -> None:
        if self.mode == "stuck":
            Path(sys.argv[2]).write_text("done")


class Leaks(Screen[None]):
    """Every payload, in every kind of widget a desk might use, reached by scrolling."""

    BINDINGS = [Binding("n", "next", "Next")]
    at = -1

    def compose(self) -> ComposeResult:
        yield Static("READY", id="title")

    async def action_next(self) -> None:
        self.at += 1
        await self.query("*").exclude(".-textual-system").remove()
        if self.at >= len(PAYLOADS):
            await self.mount(Static("ALL SHOWN"))
            return
        text = list(PAYLOADS.values())[self.at]
        # Content built by hand, so that only the filter stands between it and the terminal.
        raw = Content(text)
        table: DataTable[Content] = DataTable()
        table.add_column(raw)
        table.add_row(raw)
        tree: Tree[None] = Tree("tree")
        tree.root.add_leaf(show(text).plain.replace("[", "("))
        static = Static(raw)
        static.styles.border = ("ascii", "ansi_default")
        static.border_title = show(text)
        await self.mount(
            Static(f"PAYLOAD {self.at}"),
            static,
            Label(show(text)),
            Input(text, compact=True),
            Button(raw, compact=True),
            Checkbox(raw, compact=True),
            OptionList(raw, markup=False),
            table,
            tree,
        )
        self.app.notify(text, title=text)


def main() -> int:
    app = DemoApp(sys.argv[1])
    if app.mode == "stuck":
        app.EXIT_GRACE = 0.2
    if app.mode == "crash":
        app.crash_log = Path(sys.argv[2])
    return run_desk(app)


if __name__ == "__main__":
    sys.exit(main())
