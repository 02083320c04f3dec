"""Text that people typed: what may be stored, and what may reach a terminal, paper or a file.

A patient's name has driven a real terminal (window title, clipboard, a forged prompt). So
controls, escape sequences and direction overrides are refused when typed, replaced when
imported, and dropped again on the way out whatever the database holds.
"""

from __future__ import annotations

import re
import unicodedata

from deskterm.errors import Invalid

# C0, DEL, C1; bidirectional and invisible formatting; lone surrogates; tag characters.
# ZWNJ and ZWJ (U+200C, U+200D) stay: Persian and Indic names need them.
_UNSAFE = (
    "\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
UNSAFE = re.compile(f"[{_UNSAFE}]")
# the same, less the line feed
_UNSAFE_BLOCK = re.compile(f"(?!\n)[{_UNSAFE}]")
MAX_MARKS = 4


def clean_text(text: str, *, field: str = "", limit: int = 0, lines: bool = False) -> str:
    """``text`` as it may be stored: NFC, trimmed, at most ``limit`` characters.

    ``lines`` allows line breaks. Raises Invalid for control characters, escape sequences,
    direction overrides, more than four combining marks on one letter, or a text too long;
    nothing is silently dropped, because the person typing can mend it.
    """
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        # Nearly every text; nothing in it can be unsafe or need composing.
        text = text.strip()
        _check_length(text, field, limit)
        return text
    if lines:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    unsafe = _UNSAFE_BLOCK if lines else UNSAFE
    if unsafe.search(text):
        raise Invalid(
            "This text holds a control or direction character",
            "Type it again without pasting",
            field=field,
        )
    text = unicodedata.normalize("NFC", text).strip()
    if _too_many_marks(text):
        raise Invalid("Too many accents on one letter", "Type the name again", field=field)
    _check_length(text, field, limit)
    return text


def _check_length(text: str, field: str, limit: int) -> None:
    if limit and len(text) > limit:
        raise Invalid(
            f"Too long: {len(text)} characters, at most {limit}", "Shorten it", field=field
        )


def tidy_import(text: object, *, limit: int = 0, lines: bool = False) -> str:
    """Imported ``text`` made storable: unsafe characters become U+FFFD, the rest is cut to fit."""
    if text is None:
        return ""
    value = str(text)
    if lines:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = (_UNSAFE_BLOCK if lines else UNSAFE).sub("\ufffd", value)
    value = unicodedata.normalize("NFC", value).strip()
    if _too_many_marks(value):
        value = "".join(c for c in value if not unicodedata.combining(c))
    return value[:limit] if limit else value


def safe(text: object) -> str:
    """``text`` with everything dropped that could act on a terminal; one line."""
    return UNSAFE.sub("", str(text))


def safe_block(text: object) -> str:
    """Like :func:`safe`, keeping line breaks; for receipts and notes."""
    return "\n".join(safe(line) for line in str(text).split("\n"))


def fold(text: str) -> str:
    """``text`` for searching: lower case, no accents, and only letters, digits and spaces.

    Hyphens and apostrophes vanish inside words, so ``O'Neil`` and ``oneil`` meet; ``ß``, ``ø``
    and their like are spelt out.
    """
    spelt = text.translate(_SPELT)
    plain = "".join(c for c in unicodedata.normalize("NFKD", spelt) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]|_", "", plain.casefold()).split())


def ascii_upper(text: str) -> str:
    """``text`` in capitals without accents, for systems that know ASCII only: Zoë is ZOE.

    What has no ASCII spelling becomes a space, so that two words never run together.
    """
    plain = unicodedata.normalize("NFKD", text.translate(_SPELT))
    kept = (c if " " <= c <= "~" else "" if unicodedata.combining(c) else " " for c in plain)
    return " ".join("".join(kept).upper().split())


_SPELT = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ł": "l",
     "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i"}
)  # fmt: skip


# One cell each, in every version of Unicode: Latin letters with and without marks, and signs.
_LATIN = re.compile("[ -~\xa1-\xac\xae-\u02ff\u1e00-\u1eff]*")


def width(text: str) -> int:
    """Terminal cells that ``text`` takes."""
    if (text.isascii() and text.isprintable()) or _LATIN.fullmatch(text):
        # Nearly every text. The tables for the others take 10 ms to load: not until needed.
        return len(text)
    from wcwidth import wcswidth

    cells = wcswidth(text)
    return cells if cells >= 0 else sum(_cells(c) for c in text)


def _cells(character: str) -> int:
    from wcwidth import wcwidth

    return max(wcwidth(character), 0)


def fit(text: object, cells: int, *, right: bool = False) -> str:
    """``text`` made exactly ``cells`` wide: padded, or cut with ``~`` as its last cell."""
    if type(text) is str and text.isascii() and text.isprintable() and cells > 0:
        if len(text) > cells:
            return text[: cells - 1] + "~"
        return text.rjust(cells) if right else text.ljust(cells)
    value = safe(text)
    wide = width(value)
    if wide > cells:
        if cells <= 0:
            return ""
        kept, used = "", 0
        for c in value:
            w = 1 if " " <= c <= "~" else _cells(c)
            if used + w > cells - 1:
                break
            kept, used = kept + c, used + w
        return kept + "~" + " " * (cells - 1 - used)
    pad = " " * (cells - wide)
    return pad + value if right else value + pad


def _too_many_marks(text: str) -> bool:
    if text.isascii():
        return False  # a payer's whole answer, for one
    run = 0
    for c in unicodedata.normalize("NFD", text):
        run = run + 1 if unicodedata.combining(c) else 0
        if run > MAX_MARKS:
            return True
    return False
