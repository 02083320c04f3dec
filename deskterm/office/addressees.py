"""Whom a message can be sent to: every pool, and everybody who reads messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deskterm.errors import Invalid
from deskterm.office import clinic
from deskterm.office.desk import Desk
from deskterm.text import fold, safe


@dataclass(frozen=True)
class Addressee:
    """A pool (``code`` in capitals) or a person (``code`` is the login)."""

    code: str
    label: str
    is_pool: bool

    @property
    def spoken(self) -> str:
        """As a sentence says it: ``RN pool``, ``Maria Lopez``."""
        return f"{self.code} pool" if self.is_pool else self.label

    @property
    def target(self) -> dict[str, str]:
        """As :mod:`deskterm.office.messages` takes it."""
        return {"pool" if self.is_pool else "assignee": self.code}


def addressees(desk: Desk) -> list[Addressee]:
    """Pools first, then people by name. Pools that only the topic list names count too."""
    desk.require("view_messages")
    named = {code: name for code, name in desk.rows("SELECT code, name FROM pool ORDER BY code")}
    for topic, _ in clinic.codes(desk, "topic"):
        pool = clinic.code(desk, "topic", topic)[2].get("pool")
        if pool:
            named.setdefault(str(pool), str(pool))
    people = desk.rows(
        "SELECT s.login, s.name FROM staff s WHERE s.active = 1 AND EXISTS ("
        " SELECT 1 FROM role_permission r WHERE r.role = s.role"
        " AND r.permission = 'view_messages') ORDER BY s.name, s.login"
    )
    pools = [
        Addressee(code, f"{name} pool" if name == code else name, True)
        for code, name in sorted(named.items())
    ]
    return pools + [Addressee(login, name, False) for login, name in people]


def split(text: str, known: Sequence[Addressee]) -> tuple[Addressee, str]:
    """Who the first word of ``text`` is, and the note behind it. Raises Invalid."""
    first, _, note = text.strip().partition(" ")
    return find(first, known), note.strip()


def find(text: str, known: Sequence[Addressee]) -> Addressee:
    """The addressee whose code is ``text`` or begins so, or whose name does. Raises Invalid."""
    wanted = fold(text.removeprefix("@"))
    ways = (
        [to for to in known if fold(to.code) == wanted],
        [to for to in known if wanted and fold(to.code).startswith(wanted)],
        [to for to in known if wanted and fold(to.label).startswith(wanted)],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return found[0]
    names = ", ".join(to.code for to in (found or known)[:8])
    raise Invalid(
        f"Which one: {names}?" if found else f"Nobody called {safe(text)[:20]}",
        f"One of {names}",
        field="to",
    )
