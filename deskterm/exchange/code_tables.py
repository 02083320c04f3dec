"""HCPCS level II, CPT, NUCC taxonomy, place of service and payer lists, as their owners give them.

HCPCS: the positions are those of the record layout that CMS packs with the file (320 characters:
code 1-5, record identification 11, long description 12-91, short 92-119, added 269-276, action
effective 277-284, terminated 285-292, action code 293); or the same sheet saved as CSV.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from deskterm.entry import identifiers
from deskterm.errors import Invalid
from deskterm.exchange.code_lists import (
    CodeList,
    Listed,
    columns,
    day_of,
    label_text,
    quarter,
    table,
    text_of,
    without_doubles,
    wrong,
)

DENTAL = "dental codes (D), which belong to the American Dental Association"
# First lines of a procedure and of a modifier, and the lines that go on with their words.
_FIRST, _MORE = {"3": "code", "7": "modifier"}, {"4", "8"}
_FIXED = re.compile(r".{10}[3478]")
_HCPCS_COLUMNS = {
    "code": ("hcpc", "hcpcs", "hcpcscode", "code"),
    "record": ("recid",),
    "label": ("longdescription", "description"),
    "short": ("shortdescription",),
    "added": ("adddt", "codeaddeddate"),
    "ended": ("termdt", "terminationdate"),
}
_CPT_COLUMNS = {
    "code": ("cptcode", "code", "cpt", "procedurecode"),
    "label": ("long", "longdescription", "longdescriptor", "description", "descriptor", "medium",
              "mediumdescription", "short", "shortdescription"),
}  # fmt: skip
_CPT_LINE = re.compile(r"([0-9]{4}[0-9AFMTU])(?:\t| +)(\S.*)")
_TAXONOMY_COLUMNS = {
    "code": ("code",), "class": ("classification",), "special": ("specialization",),
    "shown": ("displayname",), "group": ("grouping",), "text": ("definition",),
}  # fmt: skip
_PLACE_COLUMNS = {
    "code": ("code", "placeofservicecode", "placeofservicecodes", "pos", "poscode"),
    "label": ("name", "placeofservicename", "description"),
    "text": ("placeofservicedescription", "definition"),
}  # fmt: skip
_PAYER_COLUMNS = {
    "code": ("payerid", "payercode", "id", "code"),
    "label": ("payername", "name", "payer", "description"),
}  # fmt: skip
_PAYER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,29}")
_CODES = frozenset({"code"})


@dataclass
class _Growing:
    """The lines of one HCPCS code."""

    line: int
    entry: Listed
    words: list[str] = field(default_factory=list)


def read_hcpcs(data: bytes, name: str) -> CodeList:
    """The alpha-numeric file of CMS, fixed-width or CSV. Raises Invalid with the line."""
    text = text_of(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    found = _hcpcs_fixed(text) if _FIXED.match(first) and "," not in first[:11] else _sheet(text)
    kept = [one for one in found if not one.entry.code.startswith("D") or len(one.entry.code) < 5]
    left = {DENTAL: len(found) - len(kept)} if len(kept) < len(found) else {}
    made = without_doubles(
        [(one.line, replace(one.entry, label=label_text(" ".join(one.words)))) for one in kept]
    )
    complete = frozenset({"code", "modifier"})
    return CodeList("hcpcs", "alpha-numeric file", made, complete, quarter(name), left)


def _hcpcs_fixed(text: str) -> list[_Growing]:
    found: list[_Growing] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if len(line) < 292:
            wrong(number, f"{len(line)} characters, and a HCPCS line has 320")
        _take(
            found, number, line[0:5], line[10], line[11:91], line[91:119],
            day_of(line[268:276], number), day_of(line[284:292], number),
        )  # fmt: skip
    return found


def _sheet(text: str) -> list[_Growing]:
    found: list[_Growing] = []
    at: dict[str, int] = {}
    for number, row in table(text):
        if not at:
            # Some years begin with a notice of several lines.
            at = columns(row, _HCPCS_COLUMNS)
            if not {"code", "label"} <= at.keys():
                at = {}
                if number > 30:
                    break
            continue
        cells = {key: row[place] if place < len(row) else "" for key, place in at.items()}
        if not cells["code"].strip() and not cells["label"].strip():
            continue
        code = cells["code"].strip().upper()
        usual = "7" if len(code) == 2 else "3"
        _take(
            found, number, code, cells.get("record", "").strip() or usual, cells["label"],
            cells.get("short", ""), day_of(cells.get("added", ""), number),
            day_of(cells.get("ended", ""), number),
        )  # fmt: skip
    if not at:
        wrong(1, "no heading names a code and a description", "HCPC, LONG DESCRIPTION, ADD DT ...")
    return found


def _take(
    found: list[_Growing], line: int, code: str, record: str, label: str, short: str,
    added: date | None, ended: date | None,
) -> None:  # fmt: skip
    code = code.strip().upper()
    if record in _MORE:
        if not found or found[-1].entry.code != code:
            wrong(line, f"goes on with {code or 'nothing'}, which does not stand above it")
        found[-1].words.append(label.strip())
        return
    kind = _FIRST.get(record)
    if kind is None:
        wrong(line, f"record identification {label_text(record, 5)} is not 3, 4, 7 or 8")
    good = identifiers.is_hcpcs(code) if kind == "code" else re.fullmatch(r"[A-Z][A-Z0-9]", code)
    if not good:
        wrong(line, f"{label_text(code, 10) or 'nothing'} is no HCPCS {kind}")
    if not label.strip():
        wrong(line, f"{code} has no words")
    entry = Listed(code, "", kind, label_text(short), starts_on=added, ends_on=ended)
    found.append(_Growing(line, entry, [label.strip()]))


def read_cpt(data: bytes, name: str) -> CodeList:
    """The clinic's own licensed CPT list: CSV or tabs with headings, or the plain files of the
    AMA (code, then a tab or blanks, then the words). Raises Invalid with the line."""
    text = text_of(data)
    at: dict[str, int] = {}
    for _, row in table(text):
        at = columns(row, _CPT_COLUMNS)
        break
    if {"code", "label"} <= at.keys():
        found = _by_columns(text, _CPT_COLUMNS, identifiers.cpt)
        return CodeList("cpt", "table", without_doubles(found), _CODES)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _CPT_LINE.fullmatch(line.rstrip())
        if match:
            found.append((number, Listed(match.group(1), label_text(match.group(2)))))
        elif line.strip() and found:
            # Above the first code the AMA's notice stands.
            wrong(number, "not a CPT code and its words")
    if not found:
        wrong(1, "no CPT code and its words", "CSV or tabs with the headings code and description")
    return CodeList("cpt", "plain file", without_doubles(found), _CODES)


def read_taxonomy(data: bytes, name: str) -> CodeList:
    """The NUCC provider taxonomy as its CSV. Raises Invalid with the line."""
    found = []
    at: dict[str, int] = {}
    for number, row in table(text_of(data)):
        if not at:
            at = columns(row, _TAXONOMY_COLUMNS)
            if not {"code", "class"} <= at.keys():
                wrong(number, "no headings Code and Classification")
            continue
        cells = {k: label_text(row[p]) if p < len(row) else "" for k, p in at.items()}
        try:
            code = identifiers.taxonomy(cells["code"])
        except Invalid as error:
            wrong(number, error.message)
        spelt = ", ".join(part for part in (cells["class"], cells.get("special", "")) if part)
        notes = (("definition", cells["text"]),) if cells.get("text") else ()
        label = cells.get("shown") or spelt
        also = "; ".join(part for part in (spelt, cells.get("group", "")) if part and part != label)
        found.append((number, Listed(code, label, also=also, notes=notes)))
    return CodeList("taxonomy", "NUCC table", without_doubles(found), _CODES)


def read_places(data: bytes, name: str) -> CodeList:
    """Place of service codes as CSV. Raises Invalid with the line."""
    found = _by_columns(text_of(data), _PLACE_COLUMNS, identifiers.place_of_service)
    return CodeList("pos", "table", without_doubles(found), _CODES)


def read_payers(data: bytes, name: str) -> CodeList:
    """A clearinghouse's payer list as CSV: ids and names; one id may have several names.

    Raises Invalid with the line.
    """
    names: dict[str, list[str]] = {}
    for _, entry in _by_columns(text_of(data), _PAYER_COLUMNS, _payer_id):
        known = names.setdefault(entry.code, [])
        if entry.label not in known:
            known.append(entry.label)
    if not names:
        raise Invalid("The file lists no payer", "Is it the right file?")
    made = tuple(
        Listed(code, spelt[0], also="; ".join(spelt[1:])[:8000]) for code, spelt in names.items()
    )
    return CodeList("payer", "payer list", made, _CODES)


def _payer_id(text: str) -> str:
    if not _PAYER_ID.fullmatch(text.strip()):
        raise Invalid(f"Not a payer id: {label_text(text, 12) or 'nothing'}", "")
    return text.strip()


def _by_columns(
    text: str, wanted: Mapping[str, Sequence[str]], read: Callable[[str], str]
) -> list[tuple[int, Listed]]:
    found = []
    at: dict[str, int] = {}
    for number, row in table(text):
        if not at:
            at = columns(row, wanted)
            if not {"code", "label"} <= at.keys():
                wrong(number, "no headings for the code and its words", "Name the columns there")
            continue
        cells = {k: label_text(row[p]) if p < len(row) else "" for k, p in at.items()}
        try:
            code = read(cells["code"])
        except Invalid as error:
            wrong(number, error.message)
        if not cells["label"]:
            wrong(number, f"{code} has no words")
        notes = (("definition", cells["text"]),) if cells.get("text") else ()
        found.append((number, Listed(code, cells["label"], notes=notes)))
    return found
