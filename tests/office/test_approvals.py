"""Two people for one operation: another, present, with the permission, in one transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deskterm.clock import FrozenClock
from deskterm.db import journal
from deskterm.db.database import rows
from deskterm.entry.money import parse_tender_option
from deskterm.errors import Conflict, DesktermError, NotAllowed
from deskterm.office import approvals, payments
from deskterm.office.desk import Desk
from tests.factories import Clinic, become, clinic

PIN = "739164"


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def receipt(made: Clinic) -> str:
    """A payment that the owner took."""
    patient = made.patient()
    tender = [parse_tender_option("cash:25.00")]
    return payments.take(
        made.desk, patient.id, tenders=tender, key="k", allow_prepayment=True
    ).receipt


def strict(desk: Desk) -> Desk:
    policy = replace(desk.settings.policy, own_void_alone=False)
    desk.settings = replace(desk.settings, policy=policy)
    return desk


def test_anothers_payment_needs_a_second_person_always(desk: Desk, receipt: str) -> None:
    clerk = become(desk, "front_desk")
    become(desk, "manager", pin=PIN)
    assert payments.void_needs_second(clerk, receipt)
    with pytest.raises(NotAllowed, match="second person") as caught:
        payments.void(clerk, receipt, reason="wrong_amount")
    assert "manager" in caught.value.hint
    yes = approvals.approve(clerk, "payment.void", login="manager", secret=PIN)
    done = payments.void(clerk, receipt, reason="wrong_amount", approval=yes)
    ((operation, actor, approver, entity, entity_id),) = desk.rows(
        "SELECT a.operation, s.login, t.login, a.entity, a.entity_id FROM approval a"
        " JOIN staff s ON s.id = a.actor_id JOIN staff t ON t.id = a.approver_id"
    )
    assert (operation, actor, approver) == ("payment.void", clerk.actor.login, "manager")
    assert (entity, entity_id) == ("payment", done.id)
    last = journal.read(desk.database, newest_first=True, limit=1)[0]
    assert last.operation == "payment.void"
    assert "approval" in [change["table"] for change in last.changed]


def test_ones_own_as_the_practice_has_it(desk: Desk, receipt: str) -> None:
    assert not payments.void_needs_second(desk, receipt)
    assert payments.void_needs_second(strict(desk), receipt)
    with pytest.raises(NotAllowed, match="second person"):
        payments.void(desk, receipt, reason="wrong_amount")
    assert desk.rows("SELECT count(*) FROM payment") == [(1,)]


def test_who_may_not_be_the_second(desk: Desk, receipt: str) -> None:
    clerk = become(desk, "front_desk", pin=PIN)
    for role in ("clinician", "administrator", "privacy_officer"):
        become(desk, role, login=role[:5], pin=PIN)
        with pytest.raises(NotAllowed, match="may not approve"):
            approvals.approve(clerk, "payment.void", login=role[:5], secret=PIN)
    for login, secret in (
        (clerk.actor.login, PIN),  # oneself
        ("manager", PIN),  # nobody yet
        ("mlopez", PIN),  # has no PIN
    ):
        with pytest.raises(NotAllowed):
            approvals.approve(clerk, "payment.void", login=login, secret=secret)
    with pytest.raises(Conflict):
        approvals.approve(clerk, "patient.edit", login="manager", secret=PIN)
    assert [login for login, _ in approvals.approvers(clerk, "payment.void")] == []


def test_guessing_a_managers_pin_is_slowed_down_and_stopped(
    desk: Desk, receipt: str, clock: FrozenClock
) -> None:
    clerk = become(desk, "front_desk")
    become(desk, "manager", pin=PIN)
    for _ in range(10):
        with pytest.raises(NotAllowed):
            approvals.approve(clerk, "payment.void", login="manager", secret="000000")
        clock.advance(seconds=300)
    with pytest.raises(NotAllowed, match="Locked"):
        approvals.approve(clerk, "payment.void", login="manager", secret=PIN)


def test_a_yes_is_for_one_operation_one_person_once_and_soon(
    desk: Desk, made: Clinic, receipt: str, clock: FrozenClock
) -> None:
    clerk, biller = become(desk, "front_desk"), become(desk, "biller")
    become(desk, "manager", pin=PIN)

    def ask() -> approvals.Approved:
        return approvals.approve(clerk, "payment.void", login="manager", secret=PIN)

    with pytest.raises(NotAllowed, match="not for this"):
        payments.void(biller, receipt, reason="wrong_amount", approval=ask())
    with (
        pytest.raises(NotAllowed, match="not for this"),
        clerk.operation("message.take", approval=ask()) as op,
    ):
        op.changes.append({"table": "x", "id": 1, "before": None, "after": {}})
    late = ask()
    clock.advance(seconds=301)
    with pytest.raises(NotAllowed, match="not for this"):
        payments.void(clerk, receipt, reason="wrong_amount", approval=late)
    yes = ask()
    payments.void(clerk, receipt, reason="wrong_amount", approval=yes)
    second = payments.take(
        desk, made.patient("Other").id, tenders=[parse_tender_option("cash:5.00")], key="z",
        allow_prepayment=True,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="not for this"):
        payments.void(clerk, second.receipt, reason="wrong_amount", approval=yes)
    assert desk.rows("SELECT count(*) FROM approval") == [(1,)]


def test_an_operation_of_two_that_forgets_to_ask_is_refused(desk: Desk) -> None:
    with pytest.raises(NotAllowed, match="second person"), desk.operation("payment.void") as op:
        op.changes.append({"table": "x", "id": 1, "before": None, "after": {}})
    assert desk.rows("SELECT 1 FROM journal WHERE operation = 'payment.void'") == []


def test_the_file_refuses_one_person_as_two_and_forgets_nothing(desk: Desk, receipt: str) -> None:
    clerk = become(desk, "front_desk")
    become(desk, "manager", pin=PIN)
    yes = approvals.approve(clerk, "payment.void", login="manager", secret=PIN)
    payments.void(clerk, receipt, reason="wrong_amount", approval=yes)
    before = desk.rows("SELECT * FROM approval")
    for vandal in (
        "INSERT INTO approval (operation, actor_id, approver_id, entity, at, desk, reason)"
        " SELECT operation, actor_id, actor_id, entity, at, desk, reason FROM approval",
        "UPDATE approval SET approver_id = actor_id",
        "DELETE FROM approval",
        "INSERT OR REPLACE INTO approval SELECT * FROM approval",
    ):
        with pytest.raises(DesktermError):
            rows(desk.database, vandal)
        assert desk.rows("SELECT * FROM approval") == before
