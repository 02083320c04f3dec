"""Every place at the desk, with something on it: for tests of how screens look."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from deskterm.app import DeskApp
from deskterm.entry.money import TenderEntry
from deskterm.office import (
    authorizations,
    code_import,
    drafts,
    messages,
    patients,
    payments,
    search_index,
    templates,
    visits,
)
from deskterm.office.authorizations import AuthorizationEntry
from deskterm.office.desk import Desk
from tests.factories import Clinic, clinic

SAMPLES = Path(__file__).parents[1] / "samples"
KEY = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # of the code app

# name of a place -> what it is opened with; the day board is there already
PLACES: dict[str, dict[str, Any]] = {
    "flow": {},
    "next": {},
    "held": {},
    "finder": {},
    "patient": {"patient_id": 1},
    "register": {"patient_id": 1},
    "opening": {"patient_id": 1},
    "cancel": {"appointment_id": 1},
    "check_in": {"appointment_id": 1},
    "check_out": {"appointment_id": 1},
    "payment": {"patient_id": 1, "appointment_id": 1},
    "call": {"patient_id": 1},
    "jot": {"appointment_id": 1},
    "history": {"patient_id": 1},
    "message": {"message_id": 1},
    "receipt": {"receipt": "R-260318-001"},
    "void": {"receipt": "R-260318-001"},
    "keys": {"place": "day"},
    "account": {"patient_id": 1},
    "money_back": {"receipt": "R-260318-001"},
    "adjust": {"charge_id": 1},
    "fee": {"patient_id": 1},
    "plan": {"patient_id": 1},
    "insurance": {"patient_id": 1},
    "family": {"patient_id": 1},
    "close": {},
    "report": {},
    "refs": {"patient_id": 1},
    "ref_form": {"what": "auth", "patient_id": 1},
    "ref_step": {"what": "auth", "record_id": 1},
    "staff": {},
    "outbox": {},
    "staff_form": {},
    "enable": {"login": "mlopez"},
    "pin": {},
    "code": {},
    "recovery": {"login": "mlopez", "codes": ["ABCDE-FGHJK"] * 10},
    "break_glass": {"patient_id": 1},
    "charge": {"appointment_id": 1},
    "codes": {"typed": "lwo back"},
    "eligibility": {"day": date(2026, 3, 18)},
    "coverage": {"patient_id": 1, "appointment_id": 1},
    "answer": {"coverage_id": 1, "appointment_id": 1},
    "lock": {},
}


def fill(desk: Desk) -> Clinic:
    """A small morning: SMITH at 9:45, others in every state, a receipt, a message, a draft."""
    made = clinic(desk)
    for weekday in range(5):
        templates.set_template(desk, "LEE", "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1))
        templates.set_template(
            desk, "LEE", "MAIN", weekday, 720, 780, starts_on=date(2025, 1, 1), kind="lunch",
            label="Lunch",
        )  # fmt: skip
    joan = made.patient("SMITH", "JOAN")
    made.cover(joan, copay_cents=2500, card_seen_on=date(2024, 1, 1))
    made.appointment(joan, datetime(2026, 3, 18, 9, 45), "LEE")
    for number, (last, hour, minute, provider) in enumerate(
        (("VEGA", 8, 40, "LEE"), ("FABER", 9, 0, "NOVAK"), ("DREW", 9, 10, "PATEL"),
         ("GRANT", 9, 15, "RN"), ("BOONE", 9, 20, "LEE"), ("KERR", 10, 30, "NOVAK"))
    ):  # fmt: skip
        who = made.patient(last, "ANN", born=date(1960, 5, 1 + number))
        visit = made.appointment(who, datetime(2026, 3, 18, hour, minute), provider)
        if last == "FABER":
            visits.check_in(desk, visit.id)
        elif last == "DREW":
            visits.check_in(desk, visit.id)
            visits.room(desk, visit.id, room="1")
        elif last == "GRANT":
            visits.arrive(desk, visit.id)
    messages.take(desk, patient_id=joan.id, topic="rx", body="refill", key="m1",
                  callback="2175550142")  # fmt: skip
    payments.charge(
        desk, joan.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )  # fmt: skip
    payments.take(desk, joan.id, tenders=[TenderEntry("cash", 1000)], key="p1")
    patients.acknowledge_form(desk, joan.id, "npp", "signed")
    drafts.save(desk, key="k", form="call", heading="CALL COLE B", state={}, cause="phone")
    pt = AuthorizationEntry(service="PT", procedures="97110", units_asked=12)
    authorizations.submit(desk, authorizations.request(desk, joan.id, pt).id, method="portal",
                          due_on=date(2026, 3, 25))  # fmt: skip
    search_index.rebuild(desk.database)
    code_import.import_file(desk, "icd10cm", SAMPLES / "codes" / "icd10cm_order_2026.txt")
    return made


def lines(app: DeskApp) -> list[str]:
    """The screen on top as text, every row as wide as the terminal."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips]


async def enter(app: DeskApp, place: str, given: dict[str, Any]) -> None:
    """Open a place of the list."""
    if place == "lock":
        await app.command_lock()
    else:
        with mock.patch("pyotp.random_base32", return_value=KEY):
            assert await app.go(place, **given) is not None, place


async def leave(app: DeskApp) -> None:
    """Back to the day board, also from the lock."""
    app.desk.locked = False
    await app.close_all()
