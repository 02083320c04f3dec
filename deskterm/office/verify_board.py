"""Whose insurance is to be verified before they come: the next days, the worst first.

Two clocks: whether a plan covers somebody is asked again after ``eligibility_stale`` days and in
every new month, what it pays after ``benefits_stale`` days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from deskterm.db.eligibility import VerifyAssignment
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import access
from deskterm.office.desk import Desk
from deskterm.office.eligibility import NEVER_ASKED

# State -> what it means, the worst first; the order of the board.
STATES: dict[str, str] = {
    "INACT": "the payer says it is not active",
    "ENDS": "it ends before the visit",
    "UNABLE": "could not be verified",
    "ISSUE": "active, but something does not fit",
    "NONE": "no insurance in force on that day",
    "NEW": "never verified",
    "OLD": "verified too long ago",
    "BEN": "active, but the amounts are old or were never asked",
    "ASKED": "asked, the answer is not here yet",
    "OK": "verified",
    "SELF": "no payer to ask",
}
_RANK = {state: rank for rank, state in enumerate(STATES)}
SETTLED = ("OK", "SELF")
MOST_DAYS = 31

# The first coverage by priority, then id, as on the day board; its newest answer by number.
_ROWS = """
SELECT a.id, a.wall_start, a.day, p.code, t.id, t.last_name, t.first_name, t.mrn, v.code,
  c.id, l.name, l.plan_type, c.eligibility, c.verified_on, c.benefits_on,
  e.status, e.ends_on, e.differs, e.copay_cents, e.deductible_left_cents,
  CASE WHEN e.trace = '' THEN e.reference ELSE e.trace END, e.note,
  (SELECT r.what || ': ' || r.do FROM eligibility_rejection r WHERE r.answer_id = e.id
   ORDER BY r.id DESC LIMIT 1),
  q.id, q.failure, q.state, coalesce(s.login, ''), e.service_day
FROM appointment a
JOIN patient t ON t.id = a.patient_id
JOIN provider p ON p.id = a.provider_id
JOIN visit_type v ON v.id = a.visit_type_id
LEFT JOIN coverage c ON c.id = (
  SELECT min(k.priority * 1000000000000 + k.id) % 1000000000000 FROM coverage k
  WHERE k.patient_id = a.patient_id AND (k.starts_on IS NULL OR k.starts_on <= a.day)
    AND (k.ends_on IS NULL OR k.ends_on >= a.day))
LEFT JOIN plan l ON l.id = c.plan_id
LEFT JOIN eligibility_answer e ON e.id = (
  SELECT max(x.id) FROM eligibility_answer x WHERE x.coverage_id = c.id)
LEFT JOIN inquiry q ON q.id = (
  SELECT max(y.id) FROM inquiry y WHERE y.coverage_id = c.id AND y.state IN ('waiting', 'failed'))
LEFT JOIN verify_assignment s ON s.appointment_id = a.id
WHERE a.day BETWEEN ? AND ? AND a.lifecycle = 'scheduled'"""


@dataclass(frozen=True)
class BoardRow:
    """One visit's insurance. Cents; ``why`` says what is wrong or new, ``do`` the next step."""

    appointment_id: int
    start: datetime
    provider: str
    patient_id: int
    patient: str
    mrn: str
    visit_type: str
    coverage_id: int | None
    plan: str
    state: str
    verified_on: date | None
    benefits_on: date | None
    copay_cents: int | None
    deductible_left_cents: int | None
    reference: str
    differs: str
    why: str
    do: str
    assigned: str

    def as_dict(self) -> dict[str, Any]:
        """As ``coverage board --json`` prints it."""
        return {
            "appointment_id": self.appointment_id, "start": f"{self.start:%Y-%m-%d %H:%M}",
            "provider": self.provider, "patient_id": self.patient_id, "patient": self.patient,
            "visit_type": self.visit_type, "coverage_id": self.coverage_id, "plan": self.plan,
            "state": self.state, "verified_on": _iso(self.verified_on),
            "benefits_on": _iso(self.benefits_on), "copay_cents": self.copay_cents,
            "deductible_left_cents": self.deductible_left_cents, "reference": self.reference,
            "differs": self.differs, "why": self.why, "do": self.do, "assigned": self.assigned,
        }  # fmt: skip


def board(
    desk: Desk, first: date, last: date | None = None, *, assigned: str = ""
) -> list[BoardRow]:
    """The visits of some days with the state of their insurance, the worst first.

    ``assigned``: only those of this login. Raises Invalid for more than 31 days.
    """
    desk.require("view_schedule")
    desk.require("view_patients")
    until = last or first
    if until < first or (until - first).days >= MOST_DAYS:
        raise Invalid(f"1 to {MOST_DAYS} days", "For example t+1 to t+3", field="to")
    today = desk.today()
    policy = desk.settings.policy
    found = desk.rows(_ROWS, first.isoformat(), until.isoformat())
    rows = [_row(row, today, policy.eligibility_stale, policy.benefits_stale) for row in found]
    if assigned:
        rows = [row for row in rows if row.assigned == assigned]
    rows = access.masked(
        desk, rows, name="patient", patient_id="patient_id", mrn="", coverage_id=None, plan="",
        copay_cents=None, deductible_left_cents=None, reference="", differs="", why="", do="",
    )  # fmt: skip
    return sorted(rows, key=lambda row: (_RANK[row.state], row.start, row.appointment_id))


def assign(desk: Desk, appointment_id: int, login: str) -> None:
    """Give a visit's verification to somebody; an empty ``login`` takes it back.

    Raises NotFound, Conflict for somebody disabled.
    """
    with desk.operation("eligibility.assign") as op:
        found = desk.rows("SELECT patient_id FROM appointment WHERE id = ?", appointment_id)
        if not found:
            raise NotFound("No such visit", "Look it up again")
        who = desk.rows("SELECT active FROM staff WHERE login = ?", login) if login else []
        if login and not who:
            raise NotFound(f"Nobody signs in as {login[:32]}", "staff list shows who does")
        if login and not who[0][0]:
            raise Conflict(f"{login} is disabled", "Choose somebody else")
        row = VerifyAssignment.get_or_none(VerifyAssignment.appointment == appointment_id)
        if row is None:
            row = op.create(
                VerifyAssignment, appointment=appointment_id, login=login, at=op.now,
                by=desk.actor.login,
            )  # fmt: skip
        else:
            row = op.get(VerifyAssignment, row.id)
            row.login, row.at, row.by = login, op.now, desk.actor.login
            op.save(row)
        op.about(row, patient_id=found[0][0])


def _row(row: tuple[Any, ...], today: date, enrolment: int, amounts: int) -> BoardRow:
    (visit, start, day, provider, patient, last, first, mrn, visit_type, coverage, plan, plan_type,
     _, verified, benefits, status, ends, differs, copay, deductible, reference, note, rejected,
     inquiry, failure, inquiry_state, login, asked_for) = row  # fmt: skip
    verified_on, benefits_on = _day(verified), _day(benefits)
    waiting = inquiry is not None and inquiry_state == "waiting"
    state, why, do = _state(
        coverage, plan_type, status, _day(ends), date.fromisoformat(day), verified_on, benefits_on,
        today, enrolment, amounts, _day(asked_for), waiting=waiting,
    )  # fmt: skip
    if state == "UNABLE":
        why, _, do = (rejected or f"{note or why}: try again, or call the plan").partition(": ")
    elif state == "ISSUE":
        why = note or (rejected or "").partition(": ")[0] or why
    elif state in ("NEW", "OLD", "BEN") and inquiry_state == "failed":
        why, do = failure or why, "try again (e), or note an answer by phone (+)"
    return BoardRow(
        visit, datetime.strptime(start, "%Y-%m-%dT%H:%M"), provider, patient,
        f"{last}, {first}", mrn, visit_type, coverage, plan or "", state, verified_on,
        benefits_on, copay, deductible, reference or "", differs or "", why, do, login,
    )  # fmt: skip


def _state(
    coverage: int | None, plan_type: str | None, status: str | None, ends: date | None, day: date,
    verified: date | None, benefits: date | None, today: date, enrolment: int, amounts: int,
    asked_for: date | None, *, waiting: bool,
) -> tuple[str, str, str]:  # fmt: skip
    """A visit's state with its reason and the next step."""
    if coverage is None:
        return "NONE", STATES["NONE"], "ask for a card; else self-pay with an estimate"
    if plan_type in NEVER_ASKED:
        return "SELF", "", ""
    if waiting:
        return "ASKED", STATES["ASKED"], ""
    if status == "inactive":
        return "INACT", STATES["INACT"], "call the patient for the new card"
    if ends is not None and ends < day:
        return "ENDS", f"it ends {ends:%m/%d/%Y}", "ask for the insurance after that day"
    if status == "unable":
        return "UNABLE", STATES["UNABLE"], "try again, or call the plan"
    if status == "issue":
        return "ISSUE", STATES["ISSUE"], "compare with the card"
    if verified is None:
        return "NEW", STATES["NEW"], "verify (e)"
    # Plans change with the month: an answer for another month says less than its age.
    known = max(verified, asked_for or verified)
    earlier_month = (known.year, known.month) < (day.year, day.month)
    if (today - verified).days > enrolment or earlier_month:
        return "OLD", f"verified {verified:%m/%d/%Y}", "verify (e)"
    if benefits is None or (today - benefits).days > amounts:
        return "BEN", STATES["BEN"], "verify (e), or call for the amounts (+)"
    return "OK", "", ""


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
