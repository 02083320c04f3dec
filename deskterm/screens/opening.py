"""Find an opening and book it; or move a visit to it (b, r)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from deskterm.commands import ENTER_KEYS
from deskterm.entry.times import Window, show_time
from deskterm.errors import Conflict, DesktermError, Invalid, Stale
from deskterm.office import clinic, day_board, holds, openings, scheduling, templates
from deskterm.office.day_board import AppointmentRow
from deskterm.office.drafts import DraftRow
from deskterm.office.holds import Hold
from deskterm.office.news import visit_now
from deskterm.office.openings import Opening
from deskterm.screens.opening_words import cover_words, patients_name
from deskterm.screens.part_of_day import day_and_window, window_times, window_words
from deskterm.screens.prompt import ask
from deskterm.screens.task import TaskScreen
from deskterm.screens.week_strip import week_lines
from deskterm.screens.who import find_for, identity_field, must_identify, person_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.panel import Panel
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.row_list import Column, Row, RowList
from deskterm.widgets.rows import RuleRow

SHOWN = 6
DAYS = 90
HOLD_AFTER = 2.0  # seconds on one opening before it is held for this desk
COLUMNS = (
    Column("Day", 11),
    Column("Time", 7),
    Column("With", 8),
    Column("Where", 7),
    Column("Why this one", 30, grows=True),
)
# Rules that a reason can pass, and what to ask.
REASONS = {
    "patient_overlap": "They have another visit then. Reason to book anyway",
    "patient_same_day": "They have another visit that day. Reason",
}
# What the payer must have said before: those who may book with a reason.
COVER_RULES = (
    "authorization_missing", "authorization_units", "authorization_dates", "referral_missing",
)  # fmt: skip


class OpeningScreen(TaskScreen):
    """The search on top, what is open below; Enter books the row it stands on."""

    place: ClassVar[str] = "opening"
    title_text: ClassVar[str] = "FIND OPENING"
    form: ClassVar[str] = "opening"

    def __init__(
        self,
        patient_id: int | None = None,
        *,
        moving: int | None = None,
        visit_type: str | None = None,
        provider: str | None = None,
        first: date | None = None,
        window: Window | None = None,
        at: time | None = None,
        slot: tuple[str, datetime] | None = None,
        minutes: int | None = None,
        note: str = "",
        draft: Any = None,
    ) -> None:
        super().__init__(draft)
        self.patient_id = patient_id
        self.moving_id = moving
        self.given = {"visit": visit_type, "with": provider}
        self.first, self.window, self.at = first, window, at
        self.slot = slot
        self.minutes = minutes
        self.note = note
        if draft is not None:
            self._given_by(draft.state)
        self.moving: AppointmentRow | None = None
        self.found: list[Opening] = []
        self._held: Hold | None = None
        self._wanted: list[str] | None = None
        self._hold_timer: Any = None
        self.strip = True
        self.list = RowList()
        self.week = Panel(height=6, classes="aside")
        self.search_form: RecordForm | None = None

    def _given_by(self, state: dict[str, Any]) -> None:
        """What the screen was opened with, from a draft."""
        self.patient_id = state.get("patient_id")
        self.moving_id = state.get("moving_id")
        if state.get("slot"):
            provider, start = state["slot"]
            self.slot = (provider, datetime.fromisoformat(start))
        if state.get("at"):
            first, at = state["at"]
            self.first, self.at = date.fromisoformat(first), time.fromisoformat(at)
        self.minutes = state.get("minutes")

    def draft_state(self) -> dict[str, Any]:
        slot = [self.slot[0], self.slot[1].isoformat()] if self.slot else None
        return {
            **super().draft_state(),
            "patient_id": self.patient_id,
            "moving_id": self.moving_id,
            "slot": slot,
            # A part of the day stands in the field's text; a time or a length does not.
            "at": [self.first.isoformat(), self.at.isoformat()] if self.first and self.at else None,
            "minutes": self.minutes,
            "searched": bool(self.found),
            "chosen": self._chosen_words(),
        }

    def _chosen_words(self) -> list[str] | None:
        """The opening under the cursor, as a draft keeps it."""
        opening = self.chosen()
        return [opening.provider, opening.start.isoformat()] if opening is not None else None

    def heading(self) -> str:
        verb = "MOVE" if self.moving_id else "BOOK"
        name = patients_name(self) if self.subject()[0] else ""
        return f"{verb} {name}".strip()

    def subject(self) -> tuple[int | None, int | None]:
        if self.search_form is not None and "patient" in self.search_form.sheet.specs:
            # Only this field: whether the next one is shown is asked of this very answer.
            chosen = self.search_form.sheet.reading("patient").value
            return (chosen if isinstance(chosen, int) else self.patient_id), self.moving_id
        return self.patient_id, self.moving_id

    # The form

    def body(self) -> Iterable[Any]:
        if self.moving_id is not None:
            self.moving = day_board.appointment(self.desk, self.moving_id)
            self.patient_id = self.moving.patient_id
        specs, values = self._specs()
        self.search_form = RecordForm(specs, values, verb="search")
        rows = 4 if self.patient_id is None else 3
        self.search_form.styles.height = rows
        yield RuleRow()
        yield self.search_form
        yield RuleRow()
        self.list.styles.height = "1fr"
        yield self.list
        yield self.week

    def _specs(self) -> tuple[list[FieldSpec], dict[str, Any]]:
        types = [(t.code, f"{t.name} {t.minutes}m") for t in templates.visit_types(self.desk)]
        people = [(p.code, p.heading) for p in templates.providers(self.desk)]
        places = [(p.code, p.name) for p in templates.locations(self.desk)]
        usual_type, usual_provider = openings.usual(self.desk, self.patient_id)
        values: dict[str, Any] = {
            "visit": self.given["visit"] or (self.moving and self.moving.visit_type) or usual_type,
            "with": self.given["with"] or (self.moving and self.moving.provider) or usual_provider,
            "where": "any",
        }
        if self.slot is not None:
            values["with"], self.at = self.slot[0], self.slot[1].time()
            self.first = self.slot[1].date()
        if self.first is not None:
            values["from"] = self.first
        specs = [
            FieldSpec("visit", "Visit", "choice", choices=types, required=True, width=20),
            FieldSpec("with", "With", "choice", choices=[*people, ("any", "anyone")],
                      required=True, width=12, beside=True),
            FieldSpec("where", "Where", "choice", choices=[("any", "any"), *places], width=12,
                      beside=True),
            FieldSpec("from", "From", required=True, width=20, limit=40, parse=self._read_when,
                      show=self._show_when, example="1w pm, fri am, 0324"),
            FieldSpec("note", "Note", width=50, limit=300, default=self.note or None,
                      help="why they come, in a few words"),
        ]  # fmt: skip
        if self.patient_id is None:
            specs.insert(0, person_field())
        specs.insert(1 if self.patient_id is None else 0, identity_field(self, beside=True))
        return specs, values

    def _read_when(self, text: str) -> tuple[date, str]:
        """A date, with or without a part of the day: ``1w pm``, ``fri after 2``."""
        day, echo, self.window = day_and_window(self.desk, text)
        self.at = self.at if self.slot is not None or self.first == day else None
        return day, echo

    def _show_when(self, day: date) -> str:
        """The text of From: read again, as a draft does, it means the same."""
        return f"{day:%a %b} {day.day} {window_words(self.window)}".rstrip()

    # Searching

    def opened(self) -> None:
        super().opened()
        show_banner(self, self.subject()[0], self._moving_text())
        form = self.search_form
        assert form is not None
        if self.draft is None and not any(form.sheet.is_gap(name) for name in form.sheet.walk()):
            self.search()

    def restore(self, state: dict[str, Any]) -> None:
        """The openings as they are now: what was chosen may be taken."""
        super().restore(state)
        if state.get("searched") and self.search_form is not None:
            self.search()
            if (state.get("panels") or {}).get("list") is None:
                self.set_focus(self.search_form)
            self._wanted = state.get("chosen")

    def came_back(self, row: DraftRow, meanwhile: list[str]) -> None:
        """Parked work holds nothing: look whether the chosen opening is still there."""
        super().came_back(row, meanwhile)
        wanted = self._wanted or row.state.get("chosen")
        self._wanted = None
        if not wanted or self.search_form is None:
            return
        if self.draft is None:
            at = self.focused
            self.search()
            if at is not None:
                self.set_focus(at)
        start = datetime.fromisoformat(wanted[1])
        for number, opening in enumerate(self.found, 1):
            if (opening.provider, opening.start) == (wanted[0], start):
                self.list.select_number(number)
                return
        who = next(
            (h.desk for h in holds.holds(self.desk, start.date())
             if (h.provider, h.start) == (wanted[0], start)), "",
        )  # fmt: skip
        first = self.found[0] if self.found else None
        after = f"; next is {show_time(first.start.time())}" if first is not None else ""
        said = f"{show_time(start.time())} went to {who}" if who else (
            f"{show_time(start.time())} {wanted[0]} is taken")  # fmt: skip
        self.say(f"{said}{after}")

    def _moving_text(self) -> str:
        if self.moving is None:
            return ""
        start = self.moving.start
        return f"MOVING {start:%a %b} {start.day} {show_time(start.time())} {self.moving.provider}"

    async def on_record_form_person_wanted(self, message: RecordForm.PersonWanted) -> None:
        assert self.search_form is not None
        await find_for(self, self.search_form, message.name, message.text)

    def on_record_form_typed(self) -> None:
        super().on_record_form_typed()
        show_banner(self, self.subject()[0], self._moving_text())

    def on_record_form_done(self, message: RecordForm.Done) -> None:
        self.search()

    def search(self, shift: int = 0) -> None:
        """Look for openings and go to the list."""
        assert self.search_form is not None
        values = self.search_form.values
        first = values["from"] + timedelta(days=shift)
        if shift:
            self.search_form.set_value("from", max(first, self.desk.today()))
        if self.slot is not None and self.slot[1].date() == first and self.at is not None:
            start = datetime.combine(first, self.at)
            self.found = [self._this_slot(values, start)]
        else:
            after, before = window_times(self.window, self.at)
            found = self.attempt(
                openings.search,
                self.desk,
                visit_type=values["visit"],
                provider=None if values["with"] == "any" else values["with"],
                location=None if values["where"] in ("any", None) else values["where"],
                first=max(first, self.desk.today()),
                days=DAYS,
                after=after,
                before=before,
                limit=SHOWN,
            )
            self.found = found or []
        self._show_found()
        if self.found:
            self.set_focus(self.list)
        self.refresh_frame()
        self.show_enter()

    def _this_slot(self, values: dict[str, Any], start: datetime) -> Opening:
        """The slot that was pointed at on the board, with what stands in its way."""
        why = openings.why_not(
            self.desk, visit_type=values["visit"], provider=values["with"], start=start
        )
        minutes = dict(
            (t.code, t.minutes) for t in templates.visit_types(self.desk)
        )[values["visit"]]  # fmt: skip
        return Opening(start, minutes, values["with"], "", why or "the slot you chose")

    def _show_found(self) -> None:
        rows = [
            Row(
                key=number,
                number=number,
                cells=(
                    f"{o.start:%a %b} {o.start.day}",
                    show_time(o.start.time()),
                    o.provider,
                    o.location,
                    o.why,
                ),
            )
            for number, o in enumerate(self.found, 1)
        ]
        self.list.show(COLUMNS, rows)
        if not rows:
            self.say("Nothing open in 90 days. Tab changes the search", level="error")
        self._show_week()

    def _show_week(self) -> None:
        self.week.show(week_lines(self.desk, self.found) if self.strip else [])

    # Booking

    def chosen(self) -> Opening | None:
        """The opening under the cursor of the list."""
        row = self.list.current
        return self.found[int(str(row.key)) - 1] if row is not None and self.found else None

    def point_at(self, number: int) -> bool:
        return self.list.select_number(number)

    def show_enter(self) -> None:
        opening = self.chosen() if self.focused is self.list else None
        if opening is None:
            super().show_enter()
            return
        verb = "MOVE to" if self.moving else "BOOK"
        kind = self.search_form.values["visit"] if self.search_form else ""
        cover = cover_words(self, kind, opening)
        self.enter_row.show(
            f"Enter = {verb} {opening.start:%a %b} {opening.start.day} "
            f"{show_time(opening.start.time())} {opening.provider} {kind}{opening.minutes}"
            + self._held_words(opening)
            + cover
        )

    def on_row_list_moved(self) -> None:
        self.show_enter()
        if self._hold_timer is not None:
            self._hold_timer.stop()
        self._hold_timer = self.set_timer(HOLD_AFTER, self._hold)

    # Holding what the cursor rests on, so that no other desk takes it meanwhile

    def _hold(self) -> None:
        opening = self.chosen()
        if opening is None or self.finished or not opening.location:
            return
        try:
            self._held = holds.hold(
                self.desk, opening.provider, opening.location, opening.start, opening.minutes
            )
        except Conflict as error:
            self.search()
            self.say_error(error)
        except DesktermError as error:
            self.say_error(error)
        else:
            self.show_enter()

    def _held_words(self, opening: Opening) -> str:
        held = self._held
        if held is None or (held.provider, held.start) != (opening.provider, opening.start):
            return ""
        return f" (held for you until {show_time(held.until.time())})"

    def on_unmount(self) -> None:
        """Whatever way the screen closes, nothing stays on hold."""
        if self._held is not None:
            self.attempt(holds.release, self.desk)

    async def on_row_list_chosen(self) -> None:
        await self.book()

    async def list_key(self, key: str, character: str | None) -> bool:
        if key in ("tab", "shift+tab") and self.search_form is not None:
            self.set_focus(self.search_form)
            self.refresh_frame()
            super().show_enter()
            return True
        if key in ENTER_KEYS:
            await self.book()
            return True
        return await super().list_key(key, character)

    def do_earlier_page(self) -> None:
        self.search(-7)

    def do_later_page(self) -> None:
        self.search(7)

    def do_view(self) -> None:
        """``v``: the strip of the week on and off."""
        self.strip = not self.strip
        self._show_week()

    def do_sort(self) -> None:
        self.say("Always the first that fits on top")

    async def book(self, **reasons: Any) -> None:
        """Book (or move to) the opening under the cursor."""
        opening = self.chosen()
        patient_id = self.subject()[0]
        form = self.search_form
        if opening is None or form is None:
            self.say("Choose an opening first")
            return
        if patient_id is None:
            self.set_focus(form)
            form.go_to("patient")
            self.say("Who is it for?")
            return
        if must_identify(self, patient_id):
            self.set_focus(form)
            form.go_to("identity")
            return
        try:
            done = self._write(opening, patient_id, form.values, reasons)
        except Conflict as error:
            await self._refused(error, opening, reasons)
            return
        except DesktermError as error:
            self.failed(error)
            return
        start = opening.start
        when = f"{start:%a %b} {start.day} {show_time(start.time())} {opening.provider}"
        undo = scheduling.undo_move if self.moving else scheduling.undo_book
        desk, new_id, version = self.desk, done.id, done.version
        await self.finish(
            f"{'Moved to' if self.moving else 'Booked'} {when}",
            undo=lambda: undo(desk, new_id, version=version),
        )
        self.desk_app.read_back(
            f'SAY "{start:%A %B} {start.day} at {show_time(start.time())} with {opening.provider}, '
            f'{opening.minutes} minutes"'
        )

    def _write(
        self, opening: Opening, patient_id: int, values: dict[str, Any], reasons: dict[str, Any]
    ) -> Any:
        if self.moving is not None:
            return scheduling.move(
                self.desk,
                self.moving.id,
                version=self.moving.version,
                start=opening.start,
                provider=opening.provider,
                key=self.key,
                **reasons,
            )
        return scheduling.book(
            self.desk,
            patient_id=patient_id,
            visit_type=values["visit"],
            provider=opening.provider,
            start=opening.start,
            location=opening.location or None,
            minutes=self.minutes,
            note=values.get("note") or "",
            patient_indicated_date=values["from"],
            key=self.key,
            **reasons,
        )

    def look_again(self, error: Stale) -> str:
        self.moving, changed = visit_now(self.desk, self.moving)
        return changed

    async def do_authorization(self) -> None:
        """``a``: what the plan wants before this visit; Esc comes back to the openings."""
        patient_id = self.subject()[0]
        if patient_id is not None:
            await self.desk_app.go("refs", patient_id=patient_id)

    async def _refused(self, error: Conflict, opening: Opening, reasons: dict[str, Any]) -> None:
        """A rule stands in the way: ask for the reason that passes it, or search again."""
        self.say_error(error)
        if error.rule in REASONS:
            await self._ask_reason(REASONS[error.rule], "patient_overlap_reason", reasons)
        elif error.rule in COVER_RULES:
            if self.desk.may("override_authorization"):
                await self._ask_reason("Book without it: why?", "permit_reason", reasons)
        elif error.rule in ("slot_taken", "over_capacity") and self.slot is not None:
            if not self.desk.may("overbook"):
                return
            words = ", ".join(code for code, _ in clinic.codes(self.desk, "overbook_reason"))
            await self._ask_reason(
                "OVERBOOK: type over and the reason", "overbook_reason", reasons, word="over",
                example=f"over {words}",
            )  # fmt: skip
        elif error.rule == "slot_taken":
            self.search()
            self.say_error(error)

    async def _ask_reason(
        self, label: str, name: str, reasons: dict[str, Any], *, word: str = "", example: str = ""
    ) -> None:
        def take(text: str) -> None:
            said = text.strip()
            if word:
                first, _, said = said.partition(" ")
                if first.lower() != word:
                    raise Invalid(f"Type {word} to do it", "Esc keeps things as they are")
            if not said.strip():
                raise Invalid("A reason is needed", example or "a few words")
            self.call_next(self.book, **{**reasons, name: said.strip()})

        await ask(self, label, take, example=example)
