"""The registry of commands: one row for everything a key, a letter or a typed verb can do.

It feeds the key row, the keys overlay (``?``), the command line, ``docs/keys.md`` and the
start-up check that no key has two meanings. Screens implement ``do_<id>``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from deskterm.errors import Invalid


class Command(NamedTuple):
    """Something that can be done: its keys, its words, and who may."""

    id: str
    title: str
    keys: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    permission: str = ""
    help: str = ""
    batch: str = ""  # the same as a batch command


# Work on every screen, also while typing. The first key is shown, the others are its twins.
GLOBAL: tuple[Command, ...] = (
    Command("help", "help", ("f1",), ("help",), help="this field, this screen, all keys"),
    Command(
        "find", "find a patient", ("f2", "ctrl+f"), ("find",), "view_patients",
        "parts of names, birth date, phone or MRN; then ; and what to do", "patients find QUERY",
    ),
    Command("held", "parked work", ("f3", "ctrl+r"), ("held", "resume"),
            help="drafts to come back to; Enter resumes the newest"),
    Command("choices", "choices", ("f4",), help="choices for this field, actions for this row"),
    Command("day", "day board, then flow", ("f5", "ctrl+t"), ("day",), "view_schedule",
            "the day; again: the waiting room", "schedule day [DATE]"),
    Command("call", "phone call", ("f6", "ctrl+p"), ("call",), "messages",
            "a call slip over whatever is open; finishing it comes back", "messages add"),
    Command("park", "park this", ("f7", "ctrl+o"), ("park",),
            help="set this aside as it is; no questions"),
    Command("next", "what's next", ("f8", "ctrl+n"), ("next", "nx"), "view_messages",
            "everything that waits: messages, late visits, long waits, parked work",
            "messages list"),
    Command("lock", "lock the desk", ("f9", "ctrl+l"), ("lock", "blank"),
            help="hide everything at once; your PIN brings it back as it was"),
    Command("line", "command line", ("f10", "ctrl+g"), help="one line does the whole job"),
    Command("undo", "undo", ("ctrl+z",), ("undo",), help="take back the last thing you did"),
)  # fmt: skip

# Back is not in GLOBAL: an open list or overlay must get the key first.
BACK = Command("back", "back, nothing is lost", ("escape", "f12", "ctrl+c"))
ENTER_KEYS = ("enter", "ctrl+j")

# One meaning each, on every list. The desk never gives a letter a second meaning.
LETTERS: Mapping[str, Command] = {
    command.keys[0]: command
    for command in (
        Command("authorization", "auth/referral", ("a",), (), "view_patients",
                "what the payer allows; Enter covers the visit with it", "auth list"),
        Command("book", "book", ("b",), ("book", "b"), "book",
                "a new visit for this patient, or in this open slot", "schedule book"),
        Command("check_in", "check in", ("c",), ("in",), "run_visits",
                "only what is stale or missing is asked", "visits check-in ID"),
        Command("documents", "documents", ("d",)),
        Command("eligibility", "eligibility", ("e",), ("elig", "e"), "view_patients",
                "what the payer says, what it comes to; without a patient: whom to verify",
                "coverage board"),
        Command("next_state", "next state", ("f",), ("flow",), "run_visits",
                "arrive, room, with provider, ready, as it comes next", "visits room ID"),
        Command("go", "go to date", ("g",), help="t+2w, next tue, 0324"),
        Command("history", "history", ("h",), ("who",), "view_journal",
                "who looked at or changed this patient", "journal report --patient ID"),
        Command("edit", "identity/edit", ("i",), (), "edit_patients",
                "the registration form", "patients show ID"),
        Command("jot", "jot a note", ("j",), (), "run_visits", "a line on this visit"),
        Command("packet", "packet/chart prep", ("k",)),
        Command("letter", "letter/excuse note", ("l",)),
        Command("message", "message", ("m",), ("msg", "m"), "messages",
                "a message about this patient", "messages add"),
        Command("no_show", "no-show", ("n",), ("noshow", "ns"), "run_visits",
                "after the grace time", "visits no-show ID"),
        Command("check_out", "check out", ("o",), ("out", "o"), "run_visits",
                "follow-up, money, gone", "visits check-out ID"),
        Command("payment", "payment", ("p",), ("pay", "p"), "take_payments",
                "40ca 25cc takes a split tender", "pay take PATIENT_ID"),
        Command("records", "records request", ("q",)),
        Command("reschedule", "reschedule", ("r",), ("move", "mv"), "book",
                "a new time; the old visit stays on record", "schedule move ID"),
        Command("sort", "sort", ("s",), help="order the rows again"),
        Command("triage", "triage call", ("t",)),
        Command("undo_list", "undo", ("u",), help="take back the last thing you did"),
        Command("view", "view", ("v",), help="the next way to see this"),
        Command("waitlist", "waitlist", ("w",)),
        Command("cancel", "cancel/drop", ("x",), ("cancel", "x"), "book",
                "who, why; the slot is free again", "schedule cancel ID"),
        Command("hand_over", "hand over", ("y",)),
        Command("snooze", "snooze", ("z",)),
    )
}  # fmt: skip

SYMBOLS: tuple[Command, ...] = (
    Command("keys", "keys on this screen", ("question_mark",)),
    Command("line", "command line", ("colon",)),
    Command("filter", "find row", ("slash",)),
    Command("mark", "mark", ("space",)),
    Command("new", "new", ("plus", "insert"), ("new",)),
    Command("earlier_page", "page up", ("comma", "pageup")),
    Command("later_page", "page down", ("full_stop", "pagedown")),
    Command("earlier_day", "day before", ("left_square_bracket",)),
    Command("later_day", "day after", ("right_square_bracket",)),
    Command("earlier_week", "week before", ("left_curly_bracket",)),
    Command("later_week", "week after", ("right_curly_bracket",)),
    Command("last_screen", "last screen", ("minus",)),
)

# Typed on the command line only.
TYPED: tuple[Command, ...] = (
    Command("staff", "staff", (), ("staff",), "manage_staff",
            "who works here: + adds, Enter edits, x ends access", "staff list"),
    Command("outbox", "outbox", (), ("outbox",), "view_patients",
            "what is sent to payers: f sends again now, x gives up", "run list"),
    Command("codes", "codes", (), ("codes",), "",
            "a diagnosis or service by words or code: is it valid, can it be billed",
            "codes find QUERY"),
    Command("charge", "charge", (), ("charge",), "take_payments",
            "a visit by its codes: diagnoses, services, units", "pay charge ID"),
    Command("pin", "PIN or password", (), ("pin",), "sign_in",
            "your own; with a login somebody else's", "staff secret LOGIN"),
    Command("code", "code app", (), ("code",), "sign_in",
            "sets the code app up; with a login somebody else's", "staff totp LOGIN"),
    Command("restrict", "restrict a record", (), ("restrict",), "restrict_patients",
            "opens for break-glass only, with a reason", "patients restrict ID"),
    Command("unrestrict", "lift a restriction", (), ("unrestrict",), "restrict_patients",
            "the record opens as any other", "patients restrict ID --off"),
    Command("refs", "referrals and auths", (), ("refs",), "view_patients",
            "what must be chased, by when it is due", "auth list"),
)  # fmt: skip

# Keys that some terminal sends as another key, keeps for itself, or types into a field.
UNSAFE_KEYS: frozenset[str] = frozenset(
    {"f11", "ctrl+h", "ctrl+i", "ctrl+m", "ctrl+q", "ctrl+s", "ctrl+b", "ctrl+a", "ctrl+up",
     "ctrl+down", "ctrl+left", "ctrl+right", "shift+f1", "shift+f2", "tilde"}
    | {f"alt+{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789"}
)  # fmt: skip

# Letters and symbols that each screen offers, most useful first: the key row of that screen.
SCREENS: Mapping[str, tuple[str, ...]] = {
    "day": (
        "c",
        "o",
        "f",
        "b",
        "r",
        "x",
        "e",
        "p",
        "m",
        "n",
        "i",
        "j",
        "h",
        "g",
        "v",
        "s",
        "u",
        "a",
    ),
    "flow": ("f", "o", "c", "m", "j", "n", "r", "e", "p", "x", "i", "h", "s", "v", "u", "a"),
    "patient": ("b", "p", "m", "e", "a", "i", "c", "o", "r", "x", "n", "f", "j", "h", "u"),
    "opening": ("v", "a", "s"),
    "next": ("f", "x", "y", "m", "p", "b", "s", "u"),
    "history": ("v", "g", "s"),
    "message": ("f", "x", "y", "m", "j", "u"),
    "report": ("v", "s", "g", "l"),
    "account": ("x", "p", "u"),
    "staff": ("x", "i", "s"),
    "eligibility": ("e", "f", "y", "v", "i", "m", "g", "s"),
    "coverage": ("e", "f", "v", "s", "i", "m", "p"),
    "outbox": ("f", "x", "v", "s"),
    "refs": ("f", "i", "j", "l", "x", "v", "m", "a", "s", "u"),
}
SCREEN_SYMBOLS: Mapping[str, tuple[str, ...]] = {
    "day": ("slash", "space", "left_square_bracket", "right_square_bracket",
            "left_curly_bracket", "right_curly_bracket", "comma", "full_stop", "minus"),
    "flow": ("slash", "space", "comma", "full_stop", "minus"),
    "patient": ("minus",),
    "opening": ("comma", "full_stop"),
    "next": ("slash", "comma", "full_stop", "minus"),
    "history": ("slash", "comma", "full_stop", "minus"),
    "message": ("comma", "full_stop", "minus"),
    "report": ("left_square_bracket", "right_square_bracket", "comma", "full_stop", "minus"),
    "account": ("plus", "slash", "comma", "full_stop", "minus"),
    "staff": ("plus", "slash", "comma", "full_stop", "minus"),
    "eligibility": ("plus", "slash", "space", "left_square_bracket", "right_square_bracket",
                    "comma", "full_stop", "minus"),
    "coverage": ("plus", "comma", "full_stop", "minus"),
    "outbox": ("slash", "comma", "full_stop", "minus"),
    "refs": ("plus", "slash", "comma", "full_stop", "minus"),
}  # fmt: skip

_SHOWN = {
    "question_mark": "?", "colon": ":", "slash": "/", "space": "Space", "plus": "+",
    "comma": ",", "full_stop": ".", "left_square_bracket": "[", "right_square_bracket": "]",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "minus": "-", "escape": "Esc",
    "enter": "Enter", "pageup": "PgUp", "pagedown": "PgDn", "insert": "Ins",
}  # fmt: skip


def shown(key: str) -> str:
    """A key as it is written for people: ``F2``, ``^F``, ``?``."""
    if key.startswith("ctrl+"):
        return "^" + key[5:].upper()
    if key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _SHOWN.get(key, key)


def symbol(key: str) -> Command | None:
    """The symbol command of ``key``, if it is one."""
    return next((c for c in SYMBOLS if key in c.keys), None)


def key_row(screen: str) -> list[tuple[str, str]]:
    """``(key, label)`` pairs for row 24 of ``screen``, most useful first."""
    pairs = [(LETTERS[letter].keys[0], LETTERS[letter].title) for letter in SCREENS[screen]]
    pairs += [
        (shown(key), command.title)
        for key in SCREEN_SYMBOLS[screen]
        if (command := symbol(key)) is not None
    ]
    return [*pairs, ("?", "keys")]


def all_commands() -> list[Command]:
    """Every command once, global ones first."""
    return [*GLOBAL, BACK, *LETTERS.values(), *SYMBOLS, *TYPED]


def by_verb() -> dict[str, Command]:
    """Each typed word of the command line and the command that it means."""
    return {verb: command for command in all_commands() for verb in command.verbs}


def check(remapped: Mapping[str, Iterable[str]] | None = None) -> None:
    """Raise Invalid when a key has two meanings, or is one that terminals garble."""
    seen: dict[str, str] = {}
    for command in (*GLOBAL, BACK):
        for key in (remapped or {}).get(command.id, command.keys):
            _claim(seen, key, command)
    for command in (*LETTERS.values(), *SYMBOLS):
        for key in command.keys:
            _claim(seen, key, command)


def _claim(seen: dict[str, str], key: str, command: Command) -> None:
    if key in UNSAFE_KEYS:
        raise Invalid(f"The key {shown(key)} is not safe for {command.title}", "Choose another")
    if seen.setdefault(key, command.id) != command.id:
        raise Invalid(f"The key {shown(key)} means both {seen[key]} and {command.id}", "")
