"""Fields for diagnosis and procedure codes, for any form: typed, judged, and looked up.

A code is judged on the date of service. One that cannot stand opens the search with the reason;
F4 does so at any time. A screen that uses these fields answers ``RecordForm.PersonWanted`` with
:func:`find_code`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from deskterm.errors import DesktermError, Invalid
from deskterm.office import charges, code_search
from deskterm.office.code_search import FEES, CodeHit
from deskterm.screens.base import DeskScreen
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.record_form import RecordForm

On = Callable[[], date]
DIAGNOSES = ("icd10cm",)
SERVICES = (FEES, *code_search.SERVICES)  # the clinic's own fees first


def diagnosis_field(
    screen: DeskScreen, name: str = "diagnosis", label: str = "Diagnosis", *, on: On | None = None,
    **overrides: Any,
) -> FieldSpec:  # fmt: skip
    """A field for one ICD-10-CM code; its value is the code with its dot."""

    def read(text: str) -> tuple[str, str]:
        hit = code_search.diagnosis(screen.desk, text, on() if on else None)
        return hit.shown, hit.label

    return _field(name, label, read, "words or a code: low back, M54.5; F4 searches", **overrides)


def service_field(
    screen: DeskScreen, name: str = "code", label: str = "Service", *, on: On | None = None,
    **overrides: Any,
) -> FieldSpec:  # fmt: skip
    """A field for one CPT or HCPCS code, or a code of the clinic's own fee schedule."""

    def read(text: str) -> tuple[str, str]:
        return charges.read_code(screen.desk, text, on() if on else screen.desk.today())

    return _field(name, label, read, "99213, or words; F4 searches", **overrides)


def _field(
    name: str, label: str, read: Callable[[str], tuple[str, str]], example: str, **overrides: Any
) -> FieldSpec:
    given: dict[str, Any] = {
        "kind": "code", "parse": read, "limit": 60, "width": 12, "example": example,
        "empty": None,
    }  # fmt: skip
    return FieldSpec(name, label, **(given | overrides))


async def find_code(
    screen: DeskScreen, form: RecordForm, name: str, text: str, *,
    systems: tuple[str, ...] = DIAGNOSES, on: On | None = None,
) -> None:  # fmt: skip
    """Answer a form's ``PersonWanted`` for a code field: open the search to choose.

    What was typed is never replaced by itself, even by the only hit: the clerk chooses.
    """
    app = screen.desk_app
    day = on() if on else None

    def chosen(hit: CodeHit | None) -> None:
        screen.take_focus()
        if hit is None:
            form.set_error(name, "No code chosen. Type it again, or Esc")
        else:
            form.set_value(name, hit.shown, hit.shown)
            form.sheet.visit(name)
            gap = form.sheet.next_gap(name)
            if gap is not None:
                form.go_to(gap)

    why = ""
    try:
        if any(c.isdigit() for c in text):
            lists = tuple(system for system in systems if system != FEES)
            code_search.accept(screen.desk, text, lists, day)
    except Invalid as error:
        # Of a word that is no code at all nothing has to be said: it is searched.
        why = error.sentence
    except DesktermError as error:
        form.set_error(name, error.message)
        return
    keys = form.release()
    typed = text + "".join(character or "" for _, character in keys if character)
    search = app.make("codes", typed=typed, picking=True, systems=systems, on=day, why=why)
    await app.open(search, chosen)


__all__ = ["DIAGNOSES", "SERVICES", "diagnosis_field", "find_code", "service_field"]
