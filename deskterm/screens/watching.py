"""How a screen takes what other desks did: it looks again, and no row changes hands unseen."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from deskterm.widgets.rows import MessageRow

if TYPE_CHECKING:
    from deskterm.app import DeskApp
    from deskterm.db.journal import Entry
    from deskterm.screens.prompt import PromptRow

# form -> what its presence says: ``d2 jkim is ... this patient``
DOING = {
    "check_in": "checking in",
    "check_out": "checking out",
    "payment": "taking a payment from",
    "register": "editing",
    "opening": "booking for",
    "cancel": "cancelling a visit of",
    "call": "writing a message about",
    "answer": "noting insurance of",
    "ref_form": "noting a referral of",
    "ref_step": "at work on a referral of",
    "charge": "charging a visit of",
    "plan": "agreeing on instalments with",
    "insurance": "posting what a plan paid for",
}


class WatchingScreen(Screen[Any]):
    """A screen whose records may be changed elsewhere while somebody looks at it."""

    if TYPE_CHECKING:
        pending: str
        prompt: PromptRow | None
        message_row: MessageRow
        reload: Callable[[], None]
        attempt: Callable[..., Any]

    _no_such_row = False
    _pointed: Hashable = None  # the record that had the row number typed so far
    _lost_row = False  # another desk took the record from under the cursor
    _is_behind = False  # another desk changed what is shown here while it was covered
    _banner: tuple[int, str] | None = None  # the patient in row 2, and what stands behind the name

    def concerns(self, entry: Entry) -> bool:
        """Whether another desk's operation changes what this screen shows."""
        return False

    def record_here(self) -> Hashable:
        """What a letter would act on: it must be what stood there when the clerk looked."""
        return None

    def on_changes(self, entries: list[Entry]) -> set[int]:
        """Other desks saved something; the numbers of the entries that changed what is shown.

        A screen that is covered only remembers that it has to look again.
        """
        found = {entry.seq for entry in entries if self.concerns(entry)}
        if not found:
            return found
        # Textual calls a covered screen current as well when the one above lets colours through.
        if self.app.screen is not self:
            self._is_behind = True
            return set()
        before = self.record_here()
        self.changed_elsewhere()
        if before is not None and self.record_here() != before:
            self._lost_row = True
        return found

    def changed_elsewhere(self) -> None:
        """Show what other desks changed, nothing else moving."""
        self.reload()

    def presence_changed(self) -> None:
        """Somebody came to, or left, a patient at another desk."""
        if self._banner is not None:
            from deskterm.screens.who import show_banner

            self.attempt(show_banner, self, *self._banner)

    def taken(self, patient_id: int | None) -> str:
        """Who has this patient in work at another desk, in words; empty for nobody."""
        if patient_id is None:
            return ""
        app: DeskApp = self.app  # type: ignore[assignment]
        others = app.live.others(patient_id)
        return f"TAKEN: {', '.join(other.badge for other in others)}" if others else ""

    @property
    def is_asking_or_wrong(self) -> bool:
        """Whether row 23 asks something or says what went wrong: no news goes over that."""
        return self.prompt is not None or self.message_row.is_error

    @property
    def _is_another_row(self) -> bool:
        """Whether the cursor is not on what the clerk saw it on."""
        swapped = bool(self.pending) and self.record_here() != self._pointed
        return self._no_such_row or self._lost_row or swapped
