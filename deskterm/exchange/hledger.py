"""Money as an hledger journal: plain-text double entry, so that others can add it up.

Only numbers, days and kinds: no patient's name stands in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Posting:
    """An amount on an account, in cents."""

    account: str
    cents: int


@dataclass(frozen=True)
class Transaction:
    """Postings of one document that sum to zero. ``day`` is YYYY-MM-DD."""

    day: str
    number: str
    words: str
    postings: tuple[Posting, ...]


def journal(transactions: Iterable[Transaction]) -> str:
    """The transactions as an hledger journal in US dollars."""
    out = ["commodity $1,000.00", "decimal-mark .", ""]
    for entry in transactions:
        out.append(f"{entry.day} * ({_plain(entry.number)}) {_plain(entry.words)}")
        out += [f"    {p.account:<44}  ${_amount(p.cents)}" for p in _merged(entry.postings)]
        out.append("")
    return "\n".join(out)


def _merged(postings: Sequence[Posting]) -> list[Posting]:
    sums: dict[str, int] = {}
    for posting in postings:
        sums[posting.account] = sums.get(posting.account, 0) + posting.cents
    return [Posting(account, cents) for account, cents in sums.items()]


def _amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isascii() and c.isprintable() and c not in ";|()")
