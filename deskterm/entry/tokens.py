"""The words of a one-line entry, and every reading each of them has.

What a word may mean depends on the office (its visit types, providers, topics, pools) and on
clinic hours; :class:`Vocabulary` and :class:`Reader` hold these. A reading that could not be
meant, such as an appointment 44 years ago, is not offered.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from deskterm.entry.dateparts import split_date
from deskterm.entry.dates import parse_birth_date, parse_date, show_short
from deskterm.entry.money import parse_tenders
from deskterm.entry.times import Window, parse_length, parse_time, parse_window, show_time
from deskterm.entry.verbs import Verb
from deskterm.errors import Invalid

LONGEST_SPAN = 4  # words that one token may take: 40 v 4242 884213
_NEAR = 732  # days; a date typed with its year is a desk's date only within two years
_STEP = 5  # minutes; bare digits are a time only on the step appointments begin on

Named = tuple[str, Collection[str]]  # what is shown, and other words for it


@dataclass(frozen=True)
class Vocabulary:
    """The office's own words, by code.

    ``visit_types``: name, minutes, aliases; ``providers`` and ``topics``: name shown, aliases;
    ``pools`` and ``desks``: codes that may follow ``@``.
    """

    visit_types: Mapping[str, tuple[str, int, Collection[str]]] = field(default_factory=dict)
    providers: Mapping[str, Named] = field(default_factory=dict)
    topics: Mapping[str, Named] = field(default_factory=dict)
    pools: Collection[str] = ()
    desks: Collection[str] = ()


@dataclass(frozen=True)
class Token:
    """One thing said: its ``kind``, the ``value`` for the program, the ``text`` as typed, and
    what to ``show`` under ``label``."""

    kind: str
    value: Any
    text: str
    show: str
    label: str


@dataclass(frozen=True)
class Reader:
    """Reads words against one office, day and verb."""

    vocabulary: Vocabulary
    today: date
    opens: time
    closes: time
    verb: Verb
    order: str = "MDY"
    week_start: int = 0
    base: date | None = None

    def readings(self, words: list[str]) -> tuple[list[Token], int]:
        """Every reading of the longest run of words from the first that has one, and its length."""
        for length in range(min(LONGEST_SPAN, len(words)), 0, -1):
            if found := list(self._span(words[:length])):
                return found, length
        return [], 1

    def birth_date(self, words: list[str]) -> int:
        """How many words from the first are a birth date written with its year; 0 for none."""
        for length in range(min(3, len(words)), 0, -1):
            try:
                parse_birth_date(" ".join(words[:length]), today=self.today, order=self.order)
            except Invalid:
                continue
            return length
        return 0

    def _span(self, words: list[str]) -> Iterator[Token]:
        text = " ".join(words)
        if len(words) == 1:
            yield from self._mark(text)
            yield from self._length(text)
            yield from self._time(text)
        yield from self._visit(text)
        yield from self._provider(words)
        yield from self._topic(text)
        yield from self._window(words)
        yield from self._date(text)
        yield from self._tender(words)

    def _mark(self, text: str) -> Iterator[Token]:
        """``urgent`` or ``!``, ``@desk``, ``key:value``."""
        if text.lower() in ("urgent", "!"):
            yield Token("priority", "urgent", text, "URGENT", "priority")
        elif text.startswith("@"):
            wanted = text[1:].lower()
            for code in (*self.vocabulary.pools, *self.vocabulary.desks):
                if code.lower() == wanted:
                    yield Token("to", code, text, code, "to")
                    return
        elif option := re.fullmatch(r"(?!mrn:|mid:|acct:|enc:)([A-Za-z]+):(\S+)", text):
            yield Token("option", (option[1].lower(), option[2]), text, option[2], option[1])

    def _visit(self, text: str) -> Iterator[Token]:
        for code, (name, minutes, aliases) in self.vocabulary.visit_types.items():
            if _said(text, code, aliases):
                yield Token("visit", code, text, f"{code} {name} {minutes}m", "visit")

    def _provider(self, words: list[str]) -> Iterator[Token]:
        text = " ".join(words)
        if text.lower() == "any":
            yield Token("provider", "any", text, "any", "with")
        said = " ".join(words[1:]) if words[0].lower() == "dr" else text
        for code, (display, aliases) in self.vocabulary.providers.items():
            if _said(said, code, aliases):
                yield Token("provider", code, text, display, "with")

    def _topic(self, text: str) -> Iterator[Token]:
        if "topic" not in self.verb.takes:
            return
        for code, (name, aliases) in self.vocabulary.topics.items():
            if _said(text, code, aliases):
                yield Token("topic", code, text, name, "topic")

    def _length(self, text: str) -> Iterator[Token]:
        if not re.fullmatch(r"[0-9]+(m|min|h|h[0-9]+m?)", text.lower()) or _months_only(text):
            return
        try:
            minutes = parse_length(text)
        except Invalid:
            return
        yield Token("length", minutes, text, f"{minutes} min", "length")

    def _time(self, text: str) -> Iterator[Token]:
        try:
            at = parse_time(text, opens=self.opens, closes=self.closes)
        except Invalid:
            return
        bare = text.isdecimal()
        if bare and not (self.opens <= at < self.closes and at.minute % _STEP == 0):
            return
        if bare or re.fullmatch(r"[0-9]{1,2}:[0-9]{2}|[0-9:]+[ap]m?|n|noon", text.lower()):
            yield Token("time", at, text, _clock(at), "time")

    def _window(self, words: list[str]) -> Iterator[Token]:
        try:
            window = parse_window(" ".join(words), opens=self.opens, closes=self.closes)
        except Invalid:
            return
        if window is not None:
            label, show = _window_text(window)
            yield Token("window", window, " ".join(words), show, label)

    def _date(self, text: str) -> Iterator[Token]:
        if re.fullmatch(r"[0-9]+m", text.lower()) and not (_months_only(text) or text[:-1] == "5"):
            return
        try:
            day = parse_date(
                text,
                today=self.today,
                future=self.verb.future,
                order=self.order,
                week_start=self.week_start,
                base=self.base,
            ).day
        except Invalid:
            return
        parts = split_date(" ".join(text.lower().split()), self.order)
        if parts is not None and parts.year is not None:
            ahead = (day - self.today).days * (1 if self.verb.future else -1)
            if not 0 <= ahead <= _NEAR:
                return
        yield Token("date", day, text, show_short(day), "date")

    def _tender(self, words: list[str]) -> Iterator[Token]:
        if "tender" not in self.verb.takes:
            return
        first, text = words[0], " ".join(words).rstrip(",")
        if len(words) > 1 and first.isdecimal() and (len(first) > 4 or first.startswith("0")):
            return  # a birth date or a phone's last four, not an amount
        try:
            found = parse_tenders(text, due=1, copay=1, balance=1)
        except Invalid:
            return
        if len(found) == 1:
            yield Token("tender", text, text, text, "tender")


def _said(text: str, code: str, aliases: Collection[str]) -> bool:
    return text.casefold() in (word.casefold() for word in (code, *aliases))


def _months_only(text: str) -> bool:
    """Whether ``3m`` means months: visits last five minutes or a multiple of it."""
    typed = re.fullmatch(r"([0-9]{1,2})m", text.lower())
    return typed is not None and int(typed[1]) % _STEP != 0 and int(typed[1]) <= 24


def _clock(at: time) -> str:
    return f"{show_time(at)}m"


def _window_text(window: Window) -> tuple[str, str]:
    if window.half:
        return "half", window.half.upper()
    if window.after and window.before:
        return "between", f"{_clock(window.after)}-{_clock(window.before)}"
    if window.after:
        return "after", _clock(window.after)
    if window.before:
        return "before", _clock(window.before)
    raise ValueError("an empty window")
