"""A call slip over whatever is open: F6 picks up, Enter at the last gap sends it and goes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from textual import on

from deskterm.db.journal import Entry
from deskterm.entry.dates import show_birth
from deskterm.entry.phones import show_phone
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError
from deskterm.office import clinic, drafts, messages, patients, take_back
from deskterm.office.messages import MessageRow
from deskterm.office.queue import short_name
from deskterm.screens.base import DeskScreen
from deskterm.screens.call_form import (
    LOGGED,
    CallWords,
    body_of,
    call_fields,
    caller_of,
    choose,
)
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import IDENTITY, find_for, identity_field, must_identify, show_banner
from deskterm.text import fit, fold
from deskterm.widgets.panel import Panel, Text
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow, TextRow
from deskterm.widgets.rows_paint import Part

WRONG_NUMBER = {"w", "wrong", "wrong no", "wrong number"}
CHECKED = "name + DOB"
FORM_ROWS = 8
HOLD_LONG = 1  # minutes on hold before LONG
# What the office calls a field that is named otherwise here.
FIELDS = {"body": "note", "pool": "to", "assignee": "to", "identity_checked": "checked"}


class CallScreen(TaskScreen):
    """One phone call: about whom, checked how, which number, the topic, the words, for whom."""

    DEFAULT_CSS = f"""
    CallScreen RecordForm {{ height: {FORM_ROWS}; }}
    CallScreen.-short RecordForm {{ height: 1fr; }}
    """

    place: ClassVar[str] = "call"
    title_text: ClassVar[str] = "CALL"
    form: ClassVar[str] = "call"

    def __init__(
        self,
        patient_id: int | None = None,
        *,
        topic: str = "",
        note: str = "",
        to: str | None = None,
        priority: str | None = None,
        caller: str = "",
        callback: str = "",
        draft: Any = None,
    ) -> None:
        super().__init__(draft)
        self.given_patient = patient_id
        self.given = {"topic": topic, "note": note, "to": to, "urgency": priority}
        self.caller, self.callback = caller, callback
        self.strip = TextRow()
        self.calls = Panel(classes="body aside")
        self.call_form: RecordForm | None = None
        self.words: CallWords | None = None
        self.line, self.since = 0, ""
        # What was put into a field for the clerk; it may be replaced when its reason changes.
        self._filled: dict[str, str] = {}
        self._must: dict[int, bool] = {}
        self._contacts: dict[int, str] = {}
        self._about: int | None = None
        if draft is not None:
            self._filled = dict(draft.state.get("filled") or {})
            self.line = int(draft.state.get("line") or 0)
            self.since = str(draft.state.get("since") or "")
            self._about = draft.patient_id

    # The form

    def body(self) -> Iterable[Any]:
        self.words = CallWords(self.desk)
        if not self.line:
            self.line = self._free_line()
            self.since = self.desk.wall().isoformat()
        identity = identity_field(
            self, width=8, beside=True, visible_when=lambda values: self.wants_identity()
        )
        specs = call_fields(
            self.words, identity,
            show_person=self._person, discuss=self._discuss, is_logged=self._is_logged,
        )  # fmt: skip
        self.call_form = RecordForm(specs, self._values(), verb="SEND")
        yield self.strip
        yield RuleRow()
        yield self.call_form
        yield RuleRow()
        yield self.calls

    def _values(self) -> dict[str, Any]:
        """What is known before anything is typed."""
        assert self.words is not None
        given = self.given
        values: dict[str, Any] = {"note": given["note"], "callback": show_phone(self.callback)}
        if self.given_patient is not None:
            values["patient"] = self._about = self.given_patient
            values |= self._patient_values(self.given_patient)
            if self.callback:
                values["callback"] = show_phone(self.callback)
        if self.caller:
            values["caller" if self.given_patient is not None else "caller_name"] = self.caller
        topic = choose(given["topic"] or "", list(self.words.topics))
        if topic is not None:
            values["topic"] = topic
            values["to"] = self.words.topics[topic].pool
            values["urgency"] = self.words.topics[topic].urgency
        if given["to"]:
            values["to"] = choose(given["to"], list(self.words.by_code)) or values.get("to")
        if given["urgency"]:
            values["urgency"] = given["urgency"].lower()
        return values

    def _patient_values(self, patient_id: int) -> dict[str, str]:
        """The fields that the patient's record answers."""
        row, facts = patients.row(self.desk, patient_id), patients.facts(self.desk, patient_id)
        return {
            "callback": show_phone(row.phone) if row.phone else "",
            "pharmacy": facts.pharmacy,
            "checked": CHECKED if self.desk_app.identified(patient_id) else "",
        }

    def _free_line(self) -> int:
        """The lowest line that no other open call of this desk is on."""
        taken = {line for line, _, _ in self._held()}
        return next(n for n in range(1, len(taken) + 2) if n not in taken)

    def _held(self) -> list[tuple[int, int, str]]:
        """Calls put aside: line, minutes, who."""
        return [
            (int(d.state.get("line") or 0), d.parked_minutes, d.heading.removeprefix("CALL "))
            for d in drafts.open_drafts(self.desk)
            if d.form == self.form and d.key != self.key and not d.done
        ]

    def _person(self, patient_id: Any) -> str:
        row = patients.row(self.desk, int(patient_id))
        return f"{row.name} {show_birth(row.birth_date)} #{row.mrn}"

    def _discuss(self, values: Mapping[str, Any]) -> str:
        """What may be said to a caller who is not the patient."""
        patient_id = values.get("patient")
        if not isinstance(patient_id, int) or fold(str(values.get("caller") or "self")) == "self":
            return ""
        if patient_id not in self._contacts:
            listed = [
                f"{c.name} ({c.relationship}): {c.may_discuss}"
                for c in patients.card(self.desk, patient_id).contacts
                if c.may_discuss
            ]
            self._contacts[patient_id] = "; ".join(listed) or "nothing: nobody is on file for it"
        return self._contacts[patient_id]

    def _is_logged(self) -> bool:
        return self._text("topic").split(" ")[0] in LOGGED

    def wants_identity(self) -> bool:
        """Whether another patient has this name and nobody said the birth date yet."""
        patient_id = self.subject()[0]
        if patient_id is None:
            return False
        if patient_id not in self._must:
            self._must[patient_id] = must_identify(self, patient_id)
        return self._must[patient_id]

    def _text(self, name: str) -> str:
        return self.call_form.sheet.text(name) if self.call_form is not None else ""

    def subject(self) -> tuple[int | None, int | None]:
        if self.call_form is None:
            return self._about, None
        found = self.call_form.sheet.reading("patient").value
        return (found if isinstance(found, int) else None), None

    def heading(self) -> str:
        patient_id = self.subject()[0]
        if patient_id is not None:
            return f"CALL {short_name(patients.row(self.desk, patient_id).name)}"
        return f"CALL {self._text('caller_name') or 'unknown'}"

    def context(self) -> str:
        return f"line {self.line}"

    def draft_state(self) -> dict[str, Any]:
        return {
            **super().draft_state(),
            "filled": self._filled,
            "line": self.line,
            "since": self.since,
        }

    def keys_shown(self) -> list[tuple[str, str]]:
        return [
            ("Enter", "next gap"), ("Tab", "next"), ("F4", "choices"), ("F7", "hold/park"),
            ("Esc", "keep draft"), ("F1", "help"),
        ]  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """The banner and the lines were drawn before anybody was known to be meant."""
        super().restore(state)
        self._about = self.subject()[0]
        self.load()

    # Showing

    def on_mount(self) -> None:
        """An example for the first field, until something is typed."""
        if self.draft is None and self.call_form is not None:
            self.say(self.call_form.hint, level="coach")

    def load(self) -> None:
        show_banner(self, self.subject()[0], "" if self.subject()[0] else "nobody on file yet")
        self._show_strip()
        self._show_verb()
        self._show_log()

    def on_minute(self) -> None:
        self._show_strip()
        self.refresh_frame()

    def concerns(self, entry: Entry) -> bool:
        return entry.entity == "message"

    def _show_strip(self) -> None:
        """The lines: this call, and the calls that hold."""
        live = self.desk.wall() - datetime.fromisoformat(self.since)
        minutes = max(int(live.total_seconds() // 60), 0)
        parts: list[Part | str] = [
            f"L{self.line} LIVE {minutes}m {self.heading().removeprefix('CALL ')}"
        ]
        for line, held, who in sorted(self._held()):
            parts.append(f"   L{line} HOLD {held}m {who}")
            if held >= HOLD_LONG:
                parts += [" ", Part("LONG", "attention")]
        self.strip.show(*parts)

    def _show_verb(self) -> None:
        """What Enter does when nothing is missing."""
        assert self.call_form is not None and self.words is not None
        below = self.desk_app.screen_stack[-2] if len(self.desk_app.screen_stack) > 1 else None
        back = below.heading() if isinstance(below, TaskScreen) else ""
        if not back and isinstance(below, DeskScreen):
            back = below.title_text
        go_back = f", go back to {back}" if back else ""
        if self._is_logged():
            self.call_form.verb = f"LOG the call{go_back}"
            return
        values = self.call_form.values
        to = self.words.by_code.get(str(values.get("to") or ""))
        due = self.words.due(values.get("urgency"))
        said = f"SEND{f' to {to.spoken}' if to else ''}{f', reply by {due}' if due else ''}"
        self.call_form.verb = f"{said}{go_back}"

    def _show_log(self) -> None:
        rows = messages.log(self.desk, self.desk.today(), limit=30)
        outcomes = dict(clinic.codes(self.desk, "outcome"))
        heading = "  #  Today   Line  Who               Topic          Sent to     State"
        lines: list[Text] = [[Part(heading, "primary")]]
        for number, row in zip(range(len(rows), 0, -1), rows, strict=True):
            lines.append(
                f"{number:>3}  {show_time(row.taken_at.time()):<7} {fit(row.line, 4)}  "
                f"{fit(short_name(row.patient) or row.caller, 17)} {fit(row.topic_label, 14)} "
                f"{fit(row.sent_to, 11)} {_state(row, outcomes)}"
            )
        if not rows:
            lines.append("  No calls yet today")
        self.calls.show(lines)

    # Filling in what follows from what was typed

    @on(RecordForm.Typed)
    def follow(self, message: RecordForm.Typed) -> None:
        """One answer brings others: the patient's number, the topic's pool and urgency."""
        if message.name == "patient":
            self._follow_patient()
        elif message.name == "topic":
            self._follow_topic()
        elif message.name == IDENTITY:
            patient_id = self.subject()[0]
            if patient_id is not None and self.desk_app.identified(patient_id):
                self._fill("checked", CHECKED)
        self._show_verb()

    def _follow_patient(self) -> None:
        assert self.call_form is not None
        patient_id = self.subject()[0]
        if patient_id == self._about:
            return
        self._about = patient_id
        self.call_form.sheet.put(IDENTITY, None, "")
        known = self.attempt(self._patient_values, patient_id) if patient_id is not None else None
        for name in ("callback", "pharmacy", "checked"):
            self._fill(name, (known or {}).get(name, ""))
        show_banner(self, patient_id, "" if patient_id else "nobody on file yet")
        self._show_strip()

    def _follow_topic(self) -> None:
        assert self.call_form is not None and self.words is not None
        topic = self.words.topics.get(str(self.call_form.sheet.reading("topic").value))
        if topic is not None:
            self._fill("to", topic.pool)
            self._fill("urgency", topic.urgency)

    def _fill(self, name: str, value: str) -> None:
        """Let ``value`` stand in a field that nobody typed something else into."""
        assert self.call_form is not None
        sheet = self.call_form.sheet
        if sheet.text(name) not in ("", self._filled.get(name, "")):
            return
        sheet.put(name, value or None)
        self._filled[name] = sheet.text(name)
        self.call_form.repaint()

    async def on_record_form_person_wanted(self, message: RecordForm.PersonWanted) -> None:
        assert self.call_form is not None
        if fold(message.text) in WRONG_NUMBER:
            self.call_form.release()
            self.call_form.sheet.put("patient", None, "")
            self.call_form.sheet.put("topic", "wrong")
            await self.send()
        else:
            await find_for(self, self.call_form, message.name, message.text)

    # Sending

    async def on_record_form_done(self) -> None:
        await self.send()

    async def send(self) -> None:
        """Write the slip and go back to what was open."""
        assert self.call_form is not None and self.words is not None
        form = self.call_form
        logged = LOGGED.get(str(form.sheet.reading("topic").value))
        gap = next((name for name in form.sheet.walk() if form.sheet.is_gap(name)), None)
        # What just followed from the last answer may be asked for now.
        if gap is not None and form.sheet.specs[gap].required:
            form.go_to(gap)
            return
        values = form.values
        caller, relationship = caller_of(values)
        to = self.words.by_code.get(str(values.get("to") or ""))
        target = to.target if to is not None and not logged else {}
        if to is not None and to.is_pool and to.code == self._usual_pool(values):
            target = {}
        message = self.attempt(
            messages.take,
            self.desk,
            caller=caller,
            relationship=relationship,
            callback=values.get("callback") or "",
            patient_id=values.get("patient"),
            topic=values["topic"],
            body=body_of(values),
            urgency=values.get("urgency") or None,
            line=str(self.line),
            identity_checked=values.get("checked") or "",
            best_time=values.get("best_time") or "",
            outcome=logged,
            key=self.key,
            **target,
        )
        if message is None:
            return
        if logged:
            await self.finish(f"Logged: {self.words.topics[values['topic']].label}")
            return
        row = messages.get(self.desk, message.id)
        known = self.words.by_code.get(row.sent_to)
        due = self.words.due(row.urgency)
        desk, message_id = self.desk, message.id
        await self.finish(
            f"Sent to {known.spoken if known else row.sent_to}, reply by {due}",
            undo=lambda: take_back.take_back(desk, message_id),
        )

    def _usual_pool(self, values: Mapping[str, Any]) -> str:
        """The pool of the topic; it comes into being with its first message."""
        assert self.words is not None
        topic = self.words.topics.get(str(values.get("topic")))
        return topic.pool if topic is not None else ""

    def failed(self, error: DesktermError) -> None:
        name = FIELDS.get(getattr(error, "field", ""), getattr(error, "field", ""))
        if name == "caller" and self.subject()[0] is None:
            name = "caller_name"
        if self.call_form is not None and name in self.call_form.sheet.walk():
            text = error.sentence
            self.call_form.set_error(name, text)
        else:
            super().failed(error)


def _state(row: MessageRow, outcomes: Mapping[str, str]) -> str:
    """``done 9:02a``, ``URGENT, read``, ``waiting 31m``."""
    if row.status == "closed":
        at = f" {show_time(row.closed_at.time())}" if row.closed_at is not None else ""
        return f"{outcomes.get(row.outcome, row.outcome)}{at}"
    pressing = "URGENT " if row.urgency in ("now", "urgent") else ""
    if row.status == "new":
        return f"{pressing}waiting {row.waiting_minutes}m"
    return f"{pressing}{row.status.replace('_', ' ')}"
