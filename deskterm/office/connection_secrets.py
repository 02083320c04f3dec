"""Where a connection's secret is: named in the database, never kept there, and never shown.

``file:NAME`` is a file of mode 0600 in the folder ``secrets`` beside the database;
``credential:NAME`` one of systemd's (LoadCredential); ``env:NAME`` a variable whose name begins
with DESKTERM_SECRET_. Its content is a user on the first line and the password on the second, or
a key alone; a private key is everything after the user.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from deskterm.config import Settings
from deskterm.errors import Invalid
from deskterm.exchange.payers.trouble import Unset
from deskterm.exchange.payers.values import Secret

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST = 16_384  # bytes: a private key is the longest


def check_reference(reference: str) -> str:
    """A reference as it is kept. Raises Invalid, without repeating what may be a secret."""
    place, _, name = reference.partition(":")
    good = place in ("file", "credential", "env") and _NAME.fullmatch(name)
    if not good or (place == "env" and not name.startswith("DESKTERM_SECRET_")):
        raise Invalid(
            "That does not say where a secret is",
            "file:NAME, credential:NAME or env:DESKTERM_SECRET_NAME; never the secret itself",
            field="secret",
        )
    return reference


def read(settings: Settings, reference: str) -> Secret:
    """The secret. Raises Unset when it is not there, or when others can read it."""
    if not reference:
        return Secret()
    place, _, name = check_reference(reference).partition(":")
    if place == "env":
        text = os.environ.get(name, "")
    else:
        folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
        if place == "credential" and not folder:
            raise Unset(f"There are no credentials here for {name}", "LoadCredential= in the unit")
        text = _file(Path(folder) if place == "credential" else settings.secrets_path, name)
    lines = text.strip("\r\n").split("\n", 1)
    if not lines[0].strip():
        raise Unset(
            f"The secret {name} is empty or not there", "docs/payers.md says how it is kept"
        )
    if len(lines) == 1:
        return Secret("", lines[0].strip())
    return Secret(lines[0].strip(), lines[1].strip())


def _file(folder: Path, name: str) -> str:
    try:
        handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise Unset(f"The secret {name} cannot be read: {error.strerror}", "") from None
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or stat.S_IMODE(facts.st_mode) & 0o077:
            raise Unset(f"Other accounts can read the secret {name}", f"chmod 600 {name}")
        return file.read(_MOST).decode("utf-8", "replace")
