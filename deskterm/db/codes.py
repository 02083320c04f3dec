"""Lists of words that belong to the clinic: reasons, topics, outcomes, languages, forms."""

from __future__ import annotations

from peewee import BooleanField

from deskterm.db.base import Versioned
from deskterm.db.fields import CleanText, Whole


class Code(Versioned):
    """One word of one list; ``detail`` is what that list needs beside it (JSON)."""

    title = "code"

    kind = CleanText(30)
    code = CleanText(20)
    label = CleanText(80)
    detail = CleanText(500, default="{}")
    sort_order = Whole(default=0)
    active = BooleanField(default=True)

    class Meta:
        indexes = ((("kind", "code"), True),)


MODELS = (Code,)
