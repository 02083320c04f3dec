"""Which authorization or referral covers a visit: chosen at booking, released by itself.

Booking says what is missing; those with ``override_authorization`` book with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from deskterm.db.authorizations import PriorAuthorization, Referral, VisitPermit
from deskterm.db.scheduling import Appointment
from deskterm.entry.dates import show_short
from deskterm.errors import Conflict, Invalid, NotAllowed
from deskterm.office import plan_rules, units
from deskterm.office.desk import Desk, Operation, known_id
from deskterm.office.units import Units

GRANTED = ("approved", "partial")
ASKED = ("needed", "gathering", "submitted", "pended", "appealed")
_OPEN_REFERRAL = ("ordered", "sent", "received", "scheduled", "completed", "reported", "reviewed")
_CANDIDATES = """
SELECT x.id, x.state, x.number, x.units, x.effective_on, x.expires_on, x.visit_type_id
FROM prior_authorization x
WHERE x.patient_id = ? AND x.plan_id = ? AND (x.visit_type_id = ? OR x.visit_type_id IS NULL)
  AND (x.provider_id = ? OR x.provider_id IS NULL)
  AND x.state IN ('approved', 'partial', 'needed', 'gathering', 'submitted', 'pended',
    'appealed', 'not_required')
ORDER BY x.visit_type_id IS NULL, coalesce(x.expires_on, '9999'), x.id"""
_REFERRALS = """
SELECT r.id, r.visits, r.valid_from, r.valid_to FROM referral r
WHERE r.patient_id = ? AND r.direction = 'in' AND r.state NOT IN ('void', 'expired')
  AND (r.provider_id = ? OR r.provider_id IS NULL)
ORDER BY coalesce(r.valid_to, '9999'), r.id"""
_OF_VISIT = """
SELECT l.id, l.authorization_id, l.referral_id, l.override_reason FROM visit_permit l
WHERE l.appointment_id = ? AND l.released_at IS NULL ORDER BY l.id"""


@dataclass(frozen=True)
class Wanted:
    """What whoever books chose: an authorization, a referral, or a reason to go without."""

    authorization_id: int | None = None
    referral_id: int | None = None
    override: str = ""
    units: int = 1
    strict: bool = True  # a walk-in is here already: nothing is refused
    allowed: bool = False  # the reason was given before, by somebody who may


@dataclass(frozen=True)
class Permit:
    """What covers a visit, in words. ``ok`` is False while the payer has not said yes."""

    needed: bool
    ok: bool
    words: str
    authorization_id: int | None = None
    referral_id: int | None = None


def cover(op: Operation, appointment: Appointment, wanted: Wanted) -> None:
    """Cover a visit just written, inside its operation.

    Raises Conflict (rule ``authorization_missing``, ``authorization_units``,
    ``authorization_dates`` or ``referral_missing``), NotAllowed for an override.
    """
    desk = op.desk
    need = plan_rules.need(desk, appointment.patient_id, appointment.visit_type_id, appointment.day)
    override = wanted.override.strip()
    used = False
    if wanted.authorization_id is not None:
        used |= _link(op, appointment, wanted.authorization_id, wanted)
    else:
        found, why = _best(desk, appointment, need)
        if found is not None:
            _link(op, appointment, found, wanted)
        elif need.authorization and wanted.strict:
            if not override:
                raise Conflict(
                    f"{need.plan} wants an authorization for {appointment.visit_type.code}: {why}",
                    "a asks for one; or book with a reason",
                    rule="authorization_missing",
                )
            used = True
    if wanted.referral_id is not None:
        used |= _link_referral(op, appointment, wanted.referral_id, wanted)
    elif need.referral:
        found = _referral(desk, appointment)
        if found is not None:
            _link_referral(op, appointment, found, wanted)
        elif wanted.strict:
            if not override:
                raise Conflict(
                    f"{need.plan} wants a referral; none is on file for that day",
                    "a notes one; or book with a reason", rule="referral_missing",
                )  # fmt: skip
            used = True
    if used and override:
        _may_override(desk, wanted)
        if not _of_visit(desk, appointment.id):
            _permit(op, appointment, wanted, override_reason=override)


def carried(desk: Desk, appointment_id: int, wanted: Wanted) -> Wanted:
    """``wanted`` for a visit's new time: what covered it before, unless something was chosen."""
    if wanted.authorization_id or wanted.referral_id or wanted.override:
        return wanted
    authorization = referral = None
    override = ""
    for _, an_authorization, a_referral, reason in _of_visit(desk, appointment_id):
        authorization = authorization or an_authorization
        referral = referral or a_referral
        override = override or reason
    return Wanted(authorization, referral, override, wanted.units, wanted.strict, bool(override))


def again(op: Operation, appointment: Appointment) -> None:
    """A visit counts again: what has no room for it any more lets it go."""
    for permit_id, authorization_id, referral_id, reason in _of_visit(op.desk, appointment.id):
        if reason:
            continue
        left = _left(op.desk, authorization_id, referral_id).remaining
        if left is not None and left < 0:
            release(op, permit_id, "no units were left when the visit came back")


def release(op: Operation, permit_id: int, reason: str) -> VisitPermit:
    """End what covers a visit, inside an operation."""
    permit = op.get(VisitPermit, permit_id)
    permit.released_at = op.now
    permit.released_by = op.desk.actor.login
    permit.release_reason = reason
    op.save(permit)
    return permit


def link(
    desk: Desk,
    appointment_id: int,
    *,
    authorization_id: int | None = None,
    referral_id: int | None = None,
    number_of_units: int = 1,
    override: str = "",
) -> Appointment:
    """Choose what covers a visit that is booked. Raises Conflict, NotAllowed, Invalid."""
    with desk.operation("authorization.link", reason=override) as op:
        appointment = op.get(Appointment, known_id(appointment_id))
        if appointment.lifecycle not in ("scheduled", "completed"):
            raise Conflict("This visit does not take place", "", rule="state")
        if (authorization_id is None) == (referral_id is None):
            raise Invalid("An authorization or a referral", "Choose one of them")
        same = 1 if authorization_id is not None else 2
        for row in _of_visit(desk, appointment_id):
            if row[same] is not None or row[1] is row[2] is None:
                release(op, row[0], "another was chosen")
        wanted = Wanted(authorization_id, referral_id, override, number_of_units)
        if authorization_id is not None:
            over = _link(op, appointment, authorization_id, wanted)
        else:
            assert referral_id is not None
            over = _link_referral(op, appointment, referral_id, wanted)
        if over:
            _may_override(desk, wanted)
        op.about(appointment, patient_id=appointment.patient_id)
        return appointment


def unlink(desk: Desk, appointment_id: int, *, reason: str = "chosen by mistake") -> Appointment:
    """Let a visit go without what covered it; its units are free again. Raises Conflict."""
    with desk.operation("authorization.unlink", reason=reason) as op:
        appointment = op.get(Appointment, known_id(appointment_id))
        found = _of_visit(desk, appointment_id)
        if not found:
            raise Conflict("Nothing covers this visit", "", rule="nothing")
        for row in found:
            release(op, row[0], reason)
        op.about(appointment, patient_id=appointment.patient_id)
        return appointment


def of_visit(desk: Desk, appointment: Any) -> Permit:
    """What covers a visit and whether that is enough, in words. A part of a view, which asked.

    ``appointment`` has ``id``, ``patient_id``, ``visit_type_id`` and ``day``.
    """
    need = plan_rules.need(desk, appointment.patient_id, appointment.visit_type_id, appointment.day)
    wanted = need.referral or need.authorization
    rows = _of_visit(desk, appointment.id)
    authorization = next((row[1] for row in rows if row[1]), None)
    referral = next((row[2] for row in rows if row[2]), None)
    if any(row[3] for row in rows):
        reason = next(row[3] for row in rows if row[3])
        return Permit(wanted, True, f"booked without: {reason}", authorization, referral)
    said, ok = [], True
    if authorization is not None:
        record = PriorAuthorization.get_by_id(authorization)
        words, good = _authorization_words(desk, record)
        said.append(words)
        ok = ok and good
    elif need.authorization:
        said.append(f"{need.plan} wants an authorization; none is on file")
        ok = False
    if referral is not None:
        sent = Referral.get_by_id(referral)
        ends = f", to {until(desk, sent.valid_to)}" if sent.valid_to else ""
        said.append(f"referral {sent.number or 'on file'}{ends}")
    elif need.referral:
        said.append(f"{need.plan} wants a referral; none is on file")
        ok = False
    return Permit(wanted, ok, "; ".join(said) or "none needed", authorization, referral)


def outlook(desk: Desk, patient_id: int, visit_type: str, day: date, provider: str = "") -> str:
    """What Find opening says of a visit before it is booked: ``auth 5 of 12 left, to 03/31``."""
    desk.require("view_schedule")
    kinds = desk.rows("SELECT id FROM visit_type WHERE code = ?", visit_type)
    if not kinds:
        return ""
    who = desk.rows("SELECT id FROM provider WHERE code = ?", provider) if provider else []
    need = plan_rules.need(desk, patient_id, kinds[0][0], day)
    asked = _Asked(patient_id, kinds[0][0], who[0][0] if who else 0, day)
    found, why = _best(desk, asked, need)
    said = []
    if found is not None:
        said.append(_authorization_words(desk, PriorAuthorization.get_by_id(found))[0])
    elif need.authorization:
        said.append(f"AUTH NEEDED by {need.plan}: {why}")
    if need.referral and _referral(desk, asked) is None:
        said.append(f"REFERRAL NEEDED by {need.plan}")
    return "; ".join(said)


def until(desk: Desk, day: date) -> str:
    """``03/31``, with its year when that is another."""
    return f"{day:%m/%d}" if day.year == desk.today().year else f"{day:%m/%d/%Y}"


@dataclass(frozen=True)
class _Asked:
    """A visit that is not booked yet."""

    patient_id: int
    visit_type_id: int
    provider_id: int
    day: date
    id: int = 0


def _authorization_words(desk: Desk, record: PriorAuthorization) -> tuple[str, bool]:
    """In words, and whether the payer has said yes."""
    if record.state == "not_required":
        return f"none required (ref {record.reference or '-'})", True
    if record.state not in GRANTED:
        return f"AUTH NOT IN HAND: {record.state.replace('_', ' ')}", False
    left = units.of_authorization(desk, record.id)
    ends = f", to {until(desk, record.expires_on)}" if record.expires_on else ""
    policy = desk.settings.policy
    low = left.remaining is not None and left.remaining <= policy.low_units
    soon = (
        record.expires_on is not None
        and (record.expires_on - desk.today()).days <= policy.ends_soon
    )
    mark = " (ends soon)" if low or soon else ""
    return f"auth {record.number or '-'} {left.words}{ends}{mark}", True


def _best(desk: Desk, appointment: Any, need: plan_rules.Need) -> tuple[int | None, str]:
    """The authorization to take for a visit, or in words why there is none."""
    if need.plan_id is None:
        return None, "none is on file"
    found = desk.rows(
        _CANDIDATES, appointment.patient_id, need.plan_id, appointment.visit_type_id,
        appointment.provider_id,
    )  # fmt: skip
    if not need.authorization:
        found = [row for row in found if row[6] is not None]
    left = units.of_authorizations(desk, [row[0] for row in found])
    why = "none is on file"
    day = appointment.day.isoformat()
    asked: int | None = None
    for key, state, number, _, first, last, _ in found:
        if state == "not_required":
            return key, ""
        if state in ASKED:
            asked = asked or key
            continue
        if (first and first > day) or (last and last < day):
            if last and last < day:
                why = f"{number or 'it'} ended {show_short(date.fromisoformat(last))}"
            else:
                why = f"{number or 'it'} begins {show_short(date.fromisoformat(first))}"
            continue
        remaining = left[key].remaining
        if remaining is not None and remaining < 1 and not _same_day(desk, key, day):
            why = f"{number or 'it'} has {left[key].words}"
            continue
        return key, ""
    return asked, why


def _same_day(desk: Desk, authorization_id: int, day: str) -> bool:
    """Whether that day of service is counted already."""
    return bool(
        desk.rows(
            "SELECT 1 FROM visit_permit l JOIN appointment a ON a.id = l.appointment_id"
            " JOIN prior_authorization x ON x.id = l.authorization_id"
            " WHERE x.id = ? AND x.unit_kind = 'day' AND a.day = ? AND l.released_at IS NULL"
            " AND a.lifecycle IN ('scheduled', 'completed') LIMIT 1",
            authorization_id, day,
        )
    )  # fmt: skip


def _referral(desk: Desk, appointment: Any) -> int | None:
    found = desk.rows(_REFERRALS, appointment.patient_id, appointment.provider_id)
    left = units.of_referrals(desk, [row[0] for row in found])
    day = appointment.day.isoformat()
    for key, _, first, last in found:
        remaining = left[key].remaining
        if (first or "") <= day <= (last or "9999") and (remaining is None or remaining > 0):
            return int(key)
    return None


def _link(op: Operation, appointment: Appointment, key: int, wanted: Wanted) -> bool:
    """Reserve units for a visit; whether that took the reason given."""
    record = op.get(PriorAuthorization, known_id(key))
    if record.patient_id != appointment.patient_id:
        raise Conflict("That authorization is another patient's", "", rule="authorization_patient")
    if record.state not in (*GRANTED, *ASKED, "not_required"):
        raise Conflict(
            f"That authorization is {record.state}", "Choose another, or ask again",
            rule="authorization_missing",
        )  # fmt: skip
    over = ""
    day = appointment.day
    if (record.effective_on and day < record.effective_on) or (
        record.expires_on and day > record.expires_on
    ):
        first = show_short(record.effective_on) if record.effective_on else "any day"
        last = show_short(record.expires_on) if record.expires_on else "any day"
        over = f"Authorization {record.number or '-'} is good from {first} to {last}"
    permit = _permit(op, appointment, wanted, authorization=record.id)
    left = units.of_authorization(op.desk, record.id)
    rule = "authorization_dates"
    if record.state in GRANTED and left.remaining is not None and left.remaining < 0:
        rule = "authorization_units"
        before = left.remaining + wanted.units
        over = (
            f"Authorization {record.number or '-'} has {max(before, 0)} of {left.authorized} "
            f"{units.KIND_WORDS.get(record.unit_kind, record.unit_kind)} left"
        )
    return _over(op, permit, over, rule, wanted)


def _link_referral(op: Operation, appointment: Appointment, key: int, wanted: Wanted) -> bool:
    record = op.get(Referral, known_id(key))
    if record.patient_id != appointment.patient_id:
        raise Conflict("That referral is another patient's", "", rule="authorization_patient")
    if record.state not in _OPEN_REFERRAL:
        raise Conflict(f"That referral is {record.state}", "Choose another",
                       rule="referral_missing")  # fmt: skip
    over = ""
    day = appointment.day
    if (record.valid_from and day < record.valid_from) or (
        record.valid_to and day > record.valid_to
    ):
        over = f"Referral {record.number or '-'} is not good on {show_short(day)}"
    permit = _permit(op, appointment, wanted, referral=record.id)
    left = units.of_referral(op.desk, record.id).remaining
    if left is not None and left < 0:
        over = f"Referral {record.number or '-'} has no visits left"
    return _over(op, permit, over, "authorization_units", wanted)


def _over(op: Operation, permit: VisitPermit, over: str, rule: str, wanted: Wanted) -> bool:
    """Refuse what goes beyond, take the reason for it, or let a walk-in go without."""
    if not over:
        return False
    if wanted.override.strip():
        permit.override_reason = wanted.override.strip()
        op.save(permit)
        return True
    if not wanted.strict:
        release(op, permit.id, "no units were left")
        return False
    raise Conflict(over, "Ask for more, or book with a reason", rule=rule)


def _permit(op: Operation, appointment: Appointment, wanted: Wanted, **values: Any) -> VisitPermit:
    if type(wanted.units) is not int or not 1 <= wanted.units <= 999:
        raise Invalid("Units are 1 to 999", "", field="units")
    return op.create(
        VisitPermit, appointment=appointment.id, units=wanted.units, made_at=op.now,
        made_by=op.desk.actor.login, **values,
    )  # fmt: skip


def _may_override(desk: Desk, wanted: Wanted) -> None:
    if not wanted.allowed and not desk.may("override_authorization"):
        raise NotAllowed(
            "Booking without it needs somebody who may", "Ask a manager, a biller or a clinician"
        )


def _of_visit(desk: Desk, appointment_id: int) -> list[tuple[Any, ...]]:
    return list(desk.rows(_OF_VISIT, appointment_id))


def _left(desk: Desk, authorization_id: int | None, referral_id: int | None) -> Units:
    if authorization_id is not None:
        record = PriorAuthorization.get_by_id(authorization_id)
        if record.state not in GRANTED:
            return units.NONE
        return units.of_authorization(desk, authorization_id)
    return units.of_referral(desk, referral_id) if referral_id is not None else units.NONE
