"""The fields of a call slip, in the order of what is said, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskterm.clock import local
from deskterm.db.messages import URGENCIES
from deskterm.entry.dates import show_short
from deskterm.entry.times import show_time
from deskterm.office import clinic, messages
from deskterm.office.addressees import Addressee, addressees
from deskterm.office.desk import Desk
from deskterm.screens.who import person_field
from deskterm.widgets.fields import FieldSpec

# A topic that needs no answer: the call is written down and closed with this outcome.
LOGGED = {"wrong": "wrong"}
REFILL = "rx"


@dataclass(frozen=True)
class Topic:
    """What a call may be about; ``pool`` and ``urgency`` are where it goes unless said."""

    code: str
    label: str
    pool: str
    urgency: str


class CallWords:
    """The clinic's topics and who can be sent a message, as they were when the call came."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.topics = {topic.code: topic for topic in _topics(desk)}
        self.known: list[Addressee] = addressees(desk)
        self.by_code = {to.code: to for to in self.known}

    def due(self, urgency: str | None) -> str:
        """``5:00p``, or ``Thu Mar 19 5:00p`` on another day."""
        if not urgency:
            return ""
        at = local(messages.due_at(self.desk, urgency), self.desk.zone)
        day = "" if at.date() == self.desk.today() else f"{show_short(at.date())} "
        return f"{day}{show_time(at.time())}"

    def reply_by(self, values: Mapping[str, Any]) -> str:
        """The fact beside the urgency: ``Wed 5:00p``."""
        urgency = values.get("urgency")
        if not urgency:
            return ""
        at = local(messages.due_at(self.desk, urgency), self.desk.zone)
        return f"{at:%a} {show_time(at.time())}"


def _topics(desk: Desk) -> list[Topic]:
    found = []
    for code, label in clinic.codes(desk, "topic"):
        detail = clinic.code(desk, "topic", code)[2]
        found.append(
            Topic(code, label, str(detail.get("pool", "")), str(detail.get("urgency", "today")))
        )
    return found


def call_fields(
    words: CallWords,
    identity: FieldSpec,
    *,
    show_person: Callable[[Any], str],
    discuss: Callable[[Mapping[str, Any]], str],
    is_logged: Callable[[], bool],
) -> list[FieldSpec]:
    """Who, whether they are who they say, the number, the topic, the words, for whom."""

    def about_somebody(values: Mapping[str, Any]) -> bool:
        return isinstance(values.get("patient"), int)

    def is_refill(values: Mapping[str, Any]) -> bool:
        return values.get("topic") == REFILL

    topics = [(topic.code, topic.label) for topic in words.topics.values()]
    return [
        person_field(
            "patient", "About", required=False, ask=True, width=36, show=show_person,
            help="who it is about; Enter alone for nobody on file, w for a wrong number",
            example="smi jo 031482; Enter alone: nobody on file; w: wrong number",
        ),
        FieldSpec("caller", "Caller", width=18, limit=120, beside=True, default="self",
                  example="self, mother, County lab", visible_when=about_somebody),
        FieldSpec("caller_name", "Caller", width=18, limit=120, beside=True, required=True,
                  example="a name, or unknown",
                  visible_when=lambda v: not about_somebody(v) and not is_logged()),
        FieldSpec("checked", "Checked", width=12, limit=60, example="name + DOB"),
        identity,
        FieldSpec("callback", "Call back", width=16, limit=40, beside=True,
                  example="217-555-0142"),
        FieldSpec("discuss", "Discuss", "fact", fact=discuss,
                  visible_when=lambda v: bool(discuss(v))),
        FieldSpec("topic", "Topic", "choice", choices=topics, required=True, width=21,
                  example="rx, appt, bill; F4 shows them"),
        FieldSpec("best_time", "Best time", width=16, limit=60, beside=True,
                  example="after 3p"),
        FieldSpec("drug", "Drug", width=22, limit=120, required=True, visible_when=is_refill,
                  example="lisinopril 10"),
        FieldSpec("days_left", "Days left", width=4, limit=20, ask=True, beside=True,
                  visible_when=is_refill, example="2"),
        FieldSpec("pharmacy", "Pharmacy", width=14, limit=120, beside=True,
                  visible_when=is_refill, example="CVS Main St"),
        FieldSpec("note", "Note", "lines", rows=2, width=66, limit=1500, ask=True,
                  visible_when=lambda v: not is_logged(),
                  example="the caller's own words"),
        FieldSpec("to", "Send to", "choice", width=24,
                  choices=[(to.code, to.label) for to in words.known],
                  visible_when=lambda v: not is_logged()),
        FieldSpec("urgency", "Urgent", "choice", choices=[(code, code) for code, _ in URGENCIES],
                  beside=True, width=8,
                  visible_when=lambda v: not is_logged()),
        FieldSpec("reply_by", "Reply by", "fact", fact=words.reply_by, beside=True, width=11,
                  visible_when=lambda v: not is_logged()),
    ]  # fmt: skip


def body_of(values: Mapping[str, Any]) -> str:
    """The words of the message: for a refill the drug first, then the note."""
    note = str(values.get("note") or "").strip()
    if values.get("topic") != REFILL:
        return note
    parts = [str(values.get("drug") or "")]
    if values.get("days_left"):
        parts.append(f"days left: {values['days_left']}")
    if values.get("pharmacy"):
        parts.append(f"pharmacy: {values['pharmacy']}")
    return "\n".join(filter(None, ["; ".join(filter(None, parts)), note]))


def caller_of(values: Mapping[str, Any]) -> tuple[str, str]:
    """Name and relationship as the message keeps them; ``self`` is the patient's own call."""
    if values.get("patient") is None:
        return str(values.get("caller_name") or "unknown"), ""
    said = str(values.get("caller") or "self")
    return ("", "self") if said.lower() == "self" else (said, said[:40])


def choose(code: str, choices: Sequence[str]) -> str | None:
    """``code`` in the spelling of ``choices``, or None."""
    return next((choice for choice in choices if choice.lower() == code.lower()), None)
