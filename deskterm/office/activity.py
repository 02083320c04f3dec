"""The weekly activity review: looks at records that somebody should ask about.

What is listed proves nothing: staff are patients too, and a busy day is no offence. A person
looks at the list, asks where it is not plain, and signs it off, which is an operation.
"""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from deskterm import clock as clocks
from deskterm.clock import parse_utc_text, utc_text
from deskterm.errors import Invalid
from deskterm.office.desk import Desk
from deskterm.text import fold

DAYS = 7
_BEFORE = 28  # days that say what is usual for a person
_FEW = 20  # people seen in a day that never stand out
_SIGMAS = 3
_FAILURES = 3
_EARLY = 60  # minutes before opening and after closing that are no odd hour

WORDS = {
    "own_record": "looked at the record of somebody with their own name",
    "same_address": "looked at a record with the address or phone of their own",
    "same_surname": "looked at the record of somebody with their surname",
    "restricted": "opened a restricted record",
    "after_hours": "looked at records outside opening hours",
    "many": "saw far more people's records than usual",
    "refused": "asked several times for what they may not do",
    "sign_in": "failed several times to sign in",
}


@dataclass(frozen=True)
class Item:
    """One thing to ask about. ``entries`` are the journal's; ``at`` is the first, wall time."""

    kind: str
    actor: str
    at: datetime
    entries: tuple[int, ...]
    patient_id: int | None = None
    detail: str = ""

    @property
    def words(self) -> str:
        """The item as a sentence."""
        about = f" {self.patient_id}" if self.patient_id else ""
        return f"{self.actor} {WORDS[self.kind]}{about}{': ' if self.detail else ''}{self.detail}"

    def as_dict(self) -> dict[str, Any]:
        """The item as ``--json`` prints it."""
        return {**self.__dict__, "at": self.at.isoformat(timespec="seconds"), "words": self.words}


@dataclass(frozen=True)
class Review:
    """The items of a period, and through which entry of the journal it looked."""

    first: date
    last: date
    through: int
    items: tuple[Item, ...]
    signed_off: str = ""  # the last sign-off before this one: when and by whom

    def as_dict(self) -> dict[str, Any]:
        """The review as ``--json`` prints it."""
        return {
            "from": self.first.isoformat(), "to": self.last.isoformat(),
            "through": self.through, "signed_off": self.signed_off,
            "items": [item.as_dict() for item in self.items],
        }  # fmt: skip


@dataclass(frozen=True)
class _Look:
    seq: int
    at: datetime
    actor: str
    operation: str
    patient_id: int | None
    reason: str


def review(desk: Desk, *, first: date | None = None, last: date | None = None) -> Review:
    """What stands out between two days of the clinic, by default the last seven.

    Raises NotAllowed.
    """
    desk.require("view_journal")
    desk.views.flush()
    last = last or desk.today()
    first = first or last - timedelta(days=DAYS - 1)
    looks = list(_looks(desk, first - timedelta(days=_BEFORE), last))
    period = [look for look in looks if look.at.date() >= first]
    items = [
        *_known_people(desk, period),
        *_restricted(desk, period),
        *_after_hours(desk, period),
        *_many(looks, first),
        *_failures(period),
    ]
    items.sort(key=lambda item: (list(WORDS).index(item.kind), item.actor, item.at))
    through = desk.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0]
    done = last_sign_off(desk)
    said = f"{done[0]:%Y-%m-%d %H:%M} by {done[1]}" if done else ""
    return Review(first, last, through, tuple(items), said)


def sign_off(desk: Desk, found: Review, *, note: str) -> None:
    """Somebody looked at the review and says what came of it. Raises Invalid, NotAllowed."""
    if len(note.strip()) < 3:
        raise Invalid("Say what came of it", "For example: all explained, asked rn1", field="note")
    with desk.operation("journal.review", reason=note.strip()) as op:
        said = {"from": found.first.isoformat(), "to": found.last.isoformat(),
                "through": found.through, "items": len(found.items)}  # fmt: skip
        op.changes.append({"table": "journal", "id": None, "before": None, "after": said})


def last_sign_off(desk: Desk) -> tuple[datetime, str] | None:
    """When (wall time) and by whom a review was last signed off."""
    found = desk.rows(
        "SELECT at, actor FROM journal WHERE operation = 'journal.review' ORDER BY seq DESC LIMIT 1"
    )
    if not found:
        return None
    return clocks.local(parse_utc_text(found[0][0]), desk.zone), found[0][1]


def _looks(desk: Desk, first: date, last: date) -> Iterator[_Look]:
    """Looks and refusals of a period; each person of a list is a look of its own."""
    since = utc_text(datetime.combine(first, time(0), tzinfo=clocks.zone(desk.zone)))
    until = utc_text(
        datetime.combine(last + timedelta(days=1), time(0), tzinfo=clocks.zone(desk.zone))
    )
    for seq, at, actor, operation, patient_id, reason, changes in desk.rows(
        "SELECT seq, at, actor, operation, patient_id, reason,"
        " CASE WHEN operation IN ('list.view', 'patient.find') THEN changes ELSE '' END"
        " FROM journal WHERE at >= ? AND at < ? AND (patient_id IS NOT NULL OR operation IN"
        " ('list.view', 'patient.find', 'access.refused', 'session.refused',"
        " 'credential.failed')) ORDER BY seq",
        since, until,
    ):  # fmt: skip
        wall = clocks.local(parse_utc_text(at), desk.zone)
        people = [patient_id]
        if changes:
            people = json.loads(changes)[0].get("shown", [])
        for person in people:
            yield _Look(seq, wall, actor, operation, person, reason)


def _grouped(
    kind: str, looks: list[_Look], details: dict[int, str] | None = None
) -> Iterator[Item]:
    """One item for each person who looked and each patient."""
    groups: dict[tuple[str, int | None], list[_Look]] = defaultdict(list)
    for look in looks:
        groups[look.actor, look.patient_id].append(look)
    for (actor, patient_id), some in groups.items():
        detail = (details or {}).get(patient_id or 0, "")
        seqs = tuple(dict.fromkeys(look.seq for look in some))
        yield Item(kind, actor, some[0].at, seqs, patient_id, detail)


def _known_people(desk: Desk, period: list[_Look]) -> Iterator[Item]:
    """Their own record, their household's, their surname; of the three the nearest."""
    # What is seen in a list is no sign of curiosity: everybody sees the day.
    period = [look for look in period if look.operation != "list.view"]
    for login, name in desk.rows("SELECT login, name FROM staff ORDER BY login"):
        looks = [look for look in period if look.actor == login]
        words = fold(name).split()
        if not looks or not words:
            continue
        surname = words[-1]
        alike = desk.rows("SELECT id, first_name FROM patient WHERE last_key = ?", surname)
        own = {
            patient_id for patient_id, given in alike if fold(given).split()[:1] == words[:1]
        }  # fmt: skip
        near = _household(desk, own) - own
        namesakes = {patient_id for patient_id, _ in alike} - own - near
        for kind, whom in (("own_record", own), ("same_address", near),
                           ("same_surname", namesakes)):  # fmt: skip
            yield from _grouped(kind, [look for look in looks if look.patient_id in whom])


def _household(desk: Desk, own: set[int]) -> set[int]:
    """Everybody with the address or the phone of these patients."""
    found: set[int] = set()
    for patient_id in own:
        found |= {
            other for (other,) in desk.rows(
                "SELECT b.patient_id FROM patient_address a JOIN patient_address b"
                " ON lower(b.line1) = lower(a.line1) AND b.postal_code = a.postal_code"
                " AND lower(b.line2) = lower(a.line2) WHERE a.patient_id = ? AND a.line1 <> ''"
                " UNION SELECT b.patient_id FROM patient_phone a JOIN patient_phone b"
                " ON b.reversed = a.reversed WHERE a.patient_id = ?",
                patient_id, patient_id,
            )
        }  # fmt: skip
    return found


_OPENS = ("patient.view", "access.refused", "patient.break_glass")


def _restricted(desk: Desk, period: list[_Look]) -> Iterator[Item]:
    """Restricted records, with the reason that was typed."""
    guarded = {patient_id for (patient_id,) in desk.rows(
        "SELECT id FROM patient WHERE restricted = 1")}  # fmt: skip
    looks = [
        look for look in period
        if look.patient_id in guarded and look.operation in _OPENS
    ]  # fmt: skip
    why = {look.patient_id or 0: look.reason for look in looks if look.reason}
    yield from _grouped("restricted", looks, why)


def _after_hours(desk: Desk, period: list[_Look]) -> Iterator[Item]:
    """Looks before opening, after closing or on a day on which nobody works."""
    opens, closes = desk.rows(
        "SELECT coalesce(min(opens), 420), coalesce(max(closes), 1140) FROM location"
        " WHERE active = 1"
    )[0]
    worked = {day for (day,) in desk.rows("SELECT DISTINCT weekday FROM weekly_template")}
    odd: dict[tuple[str, date], list[_Look]] = defaultdict(list)
    for look in period:
        minute = look.at.hour * 60 + look.at.minute
        is_late = not opens - _EARLY <= minute < closes + _EARLY
        if look.operation.startswith(("patient.", "list.")) and (
            is_late or (worked and look.at.weekday() not in worked)
        ):
            odd[look.actor, look.at.date()].append(look)
    for (actor, _), looks in sorted(odd.items()):
        people = len({look.patient_id for look in looks})
        seqs = tuple(dict.fromkeys(look.seq for look in looks))
        detail = f"{people} people from {looks[0].at:%a %m/%d %H:%M}"
        yield Item("after_hours", actor, looks[0].at, seqs, None, detail)


def _many(looks: list[_Look], first: date) -> Iterator[Item]:
    """Days on which somebody saw far more people than on the days before."""
    seen: dict[str, dict[date, set[int | None]]] = defaultdict(lambda: defaultdict(set))
    seqs: dict[tuple[str, date], list[_Look]] = defaultdict(list)
    for look in looks:
        if look.operation in ("patient.view", "patient.find"):
            seen[look.actor][look.at.date()].add(look.patient_id)
            seqs[look.actor, look.at.date()].append(look)
    everybody = [len(people) for days in seen.values() for day, people in days.items()
                 if day < first]  # fmt: skip
    for actor, days in sorted(seen.items()):
        for day in sorted(d for d in days if d >= first):
            usual = [len(days[d]) for d in days if d < day] or everybody
            if len(usual) < 3:
                usual = [*usual, *everybody]
            count = len(days[day])
            spread = statistics.pstdev(usual) if len(usual) > 1 else 0.0
            limit = statistics.fmean(usual) + _SIGMAS * max(spread, 1.0) if usual else 0.0
            if count > max(limit, _FEW):
                some = seqs[actor, day]
                mean = f"{statistics.fmean(usual):.0f}" if usual else "none"
                yield Item(
                    "many", actor, some[0].at, tuple(dict.fromkeys(look.seq for look in some)),
                    None, f"{count} on {day:%m/%d}, usually {mean}",
                )  # fmt: skip


def _failures(period: list[_Look]) -> Iterator[Item]:
    """Several refusals, or failed sign-ins, of one person on one day."""
    for kind, operation in (
        ("refused", "access.refused"),
        ("sign_in", "session.refused"),
        ("sign_in", "credential.failed"),
    ):
        days = Counter((p.actor, p.at.date()) for p in period if p.operation == operation)
        for (actor, day), count in sorted(days.items()):
            if count >= _FAILURES:
                some = [
                    p for p in period
                    if p.operation == operation and p.actor == actor and p.at.date() == day
                ]  # fmt: skip
                seqs = tuple(look.seq for look in some)
                yield Item(kind, actor, some[0].at, seqs, None, f"{count} times on {day:%m/%d}")
