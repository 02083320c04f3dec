"""Visit types, weekly templates, exceptions, appointments and the table of free time.

Instants are whole minutes since 1970 UTC so that every engine compares them alike; wall times
are the location's own.
"""

from __future__ import annotations

from peewee import BooleanField, Check

from deskterm.db.base import Record, Versioned
from deskterm.db.fields import (
    Cents,
    Choice,
    CleanText,
    Day,
    Moment,
    Reference,
    WallTime,
    Whole,
    default_sql,
)
from deskterm.db.lanes import HOLDING as HOLDING
from deskterm.db.lanes import LENGTH_CLASSES
from deskterm.db.lanes import OVERBOOK_LANE as OVERBOOK_LANE
from deskterm.db.patients import Patient
from deskterm.db.staff import Location, Provider, Room

LIFECYCLES = (
    ("scheduled", "scheduled"), ("completed", "completed"), ("no_show", "no-show"),
    ("cancelled", "cancelled"), ("left", "left without being seen"),
    ("entered_in_error", "entered in error"),
)  # fmt: skip
CONFIRMATIONS = (
    ("unconfirmed", "unconfirmed"), ("message_left", "message left"), ("confirmed", "confirmed"),
    ("declined", "declined"), ("unreachable", "unreachable"),
)  # fmt: skip
STAGES = (
    ("expected", "expected"), ("arrived", "arrived"), ("checking_in", "checking in"),
    ("checked_in", "checked in"), ("roomed", "roomed"), ("with_provider", "with provider"),
    ("ready", "ready for check-out"), ("checked_out", "checked out"),
)  # fmt: skip
CLEARANCES = (
    ("not_checked", "not checked"), ("clear", "clear"), ("attention", "needs attention"),
    ("waived", "waived"),
)  # fmt: skip
CANCELLED_BY = (("patient", "patient"), ("practice", "practice"), ("payer", "payer"),
                ("other", "other"))  # fmt: skip
BLOCK_KINDS = (
    ("open", "open"), ("lunch", "lunch"), ("admin", "admin"), ("meeting", "meeting"),
    ("away", "away"), ("closed", "closed"), ("block", "block"),
)  # fmt: skip


class VisitType(Versioned):
    """What is booked: its length and what it needs."""

    title = "visit type"

    code = CleanText(8, unique=True)
    name = CleanText(60)
    minutes = Whole(constraints=[Check("minutes BETWEEN 5 AND 480")])
    aliases = CleanText(120, help_text="other words that mean it, separated by spaces")
    new_patient = BooleanField(default=False)
    needs_authorization = BooleanField(default=False)
    copay_applies = BooleanField(default=True)
    wait_limit = Whole(default=30, help_text="minutes of waiting before LONG")
    sort_order = Whole(default=0)
    active = BooleanField(default=True)
    no_show_fee_cents = Cents(null=True, help_text="instead of the practice's; 0 for none")
    services = CleanText(
        40, constraints=[default_sql("''")], help_text="service types of an eligibility answer"
    )
    preventive = BooleanField(default=False, constraints=[default_sql("0")])
    usual_codes = CleanText(80, constraints=[default_sql("''")], help_text="what it usually costs")


class ProviderVisitType(Record):
    """A visit type that a provider takes; a provider without any row takes them all."""

    title = "provider visit type"

    provider = Reference(Provider)
    visit_type = Reference(VisitType)

    class Meta:
        indexes = ((("provider", "visit_type"), True),)


class WeeklyTemplate(Versioned):
    """A provider's hours on one weekday (0 Monday) at one location, in minutes after midnight."""

    title = "weekly template"

    provider = Reference(Provider, index=True)
    location = Reference(Location)
    weekday = Whole(constraints=[Check("weekday BETWEEN 0 AND 6")])
    start_minute = Whole(constraints=[Check("start_minute BETWEEN 0 AND 1439")])
    end_minute = Whole(constraints=[Check("end_minute BETWEEN 1 AND 1440")])
    kind = Choice(BLOCK_KINDS, default="open")
    label = CleanText(40)
    visit_types = CleanText(120, help_text="codes allowed here, separated by spaces; empty: all")
    capacity = Whole(default=1, constraints=[Check("capacity BETWEEN 1 AND 20")])
    starts_on = Day()
    ends_on = Day(null=True)

    class Meta:
        constraints = [Check("start_minute < end_minute")]


class ScheduleException(Versioned):
    """Something other than the template on one day; without a provider it is for everyone.

    A kind other than ``open`` takes time away, ``open`` adds it. One that was a mistake is made
    inactive.
    """

    title = "schedule exception"

    provider = Reference(Provider, null=True)
    location = Reference(Location, null=True)
    day = Day(index=True)
    start_minute = Whole(default=0)
    end_minute = Whole(default=1440)
    kind = Choice(BLOCK_KINDS)
    label = CleanText(60)
    capacity = Whole(default=1)
    active = BooleanField(default=True)

    class Meta:
        constraints = [Check("start_minute < end_minute")]


class Appointment(Versioned):
    """A visit that is or was to be. Four axes: lifecycle, confirmation, stage, clearance.

    ``starts_at`` is the UTC instant in minutes of ``wall_start`` in ``zone``. ``lane`` tells
    apart visits that share a time: 0 to capacity-1, or from 100 for overbookings.
    """

    title = "appointment"

    patient = Reference(Patient, index=True)
    provider = Reference(Provider)
    location = Reference(Location)
    visit_type = Reference(VisitType)
    room = Reference(Room, null=True)
    day = Day()
    wall_start = WallTime()
    zone = CleanText(40)
    starts_at = Whole()
    minutes = Whole(constraints=[Check("minutes BETWEEN 5 AND 480")])
    lane = Whole(default=0)
    lifecycle = Choice(LIFECYCLES, default="scheduled")
    confirmation = Choice(CONFIRMATIONS, default="unconfirmed")
    stage = Choice(STAGES, default="expected")
    clearance = Choice(CLEARANCES, default="not_checked")
    clearance_reason = CleanText(200)
    note = CleanText(300, verbose_name="Note")
    walk_in = BooleanField(default=False)
    overbook_reason = CleanText(200)
    patient_indicated_date = Day(null=True)
    series_id = Whole(null=True, index=True)
    rescheduled_from = Reference("self", null=True, index=True)
    cancelled_by = Choice(CANCELLED_BY, null=True)
    cancel_reason = CleanText(40)
    cancel_note = CleanText(200)
    notice_minutes = Whole(null=True)
    booked_at = Moment()
    booked_by = CleanText(32)
    stage_since = Moment(null=True)

    class Meta:
        indexes = (
            (("day", "provider"), False),
            (("provider", "starts_at"), False),
            (("patient", "starts_at"), False),
        )
        constraints = [Check("lane < 100 OR overbook_reason <> ''")]


class FreeInterval(Record):
    """Time of one provider that can be booked: one row per unbroken stretch.

    Kept by the transaction that books; ``visit_types`` as in the template, empty for all.
    """

    title = "free interval"

    provider = Reference(Provider)
    location = Reference(Location)
    day = Day()
    weekday = Whole()
    starts_at = Whole()
    ends_at = Whole()
    wall_start = WallTime()
    visit_types = CleanText(120)

    class Meta:
        indexes = (
            (("provider", "starts_at", "ends_at"), False),
            (("starts_at", "ends_at", "provider"), False),
            (("provider", "day"), False),
        )


class FreeHorizon(Record):
    """Up to which day a provider's free time has been laid out."""

    title = "free horizon"

    provider = Reference(Provider, primary_key=True)
    laid_until = Day()


class SlotHold(Record):
    """A slot that a desk is about to book; it lapses by itself."""

    title = "slot hold"

    provider = Reference(Provider)
    location = Reference(Location)
    day = Day(index=True)
    starts_at = Whole()
    minutes = Whole()
    desk = CleanText(40)
    staff = CleanText(32)
    expires_at = Moment()


class RowNumber(Record):
    """The number of an appointment on its day's board: given once, never reused."""

    title = "row number"

    appointment = Reference(Appointment, primary_key=True)
    day = Day()
    number = Whole()

    class Meta:
        indexes = ((("day", "number"), True),)


def _overlap_trigger(name: str, event: str) -> str:
    holding = ", ".join(f"'{word}'" for word in HOLDING)
    return f"""CREATE TRIGGER {name} BEFORE {event} ON appointment
    WHEN NEW.lifecycle IN ({holding}) AND EXISTS (
      SELECT 1 FROM appointment a
      WHERE a.provider_id = NEW.provider_id AND a.lane = NEW.lane
        AND a.lifecycle IN ({holding}) AND a.id IS NOT NEW.id
        AND a.starts_at < NEW.starts_at + NEW.minutes
        AND a.starts_at > NEW.starts_at - 481
        AND NEW.starts_at < a.starts_at + a.minutes)
    BEGIN SELECT RAISE(ABORT, 'appointment_overlap'); END"""


TRIGGERS = (
    _overlap_trigger("appointment_overlap_insert", "INSERT"),
    _overlap_trigger(
        "appointment_overlap_update",
        "UPDATE OF provider_id, lane, starts_at, minutes, lifecycle",
    ),
    """CREATE TRIGGER appointment_no_delete BEFORE DELETE ON appointment
    BEGIN SELECT RAISE(ABORT, 'appointments are never removed'); END""",
    # Beside the guards: indexes of a part of a table, which Peewee's ``Meta`` cannot name.
    *(
        f'CREATE INDEX "free_interval_from_{minutes}" ON "free_interval"'
        f' ("starts_at", "ends_at", "provider_id") WHERE ends_at - starts_at >= {minutes}'
        for minutes in LENGTH_CLASSES
    ),
)
MODELS = (
    VisitType, ProviderVisitType, WeeklyTemplate, ScheduleException, Appointment, FreeInterval,
    FreeHorizon, SlotHold, RowNumber,
)  # fmt: skip
