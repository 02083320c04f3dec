"""Who answers for whose account: a patient's guarantor where that is a patient here as well."""

from __future__ import annotations

from peewee import Check

from deskterm.db.base import Versioned
from deskterm.db.fields import CleanText, Moment, Reference
from deskterm.db.patients import Patient


class AccountGuarantor(Versioned):
    """``guarantor`` pays for ``patient``; ended, never changed.

    A link made by somebody who knows, never guessed from names: two people of one name and
    phone may be strangers, and money would show one the other's account.
    """

    title = "guarantor"

    patient = Reference(Patient, index=True)
    guarantor = Reference(Patient, index=True)
    since = Moment()
    by = CleanText(32)
    ended_at = Moment(null=True)
    ended_by = CleanText(32)

    class Meta:
        constraints = [Check("patient_id <> guarantor_id")]


TRIGGERS = (
    # One at a time, and whoever pays for others has nobody who pays for them.
    """CREATE TRIGGER account_guarantor_one BEFORE INSERT ON account_guarantor
    WHEN EXISTS (SELECT 1 FROM account_guarantor g WHERE g.ended_at IS NULL
      AND (g.patient_id IN (NEW.patient_id, NEW.guarantor_id) OR g.guarantor_id = NEW.patient_id))
    BEGIN SELECT RAISE(ABORT, 'account_guarantor_one'); END""",
    """CREATE TRIGGER account_guarantor_stays BEFORE UPDATE ON account_guarantor
    WHEN OLD.ended_at IS NOT NULL OR NEW.patient_id <> OLD.patient_id
      OR NEW.guarantor_id <> OLD.guarantor_id OR NEW.since <> OLD.since
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
    """CREATE TRIGGER account_guarantor_no_delete BEFORE DELETE ON account_guarantor
    BEGIN SELECT RAISE(ABORT, 'a posted row cannot change'); END""",
)
MODELS = (AccountGuarantor,)
