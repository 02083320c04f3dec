"""Money: dues, split tenders, receipts without gaps, voids, and what the database refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import peewee
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deskterm.clock import FrozenClock
from deskterm.config import Settings
from deskterm.db.payments import Allocation, Charge, NotCollected, Payment, Tender
from deskterm.db.scheduling import Appointment
from deskterm.entry.money import TenderEntry
from deskterm.errors import Conflict, DesktermError, Invalid, NotAllowed, NotFound
from deskterm.office import clinic as setup
from deskterm.office import payments
from deskterm.office.desk import Actor, Desk
from deskterm.office.payments import AllocationEntry
from tests.conftest import NOW
from tests.factories import TODAY, Clinic, clinic

NUMBER = "4111 1111 1111 1111"


def cash(cents: int) -> TenderEntry:
    return TenderEntry("cash", cents)


def card(cents: int, last4: str = "4417", approval: str = "08812Q") -> TenderEntry:
    return TenderEntry("card", cents, brand="visa", last4=last4, approval=approval)


@pytest.fixture
def made(desk: Desk) -> Clinic:
    return clinic(desk)


@pytest.fixture
def visit(made: Clinic) -> Appointment:
    """Today's visit of an insured patient who owes 40.00 from last month."""
    patient = made.patient()
    made.cover(patient)
    payments.charge(
        made.desk, patient.id, kind="visit", amount_cents=4000, service_day=date(2026, 2, 20)
    )
    return made.appointment(patient)


def parts(payment: Payment) -> list[tuple[str, int]]:
    found = Allocation.select().where(Allocation.payment == payment.id).order_by(Allocation.id)
    return [(a.purpose, a.amount_cents) for a in found]


def tenders(payment: Payment) -> list[tuple[str, int, int | None]]:
    found = Tender.select().where(Tender.payment == payment.id).order_by(Tender.id)
    return [(t.kind, t.amount_cents, t.given_cents) for t in found]


def test_dues_are_the_copay_first_then_the_oldest(desk: Desk, visit: Appointment) -> None:
    payments.charge(
        desk, visit.patient_id, kind="form_fee", amount_cents=1000, service_day=date(2026, 1, 5)
    )
    found = payments.due(desk, visit.patient_id)
    assert [(d.charge_id, d.purpose, d.label, d.service_day, d.due_cents) for d in found] == [
        (None, "copay", "copay FU20 NOVAK", TODAY, 2500),
        (2, "balance", "form fee", date(2026, 1, 5), 1000),
        (1, "balance", "visit, your part", date(2026, 2, 20), 4000),
    ]
    assert payments.balance_cents(desk, visit.patient_id) == 5000


def test_the_coverage_s_own_copay_wins_and_only_while_it_is_valid(desk: Desk, made: Clinic) -> None:
    def copay(**values: Any) -> list[int]:
        patient = made.patient()
        made.cover(patient, **values)
        made.appointment(
            patient, datetime(2026, 3, 18, 8, 0), lifecycle="completed", lane=patient.id
        )
        return [d.due_cents for d in payments.due(desk, patient.id)]

    assert copay(copay_cents=1500) == [1500]
    assert copay(copay_cents=0) == []
    assert copay(ends_on=TODAY) == [2500]
    assert copay(ends_on=TODAY - timedelta(days=1)) == []
    assert copay(starts_on=TODAY + timedelta(days=1)) == []
    assert copay(plan="MCD") == []


def test_no_copay_for_visits_that_are_not_today_or_not_kept(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    made.cover(patient)
    made.appointment(patient, datetime(2026, 3, 19, 9, 0))
    before = made.appointment(patient, datetime(2026, 3, 12, 9, 0))
    made.appointment(patient, lifecycle="cancelled")
    made.appointment(patient, lifecycle="no_show")
    assert payments.due(desk, patient.id) == []
    asked = payments.due(desk, patient.id, before.id)
    assert [(d.purpose, d.due_cents) for d in asked] == [("copay", 2500)]


def test_split_tender_in_one_pass(desk: Desk, visit: Appointment) -> None:
    payment = payments.take(
        desk, visit.patient_id, tenders=[cash(4000), card(2500)], appointment_id=visit.id, key="k"
    )
    assert payment.receipt == "R-260318-001"
    assert (payment.total_cents, payment.balance_after_cents, payment.posted) == (6500, 0, True)
    assert parts(payment) == [("copay", 2500), ("balance", 4000)]
    assert tenders(payment) == [("cash", 4000, None), ("card", 2500, None)]
    assert payments.due(desk, visit.patient_id) == []
    assert Charge.select().where(Charge.kind == "copay").get().appointment_id == visit.id


def test_part_of_the_copay(desk: Desk, visit: Appointment) -> None:
    payments.take(desk, visit.patient_id, tenders=[cash(1000)], key="k")
    assert [(d.purpose, d.due_cents) for d in payments.due(desk, visit.patient_id)] == [
        ("copay", 1500),
        ("balance", 4000),
    ]


def test_cash_over_gives_change_and_nothing_else_does(desk: Desk, visit: Appointment) -> None:
    payment = payments.take(desk, visit.patient_id, tenders=[cash(10000)], key="k1")
    assert tenders(payment) == [("cash", 6500, 10000)]
    payments.void(desk, payment.receipt, reason="wrong_tender")
    for wrong in ([card(6600)], [card(6500), cash(100)]):
        with pytest.raises(Invalid, match=r"1\.00 over what is due"):
            payments.take(desk, visit.patient_id, tenders=wrong, key="k2")
    kept = payments.take(
        desk, visit.patient_id, tenders=[card(7000)], allow_prepayment=True, key="k3"
    )
    assert parts(kept) == [("copay", 2500), ("balance", 4000), ("prepayment", 500)]
    assert kept.balance_after_cents == payments.balance_cents(desk, visit.patient_id) == -500


def test_money_held_counts_against_what_is_due(desk: Desk, made: Clinic) -> None:
    patient = made.patient()
    payments.take(desk, patient.id, tenders=[cash(1000)], purpose="prepayment", key="k1")
    made.cover(patient)
    visit = made.appointment(patient)
    assert [(d.purpose, d.due_cents) for d in payments.due(desk, patient.id)] == [("copay", 1500)]
    payments.take(desk, patient.id, tenders=[card(1500)], appointment_id=visit.id, key="k2")
    assert Charge.get().amount_cents == 2500
    assert payments.due(desk, patient.id) == []
    assert payments.balance_cents(desk, patient.id) == 0


def test_what_it_is_for(desk: Desk, made: Clinic, visit: Appointment) -> None:
    def take(purpose: str, cents: int) -> Payment:
        return payments.take(
            desk, visit.patient_id, tenders=[card(cents)], purpose=purpose, key=f"{purpose}{cents}"
        )

    assert parts(take("copay", 2500)) == [("copay", 2500)]
    with pytest.raises(Invalid, match="Nothing is due"):
        take("copay", 2501)
    assert parts(take("balance", 1500)) == [("balance", 1500)]
    assert parts(take("prepayment", 700)) == [("prepayment", 700)]
    assert parts(take("form_fee", 900)) == [("form_fee", 900)]
    with pytest.raises(Invalid) as unknown:
        take("tip", 100)
    assert unknown.value.field == "purpose"


def test_a_copay_nobody_knew_of_is_charged_as_paid_and_goes_with_the_void(
    desk: Desk, made: Clinic
) -> None:
    patient = made.patient()
    with pytest.raises(Invalid, match="Nothing is due"):
        payments.take(desk, patient.id, tenders=[cash(2500)], key="k0")
    taken = payments.take(
        desk, patient.id, tenders=[cash(2500), card(1500)], purpose="copay", key="k1"
    )
    assert (taken.total_cents, taken.balance_after_cents) == (4000, 0)
    undone = payments.void(desk, taken.receipt, reason="wrong_patient")
    assert undone.balance_after_cents == payments.balance_cents(desk, patient.id) == 0
    assert payments.due(desk, patient.id) == []


def test_allocations_as_told(desk: Desk, visit: Appointment) -> None:
    def take(*entries: AllocationEntry, key: str = "k") -> Payment:
        return payments.take(
            desk, visit.patient_id, tenders=[card(3000)], allocations=entries, key=key
        )

    with pytest.raises(Invalid, match=r"5\.00 over"):
        take(AllocationEntry("copay", 3000))
    with pytest.raises(Invalid, match="Nothing of that kind"):
        take(AllocationEntry("balance", 3000, charge_id=77))
    with pytest.raises(Invalid, match=r"10\.00 less"):
        take(AllocationEntry("balance", 4000, charge_id=1))
    with pytest.raises(Invalid, match=r"5\.00 over"):
        take(AllocationEntry("copay", 2500))
    with pytest.raises(Invalid):
        take(AllocationEntry("copay", 1500), AllocationEntry("copay", 1500))
    with pytest.raises(Invalid):
        take(AllocationEntry("balance", -1000, charge_id=1))
    assert Payment.select().count() == 0
    told = take(AllocationEntry("balance", 2000, charge_id=1), AllocationEntry("prepayment", 1000))
    assert parts(told) == [("balance", 2000), ("prepayment", 1000)]


def test_the_same_key_is_the_same_receipt(desk: Desk, made: Clinic, visit: Appointment) -> None:
    first = payments.take(desk, visit.patient_id, tenders=[card(2500)], key="form-1")
    again = payments.take(desk, visit.patient_id, tenders=[card(2500)], key="form-1")
    assert again.receipt == first.receipt
    assert Payment.select().count() == 1
    with pytest.raises(Conflict):
        payments.take(desk, made.patient("KERR").id, tenders=[card(2500)], key="form-1")


def test_receipts_count_by_place_and_day(
    desk: Desk, made: Clinic, clock: FrozenClock, visit: Appointment
) -> None:
    def take(key: str, **where: Any) -> str:
        return payments.take(
            desk, visit.patient_id, tenders=[cash(100)], purpose="prepayment", key=key, **where
        ).receipt

    assert take("a") == "R-260318-001"
    assert take("b", location="EAST") == "E-260318-001"
    assert take("c") == "R-260318-002"
    clock.advance(hours=13, minutes=30)  # the 19th in New York, still the 18th in Chicago
    assert take("d", location="EAST") == "E-260319-001"
    assert take("e") == "R-260318-003"


@pytest.mark.parametrize("cents", [0, -100, 100_000_01, 10**12, 1.5, True, None, "25"])
def test_amounts_refused(desk: Desk, visit: Appointment, cents: Any) -> None:
    with pytest.raises(Invalid):
        payments.take(desk, visit.patient_id, tenders=[cash(cents)], key="k", allow_prepayment=True)
    with pytest.raises(Invalid):
        payments.charge(desk, visit.patient_id, kind="other", amount_cents=cents)
    assert Payment.select().count() == 0


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (card(2500, last4=""), "last4"),
        (card(2500, last4="441"), "last4"),
        (card(2500, last4="44a7"), "last4"),
        (card(2500, last4="٤٤١٧"), "last4"),
        (card(2500, last4="4111111111111111"), "tender"),
        (card(2500, approval=NUMBER), "tender"),
        (card(2500, approval="a b"), "approval"),
        (TenderEntry("check", 2500, reference=NUMBER), "tender"),
        (TenderEntry("cash", 2500, reference="12"), "tender"),
        (TenderEntry("cash", 2500, last4="4417"), "tender"),
        (TenderEntry("card", 2500, brand="diners", last4="4417"), "tender"),
        (TenderEntry("gold", 2500), "tender"),  # type: ignore[arg-type]
    ],
)
def test_tenders_refused(desk: Desk, visit: Appointment, entry: TenderEntry, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        payments.take(desk, visit.patient_id, tenders=[entry], key="k")
    assert refused.value.field == field
    assert "4111" not in refused.value.message + refused.value.hint
    assert Payment.select().count() == 0


def test_other_refusals(desk: Desk, made: Clinic, visit: Appointment) -> None:
    mine, other = visit.patient_id, made.patient("KERR", "DAN")
    merged = made.patient("GONE", status="merged")
    with pytest.raises(Invalid, match="Nothing was paid"):
        payments.take(desk, mine, tenders=[], key="k")
    with pytest.raises(Invalid, match="card numbers"):
        payments.take(desk, mine, tenders=[cash(100)], note=f"card {NUMBER}", key="k")
    with pytest.raises(Invalid, match="another patient"):
        payments.take(desk, other.id, tenders=[cash(100)], appointment_id=visit.id, key="k")
    with pytest.raises(NotFound):
        payments.take(desk, 999, tenders=[cash(100)], key="k")
    with pytest.raises(NotFound):
        payments.take(desk, mine, tenders=[cash(100)], location="MOON", key="k")
    with pytest.raises(Conflict, match="merged"):
        payments.take(desk, merged.id, tenders=[cash(100)], purpose="prepayment", key="k")
    with pytest.raises(Invalid) as kind:
        payments.charge(desk, mine, kind="tip", amount_cents=100)
    assert kind.value.field == "kind"
    with pytest.raises(Invalid) as day:
        payments.charge(
            desk, mine, kind="other", amount_cents=1, service_day=TODAY + timedelta(days=1)
        )
    assert day.value.field == "service_day"
    with pytest.raises(Invalid, match="card numbers"):
        payments.charge(desk, mine, kind="other", amount_cents=1, description=NUMBER)
    assert Payment.select().count() == 0


def test_permissions(desk: Desk, visit: Appointment) -> None:
    taken = payments.take(desk, visit.patient_id, tenders=[cash(100)], key="k")
    desk.actor = Actor("ann", "Ann", "x", frozenset({"take_payments", "view_money"}))
    with pytest.raises(NotAllowed):
        payments.void(desk, taken.receipt, reason="duplicate")
    desk.actor = Actor("ann", "Ann", "x", frozenset({"run_visits"}))
    with pytest.raises(NotAllowed):
        payments.take(desk, visit.patient_id, tenders=[cash(100)], key="k2")
    with pytest.raises(NotAllowed):
        payments.due(desk, visit.patient_id)


def test_void_mirrors_once_on_the_same_day(
    desk: Desk, clock: FrozenClock, visit: Appointment
) -> None:
    taken = payments.take(desk, visit.patient_id, tenders=[cash(10000)], key="k")
    with pytest.raises(Invalid) as no_reason:
        payments.void(desk, taken.receipt, reason="because")
    assert no_reason.value.field == "reason"
    assert "wrong_amount" in no_reason.value.hint
    mirror = payments.void(desk, "r-260318-001", reason="wrong_amount", key="v")
    assert (mirror.receipt, mirror.kind, mirror.voids_id) == ("R-260318-002", "void", taken.id)
    assert (mirror.total_cents, tenders(mirror)) == (-6500, [("cash", -6500, None)])
    assert parts(mirror) == [("copay", -2500), ("balance", -4000)]
    assert payments.void(desk, taken.receipt, reason="wrong_amount", key="v").id == mirror.id
    assert [(d.purpose, d.due_cents) for d in payments.due(desk, visit.patient_id)] == [
        ("copay", 2500),
        ("balance", 4000),
    ]
    for receipt, rule in ((taken.receipt, "voided"), (mirror.receipt, "is_void")):
        with pytest.raises(Conflict) as refused:
            payments.void(desk, receipt, reason="duplicate")
        assert refused.value.rule == rule
    with pytest.raises(NotFound):
        payments.void(desk, "R-260318-099", reason="duplicate")
    later = payments.take(desk, visit.patient_id, tenders=[cash(100)], key="k2")
    clock.advance(days=1)
    with pytest.raises(Conflict) as late:
        payments.void(desk, later.receipt, reason="duplicate")
    assert late.value.rule == "not_today"


def test_likely_duplicate(desk: Desk, clock: FrozenClock, visit: Appointment) -> None:
    who, paid = visit.patient_id, [cash(4000), card(2500)]
    assert payments.likely_duplicate(desk, who, 6500, paid) is None
    first = payments.take(desk, who, tenders=paid, key="k")
    found = payments.likely_duplicate(desk, who, 6500, list(reversed(paid)))
    assert found is not None and found.id == first.id
    assert payments.likely_duplicate(desk, who, 6500, [cash(4000), card(2500, "9999")]) is None
    clock.advance(minutes=11)
    assert payments.likely_duplicate(desk, who, 6500, paid) is None
    clock.advance(minutes=-11)
    payments.void(desk, first.receipt, reason="duplicate")
    assert payments.likely_duplicate(desk, who, 6500, paid) is None


def test_not_collected(desk: Desk, visit: Appointment) -> None:
    note = payments.not_collected(desk, visit.patient_id, reason="forgot", appointment_id=visit.id)
    assert (note.amount_cents, note.business_day) == (6500, TODAY)
    with pytest.raises(Invalid) as refused:
        payments.not_collected(desk, visit.patient_id, reason="lazy")
    assert refused.value.field == "reason"
    with pytest.raises(Invalid):
        payments.not_collected(desk, visit.patient_id, reason="bill", note=NUMBER)
    assert NotCollected.select().count() == 1


def test_a_charge_is_taken_back_once_and_only_unpaid(desk: Desk, visit: Appointment) -> None:
    with pytest.raises(Invalid):
        payments.reverse_charge(desk, 1, reason=" ")
    taken = payments.take(desk, visit.patient_id, tenders=[cash(100)], purpose="balance", key="k")
    with pytest.raises(Conflict) as paid:
        payments.reverse_charge(desk, 1, reason="billed twice")
    assert paid.value.rule == "paid"
    payments.void(desk, taken.receipt, reason="wrong_amount")
    back = payments.reverse_charge(desk, 1, reason="billed twice")
    assert (back.amount_cents, payments.balance_cents(desk, visit.patient_id)) == (-4000, 0)
    for charge_id in (1, back.id):
        with pytest.raises(Conflict):
            payments.reverse_charge(desk, charge_id, reason="again")


VANDALISM = (
    "UPDATE payment SET total_cents = 1",
    "UPDATE payment SET posted = 0",
    "DELETE FROM payment",
    "INSERT OR REPLACE INTO payment SELECT * FROM payment",
    "UPDATE tender SET amount_cents = 1",
    "DELETE FROM tender",
    "INSERT OR REPLACE INTO tender SELECT * FROM tender",
    "INSERT INTO tender SELECT id + 100, payment_id, kind, amount_cents, given_cents, reference,"
    " card_brand, card_last4, approval FROM tender",
    "UPDATE allocation SET amount_cents = 1",
    "DELETE FROM allocation",
    "INSERT OR REPLACE INTO allocation SELECT * FROM allocation",
    "INSERT INTO allocation (id, payment_id, purpose, amount_cents)"
    " SELECT id + 100, payment_id, 'prepayment', 5 FROM allocation",
    "UPDATE charge SET amount_cents = 1",
    "DELETE FROM charge",
    "INSERT OR REPLACE INTO charge SELECT * FROM charge",
    "UPDATE not_collected SET reason = 'zero'",
    "DELETE FROM not_collected",
    "INSERT OR REPLACE INTO not_collected SELECT * FROM not_collected",
)
TABLES = ("payment", "tender", "allocation", "charge", "not_collected")


@pytest.mark.parametrize("sql", VANDALISM)
def test_posted_money_cannot_be_changed(desk: Desk, visit: Appointment, sql: str) -> None:
    payments.take(desk, visit.patient_id, tenders=[cash(100)], key="k")
    payments.not_collected(desk, visit.patient_id, reason="bill")
    before = [desk.rows(f"SELECT * FROM {table}") for table in TABLES]
    with pytest.raises(peewee.IntegrityError):
        desk.database.execute_sql(sql)
    assert [desk.rows(f"SELECT * FROM {table}") for table in TABLES] == before


def copied(desk: Desk, **changes: Any) -> dict[str, Any]:
    """A payment row like the last one, unposted, with the next number."""
    values = Payment.select().order_by(Payment.id.desc()).get().__data__.copy()
    del values["id"]
    values.update(sequence=values["sequence"] + 1, receipt="R-X", posted=False, **changes)
    return values


@pytest.mark.parametrize(
    "change", [{"sequence": 3}, {"sequence": 1}, {"posted": True}], ids=["gap", "again", "posted"]
)
def test_a_receipt_number_out_of_line_is_refused(
    desk: Desk, visit: Appointment, change: dict[str, Any]
) -> None:
    payments.take(desk, visit.patient_id, tenders=[cash(100)], key="k")
    with pytest.raises(peewee.IntegrityError, match="receipt_sequence"):
        Payment.insert({**copied(desk), **change}).execute()


def seal(desk: Desk, tender: int, allocation: int, **header: Any) -> None:
    with desk.database.atomic():
        row = Payment.insert(copied(desk, **header)).execute()
        Tender.insert(payment=row, kind="cash", amount_cents=tender, card_brand="").execute()
        Allocation.insert(payment=row, purpose="prepayment", amount_cents=allocation).execute()
        Payment.update(posted=True).where(Payment.id == row).execute()


def test_a_payment_that_does_not_add_up_cannot_be_posted(desk: Desk, visit: Appointment) -> None:
    first = payments.take(desk, visit.patient_id, tenders=[cash(100)], key="k")
    void = {"kind": "void", "voids": first.id}
    for tender, allocation, header in (
        (100, 99, {}),
        (99, 100, {}),
        (-100, -100, {"total_cents": -100}),
        (-90, -90, {"total_cents": -90, **void}),
        (100, 100, {"voids": first.id}),
        (-100, -100, {"total_cents": -100, "kind": "void"}),
    ):
        with pytest.raises(peewee.IntegrityError, match=r"payment_unbalanced|allocation_under"):
            seal(desk, tender, allocation, **header)
    seal(desk, 100, 100)
    assert Payment.select().count() == 2


CENTS = st.integers(-100, 7000)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.integers(0, 1), CENTS, CENTS),
        st.tuples(st.just("take"), st.integers(0, 1), CENTS, CENTS),
        st.tuples(st.just("prepay"), st.integers(0, 1), CENTS, CENTS),
        st.tuples(st.just("void"), st.integers(0, 1), st.integers(0, 8), CENTS),
        st.tuples(st.just("again"), st.integers(0, 1), CENTS, CENTS),
        st.tuples(st.just("vandal"), st.integers(0, 1), st.integers(0, 13), CENTS),
    ),
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(ACTIONS)
def test_money_always_adds_up(actions: list[tuple[str, int, int, int]]) -> None:
    with TemporaryDirectory() as folder:
        desk = setup.init(
            Settings(database=str(Path(folder) / "c.db")),
            login="m",
            name="M",
            clock=FrozenClock(NOW),
        )
        try:
            _play(desk, actions)
        finally:
            desk.close()


def _play(desk: Desk, actions: list[tuple[str, int, int, int]]) -> None:
    made = clinic(desk)
    people = [made.patient(), made.patient("KERR", "DAN")]
    model = {p.id: 0 for p in people}
    voided: set[int] = set()
    for step, (action, who, first, second) in enumerate(actions):
        patient, count = people[who].id, Payment.select().count()
        key = f"key-{step}"

        def take(*paid: TenderEntry, who: int = patient, key: str = key, **how: Any) -> Payment:
            return payments.take(desk, who, tenders=paid, key=key, **how)

        if action == "charge" and _done(
            lambda p=patient, c=first: payments.charge(desk, p, kind="other", amount_cents=c)
        ):
            assert first > 0
            model[patient] += first
        elif action in ("take", "prepay", "again"):
            prepay = {"allow_prepayment": action == "prepay"}
            owed = sum(d.due_cents for d in payments.due(desk, patient))
            payment = _done(lambda a=first, b=second, h=prepay: take(cash(a), card(b), **h))
            legal = first > 0 and second > 0
            if action == "prepay":
                assert bool(payment) == legal
            elif payment:
                assert legal and payment.total_cents <= owed
            if payment:
                model[patient] -= payment.total_cents
                if action == "again":
                    assert take(cash(first), card(second)).id == payment.id
                assert payment.balance_after_cents == model[patient]
        elif action == "void":
            made_void = _done(
                lambda n=first: payments.void(desk, f"R-260318-{n:03d}", reason="duplicate")
            )
            target = Payment.get_or_none(Payment.receipt == f"R-260318-{first:03d}")
            legal = target is not None and target.kind == "payment" and target.id not in voided
            assert bool(made_void) == legal
            if made_void:
                voided.add(target.id)
                model[target.patient_id] += target.total_cents
        elif action == "vandal" and count:
            with pytest.raises(peewee.IntegrityError):
                desk.database.execute_sql(VANDALISM[min(first, 11)])
        _check(desk, model)


def _done(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except DesktermError:
        return None


def _check(desk: Desk, model: dict[int, int]) -> None:
    numbers = [n for (n,) in desk.rows("SELECT sequence FROM payment ORDER BY id")]
    assert numbers == list(range(1, len(numbers) + 1))
    for payment_id, total, posted in desk.rows("SELECT id, total_cents, posted FROM payment"):
        sums = [
            desk.rows(f"SELECT sum(amount_cents) FROM {t} WHERE payment_id = ?", payment_id)[0][0]
            for t in ("tender", "allocation")
        ]
        assert (sums, posted) == ([total, total], 1)
    for patient, balance in model.items():
        assert payments.balance_cents(desk, patient) == balance
        assert sum(d.due_cents for d in payments.due(desk, patient)) == max(balance, 0)
    entries = desk.rows("SELECT count(*) FROM journal WHERE entity = 'payment'")
    assert entries == [(len(numbers),)]
