"""What was handed over: checked, without card numbers, and the change that goes back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from deskterm.db.payments import CARD_BRANDS, TENDER_KINDS
from deskterm.entry.cards import LAST_FOUR_ONLY, NEVER_TYPED, longest_digit_run
from deskterm.entry.money import TenderEntry, looks_like_card_number, show_cents
from deskterm.errors import Invalid

_MOST = 10  # ways of paying on one receipt
_CARD_DIGITS = 12


@dataclass(frozen=True)
class Tendered:
    """A checked tender: what counts, and for cash with change what was given."""

    entry: TenderEntry
    amount: int
    given: int | None = None


def refuse_card_numbers(**texts: str) -> None:
    """Raise Invalid, naming the field, where a text holds what looks like a card number."""
    for field, text in texts.items():
        if looks_like_card_number(text):
            raise Invalid(NEVER_TYPED, LAST_FOUR_ONLY, field=field)


def check_amount(cents: object, limit: int, field: str = "amount") -> int:
    """``cents`` when they are a plain amount above zero and up to ``limit``. Raises Invalid."""
    if type(cents) is not int:
        raise Invalid("An amount must be whole cents", "For example 25.00", field=field)
    if cents <= 0:
        raise Invalid("The amount must be above zero", "Type what was paid", field=field)
    if cents > limit:
        raise Invalid(f"More than {show_cents(limit)}", "Check the amount", field=field)
    return cents


def check(tenders: Sequence[TenderEntry], limit: int) -> list[Tendered]:
    """The tenders as they may be posted. Raises Invalid with ``field='tender'``."""
    if not tenders:
        raise Invalid("Nothing was paid", "For example 40ca 25cc", field="tender")
    if len(tenders) > _MOST:
        raise Invalid(f"More than {_MOST} tenders", "Post two receipts", field="tender")
    for entry in tenders:
        check_amount(entry.amount, limit, "tender")
        if entry.kind not in dict(TENDER_KINDS):
            raise Invalid("No such tender", "cash, check, card or money_order", field="tender")
        _check_words(entry)
    check_amount(sum(t.amount for t in tenders), limit, "tender")
    return [Tendered(entry, entry.amount) for entry in tenders]


def give_change(tendered: list[Tendered], over: int) -> list[Tendered] | None:
    """The tenders with ``over`` cents of cash given back; None when no cash covers that."""
    for at, paid in enumerate(tendered):
        if paid.entry.kind == "cash" and paid.amount > over:
            kept = Tendered(paid.entry, paid.amount - over, paid.amount)
            return [*tendered[:at], kept, *tendered[at + 1 :]]
    return None


def _check_words(entry: TenderEntry) -> None:
    words = f"{entry.reference} {entry.last4} {entry.approval}"
    refuse_card_numbers(tender=words)
    if entry.kind != "card":
        if entry.brand or entry.last4 or entry.approval:
            raise Invalid("Only a card has a brand, last four and approval", "", field="tender")
        if entry.kind == "cash" and entry.reference:
            raise Invalid("Cash has no number", "", field="tender")
        return
    if longest_digit_run(words) >= _CARD_DIGITS:
        raise Invalid(NEVER_TYPED, LAST_FOUR_ONLY, field="tender")
    if entry.brand not in dict(CARD_BRANDS):
        known = ", ".join(code for code, _ in CARD_BRANDS if code)
        raise Invalid("No such card brand", f"One of {known}", field="tender")
    if not re.fullmatch("[0-9]{4}", entry.last4):
        raise Invalid("A card needs its last four digits", "For example 25cc4417", field="last4")
    if not re.fullmatch("[A-Za-z0-9-]{0,20}", entry.approval):
        raise Invalid("Not an approval code", "Letters and digits", field="approval")
