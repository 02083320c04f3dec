"""Prior authorizations: asked of a payer, answered, used up; every state a row with its time.

States and clocks of domain.md 2.7. Days to answer are settings; the decision codes of a 278
(HCR01) are rows of the list ``decision_code``, because published mappings contradict one another:
the raw code is always kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from deskterm.db.authorizations import (
    METHODS,
    UNIT_KINDS,
    AuthorizationEvent,
    AuthorizationUse,
    PriorAuthorization,
)
from deskterm.db.patients import Patient
from deskterm.errors import Conflict, Invalid, NotFound
from deskterm.office import clinic, permits, units
from deskterm.office.authorization_entry import (
    AuthorizationEntry as AuthorizationEntry,
)
from deskterm.office.authorization_entry import (
    business_day,
    check_choice,
    check_dates,
    check_units,
    checked,
    payer,
)
from deskterm.office.desk import Desk, Operation, known_id

# action -> the states it starts from, the state it leads to (empty: the decision says)
STEPS: dict[str, tuple[tuple[str, ...], str]] = {
    "gather": (("needed",), "gathering"),
    "submit": (("needed", "gathering", "pended"), "submitted"),
    "pend": (("submitted", "appealed"), "pended"),
    "decide": (
        ("needed", "gathering", "submitted", "pended", "appealed", "approved", "partial"), "",
    ),
    "appeal": (("denied", "partial"), "appealed"),
    "extend": (("approved", "partial"), ""),
    "use": (("approved", "partial"), ""),
}  # fmt: skip
DECISIONS = ("approved", "partial", "denied", "pended", "not_required", "void")
_EDITABLE = (
    "type", "service", "procedures", "service_type", "diagnoses", "requesting_name",
    "requesting_npi", "servicing_name", "servicing_npi", "facility", "units_asked", "unit_kind",
    "expedited", "number", "reference",
)  # fmt: skip


def request(
    desk: Desk,
    patient_id: int,
    entry: AuthorizationEntry,
    *,
    coverage_id: int | None = None,
    appointment_id: int | None = None,
    key: str | None = None,
) -> PriorAuthorization:
    """Note that a payer must be asked; ``appointment_id`` is the visit that waits for it.

    Without ``coverage_id`` it is the coverage that comes first today. Raises Invalid, NotFound,
    Conflict when the patient has no coverage.
    """
    with desk.operation("authorization.request", key=key) as op:
        if op.earlier:
            return op.get(PriorAuthorization, op.earlier.entity_id or 0)
        patient = op.get(Patient, known_id(patient_id))
        plan_id, covered = payer(desk, patient_id, coverage_id)
        values = checked(desk, entry)
        due = min(
            [
                business_day(desk, 1),
                *([_visit_day(desk, appointment_id)] if appointment_id else []),
            ]
        )
        made = op.create(
            PriorAuthorization, patient=patient.id, plan=plan_id, coverage=covered, **values,
            state="needed", state_at=op.now, due_on=max(due, desk.today()), created_at=op.now,
            created_by=desk.actor.login,
        )  # fmt: skip
        _event(op, made, to_state="needed", from_state="")
        if appointment_id is not None:
            from deskterm.db.scheduling import Appointment

            visit = op.get(Appointment, known_id(appointment_id))
            permits.cover(op, visit, permits.Wanted(made.id, strict=False))
        op.about(made, patient_id=patient.id)
        return made


def edit(
    desk: Desk, authorization_id: int, entry: AuthorizationEntry, *, version: int | None = None
) -> PriorAuthorization:
    """Change what is asked for. Raises Stale, Invalid, Conflict for one that is over."""
    with desk.operation("authorization.edit") as op:
        record = _read(op, authorization_id, version)
        if record.state in ("void", "expired"):
            raise Conflict(f"This authorization is {record.state}", "Ask anew", rule="state")
        values = checked(desk, entry)
        granted = record.state in permits.GRANTED
        for name in (*_EDITABLE, "visit_type", "provider"):
            if not (granted and name == "unit_kind"):
                setattr(record, name, values[name])
        if not granted:
            record.effective_on, record.expires_on = values["effective_on"], values["expires_on"]
        op.save(record)
        return record


def gather(desk: Desk, authorization_id: int, *, version: int | None = None) -> PriorAuthorization:
    """Somebody collects the papers for it."""
    with desk.operation("authorization.gather") as op:
        record = _step(op, authorization_id, version, "gather")
        return _moved(op, record, "gathering", due=business_day(desk, 1))


def submit(
    desk: Desk,
    authorization_id: int,
    *,
    method: str,
    reference: str = "",
    contact: str = "",
    call_reference: str = "",
    due_on: date | None = None,
    note: str = "",
    version: int | None = None,
    also: Callable[[Operation], object] = lambda _: None,
) -> PriorAuthorization:
    """It went to the payer by ``method`` (portal, phone, fax, 278, mail).

    ``due_on`` is when the payer promised to answer; else the days of the settings count. What
    carries it to the payer is written by ``also``, in the same operation.
    """
    with desk.operation("authorization.submit") as op:
        record = _step(op, authorization_id, version, "submit")
        check_choice(method, METHODS, "method")
        record.method = method
        record.reference = reference.strip() or record.reference
        record.contact, record.call_reference = contact.strip(), call_reference.strip()
        record.submitted_at = op.now
        also(op)
        policy = desk.settings.policy
        days = policy.expedited_answer if record.expedited else policy.authorization_answer
        return _moved(op, record, "submitted", due=due_on or business_day(desk, days), note=note,
                      contact=contact, call_reference=call_reference)  # fmt: skip


def pend(
    desk: Desk,
    authorization_id: int,
    *,
    wants: str,
    due_on: date | None = None,
    version: int | None = None,
) -> PriorAuthorization:
    """The payer wants more before it answers, by ``due_on``."""
    with desk.operation("authorization.pend") as op:
        record = _step(op, authorization_id, version, "pend")
        if not wants.strip():
            raise Invalid("What does the payer want?", "A few words", field="note")
        due = due_on or business_day(desk, desk.settings.policy.pended_answer)
        return _moved(op, record, "pended", due=due, note=wants)


def decide(
    desk: Desk,
    authorization_id: int,
    *,
    raw_code: str = "",
    decision: str = "",
    number: str = "",
    number_of_units: int | None = None,
    unit_kind: str | None = None,
    effective_on: date | None = None,
    expires_on: date | None = None,
    reason: str = "",
    due_on: date | None = None,
    appeal_by: date | None = None,
    peer_by: date | None = None,
    contact: str = "",
    call_reference: str = "",
    version: int | None = None,
) -> PriorAuthorization:
    """Apply the payer's answer: by its ``raw_code`` (HCR01), or in a word as ``decision``.

    A code that the list ``decision_code`` does not know changes no state: it is kept, and
    somebody must look today. Visits booked beyond the units that were granted lose their cover,
    the latest first. Raises Invalid, Conflict, Stale.
    """
    with desk.operation("authorization.decide") as op:
        record = _step(op, authorization_id, version, "decide")
        raw = raw_code.strip().upper()
        state = decision or _meaning(desk, raw)
        if state not in ("", *DECISIONS):
            raise Invalid(f"No such decision: {state[:20]}", f"One of {', '.join(DECISIONS)}",
                          field="decision")  # fmt: skip
        record.decision_code = raw or record.decision_code
        record.decision_reason = reason.strip()
        record.number = number.strip() or record.number
        if not state:
            if not raw:
                raise Invalid("What was decided?", f"One of {', '.join(DECISIONS)}",
                              field="decision")  # fmt: skip
            _event(op, record, raw_code=raw, note=f"code not in the list; {reason}".rstrip("; "))
            record.due_on = desk.today()
            op.save(record)
            return record
        record.decided_at = op.now
        due = None
        if state in permits.GRANTED:
            _grant(record, number_of_units, unit_kind, effective_on, expires_on)
        elif state == "denied":
            record.appeal_by = appeal_by or desk.today() + timedelta(
                desk.settings.policy.appeal_days
            )
            record.peer_by = peer_by or business_day(desk, desk.settings.policy.peer_days)
            due = record.peer_by
        elif state == "pended":
            due = due_on or business_day(desk, desk.settings.policy.pended_answer)
        _moved(op, record, state, due=due, note=reason, raw_code=raw, contact=contact,
               call_reference=call_reference)  # fmt: skip
        if state in ("denied", "void"):
            _release_all(op, record, f"the payer said {state}")
        elif state in permits.GRANTED:
            _fit(op, record)
        return record


def appeal(
    desk: Desk, authorization_id: int, *, note: str, due_on: date | None = None,
    version: int | None = None,
) -> PriorAuthorization:  # fmt: skip
    """Ask the payer to think again. Raises Conflict when the last day for it is past."""
    with desk.operation("authorization.appeal") as op:
        record = _step(op, authorization_id, version, "appeal")
        if not note.strip():
            raise Invalid("Why should it be granted?", "A few words", field="note")
        if record.appeal_by and record.appeal_by < desk.today():
            raise Conflict(f"The last day to appeal was {record.appeal_by:%m/%d/%Y}",
                           "Ask anew", rule="too_late")  # fmt: skip
        if record.state == "partial":
            # What was granted stays in force while more is asked for: an appeal of its own.
            raise Conflict("A part was granted; it stays in force", "Ask for the rest anew",
                           rule="partial")  # fmt: skip
        due = due_on or business_day(desk, desk.settings.policy.authorization_answer)
        return _moved(op, record, "appealed", due=due, note=note)


def extend(
    desk: Desk,
    authorization_id: int,
    *,
    number_of_units: int | None = None,
    expires_on: date | None = None,
    note: str = "",
    version: int | None = None,
) -> PriorAuthorization:
    """The payer grants more units (in all), or longer. Raises Invalid for fewer or shorter."""
    with desk.operation("authorization.extend") as op:
        record = _step(op, authorization_id, version, "extend")
        if number_of_units is None and expires_on is None:
            raise Invalid("More units, or until when?", "", field="units")
        if number_of_units is not None:
            check_units(number_of_units)
            if record.units is None or number_of_units < record.units:
                raise Invalid("An extension is more units, not fewer", "Decide it anew",
                              field="units")  # fmt: skip
            record.units = number_of_units
        if expires_on is not None:
            if record.expires_on is None or expires_on < record.expires_on:
                raise Invalid("An extension is longer, not shorter", "Decide it anew",
                              field="expires_on")  # fmt: skip
            record.expires_on = expires_on
        said = [
            f"{record.units} units" if number_of_units is not None else "",
            f"to {record.expires_on:%m/%d/%Y}" if expires_on is not None else "",
            note,
        ]
        op.save(record)
        _event(op, record, note="extended: " + ", ".join(filter(None, said)))
        return record


def use(
    desk: Desk,
    authorization_id: int,
    *,
    number_of_units: int = 1,
    on: date | None = None,
    note: str = "",
    override: str = "",
    key: str | None = None,
) -> PriorAuthorization:
    """Note units used without a visit of ours. Raises Conflict beyond what is left."""
    with desk.operation("authorization.use", reason=override, key=key) as op:
        if op.earlier:
            return op.get(PriorAuthorization, op.earlier.entity_id or 0)
        record = _step(op, authorization_id, None, "use")
        check_units(number_of_units, most=999)
        day = on or desk.today()
        if day > desk.today():
            raise Invalid("That day is to come", "Book the visit instead", field="on")
        op.create(
            AuthorizationUse, authorization=record.id, units=number_of_units, day=day, note=note,
            override_reason=override.strip(), at=op.now, by=desk.actor.login,
        )  # fmt: skip
        left = units.of_authorization(desk, record.id).remaining
        if left is not None and left < 0:
            if not override.strip():
                raise Conflict(
                    f"Only {max(left + number_of_units, 0)} of {record.units} are left",
                    "Ask the payer for more", rule="authorization_units",
                )  # fmt: skip
            desk.require("override_authorization")
        op.about(record, patient_id=record.patient_id)
        return record


def release(desk: Desk, authorization_id: int, *, reason: str) -> PriorAuthorization:
    """Take the last noted use back: it was a mistake. A visit's units go with the visit."""
    with desk.operation("authorization.release", reason=reason) as op:
        record = _read(op, authorization_id, None)
        found = desk.rows(
            "SELECT id FROM authorization_use WHERE authorization_id = ? AND released_at IS NULL"
            " ORDER BY id DESC LIMIT 1", record.id,
        )  # fmt: skip
        if not found:
            raise Conflict("No use was noted by hand", "Cancelling a visit frees its units",
                           rule="nothing")  # fmt: skip
        if not reason.strip():
            raise Invalid("Why?", "A few words", field="reason")
        noted = op.get(AuthorizationUse, found[0][0])
        noted.released_at, noted.released_by = op.now, desk.actor.login
        noted.release_reason = reason.strip()
        op.save(noted)
        op.about(record, patient_id=record.patient_id)
        return record


def void(
    desk: Desk, authorization_id: int, *, reason: str, expired: bool = False,
    version: int | None = None,
) -> PriorAuthorization:  # fmt: skip
    """It was a mistake, or is not wanted any more; ``expired``: its time is over."""
    with desk.operation("authorization.void", reason=reason) as op:
        record = _read(op, authorization_id, version)
        if record.state in ("void", "expired"):
            raise Conflict(f"This authorization is {record.state} already", "", rule="state")
        if not reason.strip():
            raise Invalid("Why?", "A few words", field="reason")
        _moved(op, record, "expired" if expired else "void", due=None, note=reason)
        _release_all(op, record, "the authorization is over", only_booked=True)
        return record


def note(
    desk: Desk,
    authorization_id: int,
    text: str = "",
    *,
    contact: str = "",
    call_reference: str = "",
    document: str = "",
    document_at: str = "",
    due_on: date | None = None,
) -> PriorAuthorization:
    """Note a line, a call with the payer, or a paper (its name and where it is)."""
    with desk.operation("authorization.note") as op:
        record = _read(op, authorization_id, None)
        write_note(op, record, text, contact, call_reference, document, document_at, due_on,
                   authorization=record.id)  # fmt: skip
        return record


def write_note(
    op: Operation, record: Any, text: str, contact: str, call_reference: str, document: str,
    document_at: str, due_on: date | None, **about: int,
) -> None:  # fmt: skip
    """Write a note, a call or a paper inside an operation, and when to look again."""
    if not (text.strip() or document.strip() or contact.strip()):
        raise Invalid("The note is empty", "Type what to remember", field="note")
    kind = "document" if document.strip() else "call" if contact.strip() else "note"
    op.create(
        AuthorizationEvent, at=op.now, by=op.desk.actor.login, kind=kind, note=text.strip(),
        from_state=record.state, to_state=record.state, contact=contact.strip(),
        call_reference=call_reference.strip(), document=document.strip(),
        document_at=document_at.strip(), **about,
    )  # fmt: skip
    if due_on is not None:
        record.due_on = due_on
        op.save(record)
    op.about(record, patient_id=record.patient_id)


def _visit_day(desk: Desk, appointment_id: int) -> date:
    found = desk.rows("SELECT day FROM appointment WHERE id = ?", known_id(appointment_id))
    if not found:
        raise NotFound(f"No such appointment: {appointment_id}", "Look it up again")
    return date.fromisoformat(found[0][0])


def _read(op: Operation, authorization_id: int, version: int | None) -> PriorAuthorization:
    record = op.get(PriorAuthorization, known_id(authorization_id), version)
    op.about(record, patient_id=record.patient_id)
    return record


def _step(
    op: Operation, authorization_id: int, version: int | None, action: str
) -> PriorAuthorization:
    record = _read(op, authorization_id, version)
    start, _ = STEPS[action]
    if record.state not in start:
        words = record.state.replace("_", " ")
        raise Conflict(f"This authorization is {words}; that does not come next",
                       f"From {', '.join(start).replace('_', ' ')} only", rule="state")  # fmt: skip
    return record


def _moved(
    op: Operation, record: PriorAuthorization, state: str, *, due: date | None, note: str = "",
    **told: str,
) -> PriorAuthorization:  # fmt: skip
    """Write the state, its time and the row that says so."""
    _event(op, record, to_state=state, note=note, **told)
    record.state, record.state_at, record.due_on = state, op.now, due
    op.save(record)
    return record


def _event(op: Operation, record: PriorAuthorization, **values: Any) -> None:
    values.setdefault("to_state", record.state)
    values.setdefault("from_state", record.state)
    op.create(
        AuthorizationEvent, authorization=record.id, at=op.now, by=op.desk.actor.login, **values,
    )  # fmt: skip


def _meaning(desk: Desk, raw: str) -> str:
    """The state that a decision code stands for here; empty when the list has none."""
    if not raw:
        return ""
    try:
        return str(clinic.code(desk, "decision_code", raw)[2].get("state", ""))
    except NotFound:
        return ""


def _grant(
    record: PriorAuthorization, number: int | None, kind: str | None, first: date | None,
    last: date | None,
) -> None:  # fmt: skip
    if number is not None:
        check_units(number)
    if kind is not None:
        check_choice(kind, UNIT_KINDS, "unit_kind")
        record.unit_kind = kind
    record.units = number if number is not None else record.units or record.units_asked
    record.effective_on = first or record.effective_on
    record.expires_on = last or record.expires_on
    check_dates(record.effective_on, record.expires_on)


def _fit(op: Operation, record: PriorAuthorization) -> None:
    """Let the latest visits go that the units granted do not reach to.

    Visits outside the granted dates go as well. Raises Conflict when more is used by hand.
    """
    found = op.desk.rows(
        "SELECT l.id, a.day FROM visit_permit l JOIN appointment a ON a.id = l.appointment_id"
        " WHERE l.authorization_id = ? AND l.released_at IS NULL AND l.override_reason = ''"
        " AND a.lifecycle IN ('scheduled', 'completed')"
        " ORDER BY a.lifecycle = 'completed', a.starts_at DESC, l.id DESC", record.id,
    )  # fmt: skip
    first = record.effective_on.isoformat() if record.effective_on else ""
    last = record.expires_on.isoformat() if record.expires_on else "9999"
    for permit_id, day in found:
        left = units.of_authorization(op.desk, record.id).remaining
        outside = not first <= day <= last
        if outside or (left is not None and left < 0):
            why = "outside the dates granted" if outside else "fewer units were granted"
            permits.release(op, permit_id, why)
    noted = op.desk.rows(
        "SELECT coalesce(sum(units), 0), count(DISTINCT day) FROM authorization_use"
        " WHERE authorization_id = ? AND released_at IS NULL AND override_reason = ''", record.id,
    )[0]  # fmt: skip
    by_hand = noted[1] if record.unit_kind == "day" else noted[0]
    if record.units is not None and by_hand > record.units:
        raise Conflict(f"{by_hand} are used already", "Release those uses first", rule="used")


def _release_all(
    op: Operation, record: PriorAuthorization, why: str, *, only_booked: bool = False
) -> None:
    """Let every visit go that it covers; of one that was granted, what is done stays done."""
    for permit_id, lifecycle in op.desk.rows(
        "SELECT l.id, a.lifecycle FROM visit_permit l JOIN appointment a"
        " ON a.id = l.appointment_id WHERE l.authorization_id = ? AND l.released_at IS NULL",
        record.id,
    ):  # fmt: skip
        if not (only_booked and lifecycle == "completed"):
            permits.release(op, permit_id, why)
