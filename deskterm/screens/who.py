"""Who is being written to: the banner on every such screen, and the birth date they say."""

from __future__ import annotations

from typing import Any

from deskterm.entry.dates import show_birth
from deskterm.entry.people import parse_query
from deskterm.entry.times import show_time
from deskterm.errors import DesktermError, Invalid, NotAllowed
from deskterm.office import finder, patients
from deskterm.screens.base import DeskScreen
from deskterm.widgets.fields import FieldSpec, Refused
from deskterm.widgets.record_form import RecordForm

IDENTITY = "identity"


def show_banner(screen: DeskScreen, patient_id: int | None, context: str = "") -> None:
    """Row 2: name, birth date, age and sex, MRN, and every alert as a badge."""
    screen._banner = None
    if patient_id is None:
        screen.banner_row.show_summary(context)
        return
    screen._banner = patient_id, context
    found = patients.banner(screen.desk, patient_id)
    if screen.viewed != patient_id:
        screen.viewed = patient_id
        screen.desk.views.opened(patient_id, screen.title_text.lower())
    text = (
        f"{found.name}   {show_birth(found.birth_date)} {found.age}{found.sex}  #{found.mrn}"
        f"   {context}"
    )
    alerts = []
    if found.opened_until is not None:
        alerts.append(f"BREAK-GLASS until {show_time(found.opened_until.time())}")
    elif found.restricted:
        alerts.append("RESTRICTED")
    if found.deceased:
        alerts.append("DECEASED")
    if found.alike_count:
        alerts.append(f"ALIKE: {found.alike_count} more, check DOB")
    if found.interpreter:
        alerts.append(f"INTERPRETER {found.language}")
    if found.alert:
        alerts.append(found.alert)
    alerts += [other.badge for other in screen.desk_app.live.others(patient_id)]
    screen.banner_row.show_patient(text, alerts)


def must_identify(screen: DeskScreen, patient_id: int | None) -> bool:
    """Whether the birth date has to be typed before anything is written to this patient."""
    if patient_id is None or screen.desk_app.identified(patient_id):
        return False
    try:
        return bool(patients.alike(screen.desk, patient_id))
    except NotAllowed:
        # Closed to this person: the form is about to go, and meanwhile draws no gap for it.
        return False


def check_said(screen: DeskScreen, patient_id: int, text: str) -> tuple[str, str]:
    """Compare the birth date that was said, and remember that it matched.

    Raises Refused with both dates, which stand on the clerk's screen and nowhere else; Invalid
    for a text that is no birth date.
    """
    try:
        patients.check_identity(screen.desk, patient_id, text)
    except Invalid as error:
        if not error.details.get("mismatch"):
            raise
        born = patients.row(screen.desk, patient_id).birth_date
        said = f"{text[:2]}/{text[2:]}" if len(text) == 4 and text.isdecimal() else text
        raise Refused(f"said {said}, on file {show_birth(born)}. {error.hint}") from None
    screen.desk_app.identify(patient_id)
    return text, "match"


def identity_field(screen: DeskScreen, **overrides: Any) -> FieldSpec:
    """A gap for the birth date that the patient says; a wrong one says both dates and stops.

    The patient is ``screen.subject()``'s; the field is there only when another has their name.
    """

    def check(text: str) -> tuple[str, str]:
        patient_id = screen.subject()[0]  # type: ignore[attr-defined]
        if patient_id is None:
            return text, ""
        return check_said(screen, patient_id, text)

    given: dict[str, Any] = {
        "required": True,
        "limit": 10,
        "width": 8,
        "help": "Another patient has this name: type the birth date they say",
        "example": "0314 or 031482",
        "parse": check,
        "visible_when": lambda values: (
            must_identify(screen, screen.subject()[0])  # type: ignore[attr-defined]
            or bool(values.get(IDENTITY))
        ),
    }
    return FieldSpec(IDENTITY, "DOB said", **(given | overrides))


def person_field(name: str = "patient", label: str = "Patient", **overrides: Any) -> FieldSpec:
    """A field for a patient: typed as in the finder, holding their id."""
    given: dict[str, Any] = {
        "kind": "person",
        "required": True,
        "width": 38,
        "limit": 120,
        "help": "parts of the name, birth date, phone or MRN; . for the last patient",
        "example": "smi jo 031482",
    }
    return FieldSpec(name, label, **(given | overrides))


async def find_for(screen: DeskScreen, form: RecordForm, name: str, text: str) -> None:
    """Answer a form's ``PersonWanted``: fill in the one found, or open the finder to choose."""
    app = screen.desk_app
    try:
        found = finder.find(screen.desk, text, limit=2) if text.strip() else None
    except DesktermError as error:
        form.set_error(name, error.message)
        return
    if found is not None and len(found.rows) == 1 and not found.sounds_like:
        take_person(screen, form, name, found.rows[0], typed=text)
        return

    def chosen(answer: tuple[int, str] | None) -> None:
        screen.take_focus()
        if answer is None:
            form.set_error(name, "Nobody chosen. Type the name again, or Esc")
            return
        take_person(screen, form, name, patients.row(screen.desk, answer[0]))

    keys = form.release()
    typed = text + "".join(character or "" for _, character in keys if character)
    await app.open(app.make("finder", typed=typed, picking=True), chosen)


def take_person(
    screen: DeskScreen, form: RecordForm, name: str, row: Any, *, typed: str = ""
) -> None:
    """Put a patient into the form; a birth date that was typed has identified them already."""
    if typed and parse_query(typed, today=screen.desk.today()).birth_date == row.birth_date:
        screen.desk_app.identify(row.id)
    form.set_value(name, row.id, f"{row.name} {show_birth(row.birth_date)} #{row.mrn}")
