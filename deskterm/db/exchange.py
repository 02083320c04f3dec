"""What came from other systems: which of our records an imported one is, and as it came."""

from __future__ import annotations

from deskterm.db.base import Record
from deskterm.db.fields import CleanText, Moment, Whole


class FhirSource(Record):
    """One resource of one source system and the record it became.

    ``digest`` tells whether it changed since the last import. ``taken`` is the JSON of the
    values that the import gave the record's columns, so that a value which somebody at the desk
    changed since is told apart from one that the source changed.
    """

    title = "imported record"

    system = CleanText(200)
    resource_id = CleanText(120)
    kind = CleanText(20)
    record_id = Whole()
    digest = CleanText(64)
    taken = CleanText(0, default="{}")
    imported_at = Moment()

    class Meta:
        indexes = ((("kind", "system", "resource_id"), True), (("kind", "record_id"), False))


MODELS = (FhirSource,)
