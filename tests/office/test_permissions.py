"""Who may do what: nothing without a permission, and nothing more than the roles say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import deskterm.office
from deskterm.errors import NotAllowed
from deskterm.office.desk import Actor, Desk
from deskterm.office.operations import DUAL, OPERATIONS, ROLES, VIEWS

OFFICE = Path(deskterm.office.__file__).parent

# Public functions that take a desk and ask for nothing: each with the reason.
FREE: dict[str, str] = {
    **dict.fromkeys(
        ("clinic.code", "clinic.codes", "coverage.plans", "messages.pools", "messages.due_at",
         "staff.roles", "templates.locations", "templates.providers", "templates.visit_types",
         "vocabulary.words", "conflicts.place", "conflicts.provider_facts",
         "conflicts.type_facts", "rooming.free", "stays.room_count", "posting.paid_on",
         "laid_out.laid_out", "free_time.check", "free_time.expected", "free_time.nearest"),
        "words, places, rooms and hours: nobody is in them",
    ),
    **dict.fromkeys(
        ("code_import.files", "code_search.accept", "code_search.card", "code_search.diagnosis",
         "code_search.find", "code_search.loaded", "code_search.service"),
        "published lists of codes: nobody is in them",
    ),
    **dict.fromkeys(
        ("asking.cannot", "asking.answered_today", "asking.waiting"),
        "whether a payer can be asked: no figure of anybody",
    ),
    **dict.fromkeys(
        ("eligibility.digest", "eligibility.differs", "eligibility.lines_of",
         "eligibility.mark", "eligibility.stored", "eligibility.write_lines",
         "asking.take_in", "asking.give_up",
         "answers_by_hand.could_not_verify", "checklist.read", "dues.of_family",
         "dues.open_dues", "dues.owed",
         "instalments.running", "families.check", "ledger.left_on", "visit_fees.late",
         "conflicts.taken",
         "conflicts.checked_start", "free_time.holding", "free_time.keep", "free_time.keep_all",
         "holds.consume", "allocations.as_told", "allocations.spread", "pay_plan.plan",
         "desk.stale", "patient_entry.check_birth_date",
         "patient_entry.check_patient", "patient_entry.contact_values",
         "patient_entry.phone_number", "patient_entry.phone_values", "openings.usual",
         "authorization_entry.business_day", "authorization_entry.checked",
         "authorization_entry.check_diagnoses", "authorization_entry.check_procedures",
         "permits.carried", "permits.of_visit", "permits.until",
         "plan_rules.need", "units.of_authorization", "units.of_authorizations",
         "units.of_referral", "units.of_referrals"),
        "a part of an operation or of a view, which asked",
    ),
    **dict.fromkeys(
        ("name_search.among", "name_search.born_on", "name_search.hits", "name_search.search",
         "near_names.near", "near_names.near_on", "near_names.near_words",
         "patient_rows.visits_text"),
        "the finder's inside: ids, of which patient_rows makes names, and asks",
    ),
    **dict.fromkeys(
        ("drafts.colleagues", "drafts.park_all", "drafts.set_aside", "drafts.take_up",
         "locking.lock", "locking.lock_after", "locking.log_off_after", "locking.may_choose",
         "locking.opens_freely", "locking.take_note", "locking.waiting",
         "drafts.drop", "drafts.finish", "drafts.get", "drafts.hand_over", "drafts.open_drafts",
         "drafts.save", "feed.counts", "sending.own_desk", "sessions.alive", "sessions.seen"),
        "this person's own work and session, by their login",
    ),
    **dict.fromkeys(
        ("business_day.being_counted", "business_day.first_open_day", "business_day.local_day",
         "business_day.place", "business_day.state", "shifts.last_count",
         "activity.last_sign_off", "anchors.head", "anchors.kept", "anchor_mail.send",
         "presence.folder",
         "ssh_keys.published_as_recorded", "ssh_keys.write_anew"),
        "days, drawers, seals and files of the house: no patient is in them",
    ),
    **dict.fromkeys(
        ("ledger.credit_of", "ledger.insurance_of", "ledger.sum_of", "payments.reason_code",
         "drawer_figures.expected", "drawer_figures.variances", "day_status.explain",
         "statements.pdf", "good_faith.pdf", "money_exports.as_xlsx", "money_reports.report",
         "journal_report.write_csv", "proof.examine", "views.append", "news.words",
         "news.last_payment"),
        "given what its caller was allowed to read, or asks for it by another name",
    ),
    **dict.fromkeys(
        ("access.hidden", "access.may_open", "access.require_patient", "access.opened_until",
         "access.masked", "access.masked_name", "approvals.anybody_else",
         "approvals.approvers", "approvals.needed", "staff.is_powerful",
         "approvals.refuse", "credentials.check", "credentials.has_secret", "credentials.has_app",
         "credentials.locked", "exports.needs_pin", "exports.begin",
         "credentials.needs_code", "throttle.begin", "throttle.clear", "throttle.tries",
         "peppered.code_hash", "peppered.hashed", "peppered.masked", "peppered.matches",
         "peppered.pepper", "peppered.sealed", "peppered.unsealed"),
        "the asking itself: proves who somebody is, or says no",
    ),
}  # fmt: skip


class House:
    """The functions of the office and whom each calls."""

    def __init__(self) -> None:
        self.trees = {p.stem: ast.parse(p.read_text("utf-8")) for p in OFFICE.glob("*.py")}
        self.functions = {
            (module, node.name): node
            for module, tree in self.trees.items()
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
        }

    def taking_a_desk(self) -> Iterator[tuple[str, str]]:
        for (module, name), node in self.functions.items():
            first = node.args.args[0].annotation if node.args.args else None
            is_desk = isinstance(first, ast.Name) and first.id == "Desk"
            if is_desk and not name.startswith("_") and not module.startswith("demo"):
                yield module, name

    def asks(self, start: tuple[str, str]) -> bool:
        """Whether the function, or one it calls, asks for a permission."""
        seen: set[tuple[str, str]] = set()
        waiting = [start]
        while waiting:
            here = waiting.pop()
            if here in seen or here not in self.functions:
                continue
            seen.add(here)
            for call in ast.walk(self.functions[here]):
                if isinstance(call, ast.Call):
                    if isinstance(call.func, ast.Attribute) and call.func.attr in (
                        "require", "operation",
                    ):  # fmt: skip
                        return True
                    waiting.append(self._called(here[0], call.func))
        return False

    def _called(self, module: str, function: ast.expr) -> tuple[str, str]:
        imported: dict[str, tuple[str, str]] = {}
        for node in self.trees[module].body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    place = node.module.rpartition("deskterm.office.")[2]
                    imported[alias.asname or alias.name] = (place, alias.name)
        if isinstance(function, ast.Name):
            return imported.get(function.id, (module, function.id))
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return imported.get(function.value.id, ("", ""))[1], function.attr
        return "", ""


def test_every_function_of_the_office_asks() -> None:
    house = House()
    silent = {f"{m}.{n}" for m, n in house.taking_a_desk() if not house.asks((m, n))}
    assert silent - set(FREE) == set(), "needs desk.require or desk.operation"
    known = {f"{module}.{name}" for module, name in house.functions}
    assert set(FREE) - known == set(), "gone, so off the list"


def test_every_operation_named_in_the_office_has_a_permission() -> None:
    named = set()
    for path in OFFICE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "operation"
                and node.args
            ):
                named |= {
                    c.value
                    for c in ast.walk(node.args[0])
                    if isinstance(c, ast.Constant) and isinstance(c.value, str) and "." in c.value
                }
    assert named - set(OPERATIONS) == set()
    assert len(named) > 25


def test_every_permission_is_somebodys_and_every_second_person_is_asked_for_one() -> None:
    held = frozenset().union(*ROLES.values())
    assert set(OPERATIONS.values()) | VIEWS <= held
    assert "sign_in" in frozenset.intersection(*ROLES.values())
    for name, rule in DUAL.items():
        assert OPERATIONS.get(name, rule.permission) == rule.permission


def may(role: str, *permissions: str) -> bool:
    return set(permissions) <= ROLES[role]


def test_the_matrix_as_it_is_written() -> None:
    """The table of who may do what, row by row."""
    desk_roles = {"front_desk", "biller", "clinician", "manager", "owner"}
    assert {r for r in ROLES if may(r, "view_patients")} == desk_roles | {"privacy_officer"}
    assert {r for r in ROLES if may(r, "break_glass")} == desk_roles
    assert {r for r in ROLES if may(r, "book")} == desk_roles - {"biller"}
    assert {r for r in ROLES if may(r, "edit_patients")} == desk_roles - {"clinician"}
    assert {r for r in ROLES if may(r, "take_payments")} == desk_roles - {"clinician"}
    assert {r for r in ROLES if may(r, "open_with_visit")} == {"clinician"}
    assert {r for r in ROLES if may(r, "open_restricted")} == {"privacy_officer"}
    assert {r for r in ROLES if may(r, "view_journal")} == {"privacy_officer", "owner"}
    assert {r for r in ROLES if may(r, "backup")} == {"administrator", "owner"}
    sees_people = {"view_patients", "view_schedule", "view_money", "view_messages",
                   "view_journal", "edit_patients", "book", "run_visits", "take_payments",
                   "messages", "break_glass", "import_data"}  # fmt: skip
    assert not sees_people & ROLES["administrator"]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_runs_its_operations_and_no_others(desk: Desk, role: str) -> None:
    """Every operation against every role, through the one door there is."""
    desk.actor = Actor("somebody", "Somebody", role, ROLES[role])
    for name, permission in OPERATIONS.items():
        allowed = True
        try:
            with desk.operation(name):
                pass
        except NotAllowed:
            allowed = False
        assert allowed == (permission in ROLES[role]), name


def test_what_nobody_listed_nobody_may(desk: Desk) -> None:
    with pytest.raises(KeyError), desk.operation("patient.forget"):
        pass
    desk.actor = Actor("x", "X", "intern", frozenset())
    for name in OPERATIONS:
        with pytest.raises(NotAllowed), desk.operation(name):
            pass
