"""Help for this field, this screen and every key (F1), and the keys that work here (?)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deskterm import commands
from deskterm.commands import Command
from deskterm.screens.base import DeskScreen
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows_paint import Part

PLACES = {
    "day": "The day: one column a provider, one line a quarter of an hour.",
    "flow": "Who is in the building, where, and for how long.",
    "patient": "Everything about one patient; letters act on the row, else on the patient.",
    "next": "Everything that waits for you or your pools, most urgent first.",
}


def keys_of(command: Command) -> str:
    """``F2 ^F``: the keys of a command as people write them."""
    return " ".join(commands.shown(key) for key in command.keys)


def global_lines() -> list[Text]:
    """The keys that work everywhere, also while typing."""
    lines: list[Text] = [[Part("EVERYWHERE, also while typing", "primary")]]
    lines += [f"  {keys_of(c):<11} {c.title:<24} {c.help}" for c in commands.GLOBAL]
    lines.append("  Enter       next gap, or do it       row 22 says what Enter will do")
    lines.append(f"  {keys_of(commands.BACK):<11} {commands.BACK.title}")
    return lines


def place_lines(place: str) -> list[Text]:
    """The letters and signs of one screen, two to a line."""
    cells = [
        f"{letter}  {commands.LETTERS[letter].title}" for letter in commands.SCREENS.get(place, ())
    ]
    signs = [
        f"{commands.shown(key)}  {found.title}"
        for key in commands.SCREEN_SYMBOLS.get(place, ())
        if (found := commands.symbol(key)) is not None
    ]
    lines: list[Text] = [
        [Part("ROW    type its number, then a letter: 12c checks in row 12", "primary")]
    ]
    for group in (cells, signs):
        third = -(-len(group) // 3)
        for i in range(third):
            row = [group[j] for j in range(i, len(group), third)]
            lines.append("  " + "".join(f"{text:<25}" for text in row).rstrip())
    return lines


class HelpScreen(DeskScreen):
    """Help about where the clerk stands: the field first, then the screen, then all keys."""

    title_text = "HELP"

    def __init__(self, about: Any = None) -> None:
        super().__init__()
        self.about = about
        self.panel = Panel(classes="body")

    def body(self) -> Iterable[Any]:
        yield self.panel

    def load(self) -> None:
        lines: list[Text] = []
        form = self.about.focused if self.about is not None else None
        if isinstance(form, RecordForm) and form.field:
            spec = form.sheet.specs[form.field]
            lines.append([Part(f"THIS FIELD: {spec.label}", "primary")])
            lines += [f"  {text}" for text in (spec.help, f"e.g. {spec.example}") if text]
            lines += [
                "  Enter goes to the next gap, Tab to the next field, F4 shows choices",
                "  = same as last time   ? choices   . the last patient   < back one field",
                "",
            ]
        place = getattr(self.about, "place", "")
        if place in commands.SCREENS:
            lines.append([Part(PLACES.get(place, place.upper()), "primary")])
            lines += [*place_lines(place), ""]
        lines += global_lines()
        lines += ["", [Part("ONE LINE DOES THE WHOLE JOB (F10)", "primary")]]
        lines += [
            "  b smi 031482 fu lee 1w pm      book      mv smi jo fri am     move",
            "  x ortiz 050571 -- moved away   cancel    in smi jo            check in",
            "  p tran 062288 40ca 25cc        pay       day next mon         the board",
            '  m smi 031482 rx @rn urgent "needs lisinopril"               message',
        ]
        self.panel.show(lines)
        self.enter_row.show("Enter or Esc closes")

    def keys_shown(self) -> list[tuple[str, str]]:
        return [(",", "page up"), (".", "page down"), ("Esc", "close")]

    def do_earlier_page(self) -> None:
        self.panel.page(-1)

    def do_later_page(self) -> None:
        self.panel.page(1)

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in commands.ENTER_KEYS:
            await self.back()
            return True
        if key in ("comma", "full_stop", "pageup", "pagedown", "down", "up"):
            self.panel.page(-1 if key in ("comma", "pageup", "up") else 1)
            return True
        return False


class KeysScreen(HelpScreen):
    """The keys of one screen, from the registry (``?``)."""

    title_text = "KEYS ON THIS SCREEN"

    def __init__(self, place: str = "") -> None:
        super().__init__()
        self.shown_place = place

    def load(self) -> None:
        self.panel.show([*place_lines(self.shown_place), "", *global_lines()])
        self.enter_row.show("Enter or Esc closes")
