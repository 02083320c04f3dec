"""Numbers and codes that have a shape or a check digit: NPI, Medicare number, ICD-10-CM and such.

Pure functions. Each takes what was typed or read and gives it as it is stored, or raises Invalid
with what is wrong. A right shape does not say that the number was ever given out: whether a code
exists on a day is asked of the clinic's lists (``office/code_search``).
"""

from __future__ import annotations

import re

from deskterm.errors import Invalid

# NPI: ten digits that begin with 1 or 2; the last is a Luhn digit over the number behind 80840,
# the prefix of the health industry in the United States (45 CFR 162.406; ISO/IEC 7812).
_NPI = re.compile(r"[12][0-9]{9}")
_NPI_PREFIX = "80840"
# Medicare Beneficiary Identifier: CMS leaves out S, L, O, I, B and Z, which look like digits.
_L = "AC-HJKMNP-RT-Y"
_MBI = re.compile(rf"[1-9][{_L}][{_L}0-9][0-9][{_L}][{_L}0-9][0-9][{_L}][{_L}][0-9][0-9]", re.ASCII)
# ICD-10-CM: a letter (U since 2020), a digit (or A: QA0 since 2026), a digit or letter, and up to
# four more.
_ICD10CM = re.compile(r"[A-Z][0-9A][0-9A-Z](?:\.?[0-9A-Z]{1,4})?", re.ASCII)
# CPT: five digits, or four and a letter (F performance, T emerging, U proprietary laboratory,
# A administrative, M multianalyte). HCPCS level II: a letter and four digits; D is dental (ADA).
_CPT = re.compile(r"[0-9]{4}[0-9AFMTU]", re.ASCII)
_HCPCS = re.compile(r"[A-V][0-9]{4}", re.ASCII)
_MODIFIER = re.compile(r"[A-Z0-9]{2}", re.ASCII)
_PLACE = re.compile(r"[0-9]{2}", re.ASCII)
# NUCC: nine letters or digits and an X.
_TAXONOMY = re.compile(r"[0-9]{3}[0-9A-Z]{6}X", re.ASCII)
_TAX_ID = re.compile(r"[0-9]{9}", re.ASCII)
# The first two digits of an employer number that the IRS has never given out.
_NO_EIN = frozenset(
    ("00", "07", "08", "09", "17", "18", "19", "28", "29", "49", "69", "70", "78", "79", "89",
     "96", "97")
)  # fmt: skip
_LOOKS = 12  # characters of what was typed that are quoted back


def luhn_digit(digits: str) -> int:
    """The digit that completes ``digits`` to a number which passes the Luhn check."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return -total % 10


def npi(text: str) -> str:
    """A national provider identifier: ten digits. Raises Invalid for a wrong check digit."""
    number = re.sub(r"[\s-]", "", text)
    if not _NPI.fullmatch(number):
        raise Invalid("An NPI is ten digits and begins with 1 or 2", "", field="npi")
    if luhn_digit(_NPI_PREFIX + number[:9]) != int(number[9]):
        raise Invalid("This NPI has a wrong digit: its check does not come out", "", field="npi")
    return number


def mbi(text: str) -> str:
    """A Medicare Beneficiary Identifier, eleven characters, without dashes. Raises Invalid."""
    number = _bare(text)
    if not _MBI.fullmatch(number):
        raise Invalid(
            "Not a Medicare number",
            "Eleven characters as on the card, such as 1EG4-TE5-MK73; never S L O I B Z",
            field="member_id",
        )
    return number


def show_mbi(number: str) -> str:
    """``1EG4TE5MK73`` as the card prints it: ``1EG4-TE5-MK73``."""
    return f"{number[:4]}-{number[4:7]}-{number[7:]}"


def icd10cm(text: str) -> str:
    """An ICD-10-CM code as it is stored: upper case, no dot. Raises Invalid for another shape."""
    code = text.strip().upper()
    if not _ICD10CM.fullmatch(code) or ("." in code and code[3] != "."):
        raise Invalid(
            f"Not a diagnosis code: {_quoted(text)}",
            "A letter, two characters, a dot, then up to four: M54.50",
            field="diagnosis",
        )
    return code.replace(".", "")


def looks_like_icd10cm(text: str) -> bool:
    """Whether ``text`` could be (the beginning of) an ICD-10-CM code rather than words."""
    return bool(re.fullmatch(r"[A-Z][0-9A](?:[0-9A-Z](?:\.?[0-9A-Z]{0,4})?)?", text.upper()))


def show_icd10cm(code: str) -> str:
    """``M5450`` with its dot: ``M54.50``. Ranges such as ``M50-M54`` stay as they are."""
    return f"{code[:3]}.{code[3:]}" if len(code) > 3 and "-" not in code else code


def cpt(text: str) -> str:
    """A CPT code (its shape only; the list is the clinic's own). Raises Invalid."""
    return _shaped(_CPT, text, "Not a CPT code", "Five characters: 99213 or 0001A", "code")


def hcpcs(text: str) -> str:
    """A HCPCS level II code, a letter and four digits. Raises Invalid."""
    return _shaped(_HCPCS, text, "Not a HCPCS code", "A letter and four digits: G0438", "code")


def is_cpt(code: str) -> bool:
    """Whether ``code`` has the shape of a CPT code."""
    return bool(_CPT.fullmatch(code))


def is_hcpcs(code: str) -> bool:
    """Whether ``code`` has the shape of a HCPCS level II code."""
    return bool(_HCPCS.fullmatch(code))


def service(text: str) -> str:
    """A CPT or HCPCS code. Raises Invalid."""
    code = text.strip().upper()
    if not is_cpt(code) and not is_hcpcs(code):
        raise Invalid(
            "Not a CPT or HCPCS code", "Five characters, for example 99213 or G0438", field="code"
        )
    return code


def modifier(text: str) -> str:
    """A modifier of a service: two characters, ``25`` or ``LT``. Raises Invalid."""
    return _shaped(_MODIFIER, text, "Not a modifier", "Two characters: 25 or LT", "modifiers")


def place_of_service(text: str) -> str:
    """A place of service code: two digits, ``11`` the office. Raises Invalid."""
    code = text.strip()
    if code.isascii() and code.isdecimal() and len(code) == 1:
        code = f"0{code}"
    return _shaped(_PLACE, code, "Not a place of service", "Two digits: 11 is the office", "pos")


def taxonomy(text: str) -> str:
    """A NUCC provider taxonomy code, ten characters that end with X. Raises Invalid."""
    return _shaped(_TAXONOMY, text, "Not a taxonomy code", "Ten characters: 207Q00000X", "taxonomy")


def tax_id(text: str) -> str:
    """An employer's tax number (EIN): nine digits, without its dash. Raises Invalid."""
    number = re.sub(r"[\s-]", "", text)
    if not _TAX_ID.fullmatch(number) or number[:2] in _NO_EIN:
        raise Invalid("Not a tax number", "Nine digits: 12-3456789", field="tax_id")
    return number


def show_tax_id(number: str) -> str:
    """``123456789`` with its dash: ``12-3456789``."""
    return f"{number[:2]}-{number[2:]}"


def _shaped(shape: re.Pattern[str], text: str, what: str, hint: str, field: str) -> str:
    code = text.strip().upper()
    if not shape.fullmatch(code):
        raise Invalid(f"{what}: {_quoted(text)}", hint, field=field)
    return code


def _bare(text: str) -> str:
    return re.sub(r"[\s-]", "", text).upper()


def _quoted(text: str) -> str:
    return text.strip()[:_LOOKS] or "nothing typed"
