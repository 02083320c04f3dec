"""What a portal or a representative said of somebody's insurance, kept as a 271 would be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import EligibilityAnswer
from deskterm.errors import Invalid, Stale
from deskterm.office import benefits
from deskterm.office.desk import Desk
from deskterm.office.eligibility import (
    AMOUNT_CODES,
    WHOLE_PLAN,
    Stored,
    differs,
    digest,
    mark,
    stored,
    write_lines,
)


@dataclass(frozen=True)
class ByHand:
    """An answer got from a portal or a representative. Cents; None is not said."""

    status: str
    starts_on: date | None = None
    ends_on: date | None = None
    copay_cents: int | None = None
    deductible_left_cents: int | None = None
    out_of_pocket_left_cents: int | None = None
    coinsurance: int | None = None  # hundredths of a percent that the patient pays
    authorization: str = ""
    representative: str = ""
    reference: str = ""
    note: str = ""


def by_hand(
    desk: Desk, coverage_id: int, said: ByHand, *, on: date, method: str,
    appointment_id: int | None = None, seen: int | None = None, key: str | None = None,
) -> Stored:  # fmt: skip
    """Keep what a portal or a representative said, of a visit if it was asked about one.

    ``seen`` is the newest answer on the coverage (0: none) when the typing began. Raises Invalid,
    NotFound, Stale when another came since.
    """
    if method not in ("portal", "phone"):
        raise Invalid("By portal or by phone?", "", field="method")
    if said.status not in ("active", "inactive", "issue", "unable"):
        raise Invalid("What did they say?", "active, inactive, issue or unable", field="status")
    if (
        method == "phone"
        and said.status != "unable"
        and not (said.representative or said.reference)
    ):
        raise Invalid(
            "Who said it?",
            "The representative's name or a reference number",
            field="representative",
        )
    for cents in (said.copay_cents, said.deductible_left_cents, said.out_of_pocket_left_cents):
        if cents is not None and not 0 <= cents <= desk.settings.policy.large_amount:
            raise Invalid("An amount is zero or more", "For example 25", field="copay")
    if said.starts_on and said.ends_on and said.ends_on < said.starts_on:
        raise Invalid("It would end before it starts", "Check the dates", field="ends_on")
    with desk.operation("eligibility.note", key=key) as op:
        if op.earlier is not None:
            return stored(desk, op.earlier.entity_id or 0)
        coverage = op.get(Coverage, coverage_id)
        last = benefits.newest(desk, coverage_id)
        if seen is not None and last is not None and last.id != seen:
            who = EligibilityAnswer.get_by_id(last.id).by
            raise Stale(f"{who} noted {last.status} meanwhile", "Look at it, then save again")
        plan = Plan.get_by_id(coverage.plan_id)
        lines = _lines_by_hand(said)
        answer = op.create(
            EligibilityAnswer, patient=coverage.patient_id, coverage=coverage.id,
            received_at=op.now, method=method, by=desk.actor.login, service_day=on,
            status=said.status, payer=plan.payer_name[:80], plan=plan.name,
            reference=said.reference, member_id=coverage.member_id, ends_on=said.ends_on,
            representative=said.representative, appointment=appointment_id,
            has_benefits=any(line[2] in AMOUNT_CODES for line in lines), note=said.note,
            copay_cents=said.copay_cents, deductible_left_cents=said.deductible_left_cents,
            lines_digest=digest(lines), differs=differs(desk, coverage, said.status, lines),
        )  # fmt: skip
        write_lines(desk, answer.id, lines)
        mark(op, coverage, answer)
        op.about(answer, patient_id=coverage.patient_id)
    return stored(desk, answer.id)


def could_not_verify(desk: Desk, coverage_id: int, reason: str, *, on: date) -> Stored:
    """Note that nobody could say. The insurance stays as it is. Raises Invalid, NotFound."""
    if not reason.strip():
        raise Invalid("Why could it not be verified?", "For example: portal down", field="reason")
    return by_hand(
        desk, coverage_id, ByHand("unable", note=reason), on=on,
        method="phone",
    )  # fmt: skip


def _lines_by_hand(said: ByHand) -> list[tuple[Any, ...]]:
    """What was said, as the lines that a 271 would have had."""
    made: list[tuple[Any, ...]] = []

    def add(code: str, **given: Any) -> None:
        values: dict[str, Any] = dict.fromkeys(benefits.COLUMNS, "")
        values |= {"line": len(made) + 1, "position": 0, "amount_cents": None, "share": None}
        values |= {"code": code, "services": WHOLE_PLAN, "level": "IND", "network": "Y", **given}
        values["raw"] = "as said"
        made.append(tuple(values[name] for name in benefits.COLUMNS))

    if said.status in ("active", "issue"):
        add("1", authorization=said.authorization)
    elif said.status == "inactive":
        add("6")
    if said.copay_cents is not None:
        add("B", amount_cents=said.copay_cents, services="98", period="27")
    if said.coinsurance is not None:
        add("A", share=said.coinsurance)
    if said.deductible_left_cents is not None:
        add("C", amount_cents=said.deductible_left_cents, period="29")
    if said.out_of_pocket_left_cents is not None:
        add("G", amount_cents=said.out_of_pocket_left_cents, period="29")
    return made
