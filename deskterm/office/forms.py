"""The forms a patient is given: which are done, handed out or due."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from deskterm.db.patients import Acknowledgment, Patient
from deskterm.errors import Invalid
from deskterm.office import access, clinic
from deskterm.office.desk import Desk

State = Literal["ok", "given", "refused", "due"]
OUTCOMES = ("given", "signed", "refused", "unable")
_REASONED = ("refused", "unable")


@dataclass(frozen=True)
class FormDue:
    """Where a patient stands with one form, since when (None: never had it).

    ``given`` was handed out today and is not back; ``refused`` is settled, with its reason.
    """

    form: str
    label: str
    state: State
    since: date | None


def forms_due(desk: Desk, patient_id: int, on: date | None = None) -> list[FormDue]:
    """Every form of the clinic's list as it stands for this patient on a day (today)."""
    desk.require("view_patients")
    access.require_patient(desk, patient_id)
    day = on or desk.today()
    last: dict[str, tuple[str, str, date]] = {}
    for form, outcome, version, at in desk.rows(
        "SELECT form, outcome, version_label, on_day FROM acknowledgment WHERE patient_id = ?"
        " AND on_day <= ? ORDER BY on_day, id",
        patient_id,
        day.isoformat(),
    ):
        last[form] = (outcome, version, date.fromisoformat(at))
    found = []
    for form, label, detail in desk.rows(
        "SELECT code, label, detail FROM code WHERE kind = 'form' AND active = 1"
        " ORDER BY sort_order, id"
    ):
        rule = json.loads(detail)
        found.append(
            _stands(form, label, _version(desk, rule), rule.get("every_days", 0), last, day)
        )
    return found


def acknowledge_form(
    desk: Desk, patient_id: int, form: str, outcome: str, reason: str = ""
) -> Acknowledgment:
    """Note that a form was given, signed, refused or could not be signed today.

    Raises NotFound for an unknown form, Invalid (field ``reason``) for a refusal without one.
    """
    _, _, rule = clinic.code(desk, "form", form)
    if outcome not in OUTCOMES:
        raise Invalid(f"one of {', '.join(OUTCOMES)}", "", field="outcome")
    if outcome in _REASONED and not reason.strip():
        raise Invalid("why was it not signed?", "A few words", field="reason")
    with desk.operation("patient.form", patient_id=patient_id, reason=reason) as op:
        patient = op.get(Patient, patient_id)
        return op.create(
            Acknowledgment, patient=patient, form=form, version_label=_version(desk, rule),
            outcome=outcome, reason=reason, on=desk.today(), at=op.now, by=desk.actor.login,
        )  # fmt: skip


def _version(desk: Desk, rule: dict[str, object]) -> str:
    """Which version of the form counts now; empty when it has none."""
    policy = rule.get("policy")
    return str(getattr(desk.settings.policy, str(policy), "")) if policy else ""


def _stands(
    form: str,
    label: str,
    version: str,
    every_days: int,
    last: dict[str, tuple[str, str, date]],
    day: date,
) -> FormDue:
    if form not in last:
        return FormDue(form, label, "due", None)
    outcome, had, since = last[form]
    if version and had != version:
        return FormDue(form, label, "due", since)
    if outcome == "given":
        return FormDue(form, label, "given" if since == day else "due", since)
    if every_days and since + timedelta(days=every_days) <= day:
        return FormDue(form, label, "due", since + timedelta(days=every_days))
    return FormDue(form, label, "refused" if outcome in _REASONED else "ok", since)
