"""Asking a payer by computer: a question is written now and sent by a worker, never waited for.

One question stands open for a coverage and a day; asking again while it is open is the same
question. What comes back is kept by :mod:`deskterm.office.eligibility`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from deskterm.clock import local, parse_utc_text
from deskterm.db.coverage import Coverage, Plan
from deskterm.db.eligibility import Inquiry
from deskterm.entry.times import show_time
from deskterm.errors import Conflict, DesktermError, NotFound
from deskterm.exchange.x12 import eligibility_request
from deskterm.exchange.x12.writer import Envelope
from deskterm.office import connections, eligibility, outbox, verify_board
from deskterm.office.desk import Desk, Operation
from deskterm.office.outbox import Answered

NO_CONNECTION = "no connection for this payer"
_OPEN = """
SELECT id FROM inquiry WHERE coverage_id = ? AND service_day = ? AND state = 'waiting'
ORDER BY id DESC LIMIT 1"""
_WAITING = """
SELECT asked_at, asked_by FROM inquiry WHERE coverage_id = ? AND state = 'waiting'
ORDER BY id DESC LIMIT 1"""
_TODAY = """
SELECT 1 FROM coverage WHERE id = ? AND verified_on = ? AND eligibility <> 'unable'"""


@dataclass(frozen=True)
class Verified:
    """What asking for many came to: how many were asked or need nothing, and who cannot be."""

    asked: int
    settled: int
    refused: tuple[tuple[int, str], ...]


def cannot(desk: Desk, coverage_id: int) -> str:
    """Why the payer of a coverage cannot be asked by computer; empty when it can."""
    found = desk.rows("SELECT plan_id FROM coverage WHERE id = ?", coverage_id)
    if not found:
        raise NotFound(f"No such coverage: {coverage_id}", "Look the patient up again")
    plan = Plan.get_by_id(found[0][0])
    if plan.plan_type in eligibility.NEVER_ASKED:
        return "no payer to ask"
    if not plan.payer_id:
        return "the plan has no payer id"
    return "" if connections.for_payer(desk, plan.payer_id) is not None else NO_CONNECTION


def ask(
    desk: Desk, coverage_id: int, on: date, *, appointment_id: int | None = None,
    services: Sequence[str] = (),
) -> Inquiry:  # fmt: skip
    """Ask a coverage's payer for a day; the open question when there is one.

    Raises Invalid with the field that is missing, Conflict without a connection, NotFound.
    """
    with desk.operation("eligibility.ask") as op:
        coverage = op.get(Coverage, coverage_id)
        open_ = desk.rows(_OPEN, coverage_id, on.isoformat())
        if open_:
            return op.get(Inquiry, open_[0][0])
        plan = Plan.get_by_id(coverage.plan_id)
        question = eligibility.question(
            desk, coverage_id, on, appointment_id=appointment_id, services=services
        )
        connection = connections.for_payer(desk, plan.payer_id)
        if connection is None:
            raise Conflict(
                f"{plan.name}: {NO_CONNECTION}", "+ notes an answer got by phone or portal",
                rule="connection",
            )  # fmt: skip
        envelope = Envelope(
            connection.sender_id or desk.settings.npi or question.provider_npi,
            connection.receiver_id or plan.payer_id,
            _next_control(op, connection.id), desk.wall(),
        )  # fmt: skip
        text = eligibility_request.write(envelope, [question])
        inquiry = op.create(
            Inquiry, patient=coverage.patient_id, coverage=coverage.id,
            appointment=appointment_id, service_day=on, services=" ".join(question.services),
            trace=question.trace, asked_at=op.now, asked_by=desk.actor.login, request=text,
        )  # fmt: skip
        outbox.enqueue(
            op, kind="270", connection_id=connection.id, key=f"270:{question.trace}",
            payload=text, trace=question.trace, patient_id=coverage.patient_id,
            appointment_id=appointment_id,
        )  # fmt: skip
        op.about(inquiry, patient_id=coverage.patient_id)
        return inquiry


def _next_control(op: Operation, connection_id: int) -> int:
    """The next interchange number of a connection, counted inside ``op``."""
    found = op.desk.rows("SELECT count(*) FROM outbox_item WHERE connection_id = ?", connection_id)
    return int(found[0][0]) % 999_999_999 + 1


def take_in(desk: Desk, item: Answered) -> None:
    """Keep what an answer to one of our questions says. Raises Refused, NotFound, Conflict.

    Bears being called twice with the same answer.
    """
    eligibility.stored_answers(desk, item.answer, source=f"outbox {item.id}", trace=item.trace)


def give_up(desk: Desk, item: Answered) -> None:
    """A question that is not sent any more stays without an answer."""
    found = desk.rows("SELECT id FROM inquiry WHERE trace = ?", item.trace)
    if found:
        eligibility.no_answer(desk, found[0][0], item.why or "no answer came")


def waiting(desk: Desk, coverage_id: int) -> str:
    """Since when an answer is awaited and who asked, in words; empty when none is."""
    found = desk.rows(_WAITING, coverage_id)
    if not found:
        return ""
    at = local(parse_utc_text(found[0][0]), desk.zone)
    return f"by {found[0][1]} at {show_time(at.time())}, no answer yet"


def answered_today(desk: Desk, coverage_id: int) -> bool:
    """Whether an answer of today that says something is on file."""
    return bool(desk.rows(_TODAY, coverage_id, desk.today().isoformat()))


def verify(desk: Desk, first: date, last: date, *, everyone: bool = False) -> Verified:
    """Ask for every visit of some days whose insurance needs it; ``everyone``: for all.

    Who cannot be asked is listed and stays on the board; nobody's failure stops the others.
    Raises Invalid for more than 31 days.
    """
    asked = settled = 0
    refused: list[tuple[int, str]] = []
    seen: set[tuple[int, date]] = set()
    for row in verify_board.board(desk, first, last):
        if row.coverage_id is None or row.state in ("SELF", "ASKED"):
            settled += row.state != "NONE"
            continue
        if row.state == "OK" and not everyone:
            settled += 1
            continue
        about = (row.coverage_id, row.start.date())
        if about in seen:
            continue
        seen.add(about)
        try:
            ask(desk, row.coverage_id, row.start.date(), appointment_id=row.appointment_id)
            asked += 1
        except DesktermError as error:
            refused.append((row.appointment_id, error.message))
    return Verified(asked, settled, tuple(refused))
