"""All the money of a small practice by random: three clerks, two places, right and wrong input.

After every step the books are added up again from the rows alone, never by the functions under
test. ``DESKTERM_PROPERTY=long`` runs it for minutes instead of seconds.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deskterm.clock import FrozenClock
from deskterm.config import Policy, Settings
from deskterm.db import journal
from deskterm.entry.money import TenderEntry
from deskterm.errors import DesktermError
from deskterm.office import (
    adjustments,
    charges,
    clinic,
    dayclose,
    deposits,
    drawer_figures,
    families,
    instalments,
    ledger,
    payments,
    refunds,
    remittances,
    shifts,
    visits,
)
from deskterm.office.charges import ChargeLine
from deskterm.office.desk import find_actor
from deskterm.office.payments import AllocationEntry
from deskterm.office.shifts import Count
from tests import factories
from tests.conftest import NOW
from tests.factories import TODAY, second

T = TypeVar("T")
LONG = os.environ.get("DESKTERM_PROPERTY") == "long"
LONG_AGO = date(2020, 1, 1)
NOBODY = 99  # a choice that stands for something that is not there
PEOPLE = ("KERR", "COLE", "O'NEIL", "NGUYEN")

# What a rule may be given, by the name of its argument. Good values stand more often than bad.
CHOICES: dict[str, tuple[Any, ...]] = {
    "who": (0, 0, 1, 1, 2),
    "person": (0, 1, 2, 3, 0, 1, 2, 3, NOBODY),
    "number": (0, 0, 0, 1, 1, 2, 3, 5, NOBODY),
    "cents": (2500, 2500, 1000, 700, 12_000, 1, 2500, 0, -500, 10_000_001),
    "part": (None, None, 500, 100, 1, 700, 0, 50_000),
    "odd": (False, False, False, True),
    "place": ("MAIN", "MAIN", "EAST"),
    "way": ("cash", "card", "check", "split"),
    "code": ("99213", "G0438", "99213", "00000"),
    "kind": ("form_fee", "other", "no_show_fee", "unknown"),
    "why": ("write_off", "courtesy", "small_balance", "transfer", "copay"),
    "side": ("patient", "insurance"),
    "move": ("paid_in", "paid_out", "drop"),
    "days": (1, 1, 1, 12),  # after twelve days a check has cleared
    "count": (1, 2, 3, 12, 0),
    "every": ("week", "month", "two_weeks", "year"),
}

# Each names the rows that must not exist.
LAWS = {
    "a payment that does not add up": """
        SELECT y.id FROM payment y WHERE y.posted <> 1
          OR y.total_cents <> coalesce(
            (SELECT sum(amount_cents) FROM tender WHERE payment_id = y.id), 0)
          OR y.total_cents <> coalesce(
            (SELECT sum(amount_cents) FROM allocation WHERE payment_id = y.id), 0)""",
    "a void that is no mirror, or the second of one receipt": """
        SELECT v.id FROM payment v JOIN payment y ON y.id = v.voids_id
        WHERE v.total_cents <> -y.total_cents OR v.patient_id <> y.patient_id
          OR y.kind = 'void' OR EXISTS (SELECT 1 FROM payment w
            WHERE w.voids_id = y.id AND w.id <> v.id)""",
    "more given back than was taken": """
        SELECT y.id FROM payment y WHERE y.kind = 'payment' AND y.total_cents
          + coalesce((SELECT sum(t.total_cents) FROM payment t WHERE t.original_id = y.id), 0)
          + coalesce((SELECT sum(v.total_cents) FROM payment t JOIN payment v ON v.voids_id = t.id
              WHERE t.original_id = y.id), 0) < 0""",
    "something given back of a receipt that is voided": """
        SELECT y.id FROM payment y JOIN payment v ON v.voids_id = y.id
        JOIN payment t ON t.original_id = y.id
        WHERE NOT EXISTS (SELECT 1 FROM payment w WHERE w.voids_id = t.id)""",
    "a charge taken back twice, or not by its negative": """
        SELECT r.id FROM charge r JOIN charge c ON c.id = r.reverses_id
        WHERE r.amount_cents <> -c.amount_cents OR r.insurance_cents <> -c.insurance_cents
          OR c.reverses_id IS NOT NULL""",
    "deposits with a gap": """
        SELECT location_id FROM deposit GROUP BY location_id
        HAVING count(*) <> max(number) OR min(number) <> 1""",
    "a drawer taken to the bank twice": """
        SELECT j.value FROM deposit d, json_each(d.items, '$.shifts') j
        GROUP BY j.value HAVING count(*) > 1""",
    "a drawer open on a day that is closed": """
        SELECT s.id FROM shift s WHERE s.closed_at IS NULL AND 'close' = (
          SELECT d.action FROM day_close d WHERE d.location_id = s.location_id
            AND d.business_day = s.business_day AND d.action IN ('close', 'reopen')
          ORDER BY d.id DESC LIMIT 1)""",
    "a day approved by the one who closed it": """
        SELECT a.id FROM day_close a WHERE a.action = 'approve' AND a.by = (
          SELECT d.by FROM day_close d WHERE d.location_id = a.location_id
            AND d.business_day = a.business_day AND d.action = 'close' AND d.id < a.id
          ORDER BY d.id DESC LIMIT 1)""",
    "money on another's charge, without saying whose": """
        SELECT x.id FROM allocation x JOIN payment y ON y.id = x.payment_id
        JOIN charge c ON c.id = x.charge_id
        WHERE c.patient_id <> coalesce(x.patient_id, y.patient_id)""",
    "a plan's payment in a drawer": """
        SELECT id FROM payment WHERE plan_id IS NOT NULL AND shift_id IS NOT NULL""",
    "a payment plan that is not the sum of its charges": """
        SELECT p.id FROM instalment_plan p WHERE p.amount_cents <> (
          SELECT sum(amount_cents) FROM instalment_charge WHERE plan_id = p.id)""",
    "a charge on two plans at once": """
        SELECT i.charge_id FROM instalment_charge i JOIN instalment_plan p ON p.id = i.plan_id
        WHERE p.ended_at IS NULL GROUP BY i.charge_id HAVING count(*) > 1""",
    "a fee for a missed visit that was not missed, and is not paid": """
        SELECT c.id FROM charge c JOIN appointment a ON a.id = c.appointment_id
        WHERE c.kind = 'no_show_fee' AND c.reverses_id IS NULL AND a.lifecycle = 'scheduled'
          AND NOT EXISTS (SELECT 1 FROM charge r WHERE r.reverses_id = c.id)
          AND NOT EXISTS (SELECT 1 FROM allocation x WHERE x.charge_id = c.id)
          AND NOT EXISTS (SELECT 1 FROM adjustment j WHERE j.charge_id = c.id)""",
    "a link to nothing": "PRAGMA foreign_key_check",
}  # fmt: skip

# What belongs to one place and day: a digest of these rows says whether a closed day changed.
DATED = (
    *(
        f"SELECT * FROM {table} WHERE business_day = :day AND location_id = :place ORDER BY id"
        for table in ("payment", "charge", "adjustment", "not_collected", "deposit", "shift")
    ),
    *(
        f"SELECT x.* FROM {table} x JOIN {owner} o ON o.id = x.{owner}_id"
        " WHERE o.business_day = :day AND o.location_id = :place ORDER BY x.id"
        for table, owner in (
            ("tender", "payment"), ("allocation", "payment"),
            ("cash_movement", "shift"), ("drawer_count", "shift"),
        )
    ),
)  # fmt: skip

RULES: list[str] = []


def by_choice(act: Callable[..., None]) -> Callable[..., None]:
    """A rule whose arguments come from :data:`CHOICES` by their names."""
    names = list(inspect.signature(act).parameters)[1:]
    RULES.append(act.__name__)
    made: Callable[..., None] = rule(**{name: st.sampled_from(CHOICES[name]) for name in names})(
        act
    )
    return made


def way_of_paying(kind: str, cents: int, number: int = 1042) -> TenderEntry:
    if kind == "card":
        return TenderEntry("card", cents, brand="visa", last4="4417", approval="A1")
    return TenderEntry("check", cents, str(number)) if kind == "check" else TenderEntry(
        "cash", cents)  # fmt: skip


def ids(done: Any) -> list[int]:
    return [row.id for row in done] if isinstance(done, list) else [done.id]


class Money(RuleBasedStateMachine):
    """Everything that is done with money, by an owner, a manager and a front desk clerk."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FrozenClock(NOW)
        policy = Policy(free_horizon=4, own_void_alone=True, no_show_fee=4000)
        made = Settings(database=str(self.folder / "clinic.db"), policy=policy)
        self.desk = clinic.init(made, login="mlopez", name="Maria Lopez", clock=self.clock)
        self.desks = [self.desk]
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.keys = 0
        self.checks = 1000
        self.closed: dict[tuple[int, str], str] = {}
        self.frozen: dict[tuple[int, str], dict[str, int]] = {}

    @initialize()
    def open(self) -> None:
        for number, (login, role) in enumerate((("dana", "manager"), ("kim", "front_desk")), 2):
            clinic.add_staff(self.desk, login=login, name=login.title(), role=role)
            actor = find_actor(self.desk.database, self.desk.settings, login)
            self.desks.append(replace(self.desk, actor=actor, workstation=f"d{number}"))
        second(self.desk, "payment.void")
        house = factories.clinic(self.desk)
        for code, cents in (("99213", 18_000), ("G0438", 25_000)):
            charges.set_fee(self.desk, code, cents, starts_on=LONG_AGO)
        for number, name in enumerate(PEOPLE):
            patient = house.patient(name)
            if number < 2:  # the other two pay for themselves
                house.cover(patient)
            for days in (0, 1, 2, 14):
                house.appointment(
                    patient,
                    datetime(2026, 3, 18, 10 + number) + timedelta(days),
                    "RN" if number == 3 else "NOVAK",
                    location="EAST" if number == 3 else "MAIN",
                )
            payments.charge(self.desk, patient.id, kind="form_fee", amount_cents=2500)

    def teardown(self) -> None:
        self.desk.close()
        shutil.rmtree(self.folder)

    # -- doing something, and judging how it was done

    def tables(self) -> str:
        """A digest of every row of every table."""
        found = hashlib.sha256()
        for (name,) in self.desk.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ):
            found.update(repr(self.desk.rows(f"SELECT * FROM {name}")).encode())
        return found.hexdigest()

    def do(self, name: str, act: Callable[[], T], *, again: bool = False) -> T | None:
        """Do it; refused, it changed nothing; done, it is one entry. ``again``: a keyed repeat."""
        for desk in self.desks:
            desk.views.flush()  # looks that wait are entries of their own, and not of this
        before, (seq, _) = self.tables(), journal.head(self.desk.database)
        try:
            done = act()
        except DesktermError as error:
            assert error.message and self.tables() == before, f"{name} was refused but changed"
            self.refused[f"{name}: {error.details.get('rule') or error.kind}"] += 1
            return None
        grown = journal.head(self.desk.database)[0] - seq
        assert grown == 1, f"{name} wrote {grown} entries"
        self.done[name] += 1
        if again:
            after = self.tables()
            assert ids(act()) == ids(done) and self.tables() == after, f"{name} was done twice"
        if getattr(done, "receipt", None):
            said = done.balance_after_cents  # type: ignore[attr-defined]
            owed = self.owed_by_rows()[done.patient_id]  # type: ignore[attr-defined]
            assert said == owed, f"the receipt of {name} says {said}, the rows say {owed}"
        return done

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def nth(self, sql: str, number: int, *params: Any) -> Any:
        """The first column of some row, the newest first, or something that is not there."""
        found = [row[0] for row in self.desk.rows(sql, *params)]
        missing: Any = "R-000000-999" if "receipt" in sql else 99_999
        return found[number % len(found)] if found and number != NOBODY else missing

    def patient(self, number: int) -> int:
        return int(self.nth("SELECT id FROM patient ORDER BY id", number))

    def receipt(self, number: int, kind: str = "%", tender: str = "%") -> str:
        return str(self.nth(
            "SELECT receipt FROM payment y WHERE kind LIKE ? AND (? = '%' OR EXISTS (SELECT 1"
            " FROM tender t WHERE t.payment_id = y.id AND t.kind LIKE ?)) ORDER BY id DESC",
            number, kind, tender, tender,
        ))  # fmt: skip

    def open_shift_id(self, number: int, extra: str = "") -> int:
        sql = f"SELECT id FROM shift s WHERE closed_at IS NULL {extra} ORDER BY id DESC"
        return int(self.nth(sql, number))

    def open_charge_id(self, number: int, side: str) -> int:
        """A charge with something left on that side, the newest first."""
        left = sorted(
            (row for (row, whose), cents in self.left_by_rows().items()
             if whose == side and cents > 0), reverse=True
        )  # fmt: skip
        return left[number % len(left)] if left and number != NOBODY else 99_999

    def charge_id(self, number: int) -> int:
        return int(self.nth("SELECT id FROM charge WHERE reverses_id IS NULL ORDER BY id DESC",
                            number))  # fmt: skip

    # -- charges

    @by_choice
    def charge_by_code(self, who: int, number: int, code: str, odd: bool) -> None:
        visit = self.nth("SELECT id FROM appointment WHERE day <= ? ORDER BY day DESC, id",
                         number, self.desk.today().isoformat())  # fmt: skip
        key = self.key()
        self.do("charge by code", lambda: charges.post(
            self.desks[who], visit, [ChargeLine(code)], self_pay=odd, key=key),
            again=True)  # fmt: skip

    @by_choice
    def charge(self, who: int, person: int, kind: str, cents: int) -> None:
        row, key = self.patient(person), self.key()
        self.do("charge", lambda: payments.charge(
            self.desks[who], row, kind=kind, amount_cents=cents, key=key), again=True)  # fmt: skip

    @by_choice
    def charge_back(self, who: int, number: int, odd: bool) -> None:
        row = self.charge_id(number)
        self.do("take a charge back", lambda: payments.reverse_charge(
            self.desks[who], row, reason="" if odd else "charged in error"))  # fmt: skip

    @by_choice
    def set_fee(self, who: int, code: str, cents: int) -> None:
        self.do("set fee", lambda: charges.set_fee(self.desks[who], code, cents))

    # -- money in

    @by_choice
    def take(self, who: int, person: int, way: str, cents: int, odd: bool) -> None:
        row, key = self.patient(person), self.key()
        self.checks += 1
        kinds = ("cash", "card") if way == "split" else (way,)
        tenders = [way_of_paying(kind, cents, self.checks) for kind in kinds]
        self.do(f"take {way}", lambda: payments.take(
            self.desks[who], row, tenders=tenders, allow_prepayment=odd, key=key),
            again=True)  # fmt: skip

    @by_choice
    def take_prepayment(self, who: int, person: int, way: str, cents: int) -> None:
        row, key = self.patient(person), self.key()
        tenders = [way_of_paying("cash" if way == "split" else way, cents)]
        self.do("take a prepayment", lambda: payments.take(
            self.desks[who], row, tenders=tenders, purpose="prepayment", key=key),
            again=True)  # fmt: skip

    @by_choice
    def take_for_visit(self, who: int, number: int, way: str, cents: int) -> None:
        visit = self.nth("SELECT id FROM appointment WHERE day <= ? ORDER BY day DESC, id",
                         number, self.desk.today().isoformat())  # fmt: skip
        whose = self.desk.rows("SELECT patient_id FROM appointment WHERE id = ?", visit)
        row, key = (whose[0][0] if whose else self.patient(0)), self.key()
        tenders = [way_of_paying("cash" if way == "split" else way, cents)]
        self.do("take for a visit", lambda: payments.take(
            self.desks[who], row, tenders=tenders, appointment_id=visit, purpose="copay", key=key),
            again=True)  # fmt: skip

    @by_choice
    def take_as_told(self, who: int, person: int, part: int | None, odd: bool) -> None:
        """The clerk says what it is for: the last thing due first, and maybe some to be held."""
        row, key = self.patient(person), self.key()
        due = [d for d in payments.due(self.desk, row) if d.charge_id] if row < 99 else []
        told = [AllocationEntry(d.purpose, part if part is not None else d.due_cents, d.charge_id)
                for d in due[-2:]] + [AllocationEntry("prepayment", 300)] * odd  # fmt: skip
        tenders = [TenderEntry("cash", sum(entry.amount for entry in told))]
        self.do("take as told", lambda: payments.take(
            self.desks[who], row, tenders=tenders, allocations=told, key=key),
            again=True)  # fmt: skip

    @by_choice
    def take_for_family(self, who: int, person: int, way: str, cents: int, odd: bool) -> None:
        """One receipt for everybody of the family, or for somebody who is not of it."""
        row, key = self.patient(person), self.key()
        also = [m.patient_id for m in families.others(self.desk, row)] if row < 99 else []
        tenders = [way_of_paying("card" if way == "split" else way, cents)]
        self.do("take for the family", lambda: payments.take(
            self.desks[who], row, tenders=tenders, family=[*also, *([1] * odd)], ahead=odd,
            key=key), again=True)  # fmt: skip

    @by_choice
    def guarantor(self, who: int, person: int, number: int, odd: bool) -> None:
        row, other = self.patient(person), self.patient(number)
        self.do("guarantor", lambda: families.end_guarantor(self.desks[who], row) if odd
                else families.set_guarantor(self.desks[who], row, other))  # fmt: skip

    @by_choice
    def plan_instalments(self, who: int, person: int, count: int, every: str, days: int) -> None:
        row, key = self.patient(person), self.key()
        first = self.desk.today() + timedelta(days - 1)
        self.do("set up a plan", lambda: instalments.set_up(
            self.desks[who], row, instalments=count, first_on=first, every=every, key=key),
            again=True)  # fmt: skip

    @by_choice
    def end_plan(self, who: int, number: int, odd: bool) -> None:
        row = int(self.nth("SELECT id FROM instalment_plan ORDER BY id DESC", number))
        self.do("end a plan", lambda: instalments.end(
            self.desks[who], row, reason="" if odd else "paid at once"))  # fmt: skip

    @by_choice
    def insurance(self, number: int, cents: int, part: int | None, odd: bool) -> None:
        """A plan pays some of the newest open charges, takes off and moves the rest."""
        rows = {self.open_charge_id(number, "insurance"), self.open_charge_id(0, "insurance")}
        lines = [
            remittances.RemittanceLine(row, 0 if odd else cents, part or 0, 300 * odd, "denied")
            for row in sorted(rows)
        ]
        key = self.key()
        self.do("a plan pays", lambda: remittances.post(
            self.desks[number % 2], "AETPPO", lines, number=f"E{number}", method="check",
            key=key).payment or [])  # fmt: skip

    @by_choice
    def no_show(self, who: int, number: int, odd: bool) -> None:
        visit = int(self.nth("SELECT id FROM appointment WHERE lifecycle = 'scheduled'"
                             " AND day <= ? ORDER BY day DESC, id", number,
                             self.desk.today().isoformat()))  # fmt: skip
        why = "in hospital" if odd else ""
        self.do("no-show", lambda: visits.no_show(
            self.desks[who], visit, waive_fee=odd, reason=why))  # fmt: skip

    @by_choice
    def visit_back(self, who: int, number: int) -> None:
        visit = int(self.nth("SELECT id FROM appointment WHERE lifecycle = 'no_show'"
                             " ORDER BY id DESC", number))  # fmt: skip
        self.do("take a no-show back", lambda: visits.undo(self.desks[who], visit))

    @by_choice
    def not_collected(self, who: int, person: int, part: int | None) -> None:
        row = self.patient(person)
        self.do("not collected", lambda: payments.not_collected(
            self.desks[who], row, reason="forgot", amount_cents=part))  # fmt: skip

    @by_choice
    def apply_credit(self, who: int, person: int, part: int | None) -> None:
        row = self.patient(person)
        self.do("apply credit", lambda: refunds.apply_credit(
            self.desks[who], row, amount_cents=part))  # fmt: skip

    # -- money back

    @by_choice
    def void(self, who: int, number: int, odd: bool) -> None:
        receipt = self.receipt(number)
        yes = second(self.desks[who], "payment.void")
        self.do("void", lambda: payments.void(
            self.desks[who], receipt, reason="" if odd else "duplicate", approval=yes))  # fmt: skip

    @by_choice
    def refund(self, who: int, number: int, part: int | None, odd: bool) -> None:
        receipt, key = self.receipt(number, "payment"), self.key()
        yes = None if odd and number == 0 else second(self.desks[who], "payment.refund")
        self.do("refund", lambda: refunds.refund(
            self.desks[who], receipt, amount_cents=part, reason="overpaid", key=key,
            approval=yes), again=True)  # fmt: skip

    @by_choice
    def refund_with_charge(self, who: int, number: int) -> None:
        receipt = self.receipt(number, "payment")
        yes = second(self.desks[who], "payment.refund")
        self.do("refund and take the charge back", lambda: refunds.refund(
            self.desks[who], receipt, reason="cancelled", take_charge_back=True,
            approval=yes))  # fmt: skip

    @by_choice
    def refund_by_check(self, who: int, number: int, cents: int) -> None:
        receipt = self.receipt(number, "payment")
        yes = second(self.desks[who], "payment.refund")
        self.do("refund by check", lambda: refunds.refund(
            self.desks[who], receipt, tenders=[way_of_paying("check", cents, 7)],
            reason="other", approval=yes))  # fmt: skip

    @by_choice
    def correct(self, who: int, number: int, way: str, part: int | None) -> None:
        receipt = self.receipt(number, "payment")
        found = self.desk.rows("SELECT id FROM payment WHERE receipt = ?", receipt)
        left = refunds.tenders_left(self.desk, found[0][0]) if found else []
        was = left[0] if left else refunds.TenderLeft("cash", "", "", "", 100)
        now = way_of_paying("cash" if way == "split" else way, part or was.cents, 77)
        yes = second(self.desks[who], "payment.correct")
        self.do("correct tender", lambda: refunds.correct_tender(
            self.desks[who], receipt, was=was, now=now, approval=yes))  # fmt: skip

    @by_choice
    def returned_check(self, who: int, number: int, odd: bool) -> None:
        receipt = self.receipt(number, "payment", "check")
        check = self.desk.rows("SELECT t.reference FROM tender t JOIN payment y ON y.id ="
                               " t.payment_id WHERE y.receipt = ? AND t.kind = 'check'",
                               receipt)  # fmt: skip
        self.do("returned check", lambda: refunds.returned_check(
            self.desks[who], receipt, number=check[0][0] if check else "1",
            fee_cents=0 if odd else None))  # fmt: skip

    # -- what changes a charge without money

    @by_choice
    def adjust(self, who: int, number: int, why: str, side: str, cents: int) -> None:
        row = self.open_charge_id(number, side)
        yes = second(self.desks[who], "charge.adjust")
        self.do("write off", lambda: adjustments.adjust(
            self.desks[who], row, kind=why, amount_cents=cents, reason="courtesy", side=side,
            approval=yes))  # fmt: skip

    @by_choice
    def contractual(self, who: int, number: int, cents: int) -> None:
        row = self.open_charge_id(number, "insurance")
        self.do("contractual", lambda: adjustments.adjust(
            self.desks[who], row, kind="contractual", amount_cents=cents, reason="contract",
            side="insurance"))  # fmt: skip

    @by_choice
    def adjustment_back(self, who: int, number: int, odd: bool) -> None:
        row = self.nth("SELECT id FROM adjustment ORDER BY id DESC", number)
        self.do("take an adjustment back", lambda: adjustments.take_back(
            self.desks[who], row, reason="" if odd else "mistaken"))  # fmt: skip

    @by_choice
    def transfer(self, who: int, number: int, side: str, cents: int) -> None:
        row = self.open_charge_id(number, "insurance" if side == "patient" else "patient")
        self.do(f"transfer to the {side}", lambda: adjustments.transfer(
            self.desks[who], row, amount_cents=cents, to=side, reason="denied"))  # fmt: skip

    # -- the drawer

    @by_choice
    def open_shift(self, who: int, place: str, odd: bool) -> None:
        desk = self.desks[who]
        self.do("open shift", lambda: shifts.open_shift(
            desk, desk.workstation, float_cents=-1 if odd else 10_000, location=place))  # fmt: skip

    @by_choice
    def move_cash(self, who: int, number: int, move: str, cents: int) -> None:
        row, key = self.open_shift_id(number), self.key()
        self.do(f"cash {move}", lambda: shifts.move_cash(
            self.desks[who], row, move, cents, reason="stamps", key=key), again=True)  # fmt: skip

    def what_is_there(self, shift_id: int, off: int = 0) -> Count:
        if not self.desk.rows("SELECT 1 FROM shift WHERE id = ?", shift_id):
            return Count()
        there = drawer_figures.expected(self.desk, shift_id)
        return Count(cash_cents=there.cash + off, checks=there.checks, cards=there.cards)

    @by_choice
    def hand_over(self, who: int, number: int, odd: bool) -> None:
        row = self.open_shift_id(number)
        self.do("hand over", lambda: shifts.hand_over(
            self.desks[who], row, "nobody" if odd else "kim", self.what_is_there(row)))  # fmt: skip

    @by_choice
    def count(self, who: int, number: int, odd: bool) -> None:
        row = self.open_shift_id(number)
        found = self.what_is_there(row, 100 * odd)
        self.do("count", lambda: shifts.count(self.desks[who], row, found))

    @by_choice
    def close_shift(self, who: int, number: int, odd: bool) -> None:
        row = self.open_shift_id(
            number, "AND EXISTS (SELECT 1 FROM drawer_count c WHERE c.shift_id = s.id)"
        )
        self.do("close shift", lambda: shifts.close_shift(
            self.desks[who], row, reason="" if odd else "recounted"))  # fmt: skip

    @by_choice
    def deposit(self, who: int, place: str) -> None:
        self.do("deposit", lambda: deposits.deposit(self.desks[who], location=place, bag="7"))

    # -- the day

    @by_choice
    def freeze(self, who: int, place: str) -> None:
        self.do("freeze", lambda: dayclose.freeze(self.desks[who], location=place))

    @by_choice
    def thaw(self, who: int, place: str) -> None:
        self.do("thaw", lambda: dayclose.thaw(self.desks[who], location=place))

    @by_choice
    def close_day(self, who: int, place: str, odd: bool) -> None:
        self.do("close day", lambda: dayclose.close(
            self.desks[who], location=place, reason="" if odd else "evening"))  # fmt: skip

    @by_choice
    def finish_day(self, who: int, place: str) -> None:
        """The whole evening at once, so that later steps meet days that are closed."""
        desk, today = self.desks[who], self.desk.today()
        for (row,) in self.desk.rows(
            "SELECT s.id FROM shift s JOIN location l ON l.id = s.location_id WHERE l.code = ?"
            " AND s.business_day = ? AND s.closed_at IS NULL", place, today.isoformat()
        ):  # fmt: skip
            found = self.what_is_there(row)
            if found.cash_total < 0:  # more was refunded than the float holds
                found = replace(found, cash_cents=0)
            self.do("count", lambda row=row, found=found: shifts.count(desk, row, found))
            self.do("close shift", lambda row=row: shifts.close_shift(desk, row, reason="evening"))
        self.do("deposit", lambda: deposits.deposit(desk, location=place, day=today))
        self.do("close day", lambda: dayclose.close(
            desk, location=place, day=today, reason="evening"))  # fmt: skip

    @by_choice
    def approve(self, who: int, place: str) -> None:
        self.do("approve", lambda: dayclose.approve(self.desks[who], location=place))

    @by_choice
    def reopen(self, who: int, place: str, odd: bool) -> None:
        yes = None if odd else second(self.desks[who], "day.reopen")
        self.do("reopen", lambda: dayclose.reopen(
            self.desks[who], reason="one check more", location=place, approval=yes))  # fmt: skip

    @by_choice
    def next_day(self, days: int) -> None:
        self.clock.advance(days=days)

    # -- what must hold after every step

    def owed_by_rows(self) -> dict[int, int]:
        """Each patient's balance, added up row by row."""
        owed: dict[int, int] = defaultdict(int)
        whose = dict(self.desk.rows("SELECT id, patient_id FROM charge"))
        for patient, cents in self.desk.rows(
            "SELECT patient_id, amount_cents - insurance_cents FROM charge"
        ):
            owed[patient] += cents
        for charge, cents in self.desk.rows("SELECT charge_id, patient_cents FROM adjustment"):
            owed[whose[charge]] += cents
        for charge, side, other, payer, cents in self.desk.rows(
            "SELECT x.charge_id, x.side, x.patient_id, y.patient_id, x.amount_cents"
            " FROM allocation x JOIN payment y ON y.id = x.payment_id"
        ):
            if charge is None or side == "patient":
                owed[other or payer if charge is None else whose[charge]] -= cents
        return owed

    def left_by_rows(self) -> dict[tuple[int, str], int]:
        """What is open of each charge on each side, added up row by row."""
        left: dict[tuple[int, str], int] = defaultdict(int)
        for row, reverses, cents, plan in self.desk.rows(
            "SELECT id, reverses_id, amount_cents, insurance_cents FROM charge"
        ):
            left[reverses or row, "patient"] += cents - plan
            left[reverses or row, "insurance"] += plan
        for row, cents, plan in self.desk.rows(
            "SELECT charge_id, patient_cents, insurance_cents FROM adjustment"
        ):
            left[row, "patient"] += cents
            left[row, "insurance"] += plan
        for row, side, cents in self.desk.rows(
            "SELECT charge_id, side, amount_cents FROM allocation WHERE charge_id IS NOT NULL"
        ):
            left[row, side] -= cents
        return left

    @invariant()
    def the_journal_holds(self) -> None:
        assert list(journal.verify(self.desk.database, self.desk.secret)) == []

    @invariant()
    def no_law_is_broken(self) -> None:
        for law, sql in LAWS.items():
            assert self.desk.rows(sql) == [], law

    @invariant()
    def balances_are_sums(self) -> None:
        owed, left = self.owed_by_rows(), self.left_by_rows()
        whose = dict(self.desk.rows("SELECT id, patient_id FROM charge"))
        parts: Counter[tuple[int, str]] = Counter()
        for (charge, side), cents in left.items():
            parts[whose[charge], side] += cents
        for (patient,) in self.desk.rows("SELECT id FROM patient"):
            found = ledger.balance(self.desk, patient)
            assert found.patient_cents == owed[patient]
            assert found.insurance_cents == parts[patient, "insurance"]
            assert found.credit_cents == parts[patient, "patient"] - owed[patient] >= 0
            assert payments.balance_cents(self.desk, patient) == owed[patient]

    @invariant()
    def no_charge_is_paid_beyond_what_it_is(self) -> None:
        for (row, side), cents in self.left_by_rows().items():
            assert cents >= 0, f"charge {row} is {-cents} below nothing for the {side}"

    @invariant()
    def receipts_are_dense(self) -> None:
        last: Counter[tuple[str, str]] = Counter()
        for prefix, day, receipt in self.desk.rows(
            "SELECT l.receipt_prefix, y.business_day, y.receipt FROM payment y"
            " JOIN location l ON l.id = y.location_id ORDER BY y.id"
        ):
            last[prefix, day] += 1
            short = day[2:].replace("-", "")
            assert receipt == f"{prefix}-{short}-{last[prefix, day]:03d}"

    @invariant()
    def what_is_owed_rolls_forward(self) -> None:
        """charges - payments applied + refunds - adjustments, from nothing up to what is open."""
        moved = sum(c for (c,) in self.desk.rows("SELECT amount_cents FROM charge"))
        moved += sum(a + b for a, b in self.desk.rows(
            "SELECT patient_cents, insurance_cents FROM adjustment"))  # fmt: skip
        moved -= sum(c for (c,) in self.desk.rows("SELECT amount_cents FROM tender"))
        held = sum(c for (c,) in self.desk.rows(
            "SELECT amount_cents FROM allocation WHERE charge_id IS NULL"))  # fmt: skip
        assert held >= 0, "more was given back than is held"
        assert moved == sum(self.left_by_rows().values()) - held
        proof = ledger.receivables(self.desk, LONG_AGO, TODAY + timedelta(days=4000))
        assert (proof.opening_cents, proof.closing_cents) == (0, moved)
        assert proof.difference_cents == 0

    @invariant()
    def drawers_hold_what_went_in(self) -> None:
        for row, cash in self.desk.rows("SELECT id, float_cents FROM shift"):
            for kind, cents in self.desk.rows(
                "SELECT kind, amount_cents FROM cash_movement WHERE shift_id = ?", row
            ):
                cash += cents if kind == "paid_in" else -cents
            for (cents,) in self.desk.rows(
                "SELECT t.amount_cents FROM tender t JOIN payment y ON y.id = t.payment_id"
                " WHERE y.shift_id = ? AND t.kind = 'cash'", row
            ):  # fmt: skip
                cash += cents
            assert drawer_figures.expected(self.desk, row).cash == cash

    @invariant()
    def plans_hold_what_is_open_of_them(self) -> None:
        """What is settled and what is left of each running plan, added up from the rows."""
        running = self.desk.rows(
            "SELECT DISTINCT patient_id FROM instalment_plan WHERE ended_at IS NULL"
        )
        left = self.left_by_rows() if running else {}
        for (patient,) in running:
            for plan in instalments.standing(self.desk, patient):
                parts = [
                    min(cents, max(left[charge, "patient"], 0))
                    for charge, cents in self.desk.rows(
                        "SELECT charge_id, amount_cents FROM instalment_charge WHERE plan_id = ?",
                        plan.id,
                    )
                ]
                assert plan.settled_cents == plan.amount_cents - sum(parts) >= 0
                assert sum(i.left_cents for i in plan.instalments) == sum(parts)
                assert plan.due_cents + plan.later_cents == sum(parts)
            due = sum(d.due_cents for d in payments.due(self.desk, patient) if d.charge_id)
            ahead = sum(
                d.due_cents for d in payments.due(self.desk, patient, ahead=True) if d.charge_id
            )
            owed = sum(c for (row, side), c in left.items() if side == "patient" and row in {
                x for (x,) in self.desk.rows("SELECT id FROM charge WHERE patient_id = ?", patient)
            })  # fmt: skip
            assert 0 <= due <= ahead <= owed

    @invariant()
    def only_corrections_are_dated_into_a_counted_day(self) -> None:
        stands: dict[tuple[int, str], str] = {}
        for place, day, action in self.desk.rows(
            "SELECT location_id, business_day, action FROM day_close ORDER BY id"
        ):
            stands[place, day] = action
        corrects = {
            "payment": "kind IN ('void', 'correction')",
            "charge": "reverses_id IS NOT NULL",
            "adjustment": "reverses_id IS NOT NULL OR kind = 'copay'",
            "not_collected": "0",
            "shift": "0",
        }
        for (place, day), action in stands.items():
            if action != "freeze":
                self.frozen.pop((place, day), None)
                continue
            last = self.frozen.setdefault((place, day), {
                table: self.desk.rows(f"SELECT coalesce(max(id), 0) FROM {table}")[0][0]
                for table in corrects
            })  # fmt: skip
            for table, allowed in corrects.items():
                assert self.desk.rows(
                    f"SELECT id FROM {table} WHERE id > ? AND business_day = ?"
                    f" AND location_id = ? AND NOT ({allowed})", last[table], day, place,
                ) == [], table  # fmt: skip

    @invariant()
    def closed_days_stay_as_they_are(self) -> None:
        stands: dict[tuple[int, str], str] = {}
        for place, day, action in self.desk.rows(
            "SELECT location_id, business_day, action FROM day_close ORDER BY id"
        ):
            if action in ("close", "reopen"):
                stands[place, day] = action
        for (place, day), action in stands.items():
            if action == "reopen":
                self.closed.pop((place, day), None)
                continue
            found = hashlib.sha256()
            for sql in DATED:
                rows = self.desk.rows(sql.replace(":day", "?1").replace(":place", "?2"), day, place)
                found.update(repr(rows).encode())
            kept = self.closed.setdefault((place, day), found.hexdigest())
            assert found.hexdigest() == kept, f"{day} changed after it was closed"


Money.TestCase.settings = settings(
    max_examples=500 if LONG else 24,
    stateful_step_count=100 if LONG else 40,
    deadline=None,
    derandomize=not LONG,
    # Found is enough: to shorten a failure takes minutes. The steps are printed either way.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
TestMoney = Money.TestCase

INVARIANTS = (
    "the_journal_holds", "no_law_is_broken", "balances_are_sums", "receipts_are_dense",
    "no_charge_is_paid_beyond_what_it_is", "what_is_owed_rolls_forward",
    "drawers_hold_what_went_in", "plans_hold_what_is_open_of_them",
    "only_corrections_are_dated_into_a_counted_day", "closed_days_stay_as_they_are",
)  # fmt: skip


def walk(seed: int, steps: int, check_every: int = 1) -> Money:
    """The same rules in an order that a seed decides; returns the machine, its file closed."""
    random, office = Random(seed), Money()
    try:
        office.open()
        for step in range(steps):
            act = getattr(office, random.choice(RULES))
            names = inspect.signature(act).parameters
            act(**{name: random.choice(CHOICES[name]) for name in names})
            if step % check_every == 0 or step == steps - 1:
                for law in INVARIANTS:
                    getattr(office, law)()
    finally:
        office.teardown()
    return office


def test_the_rules_do_something() -> None:
    """A machine whose every step is refused would prove nothing: each kind must have succeeded."""
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for seed in (1, 2, 3):
        office = walk(seed, 250, check_every=5)
        done += office.done
        refused += office.refused
    print("\ndone:", dict(done.most_common()))
    print("refused:", dict(refused.most_common()))
    assert len(done) >= 30, sorted(done)
    assert len(refused) >= 30, "wrong input must be tried as well"
