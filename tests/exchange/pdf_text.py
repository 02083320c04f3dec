"""The text of a PDF that our templates make, read without another program.

Enough for what the compiler writes: one compressed stream of drawing per page, and for each font
a table from glyphs to letters.
"""

from __future__ import annotations

import re
import zlib

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.S)
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.S)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.S)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def page_count(pdf: bytes) -> int:
    """How many pages there are."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def words(pdf: bytes) -> str:
    """All text in the order in which it is drawn, without spaces: lines break anywhere."""
    objects = {int(m[1]): m[2] for m in _OBJECT.finditer(pdf)}
    letters = {number: _letters(objects, body) for number, body in objects.items()
               if b"/ToUnicode" in body}  # fmt: skip
    found = []
    for body in objects.values():
        if not re.search(rb"/Type\s*/Page\b", body):
            continue
        names = {m[1]: int(m[2]) for m in re.finditer(rb"/(f\d+) (\d+) 0 R", _fonts(objects, body))}
        for number in re.findall(rb"/Contents (\d+) 0 R", body):
            found.append(_drawn(_stream(objects[int(number)]), names, letters))
    return re.sub(r"[\s\u200b]", "", "".join(found))


def _fonts(objects: dict[int, bytes], page: bytes) -> bytes:
    """What names a page's fonts: in the page itself, or in the resources it points at."""
    for number in re.findall(rb"/(?:Resources|Font) (\d+) 0 R", page):
        page += objects[int(number)]
    return page


def _drawn(
    content: bytes, names: dict[bytes, int], letters: dict[int, dict[int, str]]
) -> str:  # fmt: skip
    out, table = [], {}
    for shown in _shown(content):
        if isinstance(shown, bytes):
            for at in range(0, len(shown) - 1, 2):
                out.append(table.get(int.from_bytes(shown[at : at + 2], "big"), ""))
        else:
            table = letters.get(names.get(shown[0], 0), {})
    return "".join(out)


def _shown(content: bytes) -> list[bytes | tuple[bytes]]:
    """Strings of glyphs, and between them the fonts chosen, in order."""
    found: list[bytes | tuple[bytes]] = []
    at = 0
    token = re.compile(rb"/(f\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\)|<([0-9A-Fa-f]+)>", re.S)
    while match := token.search(content, at):
        at = match.end()
        if match[1]:
            found.append((match[1],))
        elif match[3]:
            found.append(bytes.fromhex(match[3].decode()))
        else:
            found.append(_ESCAPE.sub(_unescaped, match[2]))
    return found


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1].isdigit():
        return bytes([int(match[1], 8)])
    return _CONTROLS.get(match[1], match[1])


def _letters(objects: dict[int, bytes], font: bytes) -> dict[int, str]:
    number = re.search(rb"/ToUnicode (\d+) 0 R", font)
    assert number
    table = _stream(objects[int(number[1])]).decode("ascii")
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.S):
        for glyph, text in re.findall(r"<([0-9A-F]+)>\s*<([0-9A-F]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
    return found


def _stream(body: bytes) -> bytes:
    match = _STREAM.search(body)
    assert match
    return zlib.decompress(match[1]) if b"FlateDecode" in body else match[1]
