"""Closing a record to most, or opening it again: why, in row 23."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deskterm.office import break_glass
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask

if TYPE_CHECKING:
    from deskterm.app import DeskApp


async def ask_why(app: DeskApp, patient_id: int, *, restricted: bool, note: str = "") -> None:
    """Ask for the reason; what was typed behind ``--`` stands there already.

    Raises NotAllowed, NotFound.
    """
    desk = app.desk
    # Whoever may close a record need not be able to open it: so it is called by its number.
    mrn = break_glass.number_of(desk, patient_id)
    screen = app.screen
    if not isinstance(screen, DeskScreen):
        return

    def take(text: str) -> None:
        break_glass.restrict(desk, patient_id, restricted=restricted, reason=text)
        done = "is restricted" if restricted else "is restricted no more"
        app.call_later(_over, app, restricted, f"#{mrn} {done}")

    verb = "Restrict" if restricted else "Lift the restriction of"
    example = "works here" if restricted else "left the practice"
    await ask(screen, f"{verb} #{mrn}: why?", take, text=note, example=example)


async def _over(app: DeskApp, restricted: bool, said: str) -> None:
    """A record that was just closed does not stay on the screen for whoever may not see it."""
    if restricted:
        await app.close_all()
    if isinstance(app.screen, DeskScreen):
        app.screen.reload()
    app.say(said)
