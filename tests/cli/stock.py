"""A stocked clinic for the batch commands, every command's valid calls, and a way to run them.

The clinic stands at one moment (``frozen_now``), so that its ids and states are always the same.
"""

from __future__ import annotations

import contextlib
import functools
import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import typer

from deskterm.cli import main
from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.entry.money import TenderEntry
from deskterm.office import (
    authorizations,
    break_glass,
    charges,
    clinic,
    credentials,
    dayclose,
    free_time,
    messages,
    payments,
    plan_rules,
    referrals,
    shifts,
    ssh_keys,
    staff,
    visits,
)
from deskterm.office.desk import Desk, find_actor
from tests.conftest import NOW
from tests.office.hours import open_clinic

FILES = ("clinic.db", "clinic.db.key", "clinic.db.pepper", "deskterm.toml")
PEOPLE = 40  # more than there are payloads
RECEIPT, CASH = "R-260318-001", "R-260318-041"
KEYS = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJ4W11y6Wlgqszpv2Ruu9L+ry1vDzFnl/ME9ZUxI+R+ kim@front",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINZWt32ZifX/OC0Bc+1hapRfnxFsRkgr0aQkkR28idBm kim@back",
)
# Patients and visits have the same numbers. Each of these visits is at a stage of its own.
EXPECTED, ARRIVED, WAITING, ROOMED, SEEN, READY, LATE = 1, 2, 3, 4, 5, 6, 7
CHARGED, RESTRICTED, OPENED = 20, PEOPLE + 1, PEOPLE + 2
PIN = "739164"

# Every batch command, with a call that must succeed on the stocked clinic. ``{folder}`` is where
# its files are. A command without a row here fails the tests.
CALLS: dict[str, list[str]] = {
    "admin init": ["--name", "Ann"],
    "admin doctor": [],
    "admin backup": ["{folder}/safe.db"],
    "admin restore": ["{folder}/kept.db"],
    "admin gate": ["sshd-keys.conf"],
    "admin ssh-keys add": ["kim", "{folder}/new.pub"],
    "admin ssh-keys list": [],
    "admin ssh-keys revoke": ["1", "--reason", "laptop lost"],
    "admin ssh-keys print": [],
    "admin ssh-keys publish": [],
    "admin ssh-keys answer": [],
    "auth list": ["--all"],
    "auth show": ["1"],
    "auth request": ["1", "--for", "PT", "--codes", "97110"],
    "auth gather": ["1"],
    "auth submit": ["1", "--by", "portal", "--reference", "8812-33"],
    "auth pend": ["2", "--wants", "notes"],
    "auth decide": ["2", "--code", "A1", "--number", "A-9", "--units", "5"],
    "auth appeal": ["4", "--note", "peer agreed"],
    "auth extend": ["3", "--units", "20"],
    "auth use": ["3", "--units", "1"],
    "auth release": ["3", "typed twice"],
    "auth note": ["1", "in review", "--contact", "Dana"],
    "auth void": ["1", "other patient"],
    "auth form": ["1", "--by", "fax"],
    "auth link": ["1", "--authorization", "3"],
    "auth unlink": ["8"],
    "auth rule": ["referral", "--plan", "AETPPO", "--type", "NV"],
    "auth rules": [],
    "data import fhir": ["{folder}/people.ndjson"],
    "day open": ["--drawer", "d7", "--float", "200.00"],
    "day status": [],
    "day count": ["--drawer", "d1", "--cash", "100=1,0.25=4", "--check", "1042:10.00"],
    "day close": ["--drawer", "d1", "--reason", "recounted"],
    "day freeze": [],
    "day thaw": ["--location", "EAST"],
    "day approve": ["2026-03-17", "--location", "EAST"],
    "day reopen": [
        "2026-03-17",
        "--location",
        "EAST",
        "--reason",
        "wrong bag",
        "--approver",
        "boss",
    ],
    "day hand-over": ["--drawer", "d1", "--to", "kim", "--cash", "100.00"],
    "day cash": ["in", "5.00", "--drawer", "d1", "--reason", "change"],
    "day deposit": ["--total", "20.00", "--bag", "4471"],
    "day sheet": ["t", "--report", "sheet"],
    "demo": ["--dir", "{folder}/demo", "--patients", "20"],
    "journal show": ["--limit", "5000"],
    "journal report": ["--patient", "1"],
    "journal verify": [],
    "journal anchor": [],
    "journal review": [],
    "messages add": ["needs a form", "--topic", "rx", "--patient", "1"],
    "messages list": ["--all", "--limit", "1000"],
    "messages close": ["1", "--outcome", "called"],
    "messages take-back": ["1"],
    "patients break-glass": [
        str(RESTRICTED),
        "--code",
        "other",
        "--reason",
        "asked at the front desk",
    ],
    "patients restrict": ["29", "--reason", "well known"],
    "patients find": ["P", "--limit", "200"],
    "patients show": ["1", "--reason", "asked at the desk"],
    "patients register": ["--last", "Example", "--first", "Zoe", "--born", "031482"],
    "pay take": ["1", "--tender", "cash:25.00", "--for", "copay", "--appointment", "1"],
    "pay receipt": [RECEIPT],
    "pay void": [RECEIPT, "--reason", "wrong_amount", "--approver", "boss"],
    "pay refund": [CASH, "--amount", "1.00", "--reason", "overpaid", "--approver", "boss"],
    "pay correct": [
        CASH,
        "--was",
        "cash",
        "--now",
        "card:2.00:visa:4417:A1B2C3",
        "--approver",
        "boss",
    ],
    "pay returned-check": [RECEIPT, "--check", "1042"],
    "pay credit": ["40"],
    "pay balance": ["1"],
    "pay statement": ["1"],
    "pay good-faith": ["1", "--code", "99213"],
    "pay charge": ["1", "--code", "99213", "--diagnosis", "M54.50"],
    "pay fee": ["99214", "150.00", "--label", "longer visit"],
    "referrals list": ["--all"],
    "referrals show": ["1"],
    "referrals order": ["1", "--to", "Dr Ruiz", "--for", "GI consult"],
    "referrals send": ["1", "--note", "fax"],
    "referrals receive": ["1"],
    "referrals schedule": ["1", "--on", "t+1w"],
    "referrals complete": ["2"],
    "referrals report": ["2", "--document", "GI report"],
    "referrals close": ["3"],
    "referrals void": ["1", "other patient"],
    "referrals note": ["1", "no date yet"],
    "schedule day": ["t"],
    "schedule open": ["--type", "FU", "--from", "t+1"],
    "schedule book": ["1", "--type", "FU", "--provider", "LEE", "--at", "2026-03-25 09:00"],
    "schedule move": ["1", "--at", "2026-03-25 10:00"],
    "schedule cancel": ["1", "--by", "patient", "--reason", "sick"],
    "staff add": ["dana", "--name", "Dana Kim", "--role", "front_desk"],
    "staff list": [],
    "staff show": ["kim"],
    "staff role": ["kim", "biller"],
    "staff provider": ["kim", "LEE"],
    "staff disable": ["kim", "--reason", "left us"],
    "staff enable": ["gone"],
    "staff secret": ["kim"],
    "staff totp": ["kim", "--off"],
    "staff reset": ["kim"],
    "staff sessions": [],
    "staff reviews": [],
    "staff review": ["1", "--note", "she was here"],
    "visits arrive": [str(EXPECTED)],
    "visits check-in": [str(ARRIVED)],
    "visits room": [str(WAITING), "--room", "1"],
    "visits with-provider": [str(ROOMED)],
    "visits ready": [str(SEEN)],
    "visits check-out": [str(READY)],
    "visits no-show": [str(LATE)],
    "visits left": [str(ARRIVED), "--reason", "wait"],
    "visits undo": [str(ARRIVED)],
}


@dataclass(frozen=True)
class Said:
    """What one command line came to."""

    arguments: list[str]
    code: int
    out: str
    err: str


@functools.cache
def leaves() -> dict[str, Any]:
    """Every batch command of the program, by its words."""
    found: dict[str, Any] = {}

    def walk(command: Any, words: tuple[str, ...]) -> None:
        if not hasattr(command, "list_commands"):
            found[" ".join(words)] = command
            return
        context = typer.Context(command)
        for name in command.list_commands(context):
            walk(command.get_command(context, name), (*words, name))

    walk(typer.main.get_command(main.app), ())
    return found


def call(folder: Path, words: str, arguments: list[str], *more: str) -> Said:
    """Run one command in this process, through the real front door."""
    given = [a.replace("{folder}", str(folder)) for a in arguments]
    database = folder / ("new.db" if words == "admin init" else "clinic.db")
    line = ["--db", str(database), "--as", "mlopez", *words.split(), *given, *more]
    return run(line)


def run(line: list[str]) -> Said:
    """Run one command line; what it printed is what would have reached the terminal."""
    outs = [io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2)]
    code: Any = 0
    typed = mock.patch("sys.stdin", io.StringIO(f"{PIN}\n"))
    with contextlib.redirect_stdout(outs[0]), contextlib.redirect_stderr(outs[1]), typed:
        try:
            main.run(line)
        except SystemExit as end:
            code = end.code or 0
    texts = []
    for out in outs:
        out.flush()
        texts.append(out.buffer.getvalue().decode("utf-8"))  # type: ignore[attr-defined]
    return Said(line, int(code), texts[0], texts[1])


def stock(folder: Path) -> None:
    """Make the clinic's files in ``folder``: people, visits at every stage, money, messages."""
    clinic.write_settings(
        folder / "deskterm.toml",
        {
            "clinic": "Main St Clinic",
            "frozen_now": "2026-03-18T14:42:00+00:00",
            "keys_file": "keys",
        },
    )
    settings = Settings(database=str(folder / "clinic.db"), clinic="Main St Clinic")
    desk = clinic.init(settings, login="mlopez", name="Maria Lopez", clock=FrozenClock(NOW))
    clinic.add_staff(desk, login="kim", name="Kim", role="front_desk")
    messages.add_pool(desk, code="PM", name="Managers", members=["kim"])
    house = open_clinic(desk)
    start = datetime(2026, 3, 18, 8, 0)
    for number in range(PEOPLE):
        patient = house.patient(f"P{number}", "PAT")
        house.cover(patient)
        at = start + timedelta(minutes=20 * (number // 3))
        visit = house.appointment(patient, at, ("LEE", "PATEL", "NOVAK")[number % 3])
        messages.take(desk, patient_id=patient.id, topic="rx", body="refill", caller="PAT",
                      key=f"m{number}")  # fmt: skip
        payments.charge(desk, patient.id, kind="form_fee", amount_cents=1000)
        payments.take(
            desk, patient.id, tenders=[TenderEntry("check", 1000, reference="1042")],
            purpose="form_fee", key=f"p{number}",
        )  # fmt: skip
        moves = {ARRIVED: 1, WAITING: 2, ROOMED: 3, SEEN: 4, READY: 5}.get(visit.id, 0)
        for move in (visits.arrive, visits.check_in, visits.room, visits.with_provider,
                     visits.ready)[:moves]:  # fmt: skip
            move(desk, visit.id)
        visits.note(desk, visit.id, "hearing aid left here")
    for last in ("VIP", "VVIP"):
        house.patient(last, "PAT")
    _money(desk)
    _people(desk)
    _refs(desk)
    ssh_keys.add(desk, "kim", KEYS[0])
    (folder / "new.pub").write_text(KEYS[1] + "\n")
    with desk.operation("schedule.horizon"):
        for provider in house.providers.values():
            free_time.keep_all(desk, provider.id, desk.today(), desk.today())
    desk.close()
    shutil.copy(folder / "clinic.db", folder / "kept.db")
    shutil.copy(folder / "clinic.db.key", folder / "kept.db.key")
    (folder / "people.ndjson").write_text(
        '{"resourceType": "Patient", "id": "1", "birthDate": "1980-01-02",'
        ' "name": [{"family": "Example", "given": ["Pat"]}]}\n'
    )


def _people(desk: Desk) -> None:
    """A second person with a PIN, somebody who left, and a restricted record that was opened."""
    staff.add(desk, login="boss", name="The Boss", role="manager")
    credentials.set_secret(desk, "boss", secret=PIN, kind="pin")
    staff.add(desk, login="gone", name="Gone Away", role="biller")
    staff.disable(desk, "gone", reason="left us")
    for patient_id in (RESTRICTED, OPENED):
        break_glass.restrict(desk, patient_id, reason="well known")
    kim = find_actor(desk.database, desk.settings, "kim")
    mine, desk.actor = desk.actor, kim
    break_glass.break_glass(desk, OPENED, code="other", reason="asked at the front desk")
    desk.actor = mine


def _refs(desk: Desk) -> None:
    """Authorizations needed, submitted, granted (patient 1, visit 8), denied; three referrals."""
    for patient_id in (1, 2, 1, 4):
        authorizations.request(
            desk, patient_id, authorizations.AuthorizationEntry(service="PT", units_asked=12)
        )
    authorizations.submit(desk, 2, method="portal")
    authorizations.decide(desk, 3, decision="approved", number="A-3", number_of_units=12,
                          expires_on=date(2026, 6, 30))  # fmt: skip
    authorizations.use(desk, 3, number_of_units=2)
    authorizations.decide(desk, 4, raw_code="A3", reason="not necessary")
    authorizations.request(desk, 8, authorizations.AuthorizationEntry(service="PT"),
                           appointment_id=8)  # fmt: skip
    for number in (1, 2, 3, 4):
        made = referrals.order(
            desk, number, referrals.ReferralEntry(to_name="Dr Bly", service="cardiology")
        )
        if number in (2, 3):
            referrals.send(desk, made.id)
    referrals.report(desk, 3)
    plan_rules.set_rule(desk, needs="authorization", plan="AETPPO", visit_type="PE")


def _money(desk: Desk) -> None:
    """A fee, cash that is held, a drawer counted, one closed, a day closed by somebody else."""
    charges.set_fee(desk, "99213", 18000, label="office visit", starts_on=date(2020, 1, 1))
    charges.post(desk, CHARGED, [charges.ChargeLine("99213")])
    payments.take(
        desk, PEOPLE, tenders=[TenderEntry("cash", 500)], purpose="prepayment", key="cash"
    )
    shifts.count(desk, shifts.find(desk, "d1").id, shifts.Count(cash_cents=10000))
    full = shifts.open_shift(desk, "d8", float_cents=10000)
    shifts.move_cash(desk, full.id, "paid_in", 2000, reason="from the safe")
    shifts.count(desk, full.id, shifts.Count(cash_cents=12000))
    shifts.close_shift(desk, full.id)
    mine, desk.actor = desk.actor, replace(desk.actor, login="kim")
    dayclose.close(desk, location="EAST", day=date(2026, 3, 17), reason="quiet day")
    desk.actor = mine
    dayclose.freeze(desk, location="EAST")


@contextlib.contextmanager
def copied(source: Path, target: Path) -> Iterator[Path]:
    """The clinic of ``source`` in a new folder, for one test to change; removed afterwards."""
    shutil.copytree(source, target)
    try:
        yield target
    finally:
        shutil.rmtree(target)
