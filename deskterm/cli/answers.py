"""Eligibility answers as batch commands print them. No database is needed."""

from __future__ import annotations

from typing import Any

from deskterm.exchange.x12 import code_words
from deskterm.exchange.x12.eligibility_answer import Answer, Answers, Benefit, Person, Rejection
from deskterm.exchange.x12.segments import Refused


def as_dict(file: str, found: Answers) -> dict[str, Any]:
    """A file: payer, people with each benefit line and each rejection, and what was odd."""
    people = [row for answer in found.answers for row in _people(answer, file)]
    payers = dict.fromkeys(a.payer.name for a in found.answers if a.payer.name)
    return {
        "file": file, "payer": "; ".join(payers), "people": people,
        "problems": [
            {"segment": p.segment, "position": p.position, "text": p.text} for p in found.problems
        ],
        "refused": False,
    }  # fmt: skip


def refused(file: str, error: Refused) -> dict[str, Any]:
    """A file that cannot be read, with the segment and position where it went wrong."""
    problem = {"segment": error.segment, "position": error.position, "text": error.message}
    return {"file": file, "payer": "", "people": [], "problems": [problem], "refused": True}


def _people(answer: Answer, file: str) -> list[dict[str, Any]]:
    if answer.people:
        return [_person(person, file) for person in answer.people]
    if not answer.rejections:
        return []
    # The question itself was refused, before anybody was looked for.
    party = answer.receiver if answer.receiver.name else answer.payer
    role = "receiver" if answer.receiver.name else "source"
    return [
        {
            "role": role, "name": party.name, "member_id": "", "status": "unable", "benefits": [],
            "rejections": [_rejection(r) for r in answer.rejections],
        }
    ]  # fmt: skip


def _person(person: Person, file: str) -> dict[str, Any]:
    return {
        "role": person.role, "name": person.name, "member_id": person.member_id,
        "status": person.status, "birth_date": person.birth_date, "traces": list(person.traces),
        "benefits": [_benefit(benefit, file) for benefit in person.benefits],
        "rejections": [_rejection(r) for r in person.rejections],
    }  # fmt: skip


def _benefit(benefit: Benefit, file: str) -> dict[str, Any]:
    quantity = None if benefit.quantity is None else float(benefit.quantity)
    return {
        "code": benefit.code, "network": benefit.network, "service_types": list(benefit.services),
        "coverage_level": benefit.level, "period": benefit.period,
        "amount_cents": benefit.amount_cents,
        "percent": None if benefit.share is None else benefit.share / 100,
        "quantity": quantity, "quantity_kind": benefit.quantity_kind,
        "messages": list(benefit.messages),
        "source": f"{file} EB {benefit.line}, segment {benefit.position}",
        "insurance_type": benefit.insurance, "plan": benefit.plan,
        "authorization": benefit.authorization, "words": words(benefit), "raw": benefit.raw,
    }  # fmt: skip


def words(benefit: Benefit) -> str:
    """A benefit line for reading."""
    parts = [code_words.word(code_words.BENEFITS, benefit.code)]
    parts += [code_words.word(code_words.SERVICES, s) for s in benefit.services[:4]]
    if benefit.amount_cents is not None:
        parts.append(f"{benefit.amount_cents / 100:.2f}")
    if benefit.share is not None:
        parts.append(f"{benefit.share / 100:g} %")
    if benefit.period:
        parts.append(code_words.word(code_words.PERIODS, benefit.period))
    if benefit.network:
        parts.append(code_words.word(code_words.NETWORK, benefit.network))
    return ", ".join(part for part in (*parts, benefit.plan, *benefit.messages) if part)


def _rejection(rejection: Rejection) -> dict[str, Any]:
    return {
        "code": rejection.code, "level": rejection.level, "do": rejection.do,
        "what": rejection.what, "follow_up": rejection.follow_up,
    }  # fmt: skip
