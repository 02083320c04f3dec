"""What is done with a message, the same on its own screen and in what's next."""

from __future__ import annotations

from deskterm.errors import Conflict, Invalid
from deskterm.office import addressees, clinic, messages
from deskterm.office.messages import MessageRow
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.text import fold

STATUS = {
    "new": "NEW", "read": "READ", "acknowledged": "TAKEN ON", "in_progress": "IN PROGRESS",
    "closed": "CLOSED",
}  # fmt: skip


async def next_state(screen: DeskScreen, row: MessageRow) -> None:
    """New is read; read is taken on; after that, what was done is noted."""
    desk = screen.desk
    if row.status == "closed":
        raise Conflict("This message is closed", "u opens it again", rule="closed")
    if row.status == "new":
        messages.read(desk, row.id, version=row.version)
        done(screen, "Read")
    elif row.status == "read":
        messages.acknowledge(desk, row.id, version=row.version)
        done(screen, f"Taken on by {desk.actor.login}")
    else:
        await note_step(screen, row)


async def note_step(screen: DeskScreen, row: MessageRow) -> None:
    """Ask what was done about it, and note that."""

    def take(text: str) -> None:
        messages.progress(screen.desk, row.id, version=row.version, note=text)
        done(screen, "Noted")

    await ask(screen, "What was done?", take, example="called, no answer")


async def close(screen: DeskScreen, row: MessageRow) -> None:
    """Ask what became of it: a word of the list, then anything; it can be opened again."""
    words = clinic.codes(screen.desk, "outcome")

    def echo(text: str) -> str:
        code, note = outcome(text, words)
        return f"{dict(words).get(code, code)}" + (f": {note}" if note else "")

    def take(text: str) -> None:
        code, note = outcome(text, words)
        desk = screen.desk
        closed = messages.close(desk, row.id, version=row.version, outcome=code, note=note)
        said = f"Closed: {dict(words).get(code, code)}"
        screen.desk_app.remember(
            said, lambda: messages.reopen(desk, row.id, version=closed.version, note="taken back")
        )
        done(screen, f"{said}. ^Z takes it back")

    known = ", ".join(code for code, _ in words)
    await ask(screen, "Outcome", take, echo=echo, example=f"{known}; then a note")


async def forward(screen: DeskScreen, row: MessageRow) -> None:
    """Ask for a pool or a login, and send it on; a note may follow."""
    known = addressees.addressees(screen.desk)

    def echo(text: str) -> str:
        to, note = addressees.split(text, known)
        return to.spoken + (f": {note}" if note else "")

    def take(text: str) -> None:
        to, note = addressees.split(text, known)
        messages.forward(screen.desk, row.id, version=row.version, note=note, **to.target)
        done(screen, f"Sent on to {to.spoken}")

    names = ", ".join(to.code for to in known[:8])
    await ask(screen, "Send on to", take, echo=echo, example=f"{names}; then a note")


def outcome(text: str, words: list[tuple[str, str]]) -> tuple[str, str]:
    """The outcome that the first word of ``text`` means, and the note behind it.

    A unique prefix of the code is enough. Raises Invalid.
    """
    first, _, note = text.strip().partition(" ")
    wanted = fold(first)
    exact = [code for code, _ in words if fold(code) == wanted]
    found = exact or [code for code, _ in words if wanted and fold(code).startswith(wanted)]
    if len(found) != 1:
        known = ", ".join(found or [code for code, _ in words])
        raise Invalid("Which outcome?" if found else "No such outcome", f"One of {known}")
    return found[0], note.strip()


def done(screen: DeskScreen, said: str) -> None:
    """Show what was done; the question that led to it may still be closing."""
    screen.reload()
    screen.say(said)
