"""Amounts of money and how they are paid, as typed and shown.

Money is whole cents; floats never touch it. Cents are never implied: ``2500`` is 2,500.00. A
card is known by its last four digits and approval code only; its number is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from deskterm.entry.cards import (
    LAST_FOUR_ONLY,
    NEVER_TYPED,
    longest_digit_run,
    looks_like_card_number,
)
from deskterm.errors import Invalid

__all__ = [
    "TenderEntry",
    "looks_like_card_number",
    "parse_cents",
    "parse_tender_option",
    "parse_tenders",
    "show_cents",
]

Kind = Literal["cash", "card", "check", "money_order"]
BRANDS = ("visa", "mastercard", "amex", "discover")
LIMIT = 1_000_000_00  # cents; more than this at a front desk is a slip of the finger
_LONGEST_TEXT = 120
_CARD_DIGITS = 12  # this many together in a card's part is a card number, or most of one


def parse_cents(text: str, *, allow_negative: bool = False, limit: int = LIMIT) -> int:
    """Cents of ``25``, ``25.5`` or ``$1,234.50``. Raises Invalid, also beyond ``limit`` cents."""
    typed = _AMOUNT.fullmatch(text.strip()) if len(text) <= _LONGEST_TEXT else None
    if typed is None:
        raise Invalid("not an amount", "For example 25 or 25.50", field="amount")
    sign, whole, part = typed.groups()
    cents = int(whole.replace(",", "")) * 100 + int((part or "").ljust(2, "0"))
    if cents > limit:
        raise Invalid(f"more than {show_cents(limit)}", "Check the amount", field="amount")
    if sign and not allow_negative:
        raise Invalid("the amount is below zero", "Type it without the minus", field="amount")
    return -cents if sign else cents


def show_cents(cents: int) -> str:
    """``1,234.50``."""
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{part:02}"


@dataclass(frozen=True)
class TenderEntry:
    """One way in which part of a payment is made. ``amount`` is in cents.

    ``reference`` is a check's or money order's number; ``brand``, ``last4`` and ``approval``
    belong to cards and are empty until typed.
    """

    kind: Kind
    amount: int
    reference: str = ""
    brand: str = ""
    last4: str = ""
    approval: str = ""


def parse_tenders(
    text: str, *, due: int, copay: int | None = None, balance: int | None = None
) -> list[TenderEntry]:
    """The tenders of ``40ca 25cc``, ``65ck1042``, ``ca``, ``20ca cc4417``, ``25 c, 40 v 4242 88A``,
    ``25v4417 08812q`` and ``25cc441708812q``.

    All amounts are cents. A code without an amount, or with ``=``, takes what the others leave
    of ``due``; ``c ca`` pays the ``copay`` and ``b ck`` the ``balance``. Raises Invalid for
    anything that could be read in two ways, and for any card number.
    """
    if len(text) > _LONGEST_TEXT or not text.isascii():
        raise _not_a_tender()
    if looks_like_card_number(text):
        raise _card_number()
    drafts: list[_Draft] = []
    for part in _THOUSANDS.sub(lambda m: m[0].replace(",", ""), text.lower()).split(","):
        drafts += _read_part(part.split())
    if not drafts:
        raise Invalid("no payment typed", "For example 40ca 25cc", field="tender")
    named = {"c": ("copay", copay), "b": ("balance", balance)}
    fixed = [_fixed_amount(draft, named) for draft in drafts]
    if fixed.count(None) > 1:
        raise Invalid("two tenders without an amount", "Only one takes the rest", field="tender")
    rest = due - sum(amount for amount in fixed if amount is not None)
    return [
        draft.entry(_positive(rest if amount is None else amount, draft))
        for draft, amount in zip(drafts, fixed, strict=True)
    ]


def parse_tender_option(text: str) -> TenderEntry:
    """A tender as a command option: ``cash:25.00``, ``card:15.00:visa:1234:A1B2C3``,
    ``check:35.00:1042`` or ``money_order:10.00:ref``. Raises Invalid."""
    if len(text) > _LONGEST_TEXT or looks_like_card_number(text.replace(":", " x ")):
        raise _card_number() if longest_digit_run(text) >= _CARD_DIGITS else _not_an_option()
    kind, *fields = (field.strip() for field in text.split(":"))
    if not fields:
        raise _not_an_option()
    amount, details = parse_cents(fields[0]), fields[1:]
    if amount == 0:
        raise _nothing()
    if kind == "cash" and not details:
        return TenderEntry("cash", amount)
    if kind == "check" and len(details) <= 1:
        return TenderEntry("check", amount, _option_reference(details))
    if kind == "money_order" and len(details) <= 1:
        return TenderEntry("money_order", amount, _option_reference(details))
    if kind == "card" and len(details) == 3:
        return _card_option(amount, *details)
    raise _not_an_option()


_AMOUNT = re.compile(
    r"(?P<sign>-)?\$?(?P<whole>[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.(?P<part>[0-9]{1,2}))?"
)
# a comma between thousands; every other comma parts two tenders
_THOUSANDS = re.compile(r"(?<![\w.])\$?[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])")
_WORD = re.compile(r"(?P<amount>\$?[0-9]+(?:\.[0-9]*)?|=)?(?P<code>[a-z_]+)?(?P<ref>#?[0-9]\w*)?")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,19}")
_APPROVAL = re.compile(r"[A-Za-z0-9]{4,10}")
# a card's last four and its approval in one word; a letter tells it from more of the number
_TOGETHER = re.compile(r"([0-9]{4})(?=[0-9]*[a-z])([a-z0-9]{4,10})")

_CODES: dict[str, tuple[Kind, str]] = {
    "ca": ("cash", ""), "c": ("cash", ""), "cash": ("cash", ""),
    "ck": ("check", ""), "check": ("check", ""),
    "mo": ("money_order", ""),
    "cc": ("card", ""), "card": ("card", ""),
    "v": ("card", "visa"), "visa": ("card", "visa"),
    "m": ("card", "mastercard"), "mc": ("card", "mastercard"),
    "mastercard": ("card", "mastercard"),
    "a": ("card", "amex"), "amex": ("card", "amex"),
    "d": ("card", "discover"), "discover": ("card", "discover"),
}  # fmt: skip
# codes that say how, and so may stand without an amount; "c" alone would also be the copay
_WITHOUT_AMOUNT = set(_CODES) - {"c", "a", "d", "m", "v"}


@dataclass
class _Draft:
    """A tender while its words are read. ``amount`` is as typed; empty means the rest."""

    amount: str
    kind: Kind
    brand: str
    reference: str = ""
    approval: str = ""

    def entry(self, cents: int) -> TenderEntry:
        if self.kind == "card":
            return TenderEntry(
                "card", cents, brand=self.brand, last4=self.reference, approval=self.approval
            )
        return TenderEntry(self.kind, cents, self.reference)


def _read_part(words: list[str]) -> list[_Draft]:
    """The tenders among words that no comma parts."""
    drafts: list[_Draft] = []
    while words:
        draft = _start(words)
        _add_reference(draft, words)
        _check_card(draft, words)
        drafts.append(draft)
    return drafts


def _start(words: list[str]) -> _Draft:
    """Take an amount and a code, or a code alone, off the front of ``words``."""
    typed = _split(words.pop(0))
    amount, code, reference = typed["amount"] or "", typed["code"] or "", typed["ref"] or ""
    if code in ("b", "c") and not (amount or reference) and words and _is_code(words[0]):
        amount, code = code, ""
    if amount and not code:
        if not words or _split(words[0])["amount"] or not _split(words[0])["code"]:
            raise _no_code()
        typed = _split(words.pop(0))
        code, reference = typed["code"] or "", typed["ref"] or ""
    if not amount and code[:1] in ("b", "c") and code[1:] in _WITHOUT_AMOUNT - {"ash", "heck"}:
        amount, code = code[0], code[1:]
    if code not in _CODES:
        raise _not_a_tender() if code else _no_code()
    if not amount and code not in _WITHOUT_AMOUNT:
        raise _no_code()
    kind, brand = _CODES[code]
    return _Draft(amount, kind, brand, reference.lstrip("#"))


def _split(word: str) -> dict[str, str | None]:
    typed = _WORD.fullmatch(word)
    if typed is None:
        raise _not_a_tender()
    return typed.groupdict()


def _is_code(word: str) -> bool:
    """Whether ``word`` is a code; one of a single letter only where nothing follows the letter."""
    typed = _WORD.fullmatch(word)
    if typed is None or typed["amount"]:
        return False
    return typed["code"] in (_WITHOUT_AMOUNT if typed["ref"] else _CODES)


def _add_reference(draft: _Draft, words: list[str]) -> None:
    """Take a check's number, or a card's last four and approval, off the front of ``words``."""
    if draft.kind == "cash":
        if draft.reference:
            raise _not_a_tender()
        return
    if not draft.reference and words and _bare_number(words[0]):
        if len(words) > 1 and _is_code(words[1]):
            raise Invalid(
                "a number here has two meanings", "Write it to its code: 65ck1042", field="tender"
            )
        draft.reference = words.pop(0).lstrip("#")
    together = _TOGETHER.fullmatch(draft.reference) if draft.kind == "card" else None
    if together and not _is_tender(together[2]):
        draft.reference, draft.approval = together[1], together[2].upper()
    elif draft.kind == "card" and draft.reference and words and _is_approval(words):
        draft.approval = words.pop(0).upper()


def _is_tender(word: str) -> bool:
    """Whether ``word`` is an amount with its code, such as 25ca."""
    typed = _WORD.fullmatch(word)
    return typed is not None and bool(typed["amount"]) and typed["code"] in _CODES


def _bare_number(word: str) -> bool:
    return re.fullmatch(r"#?[0-9]+", word) is not None


def _is_approval(words: list[str]) -> bool:
    """Whether the word after a card's last four is its approval code, not the next amount."""
    word = words[0]
    if not _APPROVAL.fullmatch(word) or not any(c.isdecimal() for c in word):
        return False
    if _bare_number(word):
        return len(word) > 4 or not (len(words) > 1 and _is_code(words[1]))
    typed = _WORD.fullmatch(word)
    # 5000ca and cc4417 are the next tender; 08812q and a1b2c3 are approval codes
    if typed is None or typed["code"] not in _CODES:
        return True
    return not typed["amount"] and typed["code"] not in _WITHOUT_AMOUNT


def _check_card(draft: _Draft, following: list[str]) -> None:
    if draft.kind != "card":
        return
    written = [draft.reference, draft.approval]
    for place, word in enumerate(following):  # up to the next tender's amount
        if not _bare_number(word) or any(map(_is_code, following[place + 1 : place + 2])):
            break
        written.append(word)
    if longest_digit_run(" ".join(filter(None, written))) >= _CARD_DIGITS:
        raise _card_number()
    if draft.reference and not re.fullmatch(r"[0-9]{4}", draft.reference):
        raise Invalid("a card needs its last four digits", "For example 25cc4417", field="tender")


def _fixed_amount(draft: _Draft, named: dict[str, tuple[str, int | None]]) -> int | None:
    """Cents typed for a tender; None if it takes the rest."""
    if draft.amount in ("", "="):
        return None
    if draft.amount not in named:
        return parse_cents(draft.amount.removesuffix("."))
    name, cents = named[draft.amount]
    if cents is None:
        raise Invalid(f"there is no {name} here", "Type the amount", field="tender")
    return cents


def _positive(cents: int, draft: _Draft) -> int:
    if cents <= 0:
        if draft.amount in ("", "="):
            raise Invalid("nothing is left for this tender", "Type its amount", field="tender")
        raise _nothing()
    return cents


def _option_reference(details: list[str]) -> str:
    reference = details[0] if details else ""
    if reference and not _REFERENCE.fullmatch(reference):
        raise Invalid("not a reference number", "Letters, digits and -", field="tender")
    return reference


def _card_option(amount: int, brand: str, last4: str, approval: str) -> TenderEntry:
    if longest_digit_run(f"{last4} {approval}") >= _CARD_DIGITS:
        raise _card_number()
    brand = brand.lower()
    if brand not in BRANDS:
        raise Invalid("no such card brand", f"One of {', '.join(BRANDS)}", field="tender")
    if not re.fullmatch(r"[0-9]{4}", last4):
        raise Invalid("a card needs its last four digits", "card:15.00:visa:1234:A1B2C3")
    if not _APPROVAL.fullmatch(approval):
        raise Invalid("a card needs its approval code", "card:15.00:visa:1234:A1B2C3")
    return TenderEntry("card", amount, brand=brand, last4=last4, approval=approval.upper())


def _card_number() -> Invalid:
    return Invalid(NEVER_TYPED, LAST_FOUR_ONLY, field="tender")


def _nothing() -> Invalid:
    return Invalid("the amount is zero", "Type what was paid", field="tender")


def _no_code() -> Invalid:
    return Invalid("an amount needs its code", "ca cash, ck check, cc card, mo money order")


def _not_a_tender() -> Invalid:
    return Invalid("not a payment", "For example 40ca 25cc or 65ck1042", field="tender")


def _not_an_option() -> Invalid:
    return Invalid("not a tender", "For example cash:25.00 or card:15.00:visa:1234:A1B2C3")
