"""A closed record by every door of the desk: an id, a number or a name typed gives nothing of it.

Generated: every role that may not open it, every place that takes an id, every verb of the line.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from deskterm.entry.money import TenderEntry
from deskterm.entry.verbs import VERBS, Person
from deskterm.office import authorizations, break_glass, charges, messages, payments, search_index
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.office.desk import Desk
from deskterm.office.operations import ROLES
from deskterm.screens.line_runner import FOR_SOMEBODY, ON_VISIT
from deskterm.screens.places import PLACES
from tests.factories import become, clinic
from tests.screens.driver import Clerk, at_desk

LAST, FIRST, PHONE, NOTE = "ZAREMBA", "QUILL", "555-0142", "needs her own chair"
BLIND = [role for role in ROLES if "open_restricted" not in ROLES[role]]
# What a place takes, by the name of its argument; every place with one of these is tried.
IDS = (
    "patient_id",
    "appointment_id",
    "message_id",
    "receipt",
    "charge_id",
    "record_id",
    "coverage_id",
)
# Places that show nobody before something is chosen in them, or are the lock's and help's own.
WITHOUT = {
    "day", "flow", "close", "report", "next", "staff", "staff_form", "enable", "pin", "code",
    "recovery", "entry", "finder", "codes", "code_page", "eligibility",
    "outbox", "held", "help", "keys", "break_glass",
}  # fmt: skip
OPENED: dict[str, tuple[str, ...]] = {
    "patient": ("patient_id",), "register": ("patient_id",), "opening": ("patient_id",),
    "cancel": ("appointment_id",), "check_in": ("appointment_id",),
    "check_out": ("appointment_id",), "payment": ("patient_id", "appointment_id"),
    "void": ("receipt",), "account": ("patient_id",), "money_back": ("receipt",),
    "adjust": ("charge_id",), "receipt": ("receipt",), "call": ("patient_id",),
    "message": ("message_id",), "jot": ("appointment_id",), "history": ("patient_id",),
    "fee": ("patient_id",), "plan": ("patient_id",), "insurance": ("patient_id",),
    "family": ("patient_id",), "refs": ("patient_id",), "ref_form": ("patient_id",),
    "charge": ("appointment_id",), "coverage": ("patient_id", "appointment_id"),
    "ref_step": ("record_id",), "answer": ("coverage_id",),
}  # fmt: skip


@pytest.fixture
def closed(desk: Desk) -> dict[str, Any]:
    """One restricted patient with a visit today, money, a message; their numbers by argument."""
    made = clinic(desk)
    patient = made.patient(LAST, FIRST)
    cover = made.cover(patient)
    visit = made.appointment(patient, datetime(2026, 3, 18, 9, 45), note=NOTE)
    charge = payments.charge(desk, patient.id, kind="form_fee", amount_cents=4000)
    receipt = payments.take(
        desk, patient.id, tenders=[TenderEntry("cash", 1000)], key="p", allow_prepayment=True
    ).receipt
    message = messages.take(desk, patient_id=patient.id, topic="rx", body=NOTE, key="m")
    asked = authorizations.request(desk, patient.id, AuthorizationEntry(service="PT"))
    assert charges  # the ledger is there
    search_index.rebuild(desk.database)
    break_glass.restrict(desk, patient.id, reason="works here")
    return {
        "patient_id": patient.id, "appointment_id": visit.id, "message_id": message.id,
        "receipt": receipt, "charge_id": charge.id, "record_id": asked.id,
        "coverage_id": cover.id, "mrn": patient.mrn,
    }  # fmt: skip


def test_every_place_is_tried_or_shows_nobody() -> None:
    assert set(OPENED) | WITHOUT == set(PLACES)
    assert {name for names in OPENED.values() for name in names} == set(IDS)


async def shows_nothing(clerk: Clerk, what: str) -> None:
    await clerk.settle()
    text = clerk.text()
    for said in (LAST, FIRST, PHONE, NOTE):
        assert said not in text.upper() if said.isupper() else said not in text, (what, said)


@pytest.mark.parametrize("role", BLIND)
async def test_no_id_and_no_word_shows_it(desk: Desk, closed: dict[str, Any], role: str) -> None:
    people = [str(closed["patient_id"]), f"#{closed['mrn']}", f"{LAST.lower()} {FIRST.lower()}"]
    someone = desk if role == "owner" else become(desk, role)
    async with at_desk(someone) as clerk:
        await shows_nothing(clerk, "first screen")
        for place, names in OPENED.items():
            await clerk.app.go(place, **{name: closed[name] for name in names})
            await shows_nothing(clerk, place)
            await clerk.app.close_all()
        for verb in sorted((FOR_SOMEBODY | set(ON_VISIT)) & set(VERBS)):
            assert VERBS[verb].person in (Person.FIRST, Person.MAYBE)
            await clerk.app.run_line_for(closed["patient_id"], f"{verb} -- x")
            await shows_nothing(clerk, f"; {verb}")
            await clerk.app.close_all()
        for verb in ("who", "account", "pay", "restrict"):
            for person in people:
                await clerk.press("f10")
                if clerk.screen.prompt is None:
                    continue
                clerk.screen.prompt.form.set_value("line", f"{verb} {person}", f"{verb} {person}")
                await clerk.press("enter")
                # What was typed is the clerk's own; what is answered must not add to it.
                text = clerk.text().replace(f"{LAST} {FIRST}".lower(), "")
                assert LAST not in text.upper() and NOTE not in text, (verb, person)
                await clerk.app.close_all()
                if clerk.screen.prompt is not None:
                    clerk.screen.close_prompt()
