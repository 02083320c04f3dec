"""Files of FHIR resources: NDJSON lines, bundles and single resources, read without trust.

Whatever is wrong with a file or a line becomes an :class:`Item` with a ``reason`` and its
place; nothing raises, and the lines after it are read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from deskterm.text import tidy_import

LONGEST_LINE = 16 * 1024 * 1024  # bytes of one NDJSON line
LARGEST_DOCUMENT = 256 * 1024 * 1024  # bytes of a bundle, which is read as a whole
_NESTED_BUNDLES = 3


@dataclass(frozen=True)
class Item:
    """One resource, or the reason why there is none.

    ``line`` counts from 1 (0: the file as a whole), ``entry`` is the place in a bundle (0: not
    in one), ``offset`` the bytes of the file read so far.
    """

    file: str
    line: int
    offset: int
    entry: int = 0
    resource: dict[str, Any] | None = None
    reason: str = ""

    @property
    def kind(self) -> str:
        """The resource's type as it names itself."""
        named = self.resource.get("resourceType") if self.resource else ""
        return named if isinstance(named, str) else ""


class _Broken(Exception):
    """The bytes are not a resource; the text says why, without quoting them."""


def read_file(path: Path) -> Iterator[Item]:
    """Every resource of one file, in order; a bundle's entries one by one."""
    name = tidy_import(path, limit=300)
    try:
        if path.is_dir():
            yield Item(name, 0, 0, reason="is a folder: name the files in it")
            return
        if not path.exists():
            yield Item(name, 0, 0, reason="there is no such file")
            return
        if not path.is_file():
            yield Item(name, 0, 0, reason="is not a file")
            return
        with path.open("rb") as source:
            yield from _read(name, source)
    except (OSError, ValueError) as error:
        said = (
            os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "bad name"
        )
        yield Item(name, 0, 0, reason=f"cannot be read: {said}")


def _read(name: str, source: BinaryIO) -> Iterator[Item]:
    start = source.read(4)
    source.seek(0)
    if not start:
        yield Item(name, 0, 0, reason="the file is empty")
    elif start[:2] == b"\x1f\x8b" or start == b"PK\x03\x04":
        yield Item(name, 0, 0, reason="is compressed: unpack it first")
    elif start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield Item(name, 0, 0, reason="is UTF-16, not UTF-8 text")
    elif _is_lines(source):
        yield from _lines(name, source)
    else:
        yield from _document(name, source)


def _is_lines(source: BinaryIO) -> bool:
    """Whether each line stands for itself: the first one is whole, or at least no fragment."""
    first = b""
    while not first.strip(b"\xef\xbb\xbf \t\r\n"):
        first = source.readline(LONGEST_LINE + 1)
        if not first:
            break
    more = bool(source.read(4096).strip())
    source.seek(0)
    if not more:
        return False
    try:
        _parse(first)
    except _Broken:
        # a printed document begins with a line that holds little more than a bracket
        return len(first.strip(b"\xef\xbb\xbf \t\r\n")) > 1 and str(source.name).endswith(
            (".ndjson", ".jsonl")
        )
    return True


def _lines(name: str, source: BinaryIO) -> Iterator[Item]:
    number = offset = 0
    while line := source.readline(LONGEST_LINE + 1):
        number += 1
        offset += len(line)
        if len(line) > LONGEST_LINE:
            while not line.endswith(b"\n") and (line := source.readline(LONGEST_LINE)):
                offset += len(line)
            yield Item(name, number, offset, reason="the line is longer than 16 MB")
            continue
        if line.strip(b"\xef\xbb\xbf \t\r\n"):
            yield from _items(name, number, offset, line)


def _document(name: str, source: BinaryIO) -> Iterator[Item]:
    content = source.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        yield Item(name, 0, 0, reason="the file is larger than 256 MB: split it into NDJSON lines")
        return
    yield from _items(name, 1, len(content), content)


def _items(name: str, line: int, offset: int, content: bytes) -> Iterator[Item]:
    try:
        value = _parse(content)
    except _Broken as broken:
        at = broken.args[1] if len(broken.args) > 1 else 1
        yield Item(name, line + at - 1, offset, reason=broken.args[0])
        return
    yield from _unfold(Item(name, line, offset, resource=value), _NESTED_BUNDLES)


def _unfold(item: Item, depth: int) -> Iterator[Item]:
    """The entries of a bundle, or the resource itself."""
    if item.kind != "Bundle":
        yield item
        return
    place = (item.file, item.line, item.offset)
    entries = item.resource.get("entry") if item.resource else None
    if entries is None:
        entries = []
    if not isinstance(entries, list) or depth == 0:
        yield Item(*place, item.entry, reason="the bundle's entry is not a list of entries")
        return
    for number, entry in enumerate(entries, 1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(entry, dict) and resource is None:
            continue  # a transaction's answer, or a link without its resource
        if not isinstance(resource, dict):
            yield Item(*place, number, reason="the entry holds no resource")
            continue
        yield from _unfold(Item(*place, number, resource), depth - 1)


def _parse(content: bytes) -> dict[str, Any]:
    if b"\x00" in content:
        raise _Broken("holds a NUL byte")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Broken("is not UTF-8 text") from None
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        said = f"is not JSON: {error.msg} at column {error.colno}"
        raise _Broken(said, error.lineno) from None
    except RecursionError:
        raise _Broken("is nested too deeply") from None
    except (ValueError, ArithmeticError):
        raise _Broken("holds a number that cannot be read") from None
    if not isinstance(value, dict):
        raise _Broken("is not a resource")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)
