"""Everything that waits for the person at this desk, the most pressing first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from deskterm import clock as clocks
from deskterm.clock import utc_text
from deskterm.entry.times import show_time
from deskterm.office import break_glass, day_board, drafts, messages, refs_list
from deskterm.office.day_board import AppointmentRow
from deskterm.office.desk import Desk
from deskterm.office.drafts import DraftRow
from deskterm.office.messages import MessageRow
from deskterm.office.stays import Stay, stays

Kind = Literal["message", "late", "waiting", "draft", "review", "authorization", "referral"]
Band = Literal["NOW", "TODAY", "THIS WEEK"]

BANDS: tuple[Band, ...] = ("NOW", "TODAY", "THIS WEEK")
PARKED_LIMIT = 30  # minutes after which parked work waits with the rest

_POOLS = """
SELECT o.code,
  NOT EXISTS (SELECT 1 FROM pool_member k WHERE k.pool_id = o.id),
  EXISTS (SELECT 1 FROM pool_member k WHERE k.pool_id = o.id AND k.staff_id = ?)
FROM pool o
"""
# A call about being late was made: the row has done its work.
_CALLED = """
SELECT DISTINCT m.patient_id FROM message m
JOIN appointment a ON a.patient_id = m.patient_id AND a.day = ?
WHERE m.topic = 'late' AND m.taken_at >= ?
"""


@dataclass(frozen=True)
class QueueItem:
    """One thing that waits. ``due`` is wall time, ``age`` minutes since it began to wait.

    ``record_id`` is the message or the appointment, ``draft_key`` the draft; ``own`` is ``me``
    or ``-`` for a pool's. ``status`` is the message's.
    """

    key: str
    kind: Kind
    band: Band
    due: datetime
    what: str
    who: str
    do: str
    age: int
    own: str
    overdue: bool = False
    record_id: int = 0
    version: int = 0
    patient_id: int | None = None
    draft_key: str = ""
    status: str = ""


def waiting(desk: Desk) -> list[QueueItem]:
    """Open messages for this person and their pools, late arrivals, long waits, parked work.

    In order of the bands, then by when it is due, then the oldest. A message for a pool that
    nobody belongs to waits for everybody.
    """
    desk.require("view_messages")
    items = [*_messages(desk), *_drafts(desk)]
    if desk.may("review_access"):
        items += _reviews(desk)
    if desk.may("view_schedule"):
        items += _visits(desk)
    if desk.may("authorizations"):
        items += _refs(desk)
    return sorted(items, key=lambda i: (BANDS.index(i.band), i.due, -i.age, i.key))


def short_name(name: str) -> str:
    """``SMITH J`` of ``SMITH, JOAN M``; text without a comma stays."""
    last, _, given = name.partition(", ")
    return f"{last} {given[:1]}".strip()


def _numbered(row: AppointmentRow) -> str:
    number = f"{row.number} " if row.number else ""
    return f"{number}{short_name(row.patient)}"


def _messages(desk: Desk) -> Iterator[QueueItem]:
    login, today = desk.actor.login, desk.today()
    mine = {code for code, empty, member in desk.rows(_POOLS, desk.actor.id) if empty or member}
    for row in messages.inbox(desk):
        if row.assignee != login and row.pool not in mine:
            continue
        band: Band = "TODAY" if row.due_at.date() <= today else "THIS WEEK"
        yield QueueItem(
            key=f"message:{row.id}",
            kind="message",
            band="NOW" if row.overdue or row.urgency == "now" else band,
            due=row.due_at,
            what="CALLBACK" if row.callback else "MESSAGE",
            who=short_name(row.patient) if row.patient else row.caller,
            do=_words(row),
            age=row.waiting_minutes,
            own="me" if row.assignee == login else "-",
            overdue=row.overdue,
            record_id=row.id,
            version=row.version,
            patient_id=row.patient_id,
            status=row.status,
        )


def _words(row: MessageRow) -> str:
    said = " ".join(row.body.split())
    return f"{row.topic_label}: {said}" if said else row.topic_label


def _reviews(desk: Desk) -> Iterator[QueueItem]:
    """Restricted records that were opened by break-glass and not looked into yet."""
    for row in break_glass.openings(desk):
        yield QueueItem(
            key=f"review:{row.id}",
            kind="review",
            band="NOW" if row.overdue else "TODAY",
            due=row.at + timedelta(days=break_glass.REVIEW_DAYS),
            what="REVIEW",
            who=row.login,
            do=f"break-glass #{row.mrn} {row.code}: {row.reason}",
            age=int((desk.wall() - row.at).total_seconds() // 60),
            own="-",
            overdue=row.overdue,
            record_id=row.id,
        )


def _refs(desk: Desk) -> Iterator[QueueItem]:
    """Authorizations and referrals whose next step is due by today, or that end soon."""
    today, wall = desk.today(), desk.wall()
    for row in refs_list.work(desk):
        ends = row.group == "ENDS SOON"
        due = today if ends else row.due_on
        if row.group in ("DONE", "IN HAND") or due is None or due > today:
            continue
        is_auth = row.what == "auth"
        what = "AUTH ENDS" if ends else "AUTH" if is_auth else "REFERRAL"
        to = f", to {row.ends_on:%m/%d}" if row.ends_on else ""
        do = f"{row.units.words}{to}" if ends else row.next
        yield QueueItem(
            key=f"{row.what}:{row.id}",
            kind="authorization" if is_auth else "referral",
            band="THIS WEEK" if ends else "TODAY",
            due=datetime.combine(due, time(17)),
            what=what,
            who=short_name(row.patient),
            do=f"{row.service}: {do}",
            age=max(int((wall - row.since).total_seconds() // 60), 0),
            own="-",
            overdue=row.group == "OVERDUE",
            record_id=row.id,
            version=row.version,
            patient_id=row.patient_id,
        )


def _drafts(desk: Desk) -> Iterator[QueueItem]:
    for draft in drafts.open_drafts(desk):
        if draft.parked_minutes >= PARKED_LIMIT and not draft.done:
            yield _parked(draft)


def _parked(draft: DraftRow) -> QueueItem:
    return QueueItem(
        key=f"draft:{draft.key}",
        kind="draft",
        band="TODAY",
        due=draft.saved_at + timedelta(minutes=PARKED_LIMIT),
        what="PARKED",
        who=draft.heading,
        do="go on, or drop it with x" + ("" if draft.here else f" (from {draft.desk})"),
        age=draft.parked_minutes,
        own="me",
        patient_id=draft.patient_id,
        draft_key=draft.key,
    )


def _visits(desk: Desk) -> Iterator[QueueItem]:
    today = desk.today()
    late_after = desk.settings.policy.late_after
    found = stays(desk, today)
    wanted = {
        stay.appointment_id: stay
        for stay in found.values()
        if stay.should_be_told or (stay.late is not None and stay.late > late_after)
    }
    midnight = datetime.combine(today, time(), clocks.zone(desk.zone))
    called = {patient for (patient,) in desk.rows(_CALLED, today.isoformat(), utc_text(midnight))}
    for row in day_board.some(desk, wanted):
        stay = wanted[row.id]
        if stay.is_waiting:
            yield _long(desk, row, stay)
        elif row.patient_id not in called:
            yield _late(row, stay)


def _long(desk: Desk, row: AppointmentRow, stay: Stay) -> QueueItem:
    waited = stay.in_stage or 0
    told = f", told {show_time(stay.told_at.time())}" if stay.told_at else ""
    return QueueItem(
        key=f"visit:{row.id}",
        kind="waiting",
        band="NOW",
        due=desk.wall() - timedelta(minutes=waited - stay.wait_limit),
        what="LONG",
        who=_numbered(row),
        do=f"waits {waited}m for {row.provider}{told}",
        age=waited,
        own="-",
        overdue=True,
        record_id=row.id,
        version=row.version,
        patient_id=row.patient_id,
    )


def _late(row: AppointmentRow, stay: Stay) -> QueueItem:
    return QueueItem(
        key=f"visit:{row.id}",
        kind="late",
        band="NOW",
        due=row.start,
        what="LATE",
        who=_numbered(row),
        do=f"call, {stay.late}m late for {row.provider}",
        age=stay.late or 0,
        own="-",
        overdue=True,
        record_id=row.id,
        version=row.version,
        patient_id=row.patient_id,
    )
