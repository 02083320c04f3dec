"""Things that must never act: each was, or could be, a patient's name.

``PAYLOADS`` maps a name to the text. ``leaks(raw)`` tells which of them reached a terminal, given
the raw bytes the program wrote.
"""

from __future__ import annotations

import re

PAYLOADS: dict[str, str] = {
    "escape alone": "Ann\x1bSmith",
    "csi clear screen": "\x1b[2J\x1b[HNETWORK ERROR - type your password:",
    "csi move and paint": "\x1b[5;40HPAID $0.00",
    "csi device answer": "\x1b[c",
    "osc 0 window title": "\x1b]0;pwned\x07",
    "osc 52 clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "osc 8 link": "\x1b]8;;https://pwned.example/\x1b\\click\x1b]8;;\x1b\\",
    "dcs": "\x1bP$qm\x1b\\",
    "apc": "\x1b_pwned\x1b\\",
    "c1 csi": "\x9b31mRed",
    "c1 osc": "\x9d0;pwned\x9c",
    "bell": "Ann\x07Smith",
    "nul": "Ann\x00Smith",
    "delete": "Ann\x7fSmith",
    "backspaces": "PAID\x08\x08\x08\x08DUE ",
    "carriage return": "Smith\rJones",
    "shift out": "Ann\x0eSmith\x0f",
    "bidi override": "Smith \u202edeceiver\u202c",
    "bidi isolate": "\u2066Smith\u2069",
    "zero width": "Sm\u200bith\ufeff",
    "tag characters": "Smith\U000e0041\U000e0042",
    "line separator": "Smith\u2028Jones",
    "markup colour": "[red]Smith[/red]",
    "markup close": "[/]",
    "markup close unknown": "[/x]",
    "markup action": "[@click=app.exit]Smith[/]",
    "markup open": "Smith [Jr",
    "combining stack": "Z" + "\u0301" * 40,
    "emoji family": "👩‍👩‍👧‍👦 Smith",
    "wide": "山田太郎",
    "long": "Wolfeschlegelsteinhausen" * 20,
    "csv formula": "=HYPERLINK(\"https://pwned.example/\",\"pay\")",
    "sql quote": "Robert'); DROP TABLE patient;--",
    "fts operator": '"smith" AND NOT *',
    "percent": "100%_\\",
    "replacement": "Sm\ufffdith",
    "html": "<b onload=1>&amp;</b>",
    "newline": "Smith\nPAID IN FULL",
}  # fmt: skip

# Invisible characters that must not be found anywhere in the output, as UTF-8.
_INVISIBLE = re.compile(
    "[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_OWN_SEQUENCE = re.compile(rb"\x1b\[[0-9;]*[mHKJABCD]|\x1b\[\?(?:1049|25|7|2004|2026)[hl]")
_OWN_QUERY = re.compile(rb"\x1b\[\?2026\$p")


def leaks(raw: bytes) -> list[str]:
    """What in ``raw`` is neither printable text nor a sequence the desk itself uses."""
    found = []
    if b"\x1b[2J" in raw:
        found.append("clears the screen")
    if b"\x1b[5;40H" in raw and b"PAID" in raw:
        found.append("moves the cursor to paint")
    rest = _OWN_QUERY.sub(b"", _OWN_SEQUENCE.sub(b"", raw))
    found += [f"control {byte:#04x}" for byte in sorted({*rest} & {*range(32), 127} - {10, 13})]
    text = rest.decode("utf-8", "replace")
    found += [f"character U+{ord(c):04X}" for c in sorted({*_INVISIBLE.findall(text)})]
    return found
