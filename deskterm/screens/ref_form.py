"""Ask a payer, or note a referral; and change what was asked (+ and i on :refs)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, ClassVar

from deskterm.db.authorizations import (
    AUTHORIZATION_TYPES,
    UNIT_KINDS,
    PriorAuthorization,
    Referral,
)
from deskterm.entry.dates import parse_date, show_date
from deskterm.errors import Invalid
from deskterm.office import authorizations, patients, referrals, refs_list, templates
from deskterm.screens.task import TaskScreen
from deskterm.screens.who import identity_field, show_banner
from deskterm.widgets.fields import YES_NO, FieldSpec
from deskterm.widgets.record_form import RecordForm
from deskterm.widgets.rows import RuleRow


class RefFormScreen(TaskScreen):
    """An authorization (``what`` is ``auth``) or a referral (``ref``), new or on file."""

    title_text: ClassVar[str] = "REFERRAL OR AUTH"
    form: ClassVar[str] = "ref_form"

    def __init__(
        self, what: str = "auth", record_id: int | None = None, patient_id: int | None = None,
        appointment_id: int | None = None, way: str = "out", *, draft: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(draft)
        state = draft.state.get("given", {}) if draft is not None else {}
        self.what = state.get("what", what)
        self.record_id = state.get("record_id", record_id)
        self.patient_id = state.get("patient_id", patient_id)
        self.appointment_id = state.get("appointment_id", appointment_id)
        self.way = state.get("way", way)
        self.version: int | None = state.get("version")

    def draft_state(self) -> dict[str, Any]:
        given = {
            "what": self.what, "record_id": self.record_id, "patient_id": self.patient_id,
            "appointment_id": self.appointment_id, "way": self.way, "version": self.version,
        }  # fmt: skip
        return {**super().draft_state(), "given": given}

    def subject(self) -> tuple[int | None, int | None]:
        return self.patient_id, self.record_id

    def heading(self) -> str:
        return "AUTH" if self.what == "auth" else f"REFERRAL {self.way}"

    def body(self) -> Iterable[Any]:
        self.desk.require("authorizations")
        values: dict[str, Any] = {}
        if self.record_id is not None:
            row = refs_list.row(self.desk, "auth" if self.what == "auth" else "ref", self.record_id)
            self.patient_id = row.patient_id
            self.version = self.version or row.version
            model: Any = PriorAuthorization if self.what == "auth" else Referral
            record = model.get_by_id(self.record_id)
            kind = (
                authorizations.AuthorizationEntry
                if self.what == "auth"
                else referrals.ReferralEntry
            )
            for field in fields(kind):
                value = getattr(record, field.name)
                values[field.name] = getattr(value, "code", value)
            self.way = values.get("direction", self.way)
        assert self.patient_id is not None
        patients.banner(self.desk, self.patient_id)
        specs = self._auth() if self.what == "auth" else self._referral()
        for name in ("expedited", "urgent"):
            if name in values:
                values[name] = "y" if values[name] else "n"
        names = {spec.name for spec in specs}
        shown = {k: v for k, v in values.items() if k in names}
        self.ref_form = RecordForm(
            [identity_field(self), *specs], shown or None,
            verb="SAVE" if self.record_id else "NOTE IT",
        )  # fmt: skip
        self.ref_form.styles.height = "1fr"
        yield RuleRow()
        yield self.ref_form

    def load(self) -> None:
        assert self.patient_id is not None
        show_banner(self, self.patient_id)

    def _auth(self) -> list[FieldSpec]:
        kinds = [(t.code, t.name) for t in templates.visit_types(self.desk)]
        people = [(p.code, p.heading) for p in templates.providers(self.desk)]
        new = self.record_id is None  # then Enter goes through what a payer asks first
        return [
            FieldSpec("service", "For", limit=80, width=40, required=True,
                      example="MRI L-spine, PT"),
            FieldSpec("procedures", "Codes", limit=120, width=30, ask=new, example="72148"),
            FieldSpec("diagnoses", "Dx", limit=80, width=30, ask=new, example="M54.50"),
            FieldSpec("visit_type", "Covers visit", "choice", choices=kinds, width=24, ask=new,
                      help="empty: any visit that needs one"),
            FieldSpec("units_asked", "How many", limit=4, width=6, parse=_whole, show=str,
                      ask=new, example="12"),
            FieldSpec("unit_kind", "Counted in", "choice", choices=UNIT_KINDS, default="visit",
                      width=20),
            FieldSpec("type", "Kind", "choice", choices=AUTHORIZATION_TYPES, default="services",
                      width=26),
            FieldSpec("provider", "With", "choice", choices=people, width=24,
                      help="empty: any of ours"),
            FieldSpec("servicing_name", "Given by", limit=80, width=40,
                      help="somebody else, if it is not us"),
            FieldSpec("servicing_npi", "Their NPI", limit=10, width=12),
            FieldSpec("facility", "Facility", limit=80, width=40),
            FieldSpec("expedited", "Expedited", "choice", choices=YES_NO, default="n", width=8),
        ]  # fmt: skip

    def _referral(self) -> list[FieldSpec]:
        people = [(p.code, p.heading) for p in templates.providers(self.desk)]
        side = "to" if self.way == "out" else "from"
        read = lambda text: _day(self, text)  # noqa: E731
        specs = [
            FieldSpec(f"{side}_name", "To" if side == "to" else "From", limit=80, width=40,
                      required=True, example="Dr Ruiz, Gastro Associates"),
            FieldSpec("service", "For", limit=80, width=40, required=True, example="GI consult"),
            FieldSpec("number", "Referral no", limit=50, width=20),
            FieldSpec(f"{side}_npi", "Their NPI", limit=10, width=12),
            FieldSpec("diagnoses", "Dx", limit=80, width=30, example="M54.50"),
            FieldSpec("reason", "Why", limit=300, width=50),
            FieldSpec("provider", "Ours", "choice", choices=people, width=24),
            FieldSpec("visits", "Visits", limit=3, width=5, parse=_whole, show=str),
            FieldSpec("valid_from", "From day", limit=20, width=18, parse=read, show=show_date),
            FieldSpec("valid_to", "To day", limit=20, width=18, parse=read, show=show_date),
            FieldSpec("urgent", "Urgent", "choice", choices=YES_NO, default="n", width=8),
        ]  # fmt: skip
        if side == "to":
            specs[4:4] = [FieldSpec("to_phone", "Phone", limit=20, width=16),
                          FieldSpec("to_fax", "Fax", limit=20, width=16)]  # fmt: skip
        return specs

    async def on_record_form_done(self, message: Any) -> None:
        kept: dict[str, Any] = {}
        if self.record_id is not None:
            model: Any = PriorAuthorization if self.what == "auth" else Referral
            record = model.get_by_id(self.record_id)
            kind: Any = (
                authorizations.AuthorizationEntry
                if self.what == "auth"
                else referrals.ReferralEntry
            )
            kept = {f.name: getattr(record, f.name) for f in fields(kind)}
            kept = {k: getattr(v, "code", v) for k, v in kept.items()}
            kept = {k: ("" if v is None and k in ("provider", "visit_type") else v)
                    for k, v in kept.items()}  # fmt: skip
        typed = {k: v for k, v in message.values.items() if k != "identity"}
        for name in ("expedited", "urgent"):
            if name in typed:
                typed[name] = typed[name] == "y"
        numbers = ("units_asked", "visits", "valid_from", "valid_to")
        typed = {k: ("" if v is None and k not in numbers else v) for k, v in typed.items()}
        done = self._save({**kept, **typed})
        if done is not None:
            await self.finish(f"{self.heading()} {'saved' if self.record_id else 'noted'}")

    def _save(self, values: dict[str, Any]) -> Any:
        desk = self.desk
        if self.what == "auth":
            entry = authorizations.AuthorizationEntry(**values)
            if self.record_id is not None:
                return self.attempt(authorizations.edit, desk, self.record_id, entry,
                                    version=self.version)  # fmt: skip
            return self.attempt(authorizations.request, desk, self.patient_id, entry,
                                appointment_id=self.appointment_id, key=self.key)  # fmt: skip
        referral = referrals.ReferralEntry(**{"direction": self.way, **values})
        if self.record_id is not None:
            return self.attempt(referrals.edit, desk, self.record_id, referral,
                                version=self.version)  # fmt: skip
        visit = self.appointment_id if self.way == "in" else None
        return self.attempt(referrals.order, desk, self.patient_id, referral,
                            appointment_id=visit, key=self.key)  # fmt: skip


def _whole(text: str) -> tuple[int, str]:
    if not text.isascii() or not text.isdigit():
        raise Invalid("A number", "12")
    return int(text), ""


def _day(screen: TaskScreen, text: str) -> tuple[Any, str]:
    desk = screen.desk
    order = desk.settings.policy.date_order
    found = parse_date(text, today=desk.today(), future=True, order=order)
    return found.day, found.echo
