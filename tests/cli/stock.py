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
from deskterm.db.patients import Patient, PatientIdentifier
from deskterm.entry.money import TenderEntry
from deskterm.office import (
    asking,
    authorizations,
    break_glass,
    charges,
    clinic,
    code_import,
    connections,
    coverage,
    credentials,
    dayclose,
    families,
    free_time,
    instalments,
    mail,
    messages,
    outbox,
    payments,
    plan_rules,
    plans,
    referrals,
    shifts,
    ssh_keys,
    staff,
    visits,
)
from deskterm.office.desk import Desk, find_actor
from tests.answers import answer, decision
from tests.conftest import NOW
from tests.office.hours import open_clinic
from tests.payer_simulator import question

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
ACCIDENT = PEOPLE + 1  # the number of a coverage; the first ones are the patients'
PIN = "739164"
SAMPLES = Path(__file__).parents[1] / "samples" / "codes"

# Every batch command, with a call that must succeed on the stocked clinic. ``{folder}`` is where
# its files are. A command without a row here fails the tests.
CALLS: dict[str, list[str]] = {
    "admin init": ["--name", "Ann"],
    "admin doctor": [],
    "admin backup": ["{folder}/safe.db"],
    "admin restore": ["{folder}/kept.db"],
    "admin gate": ["sshd-keys.conf"],
    "admin connection add": ["NIGHT", "{folder}/drop", "--kind", "folder", "--payer", "60054"],
    "admin connection list": [],
    "admin connection test": ["DROP"],
    "admin connection disable": ["DROP", "--reason", "contract ended"],
    "admin connection enable": ["OLD"],
    "admin ssh-keys add": ["kim", "{folder}/new.pub"],
    "admin ssh-keys list": [],
    "admin ssh-keys revoke": ["1", "--reason", "laptop lost"],
    "admin ssh-keys print": [],
    "admin ssh-keys publish": [],
    "admin ssh-keys answer": [],
    "codes find": ["low back"],
    "codes show": ["M54.50"],
    "codes list": [],
    "codes import icd10cm": ["{folder}/icd10cm_order_2026.txt"],
    "codes import hcpcs": ["{folder}/HCPC2026_JAN_ANWEB.txt"],
    "codes import cpt": ["{folder}/cpt.csv", "--licence", "ours", "--from", "2026-01-01"],
    "codes import taxonomy": ["{folder}/nucc.csv"],
    "codes import pos": [],
    "codes import payers": ["{folder}/payers.csv", "--source", "One"],
    "coverage plans": [],
    "coverage plan-add": ["NEW1", "--name", "New plan"],
    "coverage plan-edit": ["AETPPO", "lab=any"],
    "coverage plan-card": ["AETPPO"],
    "coverage show": ["1"],
    "coverage board": ["--from", "t", "--to", "t+2"],
    "coverage verify": ["--from", "t+1", "--no-send"],
    "coverage assign": ["1", "kim"],
    "coverage note": ["1", "--status", "active", "--reference", "8812"],
    "coverage could-not": ["1", "--reason", "portal down"],
    "coverage estimate": ["1"],
    "coverage order": ["1"],
    "coverage medicare": ["1"],
    "coverage case": [str(ACCIDENT), "--kind", "work", "--injured", "0302"],
    "coverage write-270": ["1"],
    "coverage import-271": ["{folder}/answer.271", "--coverage", "1"],
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
    "auth write-278": ["1"],
    "auth send": ["1"],
    "auth import-278": ["{folder}/answer.278"],
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
    "patients reveal": ["29", "--reason", "the plan asks"],
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
    "pay plan set-up": ["11", "--instalments", "4", "--first", "t+1w"],
    "pay plan show": ["10"],
    "pay plan end": ["1", "--reason", "paid in full"],
    "pay guarantor": ["13", "11"],
    "pay family": ["11"],
    "pay expected": [str(CHARGED)],
    "pay insurance": ["AETPPO", "--number", "E881", "--line", "41:1.00:1:1:deductible"],
    "pay add-fee": ["1", "form_fee", "--words", "school form"],
    "pay email": ["R-260318-014"],
    "pay email-consent": ["14", "--yes"],
    "pay email-queue": [],
    "run mail": [],
    "pay good-faith": ["1", "--code", "99213"],
    "pay charge": ["1", "--code", "99213", "--diagnosis", "M54.50"],
    "pay fee": ["99214", "150.00", "--label", "longer visit"],
    "run outbox": ["--once"],
    "run list": [],
    "run show": ["1"],
    "run add": ["{folder}/question.270", "--connection", "DROP"],
    "run retry": ["1"],
    "run give-up": ["1", "--reason", "asked by phone"],
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
    "staff roles": [],
    "staff permit": ["biller", "book", "--reason", "follow-ups", "--approver", "boss"],
    "staff forbid": ["biller", "messages", "--reason", "not here", "--approver", "boss"],
    "staff provider": ["kim", "LEE"],
    "staff disable": ["kim", "--reason", "left us"],
    "staff enable": ["gone", "--approver", "boss"],
    "staff secret": ["kim"],
    "staff totp": ["kim", "--off", "--approver", "boss"],
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
            "keys_file": str(folder / "keys"),
            "tax_id": "12-3456789",
            "npi": "1234567893",
        },
    )
    with (folder / "deskterm.toml").open("a") as more:  # nobody listens there
        more.write('\n[mail]\nserver = "127.0.0.1:9"\nsender = "desk@clinic.example"\n')
    settings = Settings(
        database=str(folder / "clinic.db"), clinic="Main St Clinic", npi="1234567893",
        tax_id="12-3456789",
    )  # fmt: skip
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
    _outbox(desk, folder)
    _lists(desk, folder)
    _insurance(desk, folder)
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


def _outbox(desk: Desk, folder: Path) -> None:
    """A folder for batches, a connection that is not used any more, five questions to be sent."""
    (folder / "drop").mkdir()
    for code, payers in (("DROP", "*"), ("OLD", "87726")):
        entry = connections.ConnectionEntry(code, "folder", str(folder / "drop"), payers=payers)
        connections.add(desk, entry)
    connections.set_active(desk, "OLD", active=False, reason="contract ended")
    for number in range(1, 6):
        outbox.add(
            desk, kind="270", connection="DROP", payload=question(f"T{number}"),
            key=f"q{number}", patient_id=number,
        )  # fmt: skip
    (folder / "question.270").write_text(question("T9"))


def _insurance(desk: Desk, folder: Path) -> None:
    """A plan that can be asked, a policy for an accident (coverage ACCIDENT), an answer's file."""
    plans.edit_plan(desk, "AETPPO", payer_id="60054")
    coverage.add_plan(desk, code="WC1", name="State Fund", plan_type="WC")
    entry = coverage.CoverageEntry("WC1", "C1", priority=2)
    assert coverage.add(desk, 3, entry).id == ACCIDENT
    asking.ask(desk, 30, date(2026, 3, 19))
    (folder / "answer.278").write_text(decision(f"DA2X{'0' * 10}", "HCR*A1*AUTH9"))
    (folder / "answer.271").write_text(answer("EB*1*IND*30", trace="", member="W123456789"))


def _lists(desk: Desk, folder: Path) -> None:
    """Files of codes, and the list of diagnoses loaded as it was a year before."""
    for name in ("icd10cm_order_2026.txt", "HCPC2026_JAN_ANWEB.txt"):
        shutil.copy(SAMPLES / name, folder / name)
    (folder / "cpt.csv").write_text("code,description\n99213,a visit of ours\n")
    (folder / "nucc.csv").write_text("Code,Classification\n207Q00000X,Family Medicine\n")
    (folder / "payers.csv").write_text("Payer ID,Payer Name\n60054,Blue Horizon\n")
    first = date(2024, 10, 1)
    code_import.import_file(desk, "icd10cm", folder / "icd10cm_order_2026.txt", starts_on=first)


def _people(desk: Desk) -> None:
    """A second person with a PIN, somebody who left, and a restricted record that was opened."""
    staff.add(desk, login="boss", name="The Boss", role="manager")
    credentials.set_secret(desk, "boss", secret=PIN, kind="pin")
    staff.add(desk, login="gone", name="Gone Away", role="biller")
    staff.disable(desk, "gone", reason="left us")
    with desk.operation("patient.edit", patient_id=29) as op:
        op.create(PatientIdentifier, patient=29, kind="SS", value="000-12-3456", tail="3456")
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
    for patient_id in (10, 11):
        payments.charge(desk, patient_id, kind="other", amount_cents=10_000)
    instalments.set_up(desk, 10, instalments=4, first_on=desk.today())
    families.set_guarantor(desk, 12, 11)
    for patient_id in (14, 15):
        with desk.operation("patient.edit", patient_id=patient_id) as op:
            mailed = op.get(Patient, patient_id)
            mailed.email = "pat@example.org"
            op.save(mailed)
        mail.consent(desk, patient_id, agreed=True)
    mail.queue_receipt(desk, "R-260318-015")
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
