"""The next state of a referral or an authorization: only what that state needs (f on :refs)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from deskterm.db.authorizations import METHODS
from deskterm.entry.dates import show_date
from deskterm.office import authorizations, permits, referrals, refs_list
from deskterm.office.refs_list import RefRow
from deskterm.screens.ref_form import _day, _whole
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import FieldSpec
from deskterm.widgets.rows import RuleRow
from deskterm.widgets.step_form import StepForm

DECISIONS = (
    ("approved", "yes, all of it"), ("partial", "yes, a part"), ("denied", "no"),
    ("pended", "wants more"), ("not_required", "none is required"), ("void", "cancelled"),
)  # fmt: skip
GRANTED = ("approved", "partial")


def _granted(values: Any) -> bool:
    return values.get("decision") in GRANTED


class RefStepScreen(TaskScreen):
    """``f``: the one thing that comes next."""

    title_text: ClassVar[str] = "NEXT STATE"
    form: ClassVar[str] = "ref_step"

    def __init__(self, what: str = "auth", record_id: int = 0, *, draft: Any = None) -> None:
        super().__init__(draft)
        state = draft.state.get("given", {}) if draft is not None else {}
        self.what = state.get("what", what)
        self.record_id = state.get("record_id", record_id)
        self.row: RefRow
        self.action = ""

    def draft_state(self) -> dict[str, Any]:
        given = {"what": self.what, "record_id": self.record_id}
        return {**super().draft_state(), "given": given}

    def subject(self) -> tuple[int | None, int | None]:
        return self.row.patient_id, self.record_id

    def heading(self) -> str:
        return f"{self.action.upper()} {self.row.service[:20]}"

    def body(self) -> Iterable[Any]:
        self.desk.require("authorizations")
        what: Any = self.what
        self.row = refs_list.row(self.desk, what, self.record_id)
        self.action = self._action()
        self.step_form = StepForm(
            [identity_field(self), *self._specs()], verb=self.action.upper().replace("_", " ")
        )
        self.step_form.styles.height = "1fr"
        yield RuleRow()
        yield self.step_form

    def load(self) -> None:
        show_banner(self, self.row.patient_id, f"{self.row.service}: {self.row.word}")

    def _action(self) -> str:
        state = self.row.state
        if self.what == "ref":
            return referrals.NEXT.get(state, "note")
        if state in ("needed", "gathering", "pended"):
            return "submit" if state != "pended" else "decide"
        if state in permits.GRANTED:
            return "extend"
        return "appeal" if state == "denied" else "decide"

    def _specs(self) -> list[FieldSpec]:
        read = lambda text: _day(self, text)  # noqa: E731

        def day(name: str, label: str, **more: Any) -> FieldSpec:
            return FieldSpec(name, label, limit=20, width=18, parse=read, show=show_date, **more)

        note = FieldSpec("note", "Note", limit=200, width=40)
        if self.what == "ref":
            if self.action == "schedule":
                return [day("on", "Visit there on", required=True, example="t+2w"), note]
            if self.action == "report":
                return [FieldSpec("document", "Report", limit=120, width=40, example="GI report"),
                        FieldSpec("document_at", "Where it is", limit=200, width=40)]  # fmt: skip
            return [note]
        if self.action == "submit":
            return [
                FieldSpec("method", "By", "choice", choices=METHODS, required=True, width=24),
                FieldSpec("reference", "Request no", limit=50, width=24),
                FieldSpec("contact", "Spoke with", limit=80, width=30),
                FieldSpec("call_reference", "Call ref", limit=50, width=24),
                day("due_on", "Answer by", help="empty: the days of the settings"),
            ]  # fmt: skip
        if self.action == "extend":
            return [
                FieldSpec("number_of_units", "Units in all", limit=4, width=6, parse=_whole,
                          show=str),
                day("expires_on", "To day"), note,
            ]  # fmt: skip
        if self.action == "appeal":
            return [note.but(required=True, label="Why")]
        return [
            FieldSpec("decision", "Answer", "choice", choices=DECISIONS, required=True, width=28),
            FieldSpec("raw_code", "Their code", limit=10, width=10),
            FieldSpec("number", "Auth no", limit=50, width=24, visible_when=_granted,
                      required=True),
            FieldSpec("number_of_units", "Units", limit=4, width=6, parse=_whole, show=str,
                      visible_when=_granted),
            day("effective_on", "From", visible_when=_granted),
            day("expires_on", "To", visible_when=_granted, required=True),
            FieldSpec("reason", "Why", limit=200, width=40,
                      visible_when=lambda values: not _granted(values)),
            FieldSpec("contact", "Spoke with", limit=80, width=30),
            FieldSpec("call_reference", "Call ref", limit=50, width=24),
        ]  # fmt: skip

    async def on_record_form_done(self, message: Any) -> None:
        given = {k: v for k, v in message.values.items() if k != "identity" and v is not None}
        module: Any = authorizations if self.what == "auth" else referrals
        done = self.attempt(
            getattr(module, self.action), self.desk, self.record_id, version=self.row.version,
            **given,
        )  # fmt: skip
        if done is not None:
            await self.finish(f"{self.row.service}: {done.state.replace('_', ' ')}")
