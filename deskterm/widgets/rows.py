"""The fixed rows around every screen: header, banner, rule, what Enter does, message, keys.

Each is one line, drawn from data and painted again only when what it says has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from textual.strip import Strip
from textual.widget import Widget

from deskterm.widgets.kept_lines import KeptLines
from deskterm.widgets.rows_paint import Part, cells, extent, line

Level = Literal["say", "error", "coach"]

WIDE = 120


class OneRow(Widget):
    """One line of parts. Subclasses lay their data out in :meth:`parts`."""

    DEFAULT_CSS = "OneRow { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._styles_cache = KeptLines()
        self._painted: tuple[Part, ...] = ()
        self._strip = Strip.blank(0)
        self._strip_width = -1
        self._said_over = ""

    def cover(self, text: str) -> None:
        """Let ``text`` stand over what the row says; an empty one uncovers it."""
        if text != self._said_over:
            self._said_over = text
            self.say_again()

    def parts(self, width: int) -> list[Part]:
        """What the row says in ``width`` cells."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y:
            return Strip.blank(width)
        if width != self._strip_width:
            self._lay_out(width)
        return self._strip

    def say_again(self) -> None:
        """Paint the row if what it says is not what stands there."""
        width = self.size.width
        before = self._painted
        self._lay_out(width)
        if self._painted != before:
            self.refresh()
            if self.is_mounted:
                # The screen hears of it now and not when this row is next idle: what one key
                # changed is painted once, not the grid first and then the rows.
                self._check_refresh()

    def _lay_out(self, width: int) -> None:
        covered = [Part(self._said_over, "primary")] if self._said_over else None
        self._painted = tuple(covered or self.parts(width))
        self._strip, self._strip_width = line(self._painted, width), width


class TextRow(OneRow):
    """A line of any parts: the detail of the row under the cursor, a list's summary."""

    _said: tuple[Part, ...] = ()

    def show(self, *parts: Part | str) -> None:
        """Say ``parts`` one after the other."""
        self._said = tuple(Part(p) if isinstance(p, str) else p for p in parts)
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        return list(self._said)


class BackRow(OneRow):
    """Over row 3 until the first key: what was being done, for somebody who comes back to it."""

    DEFAULT_CSS = """
    BackRow { layer: overlay; position: absolute; offset: 0 2; height: 1; width: 1fr;
              display: none; }
    """
    _text = ""

    def show(self, text: str) -> None:
        """Say ``text``; an empty one gives row 3 back."""
        if text != self._text:
            self._text = text
            self.display = bool(text)
            self.say_again()

    def parts(self, width: int) -> list[Part]:
        return [Part(cells(self._text, width), "primary")]


class RuleRow(OneRow):
    """A line across; ``lined`` draws it where the terminal has line characters."""

    lined = False
    practice = False

    def show(self, *, lined: bool = False, practice: bool = False) -> None:
        """Choose ``-`` or a line; a practice copy shows ``~``."""
        self.lined, self.practice = lined, practice
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        mark = "~" if self.practice else "─" if self.lined else "-"
        return [Part(mark * width)]


class Header(NamedTuple):
    """What row 1 says. ``lines`` are the phone lines, shown where there is room."""

    screen: str
    context: str = ""
    time: str = ""
    calls: int = 0
    parked: int = 0
    queue: int = 0
    notices: int = 0
    is_alarm: bool = False
    desk: str = ""
    user: str = ""
    is_typing: bool = False
    place: str = ""
    is_practice: bool = False
    lines: tuple[str, ...] = ()
    is_long: bool = False
    aside: tuple[str, ...] = ()


class HeaderRow(OneRow):
    """Row 1: where you are on the left; time, counters, desk, user and mode on the right.

    ``is_long`` marks the parked work, ``aside`` names it where there is room.

    Counters and mode are never cut: the user goes first, then the desk, then the left side.
    """

    header = Header("")

    def show(self, header: Header) -> None:
        """Say ``header``."""
        self.header = header
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        h = self.header
        right = self._right(width)
        room = width - sum(extent(part.text) for part in right) - 1
        badge = [Part("PRACTICE", "practice")] if h.is_practice else []
        left_room = room - (9 if badge else 0)
        named = f"{h.screen}  {h.context}" if h.context else h.screen
        if not badge and h.place and extent(f"{named}  {h.place}") <= left_room:
            named = f"{named}  {h.place}"
        used = min(extent(named), max(left_room, 0))
        left = [Part(cells(named, used)), *([Part(" "), *badge] if badge else [])]
        taken = used + (9 if badge else 0)
        return [*left, Part(" " * max(room + 1 - taken, 0)), *right]

    def _right(self, width: int) -> list[Part]:
        h = self.header
        mode = "TYPE" if h.is_typing else "LIST"
        notices = Part(f"N{h.notices}!", "stop") if h.is_alarm else Part(f"N{h.notices}")
        parked = f"P{h.parked}!" if h.is_long else f"P{h.parked}"
        if width >= WIDE:
            phones = "  ".join(h.lines) if h.lines else f"L{h.calls}"
            who = "  |  " + " ".join(w for w in (h.desk, h.user) if w) if h.desk or h.user else ""
            named = f" {', '.join(h.aside)} " if h.aside else ""
            for names in (named, ""):
                lead = f"{h.time}  {phones}  |  {parked}{names} Q{h.queue} "
                wide = [Part(lead), notices, Part(f"{who}  {mode}")]
                if sum(extent(part.text) for part in wide) <= width * 3 // 4:
                    return wide
        counts = f"L{h.calls} {parked} Q{h.queue} "
        must = extent(counts) + extent(notices.text) + 5
        # The left side keeps a screen's name before the user and the desk get room.
        spare = width - must - min(extent(h.screen), 12) - 1
        time, who = "", ""
        if h.time and extent(h.time) < spare:
            time = f"{h.time} "
            spare -= extent(time)
        for word in (h.desk, h.user):
            if word and extent(word) < spare:
                who += f" {word}"
                spare -= extent(word) + 1
        return [Part(time + counts), notices, Part(f"{who} {mode}")]


class BannerRow(OneRow):
    """Row 2: the patient, with alerts as badges that are never cut; or a list's summary."""

    _text = ""
    _alerts: tuple[Part, ...] = ()
    _is_patient = False

    def show_patient(self, text: str, alerts: Sequence[Part | str] = ()) -> None:
        """Say who is being worked on. An alert given as text is one to attend to."""
        self._text, self._is_patient = text, True
        self._alerts = tuple(Part(a, "attention") if isinstance(a, str) else a for a in alerts)
        self.say_again()

    def show_summary(self, text: str) -> None:
        """Say what a list holds and how it is filtered."""
        self._text, self._alerts, self._is_patient = text, (), False
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        style = "information" if self._is_patient else ""
        tail = [part for alert in self._alerts for part in (Part("  ", style), alert)]
        room = max(width - sum(extent(part.text) for part in tail), width // 2)
        named = Part(cells(self._text, min(extent(self._text), room)), style)
        gap = width - extent(named.text) - sum(extent(part.text) for part in tail)
        return [named, *tail, Part(" " * max(gap, 0), style)]


class EnterRow(OneRow):
    """Row 22: what Enter will do, and chips; or what is wrong."""

    _text = ""
    _chips: tuple[Part, ...] = ()
    _error = ""
    _kept = ""

    def keep(self, text: str) -> None:
        """Say ``text``, whatever else would be said, until :meth:`let_go`."""
        self._kept = text
        self.say_again()

    def let_go(self) -> None:
        """Say again what Enter will do."""
        if self._kept:
            self.keep("")

    def show(self, text: str, *, error: str = "", chips: Sequence[Part | str] = ()) -> None:
        """Say ``text``; an ``error`` takes its place, led by ``ERR``."""
        self._text, self._error = text, error
        self._chips = tuple(Part(c) if isinstance(c, str) else c for c in chips)
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        if self._kept:
            return [Part(self._kept)]
        if self._error:
            return [Part("ERR", "stop"), Part(f" {self._error}")]
        chips = [part for chip in self._chips for part in (Part("  "), chip)]
        return [Part(self._text), *(chips if self._text else chips[1:])]


class MessageRow(OneRow):
    """Row 23: the last thing that happened, in words that stand alone; errors are bold."""

    _text = ""
    _level: Level = "say"

    @property
    def text(self) -> str:
        """What stands there."""
        return self._text

    @property
    def is_error(self) -> bool:
        """Whether what stands there says that something went wrong."""
        return self._level == "error" and bool(self._text)

    def show(self, text: str, level: Level = "say") -> None:
        """Say ``text``: a plain fact, an error, or a hint from the coach."""
        self._text, self._level = text, level
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        return [Part(self._text, "primary" if self._level == "error" else "")]


class KeyRow(OneRow):
    """Row 24: the keys that work here, most useful first; whole entries only, ``?`` always."""

    _keys: tuple[tuple[str, str], ...] = ()
    _entry = ""

    def show(self, keys: Sequence[tuple[str, str]], *, entry: str = "") -> None:
        """Say ``keys`` as (key, label); ``entry`` is the row number typed so far."""
        self._keys, self._entry = tuple(keys), entry
        self.say_again()

    def parts(self, width: int) -> list[Part]:
        first = f"{self._entry}_" if self._entry else ""
        help_key = next((f"{k} {v}".strip() for k, v in self._keys if k == "?"), "")
        kept = [first] if first else []
        used = extent(first)
        room = width - (extent(help_key) + 2 if help_key else 0)
        for key, label in self._keys:
            if key == "?":
                continue
            entry = f"{key} {label}".strip()
            wanted = extent(entry) + (2 if kept else 0)
            if used + wanted > room:
                break
            kept.append(entry)
            used += wanted
        if help_key:
            kept.append(help_key)
        return [
            Part(text, "primary" if first and index == 0 else "")
            for index, entry in enumerate(kept)
            for text in (("  " if index else "") + entry,)
        ]
