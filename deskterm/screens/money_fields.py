"""The Pay box and what it leads to: card digits, approval, check number, cash given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deskterm.entry.cards import LAST_FOUR_ONLY, NEVER_TYPED, longest_digit_run
from deskterm.entry.money import TenderEntry, parse_cents, parse_tenders, show_cents
from deskterm.errors import Invalid
from deskterm.office import clinic, pay_plan, payments, refunds, shifts
from deskterm.office.desk import Desk
from deskterm.office.dues import Due
from deskterm.office.pay_plan import PaymentPlan
from deskterm.widgets.fields import FieldSpec

EXAMPLE = "25cc or 25v4417 08812q card, 65 cash, 40ca 25cc, 65ck1042 check, 0 bill"
NOT_PAID = re.compile(r"(?:0|0\.00?)(?:\s+(?P<why>\S.*))?")
CARDS = 2  # cards of one payment that have fields of their own
CARD_DIGITS = 12
MUCH_CHANGE = 100_00  # cents of change above which a slip of the finger is likely


@dataclass(frozen=True)
class Paid:
    """What a Pay box says: how it is paid, or the reason why nothing is."""

    tenders: tuple[TenderEntry, ...] = ()
    reason: str = ""

    @property
    def total(self) -> int:
        """Cents handed over."""
        return sum(tender.amount for tender in self.tenders)

    def of_kind(self, *kinds: str) -> list[TenderEntry]:
        """The tenders of these kinds, in order."""
        return [tender for tender in self.tenders if tender.kind in kinds]


class MoneyBox:
    """The fields of one payment. ``dues`` may be set anew when what is due changes."""

    def __init__(self, desk: Desk, dues: Sequence[Due], *, last4: bool) -> None:
        self.desk = desk
        self.dues = list(dues)
        self.last4 = last4

    @property
    def due(self) -> int:
        """Cents due in all."""
        return sum(due.due_cents for due in self.dues)

    @property
    def copay(self) -> int:
        """Cents of copay due."""
        return sum(due.due_cents for due in self.dues if due.purpose == "copay")

    def parse(self, text: str) -> tuple[Paid, str]:
        """A Pay box's text. Raises Invalid."""
        nothing = NOT_PAID.fullmatch(text.strip())
        if nothing:
            reason, label = self._reason(nothing["why"] or "")
            return Paid(reason=reason), label
        line = f"{text} cash" if re.fullmatch(r"\s*\$?[0-9][0-9,.]*\s*", text) else text
        tenders = parse_tenders(
            line, due=self.due, copay=self.copay or None, balance=self.due - self.copay or None
        )
        paid = Paid(tuple(tenders))
        if len(paid.of_kind("card")) > CARDS or len(paid.of_kind("check", "money_order")) > CARDS:
            raise Invalid(f"At most {CARDS} cards and {CARDS} checks here", "Post two receipts")
        left = self.due - paid.total
        if left >= 0:
            return paid, f"left {show_cents(left)}"
        cash = any(tender.amount > -left for tender in paid.of_kind("cash"))
        return paid, f"change {show_cents(-left)}" if cash else f"{show_cents(-left)} over"

    def _reason(self, typed: str) -> tuple[str, str]:
        known = clinic.codes(self.desk, "not_collected_reason")
        found = [(code, label) for code, label in known if typed and code.startswith(typed.lower())]
        if len(found) != 1:
            words = ", ".join(code for code, _ in known)
            raise Invalid("Why is nothing taken?", f"0 and one of: {words}", field="pay")
        return found[0]

    def fields(self, **pay: Any) -> list[FieldSpec]:
        """The Pay box, then the gaps that what stands in it opens."""
        given: dict[str, Any] = {
            "limit": 80,
            "width": 22,
            "parse": self.parse,
            "reads": "=",
            "example": EXAMPLE,
        }
        specs = [FieldSpec("pay", **({"label": "Pay"} | given | pay))]
        for number in range(CARDS):
            specs += self._check_fields(number)
        for number in range(CARDS):
            specs += self._card_fields(number)
        return specs

    def _card_fields(self, number: int) -> list[FieldSpec]:
        """Last four and approval of one card, where they are not in the line already."""
        nth = f"_{number + 1}" if number else ""

        def card(values: Mapping[str, Any]) -> TenderEntry | None:
            return _nth(values, number, "card")

        def said(values: Mapping[str, Any]) -> str:
            tender = card(values)
            return f"{show_cents(tender.amount)}: run it on the machine" if tender else ""

        def wants(part: str) -> Callable[[Mapping[str, Any]], bool]:
            return lambda values: (t := card(values)) is not None and not getattr(t, part)

        return [
            FieldSpec(f"card{nth}", "card", "fact", fact=said, width=30,
                      visible_when=lambda values: card(values) is not None),
            FieldSpec(f"last4{nth}", "last4", required=self.last4, limit=4, width=5,
                      parse=_read_last4, visible_when=wants("last4"),
                      example="the card's last four digits, never the number"),
            FieldSpec(f"approval{nth}", "approval", required=True, limit=10, width=10,
                      beside=True, parse=_read_approval, visible_when=wants("approval"),
                      example="the approval code on the card machine's slip"),
        ]  # fmt: skip

    def _check_fields(self, number: int) -> list[FieldSpec]:
        nth = f"_{number + 1}" if number else ""

        def wanted(values: Mapping[str, Any]) -> bool:
            check = _nth(values, number, "check", "money_order")
            return check is not None and not check.reference

        return [
            FieldSpec(f"number{nth}", "check no", required=True, limit=20, width=12,
                      visible_when=wanted, example="the number printed on the check"),
        ]  # fmt: skip


def tenders_of(values: Mapping[str, Any]) -> list[TenderEntry]:
    """The tenders with everything that was typed for them."""
    paid = values.get("pay") or Paid()
    cards = checks = 0
    done = []
    for tender in paid.tenders:
        if tender.kind == "card":
            nth = f"_{cards + 1}" if cards else ""
            cards += 1
            tender = replace(
                tender,
                last4=tender.last4 or values.get(f"last4{nth}") or "",
                approval=tender.approval or values.get(f"approval{nth}") or "",
            )
        elif tender.kind in ("check", "money_order"):
            nth = f"_{checks + 1}" if checks else ""
            checks += 1
            tender = replace(tender, reference=tender.reference or values.get(f"number{nth}") or "")
        done.append(tender)
    return done


def cash_extra(values: Mapping[str, Any]) -> int:
    """Cents handed over in cash above what the line says; below zero when it is less."""
    cash = _nth(values, 0, "cash")
    given = values.get("given")
    return given - cash.amount if cash is not None and given is not None else 0


def with_extra(tenders: Sequence[TenderEntry], extra: int) -> list[TenderEntry]:
    """The tenders with ``extra`` cents more in cash."""
    done, left = [], extra
    for tender in tenders:
        if left and tender.kind == "cash":
            tender, left = replace(tender, amount=tender.amount + left), 0
        done.append(tender)
    return done


def work_out(
    desk: Desk,
    dues: Sequence[Due],
    values: Mapping[str, Any],
    *,
    purpose: str | None = None,
    prepay: bool = False,
) -> tuple[PaymentPlan, int]:
    """What would be posted for a form's values, and the cents of change that go back."""
    tenders, extra = tenders_of(values), max(cash_extra(values), 0)
    found = pay_plan.plan(desk, dues, tenders, purpose=purpose, prepay=prepay)
    if not extra:
        return found, found.change
    all_due = sum(d.due_cents for d in dues if purpose in (None, d.purpose, d.kind))
    if not prepay and found.total >= all_due:
        # The office works the change out itself, and the receipt says what was given.
        found = pay_plan.plan(desk, dues, with_extra(tenders, extra), purpose=purpose)
        return found, found.change
    return found, found.change + extra


def slips(desk: Desk, patient_id: int, key: str, planned: PaymentPlan, change: int) -> list[str]:
    """What looks like a slip of the finger: said once, and Enter again posts it."""
    found = []
    twin = payments.likely_duplicate(desk, patient_id, planned.total, planned.tenders)
    if twin is not None and pay_plan.posted(desk, key) != twin.receipt:
        found.append(f"The same was posted minutes ago: {twin.receipt}")
    if any(tender.kind == "check" for tender in planned.tenders):
        refused = refunds.checks_refused_since(desk, patient_id)
        if refused is not None:
            found.append(f"A check of theirs came back on {refused:%m/%d/%Y}: cash or card only")
    if change > MUCH_CHANGE:
        found.append(f"Change of {show_cents(change)}")
    return found


def given_field() -> FieldSpec:
    """What the patient hands over in cash, where it is more than the amount; never asked."""

    def cash(values: Mapping[str, Any]) -> bool:
        return _nth(values, 0, "cash") is not None

    return FieldSpec("given", "given", limit=12, width=9, parse=_read_cents, visible_when=cash,
                     show=show_cents, example="the cash handed over, for the change")  # fmt: skip


def opening_field(desk: Desk, patient_id: int, appointment_id: int | None) -> list[FieldSpec]:
    """The cash counted into a drawer that a payment opens; nothing while it is open.

    Asked with cash only: a card needs no drawer, and what the last count left is offered.
    """
    if not desk.may("view_money"):
        return []
    offered = shifts.to_open(desk, patient_id, appointment_id)
    if offered is None:
        return []

    def cash(values: Mapping[str, Any]) -> bool:
        return _nth(values, 0, "cash") is not None

    return [
        FieldSpec("opening", "float", limit=12, width=9, parse=_read_opening,
                  show=show_cents, default=offered, visible_when=cash, beside=True,
                  example="what is in the drawer now: it is not open yet")
    ]  # fmt: skip


def spaced(cents: int) -> str:
    """``C H A N G E   3 5 . 0 0``: to be read from a metre away."""
    return "C H A N G E   " + " ".join(show_cents(cents))


def _nth(values: Mapping[str, Any], number: int, *kinds: str) -> TenderEntry | None:
    paid = values.get("pay")
    found = paid.of_kind(*kinds) if isinstance(paid, Paid) else []
    return found[number] if number < len(found) else None


def _read_opening(text: str) -> tuple[int, str]:
    return parse_cents(text) if text.strip("0. ") else 0, "opens the drawer"


def _read_cents(text: str) -> tuple[int, str]:
    return parse_cents(text), ""


def _read_last4(text: str) -> tuple[str, str]:
    if not re.fullmatch("[0-9]{4}", text):
        raise Invalid("Four digits", "The card's last four, for example 4417", field="last4")
    return text, ""


def _read_approval(text: str) -> tuple[str, str]:
    if longest_digit_run(text) >= CARD_DIGITS:
        raise Invalid(NEVER_TYPED, LAST_FOUR_ONLY, field="approval")
    if not re.fullmatch("[A-Za-z0-9]{4,10}", text):
        raise Invalid("Not an approval code", "4 to 10 letters and digits", field="approval")
    return text.upper(), ""
