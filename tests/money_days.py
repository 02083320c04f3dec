"""Business days played on the real office: several clerks, mistakes put in on purpose.

What truly lies in each drawer is kept beside what was posted, so that a count is the truth and
a planted mistake is known. Used by the tests for a few days and by ``bench/days.py`` for many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

from deskterm.clock import FrozenClock
from deskterm.db.payments import Payment
from deskterm.entry.money import TenderEntry
from deskterm.office import (
    business_day,
    day_status,
    dayclose,
    deposits,
    ledger,
    payments,
    refunds,
    shifts,
)
from deskterm.office.desk import Actor, Desk
from deskterm.office.shifts import DENOMINATIONS, Count
from tests.factories import Clinic, hire, second

FLOAT = 10000
COPAYS = (1500, 2000, 2500, 3000, 3500, 4000, 4500, 5000)
BRANDS = ("visa", "mastercard", "amex", "discover")
MISTAKES = (
    "swapped cash and card", "swapped brands", "digits exchanged", "point misplaced",
    "voided but kept", "no receipt", "posted twice", "check not handed over", "note miscounted",
    "float not counted", "refund not paid out", "paid out twice",
)  # fmt: skip


@dataclass
class Truth:
    """What lies in one drawer, whatever was posted."""

    cash: int = FLOAT
    checks: dict[str, int] = field(default_factory=dict)
    cards: Counter[str] = field(default_factory=Counter)

    def add(self, tender: TenderEntry, sign: int = 1) -> None:
        if tender.kind == "cash":
            self.cash += sign * tender.amount
        elif tender.kind == "card":
            self.cards[tender.brand] += sign * tender.amount
        elif sign > 0:
            self.checks[tender.reference] = tender.amount
        else:
            self.checks.pop(tender.reference, None)


@dataclass
class Planted:
    """A mistake: what kind, and what an explanation must name (any of the words)."""

    kind: str
    names: tuple[str, ...]
    copay_left: int = 0


@dataclass
class Result:
    """How the days went."""

    days: int = 0
    balanced: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    named: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)


class Days:
    """A clinic with some clerks, each at a drawer of their own."""

    def __init__(
        self, made: Clinic, clock: FrozenClock, *, clerks: int, seed: int, people: int = 30
    ) -> None:
        self.rng = Random(seed)
        self.clock = clock
        self.made = made
        everything = made.desk.actor.permissions
        self.desks = [
            Desk(
                made.desk.database,
                Actor(f"clerk{n}", f"Clerk {n}", "manager", everything, self._staff(n)),
                replace(made.desk.settings, drawer=f"d{n}"),
                clock,
                made.desk.secret,
                f"d{n}",
            )
            for n in range(1, clerks + 1)
        ]
        self.people = [made.patient(f"PERSON{n:02d}", "PAT") for n in range(people)]
        self.checks = 1000
        self.result = Result()

    def _staff(self, number: int) -> int:
        made = hire(self.made.desk, f"clerk{number}", f"Clerk {number}", "manager")
        return int(made.id)

    def play(self, days: int) -> Result:
        for _ in range(days):
            morning = self.clock.now()
            self._day()
            self.clock.advance(seconds=(morning - self.clock.now()).total_seconds() + 86400)
        return self.result

    def _day(self) -> None:
        truths = {desk.workstation: Truth() for desk in self.desks}
        planted: dict[str, Planted | None] = {}
        for desk in self.desks:
            shifts.open_shift(desk, desk.settings.drawer, float_cents=FLOAT)
            planted[desk.workstation] = self._shift(desk, truths[desk.workstation])
        head = self.desks[0]
        today = dayclose.freeze(head).business_day
        for desk in self.desks:
            self._count(desk, truths[desk.workstation], planted[desk.workstation])
        if deposits.slip(head, business_day.place(head), today).shifts:
            deposits.deposit(head, day=today, bag="7")
        closed = dayclose.close(head, day=today, reason="simulated")
        proof = ledger.receivables(head, today, today)
        assert proof.difference_cents == 0, proof
        assert closed.business_day == today
        self.result.days += 1

    def _shift(self, desk: Desk, truth: Truth) -> Planted | None:
        for _ in range(self.rng.randint(3, 8)):
            self._one(desk, truth)
        self._movements(desk, truth)
        if self.rng.random() < 0.15:
            self._hand_over(desk, truth)
        if self.rng.random() < 0.25:
            return self._plant(desk, truth)
        return None

    # What goes right

    def _amount(self) -> int:
        if self.rng.random() < 0.6:
            return self.rng.choice(COPAYS)
        return self.rng.randint(500, 40000)

    def _tenders(self, amount: int) -> list[TenderEntry]:
        if self.rng.random() < 0.15 and amount >= 2000:
            first = self.rng.randrange(500, amount - 400, 100)
            return [self._tender("cash", first), self._tender("card", amount - first)]
        return [self._tender(self.rng.choice(("cash", "cash", "card", "card", "check")), amount)]

    def _tender(self, kind: str, cents: int, brand: str = "") -> TenderEntry:
        if kind == "card":
            brand = brand or self.rng.choice(BRANDS)
            return TenderEntry("card", cents, brand=brand, last4="4417", approval="08812Q")
        if kind == "check":
            self.checks += 1
            return TenderEntry("check", cents, reference=str(self.checks))
        return TenderEntry("cash", cents)

    def _take(self, desk: Desk, tenders: list[TenderEntry]) -> Payment:
        self.clock.advance(minutes=1)
        person = self.rng.choice(self.people)
        if self.rng.random() < 0.6:  # the rest is kept as credit
            payments.charge(
                desk, person.id, kind="visit", amount_cents=sum(t.amount for t in tenders),
                service_day=desk.today(),
            )  # fmt: skip
        return payments.take(
            desk, person.id, tenders=tenders, purpose="visit", allow_prepayment=True,
            key=f"k{self.rng.getrandbits(60)}",
        )  # fmt: skip

    def _one(self, desk: Desk, truth: Truth) -> None:
        tenders = self._tenders(self._amount())
        paid = self._take(desk, tenders)
        for tender in tenders:
            truth.add(tender)
        luck = self.rng.random()
        if luck < 0.08:
            payments.void(
                desk, paid.receipt, reason="duplicate", approval=second(desk, "payment.void")
            )
            for tender in tenders:
                truth.add(tender, -1)
        elif luck < 0.14 and len(tenders) == 1 and tenders[0].kind != "check":
            part = min(tenders[0].amount, 10000)
            refunds.refund(
                desk,
                paid.receipt,
                amount_cents=part,
                reason="overpaid",
                approval=second(desk, "payment.refund"),
            )
            truth.add(replace(tenders[0], amount=part), -1)
        elif luck < 0.20 and len(tenders) == 1 and tenders[0].kind == "cash":
            now = self._tender("card", tenders[0].amount)
            left = refunds.tenders_left(desk, paid.id)[0]
            refunds.correct_tender(
                desk, paid.receipt, was=left, now=now, approval=second(desk, "payment.correct")
            )
            truth.add(tenders[0], -1)
            truth.add(now)

    def _movements(self, desk: Desk, truth: Truth) -> None:
        shift = shifts.find(desk, desk.settings.drawer)
        if self.rng.random() < 0.3 and truth.cash > 15000:
            cents = self.rng.choice((1250, 1899, 730))
            shifts.move_cash(desk, shift.id, "paid_out", cents, reason="stamps")
            truth.cash -= cents
        if truth.cash > 50000:
            shifts.move_cash(desk, shift.id, "drop", 30000, reason="safe")
            truth.cash -= 30000

    def _hand_over(self, desk: Desk, truth: Truth) -> None:
        shift = shifts.find(desk, desk.settings.drawer)
        shifts.hand_over(desk, shift.id, "mlopez", Count(cash=pieces(truth.cash)))

    # What goes wrong

    def _plant(self, desk: Desk, truth: Truth) -> Planted | None:
        kind = self.rng.choice(MISTAKES)
        act: Callable[[Desk, Truth], Planted] = getattr(self, "_" + kind.replace(" ", "_"))
        return act(desk, truth)

    def _swapped_cash_and_card(self, desk: Desk, truth: Truth) -> Planted:
        cents = self._amount()
        paid = self._take(desk, [self._tender("cash", cents)])
        truth.add(self._tender("card", cents))
        return Planted("swapped cash and card", (paid.receipt,))

    def _swapped_brands(self, desk: Desk, truth: Truth) -> Planted:
        cents = self._amount()
        one, two = self.rng.sample(BRANDS, 2)
        paid = self._take(desk, [self._tender("card", cents, one)])
        truth.add(self._tender("card", cents, two))
        return Planted("swapped brands", (paid.receipt,))

    def _digits_exchanged(self, desk: Desk, truth: Truth) -> Planted:
        tens, ones = self.rng.sample(range(1, 10), 2)
        paid = self._take(desk, [self._tender("cash", (tens * 10 + ones) * 100)])
        truth.cash += (ones * 10 + tens) * 100
        return Planted("digits exchanged", (paid.receipt,))

    def _point_misplaced(self, desk: Desk, truth: Truth) -> Planted:
        cents = self.rng.choice(COPAYS)
        brand = self.rng.choice(BRANDS)
        paid = self._take(desk, [self._tender("card", cents * 10, brand)])
        truth.cards[brand] += cents
        return Planted("point misplaced", (paid.receipt,))

    def _voided_but_kept(self, desk: Desk, truth: Truth) -> Planted:
        cents = self._amount()
        paid = self._take(desk, [self._tender("cash", cents)])
        payments.void(desk, paid.receipt, reason="duplicate", approval=second(desk, "payment.void"))
        truth.cash += cents
        return Planted("voided but kept", (paid.receipt,))

    def _no_receipt(self, desk: Desk, truth: Truth) -> Planted:
        truth.cash += self._amount()
        return Planted("no receipt", ("without a receipt", "receipt is missing"))

    def _posted_twice(self, desk: Desk, truth: Truth) -> Planted:
        cents, person = self._amount(), self.rng.choice(self.people)
        made = [
            payments.take(
                desk, person.id, tenders=[self._tender("cash", cents)], purpose="visit",
                allow_prepayment=True, key=f"k{self.rng.getrandbits(60)}",
            )
            for _ in range(2)
        ]  # fmt: skip
        truth.cash += cents
        return Planted("posted twice", tuple(p.receipt for p in made))

    def _check_not_handed_over(self, desk: Desk, truth: Truth) -> Planted:
        check = self._tender("check", self._amount())
        paid = self._take(desk, [check])
        return Planted("check not handed over", (paid.receipt, check.reference))

    def _note_miscounted(self, desk: Desk, truth: Truth) -> Planted:
        truth.cash -= self.rng.choice((2000, 1000, 500))
        return Planted("note miscounted", ("count again",))

    def _float_not_counted(self, desk: Desk, truth: Truth) -> Planted:
        truth.cash -= FLOAT
        return Planted("float not counted", ("float",))

    def _refund_not_paid_out(self, desk: Desk, truth: Truth) -> Planted:
        cents = self.rng.randint(500, 9000)
        paid = self._take(desk, [self._tender("cash", cents)])
        back = refunds.refund(
            desk, paid.receipt, reason="overpaid", approval=second(desk, "payment.refund")
        )
        truth.cash += cents
        return Planted("refund not paid out", (back.receipt,))

    def _paid_out_twice(self, desk: Desk, truth: Truth) -> Planted:
        shift = shifts.find(desk, desk.settings.drawer)
        cents = self.rng.randint(300, 3000)
        truth.cash += 20000
        self._take(desk, [self._tender("cash", 20000)])
        shifts.move_cash(desk, shift.id, "paid_out", cents, reason="courier")
        truth.cash -= 2 * cents
        return Planted("paid out twice", ("paid out (courier)",))

    # Counting

    def _count(self, desk: Desk, truth: Truth, planted: Planted | None) -> None:
        shift = shifts.find(desk, desk.settings.drawer)
        found = Count(
            cash=pieces(max(truth.cash, 0)),
            checks=sorted(truth.checks.items()),
            cards={brand: cents for brand, cents in truth.cards.items() if cents},
        )
        shifts.count(desk, shift.id, found)
        stands = next(
            s for s in day_status.status(desk, day=shift.business_day).shifts if s.id == shift.id
        )
        if planted is None:
            assert stands.balanced, (stands.variances, truth)
            self.result.balanced += 1
            shifts.close_shift(desk, shift.id)
            return
        assert not stands.balanced, (planted, stands.variances)
        self.result.planted[planted.kind] += 1
        said = [s.words for s in stands.suggestions[:3]]
        if any(name in words for name in planted.names for words in said):
            self.result.named[planted.kind] += 1
        else:
            self.result.missed.append(f"{planted}: {said}")
        shifts.close_shift(desk, shift.id, reason=planted.kind)


def pieces(cents: int) -> dict[int, int]:
    """``cents`` in the fewest notes and coins."""
    found = {}
    for value in DENOMINATIONS:
        found[value], cents = divmod(cents, value)
    return {value: number for value, number in found.items() if number}
