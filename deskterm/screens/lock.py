"""The locked desk (F9): nothing of the work shows, and only a PIN brings it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from deskterm.entry.times import show_time
from deskterm.errors import DesktermError
from deskterm.office import credentials, locking
from deskterm.office.locking import Lock
from deskterm.widgets.lock_panel import Box, LockPanel

if TYPE_CHECKING:
    from deskterm.app import DeskApp

SAVE_AFTER = 0.4  # seconds without a key until a note is kept
PHONE = ("f6", "ctrl+p")
BACK = ("escape", "f12", "ctrl+c")
OWN = Box("pin", "", "own", secret=True)
CODE = Box("code", "code from the app", "own", secret=True, cells=9)
USER = (Box("user", "user", "other"), Box("other_pin", "PIN", "other", secret=True))
OTHER_CODE = Box("other_code", "code", "other", secret=True, cells=9)
NEW = (
    (Box("new", "new PIN (6 digits or more)", "new", True, brief="new PIN, 6 or more"),),
    (Box("again", "             the same again", "new", True, brief="    the same again"),),
)
NOTE = (
    (Box("caller", "caller   ", "note", cells=44),),
    (Box("callback", "call back", "note", cells=44),),
    (Box("note", "note     ", "note", cells=44),),
)


class LockScreen(Screen[None], inherit_bindings=False):
    """Opaque, on top of everything, with no name of a patient on it.

    It has no bindings: its keys go to the panel, or are handled here.
    """

    DEFAULT_CSS = "LockScreen { background: ansi_default; overflow: hidden; }"
    AUTO_FOCUS = ""
    shows_while_locked = True

    def __init__(self, held: Lock, login: str, *, why: str = "") -> None:
        super().__init__()
        self.login = login
        self.held = held
        self.why = why
        self.panel = LockPanel()
        self.wants_code: set[str] = set()
        self.note_key = ""
        self.note_line = 0
        self._saving: Any = None

    @property
    def desk_app(self) -> DeskApp:
        """The running app."""
        app: DeskApp = self.app  # type: ignore[assignment]
        return app

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        self.set_focus(self.panel)
        self.show()

    def on_minute(self) -> None:
        """A minute has passed: the time, and how long lines are on hold."""
        self.show()

    def tell(self, why: str) -> None:
        """Say why the desk is locked."""
        self.why = why
        self.show()

    # Showing

    def show(self) -> None:
        """Say where this is, what waits (without names) and how to come back."""
        try:
            lines, foot = self._taking_note() if self.note_key else self._locked()
        except DesktermError as error:
            # The database does not answer: it stays locked, and says why.
            lines, foot = [*self._head(), "", error.message], ["Enter tries again"]
        self.panel.show(lines, foot)

    def _head(self) -> list[str | Sequence[Box]]:
        desk = self.desk_app.desk
        where = f"desk {desk.workstation}   {show_time(desk.wall().time())}"
        return ["D E S K   L O C K E D", "", desk.settings.clinic, where]

    def _locked(self) -> tuple[list[str | Sequence[Box]], list[str]]:
        desk = self.desk_app.desk
        login = desk.actor.login
        held, parked = locking.waiting(desk)
        lines = self._head()
        lines += ["", self.why] if self.why else [""]
        lines += [f"line {line} on hold {minutes}m" for line, minutes in held[:3]]
        if parked:
            lines.append(f"{parked} task{'s' if parked > 1 else ''} parked, safe")
        lines.append("")
        enter = "Enter unlock"
        if credentials.has_secret(desk, login):
            box = Box(OWN.name, f"{login}, password or PIN ", OWN.group, secret=True)
            code = credentials.needs_code(desk, login)
            lines.append((box, CODE) if code else (box,))
        elif locking.opens_freely(desk):
            lines.append((Box(OWN.name, f"{login}, no PIN is set: Enter unlocks", "own", True, 6),))
        elif locking.may_choose(desk, self.held):
            lines += [f"{login}, choose a PIN: it unlocks this desk from now on", *NEW]
            enter = "Enter keep the PIN and unlock"
        else:
            lines += [
                f"{login} has no PIN, so this desk cannot be unlocked.",
                "Your work is kept: sign in again to go on.",
                (Box("close", "Enter closes this desk", "close", True, 2),),
            ]
            enter = "Enter close the desk"
        if desk.settings.policy.take_over:
            lines += ["", "another user?  type the name first:"]
            lines.append((*USER, OTHER_CODE) if self.wants_code else USER)
        foot = [
            "No patient names are shown while locked. Work resumes exactly where it was.",
            f"{enter}   F6 answer the phone (note only, no look-ups, until unlocked)",
        ]
        return lines, foot

    def _taking_note(self) -> tuple[list[str | Sequence[Box]], list[str]]:
        lines: list[str | Sequence[Box]] = [
            "C A L L   N O T E", "", f"line {self.note_line}, the desk stays locked", "", *NOTE,
        ]  # fmt: skip
        foot = [
            "It is kept as a call on hold, to be finished and sent after unlocking (F3).",
            "Enter next, then keep it   Esc keep it as it is",
        ]
        return lines, foot

    # Keys

    async def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key in PHONE and not self.note_key:
            self._answer()
        elif event.key in BACK:
            if self.note_key:
                self._end_note()
            else:
                self.panel.wipe()

    def on_lock_panel_typed(self) -> None:
        if self.note_key and self._saving is None:
            self._saving = self.set_timer(SAVE_AFTER, self._save_soon)

    async def on_lock_panel_entered(self, message: LockPanel.Entered) -> None:
        try:
            opened = self._enter(message.group, message.texts)
        except DesktermError as error:
            said = error.sentence
            self.show()
            self.panel.say_error(said)
            return
        if opened:
            await self.desk_app.unlocked()

    def _enter(self, group: str, texts: dict[str, str]) -> bool:
        """Do what Enter means; whether the desk is unlocked now. Raises NotAllowed, Invalid."""
        app = self.desk_app
        desk = app.desk
        if group == "note":
            self._end_note()
        elif group == "own":
            locking.unlock(desk, texts["pin"], totp=texts.get("code", ""))
            return True
        elif group == "new":
            locking.choose(desk, self.held, texts["new"], texts["again"])
            return True
        elif group == "other" and texts["user"].strip():
            return self._sign_on(texts)
        elif group == "close":
            app.log_off("This desk was closed: no PIN is set. Sign in again to go on")
        return False

    def _sign_on(self, texts: dict[str, str]) -> bool:
        desk = self.desk_app.desk
        login = texts["user"].strip().lower()
        code = texts.get("other_code", "")
        if not code and credentials.needs_code(desk, login, "sign_in"):
            self.wants_code = {login}
            self.show()
            self.panel.go_to("other_code")
            if "other_code" not in texts:
                self.panel.go_to("other_pin")
                self.panel.say_error("A code from the app is wanted too. PIN, then the code")
                return False
        # What the first person typed last is theirs, whatever the pause was.
        self.desk_app.keep_under_lock()
        locking.take_over(desk, login, texts["other_pin"], totp=code)
        return True

    # A telephone note, without looking anybody up

    def _answer(self) -> None:
        desk = self.desk_app.desk
        if not desk.may("messages"):
            self.panel.say_error("Calls are not answered with this login")
            return
        from deskterm.screens.task import new_key

        lines = {line for line, _ in locking.waiting(desk)[0]}
        self.note_line = next(n for n in range(1, len(lines) + 2) if n not in lines)
        self.note_key = new_key()
        self.show()

    def _save_soon(self) -> None:
        self._saving = None
        self.save_note()

    def save_note(self) -> None:
        """Keep the note as it is now, if anything was typed."""
        texts = {name: self.panel.text(name).strip() for name in ("caller", "callback", "note")}
        if self.note_key and any(texts.values()):
            desk = self.desk_app.desk
            try:
                locking.take_note(desk, key=self.note_key, line=self.note_line, **texts)
            except DesktermError as error:
                self.panel.say_error(f"NOT SAVED: {error.message}")

    def _end_note(self) -> None:
        self.save_note()
        self.note_key = ""
        self.panel.wipe()
        self.show()
