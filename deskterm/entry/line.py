"""One-line entry: ``b smi 031482 fu lee 1w pm`` taken apart, for the command line and the finder.

::

    line = verb [ ["for"] who ] { token } [ note ]      note = '"' text | '--' text

A word without a reading, or with two live ones, keeps the line from running; what is missing
does not, for the form then opens at that gap.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, time

from deskterm.entry.cards import LAST_FOUR_ONLY, NEVER_TYPED, looks_like_card_number
from deskterm.entry.tokens import Reader, Token, Vocabulary
from deskterm.entry.verbs import VERBS, Person, find_verbs
from deskterm.errors import Invalid

__all__ = ["VERBS", "LineEntry", "Token", "Vocabulary", "parse_line", "parse_tail"]

LONGEST_LINE = 500  # characters
_REPEATABLE = {"tender", "to", "priority", "option"}


@dataclass
class LineEntry:
    """A line as understood. ``words`` is what follows a verb that takes plain words.

    ``ambiguous`` holds each such word with its readings; a reading of kind ``who`` is the
    person's, one of kind ``verb`` a verb's. ``missing`` names the parts the form will ask for.
    """

    verb: str | None = None
    who: str = ""
    words: str = ""
    tokens: list[Token] = field(default_factory=list)
    note: str = ""
    unknown: list[str] = field(default_factory=list)
    ambiguous: list[tuple[str, tuple[Token, ...]]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def runnable(self) -> bool:
        """Whether Enter may act on the line at all."""
        return self.verb is not None and not self.unknown and not self.ambiguous

    def get(self, label: str) -> Token | None:
        """The first token shown under ``label``."""
        return next((token for token in self.tokens if token.label == label), None)

    def describe(self) -> list[tuple[str, str]]:
        """Label and text of each part, in the order said; ``?`` labels what was not understood."""
        parts = [("do", self.verb or ""), ("who", self.who), ("words", self.words)]
        parts += [(token.label, token.show) for token in self.tokens]
        parts.append(("note", self.note))
        parts += [("?", word) for word in self.unknown]
        parts += [("?", f"{word}: {_either(readings)}") for word, readings in self.ambiguous]
        return [(label, text) for label, text in parts if text]


def parse_line(
    text: str,
    vocabulary: Vocabulary,
    *,
    today: date,
    opens: time,
    closes: time,
    order: str = "MDY",
    week_start: int = 0,
    base: date | None = None,
    somebody: Callable[[str], bool] | None = None,
    choices: Mapping[str, str] | None = None,
) -> LineEntry:
    """What ``text`` says. Raises Invalid for a card number or a line too long.

    ``somebody`` says whether a patient answers to a text; with it, a word that is a patient's
    name as well as a token is ambiguous. ``choices`` gives the kind picked for ambiguous words.
    """
    entry, rest = _open(text, "", choices)
    if entry.verb is None:
        return entry
    reader = Reader(vocabulary, today, opens, closes, VERBS[entry.verb], order, week_start, base)
    return _Scan(reader, entry, somebody, choices or {}).line(rest)


def parse_tail(
    text: str,
    vocabulary: Vocabulary,
    *,
    today: date,
    opens: time,
    closes: time,
    who: str,
    order: str = "MDY",
    week_start: int = 0,
    base: date | None = None,
    choices: Mapping[str, str] | None = None,
) -> LineEntry:
    """What follows ``;`` in the finder: a line whose person ``who`` is already known."""
    entry, rest = _open(text, who, choices)
    if entry.verb is None:
        return entry
    reader = Reader(vocabulary, today, opens, closes, VERBS[entry.verb], order, week_start, base)
    return _Scan(reader, entry, None, choices or {}).tail(rest)


def _open(text: str, who: str, choices: Mapping[str, str] | None) -> tuple[LineEntry, list[str]]:
    """The line with its verb and note read, and the words between them."""
    said, note = _split_note(text)
    entry = LineEntry(note=note, who=who)
    if said and not _verb(said[0], entry, choices or {}):
        entry.words = " ".join(said[1:])
    return entry, said[1:]


def _split_note(text: str) -> tuple[list[str], str]:
    """The words before the note, and the note without its mark."""
    if len(text) > LONGEST_LINE:
        raise Invalid(f"the line is over {LONGEST_LINE} characters", "Put the rest in the form")
    if looks_like_card_number(text):
        raise Invalid(NEVER_TYPED, LAST_FOUR_ONLY, field="line")
    mark = re.search(r"(?<!\S)(?:\"|--)", text)
    if mark is None:
        return text.split(), ""
    note = text[mark.end() :].strip()
    return text[: mark.start()].split(), note.removesuffix('"').rstrip() if mark[0] == '"' else note


def _verb(word: str, entry: LineEntry, choices: Mapping[str, str]) -> bool:
    """Put the verb that ``word`` names in ``entry``; False if it names none, or several."""
    found = find_verbs(word)
    if len(found) > 1:
        found = [verb for verb in found if verb.name == choices.get(word)] or found
    if len(found) == 1:
        entry.verb = found[0].name
        return True
    if found:
        readings = (Token("verb", verb.name, word, verb.name, "do") for verb in found)
        entry.ambiguous.append((word, tuple(readings)))
    else:
        entry.unknown.append(word)
    return False


class _Scan:
    """One pass over the words after the verb."""

    def __init__(
        self,
        reader: Reader,
        entry: LineEntry,
        somebody: Callable[[str], bool] | None,
        choices: Mapping[str, str],
    ) -> None:
        self.reader = reader
        self.entry = entry
        self.somebody = somebody
        self.choices = choices
        self.who: list[str] = []
        self.in_who = False  # whether further words may still join the person
        self.parts: list[Token | tuple[str, list[Token]]] = []

    def line(self, words: list[str]) -> LineEntry:
        policy = self.reader.verb.person
        if policy is Person.WORDS:
            self.entry.words = " ".join(words)
            return self._finish()
        self.in_who = policy is not Person.NONE
        said_for = self.in_who and len(words) > 1 and words[0].lower() == "for"
        rest = words[1:] if said_for else words
        if rest and self.in_who and (said_for or policy is Person.FIRST):
            self.who.append(rest[0])
            rest = rest[1:]
        return self._all(rest)

    def tail(self, words: list[str]) -> LineEntry:
        if self.reader.verb.person is Person.WORDS:
            self.entry.words = " ".join(words)
            return self._finish()
        return self._all(words)

    def _all(self, words: list[str]) -> LineEntry:
        while words:
            words = words[self._take(words) :]
        self.entry.who = self.entry.who or " ".join(self.who)
        self._settle()
        return self._finish()

    def _take(self, words: list[str]) -> int:
        """Read from the first word; how many words were used."""
        if self.who and self.in_who and self.who[-1].endswith(","):
            self.who.append(words[0])
            return 1
        readings, length = self.reader.readings(words)
        born = self.reader.birth_date(words) if self.in_who else 0
        if born and (not readings or born > length):
            self.who += words[:born]
            return born
        text = " ".join(words[:length])
        if not readings:
            return self._plain(words)
        if self.in_who and self._may_be_person(words[0], bool(born)):
            name = " ".join([*self.who, words[0]])
            readings = [Token("who", words[0], text, name, "who"), *readings]
        if len(readings) > 1:
            readings = [r for r in readings if r.kind == self.choices.get(text)] or readings
        if len(readings) > 1:
            self.parts.append((text, readings))
        elif readings[0].kind == "who":
            self.who.append(words[0])
            return 1
        else:
            self.in_who = False
            self.parts.append(readings[0])
        return length

    def _plain(self, words: list[str]) -> int:
        """A word with no reading as a token: part of the person, or unknown."""
        if self.in_who:
            self.who.append(words[0])
            return 1
        length = 2 if words[0].lower() == "dr" and len(words) > 1 else 1
        self.entry.unknown.append(" ".join(words[:length]))
        return length

    def _may_be_person(self, text: str, birth_date: bool) -> bool:
        """Whether a word that is a token may also belong to the person.

        Where patients can be asked, they are; otherwise only digits that people are found by
        (birth date, year of birth, last four, phone) are doubtful.
        """
        if self.somebody is not None:
            return self.somebody(" ".join([*self.who, text]))
        return bool(self.who) and (
            birth_date or (text.isdecimal() and len(text) in (2, 4, 7, 10, 11))
        )

    def _settle(self) -> None:
        """Drop readings whose part has been said unmistakably elsewhere, and doubled parts."""
        said = {part.label for part in self.parts if isinstance(part, Token)}
        filled: set[str] = set()
        for part in self.parts:
            if isinstance(part, Token):
                self._add(part, filled)
                continue
            text, readings = part
            left = [r for r in readings if r.label not in said or self._repeats(r)]
            if len(left) == 1 and left[0].kind != "who":
                self._add(left[0], filled)
            else:
                self.entry.ambiguous.append((text, tuple(readings)))

    def _add(self, token: Token, filled: set[str]) -> None:
        if token.label in filled and not self._repeats(token):
            self.entry.unknown.append(token.text)
            return
        filled.add(token.label)
        self.entry.tokens.append(token)

    def _repeats(self, token: Token) -> bool:
        return token.kind in _REPEATABLE or token.kind in self.reader.verb.repeats

    def _finish(self) -> LineEntry:
        entry, labels = self.entry, {token.label for token in self.entry.tokens}
        present = labels | ({"who"} if entry.who else set()) | ({"note"} if entry.note else set())
        entry.missing = [part for part in self.reader.verb.needs if part not in present]
        return entry


def _either(readings: tuple[Token, ...]) -> str:
    return " or ".join(f"{reading.label} {reading.show}" for reading in readings)
