"""Asking payers, and keeping what they answer: line by line, with where each line stood.

An answer never ends or hides insurance and never stops a booking: it says what the payer said,
and when. A figure of it that is quoted can be followed back to file, line, date and trace.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import (
    MOST_RAW,
    EligibilityAnswer,
    EligibilityRejection,
    Inquiry,
)
from deskterm.db.patients import Patient
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.exchange.x12 import eligibility_request
from deskterm.exchange.x12.eligibility_answer import Answer, Benefit, Person, read_answers
from deskterm.exchange.x12.eligibility_request import Member
from deskterm.office import access, benefits
from deskterm.office.desk import Desk, Operation
from deskterm.text import UNSAFE, tidy_import

SELF = "18"
WHOLE_PLAN = "30"
# What is asked when neither plan nor visit type says: the whole plan, and an office visit.
USUAL_SERVICES = ("30", "98")
NEVER_ASKED = ("SELF", "CHARITY")  # plan types that no payer stands behind
AMOUNT_CODES = ("A", "B", "C", "G")
_ENDS = ("347", "349", "341", "357", "540")  # DTP01 of a last day
_RANGES = ("291", "307", "346", "348", "356", "539", "340")
_COLUMNS = ("answer_id", *benefits.COLUMNS)
_CHUNK = 40  # rows of one statement
_WHO = """
SELECT a.coverage_id, a.patient_id, a.id, a.appointment_id, a.service_day, a.state
FROM inquiry a WHERE a.trace = ?"""
_LAST = """
SELECT id FROM eligibility_answer WHERE coverage_id = ? AND status IN ('active', 'inactive',
'issue') ORDER BY received_at DESC, id DESC LIMIT 1"""
_MEMBERS = """
SELECT c.id, c.patient_id FROM coverage c JOIN patient p ON p.id = c.patient_id
WHERE upper(replace(c.member_id, ' ', '')) = ? AND (p.birth_date = ? OR ? = '')
ORDER BY c.ends_on IS NOT NULL, c.priority, c.id"""
_VISIT = """
SELECT v.services, p.specialty FROM appointment a JOIN visit_type v ON v.id = a.visit_type_id
JOIN provider p ON p.id = a.provider_id WHERE a.id = ?"""
_PROVIDER = """
SELECT p.last_name, p.first_name, coalesce(p.npi, ''), v.services, a.day
FROM appointment a JOIN provider p ON p.id = a.provider_id
JOIN visit_type v ON v.id = a.visit_type_id WHERE a.id = ?"""


@dataclass(frozen=True)
class Stored:
    """What became of one answer: whose it is, and what it says in a word and a line."""

    id: int
    patient_id: int
    coverage_id: int
    status: str
    differs: str
    note: str


def question(
    desk: Desk,
    coverage_id: int,
    on: date,
    *,
    trace: str = "",
    appointment_id: int | None = None,
    services: Sequence[str] = (),
) -> eligibility_request.Inquiry:
    """What a 270 asks for one coverage on a day. Raises Invalid with the field that is missing."""
    desk.require("view_patients")
    coverage = Coverage.get_or_none(Coverage.id == coverage_id)
    if coverage is None:
        raise NotFound(f"No such coverage: {coverage_id}", "Look the patient up again")
    access.require_patient(desk, coverage.patient_id)
    plan = Plan.get_by_id(coverage.plan_id)
    if plan.plan_type in NEVER_ASKED:
        raise Invalid(f"{plan.name} has no payer to ask", "It needs no check", field="plan")
    patient = Patient.get_by_id(coverage.patient_id)
    name, npi, asked = desk.settings.clinic, desk.settings.npi, plan.services.split()
    found = desk.rows(_PROVIDER, appointment_id) if appointment_id else []
    if found:
        last, first, own, visit_services, _ = found[0]
        asked = asked or _with_whole(str(visit_services).split())
        if not npi:
            name, npi = f"{last} {first}".strip(), own
    wanted = tuple(services) or tuple(asked) or USUAL_SERVICES
    as_patient = Member(
        patient.last_name, patient.first_name, patient.birth_date, coverage.member_id,
        patient.middle_name, patient.suffix, patient.sex, coverage.group_number,
    )  # fmt: skip
    subscriber, dependent = as_patient, None
    if coverage.relationship != SELF:
        last, first = names_of(coverage.subscriber_name)
        subscriber = Member(
            last, first, coverage.subscriber_birth_date, coverage.member_id,
            sex=coverage.subscriber_sex, group=coverage.group_number,
        )  # fmt: skip
        dependent = replace(as_patient, member_id="", group="")
    return eligibility_request.Inquiry(
        plan.payer_name or plan.name, plan.payer_id, name, npi, subscriber, on, wanted,
        trace or new_trace(), _originator(desk), dependent, coverage.relationship,
    )  # fmt: skip


def _with_whole(services: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((WHOLE_PLAN, *services))) if services else []


def _originator(desk: Desk) -> str:
    """1 and the tax id, as TRN03 wants it; empty when there is none."""
    digits = "".join(c for c in desk.settings.tax_id if c.isdigit())
    return f"1{digits}" if len(digits) == 9 else ""


def new_trace() -> str:
    """A trace number that nobody else uses."""
    return f"DT{secrets.token_hex(9).upper()}"


def names_of(full: str) -> tuple[str, str]:
    """Family and given name of a name typed either way: ``Smith, Joan`` or ``Joan Smith``."""
    last, comma, first = full.partition(",")
    if comma:
        return last.strip(), first.strip()
    words = full.split()
    return (words[-1], " ".join(words[:-1])) if words else ("", "")


def stored_answers(
    desk: Desk,
    text: str,
    *,
    source: str = "",
    method: str = "271",
    coverage_id: int | None = None,
    trace: str = "",
) -> list[Stored]:
    """Keep every answer of a 271 that is about somebody here; those it is about.

    It is matched by the trace number it gives back, else by ``coverage_id``, else by member id
    and birth date when they belong to one coverage only. Raises Refused, and NotFound when it is
    about nobody here.
    """
    desk.require("edit_patients")
    found = read_answers(text)
    if not found.answers and found.refused:
        raise Conflict(found.refused[0], "Check the connection's settings, then ask again")
    kept: list[Stored] = []
    for answer in found.answers:
        for person in _answered(answer):
            about = _about(desk, answer, person, coverage_id, trace)
            if about is not None:
                kept.append(_keep(desk, answer, person, about, source, method))
    if not kept:
        raise NotFound("This answer is about nobody on file", "Check member id and birth date")
    return kept


def no_answer(desk: Desk, inquiry_id: int, why: str) -> None:
    """Note that a question stays without an answer; the insurance stays as it is."""
    with desk.operation("eligibility.failed") as op:
        inquiry = op.get(Inquiry, inquiry_id)
        if inquiry.state != "waiting":
            return
        inquiry.state, inquiry.failure = "failed", why[:300]
        op.save(inquiry)
        op.about(inquiry, patient_id=inquiry.patient_id)


def _answered(answer: Answer) -> Iterable[Person]:
    """The people whom an answer is about: a subscriber above a dependent is only named."""
    dependents = [p for p in answer.people if p.role == "dependent"]
    for person in answer.people:
        if person.benefits or person.rejections or person.role == "dependent" or not dependents:
            yield person


@dataclass(frozen=True)
class _About:
    coverage_id: int
    patient_id: int
    inquiry_id: int | None = None
    appointment_id: int | None = None
    day: date | None = None
    trace: str = ""


def _about(
    desk: Desk, answer: Answer, person: Person, coverage_id: int | None, trace: str
) -> _About | None:
    """Whose coverage a person's part is about; None for nobody here."""
    traces = [*person.traces, *(t for p in answer.people for t in p.traces), answer.reference]
    for number in dict.fromkeys([trace, *traces]):
        found = desk.rows(_WHO, number) if number else []
        if found:
            coverage, patient, inquiry, visit, day, _ = found[0]
            return _About(coverage, patient, inquiry, visit, date.fromisoformat(day), number)
    if coverage_id is not None:
        found = desk.rows("SELECT patient_id FROM coverage WHERE id = ?", coverage_id)
        if not found:
            raise NotFound(f"No such coverage: {coverage_id}", "Look the patient up again")
        return _About(coverage_id, found[0][0])
    number = person.member_id or next((p.member_id for p in answer.people if p.member_id), "")
    born = person.birth_date.isoformat() if person.birth_date else ""
    found = desk.rows(_MEMBERS, number.replace(" ", "").upper(), born, born) if number else []
    patients = {patient for _, patient in found}
    if len(patients) == 1:
        return _About(found[0][0], found[0][1])
    return None


def _keep(
    desk: Desk, answer: Answer, person: Person, about: _About, source: str, method: str
) -> Stored:
    with desk.operation("eligibility.answer", key=_key(answer, person, about)) as op:
        if op.earlier is not None:
            return stored(desk, op.earlier.entity_id or 0)
        coverage = op.get(Coverage, about.coverage_id)
        patient = op.get(Patient, coverage.patient_id)
        status, notes = _judged(person, patient)
        lines = [_line(benefit) for benefit in person.benefits]
        ends = last_day(person)
        day = about.day or answer.made_on or desk.today()
        plan = next((b.plan for b in person.benefits if b.plan), "")
        row = op.create(
            EligibilityAnswer, patient=patient.id, coverage=coverage.id, inquiry=about.inquiry_id,
            appointment=about.appointment_id, received_at=op.now, method=method,
            by=desk.actor.login, service_day=day, status=status, payer=_text(answer.payer.name, 80),
            plan=_text(plan, 120), member_id=_text(person.member_id, 80),
            trace=_text(about.trace or next(iter(person.traces), ""), 50),
            source=_text(source, 120), ends_on=ends,
            has_benefits=any(b.code in AMOUNT_CODES for b in person.benefits),
            **_quoted(desk, about, lines),
            differs=differs(desk, coverage, status, lines), note=_text("; ".join(notes), 600),
            lines_digest=digest(lines), raw=tidy_import(answer.raw, limit=MOST_RAW, lines=True),
        )  # fmt: skip
        write_lines(desk, row.id, lines)
        for rejection in person.rejections:
            op.create(
                EligibilityRejection, answer=row.id, code=_text(rejection.code, 3),
                follow_up=_text(rejection.follow_up, 3), level=rejection.level,
                what=rejection.what[:120], do=rejection.do[:200],
            )  # fmt: skip
        if about.inquiry_id is not None:
            inquiry = op.get(Inquiry, about.inquiry_id)
            inquiry.state = "answered"
            op.save(inquiry)
        mark(op, coverage, row)
        op.about(row, patient_id=patient.id)
    return stored(desk, row.id)


def _key(answer: Answer, person: Person, about: _About) -> str:
    """The same answer for the same question, read twice, is one answer."""
    parts = (
        answer.payer.number, answer.interchange, answer.control, answer.reference,
        str(answer.made_on), str(person.position), str(about.coverage_id), about.trace,
        *(benefit.raw for benefit in person.benefits), *(r.code for r in person.rejections),
    )  # fmt: skip
    return "271:" + hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:40]


def _judged(person: Person, patient: Patient) -> tuple[str, list[str]]:
    """The status in the office's words, and what is not as the patient's record has it."""
    notes = []
    status = {"unknown": "issue"}.get(person.status, person.status)
    if person.status == "unknown":
        notes.append("The payer did not say whether it is active")
    if person.birth_date is not None and person.birth_date != patient.birth_date:
        notes.append("The payer has another birth date")
        status = "issue" if status == "active" else status
    if person.changed:
        notes.append("The payer answered with other details than were asked: compare the card")
    return status, notes


def last_day(person: Person) -> date | None:
    """The last day of the coverage as the answer gives it; None when it gives none."""
    found = []
    for dated in person.dates:
        if dated.last is None:
            continue
        if dated.qualifier in _ENDS or (dated.qualifier in _RANGES and dated.last != dated.first):
            found.append(dated.last)
    return min(found, default=None)


def mark(op: Operation, coverage: Coverage, answer: EligibilityAnswer) -> None:
    """The coverage's two clocks: when enrolment and when benefits were last answered."""
    today = op.desk.today()
    coverage.eligibility = answer.status
    if answer.status != "unable":
        coverage.verified_on = today
        coverage.verified_by = answer.representative or answer.by
        if answer.has_benefits:
            coverage.benefits_on = today
    op.save(coverage)


def _quoted(desk: Desk, about: _About, lines: Sequence[tuple[Any, ...]]) -> dict[str, int | None]:
    """The two figures that lists show, chosen for the visit that was asked about."""
    visit = desk.rows(_VISIT, about.appointment_id) if about.appointment_id else []
    services, specialty = visit[0] if visit else ("", "")
    wanted = tuple(services.split()) or benefits.USUAL_SERVICES
    read = [benefits.line_of(0, line) for line in lines if line[2] in ("B", "C")]
    tier = benefits.tier_of(specialty)
    return {
        "copay_cents": benefits.copay(read, wanted, tier=tier).value,
        "deductible_left_cents": benefits.left(read, "C", wanted, "IND").value,
    }


def _line(benefit: Benefit) -> tuple[Any, ...]:
    """A benefit as its row, without the number of its answer."""
    dates = " ".join(f"{d.qualifier}:{d.raw}" for d in benefit.dates)
    parties = "\n".join(
        " | ".join(x for x in (p.role, p.name, p.number, p.address, *p.contacts) if x)
        for p in benefit.parties
    )
    quantity = "" if benefit.quantity is None else f"{benefit.quantity:f}"
    details = (*benefit.messages, *benefit.details)
    return (
        benefit.line, benefit.position, _text(benefit.code, 3), _text(benefit.level, 3),
        _text(" ".join(benefit.services), 600), _text(benefit.insurance, 3),
        _text(benefit.plan, 120), _text(benefit.period, 3), benefit.amount_cents, benefit.share,
        _text(benefit.quantity_kind, 3), _text(quantity, 20), _text(benefit.authorization, 3),
        _text(benefit.network, 3), _text(benefit.procedure, 80), _lines(details, 4000),
        _text(dates, 400), _lines(parties.split("\n"), 2000), _text(benefit.raw, 4000),
    )  # fmt: skip


def write_lines(desk: Desk, answer_id: int, lines: Sequence[tuple[Any, ...]]) -> None:
    """Write the benefit rows, many to a statement: an answer may have thousands."""
    columns = ", ".join(f'"{name}"' for name in _COLUMNS)
    one = f"({', '.join('?' * len(_COLUMNS))})"
    for start in range(0, len(lines), _CHUNK):
        some = lines[start : start + _CHUNK]
        values = [value for line in some for value in (answer_id, *line)]
        # The column names are our own constants.
        sql = f"INSERT INTO benefit ({columns}) VALUES {', '.join([one] * len(some))}"
        desk.rows(sql + " RETURNING 1", *values)


def digest(lines: Sequence[tuple[Any, ...]]) -> str:
    """A digest over benefit rows, by which a changed one is found."""
    return hashlib.sha256(repr([tuple(line) for line in lines]).encode()).hexdigest()


def lines_of(desk: Desk, answer_id: int) -> list[tuple[Any, ...]]:
    """The benefit rows of an answer in their order, as :func:`digest` takes them."""
    columns = ", ".join(f'"{name}"' for name in _COLUMNS[1:])
    return desk.rows(f"SELECT {columns} FROM benefit WHERE answer_id = ? ORDER BY line", answer_id)


def differs(desk: Desk, coverage: Coverage, status: str, lines: Sequence[tuple[Any, ...]]) -> str:
    """What is not as the last answer had it, in words; empty the first time."""
    found = desk.rows(_LAST, coverage.id)
    if not found:
        return ""
    before = EligibilityAnswer.get_by_id(found[0][0])
    said = [f"{before.status} -> {status}"] if before.status != status else []
    was, now = _figures(lines_of(desk, before.id)), _figures(lines)
    for what in sorted(was.keys() | now.keys()):
        old, new = was.get(what), now.get(what)
        if old is not None and new is not None and old != new:
            said.append(f"{what} {_amounts(old)} -> {_amounts(new)}")
    return "; ".join(said)[:600]


def _figures(lines: Sequence[tuple[Any, ...]]) -> dict[str, tuple[int, ...]]:
    """The in-network amounts of the lines that a desk quotes, by what they are."""
    words = {"B": "copay", "C": "deductible", "G": "out of pocket"}
    found: dict[str, set[int]] = {}
    for line in lines:
        row = dict(zip(_COLUMNS[1:], line, strict=True))
        if row["code"] in words and row["amount_cents"] is not None and row["network"] != "N":
            left = " left" if row["period"] in ("29", "33") else ""
            found.setdefault(words[row["code"]] + left, set()).add(row["amount_cents"])
    return {what: tuple(sorted(amounts)) for what, amounts in found.items()}


def _amounts(cents: tuple[int, ...]) -> str:
    shown = [show_cents(c) for c in cents[:3]]
    return "/".join(shown) + ("/..." if len(cents) > 3 else "")


def stored(desk: Desk, answer_id: int) -> Stored:
    row = EligibilityAnswer.get_by_id(answer_id)
    return Stored(row.id, row.patient_id, row.coverage_id, row.status, row.differs, row.note)


def _text(text: str, limit: int) -> str:
    """Imported text as it may be stored, on one line."""
    if text.isascii() and text.isprintable():
        return text[:limit].strip()
    return tidy_import(text, limit=limit)


def _lines(texts: Iterable[str], limit: int) -> str:
    """Imported texts, one to a line."""
    return "\n".join(UNSAFE.sub("\ufffd", t) for t in texts if t)[:limit]
