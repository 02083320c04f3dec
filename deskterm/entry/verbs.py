"""The verbs of the command line: names, aliases, and what each one is said with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Person(Enum):
    """Whether a verb is followed by a person."""

    FIRST = "the first word is always the person"
    MAYBE = "a person may be named, if the word is nothing else"
    NONE = "no person, only what the grammar knows"
    WORDS = "plain words, kept as typed"


@dataclass(frozen=True)
class Verb:
    """``needs`` names the parts without which the form opens; ``takes`` the tokens that only some
    verbs read (``tender``, ``topic``); ``repeats`` the tokens that may come more than once."""

    name: str
    summary: str
    aliases: tuple[str, ...] = ()
    person: Person = Person.FIRST
    future: bool = True
    needs: tuple[str, ...] = ("who",)
    takes: frozenset[str] = frozenset()
    repeats: frozenset[str] = frozenset()


_TENDER = frozenset({"tender"})
_TOPIC = frozenset({"topic"})
_DATES = frozenset({"date"})
_MAYBE, _NONE, _WORDS = Person.MAYBE, Person.NONE, Person.WORDS

_ALL = (
    Verb("book", "one appointment", ("b",), needs=("who", "visit", "date")),
    Verb("move", "reschedule", ("mv",), needs=("who", "date")),
    Verb("cancel", "cancel, with a reason", ("x",), needs=("who", "note")),
    Verb("noshow", "did not come, with a reason", ("ns",), future=False),
    Verb("left", "left without being seen", future=False),
    Verb("walkin", "came without an appointment", ("wi",), future=False),
    Verb("in", "check in"),
    Verb("out", "check out", ("o",)),
    Verb("flow", "next state in the office", person=_MAYBE, needs=()),
    Verb("find", "find an opening", ("f",), person=_MAYBE, needs=("visit",)),
    Verb("wait", "waitlist", ("w",)),
    Verb("block", "block time", ("bk",), person=_NONE, needs=("with", "date"), repeats=_DATES),
    Verb("oncall", "on-call calendar", ("oc",), person=_NONE, needs=(), repeats=_DATES),
    Verb("meet", "meeting", person=_NONE, needs=("date",), repeats=_DATES),
    Verb("park", "put this work aside", person=_WORDS, needs=()),
    Verb("resume", "take parked work up", person=_WORDS, needs=()),
    Verb("give", "hand work to another desk", needs=("who",)),
    Verb("tell", "a word to another desk", needs=("who", "note")),
    Verb("elig", "eligibility", ("e",), person=_MAYBE, needs=()),
    Verb("pay", "take a payment", ("p",), future=False, needs=("who", "tender"), takes=_TENDER),
    Verb("receipt", "show or print a receipt", future=False),
    Verb("void", "void a payment", future=False),
    Verb("refund", "refund a payment", future=False, takes=_TENDER),
    Verb("close", "end of day", person=_NONE, future=False, needs=()),
    Verb("report", "reports on money", ("sheet",), person=_NONE, future=False, needs=()),
    Verb("account", "charges, receipts, refunds", future=False),
    Verb("plan", "payment plan", future=False),
    Verb("insurance", "what a plan paid", future=False),
    Verb("family", "who pays for whom", future=False),
    Verb("ref", "referral or authorisation", ("a",)),
    Verb("codes", "find a diagnosis or service code", ("icd",), person=_WORDS, needs=()),
    Verb("charge", "charge a visit by its codes", future=False),
    Verb("note", "excuse note or letter", ("l",), future=False, repeats=_DATES),
    Verb("supply", "supplies", ("sup",), person=_WORDS, needs=()),
    Verb("call", "telephone call", takes=_TOPIC),
    Verb("triage", "triage a call", ("tri",), person=_MAYBE, needs=(), takes=_TOPIC),
    Verb("msg", "message", ("m",), needs=("who", "topic", "note"), takes=_TOPIC),
    Verb("doc", "document", ("d",), future=False, takes=_TOPIC),
    Verb("fax", "fax", takes=_TOPIC),
    Verb("mail", "mail", person=_MAYBE, needs=(), takes=_TOPIC),
    Verb("rec", "records request", ("q",), future=False, repeats=_DATES),
    Verb("remind", "reminders", ("rem",)),
    Verb("prep", "chart prep", ("k",), person=_MAYBE, needs=()),
    Verb("huddle", "huddle sheet", person=_NONE, needs=()),
    Verb("day", "day board", person=_NONE, needs=()),
    Verb("next", "what is next", ("nx",), person=_NONE, needs=()),
    Verb("held", "held work", person=_NONE, needs=()),
    Verb("set", "a setting", person=_WORDS, needs=()),
    Verb("help", "help", person=_WORDS, needs=()),
    Verb("practice", "practice mode", person=_WORDS, needs=()),
    Verb("lock", "lock this desk", person=_WORDS, needs=()),
    Verb("who", "who looked or changed", ("audit",), person=_MAYBE, future=False, needs=()),
    Verb("staff", "who works here", person=_WORDS, needs=()),
    Verb("outbox", "what is sent to payers", person=_WORDS, needs=()),
    Verb("pin", "set one's PIN, or another's", person=_WORDS, needs=()),
    Verb("code", "set the code app up", person=_WORDS, needs=()),
    Verb("restrict", "close a record to most", person=_MAYBE, future=False, needs=()),
    Verb("unrestrict", "open a closed record again", person=_MAYBE, future=False, needs=()),
    Verb("refs", "referrals and authorizations to chase", person=_WORDS, needs=()),
    Verb("print", "print", person=_WORDS, needs=()),
    Verb("undo", "take the last thing back", person=_WORDS, needs=()),
    Verb("new", "register a patient", person=_WORDS, needs=()),
    Verb("blank", "hide the screen", person=_WORDS, needs=()),
    Verb("quit", "leave the desk", person=_WORDS, needs=()),
)

VERBS: dict[str, Verb] = {verb.name: verb for verb in _ALL}
_ALIASES = {alias: verb for verb in _ALL for alias in verb.aliases}


def find_verbs(word: str) -> list[Verb]:
    """The verb that ``word`` names, by full name, alias or unique prefix; several if the prefix
    is not unique, none if nothing begins with it."""
    typed = word.lower()
    if verb := VERBS.get(typed) or _ALIASES.get(typed):
        return [verb]
    if not typed:
        return []
    return [
        verb for verb in _ALL if any(name.startswith(typed) for name in (verb.name, *verb.aliases))
    ]
