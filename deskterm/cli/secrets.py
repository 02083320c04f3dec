"""Reading a PIN or a code: typed unseen at a terminal, or one line of standard input.

Never an argument: those are kept by shells and shown by ``ps``.
"""

from __future__ import annotations

import getpass
import sys

from deskterm.errors import Invalid


def read_secret(label: str, *, twice: bool = False) -> str:
    """One secret. Raises Invalid when nothing is given, or two typings differ."""
    if not sys.stdin.isatty():
        text = sys.stdin.readline().rstrip("\r\n")
    else:
        text = getpass.getpass(f"{label}: ")
        if twice and getpass.getpass("Again: ") != text:
            raise Invalid("The two are not the same", "Type it again", field="secret")
    if not text:
        raise Invalid(f"{label}: nothing was given", "Type it, or pass it on standard input")
    return text
