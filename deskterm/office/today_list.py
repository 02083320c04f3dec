"""Who is expected today, by name: kept in memory between two keys of a search.

A broad search puts today's patients first, wherever their names sort. Reading all of them takes
longer than everything else in such a search, so the list is kept until the journal has a new
entry; whatever changes a visit or a name writes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from peewee import Database

from deskterm.office.desk import Desk
from deskterm.office.name_search import LIVING, Born, Hit, Reading


@dataclass(frozen=True)
class TodayList:
    """The patients of one day as of one journal entry, by surname, given name, birth date."""

    day: str
    seq: int
    hits: tuple[Hit, ...]
    ids: frozenset[int]

    def matching(self, reading: Reading, born: Born, limit: int) -> list[Hit]:
        """The first of those whose legal names begin so. Further names must be checked apart."""
        last, first = reading.last, reading.first
        found = []
        for hit in self.hits:
            if (
                hit.last_key.startswith(last)
                and hit.first_key.startswith(first)
                and (not born.first or born.first <= hit.birth_date <= born.last)
            ):
                found.append(hit)
                if len(found) == limit:
                    break
        return found


_kept: WeakKeyDictionary[Database, TodayList] = WeakKeyDictionary()


def today_list(desk: Desk) -> TodayList:
    """Today's patients as they stand now."""
    desk.require("view_patients")
    day = desk.today().isoformat()
    seq = desk.rows("SELECT coalesce(max(seq), 0) FROM journal")[0][0]
    kept = _kept.get(desk.database)
    if kept is None or (kept.day, kept.seq) != (day, seq):
        found = desk.rows(
            "SELECT DISTINCT p.id, p.last_key, p.first_key, p.birth_date"
            " FROM appointment a CROSS JOIN patient p WHERE a.day = ?"
            " AND a.lifecycle NOT IN ('cancelled', 'entered_in_error')"
            f" AND p.id = a.patient_id AND {LIVING}"
            " ORDER BY p.last_key, p.first_key, p.birth_date, p.id",
            day,
        )
        hits = tuple(Hit(*row) for row in found)
        kept = _kept[desk.database] = TodayList(day, seq, hits, frozenset(h.id for h in hits))
    return kept
