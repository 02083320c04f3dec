"""Work set aside: drafts saved as they are typed, so that a dropped line loses nothing."""

from __future__ import annotations

from deskterm.db.base import Record
from deskterm.db.fields import Choice, CleanText, Moment, Reference, Whole
from deskterm.db.patients import Patient


class Draft(Record):
    """A form half filled in: its texts, the field and the column of the cursor.

    ``key`` is the idempotency key of what the form will do, made when it was opened.
    """

    title = "draft"

    key = CleanText(80, unique=True)
    owner = CleanText(32, index=True)
    desk = CleanText(40)
    form = CleanText(40)
    heading = CleanText(120)
    patient = Reference(Patient, null=True)
    subject_id = Whole(null=True)
    state = CleanText(0, default="{}")
    status = Choice((("open", "open"), ("done", "done"), ("dropped", "dropped")), default="open")
    reason = CleanText(200, help_text="why it was dropped")
    opened_at = Moment()
    saved_at = Moment()
    # Where the cursor was in words, and since when and by what the work is set aside: empty
    # while it is on somebody's screen. ``seen`` is the last journal entry that it knew of.
    step = CleanText(80, default="")
    cause = CleanText(80, default="")
    parked_at = Moment(null=True)
    seen = Whole(default=0)


MODELS = (Draft,)
