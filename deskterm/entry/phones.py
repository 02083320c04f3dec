"""Telephone numbers: typed in any way, kept as E.164, shown as people read them out."""

from __future__ import annotations

import re

from deskterm.errors import Invalid

_LONGEST_TEXT = 40


def parse_phone(text: str, region: str = "US", *, area_code: str = "") -> str:
    """The E.164 form of ``text``, for example ``+12175550142``.

    A local number of seven digits gets ``area_code``. Only length and shape are checked, since
    numbers set aside for examples must pass. Raises Invalid.
    """
    import phonenumbers  # 80 ms: only a desk that takes a number pays for it

    if len(text) > _LONGEST_TEXT or not text.isascii():
        raise _not_a_phone()
    typed = text.strip()
    if not re.fullmatch(r"[-+() ./0-9]+", typed):
        raise _not_a_phone()
    if area_code and len(re.sub(r"\D", "", typed)) == 7 and not typed.startswith("+"):
        typed = area_code + typed
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        raise _not_a_phone() from None
    if not phonenumbers.is_possible_number(number):
        raise _not_a_phone()
    if (
        phonenumbers.is_possible_number_with_reason(number)
        != phonenumbers.ValidationResult.IS_POSSIBLE
    ):
        raise Invalid("the area code is missing", "For example 217-555-0142", field="phone")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def show_phone(number: str) -> str:
    """``217-555-0142`` for a number of the North American plan; others grouped after the ``+``.

    Text that is not E.164 is returned as it is.
    """
    if north_american := re.fullmatch(r"\+1([0-9]{3})([0-9]{3})([0-9]{4})", number):
        return "-".join(north_american.groups())
    if not re.fullmatch(r"\+[0-9]{4,15}", number):
        return number
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL))


def _not_a_phone() -> Invalid:
    return Invalid("not a phone number", "For example 217-555-0142", field="phone")
