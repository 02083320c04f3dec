"""Card numbers, so that they can be kept out: deskterm never stores one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

NEVER_TYPED = "card numbers are never typed here"
LAST_FOUR_ONLY = "Only the last four digits and the approval code"
_SHORTEST, _LONGEST = 13, 19  # digits in a payment card number
_RUN = r"\d+(?:[\s‐-―-]{1,2}\d+)*"


def looks_like_card_number(text: str) -> bool:
    """Whether ``text`` holds 13 to 19 digits that pass the Luhn check.

    The digits may be grouped by spaces and dashes. A group of fewer than four digits does not
    begin a number inside a longer run, or two phone numbers side by side would often pass.
    """
    return any(_luhn(digits) for run in re.findall(_RUN, text) for digits in _candidates(run))


def longest_digit_run(text: str) -> int:
    """How many digits stand together, spaces and dashes between them allowed."""
    return max((sum(c.isdecimal() for c in run) for run in re.findall(_RUN, text)), default=0)


def _candidates(run: str) -> Iterator[str]:
    groups = re.findall(r"\d+", run)
    for start, group in enumerate(groups):
        if start and len(group) < 4:
            continue
        digits = ""
        for following in groups[start:]:
            digits += following
            if len(digits) > _LONGEST:
                break
            if len(digits) >= _SHORTEST:
                yield digits


def _luhn(digits: str) -> bool:
    values = [unicodedata.decimal(c) for c in digits]
    if values[0] == 0:  # no issuer's numbers begin with 0
        return False
    doubled = [sum(divmod(2 * v, 10)) for v in values[-2::-2]]
    return (sum(values[-1::-2]) + sum(doubled)) % 10 == 0
