"""Hours: weekly templates and the exceptions to them; and the lists that booking chooses from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from deskterm.db.scheduling import BLOCK_KINDS, ScheduleException, WeeklyTemplate
from deskterm.errors import Invalid, NotFound
from deskterm.office import conflicts, day_board, free_time
from deskterm.office.day_board import AppointmentRow
from deskterm.office.desk import Desk
from deskterm.office.laid_out import DAY_MINUTES, Layout, block_spans
from deskterm.office.scheduling import known_id

MOST_LANES = 20
_KINDS = tuple(code for code, _ in BLOCK_KINDS)
_VISITS = """
SELECT id, day, starts_at, starts_at + minutes FROM appointment
WHERE provider_id = ? AND day >= ? AND (? IS NULL OR day <= ?) AND lifecycle = 'scheduled'
ORDER BY starts_at"""


@dataclass(frozen=True)
class VisitTypeRow:
    """A visit type as a choice; ``aliases`` are further words for it."""

    code: str
    name: str
    minutes: int
    aliases: str
    new_patient: bool


@dataclass(frozen=True)
class ProviderRow:
    """A provider as a choice."""

    id: int
    code: str
    heading: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class LocationRow:
    """A location as a choice; hours in minutes after midnight."""

    code: str
    name: str
    zone: str
    opens: int
    closes: int


def visit_types(desk: Desk) -> list[VisitTypeRow]:
    """The active visit types in the clinic's order."""
    found = desk.rows(
        "SELECT code, name, minutes, aliases, new_patient FROM visit_type WHERE active = 1"
        " ORDER BY sort_order, code"
    )
    return [
        VisitTypeRow(code, name, minutes, aliases, bool(new_patient))
        for code, name, minutes, aliases, new_patient in found
    ]


def providers(desk: Desk) -> list[ProviderRow]:
    """The active providers in the order of their columns."""
    found = desk.rows(
        "SELECT id, code, credential, first_name, last_name FROM provider WHERE active = 1"
        " ORDER BY sort_order, code"
    )
    return [
        ProviderRow(provider_id, code, f"{code} {credential}".strip(), first, last)
        for provider_id, code, credential, first, last in found
    ]


def locations(desk: Desk) -> list[LocationRow]:
    """The active locations."""
    found = desk.rows(
        "SELECT code, name, zone, opens, closes FROM location WHERE active = 1 ORDER BY code"
    )
    return [LocationRow(*row) for row in found]


def set_template(
    desk: Desk,
    provider: str,
    location: str,
    weekday: int,
    start_minute: int,
    end_minute: int,
    *,
    starts_on: date,
    ends_on: date | None = None,
    kind: str = "open",
    visit_types: str = "",
    capacity: int = 1,
    label: str = "",
) -> WeeklyTemplate:
    """Add hours (or lunch and the like) of a provider at a location on one weekday (0 Monday).

    What is more particular shows: lunch over open hours, hours kept for some visit types over
    hours for all, later ones over earlier. Raises NotFound and Invalid. :func:`affected` lists
    the visits that lie outside hours since.
    """
    _check_minutes(start_minute, end_minute)
    if type(weekday) is not int or not 0 <= weekday <= 6:
        raise Invalid("A weekday is 0 (Monday) to 6 (Sunday)", "", field="weekday")
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("It ends before it starts", "Mend the dates", field="ends_on")
    with desk.operation("schedule.template") as op:
        who, where = conflicts.provider_facts(desk, provider), conflicts.place(desk, location)
        template = op.create(
            WeeklyTemplate,
            provider=who.id,
            location=where.id,
            weekday=weekday,
            start_minute=start_minute,
            end_minute=end_minute,
            kind=_checked_kind(kind),
            label=label,
            visit_types=_checked_types(desk, visit_types),
            capacity=_checked_capacity(capacity),
            starts_on=starts_on,
            ends_on=ends_on,
        )
        free_time.keep_all(desk, who.id, starts_on, ends_on, weekday=weekday)
    return template


def end_template(
    desk: Desk, template_id: int, *, version: int, ends_on: date
) -> list[AppointmentRow]:
    """Let hours end on a day; the scheduled visits after it that lie outside hours now."""
    with desk.operation("schedule.template") as op:
        template = op.get(WeeklyTemplate, known_id(template_id), version)
        template.ends_on = ends_on
        op.save(template)
        free_time.keep_all(desk, template.provider_id, desk.today(), weekday=template.weekday)
    return affected(desk, template.provider_id, ends_on)


def add_exception(
    desk: Desk,
    *,
    day: date,
    kind: str,
    provider: str | None = None,
    location: str | None = None,
    start_minute: int = 0,
    end_minute: int = DAY_MINUTES,
    label: str = "",
    capacity: int = 1,
) -> list[AppointmentRow]:
    """Close a day, block time, or open extra hours; for one provider or for everyone.

    Returns the scheduled visits that lie outside open time now. Raises NotFound and Invalid.
    """
    _check_minutes(start_minute, end_minute)
    if kind == "open" and (location is None or provider is None):
        raise Invalid("Extra hours need a provider and a location", "Name them", field="location")
    with desk.operation("schedule.exception") as op:
        who = conflicts.provider_facts(desk, provider).id if provider else None
        op.create(
            ScheduleException,
            provider=who,
            location=conflicts.place(desk, location).id if location else None,
            day=day,
            start_minute=start_minute,
            end_minute=end_minute,
            kind=_checked_kind(kind),
            label=label,
            capacity=_checked_capacity(capacity),
        )
        _keep_day(desk, who, day)
    return [row for p in _whose(desk, who) for row in affected(desk, p, day, day)]


def drop_exception(desk: Desk, exception_id: int, *, version: int) -> list[AppointmentRow]:
    """Take an exception back; the scheduled visits that lie outside open time now."""
    with desk.operation("schedule.exception") as op:
        exception = op.get(ScheduleException, known_id(exception_id), version)
        exception.active = False
        op.save(exception)
        _keep_day(desk, exception.provider_id, exception.day)
    whose = _whose(desk, exception.provider_id)
    return [row for p in whose for row in affected(desk, p, exception.day, exception.day)]


def affected(
    desk: Desk, provider_id: int, first: date, last: date | None = None
) -> list[AppointmentRow]:
    """The scheduled visits from a day on that lie not wholly in open time."""
    first = max(first, desk.today())
    until = last.isoformat() if last else None
    visits = desk.rows(_VISITS, provider_id, first.isoformat(), until, until)
    if not visits:
        return []
    layout = Layout(desk, [provider_id], first, date.fromisoformat(visits[-1][1]))
    outside = []
    for appointment_id, day, starts_at, ends_at in visits:
        on = date.fromisoformat(day)
        covered = starts_at
        for start, end, block in sorted(block_spans(on, layout.day(provider_id, on))):
            if block.open and start <= covered < end:
                covered = end
        if covered < ends_at:
            outside.append(appointment_id)
    return list(day_board.some(desk, outside))


def _keep_day(desk: Desk, provider_id: int | None, day: date) -> None:
    for who in _whose(desk, provider_id):
        free_time.keep_all(desk, who, day, day)


def _whose(desk: Desk, provider_id: int | None) -> list[int]:
    if provider_id is not None:
        return [provider_id]
    return [p for (p,) in desk.rows("SELECT provider_id FROM free_horizon ORDER BY provider_id")]


def _check_minutes(start_minute: int, end_minute: int) -> None:
    whole = type(start_minute) is int and type(end_minute) is int
    if not whole or not 0 <= start_minute < end_minute <= DAY_MINUTES:
        raise Invalid("The hours must start before they end, within one day", "",
                      field="start_minute")  # fmt: skip


def _checked_kind(kind: str) -> str:
    if kind not in _KINDS:
        raise Invalid(f"No such kind of block: {str(kind)[:20]}", f"One of {', '.join(_KINDS)}",
                      field="kind")  # fmt: skip
    return kind


def _checked_capacity(capacity: int) -> int:
    if type(capacity) is not int or not 1 <= capacity <= MOST_LANES:
        raise Invalid(f"From 1 to {MOST_LANES} patients at a time", "", field="capacity")
    return capacity


def _checked_types(desk: Desk, text: str) -> str:
    codes = sorted({word.upper() for word in re.split(r"[\s,]+", text) if word})
    for code in codes:
        try:
            conflicts.type_facts(desk, code)
        except NotFound as unknown:
            raise Invalid(unknown.message, unknown.hint, field="visit_types") from None
    return " ".join(codes)
