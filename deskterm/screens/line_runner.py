"""Running one line: the person is found, the right screen opens with the rest filled in.

A line never writes by itself. It opens the screen at the point where Enter does it, so what
was understood is always seen first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deskterm.entry.line import LineEntry, parse_line, parse_tail
from deskterm.entry.people import parse_query
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid, NotFound
from deskterm.office import (
    day_board,
    finder,
    openings,
    patients,
    scheduling,
    visits,
    vocabulary,
)
from deskterm.office.queue import short_name

if TYPE_CHECKING:
    from deskterm.app import DeskApp

# verb -> the visit letter that it stands for
ON_VISIT = {
    "cancel": "cancel", "noshow": "no_show", "in": "check_in", "out": "check_out",
    "flow": "next_state", "left": "left",
}  # fmt: skip
GLOBAL_VERBS = {"next": "next", "held": "held", "park": "park", "undo": "undo", "help": "help",
                "resume": "held", "lock": "lock", "blank": "lock"}  # fmt: skip
FOR_SOMEBODY = frozenset(
    (
        "walkin",
        "book",
        "move",
        "find",
        "pay",
        "msg",
        "call",
        "who",
        "account",
        "refund",
        "elig",
        "charge",
        "restrict",
        "unrestrict",
        "plan",
        "insurance",
        "family",
    )
)
HISTORY = 50


class LineRunner:
    """Reads and runs lines at one desk."""

    def __init__(self, app: DeskApp) -> None:
        self.app = app
        self.desk = app.desk

    @property
    def history(self) -> list[str]:
        """The lines run in this session, oldest first."""
        return self.app.lines

    def keep(self, text: str) -> None:
        """Remember a line for Up."""
        self.history.append(text)
        del self.history[:-HISTORY]

    # Understanding

    def read(self, text: str, patient: str = "") -> LineEntry:
        """Take a line apart; with ``patient`` it is what follows ``;`` in the finder."""
        known = vocabulary.words(self.desk)
        common: dict[str, Any] = {
            "today": self.desk.today(),
            "opens": known.opens,
            "closes": known.closes,
            "order": self.desk.settings.policy.date_order,
        }
        if patient:
            return parse_tail(text, known.vocabulary, who=patient, **common)
        return parse_line(text, known.vocabulary, somebody=self._somebody, **common)

    def _somebody(self, text: str) -> bool:
        return bool(finder.find(self.desk, text, limit=1, shown=False).rows)

    def echo(self, text: str) -> str:
        """What the line means so far, in words."""
        entry = self.read(text)
        parts = [
            f"?{word}" if label == "?" else word.upper() if label == "do" else word
            for label, word in entry.describe()
        ]
        if entry.who and entry.verb:
            found = finder.find(self.desk, entry.who, limit=2)
            names = [row.name for row in found.rows]
            parts.append(f"[{names[0]}]" if len(names) == 1 else f"[{len(names)} people]")
        return "  ".join(parts) or "no such verb yet"

    def check(self, entry: LineEntry) -> None:
        """Raise Invalid for a line that may not run: a word without a reading, or with two."""
        if entry.verb is None:
            raise Invalid("No such verb", "? lists them")
        if entry.unknown:
            raise Invalid(f"?{entry.unknown[0]} is not understood", "Mend that word")
        if entry.ambiguous:
            word, readings = entry.ambiguous[0]
            said = " or ".join(f"{token.label} {token.show}" for token in readings)
            raise Invalid(f"{word} may be {said}", "Say it more exactly")

    # Doing

    async def run(self, entry: LineEntry, patient_id: int | None = None) -> None:
        """Open what the line asks for. Errors are said on the screen on top."""
        try:
            await self._run(entry, patient_id)
        except DesktermError as error:
            self.app.say_error(error)

    async def _run(self, entry: LineEntry, patient_id: int | None) -> None:
        verb = entry.verb or ""
        if verb in GLOBAL_VERBS:
            await self.app.action_command(GLOBAL_VERBS[verb])
            return
        if verb == "quit":
            await self.app.quit()
            return
        if verb == "new":
            await self.app.go("register", typed=entry.words)
            return
        if verb in ("staff", "outbox", "refs"):
            await self.app.go(verb)
            return
        if verb == "codes":
            await self.app.go("codes", typed=entry.words)
            return
        if verb in ("pin", "code"):
            await self.app.go(verb, login=entry.words)
            return
        if verb in ("restrict", "unrestrict") and not entry.who and patient_id is None:
            patient_id = getattr(self.app.screen, "patient_id", None)
            if patient_id is None:
                raise Invalid("Whose record?", f"{verb} smi jo, or on the patient's card")
        if verb == "day":
            await self._day(entry)
            return
        if verb == "who" and not entry.who and patient_id is None:
            await self.app.go("history")
            return
        if verb == "close":
            await self.app.go("close")
            return
        if verb == "report":
            said = entry.get("date")
            await self.app.go("report", day=said.value if said is not None else None)
            return
        if verb == "elig" and not entry.who and patient_id is None:
            said = entry.get("date")
            await self.app.go("eligibility", day=said.value if said is not None else None)
            return
        if verb == "flow" and not entry.who and patient_id is None:
            await self.app.go("flow")
            return
        if verb in ("receipt", "void"):
            await self.app.go(verb, receipt=entry.who)
            return
        if verb not in FOR_SOMEBODY and verb not in ON_VISIT:
            raise Invalid(f"{verb} is not part of this version", "? lists the verbs")
        if verb == "find" and not entry.who and patient_id is None:
            await self.app.go("opening", **self._search(entry))
            return
        if patient_id is None:
            patient_id = await self._person(entry)
        if patient_id is not None:
            await self._for_patient(verb, entry, patient_id)

    async def _person(self, entry: LineEntry) -> int | None:
        """The one patient meant; with several the finder asks, and the line goes on from there."""
        found = finder.find(self.desk, entry.who, limit=9)
        if len(found.rows) == 1 and not found.sounds_like:
            return found.rows[0].id
        if not found.rows:
            raise NotFound("Nobody by that name", "F2 finds by anything you are told")

        async def chosen(answer: tuple[int, str] | None) -> None:
            if answer is not None:
                await self.run(entry, answer[0])

        await self.app.open(self.app.make("finder", typed=entry.who, picking=True), chosen)
        return None

    async def _day(self, entry: LineEntry) -> None:
        self.desk.require("view_schedule")
        await self.app.close_all()
        token = entry.get("date")
        board: Any = self.app.screen
        board.go_to(token.value if token is not None else self.desk.today())

    def _search(self, entry: LineEntry) -> dict[str, Any]:
        """What a line says about the visit wanted, as the opening screen takes it."""
        given: dict[str, Any] = {}
        for token in entry.tokens:
            if token.kind == "visit":
                given["visit_type"] = token.value
            elif token.kind == "provider":
                given["provider"] = token.value
            elif token.kind == "any":
                given["provider"] = "any"
            elif token.kind == "date":
                given["first"] = token.value
            elif token.kind == "time":
                given["at"] = token.value
            elif token.kind in ("window", "half", "after", "before"):
                given["window"] = token.value
            elif token.kind == "length":
                given["minutes"] = token.value
        if entry.note:
            given["note"] = entry.note
        return given

    async def _for_patient(self, verb: str, entry: LineEntry, patient_id: int) -> None:
        app = self.app
        if verb in ("book", "find"):
            await app.go("opening", patient_id=patient_id, **self._search(entry))
        elif verb == "move":
            visit = self._visit(patient_id, future=True)
            given = {k: v for k, v in self._search(entry).items() if k != "visit_type"}
            await app.go("opening", moving=visit.id, **given)
        elif verb == "pay":
            tenders = " ".join(token.text for token in entry.tokens if token.kind == "tender")
            visit = self._visit_or_none(patient_id, future=False)
            await app.go(
                "payment",
                patient_id=patient_id,
                appointment_id=visit.id if visit is not None else None,
                line=tenders,
            )
        elif verb == "charge":
            visit = self._visit(patient_id, future=False)
            await app.go("charge", appointment_id=visit.id)
        elif verb in ("msg", "call"):
            given = {"patient_id": patient_id, "note": entry.note}
            for token in entry.tokens:
                if token.kind in ("topic", "to", "priority"):
                    given[token.kind] = token.value
            await app.go("call", **given)
        elif verb in ("account", "refund"):
            await self.app.go("account", patient_id=patient_id)
        elif verb in ("plan", "insurance", "family"):
            await app.go(verb, patient_id=patient_id)
        elif verb == "who":
            await app.go("history", patient_id=patient_id)
        elif verb == "elig":
            visit = self._visit_or_none(patient_id, future=True)
            await app.go(
                "coverage",
                patient_id=patient_id,
                appointment_id=visit.id if visit is not None else None,
            )
        elif verb in ("restrict", "unrestrict"):
            from deskterm.screens.restricting import ask_why

            await ask_why(app, patient_id, restricted=verb == "restrict", note=entry.note)
        elif verb == "walkin":
            await self._walk_in(entry, patient_id)
        else:
            await self._on_visit(verb, entry, patient_id)

    async def _walk_in(self, entry: LineEntry, patient_id: int) -> None:
        """Book them from now and mark them arrived; a reason behind ``--`` allows overbooking."""
        app, desk = self.app, self.desk
        row = patients.row(desk, patient_id)
        said = parse_query(entry.who, today=desk.today()).birth_date
        if patients.alike(desk, patient_id) and said != row.birth_date:
            raise Invalid("Another patient has this name", "Add the birth date they say")
        given, usual = self._search(entry), openings.usual(desk, patient_id)
        visit_type = given.get("visit_type") or usual[0]
        provider = given.get("provider") or usual[1]
        if not visit_type or not provider:
            raise Invalid("Which visit, and with whom?", "For example: walkin yundt fu lee")
        done = visits.walk_in(desk, patient_id, visit_type, provider, entry.note, note=entry.note)

        def take_back() -> None:
            undone = visits.undo(desk, done.id)
            scheduling.undo_book(desk, done.id, version=undone.version)

        await app.close_all()
        board: Any = app.screen
        board.go_to(done.wall_start.date())
        board.grid.select_key(done.id)
        at = show_time(done.wall_start.time())
        what = f"Walked in: {short_name(row.name)} {at} {provider} {visit_type}"
        app.remember(what, take_back)
        app.say(f"{what}. ^Z takes it back")

    async def _on_visit(self, verb: str, entry: LineEntry, patient_id: int) -> None:
        visit = self._visit(patient_id, future=verb == "cancel")
        if verb == "cancel":
            await self.app.go("cancel", appointment_id=visit.id, note=entry.note)
            return
        await self.app.close_all()
        board: Any = self.app.screen
        if board.day != visit.start.date():
            board.go_to(visit.start.date())
        if not board.point_at(visit.number):
            raise NotFound("That visit is not on the board", "Enter on the patient shows it")
        await getattr(board, f"do_{ON_VISIT[verb]}")()

    def _visit(self, patient_id: int, *, future: bool) -> Any:
        visit = self._visit_or_none(patient_id, future=future)
        if visit is None:
            raise NotFound("No such visit for this patient", "F2 and Enter shows their visits")
        return visit

    def _visit_or_none(self, patient_id: int, *, future: bool) -> Any:
        """Today's visit, or else (``future``) the next one."""
        today = self.desk.today()
        found = self.desk.rows(
            "SELECT id FROM appointment WHERE patient_id = ? AND lifecycle = 'scheduled'"
            " AND day >= ? ORDER BY day, starts_at LIMIT 1",
            patient_id, today.isoformat(),
        )  # fmt: skip
        if not found:
            return None
        visit = day_board.appointment(self.desk, found[0][0])
        return visit if future or visit.start.date() == today else None
