"""A form that offers answers: Enter on an empty question takes what is offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.record_form import RecordForm


class StepForm(RecordForm):
    """A checklist to be gone through with Enter.

    ``offers`` maps a field to the text that Enter fills in while the field is empty. Only Enter
    does: a field that Tab passes over stays open.
    """

    def __init__(
        self, specs: Sequence[FieldSpec], *, offers: Mapping[str, str] | None = None, **given: Any
    ) -> None:
        self.offers = dict(offers or {})
        super().__init__(specs, **given)

    @property
    def enter_says(self) -> str:
        """What Enter will do next, in words."""
        offer = self._offered()
        if not offer or self._list is not None:
            return super().enter_says
        ahead = next((name for name in self._gaps_ahead() if name != self.field), None)
        if ahead is None:
            return f"Enter = {self.verb}"
        return f"Enter = {offer}, then {self.sheet.specs[ahead].label.strip()}"

    @property
    def missing(self) -> list[str]:
        """The fields still wanted, in order."""
        return [name for name in self.sheet.walk() if self.sheet.is_gap(name)]

    def _gaps_ahead(self) -> list[str]:
        walk = self.sheet.walk()
        at = walk.index(self.field) + 1 if self.field in walk else 0
        return [name for name in walk[at:] + walk[:at] if self.sheet.is_gap(name)]

    def _offered(self) -> str:
        offer = self.offers.get(self.field, "")
        return offer if offer and not self.sheet.text(self.field).strip() else ""

    def _enter(self) -> None:
        offer = self._offered()
        if offer and self._editor is not None:
            self._editor.set(offer)
            self._changed()
        super()._enter()
