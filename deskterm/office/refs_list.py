"""Referrals and authorizations in one list by when something is due (``:refs``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from deskterm.clock import local, parse_utc_text
from deskterm.entry.dates import show_short
from deskterm.errors import NotFound
from deskterm.office import access, units
from deskterm.office.desk import Desk, known_id
from deskterm.office.units import Units

What = Literal["auth", "ref"]
Group = Literal["OVERDUE", "ENDS SOON", "WAITING", "IN HAND", "DONE"]
GROUPS: tuple[Group, ...] = ("OVERDUE", "ENDS SOON", "WAITING", "IN HAND", "DONE")
# The words of interaction.md 4.12.
AUTH_WORDS = {
    "needed": "NEED", "gathering": "NEED", "submitted": "ASKED", "pended": "MORE",
    "approved": "OK", "partial": "OK", "denied": "NO", "appealed": "ASKED",
    "not_required": "n/a", "expired": "ENDED", "void": "VOID",
}  # fmt: skip
REF_WORDS = {
    "ordered": "NEED", "sent": "SENT", "received": "SENT", "scheduled": "BOOKED",
    "completed": "SEEN", "reported": "REPORT", "reviewed": "DONE", "expired": "ENDED",
    "void": "VOID",
}  # fmt: skip
_DONE_AUTHS = ("not_required", "expired", "void")
_MOST = 1000  # rows of a list
_NAME = "t.last_name || ', ' || t.first_name"
_AUTHS = f"""
SELECT x.id, x.version, x.patient_id, {_NAME}, x.service, x.procedures, p.name, x.state, x.number,
  x.reference, x.effective_on, x.expires_on, x.due_on, x.state_at, x.method, x.expedited,
  x.diagnoses, x.units_asked, x.unit_kind, p.phone, x.decision_code, x.decision_reason,
  (SELECT min(a.wall_start) FROM visit_permit l JOIN appointment a ON a.id = l.appointment_id
    WHERE l.authorization_id = x.id AND l.released_at IS NULL AND a.lifecycle = 'scheduled'),
  x.appeal_by, x.servicing_name, x.unit_kind
FROM prior_authorization x JOIN patient t ON t.id = x.patient_id JOIN plan p ON p.id = x.plan_id
WHERE {{where}} ORDER BY coalesce(x.due_on, x.expires_on, '9999'), x.id LIMIT {_MOST}"""
_REFS = f"""
SELECT r.id, r.version, r.patient_id, {_NAME}, r.service, r.direction, r.from_name, r.to_name,
  r.state, r.number, r.valid_from, r.valid_to, r.due_on, r.state_at, r.urgent, r.diagnoses,
  r.visits, r.to_phone, r.appointment_on
FROM referral r JOIN patient t ON t.id = r.patient_id
WHERE {{where}} ORDER BY coalesce(r.due_on, r.valid_to, '9999'), r.id LIMIT {_MOST}"""


@dataclass(frozen=True)
class RefRow:
    """One row of the list. ``to`` is the payer or the other practice; ``next`` what to do."""

    what: What
    id: int
    version: int
    patient_id: int
    patient: str
    service: str
    to: str
    state: str
    word: str
    number: str
    units: Units
    starts_on: date | None
    ends_on: date | None
    due_on: date | None
    group: Group
    since: datetime
    detail: str
    next: str
    next_visit: datetime | None = None
    urgent: bool = False

    @property
    def used(self) -> str:
        """``9/12``: used and booked of what is authorized."""
        if self.units.authorized is None:
            return "-"
        return f"{self.units.used + self.units.booked}/{self.units.authorized}"


@dataclass(frozen=True)
class EventRow:
    """One thing done with an authorization or a referral. ``at`` is wall time."""

    at: datetime
    by: str
    kind: str
    words: str
    document: str = ""
    document_at: str = ""


def work(desk: Desk, *, patient_id: int | None = None, done: bool = False) -> list[RefRow]:
    """What must be chased, by group and day due; ``done`` with what is over as well."""
    desk.require("view_patients")
    if patient_id is not None:
        access.require_patient(desk, patient_id)
    auths = _where("x", patient_id, done, "x.state NOT IN ('not_required', 'expired', 'void')")
    refs = _where("r", patient_id, done, "r.state NOT IN ('reviewed', 'expired', 'void')")
    rows = [
        *_authorizations(desk, *auths),
        *_referrals(desk, *refs),
    ]
    rows = access.masked(
        desk, rows, name="patient", patient_id="patient_id", service="restricted", to="",
        number="", detail="", next="",
    )  # fmt: skip
    far = date.max
    return sorted(
        rows, key=lambda r: (GROUPS.index(r.group), r.due_on or r.ends_on or far, r.what, r.id)
    )


def row(desk: Desk, what: What, record_id: int) -> RefRow:
    """One row. Raises NotFound, and NotAllowed for a restricted record not opened."""
    desk.require("view_patients")
    read = _authorizations if what == "auth" else _referrals
    found = read(desk, f"{'x' if what == 'auth' else 'r'}.id = ?", (known_id(record_id),))
    if not found:
        name = "authorization" if what == "auth" else "referral"
        raise NotFound(f"No such {name}: {record_id}", "Look it up again")
    access.require_patient(desk, found[0].patient_id)
    return found[0]


def history(desk: Desk, what: What, record_id: int) -> list[EventRow]:
    """What was done with it, the newest first. Raises NotFound, NotAllowed."""
    row(desk, what, record_id)
    column = "authorization_id" if what == "auth" else "referral_id"
    found = desk.rows(
        "SELECT at, by, kind, from_state, to_state, raw_code, note, contact, call_reference,"
        f" document, document_at FROM authorization_event WHERE {column} = ? ORDER BY id DESC",
        record_id,
    )  # fmt: skip
    events = []
    for at, by, kind, before, after, raw, note, contact, call, document, place in found:
        parts = [
            after.replace("_", " ") if kind == "state" and before != after else "",
            f"code {raw}" if raw else "", document and f"paper: {document}", note,
            f"spoke with {contact}" if contact else "", f"call ref {call}" if call else "",
        ]  # fmt: skip
        when = local(parse_utc_text(at), desk.zone)
        events.append(EventRow(when, by, kind, ", ".join(filter(None, parts)), document, place))
    return events


def on_card(desk: Desk, patient_id: int) -> str:
    """The line of the patient card: ``PT A-66120 3 of 12 left to 03/31``; empty without any."""
    rows = [r for r in work(desk, patient_id=patient_id) if r.group != "DONE"]
    said = []
    for found in rows[:2]:
        ends = ""
        if found.ends_on is not None:
            same = found.ends_on.year == desk.today().year
            ends = f", to {found.ends_on:{'%m/%d' if same else '%m/%d/%Y'}}"
        if found.what == "auth" and found.state in ("approved", "partial"):
            words = f"auth {found.number or '-'} {found.units.words}{ends}"
        else:
            words = f"{found.to} {found.word}"
        said.append(f"{found.service[:20]}: {words}")
    more = f"  +{len(rows) - 2}" if len(rows) > 2 else ""
    return "   ".join(said) + more


def _where(
    table: str, patient_id: int | None, done: bool, still_open: str
) -> tuple[str, tuple[int, ...]]:
    parts = [] if done else [still_open]
    if patient_id is not None:
        parts.append(f"{table}.patient_id = ?")
    given = (patient_id,) if patient_id is not None else ()
    return " AND ".join(parts) or "1 = 1", given


def _authorizations(desk: Desk, where: str, given: tuple[int, ...]) -> list[RefRow]:
    found = desk.rows(_AUTHS.format(where=where), *given)
    counts = units.of_authorizations(desk, [r[0] for r in found])
    today, rows = desk.today(), []
    for (key, version, patient_id, name, service, procedures, plan, state, number, reference,
         first, last, due, since, method, expedited, dx, asked, kind, phone, raw, reason,
         visit, appeal_by, servicing, _) in found:  # fmt: skip
        left = counts.get(key, units.NONE)
        ends, due_on = _day(last), _day(due)
        at = datetime.fromisoformat(visit) if visit else None
        if state in ("needed", "gathering", "submitted", "pended", "appealed") and at is not None:
            due_on = min(due_on or at.date(), at.date())
        group = _group(desk, state, due_on, ends, left, today)
        count = f"{asked} {units.KIND_WORDS.get(kind, kind)} " if asked else ""
        detail = (
            f"{service or procedures} {procedures if service else ''}  {count}"
            f"{'dx ' + dx if dx else ''}  {servicing}"
        )
        if state in ("submitted", "pended", "appealed") and method:
            detail += f"  by {method} ref {reference or '-'}"
        if raw or reason:
            detail += f"  {raw} {reason}".rstrip()
        if at is not None and state not in ("approved", "partial", "not_required"):
            detail += f"  visit {show_short(at.date())}: AUTH NOT IN HAND"
        rows.append(RefRow(
            "auth", key, version, patient_id, name, service or procedures, plan, state,
            AUTH_WORDS.get(state, state), number, left, _day(first), ends, due_on, group,
            local(parse_utc_text(since), desk.zone), " ".join(detail.split(" " * 4)).strip(),
            _next_auth(state, phone, reference, _day(appeal_by)), at, bool(expedited),
        ))  # fmt: skip
    return rows


def _referrals(desk: Desk, where: str, given: tuple[int, ...]) -> list[RefRow]:
    found = desk.rows(_REFS.format(where=where), *given)
    counts = units.of_referrals(desk, [r[0] for r in found])
    today, rows = desk.today(), []
    for (key, version, patient_id, name, service, direction, sender, receiver, state, number,
         first, last, due, since, urgent, dx, _, phone, visit_on) in found:  # fmt: skip
        ends, due_on = _day(last), _day(due)
        left = counts.get(key, units.NONE)
        group = _group(desk, state, due_on, ends, left, today)
        to = receiver if direction == "out" else f"from {sender}"
        seen = _day(visit_on)
        detail = f"{service}  {to}" + (f"  dx {dx}" if dx else "")
        if seen is not None:
            detail += f"  visit there {show_short(seen)}"
        rows.append(RefRow(
            "ref", key, version, patient_id, name, service, to, state,
            REF_WORDS.get(state, state), number, left, _day(first), ends, due_on, group,
            local(parse_utc_text(since), desk.zone), detail,
            f"{_REF_NEXT[state]} {phone}".strip() if state in _REF_NEXT else "", None, bool(urgent),
        ))  # fmt: skip
    return rows


_REF_NEXT = {
    "ordered": "send it", "sent": "ask whether they have it", "received": "ask for their date",
    "scheduled": "ask whether they came", "completed": "ask for the report",
    "reported": "have the report read",
}  # fmt: skip


def _next_auth(state: str, phone: str, reference: str, appeal_by: date | None) -> str:
    ref = f" (ref {reference})" if reference else ""
    return {
        "needed": "gather papers, then submit", "gathering": "submit",
        "submitted": f"call the payer {phone}{ref}".replace("  ", " "),
        "pended": f"send what the payer wants{ref}",
        "denied": "appeal" + (f" by {show_short(appeal_by)}" if appeal_by else ""),
        "appealed": f"call the payer {phone}{ref}",
    }.get(state, "")  # fmt: skip


def _group(
    desk: Desk, state: str, due: date | None, ends: date | None, left: Units, today: date
) -> Group:
    policy = desk.settings.policy
    if state in (*_DONE_AUTHS, "reviewed"):
        return "DONE"
    if state in ("approved", "partial"):
        if ends is not None and ends < today:
            return "DONE"
        low = left.remaining is not None and left.remaining <= policy.low_units
        soon = ends is not None and (ends - today).days <= policy.ends_soon
        return "ENDS SOON" if low or soon else "IN HAND"
    if due is not None and due < today:
        return "OVERDUE"
    return "WAITING"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
