"""The government's ICD-10-CM files: the order file, the codes file and the tabular list (XML).

Columns of the fixed-width files are those of the ``icd10OrderFile`` note that CMS packs with
them. The XML alone has the notes, and writes most codes of injuries without their seventh
character; those are made from the characters that it defines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from deskterm.entry.identifiers import icd10cm
from deskterm.errors import Invalid
from deskterm.exchange.code_lists import (
    LONGEST_ALSO,
    CodeList,
    Listed,
    fiscal_year,
    label_text,
    text_of,
    without_doubles,
    wrong,
)

_ORDER = re.compile(r"[0-9]{5} ([A-Z][0-9A-Z]{2,6}) {1,5}([01]) (.{60}) (\S.*)")
_CODE = re.compile(r"([A-Z][0-9A-Z]{2,6}) +(\S.*)")
_CODE_CELLS = 8  # of the codes file, before the words
_RANGE = re.compile(r"([A-Z][0-9A][0-9A-Z])-([A-Z][0-9A][0-9A-Z])")
# Elements of the XML that hold notes, and what they are called here.
_NOTES = {
    "includes": "includes", "inclusionTerm": "also", "excludes1": "excludes1",
    "excludes2": "excludes2", "codeFirst": "code first", "useAdditionalCode": "use additional",
    "codeAlso": "code also", "notes": "note", "sevenChrNote": "note",
}  # fmt: skip
_WHOLE = 7  # characters of a code with its seventh
# The one note that makes an exception: "7th characters D and S do not apply to codes in category
# S06 with 6th character 7 - death ..., or 8 - death ...".
_NOT_APPLY = re.compile(r"7th characters? (.+?) do(?:es)? not apply to codes .*?6th character (.*)")
_Seventh = dict[str, str]


def read(data: bytes, name: str) -> CodeList:
    """Any of the three files, told apart by what is in it. Raises Invalid with the line."""
    head = data[:400].lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith(b"<"):
        return read_tabular(data, name)
    text = text_of(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    starts_on = fiscal_year(name)
    if _ORDER.fullmatch(first.rstrip()):
        return _order_file(text, starts_on)
    if _CODE.fullmatch(first.rstrip()):
        return _codes_file(text, starts_on)
    wrong(1, "not a line of an ICD-10-CM order or codes file", "Name the .txt or .xml file of CMS")


def _order_file(text: str, starts_on: date | None) -> CodeList:
    found = []
    for number, line in _lines(text):
        match = _ORDER.fullmatch(line)
        if match is None:
            wrong(number, "not a line of an order file")
        code, flag, _, label = match.groups()
        kind = "code" if flag == "1" else "header"
        found.append((number, Listed(_checked(code, number), label_text(label), kind)))
    complete = frozenset({"code", "header"})
    return CodeList("icd10cm", "order file", without_doubles(found), complete, starts_on)


def _codes_file(text: str, starts_on: date | None) -> CodeList:
    found = []
    for number, line in _lines(text):
        match = _CODE.fullmatch(line)
        if match is None or len(match.group(1)) >= _CODE_CELLS:
            wrong(number, "not a line of a codes file")
        found.append((number, Listed(_checked(match.group(1), number), label_text(match.group(2)))))
    return CodeList("icd10cm", "codes file", without_doubles(found), frozenset({"code"}), starts_on)


def read_tabular(data: bytes, name: str = "") -> CodeList:
    """The tabular list as XML. Raises Invalid, with the line where the XML itself is broken."""
    from xml.etree import ElementTree

    text_of(data)  # its size
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Invalid("This XML defines names of its own, which the tabular list never does", "")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        wrong(error.position[0], "the XML is broken here")
    if root.tag != "ICD10CM.tabular":
        raise Invalid("Not the tabular list of ICD-10-CM", "Its file begins ICD10CM.tabular")
    said = root.findtext("version") or ""
    year = re.fullmatch(r"20\d\d", said.strip())
    found: list[Listed] = []
    for chapter in root.iterfind("chapter"):
        found += _chapter(chapter)
    entries = without_doubles(list(enumerate(_once(found), 1)))
    return CodeList(
        "icd10cm", "tabular list", entries, frozenset({"code", "header", "range"}),
        fiscal_year(name) or (date(int(year.group()) - 1, 10, 1) if year else None),
    )  # fmt: skip


def _chapter(chapter: Any) -> Iterator[Listed]:
    said = _said(chapter)
    match = re.search(r"\(([A-Z][0-9A][0-9A-Z]-[A-Z][0-9A][0-9A-Z])\)", said)
    if match:
        yield Listed(match.group(1), said[: match.start()].strip(), "range", notes=_notes(chapter))
    for section in chapter.iterfind("section"):
        span, label = section.get("id") or "", _said(section)
        # Some sections are one category, which then stands below by itself.
        if _RANGE.fullmatch(span):
            short = label.removesuffix(f"({span})").strip()
            yield Listed(span, short, "range", notes=_notes(section))
        for diagnosis in section.iterfind("diag"):
            yield from _diagnosis(diagnosis, {}, frozenset())


def _diagnosis(node: Any, seventh: _Seventh, not_for: frozenset[str]) -> Iterator[Listed]:
    name = (node.findtext("name") or "").strip()
    try:
        code = icd10cm(name)
    except Invalid:
        raise Invalid(
            f"A code of the tabular list is no code: {label_text(name, 20)}", ""
        ) from None
    label, notes = _said(node), _notes(node)
    defined = node.find("sevenChrDef")
    if defined is not None:
        seventh = {
            (one.get("char") or "").strip(): label_text(one.text or "")
            for one in defined.iterfind("extension")
        }
    for _, note in notes:
        exception = _NOT_APPLY.match(note)
        if exception:
            letters = re.findall(r"\b[A-Z0-9]\b", exception.group(1))
            sixths = re.findall(r"\b([A-Z0-9]) -", exception.group(2))
            not_for |= {sixth + letter for sixth in sixths for letter in letters}
    also = "; ".join(text for kind, text in notes if kind == "also")[:LONGEST_ALSO]
    below = node.findall("diag")
    entry = Listed(code, label, "header", also, notes)
    if below:
        yield entry
        for child in below:
            yield from _diagnosis(child, seventh, not_for)
    elif seventh and len(code) < _WHOLE:
        yield entry
        padded = code.ljust(_WHOLE - 1, "X")
        for character, meaning in seventh.items():
            if padded[-1] + character not in not_for:
                yield Listed(padded + character, f"{label}, {meaning}")
    else:
        yield replace(entry, kind="code")


def _once(entries: list[Listed]) -> Iterator[Listed]:
    """A chapter may be one section: then the section is what stands."""
    last = {entry.code: place for place, entry in enumerate(entries) if entry.kind == "range"}
    for place, entry in enumerate(entries):
        if entry.kind != "range" or last[entry.code] == place:
            yield entry


def _said(node: Any) -> str:
    label = label_text(node.findtext("desc") or "")
    if not label:
        name = label_text(node.findtext("name") or node.get("id") or "?", 20)
        raise Invalid(f"{name} of the tabular list has no words", "")
    return label


def _notes(node: Any) -> tuple[tuple[str, str], ...]:
    found = []
    for child in node:
        kind = _NOTES.get(child.tag)
        if kind:
            for note in child.iterfind("note"):
                text = label_text("".join(note.itertext()))
                if text:
                    found.append((kind, text))
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.rstrip()


def _checked(code: str, line: int) -> str:
    try:
        return icd10cm(code)
    except Invalid:
        wrong(line, f"{code} is no ICD-10-CM code")
