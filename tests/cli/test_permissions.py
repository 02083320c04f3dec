"""The matrix again, through the command line: role x command x own, other, restricted record."""

from __future__ import annotations

import importlib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from deskterm.cli.main import GROUPS, app
from deskterm.clock import Clock
from deskterm.config import Settings
from deskterm.entry.money import parse_tender_option
from deskterm.office import (
    break_glass,
    credentials,
    free_time,
    messages,
    payments,
    staff,
    templates,
)
from deskterm.office import clinic as clinics
from deskterm.office.operations import ROLES
from tests.factories import Clinic, clinic, hire

RUNNER = CliRunner()
PIN = "739164"
RECORDS = ("mine", "other", "vip")
NOT_ALLOWED = 6

# command -> (arguments, every permission that it needs, whether it is about one patient).
# {id}: the patient, {visit}, {message}, {receipt}: theirs.
COMMANDS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "admin backup": ("{folder}/copy-{role}.db", ("backup",), False),
    "journal show": ("--patient {id}", (), False),
    "journal verify": ("", ("verify_journal",), False),
    "codes find": ("low", (), False),
    "codes show": ("M54.50", (), False),
    "codes list": ("", (), False),
    "coverage plans": ("", ("view_patients",), False),
    "coverage plan-add": ("NEW9 --name New", ("edit_patients",), False),
    "coverage plan-edit": ("AETPPO lab=any", ("edit_patients",), False),
    "coverage plan-card": ("AETPPO", ("view_patients",), False),
    "coverage show": ("{id}", ("view_patients",), True),
    "coverage board": ("--from t", ("view_schedule", "view_patients"), False),
    "coverage verify": ("--from t+9 --no-send", ("view_schedule", "view_patients"), False),
    "coverage assign": ("{visit} target", ("edit_patients",), True),
    "coverage estimate": ("{visit}", ("view_money",), True),
    "auth list": ("", ("view_patients",), False),
    "auth request": ("{id} --for PT --codes 97110", ("authorizations",), True),
    "auth rule": ("referral --plan AETPPO --type NV", ("authorization_rules",), False),
    "auth rules": ("", ("view_schedule",), False),
    "referrals list": ("", ("view_patients",), False),
    "referrals order": ("{id} --to Ruiz --for GI", ("authorizations",), True),
    "coverage order": ("{id}", ("view_patients",), True),
    "coverage medicare": ("{id}", ("edit_patients",), True),
    "messages add": ("hello --topic rx --caller Sam --patient {id}", ("messages",), True),
    "messages list": ("--all --pool RN", ("view_messages",), False),
    "messages close": ("{message} --outcome done", ("messages",), True),
    "patients find": ("zaremba", ("view_patients",), False),
    "patients reveal": ("{id} --reason asked", ("edit_patients",), True),
    "patients show": ("{id}", ("view_patients",), True),
    "patients register": ("--last Sample --first Pat --born 1990-02-02", ("edit_patients",), False),
    "pay take": ("{id} --tender cash:1.00 --prepay", ("take_payments",), True),
    "pay receipt": ("{receipt}", ("view_money",), True),
    "pay void": ("{receipt} --reason wrong_amount", ("void_payments",), True),
    "pay refund": ("{receipt} --reason overpaid", ("refund_payments",), True),
    "pay correct": ("{receipt} --was cash --now check:1.00:7", ("void_payments", "view_money"),
                    True),
    "pay returned-check": ("{receipt} --check 7", ("refund_payments",), True),
    "pay credit": ("{id}", ("take_payments",), True),
    "pay balance": ("{id}", ("view_money",), True),
    "pay statement": ("{id}", ("view_money",), True),
    "pay good-faith": ("{visit} --code 99213=10.00", ("view_money",), True),
    "pay charge": ("{visit} --code 99213=10.00", ("take_payments",), True),
    "pay fee": ("99213 10.00", ("adjust_charges",), False),
    "pay guarantor": ("{id} 1", ("edit_patients",), True),
    "pay family": ("{id}", ("view_money",), True),
    "pay expected": ("{id}", ("view_money",), True),
    "pay insurance": ("AETPPO --number 7 --line 1:1.00", ("adjust_charges",), False),
    "pay add-fee": ("{id} form_fee", ("take_payments",), True),
    "pay email": ("{receipt}", ("take_payments",), True),
    "pay email-consent": ("{id} --no", ("take_payments",), True),
    "pay email-queue": ("", ("view_money",), False),
    "run mail": ("", ("take_payments",), False),
    "day open": ("--drawer d9", ("take_payments",), False),
    "day status": ("", ("view_money",), False),
    "day count": ("--drawer d1 --cash 5.00", ("view_money", "take_payments"), False),
    "day close": ("--drawer d1 --reason short", ("view_money", "take_payments"), False),
    "day freeze": ("", ("close_day",), False),
    "day thaw": ("", ("close_day",), False),
    "day approve": ("", ("approve_day",), False),
    "day reopen": ("--reason wrong", ("reopen_day",), False),
    "day hand-over": ("--drawer d1 --to target --cash 1.00", ("view_money", "take_payments"),
                      False),
    "day cash": ("in 1.00 --drawer d1 --reason x", ("view_money", "take_payments"), False),
    "day deposit": ("", ("take_payments",), False),
    "day sheet": ("t", ("view_money",), False),
    "journal anchor": ("", ("view_journal",), False),
    "journal report": ("", ("view_journal",), False),
    "journal review": ("", ("view_journal",), False),
    "messages take-back": ("{message}", ("messages",), True),
    "schedule day": ("t", ("view_schedule",), False),
    "schedule open": ("--type FU", ("view_schedule",), False),
    "schedule book": ("{id} --type FU --provider LEE --at {later}T09:00", ("book",), True),
    "schedule move": (
        "{visit} --at {later}T10:00", ("book", "view_schedule"), True,
    ),
    "schedule cancel": ("{visit} --by patient --reason sick", ("book", "view_schedule"), True),
    "staff add": ("newone --name New --role front_desk", ("manage_staff",), False),
    "staff list": ("", ("manage_staff",), False),
    "staff show": ("target", ("manage_staff",), False),
    "staff role": ("target biller", ("manage_staff",), False),
    "staff roles": ("", ("manage_staff",), False),
    "staff permit": ("biller book --reason x", ("manage_staff", "administer"), False),
    "staff forbid": ("biller messages --reason x", ("manage_staff", "administer"), False),
    "staff provider": ("target LEE", ("manage_staff",), False),
    "staff disable": ("target --reason left", ("manage_staff",), False),
    "staff enable": ("target", ("manage_staff",), False),
    "staff secret": ("target", ("manage_staff",), False),
    "staff totp": ("target --off", ("manage_staff",), False),
    "staff reset": ("target", ("reset_credentials",), False),
    "staff sessions": ("", ("manage_staff",), False),
    "staff reviews": ("", ("review_access",), False),
    "staff review": ("1 --note seen", ("review_access",), False),
    **{
        f"visits {move}": ("{visit} --reason x", ("run_visits",), True)
        for move in ("arrive", "check-in", "with-provider", "ready", "check-out", "no-show",
                     "left", "undo")
    },
    "visits room": ("{visit} --room 1", ("run_visits",), True),
}  # fmt: skip
# Told elsewhere: they make, judge or replace a file, or are the way in themselves.
APART = {
    "admin init", "admin doctor", "admin restore", "data import", "codes import", "pay plan",
    "patients break-glass", "patients restrict", "admin gate", "admin ssh-keys",
    # By the number of a coverage or of a file: tests/office/test_eligibility.py.
    "coverage note", "coverage could-not", "coverage case", "coverage write-270",
    "coverage import-271",
    # The outbox's: tests/office/test_outbox.py.
    "run add", "run outbox", "run retry", "run show", "run give-up", "run list",
    "admin connection",
    # By the number of a request: tests/office/test_permissions.py has their operations.
    *(f"auth {move}" for move in (
        "show", "gather", "submit", "pend", "decide", "appeal", "extend", "use", "release", "note",
        "void", "form", "link", "unlink", "write-278", "send", "import-278",
    )),
    *(f"referrals {move}" for move in (
        "show", "send", "receive", "schedule", "complete", "report", "close", "void", "note",
    )),
}  # fmt: skip


def test_every_command_is_in_the_matrix() -> None:
    known = set()
    for group, module in GROUPS.items():
        found: Any = typer.main.get_command(importlib.import_module(module).app)
        known |= {f"{group} {name}" for name in getattr(found, "commands", {})}
    assert known - APART == set(COMMANDS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A clinic with somebody of every role, and one's own, another's and a restricted patient."""
    folder: Path = tmp_path_factory.mktemp("matrix")
    (folder / "deskterm.toml").write_text("[policy]\ntotp_roles = []\n")
    settings = Settings(database=str(folder / "clinic.db"))
    desk = clinics.init(settings, login="owner", name="Own Er", clock=Clock())
    house: Clinic = clinic(desk)
    for weekday in range(7):
        for who in ("LEE", "NOVAK", "PATEL", "RN"):
            templates.set_template(
                desk, who, "MAIN", weekday, 480, 1020, starts_on=date(2025, 1, 1)
            )
    for role in ROLES:
        if role != "owner":
            hire(desk, role, role.title(), role)
    staff.add(desk, login="target", name="Tar Get", role="front_desk")
    credentials.set_secret(desk, "target", secret=PIN, kind="pin")
    staff.link(desk, "clinician", "NOVAK")
    places: dict[str, dict[str, Any]] = {}
    for name, provider in (("mine", "NOVAK"), ("other", "PATEL"), ("vip", "RN")):
        patient = house.patient("Zaremba", name.title())
        visit = house.appointment(
            patient, datetime.combine(date.today(), datetime.min.time()).replace(hour=11), provider
        )
        money = payments.take(
            desk, patient.id, tenders=[parse_tender_option("cash:2.00")], key=name,
            allow_prepayment=True,
        )  # fmt: skip
        said = messages.take(desk, topic="rx", body="more", caller="Z", patient_id=patient.id)
        places[name] = {
            "id": patient.id, "visit": visit.id, "receipt": money.receipt, "message": said.id,
        }  # fmt: skip
    break_glass.restrict(desk, places["vip"]["id"], reason="well known")
    with desk.operation("schedule.horizon"):
        for provider in house.providers.values():
            free_time.keep_all(desk, provider.id, date.today(), date.today())
    desk.close()
    return {"folder": folder, "path": settings.database, **places}


def run(made: dict[str, Any], role: str, command: str, record: str) -> Any:
    arguments = COMMANDS[command][0].format(
        later=date.today() + timedelta(days=30), folder=made["folder"], role=role, **made[record]
    )
    words = ["--db", made["path"], "--as", role, *command.split(), *arguments.split()]
    return RUNNER.invoke(app, words, input=f"{PIN}\n")


# The commands that change nothing that another cell needs, for everybody and every record; the
# others, which would, only for whoever may not.
@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_not_it_cannot_by_command(made: dict[str, Any], role: str) -> None:
    for command, (_, needs, _) in COMMANDS.items():
        if command in ("journal show", "journal report"):
            needs = ("view_journal",) if "view_staff_journal" not in ROLES[role] else ()
        denied = not set(needs) <= ROLES[role]
        if not denied:
            continue
        for record in RECORDS:
            done = run(made, role, command, record)
            assert done.exit_code == NOT_ALLOWED, (role, command, record, done.output)
            assert "zaremba" not in done.output.casefold(), (role, command)


LOOKS = ("patients find", "patients show", "pay receipt", "messages list", "schedule day",
         "journal show", "journal verify", "staff list", "staff reviews")  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_look_at_it_can(made: dict[str, Any], role: str) -> None:
    for command in LOOKS:
        needs = COMMANDS[command][1]
        if command == "journal show":
            needs = ("view_staff_journal",) if role == "manager" else ("view_journal",)
        if not set(needs) <= ROLES[role]:
            continue
        for record in ("mine", "other"):
            done = run(made, role, command, record)
            assert done.exit_code == 0, (role, command, record, done.output)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "privacy_officer"])
def test_an_id_typed_gives_nothing_of_a_restricted_record(made: dict[str, Any], role: str) -> None:
    for command, (_, needs, one_patient) in COMMANDS.items():
        if not one_patient or not set(needs) <= ROLES[role]:
            continue
        done = run(made, role, command, "vip")
        assert done.exit_code == NOT_ALLOWED, (role, command, done.output)
        assert "restricted" in done.output, (role, command, done.output)
        assert "zaremba" not in done.output.casefold()
    for command in ("patients find", "schedule day", "messages list"):
        done = run(made, role, command, "vip")
        assert "ZAREMBA, VIP" not in done.output and "Vip" not in done.output


def test_the_privacy_officer_may_look_and_it_is_noted(made: dict[str, Any]) -> None:
    assert "Zaremba" in run(made, "privacy_officer", "patients show", "vip").output
    words = ["--db", made["path"], "--as", "privacy_officer", "journal", "show"]
    seen = RUNNER.invoke(app, [*words, "--patient", str(made["vip"]["id"])]).output
    assert "privacy_officer" in seen and "patient.view" in seen


def test_a_manager_reads_the_journal_without_whom_it_was_about(made: dict[str, Any]) -> None:
    words = ["--db", made["path"], "--as", "manager", "journal", "show", "--json",
             "--limit", "5000"]  # fmt: skip
    said = RUNNER.invoke(app, words).output
    assert "patient.register" in said and "aremba" not in said
    assert '"patient_id": null' in said and '"patient_id": 1' not in said


def test_break_glass_and_its_review_by_command(made: dict[str, Any]) -> None:
    vip = str(made["vip"]["id"])

    def call(role: str, *words: str, stdin: str = "") -> Any:
        return RUNNER.invoke(app, ["--db", made["path"], "--as", role, *words], input=stdin)

    opening = ("patients", "break-glass", vip, "--code", "emergency", "--reason",
               "collapsed in the lobby")  # fmt: skip
    assert call("administrator", *opening).exit_code == NOT_ALLOWED
    assert call("target", *opening, stdin="000000\n").exit_code == NOT_ALLOWED
    assert call("target", "patients", "show", vip).exit_code == NOT_ALLOWED
    assert call("target", *opening, stdin=f"{PIN}\n").exit_code == 0
    assert "Zaremba" in call("target", "patients", "show", vip).output
    assert "collapsed" in call("privacy_officer", "staff", "reviews").output
    number = call("privacy_officer", "staff", "reviews").output.split()[0]
    assert call("privacy_officer", "staff", "review", number, "--note", "true").exit_code == 0
    assert "nothing waits" in call("privacy_officer", "staff", "reviews").output
    lifted = ("patients", "restrict", vip, "--off", "--reason", "asked for")
    assert call("front_desk", *lifted).exit_code == NOT_ALLOWED


def test_a_second_person_by_command(made: dict[str, Any]) -> None:
    def call(*words: str, stdin: str = "") -> Any:
        line = ["--db", made["path"], "--as", "front_desk", "pay", "void", *words]
        return RUNNER.invoke(app, [*line, "--reason", "wrong_amount"], input=stdin)

    receipt = made["mine"]["receipt"]
    alone = call(receipt)
    assert alone.exit_code == NOT_ALLOWED and "second person" in alone.output
    assert call(receipt, "--approver", "target", stdin="000000\n").exit_code == NOT_ALLOWED
    done = call(receipt, "--approver", "target", stdin=f"{PIN}\n")
    assert done.exit_code == 0, done.output
