"""Checking in: what the clerk confirmed, the copay and the move, all at once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from deskterm.clock import local
from deskterm.db.coverage import Coverage
from deskterm.db.patients import Acknowledgment, PatientAddress
from deskterm.db.scheduling import Appointment
from deskterm.db.visits import CheckInStep
from deskterm.entry.money import show_cents
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import clinic, dues, payments, stages, visits
from deskterm.office.checklist import Checklist, Step, checklist, has_card, read
from deskterm.office.coverage import of_patient as coverages_of
from deskterm.office.desk import Desk, Operation
from deskterm.office.forms import OUTCOMES
from deskterm.office.look_alikes import check_identity

__all__ = [
    "CheckInAnswers", "CheckedIn", "Checklist", "FormAnswer", "Step", "checklist", "complete",
]  # fmt: skip


@dataclass(frozen=True)
class FormAnswer:
    """A form handed out, signed, refused or not possible; the last two with a reason."""

    form: str
    outcome: str = "given"
    reason: str = ""


@dataclass(frozen=True)
class CheckInAnswers:
    """What the clerk did at the desk. ``birth_date`` is as it was said: ``0314`` or ``031482``.

    ``override`` is why the visit goes ahead without its authorization; ``not_collected`` the
    code of the reason why money due now was not taken.
    """

    birth_date: str = ""
    contact_same: bool = False
    card_seen: bool = False
    forms: tuple[FormAnswer, ...] = ()
    override: str = ""
    not_collected: str = ""
    not_collected_note: str = ""


@dataclass(frozen=True)
class CheckedIn:
    """The visit as it is now, and the names of the steps that stayed open."""

    appointment: Appointment
    missing: tuple[str, ...]


def complete(
    desk: Desk, appointment_id: int, answers: CheckInAnswers, key: str | None = None
) -> CheckedIn:
    """Write what was confirmed, charge the copay, and move the visit to checked in: one operation.

    What stays open does not stop the visit; it is noted, and the visit's clearance says so.
    Raises Invalid for a wrong birth date (``identity``), an authorization neither on file nor
    overridden (``authorization``), money due now that was neither taken nor explained
    (``money``); Conflict for a visit that cannot be checked in.
    """
    with desk.operation("visit.check_in", key=key) as op:
        if op.earlier:
            if op.earlier.entity_id != appointment_id:
                raise Conflict("This form was already used for another visit", "Start again")
            return CheckedIn(op.get(Appointment, appointment_id), _noted(desk, appointment_id))
        appointment = op.get(Appointment, appointment_id)
        move = stages.decide(appointment.lifecycle, appointment.stage, "check_in")
        if move.outcome not in ("forward", "reopen"):
            words = move.words if move.outcome == "refused" else "They are checked in already"
            raise Conflict(words, "", rule="stage")
        before = read(desk, appointment_id)
        _confirm(op, appointment, before, answers)
        payments.post_copay(op, appointment)
        _settle_money(op, appointment, answers)
        after = read(desk, appointment_id)
        missing = tuple(s.name for s in after.steps if not s.settled and s.name != "money")
        for name in missing:
            _note(op, appointment, name, "missing", after.step(name).state)
        appointment.clearance = "attention" if missing else "clear"
        appointment.clearance_reason = ", ".join(missing)
        if answers.override.strip() and not missing:
            appointment.clearance = "waived"
            appointment.clearance_reason = answers.override.strip()
        visits.advance(op, appointment, "check_in")
        return CheckedIn(appointment, missing)


def _confirm(
    op: Operation, appointment: Appointment, before: Checklist, answers: CheckInAnswers
) -> None:
    """Write down each thing the clerk confirmed."""
    desk, patient_id = op.desk, appointment.patient_id
    today = local(op.now, appointment.zone).date()
    if answers.birth_date.strip():
        check_identity(desk, patient_id, answers.birth_date)
        _note(op, appointment, "identity", "confirmed", "birth date said")
    if answers.contact_same:
        for (address_id,) in desk.rows(
            "SELECT id FROM patient_address WHERE patient_id = ? AND ended_on IS NULL", patient_id
        ):
            address = op.get(PatientAddress, address_id)
            address.confirmed_on = today
            op.save(address)
        _note(op, appointment, "contact", "confirmed")
    if answers.card_seen:
        for row in coverages_of(desk, patient_id, appointment.day):
            if has_card(row):
                coverage = op.get(Coverage, row.id)
                coverage.card_seen_on = today
                op.save(coverage)
        _note(op, appointment, "insurance", "confirmed")
    for answer in answers.forms:
        _acknowledge(op, appointment, answer, today)
    if before.step("authorization").state == "MISS":
        if not answers.override.strip():
            raise Invalid(
                "This visit needs an authorization and none is on file",
                "Move the visit, or type why it goes ahead without",
                field="authorization",
            )
        _note(op, appointment, "authorization", "overridden", answers.override)


def _acknowledge(op: Operation, appointment: Appointment, answer: FormAnswer, today: date) -> None:
    if answer.outcome not in OUTCOMES:
        raise Invalid(f"One of {', '.join(OUTCOMES)}", "", field="forms")
    if answer.outcome in ("refused", "unable") and not answer.reason.strip():
        raise Invalid("Why was the form not signed?", "A few words", field="forms")
    try:
        _, _, rule = clinic.code(op.desk, "form", answer.form)
    except NotFound as unknown:
        raise Invalid("No such form", unknown.hint, field="forms") from None
    op.create(
        Acknowledgment,
        patient=appointment.patient_id,
        form=answer.form,
        version_label=getattr(op.desk.settings.policy, str(rule.get("policy")), ""),
        outcome=answer.outcome,
        reason=answer.reason,
        on=today,
        at=op.now,
        by=op.desk.actor.login,
    )


def _settle_money(op: Operation, appointment: Appointment, answers: CheckInAnswers) -> None:
    """A copay that is due needs a payment or a reason; an older balance only may have one."""
    left = dues.owed(op.desk, appointment.patient_id, appointment.id)
    copay = sum(d.due_cents for d in left if d.purpose == "copay")
    if answers.not_collected.strip():
        payments.write_not_collected(
            op,
            appointment.patient_id,
            appointment,
            sum(d.due_cents for d in left),
            answers.not_collected.strip(),
            answers.not_collected_note,
        )
        _note(op, appointment, "money", "confirmed", answers.not_collected.strip())
    elif copay and not _touched(op.desk, appointment):
        raise Invalid(
            f"The copay of {show_cents(copay)} was not taken",
            "Take it, or say why not: 0 bill, 0 forgot",
            field="money",
        )


def _touched(desk: Desk, appointment: Appointment) -> bool:
    """Whether money was taken for this visit's copay, or the reason given why not."""
    taken = desk.rows(
        "SELECT coalesce(sum(x.amount_cents), 0) FROM allocation x"
        " JOIN charge c ON c.id = x.charge_id WHERE c.appointment_id = ? AND c.kind = 'copay'",
        appointment.id,
    )
    return taken[0][0] > 0 or bool(
        desk.rows("SELECT 1 FROM not_collected WHERE appointment_id = ? LIMIT 1", appointment.id)
    )


def _note(
    op: Operation, appointment: Appointment, step: str, outcome: str, detail: str = ""
) -> None:
    op.create(
        CheckInStep, appointment=appointment, step=step, outcome=outcome, detail=detail.strip(),
        at=op.now, by=op.desk.actor.login,
    )  # fmt: skip


def _noted(desk: Desk, appointment_id: int) -> tuple[str, ...]:
    found = desk.rows(
        "SELECT step FROM check_in_step WHERE appointment_id = ? AND outcome = 'missing'"
        " ORDER BY id",
        appointment_id,
    )
    return tuple(step for (step,) in found)
