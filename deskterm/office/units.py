"""How much of an authorization is left: authorized - used - already booked.

Nothing is counted twice because nothing is counted up: a visit that it covers is booked while
it is scheduled, used when it is completed, and free again when it does not take place.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from deskterm.office.desk import Desk, placeholders

# One part for each visit or use; then by day, of which a ``day`` of service counts once however
# many visits it had (Epic: sequential same-day visits are one).
_COUNTS = """
WITH part AS (
  SELECT l.authorization_id AS id, a.day AS day, l.units AS units,
    CASE WHEN a.lifecycle = 'completed' THEN 1 ELSE 0 END AS used
  FROM visit_permit l JOIN appointment a ON a.id = l.appointment_id
  WHERE l.authorization_id IN ({ids}) AND l.released_at IS NULL
    AND a.lifecycle IN ('scheduled', 'completed')
  UNION ALL
  SELECT u.authorization_id, u.day, u.units, 1 FROM authorization_use u
  WHERE u.authorization_id IN ({ids}) AND u.released_at IS NULL),
each_day AS (
  SELECT p.id AS id,
    CASE WHEN x.unit_kind = 'day' THEN max(p.used) ELSE sum(p.units * p.used) END AS used,
    CASE WHEN x.unit_kind = 'day' THEN 1 - max(p.used)
      ELSE sum(p.units * (1 - p.used)) END AS booked
  FROM part p JOIN prior_authorization x ON x.id = p.id GROUP BY p.id, p.day, x.unit_kind)
SELECT x.id, x.units, coalesce(sum(e.used), 0), coalesce(sum(e.booked), 0)
FROM prior_authorization x LEFT JOIN each_day e ON e.id = x.id
WHERE x.id IN ({ids}) GROUP BY x.id, x.units
"""
# The same for a referral, whose visits are counted one by one.
_VISITS = """
SELECT r.id, r.visits,
  coalesce(sum(CASE WHEN a.lifecycle = 'completed' THEN 1 ELSE 0 END), 0),
  coalesce(sum(CASE WHEN a.lifecycle = 'scheduled' THEN 1 ELSE 0 END), 0)
FROM referral r LEFT JOIN visit_permit l ON l.referral_id = r.id AND l.released_at IS NULL
LEFT JOIN appointment a ON a.id = l.appointment_id
WHERE r.id IN ({ids}) GROUP BY r.id, r.visits
"""
KIND_WORDS = {"visit": "visits", "day": "days", "unit": "units"}


@dataclass(frozen=True)
class Units:
    """``authorized`` is None while nobody has said how many, or for without a limit."""

    authorized: int | None
    used: int
    booked: int

    @property
    def remaining(self) -> int | None:
        """What may still be booked; below nothing only when somebody gave a reason."""
        if self.authorized is None:
            return None
        return self.authorized - self.used - self.booked

    @property
    def words(self) -> str:
        """``5 of 12 left``, or how many were used where there is no limit."""
        if self.authorized is None:
            return f"{self.used} used"
        return f"{self.remaining} of {self.authorized} left"


NONE = Units(None, 0, 0)


def of_authorizations(desk: Desk, ids: Collection[int]) -> dict[int, Units]:
    """The units of some authorizations, by id."""
    return _read(desk, _COUNTS, ids)


def of_referrals(desk: Desk, ids: Collection[int]) -> dict[int, Units]:
    """The visits of some referrals, by id."""
    return _read(desk, _VISITS, ids)


def of_authorization(desk: Desk, authorization_id: int) -> Units:
    """The units of one authorization."""
    return _read(desk, _COUNTS, [authorization_id]).get(authorization_id, NONE)


def of_referral(desk: Desk, referral_id: int) -> Units:
    """The visits of one referral."""
    return _read(desk, _VISITS, [referral_id]).get(referral_id, NONE)


def _read(desk: Desk, sql: str, ids: Collection[int]) -> dict[int, Units]:
    wanted = sorted(ids)
    found: dict[int, Units] = {}
    for start in range(0, len(wanted), 300):
        some = wanted[start : start + 300]
        asked = sql.format(ids=placeholders(some))
        times = asked.count("?") // len(some)
        for key, authorized, used, booked in desk.rows(asked, *(some * times)):
            found[key] = Units(authorized, used, booked)
    return found
