"""A social security number is masked, and shown in full once with a reason."""

from __future__ import annotations

import pytest

from deskterm.db import journal
from deskterm.db.patients import PatientIdentifier
from deskterm.errors import Invalid, NotAllowed, NotFound
from deskterm.office import credentials, patients, reveal, sessions
from deskterm.office.desk import Desk
from tests.factories import become, clinic

NUMBER, PIN = "000-12-3456", "739164"


def test_it_is_masked_and_each_look_at_it_is_noted(desk: Desk) -> None:
    made = clinic(desk)
    patient = made.patient()
    with desk.operation("patient.edit", patient_id=patient.id) as op:
        op.create(PatientIdentifier, patient=patient, kind="SS", value=NUMBER, tail="3456")
    (shown,) = patients.card(desk, patient.id).identifiers
    assert shown.value == "***3456"
    for act in (
        lambda: reveal.reveal(desk, patient.id, "SS", reason=" "),
        lambda: reveal.reveal(desk, patient.id, "DL", reason="the plan asks"),
        lambda: reveal.reveal(become(desk, "clinician"), patient.id, "SS", reason="curious"),
    ):
        with pytest.raises((Invalid, NotFound, NotAllowed)):
            act()
    desk.views.flush()

    def looks() -> list[str]:
        found = journal.read(desk.database, patient_id=patient.id, limit=100)
        return [entry.reason for entry in found if entry.operation == "patient.reveal"]

    assert looks() == []
    assert reveal.reveal(desk, patient.id, "ss", reason="the plan asks") == NUMBER
    assert looks() == ["the plan asks"]
    # at an open desk with the PIN, each time
    sessions.start(desk)
    credentials.set_secret(desk, "mlopez", secret=PIN)
    for wrong in ("", "000000"):
        with pytest.raises(NotAllowed):
            reveal.reveal(desk, patient.id, "SS", reason="again", secret=wrong)
    assert reveal.reveal(desk, patient.id, "SS", reason="again", secret=PIN) == NUMBER
    assert looks() == ["the plan asks", "again"]
    stored = repr(desk.rows("SELECT reason, changes FROM journal"))
    assert NUMBER not in stored


def test_a_closed_record_tells_nothing(desk: Desk) -> None:
    made = clinic(desk)
    patient = made.patient(restricted=True)
    with pytest.raises(NotAllowed, match="restricted"):
        reveal.reveal(desk, patient.id, "SS", reason="the plan asks")
