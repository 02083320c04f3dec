"""The clinic's own words, for reading one-line entry: visit types, providers, topics, hours."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import time

from deskterm.entry.line import Vocabulary
from deskterm.office.desk import Desk


@dataclass(frozen=True)
class Words:
    """The vocabulary and the hours within which a bare time is read."""

    vocabulary: Vocabulary
    opens: time
    closes: time


def words(desk: Desk) -> Words:
    """Read the clinic's words. Codes are matched without regard to case."""
    types = desk.rows(
        "SELECT code, name, minutes, aliases FROM visit_type WHERE active = 1 ORDER BY sort_order"
    )
    providers = desk.rows(
        "SELECT code, credential, last_name FROM provider WHERE active = 1 ORDER BY sort_order"
    )
    topics = desk.rows(
        "SELECT code, label, detail FROM code WHERE kind = 'topic' AND active = 1"
        " ORDER BY sort_order"
    )
    pools = desk.rows("SELECT code FROM pool ORDER BY code")
    hours = desk.rows("SELECT min(opens), max(closes) FROM location WHERE active = 1")[0]
    opens, closes = (hours[0] or 420), (hours[1] or 1140)
    return Words(
        Vocabulary(
            visit_types={c: (name, minutes, tuple(a.split())) for c, name, minutes, a in types},
            providers={c: (f"{c} {cred}".strip(), (last,)) for c, cred, last in providers},
            topics={
                code: (label, tuple(json.loads(detail).get("aliases", "").split()))
                for code, label, detail in topics
            },
            pools=tuple(code for (code,) in pools),
        ),
        time(opens // 60, opens % 60),
        time(closes // 60 % 24, closes % 60) if closes < 1440 else time(23, 59),
    )
