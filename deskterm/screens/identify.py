"""The birth date asked in row 23, before a single letter writes to one of several namesakes."""

from __future__ import annotations

from collections.abc import Callable

from deskterm.office import patients
from deskterm.screens.base import DeskScreen
from deskterm.screens.prompt import ask
from deskterm.screens.who import must_identify


async def identified(screen: DeskScreen, patient_id: int, act: Callable[[], None]) -> None:
    """Do ``act`` at once, or once the birth date of a patient with namesakes was typed."""
    if not must_identify(screen, patient_id):
        act()
        return

    def take(text: str) -> None:
        patients.check_identity(screen.desk, patient_id, text)
        screen.desk_app.identify(patient_id)
        # The question closes with this Enter; what is said of the act comes after it.
        screen.call_after_refresh(screen.attempt, act)

    await ask(screen, "DOB said", take, example="0314; another patient has this name")
